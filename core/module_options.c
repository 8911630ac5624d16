/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "module_options.h"
#include "name.h"

#define PROMPT_MAX 255

enum kind { FLAG, PATH, OWNER, USER_RULE, USAGE_RULE, SERVICE, SCOPE, PROMPT, NUMBER };

/* docs/man/pam_authkey.8 describes each; `make check-docs` compares. */
static const struct option {
	const char *name;
	enum kind kind;
	size_t at; /* in struct ak_module_options */
	int max; /* of a number */
} options[] = {
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
#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

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
	return users->number(value, owner, users->context) ? NULL
							   : "there is no such user";
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

/* Set one option. NULL, or why the value cannot be one. */
static const char *
set(const struct users *users, const struct option *option, const char *value,
    struct ak_module_options *opts)
{
	void *at = (char *)opts + option->at;
	const char *why = NULL;
	unsigned n;

	switch (option->kind) {
	case FLAG:
		*(bool *)at = true;
		break;
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
	}
	return why;
}

/* The option that `arg` names, and where its value begins; NULL when there is none. */
static const struct option *
find(const char *arg, const char **value)
{
	size_t len = strcspn(arg, "=");

	*value = arg[len] == '=' ? arg + len + 1 : NULL;
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (strlen(options[i].name) == len &&
		    memcmp(options[i].name, arg, len) == 0)
			return &options[i];
	return NULL;
}

/* Take one argument. NULL, or why it cannot be one. */
static const char *
take(const struct users *users, const char *arg, bool seen[OPTION_COUNT],
    struct ak_module_options *opts)
{
	const char *value;
	const struct option *option = find(arg, &value);

	if (option == NULL)
		return "there is no such option";
	if (seen[option - options] && option->kind != SCOPE)
		return "it stands twice";
	seen[option - options] = true;
	if (option->kind == FLAG && value != NULL)
		return "it takes no value";
	if (option->kind != FLAG && (value == NULL || value[0] == '\0'))
		return "it needs a value";
	return set(users, option, value, opts);
}

const char *
ak_module_options_parse(int argc, const char *const *argv, ak_user_number_fn *number,
    void *context, struct ak_module_options *opts, const char **wrong)
{
	const struct users users = { number, context };
	bool seen[OPTION_COUNT] = { false };
	const char *why;

	memset(opts, 0, sizeof(*opts));
	opts->store = AK_STORE_DEFAULT;
	opts->prompt = "Password: ";
	*wrong = NULL;
	for (int i = 0; i < argc; i++)
		if ((why = take(&users, argv[i], seen, opts)) != NULL) {
			*wrong = argv[i];
			return why;
		}
	return NULL;
}
