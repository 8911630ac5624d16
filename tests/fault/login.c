/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that a login makes of the system fails once, and from there on: never a
 * grant for the wrong token, never a crash or a leak, and a code that says trouble
 * (SECURITY R1, R2, R12). And all refusals make as many of them (R10).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../faults.h"
#include "../host.h"

/* Of another installation, so that no key has its id. */
#define FOREIGN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

#define MOST 500 /* calls of one kind in one login; there are some twenty */

static const struct kind {
	const char *name;
	enum fault fault;
	int error;
} kinds[] = {
	{ "memory", FAULT_MEMORY, ENOMEM },
	{ "open EIO", FAULT_OPEN, EIO },
	{ "open EMFILE", FAULT_OPEN, EMFILE },
	{ "open EACCES", FAULT_OPEN, EACCES },
	{ "open ENOMEM", FAULT_OPEN, ENOMEM },
	{ "open ENOENT", FAULT_OPEN, ENOENT },
	{ "read EIO", FAULT_READ, EIO },
	{ "read short", FAULT_READ, FAULT_SHORT },
	{ "stat EIO", FAULT_STAT, EIO },
	{ "stat ENOMEM", FAULT_STAT, ENOMEM },
	{ "stat EACCES", FAULT_STAT, EACCES },
	{ "close EIO", FAULT_CLOSE, EIO },
	{ "signals EINVAL", FAULT_SIGNAL, EINVAL },
};

/* Any code but this one is no entry; these are the ones that say trouble. */
static bool
says_trouble(int rc)
{
	return rc == PAM_AUTHINFO_UNAVAIL || rc == PAM_BUF_ERR ||
	       rc == PAM_CONV_ERR || /* libpam had no memory for the prompt */
	       rc == PAM_SYSTEM_ERR || rc == PAM_ABORT;
}

struct login {
	const char *user, *token;
	int auth, acct; /* without a fault */
};

/* One transaction, a fault armed between its start and its end. How many failed. */
static unsigned
log_in(struct host *h, const struct login *l, const struct kind *k, unsigned n,
    bool persistent, int codes[2])
{
	pam_handle_t *pamh = host_start(h, "test", l->user);
	unsigned failed;

	h->talk.answer = (struct answer){ ANSWER_TEXT, l->token, 0 };
	faults_arm(k->fault, n, persistent, k->error);
	codes[0] = pam_authenticate(pamh, 0);
	codes[1] = codes[0] == PAM_SUCCESS ? pam_acct_mgmt(pamh, 0) : -1;
	failed = faults_disarm();
	pam_end(pamh, PAM_SUCCESS);
	return failed;
}

/* All n of one kind, until none is left to fail. The number of them. */
static unsigned
fail_each(struct host *h, const struct login *l, const struct kind *k, bool persistent)
{
	unsigned files = fx_open_files(), n;
	long blocks;
	int codes[2];

	for (n = 1; n < MOST; n++) {
		host_log_clear();
		blocks = faults_blocks();
		if (log_in(h, l, k, n, persistent, codes) == 0)
			break;
		if (codes[0] == PAM_SUCCESS
			? l->auth != PAM_SUCCESS
			: codes[0] != l->auth && !says_trouble(codes[0]))
			fail_msg("%s %u: authenticate gives %d", k->name, n, codes[0]);
		if (codes[1] != -1 && codes[1] != l->acct && !says_trouble(codes[1]))
			fail_msg("%s %u: acct_mgmt gives %d", k->name, n, codes[1]);
		if (faults_blocks() != blocks)
			fail_msg("%s %u: %ld blocks of memory lost", k->name, n,
			    faults_blocks() - blocks);
		assert_int_equal(fx_open_files(), files);
		assert_false(host_log_has(l->token + 3 + AK_ID_LEN));
	}
	assert_true(n < MOST);
	assert_int_equal(codes[0], l->auth); /* as without a fault */
	return n - 1;
}

static void
fail_all(struct host *h, const struct login *l, bool store_is_read)
{
	for (size_t k = 0; k < FX_COUNT(kinds); k++)
		for (int persistent = 0; persistent < 2; persistent++) {
			unsigned n;

			if (kinds[k].fault == FAULT_MEMORY && !faults_in_memory())
				continue;
			n = fail_each(h, l, &kinds[k], persistent == 1);
			/* The kinds that a login has need of were really reached. */
			if (store_is_read)
				assert_true(n > 0);
		}
}

