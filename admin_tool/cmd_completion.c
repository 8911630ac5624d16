/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What shells ask at each press of the tabulator key. The words come from stdin because
 * somebody may have typed a token, and every user of the host may read arguments.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "candidates.h"

#define LINE_MAX_BYTES 65536 /* of a command line; a longer one is not completed */
#define WORDS_MAX 1024

/* Everything from stdin, NUL-ended. False when it is too long or cannot be read. */
static bool
read_line(char text[LINE_MAX_BYTES])
{
	size_t len = 0;
	ssize_t n;

	do {
		n = read(STDIN_FILENO, text + len, LINE_MAX_BYTES - len);
		len += n > 0 ? (size_t)n : 0;
	} while (len < LINE_MAX_BYTES && (n > 0 || (n < 0 && errno == EINTR)));
	if (n < 0 || len == LINE_MAX_BYTES)
		return false;
	text[len] = '\0';
	return strlen(text) == len;
}

/* One word a line; a newline at the end ends the last. False when there are too many.
 */
static bool
split(char *text, char *words[WORDS_MAX], size_t *count)
{
	char *end;

	for (*count = 0; *count < WORDS_MAX; text = end + 1) {
		words[(*count)++] = text;
		if ((end = strchr(text, '\n')) == NULL)
			return true;
		*end = '\0';
		if (end[1] == '\0')
			return true;
	}
	return false;
}

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	char text[LINE_MAX_BYTES];
	char *words[WORDS_MAX];
	size_t count;

	(void)values;
	(void)arguments;
	if (out_wants_data(&cli->out))
		out_begin(&cli->out, &candidates_shape);
	if (read_line(text) && split(text, words, &count))
		candidates_give(cli, words, count);
	if (out_wants_data(&cli->out))
		out_end(&cli->out);
	sodium_memzero(text, sizeof(text)); /* somebody may have typed a token */
	return EXIT_DONE;
}

const struct command cmd_completion = {
	.name = "completion",
	.group = GROUP_HELP,
	.arguments = "",
	.summary = "complete a command line, for shells",
	.about =
	    "The words behind authkey come from stdin, one a line, the last as far "
	    "as it is typed. A line of the answer is what it can become, a tab, "
	    "and what that is; " CANDIDATES_FILES " or " CANDIDATES_FOLDERS
	    " stands for names of files "
	    "or folders. The completions of bash, zsh and fish ask so. Names are "
	    "completed for who may read them.",
	.example = "printf 'owner\\ns\\n' | authkey completion",
	.answer = &candidates_shape,
	.run = run,
};
