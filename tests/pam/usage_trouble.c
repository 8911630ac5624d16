/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a login is worth that cannot be recorded, by the usage= option (DESIGN section
 * 6, SECURITY R34, R35).
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "../host.h"
#include "../records.h"

/* What may be wrong with the file; none of it lets a record in. */
static void
no_file(const struct fx *fx)
{
	assert_int_equal(unlink(us_path(fx, geteuid(), "")), 0);
}

static void
no_folder(const struct fx *fx)
{
	no_file(fx);
	assert_int_equal(rmdir(us_folder(fx)), 0);
}

static void
full(const struct fx *fx)
{
	struct ak_usage_head head = { .cap = AK_USAGE_LEN };
	uint8_t bytes[AK_USAGE_LEN];

	ak_usage_head_pack(&head, bytes);
	fx_write(us_path(fx, geteuid(), ""), bytes, sizeof(bytes), 0600);
}

static void
symbolic_link(const struct fx *fx)
{
	const char *path = us_path(fx, geteuid(), "");

	assert_int_equal(rename(path, fx_path(fx, "away")), 0);
	assert_int_equal(symlink(fx_path(fx, "away"), path), 0);
}

static void
fifo(const struct fx *fx)
{
	no_file(fx);
	assert_int_equal(mkfifo(us_path(fx, geteuid(), ""), 0600), 0);
}

static void
empty(const struct fx *fx)
{
	fx_write(us_path(fx, geteuid(), ""), "", 0, 0600);
}

static void
folder_in_its_place(const struct fx *fx)
{
	no_file(fx);
	assert_int_equal(mkdir(us_path(fx, geteuid(), ""), 0700), 0);
}

static void (*const troubles[])(const struct fx *) = { no_file, no_folder, full,
	symbolic_link, fifo, empty, folder_in_its_place };

/* One trouble, one login of a key that opens; the log has its lines. */
static int
login_in_trouble(size_t trouble, const char *options, bool *exported, int *acct)
{
	static const char *const names[] = { "AUTHKEY_ID", "AUTHKEY_NAME",
		"AUTHKEY_OWNER", "AUTHKEY_SCOPES" };
	unsigned files = fx_open_files();
	pam_handle_t *pamh;
	const char *token;
	struct host *h;
	void *each;
	int rc;

	assert_int_equal(host_setup(&each), 0);
	h = each;
	token = fx_key(h->fx, "alice");
	troubles[trouble](h->fx);
	host_options(h, "required", options);
	pamh = host_start(h, "test", "__token__");
	h->talk.answer = (struct answer){ ANSWER_TEXT, token, 0 };
	rc = pam_authenticate(pamh, 0);
	*exported = false;
	for (size_t i = 0; i < FX_COUNT(names); i++)
		*exported = *exported || pam_getenv(pamh, names[i]) != NULL;
	assert_string_equal(
	    host_get(pamh, PAM_USER), rc == PAM_SUCCESS ? "alice" : "__token__");
	*acct = pam_acct_mgmt(pamh, 0);
	pam_end(pamh, rc);
	for (unsigned i = 0; i < host_log_count(); i++)
		assert_null(strstr(host_log_at(i)->text, token + 11));
	assert_int_equal(host_teardown(&each), 0);
	assert_int_equal(fx_open_files(), files);
	return rc;
}

static void
usage_required_lets_nobody_in_without_a_record(void **state)
{
	bool exported;
	int acct;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(troubles); i++) {
		assert_pam(
		    login_in_trouble(i, "user=set usage=required", &exported, &acct),
		    PAM_AUTHINFO_UNAVAIL);
		assert_false(exported);
		assert_int_not_equal(acct, PAM_SUCCESS); /* nothing but IGNORE denies */
		assert_int_equal(host_log_count(), 1);
		assert_int_equal(host_log_at(0)->level, LOG_ERR);
		assert_contains(host_log_at(0)->text, "usage.d");
	}
}

static void
usage_best_effort_lets_in_and_warns_once_R34_R35(void **state)
{
	bool exported;
	int acct;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(troubles); i++) {
		assert_pam(
		    login_in_trouble(i, "user=set", &exported, &acct), PAM_SUCCESS);
		assert_true(exported);
		assert_pam(acct, PAM_SUCCESS);
		assert_int_equal(host_log_count(), 2);
		assert_int_equal(host_log_at(0)->level, LOG_WARNING);
		assert_contains(host_log_at(0)->text, "usage is not recorded: ");
		assert_int_equal(host_log_at(1)->level, LOG_INFO);
		assert_pam(login_in_trouble(i, "user=set quiet", &exported, &acct),
		    PAM_SUCCESS);
		assert_int_equal(host_log_count(), 0);
	}
}

static void
a_refusal_stays_a_refusal_where_usage_is_required(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	no_file(h->fx);
	host_options(h, "required", "usage=required");
	assert_pam(host_login(h, "bob", token), PAM_AUTH_ERR);
	assert_int_equal(host_log_count(), 2);
	assert_int_equal(host_log_at(0)->level, LOG_WARNING);
	assert_contains(host_log_at(1)->text, "reason=USER_MISMATCH");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage_required_lets_nobody_in_without_a_record),
		cmocka_unit_test(usage_best_effort_lets_in_and_warns_once_R34_R35),
		HOST_TEST(a_refusal_stays_a_refusal_where_usage_is_required),
	};

	return cmocka_run_group_tests_name("usage trouble", tests, NULL, NULL);
}
