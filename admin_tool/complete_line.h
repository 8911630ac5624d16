/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMPLETE_LINE_H
#define COMPLETE_LINE_H

#include "command.h"

#define LINE_OPTIONS_MAX 64

/* A command line that is being typed, and what its last word is to become. */
struct line {
	const struct command *command; /* NULL: not named yet */
	const char *family; /* "owner", when its second word is not there yet */
	const struct option_spec *option; /* whose value it is, or NULL */
	size_t argument; /* otherwise: how many arguments stand before it */
	const char *before; /* the last of them, or NULL */
	bool arguments_alone; /* behind -- */
	bool lost; /* what stands before makes no sense */
	const char *dir; /* --dir, or NULL */
	const struct option_spec *given[LINE_OPTIONS_MAX];
	size_t given_count;
	const char *head; /* the last word: "--owner=al" */
	const char *word; /* the part of it that is completed: "al" */
};

/*
 * Read the words behind the tool's name; the last, which may be "", is being typed.
 *
 *   line   out, points into the words
 *   count  1 or more
 */
void line_read(struct line *line, char *const *words, size_t count);

/* The options that may stand here, one after the other; NULL behind the last. */
const struct option_spec *line_option(const struct line *line, size_t at);

/* Whether an option was given and cannot be once more. */
bool line_is_spent(const struct line *line, const struct option_spec *option);

#endif
