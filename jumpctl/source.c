/* SPDX-License-Identifier: ISC */
/*
 * The text of a policy: files opened without following links, checked and
 * read through one descriptor.
 */
#include "ctl.h"

#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOURCE_MAX = 1 << 28, SHOWN_MAX = 4 * NAME_MAX + 1 };

static int
refuse(const char *name, const char *why)
{
	warnx("%s: %s", name, why);
	return -1;
}

static const char *
open_error(int dir, const char *base, const char *name, bool system)
{
	int error = errno;
	struct stat st;

	if (error == ENXIO) /* a socket */
		return "is not a regular file";
	if (error == ENOENT && strcmp(name, POLICY_FILE) == 0)
		return "No such file or directory; jumpctl init prints one "
		       "of what is here";
	if (system && fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return "is a symbolic link";
	return strerror(error);
}

/* Of root alone: what a policy and its directories must be. */
static const char *
unsafe(const struct stat *st)
{
	if (st->st_uid != 0)
		return "is not owned by root (chown root)";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "is writable by group or others (chmod go-w)";
	return NULL;
}

/* Open a regular file, and no link, that is root's if system is set. */
static int
open_file(int dir, const char *base, const char *name, bool system,
    struct stat *st)
{
	int fd = openat(dir, base, O_RDONLY | O_CLOEXEC | O_NONBLOCK |
	    (system ? O_NOFOLLOW : 0));
	const char *why = NULL;

	if (fd == -1)
		return refuse(name, open_error(dir, base, name, system));
	if (fstat(fd, st) == -1)
		why = strerror(errno);
	else if (!S_ISREG(st->st_mode))
		why = "is not a regular file";
	else if (system)
		why = unsafe(st);
	if (why == NULL && st->st_size > SOURCE_MAX)
		why = "is too large";
	if (why == NULL)
		return fd;
	close(fd);
	return refuse(name, why);
}

static bool
same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	    a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	    a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* Read the whole file; NULL if it changes meanwhile. */
static char *
read_text(int fd, const struct stat *before, const char *name)
{
	size_t size = (size_t)before->st_size, got = 0;
	char *text = malloc(size + 1);
	struct stat after;

	while (text != NULL && got <= size) {
		ssize_t n = read(fd, text + got, size + 1 - got);

		if (n == 0)
			break;
		if (n == -1) {
			refuse(name, strerror(errno));
			free(text);
			return NULL;
		}
		got += (size_t)n;
	}
	if (text != NULL && got == size && fstat(fd, &after) == 0 &&
	    same(before, &after))
		return text;
	refuse(name, text == NULL ? strerror(errno) :
	    "changed while it was read");
	free(text);
	return NULL;
}

static int
read_at(struct policy_source *one, int dir, const char *base, const char *name,
    bool system, struct stat *st)
{
	int fd = open_file(dir, base, name, system, st);

	if (fd == -1)
		return -1;
	one->text = read_text(fd, st, name);
	close(fd);
	if (one->text == NULL)
		return -1;
	one->size = (size_t)st->st_size;
	one->name = strdup(name);
	return 0;
}

int
source_read(struct policy_source *one, const char *path)
{
	struct stat st;

	return read_at(one, AT_FDCWD, path, path, true, &st);
}

void
source_clear(struct policy_source *one)
{
	free((void *)(uintptr_t)one->text);
	free((void *)(uintptr_t)one->name);
}

static int
add(struct sources *s, int dir, const char *base, const char *name,
    bool system, struct stat *st)
{
	struct policy_source *more =
	    reallocarray(s->list, s->n + 1, sizeof(*more));

	if (more == NULL)
		return refuse(name, strerror(errno));
	s->list = more;
	if (read_at(&s->list[s->n], dir, base, name, system, st) == -1)
		return -1;
	return s->list[s->n++].name == NULL ? -1 : 0;
}

static bool
ends_in(const char *name, const char *end)
{
	size_t size = strlen(name), n = strlen(end);

	return size > n && strcmp(name + size - n, end) == 0;
}

/* All but what is hidden, and what editors leave behind. */
static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !ends_in(entry->d_name, "~");
}

static bool
is_fragment(const char *base)
{
	return ends_in(base, ".conf");
}

