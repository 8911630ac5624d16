/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DESCRIBE_H
#define DESCRIBE_H

#include "out.h"

/*
 * A change in words: "status: enabled -> disabled; tags: prod", cut when it is long.
 * `detail` is what the audit keeps of it, {"field": [from, to], ...}. Returns `out`.
 */
const char *describe_change(json_t *detail, char out[OUT_CELL_MAX]);

#endif
