/* SPDX-License-Identifier: ISC */
/* lib/match.c: addresses, networks, numbers, base64 and patterns. */

#include "match.h"

#include <netinet/in.h>

#include "unit.h"

/*
 * Addresses.
 */
static const struct {
	const char *text, *printed;
} addresses[] = {
    {"0.0.0.0", "0.0.0.0"},
    {"10.2.0.10", "10.2.0.10"},
    {"255.255.255.255", "255.255.255.255"},
    {"::", "::"},
    {"::1", "::1"},
    {"2001:db8::10", "2001:db8::10"},
    {"2001:DB8:0:0:0:0:0:10", "2001:db8::10"},
    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6"},
    {"::ffff:10.2.0.10", "10.2.0.10"},
    {"::FFFF:0a02:000a", "10.2.0.10"},
    {"0:0:0:0:0:ffff:10.2.0.10", "10.2.0.10"},
    {"64:ff9b::10.2.0.10", "64:ff9b::a02:a"},
    {"::10.2.0.10", "::10.2.0.10"},
    {"::fffe:10.2.0.10", "::fffe:a02:a"},
};

static const char *const not_addresses[] = {"", " ", "10.2.0", "10.2.0.10.1",
    "10.2.0.256", "10.2.0.010", "10.2.0.0x1", "012.2.0.1", "0x0a.2.0.1",
    "167903242", "10.2.0.10 ", " 10.2.0.10", "10.2.0.10\n", "10.2.0.-1",
    "10.2.0.+1", "10..0.10", "10.2.0.10.", ".10.2.0.10", "10,2,0,10",
    "10.2.0.10:22", "10.2.0.0/16", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
    "2001:db8:::1", "2001:db8::1::2", "2001:db8::g", "2001:db8::12345",
    "[2001:db8::1]", "fe80::1%eth0", "fe80::1%1", "2001:db8::/32",
    "::ffff:10.2.0", "::ffff:10.2.0.256", ":", ":::", "localhost", "a.b.c.d",
    "2001:db8::1 ", "\xd9\xa1.2.3.4"};

START_TEST(address_is_read)
{
	struct addr a;
	char buf[ADDR_TEXT];

	ck_assert(addr_parse(&a, addresses[_i].text));
	ck_assert_str_eq(addr_print(&a, buf), addresses[_i].printed);
	ck_assert_int_eq(addr_is_v4(&a),
	    strchr(addresses[_i].printed, ':') == NULL);
}
END_TEST

START_TEST(address_is_refused)
{
	struct addr a, before;

	memset(&a, 0x5a, sizeof(a));
	before = a;
	ck_assert_msg(!addr_parse(&a, not_addresses[_i]), "%s",
	    not_addresses[_i]);
	ck_assert(addr_equal(&a, &before));
}
END_TEST

START_TEST(address_equals_in_every_byte)
{
	struct addr a = unit_addr("2001:db8:1:2:3:4:5:6");

	for (int i = 0; i < 16; i++) {
		struct addr b = a;

		ck_assert(addr_equal(&a, &b));
		b.b[i] ^= 1;
		ck_assert(!addr_equal(&a, &b));
		b = unit_addr("10.0.0.1");
		b.b[i] ^= 1;
		ck_assert_int_eq(addr_is_v4(&b), i >= 12);
	}
}
END_TEST

START_TEST(address_passes_sockaddr)
{
	struct addr a = unit_addr(addresses[_i].text), b;
	struct sockaddr_storage ss;
	socklen_t size = addr_to_sockaddr(&a, 0x1234, &ss);
	const struct sockaddr_in *in = (const void *)&ss;
	const struct sockaddr_in6 *in6 = (const void *)&ss;

	memset(&b, 0x5a, sizeof(b));
	ck_assert(addr_from_sockaddr(&b, (const void *)&ss));
	ck_assert(addr_equal(&a, &b));
	if (addr_is_v4(&a)) {
		ck_assert_int_eq(ss.ss_family, AF_INET);
		ck_assert_uint_eq(size, sizeof(*in));
		ck_assert_int_eq(ntohs(in->sin_port), 0x1234);
	} else {
		ck_assert_int_eq(ss.ss_family, AF_INET6);
		ck_assert_uint_eq(size, sizeof(*in6));
		ck_assert_int_eq(ntohs(in6->sin6_port), 0x1234);
		ck_assert_uint_eq(in6->sin6_scope_id, 0);
		ck_assert_uint_eq(in6->sin6_flowinfo, 0);
	}
	ss.ss_family = AF_UNIX;
	ck_assert(!addr_from_sockaddr(&b, (const void *)&ss));
}
END_TEST

