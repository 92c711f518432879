/* SPDX-License-Identifier: ISC */
/*
 * Bytes both ways between standard input and output and a socket.
 */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "capture.h"
#include "hostkey.h"

/*
 * sent and received count bytes as they are delivered, and active is the time
 * of the last of them (CLOCK_MONOTONIC, ms, to within a tick of the kernel's
 * clock); others may look at all three meanwhile.
 */
struct relay {
	int in, out, sock; /* in and out may be one socket */
	int login;	   /* readable once it has ended; -1 none */
	bool terminal;	   /* login is jump-record, which ends after ssh */
	time_t deadline;   /* CLOCK_REALTIME; 0 none */
	int idle;	   /* seconds without a byte; 0 none */
	uint64_t *sent, *received;
	int64_t *active;
	struct hostkey *hostkey; /* watches the key exchange; NULL: none */
	struct capture *capture; /* gets all that is said first; NULL: none */

	/* Found out by relay_prepare(). */
	bool in_splices, out_splices, tcp;
	int in_flags, out_flags;
};

enum relay_end {
	RELAY_DONE,	   /* both directions have ended */
	RELAY_RESET,	   /* the peer broke off, or is dead */
	RELAY_CLIENT_GONE, /* nobody reads out any more */
	RELAY_IDLE,
	RELAY_DEADLINE,
	RELAY_LOGIN,	/* login has ended, and the client goes on */
	RELAY_TERMINAL, /* login has, and is a terminal's */
	RELAY_HOSTKEY,	/* not one that hostkey accepts, or none to be read */
	RELAY_ERROR,	/* out cannot be written to */
	RELAY_CAPTURE,	/* what was said could not be put on record */
	RELAY_KICK,	/* SESSION_KICK from root */
	RELAY_SWEEP,	/* SESSION_SWEEP from root */
	RELAY_OUTDATED, /* never begun: see its caller */
	RELAY_SIGNAL, /* these from others, SIGHUP, SIGINT, SIGQUIT, SIGTERM */
};

/*
 * Set up the connected socket, find out how in and out can be served, and
 * have the signals of its ends wait until it runs; this needs system calls
 * that the relay is later denied.  0, or -1.
 */
int relay_prepare(struct relay *);

/*
 * Relay until one of the ends.  The end of one direction is carried over: end
 * of file on in shuts down the socket for writing, and that of the socket
 * closes out (or shuts it down, if it is a socket), while the other direction
 * goes on.  What the client wrote before it went is still delivered, for five
 * seconds at most.  With a hostkey, nothing of a key that it does not accept
 * is delivered; once it has accepted one, it is forgotten.  With a capture,
 * nothing is delivered that is not on record, and nothing is spliced; it goes
 * with no hostkey.  The deadline
 * follows the clock when that is set.
 *
 * Allocates nothing.  in and out are non-blocking meanwhile, also for others
 * who share them; their flags are restored at the end.  SIGPIPE must be
 * ignored.  The caller closes the descriptors, except for an out that is
 * closed by then.
 */
enum relay_end relay_run(struct relay *);

#endif
