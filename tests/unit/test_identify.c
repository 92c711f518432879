/* SPDX-License-Identifier: ISC */
/* jump-authkeys/identify.c: who it is, by key, certificate or directory. */

#include "policy.h"

#include "../../jump-authkeys/identify.h"
#include "unit.h"
#include "certs.h"

#define ED     "ssh-ed25519"
#define EDCERT "ssh-ed25519-cert-v01@openssh.com"
#define SKCERT "sk-ssh-ed25519-cert-v01@openssh.com"
/* Keys, and what ssh-keygen -l says of them. */
#define KA                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"
#define FA "SHA256:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/w"
#define KB                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIIvukTrJnLJZdwO9FOvjP0K1clYqsMc0plO3yv+22rWk"
#define KC                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHjiT8B+lFzn7yZslt83urqk6KiBS1ky0KPm9tRdC83i"
#define KD                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIN9RcLkd4r7p5AVfOywOpzj1lTpRfg13c4OXYMMs0MSg"
#define CORP                                                                   \
	"AAAAC3NzaC1lZDI1NTE5AAAAIGniLfbAEAATJ+Rw/VtVI8hVYAemhw6Q5jW/kduU1heZ"
#define LAB                                                                    \
	"AAAAC3NzaC1lZDI1NTE5AAAAIHlKoe8Vp5dCuvPnhPFxrR4yq50iVBUTAi8J1YfMyuwd"
#define STRANGER                                                               \
	"AAAAC3NzaC1lZDI1NTE5AAAAIJ0V+rZK+9UPNetLn6f4zMk2zzdvueU0PfxCmO9h45ww"
#define FC "SHA256:uH08TvwwxaVV0l/TAEBnoqAFWCHmvQYJl5TH3mHRHUg"
#define FD "SHA256:4gFivwg7cxhzCMUTD0IuGy7T5NGJYgqY9c+JfKzZjoM"
#define KU                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIKrEoy5uZqJ7GRE8/i6gtcmOYPd5HL47XWnTVGPj5lCU"
#define FU "SHA256:eLdWhlTYIK0+fXwTspCQsAB5UMhN/+QhxGLYuiG6wnU"

static const char statements[] =
    "set keys-from \"/usr/bin/keys\"\n"
    "user alice\n"
    "user bob\n"
    "user carol account jump\n"
    "user dave account jump\n"
    "user erin account other\n"
    "key alice \"" ED " " KA "\"\n"
    "key carol \"" ED " " KC "\"\n"
    "device rtu 127.77.0.17 ssh 2222\n"
    "device box \"/run/box.sock\" ssh account boxes\n"
    "key rtu \"" ED " " KD "\"\n"
    "host web1 10.2.0.10 ssh 22\n"
    "group @ops { alice carol %staff }\n"
    "group @all { @ops dave erin %audit }\n"
    "ca corp \"" ED " " CORP "\" for @all\n"
    "ca lab \"" ED " " LAB "\" for { bob %audit }\n"
    "allow web: any to web1\n";

/* Of the two Unix groups, %staff and %audit: N no, U uncertain, Y yes. */
static void
look_up(struct login *l, const struct policy *p, const char *account,
    const char *groups, uint8_t truths[4])
{
	memset(l, 0, sizeof(*l));
	for (uint32_t i = 0; i < p->table[PT_UNIXGROUPS].n; i++) {
		bool audit = strcmp(policy_unixgroup(p, i), "audit") == 0;

		truths[i] = (uint8_t)(groups[audit] == 'Y' ? TRUTH_YES :
			groups[audit] == 'U' ? TRUTH_UNCERTAIN : TRUTH_NO);
	}
	l->person = (struct person){.policy = p,
	    .account = account,
	    .name = account,
	    .user = POLICY_NONE,
	    .unixgroups = truths};
}

static char *
base64(const uint8_t *at, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = malloc(n / 3 * 4 + 5), *to = text;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t word = (uint32_t)at[i] << 16 |
		    (i + 1 < n ? (uint32_t)at[i + 1] << 8 : 0) |
		    (i + 2 < n ? at[i + 2] : 0);

		for (int k = 0; k < 4; k++)
			*to++ = (size_t)k > n - i ? '=' :
			    digits[word >> (18 - 6 * k) & 63];
	}
	*to = '\0';
	return text;
}

