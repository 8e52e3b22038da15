/*
 * The order in which flows are made, changed and taken away: what rules need comes before
 * them, what they needed goes after them, and whatever fails, nothing goes that others
 * still lead to.
 *
 * In place of iptables, of sets and of policy rules is a journal. What is said of members
 * counts when it is committed, as with libipset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "flow/family.h"
#include "flow/marks.h"
#include "flow/route.h"
#include "lib/command.h"
#include "lib/xalloc.h"
#include "tests/plan/call.h"

static struct {
	struct buf journal, waiting;
	const char *fails; /* what is refused: a line of the journal begins with it */
	bool still;	   /* this machine does not forward (flow/refuse.c) */
} kernel;

/* ---- in place of the real ones ---- */

struct set_session *__wrap_set_open(void);
void __wrap_set_close(struct set_session *s);
const char *__wrap_set_error(const struct set_session *s);
uint64_t __wrap_set_operations(const struct set_session *s);
bool __wrap_set_create(struct set_session *s, const char *name, enum flow_type type,
    uint8_t family, size_t n);
bool __wrap_set_destroy(struct set_session *s, const char *name);
void __wrap_set_add(struct set_session *s, const char *name, enum flow_type type,
    const struct flow_member *m);
void __wrap_set_delete(struct set_session *s, const char *name, enum flow_type type,
    const struct flow_member *m);
bool __wrap_set_commit(struct set_session *s);
bool __wrap_set_names(struct set_session *s, const char *prefix, struct buf *out);
bool __wrap_route_apply(
    uint8_t family, const struct route_mark *marks, size_t n, struct buf *error);
bool __wrap_forwards_nothing(uint8_t family);
bool __wrap_command_run(const char *const argv[], const char *input, unsigned deadline_ms,
    struct buf *out, struct buf *error);

/* Notes LINE, unless it is to fail. */
static bool happens(const char *line)
{
	if (kernel.fails != NULL &&
	    strncmp(line, kernel.fails, strlen(kernel.fails)) == 0)
		return false;
	buf_printf(&kernel.journal, "%s\n", line);
	return true;
}

struct set_session *__wrap_set_open(void)
{
	return (struct set_session *)&kernel;
}

void __wrap_set_close(struct set_session *s)
{
	(void)s;
}

const char *__wrap_set_error(const struct set_session *s)
{
	(void)s;
	return "refused";
}

uint64_t __wrap_set_operations(const struct set_session *s)
{
	(void)s;
	return 0;
}

bool __wrap_set_create(struct set_session *s, const char *name, enum flow_type type,
    uint8_t family, size_t n)
{
	char line[64];

	(void)s;
	(void)type;
	(void)family;
	(void)n;
	snprintf(line, sizeof line, "create %s", name);
	return happens(line);
}

bool __wrap_set_destroy(struct set_session *s, const char *name)
{
	char line[64];

	(void)s;
	snprintf(line, sizeof line, "destroy %s", name);
	return happens(line);
}

static void wait_for_commit(
    const char *what, const char *name, enum flow_type type, const struct flow_member *m)
{
	char member[FLOW_MEMBER_TEXT];

	buf_printf(
	    &kernel.waiting, "%s %s %s\n", what, name, flow_member_text(m, type, member));
}

void __wrap_set_add(struct set_session *s, const char *name, enum flow_type type,
    const struct flow_member *m)
{
	(void)s;
	wait_for_commit("add", name, type, m);
}

void __wrap_set_delete(struct set_session *s, const char *name, enum flow_type type,
    const struct flow_member *m)
{
	(void)s;
	wait_for_commit("delete", name, type, m);
}

bool __wrap_set_commit(struct set_session *s)
{
	char *rest = kernel.waiting.data, *line;
	bool done = true;

	(void)s;
	while (done && (line = strsep(&rest, "\n")) != NULL)
		done = *line == '\0' || happens(line);
	buf_fini(&kernel.waiting);
	return done;
}

bool __wrap_set_names(struct set_session *s, const char *prefix, struct buf *out)
{
	(void)s;
	(void)prefix;
	(void)out;
	return true;
}

