/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fold_private.h"

enum ak_code
ak_fold_fault(struct ak_fold *f, const char *name, const char *text)
{
	struct ak_database *db = &f->usage->db;
	enum ak_code code;
	int64_t differs;
	bool there;

	if (f->looking) {
		code = ak_ask(db, AK_Q_usage_fault_differs,
		    AK_VALUES(AK_TEXT(name), AK_TEXT(text != NULL ? text : "")), &there,
		    &differs, f->error);
		f->due = f->due || differs != 0;
		return code;
	}
	if (text == NULL)
		return ak_write(
		    db, AK_Q_usage_fault_end, AK_VALUES(AK_TEXT(name)), f->error);
	code = ak_write(db, AK_Q_usage_fault_add,
	    AK_VALUES(AK_TEXT(name), AK_TEXT(text)), f->error);
	if (code == AK_OK && sqlite3_changes(db->handle) > 0 && f->note != NULL)
		f->note(name, text, f->context);
	return code;
}

/* What may be found under the name of a usage file. */
enum finding { FINE, MISSING, SHUT, DUMB, LINK, NO_FILE, FOREIGN, NAMES, NO_HEAD };
static const struct {
	enum ak_file_state state;
	const char *wrong;
} findings[] = {
	[FINE] = { AK_FILE_FINE, NULL },
	[MISSING] = { AK_FILE_MISSING, NULL },
	[SHUT] = { AK_FILE_SHUT, "cannot be opened" },
	[DUMB] = { AK_FILE_SHUT, "cannot be read" },
	[LINK] = { AK_FILE_STRANGE, "is a symbolic link" },
	[NO_FILE] = { AK_FILE_STRANGE, "is not a regular file" },
	[FOREIGN] = { AK_FILE_STRANGE,
	    "does not belong to the user that it is named after" },
	[NAMES] = { AK_FILE_SPOILT, "has more than one name" },
	[NO_HEAD] = { AK_FILE_SPOILT, "is not a usage file" },
};

/* Why it is not open. */
static enum finding
find_no_file(int error)
{
	switch (error) {
	case ENOENT:
		return MISSING;
	case ELOOP:
		return LINK;
	case ENXIO: /* a socket, or a device that is not there */
	case ENODEV:
		return NO_FILE;
	default:
		return SHUT;
	}
}

/* Open what may be anything. */
static enum finding
open_input(const struct ak_fold *f, struct ak_fold_file *in)
{
	uint8_t head[AK_USAGE_LEN];
	char path[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "%.*s/%s", 4000, f->usage->paths->usage_folder,
	    in->name);
	in->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (in->fd < 0)
		return find_no_file(errno);
	if (fstat(in->fd, &in->status) != 0)
		return DUMB;
	if (!S_ISREG(in->status.st_mode))
		return NO_FILE;
	if (in->status.st_uid != in->uid)
		return FOREIGN;
	if (in->status.st_nlink != 1)
		return NAMES;
	n = pread(in->fd, head, sizeof(head), 0);
	if (n < AK_USAGE_LEN && in->status.st_size >= AK_USAGE_LEN)
		return DUMB;
	if (n < AK_USAGE_LEN || !ak_usage_head_unpack(head, &in->head))
		return NO_HEAD;
	return FINE;
}

/* How far has it been read? A file that was cut short begins anew. */
static enum ak_code
find_offset(struct ak_fold *f, struct ak_fold_file *in)
{
	sqlite3_stmt *s = ak_statement(&f->usage->db, AK_Q_usage_file_get, f->error);
	int rc;

	in->known = AK_USAGE_LEN;
	in->dropped = 0;
	if (s == NULL)
		return f->error->code;
	rc = sqlite3_bind_blob(s, 1, in->head.id, sizeof(in->head.id), SQLITE_STATIC);
	if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		in->known = sqlite3_column_int64(s, 0);
		in->dropped = sqlite3_column_int64(s, 1);
		rc = SQLITE_DONE;
	}
	ak_statement_done(s);
	if (rc != SQLITE_DONE)
		return ak_fail_sqlite(
		    f->usage->db.handle, rc, f->usage->db.path, f->error);
	in->offset = in->known;
	if (in->offset < AK_USAGE_LEN || in->offset > in->status.st_size)
		in->offset = AK_USAGE_LEN;
	in->begin = in->offset;
	return AK_OK;
}

/* The number of the head, which its owner may have made of anything. */
static int64_t
dropped_of(const struct ak_fold_file *in)
{
	return (int64_t)(in->head.dropped & INT64_MAX);
}

/* Is there something that is not kept yet? */
static bool
has_news(const struct ak_fold_file *in)
{
	return in->offset != in->known || dropped_of(in) != in->dropped ||
	       in->status.st_size - in->offset >= AK_USAGE_LEN;
}

