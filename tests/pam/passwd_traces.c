/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a host can see of itself is the same before, during and after a change of a
 * key, whatever became of it: SECURITY R12 and R13.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../snapshot.h"

#define FOREIGN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

enum { CURRENT, OFF, KEYS, NONE = KEYS };

struct outcome {
	const char *reason; /* in the log */
	const char *user, *options;
	int key, code, flags;
	const char *text; /* in place of a key */
};

/* Of a whole installation; the last ones have lost a part of it. */
static const struct outcome outcomes[] = {
	{ "is replaced by", "alice", "", CURRENT, PAM_SUCCESS, 0, NULL },
	{ "is replaced by", "alice", "overlap=1d debug", CURRENT, PAM_SUCCESS, 0,
	    NULL },
	{ "MALFORMED", "alice", "debug", NONE, PAM_PERM_DENIED, 0, "a password" },
	{ "NOT_FOUND", "alice", "", NONE, PAM_PERM_DENIED, 0, FOREIGN },
	{ "USER_MISMATCH", "bob", "", CURRENT, PAM_PERM_DENIED, 0, NULL },
	{ "DISABLED", "alice", "", OFF, PAM_PERM_DENIED, 0, NULL },
	{ "would be lost", "alice", "", CURRENT, PAM_AUTHTOK_ERR, PAM_SILENT, NULL },
	{ "option nonsense", "alice", "nonsense", CURRENT, PAM_SERVICE_ERR, 0, NULL },
};
static const struct outcome no_store = { "store unavailable", "alice", "", CURRENT,
	PAM_AUTHTOK_ERR, 0, NULL };
static const struct outcome no_master = { "no key can be changed", "alice", "", CURRENT,
	PAM_TRY_AGAIN, 0, NULL };

static char tokens[KEYS][AK_TOKEN_MAX + 1];

static void
issue_all(struct host *h)
{
	for (int i = 0; i < KEYS; i++)
		snprintf(tokens[i], sizeof(tokens[i]), "%s", fx_key(h->fx, "alice"));
	fx_set_state(h->fx, tokens[OFF], AK_SWITCHED_OFF);
	/* SQLite does not cross a fork, and has its own view of a master that is open.
	 */
	ak_master_close(&h->fx->master);
}

static void
change(struct host *h, const struct outcome *o)
{
	const char *token = o->text != NULL ? o->text : tokens[o->key];

	host_passwd(h, o->options);
	assert_pam(host_change(h, o->user, token, o->flags), o->code);
	if (!host_log_has(o->reason))
		fail_msg("the log does not say %s", o->reason);
	if (o->code == PAM_SUCCESS)
		snprintf(tokens[CURRENT], sizeof(tokens[0]), "%.*s", AK_TOKEN_MAX,
		    h->talk.last_message);
}

static void
compare(struct host *h, const struct outcome *o, const char *before)
{
	change(h, o);
	snapshot_watch(h, before);
	change(h, o);
	snapshot_unwatch(h);
	snapshot_assert_still(SNAPSHOT_ALL, before, o->reason);
}

/* The first change loads libraries, and changes nothing else. */
static void
load(struct host *h)
{
	char *before = snapshot_take(SNAPSHOT_PROCESS);

	change(h, &outcomes[0]);
	snapshot_assert_still(SNAPSHOT_PROCESS, before, "the first change");
	free(before);
}

static void
a_host_finds_itself_as_it_was_after_each_change_R12_R13(void **state)
{
	struct host *h = *state;
	char *before;

	issue_all(h);
	/* No other module, which libpam would load and unload. */
	host_service(h, "other", "session required @M@\n");
	load(h);
	before = snapshot_take(SNAPSHOT_ALL);
	for (size_t i = 0; i < FX_COUNT(outcomes); i++)
		compare(h, &outcomes[i], before);
	assert_int_equal(unlink(h->fx->store), 0);
	compare(h, &no_store, before);
	assert_int_equal(unlink(fx_path(h->fx, "root/master/master.db")), 0);
	compare(h, &no_master, before);
	free(before);
}

/* Last in this program: what is set up here stays. */
static void
a_host_that_has_set_all_of_it_otherwise_finds_it_so_R13(void **state)
{
	snapshot_set_up(*state);
	a_host_finds_itself_as_it_was_after_each_change_R12_R13(state);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(a_host_finds_itself_as_it_was_after_each_change_R12_R13),
		HOST_TEST(a_host_that_has_set_all_of_it_otherwise_finds_it_so_R13),
	};

	return cmocka_run_group_tests_name("passwd_traces", tests, NULL, NULL);
}
