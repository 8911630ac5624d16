/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DELIVER_H
#define DELIVER_H

#include "cli.h"
#include "record.h"

/*
 * The one way in which a token leaves the tool: on stdout, with what its owner must
 * know, once, after it is in force. SECURITY R40, R43.
 */

/* Before anything is made: whether the answer that is asked for would show the token.
 */
enum cli_exit deliver_check(const struct cli *cli);

/*
 * Show the token of a key that was just made; with -q it alone. The caller wipes it.
 * EXIT_STORE when stdout did not take it, which is said, with the way out.
 */
enum cli_exit deliver(
    struct cli *cli, const struct ak_record *record, const char *token);

#endif
