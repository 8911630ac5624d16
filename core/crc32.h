/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_CRC32_H
#define AK_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 of IEEE 802.3 (reflected, 0xedb88320), of `len` bytes. No security. */
uint32_t ak_crc32(const void *bytes, size_t len);

#endif
