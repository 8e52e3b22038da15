/*
 * One call of a command: what the caller typed becomes a request line, goes to a
 * socket, and the answer is shown, or the reason why there is none.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lvsctl/lvsctl.h"

#define CONTROL_SOCKET RUNDIR "/control.sock"
#define STATUS_SOCKET RUNDIR "/status.sock"
#define TRIES 5

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

	for (int i = 0; i < TRIES && json_is_false(json_object_get(answer, "complete"));
	     i++) {
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

/* The answer as it came; the exit status. */
static int print_json(const json_t *answer)
{
	if (answer == NULL)
		return CTL_NO_DAEMON;
	json_dumpf(answer, stdout, JSON_INDENT(2));
	putchar('\n');
	return json_is_true(json_object_get(answer, "ok")) ? CTL_DONE : CTL_REFUSED;
}

int call_plain(const struct call *c)
{
	char *request = call_request(c);
	json_t *answer;
	int status;

	if (request == NULL)
		return CTL_WRONG;
	if (c->json) {
		answer = ask_whole(c, request);
		status = print_json(answer);
	} else {
		answer = call_ask(c, request, &status);
		if (answer != NULL && c->command->show != NULL)
			c->command->show(c, answer);
	}
	json_decref(answer);
	free(request);
	return status;
}

int call_run(const struct call *c)
{
	if (!fits(c))
		return CTL_WRONG;
	return c->command->run != NULL ? c->command->run(c) : call_plain(c);
}
