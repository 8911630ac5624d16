/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "usage.h"
#include "usage_record.h"
#include "world.h"

#define TIMED 1000

static struct world the_world;
static char the_folder[FX_PATH];

/* "ak_" with an id of this letter and the secret of this number. */
static void
make_token(char id, unsigned secret, char token[AK_TOKEN_MAX + 1])
{
	char *at = token;

	memcpy(at, "ak_", 3);
	memset(at += 3, id, AK_ID_LEN);
	at += AK_ID_LEN;
	for (unsigned i = 0; i < AK_SECRET_LEN; i++)
		*at++ = ak_base58[(secret * 5 + i * 13) % 58];
	ak_token_checksum(token, (size_t)(at - token), at);
	at[AK_CHECKSUM_LEN] = '\0';
}

/* What the keys of WORLD_NOW differ in from one without restrictions. */
static void
shape(enum world_token which, struct ak_record *r)
{
	struct ak_key *key = &r->key;

	snprintf(key->owner, sizeof(key->owner), "%s",
	    which == WORLD_SUSPENDED  ? "carol"
	    : which == WORLD_VERIFIED ? "dave"
				      : "alice");
	if (which == WORLD_DISABLED)
		key->state = AK_SWITCHED_OFF;
	if (which == WORLD_REVOKED)
		ak_record_revoke(r, FX_NOW, "root", "");
	if (which == WORLD_TIMED) {
		key->not_before = FX_NOW - TIMED;
		key->expires_at = FX_NOW + TIMED;
	}
	if (which == WORLD_SERVICE || which == WORLD_VERIFIED)
		snprintf(key->services, sizeof(key->services), "nginx sshd");
	if (which == WORLD_NETWORKS || which == WORLD_VERIFIED)
		snprintf(
		    key->networks, sizeof(key->networks), "192.0.2.0/24 2001:db8::/32");
	if (which == WORLD_SCOPES || which == WORLD_VERIFIED)
		snprintf(key->scopes, sizeof(key->scopes), "read write");
	key->decoy = which == WORLD_DECOY;
}

static void
add_keys(struct fx *fx, struct world *w)
{
	struct ak_error error;

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	for (unsigned i = 0; i < WORLD_KEYS; i++) {
		struct ak_record r = fx_record("alice");

		shape(i, &r);
		memcpy(r.key.id, w->tokens[i] + 3, AK_ID_LEN);
		r.key.scheme = AK_SCHEME_BLAKE2B;
		ak_digest(w->tokens[i], strlen(w->tokens[i]), r.key.digest);
		assert_code(ak_record_add(fx->master, &r, &error), AK_OK, &error);
	}
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	fx_set_owner(fx, "carol", true, false);
	fx_set_owner(fx, "dave", false, true);
}

/* Copy all files of a store into another folder. */
static void
copy_store(const struct fx *fx, const char *folder)
{
	char path[2 * FX_PATH];
	glob_t files;

	snprintf(path, sizeof(path), "%.4000s/keys*", fx->root);
	FUZZ_CHECK(glob(path, 0, NULL, &files) == 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		snprintf(path, sizeof(path), "%.4000s/%s", folder,
		    strrchr(files.gl_pathv[i], '/') + 1);
		fx_copy(files.gl_pathv[i], path);
	}
	globfree(&files);
}

/* Keep the store of the fixture as that of a state, and what the master says. */
static void
keep(struct fx *fx, struct world *w, enum world_state state)
{
	char path[FX_PATH + 64];

	snprintf(path, sizeof(path), "%s/%d", w->folder, (int)state);
	FUZZ_CHECK(mkdir(path, 0755) == 0 && chmod(path, 0755) == 0);
	copy_store(fx, path);
	if (state >= WORLD_READABLE)
		return;
	for (unsigned i = 0; i < WORLD_KEYS; i++)
		w->keys[state][i] = fx_load(fx, w->tokens[i])->key;
	w->published_at[state] = fx_meta(fx).published_at;
}

static void
change_all(struct fx *fx, const struct world *w)
{
	struct ak_error error;

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	for (unsigned i = 0; i < WORLD_KEYS; i++) {
		struct ak_record *r = fx_load(fx, w->tokens[i]);

		if (i == WORLD_PLAIN)
			r->key.state = AK_SWITCHED_OFF;
		else if (i == WORLD_DISABLED)
			r->key.state = AK_ENABLED;
		else if (i == WORLD_TIMED)
			r->key.expires_at = FX_NOW - 1;
		else if (i == WORLD_SERVICE)
			r->key.services[0] = '\0';
		else if (i == WORLD_SCOPES)
			snprintf(r->key.scopes, sizeof(r->key.scopes), "read");
		else if (i == WORLD_VERIFIED)
			ak_record_revoke(r, FX_NOW, "root", "");
		else
			continue;
		assert_code(ak_record_update(fx->master, r, &error), AK_OK, &error);
	}
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
	fx_set_owner(fx, "carol", false, false);
}

