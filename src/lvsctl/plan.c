/*
 * plan: a file's text goes to the daemon, and what it would do comes back.
 *
 * The file is read here, with the rights of the caller and with what it includes;
 * what is sent is the canonical text of it, in memory that can no longer be changed.
 * So the daemon opens nothing for anybody.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lvsctl/lvsctl.h"
#include "parser/parser.h"

#define COLUMN 72 /* where what is said about a command begins */

/* The canonical text of the file PATH; false after its errors. */
static bool read_file(const char *path, struct buf *text)
{
	struct conf_text t = { 0 };
	struct conf *conf = NULL;
	struct diags d;

	diags_init(&d);
	if (conf_read(&t, path, READ_CHECK, &d, NULL))
		conf = conf_parse(&t, READ_CHECK, &d);
	if (conf != NULL)
		conf_print(conf, text);
	diags_print(stderr, &d);
	diags_fini(&d);
	conf_text_fini(&t);
	conf_free(conf);
	return conf != NULL;
}

/* TEXT as a sealed memfd; -1 with errno. */
static int seal(const struct buf *text)
{
	int fd = memfd_create("lvs.conf", MFD_CLOEXEC | MFD_ALLOW_SEALING), error;
	size_t done = 0;

	while (fd >= 0 && done < text->len) {
		ssize_t n = write(fd, text->data + done, text->len - done);

		if (n <= 0)
			goto failed;
		done += (size_t)n;
	}
	if (fd < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) == 0)
		return fd;
failed:
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* What is said behind COMMAND; nothing when it only adds. */
static void comment_of(const json_t *command, struct buf *b)
{
	const json_t *active = json_object_get(command, "active");
	const json_t *inactive = json_object_get(command, "inactive");
	const char *remark = json_string_value(json_object_get(command, "remark"));

	if (active != NULL)
		buf_printf(b, "%lld active, %lld inactive",
		    (long long)json_integer_value(active),
		    (long long)json_integer_value(inactive));
	if (remark != NULL)
		buf_printf(b, "%s%s", b->len > 0 ? "; " : "", remark);
}

static bool changes_flows(const json_t *flows)
{
	return json_integer_value(json_object_get(flows, "added")) > 0 ||
	       json_integer_value(json_object_get(flows, "removed")) > 0 ||
	       json_is_true(json_object_get(flows, "rules"));
}

static void print_flows(const json_t *flows)
{
	const json_t *list = json_object_get(flows, "commands"), *command;
	json_int_t more = json_integer_value(json_object_get(flows, "operations")) -
			  (json_int_t)json_array_size(list);
	size_t i;

	json_array_foreach (list, i, command)
		printf("%s\n", json_string_value(command));
	if (more > 0)
		printf("# flows: and %lld more\n", (long long)more);
	if (changes_flows(flows))
		printf(
		    "# flows: %lld members of sets added, %lld removed, the rules %s\n",
		    (long long)json_integer_value(json_object_get(flows, "added")),
		    (long long)json_integer_value(json_object_get(flows, "removed")),
		    json_is_true(json_object_get(flows, "rules")) ? "change" : "stay");
}

static void print_commands(const json_t *answer)
{
	const json_t *command;
	size_t i;

	json_array_foreach (json_object_get(answer, "commands"), i, command) {
		const char *text = json_string_value(json_object_get(command, "command"));
		struct buf comment = { 0 };

		comment_of(command, &comment);
		if (comment.len > 0)
			printf("%-*s # %s\n", COLUMN, text, comment.data);
		else
			printf("%s\n", text);
		buf_fini(&comment);
	}
	print_flows(json_object_get(answer, "flows"));
	if (!json_is_true(json_object_get(answer, "checks_kept")))
		printf("# the checks begin anew\n");
}

static int show_plan(const struct call *c, const json_t *answer)
{
	bool ok = json_is_true(json_object_get(answer, "ok"));

	if (c->json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (ok) {
		print_commands(answer);
	} else {
		call_print_refusal(answer);
	}
	if (!ok)
		return CTL_REFUSED;
	return json_integer_value(json_object_get(answer, "operations")) > 0 ||
		       changes_flows(json_object_get(answer, "flows"))
		   ? CTL_CHANGES
		   : CTL_DONE;
}

static int plan_file(const struct call *c, const char *path)
{
	struct buf text = { 0 };
	json_t *answer = NULL;
	int status = CTL_REFUSED, fd = -1;

	if (!read_file(path, &text))
		goto out;
	fd = seal(&text);
	if (fd < 0) {
		fprintf(
		    stderr, "lvsctl: cannot hand the file over: %s\n", strerror(errno));
		goto out;
	}
	answer = ask_with(call_socket(c), "plan", fd);
	status = answer != NULL ? show_plan(c, answer) : CTL_NO_DAEMON;
out:
	json_decref(answer);
	buf_fini(&text);
	if (fd >= 0)
		close(fd);
	return status;
}

int plan_main(const struct call *c)
{
	const char *path = c->n > 0 ? c->words[0] : NULL;
	json_t *daemon = NULL;
	int status;

	if (path == NULL) {
		daemon = call_ask(c, "show daemon", &status);
		if (daemon == NULL)
			return status;
		path = json_string_value(json_object_get(daemon, "config"));
	}
	status = path != NULL ? plan_file(c, path) : CTL_REFUSED;
	json_decref(daemon);
	return status;
}
