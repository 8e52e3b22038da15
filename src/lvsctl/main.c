/*
 * lvsctl(8): options and commands.
 *
 * A command is a request line and a way to show the answer. --json shows the
 * answer as it came.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lvsctl/lvsctl.h"

#define CONTROL_SOCKET RUNDIR "/control.sock"
#define STATUS_SOCKET RUNDIR "/status.sock"

static void show_status(const json_t *answer)
{
	bool colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;

	render_status(answer, colour);
}

static void show_table(const json_t *answer)
{
	fputs(json_string_value(json_object_get(answer, "table")), stdout);
}

static void show_reload(const json_t *answer)
{
	json_int_t ops = json_integer_value(json_object_get(answer, "operations"));
	json_int_t failed = json_integer_value(json_object_get(answer, "failed"));

	fputs(json_string_value(json_object_get(answer, "changes")), stdout);
	printf("reloaded, %lld operation%s", (long long)ops, ops == 1 ? "" : "s");
	if (failed > 0)
		printf(", %lld director%s failed: see lvsctl status", (long long)failed,
		    failed == 1 ? "" : "s");
	printf(", checks %s\n",
	    json_is_true(json_object_get(answer, "checks_kept")) ? "go on" : "restarted");
}

static const struct command {
	const char *name, *request;
	const char *socket; /* NULL: the control socket if we may, else the other */
	const char *help;
	void (*show)(const json_t *answer);
} commands[] = {
	{ "status", "show status", NULL,
	    "directors and servers: state, why, weight, connections", show_status },
	{ "table", "show table", NULL,
	    "what the kernel holds that is ours, as ipvsadm -Sn prints it", show_table },
	{ "reload", "reload", CONTROL_SOCKET,
	    "read the configuration again; errors change nothing", show_reload },
};

static void usage(FILE *out)
{
	fputs("usage: lvsctl [-hV] [-s socket] [--json] command\n"
	      "  -s SOCKET    instead of the command's own in " RUNDIR "\n"
	      "  --json       the answer as it came\n"
	      "  -V           print the version and exit\n"
	      "  -h           print this and exit\n"
	      "commands:\n",
	    out);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
}

/* Operators are told more than readers; who may use their socket does. */
static const char *socket_for(const struct command *command)
{
	if (command->socket != NULL)
		return command->socket;
	return access(CONTROL_SOCKET, R_OK | W_OK) == 0 ? CONTROL_SOCKET : STATUS_SOCKET;
}

static int run(const struct command *command, const char *socket, bool json)
{
	json_t *answer =
	    ask(socket != NULL ? socket : socket_for(command), command->request);
	const char *error;
	int status = CTL_DONE;

	if (answer == NULL)
		return CTL_NO_DAEMON;
	if (!json_is_true(json_object_get(answer, "ok")))
		status = CTL_REFUSED;
	if (json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (status == CTL_DONE) {
		command->show(answer);
	} else {
		error = json_string_value(json_object_get(answer, "error"));
		if (error == NULL)
			error = "no reason given";
		/* The parser's remarks are lines of their own, as lvsd -c has them. */
		if (strchr(error, '\n') != NULL)
			fprintf(
			    stderr, "%slvsctl: refused, nothing was changed\n", error);
		else
			fprintf(stderr, "lvsctl: refused: %s\n", error);
	}
	json_decref(answer);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *socket = NULL;
	bool json = false;
	int c;

	while ((c = getopt_long(argc, argv, "hs:V", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			socket = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'V':
			puts("lvsctl " PACKAGE_VERSION);
			return CTL_DONE;
		case 'h':
			usage(stdout);
			return CTL_DONE;
		default:
			usage(stderr);
			return CTL_USAGE;
		}
	}
	for (size_t i = 0; optind == argc - 1 && i < sizeof commands / sizeof *commands;
	     i++)
		if (strcmp(argv[optind], commands[i].name) == 0)
			return run(&commands[i], socket, json);
	if (optind == argc - 1)
		fprintf(stderr, "lvsctl: unknown command \"%s\"\n", argv[optind]);
	usage(stderr);
	return CTL_USAGE;
}
