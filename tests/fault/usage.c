/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every call that recording and folding make of the system fails once, and from there
 * on: a login's answer is the same, and a fold has counted all or nothing, so that the
 * next one is exact (SECURITY R13, R31, R35, DESIGN section 9).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <sqlite3.h>

#include "../faults.h"
#include "../host.h"
#include "../records.h"

#define MOST 5000

struct kind {
	const char *name;
	enum fault fault;
	int error;
	unsigned step; /* SQLite asks for memory a thousand times: take each step-th */
};

static const struct kind of_login[] = {
	{ "open EIO", FAULT_OPEN, EIO, 1 },
	{ "open EMFILE", FAULT_OPEN, EMFILE, 1 },
	{ "open EACCES", FAULT_OPEN, EACCES, 1 },
	{ "open EROFS", FAULT_OPEN, EROFS, 1 },
	{ "stat EIO", FAULT_STAT, EIO, 1 },
	{ "read EIO", FAULT_READ, EIO, 1 },
	{ "read short", FAULT_READ, FAULT_SHORT, 1 },
	{ "write EIO", FAULT_WRITE, EIO, 1 },
	{ "write ENOSPC", FAULT_WRITE, ENOSPC, 1 },
	{ "write EDQUOT", FAULT_WRITE, EDQUOT, 1 },
	{ "write EFBIG", FAULT_WRITE, EFBIG, 1 },
	{ "write short", FAULT_WRITE, FAULT_SHORT, 1 },
};

/* Log in with the n-th call failing. How many have failed. */
static unsigned
log_in(struct host *h, const struct kind *k, unsigned n, bool persistent, int *rc)
{
	pam_handle_t *pamh = host_start(h, "test", "alice");
	unsigned failed;

	h->talk.answer = (struct answer){ ANSWER_TEXT, h->fx->tokens[0], 0 };
	host_log_clear();
	faults_arm(k->fault, n, persistent, k->error);
	*rc = pam_authenticate(pamh, 0);
	failed = faults_disarm();
	pam_end(pamh, PAM_SUCCESS);
	return failed;
}

/* How many calls of a kind a login makes with these options. */
static unsigned
calls_with(struct host *h, const struct kind *k, const char *options)
{
	unsigned n = 1;
	int rc;

	host_options(h, "required", options);
	while (log_in(h, k, n, false, &rc) > 0)
		n++;
	assert_pam(rc, PAM_SUCCESS);
	return n - 1;
}

static size_t
size_of_file(const struct host *h)
{
	size_t len;

	free(fx_read(us_path(h->fx, geteuid(), ""), &len));
	return len;
}

/* All calls that recording adds, failing one after the other. */
static void
fail_recording(struct host *h, const struct kind *k, bool required)
{
	unsigned first = calls_with(h, k, "usage=off") + 1, files, n;
	const int refused = required ? PAM_AUTHINFO_UNAVAIL : PAM_SUCCESS;
	size_t before;
	int rc;

	host_options(h, "required", required ? "usage=required" : "");
	files = fx_open_files();
	for (int persistent = 0; persistent < 2; persistent++)
		for (n = first; n < MOST; n++) {
			before = size_of_file(h);
			if (log_in(h, k, n, persistent == 1, &rc) == 0)
				break;
			if (rc != refused)
				fail_msg("%s %u: %d", k->name, n, rc);
			assert_true(size_of_file(h) < before + AK_USAGE_LEN);
			assert_int_equal(host_log_count(), required ? 1 : 2);
			assert_int_equal(
			    host_log_at(0)->level, required ? LOG_ERR : LOG_WARNING);
			assert_int_equal(fx_open_files(), files);
		}
	assert_true(n > first); /* recording makes such calls */
	assert_pam(rc, PAM_SUCCESS); /* without a fault */
}

static void
a_login_that_cannot_be_recorded_has_the_same_answer_R35(void **state)
{
	struct host *h = *state;

	fx_key(h->fx, "alice");
	for (size_t k = 0; k < FX_COUNT(of_login); k++)
		fail_recording(h, &of_login[k], false);
	faults_tell("login, its record");
}

static void
a_login_that_must_be_recorded_and_cannot_is_none(void **state)
{
	struct host *h = *state;

	fx_key(h->fx, "alice");
	for (size_t k = 0; k < FX_COUNT(of_login); k++)
		fail_recording(h, &of_login[k], true);
	faults_tell("login that must be recorded");
}