bool __wrap_route_apply(
    uint8_t family, const struct route_mark *marks, size_t n, struct buf *error)
{
	(void)marks;
	(void)error;
	return family != AF_INET || happens(n > 0 ? "routes" : "no routes");
}

bool __wrap_forwards_nothing(uint8_t family)
{
	(void)family;
	return kernel.still;
}

/* Iptables: "rules LVSD-FLOW 2" is a commit that leaves two rules in that chain. */
bool __wrap_command_run(const char *const argv[], const char *input, unsigned deadline_ms,
    struct buf *out, struct buf *error)
{
	char chain[32] = "", rule[48], line[64];
	size_t n = 0;

	(void)deadline_ms;
	buf_str(out, "");
	if (strstr(argv[0], "-save") != NULL || strstr(input, "PROBE") != NULL)
		return true;
	assert_int_equal(sscanf(input, "*%*s\n:%31s", chain), 1);
	snprintf(rule, sizeof rule, "\n-A %s ", chain);
	for (const char *at = input; (at = strstr(at, rule)) != NULL; at++)
		n++;
	snprintf(line, sizeof line, "rules %s %zu", chain, n);
	if (happens(line))
		return true;
	buf_str(error, "refused");
	return false;
}

/* ---- helpers ---- */

static bool unused(uint32_t mark, void *arg)
{
	(void)mark;
	(void)arg;
	return false;
}

/* F, with the flow of LINES, or none (NULL); what happened. */
static const char *apply(struct flow *f, const char *lines, bool works)
{
	struct buf text = { 0 };
	struct marks marks = { 0 };
	struct conf *conf;

	buf_fini(&kernel.journal);
	buf_str(&kernel.journal, "");
	buf_str(&text, "director pool\n server a 10.2.0.11\n");
	if (lines != NULL)
		buf_printf(&text, "flow f director pool\n%s", lines);
	conf = call_conf(text.data);
	assert_true(marks_give(&marks, conf, unused, NULL));
	assert_int_equal(flow_apply(f, conf, NULL, NULL), works);
	marks_fini(&marks);
	conf_free(conf);
	buf_fini(&text);
	return kernel.journal.data;
}

#define ONE " ignore dst 192.0.2.1\n match dst 192.0.2.0/28\n"
#define TWO                                               \
	" ignore dst 192.0.2.1\n ignore dst 192.0.2.65\n" \
	" match dst 192.0.2.0/28\n match dst 192.0.2.64/28\n"

/* ---- the tests ---- */

/* The last two sets are of those whom nobody serves. */
static void test_begins(void **state)
{
	struct flow *f = flow_new(false);

	(void)state;
	assert_string_equal(apply(f, ONE, true), "routes\n"
						 "create LVSD-4-1\n"
						 "create LVSD-4-2\n"
						 "create LVSD-4-3\n"
						 "create LVSD-4-4\n"
						 "add LVSD-4-1 192.0.2.1\n"
						 "add LVSD-4-2 192.0.2.0/28\n"
						 "rules LVSD-FLOW 2\n"
						 "rules LVSD-REFUSE 2\n");
	assert_string_equal(apply(f, ONE, true), "");
	flow_free(f);
}

static void test_ends(void **state)
{
	struct flow *f = flow_new(false);

	(void)state;
	apply(f, ONE, true);
	assert_string_equal(apply(f, NULL, true), "rules LVSD-FLOW 0\n"
						  "rules LVSD-REFUSE 0\n"
						  "destroy LVSD-4-1\n"
						  "destroy LVSD-4-2\n"
						  "destroy LVSD-4-3\n"
						  "destroy LVSD-4-4\n"
						  "no routes\n");
	flow_free(f);
}

