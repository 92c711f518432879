#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"

enum { COMMENT_TEXT = 200, SPAN_TEXT = 32 };

/* The roads that this version serves. */
static const enum policy_road roads[] = {ROAD_FORWARD, ROAD_CONNECT};
static const char *const road_words[] = {"ProxyJump", "ProxyCommand"};

/*
 * The best action about what is asked on one road.  A DNS name counts as what
 * it would be with an address of its domain.
 */
static enum policy_action
judge(const struct policy *p, const struct policy_request *base,
    enum policy_road road, const struct target *asked, struct decision *d)
{
	struct policy_request q = *base;

	q.road = road;
	decide(p, &q, asked, NULL, 0, d);
	if (!d->lookup)
		return d->action;
	return d->verdict.unmet != 0 ? ACTION_ASK : ACTION_ALLOW;
}

/* The better one of the roads. */
static enum policy_action
judge_roads(const struct policy *p, const struct policy_request *base,
    const struct target *asked)
{
	enum policy_action action, best = ACTION_DENY;
	struct decision d;
	size_t i;

	for (i = 0; i < sizeof(roads) / sizeof(roads[0]); i++) {
		action = judge(p, base, roads[i], asked, &d);
		if (action > best)
			best = action;
	}
	return best;
}

/*
 * list
 */
struct lister {
	FILE *out;
	const struct policy *policy;
	const struct policy_request *request;
	bool table;
	uint32_t *found; /* targets */
	size_t n, room;
	bool failed;
};

static void
remember(void *arg, uint32_t target)
{
	struct lister *l = arg;
	uint32_t *more;

	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		more = reallocarray(l->found, l->room, sizeof(*more));
		if (more == NULL) {
			l->failed = true;
			l->room = l->n;
			return;
		}
		l->found = more;
	}
	l->found[l->n++] = target;
}

static int
by_name(const void *a, const void *b, void *arg)
{
	const struct policy *p = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return strcmp(policy_string(p, policy_target(p, x)->name),
	    policy_string(p, policy_target(p, y)->name));
}

/* An address to stand for a network: the one in its middle. */
static struct addr
middle(const struct net *net)
{
	struct addr a = net->addr;

	if (net->len < 128)
		a.b[net->len / 8] |= (uint8_t)(0x80 >> net->len % 8);
	return a;
}

/* What a user would type for the target; of several networks, the first. */
static bool
sample(const struct policy *p, const struct policy_target *t, uint16_t port,
    struct target *asked)
{
	struct policy_range nets = policy_clip(p, PT_NETS, t->nets);
	struct policy_range words = policy_clip(p, PT_WORDS, t->patterns);
	const char *text = policy_string(p, t->name);

	memset(asked, 0, sizeof(*asked));
	asked->port = port;
	asked->form = TARGET_NAMED;
	if (t->path != 0) {
		asked->form = TARGET_PATH;
		text = policy_string(p, t->path);
	} else if (t->kind == TARGET_DOMAIN && words.n > 0) {
		text = policy_word(p, words.first); /* matches itself */
	} else if (t->kind == TARGET_NET && nets.n > 0) {
		asked->form = TARGET_ADDRESSED;
		asked->addr = middle(policy_row(p, PT_NETS, nets.first));
	}
	if (strlen(text) >= sizeof(asked->text))
		return false;
	strcpy(asked->text, text);
	return true;
}

/* What stands for the port: the path of a target that has one. */
static const char *
port_text(const struct policy *p, const struct policy_target *t, uint16_t port,
    char buf[SPAN_TEXT])
{
	if (t->path != 0)
		return policy_string(p, t->path);
	snprintf(buf, SPAN_TEXT, "%u", port);
	return buf;
}

static void
list_port(struct lister *l, const struct policy_target *t,
    const struct policy_port *port)
{
	const struct policy *p = l->policy;
	char comment[COMMENT_TEXT], number[SPAN_TEXT];
	enum policy_action action;
	struct target asked;

	if (!sample(p, t, port->port, &asked))
		return;
	action = judge_roads(p, l->request, &asked);
	if (action == ACTION_DENY)
		return;
	fprintf(l->out,
	    l->table ? "%-20s %-8s %-4s %-5s %s\n" : "%s\t%s\t%s\t%s\t%s\n",
	    policy_string(p, t->name), port_text(p, t, port->port, number),
	    port->protocol == PROTO_SSH ? "ssh" : "tcp",
	    action == ACTION_ALLOW ? "open" : "ask",
	    audit_escape(
		comment, sizeof(comment), policy_string(p, t->comment)));
}

static void
list_target(struct lister *l, uint32_t target)
{
	const struct policy_target *t = policy_target(l->policy, target);
	struct policy_range r = policy_clip(l->policy, PT_PORTS, t->ports);
	uint32_t i;

	for (i = 0; i < r.n; i++)
		list_port(l, t, policy_row(l->policy, PT_PORTS, r.first + i));
}

int
answer_list(FILE *out, const struct policy *p,
    const struct policy_request *request, bool table)
{
	struct lister l = {out, p, request, table, NULL, 0, 0, false};
	size_t i;

	policy_candidates(p, request,
	    1 << ROAD_FORWARD | 1 << ROAD_CONNECT, remember, &l);
	if (l.n > 0)
		qsort_r(l.found, l.n, sizeof(*l.found), by_name, (void *)p);
	if (table && l.n > 0)
		fprintf(out, "%-20s %-8s %-4s %-5s %s\n", "TARGET", "PORT",
		    "TYPE", "STATE", "COMMENT");
	for (i = 0; i < l.n; i++)
		if (i == 0 || l.found[i] != l.found[i - 1])
			list_target(&l, l.found[i]);
	free(l.found);
	return l.failed || fflush(out) == EOF ? -1 : 0;
}

