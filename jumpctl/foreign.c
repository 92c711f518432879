/* SPDX-License-Identifier: ISC */
#include "foreign.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Open an entry of a folder, or say why not; a link is none to follow. */
static int
enter(int dir, const char *name, int flags, const char **why)
{
	int fd = openat(
	    dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int error = errno;
	struct stat st;

	if (fd != -1)
		return fd;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		*why = "there is a symbolic link in its path";
	else if (error != ENOENT)
		*why = strerror(error);
	return -1;
}

static const char *
unsafe(const struct stat *st, uid_t owner, bool folder)
{
	if (st->st_uid != 0 && st->st_uid != owner)
		return folder ? "a folder above it is somebody else's"
			      : "it is somebody else's";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return folder ? "a folder above it is writable by group or others"
			      : "it is writable by group or others";
	if (folder)
		return NULL;
	if (!S_ISREG(st->st_mode))
		return "it is no regular file";
	return st->st_size > FOREIGN_MAX ? "it is too large" : NULL;
}

/* The next component of a path, or NULL; false if it is none to walk. */
static bool
component(const char **path, char name[NAME_MAX + 1])
{
	size_t size;

	*path += strspn(*path, "/");
	size = strcspn(*path, "/");
	if (size == 0 || size > NAME_MAX)
		return false;
	memcpy(name, *path, size);
	name[size] = '\0';
	*path += size;
	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* The file at the end of the path, or -1. */
static int
walk(const char *path, uid_t owner, const char **why)
{
	int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	char name[NAME_MAX + 1];
	struct stat st;
	bool folder = true;

	while (dir != -1 && folder) {
		if (!component(&path, name)) {
			*why = "its path is not plain";
			break;
		}
		folder = path[strspn(path, "/")] != '\0';
		fd = enter(
		    dir, name, folder ? O_PATH | O_DIRECTORY : O_RDONLY, why);
		close(dir);
		dir = fd;
		if (fd == -1)
			return -1;
		*why = fstat(fd, &st) == -1 ? strerror(errno)
					    : unsafe(&st, owner, folder);
		if (*why != NULL)
			break;
	}
	if (*why == NULL || dir == -1)
		return dir;
	close(dir);
	return -1;
}

char *
foreign_read(const char *path, uid_t owner, const char **why)
{
	int fd;
	char *text;
	size_t got = 0;
	ssize_t n = 1;

	*why = NULL;
	fd = walk(path, owner, why);
	if (fd == -1)
		return NULL;
	text = malloc(FOREIGN_MAX + 1);
	while (text != NULL && n > 0 && got <= FOREIGN_MAX) {
		n = read(fd, text + got, FOREIGN_MAX + 1 - got);
		got += n > 0 ? (size_t)n : 0;
	}
	if (text == NULL || n == -1)
		*why = strerror(errno);
	else if (got > FOREIGN_MAX)
		*why = "it is too large";
	else if (memchr(text, '\0', got) != NULL)
		*why = "it holds a byte of zero";
	close(fd);
	if (*why != NULL) {
		free(text);
		return NULL;
	}
	text[got] = '\0';
	return text;
}

char *
foreign_line(char **text)
{
	char *line = *text, *end;

	if (line == NULL || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	if (end != NULL)
		*end = '\0';
	*text = end == NULL ? NULL : end + 1;
	return line;
}
