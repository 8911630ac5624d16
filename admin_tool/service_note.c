/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "service_note.h"
#include "text.h"

/* The search for a service, and for what may have been meant. */
struct search {
	const char *name;
	bool reached; /* a service file of this name would be read */
	bool found;
	size_t least;
	char nearest[AK_WORD_MAX + 1];
};

static bool
has_capital(const char *name)
{
	return name[strcspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")] != '\0';
}

static void
compare(struct search *s, const char *name)
{
	s->found = s->found || strcmp(s->name, name) == 0;
	if (text_is_nearer(s->name, name, &s->least))
		snprintf(s->nearest, sizeof(s->nearest), "%s", name);
}

/* A service goes by its file's name, and by what lines of our module call it. */
static void
look_at(struct search *s, const struct pam_service *service)
{
	const struct ak_pam_stack *stack =
	    ak_pam_stack_of(&service->stacks, AK_PAM_AUTH);
	const struct ak_pam_line *line;
	struct ak_module_options options;
	const char *wrong;
	size_t at = 0;

	if (s->reached)
		compare(s, service->name);
	while ((line = pam_next_ours(stack, &at)) != NULL)
		if (pam_line_options(line, &options, &wrong) == NULL &&
		    options.service != NULL)
			compare(s, options.service);
}

/* As pam_start(3) does it. */
static void
warn_of_case(const struct cli *cli, const char *name)
{
	char lower[AK_WORD_MAX + 1];
	size_t len = 0;

	for (; len < AK_WORD_MAX && name[len] != '\0'; len++)
		lower[len] = name[len] >= 'A' && name[len] <= 'Z'
				 ? (char)(name[len] - 'A' + 'a')
				 : name[len];
	lower[len] = '\0';
	cli_warn(cli, "%s: libpam makes service names lower case; did you mean %s?",
	    name, lower);
}

static void
say(const struct cli *cli, const struct pam_host *host, const char *name)
{
	struct search s = { .name = name,
		.reached = !has_capital(name),
		.least = text_near_limit(name) };

	for (size_t i = 0; i < host->count; i++)
		look_at(&s, &host->at[i]);
	if (s.found)
		return;
	if (!s.reached)
		warn_of_case(cli, name);
	else if (s.nearest[0] != '\0')
		cli_say(cli, "This host has no PAM service %s; did you mean %s?", name,
		    s.nearest);
	else
		cli_say(cli,
		    "This host has no PAM service %s; the key opens it once there is "
		    "one.",
		    name);
}

void
service_note(
    struct cli *cli, const char *services, const char *before, const char *pam_dir)
{
	const char *word, *at = services;
	char name[AK_WORD_MAX + 1];
	struct pam_host host;
	size_t len;

	if (services[0] == '\0' || (cli->quiet && !has_capital(services)))
		return;
	if (pam_host_read(cli, pam_dir, &host) && host.count > 0)
		while ((word = ak_words_next(&at, &len)) != NULL) {
			snprintf(name, sizeof(name), "%.*s", (int)len, word);
			if (!ak_words_have(before, name))
				say(cli, &host, name);
		}
	pam_host_free(&host);
}

void
service_note_case(struct cli *cli, const char *service)
{
	if (service != NULL && strlen(service) <= AK_WORD_MAX && has_capital(service))
		service_note(cli, service, "", NULL);
}
