/* SPDX-License-Identifier: ISC */
#include "utf8.h"

size_t
utf8_encode(char to[UTF8_MAX], uint32_t c)
{
	static const uint8_t first[] = {0, 0xc0, 0xe0, 0xf0};
	size_t more = (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);

	to[0] = (char)(first[more] | c >> 6 * more);
	for (size_t i = 1; i <= more; i++)
		to[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
	return more + 1;
}
