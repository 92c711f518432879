/* SPDX-License-Identifier: ISC */
/*
 * Where a request can go, as far as the two policies tell places apart: an
 * address of each network less the smaller networks in it, with each port
 * that is declared there; each path; each name that a domain tells apart.
 */
#include "diff.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

/* A network of a target, or of none, where no request is like another. */
struct node {
	struct net net;
	uint32_t parent;     /* or POLICY_NONE */
	struct ids of[SIDES]; /* targets */
};

struct map {
	struct diff *d;
	struct net *nets;
	struct node *nodes;
	size_t n, room;
	struct table seen; /* cells that are there */
};

/* What no target names, and still is not like its surroundings. */
static const char *const landmarks[] = {"::/0", "0.0.0.0/0", "0.0.0.0/8",
    "127.0.0.0/8", "127.0.0.1", "169.254.0.0/16", "224.0.0.0/4",
    "255.255.255.255", "::/96", "fe80::/10", "ff00::/8", "fd00:ec2::254",
    "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"};
static const char *const embedding[] = {
    "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"};

/*
 * Addresses.
 */
int
net_order(const void *a, const void *b)
{
	const struct net *x = a, *y = b;
	int order = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	return order != 0 ? order : x->len < y->len ? -1 : x->len > y->len;
}

/* The last address of a network; true if there is one after it. */
static bool
net_end(const struct net *net, struct addr *last, struct addr *after)
{
	*last = net->addr;
	for (uint32_t bit = net->len; bit < 128; bit++)
		last->b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	*after = *last;
	for (int i = 15; i >= 0; i--) {
		if (++after->b[i] != 0)
			return true;
	}
	return false;
}

bool
net_gap(const struct net *nets, size_t n, size_t i, struct addr *gap)
{
	struct addr end, last, after, mapped;

	addr_parse(&mapped, "0.0.0.0");
	net_end(&nets[i], &end, &after);
	*gap = nets[i].addr;
	if (nets[i].len < ADDR_V4_BITS && addr_is_v4(gap))
		return false;
	for (size_t k = i + 1; k < n; k++) {
		if (memcmp(&nets[k].addr, gap, sizeof(*gap)) > 0)
			return true;
		if (net_order(&nets[k], &nets[i]) == 0)
			continue;
		if (!net_end(&nets[k], &last, &after))
			return false;
		if (memcmp(&last, gap, sizeof(last)) < 0)
			continue;
		*gap = after;
		if (memcmp(gap, &end, sizeof(end)) > 0)
			return false;
	}
	return true;
}

static struct node *
add_net(struct map *m, const struct net *net)
{
	if (m->n == m->room) {
		m->room = m->room == 0 ? 64 : m->room * 2;
		m->nodes = xrealloc(m->nodes, m->room, sizeof(*m->nodes));
	}
	memset(&m->nodes[m->n], 0, sizeof(*m->nodes));
	m->nodes[m->n].net = *net;
	return &m->nodes[m->n++];
}

static int
by_net(const void *a, const void *b)
{
	const struct node *x = a, *y = b;

	return net_order(&x->net, &y->net);
}

/* Nodes of the same network become one. */
static void
merge(struct map *m)
{
	size_t n = 0;

	if (m->n > 1)
		qsort(m->nodes, m->n, sizeof(*m->nodes), by_net);
	for (size_t i = 0; i < m->n; i++) {
		struct node *to = n == 0 ? NULL : &m->nodes[n - 1];

		if (to == NULL || net_order(&to->net, &m->nodes[i].net) != 0) {
			m->nodes[n++] = m->nodes[i];
			continue;
		}
		for (int side = 0; side < SIDES; side++) {
			struct ids *more = &m->nodes[i].of[side];

			for (size_t k = 0; k < more->n; k++)
				ids_add(&to->of[side], more->id[k]);
			free(more->id);
		}
	}
	m->n = n;
}

static void
nest(struct map *m)
{
	m->nets = xrealloc(NULL, m->n, sizeof(*m->nets));
	for (size_t i = 0; i < m->n; i++) {
		uint32_t up = i == 0 ? POLICY_NONE : (uint32_t)i - 1;

		m->nets[i] = m->nodes[i].net;
		while (up != POLICY_NONE) {
			struct addr masked =
			    addr_mask(&m->nets[i].addr, m->nets[up].len);

			if (m->nets[up].len < m->nets[i].len &&
			    addr_equal(&masked, &m->nets[up].addr))
				break;
			up = m->nodes[up].parent;
		}
		m->nodes[i].parent = up;
	}
}

