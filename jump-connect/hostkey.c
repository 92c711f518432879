/* SPDX-License-Identifier: ISC */
#include "hostkey.h"

#include <stdio.h>
#include <string.h>

/* Messages, and the header of a packet: its length, and that of the padding. */
enum {
	MSG_DEBUG = 4, /* and 1 to 3: disconnect, ignore, unimplemented */
	MSG_KEXINIT = 20,
	MSG_REPLY = 31, /* or the group, if the server chooses it */
	MSG_GEX_REPLY = 33,
	HEADER = 5,
	BLOCK = 8,
	PADDING_MIN = 4,
	COOKIE = 16,
	LISTS = 10, /* of a KEXINIT */
	METHOD_NAME = 64
};

/* What is left of a payload; at is NULL once something was missing. */
struct cursor {
	const uint8_t *at;
	size_t left;
};

static uint32_t
load(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
	    (uint32_t)at[2] << 8 | at[3];
}

/* The next n bytes, or NULL. */
static const uint8_t *
take(struct cursor *c, size_t n)
{
	const uint8_t *at = c->at;

	if (at == NULL || n > c->left) {
		c->at = NULL;
		return NULL;
	}
	c->at += n;
	c->left -= n;
	return at;
}

/* The next string, which may be empty; its bytes are NULL if it is missing. */
static struct cursor
take_string(struct cursor *c)
{
	const uint8_t *length = take(c, 4);
	struct cursor s = {0};

	if (length != NULL) {
		s.left = load(length);
		s.at = take(c, s.left);
	}
	return s;
}

static bool
is_text(const struct cursor *s, const char *text)
{
	return s->at != NULL && s->left == strlen(text) &&
	    memcmp(s->at, text, s->left) == 0;
}

/*
 * Methods of key exchange.
 */
enum method {
	METHOD_UNKNOWN,
	METHOD_REPLY, /* K_S is the first thing in message 31 */
	METHOD_GROUP  /* 31 is a group, and K_S the first thing in 33 */
};

static const struct {
	const char *name;
	enum method method;
} methods[] = {
    {"mlkem768x25519-sha256", METHOD_REPLY},
    {"mlkem768nistp256-sha256", METHOD_REPLY},
    {"mlkem1024nistp384-sha384", METHOD_REPLY},
    {"sntrup761x25519-sha512", METHOD_REPLY},
    {"sntrup761x25519-sha512@openssh.com", METHOD_REPLY},
    {"curve25519-sha256", METHOD_REPLY},
    {"curve25519-sha256@libssh.org", METHOD_REPLY},
    {"curve448-sha512", METHOD_REPLY},
    {"ecdh-sha2-nistp256", METHOD_REPLY},
    {"ecdh-sha2-nistp384", METHOD_REPLY},
    {"ecdh-sha2-nistp521", METHOD_REPLY},
    {"diffie-hellman-group1-sha1", METHOD_REPLY},
    {"diffie-hellman-group14-sha1", METHOD_REPLY},
    {"diffie-hellman-group14-sha256", METHOD_REPLY},
    {"diffie-hellman-group15-sha512", METHOD_REPLY},
    {"diffie-hellman-group16-sha512", METHOD_REPLY},
    {"diffie-hellman-group17-sha512", METHOD_REPLY},
    {"diffie-hellman-group18-sha512", METHOD_REPLY},
    {"diffie-hellman-group-exchange-sha1", METHOD_GROUP},
    {"diffie-hellman-group-exchange-sha256", METHOD_GROUP},
};

static bool
has_name(const char *list, const char *name, size_t size)
{
	for (; *list != '\0'; list += *list == ',') {
		size_t n = strcspn(list, ",");

		if (n == size && memcmp(list, name, n) == 0)
			return true;
		list += n;
	}
	return false;
}

static enum method
find_method(const char *name, size_t size)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strlen(methods[i].name) == size &&
		    memcmp(methods[i].name, name, size) == 0)
			return methods[i].method;
	}
	return METHOD_UNKNOWN;
}

/* RFC 4253, 7.1: the first of the client's that the server has too. */
static enum method
negotiated(const struct hostkey *h)
{
	const char *list = h->side[HOSTKEY_CLIENT].methods;

	for (; *list != '\0'; list += *list == ',') {
		size_t n = strcspn(list, ",");

		if (has_name(h->side[HOSTKEY_SERVER].methods, list, n))
			return find_method(list, n);
		list += n;
	}
	return METHOD_UNKNOWN;
}

/* Keep a list of methods, if it can be read in one way only. */
static bool
keep_methods(struct hostkey_stream *s, const struct cursor *list)
{
	size_t name = 0;

	if (list->at == NULL || list->left >= sizeof(s->methods))
		return false;
	for (size_t i = 0; i < list->left; i++) {
		bool comma = list->at[i] == ',';

		if (list->at[i] <= ' ' || list->at[i] > '~' ||
		    (comma && name == 0) || (!comma && name == METHOD_NAME))
			return false;
		name = comma ? 0 : name + 1;
	}
	if (name == 0)
		return false;
	memcpy(s->methods, list->at, list->left);
	s->methods[list->left] = '\0';
	return true;
}

