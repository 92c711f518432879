/* SPDX-License-Identifier: ISC */
/* jump-authkeys/keys.c: a key becomes a line of authorized_keys. */

#include "policy.h"

#include "../../jump-authkeys/keys.h"
#include "unit.h"

#define SHELL "/usr/local/libexec/jump/jump-shell"
#define ED    "ssh-ed25519"
#define KA                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"
#define KB                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIIvukTrJnLJZdwO9FOvjP0K1clYqsMc0plO3yv+22rWk"
#define KC                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHjiT8B+lFzn7yZslt83urqk6KiBS1ky0KPm9tRdC83i"
#define KD                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIN9RcLkd4r7p5AVfOywOpzj1lTpRfg13c4OXYMMs0MSg"
#define SK "sk-ssh-ed25519@openssh.com"
#define KS                                                                     \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIGniLfbAEAATJ+Rw/VtVI8hV" \
	"YAemhw6Q5jW/kduU1heZAAAABHNzaDo="
/* As ssh-keygen -l says. */
#define KU                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIKrEoy5uZqJ7GRE8/i6gtcmOYPd5HL47XWnTVGPj5lCU"
#define FA "SHA256:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/w"

static const char statements[] =
    "user alice\n"
    "user bob until 2036-12-31T18:00+01:00\n"
    "user carol account jump\n"
    "user dave account jump\n"
    "key alice \"" ED " " KA " alice@laptop\"\n"
    "key alice \"" SK " " KS "\" verify-required\n"
    "key bob \"" ED " " KB "\" from { 192.0.2.0/24 2001:db8:1::/64 "
    "198.51.100.7 }\n"
    "key carol \"" ED " " KC "\"\n"
    "device rtu 127.77.0.17 ssh 2222\n"
    "key rtu \"" ED " " KD "\"\n"
    "host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp 80 "
    "alias { www www.corp.example }\n"
    "host db1 10.2.0.11 tcp 5432\n"
    "net lab 10.9.0.0/16 ssh 22\n"
    "domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22\n"
    "device box \"/run/box.sock\" ssh account boxes\n"
    "socket metr \"/run/m.sock\"\n"
    "window day mon-fri 08:00-18:00\n"
    "ca corp \"" ED " AAAAC3NzaC1lZDI1NTE5AAAAIGniLfbAEAATJ+Rw/VtVI8hVYAemhw"
    "6Q5jW/kduU1heZ\" for alice\n"
    "hostkey db1 \"" ED " AAAAC3NzaC1lZDI1NTE5AAAAIHlKoe8Vp5dCuvPnhPFxrR4yq50"
    "iVBUTAi8J1YfMyuwd\"\n";

static struct policy *
policy_of(const char *rules)
{
	struct policy *p;
	char *text;

	ck_assert_int_gt(asprintf(&text, "%s%s\n", statements, rules), 0);
	p = unit_policy(text);
	free(text);
	return p;
}

static uint32_t
key_of(const struct policy *p, const char *blob)
{
	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++) {
		if (strcmp(policy_string(p, policy_key(p, i)->blob), blob) == 0)
			return i;
	}
	ck_abort_msg("no key %s", blob);
}

/* What a request about a key's owner says; the road is not forward yet. */
static struct policy_request
request_of(const struct policy *p, uint32_t key)
{
	static const uint8_t none[8];
	struct policy_request q = {.user = policy_key(p, key)->owner,
	    .unixgroups = none,
	    .road = ROAD_SHELL,
	    .mfa = true,
	    .now = 1795428000}; /* monday 2026-11-23T10:00Z */

	q.minute = 10 * 60;
	return q;
}

/* The key by itself, as identify() would have it. */
static struct credential
credential_of(const struct policy *p, uint32_t row)
{
	const struct policy_key *key = policy_key(p, row);

	return (struct credential){.type = policy_string(p, key->type),
	    .blob = policy_string(p, key->blob),
	    .row = row,
	    .verify = key->verify != 0};
}

