/* SPDX-License-Identifier: ISC */
/*
 * The user's terminal, and the one that ssh gets: pty(7), termios(3).
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <sys/types.h>

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

struct terminal {
	int in, out; /* the user's; non-blocking without that for others */
	int master, slave;     /* -1: there is none */
	struct termios before; /* of the user's */
	bool raw;
	unsigned short columns, rows;
};

/*
 * Make one that is like the user's, which is standard input and output.  Wants
 * no _jump.  0, or -1 with errno.
 */
int terminal_open(struct terminal *);

/* In the child: make the slave its controlling terminal and 0 to 2. */
int terminal_enter(const struct terminal *);

/* Pass every key on, and back to what it was; the latter may come often. */
int terminal_raw(struct terminal *);
void terminal_restore(struct terminal *);

/* Carry a new size over: whether there is one. */
bool terminal_resize(struct terminal *);

/*
 * Ask, after dropping what was typed before, and read a line: whether it is
 * `yes'.  False too after so many seconds, if nobody is there any more, or if
 * a signal has set *stop; the mask of signals is empty meanwhile.
 */
bool terminal_ask(
    const char *question, int seconds, const volatile sig_atomic_t *stop);

#endif
