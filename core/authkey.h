/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AUTHKEY_H
#define AUTHKEY_H

/*
 * The reading half of libauthkey.a: all that the module needs. The tool includes
 * master.h, record.h and owner.h besides.
 */
#include "address.h"
#include "decide.h"
#include "error.h"
#include "escape.h"
#include "key.h"
#include "log_line.h"
#include "module_options.h"
#include "name.h"
#include "reason.h"
#include "store.h"
#include "token.h"
#include "usage_write.h"
#include "verify.h"
#include "when.h"
#include "words.h"

#endif
