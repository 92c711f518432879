/* SPDX-License-Identifier: ISC */
/*
 * The decision: every sentence of "HOW A REQUEST IS JUDGED" in
 * jump-policy(5), and of the parts that it names.
 */

#include "policy.h"
#include "unit.h"

enum { LISTED = 16 };

/* What stands before the statements of every case. */
static const char common[] =
    "user alice\n"
    "user bob until 2027-01-01T00:00Z\n"
    "user old until 2020-01-01T00:00Z\n"
    "host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp 80 tag { web eu }\n"
    "host db1 10.2.0.11 tcp 5432 tag db\n"
    "net lab 10.9.0.0/16 ssh 22 tag web\n"
    "domain dev \"*.dev.example\" in { 10.8.0.0/16 2001:db8:8::/48 } ssh 22\n"
    "device rtu 127.77.0.17 ssh 2222 tag ot\n"
    "device box \"/run/box.sock\" ssh account boxes tag ot\n"
    "socket metr \"/run/m.sock\" tag web\n"
    "net v4 0.0.0.0/0 tcp 7\n"
    "net v6 ::/0 tcp 7\n"
    "window day mon-fri 08:00-18:00\n"
    "window night sat 22:00 - mon 04:00\n";

/*
 * A request is words of KEY=VALUE; what is not said is alice, who connects
 * to 10.2.0.10:22 on Saturday 2026-11-21 at 12:00 UTC.  NAME=yes, no or
 * failed is membership in a Unix group.
 */
struct question {
	struct policy_request q;
	struct addr from, own[LISTED];
	uint8_t unixgroups[LISTED];
	struct policy_approval approvals[LISTED];
	char text[256];
};

static uint32_t
utc_minute(time_t t)
{
	return (uint32_t)((t / 86400 + 3) % 7 * DAY_MINUTES +
	    t % 86400 / 60);
}

static void
set_time(struct policy_request *q, const char *text)
{
	int64_t when;

	ck_assert_msg(policy_time_parse(&when, text), "%s", text);
	q->now = when;
	q->minute = utc_minute(when);
}

static uint32_t
group_index(const struct policy *p, const char *name)
{
	for (uint32_t i = 0; i < p->table[PT_GROUPS].n; i++) {
		if (strcmp(policy_string(p, policy_group(p, i)->name),
			name) == 0)
			return i;
	}
	ck_abort_msg("no group %s", name);
}

static void
set_unixgroup(const struct policy *p, struct question *x, const char *name,
    const char *state)
{
	for (uint32_t i = 0; i < p->table[PT_UNIXGROUPS].n; i++) {
		if (strcmp(policy_unixgroup(p, i), name) == 0) {
			x->unixgroups[i] = strcmp(state, "yes") == 0 ?
			    TRUTH_YES : strcmp(state, "no") == 0 ? TRUTH_NO :
			    TRUTH_UNCERTAIN;
			return;
		}
	}
	ck_abort_msg("no Unix group %s", name);
}

static void
set_road(struct policy_request *q, const char *road)
{
	for (int i = 0; i < ROAD_COUNT; i++) {
		if (strcmp(policy_road_names[i], road) == 0)
			q->road = (enum policy_road)i;
	}
}

static void
set_word(const struct policy *p, struct question *x, const char *key,
    const char *value)
{
	struct policy_request *q = &x->q;

	if (strcmp(key, "user") == 0) {
		q->user = policy_find_user(p, value);
	} else if (strcmp(key, "addr") == 0) {
		q->addr = unit_addr(value);
	} else if (strcmp(key, "port") == 0) {
		q->port = (uint16_t)atoi(value);
	} else if (strcmp(key, "road") == 0) {
		set_road(q, value);
	} else if (strcmp(key, "from") == 0) {
		x->from = unit_addr(value);
		q->from = &x->from;
	} else if (strcmp(key, "own") == 0) {
		x->own[q->nown++] = unit_addr(value);
	} else if (strcmp(key, "asked") == 0) {
		q->asked = value;
	} else if (strcmp(key, "path") == 0) {
		q->path = value;
		q->port = 0;
	} else if (strcmp(key, "as") == 0) {
		q->as = value;
	} else if (strcmp(key, "at") == 0) {
		set_time(q, value);
	} else if (strcmp(key, "ticket") == 0) {
		q->ticket = value;
	} else if (strcmp(key, "approved") == 0) {
		x->approvals[q->napprovals++].group = group_index(p, value);
	} else {
		set_unixgroup(p, x, key, value);
	}
}

static void
ask(const struct policy *p, const char *words, struct question *x)
{
	char *word, *rest = x->text, *value;

	memset(x, 0, sizeof(*x));
	x->q.unixgroups = x->unixgroups;
	x->q.approvals = x->approvals;
	x->q.own = x->own;
	set_word(p, x, "user", "alice");
	set_word(p, x, "addr", "10.2.0.10");
	set_word(p, x, "port", "22");
	set_word(p, x, "road", "connect");
	set_word(p, x, "at", "2026-11-21T12:00Z");
	snprintf(x->text, sizeof(x->text), "%s", words);
	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word == '\0')
			continue;
		value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		if (strcmp(word, "mfa") == 0)
			x->q.mfa = true;
		else if (strcmp(word, "presume") == 0)
			x->q.presume = true;
		else if (strcmp(word, "swept") == 0)
			x->q.swept = true;
		else if (strcmp(word, "gate") == 0)
			x->q.gate = true;
		else
			set_word(p, x, word, value);
	}
}

/*
 * A verdict as text: its action, the rule or the reason, and what there is
 * of the rest.
 */
static const char *const reasons[] = {[REASON_DAMAGED] = "damaged",
    [REASON_NOT_A_USER] = "not-a-user", [REASON_EXPIRED] = "expired",
    [REASON_END_NOT_HELD] = "end-not-held", [REASON_NEVER] = "never",
    [REASON_DENIED] = "denied", [REASON_NO_RULE] = "no-rule",
    [REASON_NOT_SSH] = "not-ssh",
    [REASON_NOT_HELD] = "not-held", [REASON_UNMET] = "unmet"};

static void
put_words(FILE *out, const char *what, uint32_t mask)
{
	if (mask == 0)
		return;
	fprintf(out, " %s", what);
	for (int i = 0; i < OBLIGATIONS; i++) {
		if (mask >> i & 1)
			fprintf(out, " %s", policy_obligation_names[i]);
	}
}

/* The caller frees. */
static char *
verdict_text(const struct policy *p, const struct policy_verdict *v)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs(policy_action_names[v->action], out);
	if (v->reason == REASON_DENIED || v->reason == REASON_NONE ||
	    v->reason == REASON_NOT_HELD || v->reason == REASON_UNMET) {
		ck_assert_uint_ne(v->rule, POLICY_NONE);
		fprintf(out, " %s",
		    policy_string(p, policy_rule(p, v->rule)->name));
		ck_assert((v->reason == REASON_NONE) ==
		    (v->action == ACTION_ALLOW));
		ck_assert((v->reason == REASON_UNMET) ==
		    (v->action == ACTION_ASK));
	} else {
		ck_assert_uint_eq(v->rule, POLICY_NONE);
		ck_assert_int_eq(v->action, ACTION_DENY);
		fprintf(out, ": %s", reasons[v->reason]);
	}
	put_words(out, "must", v->obligations);
	put_words(out, "unmet", v->unmet);
	put_words(out, "unheld", v->unheld);
	if (v->idle != 0)
		fprintf(out, " idle %u", v->idle);
	if (v->duration != 0)
		fprintf(out, " duration %u", v->duration);
	fputs(v->timed ? ", timed" : "", out);
	fclose(out);
	return text;
}

/* The image of a policy, where a row that is not there is damage. */
static struct policy *
policy_of(const char *statements)
{
	struct policy *parsed, *p = NULL;
	char path[64], *text;
	int fd;

	snprintf(path, sizeof(path), "%s/jump-test-eval.XXXXXX", unit_tmp());
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(asprintf(&text, "%s%s\n", common, statements), 0);
	parsed = unit_policy(text);
	ck_assert_int_eq(policy_save(parsed, fd), 0);
	ck_assert_int_eq(policy_open(path, geteuid(), &p), POLICY_OK);
	close(fd);
	unlink(path);
	policy_free(parsed);
	free(text);
	return p;
}

