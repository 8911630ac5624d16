/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "master_private.h"
#include "mint.h"
#include "record_row.h"
#include "recovery.h"

/* Two random ids of 58^8 meet once in a lifetime; three times in a row is a fault. */
#define MINT_TRIES 3

void
ak_record_init(struct ak_record *r, int64_t now)
{
	memset(r, 0, sizeof(*r));
	r->key.state = AK_ENABLED;
	r->key.not_before = AK_NO_TIME;
	r->key.expires_at = AK_NO_TIME;
	r->created_at = now;
	r->activated_at = now;
	r->revoked_at = AK_NO_TIME;
	r->draining_since = AK_NO_TIME;
}

const char *
ak_record_status(const struct ak_record *record, int64_t now)
{
	const struct ak_key *key = &record->key;

	if (key->state == AK_ENDED)
		return "revoked";
	if (key->state != AK_ENABLED)
		return "disabled";
	if (key->not_before != AK_NO_TIME && now < key->not_before)
		return "pending";
	if (key->expires_at != AK_NO_TIME && now >= key->expires_at)
		return "expired";
	return "enabled";
}

void
ak_record_revoke(struct ak_record *r, int64_t now, const char *by, const char *reason)
{
	r->key.state = AK_ENDED;
	r->revoked_at = now;
	snprintf(r->revoked_by, sizeof(r->revoked_by), "%s", by);
	snprintf(r->revoke_reason, sizeof(r->revoke_reason), "%s", reason);
}

/* A search: whom to tell about each record. */
struct search {
	ak_record_fn *fn;
	void *context;
	ak_damage_fn *damage; /* NULL: what cannot be read ends it with an error */
};

/* A row that cannot be read. */
static enum ak_row
take_damage(sqlite3_stmt *row, const struct search *search)
{
	char id[AK_ID_LEN + 1];

	if (search->damage == NULL)
		return AK_ROW_DAMAGED;
	ak_record_read_id(row, id);
	search->damage(id, search->context);
	return AK_ROW_NEXT;
}

static enum ak_row
take_record(sqlite3_stmt *row, void *context)
{
	const struct search *search = context;
	struct ak_record record;

	if (!ak_record_read(row, &record))
		return take_damage(row, search);
	return search->fn(&record, search->context) ? AK_ROW_NEXT : AK_ROW_STOP;
}

enum ak_code
ak_record_each(struct ak_master *m, sqlite3_stmt *rows, int bound, ak_record_fn *fn,
    void *context, struct ak_error *error)
{
	struct search search = { fn, context, NULL };

	return ak_each(&m->db, rows, bound, take_record, &search, error);
}

static enum ak_code
write_record(struct ak_master *m, enum ak_query query, const struct ak_record *r,
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, query, error);
	enum ak_code code;

	if (s == NULL)
		return error->code;
	code = ak_run(&m->db, s, ak_record_bind(s, r), error);
	if (code == AK_E_CONFLICT &&
	    sqlite3_extended_errcode(m->db.handle) == SQLITE_CONSTRAINT_UNIQUE)
		ak_fail(error, code,
		    "%s has a key named \"%s\" already; choose another name, or revoke "
		    "it "
		    "first: authkey revoke '%s/%s'",
		    r->key.owner, r->key.name, r->key.owner, r->key.name);
	return code;
}

enum ak_code
ak_record_issue(struct ak_master *m, struct ak_record *r, char text[AK_TOKEN_MAX + 1],
    struct ak_error *error)
{
	struct ak_installation is;
	struct ak_token tok;
	enum ak_code code;
	int tries = 0;

