/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics, events and sources against a model that is counted here: random records
 * of several days, keys, owners, services and addresses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../records.h"
#include "stats.h"

#define DAY 86400
#define DAYS 5
#define RECORDS 4000
#define KEYS 6
#define GROUPS 64

static const char *const owners[KEYS] = { "alice", "alice", "alice", "bob", "bob",
	"carol" };
static const char *const services[] = { "", "sshd", "nginx", "dovecot" };
static const char *const addresses[] = { NULL, "192.0.2.7", "192.0.2.70",
	"198.51.100.1", "2001:db8::1", "::1" };
static const enum ak_reason reasons[] = { AK_VALID, AK_VALID, AK_VALID, AK_BAD_SECRET,
	AK_DISABLED, AK_EXPIRED };

/* A record, and what it was made of. */
struct sample {
	struct ak_usage_record record;
	int number; /* in the order in which they are recorded */
	int key; /* KEYS: an id that no key has */
	const char *service, *address;
};

struct model {
	char ids[KEYS][AK_ID_LEN + 1], names[KEYS][AK_NAME_MAX + 1];
	struct sample samples[RECORDS];
};

static void
make_samples(struct fx *fx, struct model *m)
{
	struct ak_usage_record *records = calloc(RECORDS, sizeof(*records));
	struct ak_record key;
	uint64_t seed = 31;
	struct sample *s;

	assert_non_null(records);
	for (int k = 0; k < KEYS; k++) {
		key = fx_record(owners[k]); /* names are unique per owner alone */
		key.created_at = 0;
		snprintf(key.key.name, sizeof(key.key.name), "key %d", k % 3);
		snprintf(m->ids[k], sizeof(m->ids[k]), "%s", fx_id(fx_issue(fx, &key)));
		snprintf(m->names[k], sizeof(m->names[k]), "%s", key.key.name);
	}
	for (int i = 0; i < RECORDS; i++) {
		char unknown[AK_ID_LEN + 1];

		s = &m->samples[i];
		s->number = i;
		us_id((unsigned)i, unknown);
		s->key = (int)(fx_random(&seed) % (KEYS + 1));
		s->service = services[fx_random(&seed) % FX_COUNT(services)];
		s->address = addresses[fx_random(&seed) % FX_COUNT(addresses)];
		s->record = us_record(s->key < KEYS ? m->ids[s->key] : unknown,
		    reasons[fx_random(&seed) % FX_COUNT(reasons)], s->address);
		s->record.time = FX_NOW - fx_random(&seed) % (DAYS * DAY);
		strcpy(s->record.service, s->service);
		if (s->key == KEYS)
			s->address = NULL; /* anybody can make them up */
		records[i] = s->record;
	}
	us_write(fx, "", records, RECORDS);
	free(records);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
}

struct group {
	char name[256];
	int64_t uses, refusals, first_at;
};

struct groups {
	struct group list[GROUPS];
	size_t count;
};

static struct group *
group_of(struct groups *g, const char *name)
{
	for (size_t i = 0; i < g->count; i++)
		if (strcmp(g->list[i].name, name) == 0)
			return &g->list[i];
	assert_true(g->count < GROUPS);
	g->list[g->count] = (struct group){ .first_at = AK_NO_TIME };
	snprintf(g->list[g->count].name, sizeof(g->list[0].name), "%s", name);
	return &g->list[g->count++];
}

/* What the group of a sample is called. */
static void
name_of(
    const struct model *m, const struct sample *s, enum ak_stats_by by, char name[256])
{
	time_t at = (time_t)s->record.time;
	bool known = s->key < KEYS;
	struct tm tm;

	gmtime_r(&at, &tm);
	name[0] = '\0';
	switch (by) {
	case AK_BY_DAY:
		strftime(name, 256, "%Y-%m-%d", &tm);
		break;
	case AK_BY_HOUR:
		strftime(name, 256, "%H", &tm);
		break;
	case AK_BY_SERVICE:
		snprintf(name, 256, "%s", s->service);
		break;
	case AK_BY_RHOST:
		snprintf(name, 256, "%s", s->address != NULL ? s->address : "");
		break;
	case AK_BY_REASON:
		snprintf(name, 256, "%s", ak_reason_word(s->record.reason));
		break;
	case AK_BY_OWNER:
		snprintf(name, 256, "%s", known ? owners[s->key] : "");
		break;
	case AK_BY_KEY:
		if (known)
			snprintf(name, 256, "%s/%s", owners[s->key], m->names[s->key]);
		break;
	case AK_BY_COUNT:
		break;
	}
}

