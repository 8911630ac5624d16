/* SPDX-License-Identifier: BSD-2-Clause */
/* The account phase asks again, and steps aside for logins of others (SECURITY R7, R8).
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../host.h"

/* What happens between the two phases, and what the second then answers. */
static void
nothing(struct host *h, const char *token)
{
	(void)h;
	(void)token;
}

static void
time_passes(struct host *h, const char *token)
{
	(void)h;
	(void)token;
	host_set_time(FX_NOW + 100);
}

static void
clock_is_set_back(struct host *h, const char *token)
{
	(void)h;
	(void)token;
	host_set_time(FX_NOW - 10000);
}

static void
is_revoked(struct host *h, const char *token)
{
	fx_set_state(h->fx, token, AK_ENDED);
}

static void
is_disabled(struct host *h, const char *token)
{
	fx_set_state(h->fx, token, AK_SWITCHED_OFF);
}

static void
is_disabled_and_enabled(struct host *h, const char *token)
{
	fx_set_state(h->fx, token, AK_SWITCHED_OFF);
	fx_set_state(h->fx, token, AK_ENABLED);
}

static void
begins_later(struct host *h, const char *token)
{
	fx_set_times(h->fx, token, FX_NOW + 50, FX_NOW + 100);
}

static void
loses_its_owner(struct host *h, const char *token)
{
	(void)token;
	fx_set_owner(h->fx, "alice", true, false);
}

static void
is_bound_to_sshd(struct host *h, const char *token)
{
	struct ak_record *r = fx_load(h->fx, token);

	ak_words_add(r->key.services, "sshd");
	fx_save(h->fx);
}

static void
store_goes(struct host *h, const char *token)
{
	(void)token;
	assert_int_equal(unlink(h->fx->store), 0);
}

static void
store_is_opened_to_all(struct host *h, const char *token)
{
	(void)token;
	fx_publish(h->fx, FX_NOW);
	assert_int_equal(chmod(h->fx->store, 0666), 0);
}

static const struct between {
	const char *name;
	void (*happens)(struct host *h, const char *token);
	int answer;
	const char *log;
} betweens[] = {
	{ "nothing", nothing, PAM_SUCCESS, NULL },
	{ "disabled, enabled", is_disabled_and_enabled, PAM_SUCCESS, NULL },
	{ "revoked", is_revoked, PAM_PERM_DENIED, "reason=REVOKED" },
	{ "disabled", is_disabled, PAM_PERM_DENIED, "reason=DISABLED" },
	{ "owner suspended", loses_its_owner, PAM_PERM_DENIED,
	    "reason=OWNER_SUSPENDED" },
	{ "bound to sshd", is_bound_to_sshd, PAM_PERM_DENIED,
	    "reason=SERVICE_MISMATCH" },
	{ "time passes", time_passes, PAM_ACCT_EXPIRED, "reason=EXPIRED" },
	{ "begins later", begins_later, PAM_ACCT_EXPIRED, "reason=NOT_YET_VALID" },
	{ "clock set back", clock_is_set_back, PAM_AUTHINFO_UNAVAIL,
	    "reason=CLOCK_BEHIND" },
	{ "store gone", store_goes, PAM_AUTHINFO_UNAVAIL, "store unavailable" },
	{ "store opened to all", store_is_opened_to_all, PAM_AUTHINFO_UNAVAIL,
	    "store unavailable" },
};

