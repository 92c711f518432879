/* SPDX-License-Identifier: ISC */
/*
 * Files of requests and approvals, which users write: what is read is what
 * would be written, to the byte, and so is one thing only.
 */
#include "grant.h"

#include "fuzz.h"

static void
check_request(const char *text)
{
	struct grant_request r = {0};
	char again[GRANT_FILE];
	int n;

	if (!grant_request_parse(&r, text))
		return;
	n = grant_request_print(again, sizeof(again), &r.tuple);
	must(n > 0 && strcmp(again, text) == 0);
	must(grant_tuple_equal(&r.tuple, &r.tuple));
	must(r.tuple.seconds > 0 && r.tuple.until > r.tuple.from);
	must(strlen(r.tuple.nonce) == GRANT_NONCE);
	for (const char *c = r.tuple.reason; *c != '\0'; c++)
		must(*c >= ' ' && *c <= '~');
}

static void
check_answer(const char *text)
{
	struct grant_answer a = {0};
	char again[GRANT_FILE];
	int n;

	if (!grant_answer_parse(&a, text))
		return;
	n = grant_answer_print(again, sizeof(again), &a);
	must(n > 0 && strncmp(again, text, (size_t)n) == 0);
	must(strcmp(text + n, a.signature == NULL ? "" : a.signature) == 0);
	must(a.refusal == (strncmp(text, "jump-refusal", 12) == 0));
	free(a.signature);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size >= GRANT_FILE || memchr(data, '\0', size) != NULL)
		return 0;
	text = fuzz_text(data, size);
	check_request(text);
	check_answer(text);
	free(text);
	return 0;
}
