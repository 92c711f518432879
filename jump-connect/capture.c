/* SPDX-License-Identifier: ISC */
/*
 * Made up packets, each written before what it says goes on.
 *
 * Not by tee(2): it copies between pipes, and neither the target nor a gate's
 * client is one; what it leaves in a pipe has no headers, and no sum of what it
 * says; and splice(2) does not write to a file that is open for appending,
 * which is what keeps the owner of a record from writing over it (EINVAL, Linux
 * 6.18).  On a busy machine of two cores, 400 MiB from a pipe to a target went
 * at 170 to 270 MB/s on record and at 220 to 344 without.
 */
#include "capture.h"

#include <sys/socket.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 6,
	BYTE_ORDER_MAGIC = 0x1a2b3c4d,
	LINK_RAW = 101, /* packets begin with the header of IP */
	OPTION_COMMENT = 1,
	OPTION_TSRESOL = 9,
	NANOSECONDS = 9,
	PAYLOAD = 32 * 1024, /* of a packet, at most */
	HEADERS = 40 + 20,
	ABOUT_MAX = 512
};

enum { FIN = 0x01, SYN = 0x02, PSH = 0x08, ACK = 0x10 };

/* One block as it is made; numbers in the byte order of this machine. */
struct block {
	uint8_t bytes[PAYLOAD + HEADERS + 64];
	size_t n;
};

static struct block block; /* too large for a stack */

static void
put(struct block *b, const void *bytes, size_t n)
{
	memcpy(b->bytes + b->n, bytes, n);
	b->n += n;
}

static void
put_u32(struct block *b, uint32_t n)
{
	put(b, &n, sizeof(n));
}

static void
put_u16(struct block *b, uint16_t n)
{
	put(b, &n, sizeof(n));
}

static void
pad(struct block *b)
{
	static const uint8_t zero[3];

	put(b, zero, (4 - b->n % 4) % 4);
}

static void
put_option(struct block *b, uint16_t code, const void *value, uint16_t n)
{
	put_u16(b, code);
	put_u16(b, n);
	put(b, value, n);
	pad(b);
}

static void
begin(struct block *b, uint32_t type)
{
	b->n = 0;
	put_u32(b, type);
	put_u32(b, 0);
}

/* Its length stands at both ends of a block. */
static int
end(struct capture *c, struct block *b)
{
	uint32_t n = (uint32_t)b->n + 4;

	put_u32(b, n);
	memcpy(b->bytes + 4, &n, sizeof(n));
	return record_write(&c->file, b->bytes, b->n);
}

/*
 * Packets.
 */
static uint32_t
sum(uint32_t before, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i + 1 < n; i += 2)
		before += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (n % 2 != 0)
		before += (uint32_t)bytes[n - 1] << 8;
	return before;
}

/* RFC 1071, of what has been added up. */
static uint16_t
checksum(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void
at_u16(uint8_t *at, uint16_t n)
{
	at[0] = (uint8_t)(n >> 8);
	at[1] = (uint8_t)n;
}

static void
at_u32(uint8_t *at, uint32_t n)
{
	at_u16(at, (uint16_t)(n >> 16));
	at_u16(at + 2, (uint16_t)n);
}

/* RFC 791 and RFC 8200; the length of the header.  *pseudo is TCP's part. */
static size_t
ip_header(uint8_t *h, const struct capture_end *from,
    const struct capture_end *to, size_t n, uint32_t *pseudo)
{
	bool v4 = addr_is_v4(&from->addr);
	size_t width = v4 ? 4 : 16, size = v4 ? 20 : 40;
	uint8_t *addresses = h + size - 2 * width;

	memset(h, 0, size);
	memcpy(addresses, from->addr.b + 16 - width, width);
	memcpy(addresses + width, to->addr.b + 16 - width, width);
	*pseudo = sum(IPPROTO_TCP + (uint32_t)n, addresses, 2 * width);
	h[v4 ? 8 : 7] = 64; /* hops */
	h[v4 ? 9 : 6] = IPPROTO_TCP;
	if (!v4) {
		h[0] = 0x60;
		at_u16(h + 4, (uint16_t)n);
		return size;
	}
	h[0] = 0x45;
	at_u16(h + 2, (uint16_t)(size + n));
	h[6] = 0x40; /* do not fragment */
	at_u16(h + 10, checksum(sum(0, h, size)));
	return size;
}

/* RFC 9293, 3.1, without options. */
static void
put_packet(struct block *b, const struct capture_end *from,
    const struct capture_end *to, uint8_t flags, const void *bytes, size_t n)
{
	uint8_t *ip = b->bytes + b->n, *tcp;
	uint32_t pseudo;

	b->n += ip_header(ip, from, to, 20 + n, &pseudo);
	tcp = b->bytes + b->n;
	memset(tcp, 0, 20);
	at_u16(tcp, from->port);
	at_u16(tcp + 2, to->port);
	at_u32(tcp + 4, from->seq);
	at_u32(tcp + 8, flags & ACK ? to->seq : 0);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	at_u16(tcp + 14, 0xffff);
	b->n += 20;
	if (n > 0)
		put(b, bytes, n);
	at_u16(tcp + 16, checksum(sum(pseudo, tcp, 20 + n)));
}

static int
packet(struct capture *c, enum capture_side side, uint8_t flags,
    const void *bytes, size_t n)
{
	struct capture_end *from = &c->ends[side], *to = &c->ends[!side];
	size_t size = (addr_is_v4(&from->addr) ? 40 : HEADERS) + n;
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_REALTIME, &now);
	ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	begin(&block, BLOCK_PACKET);
	put_u32(&block, 0); /* the interface */
	put_u32(&block, (uint32_t)(ns >> 32));
	put_u32(&block, (uint32_t)ns);
	put_u32(&block, (uint32_t)size);
	put_u32(&block, (uint32_t)size);
	put_packet(&block, from, to, flags, bytes, n);
	pad(&block);
	from->seq += (uint32_t)n + ((flags & (SYN | FIN)) != 0);
	return end(c, &block);
}

