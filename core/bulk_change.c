/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "bulk_change.h"
#include "publish_private.h"

#define PARTS_MAX 16

/* An index or a trigger. */
struct part {
	char *drop, *make; /* SQL */
};

struct ak_bulk_change {
	size_t count;
	struct part parts[PARTS_MAX];
	bool out_of_memory;
};

static enum ak_row
take_part(sqlite3_stmt *row, void *context)
{
	struct ak_bulk_change *b = context;
	struct part *part = &b->parts[b->count];

	if (b->count == PARTS_MAX)
		return AK_ROW_DAMAGED;
	b->count++;
	part->drop =
	    sqlite3_mprintf("DROP %s \"%w\"", ak_column(row, 0), ak_column(row, 1));
	part->make = sqlite3_mprintf("%s", ak_column(row, 2));
	b->out_of_memory = part->drop == NULL || part->make == NULL;
	return b->out_of_memory ? AK_ROW_STOP : AK_ROW_NEXT;
}

enum ak_code
ak_bulk_change_begin(
    struct ak_master *m, struct ak_bulk_change **bulk, struct ak_error *error)
{
	static const struct ak_publishing whole = { 0, 0 }; /* no delta takes so many */
	struct ak_bulk_change *b = *bulk = calloc(1, sizeof(*b));
	sqlite3_stmt *s;
	enum ak_code code;

	if (b == NULL)
		return ak_fail(error, AK_E_NOMEM, "out of memory");
	if ((s = ak_statement(&m->db, AK_Q_key_parts, error)) == NULL)
		return error->code;
	code = ak_each(&m->db, s, SQLITE_OK, take_part, b, error);
	if (code == AK_OK && b->out_of_memory)
		code = ak_fail(error, AK_E_NOMEM, "out of memory");
	for (size_t i = 0; code == AK_OK && i < b->count; i++)
		code = ak_execute(&m->db, b->parts[i].drop, error);
	if (code == AK_OK)
		code =
		    ak_execute(&m->db, "PRAGMA ignore_check_constraints = ON", error);
	return code == AK_OK ? ak_publishing_put(m, &whole, error) : code;
}

/* What the table's checks refuse is refused now. */
static enum ak_code
check(struct ak_master *m, struct ak_error *error)
{
	int64_t number;
	bool there;
	enum ak_code code =
	    ak_ask(&m->db, AK_Q_key_unsound, NULL, 0, &there, &number, error);

	if (code == AK_OK && there)
		code = ak_fail(error, AK_E_CONFLICT,
		    "%s: a key is not what the table takes", m->db.path);
	return code;
}

/*
 * Also the words of tags, which no trigger has noted. What is sorted goes to files in
 * the master's folder, where nobody else sees it, as often as it is as large as the
 * cache may be.
 */
static enum ak_code
make_again(struct ak_master *m, const struct ak_bulk_change *b, struct ak_error *error)
{
	enum ak_code code;

	sqlite3_temp_directory = m->paths.master_folder;
	code = ak_execute(
	    &m->db, "PRAGMA temp_store = FILE; PRAGMA cache_size = -8000", error);
	if (code == AK_OK)
		code = ak_write(&m->db, AK_Q_key_tag_all, NULL, 0, error);
	for (size_t i = 0; code == AK_OK && i < b->count; i++)
		code = ak_execute(&m->db, b->parts[i].make, error);
	sqlite3_temp_directory = NULL;
	return code == AK_OK ? ak_execute(&m->db,
				   "PRAGMA temp_store = MEMORY; "
				   "PRAGMA cache_size = " AK_MASTER_CACHE,
				   error)
			     : code;
}

enum ak_code
ak_bulk_change_end(struct ak_master *m, struct ak_bulk_change **bulk, bool make,
    struct ak_error *error)
{
	struct ak_bulk_change *b = *bulk;
	enum ak_code code;

	if (b == NULL)
		return AK_OK;
	*bulk = NULL;
	code = ak_execute(&m->db, "PRAGMA ignore_check_constraints = OFF", error);
	if (make && code == AK_OK && (code = check(m, error)) == AK_OK)
		code = make_again(m, b, error);
	for (size_t i = 0; i < b->count; i++) {
		sqlite3_free(b->parts[i].drop);
		sqlite3_free(b->parts[i].make);
	}
	free(b);
	return code;
}
