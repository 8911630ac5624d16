/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of the module line: each one's effect, and that no other form passes
 * (SECURITY R3). */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "../host.h"

#define NAME64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

/* An option and the name that its log line must have. */
static const struct {
	const char *line, *named;
} bad[] = {
	{ "nullok", "nullok" },
	{ "Debug", "Debug" },
	{ "debug=1", "debug" },
	{ "debug=", "debug" },
	{ "debug debug", "debug" },
	{ "quiet=no", "quiet" },
	{ "quiet quiet", "quiet" },
	{ "no_env=true", "no_env" },
	{ "use_first_pass=yes", "use_first_pass" },
	{ "try_first_pass try_first_pass", "try_first_pass" },
	{ "ignore_authinfo_unavail=1", "ignore_authinfo_unavail" },
	{ "require_verified_owner=0", "require_verified_owner" },
	{ "store=/somewhere/else", "store" }, /* a second one */
	{ "store_owner=0", "store_owner" }, /* a second one */
	{ "user", "user" },
	{ "user=", "user" },
	{ "user=Match", "user" },
	{ "user=match,any", "user" },
	{ "user=any user=any", "user" },
	{ "service", "service" },
	{ "service=", "service" },
	{ "service=../x", "service" },
	{ "[service=a b]", "service" },
	{ "service=a service=a", "service" },
	{ "service=x" NAME64, "service" },
	{ "scope", "scope" },
	{ "scope=", "scope" },
	{ "scope=Read", "scope" },
	{ "scope=read,write", "scope" },
	{ "[scope=read write]", "scope" },
	{ "scope=a scope=B", "scope" },
	{ "prompt", "prompt" },
	{ "prompt=", "prompt" },
	{ "prompt=a prompt=b", "prompt" },
	{ "[prompt=a\tb]", "prompt" },
	{ "fail_delay", "fail_delay" },
	{ "fail_delay=", "fail_delay" },
	{ "fail_delay=-1", "fail_delay" },
	{ "fail_delay=+1", "fail_delay" },
	{ "fail_delay=1s", "fail_delay" },
	{ "fail_delay=0x10", "fail_delay" },
	{ "fail_delay=01", "fail_delay" },
	{ "fail_delay=1.5", "fail_delay" },
	{ "fail_delay=10001", "fail_delay" },
	{ "fail_delay=4294967297", "fail_delay" },
	{ "fail_delay=99999999999999999999", "fail_delay" },
	{ "expiry_notice=-1", "expiry_notice" },
	{ "expiry_notice=3651", "expiry_notice" },
	{ "expiry_notice=soon", "expiry_notice" },
	{ "expiry_notice=1 expiry_notice=1", "expiry_notice" },
	{ "=", "=" },
	{ "=x", "=x" },
	{ "debug\x1b", "debug\\x1b" },
	{ "stores=/x", "stores" },
	{ "stor=/x", "stor" },
};

/* The same for the two that host_options() writes itself. */
static const struct {
	const char *line, *named;
} bad_alone[] = {
	{ "store", "store" },
	{ "store=", "store" },
	{ "store=keys.db", "store" },
	{ "store=./keys.db", "store" },
	{ "store=file:/x", "store" },
	{ "store_owner", "store_owner" },
	{ "store_owner=", "store_owner" },
	{ "store_owner=no-such-user", "store_owner" },
	{ "store_owner=-1", "store_owner" },
	{ "store_owner=4294967295", "store_owner" }, /* (uid_t)-1 is nobody's */
	{ "store_owner=4294967296", "store_owner" },
};

/* Both phases fail closed, and each says which option. */
static void
assert_refused(struct host *h, const char *lines, const char *option, const char *named)
{
	char start[128];
	pam_handle_t *pamh;

	host_service(h, "test", lines);
	pamh = host_start(h, "test", "alice");
	h->talk.prompts = 0;
	for (int phase = 0; phase < 2; phase++) {
		int rc;

		host_log_clear();
		rc = phase == 0 ? pam_authenticate(pamh, 0) : pam_acct_mgmt(pamh, 0);
		if (rc != PAM_SERVICE_ERR)
			fail_msg("%s: %d", option, rc);
		assert_int_equal(host_log_count(), 1);
		assert_int_equal(host_log_at(0)->level, LOG_ERR);
		snprintf(start, sizeof(start), "option %s", named);
		assert_true(host_log_has(start));
	}
	assert_int_equal(h->talk.prompts, 0); /* nobody is asked in vain */
	pam_end(pamh, PAM_SUCCESS);
}

