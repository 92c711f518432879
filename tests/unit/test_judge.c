/* SPDX-License-Identifier: ISC */
/*
 * Whether logins and relays may go on.  Accounts and groups are this file's
 * own: each account is there, and dora is in staff.
 */
#include "../../jumpctl/judge.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include "unit.h"

enum { STAFF = 500 };

struct passwd *
getpwnam(const char *name)
{
	static char copy[64];
	static struct passwd pw = {.pw_name = copy, .pw_gid = 1000};

	snprintf(copy, sizeof(copy), "%s", name);
	return strcmp(name, "gone") == 0 ? NULL : &pw;
}

int
getgrnam_r(const char *name, struct group *gr, char *buf, size_t size,
    struct group **found)
{
	static char *nobody[] = {NULL};

	(void)buf;
	(void)size;
	*gr = (struct group){.gr_gid = STAFF, .gr_mem = nobody};
	*found = strcmp(name, "staff") == 0 ? gr : NULL;
	return 0;
}

int
getgrouplist(const char *account, gid_t gid, gid_t *groups, int *n)
{
	*n = 1;
	groups[0] = strcmp(account, "dora") == 0 ? STAFF : gid;
	return 1;
}

#define KA                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"
#define FA "SHA256:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/w"
#define KU                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIKrEoy5uZqJ7GRE8/i6gtcmOYPd5HL47XWnTVGPj5lCU"
#define FU "SHA256:eLdWhlTYIK0+fXwTspCQsAB5UMhN/+QhxGLYuiG6wnU"
#define CORP                                                                   \
	"AAAAC3NzaC1lZDI1NTE5AAAAIGniLfbAEAATJ+Rw/VtVI8hVYAemhw6Q5jW/kduU1heZ"

#define BASE                                                                   \
	"host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp 80\n"                 \
	"host db1 10.2.0.11 ssh 22\n"                                          \
	"net lab 10.9.0.0/16 ssh 22\n"                                         \
	"domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22\n"                 \
	"socket metr \"/run/m.sock\"\n"                                        \
	"window day mon-fri 08:00-18:00\n"
#define ALICE "user alice\nkey alice \"ssh-ed25519 " KA "\"\n"
#define JUMP                                                                   \
	"user carol account jump\nkey carol \"ssh-ed25519 " KA "\"\n"          \
	"user dave account jump\n"

/* 2026-11-20 is a Friday. */
#define FRIDAY_NOON    1795176000
#define FRIDAY_EVENING 1795200000
#define LINE(rights)   "restrict,pty,command=\"x\"" rights " ssh-ed25519 " KA "\n"
#define P(where)       ",permitopen=\"" where "\""
#define DB1	       P("10.2.0.11:22")
#define WEB1	       P("10.2.0.10:22") P("[2001:db8::10]:22")
#define GONE	       "the user is of the policy no more"
#define KEY	       "the key is the user's no more"

