/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pam_authkey_passwd.so behind the real libpam: both phases, what proves a token and
 * what does not, a client that shows nothing, and a master that cannot be written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "../forge.h"
#include "../host.h"
#include "audit.h"

#define FOREIGN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

/* That nothing has changed, and nobody was shown anything. */
static void
assert_unchanged(struct host *h, int64_t generation)
{
	assert_int_equal(fx_generation(h->fx), generation);
	assert_int_equal(h->talk.messages, 0);
}

static void
an_owner_gets_a_new_token_and_the_old_one_ends(void **state)
{
	struct host *h = *state;
	const char *old = fx_key(h->fx, "alice");

	host_passwd(h, "");
	assert_pam(host_change(h, "alice", old, 0), PAM_SUCCESS);
	assert_int_equal(h->talk.prompts, 1);
	assert_string_equal(h->talk.last_prompt, "Current key: ");
	assert_int_equal(h->talk.messages, 2);
	assert_reason(fx_verify(h->fx, h->talk.last_message, "alice"), AK_VALID);
	assert_reason(fx_verify(h->fx, old, "alice"), AK_REVOKED);
	assert_true(host_log_has("is replaced by"));
	assert_true(host_log_has(fx_id(old)));
	assert_false(host_log_has(h->talk.last_message));
	assert_false(host_log_has(old));
}

static void
with_an_overlap_both_tokens_are_valid(void **state)
{
	struct host *h = *state;
	const char *old = fx_key(h->fx, "alice");

	host_passwd(h, "overlap=7d quiet");
	assert_pam(host_change(h, "alice", old, 0), PAM_SUCCESS);
	assert_int_equal(host_log_count(), 0);
	assert_reason(fx_verify(h->fx, h->talk.last_message, "alice"), AK_VALID);
	assert_reason(fx_verify(h->fx, old, "alice"), AK_VALID);
	assert_int_equal(fx_load(h->fx, old)->key.expires_at, FX_NOW + 7 * 86400);
	ak_master_rollback(h->fx->master);
}

static void
a_replaced_token_is_not_replaced_again(void **state)
{
	struct host *h = *state;
	const char *old = fx_key(h->fx, "alice");
	int64_t generation;

	host_passwd(h, "overlap=7d");
	assert_pam(host_change(h, "alice", old, 0), PAM_SUCCESS);
	generation = fx_generation(h->fx);
	assert_pam(host_change(h, "alice", old, 0), PAM_AUTHTOK_ERR);
	assert_unchanged(h, generation);
	assert_true(host_log_has("was replaced by"));
}

/* What a token must not be, and the reason in the log. */
struct refusal {
	const char *reason;
	enum ak_state state;
	int64_t expires_at;
	bool suspended, decoy;
	const char *user;
};

