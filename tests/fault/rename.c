/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two renames on file systems that know their flags, and on those that know none: what
 * is there is never replaced, and what is put aside has both its names in the end.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../faults.h"
#include "../fixture.h"
#include "rename.h"

static const int answers[] = { 0, EINVAL, ENOSYS }; /* to a flag */

struct names {
	char path[2 * FX_PATH], new[2 * FX_PATH], old[2 * FX_PATH];
};

/* Files called path, new and old, with these words in them; and none for NULL. */
static void
lay(const struct fx *fx, struct names *n, const char *path, const char *new,
    const char *old)
{
	const struct {
		char *name;
		const char *ending, *word;
	} files[] = { { n->path, "path", path }, { n->new, "new", new },
		{ n->old, "old", old } };

	for (size_t i = 0; i < FX_COUNT(files); i++) {
		snprintf(
		    files[i].name, 2 * FX_PATH, "%s/%s", fx->folder, files[i].ending);
		unlink(files[i].name);
		if (files[i].word != NULL)
			fx_write(
			    files[i].name, files[i].word, strlen(files[i].word), 0600);
	}
}

/* The word in a file with one name, "" when there is no file. */
static const char *
word(const char *name)
{
	static char text[16];
	FILE *file = fopen(name, "re");
	struct stat st;

	memset(text, 0, sizeof(text));
	if (file == NULL)
		return text;
	assert_int_equal(fstat(fileno(file), &st), 0);
	assert_int_equal(st.st_nlink, 1);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

static void
arm(int answer)
{
	if (answer != 0)
		faults_arm(FAULT_RENAME, 1, false, answer);
}

static void
a_name_that_is_free_is_taken_and_one_that_is_not_is_not(void **state)
{
	struct names n;

	for (size_t i = 0; i < FX_COUNT(answers); i++) {
		lay(*state, &n, NULL, "mine", "theirs");
		arm(answers[i]);
		assert_int_equal(ak_rename_new(n.new, n.path), 0);
		faults_disarm();
		assert_string_equal(word(n.path), "mine");
		assert_string_equal(word(n.new), "");
		arm(answers[i]);
		assert_int_equal(ak_rename_new(n.path, n.old), -1);
		assert_int_equal(errno, EEXIST);
		faults_disarm();
		assert_string_equal(word(n.path), "mine");
		assert_string_equal(word(n.old), "theirs");
	}
}

static void
what_is_put_aside_is_old_and_the_new_in_its_place(void **state)
{
	struct names n;

	for (size_t i = 0; i < FX_COUNT(answers); i++)
		for (int there = 0; there < 2; there++) {
			lay(*state, &n, "was", "will", there == 1 ? "past" : NULL);
			arm(answers[i]);
			assert_int_equal(ak_rename_aside(n.path, n.new, n.old), 0);
			faults_disarm();
			assert_string_equal(word(n.path), "will");
			assert_string_equal(word(n.old), "was");
			assert_string_equal(word(n.new), "");
		}
}

static void
where_it_fails_for_another_reason_nothing_has_changed(void **state)
{
	struct names n;

	lay(*state, &n, "was", "will", "past");
	faults_arm(FAULT_RENAME, 1, false, EIO);
	assert_int_equal(ak_rename_aside(n.path, n.new, n.old), -1);
	assert_int_equal(errno, EIO);
	faults_disarm();
	faults_arm(FAULT_RENAME, 1, true, EINVAL);
	assert_int_equal(ak_rename_aside(n.path, n.new, n.old), -1);
	faults_disarm();
	assert_string_equal(word(n.path), "was");
	assert_string_equal(word(n.new), "will");
	assert_string_equal(word(n.old), "past");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(a_name_that_is_free_is_taken_and_one_that_is_not_is_not),
		FX_TEST(what_is_put_aside_is_old_and_the_new_in_its_place),
		FX_TEST(where_it_fails_for_another_reason_nothing_has_changed),
	};

	return cmocka_run_group_tests_name("rename", tests, NULL, NULL);
}
