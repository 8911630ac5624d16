/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No copy of a token stays in memory: SECURITY R15. The test reads all of its own
 * writable memory after each transaction. It knows the secret only behind a mask, but
 * for one buffer at a known place; there it must be found, and nowhere else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../host.h"

#define MASK 0x5a
#define WINDOW 8 /* bytes in a row that count as a copy */
#define REGIONS 512

static uint8_t masked[AK_TOKEN_MAX + 1]; /* the token, each byte XOR MASK */
static size_t masked_len;
static char live[AK_TOKEN_MAX + 1]; /* where the token may stand */

/* libpam does not wipe a PAM_USER that is replaced: that place is its own affair. */
static uintptr_t libpam_at;

/* Issue in another process: what issuing leaves behind is not what is looked for. */
static int
issue(void *context)
{
	struct host *h = ((void **)context)[0];
	int fd = *(int *)((void **)context)[1];
	const char *token;
	uint8_t bytes[AK_TOKEN_MAX];
	size_t len;

	fx_reopen(h->fx);
	token = fx_key(h->fx, "alice");
	len = strlen(token);
	for (size_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)token[i] ^ MASK;
	return write(fd, bytes, len) == (ssize_t)len ? 0 : 1;
}

static void
get_masked_token(struct host *h)
{
	int ends[2];
	void *context[] = { h, &ends[1] };
	ssize_t n;

	ak_master_close(&h->fx->master); /* a SQLite handle may not cross fork */
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(fx_wait(fx_spawn(issue, context)), 0);
	n = read(ends[0], masked, sizeof(masked));
	close(ends[0]);
	close(ends[1]);
	assert_in_range(n, 43, AK_TOKEN_MAX);
	masked_len = (size_t)n;
}

static void
unmask(void)
{
	for (size_t i = 0; i < masked_len; i++)
		((volatile char *)live)[i] = (char)(masked[i] ^ MASK);
	live[masked_len] = '\0';
}

/* Where the secret begins in a token of the prefix "ak". */
#define SECRET_AT (3 + AK_ID_LEN)

/* Is a part of the secret at `at`? */
static bool
stands_at(const uint8_t *at)
{
	for (size_t w = SECRET_AT; w + WINDOW <= masked_len; w++) {
		size_t i = 0;

		while (i < WINDOW && (at[i] ^ MASK) == masked[w + i])
			i++;
		if (i == WINDOW)
			return true;
	}
	return false;
}

struct region {
	uintptr_t from, to;
	char name[64];
};

static size_t
writable_regions(struct region regions[REGIONS])
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[FX_PATH], mode[8];
	size_t n = 0;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		struct region *r = &regions[n];
		unsigned long from, to;

		r->name[0] = '\0';
		assert_true(sscanf(line, "%lx-%lx %7s %*s %*s %*s %63[^\n]", &from, &to,
				mode, r->name) >= 3);
		r->from = from;
		r->to = to;
		if (strncmp(mode, "rw", 2) == 0)
			assert_true(++n < REGIONS);
	}
	fclose(maps);
	return n;
}

/* Count the copies outside of `live`; `in_live` those in it. */
static unsigned
copies(unsigned *in_live)
{
	static struct region regions[REGIONS];
	size_t count = writable_regions(regions);
	bool first[256] = { false };
	unsigned found = 0;

	*in_live = 0;
	for (size_t w = SECRET_AT; w + WINDOW <= masked_len; w++)
		first[masked[w] ^ MASK] = true;
	for (size_t r = 0; r < count; r++)
		for (uintptr_t at = regions[r].from; at + WINDOW <= regions[r].to;
		     at++) {
			const uint8_t *bytes = (const uint8_t *)at;

			if (!first[*bytes] || !stands_at(bytes))
				continue;
			if (at >= (uintptr_t)live &&
			    at < (uintptr_t)live + sizeof(live))
				(*in_live)++;
			else if (at >= libpam_at && at < libpam_at + sizeof(live))
				continue;
			else if (found++ < 5)
				print_error("a copy at %lx in %s\n", (unsigned long)at,
				    regions[r].name);
		}
	return found;
}

static void
the_search_finds_a_copy_that_is_there(void **state)
{
	struct host *h = *state;
	unsigned in_live;
	char *copy;

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer's own memory cannot be read through");
	assert_non_null(copy = malloc(sizeof(live)));
	get_masked_token(h);
	assert_int_equal(copies(&in_live), 0); /* the child's copies are the child's */
	assert_int_equal(in_live, 0);
	unmask();
	memcpy(copy, live + SECRET_AT, WINDOW);
	assert_int_equal(copies(&in_live), 1);
	assert_true(in_live > 0);
	explicit_bzero(copy, sizeof(live));
	assert_int_equal(copies(&in_live), 0);
	free(copy);
}

