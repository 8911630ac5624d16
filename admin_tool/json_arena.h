/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JSON_ARENA_H
#define JSON_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

/* Make jansson take its memory from here, and wipe what it gives back. */
void json_arena_prepare(void);

/*
 * Whether jansson was ever without memory. A value may then lack a part, a restriction
 * of a key for one: what was made of any since is neither to be kept nor to be trusted.
 */
bool json_arena_was_short(void);

/*
 * json_loadb() for a value that lives until json_arena_clear(), for one after the other
 * of many lines: its parts lie together, and are wiped and given back together. Nothing
 * of it may be kept; json_decref() it all the same.
 */
json_t *json_arena_load(const char *text, size_t len, size_t flags, json_error_t *off);
void json_arena_clear(void);

#endif