static const char *
store_of(const struct world *w, enum world_state state)
{
	static char path[FX_PATH + 64];

	snprintf(path, sizeof(path), "%s/%d/keys.db", w->folder, (int)state);
	return path;
}

static void
make_states(struct fx *fx, struct world *w)
{
	struct stat st;
	int fd;

	keep(fx, w, WORLD_NOW);
	for (enum world_state s = WORLD_READABLE; s < WORLD_STATES; s++)
		keep(fx, w, s);
	change_all(fx, w);
	keep(fx, w, WORLD_LATER);
	fx_publish(fx, FX_NOW + 10000);
	keep(fx, w, WORLD_AHEAD);
	FUZZ_CHECK(unlink(store_of(w, WORLD_MISSING)) == 0);
	FUZZ_CHECK(chmod(store_of(w, WORLD_UNSAFE), 0660) == 0);
	fd = open(store_of(w, WORLD_CUT), O_RDWR | O_CLOEXEC);
	FUZZ_CHECK(fstat(fd, &st) == 0 && ftruncate(fd, st.st_size - 1) == 0);
	close(fd);
	fd = open(store_of(w, WORLD_DAMAGED), O_RDWR | O_CLOEXEC);
	FUZZ_CHECK(pwrite(fd, "\xff", 1, 4096) == 1); /* its first node */
	close(fd);
}

static void
remove_world(void)
{
	fx_folder_remove(the_folder);
}

static void
make_usage(struct fx *fx, struct world *w)
{
	struct ak_error error;
	bool made;

	assert_code(ak_usage_file_make(
			ak_master_paths(fx->master), geteuid(), 4096, &made, &error),
	    AK_OK, &error);
	snprintf(w->usage_folder, sizeof(w->usage_folder), "%s/usage.d", w->folder);
	snprintf(w->usage, sizeof(w->usage), "%s/usage.d/%u", w->folder,
	    (unsigned)geteuid());
	FUZZ_CHECK(
	    rename(ak_master_paths(fx->master)->usage_folder, w->usage_folder) == 0);
}

struct world *
world_get(void)
{
	static const char ids[] = "ABCDEFGHJKLM";
	struct world *w = &the_world;
	char now[FX_PATH + 16];
	void *fx = NULL;

	if (w->folder[0] != '\0')
		return w;
	fx_folder_make(w->folder);
	memcpy(the_folder, w->folder, sizeof(the_folder));
	atexit(remove_world);
	for (unsigned i = 0; i < WORLD_TOKENS; i++)
		make_token(ids[i], i, w->tokens[i]);
	make_token(w->tokens[WORLD_PLAIN][3], WORLD_FORGED, w->tokens[WORLD_FORGED]);
	FUZZ_CHECK(fx_setup(&fx) == 0);
	add_keys(fx, w);
	make_states(fx, w);
	make_usage(fx, w);
	fx_teardown(&fx);
	snprintf(now, sizeof(now), "%.4000s/now", w->folder);
	snprintf(w->store, sizeof(w->store), "%s/keys.db", now);
	FUZZ_CHECK(mkdir(now, 0755) == 0 && chmod(now, 0755) == 0);
	w->is = WORLD_STATES;
	world_become(w, WORLD_NOW);
	return w;
}

void
world_become(struct world *w, enum world_state state)
{
	char now[FX_PATH + 16], own[FX_PATH + 16];

	if (w->is == state)
		return;
	snprintf(now, sizeof(now), "%.4000s/now", w->folder);
	snprintf(own, sizeof(own), "%s/%d", w->folder, (int)w->is);
	FUZZ_CHECK(rename(now, own) == 0);
	snprintf(own, sizeof(own), "%s/%d", w->folder, (int)state);
	FUZZ_CHECK(rename(own, now) == 0);
	w->is = state;
}

size_t
world_usage(const struct world *w, struct ak_usage_record *last)
{
	uint8_t bytes[AK_USAGE_LEN];
	size_t count = 0;
	ssize_t n;
	int fd = open(w->usage, O_RDWR | O_CLOEXEC);

	FUZZ_CHECK(fd >= 0 && pread(fd, bytes, AK_USAGE_LEN, 0) == AK_USAGE_LEN);
	while ((n = pread(fd, bytes, AK_USAGE_LEN,
		    (off_t)((count + 1) * AK_USAGE_LEN))) == AK_USAGE_LEN) {
		if (!ak_usage_unpack(bytes, last))
			break; /* torn by a fault */
		count++;
	}
	FUZZ_CHECK(ftruncate(fd, AK_USAGE_LEN) == 0);
	close(fd);
	return count;
}
