/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics of all keys are made of totals, and those of one key of its counts: both
 * are one truth, whatever a fold is given, what is taken away, and whichever version
 * made the database (DESIGN section 9).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "../forge.h"
#include "../records.h"
#include "byte_order.h"
#include "record.h"
#include "sql.h"
#include "stats.h"

#define DAY 86400
#define KEYS 5
#define RECORDS 5000

static const enum ak_reason reasons[] = { AK_VALID, AK_VALID, AK_BAD_SECRET,
	AK_EXPIRED };

/* Records of the last days, of keys and of ids that no key has. */
static void
fold_records(const struct fx *fx, char ids[KEYS][AK_ID_LEN + 1], uint64_t seed)
{
	struct ak_usage_record *records = calloc(RECORDS, sizeof(*records));
	char unknown[AK_ID_LEN + 1];
	unsigned key;

	assert_non_null(records);
	for (unsigned i = 0; i < RECORDS; i++) {
		key = fx_random(&seed) % (KEYS + 1);
		us_id(i, unknown);
		records[i] = us_record(key < KEYS ? ids[key] : unknown,
		    reasons[fx_random(&seed) % FX_COUNT(reasons)], "192.0.2.0");
		records[i].time -= fx_random(&seed) % (40 * DAY);
		records[i].address.bytes[15] = (uint8_t)(fx_random(&seed) % 9);
		records[i].has_address = fx_random(&seed) % 8 > 0;
		snprintf(records[i].service, sizeof(records[i].service), "s%u",
		    fx_random(&seed) % 3);
	}
	us_write(fx, "", records, RECORDS);
	free(records);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
}

static void
make_keys(struct fx *fx, char ids[KEYS][AK_ID_LEN + 1])
{
	for (int i = 0; i < KEYS; i++)
		us_key(fx, i < 3 ? "alice" : "bob", ids[i]);
}

static void
totals_are_what_the_counts_add_up_to(void **state)
{
	struct fx *fx = *state;
	char ids[KEYS][AK_ID_LEN + 1];

	make_keys(fx, ids);
	for (uint64_t seed = 1; seed < 4; seed++) {
		fold_records(fx, ids, seed);
		us_agree(fx);
	}
	/* Hours end with their retention, the days stay. */
	us_fold(fx, FX_NOW + 20 * DAY, AK_FOLD_ALL, NULL);
	us_agree(fx);
	assert_int_equal(
	    us_number(fx, "SELECT count(DISTINCT day) FROM hour_count"), 11);
	us_fold(fx, FX_NOW + 40 * DAY, AK_FOLD_ALL, NULL);
	us_agree(fx);
	assert_int_equal(us_number(fx, "SELECT count(*) FROM hour_count"), 0);
	assert_int_equal(us_number(fx, "SELECT sum(uses + refusals) FROM day_total "
				       "WHERE part = 'reason'"),
	    3 * RECORDS);
}

/* More addresses, services and days than are held in memory at once. */
static void
totals_agree_when_there_are_many_of_them(void **state)
{
	struct fx *fx = *state;
	const unsigned count = 40000;
	struct ak_usage_record *records = calloc(count, sizeof(*records)), late;
	char ids[16][AK_ID_LEN + 1];
	uint64_t seed = 7;

	assert_non_null(records);
	for (size_t i = 0; i < FX_COUNT(ids); i++)
		us_key(fx, "alice", ids[i]);
	for (unsigned i = 0; i < count; i++) {
		records[i] = us_record(
		    ids[fx_random(&seed) % FX_COUNT(ids)], AK_VALID, "2001:db8::");
		ak_put_number(records[i].address.bytes + 8, fx_random(&seed), 8);
		records[i].time -= fx_random(&seed) % (4 * DAY);
	}
	us_write(fx, "", records, count);
	free(records);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	us_agree(fx);
	assert_true(us_number(fx,
			"SELECT count(*) FROM day_total WHERE part = 'rhost'") > 10000);
	/* A fold later, what has no row of its own is with the others too. */
	assert_true(us_number(fx, "SELECT sum(uses) FROM day_total "
				  "WHERE part = 'rhost' AND name = '*'") > 10000);
	late = us_record(ids[0], AK_VALID, "203.0.113.200");
	late.time -= DAY;
	us_append(fx, &late);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	us_agree(fx);
	assert_int_equal(
	    us_number(fx, "SELECT count(*) FROM day_total WHERE part = 'rhost' "
			  "AND name = '203.0.113.200'"),
	    0);
}

/* All statistics there are, in lines. */
struct dump {
	char text[1 << 16];
	size_t len;
};

static bool
add_line(const struct ak_stat *stat, void *context)
{
	struct dump *d = context;

	d->len += (size_t)snprintf(d->text + d->len, sizeof(d->text) - d->len,
	    "%s %lld %lld %lld\n", stat->name, (long long)stat->uses,
	    (long long)stat->refusals, (long long)stat->first_at);
	assert_true(d->len < sizeof(d->text));
	return true;
}

