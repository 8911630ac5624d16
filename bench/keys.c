/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: keys FOLDER KEYS MODULE
 *
 * An installation of KEYS keys in FOLDER/authkey, in seconds: most of them go into the
 * master by their ids, a sample is issued as `authkey create` does it, and all of it is
 * published. FOLDER/tokens has the tokens of that sample, of one that is to be toggled
 * and of one that is disabled; FOLDER/permit, valid, disabled, passed and unrecorded
 * are stacks for libpam.
 */
#include <grp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "bench.h"
#include "master.h"
#include "record.h"

struct work {
	const char *folder, *module;
	char root[3000];
	size_t keys, sample;
	int64_t now;
	struct ak_error error;
};

static void
need(const struct work *w, enum ak_code code)
{
	if (code != AK_OK)
		bench_die(w->error.text, "");
}

/* FOLDER/NAME, new. */
static FILE *
file_named(const struct work *w, const char *name)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", w->folder, name);
	if ((file = fopen(path, "w")) == NULL)
		bench_die("cannot write ", path);
	return file;
}

static void
finish(FILE *file)
{
	if (fclose(file) != 0)
		bench_die("cannot write", "");
}

static void
execute(sqlite3 *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		bench_die(why, "");
}

/* The i-th of evenly spaced ids, in their order; the last digits are random. */
static void
spaced_id(const struct work *w, size_t i, char id[AK_ID_LEN + 1])
{
	uint64_t step = 128063081718016ULL / w->keys; /* 58^8 */
	uint64_t n = step * i + randombytes_uniform((uint32_t)(step >> 16)) + 1;

	for (int digit = AK_ID_LEN; digit-- > 0; n /= 58)
		id[digit] = ak_base58[n % 58];
	id[AK_ID_LEN] = '\0';
}

/* Keys whose tokens nobody knows: an id and 32 random bytes. Two ids may meet. */
static void
insert(const struct work *w, sqlite3 *db)
{
	static const char sql[] =
	    "INSERT OR IGNORE INTO key (id, prefix, name, owner, scheme, digest, state,"
	    "  created_at, created_by)"
	    " VALUES (?1, 'ak', ?2, ?3, 1, ?4, 1, ?5, 'bench')";
	uint8_t seed[randombytes_SEEDBYTES] = { 0 }, digest[32];
	char id[AK_ID_LEN + 1], name[64], owner[64];
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		bench_die(sqlite3_errmsg(db), "");
	for (size_t i = 0; i < w->keys - w->sample; i++) {
		memcpy(seed, &i, sizeof(i));
		randombytes_buf_deterministic(digest, sizeof(digest), seed);
		spaced_id(w, i, id);
		snprintf(name, sizeof(name), "key %zu", i);
		snprintf(owner, sizeof(owner), "owner%zu", i % 1000);
		sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
		sqlite3_bind_text(statement, 3, owner, -1, SQLITE_STATIC);
		sqlite3_bind_blob(statement, 4, digest, sizeof(digest), SQLITE_STATIC);
		sqlite3_bind_int64(statement, 5, w->now - (int64_t)((w->keys - i) / 4));
		if (sqlite3_step(statement) != SQLITE_DONE)
			bench_die(sqlite3_errmsg(db), "");
		sqlite3_reset(statement);
	}
	sqlite3_finalize(statement);
}

/* The indexes are made again behind the rows: sorted, that is a matter of seconds. */
static int
take_index(void *indexes, int count, char **values, char **names)
{
	char *drop = sqlite3_mprintf("DROP INDEX %s", values[0]);

	(void)count;
	(void)names;
	snprintf((char *)indexes + strlen(indexes), 8000 - strlen(indexes), "%s;",
	    values[1]);
	strcat((char *)indexes + 8000, drop);
	strcat((char *)indexes + 8000, ";");
	sqlite3_free(drop);
	return 0;
}

