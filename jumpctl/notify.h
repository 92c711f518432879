/* SPDX-License-Identifier: ISC */
/*
 * The parts of jumpctl notify: what waits, and the program that tells of it.
 */
#ifndef NOTIFY_VERB_H
#define NOTIFY_VERB_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "audit.h"
#include "log.h"
#include "notice.h"

/* Whom the program runs as. */
#define NOTIFY_ACCOUNT "_jump-notify"

/*
 * notify_events.c: the folder of notifications.
 */

/* A file by a name such as ours. */
struct event {
	char name[NOTICE_NAME];
	uid_t uid;	     /* that it is about, by its name */
	struct timespec due; /* its mtime: not to be tried before */
	uint32_t turn;	     /* how many of this uid are due before it */
};

struct events {
	struct event *list; /* owned; by turns, the longest due first */
	size_t n;
	size_t odd; /* names that are none of ours; they are left alone */
};

/*
 * What waits in an open folder.  What began to be written a minute before now
 * and is not whole yet is removed: whoever did is dead, or is refused.
 * 0, or -1 with errno.
 */
int events_list(struct events *, int dir, time_t now);
void events_free(struct events *);

/* What one says.  Strings point into text. */
struct event_text {
	char line[AUDIT_MAX + 2]; /* as it is, with its newline */
	size_t size;
	char text[AUDIT_MAX + 2];
	struct log_record record;
	time_t time; /* of its record */
};

/*
 * Read one, which is to be as we leave them: regular, of one name, mode 600,
 * of the folder's group; its owner the uid of its name, or gate's, whose word
 * on others is good; and a record of that uid.  0, or -1 with errno: ENOENT if
 * it is gone, EBADMSG if it is not, and is to be removed.
 */
int event_read(struct event_text *, int dir, const struct event *, uid_t gate);

/*
 * It was in vain: due again after as long a time as it is old, from half a
 * minute to an hour.  0, or -1 with errno.
 */
int event_postpone(int dir, const struct event *, time_t written, time_t now);

/*
 * notify_run.c: the program.
 */
enum { RUN_OUTPUT = 65536, RUN_SAID = 128, RUN_REASON = 64 };

struct run {
	int program;	  /* open(2), O_PATH */
	const char *path; /* what it is called */
	uid_t uid;	  /* whom it runs as, without other groups */
	gid_t gid;
	int ms; /* how long it may take */
};

struct run_result {
	char reason[RUN_REASON]; /* why it has failed; "" if it has not */
	char said[RUN_SAID + 1]; /* the first line of its output */
};

/*
 * Run it on one event: input, of at most PIPE_BUF bytes, is what it reads;
 * arguments end in NULL.  Nothing of it keeps our descriptors or our terminal.
 * If it fails, its process group is dead on return; what it has left running
 * when it exits 0 goes on.
 */
void notify_run(const struct run *, const char *const *arguments,
    const char *input, size_t size, struct run_result *);

#endif
