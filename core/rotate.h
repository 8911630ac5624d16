/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_ROTATE_H
#define AK_ROTATE_H

#include "record.h"
#include "usage.h"

/* How a key gives way to its successor. */
struct ak_rotation {
	int64_t now; /* s since 1970 UTC */
	const char *by; /* who does it */
	bool drain; /* the old key ends when its callers have gone on */
	int64_t until; /* when the old key ends at the latest; AK_NO_TIME: at once, or
			  with `drain` when it has drained */
	bool dated; /* the new key gets another expiry than the old one's */
	int64_t expires_at; /* which: s since 1970 UTC, or AK_NO_TIME */
};

/* A callers' time before the rotation: who was not seen in it need not go on. */
#define AK_ROTATION_LOOK (30 * INT64_C(86400))

/*
 * Issue a successor to a key within a change: a new id and secret, with the name, the
 * description, the owner, the restrictions, the tags, the state and the expiry of the
 * old key. The same date, and not the same length of life: who may replace his own key
 * must not be able to prolong it.
 *
 *   old    in: as read within this change; out: as it is now. It ends at plan->until,
 *          or at its own expiry where that is earlier, or now
 *   new    out: the successor
 *   token  out, the secret: shown once after ak_master_commit(), then wiped
 *
 * AK_E_CONFLICT  it is revoked, a decoy, has expired (unless plan->dated), or has a
 *                successor that is not revoked, which is named
 * AK_E_USAGE     the new key would end before it begins
 */
enum ak_code ak_key_rotate(struct ak_master *master, struct ak_record *old,
    const struct ak_rotation *plan, struct ak_record *new, char token[AK_TOKEN_MAX + 1],
    struct ak_error *error);

/* The key that `id` took the place of, "" when there is none. */
enum ak_code ak_key_replaces(struct ak_master *master, const char *id,
    char replaces[AK_ID_LEN + 1], struct ak_error *error);

/* The keys that wait for their callers to go on. */
enum ak_code ak_key_draining(
    struct ak_master *master, ak_record_fn *fn, void *context, struct ak_error *error);

/* Who has been let in with a replaced key. Texts are borrowed, "" where unknown. */
struct ak_rotation_caller {
	const char *service;
	const char *address; /* "*": more of them on a day than are told apart */
	int64_t last_day; /* s since 1970 UTC, the beginning of that day */
	int64_t uses; /* on the day of the rotation and since */
	int64_t moved_day; /* when first seen with a successor, or AK_NO_TIME */
};

typedef bool ak_rotation_caller_fn(
    const struct ak_rotation_caller *caller, void *context);

/*
 * Each service and address that a replaced key was used for and from since
 * AK_ROTATION_LOOK before its rotation; those that no successor was seen with first.
 */
enum ak_code ak_rotation_callers(struct ak_usage *usage, const char *id,
    ak_rotation_caller_fn *fn, void *context, struct ak_error *error);

/*
 * Whether a replaced key has drained: a successor was used, and seen with every caller
 * of ak_rotation_callers(). Callers that are not told apart never go on.
 */
enum ak_code ak_rotation_is_over(
    struct ak_usage *usage, const char *id, bool *over, struct ak_error *error);

#endif
