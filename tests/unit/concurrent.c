/* SPDX-License-Identifier: BSD-2-Clause */
/* Administrators and readers at once, and commands that are killed (SECURITY R26, R43,
 * R46). */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../fixture.h"

enum { WRITERS = 4, EACH = 25 };

struct readers {
	struct fx *fx;
	_Atomic bool *stop;
};

/* Ended by SIGKILL somewhere between begin and the end of commit. */
static int
switch_off_and_on(void *context)
{
	struct fx *fx = context;

	fx_reopen(fx);
	for (int i = 0; i < 1000000; i++)
		fx_set_state(
		    fx, fx->tokens[0], i % 2 == 0 ? AK_SWITCHED_OFF : AK_ENABLED);
	return 1;
}

/* Add a scope of its own to the first key, again and again. */
static int
add_scopes(void *context)
{
	struct fx *fx = context;
	char scope[32];
	struct ak_error error;

	fx_reopen(fx);
	for (int i = 0; i < EACH; i++) {
		bool found;

		snprintf(scope, sizeof(scope), "%d.%d", (int)getpid(), i);
		if (ak_master_begin(fx->master, &error) != AK_OK ||
		    ak_record_by_id(fx->master, fx_id(fx->tokens[0]), &fx->record,
			&found, &error) != AK_OK ||
		    !ak_words_add(fx->record.key.scopes, scope) ||
		    ak_record_update(fx->master, &fx->record, &error) != AK_OK ||
		    ak_master_commit(fx->master, FX_NOW, &error) != AK_OK)
			return 1;
	}
	ak_master_close(&fx->master);
	return 0;
}

/* 0: each answer was right; 1: the store could not answer; 2: a wrong answer. */
static int
read_until_stopped(void *context)
{
	const struct readers *r = context;

	while (!*r->stop) {
		if (fx_verify(r->fx, r->fx->tokens[0], "alice") != AK_VALID)
			return 1;
		if (fx_verify(r->fx, r->fx->tokens[1], "alice") != AK_DISABLED)
			return 2;
	}
	return 0;
}

static void
a_command_killed_at_any_moment_leaves_the_old_or_the_new_R43(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	uint64_t seed = 43;
	unsigned healed = 0, loops = fx_loops(60);

	for (unsigned n = 0; n < loops; n++) {
		struct timespec moment = { 0, (long)(fx_random(&seed) % 30000000) };
		int pid;

		ak_master_close(&fx->master);
		pid = fx_spawn(switch_off_and_on, fx);
		nanosleep(&moment, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(fx_wait(pid), 128 + SIGKILL);
		fx_reopen(fx);
		healed += fx_heal(fx);
		assert_int_equal(fx_meta(fx).generation, fx_generation(fx));
		assert_reason(fx_verify(fx, token, "alice"),
		    fx_load(fx, token)->key.state == AK_ENABLED ? AK_VALID
								: AK_DISABLED);
		fx_publish(fx, FX_NOW); /* nobody holds the lock any more */
	}
	print_message("# %u of %u needed healing\n", healed, loops);
}

static void
changes_made_at_once_all_land_R46(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice"), *at;
	int64_t generation = fx_generation(fx);
	struct ak_request request = fx_request("alice");
	struct ak_verdict verdict;
	int pids[WRITERS], n = 0;
	size_t len;

	ak_master_close(&fx->master);
	for (int i = 0; i < WRITERS; i++)
		pids[i] = fx_spawn(add_scopes, fx);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(fx_wait(pids[i]), 0);
	fx_reopen(fx);
	assert_int_equal(fx_generation(fx), generation + WRITERS * EACH);
	ak_verify(&fx->source, token, strlen(token), &request, &verdict);
	assert_reason(verdict.reason, AK_VALID);
	for (at = verdict.key.scopes; ak_words_next(&at, &len) != NULL; n++)
		;
	assert_int_equal(n, WRITERS * EACH);
}

static void
readers_never_see_an_error_while_the_store_is_published_R26(void **state)
{
	struct fx *fx = *state;
	_Atomic bool *stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct readers r = { fx, stop };
	const char *toggled;
	int pids[8];

	assert_ptr_not_equal(stop, MAP_FAILED);
	fx_key(fx, "alice");
	fx_set_state(fx, fx_key(fx, "alice"), AK_SWITCHED_OFF);
	toggled = fx_key(fx, "alice");
	ak_master_close(&fx->master);
	for (size_t i = 0; i < FX_COUNT(pids); i++)
		pids[i] = fx_spawn(read_until_stopped, &r);
	fx_reopen(fx);
	for (unsigned n = fx_loops(150); n > 0; n--) {
		/* In force with the very first login after the change. */
		fx_set_state(fx, toggled, AK_SWITCHED_OFF);
		assert_reason(fx_verify(fx, toggled, "alice"), AK_DISABLED);
		fx_set_state(fx, toggled, AK_ENABLED);
		assert_reason(fx_verify(fx, toggled, "alice"), AK_VALID);
	}
	*stop = true;
	for (size_t i = 0; i < FX_COUNT(pids); i++)
		assert_int_equal(fx_wait(pids[i]), 0);
	munmap(stop, sizeof(*stop));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_command_killed_at_any_moment_leaves_the_old_or_the_new_R43),
		FX_TEST(changes_made_at_once_all_land_R46),
		FX_TEST(readers_never_see_an_error_while_the_store_is_published_R26),
	};

	return cmocka_run_group_tests_name("concurrent", tests, NULL, NULL);
}