static const struct {
	const char *policy, *account; /* NULL: it is gone */
	const char *user, *key, *line;
	time_t now;
	int by, mfa;
	const char *reason; /* NULL: it may go on */
} logins[] = {
    {ALICE "allow a: alice to db1", "alice", "alice", FA, LINE(DB1), 0, 0, 0,
	NULL},
    {ALICE "allow a: alice to { db1 web1:22 }", "alice", "alice", FA, LINE(DB1),
	0, 0, 0, NULL},
    {ALICE "allow a: alice to db1", "alice", "alice", FA, LINE(""), 0, 0, 0,
	NULL},
    {ALICE "allow a: alice to web1", "alice", "alice", FA, LINE(DB1), 0, 0, 0,
	"no right to 10.2.0.11:22 any more"},
    {ALICE "allow a: alice to { db1 web1:22 }\ndeny d: alice to web1", "alice",
	"alice", FA, LINE(DB1 WEB1), 0, 0, 0,
	"no right to 10.2.0.10:22 any more"},
    {ALICE, "alice", "alice", FA, LINE(DB1), 0, 0, 0,
	"no right to 10.2.0.11:22 any more"},
    {ALICE "allow a: alice to db1", "alice", "alice", FA, "restrict,x=\"", 0, 0,
	0, "its rights cannot be read"},
    /* A name that does not resolve. */
    {ALICE "allow a: alice to db1", "alice", "alice", FA, LINE(DB1 P("db1:22")),
	0, 0, 0, "no right to db1:22 any more"},
    /* Who it is. */
    {"user bob\nallow a: bob to db1", "alice", "alice", FA, LINE(""), 0, 0, 0,
	"not an account of the policy"},
    {ALICE "allow a: alice to db1", NULL, "alice", FA, LINE(""), 0, 0, 0,
	"the account is gone"},
    {ALICE "allow a: alice to db1", "gone", "alice", FA, LINE(""), 0, 0, 0,
	GONE},
    {ALICE "allow a: alice to db1", "alice", "bob", FA, LINE(""), 0, 0, 0,
	GONE},
    {JUMP "allow a: carol to db1", "jump", "carol", FA, LINE(DB1), 0, 0, 0,
	NULL},
    {JUMP "allow a: carol to db1", "jump", "erin", FA, LINE(""), 0, 0, 0, GONE},
    {JUMP "allow a: carol to db1", "jump", "dave", FA, LINE(""), 0, 0, 0, KEY},
    {ALICE "user erin account jump", "jump", "carol", FA, LINE(""), 0, 0, 0,
	GONE},
    {ALICE "allow a: alice to db1", "jump", "carol", FA, LINE(""), 0, 0, 0,
	GONE},
    {"device rtu 127.77.0.17 ssh 2222\n", "rtu", "rtu", FA, LINE(""), 0, 0, 0,
	GONE},
    {"user alice until 2026-11-20T12:00Z\nkey alice \"ssh-ed25519 " KA "\"\n",
	"alice", "alice", FA, LINE(""), FRIDAY_NOON, 0, 0,
	"the user has expired"},
    {"user alice until 2026-11-20T12:00:01Z\n"
     "key alice \"ssh-ed25519 " KA "\"\nallow a: alice to db1",
	"alice", "alice", FA, LINE(DB1), FRIDAY_NOON, 0, 0, NULL},
    /* The key. */
    {ALICE "allow a: alice to db1", "alice", "alice", FU, LINE(DB1), 0, 0, 0,
	KEY},
    {ALICE "allow a: alice to db1", "alice", "alice", "SHA256:x", LINE(DB1), 0,
	0, 0, KEY},
    {"user alice\nuser bob\nkey bob \"ssh-ed25519 " KA "\"\n"
     "allow a: alice to db1",
	"alice", "alice", FA, LINE(DB1), 0, 0, 0, KEY},
    /* Time. */
    {ALICE "allow a: alice to db1 when day", "alice", "alice", FA, LINE(DB1),
	FRIDAY_NOON, 0, 0, NULL},
    {ALICE "allow a: alice to db1 when day", "alice", "alice", FA, LINE(DB1),
	FRIDAY_EVENING, 0, 0, "no right to 10.2.0.11:22 any more"},
    {ALICE "allow a: alice to db1\ndeny d: alice to db1 when day", "alice",
	"alice", FA, LINE(DB1), FRIDAY_EVENING, 0, 0, NULL},
    {ALICE "allow a: alice to db1\ndeny d: alice to db1 when day", "alice",
	"alice", FA, LINE(DB1), FRIDAY_NOON, 0, 0,
	"no right to 10.2.0.11:22 any more"},
    /* A second factor that was given, and one that was not. */
    {ALICE "allow a: alice to db1 mfa", "alice", "alice", FA, LINE(DB1), 0, 0,
	1, NULL},
    {ALICE "allow a: alice to db1 mfa", "alice", "alice", FA, LINE(DB1), 0, 0,
	0, "no right to 10.2.0.11:22 any more"},
    /* Certificates: of CORP, whose key is not of the policy, of no other. */
    {"user alice\nca c \"ssh-ed25519 " CORP "\" for alice\n"
     "allow a: alice to db1",
	"alice", "alice", FU, LINE(DB1), 0, LOGIN_BY_CERTIFICATE, 0, NULL},
    {"user alice\nuser bob\nca c \"ssh-ed25519 " CORP "\" for bob\n"
     "allow a: alice to db1",
	"alice", "alice", FU, LINE(DB1), 0, LOGIN_BY_CERTIFICATE, 0,
	"the certificate's authority is not for this user any more"},
    {"user alice\nca c \"ssh-ed25519 " KU "\" for alice\n"
     "allow a: alice to db1",
	"alice", "alice", FU, LINE(DB1), 0, LOGIN_BY_CERTIFICATE, 0,
	"the certificate's authority is of the policy no more"},
    /* A directory. */
    {"set keys-from \"/k\"\nallow a: %staff to db1", "dora", "dora", FU,
	LINE(DB1), 0, LOGIN_BY_DIRECTORY, 0, NULL},
    {"allow a: %staff to db1", "dora", "dora", FU, LINE(DB1), 0,
	LOGIN_BY_DIRECTORY, 0, "keys-from serves this account no more"},
    {"set keys-from \"/k\"\nallow a: %staff to db1", "emil", "emil", FU,
	LINE(DB1), 0, LOGIN_BY_DIRECTORY, 0, "not an account of the policy"},
    {"set keys-from \"/k\"\nuser dora\nallow a: %staff to db1", "dora", "dora",
	FU, LINE(DB1), 0, LOGIN_BY_DIRECTORY, 0,
	"keys-from serves this account no more"},
    {"set keys-from \"/k\"\nallow a: %absent to db1", "dora", "dora", FU,
	LINE(""), 0, LOGIN_BY_DIRECTORY, 0, "not an account of the policy"},
    {ALICE "allow a: alice to db1", "alice", "alice", FA, LINE(DB1), 0, 9, 0,
	"the note cannot be read"},
};

