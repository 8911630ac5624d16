/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TOGGLE_H
#define TOGGLE_H

#include "change.h"

/* What `disable` does to a key. */
extern const struct change_plan toggle_off;

#endif
