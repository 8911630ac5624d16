/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "byte_order.h"
#include "crc32.h"
#include "delta.h"
#include "trusted.h"

#define TAG_DIGITS 16
#define READS 3 /* of a search, at most: index, entries, record */

/* Not snprintf(3): each login makes this name twice. */
bool
ak_delta_path(const char *store, uint64_t tag, char *path, size_t size)
{
	static const char begin[] = ".delta.", end[] = ".db";
	size_t len = strlen(store);

	if (len > 3 && strcmp(store + len - 3, end) == 0)
		len -= 3;
	if (len + sizeof(begin) + TAG_DIGITS + sizeof(end) > size)
		return false;
	memcpy(path, store, len);
	memcpy(path + len, begin, sizeof(begin) - 1);
	path += len + sizeof(begin) - 1;
	for (int i = 0; i < TAG_DIGITS; i++)
		path[i] = "0123456789abcdef"[tag >> 4 * (TAG_DIGITS - 1 - i) & 15];
	memcpy(path + TAG_DIGITS, end, sizeof(end));
	return true;
}

bool
ak_delta_is_name(const char *name)
{
	static const char begin[] = "keys.delta.", end[] = ".db";
	size_t len = strlen(name), tag = sizeof(begin) - 1 + TAG_DIGITS;

	return len == tag + sizeof(end) - 1 &&
	       strncmp(name, begin, sizeof(begin) - 1) == 0 &&
	       strspn(name + sizeof(begin) - 1, "0123456789abcdef") == TAG_DIGITS &&
	       strcmp(name + tag, end) == 0;
}

void
ak_delta_head_pack(struct ak_delta_head *head, uint8_t packed[AK_DELTA_HEAD_LEN])
{
	uint8_t *to = packed + sizeof(AK_DELTA_MAGIC) - 1;

	memcpy(packed, AK_DELTA_MAGIC, sizeof(AK_DELTA_MAGIC) - 1);
	to = ak_put_number(to, head->meta.delta, 8);
	to = ak_put_number(to, (uint64_t)head->meta.generation, 8);
	to = ak_put_number(to, (uint64_t)head->meta.published_at, 8);
	to = ak_put_number(to, head->size, 8);
	to = ak_put_number(to, head->entries, 4);
	to = ak_put_number(to, head->buckets, 4);
	ak_seal("delta", packed, (size_t)(to - packed), head->seal);
	memcpy(to, head->seal, AK_SEAL_LEN);
}

/* False unless it is a head, and its parts fit into the file as it says. */
static bool
unpack_head(const uint8_t packed[AK_DELTA_HEAD_LEN], struct ak_delta_head *head)
{
	const uint8_t *at = packed + sizeof(AK_DELTA_MAGIC) - 1;

	if (!ak_seal_fits("delta", packed, AK_DELTA_HEAD_LEN))
		return false;
	head->meta.delta = ak_get_number(at, 8);
	head->meta.generation = (int64_t)ak_get_number(at + 8, 8);
	head->meta.published_at = (int64_t)ak_get_number(at + 16, 8);
	head->size = ak_get_number(at + 24, 8);
	head->entries = (uint32_t)ak_get_number(at + 32, 4);
	head->buckets = (uint32_t)ak_get_number(at + 36, 4);
	memcpy(head->seal, at + 40, AK_SEAL_LEN);
	return head->meta.generation >= 0 && ak_time_is_sane(head->meta.published_at) &&
	       head->meta.published_at != AK_NO_TIME && head->buckets > 0 &&
	       head->size <= UINT32_MAX &&
	       head->size >= AK_DELTA_HEAD_LEN +
				 (uint64_t)head->entries * AK_DELTA_ENTRY_LEN +
				 (uint64_t)head->buckets * AK_DELTA_INDEX_LEN;
}

uint32_t
ak_delta_bucket(const char *id, uint32_t buckets)
{
	return ak_crc32(id, AK_ID_LEN) % buckets;
}

void
ak_delta_bucket_seal(const struct ak_delta_head *head, uint32_t number, uint8_t *bytes,
    size_t entries, uint8_t seal[AK_SEAL_LEN])
{
	memcpy(bytes, head->seal, AK_SEAL_LEN);
	ak_put_number(bytes + AK_SEAL_LEN, number, 4);
	ak_seal(
	    "bucket", bytes, AK_DELTA_BUCKET_HEAD + entries * AK_DELTA_ENTRY_LEN, seal);
}

static ssize_t
read_file(int fd, uint64_t at, uint8_t *to, size_t len)
{
	ssize_t n;

	do
		n = pread(fd, to, len, (off_t)at);
	while (n < 0 && errno == EINTR);
	return n;
}

static bool
read_at(struct ak_delta *delta, uint64_t at, uint8_t *to, size_t len)
{
	if (at > delta->known || len > delta->known - at) {
		delta->reads++;
		return read_file(delta->fd, at, to, len) == (ssize_t)len;
	}
	memcpy(to, delta->begin + at, len);
	return true;
}

static enum ak_code
read_head(
    struct ak_delta *delta, const char *path, uint64_t tag, struct ak_error *error)
{
	ssize_t n = read_file(delta->fd, 0, delta->begin, sizeof(delta->begin));

