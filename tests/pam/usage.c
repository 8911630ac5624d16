/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a login leaves in usage.d, through libpam: one record for each well-formed
 * token, and what a login is worth that could not be recorded (DESIGN section 9,
 * SECURITY R31, R34, R35).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "../host.h"
#include "../records.h"

/* Of another installation, so that no key has its id. */
#define FOREIGN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"
#define ADDRESS "192.0.2.7"

/* A key of alice as each row wants it, and what is presented. */
struct row {
	enum ak_reason reason;
	void (*prepare)(struct host *h, struct ak_record *record);
	const char *options;
	void (*spoil)(struct host *h, char token[128]);
};

static void
network(struct host *h, struct ak_record *r)
{
	(void)h;
	strcpy(r->key.networks, "198.51.100.0/24");
}

static void
another_service(struct host *h, struct ak_record *r)
{
	(void)h;
	strcpy(r->key.services, "sshd");
}

static void
later(struct host *h, struct ak_record *r)
{
	(void)h;
	r->key.not_before = FX_NOW + 1;
}

static void
over(struct host *h, struct ak_record *r)
{
	(void)h;
	r->key.expires_at = FX_NOW;
}

static void
clock_behind(struct host *h, struct ak_record *r)
{
	over(h, r);
	host_set_time(FX_NOW - 301);
}

static void
off(struct host *h, struct ak_record *r)
{
	(void)h;
	r->key.state = AK_SWITCHED_OFF;
}

static void
revoked(struct host *h, struct ak_record *r)
{
	(void)h;
	r->key.state = AK_ENDED;
	r->revoked_at = FX_NOW;
}

static void
of_bob(struct host *h, struct ak_record *r)
{
	(void)h;
	strcpy(r->key.owner, "bob");
}

static void
suspended(struct host *h, struct ak_record *r)
{
	(void)r;
	fx_set_owner(h->fx, "alice", true, true);
}

static void
without_address(struct host *h, struct ak_record *r)
{
	network(h, r);
	h->rhost = "client.example";
}

static void
unknown(struct host *h, char token[128])
{
	(void)h;
	strcpy(token, FOREIGN);
}

/* The id of a key that exists, another secret, and a checksum that fits. */
static void
another_secret(struct host *h, char token[128])
{
	size_t len = strlen(token);

	(void)h;
	token[20] = token[20] == 'x' ? 'y' : 'x';
	ak_token_checksum(token, len - AK_CHECKSUM_LEN, token + len - AK_CHECKSUM_LEN);
}

static void
lose_the_store(struct host *h, char token[128])
{
	(void)token;
	assert_int_equal(unlink(h->fx->store), 0);
}

static const struct row rows[] = {
	{ AK_VALID, NULL, "", NULL },
	{ AK_NOT_FOUND, NULL, "", unknown },
	{ AK_BAD_SECRET, NULL, "", another_secret },
	{ AK_REVOKED, revoked, "", NULL },
	{ AK_DISABLED, off, "", NULL },
	{ AK_CLOCK_BEHIND, clock_behind, "", NULL },
	{ AK_NOT_YET_VALID, later, "", NULL },
	{ AK_EXPIRED, over, "", NULL },
	{ AK_OWNER_SUSPENDED, suspended, "", NULL },
	{ AK_OWNER_UNVERIFIED, NULL, "require_verified_owner", NULL },
	{ AK_SERVICE_MISMATCH, another_service, "", NULL },
	{ AK_USER_MISMATCH, of_bob, "", NULL },
	{ AK_NO_RHOST, without_address, "", NULL },
	{ AK_FORBIDDEN_IP, network, "", NULL },
	{ AK_SCOPE_MISSING, NULL, "scope=read", NULL },
	{ AK_STORE_UNAVAILABLE, NULL, "", lose_the_store },
};

static void
login_of(struct host *h, const struct row *row, char token[128])
{
	struct ak_record record = fx_record("alice");

	h->rhost = ADDRESS;
	host_set_time(FX_NOW);
	if (row->prepare != NULL)
		row->prepare(h, &record);
	snprintf(token, 128, "%s", fx_issue(h->fx, &record));
	if (row->spoil != NULL)
		row->spoil(h, token);
	host_options(h, "required", row->options);
	host_login(h, "alice", token);
}

/* The records in our own file; the caller frees them. */
static struct ak_usage_record *
recorded(const struct host *h, size_t *count)
{
	return us_read(us_path(h->fx, geteuid(), ""), count);
}

static void
assert_is_address(const struct ak_address *got)
{
	struct ak_address wanted;

	assert_true(ak_address_parse(ADDRESS, &wanted));
	assert_memory_equal(got, &wanted, sizeof(wanted));
}

static void
each_reason_leaves_one_record_with_id_service_address_and_time(void **state)
{
	struct ak_usage_record *r;
	struct host *h;
	char token[128];
	void *each;
	size_t n;

	(void)state;
	for (const struct row *row = rows; row < rows + FX_COUNT(rows); row++) {
		assert_int_equal(host_setup(&each), 0);
		h = each;
		login_of(h, row, token);
		r = recorded(h, &n);
		if (n != 1)
			fail_msg("%s: %zu records", ak_reason_word(row->reason), n);
		assert_reason(r->reason, row->reason);
		assert_string_equal(r->id, fx_id(token));
		assert_string_equal(r->service, "test");
		assert_int_equal(r->has_address, row->reason != AK_NO_RHOST);
		if (r->has_address)
			assert_is_address(&r->address);
		assert_int_equal(
		    r->time, row->reason == AK_CLOCK_BEHIND ? FX_NOW - 301 : FX_NOW);
		free(r);
		assert_int_equal(host_teardown(&each), 0);
	}
}

