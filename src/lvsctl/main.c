/*
 * lvsctl(8): options and commands.
 *
 * A command is a request line, some with words of the caller behind it, and a way
 * to show the answer. --json shows the answer as it came.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/buf.h"
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
	if (json_is_false(json_object_get(answer, "answers")))
		printf(", the kernel does not answer: it gets the table when it does");
	printf(", checks %s\n",
	    json_is_true(json_object_get(answer, "checks_kept")) ? "go on" : "restarted");
}

static void show_audit(const json_t *answer)
{
	json_int_t services = json_integer_value(json_object_get(answer, "services"));
	json_int_t changed = json_integer_value(json_object_get(answer, "changed"));

	printf(
	    "looked at %lld service%s, ", (long long)services, services == 1 ? "" : "s");
	if (changed == 0)
		printf("the kernel has what it should\n");
	else
		printf("%lld changed by someone else and mended: see the log\n",
		    (long long)changed);
}

static void show_decision(const json_t *answer)
{
	const char *warning = json_string_value(json_object_get(answer, "warning"));

	if (warning != NULL)
		fprintf(stderr,
		    "lvsctl: done, but a restart will forget it: the state file cannot "
		    "be written: %s\n",
		    warning);
}

static const struct command {
	const char *name, *request;
	int min, max;	    /* words of the caller */
	const char *socket; /* NULL: the control socket if we may, else the other */
	const char *help;
	void (*show)(const json_t *answer); /* NULL: nothing to show */
} commands[] = {
	{ "status", "show status", 0, 0, NULL,
	    "directors and servers: state, why, weight, connections", show_status },
	{ "table", "show table", 0, 0, NULL,
	    "what the kernel holds that is ours, as ipvsadm -Sn prints it", show_table },
	{ "reload", "reload", 0, 0, CONTROL_SOCKET,
	    "read the configuration again; errors change nothing", show_reload },
	{ "ready", "ready", 1, 1, CONTROL_SOCKET,
	    "SERVER takes traffic again, if its check is content", show_decision },
	{ "drain", "drain", 1, 1, CONTROL_SOCKET,
	    "SERVER gets no new connections [--deadline TIME | --now]", show_decision },
	{ "maint", "maint", 1, 1, CONTROL_SOCKET,
	    "as drain, and it is not checked [--deadline TIME | --now]", show_decision },
	{ "weight", "weight", 2, 2, CONTROL_SOCKET,
	    "SERVER N|auto: a weight in place of the file's", show_decision },
	{ "audit", "audit", 0, 0, CONTROL_SOCKET,
	    "compare the kernel's table now, and mend it", show_audit },
	{ "stop", "stop", 0, 0, CONTROL_SOCKET,
	    "end the daemon; the table stays, or goes with --clear", NULL },
};

static void usage(FILE *out)
{
	fputs("usage: lvsctl [-hV] [-s socket] [--json] command [argument ...]\n"
	      "  -s SOCKET    instead of the command's own in " RUNDIR "\n"
	      "  --json       the answer as it came\n"
	      "  -V, --version  print the version and exit\n"
	      "  -h, --help   print this and exit\n"
	      "commands (SERVER is director/server, or */server for every director):\n",
	    out);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	fputs(
	    "  import       FILE: a keepalived.conf, an ldirectord.cf or the output of\n"
	    "               ipvsadm -Sn as an lvs.conf; - is standard input\n",
	    out);
}

/* Operators are told more than readers; who may use their socket does. */
static const char *socket_for(const struct command *command)
{
	if (command->socket != NULL)
		return command->socket;
	return access(CONTROL_SOCKET, R_OK | W_OK) == 0 ? CONTROL_SOCKET : STATUS_SOCKET;
}

static int run(
    const struct command *command, const char *request, const char *socket, bool json)
{
	json_t *answer = ask(socket != NULL ? socket : socket_for(command), request);
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
		if (command->show != NULL)
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

/* The words of the options that a request may end with. */
struct tail {
	const char *deadline;
	bool now, clear;
};

/* The request line of COMMAND with the caller's WORDS; NULL: they are wrong. The
 * caller owns the result. */
static char *request_of(
    const struct command *command, int n, char **words, const struct tail *tail)
{
	bool takes_out =
	    strcmp(command->name, "drain") == 0 || strcmp(command->name, "maint") == 0;
	bool stops = strcmp(command->name, "stop") == 0;
	struct buf b = { 0 };

	if (n < command->min || n > command->max ||
	    ((tail->deadline != NULL || tail->now) && !takes_out) ||
	    (tail->deadline != NULL && tail->now) || (tail->clear && !stops))
		return NULL;
	buf_str(&b, command->request);
	for (int i = 0; i < n; i++)
		buf_printf(&b, " %s", words[i]);
	if (tail->deadline != NULL)
		buf_printf(&b, " deadline %s", tail->deadline);
	if (tail->now)
		buf_str(&b, " now");
	if (tail->clear)
		buf_str(&b, " clear");
	if (strchr(b.data, '\n') != NULL)
		buf_fini(&b);
	return b.data;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "deadline", required_argument, NULL, 'd' },
		{ "now", no_argument, NULL, 'n' },
		{ "clear", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const struct command *command;
	const char *socket = NULL;
	struct tail tail = { 0 };
	bool json = false;
	char *request;
	int c, status;

	while ((c = getopt_long(argc, argv, "hs:V", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			socket = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'd':
			tail.deadline = optarg;
			break;
		case 'n':
			tail.now = true;
			break;
		case 'c':
			tail.clear = true;
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
	if (optind < argc && strcmp(argv[optind], "import") == 0) {
		status = import_main(argc - optind - 1, argv + optind + 1);
		if (status == CTL_USAGE)
			usage(stderr);
		return status;
	}
	command = optind < argc ? find_command(argv[optind]) : NULL;
	if (command == NULL && optind < argc)
		fprintf(stderr, "lvsctl: unknown command \"%s\"\n", argv[optind]);
	request = command != NULL
		      ? request_of(command, argc - optind - 1, argv + optind + 1, &tail)
		      : NULL;
	if (request == NULL) {
		usage(stderr);
		return CTL_USAGE;
	}
	status = run(command, request, socket, json);
	free(request);
	return status;
}
