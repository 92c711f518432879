/* SPDX-License-Identifier: ISC */
#include "fence.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

/*
 * Landlock as of ABI 6, whatever the headers know.  Reading a directory and
 * executing are left alone: names of processes are no secret.
 */
enum {
	LL_RULESET_VERSION = 1,
	LL_PATH_BENEATH = 1,
	LL_WRITE = 1 << 1,
	LL_READ = 1 << 2,
	LL_REMOVE_AND_MAKE = ((1 << 9) - 1) << 4,
	LL_REFER = 1 << 13,    /* from ABI 2 on */
	LL_TRUNCATE = 1 << 14, /* from ABI 3 on */
	LL_SIGNALS = 1 << 1    /* a scope, from ABI 6 on */
};

enum { OPEN_FLAGS = O_PATH | O_NOFOLLOW | O_CLOEXEC };

struct ruleset {
	int fd;
	uint64_t files, folders; /* what is held, of either */
};

/* Of the kernel's; 0, or -1. */
static int
open_ruleset(struct ruleset *r, long abi)
{
	struct {
		uint64_t fs, net, scoped;
	} attr = {0};

	r->files = LL_WRITE | LL_READ | (abi >= 3 ? LL_TRUNCATE : 0);
	r->folders = r->files | LL_REMOVE_AND_MAKE | (abi >= 2 ? LL_REFER : 0);
	attr.fs = r->folders;
	attr.scoped = abi >= 6 ? LL_SIGNALS : 0;
	/* A kernel that knows a shorter struct wants the rest to be zero. */
	r->fd =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	return r->fd == -1 ? -1 : 0;
}

/* A symbolic link gives nothing: what it leads to has a name of its own. */
static bool
allow(const struct ruleset *r, int dir, const char *name)
{
	struct {
		uint64_t access;
		int32_t fd;
	} __attribute__((packed)) rule = {0};
	struct stat st;
	bool done;
	int fd = openat(dir, name, OPEN_FLAGS);

	if (fd == -1)
		return errno == ENOENT || errno == EACCES;
	done = fstat(fd, &st) == 0;
	rule.access = S_ISDIR(st.st_mode) ? r->folders : r->files;
	rule.fd = fd;
	if (done && !S_ISLNK(st.st_mode))
		done = syscall(SYS_landlock_add_rule, r->fd, LL_PATH_BENEATH,
			   &rule, 0) == 0;
	close(fd);
	return done;
}

/* All in a folder but one. */
static bool
allow_others(const struct ruleset *r, const char *folder, const char *but)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;
	bool done = dir != NULL;

	while (done && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 && strcmp(e->d_name, but) != 0)
			done = allow(r, dirfd(dir), e->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	return done;
}

bool
fence(const char *parent, const char *name)
{
	struct ruleset r;
	bool done;
	long abi =
	    syscall(SYS_landlock_create_ruleset, NULL, 0, LL_RULESET_VERSION);

	if (abi == -1)
		return errno == ENOSYS || errno == EOPNOTSUPP;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    open_ruleset(&r, abi) == -1)
		return false;
	done = allow_others(&r, "/", parent + 1) &&
	    allow_others(&r, parent, name) &&
	    syscall(SYS_landlock_restrict_self, r.fd, 0) == 0;
	close(r.fd);
	return done;
}
