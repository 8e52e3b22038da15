/* One function a path; what is longer than a page is made while it is read. */
#include "lvsweb/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/addr.h"
#include "lib/xalloc.h"
#include "lvsweb/assets.h"
#include "lvsweb/page.h"
#include "lvsweb/source.h"

#define BLOCK 65536
/* At the same time, as each holds a status that may be an old one. */
#define DOWNLOADS 8
#define DOWNLOADS_OF_ONE 4 /* address */

#define PLAIN "text/plain; charset=utf-8"

struct answerer {
	struct watch *watch;
	struct feeds *feeds;
	const char *host;
	LIST_HEAD(, download) downloads;
};

/* ---- sending ---- */

static void add_common(struct MHD_Response *response, const char *type, const char *cache)
{
	static const char *const headers[][2] = {
		{ MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY,
		    "default-src 'none'; script-src 'self'; style-src 'self'; "
		    "connect-src 'self'; img-src 'self'; form-action 'self'; "
		    "base-uri 'none'; frame-ancestors 'none'" },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
	};

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, cache);
}

/* RESPONSE is given away; NULL closes the connection. */
static enum MHD_Result send_it(const struct request *r, unsigned status,
    struct MHD_Response *response, const char *type)
{
	enum MHD_Result done;

	if (response == NULL)
		return MHD_NO;
	add_common(response, type, "no-store");
	done = MHD_queue_response(r->connection, status, response);
	MHD_destroy_response(response);
	return done;
}

static enum MHD_Result send_buf(
    const struct request *r, unsigned status, struct buf *b, const char *type)
{
	return send_it(r, status,
	    MHD_create_response_from_buffer(b->len, b->data, MHD_RESPMEM_MUST_FREE),
	    type);
}

static enum MHD_Result send_line(
    const struct request *r, unsigned status, const char *type, const char *text)
{
	struct MHD_Response *response;
	char *line = xasprintf("%s\n", text);

	response =
	    MHD_create_response_from_buffer(strlen(line), line, MHD_RESPMEM_MUST_FREE);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	return send_it(r, status, response, type);
}

enum MHD_Result answer_refusal(const struct request *r, const struct verdict *v)
{
	return send_line(r, v->status, PLAIN, v->text);
}

static const char *header(const struct request *r, const char *name)
{
	const char *s = MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);

	return s != NULL ? s : "";
}

static const char *argument(const struct request *r, const char *name)
{
	const char *s =
	    MHD_lookup_connection_value(r->connection, MHD_GET_ARGUMENT_KIND, name);

	return s != NULL ? s : "";
}

/* ---- pages ---- */

static struct view view_asked(const struct request *r)
{
	const char *error;
	long long page = strtonum(argument(r, "page"), 1, 1000000, &error);
	struct view v = { .page = error == NULL ? (size_t)page : 1 };

	snprintf(v.text, sizeof v.text, "%s", argument(r, "q"));
	snprintf(v.state, sizeof v.state, "%s", argument(r, "state"));
	return v;
}

static enum MHD_Result answer_page(struct answerer *a, const struct request *r)
{
	struct view view = view_asked(r);
	struct view_page page = { .page = 1, .pages = 1 };
	struct knowledge k;
	struct scene s = { .known = &k, .view = &view, .page = &page, .host = a->host };
	struct buf b = { 0 };

	watch_get(a->watch, &k);
	if (k.status != NULL)
		page = view_page(&view, k.status);
	page_put(&b, &s);
	free(page.directors);
	status_release(k.status);
	return send_buf(r, MHD_HTTP_OK, &b, "text/html; charset=utf-8");
}

static uint64_t number_of(const char *text)
{
	const char *error;
	long long n = strtonum(text, 0, INT64_MAX, &error);

	return error == NULL ? (uint64_t)n : 0;
}

static enum MHD_Result answer_events(struct answerer *a, const struct request *r)
{
	struct view view = view_asked(r);
	const char *last = header(r, "Last-Event-ID");
	uint64_t has = number_of(*last != '\0' ? last : argument(r, "number"));
	struct MHD_Response *response =
	    feed_response(a->feeds, r->connection, r->peer, a->watch, &view, has);

	if (response == NULL)
		return send_line(r, MHD_HTTP_SERVICE_UNAVAILABLE, PLAIN,
		    "Too many pages are followed at the moment.");
	return send_it(r, MHD_HTTP_OK, response, "text/event-stream");
}

static enum MHD_Result answer_asset(const struct request *r, const struct asset *asset)
{
	const char *has = header(r, MHD_HTTP_HEADER_IF_NONE_MATCH);
	bool is_same = strstr(has, asset->etag) != NULL;
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    is_same ? 0 : asset->len, (void *)asset->bytes, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result done;

	if (response == NULL)
		return MHD_NO;
	add_common(response, asset->type, "no-cache");
	MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, asset->etag);
	done = MHD_queue_response(
	    r->connection, is_same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return done;
}

/* ---- for machines ---- */

static enum MHD_Result answer_health(struct answerer *a, const struct request *r)
{
	struct knowledge k;
	enum MHD_Result done;

	watch_get(a->watch, &k);
	status_release(k.status);
	if (k.error[0] == '\0')
		done = send_line(r, MHD_HTTP_OK, PLAIN, "ok");
	else
		done = send_line(r, MHD_HTTP_SERVICE_UNAVAILABLE, PLAIN, k.error);
	return done;
}

/* What is being downloaded. */
struct download {
	LIST_ENTRY(download) of_all;
	struct addr to;
	struct source *source;
};

