/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A list is the same by whichever index its keys are found: whole or in pages, in every
 * order, by every filter, it is what one statement says that sorts all keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "../forge.h"
#include "last_use.h"
#include "list.h"

/* More than are sorted for a page, and more than are looked at for one. */
#define KEYS 9000
#define DAY 86400

/* Keys with ties in every order, few or many of each kind; FX_NOW is 1800000000. */
static const char keys_sql[] =
    "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 8999), "
    "r AS (SELECT i, (i * 2654435761 >> 9) & 1023 AS a, (i * 40503 >> 3) & 1023 AS b,"
    "             (i * 2246822519 >> 11) & 1023 AS c, (i * 3266489917 >> 7) & 1023 AS d"
    "        FROM n) "
    "INSERT INTO key (id, prefix, name, owner, scheme, digest, state, not_before,"
    "                 expires_at, services, tags, description, created_at, created_by,"
    "                 revoked_at) "
    "SELECT printf('%s%07d', char(65 + a % 20), i), 'ak', 'n' || (i / 3) || '.' || a,"
    "       CASE WHEN b < 500 THEN 'most' WHEN b < 510 THEN 'few'"
    "            ELSE 'o' || b % 7 END, 1, zeroblob(32),"
    "       CASE WHEN c < 300 THEN 2 WHEN c < 310 THEN 3 ELSE 1 END,"
    "       CASE WHEN d % 97 = 0 AND a % 3 > 1 THEN 1800000000 + d - 500 END,"
    "       CASE WHEN a % 3 < 2 THEN 1800000600 + b % 50 * 86400 - 864000 END,"
    "       CASE WHEN d < 900 THEN 'imap nginx' WHEN d < 905 THEN '' ELSE 'sshd' END,"
    "       CASE WHEN c % 3 = 0 THEN 'all few' WHEN c % 211 = 1 THEN 'rare' ELSE '' "
    "END,"
    "       CASE WHEN b % 301 = 0 THEN 'Needle' ELSE 'hay' END,"
    "       1700000000 + (a + d) % 40, 'root',"
    "       CASE WHEN c BETWEEN 300 AND 309 THEN 1750000000 + a END FROM r";

/* What lists were made of before there were indexes for them; the oracle. */
static const char oracle_sql[] =
    "SELECT id FROM key WHERE (?6 IS NULL OR owner = ?6)"
    "   AND (?7 IS NULL OR instr(' ' || tags || ' ', ' ' || ?7 || ' '))"
    "   AND (?8 IS NULL OR services = ''"
    "        OR instr(' ' || services || ' ', ' ' || ?8 || ' '))"
    "   AND (?9 IS NULL OR expires_at < ?9)"
    "   AND (?10 IS NULL OR instr(lower(name || char(10) || description || char(10) ||"
    "                                   owner), lower(?10)) OR id = ?10)"
    "   AND (?11 IS NULL OR ?11 = CASE WHEN state = 3 THEN 'revoked'"
    "        WHEN state = 2 THEN 'disabled' WHEN not_before > ?12 THEN 'pending'"
    "        WHEN expires_at <= ?12 THEN 'expired' ELSE 'enabled' END)"
    "   AND (?13 IS NULL OR CASE WHEN state = 3 THEN revoked_at ELSE expires_at END <= "
    "?13)"
    "   AND (?5 IS NULL OR (CASE ?4 WHEN 'name' THEN name WHEN 'owner' THEN owner"
    "        WHEN 'expires_at' THEN coalesce(expires_at, 9223372036854775807)"
    "        WHEN 'last_used' THEN coalesce((SELECT last_at FROM use WHERE key_id = "
    "id),"
    "                                       -1)"
    "        ELSE created_at END, created_at, name, id) > (?5, ?1, ?2, ?3))"
    " ORDER BY CASE ?4 WHEN 'name' THEN name WHEN 'owner' THEN owner"
    "        WHEN 'expires_at' THEN coalesce(expires_at, 9223372036854775807)"
    "        WHEN 'last_used' THEN coalesce((SELECT last_at FROM use WHERE key_id = "
    "id),"
    "                                       -1)"
    "        ELSE created_at END, created_at, name, id";

