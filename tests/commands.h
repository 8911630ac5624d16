/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_COMMANDS_H
#define AK_COMMANDS_H

/* What the commands that change keys do beneath the tool, each with handles of its own.
 */
#include "fixture.h"

typedef enum ak_code command_fn(
    struct ak_master *master, const struct fx *fx, struct ak_error *error);

struct command {
	const char *name;
	command_fn *fn; /* NULL: it is no change of records */
	bool delta; /* to be tried where the store has one */
};

extern const struct command commands[];

/*
 * Run one, in an installation whose first key can be changed; to restore, there is
 * "backup" in the fixture's folder.
 */
enum ak_code command_run(
    const struct fx *fx, const struct command *command, struct ak_error *error);

/* The token that the last command has made, "" for none. */
extern char command_made[AK_TOKEN_MAX + 1];

#endif
