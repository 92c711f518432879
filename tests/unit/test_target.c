/* SPDX-License-Identifier: ISC */
/*
 * lib/target.c and lib/decide.c: what a user asks for, what is decided about
 * it, and when that ends.
 */

#include "decide.h"

#include <sys/resource.h>

#include <ctype.h>
#include <ifaddrs.h>

#include "unit.h"

enum { LISTED = 24, DAY = 86400 };

/*
 * Targets.
 */
#define L63 "a23456789.123456789.123456789.123456789.123456789.123456789.123"
#define L127 L63 "." L63

static const struct {
	const char *name, *port;
	enum target_form form;
	const char *text, *printed;
	unsigned n;
} targets[] = {
    {"web1", NULL, TARGET_NAMED, "web1", "web1", 0},
    {"web1:22", NULL, TARGET_NAMED, "web1", "web1:22", 22},
    {"web1", "22", TARGET_NAMED, "web1", "web1:22", 22},
    {"web1:65535", NULL, TARGET_NAMED, "web1", "web1:65535", 65535},
    {"web1:1", NULL, TARGET_NAMED, "web1", "web1:1", 1},
    {"WEB1.Corp.Example:22", NULL, TARGET_NAMED, "web1.corp.example",
	"web1.corp.example:22", 22},
    {"1a.example", NULL, TARGET_NAMED, "1a.example", "1a.example", 0},
    {"a_b-c.d", "80", TARGET_NAMED, "a_b-c.d", "a_b-c.d:80", 80},
    {"1.2.3.4.example", NULL, TARGET_NAMED, "1.2.3.4.example",
	"1.2.3.4.example", 0},
    {"1.2.3.4a", NULL, TARGET_NAMED, "1.2.3.4a", "1.2.3.4a", 0},
    {L127 "." L127, NULL, TARGET_NAMED, L127 "." L127, L127 "." L127, 0},
    {"10.2.0.10", NULL, TARGET_ADDRESSED, "10.2.0.10", "10.2.0.10", 0},
    {"10.2.0.10:22", NULL, TARGET_ADDRESSED, "10.2.0.10", "10.2.0.10:22", 22},
    {"10.2.0.10", "22", TARGET_ADDRESSED, "10.2.0.10", "10.2.0.10:22", 22},
    {"2001:db8::10", NULL, TARGET_ADDRESSED, "2001:db8::10", "2001:db8::10",
	0},
    {"2001:DB8::10", "22", TARGET_ADDRESSED, "2001:DB8::10",
	"[2001:DB8::10]:22", 22},
    {"2001:db8::1:22", NULL, TARGET_ADDRESSED, "2001:db8::1:22",
	"2001:db8::1:22", 0},
    {"[2001:db8::10]:22", NULL, TARGET_ADDRESSED, "2001:db8::10",
	"[2001:db8::10]:22", 22},
    {"[2001:db8::10]", NULL, TARGET_ADDRESSED, "2001:db8::10",
	"2001:db8::10", 0},
    {"[2001:db8::10]", "22", TARGET_ADDRESSED, "2001:db8::10",
	"[2001:db8::10]:22", 22},
    {"::1", NULL, TARGET_ADDRESSED, "::1", "::1", 0},
    {"[::]:80", NULL, TARGET_ADDRESSED, "::", "[::]:80", 80},
    {"::ffff:10.2.0.10", "22", TARGET_ADDRESSED, "::ffff:10.2.0.10",
	"[::ffff:10.2.0.10]:22", 22},
    {"/run/m.sock", NULL, TARGET_PATH, "/run/m.sock", "/run/m.sock", 0},
    {"/run/a:22", NULL, TARGET_PATH, "/run/a:22", "/run/a:22", 0},
    {"/", NULL, TARGET_PATH, "/", "/", 0},
};

static const struct {
	const char *name, *port;
} not_targets[] = {
    {"", NULL}, {"", "22"}, {":22", NULL}, {" ", NULL}, {".", NULL},
    {"..", NULL}, {"-", NULL}, {"-oProxyCommand=x", NULL}, {"_x", NULL},
    {".web1", NULL}, {"web1.", NULL}, {"web1.:22", NULL}, {"web1.", "22"},
    {"web 1", NULL}, {" web1", NULL}, {"web1 ", NULL}, {"web1\n", NULL},
    {"web1\t", NULL}, {"web1\x01", NULL}, {"w\xc3\xa9" "b", NULL},
    {"web1\x7f", NULL}, {"root@web1", NULL}, {"root@10.2.0.10", NULL},
    {"web1/x", NULL}, {"ssh://web1", NULL}, {"web1;id", NULL},
    {"$(id)", NULL}, {"`id`", NULL}, {"web*", NULL}, {"web?", NULL},
    {"web%1", NULL}, {"@web", NULL}, {"{web1}", NULL}, {"web1,web2", NULL},
    {"web\\1", NULL}, {"\"web1\"", NULL}, {"[web1]", NULL},
    {"[web1]:22", NULL},
    /* Ports. */
    {"web1:", NULL}, {"web1", ""}, {"web1:0", NULL}, {"web1", "0"},
    {"web1:65536", NULL}, {"web1", "65536"}, {"web1", "65558"},
    {"web1:+22", NULL}, {"web1", "+22"}, {"web1:022", NULL}, {"web1", "022"},
    {"web1", "-22"}, {"web1", " 22"}, {"web1", "22 "}, {"web1", "0x16"},
    {"web1", "ssh"}, {"web1", "22,80"}, {"web1:22", "22"},
    {"web1:22", "80"}, {"10.2.0.10:22", "22"}, {"[2001:db8::10]:22", "22"},
    {"web1:22:22", NULL}, {"web1::22", NULL}, {"10.2.0.10:22:22", NULL},
    {"10.2.0.10:0", NULL}, {"[2001:db8::10]:0", NULL},
    {"[2001:db8::10]:", NULL}, {"[2001:db8::10]:65536", NULL},
    /* What only some resolvers take for an address. */
    {"10", NULL}, {"167903242", NULL}, {"10.2", NULL}, {"10.2.10", NULL},
    {"10.2.0.10.", NULL}, {"10.2.0.256", NULL}, {"10.2.0.010", NULL},
    {"012.2.0.10", NULL}, {"0x0a02000a", NULL}, {"0X0A02000A", NULL},
    {"0x0a.2.0.10", NULL}, {"10.2.0.0xa", NULL}, {"10.0x2.0.10", NULL},
    {"10.0x2000a", NULL}, {"10.2.0xa", NULL}, {"10.2.0.0XA", NULL},
    {"1.2.3.4.5", NULL}, {"4294967296", NULL}, {"0", NULL}, {"127.1", NULL},
    {"0x7f.1:22", NULL}, {"0x7f000001", "22"},
    /* Scopes, brackets. */
    {"fe80::1%eth0", NULL}, {"fe80::1%1", NULL}, {"[fe80::1%eth0]:22", NULL},
    {"10.2.0.10%1", NULL}, {"[10.2.0.10]", NULL}, {"[10.2.0.10]:22", NULL},
    {"[2001:db8::10", NULL}, {"2001:db8::10]", NULL}, {"[]", NULL},
    {"[]:22", NULL}, {"[2001:db8::10]22", NULL}, {"[[2001:db8::10]]", NULL},
    {"[2001:db8::10]]:22", NULL}, {"x[2001:db8::10]:22", NULL},
    {"2001:db8:::10", NULL}, {"2001:db8::/32", NULL}, {"10.2.0.0/16", NULL},
    {"::g", NULL}, {"1:2:3:4:5:6:7:8:9", NULL},
    /* Paths. */
    {"/run/m.sock", "22"}, {"/run/a b", NULL}, {"/run/a\n", NULL},
    {"/run/\xc3\xa9", NULL}, {"run/m.sock", NULL}, {"./m.sock", NULL},
    {"~/m.sock", NULL},
};