static struct dump *
dump(const struct fx *fx, char ids[KEYS][AK_ID_LEN + 1])
{
	const struct ak_stats_filter filters[] = { { 0, NULL, NULL },
		{ 0, ids[0], NULL }, { FX_NOW - 9 * DAY, ids[1], NULL },
		{ 0, NULL, "alice" } };
	struct dump *d = calloc(1, sizeof(*d));
	struct ak_usage *usage = us_open(fx);
	struct ak_error error;

	assert_non_null(d);
	for (unsigned by = 0; by < AK_BY_COUNT; by++)
		for (size_t i = 0; i < FX_COUNT(filters); i++) {
			d->len +=
			    (size_t)snprintf(d->text + d->len, sizeof(d->text) - d->len,
				"by %s, filter %zu\n", ak_stats_words[by], i);
			assert_code(
			    ak_usage_stats(usage, by, &filters[i], add_line, d, &error),
			    AK_OK, &error);
		}
	ak_usage_close(&usage);
	return d;
}

/* Its record is gone from the master; what it did stays, under its id. */
static void
what_a_purged_key_did_stays_in_all_tables(void **state)
{
	struct fx *fx = *state;
	char ids[KEYS][AK_ID_LEN + 1];
	struct dump *before, *after;
	struct ak_error error;
	int64_t unknown;

	make_keys(fx, ids);
	fold_records(fx, ids, 4);
	before = dump(fx, ids);
	unknown = us_number(fx, "SELECT uses FROM key_usage WHERE key_id = ''");
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_record_delete(fx->master, ids[4], &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	us_agree(fx);
	after = dump(fx, ids);
	assert_non_null(strstr(after->text, ids[4]));
	assert_null(strstr(before->text, ids[4]));
	/* All of all keys but their names is the same. */
	assert_memory_equal(before->text, after->text,
	    (size_t)(strstr(before->text, "by owner") - before->text));
	fold_records(fx, ids, 4); /* with uses of it that come late */
	us_agree(fx);
	assert_true(us_number(fx, "SELECT uses FROM key_usage WHERE key_id = ''") >
		    2 * unknown);
	free(before);
	free(after);
}

static const char step_back[] =
    "INSERT INTO usage_file SELECT * FROM new.usage_file;"
    "INSERT INTO usage_source SELECT * FROM new.usage_source;"
    "INSERT INTO key_usage SELECT * FROM new.key_usage;"
    "INSERT INTO key_address SELECT * FROM new.key_address;"
    "INSERT INTO event SELECT * FROM new.event;"
    "INSERT INTO day_count (day, key_id, reason, service, address, uid, count)"
    " SELECT day, key_id, reason, service, address, uid, count FROM new.day_count;"
    "INSERT INTO hour_count (hour, key_id, reason, count)"
    " SELECT day * 24 + hour, key_id, 'VALID', uses FROM new.hour_count WHERE uses > 0;"
    "INSERT INTO hour_count (hour, key_id, reason, count)"
    " SELECT day * 24 + hour, key_id, 'EXPIRED', refusals FROM new.hour_count"
    "  WHERE refusals > 0;"
    "PRAGMA user_version = 1; PRAGMA application_id = 1095456049"; /* AKU1 */

/* Put a database of version 1 with the same counts in the place of the present one. */
static void
step_back_to_version_1(const struct fx *fx)
{
	const char *path = ak_master_paths(fx->master)->usage;

	us_execute(fx, "PRAGMA journal_mode = DELETE");
	forge_older(fx, path, ak_usage_migrations[0], step_back);
}

static void
a_database_of_version_1_gives_the_same_statistics(void **state)
{
	struct fx *fx = *state;
	char ids[KEYS][AK_ID_LEN + 1];
	struct dump *before, *after;

	make_keys(fx, ids);
	fold_records(fx, ids, 5);
	before = dump(fx, ids);
	step_back_to_version_1(fx);
	assert_int_equal(us_number(fx, "PRAGMA user_version"), 1);
	after = dump(fx, ids);
	assert_int_equal(
	    us_number(fx, "PRAGMA user_version"), AK_USAGE_MIGRATION_COUNT);
	assert_string_equal(after->text, before->text);
	free(before);
	free(after);
	us_agree(fx);
	fold_records(fx, ids, 6); /* and it is in use */
	us_agree(fx);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(totals_are_what_the_counts_add_up_to),
		FX_TEST(totals_agree_when_there_are_many_of_them),
		FX_TEST(what_a_purged_key_did_stays_in_all_tables),
		FX_TEST(a_database_of_version_1_gives_the_same_statistics),
	};

	return cmocka_run_group_tests_name("usage_totals", tests, NULL, NULL);
}
