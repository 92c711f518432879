/* SPDX-License-Identifier: ISC */
/*
 * The policy as a whole: names become indexes, and what is legal by itself
 * but wrong together is found.
 */
#include "policy_build.h"

#include <stdlib.h>
#include <string.h>

#define ZONEINFO "/usr/share/zoneinfo/"

static uint32_t
count(const struct build *b, enum policy_table t)
{
	return b->p->table[t].n;
}

static const char *
text(const struct build *b, uint32_t string)
{
	return policy_string(b->p, string);
}

/*
 * Names.
 */
static bool
resolve(struct build *b, enum space space, uint32_t *index,
    const struct position *at, const char *what, const char *hint)
{
	uint32_t row = build_find(b, space, *index);

	if (row == POLICY_NONE &&
	    build_find(b, SPACE_DROPPED, *index) != POLICY_NONE)
		return false; /* its declaration has its own error */
	if (row == POLICY_NONE) {
		report_error(b->report, at, hint, "no %s named `%.64s'", what,
		    text(b, *index));
		return false;
	}
	*index = row;
	return true;
}

static void
resolve_user(struct build *b, uint32_t *index, const struct position *at)
{
	const char *hint = "declare it: user NAME";

	if (build_find(b, SPACE_GROUP, *index) != POLICY_NONE)
		hint = "a group of that name is written with @ before it";
	if (!resolve(b, SPACE_PERSON, index, at, "user", hint))
		return;
	if (policy_user(b->p, *index)->flags & USER_DEVICE)
		report_error(b->report, at, NULL,
		    "a device is nobody's WHO");
}

static void
resolve_target(struct build *b, struct policy_ref *ref,
    const struct position *at)
{
	uint32_t string = ref->index;
	const struct policy_target *t;
	const char *hint = "declare it: host NAME ADDRESS ssh 22";

	if (build_find(b, SPACE_TAG, string) != POLICY_NONE)
		hint = "a tag of that name is written with @ before it";
	if (!resolve(b, SPACE_TARGET, &ref->index, at, "target", hint))
		return;
	t = policy_target(b->p, ref->index);
	if (t->name != string)
		report_error(b->report, at, "rules use the target's name",
		    "this is an alias or path of `%.64s'", text(b, t->name));
	else if (ref->port != 0 &&
	    !policy_declares(b->p, t, (uint16_t)ref->port, NULL))
		report_error(b->report, at, "add it to the target",
		    "`%.64s' does not declare port %u", text(b, t->name),
		    ref->port);
}

static void
resolve_ref(struct build *b, struct policy_ref *ref,
    const struct position *at)
{
	switch ((enum ref_kind)ref->kind) {
	case REF_USER:
		resolve_user(b, &ref->index, at);
		break;
	case REF_GROUP:
		resolve(b, SPACE_GROUP, &ref->index, at, "group",
		    "declare it: group @NAME { ... }");
		break;
	case REF_TARGET:
		resolve_target(b, ref, at);
		break;
	case REF_TAG:
		resolve(b, SPACE_TAG, &ref->index, at, "tag",
		    "after `to', @ is a tag of targets");
		break;
	case REF_WINDOW:
		resolve(b, SPACE_WINDOW, &ref->index, at, "window",
		    "declare it: window NAME DAYS HH:MM-HH:MM");
		break;
	case REF_UNIXGROUP:
	case REF_ANYONE:
	case REF_ANYTHING:
		break;
	}
}

static void
resolve_key(struct build *b, struct policy_key *key,
    const struct position *at)
{
	const struct policy_target *t;

	if (key->kind == KEY_USER) {
		resolve(b, SPACE_PERSON, &key->owner, at, "user or device",
		    "declare it: user NAME");
		return;
	}
	if (key->kind == KEY_CA || !resolve(b, SPACE_TARGET, &key->owner, at,
	    "target", NULL))
		return;
	t = policy_target(b->p, key->owner);
	if (t->kind == TARGET_NET || t->kind == TARGET_DOMAIN)
		report_error(b->report, at, "declare a host",
		    "a host key belongs to a host, device or socket");
}

