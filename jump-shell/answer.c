/* SPDX-License-Identifier: ISC */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "grant.h"
#include "road.h"
#include "unmet.h"

enum { COMMENT_TEXT = 200, SPAN_TEXT = 32 };

static const char *const road_words[ROAD_COUNT] = {
    [ROAD_FORWARD] = "ProxyJump", [ROAD_CONNECT] = "ProxyCommand"};

/* By the login that is best, and not without a host key. */
static enum policy_action
judge_shell(const struct policy *p, const struct policy_request *q,
    const struct target *asked, struct decision *d)
{
	struct road r;

	road_judge(p, q, asked, NULL, &r);
	*d = r.decision;
	if (r.lack == ROAD_NO_HOSTKEY)
		d->action = ACTION_DENY;
	return d->action;
}

enum policy_action
answer_judge(const struct policy *p, const struct policy_request *base,
    bool step, enum policy_road road, const struct target *asked,
    struct decision *d)
{
	struct policy_request q = *base;

	q.road = road;
	q.mfa = q.mfa || (step && road != ROAD_FORWARD);
	if (road == ROAD_SHELL)
		return judge_shell(p, &q, asked, d);
	decide(p, &q, asked, NULL, 0, d);
	if (!d->lookup)
		return d->action;
	return d->verdict.unmet != 0 ? ACTION_ASK : ACTION_ALLOW;
}

/*
 * list
 */
struct line {
	const char *name; /* what can be typed, or NULL: net */
	char net[ADDR_TEXT + 4];
	const char *path; /* or NULL: port */
	uint16_t port;
	enum policy_protocol protocol;
	enum policy_action action;
	unsigned int roads; /* with that action, bits of 1 << ROAD_ */
	const char *comment;
	enum online_state online;
};

struct lister {
	const struct policy *policy;
	const struct policy_request *request;
	bool step;
	struct online *online; /* or NULL */
	bool *seen; /* targets */
	struct line *lines;
	size_t n, room;
	bool failed;
};

enum { COLUMNS = 6 };

static const char *const headings[COLUMNS] = {
    "TARGET", "PORT", "TYPE", "PROXY", "STATE", "COMMENT"};

/* Longer words push only their own line: it is to stay within 80 columns. */
static const size_t widest[COLUMNS] = {30, 24, 4, 7, 5, 0};

static const char *
line_name(const struct line *line)
{
	return line->name != NULL ? line->name : line->net;
}

static int
by_name(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int order = strcmp(line_name(x), line_name(y));

	return order != 0 ? order : (x->port > y->port) - (x->port < y->port);
}

/* The best action of the roads, and which of them have it. */
static void
judge_roads(const struct lister *l, const struct target *asked, struct line *to)
{
	enum policy_action action;
	struct decision d;
	int road;

	to->action = ACTION_DENY;
	to->roads = 0;
	for (road = 0; road < ROAD_COUNT; road++) {
		action = answer_judge(
		    l->policy, l->request, l->step, road, asked, &d);
		if (action > to->action)
			to->roads = 0;
		if (action >= to->action)
			to->roads |= 1u << road;
		if (action > to->action)
			to->action = action;
	}
}

static void
keep(struct lister *l, const struct line *line)
{
	struct line *more;

	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		more = reallocarray(l->lines, l->room, sizeof(*more));
		if (more == NULL) {
			l->failed = true;
			l->room = l->n;
			return;
		}
		l->lines = more;
	}
	l->lines[l->n++] = *line;
}

