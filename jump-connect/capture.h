/* SPDX-License-Identifier: ISC */
/*
 * A record of a session: what a target's port said in clear text, as a file
 * that network analysers read.  Source: draft-ietf-opsawg-pcapng; the headers
 * of IP and TCP in it, which sshd or the kernel took off, are made up from the
 * addresses of the real connection.
 */
#ifndef CAPTURE_H
#define CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "match.h"
#include "record.h"

enum { CAPTURE_MAX = 1 << 30 /* bytes of one; then the session ends */ };

enum capture_side { CAPTURE_CLIENT, CAPTURE_TARGET };

struct capture {
	struct record file;
	struct capture_end {
		struct addr addr;
		uint16_t port;
		uint32_t seq; /* of the next byte */
		bool ended;
	} ends[2];
};

/*
 * Begin a record in fd, a new file, of the connected TCP socket: who it is
 * about, in printable ASCII, and the handshake.  The descriptor stays the
 * caller's.  0, or -1 and errno.
 */
int capture_begin(struct capture *, int fd, int sock, const char *about);

/*
 * What a side has said, or that it says no more, before the other gets to see
 * it.  Allocates nothing; calls record_write() and clock_gettime.
 * 0, or -1 and errno if it is not all in the file.
 */
int capture_data(
    struct capture *, enum capture_side, const void *bytes, size_t n);
int capture_end(struct capture *, enum capture_side);

#endif
