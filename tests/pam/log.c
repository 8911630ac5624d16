/* SPDX-License-Identifier: BSD-2-Clause */
/* What the log says: its form, its levels, and what never stands in it (SECURITY R16,
 * R17). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "../host.h"

#define FOREIGN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

/* "WORDS; logname= uid=U euid=E tty= ruser= rhost=R user=U key=K reason=..." */
static void
assert_line(int level, const char *words, const char *rest)
{
	char line[2048];

	snprintf(line, sizeof(line),
	    "pam_authkey(test:%s): %s; logname= uid=%u euid=%u %s",
	    strncmp(words, "acc", 3) == 0 ? "account" : "auth", words,
	    (unsigned)getuid(), (unsigned)geteuid(), rest);
	assert_log(level, line);
	assert_string_equal(host_log_at(0)->text, line);
}

static void
a_failure_has_the_form_that_log_watchers_know(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char rest[256];

	fx_set_state(h->fx, token, AK_SWITCHED_OFF);
	h->rhost = "192.0.2.7";
	h->tty = "ssh";
	h->ruser = "alice";
	assert_pam(host_login(h, "alice", token), PAM_AUTH_ERR);
	snprintf(rest, sizeof(rest),
	    "tty=ssh ruser=alice rhost=192.0.2.7 user=alice key=%s reason=DISABLED",
	    fx_id(token));
	assert_line(LOG_NOTICE, "authentication failure", rest);
}

static void
the_use_of_a_decoy_is_an_alert(void **state)
{
	struct host *h = *state;
	struct ak_record record = fx_record("alice");
	const char *token;
	char rest[256];

	record.key.decoy = true;
	token = fx_issue(h->fx, &record);
	assert_pam(host_login(h, "alice", token), PAM_AUTH_ERR);
	snprintf(rest, sizeof(rest),
	    "tty= ruser= rhost= user=alice key=%s reason=DECOY", fx_id(token));
	assert_line(LOG_ALERT, "authentication failure", rest);
}

static void
a_success_is_told_with_its_key(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char rest[256];
	int acct;

	assert_pam(host_login_and_account(h, "alice", token, &acct), PAM_SUCCESS);
	assert_pam(acct, PAM_SUCCESS);
	snprintf(rest, sizeof(rest),
	    "tty= ruser= rhost= user=alice key=%s reason=VALID", fx_id(token));
	assert_line(LOG_INFO, "authentication success", rest);
}

static void
a_refusal_in_the_account_phase_says_so(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	pam_handle_t *pamh;
	char rest[256];

	h->talk.answer.text = token;
	pamh = host_start(h, "test", "alice");
	assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
	fx_set_state(h->fx, token, AK_ENDED);
	host_log_clear();
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
	snprintf(rest, sizeof(rest),
	    "tty= ruser= rhost= user=alice key=%s reason=REVOKED", fx_id(token));
	assert_line(LOG_NOTICE, "account failure", rest);
	pam_end(pamh, PAM_PERM_DENIED);
}

/* A refused login, its reason and its level. */
static void
assert_reason_logged(
    struct host *h, const char *user, const char *token, const char *reason, int level)
{
	char end[128];

	host_log_clear();
	assert_true(host_login(h, user, token) != PAM_SUCCESS);
	snprintf(end, sizeof(end), " reason=%s", reason);
	assert_log(level, end);
}

static void
each_reason_is_named_at_its_level(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char typo[128];

	host_options(h, "required", "debug");
	assert_reason_logged(h, "alice", "password", "MALFORMED", LOG_DEBUG);
	snprintf(typo, sizeof(typo), "%s", token);
	typo[30] = typo[30] == 'x' ? 'y' : 'x';
	assert_reason_logged(h, "alice", typo, "BAD_CHECKSUM", LOG_NOTICE);
	ak_token_checksum(typo, strlen(typo) - AK_CHECKSUM_LEN,
	    typo + strlen(typo) - AK_CHECKSUM_LEN);
	assert_reason_logged(h, "alice", typo, "BAD_SECRET", LOG_NOTICE);
	assert_reason_logged(h, "alice", FOREIGN, "NOT_FOUND", LOG_NOTICE);
	assert_reason_logged(h, "bob", token, "USER_MISMATCH", LOG_NOTICE);
	fx_set_times(h->fx, token, FX_NOW + 1, FX_NOW + 2);
	assert_reason_logged(h, "alice", token, "NOT_YET_VALID", LOG_NOTICE);
	host_set_time(FX_NOW + 2);
	assert_reason_logged(h, "alice", token, "EXPIRED", LOG_NOTICE);
	host_set_time(FX_NOW - AK_CLOCK_SLACK - 1);
	assert_reason_logged(h, "alice", token, "CLOCK_BEHIND", LOG_CRIT); /* R28 */
}

static void
a_client_that_cuts_the_token_gets_a_hint_in_the_log(void **state)
{
	struct host *h = *state;
	char cut[64];

	snprintf(cut, 33, "%s", fx_key(h->fx, "alice"));
	assert_reason_logged(
	    h, "alice", cut, "BAD_CHECKSUM hint=truncated-by-client", LOG_NOTICE);
	/* The id stands in what is left; it is shown only for keys that were looked up.
	 */
	assert_true(host_log_has(" key= "));
}

/* Names that try to end the field or the line, to reach a terminal, or to be a secret.
 */
static const char *const hostile[] = {
	"x\nauthentication success; user=root",
	"x reason=VALID",
	"\x1b]0;owned\x07\x1b[31m",
	"\x7f\x80\x9b\x9f",
	"%s%s%n%n",
	"hunter2-typed-as-name",
	"\xe2\x80\xae\xe2\x80\xa8",
	"\\x0a",
	"\xff\xfe\xfd",
};

