/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <sodium.h>

#include "json_arena.h"
#include "out.h"

/* What a line usually takes, many times over; what does not fit comes from malloc(3).
 */
#define ROOM (256 * 1024)

static alignas(max_align_t) unsigned char arena[ROOM];
static size_t used;
static bool loading, was_short;

static void *
take(size_t size)
{
	const size_t step = alignof(max_align_t);
	void *at = arena + used;

	if (!loading || size > ROOM - used - step) {
		at = malloc(size);
		was_short = was_short || at == NULL;
		return at;
	}
	used += (size + step - 1) / step * step;
	return at;
}

static void
give_back(void *memory)
{
	uintptr_t at = (uintptr_t)memory, begin = (uintptr_t)arena;

	if (at < begin || at >= begin + ROOM)
		out_wipe(memory);
}

void
json_arena_prepare(void)
{
	json_set_alloc_funcs(take, give_back);
}

bool
json_arena_was_short(void)
{
	return was_short;
}

json_t *
json_arena_load(const char *text, size_t len, size_t flags, json_error_t *off)
{
	json_t *value;

	loading = true;
	value = json_loadb(text, len, flags, off);
	loading = false;
	return value;
}

void
json_arena_clear(void)
{
	sodium_memzero(arena, used);
	used = 0;
}
