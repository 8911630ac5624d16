/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta_write.h"
#include "publish_private.h"

enum ak_code
ak_publishing_get(struct ak_master *m, struct ak_publishing *p, struct ak_error *error)
{
	sqlite3_stmt *get = ak_statement(&m->db, AK_Q_publishing_get, error);
	enum ak_code code = AK_OK;
	int rc;

	memset(p, 0, sizeof(*p));
	if (get == NULL)
		return error->code;
	if ((rc = sqlite3_step(get)) == SQLITE_ROW) {
		p->tag = (uint64_t)sqlite3_column_int64(get, 0);
		p->room = sqlite3_column_int64(get, 1);
	} else if (rc != SQLITE_DONE)
		code = ak_fail_sqlite(m->db.handle, rc, m->db.path, error);
	ak_statement_done(get);
	return code;
}

enum ak_code
ak_publishing_put(
    struct ak_master *m, const struct ak_publishing *p, struct ak_error *error)
{
	return ak_write(&m->db, AK_Q_publishing_put,
	    AK_VALUES(AK_NUMBER((int64_t)p->tag), AK_NUMBER(p->room)), error);
}

enum ak_code
ak_delta_forget(struct ak_master *m, int64_t generation, struct ak_error *error)
{
	return ak_write(
	    &m->db, AK_Q_delta_clear, AK_VALUES(AK_NUMBER(generation)), error);
}

/* The keys that have changed and are not packed yet. */
struct stale {
	char (*ids)[AK_ID_LEN + 1];
	size_t count, room;
	bool no_memory;
};

static enum ak_row
take_stale(sqlite3_stmt *row, void *context)
{
	struct stale *s = context;
	size_t room = s->room > 0 ? 2 * s->room : 64;
	void *ids;

	if (s->count == s->room) {
		ids = realloc(s->ids, room * sizeof(*s->ids));
		if (ids == NULL) {
			s->no_memory = true;
			return AK_ROW_STOP;
		}
		s->ids = ids;
		s->room = room;
	}
	/* An id of another length is none that a token can have. */
	if (ak_column_text(row, 0, s->ids[s->count], sizeof(*s->ids)))
		s->count++;
	return AK_ROW_NEXT;
}

/* One record of the store. */
struct packed {
	struct ak_master *master;
	uint8_t bytes[AK_PACKED_MAX];
	size_t len; /* 0: there is no such key */
};

static bool
pack(const struct ak_record *record, void *context)
{
	struct packed *p = context;

	p->len = ak_key_pack(&record->key, p->bytes);
	return false;
}

static void
leave_out(const char *id, void *context)
{
	ak_publish_leave_out(((struct packed *)context)->master, id);
}

static enum ak_code
pack_one(struct ak_master *m, const char *id, struct ak_error *error)
{
	struct packed p = { .master = m };
	sqlite3_stmt *put = ak_statement(&m->db, AK_Q_delta_put, error);
	enum ak_code code;
	int rc;

	if (put == NULL)
		return error->code;
	if ((code = ak_record_readable(m, id, pack, leave_out, &p, error)) != AK_OK)
		return code;
	if ((rc = ak_bind_text(put, 1, id)) == SQLITE_OK)
		rc = sqlite3_bind_blob(put, 2, p.bytes, (int)p.len, SQLITE_STATIC);
	return ak_run(&m->db, put, rc, error);
}

static enum ak_code
pack_stale(struct ak_master *m, struct stale *stale, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_delta_stale, error);
	enum ak_code code;

	if (s == NULL)
		return error->code;
	code = ak_each(&m->db, s, SQLITE_OK, take_stale, stale, error);
	if (code == AK_OK && stale->no_memory)
		code = ak_fail(error, AK_E_NOMEM, "out of memory");
	for (size_t i = 0; code == AK_OK && i < stale->count; i++)
		code = pack_one(m, stale->ids[i], error);
	return code;
}

/* The delta as it is made, unless memory is out. */
struct making {
	struct ak_delta_maker maker;
	bool no_memory;
};

