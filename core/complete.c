/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "complete.h"
#include "master_private.h"
#include "name.h"

/* Behind every character of names, owners and ids, and before each of them. */
#define LAST "\x7f"
#define FIRST "\x01"

/* More than the longest OWNER/NAME: what is longer begins nothing. */
#define BEGUN_MAX (AK_OWNER_MAX + 1 + AK_NAME_MAX + 1)

struct search {
	ak_complete_fn *fn;
	void *context;
};

static enum ak_row
take(sqlite3_stmt *row, void *context)
{
	const struct search *search = context;
	const char *word = (const char *)sqlite3_column_text(row, 0);
	const char *about = (const char *)sqlite3_column_text(row, 1);

	if (word == NULL || about == NULL)
		return AK_ROW_DAMAGED;
	search->fn(word, about, search->context);
	return AK_ROW_NEXT;
}

/* Run a query with up to four texts, and `states` behind them unless it is 0. */
static enum ak_code
find(struct ak_master *m, enum ak_query query, const char *const texts[4],
    unsigned states, struct search *search, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, query, error);
	int rc = SQLITE_OK, at = 0;

	if (s == NULL)
		return error->code;
	while (at < 4 && texts[at] != NULL && rc == SQLITE_OK) {
		rc = ak_bind_text(s, at + 1, texts[at]);
		at++;
	}
	if (states != 0 && rc == SQLITE_OK)
		rc = sqlite3_bind_int64(s, at + 1, states);
	return ak_each(&m->db, s, rc, take, search, error);
}

/* OWNER/NAME: what is begun is an owner, or a whole owner and a name. */
static enum ak_code
find_owned(struct ak_master *m, const char *begun, unsigned states,
    struct search *search, struct ak_error *error)
{
	const char *slash = strchr(begun, '/'), *name = slash != NULL ? slash + 1 : "";
	int len = (int)(slash != NULL ? (size_t)(slash - begun) : strlen(begun));
	char owner[BEGUN_MAX], owner_end[BEGUN_MAX + 1], name_end[BEGUN_MAX + 1];

	snprintf(owner, sizeof(owner), "%.*s", len, begun);
	snprintf(
	    owner_end, sizeof(owner_end), "%s%s", owner, slash != NULL ? FIRST : LAST);
	snprintf(name_end, sizeof(name_end), "%s" LAST, name);
	return find(m, AK_Q_complete_owned,
	    (const char *const[4]){ owner, owner_end, name, name_end }, states, search,
	    error);
}

enum ak_code
ak_complete_key(struct ak_master *m, const char *begun, unsigned states,
    ak_complete_fn *fn, void *context, struct ak_error *error)
{
	struct search search = { fn, context };
	char end[BEGUN_MAX + 1];
	const char *const range[4] = { begun, end };
	enum ak_code code;

	if (strlen(begun) >= BEGUN_MAX)
		return AK_OK;
	snprintf(end, sizeof(end), "%s" LAST, begun);
	code = find(m, AK_Q_complete_name, range, states, &search, error);
	if (code != AK_OK || *begun == '\0')
		return code;
	if ((code = find_owned(m, begun, states, &search, error)) != AK_OK)
		return code;
	return find(m, AK_Q_complete_id, range, states, &search, error);
}

enum ak_code
ak_complete_owner(struct ak_master *m, const char *begun, ak_complete_fn *fn,
    void *context, struct ak_error *error)
{
	struct search search = { fn, context };
	char end[BEGUN_MAX + 1];
	const char *const range[4] = { begun, end };

	if (strlen(begun) >= BEGUN_MAX)
		return AK_OK;
	snprintf(end, sizeof(end), "%s" LAST, begun);
	return find(m, AK_Q_complete_owner, range, 0, &search, error);
}
