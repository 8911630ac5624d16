/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each phase answers: every row of the table of pam_authkey(8), in required,
 * sufficient and requisite stacks, followed by permit and by deny (SECURITY R2, R7,
 * R8).
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../host.h"

/* Of another installation, so that no key has its id. */
#define FOREIGN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

/* A key of alice as each row wants it, and what is presented. */
struct row {
	const char *name;
	void (*prepare)(struct host *h, char token[128]);
	const char *options;
	int answer;
};

static void
take(struct host *h, struct ak_record *record, char token[128])
{
	snprintf(token, 128, "%s", fx_issue(h->fx, record));
}

static void
valid(struct host *h, char token[128])
{
	struct ak_record r = fx_record("alice");

	take(h, &r, token);
}

static void
password(struct host *h, char token[128])
{
	valid(h, token);
	snprintf(token, 128, "correct horse battery staple");
}

static void
mistyped(struct host *h, char token[128])
{
	valid(h, token);
	token[20] = token[20] == 'x' ? 'y' : 'x';
}

static void
unknown(struct host *h, char token[128])
{
	valid(h, token);
	snprintf(token, 128, "%s", FOREIGN);
}

/* The id of a key that exists, another secret, and a checksum that fits. */
static void
wrong_secret(struct host *h, char token[128])
{
	valid(h, token);
	token[30] = token[30] == 'x' ? 'y' : 'x';
	ak_token_checksum(token, strlen(token) - AK_CHECKSUM_LEN,
	    token + strlen(token) - AK_CHECKSUM_LEN);
}

static void
revoked(struct host *h, char token[128])
{
	valid(h, token);
	fx_set_state(h->fx, token, AK_ENDED);
}

static void
disabled(struct host *h, char token[128])
{
	valid(h, token);
	fx_set_state(h->fx, token, AK_SWITCHED_OFF);
}

static void
purged(struct host *h, char token[128])
{
	struct ak_error error;

	valid(h, token);
	assert_code(ak_master_begin(h->fx->master, &error), AK_OK, &error);
	assert_code(
	    ak_record_delete(h->fx->master, fx_id(token), &error), AK_OK, &error);
	assert_code(ak_master_commit(h->fx->master, FX_NOW, &error), AK_OK, &error);
}

static void
of_bob(struct host *h, char token[128])
{
	struct ak_record r = fx_record("bob");

	take(h, &r, token);
}

static void
for_sshd(struct host *h, char token[128])
{
	struct ak_record r = fx_record("alice");

	ak_words_add(r.key.services, "sshd");
	take(h, &r, token);
}

static void
from_a_network(struct host *h, char token[128])
{
	struct ak_record r = fx_record("alice");

	ak_words_add(r.key.networks, "192.0.2.0/24");
	take(h, &r, token);
}

static void
from_another_network(struct host *h, char token[128])
{
	from_a_network(h, token);
	h->rhost = "198.51.100.7";
}

static void
with_a_scope(struct host *h, char token[128])
{
	struct ak_record r = fx_record("alice");

	ak_words_add(r.key.scopes, "read");
	take(h, &r, token);
}

static void
owner_suspended(struct host *h, char token[128])
{
	valid(h, token);
	fx_set_owner(h->fx, "alice", true, true);
}

static void
expired(struct host *h, char token[128])
{
	valid(h, token);
	fx_set_times(h->fx, token, AK_NO_TIME, FX_NOW);
}

static void
not_yet_valid(struct host *h, char token[128])
{
	valid(h, token);
	fx_set_times(h->fx, token, FX_NOW + 1, AK_NO_TIME);
}

static void
clock_behind(struct host *h, char token[128])
{
	valid(h, token);
	fx_set_times(h->fx, token, AK_NO_TIME, FX_NOW + 86400);
	host_set_time(FX_NOW - AK_CLOCK_SLACK - 1);
}

static void
store_missing(struct host *h, char token[128])
{
	valid(h, token);
	assert_int_equal(unlink(h->fx->store), 0);
}