/*
 * After a wrong guess, the packet that follows is ignored (RFC 4253, 7).  No
 * server has anything to guess with, and with a key in that packet one could
 * show us another than the client.
 */
static bool
read_kexinit(struct hostkey *h, enum hostkey_side side, struct cursor payload)
{
	struct hostkey_stream *s = &h->side[side];
	struct cursor list;
	const uint8_t *guess, *reserved;

	if (s->methods[0] != '\0')
		return false;
	take(&payload, COOKIE);
	list = take_string(&payload);
	if (!keep_methods(s, &list))
		return false;
	for (int i = 1; i < LISTS; i++)
		take_string(&payload);
	guess = take(&payload, 1);
	reserved = take(&payload, 4);
	if (reserved == NULL || payload.left != 0 ||
	    (side == HOSTKEY_SERVER && *guess != 0))
		return false;
	s->over = side == HOSTKEY_CLIENT;
	return true;
}

/*
 * Keys.
 */

/* Certificates: what is in them, in so many strings after a nonce. */
static const struct {
	const char *name, *plain;
	int fields;
} certificates[] = {
    {"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", 1},
    {"ssh-rsa-cert-v01@openssh.com", "ssh-rsa", 2},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256", 2},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384", 2},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521", 2},
};

/*
 * Make of a certificate the plain key that is in it: its head is written over
 * the end of what stands before its fields, and that is longer.
 */
static bool
uncertify(struct hostkey *h, struct cursor *key, struct cursor rest,
    const char *plain, int fields)
{
	const size_t size = strlen(plain);
	uint8_t *packet = h->side[HOSTKEY_SERVER].packet, *head;

	take_string(&rest);
	if (rest.at == NULL)
		return false;
	head = packet + (rest.at - packet) - 4 - size;
	for (int i = 0; i < fields; i++)
		take_string(&rest);
	if (rest.at == NULL)
		return false;
	memcpy(head, (const uint8_t[4]){0, 0, 0, (uint8_t)size}, 4);
	memcpy(head + 4, plain, size);
	*key = (struct cursor){head, (size_t)(rest.at - head)};
	return true;
}

/* Whether it has a type; a certificate becomes its plain key. */
static bool
read_key(struct hostkey *h, struct cursor *key)
{
	struct cursor rest = *key, type = take_string(&rest);

	if (type.at == NULL)
		return false;
	for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]);
	     i++) {
		if (is_text(&type, certificates[i].name))
			return uncertify(h, key, rest, certificates[i].plain,
			    certificates[i].fields);
	}
	return true;
}

/* The four digits of the first three bytes, or of all, if there are fewer. */
static void
encode(char text[4], const uint8_t *at, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = (uint32_t)at[0] << 16;

	if (n > 1)
		bits |= (uint32_t)at[1] << 8;
	if (n > 2)
		bits |= at[2];
	text[0] = digits[bits >> 18];
	text[1] = digits[bits >> 12 & 63];
	text[2] = n > 1 ? digits[bits >> 6 & 63] : '=';
	text[3] = n > 2 ? digits[bits & 63] : '=';
}

/* Whether the text is this key. */
static bool
is_key(const char *text, const struct cursor *key)
{
	char digits[4];

	if (strlen(text) != (key->left + 2) / 3 * 4)
		return false;
	for (size_t i = 0; i < key->left; i += 3, text += 4) {
		encode(digits, key->at + i, key->left - i);
		if (memcmp(text, digits, sizeof(digits)) != 0)
			return false;
	}
	return true;
}

static enum hostkey_state
judge_key(struct hostkey *h, struct cursor payload)
{
	struct cursor key = take_string(&payload);

	if (key.at == NULL || !read_key(h, &key))
		return HOSTKEY_UNREADABLE;
	h->seen = key.at;
	h->seen_size = key.left;
	for (size_t i = 0; i < h->n; i++) {
		if (is_key(h->keys[i], &key))
			return HOSTKEY_GOOD;
	}
	return HOSTKEY_WRONG;
}

/*
 * A group begins with its prime, and a number has no zeros in front.  A key
 * begins with the length of its type: no client could take one for the other,
 * whatever it thinks was negotiated.
 */
static bool
read_group(struct hostkey *h, struct cursor payload)
{
	struct cursor prime = take_string(&payload);

	if (h->grouped || prime.at == NULL || prime.left < 2 ||
	    (prime.at[0] == 0 && (prime.at[1] & 0x80) == 0))
		return false;
	h->grouped = true;
	return true;
}

/* A reply of the key exchange, or what comes in place of it. */
static enum hostkey_state
read_reply(struct hostkey *h, int message, struct cursor payload)
{
	switch (negotiated(h)) {
	case METHOD_REPLY:
		if (message == MSG_REPLY)
			return judge_key(h, payload);
		break;
	case METHOD_GROUP:
		if (message == MSG_REPLY && read_group(h, payload))
			return HOSTKEY_READING;
		if (message == MSG_GEX_REPLY && h->grouped)
			return judge_key(h, payload);
		break;
	case METHOD_UNKNOWN:
		break;
	}
	return HOSTKEY_UNREADABLE;
}