/* A line for each port by which the form of a target is open. */
static void
list_form(void *arg, const struct policy_target *t, const struct answer_form *f)
{
	struct lister *l = arg;
	struct policy_range r = policy_clip(l->policy, PT_PORTS, t->ports);
	struct target asked = f->asked;
	struct line line = {.name = f->name};

	if (line.name == NULL)
		strcpy(line.net, f->net);
	if (t->path != 0)
		line.path = policy_string(l->policy, t->path);
	line.comment = policy_string(l->policy, t->comment);
	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_port *port =
		    policy_row(l->policy, PT_PORTS, r.first + i);

		asked.port = line.port = port->port;
		line.protocol = port->protocol;
		judge_roads(l, &asked, &line);
		if (line.action == ACTION_DENY)
			continue;
		if (l->online != NULL)
			line.online =
			    online_of(l->online, l->policy, t, port->port);
		keep(l, &line);
	}
}

static void
give_form(struct answer_form *f, const char *text, const struct policy_target *t,
    answer_each *each, void *arg)
{
	if (strlen(text) >= sizeof(f->asked.text))
		return;
	strcpy(f->asked.text, text);
	each(arg, t, f);
}

/* A network is judged by the address in its middle. */
static void
give_nets(const struct policy *p, const struct policy_target *t,
    answer_each *each, void *arg)
{
	struct policy_range r = policy_clip(p, PT_NETS, t->nets);
	struct answer_form f = {.asked.form = TARGET_ADDRESSED};

	for (uint32_t i = 0; i < r.n; i++) {
		const struct net *net = policy_row(p, PT_NETS, r.first + i);

		f.asked.addr = net->addr;
		if (net->len < 128)
			f.asked.addr.b[net->len / 8] |=
			    (uint8_t)(0x80 >> net->len % 8);
		give_form(&f, net_print(net, f.net), t, each, arg);
	}
}

/* A pattern matches itself. */
static void
give_patterns(const struct policy *p, const struct policy_target *t,
    answer_each *each, void *arg)
{
	struct policy_range r = policy_clip(p, PT_WORDS, t->patterns);
	struct answer_form f = {.asked.form = TARGET_NAMED};

	for (uint32_t i = 0; i < r.n; i++) {
		f.name = policy_word(p, r.first + i);
		give_form(&f, f.name, t, each, arg);
	}
}

void
answer_forms(const struct policy *p, const struct policy_target *t,
    answer_each *each, void *arg)
{
	struct answer_form f = {.asked.form = TARGET_NAMED,
	    .name = policy_string(p, t->name)};

	if (t->kind == TARGET_NET) {
		give_nets(p, t, each, arg);
	} else if (t->kind == TARGET_DOMAIN) {
		give_patterns(p, t, each, arg);
	} else if (t->path != 0 && t->kind != TARGET_DEVICE) {
		f.asked.form = TARGET_PATH;
		give_form(&f, policy_string(p, t->path), t, each, arg);
	} else {
		give_form(&f, f.name, t, each, arg);
	}
}

static void
list_target(void *arg, uint32_t target)
{
	struct lister *l = arg;

	if (target >= l->policy->table[PT_TARGETS].n || l->seen[target])
		return;
	l->seen[target] = true;
	answer_forms(
	    l->policy, policy_target(l->policy, target), list_form, l);
}

/* A proxy is what most look for: what it serves, ssh from here may serve too. */
static const char *
road_word(unsigned int bits)
{
	if (bits == 1u << ROAD_SHELL)
		return "shell";
	bits &= ~(1u << ROAD_SHELL);
	if (bits == 1u << ROAD_FORWARD)
		return "jump";
	return bits == 1u << ROAD_CONNECT ? "command" : "both";
}

/* The words of a line; the buffers hold those that are not the policy's. */
static void
line_words(const struct line *line, const char *words[COLUMNS],
    char port[SPAN_TEXT], char comment[COMMENT_TEXT])
{
	snprintf(port, SPAN_TEXT, "%u", line->port);
	words[0] = line_name(line);
	words[1] = line->path != NULL ? line->path : port;
	words[2] = line->protocol == PROTO_SSH ? "ssh" : "tcp";
	words[3] = road_word(line->roads);
	words[4] = line->action == ACTION_ALLOW ? "open" : "ask";
	words[5] = audit_escape(comment, COMMENT_TEXT, line->comment);
}