/* Statements, a request, and the verdict. */
static const struct {
	const char *statements, *request, *verdict;
} cases[] = {
    /* Nothing matching means deny. */
    {"", "", "deny: no-rule"},
    {"allow a: alice to db1", "", "deny: no-rule"},
    {"allow a: bob to web1", "", "deny: no-rule"},
    {"deny d: alice to web1", "", "deny d"},
    {"require r: alice to web1 mfa", "mfa", "deny: no-rule must mfa"},
    {"allow a: alice to web1", "", "allow a"},

    /* A host covers its own addresses, at the ports that it declares. */
    {"allow a: alice to web1", "addr=2001:db8::10", "allow a"},
    {"allow a: alice to web1", "port=80", "allow a"},
    {"allow a: alice to web1", "port=23", "deny: no-rule"},
    {"allow a: alice to web1", "addr=10.2.0.11", "deny: no-rule"},
    {"allow a: alice to web1", "addr=10.2.0.11 port=5432", "deny: no-rule"},
    {"allow a: alice to web1:80", "", "deny: no-rule"},
    {"allow a: alice to web1:80", "port=80", "allow a"},
    {"allow a: alice to { web1:80 web1:22 }", "", "allow a"},
    {"allow a: alice to { db1 web1 }", "", "allow a"},
    {"allow a: alice to any:80", "", "deny: no-rule"},
    {"allow a: alice to any:22", "", "allow a"},
    {"allow a: alice to @web", "", "allow a"},
    {"allow a: alice to @eu", "", "allow a"},
    {"allow a: alice to @db", "", "deny: no-rule"},
    {"allow a: alice to @web:80", "", "deny: no-rule"},
    {"allow a: alice to @web:22", "", "allow a"},
    {"allow a: alice to any", "addr=10.2.0.12", "deny: no-rule"},
    {"allow a: alice to any", "addr=10.2.0.10 port=443", "deny: no-rule"},

    /* A net, each address in it. */
    {"allow a: alice to lab", "addr=10.9.0.0", "allow a"},
    {"allow a: alice to lab", "addr=10.9.255.255", "allow a"},
    {"allow a: alice to lab", "addr=10.9.1.1 road=shell", "allow a"},
    {"allow a: alice to web1", "port=80 road=shell", "deny: not-ssh"},
    {"allow a: alice to metr", "path=/run/m.sock road=shell", "deny: not-ssh"},
    {"allow a: alice to box", "path=/run/box.sock road=shell", "allow a"},
    {"device bus \"/run/bus.sock\" tcp\nallow a: alice to bus",
	"path=/run/bus.sock road=shell", "deny: not-ssh"},
    {"socket api \"/run/api.sock\" ssh\nallow a: alice to api",
	"path=/run/api.sock road=shell", "deny: not-ssh"},
    {"allow a: alice to web1 consent", "port=80 road=shell",
	"deny: not-ssh must consent"},
    {"net low 10.2.0.0/16 ssh 80\nallow a: alice to web1",
	"port=80 road=shell", "allow a"},
    {"allow a: alice to lab", "addr=10.8.255.255", "deny: no-rule"},
    {"allow a: alice to lab", "addr=10.9.1.1 port=80", "deny: no-rule"},
    {"allow a: alice to v6", "addr=2001:db8::99 port=7", "allow a"},
    {"allow a: alice to v6", "addr=10.9.1.1 port=7", "deny: no-rule"},
    {"allow a: alice to v4", "addr=10.9.1.1 port=7", "allow a"},
    {"allow a: alice to v4", "addr=2001:db8::99 port=7", "deny: no-rule"},

    /* A domain, by its networks and by the name that was asked for. */
    {"allow a: alice to dev", "addr=10.8.0.1 asked=x.dev.example", "allow a"},
    {"allow a: alice to dev", "addr=2001:db8:8::1 asked=x.dev.example",
	"allow a"},
    {"allow a: alice to dev", "addr=10.8.0.1 asked=x.qa.example",
	"deny: no-rule"},
    {"allow a: alice to dev", "addr=10.8.0.1 asked=x.y.dev.example",
	"deny: no-rule"},
    {"allow a: alice to dev", "addr=10.8.0.1", "deny: no-rule"},
    {"allow a: alice to dev", "addr=10.7.0.1 asked=x.dev.example",
	"deny: no-rule"},
    {"allow a: alice to dev", "addr=10.8.0.1 asked=x.dev.example port=80",
	"deny: no-rule"},
    {"domain two { \"a.example\" \"b.example\" } in 10.8.0.0/16 ssh 22\n"
     "allow a: alice to two", "addr=10.8.0.1 asked=b.example", "allow a"},

    /* By its networks alone it is uncertain: deny and require bind. */
    {"net n 10.8.0.0/24 ssh 22\nallow a: alice to n", "addr=10.8.0.1",
	"allow a"},
    {"net n 10.8.0.0/24 ssh 22\nallow a: alice to n\ndeny d: any to dev",
	"addr=10.8.0.1", "deny d"},
    {"net n 10.8.0.0/24 ssh 22\nallow a: alice to n\ndeny d: any to dev",
	"addr=10.8.0.1 asked=x.qa.example", "deny d"},
    {"net n 10.8.0.0/24 ssh 22\nallow a: alice to n\n"
     "require r: any to dev mfa", "addr=10.8.0.1", "ask a must mfa unmet mfa"},
    {"net n 10.8.0.0/24 ssh 22\nallow a: alice to n\nallow b: alice to dev mfa",
	"addr=10.8.0.1", "ask a must mfa unmet mfa"},

    /* A socket, and a device with a path, by that path. */
    {"allow a: alice to metr", "path=/run/m.sock", "allow a"},
    {"allow a: alice to metr", "path=/run/box.sock", "deny: no-rule"},
    {"allow a: alice to metr", "path=/run/n.sock", "deny: no-rule"},
    {"allow a: alice to any", "path=/run/n.sock", "deny: no-rule"},
    {"allow a: alice to box", "path=/run/box.sock", "allow a"},
    {"allow a: alice to @web", "path=/run/m.sock", "allow a"},
    {"allow a: alice to any", "path=/run/m.sock", "allow a"},
    {"allow a: alice to any:22", "path=/run/m.sock", "deny: no-rule"},
    {"allow a: alice to metr\ndeny d: any to @web:22", "path=/run/m.sock",
	"allow a"},
    {"allow a: alice to metr\ndeny d: any to @web", "path=/run/m.sock",
	"deny d"},
    /* No path covers an address: 0.0.0.0 is what the field holds. */
    {"allow a: alice to @web\ndeny d: any to v4", "path=/run/m.sock",
	"allow a"},

    /* What the user typed plays no part. */
    {"allow a: alice to web1", "asked=db1", "allow a"},
    {"allow a: alice to db1", "asked=db1", "deny: no-rule"},

    /* Every target that covers the request counts. */
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to n", "", "allow a"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to web1\ndeny d: any to n", "",
	"deny d"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to web1\ndeny d: any to n",
	"port=80", "allow a"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to n\ndeny d: any to web1", "",
	"deny d"},
    {"net n 10.2.0.0/24 ssh 22\nnet m 10.0.0.0/8 ssh 22\n"
     "allow a: alice to web1\nrequire r: any to n idle 5m\n"
     "require s: any to m idle 3m\nrequire t: any to web1 idle 4m", "",
	"allow a must idle idle 180"},
    {"host twin 10.2.0.10 ssh 22\nallow a: alice to web1\ndeny d: any to twin",
	"", "deny d"},

    /* The IPv4 address inside an IPv6 address is an uncertain cover. */
    {"allow a: alice to web1", "addr=::ffff:10.2.0.10", "allow a"},
    {"allow a: alice to web1", "addr=64:ff9b::10.2.0.10", "deny: no-rule"},
    {"net n ::/0 ssh 22\nallow a: alice to n", "addr=64:ff9b::10.2.0.10",
	"allow a"},
    {"net n ::/0 ssh 22\nallow a: alice to n\ndeny d: any to web1",
	"addr=64:ff9b::10.2.0.10", "deny d"},
    {"net n ::/0 ssh 22\nallow a: alice to n\ndeny d: any to web1",
	"addr=64:ff9b:1::10.2.0.10", "deny d"},
    {"net n ::/0 ssh 22\nallow a: alice to n\ndeny d: any to web1",
	"addr=2002:a02:a::1", "deny d"},
    {"net n ::/0 ssh 22\nallow a: alice to n\ndeny d: any to web1",
	"addr=2001:0:1:2:3:4:f5fd:fff5", "deny d"},
    {"net n ::/0 ssh 22\nallow a: alice to n\ndeny d: any to web1",
	"addr=2001:db8::10.2.0.10", "allow a"},
    {"net n ::/0 ssh 22\nallow a: alice to n\nrequire r: any to lab mfa",
	"addr=64:ff9b::10.9.0.1", "ask a must mfa unmet mfa"},
    {"net n 64:ff9b::/96 ssh 22\nallow a: alice to n\ndeny d: any to n",
	"addr=10.2.0.10", "deny: no-rule"},
    /* Certain as what it is, whatever is inside. */
    {"host nat 64:ff9b::a02:a ssh 22\nallow a: alice to nat",
	"addr=64:ff9b::10.2.0.10", "allow a"},
    {"net n { 64:ff9b::/96 10.2.0.0/24 } ssh 22\nallow a: alice to n",
	"addr=64:ff9b::10.2.0.10", "allow a"},

    /* Groups, and groups in groups. */
    {"group @g alice\nallow a: @g to web1", "", "allow a"},
    {"group @g bob\nallow a: @g to web1", "", "deny: no-rule"},
    {"group @g @h\ngroup @h @i\ngroup @i { bob alice }\nallow a: @g to web1",
	"", "allow a"},
    {"group @g @h\ngroup @h bob\nallow a: @h to web1\nallow b: @g to web1",
	"", "deny: no-rule"},
    {"group @g @h\ngroup @h alice\nallow a: @h to web1", "", "allow a"},
    {"group @g { bob @h }\ngroup @h alice\nallow a: bob to web1\n"
     "deny d: @h to web1", "user=bob", "allow a, timed"},
    {"allow a: { bob alice } to web1", "", "allow a"},
    {"allow a: any to web1", "", "allow a"},

    /* Unix groups: members, others, and a look-up that failed. */
    {"allow a: %wheel to web1", "wheel=yes", "allow a"},
    {"allow a: %wheel to web1", "wheel=no", "deny: no-rule"},
    {"allow a: %wheel to web1", "wheel=failed", "deny: no-rule"},
    {"allow a: alice to web1\ndeny d: %wheel to web1", "wheel=no", "allow a"},
    {"allow a: alice to web1\ndeny d: %wheel to web1", "wheel=failed",
	"deny d"},
    {"allow a: alice to web1\nrequire r: %wheel to web1 mfa", "wheel=failed",
	"ask a must mfa unmet mfa"},
    {"allow a: alice to web1\nallow b: %wheel to web1 mfa", "wheel=failed",
	"ask a must mfa unmet mfa"},
    {"allow a: alice to web1\nallow b: %wheel to web1 mfa", "wheel=no",
	"allow a"},
    {"group @g @h\ngroup @h %wheel\nallow a: @g to web1", "wheel=failed",
	"deny: no-rule"},
    {"group @g @h\ngroup @h %wheel\nallow a: alice to web1\n"
     "deny d: @g to web1", "wheel=failed", "deny d"},
    {"group @g @h\ngroup @h %wheel\nallow a: @g to web1", "wheel=yes",
	"allow a"},
    /* Unless the user is a certain member by another way. */
    {"group @g @h\ngroup @h { %wheel alice }\nallow a: @g to web1",
	"wheel=failed", "allow a"},
    {"group @g { %wheel %adm }\nallow a: @g to web1", "wheel=failed adm=yes",
	"allow a"},
    {"group @g { @h @i }\ngroup @h %wheel\ngroup @i %adm\nallow a: @g to web1",
	"wheel=failed adm=yes", "allow a"},
    {"group @g { %wheel %adm }\nallow a: @g to web1", "wheel=failed adm=no",
	"deny: no-rule"},
    /* The same rule by two ways, of which one is certain. */
    {"allow a: { %wheel alice } to web1", "wheel=failed", "allow a"},
    {"allow a: { %wheel %adm } to web1", "wheel=failed adm=yes user=-",
	"allow a"},

    /* Somebody without a user line, in a Unix group of the policy. */
    {"allow a: %wheel to web1", "user=- wheel=yes", "allow a"},
    {"allow a: any to web1\ngroup @g %wheel", "user=- wheel=yes", "allow a"},
    {"allow a: any to web1\ngroup @g %wheel", "user=- wheel=no",
	"deny: not-a-user"},
    {"allow a: any to web1", "user=-", "deny: not-a-user"},
    {"allow a: any to web1 mfa\ndeny d: any to web1", "user=-",
	"deny: not-a-user"},
    {"allow a: any to web1\ngroup @g %wheel", "user=- wheel=failed",
	"deny: not-a-user"},
    {"allow a: any to web1\ngroup @g { %wheel %adm }",
	"user=- wheel=failed adm=yes", "allow a"},
    {"allow a: any to web1\ngroup @g %wheel", "wheel=failed", "allow a"},
    {"allow a: %adm to web1\ndeny d: %wheel to web1",
	"user=- wheel=failed adm=yes", "deny d"},

    /* Devices are nobody's WHO. */
    {"allow a: any to web1", "user=rtu", "deny: not-a-user"},
    {"allow a: any to any", "user=box path=/run/m.sock", "deny: not-a-user"},
    {"allow a: %wheel to web1", "user=rtu wheel=yes", "deny: not-a-user"},

    /* via */
    {"allow a: alice to web1 via connect", "", "allow a"},
    {"allow a: alice to web1 via { forward shell }", "", "deny: no-rule"},
    {"allow a: alice to web1 via forward", "road=forward", "allow a"},
    {"allow a: alice to web1 via shell", "road=shell", "allow a"},
    {"allow a: alice to web1\ndeny d: any to web1 via shell", "", "allow a"},
    {"allow a: alice to web1\ndeny d: any to web1 via shell", "road=shell",
	"deny d"},

    /* from: without a known address, or on forward, uncertain. */
    {"allow a: alice to web1 from 192.0.2.0/24", "from=192.0.2.9", "allow a"},
    {"allow a: alice to web1 from 192.0.2.0/24", "from=192.0.3.9",
	"deny: no-rule"},
    {"allow a: alice to web1 from 192.0.2.0/24", "", "deny: no-rule"},
    {"allow a: alice to web1 from { 10.0.0.0/8 ::/0 }", "from=2001:db8::1",
	"allow a"},
    {"allow a: alice to web1 from ::/0", "from=192.0.2.9", "deny: no-rule"},
    {"allow a: alice to web1 from 192.0.2.0/24",
	"from=192.0.2.9 road=forward", "deny: no-rule"},
    {"allow a: alice to web1 from 192.0.2.0/24", "from=192.0.2.9 road=shell",
	"allow a"},
    {"allow a: alice to web1\ndeny d: any to web1 from 192.0.2.0/24", "",
	"deny d"},
    {"allow a: alice to web1\ndeny d: any to web1 from 192.0.2.0/24",
	"from=10.0.0.1", "allow a"},
    {"allow a: alice to web1\ndeny d: any to web1 from 192.0.2.0/24",
	"from=10.0.0.1 road=forward", "deny d"},
    {"allow a: alice to web1\nrequire r: any to web1 from 192.0.2.0/24 mfa",
	"from=10.0.0.1 road=forward", "ask a must mfa unmet mfa"},
    {"allow a: alice to web1\nrequire r: any to web1 from 192.0.2.0/24 mfa",
	"from=10.0.0.1", "allow a"},
    {"allow a: alice to web1\nrequire r: any to web1 from 192.0.2.0/24 mfa",
	"", "ask a must mfa unmet mfa"},

    /* as: without a login, or but on shell, uncertain. */
    {"allow a: alice to web1 as root", "road=shell as=root", "allow a"},
    {"allow a: alice to web1 as { adm root }", "road=shell as=root",
	"allow a"},
    {"allow a: alice to web1 as root", "road=shell as=roo", "deny: no-rule"},
    {"allow a: alice to web1 as root", "road=shell", "deny: no-rule"},
    {"allow a: alice to web1 as root", "as=root", "deny: no-rule"},
    {"allow a: alice to web1\ndeny d: any to web1 as root", "as=bob",
	"deny d"},
    {"allow a: alice to web1\ndeny d: any to web1 as root", "road=shell",
	"deny d"},
    {"allow a: alice to web1\ndeny d: any to web1 as root",
	"road=forward as=bob", "deny d"},
    {"allow a: alice to web1\ndeny d: any to web1 as root",
	"road=shell as=bob", "allow a"},

    /* when: the start is inside, the end is outside; forward: uncertain. */
    {"allow a: alice to web1 when day", "", "deny: no-rule, timed"},
    {"allow a: alice to web1 when day", "at=2026-11-20T07:59:59Z",
	"deny: no-rule, timed"},
    {"allow a: alice to web1 when day", "at=2026-11-20T08:00Z",
	"allow a, timed"},
    {"allow a: alice to web1 when day", "at=2026-11-20T17:59:59Z",
	"allow a, timed"},
    {"allow a: alice to web1 when day", "at=2026-11-20T18:00Z",
	"deny: no-rule, timed"},
    {"allow a: alice to web1 when { day night }", "at=2026-11-20T08:00Z",
	"allow a, timed"},
    {"allow a: alice to web1 when { day night }", "at=2026-11-21T22:00Z",
	"allow a, timed"},
    {"allow a: alice to web1 when night", "at=2026-11-21T21:59Z",
	"deny: no-rule, timed"},
    {"allow a: alice to web1 when night", "at=2026-11-22T23:59Z",
	"allow a, timed"},
    {"allow a: alice to web1 when night", "at=2026-11-23T00:00Z",
	"allow a, timed"},
    {"allow a: alice to web1 when night", "at=2026-11-23T03:59Z",
	"allow a, timed"},
    {"allow a: alice to web1 when night", "at=2026-11-23T04:00Z",
	"deny: no-rule, timed"},
    {"window w sat-sun 22:00-04:00\nallow a: alice to web1 when w",
	"at=2026-11-23T03:59Z", "allow a, timed"},
    {"window w mon-sun 00:00-24:00\nallow a: alice to web1 when w",
	"at=2026-11-22T23:59Z", "allow a, timed"},
    {"allow a: alice to web1 when day", "at=2026-11-20T08:00Z road=forward",
	"deny: no-rule"},
    {"allow a: alice to web1\ndeny d: any to web1 when day", "",
	"allow a, timed"},
    {"allow a: alice to web1\ndeny d: any to web1 when day",
	"at=2026-11-20T08:00Z", "deny d, timed"},
    {"allow a: alice to web1\ndeny d: any to web1 when day", "road=forward",
	"deny d"},
    {"allow a: alice to web1\nrequire r: any to web1 when day mfa",
	"road=forward", "ask a must mfa unmet mfa"},

    /* until: from then on false, everywhere; before, forward is uncertain. */
    {"allow a: alice to web1 until 2026-11-21T12:00:01Z", "",
	"allow a, timed"},
    {"allow a: alice to web1 until 2026-11-21T12:00Z", "",
	"deny: no-rule, timed"},
    {"allow a: alice to web1 until 2026-11-21T12:00:01Z", "road=forward",
	"deny: no-rule"},
    {"allow a: alice to web1\ndeny d: any to web1 until 2026-11-21T12:00:01Z",
	"", "deny d, timed"},
    {"allow a: alice to web1\ndeny d: any to web1 until 2026-11-21T12:00Z",
	"", "allow a, timed"},
    {"allow a: alice to web1\ndeny d: any to web1 until 2026-11-21T12:00:01Z",
	"road=forward", "deny d, timed"},
    {"allow a: alice to web1\ndeny d: any to web1 until 2026-11-21T12:00Z",
	"road=forward", "allow a, timed"},

    /* Ends on forward, while a sweep runs: as on connect. */
    {"allow a: alice to web1 when day", "at=2026-11-20T08:00Z road=forward "
	"swept", "allow a, timed"},
    {"allow a: alice to web1 when day", "at=2026-11-20T18:00Z road=forward "
	"swept", "deny: no-rule, timed"},
    {"allow a: alice to web1\ndeny d: any to web1 when day",
	"road=forward swept", "allow a, timed"},
    {"allow a: alice to web1\ndeny d: any to web1 when day",
	"at=2026-11-20T08:00Z road=forward swept", "deny d, timed"},
    {"allow a: alice to web1\nrequire r: any to web1 when day mfa",
	"road=forward swept", "allow a, timed"},
    {"allow a: alice to web1 until 2026-11-21T12:00:01Z",
	"road=forward swept", "allow a, timed"},
    {"allow a: alice to web1 until 2026-11-21T12:00Z",
	"road=forward swept", "deny: no-rule, timed"},
    {"allow a: any to web1", "user=bob road=forward swept", "allow a, timed"},
    {"allow a: any to web1", "user=bob at=2027-01-01T00:00Z road=forward "
	"swept", "deny: expired, timed"},
    {"allow a: alice to lab when day", "at=2026-11-20T08:00Z road=forward "
	"addr=10.9.0.1 swept", "deny: no-rule"},
    {"allow a: alice to web1 idle 5m until 2026-11-21T12:00:01Z",
	"road=forward swept",
	"deny a must idle unheld idle idle 300, timed"},
    {"allow a: alice to web1 as bob when day", "at=2026-11-20T08:00Z "
	"road=shell swept", "deny: no-rule"},

    /* False is stronger than uncertain, and uncertain than true. */
    {"allow a: alice to web1\ndeny d: %wheel to db1", "wheel=failed",
	"allow a"},
    {"allow a: alice to web1\ndeny d: any to web1:80 from 10.0.0.0/8", "",
	"allow a"},
    {"allow a: alice to web1\ndeny d: any to web1 as root via shell", "",
	"allow a"},
    {"allow a: alice to web1\ndeny d: any to web1 from 10.0.0.0/8 when day",
	"", "allow a, timed"},
    {"allow a: alice to web1\n"
     "deny d: any to web1 from 10.0.0.0/8 until 2020-01-01T00:00Z", "",
	"allow a, timed"},
    {"allow a: alice to web1\ndeny d: %wheel to web1 from 10.0.0.0/8",
	"wheel=failed from=192.0.2.1", "allow a"},
    {"allow a: alice to web1\ndeny d: any to web1 from 10.0.0.0/8 as root",
	"from=10.1.1.1", "deny d"},
    {"allow a: alice to web1 from 10.0.0.0/8 as root",
	"from=10.1.1.1", "deny: no-rule"},

    /* What the roads hold: targets of an allow on forward. */
    {"allow a: alice to web1", "road=forward", "allow a"},
    {"allow a: alice to rtu", "road=forward addr=127.77.0.17 port=2222",
	"allow a"},
    {"allow a: alice to lab", "road=forward addr=10.9.0.1", "deny: no-rule"},
    {"allow a: alice to dev",
	"road=forward addr=10.8.0.1 asked=x.dev.example", "deny: no-rule"},
    {"allow a: alice to metr", "road=forward path=/run/m.sock",
	"deny: no-rule"},
    {"allow a: alice to box", "road=forward path=/run/box.sock",
	"deny: no-rule"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to n", "road=forward",
	"deny: no-rule"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to { n web1 }", "road=forward",
	"allow a"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to any", "road=forward",
	"allow a"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to web1\ndeny d: any to n",
	"road=forward", "deny d"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to web1\n"
     "require r: any to n mfa", "road=forward", "ask a must mfa unmet mfa"},
    {"net n 10.2.0.0/24 ssh 22\nallow a: alice to web1\nallow b: alice to n mfa",
	"road=forward", "ask a must mfa unmet mfa"},

    /* Forward behind the gate: nets, but nothing that has no address. */
    {"allow a: alice to web1", "road=forward gate", "allow a"},
    {"allow a: alice to rtu", "road=forward gate addr=127.77.0.17 port=2222",
	"allow a"},
    {"allow a: alice to lab", "road=forward gate addr=10.9.0.1", "allow a"},
    {"allow a: alice to lab", "road=forward gate addr=10.9.0.1 port=23",
	"deny: no-rule"},
    {"allow a: alice to any", "road=forward gate addr=10.9.0.1", "allow a"},
    {"allow a: alice to v6", "road=forward gate addr=2001:db8::1 port=7",
	"allow a"},
    {"allow a: alice to dev", "road=forward gate addr=10.8.0.1",
	"deny: no-rule"},
    {"allow a: alice to dev",
	"road=forward gate addr=10.8.0.1 asked=x.dev.example", "deny: no-rule"},
    {"allow a: alice to { lab dev }\ndeny d: any to dev",
	"road=forward gate addr=10.8.0.1", "deny d"},
    {"net n 10.8.0.0/24 ssh 22\nallow a: alice to n\n"
     "require r: any to dev mfa", "road=forward gate addr=10.8.0.1",
	"ask a must mfa unmet mfa"},
    {"allow a: alice to metr", "road=forward gate path=/run/m.sock",
	"deny: no-rule"},
    {"allow a: alice to box", "road=forward gate path=/run/box.sock",
	"deny: no-rule"},
    {"allow a: alice to any", "road=forward gate addr=127.0.0.1",
	"deny: never"},
    {"net me 10.2.0.0/24 ssh 22\nallow a: alice to me",
	"road=forward gate addr=10.2.0.1 own=10.2.0.1", "deny: never"},
    {"allow a: alice to lab via connect",
	"road=forward gate addr=10.9.0.1", "deny: no-rule"},

    /* It knows neither whence nor as whom. */
    {"allow a: alice to lab from 192.0.2.0/24",
	"road=forward gate addr=10.9.0.1 from=192.0.2.1", "deny: no-rule"},
    {"allow a: alice to lab\ndeny d: any to lab from 192.0.2.0/24",
	"road=forward gate addr=10.9.0.1 from=10.0.0.1", "deny d"},
    {"allow a: alice to lab as root",
	"road=forward gate addr=10.9.0.1 as=root", "deny: no-rule"},

    /* Ends hold there, with or without a sweep. */
    {"allow a: alice to lab when day", "at=2026-11-20T08:00Z road=forward "
	"gate addr=10.9.0.1", "allow a, timed"},
    {"allow a: alice to lab when day", "at=2026-11-20T18:00Z road=forward "
	"gate addr=10.9.0.1", "deny: no-rule, timed"},
    {"allow a: alice to web1\ndeny d: any to web1 when day",
	"road=forward gate", "allow a, timed"},
    {"allow a: alice to web1 until 2026-11-21T12:00:01Z",
	"road=forward gate", "allow a, timed"},
    {"allow a: alice to web1 until 2026-11-21T12:00Z",
	"road=forward gate", "deny: no-rule, timed"},
    {"allow a: any to web1", "user=bob road=forward gate", "allow a, timed"},
    {"allow a: any to web1", "user=bob at=2027-01-01T00:00Z road=forward "
	"gate swept", "deny: expired, timed"},

    /* Limits hold there, and what else would take a conversation does not. */
    {"allow a: alice to lab idle 5m duration 1h max 2",
	"road=forward gate addr=10.9.0.1",
	"allow a must max idle duration idle 300 duration 3600"},
    {"allow a: alice to lab mfa", "road=forward gate addr=10.9.0.1",
	"ask a must mfa unmet mfa"},
    {"allow a: alice to lab mfa", "mfa road=forward gate addr=10.9.0.1",
	"allow a must mfa"},
    {"allow a: alice to lab\nrequire r: any to lab record idle 5m",
	"road=forward gate addr=10.9.0.1",
	"deny a must record idle unheld record idle 300"},

    /* It is a matter of forward alone. */
    {"allow a: alice to dev", "gate addr=10.8.0.1 asked=x.dev.example",
	"allow a"},
    {"allow a: alice to lab as root when day", "at=2026-11-20T08:00Z gate "
	"road=shell addr=10.9.0.1 as=root", "allow a, timed"},

    /* The verdict, 1 and 2: the user and its end. */
    {"allow a: any to web1", "user=bob", "allow a, timed"},
    {"allow a: any to web1", "user=bob at=2026-12-31T23:59:59Z",
	"allow a, timed"},
    {"allow a: any to web1", "user=bob at=2027-01-01T00:00Z",
	"deny: expired, timed"},
    {"allow a: any to web1", "user=bob road=forward", "deny: end-not-held"},
    {"allow a: any to web1", "user=bob road=shell", "allow a, timed"},
    {"allow a: any to web1", "user=old", "deny: expired, timed"},
    {"allow a: any to web1", "user=old road=forward", "deny: expired"},
    {"", "user=old", "deny: expired"},
    {"allow a: any to v4", "user=old addr=127.0.0.1 port=7", "deny: expired"},
    {"allow a: any to v4", "user=rtu addr=127.0.0.1 port=7",
	"deny: not-a-user"},

    /* 3: addresses that are never reached, before any rule. */
    {"allow a: alice to v4", "addr=127.0.0.1 port=7", "deny: never"},
    {"allow a: alice to v4", "addr=0.1.2.3 port=7", "deny: never"},
    {"allow a: alice to v4", "addr=169.254.169.254 port=7", "deny: never"},
    {"allow a: alice to v4", "addr=224.0.0.251 port=7", "deny: never"},
    {"allow a: alice to v4", "addr=255.255.255.255 port=7", "deny: never"},
    {"allow a: alice to v6", "addr=::1 port=7", "deny: never"},
    {"allow a: alice to v6", "addr=::10.2.0.10 port=7", "deny: never"},
    {"allow a: alice to v6", "addr=fe80::1 port=7", "deny: never"},
    {"allow a: alice to v6", "addr=ff02::1 port=7", "deny: never"},
    {"allow a: alice to v6", "addr=fd00:ec2::254 port=7", "deny: never"},
    {"allow a: alice to v4", "addr=::ffff:127.0.0.1 port=7", "deny: never"},
    {"allow a: alice to v6", "addr=64:ff9b::127.0.0.1 port=7", "deny: never"},
    {"allow a: alice to v6", "addr=64:ff9b:1::127.0.0.1 port=7",
	"deny: never"},
    {"allow a: alice to v6", "addr=2002:7f00:1::1 port=7", "deny: never"},
    {"allow a: alice to v6", "addr=2001::80ff:fffe port=7", "deny: never"},
    {"allow a: alice to v6", "addr=2001::80ff:ffff port=7", "deny: never"},
    {"allow a: alice to v6", "addr=2001::7f00:1 port=7", "allow a"},
    {"allow a: alice to v6", "addr=64:ff9b::10.2.0.12 port=7", "allow a"},
    {"", "addr=127.0.0.1", "deny: never"},
    {"allow a: alice to v4\ndeny d: any to v4", "addr=127.0.0.1 port=7",
	"deny: never"},
    {"set never 10.6.0.0/16\nallow a: alice to v4", "addr=10.6.0.9 port=7",
	"deny: never"},
    {"set never { 10.7.0.0/16 10.3.0.0/24 }\nallow a: alice to v4",
	"addr=10.3.0.9 port=7", "deny: never"},
    {"set never 10.3.0.0/24\nallow a: alice to v4", "addr=10.3.1.9 port=7",
	"allow a"},
    {"set never 10.3.0.0/24\nallow a: alice to v6",
	"addr=64:ff9b::10.3.0.9 port=7", "deny: never"},
    {"set never 2001:db8:f::/48\nallow a: alice to v6",
	"addr=2001:db8:f::1 port=7", "deny: never"},
    {"set never 64:ff9b::/96\nallow a: alice to v4", "addr=10.3.0.9 port=7",
	"allow a"},
    {"allow a: alice to web1", "own=10.2.0.10", "deny: never"},
    {"allow a: alice to web1", "own=10.2.0.9 own=10.2.0.10", "deny: never"},
    {"allow a: alice to web1", "own=10.2.0.9", "allow a"},
    {"allow a: alice to v6", "own=10.2.0.10 addr=64:ff9b::10.2.0.10 port=7",
	"deny: never"},
    {"allow a: alice to v6", "own=2001:db8::1 addr=2001:db8::1 port=7",
	"deny: never"},
    {"allow a: alice to web1 when day", "own=10.2.0.10", "deny: never"},
    {"allow a: any to web1", "user=bob own=10.2.0.10", "deny: never"},

    /* The address and port of a declared device is the one exception. */
    {"allow a: alice to rtu", "addr=127.77.0.17 port=2222", "allow a"},
    {"", "addr=127.77.0.17 port=2222", "deny: no-rule"},
    {"allow a: alice to v4", "addr=127.77.0.17 port=7", "deny: never"},
    {"allow a: alice to rtu", "addr=127.77.0.18 port=2222", "deny: never"},
    {"net n 127.0.0.0/8 ssh 2222\nallow a: alice to n",
	"addr=127.77.0.17 port=2222", "allow a"},
    {"net n 127.0.0.0/8 ssh 2222\nallow a: alice to n",
	"addr=127.77.0.18 port=2222", "deny: never"},
    {"set never 127.77.0.0/16\nallow a: alice to rtu",
	"addr=127.77.0.17 port=2222", "allow a"},
    {"allow a: alice to rtu", "addr=127.77.0.17 port=2222 own=127.77.0.17",
	"allow a"},
    {"net n ::/0 ssh 2222\nallow a: alice to n",
	"addr=64:ff9b::127.77.0.17 port=2222", "deny: never"},
    {"allow a: alice to metr", "path=/run/m.sock own=0.0.0.0", "allow a"},

    /* 4: a deny, before the obligations of an allow. */
    {"allow a: alice to web1 mfa\ndeny d: alice to web1", "",
	"deny d must mfa unmet mfa"},
    {"allow a: alice to web1\ndeny e: any to web1\ndeny d: alice to web1",
	"", "deny e"},
    {"deny d: alice to web1\ndeny e: any to web1\nallow a: alice to web1",
	"", "deny d"},
    {"allow b: any to web1\nallow a: alice to web1", "", "allow b"},
    {"allow a: alice to web1\nallow b: any to web1", "", "allow a"},

    /* 5, before 6. */
    {"allow a: alice to web1 record", "",
	"deny a must record unheld record"},
    {"allow a: alice to web1 record", "port=80", "allow a must record"},
    {"allow a: alice to web1 record", "port=80 road=forward",
	"deny a must record unheld record"},
    {"allow a: alice to web1 record", "port=80 road=forward gate",
	"allow a must record"},
    {"allow a: alice to metr record", "path=/run/m.sock",
	"deny a must record unheld record"},
    {"net all 10.2.0.0/16 ssh 80\nallow a: alice to web1 record", "port=80",
	"deny a must record unheld record"},
    {"allow a: alice to web1 mfa record", "",
	"deny a must mfa record unmet mfa unheld record"},
    {"allow a: alice to web1 mfa record", "road=shell",
	"ask a must mfa record unmet mfa"},
    {"allow a: alice to web1 mfa record", "road=shell mfa",
	"allow a must mfa record"},
    {"allow a: alice to web1 idle 5m ticket \"C*\"", "road=forward",
	"deny a must ticket idle unmet ticket unheld ticket idle idle 300"},

    /* Obligations of an allow are a require without its conditions. */
    {"allow a: alice to web1\nallow b: alice to web1 mfa when day", "",
	"ask a must mfa unmet mfa"},
    {"allow a: alice to web1\nallow b: alice to web1 mfa via shell", "",
	"ask a must mfa unmet mfa"},
    {"allow a: alice to web1\nallow b: alice to web1 mfa from 10.0.0.0/8",
	"from=192.0.2.1", "ask a must mfa unmet mfa"},
    {"allow a: alice to web1\n"
     "allow b: alice to web1 mfa until 2020-01-01T00:00Z", "",
	"ask a must mfa unmet mfa"},
    {"allow a: alice to web1\nallow b: alice to web1 mfa as root",
	"road=shell as=bob", "ask a must mfa unmet mfa"},
    {"allow a: alice to web1\nallow b: alice to web1:80 mfa", "", "allow a"},
    {"allow a: alice to web1\nallow b: bob to web1 mfa", "", "allow a"},
    {"allow a: alice to web1\nallow b: alice to db1 mfa", "", "allow a"},
    {"allow a: alice to web1 mfa\nallow b: any to web1", "",
	"ask a must mfa unmet mfa"},
    {"allow b: alice to web1 mfa when day", "",
	"deny: no-rule must mfa unmet mfa, timed"},
    /* And a require with conditions only binds under them. */
    {"allow a: alice to web1\nrequire r: alice to web1 mfa via shell", "",
	"allow a"},
    {"allow a: alice to web1\nrequire r: alice to web1 mfa when day", "",
	"allow a, timed"},
    {"allow a: alice to web1\nrequire r: alice to web1 mfa when day",
	"at=2026-11-20T12:00Z", "ask a must mfa unmet mfa, timed"},
    {"allow a: alice to web1\nrequire r: bob to web1 mfa", "", "allow a"},
    {"allow a: alice to web1\nrequire r: any to any:80 mfa", "", "allow a"},

    /* 6: what binds must be met; each ticket, and each approve. */
    {"allow a: alice to web1 mfa", "", "ask a must mfa unmet mfa"},
    {"allow a: alice to web1 mfa", "mfa", "allow a must mfa"},
    {"allow a: alice to web1 mfa", "mfa road=forward", "allow a must mfa"},
    {"allow a: alice to web1 ticket \"CHG??\"", "",
	"ask a must ticket unmet ticket"},
    {"allow a: alice to web1 ticket \"CHG??\"", "ticket=CHG12",
	"allow a must ticket"},
    {"allow a: alice to web1 ticket \"CHG??\"", "ticket=CHG1",
	"ask a must ticket unmet ticket"},
    {"allow a: alice to web1 ticket \"CHG??\"", "ticket=CHG1.",
	"ask a must ticket unmet ticket"},
    {"allow a: alice to web1 ticket { \"CHG*\" \"INC*\" }", "ticket=INC7",
	"allow a must ticket"},
    {"allow a: alice to web1 ticket \"CHG*\"\n"
     "require r: any to web1 ticket \"INC*\"", "ticket=INC7",
	"ask a must ticket unmet ticket"},
    {"allow a: alice to web1 ticket \"CHG*\"\n"
     "require r: any to web1 ticket \"*7\"", "ticket=CHG7",
	"allow a must ticket"},
    {"group @g bob\nallow a: alice to web1 approve @g 1h", "",
	"ask a must approve unmet approve"},
    {"group @g bob\nallow a: alice to web1 approve @g 1h", "approved=g",
	"allow a must approve"},
    {"group @g bob\ngroup @h @g\nallow a: alice to web1 approve @g 1h",
	"approved=h", "ask a must approve unmet approve"},
    {"group @g bob\ngroup @h bob\nallow a: alice to web1 approve @g 1h\n"
     "require r: any to web1 approve @h 1h", "approved=g",
	"ask a must approve unmet approve"},
    {"group @g bob\ngroup @h bob\nallow a: alice to web1 approve @g 1h\n"
     "require r: any to web1 approve @h 1h", "approved=h approved=g",
	"allow a must approve"},
    {"group @g bob\nallow a: alice to web1 mfa ticket \"C\" approve @g 1h",
	"ticket=C", "ask a must mfa ticket approve unmet mfa approve"},

    {"allow a: alice to web1 ticket \"C\"\nrequire r: any to web1 mfa", "",
	"ask a must mfa ticket unmet mfa ticket"},
    {"allow a: alice to web1 mfa\nrequire r: any to web1 ticket \"C\"", "",
	"ask a must mfa ticket unmet mfa ticket"},

    /* The smallest idle and duration win. */
    {"allow a: alice to web1 idle 10m duration 2h", "",
	"allow a must idle duration idle 600 duration 7200"},
    {"allow a: alice to web1 idle 10m\nrequire r: any to web1 idle 5m\n"
     "require s: any to web1 idle 7m", "", "allow a must idle idle 300"},
    {"allow a: alice to web1 duration 10m\nrequire r: any to web1 duration "
     "5m\nrequire s: any to web1 duration 7m", "",
	"allow a must duration duration 300"},
    {"allow a: alice to web1 idle 10m\nrequire r: any to web1 duration 5m", "",
	"allow a must idle duration idle 600 duration 300"},
    {"allow a: alice to web1\nrequire r: any to web1 idle 5m when day\n"
     "require s: any to web1 idle 7m", "",
	"allow a must idle idle 420, timed"},

    /* timed: another time could give another verdict. */
    {"allow a: alice to web1\nallow b: alice to web1 when day", "",
	"allow a"},
    {"allow a: alice to web1 when day\nallow b: alice to web1 when night", "",
	"deny: no-rule, timed"},
    {"allow a: alice to web1 when day\ndeny d: any to web1", "", "deny d"},
    {"allow a: alice to web1 when day\ndeny d: any to web1 when night",
	"at=2026-11-21T23:00Z", "deny d, timed"},
    {"deny d: any to web1 when day", "", "deny: no-rule"},
    {"allow a: alice to web1 when day\nallow b: alice to web1:80", "",
	"deny: no-rule, timed"},
    {"allow a: any to web1\ndeny d: any to web1\ndeny e: any to web1 when day",
	"at=2026-11-20T12:00Z", "deny d"},
    {"allow a: any to web1 when day", "user=rtu", "deny: not-a-user"},
    {"require r: any to web1 mfa when day", "", "deny: no-rule"},
    {"allow a: alice to web1\nrequire r: any to web1 mfa when day", "mfa",
	"allow a, timed"},
    {"allow a: alice to db1 when day\nallow b: alice to web1", "", "allow b"},
    {"allow a: bob to web1 when day\nallow b: alice to web1", "", "allow b"},
    {"allow a: alice to web1 from 10.0.0.0/8 when day", "", "deny: no-rule"},
    {"allow a: alice to web1 when day", "user=bob", "deny: no-rule"},
    {"allow a: alice to web1\ndeny d: any to web1:80 when day", "",
	"allow a"},
    {"allow a: alice to web1\ndeny d: any to web1 via shell when day", "",
	"allow a"},
    {"allow a: alice to web1 when day\nallow b: any to web1 until "
     "2027-06-01T00:00Z", "", "allow b, timed"},
    {"allow a: any to web1", "user=- ", "deny: not-a-user"},

    /* A DNS name that is not looked up yet. */
    {"allow a: alice to dev", "presume asked=x.dev.example", "allow a"},
    {"allow a: alice to dev", "presume asked=x.qa.example", "deny: no-rule"},
    {"allow a: alice to dev", "presume asked=x.dev.example port=80",
	"deny: no-rule"},
    {"allow a: alice to any", "presume asked=x.qa.example", "deny: no-rule"},
    {"allow a: alice to dev", "presume asked=x.dev.example own=10.2.0.10",
	"allow a"},
    {"allow a: alice to dev\ndeny d: any to dev",
	"presume asked=x.dev.example", "deny d"},
    {"allow a: alice to dev", "presume asked=x.dev.example road=forward",
	"deny: no-rule"},
};

