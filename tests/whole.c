/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "audit.h"
#include "whole.h"

/* The folders of an installation that a change writes in. */
static const char *const folders[] = { "", "/master" };

static void
each_file(const char *folder, void (*fn)(const char *path, const char *to),
    const char *to_folder)
{
	char path[2 * FX_PATH], to[2 * FX_PATH];
	DIR *dir = opendir(folder);
	struct dirent *entry;
	struct stat st;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		snprintf(to, sizeof(to), "%s/%s", to_folder, entry->d_name);
		if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
			fn(path, to);
	}
	closedir(dir);
}

static void
take_away(const char *path, const char *unused)
{
	(void)unused;
	assert_int_equal(unlink(path), 0);
}

/* From one place to another, which has the same files then and no others. */
static void
copy_all(const char *from, const char *to)
{
	char a[2 * FX_PATH], b[2 * FX_PATH];

	for (size_t i = 0; i < FX_COUNT(folders); i++) {
		snprintf(a, sizeof(a), "%s%s", from, folders[i]);
		snprintf(b, sizeof(b), "%s%s", to, folders[i]);
		mkdir(b, 0700);
		each_file(b, take_away, "");
		each_file(a, fx_copy, b);
	}
}

void
whole_keep(const struct fx *fx)
{
	copy_all(fx->root, fx_path(fx, "whole"));
}

void
whole_back(const struct fx *fx)
{
	copy_all(fx_path(fx, "whole"), fx->root);
}

static sqlite3 *
open_readable(const char *path)
{
	sqlite3 *db;

	assert_int_equal(
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	return db;
}

/* All rows of a statement, a line each. */
static void
write_rows(sqlite3 *db, const char *sql, FILE *to)
{
	sqlite3_stmt *row;
	int rc;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
	while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(row); i++) {
			const char *text = (const char *)sqlite3_column_text(row, i);

			fprintf(to, "%s|", text != NULL ? text : "-");
		}
		fputc('\n', to);
	}
	assert_int_equal(rc, SQLITE_DONE);
	sqlite3_finalize(row);
}

char *
whole_look(const struct fx *fx)
{
	static const char *const questions[] = {
		"SELECT name, owner, prefix, description, state, not_before, "
		"expires_at, services, scopes, networks, tags, created_at, created_by, "
		"activated_at, revoked_at, revoked_by, decoy, draining_since, "
		"no_recovery, replaced_by IS NULL, sealed IS NULL "
		"FROM key ORDER BY name, created_at, state",
		"SELECT * FROM owner ORDER BY name",
		("SELECT prefix, unix_group, default_expiry, retention, usage_cap, "
		 "recovery_key IS NULL, audit_count FROM installation"),
		"SELECT seq, at, who, action, detail FROM audit ORDER BY seq",
		"SELECT tag, count(*) FROM key_tag GROUP BY tag ORDER BY tag",
		"SELECT type, name FROM sqlite_schema ORDER BY type, name",
	};
	char path[2 * FX_PATH], *text = NULL;
	sqlite3 *db;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	snprintf(path, sizeof(path), "%s/master/master.db", fx->root);
	db = open_readable(path);
	for (size_t i = 0; i < FX_COUNT(questions); i++)
		write_rows(db, questions[i], to);
	sqlite3_close(db);
	fclose(to);
	return text;
}

static void
assert_sound(const char *path, const char *when)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	sqlite3 *db = open_readable(path);

	assert_non_null(to);
	write_rows(db, "PRAGMA integrity_check", to);
	sqlite3_close(db);
	fclose(to);
	if (strcmp(text, "ok|\n") != 0)
		fail_msg("%s: %s: %s", when, path, text);
	free(text);
}

/* What is compared, and what came of it. */
struct comparison {
	struct ak_store *store;
	int64_t keys;
	bool same;
};

/* A record of the master, and what logins obey. */
static bool
compare(const struct ak_record *r, void *context)
{
	struct comparison *c = context;
	const struct ak_key *m = &r->key;
	struct ak_store_meta meta;
	struct ak_error error;
	struct ak_key s;

	c->keys++;
	c->same = ak_store_find(c->store, m->id, &s, &meta, &error) == AK_OK &&
		  strcmp(s.id, m->id) == 0 && strcmp(s.owner, m->owner) == 0 &&
		  strcmp(s.name, m->name) == 0 && s.state == m->state &&
		  memcmp(s.digest, m->digest, sizeof(s.digest)) == 0 &&
		  s.not_before == m->not_before && s.expires_at == m->expires_at &&
		  s.decoy == m->decoy && s.owner_suspended == m->owner_suspended &&
		  s.owner_verified == m->owner_verified &&
		  strcmp(s.services, m->services) == 0 &&
		  strcmp(s.scopes, m->scopes) == 0 &&
		  strcmp(s.networks, m->networks) == 0;
	return c->same;
}

static bool
agree(struct ak_master *master, const struct fx *fx)
{
	struct comparison c = { NULL, 0, true };
	struct ak_store store;
	struct ak_error error;

	assert_code(ak_store_open(fx->store, geteuid(), &store, &error), AK_OK, &error);
	c.store = &store;
	assert_code(ak_record_all(master, compare, &c, &error), AK_OK, &error);
	ak_store_close(&store);
	return c.same;
}

bool
whole_heal(const struct fx *fx, const char *when)
{
	struct ak_master *master;
	struct ak_error error;
	int64_t broken, count;
	bool healed;

	assert_code(ak_master_open(fx->root, &master, &error), AK_OK, &error);
	assert_code(ak_master_heal(master, FX_NOW, &healed, &error), AK_OK, &error);
	assert_code(ak_audit_verify(master, &broken, &count, &error), AK_OK, &error);
	if (broken != 0)
		fail_msg("%s: the audit is broken at %d", when, (int)broken);
	if (!agree(master, fx))
		fail_msg("%s: the store is not as the master", when);
	assert_sound(ak_master_paths(master)->master, when);
	assert_sound(fx->store, when);
	ak_master_close(&master);
	return healed;
}
