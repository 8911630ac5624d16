/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "btree.h"
#include "byte_order.h"

/* The least payload that leaves a page, and the least that stays: 1.6, "P is ...". */
#define MAX_LOCAL ((AK_PAGE_SIZE - 12) * 64 / 255 - 23)
#define MIN_LOCAL ((AK_PAGE_SIZE - 12) * 32 / 255 - 23)
#define PER_OVERFLOW (AK_PAGE_SIZE - 4)
#define MAX_DEPTH 20 /* a tree of 2^32 pages has fewer levels */

enum { INTERIOR_INDEX = 2, LEAF_INDEX = 10 };

/* A page, of the head or one that was read, and what its header says. */
struct page {
	const uint8_t *bytes;
	unsigned cells;
	bool leaf;
	uint8_t buffer[AK_PAGE_SIZE];
};

/* A cell: where its payload lies, and the two columns of its record. */
struct cell {
	size_t at, end; /* of the payload that is on the page */
	uint64_t payload; /* all of it, with what overflows */
	const uint8_t *id;
	size_t id_len;
	size_t record_at; /* from the first byte of the payload */
	size_t record_len;
};

static ssize_t
read_at(int fd, uint8_t *bytes, size_t len, off_t offset)
{
	ssize_t n;

	do
		n = pread(fd, bytes, len, offset);
	while (n < 0 && errno == EINTR);
	return n;
}

size_t
ak_btree_read_head(struct ak_btree *tree)
{
	ssize_t n = read_at(tree->fd, tree->head, sizeof(tree->head), 0);

	tree->known = n > 0 ? (uint32_t)n / AK_PAGE_SIZE : 0;
	return n > 0 ? (size_t)n : 0;
}

static bool
read_page(const struct ak_btree *tree, uint32_t number, struct page *page)
{
	size_t offset = (size_t)(number - 1) * AK_PAGE_SIZE;

	if (number < AK_BTREE_ROOT || number > tree->pages)
		return false;
	page->bytes = number <= tree->known ? tree->head + offset : page->buffer;
	return number <= tree->known || read_at(tree->fd, page->buffer, AK_PAGE_SIZE,
					    (off_t)offset) == AK_PAGE_SIZE;
}

static bool
read_node(const struct ak_btree *tree, uint32_t number, struct page *page)
{
	if (!read_page(tree, number, page) ||
	    (page->bytes[0] != LEAF_INDEX && page->bytes[0] != INTERIOR_INDEX))
		return false;
	page->leaf = page->bytes[0] == LEAF_INDEX;
	page->cells = ak_get_big_endian(page->bytes + 3, 2);
	return page->cells <= AK_PAGE_SIZE / 2 - 6;
}

/* A number of up to four bytes, seven bits each: nothing in a store is larger. */
static bool
take_varint(const uint8_t *bytes, size_t *at, size_t end, uint64_t *n)
{
	*n = 0;
	for (int i = 0; i < 4 && *at < end; i++) {
		uint8_t byte = bytes[(*at)++];

		*n = *n << 7 | (byte & 0x7f);
		if ((byte & 0x80) == 0)
			return true;
	}
	return false;
}

/* The record header: its length, the type of the id (TEXT), the type of the record. */
static bool
read_header(const struct page *page, struct cell *cell)
{
	uint64_t header, id, record;
	size_t at = cell->at;

	if (!take_varint(page->bytes, &at, cell->end, &header) ||
	    !take_varint(page->bytes, &at, cell->end, &id) ||
	    !take_varint(page->bytes, &at, cell->end, &record) ||
	    at - cell->at != header || id < 13 || id % 2 == 0 || record < 12 ||
	    record % 2 != 0)
		return false;
	cell->id_len = (id - 13) / 2;
	cell->record_len = (record - 12) / 2;
	cell->record_at = header + cell->id_len;
	if (cell->id_len > cell->end - at ||
	    cell->record_at + cell->record_len != cell->payload)
		return false;
	cell->id = page->bytes + at;
	return true;
}

static bool
read_cell(const struct page *page, unsigned i, struct cell *cell)
{
	size_t pointers = page->leaf ? 8 : 12, local;

	if (pointers + 2 * (i + 1) > AK_PAGE_SIZE)
		return false;
	cell->at =
	    ak_get_big_endian(page->bytes + pointers + 2 * i, 2) + (page->leaf ? 0 : 4);
	if (!take_varint(page->bytes, &cell->at, AK_PAGE_SIZE, &cell->payload))
		return false;
	local = cell->payload;
	if (cell->payload > MAX_LOCAL) {
		local = MIN_LOCAL + (cell->payload - MIN_LOCAL) % PER_OVERFLOW;
		if (local > MAX_LOCAL)
			local = MIN_LOCAL;
		if (cell->at + local + 4 > AK_PAGE_SIZE)
			return false; /* the number of its overflow page */
	}
	cell->end = cell->at + local;
	return cell->end <= AK_PAGE_SIZE && read_header(page, cell);
}

