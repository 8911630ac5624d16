/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PROMPT_H
#define PROMPT_H

#include "cli.h"

/* NULL when the answer will do, otherwise why it will not. */
typedef const char *prompt_check(const char *answer, void *context);

/*
 * Ask for a line at the terminal, which can be edited; again, with an empty line, until
 * `check` is content.
 * Only when cli_may_ask().
 *
 *   answer  in: the present value, there to be edited; out: the answer
 *   size    of answer, at most PROMPT_MAX
 *
 * False when the input ended (Ctrl-D), which means: do nothing.
 */
#define PROMPT_MAX 4096
bool prompt_line(
    const char *label, prompt_check *check, void *context, char *answer, size_t size);

/* Ask a yes-or-no question; true for yes, and at once with -y. */
bool prompt_sure(const struct cli *cli, const char *question);

/*
 * Read a secret line: at a terminal without echo, otherwise the first line of stdin.
 * Without its newline; bytes past `size` are read and dropped.
 *
 *   what  "token": asked for with it, and missed by it
 *   len   out: of the whole line
 *
 * False with cli->error set when there is none.
 */
bool prompt_secret(
    struct cli *cli, const char *what, char *secret, size_t size, size_t *len);

#endif
