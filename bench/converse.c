/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

#include "bench.h"
#include "converse.h"

static int
converse(int count, const struct pam_message **messages, struct pam_response **answers,
    void *secret)
{
	struct pam_response *answer = calloc((size_t)count, sizeof(*answer));

	if (answer == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			answer[i].resp = strdup(secret);
	*answers = answer;
	return PAM_SUCCESS;
}

int
converse_transact(
    const char *folder, const char *service, const char *user, char *secret)
{
	struct pam_conv conversation = { converse, secret };
	pam_handle_t *pamh = NULL;
	int rc = pam_start_confdir(service, user, &conversation, folder, &pamh);

	if (rc == PAM_SUCCESS)
		rc = pam_set_item(pamh, PAM_RHOST, BENCH_RHOST);
	if (rc == PAM_SUCCESS && (rc = pam_authenticate(pamh, 0)) == PAM_SUCCESS)
		rc = pam_acct_mgmt(pamh, 0);
	pam_end(pamh, rc);
	return rc;
}
