/* SPDX-License-Identifier: BSD-2-Clause */
/* The module leaves its host as it found it, which traces.c compares: SECURITY R12,
 * R13. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../host.h"

#define FOREIGN "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"

/* A whole transaction of each kind in turn; the answer is checked. */
static void
transact(struct host *h, unsigned n, const char *token)
{
	static const struct {
		const char *user, *text;
		int code;
	} kinds[] = {
		{ "alice", NULL, PAM_SUCCESS },
		{ "bob", NULL, PAM_AUTH_ERR },
		{ "alice", FOREIGN, PAM_AUTH_ERR },
		{ "alice", "an ordinary password", PAM_AUTH_ERR },
	};
	size_t k = n % FX_COUNT(kinds);
	int acct, rc = host_login_and_account(h, kinds[k].user,
		      kinds[k].text != NULL ? kinds[k].text : token, &acct);

	assert_pam(rc, kinds[k].code);
	assert_int_equal(acct, rc == PAM_SUCCESS ? PAM_SUCCESS : -1);
}

/* Resident memory in KiB. */
static long
resident(void)
{
	FILE *file = fopen("/proc/self/statm", "re");
	long size, pages = 0;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &size, &pages), 2);
	fclose(file);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static unsigned
mappings_of(const char *name)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[FX_PATH];
	unsigned n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) != NULL)
		n += strstr(line, name) != NULL;
	fclose(file);
	return n;
}

static void
a_hundred_thousand_logins_leave_files_and_memory_as_they_were_R12(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	unsigned files, loops = fx_loops(100000);
	long memory;

	host_options(h, "required", "quiet");
	for (unsigned n = 0; n < 2000; n++)
		transact(h, n, token);
	files = fx_open_files();
	memory = resident();
	for (unsigned n = 0; n < loops; n++)
		transact(h, n, token);
	assert_int_equal(fx_open_files(), files);
	if (FX_SANITIZED || fx_in_valgrind())
		print_message(
		    "# memory is not compared: a sanitizer keeps what is freed\n");
	else
		assert_in_range(resident() - memory + 1024, 0, 2048);
}

static void
load_and_unload(const char *module, const char *entry)
{
	char path[FX_PATH];
	void *so;

	snprintf(path, sizeof(path), "%s/%s", getenv("AK_BUILD"), module);
	assert_non_null(so = dlopen(path, RTLD_NOW | RTLD_LOCAL));
	assert_non_null(dlsym(so, entry));
	assert_int_equal(dlclose(so), 0);
}

static void
a_thousand_loads_and_unloads_leave_one_of_each_module_R12(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	unsigned files = fx_open_files(), mapped = 0, loops = fx_loops(1000);

	for (unsigned n = 0; n < loops; n++) {
		load_and_unload("pam_authkey.so", "pam_sm_authenticate");
		load_and_unload("pam_authkey_passwd.so", "pam_sm_chauthtok");
		transact(h, n, token);
		if (n == 0)
			mapped = mappings_of("/pam_authkey");
	}
	assert_true(mapped > 0); /* they stay: -z nodelete */
	assert_int_equal(mappings_of("/pam_authkey"), mapped);
	assert_int_equal(fx_open_files(), files);
}

static void
a_host_that_never_ends_its_handles_loses_no_files_R12(void **state)
{
	struct host *h = *state;
	pam_handle_t *handles[100];
	unsigned files = fx_open_files();

	h->talk.answer.text = fx_key(h->fx, "alice");
	for (size_t i = 0; i < FX_COUNT(handles); i++) {
		handles[i] = host_start(h, "test", "alice");
		assert_pam(pam_authenticate(handles[i], 0), PAM_SUCCESS);
		assert_pam(pam_acct_mgmt(handles[i], 0), PAM_SUCCESS);
	}
	assert_int_equal(fx_open_files(), files);
	/* Each has a grant of its own, in whatever order they end. */
	fx_set_state(h->fx, h->talk.answer.text, AK_SWITCHED_OFF);
	for (size_t i = 0; i < FX_COUNT(handles); i++) {
		assert_pam(pam_acct_mgmt(handles[i], 0), PAM_PERM_DENIED);
		pam_end(handles[i], PAM_SUCCESS);
	}
}

/* Some of the streams are closed: those whose bits are set. */
struct closed {
	struct host *h;
	unsigned streams;
	const char *token;
	int code;
};

static int
log_in_with_streams_closed(void *context)
{
	const struct closed *c = context;
	bool right;
	int acct;

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if ((c->streams >> fd & 1) != 0)
			close(fd);
	right = host_login_and_account(c->h, "alice", c->token, &acct) == c->code &&
		acct == (c->code == PAM_SUCCESS ? PAM_SUCCESS : -1) &&
		host_login(c->h, "bob", c->token) != PAM_SUCCESS;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		right =
		    right && (fcntl(fd, F_GETFD) < 0) == ((c->streams >> fd & 1) != 0);
	return right ? 0 : 1;
}