START_TEST(verdict_is)
{
	struct policy *p = policy_of(cases[_i].statements);
	struct policy_verdict v;
	struct question x;
	char *text;

	ask(p, cases[_i].request, &x);
	memset(&v, 0x5a, sizeof(v));
	policy_evaluate(p, &x.q, &v);
	text = verdict_text(p, &v);
	ck_assert_msg(strcmp(text, cases[_i].verdict) == 0,
	    "%s | %s: `%s', not `%s'", cases[_i].statements,
	    cases[_i].request, text, cases[_i].verdict);
	free(text);
	policy_free(p);
}
END_TEST

/* Whether two verdicts say the same to whoever enforces them. */
static bool
same(const struct policy_verdict *a, const struct policy_verdict *b)
{
	return a->action == b->action &&
	    (a->action == ACTION_DENY ||
		(a->obligations == b->obligations && a->unmet == b->unmet &&
		    a->idle == b->idle && a->duration == b->duration));
}

/*
 * What is not timed is the same at every other time, and neither of the two
 * depends on anything but the request.
 */
START_TEST(untimed_is_forever)
{
	struct policy *p = policy_of(cases[_i].statements);
	struct policy_verdict v, other;
	struct question x;
	const time_t starts[] = {1262304000, 1577836800 - 3 * 86400,
	    1798761600 - 9 * 86400, 1795046400, 1893456000 - 4 * 86400,
	    4102444800};

	ask(p, cases[_i].request, &x);
	policy_evaluate(p, &x.q, &v);
	for (int i = 0; i < COUNT(starts) && !v.timed; i++) {
		for (int minute = 0; minute < WEEK_MINUTES; minute += 20) {
			x.q.now = starts[i] + minute * 60;
			x.q.minute = utc_minute(x.q.now);
			policy_evaluate(p, &x.q, &other);
			unit_check(same(&v, &other));
			unit_check(!other.timed);
		}
	}
	policy_free(p);
}
END_TEST

