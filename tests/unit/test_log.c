/* SPDX-License-Identifier: ISC */
/*
 * jumpctl/log_*.c: JSON, lines of all kinds of sources, our records, sshd's
 * lines, what is made of them, and whom to believe.
 */
#include <pwd.h>
#include <stdbool.h>

#include "../../jumpctl/log.h"
#include "policy.h"
#include "unit.h"

/*
 * JSON.
 */
static char members[512];

static bool
keep(void *arg, const char *key, char *value, bool number)
{
	size_t n = strlen(members);

	(void)arg;
	snprintf(members + n, sizeof(members) - n, "%s%c%s;", key,
	    number ? '#' : '=', value == NULL ? "-" : value);
	return strcmp(key, "stop") != 0;
}

static const struct {
	const char *text, *members; /* NULL: it is no object */
	const char *rest;
} objects[] = {
    {"{}", "", ""},
    {"{ } x", "", " x"},
    {"{\"a\":\"b\"}", "a=b;", ""},
    {" { \"a\" : \"b\" , \"c\" : 12 } ", "a=b;c#12;", " "},
    {"{\"a\":12}", "a#12;", ""},
    {"{\"a\":null,\"b\":true}", "a=-;b=-;", ""},
    {"{\"a\":[104,105]}", "a=hi;", ""},
    {"{\"a\":[ 104 , 10 ],\"b\":\"c\"}", "a=h\n;b=c;", ""},
    {"{\"a\":[104,0]}", "a=-;", ""},
    {"{\"a\":[104,256]}", "a=-;", ""},
    {"{\"a\":[\"x\",\"y\"]}", "a=-;", ""},
    {"{\"a\":[]}", "a=;", ""},
    {"{\"a\":\"\\\"\\\\\\/\\n\\u0041\\u00e9\\u20AC\"}",
	"a=\"\\/\nA\xc3\xa9\xe2\x82\xac;", ""},
    {"{\"a\":\"\\\\x0a\"}", "a=\\x0a;", ""},
    {"{\"a\":\"b\"}{\"c\":1}", "a=b;", "{\"c\":1}"},
    {"", NULL, NULL},
    {"{", NULL, NULL},
    {"{\"", NULL, NULL},
    {"{\"a", NULL, NULL},
    {"{\"a\"", NULL, NULL},
    {"{\"a\":", NULL, NULL},
    {"{\"a\":\"b", NULL, NULL},
    {"{\"a\":\"b\"", NULL, NULL},
    {"{\"a\":\"b\",", NULL, NULL},
    {"{\"a\":\"b\",}", NULL, NULL},
    {"{\"a\":\"b\" \"c\":1}", NULL, NULL},
    {"{\"a\":\"\\u0000\"}", NULL, NULL},
    {"{\"a\":\"\\u00", NULL, NULL},
    {"{\"a\":\"\\x41\"}", NULL, NULL},
    {"{\"a\":\"\\", NULL, NULL},
    {"{\"a\":\"b\nc\"}", NULL, NULL},
    {"{\"a\":{\"b\":1}}", NULL, NULL},
    {"{\"a\":[[1]]}", NULL, NULL},
    {"{\"a\":[1", NULL, NULL},
    {"{\"a\":[1 2]}", NULL, NULL},
    {"{\"a\":12", NULL, NULL},
    {"{a:1}", NULL, NULL},
    {"[1]", NULL, NULL},
    {"{\"stop\":1}", NULL, NULL},
};

START_TEST(json)
{
	char text[256];
	const char *rest;

	strcpy(text, objects[_i].text);
	members[0] = '\0';
	rest = json_object(text, keep, NULL);
	if (objects[_i].members == NULL) {
		ck_assert_ptr_null(rest);
		return;
	}
	ck_assert_ptr_nonnull(rest);
	ck_assert_str_eq(members, objects[_i].members);
	ck_assert_str_eq(rest, objects[_i].rest);
}
END_TEST

/*
 * Lines.  2026-11-21T16:30:20Z is 1795278620.
 */
#define NOON INT64_C(1795278620)

static const struct {
	const char *line;
	int64_t time; /* 0: it is no line */
	const char *program;
	pid_t claimed, pid;
	int uid; /* -1: not attested */
	const char *message;
} lines[] = {
    {"2026-11-21T16:30:20.540001+00:00 jump sshd[513]: hello there",
	NOON *SECOND + 540001, "sshd", 513, 513, -1, "hello there"},
    {"2026-11-21T17:30:20+01:00 jump sshd: hello", NOON *SECOND, "sshd", 0, 0,
	-1, "hello"},
    {"2026-11-21T11:00:20.5-05:30 jump a: b", NOON *SECOND + 500000, "a", 0, 0,
	-1, "b"},
    {"2026-11-21T16:30:20Z jump a[1]: b", NOON *SECOND, "a", 1, 1, -1, "b"},
    {"Nov 21 16:30:20 jump sshd[513]: x", NOON *SECOND, "sshd", 513, 513, -1,
	"x"},
    {"Nov  1 16:30:20 jump sshd[513]: x", (NOON - 20 * 86400) * SECOND, "sshd",
	513, 513, -1, "x"},
    /* Next month is last year's, tomorrow is a clock that differs. */
    {"Dec 21 16:30:20 jump a: x", (NOON + 30 * 86400 - 365 * 86400) * SECOND,
	"a", 0, 0, -1, "x"},
    {"Nov 22 16:30:20 jump a: x", (NOON + 86400) * SECOND, "a", 0, 0, -1, "x"},
    {"Nov 21 16:30:20 jump a[x]: y", NOON *SECOND, "a", 0, 0, -1, "y"},
    {"{\"__REALTIME_TIMESTAMP\":\"1795278620000001\",\"_UID\":\"0\",\"_PID\":"
     "\"513\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"SYSLOG_PID\":\"1\",\"MESSAGE\":"
     "\"m\",\"_TRANSPORT\":\"syslog\",\"_EXE\":\"/usr/sbin/sshd\"}",
	NOON *SECOND + 1, "sshd", 1, 513, 0, "m"},
    /* Only /dev/log; a service's standard output is another way. */
    {"{\"__REALTIME_TIMESTAMP\":\"1795278620000000\",\"_UID\":\"0\",\"_PID\":"
     "\"513\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"MESSAGE\":\"m\",\"_TRANSPORT\":"
     "\"stdout\"}",
	NOON *SECOND, "sshd", 0, 0, -1, "m"},
    /* What journald forwards for a process that has ended. */
    {"{\"time\":\"2026-11-21T16:30:20.000000+00:00\",\"uid\":\"2001\",\"pid\":"
     "\"77\",\"exe\":\"/usr/lib/systemd/systemd-journald\",\"program\":\"sshd\""
     ",\"procid\":\"513\",\"msg\":\" m\"}",
	NOON *SECOND, "sshd", 513, 513, 2001, " m"},
    /* rsyslogd that does not annotate. */
    {"{\"time\":\"2026-11-21T16:30:20.000000+00:00\",\"uid\":\"\",\"pid\":\"\","
     "\"exe\":\"\",\"program\":\"sshd\",\"procid\":\"513\",\"msg\":\" m\"}",
	NOON *SECOND, "sshd", 513, 513, -1, " m"},
    {"{\"time\":\"2026-11-21T16:30:20+00:00\",\"uid\":\"2001\",\"uid\":\"0\","
     "\"program\":\"sshd\",\"msg\":\"m\"}",
	0, NULL, 0, 0, 0, NULL},
    {"{\"time\":\"2026-11-21T16:30:20+00:00\",\"_UID\":\"2001\",\"uid\":\"0\","
     "\"program\":\"sshd\",\"msg\":\"m\"}",
	0, NULL, 0, 0, 0, NULL},
    {"{\"time\":\"2026-11-21T16:30:20+00:00\",\"uid\":\"-1\",\"program\":\"a\","
     "\"msg\":\"m\"}",
	NOON *SECOND, "a", 0, 0, -1, "m"},
    {"{\"time\":\"x\",\"program\":\"a\",\"msg\":\"m\"}", 0, NULL, 0, 0, 0,
	NULL},
    /* A host is the collector's word, and not the line's. */
    {"{\"host\":\"a\",\"time\":\"2026-11-21T16:30:20Z\",\"uid\":\"0\","
     "\"program\":\"sshd\",\"msg\":\"m\"}",
	NOON *SECOND, "sshd", 0, 0, 0, "m"},
    {"{\"host\":\"a\",\"time\":\"2026-11-21T16:30:20Z\",\"uid\":\"0\","
     "\"program\":\"sshd\",\"msg\":\"m\",\"host\":\"b\"}",
	0, NULL, 0, 0, 0, NULL},
    {"{\"program\":\"a\",\"msg\":\"m\"}", 0, NULL, 0, 0, 0, NULL},
    /* No times that a difference of two would not fit, or that are none. */
    {"{\"__REALTIME_TIMESTAMP\":\"253402300799999999\",\"_UID\":\"0\","
     "\"SYSLOG_IDENTIFIER\":\"a\",\"MESSAGE\":\"m\"}",
	INT64_C(253402300799999999), "a", 0, 0, 0, "m"},
    {"{\"__REALTIME_TIMESTAMP\":\"253402300800000000\",\"_UID\":\"0\","
     "\"SYSLOG_IDENTIFIER\":\"a\",\"MESSAGE\":\"m\"}",
	0, NULL, 0, 0, 0, NULL},
    {"1970-01-01T00:00:00+99:00 jump a: b", 0, NULL, 0, 0, 0, NULL},
    {"9999-12-31T23:59:59-00:01 jump a: b", 0, NULL, 0, 0, 0, NULL},
    {"{\"time\":\"2026-11-21T16:30:20+00:00\",\"program\":\"a\"}", 0, NULL, 0,
	0, 0, NULL},
    {"{\"time\":\"2026-11-21T16:30:20+00:00\",\"program\":\"a\",\"msg\":\"m\"}"
     "{}",
	0, NULL, 0, 0, 0, NULL},
    {"", 0, NULL, 0, 0, 0, NULL},
    {"N", 0, NULL, 0, 0, 0, NULL},
    {"Nov", 0, NULL, 0, 0, 0, NULL},
    {"Nov 21", 0, NULL, 0, 0, 0, NULL},
    {"Nov 21 16:30:20", 0, NULL, 0, 0, 0, NULL},
    {"Nov 21 16:30:20 jump", 0, NULL, 0, 0, 0, NULL},
    {"Nov 21 16:30:20 jump sshd", 0, NULL, 0, 0, 0, NULL},
    {"Nov 21 16:30:20 jump sshd[1", 0, NULL, 0, 0, 0, NULL},
    {"Nov 21 16:30:20 jump sshd[1] x", 0, NULL, 0, 0, 0, NULL},
    {"ovD 21 16:30:20 jump a: b", 0, NULL, 0, 0, 0, NULL},
    {"Nov 21 25:30:20 jump a: b", 0, NULL, 0, 0, 0, NULL},
    {"2026-13-21T16:30:20Z jump a: b", 0, NULL, 0, 0, 0, NULL},
    {"2026-11-21T16:30:20 jump a: b", 0, NULL, 0, 0, 0, NULL},
    {"2026-11-21 16:30:20Z jump a: b", 0, NULL, 0, 0, 0, NULL},
};

