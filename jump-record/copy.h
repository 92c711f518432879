/* SPDX-License-Identifier: ISC */
/*
 * Between the user's terminal and that of ssh, with a recording or without.
 */
#ifndef COPY_H
#define COPY_H

#include <sys/types.h>

#include <signal.h>

#include "cast.h"
#include "terminal.h"

struct copy {
	struct terminal *terminal; /* NULL: ssh has the user's files itself */
	struct cast *cast;	   /* NULL: none */
	int child;		   /* readable once ssh has ended */
	int login; /* readable once the user's login has; or negative */
};

enum copy_end {
	COPY_DONE = 1, /* ssh has ended, and all that it said is told */
	COPY_GONE,     /* the user has */
	COPY_RECORD,   /* it could not be recorded; see errno */
	COPY_LOGIN,    /* the login has ended, and its client goes on */
	COPY_KICK,     /* SESSION_KICK from root */
	COPY_SWEEP,    /* SESSION_SWEEP from root */
	COPY_SIGNAL,   /* these from others, SIGHUP, SIGINT, SIGQUIT, SIGTERM */
	COPY_ERROR     /* see errno */
};

/*
 * Have the signals of its ends, and that of a new size, wait until it runs.
 * copy_stopped is 0 until one has come.  0, or -1.
 */
int copy_prepare(void);
extern volatile sig_atomic_t copy_stopped;

/*
 * Copy until one of the ends.  Nothing is shown before it is recorded.
 * Allocates nothing.
 */
enum copy_end copy_run(struct copy *);

#endif
