/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sixteen processes log in while folds run in a loop, and all of them are killed at
 * random: what is counted is what was let in, plus at most one login for each process
 * that was killed between its record and the answer (DESIGN section 9).
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../host.h"
#include "../records.h"

#define PROCESSES 16
#define FOLDERS 2
#define ALL (PROCESSES + FOLDERS)

struct board {
	_Atomic unsigned let_in[PROCESSES], refused[PROCESSES];
	_Atomic unsigned folds;
	_Atomic bool stop;
};

struct worker {
	struct host *h;
	struct board *board;
	unsigned which, wanted;
};

/* Every tenth login is of another user, and refused. */
static int
log_in_until_enough(void *context)
{
	struct worker *w = context;
	_Atomic unsigned *let_in = &w->board->let_in[w->which];
	_Atomic unsigned *refused = &w->board->refused[w->which];
	const char *token = w->h->fx->tokens[w->which];

	while (*let_in < w->wanted)
		if ((*let_in + *refused) % 10 == 9) {
			if (host_login(w->h, "bob", token) != PAM_AUTH_ERR)
				return 1;
			++*refused;
		} else {
			if (host_login(w->h, "alice", token) != PAM_SUCCESS)
				return 1;
			++*let_in;
		}
	return 0;
}

static int
fold_until_stopped(void *context)
{
	struct worker *w = context;
	struct ak_error error;
	enum ak_code code = AK_OK;

	while (code == AK_OK && !w->board->stop) {
		code = us_try_fold(w->h->fx, time(NULL), AK_FOLD_ALL, NULL, &error);
		w->board->folds++;
	}
	if (code != AK_OK)
		print_error("fold: %s\n", error.text);
	return (int)code;
}

static void
prepare(struct host *h, struct board *b, struct worker workers[ALL],
    struct us_worker processes[ALL])
{
	for (int i = 0; i < PROCESSES; i++)
		fx_key(h->fx, "alice");
	host_options(h, "required", "quiet usage=required");
	host_set_time(0); /* the real time: folds ask when a file was last written */
	ak_master_close(&h->fx->master); /* a SQLite handle may not cross fork */
	for (unsigned i = 0; i < ALL; i++) {
		workers[i] = (struct worker){
			.h = h, .board = b, .which = i, .wanted = fx_loops(10000)
		};
		processes[i] = (struct us_worker){ .context = &workers[i],
			.run =
			    i < PROCESSES ? log_in_until_enough : fold_until_stopped };
	}
}

static void
each_login_is_counted_while_all_are_killed_at_random(void **state)
{
	struct host *h = *state;
	struct board *b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct worker workers[ALL];
	struct us_worker processes[ALL];
	int64_t uses, refusals, let_in = 0, refused = 0, killed = 0;

	assert_ptr_not_equal(b, MAP_FAILED);
	prepare(h, b, workers, processes);
	us_kill_until_done(processes, PROCESSES, FOLDERS, 16, 10);
	b->stop = true;
	for (int i = PROCESSES; i < ALL; i++)
		assert_int_equal(fx_wait(processes[i].pid), 0);
	for (int i = 0; i < 3; i++)
		us_fold(h->fx, time(NULL), AK_FOLD_ALL, NULL);
	for (int i = 0; i < PROCESSES; i++) {
		let_in += b->let_in[i];
		refused += b->refused[i];
		killed += processes[i].killed;
	}
	uses = us_number(h->fx, "SELECT sum(uses) FROM key_usage");
	refusals = us_number(h->fx, "SELECT sum(refusals) FROM key_usage");
	print_message("# %d let in, %d counted; %d refused, %d counted; %d processes "
		      "killed; %u folds\n",
	    (int)let_in, (int)uses, (int)refused, (int)refusals, (int)killed, b->folds);
	assert_true(uses >= let_in && refusals >= refused);
	assert_true(uses + refusals <= let_in + refused + killed);
	us_agree(h->fx);
	assert_true(us_number(h->fx, "SELECT count(*) FROM event") == uses + refusals);
	assert_true(b->folds > 0);
	munmap(b, sizeof(*b));
}

struct verifier {
	struct host *h;
	const char *token;
};

#define NOBODY 65534

static int
log_in_as_nobody(void *context)
{
	struct verifier *v = context;

	if (!host_become(NOBODY))
		return 100;
	return host_login(v->h, "alice", v->token);
}

/* What may read the store by its group, and nothing else. */
static void
a_verifier_without_privilege_records_in_his_own_file_R31(void **state)
{
	struct host *h = *state;
	struct verifier v = { h, fx_key(h->fx, "alice") };
	struct ak_usage_record *r;
	struct ak_error error;
	bool made;
	size_t n;

	if (geteuid() != 0)
		fx_skip("needs root: to be another user");
	host_service(h, "test",
	    "auth required @m@ store=@S@ store_owner=0 usage=required quiet\n"
	    "account required pam_deny.so\n");
	assert_pam(fx_wait(fx_spawn(log_in_as_nobody, &v)), PAM_AUTHINFO_UNAVAIL);
	assert_code(ak_usage_file_make(ak_master_paths(h->fx->master), NOBODY,
			AK_USAGE_CAP_DEFAULT, &made, &error),
	    AK_OK, &error);
	assert_pam(fx_wait(fx_spawn(log_in_as_nobody, &v)), PAM_SUCCESS);
	r = us_read(us_path(h->fx, NOBODY, ""), &n);
	assert_int_equal(n, 1);
	assert_string_equal(r->id, fx_id(v.token));
	free(r);
	free(us_read(us_path(h->fx, 0, ""), &n));
	assert_int_equal(n, 0);
	us_fold(h->fx, FX_NOW, AK_FOLD_SOME, NULL);
	assert_int_equal(us_number(h->fx, "SELECT last_uid FROM key_usage"), NOBODY);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(each_login_is_counted_while_all_are_killed_at_random),
		HOST_TEST(a_verifier_without_privilege_records_in_his_own_file_R31),
	};

	return cmocka_run_group_tests_name("usage_together", tests, NULL, NULL);
}
