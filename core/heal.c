/* SPDX-License-Identifier: BSD-2-Clause */
#include <unistd.h>

#include "publish_private.h"
#include "sql.h"
#include "store.h"

/* ak_store_open, or ak_store_open_alone: the store without its delta. */
typedef enum ak_code open_fn(
    const char *path, uid_t owner, struct ak_store *store, struct ak_error *error);

/* Which publishing the store is; false when it is not there or cannot be read. */
static bool
read_store(const struct ak_master *m, open_fn *open_store, struct ak_store_meta *meta)
{
	struct ak_error ignored;
	struct ak_store store;
	struct ak_key key;
	bool read;

	if (open_store(m->paths.store, geteuid(), &store, &ignored) != AK_OK)
		return false;
	read = ak_store_find(&store, "", &key, meta, &ignored) == AK_OK;
	ak_store_close(&store);
	return read;
}

/* What was published last. Where the delta is lost, the store still tells a part. */
static bool
read_last(const struct ak_master *m, struct ak_store_meta *meta)
{
	return read_store(m, ak_store_open, meta) ||
	       read_store(m, ak_store_open_alone, meta);
}

/*
 * The floor under the clock never sinks by itself: a clock that was set back must not
 * bring an expired key to life with the next change (SECURITY R28).
 */
int64_t
ak_master_floor(const struct ak_master *m, int64_t now)
{
	struct ak_store_meta meta;

	if (!read_last(m, &meta))
		return now;
	return meta.published_at > now ? meta.published_at : now;
}

/* The generation of the store, 0 where nothing of it can be read, and of the master. */
static enum ak_code
generations(
    struct ak_master *m, int64_t *published, int64_t *own, struct ak_error *error)
{
	struct ak_installation is;
	struct ak_store_meta meta;
	enum ak_code code;

	/* In this order: a command that changes both now makes no master look older. */
	*published = read_last(m, &meta) ? meta.generation : 0;
	if ((code = ak_master_installation(m, &is, error)) == AK_OK)
		*own = is.generation;
	return code;
}

enum ak_code
ak_master_not_older(struct ak_master *m, struct ak_error *error)
{
	int64_t published, own;
	enum ak_code code = generations(m, &published, &own, error);

	if (code != AK_OK || published <= own)
		return code;
	return ak_fail(error, AK_E_STORE,
	    "%.200s: is older than what was published, generation %lld instead of "
	    "%lld: "
	    "keys that were revoked since would be LIVE again; bring back a backup: "
	    "authkey restore FILE; or, if this master is the right one: authkey "
	    "publish",
	    m->paths.master, (long long)own, (long long)published);
}

enum ak_code
ak_master_overtake(struct ak_master *m, struct ak_error *error)
{
	int64_t published, own;
	enum ak_code code = generations(m, &published, &own, error);

	if (code != AK_OK || published <= own)
		return code;
	return ak_write(
	    &m->db, AK_Q_generation_put, AK_VALUES(AK_NUMBER(published + 1)), error);
}

/* Is the store of the master's generation, and its changes those that were noted? */
static enum ak_code
is_current(struct ak_master *m, bool *current, struct ak_error *error)
{
	struct ak_installation is;
	struct ak_publishing p;
	struct ak_store_meta meta;
	enum ak_code code;

	*current = false;
	if ((code = ak_master_installation(m, &is, error)) == AK_OK &&
	    (code = ak_publishing_get(m, &p, error)) == AK_OK)
		*current = read_store(m, ak_store_open, &meta) &&
			   meta.generation == is.generation && meta.delta == p.tag;
	return code;
}

enum ak_code
ak_master_settle(struct ak_master *m, int64_t now, bool *healed, struct ak_error *error)
{
	enum ak_code code;
	bool current;

	*healed = false;
	if ((code = is_current(m, &current, error)) != AK_OK || current) {
		ak_master_rollback(m);
		return code;
	}
	*healed = true;
	return ak_master_end(m, ak_master_floor(m, now), false, error);
}

enum ak_code
ak_master_heal(struct ak_master *m, int64_t now, bool *healed, struct ak_error *error)
{
	enum ak_code code;
	bool current;

	*healed = false;
	if ((code = is_current(m, &current, error)) != AK_OK || current)
		return code;
	/* Another command may be between its commit and its rename: look again. */
	if ((code = ak_master_begin(m, error)) != AK_OK)
		return code;
	return ak_master_settle(m, now, healed, error);
}
