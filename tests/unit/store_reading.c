/* SPDX-License-Identifier: BSD-2-Clause */
/* The store is read for itself alone: SECURITY R12, R13, R18, R25. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "../fixture.h"

static void
a_path_is_taken_literally_R18(void **state)
{
	static const char *const names[] = { "keys.db?mode=rwc", "keys.db#frag",
		"%41.db", "keys.db?immutable=0&vfs=unix", "file:keys.db",
		"file:x?mode=memory", ":memory:", "keys.db;ATTACH", "' OR 1", "sp ace",
		"%s%n", "back\\slash", "\xff\xfe" };
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	char path[FX_PATH + 64];
	struct ak_source source = { path, geteuid() };

	for (size_t i = 0; i < FX_COUNT(names); i++) {
		struct ak_request request = fx_request("alice");
		struct ak_verdict verdict;

		snprintf(path, sizeof(path), "%s/%s", fx->root, names[i]);
		ak_verify(&source, token, strlen(token), &request, &verdict);
		assert_reason(verdict.reason, AK_STORE_UNAVAILABLE);
		assert_contains(verdict.error.text, path);
		fx_copy(fx->store, path);
		ak_verify(&source, token, strlen(token), &request, &verdict);
		assert_reason(verdict.reason, AK_VALID);
		assert_int_equal(unlink(path), 0);
	}
}

/* Lay `bytes` beside the store under the names that SQLite would look for. */
static void
lay_beside(struct fx *fx, const void *bytes, size_t len)
{
	static const char *const tails[] = { "-journal", "-wal", "-shm",
		"-mj00000000" };
	char path[sizeof(fx->store) + 16];

	for (size_t i = 0; i < FX_COUNT(tails); i++) {
		snprintf(path, sizeof(path), "%s%s", fx->store, tails[i]);
		fx_write(path, bytes, len, 0644);
	}
}

/*
 * A rollback journal, as sqlite.org/fileformat2.html section 3 has it, that would turn
 * each page of the store into `old`'s: what SQLite plays back on the first read.
 */
static uint8_t *
forge_journal(const uint8_t *old, size_t old_len, size_t *len)
{
	static const uint8_t magic[8] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63,
		0xd7 };
	enum { PAGE = 4096, SECTOR = 512 };
	uint32_t pages = (uint32_t)(old_len / PAGE), nonce = 1, sum;
	uint8_t *journal, *at;

	*len = SECTOR + pages * (4 + PAGE + 4);
	assert_non_null(journal = calloc(1, *len));
	memcpy(journal, magic, sizeof(magic));
	journal[11] = (uint8_t)pages;
	journal[15] = (uint8_t)nonce;
	journal[19] = (uint8_t)pages;
	journal[22] = SECTOR >> 8;
	journal[26] = PAGE >> 8;
	at = journal + SECTOR;
	for (uint32_t p = 0; p < pages; p++, at += 4 + PAGE + 4) {
		at[3] = (uint8_t)(p + 1);
		memcpy(at + 4, old + (size_t)p * PAGE, PAGE);
		sum = nonce;
		for (int i = PAGE - 200; i > 0; i -= 200)
			sum += at[4 + i];
		for (int i = 0; i < 4; i++)
			at[4 + PAGE + i] = (uint8_t)(sum >> (24 - 8 * i));
	}
	return journal;
}

static void
stray_files_beside_the_store_never_alter_the_answer_R25(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	size_t old_len, len, new_len;
	uint8_t *old = fx_read(fx->store, &old_len), *journal, *now, *after;

	fx_set_state(fx, token, AK_SWITCHED_OFF);
	now = fx_read(fx->store, &new_len);
	journal = forge_journal(old, old_len, &len);
	for (int round = 0; round < 3; round++) {
		if (round == 0)
			lay_beside(
			    fx, journal, len); /* would bring the old store back */
		else
			lay_beside(fx, old, round == 1 ? old_len : 0);
		assert_reason(fx_verify(fx, token, "alice"), AK_DISABLED);
		after = fx_read(fx->store, &len);
		assert_int_equal(len, new_len);
		assert_memory_equal(after, now, new_len);
		free(after);
	}
	free(journal);
	free(now);
	free(old);
}

static void
the_forged_journal_would_fool_plain_sqlite(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice"), *copy = fx_path(fx, "copy.db");
	char path[FX_PATH + 32];
	size_t old_len, len, after_len;
	uint8_t *old = fx_read(fx->store, &old_len), *journal, *after;
	sqlite3 *db;

	/* So the test above would notice a reader that looks at journals. */
	fx_set_state(fx, token, AK_SWITCHED_OFF);
	journal = forge_journal(old, old_len, &len);
	fx_copy(fx->store, copy);
	snprintf(path, sizeof(path), "%s-journal", copy);
	fx_write(path, journal, len, 0644);
	assert_int_equal(sqlite3_open(copy, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	after = fx_read(copy, &after_len);
	assert_int_equal(after_len, old_len);
	assert_memory_equal(after, old, old_len);
	free(after);
	free(journal);
	free(old);
}

static int
verify_without_standard_streams(void *context)
{
	const struct fx *fx = context;
	bool right;

	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	right = fx_verify(fx, fx->tokens[0], "alice") == AK_VALID;
	for (int fd = 0; fd <= 2; fd++)
		right = right && fcntl(fd, F_GETFD) == -1 && errno == EBADF;
	return right ? 0 : 1;
}

static void
closed_standard_streams_stay_closed_R13(void **state)
{
	struct fx *fx = *state;

	fx_key(fx, "alice");
	assert_int_equal(fx_wait(fx_spawn(verify_without_standard_streams, fx)), 0);
}

static void
the_open_store_is_close_on_exec_and_above_the_standard_streams_R12(void **state)
{
	struct fx *fx = *state;
	struct ak_store store;
	struct ak_error error;
	int next = dup(0), found = 0;

	assert_true(next > 2);
	close(next);
	assert_code(ak_store_open(fx->store, geteuid(), &store, &error), AK_OK, &error);
	for (int fd = next; fd < next + 4; fd++)
		if (fcntl(fd, F_GETFD) != -1) {
			assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
			found++;
		}
	assert_int_equal(found, 1); /* the store's, and no other */
	ak_store_close(&store);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_path_is_taken_literally_R18),
		FX_TEST(stray_files_beside_the_store_never_alter_the_answer_R25),
		FX_TEST(the_forged_journal_would_fool_plain_sqlite),
		FX_TEST(closed_standard_streams_stay_closed_R13),
		FX_TEST(
		    the_open_store_is_close_on_exec_and_above_the_standard_streams_R12),
	};

	return cmocka_run_group_tests_name("store reading", tests, NULL, NULL);
}
