/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the memory sanitizer cannot see: that libsodium and the newer system
 * calls of libc fill what they are given. Linked into tests with SAN=memory, and
 * nowhere else; the linker leads these calls here (mk/memory.mk).
 */
#include <sys/stat.h>

#include <sanitizer/msan_interface.h>
#include <sodium.h>

/* FILLS(type, name, parameters, arguments, what is filled, its bytes) */
#define FILLS(type, name, parameters, arguments, to, bytes) \
	type __real_##name parameters;                      \
	type __wrap_##name parameters;                      \
	type __wrap_##name parameters                       \
	{                                                   \
		type made = __real_##name arguments;        \
		__msan_unpoison(to, bytes);                 \
		return made;                                \
	}
#define FILLS_ALWAYS(name, parameters, arguments, to, bytes) \
	void __real_##name parameters;                       \
	void __wrap_##name parameters;                       \
	void __wrap_##name parameters                        \
	{                                                    \
		__real_##name arguments;                     \
		__msan_unpoison(to, bytes);                  \
	}

typedef unsigned char byte;
typedef unsigned long long length;

FILLS(int, fstat64, (int fd, struct stat *st), (fd, st), st, sizeof(*st))
FILLS(int, lstat64, (const char *path, struct stat *st), (path, st), st, sizeof(*st))
FILLS(int, stat64, (const char *path, struct stat *st), (path, st), st, sizeof(*st))
FILLS(int, fstatat64, (int fd, const char *path, struct stat *st, int flags),
    (fd, path, st, flags), st, sizeof(*st))

FILLS_ALWAYS(randombytes_buf, (void *to, size_t len), (to, len), to, len)
FILLS_ALWAYS(sodium_memzero, (void *to, size_t len), (to, len), to, len)
FILLS_ALWAYS(crypto_shorthash_keygen, (byte * to), (to), to, crypto_shorthash_KEYBYTES)
FILLS(int, crypto_shorthash, (byte * to, const byte *in, length n, const byte *key),
    (to, in, n, key), to, crypto_shorthash_BYTES)
FILLS(int, crypto_generichash,
    (byte * to, size_t len, const byte *in, length n, const byte *key, size_t keylen),
    (to, len, in, n, key, keylen), to, len)
FILLS(int, crypto_generichash_final,
    (crypto_generichash_state * state, byte *to, size_t len), (state, to, len), to, len)
FILLS(int, crypto_pwhash,
    (byte * to, length len, const char *in, length n, const byte *salt, length ops,
	size_t memory, int how),
    (to, len, in, n, salt, ops, memory, how), to, len)
FILLS(int, crypto_scalarmult_base, (byte * to, const byte *n), (to, n), to,
    crypto_scalarmult_BYTES)
FILLS(int, crypto_box_seal, (byte * to, const byte *in, length n, const byte *key),
    (to, in, n, key), to, n + crypto_box_SEALBYTES)
FILLS(int, crypto_box_seal_open,
    (byte * to, const byte *in, length n, const byte *key, const byte *secret),
    (to, in, n, key, secret), to, n - crypto_box_SEALBYTES)
FILLS(int, crypto_secretbox_easy,
    (byte * to, const byte *in, length n, const byte *nonce, const byte *key),
    (to, in, n, nonce, key), to, n + crypto_secretbox_MACBYTES)
FILLS(int, crypto_secretbox_open_easy,
    (byte * to, const byte *in, length n, const byte *nonce, const byte *key),
    (to, in, n, nonce, key), to, n - crypto_secretbox_MACBYTES)
FILLS(char *, sodium_bin2hex, (char *to, size_t len, const byte *in, size_t n),
    (to, len, in, n), to, 2 * n + 1)
FILLS(char *, sodium_bin2base64,
    (char *to, size_t len, const byte *in, size_t n, int how), (to, len, in, n, how),
    to, len)

int __real_crypto_box_keypair(byte *public, byte *secret);
int __wrap_crypto_box_keypair(byte *public, byte *secret);
int
__wrap_crypto_box_keypair(byte *public, byte *secret)
{
	int made = __real_crypto_box_keypair(public, secret);

	__msan_unpoison(public, crypto_box_PUBLICKEYBYTES);
	__msan_unpoison(secret, crypto_box_SECRETKEYBYTES);
	return made;
}

int __real_sodium_base642bin(byte *to, size_t max, const char *in, size_t n,
    const char *ignore, size_t *len, const char **end, int how);
int __wrap_sodium_base642bin(byte *to, size_t max, const char *in, size_t n,
    const char *ignore, size_t *len, const char **end, int how);
int
__wrap_sodium_base642bin(byte *to, size_t max, const char *in, size_t n,
    const char *ignore, size_t *len, const char **end, int how)
{
	int made = __real_sodium_base642bin(to, max, in, n, ignore, len, end, how);

	__msan_unpoison(to, max);
	if (len != NULL)
		__msan_unpoison(len, sizeof(*len));
	if (end != NULL)
		__msan_unpoison(end, sizeof(*end));
	return made;
}
