/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many at once: threads with handles of their own (SECURITY R13), and processes that
 * log in while an administrator switches keys on and off (R26).
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../host.h"

#define THREADS 8
#define PROCESSES 64

static int
log_in(const struct host *h, struct talk *talk, const char *user, const char *token)
{
	pam_handle_t *pamh;
	int rc;

	talk->answer = (struct answer){ ANSWER_TEXT, token, 0 };
	if ((pamh = host_start_with(h, talk, "test", user)) == NULL)
		return PAM_ABORT;
	if ((rc = pam_authenticate(pamh, 0)) == PAM_SUCCESS)
		rc = pam_acct_mgmt(pamh, 0);
	pam_end(pamh, rc);
	return rc;
}

struct thread {
	const struct host *h;
	unsigned seed, loops;
	unsigned right, wrong;
};

/* Each login of a thread has an answer that is known beforehand. */
static void *
log_in_at_random(void *context)
{
	struct thread *t = context;
	const struct host *h = t->h;
	uint64_t seed = t->seed;
	struct talk talk;

	memset(&talk, 0, sizeof(talk));
	for (unsigned n = 0; n < t->loops; n++) {
		uint32_t r = fx_random(&seed);
		unsigned key = r % 4;
		const char *user = (r >> 8) % 2 == 0 ? "alice" : "bob";
		int rc = log_in(h, &talk, user, h->fx->tokens[key]);
		/* Keys 0 and 1 are alice's and bob's, 2 and 3 are switched off. */
		bool opens = (key == 0 && strcmp(user, "alice") == 0) ||
			     (key == 1 && strcmp(user, "bob") == 0);

		if (rc == (opens ? PAM_SUCCESS : PAM_AUTH_ERR))
			t->right++;
		else
			t->wrong++;
	}
	return NULL;
}

static void
issue_four(struct host *h)
{
	fx_key(h->fx, "alice");
	fx_key(h->fx, "bob");
	fx_set_state(h->fx, fx_key(h->fx, "alice"), AK_SWITCHED_OFF);
	fx_set_state(h->fx, fx_key(h->fx, "bob"), AK_ENDED);
}

static void
eight_threads_with_their_own_handles_get_right_answers_R13(void **state)
{
	struct host *h = *state;
	struct thread threads[THREADS];
	pthread_t ids[THREADS];
	unsigned files = fx_open_files(), right = 0, wrong = 0;

	issue_four(h);
	/* No other module, which libpam would load and unload: a thread sanitizer knows
	 * nothing of the loader's lock. */
	host_service(h, "other",
	    "auth required @M@\naccount required @M@\nsession required @M@\n"
	    "password required @M@\n");
	host_options(h, "required", "quiet");
	for (unsigned i = 0; i < THREADS; i++) {
		threads[i] = (struct thread){ h, i + 1, fx_loops(10000), 0, 0 };
		assert_int_equal(
		    pthread_create(&ids[i], NULL, log_in_at_random, &threads[i]), 0);
	}
	for (int i = 0; i < 100; i++) /* publishing beneath them changes no answer */
		fx_publish(h->fx, FX_NOW);
	for (unsigned i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(ids[i], NULL), 0);
		right += threads[i].right;
		wrong += threads[i].wrong;
	}
	assert_int_equal(wrong, 0);
	assert_int_equal(right, THREADS * fx_loops(10000));
	assert_int_equal(fx_open_files(), files);
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
		rc = log_in(h, &h->talk, "alice", h->fx->tokens[0]); /* never touched */
		if (rc == PAM_AUTHINFO_UNAVAIL)
			b->unavailable++;
		else if (rc != PAM_SUCCESS)
			b->wrong++;
		before = b->turn;
		judge(b, before, log_in(h, &h->talk, "alice", h->fx->tokens[1]));
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
		HOST_TEST(eight_threads_with_their_own_handles_get_right_answers_R13),
	};

	return cmocka_run_group_tests_name("together", tests, NULL, NULL);
}
