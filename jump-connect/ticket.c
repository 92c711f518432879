/* SPDX-License-Identifier: ISC */
#include "ticket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"

/* A name that no rule has: its places are for programs that run. */
static const char places[] = "ticket program";

/* The first choice that rests on a ticket, or NULL. */
static const struct choice *
find_ticketed(const struct decision *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct policy_verdict *v = &d->choices[i].verdict;

		if (v->action == ACTION_ALLOW && (v->obligations & MUST_TICKET))
			return &d->choices[i];
	}
	return NULL;
}

static void
put_question(
    struct asker_question *q, const struct request *r, const struct choice *c)
{
	const struct decision *d = &r->decision;

	memset(q, 0, sizeof(*q));
	snprintf(q->ticket, sizeof(q->ticket), "%s", r->query.ticket);
	snprintf(q->user, sizeof(q->user), "%s", r->person.name);
	snprintf(q->target, sizeof(q->target), "%s",
	    decide_name(r->policy, &r->query, &r->target, c, d->path));
	snprintf(q->port, sizeof(q->port), "-");
	if (d->path == NULL)
		snprintf(q->port, sizeof(q->port), "%u", r->target.port);
	snprintf(q->from, sizeof(q->from), "%s",
	    r->source[0] != '\0' ? r->source : "-");
}

static int
refuse(struct request *r, enum asker_answer answer, const char *reason)
{
	char name[300], what[500];

	switch (answer) {
	case ASKER_YES:
		return EXIT_OK;
	case ASKER_NO:
		snprintf(what, sizeof(what), "the ticket %s does not open %s.",
		    r->query.ticket,
		    target_text(&r->target, name, sizeof(name)));
		return request_refuse(r, reason, what, EXIT_DENIED);
	case ASKER_CANCELED:
		return request_refuse(r, "the client is gone",
		    "nobody reads what comes.", EXIT_PEER);
	case ASKER_FAILED:
		break;
	}
	snprintf(what, sizeof(what), "the ticket %s cannot be checked now.",
	    r->query.ticket);
	return request_refuse(r, reason, what, EXIT_UNREACHABLE);
}

static int
take_place(struct request *r)
{
	uint32_t n = limits_sessions(r->policy);

	if (session_take(&r->session, r->person.name, places, n) == 0)
		return EXIT_OK;
	if (errno != EAGAIN)
		return request_refuse(r, "the session cannot be counted",
		    "the session cannot be counted.", EXIT_STATE);
	return request_refuse(r, "too many tickets are being checked",
	    "you have too many tickets being checked.", EXIT_BUSY);
}

int
ticket_check(struct request *r)
{
	const struct choice *c = find_ticketed(&r->decision);
	int64_t before = dial_clock();
	struct asker_question q;
	char reason[ASKER_REASON];
	enum asker_answer answer;
	int code;

	if (c == NULL || policy_meta(r->policy)->ticket_program == 0) {
		asker_close(&r->asker);
		return EXIT_OK;
	}
	code = take_place(r);
	if (code != EXIT_OK)
		return code;
	put_question(&q, r, c);
	answer = asker_ask(&r->asker, &q, r->patience, reason);
	asker_close(&r->asker);
	session_give(&r->session, r->person.name, places);
	r->patience.end += dial_clock() - before;
	return refuse(r, answer, reason);
}
