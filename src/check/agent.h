/*
 * agent: what a server says of itself in HAProxy's agent protocol.
 *
 * One line of words: "up" and "down" ("stopped", "fail"), "ready", "drain" and
 * "maint", and "75%" of its weight. What a line does not speak of stays as it
 * was (HAProxy, configuration manual, agent-check). Pure.
 */
#ifndef LVSD_CHECK_AGENT_H
#define LVSD_CHECK_AGENT_H

#include <stdbool.h>
#include <stddef.h>

#include "check/probe.h"

/* The longest line that is read. */
#define AGENT_LINE_MAX 1024
/*
 * Takes the LEN bytes at LINE, without its end, into *V. Words are separated by
 * blanks and commas, case means nothing, "maxconn:" and a text behind "#" are passed
 * over. False: a word is none of these, and *V is as it was; or there is no word.
 */
bool agent_parse(struct agent_verdict *v, const char *line, size_t len);

#endif