/*
 * Approvals: of what, for whom is not asked here, and for how long.
 */
static const struct {
	const char *rules, *words;
	struct policy_approval a; /* of @g; for a target, index is set */
	const char *target;
	int64_t from, until;	  /* seconds from the request's time */
	bool met, timed;
} approvals[] = {
#define RULE "group @g bob\ngroup @h bob\nallow a: alice to web1 approve @g 1h"
#define OF(...) {.of = APPROVAL_TARGET, .port = 22, __VA_ARGS__}
    {RULE, "", OF(0), "web1", 0, 3600, true, true},
    {RULE, "", OF(0), "web1", -3599, 3600, true, true},
    {RULE, "", OF(0), "web1", -3600, 3600, false, false}, /* the rule's hour */
    {RULE, "", OF(0), "web1", -10, 1, true, true},
    {RULE, "", OF(0), "web1", -10, 0, false, false},
    {RULE, "", OF(0), "web1", 1, 3600, false, true}, /* not yet */
    {RULE, "", OF(0), "web1", INT32_MIN, INT32_MAX, false, false},
    {RULE, "", OF(0), "db1", 0, 3600, false, false},
    {RULE, "port=80", OF(0), "web1", 0, 3600, false, false},
    {RULE, "", OF(.as = "root"), "web1", 0, 3600, false, false},
    {RULE, "as=root", OF(.as = "root"), "web1", 0, 3600, true, true},
    {RULE, "as=pi", OF(.as = "root"), "web1", 0, 3600, false, false},
    {RULE, "as=pi", OF(0), "web1", 0, 3600, true, true},
    {RULE, "", {.of = APPROVAL_ADDRESS, .port = 22}, "10.2.0.10", 0, 60, true,
	true},
    {RULE, "", {.of = APPROVAL_ADDRESS, .port = 22}, "10.2.0.12", 0, 60, false,
	false},
    {RULE, "asked=x.y", {.of = APPROVAL_NAME, .name = "x.y", .port = 22}, NULL,
	0, 60, true, true},
    {RULE, "asked=x.z", {.of = APPROVAL_NAME, .name = "x.y", .port = 22}, NULL,
	0, 60, false, false},
    {RULE, "", {.of = APPROVAL_NAME, .name = "x.y", .port = 22}, NULL, 0, 60,
	false, false},
    {RULE, "", {.of = APPROVAL_ANYTHING}, NULL, 5, -5, true, false},
    {RULE "\nrequire r: any to any approve @g 1m", "", OF(0), "web1", -59, 3600,
	true, true},
    {RULE "\nrequire r: any to any approve @g 1m", "", OF(0), "web1", -60, 3600,
	false, true},
    {RULE "\nrequire r: any to any approve @h 1h", "", OF(0), "web1", 0, 3600,
	false, true},
#undef OF
#undef RULE
};

