/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "btree.h"
#include "byte_order.h"
#include "store.h"
#include "trusted.h"

/* The fields of the file header, sqlite.org/fileformat2.html 1.3. */
#define HEADER_LEN 100
enum {
	AT_PAGE_SIZE = 16,
	AT_PAGE_COUNT = 28,
	AT_USER_VERSION = 60,
	AT_APPLICATION_ID = 68
};

#define TRIES 8 /* publishings that one opening may meet */

/* What publish leaves in every store, where another file of SQLite may differ. */
static const struct {
	size_t at;
	uint8_t value;
} fixed[] = {
	{ 18, 1 }, /* written with a rollback journal: no WAL holds newer pages */
	{ 19, 1 }, /* read likewise */
	{ 20, 0 }, /* no bytes reserved at the end of a page */
	{ 55, 0 }, /* no auto-vacuum, so that page 2 is the table's root */
	{ 59, 1 }, /* UTF-8 */
};

static enum ak_code
damaged(const struct ak_store *store, const char *what, struct ak_error *error)
{
	return ak_fail(error, AK_E_STORE, "%s: is damaged (%s); run: authkey publish",
	    store->path, what);
}

static bool
has_fixed(const uint8_t header[HEADER_LEN])
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (header[fixed[i].at] != fixed[i].value)
			return false;
	return true;
}

/* Is it a store? Then of which version, and is it the one that is known here? */
static enum ak_code
check_version(const uint8_t h[HEADER_LEN], const char *path, uint32_t *version,
    struct ak_error *error)
{
	*version = 0;
	if (memcmp(h, "SQLite format 3", 16) != 0 ||
	    ak_get_big_endian(h + AT_APPLICATION_ID, 4) != AK_STORE_APPLICATION_ID)
		return ak_fail(error, AK_E_STORE,
		    "%s: is not an authkey store; run: authkey publish", path);
	*version = ak_get_big_endian(h + AT_USER_VERSION, 4);
	if (*version == AK_STORE_VERSION || *version == AK_STORE_VERSION_DELTA)
		return AK_OK;
	return ak_fail(error, AK_E_STORE,
	    "%s: is a store of version %u and version %d is known here; %s", path,
	    (unsigned)*version, AK_STORE_VERSION_DELTA,
	    *version > AK_STORE_VERSION_DELTA
		? AK_UPGRADE
		: "upgrade the package authkey, too, and run: authkey publish");
}

/* Is it a store, a whole one, of the version that is known here? */
static enum ak_code
check_header(struct ak_store *store, const char *path, struct ak_error *error)
{
	uint8_t *h = store->tree.head;
	uint32_t version;
	enum ak_code code;

	/* What is too short for a header fits none. */
	if (ak_btree_read_head(&store->tree) < HEADER_LEN)
		memset(h, 0, HEADER_LEN);
	if ((code = check_version(h, path, &version, error)) != AK_OK)
		return code;
	if (ak_get_big_endian(h + AT_PAGE_SIZE, 2) != AK_PAGE_SIZE || !has_fixed(h))
		return ak_fail(error, AK_E_STORE,
		    "%s: is not as authkey leaves it; run: authkey publish", path);
	store->tree.pages = ak_get_big_endian(h + AT_PAGE_COUNT, 4);
	if ((off_t)store->tree.pages * AK_PAGE_SIZE != store->status.st_size)
		return ak_fail(
		    error, AK_E_STORE, "%s: is cut short; run: authkey publish", path);
	return AK_OK;
}

static enum ak_code
read_meta(struct ak_store *store, struct ak_error *error)
{
	uint8_t record[AK_META_PACKED_MAX];
	size_t len;

	if (ak_btree_first(&store->tree, record, sizeof(record), &len) !=
		AK_SEARCH_FOUND ||
	    !ak_meta_unpack(record, len, &store->meta))
		return damaged(store, "its first record", error);
	return AK_OK;
}

void
ak_store_close(struct ak_store *store)
{
	if (store->tree.fd < 0)
		return;
	close(store->tree.fd);
	store->tree.fd = -1;
	ak_delta_close(&store->delta);
}

enum ak_code
ak_store_open_alone(
    const char *path, uid_t owner, struct ak_store *store, struct ak_error *error)
{
	enum ak_code code;

	store->path = path;
	store->delta.fd = -1;
	memset(&store->meta, 0, sizeof(store->meta));
	code = ak_trusted_open(path, owner, &store->tree.fd, &store->status, error);
	if (code == AK_OK && ((code = check_header(store, path, error)) != AK_OK ||
				 (code = read_meta(store, error)) != AK_OK))
		ak_store_close(store);
	return code;
}

enum ak_code
ak_store_not_newer(const char *path, uid_t owner, struct ak_error *error)
{
	struct ak_store store = { .tree.fd = -1, .delta.fd = -1 };
	uint8_t h[HEADER_LEN];
	uint32_t version = 0;
	enum ak_code code = AK_OK;

	if (ak_trusted_open(path, owner, &store.tree.fd, &store.status, error) ==
		AK_OK &&
	    pread(store.tree.fd, h, sizeof(h), 0) == (ssize_t)sizeof(h))
		code = check_version(h, path, &version, error);
	ak_store_close(&store);
	return version > AK_STORE_VERSION_DELTA ? code : AK_OK;
}

/* The delta that the open store names. */
static enum ak_code
open_delta(struct ak_store *store, uid_t owner, struct ak_error *error)
{
	AK_FILLED_FIRST char path[PATH_MAX];

	if (!ak_delta_path(store->path, store->meta.delta, path, sizeof(path)))
		return ak_fail(error, AK_E_STORE, "%s: is too long", store->path);
	return ak_delta_open(path, store->meta.delta, owner, &store->delta, error);
}

