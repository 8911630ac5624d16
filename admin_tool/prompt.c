/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include <histedit.h>

#include "prompt.h"

static volatile sig_atomic_t caught;

static void
catch_signal(int number)
{
	caught = number;
}

/* Signals that end the tool: the terminal must be as it was before they do. */
static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define ENDING_COUNT (sizeof(ending) / sizeof(ending[0]))

/*
 * While a question stands they are blocked but for the moment of waiting, so that none
 * slips in between a look at `caught` and a read that waits for ever.
 */
static struct sigaction actions[ENDING_COUNT];
static sigset_t mask;

static void
hold_signals(void)
{
	struct sigaction catcher = { .sa_handler = catch_signal };
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaddset(&held, ending[i]);
	sigprocmask(SIG_BLOCK, &held, &mask);
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaction(ending[i], &catcher, &actions[i]);
}

static void
release_signals(void)
{
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaction(ending[i], &actions[i], NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	if (caught != 0)
		raise(caught);
}

/* One byte of stdin: 1, 0 at its end, -1 for a signal or an error. */
static int
read_byte(char *byte, const sigset_t *while_waiting)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	for (;;) {
		if (ppoll(&in, 1, NULL, while_waiting) >= 0)
			return (int)read(STDIN_FILENO, byte, 1);
		if (errno != EINTR || caught != 0)
			return -1;
	}
}

/* One character for libedit, which reads by itself otherwise. */
static int
read_character(EditLine *el, wchar_t *character)
{
	mbstate_t state = { 0 };
	size_t taken;
	char byte;
	int n;

	(void)el;
	while ((n = read_byte(&byte, &mask)) == 1) {
		taken = mbrtowc(character, &byte, 1, &state);
		if (taken == (size_t)-1) {
			*character = L'?'; /* no character of this locale */
			return 1;
		}
		if (taken != (size_t)-2)
			return 1;
	}
	return n;
}

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

	/* Otherwise what is typed while a pushed answer is shown is not edited. */
	el_set(el, EL_PREP_TERM, 1);
	if (answer[0] != '\0')
		el_push(el, answer);
	if ((line = el_gets(el, &n)) == NULL || n <= 0)
		return false;
	snprintf(answer, size, "%.*s", (int)strcspn(line, "\r\n"), line);
	return true;
}

/* One for all questions: each el_init() costs memory that el_end() does not give back.
 */
static EditLine *
editor(const char *label)
{
	static EditLine *el;

	if (el == NULL && (el = el_init("authkey", stdin, stderr, stderr)) != NULL) {
		el_set(el, EL_PROMPT, label_of);
		el_set(el, EL_EDITOR, "emacs");
		el_set(el, EL_GETCFN, read_character);
	}
	if (el != NULL)
		el_set(el, EL_CLIENTDATA, (void *)(uintptr_t)label);
	return el;
}

bool
prompt_line(
    const char *label, prompt_check *check, void *context, char *answer, size_t size)
{
	EditLine *el = editor(label);
	const char *why = NULL;
	bool there = false;

	if (el == NULL)
		return false;
	hold_signals();
	do {
		if (why != NULL) {
			fprintf(stderr, "%s\n", why);
			answer[0] = '\0';
		}
		there = edit_line(el, answer, size);
	} while (there && check != NULL && (why = check(answer, context)) != NULL);
	if (!there)
		fputc('\n', stderr);
	el_set(el, EL_PREP_TERM, 0);
	release_signals();
	return there;
}

/* Whether `answer` begins `word`, whatever its case. */
static bool
begins(const char *answer, const char *word)
{
	return *answer != '\0' && strncasecmp(answer, word, strlen(answer)) == 0;
}

static const char *
yes_or_no(const char *answer, void *context)
{
	(void)context;
	if (*answer == '\0' || begins(answer, "yes") || begins(answer, "no"))
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
	       begins(answer, "yes");
}

static bool
read_line(char *line, size_t size, size_t *len, const sigset_t *while_waiting)
{
	bool any = false;
	char byte;
	int n;

	*len = 0;
	while ((n = read_byte(&byte, while_waiting)) == 1) {
		any = true;
		if (byte == '\n')
			break;
		if (*len < size)
			line[*len] = byte;
		if (*len <= size)
			++*len;
	}
	return any && n >= 0;
}

static bool
read_without_echo(const char *label, char *line, size_t size, size_t *len)
{
	struct termios silent, before;
	bool done;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	silent.c_cc[VSUSP] = _POSIX_VDISABLE; /* stopped, it would leave the echo off */
	hold_signals();
	done = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
	if (done) {
		fputs(label, stderr);
		done = read_line(line, size, len, &mask);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		fputc('\n', stderr);
	}
	release_signals();
	return done;
}

bool
prompt_secret(struct cli *cli, const char *what, char *secret, size_t size, size_t *len)
{
	char label[64];
	bool done;

	snprintf(
	    label, sizeof(label), "%c%s: ", toupper((unsigned char)what[0]), what + 1);
	done = isatty(STDIN_FILENO) ? read_without_echo(label, secret, size, len)
				    : read_line(secret, size, len, NULL);
	if (!done)
		ak_fail(&cli->error, AK_E_USAGE, "there is no %s on stdin", what);
	return done;
}
