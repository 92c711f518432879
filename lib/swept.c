#include "swept.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Seconds: time(2) can be a tick behind what the file system writes. */
enum { AHEAD = 1 };

bool
swept_lately(const char *path, unsigned owner, time_t now)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == owner && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	    st.st_mtime <= now + AHEAD && now - st.st_mtime < SWEPT_SECONDS;
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
