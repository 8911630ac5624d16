/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "command.h"
#include "text.h"

#define TYPED_MAX 128

/* Whether `name` begins with `word` as a whole word, and what follows it. */
static const char *
behind_word(const char *name, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(name, word, len) != 0 || (name[len] != '\0' && name[len] != ' '))
		return NULL;
	return name + len;
}

const struct command *
command_find(char *const *words, int count, int *used)
{
	const char *rest;

	for (const struct command *const *c = commands; *c != NULL && count > 0; c++) {
		if ((rest = behind_word((*c)->name, words[0])) == NULL)
			continue;
		*used = *rest == '\0' ? 1 : 2;
		if (*rest == '\0' || (count > 1 && strcmp(rest + 1, words[1]) == 0))
			return *c;
	}
	return NULL;
}

const struct command *
command_named(const char *name)
{
	for (const struct command *const *c = commands; *c != NULL; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

bool
command_is_family(const char *word)
{
	const char *rest;

	for (const struct command *const *c = commands; *c != NULL; c++)
		if ((rest = behind_word((*c)->name, word)) != NULL && *rest == ' ')
			return true;
	return false;
}

/* All commands, each group below its heading. */
static void
print_all(FILE *to)
{
	const char *group = NULL;

	for (const struct command *const *c = commands; *c != NULL; c++) {
		if (group == NULL || strcmp((*c)->group, group) != 0)
			fprintf(to, "%s%s:\n", group != NULL ? "\n" : "", (*c)->group);
		group = (*c)->group;
		fprintf(to, "  %-18s%s\n", (*c)->name, (*c)->summary);
	}
}

void
command_print(FILE *to, const char *family)
{
	if (family == NULL)
		print_all(to);
	for (const struct command *const *c = commands; *c != NULL; c++)
		if (family != NULL && behind_word((*c)->name, family) != NULL)
			fprintf(to, "  authkey %s %-*s%s\n", (*c)->name,
			    (int)(22 - strlen((*c)->name)), (*c)->arguments,
			    (*c)->summary);
}

/* The command that is nearest to what was typed, or NULL when none is near. */
static const char *
nearest_to(const char *typed)
{
	const char *nearest = NULL;
	size_t least = strlen(typed) > 4 ? 3 : 2, d;

	for (const struct command *const *c = commands; *c != NULL; c++)
		if ((d = text_distance(typed, (*c)->name)) < least ||
		    (d == least && nearest == NULL)) {
			least = d;
			nearest = (*c)->name;
		}
	return nearest;
}

enum cli_exit
command_unknown(struct cli *cli, const char *first, const char *second)
{
	char typed[TYPED_MAX];
	const char *near;

	snprintf(typed, sizeof(typed), "%s%s%s", first, second != NULL ? " " : "",
	    second != NULL ? second : "");
	/* What is nobody's word may be a secret. */
	if (strlen(first) + (second != NULL ? strlen(second) : 0) + 1 >= TYPED_MAX)
		return cli_usage(cli, "there is no such command");
	if ((near = nearest_to(typed)) != NULL)
		return cli_usage(
		    cli, "there is no command %s; did you mean %s?", typed, near);
	return cli_usage(cli, "there is no command %s", typed);
}
