/* SPDX-License-Identifier: ISC */
/* jump-authkeys/cert.c: bytes of whoever connects. */

#include "../../jump-authkeys/cert.h"
#include "unit.h"
#include "certs.h"

#define ED "ssh-ed25519-cert-v01@openssh.com"

static const uint8_t authority[] = "\0\0\0\013ssh-ed25519\0\0\0\040the key";

static const struct cert_spec good = {.type = ED,
    .parts = 1,
    .serial = 0x0123456789abcdef,
    .kind = 1,
    .id = "alice@corp",
    .principals = {"alice", "root"},
    .critical = {"source-address", "\0\0\0\001x"},
    .extensions = {"permit-pty", "", "permit-port-forwarding", ""},
    .authority = authority,
    .authority_size = sizeof(authority) - 1};

/* A copy of exactly that size, for the sanitizer. */
static bool
parses(const char *type, const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	struct piece rest, principal;
	struct cert c;
	bool result;

	memcpy(copy, bytes, size);
	result = cert_parse(&c, type, copy, size);
	rest = c.principals;
	while (result && cert_principal(&rest, &principal))
		;
	free(copy);
	return result;
}

START_TEST(good_is_read)
{
	struct bytes b;
	struct cert c;
	struct piece rest, principal;

	cert_make(&b, &good);
	ck_assert(cert_parse(&c, ED, b.at, b.n));
	ck_assert_uint_eq(c.serial, 0x0123456789abcdef);
	ck_assert_uint_eq(c.kind, CERT_USER);
	ck_assert(piece_is(&c.id, "alice@corp"));
	ck_assert_uint_eq(c.authority.size, sizeof(authority) - 1);
	ck_assert_mem_eq(c.authority.at, authority, sizeof(authority) - 1);
	ck_assert(!c.verify);
	ck_assert(!c.security_key);
	rest = c.principals;
	ck_assert(cert_principal(&rest, &principal));
	ck_assert(piece_is(&principal, "alice"));
	ck_assert(cert_principal(&rest, &principal));
	ck_assert(piece_is(&principal, "root"));
	ck_assert(!cert_principal(&rest, &principal));
}
END_TEST

/* How many strings the keys have, and which are security keys. */
static const struct {
	const char *type;
	int parts; /* 0: not served */
	bool security_key;
} types[] = {
    {ED, 1, false},
    {"ssh-rsa-cert-v01@openssh.com", 2, false},
    {"ecdsa-sha2-nistp256-cert-v01@openssh.com", 2, false},
    {"ecdsa-sha2-nistp384-cert-v01@openssh.com", 2, false},
    {"ecdsa-sha2-nistp521-cert-v01@openssh.com", 2, false},
    {"sk-ssh-ed25519-cert-v01@openssh.com", 2, true},
    {"sk-ecdsa-sha2-nistp256-cert-v01@openssh.com", 3, true},
    {"ssh-dss-cert-v01@openssh.com", 0, false},
    {"ssh-ed25519-cert-v00@openssh.com", 0, false},
    {"ssh-ed25519-cert-v01@openssh.co", 0, false},
    {"ssh-ed25519-cert-v01@openssh.com2", 0, false},
    {"rsa-sha2-512-cert-v01@openssh.com", 0, false},
    {"ssh-ed25519", 0, false},
    {"", 0, false},
};

START_TEST(type_is)
{
	struct cert_spec spec = good;
	struct bytes b;
	struct cert c;

	spec.type = types[_i].type;
	spec.critical[2] = "verify-required";
	spec.critical[3] = "";
	ck_assert_int_eq(cert_known(spec.type), types[_i].parts != 0);
	for (spec.parts = 0; spec.parts < 5; spec.parts++) {
		cert_make(&b, &spec);
		ck_assert_int_eq(parses(spec.type, b.at, b.n),
		    types[_i].parts != 0 && spec.parts == types[_i].parts);
	}
	spec.parts = types[_i].parts;
	cert_make(&b, &spec);
	if (cert_parse(&c, spec.type, b.at, b.n)) {
		ck_assert(c.verify);
		ck_assert_int_eq(c.security_key, types[_i].security_key);
	}
	/* What sshd says it is must be what it says itself. */
	ck_assert(!parses("ssh-rsa-cert-v01@openssh.com", b.at, b.n) ||
	    strcmp(spec.type, "ssh-rsa-cert-v01@openssh.com") == 0);
}
END_TEST

START_TEST(every_truncation)
{
	struct bytes b;

	cert_make(&b, &good);
	for (size_t n = 0; n < b.n; n++)
		unit_check(!parses(ED, b.at, n));
	ck_assert(parses(ED, b.at, b.n));
}
END_TEST

