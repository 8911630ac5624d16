/* SPDX-License-Identifier: BSD-2-Clause */
/* What is foretold of a stack is what the real libpam answers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../host.h"
#include "pam_judge.h"

#define STACKS 600
#define TEXT_MAX 6000

/* The numbers are libpam's. */
_Static_assert(
    (int)AK_PAM_SUCCESS == PAM_SUCCESS && (int)AK_PAM_AUTH_ERR == PAM_AUTH_ERR &&
	(int)AK_PAM_AUTHINFO_UNAVAIL == PAM_AUTHINFO_UNAVAIL &&
	(int)AK_PAM_NEW_AUTHTOK_REQD == PAM_NEW_AUTHTOK_REQD &&
	(int)AK_PAM_IGNORE == PAM_IGNORE && (int)AK_PAM_CONV_ERR == PAM_CONV_ERR &&
	(int)AK_PAM_MODULE_UNKNOWN == PAM_MODULE_UNKNOWN &&
	(int)AK_PAM_INCOMPLETE == PAM_INCOMPLETE,
    "codes");

/* Answers that a stack is tried with; every module here gives one for sure. */
static const char *const codes[] = { "success", "auth_err", "perm_denied", "ignore",
	"new_authtok_reqd", "authinfo_unavail", "user_unknown", "acct_expired",
	"abort" };
static const char *const actions[] = { "ok", "done", "bad", "die", "ignore", "reset",
	"1", "2", "3" };

struct writer {
	struct host *h;
	uint64_t seed;
	unsigned files; /* that this stack includes */
	unsigned included; /* how many of them lie between it and its service */
	bool valid; /* the token opens */
};

static unsigned
pick(struct writer *w, unsigned n)
{
	return fx_random(&w->seed) % n;
}

#define ONE_OF(w, array) array[pick(w, FX_COUNT(array))]

/* A control field: a word, or pairs in brackets, sometimes wrong ones. */
static size_t
put_control(struct writer *w, char *to, size_t size)
{
	static const char *const words[] = { "required", "requisite", "sufficient",
		"optional", "Required", "nonsense", "[success=]", "[success=0]" };
	size_t n;
	unsigned pairs;

	if (pick(w, 3) > 0)
		return (size_t)snprintf(to, size, "%s",
		    words[pick(w, pick(w, 8) == 0 ? FX_COUNT(words) : 4)]);
	n = (size_t)snprintf(to, size, "[");
	for (pairs = 1 + pick(w, 4); pairs > 0; pairs--)
		n += (size_t)snprintf(to + n, size - n, "%s%s= %s ",
		    pick(w, 3) == 0 ? "default" : ONE_OF(w, codes),
		    pick(w, 2) == 0 ? " " : "", ONE_OF(w, actions));
	return n + (size_t)snprintf(to + n, size - n, "]");
}

static size_t
put_module(struct writer *w, char *to, size_t size)
{
	static const char *const modules[] = { "pam_permit.so", "pam_deny.so", "@M@",
		"@M@ debug", "@M@ [prompt=a \\] b]", "@m@ stroe=/x",
		"@m@ store=/nonexistent/keys.db",
		"@m@ store=/nonexistent/keys.db ignore_authinfo_unavail",
		"pam_nowhere.so" };

	if (pick(w, 2) == 0)
		return (size_t)snprintf(to, size, "%s", ONE_OF(w, modules));
	return (size_t)snprintf(to, size, "pam_debug.so auth=%s [acct=%s]",
	    ONE_OF(w, codes), ONE_OF(w, codes));
}

static void put_file(
    struct writer *w, const char *name, unsigned lines, unsigned depth);

/* include, substack or @include of a file that is made for it, or of none. */
static size_t
put_include(struct writer *w, const char *phase, char *to, size_t size, unsigned depth)
{
	static const char *const how[] = { "include", "substack", "@include" };
	unsigned kind = pick(w, FX_COUNT(how));
	char name[32];

	snprintf(name, sizeof(name), "part%u", w->files++);
	/* Below an include, what libpam makes of a missing @include is left to chance.
	 */
	if (pick(w, 12) > 0 || (kind == 2 && w->included > 0)) {
		w->included += kind != 2;
		put_file(w, name, 1 + pick(w, 4), depth + 1);
		w->included -= kind != 2;
	}
	if (kind == 2)
		return (size_t)snprintf(
		    to, size, "@include %s/%s\n", w->h->confdir, name);
	return (size_t)snprintf(
	    to, size, "%s %s %s/%s\n", phase, how[kind], w->h->confdir, name);
}

