/* SPDX-License-Identifier: BSD-2-Clause */
/* A store that cannot answer: the code, the one log line, and the way out (SECURITY R2,
 * R21, R23). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "../forge.h"
#include "../host.h"

static void
missing(struct fx *fx)
{
	assert_int_equal(unlink(fx->store), 0);
}

static void
dangling(struct fx *fx)
{
	missing(fx);
	assert_int_equal(symlink("/nowhere/keys.db", fx->store), 0);
}

static void
fifo(struct fx *fx)
{
	missing(fx);
	assert_int_equal(mkfifo(fx->store, 0600), 0);
}

static void
folder(struct fx *fx)
{
	missing(fx);
	assert_int_equal(mkdir(fx->store, 0755), 0);
}

static void
two_names(struct fx *fx)
{
	assert_int_equal(link(fx->store, fx_path(fx, "other.db")), 0);
}

static void
group_may_write(struct fx *fx)
{
	assert_int_equal(chmod(fx->store, 0660), 0);
}

static void
others_may_write(struct fx *fx)
{
	assert_int_equal(chmod(fx->store, 0606), 0);
}

static void
folder_open_to_all(struct fx *fx)
{
	assert_int_equal(chmod(fx->root, 0777), 0);
}

static void
empty(struct fx *fx)
{
	fx_write(fx->store, "", 0, 0640);
}

static void
text(struct fx *fx)
{
	fx_write(fx->store, "alice:x:1000\n", 13, 0640);
}

/* Write the store again with its length or one byte changed. */
static void
spoil(struct fx *fx, size_t cut, size_t at, uint8_t value)
{
	size_t len;
	uint8_t *bytes = fx_read(fx->store, &len);

	bytes[at] = value;
	fx_write(fx->store, bytes, len - cut, 0640);
	free(bytes);
}

static void
cut_by_a_page(struct fx *fx)
{
	spoil(fx, 4096, 0, 'S');
}

static void
cut_by_a_byte(struct fx *fx)
{
	spoil(fx, 1, 0, 'S');
}

static void
newer_version(struct fx *fx)
{
	spoil(fx, 0, 63, AK_STORE_VERSION_DELTA + 1);
}

static void
older_version(struct fx *fx)
{
	spoil(fx, 0, 63, AK_STORE_VERSION - 1);
}

static void
another_application(struct fx *fx)
{
	spoil(fx, 0, 68, 'X');
}

static void
write_ahead_log(struct fx *fx)
{
	spoil(fx, 0, 19, 2);
}

static void
of_a_stranger(struct fx *fx)
{
	assert_int_equal(chown(fx->store, 65534, 0), 0);
}

static void
folder_of_a_stranger(struct fx *fx)
{
	assert_int_equal(chown(fx->root, 65534, 0), 0);
}

static void
delta_cut_by_a_byte(struct fx *fx)
{
	spoil(fx, 1, 0, 'A');
}

static void
delta_of_more_keys(struct fx *fx)
{
	spoil(fx, 0, 40, 99);
}

static void
of_another_store(struct fx *fx)
{
	const char *kept = fx_path(fx, "kept.db");
	struct ak_error error;

	fx_copy(fx_delta_path(fx), kept);
	assert_code(ak_master_publish(fx->master, FX_NOW, &error), AK_OK, &error);
	fx_copy(kept, fx_delta_path(fx));
}

/* What a file is made, and what is said of it. */
struct row {
	void (*make)(struct fx *fx);
	const char *says;
	bool needs_root;
};

