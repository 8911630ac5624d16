/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_WHOLE_H
#define AK_WHOLE_H

/* An installation before and after something happened to it: is it whole? */
#include "fixture.h"

/*
 * Keep the installation as it is, and bring it back as often as one likes. Nobody has
 * its master open.
 */
void whole_keep(const struct fx *fx);
void whole_back(const struct fx *fx);

/*
 * All that the master says, in words, but for what is drawn at random: ids, digests and
 * the generation. The caller frees it.
 */
char *whole_look(const struct fx *fx);

/*
 * Heal as the next command would, with a handle of its own, and assert that nothing is
 * amiss: SQLite finds both databases whole, the audit's chain holds, the store has the
 * keys of the master and each as it is there. `when` is told when it is not so. Whether
 * it had to be healed.
 */
bool whole_heal(const struct fx *fx, const char *when);

#endif
