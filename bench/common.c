/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <security/pam_appl.h>
#include <sodium.h>

#include "bench.h"

const struct bench_work bench_works[WORKS] = {
	[WORK_PERMIT] = { "permit", A_PASSWORD, PAM_SUCCESS, false },
	[WORK_VALID] = { "valid", A_KEY, PAM_SUCCESS, false },
	[WORK_DISABLED] = { "disabled", A_DISABLED_KEY, PAM_AUTH_ERR, false },
	{ "passed", A_PASSWORD, PAM_AUTH_ERR, false },
	{ "unrecorded", A_KEY, PAM_SUCCESS, false },
	{ "userdb", A_PASSWORD, PAM_SUCCESS, true },
	{ "pwdfile", A_PASSWORD, PAM_SUCCESS, true },
	{ "mysql", A_PASSWORD, PAM_SUCCESS, true },
	{ "unix", A_PASSWORD, PAM_SUCCESS, true },
};

void
bench_die(const char *what, const char *which)
{
	fprintf(stderr, "bench: %s%s\n", what, which);
	exit(1);
}

void *
bench_need(void *memory)
{
	if (memory == NULL)
		bench_die("out of memory", "");
	return memory;
}

double
bench_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

void
bench_tokens(struct bench *b)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tokens", b->folder);
	if ((file = fopen(path, "r")) == NULL)
		bench_die("cannot read ", path);
	b->tokens = bench_need(calloc(BENCH_SAMPLE + 2, sizeof(*b->tokens)));
	while (b->token_count < BENCH_SAMPLE + 2 &&
	       fscanf(file, "%48s", b->tokens[b->token_count]) == 1)
		b->token_count++;
	fclose(file);
	if (b->token_count < 3)
		bench_die("too few tokens in ", path);
	b->disabled = b->tokens[--b->token_count];
	b->toggled = b->tokens[--b->token_count];
}

const char *
bench_credential(const struct bench *b, const struct bench_work *work)
{
	switch (work->credential) {
	case A_KEY:
		return b->tokens[randombytes_uniform((uint32_t)b->token_count)];
	case A_DISABLED_KEY:
		return b->disabled;
	case A_PASSWORD:
		break;
	}
	return BENCH_PASSWORD;
}

void
bench_shuffle(size_t *order, size_t count)
{
	size_t other, kept;

	for (size_t i = count; i > 1; i--) {
		other = randombytes_uniform((uint32_t)i);
		kept = order[i - 1];
		order[i - 1] = order[other];
		order[other] = kept;
	}
}

void
bench_add(struct bench_times *t, double us)
{
	if (t->count == t->room) {
		t->room = t->room == 0 ? 1024 : 2 * t->room;
		t->us = bench_need(realloc(t->us, t->room * sizeof(*t->us)));
	}
	t->us[t->count++] = us;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
bench_sort(struct bench_times *t)
{
	if (t->count > 0)
		qsort(t->us, t->count, sizeof(*t->us), compare);
}

double
bench_quantile(struct bench_times *t, double part)
{
	size_t at = (size_t)((double)t->count * part);

	if (t->count == 0)
		return 0;
	bench_sort(t);
	return t->us[at < t->count ? at : t->count - 1];
}