/*
 * Packets.
 */
static enum hostkey_state
read_packet(struct hostkey *h, enum hostkey_side side)
{
	const uint8_t *packet = h->side[side].packet;
	int message = packet[HEADER];
	struct cursor payload = {
	    packet + HEADER + 1, load(packet) - 2 - packet[HEADER - 1]};

	if (message != MSG_KEXINIT)
		return read_reply(h, message, payload);
	return read_kexinit(h, side, payload) ? HOSTKEY_READING
					      : HOSTKEY_UNREADABLE;
}

/* Whether the header is one, and what its packet is good for. */
static bool
start_packet(struct hostkey *h, enum hostkey_side side)
{
	struct hostkey_stream *s = &h->side[side];
	uint32_t length = load(s->packet), padding = s->packet[HEADER - 1];
	int message = s->packet[HEADER];

	if (length > HOSTKEY_SKIP - 4 || (length + 4) % BLOCK != 0 ||
	    padding < PADDING_MIN || padding + 2 > length)
		return false;
	s->keep = message > MSG_DEBUG;
	if (!s->keep) {
		h->held = side == HOSTKEY_SERVER ? 0 : h->held;
		return message > 0;
	}
	if (length > HOSTKEY_PACKET - 4)
		return false;
	return message == MSG_KEXINIT ||
	    (side == HOSTKEY_SERVER &&
		(message == MSG_REPLY || message == MSG_GEX_REPLY));
}

static enum hostkey_state
packet_byte(struct hostkey *h, enum hostkey_side side, uint8_t c)
{
	struct hostkey_stream *s = &h->side[side];
	enum hostkey_state state = HOSTKEY_READING;

	if (s->got <= HEADER || s->keep)
		s->packet[s->got] = c;
	if (side == HOSTKEY_SERVER && (s->got <= HEADER || s->keep))
		h->held++;
	s->got++;
	if (s->got == HEADER + 1 && !start_packet(h, side))
		return HOSTKEY_UNREADABLE;
	if (s->got <= HEADER || s->got < load(s->packet) + 4)
		return HOSTKEY_READING;
	if (s->keep)
		state = read_packet(h, side);
	if (side == HOSTKEY_SERVER)
		h->held = 0;
	s->got = 0;
	return state;
}

/*
 * The version.
 */
static bool
head_is(const struct hostkey_stream *s, const char *text)
{
	size_t n = strlen(text);

	return s->line >= n && memcmp(s->head, text, n) == 0;
}

/* At the end of a line; only a server says something before its version. */
static bool
read_line(struct hostkey_stream *s, enum hostkey_side side)
{
	if (head_is(s, "SSH-2.0-") ||
	    (side == HOSTKEY_SERVER && head_is(s, "SSH-1.99"))) {
		s->versioned = true;
		return s->line <= HOSTKEY_VERSION;
	}
	if (side == HOSTKEY_CLIENT || head_is(s, "SSH-"))
		return false;
	s->line = 0;
	return true;
}

static bool
line_byte(struct hostkey_stream *s, enum hostkey_side side, uint8_t c)
{
	if (s->line < sizeof(s->head))
		s->head[s->line] = (char)c;
	s->line++;
	s->lines++;
	if (c == '\0' || (s->cr && c != '\n') || s->lines > HOSTKEY_LINES)
		return false;
	s->cr = c == '\r';
	if (c == '\n')
		return read_line(s, side);
	return side == HOSTKEY_SERVER || s->line != sizeof(s->head) ||
	    head_is(s, "SSH-2.0-");
}

/*
 * The caller's side.
 */
void
hostkey_init(struct hostkey *h, const char *const *keys, size_t n)
{
	h->keys = keys;
	h->n = n;
}

enum hostkey_state
hostkey_feed(
    struct hostkey *h, enum hostkey_side side, const uint8_t *bytes, size_t n)
{
	struct hostkey_stream *s = &h->side[side];

	for (size_t i = 0; i < n && h->state == HOSTKEY_READING && !s->over;
	     i++) {
		if (s->versioned)
			h->state = packet_byte(h, side, bytes[i]);
		else if (!line_byte(s, side, bytes[i]))
			h->state = HOSTKEY_UNREADABLE;
	}
	return h->state;
}

size_t
hostkey_held(const struct hostkey *h)
{
	return h->held;
}

void
hostkey_text(const struct hostkey *h, char text[HOSTKEY_TEXT])
{
	int type = snprintf(text, HOSTKEY_TEXT, "%.*s ", (int)load(h->seen),
	    (const char *)h->seen + 4);
	size_t n = (size_t)type;

	for (size_t i = 0; i < h->seen_size && n + 4 < HOSTKEY_TEXT;
	     i += 3, n += 4)
		encode(text + n, h->seen + i, h->seen_size - i);
	if (n < HOSTKEY_TEXT)
		text[n] = '\0';
}
