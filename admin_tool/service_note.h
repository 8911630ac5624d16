/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SERVICE_NOTE_H
#define SERVICE_NOTE_H

#include "pam_host.h"

/*
 * Say of each word of `services` that is not in `before`, both word lists, when this
 * host has no PAM service of that name and no line of our module has it as service=:
 * then it is mistyped, or to come. Says nothing where the services cannot be read.
 *
 *   pam_dir  as in pam_host_read()
 */
void service_note(
    struct cli *cli, const char *services, const char *before, const char *pam_dir);

#endif
