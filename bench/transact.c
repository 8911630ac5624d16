/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "bench.h"
#include "converse.h"

double
bench_here(const struct bench *b, const struct bench_work *w, int *code)
{
	char secret[64];
	double from;

	snprintf(secret, sizeof(secret), "%s", bench_credential(b, w));
	from = bench_clock();
	*code = converse_transact(b->folder, w->service, BENCH_USER, secret);
	return bench_clock() - from;
}

/* The token goes through a pipe, as to any program that takes one on its stdin. */
static void
spawn(const struct bench *b, const char *service, int in, pid_t *pid)
{
	static char *const no_environment[] = { NULL };
	char *arguments[] = { (char *)(uintptr_t)b->login, (char *)(uintptr_t)b->folder,
		(char *)(uintptr_t)service, NULL };
	posix_spawn_file_actions_t actions;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (posix_spawn(pid, b->login, &actions, NULL, arguments, no_environment) != 0)
		bench_die("cannot start ", b->login);
	posix_spawn_file_actions_destroy(&actions);
}

double
bench_fresh(const struct bench *b, const struct bench_work *w, int *code)
{
	const char *secret = bench_credential(b, w);
	ssize_t len = (ssize_t)strlen(secret);
	int ends[2], status;
	double from;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0 || write(ends[1], secret, (size_t)len) != len ||
	    close(ends[1]) != 0)
		bench_die("no pipe", "");
	from = bench_clock();
	spawn(b, w->service, ends[0], &pid);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		bench_die("did not end: ", b->login);
	from = bench_clock() - from;
	close(ends[0]);
	*code = WEXITSTATUS(status);
	return from;
}
