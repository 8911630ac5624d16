/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>
#include <security/pam_modutil.h>

#include "opts.h"

#define STORE_DEFAULT "/var/lib/authkey/keys.db"
#define PROMPT_MAX 255

enum kind { FLAG, PATH, OWNER, USER_RULE, USAGE_RULE, SERVICE, SCOPE, PROMPT, NUMBER };

/* docs/man/pam_authkey.8 describes each; `make check-docs` compares. */
static const struct option {
	const char *name;
	enum kind kind;
	size_t at; /* in struct opts */
	int max; /* of a number */
} options[] = {
	{ "store", PATH, offsetof(struct opts, store), 0 },
	{ "store_owner", OWNER, offsetof(struct opts, store_owner), 0 },
	{ "user", USER_RULE, offsetof(struct opts, user), 0 },
	{ "service", SERVICE, offsetof(struct opts, service), 0 },
	{ "scope", SCOPE, offsetof(struct opts, scopes), 0 },
	{ "require_verified_owner", FLAG, offsetof(struct opts, require_verified_owner),
	    0 },
	{ "prompt", PROMPT, offsetof(struct opts, prompt), 0 },
	{ "use_first_pass", FLAG, offsetof(struct opts, use_first_pass), 0 },
	{ "try_first_pass", FLAG, offsetof(struct opts, try_first_pass), 0 },
	{ "usage", USAGE_RULE, offsetof(struct opts, usage), 0 },
	{ "usage_dir", PATH, offsetof(struct opts, usage_dir), 0 },
	{ "ignore_authinfo_unavail", FLAG,
	    offsetof(struct opts, ignore_authinfo_unavail), 0 },
	{ "fail_delay", NUMBER, offsetof(struct opts, fail_delay), 10000 },
	{ "expiry_notice", NUMBER, offsetof(struct opts, expiry_notice), 3650 },
	{ "no_env", FLAG, offsetof(struct opts, no_env), 0 },
	{ "debug", FLAG, offsetof(struct opts, debug), 0 },
	{ "quiet", FLAG, offsetof(struct opts, quiet), 0 },
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

/* A user by name or by number. */
static const char *
set_owner(pam_handle_t *pamh, const char *value, uid_t *owner)
{
	const struct passwd *pw;
	unsigned uid;

	if (parse_number(value, UINT_MAX - 1, &uid)) {
		*owner = uid;
		return NULL;
	}
	if ((pw = pam_modutil_getpwnam(pamh, value)) == NULL)
		return "there is no such user";
	*owner = pw->pw_uid;
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

/* Set one option. NULL, or why the value cannot be one. */
static const char *
set(pam_handle_t *pamh, const struct option *option, const char *value,
    struct opts *opts)
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
		return set_owner(pamh, value, at);
	case USER_RULE:
		if ((why = choose(&user_rules, value, &n)) == NULL)
			*(enum user_rule *)at = (enum user_rule)n;
		break;
	case USAGE_RULE:
		if ((why = choose(&usage_rules, value, &n)) == NULL)
			*(enum usage_rule *)at = (enum usage_rule)n;
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
take(pam_handle_t *pamh, const char *arg, bool seen[OPTION_COUNT], struct opts *opts)
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
	return set(pamh, option, value, opts);
}

int
opts_parse(pam_handle_t *pamh, int argc, const char **argv, struct opts *opts)
{
	bool seen[OPTION_COUNT] = { false };
	char shown[AK_ESCAPED_MAX];
	const char *why;

	memset(opts, 0, sizeof(*opts));
	opts->store = STORE_DEFAULT;
	opts->prompt = "Password: ";
	for (int i = 0; i < argc; i++)
		if ((why = take(pamh, argv[i], seen, opts)) != NULL) {
			pam_syslog(pamh, LOG_ERR,
			    "option %s: %s; nobody gets in until "
			    "it is mended",
			    ak_escape(argv[i], shown), why);
			return PAM_SERVICE_ERR;
		}
	return PAM_SUCCESS;
}
