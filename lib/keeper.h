/*
 * Who makes the file of a recording.
 *
 * The folder of recordings can be written to with the group _jump only, which
 * our programs give up before they look at what they are asked for; whether a
 * session is to be recorded is known after that.  So a child keeps the group,
 * waits for eight letters, makes the file of that name, hands it over, and
 * ends.  It reads nothing else, and the group keeps other processes of the
 * user from tracing it: ptrace(2).
 */
#ifndef KEEPER_H
#define KEEPER_H

#include <sys/types.h>

struct keeper {
	int sock;  /* -1: no child */
	int error; /* why there is none, or 0 if none is needed */
	pid_t pid;
	const char *directory, *suffix;
};

/*
 * Start it, while there is a group to keep; without one there is nothing to
 * start, and keeper_make() makes the file itself.  Both strings
 * must outlive the keeper.  Where it cannot be started, nothing can be made.
 */
void keeper_start(struct keeper *, const char *directory, const char *suffix);

/*
 * Make directory/ID.SUFFIX, id being a session's, and end the child.  The
 * file, to be written to only, mode 600; or -1 and errno.
 */
int keeper_make(struct keeper *, const char *id);

/* End the child; nothing is to be made. */
void keeper_stop(struct keeper *);

#endif