/*
 * Certificates.
 */
#define NOBODY	 "the certificate names nobody of this account"
#define SEVERAL	 "the certificate names several people of this account"
#define NOT_FOR	 "the certificate's authority is not for this user"
#define STRANGE	 "the certificate's authority is not of the policy"
#define UNREAD	 "the certificate cannot be read"
#define ELSE	 "the key is somebody else's"
#define NO_USERS "the account is not a user's"
static const struct {
	const char *account, *groups, *authority, *principals[8];
	const char *fingerprint; /* NULL: of a key that is not in the policy */
	const char *reason;	 /* NULL: accepted */
	const char *name, *ca;	 /* who it then is, and who says so */
} certificates[] = {
    {"alice", "NN", CORP, {"alice"}, NULL, NULL, "alice", "corp"},
    {"alice", "NN", CORP, {"bob", "alice", "x"}, NULL, NULL, "alice", "corp"},
    {"alice", "NN", CORP, {"alice", "bob"}, NULL, NULL, "alice", "corp"},
    {"bob", "NN", LAB, {"bob"}, NULL, NULL, "bob", "lab"},
    /* Whose certificate it is. */
    {"alice", "NN", CORP, {NULL}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {""}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"bob"}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"Alice"}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"alic"}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"alicex"}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {" alice"}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"alice "}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"bob,alice"}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"*"}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"ops"}, NULL, NOBODY, NULL, "corp"},
    {"alice", "NN", CORP, {"any"}, NULL, NOBODY, NULL, "corp"},
    /* A shared account: the principal is the person. */
    {"jump", "NN", CORP, {"carol"}, NULL, NULL, "carol", "corp"},
    {"jump", "NN", CORP, {"dave"}, NULL, NULL, "dave", "corp"},
    {"jump", "NN", CORP, {"jump"}, NULL, NOBODY, NULL, "corp"},
    {"jump", "NN", CORP, {"alice"}, NULL, NOBODY, NULL, "corp"},
    {"jump", "NN", CORP, {"erin"}, NULL, NOBODY, NULL, "corp"},
    {"jump", "NN", CORP, {"rtu"}, NULL, NOBODY, NULL, "corp"},
    {"jump", "NN", CORP, {"car"}, NULL, NOBODY, NULL, "corp"},
    {"jump", "NN", CORP, {""}, NULL, NOBODY, NULL, "corp"},
    {"jump", "NN", CORP, {NULL}, NULL, NOBODY, NULL, "corp"},
    {"jump", "NN", CORP, {"carol", "dave"}, NULL, SEVERAL, NULL, "corp"},
    {"jump", "NN", CORP, {"dave", "x", "carol"}, NULL, SEVERAL, NULL, "corp"},
    {"jump", "NN", CORP, {"carol", "carol"}, NULL, NULL, "carol", "corp"},
    {"jump", "NN", CORP, {"carol", "alice", "erin", "jump"}, NULL, NULL,
	"carol", "corp"},
    {"carol", "NN", CORP, {"carol"}, NULL, NO_USERS, NULL, "corp"},
    {"other", "NN", CORP, {"erin"}, NULL, NULL, "erin", "corp"},
    {"other", "NN", CORP, {"carol"}, NULL, NOBODY, NULL, "corp"},
    /* Whose authority it is. */
    {"alice", "NN", LAB, {"alice"}, NULL, NOT_FOR, NULL, "lab"},
    {"bob", "NN", CORP, {"bob"}, NULL, NOT_FOR, NULL, "corp"},
    {"bob", "YN", CORP, {"bob"}, NULL, NULL, "bob", "corp"},
    {"bob", "UN", CORP, {"bob"}, NULL, NOT_FOR, NULL, "corp"},
    {"jump", "NN", LAB, {"carol"}, NULL, NOT_FOR, NULL, "lab"},
    {"jump", "NY", LAB, {"carol"}, NULL, NULL, "carol", "lab"},
    {"alice", "NN", STRANGER, {"alice"}, NULL, STRANGE, NULL, NULL},
    {"alice", "NN", KA, {"alice"}, NULL, STRANGE, NULL, NULL},
    {"alice", "NN", KD, {"alice"}, NULL, STRANGE, NULL, NULL},
    {"alice", "NN", "", {"alice"}, NULL, STRANGE, NULL, NULL},
    {"alice", "NN", "AAAAC3Nz", {"alice"}, NULL, STRANGE, NULL, NULL},
    {"alice", "NN", CORP "AAAA", {"alice"}, NULL, STRANGE, NULL, NULL},
    /* Somebody without a user line: certainly in a group, or nobody. */
    {"frank", "YN", CORP, {"frank"}, NULL, NULL, "frank", "corp"},
    {"frank", "NY", CORP, {"frank"}, NULL, NULL, "frank", "corp"},
    {"frank", "NY", LAB, {"frank"}, NULL, NULL, "frank", "lab"},
    {"frank", "YN", LAB, {"frank"}, NULL, NOT_FOR, NULL, "lab"},
    {"frank", "UN", CORP, {"frank"}, NULL, NOT_FOR, NULL, "corp"},
    {"frank", "UU", CORP, {"frank"}, NULL, NOT_FOR, NULL, "corp"},
    {"frank", "NN", CORP, {"frank"}, NULL, NOT_FOR, NULL, "corp"},
    {"frank", "YN", CORP, {"alice"}, NULL, NOBODY, NULL, "corp"},
    /* Devices are nobody's WHO. */
    {"rtu", "YY", CORP, {"rtu"}, NULL, NO_USERS, NULL, "corp"},
    {"boxes", "YY", CORP, {"boxes"}, NULL, NO_USERS, NULL, "corp"},
    {"boxes", "YY", CORP, {"box"}, NULL, NOBODY, NULL, "corp"},
    /* The certified key is in the policy: it is its owner's only. */
    {"alice", "NN", CORP, {"alice"}, FA, NULL, "alice", "corp"},
    {"bob", "YN", CORP, {"bob"}, FA, ELSE, NULL, "corp"},
    {"jump", "NN", CORP, {"carol"}, FA, ELSE, NULL, "corp"},
    {"frank", "YN", CORP, {"frank"}, FA, ELSE, NULL, "corp"},
    {"alice", "NN", CORP, {"alice"}, "", UNREAD, NULL, "corp"},
    {"alice", "NN", CORP, {"alice"},
	"MD5:16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48", UNREAD, NULL,
	"corp"},
};

