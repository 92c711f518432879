/* SPDX-License-Identifier: ISC */
#include "visit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "swept.h"
#include "unmet.h"

int
visit_broken(const char *what)
{
	dprintf(STDERR_FILENO, "jump: jump-shell cannot %s: %s.\n", what,
	    strerror(errno));
	return EXIT_INTERNAL;
}

int
visit_refuse(
    struct visit *s, struct audit_event *event, const char *what, int code)
{
	const char *contact = s->policy != NULL ? decide_contact(s->policy)
						: "your administrator";
	char safe[1024], hash[17] = "";

	if (s->policy != NULL)
		policy_hash_text(s->policy, hash);
	event->kind = AUDIT_DECISION;
	event->outcome = AUDIT_FAILURE;
	if (event->verdict == NULL)
		event->verdict = policy_action_names[ACTION_DENY];
	event->uid = s->uid;
	event->user = s->person.name != NULL ? s->person.name : s->account;
	if (event->user != s->account && strcmp(event->user, s->account) != 0)
		event->account = s->account;
	event->source = s->from_text;
	event->session = s->reference;
	event->policy = hash;
	audit_escape(safe, sizeof(safe), what);
	if (audit_write(&s->audit, event) == -1) {
		dprintf(STDERR_FILENO,
		    "jump: %s This cannot be recorded; ask %s.\n", safe,
		    contact);
		return EXIT_INTERNAL;
	}
	dprintf(STDERR_FILENO, "jump: %s Ask %s, reference %s.\n", safe,
	    contact, s->reference);
	return code;
}

int
visit_refuse_because(
    struct visit *s, const char *reason, const char *what, int code)
{
	struct audit_event event = {.reason = reason};

	return visit_refuse(s, &event, what, code);
}

int
visit_refuse_target(struct visit *s, enum policy_road road,
    const struct target *target, const struct policy_verdict *why,
    const char *ticket)
{
	char name[300], unmet[UNMET_TEXT], what[640];
	struct audit_event event = {.address = target->text,
	    .port = target->port,
	    .road = policy_road_names[road],
	    .verdict = policy_action_names[why->action],
	    .ticket = ticket,
	    .reason = policy_reason_text(why->reason)};

	if (road != ROAD_SHELL)
		event.request = s->request; /* it was a question */
	if (why->rule != POLICY_NONE)
		event.rule = policy_string(
		    s->policy, policy_rule(s->policy, why->rule)->name);
	target_text(target, name, sizeof(name));
	if (why->action == ACTION_ASK)
		snprintf(what, sizeof(what), "%s is open to you only with %s.",
		    name, unmet_text(why->unmet, ticket, unmet));
	else
		snprintf(what, sizeof(what), "%s is not open to you.", name);
	return visit_refuse(s, &event, what, EXIT_DENIED);
}

/*
 * What the user is granted; who they are is known.  Signatures are looked at
 * without the group: what is said of them is for the user alone, and whoever
 * lets somebody in looks for themselves.
 */
static void
find_granted(struct visit *s, struct policy_request *request)
{
	grant_list_free(&s->granted);
	grants_verify(&s->grants, s->policy, s->uid, request->now);
	if (grants_judge(&s->grants, s->policy, s->account, s->uid,
		request->now, &s->granted) == -1)
		return;
	grant_list_keep(&s->granted, s->person.name);
	request->approvals = s->granted.list;
	request->napprovals = s->granted.n;
}

void
visit_request(struct visit *s, struct policy_request *request,
    enum policy_road road, const char *ticket)
{
	decide_request(request, &s->person, road, time(NULL));
	request->swept = swept_lately(SWEPT_FILE, 0, request->now);
	if (s->from_text[0] != '\0')
		request->from = &s->from;
	if (ticket != NULL && *ticket != '\0')
		request->ticket = ticket;
	request->mfa = s->mfa || (road != ROAD_FORWARD && s->method != NULL);
	find_granted(s, request);
}