static void
mark_of(const struct stat *st, struct ak_file_mark *mark)
{
	memset(mark, 0, sizeof(*mark));
	mark->dev = st->st_dev;
	mark->ino = st->st_ino;
	mark->size = st->st_size;
	mark->mtime = st->st_mtim;
}

/* Whether the file system has kept the time of a publishing. */
static bool
keeps_mark(const struct stat *st, const struct ak_store_meta *meta)
{
	return st->st_mtim.tv_sec == meta->published_at &&
	       st->st_mtim.tv_nsec == meta->generation % AK_STORE_MARKS;
}

static bool
is_still(const char *path, const struct ak_file_mark *mark)
{
	struct ak_file_mark now;
	struct stat st;

	if (lstat(path, &st) != 0 || st.st_nlink != 1)
		return false;
	mark_of(&st, &now);
	return memcmp(&now, mark, sizeof(now)) == 0;
}

/*
 * A publish of the whole store puts the new delta there first, then the new store, and
 * takes the old delta away: whoever opened the old store meanwhile may miss its delta,
 * and then finds that the store is another. If it is the same one, it is not whole. Its
 * number is nobody else's as long as it is open.
 */
enum ak_code
ak_store_open(
    const char *path, uid_t owner, struct ak_store *store, struct ak_error *error)
{
	struct ak_file_mark mark;
	enum ak_code code;
	bool still;

	for (int tries = 0;; tries++) {
		code = ak_store_open_alone(path, owner, store, error);
		if (code != AK_OK || store->meta.delta == 0 ||
		    (code = open_delta(store, owner, error)) == AK_OK)
			return code;
		mark_of(&store->status, &mark);
		still = is_still(path, &mark);
		ak_store_close(store);
		if (still || tries == TRIES)
			return code;
	}
}

/*
 * Both files are asked, so that a key that has changed takes the same work as another;
 * what the delta says of it counts. `what` is what may be damaged.
 */
static enum ak_search
find_record(struct ak_store *store, const char *id, uint8_t record[AK_PACKED_MAX],
    size_t *len, const char **what)
{
	enum ak_search in_store =
	    ak_btree_find(&store->tree, id, record, AK_PACKED_MAX, len);
	enum ak_search in_delta;

	*what = in_store == AK_SEARCH_FOUND ? "a record" : "a page";
	if (store->delta.fd < 0)
		return in_store;
	in_delta = ak_delta_find(&store->delta, id, record, AK_PACKED_MAX, len);
	if (in_delta == AK_SEARCH_MISSING)
		return in_store;
	*what = "its delta";
	if (in_delta == AK_SEARCH_DAMAGED || *len > 0)
		return in_delta;
	memset(record, 0, AK_PACKED_USUAL);
	*len = AK_PACKED_USUAL;
	return AK_SEARCH_MISSING;
}

static enum ak_code
find_key(
    struct ak_store *store, const char *id, struct ak_key *key, struct ak_error *error)
{
	AK_FILLED_FIRST uint8_t record[AK_PACKED_MAX];
	size_t len = AK_PACKED_USUAL;
	enum ak_search search;
	const char *what;
	bool fits;

	/* An unknown id is unpacked too, from zeroes that fit no seal: SECURITY R10. */
	memset(record, 0, AK_PACKED_USUAL);
	search = find_record(store, id, record, &len, &what);
	fits = ak_key_unpack(id, record, len, key);
	if (search == AK_SEARCH_MISSING || (search == AK_SEARCH_FOUND && fits))
		return AK_OK;
	memset(key, 0, sizeof(*key));
	return damaged(store, what, error);
}

enum ak_code
ak_store_find(struct ak_store *store, const char *id, struct ak_key *key,
    struct ak_store_meta *meta, struct ak_error *error)
{
	memset(key, 0, sizeof(*key));
	*meta = store->delta.fd >= 0 ? store->delta.head.meta : store->meta;
	return id[0] != '\0' ? find_key(store, id, key, error) : AK_OK;
}

/* Who is told of ids. */
struct listener {
	ak_store_id_fn *fn;
	void *context;
};

/* Those of keys: they have AK_ID_LEN bytes. */
static void
pass_on(const uint8_t *bytes, size_t len, void *context)
{
	const struct listener *listener = context;
	char id[AK_ID_LEN + 1] = "";

	if (len != AK_ID_LEN)
		return;
	memcpy(id, bytes, len);
	listener->fn(id, listener->context);
}

void
ak_store_ids(struct ak_store *store, ak_store_id_fn *fn, void *context)
{
	struct listener listener = { fn, context };

	ak_btree_ids(&store->tree, pass_on, &listener);
	if (store->delta.fd >= 0)
		ak_delta_ids(&store->delta, pass_on, &listener);
}

void
ak_store_even_out(struct ak_store *store, const char *id)
{
	ak_delta_even_out(&store->delta, id);
}

void
ak_store_mark(const struct ak_store *store, struct ak_store_mark *mark)
{
	memset(mark, 0, sizeof(*mark));
	mark_of(&store->status, &mark->store);
	mark->tag = store->meta.delta;
	mark->kept = keeps_mark(&store->status, &store->meta);
	if (mark->tag != 0) {
		mark_of(&store->delta.status, &mark->delta);
		mark->kept = mark->kept &&
			     keeps_mark(&store->delta.status, &store->delta.head.meta);
	}
}

bool
ak_store_is_still(const char *path, const struct ak_store_mark *mark)
{
	AK_FILLED_FIRST char delta[PATH_MAX];

	return mark->kept && is_still(path, &mark->store) &&
	       (mark->tag == 0 ||
		   (ak_delta_path(path, mark->tag, delta, sizeof(delta)) &&
		       is_still(delta, &mark->delta)));
}
