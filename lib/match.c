/* SPDX-License-Identifier: ISC */
#include "match.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255};

bool
addr_parse(struct addr *a, const char *text)
{
	struct addr r;

	if (inet_pton(AF_INET, text, r.b + 12) == 1)
		memcpy(r.b, v4_prefix, sizeof(v4_prefix));
	else if (inet_pton(AF_INET6, text, r.b) != 1)
		return false;
	*a = r;
	return true;
}

bool
addr_is_v4(const struct addr *a)
{
	return memcmp(a->b, v4_prefix, sizeof(v4_prefix)) == 0;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

const char *
addr_print(const struct addr *a, char buf[ADDR_TEXT])
{
	if (addr_is_v4(a))
		inet_ntop(AF_INET, a->b + 12, buf, ADDR_TEXT);
	else
		inet_ntop(AF_INET6, a->b, buf, ADDR_TEXT);
	return buf;
}

socklen_t
addr_to_sockaddr(
    const struct addr *a, uint16_t port, struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;

	memset(ss, 0, sizeof(*ss));
	if (addr_is_v4(a)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, a->b + 12, 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, a->b, 16);
	return sizeof(*in6);
}

bool
addr_from_sockaddr(struct addr *a, const struct sockaddr *sa)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;

	if (sa->sa_family == AF_INET) {
		memcpy(a->b, v4_prefix, sizeof(v4_prefix));
		memcpy(a->b + 12, &in->sin_addr, 4);
		return true;
	}
	if (sa->sa_family != AF_INET6)
		return false;
	memcpy(a->b, &in6->sin6_addr, 16);
	return true;
}

uint16_t
addr_port(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)(const void *)sa)
				 ->sin_port);
	if (sa->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)(const void *)sa)
				 ->sin6_port);
	return 0;
}

struct addr
addr_mask(const struct addr *a, uint32_t len)
{
	struct addr r = *a;
	uint32_t byte = len / 8;

	if (byte >= sizeof(r.b))
		return r;
	r.b[byte] &= (uint8_t)(0xff00 >> (len % 8));
	memset(r.b + byte + 1, 0, sizeof(r.b) - byte - 1);
	return r;
}

bool
net_contains(const struct net *n, const struct addr *a)
{
	struct addr masked = addr_mask(a, n->len);

	if (n->len < ADDR_V4_BITS && addr_is_v4(a))
		return false;
	return addr_equal(&masked, &n->addr);
}

static bool
in_net(const struct addr *a, const char *text)
{
	struct net n;

	return net_parse(&n, text) == NET_OK && net_contains(&n, a);
}

bool
addr_embedded(const struct addr *a, struct addr *inner)
{
	struct addr r;

	memcpy(r.b, v4_prefix, sizeof(v4_prefix));
	if (in_net(a, "64:ff9b::/96") || in_net(a, "64:ff9b:1::/48")) {
		memcpy(r.b + 12, a->b + 12, 4);
	} else if (in_net(a, "2002::/16")) {
		memcpy(r.b + 12, a->b + 2, 4);
	} else if (in_net(a, "2001::/32")) {
		for (int i = 12; i < 16; i++)
			r.b[i] = a->b[i] ^ 0xff;
	} else {
		return false;
	}
	*inner = r;
	return true;
}

bool
addr_never(const struct addr *a)
{
	static const char *const nets[] = {"0.0.0.0/8", "127.0.0.0/8",
	    "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255", "::/96",
	    "fe80::/10", "ff00::/8", "fd00:ec2::254"};

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		if (in_net(a, nets[i]))
			return true;
	}
	return false;
}

enum net_error
net_parse(struct net *n, const char *text)
{
	char buf[ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
	struct net r;
	struct addr masked;
	uint64_t bits, most;

	if (len >= sizeof(buf))
		return NET_SYNTAX;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (!addr_parse(&r.addr, buf))
		return NET_SYNTAX;
	most = strchr(buf, ':') == NULL ? 32 : 128;
	bits = most;
	if (slash != NULL && !number_parse(&bits, slash + 1, 0, most))
		return NET_SYNTAX;
	r.len = (uint32_t)(bits + 128 - most);
	masked = addr_mask(&r.addr, r.len);
	if (!addr_equal(&masked, &r.addr))
		return NET_HOST_BITS;
	*n = r;
	return NET_OK;
}

const char *
net_print(const struct net *n, char buf[ADDR_TEXT + 4])
{
	bool v4 = addr_is_v4(&n->addr) && n->len >= ADDR_V4_BITS;
	size_t used;

	addr_print(&n->addr, buf);
	if (n->len == 128)
		return buf;
	used = strlen(buf);
	snprintf(buf + used, ADDR_TEXT + 4 - used, "/%u",
	    v4 ? n->len - ADDR_V4_BITS : n->len);
	return buf;
}

bool
number_parse(uint64_t *n, const char *text, uint64_t min, uint64_t max)
{
	uint64_t r = 0;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (r > (UINT64_MAX - 9) / 10)
			return false;
		r = r * 10 + (uint64_t)(*text - '0');
	}
	if (r < min || r > max)
		return false;
	*n = r;
	return true;
}

bool
name_plain(const char *name)
{
	return *name != '\0' && *name != '-' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") ==
	    strlen(name);
}

bool
hostname_valid(const char *name)
{
	size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && n < HOSTNAME_TEXT && name[n] == '\0' &&
	    *name != '-' && *name != '.';
}

bool
ticket_valid(const char *text)
{
	size_t n = strspn(text, TICKET_CHARACTERS);

	return n >= 1 && n <= TICKET_MAX && text[n] == '\0' && *text != '-';
}

bool
port_parse(uint16_t *port, const char *text)
{
	uint64_t n;

	if (!number_parse(&n, text, 1, PORT_MAX))
		return false;
	*port = (uint16_t)n;
	return true;
}

int
base64_decode(const char *text, uint8_t *out, size_t room)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0, n = 0;
	size_t size = 0, digit;

	for (; *text != '\0' && *text != '='; text++) {
		digit = strcspn(digits, (char[]){*text, '\0'});
		if (digit == 64)
			return -1;
		bits = bits << 6 | (uint32_t)digit;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		if (size == room)
			return -1;
		out[size++] = (uint8_t)(bits >> n);
	}
	if (n == 6 || (bits & ((1U << n) - 1)) != 0)
		return -1;
	if (*text != '\0' && strcmp(text, n == 4 ? "==" : n == 2 ? "=" : ""))
		return -1;
	return (int)size;
}

bool
glob_match(const char *pattern, const char *text, bool question)
{
	const char *star = NULL, *mark = NULL;

	while (*text != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			mark = text;
		} else if (*pattern == *text ||
		    (question && *pattern == '?' && *text != '.')) {
			pattern++;
			text++;
		} else if (star != NULL && *mark != '.') {
			pattern = star;
			text = ++mark;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
