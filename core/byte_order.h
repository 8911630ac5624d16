/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_BYTE_ORDER_H
#define AK_BYTE_ORDER_H

#include <stdint.h>

/* Write the low `bytes` bytes of `n`, the lowest first; returns what is behind them. */
static inline uint8_t *
ak_put_number(uint8_t *to, uint64_t n, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*to++ = (uint8_t)(n >> 8 * i);
	return to;
}

/* Read a number of `bytes` bytes, the lowest first. */
static inline uint64_t
ak_get_number(const uint8_t *at, unsigned bytes)
{
	uint64_t n = 0;

	for (unsigned i = bytes; i > 0; i--)
		n = n << 8 | at[i - 1];
	return n;
}

/* The same with the highest byte first, as SQLite's files have it. */
static inline uint32_t
ak_get_big_endian(const uint8_t *at, unsigned bytes)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < bytes; i++)
		n = n << 8 | at[i];
	return n;
}

#endif
