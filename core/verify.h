/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_VERIFY_H
#define AK_VERIFY_H

#include "decide.h"
#include "store.h"

/* Which store to ask, and who may own it. */
struct ak_source {
	const char *path;
	uid_t owner;
};

/* What became of one presented text. Holds no secret. */
struct ak_verdict {
	enum ak_reason reason;
	struct ak_token token; /* its public parts, when it has the shape of one */
	struct ak_key key; /* what the store says of the id; id empty: nothing */
	struct ak_store_meta meta; /* the store that answered */
	struct ak_store_mark mark;
	struct ak_error error; /* code AK_OK unless reason is AK_STORE_UNAVAILABLE */
};

/*
 * Verify a presented text: take it apart, find its key, compare its digest, decide.
 * The module, `authkey verify` and `authkey explain` all ask here. An ordinary
 * password is AK_MALFORMED before any file is opened.
 *
 *   text      len bytes, any values, no NUL needed; borrowed, never kept
 *   request   `proof` and `published_at` are filled in here, all else by the caller
 *   verdict   out, caller's memory
 *
 * verdict->reason is AK_VALID in one case only; the key may be believed in no other.
 */
void ak_verify(const struct ak_source *source, const char *text, size_t len,
    struct ak_request *request, struct ak_verdict *verdict);

/*
 * Decide again for a verdict that was AK_VALID: a key that was changed, or whose time
 * has ended since, is refused. When the store is still the same file, one lstat is all
 * that it costs. `request` and `verdict` as above; the verdict is brought up to date.
 */
void ak_verify_again(const struct ak_source *source, struct ak_request *request,
    struct ak_verdict *verdict);

#endif
