/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "master_private.h"
#include "owner.h"

static bool
read_owner(sqlite3_stmt *row, struct ak_owner *o)
{
	memset(o, 0, sizeof(*o));
	o->verified_at = ak_column_time(row, 5);
	o->suspended_at = ak_column_time(row, 7);
	return ak_column_text(row, 0, o->name, sizeof(o->name)) &&
	       ak_column_text(row, 1, o->full_name, sizeof(o->full_name)) &&
	       ak_column_text(row, 2, o->user_id, sizeof(o->user_id)) &&
	       ak_column_text(row, 3, o->email, sizeof(o->email)) &&
	       ak_column_text(row, 4, o->external_id, sizeof(o->external_id)) &&
	       ak_column_text(row, 6, o->verified_by, sizeof(o->verified_by)) &&
	       ak_column_text(row, 8, o->suspended_by, sizeof(o->suspended_by)) &&
	       ak_column_text(row, 9, o->suspend_reason, sizeof(o->suspend_reason)) &&
	       ak_time_is_sane(o->verified_at) && ak_time_is_sane(o->suspended_at);
}

/* A search: whom to tell about each owner. */
struct search {
	ak_owner_fn *fn;
	void *context;
};

static enum ak_row
take_owner(sqlite3_stmt *row, void *context)
{
	const struct search *search = context;
	struct ak_owner owner;

	if (!read_owner(row, &owner))
		return AK_ROW_DAMAGED;
	return search->fn(&owner, search->context) ? AK_ROW_NEXT : AK_ROW_STOP;
}

static bool
keep_one(const struct ak_owner *owner, void *context)
{
	memcpy(context, owner, sizeof(*owner));
	return false;
}

enum ak_code
ak_owner_get(struct ak_master *m, const char *name, struct ak_owner *owner, bool *found,
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_owner_get, error);
	struct search search = { keep_one, owner };
	enum ak_code code;

	memset(owner, 0, sizeof(*owner));
	*found = false;
	if (s == NULL)
		return error->code;
	code = ak_each(&m->db, s, ak_bind_text(s, 1, name), take_owner, &search, error);
	*found = owner->name[0] != '\0';
	if (!*found) {
		snprintf(owner->name, sizeof(owner->name), "%s", name);
		owner->verified_at = AK_NO_TIME;
		owner->suspended_at = AK_NO_TIME;
	}
	return code;
}

enum ak_code
ak_owner_put(struct ak_master *m, const struct ak_owner *o, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_owner_put, error);
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, o->name)) == SQLITE_OK &&
	    (rc = ak_bind_optional(s, 2, o->full_name)) == SQLITE_OK &&
	    (rc = ak_bind_optional(s, 3, o->user_id)) == SQLITE_OK &&
	    (rc = ak_bind_optional(s, 4, o->email)) == SQLITE_OK &&
	    (rc = ak_bind_optional(s, 5, o->external_id)) == SQLITE_OK &&
	    (rc = ak_bind_time(s, 6, o->verified_at)) == SQLITE_OK &&
	    (rc = ak_bind_optional(s, 7, o->verified_by)) == SQLITE_OK &&
	    (rc = ak_bind_time(s, 8, o->suspended_at)) == SQLITE_OK &&
	    (rc = ak_bind_optional(s, 9, o->suspended_by)) == SQLITE_OK)
		rc = ak_bind_optional(s, 10, o->suspend_reason);
	return ak_run(&m->db, s, rc, error);
}

static enum ak_code
each(struct ak_master *m, enum ak_query query, ak_owner_fn *fn, void *context,
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, query, error);
	struct search search = { fn, context };

	if (s == NULL)
		return error->code;
	return ak_each(&m->db, s, SQLITE_OK, take_owner, &search, error);
}

enum ak_code
ak_owner_all(
    struct ak_master *m, ak_owner_fn *fn, void *context, struct ak_error *error)
{
	return each(m, AK_Q_owner_all, fn, context, error);
}

enum ak_code
ak_owner_list(
    struct ak_master *m, ak_owner_fn *fn, void *context, struct ak_error *error)
{
	return each(m, AK_Q_owner_list, fn, context, error);
}
