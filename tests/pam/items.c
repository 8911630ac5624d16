/* SPDX-License-Identifier: BSD-2-Clause */
/* A libpam that does not give its items back: nobody gets in for that (SECURITY R1). */
#include <dlfcn.h>

#include <security/pam_modules.h>

#include "../host.h"

/* The next call for this item, of the module or of libpam, is the n-th; it fails. */
static struct {
	int type;
	unsigned n;
} withheld;

/* Instead of libpam's: this program's dynamic symbols come first, for modules too. */
__attribute__((visibility("default"), used)) int
pam_get_item(const pam_handle_t *pamh, int type, const void **value)
{
	static __typeof__(&pam_get_item) real;

	if (real == NULL)
		real = (__typeof__(real))dlsym(RTLD_NEXT, "pam_get_item");
	if (type == withheld.type && withheld.n > 0 && --withheld.n == 0)
		return PAM_SYSTEM_ERR;
	return real(pamh, type, value);
}

/* Log in while the n-th call for an item fails, for each n until none does. */
static void
withhold_each(struct host *h, const char *user, const char *token, int type)
{
	for (unsigned n = 1;; n++) {
		int rc;

		withheld.type = type;
		withheld.n = n;
		rc = host_login(h, user, token);
		if (withheld.n > 0) {
			withheld.n = 0;
			assert_true(n > 1);
			return;
		}
		if (rc == PAM_SUCCESS)
			fail_msg("let in without item %d, call %u", type, n);
	}
}

static void
a_user_name_that_libpam_withholds_is_not_taken_for_none(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	host_options(h, "required", "user=set usage=off quiet");
	assert_pam(host_login(h, "bob", token), PAM_AUTH_ERR);
	withhold_each(h, "bob", token, PAM_USER);
	host_options(h, "required", "usage=off quiet");
	withhold_each(h, "bob", token, PAM_USER);
}

static void
a_token_that_libpam_withholds_is_an_error_and_no_crash(void **state)
{
	struct host *h = *state;
	const char *token = fx_key(h->fx, "alice");

	host_options(h, "required", "usage=off quiet");
	withhold_each(h, "bob", token, PAM_AUTHTOK);
	withhold_each(h, "alice", "password", PAM_AUTHTOK);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(a_user_name_that_libpam_withholds_is_not_taken_for_none),
		HOST_TEST(a_token_that_libpam_withholds_is_an_error_and_no_crash),
	};

	return cmocka_run_group_tests_name("items", tests, NULL, NULL);
}
