/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "list_private.h"

const char *const ak_sort_columns[AK_SORTS] = {
	[AK_BY_AGE] = "created_at",
	[AK_BY_NAME] = "name",
	[AK_BY_WHOM] = "owner",
	[AK_BY_END] = "expires_at",
	[AK_BY_USE] = "last_used",
};

enum ak_sort
ak_filter_sort(const struct ak_filter *f)
{
	enum ak_sort sort = AK_BY_AGE;

	while (f->sort != NULL && sort < AK_BY_USE &&
	       strcmp(ak_sort_columns[sort], f->sort) != 0)
		sort++;
	return sort;
}

/* Small letters of ASCII are as large ones, in every locale. */
static char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
has_text(const char *in, const char *text)
{
	size_t i = 0;

	do {
		for (i = 0; text[i] != '\0' && small(in[i]) == small(text[i]); i++)
			;
		if (text[i] == '\0')
			return true;
	} while (*in++ != '\0');
	return false;
}

static bool
ends_as_asked(const struct ak_record *r, const struct ak_filter *f)
{
	int64_t end = r->key.expires_at;

	if (f->ended_by != AK_NO_TIME) {
		if (r->key.state == AK_ENDED)
			end = r->revoked_at;
		if (end == AK_NO_TIME || end > f->ended_by)
			return false;
	}
	end = r->key.expires_at;
	return (f->expires_before == AK_NO_TIME ||
		   (end != AK_NO_TIME && end < f->expires_before)) &&
	       (f->expires_after == AK_NO_TIME || end > f->expires_after);
}

bool
ak_record_fits(const struct ak_record *r, const struct ak_filter *f)
{
	const struct ak_key *key = &r->key;

	return (f->owner == NULL || strcmp(key->owner, f->owner) == 0) &&
	       (f->tag == NULL || ak_words_have(r->tags, f->tag)) &&
	       (f->service == NULL || key->services[0] == '\0' ||
		   ak_words_have(key->services, f->service)) &&
	       (f->status == NULL ||
		   strcmp(ak_record_status(r, f->now), f->status) == 0) &&
	       ends_as_asked(r, f) &&
	       (f->text == NULL || has_text(key->name, f->text) ||
		   has_text(r->description, f->text) || has_text(key->owner, f->text) ||
		   strcmp(key->id, f->text) == 0);
}

enum ak_state
ak_filter_state(const struct ak_filter *f)
{
	if (f->status != NULL && strcmp(f->status, "revoked") == 0)
		return AK_ENDED;
	if (f->status != NULL && strcmp(f->status, "disabled") == 0)
		return AK_SWITCHED_OFF;
	return AK_ENABLED;
}

/* Whether an index leads from the first key that fits, in this order, to the last. */
static bool
is_run(const struct ak_filter *f)
{
	switch (ak_filter_sort(f)) {
	case AK_BY_AGE:
		return f->owner != NULL || ak_filter_state(f) != AK_ENABLED;
	case AK_BY_WHOM:
		return f->owner != NULL;
	case AK_BY_END:
		return f->expires_before != AK_NO_TIME;
	case AK_BY_NAME:
	case AK_BY_USE:
	case AK_SORTS:
		break;
	}
	return false;
}

size_t
ak_filter_sets(const struct ak_filter *f, struct ak_set sets[AK_SETS_MAX])
{
	const char *status = f->status != NULL ? f->status : "";
	size_t n = 0;

	if (f->owner != NULL)
		sets[n++] = (struct ak_set){ "owner", f->owner, 0 };
	if (f->tag != NULL)
		sets[n++] = (struct ak_set){ "tag", f->tag, 0 };
	if (f->ended_by != AK_NO_TIME)
		sets[n++] = (struct ak_set){ "ended", NULL, f->ended_by };
	if (f->expires_before != AK_NO_TIME)
		sets[n++] = (struct ak_set){ "expires", NULL, f->expires_before };
	if (ak_filter_state(f) != AK_ENABLED)
		sets[n++] = (struct ak_set){ "state", NULL, ak_filter_state(f) };
	else if (strcmp(status, "expired") == 0)
		sets[n++] = (struct ak_set){ "expires", NULL, f->now + 1 };
	else if (strcmp(status, "pending") == 0)
		sets[n++] = (struct ak_set){ "pending", NULL, f->now };
	return n == 1 && is_run(f) ? 0 : n;
}

bool
ak_filter_sieves(const struct ak_filter *f)
{
	struct ak_set sets[AK_SETS_MAX];

	return ak_filter_sets(f, sets) > 0 || f->text != NULL || f->service != NULL ||
	       (f->status != NULL && ak_filter_state(f) == AK_ENABLED);
}
