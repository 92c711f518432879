/* SPDX-License-Identifier: ISC */
/*
 * The table, as text.
 */
#include "nft.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "exit.h"
#include "judge.h"
#include "probe.h"
#include "target.h"

#define RESOLV_CONF "/etc/resolv.conf"

enum { UID_MIN = 1000, UID_MAX = 60000, HIGH_MIN = 65536, RESOLVERS = 3 };

/* New connections and questions of one uid: what the others' are left room by. */
enum { RATE = 100, BURST = 500, RATES = 262144 };

struct place {
	struct addr addr;
	uint16_t port;
};

/* What some users may reach; most have the same as others. */
struct class {
	struct place *list; /* sorted, each once */
	size_t n;
};

struct table {
	const struct policy *policy;
	time_t now;
	struct names names; /* of accounts */
	struct class *classes;
	size_t nclasses, unlisted;
	struct member {
		unsigned uid;
		bool gated; /* all of its connections go through the gate */
		size_t class;
	} *members;
	size_t nmembers;
	struct device *devices; /* at addresses; sorted */
	size_t ndevices;
	FILE *out;
};

static void *
grow(void *list, size_t n, size_t size)
{
	void *more = reallocarray(list, n + 1, size);

	if (more == NULL)
		err(EXIT_INTERNAL, NULL);
	return more;
}

/*
 * Who may reach what.
 */
static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int order = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	return order != 0 ? order : (int)x->port - (int)y->port;
}

/* ADDRESS:PORT, in quotes; names are not for a firewall. */
static bool
read_place(struct place *place, const char *quoted)
{
	char text[ADDR_TEXT + 16], *colon, *address = text;
	size_t n = strcspn(quoted, "\"");

	if (n >= sizeof(text))
		return false;
	memcpy(text, quoted, n);
	text[n] = '\0';
	colon = strrchr(text, ':');
	if (colon == NULL || !port_parse(&place->port, colon + 1))
		return false;
	*colon = '\0';
	if (*address == '[' && colon[-1] == ']') {
		address++;
		colon[-1] = '\0';
	}
	return addr_parse(&place->addr, address);
}

/* Add what permitopen options say. */
static void
add_places(struct class *c, const char *options)
{
	static const char word[] = "permitopen=\"";

	while ((options = strstr(options, word)) != NULL) {
		options += sizeof(word) - 1;
		c->list = grow(c->list, c->n, sizeof(*c->list));
		memset(&c->list[c->n], 0, sizeof(*c->list));
		c->n += read_place(&c->list[c->n], options);
	}
}

static void
sort_places(struct class *c)
{
	size_t kept = 0;

	if (c->n == 0)
		return;
	qsort(c->list, c->n, sizeof(*c->list), by_place);
	for (size_t i = 0; i < c->n; i++) {
		if (kept == 0 ||
		    by_place(&c->list[kept - 1], &c->list[i]) != 0)
			c->list[kept++] = c->list[i];
	}
	c->n = kept;
}

static void
add_rights(struct table *t, struct class *c, const char *account,
    const char *user)
{
	struct judge judge = {.policy = t->policy, .now = t->now};
	const char *options = judge_rights(&judge, account, user);

	if (options != NULL) {
		add_places(c, options);
	} else {
		warnx("%s: what to reach cannot be listed: nothing",
		    user == NULL ? account : user);
		t->unlisted++;
	}
	judge_free(&judge);
}

/* Of an account of one person, or of all who share it. */
static struct class
find_rights(struct table *t, const char *account)
{
	const struct policy *p = t->policy;
	struct class c = {0};

	if (!policy_account_shared(p, account))
		add_rights(t, &c, account, NULL);
	for (uint32_t i = 0; i < p->table[PT_USERS].n; i++) {
		const struct policy_user *u = policy_user(p, i);

		if ((u->flags & USER_SHARED) &&
		    strcmp(policy_string(p, u->account), account) == 0)
			add_rights(t, &c, account, policy_string(p, u->name));
	}
	return c;
}

/* The class of these rights, which it takes. */
static size_t
class_of(struct table *t, struct class *c)
{
	size_t i;

	for (i = 0; i < t->nclasses; i++) {
		const struct class *old = &t->classes[i];

		if (old->n == c->n &&
		    (c->n == 0 ||
			memcmp(old->list, c->list, c->n * sizeof(*c->list)) ==
			    0)) {
			free(c->list);
			return i;
		}
	}
	t->classes = grow(t->classes, t->nclasses, sizeof(*t->classes));
	t->classes[t->nclasses++] = *c;
	return i;
}

