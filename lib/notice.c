/* SPDX-License-Identifier: ISC */
#include "notice.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 2048 }; /* for a line */

int
notice_open(const char *directory)
{
	return open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* 0, or -1 with errno; what is short has found no room. */
static int
write_line(int fd, const char *line, size_t size)
{
	char text[ROOM];
	ssize_t n;

	errno = EMSGSIZE;
	if (size >= sizeof(text) || fchmod(fd, 0600) == -1)
		return -1;
	memcpy(text, line, size);
	text[size] = '\n';
	n = write(fd, text, size + 1);
	if (n == (ssize_t)size + 1)
		return 0;
	errno = n == -1 ? errno : ENOSPC;
	return -1;
}

/* 0, or -1 with errno: EEXIST if the place is taken. */
static int
leave_at(int dir, const char *name, const char *line, size_t size)
{
	char part[NOTICE_NAME + 1];
	int fd, error;

	errno = EEXIST;
	if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return -1;
	snprintf(part, sizeof(part), ".%s", name);
	fd = openat(dir, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (write_line(fd, line, size) == 0 &&
	    renameat2(dir, part, dir, name, RENAME_NOREPLACE) == 0) {
		close(fd);
		return 0;
	}
	error = errno;
	unlinkat(dir, part, 0);
	close(fd);
	errno = error;
	return -1;
}

int
notice_leave(int directory, uid_t uid, const char *line, size_t size)
{
	unsigned int first = (unsigned int)getpid();
	char name[NOTICE_NAME];

	for (unsigned int i = 0; i < NOTICE_PLACES; i++) {
		snprintf(name, sizeof(name), "%u.%u", (unsigned int)uid,
		    (first + i) % NOTICE_PLACES);
		if (leave_at(directory, name, line, size) == 0)
			return 0;
		if (errno != EEXIST)
			return -1;
	}
	errno = EUSERS;
	return -1;
}

bool
notice_name(const char *name, uid_t *uid, bool *whole)
{
	char again[NOTICE_NAME];
	unsigned long u;
	unsigned int place;

	*whole = *name != '.';
	name += !*whole;
	if (sscanf(name, "%10lu.%4u", &u, &place) != 2)
		return false;
	*uid = (uid_t)u;
	snprintf(again, sizeof(again), "%u.%u", (unsigned int)*uid, place);
	return place < NOTICE_PLACES && strcmp(name, again) == 0;
}
