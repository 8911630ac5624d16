/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulk_change.h"
#include "publish_private.h"

#define INDEXES_MAX 16

struct ak_bulk_change {
	size_t count;
	char *names[INDEXES_MAX], *sql[INDEXES_MAX];
	bool out_of_memory;
};

static enum ak_row
take_index(sqlite3_stmt *row, void *context)
{
	struct ak_bulk_change *b = context;

	if (b->count == INDEXES_MAX)
		return AK_ROW_DAMAGED;
	b->names[b->count] = strdup(ak_column(row, 0));
	b->sql[b->count] = strdup(ak_column(row, 1));
	b->out_of_memory = b->names[b->count] == NULL || b->sql[b->count] == NULL;
	b->count++;
	return b->out_of_memory ? AK_ROW_STOP : AK_ROW_NEXT;
}

static enum ak_code
drop(struct ak_master *m, const char *name, struct ak_error *error)
{
	char *sql = sqlite3_mprintf("DROP INDEX \"%w\"", name);
	enum ak_code code;

	if (sql == NULL)
		return ak_fail(error, AK_E_NOMEM, "out of memory");
	code = ak_execute(&m->db, sql, error);
	sqlite3_free(sql);
	return code;
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
	if ((s = ak_statement(&m->db, AK_Q_key_orders, error)) == NULL)
		return error->code;
	code = ak_each(&m->db, s, SQLITE_OK, take_index, b, error);
	if (code == AK_OK && b->out_of_memory)
		code = ak_fail(error, AK_E_NOMEM, "out of memory");
	for (size_t i = 0; code == AK_OK && i < b->count; i++)
		code = drop(m, b->names[i], error);
	return code == AK_OK ? ak_publishing_put(m, &whole, error) : code;
}

/*
 * What is sorted for an index goes to files in the master's folder, where nobody else
 * sees it, as often as it is as large as the cache may be.
 */
static enum ak_code
make_again(struct ak_master *m, const struct ak_bulk_change *b, struct ak_error *error)
{
	enum ak_code code;

	sqlite3_temp_directory = m->paths.master_folder;
	code = ak_execute(
	    &m->db, "PRAGMA temp_store = FILE; PRAGMA cache_size = -8000", error);
	for (size_t i = 0; code == AK_OK && i < b->count; i++)
		code = ak_execute(&m->db, b->sql[i], error);
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
	enum ak_code code = AK_OK;

	if (b == NULL)
		return AK_OK;
	*bulk = NULL;
	if (make)
		code = make_again(m, b, error);
	for (size_t i = 0; i < b->count; i++) {
		free(b->names[i]);
		free(b->sql[i]);
	}
	free(b);
	return code;
}