/* An IPv4 address that arrives in an IPv6 socket address is IPv4. */
START_TEST(address_of_mapped_sockaddr)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct addr a, b = unit_addr("10.2.0.10");

	memcpy(&in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\x02\x00\x0a",
	    16);
	ck_assert(addr_from_sockaddr(&a, (const void *)&in6));
	ck_assert(addr_equal(&a, &b));
	ck_assert(addr_is_v4(&a));
}
END_TEST

/* jump-policy(5), ADDRESSES THAT ARE NEVER REACHED; both sides of edges. */
static const struct {
	const char *text;
	bool never;
} nevers[] = {
    {"0.0.0.0", true}, {"0.255.255.255", true}, {"1.0.0.0", false},
    {"126.255.255.255", false}, {"127.0.0.0", true}, {"127.0.0.1", true},
    {"127.77.0.17", true}, {"127.255.255.255", true}, {"128.0.0.0", false},
    {"169.253.255.255", false}, {"169.254.0.0", true},
    {"169.254.169.254", true}, {"169.254.255.255", true},
    {"169.255.0.0", false}, {"223.255.255.255", false}, {"224.0.0.0", true},
    {"239.255.255.255", true}, {"240.0.0.0", false},
    {"255.255.255.254", false}, {"255.255.255.255", true},
    {"::", true}, {"::1", true}, {"::2", true}, {"::10.0.0.1", true},
    {"::ffff:ffff", true}, {"::1:0:0", false}, {"::ffff:10.0.0.1", false},
    {"::ffff:127.0.0.1", true}, {"::ffff:0:127.0.0.1", false},
    {"fe7f:ffff::1", false}, {"fe80::", true}, {"fe80::1", true},
    {"febf:ffff::1", true}, {"fec0::", false}, {"feff::1", false},
    {"ff00::", true}, {"ff02::1", true}, {"ffff::ffff", true},
    {"fd00:ec2::253", false}, {"fd00:ec2::254", true},
    {"fd00:ec2::255", false}, {"fd00:ec2:0:1::254", false},
    {"10.0.0.1", false}, {"2001:db8::1", false},
    /* Inner forms are the caller's. */
    {"64:ff9b::7f00:1", false}, {"2002:7f00:1::", false},
};

START_TEST(address_is_never)
{
	struct addr a = unit_addr(nevers[_i].text);

	ck_assert_msg(addr_never(&a) == nevers[_i].never, "%s",
	    nevers[_i].text);
}
END_TEST

static const struct {
	const char *text, *inner;
} embedded[] = {
    {"64:ff9b::", "0.0.0.0"},
    {"64:ff9b::10.2.0.10", "10.2.0.10"},
    {"64:ff9b::255.255.255.255", "255.255.255.255"},
    {"64:ff9b::1:0:0", NULL},
    {"64:ff9a:ffff:ffff:ffff:ffff:a02:a", NULL},
    {"64:ff9b:0:0:0:1:a02:a", NULL},
    {"64:ff9b:1::10.2.0.10", "10.2.0.10"},
    {"64:ff9b:1:ffff:ffff:ffff:a02:a", "10.2.0.10"},
    {"64:ff9b:2::10.2.0.10", NULL},
    {"64:ff9b:0:1::10.2.0.10", NULL},
    {"2002:a02:a::", "10.2.0.10"},
    {"2002:7f00:1:2:3:4:5:6", "127.0.0.1"},
    {"2001:ffff:a02:a::", NULL},
    {"2003:a02:a::", NULL},
    {"2001::f5fd:fff5", "10.2.0.10"},
    {"2001:0:1:2:3:4:80ff:fffe", "127.0.0.1"},
    {"2001:1::f5fd:fff5", NULL},
    {"2000:ffff::f5fd:fff5", NULL},
    {"2001:db8::10.2.0.10", NULL},
    {"::ffff:10.2.0.10", NULL},
    {"::10.2.0.10", NULL},
    {"10.2.0.10", NULL},
};

