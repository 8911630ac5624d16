/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "cli.h"

enum progress_unit { PROGRESS_COUNT, PROGRESS_BYTES };

/* How far long work has come, in one line at the terminal of stderr. */
struct progress {
	const char *what; /* borrowed: "records folded" */
	enum progress_unit unit;
	int64_t total; /* or -1 */
	int64_t next; /* ms of CLOCK_MONOTONIC, when it is shown again; -1: never */
	bool shown;
};

/*
 * Begin. Nothing is ever shown with -q, or when stderr is no terminal, or of work that
 * is done within a second, or while the terminal takes nothing.
 *
 *   what   a word or two for people, behind the number
 *   total  of the same unit, or -1 when nobody knows
 */
void progress_begin(struct progress *progress, const struct cli *cli, const char *what,
    enum progress_unit unit, int64_t total);

/* `done` so far: shown when there was time since the last. Cheap; call it often. */
void progress_at(struct progress *progress, int64_t done);

/* Take the line away: at the end, and before anything else is written to a terminal. */
void progress_clear(struct progress *progress);

/* "3.2 GiB", "17 MiB", "812 bytes". */
#define PROGRESS_SIZE_MAX 32
void progress_size(int64_t bytes, char out[PROGRESS_SIZE_MAX]);

#endif
