/* SPDX-License-Identifier: ISC */
/*
 * Public keys as the policy has them: a type and base64, one a line.  What is
 * taken is taken in one spelling only, and whole.
 */
#include "pubkey.h"

#include "fuzz.h"
#include "match.h"

enum { ROOM = 4096 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text;
	const char *type = strsep(&rest, "\n");
	const char *blob = rest == NULL ? "" : strsep(&rest, "\n");
	uint8_t *raw = malloc(ROOM), again[ROOM];
	size_t n = 0;
	enum pubkey_error error;

	must(raw != NULL);
	error = pubkey_decode(type, blob, raw, ROOM, &n);
	must(error < PUBKEY_COUNT);
	must(fuzz_is_line(pubkey_strerror(error)));
	if (error == PUBKEY_OK) {
		size_t length = strlen(type);

		must(n <= ROOM && n > 4 + length);
		must(base64_decode(blob, again, ROOM) == (int)n);
		must(memcmp(raw, again, n) == 0);
		must(raw[3] == length && memcmp(raw + 4, type, length) == 0);
	}
	free(raw);
	free(text);
	return 0;
}
