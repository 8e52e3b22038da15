/*
 * answer: a request that is allowed, and what it gets.
 */
#ifndef LVSD_LVSWEB_ANSWER_H
#define LVSD_LVSWEB_ANSWER_H

#include "lvsweb/feed.h"
#include "lvsweb/judge.h"
#include "lvsweb/watch.h"

struct answerer;

/* All of them are kept. */
struct answerer *answerer_new(struct watch *w, struct feeds *feeds, const char *host);
void answerer_free(struct answerer *a);

enum MHD_Result answer(struct answerer *a, const struct request *r);
enum MHD_Result answer_refusal(const struct request *r, const struct verdict *v);

#endif
