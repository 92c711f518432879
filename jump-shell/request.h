/* SPDX-License-Identifier: ISC */
/*
 * The requests request, requests, approve and refuse: jump-shell(8).
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdio.h>

#include "audit.h"
#include "command.h"
#include "grant.h"

/* Who asks or answers, and what there is. */
struct asker {
	int dir; /* of grants_open(), or -1 */
	const struct grants *grants;
	const struct person *person;
	uid_t uid;
	const struct addr *from; /* or NULL */
	const char *from_text;	 /* or "" */
	time_t now;
	struct audit *audit;
	const char *reference; /* for the records */
};

/* Why not, for a refusal of the caller's. */
struct refusal {
	const char *reason;	       /* for the record */
	char what[600];		       /* a sentence for the user */
	struct policy_verdict verdict; /* if reason is NULL: about target */
	struct target target;
};

/*
 * Each serves one request: EXIT_OK, or an exit code and the refusal.  What
 * changes anything is recorded before it does.
 */
int request_ask(
    const struct asker *, const struct command *, FILE *, struct refusal *);
int request_answer(
    const struct asker *, const struct command *, FILE *, struct refusal *);

/*
 * What the user has asked for, and what they may approve: for people, or with
 * tabs.
 */
int request_list(const struct asker *, FILE *, bool table);

#endif
