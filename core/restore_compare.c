/* SPDX-License-Identifier: BSD-2-Clause */
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner.h"
#include "recovery.h"
#include "restore_private.h"

/* gcc 12's analyzer does not know that tsearch() keeps what it is given. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

#define SINCE_THE_BACKUP "ended after the backup that was restored"

/* One comparison. */
struct comparison {
	struct ak_restore *r;
	const struct ak_restore_carry *carry;
	ak_ended_fn *fn;
	void *context;
	struct ak_restore_view *view;
	bool of_here; /* the backup is of this installation */
	bool owners_read; /* the present master has told of each */
	void *told; /* names of owners who were told of, a tree: tsearch(3) */
	struct ak_error *error; /* its code says whether something failed */
};

/* A rotation ends a key so: its token must not live on. */
static bool
ends_sooner(const struct ak_key *now, const struct ak_key *then)
{
	return now->expires_at != AK_NO_TIME &&
	       (then->expires_at == AK_NO_TIME || now->expires_at < then->expires_at);
}

/* Whether, and how, a key was ended since. */
static bool
was_ended(const struct comparison *c, const struct ak_record *then,
    const struct ak_record *now, bool found, enum ak_ended *how)
{
	if (then->key.state == AK_ENDED)
		return false;
	if (!found) {
		*how = AK_ENDED_DELETED;
		return ak_restore_was_deleted(c->r, then->key.id);
	}
	if (now->key.state == AK_ENDED)
		*how = AK_ENDED_REVOKED;
	else if (now->key.state == AK_SWITCHED_OFF && then->key.state == AK_ENABLED)
		*how = AK_ENDED_DISABLED;
	else if (ends_sooner(&now->key, &then->key))
		*how = AK_ENDED_SOONER;
	else
		return false;
	return true;
}

/* End it in the backup as well. */
static enum ak_code
carry_over(struct comparison *c, const struct ak_record *then,
    const struct ak_record *now, enum ak_ended how)
{
	struct ak_record ended = *then;

	/* Both: it must begin before it ends. */
	if (how != AK_ENDED_DELETED && ends_sooner(&now->key, &then->key)) {
		ended.key.not_before = now->key.not_before;
		ended.key.expires_at = now->key.expires_at;
	}
	if (how == AK_ENDED_DISABLED)
		ended.key.state = AK_SWITCHED_OFF;
	if (how == AK_ENDED_DISABLED || how == AK_ENDED_SOONER)
		return ak_record_update(c->r->then, &ended, c->error);
	ended.key.state = AK_ENDED;
	ended.draining_since = AK_NO_TIME;
	if (how == AK_ENDED_REVOKED && now->revoked_at > 0) {
		ended.revoked_at = now->revoked_at;
		memcpy(ended.revoked_by, now->revoked_by, sizeof(ended.revoked_by));
		memcpy(ended.revoke_reason, now->revoke_reason,
		    sizeof(ended.revoke_reason));
		memcpy(ended.replaced_by, now->replaced_by, sizeof(ended.replaced_by));
	} else {
		ended.revoked_at = c->carry->now;
		snprintf(
		    ended.revoked_by, sizeof(ended.revoked_by), "%s", c->carry->who);
		snprintf(
		    ended.revoke_reason, sizeof(ended.revoke_reason), SINCE_THE_BACKUP);
	}
	return ak_record_update(c->r->then, &ended, c->error);
}

