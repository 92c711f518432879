/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "audit.h"
#include "client.h"
#include "unmet.h"

enum { WORD_TEXT = 300, NETS_SHOWN = 16 };

struct page {
	FILE *out;
	const struct client *c;
	const struct policy *p;
	struct routes routes;
	struct tunnels tunnels;
	bool failed;
};

/*
 * Words.  What the policy holds is ever so harmless: but this file is read by
 * ssh, and parts of it by a shell, on somebody else's machine.
 */
static bool
path_safe(const char *s)
{
	return *s == '/' &&
	    strspn(s,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789._/-") == strlen(s);
}

/* A name of an account, which may have more in it. */
static bool
login_safe(const char *s)
{
	return *s != '\0' && *s != '-' &&
	    strspn(s,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789._@+\\-") == strlen(s);
}

/* As an argument of ssh_config(5), whose escape is the backslash. */
static void
put_login(FILE *out, const char *s)
{
	for (; *s != '\0'; s++)
		fprintf(out, *s == '\\' ? "\\\\" : "%c", *s);
}

static const char *
target_name(const struct page *g, const struct route *r)
{
	return policy_string(g->p, policy_target(g->p, r->target)->name);
}

static bool
put_name(struct page *g, const char *name)
{
	if (!name_plain(name) || strcmp(name, g->c->jump) == 0)
		return false;
	fprintf(g->out, " %s", name);
	return true;
}

/*
 * The names of a block: of the group's main route, the target's name and
 * aliases, but for that of the jump host; of another, NAME+PORT.
 */
static void
put_names(struct page *g, const struct route *r, bool main)
{
	const struct policy_target *t = policy_target(g->p, r->target);
	struct policy_range aliases = policy_clip(g->p, PT_WORDS, t->aliases);
	bool any = main && put_name(g, target_name(g, r));

	for (uint32_t i = 0; main && i < aliases.n; i++)
		any |= put_name(g, policy_word(g->p, aliases.first + i));
	if (!any)
		fprintf(g->out, " %s+%u", target_name(g, r), r->port);
}

/* Whether it is a target of its own, and not a net or a domain. */
static bool
is_single(const struct page *g, const struct route *r)
{
	uint32_t kind = policy_target(g->p, r->target)->kind;

	return kind != TARGET_NET && kind != TARGET_DOMAIN &&
	    name_plain(target_name(g, r));
}

/*
 * Comments.
 */
static void
put_title(struct page *g, const struct route *r)
{
	const struct policy_target *t = policy_target(g->p, r->target);
	const char *comment = policy_string(g->p, t->comment);
	char text[1024];

	fprintf(g->out, "\n# --- %s\n",
	    audit_escape(text, sizeof(text), target_name(g, r)));
	if (*comment != '\0')
		fprintf(g->out, "# %s\n",
		    audit_escape(text, sizeof(text), comment));
}

static void
put_state(struct page *g, const struct route *r)
{
	char text[UNMET_TEXT];

	if (r->action != ACTION_ASK)
		return;
	if (r->port != 0)
		fprintf(g->out, "# %u: only", r->port);
	else
		fputs("# Only", g->out);
	fprintf(g->out, " with %s.\n",
	    r->road == ROAD_FORWARD && r->unmet == MUST_MFA
		? "a security key that asks for its PIN"
		: unmet_text(r->unmet, NULL, text));
}

/*
 * Blocks.
 */
/* The host key of what the block is about, and no question about it. */
static void
put_checking(struct page *g, const char *alias, bool pinned)
{
	if (alias != NULL)
		fprintf(g->out, "    HostKeyAlias %s\n", alias);
	fprintf(g->out, "    UserKnownHostsFile ~/.ssh/%s_known_hosts%s\n",
	    g->c->jump, pinned ? "" : " ~/.ssh/known_hosts");
	if (pinned)
		fputs("    GlobalKnownHostsFile /dev/null\n", g->out);
	fputs("    StrictHostKeyChecking yes\n"
	      "    UpdateHostKeys no\n",
	    g->out);
}

/* What ssh runs in place of a connection, or a comment that it cannot. */
static void
put_connect(struct page *g, const struct route *r)
{
	const struct policy_target *t = policy_target(g->p, r->target);
	const char *path = policy_string(g->p, t->path);

	if (t->path == 0 || t->kind == TARGET_DEVICE)
		fprintf(g->out, "    ProxyCommand ssh %s connect %%h %%p\n",
		    g->c->jump);
	else if (path_safe(path))
		fprintf(g->out, "    ProxyCommand ssh %s connect -U %s\n",
		    g->c->jump, path);
	else
		fputs("    # its path has characters that cannot stand here\n"
		      "    ProxyCommand false\n",
		    g->out);
}

/* Whether it is a session on the jump host that a block can stand for. */
static bool
is_session(const struct route *r)
{
	return r->protocol == PROTO_SSH && r->road == ROAD_SHELL &&
	    *r->login != '\0';
}

/* A session on the jump host, which asks for the rest. */
static void
put_shell(struct page *g, const struct route *r, bool main)
{
	const char *name = target_name(g, r);
	char port[8] = "";

	if (r->port != 22 && r->port != 0)
		snprintf(port, sizeof(port), ":%u", r->port);
	if (!is_session(r) || r->others > 0)
		fprintf(g->out, "# %sssh -t %s ssh LOGIN@%s%s\n",
		    r->others > 0 ? "By other logins too: " : "", g->c->jump,
		    name, port);
	if (!is_session(r))
		return;
	fputs("Host", g->out);
	put_names(g, r, main);
	fprintf(g->out, "\n    RequestTTY yes\n    RemoteCommand ssh %s@%s%s\n",
	    r->login, name, port);
	if (r->agent) /* a shared connection has that of its first session */
		fputs("    ForwardAgent yes\n    ControlMaster no\n"
		      "    ControlPath none\n",
		    g->out);
}

/* A block for an ssh port of a target. */
static void
put_ssh(struct page *g, const struct route *r, bool main)
{
	const struct policy_target *t = policy_target(g->p, r->target);
	char text[ADDR_TEXT];
	const char **keys;
	ssize_t n;

	put_state(g, r);
	if (r->road == ROAD_SHELL) {
		put_shell(g, r, main);
		return;
	}
	n = known_keys(g->p, r->target, &keys);
	free(keys);
	if (n == -1)
		g->failed = true;
	if (n == 0)
		fprintf(g->out,
		    "# The policy does not have its host key; in "
		    "~/.ssh/known_hosts it is %s\n",
		    target_name(g, r));
	fputs("Host", g->out);
	put_names(g, r, main);
	fputc('\n', g->out);
	fprintf(g->out, "    HostName %s\n",
	    r->road == ROAD_FORWARD ? addr_print(&r->addr, text)
				    : policy_string(g->p, t->name));
	if (r->port != 0)
		fprintf(g->out, "    Port %u\n", r->port);
	if (r->road == ROAD_FORWARD)
		fprintf(g->out, "    ProxyJump %s\n", g->c->jump);
	else
		put_connect(g, r);
	put_checking(g, policy_string(g->p, t->name), n > 0);
}

/* What no LocalForward can have, since sshd does not forward it. */
static void
put_helper(
    struct page *g, const struct route *r, const char *local, unsigned int port)
{
	const struct policy_target *t = policy_target(g->p, r->target);
	const char *name = target_name(g, r);
	const char *path = policy_string(g->p, t->path);

	if (t->kind == TARGET_DEVICE && t->path != 0)
		fprintf(g->out,
		    "#   socat UNIX-LISTEN:%s.sock,fork "
		    "'EXEC:ssh %s connect %s 1'\n",
		    name, g->c->jump, name);
	else if (t->path == 0)
		fprintf(g->out,
		    "#   socat TCP-LISTEN:%u,bind=%s,fork,reuseaddr "
		    "'EXEC:ssh %s connect %s %u'\n",
		    port, local, g->c->jump, name, r->port);
	else if (path_safe(path))
		fprintf(g->out,
		    "#   socat UNIX-LISTEN:%s.sock,fork "
		    "'EXEC:ssh %s connect -U %s'\n",
		    name, g->c->jump, path);
}

static size_t
count_tcp(const struct route *r, size_t n, enum policy_road road)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += r[i].protocol == PROTO_TCP && r[i].road == road;
	return found;
}

static void
put_forwards(struct page *g, const struct route *r, size_t n, const char *local)
{
	char text[ADDR_TEXT];

	fprintf(g->out,
	    "Host %s" CLIENT_SUFFIX "\n"
	    "    ControlMaster no\n"
	    "    ControlPath none\n"
	    "    IgnoreUnknown SessionType\n"
	    "    SessionType none\n"
	    "    ExitOnForwardFailure yes\n",
	    target_name(g, r));
	for (size_t i = 0; i < n; i++) {
		uint16_t port = tunnels_port(r, n, r[i].port);
		bool v6;

		if (r[i].protocol != PROTO_TCP || r[i].road != ROAD_FORWARD ||
		    port == 0)
			continue;
		v6 = !addr_is_v4(&r[i].addr);
		fprintf(g->out, "    LocalForward %s:%u %s%s%s:%u\n", local,
		    port, v6 ? "[" : "", addr_print(&r[i].addr, text),
		    v6 ? "]" : "", r[i].port);
	}
}

/* The ports of a target on which something else than SSH speaks. */
static void
put_tcp(struct page *g, const struct route *r, size_t n)
{
	uint32_t a = tunnels_take(&g->tunnels, target_name(g, r));
	char local[ADDR_TEXT];

	snprintf(local, sizeof(local), "127.%u.%u.%u", a >> 16 & 255,
	    a >> 8 & 255, a & 255);
	for (size_t i = 0; i < n; i++) {
		if (r[i].protocol == PROTO_TCP)
			put_state(g, &r[i]);
	}
	if (count_tcp(r, n, ROAD_CONNECT) > 0)
		fputs("# By ProxyCommand only; as a port of this machine:\n",
		    g->out);
	for (size_t i = 0; i < n; i++) {
		if (r[i].protocol == PROTO_TCP && r[i].road == ROAD_CONNECT)
			put_helper(
			    g, &r[i], local, tunnels_port(r, n, r[i].port));
	}
	if (count_tcp(r, n, ROAD_FORWARD) > 0)
		put_forwards(g, r, n, local);
}

/* All of one host, device or socket. */
static void
put_target(struct page *g, const struct route *r, size_t n)
{
	const struct route *main = routes_main(r, n);

	put_title(g, r);
	for (size_t i = 0; i < n; i++) {
		if (r[i].protocol == PROTO_SSH)
			put_ssh(g, &r[i], &r[i] == main);
	}
	if (count_tcp(r, n, ROAD_FORWARD) + count_tcp(r, n, ROAD_CONNECT) > 0)
		put_tcp(g, r, n);
}

/*
 * Nets and domains.
 */
/*
 * The patterns of a network of IPv4: of so many octets whole, and what the
 * next may be.  False if these are too many, or it is of IPv6 and no address.
 */
static bool
put_patterns(struct page *g, const struct net *net)
{
	const uint8_t *b = net->addr.b + 12;
	unsigned int bits, whole, first, many;
	char text[ADDR_TEXT];

	if (net->len == 128) {
		fprintf(g->out, " %s", addr_print(&net->addr, text));
		return true;
	}
	bits = net->len < ADDR_V4_BITS ? 0 : net->len - ADDR_V4_BITS;
	whole = bits / 8;
	many = 1U << (8 - bits % 8);
	if (!addr_is_v4(&net->addr) || bits == 0 ||
	    (bits % 8 != 0 && many > NETS_SHOWN))
		return false;
	first = bits % 8 == 0 ? 0 : b[whole];
	for (unsigned int i = 0; i < (bits % 8 == 0 ? 1 : many); i++) {
		fputc(' ', g->out);
		for (unsigned int o = 0; o < whole; o++)
			fprintf(g->out, "%u.", b[o]);
		if (bits % 8 == 0)
			fputc('*', g->out);
		else
			fprintf(g->out, whole == 3 ? "%u" : "%u.*", first + i);
	}
	return true;
}

/* What is known by a pattern goes there with the name that is typed. */
static void
put_pattern_block(struct page *g, const struct route *r)
{
	fprintf(g->out, " !%s\n", g->c->jump);
	if (r->port != 22)
		fprintf(g->out, "    Port %u\n", r->port);
	fprintf(
	    g->out, "    ProxyCommand ssh %s connect %%h %%p\n", g->c->jump);
	put_checking(g, NULL, false);
}

static bool
pattern_safe(const char *s)
{
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-*") ==
	    strlen(s);
}

static void
put_domain(struct page *g, const struct route *r)
{
	const char *pattern = policy_word(g->p, r->part);

	if (!pattern_safe(pattern))
		return;
	put_state(g, r);
	if (r->protocol == PROTO_TCP) {
		fprintf(g->out, "# %s: ssh %s connect NAME %u\n", pattern,
		    g->c->jump, r->port);
		return;
	}
	fprintf(g->out, "Host %s", pattern);
	put_pattern_block(g, r);
}

static void
put_net(struct page *g, const struct route *r)
{
	const struct net *net = policy_row(g->p, PT_NETS, r->part);
	char text[ADDR_TEXT + 4], *words = NULL;
	size_t size;
	FILE *out = g->out, *memory = open_memstream(&words, &size);
	bool whole;

	if (memory == NULL) {
		g->failed = true;
		return;
	}
	g->out = memory;
	whole = put_patterns(g, net);
	g->out = out;
	if (fclose(memory) == EOF)
		g->failed = true;
	put_state(g, r);
	if (r->protocol == PROTO_TCP || !whole) {
		fprintf(out, "# %s: ssh %s connect ADDRESS %u\n",
		    net_print(net, text), g->c->jump, r->port);
	} else {
		fprintf(out, "Host%s", words);
		put_pattern_block(g, r);
	}
	free(words);
}

static void
put_places(struct page *g, const struct route *r, size_t n)
{
	const struct policy_target *t = policy_target(g->p, r->target);

	put_title(g, r);
	for (size_t i = 0; i < n; i++) {
		if (t->kind == TARGET_NET)
			put_net(g, &r[i]);
		else if (t->kind == TARGET_DOMAIN)
			put_domain(g, &r[i]);
	}
}

/*
 * The jump host.
 */
static void
put_header(struct page *g)
{
	const char *jump = g->c->jump;
	char user[WORD_TEXT], date[32] = "", hash[17];
	time_t now = g->c->request->now;
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%MZ", &tm);
	policy_hash_text(g->p, hash);
	fprintf(g->out,
	    "# ssh_config(5) for %s, made %s of the jump policy %s.\n"
	    "# It has what was open to you then, or could be asked for, and "
	    "no secrets.\n"
	    "#\n"
	    "# To make it, and again when that changes:\n"
	    "#   cd ~/.ssh\n"
	    "#   ssh %s known_hosts >new && mv new %s_known_hosts\n"
	    "#   ssh %s config%s%s >new && mv new %s.conf\n"
	    "# To use it, the first line of ~/.ssh/config:\n"
	    "#   Include %s.conf\n"
	    "# ssh takes the first value that it finds: what you want "
	    "otherwise stands above\n"
	    "# that line, and `Match all' between them.\n",
	    audit_escape(user, sizeof(user), g->c->user), date, hash, jump,
	    jump, jump, strcmp(jump, "jump") == 0 ? "" : " --jump ",
	    strcmp(jump, "jump") == 0 ? "" : jump, jump, jump);
}

/* Those that connect to the jump host itself, or of them, those that share. */
static void
put_sessions(struct page *g, bool all)
{
	size_t n;

	for (size_t i = 0; i < g->routes.n; i += n) {
		const struct route *r = &g->routes.list[i], *main;

		n = routes_group(&g->routes, i);
		if (!is_single(g, r))
			continue;
		main = routes_main(r, n);
		for (size_t k = 0; k < n; k++) {
			if (is_session(&r[k]) && (all || !r[k].agent))
				put_names(g, &r[k], &r[k] == main);
		}
		if (all && count_tcp(r, n, ROAD_FORWARD) > 0)
			fprintf(g->out, " %s" CLIENT_SUFFIX, target_name(g, r));
	}
}

static void
put_jump(struct page *g)
{
	const struct client *c = g->c;

	fputs("\n# The jump host, as you reached it.\n", g->out);
	fprintf(g->out, "Host %s", c->jump);
	put_sessions(g, true);
	fprintf(
	    g->out, "\n    HostName %s\n", c->host != NULL ? c->host : c->jump);
	if (c->port != 0)
		fprintf(g->out, "    Port %u\n", c->port);
	if (login_safe(c->account)) {
		fputs("    User ", g->out);
		put_login(g->out, c->account);
		fputc('\n', g->out);
	}
	put_checking(g, c->nkeys > 0 ? CLIENT_KEYS : NULL, c->nkeys > 0);
	fputs(
	    "    ServerAliveInterval 30\n    ServerAliveCountMax 3\n", g->out);
	fprintf(g->out, "Host %s", c->jump);
	put_sessions(g, false);
	fprintf(g->out,
	    "\n    ControlMaster auto\n"
	    "    ControlPath ~/.ssh/%s-%%C\n"
	    "    ControlPersist 5m\n",
	    c->jump);
}

static void
put_routes(struct page *g)
{
	size_t n;

	if (count_tcp(g->routes.list, g->routes.n, ROAD_FORWARD) > 0)
		fputs("\n# While `ssh NAME" CLIENT_SUFFIX "' runs, ports that "
		      "do not speak SSH are ports of an\n"
		      "# address 127.x.y.z of your machine; those below 1024 "
		      "8000 higher.  macOS first\n"
		      "# wants `sudo ifconfig lo0 alias 127.x.y.z'.\n",
		    g->out);
	for (size_t i = 0; i < g->routes.n; i += n) {
		n = routes_group(&g->routes, i);
		(is_single(g, &g->routes.list[i]) ? put_target : put_places)(
		    g, &g->routes.list[i], n);
	}
}

int
client_ssh_config(FILE *out, const struct client *c)
{
	struct page g = {.out = out, .c = c, .p = c->policy};

	g.failed = routes_find(&g.routes, c) == -1 ||
	    tunnels_new(&g.tunnels, g.p) == -1;
	if (!g.failed) {
		put_header(&g);
		put_jump(&g);
		put_routes(&g);
	}
	if (!g.failed && !policy_damaged(g.p))
		fprintf(out, "\n# end of %s.conf\n", c->jump);
	routes_free(&g.routes);
	tunnels_free(&g.tunnels);
	return g.failed || fflush(out) == EOF || ferror(out) ? -1 : 0;
}
