/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Short of memory, for LD_PRELOAD: the AK_STARVE_AT-th block that a program asks for is
 * not given, with AK_STARVE_ON none from there on. What SQLite asks for itself is not
 * counted: its part is the test of core (tests/fault/changes.c). How many were asked
 * for is written to the file AK_STARVE_COUNT when the program ends.
 */
#undef _FORTIFY_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default"), used))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);

static unsigned long at, count;
static bool on;
static uintptr_t sqlite_begin, sqlite_end;

static int
find_sqlite(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	if (strstr(info->dlpi_name, "libsqlite3") == NULL)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		uintptr_t end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr +
				info->dlpi_phdr[i].p_memsz;

		if (info->dlpi_phdr[i].p_type == PT_LOAD && end > sqlite_end)
			sqlite_end = end;
	}
	sqlite_begin = info->dlpi_addr;
	return 1;
}

static __attribute__((constructor)) void
begin(void)
{
	const char *number = getenv("AK_STARVE_AT");

	/* Without memory for its tables of users, glibc 2.36 itself ends in a crash. */
	(void)getpwuid(getuid());
	(void)getgrnam("root");
	dl_iterate_phdr(find_sqlite, NULL);
	on = getenv("AK_STARVE_ON") != NULL;
	count = 0;
	at = number != NULL ? strtoul(number, NULL, 10) : 0;
}

static __attribute__((destructor)) void
end(void)
{
	const char *path = getenv("AK_STARVE_COUNT");
	char text[32];
	int fd, len;

	at = 0;
	if (path == NULL || (fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0)
		return;
	len = snprintf(text, sizeof(text), "%lu\n", count);
	if (write(fd, text, (size_t)len) != len)
		_exit(99);
	close(fd);
}

static bool
is_refused(const void *caller)
{
	uintptr_t from = (uintptr_t)caller;

	if (from >= sqlite_begin && from < sqlite_end)
		return false;
	count++;
	if (at == 0 || (count != at && !(on && count > at)))
		return false;
	errno = ENOMEM;
	return true;
}

EXPORT void *
malloc(size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

EXPORT void *
calloc(size_t n, size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

EXPORT void *
realloc(void *block, size_t size)
{
	return is_refused(__builtin_return_address(0)) ? NULL
						       : __libc_realloc(block, size);
}