/* What load finds: the name of web1 resolves, or an alias of it. */
static void
resolves(struct policy *p, const char *names)
{
	struct policy_target *targets = p->table[PT_TARGETS].rows;
	struct policy_word *words = p->table[PT_WORDS].rows;
	struct policy_target *t = &targets[policy_find_target(p, "web1")];

	if (strstr(names, "web1") != NULL)
		t->flags |= TARGET_RESOLVES;
	for (uint32_t i = 0; i < t->aliases.n; i++) {
		struct policy_word *w = &words[t->aliases.first + i];

		w->resolves = strcmp(policy_string(p, w->string), "www") == 0 &&
		    strstr(names, "www") != NULL;
	}
}

#define OPTIONS(id) "restrict,pty,command=\"" SHELL id "\""
#define OPEN(what) ",permitopen=\"" what "\""
#define WEB1                                                                   \
	OPEN("10.2.0.10:22") OPEN("[2001:db8::10]:22") OPEN("10.2.0.10:80")    \
	OPEN("[2001:db8::10]:80")

/* Rules, names that resolve, a key, and its line. */
static const struct {
	const char *rules, *names, *blob, *line;
} lines[] = {
    {"", "", KA, OPTIONS("") " " ED " " KA "\n"},
    {"allow a: alice to db1", "", KA,
	OPTIONS("") OPEN("10.2.0.11:5432") ",port-forwarding " ED " " KA
	"\n"},
    {"allow a: alice to web1", "", KA,
	OPTIONS("") WEB1 ",port-forwarding " ED " " KA "\n"},
    {"allow a: alice to web1:22", "", KA,
	OPTIONS("") OPEN("10.2.0.10:22") OPEN("[2001:db8::10]:22")
	    ",port-forwarding " ED " " KA "\n"},
    {"allow a: alice to { db1 db1 }\nallow b: any to { db1 any:5432 }", "",
	KA, OPTIONS("") OPEN("10.2.0.11:5432") ",port-forwarding " ED " "
	KA "\n"},
    {"allow a: alice to rtu", "", KA,
	OPTIONS("") OPEN("127.77.0.17:2222") ",port-forwarding " ED " " KA
	"\n"},
    {"allow a: bob to db1", "", KA, OPTIONS("") " " ED " " KA "\n"},
    /* What forward cannot hold. */
    {"allow a: alice to { lab dev metr box }", "", KA,
	OPTIONS("") " " ED " " KA "\n"},
    {"allow a: alice to db1 via { connect shell }", "", KA,
	OPTIONS("") " " ED " " KA "\n"},
    {"allow a: alice to db1 from 192.0.2.0/24", "", KA,
	OPTIONS("") " " ED " " KA "\n"},
    {"allow a: alice to db1 when day", "", KA, OPTIONS("") " " ED " " KA "\n"},
    {"allow a: alice to db1 idle 5m", "", KA, OPTIONS("") " " ED " " KA "\n"},
    {"allow a: alice to db1\ndeny d: alice to db1 when day", "", KA,
	OPTIONS("") " " ED " " KA "\n"},
    {"allow a: alice to any\ndeny d: any to web1", "", KA,
	OPTIONS("") OPEN("127.77.0.17:2222") OPEN("10.2.0.11:5432")
	    ",port-forwarding " ED " " KA "\n"},
    /* Names, only where they resolve, and all addresses are permitted. */
    {"allow a: alice to web1:22", "web1", KA,
	OPTIONS("") OPEN("10.2.0.10:22") OPEN("[2001:db8::10]:22")
	    OPEN("web1:22") ",port-forwarding " ED " " KA "\n"},
    {"allow a: alice to web1:22", "www", KA,
	OPTIONS("") OPEN("10.2.0.10:22") OPEN("[2001:db8::10]:22")
	    OPEN("www:22") ",port-forwarding " ED " " KA "\n"},
    {"allow a: alice to web1:22", "web1 www", KA,
	OPTIONS("") OPEN("10.2.0.10:22") OPEN("[2001:db8::10]:22")
	    OPEN("web1:22") OPEN("www:22") ",port-forwarding " ED " " KA
	"\n"},
    {"net v6 2001:db8::/64 ssh 22\nallow a: alice to web1:22\n"
     "deny d: any to v6", "web1 www", KA,
	OPTIONS("") OPEN("10.2.0.10:22") ",port-forwarding " ED " " KA
	"\n"},
    /* A second factor, by the key itself. */
    {"allow a: alice to db1 mfa", "", KA, OPTIONS("") " " ED " " KA "\n"},
    {"allow a: alice to db1 mfa", "", KS,
	OPTIONS("") OPEN("10.2.0.11:5432")
	    ",port-forwarding,verify-required " SK " " KS "\n"},
    {"allow a: alice to db1\nallow b: alice to web1:22 mfa", "", KA,
	OPTIONS("") OPEN("10.2.0.11:5432") ",port-forwarding " ED " " KA
	"\n"},
    {"", "", KS, OPTIONS("") ",verify-required " SK " " KS "\n"},
    /* from; an end is no line, and stands in none. */
    {"allow a: any to db1", "", KB,
	OPTIONS("") ",from=\"192.0.2.0/24,2001:db8:1::/64,198.51.100.7\" " ED
	" " KB "\n"},
    /* A shared account: whose key it is, and only that user's rights. */
    {"allow a: carol to db1\nallow b: dave to web1", "", KC,
	OPTIONS(" --id=carol") OPEN("10.2.0.11:5432") ",port-forwarding "
	ED " " KC "\n"},
    {"", "", KC,
	OPTIONS(" --id=carol") " " ED " " KC "\n"},
    /* An agent, for a target that says so on the road shell; not shared. */
    {"host ag 10.2.9.9 ssh 22 agent tag t\nallow a: alice to @t via shell", "",
	KA, OPTIONS("") ",agent-forwarding " ED " " KA "\n"},
    {"host ag 10.2.9.9 ssh 22 agent\nallow a: alice to ag as root when day",
	"", KA, OPTIONS("") ",agent-forwarding " ED " " KA "\n"},
    {"host ag 10.2.9.9 ssh 22 agent\nallow a: alice to ag via connect\n"
     "allow b: bob to ag", "", KA, OPTIONS("") " " ED " " KA "\n"},
    {"host ag 10.2.9.9 ssh 22 agent\nallow a: carol to ag via shell", "", KC,
	OPTIONS(" --id=carol") " " ED " " KC "\n"},
    /* A device has no rights. */
    {"allow a: any to any", "", KD, OPTIONS("") " " ED " " KD "\n"},
};

