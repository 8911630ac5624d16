/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_authkey_passwd.so leaves its host as it was, whatever it finds there: SECURITY
 * R12, R13, R24, and a master that cannot be written. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../host.h"

#define NOBODY 65534
#define SMALL_STACK (128 << 10) /* pam_authkey_passwd(8) promises that it is enough */

struct visit {
	struct host *h;
	const char *token;
};

static int
change_as_nobody(void *context)
{
	struct visit *v = context;
	int rc;

	if (!host_become(NOBODY))
		return -1;
	rc = host_change(v->h, "alice", v->token, 0);
	return host_log_has("no key can be changed") && v->h->talk.prompts == 0 ? rc
										: 99;
}

static void
who_may_not_write_the_master_is_not_asked(void **state)
{
	struct host *h = *state;
	struct visit v = { h, fx_key(h->fx, "alice") };

	if (geteuid() != 0)
		fx_skip("only root can become nobody");
	host_passwd(h, "");
	ak_master_close(&h->fx->master); /* SQLite does not cross a fork */
	assert_pam(fx_wait(fx_spawn(change_as_nobody, &v)), PAM_AUTHTOK_ERR);
	fx_reopen(h->fx);
	assert_reason(fx_verify(h->fx, v.token, "alice"), AK_VALID);
}

/* No file may grow beyond this. */
struct full {
	struct host *h;
	const char *token;
	rlim_t most;
};

static int
change_on_a_full_disk(void *context)
{
	struct full *f = context;
	struct rlimit limit = { f->most, f->most };
	int rc;

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return -1;
	rc = host_change(f->h, "alice", f->token, 0);
	return host_log_count() == 1 && f->h->talk.messages == 0 ? rc : 99;
}

/* Make the store bigger than the limit below. */
static void
fill_store(struct fx *fx)
{
	struct stat st;

	do {
		struct ak_record record = fx_record("bob");
		char word[16];
		int n = 0;

		do
			snprintf(word, sizeof(word), "service-%d", n++);
		while (ak_words_add(record.key.services, word));
		fx_issue(fx, &record);
		assert_int_equal(stat(fx->store, &st), 0);
	} while (st.st_size < 65536);
}

static void
a_disk_that_is_full_ends_no_host_and_changes_nothing(void **state)
{
	/* The master cannot be opened, and the store not written. */
	static const struct {
		rlim_t most;
		int code;
	} limits[] = { { 0, PAM_TRY_AGAIN }, { 36864, PAM_AUTHTOK_ERR } };
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	host_passwd(h, "");
	fill_store(h->fx);
	for (size_t i = 0; i < FX_COUNT(limits); i++) {
		struct full full = { h, token, limits[i].most };

		ak_master_close(&h->fx->master);
		assert_pam(
		    fx_wait(fx_spawn(change_on_a_full_disk, &full)), limits[i].code);
		fx_reopen(h->fx);
		assert_reason(fx_verify(h->fx, token, "alice"), AK_VALID);
	}
	assert_pam(host_change(h, "alice", token, 0), PAM_SUCCESS);
}

static int
change_in_a_bare_host(void *context)
{
	struct visit *v = context;
	sigset_t before, after;
	struct stat st;
	mode_t mask;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	umask(0);
	sigprocmask(SIG_SETMASK, NULL, &before);
	if (host_change(v->h, "alice", v->token, 0) != PAM_SUCCESS)
		return 1;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 2;
	mask = umask(0777);
	sigprocmask(SIG_SETMASK, NULL, &after);
	if (mask != 0 || sigismember(&after, SIGXFSZ) != sigismember(&before, SIGXFSZ))
		return 3;
	if (stat(v->h->fx->store, &st) != 0 || (st.st_mode & 0777) != 0640)
		return 4;
	return host_change(v->h, "alice", v->h->talk.last_message, 0) == PAM_SUCCESS
		   ? 0
		   : 5;
}