START_TEST(entries)
{
	struct log_entry e;
	char text[512];

	setenv("TZ", "UTC", 1);
	tzset();
	strcpy(text, lines[_i].line);
	if (lines[_i].time == 0) {
		ck_assert(!log_entry_parse(&e, text, NOON));
		return;
	}
	ck_assert(log_entry_parse(&e, text, NOON));
	ck_assert_int_eq(e.time, lines[_i].time);
	ck_assert_str_eq(e.program, lines[_i].program);
	ck_assert_str_eq(e.message, lines[_i].message);
	ck_assert_int_eq(e.claimed, lines[_i].claimed);
	ck_assert_int_eq(log_entry_pid(&e), lines[_i].pid);
	ck_assert_int_eq(e.attested ? (int)e.uid : -1, lines[_i].uid);
	if (strncmp(lines[_i].line, "{\"host\"", 7) == 0)
		ck_assert_str_eq(e.host, "a");
	else
		ck_assert_ptr_null(e.host);
}
END_TEST

/*
 * sshd's lines: "KIND account from key target port channel pid reason".
 */
static const struct {
	const char *message, *read; /* NULL: it is none */
} said[] = {
    {"Accepted publickey for alice from 192.0.2.10 port 47530 ssh2: ED25519 "
     "SHA256:7hr",
	"0 alice 192.0.2.10 SHA256:7hr - 0 0 0 -"},
    {"Accepted publickey for alice from 2001:db8::1 port 1 ssh2: ED25519-CERT "
     "SHA256:7hr ID x from 192.0.2.66 port 1 ssh2: A SHA256:evil (serial 1) CA "
     "ED25519 SHA256:ca",
	"0 alice 2001:db8::1 SHA256:7hr - 0 0 0 -"},
    {"Accepted password for alice from 192.0.2.10 port 1 ssh2",
	"0 alice 192.0.2.10 - - 0 0 0 -"},
    {"Accepted publickey for alice from elsewhere port 1 ssh2", NULL},
    {"Accepted key ED25519 SHA256:x found at /a:1", NULL},
    {"User child is on pid 453", "1 - - - - 0 0 453 -"},
    {"User child is on pid 453x", NULL},
    {"User child is on pid 0", NULL},
    {"debug1: serverloop.c:server_request_direct_tcpip():453 (pid=544): "
     "originator 127.0.0.1 port 65535, target web1 port 22",
	"2 - - - web1 22 0 0 -"},
    {"debug1: serverloop.c:server_request_direct_tcpip():417 "
     "(bin=sshd-session, pid=497): originator 127.0.0.1 port 65535, target "
     "a port 1 port 22",
	"2 - - - a port 1 22 0 0 -"},
    {"debug1: channels.c:channel_post_connecting():1994 (pid=544): channel 3: "
     "connected to 2001:db8::10 port 22",
	"3 - - - 2001:db8::10 22 3 0 -"},
    {"debug1: channels.c:channel_post_connecting():2054 (bin=sshd-session, "
     "pid=497): channel 0: connection failed: Connection refused",
	"4 - - - - 0 0 0 Connection refused"},
    {" Received request from 192.0.2.10 port 45872 to connect to host db1 port "
     "22, but the request was denied.",
	"5 - - - db1 22 0 0 -"},
    {"serverloop.c:server_request_direct_tcpip():463 (pid=1): refused local "
     "port forward: originator 127.0.0.1 port 65535, target web2 port 22",
	"5 - - - web2 22 0 0 -"},
    {"refused local port forward: originator 127.0.0.1 port 1, target a port 2",
	"5 - - - a 2 0 0 -"},
    {"refused local port forward: originator 127.0.0.1 port 1", NULL},
    {"refused streamlocal port forward: originator  port 0, target /run/a b",
	"5 - - - /run/a b 0 0 0 -"},
    {"debug1: serverloop.c:server_request_direct_streamlocal():1 (pid=1): "
     "refused streamlocal port forward: originator  port 0, target /run/a",
	"5 - - - /run/a 0 0 0 -"},
    {"Received request to connect to path /a, but the request was denied.",
	"5 - - - /a 0 0 0 -"},
    {"Received request to connect to path , but the request was denied.", NULL},
    {"/usr/libexec/x %u %t:1: Authentication tried for bob with correct key "
     "but not from a permitted host (host=a, ip=192.0.2.10, required=x).",
	"13 bob - - - 0 0 0 -"},
    {"x: Authentication tried for bob with correct key but not from a "
     "permitted host",
	NULL},
    {"debug1: channels.c:channel_free():721 (pid=498): channel 7: free: "
     "direct-tcpip, nchannels 1",
	"6 - - - - 0 7 0 -"},
    {"debug1: channels.c:channel_free():721 (pid=498): channel 7: free: "
     "server-session, nchannels 1",
	NULL},
    {"Received disconnect from 192.0.2.10 port 1:11: disconnected by user",
	"7 - - - - 0 0 0 client"},
    {"Connection closed by 192.0.2.10 port 1", "7 - - - - 0 0 0 client"},
    {"Connection closed by 192.0.2.10 port 1 [preauth]", NULL},
    {"Connection reset by 192.0.2.10 port 1", "7 - - - - 0 0 0 reset"},
    {"Timeout, client not responding from user alice 192.0.2.10 port 1",
	"7 - - - - 0 0 0 timeout"},
    {"Disconnected from user alice 192.0.2.10 port 1", "8 - - - - 0 0 0 -"},
    {"pam_unix(sshd:session): session closed for user alice",
	"8 - - - - 0 0 0 -"},
    {"Failed publickey for alice from 192.0.2.10 port 1 ssh2: ED25519 SHA256:x",
	"9 alice 192.0.2.10 SHA256:x - 0 0 0 -"},
    {"Invalid user bob from 192.0.2.10 port 1",
	"10 bob 192.0.2.10 - - 0 0 0 -"},
    {"Invalid user x from 192.0.2.66 port 1 ssh2 from 192.0.2.10 port 1",
	"10 x from 192.0.2.66 port 1 ssh2 192.0.2.10 - - 0 0 0 -"},
    {"User bob from 192.0.2.10 not allowed because not listed in AllowUsers",
	"11 bob 192.0.2.10 - - 0 0 0 not allowed because not listed in "
	"AllowUsers"},
    {"drop connection #1 from [192.0.2.10]:1 on [192.0.2.1]:22 penalty: failed "
     "authentication",
	"11 - 192.0.2.10 - - 0 0 0 penalty: failed authentication"},
    {"drop connection #1 from [x]:1 on [192.0.2.1]:22 penalty", NULL},
    {"drop connection #1 from [192.0.2.10]:1", NULL},
    {"Connection closed by authenticating user bob 192.0.2.10 port 1 [preauth]",
	"12 bob 192.0.2.10 - - 0 0 0 -"},
    {"Disconnected from authenticating user b c 192.0.2.10 port 1 [preauth]",
	"12 b c 192.0.2.10 - - 0 0 0 -"},
    {"Disconnecting authenticating user bob 192.0.2.10 port 1: Too many "
     "authentication failures [preauth]",
	"12 bob 192.0.2.10 - - 0 0 0 Too many authentication failures"},
    {"Disconnecting authenticating user bob 192.0.2.10 port 1", NULL},
    {"Failed publickey for invalid user bob from 192.0.2.10 port 1 ssh2: "
     "ED25519 SHA256:x",
	NULL},
    {"Connection closed by invalid user bob 192.0.2.10 port 1 [preauth]", NULL},
    {"Server listening on 0.0.0.0 port 22.", NULL},
    {"debug1: channels.c:channel_post_connecting():1994 (pid=544): channel 3: "
     "connected to web1 port 99999",
	NULL},
    {"debug1: channels.c:channel_post_connecting", NULL},
    {"debug1: ", NULL},
    {"Accepted ", NULL},
    {"", NULL},
};

