/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "options.h"
#include "text.h"

#define OPTIONS_MAX 48
#define FIRST_VALUE 256 /* getopt's val of the first option; below are letters */

/* What getopt_long(3) needs, made from the tables. */
struct parser {
	struct option longs[OPTIONS_MAX + 1];
	char letters[2 * OPTIONS_MAX + 3];
	const struct option_spec *specs[OPTIONS_MAX];
	void *values[OPTIONS_MAX];
	bool seen[OPTIONS_MAX];
	size_t count;
};

static void *
place(void *values, const struct option_spec *spec)
{
	return (char *)values + spec->at;
}

void
options_reset(const struct option_set *set, size_t values_size)
{
	int64_t none = AK_NO_TIME;

	if (values_size > 0)
		memset(set->values, 0, values_size);
	for (const struct option_spec *o = set->specs; o->name != NULL; o++)
		if (o->kind == OPTION_WHEN || o->kind == OPTION_SINCE)
			memcpy(place(set->values, o), &none, sizeof(none));
}

static void
add(struct parser *p, const struct option_set *set)
{
	char *letters = p->letters + strlen(p->letters);

	for (const struct option_spec *o = set->specs;
	     o->name != NULL && p->count < OPTIONS_MAX; o++, p->count++) {
		p->specs[p->count] = o;
		p->values[p->count] = set->values;
		p->longs[p->count] = (struct option){ .name = o->name,
			.has_arg =
			    o->argument != NULL ? required_argument : no_argument,
			.val = FIRST_VALUE + (int)p->count };
		if (o->letter == 0)
			continue;
		*letters++ = o->letter;
		if (o->argument != NULL)
			*letters++ = ':';
		*letters = '\0';
	}
}

/* Which option getopt means by `val`: a letter, or the number of a long name. */
static size_t
index_of(const struct parser *p, int val)
{
	size_t i = 0;

	if (val >= FIRST_VALUE)
		return (size_t)(val - FIRST_VALUE);
	while (i < p->count && p->specs[i]->letter != val)
		i++;
	return i;
}

/* Words of a line are said for the same: the first that is an option is meant. */
static const char *const synonyms[] = {
	"owner user",
	"user owner",
	"from ip address network cidr",
	"expires expiry ttl until",
	"description comment note",
	"tag label",
	"yes force",
	"dir store root",
};

/* The option that another word for it was typed for, or NULL. */
static const char *
synonym_of(const struct parser *p, const char *typed)
{
	const char *at, *word;
	size_t len;

	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		at = synonyms[i];
		while (ak_words_have(synonyms[i], typed) &&
		       (word = ak_words_next(&at, &len)) != NULL)
			for (size_t o = 0; o < p->count; o++)
				if (strlen(p->specs[o]->name) == len &&
				    memcmp(p->specs[o]->name, word, len) == 0)
					return p->specs[o]->name;
	}
	return NULL;
}

/* The option that was nearly typed, or NULL. */
static const char *
nearest_to(const struct parser *p, const char *typed)
{
	const char *nearest = NULL;
	size_t least = text_near_limit(typed);

	for (size_t i = 0; i < p->count; i++)
		if (text_is_nearer(typed, p->specs[i]->name, &least))
			nearest = p->specs[i]->name;
	return nearest;
}

/* "there is no option --lable; did you mean --label?" */
static void
unknown_option(const struct cli *cli, const struct parser *p, const char *word)
{
	char typed[TEXT_DISTANCE_MAX];
	const char *near = NULL;
	int len = (int)strcspn(word, "=");

	if (strncmp(word, "--", 2) == 0 && len < TEXT_DISTANCE_MAX) {
		snprintf(typed, sizeof(typed), "%.*s", len - 2, word + 2);
		if ((near = synonym_of(p, typed)) == NULL)
			near = nearest_to(p, typed);
	}
	if (near != NULL)
		cli_usage(cli, "there is no option %.*s; did you mean --%s?", len, word,
		    near);
	else
		cli_usage(cli, "there is no option %.*s", len, word);
}

/* Say what getopt did not understand. A value is never repeated: it may be a secret. */
static void
complain(const struct cli *cli, const struct parser *p, int answer, const char *word)
{
	size_t i = optopt != 0 ? index_of(p, optopt) : p->count;

	if (i < p->count && answer == ':')
		cli_usage(
		    cli, "--%s needs its %s", p->specs[i]->name, p->specs[i]->argument);
	else if (i < p->count)
		cli_usage(cli, "--%s takes no value", p->specs[i]->name);
	else if (optopt != 0)
		cli_usage(cli, "there is no option -%c", optopt);
	else
		unknown_option(cli, p, word);
}

static const char *
take_number(const char *text, int64_t *number)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n < 1)
		return "needs a number from 1 on";
	*number = n;
	return NULL;
}

/* Put a value in its place; NULL, or why it cannot be. */
static const char *
take(const struct cli *cli, const struct option_spec *o, void *to)
{
	struct texts *texts = to;

	switch (o->kind) {
	case OPTION_FLAG:
		*(bool *)to = true;
		return NULL;
	case OPTION_TEXT:
		*(const char **)to = optarg;
		return NULL;
	case OPTION_TEXTS:
		if (texts->count == TEXTS_MAX)
			return "is given too often";
		texts->at[texts->count++] = optarg;
		return NULL;
	case OPTION_WHEN:
		return ak_when_why_not(optarg, cli->now, to);
	case OPTION_SINCE:
		return ak_since_why_not(optarg, cli->now, to);
	case OPTION_NUMBER:
		return take_number(optarg, to);
	}
	return "cannot be";
}

static bool
accept(const struct cli *cli, struct parser *p, size_t i)
{
	const struct option_spec *o = p->specs[i];
	const char *why;

	if (p->seen[i] && o->kind != OPTION_TEXTS && o->kind != OPTION_FLAG) {
		cli_usage(cli, "--%s is given twice", o->name);
		return false;
	}
	p->seen[i] = true;
	if ((why = take(cli, o, place(p->values[i], o))) != NULL) {
		cli_usage(cli, "--%s: %s", o->name, why);
		return false;
	}
	return true;
}

int
options_parse(struct cli *cli, int argc, char **argv, const struct option_set sets[2],
    bool stop_at_word)
{
	struct parser p = { .count = 0 };
	int answer;

	snprintf(p.letters, sizeof(p.letters), "%s", stop_at_word ? "+:" : ":");
	add(&p, &sets[0]);
	add(&p, &sets[1]);
	opterr = 0;
	optind = 0; /* starts anew, getopt_long(3) */
	for (;;) {
		optopt = 0;
		if ((answer = getopt_long(argc, argv, p.letters, p.longs, NULL)) == -1)
			return optind;
		if (answer == '?' || answer == ':') {
			complain(cli, &p, answer, argv[optind - 1]);
			return -1;
		}
		if (!accept(cli, &p, index_of(&p, answer)))
			return -1;
	}
}
