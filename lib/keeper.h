/* SPDX-License-Identifier: ISC */
/*
 * A child that keeps the group for one thing.
 *
 * Our programs give up the group _jump before they look at what they are asked
 * for; some of what needs it is known only after that.  So a child keeps it,
 * waits for one question of a few bytes, answers with a descriptor, and ends.
 * It reads nothing else, and the group keeps other processes of the user from
 * tracing it: ptrace(2).  They can stop and kill it: no answer is a refusal.
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <sys/types.h>

enum { KEEPER_QUESTION = 16, KEEPER_CODES = 3 };

/*
 * What the child does: a descriptor, or -1 and *code, an error number or one of
 * the answer's own below 0; what follows it in the array is the answer's own.
 */
typedef int keeper_answer(
    const void *arg, const void *question, int code[KEEPER_CODES]);

struct keeper {
	int sock;  /* that is readable when there is an answer; -1: no child */
	int error; /* why there is none, or 0 if none is needed */
	pid_t pid;
	keeper_answer *answer;
	const void *arg;
	size_t size;  /* of the question */
	int fd, code[KEEPER_CODES]; /* the answer, where there is no child */
	const char *directory, *suffix; /* of keeper_start() */
};

/*
 * Start it, while there is a group to keep; without one there is nothing to
 * start, and the asker answers itself.  arg must outlive the keeper.  Where it
 * cannot be started, nothing is answered.
 */
void keeper_begin(
    struct keeper *, keeper_answer *, const void *arg, size_t size);

/* Put the question, at most KEEPER_QUESTION bytes.  0, or -1 with errno. */
int keeper_ask(struct keeper *, const void *question);

/*
 * Take the answer, for which the caller has waited, and end the child.  The
 * descriptor, close-on-exec, or -1 and the codes as the answer has them, or an
 * error number and nothing.
 */
int keeper_hear(struct keeper *, int code[KEEPER_CODES]);

/* End the child; nothing is to be answered. */
void keeper_stop(struct keeper *);

/*
 * One that makes the file of a recording, in a folder that can be written to
 * with the group only: its question is the id of a session.  Both strings must
 * outlive it.
 */
void keeper_start(struct keeper *, const char *directory, const char *suffix);

/*
 * Make directory/ID.SUFFIX, id being a session's, and end the child.  The
 * file, to be written to only, mode 600; or -1 and errno.
 */
int keeper_make(struct keeper *, const char *id);

#endif