START_TEST(target_is_read)
{
	struct target t;
	char buf[300];

	ck_assert_msg(target_parse(&t, targets[_i].name, targets[_i].port),
	    "%s", targets[_i].name);
	ck_assert_int_eq(t.form, targets[_i].form);
	ck_assert_str_eq(t.text, targets[_i].text);
	ck_assert_uint_eq(t.port, targets[_i].n);
	ck_assert_str_eq(
	    target_text(&t, buf, sizeof(buf)), targets[_i].printed);
	if (t.form == TARGET_ADDRESSED) {
		struct addr a = unit_addr(targets[_i].text);

		ck_assert(addr_equal(&t.addr, &a));
	}
}
END_TEST

START_TEST(target_is_refused)
{
	struct target t;

	ck_assert_msg(
	    !target_parse(&t, not_targets[_i].name, not_targets[_i].port),
	    "%s", not_targets[_i].name);
}
END_TEST

START_TEST(target_is_bounded)
{
	char text[400];
	struct target t;

	for (size_t n = 1; n < sizeof(text); n++) {
		memset(text, 'x', n);
		text[n] = '\0';
		ck_assert(target_parse(&t, text, NULL) == (n < 256));
		ck_assert(target_parse(&t, text, "22") == (n < 256));
		text[0] = '/';
		ck_assert(target_parse(&t, text, NULL) == (n < 108));
		memcpy(text, "[::1]", n < 5 ? n : 5);
		ck_assert(target_parse(&t, text, NULL) == (n == 5));
	}
}
END_TEST

/* Every byte but those of a name makes it none. */
START_TEST(target_has_its_letters)
{
	for (int c = 1; c < 256; c++) {
		char text[] = {'a', (char)c, 'b', '\0'};
		bool good = (c < 128 && isalnum(c)) || strchr("._-", c);
		struct target t;

		ck_assert_msg(target_parse(&t, text, NULL) == good, "%d", c);
	}
}
END_TEST

/*
 * Decisions.
 */
static const char statements[] =
    "user alice\n"
    "user bob\n"
    "host web1 { 10.2.0.10 2001:db8::10 } ssh 22 alias www\n"
    "host pair { 10.3.0.20 10.2.0.20 } ssh 22\n"
    "host none { 10.3.0.21 } ssh 22\n"
    "net bad 10.3.0.0/16 ssh 22\n"
    "domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22\n"
    "domain dev2 \"*.dev.example\" in { 10.7.0.0/16 10.6.0.0/16 } ssh 22\n"
    "domain sure \"*.ask.example\" in 10.5.0.0/16 ssh 22\n"
    "device rtu 127.77.0.17 ssh 2222\n"
    "device box \"/run/box.sock\" ssh alias box2\n"
    "socket metr \"/run/m.sock\" alias m2\n"
    "allow all: alice to any\n"
    "allow some: bob to web1\n"
    "require sure: any to sure mfa\n"
    "deny bad: any to bad\n";

static const struct {
	const char *user, *asked, *resolved, *want;
} decisions[] = {
    {"alice", "web1:22", NULL, "allow allow allow"},
    {"alice", "WWW:22", NULL, "allow allow allow"},
    {"alice", "web1:23", NULL, "deny deny deny"},
    {"alice", "web1", NULL, "deny deny deny"},
    /* Its own addresses, whatever a resolver says. */
    {"alice", "web1:22", "10.3.0.1", "allow allow allow"},
    {"alice", "none:22", "10.2.0.10", "deny deny"},
    {"alice", "pair:22", NULL, "allow deny allow"},
    {"alice", "rtu:2222", NULL, "allow allow"},
    {"bob", "rtu:2222", NULL, "deny deny"},
    {"alice", "10.2.0.10:22", NULL, "allow allow"},
    {"alice", "[2001:db8::10]:22", NULL, "allow allow"},
    {"alice", "10.3.0.20:22", NULL, "deny deny"},
    {"alice", "10.2.0.10", NULL, "deny deny"},
    {"alice", "10.9.9.9:22", NULL, "deny deny"},
    /* The address of a domain is none without its name. */
    {"alice", "10.8.0.1:22", NULL, "deny deny"},
    {"alice", "bad:22", NULL, "deny"},
    {"alice", "dev:22", NULL, "deny"},
    {"alice", "dev:22", "10.8.0.1", "deny"},
    {"alice", "metr", NULL, "allow /run/m.sock allow"},
    {"alice", "m2", NULL, "allow /run/m.sock allow"},
    {"alice", "metr:22", NULL, "deny"},
    {"alice", "/run/m.sock", NULL, "allow /run/m.sock allow"},
    {"bob", "/run/m.sock", NULL, "deny /run/m.sock deny"},
    {"alice", "/run/n.sock", NULL, "deny"},
    {"alice", "box", NULL, "allow /run/box.sock allow"},
    {"alice", "box:22", NULL, "allow /run/box.sock allow"},
    {"alice", "box:65535", NULL, "allow /run/box.sock allow"},
    {"alice", "box2:22", NULL, "allow /run/box.sock allow"},
    {"alice", "/run/box.sock", NULL, "allow /run/box.sock allow"},
    {"bob", "box:22", NULL, "deny /run/box.sock deny"},
    {"alice", "nope:22", NULL, "deny"},
    /* DNS names: first whether to look them up. */
    {"alice", "x.dev.example:22", NULL, "deny lookup"},
    {"alice", "X.DEV.example:22", NULL, "deny lookup"},
    {"alice", "x.y.dev.example:22", NULL, "deny"},
    {"alice", "x.dev.example:23", NULL, "deny"},
    {"alice", "x.dev.example", NULL, "deny"},
    {"alice", "x.qa.example:22", NULL, "deny"},
    {"bob", "x.dev.example:22", NULL, "deny"},
    {"mallory", "x.dev.example:22", NULL, "deny"},
    {"alice", "x.ask.example:22", NULL, "ask"},
    /* Then all of its addresses, in the networks of one domain. */
    {"alice", "x.dev.example:22", "10.8.0.1", "allow allow"},
    {"alice", "x.dev.example:22", "10.8.0.1 10.8.9.9", "allow allow allow"},
    {"alice", "x.dev.example:22", "10.7.0.1 10.6.0.1", "allow allow allow"},
    {"alice", "x.dev.example:22", "10.8.0.1 10.7.0.1", "deny"},
    {"alice", "x.dev.example:22", "10.8.0.1 10.2.0.10", "deny"},
    {"alice", "x.dev.example:22", "10.2.0.10", "deny"},
    {"alice", "x.dev.example:22", "127.0.0.1", "deny"},
    {"alice", "x.dev.example:22", "", "deny"},
    {"alice", "x.qa.example:22", "10.8.0.1", "deny"},
    {"alice", "x.dev.example:23", "10.8.0.1", "deny deny"},
    {"bob", "x.dev.example:22", "10.8.0.1", "deny deny"},
    {"alice", "x.ask.example:22", "10.5.0.1", "ask ask"},
    {"alice", "x.dev.example:22",
	"10.8.0.1 10.8.0.2 10.8.0.3 10.8.0.4 10.8.0.5 10.8.0.6 10.8.0.7 "
	"10.8.0.8 10.8.0.9 10.8.0.10 10.8.0.11 10.8.0.12 10.8.0.13 10.8.0.14 "
	"10.8.0.15 10.8.0.16",
	"allow allow allow allow allow allow allow allow allow allow allow "
	"allow allow allow allow allow allow"},
    {"alice", "x.dev.example:22",
	"10.8.0.1 10.8.0.2 10.8.0.3 10.8.0.4 10.8.0.5 10.8.0.6 10.8.0.7 "
	"10.8.0.8 10.8.0.9 10.8.0.10 10.8.0.11 10.8.0.12 10.8.0.13 10.8.0.14 "
	"10.8.0.15 10.8.0.16 10.8.0.17",
	"deny"},
};