int
capture_data(
    struct capture *c, enum capture_side side, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;

	while (n > 0) {
		size_t part = n < PAYLOAD ? n : PAYLOAD;

		if (packet(c, side, PSH | ACK, at, part) == -1)
			return -1;
		at += part;
		n -= part;
	}
	return 0;
}

int
capture_end(struct capture *c, enum capture_side side)
{
	if (c->ends[side].ended)
		return 0;
	c->ends[side].ended = true;
	return packet(c, side, FIN | ACK, NULL, 0);
}

/*
 * The beginning.
 */
static int
read_end(struct capture_end *e,
    int (*name)(int, struct sockaddr *, socklen_t *), int sock)
{
	struct sockaddr_storage ss = {0};
	socklen_t size = sizeof(ss);

	if (name(sock, (struct sockaddr *)&ss, &size) == -1)
		return -1;
	errno = EAFNOSUPPORT;
	e->port = addr_port((struct sockaddr *)&ss);
	return addr_from_sockaddr(&e->addr, (struct sockaddr *)&ss) ? 0 : -1;
}

static int
put_section(struct capture *c, const char *about)
{
	static const uint8_t nanoseconds = NANOSECONDS;
	size_t n = strnlen(about, ABOUT_MAX);

	begin(&block, BLOCK_SECTION);
	put_u32(&block, BYTE_ORDER_MAGIC);
	put_u16(&block, 1); /* version 1.0 */
	put_u16(&block, 0);
	put_u32(&block, UINT32_MAX); /* its length, which is not known */
	put_u32(&block, UINT32_MAX);
	put_option(&block, OPTION_COMMENT, about, (uint16_t)n);
	put_u32(&block, 0); /* no more options */
	if (end(c, &block) == -1)
		return -1;
	begin(&block, BLOCK_INTERFACE);
	put_u16(&block, LINK_RAW);
	put_u16(&block, 0);
	put_u32(&block, 0); /* packets of any length */
	put_option(&block, OPTION_TSRESOL, &nanoseconds, 1);
	put_u32(&block, 0);
	return end(c, &block);
}

int
capture_begin(struct capture *c, int fd, int sock, const char *about)
{
	*c = (struct capture){.file = {.fd = fd, .max = CAPTURE_MAX}};
	if (read_end(&c->ends[CAPTURE_CLIENT], getsockname, sock) == -1 ||
	    read_end(&c->ends[CAPTURE_TARGET], getpeername, sock) == -1 ||
	    put_section(c, about) == -1 ||
	    packet(c, CAPTURE_CLIENT, SYN, NULL, 0) == -1 ||
	    packet(c, CAPTURE_TARGET, SYN | ACK, NULL, 0) == -1)
		return -1;
	return packet(c, CAPTURE_CLIENT, ACK, NULL, 0);
}
