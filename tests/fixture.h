/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_FIXTURE_H
#define AK_FIXTURE_H

/* What cmocka.h needs before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "authkey.h"
#include "master.h"
#include "owner.h"
#include "record.h"

/*
 * The time at which tests take place, 2027-01-15T08:00:00Z; nothing reads a clock. The
 * times of files are the machine's all the same: a test in which they count sets them.
 */
#define FX_NOW INT64_C(1800000000)

#define FX_PATH 4096
#define FX_TOKENS 256 /* how many keys one fixture can issue */

/*
 * A private folder with an installation in it, made and published at FX_NOW. Belongs
 * to whoever runs the test, root or not. Each function asserts that its work is done.
 */
struct fx {
	char folder[FX_PATH]; /* mode 0755, for all that a test makes */
	char root[FX_PATH + 16]; /* folder/root */
	char store[FX_PATH + 32]; /* folder/root/keys.db */
	struct ak_source source; /* the store, of our own uid */
	struct ak_master *master;
	struct ak_record record; /* see fx_load() */
	char tokens[FX_TOKENS][AK_TOKEN_MAX + 1];
	unsigned issued;
	int64_t delta_from, delta_rows; /* see fx_delta(); 0: as the tool has them */
};

/* cmocka setup and teardown; *state is a struct fx. */
int fx_setup(void **state);
int fx_teardown(void **state);

#define FX_TEST(name) cmocka_unit_test_setup_teardown(name, fx_setup, fx_teardown)

/* Open the master again, after it was closed to fork. */
void fx_reopen(struct fx *fx);

/*
 * From now on a store of `from` keys has a delta, which holds up to `rows` of them, and
 * the store is published whole once.
 */
void fx_delta(struct fx *fx, int64_t from, int64_t rows);

/* The path of the delta of the store in place; the store must have one. */
const char *fx_delta_path(const struct fx *fx);

/* A private folder of mode 0755 below TMPDIR, by its real path; and its end. */
void fx_folder_make(char folder[FX_PATH]);
void fx_folder_remove(const char *folder);

/* "FOLDER/NAME" of the fixture; the text lasts until the eighth call after it. */
const char *fx_path(const struct fx *fx, const char *name);

/* Write a whole file, made anew with this mode whatever the umask. */
void fx_write(const char *path, const void *bytes, size_t len, unsigned mode);

/* Read a whole file into malloc()ed memory. */
uint8_t *fx_read(const char *path, size_t *len);

/* Copy a file's bytes and mode. */
void fx_copy(const char *from, const char *to);

/* A record of an enabled key without restrictions; each has a name of its own. */
struct ak_record fx_record(const char *owner);

/* Issue a key from a record and publish; the token belongs to the fixture. */
const char *fx_issue(struct fx *fx, struct ak_record *record);

/* The same with fx_record(OWNER). */
const char *fx_key(struct fx *fx, const char *owner);

/* The id in a token, in the fixture's ring of texts. */
const char *fx_id(const char *token);

/*
 * Change a key: load it by its token, alter what is returned, save. Saving commits
 * and publishes at FX_NOW.
 */
struct ak_record *fx_load(struct fx *fx, const char *token);
void fx_save(struct fx *fx);

/* The toggle and revocation, published. */
void fx_set_state(struct fx *fx, const char *token, enum ak_state state);
void fx_set_times(
    struct fx *fx, const char *token, int64_t not_before, int64_t expires_at);

/* What is known about an owner, published. */
void fx_set_owner(struct fx *fx, const char *owner, bool suspended, bool verified);

/* Begin and commit with nothing between them: a new generation, at this time. */
void fx_publish(struct fx *fx, int64_t now);

/* What the store says of its publishing, and the generation of the master. */
struct ak_store_meta fx_meta(const struct fx *fx);
int64_t fx_generation(struct fx *fx);

/* Heal as the next command would, seven seconds later. Whether it was necessary. */
bool fx_heal(struct fx *fx);

/* Assert that logins get of each key that was issued what the master says of it. */
void fx_answers_as_the_master(struct fx *fx);

/* A request of `user` for service "test" at FX_NOW, without an address. */
struct ak_request fx_request(const char *user);

/* Verify a token for a user with fx_request(). */
enum ak_reason fx_verify(const struct fx *fx, const char *token, const char *user);

/* Assert a reason, and name both when they differ. */
void fx_assert_reason(
    enum ak_reason got, enum ak_reason wanted, const char *file, int line);
#define assert_reason(got, wanted) fx_assert_reason(got, wanted, __FILE__, __LINE__)

/* Assert an enum ak_code, and show the error's text when it is another. */
void fx_assert_code(enum ak_code got, enum ak_code wanted, const struct ak_error *error,
    const char *file, int line);
#define assert_code(got, wanted, error) \
	fx_assert_code(got, wanted, error, __FILE__, __LINE__)

/* Assert that `text` holds `part`. */
void fx_assert_contains(const char *text, const char *part, const char *file, int line);
#define assert_contains(text, part) fx_assert_contains(text, part, __FILE__, __LINE__)

/*
 * n loops, or AK_LOOPS percent of them (at least 1) where all would take too long: 2
 * percent in valgrind, unless it is set.
 */
unsigned fx_loops(unsigned n);

/* A seeded generator: the same numbers in every run. */
uint32_t fx_random(uint64_t *seed);

/* How many descriptors this process has open. */
unsigned fx_open_files(void);

/* Pass over a test and say why; anywhere in the test itself. */
#define fx_skip(reason)                                   \
	do {                                              \
		print_message("# skipped: %s\n", reason); \
		skip();                                   \
	} while (0)

/* Run `child` in a new process; its result is the exit status. */
int fx_spawn(int (*child)(void *), void *context);

/* Wait for a process; its exit status, or 128 + the signal that ended it. */
int fx_wait(int pid);

/* Whether a sanitizer is built in, which owns malloc() and much of memory. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FX_SANITIZED 1
#endif
#endif
#ifndef FX_SANITIZED
#define FX_SANITIZED 0
#endif

/* Whether valgrind runs this program. */
bool fx_in_valgrind(void);

#define FX_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