START_TEST(sshd_lines)
{
	struct sshd_line l;
	char text[512], read[512];

	strcpy(text, said[_i].message);
	if (said[_i].read == NULL) {
		ck_assert(!sshd_line_parse(&l, text));
		return;
	}
	ck_assert(sshd_line_parse(&l, text));
#define OR(s) ((s) == NULL ? "-" : (s))
	snprintf(read, sizeof(read), "%d %s %s %s %s %u %u %d %s", l.kind,
	    OR(l.account), OR(l.from), OR(l.key), OR(l.target), l.port,
	    l.channel, (int)l.pid, OR(l.reason));
	ck_assert_str_eq(read, said[_i].read);
}
END_TEST

/*
 * Records.
 */
#define GOOD "@cee: {\"event.action\":\"open\",\"event.outcome\":\"success\""

static const struct {
	const char *message;
	bool begins, whole;
} records[] = {
    {GOOD "}", true, true},
    {" " GOOD "} ", true, true},
    {GOOD ",\"new.field\":[1,2]}", true, true},
    {GOOD ",\"destination.port\":22}", true, true},
    {GOOD ",\"destination.port\":\"22\"}", true, false},
    {GOOD ",\"destination.port\":-22}", true, false},
    {GOOD ",\"destination.port\":2.2}", true, false},
    {GOOD ",\"user.name\":22}", true, false},
    {GOOD ",\"user.name\":null}", true, false},
    {GOOD ",\"user.name\":\"a\",\"user.name\":\"b\"}", true, false},
    {GOOD "} @[_PID=1 _UID=0]", true, false},
    {GOOD, true, false},
    {"@cee: {\"event.action\":\"open\"}", true, false},
    {"@cee:", true, false},
    {"x" GOOD "}", false, false},
    {"", false, false},
};

START_TEST(our_records)
{
	struct log_record r;
	char text[256];

	strcpy(text, records[_i].message);
	ck_assert(log_record_begins(text) == records[_i].begins);
	if (records[_i].begins)
		ck_assert(log_record_parse(&r, text) == records[_i].whole);
}
END_TEST

/* What lib/audit.c writes, down to its longest. */
START_TEST(golden_records)
{
	static const char *const names[] = {"certificate", "changes", "close",
	    "decision", "kick", "limits", "load", "lock", "login", "lost",
	    "mfa", "nobody", "notify", "open", "refusal", "sweep", "approved",
	    "request", "approve", "withdraw"};
	char path[128], line[4096];
	struct log_record r;
	char *message;
	FILE *f;

	snprintf(path, sizeof(path), "tests/unit/audit/%s.json", names[_i]);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	message = strstr(line, "@cee");
	ck_assert_ptr_nonnull(message);
	/* More bytes than there can be: number_parse() has a limit. */
	if (strcmp(names[_i], "close") == 0)
		ck_assert(!log_record_parse(&r, message));
	else
		ck_assert(log_record_parse(&r, message));
}
END_TEST

/*
 * Joining: lines in, "MARK OUTCOME USER TARGET PORT REF REASON END|" out.
 */
static char rows[4096];
static int lost;

static void
note(void *arg, const struct log_row *row)
{
	size_t n = strlen(rows);

	(void)arg;
	lost += row->outcome == LOG_LOST;
	snprintf(rows + n, sizeof(rows) - n, "%c %s %s %s:%u %s %s %s|",
	    "FPNSUK"[row->trust], log_outcome_names[row->outcome], OR(row->user),
	    OR(row->target), row -> port, OR(row->ref), OR(row->reason),
	    OR(row->end));
}

const char *const log_outcome_names[LOG_OUTCOMES] = {"login", "logout", "open",
    "close", "listen", "refused", "failed", "admin", "request", "forged", "lost", "decided"};

#define T     "2026-11-21T16:30:20Z jump "
#define DEBUG "debug1: channels.c:channel_"
#define ACCEPTED                                                               \
	T "sshd[6]: Accepted publickey for root from 192.0.2.10 port 1 "       \
	  "ssh2: ED25519 SHA256:k\n" T "sshd[6]: User child is on pid 7\n"
#define ASKS(t)                                                                \
	T "sshd[7]: debug1: serverloop.c:server_request_direct_tcpip():1 "     \
	  "(pid=7): originator 127.0.0.1 port 1, target " t "\n"
#define POST(n, t)                                                             \
	T "sshd[7]: " DEBUG "post_connecting():1 (pid=7): channel " n ": " t   \
	  "\n"
#define FREE(n)                                                                \
	T "sshd[7]: " DEBUG "free():1 (pid=7): channel " n                     \
	  ": free: direct-tcpip, nchannels 1\n"
#define KEY(reason)                                                            \
	T "jump-authkeys[5]: @cee: {\"event.action\":\"login\","               \
	  "\"event.outcome\":\"x\",\"user.name\":\"carol\","                   \
	  "\"jump.account\":\"root\"," reason "\"jump.key\":\"SHA256:k\"}\n"
/* An attested line; uid 0 is root, and 65534 is nobody. */
#define J(uid, pid, exe, program, msg)                                         \
	"{\"time\":\"2026-11-21T16:30:20Z\",\"uid\":\"" uid                    \
	"\",\"pid\":\"" pid "\",\"exe\":\"" exe "\",\"program\":\"" program    \
	"\",\"procid\":\"1\",\"msg\":\"" msg "\"}\n"
#define R(action, uid, user, more)                                             \
	"@cee: {\\\"event.action\\\":\\\"" action                              \
	"\\\",\\\"event.outcome\\\":\\\"success\\\",\\\"user.id\\\":\\\"" uid  \
	"\\\",\\\"user.name\\\":\\\"" user                                     \
	"\\\",\\\"destination.address\\\":\\\"t\\\"" more "}"
#define S(id) ",\\\"jump.session\\\":\\\"" id "\\\""
#define OURS  LIBEXECDIR "/jump-connect"
#define LOGIN(u)                                                               \
	J("0", "6", "/usr/sbin/sshd", "sshd",                                  \
	    "Accepted publickey for " u                                        \
	    " from 192.0.2.10 port 1 ssh2: ED25519 SHA256:k")                  \
	J("0", "6", "/usr/sbin/sshd", "sshd", "User child is on pid 7")
#define REACHED                                                                \
	"debug1: channels.c:channel_post_connecting():1 (pid=7): channel 0: "  \
	"connected to t port 1"

#define LISTENER "channels.c:channel_setup_fwd_listener_tcpip():"
#define BIND(line, level, t)                                                   \
	T "sshd[7]: " level LISTENER line " (pid=7): " t "\n"
#define UNHEARD(t)                                                             \
	T "sshd[7]: Received request from 192.0.2.10 port 1 to remote forward " \
	  "to " t ", but the request was denied.\n"
#define HEARD                                                                  \
	"debug1: " LISTENER "3810 (pid=7): Local forwarding listening on "     \
	"127.77.0.1 port 2222."

