/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes that log in while an administrator switches keys on and off (SECURITY R26).
 */
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "../host.h"

#define PROCESSES 64

static int
log_in(struct host *h, const char *token)
{
	int account, rc = host_login_and_account(h, "alice", token, &account);

	return rc == PAM_SUCCESS ? account : rc;
}

/*
 * What all processes share. `turn` is odd while the toggled key is being changed; with
 * turn % 4 == 0 it is on, with 2 it is off. A login that begins and ends in the same
 * even turn has one right answer.
 */
struct board {
	_Atomic unsigned turn;
	_Atomic bool stop;
	_Atomic unsigned logins, decided, wrong, unavailable;
};

struct verifier {
	struct host *h;
	struct board *board;
};

static void
judge(struct board *b, unsigned before, int rc)
{
	bool on = before % 4 == 0;

	if (rc == PAM_AUTHINFO_UNAVAIL)
		b->unavailable++;
	/* Changed between the two phases, acct_mgmt says so: that too is a refusal. */
	else if (rc != PAM_SUCCESS && rc != PAM_AUTH_ERR && rc != PAM_PERM_DENIED)
		b->wrong++;
	if (before % 2 == 0 && b->turn == before) {
		b->decided++;
		if ((rc == PAM_SUCCESS) != on)
			b->wrong++;
	}
}

static int
verify_until_stopped(void *context)
{
	struct verifier *v = context;
	struct host *h = v->h;
	struct board *b = v->board;
	unsigned before;
	int rc;

	/* The one who switches is as quick as all of them together. */
	setpriority(PRIO_PROCESS, 0, 10);
	while (!b->stop) {
		rc = log_in(h, h->fx->tokens[0]); /* never touched */
		if (rc == PAM_AUTHINFO_UNAVAIL)
			b->unavailable++;
		else if (rc != PAM_SUCCESS)
			b->wrong++;
		before = b->turn;
		judge(b, before, log_in(h, h->fx->tokens[1]));
		b->logins += 2;
		sched_yield();
	}
	return 0;
}

/* Until so many logins more have ended: without that, few would fit into one turn. */
static void
wait_for_logins(const struct board *b, unsigned more)
{
	unsigned seen = b->logins;

	while (b->logins - seen < more)
		sched_yield();
}

static void
sixty_four_processes_obey_a_key_that_is_switched_without_pause_R26(void **state)
{
	struct host *h = *state;
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct verifier v = { h, b };
	int pids[PROCESSES];
	const char *token;

	assert_ptr_not_equal(b, MAP_FAILED);
	fx_key(h->fx, "alice");
	token = fx_key(h->fx, "alice");
	host_options(h, "required", "quiet");
	ak_master_close(&h->fx->master); /* a SQLite handle may not cross fork */
	for (int i = 0; i < PROCESSES; i++)
		pids[i] = fx_spawn(verify_until_stopped, &v);
	fx_reopen(h->fx);
	for (unsigned n = fx_loops(1000); n > 0; n--) {
		b->turn++;
		fx_set_state(h->fx, token, n % 2 == 0 ? AK_SWITCHED_OFF : AK_ENABLED);
		b->turn = b->turn / 4 * 4 + (n % 2 == 0 ? 2 : 4);
		wait_for_logins(b, PROCESSES);
	}
	b->stop = true;
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(fx_wait(pids[i]), 0);
	print_message(
	    "# %u logins, %u of them within one turn\n", b->logins, b->decided);
	assert_int_equal(b->wrong, 0);
	assert_int_equal(b->unavailable, 0);
	assert_true(b->decided > 0);
	munmap(b, sizeof(*b));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(
		    sixty_four_processes_obey_a_key_that_is_switched_without_pause_R26),
	};

	return cmocka_run_group_tests_name("switched", tests, NULL, NULL);
}
