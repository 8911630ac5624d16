/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "token.h"

#define BENCH_PASSWORD "correct horse battery staple"
#define BENCH_USER "alice"
#define BENCH_RHOST "192.0.2.7"

/* Of many keys so many are used, at random: each 48 bytes of this process. */
#define BENCH_SAMPLE 65536

enum bench_credential { A_KEY, A_DISABLED_KEY, A_PASSWORD };

/*
 * What is measured: each is a PAM service of its own, the file FOLDER/SERVICE. Where
 * there is no such file, FOLDER/SERVICE.note says why.
 */
struct bench_work {
	const char *service;
	enum bench_credential credential;
	int answer;
	bool may_be_missing;
};
enum { WORK_PERMIT, WORK_VALID, WORK_DISABLED };
#define WORKS 9
extern const struct bench_work bench_works[WORKS];

struct bench {
	const char *folder; /* that keys and peers.sh have filled */
	const char *set; /* the name of what is measured, for the CSV */
	const char *keys; /* how many there are, likewise */
	const char *login; /* the program of a fresh process */
	double seconds; /* to measure */
	char (*tokens)[AK_TOKEN_MAX + 1];
	size_t token_count;
	char *toggled, *disabled; /* of `tokens`, behind the others */
};

/* Times of one work, microseconds. */
struct bench_times {
	double *us;
	size_t count, room;
};

/* One transaction, however it is made: microseconds, and the code that PAM gave. */
typedef double bench_transact(
    const struct bench *b, const struct bench_work *work, int *code);

_Noreturn void bench_die(const char *what, const char *which);
void *bench_need(void *memory); /* not NULL, or the end */
double bench_clock(void); /* microseconds */

/* Read FOLDER/tokens, which `keys` has left. */
void bench_tokens(struct bench *b);
const char *bench_credential(const struct bench *b, const struct bench_work *work);

/* In this process; in one that is started for it. */
bench_transact bench_here;
bench_transact bench_fresh;

/* A random order of 0..count-1, in which each comes after each other one as often. */
void bench_shuffle(size_t *order, size_t count);

/*
 * All of 0..count-1, one after the other in each round, so that all meet the same
 * weather, until `seconds` have passed and at least so many rounds. Each round has an
 * order of its own, so that none has always the same one before it.
 */
typedef void bench_turn(void *context, size_t which, size_t round);
void bench_rounds(
    double seconds, size_t least, size_t count, bench_turn *turn, void *context);

/* Measure all works round-robin; print a row of CSV for each. */
void bench_round_robin(const struct bench *b, bench_transact *transact);

/* The same in many processes at once, `toggle`: while keys are toggled without pause.
 */
void bench_together(const struct bench *b, unsigned processes, bool toggle);

void bench_add(struct bench_times *times, double us);
void bench_sort(struct bench_times *times);
/* Sorts. */
double bench_quantile(struct bench_times *times, double part);

/*
 * Do the times of two things differ? Welch's t of them: the distance of their means in
 * standard errors, positive where `a` takes longer. Times have a long tail that hides
 * what is small, so it is taken of all times and, where 10,000 or more of each are
 * left, of those below each of 100 limits, the quantiles 1 - 0.5^(i/10) of both
 * together; the t that is furthest from 0 is told. Both are sorted. Beyond 5 or so they
 * differ, be it by little; it does not say by how much.
 *
 * Source: B. L. Welch, The Generalization of "Student's" Problem..., Biometrika 34,
 * 1947; the limits and the largest t: O. Reparaz, J. Balasch, I. Verbauwhede, Dude, is
 * my code constant time?, DATE 2017, eprint.iacr.org/2016/1123, as its program dudect
 * has them.
 */
double bench_welch(struct bench_times *a, struct bench_times *b);

#endif