static void
every_other_form_of_an_option_is_refused_and_named_R3(void **state)
{
	struct host *h = *state;
	char lines[4096];

	h->talk.answer.text = fx_key(h->fx, "alice");
	for (size_t i = 0; i < FX_COUNT(bad); i++) {
		snprintf(lines, sizeof(lines),
		    "auth required @M@ %s\naccount required @M@ %s\n", bad[i].line,
		    bad[i].line);
		assert_refused(h, lines, bad[i].line, bad[i].named);
	}
	for (size_t i = 0; i < FX_COUNT(bad_alone); i++) {
		snprintf(lines, sizeof(lines),
		    "auth required @m@ %s\naccount required @m@ %s\n",
		    bad_alone[i].line, bad_alone[i].line);
		assert_refused(h, lines, bad_alone[i].line, bad_alone[i].named);
	}
}

static void
each_option_in_its_right_form_is_taken(void **state)
{
	static const char *const good[] = { "", "debug", "quiet", "no_env",
		"try_first_pass", "require_verified_owner", "ignore_authinfo_unavail",
		"user=match", "user=any", "user=set", "service=test", "scope=read",
		"scope=read scope=write", "scope=read scope=read",
		"prompt=Key:", "[prompt=API key: ]", "fail_delay=0", "fail_delay=1",
		"expiry_notice=0", "expiry_notice=3650",
		"debug quiet no_env user=any service=test scope=read fail_delay=0" };
	struct host *h = *state;
	struct ak_record r = fx_record("alice");
	const char *token;
	int acct;

	ak_words_add(r.key.scopes, "read");
	ak_words_add(r.key.scopes, "write");
	ak_words_add(r.key.services, "test");
	token = fx_issue(h->fx, &r);
	fx_set_owner(h->fx, "alice", false, true);
	for (size_t i = 0; i < FX_COUNT(good); i++) {
		host_options(h, "required", good[i]);
		if (host_login_and_account(h, "alice", token, &acct) != PAM_SUCCESS)
			fail_msg("refused: %s", good[i]);
		assert_pam(acct, PAM_SUCCESS);
	}
}

static void
the_prompt_is_what_the_option_says(void **state)
{
	struct host *h = *state;

	host_options(h, "required", "[prompt=API %s key: ]");
	assert_pam(host_login(h, "alice", fx_key(h->fx, "alice")), PAM_SUCCESS);
	assert_string_equal(h->talk.last_prompt, "API %s key: ");
}

static void
the_owner_of_the_store_is_named_by_name_or_number_R21(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	const struct passwd *me = getpwuid(geteuid());
	char lines[1024];

	assert_non_null(me);
	snprintf(lines, sizeof(lines), "auth required @m@ store=@S@ store_owner=%s\n",
	    me->pw_name);
	host_service(h, "test", lines);
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	if (geteuid() != 0)
		fx_skip("giving a store away needs root");
	assert_int_equal(chown(h->fx->store, 65534, 0), 0);
	assert_pam(host_login(h, "alice", token), PAM_AUTHINFO_UNAVAIL);
	host_service(h, "test", "auth required @m@ store=@S@ store_owner=65534\n");
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	/* By default it is root. */
	host_service(h, "test", "auth required @m@ store=@S@\n");
	assert_pam(host_login(h, "alice", token), PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(chown(h->fx->store, 0, 0), 0);
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
}

static const char *const variables[] = { "AUTHKEY_ID", "AUTHKEY_NAME", "AUTHKEY_OWNER",
	"AUTHKEY_SCOPES" };

static void
a_key_that_opens_is_exported_and_no_other(void **state)
{
	struct host *h = *state;
	struct ak_record r = fx_record("alice");
	const char *token, *values[4];
	pam_handle_t *pamh;

	ak_words_add(r.key.scopes, "write");
	ak_words_add(r.key.scopes, "read");
	token = fx_issue(h->fx, &r);
	values[0] = r.key.id;
	values[1] = r.key.name;
	values[2] = "alice";
	values[3] = "read write";
	for (int round = 0; round < 3; round++) {
		host_options(h, "required", round == 2 ? "no_env" : "");
		h->talk.answer.text = round == 1 ? "wrong" : token;
		pamh = host_start(h, "test", "alice");
		assert_pam(
		    pam_authenticate(pamh, 0), round == 1 ? PAM_AUTH_ERR : PAM_SUCCESS);
		for (int v = 0; v < 4; v++)
			if (round == 0)
				assert_string_equal(
				    pam_getenv(pamh, variables[v]), values[v]);
			else
				assert_null(pam_getenv(pamh, variables[v]));
		pam_end(pamh, PAM_SUCCESS);
	}
	for (int v = 0; v < 4; v++) /* of the handle, not of the process */
		assert_null(getenv(variables[v]));
}

static unsigned delayed;

static void
delay(int rc, unsigned usec, void *context)
{
	(void)rc;
	(void)context;
	delayed = usec;
}

static void
a_failure_is_delayed_only_where_that_is_asked(void **state)
{
	static const struct {
		const char *options;
		bool right;
		unsigned least, most; /* microseconds; libpam spreads them by half */
	} rows[] = {
		{ "", false, 0, 0 },
		{ "fail_delay=0", false, 0, 0 },
		{ "fail_delay=1000", false, 500000, 1500000 },
		{ "fail_delay=10000", false, 5000000, 15000000 },
		{ "fail_delay=1000", true, 0, 0 },
	};
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	union {
		void (*call)(int rc, unsigned usec, void *context);
		const void *item;
	} fn = { .call = delay };

	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		pam_handle_t *pamh;

		host_options(h, "required", rows[i].options);
		h->talk.answer.text = rows[i].right ? token : "wrong";
		pamh = host_start(h, "test", "alice");
		assert_pam(pam_set_item(pamh, PAM_FAIL_DELAY, fn.item), PAM_SUCCESS);
		delayed = 12345;
		assert_pam(pam_authenticate(pamh, 0),
		    rows[i].right ? PAM_SUCCESS : PAM_AUTH_ERR);
		/* libpam asks for none after success, and calls with 0 for none. */
		if (rows[i].most == 0)
			assert_true(delayed == 0 || delayed == 12345);
		else
			assert_in_range(delayed, rows[i].least, rows[i].most);
		pam_end(pamh, PAM_SUCCESS);
	}
}

