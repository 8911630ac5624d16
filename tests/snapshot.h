/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_SNAPSHOT_H
#define AK_SNAPSHOT_H

/*
 * All that a host can see of itself, as lines of text: signals, limits, timers, users,
 * capabilities, environment, locale, descriptors, threads, children, what is loaded and
 * mapped, and the own memory of libraries that have no business to change it. What it
 * has told syslog() about itself is counted, since libc has no way to ask for it.
 */
#include "host.h"

/* Without the libraries: what even the login that loads them leaves as it was. */
enum snapshot_part { SNAPSHOT_ALL, SNAPSHOT_PROCESS };

/* The caller frees it. */
char *snapshot_take(enum snapshot_part part);

/*
 * Assert that this part is still as `before`, taken of the same part; the first line
 * that differs is told, and `when`.
 */
void snapshot_assert_still(
    enum snapshot_part part, const char *before, const char *when);

/* A process as none is when it starts; it is one for good. */
void snapshot_set_up(const struct host *h);

/* The same of what a conversation sees: nothing is open or blocked while it answers. */
void snapshot_watch(struct host *h, const char *before);
void snapshot_unwatch(struct host *h);

#endif