static size_t
addresses(const char *words, struct addr *addrs)
{
	char text[512], *word, *rest = text;
	size_t n = 0;

	snprintf(text, sizeof(text), "%s", words);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word != '\0')
			addrs[n++] = unit_addr(word);
	}
	return n;
}

static struct policy_request
request_of(const struct policy *p, const char *user, time_t now)
{
	static uint8_t none[LISTED];
	struct person person = {.policy = p, .unixgroups = none};
	struct policy_request q;

	person.user = policy_find_user(p, user);
	decide_request(&q, &person, ROAD_CONNECT, now);
	return q;
}

START_TEST(decision_is)
{
	struct policy *p = unit_policy(statements);
	struct policy_request q = request_of(p, decisions[_i].user, 0);
	struct addr addrs[LISTED];
	const char *resolved = decisions[_i].resolved;
	size_t n = resolved == NULL ? 0 : addresses(resolved, addrs);
	struct target asked;
	struct decision d;
	char text[512];
	int used;

	memset(&d, 0x5a, sizeof(d));
	ck_assert(target_parse(&asked, decisions[_i].asked, NULL));
	decide(p, &q, &asked, resolved == NULL ? NULL : addrs, n, &d);
	used = snprintf(text, sizeof(text), "%s%s%s%s",
	    policy_action_names[d.action], d.lookup ? " lookup" : "",
	    d.path == NULL ? "" : " ", d.path == NULL ? "" : d.path);
	for (size_t i = 0; i < d.n; i++)
		used += snprintf(text + used, sizeof(text) - (size_t)used,
		    " %s", policy_action_names[d.choices[i].verdict.action]);
	ck_assert_str_eq(text, decisions[_i].want);
	ck_assert_int_eq(d.action, d.verdict.action);
	ck_assert((d.action == ACTION_ALLOW || d.lookup) ==
	    (d.verdict.reason == REASON_NONE));
	policy_free(p);
}
END_TEST

/* What the machine says of the person is part of the request. */
START_TEST(decision_knows_the_machine)
{
	struct policy *p = unit_policy(
	    "host web1 { 10.2.0.10 10.2.0.11 } ssh 22\nallow a: %wheel to web1");
	struct addr own[] = {unit_addr("10.2.0.9"), unit_addr("10.2.0.10")};
	uint8_t wheel[] = {TRUTH_YES};
	struct person person = {.policy = p,
	    .user = POLICY_NONE,
	    .unixgroups = wheel,
	    .own = own,
	    .nown = 2};
	struct policy_request q;
	struct target asked;
	struct decision d;

	decide_request(&q, &person, ROAD_SHELL, 86400 + 60);
	ck_assert_int_eq(q.road, ROAD_SHELL);
	ck_assert_int_eq(q.now, 86400 + 60);
	ck_assert_uint_eq(q.minute, decide_minute(86400 + 60));
	ck_assert(target_parse(&asked, "web1:22", NULL));
	decide(p, &q, &asked, NULL, 0, &d);
	ck_assert_int_eq(d.action, ACTION_ALLOW);
	ck_assert_int_eq(d.choices[0].verdict.reason, REASON_NEVER);
	ck_assert_int_eq(d.choices[1].verdict.reason, REASON_NONE);
	policy_free(p);
}
END_TEST

/* The verdict is that of the first address with the best answer. */
START_TEST(decision_takes_the_best)
{
	struct policy *p = unit_policy(statements);
	struct policy_request q = request_of(p, "alice", 0);
	struct addr want = unit_addr("10.2.0.20");
	struct target asked;
	struct decision d;

	ck_assert(target_parse(&asked, "pair:22", NULL));
	decide(p, &q, &asked, NULL, 0, &d);
	ck_assert_uint_eq(d.n, 2);
	ck_assert(addr_equal(&d.choices[1].addr, &want));
	ck_assert_uint_eq(d.verdict.rule, d.choices[1].verdict.rule);
	ck_assert_str_eq(policy_string(p,
	    policy_rule(p, d.verdict.rule)->name), "all");
	ck_assert_int_eq(d.choices[0].verdict.reason, REASON_DENIED);
	policy_free(p);
}
END_TEST

/* Of two with the same action the first, whatever the rules' order. */
START_TEST(decision_takes_the_first)
{
	static const char *const texts[] = {
	    "deny second: alice to b\ndeny first: alice to a\n",
	    "allow second: alice to b\nallow first: alice to a\n"};
	char *text;
	struct policy *p;
	struct policy_request q;
	struct target asked;
	struct decision d;

	ck_assert_int_gt(asprintf(&text, "user alice\n"
	    "host two { 10.2.0.10 10.2.0.11 } ssh 22\n"
	    "host one 10.2.0.10 ssh 22\nnet a 10.2.0.10 ssh 22\n"
	    "net b 10.2.0.11 ssh 22\n%s", texts[_i]), 0);
	p = unit_policy(text);
	q = request_of(p, "alice", 0);
	q.road = ROAD_CONNECT;
	for (int n = 1; n <= 2; n++) {
		ck_assert(target_parse(
		    &asked, n == 1 ? "one:22" : "two:22", NULL));
		decide(p, &q, &asked, NULL, 0, &d);
		ck_assert_uint_eq(d.n, (size_t)n);
		ck_assert_int_eq(d.verdict.reason,
		    _i == 0 ? REASON_DENIED : REASON_NONE);
		ck_assert_str_eq(policy_string(p, policy_rule(
		    p, d.verdict.rule)->name), "first");
	}
	policy_free(p);
	free(text);
}
END_TEST

/*
 * Zones and clocks.
 */
static const struct {
	const char *zone, *at;
	int day, hour, minute;
} clocks[] = {
    {"UTC", "2026-11-23T00:00Z", 0, 0, 0},
    {"UTC", "2026-11-22T23:59:59Z", 6, 23, 59},
    {"Europe/Amsterdam", "2026-11-22T23:00Z", 0, 0, 0},
    {"Europe/Amsterdam", "2026-11-22T22:59:59Z", 6, 23, 59},
    {"Europe/Amsterdam", "2026-07-05T22:00Z", 0, 0, 0},
    {"Europe/Amsterdam", "2026-03-29T00:59Z", 6, 1, 59},
    {"Europe/Amsterdam", "2026-03-29T01:00Z", 6, 3, 0},
    {"Europe/Amsterdam", "2026-10-25T00:59Z", 6, 2, 59},
    {"Europe/Amsterdam", "2026-10-25T01:00Z", 6, 2, 0},
    {"America/New_York", "2026-11-23T04:59Z", 6, 23, 59},
    {"Asia/Kolkata", "2026-11-22T18:30Z", 0, 0, 0},
    {"Australia/Lord_Howe", "2026-11-22T13:00Z", 0, 0, 0},
};

