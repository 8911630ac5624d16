/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LOG_H
#define LOG_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "authkey.h"

/*
 * One line for a verdict, at its reason's level: ak_log_line(). An ordinary password
 * leaves one with `debug` alone, what was let in none with `quiet`.
 *
 *   phase  "authentication", "account" or "chauthtok"
 */
void log_verdict(pam_handle_t *pamh, const char *phase,
    const struct ak_verdict *verdict, bool debug, bool quiet);

/* An option that cannot be one; `what` happens until it is mended. */
void log_option(
    pam_handle_t *pamh, const char *wrong, const char *why, const char *what);

#endif
