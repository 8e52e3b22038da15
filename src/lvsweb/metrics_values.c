/*
 * Names as Prometheus wants them: the unit at the end, what only grows as a counter. A
 * state is a label of a sample that is 1, so that a query can ask for it by its word.
 */
#include <math.h>
#include <string.h>

#include "lib/mono.h"
#include "lvsweb/metrics.h"

/* ---- the daemon ---- */

static const json_t *member(const struct metric_item *item, const char *object)
{
	const json_t *daemon = item->source->known.status->daemon;

	return object != NULL ? json_object_get(daemon, object) : daemon;
}

static double one(const struct metric_item *item)
{
	(void)item;
	return 1;
}

static void version_label(struct buf *b, const struct metric_item *item)
{
	metric_label(b, "version", status_text(member(item, NULL), "version"));
}

static double age(const struct metric_item *item)
{
	return (double)(mono_us() - item->source->known.status->taken_us) / 1e6;
}

static double uptime(const struct metric_item *item)
{
	return status_number(member(item, NULL), "uptime_s", NAN);
}

static double reloads(const struct metric_item *item)
{
	return status_number(member(item, "reload"), "count", NAN);
}

static double reload_refused(const struct metric_item *item)
{
	return *status_text(member(item, "reload"), "error") != '\0';
}

static double on_trial(const struct metric_item *item)
{
	return json_is_object(member(item, "trial"));
}

static double checker_runs(const struct metric_item *item)
{
	return status_number(member(item, "checker"), "pid", 0) != 0;
}

static double checker_deaths(const struct metric_item *item)
{
	return status_number(member(item, "checker"), "deaths", NAN);
}

static double checks(const struct metric_item *item)
{
	return status_number(member(item, "checker"), "checks", NAN);
}

static double checks_late(const struct metric_item *item)
{
	return status_number(member(item, "checker"), "late", NAN);
}

static double checks_skipped(const struct metric_item *item)
{
	return status_number(member(item, "checker"), "skipped", NAN);
}

static double checks_local(const struct metric_item *item)
{
	return status_number(member(item, "checker"), "local", NAN);
}

static double kernel_answers(const struct metric_item *item)
{
	return json_is_true(json_object_get(member(item, "kernel"), "answers"));
}

static double operations(const struct metric_item *item)
{
	return status_number(member(item, "kernel"), "operations", NAN);
}

static double refusals(const struct metric_item *item)
{
	return status_number(member(item, "kernel"), "refused", NAN);
}

static double audit_changes(const struct metric_item *item)
{
	return status_number(member(item, "audit"), "changes_found", NAN);
}

static double worst_turn(const struct metric_item *item)
{
	return status_number(member(item, "turns"), "worst_ms", NAN) / 1e3;
}

static double state_file_fails(const struct metric_item *item)
{
	return *status_text(member(item, NULL), "state_file_error") != '\0';
}

static double foreign(const struct metric_item *item)
{
	return status_number(member(item, NULL), "foreign", NAN);
}

static double directors(const struct metric_item *item)
{
	return (double)item->source->known.status->n_directors;
}

static double servers(const struct metric_item *item)
{
	return (double)item->source->known.status->n_servers;
}

static double directors_left_out(const struct metric_item *item)
{
	const struct status *s = item->source->known.status;

	return (double)(s->n_directors - metrics_directors(s));
}

static double servers_left_out(const struct metric_item *item)
{
	const struct status *s = item->source->known.status;

	return (double)(s->n_servers - metrics_servers(s));
}

/* ---- a director ---- */

static double director_up(const struct metric_item *item)
{
	return status_director_is_up(item->director);
}

static void director_labels(struct buf *b, const struct metric_item *item)
{
	metric_label(b, "service", item->director->service);
	metric_label(b, "state", item->director->state);
}

static double director_fault(const struct metric_item *item)
{
	return item->director->fault != NULL;
}