static struct policy *
open_policy(const char *statements, struct judge *j, time_t now)
{
	char text[4096];
	struct policy *p;

	snprintf(text, sizeof(text), BASE "%s\n", statements);
	p = unit_policy(text);
	ck_assert(decide_zone(p));
	*j = (struct judge){.policy = p, .now = now == 0 ? FRIDAY_NOON : now};
	return p;
}

START_TEST(login)
{
	struct login_note note = {
	    .by = (uint8_t)logins[_i].by, .mfa = (uint8_t)logins[_i].mfa};
	struct judge j;
	struct policy *p = open_policy(logins[_i].policy, &j, logins[_i].now);
	char reason[JUDGE_REASON] = "";

	strcpy(note.user, logins[_i].user);
	strcpy(note.key, logins[_i].key);
	for (uint32_t i = 0; i < p->table[PT_CAS].n; i++) {
		const struct policy_key *key =
		    policy_key(p, policy_ca(p, i)->key);

		if (strcmp(policy_string(p, key->blob), CORP) == 0)
			memcpy(note.authority, key->fingerprint,
			    sizeof(note.authority));
	}
	for (int again = 0; again < 2; again++) { /* from what is known */
		ck_assert_int_eq(judge_login(&j, logins[_i].account, &note,
				     logins[_i].line, reason),
		    logins[_i].reason == NULL);
		if (logins[_i].reason != NULL)
			ck_assert_str_eq(reason, logins[_i].reason);
	}
	judge_free(&j);
	policy_free(p);
}
END_TEST

/*
 * Devices.
 */
#define RTU_LINE(rights)                                                       \
	"restrict,command=\"x --id=rtu\"" rights " ssh-ed25519 " KA "\n"
#define LISTENS                                                                \
	",port-forwarding,permitopen=\"255.255.255.255:1\""                    \
	",permitlisten=\"127.77.0.17:2222\""
