/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "candidates.h"
#include "complete.h"
#include "complete_line.h"
#include "config_setting.h"
#include "text.h"
#include "verifier_file.h"

#define ABOUT_MAX 512
#define PLACEHOLDER_MAX 64

enum { WORD, ABOUT, FIELDS };
static const struct out_field fields[FIELDS] = {
	[WORD] = { "word", "WORD", OUT_TEXT, NULL },
	[ABOUT] = { "about", "ABOUT", OUT_TEXT, NULL },
};
const struct out_shape candidates_shape = { fields, FIELDS, true, NULL };

struct answer {
	struct cli *cli;
	struct line line;
};

static void
put(const struct answer *a, const char *word, const char *about)
{
	char text[ABOUT_MAX];

	if (out_wants_data(&a->cli->out))
		out_row(&a->cli->out, (struct out_cell[FIELDS]){
					  [WORD].text = word, [ABOUT].text = about });
	else
		printf("%s\t%s\n", word,
		    text_escape(about, !a->cli->out.utf8, text, sizeof(text)));
}

/* A candidate, if the word can become it. */
static void
give(const char *word, const char *about, void *context)
{
	const struct answer *a = context;
	const struct line *l = &a->line;
	char whole[ABOUT_MAX];
	int n;

	if (strncmp(word, l->word, strlen(l->word)) != 0)
		return;
	n = snprintf(
	    whole, sizeof(whole), "%.*s%s", (int)(l->word - l->head), l->head, word);
	if (n >= 0 && (size_t)n < sizeof(whole))
		put(a, whole, about);
}

/* The master, if it may be looked at. */
static bool
look(struct answer *a)
{
	struct cli *cli = a->cli;

	return cli->master != NULL ||
	       ak_master_look(a->line.dir != NULL ? a->line.dir : cli->dir,
		   &cli->master, &cli->error) == AK_OK;
}

static void
give_keys(struct answer *a, unsigned states)
{
	if (look(a))
		(void)ak_complete_key(
		    a->cli->master, a->line.word, states, give, a, &a->cli->error);
}

static void
give_owners(struct answer *a, unsigned states)
{
	(void)states;
	if (look(a))
		(void)ak_complete_owner(
		    a->cli->master, a->line.word, give, a, &a->cli->error);
}

static void
give_users(struct answer *a, unsigned states)
{
	const struct passwd *user;

	(void)states;
	setpwent();
	while ((user = getpwent()) != NULL)
		give(user->pw_name, "", a);
	endpwent();
}

static void
give_verifiers(struct answer *a, unsigned states)
{
	const struct passwd *user;

	(void)states;
	if (!look(a))
		return;
	setpwent();
	while ((user = getpwent()) != NULL)
		if (verifier_file_is_there(a->cli, user->pw_uid))
			give(user->pw_name, "", a);
	endpwent();
}

static void
give_services(struct answer *a, unsigned states)
{
	DIR *dir = opendir("/etc/pam.d");
	const struct dirent *entry;

	(void)states;
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    ak_service_why_not(entry->d_name) == NULL)
			give(entry->d_name, "", a);
	if (dir != NULL)
		closedir(dir);
}

static void
give_files(struct answer *a, unsigned states)
{
	(void)states;
	put(a, CANDIDATES_FILES, "");
}

static void
give_folders(struct answer *a, unsigned states)
{
	(void)states;
	put(a, CANDIDATES_FOLDERS, "");
}

static void
give_fields(struct answer *a, unsigned states)
{
	const struct command *c = a->line.command;

	(void)states;
	for (size_t i = 0; c != NULL && c->answer != NULL && i < c->answer->count; i++)
		give(c->answer->fields[i].name, "", a);
}

static void
give_settings(struct answer *a, unsigned states)
{
	const char *name, *summary;

	(void)states;
	for (size_t i = 0; (name = config_setting(i, &summary)) != NULL; i++)
		give(name, summary, a);
}

/* "set, show, list": the commands of a family, whose first is `c`. */
static const char *
members(const struct command *const *c, size_t len, char text[ABOUT_MAX])
{
	const char *family = (*c)->name;
	size_t n = 0;

	text[0] = '\0';
	for (; *c != NULL && strncmp((*c)->name, family, len + 1) == 0; c++)
		if (n < ABOUT_MAX)
			n += (size_t)snprintf(text + n, ABOUT_MAX - n, "%s%s",
			    n > 0 ? ", " : "", (*c)->name + len + 1);
	return text;
}

/* Commands by their first words, or those of a family by their second. */
static void
give_commands(struct answer *a, const char *family)
{
	char first[PLACEHOLDER_MAX], given[PLACEHOLDER_MAX] = "", about[ABOUT_MAX];
	size_t len;

	for (const struct command *const *c = commands; *c != NULL; c++) {
		len = strcspn((*c)->name, " ");
		snprintf(first, sizeof(first), "%.*s", (int)len, (*c)->name);
		if (family == NULL && strcmp(first, given) != 0)
			give(first,
			    (*c)->name[len] == '\0' ? (*c)->summary
						    : members(c, len, about),
			    a);
		else if (family != NULL && (*c)->name[len] != '\0' &&
			 strcmp(first, family) == 0)
			give((*c)->name + len + 1, (*c)->summary, a);
		memcpy(given, first, sizeof(given));
	}
}

