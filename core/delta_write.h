/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_DELTA_WRITE_H
#define AK_DELTA_WRITE_H

#include "delta.h"

/* A delta that is being made, in memory: all zero before the first record. */
struct ak_delta_maker {
	uint8_t *bytes; /* the file, as far as it is made */
	size_t len, room; /* bytes, and for how many there is memory */
	uint8_t *entries; /* as in the file, in the order in which they came */
	size_t count, entry_room;
};

/*
 * Add a record; of length 0: there is no such key. What is no id of a token is passed
 * over. False when memory is out.
 */
bool ak_delta_add(
    struct ak_delta_maker *maker, const char *id, const uint8_t *record, size_t len);

/*
 * Put behind the records what leads to them, and the head before them: maker->bytes is
 * the file then.
 *
 *   meta  the publishing, with the tag of the store
 *   fits  out: false when it would be too large, or the ids crowd in one bucket
 *
 * False when memory is out.
 */
bool ak_delta_finish(
    struct ak_delta_maker *maker, const struct ak_store_meta *meta, bool *fits);

/* Give the memory back. */
void ak_delta_drop(struct ak_delta_maker *maker);

#endif
