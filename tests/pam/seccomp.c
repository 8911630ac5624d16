/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts that have given up system calls: the module needs those that
 * docs/confinement.md names, is not ended when there are no random numbers, and a
 * module that cannot do without them says so (SECURITY R13, finding 4).
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../host.h"
#include "usage.h"

#define CALL(name)                \
	{                         \
#name, SYS_##name \
	}

/* Not every processor has all of them. */
static const struct call {
	const char *name;
	int number;
} known[] = {
	CALL(brk),
	CALL(clock_gettime),
	CALL(close),
	CALL(fcntl),
	CALL(fstat),
	CALL(getegid),
	CALL(geteuid),
	CALL(getgid),
	CALL(getuid),
	CALL(lseek),
	CALL(mmap),
	CALL(mprotect),
	CALL(mremap),
	CALL(munmap),
	CALL(newfstatat),
	CALL(openat),
	CALL(pread64),
	CALL(pwrite64),
	CALL(read),
	CALL(rt_sigpending),
	CALL(rt_sigprocmask),
	CALL(rt_sigtimedwait),
	CALL(sched_yield),
	CALL(statx),
	CALL(write),
};

#define MOST 64

static size_t
add(struct sock_filter *program, size_t n, __u16 code, __u32 k, __u8 yes, __u8 no)
{
	program[n] = (struct sock_filter)BPF_JUMP(code, k, yes, no);
	return n + 1;
}

