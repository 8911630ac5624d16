/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect.h"
#include "master_private.h"
#include "recovery.h"
#include "usage_private.h"

#define URI_MAX (3 * 4096 + 32)

/* Whether what was written last stands in a write-ahead log, so that it must be read.
 */
static bool
has_log(const char *path)
{
	char log[4200];
	struct stat st;

	snprintf(log, sizeof(log), "%s-wal", path);
	return stat(log, &st) == 0 && st.st_size > 0;
}

/*
 * The path as a URI. Without a log the file is taken to be one that nobody changes:
 * SQLite then makes no files beside it.
 */
static void
readable_uri(const char *path, char uri[URI_MAX])
{
	const char *query = has_log(path) ? "?mode=ro" : "?immutable=1";
	char *to = uri + sprintf(uri, "file:");

	for (; *path != '\0' && to < uri + URI_MAX - 32; path++)
		if (strchr("%?#", *path) != NULL)
			to += sprintf(to, "%%%02x", (unsigned char)*path);
		else
			*to++ = *path;
	snprintf(to, (size_t)(uri + URI_MAX - to), "%s", query);
}

/* Open a file for reading alone. */
static enum ak_code
open_to_read(struct ak_database *d, const char *path, struct ak_error *error)
{
	char uri[URI_MAX];
	struct stat st;
	int rc;

	if (lstat(path, &st) != 0)
		return errno == ENOENT
			   ? ak_fail(error, AK_E_NOT_FOUND, "%s: is not there", path)
			   : ak_fail_errno(error, path, "");
	if (!S_ISREG(st.st_mode))
		return ak_fail(error, AK_E_STORE, "%s: is not a regular file", path);
	if (access(path, R_OK) != 0)
		return ak_fail_errno(error, path, "");
	snprintf(d->path, sizeof(d->path), "%s", path);
	readable_uri(path, uri);
	rc = sqlite3_open_v2(uri, &d->handle,
	    SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOFOLLOW, NULL);
	if (rc != SQLITE_OK)
		return ak_fail_sqlite(d->handle, rc, path, error);
	sqlite3_db_config(d->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(d->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return AK_OK;
}

/* Open a database of a kind and of the version that is known here. */
static enum ak_code
inspect(struct ak_database *d, const char *path, const struct ak_kind *kind,
    struct ak_error *error)
{
	int64_t application = 0, version = 0;
	enum ak_code code;

	if ((code = open_to_read(d, path, error)) != AK_OK ||
	    (code = ak_pragma(d, "PRAGMA application_id", &application, error)) !=
		AK_OK ||
	    (code = ak_pragma(d, "PRAGMA user_version", &version, error)) != AK_OK)
		return code;
	if (application != kind->application_id)
		return ak_fail(error, AK_E_STORE, "%s: is not %s", path, kind->name);
	if (version == kind->migration_count)
		return AK_OK;
	return ak_fail(error, AK_E_STORE,
	    "%s: was made by %s authkey (version %d, known here %d)", path,
	    version > kind->migration_count ? "a newer" : "an older", (int)version,
	    kind->migration_count);
}

enum ak_code
ak_master_inspect(
    const struct ak_paths *paths, struct ak_master **out, struct ak_error *error)
{
	struct ak_master *m = ak_master_new(error);
	enum ak_code code;

	*out = NULL;
	if (m == NULL)
		return error->code;
	m->paths = *paths;
	code = inspect(&m->db, paths->master, &ak_master_kind, error);
	if (code == AK_OK)
		*out = m;
	else
		ak_master_close(&m);
	return code;
}

static enum ak_row
take_complaint(sqlite3_stmt *row, void *context)
{
	char *complaint = context;

	ak_column_text(row, 0, complaint, 128);
	return AK_ROW_STOP;
}

enum ak_code
ak_master_check(struct ak_master *m, struct ak_error *error)
{
	char complaint[128] = "";
	sqlite3_stmt *check = NULL;
	int rc = sqlite3_prepare_v2(
	    m->db.handle, "PRAGMA integrity_check(1)", -1, &check, NULL);
	enum ak_code code;

	code = rc == SQLITE_OK
		   ? ak_each(&m->db, check, rc, take_complaint, complaint, error)
		   : ak_fail_sqlite(m->db.handle, rc, m->db.path, error);
	sqlite3_finalize(check);
	if (code == AK_OK && strcmp(complaint, "ok") != 0)
		code = ak_fail(
		    error, AK_E_STORE, "%s: is damaged: %s", m->db.path, complaint);
	return code;
}

enum ak_code
ak_usage_inspect(
    const struct ak_paths *paths, struct ak_usage **out, struct ak_error *error)
{
	struct ak_usage *u = ak_usage_new(paths, error);
	char uri[URI_MAX];
	enum ak_code code;

	*out = NULL;
	if (u == NULL)
		return error->code;
	readable_uri(paths->master, uri);
	if ((code = inspect(&u->db, paths->usage, &ak_usage_kind, error)) == AK_OK)
		code = ak_usage_attach(u, uri, error);
	if (code == AK_OK)
		*out = u;
	else
		ak_usage_close(&u);
	return code;
}

bool
ak_is_aside(const char *name)
{
	static const char *const begin[] = { "master.db.", "master-schema-" };
	size_t len;

	for (size_t i = 0; i < sizeof(begin) / sizeof(begin[0]); i++)
		if (strncmp(name, begin[i], len = strlen(begin[i])) == 0)
			return isdigit((unsigned char)name[len]);
	return false;
}

/* Of a master of any version: the first ones could not seal. */
static enum ak_code
count_sealed(const char *path, int64_t *count, struct ak_error *error)
{
	struct ak_master *m = ak_master_new(error);
	enum ak_code code;

	*count = 0;
	if (m == NULL)
		return error->code;
	if ((code = open_to_read(&m->db, path, error)) == AK_OK &&
	    (code = ak_pragma(&m->db,
		 "SELECT count(*) FROM pragma_table_info('key') WHERE name = 'sealed'",
		 count, error)) == AK_OK &&
	    *count > 0)
		code = ak_recovery_count(m, count, error);
	ak_master_close(&m);
	return code;
}

enum ak_code
ak_sealed_aside(const struct ak_paths *paths, ak_sealed_aside_fn *fn, void *context,
    struct ak_error *error)
{
	DIR *folder = opendir(paths->master_folder);
	const struct dirent *entry;
	struct ak_error ignored;
	char path[4400];
	int64_t count;

	if (folder == NULL)
		return ak_fail_errno(error, paths->master_folder, "");
	/* No other thread has this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while ((entry = readdir(folder)) != NULL) {
		if (!ak_is_aside(entry->d_name))
			continue;
		snprintf(
		    path, sizeof(path), "%s/%s", paths->master_folder, entry->d_name);
		if (count_sealed(path, &count, &ignored) != AK_OK)
			fn(path, -1, context);
		else if (count > 0)
			fn(path, count, context);
	}
	closedir(folder);
	return AK_OK;
}
