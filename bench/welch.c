/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Limits below which times are looked at, too; fewer times than that say nothing. */
#define CROPS 100
#define ENOUGH 10000

/* The first `count` of sorted times, their mean, and their squared distances from it.
 */
struct part {
	const struct bench_times *times;
	size_t count;
	double mean, squares;
};

/* Take the times below a limit in, too. Welford's way, which loses no digits. */
static void
take_below(struct part *p, double limit)
{
	double time, away;

	while (p->count < p->times->count && (time = p->times->us[p->count]) < limit) {
		away = time - p->mean;
		p->mean += away / (double)++p->count;
		p->squares += away * (time - p->mean);
	}
}

/* The square of the standard error of the mean. */
static double
error_of(const struct part *p)
{
	return p->squares / (double)(p->count - 1) / (double)p->count;
}

/* Welch's t of the times below a limit, if it is further from 0 than `most`. */
static double
larger_t(struct part *a, struct part *b, double limit, size_t least, double most)
{
	double error, t = 0;

	take_below(a, limit);
	take_below(b, limit);
	if (a->count < least || b->count < least)
		return most;
	error = sqrt(error_of(a) + error_of(b));
	if (error > 0)
		t = (a->mean - b->mean) / error;
	return fabs(t) > fabs(most) ? t : most;
}

static void
add_all(struct bench_times *to, const struct bench_times *from)
{
	for (size_t i = 0; i < from->count; i++)
		bench_add(to, from->us[i]);
}

double
bench_welch(struct bench_times *a, struct bench_times *b)
{
	struct part of_a = { .times = a }, of_b = { .times = b };
	struct bench_times both = { 0 };
	double most = 0;
	size_t at;

	add_all(&both, a);
	add_all(&both, b);
	bench_sort(a);
	bench_sort(b);
	bench_sort(&both);
	for (int i = 1; i <= CROPS && both.count > 0; i++) {
		at = (size_t)((1 - pow(0.5, 10.0 * i / CROPS)) * (double)both.count);
		most = larger_t(&of_a, &of_b, both.us[at], ENOUGH, most);
	}
	free(both.us);
	return larger_t(&of_a, &of_b, INFINITY, 2, most);
}
