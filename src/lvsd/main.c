/*
 * lvsd(8): options, the check of a file, and the start in its order.
 *
 * The start does first what can fail: the file, the user, the locks, the
 * kernel, the sockets. Only when all of that stands is the first operation
 * sent, so a start that fails leaves nothing half done.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mono.h"
#include "lvsd/aside.h"
#include "lvsd/audit.h"
#include "lvsd/children.h"
#include "lvsd/confirm.h"
#include "lvsd/control.h"
#include "lvsd/daemon.h"
#include "lvsd/events.h"
#include "lvsd/lvsd.h"
#include "lvsd/marking.h"
#include "lvsd/notify.h"
#include "lvsd/own.h"
#include "lvsd/path.h"
#include "lvsd/programs.h"
#include "lvsd/reconcile.h"
#include "lvsd/record.h"
#include "lvsd/reload.h"
#include "lvsd/statefile.h"
#include "lvsd/sync.h"
#include "lvsd/tick.h"
#include "lvsd/user.h"

#define STOP_ROUNDS 3 /* of what the kernel refused as it was another */

static const char usage_text[] =
    "usage: lvsd [-cDhVvx] [-f file] [-p pidfile] [--dry-run]\n"
    "  -f FILE      configuration (" SYSCONFDIR "/lvs.conf)\n"
    "  -c           check the file and exit: 0 good, 1 errors, 2 cannot be read\n"
    "  -D           run in the background, log to syslog\n"
    "  -p PIDFILE   write the process id there\n"
    "  --dry-run    keep the table in memory, touch no kernel\n"
    "  -v           log more; with -c: print the file in its canonical form\n"
    "  -V, --version  print the version and exit\n"
    "  -x           at the end take what is ours out of the kernel\n"
    "  -h, --help   print this and exit\n";

