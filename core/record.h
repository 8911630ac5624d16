/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_RECORD_H
#define AK_RECORD_H

#include "master.h"

/* A sealed token: crypto_box_seal of libsodium adds 48 bytes. */
#define AK_SEALED_MAX (AK_TOKEN_MAX + 48)

/* A key as its administrator knows it. Texts that are not set are "". */
struct ak_record {
	struct ak_key
	    key; /* owner_suspended and owner_verified are read, never written */
	char prefix[AK_PREFIX_MAX + 1];
	char description[AK_DESCRIPTION_MAX + 1];
	char tags[AK_WORDS_MAX];
	int64_t created_at;
	char created_by[AK_OWNER_MAX + 1];
	int64_t activated_at; /* when it was last switched on, or AK_NO_TIME */
	int64_t revoked_at; /* or AK_NO_TIME */
	char revoked_by[AK_OWNER_MAX + 1];
	char revoke_reason[AK_DESCRIPTION_MAX + 1];
	char replaced_by[AK_ID_LEN + 1];
	int64_t draining_since; /* waits for its callers to go on, or AK_NO_TIME */
	uint8_t sealed[AK_SEALED_MAX]; /* the token, for the recovery key alone */
	size_t sealed_len; /* 0: it is not kept, as in a key that is revoked */
	bool no_recovery; /* it, and those of its successors, is never kept */
};

/* Called with each record found, borrowed; false ends the search without an error. */
typedef bool ak_record_fn(const struct ak_record *record, void *context);

/* A record of an enabled key, made `now`, without any limit, name or owner. */
void ak_record_init(struct ak_record *record, int64_t now);

/* The word for people, scripts and JSON: enabled disabled revoked expired pending. */
const char *ak_record_status(const struct ak_record *record, int64_t now);

/* End a record for good; text that is too long is cut. It is the caller's to write. */
void ak_record_revoke(
    struct ak_record *record, int64_t now, const char *by, const char *reason);

/*
 * Issue a key within a change: mint a token with record->prefix, digest it, seal it
 * where recovery is on and the record has nothing against it, store the record. The
 * caller fills in all but the id, scheme, digest and sealed token.
 *
 *   token   out, the secret: shown once after ak_master_commit(), then wiped
 *
 * AK_E_CONFLICT  the owner has another key of this name that is not revoked
 */
enum ak_code ak_record_issue(struct ak_master *master, struct ak_record *record,
    char token[AK_TOKEN_MAX + 1], struct ak_error *error);

/*
 * Keep a record within a change as it is, with the id and digest of its key.
 * AK_E_CONFLICT  there is a key of this id, or as above
 */
enum ak_code ak_record_add(
    struct ak_master *master, const struct ak_record *record, struct ak_error *error);

/*
 * Write a changed record within a change. The id, owner, digest, prefix and birth of a
 * key never change. AK_E_CONFLICT as above.
 */
enum ak_code ak_record_update(
    struct ak_master *master, const struct ak_record *record, struct ak_error *error);

/* Delete a record within a change. AK_OK also when it was not there. */
enum ak_code ak_record_delete(
    struct ak_master *master, const char *id, struct ak_error *error);

/* Find by id. `found` says whether there is one; `record` is all zero otherwise. */
enum ak_code ak_record_by_id(struct ak_master *master, const char *id,
    struct ak_record *record, bool *found, struct ak_error *error);

/* All keys of a name, of one owner or of any (NULL): usable ones first, then by age. */
enum ak_code ak_record_by_name(struct ak_master *master, const char *name,
    const char *owner, ak_record_fn *fn, void *context, struct ak_error *error);

/* So many keys before a name, and as many behind it, in the order of names. */
enum ak_code ak_record_near(struct ak_master *master, const char *name, int64_t count,
    ak_record_fn *fn, void *context, struct ak_error *error);

/* How many owners were set, and how many keys there are. */
enum ak_code ak_record_count(
    struct ak_master *master, int64_t *owners, int64_t *keys, struct ak_error *error);

/* All records, in the order of their ids. */
enum ak_code ak_record_all(
    struct ak_master *master, ak_record_fn *fn, void *context, struct ak_error *error);

/* Told of a row that cannot be read: its id, or what stands in its place. */
typedef void ak_damage_fn(const char *id, void *context);

/* The record of an id, or that it cannot be read; neither when there is none. */
enum ak_code ak_record_readable(struct ak_master *master, const char *id,
    ak_record_fn *fn, ak_damage_fn *damage, void *context, struct ak_error *error);

/* All records in the order of their ids, past those that cannot be read. */
enum ak_code ak_record_all_readable(struct ak_master *master, ak_record_fn *fn,
    ak_damage_fn *damage, void *context, struct ak_error *error);

#endif