START_TEST(approval)
{
	struct policy *p = policy_of(approvals[_i].rules);
	struct policy_approval a = approvals[_i].a;
	const char *target = approvals[_i].target;
	struct policy_verdict v;
	struct question x;

	ask(p, approvals[_i].words, &x);
	a.group = group_index(p, "g");
	if (a.of == APPROVAL_ADDRESS)
		a.addr = unit_addr(target);
	else if (target != NULL)
		a.target = policy_find_target(p, target);
	a.from = x.q.now + approvals[_i].from;
	a.until = x.q.now + approvals[_i].until;
	x.q.approvals = &a;
	x.q.napprovals = 1;
	policy_evaluate(p, &x.q, &v);
	ck_assert_uint_eq(
	    v.unmet, approvals[_i].met ? 0 : MUST_APPROVE);
	ck_assert_int_eq(v.timed, approvals[_i].timed);
	ck_assert_uint_gt(v.napprovers, 0);
	ck_assert_uint_eq(v.approvers[0].group, a.group);
	policy_free(p);
}
END_TEST

/* Of several, the one that lasts longest; a rule's own time is the end. */
START_TEST(approval_lasts)
{
	struct policy *p = policy_of("group @g bob\n"
				     "allow a: alice to web1 approve @g 1h");
	struct policy_approval list[3];
	struct policy_verdict v;
	struct question x;

	ask(p, "", &x);
	for (int i = 0; i < 3; i++)
		list[i] = (struct policy_approval){.group = group_index(p, "g"),
		    .of = APPROVAL_TARGET,
		    .target = policy_find_target(p, "web1"),
		    .port = 22,
		    .from = x.q.now - (i == 1 ? 10 : 100),
		    .until = x.q.now + (i == 2 ? 5 : 7200)};
	x.q.approvals = list;
	x.q.napprovals = 3;
	policy_evaluate(p, &x.q, &v);
	ck_assert_int_eq(v.action, ACTION_ALLOW);
	ck_assert_uint_eq(v.approvers[0].approval, 1);
	ck_assert_uint_eq(v.approvers[0].seconds, 3600);
	ck_assert_int_eq(policy_approval_end(&list[1], policy_rule(p, 0)),
	    x.q.now - 10 + 3600);
	ck_assert_int_eq(
	    policy_approval_end(&list[2], policy_rule(p, 0)), x.q.now + 5);
	policy_free(p);
}
END_TEST

