/* SPDX-License-Identifier: ISC */
#include "program.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

static bool
is_owners(int fd, unsigned owner, bool folder)
{
	struct stat st;

	if (fstat(fd, &st) == -1 || st.st_uid != owner ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return false;
	return folder ? S_ISDIR(st.st_mode) :
	    S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
}

/* Go from the folder in fd to one of its files. */
static int
step(int fd, const char *name, unsigned owner)
{
	int next = -1;

	if (is_owners(fd, owner, true))
		next = openat(fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	close(fd);
	return next;
}

int
program_open(const char *path, unsigned owner)
{
	char name[NAME_MAX + 1];
	int fd = open("/", O_PATH | O_CLOEXEC);

	while (fd != -1 && *path == '/') {
		size_t n = strcspn(++path, "/");

		if (n == 0 || n >= sizeof(name)) {
			close(fd);
			return -1;
		}
		memcpy(name, path, n);
		name[n] = '\0';
		path += n;
		fd = step(fd, name, owner);
	}
	if (fd != -1 && (*path != '\0' || !is_owners(fd, owner, false))) {
		close(fd);
		return -1;
	}
	return fd;
}