static void
account_asks_again_in_each_stack_R8(void **state)
{
	struct host *h = *state;
	char lines[1024], token[128];

	for (size_t b = 0; b < FX_COUNT(betweens); b++)
		for (size_t i = 0;
		     i < FX_COUNT(host_controls) * FX_COUNT(host_followers); i++) {
			const char *control =
			    host_controls[i / FX_COUNT(host_followers)];
			const struct follower *behind =
			    &host_followers[i % FX_COUNT(host_followers)];
			int got,
			    wanted = host_stacked(control, betweens[b].answer, behind);
			pam_handle_t *pamh;

			snprintf(lines, sizeof(lines),
			    "auth required @M@ quiet\naccount %s @M@ quiet\n"
			    "account required %s\n",
			    control, behind->module);
			host_service(h, "test", lines);
			fx_set_owner(h->fx, "alice", false, false);
			host_set_time(FX_NOW);
			snprintf(token, sizeof(token), "%s", fx_key(h->fx, "alice"));
			fx_set_times(h->fx, token, AK_NO_TIME, FX_NOW + 100);
			h->talk.answer.text = token;
			pamh = host_start(h, "test", "alice");
			assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
			betweens[b].happens(h, token);
			host_log_clear();
			if ((got = pam_acct_mgmt(pamh, 0)) != wanted)
				fail_msg("%s, %s, %s: %d instead of %d",
				    betweens[b].name, control, behind->module, got,
				    wanted);
			assert_int_equal(
			    host_log_count(), betweens[b].log == NULL ? 0 : 1);
			assert_true(
			    betweens[b].log == NULL || host_log_has(betweens[b].log));
			pam_end(pamh, PAM_SUCCESS);
		}
}

static void
account_steps_aside_for_a_login_it_did_not_make(void **state)
{
	struct host *h = *state;
	char lines[512];
	pam_handle_t *pamh;

	for (size_t i = 0; i < FX_COUNT(host_controls) * FX_COUNT(host_followers);
	     i++) {
		const struct follower *behind =
		    &host_followers[i % FX_COUNT(host_followers)];

		snprintf(lines, sizeof(lines), "account %s @M@\naccount required %s\n",
		    host_controls[i / FX_COUNT(host_followers)], behind->module);
		host_service(h, "test", lines);
		pamh = host_start(h, "test", "alice");
		assert_pam(pam_acct_mgmt(pamh, 0), behind->code);
		pam_end(pamh, PAM_SUCCESS);
	}
	/* A stack of nothing but that denies. */
	host_options(h, "required", "");
	pamh = host_start(h, "test", "alice");
	assert_true(pam_acct_mgmt(pamh, 0) != PAM_SUCCESS);
	pam_end(pamh, PAM_SUCCESS);
	assert_int_equal(host_log_count(), 0);
}

static void
a_login_that_fails_on_the_same_handle_drops_the_grant(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	pam_handle_t *pamh;

	host_service(h, "test",
	    "auth required @M@\naccount required @M@\naccount required "
	    "pam_permit.so\n");
	for (int round = 0; round < 2; round++) {
		h->talk.answer = (struct answer){ ANSWER_TEXT, token, 0 };
		pamh = host_start(h, "test", "alice");
		assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
		assert_string_equal(pam_getenv(pamh, "AUTHKEY_OWNER"), "alice");
		h->talk.answer.text = "wrong";
		if (round == 1)
			h->talk.answer.kind = ANSWER_NO_TEXT;
		assert_pam(pam_authenticate(pamh, 0),
		    round == 0 ? PAM_AUTH_ERR : PAM_CONV_ERR);
		assert_null(pam_getenv(pamh, "AUTHKEY_OWNER"));
		fx_set_state(h->fx, token, AK_SWITCHED_OFF);
		/* IGNORE: no PERM_DENIED for a grant that is no more. */
		assert_pam(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
		fx_set_state(h->fx, token, AK_ENABLED);
		pam_end(pamh, PAM_SUCCESS);
	}
}

static void
account_refuses_another_user_than_the_keys_owner_R7(void **state)
{
	struct host *h = *state;
	pam_handle_t *pamh;

	h->talk.answer.text = fx_key(h->fx, "alice");
	pamh = host_start(h, "test", "alice");
	assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pamh, PAM_USER, "root"), PAM_SUCCESS);
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
	pam_end(pamh, PAM_SUCCESS);
}

