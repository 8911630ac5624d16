/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "count.h"

#define HOURS 24

/*
 * The rows that one key may have in one day, of uses and again of refusals: an id is
 * public, so somebody may present it from a million addresses (SECURITY R32), and
 * thereby must not hide from where the key is used.
 */
#define DAY_WIDTH 256

size_t
ak_count_run(struct ak_use *const *uses, size_t count, size_t len)
{
	size_t i = 1;

	while (i < count && memcmp(uses[0], uses[i], len) == 0)
		i++;
	return i;
}

const char *
ak_count_address(const struct ak_use *use, char text[AK_NETWORK_TEXT])
{
	const struct ak_network host = { use->address, 128 };

	text[0] = '\0';
	if (use->has_address)
		ak_network_format(&host, text);
	return text;
}

/* So many uses that ended like this one. */
static struct ak_sum
sum_of(const struct ak_use *use, size_t count)
{
	return use->reason == AK_VALID ? (struct ak_sum){ (int64_t)count, 0 }
				       : (struct ak_sum){ 0, (int64_t)count };
}

static void
add_sum(struct ak_sum *to, struct ak_sum sum)
{
	to->uses += sum.uses;
	to->refusals += sum.refusals;
}

/* Uses that are the same in everything, with the texts that stand in the tables. */
struct group {
	const struct ak_use *use;
	size_t count;
	int64_t first_at;
	const char *id, *reason, *service, *address;
	char text[AK_NETWORK_TEXT];
};

static void
make_group(struct group *g, struct ak_use *const *uses, size_t count, const char *id)
{
	g->use = uses[0];
	g->count = count;
	g->first_at = uses[0]->time;
	for (size_t i = 1; i < count; i++)
		if (uses[i]->time < g->first_at)
			g->first_at = uses[i]->time;
	g->id = id;
	g->reason = ak_reason_word(g->use->reason);
	g->service = g->use->service;
	g->address = ak_count_address(g->use, g->text);
}

/* The rows of one kind that a key has on a day, at most; `full`: no fewer. */
struct width {
	int64_t rows;
	bool full;
};

/* Past the width of a day, only what has a row already keeps its own. */
static enum ak_code
lump(const struct ak_counter *c, struct group *g, struct ak_error *error)
{
	enum ak_code code;
	int64_t ignored;
	bool has;

	code = ak_ask(c->db, AK_Q_day_count_has,
	    AK_VALUES(AK_TEXT(g->id), AK_NUMBER(g->use->day), AK_TEXT(g->reason),
		AK_TEXT(g->service), AK_TEXT(g->address), AK_NUMBER(c->uid)),
	    &has, &ignored, error);
	if (code == AK_OK && !has)
		g->service = g->address = "*";
	return code;
}

static enum ak_code
see_address(const struct ak_counter *c, const struct group *g, struct ak_error *error)
{
	if (g->use->reason != AK_VALID || g->id[0] == '\0' || g->address != g->text ||
	    g->text[0] == '\0')
		return AK_OK;
	return ak_write(c->db, AK_Q_key_address_see,
	    AK_VALUES(AK_TEXT(g->id), AK_TEXT(g->address), AK_NUMBER(g->first_at)),
	    error);
}

static enum ak_code
count_group(const struct ak_counter *c, const struct group *g, struct ak_error *error)
{
	const struct ak_sum sum = sum_of(g->use, g->count);
	const struct {
		enum ak_part part;
		const char *name;
	} parts[] = { { AK_PART_REASON, g->reason }, { AK_PART_SERVICE, g->service },
		{ AK_PART_RHOST, g->address } };
	enum ak_code code;

	code = ak_write(c->db, AK_Q_day_count_add,
	    AK_VALUES(AK_TEXT(g->id), AK_NUMBER(g->use->day), AK_TEXT(g->reason),
		AK_TEXT(g->service), AK_TEXT(g->address), AK_NUMBER(c->uid),
		AK_NUMBER((int64_t)g->count)),
	    error);
	for (size_t i = 0; code == AK_OK && i < sizeof(parts) / sizeof(parts[0]); i++)
		code = ak_totals_add(
		    c->totals, parts[i].part, g->use->day, parts[i].name, sum, error);
	return code == AK_OK ? see_address(c, g, error) : code;
}

/* How many rows of a use's kind its key has on its day. */
static enum ak_code
ask_width(const struct ak_counter *c, const struct group *g, struct width *width,
    struct ak_error *error)
{
	enum ak_code code;
	bool there;

	code = ak_ask(c->db, AK_Q_day_count_width,
	    AK_VALUES(AK_TEXT(g->id), AK_NUMBER(g->use->day), AK_NUMBER(DAY_WIDTH),
		AK_NUMBER(g->use->reason == AK_VALID)),
	    &there, &width->rows, error);
	width->full = code == AK_OK && width->rows >= DAY_WIDTH;
	return code;
}

