/* SPDX-License-Identifier: ISC */
#include "advice.h"

#include <string.h>

enum { NAME_ROOM = 300, SSH_PORT = 22, PRIVILEGED = 1024, SHIFT = 8000 };

/* The address that sshd is to be given where it does not find the name. */
static const char *
forward_name(const struct rows *rows, const struct target *asked,
    const struct decision *d, char text[ADDR_TEXT])
{
	if (asked->form != TARGET_NAMED ||
	    answer_resolves(rows->policy, asked->text))
		return asked->text;
	for (size_t i = 0; i < d->n; i++) {
		if (d->choices[i].verdict.action == d->action)
			return addr_print(&d->choices[i].addr, text);
	}
	return asked->text;
}

static bool
is_v6(const char *name)
{
	return strchr(name, ':') != NULL;
}

static void
open_ssh(FILE *out, const char *name, const struct target *asked, bool jump)
{
	char port[16] = "";

	if (asked->port != SSH_PORT && asked->port != 0)
		snprintf(port, sizeof(port), " -p %u", asked->port);
	if (jump)
		fprintf(out, "  ssh -J jump%s %s\n", port, name);
	else
		fprintf(out,
		    "  ssh -o 'ProxyCommand ssh jump connect %%h %%p'%s %s\n",
		    port, asked->text);
}

/* A port of one's own machine, which only root may have below 1024. */
static void
open_tcp(FILE *out, const char *name, const struct target *asked)
{
	unsigned int local = asked->port < PRIVILEGED
	    ? asked->port + (unsigned int)SHIFT
	    : asked->port;
	const char *open = is_v6(name) ? "[" : "";
	const char *shut = is_v6(name) ? "]" : "";

	fprintf(out, "  ssh -N -L %u:%s%s%s:%u jump\n", local, open, name, shut,
	    asked->port);
	fprintf(out, " and then connect to 127.0.0.1, port %u.\n", local);
}

void
advice_open(FILE *out, const struct rows *rows, const struct target *asked,
    enum policy_protocol protocol)
{
	char text[ADDR_TEXT], full[NAME_ROOM];
	struct decision d;
	const char *name;
	bool jump = answer_judge(rows->policy, rows->request, rows->step,
			ROAD_FORWARD, asked, &d) == ACTION_ALLOW;

	name = forward_name(rows, asked, &d, text);
	fprintf(out, " %s, from your own machine:\n",
	    target_text(asked, full, sizeof(full)));
	if (asked->form == TARGET_PATH)
		fprintf(out, "  ssh -T jump connect -U %s\n", asked->text);
	else if (protocol == PROTO_SSH)
		open_ssh(out, name, asked, jump);
	else if (jump)
		open_tcp(out, name, asked);
	else
		fprintf(out, "  ssh -T jump connect %s %u\n", asked->text,
		    asked->port != 0 ? asked->port : SSH_PORT);
	fputs(" (jump is this host, as you call it.)\n", out);
}

void
advice_ask(FILE *out, const struct target *asked, const struct row_state *state)
{
	char name[NAME_ROOM];

	target_text(asked, name, sizeof(name));
	if (state->unmet & MUST_APPROVE)
		fprintf(out,
		    " %s wants an approval.  Ask for it:\n"
		    "  ssh jump request %s REASON\n",
		    name, name);
	if (state->unmet & MUST_TICKET) {
		fprintf(out, " %s wants a ticket:\n", name);
		if (state->road == ROAD_SHELL)
			fprintf(
			    out, "  ssh -t jump ssh --ticket ID %s\n", name);
		else
			fprintf(out,
			    "  ssh -T jump connect --ticket ID %s%s%s\n",
			    asked->form == TARGET_PATH ? "-U " : "", name,
			    asked->form != TARGET_PATH && asked->port == 0
				? " 22"
				: "");
	}
	if (state->unmet & MUST_MFA)
		fprintf(out,
		    " %s wants a second factor.\n"
		    " Log in again, by a second method or\n"
		    " a key with a PIN.\n",
		    name);
}

void
advice_closed(FILE *out, const struct target *asked,
    const struct row_state *state, int64_t now)
{
	char name[NAME_ROOM], at[LAYOUT_TIME];

	target_text(asked, name, sizeof(name));
	if (state->none)
		fprintf(out, " %s is not open to you now.\n", name);
	else
		fprintf(out, " %s is outside its hours until %s.\n", name,
		    layout_time(at, state->when, now));
}
