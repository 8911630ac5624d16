/* SPDX-License-Identifier: BSD-2-Clause */
/* The decision: every reason, their order, the seconds at the edges, and SECURITY R7,
 * R9, R27, R28. */
#include <stdio.h>
#include <string.h>

#include "../fixture.h"

/* A key and a request that fit each other; each test spoils what it is about. */
struct ask {
	struct ak_key key;
	struct ak_request request;
};

static struct ask
fitting(void)
{
	struct ask a;

	memset(&a, 0, sizeof(a));
	memcpy(a.key.id, "7QxR2mNd", 9);
	memcpy(a.key.owner, "alice", 6);
	memcpy(a.key.services, "nginx sshd", 11);
	memcpy(a.key.scopes, "chain:read chain:write", 23);
	memcpy(a.key.networks, "192.0.2.0/24 2001:db8::/32", 27);
	a.key.state = AK_ENABLED;
	a.key.not_before = FX_NOW - 100;
	a.key.expires_at = FX_NOW + 100;
	a.request = (struct ak_request){ .proof = AK_VALID,
		.user = "alice",
		.service = "nginx",
		.rhost = "192.0.2.7",
		.scopes = "chain:read",
		.now = FX_NOW,
		.published_at = FX_NOW };
	return a;
}

static enum ak_reason
decide(const struct ask *a)
{
	return ak_decide(&a->key, &a->request);
}

#define SPOIL(name, statement)          \
	static void name(struct ask *a) \
	{                               \
		statement;              \
	}
SPOIL(no_store, a->request.proof = AK_STORE_UNAVAILABLE)
SPOIL(malformed, a->request.proof = AK_MALFORMED)
SPOIL(bad_checksum, a->request.proof = AK_BAD_CHECKSUM)
SPOIL(not_found, a->request.proof = AK_NOT_FOUND)
SPOIL(bad_secret, a->request.proof = AK_BAD_SECRET)
SPOIL(revoked, a->key.state = AK_ENDED)
SPOIL(disabled, a->key.state = AK_SWITCHED_OFF)
SPOIL(decoy, a->key.decoy = true)
SPOIL(clock_behind, a->request.published_at = FX_NOW + AK_CLOCK_SLACK + 1)
SPOIL(not_yet_valid, a->key.not_before = FX_NOW + 1)
SPOIL(expired, a->key.expires_at = FX_NOW)
SPOIL(owner_suspended, a->key.owner_suspended = true)
SPOIL(owner_unverified, a->request.require_verified_owner = true)
SPOIL(other_service, a->request.service = "postgres")
SPOIL(other_user, a->request.user = "bob")
SPOIL(no_rhost, a->request.rhost = NULL)
SPOIL(forbidden_ip, a->request.rhost = "192.0.3.7")
SPOIL(scope_missing, a->request.scopes = "chain:read chain:admin")

/* In the order of the design; two that spoil the same field exclude each other. */
static const struct {
	enum ak_reason reason;
	void (*spoil)(struct ask *a);
	int field;
} spoils[] = {
	{ AK_STORE_UNAVAILABLE, no_store, 1 },
	{ AK_MALFORMED, malformed, 1 },
	{ AK_BAD_CHECKSUM, bad_checksum, 1 },
	{ AK_NOT_FOUND, not_found, 1 },
	{ AK_BAD_SECRET, bad_secret, 1 },
	{ AK_REVOKED, revoked, 2 },
	{ AK_DISABLED, disabled, 2 },
	{ AK_DECOY, decoy, 12 },
	{ AK_CLOCK_BEHIND, clock_behind, 3 },
	{ AK_NOT_YET_VALID, not_yet_valid, 4 },
	{ AK_EXPIRED, expired, 5 },
	{ AK_OWNER_SUSPENDED, owner_suspended, 6 },
	{ AK_OWNER_UNVERIFIED, owner_unverified, 7 },
	{ AK_SERVICE_MISMATCH, other_service, 8 },
	{ AK_USER_MISMATCH, other_user, 9 },
	{ AK_NO_RHOST, no_rhost, 10 },
	{ AK_FORBIDDEN_IP, forbidden_ip, 10 },
	{ AK_SCOPE_MISSING, scope_missing, 11 },
};

