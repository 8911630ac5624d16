/* SPDX-License-Identifier: BSD-2-Clause */
/* The reading of PAM stacks where libpam itself cannot be asked, and what they mean. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fixture.h"
#include "pam_judge.h"
#include "pam_words.h"

/* Files of a test: pairs of name and text, ended by a NULL. */
struct files {
	const char *const *pairs;
	enum ak_pam_named how; /* of the last that was asked for */
};

static char *
find(const char *name, enum ak_pam_named how, char path[AK_PAM_PATH], void *context)
{
	struct files *files = context;

	files->how = how;
	snprintf(path, AK_PAM_PATH, "/d/%.64s", name);
	for (const char *const *p = files->pairs; *p != NULL; p += 2)
		if (strcmp(p[0], name) == 0)
			return strdup(p[1]);
	return NULL;
}

static struct ak_pam_service service;

static const struct ak_pam_stack *
read_stack(const char *const *pairs, bool one_file, enum ak_pam_phase phase)
{
	struct files files = { .pairs = pairs };
	const struct ak_pam_source source = { find, &files, one_file };

	ak_pam_service_free(&service);
	assert_true(ak_pam_service_read("s", &source, &service));
	return ak_pam_stack_of(&service, phase);
}

#define READ(...) \
	read_stack((const char *const[]){ __VA_ARGS__, NULL }, false, AK_PAM_AUTH)

static void
a_line_keeps_its_place_module_and_arguments(void **state)
{
	const struct ak_pam_stack *stack;

	(void)state;
	stack = READ("s",
	    "# head\n\nauth required \\\n pam_a.so x [y \\] z] [] # no\n"
	    "session required pam_b.so\n@include t\n",
	    "t", "-auth [default=3] /lib/pam_c.so\n");
	assert_int_equal(stack->count, 2);
	assert_string_equal(stack->lines[0].module, "pam_a.so");
	assert_string_equal(stack->lines[0].file, "/d/s");
	assert_int_equal(stack->lines[0].number, 4);
	assert_int_equal(stack->lines[0].argc, 3);
	assert_string_equal(stack->lines[0].argv[1], "y ] z");
	assert_string_equal(stack->lines[0].argv[2], "");
	assert_null(stack->lines[0].argv[3]);
	assert_string_equal(stack->lines[1].file, "/d/t");
	assert_int_equal(stack->lines[1].actions[AK_PAM_ABORT], 3);
	assert_false(service.broken);
}

static void
what_libpam_crashes_over_or_refuses_is_said(void **state)
{
	static const struct {
		const char *text, *other, *why;
	} rows[] = {
		{ "auth include s\n", "", "/d/s:1: files include each other" },
		{ "@include s\n", "", "/d/s:1: files include each other" },
		{ "auth include s\nauth include s\n", "", "files include each other" },
		{ "auth required pam_permit.so\n@include\n", "",
		    "/d/s:2: a file name" },
		{ "auth include\n", "", "/d/s:1: a file name is missing" },
		{ "@include gone # x\n", "", "/d/s:1: @include gone cannot be read" },
		{ "auth required pam_permit.so \\\n", "", "/d/s: the last line" },
		{ "auth required pam_permit.so\n", "@include gone",
		    "/d/other:1: @include gone" },
	};

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		READ("s", rows[i].text, "other", rows[i].other);
		assert_true(service.broken);
		assert_contains(service.why, rows[i].why);
	}
	READ("x", "");
	assert_true(service.broken);
	assert_string_equal(service.why, "there is no file s and no file other");
}

static void
a_line_that_cannot_be_read_fails_and_says_why(void **state)
{
	static const char *const rows[][2] = {
		{ "auth include gone\n", "cannot be read" },
		{ "auth\n", "no control word" },
		{ "auth optional\n", "names no module" },
		{ "outh optional pam_permit.so\n", "none of auth account" },
	};
	const struct ak_pam_stack *stack;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		stack = READ("s", rows[i][0]);
		assert_false(service.broken);
		assert_int_equal(stack->count, 1);
		assert_int_equal(stack->lines[0].kind, AK_PAM_BROKEN);
		assert_contains(stack->lines[0].text, rows[i][1]);
	}
}

