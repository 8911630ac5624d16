/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>

#include "describe.h"

/* Text for people, as much as there is room for. */
struct text {
	char *to; /* OUT_CELL_MAX bytes */
	size_t len;
};

static void __attribute__((format(printf, 2, 3)))
add(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->to + text->len, OUT_CELL_MAX - text->len, format, args);
	va_end(args);
	text->len += n > 0 ? (size_t)n : 0;
	if (text->len >= OUT_CELL_MAX)
		text->len = OUT_CELL_MAX - 1;
}

static void
add_value(struct text *text, const json_t *value)
{
	size_t i;
	json_t *word;

	if (json_is_string(value))
		add(text, "%s", json_string_value(value));
	else if (json_is_boolean(value))
		add(text, "%s", json_is_true(value) ? "yes" : "no");
	else if (json_is_integer(value))
		add(text, "%lld", (long long)json_integer_value(value));
	else if (json_is_array(value) && json_array_size(value) > 0)
		json_array_foreach((json_t *)(uintptr_t)value, i, word)
		{
			add(text, "%s%s", i > 0 ? "," : "",
			    json_is_string(word) ? json_string_value(word) : "?");
		}
	else
		add(text, "-");
}

static bool
is_empty(const json_t *value)
{
	return value == NULL || json_is_null(value) ||
	       (json_is_array(value) && json_array_size(value) == 0);
}

const char *
describe_change(json_t *detail, char out[OUT_CELL_MAX])
{
	struct text room = { .to = out, .len = 0 }, *text = &room;
	const char *name;
	json_t *change;

	out[0] = '\0';
	json_object_foreach(detail, name, change)
	{
		add(text, "%s%s: ", text->len > 0 ? "; " : "", name);
		if (!is_empty(json_array_get(change, 0))) {
			add_value(text, json_array_get(change, 0));
			add(text, " -> ");
		}
		add_value(text, json_array_get(change, 1));
	}
	return out;
}