static void
each_reason_is_given_for_its_own_cause(void **state)
{
	(void)state;
	for (size_t i = 0; i < FX_COUNT(spoils); i++) {
		struct ask a = fitting();

		spoils[i].spoil(&a);
		assert_reason(decide(&a), spoils[i].reason);
	}
}

static void
of_two_causes_the_earlier_is_the_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < FX_COUNT(spoils); i++)
		for (size_t j = i + 1; j < FX_COUNT(spoils); j++) {
			struct ask a = fitting();

			if (spoils[i].field == spoils[j].field)
				continue;
			spoils[j].spoil(&a);
			spoils[i].spoil(&a);
			assert_reason(decide(&a), spoils[i].reason);
		}
}

static void
explain_walks_the_checks_in_the_order_of_the_decision(void **state)
{
	(void)state;
	assert_int_equal(ak_check_count, FX_COUNT(spoils));
	for (size_t i = 0; i < FX_COUNT(spoils); i++) {
		struct ask a = fitting();

		assert_int_equal(ak_checks[i].reason, spoils[i].reason);
		assert_true(ak_checks[i].asks[strlen(ak_checks[i].asks) - 1] == '?');
		assert_false(ak_checks[i].refuses(&a.key, &a.request));
		spoils[i].spoil(&a);
		assert_true(ak_checks[i].refuses(&a.key, &a.request));
	}
}

static void
every_second_around_the_edges_counts_R27(void **state)
{
	struct ask a = fitting();

	(void)state;
	a.key.not_before = FX_NOW + 10;
	a.key.expires_at = FX_NOW + 20;
	for (int64_t now = FX_NOW; now < FX_NOW + 30; now++) {
		a.request.now = now;
		assert_reason(decide(&a), now < FX_NOW + 10   ? AK_NOT_YET_VALID
					  : now < FX_NOW + 20 ? AK_VALID
							      : AK_EXPIRED);
	}
}

static void
without_times_a_key_is_valid_at_any_time(void **state)
{
	static const int64_t times[] = { INT64_MIN, -1, 0, 1, FX_NOW, INT64_C(1) << 32,
		AK_TIME_MAX, INT64_MAX };
	struct ask a = fitting();

	(void)state;
	a.key.not_before = AK_NO_TIME;
	a.key.expires_at = AK_NO_TIME;
	for (size_t i = 0; i < FX_COUNT(times); i++) {
		a.request.now = times[i];
		assert_reason(decide(&a), AK_VALID);
	}
}

static void
times_beyond_32_bits_are_compared_whole(void **state)
{
	struct ask a = fitting();

	(void)state;
	a.key.not_before = 0;
	a.key.expires_at = AK_TIME_MAX;
	a.request.published_at = 0;
	a.request.now = AK_TIME_MAX - 1;
	assert_reason(decide(&a), AK_VALID);
	a.request.now = AK_TIME_MAX;
	assert_reason(decide(&a), AK_EXPIRED);
	a.key.expires_at = (INT64_C(1) << 32) + 5;
	a.request.now = 10; /* the low 32 bits of the expiry are smaller */
	assert_reason(decide(&a), AK_VALID);
	a.key.expires_at = 0; /* a time, and long past */
	assert_reason(decide(&a), AK_EXPIRED);
}

static void
a_clock_behind_the_store_refuses_keys_that_expire_R28(void **state)
{
	struct ask a = fitting();

	(void)state;
	a.key.not_before = AK_NO_TIME;
	for (int64_t behind = AK_CLOCK_SLACK - 3; behind < AK_CLOCK_SLACK + 3;
	     behind++) {
		a.key.expires_at = FX_NOW + 100;
		a.request.published_at = FX_NOW + behind;
		assert_reason(
		    decide(&a), behind <= AK_CLOCK_SLACK ? AK_VALID : AK_CLOCK_BEHIND);
		a.key.expires_at = AK_NO_TIME;
		assert_reason(decide(&a), AK_VALID);
	}
}

