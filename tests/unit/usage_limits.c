/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A full disk, a read-only mount, limits of the host: the append says so, no signal
 * ends the host, and later records count (SECURITY R31, R35).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../records.h"

static const char id[] = "7QxR2mNd";

static enum ak_code
append(const struct fx *fx, struct ak_error *error)
{
	const struct ak_usage_record r = us_record(id, AK_VALID, "192.0.2.7");

	return ak_usage_append(us_folder(fx), &r, error);
}

static void
cap_at(const struct fx *fx, uint64_t cap)
{
	struct ak_usage_head head = { .cap = cap };
	uint8_t bytes[AK_USAGE_LEN];

	memset(head.id, 7, sizeof(head.id));
	ak_usage_head_pack(&head, bytes);
	fx_write(us_path(fx, geteuid(), ""), bytes, sizeof(bytes), 0600);
}

static void
limit_files_to(rlim_t bytes)
{
	const struct rlimit limit = { bytes, RLIM_INFINITY };

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static int
end_if_wrong(bool right)
{
	return right ? 0 : 1;
}

/* Each of these runs in a process of its own, which a signal would end. */
static int
append_past_the_limit(void *context)
{
	const struct fx *fx = context;
	struct sigaction before, after;
	sigset_t mask, mask_after, pending;
	struct ak_error error;
	bool right = true;

	sigaction(SIGXFSZ, NULL, &before);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	limit_files_to(2 * AK_USAGE_LEN + 30); /* within the second record */
	right = right && append(fx, &error) == AK_OK;
	right = right && append(fx, &error) == AK_E_STORE; /* torn */
	right = right && append(fx, &error) == AK_E_STORE; /* EFBIG and the signal */
	right = right && strstr(error.text, "usage.d") != NULL;
	limit_files_to(RLIM_INFINITY);
	right = right && append(fx, &error) == AK_OK;
	sigaction(SIGXFSZ, NULL, &after);
	pthread_sigmask(SIG_SETMASK, NULL, &mask_after);
	sigpending(&pending);
	right = right && before.sa_handler == after.sa_handler &&
		sigismember(&pending, SIGXFSZ) == 0;
	for (int signal = 1; right && signal < NSIG; signal++)
		right = sigismember(&mask, signal) == sigismember(&mask_after, signal);
	return end_if_wrong(right);
}

static void
a_limit_on_the_size_of_files_ends_no_host_R35(void **state)
{
	struct fx *fx = *state;

	assert_int_equal(fx_wait(fx_spawn(append_past_the_limit, fx)), 0);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	/* The record behind the torn one is found. */
	assert_int_equal(us_number(fx, "SELECT uses + refusals FROM key_usage"), 2);
	assert_int_equal(us_number(fx, "SELECT strange FROM usage_source"), 30);
}

static int
drop_at_a_limit_of_nothing(void *context)
{
	struct ak_error error;

	limit_files_to(0);
	return end_if_wrong(append(context, &error) == AK_E_STORE);
}

static void
counting_a_drop_under_such_a_limit_ends_no_host_R35(void **state)
{
	struct fx *fx = *state;

	cap_at(fx, AK_USAGE_LEN);
	assert_int_equal(fx_wait(fx_spawn(drop_at_a_limit_of_nothing, fx)), 0);
}

/* The host has the signal blocked and has yet to take one of its own. */
static int
append_with_a_signal_pending(void *context)
{
	struct ak_error error;
	sigset_t set, pending;
	bool right;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGXFSZ);
	limit_files_to(AK_USAGE_LEN);
	right = append(context, &error) == AK_E_STORE;
	sigpending(&pending);
	return end_if_wrong(right && sigismember(&pending, SIGXFSZ) == 1);
}

static void
a_signal_that_was_pending_before_stays_pending_R35(void **state)
{
	assert_int_equal(fx_wait(fx_spawn(append_with_a_signal_pending, *state)), 0);
}

static volatile sig_atomic_t handled;

static void
handle(int signal)
{
	(void)signal;
	handled++;
}

static int
append_with_a_handler(void *context)
{
	const struct sigaction mine = { .sa_handler = handle };
	struct ak_error error;

	sigaction(SIGXFSZ, &mine, NULL);
	limit_files_to(AK_USAGE_LEN);
	if (append(context, &error) != AK_E_STORE)
		return 1;
	return end_if_wrong(handled == 0);
}

static void
a_handler_of_the_host_never_hears_of_it_R35(void **state)
{
	assert_int_equal(fx_wait(fx_spawn(append_with_a_handler, *state)), 0);
}