/* Each call more would be paid by each login. */
static void
recording_opens_looks_reads_and_writes_once(void **state)
{
	static const struct kind kinds[] = {
		{ "open", FAULT_OPEN, EIO, 1 },
		{ "stat", FAULT_STAT, EIO, 1 },
		{ "read", FAULT_READ, EIO, 1 },
		{ "descriptor moved", FAULT_DUP, EMFILE, 1 },
		{ "write", FAULT_WRITE, EIO, 1 },
		{ "sync", FAULT_SYNC, EIO, 1 },
	};
	static const unsigned wanted[] = { 1, 1, 1, 0, 1, 0 };
	struct host *h = *state;
	unsigned added;

	fx_key(h->fx, "alice");
	for (size_t k = 0; k < FX_COUNT(kinds); k++) {
		added = calls_with(h, &kinds[k], "") -
			calls_with(h, &kinds[k], "usage=off");
		if (added != wanted[k])
			fail_msg("%s: %u", kinds[k].name, added);
	}
}

static const struct kind of_fold[] = {
	{ "memory", FAULT_MEMORY, ENOMEM, 61 },
	{ "SQLite without memory", FAULT_SQLITE, SQLITE_NOMEM, 23 },
	{ "SQLite without a disk", FAULT_SQLITE, SQLITE_IOERR, 29 },
	{ "SQLite on a full disk", FAULT_SQLITE, SQLITE_FULL, 31 },
	{ "SQLite on a damaged file", FAULT_SQLITE, SQLITE_CORRUPT, 37 },
	{ "open EIO", FAULT_OPEN, EIO, 1 },
	{ "open EMFILE", FAULT_OPEN, EMFILE, 1 },
	{ "read EIO", FAULT_READ, EIO, 1 },
	{ "read short", FAULT_READ, FAULT_SHORT, 7 },
	{ "folder EIO", FAULT_FOLDER, EIO, 1 },
	{ "stat EIO", FAULT_STAT, EIO, 1 },
	{ "close EIO", FAULT_CLOSE, EIO, 1 },
	{ "map ENOMEM", FAULT_MAP, ENOMEM, 1 },
	{ "write EIO", FAULT_WRITE, EIO, 5 },
	{ "write ENOSPC", FAULT_WRITE, ENOSPC, 5 },
	{ "write short", FAULT_WRITE, FAULT_SHORT, 5 },
	{ "sync EIO", FAULT_SYNC, EIO, 1 },
	{ "rename EIO", FAULT_RENAME, EIO, 1 },
	{ "rename EINVAL", FAULT_RENAME, EINVAL, 1 },
	{ "mode EPERM", FAULT_MODE, EPERM, 1 },
	{ "lock EIO", FAULT_LOCK, EIO, 3 },
	{ "remove EIO", FAULT_REMOVE, EIO, 1 },
};

#define RECORDS 20

/* Nobody has written to a file for a while, whatever the day of the test is. */
static void
make_quiet(const struct fx *fx, const char *ending)
{
	const struct timespec at = { .tv_sec = FX_NOW - 120 };

	if (utimensat(AT_FDCWD, us_path(fx, geteuid(), ending),
		(struct timespec[2]){ at, at }, 0) != 0)
		assert_int_equal(errno, ENOENT);
}

/*
 * A file of some records, and so long behind them that it is due to be put aside. What
 * was put aside before may give way.
 */
static void
make_due(const struct fx *fx)
{
	struct ak_usage_record records[RECORDS];

	for (int i = 0; i < RECORDS; i++)
		records[i] = us_record(fx_id(fx->tokens[0]), AK_VALID, "192.0.2.7");
	us_write(fx, "", records, RECORDS);
	assert_int_equal(truncate(us_path(fx, geteuid(), ""), 2 << 20), 0);
	make_quiet(fx, "");
	make_quiet(fx, ".new");
	make_quiet(fx, ".old");
}

/* One fold with the n-th call failing. False when there was no such call. */
static bool
fail_fold(const struct fx *fx, const struct kind *k, unsigned n, bool persistent)
{
	int64_t before = us_number(fx, "SELECT sum(uses) FROM key_usage"), after;
	struct ak_error error = { AK_OK, "" };
	struct ak_usage_head head;
	enum ak_code code;
	unsigned failed;
	long blocks;

	make_due(fx);
	blocks = faults_blocks();
	faults_arm(k->fault, n, persistent, k->error);
	code = us_try_fold(fx, FX_NOW, AK_FOLD_ALL, NULL, &error);
	failed = faults_disarm();
	if (faults_blocks() > blocks)
		fail_msg("%s %u: %ld blocks of memory are lost", k->name, n,
		    faults_blocks() - blocks);
	after = us_number(fx, "SELECT sum(uses) FROM key_usage");
	if (after != before && after != before + RECORDS)
		fail_msg("%s %u: a part was counted", k->name, n);
	if (code != AK_OK && (error.code != code || error.text[0] == '\0'))
		fail_msg("%s %u: code %d without an error", k->name, n, (int)code);
	assert_true(us_head(us_path(fx, geteuid(), ""), &head));
	for (int i = 0; i < 2; i++) {
		us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
		after = us_number(fx, "SELECT sum(uses) FROM key_usage");
		if (after != before + RECORDS)
			fail_msg(
			    "%s %u: %d counted", k->name, n, (int)(after - before));
	}
	/* What was begun was ended. */
	assert_int_equal(access(us_path(fx, geteuid(), ".new"), F_OK), -1);
	assert_int_equal(access(us_path(fx, geteuid(), ".init"), F_OK), -1);
	before = us_number(fx, "SELECT sum(count) FROM day_count");
	if (before != after)
		fail_msg("%s %u: %d in the days, %d uses", k->name, n, (int)before,
		    (int)after);
	us_agree(fx);
	return failed > 0;
}