START_TEST(address_is_embedded)
{
	struct addr a = unit_addr(embedded[_i].text), want, inner;

	memset(&inner, 0x5a, sizeof(inner));
	if (embedded[_i].inner == NULL) {
		want = inner;
		ck_assert_msg(!addr_embedded(&a, &inner), "%s",
		    embedded[_i].text);
	} else {
		want = unit_addr(embedded[_i].inner);
		ck_assert_msg(addr_embedded(&a, &inner), "%s",
		    embedded[_i].text);
	}
	ck_assert(addr_equal(&inner, &want));
}
END_TEST

/*
 * Networks.
 */
static const struct {
	const char *text;
	enum net_error error;
	const char *printed;
	unsigned len;
} nets[] = {
    {"10.2.0.0/16", NET_OK, "10.2.0.0/16", 112},
    {"0.0.0.0/0", NET_OK, "0.0.0.0/0", 96},
    {"10.2.0.10", NET_OK, "10.2.0.10", 128},
    {"10.2.0.10/32", NET_OK, "10.2.0.10", 128},
    {"10.2.0.10/31", NET_OK, "10.2.0.10/31", 127},
    {"128.0.0.0/1", NET_OK, "128.0.0.0/1", 97},
    {"::/0", NET_OK, "::/0", 0},
    {"::/96", NET_OK, "::/96", 96},
    {"2001:db8::/32", NET_OK, "2001:db8::/32", 32},
    {"2001:DB8::1", NET_OK, "2001:db8::1", 128},
    {"2001:db8::1/128", NET_OK, "2001:db8::1", 128},
    {"fe80::/10", NET_OK, "fe80::/10", 10},
    {"::ffff:10.2.0.0/112", NET_OK, "10.2.0.0/16", 112},
    {"::ffff:0.0.0.0/96", NET_OK, "0.0.0.0/0", 96},
    {"::fffe:0:0/95", NET_OK, "::fffe:0:0/95", 95},
    {"10.2.0.1/16", NET_HOST_BITS, NULL, 0},
    {"10.2.0.11/31", NET_HOST_BITS, NULL, 0},
    {"10.0.0.0/0", NET_HOST_BITS, NULL, 0},
    {"192.0.2.0/1", NET_HOST_BITS, NULL, 0},
    {"2001:db8::1/127", NET_HOST_BITS, NULL, 0},
    {"::1/0", NET_HOST_BITS, NULL, 0},
    {"::ffff:10.2.0.0/16", NET_HOST_BITS, NULL, 0},
    {"", NET_SYNTAX, NULL, 0},
    {"/", NET_SYNTAX, NULL, 0},
    {"/24", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/33", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/016", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/+16", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/-1", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/ 16", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/16 ", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/0x10", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/16/16", NET_SYNTAX, NULL, 0},
    {"10.2.0.0//16", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/4294967312", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/18446744073709551632", NET_SYNTAX, NULL, 0},
    {"10.2.0.0/255.255.0.0", NET_SYNTAX, NULL, 0},
    {"10.2/16", NET_SYNTAX, NULL, 0},
    {"2001:db8::/129", NET_SYNTAX, NULL, 0},
    {"fe80::%eth0/64", NET_SYNTAX, NULL, 0},
    {"corp.example/24", NET_SYNTAX, NULL, 0},
    {"2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000", NET_SYNTAX, NULL, 0},
    {"0000:0000:0000:0000:0000:ffff:255.255.255.2555", NET_SYNTAX, NULL, 0},
    {"0000:0000:0000:0000:0000:ffff:255.255.255.255/128", NET_OK,
	"255.255.255.255", 128},
};

START_TEST(net_is_read)
{
	struct net n = {.len = 777};
	char buf[ADDR_TEXT + 4];

	ck_assert_int_eq(net_parse(&n, nets[_i].text), nets[_i].error);
	if (nets[_i].error == NET_OK) {
		ck_assert_uint_eq(n.len, nets[_i].len);
		ck_assert_str_eq(net_print(&n, buf), nets[_i].printed);
	} else {
		ck_assert_uint_eq(n.len, 777);
	}
}
END_TEST