void
build_resolve(struct build *b)
{
	struct policy_ref *refs = b->p->table[PT_REFS].rows;
	struct policy_key *keys = b->p->table[PT_KEYS].rows;
	struct policy_rule *rules = b->p->table[PT_RULES].rows;

	if (b->no_memory)
		return;
	for (uint32_t i = 0; i < count(b, PT_REFS); i++)
		resolve_ref(b, &refs[i], &b->at[PT_REFS][i]);
	for (uint32_t i = 0; i < count(b, PT_KEYS); i++)
		resolve_key(b, &keys[i], &b->at[PT_KEYS][i]);
	for (uint32_t i = 0; i < count(b, PT_RULES); i++) {
		if (rules[i].obligations & MUST_APPROVE)
			rules[i].approvers = refs[rules[i].approvers].index;
	}
}

/*
 * Groups.
 */
enum { NEW, OPEN, DONE };

struct walk {
	uint32_t group, member; /* and the next member to look at */
};

/* Walk down from one group; an open group met again closes a cycle. */
static void
walk_group(struct build *b, struct walk *stack, uint8_t *state, uint32_t from)
{
	size_t depth = 0;

	stack[depth++] = (struct walk){from, 0};
	state[from] = OPEN;
	while (depth > 0) {
		struct walk *w = &stack[depth - 1];
		const struct policy_group *g = policy_group(b->p, w->group);
		uint32_t at = g->members.first + w->member;
		const struct policy_ref *ref;

		if (w->member++ == g->members.n) {
			state[w->group] = DONE;
			depth--;
			continue;
		}
		ref = policy_ref(b->p, at);
		if (ref->kind != REF_GROUP || state[ref->index] == DONE)
			continue;
		if (state[ref->index] == OPEN) {
			report_error(b->report, &b->at[PT_REFS][at], NULL,
			    "group @%.64s contains itself",
			    text(b, policy_group(b->p, ref->index)->name));
			continue;
		}
		state[ref->index] = OPEN;
		stack[depth++] = (struct walk){ref->index, 0};
	}
}

static void
check_groups(struct build *b)
{
	uint32_t n = count(b, PT_GROUPS);
	struct walk *stack = calloc(n + 1, sizeof(*stack));
	uint8_t *state = calloc(n + 1, 1);

	if (stack == NULL || state == NULL)
		b->no_memory = true;
	for (uint32_t i = 0; i < n && !b->no_memory; i++) {
		if (state[i] == NEW)
			walk_group(b, stack, state, i);
	}
	free(stack);
	free(state);
}

/*
 * People.
 */
static void
report_belongs(struct build *b, uint32_t device)
{
	report_error(b->report, &b->at[PT_USERS][device], NULL,
	    "the device's account `%.64s' belongs to people",
	    text(b, policy_user(b->p, device)->account));
}

static void
check_user(struct build *b, uint32_t i)
{
	const struct policy_user *u = policy_user(b->p, i);
	const struct position *at = &b->at[PT_USERS][i];
	uint32_t other = build_find(b, SPACE_PERSON, u->account);

	if ((u->flags & USER_SHARED) && other != POLICY_NONE)
		report_error(b->report, at, "choose another name for one",
		    "the shared account `%.64s' is also a user or device",
		    text(b, u->account));
	if (!(u->flags & USER_DEVICE) || u->account == u->name)
		return;
	if (other != POLICY_NONE &&
	    (policy_user(b->p, other)->flags & USER_DEVICE))
		report_error(b->report, at,
		    "devices share an account that has another name than they",
		    "the account `%.64s' is that of the device of this name",
		    text(b, u->account));
	else if (other != POLICY_NONE)
		report_belongs(b, i);
}

/* Nor do people share it: the index has those of an account side by side. */
static void
check_accounts(struct build *b)
{
	for (uint32_t i = 1; i < count(b, PT_IX_ACCOUNT); i++) {
		const struct policy_entry *e =
		    policy_row(b->p, PT_IX_ACCOUNT, i);
		const struct policy_user *u = policy_user(b->p, e->row);
		const struct policy_user *last = policy_user(b->p, e[-1].row);
		bool first = (last->flags & USER_DEVICE) != 0;
		const struct policy_user *device = first ? last : u;
		const struct policy_user *person = first ? u : last;

		if (u->account == last->account &&
		    (device->flags & USER_DEVICE) &&
		    device->account != device->name &&
		    (person->flags & USER_SHARED))
			report_belongs(b, first ? e[-1].row : e->row);
	}
}

