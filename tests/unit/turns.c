/* SPDX-License-Identifier: BSD-2-Clause */
/* Who wants to change keys waits for those who came before, and for nobody else
 * (SECURITY R26, R46). */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../fixture.h"
#include "master_private.h"
#include "turn.h"

enum { OTHERS = 4 };

/* What processes share. */
struct shared {
	_Atomic bool stop;
	_Atomic unsigned turns;
};

struct work {
	struct fx *fx;
	struct shared *shared;
	int turn; /* what the test holds meanwhile */
};

static struct shared *
share(void)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(s, MAP_FAILED);
	return s;
}

static int
publish_without_pause(void *context)
{
	const struct work *w = context;
	struct ak_error error;

	fx_reopen(w->fx);
	while (!w->shared->stop) {
		if (ak_master_publish(w->fx->master, FX_NOW, &error) != AK_OK)
			return 1;
		w->shared->turns++;
	}
	ak_master_close(&w->fx->master);
	return 0;
}

/*
 * Each of the others has a turn before; a few more go by when this process is not
 * running at the moment at which it would take its place.
 */
static void
a_revocation_waits_a_few_turns_however_many_publish_without_pause_R26_R46(void **state)
{
	struct fx *fx = *state;
	struct work work = { fx, share(), -1 };
	unsigned rounds = fx_loops(30), waited = 0, before, turns, most = 0;
	struct ak_error error;
	int pids[OTHERS];

	for (unsigned i = 0; i < rounds; i++)
		fx_key(fx, "alice");
	ak_master_close(&fx->master);
	for (size_t i = 0; i < FX_COUNT(pids); i++)
		pids[i] = fx_spawn(publish_without_pause, &work);
	while (work.shared->turns < OTHERS)
		;
	fx_reopen(fx);
	for (unsigned i = 0; i < rounds; i++) {
		before = work.shared->turns;
		assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
		turns = work.shared->turns - before;
		ak_master_rollback(fx->master);
		waited += turns;
		most = turns > most ? turns : most;
		fx_set_state(fx, fx->tokens[i], AK_ENDED);
		assert_reason(fx_verify(fx, fx->tokens[i], "alice"), AK_REVOKED);
	}
	work.shared->stop = true;
	for (size_t i = 0; i < FX_COUNT(pids); i++)
		assert_int_equal(fx_wait(pids[i]), 0);
	print_message(
	    "# %u turns of others in %u rounds, %u at most\n", waited, rounds, most);
	assert_in_range(waited, 0, 2 * (OTHERS + 1) * rounds);
	assert_in_range(most, 0, 10 * OTHERS);
	munmap(work.shared, sizeof(*work.shared));
}

static const char *
lock_of(const struct fx *fx)
{
	return fx_path(fx, "root/master/lock");
}

static int
take(const struct fx *fx)
{
	struct ak_error error;
	int turn;

	assert_code(ak_turn_take(lock_of(fx), 5000, &turn, &error), AK_OK, &error);
	return turn;
}

