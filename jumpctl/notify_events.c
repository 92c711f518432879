/* SPDX-License-Identifier: ISC */
#include "notify.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	OPEN_FLAGS = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	UNFINISHED_S = 60,
	PAUSE_S = 30,
	PAUSE_MAX_S = 3600
};

static int
by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->due.tv_sec != y->due.tv_sec)
		return x->due.tv_sec < y->due.tv_sec ? -1 : 1;
	if (x->due.tv_nsec != y->due.tv_nsec)
		return x->due.tv_nsec < y->due.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
by_account(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return by_time(a, b);
}

static int
by_turn(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return by_time(a, b);
}

/* One of each account in turn: nobody's thousand comes before another's one. */
static void
put_in_order(struct events *events)
{
	struct event *e = events->list;

	if (events->n < 2)
		return;
	qsort(e, events->n, sizeof(*e), by_account);
	for (size_t i = 1; i < events->n; i++)
		e[i].turn = e[i].uid == e[i - 1].uid ? e[i - 1].turn + 1 : 0;
	qsort(e, events->n, sizeof(*e), by_turn);
}

/* Room for one more, or NULL. */
static struct event *
next(struct events *events, size_t *room)
{
	struct event *more;

	if (events->n < *room)
		return &events->list[events->n];
	*room = *room * 2 + 64;
	more = reallocarray(events->list, *room, sizeof(*more));
	if (more == NULL)
		return NULL;
	events->list = more;
	return &more[events->n];
}

/* 0, or -1 without memory. */
static int
list_name(
    struct events *events, size_t *room, int dir, const char *name, time_t now)
{
	struct event *e = next(events, room);
	struct stat st;
	bool whole;
	uid_t uid;

	if (e == NULL)
		return -1;
	if (!notice_name(name, &uid, &whole)) {
		events->odd +=
		    strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
		return 0;
	}
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return 0; /* gone */
	if (!whole) {
		if (now - st.st_mtime > UNFINISHED_S)
			unlinkat(dir, name, 0);
		return 0;
	}
	strcpy(e->name, name);
	e->uid = uid;
	e->due = st.st_mtim;
	e->turn = 0;
	events->n++;
	return 0;
}

int
events_list(struct events *events, int dir, time_t now)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t room = 0;
	int result = 0, error;

	memset(events, 0, sizeof(*events));
	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (result == 0 && (errno = 0, entry = readdir(d)) != NULL)
		result = list_name(events, &room, fd, entry->d_name, now);
	error = errno;
	closedir(d);
	if (result == -1 || error != 0) {
		events_free(events);
		errno = error;
		return -1;
	}
	put_in_order(events);
	return 0;
}

void
events_free(struct events *events)
{
	free(events->list);
	memset(events, 0, sizeof(*events));
}

/*
 * Reading.
 */
static bool
is_ours(int dir, int fd, const struct event *e, uid_t gate)
{
	struct stat folder, st;

	return fstat(dir, &folder) == 0 && fstat(fd, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	    (st.st_mode & 07777) == 0600 && st.st_gid == folder.st_gid &&
	    (st.st_uid == e->uid || st.st_uid == gate);
}

/* One line of printable ASCII. */
static bool
is_line(const char *text, size_t size)
{
	if (size < 2 || text[size - 1] != '\n')
		return false;
	for (size_t i = 0; i < size - 1; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return true;
}

/* The name of the record's time, which lib/audit.c puts first. */
static bool
read_time(const char *text, time_t *time)
{
	static const char first[] = "{\"@timestamp\":\"";
	struct tm tm = {0};
	const char *end;

	if (strncmp(text, first, sizeof(first) - 1) != 0)
		return false;
	end = strptime(text + sizeof(first) - 1, "%Y-%m-%dT%H:%M:%S", &tm);
	*time = timegm(&tm);
	return end != NULL && *end == '.';
}

static bool
is_record(struct event_text *t, const struct event *e)
{
	const char *const *f = t->record.field;
	char uid[16];

	snprintf(uid, sizeof(uid), "%u", (unsigned int)e->uid);
	memcpy(t->text, t->line, t->size);
	t->text[t->size - 1] = '\0';
	return read_time(t->line, &t->time) &&
	    log_record_read(&t->record, t->text) && f[RF_UID] != NULL &&
	    strcmp(f[RF_UID], uid) == 0 && f[RF_USER] != NULL;
}

int
event_read(struct event_text *t, int dir, const struct event *e, uid_t gate)
{
	int fd = openat(dir, e->name, O_RDONLY | OPEN_FLAGS);
	bool good;
	ssize_t n;

	if (fd == -1) {
		if (errno != ENOENT)
			errno = EBADMSG;
		return -1;
	}
	n = read(fd, t->line, sizeof(t->line));
	good = n > 0 && is_ours(dir, fd, e, gate);
	close(fd);
	t->size = n > 0 ? (size_t)n : 0;
	if (good && is_line(t->line, t->size) && is_record(t, e))
		return 0;
	errno = EBADMSG;
	return -1;
}

int
event_postpone(int dir, const struct event *e, time_t written, time_t now)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
	time_t pause = now - written;

	if (pause < PAUSE_S)
		pause = PAUSE_S;
	if (pause > PAUSE_MAX_S)
		pause = PAUSE_MAX_S;
	times[1].tv_sec = now + pause;
	return utimensat(dir, e->name, times, AT_SYMLINK_NOFOLLOW);
}
