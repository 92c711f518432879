/* SPDX-License-Identifier: ISC */
/*
 * jump-connect/hostkey.c: key exchanges made here, whole, in
 * pieces, and wrong in every way that a client could read in another one.
 */

#include <netinet/in.h>
#include <resolv.h>

#include "unit.h"

#include "../../jump-connect/hostkey.h"

enum { ROOM = 600 * 1024 };

/* Bytes being put together. */
struct bytes {
	uint8_t *at;
	size_t n;
};

static uint8_t room[4][ROOM];
static struct hostkey watch;
static char texts[2][2048]; /* of nothing, and of K_S */
static const char *const keys[2] = {texts[0], texts[1]};
static struct bytes k_s;

static void
put(struct bytes *b, const void *from, size_t n)
{
	unit_check(b->n + n <= ROOM);
	memcpy(b->at + b->n, from, n);
	b->n += n;
}

static void
put_byte(struct bytes *b, int byte)
{
	uint8_t c = (uint8_t)byte;

	put(b, &c, 1);
}

static void
put_u32(struct bytes *b, size_t x)
{
	for (int i = 24; i >= 0; i -= 8)
		put_byte(b, (int)(x >> i & 0xff));
}

static void
put_string(struct bytes *b, const void *from, size_t n)
{
	put_u32(b, n);
	put(b, from, n);
}

static void
put_text(struct bytes *b, const char *text)
{
	put_string(b, text, strlen(text));
}

/* A packet with the least padding. */
static void
put_packet(struct bytes *b, const struct bytes *payload)
{
	size_t padding = 8 - (payload->n + 5) % 8;

	padding += padding < 4 ? 8 : 0;
	put_u32(b, payload->n + padding + 1);
	put_byte(b, (int)padding);
	put(b, payload->at, payload->n);
	while (padding-- > 0)
		put_byte(b, 0);
}

static void
put_line(struct bytes *b, const char *text)
{
	put(b, text, strlen(text));
}

/* A KEXINIT; fill bytes in the last of its lists make it large. */
static void
put_kexinit_of(struct bytes *b, const char *methods, size_t fill, int guess)
{
	struct bytes payload = {room[3], 0};

	put_byte(&payload, 20);
	for (int i = 0; i < 16; i++)
		put_byte(&payload, i);
	put_text(&payload, methods);
	for (int i = 1; i < 9; i++)
		put_text(&payload, "ssh-ed25519,none");
	put_u32(&payload, fill);
	for (; fill > 0; fill--)
		put_byte(&payload, 'x');
	put_byte(&payload, guess);
	put_u32(&payload, 0);
	put_packet(b, &payload);
}

static void
put_kexinit(struct bytes *b, const char *methods)
{
	put_kexinit_of(b, methods, 0, 0);
}

/* A message that begins with a string, and goes on with what is not zero. */
static void
put_message(struct bytes *b, int message, const void *string, size_t n)
{
	struct bytes payload = {room[3], 0};

	put_byte(&payload, message);
	put_string(&payload, string, n);
	put(&payload, "\xff\xffwhat follows", 14);
	put_packet(b, &payload);
}

static void
put_ignore(struct bytes *b, size_t n)
{
	struct bytes payload = {room[3], 0};

	put_byte(&payload, 2);
	put_u32(&payload, n);
	for (; n > 0; n--)
		put_byte(&payload, 'i');
	put_packet(b, &payload);
}

#define PRIME "\x00\xc5prime of a group"

static void
base64_of(const struct bytes *b, char *text)
{
	ck_assert_int_ne(b64_ntop(b->at, b->n, text, sizeof(texts[0])), -1);
}

static void
setup(void)
{
	static uint8_t blob[64];

	memset(&watch, 0, sizeof(watch));
	memset(texts, 0, sizeof(texts));
	k_s = (struct bytes){blob, 0};
	put_text(&k_s, "ssh-ed25519");
	put_string(&k_s, "0123456789abcdef0123456789abcdef", 32);
	base64_of(&k_s, texts[1]);
	hostkey_init(&watch, keys, 2);
}

static enum hostkey_state
feed(enum hostkey_side side, const struct bytes *b)
{
	return hostkey_feed(&watch, side, b->at, b->n);
}