START_TEST(trailing_bytes)
{
	struct bytes b;

	cert_make(&b, &good);
	bytes_number(&b, 0, 1);
	ck_assert(!parses(ED, b.at, b.n));
	bytes_number(&b, 0, 3);
	ck_assert(!parses(ED, b.at, b.n));
}
END_TEST

/* Each length field, by each kind of amount, up and down. */
START_TEST(every_length)
{
	static const uint32_t more[] = {1, 2, 3, 4, 5, 8, 16, 64, 255, 256,
	    65535, 65536, 0x7fffffff, 0x80000000, UINT32_MAX - 1, UINT32_MAX};
	struct bytes b, wrong;

	cert_make(&b, &good);
	ck_assert_int_eq(b.nlengths, 18);
	for (int i = 0; i < b.nlengths; i++) {
		const uint8_t *at = b.at + b.lengths[i];
		uint32_t n = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
		    (uint32_t)at[2] << 8 | at[3];

		for (int m = 0; m < COUNT(more); m++) {
			wrong = b;
			wrong.n = b.lengths[i];
			bytes_number(&wrong, n + more[m], 4);
			unit_check(!parses(ED, wrong.at, b.n));
			wrong.n = b.lengths[i];
			bytes_number(&wrong, n - more[m], 4);
			unit_check(!parses(ED, wrong.at, b.n));
		}
	}
}
END_TEST

/* The key may not be missing, or of another type, with the rest in place. */
START_TEST(no_key)
{
	static const struct {
		const char *type;
		uint32_t nonce;
	} heads[] = {{"ssh-ed25519", 0}, {ED "2", 0}, {"", 0}, {ED, UINT32_MAX},
	    {ED, 0x77777777}};
	struct bytes b, wrong = {0};
	size_t serial;

	cert_make(&b, &good);
	serial = b.lengths[2] + 4 + 32;
	bytes_string(&wrong, heads[_i].type, strlen(heads[_i].type));
	if (heads[_i].nonce != 0)
		bytes_number(&wrong, heads[_i].nonce, 4);
	bytes_put(&wrong, b.at + serial, b.n - serial);
	ck_assert(!parses(ED, wrong.at, wrong.n));
}
END_TEST

START_TEST(size_is_bounded)
{
	static char id[CERT_BYTES_MAX + 1];
	struct cert_spec spec = good;
	struct bytes b;

	cert_make(&b, &good);
	memset(id, 'x', CERT_BYTES_MAX - b.n + strlen(good.id));
	spec.id = id;
	cert_make(&b, &spec);
	ck_assert_uint_eq(b.n, CERT_BYTES_MAX);
	ck_assert(parses(ED, b.at, b.n));
	strcat(id, "x");
	cert_make(&b, &spec);
	ck_assert(!parses(ED, b.at, b.n));
}
END_TEST

/* Every byte flipped: whatever is read, it stays inside. */
START_TEST(every_byte)
{
	struct bytes b;

	cert_make(&b, &good);
	for (size_t i = 0; i < b.n; i++) {
		for (int bit = 0; bit < 8; bit++) {
			b.at[i] ^= (uint8_t)(1 << bit);
			parses(ED, b.at, b.n);
			b.at[i] ^= (uint8_t)(1 << bit);
		}
	}
}
END_TEST

START_TEST(random_bytes)
{
	static uint8_t bytes[400];
	struct bytes b;
	uint64_t seed = (uint64_t)_i + 1;

	cert_make(&b, &good);
	for (int i = 0; i < 20000; i++) {
		size_t n = unit_random(&seed, sizeof(bytes)),
		       keep = unit_random(&seed, (uint32_t)n + 1);

		for (size_t k = 0; k < n; k++)
			bytes[k] = k < keep ? b.at[k] :
			    (uint8_t)unit_random(&seed, 4);
		parses(ED, bytes, n);
	}
}
END_TEST

/* NUL where OpenSSH has none, and where it may. */
START_TEST(nul_in_a_string)
{
	static const struct {
		const char *text;
		bool good;
	} places[] = {{"alice@corp", false}, {"alice", false},
	    {"source-address", false}, {"permit-pty", false},
	    {"the key", true}};
	struct bytes b;
	uint8_t *at;

	cert_make(&b, &good);
	at = memmem(b.at, b.n, places[_i].text, strlen(places[_i].text));
	ck_assert_ptr_nonnull(at);
	at[2] = '\0';
	ck_assert_int_eq(parses(ED, b.at, b.n), places[_i].good);
}
END_TEST