/*
 * why
 */
static const char *
span_text(uint32_t seconds, char buf[SPAN_TEXT])
{
	static const struct {
		uint32_t seconds;
		char unit;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;

	while (seconds % units[i].seconds != 0)
		i++;
	snprintf(
	    buf, SPAN_TEXT, "%u%c", seconds / units[i].seconds, units[i].unit);
	return buf;
}

/* The limits of a session by the road connect. */
static void
write_limits(FILE *out, const struct policy *p,
    const struct policy_request *base, const struct target *asked,
    const struct decision *d)
{
	struct policy_request q = *base;
	char text[SPAN_TEXT];
	const struct choice *c = d->choices;
	struct tm tm;
	time_t end;

	q.road = ROAD_CONNECT;
	while (c < d->choices + d->n && c->verdict.action != d->action)
		c++;
	end = d->n == 0 ? 0 : decide_end(p, &q, asked, c, d->path);
	if (end != 0 && localtime_r(&end, &tm) != NULL) {
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M %Z", &tm);
		fprintf(out, ", until %s", text);
	}
	if (d->verdict.duration != 0)
		fprintf(out, ", for at most %s",
		    span_text(d->verdict.duration, text));
	if (d->verdict.idle != 0)
		fprintf(out, ", ending after %s of silence",
		    span_text(d->verdict.idle, text));
}

static void
write_unmet(FILE *out, enum policy_road road, uint32_t unmet)
{
	const char *comma = "";
	size_t i;

	if (road == ROAD_FORWARD) { /* where it can be nothing but mfa */
		fputs(" with a security key that asks for its PIN", out);
		return;
	}
	fputs(" only after ", out);
	for (i = 0; i < OBLIGATIONS; i++) {
		if ((unmet & 1u << i) == 0)
			continue;
		fprintf(out, "%s%s", comma, policy_obligation_names[i]);
		comma = ", ";
	}
	fputs(", which this version does not serve", out);
}

/* Whether sshd finds the target by this name; jumpctl(8) load has tried. */
static bool
name_resolves(const struct policy *p, const char *name)
{
	const struct policy_target *t =
	    policy_target(p, policy_find_target(p, name));
	struct policy_range r = policy_clip(p, PT_WORDS, t->aliases);
	const struct policy_word *w;
	uint32_t i;

	if (strcmp(policy_string(p, t->name), name) == 0)
		return (t->flags & TARGET_RESOLVES) != 0;
	for (i = 0; i < r.n; i++) {
		w = policy_row(p, PT_WORDS, r.first + i);
		if (strcmp(policy_string(p, w->string), name) == 0)
			return w->resolves != 0;
	}
	return false;
}

/* Where sshd would not find the name, the addresses to use with ssh -J. */
static void
write_addresses(FILE *out, const struct policy *p, const struct target *asked,
    const struct decision *d)
{
	const char *word = ", as";
	char text[ADDR_TEXT];
	size_t i;

	if (asked->form != TARGET_NAMED || name_resolves(p, asked->text))
		return;
	for (i = 0; i < d->n; i++) {
		if (d->choices[i].verdict.action != d->action)
			continue;
		fprintf(
		    out, "%s %s", word, addr_print(&d->choices[i].addr, text));
		word = " or";
	}
}

/* One port and all roads.  The best action. */
static enum policy_action
why_port(FILE *out, const struct policy *p, const struct policy_request *base,
    const struct target *asked, struct policy_verdict *why)
{
	enum policy_action action, best = ACTION_DENY;
	struct decision d;
	char name[300];
	size_t i;

	for (i = 0; i < sizeof(roads) / sizeof(roads[0]); i++) {
		action = judge(p, base, roads[i], asked, &d);
		if (roads[i] == ROAD_CONNECT)
			*why = d.verdict;
		if (action == ACTION_DENY)
			continue;
		fprintf(out, "%s is open to you by %s",
		    target_text(asked, name, sizeof(name)), road_words[i]);
		if (action == ACTION_ASK)
			write_unmet(out, roads[i], d.verdict.unmet);
		if (roads[i] == ROAD_FORWARD)
			write_addresses(out, p, asked, &d);
		else if (action == ACTION_ALLOW)
			write_limits(out, p, base, asked, &d);
		fputs(".\n", out);
		if (action > best)
			best = action;
	}
	return best;
}

enum policy_action
answer_why(FILE *out, const struct policy *p, const struct policy_request *base,
    const struct target *asked, struct policy_verdict *why)
{
	enum policy_action action, best;
	struct target one = *asked;
	struct policy_range r;
	uint32_t found, i;

	/* Without a port this is about a path, or about nothing. */
	best = why_port(out, p, base, asked, why);
	if (asked->port != 0 || asked->form != TARGET_NAMED)
		return best;
	found = policy_find_target(p, asked->text);
	if (found == POLICY_NONE)
		return best;
	r = policy_clip(p, PT_PORTS, policy_target(p, found)->ports);
	for (i = 0; i < r.n; i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, r.first + i);

		one.port = port->port;
		action = port->port == 0 ? ACTION_DENY
					 : why_port(out, p, base, &one, why);
		if (action > best)
			best = action;
	}
	return best;
}

void
answer_help(FILE *out)
{
	fputs("list                       what is open to you\n"
	      "connect HOST PORT          connect standard input and output; "
	      "also nc\n"
	      "connect -U PATH            the same for a UNIX socket\n"
	      "why HOST[:PORT]            how a target is open to you\n"
	      "help                       this text\n"
	      "\n"
	      "In your ~/.ssh/config, for hosts behind this one, one of:\n"
	      "  ProxyJump JUMPHOST\n"
	      "  ProxyCommand ssh JUMPHOST connect %h %p\n",
	    out);
}
