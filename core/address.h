/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_ADDRESS_H
#define AK_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * IPv4 and IPv6 addresses as one kind of number: 16 bytes, network order, IPv4 as
 * IPv4-mapped IPv6 (RFC 4291, 2.5.5.2). So 10.0.0.0/8 and ::ffff:10.0.0.0/104 are the
 * same network. Nothing here looks a name up.
 */
struct ak_address {
	uint8_t bytes[16];
};

struct ak_network {
	struct ak_address base;
	unsigned bits; /* 0..128; 96..128 for IPv4 */
};

#define AK_NETWORK_TEXT 50 /* the longest spelling of a network, with its NUL */

/*
 * Read a numeric address, as PAM_RHOST gives it; an IPv6 zone ("%eth0") is passed
 * over. False for a name, an empty text or NULL.
 */
bool ak_address_parse(const char *text, struct ak_address *address);

/*
 * Read `len` bytes as a network: ADDRESS or ADDRESS/BITS (RFC 4632). NULL when it is
 * one, otherwise why not. Bits behind the mask must be zero, so that a mistyped mask
 * is found when the key is made and not when it is misused.
 */
const char *ak_network_why_not(
    const char *text, size_t len, struct ak_network *network);

/*
 * The network that ADDRESS/BITS is in which ak_network_why_not() refuses for bits
 * behind its mask. False for every other text.
 */
bool ak_network_meant(const char *text, size_t len, struct ak_network *network);

bool ak_network_contains(
    const struct ak_network *network, const struct ak_address *address);

/* The one spelling of a network that is stored: RFC 5952, with /BITS unless one host.
 */
void ak_network_format(const struct ak_network *network, char out[AK_NETWORK_TEXT]);

#endif
