/* The findings: collected, and told. */
#include "lvsctl/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/lvsctl.h"
#include "lvsctl/words.h"

#define DIRECTORS_SHOWN 3
#define FINDINGS_MAX 100

static json_t *find_same(const struct doctor *d, const char *what, const char *type)
{
	json_t *finding;
	size_t i;

	json_array_foreach (d->findings, i, finding)
		if (words_are(finding, "what", what) && words_are(finding, "type", type))
			return finding;
	return NULL;
}

void doctor_find(
    struct doctor *d, const char *director, const char *type, const char *fmt, ...)
{
	json_t *finding;
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	finding = find_same(d, what, type);
	if (finding == NULL && json_array_size(d->findings) == FINDINGS_MAX) {
		d->more = true;
		return;
	}
	if (finding == NULL) {
		finding = json_pack(
		    "{s:s, s:s, s:[]}", "what", what, "type", type, "directors");
		json_array_append_new(d->findings, finding);
	}
	if (director != NULL)
		json_array_append_new(
		    json_object_get(finding, "directors"), json_string(director));
}

long doctor_number(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = -1;

	if (f == NULL)
		return -1;
	if (fscanf(f, "%ld", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

/* ---- telling ---- */

static void put_directors(struct buf *out, const json_t *directors)
{
	size_t n = json_array_size(directors);

	for (size_t i = 0; i < n && i < DIRECTORS_SHOWN; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "",
		    json_string_value(json_array_get(directors, i)));
	if (n > DIRECTORS_SHOWN)
		buf_printf(out, " and %zu more", n - DIRECTORS_SHOWN);
	if (n > 0)
		buf_str(out, ": ");
}

static void print_findings(const json_t *findings)
{
	struct buf page = { 0 };
	const json_t *finding;
	size_t i;

	json_array_foreach (findings, i, finding) {
		struct buf line = { 0 };

		put_directors(&line, json_object_get(finding, "directors"));
		buf_str(&line, words_of(finding, "what"));
		words_put_wrapped(&page, 0, line.data);
		/* It is to be copied, so it is not wrapped. */
		buf_str(&page, "    ");
		words_put(&page, words_of(finding, "type"), SIZE_MAX);
		buf_str(&page, "\n");
		buf_fini(&line);
	}
	fwrite(page.data, 1, page.len, stdout);
	buf_fini(&page);
}

/* ---- looking ---- */

static void look_at(struct doctor *d, const json_t *status)
{
	const json_t *director;
	size_t i;

	doctor_daemon(d, status);
	json_array_foreach (json_object_get(status, "directors"), i, director) {
		doctor_kernel(d, director);
		doctor_network(d, director);
		doctor_flow(d, director);
	}
	doctor_datagrams(d, status);
	doctor_rules(d, status);
	doctor_others(d, status);
}

/* Without a daemon there is still something to be found: why there is none. */
static int examine(struct doctor *d, const struct call *c)
{
	char *request = call_request(c);
	json_t *status;
	int result;

	if (request == NULL)
		return CTL_WRONG;
	status = call_ask(c, request, &result);
	if (result != CTL_REFUSED)
		doctor_ipvs(d);
	if (status != NULL)
		look_at(d, status);
	json_decref(status);
	free(request);
	return result;
}

int doctor_main(const struct call *c)
{
	struct doctor d = { .findings = json_array(), .routes = routes_open() };
	int status;

	if (d.routes == NULL) {
		fprintf(
		    stderr, "lvsctl: no routes can be asked for: %s\n", strerror(errno));
		json_decref(d.findings);
		return CTL_REFUSED;
	}
	status = examine(&d, c);
	if (c->json) {
		json_dumpf(d.findings, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (json_array_size(d.findings) > 0) {
		print_findings(d.findings);
		if (d.more)
			puts("and more; mend these first");
	}
	if (status == CTL_DONE && json_array_size(d.findings) > 0)
		status = CTL_REFUSED;
	routes_close(d.routes);
	json_decref(d.findings);
	return status;
}