static double director_servers(const struct metric_item *item)
{
	return (double)item->director->total;
}

static double director_usable(const struct metric_item *item)
{
	return (double)item->director->usable;
}

static double director_quorum(const struct metric_item *item)
{
	return (double)item->director->quorum;
}

/* ---- a server ---- */

static double server_up(const struct metric_item *item)
{
	return item->server->standing == STANDING_UP ||
	       item->server->standing == STANDING_UNCHECKED;
}

static void server_labels(struct buf *b, const struct metric_item *item)
{
	metric_label(b, "address", item->server->address);
	metric_label(b, "state", standing_name(item->server->standing));
}

static double server_changed(const struct metric_item *item)
{
	const struct status *s = item->source->known.status;

	return (double)s->taken -
	       (double)((s->taken_us - item->server->since_us) / 1000000);
}

static double server_weight(const struct metric_item *item)
{
	return item->server->in_table ? (double)item->server->table_weight : NAN;
}

static double server_active(const struct metric_item *item)
{
	return item->server->in_table ? (double)item->server->active : NAN;
}

static double server_inactive(const struct metric_item *item)
{
	return item->server->in_table ? (double)item->server->inactive : NAN;
}

static double server_conns(const struct metric_item *item)
{
	return item->server->has_rates ? (double)item->server->rates.conns : NAN;
}

static double server_in(const struct metric_item *item)
{
	return item->server->has_rates ? (double)item->server->rates.in_bytes : NAN;
}

static double server_out(const struct metric_item *item)
{
	return item->server->has_rates ? (double)item->server->rates.out_bytes : NAN;
}

static bool is_checked(const struct web_server *s)
{
	return s->check.method != NULL && strcmp(s->check.reason, "none") != 0;
}

static double check_fails(const struct metric_item *item)
{
	if (!is_checked(item->server))
		return NAN;
	return strcmp(item->server->check.reason, "ok") != 0;
}

static void check_labels(struct buf *b, const struct metric_item *item)
{
	metric_label(b, "method", item->server->check.method);
	metric_label(b, "reason", item->server->check.reason);
}

static double check_duration(const struct metric_item *item)
{
	if (!is_checked(item->server))
		return NAN;
	return (double)item->server->check.duration_us / 1e6;
}

/* ---- all of them ---- */

