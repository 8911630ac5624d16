/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: logins CONFDIR <LINES
 *
 * A service with many clients: for each line "SERVICE USER ADDRESS TOKEN" of standard
 * input one login through the stack CONFDIR/SERVICE, with a handle of its own. ADDRESS
 * may be "-", for none. Prints what pam_authenticate and, when that was a success,
 * pam_acct_mgmt answered, as numbers: "0 0", "7 -". Exit 2 on trouble of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

#define WORD 256

struct login {
	char service[WORD], user[WORD], address[WORD], token[WORD];
};

int audit_open(void);

/* As in a kernel without audit: tests leave no trail there. */
__attribute__((visibility("default"), used)) int
audit_open(void)
{
	errno = EPROTONOSUPPORT;
	return -1;
}

static int
converse(int count, const struct pam_message **messages, struct pam_response **answers,
    void *context)
{
	const struct login *login = context;
	struct pam_response *answer = calloc((size_t)count, sizeof(*answer));

	if (answer == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			answer[i].resp = strdup(login->token);
	*answers = answer;
	return PAM_SUCCESS;
}

static int
log_in(const char *confdir, struct login *login)
{
	const struct pam_conv conv = { converse, login };
	pam_handle_t *pamh = NULL;
	int rc;

	if (pam_start_confdir(login->service, login->user, &conv, confdir, &pamh) !=
	    PAM_SUCCESS)
		return 2;
	if (strcmp(login->address, "-") != 0 &&
	    pam_set_item(pamh, PAM_RHOST, login->address) != PAM_SUCCESS)
		return 2;
	if ((rc = pam_authenticate(pamh, 0)) == PAM_SUCCESS) {
		rc = pam_acct_mgmt(pamh, 0);
		printf("%d %d\n", PAM_SUCCESS, rc);
	} else
		printf("%d -\n", rc);
	pam_end(pamh, rc);
	return 0;
}

int
main(int argc, char **argv)
{
	struct login login;
	int end = 0, n;

	if (argc != 2)
		return 2;
	while (end == 0 && (n = scanf("%255s %255s %255s %255s", login.service,
				login.user, login.address, login.token)) == 4)
		end = log_in(argv[1], &login);
	return end == 0 && n == EOF ? 0 : 2;
}
