/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking for the token and whose it is: SECURITY R4, R5, R6, R7, and user=. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../host.h"

static void
a_conversation_that_gives_no_answer_is_no_login_R5(void **state)
{
	static const struct {
		struct answer answer;
		int code;
	} rows[] = {
		{ { ANSWER_NO_ARRAY, NULL, 0 }, PAM_CONV_ERR },
		{ { ANSWER_NO_TEXT, NULL, 0 }, PAM_CONV_ERR },
		{ { ANSWER_CODE, NULL, PAM_CONV_ERR }, PAM_CONV_ERR },
		{ { ANSWER_CODE, NULL, PAM_BUF_ERR }, PAM_BUF_ERR },
		{ { ANSWER_CODE, NULL, PAM_CONV_AGAIN }, PAM_CONV_AGAIN },
		{ { ANSWER_CODE, NULL, PAM_IGNORE },
		    PAM_CONV_ERR }, /* never a step aside */
		{ { ANSWER_TEXT, "", 0 }, PAM_AUTH_ERR },
	};
	static const int flags[] = { 0, PAM_SILENT, PAM_DISALLOW_NULL_AUTHTOK };
	struct host *h = *state;
	pam_handle_t *pamh;

	fx_key(h->fx, "alice");
	for (size_t i = 0; i < FX_COUNT(rows); i++)
		for (size_t f = 0; f < FX_COUNT(flags); f++) {
			int rc;

			h->talk.answer = rows[i].answer;
			pamh = host_start(h, "test", "alice");
			rc = pam_authenticate(pamh, flags[f]);
			if (rc == PAM_INCOMPLETE && rows[i].code == PAM_CONV_AGAIN)
				rc = PAM_CONV_AGAIN; /* libpam's own word for it */
			if (rc != rows[i].code)
				fail_msg("row %zu: %d", i, rc);
			pam_end(pamh, rc);
		}
	/* An attempt that nobody made is no failure: PostgreSQL's first call is one. */
	assert_false(host_log_has("fail"));
}

static void
without_a_conversation_there_is_no_login_R5(void **state)
{
	static const struct pam_conv none = { NULL, NULL };
	struct host *h = *state;
	pam_handle_t *pamh;

	for (int with_user = 0; with_user < 2; with_user++) {
		pamh = NULL;
		assert_int_equal(pam_start_confdir("test", with_user ? "alice" : NULL,
				     &none, h->confdir, &pamh),
		    PAM_SUCCESS);
		assert_pam(pam_authenticate(pamh, 0), PAM_CONV_ERR);
		pam_end(pamh, PAM_CONV_ERR);
	}
}

static void
a_user_without_a_name_is_asked_for_it(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	h->talk.user = "alice";
	assert_pam(host_login(h, NULL, token), PAM_SUCCESS);
	assert_int_equal(h->talk.user_prompts, 1);
	h->talk.user = "bob";
	assert_pam(host_login(h, NULL, token), PAM_AUTH_ERR);
	h->talk.user = NULL;
	assert_true(host_login(h, NULL, token) != PAM_SUCCESS);
}

/* 64 KiB of one letter. */
static char *
long_text(size_t len)
{
	char *text = malloc(len + 1);

	assert_non_null(text);
	memset(text, 'x', len);
	text[len] = '\0';
	return text;
}

static void
no_other_name_than_the_owners_opens_R6(void **state)
{
	static const char *const users[] = { "' OR 1=1--", "%", "_", "*", "al%",
		"alic_", "%n%s", "%n%n%n%n", "../../x", "-x", "", "\xff\xfe", "al\xc3",
		"Alice", "ALICE", "alice ", " alice", "alice\n", "a", "root",
		("\xe2\x80\xae"
		 "ecila"),
		"alice\\", "__token__" };
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char *longest = long_text(65536);
	int rc;

	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	for (size_t i = 0; i < FX_COUNT(users); i++) {
		host_log_clear();
		if ((rc = host_login(h, users[i], token)) != PAM_AUTH_ERR)
			fail_msg("%s for \"%s\"", pam_strerror(NULL, rc), users[i]);
	}
	assert_pam(host_login(h, longest, token), PAM_AUTH_ERR);
	free(longest);
}