static unsigned
count_of(const struct host *h)
{
	size_t n;

	free(recorded(h, &n));
	return (unsigned)n;
}

static void
what_may_be_a_password_leaves_no_record(void **state)
{
	struct host *h = *state;
	char mistyped[128], longer[1024];
	const char *token = fx_key(h->fx, "alice");
	const char *const texts[] = { "", "correct horse battery staple", "ak_",
		mistyped, longer, "\b\n\r\177INCORRECT" };

	snprintf(mistyped, sizeof(mistyped), "%s", token);
	mistyped[20] = mistyped[20] == 'x' ? 'y' : 'x';
	snprintf(longer, sizeof(longer), "%s%s", token, token);
	for (size_t i = 0; i < FX_COUNT(texts); i++)
		assert_int_not_equal(host_login(h, "alice", texts[i]), PAM_SUCCESS);
	h->talk.answer = (struct answer){ ANSWER_CODE, NULL, PAM_CONV_ERR };
	assert_int_equal(count_of(h), 0);
}

static void
usage_off_leaves_no_record_and_needs_no_file(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	host_options(h, "required", "usage=off");
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	assert_pam(host_login(h, "bob", token), PAM_AUTH_ERR);
	assert_int_equal(count_of(h), 0);
	assert_int_equal(unlink(us_path(h->fx, geteuid(), "")), 0);
	host_log_clear();
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	assert_int_equal(host_log_count(), 1);
	assert_int_equal(host_log_at(0)->level, LOG_INFO);
}

static void
the_account_phase_records_what_it_refuses_and_nothing_else(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	struct ak_usage_record *r;
	pam_handle_t *pamh;
	size_t n;
	int acct;

	assert_pam(host_login_and_account(h, "alice", token, &acct), PAM_SUCCESS);
	assert_pam(acct, PAM_SUCCESS);
	assert_int_equal(count_of(h), 1);
	pamh = host_start(h, "test", "alice");
	assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
	fx_set_state(h->fx, token, AK_SWITCHED_OFF);
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_PERM_DENIED);
	pam_end(pamh, PAM_SUCCESS);
	r = recorded(h, &n);
	assert_int_equal(n, 3);
	assert_reason(r[1].reason, AK_VALID);
	assert_reason(r[2].reason, AK_DISABLED);
	assert_string_equal(r[2].id, fx_id(token));
	free(r);
}

/* What PAM gives, and what a record then holds. */
static void
a_record_holds_the_service_that_was_judged_and_numeric_addresses_alone(void **state)
{
	static const char long_name[] =
	    "a-service-with-a-name-that-is-longer-than-a-record-has-room-for";
	static const char *const rhosts[] = { NULL, "", "client.example", "2001:db8::1",
		"::ffff:192.0.2.7" };
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	struct ak_usage_record *r;
	char options[128];
	size_t n;

	snprintf(options, sizeof(options), "service=%s", long_name);
	host_options(h, "required", options);
	for (size_t i = 0; i < FX_COUNT(rhosts); i++) {
		h->rhost = rhosts[i];
		assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	}
	r = recorded(h, &n);
	assert_int_equal(n, FX_COUNT(rhosts));
	for (size_t i = 0; i < n; i++)
		assert_int_equal(r[i].has_address, i >= 3);
	assert_is_address(&r[4].address);
	assert_int_equal(strlen(r[0].service), AK_USAGE_SERVICE_MAX);
	assert_memory_equal(r[0].service, long_name, AK_USAGE_SERVICE_MAX);
	free(r);
}

static void
usage_dir_names_another_folder(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char options[2 * FX_PATH], name[64];

	snprintf(options, sizeof(options), "usage=required usage_dir=%s",
	    fx_path(h->fx, "elsewhere"));
	host_options(h, "required", options);
	assert_int_equal(mkdir(fx_path(h->fx, "elsewhere"), 0755), 0);
	assert_pam(host_login(h, "alice", token), PAM_AUTHINFO_UNAVAIL);
	snprintf(name, sizeof(name), "elsewhere/%u", (unsigned)geteuid());
	fx_copy(us_path(h->fx, geteuid(), ""), fx_path(h->fx, name));
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	assert_int_equal(count_of(h), 0);
	free(us_read(fx_path(h->fx, name), &(size_t){ 0 }));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_reason_leaves_one_record_with_id_service_address_and_time),
		HOST_TEST(what_may_be_a_password_leaves_no_record),
		HOST_TEST(usage_off_leaves_no_record_and_needs_no_file),
		HOST_TEST(the_account_phase_records_what_it_refuses_and_nothing_else),
		HOST_TEST(
		    a_record_holds_the_service_that_was_judged_and_numeric_addresses_alone),
		HOST_TEST(usage_dir_names_another_folder),
	};

	return cmocka_run_group_tests_name("usage", tests, NULL, NULL);
}
