/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts that hardly have what a login needs: memory, file sizes, /dev, stacks. None is
 * harmed, and whom they let in is right: SECURITY R2, R13, R35.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "../host.h"

#define SMALL_STACK (64 << 10) /* pam_authkey(8) promises that it is enough */

/* One login; PAM_ABORT when libpam cannot even start. */
static int
try(struct host *h, const char *user)
{
	pam_handle_t *pamh = host_start_with(h, &h->talk, "test", user);
	int rc;

	if (pamh == NULL)
		return PAM_ABORT;
	h->talk.answer = (struct answer){ ANSWER_TEXT, h->fx->tokens[0], 0 };
	if ((rc = pam_authenticate(pamh, 0)) == PAM_SUCCESS)
		rc = pam_acct_mgmt(pamh, 0);
	pam_end(pamh, rc);
	return rc;
}

static bool
both_are_right(struct host *h)
{
	return try(h, "alice") == PAM_SUCCESS && try(h, "bob") == PAM_AUTH_ERR;
}

/* Run in a process of its own, since limits are for good. */
static void
in_a_process(struct host *h, int (*child)(void *))
{
	fx_key(h->fx, "alice");
	fx_delta(h->fx, 1, 8); /* the longest way that a login can go */
	fx_key(h->fx, "carol");
	ak_master_close(&h->fx->master);
	assert_int_equal(fx_wait(fx_spawn(child, h)), 0);
}

/* Blocks of memory that nobody else gets; each points to the one before. */
struct block {
	struct block *before;
};

static struct block *
take_all_memory(void)
{
	static const size_t sizes[] = { 1 << 20, 1 << 16, 1 << 12, 1 << 10, 256, 64,
		24 };
	struct block *last = NULL, *block;

	for (size_t i = 0; i < FX_COUNT(sizes); i++)
		while ((block = malloc(sizes[i])) != NULL) {
			block->before = last;
			last = block;
		}
	return last;
}

/* From no memory at all to enough, one block more each time. */
static int
log_in_with_little_memory(void *context)
{
	const struct rlimit none = { 0, 0 };
	struct host *h = context;
	struct block *last, *block;
	unsigned refused = 0, right = 0;

	if (!both_are_right(h)) /* the stack has its size, libraries are loaded */
		return 2;
	if (setrlimit(RLIMIT_AS, &none) != 0)
		return 3;
	last = take_all_memory();
	while (right < 3) {
		int rc = try(h, "alice");

		if (try(h, "bob") == PAM_SUCCESS)
			return 4;
		right = rc == PAM_SUCCESS ? right + 1 : 0;
		refused += rc != PAM_SUCCESS;
		for (int i = 0; i < 4; i++) {
			if ((block = last) == NULL)
				return 5;
			last = block->before;
			free(block);
		}
	}
	return refused > 3 && both_are_right(h) ? 0 : 6;
}

static void
a_host_with_less_and_less_memory_lets_nobody_in_by_mistake_R2(void **state)
{
	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer's memory cannot be limited");
	in_a_process(*state, log_in_with_little_memory);
}

/* Limits of address space, from plenty down: libraries may be too much already. */
static int
start_in_little_space(void *context)
{
	struct host *h = context;
	unsigned right = 0, refused = 0;

	/* This process has not loaded the module yet: each child does, or cannot. */
	for (rlim_t mib = 64; mib > 0; mib--) {
		int pid = fork(), rc;

		if (pid == 0) {
			const struct rlimit limit = { mib << 18, mib << 18 };

			setrlimit(RLIMIT_AS, &limit);
			if (try(h, "bob") == PAM_SUCCESS)
				_exit(4);
			rc = try(h, "alice");
			_exit(rc == PAM_SUCCESS ? 0 : 1);
		}
		if ((rc = fx_wait(pid)) > 1)
			return rc;
		right += rc == 0;
		refused += rc == 1;
	}
	return right > 0 && refused > 0 ? 0 : 5;
}

static void
a_host_without_room_for_the_module_is_refused_and_not_ended_R2(void **state)
{
	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer's memory cannot be limited");
	in_a_process(*state, start_in_little_space);
}

static int
log_in_without_a_byte_to_write(void *context)
{
	const struct rlimit none = { 0, 0 };
	struct host *h = context;

	signal(SIGXFSZ, SIG_DFL);
	if (setrlimit(RLIMIT_FSIZE, &none) != 0)
		return 2;
	host_log_clear();
	if (!both_are_right(h) || !host_log_has("usage is not recorded"))
		return 3;
	return 0;
}

static void
a_host_that_may_write_no_byte_lets_in_as_before_R35(void **state)
{
	in_a_process(*state, log_in_without_a_byte_to_write);
}

static int
log_in_where_records_are_required(void *context)
{
	const struct rlimit none = { 0, 0 };

	signal(SIGXFSZ, SIG_DFL);
	if (setrlimit(RLIMIT_FSIZE, &none) != 0)
		return 2;
	return try(context, "alice") == PAM_AUTHINFO_UNAVAIL ? 0 : 3;
}

static void
a_host_that_may_write_no_byte_has_no_login_that_must_be_recorded(void **state)
{
	struct host *h = *state;

	host_options(h, "required", "usage=required");
	in_a_process(h, log_in_where_records_are_required);
}

