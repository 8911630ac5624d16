/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "complete_line.h"

const struct option_spec *
line_option(const struct line *line, size_t at)
{
	const struct option_spec *const sets[] = {
		line->command != NULL ? line->command->options : NULL, global_options
	};

	for (size_t i = 0; i < 2; i++)
		for (const struct option_spec *o = sets[i];
		     o != NULL && o->name != NULL; o++)
			if (at-- == 0)
				return o;
	return NULL;
}

bool
line_is_spent(const struct line *line, const struct option_spec *option)
{
	for (size_t i = 0; i < line->given_count; i++)
		if (line->given[i] == option)
			return option->kind != OPTION_TEXTS;
	return false;
}

/* The option of a long name, `len` bytes, or of a letter. */
static const struct option_spec *
find(const struct line *line, const char *name, size_t len, char letter)
{
	const struct option_spec *o;

	for (size_t i = 0; (o = line_option(line, i)) != NULL; i++)
		if (name == NULL
			? o->letter == letter
			: strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static void
set_value(struct line *line, const struct option_spec *option, const char *value)
{
	if (strcmp(option->name, "dir") == 0)
		line->dir = value;
}

/* An option with its value, or whose value is the next word. */
static void
give_option(struct line *line, const struct option_spec *option, const char *value)
{
	if (option == NULL)
		return;
	if (line->given_count < LINE_OPTIONS_MAX)
		line->given[line->given_count++] = option;
	if (option->argument != NULL && value == NULL)
		line->option = option;
	else if (option->argument != NULL)
		set_value(line, option, value);
}

/* "-qd": several letters, the last of which may take a value, "-dTEXT". */
static void
pass_letters(struct line *line, const char *letters)
{
	const struct option_spec *option;

	for (; *letters != '\0'; letters++) {
		option = find(line, NULL, 0, *letters);
		give_option(line, option, letters[1] != '\0' ? letters + 1 : NULL);
		if (option != NULL && option->argument != NULL)
			return;
	}
}

static void
pass_long(struct line *line, const char *name)
{
	size_t len = strcspn(name, "=");

	give_option(
	    line, find(line, name, len, 0), name[len] == '=' ? name + len + 1 : NULL);
}

static void
pass_argument(struct line *line, char *word)
{
	char *words[2] = { (char *)(uintptr_t)line->family, word };
	bool second = line->family != NULL;
	int used;

	if (line->command != NULL) {
		line->argument++;
		line->before = word;
		return;
	}
	line->command = command_find(second ? words : &word, second ? 2 : 1, &used);
	line->arguments_alone = false; /* -- was for what stands before the command */
	if (line->command != NULL)
		return;
	line->lost = second || !command_is_family(word);
	line->family = word;
}

static void
pass(struct line *line, char *word)
{
	if (line->option != NULL) {
		set_value(line, line->option, word);
		line->option = NULL;
	} else if (line->arguments_alone || word[0] != '-' || word[1] == '\0')
		pass_argument(line, word);
	else if (strcmp(word, "--") == 0)
		line->arguments_alone = true;
	else if (word[1] == '-')
		pass_long(line, word + 2);
	else
		pass_letters(line, word + 1);
}

void
line_read(struct line *line, char *const *words, size_t count)
{
	const char *word = words[count - 1], *value;

	*line = (struct line){ .head = word, .word = word };
	for (size_t i = 0; i + 1 < count; i++)
		pass(line, words[i]);
	if (line->option != NULL || line->arguments_alone ||
	    strncmp(word, "--", 2) != 0 || (value = strchr(word, '=')) == NULL)
		return;
	line->option = find(line, word + 2, (size_t)(value - word) - 2, 0);
	line->lost |= line->option == NULL || line->option->argument == NULL;
	line->word = value + 1;
}
