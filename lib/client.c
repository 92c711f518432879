/* SPDX-License-Identifier: ISC */
#include "client.h"

#include <stdlib.h>
#include <string.h>

#include "../jump-shell/road.h"
#include "audit.h"

struct finder {
	struct routes *routes;
	const struct client *client;
	bool *seen; /* targets */
};

/* What this road says; a DNS name counts with an address of its domain. */
static void
judge(const struct client *c, enum policy_road road, const struct target *asked,
    struct decision *d)
{
	struct policy_request q = *c->request;

	q.road = road;
	q.mfa = q.mfa || (c->step && road != ROAD_FORWARD);
	decide(c->policy, &q, asked, NULL, 0, d);
	if (d->lookup)
		d->action = d->verdict.unmet != 0 ? ACTION_ASK : ACTION_ALLOW;
}

/* Take the road if it is better than what the route has. */
static void
consider(struct route *r, enum policy_road road, const struct decision *d)
{
	size_t i = 0;

	if (d->action <= r->action)
		return;
	r->action = d->action;
	r->road = road;
	r->unmet = d->verdict.unmet;
	while (i + 1 < d->n && d->choices[i].verdict.action != d->action)
		i++;
	if (d->n > 0)
		r->addr = d->choices[i].addr;
}

/* A session on the jump host, if there could be one. */
static void
consider_shell(
    const struct client *c, const struct target *asked, struct route *r)
{
	struct policy_request q = *c->request;
	struct road road;

	q.mfa = q.mfa || c->step;
	if (road_judge(c->policy, &q, asked, NULL, &road) <= r->action ||
	    road.lack == ROAD_NO_HOSTKEY)
		return;
	consider(r, ROAD_SHELL, &road.decision);
	snprintf(r->login, sizeof(r->login), "%s",
	    road.nlogins > 1 ? road.logins[0] : road.login);
	r->others = road.nlogins > 1 ? road.nlogins - 1 : 0;
	r->agent = road.agent;
}

static void
keep(struct routes *to, const struct route *r)
{
	struct route *more;

	if (to->n == to->room) {
		to->room = to->room == 0 ? 64 : 2 * to->room;
		more = reallocarray(to->list, to->room, sizeof(*more));
		if (more == NULL) {
			to->failed = true;
			to->room = to->n;
			return;
		}
		to->list = more;
	}
	to->list[to->n++] = *r;
}

/* A route for each port by which what is asked can be had. */
static void
find_ports(
    struct finder *f, uint32_t target, uint32_t part, struct target *asked)
{
	const struct policy *p = f->client->policy;
	const struct policy_target *t = policy_target(p, target);
	struct policy_range ports = policy_clip(p, PT_PORTS, t->ports);
	struct decision d;

	for (uint32_t i = 0; i < ports.n; i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, ports.first + i);
		struct route r = {.target = target,
		    .part = part,
		    .port = port->port,
		    .protocol = port->protocol,
		    .action = ACTION_DENY};

		asked->port = port->port;
		judge(f->client, ROAD_FORWARD, asked, &d);
		consider(&r, ROAD_FORWARD, &d);
		judge(f->client, ROAD_CONNECT, asked, &d);
		consider(&r, ROAD_CONNECT, &d);
		if (port->protocol == PROTO_SSH && t->kind != TARGET_NET &&
		    t->kind != TARGET_DOMAIN)
			consider_shell(f->client, asked, &r);
		if (r.action != ACTION_DENY)
			keep(f->routes, &r);
	}
}

/* A network is judged by the address in its middle. */
static void
find_nets(struct finder *f, uint32_t target, const struct policy_target *t)
{
	const struct policy *p = f->client->policy;
	struct policy_range nets = policy_clip(p, PT_NETS, t->nets);

	for (uint32_t i = nets.first; i < nets.first + nets.n; i++) {
		const struct net *net = policy_row(p, PT_NETS, i);
		struct target asked = {
		    .form = TARGET_ADDRESSED, .addr = net->addr};

		if (net->len < 128)
			asked.addr.b[net->len / 8] |=
			    (uint8_t)(0x80 >> net->len % 8);
		find_ports(f, target, i, &asked);
	}
}