START_TEST(line_is)
{
	struct policy *p = policy_of(lines[_i].rules);
	uint32_t key = key_of(p, lines[_i].blob);
	struct policy_request q = request_of(p, key);
	struct credential c = credential_of(p, key);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	resolves(p, lines[_i].names);
	ck_assert_int_eq(keys_line(p, &q, &c, true, false, SHELL, out), 0);
	fclose(out);
	ck_assert_str_eq(text, lines[_i].line);
	ck_assert_int_eq(q.road, ROAD_SHELL); /* the caller's is its own */
	free(text);
	policy_free(p);
}
END_TEST

/* Behind the gate: each port that it may pass, once, and no address. */
static const struct {
	const char *rules, *rights;
} gated[] = {
    {"", ""},
    {"allow a: alice to db1", OPEN("*:5432")},
    {"allow a: alice to web1", OPEN("*:22") OPEN("*:80")},
    {"allow a: alice to { db1 web1 lab rtu }",
	OPEN("*:22") OPEN("*:80") OPEN("*:2222") OPEN("*:5432")},
    {"allow a: alice to any",
	OPEN("*:22") OPEN("*:80") OPEN("*:2222") OPEN("*:5432")},
    {"allow a: alice to any via connect", ""},
    {"allow a: bob to any", ""},
    {"net odd { 192.0.2.0/24 2001:db8:5::/64 } tcp { 1 65535 }\n"
     "allow a: alice to odd", OPEN("*:1") OPEN("*:65535")},
    /* What has no address is not for the gate. */
    {"allow a: alice to { dev metr box }", ""},
    /* The gate sees to every condition. */
    {"allow a: alice to lab when day", OPEN("*:22")},
    {"allow a: alice to lab until 2026-11-23T10:00:01Z", OPEN("*:22")},
    {"allow a: alice to lab mfa idle 5m max 1", OPEN("*:22")},
    {"allow a: alice to lab\ndeny d: any to any", OPEN("*:22")},
};

START_TEST(rights_behind_the_gate)
{
	struct policy *p = policy_of(gated[_i].rules);
	struct policy_request q = request_of(p, key_of(p, KA));
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	resolves(p, "web1 www");
	q.gate = true;
	q.mfa = false;
	ck_assert_int_ge(keys_permitopen(p, &q, true, out), 0);
	fclose(out);
	ck_assert_str_eq(text, gated[_i].rights);
	free(text);
	policy_free(p);
}
END_TEST

