/* SPDX-License-Identifier: ISC */
/* Versions of OpenSSH: which are known, and what each takes. */

#include "../../jumpctl/openssh.h"
#include "unit.h"

static const struct {
	const char *text;
	bool good;
	unsigned major, minor;
} words[] = {{"8.7", true, 8, 7}, {"9.2p1", true, 9, 2},
    {"10.0p2", true, 10, 0}, {"", false, 0, 0}, {"9", false, 0, 0},
    {"9.", false, 0, 0}, {".2", false, 0, 0}, {"9.2p", false, 0, 0},
    {"9.2 ", false, 0, 0}, {"09.2", false, 0, 0}, {"9.02", false, 0, 0},
    {"9.2p1x", false, 0, 0}, {"9.-2", false, 0, 0}, {"+9.2", false, 0, 0},
    {"4294967305.2", false, 0, 0}, {"OpenSSH_9.2", false, 0, 0}};

START_TEST(parse)
{
	struct openssh v = {77, 77};

	ck_assert_int_eq(openssh_parse(&v, words[_i].text), words[_i].good);
	ck_assert_uint_eq(v.major, words[_i].good ? words[_i].major : 77);
	ck_assert_uint_eq(v.minor, words[_i].good ? words[_i].minor : 77);
}
END_TEST

static const struct {
	const char *text;
	bool good;
	unsigned major, minor;
} banners[] = {{"OpenSSH_9.2, OpenSSL 3.0.19 27 Jan 2026\n", true, 9, 2},
    {"OpenSSH_10.0p2 Debian-7~bpo12+1, OpenSSL 3.0.19\n", true, 10, 0},
    {"unknown option -- V\nOpenSSH_8.9p1 Ubuntu-3, OpenSSL 3\n", true, 8, 9},
    {"Sun_SSH_2.4, SSH protocols 1.5/2.0", false, 0, 0},
    {"OpenSSH_for_Windows_8.1p1", false, 0, 0}, {"", false, 0, 0}};

START_TEST(find)
{
	struct openssh v = {0, 0};

	ck_assert_int_eq(openssh_find(&v, banners[_i].text), banners[_i].good);
	ck_assert_uint_eq(v.major, banners[_i].major);
	ck_assert_uint_eq(v.minor, banners[_i].minor);
}
END_TEST

/* Each version that there is, and whether it has a keyword; by hand. */
static const struct {
	struct openssh v;
	bool known, unused, penalties, refuse;
} versions[] = {{{8, 6}, false, false, false, false},
    {{8, 7}, true, false, false, false}, {{8, 8}, true, false, false, false},
    {{8, 9}, true, false, false, false}, {{8, 10}, false, false, false, false},
    {{9, 0}, true, false, false, false}, {{9, 1}, true, false, false, false},
    {{9, 2}, true, true, false, false}, {{9, 3}, true, true, false, false},
    {{9, 4}, true, true, false, false}, {{9, 5}, true, true, false, false},
    {{9, 6}, true, true, false, false}, {{9, 7}, true, true, false, false},
    {{9, 8}, true, true, true, false}, {{9, 9}, true, true, true, true},
    {{9, 10}, false, true, true, true}, {{10, 0}, true, true, true, true},
    {{10, 1}, true, true, true, true}, {{10, 2}, true, true, true, true},
    {{10, 3}, true, true, true, true}, {{10, 4}, true, true, true, true},
    {{10, 5}, true, true, true, true}, {{10, 6}, false, true, true, true},
    {{11, 0}, false, true, true, true}, {{7, 9}, false, false, false, false}};

static bool
has(const struct openssh *v, const char *keyword)
{
	struct openssh since;

	return !openssh_lacks(v, keyword, strlen(keyword), &since);
}

START_TEST(known)
{
	const struct openssh *v = &versions[_i].v;

	ck_assert_int_eq(openssh_known(v), versions[_i].known);
	ck_assert_int_eq(
	    has(v, "unusedconnectiontimeout"), versions[_i].unused);
	ck_assert_int_eq(has(v, "PerSourcePenalties"), versions[_i].penalties);
	ck_assert_int_eq(has(v, "RefuseConnection"), versions[_i].refuse);
	ck_assert(has(v, "LogVerbose") && has(v, "RefuseConnectio"));
}
END_TEST

static const char file[] =
    "# head\n\n# more\nMatch User jump\n"
    "    # why\n    UnusedConnectionTimeout none\n"
    "\tLogVerbose x\n\nMatch Group g\n    X11Forwarding no";

static void
blocks(unsigned major, unsigned minor, const char *user, char *buf, size_t n)
{
	struct openssh v = {major, minor};
	FILE *out = fmemopen(buf, n, "w");

	ck_assert_ptr_nonnull(out);
	openssh_blocks(&v, file, strlen(file), user, out);
	ck_assert_int_eq(fclose(out), 0);
}

START_TEST(adapted)
{
	char buf[512];

	blocks(9, 2, NULL, buf, sizeof(buf));
	ck_assert_str_eq(buf,
	    "Match User jump\n    # why\n"
	    "    UnusedConnectionTimeout none\n\tLogVerbose x\n\n"
	    "Match Group g\n    X11Forwarding no\n");
	blocks(9, 1, "ops,vendor", buf, sizeof(buf));
	ck_assert_str_eq(buf,
	    "Match User ops,vendor\n    # why\n"
	    "    # from 9.2 on: UnusedConnectionTimeout none\n"
	    "\tLogVerbose x\n\nMatch Group g\n    X11Forwarding no\n");
}
END_TEST

/* What is said of a version: part of it, and whether it is said. */
static const struct {
	struct openssh v;
	const char *part;
	bool said;
} said[] = {{{8, 7}, "CVE-2021-41617", true}, {{8, 8}, "CVE-2021-41617", false},
    {{9, 7}, "CVE-2024-6387", true}, {{9, 8}, "CVE-2024-6387", false},
    {{8, 7}, "until", false}, {{9, 0}, "expiry-time", false},
    {{9, 3}, "AuthorizedPrincipalsCommand", true},
    {{9, 4}, "AuthorizedPrincipalsCommand", false},
    {{9, 1}, "ChannelTimeout", false}, {{9, 2}, "ChannelTimeout", true},
    {{10, 4}, "ChannelTimeout", true}, {{10, 5}, "ChannelTimeout", false},
    {{9, 7}, "PerSourcePenalties", false}, {{9, 8}, "PerSourcePenalties", true},
    {{10, 5}, "PerSourcePenalties", true}};

START_TEST(told)
{
	char buf[2048];
	FILE *out = fmemopen(buf, sizeof(buf), "w");

	ck_assert_ptr_nonnull(out);
	openssh_traps(&said[_i].v, out);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_int_eq(strstr(buf, said[_i].part) != NULL, said[_i].said);
	for (char *line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_msg(line[0] == '#' && strlen(line) <= 80, "%s", line);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("openssh");
	TCase *tc = tcase_create("openssh");

	tcase_add_loop_test(tc, parse, 0, COUNT(words));
	tcase_add_loop_test(tc, find, 0, COUNT(banners));
	tcase_add_loop_test(tc, known, 0, COUNT(versions));
	tcase_add_test(tc, adapted);
	tcase_add_loop_test(tc, told, 0, COUNT(said));
	suite_add_tcase(s, tc);
	return unit_run(s);
}