/* Of this uid, which may be that of two accounts; NULL: none. */
static struct member *
find_member(const struct table *t, unsigned uid)
{
	for (size_t i = 0; i < t->nmembers; i++) {
		if (t->members[i].uid == uid)
			return &t->members[i];
	}
	return NULL;
}

/* A member without rights; behind the gate, if no account of the uid is not. */
static void
add_member(struct table *t, const char *name)
{
	struct account account;
	struct class none = {0};
	struct member *m;

	if (!account_find(&account, name))
		return;
	m = find_member(t, account.uid);
	if (account.uid == 0) {
		warnx("%s is root, whom no table holds", name);
	} else if (m == NULL) {
		t->members =
		    grow(t->members, t->nmembers, sizeof(*t->members));
		m = &t->members[t->nmembers++];
		m->uid = account.uid;
		m->gated = policy_meta(t->policy)->gate != 0;
		m->class = class_of(t, &none);
	}
	if (m != NULL && policy_account_shared(t->policy, name))
		m->gated = false;
	account_free(&account);
}

/* With all members known: what this account may reach past the gate. */
static void
add_places_of(struct table *t, const char *name)
{
	struct account account;
	const struct class *old;
	struct member *m;
	struct class c;

	if (!account_find(&account, name))
		return;
	m = find_member(t, account.uid);
	account_free(&account);
	if (m == NULL || m->gated)
		return;
	c = find_rights(t, name);
	old = &t->classes[m->class];
	for (size_t i = 0; i < old->n; i++) {
		c.list = grow(c.list, c.n, sizeof(*c.list));
		c.list[c.n++] = old->list[i];
	}
	sort_places(&c);
	m->class = class_of(t, &c);
}

/*
 * Printing.
 */

/* One of many, with a comma between them. */
static void
item(FILE *out, size_t *n)
{
	fputs(*n == 0 ? "\n\t\t\t" : *n % 4 == 0 ? ",\n\t\t\t" : ", ", out);
	++*n;
}

/* Of the addresses of one family. */
static size_t
print_places(const struct table *t, const struct class *c, size_t number,
    bool v4)
{
	char text[ADDR_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct addr *a = &c->list[i].addr;

		if (addr_is_v4(a) != v4)
			continue;
		if (n == 0)
			fprintf(t->out,
			    "\tset rights%zu_%s {\n"
			    "\t\ttype %s . inet_service\n\t\telements = {",
			    number, v4 ? "v4" : "v6",
			    v4 ? "ipv4_addr" : "ipv6_addr");
		item(t->out, &n);
		fprintf(t->out, "%s . %u", addr_print(a, text),
		    c->list[i].port);
	}
	if (n > 0)
		fputs("\n\t\t}\n\t}\n", t->out);
	return n;
}

static void
print_class(const struct table *t, size_t number)
{
	const struct class *c = &t->classes[number - 1];
	size_t v4, v6;

	if (c->n == 0)
		return;
	v4 = print_places(t, c, number, true);
	v6 = print_places(t, c, number, false);
	fprintf(t->out, "\tchain rights%zu {\n", number);
	if (v4 > 0)
		fprintf(t->out, "\t\tip daddr . tcp dport @rights%zu_v4 accept\n",
		    number);
	if (v6 > 0)
		fprintf(t->out, "\t\tip6 daddr . tcp dport @rights%zu_v6 accept\n",
		    number);
	fputs("\t}\n\n", t->out);
}

bool
nft_may_hold(unsigned uid)
{
	return (uid >= UID_MIN && uid <= UID_MAX) || uid >= HIGH_MIN;
}

bool
nft_holds(const struct policy *p, unsigned uid)
{
	struct policy_range exempt =
	    policy_clip(p, PT_WORDS, policy_meta(p)->exempt);
	bool held = policy_meta(p)->nft != 0 && nft_may_hold(uid);

	for (uint32_t i = 0; i < exempt.n && held; i++) {
		struct account a;

		if (!account_find(&a, policy_word(p, exempt.first + i)))
			continue;
		held = a.uid != uid;
		account_free(&a);
	}
	return held;
}

/* A set of uids; nft(8) wants no list of no elements. */
static void
print_uids(const struct table *t)
{
	fprintf(t->out,
	    "\tset people {\n\t\ttype uid\n\t\tflags interval\n"
	    "\t\telements = { %d-%d, %d-4294967294",
	    UID_MIN, UID_MAX, HIGH_MIN);
	for (size_t i = 0; i < t->nmembers; i++) {
		if (!nft_may_hold(t->members[i].uid))
			fprintf(t->out, ", %u", t->members[i].uid);
	}
	fputs(" }\n\t}\n", t->out);
}