static void
the_owner_is_compared_exactly_R6_R7(void **state)
{
	static const char *const others[] = { "", "alic", "alice ", " alice", "Alice",
		"ALICE", "alice\n", "al%", "alic_", "*", "a*", "' OR 1=1--", "%n%s",
		"bob", "../../alice", "-alice", "alice\xff", "root",
		("\xe2\x80\xae"
		 "alice") };
	struct ask a = fitting();

	(void)state;
	for (size_t i = 0; i < FX_COUNT(others); i++) {
		a.request.user = others[i];
		assert_reason(decide(&a), AK_USER_MISMATCH);
	}
	a.request.user = NULL;
	assert_reason(decide(&a), AK_USER_MISMATCH);
	/* A key without an owner, which no record has, is not everybody's. */
	memset(a.key.owner, 0, sizeof(a.key.owner));
	assert_reason(decide(&a), AK_USER_MISMATCH);
	a.request.user = "";
	assert_reason(decide(&a), AK_USER_MISMATCH);
}

static void
any_user_passes_only_when_that_is_asked(void **state)
{
	static const char *const users[] = { NULL, "", "bob", "alice" };
	struct ask a = fitting();

	(void)state;
	a.request.any_user = true;
	for (size_t i = 0; i < FX_COUNT(users); i++) {
		a.request.user = users[i];
		assert_reason(decide(&a), AK_VALID);
	}
	a.request.service = "postgres"; /* and nothing else is passed over */
	assert_reason(decide(&a), AK_SERVICE_MISMATCH);
}

static void
a_service_is_a_whole_word_of_the_list(void **state)
{
	static const char *const others[] = { NULL, "", "ngin", "nginx2", "NGINX",
		"nginx sshd", "nginx ", " ", "*" };
	struct ask a = fitting();

	(void)state;
	for (size_t i = 0; i < FX_COUNT(others); i++) {
		a.request.service = others[i];
		assert_reason(decide(&a), AK_SERVICE_MISMATCH);
	}
	a.request.service = "sshd";
	assert_reason(decide(&a), AK_VALID);
	memset(a.key.services, 0, sizeof(a.key.services));
	for (size_t i = 0; i < FX_COUNT(others); i++) { /* no list: any service */
		a.request.service = others[i];
		assert_reason(decide(&a), AK_VALID);
	}
}

static void
the_scopes_asked_are_a_subset_of_the_keys(void **state)
{
	static const struct {
		const char *has, *asks;
		enum ak_reason reason;
	} rows[] = {
		{ "", NULL, AK_VALID },
		{ "", "", AK_VALID },
		{ "a b", NULL, AK_VALID },
		{ "a b", "", AK_VALID },
		{ "a b", "a", AK_VALID },
		{ "a b", "b", AK_VALID },
		{ "a b", "a b", AK_VALID },
		{ "a b", "b a", AK_VALID },
		{ "", "a", AK_SCOPE_MISSING },
		{ "a", "a b", AK_SCOPE_MISSING },
		{ "ab", "a", AK_SCOPE_MISSING },
		{ "a", "ab", AK_SCOPE_MISSING },
		{ "a b", "c", AK_SCOPE_MISSING },
		{ "A", "a", AK_SCOPE_MISSING },
	};
	char longest[AK_WORD_MAX + 2];
	struct ask a = fitting();

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		snprintf(a.key.scopes, sizeof(a.key.scopes), "%s", rows[i].has);
		a.request.scopes = rows[i].asks;
		assert_reason(decide(&a), rows[i].reason);
	}
	memset(longest, 'x', AK_WORD_MAX);
	longest[AK_WORD_MAX] = '\0';
	memcpy(a.key.scopes, longest, sizeof(longest) - 1);
	a.request.scopes = longest;
	assert_reason(decide(&a), AK_VALID);
	memset(longest, 'x', AK_WORD_MAX + 1); /* longer than a scope can be */
	longest[AK_WORD_MAX + 1] = '\0';
	assert_reason(decide(&a), AK_SCOPE_MISSING);
}

