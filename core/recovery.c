/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "byte_order.h"
#include "master_private.h"
#include "recovery.h"

#define LINE_BEGIN "authkey-recovery-1 "
#define BASE64 sodium_base64_VARIANT_ORIGINAL

/* A forged file must not make anybody wait for ever, or take all memory. */
#define OPERATIONS_MOST 16
#define MEMORY_MOST (UINT64_C(1) << 30)
#define MEMORY_UNIT 1024 /* of Argon2: less makes no difference to it */

/* Where what stands in the packed file. */
enum {
	PUBLIC_AT = 0,
	SALT_AT = PUBLIC_AT + AK_RECOVERY_KEY_LEN,
	OPERATIONS_AT = SALT_AT + crypto_pwhash_SALTBYTES,
	MEMORY_AT = OPERATIONS_AT + 8,
	NONCE_AT = MEMORY_AT + 8,
	BOX_AT = NONCE_AT + crypto_secretbox_NONCEBYTES,
	PACKED_LEN = BOX_AT + crypto_secretbox_MACBYTES + AK_RECOVERY_SECRET_LEN
};

_Static_assert(AK_RECOVERY_KEY_LEN == crypto_box_PUBLICKEYBYTES, "a public key");
_Static_assert(AK_RECOVERY_SECRET_LEN == crypto_box_SECRETKEYBYTES, "a private key");
_Static_assert(AK_SEALED_MAX == AK_TOKEN_MAX + crypto_box_SEALBYTES, "a sealed token");
_Static_assert(sizeof(LINE_BEGIN) + sodium_base64_ENCODED_LEN(PACKED_LEN, BASE64) <=
		   AK_RECOVERY_LINE,
    "a line");

/* The key that wraps, from a passphrase and what stands in the file. The caller wipes
 * it.
 */
static enum ak_code
wrapping_key(const uint8_t packed[PACKED_LEN], const char *passphrase, size_t len,
    uint8_t key[crypto_secretbox_KEYBYTES], struct ak_error *error)
{
	if (crypto_pwhash(key, crypto_secretbox_KEYBYTES, passphrase, len,
		packed + SALT_AT, ak_get_number(packed + OPERATIONS_AT, 8),
		ak_get_number(packed + MEMORY_AT, 8),
		crypto_pwhash_ALG_ARGON2ID13) == 0)
		return AK_OK;
	return ak_fail(error, AK_E_NOMEM,
	    "out of memory: a passphrase takes %llu MiB to work on",
	    (unsigned long long)ak_get_number(packed + MEMORY_AT, 8) >> 20);
}

enum ak_code
ak_recovery_make(const char *passphrase, size_t len,
    uint8_t public[AK_RECOVERY_KEY_LEN], char line[AK_RECOVERY_LINE],
    struct ak_error *error)
{
	uint8_t packed[PACKED_LEN], key[crypto_secretbox_KEYBYTES];
	struct ak_recovery_pair pair;
	enum ak_code code;
	size_t n = sizeof(LINE_BEGIN) - 1;

	crypto_box_keypair(pair.public, pair.secret);
	memcpy(packed + PUBLIC_AT, pair.public, sizeof(pair.public));
	randombytes_buf(packed + SALT_AT, crypto_pwhash_SALTBYTES);
	ak_put_number(packed + OPERATIONS_AT, crypto_pwhash_OPSLIMIT_INTERACTIVE, 8);
	ak_put_number(packed + MEMORY_AT, crypto_pwhash_MEMLIMIT_INTERACTIVE, 8);
	randombytes_buf(packed + NONCE_AT, crypto_secretbox_NONCEBYTES);
	if ((code = wrapping_key(packed, passphrase, len, key, error)) == AK_OK) {
		crypto_secretbox_easy(packed + BOX_AT, pair.secret, sizeof(pair.secret),
		    packed + NONCE_AT, key);
		memcpy(public, pair.public, sizeof(pair.public));
		memcpy(line, LINE_BEGIN, n);
		sodium_bin2base64(
		    line + n, AK_RECOVERY_LINE - n, packed, PACKED_LEN, BASE64);
		snprintf(line + strlen(line), 2, "\n");
	}
	sodium_memzero(key, sizeof(key));
	sodium_memzero(&pair, sizeof(pair));
	return code;
}

