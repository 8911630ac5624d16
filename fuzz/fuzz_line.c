/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Command lines, a word a line: how they are read, and how a shell's completion reads
 * them while they are typed. What is taken is in its range and points into the words;
 * both readings find the same command, options and arguments.
 */
#include <stdlib.h>
#include <string.h>

#include "../admin_tool/command.h"
#include "../admin_tool/complete_line.h"
#include "fuzz.h"
#include "tool.h"

static const struct option_spec none[] = { OPTION_END };

struct parsed {
	struct cli cli;
	uint8_t values[16384];
};

/* Is it one of the words, or the end of one? */
static bool
is_within(const struct fuzz_lines *words, const char *text)
{
	for (size_t i = 0; i < words->count; i++)
		if (text >= words->at[i] && text <= words->at[i] + strlen(words->at[i]))
			return true;
	return false;
}

static void
check_values(const struct fuzz_lines *words, const struct option_set *set)
{
	for (const struct option_spec *o = set->specs; o->name != NULL; o++) {
		const uint8_t *at = (const uint8_t *)set->values + o->at;
		const struct texts *texts = (const void *)at;
		const char *text;
		int64_t n;

		memcpy(&text, at, sizeof(text));
		memcpy(&n, at, sizeof(n));
		if (o->kind == OPTION_TEXT)
			FUZZ_CHECK(text == NULL || is_within(words, text));
		else if (o->kind == OPTION_WHEN || o->kind == OPTION_SINCE)
			FUZZ_CHECK(ak_time_is_sane(n));
		else if (o->kind == OPTION_NUMBER)
			FUZZ_CHECK(n >= 0);
		else if (o->kind == OPTION_FLAG)
			FUZZ_CHECK(*at <= 1);
		else
			for (size_t i = 0; i < texts->count; i++)
				FUZZ_CHECK(is_within(words, texts->at[i]));
	}
}

/* The words behind a command's name; the index of the first argument, or -1. */
static int
parse(const struct command *c, const struct fuzz_lines *words, int skipped,
    struct parsed *p)
{
	char *argv[FUZZ_LINES_MAX + 1];
	const struct option_set sets[2] = {
		{ c->options != NULL ? c->options : none, p->values },
		{ global_options, &p->cli },
	};
	int argc = (int)words->count - skipped, first;

	FUZZ_CHECK(c->values_size <= sizeof(p->values));
	memset(p, 0, sizeof(*p));
	p->cli.now = FX_NOW;
	options_reset(&sets[0], c->values_size);
	memcpy(argv, words->at + skipped, (size_t)argc * sizeof(*argv));
	argv[argc] = NULL;
	p->cli.command = c;
	first = options_parse(&p->cli, argc, argv, sets, false);
	FUZZ_CHECK(first >= -1 && first <= argc);
	if (first < 0)
		return -1;
	check_values(words, &sets[0]);
	check_values(words, &sets[1]);
	for (int i = first; i < argc; i++)
		FUZZ_CHECK(is_within(words, argv[i]));
	return first;
}

/* getopt_long(3) takes an option's name cut short, which completion does not. */
static bool
is_spelt_out(const struct command *c, const struct fuzz_lines *words)
{
	const struct line line = { .command = c };
	const struct option_spec *o;
	size_t at, len;

	for (size_t i = 0; i < words->count; i++) {
		if (strncmp(words->at[i], "--", 2) != 0 || words->at[i][2] == '\0')
			continue;
		len = strcspn(words->at[i] + 2, "=");
		for (at = 0; (o = line_option(&line, at)) != NULL; at++)
			if (strlen(o->name) == len &&
			    memcmp(o->name, words->at[i] + 2, len) == 0)
				break;
		if (o == NULL)
			return false;
	}
	return true;
}

/* As if one word more was about to be typed behind these. */
static void
check_completion(const struct fuzz_lines *words, const struct command *c, int arguments)
{
	char *more[FUZZ_LINES_MAX + 1], empty[] = "";
	struct line line;

	memcpy(more, words->at, words->count * sizeof(*more));
	more[words->count] = empty;
	line_read(&line, more, words->count + 1);
	FUZZ_CHECK(line.word == empty && line.head == empty);
	if (c == NULL || !is_spelt_out(c, words))
		return;
	FUZZ_CHECK(line.command == c && !line.lost);
	if (arguments >= 0)
		FUZZ_CHECK(line.argument == (size_t)arguments && line.option == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct parsed once, twice;
	const struct fuzz_input in = { data, size };
	const struct command *command;
	struct fuzz_lines words;
	struct line line;
	int first = -1, used = 0;

	tool_get();
	fuzz_lines_take(&in, &words);
	if (words.count > 0 && words.count < FUZZ_LINES_MAX) {
		line_read(&line, words.at, words.count);
		FUZZ_CHECK(
		    is_within(&words, line.word) && is_within(&words, line.head));
		command = command_find(words.at, (int)words.count, &used);
		if (command != NULL) {
			first = parse(command, &words, used - 1, &once);
			FUZZ_CHECK(parse(command, &words, used - 1, &twice) == first);
			FUZZ_CHECK(memcmp(&once, &twice, sizeof(once)) == 0);
		}
		check_completion(&words, command,
		    first < 0 ? -1 : (int)words.count - (used - 1) - first);
	}
	fuzz_lines_free(&words);
	return 0;
}