/* A client that has said its part, with these methods. */
static void
client(const char *methods)
{
	struct bytes b = {room[0], 0};

	put_line(&b, "SSH-2.0-client\r\n");
	put_kexinit(&b, methods);
	ck_assert_int_eq(feed(HOSTKEY_CLIENT, &b), HOSTKEY_READING);
}

/*
 * The server's part, which is cut at each of the places; no byte from start
 * on passes before all of them are there.
 */
static void
must_accept_in_pieces(const struct bytes *b, size_t start, size_t step)
{
	for (size_t i = 0; i < b->n; i += step) {
		size_t n = b->n - i < step ? b->n - i : step;

		unit_check(watch.state == HOSTKEY_READING);
		hostkey_feed(&watch, HOSTKEY_SERVER, b->at + i, n);
		if (i + n < b->n)
			unit_check(i + n - hostkey_held(&watch) <= start);
	}
	ck_assert_int_eq(watch.state, HOSTKEY_GOOD);
	ck_assert_uint_eq(hostkey_held(&watch), 0);
}

static const struct {
	const char *client, *server;
	bool group;
} agreements[] = {
    {"curve25519-sha256", "curve25519-sha256", false},
    {"curve25519-sha256@libssh.org,x", "y,curve25519-sha256@libssh.org", false},
    {"sntrup761x25519-sha512@openssh.com,ext-info-c,"
     "kex-strict-c-v00@openssh.com",
	"sntrup761x25519-sha512@openssh.com,kex-strict-s-v00@openssh.com",
	false},
    {"sntrup761x25519-sha512", "sntrup761x25519-sha512", false},
    {"mlkem768x25519-sha256,curve25519-sha256",
	"curve25519-sha256,mlkem768x25519-sha256", false},
    {"mlkem768nistp256-sha256", "mlkem768nistp256-sha256", false},
    {"mlkem1024nistp384-sha384", "mlkem1024nistp384-sha384", false},
    {"curve448-sha512", "curve448-sha512", false},
    {"ecdh-sha2-nistp256", "ecdh-sha2-nistp256", false},
    {"ecdh-sha2-nistp384", "ecdh-sha2-nistp384", false},
    {"ecdh-sha2-nistp521", "ecdh-sha2-nistp521", false},
    {"diffie-hellman-group1-sha1", "diffie-hellman-group1-sha1", false},
    {"diffie-hellman-group14-sha1", "diffie-hellman-group14-sha1", false},
    {"diffie-hellman-group14-sha256", "diffie-hellman-group14-sha256", false},
    {"diffie-hellman-group15-sha512", "diffie-hellman-group15-sha512", false},
    {"diffie-hellman-group16-sha512", "diffie-hellman-group16-sha512", false},
    {"diffie-hellman-group17-sha512", "diffie-hellman-group17-sha512", false},
    {"diffie-hellman-group18-sha512", "diffie-hellman-group18-sha512", false},
    {"diffie-hellman-group-exchange-sha1", "diffie-hellman-group-exchange-sha1",
	true},
    /* The client's order counts. */
    {"diffie-hellman-group-exchange-sha256,curve25519-sha256",
	"curve25519-sha256,diffie-hellman-group-exchange-sha256", true},
    {"curve25519-sha256,diffie-hellman-group-exchange-sha256",
	"diffie-hellman-group-exchange-sha256,curve25519-sha256", false},
    /* A name is not another's beginning. */
    {"curve25519,diffie-hellman-group-exchange-sha256",
	"curve25519-sha256,diffie-hellman-group-exchange-sha256", true},
    /* Nor is it another one that is as long. */
    {"curve25519-sha257,diffie-hellman-group-exchange-sha256",
	"curve25519-sha256,diffie-hellman-group-exchange-sha256", true},
};

/* The server's part up to the packet with the key, which begins at *start. */
static void
agree(struct bytes *b, int i, size_t *start)
{
	put_line(b, "SSH-2.0-server\r\n");
	put_kexinit(b, agreements[i].server);
	put_ignore(b, 100);
	if (agreements[i].group)
		put_message(b, 31, PRIME, sizeof(PRIME) - 1);
	*start = b->n;
}

START_TEST(methods_agree)
{
	for (size_t step = 1; step < 400; step = step * 2 + 1) {
		struct bytes b = {room[1], 0};
		size_t start;

		setup();
		client(agreements[_i].client);
		agree(&b, _i, &start);
		put_message(&b, agreements[_i].group ? 33 : 31, k_s.at, k_s.n);
		must_accept_in_pieces(&b, start, step);
	}
}
END_TEST

