/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_RECOVERY_H
#define AK_RECOVERY_H

#include "record.h"

/*
 * Recovery, for who has opted in: a token is also kept sealed to a public key
 * (libsodium's crypto_box_seal: X25519, XSalsa20-Poly1305), and only the private key
 * opens it. That one stays off the host, in a file that a passphrase wraps
 * (crypto_pwhash: Argon2id, and crypto_secretbox).
 *
 * The file is one line of text, "authkey-recovery-1 " and the base64 of
 *
 *	public(32) salt(16) operations(8) memory(8, bytes) nonce(24) box(48)
 *
 * with numbers little-endian. That the public key fits the private one is checked each
 * time, so a change anywhere in the line is found.
 */
#define AK_RECOVERY_SECRET_LEN 32
#define AK_RECOVERY_LINE 256 /* enough for the line, its newline and NUL */

/* NIST SP 800-63B-4 wants so many where a password is all that there is. */
#define AK_PASSPHRASE_LEAST 15
#define AK_PASSPHRASE_MOST 1024

/* Both halves. The caller wipes it. */
struct ak_recovery_pair {
	uint8_t public[AK_RECOVERY_KEY_LEN];
	uint8_t secret[AK_RECOVERY_SECRET_LEN];
};

/*
 * Make a pair and wrap its private half.
 *
 *   passphrase  bytes, not empty; the caller wipes them
 *   public      out
 *   line        out, the file's line with its newline; no secret without the passphrase
 *
 * AK_E_NOMEM  the 64 MiB that wrapping wants are not there
 */
enum ak_code ak_recovery_make(const char *passphrase, size_t len,
    uint8_t public[AK_RECOVERY_KEY_LEN], char line[AK_RECOVERY_LINE],
    struct ak_error *error);

/*
 * Unwrap a file's line.
 *
 *   line  text of any origin
 *   pair  out, secret; all zero on error
 *
 * AK_E_STORE       it is no recovery file, or a damaged one
 * AK_E_PERMISSION  the passphrase is another one
 * AK_E_NOMEM
 */
enum ak_code ak_recovery_unwrap(const char *line, const char *passphrase, size_t len,
    struct ak_recovery_pair *pair, struct ak_error *error);

/*
 * Seal a token, text of at most AK_TOKEN_MAX bytes, into the record. False, and nothing
 * is in it, when no such public key can be.
 */
bool ak_recovery_seal(const uint8_t public[AK_RECOVERY_KEY_LEN], const char *token,
    struct ak_record *record);

/*
 * Open a record's sealed token.
 *
 *   token  out, a secret: the caller wipes it; "" when it is false
 *
 * False unless it was sealed to this pair and is the record's token by its digest.
 */
bool ak_recovery_open(const struct ak_recovery_pair *pair,
    const struct ak_record *record, char token[AK_TOKEN_MAX + 1]);

/* Switch recovery on, or with NULL off, within a change. */
enum ak_code ak_recovery_set(struct ak_master *master,
    const uint8_t public[AK_RECOVERY_KEY_LEN], struct ak_error *error);

/* Delete every sealed token within a change. */
enum ak_code ak_recovery_forget(struct ak_master *master, struct ak_error *error);

/* How many tokens are kept sealed. */
enum ak_code ak_recovery_count(
    struct ak_master *master, int64_t *count, struct ak_error *error);

#endif
