/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "byte_order.h"
#include "quiet.h"
#include "trusted.h"
#include "usage_write.h"

#define HINT "; let this user check tokens: authkey verifier add USER"
#define LOCK_TRIES 100

/* pwrite(), or with AT_END an appending write(), which ends no host. */
#define AT_END (-1)
static ssize_t
quiet_write(int fd, const void *bytes, size_t len, off_t at)
{
	struct ak_quiet quiet;
	ssize_t n;

	if (!ak_quiet_begin(&quiet))
		return -1;
	n = at == AT_END ? write(fd, bytes, len) : pwrite(fd, bytes, len, at);
	ak_quiet_end(&quiet, n < 0 && errno == EFBIG);
	return n;
}

/*
 * Count a record that is dropped. The file is open for appending, where pwrite() would
 * append too, so it is opened once more. Another process that counts at the same
 * moment holds the lock for two system calls; who holds it for long is not waited for.
 */
static void
count_drop(const char *path)
{
	uint8_t number[8];
	struct flock lock = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = AK_USAGE_DROPPED_AT,
		.l_len = sizeof(number) };
	int fd = ak_above_standard_streams(
	    open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
	int tries = 0;

	if (fd < 0)
		return;
	while (fcntl(fd, F_OFD_SETLK, &lock) != 0 && ++tries < LOCK_TRIES)
		sched_yield();
	if (tries < LOCK_TRIES &&
	    pread(fd, number, sizeof(number), AK_USAGE_DROPPED_AT) == sizeof(number)) {
		ak_put_number(number, ak_get_number(number, 8) + 1, 8);
		if (quiet_write(fd, number, sizeof(number), AK_USAGE_DROPPED_AT) < 0)
			errno = 0; /* a count that is lost changes no login */
	}
	close(fd);
}

/* Is it the file that root made for this user, and is there room in it? */
static enum ak_code
check(int fd, const char *path, uid_t user, struct ak_error *error)
{
	uint8_t bytes[AK_USAGE_LEN];
	struct ak_usage_head head;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return ak_fail_errno(error, path, "");
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || st.st_uid != user)
		return ak_fail(error, AK_E_STORE,
		    "%s: is not this user's own regular file with one name" HINT, path);
	if (pread(fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes) ||
	    !ak_usage_head_unpack(bytes, &head))
		return ak_fail(error, AK_E_STORE, "%s: is not a usage file" HINT, path);
	if ((uint64_t)st.st_size >= head.cap) {
		count_drop(path);
		return ak_fail(error, AK_E_STORE,
		    "%s: is full and the record dropped; let it be folded: authkey "
		    "fold",
		    path);
	}
	return AK_OK;
}

/* There is no UID for a moment where UID.new cannot be exchanged with it by renaming.
 */
static int
open_own(const char *folder, uid_t user, char path[PATH_MAX])
{
	static const char *const endings[] = { "", ".new", "" };
	const int flags =
	    O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	int fd;

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(path, PATH_MAX, "%s/%u%s", folder, (unsigned)user, endings[i]);
		fd = ak_above_standard_streams(open(path, flags));
		if (fd >= 0 || errno != ENOENT)
			break;
	}
	return fd;
}

enum ak_code
ak_usage_append(
    const char *folder, const struct ak_usage_record *record, struct ak_error *error)
{
	uint8_t packed[AK_USAGE_LEN];
	char path[PATH_MAX];
	uid_t user = geteuid();
	enum ak_code code;
	ssize_t n;
	int fd;

	fd = open_own(folder, user, path);
	if (fd < 0 && errno == ENOENT)
		return ak_fail(error, AK_E_NOT_FOUND, "%s: is not there" HINT, path);
	if (fd < 0)
		return ak_fail_errno(error, path, HINT);
	if ((code = check(fd, path, user, error)) == AK_OK) {
		ak_usage_pack(record, packed);
		n = quiet_write(fd, packed, sizeof(packed), AT_END);
		if (n < 0)
			code = ak_fail_errno(error, path, "");
		else if (n != (ssize_t)sizeof(packed))
			code = ak_fail(
			    error, AK_E_STORE, "%s: no space left on the device", path);
	}
	close(fd);
	return code;
}
