/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts in which a key is changed although they are not made for it: what the caller of
 * a set-user-ID program may have chosen, and what a daemon may lack. The old token is
 * as it was, or its owner has the new one: SECURITY R13, R14.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "../host.h"
#include "audit.h"

/* A host of one kind in which a key is changed, and what may become of that. */
struct trial {
	struct host *h;
	int resource;
	rlim_t limit;
	bool (*prepare)(const struct trial *);
};

/* The new token, which the child shows its parent. */
static char *shown;

static int
change_in_a_trial(void *context)
{
	const struct trial *t = context;
	struct talk *talk = &t->h->talk;
	pam_handle_t *pamh;
	int rc = PAM_ABORT; /* when libpam cannot even start */

	signal(SIGXFSZ, SIG_DFL);
	talk->messages = 0;
	talk->answer = (struct answer){ ANSWER_TEXT, t->h->fx->tokens[0], 0 };
	if (!t->prepare(t))
		return 99;
	if ((pamh = host_start_with(t->h, talk, "test", "alice")) != NULL) {
		rc = pam_chauthtok(pamh, 0);
		pam_end(pamh, rc);
	}
	if (talk->messages > 0)
		strcpy(shown, talk->last_message);
	return rc;
}

/* A key is replaced and its owner has the new token, or it is as it was. */
static int
try(const struct trial *t)
{
	struct fx *fx = t->h->fx;
	const char *old = fx->tokens[0];
	int rc;

	if (fx->issued == 0)
		fx_key(fx, "alice");
	shown = mmap(NULL, sizeof(t->h->talk.last_message), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(shown, MAP_FAILED);
	host_passwd(t->h, "");
	ak_master_close(&fx->master);
	rc = fx_wait(fx_spawn(change_in_a_trial, (void *)(uintptr_t)t));
	fx_reopen(fx);
	if (rc == PAM_SUCCESS) {
		assert_reason(fx_verify(fx, old, "alice"), AK_REVOKED);
		assert_reason(fx_verify(fx, shown, "alice"), AK_VALID);
		snprintf(
		    fx->tokens[0], sizeof(fx->tokens[0]), "%.*s", AK_TOKEN_MAX, shown);
	} else {
		assert_string_equal(shown, "");
		assert_reason(fx_verify(fx, old, "alice"), AK_VALID);
	}
	munmap(shown, sizeof(t->h->talk.last_message));
	return rc;
}

/* As in a daemon that has changed a key before. */
static bool
load_module(void)
{
	char path[FX_PATH];

	snprintf(path, sizeof(path), "%s/pam_authkey_passwd.so", getenv("AK_BUILD"));
	return dlopen(path, RTLD_NOW) != NULL;
}

static bool
set_limit(const struct trial *t)
{
	const struct rlimit limit = { t->limit, t->limit };

	return setrlimit((__rlimit_resource_t)t->resource, &limit) == 0;
}

/* Whoever starts a set-user-ID program has chosen its limits. */
static void
limits_that_do_not_matter_keep_no_key_from_its_change_R13(void **state)
{
	static const int resources[] = { RLIMIT_CORE, RLIMIT_NPROC, RLIMIT_MEMLOCK,
		RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_LOCKS, RLIMIT_RSS,
		RLIMIT_NICE, RLIMIT_RTPRIO };

	for (size_t i = 0; i < FX_COUNT(resources); i++) {
		const struct trial t = { *state, resources[i], 0, set_limit };

		assert_pam(try(&t), PAM_SUCCESS);
	}
}

static bool
says_trouble(int rc)
{
	return rc == PAM_AUTHTOK_ERR || rc == PAM_TRY_AGAIN || rc == PAM_BUF_ERR ||
	       rc == PAM_SYSTEM_ERR || rc == PAM_ABORT || rc == PAM_MODULE_UNKNOWN ||
	       rc == PAM_CONV_ERR;
}

/* So many bytes more than it has may this process map. */
static bool
limit_growth(const struct trial *t)
{
	FILE *file = fopen("/proc/self/statm", "re");
	struct trial more = *t;
	unsigned long pages = 0;

	if (file == NULL || fscanf(file, "%lu", &pages) != 1)
		return false;
	fclose(file);
	more.limit += pages * (rlim_t)sysconf(_SC_PAGESIZE);
	return set_limit(&more);
}

/* From too little for anything to enough; in between, whatever happens is whole. */
static void
limits_that_matter_leave_the_old_key_or_show_the_new_one_R13(void **state)
{
	static const struct {
		int resource;
		rlim_t from, to, step;
		bool (*prepare)(const struct trial *);
	} ladders[] = {
		{ RLIMIT_NOFILE, 3, 24, 1, set_limit },
		{ RLIMIT_FSIZE, 0, 200000, 14000, set_limit },
		{ RLIMIT_AS, 0, 400000, 10000, limit_growth },
	};
	int rc = 0;

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("the memory and files of a sanitizer cannot be limited");
	assert_true(load_module());
	for (size_t i = 0; i < FX_COUNT(ladders); i++) {
		unsigned refused = 0;

		for (rlim_t n = ladders[i].from; n <= ladders[i].to;
		     n += ladders[i].step) {
			const struct trial t = { *state, ladders[i].resource, n,
				ladders[i].prepare };

			rc = try(&t);
			if (rc != PAM_SUCCESS && !says_trouble(rc))
				fail_msg("limit %d at %ld: %d", ladders[i].resource,
				    (long)n, rc);
			refused += rc != PAM_SUCCESS;
		}
		assert_true(refused > 0);
		assert_pam(rc, PAM_SUCCESS);
	}
}

/* No variable says where anything is, when it is, or who has changed a key. */
static bool
set_environment(const struct trial *t)
{
	static const char *const names[] = { "AUTHKEY_DIR", "HOME", "TMPDIR", "TMP",
		"SQLITE_TMPDIR", "TZ", "TZDIR", "USER", "LOGNAME", "SUDO_USER",
		"SUDO_UID", "PAM_USER", "LOCPATH" };

	for (size_t i = 0; i < FX_COUNT(names); i++)
		if (setenv(names[i], "/nonexistent", 1) != 0)
			return false;
	(void)t;
	return setlocale(LC_ALL, "") != NULL || setlocale(LC_ALL, "C") != NULL;
}

static bool
is_nobody_else(const struct ak_audit *entry, void *context)
{
	unsigned *count = context;

	assert_null(strstr(entry->who, "nonexistent"));
	(*count)++;
	return true;
}

static void
the_environment_of_its_caller_counts_for_no_change_R14(void **state)
{
	const struct trial t = { .h = *state, .prepare = set_environment };
	struct ak_error error;
	unsigned count = 0;

	assert_pam(try(&t), PAM_SUCCESS);
	assert_code(
	    ak_audit_list(t.h->fx->master, NULL, 0, is_nobody_else, &count, &error),
	    AK_OK, &error);
	assert_int_equal(count, 2);
	assert_int_equal(access("/nonexistent", F_OK), -1);
}

/* The folder of the fixture is all there is: no /dev, no /proc. */
static bool
change_root(const struct trial *t)
{
	char lines[FX_PATH];

	if (!load_module())
		return false;
	snprintf(lines, sizeof(lines),
	    "password required %s/pam_authkey_passwd.so dir=/root\n",
	    getenv("AK_BUILD"));
	host_service(t->h, "test", lines);
	if (chroot(t->h->fx->folder) != 0 || chdir("/") != 0)
		return false;
	snprintf(t->h->confdir, sizeof(t->h->confdir), "/pam.d");
	return true;
}

/* Nothing can stand in for the streams there, so SQLite is not even asked. */
static bool
change_root_without_streams(const struct trial *t)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		close(fd);
	return change_root(t);
}