static const struct {
	const char *lines, *rows;
} joined[] = {
    {ACCEPTED, "N login root -:0 p7 - -|"},
    /* Who it is on a shared account. */
    {KEY("") ACCEPTED, "N login carol -:0 p7 - -|"},
    /* Granted, and its end; refused; nobody there. */
    {ACCEPTED ASKS("a port 1") POST("0", "connected to a port 1") FREE("0"),
	"N login root -:0 p7 - -|N open root a:1 p7 - -|"
	"N close root a:1 p7 - -|"},
    {ACCEPTED ASKS("a port 1") T
	"sshd[7]: Received request from 192.0.2.10 port 1 to connect to host a "
	"port 1, but the request was denied.\n",
	"N login root -:0 p7 - -|N refused root a:1 p7 - -|"},
    {ACCEPTED ASKS("a port 1") POST("0", "connection failed: no") FREE("0"),
	"N login root -:0 p7 - -|N failed root a:1 p7 no -|"},
    /* The first address of a name does not answer, the second one does. */
    {ACCEPTED ASKS("a port 1") POST("0", "connection failed: no")
	    POST("0", "connected to a port 1") FREE("0"),
	"N login root -:0 p7 - -|N open root a:1 p7 - -|"
	"N close root a:1 p7 - -|"},
    /* The process for the user is faster than the one that tells of it. */
    {T "sshd[6]: Accepted publickey for root from 192.0.2.10 port 1 "
       "ssh2\n" ASKS("a port 1") POST("0", "connected to a port 1") T
	"sshd[6]: User child is on pid 7\n" FREE("0"),
	"N login root -:0 p7 - -|N open root a:1 p7 - -|"
	"N close root a:1 p7 - -|"},
    /* Not for long. */
    {T "sshd[6]: Accepted publickey for root from 192.0.2.10 port 1 "
       "ssh2\n" POST(
	   "0", "connected to a port 1") "2026-11-21T16:30:23Z jump sshd[6]: "
					 "User child is on pid 7\n",
	"N open - a:1 - - -|N login root -:0 p7 - -|"},
    /* Two at once: each has its own end, and the login ends what is left. */
    {ACCEPTED ASKS("a port 1") ASKS("b port 2") POST("1",
	 "connected to b port 2") POST("0", "connected to a port 1") FREE("1") T
	"sshd[7]: Disconnected from user root 192.0.2.10 port 1\n" T
	"sshd[6]: pam_unix(sshd:session): session closed for user root\n",
	"N login root -:0 p7 - -|N open root b:2 p7 - -|N open root a:1 p7 - -|"
	"N close root b:2 p7 - -|N close root a:1 p7 - logout|"
	"N logout root -:0 p7 - -|"},
    /* A pid that is used again is another login. */
    {ACCEPTED T "sshd[7]: Disconnected from user root 192.0.2.10 port 1\n" T
		"sshd[8]: Accepted publickey for daemon from 192.0.2.9 port 1 "
		"ssh2\n" T "sshd[8]: User child is on pid 7\n" POST(
		    "0", "connected to a port 1"),
	"N login root -:0 p7 - -|N logout root -:0 p7 - -|"
	"N login daemon -:0 p7 - -|N open daemon a:1 p7 - -|"},
    /* Refused logins. */
    {KEY("\"jump.reason\":\"why\",") T
	"sshd[6]: Failed publickey for root from 192.0.2.10 port 1 ssh2: "
	"ED25519 SHA256:k\n" T
	"sshd[6]: Connection closed by authenticating user root 192.0.2.10 "
	"port 1 [preauth]\n",
	"N refused carol -:0 - why -|"},
    {T "sshd[6]: Connection closed by authenticating user root 192.0.2.10 "
       "port 1 [preauth]\n",
	"N refused root -:0 - sshd tells of no key: none was offered, or "
	"LogLevel is not VERBOSE -|"},
    {KEY("") T
	"sshd[6]: /x:1: Authentication tried for root with correct key "
	"but not from a permitted host (host=a).\n" T
	"sshd[6]: Failed publickey for root from 192.0.2.10 port 1 ssh2: "
	"ED25519 SHA256:k\n" T
	"sshd[6]: Connection closed by authenticating user root "
	"192.0.2.10 port 1 [preauth]\n",
	"N refused carol -:0 - the key is not for the address of the client "
	"-|"},
    {KEY("") T
	"sshd[6]: /x:1: Authentication tried for root with correct key "
	"but not from a permitted host (host=a).\n" T
	"sshd[6]: Failed publickey for root from 192.0.2.10 port 1 ssh2: "
	"ED25519 SHA256:other\n" T
	"sshd[6]: Failed publickey for root from 192.0.2.10 port 1 ssh2: "
	"ED25519 SHA256:k\n" T
	"sshd[6]: Connection closed by authenticating user root "
	"192.0.2.10 port 1 [preauth]\n",
	"N refused carol -:0 - sshd's own refusal: the policy has this key "
	"-|"},
    {KEY("\"jump.reason\":\"why\",") T
	"sshd[6]: Failed publickey for root from 192.0.2.10 port 1 ssh2: "
	"ED25519 SHA256:k\n" T
	"sshd[6]: Disconnecting authenticating user root 192.0.2.10 port 1: "
	"Too many authentication failures [preauth]\n",
	"N refused carol -:0 - Too many authentication failures; the last key: "
	"why -|"},
    {T "sshd[6]: Disconnecting authenticating user root 192.0.2.10 port 1: "
       "no [preauth]\n",
	"N refused root -:0 - no -|"},
    /* One that gets in, and may not listen. */
    {KEY("\"jump.reason\":\"why\",") ACCEPTED,
	"N login carol -:0 p7 - -|N refused carol -:0 p7 why -|"},
    {KEY("\"jump.reason\":\"why\",") KEY("") ACCEPTED,
	"N login carol -:0 p7 - -|"},
    /* No right to any forward. */
    {ACCEPTED ASKS("a port 1") T
	"sshd[7]: serverloop.c:server_request_direct_tcpip():463 (pid=7): "
	"refused local port forward: originator 127.0.0.1 port 1, target a "
	"port 1\n",
	"N login root -:0 p7 - -|N refused root a:1 p7 - -|"},
    /* Devices: who listens, and who cannot, and who may not. */
    {ACCEPTED BIND("3810", "debug1: ",
	 "Local forwarding listening on 127.77.0.1 port 2222."),
	"N login root -:0 p7 - -|N listen root 127.77.0.1:2222 p7 - -|"},
    {ACCEPTED T
	"sshd-session[7]: debug1: "
	"channels.c:channel_setup_fwd_listener_streamlocal():4011 "
	"(bin=sshd-session, pid=7): Local forwarding listening on path "
	"/home/a b. port 1..\n",
	"N login root -:0 p7 - -|N listen root /home/a b. port 1.:0 p7 - -|"},
    {ACCEPTED BIND("3744", "debug3: ", "type 11 wildcard 0 addr 127.77.0.1")
	    BIND("3810", "debug1: ",
		"Local forwarding listening on 127.77.0.1 port 2222.")
		BIND("3820", "error: ",
		    "bind [127.77.0.1]:2222: Address already in use")
		    BIND("3865", "error: ", "cannot listen to port: 2222"),
	"N login root -:0 p7 - -|N failed root 127.77.0.1:2222 p7 cannot "
	"listen: Address already in use -|"},
    {ACCEPTED BIND("3810", "debug1: ",
	 "Local forwarding listening on 127.77.0.1 port 2222.") T
	"sshd[7]: error: unix_listener: cannot bind to path /root/: x: "
	"Permission denied\n",
	"N login root -:0 p7 - -|N listen root 127.77.0.1:2222 p7 - -|"
	"N failed root /root/: x:0 p7 cannot listen: Permission denied -|"},
    {ACCEPTED UNHEARD("host 127.77.0.1 port 2223")
	    UNHEARD("host  port 2222") UNHEARD("path \"/a\"b\"")
		UNHEARD("host a to connect to host web1 port 22"),
	"N login root -:0 p7 - -|"
	"N refused root 127.77.0.1:2223 p7 it may not listen there -|"
	"N refused root *:2222 p7 it may not listen there -|"
	"N refused root /a\"b:0 p7 it may not listen there -|"
	"N refused root a to connect to host web1:22 p7 it may not listen "
	"there -|"},
    {ACCEPTED T "sshd[7]: Received request from 192.0.2.10 port 1 to remote "
		"forward, but the request was denied.\n",
	"N login root -:0 p7 - -|"},
    {LOGIN("nobody") J("65534", "7", "", "sshd", HEARD),
	"K login nobody -:0 p7 - -|K listen nobody 127.77.0.1:2222 p7 - -|"},
    {LOGIN("nobody") J("1", "7", "", "sshd", HEARD),
	"K login nobody -:0 p7 - -|F forged - -:0 - - -|"},
    {J("65534", "8", "/bin/x", "sshd", HEARD),
	"P listen nobody 127.77.0.1:2222 - - -|"},
    /* What the kernel says. */
    {LOGIN("root") J("0", "7", "", "sshd", REACHED),
	"K login root -:0 p7 - -|K open root t:1 p7 - -|"},
    {LOGIN("nobody") J("65534", "7", "", "sshd", REACHED),
	"K login nobody -:0 p7 - -|K open nobody t:1 p7 - -|"},
    /* Another's process, or another program. */
    {LOGIN("nobody") J("1", "7", "", "sshd", REACHED),
	"K login nobody -:0 p7 - -|F forged - -:0 - - -|"},
    {LOGIN("nobody") J("65534", "8", "/bin/x", "sshd", REACHED),
	"K login nobody -:0 p7 - -|P open nobody t:1 - - -|"},
    /* A login that is not known, or that only its uid is known of. */
    {J("65534", "8", "/usr/sbin/sshd", "sshd", REACHED),
	"U open nobody t:1 - - -|"},
    {J("65534", "8", "", "sshd", REACHED), "U open nobody t:1 - - -|"},
    {J("65534", "6", "", "sshd",
	 "Accepted publickey for root from 192.0.2.10 port 1 ssh2"),
	"F forged - -:0 - - -|"},
    {J("65534", "6", "", "sshd", "User child is on pid 7"),
	"F forged - -:0 - - -|"},
    /* An end that is not its own does nothing. */
    {LOGIN("nobody") J("1", "7", "", "sshd",
	 "Disconnected from user nobody 192.0.2.10 port 1")
	    J("65534", "7", "", "sshd", REACHED),
	"K login nobody -:0 p7 - -|K open nobody t:1 p7 - -|"},
    /* Nothing that is not attested ends it, or takes its place. */
    {LOGIN("nobody") T
	"sshd[7]: Disconnected from user nobody 192.0.2.10 port 1\n" T
	"sshd[6]: Accepted publickey for root from 192.0.2.66 port 1 ssh2\n" T
	"sshd[6]: User child is on pid 7\n" J(
	    "65534", "7", "", "sshd", REACHED),
	"K login nobody -:0 p7 - -|N login root -:0 p7 - -|"
	"K open nobody t:1 p7 - -|"},
    /* Nor does it say whose a key is. */
    {KEY("") LOGIN("root"), "K login root -:0 p7 - -|"},
    /* What the log daemon drops; and who says so and is none. */
    {"{\"__REALTIME_TIMESTAMP\":\"1795278620000000\",\"_UID\":\"0\",\"_PID\":"
     "\"5\",\"SYSLOG_IDENTIFIER\":\"systemd-journald\",\"_TRANSPORT\":"
     "\"driver\""
     ",\"MESSAGE\":\"Suppressed 7 messages from session-3.scope\"}\n",
	"K lost - -:0 - Suppressed 7 messages from session-3.scope -|"},
    {J("65534", "8", "", "systemd-journald", "Suppressed 7 messages from x"),
	""},
    /* Our records. */
    {J("65534", "8", OURS, "jump-connect", R("open", "65534", "nobody", "")),
	"K open nobody t:0 - - -|"},
    {J("65534", "8", OURS " (deleted)", "jump-connect",
	 R("open", "65534", "nobody", "")),
	"K open nobody t:0 - - -|"},
    {J("65534", "8", "", "jump-connect", R("open", "65534", "nobody", "")),
	"U open nobody t:0 - - -|"},
    {J("65534", "8", "/bin/x", "jump-connect",
	 R("open", "65534", "nobody", "")),
	"P open nobody t:0 - - -|"},
    {J("65534", "8", OURS "x", "jump-connect",
	 R("open", "65534", "nobody", "")),
	"P open nobody t:0 - - -|"},
    {J("65534", "8", OURS, "jump-connect", R("open", "0", "nobody", "")),
	"F forged - -:0 - - -|"},
    {J("65534", "8", OURS, "jump-connect", R("open", "65534", "root", "")),
	"F forged - -:0 - - -|"},
    {J("65534", "8", OURS, "jump-shell", R("decision", "65534", "nobody", "")),
	"P decided nobody t:0 - - -|"},
    {J("65534", "8", LIBEXECDIR "/jump-record", "jump-record",
	 R("decision", "65534", "nobody", "")),
	"K decided nobody t:0 - - -|"},
    {J("65534", "8", LIBEXECDIR "/jump-record", "jump-record",
	 R("decision", "0", "root", "")),
	"F forged - -:0 - - -|"},
    {J("65534", "8", LIBEXECDIR "/jump-record", "jump-record",
	 R("open", "65534", "nobody", "")),
	"F forged - -:0 - - -|"},
    /* A uid that is nobody's can be of a user namespace: anybody's. */
    {J("165536", "8", OURS, "jump-connect", R("open", "165536", "root", "")),
	"N open root t:0 - - -|"},
    {LOGIN("nobody") J("165536", "7", "", "sshd", REACHED),
	"K login nobody -:0 p7 - -|N open nobody t:1 p7 - -|"},
    /* Somebody else of one's own account, whom jump-authkeys has not named. */
    {J("65534", "8", OURS, "jump-connect",
	 R("open", "65534", "root", ",\\\"jump.account\\\":\\\"nobody\\\"")),
	"N open root t:0 - - -|"},
    /* No port, and no session. */
    {J("65534", "8", OURS, "jump-connect",
	 R("open", "65534", "nobody", ",\\\"destination.port\\\":4294967318")),
	""},
    {J("65534", "8", OURS, "jump-connect",
	 R("open", "65534", "nobody", S("aaaaaaa1"))),
	"P open nobody t:0 aaaaaaa1 - -|"},
    {J("65534", "8", "", "jumpctl", R("load", "0", "root", "")),
	"F forged - -:0 - - -|"},
    {J("0", "8", "/any", "jumpctl", R("load", "0", "root", "")),
	"K admin root t:0 - - -|"},
    /* The end of a process that was seen; and one of another process. */
    {J("65534", "8", OURS, "jump-connect",
	 R("open", "65534", "nobody", S("aaaaaaaa"))) J("65534", "8", "",
	 "jump-connect", R("close", "65534", "nobody", S("aaaaaaaa"))),
	"K open nobody t:0 aaaaaaaa - -|K close nobody t:0 aaaaaaaa - -|"},
    {J("65534", "8", OURS, "jump-connect",
	 R("open", "65534", "nobody", S("aaaaaaaa"))) J("65534", "9", OURS,
	 "jump-connect", R("close", "65534", "nobody", S("aaaaaaaa"))),
	"K open nobody t:0 aaaaaaaa - -|P close nobody t:0 aaaaaaaa - -|"},
    /* Another account's use of the same session takes nothing from it. */
    {J("1", "9", OURS, "jump-connect", R("open", "1", "daemon", S("aaaaaaaa")))
	    J("65534", "8", OURS, "jump-connect",
		R("open", "65534", "nobody", S("aaaaaaaa"))),
	"K open daemon t:0 aaaaaaaa - -|K open nobody t:0 aaaaaaaa - -|"},
    /* Who ends a session speaks of it, too. */
    {J("65534", "8", OURS, "jump-connect",
	 R("open", "65534", "nobody", S("aaaaaaaa"))) J("0", "9", "", "jumpctl",
	 R("kick", "0", "root", S("aaaaaaaa"))) J("65534", "8", "",
	 "jump-connect", R("close", "65534", "nobody", S("aaaaaaaa"))),
	"K open nobody t:0 aaaaaaaa - -|K admin root t:0 aaaaaaaa - -|"
	"K close nobody t:0 aaaaaaaa - -|"},
    /* Unreadable: from our program, or from another one. */
    {J("65534", "8", OURS, "jump-connect", "@cee: {"), ""},
    {J("65534", "8", "/bin/x", "jump-connect", "@cee: {"),
	"F forged - -:0 - - -|"},
    {J("65534", "8", "/bin/x", "other", "@cee: {"), ""},
};

