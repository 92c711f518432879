/* SPDX-License-Identifier: ISC */
#include "known_hosts.h"

#include <stdlib.h>
#include <string.h>

struct printer {
	const struct policy *policy;
	const struct policy_request *base;
	const struct target *asked;
	FILE *out;
	bool *mine;    /* targets that an allow of the user names */
	bool *printed; /* keys */
	bool reachable;
	int n;
};

static void
note_mine(void *arg, uint32_t target)
{
	struct printer *p = arg;

	if (target < p->policy->table[PT_TARGETS].n)
		p->mine[target] = true;
}

static void
note_cover(void *arg, uint32_t target, bool certain)
{
	struct printer *p = arg;

	if (certain && target < p->policy->table[PT_TARGETS].n &&
	    p->mine[target])
		p->reachable = true;
}

/* The keys of a target that covers the address; policy_hostkeys() has them so. */
static void
print_cover(void *arg, uint32_t target, bool certain)
{
	struct printer *p = arg;
	struct policy_range r =
	    policy_links(p->policy, PT_IX_HOSTKEY, REF_TARGET, target);
	enum policy_protocol protocol = PROTO_TCP;

	if (!policy_declares(p->policy, policy_target(p->policy, target),
		p->asked->port, &protocol) ||
	    protocol != PROTO_SSH || !certain)
		return;
	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_link *link =
		    policy_row(p->policy, PT_IX_HOSTKEY, r.first + i);
		const struct policy_key *key =
		    policy_key(p->policy, link->to);

		if (link->to >= p->policy->table[PT_KEYS].n ||
		    p->printed[link->to])
			continue;
		p->printed[link->to] = true;
		p->n++;
		fprintf(p->out, "%s %s %s\n", p->asked->text,
		    policy_string(p->policy, key->type),
		    policy_string(p->policy, key->blob));
	}
}

static void
print_address(struct printer *p, const struct addr *addr)
{
	struct policy_request q = *p->base;

	q.road = ROAD_SHELL;
	q.asked = p->asked->form == TARGET_NAMED ? p->asked->text : NULL;
	q.addr = *addr;
	q.port = p->asked->port;
	p->reachable = false;
	policy_covers(p->policy, &q, note_cover, p);
	if (p->reachable)
		policy_covers(p->policy, &q, print_cover, p);
}

static void
print_port(struct printer *p)
{
	struct addr addrs[ADDRESSES_MAX];
	uint32_t found;
	size_t n;

	if (p->asked->form == TARGET_ADDRESSED) {
		print_address(p, &p->asked->addr);
		return;
	}
	n = target_addresses(p->policy, p->asked, addrs, &found);
	for (size_t i = 0; i < n; i++)
		print_address(p, &addrs[i]);
}

/* Each port of SSH of the target. */
static void
print_ports(struct printer *p)
{
	struct target one = *p->asked;
	uint32_t found = policy_find_target(p->policy, one.text);
	struct policy_range r;

	p->asked = &one;
	r = policy_clip(
	    p->policy, PT_PORTS, policy_target(p->policy, found)->ports);
	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_port *port =
		    policy_row(p->policy, PT_PORTS, r.first + i);

		one.port = port->port;
		if (port->protocol == PROTO_SSH)
			print_port(p);
	}
}

int
known_hosts_print(FILE *out, const struct policy *policy,
    const struct policy_request *base, const struct target *asked)
{
	struct printer p = {
	    .policy = policy, .base = base, .asked = asked, .out = out};
	int n = -1;

	p.mine = calloc(policy->table[PT_TARGETS].n + 1, sizeof(*p.mine));
	p.printed = calloc(policy->table[PT_KEYS].n + 1, sizeof(*p.printed));
	if (p.mine != NULL && p.printed != NULL) {
		policy_candidates(
		    policy, base, (1 << ROAD_COUNT) - 1, note_mine, &p);
		if (asked->port != 0)
			print_port(&p);
		else if (policy_find_target(policy, asked->text) !=
		    POLICY_NONE)
			print_ports(&p);
		n = fflush(out) == EOF || policy_damaged(policy) ? -1 : p.n;
	}
	free(p.mine);
	free(p.printed);
	return n;
}