static void
substacks_end_at_the_depth_of_libpam(void **state)
{
	const struct ak_pam_stack *stack;

	(void)state;
	/* The file that is one too deep is a line that fails. */
	stack = READ("s", "auth substack s\n");
	assert_false(service.broken);
	assert_int_equal(stack->count, AK_PAM_LEVELS + 1);
	assert_int_equal(stack->lines[stack->count - 1].kind, AK_PAM_BROKEN);
	assert_int_equal(stack->lines[stack->count - 1].level, AK_PAM_LEVELS - 1);
}

static void
a_stack_too_long_to_read_is_refused(void **state)
{
	(void)state;
	/* Each file is included twice: a million lines. */
	READ("s", "auth substack s\nauth substack s\n");
	assert_true(service.broken);
	assert_contains(service.why, "too many lines");
}

/* Each of them includes the next twice, and none has a line: libpam would not end. */
static void
files_that_double_at_each_step_are_refused(void **state)
{
	enum { STEPS = 40 };
	static char texts[STEPS][64], names[STEPS][8];
	const char *pairs[2 * STEPS + 1] = { NULL };

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		snprintf(names[i], sizeof(names[i]), i > 0 ? "s%d" : "s", i);
		if (i < STEPS - 1)
			snprintf(texts[i], sizeof(texts[i]),
			    "auth include s%d\n@include s%d\n", i + 1, i + 1);
		pairs[2 * i] = names[i];
		pairs[2 * i + 1] = texts[i];
	}
	read_stack(pairs, false, AK_PAM_AUTH);
	assert_true(service.broken);
	assert_contains(service.why, "too many files");
}

static void
a_line_is_cut_where_libpam_cuts_it(void **state)
{
	const struct ak_pam_stack *stack;
	char text[1200];

	(void)state;
	/* What is too much of a comment is a line. */
	memset(text, 'x', sizeof(text));
	text[0] = '#';
	memcpy(text + AK_PAM_LINE_MAX - 1, "auth optional pam_a.so", 23);
	stack = READ("s", text);
	assert_int_equal(stack->count, 1);
	assert_string_equal(stack->lines[0].module, "pam_a.so");
}

static void
in_one_file_for_all_each_line_names_its_service(void **state)
{
	static const char *const pairs[] = { "s",
		"s auth required pam_a.so\nt auth required pam_b.so\n"
		"S account include inc\nother auth required pam_c.so\n",
		"inc", "account required pam_d.so\n", "other", "", NULL };
	const struct ak_pam_stack *stack;

	(void)state;
	stack = read_stack(pairs, true, AK_PAM_AUTH);
	assert_int_equal(stack->count, 1);
	assert_string_equal(stack->lines[0].module, "pam_a.so");
	stack = ak_pam_stack_of(&service, AK_PAM_ACCOUNT);
	assert_int_equal(stack->count, 1);
	assert_string_equal(stack->lines[0].module, "pam_d.so");
}

static ak_pam_set
code(const struct ak_pam_line *line, void *context)
{
	(void)line;
	return AK_PAM_BIT(*(const enum ak_pam_code *)context);
}

/* Whether a login may succeed, and may fail, when our module gives this answer. */
static const char *
judged(const char *text, enum ak_pam_code ours, enum ak_pam_others others)
{
	const struct ak_pam_stack *stack = READ("s", text);
	ak_pam_set set = ak_pam_outcomes_for(stack, code, &ours, others);

	if ((set & AK_PAM_BIT(AK_PAM_SUCCESS)) == 0)
		return "fails";
	return set == AK_PAM_BIT(AK_PAM_SUCCESS) ? "succeeds" : "depends";
}

#define OURS "pam_authkey.so\n"
#define PERMIT "auth required pam_permit.so\n"
#define DEBIAN                                                                \
	"auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite " \
	"pam_deny.so\n"                                                       \
	"auth required pam_permit.so\n"

