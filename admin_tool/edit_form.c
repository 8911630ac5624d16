/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "edit_form.h"
#include "keywords.h"

/* What a check needs besides the answer. */
struct question {
	const struct cli *cli;
	const struct keyword_kind *kind;
};

static const char *
check_name(const char *answer, void *context)
{
	(void)context;
	return ak_name_why_not(answer);
}

static const char *
check_description(const char *answer, void *context)
{
	(void)context;
	return ak_description_why_not(answer);
}

static const char *
check_words(const char *answer, void *context)
{
	const struct question *q = context;
	struct texts value = { .at = { answer }, .count = *answer != '\0' };
	char list[AK_WORDS_MAX] = "";

	return keywords_add(q->kind, &value, list);
}

static const char *
check_expires(const char *answer, void *context)
{
	const struct question *q = context;
	int64_t when;

	if (strcmp(answer, "never") == 0)
		return NULL;
	return ak_when_why_not(answer, q->cli->now, &when);
}

static const struct {
	const char *label;
	prompt_check *check;
	const struct keyword_kind *kind;
} questions[EDIT_QUESTIONS] = {
	[EDIT_NAME] = { "Key name: ", check_name, NULL },
	[EDIT_DESCRIPTION] = { "Description: ", check_description, NULL },
	[EDIT_SERVICES] = { "Services (empty: all): ", check_words, &keyword_service },
	[EDIT_SCOPES] = { "Scopes: ", check_words, &keyword_scope },
	[EDIT_NETWORKS] = { "Networks (empty: anywhere): ", check_words,
	    &keyword_network },
	[EDIT_EXPIRES] = { "Expires: ", check_expires, NULL },
};

/* A list's answer replaces the list: "=x y". */
static void
replace(const char *answer, char *with_sign, struct texts *texts)
{
	snprintf(with_sign, PROMPT_MAX, "=%.*s", PROMPT_MAX - 2, answer);
	texts->at[0] = with_sign;
	texts->count = 1;
}

static void
fill(const struct ak_record *r, char present[EDIT_QUESTIONS][PROMPT_MAX])
{
	char time[AK_WHEN_TEXT] = "never";

	if (r->key.expires_at != AK_NO_TIME)
		ak_when_format(r->key.expires_at, time);
	snprintf(present[EDIT_NAME], PROMPT_MAX, "%s", r->key.name);
	snprintf(present[EDIT_DESCRIPTION], PROMPT_MAX, "%s", r->description);
	snprintf(present[EDIT_SERVICES], PROMPT_MAX, "%s", r->key.services);
	snprintf(present[EDIT_SCOPES], PROMPT_MAX, "%s", r->key.scopes);
	snprintf(present[EDIT_NETWORKS], PROMPT_MAX, "%s", r->key.networks);
	snprintf(present[EDIT_EXPIRES], PROMPT_MAX, "%s", time);
}

bool
edit_form_ask(
    const struct cli *cli, const struct ak_record *record, struct edit_form *form)
{
	char given[EDIT_QUESTIONS][PROMPT_MAX];
	struct edit_values *v = &form->values;

	memset(form, 0, sizeof(*form));
	fill(record, given);
	for (size_t i = 0; i < EDIT_QUESTIONS; i++) {
		struct question q = { cli, questions[i].kind };

		if (!prompt_line(questions[i].label, questions[i].check, &q, given[i],
			PROMPT_MAX))
			return false;
	}
	memcpy(form->answers, given, sizeof(given));
	v->name = form->answers[EDIT_NAME];
	v->description = form->answers[EDIT_DESCRIPTION];
	v->expires = form->answers[EDIT_EXPIRES];
	replace(given[EDIT_SERVICES], form->answers[EDIT_SERVICES], &v->services);
	replace(given[EDIT_SCOPES], form->answers[EDIT_SCOPES], &v->scopes);
	replace(given[EDIT_NETWORKS], form->answers[EDIT_NETWORKS], &v->networks);
	return true;
}
