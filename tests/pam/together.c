/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many at once: threads with handles of their own (SECURITY R13). All that runs in
 * threads is here, for the thread sanitizer; processes are in switched.c.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../host.h"

#define THREADS 8
#define CHANGERS 4

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

/* A thread that changes a key of its own, over and over. */
struct changer {
	const struct host *h;
	pthread_t id;
	unsigned loops;
	int rc; /* the first that is no success */
	char token[AK_TOKEN_MAX + 1];
};

static void *
change_again_and_again(void *context)
{
	struct changer *c = context;
	struct talk talk;
	pam_handle_t *pamh;

	memset(&talk, 0, sizeof(talk));
	talk.answer = (struct answer){ ANSWER_TEXT, c->token, 0 };
	for (unsigned n = 0; n < c->loops && c->rc == PAM_SUCCESS; n++) {
		if ((pamh = host_start_with(c->h, &talk, "test", "alice")) == NULL) {
			c->rc = PAM_ABORT;
			break;
		}
		c->rc = pam_chauthtok(pamh, 0);
		pam_end(pamh, c->rc);
		snprintf(c->token, sizeof(c->token), "%.*s", AK_TOKEN_MAX,
		    talk.last_message);
	}
	return NULL;
}

static void
threads_that_change_their_keys_at_once_all_get_new_ones_R13(void **state)
{
	struct host *h = *state;
	struct changer changers[CHANGERS];
	unsigned files;

	for (unsigned i = 0; i < CHANGERS; i++)
		fx_key(h->fx, "alice");
	host_service(h, "other", ""); /* no other module, as above */
	host_passwd(h, "quiet");
	ak_master_close(&h->fx->master);
	files = fx_open_files();
	for (unsigned i = 0; i < CHANGERS; i++) {
		changers[i] = (struct changer){ .h = h, .loops = fx_loops(20) };
		memcpy(changers[i].token, h->fx->tokens[i], sizeof(changers[i].token));
		assert_int_equal(pthread_create(&changers[i].id, NULL,
				     change_again_and_again, &changers[i]),
		    0);
	}
	for (unsigned i = 0; i < CHANGERS; i++)
		assert_int_equal(pthread_join(changers[i].id, NULL), 0);
	assert_int_equal(fx_open_files(), files);
	fx_reopen(h->fx);
	for (unsigned i = 0; i < CHANGERS; i++) {
		assert_pam(changers[i].rc, PAM_SUCCESS);
		assert_reason(fx_verify(h->fx, changers[i].token, "alice"), AK_VALID);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(eight_threads_with_their_own_handles_get_right_answers_R13),
		HOST_TEST(threads_that_change_their_keys_at_once_all_get_new_ones_R13),
	};

	return cmocka_run_group_tests_name("together", tests, NULL, NULL);
}
