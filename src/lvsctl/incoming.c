/* One buffer: at its end what comes, at its beginning what is handed out. */
#include "lvsctl/incoming.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lvsctl/lvsctl.h"

#define PIECE (64 * 1024)

bool incoming_open(struct incoming *in, const char *path, const char *request)
{
	*in = (struct incoming){ .path = path, .fd = ask_begin(path, request) };
	return in->fd >= 0;
}

void incoming_fini(struct incoming *in)
{
	if (in->fd >= 0)
		close(in->fd);
	buf_fini(&in->raw);
}

/* Waits for more. A deadline that passes is an end, too. */
static void take_more(struct incoming *in)
{
	char piece[PIECE];
	ssize_t n;

	/* Not at each: what is behind it may be long, when a pager does not read. */
	if (in->at > in->raw.len / 2) {
		memmove(in->raw.data, in->raw.data + in->at, in->raw.len - in->at);
		in->raw.len -= in->at;
		in->looked -= in->at;
		in->at = 0;
	}
	do
		n = recv(in->fd, piece, sizeof piece, 0);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		buf_add(&in->raw, piece, (size_t)n);
		return;
	}
	close(in->fd);
	in->fd = -1;
}

static const char *hand_out(struct incoming *in, size_t end, size_t *len)
{
	const char *start = in->raw.data + in->at;

	*len = end - in->at;
	in->at = in->looked = end;
	return *len > 0 ? start : NULL;
}

const char *incoming_line(struct incoming *in, size_t *len)
{
	const char *end = NULL;

	for (;;) {
		if (in->looked < in->raw.len)
			end = memchr(
			    in->raw.data + in->looked, '\n', in->raw.len - in->looked);
		if (end != NULL)
			return hand_out(in, (size_t)(end + 1 - in->raw.data), len);
		in->looked = in->raw.len;
		if (in->fd < 0)
			return hand_out(in, in->raw.len, len);
		take_more(in);
	}
}

const char *incoming_piece(struct incoming *in, size_t min, size_t *len)
{
	while (in->fd >= 0 && in->raw.len - in->at < min)
		take_more(in);
	return hand_out(in, in->raw.len, len);
}

/* How standard output is written to: a write must not wait while an answer comes. */
struct output {
	int fd;
	size_t max; /* of one write, when there is room */
	bool is_own;
};

/*
 * What O_NONBLOCK is set for is shared with others who have the same terminal or pipe, so
 * it is opened once more. What cannot be opened takes PIPE_BUF bytes when there is room
 * (pipe(7)); a file is never waited for.
 */
static struct output output_open(void)
{
	struct output o = { STDOUT_FILENO, PIPE_BUF, false };
	struct stat st;
	int fd;

	if (fstat(STDOUT_FILENO, &st) < 0)
		return o;
	if (S_ISREG(st.st_mode)) {
		o.max = SIZE_MAX;
	} else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		fd =
		    open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd >= 0)
			o = (struct output){ fd, SIZE_MAX, true };
	}
	return o;
}

/* Some of the LEN bytes at TEXT; -1 with errno. */
static ssize_t write_some(const struct output *o, const char *text, size_t len)
{
	ssize_t n = write(o->fd, text, len < o->max ? len : o->max);

	return n < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : n;
}

bool incoming_show(struct incoming *in, struct buf *out)
{
	struct output o = output_open();
	size_t done = 0;
	ssize_t n = 0;

	while (n >= 0 && done < out->len) {
		struct pollfd fds[] = { { .fd = o.fd, .events = POLLOUT },
			{ .fd = in->fd, .events = POLLIN } };

		if (poll(fds, 2, -1) < 0)
			continue;
		if (fds[1].revents != 0)
			take_more(in);
		if (fds[0].revents == 0)
			continue;
		n = write_some(&o, out->data + done, out->len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	out->len = 0;
	if (n < 0)
		fprintf(stderr, "lvsctl: cannot write: %s\n", strerror(errno));
	if (o.is_own)
		close(o.fd);
	return n >= 0;
}

void incoming_print_broken(const struct incoming *in)
{
	if (in->raw.data == NULL)
		ask_print_silence(in->path);
	else
		fprintf(stderr,
		    "lvsctl: lvsd at %s closed the connection in the middle of its "
		    "answer\n",
		    in->path);
}
