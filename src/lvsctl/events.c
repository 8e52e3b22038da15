/*
 * events: lines as they come, each at once, for people and for pipes.
 *
 * They are shown as they are: an object of JSON a line is what both can read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lvsctl/lvsctl.h"

/* What the LINE that is none of an event means; the exit status. */
static int judge(const char *line)
{
	json_t *o = json_loads(line, 0, NULL);
	const json_t *lost = json_object_get(o, "lost");
	int status = CTL_DONE;

	if (lost != NULL) {
		fprintf(stderr, "lvsctl: read too slowly, %lld events were lost\n",
		    (long long)json_integer_value(lost));
		status = CTL_REFUSED;
	} else if (json_is_false(json_object_get(o, "ok"))) {
		call_print_refusal(o);
		status = CTL_REFUSED;
	}
	json_decref(o);
	return status;
}

int events_main(const struct call *c)
{
	char *request = call_request(c), *line = NULL;
	FILE *in = ask_lines(call_socket(c), request);
	int status = CTL_DONE;
	size_t size = 0;

	free(request);
	if (in == NULL)
		return CTL_NO_DAEMON;
	while (status == CTL_DONE && getline(&line, &size, in) > 0) {
		if (strncmp(line, "{\"ok\"", 5) != 0)
			fputs(line, stdout);
		fflush(stdout);
		if (strncmp(line, "{\"ok\"", 5) == 0 || strstr(line, "\"lost\":") != NULL)
			status = judge(line);
	}
	/* Who follows is not let go as long as there is a daemon. */
	if (status == CTL_DONE && c->given[OPTION_FOLLOW] != NULL) {
		fprintf(stderr, "lvsctl: lvsd ended\n");
		status = CTL_NO_DAEMON;
	}
	free(line);
	fclose(in);
	return status;
}
