/* SPDX-License-Identifier: ISC */
/*
 * The host-key reader of the relay: what it says of two streams must not
 * depend on where they are cut.  Records: a byte, of which bit 0 is the side
 * and bit 1 says to make an SSH packet of the rest, a length (low byte first),
 * and as many bytes.
 */
#include "../../jump-connect/hostkey.h"

#include "fuzz.h"

static const char blob[] =
    "\0\0\0\013ssh-ed25519\0\0\0\040ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";

struct run {
	struct hostkey h;
	size_t fed; /* by the server */
};

static const char *const keys[] = {
    "AAAAC3NzaC1lZDI1NTE5AAAAIEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaYWJjZGVm"};
static uint32_t random_state;

static size_t
random_piece(size_t most)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8 & 1 ? most : (random_state >> 16) % most + 1;
}

static void
check(const struct run *r)
{
	char text[HOSTKEY_TEXT];

	must(hostkey_held(&r->h) <= r->fed);
	if (r->h.state != HOSTKEY_GOOD && r->h.state != HOSTKEY_WRONG)
		return;
	must((r->h.seen_size == sizeof(blob) - 1 &&
		 memcmp(r->h.seen, blob, sizeof(blob) - 1) == 0) ==
	    (r->h.state == HOSTKEY_GOOD));
	hostkey_text(&r->h, text);
	must(memchr(text, '\0', sizeof(text)) != NULL);
}

static void
feed(struct run *r, enum hostkey_side side, const uint8_t *data, size_t size)
{
	enum hostkey_state before = r->h.state, after;

	if (side == HOSTKEY_SERVER)
		r->fed += size;
	after = hostkey_feed(&r->h, side, data, size);
	must(after == r->h.state);
	must(before == HOSTKEY_READING || after == before);
	check(r);
}

static void
feed_pieces(
    struct run *r, enum hostkey_side side, const uint8_t *data, size_t size)
{
	while (size > 0) {
		size_t n = random_piece(size);
		uint8_t *piece = malloc(n);

		must(piece != NULL);
		memcpy(piece, data, n);
		feed(r, side, piece, n);
		free(piece);
		data += n;
		size -= n;
	}
}

/* The least padding; what a packet is, as RFC 4253, 6 has it. */
static size_t
make_packet(uint8_t *out, const uint8_t *payload, size_t n)
{
	size_t padding = 8 - (n + 5) % 8, all;

	padding += padding < 4 ? 8 : 0;
	all = n + padding + 1;
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(all >> (24 - 8 * i));
	out[4] = (uint8_t)padding;
	memcpy(out + 5, payload, n);
	memset(out + 5 + n, 0, padding);
	return 4 + all;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run whole, parts;
	static uint8_t packet[65536 + 32];

	memset(&whole, 0, sizeof(whole));
	memset(&parts, 0, sizeof(parts));
	hostkey_init(&whole.h, keys, 1);
	hostkey_init(&parts.h, keys, 1);
	random_state = (uint32_t)size;
	while (size >= 3) {
		enum hostkey_side side =
		    data[0] & 1 ? HOSTKEY_SERVER : HOSTKEY_CLIENT;
		size_t n = (size_t)(data[1] | data[2] << 8);
		const uint8_t *at = data + 3;

		n = n < size - 3 ? n : size - 3;
		random_state ^= data[0];
		size -= 3 + n;
		data = at + n;
		if (n > 0 && data[-1] != 0)
			random_state += data[-1];
		if (*(at - 3) & 2) {
			n = make_packet(packet, at, n);
			at = packet;
		}
		feed(&whole, side, at, n);
		feed_pieces(&parts, side, at, n);
		must(whole.h.state == parts.h.state);
		if (whole.h.state == HOSTKEY_READING)
			must(hostkey_held(&whole.h) == hostkey_held(&parts.h));
		must(whole.h.seen_size == parts.h.seen_size);
	}
	return 0;
}