/* The ticket of an approval is given for what was approved, and as long. */
static const struct {
	const char *ticket;
	const char *target;
	int64_t from, until;
	bool met;
} approval_tickets[] = {{"CHG1", "web1", -10, 60, true},
    {"XYZ1", "web1", -10, 60, false}, {NULL, "web1", -10, 60, false},
    {"CHG1", "db1", -10, 60, false}, {"CHG1", "web1", -60, 0, false},
    {"CHG1", "web1", 1, 60, false}};

START_TEST(approval_ticket)
{
	struct policy *p = policy_of("group @g bob\n"
				     "allow a: alice to web1 ticket \"CHG*\"");
	struct policy_approval a = {.of = APPROVAL_TARGET, .port = 22};
	struct policy_verdict v;
	struct question x;

	ask(p, "", &x);
	a.target = policy_find_target(p, approval_tickets[_i].target);
	a.ticket = approval_tickets[_i].ticket;
	a.from = x.q.now + approval_tickets[_i].from;
	a.until = x.q.now + approval_tickets[_i].until;
	x.q.approvals = &a;
	x.q.napprovals = 1;
	policy_evaluate(p, &x.q, &v);
	ck_assert_uint_eq(
	    v.unmet, approval_tickets[_i].met ? 0 : MUST_TICKET);
	policy_free(p);
}
END_TEST