static struct policy *
policy_in(const char *zone, const char *more)
{
	struct policy *p;
	char *text;

	ck_assert_int_gt(asprintf(&text, "set timezone \"%s\"\n%s", zone, more),
	    0);
	p = unit_policy(text);
	free(text);
	ck_assert(decide_zone(p));
	return p;
}

START_TEST(minute_is)
{
	struct policy *p = policy_in(clocks[_i].zone, "");
	int64_t when;

	ck_assert(policy_time_parse(&when, clocks[_i].at));
	ck_assert_uint_eq(decide_minute(when),
	    (unsigned)(clocks[_i].day * DAY_MINUTES + clocks[_i].hour * 60 +
		clocks[_i].minute));
	policy_free(p);
}
END_TEST

START_TEST(zone_is_needed)
{
	struct policy *p = policy_in("Europe/Amsterdam", "");
	const struct policy_meta *meta = policy_meta(p);
	char *pool = p->table[PT_STRINGS].rows;

	ck_assert(setenv("TZ", "America/New_York", 1) == 0);
	ck_assert(decide_zone(p));
	ck_assert_uint_eq(decide_minute(0), 3 * DAY_MINUTES + 60);
	pool[meta->timezone] = 'X';
	ck_assert(!decide_zone(p));
	policy_free(p);
	p = unit_policy("");
	ck_assert(decide_zone(p));
	ck_assert_uint_eq(decide_minute(0), 3 * DAY_MINUTES);
	policy_free(p);
}
END_TEST

/* libc would go on in UTC, without a word. */
START_TEST(zone_must_be_read)
{
	struct policy *p = policy_in("Europe/Amsterdam", "");
	const struct rlimit none = {.rlim_max = 1024}, some = {1024, 1024};

	ck_assert(setenv("TZ", "UTC0", 1) == 0);
	tzset();
	ck_assert(setrlimit(RLIMIT_NOFILE, &none) == 0);
	ck_assert(!decide_zone(p));
	ck_assert(setrlimit(RLIMIT_NOFILE, &some) == 0); /* for sanitizers */
	policy_free(p);
}
END_TEST

/*
 * Ends.
 */
static const char people[] =
    "user alice\n"
    "user bob until 2026-11-24T09:00:30+01:00\n"
    "host web1 10.2.0.10 ssh 22\n"
    "window day mon-fri 08:00-18:00\n"
    "window late mon-fri 16:00-20:00\n"
    "window night sat 22:00 - mon 04:00\n"
    "window dark mon-sun 22:00-06:00\n"
    "window all mon-sun 00:00-24:00\n"
    "window lunch mon-fri 12:00-13:00\n"
    "window two sun 02:15-02:45\n"
    "window one sun 02:00-03:00\n"
    "window past sun 01:30-02:30\n";

