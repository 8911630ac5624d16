/* SPDX-License-Identifier: BSD-2-Clause */
/* A service in a container or chroot, which has the store by a mount (SECURITY R26). */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <unistd.h>

#include "../host.h"

/* Mounts of our own, which end with this program. */
static void
own_mounts(void)
{
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0)
		fx_skip("mounting needs root and its capabilities");
}

/* The service "test" asks the store in this folder. */
static void
ask_store_in(struct host *h, const char *folder)
{
	char lines[4 * FX_PATH];

	snprintf(lines, sizeof(lines),
	    "auth required @m@ usage=off store=%s/keys.db store_owner=%u\n"
	    "account required @m@ usage=off store=%s/keys.db store_owner=%u\n",
	    folder, (unsigned)geteuid(), folder, (unsigned)geteuid());
	host_service(h, "test", lines);
}

/* The file is in `folder` too, by a mount of it alone. */
static void
mount_alone(const char *file, const char *folder, char at[2 * FX_PATH])
{
	snprintf(at, 2 * FX_PATH, "%s%s", folder, strrchr(file, '/'));
	fx_write(at, "", 0, 0600);
	assert_int_equal(mount(file, at, "none", MS_BIND, NULL), 0);
}

/* A login that has begun finds that the store was replaced, and so does the next. */
static void
revocation_reaches(struct host *h, const char *token)
{
	pam_handle_t *pamh;

	h->talk.answer.text = token;
	pamh = host_start(h, "test", "alice");
	assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
	fx_set_state(h->fx, token, AK_ENDED);
	host_log_clear();
	assert_pam(pam_acct_mgmt(pamh, 0), PAM_AUTHINFO_UNAVAIL);
	assert_log(LOG_ERR, "has been replaced since; mount its folder");
	pam_end(pamh, PAM_SUCCESS);
	host_log_clear();
	assert_pam(host_login(h, "alice", token), PAM_AUTHINFO_UNAVAIL);
	assert_log(LOG_ERR, "has been replaced since; mount its folder");
}

static void
a_store_that_is_mounted_alone_opens_nothing_once_it_is_replaced_R26(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice"), *folder = fx_path(h->fx, "mirror");
	char store[2 * FX_PATH];

	own_mounts();
	assert_int_equal(mkdir(folder, 0755), 0);
	mount_alone(h->fx->store, folder, store);
	ask_store_in(h, folder);
	revocation_reaches(h, token);
	assert_int_equal(umount(store), 0);
}

static void
nor_does_one_whose_delta_is_mounted_alone_R26(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice"), *folder = fx_path(h->fx, "mirror");
	char store[2 * FX_PATH], delta[2 * FX_PATH];

	own_mounts();
	fx_delta(h->fx, 1, 100);
	assert_int_equal(mkdir(folder, 0755), 0);
	mount_alone(h->fx->store, folder, store);
	mount_alone(fx_delta_path(h->fx), folder, delta);
	ask_store_in(h, folder);
	revocation_reaches(h, token);
	assert_int_equal(umount(delta), 0);
	assert_int_equal(umount(store), 0);
}

/* A login as before Linux 5.8, which does not tell what is mounted. */
static int
log_in_without_statx(void *context)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { FX_COUNT(program), program };
	struct host *h = context;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
		return 127;
	return host_login(h, "alice", h->fx->tokens[0]);
}

static void
nor_does_one_where_linux_does_not_tell_of_mounts_R26(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice"), *folder = fx_path(h->fx, "mirror");
	char store[2 * FX_PATH];
	int rc;

	own_mounts();
	assert_int_equal(mkdir(folder, 0755), 0);
	mount_alone(h->fx->store, folder, store);
	ask_store_in(h, folder);
	rc = fx_wait(fx_spawn(log_in_without_statx, h));
	if (rc != 127)
		assert_pam(rc, PAM_SUCCESS);
	fx_set_state(h->fx, token, AK_ENDED);
	if (rc != 127)
		assert_pam(
		    fx_wait(fx_spawn(log_in_without_statx, h)), PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(umount(store), 0);
	if (rc == 127)
		fx_skip("calls cannot be filtered here");
}

static void
a_store_whose_folder_is_mounted_obeys_each_change_R26(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice"), *folder = fx_path(h->fx, "mirror");
	int account;

	own_mounts();
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(mount(h->fx->root, folder, "none", MS_BIND, NULL), 0);
	ask_store_in(h, folder);
	assert_pam(host_login_and_account(h, "alice", token, &account), PAM_SUCCESS);
	assert_pam(account, PAM_SUCCESS);
	fx_set_state(h->fx, token, AK_SWITCHED_OFF);
	assert_pam(host_login(h, "alice", token), PAM_AUTH_ERR);
	fx_set_state(h->fx, token, AK_ENABLED);
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	assert_int_equal(umount(folder), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(
		    a_store_that_is_mounted_alone_opens_nothing_once_it_is_replaced_R26),
		HOST_TEST(nor_does_one_whose_delta_is_mounted_alone_R26),
		HOST_TEST(nor_does_one_where_linux_does_not_tell_of_mounts_R26),
		HOST_TEST(a_store_whose_folder_is_mounted_obeys_each_change_R26),
	};

	return cmocka_run_group_tests_name("mounted", tests, NULL, NULL);
}
