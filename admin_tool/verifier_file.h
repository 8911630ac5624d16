/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef VERIFIER_FILE_H
#define VERIFIER_FILE_H

#include "cli.h"

/* The usage files of a verifier, usage.d/UID and what stands beside it. */

/* Whether the user has a file that his processes can record in. */
bool verifier_file_is_there(const struct cli *cli, uid_t uid);

/*
 * Make it. A regular file of the user's own that is no usage file gives way; whatever
 * else has its name stays, and is an error: false with cli->error set.
 */
bool verifier_file_make(struct cli *cli, uid_t uid);

/* Take a user's files away, counted or not. False with cli->error set. */
bool verifier_file_remove(struct cli *cli, uid_t uid);

#endif