/* Limits that a login does not come near, at nothing; and no signal can be queued. */
static int
log_in_with_no_limit_left(void *context)
{
	static const int resources[] = { RLIMIT_CORE, RLIMIT_NPROC, RLIMIT_MEMLOCK,
		RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_LOCKS, RLIMIT_RSS,
		RLIMIT_NICE, RLIMIT_RTPRIO };
	const struct rlimit none = { 0, 0 };
	struct host *h = context;

	for (size_t i = 0; i < FX_COUNT(resources); i++)
		if (setrlimit((__rlimit_resource_t)resources[i], &none) != 0)
			return 2;
	if (!both_are_right(h) || host_log_has("not recorded"))
		return 3;
	return log_in_without_a_byte_to_write(h);
}

static void
a_host_without_processes_locked_memory_or_signals_lets_in_as_before_R13(void **state)
{
	in_a_process(*state, log_in_with_no_limit_left);
}

static void
do_nothing(int number)
{
	(void)number;
}

/* Calls are interrupted all the time, and none is begun anew by the kernel. */
static int
log_in_while_a_timer_runs(void *context)
{
	const struct sigaction action = { .sa_handler = do_nothing };
	const struct itimerval timer = { { 0, 200 }, { 0, 200 } };
	struct host *h = context;

	host_log_clear();
	if (sigaction(SIGALRM, &action, NULL) != 0 ||
	    setitimer(ITIMER_REAL, &timer, NULL) != 0)
		return 2;
	for (unsigned n = fx_loops(1000); n > 0; n--)
		if (!both_are_right(h))
			return 3;
	return host_log_has("not recorded") ? 4 : 0;
}

static void
a_host_whose_timer_interrupts_each_call_lets_in_as_before_R13(void **state)
{
	in_a_process(*state, log_in_while_a_timer_runs);
}

/* The folder that a daemon was started in may be gone. */
static int
log_in_nowhere(void *context)
{
	struct host *h = context;
	const char *gone = fx_path(h->fx, "gone");

	if (mkdir(gone, 0700) != 0 || chdir(gone) != 0 || rmdir(gone) != 0)
		return 2;
	return both_are_right(h) && !host_log_has("not recorded") ? 0 : 3;
}

static void
a_host_whose_folder_is_gone_lets_in_as_before_R13(void **state)
{
	in_a_process(*state, log_in_nowhere);
}

/* The folder of the fixture is all there is: no /dev, no /proc, no /etc. */
static int
log_in_below_a_root(void *context)
{
	struct host *h = context;
	char lines[FX_PATH];

	if (!both_are_right(h)) /* the module is in memory, as in a daemon */
		return 2;
	snprintf(lines, sizeof(lines),
	    "auth required %s store=/root/keys.db\n"
	    "account required %s store=/root/keys.db\n",
	    getenv("AK_MODULE"), getenv("AK_MODULE"));
	host_service(h, "test", lines);
	if (chroot(h->fx->folder) != 0 || chdir("/") != 0)
		return 3;
	snprintf(h->confdir, sizeof(h->confdir), "/pam.d");
	return both_are_right(h) && !host_log_has("not recorded") ? 0 : 4;
}

static void
a_host_in_a_chroot_without_dev_lets_in_as_before_R13(void **state)
{
	if (geteuid() != 0)
		fx_skip("only root can change its root");
	in_a_process(*state, log_in_below_a_root);
}

static void *
log_in_a_few_times(void *context)
{
	struct host *h = context;
	bool right = true;

	for (int i = 0; i < 3; i++)
		right = both_are_right(h) && right;
	return right ? context : NULL;
}

static int
log_in_on_a_small_stack(void *context)
{
	pthread_attr_t small;
	pthread_t thread;
	void *right;

	pthread_attr_init(&small);
	if (pthread_attr_setstacksize(&small, SMALL_STACK) != 0 ||
	    pthread_create(&thread, &small, log_in_a_few_times, context) != 0 ||
	    pthread_join(thread, &right) != 0)
		return 2;
	return right == context ? 0 : 3;
}

static void
a_thread_with_a_stack_of_64_KiB_is_enough_R13(void **state)
{
	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer's frames are larger");
	in_a_process(*state, log_in_on_a_small_stack);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(
		    a_host_without_room_for_the_module_is_refused_and_not_ended_R2),
		HOST_TEST(
		    a_host_with_less_and_less_memory_lets_nobody_in_by_mistake_R2),
		HOST_TEST(a_host_that_may_write_no_byte_lets_in_as_before_R35),
		HOST_TEST(
		    a_host_that_may_write_no_byte_has_no_login_that_must_be_recorded),
		HOST_TEST(
		    a_host_without_processes_locked_memory_or_signals_lets_in_as_before_R13),
		HOST_TEST(
		    a_host_whose_timer_interrupts_each_call_lets_in_as_before_R13),
		HOST_TEST(a_host_whose_folder_is_gone_lets_in_as_before_R13),
		HOST_TEST(a_host_in_a_chroot_without_dev_lets_in_as_before_R13),
		HOST_TEST(a_thread_with_a_stack_of_64_KiB_is_enough_R13),
	};

	return cmocka_run_group_tests_name("hosts", tests, NULL, NULL);
}
