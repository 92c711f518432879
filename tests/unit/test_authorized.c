/* SPDX-License-Identifier: ISC */
/* Lines of authorized_keys: what of them counts, and what sshd would skip. */

#include "../../jumpctl/authorized.h"
#include "unit.h"

#define KEY                                                                    \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE/"                              \
	"fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"

static enum authorized_error
parse(struct authorized *a, const char *text, char *line, size_t size)
{
	ck_assert_int_lt(snprintf(line, size, "%s", text), (int)size);
	return authorized_parse(a, line);
}

static const struct {
	const char *line;
	enum authorized_error error;
} lines[] = {{"", AUTHORIZED_BLANK}, {"  \t", AUTHORIZED_BLANK},
    {"# " KEY, AUTHORIZED_BLANK}, {"  #", AUTHORIZED_BLANK},
    {KEY, AUTHORIZED_OK}, {KEY " a b", AUTHORIZED_OK},
    {"  " KEY "\r\n", AUTHORIZED_OK}, {"restrict " KEY, AUTHORIZED_OK},
    {"restrict,pty \t" KEY, AUTHORIZED_OK},
    {"restrict, " KEY, AUTHORIZED_OPTIONS},
    {"restrict,,pty " KEY, AUTHORIZED_OPTIONS},
    {"unheard-of " KEY, AUTHORIZED_OPTIONS},
    {"restrictx " KEY, AUTHORIZED_OPTIONS},
    {"no-restrict " KEY, AUTHORIZED_OPTIONS},
    {"no-cert-authority " KEY, AUTHORIZED_OPTIONS},
    {"command=ls " KEY, AUTHORIZED_OPTIONS},
    {"command=\"ls " KEY, AUTHORIZED_OPTIONS},
    {"command=\"a \\\" b\" " KEY, AUTHORIZED_OK},
    {"command=\"a\",command=\"b\" " KEY, AUTHORIZED_OPTIONS},
    {"from=\"a\",from=\"b\" " KEY, AUTHORIZED_OPTIONS},
    {"expiry-time=\"never\" " KEY, AUTHORIZED_OPTIONS},
    {"permitopen=\"web1\" " KEY, AUTHORIZED_OPTIONS},
    {"permitopen=\"web1:70000\" " KEY, AUTHORIZED_OPTIONS},
    {"permitopen=\"web1:ssh\" " KEY, AUTHORIZED_OPTIONS},
    {"permitlisten=\"2222\" " KEY, AUTHORIZED_OK},
    {"permitlisten=\"*\" " KEY, AUTHORIZED_OK},
    {"permitlisten=\"[::1]:2222\" " KEY, AUTHORIZED_OK},
    {"permitlisten=\"\" " KEY, AUTHORIZED_OPTIONS},
    {"permitlisten=\"0\" " KEY, AUTHORIZED_OPTIONS},
    {"permitlisten=\"*:0\" " KEY, AUTHORIZED_OPTIONS},
    {"permitlisten=\"localhost:bad\" " KEY, AUTHORIZED_OPTIONS},
    {"permitlisten=\"[::1\" " KEY, AUTHORIZED_OPTIONS},
    {"permitlisten=\"a/b:1\" " KEY, AUTHORIZED_OPTIONS},
    {"environment=\"A_1=b c\" " KEY, AUTHORIZED_OK},
    {"environment=\"A=\" " KEY, AUTHORIZED_OK},
    {"environment=\"A\" " KEY, AUTHORIZED_OPTIONS},
    {"environment=\"=b\" " KEY, AUTHORIZED_OPTIONS},
    {"environment=\"A B=c\" " KEY, AUTHORIZED_OPTIONS},
    {"tunnel=\"0\" " KEY, AUTHORIZED_OK},
    {"tunnel=\"Any\" " KEY, AUTHORIZED_OK},
    {"tunnel=\"2147483645\" " KEY, AUTHORIZED_OK},
    {"tunnel=\"2147483646\" " KEY, AUTHORIZED_OPTIONS},
    {"tunnel=\"99999999999\" " KEY, AUTHORIZED_OPTIONS},
    {"tunnel=\"x\" " KEY, AUTHORIZED_OPTIONS},
    {"tunnel=\"\" " KEY, AUTHORIZED_OPTIONS},
    {"restrict", AUTHORIZED_KEY}, {"ssh-ed25519", AUTHORIZED_KEY},
    {"ssh-ed25519 AAAA", AUTHORIZED_KEY}, {"ssh-rsa AAAA x", AUTHORIZED_KEY},
    {"ssh-dss AAAA x", AUTHORIZED_DSA},
    {"1024 35 123456 old@host", AUTHORIZED_KEY},
    {"root:x:0:0:root:/root:/bin/sh", AUTHORIZED_KEY}};