static bool
is_wanted(
    const struct model *m, const struct sample *s, const struct ak_stats_filter *f)
{
	if (f->key_id != NULL &&
	    (s->key == KEYS || strcmp(m->ids[s->key], f->key_id) != 0))
		return false;
	return f->owner == NULL ||
	       (s->key < KEYS && strcmp(owners[s->key], f->owner) == 0);
}

static void
count_model(const struct model *m, enum ak_stats_by by, const struct ak_stats_filter *f,
    struct groups *g)
{
	const struct sample *s;
	struct group *group;
	char name[256];

	g->count = 0;
	for (s = m->samples; s < m->samples + RECORDS; s++) {
		if (!is_wanted(m, s, f) || s->record.time / DAY < f->since / DAY)
			continue;
		name_of(m, s, by, name);
		group = group_of(g, name);
		group->uses += s->record.reason == AK_VALID;
		group->refusals += s->record.reason != AK_VALID;
	}
	/* The first use of an address may lie before what is looked at. */
	for (s = m->samples; by == AK_BY_RHOST && s < m->samples + RECORDS; s++)
		for (size_t i = 0; i < g->count; i++) {
			group = &g->list[i];
			if (s->address != NULL && s->record.reason == AK_VALID &&
			    is_wanted(m, s, f) &&
			    strcmp(group->name, s->address) == 0 &&
			    (group->first_at == AK_NO_TIME ||
				s->record.time < group->first_at))
				group->first_at = s->record.time;
		}
}

static bool
take(const struct ak_stat *stat, void *context)
{
	struct groups *g = context;
	struct group *group = group_of(g, stat->name);

	assert_int_equal(group->uses + group->refusals, 0); /* each comes once */
	if (g->count > 1) /* in their order */
		assert_true(strcmp(g->list[g->count - 2].name, stat->name) < 0);
	group->uses = stat->uses;
	group->refusals = stat->refusals;
	group->first_at = stat->first_at;
	return true;
}

static void
compare(const struct groups *got, struct groups *wanted, const char *what)
{
	const struct group *g, *w;

	if (got->count != wanted->count)
		fail_msg(
		    "%s: %zu groups instead of %zu", what, got->count, wanted->count);
	for (size_t i = 0; i < got->count; i++) {
		g = &got->list[i];
		w = group_of(wanted, g->name);
		if (g->uses != w->uses || g->refusals != w->refusals ||
		    g->first_at != w->first_at)
			fail_msg("%s, \"%s\": %d %d %lld instead of %d %d %lld", what,
			    g->name, (int)g->uses, (int)g->refusals,
			    (long long)g->first_at, (int)w->uses, (int)w->refusals,
			    (long long)w->first_at);
	}
	assert_int_equal(got->count, wanted->count);
}

static void
every_grouping_and_filter_gives_what_was_recorded(void **state)
{
	static const char *const names[] = { "day", "hour", "service", "rhost",
		"reason", "owner", "key" };
	struct fx *fx = *state;
	struct model *m = calloc(1, sizeof(*m));
	struct groups *got = calloc(2, sizeof(*got)), *wanted = got + 1;
	struct ak_usage *usage;
	struct ak_error error;
	char what[64];

	assert_true(m != NULL && got != NULL);
	make_samples(fx, m);
	usage = us_open(fx);
	const struct ak_stats_filter filters[] = { { 0, NULL, NULL },
		{ FX_NOW - 2 * DAY, NULL, NULL }, { 0, m->ids[0], NULL },
		{ FX_NOW - DAY, m->ids[4], NULL }, { 0, NULL, "alice" },
		{ FX_NOW, NULL, "bob" }, { 0, m->ids[5], "carol" },
		{ 0, m->ids[5], "bob" }, { 0, NULL, "nobody" },
		{ FX_NOW + DAY, NULL, NULL } };

	for (unsigned by = 0; by < AK_BY_COUNT; by++)
		for (size_t f = 0; f < FX_COUNT(filters); f++) {
			snprintf(what, sizeof(what), "by %s, filter %zu", names[by], f);
			count_model(m, by, &filters[f], wanted);
			got->count = 0;
			assert_code(
			    ak_usage_stats(usage, by, &filters[f], take, got, &error),
			    AK_OK, &error);
			compare(got, wanted, what);
		}
	ak_usage_close(&usage);
	free(got);
	free(m);
}

