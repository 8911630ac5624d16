/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

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

bool
faults_armed(void)
{
	return now.armed;
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

#define EXPORT(symbol) __asm__(symbol) __attribute__((visibility("default"), used))

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
