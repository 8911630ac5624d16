/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PAM module that is nothing but the way from the real libpam back into the program:
 * there the module of logins is linked in, so that its calls can be made to fail.
 */
#include <security/pam_modules.h>

#include "bridge.h"

__attribute__((visibility("default"))) int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)argc;
	(void)argv;
	return fuzz_authenticate(pamh, flags);
}

__attribute__((visibility("default"))) int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)argc;
	(void)argv;
	return fuzz_acct_mgmt(pamh, flags);
}
