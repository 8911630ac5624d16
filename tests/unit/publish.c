/* SPDX-License-Identifier: BSD-2-Clause */
/* From the master to the store: generations, healing, full disks, and many at once
 * (SECURITY R26, R43, R46). */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../fixture.h"

static struct ak_store_meta
meta_of(const struct fx *fx)
{
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_error error;
	struct ak_key key;

	assert_code(ak_store_open(fx->store, geteuid(), &store, &error), AK_OK, &error);
	assert_code(ak_store_find(&store, "", &key, &meta, &error), AK_OK, &error);
	ak_store_close(&store);
	return meta;
}

static int64_t
generation_of_master(struct fx *fx)
{
	struct ak_installation is;
	struct ak_error error;

	assert_code(ak_master_installation(fx->master, &is, &error), AK_OK, &error);
	return is.generation;
}

static bool
heal(struct fx *fx)
{
	struct ak_error error;
	bool healed;

	assert_code(
	    ak_master_heal(fx->master, FX_NOW + 7, &healed, &error), AK_OK, &error);
	return healed;
}

static void
every_change_has_a_generation_and_its_time_in_the_store(void **state)
{
	struct fx *fx = *state;

	for (int64_t i = 1; i <= 5; i++) {
		fx_publish(fx, FX_NOW + i);
		assert_int_equal(generation_of_master(fx), i);
		assert_int_equal(meta_of(fx).generation, i);
		assert_int_equal(meta_of(fx).published_at, FX_NOW + i);
	}
}

static void
two_publishings_never_have_the_same_mark(void **state)
{
	struct fx *fx = *state;
	struct ak_store_mark marks[20];
	struct ak_store store;
	struct ak_error error;

	for (size_t i = 0; i < FX_COUNT(marks); i++) {
		fx_publish(fx, FX_NOW); /* in the same second, of the same size */
		assert_code(
		    ak_store_open(fx->store, geteuid(), &store, &error), AK_OK, &error);
		ak_store_mark(&store, &marks[i]);
		ak_store_close(&store);
		assert_true(ak_store_is_still(fx->store, &marks[i]));
		for (size_t j = 0; j < i; j++)
			assert_false(ak_store_is_still(fx->store, &marks[j]));
	}
	assert_int_equal(unlink(fx->store), 0);
	assert_false(ak_store_is_still(fx->store, &marks[FX_COUNT(marks) - 1]));
}

static void
a_change_rolled_back_leaves_no_trace(void **state)
{
	struct fx *fx = *state;
	struct ak_record r = fx_record("alice");
	char token[AK_TOKEN_MAX + 1];
	int64_t generation = generation_of_master(fx);
	struct ak_error error;
	bool found;

	for (int round = 0; round < 2; round++) {
		assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
		assert_code(
		    ak_record_issue(fx->master, &r, token, &error), AK_OK, &error);
		if (round == 0)
			ak_master_rollback(fx->master);
		else
			ak_master_close(&fx->master); /* as when the program ends */
		if (round == 1)
			fx_reopen(fx);
		assert_code(ak_record_by_id(fx->master, r.key.id, &r, &found, &error),
		    AK_OK, &error);
		assert_false(found);
		r = fx_record("alice");
		assert_int_equal(generation_of_master(fx), generation);
		assert_reason(fx_verify(fx, token, "alice"), AK_NOT_FOUND);
	}
	assert_false(heal(fx));
	ak_master_rollback(fx->master); /* nothing to undo does no harm */
}

/* What a crash or somebody's hand may have left in the store's place. */
static void
older_copy(struct fx *fx)
{
	const char *old = fx_path(fx, "old.db");

	fx_copy(fx->store, old);
	fx_publish(fx, FX_NOW);
	fx_copy(old, fx->store);
}

static void
missing(struct fx *fx)
{
	assert_int_equal(unlink(fx->store), 0);
}

