/* SPDX-License-Identifier: ISC */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

struct rights {
	const struct policy *p;
	struct policy_request q;
	FILE *out;
	bool names;    /* may stand beside addresses */
	uint8_t *seen; /* a bit a target */
	uint8_t *wide; /* a bit a port that the gate may pass; NULL: no gate */
	int n;
};

uint32_t
keys_find(const struct policy *p, const char *account, const char *type,
    const char *blob, const char *fingerprint)
{
	const struct policy_key *key;
	uint32_t i;

	if (!policy_fingerprint(p, fingerprint, &i) || i == POLICY_NONE)
		return POLICY_NONE;
	key = policy_key(p, i);
	if (strcmp(policy_string(p, key->type), type) != 0 ||
	    strcmp(policy_string(p, key->blob), blob) != 0 ||
	    strcmp(policy_string(p, policy_user(p, key->owner)->account),
		account) != 0)
		return POLICY_NONE;
	return i;
}

const char *
keys_refused(const struct policy *p, const struct policy_request *q)
{
	int64_t until =
	    q->user == POLICY_NONE ? 0 : policy_user(p, q->user)->until;

	if (policy_locked(p, q) != POLICY_NONE)
		return policy_reason_text(REASON_LOCKED);
	return until != 0 && q->now >= until
	    ? policy_reason_text(REASON_EXPIRED)
	    : NULL;
}

static void
permit(struct rights *r, const char *host, uint16_t port)
{
	bool v6 = strchr(host, ':') != NULL;

	r->n++;
	if (r->n <= PERMITOPEN_MAX)
		fprintf(r->out, ",permitopen=\"%s%s%s:%u\"", v6 ? "[" : "",
		    host, v6 ? "]" : "", port);
}

/* Permit the addresses that pass; true if all do. */
static bool
permit_addresses(struct rights *r, const struct policy_target *t,
    uint16_t port)
{
	struct policy_range nets = policy_clip(r->p, PT_NETS, t->nets);
	bool all = nets.n > 0;

	for (uint32_t i = 0; i < nets.n; i++) {
		const struct net *net =
		    policy_row(r->p, PT_NETS, nets.first + i);
		struct policy_verdict v;
		char text[ADDR_TEXT];

		r->q.addr = net->addr;
		r->q.port = port;
		policy_evaluate(r->p, &r->q, &v);
		if (v.action == ACTION_ALLOW)
			permit(r, addr_print(&net->addr, text), port);
		else
			all = false;
	}
	return all;
}

/* Names that sshd resolves to nothing but the target's own addresses. */
static void
permit_names(struct rights *r, const struct policy_target *t, uint16_t port)
{
	struct policy_range aliases = policy_clip(r->p, PT_WORDS, t->aliases);

	if (t->flags & TARGET_RESOLVES)
		permit(r, policy_string(r->p, t->name), port);
	for (uint32_t i = 0; i < aliases.n; i++) {
		const struct policy_word *w =
		    policy_row(r->p, PT_WORDS, aliases.first + i);

		if (w->resolves)
			permit(r, policy_string(r->p, w->string), port);
	}
}

/*
 * Behind the gate, a port of any address: the gate decides about each
 * connection.  It passes what has an address.
 */
static void
note_ports(struct rights *r, const struct policy_target *t,
    struct policy_range ports)
{
	if (t->kind == TARGET_DOMAIN || t->kind == TARGET_SOCKET)
		return;
	for (uint32_t i = 0; i < ports.n; i++) {
		const struct policy_port *row =
		    policy_row(r->p, PT_PORTS, ports.first + i);

		r->wide[row->port / 8] |= (uint8_t)(1 << row->port % 8);
	}
}

static void
permit_ports(struct rights *r)
{
	for (unsigned int port = 1; port <= PORT_MAX; port++) {
		if (r->wide[port / 8] >> port % 8 & 1)
			permit(r, "*", (uint16_t)port);
	}
}

/* An address, or names, of a host or a device that has addresses. */
static void
permit_places(struct rights *r, const struct policy_target *t,
    struct policy_range ports)
{
	if (t->kind != TARGET_HOST && t->kind != TARGET_DEVICE)
		return;
	for (uint32_t i = 0; i < ports.n; i++) {
		const struct policy_port *row =
		    policy_row(r->p, PT_PORTS, ports.first + i);

		if (permit_addresses(r, t, row->port) && r->names)
			permit_names(r, t, row->port);
	}
}

static void
permit_target(void *arg, uint32_t index)
{
	struct rights *r = arg;
	const struct policy_target *t = policy_target(r->p, index);
	struct policy_range ports = policy_clip(r->p, PT_PORTS, t->ports);

	if (index >= r->p->table[PT_TARGETS].n ||
	    (r->seen[index / 8] >> index % 8 & 1) || r->n > PERMITOPEN_MAX ||
	    t->path != 0)
		return;
	r->seen[index / 8] |= (uint8_t)(1 << index % 8);
	if (r->wide != NULL)
		note_ports(r, t, ports);
	else
		permit_places(r, t, ports);
}

