/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "byte_order.h"
#include "delta_write.h"

#define PER_BUCKET 4 /* entries, about: a search reads one bucket */
#define DOUBLINGS 6 /* of the number of buckets, until it is given up */

/* Memory for `more` bytes behind `len`, of which there are `*room`. */
static bool
make_room(uint8_t **bytes, size_t *room, size_t len, size_t more)
{
	size_t wanted = *room > 0 ? *room : 4096;
	uint8_t *larger;

	while (wanted < len + more)
		wanted *= 2;
	if (wanted == *room)
		return true;
	if ((larger = realloc(*bytes, wanted)) == NULL)
		return false;
	*bytes = larger;
	*room = wanted;
	return true;
}

/* The head is packed last, but stands first. */
static bool
make_head(struct ak_delta_maker *m)
{
	if (m->len > 0)
		return true;
	if (!make_room(&m->bytes, &m->room, 0, AK_DELTA_HEAD_LEN))
		return false;
	m->len = AK_DELTA_HEAD_LEN;
	return true;
}

bool
ak_delta_add(
    struct ak_delta_maker *m, const char *id, const uint8_t *record, size_t len)
{
	uint8_t *to;

	if (strlen(id) != AK_ID_LEN)
		return true;
	if (!make_head(m) || !make_room(&m->bytes, &m->room, m->len, len) ||
	    !make_room(&m->entries, &m->entry_room, m->count * AK_DELTA_ENTRY_LEN,
		AK_DELTA_ENTRY_LEN))
		return false;
	to = m->entries + m->count++ * AK_DELTA_ENTRY_LEN;
	memcpy(to, id, AK_ID_LEN);
	to = ak_put_number(to + AK_ID_LEN, m->len, 4);
	ak_put_number(to, len, 4);
	if (len > 0)
		memcpy(m->bytes + m->len, record, len);
	m->len += len;
	return true;
}

static uint32_t
bucket_of(const struct ak_delta_maker *m, size_t i, uint32_t buckets)
{
	return ak_delta_bucket(
	    (const char *)m->entries + i * AK_DELTA_ENTRY_LEN, buckets);
}

/* Count the entries of each bucket. False when there are too many in one. */
static bool
count_entries(const struct ak_delta_maker *m, uint32_t *counts, uint32_t buckets)
{
	memset(counts, 0, buckets * sizeof(*counts));
	for (size_t i = 0; i < m->count; i++)
		if (++counts[bucket_of(m, i, buckets)] > AK_DELTA_BUCKET_MAX)
			return false;
	return true;
}

/*
 * How many entries each bucket has, in malloc()ed memory, for the least number of
 * buckets that will do, a power of two: 0 when none does. NULL when memory is out.
 */
static uint32_t *
share_out(const struct ak_delta_maker *m, uint32_t *buckets)
{
	uint32_t *counts = NULL, *larger;

	for (*buckets = 1; *buckets * PER_BUCKET < m->count;)
		*buckets *= 2;
	for (int i = 0; i <= DOUBLINGS; i++, *buckets *= 2) {
		if ((larger = realloc(counts, *buckets * sizeof(*counts))) == NULL) {
			free(counts);
			return NULL;
		}
		counts = larger;
		if (count_entries(m, counts, *buckets))
			return counts;
	}
	*buckets = 0;
	return counts;
}

/* The entries in the order of their buckets, to `to`; counts become their ends. */
static void
sort_entries(
    const struct ak_delta_maker *m, uint32_t *counts, uint32_t buckets, uint8_t *to)
{
	uint32_t first = 0, count;

	for (uint32_t b = 0; b < buckets; b++, first += count) {
		count = counts[b];
		counts[b] = first;
	}
	for (size_t i = 0; i < m->count; i++)
		memcpy(to + (size_t)counts[bucket_of(m, i, buckets)]++ *
				AK_DELTA_ENTRY_LEN,
		    m->entries + i * AK_DELTA_ENTRY_LEN, AK_DELTA_ENTRY_LEN);
}

/* One line of the index: a bucket whose entries lie between `first` and `end`. */
static uint8_t *
put_bucket(const struct ak_delta_head *head, uint32_t number, const uint8_t *entries,
    uint32_t first, uint32_t end, uint8_t *to)
{
	uint8_t bytes[AK_DELTA_BUCKET_LEN];
	uint32_t count = end - first;

	memcpy(bytes + AK_DELTA_BUCKET_HEAD,
	    entries + (size_t)first * AK_DELTA_ENTRY_LEN, count * AK_DELTA_ENTRY_LEN);
	to = ak_put_number(to, first, 4);
	to = ak_put_number(to, count, 4);
	ak_delta_bucket_seal(head, number, bytes, count, to);
	return to + AK_SEAL_LEN;
}

bool
ak_delta_finish(struct ak_delta_maker *m, const struct ak_store_meta *meta, bool *fits)
{
	struct ak_delta_head head = { .meta = *meta, .entries = (uint32_t)m->count };
	uint32_t *ends, first = 0;
	uint8_t *entries, *to;

	*fits = false;
	if (!make_head(m) || (ends = share_out(m, &head.buckets)) == NULL)
		return false;
	head.size = m->len + m->count * AK_DELTA_ENTRY_LEN +
		    (uint64_t)head.buckets * AK_DELTA_INDEX_LEN;
	*fits = head.buckets > 0 && head.size <= UINT32_MAX;
	if (*fits && make_room(&m->bytes, &m->room, m->len, head.size - m->len)) {
		entries = m->bytes + m->len;
		to = entries + m->count * AK_DELTA_ENTRY_LEN;
		m->len = head.size;
		ak_delta_head_pack(&head, m->bytes);
		sort_entries(m, ends, head.buckets, entries);
		for (uint32_t b = 0; b < head.buckets; first = ends[b++])
			to = put_bucket(&head, b, entries, first, ends[b], to);
	}
	free(ends);
	return !*fits || m->len == head.size;
}

void
ak_delta_drop(struct ak_delta_maker *m)
{
	free(m->bytes);
	free(m->entries);
	memset(m, 0, sizeof(*m));
}
