/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The search for tokens in files: in pieces of any size it finds what a search of the
 * whole finds, in the same places and lines, also where its window has to move on.
 *
 *	byte	the piece that comes at a time, and 0: all at once
 *	byte	how much filler stands before the text, and of what
 *	rest	the text; "%%%%%%" becomes the checksum of what could be a token before
 *it
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "scan.h"

#define BODY (AK_ID_LEN + AK_SECRET_LEN)

struct text {
	char *bytes;
	size_t len;
	size_t *at; /* of the tokens, in their order */
	size_t count, seen;
	size_t counted; /* bytes whose lines are counted */
	uint64_t line;
};

static void
expect(size_t at, size_t len, void *context)
{
	struct text *t = context;

	(void)len;
	t->at = realloc(t->at, (t->count + 1) * sizeof(*t->at));
	FUZZ_CHECK(t->at != NULL);
	t->at[t->count++] = at;
}

static bool
meet(const struct ak_scan_find *find, void *context)
{
	struct text *t = context;

	FUZZ_CHECK(t->seen < t->count && find->offset == t->at[t->seen]);
	FUZZ_CHECK(memcmp(find->text, t->bytes + find->offset, find->len) == 0);
	FUZZ_CHECK(find->len == strlen(find->token.prefix) + 1 + AK_BODY_LEN);
	for (; t->counted < find->offset; t->counted++)
		t->line += t->bytes[t->counted] == '\n';
	FUZZ_CHECK(find->line == t->line);
	t->seen++;
	return true;
}

/* Filler: none, a little, or now and then so much that the window of 256 KiB is full.
 */
static size_t
filler(uint8_t how, char *with)
{
	*with = "a\n1 "[how & 3];
	if (how < 224)
		return how >> 4;
	return how < 240 ? AK_SCAN_WINDOW - 8U * (how >> 2 & 3) : AK_SCAN_WINDOW + 8000;
}

static bool
is_prefix_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Who mutates a text finds no checksum. The prefix is as long as it can be. */
static void
put_checksums(struct text *t)
{
	size_t begin;

	for (size_t i = BODY + 3; i + AK_CHECKSUM_LEN <= t->len; i++) {
		if (memcmp(t->bytes + i, "%%%%%%", AK_CHECKSUM_LEN) != 0 ||
		    t->bytes[i - BODY - 1] != '_')
			continue;
		begin = i - BODY - 1;
		while (begin > 0 && i - begin <= BODY + AK_PREFIX_MAX &&
		       is_prefix_char(t->bytes[begin - 1]))
			begin--;
		ak_token_checksum(t->bytes + begin, i - begin, t->bytes + i);
	}
}

static void
search(struct ak_scan *scan, struct text *t, size_t piece)
{
	size_t room, n;
	char *to;

	ak_scan_begin(scan);
	for (size_t done = 0; done < t->len; done += n) {
		to = ak_scan_room(scan, &room);
		FUZZ_CHECK(room > 0);
		n = t->len - done < room ? t->len - done : room;
		n = piece != 0 && n > piece ? piece : n;
		memcpy(to, t->bytes + done, n);
		FUZZ_CHECK(ak_scan_took(scan, n, meet, t));
	}
	FUZZ_CHECK(t->seen == t->count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ak_scan scan;
	struct fuzz_input in = { data, size };
	uint8_t piece = fuzz_byte(&in);
	struct text t = { .line = 1 };
	size_t before;
	char with;

	before = filler(fuzz_byte(&in), &with);
	t.len = before + in.left;
	t.bytes = malloc(t.len + 1);
	FUZZ_CHECK(t.bytes != NULL);
	memset(t.bytes, with, before);
	if (in.left > 0)
		memcpy(t.bytes + before, in.at, in.left);
	put_checksums(&t);
	fuzz_tokens(t.bytes, t.len, expect, &t);
	/* Small pieces of much filler would take too long. */
	search(&scan, &t, before > 4096 && piece < 128 ? 0 : piece);
	free(t.at);
	free(t.bytes);
	return 0;
}