static void
a_token_that_proves_nothing_changes_nothing(void **state)
{
	static const struct refusal refusals[] = {
		{ "REVOKED", AK_ENDED, AK_NO_TIME, false, false, "alice" },
		{ "DISABLED", AK_SWITCHED_OFF, AK_NO_TIME, false, false, "alice" },
		{ "EXPIRED", AK_ENABLED, FX_NOW, false, false, "alice" },
		{ "DECOY", AK_ENABLED, AK_NO_TIME, false, true, "alice" },
		{ "USER_MISMATCH", AK_ENABLED, AK_NO_TIME, false, false, "bob" },
		{ "OWNER_SUSPENDED", AK_ENABLED, AK_NO_TIME, true, false, "alice" },
	};
	struct host *h = *state;
	int64_t generation;

	host_passwd(h, "");
	for (size_t i = 0; i < FX_COUNT(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct ak_record record = fx_record("alice");
		const char *token;

		record.key.state = r->state;
		record.key.expires_at = r->expires_at;
		record.key.decoy = r->decoy;
		if (r->state == AK_ENDED)
			record.revoked_at = FX_NOW;
		token = fx_issue(h->fx, &record);
		fx_set_owner(h->fx, "alice", r->suspended, false);
		generation = fx_generation(h->fx);
		assert_pam(host_change(h, r->user, token, 0), PAM_PERM_DENIED);
		assert_unchanged(h, generation);
		assert_int_equal(host_log_count(), 1);
		assert_contains(host_log_at(0)->text, "chauthtok failure");
		assert_contains(host_log_at(0)->text, r->reason);
	}
}

static void
what_is_no_token_of_ours_changes_nothing(void **state)
{
	struct host *h = *state;
	int64_t generation;
	char wrong[AK_TOKEN_MAX + 1];
	const char *token = fx_key(h->fx, "alice");
	const char *const texts[] = { "", "an ordinary password", FOREIGN, wrong };

	/* The id of a key, and another secret with its checksum. */
	snprintf(wrong, sizeof(wrong), "%s", token);
	wrong[20] = wrong[20] == 'x' ? 'y' : 'x';
	ak_token_checksum(wrong, 38, wrong + 38);
	host_passwd(h, "");
	generation = fx_generation(h->fx);
	for (size_t i = 0; i < FX_COUNT(texts); i++) {
		assert_pam(host_change(h, "alice", texts[i], 0), PAM_PERM_DENIED);
		assert_unchanged(h, generation);
		assert_int_equal(host_log_count(), i < 2 ? 0 : 1);
	}
}

static void
services_are_not_looked_at_and_networks_of_a_client_are(void **state)
{
	struct host *h = *state;
	struct ak_record record = fx_record("alice");
	const char *token;

	strcpy(record.key.services, "nginx");
	strcpy(record.key.networks, "192.0.2.0/24");
	token = fx_issue(h->fx, &record);
	host_passwd(h, "overlap=1d");
	h->rhost = "198.51.100.1";
	assert_pam(host_change(h, "alice", token, 0), PAM_PERM_DENIED);
	assert_true(host_log_has("FORBIDDEN_IP"));
	h->rhost = NULL;
	assert_pam(host_change(h, "alice", token, 0), PAM_SUCCESS);
	token = fx_key(h->fx, "bob");
	h->rhost = "192.0.2.1";
	assert_pam(host_change(h, "bob", token, 0), PAM_SUCCESS);
}

/* A time behind all times would be damage to the record that has it. */
static void
an_overlap_ends_where_times_do(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	struct ak_record *old;

	host_passwd(h, "overlap=2932896d");
	assert_pam(host_change(h, "alice", token, 0), PAM_SUCCESS);
	assert_reason(fx_verify(h->fx, h->talk.last_message, "alice"), AK_VALID);
	assert_reason(fx_verify(h->fx, token, "alice"), AK_VALID);
	old = fx_load(h->fx, token);
	assert_true(old->key.expires_at == AK_TIME_MAX);
	fx_save(h->fx);
}

static void
a_client_that_shows_nothing_changes_nothing(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	int64_t generation = fx_generation(h->fx);

	host_passwd(h, "");
	assert_pam(host_change(h, "alice", token, PAM_SILENT), PAM_AUTHTOK_ERR);
	assert_unchanged(h, generation);
	assert_int_equal(h->talk.prompts, 0);
	assert_true(host_log_has("would be lost"));
}

static void
a_conversation_that_fails_at_the_prompt_changes_nothing(void **state)
{
	static const struct {
		struct answer answer;
		int code;
	} answers[] = {
		{ { ANSWER_CODE, NULL, PAM_CONV_ERR }, PAM_CONV_ERR },
		{ { ANSWER_CODE, NULL, PAM_IGNORE }, PAM_CONV_ERR },
		{ { ANSWER_NO_ARRAY, NULL, 0 }, PAM_CONV_ERR },
		{ { ANSWER_NO_TEXT, NULL, 0 }, PAM_CONV_ERR },
	};
	struct host *h = *state;
	int64_t generation;

	fx_key(h->fx, "alice");
	generation = fx_generation(h->fx);
	host_passwd(h, "");
	for (size_t i = 0; i < FX_COUNT(answers); i++) {
		h->talk.answer = answers[i].answer;
		assert_pam(host_change(h, "alice", NULL, 0), answers[i].code);
		assert_unchanged(h, generation);
	}
}

static int
refuse(void *context)
{
	(void)context;
	return PAM_CONV_ERR;
}

static void
a_new_token_that_is_not_taken_is_told_to_the_administrator_alone(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	host_passwd(h, "");
	h->talk.shown = refuse;
	assert_pam(host_change(h, "alice", token, 0), PAM_AUTHTOK_ERR);
	assert_reason(fx_verify(h->fx, token, "alice"), AK_REVOKED);
	assert_true(host_log_has("whose token the client did not take"));
	assert_true(host_log_has("authkey rotate "));
	assert_false(host_log_has(token));
}

/* A module before ours has asked for the token. */
struct earlier {
	pam_handle_t *pamh;
	const char *token;
	bool authtok;
};

static int
set_old(void *context)
{
	struct earlier *e = context;
	const void *value = NULL;

	if (e->token != NULL)
		pam_set_item(e->pamh, PAM_OLDAUTHTOK, e->token);
	e->token = NULL;
	if (pam_get_item(e->pamh, PAM_AUTHTOK, &value) == PAM_SUCCESS && value != NULL)
		e->authtok = true;
	return PAM_SUCCESS;
}

static void
the_token_that_an_earlier_module_got_is_taken_and_none_is_left_as_a_password(
    void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	struct earlier earlier = { NULL, token, false };
	char lines[4 * FX_PATH];

	fx_write(fx_path(h->fx, "echo"), "one moment", 10, 0644);
	snprintf(lines, sizeof(lines),
	    "password optional pam_echo.so file=%s\n"
	    "password required %s/pam_authkey_passwd.so dir=%s\n",
	    fx_path(h->fx, "echo"), getenv("AK_BUILD"), h->fx->root);
	host_service(h, "test", lines);
	h->talk.shown = set_old;
	h->talk.context = &earlier;
	earlier.pamh = host_start(h, "test", "alice");
	assert_pam(pam_chauthtok(earlier.pamh, 0), PAM_SUCCESS);
	pam_end(earlier.pamh, PAM_SUCCESS);
	assert_int_equal(h->talk.prompts, 0);
	assert_int_equal(h->talk.messages, 3);
	assert_false(earlier.authtok);
	assert_reason(fx_verify(h->fx, h->talk.last_message, "alice"), AK_VALID);
}

static void
no_key_is_asked_for_because_something_has_expired(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	int64_t generation = fx_generation(h->fx);

	host_passwd(h, "\npassword required pam_permit.so");
	assert_pam(
	    host_change(h, "alice", token, PAM_CHANGE_EXPIRED_AUTHTOK), PAM_SUCCESS);
	assert_unchanged(h, generation);
	assert_int_equal(h->talk.prompts, 0);
}

static void
an_option_that_cannot_be_one_is_named(void **state)
{
	static const char *const options[] = { "nonsense", "overlap=", "overlap=soon",
		"dir=/a", "prompt", "debug=1", "quiet quiet", "store=/a",
		"overlap=1d overlap=2d" };
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	int64_t generation = fx_generation(h->fx);

	for (size_t i = 0; i < FX_COUNT(options); i++) {
		host_passwd(h, options[i]);
		assert_pam(host_change(h, "alice", token, 0), PAM_SERVICE_ERR);
		assert_unchanged(h, generation);
		assert_true(host_log_has("no key is changed until it is mended"));
	}
}

/* The master was put back as a file: before it is published no key of it is changed. */
static void
an_older_master_is_found_before_anything_is_asked_R26(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	host_passwd(h, "");
	forge_run_on(fx_path(h->fx, "root/master/master.db"),
	    "UPDATE installation SET generation = generation - 1");
	assert_pam(host_change(h, "alice", token, 0), PAM_TRY_AGAIN);
	assert_int_equal(h->talk.prompts, 0);
	assert_true(host_log_has("is older than what was published"));
}

static void
a_missing_installation_is_found_before_anything_is_asked(void **state)
{
	struct host *h = *state;
	char lines[2 * FX_PATH];

	snprintf(lines, sizeof(lines),
	    "password required %s/pam_authkey_passwd.so dir=%s\n", getenv("AK_BUILD"),
	    h->fx->folder);
	host_service(h, "test", lines);
	assert_pam(host_change(h, "alice", "x", 0), PAM_TRY_AGAIN);
	assert_int_equal(h->talk.prompts, 0);
	assert_int_equal(host_log_at(0)->level, LOG_ERR);
}

/* Add to the version, which is the number at 60 in the header of a SQLite file. */
static void
make_newer(const char *path, int by, unsigned mode)
{
	size_t len;
	uint8_t *bytes = fx_read(path, &len);

	bytes[63] = (uint8_t)(bytes[63] + by);
	fx_write(path, bytes, len, mode);
	free(bytes);
}

static void
what_a_newer_authkey_has_made_is_left_alone_and_the_log_says_what_to_upgrade(
    void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	const char *master = fx_path(h->fx, "root/master/master.db");
	int64_t generation = fx_generation(h->fx);

	host_passwd(h, "");
	make_newer(h->fx->store, 2, 0640);
	assert_pam(host_change(h, "alice", token, 0), PAM_AUTHTOK_ERR);
	assert_true(host_log_has(AK_UPGRADE));
	make_newer(h->fx->store, -2, 0640);
	assert_unchanged(h, generation);
	host_log_clear();
	ak_master_close(&h->fx->master);
	make_newer(master, 1, 0600);
	assert_pam(host_change(h, "alice", token, 0), PAM_TRY_AGAIN);
	assert_true(host_log_has(AK_UPGRADE));
	make_newer(master, -1, 0600);
	fx_reopen(h->fx);
	assert_unchanged(h, generation);
}

/* The rows of the audit with this action. */
struct rows {
	unsigned count;
	char who[2][AK_OWNER_MAX + 1], tty[64], detail[2][512];
};

static bool
take_row(const struct ak_audit *entry, void *context)
{
	struct rows *rows = context;

	assert_string_equal(entry->action, "chauthtok");
	assert_true(rows->count < 2);
	snprintf(rows->who[rows->count], AK_OWNER_MAX + 1, "%s", entry->who);
	snprintf(rows->tty, sizeof(rows->tty), "%s", entry->tty);
	snprintf(rows->detail[rows->count++], 512, "%s", entry->detail);
	return true;
}

static void
the_audit_says_that_it_was_pam_and_who(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	int64_t broken, count;
	struct ak_error error;
	struct rows rows = { 0 };

	host_passwd(h, "overlap=1d");
	h->ruser = "carol";
	h->tty = "pts/7\n\"";
	assert_pam(host_change(h, "alice", token, 0), PAM_SUCCESS);
	assert_code(
	    ak_audit_list(h->fx->master, NULL, AK_AUDIT_ALL, take_row, &rows, &error),
	    AK_OK, &error);
	assert_int_equal(rows.count, 2);
	assert_string_equal(rows.who[0], "carol");
	assert_string_equal(rows.tty, "pts/7\\x0a\"");
	assert_contains(rows.detail[0], "\"replaces\":[null,\"");
	assert_contains(
	    rows.detail[1], "\"expires_at\":[null,\"2027-01-16T08:00:00Z\"]");
	assert_null(strstr(rows.detail[0], h->talk.last_message + 11));
	assert_code(
	    ak_audit_verify(h->fx->master, &broken, &count, &error), AK_OK, &error);
	assert_int_equal(broken, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOST_TEST(an_owner_gets_a_new_token_and_the_old_one_ends),
		HOST_TEST(with_an_overlap_both_tokens_are_valid),
		HOST_TEST(a_replaced_token_is_not_replaced_again),
		HOST_TEST(a_token_that_proves_nothing_changes_nothing),
		HOST_TEST(what_is_no_token_of_ours_changes_nothing),
		HOST_TEST(services_are_not_looked_at_and_networks_of_a_client_are),
		HOST_TEST(an_overlap_ends_where_times_do),
		HOST_TEST(a_client_that_shows_nothing_changes_nothing),
		HOST_TEST(a_conversation_that_fails_at_the_prompt_changes_nothing),
		HOST_TEST(
		    a_new_token_that_is_not_taken_is_told_to_the_administrator_alone),
		HOST_TEST(
		    the_token_that_an_earlier_module_got_is_taken_and_none_is_left_as_a_password),
		HOST_TEST(no_key_is_asked_for_because_something_has_expired),
		HOST_TEST(an_option_that_cannot_be_one_is_named),
		HOST_TEST(an_older_master_is_found_before_anything_is_asked_R26),
		HOST_TEST(a_missing_installation_is_found_before_anything_is_asked),
		HOST_TEST(
		    what_a_newer_authkey_has_made_is_left_alone_and_the_log_says_what_to_upgrade),
		HOST_TEST(the_audit_says_that_it_was_pam_and_who),
	};

	return cmocka_run_group_tests_name("passwd", tests, NULL, NULL);
}
