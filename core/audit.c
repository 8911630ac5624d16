/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <sodium.h>

#include "audit.h"
#include "byte_order.h"
#include "master_private.h"

/* Where the chain ends: how many rows, and the hash of the last. */
struct chain {
	int64_t count;
	uint8_t hash[AK_AUDIT_HASH_LEN];
};

/* Each field with its length before it, so that no two rows read alike. */
static void
hash_bytes(crypto_generichash_state *state, const void *bytes, size_t len)
{
	uint8_t number[8];

	ak_put_number(number, len, 8);
	crypto_generichash_update(state, number, sizeof(number));
	crypto_generichash_update(state, bytes, len);
}

static void
hash_entry(const struct chain *before, const struct ak_audit *e,
    uint8_t hash[AK_AUDIT_HASH_LEN])
{
	const char *const texts[] = { e->who, e->tty, e->action, e->subject,
		e->detail };
	crypto_generichash_state state;
	uint8_t numbers[16];

	ak_put_number(ak_put_number(numbers, (uint64_t)e->seq, 8), (uint64_t)e->at, 8);
	crypto_generichash_init(&state, NULL, 0, AK_AUDIT_HASH_LEN);
	hash_bytes(&state, before->hash, AK_AUDIT_HASH_LEN);
	hash_bytes(&state, numbers, sizeof(numbers));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		hash_bytes(&state, texts[i], strlen(texts[i]));
	crypto_generichash_final(&state, hash, AK_AUDIT_HASH_LEN);
}

static enum ak_row
take_end(sqlite3_stmt *row, void *context)
{
	struct chain *chain = context;
	int len = sqlite3_column_bytes(row, 1);

	chain->count = sqlite3_column_int64(row, 0);
	if (len != (chain->count == 0 ? 0 : AK_AUDIT_HASH_LEN))
		return AK_ROW_DAMAGED;
	if (len > 0)
		memcpy(chain->hash, sqlite3_column_blob(row, 1), AK_AUDIT_HASH_LEN);
	return AK_ROW_STOP;
}

static enum ak_code
get_end(struct ak_master *m, struct chain *chain, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_audit_end, error);

	memset(chain, 0, sizeof(*chain));
	if (s == NULL)
		return error->code;
	return ak_each(&m->db, s, SQLITE_OK, take_end, chain, error);
}

static enum ak_code
put_end(struct ak_master *m, const struct ak_audit *last, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_audit_end_put, error);
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = sqlite3_bind_int64(s, 1, last->seq)) == SQLITE_OK)
		rc = sqlite3_bind_blob(
		    s, 2, last->hash, AK_AUDIT_HASH_LEN, SQLITE_STATIC);
	return ak_run(&m->db, s, rc, error);
}

enum ak_code
ak_audit_add(struct ak_master *m, struct ak_audit *e, struct ak_error *error)
{
	struct chain chain;
	enum ak_code code;
	sqlite3_stmt *s;
	int rc;

	if ((code = get_end(m, &chain, error)) != AK_OK)
		return code;
	e->seq = chain.count + 1;
	hash_entry(&chain, e, e->hash);
	if ((s = ak_statement(&m->db, AK_Q_audit_add, error)) == NULL)
		return error->code;
	if ((rc = sqlite3_bind_int64(s, 1, e->seq)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 2, e->at)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 3, e->who)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 4, e->tty)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 5, e->action)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 6, e->subject)) == SQLITE_OK &&
	    (rc = ak_bind_text(s, 7, e->detail)) == SQLITE_OK)
		rc = sqlite3_bind_blob(s, 8, e->hash, AK_AUDIT_HASH_LEN, SQLITE_STATIC);
	if ((code = ak_run(&m->db, s, rc, error)) == AK_OK)
		code = put_end(m, e, error);
	return code;
}

/* A search: whom to tell about each row. */
struct search {
	ak_audit_fn *fn;
	void *context;
};

static enum ak_row
take_entry(sqlite3_stmt *row, void *context)
{
	const struct search *search = context;
	struct ak_audit e = { .seq = sqlite3_column_int64(row, 0),
		.at = sqlite3_column_int64(row, 1),
		.who = ak_column(row, 2),
		.tty = ak_column(row, 3),
		.action = ak_column(row, 4),
		.subject = ak_column(row, 5),
		.detail = ak_column(row, 6) };

	for (int i = 2; i <= 6; i++)
		e.cut = e.cut || strlen(ak_column(row, i)) !=
				     (size_t)sqlite3_column_bytes(row, i);
	if (sqlite3_column_bytes(row, 7) == AK_AUDIT_HASH_LEN)
		memcpy(e.hash, sqlite3_column_blob(row, 7), AK_AUDIT_HASH_LEN);
	return search->fn(&e, search->context) ? AK_ROW_NEXT : AK_ROW_STOP;
}

enum ak_code
ak_audit_list(struct ak_master *m, const char *subject, int64_t seq, ak_audit_fn *fn,
    void *context, struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_audit_list, error);
	struct search search = { fn, context };
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, subject)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 2, seq);
	return ak_each(&m->db, s, rc, take_entry, &search, error);
}

enum ak_code
ak_audit_has(
    struct ak_master *m, const char *subject, bool *has, struct ak_error *error)
{
	int64_t ignored;

	return ak_ask(
	    &m->db, AK_Q_audit_has, AK_VALUES(AK_TEXT(subject)), has, &ignored, error);
}

/* The chain as far as it was followed, and whether a row did not fit. */
struct walk {
	struct chain chain;
	bool stopped;
};

static bool
follow(const struct ak_audit *e, void *context)
{
	struct walk *walk = context;
	uint8_t hash[AK_AUDIT_HASH_LEN];

	hash_entry(&walk->chain, e, hash);
	walk->stopped = e->cut || e->seq != walk->chain.count + 1 ||
			memcmp(hash, e->hash, sizeof(hash)) != 0;
	if (walk->stopped)
		return false;
	walk->chain.count = e->seq;
	memcpy(walk->chain.hash, hash, sizeof(hash));
	return true;
}

/* The chain and its end as they are at one moment: another command may add to both. */
static enum ak_code
read_all(
    struct ak_master *m, struct walk *walk, struct chain *end, struct ak_error *error)
{
	enum ak_code code;

	if ((code = ak_execute(&m->db, "SAVEPOINT audit", error)) != AK_OK)
		return code;
	if ((code = get_end(m, end, error)) == AK_OK)
		code = ak_audit_list(m, NULL, AK_AUDIT_ALL, follow, walk, error);
	sqlite3_exec(m->db.handle, "RELEASE audit", NULL, NULL, NULL);
	return code;
}

enum ak_code
ak_audit_verify(
    struct ak_master *m, int64_t *broken, int64_t *count, struct ak_error *error)
{
	struct walk walk = { 0 };
	struct chain end;
	enum ak_code code;

	*broken = 0;
	*count = 0;
	if ((code = read_all(m, &walk, &end, error)) != AK_OK)
		return code;
	*count = walk.chain.count;
	if (walk.stopped || walk.chain.count < end.count)
		*broken = walk.chain.count + 1;
	else if (walk.chain.count > end.count)
		*broken = end.count + 1;
	else if (memcmp(walk.chain.hash, end.hash, sizeof(end.hash)) != 0)
		*broken = end.count;
	return AK_OK;
}