/* One warning for each shared account, at its first user. */
static void
warn_shared(struct build *b)
{
	uint32_t account = 0;

	for (uint32_t i = 0; i < count(b, PT_IX_ACCOUNT); i++) {
		const struct policy_entry *e =
		    policy_row(b->p, PT_IX_ACCOUNT, i);
		const struct policy_user *u = policy_user(b->p, e->row);

		if (!(u->flags & USER_SHARED) || u->account == account)
			continue;
		account = u->account;
		report_warning(b->report, &b->at[PT_USERS][e->row],
		    "give people accounts of their own",
		    "whoever breaks out of the shared account `%.64s' has "
		    "the rights of all its users", text(b, account));
	}
}

/*
 * Targets.
 */
static bool
never_reached(const struct build *b, const struct addr *a)
{
	struct addr inner;

	return addr_never(a) ||
	    policy_nets_have(b->p, policy_meta(b->p)->never, a) ||
	    (addr_embedded(a, &inner) && never_reached(b, &inner));
}

static void
check_addresses(struct build *b, const struct policy_target *t)
{
	for (uint32_t i = t->nets.first; i < t->nets.first + t->nets.n; i++) {
		const struct net *net = policy_row(b->p, PT_NETS, i);
		const struct position *at = &b->at[PT_NETS][i];

		for (uint32_t n = t->nets.first; n < i; n++) {
			const struct net *other =
			    policy_row(b->p, PT_NETS, n);

			if (!addr_equal(&net->addr, &other->addr))
				continue;
			report_error(b->report, at, NULL,
			    "address stands twice");
			break;
		}
		if (never_reached(b, &net->addr))
			report_error(b->report, at,
			    "see ADDRESSES THAT ARE NEVER REACHED in "
			    "jump-policy(5)",
			    "an address that is never reached");
	}
}

static bool
device_address(const struct addr *a)
{
	struct net loopback;
	struct addr localhost;

	net_parse(&loopback, "127.0.0.0/8");
	addr_parse(&localhost, "127.0.0.1");
	return net_contains(&loopback, a) && !addr_equal(a, &localhost);
}

static void
check_ports(struct build *b, const struct policy_target *t)
{
	uint8_t seen[(PORT_MAX + 1) / 8] = {0};

	for (uint32_t i = t->ports.first; i < t->ports.first + t->ports.n;
	    i++) {
		const struct policy_port *row = policy_row(b->p, PT_PORTS, i);
		uint8_t bit = (uint8_t)(1 << row->port % 8);

		if (seen[row->port / 8] & bit)
			report_error(b->report, &b->at[PT_PORTS][i], NULL,
			    "port %u stands twice", row->port);
		seen[row->port / 8] |= bit;
	}
}

static void
check_target(struct build *b, uint32_t i)
{
	const struct policy_target *t = policy_target(b->p, i);
	const struct position *at = &b->at[PT_TARGETS][i];
	const char *name = text(b, t->name);

	if (strpbrk(name, "abcdefghijklmnopqrstuvwxyz") == NULL)
		report_error(b->report, at, "use a letter",
		    "the name looks like an address");
	for (uint32_t n = 0; n < t->aliases.n; n++) {
		uint32_t row = t->aliases.first + n;

		if (strpbrk(policy_word(b->p, row),
			"abcdefghijklmnopqrstuvwxyz") == NULL)
			report_error(b->report, &b->at[PT_WORDS][row],
			    "use a letter", "the alias looks like an address");
	}
	if (t->kind == TARGET_HOST)
		check_addresses(b, t);
	check_ports(b, t);
	if (t->kind == TARGET_DEVICE && t->nets.n == 1) {
		const struct net *net =
		    policy_row(b->p, PT_NETS, t->nets.first);

		if (!device_address(&net->addr))
			report_error(b->report, &b->at[PT_NETS][t->nets.first],
			    "such as 127.77.0.17",
			    "a device is in 127.0.0.0/8, not at 127.0.0.1");
	}
}

