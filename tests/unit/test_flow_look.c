/*
 * The look at sets in an audit that nobody waits for: as many as there is time for, the
 * next time those that follow, so that some passes have seen all. An audit that somebody
 * waits for looks at all of them.
 *
 * A set takes some time to be read, on a clock of our own. How many the process
 * beside the loop read stands in memory that it shares with this one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "flow/family.h"
#include "lib/xalloc.h"
#include "lvsd/audit.h"
#include "lvsd/marking.h"

#define SETS 10
#define SET_US 80000
#define SETS_A_PASS 4 /* after that 0.3 s are over */

static struct {
	uint64_t now_us;
	size_t *reads; /* shared */
	struct flow *flow;
	bool done; /* the rules of an audit are */
} world;

/* ---- in place of the real ones ---- */

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
struct flow *__wrap_flow_new(bool leftovers);
struct flow *__real_flow_new(bool leftovers);
struct set_session *__wrap_set_open(void);
void __wrap_set_close(struct set_session *s);
uint64_t __wrap_set_operations(const struct set_session *s);
bool __wrap_set_read(struct set_session *s, const char *name, enum flow_type *type,
    struct flow_line *into);
bool __wrap_family_check(const struct family *fa, struct buf *out, struct buf *error);
void __wrap_audit_rules_done(struct audit *a, size_t findings);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ (time_t)(world.now_us / 1000000),
		(long)(world.now_us % 1000000) * 1000 };
	return 0;
}

/* One that has SETS lines with a set each in the kernel, of either family. */
struct flow *__wrap_flow_new(bool leftovers)
{
	struct flow *f = __real_flow_new(leftovers);

	for (int i = 0; i < SETS; i++) {
		struct family *fa = &f->family[i % 2];
		struct flow_line *l = flow_chain_add(
		    &fa->have.chain[FLOW_MARK], xstrdup("-j RETURN"), FLOW_NET);

		snprintf(l->set, sizeof l->set, "LVSD-%d", i);
		fa->known = true;
	}
	world.flow = f;
	return f;
}

struct set_session *__wrap_set_open(void)
{
	return (struct set_session *)&world;
}

void __wrap_set_close(struct set_session *s)
{
	(void)s;
}

uint64_t __wrap_set_operations(const struct set_session *s)
{
	(void)s;
	return 0;
}

bool __wrap_set_read(
    struct set_session *s, const char *name, enum flow_type *type, struct flow_line *into)
{
	(void)s;
	(void)name;
	++*world.reads;
	world.now_us += SET_US;
	into->type = *type = FLOW_NET;
	return true;
}

bool __wrap_family_check(const struct family *fa, struct buf *out, struct buf *error)
{
	(void)fa;
	(void)out;
	(void)error;
	return true;
}

void __wrap_audit_rules_done(struct audit *a, size_t findings)
{
	(void)a;
	assert_int_equal(findings, 0);
	world.done = true;
}

/* ---- the test ---- */

/* How many sets one audit looks at. */
static size_t look(struct lvsd *l, bool all)
{
	world.done = false;
	*world.reads = 0;
	assert_true(marking_audit(l->marking, all));
	while (!world.done)
		ev_run(l->loop, EVRUN_ONCE);
	return *world.reads;
}

static void looks_at_some(void **state)
{
	struct lvsd l = { .loop = ev_default_loop(0) };

	(void)state;
	world.reads = mmap(NULL, sizeof *world.reads, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(world.reads, MAP_FAILED);
	l.marking = marking_new(&l, NULL, false);
	assert_int_equal(look(&l, false), SETS_A_PASS);
	assert_int_equal(world.flow->looked_at, SETS_A_PASS);
	assert_int_equal(look(&l, false), SETS_A_PASS);
	assert_int_equal(world.flow->looked_at, 2 * SETS_A_PASS);
	assert_int_equal(look(&l, false), SETS - 2 * SETS_A_PASS);
	/* And from the beginning. */
	assert_int_equal(look(&l, false), SETS_A_PASS);
	assert_int_equal(look(&l, true), SETS);
	assert_int_equal(look(&l, false), SETS_A_PASS);
	marking_free(l.marking);
	ev_loop_destroy(l.loop);
	munmap(world.reads, sizeof *world.reads);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(looks_at_some) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