/* The name as it is shown: bytes that could move a cursor escaped. */
static const char *
shown(char path[SHOWN_MAX + sizeof(POLICY_DIR)], const char *base)
{
	char safe[SHOWN_MAX];

	snprintf(path, SHOWN_MAX + sizeof(POLICY_DIR), "%s/%s", POLICY_DIR,
	    audit_escape(safe, sizeof(safe), base));
	return path;
}

static int
open_directory(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	const char *why;

	if (fd == -1)
		return refuse(name, open_error(AT_FDCWD, name, name, true));
	why = fstat(fd, &st) == -1 ? strerror(errno) : unsafe(&st);
	if (why == NULL)
		return fd;
	close(fd);
	return refuse(name, why);
}

/* Read one entry of the folder, or warn that it plays no part. */
static int
add_entry(struct sources *s, int dir, const char *base, struct stat *st)
{
	char path[SHOWN_MAX + sizeof(POLICY_DIR)];

	shown(path, base);
	if (is_fragment(base))
		return add(s, dir, base, path, true, st);
	warnx("warning: %s is not read: its name does not end in .conf", path);
	return fstatat(dir, base, st, AT_SYMLINK_NOFOLLOW) == -1 ?
	    refuse(path, strerror(errno)) : 0;
}

/*
 * Whether the folder still holds what was read, each file as it was.  A file
 * that is renamed while the folder is listed may be in no list at all.
 */
static bool
unchanged(int dir, struct dirent *const *before, const struct stat *st, int n)
{
	struct dirent **after;
	struct stat now;
	int count = scandirat(dir, ".", &after, is_visible, alphasort);
	bool good = count == n;

	for (int i = 0; i < count; i++) {
		good = good &&
		    strcmp(before[i]->d_name, after[i]->d_name) == 0 &&
		    fstatat(dir, after[i]->d_name, &now,
			AT_SYMLINK_NOFOLLOW) == 0 && same(&st[i], &now);
		free(after[i]);
	}
	if (count != -1)
		free(after);
	return good;
}

static int
add_entries(struct sources *s, int dir, struct dirent *const *entries, int n)
{
	struct stat *st = calloc((size_t)n + 1, sizeof(*st));
	int result = 0;

	if (st == NULL)
		return refuse(POLICY_DIR, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (add_entry(s, dir, entries[i]->d_name, &st[i]) == -1)
			result = -1;
	}
	if (result == 0 && !unchanged(dir, entries, st, n))
		result = refuse(POLICY_DIR, "changed while it was read");
	free(st);
	return result;
}

static int
add_fragments(struct sources *s)
{
	struct dirent **entries;
	int dir = open_directory(POLICY_DIR), n, result;

	if (dir == -1) /* missing too: its rules may only be on their way */
		return -1;
	n = scandirat(dir, ".", &entries, is_visible, alphasort);
	if (n == -1) {
		close(dir);
		return refuse(POLICY_DIR, strerror(errno));
	}
	result = add_entries(s, dir, entries, n);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	close(dir);
	return result;
}

int
sources_system(struct sources *s)
{
	int dir = open_directory(SYSCONFDIR "/jump"), result;
	struct stat before, after;

	memset(s, 0, sizeof(*s));
	s->system = true;
	if (dir == -1)
		return -1;
	result = add(s, dir, "policy", POLICY_FILE, true, &before);
	if (add_fragments(s) == -1)
		result = -1;
	if (result == 0 &&
	    (fstatat(dir, "policy", &after, AT_SYMLINK_NOFOLLOW) == -1 ||
		!same(&before, &after)))
		result = refuse(POLICY_FILE, "changed while it was read");
	close(dir);
	return result;
}

int
sources_rest(struct sources *s)
{
	int dir = open_directory(SYSCONFDIR "/jump");

	memset(s, 0, sizeof(*s));
	s->system = true;
	if (dir == -1)
		return -1;
	close(dir);
	return add_fragments(s);
}

int
sources_files(struct sources *s, char *const *names, size_t n)
{
	struct stat st;
	int result = 0;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < n; i++) {
		if (add(s, AT_FDCWD, names[i], names[i], false, &st) == -1)
			result = -1;
	}
	return result;
}

void
sources_free(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		source_clear(&s->list[i]);
	free(s->list);
	memset(s, 0, sizeof(*s));
}