static void
collect_nets(struct map *m)
{
	struct net net;

	for (size_t i = 0; i < sizeof(landmarks) / sizeof(landmarks[0]); i++) {
		net_parse(&net, landmarks[i]);
		add_net(m, &net);
	}
	for (int side = 0; side < SIDES; side++) {
		const struct policy *p = m->d->side[side].p;
		struct policy_range never = policy_meta(p)->never;

		for (uint32_t i = 0; i < never.n; i++)
			add_net(m, policy_row(p, PT_NETS, never.first + i));
		for (uint32_t i = 0; i < p->table[PT_IX_NET].n; i++) {
			const struct policy_cover *row =
			    policy_row(p, PT_IX_NET, i);

			ids_add(&add_net(m, &row->net)->of[side], row->target);
		}
	}
	merge(m);
	nest(m);
}

/*
 * Classes.
 */
struct meeting {
	const struct side *side;
	const struct policy_request *q;
	struct met *met;
	size_t n, room;
	bool presumed;
	uint8_t nature;
};

static void
meet(struct meeting *m, uint32_t rule, uint32_t how)
{
	if (m->n == m->room) {
		m->room = m->room == 0 ? 16 : m->room * 2;
		m->met = xrealloc(m->met, m->room, sizeof(*m->met));
	}
	m->met[m->n++] = (struct met){rule, how};
}

/* The rules that name this target, tag or anything. */
static void
meet_ref(struct meeting *m, uint32_t kind, uint32_t index, uint32_t how)
{
	const struct side *s = m->side;
	size_t low = 0, high = s->nwhat;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct policy_link *l = &s->what[middle];

		if (l->kind < kind || (l->kind == kind && l->index < index))
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < s->nwhat && s->what[low].kind == kind &&
	    s->what[low].index == index; low++) {
		uint32_t to = s->what[low].to, rule = s->rule_of[to];
		uint32_t port = policy_ref(s->p, to)->port;

		if (port != 0 && port != m->q->port)
			continue;
		meet(m, rule, policy_rule(s->p, rule)->verb == VERB_ALLOW ?
		    how : how & MET_PRESUMED);
	}
}

static void
meet_target(void *arg, uint32_t target, bool certain)
{
	struct meeting *m = arg;
	const struct policy *p = m->side->p;
	const struct policy_target *t = policy_target(p, target);
	uint32_t how = certain ? 0 : MET_UNSURE;
	enum policy_protocol protocol;

	if (policy_declares(p, t, m->q->port, &protocol) &&
	    protocol == PROTO_SSH)
		m->nature |= certain ? NATURE_SSH : NATURE_MAYBE_SSH;
	if (((t->kind != TARGET_HOST && t->kind != TARGET_DEVICE) ||
		t->path != 0) &&
	    (t->kind != TARGET_NET || policy_meta(p)->gate == 0))
		how |= MET_NOT_FORWARD;
	if (m->presumed)
		how = MET_PRESUMED;
	meet_ref(m, REF_TARGET, target, how);
	for (uint32_t i = 0; i < t->tags.n; i++)
		meet_ref(m, REF_TAG, policy_ref(p, t->tags.first + i)->index,
		    how);
	meet_ref(m, REF_ANYTHING, 0, how);
}

static int
by_rule(const void *a, const void *b)
{
	const struct met *x = a, *y = b;

	if (x->rule != y->rule)
		return x->rule < y->rule ? -1 : 1;
	return x->how < y->how ? -1 : x->how > y->how;
}

static struct meeting
meetings(const struct side *s, struct policy_request *q, bool dns)
{
	struct meeting m = {.side = s, .q = q};
	size_t n = 0;

	policy_covers(s->p, q, meet_target, &m);
	if (dns) {
		m.presumed = q->presume = true;
		policy_covers(s->p, q, meet_target, &m);
		q->presume = false;
	}
	if (m.n > 1)
		qsort(m.met, m.n, sizeof(*m.met), by_rule);
	for (size_t i = 0; i < m.n; i++) {
		if (n == 0 || by_rule(&m.met[n - 1], &m.met[i]) != 0)
			m.met[n++] = m.met[i];
	}
	m.n = n;
	return m;
}

static bool
listed_never(const struct policy *p, const struct cell *c)
{
	struct policy_range never = policy_meta(p)->never;
	struct addr inner;

	return c->path == NULL && (policy_nets_have(p, never, &c->addr) ||
	    (addr_embedded(&c->addr, &inner) &&
	    policy_nets_have(p, never, &inner)));
}

