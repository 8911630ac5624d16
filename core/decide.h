/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_DECIDE_H
#define AK_DECIDE_H

#include <stddef.h>

#include "key.h"
#include "reason.h"

/*
 * What is asked. All texts are borrowed and may be NULL; a NULL or empty text never
 * makes a check pass that a real one would fail.
 */
struct ak_request {
	enum ak_reason proof; /* AK_VALID when the token proved its key, or why not */
	const char *user; /* the PAM user */
	bool any_user; /* the user is not looked at */
	const char *service; /* the PAM service */
	const char *rhost; /* the remote address, as PAM_RHOST gives it */
	const char *scopes; /* word list: the key must have them all */
	bool require_verified_owner;
	int64_t now; /* seconds since 1970 UTC */
	int64_t published_at; /* when the store was published, by the clock of then */
};

/* A clock this many seconds before the publishing is behind, and not just imprecise. */
#define AK_CLOCK_SLACK 300

/* One check of the decision, in a table for decide and explain alike. */
struct ak_check {
	enum ak_reason reason; /* the answer when it refuses */
	const char *asks; /* what it asks, for people */
	bool (*refuses)(const struct ak_key *key, const struct ak_request *request);
};

/* The checks in the order in which they count. */
extern const struct ak_check ak_checks[];
extern const size_t ak_check_count;

/*
 * The one decision: whether this key opens what is asked. Pure: no clock, no file, no
 * memory. The first check that refuses gives the reason; AK_VALID when none does.
 * When `proof` is not AK_VALID the key is never looked at and may be all zero.
 */
enum ak_reason ak_decide(const struct ak_key *key, const struct ak_request *request);

#endif
