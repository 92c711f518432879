/* SPDX-License-Identifier: ISC */
/*
 * Where lines come from: journalctl(1), or files of a log daemon, also those
 * that logrotate(8) has put aside and compressed.
 */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "exit.h"
#include "log.h"
#include "program.h"

#define JOURNALCTL "/usr/bin/journalctl"

enum { WAIT_MS = 250 };

static const char journal[] = "the journal";

struct file {
	char *path;
	time_t written;
};

struct log_source {
	const char *what;   /* for messages */
	struct file *files; /* oldest first; the last one is followed */
	size_t nfiles, next;
	bool follow, rotated;
	bool missed; /* not all could be read, and that was said */
	off_t tail;  /* so much of a file is read, or 0: all */
	pid_t child;
	int fd;
	gzFile gz; /* reads fd, if that is compressed */
	struct stat st;
	time_t newest;
	bool skipping; /* a line that is too long */
	size_t begin, end;
	char buf[2 * LOG_LINE];
};

/* Lines are missing from what is read, and the reader is to know. */
static void __attribute__((format(printf, 2, 3)))
miss(struct log_source *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vwarnx(format, args);
	va_end(args);
	s->missed = true;
}

/*
 * Files.
 */

/* What follows BASE.N or BASE-DATE in a name; NULL: that is not what it is. */
static const char *
rotated_end(const char *name, const char *base)
{
	size_t n = strlen(base);

	if (strncmp(name, base, n) != 0 || (name[n] != '.' && name[n] != '-'))
		return NULL;
	name += n + 1;
	n = strspn(name, "0123456789-");
	return n > 0 ? name + n : NULL;
}

/* How files are compressed that are not read here. */
static bool
is_foreign(const char *end)
{
	static const char *const ends[] = {
	    ".xz", ".bz2", ".zst", ".lz4", ".lzma", ".Z"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (strcmp(end, ends[i]) == 0)
			return true;
	}
	return false;
}

static int
by_age(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->written != y->written)
		return x->written < y->written ? -1 : 1;
	return strcmp(y->path, x->path); /* log.2 before log.1 */
}

static void
add_file(
    struct log_source *s, const char *folder, const char *name, time_t written)
{
	struct file *list = realloc(s->files, (s->nfiles + 1) * sizeof(*list));
	char *path;

	if (list == NULL || asprintf(&path, "%s/%s", folder, name) == -1)
		err(EXIT_INTERNAL, NULL);
	s->files = list;
	list[s->nfiles++] = (struct file){path, written};
}

/* The files that a path was rotated to, but those that are too old. */
static void
find_rotated(
    struct log_source *s, const char *folder, const char *base, int64_t since)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	const char *end;
	struct stat st;

	if (d == NULL)
		miss(s, "%s: %s", folder, strerror(errno));
	while (d != NULL && (entry = readdir(d)) != NULL) {
		end = rotated_end(entry->d_name, base);
		if (end == NULL ||
		    fstatat(dirfd(d), entry->d_name, &st, 0) == -1 ||
		    (int64_t)st.st_mtime * SECOND < since)
			continue;
		if (*end == '\0' || strcmp(end, ".gz") == 0)
			add_file(s, folder, entry->d_name, st.st_mtime);
		else if (is_foreign(end))
			miss(s, "%s/%s: compressed, but not by gzip", folder,
			    entry->d_name);
	}
	if (d != NULL)
		closedir(d);
	if (s->nfiles > 0)
		qsort(s->files, s->nfiles, sizeof(s->files[0]), by_age);
}

static void
open_file(struct log_source *s, int64_t since)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(s->what, '/');
	const char *base = slash == NULL ? s->what : slash + 1;

	if (access(s->what, R_OK) == -1)
		err(EXIT_INTERNAL, "%s", s->what);
	snprintf(folder, sizeof(folder), "%.*s",
	    slash == NULL ? 1 : (int)(slash - s->what),
	    slash == NULL ? "." : s->what);
	if (slash == s->what)
		strcpy(folder, "/");
	find_rotated(s, folder, base, since);
	add_file(s, folder, base, 0);
}

static void
shut(struct log_source *s)
{
	if (s->gz != NULL && gzclose_r(s->gz) == Z_BUF_ERROR) /* and fd */
		miss(s, "%s: cut off: it cannot be read to its end",
		    s->files[s->next - 1].path);
	else if (s->gz == NULL && s->fd != -1)
		close(s->fd);
	s->gz = NULL;
	s->fd = -1;
}