/* Decode, as far as it goes. */
static size_t
authority_of(const char *blob, uint8_t raw[200])
{
	int n = base64_decode(blob, raw, 200);

	return n == -1 ? 0 : (size_t)n;
}

static void
expect(const struct login *l, bool good, const char *reason, const char *name,
    const char *ca)
{
	if (reason == NULL)
		ck_assert_msg(good, "%s", l->reason);
	else
		ck_assert_msg(!good && l->reason != NULL &&
			strcmp(l->reason, reason) == 0,
		    "%s", good ? "accepted" : l->reason);
	if (name != NULL)
		ck_assert_str_eq(l->person.name, name);
	ck_assert_int_eq(l->ca == NULL, ca == NULL);
	if (ca != NULL)
		ck_assert_str_eq(l->ca, ca);
}

START_TEST(certificate_is)
{
	static struct bytes b;
	struct policy *p = unit_policy(statements);
	struct login l;
	uint8_t truths[4], raw[200];
	struct cert_spec spec = {.type = EDCERT,
	    .parts = 1,
	    .serial = UINT64_MAX,
	    .kind = CERT_USER,
	    .id = "an id",
	    .authority = raw,
	    .authority_size = authority_of(certificates[_i].authority, raw)};
	struct offer o = {.account = certificates[_i].account,
	    .type = EDCERT,
	    .fingerprint = certificates[_i].fingerprint};
	char *blob;

	memcpy(spec.principals, certificates[_i].principals,
	    sizeof(spec.principals));
	if (o.fingerprint == NULL)
		o.fingerprint = FU;
	cert_make(&b, &spec);
	o.blob = blob = base64(b.at, b.n);
	for (int principals = 0; principals < 2; principals++) {
		bool good;

		o.principals = principals;
		look_up(&l, p, o.account, certificates[_i].groups, truths);
		good = identify(&l, &o, NULL, 0);
		expect(&l, good, certificates[_i].reason,
		    certificates[_i].name, certificates[_i].ca);
		ck_assert(l.certified);
		ck_assert_str_eq(l.key_id, "an id");
		ck_assert_str_eq(l.serial, "18446744073709551615");
		if (!good)
			continue;
		ck_assert_str_eq(l.credential.principal, l.person.name);
		ck_assert_str_eq(l.credential.type, ED);
		ck_assert_str_eq(
		    l.credential.blob, certificates[_i].authority);
		ck_assert_int_eq(l.credential.row == POLICY_NONE,
		    certificates[_i].fingerprint == NULL);
		ck_assert(!l.credential.verify);
	}
	free(blob);
	policy_free(p);
}
END_TEST