static void
fill(const struct work *w)
{
	char path[4096], indexes[16000] = "";
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/master/master.db", w->root);
	if (sqlite3_open(path, &db) != SQLITE_OK)
		bench_die("cannot open ", path);
	execute(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;"
		    "PRAGMA cache_size = -262144; BEGIN");
	if (sqlite3_exec(db,
		"SELECT name, sql FROM sqlite_master WHERE type = 'index' "
		"AND tbl_name = 'key' AND sql IS NOT NULL",
		take_index, indexes, NULL) != SQLITE_OK)
		bench_die(sqlite3_errmsg(db), "");
	execute(db, indexes + 8000);
	insert(w, db);
	execute(db, indexes);
	execute(db, "COMMIT");
	sqlite3_close(db);
}

/* One key of alice's, and a line with its token. */
static void
issue(struct work *w, struct ak_master *master, size_t number, enum ak_state state,
    FILE *tokens)
{
	char token[AK_TOKEN_MAX + 1];
	struct ak_record record;

	ak_record_init(&record, w->now);
	record.key.state = state;
	snprintf(record.key.name, sizeof(record.key.name), "sample %zu", number);
	strcpy(record.key.owner, BENCH_USER);
	strcpy(record.prefix, AK_PREFIX_DEFAULT);
	strcpy(record.created_by, "bench");
	need(w, ak_record_issue(master, &record, token, &w->error));
	fprintf(tokens, "%s\n", token);
}

static void
install(struct work *w)
{
	struct ak_installation wanted = { .prefix = "" };
	struct group *group = getgrgid(getegid());
	struct ak_master *master = NULL;
	FILE *tokens;
	bool made;

	if (group == NULL)
		bench_die("the group of this process has no name", "");
	snprintf(wanted.unix_group, sizeof(wanted.unix_group), "%s", group->gr_name);
	need(w, ak_master_init(w->root, &wanted, w->now, &made, &w->error));
	if (w->keys > w->sample)
		fill(w);
	umask(077);
	tokens = file_named(w, "tokens");
	need(w, ak_master_open(w->root, &master, &w->error));
	need(w, ak_master_begin(master, &w->error));
	for (size_t i = 0; i < w->sample; i++)
		issue(w, master, i, AK_ENABLED, tokens);
	issue(w, master, w->sample, AK_ENABLED, tokens);
	issue(w, master, w->sample + 1, AK_SWITCHED_OFF, tokens);
	need(w, ak_master_commit(master, w->now, &w->error));
	ak_master_close(&master);
	finish(tokens);
}

static void
write_stack(const struct work *w, const char *service, const char *options)
{
	FILE *file = file_named(w, service);

	for (int i = 0; i < 2; i++)
		fprintf(file,
		    "%s required %s store=%s/keys.db store_owner=%u quiet %s\n",
		    i == 0 ? "auth" : "account", w->module, w->root,
		    (unsigned)geteuid(), options);
	finish(file);
}

int
main(int argc, char **argv)
{
	struct work w = { .now = time(NULL) };
	FILE *permit;

	if (argc != 4 || (w.keys = strtoul(argv[2], NULL, 10)) == 0 ||
	    w.keys > 100000000 || sodium_init() < 0) {
		fprintf(stderr, "usage: keys FOLDER KEYS MODULE\n");
		return 2;
	}
	w.folder = argv[1];
	w.module = argv[3];
	w.sample = w.keys < BENCH_SAMPLE ? w.keys : BENCH_SAMPLE;
	snprintf(w.root, sizeof(w.root), "%s/authkey", w.folder);
	install(&w);
	write_stack(&w, "valid", "usage=required");
	write_stack(&w, "disabled", "");
	write_stack(&w, "passed", "");
	write_stack(&w, "unrecorded", "usage=off");
	permit = file_named(&w, "permit");
	fprintf(
	    permit, "auth required pam_permit.so\naccount required pam_permit.so\n");
	finish(permit);
	finish(file_named(&w, "other")); /* that libpam looks for, and logs without */
	return 0;
}
