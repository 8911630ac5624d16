/* SPDX-License-Identifier: BSD-2-Clause */
#include "reason.h"

const char *
ak_reason_word(enum ak_reason reason)
{
	switch (reason) {
#define WORD(word, value, text) \
	case AK_##word: \
		return #word;
		AK_REASONS(WORD)
#undef WORD
	}
	return "STORE_UNAVAILABLE";
}

const char *
ak_reason_text(enum ak_reason reason)
{
	switch (reason) {
#define TEXT(word, value, text) \
	case AK_##word: \
		return text;
		AK_REASONS(TEXT)
#undef TEXT
	}
	return "the store cannot answer";
}
