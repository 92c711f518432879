/* SPDX-License-Identifier: ISC */
#include "cert.h"

#include <string.h>

/* The key itself: how many strings (or mpints) stand between nonce and serial. */
static const struct kind {
	const char *type;
	int strings;
	bool security_key;
} kinds[] = {
    {"ssh-ed25519-cert-v01@openssh.com", 1, false},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", 2, false},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", 2, false},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", 2, false},
    {"ssh-rsa-cert-v01@openssh.com", 2, false},
    {"sk-ssh-ed25519-cert-v01@openssh.com", 2, true},
    {"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 3, true},
};

static const struct kind *
find_kind(const char *type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	}
	return NULL;
}

bool
cert_known(const char *type)
{
	return find_kind(type) != NULL;
}

/* A number of so many bytes, RFC 4251, 5. */
static bool
take_number(struct piece *from, size_t bytes, uint64_t *n)
{
	if (from->size < bytes)
		return false;
	for (*n = 0; bytes > 0; bytes--) {
		*n = *n << 8 | *from->at++;
		from->size--;
	}
	return true;
}

static bool
take_string(struct piece *from, struct piece *string)
{
	uint64_t n;

	if (!take_number(from, 4, &n) || n > from->size)
		return false;
	*string = (struct piece){from->at, (size_t)n};
	from->at += n;
	from->size -= (size_t)n;
	return true;
}

static bool
take_text(struct piece *from, struct piece *string)
{
	return take_string(from, string) &&
	    memchr(string->at, '\0', string->size) == NULL;
}

bool
piece_is(const struct piece *piece, const char *text)
{
	return piece->size == strlen(text) &&
	    memcmp(piece->at, text, piece->size) == 0;
}

static bool
good_principals(struct piece rest)
{
	struct piece principal;
	int n = 0;

	while (rest.size > 0) {
		if (n++ == CERT_PRINCIPALS_MAX || !take_text(&rest, &principal))
			return false;
	}
	return true;
}

/* Options: names and values.  Whether one is verify-required, if asked. */
static bool
good_options(struct piece rest, bool *verify)
{
	struct piece name, value;

	while (rest.size > 0) {
		if (!take_text(&rest, &name) || !take_string(&rest, &value))
			return false;
		if (verify != NULL && piece_is(&name, "verify-required"))
			*verify = true;
	}
	return true;
}

/* From the type to the end of the key that is certified. */
static bool
take_key(struct piece *from, const struct kind *kind)
{
	struct piece part;

	if (!take_string(from, &part) || !piece_is(&part, kind->type))
		return false;
	for (int i = 0; i < 1 + kind->strings; i++) { /* with the nonce */
		if (!take_string(from, &part))
			return false;
	}
	return true;
}

bool
cert_parse(struct cert *c, const char *type, const uint8_t *bytes, size_t size)
{
	const struct kind *kind = find_kind(type);
	struct piece rest = {bytes, size}, critical, extensions, ignored;
	uint64_t n, validity;

	memset(c, 0, sizeof(*c));
	if (kind == NULL || size > CERT_BYTES_MAX || !take_key(&rest, kind) ||
	    !take_number(&rest, 8, &c->serial) || !take_number(&rest, 4, &n) ||
	    !take_text(&rest, &c->id) || !take_string(&rest, &c->principals) ||
	    !take_number(&rest, 8, &validity) ||
	    !take_number(&rest, 8, &validity) ||
	    !take_string(&rest, &critical) ||
	    !take_string(&rest, &extensions) ||
	    !take_string(&rest, &ignored) || /* reserved */
	    !take_string(&rest, &c->authority) ||
	    !take_string(&rest, &ignored) || /* signature */
	    rest.size != 0)
		return false;
	c->kind = (uint32_t)n;
	c->security_key = kind->security_key;
	return good_principals(c->principals) &&
	    good_options(extensions, NULL) &&
	    good_options(critical, &c->verify);
}

bool
cert_principal(struct piece *rest, struct piece *principal)
{
	return rest->size > 0 && take_text(rest, principal);
}