/* A pattern matches itself. */
static void
find_patterns(struct finder *f, uint32_t target, const struct policy_target *t)
{
	const struct policy *p = f->client->policy;
	struct policy_range r = policy_clip(p, PT_WORDS, t->patterns);

	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		struct target asked = {.form = TARGET_NAMED};

		snprintf(
		    asked.text, sizeof(asked.text), "%s", policy_word(p, i));
		find_ports(f, target, i, &asked);
	}
}

static void
find_target(void *arg, uint32_t target)
{
	struct finder *f = arg;
	const struct policy *p = f->client->policy;
	const struct policy_target *t = policy_target(p, target);
	struct target asked = {.form = TARGET_NAMED};

	if (target >= p->table[PT_TARGETS].n || f->seen[target])
		return;
	f->seen[target] = true;
	if (t->kind == TARGET_NET) {
		find_nets(f, target, t);
	} else if (t->kind == TARGET_DOMAIN) {
		find_patterns(f, target, t);
	} else {
		bool path = t->path != 0 && t->kind != TARGET_DEVICE;

		if (path)
			asked.form = TARGET_PATH;
		snprintf(asked.text, sizeof(asked.text), "%s",
		    policy_string(p, path ? t->path : t->name));
		find_ports(f, target, 0, &asked);
	}
}

/* Hosts, devices and sockets; nets; domains. */
static int
class_of(const struct policy_target *t)
{
	return t->kind == TARGET_DOMAIN ? 2 : t->kind == TARGET_NET;
}

static int
by_name(const void *a, const void *b, void *policy)
{
	const struct route *x = a, *y = b;
	const struct policy_target *s = policy_target(policy, x->target);
	const struct policy_target *t = policy_target(policy, y->target);
	int order = class_of(s) - class_of(t);

	if (order == 0)
		order = strcmp(policy_string(policy, s->name),
		    policy_string(policy, t->name));
	if (order == 0)
		order = (x->part > y->part) - (x->part < y->part);
	return order != 0 ? order : (x->port > y->port) - (x->port < y->port);
}

int
routes_find(struct routes *routes, const struct client *c)
{
	struct finder f = {.routes = routes, .client = c};

	memset(routes, 0, sizeof(*routes));
	f.seen = calloc(c->policy->table[PT_TARGETS].n + 1, sizeof(*f.seen));
	if (f.seen == NULL)
		return -1;
	policy_candidates(c->policy, c->request,
	    1 << ROAD_FORWARD | 1 << ROAD_CONNECT | 1 << ROAD_SHELL,
	    find_target, &f);
	if (routes->n > 0)
		qsort_r(routes->list, routes->n, sizeof(*routes->list), by_name,
		    (void *)(uintptr_t)c->policy);
	free(f.seen);
	return routes->failed ? -1 : 0;
}

void
routes_free(struct routes *routes)
{
	free(routes->list);
	routes->list = NULL;
	routes->n = 0;
}

size_t
routes_group(const struct routes *routes, size_t first)
{
	size_t n = 0;

	while (first + n < routes->n &&
	    routes->list[first + n].target == routes->list[first].target)
		n++;
	return n;
}

const struct route *
routes_main(const struct route *r, size_t n)
{
	const struct route *first = NULL;

	for (size_t i = 0; i < n; i++) {
		if (r[i].protocol != PROTO_SSH)
			continue;
		if (first == NULL || r[i].port == 22)
			first = &r[i];
	}
	return first;
}

int
client_known_hosts(FILE *out, const struct client *c)
{
	struct routes routes;
	int error = routes_find(&routes, c);
	char user[300];
	size_t n;

	fprintf(out, "# known_hosts for %s, made by: ssh %s known_hosts\n",
	    audit_escape(user, sizeof(user), c->user), c->jump);
	for (size_t i = 0; i < c->nkeys; i++)
		fprintf(out, CLIENT_KEYS " %s\n", c->keys[i]);
	for (size_t i = 0; error == 0 && i < routes.n; i += n) {
		n = routes_group(&routes, i);
		if (known_print(c->policy, routes.list[i].target, out) == -1)
			error = -1;
	}
	routes_free(&routes);
	if (error == 0)
		fputs("# end of the known hosts\n", out);
	return error == -1 || fflush(out) == EOF ? -1 : 0;
}