/* Many principals, and very long ones. */
START_TEST(principals_are_bounded)
{
	static const struct {
		size_t n, size;
		bool good;
	} counts[] = {{0, 1, true}, {1, 1, true}, {256, 1, true},
	    {257, 1, false}, {1, 0, true}, {256, 0, true}, {257, 0, false},
	    {1, 32000, true}, {1, 33000, false}, {4, 8000, true}};
	static char name[40000];
	struct cert_spec spec = good;
	struct bytes b, tail;
	size_t begin, n = 0;
	struct piece rest, principal;
	struct cert c;

	/* Cut before the principals, and append what came after them. */
	memset(name, 'x', sizeof(name));
	memset(spec.principals, 0, sizeof(spec.principals));
	cert_make(&b, &spec);
	tail = b;
	b.n = (size_t)((uint8_t *)memmem(b.at, b.n, "alice@corp", 10) -
	    b.at) + 10;
	tail.n = b.n + 4;
	begin = bytes_begin(&b);
	for (size_t i = 0; i < counts[_i].n; i++)
		bytes_string(&b, name, counts[_i].size);
	bytes_end(&b, begin);
	cert_make(&tail, &spec);
	begin = (size_t)((uint8_t *)memmem(tail.at, tail.n, "alice@corp", 10) -
	    tail.at) + 14;
	bytes_put(&b, tail.at + begin, tail.n - begin);
	ck_assert_int_eq(parses(ED, b.at, b.n), counts[_i].good);
	if (!cert_parse(&c, ED, b.at, b.n))
		return;
	for (rest = c.principals; cert_principal(&rest, &principal); n++)
		ck_assert_uint_eq(principal.size, counts[_i].size);
	ck_assert_uint_eq(n, counts[_i].n);
}
END_TEST

/* Options, and whether the PIN is asked for. */
static const struct {
	const char *critical[8], *extensions[8];
	bool good, verify;
} options[] = {
    {{NULL}, {NULL}, true, false},
    {{"verify-required", ""}, {NULL}, true, true},
    {{"force-command", "x", "verify-required", ""}, {NULL}, true, true},
    {{NULL}, {"verify-required", ""}, true, false},
    {{"verify-require", ""}, {NULL}, true, false},
    {{"verify-required2", ""}, {NULL}, true, false},
    {{"x", "verify-required"}, {NULL}, true, false},
    {{"verify-required"}, {NULL}, false, false},
    {{"a", "", "b"}, {NULL}, false, false},
    {{NULL}, {"permit-pty"}, false, false},
    {{"", ""}, {"", ""}, true, false},
};

START_TEST(options_are)
{
	struct cert_spec spec = good;
	struct bytes b;
	struct cert c;

	memcpy(spec.critical, options[_i].critical, sizeof(spec.critical));
	memcpy(spec.extensions, options[_i].extensions,
	    sizeof(spec.extensions));
	cert_make(&b, &spec);
	ck_assert_int_eq(cert_parse(&c, ED, b.at, b.n), options[_i].good);
	if (options[_i].good)
		ck_assert_int_eq(c.verify, options[_i].verify);
}
END_TEST

/* The kind is told as it is. */
START_TEST(kind_is_told)
{
	static const uint32_t kinds[] = {0, 1, 2, 3, 256, UINT32_MAX};
	struct cert_spec spec = good;
	struct bytes b;
	struct cert c;

	spec.kind = kinds[_i];
	cert_make(&b, &spec);
	ck_assert(cert_parse(&c, ED, b.at, b.n));
	ck_assert_uint_eq(c.kind, kinds[_i]);
}
END_TEST

static Suite *
cert_suite(void)
{
	Suite *s = suite_create("cert");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, good_is_read);
	tcase_add_loop_test(t, type_is, 0, COUNT(types));
	tcase_add_test(t, every_truncation);
	tcase_add_test(t, trailing_bytes);
	tcase_add_test(t, every_length);
	tcase_add_loop_test(t, no_key, 0, 5);
	tcase_add_test(t, size_is_bounded);
	tcase_add_test(t, every_byte);
	tcase_add_loop_test(t, random_bytes, 0, 4);
	tcase_add_loop_test(t, nul_in_a_string, 0, 5);
	tcase_add_loop_test(t, principals_are_bounded, 0, 10);
	tcase_add_loop_test(t, options_are, 0, COUNT(options));
	tcase_add_loop_test(t, kind_is_told, 0, 6);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(cert_suite());
}
