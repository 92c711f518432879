/* SPDX-License-Identifier: ISC */
#include "login.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "login_device.h"

enum {
	OPEN_FLAGS = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	NAME = 16 /* room for a pid */
};

#define CLEANED ".cleaned" /* when it was: the file's time */

static int
failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

static int
open_note(int dir, pid_t monitor, int flags)
{
	char name[NAME];

	snprintf(name, sizeof(name), "%d", (int)monitor);
	return openat(dir, name, flags | OPEN_FLAGS, 0640);
}

/* To write; instead of one that its owner may not, as somebody has arranged. */
static int
open_own(int dir, pid_t monitor)
{
	int fd = open_note(dir, monitor, O_WRONLY | O_CREAT);
	char name[NAME];

	if (fd != -1 || errno != EACCES)
		return fd;
	snprintf(name, sizeof(name), "%d", (int)monitor);
	return unlinkat(dir, name, 0) == -1
	    ? -1
	    : open_note(dir, monitor, O_WRONLY | O_CREAT);
}

/*
 * Locked and emptied, and whether it may be written: 1, 0 if it was removed
 * meanwhile, or -1.
 */
static int
claim(int fd)
{
	struct stat st;

	while (flock(fd, LOCK_EX) == -1) {
		if (errno != EINTR)
			return -1;
	}
	if (fstat(fd, &st) == -1)
		return -1;
	if (st.st_nlink == 0)
		return 0;
	errno = EPERM;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_nlink != 1 || fchmod(fd, 0640) == -1)
		return -1;
	return ftruncate(fd, 0) == -1 ? -1 : 1;
}

int
login_open(const char *directory, pid_t monitor)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd, claimed = -1;

	if (dir == -1)
		return -1;
	do {
		fd = open_own(dir, monitor);
		if (fd != -1 && (claimed = claim(fd)) != 1)
			failed(fd);
	} while (fd != -1 && claimed == 0);
	failed(dir);
	return fd == -1 || claimed != 1 ? -1 : fd;
}

static int64_t
since_boot(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
login_write(int fd, struct login_note *note, const char *line, size_t size)
{
	size_t all = sizeof(*note) + size;
	char *text = size > LOGIN_LINE ? NULL : malloc(all);
	ssize_t n;

	if (text == NULL)
		return -1;
	note->version = LOGIN_VERSION;
	note->written = since_boot();
	note->size = (uint32_t)size;
	memcpy(text, note, sizeof(*note));
	memcpy(text + sizeof(*note), line, size);
	n = write(fd, text, all);
	free(text);
	return n == (ssize_t)all ? 0 : -1;
}

_Static_assert(sizeof(struct login_note) == 280, "as LOGIN_VERSION_BEFORE");

static bool
is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* A process cannot have asked before it was. */
static bool
is_stale(const struct login_note *note, uint64_t started)
{
	int64_t tick = sysconf(_SC_CLK_TCK);

	return note->written / 1000 * tick + tick < (int64_t)started;
}

/* 0, or -1; it is whole and nothing more. */
static int
read_line(int fd, const struct login_note *note, char **line)
{
	char *text = malloc((size_t)note->size + 1);
	char more;

	if (text != NULL && read(fd, text, note->size) == (ssize_t)note->size &&
	    read(fd, &more, 1) == 0) {
		text[note->size] = '\0';
		*line = text;
		return 0;
	}
	free(text);
	errno = EBADMSG;
	return -1;
}

/* 0, or -1: it is nobody's but the owner's. */
static int
check_note(int fd, uid_t owner)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	errno = EPERM;
	return S_ISREG(st.st_mode) && st.st_uid == owner && st.st_nlink == 1
	    ? 0
	    : -1;
}

static int
read_note(int fd, uint64_t started, struct login_note *note, char **line)
{
	struct stat st;

	errno = ENODATA;
	if (fstat(fd, &st) == -1 || st.st_size == 0)
		return -1;
	errno = EBADMSG;
	if (read(fd, note, sizeof(*note)) != (ssize_t)sizeof(*note) ||
	    (note->version != LOGIN_VERSION &&
		note->version != LOGIN_VERSION_BEFORE) ||
	    note->size > LOGIN_LINE ||
	    !is_text(note->user, sizeof(note->user)) ||
	    !is_text(note->key, sizeof(note->key)) ||
	    !is_text(note->policy, sizeof(note->policy)))
		return -1;
	if (note->version == LOGIN_VERSION_BEFORE)
		note->device = LOGIN_NO_DEVICE;
	errno = ESTALE;
	if (is_stale(note, started))
		return -1;
	return line == NULL ? 0 : read_line(fd, note, line);
}

int
login_find(const char *directory, pid_t monitor)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd;

	if (dir == -1)
		return -1;
	fd = open_note(dir, monitor, O_RDONLY);
	failed(dir);
	return fd;
}

