/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_REASON_H
#define AK_REASON_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Why a presented token opens a service or does not: one word for the log, the
 * tool and the statistics.
 *
 * The values differ from each other in at least 11 bits and none is zero, so that
 * neither a flipped bit nor cleared memory turns a refusal into AK_VALID. They are
 * compared with == only.
 *
 * X(word, value, PAM_ code of authenticate, of acct_mgmt, LOG_ level, sentence)
 *
 * The codes and levels stand here by name, so that core knows nothing of PAM or
 * syslog: the module reads them as PAM_x and LOG_x, `authkey explain` as text.
 */
/* clang-format off */
#define AK_REASONS(X) \
	X(VALID, 0x73ec0034, SUCCESS, SUCCESS, INFO, \
	    "the key opens this service") \
	X(MALFORMED, 0x5c84b502, AUTH_ERR, PERM_DENIED, DEBUG, \
	    "not a token: no prefix, id, secret and checksum") \
	X(BAD_CHECKSUM, 0x57d72d1d, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "mistyped or cut: the checksum does not fit") \
	X(NOT_FOUND, 0x64b1e7f0, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "no key has this id") \
	X(BAD_SECRET, 0x621cf9a5, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key exists, the secret is not its secret") \
	X(REVOKED, 0x73ca770a, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key was revoked") \
	X(DISABLED, 0x135ab1d8, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key is switched off") \
	X(DECOY, 0x7953a6f2, AUTH_ERR, PERM_DENIED, ALERT, \
	    "the key is a decoy, which nobody has a reason to know") \
	X(CLOCK_BEHIND, 0x5645f3eb, AUTHINFO_UNAVAIL, AUTHINFO_UNAVAIL, CRIT, \
	    "the key expires, and this clock is behind the store; when it is right: " \
	    "authkey publish") \
	X(NOT_YET_VALID, 0x73d542bb, AUTH_ERR, ACCT_EXPIRED, NOTICE, \
	    "the key is not valid yet") \
	X(EXPIRED, 0x0cfe7e32, AUTH_ERR, ACCT_EXPIRED, NOTICE, \
	    "the key has expired") \
	X(OWNER_SUSPENDED, 0x29e91e05, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key's owner is suspended") \
	X(OWNER_UNVERIFIED, 0x49561ea1, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key's owner is not verified") \
	X(SERVICE_MISMATCH, 0x15ae2e68, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key is not for this service") \
	X(USER_MISMATCH, 0x34acc9aa, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key belongs to another user") \
	X(NO_RHOST, 0x28d98d36, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key is bound to networks, and the client gave no address") \
	X(FORBIDDEN_IP, 0x0d37395c, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key is not for this remote address") \
	X(SCOPE_MISSING, 0x799ae1ab, AUTH_ERR, PERM_DENIED, NOTICE, \
	    "the key lacks a scope that is asked for") \
	X(STORE_UNAVAILABLE, 0x3985f6ce, AUTHINFO_UNAVAIL, AUTHINFO_UNAVAIL, ERR, \
	    "the store cannot answer")
/* clang-format on */

enum ak_reason {
#define AK_REASON_ENUM(word, value, auth, acct, level, text) AK_##word = (value),
	AK_REASONS(AK_REASON_ENUM)
#undef AK_REASON_ENUM
};

/* Whether a number from a file is a reason. */
bool ak_reason_exists(uint32_t number);

/* The word of a reason, as the log spells it: "VALID", "NOT_FOUND". */
const char *ak_reason_word(enum ak_reason reason);

/* The sentence of a reason, lower case, without a full stop. */
const char *ak_reason_text(enum ak_reason reason);

/* What pam_authenticate(3) and pam_acct_mgmt(3) answer: "PAM_AUTH_ERR". */
const char *ak_reason_pam_authenticate(enum ak_reason reason);
const char *ak_reason_pam_acct_mgmt(enum ak_reason reason);

#endif
