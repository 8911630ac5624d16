/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_KEY_H
#define AK_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"
#include "name.h"
#include "token.h"
#include "when.h"
#include "words.h"

/* What the toggle and revocation have made of a key; stored as these numbers. */
enum ak_state { AK_ENABLED = 1, AK_SWITCHED_OFF = 2, AK_ENDED = 3 };

/*
 * A key as verification knows it: everything that decides, and nothing else. No
 * pointers and no secret: the digest of a random token proves a token and yields none.
 */
struct ak_key {
	char id[AK_ID_LEN + 1];
	char name[AK_NAME_MAX + 1];
	char owner[AK_OWNER_MAX + 1];
	uint8_t scheme;
	uint8_t digest[AK_DIGEST_LEN];
	enum ak_state state;
	int64_t not_before; /* first second, or AK_NO_TIME */
	int64_t expires_at; /* first second after the last, or AK_NO_TIME */
	bool decoy; /* opens nothing; its use is an alarm */
	bool owner_suspended;
	bool owner_verified;
	char services[AK_WORDS_MAX]; /* empty: all services */
	char scopes[AK_WORDS_MAX];
	char networks[AK_WORDS_MAX]; /* empty: from anywhere */
};

#endif