static void
empty(struct fx *fx)
{
	fx_write(fx->store, "", 0, 0640);
}

static void
cut(struct fx *fx)
{
	assert_int_equal(truncate(fx->store, 4096), 0);
}

static void
scribbled_on(struct fx *fx)
{
	size_t len;
	uint8_t *bytes = fx_read(fx->store, &len);

	memset(bytes + 4096, 0x55, 4096);
	fx_write(fx->store, bytes, len, 0640);
	free(bytes);
}

static void
opened_to_others(struct fx *fx)
{
	assert_int_equal(chmod(fx->store, 0666), 0);
}

static void
linked(struct fx *fx)
{
	const char *away = fx_path(fx, "away.db");

	assert_int_equal(rename(fx->store, away), 0);
	assert_int_equal(symlink(away, fx->store), 0);
}

static void
a_store_that_is_not_the_masters_is_published_again(void **state)
{
	static void (*const damages[])(struct fx * fx) = { older_copy, missing, empty,
		cut, scribbled_on, opened_to_others, linked };
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");

	for (size_t i = 0; i < FX_COUNT(damages); i++) {
		assert_false(heal(fx));
		damages[i](fx);
		assert_true(heal(fx));
		assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
		assert_int_equal(meta_of(fx).generation, generation_of_master(fx));
		assert_int_equal(meta_of(fx).published_at, FX_NOW + 7);
		assert_false(heal(fx));
	}
}

static void
publish_writes_the_same_generation_anew(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	int64_t generation = generation_of_master(fx);
	struct ak_error error;

	assert_code(ak_master_publish(fx->master, FX_NOW + 5, &error), AK_OK, &error);
	assert_int_equal(generation_of_master(fx), generation);
	assert_int_equal(meta_of(fx).generation, generation);
	assert_int_equal(meta_of(fx).published_at, FX_NOW + 5);
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
}

/* Try to switch the first key off; 0 when that fails as it should, and says why. */
static int
fail_to_switch_off(void *context)
{
	struct fx *fx = context;
	struct ak_error error = { AK_OK, "" };
	struct rlimit limit = { 4096, 4096 };
	enum ak_code code;

	signal(SIGXFSZ, SIG_IGN);
	fx_reopen(fx);
	fx_load(fx, fx->tokens[0])->key.state = AK_SWITCHED_OFF;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 1;
	if ((code = ak_master_begin(fx->master, &error)) == AK_OK &&
	    (code = ak_record_update(fx->master, &fx->record, &error)) == AK_OK)
		code = ak_master_commit(fx->master, FX_NOW, &error);
	return code == AK_E_STORE && error.text[0] != '\0' ? 0 : 2;
}

static void
without_room_for_the_store_nothing_changes_R43(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	int64_t generation = generation_of_master(fx);

	ak_master_close(&fx->master);
	assert_int_equal(fx_wait(fx_spawn(fail_to_switch_off, fx)), 0);
	fx_reopen(fx);
	assert_int_equal(generation_of_master(fx), generation);
	assert_int_equal(meta_of(fx).generation, generation);
	assert_int_equal(fx_load(fx, token)->key.state, AK_ENABLED);
	assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
	assert_int_equal(access(ak_master_paths(fx->master)->store_new, F_OK), -1);
	fx_set_state(fx, token, AK_SWITCHED_OFF); /* and with room it goes on */
	assert_reason(fx_verify(fx, token, "alice"), AK_DISABLED);
}

/* Fill the disk of a folder to the last byte. */
static void
fill_up(const char *path)
{
	static const char block[4096];
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	for (size_t len = sizeof(block); len > 0; len /= 2)
		while (write(fd, block, len) == (ssize_t)len)
			;
	close(fd);
}