/* Another key is seen, and not a byte of its packet passes. */
START_TEST(wrong_key)
{
	struct bytes b = {room[1], 0};
	size_t start;

	client(agreements[_i].client);
	agree(&b, _i, &start);
	k_s.at[k_s.n - 1] ^= 1;
	put_message(&b, agreements[_i].group ? 33 : 31, k_s.at, k_s.n);
	for (size_t n = 0; n < b.n; n++) {
		unit_check(watch.state == HOSTKEY_READING);
		hostkey_feed(&watch, HOSTKEY_SERVER, b.at + n, 1);
		if (n >= start && n + 1 < b.n)
			unit_check(hostkey_held(&watch) == n + 1 - start);
	}
	ck_assert_int_eq(watch.state, HOSTKEY_WRONG);
	ck_assert_uint_eq(watch.seen_size, k_s.n);
	ck_assert_mem_eq(watch.seen, k_s.at, k_s.n);
	ck_assert_int_eq(
	    hostkey_feed(&watch, HOSTKEY_SERVER, k_s.at, 1), HOSTKEY_WRONG);
}
END_TEST

/* One cut, at every byte. */
START_TEST(every_split)
{
	struct bytes b = {room[1], 0};
	size_t start;

	agree(&b, 0, &start);
	put_message(&b, 31, k_s.at, k_s.n);
	for (size_t cut = 0; cut <= b.n; cut++) {
		memset(&watch, 0, sizeof(watch));
		hostkey_init(&watch, keys, 2);
		client(agreements[0].client);
		hostkey_feed(&watch, HOSTKEY_SERVER, b.at, cut);
		if (cut < b.n) {
			unit_check(watch.state == HOSTKEY_READING);
			unit_check(cut - hostkey_held(&watch) <= start);
		}
		hostkey_feed(&watch, HOSTKEY_SERVER, b.at + cut, b.n - cut);
		unit_check(watch.state == HOSTKEY_GOOD);
	}
}
END_TEST

/* What comes after a key that is right is nobody's business. */
START_TEST(bytes_after_the_key)
{
	struct bytes b = {room[1], 0};
	size_t start;

	client(agreements[0].client);
	agree(&b, 0, &start);
	put_message(&b, 31, k_s.at, k_s.n);
	put_line(&b, "anything at all");
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_GOOD);
	ck_assert_uint_eq(hostkey_held(&watch), 0);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_GOOD);
	ck_assert_int_eq(feed(HOSTKEY_CLIENT, &b), HOSTKEY_GOOD);
}
END_TEST

/*
 * Sizes: of a whole packet that is read, and of one that is not.
 */
static enum hostkey_state
large_reply(size_t total)
{
	struct bytes b = {room[1], 0}, payload = {room[2], 0};

	put_line(&b, "SSH-2.0-server\n");
	put_kexinit(&b, "curve25519-sha256");
	put_byte(&payload, 31);
	put_string(&payload, k_s.at, k_s.n);
	while (payload.n < total - 4 - 1 - 4)
		put_byte(&payload, 's');
	put_packet(&b, &payload);
	client("curve25519-sha256");
	return feed(HOSTKEY_SERVER, &b);
}

START_TEST(large_replies)
{
	ck_assert_int_eq(large_reply(HOSTKEY_PACKET), HOSTKEY_GOOD);
	setup();
	ck_assert_int_eq(large_reply(HOSTKEY_PACKET + 8), HOSTKEY_UNREADABLE);
}
END_TEST

/* 207: what is in a packet with a KEXINIT, but for fill. */
static enum hostkey_state
large_kexinit(enum hostkey_side side, size_t total)
{
	struct bytes b = {room[1], 0};
	size_t start;

	put_line(&b, "SSH-2.0-x\r\n");
	start = b.n;
	put_kexinit_of(&b, "curve25519-sha256", 0, 0);
	b.n = start;
	put_kexinit_of(&b, "curve25519-sha256",
	    total - 4 - (1 + 16 + 4 + 17 + 8 * 20 + 4 + 5) - 5, 0);
	ck_assert_uint_eq(b.n - start, total);
	return feed(side, &b);
}

