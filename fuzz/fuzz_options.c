/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of a module's line: first line "a" or "p" for the module, then one option
 * a line. What is taken is known, stands once and is in its range, in any order; and
 * one thing more that is off makes all of it wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "module_options.h"
#include "name.h"
#include "when.h"

/* The options that take no value: of all others the value decides. */
static const char *const flags[] = { "require_verified_owner", "use_first_pass",
	"try_first_pass", "ignore_authinfo_unavail", "no_env", "debug", "quiet" };
static const char *const valued[] = { "store=", "store_owner=", "user=", "service=",
	"scope=", "prompt=", "usage=", "usage_dir=", "fail_delay=", "expiry_notice=" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool
number_of(const char *name, uid_t *uid, void *context)
{
	(void)context;
	*uid = (uid_t)strlen(name);
	return name[0] == 'r';
}

static const char *
parse(size_t argc, const char *const *argv, struct ak_module_options *o,
    const char **wrong)
{
	return ak_module_options_parse((int)argc, argv, number_of, NULL, o, wrong);
}

static bool
is_scope(const char *arg)
{
	return strncmp(arg, "scope=", 6) == 0;
}

static bool
is_known(const char *arg)
{
	for (size_t i = 0; i < COUNT(flags); i++)
		if (strcmp(arg, flags[i]) == 0)
			return true;
	for (size_t i = 0; i < COUNT(valued); i++)
		if (strncmp(arg, valued[i], strlen(valued[i])) == 0)
			return arg[strlen(valued[i])] != '\0';
	return false;
}

static void
check_values(const struct ak_module_options *o)
{
	const char *word, *at = o->scopes, *last = NULL;
	char scope[AK_WORD_MAX + 1];
	size_t len;

	FUZZ_CHECK(o->store[0] == '/' && strlen(o->store) < 4096);
	FUZZ_CHECK(o->usage_dir == NULL || o->usage_dir[0] == '/');
	FUZZ_CHECK(o->fail_delay >= 0 && o->fail_delay <= 10000);
	FUZZ_CHECK(o->expiry_notice >= 0 && o->expiry_notice <= 3650);
	FUZZ_CHECK(strlen(o->prompt) <= 255 && strpbrk(o->prompt, "\n\r\033") == NULL);
	FUZZ_CHECK(o->service == NULL || ak_service_why_not(o->service) == NULL);
	FUZZ_CHECK((unsigned)o->user <= AK_USER_SET);
	FUZZ_CHECK((unsigned)o->usage <= AK_USAGE_OFF);
	while ((word = ak_words_next(&at, &len)) != NULL) {
		FUZZ_CHECK(len <= AK_WORD_MAX);
		memcpy(scope, word, len);
		scope[len] = '\0';
		FUZZ_CHECK(ak_scope_why_not(scope) == NULL);
		FUZZ_CHECK(last == NULL || strncmp(last, word, len + 1) < 0);
		last = word;
	}
}

static bool
same(const struct ak_module_options *a, const struct ak_module_options *b)
{
	return a->store == b->store && a->store_owner == b->store_owner &&
	       a->user == b->user && a->service == b->service &&
	       strcmp(a->scopes, b->scopes) == 0 &&
	       a->require_verified_owner == b->require_verified_owner &&
	       strcmp(a->prompt, b->prompt) == 0 &&
	       a->use_first_pass == b->use_first_pass &&
	       a->try_first_pass == b->try_first_pass && a->usage == b->usage &&
	       a->usage_dir == b->usage_dir &&
	       a->ignore_authinfo_unavail == b->ignore_authinfo_unavail &&
	       a->fail_delay == b->fail_delay && a->expiry_notice == b->expiry_notice &&
	       a->no_env == b->no_env && a->debug == b->debug && a->quiet == b->quiet;
}

/* What was taken forwards is taken backwards. */
static void
check_order(
    size_t argc, const char *const *argv, const struct ak_module_options *forwards)
{
	const char *turned[FUZZ_LINES_MAX], *wrong;
	struct ak_module_options backwards;

	for (size_t i = 0; i < argc; i++)
		turned[i] = argv[argc - 1 - i];
	FUZZ_CHECK(parse(argc, turned, &backwards, &wrong) == NULL);
	FUZZ_CHECK(same(forwards, &backwards));
}

/* An option once more, and one that nobody knows, are refused and named. */
static void
check_one_more(size_t argc, const char *const *argv)
{
	static const char *const off[] = { "", "=", "scope=", "scope", "debug=1",
		"user=matc", "fail_delay=10001", "fail_delay=07", "store=keys.db",
		"Debug", "usage=", "prompt=\t" };
	const char *more[FUZZ_LINES_MAX + 1], *wrong;
	struct ak_module_options o;

	memcpy(more, argv, argc * sizeof(*argv));
	for (size_t i = 0; i < COUNT(off); i++) {
		more[argc] = off[i];
		FUZZ_CHECK(parse(argc + 1, more, &o, &wrong) != NULL);
		FUZZ_CHECK(wrong == more[argc]);
	}
	for (size_t i = 0; i < argc; i++) {
		more[argc] = argv[i];
		FUZZ_CHECK(
		    (parse(argc + 1, more, &o, &wrong) == NULL) == is_scope(argv[i]));
	}
}

static void
check_authkey(size_t argc, const char *const *argv)
{
	struct ak_module_options o;
	const char *wrong, *why = parse(argc, argv, &o, &wrong);

	FUZZ_CHECK((why == NULL) == (wrong == NULL));
	if (why != NULL)
		return;
	for (size_t i = 0; i < argc; i++)
		FUZZ_CHECK(is_known(argv[i]));
	check_values(&o);
	check_order(argc, argv, &o);
	check_one_more(argc, argv);
}

static void
check_passwd(size_t argc, const char *const *argv)
{
	struct ak_passwd_options o;
	const char *wrong, *why;

	why = ak_passwd_options_parse((int)argc, argv, &o, &wrong);
	FUZZ_CHECK((why == NULL) == (wrong == NULL));
	if (why != NULL)
		return;
	FUZZ_CHECK(o.dir[0] == '/' && o.overlap >= 0 && o.overlap <= AK_TIME_MAX);
	FUZZ_CHECK(strlen(o.prompt) <= 255);
	for (size_t i = 0; i < argc; i++)
		for (size_t j = 0; j < i; j++)
			FUZZ_CHECK(
			    strcspn(argv[i], "=") != strcspn(argv[j], "=") ||
			    strncmp(argv[i], argv[j], strcspn(argv[i], "=")) != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct fuzz_lines lines;
	size_t argc;

	fuzz_lines_take(&in, &lines);
	argc = lines.count > 1 ? lines.count - 1 : 0;
	if (fuzz_line(&lines, 0)[0] == 'p')
		check_passwd(argc, (const char *const *)lines.at + 1);
	else
		check_authkey(argc, (const char *const *)lines.at + 1);
	fuzz_lines_free(&lines);
	return 0;
}
