/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "list_private.h"
#include "master_private.h"

/* The ids of a set as a JSON array; `room` is what it has at most. */
struct ids {
	char *json;
	size_t len;
	int64_t count, room;
};
#define ID_ROOM (AK_ID_LEN + 3)

static enum ak_row
take_id(sqlite3_stmt *row, void *context)
{
	struct ids *ids = context;
	const char *id = ak_column(row, 0);

	if (ids->count++ == ids->room)
		return AK_ROW_STOP;
	if (strlen(id) != AK_ID_LEN || strpbrk(id, "\"\\") != NULL)
		return AK_ROW_DAMAGED;
	ids->json[ids->len++] = ids->count == 1 ? '[' : ',';
	ids->json[ids->len++] = '"';
	memcpy(ids->json + ids->len, id, AK_ID_LEN);
	ids->len += AK_ID_LEN;
	ids->json[ids->len++] = '"';
	return AK_ROW_NEXT;
}

/* The ids of a set; when it has more than `room`, ids->count does. */
static enum ak_code
read_set(struct ak_master *m, const struct ak_set *set, struct ids *ids,
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_chosen, error);
	int rc;

	ids->len = 0;
	ids->count = 0;
	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, set->name)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 2, set->text)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 3, set->number)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 4, ids->room + 1);
	return ak_each(&m->db, s, rc, take_id, ids, error);
}

static enum ak_code
scan(struct ak_master *m, const struct ak_filter *f, struct ids *ids,
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_scanned, error);
	int rc;

	ids->len = 0;
	ids->count = 0;
	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, f->owner)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 2, f->tag)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 3, f->service)) == SQLITE_OK &&
	    (rc = ak_bind_time(s, 4, f->expires_before)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 5, f->text)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 6, ids->room + 1);
	return ak_each(&m->db, s, rc, take_id, ids, error);
}

/* The smallest of the sets, or all that a scan finds, unless they are too many. */
static enum ak_code
read_few(struct ak_master *m, const struct ak_filter *f, enum ak_means means,
    struct ids *ids, struct ak_error *error)
{
	struct ak_set sets[AK_SETS_MAX];
	size_t count = ak_filter_sets(f, sets);
	enum ak_code code = AK_OK;

	ids->count = ids->room + 1;
	for (size_t i = 0; code == AK_OK && i < count && ids->count > ids->room; i++)
		code = read_set(m, &sets[i], ids, error);
	if (code == AK_OK && ids->count > ids->room && means == AK_BY_ALL_MEANS &&
	    (count > 0 || f->text != NULL || f->service != NULL))
		code = scan(m, f, ids, error);
	return code;
}

enum ak_code
ak_few_find(struct ak_master *m, const struct ak_filter *f, enum ak_means means,
    int64_t most, char **few, struct ak_error *error)
{
	struct ids ids = { .json = malloc((size_t)most * ID_ROOM + 3), .room = most };
	enum ak_code code;

	*few = NULL;
	if (ids.json == NULL)
		return ak_fail(error, AK_E_NOMEM, "out of memory");
	code = read_few(m, f, means, &ids, error);
	if (code != AK_OK || ids.count > ids.room) {
		free(ids.json);
		return code;
	}
	if (ids.count == 0)
		ids.json[ids.len++] = '[';
	memcpy(ids.json + ids.len, "]", 2);
	*few = ids.json;
	return AK_OK;
}

enum ak_code
ak_record_few(
    struct ak_master *m, const struct ak_filter *f, char **few, struct ak_error *error)
{
	return ak_few_find(m, f, AK_BY_ALL_MEANS, AK_FEW, few, error);
}
