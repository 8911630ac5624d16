/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: timing SECONDS STORE FOLDER
 *        timing comparison ROUNDS
 *        timing times STORE <TIMES
 *
 * Does the time of a refusal tell why it was refused (SECURITY R10)? Whole PAM
 * transactions of each kind, in an order that is random in each round, with the tokens
 * that timing.sh has left in FOLDER. Or the comparison of two digests alone, which
 * differ in the first or in the last byte. Or times that are read: lines of a name
 * without spaces and microseconds.
 *
 * Prints a row of CSV for each, whose columns run.sh names; differences and Welch's t
 * (bench.h) are those to the first one. No time is a failure.
 */
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>
#include <sodium.h>

#include "bench.h"
#include "converse.h"
#include "digest.h"

#define TOKENS 512 /* of each kind, as timing.sh makes them */
#define WARM 20 /* rounds, that are not counted */
#define MOST 16 /* things that are compared */

/* As long as BENCH_USER, and nobody's owner. */
#define STRANGER "carol"

/* What is made of a right token, in place. */
typedef void spoil_fn(char *token);

/* One that is refused: the tokens in FOLDER/tokens_KIND, for a user. */
struct refusal {
	const char *name, *kind, *user;
	spoil_fn *spoil;
};

/* Things that are compared, and their times. */
struct figures {
	const char *store;
	size_t count;
	char names[MOST][64];
	struct bench_times times[MOST];
};

struct measurement {
	const char *folder;
	struct figures *figures;
	char tokens[MOST][TOKENS][AK_TOKEN_MAX + 1];
};

/* Another character there, and the checksum that goes with it. */
static void
change_at(char *token, size_t at)
{
	size_t end = strlen(token) - AK_CHECKSUM_LEN;
	char was = token[at];

	while (token[at] == was)
		token[at] = ak_base58[randombytes_uniform(58)];
	ak_token_checksum(token, end, token + end);
}

static void
last_wrong(char *token)
{
	change_at(token, strlen(token) - AK_CHECKSUM_LEN - 1);
}

static void
first_wrong(char *token)
{
	change_at(token, strlen(token) - AK_BODY_LEN + AK_ID_LEN);
}

/* Another id: of 58^8, by chance none that there is. */
static void
unknown_id(char *token)
{
	size_t at = strlen(token) - AK_BODY_LEN;

	for (size_t i = at; i < at + AK_ID_LEN; i++)
		token[i] = ak_base58[randombytes_uniform(58)];
	first_wrong(token);
}

static void
as_it_is(char *token)
{
	(void)token;
}

static void
no_token(char *token)
{
	strcpy(token, BENCH_PASSWORD);
}

/*
 * The first two have the same keys, so that nothing but the secret is another; each
 * other one has its own, since what is met more often is a little faster.
 */
static const struct refusal refusals[] = {
	{ "a wrong secret: its last character", "wrong", BENCH_USER, last_wrong },
	{ "a wrong secret: its first character", "wrong", BENCH_USER, first_wrong },
	{ "the same of a key changed lately", "changed", BENCH_USER, first_wrong },
	{ "an unknown id", "unknown", BENCH_USER, unknown_id },
	{ "a revoked key", "revoked", BENCH_USER, as_it_is },
	{ "a disabled key", "disabled", BENCH_USER, as_it_is },
	{ "an expired key", "expired", BENCH_USER, as_it_is },
	{ "a key for another service", "restricted", BENCH_USER, as_it_is },
	{ "a right token and another user", "stranger", STRANGER, as_it_is },
	{ "no token: a password", "password", BENCH_USER, no_token },
};
#define REFUSALS (sizeof(refusals) / sizeof(refusals[0]))
_Static_assert(REFUSALS <= MOST, "there is room for them");

static void
read_tokens(
    const char *folder, const struct refusal *r, char tokens[TOKENS][AK_TOKEN_MAX + 1])
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tokens_%s", folder, r->kind);
	if ((file = fopen(path, "r")) == NULL)
		bench_die("cannot read ", path);
	for (size_t i = 0; i < TOKENS; i++) {
		if (fscanf(file, "%48s", tokens[i]) != 1)
			bench_die("too few tokens in ", path);
		r->spoil(tokens[i]);
	}
	fclose(file);
}

