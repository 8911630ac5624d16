/* SPDX-License-Identifier: BSD-2-Clause */
/* The part of fixture.h that knows no installation. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

void
fx_folder_make(char folder[FX_PATH])
{
	const char *tmp = getenv("TMPDIR");
	char *real = realpath(tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp", NULL);

	assert_non_null(real);
	snprintf(folder, FX_PATH, "%s/authkey-test.XXXXXX", real);
	free(real);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0755), 0);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int
open_up(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)at;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, (st->st_mode & 07777) | 0700);
	return 0;
}

void
fx_folder_remove(const char *folder)
{
	nftw(folder, open_up, 8, FTW_PHYS);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void
fx_write(const char *path, const void *bytes, size_t len, unsigned mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

uint8_t *
fx_read(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	bytes = malloc(*len + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *len), st.st_size);
	bytes[*len] = '\0';
	close(fd);
	return bytes;
}

void
fx_copy(const char *from, const char *to)
{
	struct stat st;
	size_t len;
	uint8_t *bytes = fx_read(from, &len);

	assert_int_equal(stat(from, &st), 0);
	fx_write(to, bytes, len, st.st_mode & 07777);
	free(bytes);
}

void
fx_assert_reason(enum ak_reason got, enum ak_reason wanted, const char *file, int line)
{
	if (got == wanted)
		return;
	print_error("%s instead of %s\n", ak_reason_word(got), ak_reason_word(wanted));
	_fail(file, line);
}

void
fx_assert_code(enum ak_code got, enum ak_code wanted, const struct ak_error *error,
    const char *file, int line)
{
	if (got == wanted)
		return;
	print_error("code %d instead of %d: %s\n", (int)got, (int)wanted,
	    got == AK_OK ? "no error" : error->text);
	_fail(file, line);
}

void
fx_assert_contains(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part) != NULL)
		return;
	print_error("\"%s\" does not hold \"%s\"\n", text, part);
	_fail(file, line);
}

unsigned
fx_loops(unsigned n)
{
	const char *text = getenv("AK_LOOPS");
	unsigned long percent = text != NULL       ? strtoul(text, NULL, 10)
				: fx_in_valgrind() ? 2
						   : 100;
	uint64_t scaled = (uint64_t)n * percent / 100;

	return scaled < 1 ? 1 : scaled > n ? n : (unsigned)scaled;
}

/* A linear congruential generator; its low bits repeat soon, so the high ones are used.
 */
uint32_t
fx_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*seed >> 32);
}

unsigned
fx_open_files(void)
{
	DIR *fds = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(fds);
	while (readdir(fds) != NULL)
		n++;
	closedir(fds);
	return n - 3; /* . and .. and the folder itself */
}

int
fx_spawn(int (*child)(void *), void *context)
{
	int self = getpid(), pid = fork();

	if (pid < 0)
		fail_msg("fork: %s", strerror(errno));
	if (pid > 0)
		return pid;
	/* A test that fails does not wait for it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != self)
		_exit(127);
	_exit(child(context));
}

int
fx_wait(int pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool
fx_in_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}
