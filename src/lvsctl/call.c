/*
 * One call of a command: what the caller typed becomes a request line, goes to a
 * socket, and the answer is shown, or the reason why there is none.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lvsctl/incoming.h"
#include "lvsctl/lvsctl.h"

#define CONTROL_SOCKET RUNDIR "/control.sock"
#define STATUS_SOCKET RUNDIR "/status.sock"
#define HELD (64 * 1024) /* of an answer, before the first is printed */
#define HEAD 16
#define TAIL 64

/* Operators are told more than readers; who may use their socket does. */
const char *call_socket(const struct call *c)
{
	if (c->socket != NULL)
		return c->socket;
	if (c->command->for_operators || access(CONTROL_SOCKET, R_OK | W_OK) == 0)
		return CONTROL_SOCKET;
	return STATUS_SOCKET;
}

void call_print_refusal(const json_t *answer)
{
	const char *error = json_string_value(json_object_get(answer, "error"));

	if (error == NULL)
		error = "no reason given";
	/* The parser's remarks are lines of their own, as lvsd -c has them. */
	if (strchr(error, '\n') != NULL)
		fprintf(stderr, "%slvsctl: refused, nothing was changed\n", error);
	else
		fprintf(stderr, "lvsctl: refused: %s\n", error);
}

/* A reload in the middle of a large answer cuts it short; then it is asked for again. */
static json_t *ask_whole(const struct call *c, const char *request)
{
	json_t *answer = ask(call_socket(c), request);

	for (int i = 0;
	     i < CALL_TRIES && json_is_false(json_object_get(answer, "complete")); i++) {
		json_decref(answer);
		answer = ask(call_socket(c), request);
	}
	return answer;
}

json_t *call_ask(const struct call *c, const char *request, int *status)
{
	json_t *answer = ask_whole(c, request);

	*status = CTL_NO_DAEMON;
	if (answer == NULL)
		return NULL;
	*status = CTL_DONE;
	if (json_is_true(json_object_get(answer, "ok")))
		return answer;
	*status = CTL_REFUSED;
	call_print_refusal(answer);
	json_decref(answer);
	return NULL;
}

/* Its words are as many as it has, only what it takes was given, and nothing
 * contradicts itself. */
static bool fits(const struct call *c)
{
	if (c->n < c->command->min || c->n > c->command->max)
		return false;
	for (int i = 0; i < N_OPTIONS; i++)
		if (c->given[i] != NULL ? !c->command->takes[i] && !c->command->needs[i]
					: c->command->needs[i])
			return false;
	return c->given[OPTION_DEADLINE] == NULL || c->given[OPTION_NOW] == NULL;
}

char *call_request(const struct call *c)
{
	struct buf b = { 0 };

	buf_str(&b, c->command->request);
	for (int i = 0; i < c->n; i++)
		buf_printf(&b, " %s", c->words[i]);
	for (int i = 0; i < N_OPTIONS; i++) {
		if (c->given[i] == NULL || !option_names[i].is_sent)
			continue;
		buf_printf(&b, " %s", option_names[i].name);
		if (option_names[i].value != NULL)
			buf_printf(&b, " %s", c->given[i]);
	}
	if (strchr(b.data, '\n') != NULL)
		buf_fini(&b);
	return b.data;
}

void call_print_cut(void)
{
	fputs("lvsctl: a reload came in between: this is not all; ask again\n", stderr);
}

/* The beginning and the end of an answer, which say how it went. */
struct ends {
	char head[HEAD + 1], tail[TAIL + 1];
	size_t head_len, tail_len;
};

static void ends_add(struct ends *e, const char *text, size_t len)
{
	size_t head = len < HEAD - e->head_len ? len : HEAD - e->head_len;
	size_t tail = len < TAIL ? len : TAIL;
	size_t kept = e->tail_len < TAIL - tail ? e->tail_len : TAIL - tail;

	memcpy(e->head + e->head_len, text, head);
	e->head_len += head;
	memmove(e->tail, e->tail + e->tail_len - kept, kept);
	memcpy(e->tail + kept, text + len - tail, tail);
	e->tail_len = kept + tail;
}

static bool ends_are_whole(const struct ends *e)
{
	return e->tail_len >= 2 && memcmp(e->tail + e->tail_len - 2, "}\n", 2) == 0;
}

static bool ends_are_cut(const struct ends *e)
{
	return strstr(e->tail, "\"complete\":false}") != NULL;
}

static bool ends_are_ok(const struct ends *e)
{
	return strncmp(e->head, "{\"ok\":true", 10) == 0;
}

/* Prints what comes of IN. False: it cannot be written. CUT: nothing was printed, as a
 * reload came in between. */
static bool print_raw(struct incoming *in, struct ends *e, bool *cut)
{
	struct buf out = { 0 };
	bool shown = true;
	const char *piece;
	size_t len;

	*cut = false;
	piece = incoming_piece(in, HELD, &len);
	if (piece != NULL)
		ends_add(e, piece, len);
	if (in->fd < 0 && ends_are_cut(e)) {
		*cut = true;
		return true;
	}
	while (shown && piece != NULL) {
		buf_add(&out, piece, len);
		shown = incoming_show(in, &out);
		piece = incoming_piece(in, 1, &len);
		if (piece != NULL)
			ends_add(e, piece, len);
	}
	buf_fini(&out);
	return shown;
}

int call_raw(const struct call *c, const char *request)
{
	struct ends e = { 0 };
	struct incoming in;
	bool cut = true, shown = true;

	for (int i = 0; cut && i < CALL_TRIES; i++) {
		if (!incoming_open(&in, call_socket(c), request))
			return CTL_NO_DAEMON;
		e = (struct ends){ 0 };
		shown = print_raw(&in, &e, &cut);
		if (shown && !ends_are_whole(&e))
			incoming_print_broken(&in);
		incoming_fini(&in);
	}
	if (!shown)
		return CTL_REFUSED;
	if (!ends_are_whole(&e))
		return CTL_NO_DAEMON;
	if (ends_are_cut(&e))
		call_print_cut();
	return ends_are_ok(&e) && !ends_are_cut(&e) ? CTL_DONE : CTL_REFUSED;
}

int call_plain(const struct call *c)
{
	char *request = call_request(c);
	json_t *answer;
	int status;

	if (request == NULL)
		return CTL_WRONG;
	if (c->json) {
		status = call_raw(c, request);
	} else {
		answer = call_ask(c, request, &status);
		if (answer != NULL && c->command->show != NULL)
			c->command->show(c, answer);
		json_decref(answer);
	}
	free(request);
	return status;
}

int call_run(const struct call *c)
{
	if (!fits(c))
		return CTL_WRONG;
	return c->command->run != NULL ? c->command->run(c) : call_plain(c);
}