/* The first line that is there may be cut: it is left out. */
static void
skip_to_tail(struct log_source *s)
{
	if (s->tail == 0 || s->gz != NULL || s->st.st_size <= s->tail)
		return;
	s->skipping = lseek(s->fd, -s->tail, SEEK_END) != -1;
}

/* Begin with the next file; false if there is none. */
static bool
next_file(struct log_source *s)
{
	const char *path;
	size_t n;

	shut(s);
	if (s->next == s->nfiles)
		return false;
	path = s->files[s->next++].path;
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (s->fd == -1 && s->next < s->nfiles) {
		if (errno != ENOENT) /* rotated away meanwhile */
			miss(s, "%s: %s", path, strerror(errno));
		return next_file(s);
	}
	if (s->fd == -1 || fstat(s->fd, &s->st) == -1)
		err(EXIT_INTERNAL, "%s", path);
	if (!S_ISREG(s->st.st_mode))
		errx(EXIT_INTERNAL, "%s: not a regular file", path);
	s->newest = s->st.st_mtime;
	n = strlen(path);
	if (n > 3 && strcmp(path + n - 3, ".gz") == 0 &&
	    (s->gz = gzdopen(s->fd, "rb")) == NULL)
		err(EXIT_INTERNAL, NULL);
	skip_to_tail(s);
	return true;
}

/* Whether the path that is followed is another file now, or a shorter one. */
static bool
was_rotated(struct log_source *s)
{
	struct stat st;

	return stat(s->files[s->nfiles - 1].path, &st) == 0 &&
	    (st.st_ino != s->st.st_ino || st.st_dev != s->st.st_dev ||
		st.st_size < lseek(s->fd, 0, SEEK_CUR));
}

/*
 * The journal.
 */
static void
run_journalctl(int program, int out, int64_t since, bool follow)
{
	static char path[] = "PATH=/usr/bin:/bin", locale[] = "LC_ALL=C";
	char *environment[] = {path, locale, NULL};
	char from[40];
	const char *argv[] = {"journalctl", "-o", "json", "--no-pager", "-q",
	    "--output-fields=MESSAGE,_UID,_PID,_EXE,SYSLOG_IDENTIFIER,"
	    "SYSLOG_PID,_TRANSPORT",
	    "-t", "sshd", "-t", "sshd-session", "-t", "jump-authkeys", "-t",
	    "jump-shell", "-t", "jump-connect", "-t", "jump-record", "-t",
	    "jumpctl", "-t", "systemd-journald", from,
	    follow ? "--follow" : NULL, "--no-tail", NULL};
	int null = open("/dev/null", O_RDONLY);

	snprintf(from, sizeof(from), "--since=@%lld",
	    (long long)(since < 0 ? 0 : since / SECOND));
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    dup2(out, STDOUT_FILENO) != -1)
		fexecve(program, (char *const *)argv, environment);
	_exit(127);
}

static bool
open_journal(struct log_source *s, int64_t since)
{
	int program = program_open(JOURNALCTL, 0), fds[2];

	if (program == -1)
		return false;
	if (pipe2(fds, O_CLOEXEC) == -1 || (s->child = fork()) == -1)
		err(EXIT_INTERNAL, "journalctl");
	if (s->child == 0)
		run_journalctl(program, fds[1], since, s->follow);
	close(fds[1]);
	close(program);
	s->fd = fds[0];
	s->what = journal;
	return true;
}

/* Whether there is a journal: its folder has one of a machine in it. */
static bool
has_journal(void)
{
	static const char *const folders[] = {
	    "/var/log/journal", "/run/log/journal"};
	const struct dirent *entry;
	bool found = false;

	for (size_t i = 0; i < 2 && !found; i++) {
		DIR *d = opendir(folders[i]);

		while (d != NULL && (entry = readdir(d)) != NULL)
			found = found || entry->d_name[0] != '.';
		if (d != NULL)
			closedir(d);
	}
	return found;
}

const char *const log_source_files[] = {
    "/var/log/jump.log", "/var/log/auth.log", "/var/log/secure", NULL};

/* The first that is there of these files from the i-th on, or NULL. */
static const char *
usual_file(size_t i)
{
	while (log_source_files[i] != NULL &&
	    access(log_source_files[i], F_OK) == -1)
		i++;
	return log_source_files[i];
}

const char *
log_source_before(const struct log_source *s)
{
	for (size_t i = 0; log_source_files[i] != NULL; i++) {
		if (s->what == log_source_files[i])
			return usual_file(i + 1);
	}
	return NULL;
}

bool
log_source_has_older(const struct log_source *s)
{
	return s->nfiles > 1;
}

