/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "mint.h"
#include "passwd_change.h"
#include "quiet.h"
#include "rotate.h"

/*
 * SQLite opens what it needs by itself, so standard streams that the host has closed
 * are filled for the while: no database becomes somebody's standard output.
 */
struct guard {
	bool filled[STDERR_FILENO + 1];
	struct ak_quiet quiet;
};

static void
empty(struct guard *g)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (g->filled[fd])
			close(fd);
}

static bool
guard_begin(struct guard *g)
{
	int got;

	memset(g, 0, sizeof(*g));
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		got = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
		g->filled[fd] = got == fd;
		if (got == fd)
			continue;
		if (got >= 0)
			close(got);
		empty(g);
		return false;
	}
	if (ak_quiet_begin(&g->quiet))
		return true;
	empty(g);
	return false;
}

static void
guard_end(struct guard *g)
{
	ak_quiet_end(&g->quiet, true);
	empty(g);
}

static enum ak_code
no_guard(struct ak_error *error)
{
	return ak_fail(error, AK_E_STORE,
	    "/dev/null cannot be opened in place of a closed standard stream");
}

enum ak_code
passwd_change_ready(const char *dir, struct ak_error *error)
{
	struct ak_master *master = NULL;
	struct guard guard;

	if (!guard_begin(&guard))
		return no_guard(error);
	error->code = AK_OK;
	if (!ak_mint_ready())
		ak_fail(error, AK_E_STORE, "the system gives no random numbers");
	else if (ak_master_open(dir, &master, error) == AK_OK)
		error->code = ak_master_not_older(master, error);
	ak_master_close(&master);
	guard_end(&guard);
	return error->code;
}

/* Whether a key that the token has proved may be replaced by who asks. */
static enum ak_reason
decide(
    const struct passwd_change *c, const struct ak_key *key, struct ak_request *request)
{
	struct ak_key anywhere = *key;

	anywhere.services[0] = '\0';
	if (c->rhost == NULL)
		anywhere.networks[0] = '\0';
	return ak_decide(&anywhere, request);
}

/* What the store says, without a lock: whoever has no token holds nobody up. */
static void
verify(struct passwd_change *c, const char *text, size_t len, struct ak_request *r)
{
	char store[PATH_MAX];
	struct ak_source source = { store, geteuid() };

	*r = (struct ak_request){ .user = c->user, .rhost = c->rhost, .now = c->now };
	snprintf(store, sizeof(store), "%s/keys.db", c->dir);
	ak_verify(&source, text, len, r, &c->verdict);
	if (r->proof == AK_VALID)
		c->verdict.reason = decide(c, &c->verdict.key, r);
}

static enum ak_code
note(struct ak_master *master, struct passwd_change *c, const char *subject,
    const char *detail)
{
	struct ak_audit entry = { .at = c->now,
		.who = c->who,
		.tty = c->tty,
		.action = "chauthtok",
		.subject = subject,
		.detail = detail };

	return ak_audit_add(master, &entry, &c->error);
}

/* "null", or a time in quotes. */
static const char *
json_time(int64_t when, char text[AK_WHEN_TEXT + 2])
{
	char plain[AK_WHEN_TEXT];

	if (when == AK_NO_TIME)
		return "null";
	ak_when_format(when, plain);
	snprintf(text, AK_WHEN_TEXT + 2, "\"%s\"", plain);
	return text;
}

/* Both keys in the audit, by what matters. Nothing here needs escaping. */
static enum ak_code
note_both(struct ak_master *master, struct passwd_change *c,
    const struct ak_record *was, const struct ak_record *old,
    const struct ak_record *new)
{
	char detail[512], times[2][AK_WHEN_TEXT + 2];

	snprintf(detail, sizeof(detail),
	    "{\"id\":[null,\"%s\"],\"name\":[null,\"%s\"],\"replaces\":[null,\"%s\"]}",
	    new->key.id, new->key.name, old->key.id);
	if (note(master, c, new->key.id, detail) != AK_OK)
		return c->error.code;
	snprintf(detail, sizeof(detail),
	    "{\"status\":[\"enabled\",\"%s\"],\"expires_at\":[%s,%s],"
	    "\"replaced_by\":[null,\"%s\"]}",
	    ak_record_status(old, c->now), json_time(was->key.expires_at, times[0]),
	    json_time(old->key.expires_at, times[1]), new->key.id);
	return note(master, c, old->key.id, detail);
}

/* When the old token ends: AK_NO_TIME, at once. */
static int64_t
end_of_old(const struct passwd_change *c)
{
	if (c->overlap == 0)
		return AK_NO_TIME;
	return c->overlap < AK_TIME_MAX - c->now ? c->now + c->overlap : AK_TIME_MAX;
}

/* Within the change: the key as the master has it, decided once more, and replaced. */
static enum ak_code
replace(struct ak_master *master, struct passwd_change *c, struct ak_request *request)
{
	struct ak_rotation plan = {
		.now = c->now, .by = c->who, .until = end_of_old(c)
	};
	struct ak_record was, old, new;
	enum ak_code code;
	bool found;

	code = ak_record_by_id(master, c->verdict.token.id, &old, &found, &c->error);
	if (code != AK_OK)
		return code;
	if (!found || !ak_digest_same(old.key.digest, c->verdict.key.digest))
		c->verdict.reason = AK_NOT_FOUND;
	else
		c->verdict.reason = decide(c, &old.key, request);
	if (c->verdict.reason != AK_VALID)
		return AK_OK;
	was = old;
	memcpy(c->old_id, old.key.id, sizeof(c->old_id));
	code = ak_key_rotate(master, &old, &plan, &new, c->token, &c->error);
	if (code != AK_OK)
		return code;
	memcpy(c->new_id, new.key.id, sizeof(c->new_id));
	return note_both(master, c, &was, &old, &new);
}

/* On an error the master may keep the change all the same. */
static enum ak_code
commit(struct ak_master *master, struct passwd_change *c)
{
	enum ak_code code = ak_master_commit(master, c->now, &c->error);
	struct ak_error ignored; /* c->error has the first */
	struct ak_record new;
	bool kept = code == AK_OK;

	if (!kept && ak_record_by_id(master, c->new_id, &new, &kept, &ignored) != AK_OK)
		kept = false;
	c->replaced = kept;
	return code;
}

static enum ak_code
change_master(struct passwd_change *c, struct ak_request *request)
{
	struct ak_master *master = NULL;
	enum ak_code code;

	if (!ak_mint_ready())
		return ak_fail(
		    &c->error, AK_E_STORE, "the system gives no random numbers");
	if ((code = ak_master_open(c->dir, &master, &c->error)) == AK_OK &&
	    (code = ak_master_begin(master, &c->error)) == AK_OK &&
	    (code = replace(master, c, request)) == AK_OK &&
	    c->verdict.reason == AK_VALID)
		code = commit(master, c);
	ak_master_close(&master);
	return code;
}

enum ak_code
passwd_change(struct passwd_change *c, const char *text, size_t len)
{
	struct ak_request request;
	struct guard guard;
	enum ak_code code = AK_OK;

	if (!guard_begin(&guard))
		return no_guard(&c->error);
	verify(c, text, len, &request);
	if (c->verdict.reason == AK_VALID)
		code = change_master(c, &request);
	guard_end(&guard);
	return code;
}

void
passwd_change_wipe(struct passwd_change *c)
{
	explicit_bzero(c, sizeof(*c));
}
