/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

#define DAY 86400
#define HOUR 3600

/*
 * The rows that one key may have in one day: an id is public, so somebody may present
 * it from a million addresses (SECURITY R32).
 */
#define DAY_WIDTH 256

/*
 * A record as it is sorted: rows that are the same up to `hour` are counted together.
 * All fields up to there are compared as bytes.
 */
struct row {
	char id[AK_ID_LEN];
	uint32_t day;
	enum ak_reason reason;
	struct ak_address address;
	char service[AK_USAGE_SERVICE_MAX + 1];
	bool has_address;
	uint8_t hour; /* of the day */
	int64_t time;
};
#define LIKE offsetof(struct row, hour) /* the same in everything */
#define LIKE_REASON offsetof(struct row, address) /* the same key, day and reason */
#define LIKE_DAY offsetof(struct row, reason) /* the same key and day */
#define LIKE_KEY offsetof(struct row, day) /* the same key */

struct ak_tally {
	struct ak_usage *usage;
	uid_t uid;
	int64_t now, records, clamped;
	size_t count;
	struct row rows[AK_TALLY_MAX]; /* as they came */
	struct row *sorted[AK_TALLY_MAX]; /* like ones together */
};

struct ak_tally *
ak_tally_new(struct ak_usage *usage, uid_t uid, int64_t now, struct ak_error *error)
{
	struct ak_tally *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		ak_fail(error, AK_E_NOMEM, "out of memory");
		return NULL;
	}
	t->usage = usage;
	t->uid = uid;
	t->now = now;
	return t;
}

void
ak_tally_free(struct ak_tally **tally)
{
	free(*tally);
	*tally = NULL;
}

int64_t
ak_tally_records(const struct ak_tally *t)
{
	return t->records;
}

int64_t
ak_tally_clamped(const struct ak_tally *t)
{
	return t->clamped;
}

static const char *
address_text(const struct row *row, char text[AK_NETWORK_TEXT])
{
	const struct ak_network host = { row->address, 128 };

	text[0] = '\0';
	if (row->has_address)
		ak_network_format(&host, text);
	return text;
}

static int
by_likeness(const void *a, const void *b)
{
	return memcmp(*(struct row *const *)a, *(struct row *const *)b, LIKE);
}

/* The first row after `i` that differs from it in the first `len` bytes. */
static size_t
run_end(const struct ak_tally *t, size_t i, size_t end, size_t len)
{
	size_t j = i + 1;

	while (j < end && memcmp(t->sorted[i], t->sorted[j], len) == 0)
		j++;
	return j;
}

/* Does a statement that is bound give a row, and which number is its first? */
static enum ak_code
ask(struct ak_tally *t, sqlite3_stmt *s, bool *row, int64_t *number,
    struct ak_error *error)
{
	int rc = sqlite3_step(s);

	*row = rc == SQLITE_ROW;
	*number = *row ? sqlite3_column_int64(s, 0) : 0;
	ak_statement_done(s);
	if (rc == SQLITE_ROW || rc == SQLITE_DONE)
		return AK_OK;
	return ak_fail_sqlite(t->usage->db.handle, rc, t->usage->db.path, error);
}

static enum ak_code
key_exists(struct ak_tally *t, const char *id, bool *exists, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&t->usage->db, AK_Q_usage_key_exists, error);
	int64_t ignored;

	if (s == NULL)
		return error->code;
	ak_bind_text(s, 1, id);
	return ask(t, s, exists, &ignored, error);
}

/* The parameters that day_count_add.sql and day_count_has.sql share, from `at` on. */
static int
bind_day(sqlite3_stmt *s, const struct row *row, const char *id, const char *service,
    const char *address, uid_t uid)
{
	int rc;

	if ((rc = sqlite3_bind_int64(s, 1, row->day)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 2, id)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 3, ak_reason_word(row->reason))) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 4, service)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 5, address)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 6, uid);
	return rc;
}

static enum ak_code
add_day(struct ak_tally *t, const struct row *row, const char *id, size_t count,
    bool lump, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&t->usage->db, AK_Q_day_count_add, error);
	char text[AK_NETWORK_TEXT];
	int rc;

	if (s == NULL)
		return error->code;
	rc = bind_day(s, row, id, lump ? "*" : row->service,
	    lump ? "*" : address_text(row, text), t->uid);
	if (rc == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 7, (int64_t)count);
	return ak_run(&t->usage->db, s, rc, error);
}

static enum ak_code
see_address(struct ak_tally *t, const struct row *row, const char *id, int64_t first,
    struct ak_error *error)
{
	sqlite3_stmt *s;
	char text[AK_NETWORK_TEXT];
	int rc;