/* Whether its own connections may pass: it is nobody's whom the table holds. */
static bool
is_exempt(const struct table *t, const struct account *a)
{
	if (account_in(a, "jump"))
		warnx("set exempt: %s is of the group jump, and is "
		      "not exempt", a->name);
	else if (find_member(t, a->uid) != NULL)
		warnx("set exempt: %s has the uid of a user, and is "
		      "not exempt", a->name);
	else
		return true;
	return false;
}

static void
print_exempt(const struct table *t)
{
	struct policy_range exempt = policy_clip(
	    t->policy, PT_WORDS, policy_meta(t->policy)->exempt);
	size_t n = 0;

	fputs("\tset exempt {\n\t\ttype uid\n", t->out);
	for (uint32_t i = 0; i < exempt.n; i++) {
		const char *name = policy_word(t->policy, exempt.first + i);
		struct account a;

		if (!account_find(&a, name)) {
			warnx("set exempt: there is no account %s", name);
			continue;
		}
		if (is_exempt(t, &a)) {
			fputs(n == 0 ? "\t\telements = {" : "", t->out);
			item(t->out, &n);
			fprintf(t->out, "%u", a.uid);
		}
		account_free(&a);
	}
	fputs(n == 0 ? "\t}\n" : "\n\t\t}\n\t}\n", t->out);
}

static void
print_map(const struct table *t)
{
	size_t n = 0;

	fputs("\tmap rights {\n\t\ttype uid : verdict\n", t->out);
	for (size_t i = 0; i < t->nmembers; i++) {
		const struct member *m = &t->members[i];

		if (t->classes[m->class].n == 0 || m->gated)
			continue;
		fputs(n == 0 ? "\t\telements = {" : "", t->out);
		item(t->out, &n);
		fprintf(t->out, "%u : jump rights%zu", m->uid, m->class + 1);
	}
	fputs(n == 0 ? "\t}\n" : "\n\t\t}\n\t}\n", t->out);
}

static void
print_gated(const struct table *t)
{
	size_t n = 0;

	fputs("\tset gated {\n\t\ttype uid\n", t->out);
	for (size_t i = 0; i < t->nmembers; i++) {
		if (!t->members[i].gated)
			continue;
		fputs(n == 0 ? "\t\telements = {" : "", t->out);
		item(t->out, &n);
		fprintf(t->out, "%u", t->members[i].uid);
	}
	fputs(n == 0 ? "\t}\n" : "\n\t\t}\n\t}\n", t->out);
}

/* The name servers; where none is configured, resolv.conf(5) says this host. */
static void
print_resolvers(const struct table *t, const char *verdict)
{
	FILE *f = fopen(RESOLV_CONF, "re");
	char line[512], word[ADDR_TEXT + 32];
	struct addr a;
	int n = 0;

	while (f != NULL && n < RESOLVERS && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "nameserver%*[ \t]%77s", word) != 1)
			continue;
		word[strcspn(word, "%")] = '\0';
		if (!addr_parse(&a, word))
			continue;
		n++;
		fprintf(t->out,
		    "\t\t%s daddr %s meta l4proto { tcp, udp } "
		    "th dport 53 %s\n",
		    addr_is_v4(&a) ? "ip" : "ip6", addr_print(&a, word),
		    verdict);
	}
	if (f != NULL)
		fclose(f);
	if (n == 0)
		fprintf(t->out,
		    "\t\tip daddr 127.0.0.1 meta l4proto { tcp, udp } "
		    "th dport 53 %s\n", verdict);
}

/*
 * Devices.
 */

/* Their accounts, as many as their places; no uid of one that there is not. */
struct device {
	struct place place;
	unsigned uid;
	bool found;
};

static void
add_device(struct table *t, const struct policy_target *target)
{
	const struct policy *p = t->policy;
	struct policy_range nets = policy_clip(p, PT_NETS, target->nets);
	struct policy_range ports = policy_clip(p, PT_PORTS, target->ports);
	struct device d = {0};
	struct account a;

	if (nets.n == 0)
		return;
	d.place.addr = ((const struct net *)policy_row(
			    p, PT_NETS, nets.first))->addr;
	d.found = account_find(&a, policy_string(p, target->account));
	if (d.found) {
		d.uid = a.uid;
		account_free(&a);
	}
	for (uint32_t i = 0; i < ports.n; i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, ports.first + i);

		d.place.port = port->port;
		t->devices = grow(t->devices, t->ndevices, sizeof(d));
		t->devices[t->ndevices++] = d;
	}
}