START_TEST(join)
{
	struct log_join *j = log_join_new(note, NULL, NULL);
	char *text = strdup(joined[_i].lines), *rest = text, *line;
	struct log_entry e;

	ck_assert_ptr_nonnull(text);
	setenv("TZ", "UTC", 1);
	rows[0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		ck_assert_msg(
		    log_entry_parse(&e, line, NOON), "%s", joined[_i].lines);
		log_join_entry(j, &e);
	}
	log_join_flush(j, INT64_MAX);
	free(text);
	log_join_free(j);
	ck_assert_str_eq(rows, joined[_i].rows);
}
END_TEST

/*
 * The gate.  Its uid is 9 here, which is _jump's; so that this is the same
 * everywhere, the test is the machine.
 */
struct passwd *
getpwnam(const char *name)
{
	static char jump[] = "_jump";
	static struct passwd pw = {.pw_name = jump, .pw_uid = 9, .pw_gid = 9};

	return strcmp(name, jump) == 0 ? &pw : NULL;
}

/* "MARK OUTCOME USER FROM TARGET:PORT IP REF LOGIN REASON END SENT|" */
static void
note_gate(void *arg, const struct log_row *row)
{
	size_t n = strlen(rows);

	(void)arg;
	if (row->outcome == LOG_LOGIN || row->outcome == LOG_LOGOUT)
		return;
	snprintf(rows + n, sizeof(rows) - n,
	    "%c %s %s %s %s:%u %s %s %s %s %s %llu|", "FPNSUK"[row->trust],
	    log_outcome_names[row->outcome], OR(row->user), OR(row->from),
	    OR(row->target), row -> port, OR(row->ip), OR(row->ref),
	    OR(row->login == NULL ? NULL : row->login->ref), OR(row->reason),
	    OR(row->end), (unsigned long long)row -> sent);
}

/* At this second of the minute. */
#define AT(second, uid, pid, exe, program, msg)                                \
	"{\"time\":\"2026-11-21T16:30:" second "Z\",\"uid\":\"" uid            \
	"\",\"pid\":\"" pid "\",\"exe\":\"" exe "\",\"program\":\"" program    \
	"\",\"procid\":\"1\",\"msg\":\"" msg "\"}\n"
#define G(action, outcome, more)                                               \
	"@cee: {\\\"event.action\\\":\\\"" action                              \
	"\\\",\\\"event.outcome\\\":\\\"" outcome                              \
	"\\\",\\\"user.name\\\":\\\"nobody\\\",\\\"user.id\\\":\\\"65534\\\""  \
	",\\\"destination.address\\\":\\\"10.2.0.11\\\","                      \
	"\\\"destination.port\\\":22,\\\"jump.road\\\":\\\"forward\\\"" more   \
	"}"
#define GATE(second, pid, ...)                                                 \
	AT(second, "9", pid, OURS, "jump-connect", G(__VA_ARGS__))
