/* SPDX-License-Identifier: ISC */
#include "swept.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Seconds: time(2) can be a tick behind what the file system writes. */
enum { AHEAD = 1 };

/* When; false if it is no file of owner's alone. */
static bool
last_touch(const char *path, unsigned owner, time_t *last)
{
	struct stat st;

	if (lstat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_uid != owner || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return false;
	*last = st.st_mtime;
	return true;
}

bool
swept_lately(const char *path, unsigned owner, time_t now)
{
	time_t last;

	return last_touch(path, owner, &last) && last <= now + AHEAD &&
	    now - last < SWEPT_SECONDS;
}

enum swept
swept_at(const char *path, unsigned owner, time_t then)
{
	time_t last;

	if (!last_touch(path, owner, &last) || last >= then)
		return SWEPT_UNKNOWN;
	return then - last < SWEPT_SECONDS ? SWEPT_YES : SWEPT_NO;
}

int
swept_touch(const char *path)
{
	int fd = open(path,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0644);
	int result, error;

	if (fd == -1)
		return -1;
	result = fchmod(fd, 0644) == -1 ? -1 : futimens(fd, NULL);
	error = errno;
	close(fd);
	errno = error;
	return result;
}
