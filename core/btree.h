/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_BTREE_H
#define AK_BTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Search one table of a SQLite database file, by its documented format: a table
 * WITHOUT ROWID, (id TEXT PRIMARY KEY, record BLOB), at root page 2, in pages of 4096
 * bytes. Every login opens the store anew, and nine tenths of what SQLite then does is
 * to read its own schema and to compile a statement that is always the same; `make
 * bench` shows what it costs. A search here is a few reads, without memory to allocate
 * and without state in the host.
 *
 * Every offset is checked against its page and every page against the file: whatever
 * the bytes are, a search ends and reads nothing else.
 *
 * Source: sqlite.org/fileformat2.html, 1.6 (b-tree pages) and 2.1 (records).
 */
#define AK_PAGE_SIZE 4096
#define AK_BTREE_ROOT 2

/*
 * A big buffer that is filled before it is read: the compiler is not to clear it, which
 * would cost each login a walk through the processor's cache.
 */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define AK_FILLED_FIRST __attribute__((uninitialized))
#endif
#endif
#ifndef AK_FILLED_FIRST
#define AK_FILLED_FIRST
#endif

enum ak_search { AK_SEARCH_FOUND, AK_SEARCH_MISSING, AK_SEARCH_DAMAGED };

/*
 * A file that is searched, and what it begins with, which is read once: the header of
 * SQLite, the root and the page behind it. There the first record stands: it is the
 * last that is inserted, and SQLite keeps the lowest number for the leftmost page.
 */
#define AK_BTREE_FIRST 3
struct ak_btree {
	int fd; /* open for reading; only pread() is used */
	uint32_t pages; /* that the file has */
	uint32_t known; /* that `head` has, whole ones */
	uint8_t head[AK_BTREE_FIRST * AK_PAGE_SIZE];
};

/* Read the head of an open file. Returns the number of bytes that are there. */
size_t ak_btree_read_head(struct ak_btree *tree);

/*
 * Find the record under `id`.
 *
 *   id      compared by bytes, as SQLite's BINARY collation does
 *   record  out, `size` bytes of the caller's memory; `*len` are used when found
 *
 * AK_SEARCH_DAMAGED  not a tree of that table, an error of input, or no room in
 * `record`
 */
enum ak_search ak_btree_find(const struct ak_btree *tree, const char *id,
    uint8_t *record, size_t size, size_t *len);

/*
 * The same for the empty id, which sorts before all others: it is looked for where it
 * stands in what publish writes, in the head, and only then from the root.
 */
enum ak_search ak_btree_first(
    const struct ak_btree *tree, uint8_t *record, size_t size, size_t *len);

/*
 * Hand the id of each cell to `fn`, on whatever page of the file it stands, in no
 * order: every id that a search can find, and perhaps some that none does. What cannot
 * be read is passed over. To look at a whole store, never for a login.
 *
 *   id  `len` bytes, borrowed for the call
 */
typedef void ak_btree_id_fn(const uint8_t *id, size_t len, void *context);
void ak_btree_ids(const struct ak_btree *tree, ak_btree_id_fn *fn, void *context);

#endif
