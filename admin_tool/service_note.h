/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SERVICE_NOTE_H
#define SERVICE_NOTE_H

#include "pam_host.h"

/*
 * Say of each word of `services` that is not in `before`, both word lists, when this
 * host has no PAM service of that name and no line of our module has it as service=:
 * then it is mistyped, or to come. One with a capital letter is warned of, as none will
 * ever come: libpam makes the names lower case. Says nothing where the services cannot
 * be read.
 *
 *   pam_dir  as in pam_host_read()
 */
void service_note(
    struct cli *cli, const char *services, const char *before, const char *pam_dir);

/* Warn of one name, or NULL, with a capital letter alone. */
void service_note_case(struct cli *cli, const char *service);

#endif
