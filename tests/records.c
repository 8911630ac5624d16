/* SPDX-License-Identifier: BSD-2-Clause */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <sqlite3.h>

#include "forge.h"
#include "records.h"

const char *
us_folder(const struct fx *fx)
{
	return fx_path(fx, "root/usage.d");
}

const char *
us_path(const struct fx *fx, uid_t uid, const char *ending)
{
	char name[64];

	snprintf(name, sizeof(name), "root/usage.d/%u%s", (unsigned)uid, ending);
	return fx_path(fx, name);
}

struct ak_usage_record
us_record(const char *id, enum ak_reason reason, const char *address)
{
	struct ak_usage_record r = { .reason = reason, .time = FX_NOW };

	snprintf(r.id, sizeof(r.id), "%s", id);
	snprintf(r.service, sizeof(r.service), "test");
	r.has_address = address != NULL;
	if (address != NULL)
		assert_true(ak_address_parse(address, &r.address));
	return r;
}

const char *
us_key(struct fx *fx, const char *owner, char id[AK_ID_LEN + 1])
{
	struct ak_record key = fx_record(owner);

	key.created_at = 0;
	snprintf(id, AK_ID_LEN + 1, "%s", fx_id(fx_issue(fx, &key)));
	return id;
}

void
us_id(unsigned number, char id[AK_ID_LEN + 1])
{
	for (int i = AK_ID_LEN - 1; i >= 0; i--) {
		id[i] = ak_base58[number % 58];
		number /= 58;
	}
	id[AK_ID_LEN] = '\0';
}

void
us_append(const struct fx *fx, const struct ak_usage_record *record)
{
	struct ak_error error;

	assert_code(ak_usage_append(us_folder(fx), record, &error), AK_OK, &error);
}

void
us_write(const struct fx *fx, const char *ending, const struct ak_usage_record *records,
    size_t count)
{
	struct ak_usage_head head = { .cap = AK_USAGE_CAP_DEFAULT };
	uint8_t *bytes = malloc((count + 1) * AK_USAGE_LEN);

	assert_non_null(bytes);
	randombytes_buf(head.id, sizeof(head.id));
	ak_usage_head_pack(&head, bytes);
	for (size_t i = 0; i < count; i++)
		ak_usage_pack(&records[i], bytes + (i + 1) * AK_USAGE_LEN);
	fx_write(
	    us_path(fx, geteuid(), ending), bytes, (count + 1) * AK_USAGE_LEN, 0600);
	free(bytes);
}

bool
us_head(const char *path, struct ak_usage_head *head)
{
	uint8_t bytes[AK_USAGE_LEN];
	FILE *file = fopen(path, "re");
	bool whole;

	assert_non_null(file);
	whole = fread(bytes, sizeof(bytes), 1, file) == 1 &&
		ak_usage_head_unpack(bytes, head);
	fclose(file);
	return whole;
}

struct ak_usage_record *
us_read(const char *path, size_t *count)
{
	struct ak_usage_record *records;
	struct ak_usage_head head;
	size_t len;
	uint8_t *bytes = fx_read(path, &len);

	assert_true(len >= AK_USAGE_LEN && len % AK_USAGE_LEN == 0);
	assert_true(ak_usage_head_unpack(bytes, &head));
	*count = len / AK_USAGE_LEN - 1;
	records = calloc(*count + 1, sizeof(*records));
	assert_non_null(records);
	for (size_t i = 0; i < *count; i++)
		assert_true(
		    ak_usage_unpack(bytes + (i + 1) * AK_USAGE_LEN, &records[i]));
	free(bytes);
	return records;
}

/* The name of a file beside, which folds do not look at. */
static const char *
beside(const char *path, char other[2 * FX_PATH])
{
	snprintf(other, 2 * FX_PATH, "%s", path);
	memcpy(strrchr(other, '/') + 1, ".x", 3);
	return other;
}

static void
make_link(const char *path)
{
	char other[2 * FX_PATH];

	assert_int_equal(rename(path, beside(path, other)), 0);
	assert_int_equal(symlink(other, path), 0);
}

static void
make_dangling_link(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("/nowhere/at/all", path), 0);
}

static void
make_fifo(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void
make_socket(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mknod(path, S_IFSOCK | 0600, 0), 0);
}

static void
make_folder(const char *path)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
make_two_names(const char *path)
{
	char other[2 * FX_PATH];

	assert_int_equal(link(path, beside(path, other)), 0);
}

static void
make_empty(const char *path)
{
	assert_int_equal(truncate(path, 0), 0);
}

static void
make_half_a_head(const char *path)
{
	assert_int_equal(truncate(path, AK_USAGE_LEN / 2), 0);
}

static void
make_no_head(const char *path)
{
	char bytes[4 * AK_USAGE_LEN];

	memset(bytes, 'A', sizeof(bytes));
	fx_write(path, bytes, sizeof(bytes), 0600);
}

#define NO_FILE "is not a regular file"
#define NO_HEAD "is not a usage file"
const struct us_thing us_things[] = {
	{ "link", make_link, "is a symbolic link", false },
	{ "dangling link", make_dangling_link, "is a symbolic link", false },
	{ "FIFO", make_fifo, NO_FILE, false },
	{ "socket", make_socket, NO_FILE, false },
	{ "folder", make_folder, NO_FILE, false },
	{ "two names", make_two_names, "has more than one name", true },
	{ "empty", make_empty, NO_HEAD, true },
	{ "half a head", make_half_a_head, NO_HEAD, true },
	{ "no head", make_no_head, NO_HEAD, true },
};
const size_t us_things_count = FX_COUNT(us_things);