static int
by_device(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	return by_place(&x->place, &y->place);
}

static void
add_devices(struct table *t)
{
	const struct policy *p = t->policy;

	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		if (policy_target(p, i)->kind == TARGET_DEVICE)
			add_device(t, policy_target(p, i));
	}
	if (t->ndevices > 0)
		qsort(t->devices, t->ndevices, sizeof(*t->devices), by_device);
}

/* Their places; with_uid: and of each the account, where it is one. */
static void
print_places_of_devices(const struct table *t, bool with_uid)
{
	char text[ADDR_TEXT];
	size_t n = 0;

	for (size_t i = 0; i < t->ndevices; i++) {
		const struct device *d = &t->devices[i];

		if (with_uid && (!d->found || d->uid == 0))
			continue;
		fputs(n == 0 ? "\t\telements = {" : "", t->out);
		item(t->out, &n);
		fprintf(t->out, "%s . %u", addr_print(&d->place.addr, text),
		    d->place.port);
		if (with_uid)
			fprintf(t->out, " . %u", d->uid);
	}
	fputs(n == 0 ? "\t}\n" : "\n\t\t}\n\t}\n", t->out);
}

static void
print_devices(const struct table *t)
{
	if (t->ndevices == 0)
		return;
	fputs("\tset device_places {\n\t\ttype ipv4_addr . inet_service\n", t->out);
	print_places_of_devices(t, false);
	fputs("\tset device_owners {\n"
	      "\t\ttype ipv4_addr . inet_service . uid\n",
	    t->out);
	print_places_of_devices(t, true);
}

static void
print_impostors(const struct table *t)
{
	if (t->ndevices > 0)
		fputs("\t\tip saddr . tcp sport @device_places jump owned\n",
		    t->out);
}

/*
 * What the kernel sends for nobody has no uid: refusals, which pass, and the
 * end of what was closed.  But so have answers with SYN cookies, which whoever
 * listens can bring about: without them no connection begins.
 */
static void
print_owners(const struct table *t)
{
	if (t->ndevices > 0)
		fputs("\n\tchain owned {\n"
		      "\t\t# What is sent from a device's place is its "
		      "account's.\n"
		      "\t\tip saddr . tcp sport . meta skuid @device_owners "
		      "return\n"
		      "\t\ttcp flags & syn == syn counter name \"impostors\" "
		      "drop\n"
		      "\t\tip saddr . tcp sport . meta skuid != @device_owners "
		      "counter name \"impostors\" drop\n\t}\n",
		    t->out);
}

static void
print_head(const struct table *t)
{
	char hash[17];

	policy_hash_text(t->policy, hash);
	fprintf(t->out,
	    "# The firewall of the jump policy %s, made by: jumpctl export "
	    "nft\n# To make it again and load it: jumpctl export nft | nft -f "
	    "-\n# See FIREWALL in jumpctl(8).\n\n"
	    "table inet jumphost\ndelete table inet jumphost\n\n"
	    "table inet jumphost {\n\tcounter refused { }\n",
	    hash);
	if (t->ndevices > 0)
		fputs("\tcounter impostors { }\n", t->out);
}

static void
print_rates(const struct table *t)
{
	fprintf(t->out,
	    "\tset " NFT_RATES " {\n\t\ttype uid\n\t\tsize %d\n"
	    "\t\tflags dynamic,timeout\n\t\ttimeout 10s\n\t}\n", RATES);
}

