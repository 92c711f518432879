/* SPDX-License-Identifier: ISC */
#include "procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX = 4096, PATH_ROOM = 256 };

/* A file of a process, as one string; enough of it.  0, or -1 with errno. */
static int
slurp(const char *proc, pid_t pid, const char *name, char text[FILE_MAX])
{
	char path[PATH_ROOM];
	ssize_t n;
	int fd, error;

	snprintf(path, sizeof(path), "%s/%d/%s", proc, (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	n = read(fd, text, FILE_MAX - 1);
	error = errno;
	close(fd);
	errno = error;
	if (n == -1)
		return -1;
	text[n] = '\0';
	return 0;
}

/* comm can hold anything, the last parenthesis is its end. */
static bool
parse_stat(const char *text, struct procfs_process *p)
{
	const char *name = strchr(text, '('), *end = strrchr(text, ')');
	unsigned long long started;
	int parent;

	if (name == NULL || end == NULL || end <= name ||
	    (size_t)(end - name) > sizeof(p->name) ||
	    sscanf(end + 1,
		" %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d "
		"%*d %*d %*d %*d %llu",
		&parent, &started) != 2)
		return false;
	memcpy(p->name, name + 1, (size_t)(end - name) - 1);
	p->name[end - name - 1] = '\0';
	p->parent = parent;
	p->started = started;
	return true;
}

/* The kernel escapes a newline in the name that stands before this line. */
static bool
parse_status(const char *text, struct procfs_process *p)
{
	const char *line = strstr(text, "\nUid:\t");
	unsigned int uid;

	if (line == NULL || sscanf(line, "\nUid:\t%u", &uid) != 1)
		return false;
	p->uid = uid;
	return true;
}

int
procfs_read(const char *proc, pid_t pid, struct procfs_process *p)
{
	char text[FILE_MAX];

	*p = (struct procfs_process){.pid = pid};
	if (slurp(proc, pid, "stat", text) == -1)
		return -1;
	if (parse_stat(text, p)) {
		if (slurp(proc, pid, "status", text) == -1)
			return -1;
		if (parse_status(text, p))
			return 0;
	}
	errno = EBADMSG;
	return -1;
}
