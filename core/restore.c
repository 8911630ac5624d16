/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "publish_private.h"
#include "restore_private.h"

#define NO_BACKUP "is no backup of an authkey master"

/* SQLite's file format, 1.3: how a file begins, and where the application id stands. */
#define HEADER_LEN 100
#define APPLICATION_AT 68
static const char magic[16] = "SQLite format 3";

static bool
is_master(int fd)
{
	uint8_t header[HEADER_LEN];
	uint32_t id = 0;

	if (pread(fd, header, sizeof(header), 0) != sizeof(header) ||
	    memcmp(header, magic, sizeof(magic)) != 0)
		return false;
	for (size_t i = 0; i < 4; i++)
		id = id << 8 | header[APPLICATION_AT + i];
	return id == AK_MASTER_APPLICATION_ID;
}

/* Open a backup that nobody else could have made or changed. */
static enum ak_code
open_file(const char *file, int *fd, struct ak_error *error)
{
	struct stat st;

	*fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (*fd < 0 && errno == ENOENT)
		return ak_fail(
		    error, AK_E_NOT_FOUND, "%s: there is no such file", file);
	if (*fd < 0 || fstat(*fd, &st) != 0)
		return ak_fail_errno(error, file, "");
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		return ak_fail(
		    error, AK_E_STORE, "%s: is not a regular file with one name", file);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 022) != 0)
		return ak_fail(error, AK_E_STORE,
		    "%s: others may have changed it; if it is what you think it is: "
		    "chown root and chmod 600 it",
		    file);
	if (!is_master(*fd))
		return ak_fail(error, AK_E_STORE, "%s: " NO_BACKUP, file);
	return AK_OK;
}