static void
start(struct us_worker *w)
{
	w->pid = fx_spawn(w->run, w->context);
}

/* False when it had ended by itself. */
static bool
kill_and_start(struct us_worker *w)
{
	int status;

	kill(w->pid, SIGKILL);
	assert_int_equal(waitpid(w->pid, &status, 0), w->pid);
	if (WIFSIGNALED(status)) {
		w->killed++;
		start(w);
		return true;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	w->pid = 0;
	return false;
}

void
us_kill_until_done(struct us_worker *workers, unsigned count, unsigned rest,
    unsigned rarely, unsigned milliseconds)
{
	const struct timespec while_they_work = { 0, milliseconds * 1000000 };
	uint64_t seed = 11;
	struct us_worker *w;

	for (unsigned i = 0; i < count + rest; i++)
		start(&workers[i]);
	for (unsigned done = 0; done < count;) {
		nanosleep(&while_they_work, NULL);
		w = &workers[fx_random(&seed) % rarely == 0
				 ? count + fx_random(&seed) % rest
				 : fx_random(&seed) % count];
		if (w->pid != 0)
			done += !kill_and_start(w);
	}
}

bool
us_noted(const struct us_notes *notes, const char *line)
{
	for (unsigned i = 0; i < notes->count && i < FX_COUNT(notes->lines); i++)
		if (strcmp(notes->lines[i], line) == 0)
			return true;
	return false;
}

static void
note(const char *name, const char *text, void *context)
{
	struct us_notes *notes = context;

	if (notes->count < FX_COUNT(notes->lines))
		snprintf(notes->lines[notes->count], sizeof(notes->lines[0]), "%s %s",
		    name, text);
	notes->count++;
}

/* The paths of an installation whose master may be closed at this moment. */
static void
paths_of(const struct fx *fx, struct ak_paths *paths)
{
	struct ak_error error;

	assert_code(ak_paths_of(fx->root, paths, &error), AK_OK, &error);
}

enum ak_code
us_try_fold(const struct fx *fx, int64_t now, int64_t most, struct us_notes *notes,
    struct ak_error *error)
{
	const struct ak_fold_rules rules = { AK_RETENTION_DEFAULT, AK_USAGE_CAP_DEFAULT,
		most };
	struct ak_usage *usage = NULL;
	struct ak_paths paths;
	enum ak_code code;

	if ((code = ak_paths_of(fx->root, &paths, error)) == AK_OK &&
	    (code = ak_usage_open(&paths, &usage, error)) == AK_OK)
		code = ak_usage_fold(
		    usage, now, &rules, notes != NULL ? note : NULL, notes, error);
	ak_usage_close(&usage);
	return code;
}

void
us_fold(const struct fx *fx, int64_t now, int64_t most, struct us_notes *notes)
{
	struct ak_error error;

	assert_code(us_try_fold(fx, now, most, notes, &error), AK_OK, &error);
}

struct ak_usage *
us_open(const struct fx *fx)
{
	struct ak_usage *usage = NULL;
	struct ak_error error;

	assert_code(
	    ak_usage_open(ak_master_paths(fx->master), &usage, &error), AK_OK, &error);
	return usage;
}

int64_t
us_number(const struct fx *fx, const char *sql)
{
	struct ak_paths paths;

	paths_of(fx, &paths);
	return forge_number_on(paths.usage, sql);
}

/* How many rows there are too many or too few of, in all tables of sums. */
static const char differing[] =
    "WITH one AS (SELECT *, iif(reason = 'VALID', count, 0) AS uses,"
    "                       iif(reason = 'VALID', 0, count) AS refusals FROM "
    "day_count),"
    "wanted AS ("
    " SELECT 'reason', day, reason, sum(uses), sum(refusals) FROM one GROUP BY 2, 3"
    " UNION ALL"
    " SELECT 'service', day, service, sum(uses), sum(refusals) FROM one GROUP BY 2, 3"
    " UNION ALL"
    " SELECT 'rhost', day, address, sum(uses), sum(refusals) FROM one GROUP BY 2, 3"
    " UNION ALL"
    " SELECT 'key', day, key_id, sum(uses), sum(refusals) FROM one GROUP BY 2, 3"
    " UNION ALL"
    " SELECT 'all', 0, key_id, sum(uses), sum(refusals) FROM one GROUP BY 2, 3"
    " UNION ALL"
    " SELECT 'hour', day, printf('%02d', hour), sum(uses), sum(refusals)"
    "   FROM hour_count GROUP BY 2, 3"
    " UNION ALL" /* hours are pruned by whole days */
    " SELECT 'hours', day, key_id, sum(uses), sum(refusals) FROM one"
    "  WHERE day IN (SELECT day FROM hour_count) GROUP BY 2, 3),"
    "got AS ("
    " SELECT * FROM day_total"
    " UNION ALL SELECT 'key', day, key_id, uses, refusals FROM key_day"
    " UNION ALL SELECT 'all', 0, key_id, uses, refusals FROM key_usage"
    " UNION ALL SELECT 'hours', day, key_id, sum(uses), sum(refusals)"
    "             FROM hour_count GROUP BY 2, 3)"
    "SELECT (SELECT count(*) FROM (SELECT * FROM wanted EXCEPT SELECT * FROM got)) +"
    "       (SELECT count(*) FROM (SELECT * FROM got EXCEPT SELECT * FROM wanted))";

void
us_agree(const struct fx *fx)
{
	assert_int_equal(us_number(fx, differing), 0);
}

void
us_execute(const struct fx *fx, const char *sql)
{
	struct ak_paths paths;

	paths_of(fx, &paths);
	forge_run_on(paths.usage, sql);
}