START_TEST(error)
{
	struct authorized a;
	char line[1024];

	ck_assert_int_eq(
	    parse(&a, lines[_i].line, line, sizeof(line)), lines[_i].error);
	if (lines[_i].error != AUTHORIZED_OK)
		return;
	ck_assert_str_eq(a.type, "ssh-ed25519");
	ck_assert_str_eq(a.blob, &KEY[12]);
	authorized_free(&a);
}
END_TEST

enum { F = 1, CMD = 2, CA = 4, V = 8, L = 16, P = 32, E = 64, T = 128 };

static const struct {
	const char *options;
	unsigned want;
	size_t nopens;
} options[] = {{"pty", F, 0}, {"restrict", 0, 0}, {"no-port-forwarding", 0, 0},
    {"restrict,port-forwarding", F, 0}, {"port-forwarding,restrict", 0, 0},
    {"RESTRICT,Port-Forwarding", F, 0}, {"command=\"x\"", F | CMD, 0},
    {"cert-authority", F | CA, 0},
    {"cert-authority,principals=\"a,b\"", F | CA | P, 0},
    {"verify-required", F | V, 0}, {"no-verify-required", F, 0},
    {"no-touch-required", F | T, 0},
    {"no-pty,no-x11-forwarding,no-user-rc,no-agent-forwarding", F, 0},
    {"permitlisten=\"127.77.0.17:2222\"", F | L, 0},
    {"environment=\"A=b\",tunnel=\"1\"", F | E, 0},
    {"permitopen=\"web1:22\",permitopen=\"*:80\"", F, 2},
    {"restrict,permitopen=\"web1:22\",port-forwarding", F, 1}};

START_TEST(option)
{
	struct authorized a;
	char text[1024], line[1024];
	unsigned got;

	snprintf(text, sizeof(text), "%s %s me", options[_i].options, KEY);
	ck_assert_int_eq(parse(&a, text, line, sizeof(line)), AUTHORIZED_OK);
	got = (a.forwards ? F : 0) | (a.command ? CMD : 0) | (a.ca ? CA : 0) |
	    (a.verify ? V : 0) | (a.listens ? L : 0) | (a.principals ? P : 0) |
	    (a.variables ? E : 0) | (a.no_touch ? T : 0);
	ck_assert_uint_eq(got, options[_i].want);
	ck_assert_uint_eq(a.nopens, options[_i].nopens);
	ck_assert_str_eq(a.comment, "me");
	authorized_free(&a);
}
END_TEST

static const struct {
	const char *text, *host; /* NULL: none */
	uint16_t port;
} opens[] = {{"web1:22", "web1", 22}, {"*:22", "*", 22}, {"web1:*", "web1", 0},
    {"*:*", "*", 0}, {"[::1]:22", "::1", 22}, {"10.2.0.10:1", "10.2.0.10", 1},
    {"::1:22", NULL, 0}, {":22", NULL, 0}, {"web1:", NULL, 0},
    {"web1:0", NULL, 0}, {"web1:65536", NULL, 0}, {"web1:022", NULL, 0},
    {"[/run/x.sock]:*", "/run/x.sock", 0}, {"[]:1", NULL, 0},
    {"a/b:22", NULL, 0}, {"/run/x:22", NULL, 0}, {"web1/22", NULL, 0},
    {"[web1:22", NULL, 0}, {"[web1]x:22", NULL, 0}, {"[web1]/1:22", NULL, 0},
    {"[a]b]:22", NULL, 0}, {"[a]:b]:22", NULL, 0}, {"[web1]:22", "web1", 22}};

