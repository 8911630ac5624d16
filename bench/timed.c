/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: timed SET KEYS WORK RUNS COMMAND...
 *
 * Run a command so many times, `{}` in its arguments being the number of the run, and
 * print a row of CSV, whose columns run.sh names: the times and the most memory that
 * one of them has had. What the command prints is dropped.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* The argument with the number of the run in place of {}. */
static char *
numbered(const char *argument, unsigned run)
{
	const char *at = strstr(argument, "{}");
	char *text = NULL;

	if (at == NULL)
		text = strdup(argument);
	else if (asprintf(&text, "%.*s%u%s", (int)(at - argument), argument, run,
		     at + 2) < 0)
		text = NULL;
	return bench_need(text);
}

_Noreturn static void
run_it(char **command, unsigned run)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	for (char **argument = command; *argument != NULL; argument++)
		*argument = numbered(*argument, run);
	dup2(nowhere, STDOUT_FILENO);
	execvp(command[0], command);
	bench_die("cannot run ", command[0]);
}

int
main(int argc, char **argv)
{
	struct bench_times times = { 0 };
	struct rusage used;
	unsigned runs = argc > 5 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
	long peak = 0;
	double from;
	int status;
	pid_t pid;

	if (runs == 0)
		bench_die("usage: timed SET KEYS WORK RUNS COMMAND...", "");
	for (unsigned run = 0; run < runs; run++) {
		from = bench_clock();
		if ((pid = fork()) == 0)
			run_it(argv + 5, run);
		if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status != 0)
			bench_die("failed: ", argv[3]);
		bench_add(&times, bench_clock() - from);
		if (used.ru_maxrss > peak)
			peak = used.ru_maxrss;
	}
	printf("%s,%s,1,%s,%u,%.1f,", argv[1], argv[2], argv[3], runs,
	    bench_quantile(&times, 0.5));
	printf("%.1f,,,%ld,,,\n", bench_quantile(&times, 0.99), peak);
	free(times.us);
	return 0;
}