/* A table has it before the comment. */
static void
mark_offline(const struct line *line, const char *words[COLUMNS],
    char text[COMMENT_TEXT + SPAN_TEXT])
{
	const char *offline = online_word(line->online);

	if (*offline == '\0')
		return;
	snprintf(text, COMMENT_TEXT + SPAN_TEXT, "%s%s%s", offline,
	    *words[5] == '\0' ? "" : ", ", words[5]);
	words[5] = text;
}

/* A row of the table, without spaces at its end. */
static void
write_row(
    FILE *out, const char *const words[COLUMNS], const size_t widths[COLUMNS])
{
	size_t i, last = COLUMNS - 1;

	if (words[last][0] == '\0')
		last--;
	for (i = 0; i < last; i++)
		fprintf(out, "%-*s  ", (int)widths[i], words[i]);
	fprintf(out, "%s\n", words[last]);
}

static void
write_table(FILE *out, const struct line *lines, size_t n)
{
	char port[SPAN_TEXT], comment[COMMENT_TEXT];
	char marked[COMMENT_TEXT + SPAN_TEXT];
	const char *words[COLUMNS];
	size_t i, c, length, widths[COLUMNS];

	for (c = 0; c < COLUMNS; c++)
		widths[c] = strlen(headings[c]);
	for (i = 0; i < n; i++) {
		line_words(&lines[i], words, port, comment);
		for (c = 0; c < COLUMNS; c++) {
			length = strlen(words[c]);
			if (length > widths[c] && length <= widest[c])
				widths[c] = length;
		}
	}
	write_row(out, headings, widths);
	for (i = 0; i < n; i++) {
		line_words(&lines[i], words, port, comment);
		mark_offline(&lines[i], words, marked);
		write_row(out, words, widths);
	}
}

/* Of a device there is one field more. */
static void
write_fields(FILE *out, const struct line *lines, size_t n)
{
	char port[SPAN_TEXT], comment[COMMENT_TEXT];
	const char *words[COLUMNS];
	size_t i, c;

	for (i = 0; i < n; i++) {
		line_words(&lines[i], words, port, comment);
		for (c = 0; c < COLUMNS; c++)
			fprintf(out, "%s%s", c == 0 ? "" : "\t", words[c]);
		if (lines[i].online != ONLINE_NO_DEVICE)
			fprintf(out, "\t%s",
			    lines[i].online == ONLINE_YES ? "online"
							  : "offline");
		fputc('\n', out);
	}
}

int
answer_list(FILE *out, const struct policy *p,
    const struct policy_request *request, bool step, bool table,
    struct online *online)
{
	struct lister l = {.policy = p,
	    .request = request,
	    .step = step,
	    .online = online};

	l.seen = calloc(p->table[PT_TARGETS].n + 1, sizeof(*l.seen));
	if (l.seen == NULL)
		return -1;
	policy_candidates(
	    p, request, (1 << ROAD_COUNT) - 1, list_target, &l);
	if (l.n > 0) {
		qsort(l.lines, l.n, sizeof(*l.lines), by_name);
		(table ? write_table : write_fields)(out, l.lines, l.n);
	}
	free(l.seen);
	free(l.lines);
	return l.failed || fflush(out) == EOF ? -1 : 0;
}

/*
 * why
 */
/* The limits of a session by a road that holds them. */
static void
write_limits(FILE *out, const struct policy *p,
    const struct policy_request *q, const struct target *asked,
    const struct decision *d)
{
	char text[SPAN_TEXT];
	const struct choice *c = d->choices;
	struct tm tm;
	time_t end;

	while (c < d->choices + d->n && c->verdict.action != d->action)
		c++;
	end = d->n == 0 ? 0 : decide_end(p, q, asked, c, d->path);
	if (end != 0 && localtime_r(&end, &tm) != NULL) {
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M %Z", &tm);
		fprintf(out, ", until %s", text);
	}
	if (d->verdict.duration != 0)
		fprintf(out, ", for at most %s",
		    grant_span(d->verdict.duration, text));
	if (d->verdict.idle != 0)
		fprintf(out, ", ending after %s of silence",
		    grant_span(d->verdict.idle, text));
}

