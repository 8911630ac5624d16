/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_BRIDGE_H
#define FUZZ_BRIDGE_H

#include <security/pam_modules.h>

/* The program's side of bridge.c: called where libpam calls a module. */
__attribute__((visibility("default"))) int fuzz_authenticate(
    pam_handle_t *pamh, int flags);
__attribute__((visibility("default"))) int fuzz_acct_mgmt(
    pam_handle_t *pamh, int flags);

#endif
