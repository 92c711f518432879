/* SPDX-License-Identifier: ISC */
/*
 * Certificates as sshd hands them over: a type on a line, and bytes of whoever
 * connects.  What is taken is taken whole, and every piece lies within it.
 */
#include "../../jump-authkeys/cert.h"

#include "fuzz.h"

struct bytes {
	const uint8_t *at;
	size_t size;
};

static bool
inside(struct bytes b, struct piece piece)
{
	return piece.at >= b.at && piece.size <= b.size &&
	    (size_t)(piece.at - b.at) <= b.size - piece.size;
}

/* At most so many, without a NUL, and what is left is nothing. */
static void
check_principals(struct bytes b, struct piece rest)
{
	struct piece principal;
	size_t n = 0, sizes = 0, all = rest.size;

	while (cert_principal(&rest, &principal)) {
		n++;
		sizes += 4 + principal.size;
		must(inside(b, principal));
		must(memchr(principal.at, '\0', principal.size) == NULL);
	}
	must(n <= CERT_PRINCIPALS_MAX && rest.size == 0 && sizes == all);
}

static void
check(const char *type, struct bytes b, const struct cert *c)
{
	static const char option[] = "verify-required";

	must(cert_known(type));
	must(b.size <= CERT_BYTES_MAX);
	must(b.size > 4 + strlen(type));
	must(memcmp(b.at + 4, type, strlen(type)) == 0);
	must(inside(b, c->id) && inside(b, c->principals));
	must(inside(b, c->authority));
	must(memchr(c->id.at, '\0', c->id.size) == NULL);
	must(c->security_key == (strncmp(type, "sk-", 3) == 0));
	must(!c->verify ||
	    memmem(b.at, b.size, option, sizeof(option) - 1) != NULL);
	check_principals(b, c->principals);
}

/* In memory of exactly that size, so that a read beyond it is seen. */
static bool
parse(const char *type, const uint8_t *data, size_t size)
{
	struct cert c;
	uint8_t *copy = malloc(size);
	bool good;

	must(copy != NULL || size == 0);
	if (size > 0)
		memcpy(copy, data, size);
	good = cert_parse(&c, type, copy, size);
	if (good)
		check(type, (struct bytes){copy, size}, &c);
	free(copy);
	return good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	size_t line = strcspn(text, "\n");
	size_t from = line < size ? line + 1 : size;

	if (text[line] == '\n')
		text[line] = '\0';
	if (parse(text, data + from, size - from)) {
		must(!parse(text, data + from, size - from - 1));
		must(from + 1 > size ||
		    !parse(text, data + from + 1, size - from - 1));
	}
	free(text);
	return 0;
}
