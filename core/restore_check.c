/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "inspect.h"
#include "owner.h"
#include "restore_private.h"

#define TABLES_MAX 32768

/*
 * All that a database has, word by word: tables, indexes, views, triggers. A trigger
 * that somebody put into a backup would act as root, a view decides what every reader
 * of keys sees, and a table of other columns lets nothing be changed any more.
 */
static enum ak_code
list_tables(
    sqlite3 *db, const char *path, char tables[TABLES_MAX], struct ak_error *error)
{
	static const char sql[] = "SELECT type, name, tbl_name, ifnull(sql, '') "
				  "FROM sqlite_schema ORDER BY type, name";
	sqlite3_stmt *rows = NULL;
	size_t n = 0;
	int rc = sqlite3_prepare_v2(db, sql, -1, &rows, NULL);

	tables[0] = '\0';
	if (rc == SQLITE_OK)
		while ((rc = sqlite3_step(rows)) == SQLITE_ROW && n < TABLES_MAX)
			n += (size_t)snprintf(tables + n, TABLES_MAX - n,
			    "%s %s %s %s\n", sqlite3_column_text(rows, 0),
			    sqlite3_column_text(rows, 1), sqlite3_column_text(rows, 2),
			    sqlite3_column_text(rows, 3));
	sqlite3_finalize(rows);
	return rc == SQLITE_DONE || rc == SQLITE_ROW
		   ? AK_OK
		   : ak_fail_sqlite(db, rc, path, error);
}

/* The same of a master that was made right now. */
static enum ak_code
list_tables_of_new(char tables[TABLES_MAX], struct ak_error *error)
{
	enum ak_code code = AK_OK;
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE, NULL);

	for (int i = 0; rc == SQLITE_OK && i < AK_MIGRATION_COUNT; i++)
		rc = sqlite3_exec(db, ak_migrations[i], NULL, NULL, NULL);
	code = rc == SQLITE_OK ? list_tables(db, "a new master", tables, error)
			       : ak_fail_sqlite(db, rc, "a new master", error);
	sqlite3_close(db);
	return code;
}

static enum ak_code
check_tables(struct ak_master *then, struct ak_error *error)
{
	char is[TABLES_MAX], should[TABLES_MAX];
	enum ak_code code;

	if ((code = list_tables(then->db.handle, then->db.path, is, error)) != AK_OK ||
	    (code = list_tables_of_new(should, error)) != AK_OK)
		return code;
	/* What is as long as there is room may be longer. */
	if (strlen(should) == TABLES_MAX - 1 || strcmp(is, should) != 0)
		return ak_fail(error, AK_E_STORE,
		    "it has not the tables of a master: somebody changed it");
	return AK_OK;
}

static bool
pass_record(const struct ak_record *record, void *context)
{
	(void)record;
	(void)context;
	return true;
}

static bool
pass_owner(const struct ak_owner *owner, void *context)
{
	(void)owner;
	(void)context;
	return true;
}

/*
 * What is added to them must be a number, and a time: otherwise no change is published
 * any more, or a key is made that nobody can read.
 */
static bool
are_sane(const struct ak_installation *is)
{
	return is->generation >= 0 && is->generation < INT64_MAX / 2 &&
	       (is->default_expiry == AK_NO_TIME ||
		   (is->default_expiry > 0 && is->default_expiry < AK_TIME_MAX / 2)) &&
	       is->retention > 0 && is->retention < AK_TIME_MAX && is->usage_cap > 0;
}

/* Every row must be one that this program can read, and the group must be there. */
static enum ak_code
check_rows(struct ak_master *then, struct ak_error *error)
{
	struct ak_installation is;
	enum ak_code code;
	gid_t gid;

	if ((code = ak_master_installation(then, &is, error)) != AK_OK)
		return code;
	if (!are_sane(&is))
		return ak_fail(error, AK_E_STORE,
		    "%s: is damaged: its generation or a setting of config",
		    then->db.path);
	if ((code = ak_group_id(is.unix_group, &gid, error)) != AK_OK ||
	    (code = ak_record_all(then, pass_record, NULL, error)) != AK_OK)
		return code;
	return ak_owner_all(then, pass_owner, NULL, error);
}

enum ak_code
ak_restore_check(struct ak_master *then, struct ak_error *error)
{
	int64_t broken, count;
	enum ak_code code;

	if ((code = ak_master_check(then, error)) != AK_OK ||
	    (code = check_tables(then, error)) != AK_OK ||
	    (code = check_rows(then, error)) != AK_OK ||
	    (code = ak_audit_verify(then, &broken, &count, error)) != AK_OK)
		return code;
	if (broken != 0)
		return ak_fail(error, AK_E_STORE,
		    "its audit is broken at row %lld: somebody changed it",
		    (long long)broken);
	return AK_OK;
}