static void
copy_groups(const struct fx *fx)
{
	assert_int_equal(mkdir(fx_path(fx, "etc"), 0755), 0);
	fx_copy("/etc/group", fx_path(fx, "etc/group"));
}

static void
a_chroot_needs_groups_and_no_devices_unless_streams_are_closed_R13(void **state)
{
	const struct trial t = { .h = *state, .prepare = change_root };
	const struct trial closed = { .h = *state,
		.prepare = change_root_without_streams };

	if (geteuid() != 0)
		fx_skip("only root can change its root");
	assert_pam(try(&t), PAM_AUTHTOK_ERR); /* the group of the store has no number */
	copy_groups(t.h->fx);
	assert_pam(try(&t), PAM_SUCCESS);
	assert_pam(try(&closed), PAM_TRY_AGAIN);
}

static void
do_nothing(int number)
{
	(void)number;
}

/* Calls are interrupted all the time, and none is begun anew by the kernel. */
static bool
set_a_timer(const struct trial *t)
{
	const struct sigaction action = { .sa_handler = do_nothing };
	const struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };

	(void)t;
	return sigaction(SIGALRM, &action, NULL) == 0 &&
	       setitimer(ITIMER_REAL, &timer, NULL) == 0;
}

/* Another command holds the lock for a second, where ten are waited for. */
static int
hold_the_lock(void *context)
{
	int fd = open(context, O_RDWR | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) != 0)
		return 1;
	sleep(1);
	return 0;
}

/* Until it does. */
static void
wait_for_holder(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	while (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		assert_int_equal(flock(fd, LOCK_UN), 0);
		sched_yield();
	}
	close(fd);
}

static void
a_timer_that_interrupts_each_call_shortens_no_wait_R13(void **state)
{
	const struct trial t = { .h = *state, .prepare = set_a_timer };
	char lock[FX_PATH];
	int pid;

	assert_pam(try(&t), PAM_SUCCESS);
	snprintf(lock, sizeof(lock), "%s", ak_master_paths(t.h->fx->master)->lock);
	pid = fx_spawn(hold_the_lock, lock);
	wait_for_holder(lock);
	assert_pam(try(&t), PAM_SUCCESS);
	assert_int_equal(fx_wait(pid), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(limits_that_do_not_matter_keep_no_key_from_its_change_R13),
		HOST_TEST(limits_that_matter_leave_the_old_key_or_show_the_new_one_R13),
		HOST_TEST(the_environment_of_its_caller_counts_for_no_change_R14),
		HOST_TEST(
		    a_chroot_needs_groups_and_no_devices_unless_streams_are_closed_R13),
		HOST_TEST(a_timer_that_interrupts_each_call_shortens_no_wait_R13),
	};

	return cmocka_run_group_tests_name("passwd_hostile", tests, NULL, NULL);
}
