/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many at once: threads with handles of their own (SECURITY R13). All that runs in
 * threads is here, for the thread sanitizer; processes are in switched.c.
 */
#include <pthread.h>
#include <string.h>

#include "../host.h"

#define THREADS 8

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

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(eight_threads_with_their_own_handles_get_right_answers_R13),
	};

	return cmocka_run_group_tests_name("together", tests, NULL, NULL);
}
