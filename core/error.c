/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

enum ak_code
ak_fail(struct ak_error *error, enum ak_code code, const char *format, ...)
{
	va_list args;

	error->code = code;
	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	for (char *s = error->text; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
	return code;
}

enum ak_code
ak_fail_errno(struct ak_error *error, const char *path, const char *hint)
{
	int saved = errno;
	char why[128];
	enum ak_code code = AK_E_STORE;

	if (saved == EACCES || saved == EPERM || saved == EROFS)
		code = AK_E_PERMISSION;
	else if (saved == ENOMEM)
		code = AK_E_NOMEM;
	/* The GNU form, which is thread-safe and returns the text. */
	return ak_fail(
	    error, code, "%s: %s%s", path, strerror_r(saved, why, sizeof(why)), hint);
}
