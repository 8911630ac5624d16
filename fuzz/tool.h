/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_TOOL_H
#define FUZZ_TOOL_H

/* For targets of the tool: an installation without keys, and one run of the tool. */
#include "../admin_tool/cli.h"
#include "../tests/fixture.h"

/* The one run of this program, quiet, at FX_NOW, with the master open. */
struct cli *tool_get(void);

/* Begin a change, and undo it: then there is no key and no owner again. */
void tool_begin(struct cli *cli);
void tool_undo(struct cli *cli);

/* How many owners and keys there are within the change. */
int64_t tool_owners(struct cli *cli);
int64_t tool_keys(struct cli *cli);

/* Write the bytes to a file, and say which. */
const char *tool_file(const void *bytes, size_t len);

#endif
