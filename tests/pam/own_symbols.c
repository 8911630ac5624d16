/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host whose program exports functions of its own under names of SQLite and
 * libsodium. The loader takes the host's for every library, so a module has only the
 * choice of what becomes of it: nothing of SQLite reaches a login, and with a host's
 * idea of hashing nobody gets in who should not (SECURITY R9, R13, finding 7).
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>
#include <sqlite3.h>

#include "../host.h"

/* Which of the host's functions are not the library's, while a login runs. */
static struct {
	bool compares_all_equal, compares_none_equal, wipes_nothing;
	bool hash_writes_nothing, hash_writes_the_same, parts_do_nothing;
	bool no_sqlite;
	unsigned sqlite_calls;
} own;

#define EXPORT(symbol) __asm__(symbol) __attribute__((visibility("default"), used))
#define LIBRARYS(symbol, function) ((__typeof__(&function))dlsym(RTLD_NEXT, symbol))

int own_memcmp(const void *a, const void *b, size_t len) EXPORT("sodium_memcmp");
void own_memzero(void *at, size_t len) EXPORT("sodium_memzero");
int own_hash(unsigned char *out, size_t out_len, const unsigned char *in,
    unsigned long long len, const unsigned char *key, size_t key_len)
    EXPORT("crypto_generichash");
int own_update(crypto_generichash_state *state, const unsigned char *in,
    unsigned long long len) EXPORT("crypto_generichash_update");
int own_final(crypto_generichash_state *state, unsigned char *out, size_t len)
    EXPORT("crypto_generichash_final");
int own_open(const char *path, sqlite3 **db, int flags, const char *vfs)
    EXPORT("sqlite3_open_v2");
int own_prepare(sqlite3 *db, const char *sql, int len, sqlite3_stmt **statement,
    const char **tail) EXPORT("sqlite3_prepare_v2");
int own_step(sqlite3_stmt *statement) EXPORT("sqlite3_step");

int
own_memcmp(const void *a, const void *b, size_t len)
{
	if (own.compares_all_equal || own.compares_none_equal)
		return own.compares_none_equal ? -1 : 0;
	return LIBRARYS("sodium_memcmp", own_memcmp)(a, b, len);
}

void
own_memzero(void *at, size_t len)
{
	if (!own.wipes_nothing)
		LIBRARYS("sodium_memzero", own_memzero)(at, len);
}

int
own_hash(unsigned char *out, size_t out_len, const unsigned char *in,
    unsigned long long len, const unsigned char *key, size_t key_len)
{
	if (own.hash_writes_nothing)
		return 0;
	if (own.hash_writes_the_same) {
		memset(out, 7, out_len);
		return 0;
	}
	return LIBRARYS("crypto_generichash", own_hash)(
	    out, out_len, in, len, key, key_len);
}

int
own_update(
    crypto_generichash_state *state, const unsigned char *in, unsigned long long len)
{
	if (own.parts_do_nothing)
		return 0;
	return LIBRARYS("crypto_generichash_update", own_update)(state, in, len);
}

int
own_final(crypto_generichash_state *state, unsigned char *out, size_t len)
{
	if (own.parts_do_nothing)
		return -1;
	return LIBRARYS("crypto_generichash_final", own_final)(state, out, len);
}

int
own_open(const char *path, sqlite3 **db, int flags, const char *vfs)
{
	own.sqlite_calls++;
	*db = NULL;
	return own.no_sqlite
		   ? SQLITE_ERROR
		   : LIBRARYS("sqlite3_open_v2", own_open)(path, db, flags, vfs);
}

int
own_prepare(
    sqlite3 *db, const char *sql, int len, sqlite3_stmt **statement, const char **tail)
{
	own.sqlite_calls++;
	*statement = NULL;
	return own.no_sqlite ? SQLITE_ERROR
			     : LIBRARYS("sqlite3_prepare_v2", own_prepare)(
				   db, sql, len, statement, tail);
}

int
own_step(sqlite3_stmt *statement)
{
	own.sqlite_calls++;
	return own.no_sqlite ? SQLITE_ERROR
			     : LIBRARYS("sqlite3_step", own_step)(statement);
}

/* The id of the key and another secret, with a checksum that fits. */
static void
spoil(const char *token, char wrong[128])
{
	snprintf(wrong, 128, "%s", token);
	wrong[30] = wrong[30] == 'x' ? 'y' : 'x';
	ak_token_checksum(wrong, strlen(wrong) - AK_CHECKSUM_LEN,
	    wrong + strlen(wrong) - AK_CHECKSUM_LEN);
}

static const char foreign[] = "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX";

/* With what is set in `own`: what the right token gets, and nobody else gets in. */
static int
log_in(struct host *h, const char *token)
{
	char wrong[128];
	int rc, rc_wrong, rc_foreign;

	spoil(token, wrong);
	rc_wrong = host_login(h, "alice", wrong);
	rc_foreign = host_login(h, "alice", foreign);
	rc = host_login(h, "alice", token);
	memset(&own, 0, sizeof(own));
	assert_true(rc_wrong == PAM_AUTH_ERR || rc_wrong == PAM_AUTHINFO_UNAVAIL);
	assert_true(rc_foreign == PAM_AUTH_ERR || rc_foreign == PAM_AUTHINFO_UNAVAIL);
	return rc;
}

static void
a_login_calls_nothing_of_the_hosts_sqlite_R13(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	unsigned calls;

	assert_true(own.sqlite_calls > 0); /* the fixture's calls come through here */
	own.sqlite_calls = 0;
	own.no_sqlite = true;
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	calls = own.sqlite_calls;
	memset(&own, 0, sizeof(own));
	assert_int_equal(calls, 0);
}

static void
a_host_that_finds_all_memory_equal_opens_nothing_more_R9(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	own.compares_all_equal = true;
	assert_pam(log_in(h, token), PAM_SUCCESS);
	own.compares_none_equal = true;
	assert_pam(log_in(h, token), PAM_AUTH_ERR);
}

static void
a_host_that_hashes_otherwise_opens_nothing_R9(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	own.hash_writes_nothing = true;
	assert_pam(log_in(h, token), PAM_AUTH_ERR);
	own.hash_writes_nothing = own.compares_all_equal = true;
	assert_pam(log_in(h, token), PAM_AUTH_ERR);
	own.hash_writes_the_same = own.compares_all_equal = true;
	assert_pam(log_in(h, token), PAM_AUTH_ERR);
	own.parts_do_nothing = true;
	assert_pam(log_in(h, token), PAM_AUTHINFO_UNAVAIL);
}

static void
a_host_that_wipes_nothing_opens_nothing_more(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	own.wipes_nothing = true;
	assert_pam(log_in(h, token), PAM_SUCCESS);
}

static void
with_the_hosts_sqlite_no_key_is_changed(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	int rc;

	host_passwd(h, "");
	own.no_sqlite = true;
	rc = host_change(h, "alice", token, 0);
	memset(&own, 0, sizeof(own));
	assert_true(rc == PAM_TRY_AGAIN || rc == PAM_AUTHTOK_ERR);
	host_options(h, "required", "");
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(a_login_calls_nothing_of_the_hosts_sqlite_R13),
		HOST_TEST(a_host_that_finds_all_memory_equal_opens_nothing_more_R9),
		HOST_TEST(a_host_that_hashes_otherwise_opens_nothing_R9),
		HOST_TEST(a_host_that_wipes_nothing_opens_nothing_more),
		HOST_TEST(with_the_hosts_sqlite_no_key_is_changed),
	};

	return cmocka_run_group_tests_name("own symbols", tests, NULL, NULL);
}