/* The bytes of the backup into the master's folder. */
static enum ak_code
take_in(struct ak_restore *r, const char *file, struct ak_error *error)
{
	enum ak_code code;
	int from = -1, to = -1;

	if ((code = open_file(file, &from, error)) == AK_OK &&
	    (code = ak_scratch_take(&r->now->paths, &r->scratch, error)) == AK_OK) {
		to = open(r->scratch.path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		code = to < 0 ? ak_fail_errno(error, r->scratch.path, "")
			      : ak_copy_bytes(from, to, file, error);
	}
	if (from >= 0)
		close(from);
	if (to >= 0)
		close(to);
	return code;
}

/* The copy as a master of this version, checked. Messages name the file. */
static enum ak_code
open_copy(struct ak_restore *r, const char *file, struct ak_error *error)
{
	struct ak_master *then = ak_master_new(error);
	enum ak_code code;

	if ((r->then = then) == NULL)
		return error->code;
	then->paths = r->now->paths;
	snprintf(then->paths.master, sizeof(then->paths.master), "%.4000s", file);
	code = ak_database_open(&then->db, r->scratch.path, error);
	snprintf(then->db.path, sizeof(then->db.path), "%.4000s", file);
	if (code == AK_OK &&
	    (code = ak_execute(&then->db, "PRAGMA journal_mode = DELETE", error)) ==
		AK_OK &&
	    (code = ak_database_migrate(
		 &then->db, &ak_master_kind, NULL, NULL, error)) == AK_OK)
		code = ak_restore_check(then, error);
	return code;
}

/*
 * What logins obey. A store whose delta is lost opens nothing, but what had ended when
 * it was written has ended.
 */
static bool
read_present_store(struct ak_restore *r)
{
	const char *path = r->now->paths.store;
	struct ak_error ignored;
	struct ak_key key;

	r->tells = AK_STORE_TELLS_ALL;
	if (ak_store_open(path, geteuid(), &r->store, &ignored) != AK_OK) {
		r->tells = AK_STORE_TELLS_OLD;
		if (ak_store_open_alone(path, geteuid(), &r->store, &ignored) != AK_OK)
			r->tells = AK_STORE_TELLS_NOTHING;
	}
	return r->tells != AK_STORE_TELLS_NOTHING &&
	       ak_store_find(&r->store, "", &key, &r->meta, &ignored) == AK_OK;
}

/* The present, as far as it is there. */
static enum ak_code
open_present(struct ak_restore *r, const char *root, struct ak_error *error)
{
	struct ak_installation is;
	struct ak_error older;
	enum ak_code code = ak_master_find(root, &r->now, error);

	if (code != AK_OK)
		return code;
	if ((code = ak_store_not_newer(r->now->paths.store, geteuid(), error)) != AK_OK)
		return code;
	if ((code = ak_master_attach(r->now, &r->why_not)) == AK_OK)
		code = ak_master_installation(r->now, &is, &r->why_not);
	r->readable = code == AK_OK;
	if (!r->readable)
		ak_database_close(&r->now->db);
	r->published = read_present_store(r);
	r->older = r->readable && ak_master_not_older(r->now, &older) != AK_OK;
	if (code == AK_E_PERMISSION || code == AK_E_NOMEM) {
		*error = r->why_not;
		return code;
	}
	return AK_OK;
}

enum ak_code
ak_restore_open(
    const char *root, const char *file, struct ak_restore **out, struct ak_error *error)
{
	struct ak_restore *r = calloc(1, sizeof(*r));
	enum ak_code code;

	*out = NULL;
	if (r == NULL)
		return ak_fail(error, AK_E_NOMEM, "out of memory");
	r->scratch.folder = -1;
	r->store.tree.fd = -1;
	if ((code = open_present(r, root, error)) == AK_OK &&
	    (code = take_in(r, file, error)) == AK_OK)
		code = open_copy(r, file, error);
	if (code == AK_OK)
		*out = r;
	else
		ak_restore_close(&r);
	return code;
}

void
ak_restore_close(struct ak_restore **restore)
{
	struct ak_restore *r = *restore;

	if (r == NULL)
		return;
	*restore = NULL;
	ak_master_close(&r->then);
	ak_master_close(&r->now);
	ak_store_close(&r->store);
	ak_scratch_drop(&r->scratch);
	free(r);
}

struct ak_master *
ak_restore_master(struct ak_restore *r)
{
	return r->then;
}

const char *
ak_restore_present_kept(const struct ak_restore *r)
{
	return ak_master_kept(r->now);
}

const char *
ak_restore_present_why_not(const struct ak_restore *r)
{
	return r->readable ? NULL : r->why_not.text;
}

bool
ak_restore_present_is_older(const struct ak_restore *r)
{
	return r->older;
}

enum ak_store_tells
ak_restore_store_tells(const struct ak_restore *r)
{
	return r->tells;
}

enum ak_code
ak_restore_begin(struct ak_restore *r, struct ak_error *error)
{
	enum ak_code code = ak_master_lock(r->now, error);

	return code == AK_OK ? ak_execute(&r->then->db, "BEGIN IMMEDIATE", error)
			     : code;
}

/* A generation that no module and no command has seen. */
static enum ak_code
next_generation(struct ak_restore *r, int64_t *next, struct ak_error *error)
{
	struct ak_installation then, now;
	struct ak_error ignored;
	enum ak_code code = ak_master_installation(r->then, &then, error);

	*next = then.generation;
	if (r->published && r->meta.generation > *next)
		*next = r->meta.generation;
	if (r->readable && ak_master_installation(r->now, &now, &ignored) == AK_OK &&
	    now.generation > *next)
		*next = now.generation;
	++*next;
	return code;
}

/* What a backup says of a delta is not of the store in place. */
static enum ak_code
commit_copy(struct ak_restore *r, int64_t generation, struct ak_error *error)
{
	static const struct ak_publishing none = { 0, 0 };
	enum ak_code code;

	if ((code = ak_write(&r->then->db, AK_Q_generation_put,
		 AK_VALUES(AK_NUMBER(generation)), error)) != AK_OK ||
	    (code = ak_publishing_put(r->then, &none, error)) != AK_OK ||
	    (code = ak_delta_forget(r->then, AK_DELTA_ALL, error)) != AK_OK)
		return code;
	return ak_execute(&r->then->db, "COMMIT", error);
}

/* Keep the bytes of a master that SQLite does not read, and what stands beside it. */
static enum ak_code
keep_damaged(struct ak_restore *r, const char *kept, struct ak_error *error)
{
	const char *master = r->now->paths.master;
	char side[4300], kept_side[4300];
	enum ak_code code = AK_OK;
	int from = open(master, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (from < 0 && errno != ENOENT)
		return ak_fail_errno(error, master, "");
	if (from >= 0) {
		code = ak_copy_file(from, kept, false, error);
		close(from);
	}
	snprintf(side, sizeof(side), "%s-wal", master);
	snprintf(kept_side, sizeof(kept_side), "%s-wal", kept);
	if (code == AK_OK && rename(side, kept_side) != 0 && errno != ENOENT)
		code = ak_fail_errno(error, side, "");
	snprintf(side, sizeof(side), "%s-shm", master);
	unlink(side);
	return code;
}

static enum ak_code
keep(struct ak_restore *r, int64_t now, int64_t generation, char kept[4200],
    struct ak_error *error)
{
	const char *master = r->now->paths.master;
	char made[4200], when[32] = "";
	struct tm tm;
	enum ak_code code;

	if (gmtime_r(&(time_t){ now }, &tm) != NULL)
		strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(kept, 4200, "%s.%s.%lld", master, when, (long long)generation - 1);
	if (!r->readable)
		return keep_damaged(r, kept, error);
	snprintf(made, sizeof(made), "%s.kept", master);
	if ((code = ak_copy_aside(&r->now->db, made, error)) == AK_OK &&
	    rename(made, kept) != 0)
		code = ak_fail_errno(error, kept, "");
	return code == AK_OK ? ak_sync_folder_of(kept, error) : code;
}

/*
 * Into the present database where SQLite can read it: one transaction, after which
 * every process that has it open sees the new one. A file of its name in its place
 * would meet the write-ahead log of the old.
 */
static enum ak_code
replace(struct ak_restore *r, struct ak_error *error)
{
	const char *master = r->now->paths.master;
	enum ak_code code;

	if (r->readable)
		return ak_copy_database(&r->then->db, &r->now->db, NULL, NULL, error);
	ak_database_close(&r->then->db);
	if (rename(r->scratch.path, master) != 0)
		return ak_fail_errno(error, master, "");
	if ((code = ak_sync_folder_of(master, error)) == AK_OK)
		code = ak_master_attach(r->now, error);
	return code;
}

enum ak_code
ak_restore_finish(
    struct ak_restore *r, int64_t now, char kept[4200], struct ak_error *error)
{
	struct ak_error why;
	int64_t generation;
	enum ak_code code;

	kept[0] = '\0';
	if ((code = next_generation(r, &generation, error)) != AK_OK ||
	    (code = commit_copy(r, generation, error)) != AK_OK ||
	    (code = keep(r, now, generation, kept, error)) != AK_OK ||
	    (code = replace(r, error)) != AK_OK)
		return code;
	if (ak_master_publish_locked(r->now, now, &why) == AK_OK)
		return AK_OK;
	return ak_fail(error, AK_E_STORE,
	    "%.300s; the backup is restored but not published, logins obey what was "
	    "before: run authkey publish",
	    why.text);
}
