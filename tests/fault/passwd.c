/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that an owner's change of the key makes fails once, and from there on: the
 * old token lives and no other does, or it has ended and the new one was shown, or the
 * log says what became of it (SECURITY R2, R43).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../faults.h"
#include "../host.h"
#include "../whole.h"

#define MOST 20000

static const struct kind {
	const char *name;
	enum fault fault;
	int error;
	unsigned step; /* in `make check` */
} kinds[] = {
	{ "memory", FAULT_MEMORY, ENOMEM, 211 },
	{ "open EIO", FAULT_OPEN, EIO, 7 },
	{ "read EIO", FAULT_READ, EIO, 17 },
	{ "read short", FAULT_READ, FAULT_SHORT, 17 },
	{ "folder EIO", FAULT_FOLDER, EIO, 1 },
	{ "stat EIO", FAULT_STAT, EIO, 17 },
	{ "descriptor EMFILE", FAULT_DUP, EMFILE, 1 },
	{ "write EIO", FAULT_WRITE, EIO, 17 },
	{ "write ENOSPC", FAULT_WRITE, ENOSPC, 17 },
	{ "write short", FAULT_WRITE, FAULT_SHORT, 17 },
	{ "close EIO", FAULT_CLOSE, EIO, 17 },
	{ "map ENOMEM", FAULT_MAP, ENOMEM, 1 },
	{ "signals EINVAL", FAULT_SIGNAL, EINVAL, 1 },
	{ "sync EIO", FAULT_SYNC, EIO, 3 },
	{ "rename EIO", FAULT_RENAME, EIO, 1 },
	{ "mode EPERM", FAULT_MODE, EPERM, 1 },
	{ "lock EIO", FAULT_LOCK, EIO, 7 },
	{ "remove EIO", FAULT_REMOVE, EIO, 1 },
};

/* Whether the log names the key that has taken the old one's place, and the way out. */
static bool
names_successor(const struct host *h)
{
	static const char remedy[] = "make another: authkey rotate ";
	struct ak_master *master;
	struct ak_record old;
	struct ak_error error;
	char line[sizeof(remedy) + AK_ID_LEN];
	bool found;

	assert_code(ak_master_look(h->fx->root, &master, &error), AK_OK, &error);
	assert_code(
	    ak_record_by_id(master, fx_id(h->fx->tokens[0]), &old, &found, &error),
	    AK_OK, &error);
	ak_master_close(&master);
	assert_true(found && old.replaced_by[0] != '\0');
	snprintf(line, sizeof(line), "%s%s", remedy, old.replaced_by);
	return host_log_has(line);
}

/* The old token opens, and there is no other; or it has ended, and the new one opens.
 */
static void
judge(const struct host *h, const char *when, int rc, bool may_be_silent)
{
	const struct talk *talk = &h->talk;
	bool shown = talk->messages == 2;
	enum ak_reason old;

	whole_heal(h->fx, when);
	old = fx_verify(h->fx, h->fx->tokens[0], "alice");
	if (old != AK_VALID && old != AK_REVOKED)
		fail_msg("%s: the old token is %s", when, ak_reason_word(old));
	if (shown != (rc == PAM_SUCCESS))
		fail_msg(
		    "%s: %sshown, and the code is %d", when, shown ? "" : "not ", rc);
	if (shown && (old != AK_REVOKED ||
			 fx_verify(h->fx, talk->last_message, "alice") != AK_VALID))
		fail_msg("%s: what was shown does not take its place", when);
	if (old == AK_REVOKED && !shown && !may_be_silent && !names_successor(h))
		fail_msg("%s: changed, and nobody was told", when);
	if (old == AK_VALID && host_log_has("is replaced by"))
		fail_msg("%s: not changed, and the log says so", when);
	if (host_log_has(h->fx->tokens[0] + 3 + AK_ID_LEN))
		fail_msg("%s: a secret is in the log", when);
}

/* One change with the n-th call failing. How many have failed. */
static unsigned
change(struct host *h, const struct kind *k, unsigned n, bool persistent, int *rc)
{
	pam_handle_t *pamh = host_start(h, "test", "alice");
	unsigned failed;

	h->talk.prompts = h->talk.messages = 0;
	h->talk.answer.text = h->fx->tokens[0];
	host_log_clear();
	faults_arm(k->fault, n, persistent, k->error);
	*rc = pam_chauthtok(pamh, 0);
	failed = faults_disarm();
	pam_end(pamh, *rc);
	return failed;
}

/* The same, and how many blocks of memory it has not given back. */
static unsigned
attempt(struct host *h, const struct kind *k, unsigned n, bool persistent, int *rc,
    long *lost)
{
	long blocks = faults_blocks();
	unsigned failed = change(h, k, n, persistent, rc);

	*lost = faults_blocks() - blocks;
	return failed;
}

static bool
try_one(struct host *h, const struct kind *k, unsigned n, bool persistent)
{
	unsigned files = fx_open_files(), failed;
	char when[64];
	long lost;
	int rc;

	snprintf(
	    when, sizeof(when), "%s %u%s", k->name, n, persistent ? " and on" : "");
	failed = attempt(h, k, n, persistent, &rc, &lost);
	if (lost > 0) { /* a library that was loaded is there the next time */
		whole_back(h->fx);
		failed = attempt(h, k, n, persistent, &rc, &lost);
	}
	if (lost > 0)
		fail_msg("%s: %ld blocks of memory are lost", when, lost);
	if (fx_open_files() != files)
		fail_msg("%s: descriptors are lost", when);
	/* Without any memory, nothing can be logged either. */
	judge(h, when, rc, k->fault == FAULT_MEMORY && persistent);
	whole_back(h->fx);
	return failed > 0;
}

static void
a_change_of_ones_key_that_fails_changes_nothing_or_says_so_R43(void **state)
{
	struct host *h = *state;
	static const struct kind none = { "none", FAULT_COUNT, 0, 1 };
	unsigned n;
	int rc;

	fx_key(h->fx, "alice");
	host_passwd(h, "");
	ak_master_close(&h->fx->master);
	whole_keep(h->fx);
	change(h, &none, 1, false, &rc); /* and libraries are loaded */
	assert_pam(rc, PAM_SUCCESS);
	whole_back(h->fx);
	for (size_t k = 0; k < FX_COUNT(kinds); k++)
		for (int persistent = 0; persistent < 2; persistent++) {
			if (kinds[k].fault == FAULT_MEMORY && !faults_in_memory())
				continue;
			for (n = 1; n < MOST; n += faults_step(kinds[k].step))
				if (!try_one(h, &kinds[k], n, persistent == 1))
					break;
			if (n >= MOST)
				fail_msg("%s: for ever", kinds[k].name);
		}
	faults_tell("chauthtok");
	fx_reopen(h->fx);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(
		    a_change_of_ones_key_that_fails_changes_nothing_or_says_so_R43),
	};

	return cmocka_run_group_tests_name("passwd faults", tests, NULL, NULL);
}
