/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: login FOLDER SERVICE [TIMES] <CREDENTIAL
 *
 * One PAM transaction and no more, for what it costs a fresh process: linked with
 * nothing but libpam. Or as many as are wanted, to count what one costs. Exits with
 * PAM's code.
 */
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "converse.h"

int
main(int argc, char **argv)
{
	char secret[256];
	ssize_t n = argc >= 3 ? read(STDIN_FILENO, secret, sizeof(secret) - 1) : -1;
	int code = 255;

	if (n < 0)
		return code;
	secret[n] = '\0';
	for (long times = argc > 3 ? atol(argv[3]) : 1; times > 0; times--)
		code = converse_transact(argv[1], argv[2], BENCH_USER, secret);
	return code;
}