#define RTU	  "device rtu 127.77.0.17 ssh 2222\nkey rtu \"ssh-ed25519 " KA "\"\n"
#define MOVED_RTU "where it may listen has changed"
static const struct {
	const char *policy, *account, *user, *key;
	int device;
	const char *line, *reason;
} devices[] = {
    {RTU, "rtu", "rtu", FA, LOGIN_LISTENS, RTU_LINE(LISTENS), NULL},
    {RTU, NULL, "rtu", FA, LOGIN_LISTENS, RTU_LINE(LISTENS),
	"the account is gone"},
    {RTU, "rtu", "rtu", FA, LOGIN_MUTE, RTU_LINE(""),
	"another login of this device was live before it"},
    {RTU, "rtu", "rtu", FU, LOGIN_LISTENS, RTU_LINE(LISTENS),
	"the key is the device's no more"},
    {"device rtu 127.77.0.17 ssh 2222\n", "rtu", "rtu", FA, LOGIN_LISTENS,
	RTU_LINE(LISTENS), "the key is the device's no more"},
    {"device plc 127.77.0.17 ssh 2222\nkey plc \"ssh-ed25519 " KA "\"\n", "rtu",
	"rtu", FA, LOGIN_LISTENS, RTU_LINE(LISTENS),
	"the device is of the policy no more"},
    {"user rtu\nkey rtu \"ssh-ed25519 " KA "\"\n", "rtu", "rtu", FA,
	LOGIN_LISTENS, RTU_LINE(LISTENS),
	"the device is of the policy no more"},
    {RTU, "rtu", "rtu", FA, LOGIN_NO_DEVICE, RTU_LINE(LISTENS),
	"the user is of the policy no more"},
    {"device rtu 127.77.0.17 ssh 2222 account dev\nkey rtu \"ssh-ed25519 " KA
     "\"\n",
	"rtu", "rtu", FA, LOGIN_LISTENS, RTU_LINE(LISTENS),
	"the device has another account now"},
    {"device rtu 127.77.0.18 ssh 2222\nkey rtu \"ssh-ed25519 " KA "\"\n", "rtu",
	"rtu", FA, LOGIN_LISTENS, RTU_LINE(LISTENS), MOVED_RTU},
    {"device rtu 127.77.0.17 ssh { 2222 2223 }\nkey rtu \"ssh-ed25519 " KA
     "\"\n",
	"rtu", "rtu", FA, LOGIN_LISTENS, RTU_LINE(LISTENS), MOVED_RTU},
    {RTU, "rtu", "rtu", FA, LOGIN_LISTENS,
	RTU_LINE(LISTENS ",permitlisten=\"127.77.0.17:2223\""), MOVED_RTU},
    {"device rtu \"/run/x.sock\" ssh\nkey rtu \"ssh-ed25519 " KA "\"\n", "rtu",
	"rtu", FA, LOGIN_LISTENS, RTU_LINE(LISTENS), MOVED_RTU},
    {RTU, "rtu", "rtu", FA, LOGIN_LISTENS, "", MOVED_RTU},
};

START_TEST(device)
{
	struct login_note note = {
	    .by = LOGIN_BY_KEY, .device = (uint8_t)devices[_i].device};
	struct judge j;
	struct policy *p = open_policy(devices[_i].policy, &j, 0);
	char reason[JUDGE_REASON] = "";

	strcpy(note.user, devices[_i].user);
	strcpy(note.key, devices[_i].key);
	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(judge_login(&j, devices[_i].account, &note,
				     devices[_i].line, reason),
		    devices[_i].reason == NULL);
		if (devices[_i].reason != NULL)
			ck_assert_str_eq(reason, devices[_i].reason);
	}
	ck_assert(!judge_replaces(&j, "rtu"));
	ck_assert(!judge_replaces(&j, "nobody"));
	judge_free(&j);
	policy_free(p);
}
END_TEST

START_TEST(replaces)
{
	struct judge j;
	struct policy *p =
	    open_policy("device rtu 127.77.0.17 ssh 2222 replace\n", &j, 0);

	ck_assert(judge_replaces(&j, "rtu"));
	judge_free(&j);
	policy_free(p);
}
END_TEST

#define NO_RULE "no allow rule matches"
#define MOVED	"the target does not have this address any more"