static size_t
put_line(struct writer *w, char *to, size_t size, unsigned depth)
{
	static const char *const phases[] = { "auth", "account", "auth", "account",
		"-auth", "AUTH", "session", "password", "nonsense" };
	static const char *const between[] = { " ", "\t ", " \\\n", " \\\n# no\n\n  " };
	static const char *const ends[] = { "\n", " # more\n", "\n\n", "\n# \\\n" };
	const char *phase = phases[pick(w, pick(w, 6) == 0 ? FX_COUNT(phases) : 4)];
	size_t n;

	if (depth < 3 && pick(w, 5) == 0)
		return put_include(w, phase, to, size, depth);
	if (pick(w, 40) == 0)
		return (size_t)snprintf(to, size, "%s required\n", phase);
	n = (size_t)snprintf(to, size, "%s", phase);
	n += (size_t)snprintf(to + n, size - n, "%s", ONE_OF(w, between));
	n += put_control(w, to + n, size - n);
	n += (size_t)snprintf(to + n, size - n, "%s", ONE_OF(w, between));
	n += put_module(w, to + n, size - n);
	return n + (size_t)snprintf(to + n, size - n, "%s", ONE_OF(w, ends));
}

static void
put_file(struct writer *w, const char *name, unsigned lines, unsigned depth)
{
	char text[TEXT_MAX];
	size_t n = 0;

	text[0] = '\0';
	for (; lines > 0; lines--)
		n += put_line(w, text + n, sizeof(text) - n, depth);
	assert_true(n < sizeof(text));
	host_service(w->h, name, text);
}

/* Files as pam_start_confdir(3) reads them. */
static char *
read_text(
    const char *name, enum ak_pam_named how, char path[AK_PAM_PATH], void *context)
{
	const struct host *h = context;
	uint8_t *bytes;
	char *text;
	size_t len;

	(void)how;
	if (name[0] == '/')
		snprintf(path, AK_PAM_PATH, "%s", name);
	else
		snprintf(path, AK_PAM_PATH, "%.4000s/%.64s", h->confdir, name);
	if (access(path, R_OK) != 0)
		return NULL;
	bytes = fx_read(path, &len);
	assert_non_null(text = realloc(bytes, len + 1));
	text[len] = '\0';
	return text;
}

static enum ak_pam_code
code_of_word(const char *word)
{
	static const char *const words[] = {
#define WORD(name, w) #w,
		AK_PAM_CODE_LIST(WORD)
#undef WORD
	};
	unsigned code = 0;

	while (strcmp(words[code], word) != 0)
		code++;
	return (enum ak_pam_code)code;
}

/* What a line answers here, for sure. */
static enum ak_pam_code
answer_of(const struct ak_pam_line *l, enum ak_pam_phase phase, bool valid)
{
	static const char *const marks[AK_PAM_PHASES] = { "auth=", "acct=" };

	if (strcmp(l->module, "pam_debug.so") == 0)
		for (int i = 0; i < l->argc; i++)
			if (strncmp(l->argv[i], marks[phase], 5) == 0)
				return code_of_word(l->argv[i] + 5);
	if (strcmp(l->module, "pam_nowhere.so") == 0)
		return AK_PAM_MODULE_UNKNOWN;
	if (ak_pam_who(l) == AK_PAM_PERMIT)
		return AK_PAM_SUCCESS;
	if (ak_pam_who(l) == AK_PAM_DENY)
		return AK_PAM_AUTH_ERR;
	assert_int_equal(ak_pam_who(l), AK_PAM_OURS);
	if (l->argc > 0 && strcmp(l->argv[0], "stroe=/x") == 0)
		return AK_PAM_SERVICE_ERR;
	if (phase == AK_PAM_ACCOUNT)
		return AK_PAM_IGNORE; /* asked on a handle that never authenticated */
	if (!valid)
		return AK_PAM_AUTH_ERR; /* a password, before any store is opened */
	if (strcmp(l->argv[0], "store=/nonexistent/keys.db") != 0)
		return AK_PAM_SUCCESS;
	return l->argc > 1 ? AK_PAM_IGNORE : AK_PAM_AUTHINFO_UNAVAIL;
}

static ak_pam_set
ours(const struct ak_pam_line *line, void *context)
{
	return AK_PAM_BIT(answer_of(line, AK_PAM_AUTH, *(const bool *)context));
}

