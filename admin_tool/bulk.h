/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BULK_H
#define BULK_H

#include "change.h"
#include "options.h"

/* Keys that are not named one by one. NULL is any. */
struct bulk_choice {
	const char *owner, *tag;
	const int64_t *ended_by; /* s: keys that were revoked or expired by then */
};

/* A command that works on named keys, or on all that fit. */
struct bulk {
	const struct change_plan *plan;
	const char *verb; /* "Revoke" */
	const char *what; /* "keys", "records" */
	const char *tail; /* " for good": how a question ends; "" */
	const char *undone; /* "Nothing was revoked." */
	bool asks; /* also about keys that are named */
	bool ends; /* the keys open nothing any more: those they replaced may */
};

/*
 * Work on all keys that fit and that the plan changes: they are listed and asked about
 * (-y says yes; without a terminal it is needed), chosen anew within the transaction,
 * and changed, all or none. When others fit by then than the question was about,
 * nothing is changed and it is EXIT_CONFLICT, unless -y.
 *
 *   picks  out: what was worked on; the caller frees, on an error too
 */
enum cli_exit bulk_change(struct cli *cli, const struct bulk_choice *choice,
    const struct bulk *bulk, struct picks *picks);

/* The two options of such a command, for a struct whose field `choice` is a
 * bulk_choice. */
#define BULK_OPTIONS(values)                                                \
	{ "owner", 0, OPTION_TEXT, offsetof(values, choice.owner), "USER",  \
		"all keys of this owner, in place of KEY" },                \
	{                                                                   \
		"tag", 0, OPTION_TEXT, offsetof(values, choice.tag), "TAG", \
		    "all keys with this tag, in place of KEY"               \
	}

/* The whole run of a command with KEY..., --owner and --tag, up to its answer. */
enum cli_exit bulk_run(struct cli *cli, char *const *keys,
    const struct bulk_choice *choice, const struct bulk *bulk);

#endif