/* Whether unlike rules meet here, or the same ones in another way. */
static bool
is_touched(const struct diff *d, const struct cell_class *c)
{
	struct ids here[SIDES] = {0};
	bool same;

	for (int side = 0; side < SIDES; side++) {
		for (size_t i = 0; i < c->n[side]; i++) {
			const struct met *met = &c->met[side][i];

			if (!d->side[side].changed[met->rule])
				ids_add(&here[side], d->side[side].same
				    [met->rule] * 8 + met->how);
		}
		ids_sort(&here[side]);
	}
	same = ids_same(&here[OLD], &here[NEW]) &&
	    c->nature[OLD] == c->nature[NEW];
	free(here[OLD].id);
	free(here[NEW].id);
	return !same;
}

/* Whether an allow meets on a side: elsewhere nothing can change. */
static bool
allowed(const struct diff *d, const struct meeting *m)
{
	for (int side = 0; side < SIDES; side++) {
		for (size_t i = 0; i < m[side].n; i++) {
			if (policy_rule(d->side[side].p,
				m[side].met[i].rule)->verb == VERB_ALLOW)
				return true;
		}
	}
	return false;
}

static uint32_t
class_of(struct diff *d, const struct cell *c, struct meeting *m, bool *new)
{
	char *key = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&key, &size);
	struct addr inner;
	uint32_t id;

	for (int side = 0; side < SIDES; side++) {
		fwrite(&m[side].n, sizeof(m[side].n), 1, f);
		if (m[side].n > 0)
			fwrite(m[side].met, sizeof(*m[side].met), m[side].n, f);
		fputc(m[side].nature, f);
	}
	/* what the built-in list and the exception of devices make of it */
	fputc(c->path == NULL && addr_never(&c->addr), f);
	fputc(c->path == NULL && addr_embedded(&c->addr, &inner) &&
	    addr_never(&inner), f);
	fclose(f);
	id = table_id(&d->class_keys, key, size, new);
	free(key);
	return id;
}

/* Sort the cell into its class; it is dropped if nothing can change there. */
static void
classify(struct diff *d, struct cell *c)
{
	struct policy_request q = {.user = POLICY_NONE, .asked = c->name,
	    .path = c->path, .addr = c->addr, .port = c->port};
	struct meeting m[SIDES];
	struct cell_class *class;
	bool new = false;

	for (int side = 0; side < SIDES; side++) {
		m[side] = meetings(&d->side[side], &q, c->dns);
		if (listed_never(d->side[side].p, c))
			m[side].nature |= NATURE_NEVER;
	}
	if (!allowed(d, m)) {
		free(m[OLD].met);
		free(m[NEW].met);
		c->class = POLICY_NONE;
		return;
	}
	c->class = class_of(d, c, m, &new);
	if (new) {
		d->classes = xrealloc(d->classes, d->nclasses + 1,
		    sizeof(*d->classes));
		class = &d->classes[d->nclasses++];
		memset(class, 0, sizeof(*class));
		class->cell = (uint32_t)(c - d->cells);
	}
	class = &d->classes[c->class];
	ids_add(&class->cells, (uint32_t)(c - d->cells));
	for (int side = 0; side < SIDES; side++) {
		if (new) {
			class->met[side] = m[side].met;
			class->n[side] = m[side].n;
			class->nature[side] = m[side].nature;
		} else {
			free(m[side].met);
		}
	}
	if (new)
		class->touched = is_touched(d, class);
}

/*
 * Labels.
 */
struct naming {
	const struct policy *p;
	const struct cell *cell;
	uint32_t best;
};

static void
consider_name(void *arg, uint32_t target, bool certain)
{
	struct naming *n = arg;
	const struct policy_target *t = policy_target(n->p, target);
	const struct policy_target *best;

	if (!certain)
		return;
	best = n->best == POLICY_NONE ? NULL : policy_target(n->p, n->best);
	if (best == NULL || (best->kind != TARGET_HOST &&
	    best->kind != TARGET_DEVICE && (t->kind == TARGET_HOST ||
	    t->kind == TARGET_DEVICE)))
		n->best = target;
}

static uint32_t
target_at(const struct policy *p, const struct cell *c)
{
	struct policy_request q = {.user = POLICY_NONE, .asked = c->name,
	    .path = c->path, .addr = c->addr, .port = c->port};
	struct naming n = {.p = p, .best = POLICY_NONE};

	policy_covers(p, &q, consider_name, &n);
	return n.best;
}

