/* SPDX-License-Identifier: ISC */
/*
 * The recordings of sessions: files of /var/log/jump, written by processes of
 * users, and believed in nothing but what the kernel says of them.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <sys/stat.h>

#include <stdbool.h>
#include <stdint.h>

#include "audit.h"
#include "asciicast.h"
#include "seals.h"

#define RECORDINGS "/var/log/jump"

enum recording_kind { RECORDING_TERMINAL, RECORDING_CAPTURE };

/* What a file says of itself; strings are as they were found. */
struct recording_facts {
	enum recording_kind kind;
	bool readable;	      /* it begins as such a file does */
	int64_t since;	      /* seconds since the epoch; 0: not told */
	char user[CAST_WORD]; /* empty: not told, as all that follows */
	char account[CAST_WORD];
	char login[CAST_WORD];
	char target[CAST_NAME + 16]; /* with its port */
};

/*
 * Open a recording for reading: a regular file with one link and a valid name.
 * The descriptor, which is close-on-exec, with what fstat(2) says of it; or -1
 * with errno: EPERM if it is no such file.
 */
int recording_open(int dir, const char *name, struct stat *);

/* Read the beginning, by pread(2). */
void recording_facts(int fd, const char *name, struct recording_facts *);

/* The id, which its name begins with. */
void recording_id(char id[AUDIT_SESSION + 1], const char *name);

/*
 * Whether the live sessions of this uid have this id, which anybody can say;
 * read with recordings_live().
 */
struct recordings_live {
	struct recording_live {
		char id[AUDIT_SESSION + 1];
		uid_t uid;
	} *ids; /* owned, sorted */
	size_t n;
};

/* Of a registry.  0, or -1 with errno. */
int recordings_live(struct recordings_live *, const char *registry);
bool recordings_has(
    const struct recordings_live *, const char *name, uid_t owner);
void recordings_live_free(struct recordings_live *);

/*
 * seal.c: seal what has ended in a directory, for so many milliseconds; what
 * is not done then is gone on with by the next call, from a file of this
 * path.  Told of each that was sealed or could not be: seal is NULL then, and
 * reason says why.  0, or -1 if something could not be sealed; what is wrong
 * was printed.
 */
typedef void seal_told(
    void *arg, const char *name, const struct seal *seal, const char *reason);

struct sealing {
	int dir;
	const char *progress; /* the path */
	const struct recordings_live *live;
	int ms;
	seal_told *told;
	void *arg;
};

int seal_all(const struct sealing *);

/* seal_log.c: the same of this machine, with records in the log. */
int seal_recordings(void);

#endif
