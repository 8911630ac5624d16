/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef USAGE_H
#define USAGE_H

#include "authkey.h"
#include "opts.h"

/*
 * Append the usage record of a verdict to the file of this process's user. A text that
 * is no whole token leaves none: it may be a password. Errors as ak_usage_append().
 */
enum ak_code usage_record(const struct ak_module_options *opts,
    const struct ak_request *request, const struct ak_verdict *verdict,
    struct ak_error *error);

#endif
