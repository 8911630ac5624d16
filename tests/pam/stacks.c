/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each stack that a page or the profile of pam-auth-update has refuses a key that ends
 * between pam_authenticate and pam_acct_mgmt: SECURITY R8. And one that lets root pass
 * without a key does so to the end.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../host.h"

#define OURS "pam_authkey.so"
#define STACKS_MAX 128
#define TEXT_MAX 2048

static struct stack {
	char where[FX_PATH];
	char text[TEXT_MAX];
} stacks[STACKS_MAX];
static size_t count;

/* What is printed of one phase alone, and what makes a stack of it. */
static struct part {
	const char *text, *before, *after;
	unsigned printed; /* how often, and how often it was found */
	unsigned found;
} parts[] = {
	{ "auth  sufficient  pam_authkey.so  [prompt=Key or password: ]\n", "",
	    "account required pam_authkey.so\n", 1, 0 },
	{ "account  [success=done ignore=ignore default=die]  pam_authkey.so\n"
	  "account  required    pam_unix.so\n",
	    "auth required pam_authkey.so\n", "", 2, 0 },
};

static bool
is_line_of(const char *line, const char *phase)
{
	size_t len = strlen(phase);

	return strncmp(line, phase, len) == 0 &&
	       (line[len] == ' ' || line[len] == '\t');
}

static bool
is_stack_line(const char *line)
{
	static const char *const words[] = { "auth", "account", "session", "@include" };

	for (size_t i = 0; i < FX_COUNT(words); i++)
		if (is_line_of(line, words[i]))
			return true;
	return false;
}

/* The lines that were gathered are a stack when the module is among them. */
static bool
keep(const char *where, unsigned number, const char *text)
{
	const char *before = "", *after = "";
	struct stack *s = &stacks[count];

	if (strstr(text, OURS) == NULL)
		return false;
	for (size_t i = 0; i < FX_COUNT(parts); i++)
		if (strcmp(text, parts[i].text) == 0) {
			before = parts[i].before;
			after = parts[i].after;
			parts[i].found++;
		}
	assert_true(count < STACKS_MAX);
	snprintf(s->where, sizeof(s->where), "%s, above line %u", where, number);
	snprintf(s->text, sizeof(s->text), "%s%s%s", before, text, after);
	count++;
	return true;
}

/* The stacks of a page: code is indented in Markdown, and as it is in a man page. */
static void
gather(const char *path)
{
	bool markdown = strstr(path, ".md") != NULL, wanted = false;
	char text[TEXT_MAX] = "", *bytes, *rest, *line;
	unsigned number = 0;
	size_t len;

	rest = bytes = (char *)fx_read(path, &len);
	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
		number++;
		if (wanted && line[0] == '#')
			break;
		wanted = wanted || strncmp(line, "## /etc/pam.d/", 14) == 0;
		if (markdown && strncmp(line, "    ", 4) == 0)
			line += 4;
		else if (markdown)
			line[0] = '\0';
		if (is_stack_line(line)) {
			assert_true(strlen(text) + strlen(line) + 2 < sizeof(text));
			strcat(strcat(text, line), "\n");
			continue;
		}
		wanted = !keep(path, number, text) && wanted;
		text[0] = '\0';
	}
	if (wanted)
		fail_msg("%s:%u: no stack under its heading", path, number);
	free(bytes);
}

/* As pam-auth-update renders the profile above that of pam_unix.so. */
static void
render(const char *path)
{
	static const char format[] = "auth [success=2 default=ignore] pam_authkey.so\n"
				     "auth [success=1 default=ignore] pam_unix.so\n"
				     "auth requisite pam_deny.so\n"
				     "auth required pam_permit.so\n"
				     "account %s\n"
				     "account [success=1 default=ignore] pam_unix.so\n"
				     "account requisite pam_deny.so\n"
				     "account required pam_permit.so\n";
	char text[TEXT_MAX], *bytes, *line;
	size_t len;

	bytes = (char *)fx_read(path, &len);
	assert_contains(
	    bytes, "\nAuth:\n\t[success=end default=ignore]\tpam_authkey.so");
	assert_non_null(line = strstr(bytes, "\nAccount:\n\t"));
	line += strlen("\nAccount:\n\t");
	line[strcspn(line, "\n")] = '\0';
	snprintf(text, sizeof(text), format, line);
	assert_true(keep(path, 0, text));
	free(bytes);
}

static int
gather_all(void **state)
{
	static const char *const patterns[] = { "docs/services/*.md", "README.md",
		"docs/man/pam_authkey.8" };
	char pattern[FX_PATH];
	glob_t found;

	(void)state;
	assert_non_null(getenv("AK_TOP"));
	for (size_t i = 0; i < FX_COUNT(patterns); i++) {
		snprintf(
		    pattern, sizeof(pattern), "%s/%s", getenv("AK_TOP"), patterns[i]);
		assert_int_equal(glob(pattern, 0, NULL, &found), 0);
		for (size_t f = 0; f < found.gl_pathc; f++)
			gather(found.gl_pathv[f]);
		globfree(&found);
	}
	snprintf(pattern, sizeof(pattern), "%s/packaging/pam-configs/authkey",
	    getenv("AK_TOP"));
	render(pattern);
	for (size_t i = 0; i < FX_COUNT(parts); i++)
		if (parts[i].found != parts[i].printed)
			fail_msg("%u times, not %u:\n%s", parts[i].found,
			    parts[i].printed, parts[i].text);
	return 0;
}

#define ROOT_PASSES "pam_rootok.so"

/* What may befall the line that asks again; and who comes. */
enum change { AS_IT_IS, GONE, ANOTHER_MODULE, IGNORED, ROOT_COMES };
#define CHANGES 4

