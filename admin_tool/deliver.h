/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DELIVER_H
#define DELIVER_H

#include "cli.h"
#include "options.h"
#include "record.h"

/*
 * The one way in which a token leaves the tool: once, after it is in force, on stdout
 * or, with --copy, on the clipboard of the terminal and nowhere else. SECURITY R40,
 * R43.
 */

/* The option of a command that hands out a token; `at` is the offset of its bool. */
#define DELIVER_COPY(at)                                                        \
	{                                                                       \
		"copy", 0, OPTION_FLAG, at, NULL,                               \
		    "put the token on the terminal's clipboard, and print none" \
	}

/*
 * Before anything is made: whether the token would get anywhere in the way that is
 * asked for. EXIT_USAGE, said, when not.
 */
enum cli_exit deliver_check(const struct cli *cli, bool copy);

/*
 * Hand out the token of a key: with what its owner must know, with -q it alone. The
 * caller wipes it.
 *
 *   is_new  this command has made the key: it has no use yet
 *
 * EXIT_STORE when stdout or the terminal did not take it, which is said; what is to be
 * done about the key is for the caller to say.
 */
enum cli_exit deliver(struct cli *cli, const struct ak_record *record,
    const char *token, bool copy, bool is_new);

#endif