/* The name that both people and rules know it by, and the exact place. */
static void
name_cell(struct diff *d, struct cell *c, const struct net *net,
    const char *pattern)
{
	char place[ADDR_TEXT + 4], label[600];
	const struct policy *p = d->side[NEW].p;
	uint32_t target = target_at(p, c);
	const struct policy_target *t;
	const char *name;

	if (target == POLICY_NONE) {
		p = d->side[OLD].p;
		target = target_at(p, c);
	}
	t = target == POLICY_NONE ? NULL : policy_target(p, target);
	name = t == NULL ? "" : policy_string(p, t->name);
	net_print(net, place);
	if (c->path != NULL)
		snprintf(label, sizeof(label), "%s", name);
	else if (pattern != NULL)
		snprintf(label, sizeof(label), "%s:%u", pattern, c->port);
	else if (t != NULL &&
	    (t->kind == TARGET_HOST || t->kind == TARGET_DEVICE))
		snprintf(label, sizeof(label), "%s:%u", name, c->port);
	else
		snprintf(label, sizeof(label), strchr(place, ':') == NULL ?
		    "%s:%u" : "[%s]:%u", place, c->port);
	c->label = strdup(label);
	c->detail = strdup(c->path != NULL ? c->path : place);
	if (c->label == NULL || c->detail == NULL)
		err(EXIT_INTERNAL, NULL);
}

static void
add_cell(struct map *m, struct cell c, const struct net *net,
    const char *pattern)
{
	struct diff *d = m->d;
	char key[1024];
	bool new;
	int size = snprintf(key, sizeof(key), "%d\t%u\t%s\t%s", c.dns, c.port,
	    c.path == NULL ? "" : c.path, c.name == NULL ? "" : c.name);

	memcpy(key + size, &c.addr, sizeof(c.addr));
	table_id(&m->seen, key, (size_t)size + sizeof(c.addr), &new);
	if (!new)
		return;
	if ((d->ncells & (d->ncells - 1)) == 0)
		d->cells = xrealloc(d->cells, d->ncells == 0 ? 1 :
		    d->ncells * 2, sizeof(*d->cells));
	d->cells[d->ncells] = c;
	classify(d, &d->cells[d->ncells]);
	if (d->cells[d->ncells].class == POLICY_NONE)
		return;
	name_cell(d, &d->cells[d->ncells++], net, pattern);
}

/*
 * All cells.
 */

/* A name that matches the pattern, and no other but those that include it. */
static const char *
instance(const char *pattern)
{
	char *name = xrealloc(NULL, strlen(pattern) * 2 + 1, 1), *to = name;

	for (; *pattern != '\0'; pattern++)
		*to++ = *pattern == '*' ? '\1' : *pattern;
	*to = '\0';
	return name; /* kept as long as the cells are */
}

static void
add_dns(struct map *m, const struct policy *p, const struct policy_target *t,
    struct cell c, const struct net *net)
{
	for (uint32_t i = 0; i < t->patterns.n; i++) {
		const char *pattern = policy_word(p, t->patterns.first + i);

		c.name = instance(pattern);
		c.dns = true;
		add_cell(m, c, net, pattern);
	}
}

/* Each port that a target here or around declares. */
static void
add_ports(struct map *m, struct cell c, size_t from, const struct net *net)
{
	for (uint32_t at = (uint32_t)from; at != POLICY_NONE;
	    at = m->nodes[at].parent) {
		for (int side = 0; side < SIDES; side++) {
			const struct policy *p = m->d->side[side].p;
			struct ids *of = &m->nodes[at].of[side];

			for (size_t i = 0; i < of->n; i++) {
				const struct policy_target *t =
				    policy_target(p, of->id[i]);

				for (uint32_t k = 0; k < t->ports.n; k++) {
					const struct policy_port *port =
					    policy_row(p, PT_PORTS,
						t->ports.first + k);

					c.port = port->port;
					c.name = NULL;
					c.dns = false;
					add_cell(m, c, net, NULL);
					add_dns(m, p, t, c, net);
				}
			}
		}
	}
}