static bool
share_port(const struct build *b, const struct policy_target *x,
    const struct policy_target *y)
{
	for (uint32_t i = 0; i < x->ports.n; i++) {
		const struct policy_port *port =
		    policy_row(b->p, PT_PORTS, x->ports.first + i);

		if (policy_declares(b->p, y, port->port, NULL))
			return true;
	}
	return false;
}

/* Report a device that stands before row i with its address and a port. */
static void
check_device(struct build *b, uint32_t i)
{
	const struct policy_cover *y = policy_row(b->p, PT_IX_NET, i);
	const struct policy_target *t = policy_target(b->p, y->target);

	while (i-- > 0) {
		const struct policy_cover *x = policy_row(b->p, PT_IX_NET, i);
		const struct policy_target *s = policy_target(b->p, x->target);

		if (x->net.len != y->net.len ||
		    !addr_equal(&x->net.addr, &y->net.addr))
			return;
		if (s->kind != TARGET_DEVICE || !share_port(b, s, t))
			continue;
		report_error(b->report, &b->at[PT_TARGETS][y->target], NULL,
		    "device `%.64s' has this address and port too",
		    text(b, s->name));
		return;
	}
}

static void
check_devices(struct build *b)
{
	for (uint32_t i = 0; i < count(b, PT_IX_NET); i++) {
		const struct policy_cover *row =
		    policy_row(b->p, PT_IX_NET, i);

		if (policy_target(b->p, row->target)->kind == TARGET_DEVICE)
			check_device(b, i);
	}
}

/* Of a device. */
static bool
has_address(struct build *b, const struct policy_user *u)
{
	uint32_t target = build_find(b, SPACE_TARGET, u->name);

	return target != POLICY_NONE &&
	    policy_target(b->p, target)->path == 0;
}

/* sshd(8) lets nobody but root listen there. */
static void
warn_ports(struct build *b, const struct policy_target *t)
{
	for (uint32_t i = 0; i < t->ports.n; i++) {
		uint32_t row = t->ports.first + i;
		const struct policy_port *port =
		    policy_row(b->p, PT_PORTS, row);

		if (port->port < 1024)
			report_warning(b->report, &b->at[PT_PORTS][row],
			    "such as 2222",
			    "sshd lets no device listen on a port below 1024");
	}
}

/* Whoever listens at an address, the kernel knows only the account. */
static void
warn_kin(struct build *b)
{
	uint32_t warned = 0;

	for (uint32_t i = 1; i < count(b, PT_IX_ACCOUNT); i++) {
		const struct policy_entry *e =
		    policy_row(b->p, PT_IX_ACCOUNT, i);
		const struct policy_user *u = policy_user(b->p, e->row);
		const struct policy_user *last = policy_user(b->p, e[-1].row);
		bool placed = has_address(b, u) || has_address(b, last);

		if (!(u->flags & last->flags & USER_DEVICE) ||
		    u->account != last->account || u->account == warned ||
		    !placed)
			continue;
		warned = u->account;
		report_warning(b->report, &b->at[PT_USERS][e->row],
		    "give devices at an address accounts of their own",
		    "nothing but sshd keeps apart who listens at the addresses "
		    "of the account `%.64s'", text(b, u->account));
	}
}

static void
warn_devices(struct build *b)
{
	for (uint32_t i = 0; i < count(b, PT_TARGETS); i++) {
		const struct policy_target *t = policy_target(b->p, i);

		if (t->kind == TARGET_DEVICE && t->path == 0)
			warn_ports(b, t);
	}
	warn_kin(b);
}

/*
 * Rules.
 */
static void
check_port(struct build *b, const struct policy_ref *ref,
    const struct position *at)
{
	struct policy_range r =
	    policy_links(b->p, PT_IX_TAG, REF_TAG, ref->index);

	if (ref->kind == REF_ANYTHING)
		r = (struct policy_range){0, count(b, PT_TARGETS)};
	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_link *link =
		    policy_row(b->p, PT_IX_TAG, r.first + i);
		uint32_t target = ref->kind == REF_ANYTHING ? i : link->to;

		if (policy_declares(b->p, policy_target(b->p, target),
			(uint16_t)ref->port, NULL))
			return;
	}
	report_error(b->report, at, NULL,
	    "none of these targets declares port %u", ref->port);
}

/*
 * Whether forward can hold a rule at all: one literal target is enough, or a
 * net behind the gate, and ends are held while a sweep runs.
 */