static void
a_presented_text_of_any_length_is_refused_R4(void **state)
{
	static const size_t lengths[] = { 1, 31, 32, 44, 45, 48, 127, 128, 511, 512,
		513, 2000, 65536, 1000000 };
	struct host *h = *state;
	char *text;

	/* PAM's own limit on an answer is 512; what is longer may fail before us. */
	assert_int_equal(unlink(h->fx->store), 0);
	for (size_t i = 0; i < FX_COUNT(lengths); i++) {
		int rc;

		text = long_text(lengths[i]);
		rc = host_login(h, "alice", text);
		/* Not AUTHINFO_UNAVAIL: the store is not even looked for. */
		assert_pam(rc, PAM_AUTH_ERR);
		free(text);
	}
}

static void
no_other_spelling_of_the_token_opens_R11(void **state)
{
	static const char *const tails[] = { "\n", "\r\n", " ", "\t", "1", "=",
		"\xc2\xa0" };
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char text[128];

	for (size_t i = 0; i < FX_COUNT(tails); i++) {
		snprintf(text, sizeof(text), "%s%s", token, tails[i]);
		assert_pam(host_login(h, "alice", text), PAM_AUTH_ERR);
		snprintf(text, sizeof(text), "%s%s", tails[i], token);
		assert_pam(host_login(h, "alice", text), PAM_AUTH_ERR);
	}
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
}

static void
the_password_of_an_earlier_module_is_taken_without_a_prompt(void **state)
{
	static const char *const second[] = { "", "try_first_pass", "use_first_pass" };
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char lines[1024];

	for (size_t i = 0; i < FX_COUNT(second); i++) {
		/* The first asks and refuses, for want of a scope; the second knows. */
		snprintf(lines, sizeof(lines),
		    "auth sufficient @M@ scope=none\nauth required @M@ %s\n",
		    second[i]);
		host_service(h, "test", lines);
		h->talk.prompts = 0;
		assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
		assert_int_equal(h->talk.prompts, 1);
	}
}

static void
use_first_pass_never_prompts_R5(void **state)
{
	struct host *h = *state;

	host_options(h, "required", "use_first_pass");
	assert_pam(host_login(h, "alice", fx_key(h->fx, "alice")), PAM_AUTH_ERR);
	assert_int_equal(h->talk.prompts, 0);
	host_options(h, "required", "use_first_pass try_first_pass");
	assert_pam(host_login(h, "alice", fx_key(h->fx, "alice")), PAM_AUTH_ERR);
	assert_int_equal(h->talk.prompts, 0);
}

static void
a_password_passed_on_reaches_the_next_module(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	/* A password is no token: the module steps back, and the next need not ask. */
	host_service(h, "test",
	    "auth sufficient @M@ prompt=first:\n"
	    "auth required @M@ scope=none prompt=second:\n");
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	h->talk.prompts = 0;
	assert_pam(host_login(h, "alice", "an ordinary password"), PAM_AUTH_ERR);
	assert_int_equal(h->talk.prompts, 1);
	assert_string_equal(h->talk.last_prompt, "first:");
}

/* What a client gave as the name and the password, and who is let in. */
struct user_row {
	const char *rule;
	const char *user; /* "@" is the token, "!" a token that is refused */
	const char *password;
	int code;
	const char *becomes; /* PAM_USER afterwards; NULL: none */
	unsigned prompts;
};

static const struct user_row user_rows[] = {
	{ "user=match", "alice", "@", PAM_SUCCESS, "alice", 1 },
	{ "user=match", "bob", "@", PAM_AUTH_ERR, "bob", 1 },
	{ "user=match", "__token__", "@", PAM_AUTH_ERR, "__token__", 1 },
	{ "user=match", "", "@", PAM_AUTH_ERR, "", 1 },
	{ "user=any", "alice", "@", PAM_SUCCESS, "alice", 1 },
	{ "user=any", "bob", "@", PAM_SUCCESS, "bob", 1 },
	{ "user=any", "", "@", PAM_SUCCESS, "", 1 },
	{ "user=any", NULL, "@", PAM_SUCCESS, NULL, 1 },
	{ "user=any", "bob", "!", PAM_AUTH_ERR, "bob", 1 },
	{ "user=set", "alice", "@", PAM_SUCCESS, "alice", 1 },
	{ "user=set", "bob", "@", PAM_AUTH_ERR, "bob", 1 },
	{ "user=set", "__token__", "@", PAM_SUCCESS, "alice", 1 },
	{ "user=set", "__TOKEN__", "@", PAM_AUTH_ERR, "__TOKEN__", 1 },
	{ "user=set", "__token__", "!", PAM_AUTH_ERR, "__token__", 1 },
	{ "user=set", "", "@", PAM_SUCCESS, "alice", 1 },
	{ "user=set", NULL, "@", PAM_SUCCESS, "alice", 1 },
	{ "user=set", NULL, "!", PAM_AUTH_ERR, NULL, 1 },
	{ "user=set", "@", NULL, PAM_SUCCESS, "alice", 0 },
	{ "user=set", "!", NULL, PAM_AUTH_ERR, "__token__", 0 },
	{ "user=set", "!", "@", PAM_AUTH_ERR, "__token__", 0 },
};

