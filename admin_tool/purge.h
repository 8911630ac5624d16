/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PURGE_H
#define PURGE_H

#include "pick.h"

/* What purge and prune answer with: what is left of records that are gone. */
extern const struct out_shape purge_answer;

/* Say which records were deleted, and answer with them when data is asked for. */
void purge_report(struct cli *cli, const struct picks *picks);

#endif
