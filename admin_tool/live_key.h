/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef LIVE_KEY_H
#define LIVE_KEY_H

#include "cli.h"
#include "record.h"

/*
 * The key that goes by a name of an owner: not revoked, and not replaced under it.
 * There is one at most. Otherwise as ak_record_by_id().
 */
enum ak_code live_key_find(struct cli *cli, const char *owner, const char *name,
    struct ak_record *record, bool *found);

#endif
