/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct cli;

enum option_kind {
	OPTION_FLAG, /* bool */
	OPTION_TEXT, /* const char *, NULL when it is not given */
	OPTION_TEXTS, /* struct texts; may be repeated */
	OPTION_WHEN, /* int64_t, AK_NO_TIME when it is not given */
	OPTION_SINCE, /* the same, of a time that has been */
	OPTION_NUMBER, /* int64_t, 1 or more; 0 when it is not given */
};

/* An option: what it is called, what it takes, where its value goes. */
struct option_spec {
	const char *name;
	char letter; /* or 0 */
	enum option_kind kind;
	size_t at; /* offset in the struct that is filled */
	const char *argument;
	const char *help;
};

#define OPTION_END                                  \
	{                                           \
		NULL, 0, OPTION_FLAG, 0, NULL, NULL \
	}

#define TEXTS_MAX 256

/* The values of an option that may be repeated, in their order. */
struct texts {
	const char *at[TEXTS_MAX];
	size_t count;
};

/* A list of options and the struct that their values go to. */
struct option_set {
	const struct option_spec *specs;
	void *values;
};

/* Set every value to "not given". */
void options_reset(const struct option_set *set, size_t values_size);

/*
 * Read the options of argv[1] and following into two sets. Arguments may stand before,
 * between and behind them, unless `stop_at_word` is set.
 *
 * The index in argv of the first argument, all of which stand last afterwards; -1 when
 * something is off, which has been said.
 */
int options_parse(struct cli *cli, int argc, char **argv,
    const struct option_set sets[2], bool stop_at_word);

#endif