/* sshd demands a second method: rights as by a PIN, which is not asked for. */
START_TEST(step_is_a_second_factor)
{
	struct policy *p = policy_of("allow a: alice to db1 mfa");
	uint32_t key = key_of(p, KA);
	struct policy_request q = request_of(p, key);
	struct credential c = credential_of(p, key);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	q.road = ROAD_FORWARD;
	c.step = true;
	ck_assert_int_eq(keys_line(p, &q, &c, true, false, SHELL, out), 0);
	fclose(out);
	ck_assert_str_eq(text,
	    OPTIONS("") OPEN("10.2.0.11:5432") ",port-forwarding " ED " " KA
					       "\n");
	free(text);
	policy_free(p);
}
END_TEST

/*
 * Lines of certificates, for both commands.
 */
#define CA                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIGniLfbAEAATJ+Rw/VtVI8hVYAemhw6Q5jW/kduU1heZ"
#define OPTIONS_OF_BOB                                                         \
	"pty,command=\"" SHELL "\",from=\"192.0.2.0/24,2001:db8:1::/64,"       \
	"198.51.100.7\""
#define RIGHTS(id) ",pty,command=\"" SHELL id "\"" OPEN("10.2.0.11:5432")
static const struct {
	const char *user, *principal; /* user: NULL if there is no user line */
	const char *row;	      /* the blob of the certified key, or NULL */
	bool verify;
	const char *keys_line, *principals_line; /* NULL: refused */
} certified[] = {
    {"alice", "alice", NULL, false,
	"restrict,cert-authority,principals=\"alice\"" RIGHTS(
	    "") ",port-forwarding " ED " " CA "\n",
	"restrict" RIGHTS("") ",port-forwarding alice\n"},
    {"alice", "alice", NULL, true,
	"restrict,cert-authority,principals=\"alice\"" RIGHTS(
	    "") ",port-forwarding,verify-required " ED " " CA "\n",
	"restrict" RIGHTS("") ",port-forwarding,verify-required alice\n"},
    {"carol", "carol", NULL, false,
	"restrict,cert-authority,principals=\"carol\"" RIGHTS(
	    " --id=carol") ",port-forwarding " ED " " CA "\n",
	"restrict" RIGHTS(" --id=carol") ",port-forwarding carol\n"},
    {"bob", "bob", KB, false,
	"restrict,cert-authority,principals=\"bob\"," OPTIONS_OF_BOB " " ED
	" " CA "\n",
	"restrict," OPTIONS_OF_BOB " bob\n"},
    {NULL, "dirk@corp.example", NULL, false,
	"restrict,cert-authority,principals=\"dirk@corp.example\",pty,"
	"command=\"" SHELL "\" " ED " " CA "\n",
	"restrict,pty,command=\"" SHELL "\" dirk@corp.example\n"},
    {NULL, "CORP\\dirk", NULL, false,
	"restrict,cert-authority,principals=\"CORP\\dirk\",pty,"
	"command=\"" SHELL "\" " ED " " CA "\n",
	"restrict,pty,command=\"" SHELL "\" CORP\\dirk\n"},
    /* What an account may be called, and must not become an option. */
    {NULL, "", NULL, false, NULL, NULL},
    {NULL, "a,root", NULL, false, NULL, NULL},
    {NULL, "a\"", NULL, false, NULL, NULL},
    {NULL, "a\\", NULL, false, NULL, NULL},
    {NULL, "a b", NULL, false, NULL, NULL},
    {NULL, "a\tb", NULL, false, NULL, NULL},
    {NULL, "a\nb", NULL, false, NULL, NULL},
    {NULL, "a#b", NULL, false, NULL, NULL},
    {NULL, "-a", NULL, false, NULL, NULL},
};