/* A fixture with many keys, whose use is known, and the oracle over them. */
struct world {
	struct fx *fx;
	struct ak_usage *usage;
	sqlite3 *db;
	sqlite3_stmt *oracle;
	uint64_t seed;
};

static void
make_world(struct world *w, void **state)
{
	struct ak_error error;
	char sql[FX_PATH + 64];

	memset(w, 0, sizeof(*w));
	w->fx = *state;
	assert_code(ak_usage_open(ak_master_paths(w->fx->master), &w->usage, &error),
	    AK_OK, &error);
	assert_int_equal(
	    sqlite3_open(ak_master_paths(w->fx->master)->master, &w->db), SQLITE_OK);
	forge_run(w->db, keys_sql);
	snprintf(sql, sizeof(sql), "ATTACH '%s' AS u",
	    ak_master_paths(w->fx->master)->usage);
	forge_run(w->db, sql);
	forge_run(w->db,
	    "INSERT INTO u.key_usage (key_id, uses, refusals, last_at) "
	    "SELECT id, 1, 1, CASE WHEN length(name) % 4 > 0 THEN 1790000000 + "
	    "(random() & 1023) END FROM key WHERE substr(id, 1, 1) < 'M';"
	    "CREATE TEMP VIEW use AS SELECT * FROM u.key_usage");
	assert_int_equal(
	    sqlite3_prepare_v2(w->db, oracle_sql, -1, &w->oracle, NULL), SQLITE_OK);
}

static void
end_world(struct world *w)
{
	sqlite3_finalize(w->oracle);
	sqlite3_close(w->db);
	ak_usage_close(&w->usage);
}

/* Ids, in the order in which they came. */
struct ids {
	char at[KEYS][AK_ID_LEN + 1];
	size_t count, most; /* 0: all */
};

static bool
take_id(const char *id, void *context)
{
	struct ids *ids = context;

	assert_true(ids->count < KEYS);
	snprintf(ids->at[ids->count++], AK_ID_LEN + 1, "%s", id);
	return ids->most == 0 || ids->count < ids->most;
}

static bool
take_record(const struct ak_record *record, void *context)
{
	return take_id(record->key.id, context);
}

/* A listing by last use, held against the filter as the tool does it. */
struct used {
	struct world *world;
	const struct ak_filter *filter;
	struct ids *ids;
};

static bool
take_used(const char *id, void *context)
{
	struct used *used = context;
	struct ak_record record;
	struct ak_error error;
	bool found;

	assert_code(
	    ak_record_by_id(used->world->fx->master, id, &record, &found, &error),
	    AK_OK, &error);
	return !found || !ak_record_fits(&record, used->filter) ||
	       take_id(id, used->ids);
}

static void
list(struct world *w, const struct ak_filter *f, struct ids *ids)
{
	struct used used = { w, f, ids };
	struct ak_error error;
	char *few = NULL;

	ids->count = 0;
	if (f->sort == NULL || strcmp(f->sort, "last_used") != 0) {
		assert_code(ak_record_list(w->fx->master, f, take_record, ids, &error),
		    AK_OK, &error);
		return;
	}
	assert_code(ak_record_few(w->fx->master, f, &few, &error), AK_OK, &error);
	assert_code(ak_last_use_list(w->usage, few, f->after, take_used, &used, &error),
	    AK_OK, &error);
	free(few);
}

static void
bind_text(sqlite3_stmt *s, int at, const char *text)
{
	assert_int_equal(
	    sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT), SQLITE_OK);
}

static void
bind_time(sqlite3_stmt *s, int at, int64_t when)
{
	if (when != AK_NO_TIME)
		assert_int_equal(sqlite3_bind_int64(s, at, when), SQLITE_OK);
}

