/* SPDX-License-Identifier: ISC */
/*
 * The parts of jumpctl replay.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "asciicast.h"

struct replay {
	const char *id;
	struct cast cast;
	double speed;
	int64_t idle;	    /* microseconds; pauses are no longer than this */
	int64_t from;	    /* the same: where to begin */
	const char *search; /* or NULL */
	bool times;	    /* with text: when each line began */
};

/* As time passed, or a position in the keys' words: 1:02:03.  */
enum { REPLAY_CLOCK = 24 };
const char *replay_clock(char text[REPLAY_CLOCK], int64_t microseconds);

/* play.c: show it on the terminal, until it ends; an exit code. */
int play(struct replay *);

#endif
