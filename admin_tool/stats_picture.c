/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "authkey.h"
#include "stats_picture.h"
#include "text.h"

#define DAY 86400
#define RED "\033[31m"
#define PLAIN "\033[0m"
#define SPARKS_MAX 60
#define NAME_LEAST 10
#define BAR_MOST 60

/* How the lines are divided. */
struct layout {
	const struct out *out;
	const struct stats *stats;
	int width; /* of the terminal */
	int name, uses, refusals, bar; /* columns; 0: no room for bars */
	int64_t most; /* that a bar stands for */
};

bool
stats_is_new(const struct stats *stats, const struct stats_row *row)
{
	return stats->by == AK_BY_RHOST && row->first_at != AK_NO_TIME &&
	       row->first_at >= stats->since / DAY * DAY;
}

const char *
stats_name(const struct stats *stats, const struct stats_row *row)
{
	static const char *const nameless[AK_BY_COUNT] = { [AK_BY_SERVICE] =
							       "no service",
		[AK_BY_RHOST] = "no address",
		[AK_BY_OWNER] = "nobody's",
		[AK_BY_KEY] = "unknown ids" };

	if (row->name[0] == '\0' && nameless[stats->by] != NULL)
		return nameless[stats->by];
	return strcmp(row->name, "*") == 0 ? "others" : row->name;
}

/* The UTC day, counted from 1970, that a row of AK_BY_DAY is called after. */
static int64_t
day_of(const struct stats_row *row)
{
	int64_t midnight = 0;

	return ak_when_why_not(row->name, 0, &midnight) == NULL ? midnight / DAY : 0;
}

static int
digits(int64_t n)
{
	return snprintf(NULL, 0, "%lld", (long long)n);
}

static int
wider(int width, int other)
{
	return other > width ? other : width;
}

static void
lay_out(struct layout *l, int64_t uses, int64_t refusals)
{
	const struct stats *s = l->stats;
	int left;

	l->uses = wider((int)strlen("USES"), digits(uses));
	l->refusals = wider((int)strlen("REFUSALS"), digits(refusals));
	l->name = NAME_LEAST;
	for (size_t i = 0; i < s->count; i++) {
		l->name = wider(l->name, (int)strlen(stats_name(s, &s->rows[i])));
		if (s->rows[i].uses + s->rows[i].refusals > l->most)
			l->most = s->rows[i].uses + s->rows[i].refusals;
	}
	left = l->width - l->uses - l->refusals - 4;
	if (l->out->terminal && l->name > left)
		l->name = left;
	if (l->name < 1)
		l->name = 1;
	left -= l->name + 2 + (s->by == AK_BY_RHOST ? (int)strlen("new  ") : 0);
	l->bar = left < 4 ? 0 : left > BAR_MOST ? BAR_MOST : left;
}

/* A sign, so many times. */
static void
repeat(const char *sign, int64_t times)
{
	for (; times > 0; times--)
		fputs(sign, stdout);
}

/* The cells of a bar; what there is at all has one. */
static int64_t
cells(const struct layout *l, int64_t n)
{
	int64_t length;

	if (n == 0 || l->most == 0)
		return 0;
	length = (int64_t)((double)n * l->bar / (double)l->most + 0.5);
	return length > 0 ? length : 1;
}

static void
put_bar(const struct layout *l, const struct stats_row *row)
{
	int64_t uses = cells(l, row->uses), refusals = cells(l, row->refusals);

	/* Both rounded up may be one more than there is room for. */
	while (uses + refusals > l->bar)
		*(uses > refusals ? &uses : &refusals) -= 1;
	repeat(l->out->utf8 ? "\xe2\x96\x88" : "#", uses);
	if (refusals == 0)
		return;
	fputs(l->out->color ? RED : "", stdout);
	repeat(l->out->utf8 ? "\xe2\x96\x92" : "x", refusals);
	fputs(l->out->color ? PLAIN : "", stdout);
}