/* On forward it is a right that ends. */
START_TEST(approval_wants_sweeps)
{
	struct policy *p = policy_of("group @g bob\n"
				     "allow a: alice to web1 approve @g 1h");
	struct policy_verdict v;
	struct question x;

	ck_assert(policy_ends_forward(p));
	ask(p, "road=forward approved=g", &x);
	policy_evaluate(p, &x.q, &v);
	ck_assert_int_eq(v.reason, REASON_NOT_HELD);
	x.q.swept = true;
	policy_evaluate(p, &x.q, &v);
	ck_assert_int_eq(v.action, ACTION_ALLOW);
	policy_free(p);
}
END_TEST

/*
 * "What the roads hold", each obligation on each road.
 */
static const struct {
	const char *words;
	uint32_t obligation;
	bool holds[ROAD_COUNT], gate;
} obligations[] = {
    {"mfa", MUST_MFA, {true, true, true}, true},
    {"ticket \"T*\"", MUST_TICKET, {false, true, true}, false},
    {"approve @g 1h", MUST_APPROVE, {true, true, true}, true},
    {"record", MUST_RECORD, {false, true, true}, true}, /* port 80 */
    {"consent", MUST_CONSENT, {false, false, true}, false},
    {"notify", MUST_NOTIFY, {false, true, true}, true},
    {"max 3", MUST_MAX, {false, true, true}, true},
    {"idle 5m", MUST_IDLE, {false, true, true}, true},
    {"duration 5m", MUST_DURATION, {false, true, true}, true},
};

static void
check_road(const struct policy *p, int i, enum policy_road road, bool gate)
{
	bool holds = gate && road == ROAD_FORWARD ? obligations[i].gate :
						    obligations[i].holds[road];
	struct policy_verdict v;
	struct question x;

	ask(p, "port=80 mfa ticket=T1 approved=g", &x);
	x.q.swept = true;
	x.q.road = road;
	x.q.gate = gate;
	if (road == ROAD_SHELL)
		x.q.port = 22;
	policy_evaluate(p, &x.q, &v);
	ck_assert_uint_eq(v.obligations, obligations[i].obligation);
	ck_assert_uint_eq(v.unmet, 0);
	ck_assert_int_eq(v.action, holds ? ACTION_ALLOW : ACTION_DENY);
	ck_assert_int_eq(v.reason, holds ? REASON_NONE : REASON_NOT_HELD);
	ck_assert_int_eq(
	    (policy_road_holds(p, road) & obligations[i].obligation) != 0,
	    holds);
}

START_TEST(road_holds)
{
	char text[160];
	struct policy *p;

	for (int n = 0; n < 4; n++) {
		bool gate = n >= 2;

		snprintf(text, sizeof(text),
		    "%sgroup @g bob\nallow a: alice to web1\n%s b: any to web1 "
		    "%s",
		    gate ? "set nft \"/x\"\nset gate 422\n" : "",
		    n % 2 ? "allow" : "require", obligations[_i].words);
		p = policy_of(text);
		for (int road = 0; road < ROAD_COUNT; road++)
			check_road(p, _i, (enum policy_road)road, gate);
		policy_free(p);
	}
}
END_TEST

/*
 * Limits.  What is too large to judge is denied.
 */
static struct policy_verdict
evaluate_text(char *text)
{
	struct policy *p = policy_of(text);
	struct policy_verdict v;
	struct question x;

	ask(p, "", &x);
	policy_evaluate(p, &x.q, &v);
	policy_free(p);
	free(text);
	return v;
}

