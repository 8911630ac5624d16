/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_USAGE_H
#define AK_USAGE_H

#include <sys/types.h>

#include "address.h"
#include "master.h"
#include "usage_record.h"

/*
 * The database of usage, master/usage.db: what became of presented tokens. Usage files
 * are folded into it; everything about "last used" and statistics is asked here. One
 * handle, one thread.
 */
struct ak_usage;

#define AK_USAGE_APPLICATION_ID 0x414b5531 /* "AKU1" */
#define AK_USAGE_CAP_DEFAULT (64 << 20) /* bytes of one user's file */
#define AK_RETENTION_DEFAULT (30 * INT64_C(86400))

/*
 * Open, or make, the database of an installation whose master can be opened.
 *
 *   paths  of ak_master_paths(), borrowed while it is open
 *   usage  out, the caller closes it; NULL on error
 *
 * AK_E_STORE, AK_E_PERMISSION, AK_E_NOMEM
 */
enum ak_code ak_usage_open(
    const struct ak_paths *paths, struct ak_usage **usage, struct ak_error *error);

/* Close and set to NULL; NULL is fine. */
void ak_usage_close(struct ak_usage **usage);

/* What an administrator decides about the fold. */
struct ak_fold_rules {
	int64_t retention; /* s: how long single events are kept */
	uint64_t cap; /* bytes of a new usage file */
	int64_t records; /* the most that are read now of one file; the rest waits */
};

/*
 * Told of each thing that is wrong with a usage file, once, and each time that it
 * cannot be put aside: its name, and a sentence.
 */
typedef void ak_fold_note_fn(const char *name, const char *text, void *context);

/*
 * Fold the usage files of usage.d: read what is new in each, count it, and put a file
 * aside that has grown. Each record counts exactly once, whatever is appended at the
 * same time, and whoever is killed. A file is only ever read and renamed, and no more
 * of it than `rules` allow.
 *
 *   now    s since 1970 UTC; records that claim a later time get this one
 *   note   may be NULL
 */
enum ak_code ak_usage_fold(struct ak_usage *usage, int64_t now,
    const struct ak_fold_rules *rules, ak_fold_note_fn *note, void *context,
    struct ak_error *error);

/* Enough for all that a file may hold by its cap. */
#define AK_FOLD_ALL INT64_C(1000000)
/* What a command that lists may take time for. */
#define AK_FOLD_SOME INT64_C(50000)

/* What is known of one key. Texts that are not known are "". */
struct ak_key_usage {
	int64_t uses;
	int64_t refusals;
	int64_t last_at; /* of the last use that was let in, or AK_NO_TIME */
	char last_address[AK_NETWORK_TEXT];
	char last_service[AK_WORD_MAX + 1];
};

enum ak_code ak_key_usage_get(struct ak_usage *usage, const char *id,
    struct ak_key_usage *key_usage, struct ak_error *error);

/*
 * Let a user's processes record usage: make his file in usage.d, his own, mode 0600. A
 * file that is there stays; `made` says which.
 */
enum ak_code ak_usage_file_make(const struct ak_paths *paths, uid_t uid, uint64_t cap,
    bool *made, struct ak_error *error);

#endif