START_TEST(large_kexinits)
{
	enum hostkey_side side = _i == 0 ? HOSTKEY_CLIENT : HOSTKEY_SERVER;

	ck_assert_int_eq(large_kexinit(side, HOSTKEY_PACKET), HOSTKEY_READING);
	ck_assert_str_eq(watch.side[side].methods, "curve25519-sha256");
	setup();
	ck_assert_int_eq(
	    large_kexinit(side, HOSTKEY_PACKET + 8), HOSTKEY_UNREADABLE);
}
END_TEST

START_TEST(large_others)
{
	struct bytes b = {room[1], 0};

	put_line(&b, "SSH-2.0-x\r\n");
	put_ignore(&b, HOSTKEY_SKIP - 4 - 5 - 5);
	put_ignore(&b, 60000);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_READING);
	ck_assert_uint_eq(hostkey_held(&watch), 0);
	put_ignore(&b, HOSTKEY_SKIP - 4);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_UNREADABLE);
}
END_TEST

/*
 * Versions.
 */
#define X60  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X240 X60 X60 X60 X60

static const struct {
	const char *text;
	size_t n; /* 0: all of it */
	bool client, server;
} versions[] = {
    {"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", 0, true, true},
    {"SSH-2.0-x\n", 0, true, true},
    {"SSH-2.0-\n", 0, true, true},
    {"SSH-1.99-x\r\n", 0, false, true},
    {"SSH-1.5-x\r\n", 0, false, false},
    {"SSH-2.1-x\r\n", 0, false, false},
    {"SSH-\n", 0, false, false},
    {"SSH-2.0\n", 0, false, false},
    {"ssh-2.0-x\n", 0, false, true},
    {"\n", 0, false, true},
    {"\r\n", 0, false, true},
    {"Welcome\r\nto SSH-2.0-x\n", 0, false, true},
    {"Welcome\r\nSSH-2.0-x\r\n", 0, false, true},
    {"Welcome\r\nSSH-1.5-x\r\n", 0, false, false},
    {"HTTP/1.0 400 Bad Request\r\n\r\n", 0, false, true},
    {"GET / HTTP/1.0\r\n", 0, false, true},
    {"a\rb\n", 0, false, false},
    {"SSH-2.0-x\r\r\n", 0, false, false},
    {"a\0b\n", 4, false, false},
    {"SSH-2.0-\0x\n", 11, false, false},
    {"SSH-2.0-" X240 "12345\r\n", 0, true, true},
    {"SSH-2.0-" X240 "123456\r\n", 0, false, false},
};

START_TEST(version_lines)
{
	const char *text = versions[_i].text;
	size_t n = versions[_i].n != 0 ? versions[_i].n : strlen(text);

	for (int split = 0; split < 2; split++) {
		for (int side = 0; side < 2; side++) {
			bool good = side == HOSTKEY_CLIENT
			    ? versions[_i].client
			    : versions[_i].server;
			const uint8_t *at = (const uint8_t *)text;

			setup();
			for (size_t i = 0; split == 0 && i < n; i++)
				hostkey_feed(
				    &watch, (enum hostkey_side)side, at + i, 1);
			if (split == 1)
				hostkey_feed(
				    &watch, (enum hostkey_side)side, at, n);
			ck_assert_msg((watch.state == HOSTKEY_READING) == good,
			    "%s: side %d", text, side);
			ck_assert_uint_eq(hostkey_held(&watch), 0);
		}
	}
}
END_TEST

START_TEST(many_lines)
{
	struct bytes b = {room[1], 0};
	size_t limit = (size_t)HOSTKEY_LINES + (size_t)_i;

	while (b.n < limit - sizeof("SSH-2.0-x\r\n") + 1)
		put_byte(&b, b.n % 100 == 99 ? '\n' : 'x');
	b.at[b.n - 1] = '\n';
	put_line(&b, "SSH-2.0-x\r\n");
	ck_assert_uint_eq(b.n, limit);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b),
	    _i == 0 ? HOSTKEY_READING : HOSTKEY_UNREADABLE);
}
END_TEST

/*
 * Lists of methods that could be read in two ways.
 */
