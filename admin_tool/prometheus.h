/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROMETHEUS_H
#define PROMETHEUS_H

#include "cli.h"

/*
 * Write all counts for Prometheus, in its text format 0.0.4, as a textfile collector
 * reads it: whole and mode 0644, or not at all. "-" is stdout. cli->usage is open.
 */
enum cli_exit prometheus_write(struct cli *cli, const char *path);

#endif