/* Descriptors are at their limit with so many still free. */
static int
append_with_few_files(void *context)
{
	const struct fx *fx = context;
	enum ak_code last = AK_OK, code;
	struct ak_error error;
	struct rlimit limit;
	bool right = true;

	close_range(3, ~0U, 0);
	for (rlim_t n = 3; n < 12; n++) {
		limit = (struct rlimit){ n, 1024 };
		setrlimit(RLIMIT_NOFILE, &limit);
		code = append(fx, &error);
		right = right && (code == AK_OK || code == AK_E_STORE) &&
			(last == AK_E_STORE || code == AK_OK || n == 3);
		last = code;
	}
	return end_if_wrong(right && last == AK_OK);
}

static void
no_descriptor_left_is_an_error_and_one_is_enough_R35(void **state)
{
	struct fx *fx = *state;
	size_t n;

	assert_int_equal(fx_wait(fx_spawn(append_with_few_files, fx)), 0);
	free(us_read(us_path(fx, geteuid(), ""), &n));
	assert_int_equal(n, 8); /* none with 3, with 4 and more each */
}

static int
append_without_streams(void *context)
{
	struct ak_error error;
	bool right;

	for (int fd = 0; fd < 3; fd++)
		close(fd);
	right = append(context, &error) == AK_OK;
	cap_at(context, AK_USAGE_LEN);
	right = right && append(context, &error) == AK_E_STORE;
	for (int fd = 0; fd < 3; fd++)
		right = right && fcntl(fd, F_GETFD) < 0 && errno == EBADF;
	return end_if_wrong(right);
}

static void
closed_standard_streams_stay_closed_R13(void **state)
{
	assert_int_equal(fx_wait(fx_spawn(append_without_streams, *state)), 0);
}

/* Mount over usage.d, or say why not: it takes root, and a system that lets it. */
static bool
mount_over(const struct fx *fx, const char *type, unsigned long flags, const char *data)
{
	return geteuid() == 0 && mount(type, us_folder(fx), type, flags, data) == 0;
}

static void
a_full_disk_is_an_error_and_later_records_count_R35(void **state)
{
	struct fx *fx = *state;
	char filler[4096] = { 0 };
	struct ak_error error;
	unsigned appended = 0;
	bool made;
	int fd;

	if (!mount_over(fx, "tmpfs", 0, "size=8k,mode=0755"))
		fx_skip("needs root, and a system where tmpfs can be mounted");
	assert_code(ak_usage_file_make(ak_master_paths(fx->master), geteuid(),
			AK_USAGE_CAP_DEFAULT, &made, &error),
	    AK_OK, &error);
	fd = open(us_path(fx, 1, ".filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, filler, sizeof(filler)), (ssize_t)sizeof(filler));
	close(fd);
	/* 4096 bytes hold the head, 50 records and 16 bytes of one. */
	while (append(fx, &error) == AK_OK)
		appended++;
	assert_int_equal(appended, 50);
	assert_code(append(fx, &error), AK_E_STORE, &error);
	assert_int_equal(unlink(us_path(fx, 1, ".filler")), 0);
	assert_code(append(fx, &error), AK_OK, &error);
	us_fold(fx, FX_NOW, AK_FOLD_ALL, NULL);
	assert_int_equal(umount(us_folder(fx)), 0);
	assert_int_equal(us_number(fx, "SELECT records FROM usage_source"), 51);
	assert_int_equal(us_number(fx, "SELECT strange FROM usage_source"), 16);
}

static void
a_read_only_mount_is_an_error_R35(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;
	enum ak_code code;

	if (geteuid() != 0 ||
	    mount(us_folder(fx), us_folder(fx), NULL, MS_BIND, NULL) != 0)
		fx_skip("needs root, and a system where folders can be mounted");
	assert_int_equal(
	    mount(NULL, us_folder(fx), NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
	    0);
	code = append(fx, &error);
	assert_int_equal(umount(us_folder(fx)), 0);
	assert_code(code, AK_E_PERMISSION, &error);
	assert_code(append(fx, &error), AK_OK, &error);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_limit_on_the_size_of_files_ends_no_host_R35),
		FX_TEST(counting_a_drop_under_such_a_limit_ends_no_host_R35),
		FX_TEST(a_signal_that_was_pending_before_stays_pending_R35),
		FX_TEST(a_handler_of_the_host_never_hears_of_it_R35),
		FX_TEST(no_descriptor_left_is_an_error_and_one_is_enough_R35),
		FX_TEST(closed_standard_streams_stay_closed_R13),
		FX_TEST(a_full_disk_is_an_error_and_later_records_count_R35),
		FX_TEST(a_read_only_mount_is_an_error_R35),
	};

	return cmocka_run_group_tests_name("usage_limits", tests, NULL, NULL);
}
