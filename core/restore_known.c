/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "audit.h"
#include "restore_private.h"

/* How an audit begins. */
struct first {
	int64_t seq; /* 0: it has no row */
	uint8_t hash[AK_AUDIT_HASH_LEN];
};

static bool
take_first(const struct ak_audit *entry, void *context)
{
	struct first *first = context;

	first->seq = entry->seq;
	memcpy(first->hash, entry->hash, sizeof(first->hash));
	return false;
}

enum ak_code
ak_restore_is_of_here(struct ak_restore *r, bool *same, struct ak_error *error)
{
	struct first then = { 0 }, now = { 0 };
	struct ak_error ignored;
	enum ak_code code = ak_audit_list(r->then, NULL, 1, take_first, &then, error);

	*same = !r->readable ||
		ak_audit_list(r->now, NULL, 1, take_first, &now, &ignored) != AK_OK ||
		(then.seq > 0 && now.seq == then.seq &&
		    memcmp(then.hash, now.hash, sizeof(now.hash)) == 0);
	return code;
}

bool
ak_restore_was_deleted(struct ak_restore *r, const char *id)
{
	struct ak_record record;
	struct ak_error ignored;
	bool has;

	/* The store of a later day does not have it. */
	if (r->older && ak_record_by_id(r->now, id, &record, &has, &ignored) == AK_OK &&
	    has)
		return true;
	return ak_audit_has(r->now, id, &has, &ignored) != AK_OK || has;
}

bool
ak_restore_look_up(
    struct ak_restore *r, const char *id, struct ak_record *now, bool *found)
{
	struct ak_store_meta meta;
	struct ak_error ignored;
	struct ak_key key;
	bool known =
	    r->readable && ak_record_by_id(r->now, id, now, found, &ignored) == AK_OK;

	if (known && !r->older)
		return true;
	if (!known)
		memset(now, 0, sizeof(*now));
	if (!r->published ||
	    ak_store_find(&r->store, id, &key, &meta, &ignored) != AK_OK)
		return known;
	*found = key.id[0] != '\0';
	if (*found)
		now->key = key;
	return known || *found; /* the store leaves out what it cannot read */
}
