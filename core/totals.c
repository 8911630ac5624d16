/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "address.h"
#include "totals.h"

/* A table of open addresses, written before it is so full that searches are long. */
#define SLOTS 8192
#define FULL (SLOTS / 4 * 3)

static const char *const words[] = {
	[AK_PART_REASON] = "reason",
	[AK_PART_SERVICE] = "service",
	[AK_PART_RHOST] = "rhost",
	[AK_PART_HOUR] = "hour",
};

/* What is counted: compared as bytes, zero behind the name. */
struct label {
	int64_t day;
	enum ak_part part;
	char name[AK_NETWORK_TEXT + 2]; /* the longest are addresses */
};
_Static_assert(sizeof(struct label) == 8 + 4 + AK_NETWORK_TEXT + 2, "no padding");

struct slot {
	bool used;
	struct label label;
	struct ak_sum sum;
};

struct ak_totals {
	struct ak_database *database;
	uint8_t key[crypto_shorthash_KEYBYTES];
	size_t count;
	struct slot *taken[FULL]; /* as they came: mostly few of very many */
	struct slot slots[SLOTS];
};

struct ak_totals *
ak_totals_new(struct ak_database *database, struct ak_error *error)
{
	struct ak_totals *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		ak_fail(error, AK_E_NOMEM, "out of memory");
		return NULL;
	}
	t->database = database;
	/* Who forges records chooses their names, and must not choose their slots. */
	crypto_shorthash_keygen(t->key);
	return t;
}

void
ak_totals_free(struct ak_totals **totals)
{
	free(*totals);
	*totals = NULL;
}

/* The slot of a label: its own, or the empty one that is to be. */
static struct slot *
find(struct ak_totals *t, const struct label *label)
{
	uint64_t hash;
	struct slot *slot;

	_Static_assert(sizeof(hash) == crypto_shorthash_BYTES, "a hash is a number");
	crypto_shorthash(
	    (uint8_t *)&hash, (const uint8_t *)label, sizeof(*label), t->key);
	for (;; hash++) {
		slot = &t->slots[hash % SLOTS];
		if (!slot->used || memcmp(&slot->label, label, sizeof(*label)) == 0)
			return slot;
	}
}

enum ak_code
ak_totals_add(struct ak_totals *t, enum ak_part part, int64_t day, const char *name,
    struct ak_sum sum, struct ak_error *error)
{
	struct label label;
	struct slot *slot;

	memset(&label, 0, sizeof(label));
	label.part = part;
	label.day = day;
	memcpy(label.name, name, strnlen(name, sizeof(label.name) - 1));
	slot = find(t, &label);
	if (!slot->used)
		t->taken[t->count++] = slot;
	slot->used = true;
	slot->label = label;
	slot->sum.uses += sum.uses;
	slot->sum.refusals += sum.refusals;
	return t->count < FULL ? AK_OK : ak_totals_end(t, error);
}

enum ak_code
ak_totals_end(struct ak_totals *t, struct ak_error *error)
{
	enum ak_code code = AK_OK;

	for (size_t i = 0; i < t->count; i++) {
		struct slot *slot = t->taken[i];

		if (code == AK_OK)
			code = ak_write(t->database, AK_Q_day_total_add,
			    AK_VALUES(AK_TEXT(words[slot->label.part]),
				AK_NUMBER(slot->label.day), AK_TEXT(slot->label.name),
				AK_NUMBER(slot->sum.uses),
				AK_NUMBER(slot->sum.refusals)),
			    error);
		memset(slot, 0, sizeof(*slot));
	}
	t->count = 0;
	return code;
}