static const struct row of_store[] = {
	{ missing, "run: authkey publish", false },
	{ forge_link,
	    "is a symbolic link; name the store by its real path, or run: authkey "
	    "publish",
	    false },
	{ dangling,
	    "is a symbolic link; name the store by its real path, or run: authkey "
	    "publish",
	    false },
	{ fifo, "is not a regular file; move it away and run: authkey publish", false },
	{ folder, "is not a regular file; move it away and run: authkey publish",
	    false },
	{ two_names, "has more than one name; run: authkey publish", false },
	{ group_may_write, "group or others may write it; run: authkey publish",
	    false },
	{ others_may_write, "group or others may write it; run: authkey publish",
	    false },
	{ folder_open_to_all, "group or others could swap the store; chmod go-w it",
	    false },
	{ empty, "is not an authkey store; run: authkey publish", false },
	{ text, "is not an authkey store; run: authkey publish", false },
	{ cut_by_a_page, "is cut short; run: authkey publish", false },
	{ cut_by_a_byte, "is cut short; run: authkey publish", false },
	{ newer_version, "upgrade the packages libpam-authkey and authkey", false },
	{ older_version, "upgrade the package authkey, too, and run: authkey publish",
	    false },
	{ another_application, "is not an authkey store; run: authkey publish", false },
	{ write_ahead_log, "run: authkey publish", false },
	{ of_a_stranger, "belongs to uid 65534 instead of 0; run: authkey publish",
	    true },
	{ folder_of_a_stranger, "who could swap the store; chown it to root", true },
};

static const struct row of_delta[] = {
	{ missing, "run: authkey publish", false },
	{ forge_link, "name the store by its real path, or run: authkey publish",
	    false },
	{ dangling, "name the store by its real path, or run: authkey publish", false },
	{ fifo, "is not a regular file; move it away and run: authkey publish", false },
	{ folder, "is not a regular file; move it away and run: authkey publish",
	    false },
	{ two_names, "has more than one name; run: authkey publish", false },
	{ group_may_write, "group or others may write it; run: authkey publish",
	    false },
	{ others_may_write, "group or others may write it; run: authkey publish",
	    false },
	{ empty, "is no delta of an authkey store; run: authkey publish", false },
	{ text, "is no delta of an authkey store; run: authkey publish", false },
	{ delta_cut_by_a_byte, "is cut short; run: authkey publish", false },
	{ delta_of_more_keys, "is damaged (its head); run: authkey publish", false },
	{ of_another_store, "belongs to another store; run: authkey publish", false },
	{ of_a_stranger, "belongs to uid 65534 instead of 0; run: authkey publish",
	    true },
};

/* The rows of a test: each of a small store, and then each of the delta of a big one.
 */
#define ROWS (FX_COUNT(of_store) + FX_COUNT(of_delta))
static const struct row *
row(size_t i)
{
	return i < FX_COUNT(of_store) ? &of_store[i]
				      : &of_delta[i - FX_COUNT(of_store)];
}

/* Before the key is issued: with a row of a delta, there is one. */
static void
begin_row(struct fx *fx, size_t i)
{
	if (i >= FX_COUNT(of_store))
		fx_delta(fx, 0, 100);
}

/* What is done to the store is done to the delta in its place. */
static void
spoil_row(struct fx *fx, size_t i)
{
	char store[sizeof(fx->store)];

	memcpy(store, fx->store, sizeof(store));
	if (i < FX_COUNT(of_store) || row(i)->make == of_another_store)
		row(i)->make(fx);
	else {
		snprintf(fx->store, sizeof(fx->store), "%s", fx_delta_path(fx));
		row(i)->make(fx);
	}
	memcpy(fx->store, store, sizeof(store));
}

/* Whether row `i` could be made here. A new installation for each. */
static bool
make_row(struct host *h, size_t i, char token[128])
{
	if (row(i)->needs_root && geteuid() != 0)
		return false;
	begin_row(h->fx, i);
	snprintf(token, 128, "%s", fx_key(h->fx, "alice"));
	spoil_row(h->fx, i);
	host_log_clear();
	return true;
}

/* The next row's host, in place of this one's. */
static struct host *
fresh(void **state)
{
	host_teardown(state);
	assert_int_equal(host_setup(state), 0);
	return *state;
}

