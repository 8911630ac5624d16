/* SPDX-License-Identifier: BSD-2-Clause */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "bench.h"
#include "converse.h"
#include "master.h"
#include "record.h"

/* Of each process so many times are kept of each work. */
#define KEPT 20000

/* Last comes a key that may be toggled. */
#define TOGETHER 4
enum { TOGGLED = TOGETHER - 1 };
static const size_t works[TOGETHER] = { WORK_PERMIT, WORK_VALID, WORK_DISABLED,
	WORK_VALID };
static const char *const names[TOGETHER] = { "permit", "valid", "disabled", "toggled" };

struct tally {
	size_t count, wrong, unavailable;
	double us[KEPT];
};

/*
 * What all processes see. `change` is odd from before a toggle begins until after it is
 * done: whoever sees the same even number before and after a login knows its answer.
 */
struct shared {
	atomic_uint change;
	atomic_bool is_open, stop;
	struct tally tallies[][TOGETHER];
};

static void
count(struct tally *t, double us, int code, bool right)
{
	if (t->count < KEPT)
		t->us[t->count] = us;
	t->count++;
	if (code == PAM_AUTHINFO_UNAVAIL)
		t->unavailable++;
	else if (!right)
		t->wrong++;
}

/* A login with the key that is toggled: right or wrong, or during the change either. */
static double
try_toggled(const struct bench *b, struct shared *s, int *code, bool *right)
{
	unsigned before = atomic_load(&s->change);
	bool is_open = atomic_load(&s->is_open);
	double from = bench_clock(), us;

	*code = converse_transact(b->folder, "valid", BENCH_USER, b->toggled);
	us = bench_clock() - from;
	if (before % 2 == 0 && before == atomic_load(&s->change))
		*right = *code == (is_open ? PAM_SUCCESS : PAM_AUTH_ERR);
	else
		*right = *code == PAM_SUCCESS || *code == PAM_AUTH_ERR ||
			 *code == PAM_PERM_DENIED;
	return us;
}

static void
log_in(const struct bench *b, struct shared *s, struct tally tallies[TOGETHER])
{
	size_t order[TOGETHER] = { 0, 1, 2, 3 };
	bool right;
	double us;
	int code;

	while (!atomic_load(&s->stop)) {
		bench_shuffle(order, TOGETHER);
		for (size_t i = 0; i < TOGETHER; i++) {
			const struct bench_work *w = &bench_works[works[order[i]]];

			if (order[i] == TOGGLED)
				us = try_toggled(b, s, &code, &right);
			else {
				us = bench_here(b, w, &code);
				right = code == w->answer;
			}
			count(&tallies[order[i]], us, code, right);
		}
	}
}

static void
toggle_once(struct ak_master *master, const char *id, bool open)
{
	struct ak_record record;
	struct ak_error error;
	bool found;

	if (ak_master_begin(master, &error) != AK_OK ||
	    ak_record_by_id(master, id, &record, &found, &error) != AK_OK || !found)
		bench_die("cannot find the key that is toggled: ", error.text);
	record.key.state = open ? AK_ENABLED : AK_SWITCHED_OFF;
	if (ak_record_update(master, &record, &error) != AK_OK ||
	    ak_master_commit(master, time(NULL), &error) != AK_OK)
		bench_die(error.text, "");
}

/* Disable and enable it until all is over; in the end it is enabled. */
static void
keep_toggling(const struct bench *b, struct shared *s)
{
	struct ak_master *master;
	struct ak_token token;
	struct ak_error error;
	char root[3000];
	bool open = true;

	snprintf(root, sizeof(root), "%s/authkey", b->folder);
	ak_token_parse(b->toggled, strlen(b->toggled), &token);
	if (ak_master_open(root, &master, &error) != AK_OK)
		bench_die(error.text, "");
	while (!open || !atomic_load(&s->stop)) {
		open = !open;
		atomic_fetch_add(&s->change, 1);
		toggle_once(master, token.id, open);
		atomic_store(&s->is_open, open);
		atomic_fetch_add(&s->change, 1);
	}
	ak_master_close(&master);
}

/* A child that does not outlive this process. */
static bool
is_child(pid_t *pid)
{
	if ((*pid = fork()) < 0)
		bench_die("cannot fork", "");
	if (*pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return *pid == 0;
}

static void
print(const struct bench *b, struct shared *s, unsigned processes)
{
	double median, p99, unit = 1, unit99 = 1;

	for (size_t w = 0; w < TOGETHER; w++) {
		struct bench_times all = { 0 };
		size_t count = 0, wrong = 0, unavailable = 0;

		for (unsigned p = 0; p < processes; p++) {
			const struct tally *t = &s->tallies[p][w];

			for (size_t i = 0; i < t->count && i < KEPT; i++)
				bench_add(&all, t->us[i]);
			count += t->count;
			wrong += t->wrong;
			unavailable += t->unavailable;
		}
		median = bench_quantile(&all, 0.5);
		p99 = bench_quantile(&all, 0.99);
		if (w == 0 && count > 0) {
			unit = median;
			unit99 = p99;
		}
		printf("%s,%s,%u,%s,%zu,%.1f,%.1f,%.3f,%.3f,,%zu,%zu,%u toggles\n",
		    b->set, b->keys, processes, names[w], count, median, p99,
		    median / unit, p99 / unit99, wrong, unavailable,
		    atomic_load(&s->change) / 2);
		free(all.us);
	}
}

void
bench_together(const struct bench *b, unsigned processes, bool toggle)
{
	size_t size =
	    sizeof(struct shared) + processes * sizeof(struct tally[TOGETHER]);
	struct shared *s =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned children = processes + (toggle ? 1 : 0);
	int status, failed = 0;
	pid_t pid;

	if (s == MAP_FAILED)
		bench_die("out of memory", "");
	s->is_open = true;
	fflush(stdout);
	for (unsigned p = 0; p < children; p++)
		if (is_child(&pid)) {
			if (p == processes)
				keep_toggling(b, s);
			else
				log_in(b, s, s->tallies[p]);
			_exit(0);
		}
	usleep((useconds_t)(b->seconds * 1e6));
	atomic_store(&s->stop, true);
	while (wait(&status) > 0)
		failed += status != 0;
	if (failed > 0)
		bench_die("a process failed", "");
	print(b, s, processes);
	munmap(s, size);
}