/* <0, 0, >0 as the cell's id sorts before, is, or sorts after `id`. */
static int
compare(const struct cell *cell, const char *id, size_t len)
{
	int order = memcmp(cell->id, id, cell->id_len < len ? cell->id_len : len);

	return order != 0 ? order : (cell->id_len > len) - (cell->id_len < len);
}

/*
 * The first cell of a page that does not sort before `id`. `*found` says whether it is
 * the id's own; `*i` is page->cells when all of them sort before it.
 */
static bool
search_page(const struct page *page, const char *id, unsigned *i, bool *found)
{
	unsigned low = 0, high = page->cells;
	size_t len = strlen(id);
	struct cell cell;
	int order;

	*found = false;
	while (low < high) {
		*i = low + (high - low) / 2;
		if (!read_cell(page, *i, &cell))
			return false;
		if ((order = compare(&cell, id, len)) == 0) {
			*found = true;
			return true;
		}
		if (order < 0)
			low = *i + 1;
		else
			high = *i;
	}
	*i = low;
	return true;
}

/* Copy a record out, following it through its overflow pages: 1.6, "Overflow". */
static bool
copy_record(const struct ak_btree *tree, struct page *page, const struct cell *cell,
    uint8_t *record, size_t size)
{
	size_t local = cell->end - cell->at, done, n;
	uint32_t next = 0;

	if (cell->record_len > size || cell->record_at > local)
		return false;
	done = local - cell->record_at;
	memcpy(record, page->bytes + cell->at + cell->record_at, done);
	if (done < cell->record_len)
		next = ak_get_big_endian(page->bytes + cell->end, 4);
	while (done < cell->record_len) {
		if (!read_page(tree, next, page))
			return false;
		n = cell->record_len - done;
		n = n < PER_OVERFLOW ? n : PER_OVERFLOW;
		memcpy(record + done, page->bytes + 4, n);
		done += n;
		next = ak_get_big_endian(page->bytes, 4);
	}
	return true;
}

static enum ak_search
take_record(const struct ak_btree *tree, struct page *page, unsigned i, uint8_t *record,
    size_t size, size_t *len)
{
	struct cell cell;

	if (!read_cell(page, i, &cell) || !copy_record(tree, page, &cell, record, size))
		return AK_SEARCH_DAMAGED;
	*len = cell.record_len;
	return AK_SEARCH_FOUND;
}

/* The page on which to go on, behind a cell that does not sort before the id. */
static uint32_t
child(const struct page *page, unsigned i)
{
	size_t at = 8;

	if (i < page->cells)
		at = ak_get_big_endian(page->bytes + 12 + 2 * i, 2);
	return ak_get_big_endian(page->bytes + at, 4);
}

enum ak_search
ak_btree_find(const struct ak_btree *tree, const char *id, uint8_t *record, size_t size,
    size_t *len)
{
	uint32_t number = AK_BTREE_ROOT;
	AK_FILLED_FIRST struct page page;
	unsigned i;
	bool found;

	for (int depth = 0; depth < MAX_DEPTH; depth++) {
		if (!read_node(tree, number, &page) ||
		    !search_page(&page, id, &i, &found))
			return AK_SEARCH_DAMAGED;
		if (found)
			return take_record(tree, &page, i, record, size, len);
		if (page.leaf)
			return AK_SEARCH_MISSING;
		number = child(&page, i);
	}
	return AK_SEARCH_DAMAGED;
}

enum ak_search
ak_btree_first(const struct ak_btree *tree, uint8_t *record, size_t size, size_t *len)
{
	AK_FILLED_FIRST struct page page;
	struct cell cell;

	if (tree->known >= AK_BTREE_FIRST && read_node(tree, AK_BTREE_FIRST, &page) &&
	    page.leaf && page.cells > 0 && read_cell(&page, 0, &cell) &&
	    cell.id_len == 0)
		return take_record(tree, &page, 0, record, size, len);
	return ak_btree_find(tree, "", record, size, len);
}

void
ak_btree_ids(const struct ak_btree *tree, ak_btree_id_fn *fn, void *context)
{
	struct page page;
	struct cell cell;

	for (uint32_t number = AK_BTREE_ROOT; number <= tree->pages; number++) {
		if (!read_node(tree, number, &page))
			continue;
		for (unsigned i = 0; i < page.cells; i++)
			if (read_cell(&page, i, &cell))
				fn(cell.id, cell.id_len, context);
	}
}