static void
bind_after(struct world *w, const struct ak_record *after, const char *sort)
{
	struct ak_key_usage use;
	struct ak_error error;
	sqlite3_stmt *s = w->oracle;

	bind_time(s, 1, after->created_at);
	bind_text(s, 2, after->key.name);
	bind_text(s, 3, after->key.id);
	if (sort == NULL)
		bind_time(s, 5, after->created_at);
	else if (strcmp(sort, "name") == 0)
		bind_text(s, 5, after->key.name);
	else if (strcmp(sort, "owner") == 0)
		bind_text(s, 5, after->key.owner);
	else if (strcmp(sort, "expires_at") == 0)
		bind_time(s, 5,
		    after->key.expires_at != AK_NO_TIME ? after->key.expires_at
							: INT64_MAX);
	else {
		assert_code(ak_key_usage_get(w->usage, after->key.id, &use, &error),
		    AK_OK, &error);
		bind_time(s, 5, use.last_at != AK_NO_TIME ? use.last_at : -1);
	}
}

static void
ask_oracle(struct world *w, const struct ak_filter *f, struct ids *ids)
{
	sqlite3_stmt *s = w->oracle;

	ids->count = 0;
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	bind_text(s, 4, f->sort);
	if (f->after != NULL)
		bind_after(w, f->after, f->sort);
	bind_text(s, 6, f->owner);
	bind_text(s, 7, f->tag);
	bind_text(s, 8, f->service);
	bind_time(s, 9, f->expires_before);
	bind_text(s, 10, f->text);
	bind_text(s, 11, f->status);
	bind_time(s, 12, f->now);
	bind_time(s, 13, f->ended_by);
	while (sqlite3_step(s) == SQLITE_ROW &&
	       take_id((const char *)sqlite3_column_text(s, 0), ids))
		;
	sqlite3_reset(s);
}

static void
assert_same(const struct ids *a, const struct ids *b, const struct ak_filter *f)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = strcmp(a->at[i], b->at[i]) == 0;
	if (!same)
		fail_msg("%zu instead of %zu: sort %s owner %s tag %s service %s text "
			 "%s status %s before %lld ended %lld page %d after %s",
		    a->count, b->count, f->sort, f->owner, f->tag, f->service, f->text,
		    f->status, (long long)f->expires_before, (long long)f->ended_by,
		    f->page, f->after != NULL ? f->after->key.id : "-");
}

