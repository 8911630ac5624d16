/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses and networks: IPv4, IPv6, IPv4-mapped, zones, masks, and their one
 * spelling. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "../fixture.h"

static void
assert_network(const char *text, struct ak_network *network)
{
	const char *why = ak_network_why_not(text, strlen(text), network);

	if (why != NULL)
		fail_msg("%s: %s", text, why);
}

static void
an_address_is_numeric_and_nothing_else(void **state)
{
	static const char *const good[] = { "0.0.0.0", "192.0.2.7", "255.255.255.255",
		"::", "::1", "2001:db8::1", "2001:DB8::1", "::ffff:192.0.2.7",
		"fe80::1%eth0", "fe80::1%3",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255" };
	static const char *const bad[] = { "", " ", "localhost", "192.0.2",
		"192.0.2.7.1", "192.0.2.256", "192.0.2.07", "0x7f.1", "2130706433",
		"192.0.2.7 ", " 192.0.2.7", "192.0.2.7\n", "192.0.2.7/32",
		"192.0.2.7%eth0", "192.0.2.7:80", "[::1]", ":", ":::", "1::2::3",
		"12345::", "::g", "%eth0", "::1/128", "a.example.org",
		"1:2:3:4:5:6:7:8:9", "::ffff:192.0.2.256",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001", "-1",
		"*" };
	struct ak_address address;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(good); i++)
		if (!ak_address_parse(good[i], &address))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < FX_COUNT(bad); i++)
		if (ak_address_parse(bad[i], &address))
			fail_msg("accepted: %s", bad[i]);
	assert_false(ak_address_parse(NULL, &address));
}

static void
an_ipv4_address_is_its_mapped_ipv6_address(void **state)
{
	static const uint8_t wanted[16] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
		192, 0, 2, 7 };
	static const char *const same[] = { "192.0.2.7", "::ffff:192.0.2.7",
		"::ffff:c000:207", "0:0:0:0:0:FFFF:C000:0207",
		"::ffff:192.0.2.7%eth0" };
	struct ak_address address;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(same); i++) {
		assert_true(ak_address_parse(same[i], &address));
		assert_memory_equal(address.bytes, wanted, sizeof(wanted));
	}
}

static void
masks_hold_at_their_edges(void **state)
{
	static const struct {
		const char *network, *inside[2], *outside[2];
	} rows[] = {
		{ "0.0.0.0/0", { "0.0.0.0", "255.255.255.255" },
		    { "::", "::fffe:ffff:ffff" } },
		{ "128.0.0.0/1", { "128.0.0.0", "255.255.255.255" },
		    { "127.255.255.255", "0.0.0.0" } },
		{ "192.0.2.6/31", { "192.0.2.6", "192.0.2.7" },
		    { "192.0.2.5", "192.0.2.8" } },
		{ "192.0.2.7/32", { "192.0.2.7", "::ffff:192.0.2.7" },
		    { "192.0.2.6", "192.0.2.8" } },
		{ "192.0.2.7", { "192.0.2.7", "::ffff:192.0.2.7" },
		    { "192.0.2.6", "192.0.2.8" } },
		{ "10.0.0.0/8", { "10.0.0.0", "10.255.255.255" },
		    { "9.255.255.255", "11.0.0.0" } },
		{ "::/0", { "::", "192.0.2.7" }, { "name", "" } },
		{ "8000::/1", { "8000::", "ffff::" }, { "7fff::", "192.0.2.7" } },
		{ "2001:db8::/32",
		    { "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff" },
		    { "2001:db7:ffff::", "2001:db9::" } },
		{ "2001:db8::/33", { "2001:db8::", "2001:db8:7fff::" },
		    { "2001:db8:8000::", "2001:db9::" } },
		{ "::ffff:0:0/96", { "0.0.0.0", "255.255.255.255" },
		    { "::", "::1:0:0:0" } },
		{ "::ffff:10.0.0.0/104", { "10.0.0.0", "10.255.255.255" },
		    { "9.255.255.255", "11.0.0.0" } },
		{ "2001:db8::6/127", { "2001:db8::6", "2001:db8::7" },
		    { "2001:db8::5", "2001:db8::8" } },
		{ "2001:db8::7/128", { "2001:db8::7", "2001:db8::7%eth0" },
		    { "2001:db8::6", "2001:db8::8" } },
	};
	struct ak_network network;
	struct ak_address address;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		assert_network(rows[i].network, &network);
		for (int n = 0; n < 2; n++) {
			if (!ak_address_parse(rows[i].inside[n], &address) ||
			    !ak_network_contains(&network, &address))
				fail_msg(
				    "%s not in %s", rows[i].inside[n], rows[i].network);
			if (ak_address_parse(rows[i].outside[n], &address) &&
			    ak_network_contains(&network, &address))
				fail_msg(
				    "%s in %s", rows[i].outside[n], rows[i].network);
		}
	}
}

