/* SPDX-License-Identifier: BSD-2-Clause */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "faults.h"
#include "fixture.h"

static struct {
	bool armed, persistent;
	enum fault fault;
	unsigned n, seen, failed;
	int error;
	void (*happens)(void *);
	void *context;
} now;

static atomic_long blocks;
static unsigned long untold;

void
faults_arm(enum fault fault, unsigned n, bool persistent, int error)
{
	now.fault = fault;
	now.n = n;
	now.persistent = persistent;
	now.error = error;
	now.seen = now.failed = 0;
	now.happens = NULL;
	now.armed = true;
}

void
faults_instead(enum fault fault, unsigned n, void (*happens)(void *), void *context)
{
	faults_arm(fault, n, false, 0);
	now.happens = happens;
	now.context = context;
}

unsigned
faults_disarm(void)
{
	now.armed = false;
	return now.failed;
}

long
faults_blocks(void)
{
	return blocks;
}

unsigned
faults_step(unsigned usual)
{
	return getenv("AK_FAULTS") != NULL ? 1 : usual;
}

void
faults_tell(const char *what)
{
	if (getenv("AK_FAULTS") != NULL)
		print_message("# %s: %lu faults injected\n", what, untold);
	untold = 0;
}

int
faults_error(void)
{
	return now.error;
}

bool
faults_in_memory(void)
{
	return !FX_SANITIZED && !fx_in_valgrind();
}

bool
faults_hit(enum fault fault)
{
	if (!now.armed || now.fault != fault)
		return false;
	now.seen++;
	if (now.seen != now.n && !(now.persistent && now.seen > now.n))
		return false;
	now.failed++;
	untold++;
	if (now.happens != NULL) {
		now.armed = false;
		now.happens(now.context);
		return false;
	}
	errno = now.error;
	return true;
}

/*
 * Half of a read or a write: what may happen at any time, and is no error. Never
 * nothing, which is what the end of a file reads as.
 */
static size_t
half_of(size_t len)
{
	return now.error == FAULT_SHORT ? (len + 1) / 2 : 0;
}

#define EXPORT(symbol) __asm__(symbol) __attribute__((visibility("default"), used))
#define NEXT(symbol, function) ((__typeof__(&function))dlsym(RTLD_NEXT, symbol))

#if !FX_SANITIZED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void __libc_free(void *block);

void *fault_malloc(size_t size) EXPORT("malloc");
void *fault_calloc(size_t n, size_t size) EXPORT("calloc");
void *fault_realloc(void *block, size_t size) EXPORT("realloc");
void fault_free(void *block) EXPORT("free");

static void *
counted(void *block)
{
	if (block != NULL)
		blocks++;
	return block;
}

void *
fault_malloc(size_t size)
{
	return faults_hit(FAULT_MEMORY) ? NULL : counted(__libc_malloc(size));
}

void *
fault_calloc(size_t n, size_t size)
{
	return faults_hit(FAULT_MEMORY) ? NULL : counted(__libc_calloc(n, size));
}

void *
fault_realloc(void *block, size_t size)
{
	if (block == NULL)
		return fault_malloc(size);
	return faults_hit(FAULT_MEMORY) ? NULL : __libc_realloc(block, size);
}

void
fault_free(void *block)
{
	if (block != NULL)
		blocks--;
	__libc_free(block);
}
#endif

int fault_open(const char *path, int flags, ...) EXPORT("open64");
int fault_fstat(int fd, struct stat *st) EXPORT("fstat64");
int fault_lstat(const char *path, struct stat *st) EXPORT("lstat64");
int fault_fcntl(int fd, int command, ...) EXPORT("fcntl64");
ssize_t fault_pread(int fd, void *to, size_t len, off_t at) EXPORT("pread64");
ssize_t fault_pwrite(int fd, const void *from, size_t len, off_t at) EXPORT("pwrite64");
ssize_t fault_write(int fd, const void *from, size_t len) EXPORT("write");
int fault_fsync(int fd) EXPORT("fsync");
int fault_fdatasync(int fd) EXPORT("fdatasync");
int fault_rename(const char *from, const char *to) EXPORT("rename");
int fault_renameat2(int from_folder, const char *from, int to_folder, const char *to,
    unsigned flags) EXPORT("renameat2");
int fault_fchmod(int fd, mode_t mode) EXPORT("fchmod");
int fault_fchown(int fd, uid_t uid, gid_t gid) EXPORT("fchown");
int fault_flock(int fd, int operation) EXPORT("flock");
int fault_unlink(const char *path) EXPORT("unlink");
int fault_ftruncate(int fd, off_t len) EXPORT("ftruncate64");
int fault_usleep(useconds_t us) EXPORT("usleep");
int fault_nanosleep(const struct timespec *wait, struct timespec *left)
    EXPORT("nanosleep");
