/* SPDX-License-Identifier: BSD-2-Clause */
/* A store and its delta together answer as a store that was published whole, at every
 * moment (SECURITY R26, R43). */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../fixture.h"
#include "master_private.h"

static const char *const owners[] = { "alice", "bob", "carol" };

/* Something else of a random key, or none when it is gone. */
static void
change_key(struct fx *fx, uint64_t *seed)
{
	const char *id = fx_id(fx->tokens[fx_random(seed) % fx->issued]);
	struct ak_record r;
	struct ak_error error;
	bool found;

	assert_code(ak_record_by_id(fx->master, id, &r, &found, &error), AK_OK, &error);
	if (!found)
		return;
	switch (fx_random(seed) % 7) {
	case 0:
		assert_code(ak_record_delete(fx->master, id, &error), AK_OK, &error);
		return;
	case 1:
		ak_record_revoke(&r, FX_NOW, "root", "lost");
		break;
	case 2:
		r.key.expires_at = FX_NOW + fx_random(seed) % 1000;
		break;
	case 3:
		snprintf(r.key.scopes, sizeof(r.key.scopes), "s%u", fx_random(seed));
		break;
	case 4:
		snprintf(r.replaced_by, sizeof(r.replaced_by), "11111111");
		break;
	default:
		if (r.key.state != AK_ENDED)
			r.key.state =
			    r.key.state == AK_ENABLED ? AK_SWITCHED_OFF : AK_ENABLED;
	}
	assert_code(ak_record_update(fx->master, &r, &error), AK_OK, &error);
}

static void
add_key(struct fx *fx, uint64_t *seed)
{
	struct ak_record r =
	    fx_record(owners[fx_random(seed) % (sizeof(owners) / sizeof(*owners))]);
	struct ak_error error;

	if (fx->issued == FX_TOKENS)
		return;
	assert_code(ak_record_issue(fx->master, &r, fx->tokens[fx->issued], &error),
	    AK_OK, &error);
	fx->issued++;
}

static void
change_owner(struct fx *fx, uint64_t *seed)
{
	struct ak_owner o;
	struct ak_error error;
	bool found;

	assert_code(ak_owner_get(fx->master, owners[fx_random(seed) % FX_COUNT(owners)],
			&o, &found, &error),
	    AK_OK, &error);
	*(fx_random(seed) % 2 == 0 ? &o.suspended_at : &o.verified_at) =
	    fx_random(seed) % 2 == 0 ? FX_NOW : AK_NO_TIME;
	assert_code(ak_owner_put(fx->master, &o, &error), AK_OK, &error);
}

