/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "address.h"

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool
ak_address_parse(const char *text, struct ak_address *address)
{
	char plain[INET6_ADDRSTRLEN];
	size_t len = text != NULL ? strcspn(text, "%") : 0;

	if (len == 0 || len >= sizeof(plain))
		return false;
	memcpy(plain, text, len);
	plain[len] = '\0';
	if (text[len] == '\0' && inet_pton(AF_INET, plain, address->bytes + 12) == 1) {
		memcpy(address->bytes, mapped, sizeof(mapped));
		return true;
	}
	return inet_pton(AF_INET6, plain, address->bytes) == 1;
}

/* Read a mask of 0..max. False for anything but its shortest decimal spelling. */
static bool
parse_bits(const char *text, unsigned max, unsigned *bits)
{
	char again[4];
	unsigned n = 0;

	for (const char *s = text; *s >= '0' && *s <= '9' && n <= max; s++)
		n = n * 10 + (unsigned)(*s - '0');
	if (n > max)
		return false;
	snprintf(again, sizeof(again), "%u", n);
	*bits = n;
	return strcmp(text, again) == 0;
}

/* The bits of byte `i` that a mask of `bits` leaves free. */
static uint8_t
free_bits(unsigned bits, unsigned i)
{
	unsigned used = bits <= 8 * i ? 0 : bits - 8 * i;

	return (uint8_t)(used >= 8 ? 0 : 0xff >> used);
}

/* Clear the bits behind the mask. False when none was set. */
static bool
clear_free_bits(struct ak_network *network)
{
	uint8_t *byte = network->base.bytes, set = 0;

	for (unsigned i = 0; i < sizeof(network->base.bytes); i++, byte++) {
		set |= *byte & free_bits(network->bits, i);
		*byte &= (uint8_t)~free_bits(network->bits, i);
	}
	return set != 0;
}

/* Read ADDRESS or ADDRESS/BITS, whatever is behind the mask. */
static const char *
read_network(const char *text, size_t len, struct ak_network *network)
{
	char copy[AK_NETWORK_TEXT];
	char *slash;
	bool v4;

	if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len) != NULL)
		return "a network is an address or ADDRESS/BITS";
	memcpy(copy, text, len);
	copy[len] = '\0';
	slash = strchr(copy, '/');
	if (slash != NULL)
		*slash = '\0';
	if (strchr(copy, '%') != NULL || !ak_address_parse(copy, &network->base))
		return "a network is a numeric IPv4 or IPv6 address, or ADDRESS/BITS; "
		       "names "
		       "are not looked up";
	v4 = strchr(copy, ':') == NULL;
	network->bits = 128;
	if (slash != NULL) {
		if (!parse_bits(slash + 1, v4 ? 32 : 128, &network->bits))
			return "the number of bits is 0 to 32 for IPv4 and 0 to 128 "
			       "for IPv6";
		network->bits += v4 ? 96 : 0;
	}
	return NULL;
}

const char *
ak_network_why_not(const char *text, size_t len, struct ak_network *network)
{
	const char *why = read_network(text, len, network);

	if (why == NULL && clear_free_bits(network))
		why = "the address has bits set behind its mask";
	return why;
}

bool
ak_network_meant(const char *text, size_t len, struct ak_network *network)
{
	return read_network(text, len, network) == NULL && clear_free_bits(network);
}

bool
ak_network_contains(const struct ak_network *network, const struct ak_address *address)
{
	uint8_t differ;

	for (unsigned i = 0; i < 16; i++) {
		differ = network->base.bytes[i] ^ address->bytes[i];
		if ((differ & (uint8_t)~free_bits(network->bits, i)) != 0)
			return false;
	}
	return true;
}

void
ak_network_format(const struct ak_network *network, char out[AK_NETWORK_TEXT])
{
	bool v4 = network->bits >= 96 &&
		  memcmp(network->base.bytes, mapped, sizeof(mapped)) == 0;
	const uint8_t *bytes = network->base.bytes + (v4 ? 12 : 0);
	size_t n;

	inet_ntop(v4 ? AF_INET : AF_INET6, bytes, out, AK_NETWORK_TEXT);
	n = strlen(out);
	if (network->bits < 128)
		snprintf(
		    out + n, AK_NETWORK_TEXT - n, "/%u", network->bits - (v4 ? 96 : 0));
}