START_TEST(line_of_certificate_is)
{
	struct policy *p = policy_of("allow a: { alice carol } to db1\n"
				     "require m: alice to web1 mfa");
	struct policy_request q = request_of(p, key_of(p, KA));
	struct credential c = {.type = ED,
	    .blob = CA,
	    .row = POLICY_NONE,
	    .principal = certified[_i].principal,
	    .verify = certified[_i].verify};
	char *text;
	size_t size;

	q.user = certified[_i].user == NULL ? POLICY_NONE :
	    policy_find_user(p, certified[_i].user);
	if (certified[_i].row != NULL)
		c.row = key_of(p, certified[_i].row);
	for (int principals = 0; principals < 2; principals++) {
		const char *want = principals ? certified[_i].principals_line :
						certified[_i].keys_line;
		FILE *out = open_memstream(&text, &size);

		ck_assert_int_eq(
		    keys_line(p, &q, &c, true, principals, SHELL, out),
		    want == NULL ? -1 : 0);
		fclose(out);
		ck_assert_str_eq(text, want == NULL ? "" : want);
		free(text);
	}
	policy_free(p);
}
END_TEST

/* The machine's own addresses are not forwarded to. */
START_TEST(line_leaves_out_own_addresses)
{
	struct policy *p = policy_of("allow a: alice to { web1:22 rtu }");
	uint32_t key = key_of(p, KA);
	struct policy_request q = request_of(p, key);
	struct addr own[] = {unit_addr("10.2.0.10"), unit_addr("127.77.0.17")};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	resolves(p, "web1");
	q.own = own;
	q.nown = 2;
	ck_assert_int_eq(keys_permitopen(p, &q, true, out), 2);
	fclose(out);
	ck_assert_str_eq(
	    text, OPEN("[2001:db8::10]:22") OPEN("127.77.0.17:2222"));
	free(text);
	policy_free(p);
}
END_TEST

/*
 * The most that sshd takes.
 */
static const struct {
	int hosts, ports, more, want;
} sizes[] = {
    {0, 0, 0, 0},
    {1, 1, 0, 16},
    {1, 256, 0, 4096},
    {2, 128, 0, 4096},
    {1, 256, 1, -1},
    {2, 128, 1, -1},
    {1, 257, 0, -1},
    {9, 100, 0, -1},
};

START_TEST(entries_are_bounded)
{
	char *text, *line;
	size_t size;
	FILE *out = open_memstream(&text, &size), *to;
	struct policy *p;
	struct policy_request q;
	struct credential c;

	fputs("user alice\nkey alice \"" ED " " KA "\"\n", out);
	for (int i = 0; i < sizes[_i].hosts; i++) {
		fprintf(out, "host h%d {", i);
		for (int n = 0; n < 16; n++)
			fprintf(out, " 10.1.%d.%d", i, n);
		fputs(" } tcp {", out);
		for (int n = 1; n <= sizes[_i].ports; n++)
			fprintf(out, " %d", n);
		fputs(" }\n", out);
	}
	if (sizes[_i].more)
		fputs("host z 10.2.0.1 tcp 1\n", out);
	fputs("allow a: alice to any\n", out);
	fclose(out);
	p = unit_policy(text);
	q = request_of(p, 0);
	c = credential_of(p, 0);
	to = open_memstream(&line, &size);
	ck_assert_int_eq(keys_permitopen(p, &q, true, to), sizes[_i].want);
	ck_assert_int_eq(keys_line(p, &q, &c, true, false, SHELL, to),
	    sizes[_i].want == -1 ? -1 : 0);
	fclose(to);
	free(line);
	free(text);
	policy_free(p);
}
END_TEST

/* And so many ports, however many addresses. */
START_TEST(ports_are_bounded)
{
	for (int n = 4095; n <= 4097; n++) {
		struct policy_request q;
		struct policy *p;
		char *text, *line;
		size_t size;
		FILE *out = open_memstream(&text, &size), *to;

		fputs("user alice\nkey alice \"" ED " " KA "\"\n", out);
		for (int port = 1; port <= n; port++) {
			if (port % 200 == 1)
				fprintf(out, "%snet n%d 10.0.0.0/8 tcp {",
				    port == 1 ? "" : " }\n", port);
			fprintf(out, " %d", port);
		}
		for (int i = 0; i < 200; i++)
			fprintf(out, " }\nhost h%d { 10.1.%d.1 10.1.%d.2 } tcp "
			    "{ 1 2 3 4 5 6 7 8 9 10 11", i, i, i);
		fputs(" }\nallow a: alice to any\n", out);
		fclose(out);
		p = unit_policy(text);
		q = request_of(p, 0);
		q.gate = true;
		to = open_memstream(&line, &size);
		ck_assert_int_eq(
		    keys_permitopen(p, &q, true, to), n <= 4096 ? n : -1);
		q.gate = false;
		ck_assert_int_eq(keys_permitopen(p, &q, true, to), -1);
		fclose(to);
		free(line);
		free(text);
		policy_free(p);
	}
}
END_TEST