struct login {
	const char *options;
	bool token_as_name;
	const char *user;
	int code;
};

static const struct login logins[] = {
	{ "", false, "alice", PAM_SUCCESS },
	{ "", false, "bob", PAM_AUTH_ERR },
	{ "debug", false, "alice", PAM_SUCCESS },
	{ "scope=none", false, "alice", PAM_AUTH_ERR },
	{ "user=any", false, NULL, PAM_SUCCESS },
	{ "user=set", false, "__token__", PAM_SUCCESS },
	{ "user=set", true, NULL, PAM_SUCCESS },
	{ "user=set scope=none", true, NULL, PAM_AUTH_ERR },
	{ "store_owner=", false, "alice", PAM_SERVICE_ERR },
};

static void
log_in(struct host *h, const struct login *l)
{
	pam_handle_t *pamh;
	int rc;

	host_options(h, "required", l->options);
	h->talk.answer.text = live;
	pamh = host_start(h, "test", l->token_as_name ? live : l->user);
	libpam_at = l->token_as_name ? (uintptr_t)host_get(pamh, PAM_USER) : 0;
	rc = pam_authenticate(pamh, 0);
	assert_pam(rc, l->code);
	if (rc == PAM_SUCCESS)
		assert_pam(pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
	pam_end(pamh, rc);
}

static void
a_token_is_nowhere_but_with_its_client_afterwards_R15(void **state)
{
	struct host *h = *state;
	unsigned in_live, found;

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer's own memory cannot be read through");
	get_masked_token(h);
	for (size_t i = 0; i < FX_COUNT(logins); i++) {
		unmask();
		log_in(h, &logins[i]);
		found = copies(&in_live);
		if (found > 0 || in_live == 0)
			fail_msg("login %zu leaves %u copies", i, found);
	}
}

static void
a_token_is_nowhere_after_trouble_R15(void **state)
{
	static const struct login unavailable = { "", false, "alice",
		PAM_AUTHINFO_UNAVAIL };
	struct host *h = *state;
	unsigned in_live;

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer's own memory cannot be read through");
	get_masked_token(h);
	assert_int_equal(unlink(h->fx->store), 0);
	unmask();
	log_in(h, &unavailable);
	assert_int_equal(copies(&in_live), 0);
	live[20] = live[20] == 'x' ? 'y' : 'x'; /* mistyped */
	h->talk.answer.text = live;
	assert_pam(host_login(h, "alice", live), PAM_AUTH_ERR);
	assert_int_equal(copies(&in_live), 0);
}

/* Far down the stack, where what the search itself calls wipes nothing. */
static __attribute__((noinline)) int
change_below(pam_handle_t *pamh)
{
	volatile char between[65536];

	between[0] = 0;
	return pam_chauthtok(pamh, 0) + between[0];
}

/* The new token as its owner is shown it: masked from there on. */
static int
take_new(void *context)
{
	struct host *h = context;
	char *text = h->talk.last_message;

	if (strchr(text, ' ') == NULL) {
		masked_len = strlen(text);
		for (size_t i = 0; i < masked_len; i++)
			masked[i] = (uint8_t)text[i] ^ MASK;
	}
	explicit_bzero(text, sizeof(h->talk.last_message));
	return PAM_SUCCESS;
}

static void
neither_token_is_anywhere_after_a_change_R15(void **state)
{
	struct host *h = *state;
	uint8_t old[sizeof(masked)];
	pam_handle_t *pamh;
	unsigned in_live;
	size_t len;

	if (FX_SANITIZED || fx_in_valgrind())
		fx_skip("a sanitizer's own memory cannot be read through");
	host_passwd(h, "");
	get_masked_token(h);
	fx_reopen(h->fx);
	memcpy(old, masked, sizeof(old));
	len = masked_len;
	unmask();
	h->talk.answer.text = live;
	h->talk.shown = take_new;
	h->talk.context = h;
	pamh = host_start(h, "test", "alice");
	assert_pam(change_below(pamh), PAM_SUCCESS);
	assert_memory_not_equal(old, masked, sizeof(old));
	assert_int_equal(copies(&in_live), 0); /* of the new one */
	assert_int_equal(in_live, 0);
	memcpy(masked, old, sizeof(old));
	masked_len = len;
	assert_int_equal(copies(&in_live), 0); /* of the old one */
	assert_true(in_live > 0);
	pam_end(pamh, PAM_SUCCESS);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(the_search_finds_a_copy_that_is_there),
		HOST_TEST(a_token_is_nowhere_but_with_its_client_afterwards_R15),
		HOST_TEST(a_token_is_nowhere_after_trouble_R15),
		HOST_TEST(neither_token_is_anywhere_after_a_change_R15),
	};

	return cmocka_run_group_tests_name("secrets", tests, NULL, NULL);
}
