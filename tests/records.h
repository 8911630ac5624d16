/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_RECORDS_H
#define AK_RECORDS_H

/* Usage of a fixture: records, the files that they stand in, folds and their tables. */
#include "fixture.h"
#include "usage.h"
#include "usage_write.h"

/* usage.d of the fixture, and the file there of a user; in the fixture's ring. */
const char *us_folder(const struct fx *fx);
const char *us_path(const struct fx *fx, uid_t uid, const char *ending);

/* A record at FX_NOW of service "test"; `address` NULL: without one. */
struct ak_usage_record us_record(
    const char *id, enum ak_reason reason, const char *address);

/* The id of a new key of that owner, which was made in 1970: any use may be its own. */
const char *us_key(struct fx *fx, const char *owner, char id[AK_ID_LEN + 1]);

/* An id in its form that stands for the number; no key is issued with it. */
void us_id(unsigned number, char id[AK_ID_LEN + 1]);

/* Append to this process's own file, which must take it. */
void us_append(const struct fx *fx, const struct ak_usage_record *record);

/* Write a whole usage file of our own, made anew: a head and `count` records. */
void us_write(const struct fx *fx, const char *ending,
    const struct ak_usage_record *records, size_t count);

/* Read the head of a file; false when it has none. */
bool us_head(const char *path, struct ak_usage_head *head);

/*
 * Read the records of a file into malloc()ed memory. All of its bytes behind the head
 * must be whole records.
 */
struct ak_usage_record *us_read(const char *path, size_t *count);

/* What may stand where a usage file is expected, and is none. */
struct us_thing {
	const char *name;
	void (*make)(const char *path); /* of the usage file that is there */
	const char *wrong; /* what a fold says of it */
	bool spoilt; /* by the file's user; else only root can have made it */
};
extern const struct us_thing us_things[];
extern const size_t us_things_count;

/* A process that is killed now and then, and started anew. */
struct us_worker {
	int (*run)(void *);
	void *context;
	int pid;
	unsigned killed;
};

/*
 * Start all, and kill one of them every few milliseconds, until the first `count` have
 * ended by themselves, with 0. The rest, which never end, are killed once in `rarely`
 * times and are left running.
 */
void us_kill_until_done(struct us_worker *workers, unsigned count, unsigned rest,
    unsigned rarely, unsigned milliseconds);

/* What folds told about files. */
struct us_notes {
	unsigned count;
	char lines[16][256]; /* "NAME TEXT" */
};

bool us_noted(const struct us_notes *notes, const char *line);

/* Fold with a handle of its own. `most` as in struct ak_fold_rules; `notes` may be
 * NULL. */
void us_fold(const struct fx *fx, int64_t now, int64_t most, struct us_notes *notes);

/* The same without an assertion, for a process that was spawned. */
enum ak_code us_try_fold(const struct fx *fx, int64_t now, int64_t most,
    struct us_notes *notes, struct ak_error *error);

/* Open the database of usage; the caller closes it. */
struct ak_usage *us_open(const struct fx *fx);

/* Totals must be what the counts add up to that they are made of. */
void us_agree(const struct fx *fx);

/* The one number that a statement on usage.db gives. */
int64_t us_number(const struct fx *fx, const char *sql);

/* Run statements on usage.db as if one were its administrator. */
void us_execute(const struct fx *fx, const char *sql);

#endif
