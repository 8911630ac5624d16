/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_FORGE_H
#define AK_FORGE_H

/*
 * Databases changed behind core's back, and stores built by hand, record by record, to
 * see what a reader makes of them.
 */
#include <sqlite3.h>

#include "fixture.h"
#include "store.h"

#define FORGED_ID "7QxR2mNd"

/* A record that is being made. */
struct forged {
	uint8_t bytes[AK_PACKED_MAX + 16];
	size_t len;
};

/* A right key of FORGED_ID, its record, and the record of a publishing at FX_NOW. */
struct ak_key forge_key(void);
struct forged forge_record(void);
struct forged forge_meta(void);

/* Seal a record anew, as whoever may write a store can. */
void forge_seal(const char *id, struct forged *p);

/* In place of the fixture's store: a symbolic link to it. */
void forge_link(struct fx *fx);

/* In place of the fixture's store: an empty database, and its end as a store. */
sqlite3 *forge_begin(const struct fx *fx);
void forge_end(const struct fx *fx, sqlite3 *db);

/* Run statements on a database, or on one that is opened for it; asks for a number. */
void forge_run(sqlite3 *db, const char *sql);
void forge_run_on(const char *path, const char *sql);
int64_t forge_number(sqlite3 *db, const char *sql);
int64_t forge_number_on(const char *path, const char *sql);

/*
 * In place of the database at `path`: one of the first version, made by `first` and
 * filled by `copy`, to which the present one is attached as `new`.
 */
void forge_older(
    const struct fx *fx, const char *path, const char *first, const char *copy);

void forge_insert(sqlite3 *db, const char *sql, const char *id, const struct forged *p);

/* A store of the right schema with these two records. */
void forge_store(
    const struct fx *fx, const struct forged *meta, const struct forged *key);

/* Look FORGED_ID up. */
enum ak_code forge_find(const struct fx *fx, struct ak_key *key);

/* Whether ak_store_ids() names an id. */
bool forge_lists(struct ak_store *store, const char *id);

/* Assert that the store is found to be damaged or no store; `what` is it? */
void forge_refused(const struct fx *fx, const char *what);

#endif
