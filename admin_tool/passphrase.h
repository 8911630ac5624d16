/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSPHRASE_H
#define PASSPHRASE_H

#include "cli.h"
#include "recovery.h"

/* A passphrase, in memory that is locked while it is there. */
struct passphrase {
	char text[AK_PASSPHRASE_MOST];
	size_t len;
};

/* Ask for the passphrase of a new recovery file: twice at a terminal, and long enough.
 */
enum cli_exit passphrase_new(struct cli *cli, struct passphrase *passphrase);

/* Ask for that of a recovery file. After either, also on an error, it is to be wiped.
 */
enum cli_exit passphrase_ask(struct cli *cli, struct passphrase *passphrase);

void passphrase_wipe(struct passphrase *passphrase);

#endif
