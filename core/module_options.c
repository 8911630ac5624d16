/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "module_options.h"
#include "name.h"
#include "when.h"

#define PROMPT_MAX 255

enum kind {
	FLAG,
	PATH,
	OWNER,
	USER_RULE,
	USAGE_RULE,
	SERVICE,
	SCOPE,
	PROMPT,
	NUMBER,
	DURATION
};

/* An option: what it is called, what it takes, where its value goes. */
struct option {
	const char *name;
	enum kind kind;
	size_t at; /* in the struct that is filled */
	int max; /* of a number */
};
#define MOST_OPTIONS 32

/* The options of one module. */
struct table {
	const struct option *options;
	size_t count;
};

/* docs/man/pam_authkey.8 describes each; `make check-docs` compares. */
static const struct option options[] = {
	{ "store", PATH, offsetof(struct ak_module_options, store), 0 },
	{ "store_owner", OWNER, offsetof(struct ak_module_options, store_owner), 0 },
	{ "user", USER_RULE, offsetof(struct ak_module_options, user), 0 },
	{ "service", SERVICE, offsetof(struct ak_module_options, service), 0 },
	{ "scope", SCOPE, offsetof(struct ak_module_options, scopes), 0 },
	{ "require_verified_owner", FLAG,
	    offsetof(struct ak_module_options, require_verified_owner), 0 },
	{ "prompt", PROMPT, offsetof(struct ak_module_options, prompt), 0 },
	{ "use_first_pass", FLAG, offsetof(struct ak_module_options, use_first_pass),
	    0 },
	{ "try_first_pass", FLAG, offsetof(struct ak_module_options, try_first_pass),
	    0 },
	{ "usage", USAGE_RULE, offsetof(struct ak_module_options, usage), 0 },
	{ "usage_dir", PATH, offsetof(struct ak_module_options, usage_dir), 0 },
	{ "ignore_authinfo_unavail", FLAG,
	    offsetof(struct ak_module_options, ignore_authinfo_unavail), 0 },
	{ "fail_delay", NUMBER, offsetof(struct ak_module_options, fail_delay), 10000 },
	{ "expiry_notice", NUMBER, offsetof(struct ak_module_options, expiry_notice),
	    3650 },
	{ "no_env", FLAG, offsetof(struct ak_module_options, no_env), 0 },
	{ "debug", FLAG, offsetof(struct ak_module_options, debug), 0 },
	{ "quiet", FLAG, offsetof(struct ak_module_options, quiet), 0 },
};
static const struct table authkey = { options, sizeof(options) / sizeof(options[0]) };

/* And docs/man/pam_authkey_passwd.8 these. */
static const struct option passwd_options[] = {
	{ "dir", PATH, offsetof(struct ak_passwd_options, dir), 0 },
	{ "overlap", DURATION, offsetof(struct ak_passwd_options, overlap), 0 },
	{ "prompt", PROMPT, offsetof(struct ak_passwd_options, prompt), 0 },
	{ "debug", FLAG, offsetof(struct ak_passwd_options, debug), 0 },
	{ "quiet", FLAG, offsetof(struct ak_passwd_options, quiet), 0 },
};
static const struct table authkey_passwd = { passwd_options,
	sizeof(passwd_options) / sizeof(passwd_options[0]) };
_Static_assert(sizeof(options) <= MOST_OPTIONS * sizeof(options[0]), "seen has room");

/* A decimal number without sign, spaces or leading zeroes, 0..max. */
static bool
parse_number(const char *text, unsigned max, unsigned *number)
{
	size_t len = strspn(text, "0123456789");
	unsigned long n;

	if (len == 0 || len > 10 || text[len] != '\0' || (len > 1 && text[0] == '0') ||
	    (n = strtoul(text, NULL, 10)) > max)
		return false;
	*number = (unsigned)n;
	return true;
}

/* Who knows the users of this system. */
struct users {
	ak_user_number_fn *number;
	void *context;
};

/* A user by name or by number. */
static const char *
set_owner(const struct users *users, const char *value, uid_t *owner)
{
	unsigned uid;

	if (parse_number(value, UINT_MAX - 1, &uid)) {
		*owner = uid;
		return NULL;
	}
	if (users == NULL || !users->number(value, owner, users->context))
		return "there is no such user";
	return NULL;
}

/* The words of an option that is one of a few, in the order of its enum. */
struct choice {
	const char *words[3];
	const char *why;
};

static const struct choice user_rules = { { "match", "any", "set" },
	"it is match, any or set" };
static const struct choice usage_rules = { { "best-effort", "required", "off" },
	"it is best-effort, required or off" };