static void
give_options(struct answer *a)
{
	const struct option_spec *o;
	char name[PLACEHOLDER_MAX];

	for (size_t i = 0; (o = line_option(&a->line, i)) != NULL; i++) {
		snprintf(name, sizeof(name), "--%s", o->name);
		if (!line_is_spent(&a->line, o))
			give(name, o->help, a);
	}
}

/*
 * Where words come from: for an option, or for what its table calls the value or the
 * argument; the first line that fits.
 */
static const struct source {
	const char *command; /* NULL: any */
	const char *name; /* "--owner", "KEY" */
	void (*give)(struct answer *a, unsigned states);
	unsigned states;
} sources[] = {
	{ NULL, "--owner", give_owners, 0 },
	{ NULL, "--user", give_owners, 0 },
	{ NULL, "--service", give_services, 0 },
	{ NULL, "--field", give_fields, 0 },
	{ "enable", "KEY", give_keys, AK_STATE_BIT(AK_SWITCHED_OFF) },
	{ "disable", "KEY", give_keys, AK_STATE_BIT(AK_ENABLED) },
	{ "purge", "KEY", give_keys, AK_STATE_BIT(AK_ENDED) },
	{ "show", "KEY", give_keys, AK_STATES_ALL },
	{ "stats", "KEY", give_keys, AK_STATES_ALL },
	{ "log", "KEY", give_keys, AK_STATES_ALL },
	{ "audit", "KEY", give_keys, AK_STATES_ALL },
	{ NULL, "KEY", give_keys, AK_STATES_LIVE },
	{ "verifier add", "USER", give_users, 0 },
	{ "verifier remove", "USER", give_verifiers, 0 },
	{ NULL, "USER", give_owners, 0 },
	{ "config", "NAME", give_settings, 0 },
	{ NULL, "FILE", give_files, 0 },
	{ NULL, "DIR", give_folders, 0 },
};

static bool
give_from(struct answer *a, const char *name)
{
	const struct command *c = a->line.command;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (strcmp(sources[i].name, name) == 0 &&
		    (sources[i].command == NULL ||
			(c != NULL && strcmp(sources[i].command, c->name) == 0))) {
			sources[i].give(a, sources[i].states);
			return true;
		}
	return false;
}

/* What "WHEN|never" offers: words in small letters as they stand, others by source. */
static void
give_choices(struct answer *a, const char *choices)
{
	char choice[PLACEHOLDER_MAX];
	size_t len;

	for (; *choices != '\0'; choices += len + (choices[len] == '|')) {
		len = strcspn(choices, "|");
		snprintf(choice, sizeof(choice), "%.*s", (int)len, choices);
		if (choice[0] >= 'a' && choice[0] <= 'z')
			give(choice, "", a);
		else
			give_from(a, choice);
	}
}

static void
give_values(struct answer *a, const struct option_spec *option)
{
	char name[PLACEHOLDER_MAX];

	snprintf(name, sizeof(name), "--%s", option->name);
	/* A change of a list begins with a sign. */
	if (strcmp(option->argument, "CHANGE") == 0 && a->line.word[0] != '\0' &&
	    strchr("+-=", a->line.word[0]) != NULL)
		a->line.word++;
	if (!give_from(a, name))
		give_choices(a, option->argument);
}

/* The argument at `at` of "[NAME [VALUE]]" or "KEY...". False when there is none. */
static bool
placeholder(const char *text, size_t at, char out[PLACEHOLDER_MAX])
{
	size_t len;
	bool repeats;

	for (text += strspn(text, " []"); *text != '\0'; text += strspn(text, " []")) {
		len = strcspn(text, " []");
		repeats = len > 3 && memcmp(text + len - 3, "...", 3) == 0;
		if (at-- == 0 || repeats) {
			snprintf(out, PLACEHOLDER_MAX, "%.*s",
			    (int)(len - (repeats ? 3 : 0)), text);
			return true;
		}
		text += len;
	}
	return false;
}

static void
complete(struct answer *a)
{
	const struct line *l = &a->line;
	char name[PLACEHOLDER_MAX];

	if (l->lost)
		return;
	if (l->option != NULL)
		give_values(a, l->option);
	else if (!l->arguments_alone && l->word[0] == '-')
		give_options(a);
	else if (l->command == NULL)
		give_commands(a, l->family);
	else if (l->command == &cmd_help)
		give_commands(a, l->before);
	else if (placeholder(l->command->arguments, l->argument, name))
		give_choices(a, name);
}

void
candidates_give(struct cli *cli, char *const *words, size_t count)
{
	struct answer a = { .cli = cli };

	line_read(&a.line, words, count);
	complete(&a);
}