	if (row->reason != AK_VALID || !row->has_address || id[0] == '\0')
		return AK_OK;
	if ((s = ak_statement(&t->usage->db, AK_Q_key_address_see, error)) == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, id)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 2, address_text(row, text))) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 3, first);
	return ak_run(&t->usage->db, s, rc, error);
}

/* How many rows the key has on this day already, up to the width of a day. */
static enum ak_code
day_width(struct ak_tally *t, const struct row *row, const char *id, int64_t *width,
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&t->usage->db, AK_Q_day_count_width, error);
	bool row_there;

	if (s == NULL)
		return error->code;
	sqlite3_bind_int64(s, 1, row->day);
	ak_bind_text(s, 2, id);
	sqlite3_bind_int64(s, 3, DAY_WIDTH);
	return ask(t, s, &row_there, width, error);
}

/* Past the width of a day, only what has a row already keeps its own. */
static enum ak_code
must_lump(struct ak_tally *t, const struct row *row, const char *id, bool *lump,
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&t->usage->db, AK_Q_day_count_has, error);
	char text[AK_NETWORK_TEXT];
	int64_t ignored;
	bool has;

	if (s == NULL)
		return error->code;
	bind_day(s, row, id, row->service, address_text(row, text), t->uid);
	if (ask(t, s, &has, &ignored, error) != AK_OK)
		return error->code;
	*lump = !has;
	return AK_OK;
}

/* The rows i..end are of one key and day. */
static enum ak_code
count_day(
    struct ak_tally *t, size_t i, size_t end, const char *id, struct ak_error *error)
{
	enum ak_code code;
	int64_t width, first;
	bool lump;

	code = day_width(t, t->sorted[i], id, &width, error);
	for (size_t next; code == AK_OK && i < end; i = next) {
		next = run_end(t, i, end, LIKE);
		first = t->sorted[i]->time;
		for (size_t j = i; j < next; j++)
			if (t->sorted[j]->time < first)
				first = t->sorted[j]->time;
		lump = false;
		if (++width > DAY_WIDTH)
			code = must_lump(t, t->sorted[i], id, &lump, error);
		if (code == AK_OK)
			code = add_day(t, t->sorted[i], id, next - i, lump, error);
		if (code == AK_OK && !lump)
			code = see_address(t, t->sorted[i], id, first, error);
	}
	return code;
}

/* The rows i..end are of one key, day and reason. */
static enum ak_code
count_hours(
    struct ak_tally *t, size_t i, size_t end, const char *id, struct ak_error *error)
{
	int64_t hours[DAY / HOUR] = { 0 };
	const struct row *row = t->sorted[i];
	enum ak_code code = AK_OK;
	sqlite3_stmt *s;
	int rc;

	for (; i < end; i++)
		hours[t->sorted[i]->hour]++;
	for (int hour = 0; code == AK_OK && hour < DAY / HOUR; hour++) {
		if (hours[hour] == 0)
			continue;
		if ((s = ak_statement(&t->usage->db, AK_Q_hour_count_add, error)) ==
		    NULL)
			return error->code;
		if ((rc = sqlite3_bind_int64(
			 s, 1, (int64_t)row->day * (DAY / HOUR) + hour)) == SQLITE_OK &&
		    (rc = ak_bind_text(s, 2, id)) == SQLITE_OK &&
		    (rc = ak_bind_text(s, 3, ak_reason_word(row->reason))) == SQLITE_OK)
			rc = sqlite3_bind_int64(s, 4, hours[hour]);
		code = ak_run(&t->usage->db, s, rc, error);
	}
	return code;
}

static enum ak_code
set_last(
    struct ak_tally *t, const struct row *last, const char *id, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&t->usage->db, AK_Q_key_usage_last, error);
	char text[AK_NETWORK_TEXT];
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, id)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 2, last->time)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 3, address_text(last, text))) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 4, last->service)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 5, t->uid);
	return ak_run(&t->usage->db, s, rc, error);
}

/* The rows i..end are of one key. */
static enum ak_code
count_key(
    struct ak_tally *t, size_t i, size_t end, const char *id, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&t->usage->db, AK_Q_key_usage_add, error);
	const struct row *last = NULL;
	int64_t uses = 0, all = (int64_t)(end - i);
	enum ak_code code;
	int rc;

	if (s == NULL)
		return error->code;
	for (; i < end; i++)
		if (t->sorted[i]->reason == AK_VALID) {
			uses++;
			if (last == NULL || t->sorted[i]->time >= last->time)
				last = t->sorted[i];
		}
	if ((rc = ak_bind_text(s, 1, id)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 2, uses)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 3, all - uses);
	code = ak_run(&t->usage->db, s, rc, error);
	if (code == AK_OK && last != NULL)
		code = set_last(t, last, id, error);
	return code;
}