static void
print_chains(const struct table *t)
{
	fputs("\n\tchain output {\n"
	      "\t\ttype filter hook output priority filter; policy accept;\n",
	    t->out);
	print_impostors(t);
	fputs("\t\tmeta skuid @people meta skuid != @exempt goto people\n\t}\n",
	    t->out);
	print_owners(t);
	fputs("\n\tchain people {\n"
	      "\t\t# jump-connect made its sockets with this group.\n"
	      "\t\tmeta skgid \"_jump\" accept\n"
	      "\t\toif \"lo\" ct direction reply accept\n"
	      "\t\t# A route of the sender's own leads on from a permitted "
	      "address.\n"
	      "\t\texthdr rt exists counter name \"refused\" drop\n"
	      "\t\tip option lsrr exists counter name \"refused\" drop\n"
	      "\t\tip option ssrr exists counter name \"refused\" drop\n",
	    t->out);
	fprintf(t->out,
	    "\t\tct state new update @" NFT_RATES " { meta skuid limit rate "
	    "over %d/second burst %d packets } counter name \"refused\" drop\n"
	    "\t\tct state new meta skuid != @" NFT_RATES " counter name "
	    "\"refused\" drop\n"
	    "\t\tmeta skuid vmap @rights\n", RATE, BURST);
	if (policy_meta(t->policy)->gate != 0)
		fprintf(t->out,
		    "\t\tmeta skuid @gated ip daddr 127.0.0.1 tcp dport %u "
		    "accept\n"
		    "\t\tmeta skuid @gated ip6 daddr ::1 tcp dport %u "
		    "accept\n",
		    policy_meta(t->policy)->gate,
		    policy_meta(t->policy)->gate);
	print_resolvers(t, "accept");
	fputs("\t\tlimit rate 5/second log prefix \"jumphost refused: \" "
	      "flags skuid\n"
	      "\t\tcounter name \"refused\" "
	      "reject with icmpx admin-prohibited\n\t}\n}\n", t->out);
}

/*
 * All that the users' own sockets connect to leads to the gate, but name
 * servers; and the address by which jump-authkeys sees that it does.
 *
 * Two connections from one port to two places would be one and the same behind
 * that, so that the kernel gives the second another port, at random.  The gate
 * looks for the owner by the port: it must not see that one, which may be that
 * of somebody's connection that did not go through it.  What has ended keeps its
 * port for a second, and not for the usual two minutes.
 */
static void
print_gate(const struct table *t)
{
	uint32_t port = policy_meta(t->policy)->gate;

	if (port == 0)
		return;
	print_gated(t);
	fputs("\n\tct timeout ended {\n\t\tprotocol tcp\n\t\tl3proto ip\n"
	      "\t\tpolicy = { syn_sent : 5, time_wait : 1, close : 1 }\n\t}\n", t->out);
	fprintf(t->out,
	    "\n\tchain gate {\n"
	    "\t\ttype nat hook output priority -100; policy accept;\n"
	    "\t\tip daddr " PROBE_ADDRESS
	    " tcp dport %u redirect to :%u\n"
	    "\t\tmeta skgid \"_jump\" accept\n"
	    "\t\t# What the kernel itself connects has no uid.\n"
	    "\t\tmeta skuid @gated goto turned\n\t}\n"
	    "\n\tchain turned {\n",
	    PROBE_PORT, port);
	print_resolvers(t, "accept");
	fprintf(t->out,
	    "\t\tmeta l4proto tcp ct timeout set \"ended\" "
	    "redirect to :%u\n\t}\n", port);
	fprintf(t->out,
	    "\n\tchain altered {\n"
	    "\t\ttype filter hook input priority 150; policy accept;\n"
	    "\t\t# Two connections from one port; the gate would ask for the "
	    "wrong one.\n"
	    "\t\ttcp dport %u ct status snat counter name \"refused\" "
	    "reject with tcp reset\n\t}\n",
	    port);
	fputs("\n\tchain leaving {\n"
	      "\t\ttype filter hook postrouting priority filter; policy "
	      "accept;\n"
	      "\t\t# Sockets that are bound to an interface take the way to "
	      "the gate along.\n"
	      "\t\toif != \"lo\" ip daddr 127.0.0.0/8 "
	      "counter name \"refused\" drop\n"
	      "\t\toif != \"lo\" ip6 daddr ::1 "
	      "counter name \"refused\" drop\n\t}\n", t->out);
}

static void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->nclasses; i++)
		free(t->classes[i].list);
	free(t->classes);
	free(t->members);
	free(t->devices);
	names_free(&t->names);
}

size_t
nft_print(const struct policy *p, time_t now, FILE *out)
{
	struct table t = {.policy = p, .now = now, .out = out};

	names_jump(&t.names, p);
	for (size_t i = 0; i < t.names.n; i++)
		add_member(&t, t.names.list[i]);
	for (size_t i = 0; i < t.names.n; i++) {
		progress("listing rights", i, t.names.n);
		add_places_of(&t, t.names.list[i]);
	}
	progress("listing rights", t.names.n, t.names.n);
	add_devices(&t);
	print_head(&t);
	print_devices(&t);
	print_uids(&t);
	print_exempt(&t);
	print_rates(&t);
	for (size_t i = 1; i <= t.nclasses; i++)
		print_class(&t, i);
	print_map(&t);
	print_gate(&t);
	print_chains(&t);
	table_free(&t);
	return t.unlisted;
}
