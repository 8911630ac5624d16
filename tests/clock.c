/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock of a test, for LD_PRELOAD: the time of day is AK_TEST_NOW, in seconds since
 * 1970-01-01 UTC, and stands still. It knows nothing of what it is loaded into, and
 * what is delivered knows nothing of it.
 */
#undef _FORTIFY_SOURCE

#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default"), used))

int clock_gettime(clockid_t clock, struct timespec *ts);

EXPORT int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	const char *now = getenv("AK_TEST_NOW");

	if (clock != CLOCK_REALTIME || now == NULL)
		return (int)syscall(SYS_clock_gettime, clock, ts);
	*ts = (struct timespec){ .tv_sec = strtoll(now, NULL, 10) };
	return 0;
}