/* MHD_ContentReaderCallback */
static ssize_t read_source(void *data, uint64_t at, char *to, size_t max)
{
	struct download *d = data;
	size_t n = source_read(d->source, to, max);

	(void)at;
	return n > 0 ? (ssize_t)n : MHD_CONTENT_READER_END_OF_STREAM;
}

/* MHD_ContentReaderCallback */
static ssize_t read_raw(void *data, uint64_t at, char *to, size_t max)
{
	struct download *d = data;
	const struct buf *raw = &d->source->known.status->raw;
	size_t left = raw->len - at, n = left < max ? left : max;

	memcpy(to, raw->data + at, n);
	return (ssize_t)n;
}

static void end_download(void *data)
{
	struct download *d = data;

	LIST_REMOVE(d, of_all);
	source_free(d->source);
	free(d);
}

static struct addr address_of(const struct request *r)
{
	return addr_of_sockaddr(
	    MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
		->client_addr);
}

static bool has_room(const struct answerer *a, const struct request *r)
{
	struct addr to = address_of(r);
	const struct download *d;
	size_t n = 0, same = 0;

	LIST_FOREACH (d, &a->downloads, of_all) {
		n++;
		same += addr_cmp(&d->to, &to) == 0;
	}
	return n < DOWNLOADS && same < DOWNLOADS_OF_ONE;
}

/* MORE NULL: the daemon's answer as it was. */
static struct download *download_new(struct answerer *a, const struct request *r,
    const struct knowledge *k, bool (*more)(struct source *s, struct buf *piece))
{
	struct download *d = xcalloc(1, sizeof *d);

	LIST_INSERT_HEAD(&a->downloads, d, of_all);
	d->to = address_of(r);
	d->source = source_new(more, k);
	return d;
}

static struct MHD_Response *respond(struct download *d)
{
	bool is_raw = d->source->more == NULL;
	uint64_t size = is_raw ? d->source->known.status->raw.len : MHD_SIZE_UNKNOWN;
	struct MHD_Response *response = MHD_create_response_from_callback(
	    size, BLOCK, is_raw ? read_raw : read_source, d, end_download);

	if (response == NULL)
		end_download(d);
	return response;
}

static enum MHD_Result answer_busy(const struct request *r)
{
	return send_line(r, MHD_HTTP_SERVICE_UNAVAILABLE, PLAIN,
	    "Too many answers are being read at the moment.");
}

/* What needs an answer of lvsd: a machine is not told what is no longer true. */
static enum MHD_Result answer_current(struct answerer *a, const struct request *r,
    bool (*more)(struct source *s, struct buf *piece), const char *type)
{
	struct knowledge k;
	struct buf b = { 0 };
	json_t *o;

	if (!has_room(a, r))
		return answer_busy(r);
	watch_get(a->watch, &k);
	if (k.error[0] == '\0')
		return send_it(
		    r, MHD_HTTP_OK, respond(download_new(a, r, &k, more)), type);
	status_release(k.status);
	if (more != NULL)
		return send_line(r, MHD_HTTP_SERVICE_UNAVAILABLE, PLAIN, k.error);
	o = json_pack("{s:b,s:s}", "ok", 0, "error", k.error);
	b.data = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	send_line(r, MHD_HTTP_SERVICE_UNAVAILABLE, type, b.data != NULL ? b.data : "{}");
	free(b.data);
	return MHD_YES;
}

static enum MHD_Result answer_status(struct answerer *a, const struct request *r)
{
	return answer_current(a, r, NULL, "application/json");
}

static enum MHD_Result answer_csv(struct answerer *a, const struct request *r)
{
	return answer_current(a, r, csv_more, PLAIN);
}

/* That lvsd does not answer is a metric, too. */
static enum MHD_Result answer_metrics(struct answerer *a, const struct request *r)
{
	bool openmetrics = strstr(header(r, MHD_HTTP_HEADER_ACCEPT),
			       "application/openmetrics-text") != NULL;
	struct MHD_Response *response;
	struct download *d;
	struct knowledge k;

	if (!has_room(a, r))
		return answer_busy(r);
	watch_get(a->watch, &k);
	d = download_new(a, r, &k, metrics_more);
	d->source->openmetrics = openmetrics;
	response = respond(d);
	if (response != NULL)
		MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept");
	return send_it(r, MHD_HTTP_OK, response,
	    openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			: "text/plain; version=0.0.4; charset=utf-8");
}

/* ---- which ---- */

enum MHD_Result answer(struct answerer *a, const struct request *r)
{
	static const struct {
		const char *path;
		enum MHD_Result (*answer)(struct answerer *a, const struct request *r);
	} paths[] = {
		{ "/", answer_page },
		{ "/;csv", answer_csv },
		{ "/events", answer_events },
		{ "/healthz", answer_health },
		{ "/metrics", answer_metrics },
		{ "/status.json", answer_status },
	};
	const struct asset *asset = asset_find(r->url);

	if (asset != NULL)
		return answer_asset(r, asset);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (strcmp(paths[i].path, r->url) == 0)
			return paths[i].answer(a, r);
	return send_line(r, MHD_HTTP_NOT_FOUND, PLAIN, "There is nothing here.");
}

struct answerer *answerer_new(struct watch *w, struct feeds *feeds, const char *host)
{
	struct answerer *a = xcalloc(1, sizeof *a);

	a->watch = w;
	a->feeds = feeds;
	a->host = host;
	LIST_INIT(&a->downloads);
	return a;
}

void answerer_free(struct answerer *a)
{
	free(a);
}
