/* SPDX-License-Identifier: ISC */
/*
 * Whether recordings are as they were sealed, and their end.
 */
#include "recordings.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"

enum { PIECE = 1 << 20 };

struct count {
	size_t whole, altered, missing, open;
	uint64_t done, all; /* bytes */
};

/*
 * The hash.
 */
static bool
hash_file(int fd, char hash[SEALS_HASH], struct count *c)
{
	static uint8_t piece[PIECE];
	SHA2_CTX sha;
	ssize_t n;

	SHA256Init(&sha);
	while ((n = read(fd, piece, sizeof(piece))) > 0) {
		SHA256Update(&sha, piece, (size_t)n);
		c->done += (uint64_t)n;
		if (c->done < c->all)
			progress("verifying", c->done >> 10, c->all >> 10);
	}
	SHA256End(&sha, hash);
	return n == 0;
}

/* What is wrong with it, or NULL. */
static const char *
look_at(
    const struct recordings *r, const struct recording *rec, struct count *c)
{
	char hash[SEALS_HASH];
	const char *wrong = NULL;
	struct stat st;
	int fd;

	if (rec->seal == NULL)
		return "it is root's, and nothing has sealed it";
	if (rec->seal->word == SEALS_REMOVED)
		return "it was removed, and is there";
	fd = recording_open(r->dir, rec->name, &st);
	if (fd == -1)
		return strerror(errno);
	if (st.st_uid != 0 || (st.st_mode & 07777) != 0400)
		wrong = "it is not root's alone any more";
	else if (!hash_file(fd, hash, c))
		wrong = strerror(errno);
	else if (strcmp(hash, rec->seal->hash) != 0)
		wrong = "it is not what was sealed";
	close(fd);
	return wrong;
}

static void
verify_one(
    const struct recordings *r, const struct recording *rec, struct count *c)
{
	const char *wrong;

	if (rec->state == RECORDING_LIVE || rec->state == RECORDING_UNSEALED) {
		c->open++;
		return;
	}
	if (rec->state == RECORDING_MISSING) {
		c->missing++;
		progress("verifying", 1, 1);
		printf("%s/%s: missing: sealed %s, and nobody removed it by "
		       "jumpctl\n",
		    RECORDINGS, rec->name, rec->seal->time);
		return;
	}
	wrong = look_at(r, rec, c);
	if (wrong == NULL) {
		c->whole++;
		return;
	}
	c->altered++;
	progress("verifying", 1, 1); /* its line goes */
	printf("%s/%s: altered: %s\n", RECORDINGS, rec->name, wrong);
}

static size_t
gone(const struct recordings *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->seals.n; i++)
		n += r->seals.list[i].word != SEALS_SEALED;
	return n;
}

size_t
recordings_verify(
    const struct recordings *r, const struct recording *const *rows, size_t n)
{
	struct count c = {.all = 1};

	for (size_t i = 0; i < n; i++)
		c.all += rows[i]->size;
	for (size_t i = 0; i < n; i++)
		verify_one(r, rows[i], &c);
	progress("verifying", 1, 1);
	printf("%zu whole, %zu altered, %zu missing, %zu not sealed yet\n",
	    c.whole, c.altered, c.missing, c.open);
	printf("the chain has %zu line%s, %zu of removals, %zu broken\n",
	    r->seals.lines, r->seals.lines == 1 ? "" : "s", gone(r),
	    r->seals.bad);
	if (*r->seals.head != '\0')
		printf("head %s\n", r->seals.head);
	return c.altered + c.missing + r->seals.bad;
}

/*
 * Removal.
 */

/* The line comes first: what a crash leaves undone is done the next time. */
static int
remove_one(struct seals_log *log, int dir, const struct seal *old,
    const char *now, struct audit *audit, const char *by)
{
	struct seal s = *old;
	char id[AUDIT_SESSION + 1];
	struct stat st;
	struct audit_event e = {.kind = AUDIT_SEAL,
	    .outcome = AUDIT_SUCCESS,
	    .uid = getuid(),
	    .user = by,
	    .session = id,
	    .file = s.name,
	    .hash = s.hash,
	    .seal = s.chain,
	    .size = s.size};

	recording_id(id, s.name);
	s.word = fstatat(dir, s.name, &st, AT_SYMLINK_NOFOLLOW) == 0
	    ? SEALS_REMOVED
	    : SEALS_MISSING;
	strcpy(s.time, now);
	e.reason = s.word == SEALS_REMOVED ? "removed" : "missing";
	if (seals_add(log, &s) == -1)
		return -1;
	if (audit_write(audit, &e) == -1)
		warnx("the log does not take the record of this");
	printf(
	    "%s: %s/%s, sealed %s\n", e.reason, RECORDINGS, s.name, old->time);
	return s.word == SEALS_MISSING ? 0 : unlinkat(dir, s.name, 0);
}

/* Whether a line is the last one of its name, and of a time before that. */
static bool
is_due(const struct seals *all, size_t i, const char *before)
{
	const struct seal *s = &all->list[i];

	return (i + 1 == all->n || strcmp(s[1].name, s->name) != 0) &&
	    strcmp(s->time, before) < 0;
}

/* 1 if it is gone, 0 if there was nothing to do, -1 with a message. */
static int
remove_due(const struct recordings *r, size_t i, struct seals_log *log,
    const char *now, struct audit *audit)
{
	const struct seal *s = &r->seals.list[i];
	int result = -1;
	char by[64];

	if (s->word == SEALS_MISSING)
		return 0;
	if (s->word == SEALS_REMOVED)
		result = unlinkat(r->dir, s->name, 0);
	if (s->word == SEALS_REMOVED && result == -1 && errno == ENOENT)
		return 0;
	state_who(by, sizeof(by));
	if (s->word == SEALS_SEALED)
		result = remove_one(log, r->dir, s, now, audit, by);
	if (result == -1)
		warn("%s/%s", RECORDINGS, s->name);
	return result == -1 ? -1 : 1;
}

ssize_t
recordings_remove(const struct recordings *r, int64_t before)
{
	char now[SEALS_TIME], limit[SEALS_TIME];
	struct seals_log log;
	struct audit audit;
	bool failed = false;
	ssize_t n = 0;

	if (seals_open(&log, r->dir) == -1) {
		warnx("%s/%s: %s", RECORDINGS, SEALS_FILE,
		    errno == EWOULDBLOCK ? "a sweep is at it; try again"
					 : strerror(errno));
		return -1;
	}
	if (audit_open(&audit, "jumpctl", AUDIT_SOCKET) == -1) {
		warnx("no log");
		seals_close(&log);
		return -1;
	}
	seals_time(now, time(NULL));
	seals_time(limit, before);
	for (size_t i = 0; i < r->seals.n; i++) {
		int result = !is_due(&r->seals, i, limit)
		    ? 0
		    : remove_due(r, i, &log, now, &audit);

		failed = failed || result == -1;
		n += result == 1;
	}
	audit_close(&audit);
	seals_close(&log);
	return failed ? -1 : n;
}
