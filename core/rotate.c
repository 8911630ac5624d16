/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "master_private.h"
#include "rotate.h"
#include "usage_private.h"

#define DAY INT64_C(86400)

static enum ak_row
take_id(sqlite3_stmt *row, void *context)
{
	char *id = context;

	return ak_column_text(row, 0, id, AK_ID_LEN + 1) ? AK_ROW_STOP : AK_ROW_DAMAGED;
}

/* The one id that a query of one id has, or "". */
static enum ak_code
ask_id(struct ak_master *m, enum ak_query query, const char *of, char id[AK_ID_LEN + 1],
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, query, error);

	memset(id, 0, AK_ID_LEN + 1);
	if (s == NULL)
		return error->code;
	return ak_each(&m->db, s, ak_bind_text(s, 1, of), take_id, id, error);
}

enum ak_code
ak_key_replaces(struct ak_master *m, const char *id, char replaces[AK_ID_LEN + 1],
    struct ak_error *error)
{
	return ask_id(m, AK_Q_key_replaces, id, replaces, error);
}

/* Why a key cannot be rotated. */
static enum ak_code
check(struct ak_master *m, const struct ak_record *old, const struct ak_rotation *plan,
    struct ak_error *error)
{
	const struct ak_key *key = &old->key;
	char successor[AK_ID_LEN + 1];

	if (key->state == AK_ENDED)
		return ak_fail(error, AK_E_CONFLICT,
		    "%s/%s (%s) is revoked; make a new key: authkey create", key->owner,
		    key->name, key->id);
	if (key->decoy)
		return ak_fail(error, AK_E_CONFLICT,
		    "%s/%s (%s) is a decoy, which nobody uses; make another: authkey "
		    "create --decoy",
		    key->owner, key->name, key->id);
	if (ask_id(m, AK_Q_key_successor, key->id, successor, error) != AK_OK)
		return error->code;
	if (successor[0] != '\0')
		return ak_fail(error, AK_E_CONFLICT,
		    "%s/%s (%s) was replaced by %s; to replace that: authkey rotate %s",
		    key->owner, key->name, key->id, successor, successor);
	if (!plan->dated && key->expires_at != AK_NO_TIME &&
	    key->expires_at <= plan->now)
		return ak_fail(error, AK_E_CONFLICT,
		    "%s/%s (%s) has expired, and so would the new key; say when that "
		    "ends: --expires",
		    key->owner, key->name, key->id);
	if (plan->dated && plan->expires_at != AK_NO_TIME &&
	    key->not_before >= plan->expires_at)
		return ak_fail(
		    error, AK_E_USAGE, "--expires: the key must begin before it ends");
	return AK_OK;
}

/* The successor, all but its id and secret. */
static enum ak_code
succeed(struct ak_master *m, const struct ak_record *old,
    const struct ak_rotation *plan, struct ak_record *new, struct ak_error *error)
{
	struct ak_installation is;

	if (ak_master_installation(m, &is, error) != AK_OK)
		return error->code;
	ak_record_init(new, plan->now);
	new->key = old->key;
	if (plan->dated)
		new->key.expires_at = plan->expires_at;
	if (new->key.state != AK_ENABLED)
		new->activated_at = AK_NO_TIME;
	new->no_recovery = old->no_recovery;
	memcpy(new->prefix, is.prefix, sizeof(new->prefix));
	memcpy(new->description, old->description, sizeof(new->description));
	memcpy(new->tags, old->tags, sizeof(new->tags));
	snprintf(new->created_by, sizeof(new->created_by), "%s", plan->by);
	return AK_OK;
}

/* What becomes of the old key. */
static void
retire(struct ak_record *old, const struct ak_rotation *plan, const char *successor)
{
	struct ak_key *key = &old->key;
	char reason[AK_ID_LEN + 16];
	bool begins = key->not_before == AK_NO_TIME || key->not_before < plan->until;

	memcpy(old->replaced_by, successor, sizeof(old->replaced_by));
	if (plan->until == AK_NO_TIME ? !plan->drain
				      : plan->until <= plan->now || !begins) {
		snprintf(reason, sizeof(reason), "replaced by %s", successor);
		ak_record_revoke(old, plan->now, plan->by, reason);
		return;
	}
	old->draining_since = plan->drain ? plan->now : AK_NO_TIME;
	if (plan->until != AK_NO_TIME &&
	    (key->expires_at == AK_NO_TIME || plan->until < key->expires_at))
		key->expires_at = plan->until;
}

enum ak_code
ak_key_rotate(struct ak_master *m, struct ak_record *old,
    const struct ak_rotation *plan, struct ak_record *new, char token[AK_TOKEN_MAX + 1],
    struct ak_error *error)
{
	enum ak_code code;

	if ((code = check(m, old, plan, error)) != AK_OK ||
	    (code = succeed(m, old, plan, new, error)) != AK_OK)
		return code;
	/* It leaves its name first: one key goes by it at any time. */
	memcpy(old->replaced_by, old->key.id, sizeof(old->replaced_by));
	if ((code = ak_record_update(m, old, error)) != AK_OK ||
	    (code = ak_record_issue(m, new, token, error)) != AK_OK)
		return code;
	retire(old, plan, new->key.id);
	return ak_record_update(m, old, error);
}

enum ak_code
ak_key_draining(
    struct ak_master *m, ak_record_fn *fn, void *context, struct ak_error *error)
{
	return ak_record_query(m, AK_Q_key_draining, fn, context, error);
}

/* A search: whom to tell about each caller. */
struct search {
	ak_rotation_caller_fn *fn;
	void *context;
};

static int64_t
day_column(sqlite3_stmt *row, int column)
{
	int64_t day = ak_column_time(row, column);

	return day == AK_NO_TIME ? AK_NO_TIME : day * DAY;
}

static enum ak_row
take_caller(sqlite3_stmt *row, void *context)
{
	const struct search *search = context;
	const struct ak_rotation_caller caller = { (const char *)sqlite3_column_text(
						       row, 0),
		(const char *)sqlite3_column_text(row, 1), day_column(row, 2),
		sqlite3_column_int64(row, 3), day_column(row, 4) };

	if (caller.service == NULL || caller.address == NULL)
		return AK_ROW_DAMAGED;
	return search->fn(&caller, search->context) ? AK_ROW_NEXT : AK_ROW_STOP;
}

enum ak_code
ak_rotation_callers(struct ak_usage *u, const char *id, ak_rotation_caller_fn *fn,
    void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&u->db, AK_Q_rotation_waiting, error);
	struct search search = { fn, context };
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, id)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 2, AK_ROTATION_LOOK / DAY);
	return ak_each(&u->db, s, rc, take_caller, &search, error);
}

/* Those who wait come first. */
static bool
is_waiting(const struct ak_rotation_caller *caller, void *waiting)
{
	*(bool *)waiting = caller->moved_day == AK_NO_TIME;
	return false;
}

static enum ak_row
note_row(sqlite3_stmt *row, void *context)
{
	(void)row;
	*(bool *)context = true;
	return AK_ROW_STOP;
}

enum ak_code
ak_rotation_is_over(
    struct ak_usage *u, const char *id, bool *over, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&u->db, AK_Q_rotation_begun, error);
	bool begun = false, waiting = false;
	enum ak_code code;

	*over = false;
	if (s == NULL)
		return error->code;
	if ((code = ak_each(&u->db, s, ak_bind_text(s, 1, id), note_row, &begun,
		 error)) == AK_OK &&
	    begun)
		code = ak_rotation_callers(u, id, is_waiting, &waiting, error);
	*over = code == AK_OK && begun && !waiting;
	return code;
}
