/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* A work that takes longer than half a round of ours is in every few rounds alone. */
#define SHARE 2

/* What takes longer than this, microseconds, needs no warming up. */
#define LONG 100000

/* A work in the run: in every `every`th round, or never (0). */
struct runner {
	const struct bench_work *work;
	struct bench_times times;
	size_t every;
	char note[100];
};

/* Why a work is not measured here: FOLDER/SERVICE.note. */
static void
read_note(const struct bench *b, struct runner *r)
{
	char path[4096];
	FILE *file;

	strcpy(r->note, "not set up");
	snprintf(path, sizeof(path), "%s/%s.note", b->folder, r->work->service);
	if ((file = fopen(path, "r")) == NULL)
		return;
	if (fgets(r->note, sizeof(r->note), file) != NULL)
		r->note[strcspn(r->note, "\n")] = '\0';
	fclose(file);
}

/* Does it answer as it should, and how long does it take when it is warm? */
static double
try(const struct bench *b, bench_transact *transact, struct runner *r)
{
	char path[4096];
	double us = 0;
	int code;

	snprintf(path, sizeof(path), "%s/%s", b->folder, r->work->service);
	if (access(path, R_OK) != 0) {
		read_note(b, r);
		return 0;
	}
	for (int i = 0; i < 3 && us < LONG; i++) {
		us = transact(b, r->work, &code);
		if (code == r->work->answer)
			continue;
		if (!r->work->may_be_missing)
			bench_die("another answer than expected: ", r->work->service);
		snprintf(r->note, sizeof(r->note), "answers with PAM code %d", code);
		return 0;
	}
	return us;
}

static void
prepare(const struct bench *b, bench_transact *transact, struct runner runners[WORKS])
{
	double us[WORKS], usual = 0;

	for (size_t i = 0; i < WORKS; i++) {
		runners[i].work = &bench_works[i];
		us[i] = try(b, transact, &runners[i]);
		if (!bench_works[i].may_be_missing)
			usual += us[i];
	}
	for (size_t i = 0; i < WORKS; i++)
		if (us[i] > 0)
			runners[i].every = 1 + (bench_works[i].may_be_missing
						       ? (size_t)(us[i] / usual * SHARE)
						       : 0);
}

static void
print(const struct bench *b, struct runner runners[WORKS])
{
	double unit = bench_quantile(&runners[WORK_PERMIT].times, 0.5);
	double unit99 = bench_quantile(&runners[WORK_PERMIT].times, 0.99);

	for (struct runner *r = runners; r < runners + WORKS; r++) {
		double median = bench_quantile(&r->times, 0.5);
		double p99 = bench_quantile(&r->times, 0.99);

		if (r->every == 0)
			printf("%s,%s,1,%s,0,,,,,,,,%s\n", b->set, b->keys,
			    r->work->service, r->note);
		else
			printf("%s,%s,1,%s,%zu,%.1f,%.1f,%.3f,%.3f,,0,0,\n", b->set,
			    b->keys, r->work->service, r->times.count, median, p99,
			    median / unit, p99 / unit99);
		free(r->times.us);
	}
}

void
bench_rounds(
    double seconds, size_t least, size_t count, bench_turn *turn, void *context)
{
	size_t *order = bench_need(calloc(count, sizeof(*order)));
	double end = bench_clock() + seconds * 1e6;

	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t round = 0; round < least || bench_clock() < end; round++) {
		bench_shuffle(order, count);
		for (size_t i = 0; i < count; i++)
			turn(context, order[i], round);
	}
	free(order);
}

/* All works of a run, and how they are done. */
struct run {
	const struct bench *b;
	bench_transact *transact;
	struct runner runners[WORKS];
};

static void
take_turn(void *context, size_t which, size_t round)
{
	struct run *run = context;
	struct runner *r = &run->runners[which];
	double us;
	int code;

	if (r->every == 0 || round % r->every != 0)
		return;
	us = run->transact(run->b, r->work, &code);
	if (code != r->work->answer)
		bench_die("another answer than expected: ", r->work->service);
	bench_add(&r->times, us);
}

/*
 * libpam unloads pam_permit after use, and the next transaction is slower for that: in
 * random order it is not always the same one's.
 */
void
bench_round_robin(const struct bench *b, bench_transact *transact)
{
	struct run run = { .b = b, .transact = transact };

	prepare(b, transact, run.runners);
	bench_rounds(b->seconds, 1, WORKS, take_turn, &run);
	print(b, run.runners);
}