/* The longest text of a network has room. */
START_TEST(net_prints_the_longest)
{
	struct net n = {unit_addr("1111:2222:3333:4444:5555:6666:7777:8888"),
	    127};
	char buf[ADDR_TEXT + 4];

	ck_assert_str_eq(net_print(&n, buf),
	    "1111:2222:3333:4444:5555:6666:7777:8888/127");
}
END_TEST

static const struct {
	const char *net, *addr;
	bool inside;
} insides[] = {
    {"10.2.0.0/16", "10.2.0.0", true},
    {"10.2.0.0/16", "10.2.255.255", true},
    {"10.2.0.0/16", "10.1.255.255", false},
    {"10.2.0.0/16", "10.3.0.0", false},
    {"10.2.0.10", "10.2.0.10", true},
    {"10.2.0.10", "10.2.0.11", false},
    {"10.2.0.10/31", "10.2.0.11", true},
    {"0.0.0.0/0", "255.255.255.255", true},
    {"0.0.0.0/0", "0.0.0.0", true},
    {"0.0.0.0/0", "::1", false},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"0.0.0.0/0", "::ffff:10.2.0.10", true},
    {"10.2.0.0/16", "::ffff:10.2.0.10", true},
    {"::ffff:10.2.0.0/112", "10.2.0.10", true},
    {"::ffff:0:0/96", "10.2.0.10", true},
    {"2001:db8::/32", "2001:db8:ffff::1", true},
    {"2001:db8::/32", "2001:db9::1", false},
    {"::/0", "2001:db8::1", true},
    {"::/0", "::", true},
    /* An IPv6 network holds no IPv4 address, however short it is. */
    {"::/0", "10.2.0.10", false},
    {"::/0", "::ffff:10.2.0.10", false},
    {"::/64", "10.2.0.10", false},
    {"::/80", "10.2.0.10", false},
    {"::fffe:0:0/95", "10.2.0.10", false},
    {"::fffe:0:0/95", "::fffe:10.2.0.10", true},
    {"::/96", "10.2.0.10", false},
    {"::/96", "::10.2.0.10", true},
};

START_TEST(net_contains_is)
{
	struct addr a = unit_addr(insides[_i].addr);
	struct net n;

	ck_assert_int_eq(net_parse(&n, insides[_i].net), NET_OK);
	ck_assert_msg(net_contains(&n, &a) == insides[_i].inside, "%s in %s",
	    insides[_i].addr, insides[_i].net);
}
END_TEST

static bool
bit_of(const struct addr *a, uint32_t bit)
{
	return a->b[bit / 8] >> (7 - bit % 8) & 1;
}

static struct addr
random_addr(uint64_t *seed)
{
	struct addr a;

	for (int i = 0; i < 16; i++)
		a.b[i] = (uint8_t)unit_random(seed, 256);
	return a;
}

START_TEST(mask_agrees_with_a_bit_loop)
{
	uint64_t seed = 1;

	for (int n = 0; n < 2000; n++) {
		struct addr a = random_addr(&seed);

		for (uint32_t len = 0; len <= 130; len++) {
			struct addr m = addr_mask(&a, len);

			for (uint32_t i = 0; i < 128; i++)
				unit_check(bit_of(&m, i) ==
				    (i < len && bit_of(&a, i)));
		}
		struct addr all = addr_mask(&a, UINT32_MAX);

		unit_check(addr_equal(&all, &a));
	}
}
END_TEST

START_TEST(contains_agrees_with_a_bit_loop)
{
	uint64_t seed = 2;
	int found = 0;

	for (int n = 0; n < 100000; n++) {
		uint32_t len = unit_random(&seed, 129), same = 0;
		struct addr a = random_addr(&seed);
		struct net net = {addr_mask(&a, len), len};
		bool want;

		a.b[unit_random(&seed, 16)] ^=
		    (uint8_t)(1 << unit_random(&seed, 8));
		while (same < len && bit_of(&a, same) ==
		    bit_of(&net.addr, same))
			same++;
		want = same == len && !(addr_is_v4(&a) && len < 96);
		unit_check(net_contains(&net, &a) == want);
		found += want;
	}
	ck_assert_int_gt(found, 20000);
	ck_assert_int_lt(found, 80000);
}
END_TEST

/*
 * Numbers.
 */