static const struct {
	const char *policy, *account, *user, *target, *ip;
	int port;
	const char *source;
	int64_t lived, idle;
	int road;
	const char *reason, *rule;
} relays[] = {
    {ALICE "allow a: alice to db1", "alice", "", "db1", "10.2.0.11", 22, "", 0,
	0, 1, NULL, ""},
    {ALICE "allow a: alice to db1", "alice", "", "10.2.0.11", "10.2.0.11", 22,
	"", 0, 0, 1, NULL, ""},
    {ALICE "allow a: alice to web1", "alice", "", "web1", "2001:db8::10", 80,
	"", 0, 0, 1, NULL, ""},
    {ALICE "allow a: alice to lab", "alice", "", "10.9.1.1", "10.9.1.1", 22, "",
	0, 0, 1, NULL, ""},
    {ALICE "allow a: alice to dev", "alice", "", "x.dev.example", "10.8.0.1",
	22, "", 0, 0, 1, NULL, ""},
    {ALICE "allow a: alice to metr", "alice", "", "/run/m.sock", "", 0, "", 0,
	0, 1, NULL, ""},
    {ALICE "allow a: alice to metr", "alice", "", "metr", "", 0, "", 0, 0, 1,
	NULL, ""},
    {ALICE "allow a: alice to web1", "alice", "", "db1", "10.2.0.11", 22, "", 0,
	0, 1, NO_RULE, ""},
    {ALICE "allow a: alice to db1\ndeny d: any to db1", "alice", "", "db1",
	"10.2.0.11", 22, "", 0, 0, 1, "a deny rule matches", "d"},
    {ALICE "allow a: alice to db1 via forward", "alice", "", "db1", "10.2.0.11",
	22, "", 0, 0, 1, NO_RULE, ""},
    {ALICE "allow a: alice to db1", "alice", "", "db1", "10.2.0.12", 22, "", 0,
	0, 1, MOVED, ""},
    {ALICE "allow a: alice to db1", "alice", "", "db1", "", 22, "", 0, 0, 1,
	MOVED, ""},
    {ALICE "allow a: alice to dev", "alice", "", "x.dev.example", "10.7.0.1",
	22, "", 0, 0, 1, NO_RULE, ""},
    {ALICE "allow a: alice to metr", "alice", "", "/run/m.sock", "10.2.0.11", 0,
	"", 0, 0, 1, MOVED, ""},
    {ALICE "allow a: alice to db1 from 192.0.2.0/24", "alice", "", "db1",
	"10.2.0.11", 22, "192.0.2.9", 0, 0, 1, NULL, ""},
    {ALICE "allow a: alice to db1 from 192.0.2.0/24", "alice", "", "db1",
	"10.2.0.11", 22, "198.51.100.9", 0, 0, 1, NO_RULE, ""},
    {ALICE "allow a: alice to db1 from 192.0.2.0/24", "alice", "", "db1",
	"10.2.0.11", 22, "", 0, 0, 1, NO_RULE, ""},
    {ALICE "allow a: alice to db1 duration 1m", "alice", "", "db1", "10.2.0.11",
	22, "", 59, 0, 1, NULL, ""},
    {ALICE "allow a: alice to db1 duration 1m", "alice", "", "db1", "10.2.0.11",
	22, "", 60, 0, 1, "the rules give it less time now", ""},
    {ALICE "allow a: alice to db1 idle 1m", "alice", "", "db1", "10.2.0.11", 22,
	"", 900, 30, 1, NULL, ""},
    {ALICE "allow a: alice to db1 idle 1m", "alice", "", "db1", "10.2.0.11", 22,
	"", 900, 70, 1, "the rules give it less idle time now", ""},
    {ALICE "allow a: alice to db1 mfa", "alice", "", "db1", "10.2.0.11", 22, "",
	0, 0, 1, "something is to be done first", "a"},
    {JUMP "allow a: carol to db1", "jump", "carol", "db1", "10.2.0.11", 22, "",
	0, 0, 1, NULL, ""},
    {JUMP "allow a: carol to db1", "jump", "dave", "db1", "10.2.0.11", 22, "",
	0, 0, 1, NO_RULE, ""},
    {JUMP "allow a: carol to db1", "jump", "", "db1", "10.2.0.11", 22, "", 0, 0,
	1, GONE, ""},
    /* What the page claims plays no part on an account of one person. */
    {ALICE "user erin account jump\nallow a: alice to db1", "alice", "erin",
	"db1", "10.2.0.11", 22, "", 0, 0, 1, NULL, ""},
    {ALICE "allow a: alice to db1", NULL, "", "db1", "10.2.0.11", 22, "", 0, 0,
	1, "the account is gone", ""},
    {ALICE "allow a: alice to db1", "alice", "", "db 1", "10.2.0.11", 22, "", 0,
	0, 1, "its page cannot be read", ""},
    {ALICE "allow a: alice to db1", "alice", "", "db1", "10.2.0.11", 22, "", 0,
	0, 3, "its page cannot be read", ""},
};

