/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include <histedit.h>

#include "prompt.h"

static char *
label_of(EditLine *el)
{
	void *label = NULL;

	el_get(el, EL_CLIENTDATA, &label);
	return label;
}

/* One edited line; false at its end. Too long an answer is cut and so not accepted. */
static bool
edit_line(EditLine *el, char *answer, size_t size)
{
	const char *line;
	int n = 0;

	if (answer[0] != '\0')
		el_push(el, answer);
	if ((line = el_gets(el, &n)) == NULL || n <= 0)
		return false;
	snprintf(answer, size, "%.*s", (int)strcspn(line, "\r\n"), line);
	return true;
}

bool
prompt_line(
    const char *label, prompt_check *check, void *context, char *answer, size_t size)
{
	EditLine *el = el_init("authkey", stdin, stderr, stderr);
	const char *why = NULL;
	bool there = false;

	if (el == NULL)
		return false;
	el_set(el, EL_CLIENTDATA, (void *)(uintptr_t)label);
	el_set(el, EL_PROMPT, label_of);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1); /* Ctrl-C leaves the terminal as it was */
	do {
		if (why != NULL)
			fprintf(stderr, "%s\n", why);
		there = edit_line(el, answer, size);
	} while (there && check != NULL && (why = check(answer, context)) != NULL);
	if (!there)
		fputc('\n', stderr);
	el_end(el);
	return there;
}

static const char *
yes_or_no(const char *answer, void *context)
{
	(void)context;
	if (*answer == '\0' || strchr("yYnN", *answer) != NULL)
		return NULL;
	return "Please answer y or n.";
}

bool
prompt_sure(const struct cli *cli, const char *question)
{
	char answer[16] = "";

	if (cli->yes)
		return true;
	return prompt_line(question, yes_or_no, NULL, answer, sizeof(answer)) &&
	       (answer[0] == 'y' || answer[0] == 'Y');
}

static volatile sig_atomic_t caught;

static void
catch_signal(int number)
{
	caught = number;
}

/* Signals that end the tool: the terminal must get its echo back first. */
static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define ENDING_COUNT (sizeof(ending) / sizeof(ending[0]))

static bool
read_line(char *line, size_t size, size_t *len)
{
	bool any = false;
	ssize_t n;
	char c;

	*len = 0;
	while ((n = read(STDIN_FILENO, &c, 1)) != 0) {
		if (n < 0 && (errno != EINTR || caught != 0))
			break;
		if (n < 0)
			continue;
		any = true;
		if (c == '\n')
			break;
		if (*len < size)
			line[*len] = c;
		if (*len <= size)
			++*len;
	}
	return any && n >= 0;
}

static bool
read_without_echo(const char *label, char *line, size_t size, size_t *len)
{
	struct sigaction catcher = { .sa_handler = catch_signal }, old[ENDING_COUNT];
	struct termios silent, before;
	bool done;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	silent.c_cc[VSUSP] = _POSIX_VDISABLE; /* stopped, it would leave the echo off */
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaction(ending[i], &catcher, &old[i]);
	done = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
	if (done) {
		fputs(label, stderr);
		done = read_line(line, size, len);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaction(ending[i], &old[i], NULL);
	if (caught != 0)
		raise(caught);
	return done;
}

bool
prompt_secret(
    struct cli *cli, const char *label, char *secret, size_t size, size_t *len)
{
	bool done = isatty(STDIN_FILENO) ? read_without_echo(label, secret, size, len)
					 : read_line(secret, size, len);

	if (!done)
		ak_fail(&cli->error, AK_E_USAGE, "there is no token on stdin");
	return done;
}
