/*
 * The table of commands, the help that is made of it, and the answers that need
 * no more than a line or two.
 */
#include <string.h>

#include "lvsctl/lvsctl.h"
#include "lvsctl/words.h"

static void show_table(const struct call *c, const json_t *answer)
{
	(void)c;
	fputs(json_string_value(json_object_get(answer, "table")), stdout);
}

static void show_reload(const struct call *c, const json_t *answer)
{
	char left[WORDS_MAX];
	json_int_t ops = json_integer_value(json_object_get(answer, "operations"));
	json_int_t failed = json_integer_value(json_object_get(answer, "failed"));

	(void)c;
	fputs(json_string_value(json_object_get(answer, "changes")), stdout);
	printf("reloaded, %lld operation%s", (long long)ops, ops == 1 ? "" : "s");
	if (failed > 0)
		printf(", %lld director%s failed: see lvsctl status", (long long)failed,
		    failed == 1 ? "" : "s");
	if (json_is_false(json_object_get(answer, "answers")))
		printf(", the kernel does not answer: it gets the table when it does");
	printf(", checks %s\n",
	    json_is_true(json_object_get(answer, "checks_kept")) ? "go on" : "restarted");
	if (json_is_object(json_object_get(answer, "trial")))
		printf("on trial for %s: lvsctl confirm keeps it\n",
		    words_time(
			words_real(json_object_get(answer, "trial"), "left_s"), left));
}

static void show_audit(const struct call *c, const json_t *answer)
{
	json_int_t services = json_integer_value(json_object_get(answer, "services"));
	json_int_t changed = json_integer_value(json_object_get(answer, "changed"));

	(void)c;
	printf(
	    "looked at %lld service%s, ", (long long)services, services == 1 ? "" : "s");
	if (changed == 0)
		printf("the kernel has what it should\n");
	else
		printf("%lld changed by someone else and mended: see the log\n",
		    (long long)changed);
}

static void show_decision(const struct call *c, const json_t *answer)
{
	const char *warning = json_string_value(json_object_get(answer, "warning"));

	(void)c;
	if (warning != NULL)
		fprintf(stderr,
		    "lvsctl: done, but a restart will forget it: the state file cannot "
		    "be written: %s\n",
		    warning);
}

/* clang-format off */
const struct option_name option_names[N_OPTIONS] = {
	[OPTION_BATCH] = { .name = "batch", .value = "N|N%" },
	[OPTION_CLEAR] = { .name = "clear", .is_sent = true },
	[OPTION_COMMAND] = { .name = "command", .value = "CMD" },
	[OPTION_CONFIRM] = { .name = "confirm", .value = "TIME", .is_sent = true },
	[OPTION_DEADLINE] = { .name = "deadline", .value = "TIME", .is_sent = true },
	[OPTION_FLOWS] = { .name = "flows", .is_sent = true },
	[OPTION_FOLLOW] = { .name = "follow", .is_sent = true },
	[OPTION_FOREIGN] = { .name = "foreign", .is_sent = true },
	[OPTION_NOW] = { .name = "now", .is_sent = true },
	[OPTION_TIMEOUT] = { .name = "timeout", .value = "TIME" },
	[OPTION_WAIT] = { .name = "wait" },
};

