/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fold_private.h"

#define ROTATE_AT (1 << 20) /* bytes that are read of a file before it is put aside */
#define QUIET 60 /* s: after that nobody writes to a file put aside */
#define EVENTS_KEPT 1000000
#define DAY 86400

/* The files of a user, in the order in which they are read: the oldest first. */
static const char *const endings[] = { ".old", ".new", "" };
#define ENDINGS (sizeof(endings) / sizeof(endings[0]))

/* Is it one of the files of a user, spelt as they are made? */
static bool
parse_name(const char *name, uid_t *uid)
{
	char again[64];

	*uid = (uid_t)strtoul(name, NULL, 10);
	for (size_t i = 0; i < ENDINGS; i++) {
		snprintf(again, sizeof(again), "%u%s", (unsigned)*uid, endings[i]);
		if (strcmp(name, again) == 0)
			return true;
	}
	return false;
}

/* Was it read to its end, but for a record that is torn or being written? */
static bool
is_read(const struct ak_fold_file *in)
{
	return in->state == AK_FILE_FINE &&
	       in->status.st_size - in->offset < AK_USAGE_LEN;
}

/* A cap may be smaller than what is usually read before a file is put aside. */
static bool
is_grown(const struct ak_fold_file *in)
{
	return in->offset >= ROTATE_AT || (uint64_t)in->status.st_size >= in->head.cap;
}

/* A time ahead is none at which somebody wrote: the clock was wrong, then or now. */
static bool
is_quiet(const struct ak_fold *f, const struct ak_fold_file *in)
{
	return in->status.st_mtime < f->span.now - QUIET ||
	       in->status.st_mtime > f->span.now + QUIET;
}

/*
 * May what was put aside give way? Not before what was read of it is counted for good,
 * which is what an earlier fold has done, and not while somebody may write to it. What
 * its user has spoilt is his loss, and nothing to wait for; what is none of his will be
 * moved out of the way.
 */
static bool
gives_way(const struct ak_fold *f, const struct ak_fold_file *in)
{
	if (in->state != AK_FILE_FINE)
		return in->state != AK_FILE_SHUT;
	return is_read(in) && in->begin == in->offset && is_quiet(f, in);
}

/* The same of the one whose putting aside was begun: it will be the one put aside. */
static bool
may_go_on(const struct ak_fold_file *in)
{
	return in->state == AK_FILE_FINE ? is_read(in) : in->state != AK_FILE_SHUT;
}

/*
 * Put a file aside, or give one back its name. What fails undoes no count, and is told
 * each time: the file grows until it is full.
 */
static void
rename_file(struct ak_fold *f, const struct ak_fold_file *in)
{
	char text[sizeof(((struct ak_error *)0)->text) + 32];
	struct ak_error why;
	enum ak_code code;

	f->due = true;
	if (f->looking)
		return;
	code = in->state == AK_FILE_MISSING
		   ? ak_usage_file_back(f->usage->paths, in->uid, &why)
		   : ak_usage_file_rotate(
			 f->usage->paths, in->uid, f->rules->cap, f->span.now, &why);
	if (code == AK_OK || f->note == NULL)
		return;
	snprintf(text, sizeof(text), "was not put aside: %s", why.text);
	f->note(in->name, text, f->context);
}

/*
 * Fold the files of one user, and put his present one aside when it is due. That comes
 * before the commit, while no other fold can run: files are known by what is in their
 * heads, so that whatever is undone is read again under its new name.
 */
static enum ak_code
fold_user(struct ak_fold *f, struct ak_fold_file *in)
{
	bool began = false, whole = false, free_of_old = true;
	enum ak_code code;

	code = ak_fold_file(f, in, ".old");
	if (code == AK_OK) {
		free_of_old = gives_way(f, in);
		code = ak_fold_file(f, in, ".new");
	}
	if (code == AK_OK) {
		began = in->state != AK_FILE_MISSING;
		whole = in->state == AK_FILE_FINE;
		free_of_old = free_of_old && may_go_on(in);
		code = ak_fold_file(f, in, "");
	}
	if (code != AK_OK)
		return code;
	if (in->state == AK_FILE_MISSING
		? whole
		: free_of_old && is_read(in) && (began || is_grown(in)))
		rename_file(f, in);
	return AK_OK;
}

