/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "usage_private.h"

const struct ak_kind ak_usage_kind = { "an authkey usage database",
	AK_USAGE_APPLICATION_ID, ak_usage_migrations, AK_USAGE_MIGRATION_COUNT };

struct ak_usage *
ak_usage_new(const struct ak_paths *paths, struct ak_error *error)
{
	struct ak_usage *u = calloc(1, sizeof(*u));

	if (u == NULL)
		ak_fail(error, AK_E_NOMEM, "out of memory");
	else
		u->paths = paths;
	return u;
}

enum ak_code
ak_usage_attach(struct ak_usage *u, const char *master, struct ak_error *error)
{
	sqlite3_stmt *attach = NULL;
	int rc =
	    sqlite3_prepare_v2(u->db.handle, "ATTACH ?1 AS master", -1, &attach, NULL);

	if (rc == SQLITE_OK && (rc = ak_bind_text(attach, 1, master)) == SQLITE_OK)
		rc = sqlite3_step(attach);
	sqlite3_finalize(attach);
	return rc == SQLITE_DONE
		   ? AK_OK
		   : ak_fail_sqlite(u->db.handle, rc, u->paths->master, error);
}

/* Commands that are the first to need the file may be many at once: one makes it. */
static enum ak_code
make_if_missing(const char *path, struct ak_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return errno == EEXIST ? AK_OK : ak_fail_errno(error, path, "");
	error->code = AK_OK;
	if (fchmod(fd, 0600) != 0)
		ak_fail_errno(error, path, "");
	close(fd);
	return error->code;
}

#define CACHE "-32000" /* KiB: a fold touches rows all over its tables */

enum ak_code
ak_usage_open(
    const struct ak_paths *paths, struct ak_usage **out, struct ak_error *error)
{
	struct ak_usage *u = ak_usage_new(paths, error);
	enum ak_code code;

	*out = NULL;
	if (u == NULL)
		return error->code;
	if ((code = make_if_missing(paths->usage, error)) == AK_OK &&
	    (code = ak_database_open(&u->db, paths->usage, error)) == AK_OK &&
	    (code = ak_execute(&u->db, "PRAGMA cache_size = " CACHE, error)) == AK_OK &&
	    /* What is only counted is worth no backup: authkey-store(5). */
	    (code = ak_database_migrate(&u->db, &ak_usage_kind, NULL, NULL, error)) ==
		AK_OK &&
	    /* Who reads statistics and who folds do not wait for each other. */
	    (code = ak_database_use_wal(&u->db, error)) == AK_OK)
		code = ak_usage_attach(u, paths->master, error);
	if (code == AK_OK)
		*out = u;
	else
		ak_usage_close(&u);
	return code;
}

void
ak_usage_close(struct ak_usage **usage)
{
	struct ak_usage *u = *usage;

	if (u == NULL)
		return;
	*usage = NULL;
	ak_database_close(&u->db);
	free(u);
}

enum ak_code
ak_key_usage_get(
    struct ak_usage *u, const char *id, struct ak_key_usage *k, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&u->db, AK_Q_key_usage_get, error);
	enum ak_code code = AK_OK;
	int rc;

	memset(k, 0, sizeof(*k));
	k->last_at = AK_NO_TIME;
	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, id)) == SQLITE_OK &&
	    (rc = sqlite3_step(s)) == SQLITE_ROW) {
		k->uses = sqlite3_column_int64(s, 0);
		k->refusals = sqlite3_column_int64(s, 1);
		k->last_at = ak_column_time(s, 2);
		if (!ak_column_text(s, 3, k->last_address, sizeof(k->last_address)) ||
		    !ak_column_text(s, 4, k->last_service, sizeof(k->last_service)))
			code = ak_fail(error, AK_E_STORE, "%s: is damaged", u->db.path);
		if (ak_column_was_lost(&u->db))
			code = ak_fail_sqlite(
			    u->db.handle, SQLITE_NOMEM, u->db.path, error);
	} else if (rc != SQLITE_DONE)
		code = ak_fail_sqlite(u->db.handle, rc, u->db.path, error);
	ak_statement_done(s);
	return code;
}
