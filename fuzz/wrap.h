/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_WRAP_H
#define FUZZ_WRAP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the module calls of libc and libpam, through the linker's --wrap: while faults
 * are armed, one call in `rate` fails, of whichever kind, and which follows from the
 * seed. The clock is the one that is set here, and what is logged is looked at.
 */

/* One call in `rate` fails from now on; 0: none. */
void wrap_arm(uint32_t seed, unsigned rate);

/* None fails any more. How many have failed since wrap_arm(). */
unsigned wrap_disarm(void);

/* What CLOCK_REALTIME is. */
void wrap_set_time(int64_t now);

/* Called with each line that the module logs. */
extern void (*wrap_logged)(const char *line);

#endif