static enum ak_code
keep_offset(struct ak_fold *f, const struct ak_fold_file *in)
{
	sqlite3_stmt *s = ak_statement(&f->usage->db, AK_Q_usage_file_put, f->error);
	int rc;

	if (s == NULL)
		return f->error->code;
	if ((rc = sqlite3_bind_blob(
		 s, 1, in->head.id, sizeof(in->head.id), SQLITE_STATIC)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 2, in->uid)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 3, in->offset)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 4, dropped_of(in));
	return ak_run(&f->usage->db, s, rc, f->error);
}

/* What the user's processes did, for `doctor` and the curious. */
static enum ak_code
keep_source(struct ak_fold *f, const struct ak_fold_file *in)
{
	int64_t dropped = dropped_of(in) - in->dropped, strange = in->strange;

	/* A count that shrinks or leaps was written by the file's owner, not by us. */
	if (dropped < 0 || dropped > INT32_MAX)
		dropped = 0;
	/* Holes may be as large as a number; their sum must be one. */
	if (strange > INT32_MAX)
		strange = INT32_MAX;
	return ak_write(&f->usage->db, AK_Q_usage_source_add,
	    AK_VALUES(AK_NUMBER(in->uid), AK_NUMBER(ak_tally_records(in->tally)),
		AK_NUMBER(dropped), AK_NUMBER(ak_tally_clamped(in->tally)),
		AK_NUMBER(strange)),
	    f->error);
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
take_records(struct ak_fold *f, struct ak_fold_file *in, size_t len, enum ak_code *code)
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
skip_hole(struct ak_fold_file *in)
{
	off_t data = lseek(in->fd, in->offset, SEEK_DATA);

	if (data > in->offset) {
		in->strange += data - in->offset;
		in->offset = data;
	} else if (data < 0 && errno == ENXIO)
		in->offset = in->status.st_size;
}

static enum ak_code
read_records(struct ak_fold *f, struct ak_fold_file *in)
{
	int64_t most = f->rules->records * AK_USAGE_LEN;
	enum ak_code code = AK_OK;
	size_t used;
	ssize_t n;

	while (code == AK_OK && in->status.st_size - in->offset >= AK_USAGE_LEN &&
	       in->offset - in->begin < most &&
	       ak_tally_records(in->tally) < f->rules->records) {
		skip_hole(in);
		n = pread(in->fd, in->chunk, AK_FOLD_CHUNK, in->offset);
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

/* What is wrong with what was read, or NULL. */
static const char *
wrong_with(const struct ak_fold_file *in)
{
	if (in->strange > 0)
		return "has bytes in it that are no usage records";
	if (ak_tally_clamped(in->tally) > 0)
		return "claims uses in the future, or before a key was made";
	if (dropped_of(in) > in->dropped)
		return "was full: records were dropped";
	return NULL;
}

/* Read one file and keep how far, within the transaction of the fold. */
static enum ak_code
read_input(struct ak_fold *f, struct ak_fold_file *in)
{
	enum ak_code code;

	if ((in->tally = ak_tally_new(&f->usage->db, in->uid, &f->span, f->error)) ==
	    NULL)
		return f->error->code;
	if ((code = read_records(f, in)) == AK_OK &&
	    (code = keep_offset(f, in)) == AK_OK &&
	    (code = keep_source(f, in)) == AK_OK)
		code = ak_fold_fault(f, in->name, wrong_with(in));
	ak_tally_free(&in->tally);
	return code;
}

static enum ak_code
fold_input(struct ak_fold *f, struct ak_fold_file *in)
{
	enum ak_code code = find_offset(f, in);

	if (code != AK_OK)
		return code;
	if (!f->looking)
		return read_input(f, in);
	f->due = f->due || has_news(in);
	return f->due ? AK_OK : ak_fold_fault(f, in->name, NULL);
}

enum ak_code
ak_fold_file(struct ak_fold *f, struct ak_fold_file *in, const char *ending)
{
	enum finding finding;
	enum ak_code code = AK_OK;

	in->strange = 0;
	in->begin = in->offset = 0;
	memset(&in->status, 0, sizeof(in->status));
	snprintf(in->name, sizeof(in->name), "%u%s", (unsigned)in->uid, ending);
	finding = open_input(f, in);
	in->state = findings[finding].state;
	if (in->state == AK_FILE_FINE)
		code = fold_input(f, in);
	else if (in->state != AK_FILE_MISSING)
		code = ak_fold_fault(f, in->name, findings[finding].wrong);
	if (in->fd >= 0)
		close(in->fd);
	return code;
}
