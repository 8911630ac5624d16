/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_ESCAPE_H
#define AK_ESCAPE_H

#define AK_ESCAPED_MAX 257 /* of an escaped text, with its NUL */

/*
 * Make text that strangers chose safe for one field of a log line: everything but
 * visible ASCII, and the backslash itself, becomes \xNN, so that no control
 * character, newline, terminal sequence or space can end the field or the line; at
 * most 256 characters. NULL reads as the empty text. Returns `out`.
 */
const char *ak_escape(const char *text, char out[AK_ESCAPED_MAX]);

#endif