static const char *
choose(const struct choice *choice, const char *value, unsigned *chosen)
{
	for (unsigned i = 0; i < 3; i++)
		if (strcmp(value, choice->words[i]) == 0) {
			*chosen = i;
			return NULL;
		}
	return choice->why;
}

static const char *
set_prompt(const char *value, const char **prompt)
{
	if (strlen(value) > PROMPT_MAX)
		return "a prompt has at most 255 bytes";
	for (const char *s = value; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return "a prompt has no control characters";
	*prompt = value;
	return NULL;
}

static const char *
set_path(const char *value, const char **path)
{
	if (value[0] != '/')
		return "it is an absolute path";
	if (strlen(value) >= PATH_MAX)
		return "the path is too long";
	*path = value;
	return NULL;
}

static const char *
set_flag(const char *value, void *at)
{
	if (value != NULL)
		return "it takes no value";
	*(bool *)at = true;
	return NULL;
}

/* Set an option that takes a value. NULL, or why the value cannot be one. */
static const char *
set(const struct users *users, const struct option *option, const char *value,
    void *filled)
{
	void *at = (char *)filled + option->at;
	const char *why = NULL;
	unsigned n;

	switch (option->kind) {
	case PATH:
		return set_path(value, at);
	case OWNER:
		return set_owner(users, value, at);
	case USER_RULE:
		if ((why = choose(&user_rules, value, &n)) == NULL)
			*(enum ak_user_rule *)at = (enum ak_user_rule)n;
		break;
	case USAGE_RULE:
		if ((why = choose(&usage_rules, value, &n)) == NULL)
			*(enum ak_usage_rule *)at = (enum ak_usage_rule)n;
		break;
	case SERVICE:
		if ((why = ak_service_why_not(value)) == NULL)
			*(const char **)at = value;
		break;
	case SCOPE:
		if ((why = ak_scope_why_not(value)) == NULL && !ak_words_add(at, value))
			why = "these are too many scopes";
		break;
	case PROMPT:
		return set_prompt(value, at);
	case NUMBER:
		if (!parse_number(value, (unsigned)option->max, &n))
			return "it is a whole number in its range; see pam_authkey(8)";
		*(int *)at = (int)n;
		break;
	case DURATION:
		return ak_duration_why_not(value, at);
	case FLAG:
		break;
	}
	return why;
}

/* The option that `arg` names, and where its value begins; NULL when there is none. */
static const struct option *
find(const struct table *table, const char *arg, const char **value)
{
	size_t len = strcspn(arg, "=");

	*value = arg[len] == '=' ? arg + len + 1 : NULL;
	for (size_t i = 0; i < table->count; i++)
		if (strlen(table->options[i].name) == len &&
		    memcmp(table->options[i].name, arg, len) == 0)
			return &table->options[i];
	return NULL;
}

/* A line that is read: which options it may have, and those that it has had. */
struct taken {
	const struct table *table;
	const struct users *users;
	bool seen[MOST_OPTIONS];
	void *filled;
};

/* Take one argument. NULL, or why it cannot be one. */
static const char *
take(struct taken *line, const char *arg)
{
	const char *value;
	const struct option *option = find(line->table, arg, &value);
	bool *seen;

	if (option == NULL)
		return "there is no such option";
	seen = &line->seen[option - line->table->options];
	if (*seen && option->kind != SCOPE)
		return "it stands twice";
	*seen = true;
	if (option->kind == FLAG)
		return set_flag(value, (char *)line->filled + option->at);
	if (value == NULL || value[0] == '\0')
		return "it needs a value";
	return set(line->users, option, value, line->filled);
}

/* Take them all. NULL, or why `wrong` cannot be one. */
static const char *
take_all(struct taken *line, int argc, const char *const *argv, const char **wrong)
{
	const char *why;

	*wrong = NULL;
	for (int i = 0; i < argc; i++)
		if ((why = take(line, argv[i])) != NULL) {
			*wrong = argv[i];
			return why;
		}
	return NULL;
}

const char *
ak_module_options_parse(int argc, const char *const *argv, ak_user_number_fn *number,
    void *context, struct ak_module_options *opts, const char **wrong)
{
	const struct users users = { number, context };
	struct taken line = { &authkey, &users, { false }, opts };

	memset(opts, 0, sizeof(*opts));
	opts->store = AK_STORE_DEFAULT;
	opts->prompt = "Password: ";
	return take_all(&line, argc, argv, wrong);
}

const char *
ak_passwd_options_parse(int argc, const char *const *argv,
    struct ak_passwd_options *opts, const char **wrong)
{
	struct taken line = { &authkey_passwd, NULL, { false }, opts };

	memset(opts, 0, sizeof(*opts));
	opts->dir = AK_DIR_DEFAULT;
	opts->prompt = "Current key: ";
	return take_all(&line, argc, argv, wrong);
}
