/* SPDX-License-Identifier: ISC */
/* Public keys: every type, whole, cut at each byte, and with one too many. */

#include "match.h"
#include "pubkey.h"
#include "unit.h"

enum { ROOM = 4096 };

struct wire {
	uint8_t at[ROOM];
	size_t size;
};

static void
put(struct wire *w, const void *bytes, size_t size)
{
	uint8_t length[4] = {0, 0, (uint8_t)(size >> 8), (uint8_t)size};

	memcpy(w->at + w->size, length, 4);
	memcpy(w->at + w->size + 4, bytes, size);
	w->size += 4 + size;
}

static void
put_text(struct wire *w, const char *text)
{
	put(w, text, strlen(text));
}

/* A positive number of so many bits, or 3 for an exponent. */
static void
put_number(struct wire *w, size_t bits)
{
	uint8_t n[ROOM] = {0};
	size_t size = bits / 8 + 1, top = (bits - 1) / 8;

	n[size - 1 - top] = (uint8_t)(1 << (bits - 1) % 8);
	n[size - 1] |= 1;
	if (n[0] == 0 && (n[1] & 0x80) == 0)
		put(w, n + 1, size - 1);
	else
		put(w, n, size);
}

static void
put_point(struct wire *w, const char *curve, size_t size)
{
	uint8_t q[ROOM];

	memset(q, 7, sizeof(q));
	q[0] = 4;
	put_text(w, curve);
	put(w, q, size);
}

static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa",
    "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"};

static void
make(struct wire *w, int type)
{
	w->size = 0;
	put_text(w, types[type]);
	switch (type) {
	case 0:
	case 5:
		put(w, types, 32);
		break;
	case 1:
	case 6:
		put_point(w, "nistp256", 65);
		break;
	case 2:
		put_point(w, "nistp384", 97);
		break;
	case 3:
		put_point(w, "nistp521", 133);
		break;
	default:
		put_number(w, 17);
		put_number(w, 2048);
	}
	if (type >= 5)
		put_text(w, "ssh:");
}

static char *
encode(const struct wire *w)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	static char text[ROOM * 2];
	char *to = text;

	for (size_t i = 0; i < w->size; i += 3) {
		size_t n = w->size - i;
		uint32_t bits = (uint32_t)w->at[i] << 16 |
		    (n > 1 ? (uint32_t)w->at[i + 1] << 8 : 0) |
		    (n > 2 ? w->at[i + 2] : 0);

		*to++ = digits[bits >> 18];
		*to++ = digits[bits >> 12 & 63];
		*to++ = n > 1 ? digits[bits >> 6 & 63] : '=';
		*to++ = n > 2 ? digits[bits & 63] : '=';
	}
	*to = '\0';
	return text;
}

static enum pubkey_error
decode(const char *type, const struct wire *w)
{
	static uint8_t raw[ROOM];
	size_t size = 0;
	enum pubkey_error error =
	    pubkey_decode(type, encode(w), raw, sizeof(raw), &size);

	if (error == PUBKEY_OK) {
		unit_check(size == w->size);
		unit_check(memcmp(raw, w->at, size) == 0);
	}
	return error;
}

START_TEST(key_is_read)
{
	struct wire w;

	make(&w, _i);
	for (int i = 0; i < COUNT(types); i++)
		ck_assert_int_eq(
		    decode(types[i], &w), i == _i ? PUBKEY_OK : PUBKEY_OTHER);
}
END_TEST

START_TEST(cut_key_is_refused)
{
	struct wire w;

	make(&w, _i);
	while (w.size-- > 0)
		unit_check(decode(types[_i], &w) == PUBKEY_SHORT);
}
END_TEST

START_TEST(longer_key_is_refused)
{
	struct wire w;

	make(&w, _i);
	w.at[w.size++] = 0;
	ck_assert_int_eq(decode(types[_i], &w), PUBKEY_LONG);
}
END_TEST

/* A key whose lengths are others never reads beyond its end. */
START_TEST(each_byte_may_be_wrong)
{
	struct wire w;

	make(&w, _i);
	for (size_t at = 0; at < w.size; at++) {
		for (int value = 0; value < 256; value += 5) {
			uint8_t was = w.at[at];

			w.at[at] = (uint8_t)value;
			decode(types[_i], &w);
			w.at[at] = was;
		}
	}
}
END_TEST

static const struct {
	size_t e, n;
	enum pubkey_error error;
} rsa[] = {{17, 1024, PUBKEY_OK}, {17, 1023, PUBKEY_WEAK},
    {17, 16384, PUBKEY_OK}, {17, 16385, PUBKEY_WEAK}, {2, 2048, PUBKEY_OK},
    {1, 2048, PUBKEY_WRONG}, {17, 1032, PUBKEY_OK}, {17, 1031, PUBKEY_OK}};

START_TEST(rsa_has_limits)
{
	struct wire w = {.size = 0};

	put_text(&w, "ssh-rsa");
	put_number(&w, rsa[_i].e);
	put_number(&w, rsa[_i].n);
	ck_assert_int_eq(decode("ssh-rsa", &w), rsa[_i].error);
}
END_TEST

/* Numbers that are negative, empty, zero, even, or written in a longer way. */
static const struct {
	size_t size;
	uint8_t e[4];
} exponents[] = {{0, {0}}, {1, {0}}, {2, {0, 3}}, {1, {0x83}}, {1, {1}},
    {1, {4}}, {3, {0, 0, 0x83}}, {2, {0, 0}}};

