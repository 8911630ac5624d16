/* SPDX-License-Identifier: BSD-2-Clause */
/* Stands in for the functions of libc that make system calls. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"

#define EXPORT(symbol) __asm__(symbol) __attribute__((visibility("default"), used))
#define NEXT(symbol, function) ((__typeof__(&function))dlsym(RTLD_NEXT, symbol))

int fault_open(const char *path, int flags, ...) EXPORT("open64");
DIR *fault_opendir(const char *path) EXPORT("opendir");
int fault_mkostemp(char *path, int flags) EXPORT("mkostemp64");
int fault_mkdir(const char *path, mode_t mode) EXPORT("mkdir");
struct dirent *fault_readdir(DIR *folder) EXPORT("readdir64");
int fault_close(int fd) EXPORT("close");
void *fault_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
    EXPORT("mmap64");
void *fault_mremap(void *at, size_t old, size_t new, int flags, ...) EXPORT("mremap");
int fault_sigmask(int how, const sigset_t *set, sigset_t *was)
    EXPORT("pthread_sigmask");
int fault_sigpending(sigset_t *set) EXPORT("sigpending");
int fault_stat(const char *path, struct stat *st) EXPORT("stat64");
int fault_access(const char *path, int mode) EXPORT("access");
int fault_chmod(const char *path, mode_t mode) EXPORT("chmod");
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

DIR *
fault_opendir(const char *path)
{
	return faults_hit(FAULT_OPEN) ? NULL : NEXT("opendir", fault_opendir)(path);
}

int
fault_mkostemp(char *path, int flags)
{
	return faults_hit(FAULT_OPEN) ? -1
				      : NEXT("mkostemp64", fault_mkostemp)(path, flags);
}

int
fault_mkdir(const char *path, mode_t mode)
{
	return faults_hit(FAULT_OPEN) ? -1 : NEXT("mkdir", fault_mkdir)(path, mode);
}

struct dirent *
fault_readdir(DIR *folder)
{
	return faults_hit(FAULT_FOLDER) ? NULL
					: NEXT("readdir64", fault_readdir)(folder);
}

int
fault_close(int fd)
{
	bool failed = faults_hit(FAULT_CLOSE);
	int rc = NEXT("close", fault_close)(fd);

	if (failed)
		errno = faults_error();
	return failed ? -1 : rc;
}

void *
fault_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
	return faults_hit(FAULT_MAP)
		   ? MAP_FAILED
		   : NEXT("mmap64", fault_mmap)(at, len, protection, flags, fd, offset);
}

void *
fault_mremap(void *at, size_t old, size_t new, int flags, ...)
{
	return faults_hit(FAULT_MAP)
		   ? MAP_FAILED
		   : NEXT("mremap", fault_mremap)(at, old, new, flags);
}

int
fault_sigmask(int how, const sigset_t *set, sigset_t *was)
{
	return faults_hit(FAULT_SIGNAL)
		   ? faults_error()
		   : NEXT("pthread_sigmask", fault_sigmask)(how, set, was);
}

int
fault_sigpending(sigset_t *set)
{
	return faults_hit(FAULT_SIGNAL) ? -1
					: NEXT("sigpending", fault_sigpending)(set);
}

int
fault_stat(const char *path, struct stat *st)
{
	return faults_hit(FAULT_STAT) ? -1 : NEXT("stat64", fault_stat)(path, st);
}

int
fault_access(const char *path, int mode)
{
	return faults_hit(FAULT_STAT) ? -1 : NEXT("access", fault_access)(path, mode);
}

int
fault_chmod(const char *path, mode_t mode)
{
	return faults_hit(FAULT_MODE) ? -1 : NEXT("chmod", fault_chmod)(path, mode);
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

/*
 * Whether a read or a write fails. One that is to be short moves half, which may happen
 * at any time and is no error; never nothing, which is what the end of a file reads as.
 */
static bool
fails(enum fault fault, size_t *len)
{
	if (!faults_hit(fault))
		return false;
	if (faults_error() != FAULT_SHORT)
		return true;
	*len = (*len + 1) / 2;
	return false;
}

ssize_t
fault_pread(int fd, void *to, size_t len, off_t at)
{
	if (fails(FAULT_READ, &len))
		return -1;
	return NEXT("pread64", fault_pread)(fd, to, len, at);
}

ssize_t
fault_pwrite(int fd, const void *from, size_t len, off_t at)
{
	if (fails(FAULT_WRITE, &len))
		return -1;
	return NEXT("pwrite64", fault_pwrite)(fd, from, len, at);
}

ssize_t
fault_write(int fd, const void *from, size_t len)
{
	if (fails(FAULT_WRITE, &len))
		return -1;
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
	return faults_armed() ? 0 : NEXT("usleep", fault_usleep)(us);
}

int
fault_nanosleep(const struct timespec *wait, struct timespec *left)
{
	return faults_armed() ? 0 : NEXT("nanosleep", fault_nanosleep)(wait, left);
}
