/* SPDX-License-Identifier: ISC */
#include "login_device.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"
#include "procfs.h"

#define PREFIX "device."

enum {
	OPEN_FLAGS = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	NAME = 256
};

/* Where to look. */
struct place {
	const char *directory, *proc, *device;
	uid_t owner;
};

struct table {
	int fd;
	int32_t pid[LOGIN_DEVICE_SLOTS]; /* 0: free */
	size_t n;
};

static int
failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

/* A descriptor of the index, or -1 with errno. */
static int
open_index(const struct place *at, int flags)
{
	int dir = open(at->directory, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	char name[NAME];

	if (dir == -1)
		return -1;
	errno = EINVAL;
	if (strchr(at->device, '/') != NULL ||
	    snprintf(name, sizeof(name), PREFIX "%s", at->device) >= NAME)
		return failed(dir);
	fd = openat(dir, name, flags | OPEN_FLAGS, 0640);
	failed(dir);
	return fd;
}

/* 0, or -1 with errno: it is nobody's but the owner's. */
static int
read_table(struct table *t, uid_t owner)
{
	struct stat st;
	ssize_t n;

	if (fstat(t->fd, &st) == -1)
		return -1;
	errno = EPERM;
	if (!S_ISREG(st.st_mode) || st.st_uid != owner || st.st_nlink > 1)
		return -1;
	n = pread(t->fd, t->pid, sizeof(t->pid), 0);
	if (n == -1)
		return -1;
	t->n = (size_t)n / sizeof(t->pid[0]);
	return 0;
}

/* Whether sshd serves a login of the device by this monitor: then *live. */
static bool
is_live(const struct place *at, pid_t monitor, struct login_live *live)
{
	struct procfs_process p;

	if (monitor <= 0 || procfs_read(at->proc, monitor, &p) == -1 ||
	    login_look(at->directory, at->owner, monitor, p.started,
		&live->note) == -1 ||
	    live->note.device == LOGIN_NO_DEVICE ||
	    strcmp(live->note.user, at->device) != 0 ||
	    !monitor_serves(at->proc, monitor, live->note.uid))
		return false;
	live->monitor = monitor;
	live->started = p.started;
	return true;
}

/*
 * Entering.
 */

/* To write, and locked; it may have been removed meanwhile. */
static int
open_locked(const struct place *at)
{
	struct stat st;
	int fd;

	for (;;) {
		fd = open_index(at, O_RDWR | O_CREAT);
		if (fd == -1)
			return -1;
		while (flock(fd, LOCK_EX) == -1) {
			if (errno != EINTR)
				return failed(fd);
		}
		if (fstat(fd, &st) == -1)
			return failed(fd);
		if (st.st_nlink > 0)
			return fd;
		close(fd);
	}
}

/*
 * Where it stands, or may stand: a free place, that of a process that is gone,
 * or of one that serves nobody.  LOGIN_DEVICE_SLOTS if there is none.
 */
static size_t
find_slot(const struct place *at, const struct table *t, pid_t monitor)
{
	static struct login_live live;
	size_t free = LOGIN_DEVICE_SLOTS;

	for (size_t i = 0; i < t->n; i++) {
		if (t->pid[i] == monitor)
			return i;
		if (free == LOGIN_DEVICE_SLOTS &&
		    (t->pid[i] <= 0 || login_gone(t->pid[i])))
			free = i;
	}
	if (free < LOGIN_DEVICE_SLOTS || t->n < LOGIN_DEVICE_SLOTS)
		return free < LOGIN_DEVICE_SLOTS ? free : t->n;
	/* Not always the same: who asks now may serve soon. */
	for (size_t i = 0; i < LOGIN_DEVICE_SLOTS; i++) {
		size_t slot = ((size_t)monitor + i) % LOGIN_DEVICE_SLOTS;

		if (!is_live(at, t->pid[slot], &live))
			return slot;
	}
	return LOGIN_DEVICE_SLOTS;
}

int
login_device_enter(
    const char *directory, const char *proc, const char *device, pid_t monitor)
{
	const struct place at = {directory, proc, device, geteuid()};
	struct table t = {.fd = open_locked(&at)};
	int32_t pid = monitor;
	size_t slot;

	if (t.fd == -1)
		return -1;
	if (read_table(&t, at.owner) == -1 || fchmod(t.fd, 0640) == -1)
		return failed(t.fd);
	slot = find_slot(&at, &t, monitor);
	errno = EUSERS;
	if (slot == LOGIN_DEVICE_SLOTS ||
	    pwrite(t.fd, &pid, sizeof(pid), (off_t)(slot * sizeof(pid))) !=
		(ssize_t)sizeof(pid))
		return failed(t.fd);
	close(t.fd);
	return 0;
}

/*
 * Looking.
 */
static int
by_age(const void *a, const void *b)
{
	const struct login_live *x = a, *y = b;

	if (x->note.written != y->note.written)
		return x->note.written < y->note.written ? -1 : 1;
	return x->monitor < y->monitor ? -1 : x->monitor > y->monitor;
}

ssize_t
login_device_list(const char *directory, const char *proc, uid_t owner,
    const char *device, struct login_live *list, size_t room)
{
	const struct place at = {directory, proc, device, owner};
	struct table t = {.fd = open_index(&at, O_RDONLY)};
	struct login_live live;
	size_t n = 0;

	if (t.fd == -1)
		return errno == ENOENT ? 0 : -1;
	if (read_table(&t, owner) == -1)
		return failed(t.fd);
	close(t.fd);
	for (size_t i = 0; i < t.n; i++) {
		if (!is_live(&at, t.pid[i], &live))
			continue;
		if (n < room)
			list[n] = live;
		n++;
	}
	if (room > 0)
		qsort(list, n < room ? n : room, sizeof(*list), by_age);
	return (ssize_t)n;
}

bool
login_device_lives(const char *directory, const char *proc, uid_t owner,
    const char *device, pid_t except, struct login_live *other)
{
	struct login_live list[16];
	size_t room = sizeof(list) / sizeof(list[0]);
	ssize_t n =
	    login_device_list(directory, proc, owner, device, list, room);

	for (ssize_t i = 0; i < n && i < (ssize_t)room; i++) {
		if (list[i].monitor == except)
			continue;
		*other = list[i];
		return true;
	}
	return false;
}

/*
 * Cleaning.
 */
bool
login_device_clean(int dir, const char *name)
{
	struct table t = {.fd = -1};
	bool gone;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	t.fd = openat(dir, name, O_RDONLY | OPEN_FLAGS);
	if (t.fd == -1)
		return false;
	gone = flock(t.fd, LOCK_EX | LOCK_NB) == 0 &&
	    pread(t.fd, t.pid, sizeof(t.pid), 0) != -1;
	for (size_t i = 0; i < LOGIN_DEVICE_SLOTS && gone; i++)
		gone = t.pid[i] <= 0 || login_gone(t.pid[i]);
	gone = gone && unlinkat(dir, name, 0) == 0;
	close(t.fd);
	return gone;
}