static void
a_bad_network_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "ADDRESS/BITS" },
		{ "/", "names" },
		{ "/8", "names" },
		{ "example.org", "names" },
		{ "example.org/8", "names" },
		{ "10.0.0.0/", "bits" },
		{ "10.0.0.0/33", "bits" },
		{ "10.0.0.0/-1", "bits" },
		{ "10.0.0.0/+8", "bits" },
		{ "10.0.0.0/ 8", "bits" },
		{ "10.0.0.0/8 ", "bits" },
		{ "10.0.0.0/08", "bits" },
		{ "10.0.0.0/8/8", "bits" },
		{ "10.0.0.0/8x", "bits" },
		{ "10.0.0.0/a", "bits" },
		{ "10.0.0.0/255.0.0.0", "bits" },
		{ "10.0.0.0/4294967304", "bits" },
		{ "10.0.0.0/18446744073709551624", "bits" },
		{ "::/129", "bits" },
		{ "::/00", "bits" },
		{ "10.0.0.1/8", "behind its mask" },
		{ "10.0.0.1/31", "behind its mask" },
		{ "1.0.0.0/0", "behind its mask" },
		{ "2001:db8::1/64", "behind its mask" },
		{ "::1/127", "behind its mask" },
		{ "8000::/0", "behind its mask" },
		{ "fe80::%eth0/64", "names" },
		{ "fe80::1%eth0", "names" },
		{ " 10.0.0.0/8", "names" },
		{ "10/8", "names" },
		{ "1234:1234:1234:1234:1234:1234:123.123.123.123/1288888888",
		    "ADDRESS/BITS" },
	};
	struct ak_network network;
	const char *why;

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		why = ak_network_why_not(rows[i].text, strlen(rows[i].text), &network);
		if (why == NULL)
			fail_msg("accepted: %s", rows[i].text);
		assert_contains(why, rows[i].why);
	}
}

static void
a_network_is_read_no_further_than_its_length(void **state)
{
	struct ak_network network;

	(void)state;
	assert_null(ak_network_why_not("10.0.0.0/8 192.0.2.0/24", 10, &network));
	assert_int_equal(network.bits, 96 + 8);
	assert_non_null(ak_network_why_not("10.0.0.0/16", 10, &network)); /* /1 */
	assert_non_null(ak_network_why_not("10.0.0.0\0/8", 11, &network));
}

static void
the_network_that_was_meant_is_known_of_an_address_with_its_mask(void **state)
{
	static const struct {
		const char *text, *meant; /* NULL: nothing to be guessed */
	} rows[] = {
		{ "192.0.2.7/24", "192.0.2.0/24" },
		{ "::ffff:192.0.2.7/120", "192.0.2.0/24" },
		{ "255.255.255.255/0", "0.0.0.0/0" },
		{ "192.0.2.7/31", "192.0.2.6/31" },
		{ "2001:db8::7/33", "2001:db8::/33" },
		{ "192.0.2.0/24", NULL },
		{ "192.0.2.7", NULL },
		{ "192.0.2.7/33", NULL },
		{ "example.org/24", NULL },
	};
	struct ak_network network;
	char text[AK_NETWORK_TEXT];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		bool meant =
		    ak_network_meant(rows[i].text, strlen(rows[i].text), &network);

		assert_int_equal(meant, rows[i].meant != NULL);
		if (!meant)
			continue;
		ak_network_format(&network, text);
		assert_string_equal(text, rows[i].meant);
	}
}

