/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "database.h"
#include "record_row.h"

/* The columns of the view `record`. */
enum {
	ID,
	NAME,
	OWNER,
	SCHEME,
	DIGEST,
	STATE,
	NOT_BEFORE,
	EXPIRES_AT,
	OWNER_SUSPENDED,
	OWNER_VERIFIED,
	SERVICES,
	SCOPES,
	NETWORKS,
	PREFIX,
	DESCRIPTION,
	TAGS,
	CREATED_AT,
	CREATED_BY,
	ACTIVATED_AT,
	REVOKED_AT,
	REVOKED_BY,
	REVOKE_REASON,
	REPLACED_BY,
	DECOY,
	DRAINING_SINCE,
	SEALED,
	NO_RECOVERY
};

#define TEXT(column, field) ak_column_text(row, column, field, sizeof(field))

static bool
read_texts(sqlite3_stmt *row, struct ak_record *r)
{
	return TEXT(ID, r->key.id) && TEXT(NAME, r->key.name) &&
	       TEXT(OWNER, r->key.owner) && TEXT(SERVICES, r->key.services) &&
	       TEXT(SCOPES, r->key.scopes) && TEXT(NETWORKS, r->key.networks) &&
	       TEXT(PREFIX, r->prefix) && TEXT(DESCRIPTION, r->description) &&
	       TEXT(TAGS, r->tags) && TEXT(CREATED_BY, r->created_by) &&
	       TEXT(REVOKED_BY, r->revoked_by) &&
	       TEXT(REVOKE_REASON, r->revoke_reason) &&
	       TEXT(REPLACED_BY, r->replaced_by);
}

static bool
read_sealed(sqlite3_stmt *row, struct ak_record *r)
{
	const void *bytes = sqlite3_column_blob(row, SEALED);

	r->sealed_len = (size_t)sqlite3_column_bytes(row, SEALED);
	if (r->sealed_len > sizeof(r->sealed))
		return false;
	if (bytes != NULL)
		memcpy(r->sealed, bytes, r->sealed_len);
	return true;
}

/*
 * What a login would take for damage is damage here: otherwise what is read back of a
 * publishing fails, and so does every change that has to do with this key.
 */
static bool
read_made_of(sqlite3_stmt *row, struct ak_key *key)
{
	int64_t scheme = sqlite3_column_int64(row, SCHEME);
	int64_t state = sqlite3_column_int64(row, STATE);

	if (sqlite3_column_bytes(row, DIGEST) != AK_DIGEST_LEN ||
	    scheme != AK_SCHEME_BLAKE2B || state < AK_ENABLED || state > AK_ENDED)
		return false;
	memcpy(key->digest, sqlite3_column_blob(row, DIGEST), AK_DIGEST_LEN);
	key->scheme = (uint8_t)scheme;
	key->state = (enum ak_state)state;
	return key->owner[0] != '\0';
}

bool
ak_record_read(sqlite3_stmt *row, struct ak_record *r)
{
	struct ak_key *key = &r->key;

	memset(r, 0, sizeof(*r));
	if (!read_texts(row, r) || !read_sealed(row, r) || !read_made_of(row, key))
		return false;
	key->decoy = sqlite3_column_int(row, DECOY) != 0;
	key->not_before = ak_column_time(row, NOT_BEFORE);
	key->expires_at = ak_column_time(row, EXPIRES_AT);
	key->owner_suspended = sqlite3_column_int(row, OWNER_SUSPENDED) != 0;
	key->owner_verified = sqlite3_column_int(row, OWNER_VERIFIED) != 0;
	r->created_at = ak_column_time(row, CREATED_AT);
	r->activated_at = ak_column_time(row, ACTIVATED_AT);
	r->revoked_at = ak_column_time(row, REVOKED_AT);
	r->draining_since = ak_column_time(row, DRAINING_SINCE);
	r->no_recovery = sqlite3_column_int(row, NO_RECOVERY) != 0;
	return ak_time_is_sane(key->not_before) && ak_time_is_sane(key->expires_at) &&
	       ak_time_is_sane(r->created_at) && ak_time_is_sane(r->activated_at) &&
	       ak_time_is_sane(r->revoked_at) && ak_time_is_sane(r->draining_since);
}

void
ak_record_read_id(sqlite3_stmt *row, char id[AK_ID_LEN + 1])
{
	if (!ak_column_text(row, ID, id, AK_ID_LEN + 1))
		id[0] = '\0';
}

/* The parameters of key_insert.sql and key_update.sql: what decides. */
static int
bind_key(sqlite3_stmt *s, const struct ak_key *key)
{
	int rc;

	if ((rc = ak_bind_text(s, 1, key->id)) != SQLITE_OK ||
	    (rc = ak_bind_text(s, 2, key->name)) != SQLITE_OK ||
	    (rc = ak_bind_text(s, 3, key->owner)) != SQLITE_OK ||
	    (rc = sqlite3_bind_int(s, 4, key->scheme)) != SQLITE_OK ||
	    (rc = sqlite3_bind_blob(s, 5, key->digest, AK_DIGEST_LEN, SQLITE_STATIC)) !=
		SQLITE_OK ||
	    (rc = sqlite3_bind_int(s, 6, (int)key->state)) != SQLITE_OK ||
	    (rc = ak_bind_time(s, 7, key->not_before)) != SQLITE_OK ||
	    (rc = ak_bind_time(s, 8, key->expires_at)) != SQLITE_OK ||
	    (rc = ak_bind_text(s, 9, key->services)) != SQLITE_OK ||
	    (rc = ak_bind_text(s, 10, key->scopes)) != SQLITE_OK ||
	    (rc = ak_bind_text(s, 11, key->networks)) != SQLITE_OK)
		return rc;
	return sqlite3_bind_int(s, 22, key->decoy);
}

/* And what the administrator knows besides. */
static int
bind_rest(sqlite3_stmt *s, const struct ak_record *r)
{
	int rc;

	if ((rc = ak_bind_text(s, 12, r->prefix)) != SQLITE_OK ||
	    (rc = ak_bind_text(s, 13, r->description)) != SQLITE_OK ||
	    (rc = ak_bind_text(s, 14, r->tags)) != SQLITE_OK ||
	    (rc = ak_bind_time(s, 15, r->created_at)) != SQLITE_OK ||
	    (rc = ak_bind_text(s, 16, r->created_by)) != SQLITE_OK ||
	    (rc = ak_bind_time(s, 17, r->activated_at)) != SQLITE_OK ||
	    (rc = ak_bind_time(s, 18, r->revoked_at)) != SQLITE_OK ||
	    (rc = ak_bind_optional(s, 19, r->revoked_by)) != SQLITE_OK ||
	    (rc = ak_bind_optional(s, 20, r->revoke_reason)) != SQLITE_OK ||
	    (rc = ak_bind_optional(s, 21, r->replaced_by)) != SQLITE_OK ||
	    (rc = ak_bind_time(s, 23, r->draining_since)) != SQLITE_OK ||
	    (rc = sqlite3_bind_int(s, 25, r->no_recovery)) != SQLITE_OK)
		return rc;
	/* Whatever ends a key ends the need for its token, too. */
	if (r->sealed_len == 0 || r->key.state == AK_ENDED || r->no_recovery)
		return sqlite3_bind_null(s, 24);
	return sqlite3_bind_blob(s, 24, r->sealed, (int)r->sealed_len, SQLITE_STATIC);
}

int
ak_record_bind(sqlite3_stmt *s, const struct ak_record *r)
{
	int rc = bind_key(s, &r->key);

	return rc == SQLITE_OK ? bind_rest(s, r) : rc;
}
