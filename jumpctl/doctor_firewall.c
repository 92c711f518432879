/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: the firewall table, what stands beside it, and the gate.
 */
#include "doctor.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate.h"
#include "nft.h"

enum { WORDS = 6, CHAIN = 256, REMEDY_MAX = 512 };

/* What nft prints with these arguments, the caller's; NULL: there is none. */
static char *
nft(const char *const words[WORDS])
{
	static const char *const places[] = {"/usr/sbin/nft", "/sbin/nft"};
	char *argv[WORDS + 2] = {NULL}, *out = NULL, *error;

	for (size_t i = 0; i < WORDS && words[i] != NULL; i++)
		argv[i + 1] = (char *)words[i];
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		argv[0] = (char *)places[i];
		if (program_run(argv, &out, &error) == 0) {
			free(error);
			return out;
		}
		free(out);
		free(error);
	}
	return NULL;
}

bool
table_is_loaded(void)
{
	static const char *const words[WORDS] = {
	    "list", "table", "inet", "jumphost"};
	char *out = nft(words);
	bool loaded = out != NULL && strstr(out, "goto people") != NULL;

	free(out);
	return loaded;
}

/*
 * Tables of others, which see what users connect to as ours does.  What they
 * accept, ours may still drop; what they lead elsewhere is not what it judged,
 * or does not come to the gate.
 */

/* Whether some rule of the chain leads elsewhere what is not for this host. */
static bool
leads_away(const char *chain)
{
	static const char *const verdicts[] = {
	    " redirect", " dnat ", " jump ", " goto ", "\tredirect", "\tdnat ",
	    "\tjump ", "\tgoto ", "xt target"};
	char line[1024];

	for (; *chain != '\0'; chain += *chain == '\n') {
		size_t n = strcspn(chain, "\n");

		snprintf(line, sizeof(line), "%.*s", (int)n, chain);
		chain += n;
		if (strstr(line, "fib daddr type local") != NULL ||
		    strstr(line, "addrtype") != NULL)
			continue;
		for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]);
		     i++) {
			if (strstr(line, verdicts[i]) != NULL)
				return true;
		}
	}
	return false;
}

static void
check_chain(
    struct doctor *d, const char *family, const char *table, const char *name)
{
	const char *const words[WORDS] = {"list", "chain", family, table, name};
	char *out = nft(words);

	if (out != NULL && leads_away(out))
		found(d, LEVEL_WARN, NULL, NULL,
		    "begin that chain with: meta skuid 1000-60000 return",
		    "table %s %s, chain %s, leads elsewhere what users connect "
		    "to, around the firewall table",
		    family, table, name);
	free(out);
}

/* Source: what nft list chains prints. */
static void
check_others(struct doctor *d)
{
	static const char *const words[WORDS] = {"list", "chains"};
	char *out = nft(words), *line, *rest;
	char family[16] = "", table[CHAIN] = "", chain[CHAIN] = "";

	for (line = out == NULL ? NULL : strtok_r(out, "\n", &rest);
	     line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		sscanf(line, "table %15s %255s", family, table);
		sscanf(line, " chain %255s", chain);
		if (strstr(line, "type nat hook output") != NULL &&
		    !(strcmp(family, "inet") == 0 &&
			strcmp(table, "jumphost") == 0))
			check_chain(d, family, table, chain);
	}
	free(out);
}

/* Those that the policy exempts, and the table does not. */
static void
check_exempt(struct doctor *d)
{
	struct policy_range exempt = policy_clip(
	    d->policy, PT_WORDS, policy_meta(d->policy)->exempt);

	for (uint32_t i = 0; i < exempt.n; i++) {
		const char *name = policy_word(d->policy, exempt.first + i);
		struct account a;

		if (!account_find(&a, name)) {
			found(d, LEVEL_WARN, name, NULL,
			    "take NAME out of `set exempt'",
			    "in `set exempt', but no account of this machine");
			continue;
		}
		if (account_in(&a, "jump"))
			found(d, LEVEL_WARN, name, NULL,
			    "gpasswd -d NAME jump, or take NAME out of `set "
			    "exempt'",
			    "in `set exempt', but in the group jump, and so "
			    "held");
		account_free(&a);
	}
}

