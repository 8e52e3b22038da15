/*
 * lvsctl: asks the daemon over its sockets and shows what it says.
 *
 * command.c has the one table of commands. What a caller typed becomes a struct
 * call; a command that is more than one request and its answer runs itself with it.
 */
#ifndef LVSD_LVSCTL_H
#define LVSD_LVSCTL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/buf.h"

/* Exit statuses; lvsctl(8) documents them. */
enum {
	CTL_DONE = 0,
	CTL_REFUSED = 1, /* with the reason on standard error */
	CTL_USAGE = 2,
	CTL_CHANGES = 2, /* of plan: there are some */
	CTL_NO_DAEMON = 3,
	CTL_IMPORTED_PARTLY = 3, /* of import, which needs none */
	/* Not one: what the caller typed is no command; the usage is to be said. */
	CTL_WRONG = -1,
};

/* What may stand behind a command, in the order of the help. */
enum ctl_option {
	OPTION_BATCH,
	OPTION_CLEAR,
	OPTION_COMMAND,
	OPTION_CONFIRM,
	OPTION_DEADLINE,
	OPTION_FLOWS,
	OPTION_FOLLOW,
	OPTION_FOREIGN,
	OPTION_NOW,
	OPTION_TIMEOUT,
	OPTION_WAIT,
	N_OPTIONS,
};

struct option_name {
	const char *name;
	const char *value; /* what follows it, for the help; NULL: nothing */
	bool is_sent;	   /* the daemon is told of it, behind the caller's words */
};
extern const struct option_name option_names[N_OPTIONS];

#define CALL_TRIES 5 /* for an answer that a reload cut short */

struct call {
	const struct command *command;
	const char *socket; /* NULL: the command's own */
	bool json;
	int n;
	char **words;
	const char *given[N_OPTIONS]; /* NULL: not given; "" for one without a value */
};

struct command {
	const char *name;
	const char *words;			 /* of the caller, for the help */
	int min, max;				 /* how many those are */
	bool takes[N_OPTIONS], needs[N_OPTIONS]; /* may, must have */
	bool for_operators;  /* the socket that only shows does not take it */
	const char *request; /* the line; the caller's words follow */
	/* Shows an answer; NULL: there is nothing to show. */
	void (*show)(const struct call *c, const json_t *answer);
	/* In place of call_plain(): all of it. Returns the exit status, or CTL_WRONG
	 * without a word said. */
	int (*run)(const struct call *c);
	const char *help; /* one line */
};

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);
/* "drain SERVER [--wait]", what may be written. */
void command_synopsis(FILE *out, const struct command *command);
/* The summary of options and commands. */
void command_usage(FILE *out);

/*
 * Sends the line REQUEST to the socket PATH and returns the parsed answer, owned
 * by the caller. NULL after one line on standard error: no daemon answers there.
 */
json_t *ask(const char *path, const char *request);
/* The same, and hands over the descriptor FD with it. */
json_t *ask_with(const char *path, const char *request, int fd);
/* Sends the line and returns the connection, which has a deadline, or -1 after one line on
 * standard error. */
int ask_begin(const char *path, const char *request);
/* Says that no answer came. */
void ask_print_silence(const char *path);
/* The lines of an answer that has an object in each, as they come, however long that
 * takes. NULL after one line on standard error. The caller closes it. */
FILE *ask_lines(const char *path, const char *request);

/* The same to the socket of C. The answer is one that says "ok", or NULL after the
 * reason on standard error; *STATUS is then what to exit with. */
json_t *call_ask(const struct call *c, const char *request, int *status);
/* The request line of C, which the caller owns; NULL when it would be two lines. */
char *call_request(const struct call *c);
/* Where the requests of C go. */
const char *call_socket(const struct call *c);
/* Says why ANSWER, which is not "ok", refuses. */
void call_print_refusal(const json_t *answer);
/* Asks and shows, as the table has it for C; the exit status, or CTL_WRONG. */
int call_plain(const struct call *c);
/* Prints the answer as it comes; the exit status. */
int call_raw(const struct call *c, const char *request);
/* Says that a reload cut the answer short. */
void call_print_cut(void);
/* Does what C says; the exit status, or CTL_WRONG. */
int call_run(const struct call *c);

/* status: a page for people, 80 columns wide; the exit status. */
int status_main(const struct call *c);

/* drain and maint, with --wait until the last connection is gone; the exit status. */
int drain_main(const struct call *c);

/* rollout: a command for each server of a director, while that is drained; the exit
 * status. */
int rollout_main(const struct call *c);

/* top: the status of servers with their rates, again and again; the exit status. */
int top_main(const struct call *c);

/* doctor: prints what will not work and what to type; the exit status. */
int doctor_main(const struct call *c);

/*
 * import: prints the file of the one word of C ("-": standard input), the
 * configuration of another balancer, as an lvs.conf. Returns the exit status.
 */
int import_main(const struct call *c);

/* plan: what a reload of the file that C names, or of the daemon's own, would do. */
int plan_main(const struct call *c);

/* Shows ANSWER, to "explain", for people. */
void explain_show(const struct call *c, const json_t *answer);

/* events: a line each, with --follow until somebody ends it. */
int events_main(const struct call *c);

#endif