static const struct command commands[] = {
	{ .name = "status", .words = "[DIRECTOR[/SERVER]]", .max = 1,
	  .request = "show status", .run = status_main,
	  .help = "directors and servers: state, why, weight, connections" },
	{ .name = "table", .takes = { [OPTION_FLOWS] = true, [OPTION_FOREIGN] = true },
	  .request = "show table", .show = show_table,
	  .help = "what the kernel holds that is ours, as ipvsadm -Sn prints it; with\n"
		  "      --flows sets, rules and routes, as their own tools print them" },
	{ .name = "plan", .words = "[FILE]", .max = 1, .run = plan_main,
	  .for_operators = true,
	  .help = "what a reload of FILE would do, as ipvsadm commands" },
	{ .name = "explain", .words = "SERVER", .min = 1, .max = 1,
	  .request = "explain", .show = explain_show,
	  .help = "why it is in its state: check, operator, director, kernel" },
	{ .name = "events", .takes = { [OPTION_FOLLOW] = true },
	  .request = "events", .run = events_main,
	  .help = "what changed, an object of JSON a line; with --follow also what will" },
	{ .name = "reload", .takes = { [OPTION_CONFIRM] = true },
	  .request = "reload", .show = show_reload,
	  .for_operators = true,
	  .help = "read the configuration again; errors change nothing" },
	{ .name = "confirm", .request = "confirm", .show = show_decision,
	  .for_operators = true,
	  .help = "keep the configuration that is on trial" },
	{ .name = "ready", .words = "SERVER", .min = 1, .max = 1,
	  .request = "ready", .show = show_decision, .for_operators = true,
	  .help = "it takes traffic again, if its check is content" },
	{ .name = "drain", .words = "SERVER", .min = 1, .max = 1,
	  .takes = { [OPTION_DEADLINE] = true, [OPTION_NOW] = true, [OPTION_WAIT] = true },
	  .request = "drain", .show = show_decision, .run = drain_main,
	  .for_operators = true,
	  .help = "it gets no new connections" },
	{ .name = "maint", .words = "SERVER", .min = 1, .max = 1,
	  .takes = { [OPTION_DEADLINE] = true, [OPTION_NOW] = true, [OPTION_WAIT] = true },
	  .request = "maint", .show = show_decision, .run = drain_main,
	  .for_operators = true,
	  .help = "as drain, and it is not checked" },
	{ .name = "weight", .words = "SERVER N|auto", .min = 2, .max = 2,
	  .request = "weight", .show = show_decision, .for_operators = true,
	  .help = "a weight in place of the file's" },
	{ .name = "rollout", .words = "DIRECTOR", .min = 1, .max = 1,
	  .needs = { [OPTION_BATCH] = true, [OPTION_COMMAND] = true },
	  .takes = { [OPTION_DEADLINE] = true, [OPTION_TIMEOUT] = true },
	  .run = rollout_main, .for_operators = true,
	  .help = "drain some servers, run a command for each, bring them back, go on" },
	{ .name = "audit", .request = "audit", .show = show_audit,
	  .for_operators = true,
	  .help = "compare the kernel's table now, and mend it" },
	{ .name = "sync", .words = "master|backup|both|off", .min = 1, .max = 1,
	  .request = "sync", .show = show_decision, .for_operators = true,
	  .help = "which of the kernel's daemons copy connections" },
	{ .name = "stop", .takes = { [OPTION_CLEAR] = true },
	  .request = "stop", .for_operators = true,
	  .help = "end the daemon; the table stays, or goes with --clear" },
	{ .name = "top", .request = "show rates", .run = top_main,
	  .help = "servers and what goes through them, again every two seconds" },
	{ .name = "doctor", .words = "[DIRECTOR]", .max = 1,
	  .request = "show status", .run = doctor_main,
	  .help = "what will not work here, and what to type" },
	{ .name = "import", .words = "FILE", .min = 1, .max = 1, .run = import_main,
	  .help = "a keepalived.conf, an ldirectord.cf or the output of ipvsadm -Sn\n"
		  "      as an lvs.conf; - is standard input" },
};
/* clang-format on */

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

void command_synopsis(FILE *out, const struct command *command)
{
	fputs(command->name, out);
	if (command->words != NULL)
		fprintf(out, " %s", command->words);
	for (int i = 0; i < N_OPTIONS; i++) {
		const struct option_name *o = &option_names[i];
		bool needs = command->needs[i];

		if (needs || command->takes[i])
			fprintf(out, " %s--%s%s%s%s", needs ? "" : "[", o->name,
			    o->value != NULL ? " " : "", o->value != NULL ? o->value : "",
			    needs ? "" : "]");
	}
}

void command_usage(FILE *out)
{
	fputs("usage: lvsctl [-hV] [-s SOCKET] [--json] COMMAND [ARGUMENT ...]\n"
	      "  -s SOCKET      instead of the command's own in " RUNDIR "\n"
	      "  --json         the answer as it comes\n"
	      "  -V, --version  print the version and exit\n"
	      "  -h, --help     print this and exit\n"
	      "commands (SERVER is director/server, or */server for every director):\n",
	    out);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		fputs("  ", out);
		command_synopsis(out, &commands[i]);
		fprintf(out, "\n      %s\n", commands[i].help);
	}
}