/* What makes any certificate of alice's wrong. */
START_TEST(certificate_is_refused)
{
	static const struct {
		const char *type, *made_as;
		uint32_t kind;
		const char *reason;
	} wrongs[] = {{EDCERT, EDCERT, 1, NULL},
	    {EDCERT, EDCERT, 2, "not a user certificate"},
	    {EDCERT, EDCERT, 0, "not a user certificate"},
	    {EDCERT, EDCERT, 257, "not a user certificate"},
	    {EDCERT, ED, 1, UNREAD}, {EDCERT, "", 1, UNREAD},
	    {EDCERT, SKCERT, 1, UNREAD}, {SKCERT, SKCERT, 1, UNREAD},
	    {ED, EDCERT, 1, "the policy has no such key for this account"}};
	static struct bytes b;
	struct policy *p = unit_policy(statements);
	struct login l;
	uint8_t truths[4], raw[200];
	struct cert_spec spec = {.type = wrongs[_i].made_as,
	    .parts = 1,
	    .kind = wrongs[_i].kind,
	    .id = "",
	    .principals = {"alice"},
	    .authority = raw,
	    .authority_size = authority_of(CORP, raw)};
	struct offer o = {
	    .account = "alice", .type = wrongs[_i].type, .fingerprint = FU};
	char *blob;

	cert_make(&b, &spec);
	o.blob = blob = base64(b.at, b.n);
	look_up(&l, p, o.account, "NN", truths);
	expect(&l, identify(&l, &o, NULL, 0), wrongs[_i].reason, NULL,
	    wrongs[_i].reason == NULL ? "corp" : NULL);
	/* The other command serves nothing but certificates. */
	o.principals = true;
	look_up(&l, p, o.account, "NN", truths);
	ck_assert_int_eq(
	    identify(&l, &o, NULL, 0), wrongs[_i].reason == NULL);
	free(blob);
	policy_free(p);
}
END_TEST

/* Blobs that are no certificate. */
START_TEST(blob_is_refused)
{
	static const char *const blobs[] = {"", "=", "A", "AAAA", "AAAA\n",
	    " AAAA", "!", KA, KA "=", NULL};
	struct policy *p = unit_policy(statements);
	struct login l;
	uint8_t truths[4];
	char *large = malloc(140000);
	struct offer o = {.account = "alice", .type = EDCERT,
	    .blob = blobs[_i], .fingerprint = FU};

	memset(large, 'A', 139999);
	large[139999] = '\0';
	if (o.blob == NULL)
		o.blob = large;
	look_up(&l, p, o.account, "NN", truths);
	expect(&l, identify(&l, &o, NULL, 0), UNREAD, NULL, NULL);
	ck_assert(!l.certified);
	free(large);
	policy_free(p);
}
END_TEST

/* A long id is cut, and nothing else. */
START_TEST(id_is_bounded)
{
	static const size_t sizes[] = {0, 1, 127, 128, 129, 5000};
	static struct bytes b;
	struct policy *p = unit_policy(statements);
	struct login l;
	uint8_t truths[4], raw[200];
	char id[6000] = "";
	struct cert_spec spec = {.type = EDCERT,
	    .parts = 1,
	    .kind = CERT_USER,
	    .id = id,
	    .principals = {"alice"},
	    .authority = raw,
	    .authority_size = authority_of(CORP, raw)};
	struct offer o = {
	    .account = "alice", .type = EDCERT, .fingerprint = FU};
	char *blob;

	memset(id, '\n', sizes[_i]);
	cert_make(&b, &spec);
	o.blob = blob = base64(b.at, b.n);
	look_up(&l, p, o.account, "NN", truths);
	ck_assert(identify(&l, &o, NULL, 0));
	ck_assert_uint_eq(
	    strlen(l.key_id), sizes[_i] < 128 ? sizes[_i] : 128);
	ck_assert_str_eq(l.serial, "0");
	free(blob);
	policy_free(p);
}
END_TEST

