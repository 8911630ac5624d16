/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PASSWD_CHANGE_H
#define PASSWD_CHANGE_H

#include "authkey.h"
#include "error.h"

/*
 * Replacing a key on behalf of its owner: what pam_authkey_passwd.so does behind its
 * entry. No PAM here. Alone in this folder it links the writing half of core.
 */
struct passwd_change {
	/* Who asks for what; borrowed. */
	const char *dir;
	const char *user; /* PAM_USER, who must own the key */
	const char *rhost; /* PAM_RHOST, or NULL for a caller at this host */
	const char *who; /* for the audit */
	const char *tty; /* the same, "" for none */
	int64_t now;
	int64_t overlap; /* s */
	/* What became of it; zero before. */
	struct ak_verdict verdict;
	struct ak_error error;
	bool replaced; /* the key, perhaps in spite of an error */
	char old_id[AK_ID_LEN + 1], new_id[AK_ID_LEN + 1];
	char token[AK_TOKEN_MAX + 1]; /* the new secret: passwd_change_wipe() */
};

/* Whether this process could replace a key of the installation `dir` now. */
enum ak_code passwd_change_ready(const char *dir, struct ak_error *error);

/*
 * Verify the present token, and replace its key.
 *
 *   text  `len` bytes of any value; borrowed, never kept
 *
 * With AK_OK, verdict.reason is AK_VALID and the key replaced, or it says why the token
 * proves nothing and nothing has changed. It must be the user's own, of a key that is
 * enabled, not expired, and of an owner who is not suspended. The services that the key
 * is for are not looked at, as changing it opens none; its networks are, unless the
 * caller has no address.
 *
 * On an error nothing has changed, unless `replaced` is set: then the master has the
 * new key, whose token is to be shown to nobody, and the old token ends, perhaps not
 * before the next command puts the store in place.
 *
 * The host's standard streams, if closed, signal mask and limits are as before.
 */
enum ak_code passwd_change(struct passwd_change *change, const char *text, size_t len);

void passwd_change_wipe(struct passwd_change *change);

#endif
