/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SPAWN_H
#define SPAWN_H

#include "cli.h"

/*
 * Run one of the system's programs and wait for it: fixed path, clean environment, no
 * shell (SECURITY R45); what it prints goes to stderr.
 *
 *   argv  argv[0] is the path; NULL-ended
 *
 * False with cli->error set when it could not be run or did not exit 0.
 */
bool spawn(struct cli *cli, const char *const *argv);

#endif