	if ((code = ak_master_installation(m, &is, error)) != AK_OK)
		return code;
	memset(r->sealed, 0, sizeof(r->sealed));
	r->sealed_len = 0;
	do {
		ak_token_mint(r->prefix, text, &tok);
		memcpy(r->key.id, tok.id, sizeof(tok.id));
		r->key.scheme = AK_SCHEME_BLAKE2B;
		ak_digest(text, strlen(text), r->key.digest);
		if (is.recovery && !r->no_recovery &&
		    !ak_recovery_seal(is.recovery_key, text, r))
			return ak_fail(error, AK_E_STORE,
			    "the recovery key is damaged; make a new one: authkey "
			    "recovery off, then authkey recovery init FILE");
		code = write_record(m, AK_Q_key_insert, r, error);
	} while (
	    code == AK_E_CONFLICT && ++tries < MINT_TRIES &&
	    sqlite3_extended_errcode(m->db.handle) == SQLITE_CONSTRAINT_PRIMARYKEY);
	return code;
}

enum ak_code
ak_record_add(struct ak_master *m, const struct ak_record *r, struct ak_error *error)
{
	return write_record(m, AK_Q_key_insert, r, error);
}

enum ak_code
ak_record_update(struct ak_master *m, const struct ak_record *r, struct ak_error *error)
{
	return write_record(m, AK_Q_key_update, r, error);
}

enum ak_code
ak_record_delete(struct ak_master *m, const char *id, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_delete, error);

	return s != NULL ? ak_run(&m->db, s, ak_bind_text(s, 1, id), error)
			 : error->code;
}

static bool
keep_one(const struct ak_record *record, void *context)
{
	memcpy(context, record, sizeof(*record));
	return false;
}

enum ak_code
ak_record_by_id(struct ak_master *m, const char *id, struct ak_record *record,
    bool *found, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_by_id, error);
	enum ak_code code = error->code;

	memset(record, 0, sizeof(*record));
	if (s != NULL)
		code = ak_record_each(
		    m, s, ak_bind_text(s, 1, id), keep_one, record, error);
	*found = record->key.id[0] != '\0';
	return code;
}

enum ak_code
ak_record_by_name(struct ak_master *m, const char *name, const char *owner,
    ak_record_fn *fn, void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_by_name, error);
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, name)) == SQLITE_OK)
		rc = ak_bind_text(s, 2, owner);
	return ak_record_each(m, s, rc, fn, context, error);
}

enum ak_code
ak_record_near(struct ak_master *m, const char *name, int64_t count, ak_record_fn *fn,
    void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_near, error);
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, name)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 2, count);
	return ak_record_each(m, s, rc, fn, context, error);
}

enum ak_code
ak_record_query(struct ak_master *m, enum ak_query query, ak_record_fn *fn,
    void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, query, error);

	return s != NULL ? ak_record_each(m, s, SQLITE_OK, fn, context, error)
			 : error->code;
}

enum ak_code
ak_record_all(
    struct ak_master *m, ak_record_fn *fn, void *context, struct ak_error *error)
{
	return ak_record_query(m, AK_Q_key_all, fn, context, error);
}

static enum ak_row
take_counts(sqlite3_stmt *row, void *context)
{
	int64_t *counts = context;

	counts[0] = sqlite3_column_int64(row, 0);
	counts[1] = sqlite3_column_int64(row, 1);
	return AK_ROW_STOP;
}

enum ak_code
ak_record_count(
    struct ak_master *m, int64_t *owners, int64_t *keys, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_record_count, error);
	int64_t counts[2] = { 0, 0 };
	enum ak_code code = error->code;

	if (s != NULL)
		code = ak_each(&m->db, s, SQLITE_OK, take_counts, counts, error);
	*owners = counts[0];
	*keys = counts[1];
	return code;
}

enum ak_code
ak_record_all_readable(struct ak_master *m, ak_record_fn *fn, ak_damage_fn *damage,
    void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_all, error);
	struct search search = { fn, context, damage };

	if (s == NULL)
		return error->code;
	return ak_each(&m->db, s, SQLITE_OK, take_record, &search, error);
}

enum ak_code
ak_record_readable(struct ak_master *m, const char *id, ak_record_fn *fn,
    ak_damage_fn *damage, void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_by_id, error);
	struct search search = { fn, context, damage };

	if (s == NULL)
		return error->code;
	return ak_each(&m->db, s, ak_bind_text(s, 1, id), take_record, &search, error);
}