static void
no_line_holds_what_could_end_it_or_reach_a_terminal_R17(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char *longest = calloc(1, 2001);

	assert_non_null(longest);
	memset(longest, '\x1b', 2000);
	host_options(h, "required", "debug");
	for (size_t i = 0; i <= FX_COUNT(hostile); i++) {
		const char *text = i < FX_COUNT(hostile) ? hostile[i] : longest;

		h->rhost = h->ruser = h->tty = text;
		for (int p = 0; p < 2; p++) {
			host_log_clear();
			assert_pam(
			    host_login(h, text, p == 0 ? token : text), PAM_AUTH_ERR);
			assert_int_equal(host_log_count(), 1);
			text = host_log_at(0)->text;
			assert_true(strlen(text) < 1600);
			for (const char *s = text; *s != '\0'; s++)
				assert_in_range((unsigned char)*s, ' ', '~');
			assert_null(strstr(text, " user=root"));
			assert_null(strstr(text, " reason=VALID"));
			text = h->rhost;
		}
	}
	free(longest);
}

static void
a_name_that_is_not_the_owners_is_not_repeated_R16(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice"), *unknown = FOREIGN;
	const char *tokens[] = { token, unknown, "hunter2", "" };

	host_options(h, "required", "debug");
	h->ruser = "hunter2-typed-as-ruser";
	for (size_t i = 0; i < FX_COUNT(tokens); i++) {
		host_log_clear();
		assert_pam(
		    host_login(h, "hunter2-typed-as-name", tokens[i]), PAM_AUTH_ERR);
		assert_int_equal(host_log_count(), 1);
		assert_false(host_log_has("hunter2"));
		assert_true(host_log_has(" user= "));
	}
}

static void
an_id_that_no_key_has_is_not_repeated_R16(void **state)
{
	struct host *h = *state;

	fx_key(h->fx, "alice");
	host_options(h, "required", "debug");
	assert_pam(host_login(h, "alice", FOREIGN), PAM_AUTH_ERR);
	assert_false(host_log_has("7QxR2mNd"));
	assert_true(host_log_has(" key= "));
}

/* Whether any line holds four characters in a row of a token behind its id. */
static bool
leaks(const char *token)
{
	char part[5];

	for (const char *s = token + 3 + AK_ID_LEN; s[3] != '\0'; s++) {
		snprintf(part, sizeof(part), "%s", s);
		if (host_log_has(part))
			return true;
	}
	return false;
}

static void
no_line_holds_a_part_of_a_secret_at_any_level_R16(void **state)
{
	static const char *const options[] = { "debug", "debug user=set",
		"debug user=any", "debug scope=none", "debug service=other",
		"debug expiry_notice=10" };
	struct host *h = *state;
	struct ak_record r = fx_record("alice");
	char spoilt[128];
	const char *token;
	int acct;

	r.key.expires_at = FX_NOW + 100;
	token = fx_issue(h->fx, &r);
	for (size_t o = 0; o < FX_COUNT(options); o++) {
		host_options(h, "required", options[o]);
		host_login_and_account(h, "alice", token, &acct);
		host_login_and_account(h, token, token, &acct); /* as the name too */
		h->rhost = h->ruser = NULL;
		for (size_t cut = strlen(token) - 1; cut > 11; cut -= 3) {
			snprintf(spoilt, sizeof(spoilt), "%.*s", (int)cut, token);
			host_login(h, "alice", spoilt);
			host_login(h, spoilt, spoilt);
		}
		snprintf(spoilt, sizeof(spoilt), "%s\n", token);
		host_login(h, spoilt, spoilt);
		assert_true(host_log_count() > 0);
		assert_false(leaks(token));
		host_log_clear();
	}
	assert_int_equal(unlink(h->fx->store), 0);
	host_login(h, token, token);
	assert_int_equal(host_log_count(), 1);
	assert_false(leaks(token));
}

static void
without_debug_an_ordinary_password_leaves_no_line_R16(void **state)
{
	struct host *h = *state;

	fx_key(h->fx, "alice");
	assert_pam(host_login(h, "alice", "hunter2"), PAM_AUTH_ERR);
	assert_int_equal(host_log_count(), 0);
	host_options(h, "required", "debug");
	assert_pam(host_login(h, "alice", "hunter2"), PAM_AUTH_ERR);
	assert_int_equal(host_log_count(), 1);
}

static void
a_bad_option_is_named_without_harm_R17(void **state)
{
	struct host *h = *state;

	host_options(h, "required", "[stroe=\x1b[31m%n%s]");
	assert_pam(host_login(h, "alice", fx_key(h->fx, "alice")), PAM_SERVICE_ERR);
	assert_log(LOG_ERR, "this line lets nobody in until it is mended");
	assert_true(host_log_has("stroe=\\x1b"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(a_failure_has_the_form_that_log_watchers_know),
		HOST_TEST(the_use_of_a_decoy_is_an_alert),
		HOST_TEST(a_success_is_told_with_its_key),
		HOST_TEST(a_refusal_in_the_account_phase_says_so),
		HOST_TEST(each_reason_is_named_at_its_level),
		HOST_TEST(a_client_that_cuts_the_token_gets_a_hint_in_the_log),
		HOST_TEST(no_line_holds_what_could_end_it_or_reach_a_terminal_R17),
		HOST_TEST(a_name_that_is_not_the_owners_is_not_repeated_R16),
		HOST_TEST(an_id_that_no_key_has_is_not_repeated_R16),
		HOST_TEST(no_line_holds_a_part_of_a_secret_at_any_level_R16),
		HOST_TEST(without_debug_an_ordinary_password_leaves_no_line_R16),
		HOST_TEST(a_bad_option_is_named_without_harm_R17),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
