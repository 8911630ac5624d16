/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_ERROR_H
#define AK_ERROR_H

/* What went wrong, as callers tell apart what to do; the tool's exit code follows it.
 */
enum ak_code {
	AK_OK = 0,
	AK_E_USAGE, /* the caller's words are off */
	AK_E_NOT_FOUND, /* no such key, owner, file */
	AK_E_PERMISSION, /* not allowed to */
	AK_E_STORE, /* missing, unsafe, damaged, another version, input or output error
		     */
	AK_E_CONFLICT, /* it would clash with what is there */
	AK_E_NOMEM, /* out of memory */
};

/*
 * One error, owned by the caller. The text is one line without a newline: the thing,
 * the reason, the way out. It never holds a secret; control characters become '?'.
 */
struct ak_error {
	enum ak_code code;
	char text[512];
};

/* The way out where a newer authkey has been at work: Debian's names of the two. */
#define AK_UPGRADE "upgrade the packages libpam-authkey and authkey"

/* Set an error and return its code, so that a function can `return ak_fail(...)`. */
enum ak_code ak_fail(struct ak_error *error, enum ak_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Set an error from errno: "PATH: what errno says" and `hint`, which may be "".
 * EACCES, EPERM and EROFS are AK_E_PERMISSION, ENOMEM is AK_E_NOMEM, all else
 * AK_E_STORE.
 */
enum ak_code ak_fail_errno(struct ak_error *error, const char *path, const char *hint);

#endif