static void
open_default(struct log_source *s, int64_t since)
{
	if (has_journal() && open_journal(s, since))
		return;
	s->what = usual_file(0);
	if (s->what == NULL)
		errx(EXIT_INTERNAL,
		    "there is no journal, and neither %s, %s nor %s",
		    log_source_files[0], log_source_files[1],
		    log_source_files[2]);
	open_file(s, since);
}

const char *
log_source_default(void)
{
	int program = has_journal() ? program_open(JOURNALCTL, 0) : -1;

	if (program == -1)
		return usual_file(0);
	close(program);
	return journal;
}

struct log_source *
log_source_open(const char *file, int64_t since, bool follow)
{
	struct log_source *s = calloc(1, sizeof(*s));

	if (s == NULL)
		err(EXIT_INTERNAL, NULL);
	s->fd = -1;
	s->follow = follow;
	s->what = file;
	s->newest = time(NULL);
	if (file == NULL) {
		open_default(s, since);
	} else if (strcmp(file, "-") == 0) {
		s->what = "standard input";
		s->fd = dup(STDIN_FILENO);
	} else {
		open_file(s, since);
	}
	return s;
}

/*
 * Lines.
 */

/* More bytes, or how many there are: 0 at the end of this file. */
static ssize_t
fill(struct log_source *s)
{
	ssize_t n;

	if (s->begin > 0) {
		memmove(s->buf, s->buf + s->begin, s->end - s->begin);
		s->end -= s->begin;
		s->begin = 0;
	}
	do {
		n = s->gz != NULL
		    ? gzread(s->gz, s->buf + s->end,
			  (unsigned)(sizeof(s->buf) - s->end))
		    : read(s->fd, s->buf + s->end, sizeof(s->buf) - s->end);
	} while (n == -1 && errno == EINTR);
	if (n > 0)
		s->end += (size_t)n;
	if (n == -1)
		miss(s, "%s: cannot be read to its end",
		    s->nfiles > 0 ? s->files[s->next - 1].path : s->what);
	return n < 0 ? 0 : n;
}

/* A whole line of what is there, or NULL. */
static char *
take_line(struct log_source *s)
{
	char *line = s->buf + s->begin, *end;

	while ((end = memchr(line, '\n', s->end - s->begin)) != NULL) {
		bool whole = !s->skipping && end - line < LOG_LINE;

		s->begin += (size_t)(end - line) + 1;
		s->skipping = false;
		*end = '\0';
		if (whole)
			return line;
		line = end + 1;
	}
	if (s->end - s->begin >= LOG_LINE) {
		s->skipping = true;
		s->begin = s->end;
	}
	return NULL;
}

/* At the end of the last file: wait until there is more, or another file. */
static bool
wait_for_more(struct log_source *s)
{
	if (!s->follow || s->nfiles == 0)
		return false;
	if (s->rotated) {
		s->rotated = false;
		s->begin = s->end = 0;
		s->next = s->nfiles - 1;
		return next_file(s);
	}
	s->rotated = was_rotated(s); /* what is still written comes first */
	poll(NULL, 0, WAIT_MS);
	s->newest = time(NULL);
	return true;
}

/* Something to read of a pipe, or idle() first. */
static void
wait_for_pipe(const struct log_source *s, void (*idle)(void *), void *arg)
{
	struct pollfd fd = {.fd = s->fd, .events = POLLIN};

	if (s->nfiles == 0 && poll(&fd, 1, 0) == 0)
		idle(arg);
}

char *
log_source_line(
    struct log_source *s, time_t *newest, void (*idle)(void *), void *arg)
{
	char *line;

	if (s->fd == -1 && !next_file(s))
		return NULL;
	for (;;) {
		line = take_line(s);
		*newest = s->newest;
		if (line != NULL)
			return line;
		wait_for_pipe(s, idle, arg);
		if (fill(s) > 0)
			continue;
		if (s->next < s->nfiles) {
			s->begin = s->end = 0;
			if (!next_file(s))
				return NULL;
			continue;
		}
		idle(arg);
		if (!wait_for_more(s))
			return NULL;
	}
}

void
log_source_tail(struct log_source *s, off_t size)
{
	s->tail = size;
}

bool
log_source_rotated(const struct log_source *s)
{
	return s->next < s->nfiles;
}

bool
log_source_close(struct log_source *s)
{
	bool whole;
	int status = 0;

	shut(s);
	if (s->child > 0 &&
	    (waitpid(s->child, &status, 0) == -1 || status != 0))
		errx(EXIT_INTERNAL, "journalctl has failed");
	for (size_t i = 0; i < s->nfiles; i++)
		free(s->files[i].path);
	free(s->files);
	whole = !s->missed;
	free(s);
	return whole;
}