	delta->known = n > 0 ? (size_t)n : 0;
	if (delta->known < AK_DELTA_HEAD_LEN ||
	    memcmp(delta->begin, AK_DELTA_MAGIC, sizeof(AK_DELTA_MAGIC) - 1) != 0)
		return ak_fail(error, AK_E_STORE,
		    "%s: is no delta of an authkey store; run: authkey publish", path);
	if (!unpack_head(delta->begin, &delta->head))
		return ak_fail(error, AK_E_STORE,
		    "%s: is damaged (its head); run: authkey publish", path);
	if (delta->head.meta.delta != tag)
		return ak_fail(error, AK_E_STORE,
		    "%s: belongs to another store; run: authkey publish", path);
	if (delta->head.size != (uint64_t)delta->status.st_size)
		return ak_fail(
		    error, AK_E_STORE, "%s: is cut short; run: authkey publish", path);
	return AK_OK;
}

enum ak_code
ak_delta_open(const char *path, uint64_t tag, uid_t owner, struct ak_delta *delta,
    struct ak_error *error)
{
	enum ak_code code;

	delta->known = 0;
	delta->reads = 0;
	memset(&delta->head, 0, sizeof(delta->head));
	code = ak_trusted_beside(path, owner, &delta->fd, &delta->status, error);
	if (code == AK_OK && (code = read_head(delta, path, tag, error)) != AK_OK)
		ak_delta_close(delta);
	return code;
}

void
ak_delta_close(struct ak_delta *delta)
{
	if (delta->fd >= 0)
		close(delta->fd);
	delta->fd = -1;
}

/* Where the parts of the file begin. */
static uint64_t
buckets_at(const struct ak_delta_head *head)
{
	return head->size - (uint64_t)head->buckets * AK_DELTA_INDEX_LEN;
}

static uint64_t
entries_at(const struct ak_delta_head *head)
{
	return buckets_at(head) - (uint64_t)head->entries * AK_DELTA_ENTRY_LEN;
}

/* Read a bucket into `bytes`, behind its head, and count its entries. */
static bool
read_bucket(struct ak_delta *delta, uint32_t number, uint8_t *bytes, uint32_t *count)
{
	const struct ak_delta_head *head = &delta->head;
	uint8_t index[AK_DELTA_INDEX_LEN], seal[AK_SEAL_LEN];
	uint64_t first;

	if (!read_at(delta, buckets_at(head) + (uint64_t)number * AK_DELTA_INDEX_LEN,
		index, sizeof(index)))
		return false;
	first = ak_get_number(index, 4);
	*count = (uint32_t)ak_get_number(index + 4, 4);
	if (*count > AK_DELTA_BUCKET_MAX || first + *count > head->entries ||
	    (*count > 0 &&
		!read_at(delta, entries_at(head) + first * AK_DELTA_ENTRY_LEN,
		    bytes + AK_DELTA_BUCKET_HEAD, *count * AK_DELTA_ENTRY_LEN)))
		return false;
	ak_delta_bucket_seal(head, number, bytes, *count, seal);
	return memcmp(seal, index + 8, AK_SEAL_LEN) == 0;
}

static enum ak_search
copy_record(struct ak_delta *delta, const uint8_t *entry, uint8_t *record, size_t size,
    size_t *len)
{
	uint64_t offset = ak_get_number(entry + AK_ID_LEN, 4);
	uint64_t length = ak_get_number(entry + AK_ID_LEN + 4, 4);

	if (length > size ||
	    (length > 0 && !read_at(delta, offset, record, (size_t)length)))
		return AK_SEARCH_DAMAGED;
	*len = (size_t)length;
	return AK_SEARCH_FOUND;
}

enum ak_search
ak_delta_find(
    struct ak_delta *delta, const char *id, uint8_t *record, size_t size, size_t *len)
{
	AK_FILLED_FIRST uint8_t bytes[AK_DELTA_BUCKET_LEN];
	const uint8_t *entry = bytes + AK_DELTA_BUCKET_HEAD;
	uint32_t count;

	if (delta->head.entries == 0)
		return AK_SEARCH_MISSING; /* the head's seal vouches for it */
	if (strlen(id) != AK_ID_LEN)
		return AK_SEARCH_MISSING;
	if (!read_bucket(
		delta, ak_delta_bucket(id, delta->head.buckets), bytes, &count))
		return AK_SEARCH_DAMAGED;
	for (uint32_t i = 0; i < count; i++, entry += AK_DELTA_ENTRY_LEN)
		if (memcmp(entry, id, AK_ID_LEN) == 0)
			return copy_record(delta, entry, record, size, len);
	return AK_SEARCH_MISSING;
}

void
ak_delta_ids(struct ak_delta *delta, ak_btree_id_fn *fn, void *context)
{
	uint8_t entry[AK_DELTA_ENTRY_LEN];
	uint64_t at = entries_at(&delta->head);

	for (uint32_t i = 0; i < delta->head.entries; i++, at += sizeof(entry)) {
		if (!read_at(delta, at, entry, sizeof(entry)))
			return;
		fn(entry, AK_ID_LEN, context);
	}
}

/*
 * Somewhere in the file, as records are: what is always read has a page at hand. It is
 * of no use, so it is no trouble if it cannot be read.
 */
void
ak_delta_even_out(struct ak_delta *delta, const char *id)
{
	AK_FILLED_FIRST uint8_t bytes[AK_PACKED_USUAL];

	if (delta->fd < 0 || delta->head.size <= sizeof(delta->begin))
		return;
	for (; delta->reads < READS; delta->reads++)
		read_file(delta->fd, ak_crc32(id, strlen(id)) % delta->head.size, bytes,
		    sizeof(bytes));
}