static void parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	o->config = SYSCONFDIR "/lvs.conf";
	while ((c = getopt_long(argc, argv, "cDf:hp:Vvx", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->check_only = true;
			break;
		case 'D':
			o->daemonize = true;
			break;
		case 'f':
			o->config = optarg;
			break;
		case 'n':
			o->dry_run = true;
			break;
		case 'p':
			o->pidfile = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		case 'x':
			o->clear = true;
			break;
		case 'V':
			puts("lvsd " PACKAGE_VERSION);
			exit(EXIT_OK);
		case 'h':
			fputs(usage_text, stdout);
			exit(EXIT_OK);
		default:
			fputs(usage_text, stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind == argc)
		return;
	fprintf(stderr, "lvsd: unexpected argument \"%s\"\n%s", argv[optind], usage_text);
	exit(EXIT_USAGE);
}

static void print_canonical(const struct conf *conf)
{
	struct buf text = { 0 };

	conf_print(conf, &text);
	fwrite(text.data, 1, text.len, stdout);
	buf_fini(&text);
}

static int check_file(const struct options *o)
{
	struct checker_user user;
	struct diags diags;
	struct conf *conf;
	char error[256];
	int status = EXIT_OK;

	diags_init(&diags);
	conf = load_conf(o->config, READ_CHECK, &diags, &status);
	diags_print(stderr, &diags);
	diags_fini(&diags);
	if (conf != NULL && conf->user != NULL &&
	    !user_resolve(conf, &user, error, sizeof error)) {
		fprintf(stderr, "lvsd: %s\n", error);
		status = EXIT_CONFIG;
	} else if (conf != NULL && o->verbose) {
		print_canonical(conf);
	} else if (conf != NULL) {
		printf("%s: good, %zu director%s, %zu server%s\n", o->config,
		    conf->n_directors, conf->n_directors == 1 ? "" : "s", conf->n_servers,
		    conf->n_servers == 1 ? "" : "s");
	}
	conf_free(conf);
	return status;
}

/* ---- the start ---- */

/* Whom the checker of CONF runs as, and what that may run. */
static void start_user(struct lvsd *l, const struct conf *conf)
{
	char error[256];

	if (!user_resolve(conf, &l->user, error, sizeof error))
		daemon_fail(EXIT_USER, "%s", error);
	if (!programs_allowed(conf, &l->user, error, sizeof error))
		daemon_fail(EXIT_CONFIG, "%s", error);
}

static struct conf *start_conf(struct lvsd *l)
{
	struct diags diags;
	struct conf *conf;
	int status = EXIT_CONFIG;

	diags_init(&diags);
	conf = load_conf(l->options.config, READ_START, &diags, &status);
	diags_print(stderr, &diags);
	diags_fini(&diags);
	if (conf == NULL)
		daemon_fail(status, "%s", ""); /* the remarks have said it */
	start_user(l, conf);
	if (l->user.fallback)
		log_warnx("there is no user \"lvsd\"; the checker runs as \"nobody\"");
	return conf;
}

/* OWNED: services that were ours when the last lvsd ended. */
static void start_table(
    struct lvsd *l, const struct conf *conf, const struct ipvs_table *owned)
{
	l->ipvs = l->options.dry_run ? ipvs_open_memory() : ipvs_open_kernel();
	if (l->ipvs == NULL && errno == ENOENT)
		daemon_fail(EXIT_NO_IPVS,
		    "this kernel has no IPVS: the module ip_vs is missing or may not be "
		    "loaded; install it, or try the file with --dry-run");
	if (l->ipvs == NULL && errno != EPERM)
		daemon_fail(EXIT_SYSTEM, "cannot reach IPVS: %s", strerror(errno));
	if (l->ipvs != NULL && daemon_probe(l->ipvs) && own_adopt(l, conf, owned))
		return;
	if (errno == EPERM)
		daemon_fail(EXIT_PERMISSION,
		    "not allowed to program IPVS: it needs CAP_NET_ADMIN; start lvsd as "
		    "root, or try the file with --dry-run");
	daemon_fail(EXIT_SYSTEM, "cannot read the kernel's table: %s", strerror(errno));
}

/* What the last lvsd left: the table that is ours, and the state on top of CONF. */
static void start_state(struct lvsd *l, struct conf *conf)
{
	char *path = statefile_path(&l->options, conf);
	struct ipvs_table owned = { 0 };
	struct record_origin here;
	json_t *record;

	l->statefile = statefile_new(l, path);
	free(path);
	record = statefile_read(l->statefile);
	record_origin(&here, l->options.dry_run);
	settings_init(&l->settings);
	l->confirm = confirm_new(l);
	if (record != NULL)
		conf = confirm_restore(
		    l->confirm, record, record_is_this_boot(record, &here), conf);
	start_user(l, conf); /* it need not be what the file says */
	if (record != NULL && record_is_here(record, &here)) {
		record_owned(record, &owned);
		record_settings(record, &l->settings);
		sync_restore(l->sync, record);
	}
	l->marking =
	    marking_new(l, record, record != NULL && record_is_here(record, &here));
	marking_give(l->marking, conf);
	start_table(l, conf, &owned);
	ipvs_table_fini(&owned);
	l->state = state_build(conf, NULL, &l->have, mono_us());
	l->configuration = 1;
	l->events = events_new();
	events_note(l, "daemon", "it starts");
	if (record != NULL)
		record_servers(
		    record, record_is_this_boot(record, &here), l->state, &l->have);
	json_decref(record);
}

static void start(struct lvsd *l)
{
	struct reconcile_counts counts = { 0 };
	struct conf *conf = start_conf(l);
	uint64_t begun_us;
	char error[256];

	daemon_lock(l, conf);
	l->loop = ev_default_loop(EVFLAG_AUTO);
	if (l->loop == NULL)
		daemon_fail(EXIT_SYSTEM, "cannot make an event loop");
	start_state(l, conf);
	aside_init(&l->asides);
	daemon_watch(l);
	l->control = control_open(l, error, sizeof error);
	if (l->control == NULL)
		daemon_fail(EXIT_SOCKET, "%s", error);
	l->audit = audit_new(l);
	marking_prepare(l->marking, l->state->conf);
	daemon_limit_rights();
	conf = l->state->conf; /* it need not be what the file says */
	settings_note(&l->settings, conf, l->ipvs, l->options.dry_run);
	/* What is ours is on disk before the first operation that adds something. */
	statefile_write_now(l->statefile);
	settings_apply(&l->settings, conf, l->ipvs, l->options.dry_run);
	marking_hold(l->marking);
	sync_apply(l);
	begun_us = mono_us();
	reconcile_all(l, &counts);
	marking_make(l->marking);
	l->turns.first_fill_us = mono_us() - begun_us;
	log_info("started version=%s config=%s directors=%zu servers=%zu probes=%zu "
		 "operations=%zu failed=%zu foreign=%zu%s",
	    PACKAGE_VERSION, l->options.config, l->state->n_directors,
	    l->state->n_servers, l->state->n_probes, counts.n_ops, reconcile_failed(l),
	    l->foreign, l->options.dry_run ? " dry_run=yes" : "");
	buf_fini(&counts.text);
	daemon_ready(l);
	notify_watch(l->loop);
	notify_ready();
	malloc_trim(0);	  /* what the start needed goes back, and is not inherited */
	checker_start(l); /* after it: the checker keeps this process's standard error */
}

static void stop(struct lvsd *l)
{
	bool clear = l->clear || l->options.clear || l->state->conf->stop_clear;
	size_t services = l->have.n;

	notify_stopping();
	checker_stop(l);
	if (clear) {
		marking_clear(l->marking);
		reconcile_clear(l);
		sync_clear(l);
		settings_restore(&l->settings, l->ipvs, l->options.dry_run);
	}
	/* No turn follows that would send what the last one had no time for. */
	for (int i = 0; i < STOP_ROUNDS && !clear && l->dirty && !l->resync; i++) {
		struct reconcile_counts counts = { 0 };

		reconcile_all(l, &counts);
		buf_fini(&counts.text);
	}
	statefile_write_now(l->statefile);
	control_close(l->control);
	events_free(l->events);
	daemon_unlock();
	log_info("stopped, the table %s services=%zu", clear ? "is cleared" : "stays",
	    services);
	audit_free(l->audit);
	tick_free(l->ticks);
	reload_fini(l);
	confirm_free(l->confirm);
	statefile_free(l->statefile);
	marking_free(l->marking);
	state_free(l->state);
	ipvs_table_fini(&l->have);
	own_saved(l, &(struct owned){ 0 });
	ipvs_close(l->ipvs);
	ev_loop_destroy(l->loop);
}

int main(int argc, char **argv, char **envp)
{
	struct sync_state sync = { 0 };
	struct lvsd l = { .started_us = mono_us(), .sync = &sync };

	setproctitle_init(argc, argv, envp);
	parse_options(argc, argv, &l.options);
	if (l.options.check_only)
		return check_file(&l.options);
	signal(SIGPIPE, SIG_IGN);
	/* Until the loop listens: nobody's reload or question ends a start. */
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	log_open("lvsd", LOG_TO_STDERR, l.options.verbose);
	notify_open();
	if (l.options.daemonize) {
		/* It leaves the directory that the names are relative to. */
		l.options.config = path_absolute(l.options.config);
		if (l.options.pidfile != NULL)
			l.options.pidfile = path_absolute(l.options.pidfile);
		daemon_fork();
		/* Who typed it reads how the start goes, and who asks later. */
		log_open("lvsd", LOG_TO_BOTH, l.options.verbose);
	}
	/* Now, while there is little that it inherits. */
	if (!writer_start(&l.writer, &l))
		daemon_fail(EXIT_SYSTEM, "cannot fork: %s", strerror(errno));
	start(&l);
	ev_run(l.loop, 0);
	stop(&l);
	return EXIT_OK;
}
