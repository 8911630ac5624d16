/* SPDX-License-Identifier: BSD-2-Clause */
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "fixture.h"
#include "master_private.h"
#include "store.h"

/* Some texts at a time, so that one call can take several. */
static char *
ring(void)
{
	static char texts[8][2 * FX_PATH];
	static unsigned next;

	return texts[next++ % 8];
}

void
fx_reopen(struct fx *fx)
{
	struct ak_error error;

	assert_code(ak_master_open(fx->root, &fx->master, &error), AK_OK, &error);
	if (fx->delta_rows > 0)
		fx->master->limits =
		    (struct ak_delta_limits){ fx->delta_from, fx->delta_rows };
}

int
fx_setup(void **state)
{
	struct fx *fx = calloc(1, sizeof(*fx));
	struct ak_installation wanted = { .prefix = "" };
	const struct group *group = getgrgid(getegid());
	struct ak_error error;
	bool made;

	if (fx == NULL || group == NULL || sodium_init() < 0)
		return -1;
	*state = fx;
	snprintf(wanted.unix_group, sizeof(wanted.unix_group), "%s", group->gr_name);
	fx_folder_make(fx->folder);
	snprintf(fx->root, sizeof(fx->root), "%s/root", fx->folder);
	snprintf(fx->store, sizeof(fx->store), "%s/keys.db", fx->root);
	fx->source.path = fx->store;
	fx->source.owner = geteuid();
	assert_code(
	    ak_master_init(fx->root, &wanted, FX_NOW, &made, &error), AK_OK, &error);
	assert_true(made);
	fx_reopen(fx);
	return 0;
}

int
fx_teardown(void **state)
{
	struct fx *fx = *state;

	ak_master_close(&fx->master);
	fx_folder_remove(fx->folder);
	free(fx);
	return 0;
}