/* A refusal, with one of its tokens. */
static void
refuse(void *context, size_t which, size_t round)
{
	struct measurement *m = context;
	char *token = m->tokens[which][randombytes_uniform(TOKENS)];
	double from = bench_clock(), us;
	int code = converse_transact(m->folder, "valid", refusals[which].user, token);

	us = bench_clock() - from;
	if (code != PAM_AUTH_ERR)
		bench_die("another answer than expected: ", refusals[which].name);
	if (round >= WARM)
		bench_add(&m->figures->times[which], us);
}

static void
measure_refusals(
    double seconds, const char *store, const char *folder, struct figures *f)
{
	struct measurement *m = bench_need(calloc(1, sizeof(*m)));

	f->store = store;
	m->folder = folder;
	m->figures = f;
	f->count = REFUSALS;
	for (size_t i = 0; i < REFUSALS; i++) {
		snprintf(f->names[i], sizeof(f->names[i]), "%s", refusals[i].name);
		read_tokens(folder, &refusals[i], m->tokens[i]);
	}
	bench_rounds(seconds, WARM + 2, REFUSALS, refuse, m);
	free(m);
}

/* Two digests that differ in this byte. */
static void
compare(void *context, size_t which, size_t round)
{
	static const size_t at[] = { AK_DIGEST_LEN - 1, 0 };
	uint8_t digest[AK_DIGEST_LEN] = { 0 }, other[AK_DIGEST_LEN] = { 0 };
	struct figures *f = context;
	double from, us;
	bool same;

	other[at[which]] = 1;
	from = bench_clock();
	same = ak_digest_same(digest, other);
	us = bench_clock() - from;
	if (same)
		bench_die("digests that differ are the same", "");
	if (round >= WARM)
		bench_add(&f->times[which], us);
}

static void
measure_comparison(size_t rounds, struct figures *f)
{
	f->store = "the comparison of two digests alone";
	f->count = 2;
	strcpy(f->names[0], "they differ in the last byte");
	strcpy(f->names[1], "they differ in the first byte");
	bench_rounds(0, WARM + rounds, f->count, compare, f);
}

/* Where this name is, which may be new. */
static size_t
place_of(struct figures *f, const char *name)
{
	size_t i = 0;

	while (i < f->count && strcmp(f->names[i], name) != 0)
		i++;
	if (i == MOST)
		bench_die("too many names: ", name);
	if (i == f->count)
		snprintf(f->names[f->count++], sizeof(f->names[0]), "%s", name);
	return i;
}

static void
read_times(const char *store, struct figures *f)
{
	char name[sizeof(f->names[0])];
	double us;

	f->store = store;
	while (scanf("%63s %lf", name, &us) == 2)
		bench_add(&f->times[place_of(f, name)], us);
}

static void
print(struct figures *f)
{
	double median, first = bench_quantile(&f->times[0], 0.5);

	for (size_t i = 0; i < f->count; i++) {
		struct bench_times *t = &f->times[i];

		median = bench_quantile(t, 0.5);
		printf("timing,%s,%s,%zu,%.3f,%.3f,%.3f,%.3f,%.2f\n", f->store,
		    f->names[i], t->count, bench_quantile(t, 0.1), median,
		    bench_quantile(t, 0.9), median - first,
		    bench_welch(t, &f->times[0]));
	}
	for (size_t i = 0; i < f->count; i++)
		free(f->times[i].us);
}

int
main(int argc, char **argv)
{
	struct figures f = { .count = 0 };

	if (sodium_init() < 0)
		bench_die("no random numbers", "");
	if (argc == 3 && strcmp(argv[1], "times") == 0)
		read_times(argv[2], &f);
	else if (argc == 3 && strcmp(argv[1], "comparison") == 0)
		measure_comparison(strtoul(argv[2], NULL, 10), &f);
	else if (argc == 4)
		measure_refusals(strtod(argv[1], NULL), argv[2], argv[3], &f);
	else {
		fprintf(stderr, "usage: timing SECONDS STORE FOLDER\n"
				"       timing comparison ROUNDS\n"
				"       timing times STORE <TIMES\n");
		return 2;
	}
	print(&f);
	return 0;
}
