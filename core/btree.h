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

enum ak_search { AK_SEARCH_FOUND, AK_SEARCH_MISSING, AK_SEARCH_DAMAGED };

/*
 * Find the record under `id`.
 *
 *   fd      open for reading; only pread() is used
 *   pages   the number of pages that the file has
 *   id      compared by bytes, as SQLite's BINARY collation does
 *   record  out, `size` bytes of the caller's memory; `*len` are used when found
 *
 * AK_SEARCH_DAMAGED  not a tree of that table, an error of input, or no room in
 * `record`
 */
enum ak_search ak_btree_find(
    int fd, uint32_t pages, const char *id, uint8_t *record, size_t size, size_t *len);

#endif