START_TEST(opening)
{
	struct opening o;
	bool good = opening_parse(&o, opens[_i].text);

	ck_assert_int_eq(good, opens[_i].host != NULL);
	if (!good)
		return;
	ck_assert_str_eq(o.host, opens[_i].host);
	ck_assert_uint_eq(o.port, opens[_i].port);
}
END_TEST

static const struct {
	const char *a, *b, *both; /* NULL: nothing */
} pairs[] = {{"web1:22", "web1:22", "web1:22"}, {"web1:22", "web2:22", NULL},
    {"web1:22", "*:22", "web1:22"}, {"web1:22", "web1:*", "web1:22"},
    {"*:22", "web1:*", "web1:22"}, {"*:*", "*:*", "*:*"},
    {"*:22", "*:23", NULL}, {"Web1:22", "web1:22", NULL},
    {"*:*", "web1:*", "web1:*"}};

START_TEST(common)
{
	struct opening a, b, both, want;

	ck_assert(opening_parse(&a, pairs[_i].a));
	ck_assert(opening_parse(&b, pairs[_i].b));
	for (int turn = 0; turn < 2; turn++) {
		ck_assert_int_eq(turn == 0 ? opening_both(&both, &a, &b)
					   : opening_both(&both, &b, &a),
		    pairs[_i].both != NULL);
		if (pairs[_i].both == NULL)
			continue;
		ck_assert(opening_parse(&want, pairs[_i].both));
		ck_assert_str_eq(both.host, want.host);
		ck_assert_uint_eq(both.port, want.port);
	}
}
END_TEST

static const struct {
	const char *text;
	enum from result;
	const char *nets; /* with spaces between them */
} froms[] = {{"10.0.0.0/8", FROM_EXACT, "10.0.0.0/8"},
    {"192.0.2.1,2001:db8::/32", FROM_EXACT, "192.0.2.1 2001:db8::/32"},
    {"10.*", FROM_EXACT, "10.0.0.0/8"}, {"10.1.*", FROM_EXACT, "10.1.0.0/16"},
    {"10.1.2.*", FROM_EXACT, "10.1.2.0/24"}, {"*", FROM_EXACT, ""},
    {"10.1.2.3.*", FROM_NOT, NULL}, {"10.1.2.?", FROM_NOT, NULL},
    {"1*.2.*", FROM_NOT, NULL}, {"*.*", FROM_NOT, NULL},
    {"999.*", FROM_NOT, NULL}, {"010.*", FROM_NOT, NULL},
    {"*.corp.example", FROM_NOT, NULL}, {"laptop", FROM_NOT, NULL},
    {"laptop,10.0.0.0/8", FROM_LESS, "10.0.0.0/8"},
    {"10.0.0.0/8,!10.1.1.1", FROM_NOT, NULL}, {"!10.1.1.1,*", FROM_NOT, NULL},
    {"10.0.0.1/8", FROM_NOT, NULL}, {"", FROM_NOT, NULL},
    {"192.0.2.0/24,10.0.0.1/8", FROM_NOT, NULL},
    {"192.0.2.0/24,10.0.0.0/33", FROM_NOT, NULL},
    {"::ffff:0.0.0.0/96", FROM_NOT, NULL},
    {"192.0.2.0/24,::ffff:10.0.0.1", FROM_NOT, NULL},
    {"::/0", FROM_EXACT, "::/0"},
    {"*,10.0.0.0/8", FROM_EXACT, ""}, {"10.0.0.0/8,*", FROM_EXACT, ""},
    {"laptop,*", FROM_EXACT, ""}, {"*,10.0.0.1/8", FROM_NOT, NULL},
    {"*,!10.1.1.1", FROM_NOT, NULL}, {"*,", FROM_NOT, NULL},
    {"10.0.0.0/8,", FROM_NOT, NULL}, {",10.0.0.0/8", FROM_NOT, NULL}};