/* In Europe/Amsterdam; + is winter time, from to end. */
static const struct {
	const char *rules, *user, *at, *end;
} ends[] = {
    {"allow a: any to web1", "alice", "2026-11-23T10:00+01:00", NULL},
    {"allow a: any to web1 when day", "alice", "2026-11-23T10:00+01:00",
	"2026-11-23T18:00+01:00"},
    {"allow a: any to web1 when day", "alice", "2026-11-23T17:59:59+01:00",
	"2026-11-23T18:00+01:00"},
    {"allow a: any to web1 when day", "alice", "2026-11-23T08:00+01:00",
	"2026-11-23T18:00+01:00"},
    /* Overlapping windows, in one rule and in two. */
    {"allow a: any to web1 when { day late }", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T20:00+01:00"},
    {"allow a: any to web1 when day\nallow b: any to web1 when late", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T20:00+01:00"},
    {"allow a: any to web1 when { day all }", "alice",
	"2026-11-23T10:00+01:00", NULL},
    {"allow a: any to web1 when day\nallow b: any to web1", "alice",
	"2026-11-23T10:00+01:00", NULL},
    /* Midnight, and the end of the week. */
    {"allow a: any to web1 when dark", "alice", "2026-11-23T23:00+01:00",
	"2026-11-24T06:00+01:00"},
    {"allow a: any to web1 when dark", "alice", "2026-11-22T23:00+01:00",
	"2026-11-23T06:00+01:00"},
    {"allow a: any to web1 when night", "alice", "2026-11-21T22:00+01:00",
	"2026-11-23T04:00+01:00"},
    {"allow a: any to web1 when night", "alice", "2026-11-23T03:00+01:00",
	"2026-11-23T04:00+01:00"},
    {"allow a: any to web1 when all", "alice", "2026-11-22T23:59+01:00",
	NULL},
    /* The clock is put forward: 02:00 is 03:00. */
    {"allow a: any to web1 when night", "alice", "2026-03-28T23:00+01:00",
	"2026-03-30T04:00+02:00"},
    {"allow a: any to web1 when past", "alice", "2026-03-29T01:45+01:00",
	"2026-03-29T03:00+02:00"},
    {"allow a: any to web1\ndeny d: any to web1 when two", "alice",
	"2026-03-28T23:00+01:00", "2026-04-05T02:15+02:00"},
    {"allow a: any to web1\ndeny d: any to web1 when one", "alice",
	"2026-03-29T01:59:59+01:00", "2026-04-05T02:00+02:00"},
    {"allow a: any to web1 when dark", "alice", "2026-03-28T23:00+01:00",
	"2026-03-29T06:00+02:00"},
    /* The clock is put back: 03:00 is 02:00 again. */
    {"allow a: any to web1 when one", "alice", "2026-10-25T02:30+02:00",
	"2026-10-25T03:00+01:00"},
    {"allow a: any to web1 when past", "alice", "2026-10-25T02:00+02:00",
	"2026-10-25T02:30+02:00"},
    {"allow a: any to web1 when past", "alice", "2026-10-25T02:00+01:00",
	"2026-10-25T02:30+01:00"},
    {"allow a: any to web1\ndeny d: any to web1 when two", "alice",
	"2026-10-25T02:45+02:00", "2026-10-25T02:15+01:00"},
    {"allow a: any to web1\ndeny d: any to web1 when past", "alice",
	"2026-10-25T02:30+02:00", "2026-10-25T02:00+01:00"},
    {"allow a: any to web1 when dark", "alice", "2026-10-24T23:00+02:00",
	"2026-10-25T06:00+01:00"},
    /* until, of rules and of the user. */
    {"allow a: any to web1 until 2026-11-23T10:00:01+01:00", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T10:00:01+01:00"},
    {"allow a: any to web1 until 2027-08-01T00:00Z", "alice",
	"2026-11-23T10:00+01:00", "2027-08-01T00:00Z"},
    {"allow a: any to web1", "bob", "2026-11-23T10:00+01:00",
	"2026-11-24T09:00:30+01:00"},
    {"allow a: any to web1 when day", "bob", "2026-11-23T10:00+01:00",
	"2026-11-23T18:00+01:00"},
    {"allow a: any to web1 when day", "bob", "2026-11-24T08:30+01:00",
	"2026-11-24T09:00:30+01:00"},
    {"allow a: any to web1 when day until 2026-11-23T17:00+01:00", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T17:00+01:00"},
    {"allow a: any to web1 when day until 2026-11-23T19:00+01:00", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T18:00+01:00"},
    {"allow a: any to web1 until 2026-11-23T11:00+01:00\n"
     "allow b: any to web1 until 2026-11-23T12:00+01:00\n"
     "allow c: any to web1 until 2026-11-23T10:30+01:00", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T12:00+01:00"},
    {"allow a: any to web1 until 2026-11-23T11:00+01:00\n"
     "allow b: any to web1 when lunch\n"
     "allow c: any to web1 until 2026-11-23T12:30+01:00", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T13:00+01:00"},
    {"allow a: any to web1 until 2030-01-01T00:00Z\n"
     "allow b: any to web1 when day", "alice", "2026-11-23T10:00+01:00",
	"2030-01-01T00:00Z"},
    {"allow a: any to web1 until 2026-11-28T00:00+01:00\n"
     "allow b: any to web1 when night", "alice", "2026-11-23T10:00+01:00",
	"2026-11-28T00:00+01:00"},
    /* A deny that begins. */
    {"allow a: any to web1\ndeny d: any to web1 when lunch", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T12:00+01:00"},
    {"allow a: any to web1\ndeny d: any to web1 when lunch", "alice",
	"2026-11-23T13:00+01:00", "2026-11-24T12:00+01:00"},
    {"allow a: any to web1\n"
     "deny d: any to web1 when lunch until 2026-11-23T11:00+01:00", "alice",
	"2026-11-23T10:00+01:00", NULL},
    {"allow a: any to web1\ndeny d: bob to web1 when lunch", "alice",
	"2026-11-23T10:00+01:00", NULL},
    /* Obligations that begin, and that end. */
    {"allow a: any to web1\nrequire r: any to web1 when lunch mfa", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T12:00+01:00"},
    {"allow a: any to web1\nrequire r: any to web1 when lunch idle 5m",
	"alice", "2026-11-23T10:00+01:00", "2026-11-23T12:00+01:00"},
    {"allow a: any to web1 idle 5m\nrequire r: any to web1 when lunch idle 5m",
	"alice", "2026-11-23T10:00+01:00", NULL},
    {"allow a: any to web1 idle 5m\nrequire r: any to web1 when lunch idle 6m",
	"alice", "2026-11-23T10:00+01:00", NULL},
    {"allow a: any to web1 idle 5m\nrequire r: any to web1 when lunch idle 4m",
	"alice", "2026-11-23T10:00+01:00", "2026-11-23T12:00+01:00"},
    {"allow a: any to web1 duration 5m\n"
     "require r: any to web1 when lunch duration 4m", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T12:00+01:00"},
    {"allow a: any to web1 duration 5m\n"
     "require r: any to web1 when lunch duration 5m", "alice",
	"2026-11-23T10:00+01:00", NULL},
    {"allow a: any to web1 duration 5m\n"
     "require r: any to web1 when lunch idle 4m", "alice",
	"2026-11-23T10:00+01:00", "2026-11-23T12:00+01:00"},
    {"allow a: any to web1\n"
     "require r: any to web1 until 2026-11-23T11:00+01:00 idle 5m", "alice",
	"2026-11-23T10:00+01:00", NULL},
    {"allow a: any to web1\nrequire r: any to web1 when lunch idle 5m",
	"alice", "2026-11-23T12:30+01:00", NULL},
};

static time_t
end_of(const struct policy *p, const char *user, time_t now)
{
	struct policy_request q = request_of(p, user, now);
	struct target asked;
	struct decision d;

	unit_check(target_parse(&asked, "web1:22", NULL));
	decide(p, &q, &asked, NULL, 0, &d);
	if (d.action != ACTION_ALLOW)
		return -1;
	return decide_end(p, &q, &asked, &d.choices[0], d.path);
}

START_TEST(end_is)
{
	struct policy *p;
	char *text;
	int64_t at, want = 0;

	ck_assert_int_gt(asprintf(&text, "%s%s\n", people, ends[_i].rules), 0);
	p = policy_in("Europe/Amsterdam", text);
	ck_assert(policy_time_parse(&at, ends[_i].at));
	if (ends[_i].end != NULL)
		ck_assert(policy_time_parse(&want, ends[_i].end));
	ck_assert_int_eq(end_of(p, ends[_i].user, at), want);
	policy_free(p);
	free(text);
}
END_TEST

/*
 * More deadlines than are kept: the nearest are, whichever comes first in the
 * policy, and beyond them the last that is kept is an end.
 */
START_TEST(nearest_deadlines)
{
	enum { MANY = 70, KEPT = 64, NOW = 1795428000, HOUR = 3600 };
	static char text[MANY * 100 + 300];
	time_t mine = NOW + (_i % 2 == 0 ? 1 : 60 * (KEPT + 1)) * HOUR;
	time_t last = NOW + (time_t)60 * KEPT * HOUR;
	struct tm tm;
	struct policy *p;
	char at[32];
	size_t n;

	n = (size_t)sprintf(text, "user alice\n"
	    "host web1 10.2.0.10 ssh 22\nhost web2 10.2.0.11 ssh 22\n");
	for (int i = 0; i <= MANY; i++) {
		int turn = _i < 2 ? i : MANY - i; /* mine is last, or first */
		time_t when = turn == MANY ? mine :
		    NOW + (time_t)60 * (turn + 1) * HOUR;

		strftime(at, sizeof(at), "%FT%TZ", gmtime_r(&when, &tm));
		n += (size_t)sprintf(text + n, turn == MANY ?
		    "allow mine: alice to web1 until %s\n" :
		    "deny d%2$d: alice to web2 until %1$s\n", at, turn);
	}
	p = policy_in("UTC", text);
	ck_assert_int_eq(end_of(p, "alice", NOW), _i % 2 == 0 ? mine : last);
	policy_free(p);
}
END_TEST

/* What a path gives ends as well. */
START_TEST(end_of_a_path)
{
	struct policy *p = policy_in("UTC",
	    "user alice\nsocket metr \"/run/m.sock\"\n"
	    "window day mon-fri 08:00-18:00\nallow a: alice to metr when day\n");
	struct policy_request q = request_of(p, "alice", 1795428000);
	struct target asked;
	struct decision d;

	ck_assert(target_parse(&asked, "metr", NULL));
	decide(p, &q, &asked, NULL, 0, &d);
	ck_assert_int_eq(d.action, ACTION_ALLOW);
	ck_assert_int_eq(decide_end(p, &q, &asked, &d.choices[0], d.path),
	    1795456800);
	policy_free(p);
}
END_TEST

/* Whether the verdict of now is still good, by the contract of decide_end. */
static bool
still(const struct policy *p, const struct policy_verdict *now, time_t t)
{
	struct policy_request q = request_of(p, "alice", t);
	struct policy_verdict v;

	q.addr = unit_addr("10.2.0.10");
	q.port = 22;
	policy_evaluate(p, &q, &v);
	return v.action == ACTION_ALLOW &&
	    (v.idle == 0 || (now->idle != 0 && v.idle >= now->idle)) &&
	    (v.duration == 0 ||
		(now->duration != 0 && v.duration >= now->duration));
}

/* The first minute, or deadline, at which it is not; 0: none in five weeks. */
static time_t
slow_end(const struct policy *p, time_t now)
{
	struct policy_request q = request_of(p, "alice", now);
	struct policy_verdict v;
	time_t first = 0;

	q.addr = unit_addr("10.2.0.10");
	q.port = 22;
	policy_evaluate(p, &q, &v);
	for (time_t t = now - now % 60 + 60; t < now + 35 * DAY; t += 60) {
		if (!still(p, &v, t)) {
			first = t;
			break;
		}
	}
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		time_t t = policy_rule(p, i)->until;

		if (t > now && (first == 0 || t < first) && !still(p, &v, t))
			first = t;
	}
	return first;
}

static void
random_window(FILE *out, uint64_t *seed, int i)
{
	static const char *const days[] = {
	    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	unsigned from = unit_random(seed, 24), to = unit_random(seed, 24);
	unsigned minute = unit_random(seed, 4) * 15, other =
	    unit_random(seed, 60);
	const char *first = days[unit_random(seed, 7)];
	const char *last = days[unit_random(seed, 7)];

	if (unit_random(seed, 2) == 0) { /* around a change of the clock */
		from = unit_random(seed, 4);
		to = unit_random(seed, 4);
		last = "sun";
	}
	if (from * 60 + minute == to * 60 + other)
		other = (other + 1) % 60;
	if (unit_random(seed, 3) == 0 && first != last)
		fprintf(out, "window w%d %s %02u:%02u - %s %02u:%02u\n", i,
		    first, from, minute, last, to, other);
	else
		fprintf(out, "window w%d %s-%s %02u:%02u-%02u:%02u\n", i,
		    first, last, from, minute, to, other);
}

static void
random_rule(FILE *out, uint64_t *seed, int i, time_t now)
{
	static const char *const verbs[] = {
	    "allow", "allow", "allow", "deny", "require"};
	const char *verb = verbs[unit_random(seed, COUNT(verbs))];
	char when[32];
	time_t until = now + 1 + unit_random(seed, 12 * DAY);
	struct tm tm;

	fprintf(out, "%s r%d: alice to web1", verb, i);
	if (unit_random(seed, 4) != 0)
		fprintf(out, " when { w%u w%u }", unit_random(seed, 4),
		    unit_random(seed, 4));
	if (unit_random(seed, 2) == 0) {
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ",
		    gmtime_r(&until, &tm));
		fprintf(out, " until %s", when);
	}
	if (*verb == 'r')
		fprintf(out, " idle %um", 1 + unit_random(seed, 3));
	fputc('\n', out);
}

/* Random policies, near the changes of the clock, and a slow answer. */
START_TEST(end_agrees_with_the_slow_one)
{
	static const char *const zones[] = {"Europe/Amsterdam",
	    "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"};
	/* Sundays at noon: two changes of each of the first three. */
	static const time_t sundays[] = {1774785600, 1792929600, 1772971200,
	    1793534400, 1775304000, 1790856000, 1795348800};
	uint64_t seed = (uint64_t)_i + 1;
	int ended = 0;

	for (int n = 0; n < 30; n++) {
		time_t now = sundays[unit_random(&seed, COUNT(sundays))] -
		    unit_random(&seed, 9 * DAY), end;
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct policy *p;

		fputs("user alice\nhost web1 10.2.0.10 ssh 22\n", out);
		for (int i = 0; i < 4; i++)
			random_window(out, &seed, i);
		for (int i = 0; i < 5; i++)
			random_rule(out, &seed, i, now);
		fclose(out);
		p = policy_in(zones[unit_random(&seed, COUNT(zones))], text);
		end = end_of(p, "alice", now);
		if (end != -1 && end != slow_end(p, now))
			ck_abort_msg("%s\nnow %lld: %lld, not %lld", text,
			    (long long)now, (long long)end,
			    (long long)slow_end(p, now));
		ended += end > 0;
		policy_free(p);
		free(text);
	}
	ck_assert_int_gt(ended, 0);
}
END_TEST

/*
 * Begins.
 */
static const struct {
	const char *rules, *at, *begin; /* NULL: none */
} begins[] = {
    {"allow a: any to web1 when day", "2026-11-23T07:59:59+01:00",
	"2026-11-23T08:00+01:00"},
    {"allow a: any to web1 when day", "2026-11-23T18:00+01:00",
	"2026-11-24T08:00+01:00"},
    {"allow a: any to web1 when night", "2026-11-23T05:00+01:00",
	"2026-11-28T22:00+01:00"},
    {"allow a: any to web1 when { night day }", "2026-11-23T05:00+01:00",
	"2026-11-23T08:00+01:00"},
    /* Something is to be done then: that is a beginning too. */
    {"allow a: any to web1 when day mfa", "2026-11-23T18:00+01:00",
	"2026-11-24T08:00+01:00"},
    /* What no time brings, what is over before, what another has. */
    {"allow a: bob to web1 when day", "2026-11-23T18:00+01:00", NULL},
    {"allow a: any to web1 until 2026-11-23T12:00+01:00",
	"2026-11-23T18:00+01:00", NULL},
    {"allow a: any to web1 when day until 2026-11-24T08:00+01:00",
	"2026-11-23T18:00+01:00", NULL},
    {"allow a: any to web1 when day until 2026-11-24T08:01+01:00",
	"2026-11-23T18:00+01:00", "2026-11-24T08:00+01:00"},
    {"allow a: any to web1 when day\ndeny d: any to web1",
	"2026-11-23T18:00+01:00", NULL},
    /* A deny that ends, far away too, and then in no window. */
    {"allow a: any to web1\ndeny d: any to web1 until 2028-02-29T00:00:01Z",
	"2026-11-23T18:00+01:00", "2028-02-29T00:00:01Z"},
    {"allow a: any to web1 when day\n"
     "deny d: any to web1 until 2027-03-06T12:00+01:00",
	"2026-11-23T18:00+01:00", "2027-03-08T08:00+01:00"},
    {"allow a: any to web1\ndeny d: any to web1 when lunch",
	"2026-11-23T12:30+01:00", "2026-11-23T13:00+01:00"},
    /* The clock is put forward: 02:00 is 03:00. */
    {"allow a: any to web1 when past", "2026-03-28T23:00+01:00",
	"2026-03-29T01:30+01:00"},
    {"allow a: any to web1 when two", "2026-03-28T23:00+01:00",
	"2026-04-05T02:15+02:00"},
    {"allow a: any to web1 when dark", "2026-03-28T20:00+01:00",
	"2026-03-28T22:00+01:00"},
    /* The clock is put back: 03:00 is 02:00 again. */
    {"allow a: any to web1 when two", "2026-10-25T02:45+02:00",
	"2026-10-25T02:15+01:00"},
    {"allow a: any to web1 when past", "2026-10-25T02:45+02:00",
	"2026-10-25T02:00+01:00"},
    {"allow a: any to web1 when past", "2026-10-25T02:45+01:00",
	"2026-11-01T01:30+01:00"},
};

/* -1: it is no denial. */
static time_t
begin_of(const struct policy *p, time_t now)
{
	struct policy_request q = request_of(p, "alice", now);
	struct target asked;
	struct decision d;

	unit_check(target_parse(&asked, "web1:22", NULL));
	decide(p, &q, &asked, NULL, 0, &d);
	return d.action == ACTION_DENY ? decide_begin(p, &q, &asked, &d) : -1;
}

START_TEST(begin_is)
{
	struct policy *p;
	char *text;
	int64_t at, want = 0;

	ck_assert_int_gt(
	    asprintf(&text, "%s%s\n", people, begins[_i].rules), 0);
	p = policy_in("Europe/Amsterdam", text);
	ck_assert(policy_time_parse(&at, begins[_i].at));
	if (begins[_i].begin != NULL)
		ck_assert(policy_time_parse(&want, begins[_i].begin));
	ck_assert_int_eq(begin_of(p, at), want);
	policy_free(p);
	free(text);
}
END_TEST

static bool
denied(const struct policy *p, time_t t)
{
	struct policy_request q = request_of(p, "alice", t);
	struct policy_verdict v;

	q.addr = unit_addr("10.2.0.10");
	q.port = 22;
	policy_evaluate(p, &q, &v);
	return v.action == ACTION_DENY;
}

/* The first minute, or deadline, that denies no more; 0: none in 17 days. */
static time_t
slow_begin(const struct policy *p, time_t now)
{
	time_t first = 0;

	for (time_t t = now - now % 60 + 60; t < now + 17 * DAY; t += 60) {
		if (!denied(p, t)) {
			first = t;
			break;
		}
	}
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		time_t t = policy_rule(p, i)->until;

		if (t > now && (first == 0 || t < first) && !denied(p, t))
			first = t;
	}
	return first;
}

START_TEST(begin_agrees_with_the_slow_one)
{
	static const char *const zones[] = {"Europe/Amsterdam",
	    "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"};
	static const time_t sundays[] = {1774785600, 1792929600, 1772971200,
	    1793534400, 1775304000, 1790856000, 1795348800};
	uint64_t seed = (uint64_t)_i + 1;
	int began = 0;

	for (int n = 0; n < 12; n++) {
		time_t now = sundays[unit_random(&seed, COUNT(sundays))] -
		    unit_random(&seed, 9 * DAY), begin;
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct policy *p;

		fputs("user alice\nhost web1 10.2.0.10 ssh 22\n", out);
		for (int i = 0; i < 4; i++)
			random_window(out, &seed, i);
		fputs("allow w: alice to web1 when w0\n", out);
		for (int i = 0; i < 2; i++)
			random_rule(out, &seed, i, now);
		fclose(out);
		p = policy_in(zones[unit_random(&seed, COUNT(zones))], text);
		begin = begin_of(p, now);
		if (begin != -1 && begin != slow_begin(p, now))
			ck_abort_msg("%s\nnow %lld: %lld, not %lld", text,
			    (long long)now, (long long)begin,
			    (long long)slow_begin(p, now));
		began += begin > 0;
		policy_free(p);
		free(text);
	}
	ck_assert_int_gt(began, 0);
}
END_TEST

/* A path, and a name that would have to be looked up, begin as well. */
START_TEST(begin_of_others)
{
	static const char *const names[] = {"metr", "a.dev.example:22"};
	struct policy *p = policy_in("UTC",
	    "user alice\nsocket metr \"/run/m.sock\"\n"
	    "domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22\n"
	    "window day mon-fri 08:00-18:00\n"
	    "allow a: alice to { metr dev } when day\n");
	struct policy_request q = request_of(p, "alice", 1795372200);
	struct target asked;
	struct decision d;

	ck_assert(target_parse(&asked, names[_i], NULL));
	decide(p, &q, &asked, NULL, 0, &d);
	ck_assert_int_eq(d.action, ACTION_DENY);
	ck_assert_int_eq(decide_begin(p, &q, &asked, &d), 1795420800);
	policy_free(p);
}
END_TEST

static const int own_deadlines[] = {1, 20, 63, 64, 65, 66, 120, 200};

/* More deadlines than are kept: never later than the truth. */
START_TEST(end_of_many_deadlines)
{
	const time_t now = 1795428000; /* 2026-11-23T10:00Z */
	time_t end;
	char when[32], *text;
	size_t size;
	struct tm tm;
	FILE *out = open_memstream(&text, &size);
	struct policy *p;

	fputs("user alice\nuser bob\nhost web1 10.2.0.10 ssh 22\n", out);
	for (int i = 0; i < 200; i++) {
		time_t t = now + (i * 37 % 200 + 1) * 3600;

		strftime(when, sizeof(when), "%Y-%m-%dT%H:%MZ",
		    gmtime_r(&t, &tm));
		fprintf(out, "allow r%d: %s to web1 until %s\n", i,
		    i < own_deadlines[_i] ? "alice" : "bob", when);
	}
	fclose(out);
	p = policy_in("UTC", text);
	end = end_of(p, "alice", now);
	ck_assert_int_gt(end, now);
	ck_assert_int_le(end, slow_end(p, now));
	ck_assert_int_ge(end, now + 64 * 3600 < slow_end(p, now) ?
	    now + 63 * 3600 : slow_end(p, now));
	policy_free(p);
	free(text);
}
END_TEST

/*
 * People.
 */
static const struct {
	const char *account, *id, *user; /* NULL: nobody; "": no user line */
} identities[] = {
    {"alice", NULL, "alice"},
    {"alice", "alice", NULL},
    {"alice", "carol", NULL},
    {"jump", "carol", "carol"},
    {"jump", "dave", "dave"},
    {"jump", NULL, NULL},
    {"jump", "alice", NULL},
    {"jump", "erin", NULL},
    {"jump", "rtu", NULL},
    {"jump", "nope", NULL},
    {"jump", "", NULL},
    {"desk", "erin", "erin"},
    {"desk", "carol", NULL},
    /* An account that only users share is nobody's own. */
    {"carol", NULL, NULL},
    {"carol", "carol", NULL},
    {"rtu", NULL, NULL},
    {"rtu", "rtu", NULL},
    {"boxes", NULL, NULL}, /* a device's account */
    {"box", NULL, NULL},
    {"nope", NULL, ""},
    {"nope", "alice", NULL},
};

START_TEST(person_is)
{
	struct policy *p = unit_policy(
	    "user alice\nuser carol account jump\nuser dave account jump\n"
	    "user erin account desk\ndevice rtu 127.77.0.17 ssh 22\n"
	    "device box 127.77.0.18 ssh 22 account boxes\n");
	struct person person = {
	    .policy = p, .account = identities[_i].account};
	const char *want = identities[_i].user;

	person.name = person.account;
	person.user = POLICY_NONE;
	ck_assert_int_eq(person_identify(&person, identities[_i].id),
	    want == NULL ? -1 : 0);
	if (want != NULL && *want != '\0') {
		ck_assert_str_eq(person.name, want);
		ck_assert_uint_eq(person.user, policy_find_user(p, want));
	} else if (want != NULL) {
		ck_assert_str_eq(person.name, person.account);
		ck_assert_uint_eq(person.user, POLICY_NONE);
	}
	policy_free(p);
}
END_TEST

/* A group that does not exist has failed. */
START_TEST(person_has_groups)
{
	struct policy *p = unit_policy(
	    "group @g { %root %daemon %\"no such group\" }\nuser root\n");
	struct ifaddrs *list;
	struct person person;
	size_t n = 0;

	ck_assert_int_eq(person_find(&person, p, "root", 0, NULL), PERSON_OK);
	ck_assert_uint_eq(person.unixgroups[0], TRUTH_YES);
	ck_assert_uint_eq(person.unixgroups[1], TRUTH_NO);
	ck_assert_uint_eq(person.unixgroups[2], TRUTH_UNCERTAIN);
	ck_assert_int_eq(getifaddrs(&list), 0);
	for (struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
		struct addr a;

		if (i->ifa_addr != NULL && addr_from_sockaddr(&a, i->ifa_addr))
			ck_assert(addr_equal(&person.own[n++], &a));
	}
	freeifaddrs(list);
	ck_assert_uint_eq(person.nown, n);
	person_free(&person);
	person_free(&person);
	ck_assert_int_eq(
	    person_find(&person, p, "root", 0, "root"), PERSON_UNKNOWN);
	policy_free(p);
}
END_TEST

/*
 * Host keys: those of every target that covers the address and speaks SSH on
 * the port.
 */
#define HOSTKEY(name, letter)                                                  \
	"hostkey " name " \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"             \
	"GniLfbAEAATJ+Rw/VtVI8hVYAemhw6Q5jW/kduU1he" letter " k\"\n"

static const char hostkey_statements[] =
    "user alice\n"
    "host web1 { 10.2.0.10 2001:db8::10 } ssh { 22 222 } tcp 80 alias www\n"
    "host twin 10.2.0.10 ssh 22 tcp 222\n"
    "host bare 10.2.0.11 ssh 22\n"
    "net lab 10.2.0.0/16 ssh 22\n"
    "device rtu1 127.77.0.1 ssh 22 tcp 23\n"
    "device rtu2 \"/run/rtu2.sock\" ssh\n" HOSTKEY("rtu2", "Y")
    "socket api \"/run/api.sock\" ssh\n"
    "socket raw \"/run/raw.sock\"\n" HOSTKEY("web1", "A")
	HOSTKEY("web1", "E") HOSTKEY("twin", "I") HOSTKEY("rtu1", "M")
	    HOSTKEY("api", "Q") HOSTKEY("raw", "U") "allow all: alice to any";

static const struct {
	const char *asked;
	ssize_t n;
} hostkeys[] = {
    {"web1:22", 3}, /* and its twin's */
    {"www:22", 3},
    {"twin:22", 3},
    {"10.2.0.10:22", 3},
    {"[2001:db8::10]:22", 2},
    {"web1:222", 2}, /* which is not SSH for the twin */
    {"web1:80", 0},
    {"bare:22", 0},
    {"10.2.1.1:22", 0},
    {"rtu1:22", 1},
    {"rtu1:23", 0},
    {"rtu2", 1},
    {"rtu2:4711", 1},
    {"/run/rtu2.sock", 1},
    {"/run/api.sock", 1},
    {"/run/raw.sock", 0},
};

START_TEST(hostkeys_are)
{
	struct policy *p = unit_policy(hostkey_statements);
	struct policy_request q = request_of(p, "alice", 0);
	const char **keys;
	struct target asked;
	struct decision d;

	ck_assert(target_parse(&asked, hostkeys[_i].asked, NULL));
	decide(p, &q, &asked, NULL, 0, &d);
	ck_assert_int_eq(d.action, ACTION_ALLOW);
	for (size_t i = 0; i < d.n; i++) {
		ssize_t n = decide_hostkeys(
		    p, &q, &asked, &d.choices[i], d.path, &keys);

		if (i > 0)
			ck_assert((n > 0) == (hostkeys[_i].n > 0));
		else
			ck_assert_int_eq(n, hostkeys[_i].n);
		ck_assert((keys == NULL) == (n == 0));
		for (ssize_t k = 1; k < n; k++)
			ck_assert_str_ne(keys[k - 1], keys[k]);
		free(keys);
	}
	policy_free(p);
}
END_TEST

/*
 * Names.
 */
static const char name_statements[] =
    "user alice\n"
    "host zeta { 10.2.0.10 2001:db8::10 } ssh 22 alias www\n"
    "host beta 10.2.0.10 ssh 22\n"
    "host other 10.2.0.10 ssh 23\n"
    "net lab 10.2.0.0/16 ssh 22\n"
    "domain dev \"*.dev.example\" in 10.2.0.0/16 ssh 22\n"
    "socket api \"/run/api.sock\"\n"
    "allow all: alice to any";

static const struct {
	const char *asked, *name;
} names[] = {
    {"zeta:22", "zeta"},
    {"www:22", "zeta"},
    {"beta:22", "beta"},
    {"other:23", "other"},
    {"10.2.0.10:22", "zeta"}, /* the first */
    {"10.2.0.10:23", "other"},
    {"[2001:db8::10]:22", "zeta"},
    {"10.2.1.1:22", "10.2.1.1"},
    {"x.dev.example:22", "x.dev.example"},
    {"api", "api"},
    {"/run/api.sock", "api"},
};

START_TEST(name_is)
{
	struct policy *p = unit_policy(name_statements);
	struct policy_request q = request_of(p, "alice", 0);
	struct target asked;
	struct decision d;
	struct addr a;

	ck_assert(target_parse(&asked, names[_i].asked, NULL));
	addr_parse(&a, "10.2.3.4");
	decide(p, &q, &asked, NULL, 0, &d);
	if (d.lookup)
		decide(p, &q, &asked, &a, 1, &d);
	ck_assert_int_eq(d.action, ACTION_ALLOW);
	ck_assert_str_eq(
	    decide_name(p, &q, &asked, &d.choices[0], d.path), names[_i].name);
	policy_free(p);
}
END_TEST

START_TEST(contact_is)
{
	struct policy *p = unit_policy("set contact \"me@corp.example\"\n");

	ck_assert_str_eq(decide_contact(p), "me@corp.example");
	policy_free(p);
	p = unit_policy("");
	ck_assert_str_eq(decide_contact(p), "your administrator");
	policy_free(p);
}
END_TEST

static Suite *
target_suite(void)
{
	Suite *s = suite_create("target");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, target_is_read, 0, COUNT(targets));
	tcase_add_loop_test(t, target_is_refused, 0, COUNT(not_targets));
	tcase_add_test(t, target_is_bounded);
	tcase_add_loop_test(t, name_is, 0, COUNT(names));
	tcase_add_test(t, target_has_its_letters);
	tcase_add_loop_test(t, decision_is, 0, COUNT(decisions));
	tcase_add_test(t, decision_knows_the_machine);
	tcase_add_test(t, decision_takes_the_best);
	tcase_add_loop_test(t, decision_takes_the_first, 0, 2);
	tcase_add_loop_test(t, nearest_deadlines, 0, 4);
	tcase_add_loop_test(t, minute_is, 0, COUNT(clocks));
	tcase_add_test(t, zone_is_needed);
	tcase_add_test(t, zone_must_be_read);
	tcase_add_loop_test(t, end_is, 0, COUNT(ends));
	tcase_add_loop_test(t, begin_is, 0, COUNT(begins));
	tcase_add_loop_test(t, begin_agrees_with_the_slow_one, 0, 4);
	tcase_add_loop_test(t, begin_of_others, 0, 2);
	tcase_add_test(t, end_of_a_path);
	tcase_add_loop_test(t, end_agrees_with_the_slow_one, 0, 6);
	tcase_add_loop_test(t, end_of_many_deadlines, 0,
	    COUNT(own_deadlines));
	tcase_add_loop_test(t, person_is, 0, COUNT(identities));
	tcase_add_test(t, person_has_groups);
	tcase_add_loop_test(t, hostkeys_are, 0, COUNT(hostkeys));
	tcase_add_test(t, contact_is);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(target_suite());
}
