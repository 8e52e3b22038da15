/*
 * Names that are valid and different, in time linear in their number.
 *
 * A hash table of strings; beside each stands the number that the next one like it
 * is given, so that ten thousand directors of one group cost no search.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "lvsctl/import.h"

#define NAME_MAX_BYTES 63

static size_t hash(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h ^ h >> 15;
}

static struct import_name *place_of(const struct import_names *set, const char *text)
{
	size_t at = hash(text) & (set->size - 1);

	while (set->table[at].text != NULL && strcmp(set->table[at].text, text) != 0)
		at = (at + 1) & (set->size - 1);
	return &set->table[at];
}

static void grow(struct import_names *set)
{
	struct import_names old = *set;

	set->size = old.size > 0 ? 2 * old.size : 16;
	set->table = xcalloc(set->size, sizeof *set->table);
	for (size_t i = 0; i < old.size; i++)
		if (old.table[i].text != NULL)
			*place_of(set, old.table[i].text) = old.table[i];
	free(old.table);
}

bool import_name_add(struct import_names *set, const char *text)
{
	struct import_name *at;

	if (2 * set->n >= set->size)
		grow(set);
	at = place_of(set, text);
	if (at->text != NULL)
		return false;
	*at = (struct import_name){ text, 2 };
	set->n++;
	return true;
}

const char *import_name_unique(
    struct import *im, struct import_names *set, const char *wanted)
{
	char *name = import_printf(im, "%.*s", NAME_MAX_BYTES - 12, wanted);
	const char *numbered = name;

	for (char *c = name; *c != '\0'; c++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "0123456789.-_",
			*c) == NULL)
			*c = '-';
	while (!import_name_add(set, numbered))
		numbered = import_printf(im, "%s-%zu", name, place_of(set, name)->next++);
	return numbered;
}

bool import_name_has(const struct import_names *set, const char *text)
{
	return set->n > 0 && place_of(set, text)->text != NULL;
}

void import_names_fini(struct import_names *set)
{
	free(set->table);
	*set = (struct import_names){ 0 };
}
