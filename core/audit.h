/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_AUDIT_H
#define AK_AUDIT_H

#include "master.h"

/*
 * The audit: what administrators did, a row for each change, written in the same
 * transaction. Each row's hash is the BLAKE2b-256 of the hash before it and of the
 * row's fields, so that a row which is changed, taken out or put in breaks the chain
 * from there on. Who can write the master can write a new chain: a copy of the last
 * hash on another host is what shows that.
 */
#define AK_AUDIT_HASH_LEN 32

/* Texts are borrowed and never NULL. */
struct ak_audit {
	int64_t seq; /* 1, 2, 3 ...; set by ak_audit_add() */
	int64_t at; /* s since 1970 UTC */
	const char *who;
	const char *tty;
	const char *action;
	const char *subject;
	const char *detail; /* JSON: {"field": [from, to], ...} */
	uint8_t hash[AK_AUDIT_HASH_LEN];
	bool cut; /* out: its texts are not all of the row, which has a NUL in it */
};

/* Called with each row, borrowed; false ends the search without an error. */
typedef bool ak_audit_fn(const struct ak_audit *entry, void *context);

/* Add a row within a change: seq and hash are filled in. */
enum ak_code ak_audit_add(
    struct ak_master *master, struct ak_audit *entry, struct ak_error *error);

/*
 * The rows from `seq` on, of one subject or of all (NULL), in their order. Only who
 * writes the master by other means can have put one before the first, 1.
 */
#define AK_AUDIT_ALL INT64_MIN
enum ak_code ak_audit_list(struct ak_master *master, const char *subject, int64_t seq,
    ak_audit_fn *fn, void *context, struct ak_error *error);

/* Whether there is a row of this subject. */
enum ak_code ak_audit_has(
    struct ak_master *master, const char *subject, bool *has, struct ak_error *error);

/*
 * Follow the chain to its end. `broken` is out: 0 when it holds, otherwise the first
 * row that was changed or is not there. `count` is out: how many rows hold.
 */
enum ak_code ak_audit_verify(
    struct ak_master *master, int64_t *broken, int64_t *count, struct ak_error *error);

#endif
