/* SPDX-License-Identifier: ISC */
/*
 * The seal of recordings that have ended: unwritable, root's, and with a line
 * in the chain.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recording.h"

enum {
	PIECE = 1 << 20,
	QUIET_S = 60 /* where the kernel does not say that nobody writes */
};

/* How far a hash has come, and of what; it is in a file between two calls. */
struct progress {
	dev_t device;
	ino_t inode;
	off_t size, done;
	struct timespec changed, written;
	SHA2_CTX sha;
};

struct sealer {
	const struct sealing *what;
	struct seals_log log;
	struct progress at;
	int64_t until; /* CLOCK_MONOTONIC, ms */
	bool failed;
};

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
fail(struct sealer *s, const char *name, const char *reason)
{
	warnx("%s/%s: not sealed: %s", RECORDINGS, name, reason);
	s->failed = true;
	s->what->told(s->what->arg, name, NULL, reason);
}

/*
 * The hash.
 */
static bool
same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool
is_of(const struct progress *p, const struct stat *st)
{
	return p->device == st->st_dev && p->inode == st->st_ino &&
	    p->size == st->st_size && same_time(&p->changed, &st->st_ctim) &&
	    same_time(&p->written, &st->st_mtim);
}

static void
begin(struct progress *p, const struct stat *st)
{
	*p = (struct progress){.device = st->st_dev,
	    .inode = st->st_ino,
	    .size = st->st_size,
	    .changed = st->st_ctim,
	    .written = st->st_mtim};
	SHA256Init(&p->sha);
}

/* Of root's alone, in a folder of root's alone. */
static void
load_progress(struct sealer *s)
{
	int fd = open(
	    s->what->progress, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return;
	if (read(fd, &s->at, sizeof(s->at)) != (ssize_t)sizeof(s->at))
		s->at = (struct progress){0};
	close(fd);
}

static void
save_progress(const struct sealer *s)
{
	int fd = open(s->what->progress,
	    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
	    0600);

	if (fd == -1 ||
	    write(fd, &s->at, sizeof(s->at)) != (ssize_t)sizeof(s->at))
		warn("%s", s->what->progress);
	if (fd != -1)
		close(fd);
}

/* Hash on; 1 if all is, 0 if time is over, -1 with errno. */
static int
hash(struct sealer *s, int fd)
{
	static uint8_t piece[PIECE];
	struct progress *p = &s->at;

	while (p->done < p->size) {
		off_t left = p->size - p->done;
		ssize_t n = pread(
		    fd, piece, left < PIECE ? (size_t)left : PIECE, p->done);

		if (n <= 0) {
			errno = n == 0 ? ESTALE : errno;
			return -1;
		}
		SHA256Update(&p->sha, piece, (size_t)n);
		p->done += n;
		if (p->done < p->size && clock_ms() >= s->until)
			return 0;
	}
	return 1;
}

/*
 * One recording.
 */

/*
 * Whether anybody may still write: the kernel gives a lease for reading to
 * nobody while a descriptor for writing is open.  Where it gives none at all,
 * the file must have been left alone for a while.
 */
static bool
is_written(int fd, const struct stat *st)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0)
		return false;
	return errno == EAGAIN || st->st_mtime > time(NULL) - QUIET_S;
}

static int
put_line(struct sealer *s, const char *name, const struct stat *st)
{
	struct seal seal = {.uid = st->st_uid, .size = (uint64_t)st->st_size};

	strcpy(seal.name, name);
	seals_time(seal.time, time(NULL));
	SHA256End(&s->at.sha, seal.hash);
	s->at = (struct progress){0};
	if (seals_add(&s->log, &seal) == -1)
		return -1;
	s->what->told(s->what->arg, name, &seal, NULL);
	return 0;
}

/* From here on it is root's: what stands in the chain is not looked at again.
 * The last line can be of a file of which a crash has left this undone. */
static int
finish(int fd)
{
	return fchown(fd, 0, 0) == -1 ? -1 : fsync(fd);
}

/* 1 when it is sealed, 0 if it is not its time, -1 with errno. */
static int
seal_file(struct sealer *s, int fd, const char *name, struct stat *st)
{
	struct stat now;
	int done;

	if (is_written(fd, st))
		return 0;
	if (strcmp(s->log.last.name, name) == 0 &&
	    s->log.last.word == SEALS_SEALED)
		return finish(fd) == -1 ? -1 : 1;
	if ((st->st_mode & 07777) != 0400 &&
	    (fchmod(fd, 0400) == -1 || fstat(fd, st) == -1))
		return -1;
	if (!is_of(&s->at, st))
		begin(&s->at, st);
	done = hash(s, fd);
	if (done != 1)
		return done;
	if (fstat(fd, &now) == -1)
		return -1;
	errno = ESTALE;
	if (!is_of(&s->at, &now))
		return -1;
	return put_line(s, name, st) == -1 || finish(fd) == -1 ? -1 : 1;
}

static void
look_at(struct sealer *s, const char *name)
{
	struct stat st;
	int fd = recording_open(s->what->dir, name, &st);
	if (fd == -1) {
		if (errno != ENOENT)
			fail(s, name,
			    errno == EPERM ? "not a regular file with one link"
					   : strerror(errno));
		return;
	}
	if (seal_file(s, fd, name, &st) == -1)
		fail(s, name, strerror(errno));
	close(fd); /* and the lease goes */
}

/* One at a time: another sweep does it else. */
static int
begin_all(struct sealer *s)
{
	if (seals_open(&s->log, s->what->dir) == 0) {
		load_progress(s);
		return 1;
	}
	if (errno == EWOULDBLOCK)
		return 0;
	fail(s, SEALS_FILE,
	    errno == EPERM	  ? "not a file of root's alone"
		: errno == EPROTO ? "its last line is not a seal"
				  : strerror(errno));
	return -1;
}

/* Whether there is anything that seal_file() may be for. */
static bool
is_candidate(const struct sealing *w, const char *name)
{
	struct stat st;

	return seals_name_valid(name) &&
	    fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !(S_ISREG(st.st_mode) && st.st_uid == 0) &&
	    !recordings_has(w->live, name, st.st_uid);
}

int
seal_all(const struct sealing *what)
{
	struct sealer s = {.what = what, .until = clock_ms() + what->ms};
	int own = openat(what->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own == -1 ? NULL : fdopendir(own);
	const struct dirent *e;
	int begun = 0;

	if (dir == NULL)
		return -1;
	signal(
	    SIGIO, SIG_IGN); /* who opens a file that is leased is waited for */
	while ((e = readdir(dir)) != NULL && clock_ms() < s.until) {
		if (!is_candidate(what, e->d_name))
			continue;
		if (begun == 0 && (begun = begin_all(&s)) != 1)
			break;
		look_at(&s, e->d_name);
	}
	closedir(dir);
	if (begun == 1) {
		save_progress(&s);
		seals_close(&s.log);
	}
	return s.failed ? -1 : 0;
}
