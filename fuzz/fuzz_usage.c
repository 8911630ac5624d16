/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reader of usage files: it counts each whole record of any bytes once, as a search
 * byte by byte does, and a second time nothing.
 *
 *	byte	1: checks of records are put right first; 2: that of the head; 4: the
 *		file is read a second time
 *	byte	how many records are read at most, and 0: all
 *	rest	the file
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../tests/records.h"
#include "byte_order.h"
#include "crc32.h"
#include "fold_private.h"
#include "fuzz.h"

enum { FIX_RECORDS = 1, FIX_HEAD = 2, TWICE = 4 };

static struct fx *fx;
static struct ak_usage *usage;

static void
end(void)
{
	void *state = fx;

	ak_usage_close(&usage);
	fx_teardown(&state);
}

/* An installation with a key of the id that stored inputs name. */
static void
prepare(void)
{
	struct ak_record r;
	struct ak_error error;
	void *state = NULL;

	if (fx != NULL)
		return;
	FUZZ_CHECK(fx_setup(&state) == 0);
	fx = state;
	atexit(end);
	r = fx_record("alice");
	memcpy(r.key.id, "7QxR2mNd", AK_ID_LEN);
	r.key.scheme = AK_SCHEME_BLAKE2B;
	r.created_at = 0;
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	assert_code(ak_record_add(fx->master, &r, &error), AK_OK, &error);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	usage = us_open(fx);
}

static void
fix(uint8_t *bytes, size_t len, uint8_t what)
{
	uint8_t still[76];

	if ((what & FIX_HEAD) != 0 && len >= AK_USAGE_LEN) {
		memcpy(still, bytes, sizeof(still));
		memset(still + AK_USAGE_DROPPED_AT, 0, 8);
		ak_put_number(bytes + 76, ak_crc32(still, sizeof(still)), 4);
	}
	for (size_t at = AK_USAGE_LEN;
	     (what & FIX_RECORDS) != 0 && at + AK_USAGE_LEN <= len; at++)
		if (memcmp(bytes + at, ak_usage_magic, sizeof(ak_usage_magic)) == 0)
			ak_put_number(bytes + at + 76, ak_crc32(bytes + at, 76), 4);
}

/* What is in a file, and where reading ends. */
struct counts {
	int64_t all, let_in, known;
};

static struct counts
count(const uint8_t *bytes, size_t len, int64_t most)
{
	struct ak_usage_record record;
	struct counts c = { 0, 0, 0 };
	size_t at = AK_USAGE_LEN;

	while (at + AK_USAGE_LEN <= len && c.all < most) {
		if (!ak_usage_unpack(bytes + at, &record)) {
			at++;
			continue;
		}
		c.all++;
		c.let_in += record.reason == AK_VALID;
		c.known += strcmp(record.id, "7QxR2mNd") == 0;
		at += AK_USAGE_LEN;
	}
	return c;
}

static int64_t
number(const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t n;

	FUZZ_CHECK(
	    sqlite3_prepare_v2(usage->db.handle, sql, -1, &s, NULL) == SQLITE_OK);
	FUZZ_CHECK(sqlite3_step(s) == SQLITE_ROW);
	n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return n;
}

static void
execute(const char *sql)
{
	FUZZ_CHECK(sqlite3_exec(usage->db.handle, sql, NULL, NULL, NULL) == SQLITE_OK);
}

/* Whichever table is asked, the sum is the same. */
static void
check_tables(const struct counts *c)
{
	const struct {
		const char *sql;
		int64_t wanted;
	} sums[] = {
		{ "SELECT sum(records) FROM usage_source", c->all },
		{ "SELECT sum(count) FROM day_count", c->all },
		{ "SELECT sum(uses + refusals) FROM key_day", c->all },
		{ "SELECT sum(uses + refusals) FROM key_usage", c->all },
		{ "SELECT sum(uses) FROM day_total WHERE part = 'rhost'", c->let_in },
		{ "SELECT sum(uses) FROM key_usage", c->let_in },
		{ "SELECT sum(uses + refusals) FROM key_usage WHERE key_id = "
		  "'7QxR2mNd'",
		    c->known },
		{ "SELECT count(*) FROM event WHERE time > 1800000000", 0 },
		{ "SELECT count(*) FROM key_usage WHERE last_at > 1800000000", 0 },
	};

	for (size_t i = 0; i < FX_COUNT(sums); i++)
		FUZZ_CHECK(number(sums[i].sql) == sums[i].wanted);
}

static void
fold(const uint8_t *bytes, size_t len, int64_t most, bool twice)
{
	static struct ak_fold_file in;
	const struct ak_fold_rules rules = { AK_RETENTION_DEFAULT, 1 << 20, most };
	struct ak_error error = { .code = AK_OK };
	struct ak_fold f = { .usage = usage,
		.span = { FX_NOW, FX_NOW - AK_RETENTION_DEFAULT,
		    FX_NOW - AK_RETENTION_DEFAULT },
		.rules = &rules,
		.error = &error };
	struct counts c = { 0, 0, 0 };

	in.uid = geteuid();
	assert_code(ak_fold_file(&f, &in, ""), AK_OK, &error);
	if (in.state == AK_FILE_FINE)
		c = count(bytes, len, most);
	check_tables(&c);
	if (in.state != AK_FILE_FINE)
		return;
	FUZZ_CHECK(in.strange >= 0 && in.offset <= (int64_t)len);
	FUZZ_CHECK(in.offset == AK_USAGE_LEN + c.all * AK_USAGE_LEN + in.strange);
	FUZZ_CHECK(c.all == most || (int64_t)len - in.offset < AK_USAGE_LEN);
	if (c.all == most || !twice)
		return;
	assert_code(ak_fold_file(&f, &in, ""), AK_OK, &error);
	FUZZ_CHECK(in.state == AK_FILE_FINE);
	check_tables(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	uint8_t what = fuzz_byte(&in), most = fuzz_byte(&in), *bytes;

	prepare();
	bytes = (uint8_t *)fuzz_copy(in.at, in.left);
	fix(bytes, in.left, what);
	fuzz_write(us_path(fx, geteuid(), ""), bytes, in.left);
	execute("BEGIN");
	fold(bytes, in.left, most == 0 ? AK_FOLD_ALL : most, (what & TWICE) != 0);
	execute("ROLLBACK");
	free(bytes);
	return 0;
}
