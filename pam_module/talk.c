/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <security/pam_ext.h>

#include "talk.h"

int
talk_get(pam_handle_t *pamh, int type, const char **text)
{
	const void *value = NULL;
	int rc = pam_get_item(pamh, type, &value);

	*text = rc == PAM_SUCCESS ? value : NULL;
	return rc == PAM_SUCCESS ? PAM_SUCCESS : PAM_ABORT;
}

const char *
talk_item(pam_handle_t *pamh, int type)
{
	const char *text;

	talk_get(pamh, type, &text);
	return text;
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

bool
talk_is_possible(pam_handle_t *pamh)
{
	return conversation(pamh) != NULL;
}

int
talk_no_answer(int rc)
{
	return rc == PAM_SUCCESS || rc == PAM_IGNORE ? PAM_CONV_ERR : rc;
}

/* One message; the text of the answer, which may be NULL. */
static int
converse(pam_handle_t *pamh, int style, const char *text, char **answer)
{
	const struct pam_message message = { style, text };
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
	return rc;
}

int
talk_ask(pam_handle_t *pamh, const char *text, char **answer)
{
	int rc = converse(pamh, PAM_PROMPT_ECHO_OFF, text, answer);

	return rc == PAM_SUCCESS && *answer != NULL ? PAM_SUCCESS : talk_no_answer(rc);
}

int
talk_tell(pam_handle_t *pamh, const char *text)
{
	char *answer;
	int rc = converse(pamh, PAM_TEXT_INFO, text, &answer);

	talk_wipe(&answer);
	return rc == PAM_SUCCESS ? PAM_SUCCESS : talk_no_answer(rc);
}

void
talk_wipe(char **answer)
{
	if (*answer != NULL)
		explicit_bzero(*answer, strlen(*answer));
	free(*answer);
	*answer = NULL;
}