static void
each_network_has_one_spelling(void **state)
{
	static const struct {
		const char *text, *spelling;
	} rows[] = {
		{ "10.0.0.0/8", "10.0.0.0/8" },
		{ "::ffff:10.0.0.0/104", "10.0.0.0/8" },
		{ "192.0.2.7", "192.0.2.7" },
		{ "192.0.2.7/32", "192.0.2.7" },
		{ "::ffff:192.0.2.7/128", "192.0.2.7" },
		{ "::ffff:0:0/96", "0.0.0.0/0" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "2001:DB8:0:0:0:0:0:0/32", "2001:db8::/32" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "2001:db8::1/128", "2001:db8::1" },
		{ "::/0", "::/0" },
		{ "::", "::" },
		{ "::ffff:0:0/95", NULL },
		{ "::fffe:0:0/95", "::fffe:0:0/95" },
	};
	struct ak_network network;
	char out[AK_NETWORK_TEXT];

	(void)state;
	for (size_t i = 0; i < FX_COUNT(rows); i++) {
		if (rows[i].spelling == NULL) {
			assert_non_null(ak_network_why_not(
			    rows[i].text, strlen(rows[i].text), &network));
			continue;
		}
		assert_network(rows[i].text, &network);
		ak_network_format(&network, out);
		assert_string_equal(out, rows[i].spelling);
	}
}

/* A random address, one in three of them IPv4, with many zeroes. */
static void
draw(uint64_t *seed, struct ak_address *address)
{
	bool v4 = fx_random(seed) % 3 == 0;

	for (int i = 0; i < 16; i++) {
		uint32_t r = fx_random(seed);

		address->bytes[i] = (r >> 8) % 3 == 0 ? 0 : (uint8_t)r;
		if (v4 && i < 12)
			address->bytes[i] = i < 10 ? 0 : 0xff;
	}
}

static bool
same_bits(const struct ak_address *a, const struct ak_address *b, unsigned bits)
{
	for (unsigned i = 0; i < bits; i++)
		if (((a->bytes[i / 8] ^ b->bytes[i / 8]) >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

static void
what_inet_ntop_writes_is_read_back(void **state)
{
	struct ak_address address, again;
	char text[INET6_ADDRSTRLEN];
	uint64_t seed = 58;

	(void)state;
	for (unsigned n = fx_loops(100000); n > 0; n--) {
		draw(&seed, &address);
		assert_non_null(inet_ntop(AF_INET6, address.bytes, text, sizeof(text)));
		assert_true(ak_address_parse(text, &again));
		assert_memory_equal(&again, &address, sizeof(again));
	}
}

static void
containing_is_comparing_bit_by_bit_and_spelling_round_trips(void **state)
{
	struct ak_network network, again;
	struct ak_address other;
	char text[AK_NETWORK_TEXT];
	uint64_t seed = 1729;
	unsigned inside = 0;

	(void)state;
	for (unsigned n = fx_loops(100000); n > 0; n--) {
		draw(&seed, &network.base);
		network.bits = fx_random(&seed) % 129;
		for (unsigned i = network.bits; i < 128; i++)
			network.base.bytes[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
		ak_network_format(&network, text);
		assert_network(text, &again);
		assert_int_equal(again.bits, network.bits);
		assert_memory_equal(&again.base, &network.base, sizeof(again.base));

		other = network.base; /* differs in one bit somewhere, or not at all */
		if (fx_random(&seed) % 8 != 0) {
			unsigned bit = fx_random(&seed) % 128;

			other.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		}
		assert_int_equal(ak_network_contains(&network, &other),
		    same_bits(&network.base, &other, network.bits));
		inside += ak_network_contains(&network, &other);
	}
	assert_true(inside > 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_numeric_and_nothing_else),
		cmocka_unit_test(an_ipv4_address_is_its_mapped_ipv6_address),
		cmocka_unit_test(masks_hold_at_their_edges),
		cmocka_unit_test(a_bad_network_is_refused_with_a_reason),
		cmocka_unit_test(a_network_is_read_no_further_than_its_length),
		cmocka_unit_test(
		    the_network_that_was_meant_is_known_of_an_address_with_its_mask),
		cmocka_unit_test(each_network_has_one_spelling),
		cmocka_unit_test(what_inet_ntop_writes_is_read_back),
		cmocka_unit_test(
		    containing_is_comparing_bit_by_bit_and_spelling_round_trips),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
