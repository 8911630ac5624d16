/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CANDIDATES_H
#define CANDIDATES_H

#include "command.h"

/* What stands for names of files and folders: the shell knows them best. */
#define CANDIDATES_FILES ":files"
#define CANDIDATES_FOLDERS ":folders"

extern const struct out_shape candidates_shape;

/*
 * Answer with what the last of the words behind the tool's name can become: options and
 * commands from the table, names of keys and owners where the master may be looked at.
 * Changes nothing and is silent about whatever is wrong.
 *
 *   count  1 or more; the last word may be ""
 */
void candidates_give(struct cli *cli, char *const *words, size_t count);

#endif