static void
on_a_full_disk_nothing_changes_R43(void **state)
{
	struct fx *fx = *state;
	const struct ak_installation wanted = { .unix_group = "root" };
	struct fx disk = { .issued = 0 };
	struct ak_record r = fx_record("alice");
	char token[AK_TOKEN_MAX + 1], ballast[FX_PATH + 64];
	struct ak_error error;
	const char *issued;
	bool made;

	snprintf(disk.folder, sizeof(disk.folder), "%s", fx_path(fx, "disk"));
	snprintf(disk.root, sizeof(disk.root), "%s/root", disk.folder);
	snprintf(disk.store, sizeof(disk.store), "%s/keys.db", disk.root);
	snprintf(ballast, sizeof(ballast), "%s/ballast", disk.folder);
	disk.source = (struct ak_source){ disk.store, geteuid() };
	assert_int_equal(mkdir(disk.folder, 0755), 0);
	/* In a mount namespace of our own, which ends with this program. */
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", disk.folder, "tmpfs", 0, "size=2m,mode=0755") != 0)
		fx_skip("mounting a small disk needs root and its capabilities");
	assert_code(
	    ak_master_init(disk.root, &wanted, FX_NOW, &made, &error), AK_OK, &error);
	fx_reopen(&disk);
	issued = fx_key(&disk, "alice");
	for (int round = 0; round < 2; round++) {
		fill_up(ballast);
		if (ak_master_begin(disk.master, &error) == AK_OK) {
			enum ak_code code =
			    ak_record_issue(disk.master, &r, token, &error);

			if (code == AK_OK)
				code = ak_master_commit(disk.master, FX_NOW, &error);
			else
				ak_master_rollback(disk.master);
			assert_code(code, AK_E_STORE, &error);
		}
		assert_reason(fx_verify(&disk, issued, "alice"), AK_VALID);
		assert_int_equal(unlink(ballast), 0);
		assert_false(heal(&disk));
		assert_int_equal(generation_of_master(&disk), 1 + round);
		fx_key(&disk, "alice"); /* and with room it goes on */
	}
	ak_master_close(&disk.master);
	assert_int_equal(umount(disk.folder), 0);
}

/* Ended by SIGKILL somewhere between begin and the end of commit. */
static int
switch_off_and_on(void *context)
{
	struct fx *fx = context;

	fx_reopen(fx);
	for (int i = 0; i < 1000000; i++)
		fx_set_state(
		    fx, fx->tokens[0], i % 2 == 0 ? AK_SWITCHED_OFF : AK_ENABLED);
	return 1;
}

