/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "list_private.h"
#include "master_private.h"

/* So many keys are sorted for a page. */
#define FEW_OF_PAGE 2000
/* So many keys are looked at before those that fit are looked for in another way. */
#define LOOKS 4000

/* A listing as it goes along. */
struct listing {
	struct ak_master *master;
	const struct ak_filter *filter;
	enum ak_sort sort;
	ak_record_fn *fn;
	void *context;
	int64_t looks; /* how many records may be looked at; -1: all */
	struct ak_record last; /* where that ended */
	bool ended; /* nobody wants more, or no more can fit */
	bool failed; /* `error` says why */
	struct ak_error *error;
};

/* Whether this record, and all that follow it, are behind those that fit. */
static bool
is_past(const struct listing *l, const struct ak_record *r)
{
	const struct ak_filter *f = l->filter;

	if (f->owner != NULL && (l->sort == AK_BY_AGE || l->sort == AK_BY_WHOM))
		return strcmp(r->key.owner, f->owner) > 0;
	return l->sort == AK_BY_END && f->expires_before != AK_NO_TIME &&
	       r->key.expires_at >= f->expires_before;
}

static bool
give(const struct ak_record *record, void *context)
{
	struct listing *l = context;

	l->ended = ak_record_fits(record, l->filter) && !l->fn(record, l->context);
	return !l->ended;
}

static bool
give_next(const struct ak_record *record, void *context)
{
	struct listing *l = context;

	l->ended = is_past(l, record);
	if (l->ended || !give(record, l))
		return false;
	if (l->looks < 0 || --l->looks > 0)
		return true;
	l->last = *record;
	return false;
}

/* The record that those found follow, and its value in the column to sort by. */
struct place {
	int64_t created_at;
	const char *name, *id;
	struct ak_value first; /* without a text: the number */
};

static struct place
place_of(const struct ak_record *after, enum ak_sort sort)
{
	struct place p = { after->created_at, after->key.name, after->key.id,
		AK_NUMBER(after->created_at) };

	if (sort == AK_BY_NAME)
		p.first.text = after->key.name;
	else if (sort == AK_BY_WHOM)
		p.first.text = after->key.owner;
	else if (sort == AK_BY_END)
		p.first.number = after->key.expires_at != AK_NO_TIME
				     ? after->key.expires_at
				     : INT64_MAX;
	return p;
}

static int
bind_place(sqlite3_stmt *s, const struct place *p)
{
	int rc;

	if ((rc = sqlite3_bind_int64(s, 1, p->created_at)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 2, p->name)) == SQLITE_OK)
		rc = ak_bind_text(s, 3, p->id);
	return rc;
}

static int
bind_first(sqlite3_stmt *s, int at, const struct place *p)
{
	return p->first.text != NULL ? ak_bind_text(s, at, p->first.text)
				     : sqlite3_bind_int64(s, at, p->first.number);
}

/* A key of few: its record is read when it is its turn. */
static enum ak_row
take_sorted(sqlite3_stmt *row, void *context)
{
	struct listing *l = context;
	struct ak_record record;
	bool found;

	l->failed = ak_record_by_id(l->master, ak_column(row, 0), &record, &found,
			l->error) != AK_OK;
	if (l->failed)
		return AK_ROW_STOP;
	return !found || give(&record, l) ? AK_ROW_NEXT : AK_ROW_STOP;
}

static enum ak_code
list_few(struct listing *l, const char *few)
{
	sqlite3_stmt *s = ak_statement(&l->master->db, AK_Q_key_sorted, l->error);
	const struct ak_record *after = l->filter->after;
	struct place place;
	enum ak_code code;
	int rc;

	if (s == NULL)
		return l->error->code;
	if ((rc = ak_bind_text(s, 4, ak_sort_columns[l->sort])) == SQLITE_OK)
		rc = ak_bind_text(s, 6, few);
	if (rc == SQLITE_OK && after != NULL) {
		place = place_of(after, l->sort);
		if ((rc = bind_place(s, &place)) == SQLITE_OK)
			rc = bind_first(s, 5, &place);
	}
	code = ak_each(&l->master->db, s, rc, take_sorted, l, l->error);
	return l->failed ? l->error->code : code;
}

/* Look at the records that follow a place, one after the other, in an index's order. */
static enum ak_code
walk(struct listing *l, enum ak_query query, const struct place *place)
{
	sqlite3_stmt *s = ak_statement(&l->master->db, query, l->error);
	int rc;

	if (s == NULL)
		return l->error->code;
	rc = bind_place(s, place);
	if (rc == SQLITE_OK && sqlite3_bind_parameter_count(s) > 3)
		rc = bind_first(s, 4, place);
	return ak_record_each(l->master, s, rc, give_next, l, l->error);
}

