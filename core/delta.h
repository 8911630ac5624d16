/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_DELTA_H
#define AK_DELTA_H

#include <sys/stat.h>
#include <sys/types.h>

#include "btree.h"
#include "error.h"
#include "pack.h"

/*
 * The delta of a big store: the records that have changed since the store was written,
 * in a file of its own beside it, so that a change does not cost a whole publish. Each
 * change makes the delta anew and renames it into place; the store stays as it is.
 *
 * A store and its delta share a random tag, and the name of the delta holds it
 * (ak_delta_path): no store is ever read with the delta of another. What a delta does
 * not hold is answered by the store, so "not here" must be as certain as "here": every
 * byte that leads to an answer is under a seal. Numbers are little-endian:
 *
 *	head     magic(8) tag(8) generation(8) published_at(8) size(8) entries(4)
 *	         buckets(4) seal(16)
 *	records  as in the store, one after the other
 *	entries  id(8) offset(4) length(4); of length 0: there is no such key
 *	buckets  first entry(4) count(4) seal(16)
 *
 * An id is in the bucket number CRC-32(id) modulo `buckets`, which stand at the end of
 * the file, behind the entries. The seal of the head is under the name "delta", that of
 * a bucket, over the head's seal, the bucket's number and its entries, under "bucket".
 */
#define AK_DELTA_MAGIC "AKDELTA1"
#define AK_DELTA_HEAD_LEN 64
#define AK_DELTA_ENTRY_LEN 16
#define AK_DELTA_INDEX_LEN (4 + 4 + AK_SEAL_LEN)
#define AK_DELTA_BUCKET_MAX 64 /* entries in one bucket */
#define AK_DELTA_BUCKET_HEAD (AK_SEAL_LEN + 4)
#define AK_DELTA_BUCKET_LEN \
	(AK_DELTA_BUCKET_HEAD + AK_DELTA_BUCKET_MAX * AK_DELTA_ENTRY_LEN)

/* What the head says. */
struct ak_delta_head {
	struct ak_store_meta meta; /* of the publishing; `delta` is the tag */
	uint64_t size; /* of the file */
	uint32_t entries, buckets;
	uint8_t seal[AK_SEAL_LEN];
};

#define AK_DELTA_BEGIN 4096
struct ak_delta {
	int fd; /* -1: there is none */
	size_t known; /* bytes of `begin`, which is read once; that is all of most */
	uint8_t begin[AK_DELTA_BEGIN];
	struct stat status;
	struct ak_delta_head head;
	unsigned reads; /* that a search has made, behind `begin` */
};

/* The delta of the store at `store` with this tag. False when `size` is too small. */
bool ak_delta_path(const char *store, uint64_t tag, char *path, size_t size);

/* Is it the name of a delta, beside keys.db? */
bool ak_delta_is_name(const char *name);

/* Pack a head; its seal is an output, too. */
void ak_delta_head_pack(struct ak_delta_head *head, uint8_t packed[AK_DELTA_HEAD_LEN]);

/* The bucket of an id of eight bytes. */
uint32_t ak_delta_bucket(const char *id, uint32_t buckets);

/*
 * The seal of a bucket.
 *
 *   bytes  AK_DELTA_BUCKET_HEAD bytes that are filled in here, and then the entries
 */
void ak_delta_bucket_seal(const struct ak_delta_head *head, uint32_t number,
    uint8_t *bytes, size_t entries, uint8_t seal[AK_SEAL_LEN]);

/*
 * Open the file at `path`, beside a store that was opened just now, as the delta with
 * this tag.
 *
 *   delta  out, caller's memory, to be closed; closed already on error
 *
 * AK_E_STORE       missing, unsafe, damaged, or the delta of another store
 * AK_E_PERMISSION  this process may not read it
 */
enum ak_code ak_delta_open(const char *path, uint64_t tag, uid_t owner,
    struct ak_delta *delta, struct ak_error *error);

/*
 * Find the record under an id of eight bytes, as ak_btree_find() does; `*len` is 0 when
 * the delta says that there is no such key. AK_SEARCH_MISSING: it says nothing of it.
 */
enum ak_search ak_delta_find(
    struct ak_delta *delta, const char *id, uint8_t *record, size_t size, size_t *len);

/*
 * Hand the id of each entry to `fn`, in no order, until one cannot be read; the records
 * are not looked at. To look at a whole store, never for a login.
 */
void ak_delta_ids(struct ak_delta *delta, ak_btree_id_fn *fn, void *context);

/*
 * After a search: make up for the reads that the search of a key in the delta would
 * have made and this one has not, so that its time does not tell where the key stands.
 */
void ak_delta_even_out(struct ak_delta *delta, const char *id);

/* Close; a delta that is closed already, or none, is fine. */
void ak_delta_close(struct ak_delta *delta);

#endif