int
keys_permitopen(const struct policy *p, const struct policy_request *q,
    bool names, FILE *out)
{
	struct rights r = {.p = p, .q = *q, .out = out, .names = names};

	r.q.road = ROAD_FORWARD;
	r.wide = q->gate ? calloc(1, (PORT_MAX + 1) / 8) : NULL;
	r.seen = calloc(p->table[PT_TARGETS].n / 8 + 1, 1);
	if (r.seen == NULL || (q->gate && r.wide == NULL)) {
		free(r.seen);
		free(r.wide);
		return -1;
	}
	policy_candidates(p, &r.q, 1 << ROAD_FORWARD, permit_target, &r);
	if (r.wide != NULL)
		permit_ports(&r);
	free(r.seen);
	free(r.wide);
	return r.n > PERMITOPEN_MAX || policy_damaged(p) ? -1 : r.n;
}

static void
print_from(const struct policy *p, const struct policy_key *key, FILE *out)
{
	struct policy_range r = policy_clip(p, PT_NETS, key->from);
	char text[ADDR_TEXT + 4];

	for (uint32_t i = 0; i < r.n; i++)
		fprintf(out, "%s%s", i == 0 ? ",from=\"" : ",",
		    net_print(policy_row(p, PT_NETS, r.first + i), text));
	if (r.n > 0)
		fputc('"', out);
}

/*
 * Whether an agent could be of use: an allow for the road shell names a target
 * that says so.  Not on an account of several people, who could reach each
 * other's.
 */
struct agents {
	const struct policy *p;
	bool wanted;
};

static void
note_agent(void *arg, uint32_t target)
{
	struct agents *a = arg;

	a->wanted |= (policy_target(a->p, target)->flags & TARGET_AGENT) != 0;
}

static bool
wants_agent(const struct policy *p, const struct policy_request *q)
{
	struct agents a = {.p = p};

	policy_candidates(p, q, 1 << ROAD_SHELL, note_agent, &a);
	return a.wanted;
}

/*
 * Options of sshd(8) have no escape but \" and principals are a list, so not
 * every name of a Unix account may stand there.
 */
static bool
principal_fits(const char *name)
{
	return policy_person_name(name) && name[strlen(name) - 1] != '\\';
}

int
keys_line(const struct policy *p, const struct policy_request *q,
    const struct credential *c, bool names, bool principals,
    const char *shell, FILE *out)
{
	static const struct policy_user nobody;
	const struct policy_user *u =
	    q->user == POLICY_NONE ? &nobody : policy_user(p, q->user);
	struct policy_request by_key = *q;
	int n;

	if (c->principal != NULL && !principal_fits(c->principal))
		return -1;
	by_key.mfa = c->verify || c->step;
	fputs("restrict", out);
	if (c->principal != NULL && !principals)
		fprintf(out, ",cert-authority,principals=\"%s\"",
		    c->principal);
	fprintf(out, ",pty,command=\"%s%s%s\"", shell,
	    u->flags & USER_SHARED ? " --id=" : "",
	    u->flags & USER_SHARED ? policy_string(p, u->name) : "");
	if (!(u->flags & USER_SHARED) && wants_agent(p, q))
		fputs(",agent-forwarding", out);
	n = keys_permitopen(p, &by_key, names, out);
	if (n == -1)
		return -1;
	if (n > 0)
		fputs(",port-forwarding", out);
	if (c->row != POLICY_NONE)
		print_from(p, policy_key(p, c->row), out);
	if (c->verify)
		fputs(",verify-required", out);
	if (principals)
		fprintf(out, " %s\n", c->principal);
	else
		fprintf(out, " %s %s\n", c->type, c->blob);
	return ferror(out) || policy_damaged(p) ? -1 : 0;
}

/*
 * Devices.
 */

/*
 * Nothing is reached there, since TCP has no broadcasts, RFC 1122 4.2.3.10; and
 * nothing can listen, since sshd(8) lets no user do so below port 1024.
 */
#define NOWHERE "255.255.255.255:1"

uint32_t
keys_device_target(const struct policy *p, uint32_t device)
{
	uint32_t target = policy_find_target(
	    p, policy_string(p, policy_user(p, device)->name));

	return target != POLICY_NONE &&
		policy_target(p, target)->kind == TARGET_DEVICE
	    ? target
	    : POLICY_NONE;
}

void
keys_device_rights(const struct policy *p, uint32_t target, FILE *out)
{
	const struct policy_target *t = policy_target(p, target);
	struct policy_range ports = policy_clip(p, PT_PORTS, t->ports);
	struct policy_range nets = policy_clip(p, PT_NETS, t->nets);
	const struct net *net;
	char text[ADDR_TEXT];

	fputs(",port-forwarding,permitopen=\"" NOWHERE "\"", out);
	if (nets.n == 0) {
		fputs(",permitlisten=\"" NOWHERE "\"", out);
		return;
	}
	net = policy_row(p, PT_NETS, nets.first);
	for (uint32_t i = 0; i < ports.n; i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, ports.first + i);

		fprintf(out, ",permitlisten=\"%s:%u\"",
		    addr_print(&net->addr, text), port->port);
	}
}

int
keys_device_line(const struct policy *p, const struct policy_request *q,
    const struct credential *c, bool mute, const char *shell, FILE *out)
{
	uint32_t target = keys_device_target(p, q->user);

	if (target == POLICY_NONE)
		return -1;
	fprintf(out, "restrict,command=\"%s --id=%s\"", shell,
	    policy_string(p, policy_user(p, q->user)->name));
	print_from(p, policy_key(p, c->row), out);
	if (c->verify)
		fputs(",verify-required", out);
	if (!mute)
		keys_device_rights(p, target, out);
	fprintf(out, " %s %s\n", c->type, c->blob);
	return ferror(out) || policy_damaged(p) ? -1 : 0;
}