static const struct {
	const char *list;
	bool good;
} lists[] = {
    {"a", true},
    {"a,b", true},
    {"", false},
    {",", false},
    {"a,", false},
    {",a", false},
    {"a,,b", false},
    {"a b", false},
    {"a\tb", false},
    {"a\nb", false},
    {"a~", true},
    {"a\x7f", false},
    {"a\x80", false},
    {X60 "1234", true},
    {X60 "12345", false},
    {"a," X60 "1234,b", true},
    {"a," X60 "12345,b", false},
};

START_TEST(lists_of_methods)
{
	for (int side = 0; side < 2; side++) {
		struct bytes b = {room[1], 0};

		setup();
		put_line(&b, "SSH-2.0-x\r\n");
		put_kexinit(&b, lists[_i].list);
		ck_assert_int_eq(feed((enum hostkey_side)side, &b),
		    lists[_i].good ? HOSTKEY_READING : HOSTKEY_UNREADABLE);
	}
}
END_TEST

START_TEST(long_list_of_methods)
{
	static char list[HOSTKEY_METHODS + 1];
	struct bytes b = {room[1], 0};
	size_t n = (size_t)HOSTKEY_METHODS - 1 + (size_t)_i;

	for (size_t i = 0; i < n; i++)
		list[i] = i % 50 == 49 && i + 1 < n ? ',' : 'x';
	list[n] = '\0';
	put_line(&b, "SSH-2.0-x\r\n");
	put_kexinit(&b, list);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b),
	    _i == 0 ? HOSTKEY_READING : HOSTKEY_UNREADABLE);
}
END_TEST

/*
 * What a server must not say: after its version line, and perhaps KEXINITs.
 */
enum { METHODS_REPLY, METHODS_GROUP, METHODS_NEW, METHODS_NONE, NO_CLIENT };

#define KEY_LIKE "\0\0\0\x0bssh-ed25519"

static const struct {
	const char *why;
	int methods;
	int message[4]; /* after the KEXINIT; 0 the end; 20 is another one */
	const char *string;
	size_t n;
} rude[] = {
    {"no method in common", METHODS_NONE, {31}, NULL, 0},
    {"a method of tomorrow", METHODS_NEW, {31}, NULL, 0},
    {"a reply before the client's methods", NO_CLIENT, {31}, NULL, 0},
    {"new keys first", METHODS_REPLY, {21}, NULL, 0},
    {"another KEXINIT", METHODS_REPLY, {20}, NULL, 0},
    {"the key of RSA exchange", METHODS_REPLY, {30}, NULL, 0},
    {"32", METHODS_REPLY, {32}, NULL, 0},
    {"33 without a group", METHODS_REPLY, {33}, NULL, 0},
    {"33 before the group", METHODS_GROUP, {33}, NULL, 0},
    {"two groups", METHODS_GROUP, {31, 31}, PRIME, sizeof(PRIME) - 1},
    {"a key as a group", METHODS_GROUP, {31}, NULL, 0},
    {"a prime with a zero", METHODS_GROUP, {31}, "\0\x7fx", 3},
    {"a key's type as a prime", METHODS_GROUP, {31}, KEY_LIKE, 15},
    {"no prime", METHODS_GROUP, {31}, "", 0},
    {"a prime of a byte", METHODS_GROUP, {31}, "\x17", 1},
    {"a service", METHODS_REPLY, {6}, NULL, 0},
    {"extensions", METHODS_REPLY, {7}, NULL, 0},
    {"authentication", METHODS_REPLY, {52}, NULL, 0},
    {"a channel", METHODS_REPLY, {90}, NULL, 0},
    {"message 255", METHODS_REPLY, {255}, NULL, 0},
    {"a key without a type", METHODS_REPLY, {31}, "\0\0\0\x20short", 9},
    {"no key", METHODS_REPLY, {31}, "", 0},
};

static const char *const methods_of[] = {"curve25519-sha256",
    "diffie-hellman-group-exchange-sha256", "curve99", "none", "none"};

START_TEST(rude_servers)
{
	struct bytes b = {room[1], 0};
	int m = rude[_i].methods;

	if (m != NO_CLIENT)
		client(methods_of[m]);
	put_line(&b, "SSH-2.0-x\r\n");
	put_kexinit(
	    &b, m >= METHODS_NONE ? "curve25519-sha256" : methods_of[m]);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_READING);
	for (int i = 0; rude[_i].message[i] != 0; i++) {
		ck_assert_msg(watch.state == HOSTKEY_READING, "%s: too early",
		    rude[_i].why);
		b.n = 0;
		if (rude[_i].message[i] == 20)
			put_kexinit(&b, methods_of[m]);
		else if (rude[_i].string != NULL)
			put_message(&b, rude[_i].message[i], rude[_i].string,
			    rude[_i].n);
		else
			put_message(&b, rude[_i].message[i], k_s.at, k_s.n);
		feed(HOSTKEY_SERVER, &b);
	}
	ck_assert_msg(
	    watch.state == HOSTKEY_UNREADABLE, "%s passes", rude[_i].why);
}
END_TEST