static void
closed_standard_streams_and_any_umask_are_left_as_they_were_R13_R24(void **state)
{
	struct host *h = *state;
	struct visit v = { h, fx_key(h->fx, "alice") };

	host_passwd(h, "");
	ak_master_close(&h->fx->master);
	assert_int_equal(fx_wait(fx_spawn(change_in_a_bare_host, &v)), 0);
	fx_reopen(h->fx);
	assert_reason(fx_verify(h->fx, v.token, "alice"), AK_REVOKED);
}

static void
a_hundred_changes_leave_no_descriptor_open_R12(void **state)
{
	struct host *h = *state;
	char token[AK_TOKEN_MAX + 1];
	unsigned open_files, n = fx_loops(100);

	snprintf(token, sizeof(token), "%s", fx_key(h->fx, "alice"));
	host_passwd(h, "");
	assert_pam(host_change(h, "alice", token, 0), PAM_SUCCESS);
	open_files = fx_open_files();
	for (unsigned i = 0; i < n; i++) {
		snprintf(
		    token, sizeof(token), "%.*s", AK_TOKEN_MAX, h->talk.last_message);
		assert_pam(host_change(h, "alice", token, 0), PAM_SUCCESS);
		assert_pam(host_change(h, "alice", token, 0), PAM_PERM_DENIED);
	}
	assert_int_equal(fx_open_files(), open_files);
}

/* The process that this one became two of while it asked; -1 before. */
static int twin = -1;

static void
become_two(void *context)
{
	(void)context;
	twin = fork();
}

static void
of_a_process_and_its_copy_one_changes_the_key_R13(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	int here, there;

	host_passwd(h, "");
	ak_master_close(&h->fx->master);
	h->talk.before = become_two;
	here = host_change(h, "alice", token, 0);
	if (twin == 0)
		_exit(here);
	assert_true(twin > 0);
	there = fx_wait(twin);
	fx_reopen(h->fx);
	assert_true((here == PAM_SUCCESS) != (there == PAM_SUCCESS));
	assert_true(here == PAM_PERM_DENIED || there == PAM_PERM_DENIED ||
		    here == PAM_AUTHTOK_ERR || there == PAM_AUTHTOK_ERR);
	assert_reason(fx_verify(h->fx, token, "alice"), AK_REVOKED);
}

static void *
change_in_a_thread(void *context)
{
	struct host *h = context;
	int rc = host_change(h, "alice", h->fx->tokens[0], 0);

	return rc == PAM_SUCCESS ? context : NULL;
}

/* A record as long as one can be, beside a delta: the most that a change can need. */
static void
a_thread_with_a_stack_of_128_KiB_is_enough_R13(void **state)
{
	struct host *h = *state;
	struct ak_record r = fx_record("alice");
	pthread_attr_t small;
	pthread_t thread;
	char scope[AK_WORD_MAX + 1];
	void *right;
	int n = 0;

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer's frames are larger");
	do
		snprintf(scope, sizeof(scope), "scope-%050d", n++);
	while (ak_words_add(r.key.scopes, scope));
	fx_issue(h->fx, &r);
	fx_delta(h->fx, 1, 8);
	ak_master_close(&h->fx->master);
	host_passwd(h, "overlap=1d");
	pthread_attr_init(&small);
	assert_int_equal(pthread_attr_setstacksize(&small, SMALL_STACK), 0);
	assert_int_equal(pthread_create(&thread, &small, change_in_a_thread, h), 0);
	assert_int_equal(pthread_join(thread, &right), 0);
	assert_ptr_equal(right, h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		HOST_TEST(who_may_not_write_the_master_is_not_asked),
		HOST_TEST(a_disk_that_is_full_ends_no_host_and_changes_nothing),
		HOST_TEST(
		    closed_standard_streams_and_any_umask_are_left_as_they_were_R13_R24),
		HOST_TEST(a_hundred_changes_leave_no_descriptor_open_R12),
		HOST_TEST(of_a_process_and_its_copy_one_changes_the_key_R13),
		HOST_TEST(a_thread_with_a_stack_of_128_KiB_is_enough_R13),
	};

	return cmocka_run_group_tests_name("passwd_host", tests, NULL, NULL);
}