START_TEST(relay)
{
	struct judge j;
	struct policy *p = open_policy(relays[_i].policy, &j, 0);
	struct session_page page = {.port = (uint16_t)relays[_i].port,
	    .road = (uint8_t)relays[_i].road,
	    .started = FRIDAY_NOON - relays[_i].lived};
	struct judge_relay asked = {
	    .account = relays[_i].account, .page = &page};
	char reason[JUDGE_REASON] = "";
	const char *rule = NULL;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	page.active = ((int64_t)now.tv_sec - relays[_i].idle) * 1000;
	strcpy(page.user, relays[_i].user);
	strcpy(page.target, relays[_i].target);
	strcpy(page.ip, relays[_i].ip);
	strcpy(page.source, relays[_i].source);
	ck_assert_int_eq(
	    judge_relay(&j, &asked, &rule, reason), relays[_i].reason == NULL);
	if (relays[_i].reason != NULL)
		ck_assert_str_eq(reason, relays[_i].reason);
	ck_assert_str_eq(rule, relays[_i].rule);
	judge_free(&j);
	policy_free(p);
}
END_TEST

/* Its page says whether its login had a second factor. */
START_TEST(factor_of_a_relay)
{
	struct judge j;
	struct policy *p =
	    open_policy(ALICE "allow a: alice to db1 mfa", &j, 0);
	struct session_page page = {.port = 22,
	    .road = ROAD_CONNECT,
	    .mfa = (uint8_t)_i,
	    .started = FRIDAY_NOON,
	    .target = "db1",
	    .ip = "10.2.0.11"};
	struct judge_relay asked = {.account = "alice", .page = &page};
	char reason[JUDGE_REASON];
	const char *rule;

	ck_assert_int_eq(judge_relay(&j, &asked, &rule, reason), _i != 0);
	judge_free(&j);
	policy_free(p);
}
END_TEST

/*
 * With `set gate', which stands or not.
 */
#define GATE "set nft \"/n\"\nset gate 422\n"
#define AWAY "no right to *:22 while the gate does not answer"
static const struct {
	const char *policy, *account, *user, *line;
	bool stands;
	const char *reason; /* NULL: it stays */
} behind[] = {
    /* Of now, and from when the gate was away. */
    {ALICE "allow a: alice to db1", "alice", "alice", P("*:22"), true, NULL},
    {ALICE "allow a: alice to db1", "alice", "alice", DB1, true, NULL},
    {ALICE "allow a: alice to db1", "alice", "alice", DB1, false, NULL},
    {ALICE "allow a: alice to db1", "alice", "alice", P("*:22"), false, AWAY},
    {ALICE "allow a: alice to db1", "alice", "alice", DB1 P("*:80"), true,
	NULL},
    {ALICE "allow a: alice to web1:80", "alice", "alice", DB1 P("*:22"), true,
	"no right to 10.2.0.11:22 any more"},
    /* The gate ends what is over, and the login stays for the rest. */
    {ALICE "allow a: alice to { db1 web1:22 } when day", "alice", "alice",
	P("*:22") P("*:80"), true, NULL},
    {ALICE "allow a: alice to web1\ndeny d: any to db1", "alice", "alice",
	P("*:22"), true, NULL},
    {ALICE "allow a: alice to lab", "alice", "alice", P("*:22"), true, NULL},
    {ALICE "allow a: alice to web1\ndeny d: any to db1", "alice", "alice", DB1,
	true, "no right to 10.2.0.11:22 any more"},
    {ALICE "allow a: alice to lab via connect", "alice", "alice", P("*:22"),
	true, NULL},
    {ALICE, "alice", "alice", P("*:22"), true, NULL},
    {ALICE, "alice", "alice", P("*:22"), false, AWAY},
    {ALICE, "alice", "alice", P("*"), true, "no right to * any more"},
    /* Never for an account that is shared. */
    {JUMP "allow a: carol to db1", "jump", "carol", DB1, true, NULL},
    {JUMP "allow a: carol to db1", "jump", "carol", P("*:22"), true,
	"no right to *:22 any more"},
};

START_TEST(login_behind_the_gate)
{
	struct login_note note = {.by = LOGIN_BY_KEY};
	char reason[JUDGE_REASON] = "", text[1024], line[512];
	struct policy *p;
	struct judge j;

	snprintf(text, sizeof(text), GATE "%s", behind[_i].policy);
	snprintf(
	    line, sizeof(line), "restrict%s ssh-ed25519 x\n", behind[_i].line);
	p = open_policy(text, &j, FRIDAY_EVENING);
	j.gate = behind[_i].stands;
	strcpy(note.user, behind[_i].user);
	strcpy(note.key, FA);
	ck_assert_msg(judge_login(&j, behind[_i].account, &note, line,
			  reason) == (behind[_i].reason == NULL),
	    "%s", reason);
	if (behind[_i].reason != NULL)
		ck_assert_str_eq(reason, behind[_i].reason);
	judge_free(&j);
	policy_free(p);
}
END_TEST