static void
tell_owner(struct comparison *c, enum ak_ended how, const char *owner)
{
	c->view->ended[how]++;
	if (c->fn != NULL)
		c->fn(how, NULL, owner, c->context);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Is it the first time that this owner is met? */
static bool
is_first(struct comparison *c, const char *owner)
{
	char *name;

	if (tfind(owner, &c->told, by_name) != NULL)
		return false;
	if ((name = strdup(owner)) == NULL ||
	    tsearch(name, &c->told, by_name) == NULL) {
		free(name);
		ak_fail(c->error, AK_E_NOMEM, "out of memory");
		return false;
	}
	return true;
}

/*
 * End what the owner may, in the backup as well, and tell of him once. `then` is he;
 * that he is suspended was put in by the caller.
 */
static enum ak_code
end_owner(struct comparison *c, struct ak_owner *then, bool suspended, bool unverified)
{
	if ((!suspended && !unverified) || !is_first(c, then->name))
		return c->error->code;
	if (suspended)
		tell_owner(c, AK_ENDED_SUSPENDED, then->name);
	if (unverified) {
		tell_owner(c, AK_ENDED_UNVERIFIED, then->name);
		then->verified_at = AK_NO_TIME;
		then->verified_by[0] = '\0';
	}
	return c->carry == NULL ? AK_OK : ak_owner_put(c->r->then, then, c->error);
}

/*
 * Where the present master does not tell of all owners, what is known of a key says
 * whether its owner was suspended since, or is not verified any more; and each of his
 * keys says it.
 */
static enum ak_code
compare_owner_of(
    struct comparison *c, const struct ak_record *then, const struct ak_key *now)
{
	bool suspended = now->owner_suspended && !then->key.owner_suspended;
	bool unverified =
	    c->of_here && !now->owner_verified && then->key.owner_verified;
	struct ak_owner owner;
	enum ak_code code;
	bool found;

	if (c->owners_read || (!suspended && !unverified))
		return AK_OK;
	code = ak_owner_get(c->r->then, then->key.owner, &owner, &found, c->error);
	if (code != AK_OK)
		return code;
	if (suspended && c->carry != NULL) {
		owner.suspended_at = c->carry->now;
		snprintf(owner.suspended_by, sizeof(owner.suspended_by), "%s",
		    c->carry->who);
		snprintf(owner.suspend_reason, sizeof(owner.suspend_reason), "%s",
		    SINCE_THE_BACKUP);
	}
	return end_owner(c, &owner, suspended, unverified);
}

static bool
compare_key(const struct ak_record *then, void *context)
{
	struct comparison *c = context;
	struct ak_record now;
	enum ak_ended how;
	bool found = false;

	c->view->keys_then++;
	if (!ak_restore_look_up(c->r, then->key.id, &now, &found))
		return true;
	if (found && compare_owner_of(c, then, &now.key) != AK_OK)
		return false;
	c->view->changed_since +=
	    c->r->readable && found && memcmp(then, &now, sizeof(now)) != 0;
	if (!was_ended(c, then, &now, found, &how))
		return true;
	c->view->ended[how]++;
	if (c->fn != NULL)
		c->fn(how, then, NULL, c->context);
	return c->carry == NULL || carry_over(c, then, &now, how) == AK_OK;
}

static bool
count_new(const struct ak_record *now, void *context)
{
	struct comparison *c = context;
	struct ak_record then;
	bool found;

	c->view->keys_now++;
	if (ak_record_by_id(c->r->then, now->key.id, &then, &found, c->error) != AK_OK)
		return false;
	c->view->made_since += !found;
	return true;
}

/* Whoever was never verified in another installation may be so in the backup's. */
static bool
compare_owner(const struct ak_owner *now, void *context)
{
	struct comparison *c = context;
	struct ak_owner then;
	bool found, suspended, unverified;

	if (ak_owner_get(c->r->then, now->name, &then, &found, c->error) != AK_OK)
		return false;
	suspended = now->suspended_at != AK_NO_TIME && then.suspended_at == AK_NO_TIME;
	unverified = c->of_here && now->verified_at == AK_NO_TIME &&
		     then.verified_at != AK_NO_TIME;
	if (suspended) {
		then.suspended_at = now->suspended_at;
		memcpy(then.suspended_by, now->suspended_by, sizeof(then.suspended_by));
		memcpy(then.suspend_reason, now->suspend_reason,
		    sizeof(then.suspend_reason));
	}
	return end_owner(c, &then, suspended, unverified) == AK_OK;
}

/* The present, as far as it can be read: a damaged row is what a restore is for. */
static enum ak_code
read_present(struct comparison *c)
{
	struct ak_restore *r = c->r;
	struct ak_error ignored;
	struct ak_installation is;

	c->view->generation_now = r->published ? r->meta.generation : 0;
	if (!r->readable)
		return AK_OK;
	if (ak_master_installation(r->now, &is, &ignored) == AK_OK &&
	    is.generation > c->view->generation_now)
		c->view->generation_now = is.generation;
	c->view->keys_now = 0;
	if (ak_record_all(r->now, count_new, c, &ignored) != AK_OK)
		c->view->keys_now = AK_NO_TIME;
	c->owners_read = c->error->code == AK_OK &&
			 ak_owner_all(r->now, compare_owner, c, &ignored) == AK_OK &&
			 !r->older;
	return c->error->code;
}

/* Sealed tokens that were deleted on purpose do not come back with a backup. */
static enum ak_code
compare_recovery(struct comparison *c, const struct ak_installation *then)
{
	struct ak_installation now;
	struct ak_error ignored;
	enum ak_code code;

	if (!then->recovery || !c->r->readable || !c->of_here ||
	    ak_master_installation(c->r->now, &now, &ignored) != AK_OK ||
	    (now.recovery && memcmp(now.recovery_key, then->recovery_key,
				 sizeof(now.recovery_key)) == 0))
		return AK_OK;
	c->view->recovery_ended = true;
	if (c->carry == NULL)
		return AK_OK;
	if ((code = ak_recovery_forget(c->r->then, c->error)) != AK_OK)
		return code;
	return ak_recovery_set(
	    c->r->then, now.recovery ? now.recovery_key : NULL, c->error);
}

/*
 * Hold a database as it is, unless a change has begun there, so that not each key that
 * is looked up takes a lock of its own. Whether it is to be let go.
 */
static bool
hold(struct ak_master *m)
{
	struct ak_error ignored;

	return sqlite3_get_autocommit(m->db.handle) != 0 &&
	       ak_master_snapshot(m, &ignored) == AK_OK;
}

enum ak_code
ak_restore_compare(struct ak_restore *r, const struct ak_restore_carry *carry,
    ak_ended_fn *fn, void *context, struct ak_restore_view *view,
    struct ak_error *error)
{
	struct comparison c = {
		r,
		carry,
		fn,
		context,
		view,
		false,
		false,
		NULL,
		error,
	};
	bool hold_now = r->readable && hold(r->now), hold_then = hold(r->then);
	struct ak_installation is;
	enum ak_code code;

	error->code = AK_OK;
	memset(view, 0, sizeof(*view));
	view->keys_now = AK_NO_TIME;
	if ((code = ak_master_installation(r->then, &is, error)) == AK_OK &&
	    (code = ak_restore_is_of_here(r, &c.of_here, error)) == AK_OK &&
	    (code = read_present(&c)) == AK_OK &&
	    (code = compare_recovery(&c, &is)) == AK_OK &&
	    (code = ak_record_all(r->then, compare_key, &c, error)) == AK_OK) {
		view->generation_then = is.generation;
		code = error->code;
	}
	tdestroy(c.told, free);
	if (hold_now)
		ak_master_snapshot_end(r->now);
	if (hold_then)
		ak_master_snapshot_end(r->then);
	return code;
}