static void
a_command_killed_at_any_moment_leaves_the_old_or_the_new_R43(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	uint64_t seed = 43;
	unsigned healed = 0, loops = fx_loops(60);

	for (unsigned n = 0; n < loops; n++) {
		struct timespec moment = { 0, (long)(fx_random(&seed) % 30000000) };
		int pid;

		ak_master_close(&fx->master);
		pid = fx_spawn(switch_off_and_on, fx);
		nanosleep(&moment, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(fx_wait(pid), 128 + SIGKILL);
		fx_reopen(fx);
		healed += heal(fx);
		assert_int_equal(meta_of(fx).generation, generation_of_master(fx));
		assert_reason(fx_verify(fx, token, "alice"),
		    fx_load(fx, token)->key.state == AK_ENABLED ? AK_VALID
								: AK_DISABLED);
		fx_publish(fx, FX_NOW); /* nobody holds the lock any more */
	}
	print_message("# %u of %u needed healing\n", healed, loops);
}

enum { WRITERS = 4, EACH = 25 };

/* Add a scope of its own to the first key, again and again. */
static int
add_scopes(void *context)
{
	struct fx *fx = context;
	char scope[32];
	struct ak_error error;

	fx_reopen(fx);
	for (int i = 0; i < EACH; i++) {
		bool found;

		snprintf(scope, sizeof(scope), "%d.%d", (int)getpid(), i);
		if (ak_master_begin(fx->master, &error) != AK_OK ||
		    ak_record_by_id(fx->master, fx_id(fx->tokens[0]), &fx->record,
			&found, &error) != AK_OK ||
		    !ak_words_add(fx->record.key.scopes, scope) ||
		    ak_record_update(fx->master, &fx->record, &error) != AK_OK ||
		    ak_master_commit(fx->master, FX_NOW, &error) != AK_OK)
			return 1;
	}
	ak_master_close(&fx->master);
	return 0;
}

static void
changes_made_at_once_all_land_R46(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice"), *at;
	int64_t generation = generation_of_master(fx);
	struct ak_request request = fx_request("alice");
	struct ak_verdict verdict;
	int pids[WRITERS], n = 0;
	size_t len;

	ak_master_close(&fx->master);
	for (int i = 0; i < WRITERS; i++)
		pids[i] = fx_spawn(add_scopes, fx);
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(fx_wait(pids[i]), 0);
	fx_reopen(fx);
	assert_int_equal(generation_of_master(fx), generation + WRITERS * EACH);
	ak_verify(&fx->source, token, strlen(token), &request, &verdict);
	assert_reason(verdict.reason, AK_VALID);
	for (at = verdict.key.scopes; ak_words_next(&at, &len) != NULL; n++)
		;
	assert_int_equal(n, WRITERS * EACH);
}

struct readers {
	struct fx *fx;
	_Atomic bool *stop;
};

/* 0: each answer was right; 1: the store could not answer; 2: a wrong answer. */
static int
read_until_stopped(void *context)
{
	const struct readers *r = context;

	while (!*r->stop) {
		if (fx_verify(r->fx, r->fx->tokens[0], "alice") != AK_VALID)
			return 1;
		if (fx_verify(r->fx, r->fx->tokens[1], "alice") != AK_DISABLED)
			return 2;
	}
	return 0;
}

static void
readers_never_see_an_error_while_the_store_is_published_R26(void **state)
{
	struct fx *fx = *state;
	_Atomic bool *stop = mmap(NULL, sizeof(*stop), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct readers r = { fx, stop };
	const char *toggled;
	int pids[8];

	assert_ptr_not_equal(stop, MAP_FAILED);
	fx_key(fx, "alice");
	fx_set_state(fx, fx_key(fx, "alice"), AK_SWITCHED_OFF);
	toggled = fx_key(fx, "alice");
	ak_master_close(&fx->master);
	for (size_t i = 0; i < FX_COUNT(pids); i++)
		pids[i] = fx_spawn(read_until_stopped, &r);
	fx_reopen(fx);
	for (unsigned n = fx_loops(150); n > 0; n--) {
		/* In force with the very first login after the change. */
		fx_set_state(fx, toggled, AK_SWITCHED_OFF);
		assert_reason(fx_verify(fx, toggled, "alice"), AK_DISABLED);
		fx_set_state(fx, toggled, AK_ENABLED);
		assert_reason(fx_verify(fx, toggled, "alice"), AK_VALID);
	}
	*stop = true;
	for (size_t i = 0; i < FX_COUNT(pids); i++)
		assert_int_equal(fx_wait(pids[i]), 0);
	munmap(stop, sizeof(*stop));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		FX_TEST(every_change_has_a_generation_and_its_time_in_the_store),
		FX_TEST(two_publishings_never_have_the_same_mark),
		FX_TEST(a_change_rolled_back_leaves_no_trace),
		FX_TEST(a_store_that_is_not_the_masters_is_published_again),
		FX_TEST(publish_writes_the_same_generation_anew),
		FX_TEST(without_room_for_the_store_nothing_changes_R43),
		FX_TEST(on_a_full_disk_nothing_changes_R43),
		FX_TEST(a_command_killed_at_any_moment_leaves_the_old_or_the_new_R43),
		FX_TEST(changes_made_at_once_all_land_R46),
		FX_TEST(readers_never_see_an_error_while_the_store_is_published_R26),
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