static bool
forward_serves(const struct build *b, const struct policy_rule *rule)
{
	if (rule->from.n != 0)
		return false;
	for (uint32_t i = 0; i < rule->what.n; i++) {
		const struct policy_ref *ref =
		    policy_ref(b->p, rule->what.first + i);
		const struct policy_target *t;

		if (ref->kind != REF_TARGET)
			return true;
		t = policy_target(b->p, ref->index);
		if ((t->kind == TARGET_HOST || t->kind == TARGET_DEVICE) &&
		    t->path == 0)
			return true;
		if (t->kind == TARGET_NET && policy_meta(b->p)->gate != 0)
			return true;
	}
	return false;
}

/* Whether a port on which that is spoken is named; a tag may have some. */
static bool
names_protocol(const struct build *b, const struct policy_rule *rule,
    enum policy_protocol protocol)
{
	for (uint32_t i = 0; i < rule->what.n; i++) {
		const struct policy_ref *ref =
		    policy_ref(b->p, rule->what.first + i);
		struct policy_range ports;

		if (ref->kind != REF_TARGET)
			return true;
		ports = policy_target(b->p, ref->index)->ports;
		for (uint32_t n = 0; n < ports.n; n++) {
			const struct policy_port *port =
			    policy_row(b->p, PT_PORTS, ports.first + n);

			if (port->protocol == protocol &&
			    (ref->port == 0 || ref->port == port->port))
				return true;
		}
	}
	return false;
}

static bool
on_road(const struct policy_rule *rule, enum policy_road road)
{
	return rule->roads == 0 || (rule->roads >> road & 1);
}

/* The roads that could serve an allow rule, bits of 1 << ROAD_. */
static uint32_t
roads_of(const struct build *b, const struct policy_rule *rule)
{
	uint32_t roads = 0;

	for (int road = 0; road < ROAD_COUNT; road++) {
		if (on_road(rule, road) &&
		    !(rule->obligations & ~policy_road_holds(b->p, road)))
			roads |= 1U << road;
	}
	if (!forward_serves(b, rule))
		roads &= ~(1U << ROAD_FORWARD);
	if (!names_protocol(b, rule, PROTO_SSH))
		roads &= ~(1U << ROAD_SHELL);
	if (rule->as.n != 0 ||
	    ((rule->obligations & MUST_RECORD) &&
		!names_protocol(b, rule, PROTO_TCP)))
		roads &= 1U << ROAD_SHELL;
	return roads;
}

static const char roads_hint[] = "see `What the roads hold' in jump-policy(5)";

/* On the road shell, a target without a host key is refused. */
static void
warn_no_hostkey(struct build *b, uint32_t i)
{
	const struct policy_rule *rule = policy_rule(b->p, i);

	for (uint32_t n = 0; n < rule->what.n; n++) {
		uint32_t at = rule->what.first + n;
		const struct policy_ref *ref = policy_ref(b->p, at);

		if (ref->kind != REF_TARGET ||
		    policy_links(b->p, PT_IX_HOSTKEY, REF_TARGET, ref->index)
			    .n != 0)
			continue;
		report_warning(b->report, &b->at[PT_REFS][at],
		    "its hostkey: what ssh-keyscan(1) prints after the name",
		    "only the road shell serves this rule, and it refuses "
		    "`%.64s', which has no hostkey",
		    text(b, policy_target(b->p, ref->index)->name));
	}
}

static void
warn_road(struct build *b, uint32_t i)
{
	const struct policy_rule *rule = policy_rule(b->p, i);
	uint32_t roads = roads_of(b, rule);

	if (rule->verb != VERB_ALLOW)
		return;
	if (roads == 0)
		report_warning(b->report, &b->at[PT_RULES][i], roads_hint,
		    "no road can serve this rule");
	else if (roads == 1U << ROAD_SHELL)
		warn_no_hostkey(b, i);
}