/* A guess that is ignored would hide the second key from us. */
START_TEST(guesses)
{
	struct bytes b = {room[1], 0};

	put_line(&b, "SSH-2.0-x\r\n");
	put_kexinit_of(&b, "curve25519-sha256", 0, 1);
	if (_i == HOSTKEY_SERVER) {
		ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_UNREADABLE);
		return;
	}
	put_message(&b, 30, "a guess", 7);
	ck_assert_int_eq(feed(HOSTKEY_CLIENT, &b), HOSTKEY_READING);
	b.n = 0;
	put_line(&b, "SSH-2.0-x\r\n");
	put_kexinit(&b, "curve25519-sha256");
	put_message(&b, 31, k_s.at, k_s.n);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_GOOD);
}
END_TEST

/* The client says nothing but its methods; then all that it likes. */
START_TEST(clients)
{
	static const int bad[] = {5, 21, 30, 31, 50, 94, 255};
	struct bytes b = {room[1], 0};

	put_line(&b, "SSH-2.0-x\r\n");
	put_ignore(&b, 3);
	put_message(&b, bad[_i], "x", 1);
	ck_assert_int_eq(feed(HOSTKEY_CLIENT, &b), HOSTKEY_UNREADABLE);
	setup();
	client("curve25519-sha256");
	b.n = 0;
	put_message(&b, bad[_i], "x", 1);
	put_line(&b, "anything");
	ck_assert_int_eq(feed(HOSTKEY_CLIENT, &b), HOSTKEY_READING);
	ck_assert_uint_eq(hostkey_held(&watch), 0);
}
END_TEST

/* Packets that are none: length, padding, message. */
static const struct {
	uint32_t length;
	uint8_t padding, message;
	bool good;
} headers[] = {
    {12, 10, 2, true},
    {12, 4, 2, true},
    {4, 4, 2, false},
    {4, 2, 2, false},
    {0, 4, 2, false},
    {12, 3, 2, false},
    {12, 11, 2, false},
    {12, 255, 2, false},
    {13, 4, 2, false},
    {16, 4, 2, false},
    {HOSTKEY_SKIP - 4, 4, 2, true},
    {HOSTKEY_SKIP + 4, 4, 2, false},
    {UINT32_MAX - 3, 4, 2, false},
    {UINT32_MAX, 4, 2, false},
    {12, 4, 0, false},
    {12, 4, 1, true},
    {12, 4, 4, true},
    {12, 4, 5, false},
    {HOSTKEY_PACKET - 4, 4, 20, true},
    {HOSTKEY_PACKET + 4, 4, 20, false},
};

START_TEST(headers_of_packets)
{
	for (int side = 0; side < 2; side++) {
		struct bytes b = {room[1], 0};

		setup();
		put_line(&b, "SSH-2.0-x\r\n");
		put_u32(&b, headers[_i].length);
		put_byte(&b, headers[_i].padding);
		put_byte(&b, headers[_i].message);
		ck_assert_int_eq(feed((enum hostkey_side)side, &b),
		    headers[_i].good ? HOSTKEY_READING : HOSTKEY_UNREADABLE);
	}
}
END_TEST

/* Each shorter KEXINIT or reply is refused, the rest of it being padding. */
START_TEST(cut_payloads)
{
	struct bytes whole = {room[1], 0}, b = {room[2], 0};
	size_t start, payload;

	put_line(&whole, "SSH-2.0-x\r\n");
	start = whole.n;
	if (_i == 0)
		put_kexinit(&whole, "curve25519-sha256");
	else
		put_message(&whole, 31, k_s.at, k_s.n);
	payload = whole.n - start - 5 - whole.at[start + 4];
	for (size_t n = 1; n < payload && whole.n - start - 5 - n < 256; n++) {
		setup();
		client("curve25519-sha256");
		b.n = 0;
		put(&b, whole.at, start);
		if (_i == 1) {
			put_kexinit(&b, "curve25519-sha256");
			if (n >= 1 + 4 + k_s.n)
				break;
		}
		put(&b, whole.at + start, whole.n - start);
		b.at[b.n - (whole.n - start) + 4] =
		    (uint8_t)(whole.n - start - 5 - n);
		ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_UNREADABLE);
	}
}
END_TEST

