/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_SEAL_H
#define AK_SEAL_H

#include "key.h"

#define AK_SEAL_LEN 16

/*
 * BLAKE2b-128 of every field of a key: a damaged page that SQLite would read without
 * complaint does not fit its row's seal. Not a signature: who may write the store may
 * seal it too.
 */
void ak_key_seal(const struct ak_key *key, uint8_t seal[AK_SEAL_LEN]);

#endif