static void
closed_standard_streams_stay_closed_R13(void **state)
{
	struct host *h = *state;
	struct closed c = { h, 0, fx_key(h->fx, "alice"), PAM_SUCCESS };

	fx_delta(h->fx, 1, 8);
	for (int store = 1; store >= 0; store--) {
		for (c.streams = 1; c.streams < 8; c.streams++)
			assert_int_equal(
			    fx_wait(fx_spawn(log_in_with_streams_closed, &c)), 0);
		unlink(h->fx->store);
		c.code = PAM_AUTHINFO_UNAVAIL;
	}
}

/* A handle that crossed fork, and its talk. */
struct crossed {
	struct host *h;
	pam_handle_t *pamh;
};

static int
go_on(void *context)
{
	struct crossed *c = context;
	bool right;

	right = pam_acct_mgmt(c->pamh, 0) == PAM_SUCCESS &&
		pam_authenticate(c->pamh, 0) == PAM_SUCCESS &&
		pam_setcred(c->pamh, PAM_ESTABLISH_CRED) == PAM_SUCCESS &&
		host_login(c->h, "alice", c->h->talk.answer.text) == PAM_SUCCESS &&
		host_login(c->h, "bob", c->h->talk.answer.text) == PAM_AUTH_ERR;
	pam_end(c->pamh, PAM_SUCCESS | PAM_DATA_SILENT);
	return right ? 0 : 1;
}

static void
a_handle_crosses_fork_and_both_sides_go_on_R13(void **state)
{
	struct host *h = *state;
	struct crossed c = { h, NULL };

	h->talk.answer.text = fx_key(h->fx, "alice");
	c.pamh = host_start(h, "test", "alice");
	assert_pam(pam_authenticate(c.pamh, 0), PAM_SUCCESS);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(fx_wait(fx_spawn(go_on, &c)), 0);
		assert_pam(pam_acct_mgmt(c.pamh, 0), PAM_SUCCESS);
		assert_pam(pam_authenticate(c.pamh, 0), PAM_SUCCESS);
	}
	pam_end(c.pamh, PAM_SUCCESS);
}

/* Limits as a hardened service may have them; they are the child's alone. */
static int
login_with_few_files(void *context)
{
	struct host *h = context;
	struct rlimit limit = { 0, 0 };
	int rc, last = PAM_SUCCESS;
	pam_handle_t *pamh;
	bool right = true;

	/* Refused from where there are too few on, and by a code that says trouble. */
	for (limit.rlim_cur = limit.rlim_max = 64; limit.rlim_cur > 2;
	     limit.rlim_cur--) {
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			return 2;
		rc = PAM_ABORT; /* when libpam cannot even start */
		if ((pamh = host_start_with(h, &h->talk, "test", "alice")) != NULL) {
			if ((rc = pam_authenticate(pamh, 0)) == PAM_SUCCESS)
				rc = pam_acct_mgmt(pamh, 0);
			pam_end(pamh, rc);
		}
		right = right && (rc == PAM_SUCCESS || rc == PAM_AUTHINFO_UNAVAIL ||
				     rc == PAM_ABORT || rc == PAM_SYSTEM_ERR ||
				     rc == PAM_MODULE_UNKNOWN);
		right = right && (last == PAM_SUCCESS || rc != PAM_SUCCESS);
		last = rc;
	}
	return right && last != PAM_SUCCESS ? 0 : 1;
}

static void
a_host_short_of_files_is_refused_and_not_harmed_R13(void **state)
{
	struct host *h = *state;

	if (fx_in_valgrind())
		fx_skip("valgrind lets no limit on files come near its own");
	h->talk.answer.text = fx_key(h->fx, "alice");
	assert_int_equal(fx_wait(fx_spawn(login_with_few_files, h)), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		/* First those that fork: a thread sanitizer maps more with each login.
		 */
		HOST_TEST(closed_standard_streams_stay_closed_R13),
		HOST_TEST(a_handle_crosses_fork_and_both_sides_go_on_R13),
		HOST_TEST(a_host_short_of_files_is_refused_and_not_harmed_R13),
		HOST_TEST(
		    a_hundred_thousand_logins_leave_files_and_memory_as_they_were_R12),
		HOST_TEST(a_thousand_loads_and_unloads_leave_one_of_each_module_R12),
		HOST_TEST(a_host_that_never_ends_its_handles_loses_no_files_R12),
	};

	return cmocka_run_group_tests_name("manners", tests, NULL, NULL);
}