START_TEST(exponent_is_a_number)
{
	struct wire w = {.size = 0};

	put_text(&w, "ssh-rsa");
	put(&w, exponents[_i].e, exponents[_i].size);
	put_number(&w, 2048);
	ck_assert_int_eq(decode("ssh-rsa", &w), PUBKEY_WRONG);
}
END_TEST

static const struct {
	const char *type, *curve;
	size_t size;
	uint8_t first;
} points[] = {{"ecdsa-sha2-nistp256", "nistp256", 64, 4},
    {"ecdsa-sha2-nistp256", "nistp256", 66, 4},
    {"ecdsa-sha2-nistp256", "nistp256", 33, 2},
    {"ecdsa-sha2-nistp256", "nistp256", 65, 2},
    {"ecdsa-sha2-nistp256", "nistp256", 0, 0},
    {"ecdsa-sha2-nistp256", "nistp384", 97, 4},
    {"ecdsa-sha2-nistp384", "nistp256", 65, 4},
    {"ecdsa-sha2-nistp521", "nistp521", 132, 4},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "nistp384", 97, 4}};

START_TEST(point_is_checked)
{
	struct wire w = {.size = 0};
	uint8_t q[ROOM] = {points[_i].first, 1};

	put_text(&w, points[_i].type);
	put_text(&w, points[_i].curve);
	put(&w, q, points[_i].size);
	ck_assert_int_eq(decode(points[_i].type, &w), PUBKEY_WRONG);
}
END_TEST

START_TEST(ed25519_has_32_bytes)
{
	struct wire w = {.size = 0};

	put_text(&w, "ssh-ed25519");
	put(&w, types, 31);
	ck_assert_int_eq(decode("ssh-ed25519", &w), PUBKEY_SHORT);
	w.size = 0;
	put_text(&w, "ssh-ed25519");
	put(&w, types, 33);
	ck_assert_int_eq(decode("ssh-ed25519", &w), PUBKEY_LONG);
}
END_TEST

static const struct {
	const char *type;
	enum pubkey_error error;
} others[] = {{"ssh-dss", PUBKEY_DSA}, {"", PUBKEY_UNKNOWN},
    {"ssh-ed25519-cert-v01@openssh.com", PUBKEY_CERTIFICATE},
    {"ssh-rsa-cert-v01@openssh.com", PUBKEY_CERTIFICATE},
    {"-----BEGIN", PUBKEY_PRIVATE}, {"SSH-ED25519", PUBKEY_UNKNOWN},
    {"ssh-ed2551", PUBKEY_UNKNOWN}, {"ssh-ed25519x", PUBKEY_UNKNOWN},
    {"rsa-sha2-256", PUBKEY_UNKNOWN}, {"ssh-ed448", PUBKEY_UNKNOWN}};

START_TEST(other_types_are_refused)
{
	struct wire w;

	make(&w, 0);
	ck_assert_int_eq(decode(others[_i].type, &w), others[_i].error);
}
END_TEST

/* One key has one spelling. */
START_TEST(base64_is_exact)
{
	static const char *const tails[] = {"=", "A", "\n", " ", "-", "===="};
	uint8_t raw[ROOM];
	struct wire w;
	size_t size;
	char *text;

	make(&w, 0); /* 51 bytes: no padding */
	for (int i = 0; i < COUNT(tails); i++) {
		text = encode(&w);
		strcat(text, tails[i]);
		ck_assert_int_eq(
		    pubkey_decode("ssh-ed25519", text, raw, sizeof(raw), &size),
		    PUBKEY_BASE64);
	}
	make(&w, 5);
	text = encode(&w);
	ck_assert_ptr_nonnull(strchr(text, '='));
	*strchr(text, '=') = '\0';
	ck_assert_int_eq(pubkey_decode(types[5], text, raw, sizeof(raw), &size),
	    PUBKEY_BASE64);
	make(&w, 0);
	ck_assert_int_eq(
	    pubkey_decode("ssh-ed25519", encode(&w), raw, 50, &size),
	    PUBKEY_BASE64);
}
END_TEST

START_TEST(errors_have_words)
{
	for (int i = 0; i < PUBKEY_COUNT; i++) {
		ck_assert_uint_gt(strlen(pubkey_strerror(i)), 4);
		ck_assert((pubkey_hint(i) == NULL) == (i == PUBKEY_OK));
		for (int n = 0; n < i; n++)
			ck_assert_str_ne(
			    pubkey_strerror(i), pubkey_strerror(n));
	}
}
END_TEST

static Suite *
pubkey_suite(void)
{
	Suite *s = suite_create("pubkey");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, key_is_read, 0, COUNT(types));
	tcase_add_loop_test(t, cut_key_is_refused, 0, COUNT(types));
	tcase_add_loop_test(t, longer_key_is_refused, 0, COUNT(types));
	tcase_add_loop_test(t, each_byte_may_be_wrong, 0, COUNT(types));
	tcase_add_loop_test(t, rsa_has_limits, 0, COUNT(rsa));
	tcase_add_loop_test(t, exponent_is_a_number, 0, COUNT(exponents));
	tcase_add_loop_test(t, point_is_checked, 0, COUNT(points));
	tcase_add_test(t, ed25519_has_32_bytes);
	tcase_add_loop_test(t, other_types_are_refused, 0, COUNT(others));
	tcase_add_test(t, base64_is_exact);
	tcase_add_test(t, errors_have_words);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(pubkey_suite());
}
