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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SOURCE_MAX = 1 << 28 };

static int
refuse(const char *name, const char *why)
{
	warnx("%s: %s", name, why);
	return -1;
}

/* Of root alone: what a policy and its directories must be. */
static const char *
unsafe(const struct stat *st)
{
	if (st->st_uid != 0)
		return "is not owned by root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "is writable by group or others";
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
		return refuse(name, system && errno == ELOOP ?
		    "is a symbolic link" : strerror(errno));
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
	return a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
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
    bool system)
{
	struct stat st;
	int fd = open_file(dir, base, name, system, &st);

	if (fd == -1)
		return -1;
	one->text = read_text(fd, &st, name);
	close(fd);
	if (one->text == NULL)
		return -1;
	one->size = (size_t)st.st_size;
	one->name = strdup(name);
	return 0;
}

int
source_read(struct policy_source *one, const char *path)
{
	return read_at(one, AT_FDCWD, path, path, true);
}

void
source_clear(struct policy_source *one)
{
	free((void *)(uintptr_t)one->text);
	free((void *)(uintptr_t)one->name);
}

static int
add(struct sources *s, int dir, const char *base, const char *name,
    bool system)
{
	struct policy_source *more =
	    reallocarray(s->list, s->n + 1, sizeof(*more));

	if (more == NULL)
		return refuse(name, strerror(errno));
	s->list = more;
	if (read_at(&s->list[s->n], dir, base, name, system) == -1)
		return -1;
	return s->list[s->n++].name == NULL ? -1 : 0;
}

static int
is_fragment(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name);

	return entry->d_name[0] != '.' && size > 5 &&
	    strcmp(entry->d_name + size - 5, ".conf") == 0;
}

static int
open_directory(const char *name)
{
	int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	const char *why;

	if (fd == -1)
		return -1;
	why = fstat(fd, &st) == -1 ? strerror(errno) : unsafe(&st);
	if (why == NULL)
		return fd;
	close(fd);
	errno = 0;
	return refuse(name, why);
}

static int
add_fragments(struct sources *s)
{
	struct dirent **entries;
	char path[sizeof(POLICY_DIR) + sizeof(entries[0]->d_name) + 1];
	int dir = open_directory(POLICY_DIR), n, result = 0;

	if (dir == -1) /* missing too: its rules may only be on their way */
		return errno == 0 ? -1 : refuse(POLICY_DIR, strerror(errno));
	n = scandirat(dir, ".", &entries, is_fragment, alphasort);
	if (n == -1)
		result = refuse(POLICY_DIR, strerror(errno));
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), POLICY_DIR "/%s",
		    entries[i]->d_name);
		if (add(s, dir, entries[i]->d_name, path, true) == -1)
			result = -1;
		free(entries[i]);
	}
	if (n != -1)
		free(entries);
	close(dir);
	return result;
}

int
sources_system(struct sources *s)
{
	int dir = open_directory(SYSCONFDIR "/jump"), result;

	memset(s, 0, sizeof(*s));
	s->system = true;
	if (dir == -1)
		return errno == 0 ? -1 :
		    refuse(SYSCONFDIR "/jump", strerror(errno));
	result = add(s, dir, "policy", POLICY_FILE, true);
	close(dir);
	return add_fragments(s) == -1 ? -1 : result;
}

int
sources_files(struct sources *s, char *const *names, size_t n)
{
	int result = 0;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < n; i++) {
		if (add(s, AT_FDCWD, names[i], names[i], false) == -1)
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
