/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: bench here|fresh|PROCESSES|PROCESSES-toggled SECONDS KEYS FOLDER
 *
 * How long whole PAM transactions take: start, authenticate, acct_mgmt, end. In this
 * process, in a fresh process each, or in so many processes at once, also while a key
 * is switched off and on without pause. FOLDER is as `keys` and peers.sh leave it, KEYS
 * says how many keys that are. Prints rows of CSV, whose columns run.sh names.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "bench.h"

int
main(int argc, char **argv)
{
	struct bench b = { 0 };
	char login[4096], *slash, *end;
	unsigned long processes;

	if (argc != 5 || sodium_init() < 0) {
		fprintf(stderr, "usage: bench here|fresh|PROCESSES|PROCESSES-toggled "
				"SECONDS KEYS FOLDER\n");
		return 2;
	}
	snprintf(login, sizeof(login), "%s", argv[0]);
	if ((slash = strrchr(login, '/')) == NULL)
		bench_die("start this program by its path", "");
	strcpy(slash, "/login");
	b = (struct bench){ .login = login,
		.set = argv[1],
		.seconds = strtod(argv[2], NULL),
		.keys = argv[3],
		.folder = argv[4] };
	bench_tokens(&b);
	processes = strtoul(argv[1], &end, 10);
	if (strcmp(argv[1], "here") == 0)
		bench_round_robin(&b, bench_here);
	else if (strcmp(argv[1], "fresh") == 0)
		bench_round_robin(&b, bench_fresh);
	else if (processes > 0 && processes <= 1000) {
		b.set = *end == '\0' ? "together" : "toggled";
		bench_together(&b, (unsigned)processes, *end != '\0');
	} else
		bench_die("there is no measurement ", argv[1]);
	free(b.tokens);
	return 0;
}
