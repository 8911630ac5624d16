/* SPDX-License-Identifier: BSD-2-Clause */
#include "reason.h"

bool
ak_reason_exists(uint32_t number)
{
	switch (number) {
#define CASE(word, value, auth, acct, level, text) case value:
		AK_REASONS(CASE)
#undef CASE
		return true;
	default:
		return false;
	}
}

const char *
ak_reason_word(enum ak_reason reason)
{
	switch (reason) {
#define CASE(word, value, auth, acct, level, text) \
	case AK_##word:                            \
		return #word;
		AK_REASONS(CASE)
#undef CASE
	}
	return "STORE_UNAVAILABLE";
}

const char *
ak_reason_text(enum ak_reason reason)
{
	switch (reason) {
#define CASE(word, value, auth, acct, level, text) \
	case AK_##word:                            \
		return text;
		AK_REASONS(CASE)
#undef CASE
	}
	return "the store cannot answer";
}

const char *
ak_reason_pam_authenticate(enum ak_reason reason)
{
	switch (reason) {
#define CASE(word, value, auth, acct, level, text) \
	case AK_##word:                            \
		return "PAM_" #auth;
		AK_REASONS(CASE)
#undef CASE
	}
	return "PAM_AUTHINFO_UNAVAIL";
}

const char *
ak_reason_pam_acct_mgmt(enum ak_reason reason)
{
	switch (reason) {
#define CASE(word, value, auth, acct, level, text) \
	case AK_##word:                            \
		return "PAM_" #acct;
		AK_REASONS(CASE)
#undef CASE
	}
	return "PAM_AUTHINFO_UNAVAIL";
}
