/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_QUIET_H
#define AK_QUIET_H

#include <signal.h>
#include <stdbool.h>

/*
 * Write in a host without the signal that a file-size limit sends: SIGXFSZ is blocked
 * in this thread, taken if it came, and the mask is as it was (SECURITY, finding 5).
 */
struct ak_quiet {
	sigset_t before;
	bool was_pending; /* one of the host's own, which stays pending */
};

/* False when the mask cannot be set: then nothing is to be written. */
bool ak_quiet_begin(struct ak_quiet *quiet);

/* `hit`: a write may have met the limit. errno stays as it is. */
void ak_quiet_end(const struct ak_quiet *quiet, bool hit);

#endif