/*
 * A second factor.
 */
#define SKB                                                                    \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIGniLfbAEAATJ+Rw/VtVI8hV" \
	"YAemhw6Q5jW/kduU1heZAAAABHNzaDo="
static const struct {
	const char *type;
	int parts;
	bool critical, in_policy, verify_in_policy, verify;
} factors[] = {
    {SKCERT, 2, false, false, false, false},
    {SKCERT, 2, true, false, false, true},
    {SKCERT, 2, false, true, false, false},
    {SKCERT, 2, true, true, false, true},
    {SKCERT, 2, false, true, true, true},
    {SKCERT, 2, true, true, true, true},
    /* sshd would not ask any other key for a PIN. */
    {EDCERT, 1, false, false, false, false},
    {EDCERT, 1, true, false, false, false},
    {EDCERT, 1, true, true, true, false},
};

START_TEST(second_factor_is)
{
	static struct bytes b;
	char *text, *blob, fingerprint[64] = FU;
	struct policy *p;
	struct login l;
	uint8_t truths[4], raw[200];
	struct cert_spec spec = {.type = factors[_i].type,
	    .parts = factors[_i].parts,
	    .kind = CERT_USER,
	    .id = "",
	    .principals = {"alice"},
	    .authority = raw,
	    .authority_size = authority_of(CORP, raw)};
	struct offer o = {.account = "alice",
	    .type = factors[_i].type,
	    .fingerprint = fingerprint};

	ck_assert_int_gt(asprintf(&text,
	    "%skey alice \"sk-ssh-ed25519@openssh.com " SKB "\"%s\n",
	    statements, factors[_i].verify_in_policy ? " verify-required" :
	    ""), 0);
	p = unit_policy(text);
	for (uint32_t i = 0; factors[_i].in_policy &&
	    i < p->table[PT_KEYS].n; i++) {
		const struct policy_key *key = policy_key(p, i);
		char *digits;

		if (strcmp(policy_string(p, key->blob), SKB) != 0)
			continue;
		digits = base64(key->fingerprint, FINGERPRINT_BYTES);
		snprintf(fingerprint, sizeof(fingerprint), "SHA256:%.43s",
		    digits);
		free(digits);
	}
	if (factors[_i].critical) {
		spec.critical[0] = "verify-required";
		spec.critical[1] = "";
	}
	cert_make(&b, &spec);
	o.blob = blob = base64(b.at, b.n);
	look_up(&l, p, o.account, "NN", truths);
	ck_assert(identify(&l, &o, NULL, 0));
	ck_assert_int_eq(l.credential.verify, factors[_i].verify);
	ck_assert_int_eq(
	    l.credential.row != POLICY_NONE, factors[_i].in_policy);
	free(blob);
	free(text);
	policy_free(p);
}
END_TEST

/*
 * Plain keys, and those of a directory.
 */
static const struct {
	const char *account, *groups;
	bool wants; /* to ask keys-from */
} accounts[] = {
    {"frank", "YN", true},
    {"frank", "NY", true},
    {"frank", "YU", true},
    {"CORP\\frank", "YN", true},
    {"frank@corp.example", "YN", true},
    {"_frank", "YN", true},
    {"frank", "UU", false},
    {"frank", "UN", false},
    {"frank", "NN", false},
    {"alice", "YY", false}, /* has a user line, and a key */
    {"bob", "YY", false},   /* has a user line, and none */
    {"carol", "YY", false},
    {"jump", "YY", false},
    {"other", "YY", false},
    {"rtu", "YY", false},
    {"box", "YY", false},
    {"boxes", "YY", false},
    {"-frank", "YY", false},
    {"--help", "YY", false},
    {"+frank", "YY", false},
    {".frank", "YY", false},
    {"", "YY", false},
    {"fr ank", "YY", false},
    {"frank\n", "YY", false},
    {"fr/ank", "YY", false},
    {"fr%ank", "YY", false},
    {"fr\303\244nk", "YY", false},
};

