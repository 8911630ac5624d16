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

/* Can a prompt hold this text, and give it back as it is? */
static bool
can_be_shown(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	uint32_t point;
	size_t n;

	for (; *at != '\0'; at += n)
		if (!ak_utf8_decode(at, &point, &n) || text_is_risky(point) ||
		    (point >= 0x80 && !text_locale_is_utf8()))
			return false;
	return true;
}

/* Ask with what is there as the answer; what cannot be shown is kept by Enter. */
static bool
ask(const struct cli *cli, size_t i, char shown[PROMPT_MAX], char answer[PROMPT_MAX])
{
	struct question q = { cli, questions[i].kind, shown[0] != '\0' };

	if (!can_be_shown(shown)) {
		cli_say(cli, "What is there cannot be shown here; Enter keeps it.");
		shown[0] = '\0';
	}
	memcpy(answer, shown, PROMPT_MAX);
	return prompt_line(
	    questions[i].label, questions[i].check, &q, answer, PROMPT_MAX);
}

/*
 * Only what was answered otherwise is changed: what somebody else has changed while a
 * question stood stays as it is now.
 */
bool
edit_form_ask(
    const struct cli *cli, const struct ak_record *record, struct edit_form *form)
{
	char shown[EDIT_QUESTIONS][PROMPT_MAX], answers[EDIT_QUESTIONS][PROMPT_MAX];
	struct edit_values *v = &form->values;
	const char **const texts[EDIT_QUESTIONS] = { [EDIT_NAME] = &v->name,
		[EDIT_DESCRIPTION] = &v->description,
		[EDIT_EXPIRES] = &v->expires,
		[EDIT_NOT_BEFORE] = &v->not_before };
	struct texts *const lists[EDIT_QUESTIONS] = { [EDIT_SERVICES] =
							  &v->lists.services,
		[EDIT_SCOPES] = &v->lists.scopes,
		[EDIT_NETWORKS] = &v->lists.networks,
		[EDIT_TAGS] = &v->lists.tags };

	memset(form, 0, sizeof(*form));
	fill(record, shown);
	for (size_t i = 0; i < EDIT_QUESTIONS; i++) {
		if (!ask(cli, i, shown[i], answers[i]))
			return false;
		if (strcmp(answers[i], shown[i]) == 0)
			continue;
		if (lists[i] != NULL)
			replace(answers[i], form->answers[i], lists[i]);
		else
			*texts[i] = memcpy(form->answers[i], answers[i], PROMPT_MAX);
	}
	return true;
}