/* What ends copies is there before what makes them, and longer. */
static void test_copies(void **state)
{
	static const char lines[] = " match proto udp dst 192.0.2.1 dstport 53\n";
	struct flow *f = flow_new(false);

	(void)state;
	kernel.still = true;
	assert_string_equal(apply(f, lines, true), "routes\n"
						   "create LVSD-4-1\n"
						   "create LVSD-4-KEPT-2\n"
						   "create LVSD-4-3\n"
						   "create LVSD-4-4\n"
						   "add LVSD-4-1 192.0.2.1,udp:53\n"
						   "rules LVSD-COPY 1\n"
						   "rules LVSD-FLOW 2\n"
						   "rules LVSD-REFUSE 2\n");
	kernel.still = false;
	assert_string_equal(apply(f, lines, true), "rules LVSD-FLOW 1\n"
						   "rules LVSD-COPY 0\n");
	kernel.still = true;
	assert_string_equal(apply(f, lines, true), "rules LVSD-COPY 1\n"
						   "rules LVSD-FLOW 2\n");
	assert_string_equal(apply(f, NULL, true), "rules LVSD-FLOW 0\n"
						  "rules LVSD-REFUSE 0\n"
						  "rules LVSD-COPY 0\n"
						  "destroy LVSD-4-1\n"
						  "destroy LVSD-4-KEPT-2\n"
						  "destroy LVSD-4-3\n"
						  "destroy LVSD-4-4\n"
						  "no routes\n");
	flow_free(f);
}

/* Who is ignored is so before the network he is in is marked, and until it is not. */
static void test_changes(void **state)
{
	struct flow *f = flow_new(false);

	(void)state;
	apply(f, ONE, true);
	assert_string_equal(apply(f, TWO, true), "add LVSD-4-1 192.0.2.65\n"
						 "add LVSD-4-2 192.0.2.64/28\n");
	assert_string_equal(apply(f, ONE, true), "delete LVSD-4-2 192.0.2.64/28\n"
						 "delete LVSD-4-1 192.0.2.65\n");
	flow_free(f);
}

/* One rule comes, one goes, and of one that stays the members are others. */
static void test_replaces(void **state)
{
	struct flow *f = flow_new(false);

	(void)state;
	apply(
	    f, " match dst 192.0.2.1\n match proto tcp dst 192.0.2.2 dstport 80\n", true);
	assert_string_equal(
	    apply(f, " match src 10.1.0.0/24\n match dst 192.0.2.3\n", true),
	    "create LVSD-4-6\n"
	    "add LVSD-4-6 10.1.0.0/24\n"
	    "add LVSD-4-1 192.0.2.3\n"
	    "rules LVSD-FLOW 2\n"
	    "delete LVSD-4-1 192.0.2.1\n"
	    "destroy LVSD-4-2\n"
	    "destroy LVSD-4-KEPT-3\n");
	flow_free(f);
}

static const struct {
	const char *fails, *before, *lines, *happens;
} failures[] = {
	{ "routes", NULL, ONE, "" },
	{ "create LVSD-4-4", NULL, ONE,
	    "routes\ncreate LVSD-4-1\ncreate LVSD-4-2\ncreate LVSD-4-3\n" },
	{ "add LVSD-4-2", ONE, TWO, "add LVSD-4-1 192.0.2.65\n" },
	{ "rules LVSD-FLOW", ONE, NULL, "" },
	{ "rules LVSD-REFUSE", ONE, NULL, "rules LVSD-FLOW 0\n" },
	{ "delete LVSD-4-2", TWO, ONE, "" },
	{ "destroy LVSD-4-1", ONE, NULL, "rules LVSD-FLOW 0\nrules LVSD-REFUSE 0\n" },
};

static void test_fails(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
		struct flow *f = flow_new(false);

		apply(f, failures[i].before, true);
		kernel.fails = failures[i].fails;
		assert_string_equal(
		    apply(f, failures[i].lines, false), failures[i].happens);
		kernel.fails = NULL;
		flow_free(f);
	}
}

static int forget(void **state)
{
	(void)state;
	kernel.fails = NULL;
	kernel.still = false;
	buf_fini(&kernel.journal);
	buf_fini(&kernel.waiting);
	return 0;
}

#define TEST(f) cmocka_unit_test_teardown(f, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_begins),
		TEST(test_ends),
		TEST(test_copies),
		TEST(test_changes),
		TEST(test_replaces),
		TEST(test_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
