/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_WORLD_H
#define FUZZ_WORLD_H

#include <sys/types.h>

#include "../tests/fixture.h"

/*
 * Keys that are the same in every run, in stores of several states. They come from a
 * real master through a real publish; what the master says of them is what is true.
 */
enum world_token {
	WORLD_PLAIN,
	WORLD_DISABLED,
	WORLD_REVOKED,
	WORLD_TIMED, /* from 1,000 seconds before FX_NOW to 1,000 behind it */
	WORLD_SERVICE, /* for nginx alone */
	WORLD_NETWORKS, /* from 192.0.2.0/24 and 2001:db8::/32 */
	WORLD_SCOPES, /* read, write */
	WORLD_SUSPENDED, /* of carol, who is */
	WORLD_VERIFIED, /* of dave, who is; with all restrictions */
	WORLD_DECOY,
	WORLD_KEYS,
	WORLD_UNKNOWN = WORLD_KEYS, /* a token whose id no key has */
	WORLD_FORGED, /* the id of the plain key, and another secret */
	WORLD_TOKENS
};

enum world_state {
	WORLD_NOW,
	WORLD_LATER, /* what was open is shut, what was disabled is open */
	WORLD_AHEAD, /* published by a clock that is 10,000 seconds ahead */
	WORLD_READABLE, /* of these, the states before this one can answer */
	WORLD_MISSING = WORLD_READABLE,
	WORLD_DAMAGED,
	WORLD_UNSAFE, /* its group may write it */
	WORLD_CUT,
	WORLD_STATES
};

struct world {
	char folder[FX_PATH];
	char store[FX_PATH + 32]; /* folder/now/keys.db */
	char usage_folder[FX_PATH + 32]; /* with a file for us */
	char usage[FX_PATH + 64]; /* that file */
	char tokens[WORLD_TOKENS][AK_TOKEN_MAX + 1];
	struct ak_key keys[WORLD_READABLE][WORLD_KEYS];
	int64_t published_at[WORLD_READABLE];
	enum world_state is; /* whose store is folder/now */
};

/* The one world of this program, made at the first call. */
struct world *world_get(void);

/* Put the store of another state in place, as a publish does. */
void world_become(struct world *world, enum world_state state);

/* The records in our usage file, which is then empty again. */
size_t world_usage(const struct world *world, struct ak_usage_record *last);

#endif