int fault_futimens(int fd, const struct timespec times[2]) EXPORT("futimens");

int
fault_open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode = 0;

	va_start(args, flags);
	if ((flags & O_CREAT) != 0)
		mode = va_arg(args, mode_t);
	va_end(args);
	return faults_hit(FAULT_OPEN) ? -1
				      : NEXT("open64", fault_open)(path, flags, mode);
}

int
fault_fstat(int fd, struct stat *st)
{
	return faults_hit(FAULT_STAT) ? -1 : NEXT("fstat64", fault_fstat)(fd, st);
}

int
fault_lstat(const char *path, struct stat *st)
{
	return faults_hit(FAULT_STAT) ? -1 : NEXT("lstat64", fault_lstat)(path, st);
}

int
fault_fcntl(int fd, int command, ...)
{
	va_list args;
	void *arg;

	va_start(args, command);
	arg = va_arg(args, void *);
	va_end(args);
	if (command == F_DUPFD_CLOEXEC && faults_hit(FAULT_DUP))
		return -1;
	if ((command == F_SETLK || command == F_OFD_SETLK) && faults_hit(FAULT_LOCK))
		return -1;
	return NEXT("fcntl64", fault_fcntl)(fd, command, arg);
}

ssize_t
fault_pread(int fd, void *to, size_t len, off_t at)
{
	if (faults_hit(FAULT_READ)) {
		if (now.error != FAULT_SHORT)
			return -1;
		len = half_of(len);
	}
	return NEXT("pread64", fault_pread)(fd, to, len, at);
}

ssize_t
fault_pwrite(int fd, const void *from, size_t len, off_t at)
{
	if (faults_hit(FAULT_WRITE)) {
		if (now.error != FAULT_SHORT)
			return -1;
		len = half_of(len);
	}
	return NEXT("pwrite64", fault_pwrite)(fd, from, len, at);
}

ssize_t
fault_write(int fd, const void *from, size_t len)
{
	if (faults_hit(FAULT_WRITE)) {
		if (now.error != FAULT_SHORT)
			return -1;
		len = half_of(len);
	}
	return NEXT("write", fault_write)(fd, from, len);
}

int
fault_fsync(int fd)
{
	return faults_hit(FAULT_SYNC) ? -1 : NEXT("fsync", fault_fsync)(fd);
}

int
fault_fdatasync(int fd)
{
	return faults_hit(FAULT_SYNC) ? -1 : NEXT("fdatasync", fault_fdatasync)(fd);
}

int
fault_rename(const char *from, const char *to)
{
	return faults_hit(FAULT_RENAME) ? -1 : NEXT("rename", fault_rename)(from, to);
}

int
fault_renameat2(
    int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	return faults_hit(FAULT_RENAME) ? -1
					: NEXT("renameat2", fault_renameat2)(
					      from_folder, from, to_folder, to, flags);
}

int
fault_fchmod(int fd, mode_t mode)
{
	return faults_hit(FAULT_MODE) ? -1 : NEXT("fchmod", fault_fchmod)(fd, mode);
}

int
fault_fchown(int fd, uid_t uid, gid_t gid)
{
	return faults_hit(FAULT_MODE) ? -1 : NEXT("fchown", fault_fchown)(fd, uid, gid);
}

int
fault_futimens(int fd, const struct timespec times[2])
{
	return faults_hit(FAULT_MODE) ? -1
				      : NEXT("futimens", fault_futimens)(fd, times);
}

int
fault_flock(int fd, int operation)
{
	return faults_hit(FAULT_LOCK) ? -1 : NEXT("flock", fault_flock)(fd, operation);
}

int
fault_unlink(const char *path)
{
	return faults_hit(FAULT_REMOVE) ? -1 : NEXT("unlink", fault_unlink)(path);
}

int
fault_ftruncate(int fd, off_t len)
{
	return faults_hit(FAULT_REMOVE) ? -1
					: NEXT("ftruncate64", fault_ftruncate)(fd, len);
}

/* Nobody waits for a lock that has failed. */
int
fault_usleep(useconds_t us)
{
	return now.armed ? 0 : NEXT("usleep", fault_usleep)(us);
}

int
fault_nanosleep(const struct timespec *wait, struct timespec *left)
{
	return now.armed ? 0 : NEXT("nanosleep", fault_nanosleep)(wait, left);
}
