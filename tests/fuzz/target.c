/* SPDX-License-Identifier: ISC */
/*
 * Names, addresses, networks, ports, base64 and patterns, against the
 * resolver of the C library and against slow and obvious ways.  Lines: the
 * first two are a target and its port, a pattern and a text, an address and a
 * network.
 */
#include "target.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "fuzz.h"

/* A target is what inet_pton(3) says, or a name to every resolver. */
static void
one_target(const char *name, const char *port)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *list = NULL;
	struct target t, again;
	uint8_t raw[16];
	char text[300];

	if (!target_parse(&t, name, port)) {
		must(port != NULL ||
		    (inet_pton(AF_INET, name, raw) != 1 &&
			inet_pton(AF_INET6, name, raw) != 1));
		return;
	}
	if (t.form == TARGET_NAMED) {
		must(getaddrinfo(t.text, NULL, &hints, &list) != 0);
		must(strpbrk(t.text, ":/%[] ") == NULL);
	} else if (t.form == TARGET_ADDRESSED) {
		if (inet_pton(AF_INET, t.text, raw) == 1)
			must(memcmp(raw, t.addr.b + 12, 4) == 0 &&
			    addr_is_v4(&t.addr));
		else
			must(inet_pton(AF_INET6, t.text, raw) == 1 &&
			    memcmp(raw, t.addr.b, 16) == 0);
	}
	target_text(&t, text, sizeof(text));
	must(target_parse(&again, text, NULL));
	must(again.form == t.form && again.port == t.port &&
	    strcmp(again.text, t.text) == 0 &&
	    addr_equal(&again.addr, &t.addr));
}

static void
one_number(const char *text)
{
	char canonical[32];
	uint64_t n;
	uint16_t port = 0;
	bool is_port = port_parse(&port, text);

	if (number_parse(&n, text, 0, UINT64_MAX / 16)) {
		snprintf(canonical, sizeof(canonical), "%llu",
		    (unsigned long long)n);
		must(strcmp(canonical, text) == 0);
		must(is_port == (n >= 1 && n <= 65535));
	} else {
		must(!is_port);
	}
	if (is_port)
		must(port == strtoul(text, NULL, 10));
}

/* Bit by bit. */
static bool
contains(const struct net *net, const struct addr *a)
{
	if (net->len < ADDR_V4_BITS && addr_is_v4(a))
		return false;
	for (uint32_t i = 0; i < net->len; i++) {
		if ((net->addr.b[i / 8] >> (7 - i % 8) & 1) !=
		    (a->b[i / 8] >> (7 - i % 8) & 1))
			return false;
	}
	return true;
}

static void
one_address(const char *text, const char *in)
{
	struct sockaddr_storage ss;
	struct addr a, again, inner;
	struct net net, net_again;
	char buf[ADDR_TEXT + 4];
	bool is_net = net_parse(&net, in) == NET_OK;

	if (is_net) {
		must(net.len <= 128);
		must(net_parse(&net_again, net_print(&net, buf)) == NET_OK);
		must(net_again.len == net.len &&
		    addr_equal(&net_again.addr, &net.addr));
	}
	if (!addr_parse(&a, text))
		return;
	must(addr_parse(&again, addr_print(&a, buf)) && addr_equal(&a, &again));
	addr_to_sockaddr(&a, 1, &ss);
	must(addr_from_sockaddr(&again, (const struct sockaddr *)&ss) &&
	    addr_equal(&a, &again));
	if (addr_embedded(&a, &inner))
		must(addr_is_v4(&inner) && !addr_is_v4(&a));
	addr_never(&a);
	if (is_net)
		must(net_contains(&net, &a) == contains(&net, &a));
}

/* Every way, but for a bound on how many of them. */
static bool
slow_match(const char *p, const char *s, bool question)
{
	if (*p == '\0')
		return *s == '\0';
	if (*p == '*')
		return slow_match(p + 1, s, question) ||
		    (*s != '\0' && *s != '.' && slow_match(p, s + 1, question));
	return *s != '\0' &&
	    (*p == *s || (question && *p == '?' && *s != '.')) &&
	    slow_match(p + 1, s + 1, question);
}

static void
one_pattern(const char *pattern, const char *text)
{
	size_t stars = 0;

	for (const char *s = pattern; *s != '\0'; s++)
		stars += *s == '*';
	for (int question = 0; question < 2; question++) {
		bool fast = glob_match(pattern, text, question);

		if (stars <= 4 && strlen(text) <= 40 && *text != '*')
			must(fast == slow_match(pattern, text, question));
	}
}

static void
one_base64(const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t room = strlen(text) / 2;
	uint8_t *out = malloc(room + 1);
	int n;

	must(out != NULL);
	n = base64_decode(text, out, room);
	if (n == -1 && room > 0)
		must(base64_decode(text, out, room - 1) == -1);
	must(n <= (int)room);
	for (int i = 0; i < n * 8 / 6; i++) {
		size_t byte = (size_t)i * 6 / 8, bit = (size_t)i * 6 % 8;
		unsigned two = (unsigned)out[byte] << 8 |
		    ((int)byte + 1 < n ? out[byte + 1] : 0);

		must(text[i] == digits[two >> (10 - bit) & 63]);
	}
	free(out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *first, *second;

	first = strsep(&rest, "\n");
	second = strsep(&rest, "\n");
	one_target(first, NULL);
	one_number(first);
	one_base64(first);
	if (second != NULL) {
		one_target(first, second);
		one_pattern(first, second);
		one_address(first, second);
	} else {
		one_address(first, first);
	}
	free(text);
	return 0;
}
