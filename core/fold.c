/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tally.h"
#include "trusted.h"

#define CHUNK (1 << 20)
#define ROTATE_AT (1 << 20) /* bytes that are read of a file before it is put aside */
#define QUIET 60 /* s: after that nobody writes to a file put aside */
#define EVENTS_KEPT 1000000
#define HOUR 3600

/* One fold. */
struct fold {
	struct ak_usage *usage;
	int64_t now;
	const struct ak_fold_rules *rules;
	ak_fold_note_fn *note;
	void *context;
	struct ak_error *error;
	struct ak_error aside; /* why a file was not put aside, which undoes no count */
};

/* One usage file: where it is read, and what was found. */
struct input {
	char name[64];
	uid_t uid;
	int fd;
	bool there;
	struct stat status;
	struct ak_usage_head head;
	int64_t begin; /* where this fold began to read */
	int64_t offset; /* of the first byte that is not read */
	int64_t dropped; /* that were known before */
	int64_t strange; /* bytes that are no record */
	struct ak_tally *tally;
	uint8_t chunk[CHUNK];
};

/* Say what is wrong with a file, unless it was said before. */
static enum ak_code
fault(struct fold *f, const char *name, const char *text)
{
	sqlite3_stmt *s = ak_statement(&f->usage->db, AK_Q_usage_fault_add, f->error);
	enum ak_code code;
	int rc;

	if (s == NULL)
		return f->error->code;
	if ((rc = ak_bind_text(s, 1, name)) == SQLITE_OK)
		rc = ak_bind_text(s, 2, text);
	code = ak_run(&f->usage->db, s, rc, f->error);
	if (code == AK_OK && sqlite3_changes(f->usage->db.handle) > 0 &&
	    f->note != NULL)
		f->note(name, text, f->context);
	return code;
}

static enum ak_code
no_fault(struct fold *f, const char *name)
{
	sqlite3_stmt *s = ak_statement(&f->usage->db, AK_Q_usage_fault_end, f->error);

	if (s == NULL)
		return f->error->code;
	return ak_run(&f->usage->db, s, ak_bind_text(s, 1, name), f->error);
}

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

/* Open what may be anything. NULL, or what is wrong with it. */
static const char *
open_input(const struct fold *f, struct input *in)
{
	uint8_t head[AK_USAGE_LEN];
	char path[4096];

	snprintf(path, sizeof(path), "%.*s/%s", 4000, f->usage->paths->usage_folder,
	    in->name);
	in->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	in->there = in->fd >= 0 || errno != ENOENT;
	if (in->fd < 0)
		return errno == ELOOP ? "is a symbolic link" : "cannot be opened";
	if (fstat(in->fd, &in->status) != 0 || !S_ISREG(in->status.st_mode))
		return "is not a regular file";
	if (in->status.st_nlink != 1)
		return "has more than one name";
	if (in->status.st_uid != in->uid)
		return "does not belong to the user that it is named after";
	if (pread(in->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    !ak_usage_head_unpack(head, &in->head))
		return "is not a usage file";
	return NULL;
}

/* How far has it been read? A file that was cut short begins anew. */
static enum ak_code
find_offset(struct fold *f, struct input *in)
{
	sqlite3_stmt *s = ak_statement(&f->usage->db, AK_Q_usage_file_get, f->error);
	int rc;

	in->offset = AK_USAGE_LEN;
	in->dropped = 0;
	if (s == NULL)
		return f->error->code;
	rc = sqlite3_bind_blob(s, 1, in->head.id, sizeof(in->head.id), SQLITE_STATIC);
	if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		in->offset = sqlite3_column_int64(s, 0);
		in->dropped = sqlite3_column_int64(s, 1);
		rc = SQLITE_DONE;
	}
	ak_statement_done(s);
	if (rc != SQLITE_DONE)
		return ak_fail_sqlite(
		    f->usage->db.handle, rc, f->usage->db.path, f->error);
	if (in->offset < AK_USAGE_LEN || in->offset > in->status.st_size)
		in->offset = AK_USAGE_LEN;
	in->begin = in->offset;
	return AK_OK;
}

static enum ak_code
keep_offset(struct fold *f, const struct input *in)
{
	sqlite3_stmt *s = ak_statement(&f->usage->db, AK_Q_usage_file_put, f->error);
	int rc;

	if (s == NULL)
		return f->error->code;
	if ((rc = sqlite3_bind_blob(
		 s, 1, in->head.id, sizeof(in->head.id), SQLITE_STATIC)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 2, in->uid)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 3, in->offset)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 4, (int64_t)(in->head.dropped & INT64_MAX));
	return ak_run(&f->usage->db, s, rc, f->error);
}

