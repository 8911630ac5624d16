/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_NAME_H
#define AK_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What may be called what. Each function answers NULL when the text may be used, and
 * otherwise says why not, as a lower-case sentence for an error message. The text
 * itself is never part of the answer. Names, services, scopes, tags and texts
 * hold no token.
 */
#define AK_NAME_MAX 64
#define AK_OWNER_MAX 128
#define AK_WORD_MAX 64
#define AK_DESCRIPTION_MAX 1024

/* A key's name: a letter, digit or _ first, then also . - and inner spaces. */
const char *ak_name_why_not(const char *name);

/*
 * A PAM user name: of the system, of a mail server (alice@example.org) or of a
 * domain (EXAMPLE\alice). Never "__token__", which clients send in place of a name,
 * and never the shape of a token.
 */
const char *ak_owner_why_not(const char *owner);

/* A PAM service name, as the files in /etc/pam.d are called. */
const char *ak_service_why_not(const char *service);

/* A scope or a tag. */
const char *ak_scope_why_not(const char *scope);

/* Free text on one line: UTF-8 (RFC 3629) without control characters. */
const char *ak_description_why_not(const char *text);

/*
 * The code point of the UTF-8 sequence at `s`, which ends with a NUL somewhere, and its
 * length, by RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF. False
 * for anything else.
 */
bool ak_utf8_decode(const unsigned char *s, uint32_t *point, size_t *len);

#endif
