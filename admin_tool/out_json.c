/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "authkey.h"
#include "out.h"
#include "text.h"

/*
 * Write a value. jansson escapes the control characters of ASCII; what else could
 * steer a terminal or the reading direction stands within strings, where \uXXXX means
 * the same, and so does what is not of a terminal's locale: SECURITY R41.
 */
void
out_json_put(const struct out *out, const json_t *value, size_t flags)
{
	bool ascii = out->terminal && !out->utf8;
	char *dump = json_dumps(value, flags | JSON_ENCODE_ANY);
	const char *s = dump;
	uint32_t point;
	size_t n;

	for (; s != NULL && *s != '\0'; s += n) {
		for (n = 0; s[n] >= ' ' && s[n] < 0x7f; n++)
			;
		if (n > 0) {
			fwrite(s, 1, n, stdout);
			continue;
		}
		if (!ak_utf8_decode((const unsigned char *)s, &point, &n))
			n = 1; /* jansson writes UTF-8 only */
		else if (*s != '\n' && (ascii || text_is_risky(point))) {
			if (point > 0xffff)
				printf("\\u%04x\\u%04x", 0xd7c0 + (point >> 10),
				    0xdc00 + (point & 0x3ff));
			else
				printf("\\u%04x", point);
			continue;
		}
		fwrite(s, 1, n, stdout);
	}
	out_wipe(dump);
}

/* A JSON string; bytes that are no UTF-8 are spelt out. */
static json_t *
string_of(const char *text)
{
	json_t *string = json_string(text);
	char escaped[OUT_CELL_MAX];

	if (string == NULL)
		string =
		    json_string(text_escape(text, false, escaped, sizeof(escaped)));
	return string;
}

static json_t *
array_of(const char *words)
{
	json_t *array = json_array();
	const char *word;
	size_t len;

	while (words != NULL && (word = ak_words_next(&words, &len)) != NULL)
		json_array_append_new(array, json_stringn(word, len));
	return array;
}

json_t *
out_json_cell(enum out_kind kind, const struct out_cell *cell)
{
	char time[AK_WHEN_TEXT];

	switch (kind) {
	case OUT_TIME:
	case OUT_AGO:
		if (cell->number == AK_NO_TIME)
			return json_null();
		ak_when_format(cell->number, time);
		return json_string(time);
	case OUT_NUMBER:
		return cell->number == AK_NO_TIME ? json_null()
						  : json_integer(cell->number);
	case OUT_BOOL:
		return json_boolean(cell->number != 0);
	case OUT_WORDS:
		return array_of(cell->text);
	case OUT_NESTED:
		return json_incref(cell->nested);
	case OUT_TEXT:
	case OUT_STATUS:
		break;
	}
	if (cell->text == NULL || cell->text[0] == '\0')
		return json_null();
	return string_of(cell->text);
}

void
out_json_begin(struct out *out)
{
	(void)out;
	putchar('[');
}

void
out_json_row(struct out *out, const struct out_cell *cells)
{
	json_t *object = json_object();

	for (size_t i = 0; i < out->shape->count; i++)
		if (json_object_set_new(object, out->shape->fields[i].name,
			out_json_cell(out->shape->fields[i].kind, &cells[i])) != 0)
			out->failed = true;
	if (out->stream) {
		out_json_put(out, object, JSON_COMPACT);
		putchar('\n');
	} else if (out->shape->many) {
		fputs(out->rows > 0 ? ",\n" : "\n", stdout);
		out_json_put(out, object, JSON_COMPACT);
	} else {
		out_json_put(out, object, JSON_INDENT(2));
		putchar('\n');
	}
	json_decref(object);
}

void
out_json_end(struct out *out)
{
	fputs(out->rows > 0 ? "\n]\n" : "]\n", stdout);
}

void
out_json(struct out *out, json_t *value)
{
	if (value == NULL)
		out->failed = true;
	else
		out_json_put(out, value, JSON_INDENT(2));
	putchar('\n');
	json_decref(value);
}
