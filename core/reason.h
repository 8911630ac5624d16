/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_REASON_H
#define AK_REASON_H

/*
 * Why a presented token opens a service or does not: one word for the log, the
 * tool and the statistics.
 *
 * The values differ from each other in at least 11 bits and none is zero, so that
 * neither a flipped bit nor cleared memory turns a refusal into AK_VALID. They are
 * compared with == only.
 *
 * X(WORD, value, sentence for people)
 */
#define AK_REASONS(X) \
	X(VALID, 0x73ec0034, "the key opens this service") \
	X(MALFORMED, 0x5c84b502, "not a token: no prefix, id, secret and checksum") \
	X(BAD_CHECKSUM, 0x57d72d1d, "mistyped or cut: the checksum does not fit") \
	X(NOT_FOUND, 0x64b1e7f0, "no key has this id") \
	X(BAD_SECRET, 0x621cf9a5, "the key exists, the secret is not its secret") \
	X(REVOKED, 0x73ca770a, "the key was revoked") \
	X(DISABLED, 0x135ab1d8, "the key is switched off") \
	X(CLOCK_BEHIND, 0x5645f3eb, \
	    "the key expires, and this clock is behind the store") \
	X(NOT_YET_VALID, 0x73d542bb, "the key is not valid yet") \
	X(EXPIRED, 0x0cfe7e32, "the key has expired") \
	X(OWNER_SUSPENDED, 0x29e91e05, "the key's owner is suspended") \
	X(OWNER_UNVERIFIED, 0x49561ea1, "the key's owner is not verified") \
	X(SERVICE_MISMATCH, 0x15ae2e68, "the key is not for this service") \
	X(USER_MISMATCH, 0x34acc9aa, "the key belongs to another user") \
	X(FORBIDDEN_IP, 0x0d37395c, "the key is not for this remote address") \
	X(NO_RHOST, 0x28d98d36, \
	    "the key is bound to networks, and the client gave no address") \
	X(SCOPE_MISSING, 0x799ae1ab, "the key lacks a scope that is asked for") \
	X(STORE_UNAVAILABLE, 0x3985f6ce, "the store cannot answer")

enum ak_reason {
#define AK_REASON_ENUM(word, value, text) AK_##word = value,
	AK_REASONS(AK_REASON_ENUM)
#undef AK_REASON_ENUM
};

/* The word of a reason, as DESIGN and the log spell it: "VALID", "NOT_FOUND". */
const char *ak_reason_word(enum ak_reason reason);

/* The sentence of a reason, lower case, without a full stop. */
const char *ak_reason_text(enum ak_reason reason);

#endif
