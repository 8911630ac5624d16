/* SPDX-License-Identifier: BSD-2-Clause */
#include <security/pam_modutil.h>

#include "log.h"
#include "opts.h"

static bool
user_number(const char *name, uid_t *uid, void *pamh)
{
	const struct passwd *pw = pam_modutil_getpwnam(pamh, name);

	if (pw != NULL)
		*uid = pw->pw_uid;
	return pw != NULL;
}

int
opts_parse(
    pam_handle_t *pamh, int argc, const char **argv, struct ak_module_options *opts)
{
	const char *wrong, *why;

	why = ak_module_options_parse(argc, argv, user_number, pamh, opts, &wrong);
	if (why == NULL)
		return PAM_SUCCESS;
	log_option(pamh, wrong, why, "this line lets nobody in");
	return PAM_SERVICE_ERR;
}