/* What SSH says, where not only the shell road is meant. */
static void
warn_record(struct build *b, uint32_t i)
{
	const struct policy_rule *rule = policy_rule(b->p, i);

	if (!(rule->obligations & MUST_RECORD) ||
	    names_protocol(b, rule, PROTO_TCP) ||
	    !(on_road(rule, ROAD_FORWARD) || on_road(rule, ROAD_CONNECT)) ||
	    !on_road(rule, ROAD_SHELL))
		return;
	report_warning(b->report, &b->at[PT_RULES][i],
	    "the shell road records it; say `via shell' if that is meant",
	    "what SSH says is recorded on the road shell only: ProxyJump and "
	    "ProxyCommand are refused");
}

static void
warn_consent(struct build *b, uint32_t i)
{
	uint32_t obligations = policy_rule(b->p, i)->obligations;

	if ((obligations & MUST_CONSENT) && !(obligations & MUST_RECORD))
		report_warning(b->report, &b->at[PT_RULES][i],
		    "say record too",
		    "consent without record: the user is asked, and nothing "
		    "is recorded by this rule");
}

/* On other roads the login is not known, and what is uncertain binds. */
static void
warn_as(struct build *b, uint32_t i)
{
	const struct policy_rule *rule = policy_rule(b->p, i);

	if (rule->verb == VERB_ALLOW || rule->as.n == 0 ||
	    !(on_road(rule, ROAD_FORWARD) || on_road(rule, ROAD_CONNECT)))
		return;
	report_warning(b->report, &b->at[PT_RULES][i],
	    "say `via shell' if only that is meant",
	    "on the roads forward and connect nobody sees the login: there "
	    "this binds every one");
}

/*
 * A require whose obligations no road can hold.  One that names its roads may
 * be there to close them; not if something is to be done first.
 */
static void
warn_require(struct build *b, uint32_t i)
{
	const struct policy_rule *rule = policy_rule(b->p, i);

	if (rule->verb != VERB_REQUIRE ||
	    (rule->roads != 0 &&
		!(rule->obligations & (MUST_MFA | MUST_TICKET | MUST_APPROVE))))
		return;
	for (int road = 0; road < ROAD_COUNT; road++) {
		if (on_road(rule, road) &&
		    (road != ROAD_SHELL ||
			names_protocol(b, rule, PROTO_SSH)) &&
		    (rule->obligations & ~policy_road_holds(b->p, road)) == 0)
			return;
	}
	report_warning(b->report, &b->at[PT_RULES][i], roads_hint,
	    "no road can hold this: nobody whom it binds gets through");
}

/* The first of them stands for all. */
static void
warn_notify(struct build *b)
{
	if (policy_meta(b->p)->notify_program != 0)
		return;
	for (uint32_t i = 0; i < count(b, PT_RULES); i++) {
		if (!(policy_rule(b->p, i)->obligations & MUST_NOTIFY))
			continue;
		report_warning(b->report, &b->at[PT_RULES][i],
		    "set notify-program, or have a program take what is in "
		    "/var/spool/jump/events",
		    "notify tells nobody by itself");
		return;
	}
}

static void
check_rule(struct build *b, uint32_t i)
{
	const struct policy_rule *rule = policy_rule(b->p, i);

	for (uint32_t n = 0; n < rule->what.n; n++) {
		const struct policy_ref *ref =
		    policy_ref(b->p, rule->what.first + n);

		if (ref->port != 0 && ref->kind != REF_TARGET)
			check_port(b, ref,
			    &b->at[PT_REFS][rule->what.first + n]);
	}
	warn_road(b, i);
	warn_record(b, i);
	warn_consent(b, i);
	warn_as(b, i);
	warn_require(b, i);
}

/*
 * Settings.
 */
static struct position
line_of(const struct policy_place *place)
{
	return (struct position){place->file, place->line, 1, 1};
}

/* Whether it is a file that tzset(3) reads, tzfile(5). */
static bool
zone_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char magic[4] = "";
	bool good = f != NULL && fread(magic, sizeof(magic), 1, f) == 1 &&
	    memcmp(magic, "TZif", sizeof(magic)) == 0;

	if (f != NULL)
		fclose(f);
	return good;
}

static void
check_zone(struct build *b)
{
	const struct policy_meta *meta = policy_meta(b->p);
	const char *zone = text(b, meta->timezone);
	char path[sizeof(ZONEINFO) + 64];

	if (*zone == '\0' || strcmp(zone, "UTC") == 0)
		return;
	snprintf(path, sizeof(path), ZONEINFO "%s", zone);
	if (!zone_file(path))
		report_error(b->report, &b->zone, "install tzdata, or use UTC",
		    "no time zone `%.63s' on this machine", zone);
}

