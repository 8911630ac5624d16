/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APPLY_H
#define APPLY_H

#include "cli.h"
#include "key_json.h"

#define APPLY_MISTAKES 20 /* so many are named before it is given up */

/* A key that was made, for the one time that its token is shown. */
struct apply_made {
	char id[AK_ID_LEN + 1];
	char token[AK_TOKEN_MAX + 1];
};

/* Making the master be as a file says; the caller sets the first four. */
struct apply {
	struct cli *cli;
	json_t *items; /* of desired_read(), borrowed */
	bool prune; /* revoke the keys that the file does not name */
	struct apply_made *made; /* room for every item; a secret */
	size_t made_count;
	/* What changes: {"action", "id", "owner", "name", "key", "changes"}. */
	json_t *rows;
	json_t *seen; /* the keys and owners that the file has named, and how */
	json_t *later; /* items of keys that need a name: those given up come first */
	int mistakes; /* and conflicts, which are said already */
	int conflicts; /* of these */
	const char *where; /* of the item at hand */
	struct key_json_header header; /* of an export */
	const char *header_where; /* NULL: the file has none */
	int64_t counts[KEY_JSON_TYPES]; /* of items, by type */
	uint64_t given;
	union key_json_record item;
	struct ak_installation installation;
};

/*
 * Do all of it within a change, as change_run() asks for it; `context` is the apply.
 * May be done again after it was undone.
 */
enum ak_code apply_work(struct cli *cli, void *context);

/* Give back what apply_work() made, and wipe the tokens. */
void apply_clear(struct apply *apply);

#endif
