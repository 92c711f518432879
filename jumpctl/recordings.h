/* SPDX-License-Identifier: ISC */
/*
 * The parts of jumpctl recordings.
 */
#ifndef RECORDINGS_H
#define RECORDINGS_H

#include "recording.h"

enum recording_state {
	RECORDING_LIVE,
	RECORDING_UNSEALED,
	RECORDING_SEALED,
	RECORDING_ALTERED, /* not as it was sealed, or root's without a seal */
	RECORDING_MISSING
};

extern const char *const recording_states[];

struct recording {
	char name[SEALS_NAME];
	enum recording_state state;
	uid_t uid;		 /* whose it is, or was when it was sealed */
	char account[CAST_WORD]; /* of that uid; #UID if there is none */
	char user[CAST_WORD];	 /* who it was, as far as that is known */
	bool claims;		 /* the file says that it is somebody else's */
	struct recording_facts facts;
	uint64_t size;
	int64_t until;		 /* of the last byte; 0: not known */
	const struct seal *seal; /* or NULL */
};

struct recordings {
	int dir;
	struct recording *list; /* owned, in the order of their start */
	size_t n, room;
	size_t odd; /* files that are no recordings */
	struct seals seals;
	struct recordings_live live;
};

/* Read all of this machine; exits with a message if that cannot be. */
void recordings_read(struct recordings *, seals_told *, void *arg);
void recordings_free(struct recordings *);

/*
 * verify.c: hash what is sealed, of these, and print what is wrong.  chain is
 * whether to print where the chain ends.  How much is wrong.
 */
size_t recordings_verify(
    const struct recordings *, const struct recording *const *, size_t n);

/* verify_log.c: the same of the seals that a log has, see log_source_open();
 * how many are not in the chain. */
size_t recordings_verify_log(const struct recordings *, const char *file);

/* Remove what was sealed before a time, and say so in the chain; the number,
 * or -1 if something could not be. */
ssize_t recordings_remove(const struct recordings *, int64_t before);

#endif