/*
 * Find a row for a group. Each may take a new one, and most do not: where they all may
 * have been taken, it is asked how many were, and no more once it is all.
 */
static enum ak_code
find_row(const struct ak_counter *c, struct group *g, struct width *width,
    struct ak_error *error)
{
	enum ak_code code = AK_OK;

	if (!width->full && width->rows >= DAY_WIDTH)
		code = ask_width(c, g, width, error);
	width->rows++;
	return code == AK_OK && width->full ? lump(c, g, error) : code;
}

/* By reason, service and address. */
static enum ak_code
count_groups(const struct ak_counter *c, struct ak_use *const *uses, size_t count,
    const char *id, struct ak_error *error)
{
	struct width width = { 0, false };
	enum ak_code code = AK_OK;
	struct group g;

	for (size_t i = 0, n; code == AK_OK && i < count; i += n) {
		n = ak_count_run(uses + i, count - i, AK_LIKE);
		make_group(&g, uses + i, n, id);
		if (i == 0 ||
		    (uses[i]->reason == AK_VALID) != (uses[i - 1]->reason == AK_VALID))
			code = ask_width(c, &g, &width, error);
		if (code == AK_OK)
			code = find_row(c, &g, &width, error);
		if (code == AK_OK)
			code = count_group(c, &g, error);
	}
	return code;
}

static enum ak_code
count_hour(const struct ak_counter *c, const char *id, int64_t day, int hour,
    struct ak_sum sum, struct ak_error *error)
{
	enum ak_code code;
	char name[16];

	snprintf(name, sizeof(name), "%02d", hour);
	code = ak_write(c->db, AK_Q_hour_count_add,
	    AK_VALUES(AK_TEXT(id), AK_NUMBER(hour), AK_NUMBER(day), AK_NUMBER(sum.uses),
		AK_NUMBER(sum.refusals)),
	    error);
	if (code == AK_OK)
		code = ak_totals_add(c->totals, AK_PART_HOUR, day, name, sum, error);
	return code;
}

/* Uses of one key and day. */
static enum ak_code
count_day(const struct ak_counter *c, struct ak_use *const *uses, size_t count,
    const char *id, struct ak_error *error)
{
	struct ak_sum all = { 0, 0 }, hours[HOURS] = { { 0, 0 } };
	const int64_t day = uses[0]->day;
	enum ak_code code;

	code = count_groups(c, uses, count, id, error);
	for (size_t i = 0; i < count; i++)
		add_sum(&hours[uses[i]->hour], sum_of(uses[i], 1));
	for (int hour = 0; code == AK_OK && hour < HOURS; hour++) {
		add_sum(&all, hours[hour]);
		if (day >= c->hours_from && hours[hour].uses + hours[hour].refusals > 0)
			code = count_hour(c, id, day, hour, hours[hour], error);
	}
	if (code == AK_OK)
		code = ak_write(c->db, AK_Q_key_day_add,
		    AK_VALUES(AK_TEXT(id), AK_NUMBER(day), AK_NUMBER(all.uses),
			AK_NUMBER(all.refusals)),
		    error);
	return code;
}

static enum ak_code
set_last(const struct ak_counter *c, const struct ak_use *last, const char *id,
    struct ak_error *error)
{
	char text[AK_NETWORK_TEXT];

	return ak_write(c->db, AK_Q_key_usage_last,
	    AK_VALUES(AK_TEXT(id), AK_NUMBER(last->time),
		AK_TEXT(ak_count_address(last, text)), AK_TEXT(last->service),
		AK_NUMBER(c->uid)),
	    error);
}

/* Whether a use came after another: within a second it is the later record. */
static bool
is_later(const struct ak_use *use, const struct ak_use *than)
{
	return than == NULL || use->time > than->time ||
	       (use->time == than->time && use > than);
}

enum ak_code
ak_count_key(const struct ak_counter *c, struct ak_use *const *uses, size_t count,
    struct ak_error *error)
{
	char id[AK_ID_LEN + 1] = { 0 };
	const struct ak_use *last = NULL;
	struct ak_sum all = { 0, 0 };
	enum ak_code code;

	memcpy(id, uses[0]->id, AK_ID_LEN);
	for (size_t i = 0; i < count; i++) {
		add_sum(&all, sum_of(uses[i], 1));
		if (uses[i]->reason == AK_VALID && is_later(uses[i], last))
			last = uses[i];
	}
	code = ak_write(c->db, AK_Q_key_usage_add,
	    AK_VALUES(AK_TEXT(id), AK_NUMBER(all.uses), AK_NUMBER(all.refusals)),
	    error);
	if (code == AK_OK && last != NULL)
		code = set_last(c, last, id, error);
	for (size_t i = 0, n; code == AK_OK && i < count; i += n) {
		n = ak_count_run(uses + i, count - i, AK_LIKE_DAY);
		code = count_day(c, uses + i, n, id, error);
	}
	return code;
}
