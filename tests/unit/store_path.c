/* SPDX-License-Identifier: BSD-2-Clause */
/* Which file may be the store: SECURITY R21 and R23. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../fixture.h"

#define STRANGER 65534

static enum ak_code
open_at(const char *path, uid_t owner, struct ak_error *error)
{
	unsigned files = fx_open_files();
	struct ak_store store;
	enum ak_code code = ak_store_open(path, owner, &store, error);

	assert_int_equal(fx_open_files(), files + (code == AK_OK ? 1 : 0));
	ak_store_close(&store);
	ak_store_close(&store); /* once more does no harm */
	assert_int_equal(fx_open_files(), files);
	return code;
}

/* The store is refused, with a text that names the file and holds `part`. */
static void
refuses(const char *path, enum ak_code code, const char *part)
{
	struct ak_error error;

	assert_code(open_at(path, geteuid(), &error), code, &error);
	assert_contains(error.text, part);
	assert_null(strchr(error.text, '\n'));
}

static void
accepts(const char *path)
{
	struct ak_error error;

	assert_code(open_at(path, geteuid(), &error), AK_OK, &error);
}

static void
a_store_as_published_is_opened(void **state)
{
	struct fx *fx = *state;

	accepts(fx->store);
}

static void
a_missing_store_is_named_with_the_way_out(void **state)
{
	struct fx *fx = *state;

	assert_int_equal(unlink(fx->store), 0);
	refuses(fx->store, AK_E_STORE, fx->store);
	refuses(fx->store, AK_E_STORE, "authkey publish");
	refuses(fx_path(fx, "no/such/folder/keys.db"), AK_E_STORE, "No such file");
}

static void
a_path_that_is_not_absolute_is_refused(void **state)
{
	struct fx *fx = *state;
	char cwd[FX_PATH];

	assert_non_null(getcwd(cwd, sizeof(cwd)));
	assert_int_equal(chdir(fx->root), 0);
	refuses("keys.db", AK_E_STORE, "absolute");
	refuses("./keys.db", AK_E_STORE, "absolute");
	refuses("", AK_E_STORE, "absolute");
	assert_int_equal(chdir(cwd), 0);
}

static void
a_path_longer_than_paths_go_is_refused(void **state)
{
	char *path = malloc(100001);

	(void)state;
	assert_non_null(path);
	for (size_t i = 0; i < 100000; i++)
		path[i] = i % 2 == 0 ? '/' : 'x';
	path[100000] = '\0';
	refuses(path, AK_E_STORE, "x");
	free(path);
}

static void
a_symbolic_link_is_refused_R23(void **state)
{
	struct fx *fx = *state;
	const char *link = fx_path(fx, "link.db");

	assert_int_equal(symlink(fx->store, link), 0);
	refuses(link, AK_E_STORE, "symbolic link");
	assert_int_equal(unlink(link), 0);
	assert_int_equal(symlink("/nowhere/at/all", link), 0);
	refuses(link, AK_E_STORE, "symbolic link");
	assert_int_equal(access("/nowhere/at/all", F_OK), -1);
}

static void
a_fifo_is_refused_at_once_R23(void **state)
{
	struct fx *fx = *state;
	const char *fifo = fx_path(fx, "fifo.db");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	alarm(10); /* waiting for a writer would end this program here */
	refuses(fifo, AK_E_STORE, "not a regular file");
	alarm(0);
}

static void
a_socket_is_refused_R23(void **state)
{
	struct fx *fx = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/s.db", fx->folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	refuses(address.sun_path, AK_E_STORE, address.sun_path);
	close(fd);
}

static void
a_folder_is_refused_R23(void **state)
{
	struct fx *fx = *state;

	refuses(fx->root, AK_E_STORE, "not a regular file");
	refuses("/", AK_E_STORE, "not a regular file");
	refuses(fx_path(fx, "root/"), AK_E_STORE, "");
	/* A file where a folder should be. */
	refuses(fx_path(fx, "root/keys.db/keys.db"), AK_E_STORE, "is not a folder");
}

static void
a_device_is_refused_R23(void **state)
{
	(void)state;
	refuses("/dev/null", AK_E_STORE, "not a regular file");
	refuses("/dev/zero", AK_E_STORE, "not a regular file");
}

static void
a_second_name_is_refused_R23(void **state)
{
	struct fx *fx = *state;
	const char *other = fx_path(fx, "other.db");

	assert_int_equal(link(fx->store, other), 0);
	refuses(fx->store, AK_E_STORE, "more than one name");
	refuses(other, AK_E_STORE, "more than one name");
	assert_int_equal(unlink(other), 0);
	accepts(fx->store);
}