/* The bytes behind a line; false when they cannot be a recovery file's. */
static bool
unpack(const char *line, uint8_t packed[PACKED_LEN])
{
	size_t begin = sizeof(LINE_BEGIN) - 1, len = 0;
	uint64_t operations, memory;
	const char *end = NULL;

	if (strncmp(line, LINE_BEGIN, begin) != 0 ||
	    sodium_base642bin(packed, PACKED_LEN, line + begin, strlen(line + begin),
		NULL, &len, &end, BASE64) != 0 ||
	    len != PACKED_LEN || (strcmp(end, "\n") != 0 && *end != '\0'))
		return false;
	operations = ak_get_number(packed + OPERATIONS_AT, 8);
	memory = ak_get_number(packed + MEMORY_AT, 8);
	return operations >= crypto_pwhash_OPSLIMIT_MIN &&
	       operations <= OPERATIONS_MOST && memory >= crypto_pwhash_MEMLIMIT_MIN &&
	       memory <= MEMORY_MOST && memory % MEMORY_UNIT == 0;
}

enum ak_code
ak_recovery_unwrap(const char *line, const char *passphrase, size_t len,
    struct ak_recovery_pair *pair, struct ak_error *error)
{
	uint8_t packed[PACKED_LEN], key[crypto_secretbox_KEYBYTES];
	enum ak_code code;

	memset(pair, 0, sizeof(*pair));
	if (!unpack(line, packed))
		return ak_fail(error, AK_E_STORE, "it is no recovery file");
	code = wrapping_key(packed, passphrase, len, key, error);
	if (code == AK_OK && crypto_secretbox_open_easy(pair->secret, packed + BOX_AT,
				 PACKED_LEN - BOX_AT, packed + NONCE_AT, key) != 0)
		code = ak_fail(error, AK_E_PERMISSION,
		    "the passphrase is another one, or the file is damaged");
	if (code == AK_OK &&
	    (crypto_scalarmult_base(pair->public, pair->secret) != 0 ||
		memcmp(pair->public, packed + PUBLIC_AT, AK_RECOVERY_KEY_LEN) != 0))
		code = ak_fail(error, AK_E_STORE, "the recovery file is damaged");
	sodium_memzero(key, sizeof(key));
	if (code != AK_OK)
		sodium_memzero(pair, sizeof(*pair));
	return code;
}

bool
ak_recovery_seal(const uint8_t public[AK_RECOVERY_KEY_LEN], const char *token,
    struct ak_record *record)
{
	size_t len = strlen(token);
	bool sealed =
	    crypto_box_seal(record->sealed, (const uint8_t *)token, len, public) == 0;

	if (!sealed)
		memset(record->sealed, 0, sizeof(record->sealed));
	record->sealed_len = sealed ? len + crypto_box_SEALBYTES : 0;
	return sealed;
}

bool
ak_recovery_open(const struct ak_recovery_pair *pair, const struct ak_record *record,
    char token[AK_TOKEN_MAX + 1])
{
	uint8_t digest[AK_DIGEST_LEN];
	size_t len = record->sealed_len - crypto_box_SEALBYTES;
	bool opened;

	memset(token, 0, AK_TOKEN_MAX + 1);
	opened = record->sealed_len > crypto_box_SEALBYTES &&
		 record->sealed_len <= AK_SEALED_MAX &&
		 crypto_box_seal_open((uint8_t *)token, record->sealed,
		     record->sealed_len, pair->public, pair->secret) == 0;
	if (opened) {
		ak_digest(token, len, digest);
		opened = sodium_memcmp(digest, record->key.digest, sizeof(digest)) == 0;
	}
	if (!opened)
		sodium_memzero(token, AK_TOKEN_MAX + 1);
	return opened;
}

enum ak_code
ak_recovery_set(struct ak_master *m, const uint8_t public[AK_RECOVERY_KEY_LEN],
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_recovery_key_put, error);

	if (s == NULL)
		return error->code;
	return ak_run(&m->db, s,
	    public != NULL
		? sqlite3_bind_blob(s, 1, public, AK_RECOVERY_KEY_LEN, SQLITE_STATIC)
		: sqlite3_bind_null(s, 1),
	    error);
}

enum ak_code
ak_recovery_forget(struct ak_master *m, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_unseal_all, error);

	return s != NULL ? ak_run(&m->db, s, SQLITE_OK, error) : error->code;
}

static enum ak_row
take_count(sqlite3_stmt *row, void *context)
{
	*(int64_t *)context = sqlite3_column_int64(row, 0);
	return AK_ROW_STOP;
}

enum ak_code
ak_recovery_count(struct ak_master *m, int64_t *count, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_key_sealed_count, error);

	*count = 0;
	if (s == NULL)
		return error->code;
	return ak_each(&m->db, s, SQLITE_OK, take_count, count, error);
}
