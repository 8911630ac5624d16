/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_MINT_H
#define AK_MINT_H

#include <stdbool.h>

#include "token.h"

/*
 * Whether random numbers can be had, and make libsodium ready for them. sodium_init()
 * ends a process that has none (SECURITY, finding 4), so that is asked first; in the
 * module that changes keys the process is somebody else's.
 */
bool ak_mint_ready(void);

/*
 * Make a new token. Apart from token.h because only this half needs randomness,
 * which a login never does.
 *
 *   prefix   as ak_prefix_why_not() accepts it
 *   text     out, a secret: the caller shows it once and wipes it
 *   tok      out, its parts
 *
 * The caller has asked ak_mint_ready() or called sodium_init(). Each character is drawn
 * without bias by libsodium's randombytes_uniform().
 */
void ak_token_mint(
    const char *prefix, char text[AK_TOKEN_MAX + 1], struct ak_token *tok);

#endif
