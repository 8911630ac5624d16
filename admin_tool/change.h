/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CHANGE_H
#define CHANGE_H

#include "pick.h"

/* What is to be done to the master; cli->error is set unless it is AK_OK. */
typedef enum ak_code change_work(struct cli *cli, void *context);

/*
 * Do work as one change with one publish: all of it or nothing. It says with
 * change_note() what it changes; when that is nothing, nothing is written.
 */
enum cli_exit change_run(struct cli *cli, change_work *work, void *context);

/* The same for work that logins have nothing to do with: nothing is published. */
enum cli_exit change_run_quietly(struct cli *cli, change_work *work, void *context);

/*
 * Note a change for the audit, within change_run(): who, where, by which command, and
 * each field of `shape` that differs. Notes nothing when none does.
 *
 *   subject  what is changed: a key's id, an owner, a setting, a user
 *   was, is  cells; NULL: it was, or is, not there
 */
enum ak_code change_note(struct cli *cli, const char *subject,
    const struct out_shape *shape, const struct out_cell *was,
    const struct out_cell *is);

/* The same of a key. */
enum ak_code change_note_key(
    struct cli *cli, const struct ak_record *was, const struct ak_record *is);

/*
 * What the audit keeps: each field that differs, as it was and as it is; the caller
 * gives it back. NULL when memory is out: a change must not pass for none.
 */
json_t *change_differences(const struct out_shape *shape, const struct out_cell *was,
    const struct out_cell *is);
json_t *change_differences_of_key(
    struct cli *cli, const struct ak_record *was, const struct ak_record *is);

/* What became of one record. */
enum change {
	CHANGE_NONE, /* it was so already */
	CHANGE_WRITE,
	CHANGE_DELETE,
	CHANGE_REFUSED, /* cli->error says why; nothing at all is changed */
};

typedef enum change change_fn(
    struct cli *cli, struct ak_record *record, const void *context);

/* What a command does to keys and says of them. */
struct change_plan {
	change_fn *change;
	const void *context;
	const char *done; /* "Disabled" */
	const char *already; /* "is disabled already" */
	const char *ended; /* what is said instead of a revoked key */
};

/*
 * Change the picked keys: all of them in one transaction and one publish, or none. When
 * all are so already nothing is published. Marks picks as changed. Says and answers
 * nothing but errors.
 */
enum cli_exit change_keys(
    struct cli *cli, struct picks *picks, const struct change_plan *plan);

/* The same within change_run(), in a transaction that has begun. */
enum ak_code change_each(
    struct cli *cli, struct picks *picks, const struct change_plan *plan);

/* Say what was done: a line for each key, or how many they are. */
void change_say(
    const struct cli *cli, const struct picks *picks, const struct change_plan *plan);

/* Say what was done, and answer with the keys as they are when data is asked for. */
enum cli_exit change_report(
    struct cli *cli, const struct picks *picks, const struct change_plan *plan);

#endif
