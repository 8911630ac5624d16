/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CREDENTIAL_H
#define CREDENTIAL_H

#include <security/pam_modules.h>

#include "opts.h"

/* What a client presents. Wipe it with credential_wipe() on every path. */
struct credential {
	const char *token; /* libpam's memory, or `copy` */
	size_t len;
	const char *user; /* libpam's memory; NULL when it is not looked at */
	bool any_user;
	char copy[AK_TOKEN_LOOK + 1]; /* of a token that came as the user name */
};

/*
 * Ask the client for user and token, as user= and the first_pass options say: the
 * password given to an earlier module is taken, otherwise one prompt without echo,
 * whose answer later modules get too.
 *
 * PAM_SUCCESS   `credential` is filled in
 * PAM_AUTH_ERR  use_first_pass, and no earlier module has a password
 * PAM_CONV_ERR, or what the conversation said: it failed or gave no answer
 * PAM_BUF_ERR   out of memory
 *
 * Source: pam_get_item(3), pam_conv(3), pam_get_user(3).
 */
int credential_get(pam_handle_t *pamh, const struct ak_module_options *opts,
    struct credential *credential);

void credential_wipe(struct credential *credential);

#endif
