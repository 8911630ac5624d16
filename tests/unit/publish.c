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

#include "../forge.h"

static void
every_change_has_a_generation_and_its_time_in_the_store(void **state)
{
	struct fx *fx = *state;

	for (int64_t i = 1; i <= 5; i++) {
		fx_publish(fx, FX_NOW + i);
		assert_int_equal(fx_generation(fx), i);
		assert_int_equal(fx_meta(fx).generation, i);
		assert_int_equal(fx_meta(fx).published_at, FX_NOW + i);
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
	int64_t generation = fx_generation(fx);
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
		assert_int_equal(fx_generation(fx), generation);
		assert_reason(fx_verify(fx, token, "alice"), AK_NOT_FOUND);
	}
	assert_false(fx_heal(fx));
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
a_store_that_is_not_the_masters_is_published_again(void **state)
{
	static void (*const damages[])(struct fx * fx) = { older_copy, missing, empty,
		cut, scribbled_on, opened_to_others, forge_link };
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");

	for (size_t i = 0; i < FX_COUNT(damages); i++) {
		assert_false(fx_heal(fx));
		damages[i](fx);
		assert_true(fx_heal(fx));
		assert_reason(fx_verify(fx, token, "alice"), AK_VALID);
		assert_int_equal(fx_meta(fx).generation, fx_generation(fx));
		assert_int_equal(fx_meta(fx).published_at, FX_NOW + 7);
		assert_false(fx_heal(fx));
	}
}

static void
publish_writes_the_same_generation_anew(void **state)
{
	struct fx *fx = *state;
	const char *token = fx_key(fx, "alice");
	int64_t generation = fx_generation(fx);
	struct ak_error error;

	assert_code(ak_master_publish(fx->master, FX_NOW + 5, &error), AK_OK, &error);
	assert_int_equal(fx_generation(fx), generation);
	assert_int_equal(fx_meta(fx).generation, generation);
	assert_int_equal(fx_meta(fx).published_at, FX_NOW + 5);
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
	int64_t generation = fx_generation(fx);

	ak_master_close(&fx->master);
	assert_int_equal(fx_wait(fx_spawn(fail_to_switch_off, fx)), 0);
	fx_reopen(fx);
	assert_int_equal(fx_generation(fx), generation);
	assert_int_equal(fx_meta(fx).generation, generation);
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
		assert_false(fx_heal(&disk));
		assert_int_equal(fx_generation(&disk), 1 + round);
		fx_key(&disk, "alice"); /* and with room it goes on */
	}
	ak_master_close(&disk.master);
	assert_int_equal(umount(disk.folder), 0);
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
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