static void
write_unmet(
    FILE *out, enum policy_road road, uint32_t unmet, const char *ticket)
{
	char text[UNMET_TEXT];

	/* A second method may not count there. */
	if (road == ROAD_FORWARD && unmet == MUST_MFA) {
		fputs(" with a security key that asks for its PIN", out);
		return;
	}
	fprintf(out, " only with %s", unmet_text(unmet, ticket, text));
}

bool
answer_resolves(const struct policy *p, const char *name)
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

	if (asked->form != TARGET_NAMED || answer_resolves(p, asked->text))
		return;
	for (i = 0; i < d->n; i++) {
		if (d->choices[i].verdict.action != d->action)
			continue;
		fprintf(
		    out, "%s %s", word, addr_print(&d->choices[i].addr, text));
		word = " or";
	}
}

/* How it is typed, and by whom it can be read. */
static void
write_shell(FILE *out, const struct policy *p, const struct policy_request *q,
    const struct road *r)
{
	bool any = r->lack == ROAD_NO_LOGIN;

	fprintf(out, ": ssh -t JUMPHOST ssh %s@%s",
	    any ? "LOGIN" : r->login, r->target.text);
	if (r->target.port != 22)
		fprintf(out, ":%u", r->target.port);
	for (size_t i = 0; any && i < r->nlogins; i++)
		fprintf(out, "%s %s", i == 0 ? ", with the login" : " or",
		    r->logins[i]);
	if (r->record)
		fputs(", recorded", out);
	if (r->consent)
		fputs(", which asks for your consent", out);
	if (r->decision.action == ACTION_ALLOW)
		write_limits(out, p, q, &r->target, &r->decision);
}

static enum policy_action
why_shell(FILE *out, const struct policy *p,
    const struct policy_request *base, bool step, const struct target *asked)
{
	struct policy_request q = *base;
	enum policy_action action;
	struct road r;
	char name[300];

	q.road = ROAD_SHELL;
	q.mfa = q.mfa || step;
	action = road_judge(p, &q, asked, NULL, &r);
	if (action == ACTION_DENY || r.lack == ROAD_NO_HOSTKEY)
		return ACTION_DENY;
	q.as = r.lack == ROAD_NO_LOGIN ? r.logins[0] : r.login;
	fprintf(out, "%s is open to you by ssh from here",
	    target_text(asked, name, sizeof(name)));
	if (action == ACTION_ASK)
		write_unmet(
		    out, ROAD_SHELL, r.decision.verdict.unmet, base->ticket);
	write_shell(out, p, &q, &r);
	fputs(".\n", out);
	return action;
}

/* Whether it is a device at a path, which has a name and no port. */
static bool
is_device_path(const struct policy *p, const struct target *asked)
{
	uint32_t found = asked->form == TARGET_NAMED
	    ? policy_find_target(p, asked->text)
	    : POLICY_NONE;
	const struct policy_target *t;

	if (found == POLICY_NONE)
		return false;
	t = policy_target(p, found);
	return t->path != 0 && t->kind == TARGET_DEVICE;
}