static const struct {
	const char *text;
	uint64_t min, max;
	bool good;
	uint64_t n;
} numbers[] = {
    {"0", 0, 9, true, 0},
    {"9", 0, 9, true, 9},
    {"10", 0, 9, false, 0},
    {"4", 5, 9, false, 0},
    {"5", 5, 9, true, 5},
    {"65535", 1, 65535, true, 65535},
    {"65536", 1, 65535, false, 0},
    {"18446744073709551600", 0, UINT64_MAX, true, 18446744073709551600U},
    {"18446744073709551616", 0, UINT64_MAX, false, 0},
    {"18446744073709551626", 0, UINT64_MAX, false, 0},
    {"184467440737095516160", 0, UINT64_MAX, false, 0},
    {"99999999999999999999999999", 0, UINT64_MAX, false, 0},
    {"", 0, 9, false, 0},
    {"00", 0, 9, false, 0},
    {"01", 0, 9, false, 0},
    {"+1", 0, 9, false, 0},
    {"-1", 0, 9, false, 0},
    {"-0", 0, 9, false, 0},
    {" 1", 0, 9, false, 0},
    {"1 ", 0, 9, false, 0},
    {"1\n", 0, 9, false, 0},
    {"1a", 0, 9, false, 0},
    {"0x1", 0, 9, false, 0},
    {"1e0", 0, 9, false, 0},
    {"1.0", 0, 9, false, 0},
    {"/", 0, 9, false, 0},
    {":", 0, 99, false, 0},
    {"\xd9\xa1", 0, 9, false, 0},
};

START_TEST(number_is_read)
{
	uint64_t n = 777;

	ck_assert_msg(number_parse(&n, numbers[_i].text, numbers[_i].min,
	    numbers[_i].max) == numbers[_i].good, "%s", numbers[_i].text);
	ck_assert_uint_eq(n, numbers[_i].good ? numbers[_i].n : 777);
}
END_TEST

static const char *const not_ports[] = {"", "0", "00", "022", "+22", "-22",
    " 22", "22 ", "65536", "65558", "4294967318", "18446744073709551638",
    "0x16", "22.0", "2e1", "ssh", "22,80", "22-80", "22\n", "2 2", "1/2"};

START_TEST(port_is_refused)
{
	uint16_t port = 7;

	ck_assert_msg(!port_parse(&port, not_ports[_i]), "%s", not_ports[_i]);
	ck_assert_uint_eq(port, 7);
}
END_TEST

START_TEST(port_is_read)
{
	char text[8];
	uint16_t port;

	for (unsigned i = 1; i <= 65535; i++) {
		snprintf(text, sizeof(text), "%u", i);
		unit_check(port_parse(&port, text));
		unit_check(port == i);
	}
}
END_TEST

/*
 * Tickets.
 */
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const char *const tickets[] = {"C", "7", "CHG123456", "#123", "_", ".",
    "/a/b", "a:b", "INC-7", "a-", X60 "1234"};
static const char *const not_tickets[] = {"", " ", "-", "-a", "--help", "a b",
    "a\n", "a\t", "a;b", "a*", "a?", "a%s", "a$b", "a\\b", "a\"b", "a'b",
    "a,b", "a@b", "\xc3\xa9", "a\x7f", "a=b", X60 "12345"};

START_TEST(ticket_is)
{
	ck_assert_msg(ticket_valid(tickets[_i]), "%s", tickets[_i]);
}
END_TEST

START_TEST(ticket_is_not)
{
	ck_assert_msg(!ticket_valid(not_tickets[_i]), "%s", not_tickets[_i]);
}
END_TEST

/*
 * Base64.
 */
