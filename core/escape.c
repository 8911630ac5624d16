/* SPDX-License-Identifier: BSD-2-Clause */
#include <stddef.h>

#include "escape.h"

const char *
ak_escape(const char *text, char out[AK_ESCAPED_MAX])
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; text != NULL && *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c > ' ' && c < 0x7f && c != '\\') {
			if (n + 1 >= AK_ESCAPED_MAX)
				break;
			out[n++] = (char)c;
		} else {
			if (n + 4 >= AK_ESCAPED_MAX)
				break;
			out[n++] = '\\';
			out[n++] = 'x';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
	}
	out[n] = '\0';
	return out;
}
