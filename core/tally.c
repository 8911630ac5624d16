/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "tally.h"

#define DAY 86400
#define HOUR 3600
#define TALLY_MIN 64

struct ak_tally {
	struct ak_counter counter;
	struct ak_span span;
	int64_t records, clamped;
	size_t count, room;
	struct ak_use *uses; /* as they came */
	struct ak_use **sorted; /* like ones together, once there are enough */
};

struct ak_tally *
ak_tally_new(struct ak_database *database, uid_t uid, const struct ak_span *span,
    struct ak_error *error)
{
	struct ak_tally *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		ak_fail(error, AK_E_NOMEM, "out of memory");
		return NULL;
	}
	t->counter.db = database;
	t->counter.uid = uid;
	t->counter.hours_from = span->kept_from / DAY;
	t->span = *span;
	if ((t->counter.totals = ak_totals_new(database, error)) == NULL)
		ak_tally_free(&t);
	return t;
}

void
ak_tally_free(struct ak_tally **tally)
{
	if (*tally == NULL)
		return;
	ak_totals_free(&(*tally)->counter.totals);
	free((*tally)->uses);
	free((*tally)->sorted);
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

static int
by_likeness(const void *a, const void *b)
{
	return memcmp(*(struct ak_use *const *)a, *(struct ak_use *const *)b, AK_LIKE);
}

static void
sort(struct ak_tally *t)
{
	if (t->count == 0)
		return;
	/* They are pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	qsort(t->sorted, t->count, sizeof(t->sorted[0]), by_likeness);
}

static void
set_time(struct ak_use *use, int64_t time)
{
	use->time = time;
	use->day = (uint32_t)(time / DAY);
	use->hour = (uint8_t)(time % DAY / HOUR);
}

/*
 * A use that may not be before `first`. Ids that no key has become '', without an
 * address: anybody can make them up.
 */
static void
settle_use(struct ak_tally *t, struct ak_use *use, bool known, int64_t first)
{
	if (use->time < first) {
		set_time(use, first);
		t->clamped++;
	}
	if (known)
		return;
	memset(use->id, 0, AK_ID_LEN);
	memset(&use->address, 0, sizeof(use->address));
	use->has_address = false;
}

/* Hold what each use claims against its key. */
static enum ak_code
settle(struct ak_tally *t, struct ak_error *error)
{
	char id[AK_ID_LEN + 1] = { 0 };
	enum ak_code code = AK_OK;
	int64_t first;
	bool known;

	for (size_t i = 0, n; code == AK_OK && i < t->count; i += n) {
		n = ak_count_run(t->sorted + i, t->count - i, AK_LIKE_KEY);
		memcpy(id, t->sorted[i]->id, AK_ID_LEN);
		code = ak_ask(t->counter.db, AK_Q_usage_key_made,
		    AK_VALUES(AK_TEXT(id)), &known, &first, error);
		if (!known)
			first = t->span.unknown_from;
		if (first > t->span.now) /* the clock was set back since */
			first = t->span.now;
		for (size_t j = i; code == AK_OK && j < i + n; j++)
			settle_use(t, t->sorted[j], known, first);
	}
	return code;
}

/* An event for each record of a key that exists, in the order in which they came. */
static enum ak_code
add_events(struct ak_tally *t, struct ak_error *error)
{
	char id[AK_ID_LEN + 1] = { 0 }, text[AK_NETWORK_TEXT];
	enum ak_code code = AK_OK;

	for (size_t i = 0; code == AK_OK && i < t->count; i++) {
		const struct ak_use *use = &t->uses[i];

		if (use->id[0] == '\0')
			continue;
		memcpy(id, use->id, AK_ID_LEN);
		code = ak_write(t->counter.db, AK_Q_event_add,
		    AK_VALUES(AK_NUMBER(use->time), AK_TEXT(id),
			AK_TEXT(ak_reason_word(use->reason)), AK_TEXT(use->service),
			AK_TEXT(ak_count_address(use, text)),
			AK_NUMBER(t->counter.uid)),
		    error);
	}
	return code;
}

enum ak_code
ak_tally_end(struct ak_tally *t, struct ak_error *error)
{
	enum ak_code code;

	for (size_t i = 0; i < t->count; i++)
		t->sorted[i] = &t->uses[i];
	sort(t);
	code = settle(t, error);
	sort(t);
	for (size_t i = 0, n; code == AK_OK && i < t->count; i += n) {
		n = ak_count_run(t->sorted + i, t->count - i, AK_LIKE_KEY);
		code = ak_count_key(&t->counter, t->sorted + i, n, error);
	}
	if (code == AK_OK)
		code = ak_totals_end(t->counter.totals, error);
	if (code == AK_OK)
		code = add_events(t, error);
	t->count = 0;
	return code;
}

/* Room for more uses: most files have few that are new, and some very many. */
static enum ak_code
grow(struct ak_tally *t, struct ak_error *error)
{
	size_t room = t->room == 0 ? TALLY_MIN : t->room * 2;
	struct ak_use *uses = reallocarray(t->uses, room, sizeof(*uses)), **sorted;

	if (uses == NULL)
		return ak_fail(error, AK_E_NOMEM, "out of memory");
	t->uses = uses;
	/* They are sorted by pointers. NOLINTNEXTLINE(bugprone-sizeof-expression) */
	sorted = reallocarray(t->sorted, room, sizeof(*sorted));
	if (sorted == NULL)
		return ak_fail(error, AK_E_NOMEM, "out of memory");
	t->sorted = sorted;
	t->room = room;
	return AK_OK;
}

enum ak_code
ak_tally_add(
    struct ak_tally *t, const struct ak_usage_record *record, struct ak_error *error)
{
	struct ak_use *use;

	if (t->count == t->room && grow(t, error) != AK_OK)
		return error->code;
	use = &t->uses[t->count++];
	memset(use, 0, sizeof(*use));
	memcpy(use->id, record->id, AK_ID_LEN);
	set_time(use, record->time < t->span.now ? record->time : t->span.now);
	use->reason = record->reason;
	use->has_address = record->has_address;
	if (record->has_address)
		use->address = record->address;
	memcpy(use->service, record->service, sizeof(use->service));
	t->records++;
	t->clamped += record->time > t->span.now;
	return t->count < AK_TALLY_MAX ? AK_OK : ak_tally_end(t, error);
}
