/* SPDX-License-Identifier: ISC */
/*
 * The rows of the menu: what a user may reach or ask for, now or later, and
 * nothing else.  They are judged one after the other, only as many as are
 * shown.  No look-ups and no clock: a request made by decide_request() tells.
 */
#ifndef ROWS_H
#define ROWS_H

#include "answer.h"
#include "layout.h"
#include "road.h"

enum { ROW_PORTS = 16 };

/* What becomes of one port, on the best of the roads. */
struct row_state {
	enum layout_state state;
	bool none;	       /* not even later: no row */
	enum policy_road road; /* the best: shell, if several are */
	uint32_t unmet;	       /* of LAYOUT_ASK */
	bool recorded;
	time_t when; /* as in struct layout_row */
};

/* The ports of a target that are in one state. */
struct row {
	uint32_t target; /* PT_TARGETS */
	struct answer_form form;
	struct policy_port ports[ROW_PORTS];
	size_t nports;
	struct row_state state;
};

struct rows {
	const struct policy *policy;
	const struct policy_request *request;
	bool step;	 /* as in answer.h */
	struct online *online; /* NULL: devices are not looked for */
	struct row *row; /* owned, as are the next */
	size_t n, room;
	uint32_t *candidates; /* PT_TARGETS, sorted as they are shown */
	size_t ncandidates, next;
	bool failed;	 /* no memory */
	uint32_t target; /* that is being judged */
};

/*
 * Find what a search means: "" all, `@tag', or a part of a name, an alias or a
 * comment.  policy, request and step are set before, the rest is 0.
 * 0, or -1 without memory.  rows_close() frees.
 */
int rows_open(struct rows *, const char *search);
void rows_close(struct rows *);

/* Judge until there are so many rows, or all.  How many there are. */
size_t rows_fill(struct rows *, size_t n);

/* Judge one port of what is asked, now. */
void rows_judge(const struct rows *, const struct target *,
    enum policy_protocol, struct row_state *);

/* Judge the road shell of it, now; as road_judge(). */
enum policy_action rows_road(const struct rows *, const struct target *,
    const char *login, struct road *);

/* How it is shown.  ports is where its text goes. */
enum { ROW_TEXT = 7 * ROW_PORTS };
void rows_show(
    const struct rows *, size_t i, struct layout_row *, char ports[ROW_TEXT]);

#endif