/* By when they end: those that do, and then those that do not. */
static enum ak_code
walk_by_end(struct listing *l, struct place place)
{
	const struct ak_filter *f = l->filter;
	enum ak_code code = AK_OK;

	if (f->after == NULL && f->expires_after != AK_NO_TIME) {
		place.first.number = f->expires_after;
		place.created_at = INT64_MAX; /* behind all that end at that time */
	}
	if (f->after == NULL || f->after->key.expires_at != AK_NO_TIME) {
		code = walk(l, AK_Q_key_page_end, &place);
		place = (struct place){ INT64_MIN, "", "", AK_NUMBER(INT64_MIN) };
	}
	if (code != AK_OK || l->ended || l->looks == 0 ||
	    f->expires_before != AK_NO_TIME || f->expires_after != AK_NO_TIME)
		return code;
	return walk(l, AK_Q_key_page_endless, &place);
}

/* By owner, or by age the keys of one. */
static enum ak_code
walk_by_owner(struct listing *l, struct place place)
{
	const char *owner = l->filter->owner;
	const struct ak_record *after = l->filter->after;

	if (owner != NULL && l->sort == AK_BY_WHOM && after != NULL &&
	    strcmp(after->key.owner, owner) < 0)
		place = (struct place){ INT64_MIN, "", "", AK_TEXT(owner) };
	else if (owner != NULL && (l->sort == AK_BY_AGE || after == NULL))
		place.first.text = owner;
	return walk(l, AK_Q_key_page_owner, &place);
}

/* By age: all keys, or those of an owner or a state. */
static enum ak_code
walk_by_age(struct listing *l, struct place place)
{
	if (l->filter->owner != NULL)
		return walk_by_owner(l, place);
	place.first = (struct ak_value)AK_NUMBER(ak_filter_state(l->filter));
	if (place.first.number != AK_ENABLED)
		return walk(l, AK_Q_key_page_state, &place);
	return walk(l, AK_Q_key_page_created, &place);
}

static enum ak_code
walk_all(struct listing *l)
{
	const struct ak_record *after = l->filter->after;
	struct place place = { INT64_MIN, "", "", AK_NUMBER(INT64_MIN) };

	if (after != NULL)
		place = place_of(after, l->sort);
	else if (l->sort == AK_BY_WHOM)
		place.first.text = "";
	switch (l->sort) {
	case AK_BY_NAME:
		return walk(l, AK_Q_key_page_name, &place);
	case AK_BY_WHOM:
		return walk_by_owner(l, place);
	case AK_BY_END:
		return walk_by_end(l, place);
	case AK_BY_AGE:
	case AK_BY_USE:
	case AK_SORTS:
		break;
	}
	return walk_by_age(l, place);
}

/*
 * Few keys are sorted. Of many, the first are mostly found by looking at one after the
 * other; when they are not, those that fit are looked for by all means.
 */
static enum ak_code
list(struct listing *l, struct ak_filter *f)
{
	enum ak_means means = f->page ? AK_BY_INDEX : AK_BY_ALL_MEANS;
	enum ak_code code;
	char *few;

	l->filter = f;
	code = ak_few_find(
	    l->master, f, means, f->page ? FEW_OF_PAGE : AK_FEW, &few, l->error);
	if (code == AK_OK && few == NULL) {
		l->looks = f->page && ak_filter_sieves(f) ? LOOKS : -1;
		code = walk_all(l);
		if (code != AK_OK || l->ended || l->looks != 0)
			return code;
		f->after = &l->last;
		code = ak_record_few(l->master, f, &few, l->error);
	}
	l->looks = -1;
	if (code == AK_OK)
		code = few != NULL ? list_few(l, few) : walk_all(l);
	free(few);
	return code;
}

enum ak_code
ak_record_list(struct ak_master *m, const struct ak_filter *filter, ak_record_fn *fn,
    void *context, struct ak_error *error)
{
	struct listing l = { .master = m,
		.sort = ak_filter_sort(filter),
		.fn = fn,
		.context = context,
		.error = error };
	bool within = sqlite3_get_autocommit(m->db.handle) == 0;
	enum ak_code code = within ? AK_OK : ak_master_snapshot(m, error);
	struct ak_filter rest = *filter;

	if (code == AK_OK)
		code = list(&l, &rest);
	if (!within)
		ak_master_snapshot_end(m);
	return code;
}