#define YES(id)	   "decision", "success", S(id)
#define NO(id)	   "decision", "failure", S(id) ",\\\"jump.reason\\\":\\\"no\\\""
#define OPENED(id) "open", "success", S(id)
#define CLOSED(id)                                                             \
	"close", "success",                                                    \
	    S(id) ",\\\"source.bytes\\\":6,\\\"destination.bytes\\\":7,"       \
		  "\\\"jump.end\\\":\\\"done\\\""
#define SSHD(second, pid, msg)                                                 \
	AT(second, "65534", pid, "/usr/sbin/sshd", "sshd", msg)
#define ASK(second, pid, t)                                                    \
	SSHD(second, pid,                                                      \
	    "debug1: serverloop.c:server_request_direct_tcpip():1 (pid=1): "   \
	    "originator 127.0.0.1 port 1, target " t)
#define CONNECT(second, pid, n, t)                                             \
	SSHD(second, pid,                                                      \
	    DEBUG "post_connecting():1 (pid=1): channel " n                    \
		  ": connected to " t)
#define FREED(second, pid, n)                                                  \
	SSHD(second, pid,                                                      \
	    DEBUG "free():1 (pid=1): channel " n                               \
		  ": free: direct-tcpip, nchannels 1")
#define COMES(monitor, child, from)                                            \
	AT("00", "0", monitor, "/usr/sbin/sshd", "sshd",                       \
	    "Accepted publickey for nobody from " from                         \
	    " port 1 ssh2: ED25519 "                                           \
	    "SHA256:k")                                                        \
	AT("00", "0", monitor, "/usr/sbin/sshd", "sshd",                       \
	    "User child is on pid " child)
#define WEB "10.2.0.11 port 22"
#define A   "aaaaaaaa"
#define B   "bbbbbbbb"

static const struct {
	const char *lines, *rows;
} gated[] = {
    /* One connection: one opening, and one end. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB) CONNECT("01", "7", "0",
	 WEB) GATE("01", "20", YES(A)) GATE("01", "20", OPENED(A))
	    FREED("05", "7", "0") GATE("05", "20", CLOSED(A)),
	"K decided nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 - - 0|"
	"K open nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 - - 0|"
	"K close nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 - done 6|"},
    /* In another order, by name, and with an end after the login's. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", "web port 22")
	    GATE("01", "20", YES(A)) GATE("01", "20", OPENED(A)) CONNECT("02",
		"7", "0", "web port 22") AT("05", "0", "6", "/usr/sbin/sshd",
		"sshd", "Disconnected from user nobody 192.0.2.10 port 1")
		GATE("06", "20", CLOSED(A)),
	"K decided nobody 192.0.2.10 web:22 10.2.0.11 " A " p7 - - 0|"
	"K open nobody 192.0.2.10 web:22 10.2.0.11 " A " p7 - - 0|"
	"K close nobody 192.0.2.10 web:22 10.2.0.11 " A " p7 - done 6|"},
    /* Refused: one row. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB) CONNECT(
	 "01", "7", "0", WEB) GATE("01", "20", NO(A)) FREED("01", "7", "0"),
	"K refused nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 no - 0|"},
    /* Nobody there. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB) CONNECT("01", "7", "0",
	 WEB) GATE("01", "20", YES(A)) GATE("03", "20", "open", "failure",
	 S(A) ",\\\"jump.reason\\\":\\\"none\\\"") FREED("03", "7", "0"),
	"K decided nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 - - 0|"
	"K failed nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 none - "
	"0|"},
    /* Another port, another address, another account: not this one. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", "10.2.0.11 port 23")
	    CONNECT("01", "7", "0", "10.2.0.11 port 23")
		ASK("01", "7", "10.2.0.12 port 22") CONNECT("01", "7", "1",
		    "10.2.0.12 port 22") GATE("01", "20", YES(A)),
	"K open nobody 192.0.2.10 10.2.0.11:23 - p7 - - - 0|"
	"K open nobody 192.0.2.10 10.2.0.12:22 - p7 - - - 0|"
	"K decided nobody - 10.2.0.11:22 10.2.0.11 " A " - - - 0|"},
    {LOGIN("root") AT("01", "0", "7", "", "sshd",
	 DEBUG "post_connecting():1 (pid=1): channel 0: connected to " WEB)
	    GATE("01", "20", YES(A)),
	"K open root 192.0.2.10 10.2.0.11:22 - p7 - - - 0|"
	"K decided nobody - 10.2.0.11:22 10.2.0.11 " A " - - - 0|"},
    /* No sshd: a process of the user's. */
    {GATE("01", "20", NO(A)),
	"K refused nobody - 10.2.0.11:22 10.2.0.11 " A " - no - 0|"},
    /* No gate: after a while sshd's row is one. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB)
	    CONNECT("01", "7", "0", WEB) FREED("01", "7", "0"),
	"K open nobody 192.0.2.10 10.2.0.11:22 - p7 - - - 0|"
	"K close nobody 192.0.2.10 10.2.0.11:22 - p7 - - - 0|"},
    /* A slow gate: the opening is told twice, the end once. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB) CONNECT("01", "7", "0",
	 WEB) GATE("20", "20", YES(A)) GATE("20", "20", OPENED(A))
	    FREED("30", "7", "0") GATE("30", "20", CLOSED(A)),
	"K open nobody 192.0.2.10 10.2.0.11:22 - p7 - - - 0|"
	"K decided nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 - - 0|"
	"K open nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 - - 0|"
	"K close nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 - done 6|"},
    /* Too slow. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB)
	    CONNECT("01", "7", "0", WEB) GATE("40", "20", NO(A)),
	"K open nobody 192.0.2.10 10.2.0.11:22 - p7 - - - 0|"
	"K refused nobody - 10.2.0.11:22 10.2.0.11 " A " - no - 0|"},
    /* Two of one login: each has its own. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB) ASK("01", "7", WEB)
	    CONNECT("01", "7", "0", WEB) CONNECT("01", "7", "1", WEB)
		GATE("01", "20", NO(A)) GATE("01", "21", NO(B))
		    FREED("01", "7", "0") FREED("01", "7", "1"),
	"K refused nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 no - 0|"
	"K refused nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " B " p7 no - 0|"},
    /* The one that was asked for first. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB)
	    CONNECT("01", "7", "0", WEB) ASK("02", "7", WEB)
		CONNECT("02", "7", "1", WEB) GATE("02", "20", NO(A))
		    FREED("03", "7", "0"),
	"K open nobody 192.0.2.10 10.2.0.11:22 - p7 - - - 0|"
	"K refused nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 no - 0|"},
    /* Two of which it may be either: whence is not told, of both. */
    {COMES("6", "7", "192.0.2.10") COMES("16", "17", "192.0.2.66")
	    ASK("01", "7", WEB) CONNECT("01", "7", "0", WEB)
		ASK("01", "17", WEB) CONNECT("01", "17", "0", WEB)
		    GATE("01", "20", NO(A)) GATE("01", "21", NO(B)),
	"K refused nobody - 10.2.0.11:22 10.2.0.11 " A " - no - 0|"
	"K refused nobody - 10.2.0.11:22 10.2.0.11 " B " - no - 0|"},
    /* Two names: the address, of both. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", "x port 22")
	    CONNECT("01", "7", "0", "x port 22") ASK("01", "7", "y port 22")
		CONNECT("01", "7", "1", "y port 22") GATE("01", "20", NO(A))
		    GATE("01", "21", NO(B)),
	"K refused nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 no - 0|"
	"K refused nobody 192.0.2.10 10.2.0.11:22 10.2.0.11 " B " p7 no - 0|"},
    /* What is not attested: the same, and believed as little. */
    {ACCEPTED ASKS(WEB) POST("0", "connected to " WEB) T
	"jump-connect[20]: @cee: {\"event.action\":\"decision\","
	"\"event.outcome\":\"failure\",\"user.name\":\"root\","
	"\"destination.address\":\"10.2.0.11\",\"destination.port\":22,"
	"\"jump.road\":\"forward\",\"jump.session\":\"" A "\"}\n" FREE("0"),
	"N refused root 192.0.2.10 10.2.0.11:22 10.2.0.11 " A " p7 - - 0|"},
    /* It claims nothing of what is attested. */
    {COMES("6", "7", "192.0.2.10") ASK("01", "7", WEB) CONNECT("01", "7", "0",
	 WEB) "2026-11-21T16:30:01Z jump "
	      "jump-connect[20]: @cee: {\"event.action\":\"decision\","
	      "\"event.outcome\":\"failure\",\"user.name\":\"nobody\","
	      "\"destination.address\":\"10.2.0.11\",\"destination.port\":22,"
	      "\"jump.road\":\"forward\",\"jump.session\":\"" A "\"}\n",
	"K open nobody 192.0.2.10 10.2.0.11:22 - p7 - - - 0|"
	"N refused nobody - 10.2.0.11:22 10.2.0.11 " A " - - - 0|"},
    /* Who is not _jump is not the gate, whatever the program. */
    {AT("01", "65534", "20", OURS, "jump-connect",
	 G("decision", "success", S(A))),
	"F forged - - -:0 - - - - - 0|"},
    {AT("01", "65534", "20", "", "jump-connect", G("close", "success", S(A))),
	"F forged - - -:0 - - - - - 0|"},
    {AT("01", "0", "20", OURS, "jump-connect", G("open", "success", S(A))),
	"F forged - - -:0 - - - - - 0|"},
    /* What _jump writes, and the gate does not. */
    {AT("01", "9", "20", "/bin/x", "jump-connect", G("open", "success", S(A))),
	"F forged - - -:0 - - - - - 0|"},
    {AT("01", "9", "20", "", "jump-shell", G("decision", "success", S(A))),
	"F forged - - -:0 - - - - - 0|"},
    {AT("01", "9", "20", OURS, "jump-connect", R("open", "9", "_jump", S(A))),
	"F forged - - -:0 - - - - - 0|"},
    {GATE("01", "20", "open", "success", ""), "F forged - - -:0 - - - - - 0|"},
    {GATE("01", "20", "open", "success",
	 S(A) ",\\\"source.ip\\\":\\\"192.0.2.66\\\""),
	"F forged - - -:0 - - - - - 0|"},
    {GATE("01", "20", "load", "success", S(A)),
	"F forged - - -:0 - - - - - 0|"},
    /* No program was seen: it is _jump's all the same. */
    {AT("01", "9", "20", "", "jump-connect", G("open", "success", S(A))),
	"K open nobody - 10.2.0.11:22 10.2.0.11 " A " - - - 0|"},
    /* Nobody adds to a session of the gate's. */
    {GATE("01", "20", OPENED(A)) AT("02", "65534", "30", OURS, "jump-connect",
	 R("close", "65534", "nobody", S(A))),
	"K open nobody - 10.2.0.11:22 10.2.0.11 " A " - - - 0|"
	"P close nobody - t:0 - " A " - - - 0|"},
};

