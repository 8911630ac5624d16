/* SPDX-License-Identifier: BSD-2-Clause */
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

/* Who waits that long wants to know; more often than that nobody reads. */
#define FIRST_MS 1000
#define EACH_MS 200

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
progress_size(int64_t bytes, char out[PROGRESS_SIZE_MAX])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(out, PROGRESS_SIZE_MAX, "%lld byte%s", (long long)bytes,
		    bytes == 1 ? "" : "s");
		return;
	}
	while (size >= 1000) {
		size /= 1024;
		unit++;
	}
	snprintf(
	    out, PROGRESS_SIZE_MAX, "%.*f %s", size < 10 ? 1 : 0, size, units[unit]);
}

void
progress_begin(struct progress *p, const struct cli *cli, const char *what,
    enum progress_unit unit, int64_t total)
{
	bool watched = !cli->quiet && isatty(STDERR_FILENO);

	*p = (struct progress){ .what = what, .unit = unit, .total = total };
	p->next = watched ? now_ms() + FIRST_MS : -1;
}

/*
 * Whether stderr takes a line now. A terminal that is stopped with Ctrl-S, or whose
 * line is down, does not: the work goes on, and with it whoever waits for master/lock.
 */
static bool
is_ready(void)
{
	struct pollfd terminal = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&terminal, 1, 0) == 1 && (terminal.revents & POLLOUT) != 0;
}

void
progress_at(struct progress *p, int64_t done)
{
	char size[PROGRESS_SIZE_MAX];
	int64_t now;

	if (p->next < 0 || (now = now_ms()) < p->next)
		return;
	p->next = now + EACH_MS;
	if (!is_ready())
		return;
	p->shown = true;
	snprintf(size, sizeof(size), "%lld", (long long)done);
	if (p->unit == PROGRESS_BYTES)
		progress_size(done, size);
	fprintf(stderr, "\r%s %s", size, p->what);
	if (p->total > 0 && done <= p->total)
		fprintf(
		    stderr, ", %d %%", (int)(100.0 * (double)done / (double)p->total));
	fputs("\033[K", stderr);
}

void
progress_clear(struct progress *p)
{
	if (p->shown && is_ready())
		fputs("\r\033[K", stderr);
	p->shown = false;
}
