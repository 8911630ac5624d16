/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_COMPLETE_H
#define AK_COMPLETE_H

#include "master.h"

/*
 * How words go on that somebody has begun to type: a shell asks at each press of a key,
 * so few are found (at most 1,000 of each sort) and each by an index. What is begun is
 * any text; nothing is found that does not begin with it.
 */

/* Which keys: bits for enum ak_state, added up. */
#define AK_STATE_BIT(state) (1U << (state))
#define AK_STATES_LIVE (AK_STATE_BIT(AK_ENABLED) | AK_STATE_BIT(AK_SWITCHED_OFF))
#define AK_STATES_ALL (AK_STATES_LIVE | AK_STATE_BIT(AK_ENDED))

/* Called with each word, and what is to be said of it or ""; both borrowed. */
typedef void ak_complete_fn(const char *word, const char *about, void *context);

/*
 * Names of keys and, unless nothing is begun, OWNER/NAME of those that are not revoked
 * and ids. AK_E_STORE, AK_E_NOMEM.
 */
enum ak_code ak_complete_key(struct ak_master *master, const char *begun,
    unsigned states, ak_complete_fn *fn, void *context, struct ak_error *error);

/* Owners of keys that are not revoked, and those who were described. */
enum ak_code ak_complete_owner(struct ak_master *master, const char *begun,
    ak_complete_fn *fn, void *context, struct ak_error *error);

#endif
