/* SPDX-License-Identifier: ISC */
/*
 * Addresses, networks, numbers, patterns: strict readers and matchers.
 * Pure: no memory, no errno, no look-ups.
 */
#ifndef MATCH_H
#define MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * An address in 16 bytes, network order; IPv4 as ::ffff:a.b.c.d (RFC 4291,
 * 2.5.5.2), so that an IPv4-mapped address is the IPv4 address itself.
 */
struct addr {
	uint8_t b[16];
};

/* A network; len counts bits of the 16 bytes: IPv4 /24 is 120. */
struct net {
	struct addr addr;
	uint32_t len;
};

enum net_error { NET_OK, NET_SYNTAX, NET_HOST_BITS };

enum { ADDR_TEXT = 46, ADDR_V4_BITS = 96, PORT_MAX = 65535 };

/* Read what inet_pton(3) takes; no scope.  True if it is an address. */
bool addr_parse(struct addr *, const char *text);

/* Write the address as text into buf and return buf. */
const char *addr_print(const struct addr *, char buf[ADDR_TEXT]);

bool addr_is_v4(const struct addr *);
bool addr_equal(const struct addr *, const struct addr *);

/* Convert to a socket address of either family; return its length. */
socklen_t addr_to_sockaddr(
    const struct addr *, uint16_t port, struct sockaddr_storage *);

/* Convert from a socket address; false for other families. */
bool addr_from_sockaddr(struct addr *, const struct sockaddr *);

/* The port of a socket address; 0 for other families. */
uint16_t addr_port(const struct sockaddr *);

/*
 * Find the IPv4 address inside a NAT64 (RFC 6052, 8215), 6to4 (RFC 3056) or
 * Teredo (RFC 4380) address.  False if the address has no such form.
 */
bool addr_embedded(const struct addr *, struct addr *inner);

/* The built-in list of jump-policy(5); inner forms are the caller's. */
bool addr_never(const struct addr *);

/* Read ADDRESS or ADDRESS/LEN without bits beyond the length. */
enum net_error net_parse(struct net *, const char *text);

/* Write the network as text, without /LEN for a single address. */
const char *net_print(const struct net *, char buf[ADDR_TEXT + 4]);

/* Whether the address is in it; an IPv6 network holds no IPv4 address. */
bool net_contains(const struct net *, const struct addr *);

/* Keep the first len bits of addr and clear the rest. */
struct addr addr_mask(const struct addr *, uint32_t len);

/* Read a plain decimal: no sign, space or leading zero; min <= n <= max. */
bool number_parse(uint64_t *, const char *text, uint64_t min, uint64_t max);

/* Read a port, 1 to 65535, as number_parse() does. */
bool port_parse(uint16_t *, const char *text);

/*
 * Whether it can be what a user calls a host in a file of ssh_config(5), and
 * in commands there: no pattern, no option, no word of a shell.
 */
enum { HOSTNAME_TEXT = 64 };
bool hostname_valid(const char *);

/*
 * The same of the name of a target, which the policy's reader has made sure of:
 * for where a mistake there would become a command on another machine.
 */
bool name_plain(const char *);

/*
 * Whether it is the id of a ticket: 1 to TICKET_MAX characters of
 * TICKET_CHARACTERS, and none that could be taken for an option.  Source: jump-connect(8), --ticket.
 */
#define TICKET_CHARACTERS                                                      \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"       \
	"._:/#-"
enum { TICKET_MAX = 64 };
bool ticket_valid(const char *);

/*
 * Decode base64 (RFC 4648, 4) without line breaks, with or without padding,
 * no bits left over.  Returns the bytes written to out, or -1 if the text is
 * something else or has more than room bytes.
 */
int base64_decode(const char *text, uint8_t *out, size_t room);

/*
 * Match text against a pattern: `*` is any number of characters other than
 * a dot, `?` (if question is set) one other than a dot.  Linear in each
 * label: dots of pattern and text correspond, so labels match on their own.
 */
bool glob_match(const char *pattern, const char *text, bool question);

#endif
