/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
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

/* Whether `text` begins with the words of a name, whatever follows them. */
static bool
begins_with(const char *text, const char *name)
{
	size_t len = strlen(name);

	return strncmp(text, name, len) == 0 && !isalpha((unsigned char)text[len]) &&
	       text[len] != '-';
}

bool
command_begins(const char *text)
{
	for (const struct command *const *c = commands; *c != NULL; c++)
		if (strcmp((*c)->group, GROUP_HELP) != 0 &&
		    begins_with(text, (*c)->name))
			return true;
	return false;
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
	size_t least = text_near_limit(typed);

	for (const struct command *const *c = commands; *c != NULL; c++)
		if (text_is_nearer(typed, (*c)->name, &least))
			nearest = (*c)->name;
	return nearest;
}

/*
 * Words of a line are said for the same. Of those that are commands, alone or behind
 * the same first word, the first is meant; of two lines with a word, the upper one.
 */
static const char *const synonyms[] = {
	"edit set update modify change alter rename",
	"create init add set new generate gen make mint issue",
	"disable suspend off deactivate lock block",
	"revoke remove off delete del rm erase destroy drop suspend",
	"enable resume init on activate unlock unblock",
	"doctor status health",
	"list ls dir all keys",
	"show status get info view cat display describe",
	"rotate renew regenerate refresh replace reissue roll",
	"verify validate check test try",
	"reveal copy unseal",
	"stats statistics usage",
	"log history events",
	"init setup install",
	"publish sync flush",
};

/* The command that another word for it was typed for, or NULL. */
static const char *
synonym_of(const char *first, const char *second)
{
	const char *typed = second != NULL ? second : first, *at, *word;
	char name[TYPED_MAX];
	const struct command *meant;
	size_t len;

	for (size_t i = 0; i < sizeof(synonyms) / sizeof(synonyms[0]); i++) {
		at = synonyms[i];
		while (ak_words_have(synonyms[i], typed) &&
		       (word = ak_words_next(&at, &len)) != NULL) {
			snprintf(name, sizeof(name), "%s%s%.*s",
			    second != NULL ? first : "", second != NULL ? " " : "",
			    (int)len, word);
			if ((meant = command_named(name)) != NULL)
				return meant->name;
		}
	}
	return NULL;
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
	if ((near = synonym_of(first, second)) == NULL)
		near = nearest_to(typed);
	if (near != NULL)
		return cli_usage(
		    cli, "there is no command %s; did you mean %s?", typed, near);
	return cli_usage(cli, "there is no command %s", typed);
}
