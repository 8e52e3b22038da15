/*
 * random: configurations and health made by chance, and what must hold for any
 * two of them.
 *
 * A pair is a configuration with some health, then another one with other
 * health, as in a reload. Directors, servers and their addresses come out of
 * small pools, so that two configurations have much in common and differ in
 * everything somewhere. pair_check() takes a table through both of them, in
 * memory or in a kernel.
 */
#ifndef LVSD_TESTS_PLAN_RANDOM_H
#define LVSD_TESTS_PLAN_RANDOM_H

#include "ipvs/ipvs.h"
#include "lib/buf.h"
#include "lvsd/state.h"

/* A number below N. All chance comes from random(3): srandom() begins it anew. */
unsigned pick(unsigned n);

/* Appends an lvs.conf without errors that asks for nothing that a kernel with all
 * its schedulers refuses. */
void random_conf(struct buf *b);

/* Reports of a checker, about some of the probes of S. */
void random_health(struct state *s);

/* What operators said of some servers of S by NOW_US; some deadlines are over. */
void random_decisions(struct state *s, uint64_t now_us);

/*
 * Takes H, whose table must be empty, through the pair that SEED makes, and
 * leaves it empty again. JUDGE, unless it is NULL, appends the table that the
 * kernel has in the words of `ipvsadm -Sn`, in any order. False: the promise
 * that did not hold is in WHY, with the configurations and the operations.
 */
typedef void judge_fn(struct buf *b);
bool pair_check(struct ipvs *h, unsigned seed, judge_fn *judge, struct buf *why);

/* The seed to begin with, from LVSD_SEED or the clock, and how many pairs, from
 * LVSD_PAIRS or PAIRS: pair I has the seed plus I. */
unsigned pair_first_seed(void);
unsigned pair_number(unsigned pairs);

#endif