static void
warm_up(struct host *h, const struct login *l)
{
	static const struct kind none = { "none", FAULT_COUNT, 0 };
	int codes[2];

	host_options(h, "required", "quiet");
	for (int i = 0; i < 3; i++)
		log_in(h, l, &none, 1, false, codes);
	assert_int_equal(codes[0], l->auth);
}

static void
a_right_token_opens_or_says_trouble(void **state)
{
	struct host *h = *state;
	struct login l = { "alice", fx_key(h->fx, "alice"), PAM_SUCCESS, PAM_SUCCESS };

	warm_up(h, &l);
	fail_all(h, &l, true);
	faults_tell("login, right");
}

/* The right id with another secret. */
static const char *
wrong_secret(const char *token, char wrong[AK_TOKEN_MAX + 1])
{
	size_t end = strlen(token) - AK_CHECKSUM_LEN;

	snprintf(wrong, AK_TOKEN_MAX + 1, "%s", token);
	wrong[30] = wrong[30] == 'x' ? 'y' : 'x';
	ak_token_checksum(wrong, end, wrong + end);
	return wrong;
}

static void
a_wrong_token_never_opens_R1(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char wrong[AK_TOKEN_MAX + 1];
	struct login l = { "alice", wrong_secret(token, wrong), PAM_AUTH_ERR, -1 };

	warm_up(h, &l);
	fail_all(h, &l, true);
	faults_tell("login, wrong secret");
}

static void
a_disabled_key_and_another_user_never_open_R1(void **state)
{
	struct host *h = *state;
	struct login l = { "bob", fx_key(h->fx, "alice"), PAM_AUTH_ERR, -1 };

	warm_up(h, &l);
	fail_all(h, &l, true);
	l.user = "alice";
	fx_set_state(h->fx, l.token, AK_SWITCHED_OFF);
	warm_up(h, &l);
	fail_all(h, &l, true);
	faults_tell("login, wrong user and disabled");
}

/* In place of libpam's own, which may be short of memory. */
static bool keeps_no_data;
typedef void free_data(pam_handle_t *pamh, void *data, int status);
int fault_set_data(pam_handle_t *pamh, const char *name, void *data,
    free_data *free) __asm__("pam_set_data")
    __attribute__((visibility("default"), used));

int
fault_set_data(pam_handle_t *pamh, const char *name, void *data, free_data *free)
{
	__typeof__(&fault_set_data) real = dlsym(RTLD_NEXT, "pam_set_data");

	return keeps_no_data ? PAM_BUF_ERR : real(pamh, name, data, free);
}

