/* SPDX-License-Identifier: BSD-2-Clause */
/* The chain of the audit: whatever is done to a row, the first that does not fit is
 * named. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../forge.h"
#include "audit.h"

#define ROWS 40

static void
add(struct fx *fx, int i)
{
	char subject[32], detail[64];
	struct ak_audit entry = { .at = FX_NOW + i,
		.who = "root",
		.tty = "pts/1",
		.action = i % 3 == 0 ? "disable" : "edit",
		.subject = subject,
		.detail = detail };
	struct ak_error error;

	snprintf(subject, sizeof(subject), "key %d", i % 7);
	snprintf(detail, sizeof(detail), "{\"name\": [\"a\", \"b%d\"]}", i);
	assert_code(ak_audit_add(fx->master, &entry, &error), AK_OK, &error);
	assert_int_equal(entry.seq, i);
}

static void
add_rows(struct fx *fx, int from, int to)
{
	struct ak_error error;

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	for (int i = from; i <= to; i++)
		add(fx, i);
	assert_code(ak_master_commit(fx->master, FX_NOW, &error), AK_OK, &error);
}

static int64_t
first_broken(struct fx *fx, int64_t *count)
{
	struct ak_error error;
	int64_t broken;

	assert_code(ak_audit_verify(fx->master, &broken, count, &error), AK_OK, &error);
	return broken;
}

static void
the_chain_holds_over_many_changes(void **state)
{
	struct fx *fx = *state;
	int64_t count;

	assert_int_equal(first_broken(fx, &count), 0);
	assert_int_equal(count, 0);
	for (int i = 1; i <= ROWS; i += 4) {
		add_rows(fx, i, i + 3);
		assert_int_equal(first_broken(fx, &count), 0);
		assert_int_equal(count, i + 3);
	}
	ak_master_close(&fx->master);
	fx_reopen(fx);
	assert_int_equal(first_broken(fx, &count), 0);
	assert_int_equal(count, ROWS);
}

/* What somebody who can write the master might do, and which row does not fit then. */
static const struct tampering {
	const char *sql;
	int64_t broken;
} tamperings[] = {
	{ "UPDATE audit SET at = at + 1 WHERE seq = 7", 7 },
	{ "UPDATE audit SET who = 'mallory' WHERE seq = 7", 7 },
	{ "UPDATE audit SET tty = '' WHERE seq = 7", 7 },
	{ "UPDATE audit SET action = 'enable' WHERE seq = 7", 7 },
	{ "UPDATE audit SET subject = 'key 6' WHERE seq = 6", 0 }, /* as it was */
	{ "UPDATE audit SET subject = 'key 5' WHERE seq = 6", 6 },
	{ "UPDATE audit SET detail = detail || ' ' WHERE seq = 7", 7 },
	{ "UPDATE audit SET hash = zeroblob(32) WHERE seq = 7", 7 },
	/* a field's end moved into the next */
	{ "UPDATE audit SET who = 'rootp', tty = 'ts/1' WHERE seq = 7", 7 },
	{ "DELETE FROM audit WHERE seq = 7", 7 },
	{ "DELETE FROM audit WHERE seq = 1", 1 },
	{ "DELETE FROM audit WHERE seq = 40", 40 },
	{ "DELETE FROM audit WHERE seq > 30", 31 },
	{ "DELETE FROM audit", 1 },
	{ "INSERT INTO audit SELECT 41, at, who, tty, action, subject, detail, hash "
	  "FROM audit WHERE seq = 40",
	    41 },
	/* put in before the first */
	{ "INSERT INTO audit SELECT 0, at, who, tty, action, subject, detail, hash "
	  "FROM audit WHERE seq = 7",
	    1 },
	{ "INSERT INTO audit SELECT -9223372036854775808, at, who, tty, action, "
	  "subject, detail, hash FROM audit WHERE seq = 7",
	    1 },
	/* what stands behind the end of a text, for whoever reads no further */
	{ "UPDATE audit SET detail = detail || char(0) || 'x' WHERE seq = 7", 7 },
	{ "UPDATE audit SET who = who || char(0) WHERE seq = 1", 1 },
	/* put in between, all behind it renumbered */
	{ "UPDATE audit SET seq = -seq WHERE seq > 7;"
	  "UPDATE audit SET seq = 1 - seq WHERE seq < 0;"
	  "INSERT INTO audit SELECT 8, at, who, tty, action, subject, detail, hash "
	  "FROM audit WHERE seq = 7",
	    8 },
	/* taken out, all behind it renumbered */
	{ "DELETE FROM audit WHERE seq = 7;"
	  "UPDATE audit SET seq = -seq WHERE seq > 7;"
	  "UPDATE audit SET seq = -1 - seq WHERE seq < 0",
	    7 },
	/* two exchanged */
	{ "UPDATE audit SET seq = -7 WHERE seq = 7;"
	  "UPDATE audit SET seq = 7 WHERE seq = 9;"
	  "UPDATE audit SET seq = 9 WHERE seq = -7",
	    7 },
	{ "UPDATE audit SET seq = 100 WHERE seq = 40", 40 },
	{ "UPDATE audit SET seq = 0 WHERE seq = 1", 1 },
	/* the end of the chain, which the installation keeps */
	{ "UPDATE installation SET audit_count = 41", 41 },
	{ "UPDATE installation SET audit_count = 39", 40 },
	{ "UPDATE installation SET audit_hash = zeroblob(32)", 40 },
	{ "DELETE FROM audit WHERE seq = 40;"
	  "UPDATE installation SET audit_count = 39",
	    39 },
	{ "UPDATE installation SET audit_hash = "
	  "(SELECT hash FROM audit WHERE seq = 39), audit_count = 39",
	    40 },
};