START_TEST(from)
{
	struct net nets[FROM_MAX];
	char text[1024] = "", one[ADDR_TEXT + 4];
	size_t n;

	ck_assert_int_eq(
	    authorized_from(froms[_i].text, nets, &n), froms[_i].result);
	if (froms[_i].nets == NULL)
		return;
	for (size_t i = 0; i < n; i++) {
		strcat(text, i == 0 ? "" : " ");
		strcat(text, net_print(&nets[i], one));
	}
	ck_assert_str_eq(text, froms[_i].nets);
}
END_TEST

static const struct {
	const char *text;
	time_t when; /* 0: none; in Paris */
} times[] = {{"20261231", 1798671600}, {"20261231Z", 1798675200},
    {"202612311200", 1798714800}, {"202612311200Z", 1798718400},
    {"20261231120001UTC", 1798718401}, {"20260701", 1782860400}, {"", 0},
    {"99991231235959Z", 253402300799}, {"99991231235960Z", 253402300799},
    {"20261231235960Z", 1798761600}, {"20261231235961Z", 0},
    {"2026123", 0}, {"202612", 0}, {"20261331", 0}, {"20261232", 0},
    {"202612312500", 0}, {"20261231x", 0}, {"2026-12-31", 0}, {"20261231ZZ", 0},
    {"2026123112", 0}, {"99999999999999", 0}};

START_TEST(time_of)
{
	time_t when = 0;

	setenv("TZ", "Europe/Paris", 1);
	tzset();
	ck_assert_int_eq(
	    authorized_time(&when, times[_i].text), times[_i].when != 0);
	ck_assert_int_eq(when, times[_i].when);
}
END_TEST

/* Whose key it is can be told of a line that is left out too. */
START_TEST(blob)
{
	static const char *const unread[] = {"unheard-of ",
	    "permitopen=\"web1:ssh\" ", "from=\"a\",from=\"b\" "};
	struct authorized a;
	char text[1024], line[1024];

	snprintf(text, sizeof(text), "%s%s", unread[_i], KEY);
	ck_assert_int_eq(
	    parse(&a, text, line, sizeof(line)), AUTHORIZED_OPTIONS);
	ck_assert_str_eq(a.blob, &KEY[12]);
	ck_assert_ptr_null(a.from);
	ck_assert_ptr_null(a.opens);
}
END_TEST

/* Cut at each byte, and with each byte another one: nothing but an answer. */
START_TEST(cut)
{
	static const char whole[] =
	    "restrict,permitopen=\"a:1\",from=\"b\\\"\","
	    "expiry-time=\"20261231\" " KEY " c";
	struct authorized a;
	char line[1024];

	for (size_t i = 0; i < sizeof(whole); i++) {
		for (int byte = -1; byte < 256; byte += 5) {
			strcpy(line, whole);
			line[i] = (char)(byte == -1 ? '\0' : byte);
			if (authorized_parse(&a, line) == AUTHORIZED_OK)
				authorized_free(&a);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("authorized");
	TCase *tc = tcase_create("authorized");

	tcase_add_loop_test(tc, error, 0, COUNT(lines));
	tcase_add_loop_test(tc, option, 0, COUNT(options));
	tcase_add_loop_test(tc, opening, 0, COUNT(opens));
	tcase_add_loop_test(tc, common, 0, COUNT(pairs));
	tcase_add_loop_test(tc, from, 0, COUNT(froms));
	tcase_add_loop_test(tc, time_of, 0, COUNT(times));
	tcase_add_loop_test(tc, blob, 0, 3);
	tcase_add_test(tc, cut);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