/* What the user's processes did, for `doctor` and the curious. */
static enum ak_code
keep_source(struct fold *f, const struct input *in)
{
	sqlite3_stmt *s = ak_statement(&f->usage->db, AK_Q_usage_source_add, f->error);
	int64_t dropped = (int64_t)(in->head.dropped & INT64_MAX) - in->dropped;
	int rc;

	if (s == NULL)
		return f->error->code;
	/* A count that shrinks or leaps was written by the file's owner, not by us. */
	if (dropped < 0 || dropped > INT32_MAX)
		dropped = 0;
	if ((rc = sqlite3_bind_int64(s, 1, in->uid)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 2, ak_tally_records(in->tally))) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 3, dropped)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 4, ak_tally_clamped(in->tally))) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 5, in->strange);
	return ak_run(&f->usage->db, s, rc, f->error);
}

/* The next place in a chunk where a record may begin, from `at` on. */
static size_t
next_magic(const uint8_t *chunk, size_t at, size_t len)
{
	const uint8_t *found =
	    at < len ? memchr(chunk + at, ak_usage_magic[0], len - at) : NULL;

	return found != NULL ? (size_t)(found - chunk) : len;
}

/*
 * Take the records out of a chunk. A record that a full disk tore, or bytes that are
 * none, are passed over up to the next that is whole. Returns what was used of it: what
 * may be the beginning of a record waits for its end.
 */
static size_t
take_records(struct fold *f, struct input *in, size_t len, enum ak_code *code)
{
	struct ak_usage_record record;
	size_t at = 0, next;

	while (*code == AK_OK && at + AK_USAGE_LEN <= len &&
	       ak_tally_records(in->tally) < f->rules->records) {
		if (ak_usage_unpack(in->chunk + at, &record)) {
			*code = ak_tally_add(in->tally, &record, f->error);
			at += AK_USAGE_LEN;
			continue;
		}
		next = next_magic(in->chunk, at + 1, len);
		in->strange += (int64_t)(next - at);
		at = next;
	}
	return at;
}

/* Holes are passed over: a file of ten gigabytes may have no byte in it. */
static void
skip_hole(struct input *in)
{
	off_t data = lseek(in->fd, in->offset, SEEK_DATA);

	if (data > in->offset) {
		in->strange += data - in->offset;
		in->offset = data;
	} else if (data < 0 && errno == ENXIO)
		in->offset = in->status.st_size;
}

static enum ak_code
read_records(struct fold *f, struct input *in)
{
	int64_t most = f->rules->records * AK_USAGE_LEN;
	enum ak_code code = AK_OK;
	size_t used;
	ssize_t n;

	while (code == AK_OK && in->offset + AK_USAGE_LEN <= in->status.st_size &&
	       in->offset - in->begin < most &&
	       ak_tally_records(in->tally) < f->rules->records) {
		skip_hole(in);
		n = pread(in->fd, in->chunk, CHUNK, in->offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < AK_USAGE_LEN)
			break;
		used = take_records(f, in, (size_t)n, &code);
		if (used == 0)
			break;
		in->offset += (int64_t)used;
	}
	return code == AK_OK ? ak_tally_end(in->tally, f->error) : code;
}

/* Read one file and keep how far, within the transaction of the fold. */
static enum ak_code
fold_input(struct fold *f, struct input *in)
{
	enum ak_code code;

	if ((code = find_offset(f, in)) != AK_OK)
		return code;
	if ((in->tally = ak_tally_new(f->usage, in->uid, f->now, f->error)) == NULL)
		return f->error->code;
	if ((code = read_records(f, in)) == AK_OK &&
	    (code = keep_offset(f, in)) == AK_OK)
		code = keep_source(f, in);
	if (code == AK_OK && in->strange > 0)
		code = fault(f, in->name, "has bytes in it that are no usage records");
	else if (code == AK_OK && ak_tally_clamped(in->tally) > 0)
		code = fault(f, in->name, "claims uses in the future");
	else if (code == AK_OK && in->head.dropped > (uint64_t)in->dropped)
		code = fault(f, in->name, "was full: records were dropped");
	else if (code == AK_OK)
		code = no_fault(f, in->name);
	ak_tally_free(&in->tally);
	return code;
}

/* Fold one of a user's files. `in` is used for all of them, one after the other. */
static enum ak_code
fold_name(struct fold *f, struct input *in, const char *ending)
{
	const char *wrong;
	enum ak_code code = AK_OK;

	in->strange = 0;
	in->begin = in->offset = 0;
	memset(&in->status, 0, sizeof(in->status));
	snprintf(in->name, sizeof(in->name), "%u%s", (unsigned)in->uid, ending);
	wrong = open_input(f, in);
	if (in->there && wrong != NULL)
		code = fault(f, in->name, wrong);
	else if (in->there)
		code = fold_input(f, in);
	if (in->fd >= 0)
		close(in->fd);
	return code;
}

