/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "login.h"
#include "model.h"

/* What is asked of the world with this token; `user` as the module is to take it. */
static enum ak_reason
ask(pam_handle_t *pamh, const char *token, const char *user, enum choice phase)
{
	const struct question q = { .token = token,
		.user = user,
		.service =
		    l.o.service != NULL ? l.o.service : login_item(pamh, PAM_SERVICE),
		.rhost = login_item(pamh, PAM_RHOST),
		.scopes = l.o.scopes,
		.verified = l.o.require_verified_owner,
		.now = login_time(phase) };

	return model_answer(l.world, &q);
}

static int
code_of(enum ak_reason reason, int denied, int untimely)
{
	if (reason == AK_VALID)
		return PAM_SUCCESS;
	if (reason == AK_STORE_UNAVAILABLE || reason == AK_CLOCK_BEHIND)
		return l.o.ignore_authinfo_unavail ? PAM_IGNORE : PAM_AUTHINFO_UNAVAIL;
	return reason == AK_EXPIRED || reason == AK_NOT_YET_VALID ? untimely : denied;
}

static bool
is_token(const char *text)
{
	struct ak_token tok;

	return ak_token_parse(text, strlen(text), &tok) == AK_VALID;
}

/* Whether `text`, as the module may have got it, is a token's shape at all. */
static bool
looks_like_token(const char *text)
{
	struct ak_token tok;

	return ak_token_parse(text, strlen(text), &tok) != AK_MALFORMED;
}

/* The user name that the key's owner must be; NULL: it is not looked at. */
static const char *
user_that_counts(pam_handle_t *pamh)
{
	const char *first = l.first_user;

	if (l.o.user == AK_USER_ANY)
		return NULL;
	if (l.o.user == AK_USER_MATCH)
		return login_item(pamh, PAM_USER) != NULL ? login_item(pamh, PAM_USER)
							  : "";
	l.by_name = looks_like_token(first);
	return first[0] == '\0' || strcmp(first, "__token__") == 0 || l.by_name ? NULL
										: first;
}

/* Usage is recorded where there is a file for us, and asked for where there is none. */
static enum ak_reason
with_usage(enum ak_reason reason, const char *token)
{
	bool there =
	    l.o.usage_dir != NULL && strcmp(l.o.usage_dir, l.world->usage_folder) == 0;
	struct ak_usage_record record;
	size_t count = world_usage(l.world, &record);

	if (l.failed > 0) {
		FUZZ_CHECK(count <= 1);
		return reason;
	}
	FUZZ_CHECK(count == (is_token(token) && there && l.o.usage != AK_USAGE_OFF));
	FUZZ_CHECK(count == 0 || record.reason == reason);
	if (is_token(token) && !there && l.o.usage == AK_USAGE_REQUIRED &&
	    reason == AK_VALID)
		return AK_STORE_UNAVAILABLE;
	return reason;
}

static void
check_grant(pam_handle_t *pamh, int rc)
{
	const char *id = pam_getenv(pamh, "AUTHKEY_ID");

	FUZZ_CHECK((id != NULL) == (rc == PAM_SUCCESS && !l.o.no_env) || l.failed > 0);
	if (rc != PAM_SUCCESS)
		return;
	FUZZ_CHECK(id == NULL || memcmp(id, l.granted + 3, AK_ID_LEN) == 0);
	if (l.o.user == AK_USER_SET)
		FUZZ_CHECK(login_item(pamh, PAM_USER) != NULL &&
			   !looks_like_token(login_item(pamh, PAM_USER)));
}

/* A token that came as the user name is no name any more, let in or not. */
static void
check_name(pam_handle_t *pamh)
{
	const char *name = login_item(pamh, PAM_USER);

	FUZZ_CHECK(
	    !l.by_name || l.failed > 0 || name == NULL || !looks_like_token(name));
}

/* What the module says to a presented token, against the model. */
void
login_check_authenticate(pam_handle_t *pamh, int rc)
{
	const char *user = user_that_counts(pamh), *token = NULL;
	enum ak_reason reason;

	if (l.by_name)
		token = l.first_user;
	else if (login_choice(FIRST_PASS, 2) != 0 ||
		 (login_choice(ANSWER, TALKS) == TALK_TEXT && !l.o.use_first_pass))
		token = l.answer;
	if (l.wrong || token == NULL) {
		FUZZ_CHECK(rc == (l.wrong ? PAM_SERVICE_ERR : PAM_CONV_ERR) ||
			   (!l.wrong && rc == PAM_AUTH_ERR && l.o.use_first_pass) ||
			   (l.failed > 0 && rc != PAM_SUCCESS));
		return;
	}
	check_name(pamh);
	reason = ask(pamh, token, user, TIME);
	FUZZ_CHECK(rc != PAM_SUCCESS || reason == AK_VALID);
	if (rc == PAM_SUCCESS)
		snprintf(l.granted, sizeof(l.granted), "%s", token);
	check_grant(pamh, rc);
	/* Who has no name is asked for it, which libpam does. */
	if (l.o.user == AK_USER_MATCH && l.first_user[0] == '\0')
		return;
	reason = with_usage(reason, token);
	FUZZ_CHECK(l.failed > 0 || rc == code_of(reason, PAM_AUTH_ERR, PAM_AUTH_ERR));
}

void
login_check_account(pam_handle_t *pamh, int rc)
{
	const char *user = login_item(pamh, PAM_USER);
	enum ak_reason reason;

	if (l.wrong || l.granted[0] == '\0') {
		FUZZ_CHECK(rc == (l.wrong ? PAM_SERVICE_ERR : PAM_IGNORE) ||
			   (l.failed > 0 && rc != PAM_SUCCESS));
		return;
	}
	user = l.o.user == AK_USER_ANY ? NULL : user != NULL ? user : "";
	reason = ask(pamh, l.granted, user, TIME_LATER);
	FUZZ_CHECK(rc != PAM_SUCCESS || reason == AK_VALID);
	FUZZ_CHECK(
	    l.failed > 0 || rc == code_of(reason, PAM_PERM_DENIED, PAM_ACCT_EXPIRED));
}
