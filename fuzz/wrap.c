/* SPDX-License-Identifier: BSD-2-Clause */
#undef _FORTIFY_SOURCE /* it would make macros and inlines of what is defined here */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "wrap.h"

static struct {
	uint32_t random;
	unsigned rate, failed;
	int64_t time;
} now;

void (*wrap_logged)(const char *line);

void
wrap_arm(uint32_t seed, unsigned rate)
{
	now.random = seed * 2654435761U + 1;
	now.rate = rate;
	now.failed = 0;
}

unsigned
wrap_disarm(void)
{
	now.rate = 0;
	return now.failed;
}

void
wrap_set_time(int64_t time)
{
	now.time = time;
}

static uint32_t
next_random(void)
{
	now.random ^= now.random << 13;
	now.random ^= now.random >> 17;
	now.random ^= now.random << 5;
	return now.random;
}

/* Is this the call that fails? Then errno is one of four. */
static bool
fails(int a, int b, int c, int d)
{
	const int errors[] = { a, b, c, d };

	if (now.rate == 0 || next_random() % now.rate != 0)
		return false;
	now.failed++;
	errno = errors[next_random() % 4];
	return true;
}

/* A read or write may take less than was asked for, and not fail. */
static size_t
shorter(size_t len)
{
	return now.rate != 0 && len > 1 && next_random() % now.rate == 0
		   ? (now.failed++, len / 2)
		   : len;
}

/* A function of libpam fails with one of its codes. */
static bool
pam_fails(int *code, int a, int b, int c)
{
	const int codes[] = { a, b, c };

	if (!fails(0, 0, 0, 0))
		return false;
	*code = codes[next_random() % 3];
	return true;
}

/* The function itself, and what stands in its place. */
#define WRAP(type, function, ...)            \
	type __real_##function(__VA_ARGS__); \
	type __wrap_##function(__VA_ARGS__); \
	type __wrap_##function(__VA_ARGS__)

WRAP(void *, malloc, size_t size)
{
	return fails(ENOMEM, ENOMEM, ENOMEM, ENOMEM) ? NULL : __real_malloc(size);
}

WRAP(int, open64, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (fails(EMFILE, EACCES, EIO, ENOENT))
		return -1;
	return __real_open64(path, flags, mode);
}

WRAP(int, fstat64, int fd, struct stat *st)
{
	return fails(EIO, EOVERFLOW, ENOMEM, EBADF) ? -1 : __real_fstat64(fd, st);
}

WRAP(int, lstat64, const char *path, struct stat *st)
{
	return fails(EIO, EACCES, ENOENT, ENOMEM) ? -1 : __real_lstat64(path, st);
}

WRAP(int, fcntl64, int fd, int command, ...)
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	return fails(EAGAIN, EMFILE, ENOLCK, EINVAL) ? -1
						     : __real_fcntl64(fd, command, arg);
}

WRAP(ssize_t, pread64, int fd, void *to, size_t len, off_t at)
{
	if (fails(EIO, EINTR, EISDIR, ENOMEM))
		return -1;
	return __real_pread64(fd, to, shorter(len), at);
}

WRAP(ssize_t, pwrite64, int fd, const void *from, size_t len, off_t at)
{
	if (fails(EIO, ENOSPC, EDQUOT, EFBIG))
		return -1;
	return __real_pwrite64(fd, from, shorter(len), at);
}

WRAP(ssize_t, write, int fd, const void *from, size_t len)
{
	if (fails(EIO, ENOSPC, EDQUOT, EFBIG))
		return -1;
	return __real_write(fd, from, shorter(len));
}

WRAP(int, clock_gettime, clockid_t clock, struct timespec *ts)
{
	if (clock != CLOCK_REALTIME || now.time == 0)
		return __real_clock_gettime(clock, ts);
	*ts = (struct timespec){ .tv_sec = now.time };
	return 0;
}

WRAP(int, pam_get_item, const pam_handle_t *pamh, int type, const void **value)
{
	int code;

	return pam_fails(&code, PAM_SYSTEM_ERR, PAM_BAD_ITEM, PAM_PERM_DENIED)
		   ? code
		   : __real_pam_get_item(pamh, type, value);
}

WRAP(int, pam_set_item, pam_handle_t *pamh, int type, const void *value)
{
	int code;

	return pam_fails(&code, PAM_BUF_ERR, PAM_SYSTEM_ERR, PAM_BAD_ITEM)
		   ? code
		   : __real_pam_set_item(pamh, type, value);
}

/* pam_get_data(3) looks through a list and asks for nothing that can fail. */
typedef void cleanup_fn(pam_handle_t *pamh, void *data, int status);
WRAP(int, pam_set_data, pam_handle_t *pamh, const char *name, void *data,
    cleanup_fn *cleanup)
{
	int code;

	return pam_fails(&code, PAM_BUF_ERR, PAM_SYSTEM_ERR, PAM_BUF_ERR)
		   ? code
		   : __real_pam_set_data(pamh, name, data, cleanup);
}

WRAP(int, pam_putenv, pam_handle_t *pamh, const char *variable)
{
	int code;

	return pam_fails(&code, PAM_BUF_ERR, PAM_PERM_DENIED, PAM_ABORT)
		   ? code
		   : __real_pam_putenv(pamh, variable);
}

WRAP(int, pam_get_user, pam_handle_t *pamh, const char **user, const char *prompt)
{
	int code;

	return pam_fails(&code, PAM_SYSTEM_ERR, PAM_CONV_ERR, PAM_BUF_ERR)
		   ? code
		   : __real_pam_get_user(pamh, user, prompt);
}

WRAP(struct passwd *, pam_modutil_getpwnam, pam_handle_t *pamh, const char *user)
{
	return fails(ENOMEM, EIO, EIO, EIO) ? NULL
					    : __real_pam_modutil_getpwnam(pamh, user);
}

WRAP(void, pam_syslog, const pam_handle_t *pamh, int level, const char *format, ...)
__attribute__((format(printf, 3, 4)));
void
__wrap_pam_syslog(const pam_handle_t *pamh, int level, const char *format, ...)
{
	char line[4096];
	va_list args;

	(void)pamh;
	(void)level;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (wrap_logged != NULL)
		wrap_logged(line);
}

/*
 * What libpam itself says goes nowhere, and no kernel is asked for an audit: this
 * program's dynamic symbols come first.
 */
#define EXPORT __attribute__((visibility("default"), used))
int audit_open(void);
void __syslog_chk(int level, int flag, const char *format, ...);

EXPORT int
audit_open(void)
{
	errno = EPROTONOSUPPORT;
	return -1;
}

EXPORT void
syslog(int level, const char *format, ...)
{
	(void)level;
	(void)format;
}

EXPORT void
__syslog_chk(int level, int flag, const char *format, ...)
{
	(void)level;
	(void)flag;
	(void)format;
}
