/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <sodium.h>

#include "scan.h"

void
ak_scan_begin(struct ak_scan *s)
{
	s->before = 0;
	s->line = 1;
	s->counted = 0;
	s->looked = 0;
	s->held = 0;
}

/* Count the lines of the window up to `to`. */
static void
count_lines(struct ak_scan *s, size_t to)
{
	size_t lines = 0;

	for (size_t i = s->counted; i < to; i++)
		lines += s->window[i] == '\n';
	s->line += lines;
	s->counted = to;
}

/* Let go of what no token can begin in any more. */
static void
shift(struct ak_scan *s)
{
	size_t gone = s->looked > AK_PREFIX_MAX ? s->looked - AK_PREFIX_MAX : 0;

	count_lines(s, gone);
	memmove(s->window, s->window + gone, s->held - gone);
	s->before += gone;
	s->held -= gone;
	s->looked -= gone;
	s->counted = 0;
}

char *
ak_scan_room(struct ak_scan *s, size_t *size)
{
	*size = AK_SCAN_WINDOW - s->held;
	return s->window + s->held;
}

/* The token around the '_' at `mark`, if there is one. False when `fn` wants no more.
 */
static bool
look(struct ak_scan *s, size_t mark, ak_scan_fn *fn, void *context)
{
	struct ak_scan_find find;
	size_t at;

	if (!ak_token_around(s->window, s->held, mark, &at, &find.token))
		return true;
	count_lines(s, at);
	find.text = s->window + at;
	find.len = mark - at + 1 + AK_BODY_LEN;
	find.offset = s->before + at;
	find.line = s->line;
	return fn(&find, context);
}

bool
ak_scan_took(struct ak_scan *s, size_t n, ak_scan_fn *fn, void *context)
{
	const char *mark;

	s->held += n;
	while (s->looked < s->held) {
		mark = memchr(s->window + s->looked, '_', s->held - s->looked);
		s->looked = mark != NULL ? (size_t)(mark - s->window) : s->held;
		if (s->held - s->looked < 1 + AK_BODY_LEN)
			break; /* the rest of it may come */
		if (!look(s, s->looked, fn, context))
			return false;
		s->looked++;
	}
	shift(s);
	return true;
}

void
ak_scan_wipe(struct ak_scan *s)
{
	sodium_memzero(s, sizeof(*s));
}
