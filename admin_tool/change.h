/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CHANGE_H
#define CHANGE_H

#include "pick.h"

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
};

/*
 * Change the picked keys: all of them in one transaction and one publish, or none. When
 * all are so already nothing is published. Marks picks as changed. Says and answers
 * nothing but errors.
 */
enum cli_exit change_keys(
    struct cli *cli, struct picks *picks, const struct change_plan *plan);

/* Say what was done, and answer with the keys as they are when data is asked for. */
enum cli_exit change_report(
    struct cli *cli, const struct picks *picks, const struct change_plan *plan);

#endif