static const struct row rows[] = {
	{ "valid", valid, "", PAM_SUCCESS },
	{ "malformed", password, "", PAM_AUTH_ERR },
	{ "mistyped", mistyped, "", PAM_AUTH_ERR },
	{ "unknown", unknown, "", PAM_AUTH_ERR },
	{ "wrong secret", wrong_secret, "", PAM_AUTH_ERR },
	{ "revoked", revoked, "", PAM_AUTH_ERR },
	{ "disabled", disabled, "", PAM_AUTH_ERR },
	{ "purged", purged, "", PAM_AUTH_ERR },
	{ "wrong user", of_bob, "", PAM_AUTH_ERR },
	{ "wrong service", for_sshd, "", PAM_AUTH_ERR },
	{ "service by option", for_sshd, "service=sshd", PAM_SUCCESS },
	{ "no address", from_a_network, "", PAM_AUTH_ERR },
	{ "wrong address", from_another_network, "", PAM_AUTH_ERR },
	{ "scope", with_a_scope, "scope=read", PAM_SUCCESS },
	{ "missing scope", with_a_scope, "scope=read scope=write", PAM_AUTH_ERR },
	{ "owner suspended", owner_suspended, "", PAM_AUTH_ERR },
	{ "owner unverified", valid, "require_verified_owner", PAM_AUTH_ERR },
	{ "expired", expired, "", PAM_AUTH_ERR },
	{ "not yet valid", not_yet_valid, "", PAM_AUTH_ERR },
	{ "clock behind", clock_behind, "", PAM_AUTHINFO_UNAVAIL },
	{ "store missing", store_missing, "", PAM_AUTHINFO_UNAVAIL },
	{ "store missing, to be ignored", store_missing, "ignore_authinfo_unavail",
	    PAM_IGNORE },
	{ "store missing, a password", password, "", PAM_AUTH_ERR },
	{ "bad option", valid, "stroe=/x", PAM_SERVICE_ERR },
};

static void
each_row_gives_its_code_in_each_stack_R2(void **state)
{
	struct host *h = *state;
	char token[128], lines[1024];

	for (size_t r = 0; r < FX_COUNT(rows); r++) {
		fx_set_owner(h->fx, "alice", false, false);
		h->rhost = NULL;
		host_set_time(FX_NOW);
		rows[r].prepare(h, token);
		for (size_t i = 0;
		     i < FX_COUNT(host_controls) * FX_COUNT(host_followers); i++) {
			const char *control =
			    host_controls[i / FX_COUNT(host_followers)];
			const struct follower *behind =
			    &host_followers[i % FX_COUNT(host_followers)];
			int got, wanted = host_stacked(control, rows[r].answer, behind);

			snprintf(lines, sizeof(lines),
			    "auth %s @M@ %s\nauth required %s\n", control,
			    rows[r].options, behind->module);
			host_service(h, "test", lines);
			if ((got = host_login(h, "alice", token)) != wanted)
				fail_msg("%s, %s, %s: %d instead of %d", rows[r].name,
				    control, behind->module, got, wanted);
		}
		fx_publish(h->fx, FX_NOW); /* the store that a row took away */
	}
}

static void
nothing_but_a_refusal_shows_a_client_why_R2(void **state)
{
	struct host *h = *state;
	char token[128];

	for (size_t r = 0; r < FX_COUNT(rows); r++) {
		if (rows[r].answer != PAM_AUTH_ERR)
			continue;
		fx_set_owner(h->fx, "alice", false, false);
		h->rhost = NULL;
		rows[r].prepare(h, token);
		memset(&h->talk, 0, sizeof(h->talk));
		host_options(h, "required", rows[r].options);
		assert_pam(host_login(h, "alice", token), PAM_AUTH_ERR);
		assert_int_equal(h->talk.prompts, 1);
		assert_int_equal(h->talk.messages, 0);
		assert_string_equal(h->talk.last_prompt, "Password: ");
	}
}

static void
the_other_entries_succeed_and_passwords_are_not_ours(void **state)
{
	struct host *h = *state;
	pam_handle_t *pamh;

	host_service(h, "test",
	    "auth required @M@\nsession required @M@\npassword required @M@\n"
	    "password required pam_permit.so\n");
	pamh = host_start(h, "test", "alice");
	/* On a handle that never authenticated, as sshd asks. */
	assert_pam(pam_setcred(pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	assert_pam(pam_setcred(pamh, PAM_DELETE_CRED), PAM_SUCCESS);
	assert_pam(pam_open_session(pamh, 0), PAM_SUCCESS);
	assert_pam(pam_close_session(pamh, 0), PAM_SUCCESS);
	assert_pam(pam_chauthtok(pamh, 0), PAM_SUCCESS);
	host_service(
	    h, "test", "password required @M@\npassword required pam_deny.so\n");
	pam_end(pamh, PAM_SUCCESS);
	pamh = host_start(h, "test", "alice");
	assert_pam(pam_chauthtok(pamh, 0), PAM_AUTHTOK_ERR);
	pam_end(pamh, PAM_SUCCESS);
	assert_int_equal(host_log_count(), 0);
	assert_int_equal(h->talk.prompts, 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(each_row_gives_its_code_in_each_stack_R2),
		HOST_TEST(nothing_but_a_refusal_shows_a_client_why_R2),
		HOST_TEST(the_other_entries_succeed_and_passwords_are_not_ours),
	};

	return cmocka_run_group_tests_name("codes", tests, NULL, NULL);
}