/* What another module says of a user with a key, or of root. */
static const char *
other_module(const char *line, const char *module, enum change change)
{
	bool denies = strncmp(module, "pam_deny", 8) == 0;

	if (strncmp(module, ROOT_PASSES, strlen(ROOT_PASSES)) == 0)
		denies = change != ROOT_COMES;
	else if (strncmp(module, "pam_unix", 8) == 0)
		denies = is_line_of(line, "auth");
	return denies ? "pam_deny.so" : "pam_permit.so";
}

/*
 * A line as it is tried: the module is the one that was built. Of other modules it is
 * known what they say of a key: pam_unix.so takes it for a wrong password,
 * pam_rootok.so lets nobody pass but root, and all else has nothing against the user.
 */
static void
put_line(char *to, size_t size, const char *line, enum change change)
{
	const char *module = strstr(line, "pam_");
	bool ours = module != NULL && strncmp(module, OURS, strlen(OURS)) == 0;

	if (is_line_of(line, "session") || is_line_of(line, "@include"))
		snprintf(to, size, "%s",
		    strcmp(line, "@include common-auth") == 0
			? "auth required pam_deny.so"
		    : strcmp(line, "@include common-account") == 0
			? "account required pam_permit.so"
			: "");
	else if (!ours)
		snprintf(to, size, "%.*s%s", (int)(module - line), line,
		    other_module(line, module, change));
	else if (change == AS_IT_IS || change == ROOT_COMES ||
		 !is_line_of(line, "account"))
		snprintf(to, size, "%.*s@M@%s", (int)(module - line), line,
		    module + strlen(OURS));
	else if (change == GONE)
		to[0] = '\0';
	else if (change == ANOTHER_MODULE)
		snprintf(to, size, "%.*spam_permit.so", (int)(module - line), line);
	else
		snprintf(
		    to, size, "account [default=ignore] @M@%s", module + strlen(OURS));
}

static void
put_stack(struct host *h, const struct stack *stack, enum change change)
{
	char copy[TEXT_MAX], text[2 * TEXT_MAX] = "", line[TEXT_MAX], *rest = copy, *at;
	size_t len = 0;

	snprintf(copy, sizeof(copy), "%s", stack->text);
	while ((at = strsep(&rest, "\n")) != NULL && rest != NULL) {
		put_line(line, sizeof(line), at, change);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", line);
		assert_true(len < sizeof(text));
	}
	host_service(h, "test", text);
}

/* Let a key in, and tell what pam_acct_mgmt says of it, disabled before or not. */
static int
account(struct host *h, const char *token, bool disabled)
{
	pam_handle_t *pamh = host_start(h, "test", "alice");
	int rc;

	h->talk.answer = (struct answer){ ANSWER_TEXT, token, 0 };
	assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
	if (disabled)
		fx_set_state(h->fx, token, AK_SWITCHED_OFF);
	rc = pam_acct_mgmt(pamh, 0);
	if (disabled)
		fx_set_state(h->fx, token, AK_ENABLED);
	pam_end(pamh, rc);
	return rc;
}

/* A key that every printed stack takes. */
static const char *
key(struct host *h)
{
	struct ak_record record = fx_record("alice");

	fx_set_owner(h->fx, "alice", false, true);
	ak_words_add(record.key.scopes, "api:read");
	ak_words_add(record.key.scopes, "deploy");
	return fx_issue(h->fx, &record);
}

static void
each_printed_stack_refuses_a_key_that_ends_before_the_account_phase_R8(void **state)
{
	const char *token = key(*state);
	int whole, ended;

	for (size_t i = 0; i < count; i++) {
		put_stack(*state, &stacks[i], AS_IT_IS);
		whole = account(*state, token, false);
		ended = account(*state, token, true);
		if (whole != PAM_SUCCESS || ended == PAM_SUCCESS)
			fail_msg("%s: %s a key%s\n%s", stacks[i].where,
			    whole != PAM_SUCCESS ? "refuses" : "passes",
			    whole != PAM_SUCCESS ? "" : " that was disabled",
			    stacks[i].text);
	}
}

static void
none_of_them_does_without_its_account_line_R8(void **state)
{
	const char *token = key(*state);

	for (size_t i = 0; i < count; i++)
		for (int change = GONE; change < CHANGES; change++) {
			put_stack(*state, &stacks[i], (enum change)change);
			if (account(*state, token, false) == PAM_SUCCESS &&
			    account(*state, token, true) != PAM_SUCCESS)
				fail_msg("%s: change %d makes no difference\n%s",
				    stacks[i].where, change, stacks[i].text);
		}
}

static void
a_stack_that_asks_root_for_no_key_lets_root_in(void **state)
{
	pam_handle_t *pamh;
	unsigned found = 0;

	for (size_t i = 0; i < count; i++) {
		if (strstr(stacks[i].text, ROOT_PASSES) == NULL)
			continue;
		found++;
		put_stack(*state, &stacks[i], ROOT_COMES);
		pamh = host_start(*state, "test", "alice");
		assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
		if (pam_acct_mgmt(pamh, 0) != PAM_SUCCESS)
			fail_msg(
			    "%s: refuses root\n%s", stacks[i].where, stacks[i].text);
		pam_end(pamh, PAM_SUCCESS);
	}
	assert_int_equal(found, 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(
		    each_printed_stack_refuses_a_key_that_ends_before_the_account_phase_R8),
		HOST_TEST(none_of_them_does_without_its_account_line_R8),
		HOST_TEST(a_stack_that_asks_root_for_no_key_lets_root_in),
	};

	return cmocka_run_group_tests_name("stacks", tests, gather_all, NULL);
}