static void
a_fold_that_fails_counts_all_or_nothing_and_the_next_is_exact(void **state)
{
	struct fx *fx = *state;
	unsigned files, n;

	fx_key(fx, "alice");
	make_due(fx);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	ak_master_close(&fx->master);
	files = fx_open_files();
	for (size_t k = 0; k < FX_COUNT(of_fold); k++)
		for (int persistent = 0; persistent < 2; persistent++) {
			if (of_fold[k].fault == FAULT_MEMORY && !faults_in_memory())
				continue;
			for (n = 1; n < MOST; n += faults_step(of_fold[k].step))
				if (!fail_fold(fx, &of_fold[k], n, persistent == 1))
					break;
			if (n == 1 || n >= MOST)
				fail_msg(
				    "%s: never called, or for ever", of_fold[k].name);
			assert_int_equal(fx_open_files(), files);
		}
	faults_tell("fold");
}

/* Whether any of the host's standard streams is open. */
static void
look_at_streams(void *context)
{
	bool *open = context;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		*open = *open || fcntl(fd, F_GETFD) >= 0;
}

/*
 * Look before each read and each write of a login. How often that was; 0 when one was
 * refused.
 */
static unsigned
look_all_through(struct host *h, void (*look)(void *), void *context)
{
	static const enum fault moments[] = { FAULT_READ, FAULT_WRITE };
	unsigned n, looks = 0;

	for (size_t i = 0; i < FX_COUNT(moments); i++)
		for (n = 1; n < MOST; n++, looks++) {
			faults_instead(moments[i], n, look, context);
			if (host_login(h, "alice", h->fx->tokens[0]) != PAM_SUCCESS)
				return 0;
			if (faults_disarm() == 0)
				break;
		}
	return looks;
}

/* A thread of the host may print at each of these moments. */
static int
count_a_drop_without_streams(void *context)
{
	bool open = false;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	return look_all_through(context, look_at_streams, &open) < 3 ? 2 : open;
}

static void
no_file_of_a_login_is_where_a_host_has_closed_a_stream_R13(void **state)
{
	struct ak_usage_head head = { .cap = AK_USAGE_LEN };
	uint8_t bytes[AK_USAGE_LEN];
	struct host *h = *state;

	fx_key(h->fx, "alice");
	ak_usage_head_pack(&head, bytes);
	fx_write(us_path(h->fx, geteuid(), ""), bytes, sizeof(bytes), 0600);
	assert_int_equal(fx_wait(fx_spawn(count_a_drop_without_streams, h)), 0);
}

/* What a program that the host starts at this moment has of the host's descriptors. */
static void
count_inherited(void *context)
{
	unsigned *most = context, n = 0;
	int flags;

	for (int fd = 0; fd < 1024; fd++)
		n += (flags = fcntl(fd, F_GETFD)) >= 0 && (flags & FD_CLOEXEC) == 0;
	*most = n > *most ? n : *most;
}

static void
no_file_of_a_login_is_open_in_what_its_host_starts_R12(void **state)
{
	struct ak_usage_head head = { .cap = AK_USAGE_LEN };
	unsigned before = 0, during = 0;
	uint8_t bytes[AK_USAGE_LEN];
	struct host *h = *state;

	fx_key(h->fx, "alice");
	count_inherited(&before);
	assert_true(look_all_through(h, count_inherited, &during) > 2);
	/* And one whose record finds no room. */
	ak_usage_head_pack(&head, bytes);
	fx_write(us_path(h->fx, geteuid(), ""), bytes, sizeof(bytes), 0600);
	assert_true(look_all_through(h, count_inherited, &during) > 2);
	assert_int_equal(during, before);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(a_login_that_cannot_be_recorded_has_the_same_answer_R35),
		HOST_TEST(a_login_that_must_be_recorded_and_cannot_is_none),
		HOST_TEST(recording_opens_looks_reads_and_writes_once),
		HOST_TEST(no_file_of_a_login_is_where_a_host_has_closed_a_stream_R13),
		HOST_TEST(no_file_of_a_login_is_open_in_what_its_host_starts_R12),
		FX_TEST(a_fold_that_fails_counts_all_or_nothing_and_the_next_is_exact),
	};

	return cmocka_run_group_tests_name("usage faults", tests, NULL, NULL);
}
