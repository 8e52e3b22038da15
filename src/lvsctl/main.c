/*
 * lvsctl(8): what the caller typed.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "lvsctl/lvsctl.h"

#define FIRST_OPTION 256 /* getopt's value of option_names[0], above every letter */

/* COMMAND NULL: it is not known which. */
static int usage_error(const struct command *command)
{
	fputs("usage: lvsctl [-hV] [-s SOCKET] [--json] ", stderr);
	if (command != NULL)
		command_synopsis(stderr, command);
	else
		fputs("COMMAND [ARGUMENT ...]", stderr);
	fputs("\nlvsctl --help lists the commands\n", stderr);
	return CTL_USAGE;
}

static void fill_longs(struct option longs[N_OPTIONS + 4])
{
	for (int i = 0; i < N_OPTIONS; i++)
		longs[i] = (struct option){ option_names[i].name,
			option_names[i].value != NULL ? required_argument : no_argument,
			NULL, FIRST_OPTION + i };
	longs[N_OPTIONS] = (struct option){ "json", no_argument, NULL, 'j' };
	longs[N_OPTIONS + 1] = (struct option){ "help", no_argument, NULL, 'h' };
	longs[N_OPTIONS + 2] = (struct option){ "version", no_argument, NULL, 'V' };
}

/* STATUS, if all that was said could be written. */
static int written(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "lvsctl: cannot write: %s\n", strerror(errno));
	return CTL_REFUSED;
}

int main(int argc, char **argv)
{
	struct option longs[N_OPTIONS + 4] = { 0 };
	struct call call = { 0 };
	int letter, status;

	fill_longs(longs);
	while ((letter = getopt_long(argc, argv, "hs:V", longs, NULL)) != -1) {
		switch (letter) {
		case 's':
			call.socket = optarg;
			break;
		case 'j':
			call.json = true;
			break;
		case 'V':
			puts("lvsctl " PACKAGE_VERSION);
			return written(CTL_DONE);
		case 'h':
			command_usage(stdout);
			return written(CTL_DONE);
		default:
			if (letter < FIRST_OPTION)
				return usage_error(NULL);
			call.given[letter - FIRST_OPTION] = optarg != NULL ? optarg : "";
		}
	}
	if (optind == argc)
		return usage_error(NULL);
	call.command = command_find(argv[optind]);
	if (call.command == NULL) {
		fprintf(stderr, "lvsctl: unknown command \"%s\"\n", argv[optind]);
		return usage_error(NULL);
	}
	call.n = argc - optind - 1;
	call.words = argv + optind + 1;
	status = call_run(&call);
	return written(status == CTL_WRONG ? usage_error(call.command) : status);
}