/* clang-format off */
const struct metric metrics[] = {
	{ OF_DAEMON, false, "lvsd_build_info", NULL, "The version of the daemon.", one, version_label },
	{ OF_DAEMON, false, "lvsd_status_age_seconds", "seconds", "Since the daemon answered.", age, NULL },
	{ OF_DAEMON, false, "lvsd_uptime_seconds", "seconds", "Since the daemon was started.", uptime, NULL },
	{ OF_DAEMON, true, "lvsd_reloads", NULL, "Reloads of the configuration.", reloads, NULL },
	{ OF_DAEMON, false, "lvsd_reload_refused", NULL, "Whether the last reload was refused.", reload_refused, NULL },
	{ OF_DAEMON, false, "lvsd_on_trial", NULL, "Whether the configuration waits to be confirmed, or was not.", on_trial, NULL },
	{ OF_DAEMON, false, "lvsd_checker_up", NULL, "Whether the checker process runs.", checker_runs, NULL },
	{ OF_DAEMON, true, "lvsd_checker_deaths", NULL, "Checker processes that died.", checker_deaths, NULL },
	{ OF_DAEMON, true, "lvsd_checks", NULL, "Checks that were made.", checks, NULL },
	{ OF_DAEMON, true, "lvsd_checks_late", NULL, "Checks that had to wait.", checks_late, NULL },
	{ OF_DAEMON, true, "lvsd_checks_skipped", NULL, "Rounds that passed without a check.", checks_skipped, NULL },
	{ OF_DAEMON, true, "lvsd_checks_local", NULL, "Checks that failed by this machine's own trouble.", checks_local, NULL },
	{ OF_DAEMON, false, "lvsd_kernel_answers", NULL, "Whether the kernel answers.", kernel_answers, NULL },
	{ OF_DAEMON, true, "lvsd_kernel_operations", NULL, "Operations sent to the kernel.", operations, NULL },
	{ OF_DAEMON, true, "lvsd_kernel_refusals", NULL, "Operations that the kernel refused.", refusals, NULL },
	{ OF_DAEMON, true, "lvsd_audit_changes", NULL, "Changes of others to the table that were found.", audit_changes, NULL },
	{ OF_DAEMON, false, "lvsd_turn_worst_seconds", "seconds", "The longest turn of the event loop.", worst_turn, NULL },
	{ OF_DAEMON, false, "lvsd_state_file_fails", NULL, "Whether the state file cannot be written.", state_file_fails, NULL },
	{ OF_DAEMON, false, "lvsd_foreign_services", NULL, "Services in the kernel that are not lvsd's.", foreign, NULL },
	{ OF_DAEMON, false, "lvsd_directors", NULL, "Directors of the configuration.", directors, NULL },
	{ OF_DAEMON, false, "lvsd_servers", NULL, "Servers of the configuration.", servers, NULL },
	{ OF_DAEMON, false, "lvsweb_directors_left_out", NULL, "Directors that have no samples here, as they are too many.", directors_left_out, NULL },
	{ OF_DAEMON, false, "lvsweb_servers_left_out", NULL, "Servers that have no samples here, as they are too many.", servers_left_out, NULL },
	{ OF_DIRECTOR, false, "lvsd_director_up", NULL, "Whether its servers serve.", director_up, NULL },
	{ OF_DIRECTOR, false, "lvsd_director_state", NULL, "1, with its state.", one, director_labels },
	{ OF_DIRECTOR, false, "lvsd_director_fault", NULL, "Whether the kernel does not hold what it should.", director_fault, NULL },
	{ OF_DIRECTOR, false, "lvsd_director_servers", NULL, "Servers, without sorry servers.", director_servers, NULL },
	{ OF_DIRECTOR, false, "lvsd_director_usable_servers", NULL, "Servers that may take traffic.", director_usable, NULL },
	{ OF_DIRECTOR, false, "lvsd_director_quorum_servers", NULL, "Usable servers that it needs to be up.", director_quorum, NULL },
	{ OF_SERVER, false, "lvsd_server_up", NULL, "Whether it is up, or not checked.", server_up, NULL },
	{ OF_SERVER, false, "lvsd_server_state", NULL, "1, with its state.", one, server_labels },
	{ OF_SERVER, false, "lvsd_server_changed_timestamp_seconds", "seconds", "When its health changed.", server_changed, NULL },
	{ OF_SERVER, false, "lvsd_server_weight", NULL, "Its weight in the kernel's table.", server_weight, NULL },
	{ OF_SERVER, false, "lvsd_server_active_connections", NULL, "Active connections.", server_active, NULL },
	{ OF_SERVER, false, "lvsd_server_inactive_connections", NULL, "Inactive connections.", server_inactive, NULL },
	{ OF_SERVER, true, "lvsd_server_connections", NULL, "Connections since it was added to the table.", server_conns, NULL },
	{ OF_SERVER, true, "lvsd_server_in_bytes", "bytes", "Bytes to it since it was added.", server_in, NULL },
	{ OF_SERVER, true, "lvsd_server_out_bytes", "bytes", "Bytes from it since it was added, where they come back this way.", server_out, NULL },
	{ OF_SERVER, false, "lvsd_server_check_failed", NULL, "Whether its last check failed, and why.", check_fails, check_labels },
	{ OF_SERVER, false, "lvsd_server_check_duration_seconds", "seconds", "How long its last check took.", check_duration, NULL },
};
/* clang-format on */

const size_t metrics_n = sizeof metrics / sizeof *metrics;