/* The rows i..end are of one key; the id '' is that of all ids that no key has. */
static enum ak_code
count_id(struct ak_tally *t, size_t i, size_t end, struct ak_error *error)
{
	char id[AK_ID_LEN + 1] = { 0 };
	enum ak_code code;

	memcpy(id, t->sorted[i]->id, AK_ID_LEN);
	code = count_key(t, i, end, id, error);
	for (size_t j = i, next; code == AK_OK && j < end; j = next) {
		next = run_end(t, j, end, LIKE_DAY);
		code = count_day(t, j, next, id, error);
	}
	for (size_t j = i, next; code == AK_OK && j < end; j = next) {
		next = run_end(t, j, end, LIKE_REASON);
		code = count_hours(t, j, next, id, error);
	}
	return code;
}

/* Ids that no key has become '', without an address: anybody can make them up. */
static enum ak_code
merge_unknown(struct ak_tally *t, struct ak_error *error)
{
	char id[AK_ID_LEN + 1] = { 0 };
	enum ak_code code = AK_OK;
	bool exists;

	for (size_t i = 0, next; code == AK_OK && i < t->count; i = next) {
		next = run_end(t, i, t->count, LIKE_KEY);
		memcpy(id, t->sorted[i]->id, AK_ID_LEN);
		code = key_exists(t, id, &exists, error);
		for (; code == AK_OK && !exists && i < next; i++) {
			memset(t->sorted[i]->id, 0, AK_ID_LEN);
			memset(&t->sorted[i]->address, 0, sizeof(struct ak_address));
			t->sorted[i]->has_address = false;
		}
	}
	return code;
}

/* An event for each record of a key that exists, in the order in which they came. */
static enum ak_code
add_events(struct ak_tally *t, struct ak_error *error)
{
	char id[AK_ID_LEN + 1] = { 0 }, text[AK_NETWORK_TEXT];
	enum ak_code code = AK_OK;
	sqlite3_stmt *s;
	int rc;

	for (const struct row *row = t->rows; code == AK_OK && row < t->rows + t->count;
	     row++) {
		if (row->id[0] == '\0')
			continue;
		memcpy(id, row->id, AK_ID_LEN);
		if ((s = ak_statement(&t->usage->db, AK_Q_event_add, error)) == NULL)
			return error->code;
		if ((rc = sqlite3_bind_int64(s, 1, row->time)) == SQLITE_OK &&
		    (rc = ak_bind_text(s, 2, id)) == SQLITE_OK &&
		    (rc = ak_bind_text(s, 3, ak_reason_word(row->reason))) ==
			SQLITE_OK &&
		    (rc = ak_bind_text(s, 4, row->service)) == SQLITE_OK &&
		    (rc = ak_bind_text(s, 5, address_text(row, text))) == SQLITE_OK)
			rc = sqlite3_bind_int64(s, 6, t->uid);
		code = ak_run(&t->usage->db, s, rc, error);
	}
	return code;
}

static void
sort(struct ak_tally *t)
{
	qsort(t->sorted, t->count, sizeof(t->sorted[0]), by_likeness);
}

enum ak_code
ak_tally_end(struct ak_tally *t, struct ak_error *error)
{
	enum ak_code code;

	for (size_t i = 0; i < t->count; i++)
		t->sorted[i] = &t->rows[i];
	sort(t);
	code = merge_unknown(t, error);
	sort(t);
	for (size_t i = 0, next; code == AK_OK && i < t->count; i = next) {
		next = run_end(t, i, t->count, LIKE_KEY);
		code = count_id(t, i, next, error);
	}
	if (code == AK_OK)
		code = add_events(t, error);
	t->count = 0;
	return code;
}

enum ak_code
ak_tally_add(
    struct ak_tally *t, const struct ak_usage_record *record, struct ak_error *error)
{
	int64_t time = record->time < t->now ? record->time : t->now;
	struct row *row = &t->rows[t->count++];

	memset(row, 0, sizeof(*row));
	memcpy(row->id, record->id, AK_ID_LEN);
	row->day = (uint32_t)(time / DAY);
	row->hour = (uint8_t)(time % DAY / HOUR);
	row->reason = record->reason;
	row->has_address = record->has_address;
	if (record->has_address)
		row->address = record->address;
	memcpy(row->service, record->service, sizeof(row->service));
	row->time = time;
	t->records++;
	t->clamped += record->time > t->now;
	return t->count < AK_TALLY_MAX ? AK_OK : ak_tally_end(t, error);
}