static void
quiet_and_debug_choose_the_log_lines(void **state)
{
	static const struct {
		const char *options;
		unsigned success, failure, password;
	} rows[] = { { "", 1, 1, 0 }, { "quiet", 0, 1, 0 }, { "debug", 1, 1, 1 },
		{ "debug quiet", 0, 1, 1 } };
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice"), *of_bob = fx_key(h->fx, "bob");

	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		host_options(h, "required", rows[i].options);
		host_log_clear();
		assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
		assert_int_equal(host_log_count(), rows[i].success);
		host_log_clear();
		assert_pam(host_login(h, "alice", of_bob), PAM_AUTH_ERR);
		assert_int_equal(host_log_count(), rows[i].failure);
		host_log_clear();
		assert_pam(host_login(h, "alice", "password"), PAM_AUTH_ERR);
		assert_int_equal(host_log_count(), rows[i].password);
	}
}

static void
an_expiry_that_is_near_is_told_only_where_that_is_asked(void **state)
{
	static const struct {
		const char *options;
		int64_t left;
		int flags;
		unsigned messages;
	} rows[] = {
		{ "", 3600, 0, 0 }, { "expiry_notice=0", 3600, 0, 0 },
		{ "expiry_notice=1", 3600, 0, 1 }, { "expiry_notice=1", 86400, 0, 1 },
		{ "expiry_notice=1", 86401, 0, 0 }, { "expiry_notice=14", 86401, 0, 1 },
		{ "expiry_notice=14", 3600, PAM_SILENT, 0 },
		{ "expiry_notice=14", 0, 0, 0 }, /* no end at all */
	};
	struct host *h = *state;

	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		struct ak_record r = fx_record("alice");
		pam_handle_t *pamh;

		if (rows[i].left != 0)
			r.key.expires_at = FX_NOW + rows[i].left;
		host_options(h, "required", rows[i].options);
		h->talk.answer.text = fx_issue(h->fx, &r);
		h->talk.messages = 0;
		pamh = host_start(h, "test", "alice");
		assert_pam(pam_authenticate(pamh, rows[i].flags), PAM_SUCCESS);
		assert_pam(pam_acct_mgmt(pamh, rows[i].flags), PAM_SUCCESS);
		assert_int_equal(h->talk.messages, rows[i].messages);
		if (rows[i].messages > 0)
			assert_contains(h->talk.last_message, r.key.name);
		pam_end(pamh, PAM_SUCCESS);
	}
	assert_contains(h->talk.last_message, "2027-01-16T08:00:01Z");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(every_other_form_of_an_option_is_refused_and_named_R3),
		HOST_TEST(each_option_in_its_right_form_is_taken),
		HOST_TEST(the_prompt_is_what_the_option_says),
		HOST_TEST(the_owner_of_the_store_is_named_by_name_or_number_R21),
		HOST_TEST(a_key_that_opens_is_exported_and_no_other),
		HOST_TEST(a_failure_is_delayed_only_where_that_is_asked),
		HOST_TEST(quiet_and_debug_choose_the_log_lines),
		HOST_TEST(an_expiry_that_is_near_is_told_only_where_that_is_asked),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
