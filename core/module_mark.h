/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_MODULE_MARK_H
#define AK_MODULE_MARK_H

/*
 * What stands in pam_authkey.so before its version, for who wants to know it without
 * loading the module: `authkey doctor`, and `strings | grep`.
 */
#define MODULE_MARK "pam_authkey.so version "

#endif
