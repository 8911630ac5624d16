/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"

static void __attribute__((noreturn)) become(const char *const *argv)
{
	static const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"LC_ALL=C", NULL };

	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
		execve(argv[0], (char *const *)(uintptr_t)argv,
		    (char *const *)(uintptr_t)environment);
	_exit(127);
}

bool
spawn(struct cli *cli, const char *const *argv)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		become(argv);
	if (child < 0) {
		ak_fail_errno(&cli->error, argv[0], "");
		return false;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	ak_fail(&cli->error, AK_E_STORE, "%s failed; see what it says above", argv[0]);
	return false;
}