START_TEST(directory_is_wanted)
{
	static const struct {
		const char *type;
		bool wants;
	} types[] = {{ED, true}, {"ssh-rsa", true},
	    {"sk-ssh-ed25519@openssh.com", true}, {EDCERT, false},
	    {"ssh-dss", false}, {"", false}};
	struct policy *p = unit_policy(statements),
		      *without = unit_policy(strchr(statements, '\n') + 1);
	struct login l;
	uint8_t truths[4];
	struct offer o = {.account = accounts[_i].account, .blob = KU,
	    .fingerprint = FU};

	for (int i = 0; i < COUNT(types); i++) {
		o.type = types[i].type;
		look_up(&l, p, o.account, accounts[_i].groups, truths);
		ck_assert_int_eq(identify_wants_directory(&l, &o),
		    accounts[_i].wants && types[i].wants);
		look_up(&l, without, o.account, accounts[_i].groups, truths);
		ck_assert(!identify_wants_directory(&l, &o));
	}
	o.type = ED;
	o.principals = true;
	look_up(&l, p, o.account, accounts[_i].groups, truths);
	ck_assert(!identify_wants_directory(&l, &o));
	policy_free(without);
	policy_free(p);
}
END_TEST

static const struct {
	const char *blob, *fingerprint, *text, *reason;
} listed[] = {
    {KU, FU, ED " " KU "\n", NULL},
    {KU, FU, "# frank's\n" ED " " KB " old\n" ED " " KU " new\n", NULL},
    {KU, FU, "", "keys-from has no such key"},
    {KU, FU, ED " " KB "\n", "keys-from has no such key"},
    {KU, FU, "restrict " ED " " KU "\n", "keys-from has no such key"},
    {KU, FU, "cert-authority " ED " " KU "\n", "keys-from has no such key"},
    {KU "=", FU, ED " " KU "=\n", "keys-from has no such key"},
    {"AAAA", FU, ED " AAAA\n", "keys-from has no such key"},
    {"", FU, ED " \n", "keys-from has no such key"},
    {"AAAAC3NzaC1lZDI1NTE4AAAAIKrE", FU,
	ED " AAAAC3NzaC1lZDI1NTE4AAAAIKrE\n", "keys-from has no such key"},
    /* A directory gives nobody a key that is somebody's. */
    {KA, FA, ED " " KA "\n", ELSE},
    {CORP, FU, ED " " CORP "\n", ELSE},
    {LAB, FU, ED " " LAB "\n", ELSE},
    {KU, "", ED " " KU "\n", ELSE},
};

START_TEST(listed_is)
{
	struct policy *p = unit_policy(statements);
	struct login l;
	uint8_t truths[4];
	char *text = strdup(listed[_i].text);
	struct directory d = {.text = text, .size = strlen(text)};
	struct offer o = {.account = "frank", .type = ED,
	    .blob = listed[_i].blob, .fingerprint = listed[_i].fingerprint};

	look_up(&l, p, o.account, "YN", truths);
	expect(&l, identify(&l, &o, &d, 0), listed[_i].reason, "frank", NULL);
	if (listed[_i].reason == NULL) {
		ck_assert_uint_eq(l.credential.row, POLICY_NONE);
		ck_assert_str_eq(l.credential.blob, KU);
		ck_assert_ptr_null(l.credential.principal);
		ck_assert(!l.credential.verify);
	}
	ck_assert(!l.certified);
	/* Whatever it said, a reason not to believe it is one. */
	strcpy(d.reason, "keys-from: exit status 1");
	look_up(&l, p, o.account, "YN", truths);
	expect(&l, identify(&l, &o, &d, 0), d.reason, "frank", NULL);
	free(text);
	policy_free(p);
}
END_TEST

static const struct {
	const char *account, *blob, *fingerprint, *reason, *name;
} plain[] = {
    {"alice", KA, FA, NULL, "alice"},
    {"alice", KU, FU, "the policy has no such key for this account", NULL},
    {"bob", KA, FA, "the policy has no such key for this account", NULL},
    {"alice", CORP, FU, "the policy has no such key for this account", NULL},
    {"frank", KU, FU, "the policy has no such key for this account", NULL},
};

