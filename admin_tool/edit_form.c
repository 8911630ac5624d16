/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "edit_form.h"
#include "keywords.h"
#include "text.h"

/* What a check needs besides the answer. */
struct question {
	const struct cli *cli;
	const struct keyword_kind *kind;
	bool has_words; /* the list has, at present */
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

/* Enter keeps an empty list; a full one is emptied with = when that opens the key. */
static const char *
check_words(const char *answer, void *context)
{
	const struct question *q = context;
	struct texts value = { .at = { answer }, .count = *answer != '\0' };
	char list[AK_WORDS_MAX] = "";

	if (strcmp(answer, "=") == 0)
		return NULL;
	if (*answer == '\0' && q->has_words)
		return q->kind->why_not_empty;
	return keywords_add(q->kind, &value, list);
}

static const char *
check_expires(const char *answer, void *context)
{
	const struct question *q = context;
	int64_t when;

	return text_take_time(answer, "never", q->cli->now, &when);
}

static const char *
check_not_before(const char *answer, void *context)
{
	const struct question *q = context;
	int64_t when;

	return text_take_time(answer, "none", q->cli->now, &when);
}

static const struct {
	const char *label;
	prompt_check *check;
	const struct keyword_kind *kind;
} questions[EDIT_QUESTIONS] = {
	[EDIT_NAME] = { "Key name: ", check_name, NULL },
	[EDIT_DESCRIPTION] = { "Description: ", check_description, NULL },
	[EDIT_SERVICES] = { "Services (= for all): ", check_words, &keyword_service },
	[EDIT_SCOPES] = { "Scopes: ", check_words, &keyword_scope },
	[EDIT_NETWORKS] = { "Networks (= for anywhere): ", check_words,
	    &keyword_network },
	[EDIT_TAGS] = { "Tags: ", check_words, &keyword_tag },
	[EDIT_EXPIRES] = { "Expires: ", check_expires, NULL },
	[EDIT_NOT_BEFORE] = { "Not before: ", check_not_before, NULL },
};

/* A list's answer replaces the list: "=x y", or "=" alone. */
static void
replace(const char *answer, char *with_sign, struct texts *texts)
{
	snprintf(
	    with_sign, PROMPT_MAX, "=%.*s", PROMPT_MAX - 2, answer + (*answer == '='));
	texts->at[0] = with_sign;
	texts->count = 1;
}

static void
fill_time(int64_t when, const char *none, char present[PROMPT_MAX])
{
	char time[AK_WHEN_TEXT];

	if (when != AK_NO_TIME)
		ak_when_format(when, time);
	snprintf(present, PROMPT_MAX, "%s", when != AK_NO_TIME ? time : none);
}

static void
fill(const struct ak_record *r, char present[EDIT_QUESTIONS][PROMPT_MAX])
{
	snprintf(present[EDIT_NAME], PROMPT_MAX, "%s", r->key.name);
	snprintf(present[EDIT_DESCRIPTION], PROMPT_MAX, "%s", r->description);
	snprintf(present[EDIT_SERVICES], PROMPT_MAX, "%s", r->key.services);
	snprintf(present[EDIT_SCOPES], PROMPT_MAX, "%s", r->key.scopes);
	snprintf(present[EDIT_NETWORKS], PROMPT_MAX, "%s", r->key.networks);
	snprintf(present[EDIT_TAGS], PROMPT_MAX, "%s", r->tags);
	fill_time(r->key.expires_at, "never", present[EDIT_EXPIRES]);
	fill_time(r->key.not_before, "none", present[EDIT_NOT_BEFORE]);
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
		struct question q = { cli, questions[i].kind, given[i][0] != '\0' };

		if (!prompt_line(questions[i].label, questions[i].check, &q, given[i],
			PROMPT_MAX))
			return false;
	}
	memcpy(form->answers, given, sizeof(given));
	v->name = form->answers[EDIT_NAME];
	v->description = form->answers[EDIT_DESCRIPTION];
	v->expires = form->answers[EDIT_EXPIRES];
	v->not_before = form->answers[EDIT_NOT_BEFORE];
	replace(given[EDIT_SERVICES], form->answers[EDIT_SERVICES], &v->services);
	replace(given[EDIT_SCOPES], form->answers[EDIT_SCOPES], &v->scopes);
	replace(given[EDIT_NETWORKS], form->answers[EDIT_NETWORKS], &v->networks);
	replace(given[EDIT_TAGS], form->answers[EDIT_TAGS], &v->tags);
	return true;
}
