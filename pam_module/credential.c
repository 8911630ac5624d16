/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>

#include "authkey.h"
#include "credential.h"

/* What clients send as the user name when the password is a token. */
#define NO_NAME "__token__"

const char *
credential_item(pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

/* The client's conversation, or NULL when there is none to talk to. */
static const struct pam_conv *
conversation(pam_handle_t *pamh)
{
	const void *value = NULL;
	const struct pam_conv *conv;

	if (pam_get_item(pamh, PAM_CONV, &value) != PAM_SUCCESS || value == NULL)
		return NULL;
	conv = value;
	return conv->conv != NULL ? conv : NULL;
}

/* No answer is never a grant, and a conversation may not make us step aside. */
static int
no_answer(int rc)
{
	return rc == PAM_SUCCESS || rc == PAM_IGNORE ? PAM_CONV_ERR : rc;
}

static int
ask_user(pam_handle_t *pamh)
{
	const char *user = NULL;
	int rc;

	if (credential_item(pamh, PAM_USER) != NULL)
		return PAM_SUCCESS;
	if (conversation(pamh) == NULL)
		return PAM_CONV_ERR;
	rc = pam_get_user(pamh, &user, NULL);
	return rc == PAM_SUCCESS && user != NULL ? PAM_SUCCESS : no_answer(rc);
}

/*
 * One prompt without echo. The conversation is called by hand, since pam_prompt(3)
 * logs an error for a client that gives no answer, and PostgreSQL gives none when it
 * calls the first time. *answer is the caller's to wipe and free.
 */
static int
prompt(pam_handle_t *pamh, const char *text, char **answer)
{
	const struct pam_message message = { PAM_PROMPT_ECHO_OFF, text };
	const struct pam_message *messages = &message;
	const struct pam_conv *conv = conversation(pamh);
	struct pam_response *response = NULL;
	int rc;

	*answer = NULL;
	if (conv == NULL)
		return PAM_CONV_ERR;
	rc = conv->conv(1, &messages, &response, conv->appdata_ptr);
	if (response != NULL)
		*answer = response->resp;
	free(response);
	return rc == PAM_SUCCESS && *answer != NULL ? PAM_SUCCESS : no_answer(rc);
}

static int
ask_token(pam_handle_t *pamh, const struct ak_module_options *opts)
{
	char *answer;
	int rc;

	if (credential_item(pamh, PAM_AUTHTOK) != NULL)
		return PAM_SUCCESS;
	if (opts->use_first_pass)
		return PAM_AUTH_ERR;
	if ((rc = prompt(pamh, opts->prompt, &answer)) == PAM_SUCCESS)
		rc = pam_set_item(pamh, PAM_AUTHTOK, answer);
	if (answer != NULL)
		explicit_bzero(answer, strlen(answer));
	free(answer);
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
	const char *name = credential_item(pamh, PAM_USER);
	struct ak_token tok;
	size_t len;

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
	if (rc == PAM_SUCCESS && c->token == NULL &&
	    (rc = ask_token(pamh, opts)) == PAM_SUCCESS) {
		c->token = credential_item(pamh, PAM_AUTHTOK);
		c->len = strnlen(c->token, AK_TOKEN_LOOK + 1);
	}
	/* Read now: the conversation may have changed it (SECURITY R7). */
	c->user = c->any_user ? NULL : credential_item(pamh, PAM_USER);
	return rc;
}

void
credential_wipe(struct credential *c)
{
	explicit_bzero(c, sizeof(*c));
}