/* seccomp(2): the program is for this process, and for good. */
static bool
install(struct sock_filter *program, size_t n)
{
	struct sock_fprog filter = { (unsigned short)n, program };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static size_t
load_number(struct sock_filter *program)
{
	program[0] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	return 1;
}

/* One call fails; all others are as ever. */
static bool
deny(int number, int error)
{
	struct sock_filter program[2 * MOST];
	size_t n = load_number(program);

	n = add(program, n, BPF_JMP | BPF_JEQ | BPF_K, (__u32)number, 0, 1);
	n = add(program, n, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (__u32)error, 0, 0);
	n = add(program, n, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	return install(program, n);
}

/* The calls that a line of docs/confinement.md names, after those in `calls`. */
static size_t
read_documented(const char *line_begin, struct call calls[MOST], size_t n)
{
	char path[FX_PATH], *name, *save = NULL;
	uint8_t *text;
	size_t len;

	snprintf(path, sizeof(path), "%s/docs/confinement.md", getenv("AK_TOP"));
	text = fx_read(path, &len);
	name = strstr((char *)text, line_begin);
	assert_non_null(name);
	*strchr(name, '\n') = '\0';
	name += strlen(line_begin);
	for (name = strtok_r(name, " |`", &save); name != NULL;
	     name = strtok_r(NULL, " |`", &save)) {
		size_t i = 0;

		while (i < FX_COUNT(known) && strcmp(known[i].name, name) != 0)
			i++;
		if (i == FX_COUNT(known))
			fail_msg("%s is not known here", name);
		assert_true(n < MOST);
		calls[n++] = known[i];
	}
	free(text);
	return n;
}

/* These calls, and to end; any other is the end by SIGSYS. */
static bool
allow(const struct call *calls, size_t count)
{
	struct sock_filter program[2 * MOST];
	size_t n = load_number(program);

	for (size_t i = 0; i < count; i++) {
		n = add(program, n, BPF_JMP | BPF_JEQ | BPF_K, (__u32)calls[i].number,
		    0, 1);
		n = add(program, n, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	}
	n = add(program, n, BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1);
	n = add(program, n, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	n = add(program, n, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	return install(program, n);
}

/* One login on a handle; what libpam does to begin with it is not the module's. */
struct visit {
	struct host *h;
	const char *user;
	bool whole; /* with what libpam needs to begin and to load the module */
	bool no_room; /* no file may grow */
	int code;
	struct call calls[MOST];
	size_t count;
};

static int
log_in_confined(void *context)
{
	const struct rlimit none = { 0, 0 };
	struct visit *v = context;
	pam_handle_t *pamh = NULL;
	int rc;

	signal(SIGXFSZ, SIG_DFL);
	if (v->no_room && setrlimit(RLIMIT_FSIZE, &none) != 0)
		return 2;
	if (!v->whole &&
	    (pamh = host_start_with(v->h, &v->h->talk, "test", v->user)) == NULL)
		return 3;
	if (!allow(v->calls, v->count))
		return 4;
	if (v->whole &&
	    (pamh = host_start_with(v->h, &v->h->talk, "test", v->user)) == NULL)
		return 5;
	if ((rc = pam_authenticate(pamh, 0)) == PAM_SUCCESS)
		rc = pam_acct_mgmt(pamh, 0);
	pam_end(pamh, rc);
	return rc == v->code ? 0 : 6;
}

static void
visit(struct visit *v)
{
	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer has system calls of its own");
	v->h->talk.answer.text = v->h->fx->tokens[0];
	v->count = read_documented("| the module |", v->calls, 0);
	if (v->whole)
		v->count = read_documented("| libpam, to begin |", v->calls, v->count);
	ak_master_close(&v->h->fx->master);
	assert_int_equal(fx_wait(fx_spawn(log_in_confined, v)), 0);
	fx_reopen(v->h->fx);
}

static void
the_documented_calls_are_enough_for_a_login_R13(void **state)
{
	struct host *h = *state;
	struct visit v = { .h = h, .user = "alice", .code = PAM_SUCCESS };

	fx_key(h->fx, "alice");
	visit(&v);
	v.whole = true;
	visit(&v);
	fx_delta(h->fx, 1, 8);
	fx_key(h->fx, "carol");
	visit(&v);
	v.user = "bob";
	v.code = PAM_AUTH_ERR;
	visit(&v);
	host_options(h, "required", "debug usage=off");
	visit(&v);
}

static void
the_documented_calls_are_enough_for_trouble_R13(void **state)
{
	struct host *h = *state;
	struct visit v = { .h = h, .user = "alice", .code = PAM_SUCCESS };
	char usage[FX_PATH + 64];

	fx_key(h->fx, "alice");
	v.no_room = true;
	visit(&v);
	v.no_room = false;
	/* A file that is full has its dropped records counted. */
	snprintf(usage, sizeof(usage), "%s/usage.d/%u", h->fx->root, geteuid());
	assert_int_equal(truncate(usage, AK_USAGE_CAP_DEFAULT), 0);
	visit(&v);
	assert_int_equal(unlink(usage), 0);
	visit(&v);
	assert_int_equal(unlink(h->fx->store), 0);
	v.code = PAM_AUTHINFO_UNAVAIL;
	visit(&v);
}

/* What is not documented ends the host, or the tests above would hold nothing. */
static int
ask_for_a_process(void *context)
{
	struct visit *v = context;

	v->count = read_documented("| the module |", v->calls, 0);
	if (!allow(v->calls, v->count))
		return 2;
	return (int)syscall(SYS_getppid);
}

static void
any_other_call_is_the_end_of_this_host(void **state)
{
	struct visit v = { .h = *state };

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer has system calls of its own");
	assert_int_equal(fx_wait(fx_spawn(ask_for_a_process, &v)), 128 + SIGSYS);
}

static const int errors[] = { ENOSYS, EPERM };

/* A host that has no random numbers. */
struct dull {
	struct host *h;
	int error;
};

static int
log_in_without_random_numbers(void *context)
{
	struct dull *d = context;

	if (!deny(SYS_getrandom, d->error))
		return 2;
	return host_login(d->h, "alice", d->h->fx->tokens[0]) == PAM_SUCCESS &&
		       host_login(d->h, "bob", d->h->fx->tokens[0]) == PAM_AUTH_ERR
		   ? 0
		   : 3;
}

static void
a_login_needs_no_random_numbers_R13(void **state)
{
	struct dull d = { .h = *state };

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer has system calls of its own");
	fx_key(d.h->fx, "alice");
	ak_master_close(&d.h->fx->master);
	for (size_t i = 0; i < FX_COUNT(errors); i++) {
		d.error = errors[i];
		assert_int_equal(
		    fx_wait(fx_spawn(log_in_without_random_numbers, &d)), 0);
	}
}

static int
change_without_random_numbers(void *context)
{
	struct dull *d = context;
	int rc;

	if (!deny(SYS_getrandom, d->error))
		return 99;
	rc = host_change(d->h, "alice", d->h->fx->tokens[0], 0);
	return d->h->talk.messages == 0 ? rc : 98;
}

static void
no_key_is_changed_without_random_numbers_and_nobody_is_ended_R13(void **state)
{
	struct dull d = { .h = *state };
	int rc;

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer has system calls of its own");
	fx_key(d.h->fx, "alice");
	host_passwd(d.h, "");
	for (size_t i = 0; i < FX_COUNT(errors); i++) {
		d.error = errors[i];
		ak_master_close(&d.h->fx->master);
		rc = fx_wait(fx_spawn(change_without_random_numbers, &d));
		fx_reopen(d.h->fx);
		assert_true(rc == PAM_TRY_AGAIN || rc == PAM_AUTHTOK_ERR);
		assert_reason(
		    fx_verify(d.h->fx, d.h->fx->tokens[0], "alice"), AK_VALID);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(the_documented_calls_are_enough_for_a_login_R13),
		HOST_TEST(the_documented_calls_are_enough_for_trouble_R13),
		HOST_TEST(any_other_call_is_the_end_of_this_host),
		HOST_TEST(a_login_needs_no_random_numbers_R13),
		HOST_TEST(
		    no_key_is_changed_without_random_numbers_and_nobody_is_ended_R13),
	};

	return cmocka_run_group_tests_name("seccomp", tests, NULL, NULL);
}