static void
the_first_row_that_does_not_fit_is_named(void **state)
{
	int64_t count, broken;
	struct fx *fx;
	void *each;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(tamperings); i++) {
		assert_int_equal(fx_setup(&each), 0);
		fx = each;
		add_rows(fx, 1, ROWS);
		forge_run_on(ak_master_paths(fx->master)->master, tamperings[i].sql);
		broken = first_broken(fx, &count);
		if (broken != tamperings[i].broken)
			fail_msg("%s: names %d", tamperings[i].sql, (int)broken);
		assert_int_equal(fx_teardown(&each), 0);
	}
}

static void
an_end_of_the_chain_that_cannot_be_one_is_an_error(void **state)
{
	struct fx *fx = *state;
	int64_t broken, count;
	struct ak_error error;

	add_rows(fx, 1, 3);
	forge_run_on(ak_master_paths(fx->master)->master,
	    "UPDATE installation SET audit_hash = x'00'");
	assert_code(
	    ak_audit_verify(fx->master, &broken, &count, &error), AK_E_STORE, &error);
	assert_contains(error.text, "damaged");
}

static void
a_change_that_is_undone_leaves_no_row(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;
	int64_t count;

	add_rows(fx, 1, 3);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	add(fx, 4);
	ak_master_rollback(fx->master);
	assert_int_equal(first_broken(fx, &count), 0);
	assert_int_equal(count, 3);
	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
	add(fx, 4);
	ak_master_close(&fx->master); /* as if the command were killed */
	fx_reopen(fx);
	assert_int_equal(first_broken(fx, &count), 0);
	assert_int_equal(count, 3);
	add_rows(fx, 4, 4); /* the number is used again */
	assert_int_equal(first_broken(fx, &count), 0);
}

struct seen {
	int64_t seqs[ROWS];
	unsigned count, most;
};

static bool
see(const struct ak_audit *e, void *context)
{
	struct seen *seen = context;

	assert_string_equal(e->who, "root");
	assert_string_equal(e->tty, "pts/1");
	assert_true(e->at == FX_NOW + e->seq);
	seen->seqs[seen->count++] = e->seq;
	return seen->count < seen->most;
}

static void
rows_are_listed_by_subject_from_a_row_on_and_until_one_is_enough(void **state)
{
	struct seen seen = { .most = ROWS };
	struct fx *fx = *state;
	struct ak_error error;

	add_rows(fx, 1, ROWS);
	assert_code(ak_audit_list(fx->master, NULL, AK_AUDIT_ALL, see, &seen, &error),
	    AK_OK, &error);
	assert_int_equal(seen.count, ROWS);
	seen.count = 0;
	assert_code(
	    ak_audit_list(fx->master, "key 3", 11, see, &seen, &error), AK_OK, &error);
	assert_int_equal(seen.count, 4); /* 17, 24, 31, 38 */
	assert_int_equal(seen.seqs[0], 17);
	assert_int_equal(seen.seqs[3], 38);
	seen = (struct seen){ .most = 2 };
	assert_code(
	    ak_audit_list(fx->master, NULL, 39, see, &seen, &error), AK_OK, &error);
	assert_int_equal(seen.count, 2);
}

static int
add_for_ever(void *context)
{
	struct ak_audit entry = { .who = "root",
		.tty = "",
		.action = "edit",
		.subject = "x",
		.detail = "{}" };
	struct fx *fx = context;
	struct ak_master *master;
	struct ak_error error;
	enum ak_code code = ak_master_open(fx->root, &master, &error);

	for (unsigned n = fx_loops(60); code == AK_OK && n > 0; n--)
		if ((code = ak_master_begin(master, &error)) == AK_OK &&
		    (code = ak_audit_add(master, &entry, &error)) == AK_OK)
			code = ak_master_commit(master, FX_NOW, &error);
	ak_master_close(&master);
	return (int)code;
}

static void
the_chain_holds_while_another_command_adds_to_it(void **state)
{
	struct fx *fx = *state;
	int64_t count = 0, last;
	int pid;

	ak_master_close(&fx->master); /* a SQLite handle may not cross fork */
	pid = fx_spawn(add_for_ever, fx);
	fx_reopen(fx);
	do {
		last = count;
		assert_int_equal(first_broken(fx, &count), 0);
		assert_true(count >= last);
	} while (count < fx_loops(60));
	assert_int_equal(fx_wait(pid), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(the_chain_holds_over_many_changes),
		cmocka_unit_test(the_first_row_that_does_not_fit_is_named),
		FX_TEST(an_end_of_the_chain_that_cannot_be_one_is_an_error),
		FX_TEST(a_change_that_is_undone_leaves_no_row),
		FX_TEST(
		    rows_are_listed_by_subject_from_a_row_on_and_until_one_is_enough),
		FX_TEST(the_chain_holds_while_another_command_adds_to_it),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