/* Was it read to its end, but for a record that is torn or being written? */
static bool
is_read(const struct input *in)
{
	return in->offset > 0 && in->offset + AK_USAGE_LEN > in->status.st_size;
}

/* A cap may be smaller than what is usually read before a file is put aside. */
static bool
is_full(const struct input *in)
{
	return (uint64_t)in->status.st_size >= in->head.cap;
}

/*
 * May a file that was put aside be lost? Not before what was read of it is counted for
 * good, which is what an earlier fold has done, and not while somebody may write to it.
 */
static bool
is_done_with(const struct fold *f, const struct input *in)
{
	return is_read(in) && in->begin == in->offset &&
	       in->status.st_mtime + QUIET < f->now;
}

/*
 * Fold the files of one user, and put his present one aside when it is due. That comes
 * before the commit, while no other fold can run: files are known by what is in their
 * heads, so that whatever is undone is read again under its new name.
 */
static enum ak_code
fold_user(struct fold *f, struct input *in)
{
	bool began = false, old_is_done_with = true, rest_is_read = true;
	enum ak_code code = AK_OK;

	for (size_t i = 0; code == AK_OK && i < ENDINGS; i++) {
		code = fold_name(f, in, endings[i]);
		if (!in->there)
			continue;
		if (i == 0)
			old_is_done_with = is_done_with(f, in);
		else
			rest_is_read = rest_is_read && is_read(in);
		began = began || i == 1;
	}
	if (code == AK_OK && old_is_done_with && rest_is_read && in->there &&
	    (began || in->offset >= ROTATE_AT || is_full(in)))
		ak_usage_file_rotate(
		    f->usage->paths, in->uid, f->rules->cap, &f->aside);
	return code;
}

/* Whose files are there? The caller frees the list. */
static enum ak_code
list_users(struct fold *f, uid_t **users, size_t *count)
{
	DIR *folder = opendir(f->usage->paths->usage_folder);
	enum ak_code code = AK_OK;
	struct dirent *entry;
	uid_t uid, *more;

	if (folder == NULL)
		return ak_fail_errno(f->error, f->usage->paths->usage_folder, "");
	while (code == AK_OK && (entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (!parse_name(entry->d_name, &uid)) {
			code = fault(f, entry->d_name, "is none of authkey's files");
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

/* Single events and hours live for the time of the retention. */
static enum ak_code
prune(struct fold *f)
{
	int64_t from = f->now - f->rules->retention;
	sqlite3_stmt *s;
	enum ak_code code;
	int rc;

	if ((s = ak_statement(&f->usage->db, AK_Q_event_prune, f->error)) == NULL)
		return f->error->code;
	if ((rc = sqlite3_bind_int64(s, 1, from)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 2, EVENTS_KEPT);
	if ((code = ak_run(&f->usage->db, s, rc, f->error)) != AK_OK)
		return code;
	if ((s = ak_statement(&f->usage->db, AK_Q_hour_count_prune, f->error)) == NULL)
		return f->error->code;
	return ak_run(
	    &f->usage->db, s, sqlite3_bind_int64(s, 1, from / HOUR), f->error);
}

/* All users, within the transaction. */
static enum ak_code
fold_users(struct fold *f, const uid_t *users, size_t count)
{
	struct input *in = malloc(sizeof(*in));
	enum ak_code code = AK_OK;

	if (in == NULL)
		return ak_fail(f->error, AK_E_NOMEM, "out of memory");
	for (size_t i = 0; code == AK_OK && i < count; i++) {
		in->uid = users[i];
		code = fold_user(f, in);
	}
	free(in);
	return code == AK_OK ? prune(f) : code;
}

/*
 * The first statement writes, so that the lock on usage.db, and on it alone, is ours
 * before an offset is read.
 */
static enum ak_code
begin(struct fold *f)
{
	enum ak_code code = ak_execute(&f->usage->db, "BEGIN", f->error);

	return code == AK_OK ? no_fault(f, "") : code;
}

enum ak_code
ak_usage_fold(struct ak_usage *usage, int64_t now, const struct ak_fold_rules *rules,
    ak_fold_note_fn *note, void *context, struct ak_error *error)
{
	struct fold f = { usage, now, rules, note, context, error, { AK_OK, "" } };
	uid_t *users = NULL;
	size_t count = 0;
	enum ak_code code;

	if ((code = begin(&f)) == AK_OK &&
	    (code = list_users(&f, &users, &count)) == AK_OK &&
	    (code = fold_users(&f, users, count)) == AK_OK)
		code = ak_execute(&usage->db, "COMMIT", error);
	if (sqlite3_get_autocommit(usage->db.handle) == 0)
		sqlite3_exec(usage->db.handle, "ROLLBACK", NULL, NULL, NULL);
	free(users);
	if (code == AK_OK && f.aside.code != AK_OK) {
		*error = f.aside;
		code = error->code;
	}
	return code;
}