int
login_read(const char *directory, uid_t owner, pid_t monitor,
    uint64_t started, struct login_note *note, char **line)
{
	int fd = login_find(directory, monitor), result;

	if (fd == -1)
		return -1;
	result = check_note(fd, owner) == -1 ||
		flock(fd, LOCK_SH | LOCK_NB) == -1
	    ? -1
	    : read_note(fd, started, note, line);
	failed(fd);
	return result;
}

int
login_look(const char *directory, uid_t owner, pid_t monitor, uint64_t started,
    struct login_note *note)
{
	int fd = login_find(directory, monitor), result;

	if (fd == -1)
		return -1;
	result = check_note(fd, owner) == -1
	    ? -1
	    : read_note(fd, started, note, NULL);
	failed(fd);
	return result;
}

enum login_mfa
login_factor(int fd, uid_t owner, uid_t uid, uint64_t started,
    char key[LOGIN_KEY])
{
	struct login_note note;

	key[0] = '\0';
	if (check_note(fd, owner) == -1 ||
	    read_note(fd, started, &note, NULL) == -1 || note.uid != uid)
		return LOGIN_MFA_NONE;
	memcpy(key, note.key, LOGIN_KEY);
	key[LOGIN_KEY - 1] = '\0';
	return note.mfa == LOGIN_MFA_KEY || note.mfa == LOGIN_MFA_STEP
	    ? (enum login_mfa)note.mfa
	    : LOGIN_MFA_NONE;
}

/* Who opens it empties it, which sets this time, and so does what is written. */
bool
login_opened_after(
    const char *directory, pid_t monitor, const struct timespec *time)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%d", directory, (int)monitor);
	return lstat(path, &st) == 0 && st.st_size == 0 &&
	    (st.st_mtim.tv_sec > time->tv_sec ||
		(st.st_mtim.tv_sec == time->tv_sec &&
		    st.st_mtim.tv_nsec > time->tv_nsec));
}

/* The process of a note, by its name; 0 if it is no note's name. */
static pid_t
pid_of(const char *name)
{
	char again[NAME], *end;
	long pid = strtol(name, &end, 10);

	snprintf(again, sizeof(again), "%d", (int)pid);
	return pid > 0 && strcmp(name, again) == 0 ? (pid_t)pid : 0;
}

ssize_t
login_list(const char *directory, pid_t **list)
{
	DIR *dir = opendir(directory);
	const struct dirent *e;
	size_t n = 0, room = 64;

	*list = calloc(room, sizeof(**list));
	while (dir != NULL && *list != NULL && (e = readdir(dir)) != NULL) {
		pid_t pid = pid_of(e->d_name), *more = *list;

		if (pid != 0 && n == room) {
			room *= 2;
			more = reallocarray(*list, room, sizeof(**list));
			if (more == NULL)
				free(*list);
			*list = more;
		}
		if (pid != 0 && more != NULL)
			more[n++] = pid;
	}
	if (dir != NULL)
		closedir(dir);
	if (dir != NULL && *list != NULL)
		return (ssize_t)n;
	free(*list);
	*list = NULL;
	return -1;
}

bool
login_gone(pid_t pid)
{
	return kill(pid, 0) == -1 && errno == ESRCH;
}

/*
 * Under the lock: a process of the same number may have begun to write it, and
 * finds then that it has no name any more.
 */
static bool
clean_note(int dir, const char *name, pid_t pid)
{
	int fd = openat(dir, name, O_RDONLY | OPEN_FLAGS);
	bool removed;

	removed = fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    login_gone(pid) && unlinkat(dir, name, 0) == 0;
	if (fd != -1)
		close(fd);
	return removed;
}

ssize_t
login_clean(const char *directory)
{
	DIR *dir = opendir(directory);
	const struct dirent *e;
	ssize_t removed = 0;

	if (dir == NULL)
		return -1;
	while ((e = readdir(dir)) != NULL) {
		pid_t pid = pid_of(e->d_name);

		if (pid != 0 && login_gone(pid))
			removed += clean_note(dirfd(dir), e->d_name, pid);
		else if (pid == 0)
			removed += login_device_clean(dirfd(dir), e->d_name);
	}
	closedir(dir);
	return removed;
}

/* Whether it is time, by the clock that can be set back; it is then not. */
static bool
is_time(int fd)
{
	struct timespec now;
	struct stat st;
	time_t since;

	clock_gettime(CLOCK_REALTIME, &now);
	if (fstat(fd, &st) == -1)
		return false;
	since = now.tv_sec - st.st_mtim.tv_sec;
	return since < 0 || since >= LOGIN_CLEAN_SECONDS || st.st_size == 0;
}

ssize_t
login_clean_at_times(const char *directory)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	ssize_t removed = 0;

	if (dir == -1)
		return -1;
	fd = openat(dir, CLEANED, O_WRONLY | O_CREAT | OPEN_FLAGS, 0600);
	failed(dir);
	if (fd == -1)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_time(fd) &&
	    pwrite(fd, "\n", 1, 0) == 1)
		removed = login_clean(directory);
	failed(fd);
	return removed;
}