/* The node that an address falls in. */
static size_t
node_of(const struct map *m, const struct addr *addr)
{
	struct net key = {*addr, 128};
	size_t low = 0, high = m->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (net_order(&m->nets[middle], &key) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (low--; low > 0; low = m->nodes[low].parent) {
		struct addr masked = addr_mask(addr, m->nets[low].len);

		if (addr_equal(&masked, &m->nets[low].addr))
			break;
		if (m->nodes[low].parent == POLICY_NONE)
			return 0;
	}
	return low;
}

/* The IPv4 address inside an address of this network, if one fits. */
static void
embed(struct map *m, size_t node, const struct net *form,
    const struct addr *v4)
{
	struct net net = m->nets[node];
	struct cell c = {0};
	struct addr masked, inner;
	size_t at = memcmp(&form->addr, "\x20\x02", 2) == 0 ? 2 : 12;
	bool invert = form->len == 32;

	c.addr = net.len > form->len ? net.addr : form->addr;
	masked = addr_mask(&c.addr, net.len < form->len ? net.len : form->len);
	if (!addr_equal(&masked, net.len < form->len ? &net.addr :
		&form->addr))
		return;
	for (size_t i = 0; i < 4; i++)
		c.addr.b[at + i] = (uint8_t)(v4->b[12 + i] ^
		    (invert ? 0xff : 0));
	masked = addr_mask(&c.addr, net.len);
	if (!addr_equal(&masked, &net.addr) ||
	    !addr_embedded(&c.addr, &inner) || !addr_equal(&inner, v4))
		return;
	net = (struct net){c.addr, 128};
	add_ports(m, c, node_of(m, &c.addr), &net);
}

static void
add_embedded(struct map *m, size_t node)
{
	struct addr v4;

	if (m->nodes[node].of[OLD].n + m->nodes[node].of[NEW].n == 0)
		return;
	for (size_t f = 0; f < sizeof(embedding) / sizeof(embedding[0]); f++) {
		struct net form;

		net_parse(&form, embedding[f]);
		for (size_t i = 0; i < m->n; i++) {
			if (m->nets[i].len >= ADDR_V4_BITS &&
			    addr_is_v4(&m->nets[i].addr) &&
			    net_gap(m->nets, m->n, i, &v4))
				embed(m, node, &form, &v4);
		}
	}
}

static bool
is_pattern(const struct diff *d, const char *name)
{
	for (int side = 0; side < SIDES; side++) {
		const struct policy *p = d->side[side].p;

		for (uint32_t i = 0; i < p->table[PT_IX_DOMAIN].n; i++) {
			const uint32_t *row = policy_row(p, PT_IX_DOMAIN, i);

			if (policy_name_matches(p, policy_target(p, *row),
				name))
				return true;
		}
	}
	return false;
}

/* A target by a name that some domain matches too. */
static void
add_named(struct map *m, const struct policy *p, uint32_t target,
    const char *name)
{
	const struct policy_target *t = policy_target(p, target);

	if ((t->kind != TARGET_HOST && t->kind != TARGET_DEVICE) ||
	    !is_pattern(m->d, name))
		return;
	for (uint32_t i = 0; i < t->nets.n; i++) {
		const struct net *net =
		    policy_row(p, PT_NETS, t->nets.first + i);

		for (uint32_t k = 0; k < t->ports.n; k++) {
			const struct policy_port *port =
			    policy_row(p, PT_PORTS, t->ports.first + k);
			struct cell c = {.addr = net->addr,
			    .port = port->port,
			    .name = name};

			add_cell(m, c, net, NULL);
		}
	}
}

static void
add_names(struct map *m)
{
	for (int side = 0; side < SIDES; side++) {
		const struct policy *p = m->d->side[side].p;

		for (uint32_t i = 0; i < p->table[PT_IX_NAME].n; i++) {
			const struct policy_entry *row =
			    policy_row(p, PT_IX_NAME, i);
			const char *name = policy_string(p, row->string);
			struct cell c = {.path = name};
			struct net none = {0};

			if (*name == '/')
				add_cell(m, c, &none, NULL);
			else
				add_named(m, p, row->row, name);
		}
	}
}

void
cells_make(struct diff *d)
{
	struct map m = {.d = d};
	struct addr gap;

	collect_nets(&m);
	for (size_t i = 0; i < m.n; i++) {
		struct cell c = {0};

		if (!net_gap(m.nets, m.n, i, &gap))
			continue;
		c.addr = gap;
		add_ports(&m, c, i, &m.nets[i]);
	}
	for (size_t i = 0; i < m.n; i++) {
		if (!addr_is_v4(&m.nets[i].addr) ||
		    m.nets[i].len < ADDR_V4_BITS)
			add_embedded(&m, i);
	}
	add_names(&m);
	table_free(&m.seen);
	for (size_t i = 0; i < m.n; i++) {
		free(m.nodes[i].of[OLD].id);
		free(m.nodes[i].of[NEW].id);
	}
	free(m.nodes);
	free(m.nets);
}