/* What the service says of the client counts in each phase as it is then. */
static void
account_asks_who_and_where_the_client_is_now_R7_R8(void **state)
{
	static const struct {
		int item, code;
		const char *value;
	} changes[] = {
		{ PAM_RHOST, PAM_PERM_DENIED, "198.51.100.1" },
		{ PAM_RHOST, PAM_PERM_DENIED, NULL },
		{ PAM_RHOST, PAM_SUCCESS, "192.0.2.9" },
		{ PAM_SERVICE, PAM_PERM_DENIED, "sshd" },
		{ PAM_USER, PAM_PERM_DENIED, "bob" },
		{ PAM_USER, PAM_PERM_DENIED, NULL },
	};
	struct host *h = *state;
	struct ak_record record = fx_record("alice");
	pam_handle_t *pamh;

	ak_words_add(record.key.services, "test");
	ak_words_add(record.key.networks, "192.0.2.0/24");
	h->talk.answer.text = fx_issue(h->fx, &record);
	host_service(h, "sshd", "account required @M@\n"); /* libpam reads it then */
	for (size_t i = 0; i < FX_COUNT(changes); i++) {
		h->rhost = "192.0.2.1";
		pamh = host_start(h, "test", "alice");
		assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
		assert_pam(
		    pam_set_item(pamh, changes[i].item, changes[i].value), PAM_SUCCESS);
		assert_pam(pam_acct_mgmt(pamh, 0), changes[i].code);
		pam_end(pamh, PAM_SUCCESS);
	}
}

static void
a_refusal_in_the_account_phase_stays_one(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	pam_handle_t *pamh;

	h->talk.answer.text = token;
	pamh = host_start(h, "test", "alice");
	assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
	fx_set_state(h->fx, token, AK_SWITCHED_OFF);
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
	fx_set_state(h->fx, token, AK_ENABLED);
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
	pam_end(pamh, PAM_SUCCESS);
}

/* The mtime of a publishing, on a file system that knows of whole seconds. */
static void
lose_nanoseconds(const char *path, struct stat *st)
{
	const struct timespec second = { FX_NOW, 0 };

	assert_int_equal(
	    utimensat(AT_FDCWD, path, (struct timespec[2]){ second, second }, 0), 0);
	assert_int_equal(stat(path, st), 0);
}

/*
 * Nor does a time that a file system cannot hold tell two publishings apart: those
 * after 2038 are all one there. The next store may have the number of an old one.
 */
static void
a_store_whose_mark_its_file_system_did_not_keep_is_asked_again_R8_R26(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice"), *path = h->fx->store;
	struct stat was, is;
	pam_handle_t *pamh;
	char aside[FX_PATH + 64];
	uint8_t *bytes;
	size_t len;
	int fd;

	snprintf(aside, sizeof(aside), "%s.aside", path);
	lose_nanoseconds(path, &was);
	h->talk.answer.text = token;
	pamh = host_start(h, "test", "alice");
	assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
	assert_int_equal(rename(path, aside), 0);
	fx_set_state(h->fx, token, AK_ENDED);
	bytes = fx_read(path, &len);
	fd = open(aside, O_WRONLY | O_CLOEXEC);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	close(fd);
	free(bytes);
	assert_int_equal(rename(aside, path), 0);
	lose_nanoseconds(path, &is);
	assert_true(is.st_ino == was.st_ino && is.st_size == was.st_size &&
		    is.st_mtim.tv_sec == was.st_mtim.tv_sec);
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
	pam_end(pamh, PAM_SUCCESS);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(account_asks_again_in_each_stack_R8),
		HOST_TEST(account_steps_aside_for_a_login_it_did_not_make),
		HOST_TEST(a_login_that_fails_on_the_same_handle_drops_the_grant),
		HOST_TEST(account_refuses_another_user_than_the_keys_owner_R7),
		HOST_TEST(account_asks_who_and_where_the_client_is_now_R7_R8),
		HOST_TEST(a_refusal_in_the_account_phase_stays_one),
		HOST_TEST(
		    a_store_whose_mark_its_file_system_did_not_keep_is_asked_again_R8_R26),
	};

	return cmocka_run_group_tests_name("account", tests, NULL, NULL);
}
