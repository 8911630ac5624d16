/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef USAGE_ACCESS_H
#define USAGE_ACCESS_H

#include "cli.h"

/*
 * Open the database of usage, cli->usage, with what was recorded of late folded in;
 * when that fails, a warning says so, and the command goes on with what is known.
 * False with cli->error set.
 */
bool usage_open(struct cli *cli);

/*
 * The same for a command that has more to tell than usage, and may be asked for again
 * and again: NULL when nothing is known, which has been said.
 */
struct ak_usage *usage_ready(struct cli *cli);

/* What is known of a key's use. False when nothing is: that has been said. */
bool usage_of_key(struct cli *cli, const char *id, struct ak_key_usage *key_usage);

/* How often a decoy was tried. False when nothing is known: that has been said. */
bool usage_of_decoy(struct cli *cli, const char *id, int64_t *alarms);

/*
 * Fold until nothing is left, showing at a terminal how far it is.
 *
 *   records  out: how many were folded
 *
 * False with cli->error set.
 */
bool usage_fold_all(struct cli *cli, int64_t *records);

/* Fold what has come since. False with cli->error set. */
bool usage_fold_more(struct cli *cli);

#endif
