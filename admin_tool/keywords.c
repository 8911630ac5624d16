/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "authkey.h"
#include "keywords.h"

#define BLANKS " \t"
#define EMPTY "="

static const char *
copy(const char *why_not, const char *word, char out[AK_WORD_MAX + 1])
{
	if (why_not == NULL)
		snprintf(out, AK_WORD_MAX + 1, "%s", word);
	return why_not;
}

static const char *
take_service(const char *word, char out[AK_WORD_MAX + 1])
{
	return copy(ak_service_why_not(word), word, out);
}

static const char *
take_scope(const char *word, char out[AK_WORD_MAX + 1])
{
	return copy(ak_scope_why_not(word), word, out);
}

static const char *
take_network(const char *word, char out[AK_WORD_MAX + 1])
{
	static char meant[160];
	struct ak_network network;
	char text[AK_NETWORK_TEXT];
	const char *why = ak_network_why_not(word, strlen(word), &network);

	if (why == NULL) {
		ak_network_format(&network, text);
		snprintf(out, AK_WORD_MAX + 1, "%s", text);
	} else if (ak_network_meant(word, strlen(word), &network)) {
		ak_network_format(&network, text);
		snprintf(meant, sizeof(meant),
		    "%s has bits set behind its mask; the network is %s, and the "
		    "address alone %.*s",
		    word, text, (int)strcspn(word, "/"), word);
		why = meant;
	}
	return why;
}

const struct keyword_kind keyword_service = { "service", take_service,
	"that would leave no service, and the key would open all; say so with "
	"--service =" };
const struct keyword_kind keyword_scope = { "scope", take_scope, NULL };
const struct keyword_kind keyword_network = { "from", take_network,
	"that would leave no network, and the key would open from anywhere; say so "
	"with --from =" };
const struct keyword_kind keyword_tag = { "tag", take_scope, NULL };

/* What becomes of the words of a value. */
enum what {
	ADD,
	REMOVE,
	REMOVE_WHAT_IS_THERE, /* and nothing else */
};

static const char *
not_there(const char *word)
{
	static char text[AK_WORD_MAX + 32];

	snprintf(text, sizeof(text), "%s is not in the list", word);
	return text;
}

/* Add one word to the list, or take it away. */
static const char *
apply_word(const struct keyword_kind *kind, const char *text, size_t len,
    enum what what, char *list)
{
	char word[AK_WORDS_MAX], stored[AK_WORD_MAX + 1];
	const char *why;

	if (len >= sizeof(word))
		return "a word is too long";
	memcpy(word, text, len);
	word[len] = '\0';
	if ((why = kind->take(word, stored)) != NULL)
		return why;
	if (what == ADD)
		return ak_words_add(list, stored)
			   ? NULL
			   : "that is more than a key can hold: 2,047 characters";
	if (!ak_words_remove(list, stored) && what == REMOVE_WHAT_IS_THERE)
		return not_there(stored);
	return NULL;
}

/* Each word of `text`; between two commas there is one at least. */
static const char *
apply(const struct keyword_kind *kind, const char *text, enum what what, char *list)
{
	const char *why;
	size_t len;

	for (;; text++) {
		text += strspn(text, BLANKS);
		if (*text == '\0' || *text == ',')
			return "needs a value";
		do {
			len = strcspn(text, "," BLANKS);
			why = apply_word(kind, text, len, what, list);
			if (why != NULL)
				return why;
			text += len;
			text += strspn(text, BLANKS);
		} while (*text != '\0' && *text != ',');
		if (*text == '\0')
			return NULL;
	}
}

const char *
keywords_add(const struct keyword_kind *kind, const struct texts *values,
    char list[AK_WORDS_MAX])
{
	const char *why = NULL;

	for (size_t i = 0; i < values->count && why == NULL; i++)
		why = apply(kind, values->at[i], ADD, list);
	return why;
}

/* One change; `replaced` says whether an earlier one has replaced the list. */
static const char *
change(const struct keyword_kind *kind, const char *text, enum what minus,
    bool *replaced, char *list)
{
	if (*text == '+' || *text == '-')
		return apply(kind, text + 1, *text == '-' ? minus : ADD, list);
	if (!*replaced)
		list[0] = '\0';
	*replaced = true;
	if (*text == '\0' || strcmp(text, EMPTY) == 0)
		return NULL;
	return apply(kind, text + (*text == '='), ADD, list);
}

const char *
keywords_change(const struct keyword_kind *kind, const struct texts *values,
    char list[AK_WORDS_MAX])
{
	const char *why = NULL;
	bool replaced = false, emptied = false, was_empty = list[0] == '\0';

	for (size_t i = 0; i < values->count && why == NULL; i++) {
		why = change(kind, values->at[i], REMOVE, &replaced, list);
		emptied = emptied || strcmp(values->at[i], EMPTY) == 0;
	}
	if (why == NULL && values->count > 0 && list[0] == '\0' && !emptied &&
	    (replaced || !was_empty))
		why = kind->why_not_empty;
	return why;
}

const char *
keywords_not_there(const struct keyword_kind *kind, const struct texts *values,
    char list[AK_WORDS_MAX])
{
	const char *why = NULL;
	bool replaced = false;

	for (size_t i = 0; i < values->count && why == NULL; i++)
		why =
		    change(kind, values->at[i], REMOVE_WHAT_IS_THERE, &replaced, list);
	return why;
}

const char *
keywords_each(keywords_fn *fn, const struct keyword_texts *texts, struct ak_record *r,
    const char **option)
{
	const struct {
		const struct keyword_kind *kind;
		const struct texts *values;
		char *list;
	} lists[] = {
		{ &keyword_service, &texts->services, r->key.services },
		{ &keyword_scope, &texts->scopes, r->key.scopes },
		{ &keyword_network, &texts->networks, r->key.networks },
		{ &keyword_tag, &texts->tags, r->tags },
	};
	const char *why = NULL;

	for (size_t i = 0; why == NULL && i < sizeof(lists) / sizeof(lists[0]); i++) {
		*option = lists[i].kind->option;
		why = fn(lists[i].kind, lists[i].values, lists[i].list);
	}
	return why;
}