/* The least number that may be a prime has two bytes. */
START_TEST(small_group)
{
	struct bytes b = {room[1], 0};

	client("diffie-hellman-group-exchange-sha256");
	put_line(&b, "SSH-2.0-x\r\n");
	put_kexinit(&b, "diffie-hellman-group-exchange-sha256");
	put_message(&b, 31, "\x01\x17", 2);
	put_message(&b, 33, k_s.at, k_s.n);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_GOOD);
}
END_TEST

/* What is skipped is not held, whoever's it is, and holds nothing else. */
START_TEST(skipped_packets)
{
	struct bytes b = {room[1], 0};
	size_t ignored;

	put_line(&b, "SSH-2.0-x\r\n");
	put_ignore(&b, 1000);
	ignored = b.n - 100;
	put_kexinit(&b, "curve25519-sha256");
	hostkey_feed(&watch, HOSTKEY_SERVER, b.at, ignored);
	ck_assert_uint_eq(hostkey_held(&watch), 0);
	hostkey_feed(&watch, HOSTKEY_SERVER, b.at + ignored, 120);
	ck_assert_uint_eq(hostkey_held(&watch), 20);
	b.n = 0;
	put_line(&b, "SSH-2.0-x\r\n");
	put_ignore(&b, 1000);
	ck_assert_int_eq(feed(HOSTKEY_CLIENT, &b), HOSTKEY_READING);
	ck_assert_uint_eq(hostkey_held(&watch), 20);
}
END_TEST

/*
 * Certificates.
 */
static const struct {
	const char *type, *plain;
	int fields;
} certificates[] = {
    {"ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", 1},
    {"ssh-rsa-cert-v01@openssh.com", "ssh-rsa", 2},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp256", 2},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp384", 2},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", "ecdsa-sha2-nistp521", 2},
};

static void
put_fields(struct bytes *b, int n, const char *last)
{
	for (; n > 1; n--)
		put_text(b, "the first");
	put_text(b, last);
}

/* The key inside counts, and nothing around it. */
START_TEST(certified_keys)
{
	struct bytes plain = {room[1], 0}, cert = {room[2], 0};
	struct bytes b = {room[0], 0};
	size_t start;

	put_text(&plain, certificates[_i / 2].plain);
	put_fields(&plain, certificates[_i / 2].fields, "key");
	base64_of(&plain, texts[0]);
	put_text(&cert, certificates[_i / 2].type);
	put_text(&cert, "nonce");
	put_fields(&cert, certificates[_i / 2].fields,
	    _i % 2 == 0 ? "key" : "another");
	put_text(&cert, "serial and all the others");
	client(agreements[0].client);
	b.n = 0;
	agree(&b, 0, &start);
	put_message(&b, 31, cert.at, cert.n);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b),
	    _i % 2 == 0 ? HOSTKEY_GOOD : HOSTKEY_WRONG);
}
END_TEST

/* Up to the first field, the nonce, or the type. */
START_TEST(damaged_certificate)
{
	struct bytes cert = {room[2], 0}, b = {room[1], 0};
	size_t start;

	put_text(&cert, certificates[1].type);
	if (_i > 0)
		put_text(&cert, "nonce");
	if (_i > 1)
		put_text(&cert, "exponent");
	client(agreements[0].client);
	agree(&b, 0, &start);
	put_message(&b, 31, cert.at, cert.n);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), HOSTKEY_UNREADABLE);
}
END_TEST

/* A key exchange from the start that ends with this key. */
static void
must_judge(const struct bytes *key, enum hostkey_state state)
{
	struct bytes b = {room[1], 0};
	size_t start;

	memset(&watch, 0, sizeof(watch));
	hostkey_init(&watch, keys, 2);
	client(agreements[0].client);
	agree(&b, 0, &start);
	put_message(&b, 31, key->at, key->n);
	ck_assert_int_eq(feed(HOSTKEY_SERVER, &b), state);
}