/* One port and all roads.  The best action. */
static enum policy_action
why_port(FILE *out, const struct policy *p, const struct policy_request *base,
    bool step, const struct target *asked, struct policy_verdict *why)
{
	enum policy_action action, best = ACTION_DENY;
	struct policy_request q = *base;
	struct decision d;
	char name[300];

	q.road = ROAD_CONNECT;
	q.mfa = q.mfa || step;
	for (int road = ROAD_FORWARD; road <= ROAD_CONNECT; road++) {
		action = answer_judge(p, base, step, road, asked, &d);
		if (road == ROAD_CONNECT)
			*why = d.verdict;
		if (action == ACTION_DENY)
			continue;
		fprintf(out, "%s is open to you by %s",
		    target_text(asked, name, sizeof(name)), road_words[road]);
		if (action == ACTION_ASK)
			write_unmet(
			    out, road, d.verdict.unmet, base->ticket);
		if (road == ROAD_FORWARD)
			write_addresses(out, p, asked, &d);
		else if (action == ACTION_ALLOW)
			write_limits(out, p, &q, asked, &d);
		fputs(".\n", out);
		if (action > best)
			best = action;
	}
	action = asked->port == 0 && !is_device_path(p, asked)
	    ? ACTION_DENY
	    : why_shell(out, p, base, step, asked);
	return action > best ? action : best;
}

/* A name without a port stands for its ports. */
static enum policy_action
why_target(FILE *out, const struct policy *p, const struct policy_request *base,
    bool step, const struct target *asked, struct policy_verdict *why)
{
	enum policy_action action, best;
	struct target one = *asked;
	struct policy_range r;
	uint32_t found, i;

	/* Without a port this is about a path, or about nothing. */
	best = why_port(out, p, base, step, asked, why);
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
		action = port->port == 0
		    ? ACTION_DENY
		    : why_port(out, p, base, step, &one, why);
		if (action > best)
			best = action;
	}
	return best;
}

enum policy_action
answer_why(FILE *out, const struct policy *p, const struct policy_request *base,
    bool step, const struct target *asked, struct policy_verdict *why,
    struct online *online)
{
	enum policy_action best = why_target(out, p, base, step, asked, why);
	uint32_t found = policy_find_target(p, asked->text);
	const struct policy_target *t;

	if (best == ACTION_DENY || online == NULL || found == POLICY_NONE ||
	    asked->form == TARGET_ADDRESSED)
		return best;
	t = policy_target(p, found);
	if (online_of(online, p, t, asked->port) == ONLINE_NO)
		fprintf(out, "But %s is offline now.\n",
		    policy_string(p, t->name));
	return best;
}

void
answer_help(FILE *out)
{
	fputs("(nothing)                  a menu, on a terminal; list without one\n"
	      "list                       what is open to you\n"
	      "connect HOST PORT          connect standard input and output; "
	      "also nc\n"
	      "connect -U PATH            the same for a UNIX socket\n"
	      "connect --ticket ID ...    under a ticket; or SetEnv "
	      "JUMP_TICKET=ID\n"
	      "ssh [LOGIN@]HOST[:PORT] [COMMAND]\n"
	      "                           log in there from here; ssh -t "
	      "for a terminal\n"
	      "why HOST[:PORT]            how a target is open to you\n"
	      "request HOST[:PORT] [--for 2h] [--ticket ID] REASON\n"
	      "                           ask for what must be approved\n"
	      "requests                   what you have asked for, and what "
	      "you may approve\n"
	      "approve ID, refuse ID      answer a request, or take yours "
	      "back\n"
	      "approve --text ID, approve --signed <TEXT\n"
	      "                           the same by your own key's "
	      "signature\n"
	      "who [-v]                   your sessions that are live now\n"
	      "config [--jump NAME]       an ssh_config for your machine, "
	      "which tells how to\n"
	      "                           use it; --format ansible: an "
	      "inventory\n"
	      "known_hosts                the host keys for it\n"
	      "help                       this text\n"
	      "\n"
	      "In your ~/.ssh/config, for hosts behind this one, one of:\n"
	      "  ProxyJump JUMPHOST\n"
	      "  ProxyCommand ssh JUMPHOST connect %h %p\n"
	      "\n"
	      "If ssh says \"administratively prohibited\":\n"
	      "  ssh JUMPHOST why HOST\n",
	    out);
}
