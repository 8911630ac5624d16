/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "pam_words.h"

#define BLANKS " \n\t"

static const char *const codes[AK_PAM_CODES] = {
#define CODE(name, word) #word,
	AK_PAM_CODE_LIST(CODE)
#undef CODE
};

static const char *const names[AK_PAM_CODES] = {
#define NAME(name, word) #name,
	AK_PAM_CODE_LIST(NAME)
#undef NAME
};

static const struct {
	const char *word;
	enum ak_pam_action action;
} actions_by_word[] = {
	{ "ignore", AK_PAM_DO_IGNORE },
	{ "ok", AK_PAM_DO_OK },
	{ "done", AK_PAM_DO_DONE },
	{ "bad", AK_PAM_DO_BAD },
	{ "die", AK_PAM_DO_DIE },
	{ "reset", AK_PAM_DO_RESET },
};

/* The four words that say it all. */
static const struct {
	const char *word;
	enum ak_pam_action good, ignored, rest;
} controls[] = {
	{ "required", AK_PAM_DO_OK, AK_PAM_DO_IGNORE, AK_PAM_DO_BAD },
	{ "requisite", AK_PAM_DO_OK, AK_PAM_DO_IGNORE, AK_PAM_DO_DIE },
	{ "optional", AK_PAM_DO_OK, AK_PAM_DO_IGNORE, AK_PAM_DO_IGNORE },
	{ "sufficient", AK_PAM_DO_DONE, AK_PAM_DO_IGNORE, AK_PAM_DO_IGNORE },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum ak_pam_code
ak_pam_code_of(const char *name)
{
	unsigned code = 0;

	while (code < AK_PAM_CODES && strcmp(names[code], name) != 0)
		code++;
	return (enum ak_pam_code)code;
}

/* As fgets(3): up to the newline, or as much as there is room for. */
static size_t
take_line(struct ak_pam_text *text, char *to, size_t size)
{
	const char *newline = strchr(text->at, '\n');
	size_t len =
	    newline != NULL ? (size_t)(newline - text->at) + 1 : strlen(text->at);

	if (len > size - 1)
		len = size - 1;
	else
		text->number++;
	memcpy(to, text->at, len);
	to[len] = '\0';
	text->at += len;
	return len;
}

/* Whether a line goes on behind it: the last that is no blank is a backslash. */
static char *
continuation(char *line)
{
	char *end = line + strlen(line);

	while (end > line && strchr(BLANKS, end[-1]) != NULL)
		end--;
	return end > line && end[-1] == '\\' ? end - 1 : NULL;
}

int
ak_pam_next_line(struct ak_pam_text *text, char line[AK_PAM_LINE_MAX])
{
	char *at = line, *comment, *more;

	while (*text->at != '\0' && line + AK_PAM_LINE_MAX - at > 1) {
		take_line(text, at, (size_t)(line + AK_PAM_LINE_MAX - at));
		comment = strchr(at, '#');
		if (comment != NULL)
			*comment = '\0';
		if (at[strspn(at, BLANKS)] == '\0')
			continue; /* also between the parts of a line */
		if (comment != NULL || (more = continuation(at)) == NULL)
			return 1;
		*more = ' ';
		at = more + 1;
	}
	return at == line ? 0 : -1;
}

/* What is in brackets, up to the first ] without a backslash. */
static char *
bracketed(char *from)
{
	char *to = from;

	for (; *from != '\0' && *from != ']'; from++) {
		if (from[0] == '\\' && from[1] == ']')
			from++;
		*to++ = *from;
	}
	if (to != from)
		*to = '\0';
	return from;
}

char *
ak_pam_next_word(char **rest)
{
	char *word, *end;

	if (*rest == NULL)
		return NULL;
	word = *rest + strspn(*rest, BLANKS);
	if (*word == '[')
		end = bracketed(++word);
	else if (*word != '\0')
		end = word + strcspn(word, BLANKS);
	else {
		*rest = NULL;
		return NULL;
	}
	if (*end != '\0')
		*end++ = '\0';
	*rest = *end != '\0' ? end : NULL;
	return word;
}

void
ak_pam_control_rest(int action, int actions[AK_PAM_CODES])
{
	for (int i = 0; i < AK_PAM_CODES; i++)
		if (actions[i] == AK_PAM_DO_UNDEFINED)
			actions[i] = action;
}

static const char *
skip(const char *at)
{
	while (isspace((unsigned char)*at))
		at++;
	return at;
}

/* Which word of a list the text begins with; it need not end there. */
static bool
begins(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

/* A code, AK_PAM_CODES for "default"; -1 for anything else. */
static int
take_code(const char **at)
{
	for (int i = 0; i < AK_PAM_CODES; i++)
		if (begins(at, codes[i]))
			return i;
	return begins(at, "default") ? AK_PAM_CODES : -1;
}

/* An action, or how many lines are skipped. False for anything else. */
static bool
take_action(const char **at, int *action)
{
	unsigned skipped = 0; /* wraps as libpam's does, but for the sign */

	for (size_t i = 0; i < COUNT(actions_by_word); i++)
		if (begins(at, actions_by_word[i].word)) {
			*action = actions_by_word[i].action;
			return true;
		}
	while (**at >= '0' && **at <= '9')
		skipped = skipped * 10 + (unsigned)(*(*at)++ - '0');
	*action = (int)(skipped & INT_MAX);
	return *action > 0;
}

/* "success=ok default=2"; blanks may stand anywhere but within a word. */
static bool
take_pairs(const char *at, int actions[AK_PAM_CODES])
{
	int code, action;

	while (*(at = skip(at)) != '\0') {
		if ((code = take_code(&at)) < 0 || *(at = skip(at)) != '=')
			return false;
		at = skip(at + 1);
		if (!take_action(&at, &action))
			return false;
		if (code < AK_PAM_CODES)
			actions[code] = action;
		else
			ak_pam_control_rest(action, actions);
	}
	return true;
}

void
ak_pam_control(const char *word, int actions[AK_PAM_CODES])
{
	for (int i = 0; i < AK_PAM_CODES; i++)
		actions[i] = AK_PAM_DO_UNDEFINED;
	for (size_t i = 0; i < COUNT(controls); i++)
		if (strcasecmp(word, controls[i].word) == 0) {
			actions[AK_PAM_SUCCESS] = controls[i].good;
			actions[AK_PAM_NEW_AUTHTOK_REQD] = controls[i].good;
			actions[AK_PAM_IGNORE] = controls[i].ignored;
			ak_pam_control_rest(controls[i].rest, actions);
			return;
		}
	if (!take_pairs(word, actions))
		for (int i = 0; i < AK_PAM_CODES; i++)
			actions[i] = AK_PAM_DO_BAD;
	ak_pam_control_rest(AK_PAM_DO_BAD, actions);
}