/* Whose files are there? The caller frees the list. */
static enum ak_code
list_users(struct ak_fold *f, uid_t **users, size_t *count)
{
	DIR *folder = opendir(f->usage->paths->usage_folder);
	enum ak_code code = AK_OK;
	struct dirent *entry;
	uid_t uid, *more;

	if (folder == NULL)
		return ak_fail_errno(f->error, f->usage->paths->usage_folder, "");
	/* No other thread has this folder. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	while (code == AK_OK && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (!parse_name(entry->d_name, &uid)) {
			code = ak_fold_fault(
			    f, entry->d_name, "is none of authkey's files");
			continue;
		}
		if ((more = reallocarray(*users, *count + 1, sizeof(**users))) ==
		    NULL) {
			code = ak_fail(f->error, AK_E_NOMEM, "out of memory");
			break;
		}
		*users = more;
		more[*count] = uid;
		for (size_t i = 0; more[i] != uid || i == *count; i++)
			if (i == *count) {
				++*count;
				break;
			}
	}
	closedir(folder);
	return code;
}

/* Is there something to prune? */
static enum ak_code
look_for_old(struct ak_fold *f, int64_t from)
{
	int64_t ignored;
	enum ak_code code;
	bool due;

	code = ak_ask(&f->usage->db, AK_Q_usage_prune_due,
	    AK_VALUES(AK_NUMBER(from), AK_NUMBER(EVENTS_KEPT), AK_NUMBER(from / DAY)),
	    &due, &ignored, f->error);
	f->due = f->due || due;
	return code;
}

/* Single events, and the hours of whole days, live for the time of the retention. */
static enum ak_code
prune(struct ak_fold *f)
{
	const int64_t from = f->span.kept_from;
	enum ak_code code;

	if (f->looking)
		return look_for_old(f, from);
	code = ak_write(&f->usage->db, AK_Q_event_prune,
	    AK_VALUES(AK_NUMBER(from), AK_NUMBER(EVENTS_KEPT)), f->error);
	if (code == AK_OK)
		code = ak_write(&f->usage->db, AK_Q_hour_count_prune,
		    AK_VALUES(AK_NUMBER(from / DAY)), f->error);
	if (code == AK_OK)
		code = ak_write(&f->usage->db, AK_Q_day_total_prune,
		    AK_VALUES(AK_NUMBER(from / DAY)), f->error);
	return code;
}

static enum ak_row
take_name(sqlite3_stmt *row, void *context)
{
	return ak_column_text(row, 0, context, NAME_MAX + 1) ? AK_ROW_STOP
							     : AK_ROW_DAMAGED;
}

/* The file behind `name` with which something is wrong; "" when there is none. */
static enum ak_code
next_fault(struct ak_fold *f, char name[NAME_MAX + 1])
{
	sqlite3_stmt *s = ak_statement(&f->usage->db, AK_Q_usage_fault_next, f->error);
	char last[NAME_MAX + 1];

	if (s == NULL)
		return f->error->code;
	memcpy(last, name, sizeof(last));
	name[0] = '\0';
	return ak_each(
	    &f->usage->db, s, ak_bind_text(s, 1, last), take_name, name, f->error);
}

/* What is wrong with a file ends with it. */
static enum ak_code
end_faults(struct ak_fold *f)
{
	char name[NAME_MAX + 1] = "", path[4096];
	enum ak_code code;
	struct stat st;

	while ((code = next_fault(f, name)) == AK_OK && name[0] != '\0') {
		snprintf(path, sizeof(path), "%.*s/%s", 3800,
		    f->usage->paths->usage_folder, name);
		if (lstat(path, &st) == 0 || errno != ENOENT)
			continue;
		if ((code = ak_fold_fault(f, name, NULL)) != AK_OK)
			break;
	}
	return code;
}

/* All users, and what is left to do. */
static enum ak_code
fold_users(struct ak_fold *f, const uid_t *users, size_t count)
{
	struct ak_fold_file *in = malloc(sizeof(*in));
	enum ak_code code = AK_OK;

	if (in == NULL)
		return ak_fail(f->error, AK_E_NOMEM, "out of memory");
	for (size_t i = 0; code == AK_OK && i < count; i++) {
		in->uid = users[i];
		code = fold_user(f, in);
	}
	free(in);
	if (code == AK_OK)
		code = end_faults(f);
	return code == AK_OK ? prune(f) : code;
}

static enum ak_code
fold_all(struct ak_fold *f)
{
	uid_t *users = NULL;
	size_t count = 0;
	enum ak_code code;

	if ((code = list_users(f, &users, &count)) == AK_OK)
		code = fold_users(f, users, count);
	free(users);
	return code;
}

/*
 * The first statement writes, so that the lock on usage.db, and on it alone, is ours
 * before an offset is read. What was seen without the lock may be another fold's by
 * now, and is looked at again.
 */
static enum ak_code
begin(struct ak_fold *f)
{
	enum ak_code code = ak_execute(&f->usage->db, "BEGIN", f->error);

	return code == AK_OK ? ak_write(&f->usage->db, AK_Q_usage_fault_end,
				   AK_VALUES(AK_TEXT("")), f->error)
			     : code;
}

/* In one transaction. */
static enum ak_code
fold_at_once(struct ak_fold *f)
{
	sqlite3 *handle = f->usage->db.handle;
	enum ak_code code;

	if ((code = begin(f)) == AK_OK && (code = fold_all(f)) == AK_OK)
		code = ak_execute(&f->usage->db, "COMMIT", f->error);
	if (sqlite3_get_autocommit(handle) == 0)
		sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
	return code;
}

enum ak_code
ak_usage_fold(struct ak_usage *usage, int64_t now, const struct ak_fold_rules *rules,
    ak_fold_note_fn *note, void *context, struct ak_error *error)
{
	struct ak_fold f = { .usage = usage,
		.span = { .now = now,
		    .unknown_from = now - (rules->retention > AK_RETENTION_DEFAULT
						  ? rules->retention
						  : AK_RETENTION_DEFAULT),
		    .kept_from = now - rules->retention },
		.rules = rules,
		.note = note,
		.context = context,
		.error = error,
		.looking = true };
	enum ak_code code;

	if ((code = fold_all(&f)) != AK_OK || !f.due)
		return code;
	f.looking = false;
	return fold_at_once(&f);
}