static const struct {
	const char *text;
	int size;
	const char *bytes;
} base64[] = {
    {"", 0, ""},
    {"Zg", 1, "f"},
    {"Zg==", 1, "f"},
    {"Zm8", 2, "fo"},
    {"Zm8=", 2, "fo"},
    {"Zm9v", 3, "foo"},
    {"Zm9vYg==", 4, "foob"},
    {"Zm9vYmE=", 5, "fooba"},
    {"Zm9vYmFy", 6, "foobar"},
    {"AAAA", 3, "\0\0\0"},
    {"////", 3, "\xff\xff\xff"},
    {"+/+/", 3, "\xfb\xff\xbf"},
    {"Z", -1, NULL}, {"Zm9vY", -1, NULL}, /* six bits are left */
    {"Zh", -1, NULL}, {"Zh==", -1, NULL}, {"Zm9", -1, NULL}, /* not zero */
    {"Zg=", -1, NULL}, {"Zg===", -1, NULL}, {"Zm8==", -1, NULL},
    {"Zm9v=", -1, NULL}, {"Zm9v==", -1, NULL}, {"=", -1, NULL},
    {"====", -1, NULL}, {"Zg==Zg==", -1, NULL}, {"Zg= =", -1, NULL},
    {"Zm9v ", -1, NULL}, {" Zm9v", -1, NULL}, {"Zm 9v", -1, NULL},
    {"Zm9v\n", -1, NULL}, {"-_-_", -1, NULL}, {"Zm9\xc3", -1, NULL},
    {"Zm9,", -1, NULL}, {"Zm9vYmFyYm", -1, NULL},
};

START_TEST(base64_is_read)
{
	uint8_t out[8];

	ck_assert_int_eq(
	    base64_decode(base64[_i].text, out, sizeof(out)), base64[_i].size);
	if (base64[_i].size >= 0)
		ck_assert_mem_eq(out, base64[_i].bytes, base64[_i].size);
}
END_TEST

START_TEST(base64_keeps_to_its_room)
{
	uint8_t out[4] = {1, 2, 3, 4};

	ck_assert_int_eq(base64_decode("Zm9v", out, 2), -1);
	ck_assert_uint_eq(out[2], 3);
	ck_assert_int_eq(base64_decode("Zm9v", out, 3), 3);
	ck_assert_uint_eq(out[3], 4);
	ck_assert_int_eq(base64_decode("Zg", out, 0), -1);
	ck_assert_int_eq(base64_decode("", out, 0), 0);
}
END_TEST

/* Bytes to base64, one bit after the other. */
static void
encode(const uint8_t *bytes, int size, char *text, bool padded)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	int n = 0;

	for (int bit = 0; bit < size * 8; bit += 6) {
		int digit = 0;

		for (int i = bit; i < bit + 6; i++)
			digit = digit * 2 +
			    (i < size * 8 && bytes[i / 8] >> (7 - i % 8) & 1);
		text[n++] = digits[digit];
	}
	while (padded && n % 4 != 0)
		text[n++] = '=';
	text[n] = '\0';
}

START_TEST(base64_reads_what_was_encoded)
{
	uint64_t seed = 3;

	for (int n = 0; n < 20000; n++) {
		uint8_t bytes[48], out[48];
		char text[80];
		int size = (int)unit_random(&seed, sizeof(bytes) + 1);

		for (int i = 0; i < size; i++)
			bytes[i] = (uint8_t)unit_random(&seed, 256);
		encode(bytes, size, text, n % 2);
		unit_check(base64_decode(text, out, sizeof(out)) == size);
		unit_check(memcmp(out, bytes, size) == 0);
	}
}
END_TEST

/*
 * Patterns.
 */
/* The same by its definition, as slow as it likes. */
static bool
slow_match(const char *pattern, const char *text, bool question)
{
	if (*pattern == '\0')
		return *text == '\0';
	if (*pattern == '*')
		return slow_match(pattern + 1, text, question) ||
		    (*text != '\0' && *text != '.' &&
			slow_match(pattern, text + 1, question));
	if (*text == '\0')
		return false;
	if (*pattern == *text || (question && *pattern == '?' && *text != '.'))
		return slow_match(pattern + 1, text + 1, question);
	return false;
}

/* The next string over an alphabet, shortest first; false after the last. */
static bool
next_string(char *s, const char *alphabet, size_t longest)
{
	size_t i, n = strlen(s);

	for (i = n; i-- > 0;) {
		const char *at = strchr(alphabet, s[i]);

		if (at[1] != '\0') {
			s[i] = at[1];
			return true;
		}
		s[i] = alphabet[0];
	}
	if (n == longest)
		return false;
	s[n] = alphabet[0];
	s[n + 1] = '\0';
	return true;
}

static void
compare_all(const char *letters, size_t pattern_size, const char *bytes,
    size_t text_size)
{
	char pattern[16] = "";

	do {
		char text[16] = "";

		do {
			for (int question = 0; question < 2; question++) {
				if (glob_match(pattern, text, question) ==
				    slow_match(pattern, text, question))
					continue;
				ck_abort_msg("`%s' on `%s', question %d",
				    pattern, text, question);
			}
		} while (next_string(text, bytes, text_size));
	} while (next_string(pattern, letters, pattern_size));
}