START_TEST(error_is_told)
{
	struct policy *p = policy_of("allow a: alice to web1");
	uint32_t key = key_of(p, KA);
	struct policy_request q = request_of(p, key);
	struct credential c = credential_of(p, key);
	FILE *full = fopen("/dev/full", "w");

	setvbuf(full, NULL, _IONBF, 0);
	ck_assert_int_eq(keys_line(p, &q, &c, true, false, SHELL, full), -1);
	fclose(full);
	policy_free(p);
}
END_TEST

/*
 * Which key it is: all of it must agree.
 */
static const struct {
	const char *account, *type, *blob, *fingerprint;
	bool found;
} offers[] = {
    {"alice", ED, KA, FA, true},
    {"bob", ED, KA, FA, false},
    {"carol", ED, KA, FA, false},
    {"", ED, KA, FA, false},
    {"alic", ED, KA, FA, false},
    {"Alice", ED, KA, FA, false},
    {"alice", "ssh-rsa", KA, FA, false},
    {"alice", "ssh-ed2551", KA, FA, false},
    {"alice", "ssh-ed25519-cert-v01@openssh.com", KA, FA, false},
    {"alice", ED, KB, FA, false},
    {"alice", ED, KA "=", FA, false},
    {"alice", ED, "", FA, false},
    {"alice", ED, KA, "", false},
    {"alice", ED, KA, "SHA256:", false},
    {"alice", ED, KA, "Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/w", false},
    {"alice", ED, KA, "sha256:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/w",
	false},
    {"alice", ED, KA, "SHA256:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/", false},
    {"alice", ED, KA, "SHA256:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/wA",
	false},
    {"alice", ED, KA, "SHA256:Xj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/w",
	false},
    {"alice", ED, KA, "SHA256:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/8",
	false},
    {"alice", ED, KA, "SHA512:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/w",
	false},
    {"alice", ED, KA, "MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48",
	false},
};

START_TEST(offer_is)
{
	struct policy *p = policy_of("");
	uint32_t key = keys_find(p, offers[_i].account, offers[_i].type,
	    offers[_i].blob, offers[_i].fingerprint);

	ck_assert_uint_eq(key, offers[_i].found ? key_of(p, KA) : POLICY_NONE);
	policy_free(p);
}
END_TEST

/* The fingerprint of a key as sshd writes it. */
static const char *
fingerprint_of(const struct policy_key *key, char text[64])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *to = stpcpy(text, "SHA256:");

	for (int bit = 0; bit < FINGERPRINT_BYTES * 8; bit += 6) {
		int digit = 0;

		for (int i = bit; i < bit + 6; i++)
			digit = digit * 2 + (i < FINGERPRINT_BYTES * 8 &&
			    key->fingerprint[i / 8] >> (7 - i % 8) & 1);
		*to++ = digits[digit];
	}
	*to = '\0';
	return text;
}

/* Each key is its own owner's; an authority's and a host's are nobody's. */
START_TEST(offer_of_each_key)
{
	static const char *const accounts[] = {
	    "alice", "bob", "jump", "rtu", "carol", "db1", "corp"};
	struct policy *p = policy_of("");
	char text[64];

	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++) {
		const struct policy_key *key = policy_key(p, i);
		const char *owner = key->kind != KEY_USER ? "" :
		    policy_string(p, policy_user(p, key->owner)->account);

		for (int n = 0; n < COUNT(accounts); n++)
			ck_assert_uint_eq(keys_find(p, accounts[n],
			    policy_string(p, key->type),
			    policy_string(p, key->blob),
			    fingerprint_of(key, text)),
			    strcmp(accounts[n], owner) == 0 ? i : POLICY_NONE);
	}
	ck_assert_str_eq(
	    fingerprint_of(policy_key(p, key_of(p, KA)), text), FA);
	policy_free(p);
}
END_TEST

/*
 * Devices.
 */