START_TEST(plain_is)
{
	struct policy *p = unit_policy(statements);
	struct login l;
	uint8_t truths[4];
	struct offer o = {.account = plain[_i].account, .type = ED,
	    .blob = plain[_i].blob, .fingerprint = plain[_i].fingerprint};

	look_up(&l, p, o.account, "YY", truths);
	expect(&l, identify(&l, &o, NULL, 0), plain[_i].reason,
	    plain[_i].name, NULL);
	if (plain[_i].reason == NULL)
		ck_assert_uint_ne(l.credential.row, POLICY_NONE);
	policy_free(p);
}
END_TEST

/* Users and devices: each role serves its own, and nobody else. */
#define NO_KEY	  "the policy has no such key for this account"
#define NO_DEVICE "the policy has no such key of a device for this account"
static const struct {
	bool devices;
	const char *account, *type, *blob, *fingerprint, *reason, *name;
} roles[] = {
    {true, "rtu", ED, KD, FD, NULL, "rtu"},
    {true, "boxes", ED, KC, FC, NULL, "box"},
    {true, "alice", ED, KA, FA, NO_DEVICE, NULL},
    {true, "rtu", ED, KA, FA, NO_DEVICE, NULL},
    {true, "alice", ED, KD, FD, NO_DEVICE, NULL},
    {true, "rtu", ED, KC, FC, NO_DEVICE, NULL}, /* another device's */
    {true, "boxes", ED, KD, FD, NO_DEVICE, NULL},
    {true, "box", ED, KC, FC, NO_DEVICE, NULL},
    {true, "rtu", ED, KD, FC, NO_DEVICE, NULL},
    {true, "rtu", ED, KC, FD, NO_DEVICE, NULL},
    {true, "rtu", "ssh-rsa", KD, FD, NO_DEVICE, NULL},
    {true, "rtu", "ssh-ed25519-cert-v01@openssh.com", KD, FD, NO_DEVICE, NULL},
    {true, "frank", ED, KU, FU, NO_DEVICE, NULL},
    {false, "rtu", ED, KD, FD,
	"the key is a device's, which is served only with --devices", NULL},
    {false, "boxes", ED, KC, FC,
	"the key is a device's, which is served only with --devices", NULL},
    {false, "rtu", ED, KA, FA, NO_KEY, NULL},
    {false, "alice", ED, KD, FD, NO_KEY, NULL},
    {false, "alice", ED, KA, FA, NULL, "alice"},
};

START_TEST(role_is)
{
	static char with[4096];
	struct policy *p;
	struct login l;
	uint8_t truths[4];
	struct offer o = {.account = roles[_i].account,
	    .type = roles[_i].type,
	    .blob = roles[_i].blob,
	    .fingerprint = roles[_i].fingerprint,
	    .devices = roles[_i].devices};
	const char *name;

	snprintf(with, sizeof(with), "%s", statements);
	memcpy(strstr(with, "key carol"), "key box  ", 9);
	p = unit_policy(with);
	look_up(&l, p, o.account, "YY", truths);
	expect(&l, identify(&l, &o, NULL, 0), roles[_i].reason, roles[_i].name,
	    NULL);
	name = identify_device(p, &o);
	if (o.devices && roles[_i].reason == NULL)
		ck_assert_str_eq(name, roles[_i].name);
	else
		ck_assert_ptr_null(name);
	if (o.devices)
		ck_assert(!identify_wants_directory(&l, &o));
	policy_free(p);
}
END_TEST

static Suite *
identify_suite(void)
{
	Suite *s = suite_create("identify");
	TCase *t = tcase_create("all");

	tcase_add_loop_test(t, certificate_is, 0, COUNT(certificates));
	tcase_add_loop_test(t, certificate_is_refused, 0, 9);
	tcase_add_loop_test(t, blob_is_refused, 0, 10);
	tcase_add_loop_test(t, id_is_bounded, 0, 6);
	tcase_add_loop_test(t, second_factor_is, 0, COUNT(factors));
	tcase_add_loop_test(t, directory_is_wanted, 0, COUNT(accounts));
	tcase_add_loop_test(t, listed_is, 0, COUNT(listed));
	tcase_add_loop_test(t, plain_is, 0, COUNT(plain));
	tcase_add_loop_test(t, role_is, 0, COUNT(roles));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(identify_suite());
}
