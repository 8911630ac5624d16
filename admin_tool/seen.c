/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "seen.h"

/* Where a mark is, or is to be. */
static uint64_t *
place_of(const struct seen *seen, uint64_t mark)
{
	size_t i = mark & (seen->room - 1);

	while (seen->at[i] != 0 && seen->at[i] != mark)
		i = (i + 1) & (seen->room - 1);
	return &seen->at[i];
}

/* Twice the room, a power of two; less than half of it is taken. */
static bool
grow(struct seen *seen)
{
	struct seen more = { .room = seen->room > 0 ? 2 * seen->room : 64 };

	if ((more.at = calloc(more.room, sizeof(*more.at))) == NULL)
		return false;
	for (size_t i = 0; i < seen->room; i++)
		if (seen->at[i] != 0)
			*place_of(&more, seen->at[i]) = seen->at[i];
	more.count = seen->count;
	free(seen->at);
	*seen = more;
	return true;
}

bool
seen_first(struct seen *seen, uint64_t mark)
{
	uint64_t *place;

	mark += mark == 0;
	if (seen->count < SEEN_MAX && 2 * (seen->count + 1) > seen->room && !grow(seen))
		return true;
	place = place_of(seen, mark);
	if (*place == mark)
		return false;
	if (seen->count < SEEN_MAX) {
		*place = mark;
		seen->count++;
	}
	return true;
}

void
seen_free(struct seen *seen)
{
	free(seen->at);
	*seen = (struct seen){ .at = NULL };
}