#define AS(name) "restrict,command=\"" SHELL " --id=" name "\""
#define REACHES	 ",port-forwarding,permitopen=\"255.255.255.255:1\""
static const struct {
	const char *more; /* statements */
	bool mute, verify;
	const char *line;
} devices[] = {
    {"", false, false,
	AS("rtu") REACHES ",permitlisten=\"127.77.0.17:2222\" " ED " " KD "\n"},
    {"", true, false, AS("rtu") " " ED " " KD "\n"},
    {"", false, true,
	AS("rtu") ",verify-required" REACHES
		  ",permitlisten=\"127.77.0.17:2222\" " ED " " KD "\n"},
    {"127.77.0.18 ssh { 22 2222 } tcp 8080 alias plc account boxes", false,
	false,
	AS("new") REACHES
	",permitlisten=\"127.77.0.18:22\",permitlisten=\"127.77.0.18:2222\""
	",permitlisten=\"127.77.0.18:8080\" " ED " " KD "\n"},
    {"::ffff:127.77.0.19 ssh 2222", false, false,
	AS("new") REACHES ",permitlisten=\"127.77.0.19:2222\" " ED " " KD "\n"},
    {"\"/run/x.sock\" ssh", false, false,
	AS("new") REACHES ",permitlisten=\"255.255.255.255:1\" " ED " " KD
			  "\n"},
    {"\"/run/x.sock\" ssh", true, false, AS("new") " " ED " " KD "\n"},
};

START_TEST(line_of_device_is)
{
	const char *more = devices[_i].more;
	char *text, *line;
	struct policy *p;
	struct policy_request q;
	struct credential c;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	ck_assert_int_gt(asprintf(&text, "%s%s%s\n", statements,
			     *more == '\0' ? "" : "device new ", more),
	    0);
	if (*more != '\0')
		memcpy(strstr(text, "key rtu"), "key new", 7);
	p = unit_policy(text);
	q = request_of(p, key_of(p, KD));
	c = credential_of(p, key_of(p, KD));
	c.verify = devices[_i].verify;
	ck_assert_int_eq(
	    keys_device_line(p, &q, &c, devices[_i].mute, SHELL, out), 0);
	fclose(out);
	ck_assert_str_eq(line, devices[_i].line);
	free(line);
	free(text);
	policy_free(p);
}
END_TEST

/* From where the key is accepted; and a user is no device. */
START_TEST(line_of_device_has_limits)
{
	struct policy *p =
	    policy_of("device d 127.77.0.20 ssh 2222\n"
		      "key d \"" ED " " KU "\" from 192.0.2.0/24");
	struct policy_request q = request_of(p, key_of(p, KU));
	struct credential c = credential_of(p, key_of(p, KU));
	char *line;
	size_t size;
	FILE *out = open_memstream(&line, &size);

	ck_assert_int_eq(keys_device_line(p, &q, &c, false, SHELL, out), 0);
	fclose(out);
	ck_assert_str_eq(line,
	    AS("d") ",from=\"192.0.2.0/24\"" REACHES
		    ",permitlisten=\"127.77.0.20:2222\" " ED " " KU "\n");
	free(line);
	q = request_of(p, key_of(p, KA));
	c = credential_of(p, key_of(p, KA));
	ck_assert_int_eq(keys_device_line(p, &q, &c, false, SHELL, stderr), -1);
	policy_free(p);
}
END_TEST

static Suite *
keys_suite(void)
{
	Suite *s = suite_create("keys");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, line_is, 0, COUNT(lines));
	tcase_add_loop_test(
	    t, line_of_certificate_is, 0, COUNT(certified));
	tcase_add_test(t, line_leaves_out_own_addresses);
	tcase_add_loop_test(t, entries_are_bounded, 0, COUNT(sizes));
	tcase_add_loop_test(t, rights_behind_the_gate, 0, COUNT(gated));
	tcase_add_test(t, step_is_a_second_factor);
	tcase_add_test(t, ports_are_bounded);
	tcase_add_test(t, error_is_told);
	tcase_add_loop_test(t, offer_is, 0, COUNT(offers));
	tcase_add_test(t, offer_of_each_key);
	tcase_add_loop_test(t, line_of_device_is, 0, COUNT(devices));
	tcase_add_test(t, line_of_device_has_limits);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(keys_suite());
}
