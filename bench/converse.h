/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef BENCH_CONVERSE_H
#define BENCH_CONVERSE_H

/*
 * One PAM transaction: start, authenticate, acct_mgmt, end, with the stack
 * FOLDER/SERVICE, this user, and `secret` for each question that is not to be echoed.
 * The code of the first step that fails, or PAM_SUCCESS.
 */
int converse_transact(
    const char *folder, const char *service, const char *user, char *secret);

#endif