static ak_pam_set
foretold(const struct ak_pam_stack *stack, enum ak_pam_phase phase, bool valid)
{
	ak_pam_set *answers = calloc(stack->count + 1, sizeof(*answers));
	ak_pam_set set;

	assert_non_null(answers);
	for (size_t i = 0; i < stack->count; i++)
		if (stack->lines[i].kind == AK_PAM_MODULE)
			answers[i] =
			    AK_PAM_BIT(answer_of(&stack->lines[i], phase, valid));
	set = ak_pam_outcomes(stack, answers);
	free(answers);
	return set;
}

static void
show(const struct host *h, const char *what, int got, ak_pam_set wanted)
{
	char command[FX_PATH + 64];

	print_error("%s: libpam answers %d, foretold is %#x\n", what, got, wanted);
	snprintf(command, sizeof(command), "tail -n +1 %s/* >&2", h->confdir);
	if (system(command) != 0)
		print_error("(no files)\n");
	fail();
}

/* In a process of its own: libpam leaks what it had read of what it refuses. */
static int
is_refused(void *context)
{
	struct host *h = context;

	return host_start_with(h, &h->talk, "test", "alice") == NULL;
}

/* Hold one stack against libpam. */
static void
compare(struct host *h, const char *token, bool valid, unsigned seen[AK_PAM_CODES])
{
	const struct ak_pam_source source = { read_text, h, false };
	struct ak_pam_service service;
	const struct ak_pam_stack *auth;
	pam_handle_t *pamh;
	ak_pam_set wanted;
	int got;

	assert_true(ak_pam_service_read("test", &source, &service));
	h->talk.answer = (struct answer){ ANSWER_TEXT, token, 0 };
	if (service.broken && fx_wait(fx_spawn(is_refused, h)) != 1)
		show(h, service.why, 0, 1);
	if (!service.broken) {
		pamh = host_start(h, "test", "alice");
		auth = ak_pam_stack_of(&service, AK_PAM_AUTH);
		got = pam_authenticate(pamh, 0);
		wanted = foretold(auth, AK_PAM_AUTH, valid);
		if (wanted != AK_PAM_BIT(got))
			show(h, "auth", got, wanted);
		seen[got]++;
		/* Whatever the others answer: what they did answer is among it. */
		wanted = ak_pam_outcomes_for(auth, ours, &valid, AK_PAM_OTHERS_ANY);
		if ((wanted & (got == PAM_SUCCESS ? 1U : ~1U)) == 0)
			show(h, "auth, any", got, wanted);
		pam_end(pamh, PAM_SUCCESS);
		pamh = host_start(h, "test", "alice");
		got = pam_acct_mgmt(pamh, 0);
		wanted = foretold(
		    ak_pam_stack_of(&service, AK_PAM_ACCOUNT), AK_PAM_ACCOUNT, valid);
		if (wanted != AK_PAM_BIT(got))
			show(h, "account", got, wanted);
		pam_end(pamh, PAM_SUCCESS);
	}
	seen[AK_PAM_INCOMPLETE] += service.broken;
	ak_pam_service_free(&service);
}

static void
what_is_foretold_of_a_stack_is_what_libpam_answers(void **state)
{
	struct host *h = *state;
	char token[AK_TOKEN_MAX + 1], path[FX_PATH + 64];
	struct writer w = { .h = h, .seed = 4 };
	unsigned seen[AK_PAM_CODES] = { 0 }, n = fx_loops(STACKS);

	if (fx_in_valgrind())
		n = 20;
	snprintf(token, sizeof(token), "%s", fx_key(h->fx, "alice"));
	for (unsigned i = 0; i < n; i++) {
		w.files = 0;
		w.valid = i % 2 == 0;
		put_file(&w, "test", 1 + pick(&w, 6), 0);
		if (pick(&w, 3) == 0)
			put_file(&w, "other", 1 + pick(&w, 3), 2);
		compare(h, w.valid ? token : "a password", w.valid, seen);
		host_log_clear();
		for (unsigned f = 0; f <= w.files; f++) {
			snprintf(path, sizeof(path),
			    f < w.files ? "%s/part%u" : "%s/other", h->confdir, f);
			unlink(path);
		}
	}
	print_message("# %u success, %u auth_err, %u perm_denied, %u refused\n",
	    seen[PAM_SUCCESS], seen[PAM_AUTH_ERR], seen[PAM_PERM_DENIED],
	    seen[AK_PAM_INCOMPLETE]);
	if (n >= STACKS)
		assert_true(seen[PAM_SUCCESS] > STACKS / 20);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(what_is_foretold_of_a_stack_is_what_libpam_answers),
	};

	return cmocka_run_group_tests_name("pam_stack", tests, NULL, NULL);
}
