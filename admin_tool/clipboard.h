/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLIPBOARD_H
#define CLIPBOARD_H

#include <stdbool.h>

/* Whether there is a terminal whose clipboard can be asked for. */
bool clipboard_is_near(void);

/*
 * Put text on the clipboard of the controlling terminal, also from inside tmux and
 * screen and through ssh: OSC 52 of xterm's control sequences. The terminal does not
 * answer; it may be set to ignore this. False when it could not be told.
 *
 *   text  borrowed, may be secret; at most CLIPBOARD_MAX bytes
 */
#define CLIPBOARD_MAX 64
bool clipboard_put(const char *text);

#endif