/* What events were given, and which sample each must be. */
struct follow {
	const struct model *m;
	const char *key_id;
	int at; /* the next sample */
	unsigned seen;
};

static bool
follow_event(const struct ak_event *e, void *context)
{
	struct follow *f = context;
	const struct sample *s;

	do
		s = &f->m->samples[f->at++];
	while (f->at < RECORDS &&
	       (s->key == KEYS ||
		   (f->key_id != NULL && strcmp(f->m->ids[s->key], f->key_id) != 0)));
	assert_string_equal(e->key_id, f->m->ids[s->key]);
	assert_true(e->time == s->record.time);
	assert_string_equal(e->reason, ak_reason_word(s->record.reason));
	assert_string_equal(e->service, s->service);
	assert_string_equal(e->address, s->address != NULL ? s->address : "");
	assert_int_equal(e->uid, geteuid());
	f->seen++;
	return true;
}

/* Of events: their number, and the times of the first and the last. */
static bool
take_time(const struct ak_event *e, void *context)
{
	int64_t *times = context;

	times[0] = times[2] == 0 ? e->time : times[0];
	times[1] = e->time;
	times[2]++;
	return true;
}

/* By time, and as they were recorded where that is the same. */
static int
by_time(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	if (x->record.time != y->record.time)
		return x->record.time < y->record.time ? -1 : 1;
	return x->number - y->number;
}

static void
events_come_in_the_order_of_their_times(void **state)
{
	struct fx *fx = *state;
	struct model *m = calloc(1, sizeof(*m));
	struct follow f;
	int64_t times[3] = { 0 }, newest = 0;
	struct ak_usage *usage;
	struct ak_error error;
	unsigned known = 0;

	assert_non_null(m);
	make_samples(fx, m);
	for (int i = 0; i < RECORDS; i++)
		known += m->samples[i].key < KEYS;
	qsort(m->samples, RECORDS, sizeof(m->samples[0]), by_time);
	usage = us_open(fx);
	f = (struct follow){ .m = m };
	assert_code(ak_usage_events(usage, NULL, 0, RECORDS, follow_event, &f, &error),
	    AK_OK, &error);
	assert_int_equal(f.seen, known);
	f = (struct follow){ .m = m, .key_id = m->ids[2] };
	assert_code(
	    ak_usage_events(usage, m->ids[2], 0, RECORDS, follow_event, &f, &error),
	    AK_OK, &error);
	assert_true(f.seen > 0);
	/* The newest ten, and then what was folded after all but five. */
	assert_code(ak_usage_events(usage, NULL, 0, 10, take_time, times, &error),
	    AK_OK, &error);
	assert_int_equal(times[2], 10);
	for (int i = 0; i < RECORDS; i++)
		if (m->samples[i].key < KEYS)
			newest = m->samples[i].record.time;
	assert_int_equal(times[1], newest);
	memset(times, 0, sizeof(times));
	assert_code(
	    ak_usage_events(usage, NULL, known - 5, 10, take_time, times, &error),
	    AK_OK, &error);
	assert_int_equal(times[2], 5);
	assert_true(times[0] <= times[1]);
	ak_usage_close(&usage);
	free(m);
}

static bool
take_source(const struct ak_usage_source *source, void *context)
{
	*(struct ak_usage_source *)context = *source;
	return true;
}

static void
a_source_tells_how_much_a_user_recorded(void **state)
{
	struct fx *fx = *state;
	struct model *m = calloc(1, sizeof(*m));
	struct ak_usage_source source = { .uid = -1 };
	struct ak_usage *usage;
	struct ak_error error;

	assert_non_null(m);
	make_samples(fx, m);
	usage = us_open(fx);
	assert_code(
	    ak_usage_sources(usage, take_source, &source, &error), AK_OK, &error);
	assert_int_equal(source.uid, geteuid());
	assert_int_equal(source.records, RECORDS);
	assert_int_equal(source.dropped + source.clamped + source.strange, 0);
	ak_usage_close(&usage);
	free(m);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(every_grouping_and_filter_gives_what_was_recorded),
		FX_TEST(events_come_in_the_order_of_their_times),
		FX_TEST(a_source_tells_how_much_a_user_recorded),
	};

	return cmocka_run_group_tests_name("usage_stats", tests, NULL, NULL);
}
