/* SPDX-License-Identifier: ISC */
/*
 * Rows in their order, while one of them waits for what another process has
 * to say of it: sshd grants a connection before the gate has been asked.
 */
#ifndef LOG_QUEUE_H
#define LOG_QUEUE_H

#include "log.h"

struct log_queue {
	log_emit *emit;
	void *arg;
	struct queued *first, **end; /* oldest first; owned */
	size_t n;
	uint64_t last; /* number that was given */
};

void queue_init(struct log_queue *, log_emit *, void *arg);
void queue_free(struct log_queue *);

/*
 * Pass a row on, behind those that wait.  If it is to wait itself, its number,
 * which is not 0; else 0.  What it points to is copied.
 */
uint64_t queue_add(struct log_queue *, const struct log_row *, bool waits);

/* This one waits no more, and is not wanted; nothing if it has gone. */
void queue_drop(struct log_queue *, uint64_t number);

/* Nothing that is so old waits any more. */
void queue_flush(struct log_queue *, int64_t time);

#endif
