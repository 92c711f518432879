/* SPDX-License-Identifier: ISC */
#include "folders.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

enum { OPEN_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

struct folder {
	char name[PATH_TEXT];
	const char *account; /* NULL: devices of different accounts want it */
};

/* All of one run. */
struct work {
	int dir; /* FOLDERS_DIRECTORY */
	gid_t gid;
	bool all;
	struct folder *list; /* sorted */
	size_t n, failed;
};

bool
folder_name(
    const struct policy *p, const struct policy_target *t, char name[PATH_TEXT])
{
	static const char above[] = FOLDERS_DIRECTORY "/";
	const char *path = policy_string(p, t->path), *end;

	if (t->kind != TARGET_DEVICE || t->path == 0 ||
	    strncmp(path, above, strlen(above)) != 0)
		return false;
	path += strlen(above);
	end = strchr(path, '/');
	if (end == NULL || *path == '.' || end == path || end[1] == '\0' ||
	    strchr(end + 1, '/') != NULL || end - path >= PATH_TEXT)
		return false;
	memcpy(name, path, (size_t)(end - path));
	name[end - path] = '\0';
	return true;
}

static int
by_name(const void *a, const void *b)
{
	const struct folder *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Those of the policy, each once. */
static void
list(struct work *w, const struct policy *p)
{
	uint32_t n = p->table[PT_TARGETS].n;
	size_t kept = 0;

	w->list = calloc((size_t)n + 1, sizeof(*w->list));
	if (w->list == NULL)
		err(EXIT_INTERNAL, NULL);
	for (uint32_t i = 0; i < n; i++) {
		const struct policy_target *t = policy_target(p, i);
		struct folder *f = &w->list[w->n];

		if (!folder_name(p, t, f->name))
			continue;
		f->account = policy_string(p, t->account);
		w->n++;
	}
	qsort(w->list, w->n, sizeof(*w->list), by_name);
	for (size_t i = 0; i < w->n; i++) {
		struct folder *last = &w->list[kept == 0 ? 0 : kept - 1];

		if (kept == 0 || by_name(last, &w->list[i]) != 0)
			w->list[kept++] = w->list[i];
		else if (last->account != NULL &&
		    strcmp(last->account, w->list[i].account) != 0)
			last->account = NULL;
	}
	w->n = kept;
}

static void
say(struct work *w, const char *name, const char *what)
{
	warnx(
	    FOLDERS_DIRECTORY "%s%s: %s", *name == '\0' ? "" : "/", name, what);
	w->failed++;
}

/*
 * What is there.
 */

/* As it was made, for this owner; root's is half made. */
static bool
is_ours(const struct work *w, int fd, struct stat *st)
{
	return fstat(fd, st) == 0 && S_ISDIR(st->st_mode) &&
	    st->st_gid == w->gid && (st->st_mode & 07777) == FOLDER_MODE;
}

/*
 * Remove the sockets of the folder's owner.  Who owns it may change what is
 * there meanwhile, but removes only what is in a folder of its own.
 */
static void
remove_sockets(int fd, uid_t owner)
{
	int again = openat(fd, ".", OPEN_FLAGS);
	DIR *dir = again == -1 ? NULL : fdopendir(again);
	const struct dirent *e;
	struct stat st;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISSOCK(st.st_mode) && st.st_uid == owner)
			unlinkat(fd, e->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
	else if (again != -1)
		close(again);
}

/* A folder that no device has, or one for another account. */
static bool
remove_folder(struct work *w, const char *name)
{
	static const char left[] = "not as jumpctl made it, and left alone: "
				   "remove it";
	int fd = openat(w->dir, name, OPEN_FLAGS);
	struct stat st;
	bool removed = false;

	if (fd == -1 || !is_ours(w, fd, &st)) {
		say(w, name, left);
	} else {
		remove_sockets(fd, st.st_uid);
		removed = unlinkat(w->dir, name, AT_REMOVEDIR) == 0;
		if (!removed)
			say(w, name,
			    errno == ENOTEMPTY ? left : strerror(errno));
	}
	if (fd != -1)
		close(fd);
	return removed;
}

static bool
has(const struct work *w, const char *name)
{
	struct folder f;

	if (strlen(name) >= sizeof(f.name))
		return false;
	strcpy(f.name, name);
	return bsearch(&f, w->list, w->n, sizeof(f), by_name) != NULL;
}

static void
remove_others(struct work *w)
{
	int fd = openat(w->dir, ".", OPEN_FLAGS);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 && !has(w, e->d_name))
			remove_folder(w, e->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	else
		say(w, "", strerror(errno));
}

/*
 * What is missing.
 */
static void
make_folder(struct work *w, const struct folder *f, uid_t uid)
{
	struct stat st;
	int fd;

	if (mkdirat(w->dir, f->name, FOLDER_MODE & 0777) == -1 &&
	    errno != EEXIST) {
		say(w, f->name, strerror(errno));
		return;
	}
	fd = openat(w->dir, f->name, OPEN_FLAGS);
	if (fd == -1 || !is_ours(w, fd, &st) || st.st_uid != 0)
		say(w, f->name,
		    "cannot be made: its group and mode are not "
		    "those of the folder above");
	else if (fchown(fd, uid, (gid_t)-1) == -1)
		say(w, f->name, strerror(errno));
	if (fd != -1)
		close(fd);
}

/* Whether it is to be made; one of another account is removed before. */
static bool
is_wanted(struct work *w, const struct folder *f, const struct passwd *pw)
{
	int fd = openat(w->dir, f->name, OPEN_FLAGS);
	struct stat st;
	bool ours = fd != -1 && is_ours(w, fd, &st);

	if (fd == -1 && errno == ENOENT)
		return true;
	if (fd != -1)
		close(fd);
	if (ours && (st.st_uid == 0 || st.st_uid == pw->pw_uid))
		return st.st_uid == 0;
	return remove_folder(w, f->name);
}

/* A folder that is there is looked at only if all are. */
static void
renew(struct work *w, const struct folder *f)
{
	const struct passwd *pw;
	struct stat st;

	if (!w->all &&
	    fstatat(w->dir, f->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_uid != 0)
		return;
	if (f->account == NULL) {
		say(w, f->name, "devices of different accounts want it");
		return;
	}
	pw = getpwnam(f->account);
	if (pw == NULL && w->all)
		say(w, f->name, "the device's account is missing");
	else if (pw != NULL && pw->pw_uid == 0)
		say(w, f->name, "for a device as root");
	else if (pw != NULL && is_wanted(w, f, pw))
		make_folder(w, f, pw->pw_uid);
}

/* The folder above; -1 and said if it is not as it must be. */
static int
open_above(struct work *w)
{
	int fd = open(FOLDERS_DIRECTORY, OPEN_FLAGS);
	struct stat st;

	if (fd == -1 && errno == ENOENT && w->n == 0)
		return -1;
	if (fd == -1 && errno == ENOENT &&
	    mkdir(FOLDERS_DIRECTORY, 0700) == 0) {
		fd = open(FOLDERS_DIRECTORY, OPEN_FLAGS);
		if (fd != -1 &&
		    (fchown(fd, 0, w->gid) == -1 ||
			fchmod(fd, FOLDERS_MODE) == -1))
			say(w, "", strerror(errno));
	}
	if (fd != -1 && fstat(fd, &st) == 0 && st.st_uid == 0 &&
	    st.st_gid == w->gid && (st.st_mode & 07777) == FOLDERS_MODE)
		return fd;
	say(w, "",
	    fd == -1 ? strerror(errno)
		     : "not root's, of the group _jump and mode 2711: "
		       "systemd-tmpfiles --create jump.conf, or make "
		       "owners");
	if (fd != -1)
		close(fd);
	return -1;
}

size_t
folders_renew(const struct policy *p, bool all)
{
	const struct group *gr = getgrnam("_jump");
	struct work w = {.all = all};
	mode_t mask = umask(022);

	if (gr != NULL) {
		w.gid = gr->gr_gid;
		list(&w, p);
		w.dir = open_above(&w);
		if (w.dir != -1) {
			flock(w.dir, LOCK_EX); /* at once, or a sweep's */
			remove_others(&w);
			for (size_t i = 0; i < w.n; i++)
				renew(&w, &w.list[i]);
			close(w.dir);
		}
		free(w.list);
	}
	umask(mask);
	return w.failed;
}
