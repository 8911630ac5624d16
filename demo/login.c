/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: login CONFDIR SERVICE USER [ADDRESS] <token
 *
 * The smallest service that speaks PAM: reads a password, or a token, from standard
 * input and asks the stack CONFDIR/SERVICE about it, the way any daemon does, for a
 * client at ADDRESS. Exit 0 when the user is let in, 1 when refused, 2 on trouble of
 * its own.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

#define TOKEN_MAX 511

/* Answers each prompt without echo with the token; shows what the stack says. */
static int
converse(int count, const struct pam_message **messages, struct pam_response **answers,
    void *token)
{
	struct pam_response *answer = calloc((size_t)count, sizeof(*answer));

	if (answer == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			answer[i].resp = strdup(token); /* libpam wipes and frees it */
		else
			fprintf(stderr, "%s\n", messages[i]->msg);
	*answers = answer;
	return PAM_SUCCESS;
}

static bool
read_token(char *token)
{
	if (fgets(token, TOKEN_MAX + 1, stdin) == NULL)
		return false;
	token[strcspn(token, "\n")] = '\0';
	return true;
}

static void
show_environment(pam_handle_t *pamh)
{
	char **list = pam_getenvlist(pamh);

	for (char **entry = list; entry != NULL && *entry != NULL; entry++) {
		printf("  %s\n", *entry);
		free(*entry);
	}
	free(list);
}

int
main(int argc, char **argv)
{
	char token[TOKEN_MAX + 1];
	struct pam_conv conversation = { converse, token };
	pam_handle_t *pamh = NULL;
	int rc;

	if (argc < 4 || argc > 5 || !read_token(token)) {
		fprintf(stderr, "usage: login CONFDIR SERVICE USER [ADDRESS] <token\n");
		return 2;
	}
	rc = pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &pamh);
	if (rc == PAM_SUCCESS && argc == 5)
		rc = pam_set_item(pamh, PAM_RHOST, argv[4]);
	if (rc != PAM_SUCCESS) {
		fprintf(stderr, "login: %s/%s cannot be used\n", argv[1], argv[2]);
		return 2;
	}
	if ((rc = pam_authenticate(pamh, 0)) == PAM_SUCCESS)
		rc = pam_acct_mgmt(pamh, 0);
	explicit_bzero(token, sizeof(token));

	if (rc == PAM_SUCCESS)
		printf("%s is let in\n", argv[3]);
	else
		printf("%s is refused: %s\n", argv[3], pam_strerror(pamh, rc));
	if (rc == PAM_SUCCESS)
		show_environment(pamh);
	pam_end(pamh, rc);
	return rc == PAM_SUCCESS ? 0 : 1;
}
