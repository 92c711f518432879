/* SPDX-License-Identifier: ISC */
/*
 * The process that asks a program of the administrator's about a ticket:
 * jump-connect(8), TICKETS.
 *
 * It is made before the group is given up, and keeps it as its real, effective
 * and saved one: the user's other processes, of the same uid, can then neither
 * trace it nor the program, nor change their limits (ptrace(2), prlimit(2),
 * proc(5)), though they can kill them.  It looks at nothing but one question,
 * which jump-connect puts when it has decided.
 */
#ifndef ASKER_H
#define ASKER_H

#include <sys/types.h>

#include <stdint.h>

#include "dial.h"
#include "match.h"

enum { ASKER_MS = 5000, ASKER_TEXT = 264, ASKER_REASON = 64 };

/* What the program is given; "-" for what there is not. */
struct asker_question {
	char ticket[TICKET_MAX + 1];
	char user[ASKER_TEXT], target[ASKER_TEXT];
	char port[8], from[ADDR_TEXT];
};

enum asker_answer {
	ASKER_FAILED, /* there is none; reason says why */
	ASKER_NO,
	ASKER_YES,
	ASKER_CANCELED /* nobody waits for it any more */
};

struct asker {
	pid_t pid; /* -1: there is none */
	int sock, ms;
};

/*
 * Start it, for the program at path, which is root's, and which has ms to
 * answer.  The child has no other descriptors.  0, or -1 with errno: to ask
 * then fails.
 */
int asker_open(struct asker *, const char *path, unsigned owner, int ms);

/*
 * Put the question, once; patience is with the client, and its end is set
 * here.  Nothing that the program has started is left when this returns an
 * answer, nor soon after, if it returns another.
 */
enum asker_answer asker_ask(struct asker *, const struct asker_question *,
    struct patience, char reason[ASKER_REASON]);

/* It is not needed, or not any more. */
void asker_close(struct asker *);

#endif