START_TEST(covers_are_bounded)
{
	for (int n = 253; n < 260; n++) {
		struct policy_verdict v;
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		for (int i = 0; i < n; i++)
			fprintf(out, "net n%d 10.2.0.0/%d ssh 22\n", i,
			    24 + i % 3);
		fputs("allow a: alice to web1\n", out);
		fclose(out);
		v = evaluate_text(text); /* web1 is one more */
		ck_assert_int_eq(
		    v.action, n < 256 ? ACTION_ALLOW : ACTION_DENY);
		if (n >= 256)
			ck_assert_int_eq(v.reason, REASON_LIMIT);
	}
}
END_TEST

/* A target that covers the request many times is one. */
START_TEST(covers_are_targets)
{
	struct policy_verdict v;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("net n {", out);
	for (int i = 0; i < 600; i++)
		fprintf(out, " 10.2.0.0/%d", 16 + i % 16);
	fputs(" } ssh 22\nallow a: alice to n\n", out);
	fclose(out);
	v = evaluate_text(text);
	ck_assert_int_eq(v.action, ACTION_ALLOW);
}
END_TEST

START_TEST(groups_are_bounded)
{
	for (int n = 1020; n < 1030; n++) {
		struct policy_verdict v;
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		fputs("group @g0 alice\n", out);
		for (int i = 1; i < n; i++)
			fprintf(out, "group @g%d @g%d\n", i, i / 2);
		fputs("allow a: @g0 to web1\ndeny d: bob to web1\n", out);
		fclose(out);
		v = evaluate_text(text); /* alice and any are two more */
		ck_assert_int_eq(
		    v.action, n <= 1022 ? ACTION_ALLOW : ACTION_DENY);
		if (n > 1022)
			ck_assert_int_eq(v.reason, REASON_LIMIT);
	}
}
END_TEST

/* Each max that binds is told, once, and none is forgotten. */
START_TEST(limits_are_told)
{
	struct policy *p = policy_of(
	    "window office mon-fri 08:00-18:00\ngroup @g { alice bob }\n"
	    "allow a: { alice @g any } to web1 max 3\n"
	    "require b: any to web1 max 2\nrequire c: bob to any max 1\n"
	    "allow d: alice to web1 when office max 7\n"
	    "require e: alice to web1 when office max 1\n"
	    "require f: alice to web1 idle 5m");
	struct policy_verdict v;
	struct question x;
	char names[64] = "";

	ask(p, "at=2026-11-01T03:00Z", &x);
	policy_evaluate(p, &x.q, &v);
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		for (uint32_t l = 0; l < v.nlimits; l++) {
			if (v.limits[l] == i)
				strcat(names, policy_string(p,
				    policy_rule(p, i)->name));
		}
	}
	ck_assert_str_eq(names, "abd");
	ck_assert_uint_eq(v.max, 2);
	policy_free(p);
}
END_TEST

START_TEST(limits_are_bounded)
{
	for (int n = 31; n < 35; n++) {
		struct policy_verdict v;
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		fputs("allow a: alice to web1\n", out);
		for (int i = 0; i < n; i++)
			fprintf(out, "require r%d: any to web1 max 9\n", i);
		fclose(out);
		v = evaluate_text(text);
		ck_assert_int_eq(
		    v.action, n <= 32 ? ACTION_ALLOW : ACTION_DENY);
		ck_assert_int_eq(
		    v.reason, n <= 32 ? REASON_NONE : REASON_LIMIT);
	}
}
END_TEST

/* A group that has the user in many ways is one. */
START_TEST(groups_count_once)
{
	struct policy_verdict v;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputs("group @all {", out);
	for (int i = 0; i < 700; i++)
		fprintf(out, " @g%d", i);
	fputs(" }\n", out);
	for (int i = 0; i < 700; i++)
		fprintf(out, "group @g%d alice\n", i);
	fputs("allow a: @all to web1\n", out);
	fclose(out);
	v = evaluate_text(text);
	ck_assert_int_eq(v.action, ACTION_ALLOW);
}
END_TEST

/*
 * What explain shows.
 */
START_TEST(matches_are_told)
{
	static const struct {
		const char *name;
		enum truth truth;
	} want[] = {{"a", TRUTH_YES}, {"b", TRUTH_NO}, {"c", TRUTH_UNCERTAIN},
	    {"r", TRUTH_YES}, {"s", TRUTH_UNCERTAIN}};
	struct policy *p = policy_of(
	    "allow a: { alice any } to web1\nallow b: alice to web1 when day\n"
	    "allow c: alice to web1 from 10.0.0.0/8\nallow e: alice to db1\n"
	    "require r: alice to web1 idle 5m\n"
	    "require s: alice to web1 from 10.0.0.0/8 idle 6m\n"
	    "require t: alice to web1 via shell idle 7m\n"
	    "deny d: alice to web1 when day\ndeny f: bob to web1\n");
	struct policy_verdict v;
	struct question x;

	ask(p, "", &x);
	policy_evaluate(p, &x.q, &v);
	ck_assert_uint_eq(v.nmatches, COUNT(want));
	for (int i = 0; i < COUNT(want); i++) {
		ck_assert_str_eq(policy_string(p, policy_rule(p,
		    v.matches[i].rule)->name), want[i].name);
		ck_assert_uint_eq(v.matches[i].truth, want[i].truth);
	}
	policy_free(p);
}
END_TEST

START_TEST(matches_are_bounded)
{
	struct policy_verdict v;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 100; i++)
		fprintf(out, "require r%d: { alice any } to web1 idle %dm\n",
		    i, 200 - i);
	fputs("allow a: alice to web1\n", out);
	fclose(out);
	v = evaluate_text(text);
	ck_assert_int_eq(v.action, ACTION_ALLOW);
	ck_assert_uint_eq(v.nmatches, VERDICT_RULES);
	ck_assert_uint_eq(v.idle, 101 * 60);
	for (uint32_t i = 0; i < v.nmatches; i++) {
		for (uint32_t n = 0; n < i; n++)
			ck_assert_uint_ne(v.matches[i].rule,
			    v.matches[n].rule);
	}
}
END_TEST

static void
note(void *arg, uint32_t target)
{
	uint32_t *seen = arg;

	*seen |= 1U << target;
}

/* What an allow names, whatever its conditions are; denies add nothing. */
START_TEST(candidates_are)
{
	static const struct {
		const char *statements, *request, *names;
	} lists[] = {
	    {"", "", ""},
	    {"allow a: alice to web1", "", "web1"},
	    {"allow a: alice to web1 via connect", "", "web1"},
	    {"allow a: alice to web1 via shell", "", ""},
	    {"allow a: alice to web1 via shell", "road=shell", "web1"},
	    {"allow a: alice to { db1:5432 lab }", "", "db1 lab"},
	    {"allow a: alice to @web", "", "web1 lab metr"},
	    {"allow a: alice to any", "user=bob", ""},
	    {"allow a: alice to any", "",
		"web1 db1 lab dev rtu box metr v4 v6"},
	    {"allow a: bob to web1\nallow b: any to db1", "", "db1"},
	    {"allow a: %wheel to web1", "wheel=failed user=-", "web1"},
	    {"allow a: %wheel to web1", "wheel=no", ""},
	    {"group @g @h\ngroup @h alice\nallow a: @g to rtu when day", "",
		"rtu"},
	    {"deny d: alice to web1\nrequire r: alice to db1 mfa", "", ""},
	};

	for (int i = 0; i < COUNT(lists); i++) {
		struct policy *p = policy_of(lists[i].statements);
		uint32_t seen = 0, want = 0;
		char names[64], *rest = names, *name;
		struct question x;

		ask(p, lists[i].request, &x);
		policy_candidates(p, &x.q, 1U << x.q.road, note, &seen);
		strcpy(names, lists[i].names);
		while ((name = strsep(&rest, " ")) != NULL) {
			if (*name != '\0')
				want |= 1U << policy_find_target(p, name);
		}
		ck_assert_uint_eq(seen, want);
		policy_free(p);
	}
}
END_TEST

START_TEST(reasons_have_texts)
{
	for (int i = REASON_NONE; i <= REASON_UNMET; i++) {
		for (int n = REASON_NONE; n < i; n++)
			ck_assert_str_ne(
			    policy_reason_text((enum policy_reason)i),
			    policy_reason_text((enum policy_reason)n));
	}
}
END_TEST

static Suite *
eval_suite(void)
{
	Suite *s = suite_create("eval");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, verdict_is, 0, COUNT(cases));
	tcase_add_loop_test(t, untimed_is_forever, 0, COUNT(cases));
	tcase_add_loop_test(t, road_holds, 0, COUNT(obligations));
	tcase_add_loop_test(t, approval, 0, COUNT(approvals));
	tcase_add_test(t, approval_lasts);
	tcase_add_loop_test(t, approval_ticket, 0, COUNT(approval_tickets));
	tcase_add_test(t, approval_wants_sweeps);
	tcase_add_test(t, covers_are_bounded);
	tcase_add_test(t, covers_are_targets);
	tcase_add_test(t, groups_are_bounded);
	tcase_add_test(t, groups_count_once);
	tcase_add_test(t, limits_are_told);
	tcase_add_test(t, limits_are_bounded);
	tcase_add_test(t, matches_are_told);
	tcase_add_test(t, matches_are_bounded);
	tcase_add_test(t, candidates_are);
	tcase_add_test(t, reasons_have_texts);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(eval_suite());
}