/* Until somebody has the n-th place in line; the first is that of whose turn it is. */
static void
wait_for_place(const struct fx *fx, off_t n)
{
	struct flock found;
	int fd = open(lock_of(fx), O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	do {
		found = (struct flock){ .l_type = F_WRLCK, .l_start = n };
		assert_int_equal(fcntl(fd, F_OFD_GETLK, &found), 0);
	} while (found.l_type == F_UNLCK);
	close(fd);
}

/* Has a turn, and notes the how-manieth it was. */
static int
take_a_turn(void *context)
{
	const struct work *w = context;
	struct ak_error error;
	int which = -1;

	close(w->turn);
	fx_reopen(w->fx);
	if (ak_master_begin(w->fx->master, &error) == AK_OK)
		which = (int)w->shared->turns++;
	ak_master_close(&w->fx->master);
	return which;
}

/* In line, one behind the other, while this process has its turn. */
static void
stand_in_line(struct work *work, int pids[OTHERS])
{
	ak_master_close(&work->fx->master);
	work->turn = take(work->fx);
	for (int i = 0; i < OTHERS; i++) {
		pids[i] = fx_spawn(take_a_turn, work);
		wait_for_place(work->fx, i + 2);
	}
}

static void
who_comes_first_is_the_first_to_change_R46(void **state)
{
	struct work work = { *state, share(), -1 };
	int pids[OTHERS];

	stand_in_line(&work, pids);
	ak_turn_give(&work.turn);
	for (int i = 0; i < OTHERS; i++)
		assert_int_equal(fx_wait(pids[i]), i);
	munmap(work.shared, sizeof(*work.shared));
}

static void
one_that_is_killed_in_line_keeps_nobody_waiting_R46(void **state)
{
	struct work work = { *state, share(), -1 };
	int pids[OTHERS];

	stand_in_line(&work, pids);
	for (int i = 0; i < OTHERS - 1; i++) {
		assert_int_equal(kill(pids[i], SIGKILL), 0);
		assert_int_equal(fx_wait(pids[i]), 128 + SIGKILL);
	}
	ak_turn_give(&work.turn);
	assert_int_equal(fx_wait(pids[OTHERS - 1]), 0);
	munmap(work.shared, sizeof(*work.shared));
}

/* passwd(1) is its user's to stop. */
static void
one_that_is_stopped_in_line_is_passed_R26(void **state)
{
	struct work work = { *state, share(), -1 };
	int pids[OTHERS];

	stand_in_line(&work, pids);
	assert_int_equal(kill(pids[0], SIGSTOP), 0);
	ak_turn_give(&work.turn);
	for (int i = 1; i < OTHERS; i++)
		assert_in_range(fx_wait(pids[i]), 0, OTHERS - 2);
	assert_int_equal(kill(pids[0], SIGCONT), 0);
	assert_int_equal(fx_wait(pids[0]), OTHERS - 1);
	munmap(work.shared, sizeof(*work.shared));
}

/* Closes the file all the time, as those do who come, and give up. */
static int
come_and_go(void *context)
{
	const struct work *w = context;

	while (!w->shared->stop) {
		close(open(lock_of(w->fx), O_RDWR | O_CLOEXEC));
		w->shared->turns++;
		poll(NULL, 0, 20);
	}
	return 0;
}

static void
those_who_give_up_do_not_keep_a_stopped_one_in_line_R26(void **state)
{
	struct fx *fx = *state;
	struct work work = { fx, share(), -1 }, busy = { fx, share(), -1 };
	struct ak_error error;
	int pids[OTHERS], pid, turn;

	stand_in_line(&work, pids);
	for (int i = 0; i < OTHERS; i++)
		assert_int_equal(kill(pids[i], SIGSTOP), 0);
	ak_turn_give(&work.turn);
	pid = fx_spawn(come_and_go, &busy);
	while (busy.shared->turns == 0)
		;
	assert_code(ak_turn_take(lock_of(fx), 3000, &turn, &error), AK_OK, &error);
	ak_turn_give(&turn);
	busy.shared->stop = true;
	assert_int_equal(fx_wait(pid), 0);
	for (int i = 0; i < OTHERS; i++)
		assert_int_equal(kill(pids[i], SIGCONT), 0);
	for (int i = 0; i < OTHERS; i++)
		assert_in_range(fx_wait(pids[i]), 0, OTHERS - 1);
	munmap(busy.shared, sizeof(*busy.shared));
	munmap(work.shared, sizeof(*work.shared));
}

/* Between fork(2) and exec a host's process has what the host has. */
static int
do_nothing(void *context)
{
	(void)context;
	alarm(60); /* where the test fails, and nobody ends it */
	while (pause() != 0)
		;
	return 0;
}

static void
a_turn_ends_although_a_forked_process_has_the_file_R26(void **state)
{
	const struct fx *fx = *state;
	int turn = take(fx), pid = fx_spawn(do_nothing, NULL);

	ak_turn_give(&turn);
	turn = take(fx);
	ak_turn_give(&turn);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(fx_wait(pid), 128 + SIGKILL);
}

/* Has a turn until it is ended. */
static int
stay(void *context)
{
	const struct work *w = context;
	struct ak_error error;

	fx_reopen(w->fx);
	if (ak_master_begin(w->fx->master, &error) != AK_OK)
		return 1;
	w->shared->turns++;
	return do_nothing(NULL);
}

static void
who_waits_in_vain_is_told_who_has_the_lock_R46(void **state)
{
	struct fx *fx = *state;
	struct work work = { fx, share(), -1 };
	struct ak_error error;
	char named[32];
	int pid;

	ak_master_close(&fx->master);
	pid = fx_spawn(stay, &work);
	while (work.shared->turns == 0)
		;
	fx_reopen(fx);
	fx->master->patience = 30;
	assert_int_equal(ak_master_begin(fx->master, &error), AK_E_STORE);
	snprintf(named, sizeof(named), "ps -fp %d;", pid);
	if (strstr(error.text, named) == NULL)
		fail_msg("%s", error.text);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(fx_wait(pid), 128 + SIGKILL);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	ak_master_rollback(fx->master);
	munmap(work.shared, sizeof(*work.shared));
}

/* Its own process has the file open, and with it the lock; who took it is gone. */
static int
leave_it_to_another(void *context)
{
	const struct work *w = context;

	int pid;

	take(w->fx);
	if ((pid = fork()) == 0)
		_exit(do_nothing(NULL));
	w->shared->turns = (unsigned)pid;
	return pid < 0;
}

static void
nobody_is_told_of_one_who_is_gone(void **state)
{
	struct fx *fx = *state;
	struct work work = { fx, share(), -1 };
	struct ak_error error;
	enum ak_code code;

	ak_master_close(&fx->master);
	assert_int_equal(fx_wait(fx_spawn(leave_it_to_another, &work)), 0);
	fx_reopen(fx);
	fx->master->patience = 30;
	code = ak_master_begin(fx->master, &error);
	assert_int_equal(kill((int)work.shared->turns, SIGKILL), 0);
	assert_int_equal(code, AK_E_STORE);
	if (strstr(error.text, "fuser -v ") == NULL ||
	    strstr(error.text, "kill") != NULL)
		fail_msg("%s", error.text);
	munmap(work.shared, sizeof(*work.shared));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(
		    a_revocation_waits_a_few_turns_however_many_publish_without_pause_R26_R46),
		FX_TEST(who_comes_first_is_the_first_to_change_R46),
		FX_TEST(one_that_is_killed_in_line_keeps_nobody_waiting_R46),
		FX_TEST(one_that_is_stopped_in_line_is_passed_R26),
		FX_TEST(those_who_give_up_do_not_keep_a_stopped_one_in_line_R26),
		FX_TEST(a_turn_ends_although_a_forked_process_has_the_file_R26),
		FX_TEST(who_waits_in_vain_is_told_who_has_the_lock_R46),
		FX_TEST(nobody_is_told_of_one_who_is_gone),
	};

	return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
