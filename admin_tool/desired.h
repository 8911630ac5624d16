/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DESIRED_H
#define DESIRED_H

#include "cli.h"
#include "key_json.h"

/* The biggest file that is taken, in bytes. */
#define DESIRED_MAX (64 << 20)

/*
 * Read a file of keys and owners as people and export write it: any number of JSON
 * values, each an object as in an export, an array of them (keys, if they do not say
 * otherwise), or {"owners": [...], "keys": [...]}.
 *
 *   path   "-" is stdin
 *   items  out: an array of {"where": "line 3", "type": number, "object": {...}},
 *          owners first; the caller gives it back
 *
 * False with cli->error set. Needs an open master.
 */
bool desired_read(struct cli *cli, const char *path, json_t **items);

#endif