static void
a_key_bound_to_networks_needs_an_address_in_them(void **state)
{
	static const struct {
		const char *networks, *rhost;
		enum ak_reason reason;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.0", AK_VALID },
		{ "192.0.2.0/24", "192.0.2.255", AK_VALID },
		{ "192.0.2.0/24", "192.0.3.0", AK_FORBIDDEN_IP },
		{ "192.0.2.0/24", "::ffff:192.0.2.7", AK_VALID },
		{ "192.0.2.0/24", "::192.0.2.7", AK_FORBIDDEN_IP },
		{ "192.0.2.0/24", "localhost", AK_NO_RHOST },
		{ "192.0.2.0/24", "192.0.2.7 ", AK_NO_RHOST },
		{ "192.0.2.0/24", "192.0.2", AK_NO_RHOST },
		{ "192.0.2.0/24", "", AK_NO_RHOST },
		{ "192.0.2.0/24", NULL, AK_NO_RHOST },
		{ "0.0.0.0/0", "203.0.113.9", AK_VALID },
		{ "0.0.0.0/0", "2001:db8::1", AK_FORBIDDEN_IP },
		{ "::/0", "203.0.113.9", AK_VALID },
		{ "::/0", "2001:db8::1", AK_VALID },
		{ "10.0.0.1 2001:db8::/32", "2001:db8:ffff::1%eth0", AK_VALID },
		{ "10.0.0.1 2001:db8::/32", "10.0.0.1", AK_VALID },
		{ "10.0.0.1 2001:db8::/32", "10.0.0.2", AK_FORBIDDEN_IP },
		{ "rubbish", "10.0.0.2", AK_FORBIDDEN_IP }, /* never "from anywhere" */
		{ " ", "10.0.0.2", AK_FORBIDDEN_IP },
		{ "", "10.0.0.2", AK_VALID },
		{ "", NULL, AK_VALID },
	};
	struct ask a = fitting();

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		snprintf(
		    a.key.networks, sizeof(a.key.networks), "%s", rows[i].networks);
		a.request.rhost = rows[i].rhost;
		assert_reason(decide(&a), rows[i].reason);
		assert_int_equal(
		    ak_checks[FX_COUNT(spoils) - 2].refuses(&a.key, &a.request),
		    rows[i].reason != AK_VALID);
	}
}

static void
an_unknown_state_of_a_key_is_off(void **state)
{
	struct ask a = fitting();

	(void)state;
	for (int n = 0; n < 256; n++) {
		memcpy(&a.key.state, &(unsigned){ (unsigned)n }, sizeof(a.key.state));
		assert_int_equal(decide(&a) == AK_VALID, n == AK_ENABLED);
	}
}

static void
without_a_proof_an_empty_key_is_never_looked_at(void **state)
{
	struct ask a = fitting();

	(void)state;
	memset(&a.key, 0, sizeof(a.key));
	for (size_t i = 0; i < 5; i++) {
		spoils[i].spoil(&a);
		assert_reason(decide(&a), spoils[i].reason);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason_is_given_for_its_own_cause),
		cmocka_unit_test(of_two_causes_the_earlier_is_the_answer),
		cmocka_unit_test(explain_walks_the_checks_in_the_order_of_the_decision),
		cmocka_unit_test(every_second_around_the_edges_counts_R27),
		cmocka_unit_test(without_times_a_key_is_valid_at_any_time),
		cmocka_unit_test(times_beyond_32_bits_are_compared_whole),
		cmocka_unit_test(a_clock_behind_the_store_refuses_keys_that_expire_R28),
		cmocka_unit_test(the_owner_is_compared_exactly_R6_R7),
		cmocka_unit_test(any_user_passes_only_when_that_is_asked),
		cmocka_unit_test(a_service_is_a_whole_word_of_the_list),
		cmocka_unit_test(the_scopes_asked_are_a_subset_of_the_keys),
		cmocka_unit_test(a_key_bound_to_networks_needs_an_address_in_them),
		cmocka_unit_test(an_unknown_state_of_a_key_is_off),
		cmocka_unit_test(without_a_proof_an_empty_key_is_never_looked_at),
	};

	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
