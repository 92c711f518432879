/* SPDX-License-Identifier: ISC */
/*
 * Public keys as a .pub file has them: whether what base64 holds is a key of
 * the type that stands before it.  Pure.  Sources: RFC 4253 6.6, RFC 5656
 * 3.1, RFC 8709 4, PROTOCOL.u2f of OpenSSH.
 */
#ifndef PUBKEY_H
#define PUBKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pubkey_error {
	PUBKEY_OK,
	PUBKEY_UNKNOWN, /* no type of ours */
	PUBKEY_PRIVATE, /* the first line of a private key */
	PUBKEY_DSA,
	PUBKEY_CERTIFICATE,
	PUBKEY_BASE64, /* damaged, or not the one spelling */
	PUBKEY_OTHER,  /* a key of another type */
	PUBKEY_SHORT,  /* ends too early */
	PUBKEY_LONG,   /* something follows it */
	PUBKEY_WEAK,   /* RSA of less than 1024 bits, or over 16384 */
	PUBKEY_WRONG,  /* no such point, exponent or curve */
	PUBKEY_COUNT
};

/* Whether it is a type of ours. */
bool pubkey_known(const char *type);

/*
 * Decode blob, which is base64, into raw, which has room bytes; *size is what
 * was written.  Whether a point is on its curve is not looked at.
 */
enum pubkey_error pubkey_decode(const char *type, const char *blob,
    uint8_t *raw, size_t room, size_t *size);

/* What is wrong, and what to do about it, each in a few words. */
const char *pubkey_strerror(enum pubkey_error);
const char *pubkey_hint(enum pubkey_error);

#endif