static bool
is_set(const struct doctor *d)
{
	return d->policy != NULL && policy_meta(d->policy)->nft != 0;
}

void
names_held(struct names *held, const struct policy *p)
{
	bool loaded = p != NULL && policy_meta(p)->nft != 0, shared;
	struct names all = {0};
	struct account a;

	for (size_t i = 0; ranks[i] != NULL; i++)
		names_members(&all, ranks[i]);
	names_sort(&all);
	for (size_t i = 0; i < all.n; i++) {
		if (!account_find(&a, all.list[i]))
			continue;
		if (!account_in(&a, "jump") && !account_in(&a, "jump-devices") &&
		    !account_in_policy(p, a.name, &shared) &&
		    (loaded ? nft_holds(p, a.uid) : nft_may_hold(a.uid)))
			names_add(held, a.name);
		account_free(&a);
	}
	names_free(&all);
}

/* Who sets it must name the administrators, who would else be held. */
static const char *
set_remedy(const struct doctor *d, char buf[REMEDY_MAX])
{
	struct names held = {0};
	size_t used;

	names_held(&held, d->policy);
	snprintf(buf, REMEDY_MAX, "set nft in the policy");
	for (size_t i = 0; i < held.n; i++) {
		used = strlen(buf);
		snprintf(buf + used, REMEDY_MAX - used, "%s %s",
		    i == 0 ? ", and set exempt {" : "", held.list[i]);
	}
	used = strlen(buf);
	snprintf(buf + used, REMEDY_MAX - used, "%s: FIREWALL in jumpctl(8)",
	    held.n == 0 ? "" : " }");
	names_free(&held);
	return buf;
}

/* The table itself; false if that is not as it should be. */
static bool
check_table(struct doctor *d)
{
	char remedy[REMEDY_MAX];
	bool loaded = table_is_loaded();

	if (is_set(d) && !nft_stands(d->policy))
		found(d, LEVEL_FAIL, NULL, NULL, "jumpctl sweep",
		    loaded ? "the firewall table is not the one that was "
			     "loaded: somebody has changed it"
			   : "the firewall table is gone, or empty");
	else if (!is_set(d) && d->policy != NULL &&
	    access(NFT_LISTED, F_OK) == 0 && loaded)
		found(d, LEVEL_WARN, NULL, NULL,
		    "set nft in the policy, or: nft delete table inet "
		    "jumphost; rm " NFT_LISTED,
		    "the firewall table is that of an earlier policy");
	else if (!loaded)
		found(d, LEVEL_WARN, NULL, NULL,
		    set_remedy(d, remedy),
		    "the firewall table is not loaded: who breaks out reaches "
		    "the network");
	else
		return true;
	return false;
}

void
check_firewall(struct doctor *d)
{
	size_t before = d->n;

	if (!check_table(d))
		return;
	if (is_set(d))
		check_exempt(d);
	check_others(d);
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "the firewall table is loaded%s",
		    d->policy == NULL || is_set(d)
			? ""
			: "; without set nft it is yours to load again after "
			  "each change of the policy");
}

/* Without the table, of which check_firewall() tells, it cannot answer. */
void
check_gate(struct doctor *d)
{
	static const char *const remedies[] = {
	    [GATE_PORTS] = "sysctl net.ipv4.ip_unprivileged_port_start=1024",
	    [GATE_NOBODY] = "systemctl enable --now jump-gate.socket, with this "
			    "port, or see FIREWALL in jumpctl(8)",
	    [GATE_TAKEN] = "end that process, then start the gate: FIREWALL "
			   "in jumpctl(8)",
	    [GATE_SILENT] = "who listens is to start jump-connect -G as _jump: "
			    "THE GATE in jump-connect(8)"};
	char what[GATE_WORDS];
	enum gate_state state;

	if (d->policy == NULL || policy_meta(d->policy)->gate == 0)
		return;
	state = gate_look(d->policy, what);
	if (state == GATE_STANDS)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "the gate answers, by port %u of 127.0.0.1 and ::1",
		    policy_meta(d->policy)->gate);
	else if (state != GATE_SILENT || nft_stands(d->policy))
		found(d, LEVEL_FAIL, NULL, NULL, remedies[state], "%s", what);
}