static void
a_grant_that_cannot_be_dropped_ends_with_the_next_login_R1(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char wrong[AK_TOKEN_MAX + 1];
	pam_handle_t *pamh;

	host_options(h, "required", "quiet");
	pamh = host_start(h, "test", "alice");
	h->talk.answer = (struct answer){ ANSWER_TEXT, token, 0 };
	assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
	h->talk.answer.text = wrong_secret(token, wrong);
	keeps_no_data = true;
	assert_pam(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
	keeps_no_data = false;
	assert_int_not_equal(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
	pam_end(pamh, PAM_SUCCESS);
}

/* A key that the store has enabled and the delta disabled, and the reverse. */
static void
a_key_is_what_the_delta_says_or_there_is_trouble_R1(void **state)
{
	struct host *h = *state;
	struct login off = { "alice", fx_key(h->fx, "alice"), PAM_AUTH_ERR, -1 };
	struct login on = { "alice", fx_key(h->fx, "alice"), PAM_SUCCESS, PAM_SUCCESS };

	fx_set_state(h->fx, on.token, AK_SWITCHED_OFF);
	fx_delta(h->fx, 1, 100);
	fx_set_state(h->fx, off.token, AK_SWITCHED_OFF);
	fx_set_state(h->fx, on.token, AK_ENABLED);
	warm_up(h, &off);
	fail_all(h, &off, true);
	warm_up(h, &on);
	fail_all(h, &on, true);
}

/* How many calls of a kind one login makes. */
static unsigned
calls_of(struct host *h, const struct login *l, enum fault fault)
{
	const struct kind k = { "count", fault, EIO };
	unsigned n = 1;
	int codes[2];

	while (log_in(h, l, &k, n, false, codes) > 0)
		n++;
	return n - 1;
}

/* authkey-store(5) has these numbers, too. */
static void
a_delta_costs_few_calls_and_none_where_there_is_none(void **state)
{
	struct host *h = *state;
	struct login l = { "alice", fx_key(h->fx, "alice"), PAM_SUCCESS, PAM_SUCCESS };
	unsigned opens, reads, stats;

	warm_up(h, &l);
	host_options(h, "required", "quiet usage=off");
	assert_int_equal(opens = calls_of(h, &l, FAULT_OPEN), 1);
	assert_int_equal(reads = calls_of(h, &l, FAULT_READ), 1);
	stats = calls_of(h, &l, FAULT_STAT);
	fx_delta(h->fx, 1, 100); /* empty: its head says so */
	assert_int_equal(calls_of(h, &l, FAULT_OPEN), opens + 1);
	assert_int_equal(calls_of(h, &l, FAULT_READ), reads + 1);
	assert_int_equal(calls_of(h, &l, FAULT_STAT), stats + 2);
	fx_set_state(h->fx, l.token, AK_ENABLED); /* the first read has it all */
	assert_int_equal(calls_of(h, &l, FAULT_READ), reads + 1);
	for (int i = 0; i < 50; i++)
		fx_key(h->fx, "alice");
	/* Index, entries and record; the last may have come with the head. */
	assert_in_range(calls_of(h, &l, FAULT_READ), reads + 3, reads + 4);
	assert_int_equal(calls_of(h, &l, FAULT_OPEN), opens + 1);
	assert_int_equal(calls_of(h, &l, FAULT_STAT), stats + 2);
}

/* Keys of the store and of the delta in turn, whose pages and buckets differ. */
static void
every_refusal_reads_as_much_wherever_its_key_stands_R10(void **state)
{
	struct host *h = *state;
	struct login l = { "alice", FOREIGN, PAM_AUTH_ERR, -1 };
	char wrong[AK_TOKEN_MAX + 1];
	const char *tokens[20];
	unsigned reads;

	for (size_t i = 0; i < FX_COUNT(tokens); i++)
		tokens[i] = fx_key(h->fx, "alice");
	fx_delta(h->fx, 1, 1000);
	for (size_t i = 0; i < FX_COUNT(tokens); i += 2)
		fx_set_state(h->fx, tokens[i], AK_SWITCHED_OFF);
	for (int i = 0; i < 150; i++) /* few records come with the head */
		fx_key(h->fx, "alice");
	warm_up(h, &l);
	host_options(h, "required", "quiet usage=off");
	reads = calls_of(h, &l, FAULT_READ);
	assert_in_range(reads, 3, MOST);
	for (size_t i = 0; i < FX_COUNT(tokens); i++) {
		l.user = "alice";
		l.token = wrong_secret(tokens[i], wrong);
		assert_int_equal(calls_of(h, &l, FAULT_READ), reads);
		l.user = "bob";
		l.token = tokens[i];
		assert_int_equal(calls_of(h, &l, FAULT_READ), reads);
	}
}

static void
an_ordinary_password_never_opens_R1(void **state)
{
	struct host *h = *state;
	struct login l = { "alice", "an ordinary password", PAM_AUTH_ERR, -1 };

	fx_key(h->fx, "alice");
	warm_up(h, &l);
	fail_all(h, &l, false);
	faults_tell("login, a password");
}

/* With descriptor 0 free, the store would be put there and is moved away. */
static int
fail_to_move(void *context)
{
	struct host *h = context;
	int rc;

	close(STDIN_FILENO);
	faults_arm(FAULT_DUP, 1, false, EMFILE);
	rc = host_login(h, "alice", h->fx->tokens[0]);
	return faults_disarm() == 1 && rc == PAM_AUTHINFO_UNAVAIL &&
		       fcntl(STDIN_FILENO, F_GETFD) == -1
		   ? 0
		   : 1;
}

static void
a_standard_stream_stays_closed_when_its_number_cannot_be_left_R13(void **state)
{
	struct host *h = *state;

	fx_key(h->fx, "alice");
	assert_int_equal(fx_wait(fx_spawn(fail_to_move, h)), 0);
}

static void
switch_off(void *context)
{
	struct host *h = context;

	fx_set_state(h->fx, h->fx->tokens[0], AK_SWITCHED_OFF);
}

static void
switch_off_and_publish_whole(void *context)
{
	struct host *h = context;
	struct ak_error error;

	switch_off(context);
	assert_code(ak_master_publish(h->fx->master, FX_NOW, &error), AK_OK, &error);
}

static const enum fault steps[] = { FAULT_STAT, FAULT_OPEN, FAULT_READ };

/* The store is replaced while a login reads it: before each of its steps in turn. */
static void
publish_amid(struct host *h, const char *token, void (*happens)(void *))
{
	for (size_t s = 0; s < FX_COUNT(steps); s++)
		for (unsigned n = 1; n < MOST; n++) {
			int rc, acct;
			unsigned happened;

			fx_set_state(h->fx, token, AK_ENABLED);
			faults_instead(steps[s], n, happens, h);
			rc = host_login_and_account(h, "alice", token, &acct);
			happened = faults_disarm();
			if (happened == 0)
				break;
			if (rc == PAM_SUCCESS)
				assert_true(
				    acct == PAM_PERM_DENIED || acct == PAM_SUCCESS);
			else
				assert_pam(rc, PAM_AUTH_ERR);
			assert_pam(host_login(h, "alice", token), PAM_AUTH_ERR);
		}
}

static void
a_publish_amid_a_login_gives_the_old_answer_or_the_new_R26(void **state)
{
	struct host *h = *state;

	publish_amid(h, fx_key(h->fx, "alice"), switch_off);
}

/* One that writes the delta alone, and one that takes the delta of the old store away.
 */
static void
so_does_one_of_a_store_with_a_delta_R26(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	fx_delta(h->fx, 1, 100);
	publish_amid(h, token, switch_off);
	publish_amid(h, token, switch_off_and_publish_whole);
}

static void
publish_whole(void *context)
{
	struct host *h = context;
	struct ak_error error;

	assert_code(ak_master_publish(h->fx->master, FX_NOW, &error), AK_OK, &error);
}

static void
a_whole_publish_amid_a_login_revives_no_key_R26(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	fx_delta(h->fx, 1, 100);
	for (size_t s = 0; s < FX_COUNT(steps); s++)
		for (unsigned n = 1, happened = 1; happened > 0; n++) {
			fx_set_state(h->fx, token, AK_ENABLED);
			publish_whole(h);
			fx_set_state(h->fx, token, AK_SWITCHED_OFF);
			faults_instead(steps[s], n, publish_whole, h);
			assert_pam(host_login(h, "alice", token), PAM_AUTH_ERR);
			happened = faults_disarm();
			assert_true(n < MOST);
		}
}

static void
publish_whole_twice(void *context)
{
	publish_whole(context);
	faults_instead(FAULT_STAT, 1, publish_whole, context);
}

/* Files of a disk take numbers again, those of a tmpfs do not. */
static int
set_up_on_disk(void **state)
{
	setenv("TMPDIR", "/var/tmp", 1);
	return host_setup(state);
}

/* The third store may have the number of the first, and has its size and time. */
static void
two_whole_publishes_amid_a_login_are_no_trouble_R2(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	fx_delta(h->fx, 1, 100);
	faults_instead(FAULT_OPEN, 2, publish_whole_twice, h);
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	assert_int_equal(faults_disarm(), 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(a_right_token_opens_or_says_trouble),
		HOST_TEST(a_wrong_token_never_opens_R1),
		HOST_TEST(a_disabled_key_and_another_user_never_open_R1),
		HOST_TEST(a_grant_that_cannot_be_dropped_ends_with_the_next_login_R1),
		HOST_TEST(a_key_is_what_the_delta_says_or_there_is_trouble_R1),
		HOST_TEST(a_delta_costs_few_calls_and_none_where_there_is_none),
		HOST_TEST(every_refusal_reads_as_much_wherever_its_key_stands_R10),
		HOST_TEST(an_ordinary_password_never_opens_R1),
		HOST_TEST(
		    a_standard_stream_stays_closed_when_its_number_cannot_be_left_R13),
		HOST_TEST(a_publish_amid_a_login_gives_the_old_answer_or_the_new_R26),
		HOST_TEST(so_does_one_of_a_store_with_a_delta_R26),
		HOST_TEST(a_whole_publish_amid_a_login_revives_no_key_R26),
		cmocka_unit_test_setup_teardown(
		    two_whole_publishes_amid_a_login_are_no_trouble_R2, set_up_on_disk,
		    host_teardown),
	};

	return cmocka_run_group_tests_name("login faults", tests, NULL, NULL);
}
