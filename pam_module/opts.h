/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OPTS_H
#define OPTS_H

#include <security/pam_modules.h>

#include "authkey.h"

/*
 * Read the arguments of a module line.
 *
 * PAM_SUCCESS      all of them are understood
 * PAM_SERVICE_ERR  one is not; a log line names it
 */
int opts_parse(
    pam_handle_t *pamh, int argc, const char **argv, struct ak_module_options *opts);

#endif
