/* SPDX-License-Identifier: ISC */
/*
 * The parts of jumpctl sweep: what is to end, and why.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include "audit.h"
#include "judge.h"
#include "live.h"

/* What is to end, and why. */
struct end {
	const struct live *live;
	bool login; /* else a relay, or a forward of the login before */
	const char *rule;
	char reason[JUDGE_REASON];
};

/* The process of a login; pid 0: none. */
struct carrier {
	pid_t pid;
	uint64_t started;
};

/* A device's that may listen. */
struct device_login {
	const struct live *live;
	int64_t written; /* of its note */
};

struct sweep {
	bool dry, json;
	bool patient; /* who is only logging in may still ask again */
	struct timespec since; /* who asks later is told by what is in force */
	struct live_world world;
	struct live_list sessions, logins, asking;
	struct judge judge;
	struct device_login *devices; /* that may go on alone; owned */
	size_t ndevices, device_room;
	struct carrier *carriers; /* of each session; owned, NULL at first */
	struct end *ends;	  /* owned */
	size_t nends, room;
	size_t failed;	/* to end, or to look at */
	bool blind;	/* not all was to be seen */
	size_t waiting; /* who is logging in, and is to be looked at again */
	struct audit audit;
	bool mute; /* the log takes nothing */
	char by[64], loginuid[AUDIT_LOGINUID], hash[17];
};

/*
 * sweep_judge.c: judge all that was read of the world, and list what is to
 * end.
 */
void sweep_judge(struct sweep *);

#endif