void
fx_delta(struct fx *fx, int64_t from, int64_t rows)
{
	struct ak_error error;

	fx->delta_from = from;
	fx->delta_rows = rows;
	fx->master->limits = (struct ak_delta_limits){ from, rows };
	assert_code(ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
}

const char *
fx_delta_path(const struct fx *fx)
{
	char *path = ring();
	struct ak_store store;
	struct ak_error error;

	assert_code(
	    ak_store_open_alone(fx->store, geteuid(), &store, &error), AK_OK, &error);
	assert_int_not_equal(store.meta.delta, 0);
	assert_true(ak_delta_path(fx->store, store.meta.delta, path, FX_PATH));
	ak_store_close(&store);
	return path;
}

const char *
fx_path(const struct fx *fx, const char *name)
{
	char *path = ring();

	snprintf(path, sizeof(char[2 * FX_PATH]), "%s/%s", fx->folder, name);
	return path;
}

struct ak_record
fx_record(const char *owner)
{
	static unsigned serial;
	struct ak_record r;

	ak_record_init(&r, FX_NOW);
	snprintf(r.key.name, sizeof(r.key.name), "key %u", ++serial);
	snprintf(r.key.owner, sizeof(r.key.owner), "%s", owner);
	snprintf(r.prefix, sizeof(r.prefix), "%s", AK_PREFIX_DEFAULT);
	snprintf(r.created_by, sizeof(r.created_by), "root");
	return r;
}

static void
begin(struct fx *fx)
{
	struct ak_error error;

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
}

static void
commit(struct fx *fx, int64_t now)
{
	struct ak_error error;

	assert_code(ak_master_commit(fx->master, now, &error), AK_OK, &error);
}

const char *
fx_issue(struct fx *fx, struct ak_record *record)
{
	char *token = fx->tokens[fx->issued];
	struct ak_error error;

	assert_true(fx->issued < FX_TOKENS);
	begin(fx);
	assert_code(ak_record_issue(fx->master, record, token, &error), AK_OK, &error);
	commit(fx, FX_NOW);
	fx->issued++;
	return token;
}

const char *
fx_key(struct fx *fx, const char *owner)
{
	struct ak_record record = fx_record(owner);

	return fx_issue(fx, &record);
}

const char *
fx_id(const char *token)
{
	const char *body = strchr(token, '_');
	char *id = ring();

	assert_non_null(body);
	snprintf(id, AK_ID_LEN + 1, "%s", body + 1);
	return id;
}

struct ak_record *
fx_load(struct fx *fx, const char *token)
{
	struct ak_error error;
	bool found;

	assert_code(
	    ak_record_by_id(fx->master, fx_id(token), &fx->record, &found, &error),
	    AK_OK, &error);
	assert_true(found);
	return &fx->record;
}

void
fx_save(struct fx *fx)
{
	struct ak_error error;

	begin(fx);
	assert_code(ak_record_update(fx->master, &fx->record, &error), AK_OK, &error);
	commit(fx, FX_NOW);
}

void
fx_set_state(struct fx *fx, const char *token, enum ak_state state)
{
	struct ak_record *r = fx_load(fx, token);

	r->key.state = state;
	r->revoked_at = state == AK_ENDED ? FX_NOW : AK_NO_TIME;
	fx_save(fx);
}

void
fx_set_times(struct fx *fx, const char *token, int64_t not_before, int64_t expires_at)
{
	struct ak_record *r = fx_load(fx, token);

	r->key.not_before = not_before;
	r->key.expires_at = expires_at;
	fx_save(fx);
}

void
fx_set_owner(struct fx *fx, const char *owner, bool suspended, bool verified)
{
	struct ak_error error;
	struct ak_owner o;
	bool found;

	assert_code(ak_owner_get(fx->master, owner, &o, &found, &error), AK_OK, &error);
	o.suspended_at = suspended ? FX_NOW : AK_NO_TIME;
	o.verified_at = verified ? FX_NOW : AK_NO_TIME;
	begin(fx);
	assert_code(ak_owner_put(fx->master, &o, &error), AK_OK, &error);
	commit(fx, FX_NOW);
}

void
fx_publish(struct fx *fx, int64_t now)
{
	begin(fx);
	commit(fx, now);
}

struct ak_request
fx_request(const char *user)
{
	struct ak_request request = { .user = user, .service = "test", .now = FX_NOW };

	return request;
}

enum ak_reason
fx_verify(const struct fx *fx, const char *token, const char *user)
{
	struct ak_request request = fx_request(user);
	struct ak_verdict verdict;

	ak_verify(&fx->source, token, strlen(token), &request, &verdict);
	return verdict.reason;
}

struct ak_store_meta
fx_meta(const struct fx *fx)
{
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_error error;
	struct ak_key key;

	assert_code(ak_store_open(fx->store, geteuid(), &store, &error), AK_OK, &error);
	assert_code(ak_store_find(&store, "", &key, &meta, &error), AK_OK, &error);
	ak_store_close(&store);
	return meta;
}

int64_t
fx_generation(struct fx *fx)
{
	struct ak_installation is;
	struct ak_error error;

	assert_code(ak_master_installation(fx->master, &is, &error), AK_OK, &error);
	return is.generation;
}

bool
fx_heal(struct fx *fx)
{
	struct ak_error error;
	bool healed;

	assert_code(
	    ak_master_heal(fx->master, FX_NOW + 7, &healed, &error), AK_OK, &error);
	return healed;
}

/* What a publish of everything would put under an id. Its length; 0: nothing. */
static size_t
in_master(struct fx *fx, const char *id, uint8_t packed[AK_PACKED_MAX])
{
	struct ak_record record;
	struct ak_error error;
	bool found;

	assert_code(
	    ak_record_by_id(fx->master, id, &record, &found, &error), AK_OK, &error);
	return found ? ak_key_pack(&record.key, packed) : 0;
}

/* Every key that there is or was is answered as the master says. */
void
fx_answers_as_the_master(struct fx *fx)
{
	uint8_t is[AK_PACKED_MAX], should[AK_PACKED_MAX];
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_error error;
	struct ak_key key;
	size_t len;

	assert_code(ak_store_open(fx->store, geteuid(), &store, &error), AK_OK, &error);
	for (unsigned i = 0; i < fx->issued; i++) {
		const char *id = fx_id(fx->tokens[i]);

		assert_code(
		    ak_store_find(&store, id, &key, &meta, &error), AK_OK, &error);
		len = in_master(fx, id, should);
		assert_string_equal(key.id, len > 0 ? id : "");
		assert_true(len == 0 || (ak_key_pack(&key, is) == len &&
					    memcmp(is, should, len) == 0));
	}
	assert_code(ak_store_find(&store, "", &key, &meta, &error), AK_OK, &error);
	assert_int_equal(meta.generation, fx_generation(fx));
	ak_store_close(&store);
}