static void
who_is_let_in_follows_the_rule_for_users(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice"), *off = fx_key(h->fx, "alice");

	fx_set_state(h->fx, off, AK_SWITCHED_OFF);
	for (size_t i = 0; i < FX_COUNT(user_rows); i++) {
		const struct user_row *row = &user_rows[i];
		const char *user = row->user, *password = row->password, *after;
		pam_handle_t *pamh;
		int rc;

		host_options(h, "required", row->rule);
		if (user != NULL && (user[0] == '@' || user[0] == '!'))
			user = user[0] == '@' ? token : off;
		if (password != NULL)
			password = password[0] == '@' ? token : off;
		memset(&h->talk, 0, sizeof(h->talk));
		h->talk.answer.text = password;
		host_log_clear();
		pamh = host_start(h, "test", user);
		rc = pam_authenticate(pamh, 0);
		after = host_get(pamh, PAM_USER);
		if (rc != row->code || h->talk.prompts != row->prompts ||
		    (after == NULL) != (row->becomes == NULL) ||
		    (after != NULL && strcmp(after, row->becomes) != 0))
			fail_msg("row %zu: %d, user %s, %u prompts", i, rc,
			    after != NULL ? after : "none", h->talk.prompts);
		if (rc == PAM_SUCCESS)
			assert_pam(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
		assert_false(host_log_has(token + 3 + AK_ID_LEN));
		assert_false(host_log_has(off + 3 + AK_ID_LEN));
		pam_end(pamh, rc);
	}
}

static void
a_mistyped_token_as_the_name_is_taken_out_of_it_R16(void **state)
{
	struct host *h = *state;
	char name[128];
	pam_handle_t *pamh;

	host_options(h, "required", "user=set");
	snprintf(name, sizeof(name), "%s", fx_key(h->fx, "alice"));
	name[20] = name[20] == 'x' ? 'y' : 'x';
	pamh = host_start(h, "test", name);
	assert_pam(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
	assert_string_equal(host_get(pamh, PAM_USER), "__token__");
	assert_false(host_log_has(name + 3 + AK_ID_LEN));
	pam_end(pamh, PAM_AUTH_ERR);
}

static void
become_bob(void *context)
{
	pam_handle_t **pamh = context;

	assert_int_equal(pam_set_item(*pamh, PAM_USER, "bob"), PAM_SUCCESS);
}

static void
the_user_counts_as_he_is_after_the_conversation_R7(void **state)
{
	struct host *h = *state;
	pam_handle_t *pamh;

	h->talk.answer.text = fx_key(h->fx, "alice");
	h->talk.before = become_bob;
	h->talk.context = &pamh;
	pamh = host_start(h, "test", "alice");
	assert_pam(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
	assert_true(host_log_has("reason=USER_MISMATCH"));
	pam_end(pamh, PAM_AUTH_ERR);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(a_conversation_that_gives_no_answer_is_no_login_R5),
		HOST_TEST(without_a_conversation_there_is_no_login_R5),
		HOST_TEST(a_user_without_a_name_is_asked_for_it),
		HOST_TEST(no_other_name_than_the_owners_opens_R6),
		HOST_TEST(a_presented_text_of_any_length_is_refused_R4),
		HOST_TEST(no_other_spelling_of_the_token_opens_R11),
		HOST_TEST(the_password_of_an_earlier_module_is_taken_without_a_prompt),
		HOST_TEST(use_first_pass_never_prompts_R5),
		HOST_TEST(a_password_passed_on_reaches_the_next_module),
		HOST_TEST(who_is_let_in_follows_the_rule_for_users),
		HOST_TEST(a_mistyped_token_as_the_name_is_taken_out_of_it_R16),
		HOST_TEST(the_user_counts_as_he_is_after_the_conversation_R7),
	};

	return cmocka_run_group_tests_name("conversation", tests, NULL, NULL);
}
