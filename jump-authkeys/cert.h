/* SPDX-License-Identifier: ISC */
/*
 * Certificates of OpenSSH: strictly read, and nothing else.  The bytes come
 * from whoever connects, before they have shown that they are anybody; all
 * lengths are theirs.  Signature and validity are sshd's to judge.
 * Source: PROTOCOL.certkeys.
 */
#ifndef CERT_H
#define CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CERT_BYTES_MAX = 32768,
	CERT_PRINCIPALS_MAX = 256, /* as in OpenSSH */
	CERT_USER = 1		   /* a certificate's kind; 2 is a host's */
};

/* Bytes of somebody else's; here they contain no NUL, and have none after. */
struct piece {
	const uint8_t *at;
	size_t size;
};

/* The pieces are of the caller's bytes. */
struct cert {
	uint64_t serial;
	uint32_t kind;
	struct piece id, principals, authority;
	bool security_key; /* the certified key is one of the sk- types */
	bool verify;	   /* critical option verify-required */
};

/* Whether it is a type of certificate whose keys jump-policy(5) knows. */
bool cert_known(const char *type);

/*
 * Read a certificate of this type.  False if anything about it is wrong: a
 * length, a byte too many, a NUL in a string, more than CERT_PRINCIPALS_MAX
 * principals.
 */
bool cert_parse(
    struct cert *, const char *type, const uint8_t *bytes, size_t size);

/*
 * Take the first principal off rest, which begins as cert->principals.
 * False if there is none left.
 */
bool cert_principal(struct piece *rest, struct piece *principal);

bool piece_is(const struct piece *, const char *text);

#endif
