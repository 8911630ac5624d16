/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each record counts exactly once, with many writing and folding at once, with files
 * put aside beneath them, and with any of them killed at any moment (DESIGN section 9,
 * SECURITY R31).
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../records.h"

#define WRITERS 12
#define FOLDERS 2

/* What all processes share. */
struct board {
	_Atomic unsigned appended[WRITERS]; /* appends that returned AK_OK */
	_Atomic bool done[WRITERS];
	_Atomic unsigned folds, rotations;
	_Atomic bool stop;
};

struct worker {
	const struct fx *fx;
	struct board *board;
	char id[AK_ID_LEN + 1];
	unsigned which, wanted, rotations; /* what there must be of them */
	bool rotate; /* folds: past the quiet time, as soon as no writer can be late */
};

/* On a busy machine writers run ahead of folds, until a file is full. */
static void
wait_for_fold(const struct board *b)
{
	static const struct timespec moment = { 0, 1000000 };

	for (unsigned seen = b->folds; b->folds == seen && !b->stop;)
		nanosleep(&moment, NULL);
}

static int
append_until_enough(void *context)
{
	struct worker *w = context;
	struct ak_usage_record r = us_record(w->id, AK_VALID, NULL);
	_Atomic unsigned *appended = &w->board->appended[w->which];
	struct ak_error error;

	setpriority(PRIO_PROCESS, 0, 10); /* folds keep up with all of them together */
	r.time = time(NULL);
	while (*appended < w->wanted || w->board->rotations < w->rotations) {
		if (ak_usage_append(us_folder(w->fx), &r, &error) != AK_OK) {
			print_error("append: %s\n", error.text);
			return 1;
		}
		if (++*appended % 1000 == 0)
			wait_for_fold(w->board);
	}
	w->board->done[w->which] = true;
	return 0;
}

/* The file that is put aside now, or 0. */
static ino_t
put_aside(const struct fx *fx)
{
	struct stat st;

	return stat(us_path(fx, geteuid(), ".old"), &st) == 0 ? st.st_ino : 0;
}

/*
 * Nobody writes to a file put aside once each writer has appended twice since: the
 * second append has opened the file anew. Stands in for the minute that is waited.
 */
struct quiet {
	ino_t aside;
	unsigned appended[WRITERS];
};

static bool
is_quiet(const struct worker *w, struct quiet *q)
{
	ino_t aside = put_aside(w->fx);
	const struct board *b = w->board;

	if (aside == 0 || aside != q->aside) {
		q->aside = aside;
		for (int i = 0; i < WRITERS; i++)
			q->appended[i] = b->appended[i];
		return false;
	}
	for (int i = 0; i < WRITERS; i++)
		if (!b->done[i] && b->appended[i] < q->appended[i] + 2)
			return false;
	return true;
}

static int
fold_until_stopped(void *context)
{
	struct worker *w = context;
	struct quiet q = { 0 };
	struct ak_error error;
	enum ak_code code = AK_OK;
	ino_t before;
	int64_t now;

	while (code == AK_OK && !w->board->stop) {
		before = put_aside(w->fx);
		now = time(NULL) + (w->rotate && is_quiet(w, &q) ? 120 : 0);
		code = us_try_fold(w->fx, now, AK_FOLD_ALL, NULL, &error);
		w->board->folds++;
		w->board->rotations += put_aside(w->fx) != before;
	}
	if (code != AK_OK)
		print_error("fold: %s\n", error.text);
	return (int)code;
}

static void
write_and_fold(struct fx *fx, unsigned wanted, bool rotate)
{
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct worker workers[WRITERS + FOLDERS];
	struct us_worker processes[WRITERS + FOLDERS] = { 0 };
	unsigned truth = 0, killed = 0;
	int64_t uses;

	assert_ptr_not_equal(b, MAP_FAILED);
	memset(workers, 0, sizeof(workers));
	for (unsigned i = 0; i < WRITERS + FOLDERS; i++) {
		workers[i] = (struct worker){ .fx = fx, .board = b, .which = i };
		workers[i].wanted = wanted;
		workers[i].rotations = rotate ? 3 : 0;
		workers[i].rotate = rotate && i == WRITERS;
		processes[i].run =
		    i < WRITERS ? append_until_enough : fold_until_stopped;
		processes[i].context = &workers[i];
		us_key(fx, "alice", workers[i].id);
	}
	ak_master_close(&fx->master); /* a SQLite handle may not cross fork */
	us_kill_until_done(processes, WRITERS, FOLDERS, 32, 4);
	b->stop = true;
	for (unsigned i = WRITERS; i < WRITERS + FOLDERS; i++)
		assert_int_equal(fx_wait(processes[i].pid), 0);
	for (int i = 0; i < 3; i++)
		us_fold(fx, time(NULL), AK_FOLD_ALL, NULL);
	for (unsigned i = 0; i < WRITERS; i++) {
		truth += b->appended[i];
		killed += processes[i].killed;
	}
	uses = us_number(fx, "SELECT sum(uses) FROM key_usage");
	print_message("# %u appends, %d counted; %u writers killed, %u folders; %u "
		      "folds, %u files put aside\n",
	    truth, (int)uses, killed,
	    processes[WRITERS].killed + processes[WRITERS + 1].killed, b->folds,
	    b->rotations);
	assert_true(uses >= truth && uses <= truth + killed);
	assert_int_equal(us_number(fx, "SELECT sum(refusals) FROM key_usage"), 0);
	assert_int_equal(us_number(fx, "SELECT sum(count) FROM day_count"), uses);
	us_agree(fx);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM event"), uses);
	assert_int_equal(us_number(fx, "SELECT sum(records) FROM usage_source"), uses);
	/* Who is killed within his write may leave the part before a page's end. */
	assert_true(us_number(fx, "SELECT sum(strange) FROM usage_source") <
		    killed * AK_USAGE_LEN + 1);
	assert_true(b->folds > 0);
	munmap(b, sizeof(*b));
}

