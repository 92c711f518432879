/* SPDX-License-Identifier: ISC */
#include "pubkey.h"

#include <string.h>

#include "match.h"

enum { RSA_BITS_MIN = 1024, RSA_BITS_MAX = 16384, ED25519_BYTES = 32 };

/* What is left of a key; every read moves on. */
struct wire {
	const uint8_t *at;
	size_t left;
};

struct bytes {
	const uint8_t *at;
	size_t size;
};

/* A string of RFC 4251 5: four bytes of length, and so many bytes. */
static bool
take(struct wire *w, struct bytes *s)
{
	if (w->left < 4)
		return false;
	s->at = w->at + 4;
	s->size = (size_t)w->at[0] << 24 | (size_t)w->at[1] << 16 |
	    (size_t)w->at[2] << 8 | w->at[3];
	if (s->size > w->left - 4)
		return false;
	w->at += 4 + s->size;
	w->left -= 4 + s->size;
	return true;
}

static bool
is(const struct bytes *s, const char *text)
{
	return s->size == strlen(text) && memcmp(s->at, text, s->size) == 0;
}

static enum pubkey_error
check_ed25519(struct wire *w, const char *curve, size_t point)
{
	struct bytes key;

	(void)curve;
	(void)point;
	if (!take(w, &key) || key.size < ED25519_BYTES)
		return PUBKEY_SHORT;
	return key.size > ED25519_BYTES ? PUBKEY_LONG : PUBKEY_OK;
}

/* The curve's name, and a point that is not compressed. */
static enum pubkey_error
check_ecdsa(struct wire *w, const char *curve, size_t point)
{
	struct bytes name, q;

	if (!take(w, &name))
		return PUBKEY_SHORT;
	if (!is(&name, curve))
		return PUBKEY_WRONG;
	if (!take(w, &q))
		return PUBKEY_SHORT;
	return q.size == point && q.at[0] == 4 ? PUBKEY_OK : PUBKEY_WRONG;
}

/* Bits of a positive number as RFC 4251 5 writes it; 0 if it is none. */
static size_t
number_bits(const struct bytes *n)
{
	size_t zero = n->size > 0 && n->at[0] == 0 ? 1 : 0, bits;

	if (n->size == zero || (n->at[0] & 0x80) != 0 ||
	    (zero == 1 && (n->at[1] & 0x80) == 0))
		return 0;
	bits = (n->size - zero) * 8;
	for (int bit = 7; (n->at[zero] >> bit & 1) == 0; bit--)
		bits--;
	return bits;
}

static enum pubkey_error
check_rsa(struct wire *w, const char *curve, size_t point)
{
	struct bytes e, n;
	size_t bits;

	(void)curve;
	(void)point;
	if (!take(w, &e) || !take(w, &n))
		return PUBKEY_SHORT;
	bits = number_bits(&n);
	if (number_bits(&e) < 2 || (e.at[e.size - 1] & 1) == 0 || bits == 0)
		return PUBKEY_WRONG;
	return bits < RSA_BITS_MIN || bits > RSA_BITS_MAX ? PUBKEY_WEAK
							  : PUBKEY_OK;
}

static const struct {
	const char *type;
	enum pubkey_error (*check)(struct wire *, const char *, size_t);
	const char *curve;
	size_t point;
	bool application; /* of a security key */
} types[] = {{"ssh-ed25519", check_ed25519, NULL, 0, false},
    {"ecdsa-sha2-nistp256", check_ecdsa, "nistp256", 65, false},
    {"ecdsa-sha2-nistp384", check_ecdsa, "nistp384", 97, false},
    {"ecdsa-sha2-nistp521", check_ecdsa, "nistp521", 133, false},
    {"ssh-rsa", check_rsa, NULL, 0, false},
    {"sk-ssh-ed25519@openssh.com", check_ed25519, NULL, 0, true},
    {"sk-ecdsa-sha2-nistp256@openssh.com", check_ecdsa, "nistp256", 65, true}};

enum { TYPES = sizeof(types) / sizeof(types[0]) };

/* Of a type; TYPES if it is none of ours. */
static size_t
find_type(const char *type)
{
	size_t i;

	for (i = 0; i < TYPES && strcmp(types[i].type, type) != 0; i++)
		;
	return i;
}

bool
pubkey_known(const char *type)
{
	return find_type(type) != TYPES;
}

static enum pubkey_error
check_blob(size_t i, const uint8_t *raw, size_t size)
{
	struct wire w = {raw, size};
	struct bytes type, application;
	enum pubkey_error error;

	if (!take(&w, &type))
		return PUBKEY_SHORT;
	if (!is(&type, types[i].type))
		return PUBKEY_OTHER;
	error = types[i].check(&w, types[i].curve, types[i].point);
	if (error != PUBKEY_OK)
		return error;
	if (types[i].application && !take(&w, &application))
		return PUBKEY_SHORT;
	return w.left == 0 ? PUBKEY_OK : PUBKEY_LONG;
}

static enum pubkey_error
unknown_type(const char *type)
{
	if (strncmp(type, "-----BEGIN", 10) == 0)
		return PUBKEY_PRIVATE;
	if (strstr(type, "-cert-v01@") != NULL)
		return PUBKEY_CERTIFICATE;
	return strcmp(type, "ssh-dss") == 0 ? PUBKEY_DSA : PUBKEY_UNKNOWN;
}

enum pubkey_error
pubkey_decode(
    const char *type, const char *blob, uint8_t *raw, size_t room, size_t *size)
{
	size_t i = find_type(type);
	int n;

	if (i == TYPES)
		return unknown_type(type);
	n = base64_decode(blob, raw, room);
	if (n == -1 || strlen(blob) % 4 != 0) /* one key has one spelling */
		return PUBKEY_BASE64;
	*size = (size_t)n;
	return check_blob(i, raw, *size);
}

static const struct {
	const char *what, *hint;
} errors[PUBKEY_COUNT] = {
    [PUBKEY_OK] = {"no error", NULL},
    [PUBKEY_UNKNOWN] = {"unknown type of key",
	"in the quotes: type, base64, comment; options follow them"},
    [PUBKEY_PRIVATE] = {"this is a private key",
	"paste the line of the .pub file"},
    [PUBKEY_DSA] = {"DSA keys are not accepted",
	"make another: ssh-keygen -t ed25519"},
    [PUBKEY_CERTIFICATE] = {"a certificate is not a key",
	"give the authority's key: ca NAME \"KEY\" for WHO"},
    [PUBKEY_BASE64] = {"damaged key: not base64",
	"paste the line of the .pub file again"},
    [PUBKEY_OTHER] = {"damaged key: it is of another type than it says",
	"paste the line of the .pub file again"},
    [PUBKEY_SHORT] = {"damaged key: its end is missing",
	"paste the line of the .pub file again"},
    [PUBKEY_LONG] = {"damaged key: something follows it",
	"paste the line of the .pub file again"},
    [PUBKEY_WEAK] = {"an RSA key has 1024 to 16384 bits",
	"make another: ssh-keygen -t ed25519"},
    [PUBKEY_WRONG] = {"damaged key: no such key can be",
	"paste the line of the .pub file again"},
};

const char *
pubkey_strerror(enum pubkey_error error)
{
	return errors[error].what;
}

const char *
pubkey_hint(enum pubkey_error error)
{
	return errors[error].hint;
}