static void
each_is_unavailable_with_one_line_that_names_the_way_out(void **state)
{
	struct host *h = *state;
	char token[128];
	int skipped = 0;

	for (size_t i = 0; i < ROWS; i++, h = fresh(state)) {
		if (!make_row(h, i, token)) {
			skipped++;
			continue;
		}
		alarm(20); /* a FIFO that is waited for would end the program here */
		assert_pam(host_login(h, "alice", token), PAM_AUTHINFO_UNAVAIL);
		alarm(0);
		assert_log(LOG_ERR, row(i)->says);
		assert_true(host_log_has("store unavailable: /"));
	}
	if (skipped > 0)
		print_message("# %d rows need root\n", skipped);
}

static void
each_is_ignored_where_that_is_asked_and_still_logged(void **state)
{
	struct host *h = *state;
	char token[128];

	for (size_t i = 0; i < ROWS; i++, h = fresh(state)) {
		host_service(h, "test",
		    "auth required @M@ ignore_authinfo_unavail\n"
		    "auth required pam_permit.so\n");
		if (!make_row(h, i, token))
			continue;
		assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
		assert_log(LOG_ERR, row(i)->says);
		/* A password is refused as ever: it never came to the store. */
		assert_pam(host_login(h, "alice", "password"), PAM_AUTH_ERR);
	}
}

static void
each_is_unavailable_in_the_account_phase_too(void **state)
{
	struct host *h = *state;
	char token[128];
	pam_handle_t *pamh;

	for (size_t i = 0; i < ROWS; i++, h = fresh(state)) {
		if (row(i)->needs_root && geteuid() != 0)
			continue;
		/* Nothing is opened for a store that is still the same file. */
		if (row(i)->make == folder_open_to_all ||
		    row(i)->make == folder_of_a_stranger)
			continue;
		begin_row(h->fx, i);
		snprintf(token, sizeof(token), "%s", fx_key(h->fx, "alice"));
		h->talk.answer.text = token;
		pamh = host_start(h, "test", "alice");
		assert_pam(pam_authenticate(pamh, 0), PAM_SUCCESS);
		fx_publish(h->fx, FX_NOW);
		spoil_row(h->fx, i);
		host_log_clear();
		assert_pam(pam_acct_mgmt(pamh, 0), PAM_AUTHINFO_UNAVAIL);
		assert_log(LOG_ERR, row(i)->says);
		pam_end(pamh, PAM_SUCCESS);
	}
}

static void
a_verifier_who_may_not_read_is_told_how_he_may(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	if (geteuid() == 0)
		fx_skip(
		    "root may read everything; the nginx test does this as www-data");
	assert_int_equal(chmod(h->fx->store, 0200), 0);
	assert_pam(host_login(h, "alice", token), PAM_AUTHINFO_UNAVAIL);
	assert_log(LOG_ERR, "authkey verifier add USER, then restart the service");
}

static void
what_a_hostile_environment_says_of_files_never_counts_R14(void **state)
{
	static const char *const names[] = { "SQLITE_TMPDIR", "TMPDIR", "TMP", "TEMP",
		"HOME", "AUTHKEY_DIR", "XDG_DATA_HOME", "PAM_CONFDIR" };
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");
	char *before[FX_COUNT(names)];

	for (size_t i = 0; i < FX_COUNT(names); i++) {
		before[i] = getenv(names[i]);
		before[i] = before[i] != NULL ? strdup(before[i]) : NULL;
		assert_int_equal(setenv(names[i], "/nowhere", 1), 0);
	}
	assert_pam(host_login(h, "alice", token), PAM_SUCCESS);
	assert_pam(host_login(h, "bob", token), PAM_AUTH_ERR);
	for (size_t i = 0; i < FX_COUNT(names); i++) {
		if (before[i] != NULL)
			setenv(names[i], before[i], 1);
		else
			unsetenv(names[i]);
		free(before[i]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(each_is_unavailable_with_one_line_that_names_the_way_out),
		HOST_TEST(each_is_ignored_where_that_is_asked_and_still_logged),
		HOST_TEST(each_is_unavailable_in_the_account_phase_too),
		HOST_TEST(a_verifier_who_may_not_read_is_told_how_he_may),
		HOST_TEST(what_a_hostile_environment_says_of_files_never_counts_R14),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
