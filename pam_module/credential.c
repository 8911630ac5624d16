/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <security/pam_ext.h>

#include "authkey.h"
#include "credential.h"
#include "talk.h"

/* What clients send as the user name when the password is a token. */
#define NO_NAME "__token__"

static int
ask_user(pam_handle_t *pamh)
{
	const char *user = NULL;
	int rc;

	if (talk_item(pamh, PAM_USER) != NULL)
		return PAM_SUCCESS;
	if (!talk_is_possible(pamh))
		return PAM_CONV_ERR;
	rc = pam_get_user(pamh, &user, NULL);
	return rc == PAM_SUCCESS && user != NULL ? PAM_SUCCESS : talk_no_answer(rc);
}

static int
ask_token(pam_handle_t *pamh, const struct ak_module_options *opts)
{
	char *answer;
	int rc;

	if (talk_item(pamh, PAM_AUTHTOK) != NULL)
		return PAM_SUCCESS;
	if (opts->use_first_pass)
		return PAM_AUTH_ERR;
	if ((rc = talk_ask(pamh, opts->prompt, &answer)) == PAM_SUCCESS)
		rc = pam_set_item(pamh, PAM_AUTHTOK, answer);
	talk_wipe(&answer);
	return rc;
}

static int
take_password(
    pam_handle_t *pamh, const struct ak_module_options *opts, struct credential *c)
{
	int rc = ask_token(pamh, opts);

	if (rc == PAM_SUCCESS)
		rc = talk_get(pamh, PAM_AUTHTOK, &c->token);
	if (rc == PAM_SUCCESS && c->token == NULL)
		rc = PAM_ABORT; /* it was just set */
	if (rc == PAM_SUCCESS)
		c->len = strnlen(c->token, AK_TOKEN_LOOK + 1);
	return rc;
}

/*
 * A token that came as the user name: keep it, and take it out of PAM_USER at once,
 * where every module after this one and the service itself would log it.
 */
static int
take_name(pam_handle_t *pamh, const char *name, size_t len, struct credential *c)
{
	memcpy(c->copy, name, len + 1);
	c->token = c->copy;
	c->len = len;
	return pam_set_item(pamh, PAM_USER, NO_NAME);
}

/* user=set: who is it, and is his name the token? */
static int
look_at_name(pam_handle_t *pamh, struct credential *c)
{
	struct ak_token tok;
	const char *name;
	size_t len;
	int rc;

	/* A name that is not to be had is not the same as none. */
	if ((rc = talk_get(pamh, PAM_USER, &name)) != PAM_SUCCESS)
		return rc;
	c->any_user = name == NULL || name[0] == '\0' || strcmp(name, NO_NAME) == 0;
	if (c->any_user)
		return PAM_SUCCESS;
	len = strnlen(name, AK_TOKEN_LOOK + 1);
	if (ak_token_parse(name, len, &tok) == AK_MALFORMED)
		return PAM_SUCCESS;
	c->any_user = true;
	return take_name(pamh, name, len, c);
}

int
credential_get(
    pam_handle_t *pamh, const struct ak_module_options *opts, struct credential *c)
{
	int rc = PAM_SUCCESS;

	memset(c, 0, sizeof(*c));
	if (opts->user == AK_USER_MATCH)
		rc = ask_user(pamh);
	else if (opts->user == AK_USER_SET)
		rc = look_at_name(pamh, c);
	else
		c->any_user = true;
	if (rc == PAM_SUCCESS && c->token == NULL)
		rc = take_password(pamh, opts, c);
	/* Read now: the conversation may have changed it (SECURITY R7). */
	c->user = c->any_user ? NULL : talk_item(pamh, PAM_USER);
	return rc;
}

void
credential_wipe(struct credential *c)
{
	explicit_bzero(c, sizeof(*c));
}