static void
records_count_once_while_writers_and_folds_are_killed(void **state)
{
	write_and_fold(*state, fx_loops(3000), false);
}

static void
records_count_once_while_files_are_put_aside(void **state)
{
	write_and_fold(*state, fx_loops(2000), true);
}

static int
open_and_fold(void *context)
{
	struct ak_error error;
	enum ak_code code = us_try_fold(context, FX_NOW, AK_FOLD_ALL, NULL, &error);

	if (code != AK_OK)
		print_error("%s\n", error.text);
	return (int)code;
}

/* Each has its own wish to make the database, and one of them does. */
static void
the_first_folds_of_an_installation_may_be_many_at_once(void **state)
{
	struct ak_usage_record r;
	struct fx *fx;
	void *each;
	int pids[8];

	(void)state;
	for (unsigned n = fx_loops(15); n > 0; n--) {
		assert_int_equal(fx_setup(&each), 0);
		fx = each;
		fx_key(fx, "alice");
		r = us_record(fx_id(fx->tokens[0]), AK_VALID, NULL);
		for (int i = 0; i < 100; i++)
			us_append(fx, &r);
		ak_master_close(&fx->master);
		for (size_t i = 0; i < FX_COUNT(pids); i++)
			pids[i] = fx_spawn(open_and_fold, fx);
		for (size_t i = 0; i < FX_COUNT(pids); i++)
			assert_int_equal(fx_wait(pids[i]), 0);
		assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 100);
		assert_int_equal(
		    us_number(fx, "SELECT records FROM usage_source"), 100);
		assert_int_equal(fx_teardown(&each), 0);
	}
}

/* Enough records that the file is due to be put aside. */
static void
append_enough(const struct fx *fx, const char *id)
{
	const struct ak_usage_record r = us_record(id, AK_VALID, NULL);

	for (int i = 0; i < (1 << 20) / AK_USAGE_LEN + 1; i++)
		us_append(fx, &r);
}

static void
a_crash_between_the_two_renames_loses_nothing_and_doubles_nothing(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1], new[2 * FX_PATH], file[2 * FX_PATH];
	const int64_t many = (1 << 20) / AK_USAGE_LEN + 1;
	struct ak_usage_record r;
	size_t n;

	us_key(fx, "alice", id);
	r = us_record(id, AK_VALID, NULL);
	snprintf(file, sizeof(file), "%s", us_path(fx, geteuid(), ""));
	snprintf(new, sizeof(new), "%s", us_path(fx, geteuid(), ".new"));
	append_enough(fx, id);
	us_fold(fx, FX_NOW, 100, NULL); /* some of it was read */
	assert_int_equal(rename(file, new), 0);
	us_write(fx, "", NULL, 0);
	us_append(fx, &r);
	for (int i = 0; i < 4; i++) {
		us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
		assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), many + 1);
	}
	/* What was begun is ended: the file is put aside, the next one is in use. */
	assert_int_equal(access(new, F_OK), -1);
	assert_int_not_equal(put_aside(fx), 0);
	free(us_read(file, &n));
	assert_int_equal(n, 1);
	us_append(fx, &r);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), many + 2);
}

/* A process may stop between opening its file and writing to it. */
static void
what_is_written_late_to_a_file_put_aside_counts(void **state)
{
	struct fx *fx = *state;
	char id[AK_ID_LEN + 1];
	uint8_t late[AK_USAGE_LEN];
	const int64_t now = time(NULL), many = (1 << 20) / AK_USAGE_LEN + 1;
	struct ak_usage_record r;
	int fd;

	us_key(fx, "alice", id);
	r = us_record(id, AK_VALID, NULL);
	ak_usage_pack(&r, late);
	append_enough(fx, id);
	fd = open(us_path(fx, geteuid(), ""), O_WRONLY | O_APPEND | O_CLOEXEC);
	us_fold(fx, now, AK_FOLD_ALL, NULL);
	assert_int_not_equal(put_aside(fx), 0);
	append_enough(fx, id); /* due again, but the other is not quiet yet */
	us_fold(fx, now, AK_FOLD_ALL, NULL);
	assert_int_equal(write(fd, late, sizeof(late)), (ssize_t)sizeof(late));
	close(fd);
	for (int i = 0; i < 3; i++)
		us_fold(fx, now + 3600 * i, AK_FOLD_ALL, NULL);
	assert_int_equal(us_number(fx, "SELECT uses FROM key_usage"), 2 * many + 1);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM usage_file"), 2);
	us_append(fx, &r); /* to the third */
	us_fold(fx, now + 3600 * 3, AK_FOLD_ALL, NULL);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM usage_file"), 3);
	us_agree(fx);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(records_count_once_while_writers_and_folds_are_killed),
		FX_TEST(records_count_once_while_files_are_put_aside),
		cmocka_unit_test(
		    the_first_folds_of_an_installation_may_be_many_at_once),
		FX_TEST(
		    a_crash_between_the_two_renames_loses_nothing_and_doubles_nothing),
		FX_TEST(what_is_written_late_to_a_file_put_aside_counts),
	};

	return cmocka_run_group_tests_name("usage_once", tests, NULL, NULL);
}