/* One command: some changes, which are committed, or not. */
static void
run_command(struct fx *fx, uint64_t *seed)
{
	unsigned issued = fx->issued;
	struct ak_error error;
	bool merged;

	if (fx_random(seed) % 24 == 0) {
		assert_code(
		    ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
		return;
	}
	if (fx_random(seed) % 12 == 0) {
		assert_code(ak_master_merge(fx->master, FX_NOW, &merged, &error), AK_OK,
		    &error);
		return;
	}
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	for (unsigned n = 1 + fx_random(seed) % 3; n > 0; n--)
		switch (fx_random(seed) % 8) {
		case 0:
		case 1:
			add_key(fx, seed);
			break;
		case 2:
			change_owner(fx, seed);
			break;
		default:
			if (fx->issued > 0)
				change_key(fx, seed);
		}
	if (fx_random(seed) % 10 == 0) {
		ak_master_rollback(fx->master);
		fx->issued = issued;
	} else if (fx_random(seed) % 10 == 0) {
		/* Ended between its commit and its rename; what it built is lost. */
		assert_code(ak_execute(&fx->master->db,
				"UPDATE installation SET generation = generation + 1; "
				"COMMIT",
				&error),
		    AK_OK, &error);
		ak_master_rollback(fx->master);
		assert_true(fx_heal(fx));
	} else
		assert_code(
		    ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
}

static void
they_answer_as_a_store_that_was_published_whole(void **state)
{
	struct fx *fx = *state;
	uint64_t seed = 57;

	for (unsigned n = fx_loops(40); n > 0; n--) {
		fx_delta(fx, fx_random(&seed) % 40, 1 + fx_random(&seed) % 40);
		for (unsigned i = 0; i < 40; i++) {
			run_command(fx, &seed);
			fx_answers_as_the_master(fx);
		}
		fx_teardown(state);
		assert_int_equal(fx_setup(state), 0);
		fx = *state;
	}
}

/* What a process does with the store while others read. */
struct work {
	struct fx *fx;
	_Atomic bool *stop;
	bool endless;
};

/* Keys come, change and go; the first two stay what they are; merges go on at once. */
static int
write_keys(void *context)
{
	const struct work *w = context;
	struct fx *fx = w->fx;
	struct ak_error error;
	bool merged;

	fx_reopen(fx);
	for (unsigned n = fx_loops(60); n > 0 || w->endless; n--) {
		fx_set_state(fx, fx->tokens[2], AK_SWITCHED_OFF);
		assert_reason(fx_verify(fx, fx->tokens[2], "alice"), AK_DISABLED);
		if (n % 5 == 0)
			fx_set_owner(fx, "bob", n % 2 == 0, false);
		if (n % 7 == 0)
			assert_code(
			    ak_master_merge(fx->master, FX_NOW, &merged, &error), AK_OK,
			    &error);
		fx_set_state(fx, fx->tokens[2], AK_ENABLED);
		assert_reason(fx_verify(fx, fx->tokens[2], "alice"), AK_VALID);
	}
	ak_master_close(&fx->master);
	return 0;
}

static int
publish_whole(void *context)
{
	const struct work *w = context;
	struct ak_error error;

	fx_reopen(w->fx);
	while (!*w->stop || w->endless)
		if (ak_master_publish(w->fx->master, FX_NOW, &error) != AK_OK)
			return 1;
	ak_master_close(&w->fx->master);
	return 0;
}

/* 1: the store could not answer; 2: a wrong answer. */
static int
read_until_stopped(void *context)
{
	const struct work *w = context;
	enum ak_reason reason;

	while (!*w->stop) {
		reason = fx_verify(w->fx, w->fx->tokens[0], "alice");
		if (reason != AK_DISABLED)
			return reason == AK_STORE_UNAVAILABLE ? 1 : 2;
		if (fx_verify(w->fx, w->fx->tokens[1], "alice") != AK_VALID)
			return 2;
	}
	return 0;
}

/* Sixteen keys, of which the first was disabled after the store was published. */
static void
sixteen_keys(struct fx *fx)
{
	for (unsigned i = 0; i < 16; i++)
		fx_key(fx, i < 4 ? "alice" : "bob");
	fx_delta(fx, 1, 14);
	fx_set_state(fx, fx->tokens[0], AK_SWITCHED_OFF);
	ak_master_close(&fx->master);
}

static void
readers_see_old_or_new_and_never_a_key_revived_R26(void **state)
{
	struct fx *fx = *state;
	_Atomic bool *stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct work work = { fx, stop, false };
	int pids[6], publisher;

	assert_ptr_not_equal(stop, MAP_FAILED);
	sixteen_keys(fx);
	for (size_t i = 0; i < FX_COUNT(pids); i++)
		pids[i] = fx_spawn(read_until_stopped, &work);
	publisher = fx_spawn(publish_whole, &work);
	assert_int_equal(fx_wait(fx_spawn(write_keys, &work)), 0);
	*stop = true;
	assert_int_equal(fx_wait(publisher), 0);
	for (size_t i = 0; i < FX_COUNT(pids); i++)
		assert_int_equal(fx_wait(pids[i]), 0);
	munmap(stop, sizeof(*stop));
	fx_reopen(fx);
	fx_answers_as_the_master(fx);
}

static void
a_command_killed_at_any_moment_leaves_the_old_or_the_new_R43(void **state)
{
	struct fx *fx = *state;
	_Atomic bool stop = false;
	struct work work = { fx, &stop, true };
	uint64_t seed = 43;
	unsigned healed = 0, loops = fx_loops(80);

	sixteen_keys(fx);
	for (unsigned n = 0; n < loops; n++) {
		struct timespec moment = { 0, (long)(fx_random(&seed) % 20000000) };
		int pid = fx_spawn(n % 3 == 0 ? publish_whole : write_keys, &work);

		nanosleep(&moment, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(fx_wait(pid), 128 + SIGKILL);
		/* Before anything is healed: what logins obey is whole. */
		assert_reason(fx_verify(fx, fx->tokens[0], "alice"), AK_DISABLED);
		assert_reason(fx_verify(fx, fx->tokens[1], "alice"), AK_VALID);
		fx_reopen(fx);
		healed += fx_heal(fx);
		fx_answers_as_the_master(fx);
		ak_master_close(&fx->master);
	}
	print_message("# %u of %u needed healing\n", healed, loops);
	fx_reopen(fx);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(they_answer_as_a_store_that_was_published_whole),
		FX_TEST(readers_see_old_or_new_and_never_a_key_revived_R26),
		FX_TEST(a_command_killed_at_any_moment_leaves_the_old_or_the_new_R43),
	};

	return cmocka_run_group_tests_name("delta together", tests, NULL, NULL);
}
