/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OWNER_ACCESS_H
#define OWNER_ACCESS_H

#include "cli.h"
#include "owner.h"

extern const struct out_shape owner_sheet; /* one, everything */
extern const struct out_shape owner_list; /* many */

/* Answer with an owner, or give a row of owner_list. */
void owner_show(struct cli *cli, const struct ak_owner *owner);
void owner_row(struct cli *cli, const struct ak_owner *owner);

/*
 * Read an owner who was described or owns keys. A mistyped name must not pass for one:
 * false with cli->error set.
 */
bool owner_read(struct cli *cli, const char *name, struct ak_owner *owner);

/*
 * Put an owner within a change, and note it.
 *
 *   differences  out, unless it is NULL: what has changed, for the caller to give back;
 *                NULL when memory is out
 */
enum ak_code owner_put(struct cli *cli, const struct ak_owner *was,
    const struct ak_owner *is, json_t **differences);

/* What a command does to an owner and says of it. */
struct owner_plan {
	/* False: it is so already. */
	bool (*change)(struct cli *cli, struct ak_owner *owner, const void *values);
	bool may_be_new;
	const char *done, *already;
};

/*
 * Change an owner in one transaction and one publish, because it decides about keys;
 * say what was done.
 */
enum cli_exit owner_change(struct cli *cli, const char *name,
    const struct owner_plan *plan, const void *values);

#endif
