/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sodium.h>

#include "fixture.h"

/* Some texts at a time, so that one call can take several. */
static char *
ring(void)
{
	static char texts[8][2 * FX_PATH];
	static unsigned next;

	return texts[next++ % 8];
}

void
fx_folder_make(char folder[FX_PATH])
{
	const char *tmp = getenv("TMPDIR");
	char *real = realpath(tmp != NULL && tmp[0] != '\0' ? tmp : "/tmp", NULL);

	assert_non_null(real);
	snprintf(folder, FX_PATH, "%s/authkey-test.XXXXXX", real);
	free(real);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chmod(folder, 0755), 0);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int
open_up(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)at;
	if (type == FTW_D || type == FTW_DNR)
		chmod(path, (st->st_mode & 07777) | 0700);
	return 0;
}

void
fx_folder_remove(const char *folder)
{
	nftw(folder, open_up, 8, FTW_PHYS);
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void
fx_reopen(struct fx *fx)
{
	struct ak_error error;

	assert_code(ak_master_open(fx->root, &fx->master, &error), AK_OK, &error);
}

int
fx_setup(void **state)
{
	struct fx *fx = calloc(1, sizeof(*fx));
	struct ak_installation wanted = { .prefix = "" };
	const struct group *group = getgrgid(getegid());
	struct ak_error error;
	bool made;

	if (fx == NULL || group == NULL || sodium_init() < 0)
		return -1;
	*state = fx;
	snprintf(wanted.unix_group, sizeof(wanted.unix_group), "%s", group->gr_name);
	fx_folder_make(fx->folder);
	snprintf(fx->root, sizeof(fx->root), "%s/root", fx->folder);
	snprintf(fx->store, sizeof(fx->store), "%s/keys.db", fx->root);
	fx->source.path = fx->store;
	fx->source.owner = geteuid();
	assert_code(
	    ak_master_init(fx->root, &wanted, FX_NOW, &made, &error), AK_OK, &error);
	assert_true(made);
	fx_reopen(fx);
	return 0;
}

int
fx_teardown(void **state)
{
	struct fx *fx = *state;

	ak_master_close(&fx->master);
	fx_folder_remove(fx->folder);
	free(fx);
	return 0;
}

const char *
fx_path(const struct fx *fx, const char *name)
{
	char *path = ring();

	snprintf(path, sizeof(char[2 * FX_PATH]), "%s/%s", fx->folder, name);
	return path;
}

void
fx_write(const char *path, const void *bytes, size_t len, unsigned mode)
{
	int fd;

	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

uint8_t *
fx_read(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*len = (size_t)st.st_size;
	bytes = malloc(*len + 1);
	assert_non_null(bytes);
	assert_int_equal(read(fd, bytes, *len), st.st_size);
	bytes[*len] = '\0';
	close(fd);
	return bytes;
}

void
fx_copy(const char *from, const char *to)
{
	struct stat st;
	size_t len;
	uint8_t *bytes = fx_read(from, &len);

	assert_int_equal(stat(from, &st), 0);
	fx_write(to, bytes, len, st.st_mode & 07777);
	free(bytes);
}

struct ak_record
fx_record(const char *owner)
{
	static unsigned serial;
	struct ak_record r;

	memset(&r, 0, sizeof(r));
	snprintf(r.key.name, sizeof(r.key.name), "key %u", ++serial);
	snprintf(r.key.owner, sizeof(r.key.owner), "%s", owner);
	snprintf(r.prefix, sizeof(r.prefix), "%s", AK_PREFIX_DEFAULT);
	snprintf(r.created_by, sizeof(r.created_by), "root");
	r.key.state = AK_ENABLED;
	r.key.not_before = AK_NO_TIME;
	r.key.expires_at = AK_NO_TIME;
	r.created_at = FX_NOW;
	r.activated_at = FX_NOW;
	r.revoked_at = AK_NO_TIME;
	return r;
}

static void
begin(struct fx *fx)
{
	struct ak_error error;

	assert_code(ak_master_begin(fx->master, &error), AK_OK, &error);
}

static void
commit(struct fx *fx, int64_t now)
{
	struct ak_error error;

	assert_code(ak_master_commit(fx->master, now, &error), AK_OK, &error);
}

const char *
fx_issue(struct fx *fx, struct ak_record *record)
{
	char *token = fx->tokens[fx->issued];
	struct ak_error error;

	assert_true(fx->issued < FX_TOKENS);
	begin(fx);
	assert_code(ak_record_issue(fx->master, record, token, &error), AK_OK, &error);
	commit(fx, FX_NOW);
	fx->issued++;
	return token;
}

const char *
fx_key(struct fx *fx, const char *owner)
{
	struct ak_record record = fx_record(owner);

	return fx_issue(fx, &record);
}

const char *
fx_id(const char *token)
{
	const char *body = strchr(token, '_');
	char *id = ring();

	assert_non_null(body);
	snprintf(id, AK_ID_LEN + 1, "%s", body + 1);
	return id;
}

struct ak_record *
fx_load(struct fx *fx, const char *token)
{
	struct ak_error error;
	bool found;

	assert_code(
	    ak_record_by_id(fx->master, fx_id(token), &fx->record, &found, &error),
	    AK_OK, &error);
	assert_true(found);
	return &fx->record;
}

void
fx_save(struct fx *fx)
{
	struct ak_error error;

	begin(fx);
	assert_code(ak_record_update(fx->master, &fx->record, &error), AK_OK, &error);
	commit(fx, FX_NOW);
}

void
fx_set_state(struct fx *fx, const char *token, enum ak_state state)
{
	struct ak_record *r = fx_load(fx, token);

	r->key.state = state;
	r->revoked_at = state == AK_ENDED ? FX_NOW : AK_NO_TIME;
	fx_save(fx);
}

void
fx_set_times(struct fx *fx, const char *token, int64_t not_before, int64_t expires_at)
{
	struct ak_record *r = fx_load(fx, token);

	r->key.not_before = not_before;
	r->key.expires_at = expires_at;
	fx_save(fx);
}

void
fx_set_owner(struct fx *fx, const char *owner, bool suspended, bool verified)
{
	struct ak_error error;
	struct ak_owner o;
	bool found;

	assert_code(ak_owner_get(fx->master, owner, &o, &found, &error), AK_OK, &error);
	o.suspended_at = suspended ? FX_NOW : AK_NO_TIME;
	o.verified_at = verified ? FX_NOW : AK_NO_TIME;
	begin(fx);
	assert_code(ak_owner_put(fx->master, &o, &error), AK_OK, &error);
	commit(fx, FX_NOW);
}

void
fx_publish(struct fx *fx, int64_t now)
{
	begin(fx);
	commit(fx, now);
}

struct ak_request
fx_request(const char *user)
{
	struct ak_request request = { .user = user, .service = "test", .now = FX_NOW };

	return request;
}

enum ak_reason
fx_verify(const struct fx *fx, const char *token, const char *user)
{
	struct ak_request request = fx_request(user);
	struct ak_verdict verdict;

	ak_verify(&fx->source, token, strlen(token), &request, &verdict);
	return verdict.reason;
}

void
fx_assert_reason(enum ak_reason got, enum ak_reason wanted, const char *file, int line)
{
	if (got == wanted)
		return;
	print_error("%s instead of %s\n", ak_reason_word(got), ak_reason_word(wanted));
	_fail(file, line);
}

void
fx_assert_code(enum ak_code got, enum ak_code wanted, const struct ak_error *error,
    const char *file, int line)
{
	if (got == wanted)
		return;
	print_error("code %d instead of %d: %s\n", (int)got, (int)wanted,
	    got == AK_OK ? "no error" : error->text);
	_fail(file, line);
}

void
fx_assert_contains(const char *text, const char *part, const char *file, int line)
{
	if (strstr(text, part) != NULL)
		return;
	print_error("\"%s\" does not hold \"%s\"\n", text, part);
	_fail(file, line);
}

unsigned
fx_loops(unsigned n)
{
	const char *text = getenv("AK_LOOPS");
	unsigned long percent = text != NULL ? strtoul(text, NULL, 10) : 100;
	uint64_t scaled = (uint64_t)n * percent / 100;

	return scaled < 1 ? 1 : scaled > n ? n : (unsigned)scaled;
}

/* A linear congruential generator; its low bits repeat soon, so the high ones are used.
 */
uint32_t
fx_random(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(*seed >> 32);
}

unsigned
fx_open_files(void)
{
	DIR *fds = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(fds);
	while (readdir(fds) != NULL)
		n++;
	closedir(fds);
	return n - 3; /* . and .. and the folder itself */
}

int
fx_spawn(int (*child)(void *), void *context)
{
	int pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child(context));
	return pid;
}

int
fx_wait(int pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#if defined(__has_feature)
#define HAS(what) __has_feature(what)
#else
#define HAS(what) 0
#endif

bool
fx_is_watched(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    HAS(address_sanitizer) || HAS(thread_sanitizer)
	return true;
#else
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
#endif
}