static void
put_name(const struct layout *l, const char *name)
{
	char text[STATS_NAME_MAX * 4];
	int len = (int)strlen(text_escape(name, !l->out->utf8, text, sizeof(text)));

	if (len > l->name)
		printf("%.*s~", l->name - 1, text);
	else
		printf("%-*s", l->name, text);
}

static void
put_row(const struct layout *l, const char *name, const struct stats_row *row,
    bool with_bar)
{
	bool red = l->out->color && row->refusals > 0;

	put_name(l, name);
	printf("  %*lld  %s%*lld%s", l->uses, (long long)row->uses, red ? RED : "",
	    l->refusals, (long long)row->refusals, red ? PLAIN : "");
	if (with_bar && l->stats->by == AK_BY_RHOST)
		fputs(stats_is_new(l->stats, row) ? "  new" : "     ", stdout);
	if (with_bar && l->bar > 0) {
		fputs("  ", stdout);
		put_bar(l, row);
	}
	putchar('\n');
}

/* Days without use, between two that had some. */
static void
put_gap(const struct layout *l, int64_t days)
{
	if (l->stats->by == AK_BY_DAY && days > 0)
		printf("%s %lld day%s without use\n",
		    l->out->utf8 ? "\xe2\x8b\xae" : ":", (long long)days,
		    days == 1 ? "" : "s");
}

/* The days of the window in one line: as many cells as there are days, or fit. */
static void
put_days(const struct layout *l)
{
	static const char *const blocks[] = { " ", "\xe2\x96\x81", "\xe2\x96\x82",
		"\xe2\x96\x83", "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86",
		"\xe2\x96\x87", "\xe2\x96\x88" };
	static const char *const signs[] = { " ", ".", ":", "-", "=", "+", "*", "#",
		"@" };
	const struct stats *s = l->stats;
	int64_t first = s->since / DAY, days = s->until / DAY - first + 1, most = 0;
	int64_t counts[SPARKS_MAX] = { 0 }, width;
	char from[AK_WHEN_TEXT], to[AK_WHEN_TEXT];

	ak_when_format(s->since, from);
	ak_when_format(s->until, to);
	width = l->width - printf("%.10s to %.10s  ", from, to);
	if (width > SPARKS_MAX)
		width = SPARKS_MAX;
	if (width > days)
		width = days;
	for (size_t i = 0; width > 0 && i < s->day_count; i++) {
		int64_t at = (day_of(&s->days[i]) - first) * width / days;

		if (at < 0 || at >= width)
			continue;
		counts[at] += s->days[i].uses + s->days[i].refusals;
		if (counts[at] > most)
			most = counts[at];
	}
	for (int64_t i = 0; i < width; i++) {
		int64_t level =
		    most == 0 ? 0
			      : (int64_t)((double)counts[i] * 8 / (double)most + 0.999);

		fputs((l->out->utf8 ? blocks : signs)[level], stdout);
	}
	putchar('\n');
}

void
stats_draw(const struct out *out, const struct stats *stats)
{
	struct layout l = { .out = out, .stats = stats, .width = (int)out_width(out) };
	struct stats_row total = { .first_at = AK_NO_TIME };
	int64_t next = stats->since / DAY;

	for (size_t i = 0; i < stats->count; i++) {
		total.uses += stats->rows[i].uses;
		total.refusals += stats->rows[i].refusals;
	}
	lay_out(&l, total.uses, total.refusals);
	put_days(&l);
	printf(
	    "%-*s  %*s  %*s\n", l.name, "NAME", l.uses, "USES", l.refusals, "REFUSALS");
	for (size_t i = 0; i < stats->count; i++) {
		const struct stats_row *row = &stats->rows[i];

		if (stats->by == AK_BY_DAY) {
			put_gap(&l, day_of(row) - next);
			next = day_of(row) + 1;
		}
		put_row(&l, stats_name(stats, row), row, true);
	}
	put_gap(&l, stats->until / DAY + 1 - next);
	put_row(&l, "total", &total, false);
}
