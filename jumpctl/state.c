/* SPDX-License-Identifier: ISC */
/*
 * The state directory: one change at a time, each file renamed into place
 * when it is whole and on the disk.
 */
#include "ctl.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

#define IMAGE	  "policy.db"
#define IMAGE_OLD "policy.db.1"
#define IMAGE_NEW "policy.db.new"
#define OLD_NEW	  "policy.db.1.new"

enum { WAIT_S = 60 };

void
state_who(char *buf, size_t size)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");
	char by[33] = "";

	if (sudo != NULL)
		audit_escape(by, sizeof(by), sudo);
	snprintf(buf, size, "%.24s%s%.32s%s",
	    pw == NULL ? "root" : pw->pw_name, *by == '\0' ? "" : " (", by,
	    *by == '\0' ? "" : ")");
}

/* A load takes seconds; one that hangs must be ended by somebody. */
static void
wait_for(int dir)
{
	warnx("a load is under way; waiting for its end");
	for (int i = 0; i < WAIT_S * 10; i++) {
		usleep(100000);
		if (flock(dir, LOCK_EX | LOCK_NB) == 0)
			return;
	}
	errx(EXIT_BUSY, "that load does not end; end it (fuser %s) and try "
	    "again: nothing is changed", STATEDIR);
}

int
state_lock(bool wait)
{
	int dir = open(STATEDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	signal(SIGXFSZ, SIG_IGN); /* write(2) fails, and that is told */
	if (dir == -1 || fstat(dir, &st) == -1)
		err(EXIT_STATE, "%s", STATEDIR);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		errx(EXIT_STATE, "%s: is writable by others than root",
		    STATEDIR);
	if (flock(dir, LOCK_EX | LOCK_NB) == -1) {
		if (!wait)
			errx(EXIT_BUSY, "another load is under way");
		wait_for(dir);
	}
	return dir;
}

/* An empty file of that name, for root alone; its descriptor or -1. */
static int
create(int dir, const char *name)
{
	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return -1;
	return openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

/* Close, and remove what is not whole. */
static int
complete(int dir, const char *name, int fd, int result)
{
	int saved = errno;

	close(fd);
	if (result == -1)
		unlinkat(dir, name, 0);
	errno = saved;
	return result;
}

static int
write_image(int dir, struct policy *p)
{
	const struct group *gr = getgrnam("_jump");
	int fd, result = -1;

	if (gr == NULL)
		errx(EXIT_STATE, "there is no group _jump");
	fd = create(dir, IMAGE_NEW);
	if (fd == -1)
		return -1;
	if (policy_save(p, fd) == 0 && fchown(fd, 0, gr->gr_gid) == 0 &&
	    fchmod(fd, 0640) == 0 && fsync(fd) == 0)
		result = 0;
	return complete(dir, IMAGE_NEW, fd, result);
}

/* Whether the image in force is worth keeping: good, and another policy. */
static bool
worth_keeping(const struct policy *new)
{
	struct policy *old;
	bool worth;

	if (policy_open(POLICY_IMAGE, 0, &old) != POLICY_OK)
		return false;
	worth = policy_verify(old) &&
	    memcmp(old->hash, new->hash, sizeof(old->hash)) != 0;
	policy_free(old);
	return worth;
}

/*
 * The image in force gets a second name, that of the previous one, which is
 * there all the time.
 */
static int
keep_image(int dir)
{
	int result = -1, saved;

	if (unlinkat(dir, OLD_NEW, 0) == -1 && errno != ENOENT)
		return -1;
	if (linkat(dir, IMAGE, dir, OLD_NEW, 0) == 0 &&
	    renameat(dir, OLD_NEW, dir, IMAGE_OLD) == 0)
		result = 0;
	saved = errno;
	unlinkat(dir, OLD_NEW, 0); /* still there if both were one file */
	errno = saved;
	return result;
}

int
state_put_image(int dir, struct policy *p, bool keep)
{
	int saved;

	if (write_image(dir, p) == -1)
		return -1;
	if ((!keep || !worth_keeping(p) || keep_image(dir) == 0) &&
	    renameat(dir, IMAGE_NEW, dir, IMAGE) == 0)
		return fsync(dir);
	saved = errno;
	unlinkat(dir, IMAGE_NEW, 0);
	errno = saved;
	return -1;
}

int
state_drop_previous(int dir)
{
	return unlinkat(dir, IMAGE_OLD, 0);
}

int
state_write_locks(int dir, const char *text, size_t size)
{
	int fd = create(dir, LOCKS_NEW), result = -1;

	if (fd == -1)
		return -1;
	for (;;) {
		ssize_t n = write(fd, text, size);

		if (n <= 0 && size > 0)
			break;
		text += n;
		size -= (size_t)n;
		if (size == 0) {
			result = fsync(fd);
			break;
		}
	}
	return complete(dir, LOCKS_NEW, fd, result);
}

int
state_put_locks(int dir)
{
	if (renameat(dir, LOCKS_NEW, dir, LOCKS) == -1)
		return -1;
	return fsync(dir);
}

void
state_drop_locks(int dir)
{
	unlinkat(dir, LOCKS_NEW, 0);
}