START_TEST(glob_agrees_with_the_slow_one)
{
	compare_all("ab.*?", 5, "ab.", 6);
}
END_TEST

START_TEST(glob_agrees_on_longer_ones)
{
	compare_all("a.*", 8, "a.", 7);
}
END_TEST

START_TEST(glob_takes_text_for_itself)
{
	compare_all("a*?", 4, "a*?", 5);
}
END_TEST

static const struct {
	const char *pattern, *text;
	bool plain, question;
} globs[] = {
    {"", "", true, true},
    {"*", "", true, true},
    {"*", "a.b", false, false},
    {"*.*", "a.b", true, true},
    {"*.dev.example", "db1.dev.example", true, true},
    {"*.dev.example", ".dev.example", true, true},
    {"*.dev.example", "x.db1.dev.example", false, false},
    {"*.dev.example", "db1.dev.example.org", false, false},
    {"*.dev.example", "dev.example", false, false},
    {"db*.dev.example", "db.dev.example", true, true},
    {"CHG??????", "CHG123456", false, true},
    {"CHG??????", "CHG12345", false, false},
    {"CHG??????", "CHG1234567", false, false},
    {"CHG??????", "CHG1234.6", false, false},
    {"chg*", "CHG1", false, false},
};

START_TEST(glob_is)
{
	ck_assert(glob_match(globs[_i].pattern, globs[_i].text, false) ==
	    globs[_i].plain);
	ck_assert(glob_match(globs[_i].pattern, globs[_i].text, true) ==
	    globs[_i].question);
}
END_TEST

/* What takes a recursive matcher longer than the world lasts. */
START_TEST(glob_is_not_exponential)
{
	char pattern[252], text[4096];

	for (size_t i = 0; i + 2 < sizeof(pattern); i += 2)
		memcpy(pattern + i, "*a", 2);
	memcpy(pattern + sizeof(pattern) - 2, "b", 2);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert(!glob_match(pattern, text, false));
	text[sizeof(text) - 2] = 'b';
	ck_assert(glob_match(pattern, text, false));
}
END_TEST

static Suite *
match_suite(void)
{
	Suite *s = suite_create("match");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, address_is_read, 0, COUNT(addresses));
	tcase_add_loop_test(t, address_is_refused, 0, COUNT(not_addresses));
	tcase_add_test(t, address_equals_in_every_byte);
	tcase_add_loop_test(t, address_passes_sockaddr, 0, COUNT(addresses));
	tcase_add_test(t, address_of_mapped_sockaddr);
	tcase_add_loop_test(t, address_is_never, 0, COUNT(nevers));
	tcase_add_loop_test(t, address_is_embedded, 0, COUNT(embedded));
	tcase_add_loop_test(t, net_is_read, 0, COUNT(nets));
	tcase_add_test(t, net_prints_the_longest);
	tcase_add_loop_test(t, net_contains_is, 0, COUNT(insides));
	tcase_add_test(t, mask_agrees_with_a_bit_loop);
	tcase_add_test(t, contains_agrees_with_a_bit_loop);
	tcase_add_loop_test(t, number_is_read, 0, COUNT(numbers));
	tcase_add_loop_test(t, port_is_refused, 0, COUNT(not_ports));
	tcase_add_test(t, port_is_read);
	tcase_add_loop_test(t, ticket_is, 0, COUNT(tickets));
	tcase_add_loop_test(t, ticket_is_not, 0, COUNT(not_tickets));
	tcase_add_loop_test(t, base64_is_read, 0, COUNT(base64));
	tcase_add_test(t, base64_keeps_to_its_room);
	tcase_add_test(t, base64_reads_what_was_encoded);
	tcase_add_test(t, glob_agrees_with_the_slow_one);
	tcase_add_test(t, glob_agrees_on_longer_ones);
	tcase_add_test(t, glob_takes_text_for_itself);
	tcase_add_loop_test(t, glob_is, 0, COUNT(globs));
	tcase_add_test(t, glob_is_not_exponential);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(match_suite());
}
