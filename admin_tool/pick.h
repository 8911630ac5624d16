/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PICK_H
#define PICK_H

#include "cli.h"
#include "record.h"
#include "text.h"

/* Keys that a command is to work on. Records change; these do not. */
struct pick {
	char id[AK_ID_LEN + 1];
	char label[TEXT_LABEL_MAX];
	bool ended; /* it was revoked when it was picked */
	bool changed;
};

struct picks {
	struct pick *at;
	size_t count, room;
};

/*
 * Find what KEY means: the key of this id, which may stand as lists show it, and the
 * keys of this name or OWNER/NAME; only when there is none that goes by it, those that
 * were replaced under it, and only then the revoked ones. Anything but one fit is said,
 * with the candidates.
 *
 *   record  out
 */
enum cli_exit pick_one(struct cli *cli, const char *key, struct ak_record *record);

/* Find each of the NULL-ended `keys`, to change them all or none; the caller frees, on
 * an error too. */
enum cli_exit pick_all(struct cli *cli, char *const *keys, struct picks *picks);

/* Add a record, once. False when memory is out, with cli->error set. */
bool picks_add(struct cli *cli, struct picks *picks, const struct ak_record *record);

/* The same of one that is not among them: looks at none of them. */
bool picks_append(struct cli *cli, struct picks *picks, const struct ak_record *record);

void picks_free(struct picks *picks);

#endif