/* All that is compared, in every byte and at every size. */
START_TEST(keys_are_compared_whole)
{
	struct bytes key = {room[2], 0};
	char text[sizeof(texts[0])];

	put_text(&key, "ssh-ed25519");
	for (int i = 0; i < 40; i++)
		put_byte(&key, i * 37);
	key.n -= (size_t)_i;
	base64_of(&key, texts[0]);
	must_judge(&key, HOSTKEY_GOOD);
	strcpy(text, texts[0]);
	for (size_t i = 0; i < strlen(text); i++) {
		texts[0][i] = text[i] == 'A' ? 'B' : 'A';
		must_judge(&key, HOSTKEY_WRONG);
		texts[0][i] = text[i];
	}
	for (size_t i = 0; i < strlen(text); i++) {
		texts[0][i] = '\0';
		must_judge(&key, HOSTKEY_WRONG);
		texts[0][i] = text[i];
	}
	strcat(texts[0], "AAAA");
	must_judge(&key, HOSTKEY_WRONG);
}
END_TEST

/* As in the file of the key; what is too long, or odd, is cut. */
START_TEST(text_is_that_of_the_file)
{
	struct bytes key = {room[2], 0};
	char text[HOSTKEY_TEXT], want[2 * HOSTKEY_TEXT];

	for (size_t n = 0; n < 700; n++) {
		key.n = 0;
		put_text(&key, "ssh-rsa");
		for (size_t i = 0; i < n; i++)
			put_byte(&key, (int)(i * 37));
		must_judge(&key, HOSTKEY_WRONG);
		hostkey_text(&watch, text);
		strcpy(want, "ssh-rsa ");
		base64_of(&key, want + strlen(want));
		unit_check(strncmp(text, want, strlen(text)) == 0);
		unit_check(strlen(text) == strlen(want) ||
		    strlen(text) > HOSTKEY_TEXT - 8);
	}
}
END_TEST

/* Of any type, and of none. */
START_TEST(text_of_odd_types)
{
	struct bytes key = {room[2], 0};
	char text[HOSTKEY_TEXT];

	for (size_t n = 0; n < 1300; n++) {
		key.n = 0;
		put_u32(&key, n);
		for (size_t i = 0; i < n; i++)
			put_byte(&key, 't');
		must_judge(&key, HOSTKEY_WRONG);
		memset(text, 'x', sizeof(text));
		hostkey_text(&watch, text);
		unit_check(memchr(text, '\0', sizeof(text)) != NULL);
		unit_check(strspn(text, "t") ==
		    (n < HOSTKEY_TEXT ? n : HOSTKEY_TEXT - 1));
	}
}
END_TEST

static Suite *
hostkey_suite(void)
{
	Suite *s = suite_create("hostkey");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, methods_agree, 0, COUNT(agreements));
	tcase_add_loop_test(tc, wrong_key, 0, COUNT(agreements));
	tcase_add_test(tc, every_split);
	tcase_add_test(tc, bytes_after_the_key);
	tcase_add_test(tc, large_replies);
	tcase_add_loop_test(tc, large_kexinits, 0, 2);
	tcase_add_test(tc, large_others);
	tcase_add_loop_test(tc, version_lines, 0, COUNT(versions));
	tcase_add_loop_test(tc, many_lines, 0, 2);
	tcase_add_loop_test(tc, lists_of_methods, 0, COUNT(lists));
	tcase_add_loop_test(tc, long_list_of_methods, 0, 2);
	tcase_add_loop_test(tc, rude_servers, 0, COUNT(rude));
	tcase_add_loop_test(tc, guesses, 0, 2);
	tcase_add_loop_test(tc, clients, 0, 7);
	tcase_add_loop_test(tc, headers_of_packets, 0, COUNT(headers));
	tcase_add_loop_test(tc, cut_payloads, 0, 2);
	tcase_add_loop_test(tc, certified_keys, 0, 2 * COUNT(certificates));
	tcase_add_loop_test(tc, damaged_certificate, 0, 3);
	tcase_add_test(tc, small_group);
	tcase_add_test(tc, skipped_packets);
	tcase_add_loop_test(tc, keys_are_compared_whole, 0, 4);
	tcase_add_test(tc, text_is_that_of_the_file);
	tcase_add_test(tc, text_of_odd_types);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return unit_run(hostkey_suite());
}
