/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef APPLY_PRIVATE_H
#define APPLY_PRIVATE_H

#include "apply.h"

/* Say what is wrong with the item at hand; nothing is changed then. AK_OK. */
enum ak_code apply_mistake(struct apply *apply, const char *field, const char *why);

/* Note that the file names this; false when it has before. */
bool apply_see(struct apply *apply, const char *kind, const char *name);

/* Whether it was noted. */
bool apply_seen(const struct apply *apply, const char *kind, const char *name);

/* A row of the answer; takes `changes` over. `record` is NULL for an owner. */
enum ak_code apply_row(struct apply *apply, const char *action,
    const struct ak_record *record, const char *owner, json_t *changes);

/*
 * What the item at hand says of a key, in two steps: at first all keys give up the
 * names that they are not to have, and what then needs a name waits in apply->later.
 */
enum ak_code apply_key_first(struct apply *apply, json_t *item);
enum ak_code apply_key_later(struct apply *apply);

/* Between the two: revoke the keys that the file does not name. */
enum ak_code apply_prune(struct apply *apply);

#endif