START_TEST(gate)
{
	struct log_join *j = log_join_new(note_gate, NULL, NULL);
	char *text = strdup(gated[_i].lines), *rest = text, *line;
	struct log_entry e;

	ck_assert_ptr_nonnull(text);
	setenv("TZ", "UTC", 1);
	rows[0] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		ck_assert_msg(
		    log_entry_parse(&e, line, NOON), "%s", gated[_i].lines);
		log_join_entry(j, &e);
	}
	log_join_flush(j, INT64_MAX);
	free(text);
	log_join_free(j);
	ck_assert_str_eq(rows, gated[_i].rows);
}
END_TEST

/* Each kind of record, by each program and uid: who may write it. */
static const char *const programs[] = {
    "jumpctl", "jump-authkeys", "jump-connect", "jump-shell"};

static const struct {
	const char *kind;
	unsigned programs; /* bits */
} writers[] = {{"load", 1}, {"lock", 1}, {"unlock", 1}, {"kick", 1},
    {"sweep", 1}, {"notify", 1}, {"login", 2}, {"decision", 4 + 8}, {"open", 4}, {"close", 4},
    {"request", 8}, {"approve", 8}, {"refuse", 8}, {"withdraw", 1 + 8}};

static void
join_one(struct log_join *j, const char *text)
{
	char line[1024];
	struct log_entry e;

	strcpy(line, text);
	line[strcspn(line, "\n")] = '\0';
	rows[0] = '\0';
	ck_assert(log_entry_parse(&e, line, NOON));
	log_join_entry(j, &e);
}

START_TEST(kinds)
{
	struct log_join *j = log_join_new(note, NULL, NULL);
	const char *program = programs[_i % 4];
	char line[1024];

	for (size_t k = 0; k < COUNT(writers); k++) {
		bool may = writers[k].programs >> (_i % 4) & 1;
		bool root = strcmp(program, "jumpctl") == 0;
		bool users = !root && strcmp(program, "jump-authkeys") != 0;

		/* The user's own process. */
		snprintf(line, sizeof(line),
		    J("65534", "8", "", "%s", R("%s", "65534", "nobody", "")),
		    program, writers[k].kind);
		join_one(j, line);
		if (may && users)
			ck_assert_msg(rows[0] == 'U', "%s", rows);
		else if (strcmp(program, "jump-authkeys") != 0 || !may)
			ck_assert_msg(strstr(rows, "F forged ") == rows,
			    "%s %s: %s", program, writers[k].kind, rows);
		else
			ck_assert_ptr_null(strstr(rows, "nobody"));
		/* Root's. */
		snprintf(line, sizeof(line),
		    J("0", "8", "", "%s", R("%s", "0", "root", "")), program,
		    writers[k].kind);
		join_one(j, line);
		if (may && root)
			ck_assert_msg(
			    strstr(rows, k < 10 ? "K admin root "
					       : "K request root ") == rows,
			    "%s", rows);
		else if (!may)
			ck_assert_msg(rows[0] == 'F', "%s", rows);
		/* Nobody's word. */
		snprintf(line, sizeof(line),
		    T "%s[1]: @cee: {\"event.action\":\"%s\","
		      "\"event.outcome\":\"success\"}",
		    program, writers[k].kind);
		join_one(j, line);
		if (!may)
			ck_assert_msg(rows[0] == 'F', "%s", rows);
		else if (strcmp(program, "jump-authkeys") != 0)
			ck_assert_msg(rows[0] == 'N', "%s", rows);
	}
	log_join_free(j);
}
END_TEST

/*
 * A flood by one account takes nothing from another, and of one's own makes
 * nothing true that was not: a session stays what it was, and what is left off
 * is told, once.
 */
static void
say_session(struct log_join *j, const char *uid, const char *user, int pid,
    const char *exe, const char *kind, const char *id)
{
	char line[1024];

	snprintf(line, sizeof(line),
	    J("%s", "%d", "%s", "jump-connect", R("%s", "%s", "%s", S("%s"))),
	    uid, pid, exe, kind, uid, user, id);
	join_one(j, line);
}

static void
flood_sessions(
    struct log_join *j, const char *uid, const char *user, int n, bool ended)
{
	char id[] = "aaaaaaaa";

	for (int i = 0; i < n; i++) {
		for (int at = 0, k = i; at < 4; at++, k /= 26)
			id[at] = (char)('a' + k % 26);
		say_session(j, uid, user, 9, OURS, "open", id);
		if (ended)
			say_session(j, uid, user, 9, OURS, "close", id);
	}
}

START_TEST(session_floods)
{
	struct log_join *j = log_join_new(note, NULL, NULL);

	lost = 0;
	say_session(j, "65534", "nobody", 8, OURS, "open", "zzzzzzzz");
	flood_sessions(j, "1", "daemon", 5000, false);
	ck_assert_int_eq(lost, 1);
	/* Not another's. */
	say_session(j, "65534", "nobody", 8, "", "close", "zzzzzzzz");
	ck_assert_int_eq(rows[0], 'K');
	say_session(j, "65534", "nobody", 9, OURS, "close", "zzzzzzzz");
	ck_assert_int_eq(rows[0], 'P');
	/* Not one's own, while it lives. */
	say_session(j, "65534", "nobody", 8, OURS, "open", "yyyyyyyy");
	flood_sessions(j, "65534", "nobody", 5000, true);
	ck_assert_int_eq(lost, 1);
	flood_sessions(j, "65534", "nobody", 5000, false);
	ck_assert_int_eq(lost, 2);
	say_session(j, "65534", "nobody", 9, OURS, "close", "yyyyyyyy");
	ck_assert_int_eq(rows[0], 'P');
	say_session(j, "65534", "nobody", 8, "", "close", "yyyyyyyy");
	ck_assert_int_eq(rows[0], 'K');
	/* The end of one that is forgotten; one for which there is no room. */
	say_session(j, "65534", "nobody", 9, OURS, "close", "zzzzzzzz");
	ck_assert_int_eq(rows[0], 'U');
	say_session(j, "65534", "nobody", 7, OURS, "open", "xxxxxxxx");
	ck_assert_int_eq(rows[0], 'K');
	log_join_free(j);
}
END_TEST

/* sshd's lines of an account's login, by its number. */
static void
say_login(struct log_join *j, const char *user, int monitor, int child)
{
	char line[1024];

	snprintf(line, sizeof(line),
	    J("0", "%d", "", "sshd",
		"Accepted publickey for %s from 192.0.2.10 port 1 ssh2"),
	    monitor, user);
	join_one(j, line);
	snprintf(line, sizeof(line),
	    J("0", "%d", "", "sshd", "User child is on pid %d"), monitor,
	    child);
	join_one(j, line);
}

static void
say_child(struct log_join *j, const char *uid, int pid, const char *text)
{
	char line[1024];

	snprintf(line, sizeof(line), J("%s", "%d", "", "sshd", "%s"), uid, pid,
	    text);
	join_one(j, line);
}

