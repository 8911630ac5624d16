/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: usage FOLDER
 *
 * What recording, folding and statistics cost: a record, a fold of a million,
 * statistics over ten million uses. FOLDER is empty and belongs to the caller. Prints
 * rows of CSV, whose columns run.sh names.
 */
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "master.h"
#include "record.h"
#include "stats.h"
#include "usage_write.h"

#define KEYS 1000
#define APPENDS 200000
#define RECORDS 1000000
#define DAY 86400

struct bench {
	struct ak_master *master;
	struct ak_paths paths;
	char ids[KEYS][AK_ID_LEN + 1];
	int64_t now;
	struct ak_error error;
};

static void
die(const char *why)
{
	fprintf(stderr, "bench: %s\n", why);
	exit(1);
}

static void
need(struct bench *b, enum ak_code code)
{
	if (code != AK_OK)
		die(b->error.text);
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
row(const char *work, double us, long peak)
{
	printf("usage,%d,1,%s,1,%.2f,,,,", KEYS, work, us);
	if (peak > 0)
		printf("%ld", peak);
	printf(",,,\n");
}

/* An installation with keys of ten owners. */
static void
make_keys(struct bench *b, const char *folder)
{
	struct ak_installation wanted = { .prefix = "" };
	const struct group *group = getgrgid(getegid());
	char root[3000], token[AK_TOKEN_MAX + 1];
	bool made;

	if (group == NULL)
		die("the group of this process has no name");
	snprintf(wanted.unix_group, sizeof(wanted.unix_group), "%s", group->gr_name);
	snprintf(root, sizeof(root), "%s/authkey", folder);
	need(b, ak_master_init(root, &wanted, b->now, &made, &b->error));
	need(b, ak_master_open(root, &b->master, &b->error));
	b->paths = *ak_master_paths(b->master);
	need(b, ak_master_begin(b->master, &b->error));
	for (unsigned i = 0; i < KEYS; i++) {
		struct ak_record r;

		ak_record_init(&r, b->now - 90 * DAY);
		strcpy(r.prefix, AK_PREFIX_DEFAULT);
		strcpy(r.created_by, "bench");
		snprintf(r.key.name, sizeof(r.key.name), "key %u", i);
		snprintf(r.key.owner, sizeof(r.key.owner), "owner%u", i % 10);
		need(b, ak_record_issue(b->master, &r, token, &b->error));
		memcpy(b->ids[i], r.key.id, sizeof(b->ids[i]));
	}
	need(b, ak_master_commit(b->master, b->now, &b->error));
	ak_master_close(&b->master);
}

/*
 * The i-th of all records. On a busy day they come in their order, each key from two
 * services and two addresses; scattered ones are of a month, three services and five
 * addresses, so that nearly each has a row of its own. One token in fifty is of no key.
 */
static struct ak_usage_record
record_at(const struct bench *b, int i, bool scattered)
{
	static const char *const services[] = { "nginx", "sshd", "dovecot" };
	struct ak_usage_record r = { .reason = AK_VALID, .has_address = true };

	if (scattered)
		r.time = b->now - randombytes_uniform(30 * DAY);
	else
		r.time = b->now - DAY + (int64_t)i * DAY / RECORDS;
	memcpy(r.id, b->ids[randombytes_uniform(KEYS)], sizeof(r.id));
	if (randombytes_uniform(50) == 0) {
		r.reason = AK_NOT_FOUND;
		for (int c = 0; c < AK_ID_LEN; c++)
			r.id[c] = ak_base58[randombytes_uniform(58)];
	}
	memset(r.address.bytes + 10, 0xff, 2);
	r.address.bytes[12] = 10;
	r.address.bytes[15] = (uint8_t)randombytes_uniform(scattered ? 5 : 2);
	strcpy(r.service, services[randombytes_uniform(scattered ? 3 : 2)]);
	return r;
}

static void
append(struct bench *b)
{
	struct ak_usage_record r = record_at(b, 0, false);
	double from = seconds();

	for (int i = 0; i < APPENDS; i++)
		need(b, ak_usage_append(b->paths.usage_folder, &r, &b->error));
	row("append of a record", (seconds() - from) * 1e6 / APPENDS, 0);
}

/* In place of the file of who runs this. */
static void
write_records(struct bench *b, bool scattered)
{
	struct ak_usage_head head = { .cap = INT64_MAX };
	uint8_t packed[AK_USAGE_LEN];
	struct ak_usage_record r;
	char path[5000];
	FILE *file;

	snprintf(
	    path, sizeof(path), "%s/%u", b->paths.usage_folder, (unsigned)geteuid());
	if ((file = fopen(path, "w")) == NULL)
		die("cannot write the usage file");
	randombytes_buf(head.id, sizeof(head.id));
	ak_usage_head_pack(&head, packed);
	fwrite(packed, sizeof(packed), 1, file);
	for (int i = 0; i < RECORDS; i++) {
		r = record_at(b, i, scattered);
		ak_usage_pack(&r, packed);
		fwrite(packed, sizeof(packed), 1, file);
	}
	if (fclose(file) != 0)
		die("cannot write the usage file");
}

/* In a process of its own, so that the memory is that of a fold alone. */
static void
fold(struct bench *b, bool scattered)
{
	const struct ak_fold_rules rules = { AK_RETENTION_DEFAULT, AK_USAGE_CAP_DEFAULT,
		AK_FOLD_ALL };
	struct ak_usage *usage;
	struct rusage used;
	double from;
	pid_t pid;
	int status;

	write_records(b, scattered);
	from = seconds();
	if ((pid = fork()) == 0) {
		if (ak_usage_open(&b->paths, &usage, &b->error) != AK_OK ||
		    ak_usage_fold(usage, b->now, &rules, NULL, NULL, &b->error) !=
			AK_OK)
			die(b->error.text);
		ak_usage_close(&usage);
		_exit(0);
	}
	if (wait4(pid, &status, 0, &used) != pid || status != 0)
		die("the fold failed");
	row(scattered ? "fold of 1000000 records of a month"
		      : "fold of 1000000 records of a day",
	    (seconds() - from) * 1e6, used.ru_maxrss);
}

/* Days as they are after a long time: what the fold makes, without its hours of work.
 */
static void
make_days(struct bench *b)
{
	static const char sql[] =
	    "PRAGMA synchronous = OFF;"
	    "ATTACH '%s' AS master;"
	    "DELETE FROM day_count; DELETE FROM key_day;"
	    "DELETE FROM day_total WHERE part <> 'hour';"
	    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < "
	    "89)"
	    "INSERT INTO day_count SELECT id, %d - i, reason, service, address, 33, "
	    "many"
	    "  FROM master.key, n,"
	    "  (SELECT 'VALID' AS reason, 50 AS many UNION ALL SELECT 'DISABLED', 6),"
	    "  (SELECT 'nginx' AS service UNION ALL SELECT 'sshd'),"
	    "  (SELECT '192.0.2.7' AS address) ORDER BY 1, 2, 3, 4, 5;"
	    "INSERT INTO key_day SELECT key_id, day, 100, 12 FROM day_count"
	    "  GROUP BY key_id, day;"
	    "INSERT INTO day_total SELECT column1, day,"
	    "  CASE column1 WHEN 'reason' THEN reason WHEN 'service' THEN service"
	    "               ELSE address END,"
	    "  sum(iif(reason = 'VALID', count, 0)), sum(iif(reason = 'VALID', 0, "
	    "count))"
	    "  FROM day_count, (VALUES ('reason'), ('service'), ('rhost'))"
	    "  GROUP BY 1, 2, 3;";
	char text[6000];
	sqlite3 *db;

	snprintf(text, sizeof(text), sql, b->paths.master, (int)(b->now / DAY));
	if (sqlite3_open(b->paths.usage, &db) != SQLITE_OK ||
	    sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		die(sqlite3_errmsg(db));
	sqlite3_close(db);
}

static bool
count_uses(const struct ak_stat *stat, void *uses)
{
	*(int64_t *)uses += stat->uses + stat->refusals;
	return true;
}

static void
statistics(struct bench *b)
{
	struct ak_stats_filter all = { 0, NULL, NULL };
	struct ak_stats_filter month = { b->now - 29 * DAY, NULL, NULL };
	struct ak_usage *usage;
	char what[64];
	int64_t uses;
	double from;

	make_days(b);
	need(b, ak_usage_open(&b->paths, &usage, &b->error));
	for (unsigned by = 0; by < AK_BY_COUNT; by++)
		for (int i = 0; i < 2; i++) {
			uses = 0;
			from = seconds();
			need(b, ak_usage_stats(usage, by, i == 0 ? &all : &month,
				    count_uses, &uses, &b->error));
			snprintf(what, sizeof(what), "stats by %s over %.1f million",
			    ak_stats_words[by], (double)uses / 1e6);
			row(what, (seconds() - from) * 1e6, 0);
		}
	ak_usage_close(&usage);
}

int
main(int argc, char **argv)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (argc != 2 || b == NULL || sodium_init() < 0) {
		fprintf(stderr, "usage: usage FOLDER\n");
		return 2;
	}
	b->now = time(NULL);
	make_keys(b, argv[1]);
	append(b);
	fold(b, false);
	fold(b, true);
	statistics(b);
	free(b);
	return 0;
}