static enum ak_row
add_row(sqlite3_stmt *row, void *context)
{
	struct making *making = context;
	const void *record = sqlite3_column_blob(row, 1);
	int len = sqlite3_column_bytes(row, 1);

	if (len > AK_PACKED_MAX)
		return AK_ROW_DAMAGED;
	making->no_memory =
	    !ak_delta_add(&making->maker, ak_column(row, 0), record, (size_t)len);
	return making->no_memory ? AK_ROW_STOP : AK_ROW_NEXT;
}

static enum ak_code
write_file(const struct ak_delta_maker *maker, const char *path, struct ak_error *error)
{
	enum ak_code code = ak_make_file(path, error);
	int fd = code == AK_OK ? open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC) : -1;
	ssize_t n = 0;

	if (code != AK_OK)
		return code;
	for (size_t done = 0;
	     fd >= 0 && n >= 0 && done<maker->len; done += n> 0 ? (size_t)n : 0)
		n = TEMP_FAILURE_RETRY(
		    write(fd, maker->bytes + done, maker->len - done));
	if (fd < 0 || n < 0)
		code = ak_fail_errno(error, path, "");
	if (fd >= 0)
		close(fd);
	return code;
}

static enum ak_code
make_file(struct ak_master *m, const struct ak_store_meta *meta, int64_t *count,
    bool *fits, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_delta_all, error);
	struct making making = { .no_memory = false };
	enum ak_code code;

	if (s == NULL)
		return error->code;
	code = ak_each(&m->db, s, SQLITE_OK, add_row, &making, error);
	if (code == AK_OK &&
	    (making.no_memory || !ak_delta_finish(&making.maker, meta, fits)))
		code = ak_fail(error, AK_E_NOMEM, "out of memory");
	*count = (int64_t)making.maker.count;
	if (code == AK_OK && *fits)
		code = write_file(&making.maker, m->paths.delta_new, error);
	ak_delta_drop(&making.maker);
	return code;
}

/* Read it as a login will, for what is new in it, before it takes its place. */
static enum ak_code
read_back(const char *path, const struct ak_store_meta *meta, const struct stale *stale,
    struct ak_error *error)
{
	uint8_t record[AK_PACKED_MAX];
	struct ak_delta delta;
	struct ak_key key;
	enum ak_code code;
	size_t len;
	bool same;

	code = ak_delta_open(path, meta->delta, geteuid(), &delta, error);
	if (code != AK_OK)
		return code;
	same = memcmp(&delta.head.meta, meta, sizeof(*meta)) == 0;
	for (size_t i = 0; same && i < stale->count; i++)
		same =
		    strlen(stale->ids[i]) != AK_ID_LEN ||
		    (ak_delta_find(&delta, stale->ids[i], record, sizeof(record),
			 &len) == AK_SEARCH_FOUND &&
			(len == 0 || ak_key_unpack(stale->ids[i], record, len, &key)));
	ak_delta_close(&delta);
	return same ? AK_OK
		    : ak_fail(error, AK_E_STORE, "%s: reads differently than written",
			  path);
}

enum ak_code
ak_delta_build(struct ak_master *m, const struct ak_store_meta *meta, gid_t gid,
    bool *fits, struct ak_error *error)
{
	const char *path = m->paths.delta_new;
	struct ak_publishing p = { .tag = meta->delta };
	struct stale stale = { .ids = NULL };
	int64_t count = 0;
	enum ak_code code;

	*fits = false;
	if ((code = pack_stale(m, &stale, error)) == AK_OK)
		code = make_file(m, meta, &count, fits, error);
	p.room = m->limits.rows - count;
	*fits = *fits && p.room >= 0;
	if (code == AK_OK && *fits &&
	    (code = ak_publishing_put(m, &p, error)) == AK_OK &&
	    (code = ak_publish_seal_file(path, gid, meta, error)) == AK_OK)
		code = read_back(path, meta, &stale, error);
	free(stale.ids);
	return code;
}