static void
what_a_stack_makes_of_our_answers_is_known(void **state)
{
	static const struct {
		const char *text, *valid, *nobody;
	} rows[] = {
		{ "auth sufficient " OURS, "succeeds", "fails" },
		{ "auth required " OURS, "succeeds", "fails" },
		{ "auth optional " OURS, "succeeds", "fails" },
		{ "auth sufficient " OURS "auth required pam_deny.so\n", "succeeds",
		    "fails" },
		{ "auth sufficient " OURS PERMIT, "succeeds", "succeeds" },
		{ "auth optional " OURS PERMIT, "succeeds", "succeeds" },
		{ "auth required " OURS PERMIT, "succeeds", "fails" },
		{ "auth sufficient " OURS "auth required pam_env.so\n", "succeeds",
		    "depends" },
		{ "auth sufficient " OURS DEBIAN, "succeeds", "fails" },
		{ "auth [success=3 default=ignore] " OURS DEBIAN, "fails", "fails" },
		{ "auth [success=2 default=ignore] " OURS DEBIAN, "succeeds", "fails" },
		{ "auth [success=1 default=ignore] " OURS DEBIAN, "fails", "fails" },
		{ DEBIAN "auth optional " OURS, "depends", "fails" },
		{ "auth required pam_deny.so\nauth sufficient " OURS, "fails",
		    "fails" },
		{ "auth required pam_what.so\nauth sufficient " OURS, "depends",
		    "fails" },
		{ "auth [default=ignore] " OURS, "fails", "fails" },
		{ "auth [success=done default=die] " OURS PERMIT, "succeeds", "fails" },
	};
	const char *got;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		got = judged(rows[i].text, AK_PAM_SUCCESS, AK_PAM_OTHERS_ANY);
		if (strcmp(got, rows[i].valid) != 0)
			fail_msg("%s: a valid key %s", rows[i].text, got);
		got = judged(rows[i].text, AK_PAM_AUTH_ERR, AK_PAM_OTHERS_REFUSE);
		if (strcmp(got, rows[i].nobody) != 0)
			fail_msg("%s: no key %s", rows[i].text, got);
	}
}

static void
the_module_that_must_agree_is_found(void **state)
{
	const struct ak_pam_stack *stack = READ("s",
	    "auth required pam_a.so\nauth optional pam_b.so\nauth sufficient " OURS
	    "auth required pam_c.so\n");
	enum ak_pam_code ours = AK_PAM_SUCCESS;

	(void)state;
	assert_int_equal(
	    ak_pam_outcomes_without(stack, code, &ours, 0) & AK_PAM_BIT(AK_PAM_SUCCESS),
	    0);
	assert_int_not_equal(
	    ak_pam_outcomes_without(stack, code, &ours, 1) & AK_PAM_BIT(AK_PAM_SUCCESS),
	    0);
	assert_int_not_equal(
	    ak_pam_outcomes_without(stack, code, &ours, 3) & AK_PAM_BIT(AK_PAM_SUCCESS),
	    0);
}

static void
a_stack_with_too_many_ways_is_any_answer_and_ends(void **state)
{
	const struct ak_pam_stack *stack;
	enum ak_pam_code ours = AK_PAM_SUCCESS;
	char text[8192], *to = text;
	ak_pam_set set;

	(void)state;
	for (int level = 0; level < 15; level++)
		to += sprintf(to,
		    "auth [success=1 user_unknown=bad auth_err=ok ignore=2 "
		    "default=reset] "
		    "pam_x%d.so\nauth optional pam_y.so\nauth required pam_y.so\n",
		    level);
	sprintf(to, "auth substack s\nauth [success=reset] pam_permit.so\n" PERMIT);
	stack = READ("s", text);
	set = ak_pam_outcomes_for(stack, code, &ours, AK_PAM_OTHERS_ANY);
	assert_int_not_equal(set & AK_PAM_BIT(AK_PAM_SUCCESS), 0);
	ak_pam_service_free(&service);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_keeps_its_place_module_and_arguments),
		cmocka_unit_test(what_libpam_crashes_over_or_refuses_is_said),
		cmocka_unit_test(a_line_that_cannot_be_read_fails_and_says_why),
		cmocka_unit_test(substacks_end_at_the_depth_of_libpam),
		cmocka_unit_test(a_stack_too_long_to_read_is_refused),
		cmocka_unit_test(files_that_double_at_each_step_are_refused),
		cmocka_unit_test(a_line_is_cut_where_libpam_cuts_it),
		cmocka_unit_test(in_one_file_for_all_each_line_names_its_service),
		cmocka_unit_test(what_a_stack_makes_of_our_answers_is_known),
		cmocka_unit_test(the_module_that_must_agree_is_found),
		cmocka_unit_test(a_stack_with_too_many_ways_is_any_answer_and_ends),
	};

	return cmocka_run_group_tests_name("pam_stack", tests, NULL, NULL);
}