/* What the firewall lets pass is what goes by without the gate. */
START_TEST(rights_are_addresses)
{
	struct judge j;
	struct policy *p =
	    open_policy(GATE ALICE "allow a: alice to { db1 lab }", &j, 0);

	ck_assert_str_eq(judge_rights(&j, "alice", NULL), DB1);
	judge_free(&j);
	policy_free(p);
}
END_TEST

/* A relay of the gate, by the words of its road. */
static const struct {
	const char *rule;
	bool gate, mfa;
	const char *reason;
} passed[] = {
    {"", true, false, NULL},
    {"", false, false, NO_RULE}, /* a page that says forward, of a user's */
    {"when day", true, false, NULL},
    {"from 192.0.2.0/24", true, false, NO_RULE},
    {"mfa", true, true, NULL},
    {"mfa", true, false, "something is to be done first"},
    {"ticket \"*\"", true, true, "an obligation cannot be held on this road"},
};

START_TEST(relay_of_the_gate)
{
	struct session_page page = {
	    .port = 22, .road = ROAD_FORWARD, .started = FRIDAY_NOON};
	struct judge_relay asked = {.account = "alice",
	    .page = &page,
	    .gate = passed[_i].gate,
	    .mfa = passed[_i].mfa};
	char reason[JUDGE_REASON] = "", text[1024];
	const char *rule = NULL;
	struct policy *p;
	struct judge j;

	snprintf(text, sizeof(text), GATE ALICE "allow a: alice to lab %s",
	    passed[_i].rule);
	p = open_policy(text, &j, 0);
	j.gate = true;
	strcpy(page.target, "10.9.1.1");
	strcpy(page.ip, "10.9.1.1");
	strcpy(page.source, "192.0.2.1");
	ck_assert_int_eq(
	    judge_relay(&j, &asked, &rule, reason), passed[_i].reason == NULL);
	if (passed[_i].reason != NULL)
		ck_assert_str_eq(reason, passed[_i].reason);
	judge_free(&j);
	policy_free(p);
}
END_TEST

/* A relay keeps the ticket under which it began. */
static const struct {
	const char *rule, *ticket, *reason;
} ticketed[] = {
    {"ticket \"CHG*\"", "CHG1", NULL},
    {"ticket \"CHG*\"", "INC1", "something is to be done first"},
    {"ticket \"CHG*\"", "", "something is to be done first"},
    {"", "CHG1", NULL},
};

START_TEST(relay_under_a_ticket)
{
	struct session_page page = {
	    .port = 22, .road = ROAD_CONNECT, .started = FRIDAY_NOON};
	struct judge_relay asked = {.account = "alice", .page = &page};
	char reason[JUDGE_REASON] = "", text[1024];
	const char *rule = NULL;
	struct policy *p;
	struct judge j;

	snprintf(text, sizeof(text), ALICE "allow a: alice to lab %s",
	    ticketed[_i].rule);
	p = open_policy(text, &j, 0);
	strcpy(page.target, "10.9.1.1");
	strcpy(page.ip, "10.9.1.1");
	strcpy(page.ticket, ticketed[_i].ticket);
	ck_assert_int_eq(judge_relay(&j, &asked, &rule, reason),
	    ticketed[_i].reason == NULL);
	if (ticketed[_i].reason != NULL)
		ck_assert_str_eq(reason, ticketed[_i].reason);
	judge_free(&j);
	policy_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("judge");
	TCase *t = tcase_create("judge");

	tcase_add_loop_test(t, login, 0, COUNT(logins));
	tcase_add_loop_test(t, device, 0, COUNT(devices));
	tcase_add_test(t, replaces);
	tcase_add_loop_test(t, relay, 0, COUNT(relays));
	tcase_add_loop_test(t, factor_of_a_relay, 0, 3);
	tcase_add_loop_test(t, login_behind_the_gate, 0, COUNT(behind));
	tcase_add_test(t, rights_are_addresses);
	tcase_add_loop_test(t, relay_of_the_gate, 0, COUNT(passed));
	tcase_add_loop_test(t, relay_under_a_ticket, 0, COUNT(ticketed));
	suite_add_tcase(s, t);
	return unit_run(s);
}
