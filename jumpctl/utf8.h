/* SPDX-License-Identifier: ISC */
/* One character as UTF-8, RFC 3629. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_MAX = 4, UTF8_UNKNOWN = 0xfffd };

/* The length; c is at most 0x10ffff, and no surrogate. */
size_t utf8_encode(char to[UTF8_MAX], uint32_t c);

#endif
