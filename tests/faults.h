/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_FAULTS_H
#define AK_FAULTS_H

/*
 * Make the n-th call of a kind fail, in this program and in all that it loads: faults.c
 * and faults_libc.c stand in for functions of libc. Nothing fails unless a fault is
 * armed.
 */
#include <stdbool.h>

enum fault {
	FAULT_MEMORY, /* malloc, calloc, realloc */
	FAULT_OPEN, /* open, opendir, mkostemp, mkdir */
	FAULT_READ, /* pread; a SHORT error number reads half of what was asked for */
	FAULT_FOLDER, /* readdir */
	FAULT_STAT, /* fstat, lstat, stat, access */
	FAULT_DUP, /* fcntl(F_DUPFD_CLOEXEC) */
	FAULT_WRITE, /* write, pwrite */
	FAULT_CLOSE, /* which has closed it all the same */
	FAULT_MAP, /* mmap, mremap */
	FAULT_SIGNAL, /* pthread_sigmask, sigpending */
	FAULT_SYNC, /* fsync, fdatasync */
	FAULT_RENAME, /* rename, renameat2 */
	FAULT_MODE, /* chmod, fchmod, fchown, futimens */
	FAULT_LOCK, /* flock, fcntl(F_SETLK, F_OFD_SETLK) */
	FAULT_REMOVE, /* unlink, ftruncate */
	FAULT_SQLITE, /* what core calls of SQLite; the error number is SQLite's */
	FAULT_COUNT
};

#define FAULT_SHORT                                                       \
	0 /* in place of an error number: FAULT_READ and FAULT_WRITE only \
	   */

/* From now on the n-th call fails with this errno, or it and all after it. */
void faults_arm(enum fault fault, unsigned n, bool persistent, int error);

/* Nothing fails any more. How many calls have failed since faults_arm(). */
unsigned faults_disarm(void);

/* Called once, right before the next call of this kind that was armed to "fail". */
void faults_instead(
    enum fault fault, unsigned n, void (*happens)(void *), void *context);

/* Blocks of memory that are allocated and not freed; 0 always where that is unknown. */
long faults_blocks(void);

/*
 * Between two faults that are tried: 1 in `make faults`, where all are; in `make check`
 * `usual`, where there are thousands.
 */
unsigned faults_step(unsigned usual);

/* Tell how many calls have failed since it was last told, for `make faults` to add. */
void faults_tell(const char *what);

/* For what stands in for a function: is this the call that fails, and with what? */
bool faults_hit(enum fault fault);
bool faults_armed(void);
int faults_error(void);

/* Whether memory can be made to fail: not under a sanitizer, which owns malloc(). */
bool faults_in_memory(void);

#endif
