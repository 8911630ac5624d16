/* SPDX-License-Identifier: BSD-2-Clause */
#include "last_use.h"
#include "usage_private.h"

#define NEVER (-1) /* s: before all times */

/* A listing, and the key that those found follow. */
struct listing {
	struct ak_usage *usage;
	int64_t created_at, last_at; /* s */
	const char *name, *id;
	ak_id_fn *fn;
	void *context;
	bool ended;
	struct ak_error *error;
};

static enum ak_row
take(sqlite3_stmt *row, void *context)
{
	struct listing *l = context;

	l->ended = !l->fn(ak_column(row, 0), l->context);
	return l->ended ? AK_ROW_STOP : AK_ROW_NEXT;
}

static enum ak_code
list(struct listing *l, enum ak_query query, const char *few)
{
	struct ak_database *db = &l->usage->db;
	sqlite3_stmt *s = ak_statement(db, query, l->error);
	int rc;

	if (s == NULL)
		return l->error->code;
	if ((rc = sqlite3_bind_int64(s, 1, l->created_at)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 2, l->name)) == SQLITE_OK)
		rc = ak_bind_text(s, 3, l->id);
	if (rc == SQLITE_OK && query != AK_Q_last_use_never)
		rc = sqlite3_bind_int64(s, 4, l->last_at);
	if (rc == SQLITE_OK && few != NULL)
		rc = ak_bind_text(s, 5, few);
	return ak_each(db, s, rc, take, l, l->error);
}

enum ak_code
ak_last_use_list(struct ak_usage *u, const char *few, const struct ak_record *after,
    ak_id_fn *fn, void *context, struct ak_error *error)
{
	struct listing l = { u, INT64_MIN, NEVER, "", "", fn, context, false, error };
	struct ak_key_usage last;
	enum ak_code code = AK_OK;

	if (after != NULL) {
		code = ak_key_usage_get(u, after->key.id, &last, error);
		l.created_at = after->created_at;
		l.last_at = last.last_at != AK_NO_TIME ? last.last_at : NEVER;
		l.name = after->key.name;
		l.id = after->key.id;
	}
	if (code == AK_OK && few != NULL)
		return list(&l, AK_Q_last_use_sorted, few);
	if (code == AK_OK && l.last_at == NEVER) {
		code = list(&l, AK_Q_last_use_never, NULL);
		l.last_at = 0; /* and now from the first on */
		l.created_at = INT64_MIN;
	}
	return code == AK_OK && !l.ended ? list(&l, AK_Q_last_use_known, NULL) : code;
}
