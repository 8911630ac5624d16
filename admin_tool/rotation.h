/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef ROTATION_H
#define ROTATION_H

#include "cli.h"
#include "record.h"

/*
 * The replaced key that still lives beside this one: itself, or the one that it took
 * the place of.
 *
 *   id  out, "" when there is none
 *
 * False with cli->error set.
 */
bool rotation_old(
    struct cli *cli, const struct ak_record *record, char id[AK_ID_LEN + 1]);

/*
 * Who was let in with a replaced key, and whether also with its successor: a new array,
 * empty for the id "". NULL when it is not known, which has been said.
 */
json_t *rotation_callers(struct cli *cli, const char *id);

/* The same as a table for people. */
enum cli_exit rotation_show(struct cli *cli, const char *id);

/* The last of those that took a key's place, one after the other; or itself. */
void rotation_last(
    struct cli *cli, const struct ak_record *record, char id[AK_ID_LEN + 1]);

/*
 * Say, with -q too, which keys that a key took the place of still open.
 *
 *   command  what ends those as well: "revoke"
 */
void rotation_warn(struct cli *cli, const char *id, const char *command);

/*
 * End the keys that have drained. What is counted must be folded in before.
 *
 *   ended  out: how many
 */
enum cli_exit rotation_end_drained(struct cli *cli, size_t *ended);

#endif