START_TEST(login_floods)
{
	struct log_join *j = log_join_new(note, NULL, NULL);
	char text[256];

	lost = 0;
	say_login(j, "nobody", 6, 7);
	say_child(j, "65534", 7, REACHED);
	log_join_flush(j, INT64_MAX);
	ck_assert_int_eq(rows[0], 'K');
	for (int i = 0; i < 20000; i++) {
		say_login(j, "daemon", 100 + 2 * i, 101 + 2 * i);
		snprintf(text, sizeof(text),
		    "Failed publickey for daemon from 192.0.2.66 port 1 ssh2: "
		    "ED25519 SHA256:%d",
		    i);
		say_child(j, "0", 50000 + i, text);
		for (int k = 0; k < 3; k++) {
			snprintf(text, sizeof(text),
			    "debug1: serverloop.c:server_request_direct_tcpip()"
			    ":1 (pid=1): originator 127.0.0.1 port 1, target "
			    "t port %d",
			    k + 1);
			say_child(j, "1", 101 + 2 * i, text);
		}
	}
	ck_assert_int_eq(lost, 1);
	say_child(j, "65534", 7,
	    DEBUG "free():1 (pid=7): channel 0: free: direct-tcpip, "
		  "nchannels 1");
	ck_assert_str_eq(rows, "K close nobody t:1 p7 - -|");
	log_join_free(j);
}
END_TEST

/* Who offers keys that are refused pushes out none that was granted. */
START_TEST(key_floods)
{
	struct log_join *j = log_join_new(note, NULL, NULL);
	char line[512];

	join_one(j, KEY(""));
	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof(line),
		    T "jump-authkeys[5]: @cee: {\"event.action\":\"login\","
		      "\"event.outcome\":\"x\",\"user.name\":\"root\","
		      "\"jump.reason\":\"why\",\"jump.key\":\"SHA256:%d\"}",
		    i);
		join_one(j, line);
	}
	join_one(j,
	    T "sshd[6]: Accepted publickey for root from 192.0.2.10 port 1 "
	      "ssh2: ED25519 SHA256:k");
	join_one(j, T "sshd[6]: User child is on pid 7");
	ck_assert_str_eq(rows, "N login carol -:0 p7 - -|");
	log_join_free(j);
}
END_TEST

/* A line that waits for its login is pushed out by no other sender's. */
START_TEST(held_floods)
{
	struct log_join *j = log_join_new(note, NULL, NULL);

	say_child(j, "0", 6,
	    "Accepted publickey for nobody from 192.0.2.10 port 1 ssh2");
	say_child(j, "65534", 7, REACHED);
	for (int i = 0; i < 1000; i++) {
		say_child(j, "1", 100 + i, REACHED);
		say_child(j, "165536", 100 + i, REACHED);
	}
	say_child(j, "0", 6, "User child is on pid 7");
	log_join_flush(j, INT64_MAX);
	ck_assert_ptr_eq(
	    strstr(rows, "K login nobody -:0 p7 - -|K open nobody t:1 p7 - -|"),
	    rows);
	rows[0] = '\0';
	log_join_free(j);
}
END_TEST

/* More logins and channels than are remembered: bounded, and no crash. */
START_TEST(join_bounds)
{
	struct log_join *j = log_join_new(note, NULL, NULL);
	char line[256];
	struct log_entry e;

	for (int i = 1; i < 200000; i++) {
		static const char *const texts[] = {
		    "Accepted publickey for root from 192.0.2.10 port 1 ssh2",
		    "User child is on pid 7",
		    ("debug1: serverloop.c:server_request_direct_tcpip():1 "
		     "(pid=7): originator 127.0.0.1 port 1, target a port 1")};

		snprintf(line, sizeof(line), T "sshd[%d]: %s",
		    i % 3 == 2 ? 7 : i, texts[i % 3]);
		unit_check(log_entry_parse(&e, line, NOON));
		rows[0] = '\0';
		log_join_entry(j, &e);
	}
	log_join_free(j);
}
END_TEST

/*
 * Filters.
 */
static const struct {
	const char *text;
	int64_t time; /* -1: it is none */
} times[] = {
    {"2026-11-21T16:30:20Z", NOON},
    {"2026-11-21T16:30Z", NOON - 20},
    {"2026-11-21T17:30+01:00", NOON - 20},
    {"2026-11-21T17:30", NOON - 20},
    {"2026-11-21T17:30:20", NOON},
    {"2026-11-21 17:30", NOON - 20},
    {"2026-11-21 17:30:20", NOON},
    {"2026-11-21 ", -1},
    {"2026-11-21 17", -1},
    {"2026-11-21", NOON - 20 - 30 * 60 - 17 * 3600},
    {"17:30", NOON - 20},
    {"17:31", NOON + 40 - 86400},
    {"today", NOON - 20 - 30 * 60 - 17 * 3600},
    {"yesterday", NOON - 20 - 30 * 60 - 41 * 3600},
    {"20s", NOON - 20},
    {"2h", NOON - 7200},
    {"7d", NOON - 7 * 86400},
    {"999999999d", -1},
    {"", -1},
    {"2", -1},
    {"2w", -1},
    {"-2h", -1},
    {"2hh", -1},
    {"1234567890s", -1},
    {"tomorrow", -1},
    {"2026-11-21T17:30x", -1},
    {"25:00", -1},
};

START_TEST(filter_times)
{
	int64_t t = 0;

	setenv("TZ", "Europe/Amsterdam", 1);
	tzset();
	if (times[_i].time == -1) {
		ck_assert(!log_filter_time(&t, times[_i].text, NOON));
		return;
	}
	ck_assert(log_filter_time(&t, times[_i].text, NOON));
	ck_assert_int_eq(t, times[_i].time * SECOND);
}
END_TEST

static const struct {
	const char *text, *target; /* NULL: it is none */
	unsigned port;
} targets[] = {
    {"web1", "web1", 0},
    {"web1:22", "web1", 22},
    {"10.2.0.10:22", "10.2.0.10", 22},
    {"2001:db8::1", "2001:db8::1", 0},
    {"[2001:db8::1]", "2001:db8::1", 0},
    {"[2001:db8::1]:22", "2001:db8::1", 22},
    {"/run/a:b.sock", "/run/a:b.sock", 0},
    {"web1:0", NULL, 0},
    {"web1:", NULL, 0},
    {":22", NULL, 0},
    {"", NULL, 0},
    {"[web1]:22", NULL, 0},
    {"[::1", NULL, 0},
    {"[::1]x", NULL, 0},
};

START_TEST(filter_targets)
{
	struct log_filter f = {.road = -1};
	char text[64];

	strcpy(text, targets[_i].text);
	if (targets[_i].target == NULL) {
		ck_assert(!log_filter_target(&f, text));
		return;
	}
	ck_assert(log_filter_target(&f, text));
	ck_assert_str_eq(f.target, targets[_i].target);
	ck_assert_uint_eq(f.port, targets[_i].port);
}
END_TEST

START_TEST(filters)
{
	static const struct log_row row = {.time = 100,
	    .outcome = LOG_OPEN,
	    .user = "carol",
	    .account = "jump",
	    .target = "web1",
	    .ip = "10.2.0.10",
	    .port = 22,
	    .road = "forward",
	    .ref = "p7"};
	static const struct log_filter any = {
	    .road = -1, .outcome = -1, .since = 0, .until = 101};
	struct log_row decided = row;
	struct log_filter f;

#define PASSES(yes, ...)                                                       \
	do {                                                                   \
		f = any;                                                       \
		__VA_ARGS__;                                                   \
		ck_assert(log_filter_passes(&f, &row) == (yes));               \
	} while (0)
	PASSES(true, (void)0);
	PASSES(true, f.user = "carol");
	PASSES(true, f.user = "jump");
	PASSES(false, f.user = "car");
	PASSES(true, f.target = "WEB1"; f.port = 22);
	PASSES(true, f.target = "10.2.0.10");
	PASSES(false, f.target = "web1"; f.port = 23);
	PASSES(false, f.target = "web");
	PASSES(true, f.road = ROAD_FORWARD);
	PASSES(false, f.road = ROAD_CONNECT);
	PASSES(true, f.outcome = LOG_OPEN);
	PASSES(false, f.outcome = LOG_CLOSE);
	PASSES(false, f.since = 101);
	PASSES(false, f.until = 100);
	PASSES(true, f.since = 100);
	PASSES(true, f.ref = "p7");
	PASSES(false, f.ref = "p8");
	decided.outcome = LOG_DECIDED;
	ck_assert(!log_filter_passes(&any, &decided));
	f = any;
	f.ref = "p7";
	ck_assert(log_filter_passes(&f, &decided));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, json, 0, COUNT(objects));
	tcase_add_loop_test(t, entries, 0, COUNT(lines));
	tcase_add_loop_test(t, sshd_lines, 0, COUNT(said));
	tcase_add_loop_test(t, our_records, 0, COUNT(records));
	tcase_add_loop_test(t, golden_records, 0, 20);
	tcase_add_loop_test(t, join, 0, COUNT(joined));
	tcase_add_loop_test(t, gate, 0, COUNT(gated));
	tcase_add_loop_test(t, kinds, 0, COUNT(programs));
	tcase_add_test(t, session_floods);
	tcase_add_test(t, login_floods);
	tcase_add_test(t, key_floods);
	tcase_add_test(t, held_floods);
	tcase_add_test(t, join_bounds);
	tcase_add_loop_test(t, filter_times, 0, COUNT(times));
	tcase_add_loop_test(t, filter_targets, 0, COUNT(targets));
	tcase_add_test(t, filters);
	suite_add_tcase(s, t);
	return unit_run(s);
}