/* One of the words, mostly none. */
static const char *
pick(struct world *w, const char *const *words, size_t count)
{
	return fx_random(&w->seed) % 4 == 0 ? words[fx_random(&w->seed) % count] : NULL;
}
#define PICK(w, ...)                                  \
	pick(w, (const char *const[]){ __VA_ARGS__ }, \
	    sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static const char *const sorts[] = { NULL, "name", "owner", "expires_at", "last_used" };

/* Any filter; the keys that others follow are any keys. */
static struct ak_filter
make_filter(struct world *w, struct ak_record *after)
{
	struct ak_filter f = { AK_FILTER_ANY, .now = FX_NOW };
	char sql[128], id[AK_ID_LEN + 1];
	struct ak_error error;
	sqlite3_stmt *s;
	bool found;

	f.sort = sorts[fx_random(&w->seed) % FX_COUNT(sorts)];
	f.owner = PICK(w, "most", "few", "o1", "nobody");
	f.tag = PICK(w, "all", "few", "rare", "none");
	f.service = PICK(w, "sshd", "nginx", "dovecot");
	f.text = PICK(w, "nEEDLE", "hay", "n12", "MOST", "A0000000", "nothing");
	f.status = PICK(w, "enabled", "disabled", "revoked", "expired", "pending");
	if (fx_random(&w->seed) % 5 == 0)
		f.expires_before = FX_NOW + fx_random(&w->seed) % 60 * DAY - 20 * DAY;
	if (fx_random(&w->seed) % 8 == 0)
		f.ended_by = FX_NOW - fx_random(&w->seed) % 12 * DAY;
	if (fx_random(&w->seed) % 2 == 0)
		return f;
	snprintf(sql, sizeof(sql), "SELECT id FROM key LIMIT 1 OFFSET %u",
	    fx_random(&w->seed) % KEYS);
	assert_int_equal(sqlite3_prepare_v2(w->db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	snprintf(id, sizeof(id), "%s", (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	assert_code(
	    ak_record_by_id(w->fx->master, id, after, &found, &error), AK_OK, &error);
	assert_true(found);
	f.after = after;
	return f;
}

static void
every_list_is_what_sorting_all_keys_gives(void **state)
{
	static struct ids got, wanted;
	struct ak_record after;
	struct ak_filter f;
	struct world w;

	make_world(&w, state);
	for (unsigned i = 0; i < fx_loops(300); i++) {
		f = make_filter(&w, &after);
		got.most = wanted.most = 0;
		if (fx_random(&w.seed) % 3 > 0) {
			f.page = true;
			got.most = wanted.most = 1 + fx_random(&w.seed) % 120;
		}
		list(&w, &f, &got);
		ask_oracle(&w, &f, &wanted);
		assert_same(&got, &wanted, &f);
	}
	end_world(&w);
}

/* By owner, tag or text or not at all, the pages of an order follow each other. */
static void
the_pages_of_every_order_are_the_whole_list(void **state)
{
	static struct ids page, whole;
	struct ak_record last;
	struct ak_error error;
	struct world w;
	size_t at;
	bool found;

	make_world(&w, state);
	for (size_t i = 0; i < FX_COUNT(sorts) * 4; i++) {
		struct ak_filter f = { AK_FILTER_ANY, .sort = sorts[i / 4],
			.now = FX_NOW, .owner = i % 4 == 1 ? "most" : NULL,
			.tag = i % 4 == 2 ? "all" : NULL,
			.text = i % 4 == 3 ? "needle" : NULL, .page = true };

		ask_oracle(&w, &f, &whole);
		page.most = 397;
		for (at = 0; at < whole.count; at += page.count) {
			list(&w, &f, &page);
			if (page.count == 0 || at + page.count > whole.count ||
			    memcmp(page.at, whole.at[at],
				page.count * sizeof(page.at[0])) != 0)
				fail_msg(
				    "sort %s, %zu: differs at %zu", f.sort, i % 4, at);
			assert_code(ak_record_by_id(w.fx->master,
					page.at[page.count - 1], &last, &found, &error),
			    AK_OK, &error);
			f.after = &last;
		}
		list(&w, &f, &page);
		assert_int_equal(page.count, whole.count == 0 ? page.count : 0);
	}
	end_world(&w);
}

/* The words of the tags, as the triggers keep them and as they stand in the keys. */
static void
assert_tags(sqlite3 *db)
{
	sqlite3_stmt *s;

	assert_int_equal(
	    sqlite3_prepare_v2(db,
		"SELECT count(*) FROM (SELECT key_id, tag FROM tag_of_key EXCEPT "
		"SELECT key_id, tag FROM key_tag UNION ALL "
		"SELECT * FROM (SELECT key_id, tag FROM key_tag EXCEPT "
		"SELECT key_id, tag FROM tag_of_key))",
		-1, &s, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(s, 0), 0);
	sqlite3_finalize(s);
}

static void
the_words_of_tags_follow_their_keys(void **state)
{
	/* The numbers in the ids choose keys. */
	static const char *const changes[] = {
		"UPDATE key SET tags = 'a b c' WHERE substr(id, 2) % 5 = 0",
		"UPDATE key SET tags = '' WHERE substr(id, 2) % 7 = 0",
		"UPDATE key SET tags = 'b' WHERE substr(id, 2) % 11 = 0",
		"UPDATE key SET tags = '\"x' WHERE substr(id, 2) % 13 = 0",
		"UPDATE key SET tags = 'x x y' WHERE substr(id, 2) % 13 = 0",
		"DELETE FROM key WHERE substr(id, 2) % 3 = 0",
		"UPDATE key SET name = name || '+' WHERE substr(id, 2) % 2 = 0",
	};
	struct world w;

	make_world(&w, state);
	for (size_t i = 0; i < FX_COUNT(changes); i++) {
		forge_run(w.db, changes[i]);
		assert_tags(w.db);
	}
	end_world(&w);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(every_list_is_what_sorting_all_keys_gives),
		FX_TEST(the_pages_of_every_order_are_the_whole_list),
		FX_TEST(the_words_of_tags_follow_their_keys),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