static void
warn_settings(struct build *b)
{
	const struct policy_meta *meta = policy_meta(b->p);
	struct position at = line_of(&meta->place[5]);
	uint32_t wanted = policy_obligations(b->p);

	if (at.line != 0 && !(wanted & MUST_TICKET))
		report_warning(b->report, &at, NULL,
		    "ticket-program is asked about nothing: no rule wants a "
		    "ticket");
	at = line_of(&meta->place[9]);
	if (at.line != 0 && !(wanted & MUST_NOTIFY))
		report_warning(b->report, &at, NULL,
		    "no rule says notify: this program is never run");
	at = line_of(&meta->place[3]);
	if (at.line != 0 && count(b, PT_UNIXGROUPS) == 0)
		report_warning(b->report, &at, "name a %group in a rule or group",
		    "keys-from serves nobody: no Unix group is in the policy");
}

/* Without the table, nothing leads to the gate. */
static void
check_gate(struct build *b)
{
	const struct policy_meta *meta = policy_meta(b->p);
	struct position at = line_of(&meta->place[8]);

	if (meta->gate != 0 && meta->nft == 0)
		report_error(b->report, &at, "such as: set nft \"/usr/sbin/nft\"",
		    "the gate needs `set nft'");
}

/* Users, and devices, are whom the firewall is for. */
static void
check_exempt(struct build *b)
{
	struct policy_range exempt = policy_meta(b->p)->exempt;

	for (uint32_t i = exempt.first; i < exempt.first + exempt.n; i++) {
		const char *name = policy_word(b->p, i);

		if (policy_find_account(b->p, name) != POLICY_NONE ||
		    policy_account_shared(b->p, name))
			report_error(b->report, &b->at[PT_WORDS][i], NULL,
			    "`%.64s' is a user's account: no user is exempt",
			    name);
	}
}

static bool
has_ssh(const struct build *b, const struct policy_target *t)
{
	for (uint32_t i = 0; i < t->ports.n; i++) {
		const struct policy_port *port =
		    policy_row(b->p, PT_PORTS, t->ports.first + i);

		if (port->protocol == PROTO_SSH)
			return true;
	}
	return false;
}

/* Where nothing speaks SSH, whoever answers is let through. */
static void
warn_hostkeys(struct build *b)
{
	for (uint32_t i = 0; i < count(b, PT_KEYS); i++) {
		const struct policy_key *key = policy_key(b->p, i);
		const struct policy_target *t;

		if (key->kind != KEY_HOST)
			continue;
		t = policy_target(b->p, key->owner);
		if (!has_ssh(b, t))
			report_warning(b->report, &b->at[PT_KEYS][i],
			    "say ssh where its SSH server is",
			    "`%.64s' has no ssh: nobody looks at this key",
			    text(b, t->name));
	}
}

static void
check_test(struct build *b, uint32_t i)
{
	const struct policy_test *t = policy_row(b->p, PT_TESTS, i);
	uint32_t user = policy_find_user(b->p, text(b, t->user));

	if (user != POLICY_NONE &&
	    (policy_user(b->p, user)->flags & USER_DEVICE))
		report_error(b->report, &b->at[PT_TESTS][i], NULL,
		    "a device is nobody's WHO");
}

void
build_check_rows(struct build *b)
{
	if (b->no_memory)
		return;
	for (uint32_t i = 0; i < count(b, PT_TARGETS); i++)
		check_target(b, i);
	check_zone(b);
}

void
build_check(struct build *b)
{
	check_groups(b);
	for (uint32_t i = 0; i < count(b, PT_USERS); i++)
		check_user(b, i);
	check_accounts(b);
	check_devices(b);
	for (uint32_t i = 0; i < count(b, PT_RULES); i++)
		check_rule(b, i);
	for (uint32_t i = 0; i < count(b, PT_TESTS); i++)
		check_test(b, i);
	check_gate(b);
	check_exempt(b);
	warn_shared(b);
	warn_devices(b);
	warn_settings(b);
	warn_notify(b);
	warn_hostkeys(b);
}
