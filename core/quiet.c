/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <time.h>

#include "quiet.h"

static void
the_signal(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGXFSZ);
}

bool
ak_quiet_begin(struct ak_quiet *q)
{
	sigset_t limit, pending;

	the_signal(&limit);
	if (pthread_sigmask(SIG_BLOCK, &limit, &q->before) != 0)
		return false;
	/* A signal that is not blocked is never pending. */
	q->was_pending = sigismember(&q->before, SIGXFSZ) == 1 &&
			 sigpending(&pending) == 0 &&
			 sigismember(&pending, SIGXFSZ) == 1;
	return true;
}

void
ak_quiet_end(const struct ak_quiet *q, bool hit)
{
	static const struct timespec at_once = { 0, 0 };
	int saved = errno;
	sigset_t limit;

	the_signal(&limit);
	if (hit && !q->was_pending)
		sigtimedwait(&limit, NULL, &at_once);
	pthread_sigmask(SIG_SETMASK, &q->before, NULL);
	errno = saved;
}
