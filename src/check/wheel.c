/*
 * wheel: which slot a time is in, and moving on from slot to slot.
 *
 * A thing is in the ring of the highest six bits in which its tick and the wheel's
 * differ. So all that is in a ring is due before all that is in the rings above, and
 * a slot is emptied when time enters it. The first of a list has the list's number in
 * place of a predecessor.
 */
#include "wheel.h"

#include <assert.h>

#define TICK_BITS 13 /* 8.192 ms */
#define NOBODY UINT32_MAX
#define LIST UINT32_C(0x80000000)
#define RIPE (WHEEL_LISTS - 1)

static struct wheel_node *node_of(const struct wheel *w, uint32_t i)
{
	return (struct wheel_node *)(w->nodes + i * w->stride);
}

static void link_to(struct wheel *w, uint32_t list, uint32_t i)
{
	struct wheel_node *n = node_of(w, i);

	n->next = w->lists[list];
	n->prev = LIST | list;
	if (n->next != NOBODY)
		node_of(w, n->next)->prev = i;
	w->lists[list] = i;
	if (list != RIPE)
		w->filled[list / WHEEL_SLOTS] |= UINT64_C(1) << list % WHEEL_SLOTS;
}

static void unlink_from(struct wheel *w, struct wheel_node *n)
{
	uint32_t list = n->prev & ~LIST;

	if (n->next != NOBODY)
		node_of(w, n->next)->prev = n->prev;
	if ((n->prev & LIST) == 0)
		node_of(w, n->prev)->next = n->next;
	else if ((w->lists[list] = n->next) == NOBODY && list != RIPE)
		w->filled[list / WHEEL_SLOTS] &= ~(UINT64_C(1) << list % WHEEL_SLOTS);
	n->prev = NOBODY;
}

static void place(struct wheel *w, uint32_t i)
{
	uint64_t tick = node_of(w, i)->at_us >> TICK_BITS, differ;
	unsigned ring = 0;

	if (tick < w->tick)
		tick = w->tick;
	differ = tick ^ w->tick;
	if (differ >= WHEEL_SLOTS)
		ring = (63 - (unsigned)__builtin_clzll(differ)) / WHEEL_SLOT_BITS;
	assert(ring < WHEEL_RINGS);
	link_to(w,
	    ring * WHEEL_SLOTS + (tick >> ring * WHEEL_SLOT_BITS & (WHEEL_SLOTS - 1)), i);
}

void wheel_init(
    struct wheel *w, struct wheel_node *nodes, size_t stride, size_t n, uint64_t now_us)
{
	*w = (struct wheel){ .nodes = (char *)nodes,
		.stride = stride,
		.tick = now_us >> TICK_BITS,
		.soonest_us = WHEEL_NEVER };
	for (size_t i = 0; i < WHEEL_LISTS; i++)
		w->lists[i] = NOBODY;
	for (size_t i = 0; i < n; i++)
		node_of(w, (uint32_t)i)->prev = NOBODY;
}

void wheel_add(struct wheel *w, uint32_t i, uint64_t at_us)
{
	node_of(w, i)->at_us = at_us;
	place(w, i);
	if (at_us < w->soonest_us)
		w->soonest_us = at_us;
}

void wheel_remove(struct wheel *w, uint32_t i)
{
	struct wheel_node *n = node_of(w, i);

	if (n->prev == NOBODY)
		return;
	if (n->at_us <= w->soonest_us)
		w->soonest_us = 0;
	unlink_from(w, n);
}

/* The first slot that is not empty; false: all are. */
static bool first_slot(const struct wheel *w, uint32_t *list, uint64_t *tick)
{
	unsigned ring = 0, slot, bits;

	while (ring < WHEEL_RINGS && w->filled[ring] == 0)
		ring++;
	if (ring == WHEEL_RINGS)
		return false;
	slot = (unsigned)__builtin_ctzll(w->filled[ring]);
	bits = ring * WHEEL_SLOT_BITS;
	*list = ring * WHEEL_SLOTS + slot;
	*tick = ((w->tick >> bits & ~(uint64_t)(WHEEL_SLOTS - 1)) | slot) << bits;
	return true;
}

/* What is in LIST and due becomes ripe, the rest goes to where it is now. */
static void sort_out(struct wheel *w, uint32_t list, uint64_t now_us)
{
	uint32_t i = w->lists[list], next;

	for (; i != NOBODY; i = next) {
		struct wheel_node *n = node_of(w, i);

		next = n->next;
		unlink_from(w, n);
		if (n->at_us <= now_us)
			link_to(w, RIPE, i);
		else
			place(w, i);
	}
}

/* Enters every slot up to that of NOW_US. */
static void ripen(struct wheel *w, uint64_t now_us)
{
	uint64_t now = now_us >> TICK_BITS, tick;
	uint32_t list;

	while (first_slot(w, &list, &tick) && tick <= now) {
		w->tick = tick;
		sort_out(w, list, now_us);
		/* What is left of it now is due later within its tick. */
		if (tick == now && list < WHEEL_SLOTS)
			break;
	}
	w->tick = now;
}

bool wheel_pop(struct wheel *w, uint64_t now_us, uint32_t *i)
{
	if (w->lists[RIPE] == NOBODY && now_us >= w->soonest_us) {
		ripen(w, now_us);
		w->soonest_us = 0;
	}
	*i = w->lists[RIPE];
	if (*i == NOBODY)
		return false;
	unlink_from(w, node_of(w, *i));
	return true;
}

uint64_t wheel_soonest_us(struct wheel *w)
{
	uint32_t list;
	uint64_t tick, soonest = WHEEL_NEVER;

	if (w->lists[RIPE] != NOBODY)
		return 0;
	if (w->soonest_us != 0)
		return w->soonest_us;
	if (first_slot(w, &list, &tick)) {
		soonest = tick << TICK_BITS;
		if (list < WHEEL_SLOTS) {
			uint32_t i = w->lists[list];

			for (soonest = WHEEL_NEVER; i != NOBODY; i = node_of(w, i)->next)
				if (node_of(w, i)->at_us < soonest)
					soonest = node_of(w, i)->at_us;
		}
	}
	w->soonest_us = soonest;
	return soonest;
}
