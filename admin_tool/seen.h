/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SEEN_H
#define SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What was seen before, in bounded memory: whoever writes a log decides how much is
 * found in it.
 */
#define SEEN_MAX ((size_t)1 << 20)

struct seen {
	uint64_t *at; /* open addressing; 0: free */
	size_t count, room;
};

/*
 * Whether something is seen for the first time. Past SEEN_MAX, and without memory,
 * nothing more is remembered, and counts as new each time.
 *
 *   mark  of the thing, evenly distributed: a part of its digest
 */
bool seen_first(struct seen *seen, uint64_t mark);

void seen_free(struct seen *seen);

#endif