static void
a_store_that_others_may_write_is_refused_R21(void **state)
{
	struct fx *fx = *state;

	for (unsigned mode = 0; mode < 01000; mode++) {
		struct ak_error error;
		enum ak_code wanted = (mode & 022) != 0 ? AK_E_STORE : AK_OK;

		if ((mode & 0400) == 0) /* which only root could read */
			continue;
		assert_int_equal(chmod(fx->store, mode), 0);
		assert_code(open_at(fx->store, geteuid(), &error), wanted, &error);
		if (wanted != AK_OK)
			assert_contains(error.text, "may write it");
	}
}

static void
a_store_that_may_not_be_read_says_who_may_not_R21(void **state)
{
	struct fx *fx = *state;

	if (geteuid() == 0)
		fx_skip("root may read everything");
	assert_int_equal(chmod(fx->store, 0200), 0);
	refuses(fx->store, AK_E_PERMISSION, "authkey verifier add");
}

static void
a_store_of_a_stranger_is_refused_R21(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;

	if (geteuid() != 0)
		fx_skip("giving a file away needs root");
	assert_int_equal(chown(fx->store, STRANGER, 0), 0);
	refuses(fx->store, AK_E_STORE, "belongs to uid 65534 instead of 0");
	/* Unless that is who must own it; then root's is still right. */
	assert_code(open_at(fx->store, STRANGER, &error), AK_OK, &error);
	assert_code(open_at(fx->store, STRANGER - 1, &error), AK_E_STORE, &error);
	assert_int_equal(chown(fx->store, 0, 0), 0);
	assert_code(open_at(fx->store, STRANGER, &error), AK_OK, &error);
}

static void
folders_that_others_may_write_are_refused_R21(void **state)
{
	struct fx *fx = *state;
	const char *const folders[] = { fx->root, fx->folder };
	static const unsigned bad[] = { 0775, 0757, 0777, 0722 };

	for (size_t i = 0; i < FX_COUNT(folders); i++) {
		for (size_t m = 0; m < FX_COUNT(bad); m++) {
			assert_int_equal(chmod(folders[i], bad[m]), 0);
			refuses(fx->store, AK_E_STORE, folders[i]);
			refuses(fx->store, AK_E_STORE, "could swap the store");
		}
		assert_int_equal(chmod(folders[i], 0755), 0);
		accepts(fx->store);
	}
}

static void
a_sticky_folder_passes_only_when_it_is_roots_R21(void **state)
{
	struct fx *fx = *state;

	assert_int_equal(chmod(fx->folder, 01777), 0);
	if (geteuid() == 0) {
		accepts(fx->store);
		assert_int_equal(chown(fx->folder, STRANGER, 0), 0);
	}
	refuses(fx->store, AK_E_STORE, fx->folder);
}

static void
a_folder_of_a_stranger_is_refused_R21(void **state)
{
	struct fx *fx = *state;
	struct ak_error error;

	if (geteuid() != 0)
		fx_skip("giving a folder away needs root");
	assert_int_equal(chown(fx->folder, STRANGER, 0), 0);
	refuses(fx->store, AK_E_STORE, "belongs to uid 65534");
	assert_code(open_at(fx->store, STRANGER, &error), AK_OK, &error);
}

static void
a_folder_that_is_a_symbolic_link_is_refused_R21(void **state)
{
	struct fx *fx = *state;
	const char *link = fx_path(fx, "link");

	assert_int_equal(symlink(fx->root, link), 0);
	refuses(
	    fx_path(fx, "link/keys.db"), AK_E_STORE, "name the store by its real path");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_store_as_published_is_opened),
		FX_TEST(a_missing_store_is_named_with_the_way_out),
		FX_TEST(a_path_that_is_not_absolute_is_refused),
		FX_TEST(a_path_longer_than_paths_go_is_refused),
		FX_TEST(a_symbolic_link_is_refused_R23),
		FX_TEST(a_fifo_is_refused_at_once_R23),
		FX_TEST(a_socket_is_refused_R23),
		FX_TEST(a_folder_is_refused_R23),
		FX_TEST(a_device_is_refused_R23),
		FX_TEST(a_second_name_is_refused_R23),
		FX_TEST(a_store_that_others_may_write_is_refused_R21),
		FX_TEST(a_store_that_may_not_be_read_says_who_may_not_R21),
		FX_TEST(a_store_of_a_stranger_is_refused_R21),
		FX_TEST(folders_that_others_may_write_are_refused_R21),
		FX_TEST(a_sticky_folder_passes_only_when_it_is_roots_R21),
		FX_TEST(a_folder_of_a_stranger_is_refused_R21),
		FX_TEST(a_folder_that_is_a_symbolic_link_is_refused_R21),
	};

	return cmocka_run_group_tests_name("store path", tests, NULL, NULL);
}
