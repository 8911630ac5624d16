/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef IMPORT_H
#define IMPORT_H

#include "cli.h"
#include "key_json.h"

/* So many mistakes and conflicts are named before it is given up. */
#define IMPORT_MISTAKES 20

struct import_counts {
	int64_t added, replaced, same;
};

/* An import within its change; the caller sets the first three. */
struct import {
	struct cli *cli;
	bool replace;
	json_t *nameless; /* an object: ids of keys that lost their names to others */
	int64_t line; /* that is read, from 1 */
	bool begun; /* the header was there */
	struct key_json_header header;
	struct import_counts keys, owners;
	int64_t kept_revoked; /* revoked here, and not in the file */
	int mistakes; /* and conflicts, which are said already */
	int conflicts; /* of these */
	union key_json_record record; /* of the line */
	struct ak_record here; /* of its id, before it */
};

/*
 * Take one line. AK_OK also when something is off with it, which is said and counted:
 * the other lines have their mistakes, too. Otherwise cli->error is set.
 */
enum ak_code import_line(struct import *import, const char *line, size_t len);

/* Say what is off in the line. `field` is "" when it is the whole of it. */
void import_mistake(struct import *import, const char *field, const char *why);

/* After the last line: whether all were fine, and as many as the header says. */
enum ak_code import_end(struct import *import);

#endif
