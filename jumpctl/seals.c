/* SPDX-License-Identifier: ISC */
#include "seals.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"

static const char *const words[] = {"sealed", "removed", "missing"};
static const char first[] = "000000000000000000000000000000000000000000000000"
			    "0000000000000000";

/*
 * Lines.
 */
bool
seals_name_valid(const char *name)
{
	char id[AUDIT_SESSION + 1];

	if (strlen(name) <= AUDIT_SESSION)
		return false;
	memcpy(id, name, AUDIT_SESSION);
	id[AUDIT_SESSION] = '\0';
	return audit_session_valid(id) &&
	    (strcmp(name + AUDIT_SESSION, ".cast") == 0 ||
		strcmp(name + AUDIT_SESSION, ".pcapng") == 0);
}

void
seals_time(char text[SEALS_TIME], int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	strcpy(text, "?");
	if (gmtime_r(&t, &tm) != NULL && tm.tm_year < 8100)
		strftime(text, SEALS_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void
chain(char hash[SEALS_HASH], const char *before, const char *text, size_t n)
{
	SHA2_CTX sha;

	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)before, strlen(before));
	SHA256Update(&sha, (const uint8_t *)" ", 1);
	SHA256Update(&sha, (const uint8_t *)text, n);
	SHA256End(&sha, hash);
}

size_t
seals_print(struct seal *s, const char *before, char line[SEALS_LINE])
{
	int n = snprintf(line, SEALS_LINE,
	    "%s %s %s %" PRIu32 " %" PRIu64 " %s", words[s->word], s->time,
	    s->name, (uint32_t)s->uid, s->size, s->hash);

	chain(s->chain, before, line, (size_t)n);
	n += snprintf(line + n, SEALS_LINE - (size_t)n, " %s\n", s->chain);
	return (size_t)n;
}

static bool
is_hash(const char *s)
{
	return strlen(s) == SEALS_HASH - 1 &&
	    strspn(s, "0123456789abcdef") == SEALS_HASH - 1;
}

static bool
is_time(const char *s)
{
	static const char form[] = "0000-00-00T00:00:00Z";

	if (strlen(s) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i] != '\0'; i++) {
		if (form[i] == '0' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
			return false;
	}
	return true;
}

/* A number of at most so many digits, without zeros before it. */
static bool
read_number(const char *s, size_t most, uint64_t *n)
{
	size_t length = strlen(s);

	if (length == 0 || length > most || strspn(s, "0123456789") != length ||
	    (*s == '0' && length > 1))
		return false;
	*n = strtoull(s, NULL, 10);
	return true;
}

static bool
read_word(const char *s, enum seals_word *word)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(s, words[i]) == 0) {
			*word = (enum seals_word)i;
			return true;
		}
	}
	return false;
}

bool
seals_parse(struct seal *s, const char *line, const char *before)
{
	char own[SEALS_LINE], hash[SEALS_HASH], *rest = own, *field[7];
	size_t n = strlen(line);
	uint64_t uid;

	*s = (struct seal){0};
	if (n >= sizeof(own))
		return false;
	memcpy(own, line, n + 1);
	for (size_t i = 0; i < 7; i++) {
		field[i] = strsep(&rest, " ");
		if (field[i] == NULL)
			return false;
	}
	if (rest != NULL || !read_word(field[0], &s->word) ||
	    !is_time(field[1]) || !seals_name_valid(field[2]) ||
	    !read_number(field[3], 10, &uid) || uid > UINT32_MAX ||
	    !read_number(field[4], 18, &s->size) || !is_hash(field[5]) ||
	    !is_hash(field[6]))
		return false;
	strcpy(s->time, field[1]);
	strcpy(s->name, field[2]);
	s->uid = (uid_t)uid;
	strcpy(s->hash, field[5]);
	strcpy(s->chain, field[6]);
	if (before != NULL) {
		chain(hash, before, line, n - SEALS_HASH);
		s->broken = strcmp(hash, s->chain) != 0;
	}
	return true;
}

/*
 * The file.
 */
static int
open_file(int dir, int flags)
{
	int fd = openat(dir, SEALS_FILE,
	    flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
	struct stat st;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	    st.st_nlink == 1 && (st.st_mode & 0177) == 0)
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

static struct seal *
next_seal(struct seals *s)
{
	struct seal *more;

	if (s->n == s->room) {
		s->room = s->room * 2 + 64;
		more = reallocarray(s->list, s->room, sizeof(*more));
		if (more == NULL)
			return NULL;
		s->list = more;
	}
	return &s->list[s->n];
}

static void
tell(struct seals *s, seals_told *told, void *arg, const char *what)
{
	s->bad++;
	if (told != NULL)
		told(arg, s->lines, what);
}

/* After what is no line, the chain is taken up again. */
static int
read_line(struct seals *s, char *line, ssize_t n, const char *before,
    seals_told *told, void *arg)
{
	struct seal *seal = next_seal(s);
	bool whole = n > 0 && line[n - 1] == '\n';

	if (seal == NULL)
		return -1;
	s->lines++;
	if (whole)
		line[n - 1] = '\0';
	if (!whole || strlen(line) != (size_t)n - 1 ||
	    !seals_parse(seal, line, before)) {
		tell(
		    s, told, arg, whole ? "it is not a seal" : "it is cut off");
		*s->head = '\0';
		return 0;
	}
	seal->line = s->lines;
	if (seal->broken)
		tell(s, told, arg,
		    "the chain is broken: this line, or the one before it, is "
		    "not what was written");
	strcpy(s->head, seal->chain);
	s->n++;
	return 0;
}

int
seals_read(struct seals *s, int dir, seals_told *told, void *arg)
{
	int fd = open_file(dir, O_RDONLY), result = 0;
	char *line = NULL, before[SEALS_HASH];
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");
	size_t room = 0;
	ssize_t n;

	*s = (struct seals){0};
	strcpy(s->head, first);
	if (f == NULL)
		return fd == -1 && errno == ENOENT ? 0 : -1;
	while (result == 0 && (n = getline(&line, &room, f)) != -1) {
		strcpy(before, s->head);
		result = read_line(
		    s, line, n, *before == '\0' ? NULL : before, told, arg);
	}
	if (ferror(f))
		result = -1;
	free(line);
	fclose(f);
	return result;
}

void
seals_free(struct seals *s)
{
	free(s->list);
	s->list = NULL;
}

static int
by_name(const void *a, const void *b)
{
	const struct seal *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : x->line < y->line ? -1 : 1;
}

void
seals_sort(struct seals *s)
{
	if (s->n > 0)
		qsort(s->list, s->n, sizeof(*s->list), by_name);
}

/* The first of a name that is not below it stands at low. */
const struct seal *
seals_find(const struct seals *s, const char *name)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(s->list[middle].name, name) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && strcmp(s->list[low - 1].name, name) == 0
	    ? &s->list[low - 1]
	    : NULL;
}

/*
 * Adding.
 */

/* The last whole line; what stands after it is cut off. */
static int
find_end(struct seals_log *l)
{
	char tail[2 * SEALS_LINE + 1], *end, *line;
	off_t size = lseek(l->fd, 0, SEEK_END);
	off_t from = size > 2 * SEALS_LINE ? size - 2 * SEALS_LINE : 0;
	ssize_t n = pread(l->fd, tail, 2 * SEALS_LINE, from);

	if (size == -1 || n == -1)
		return -1;
	end = memrchr(tail, '\n', (size_t)n);
	if (end == NULL) {
		errno = EPROTO;
		return from > 0 ? -1 : ftruncate(l->fd, 0);
	}
	*end = '\0';
	line = memrchr(tail, '\n', (size_t)(end - tail));
	line = line == NULL ? tail : line + 1;
	errno = EPROTO;
	if (!seals_parse(&l->last, line, NULL))
		return -1;
	return ftruncate(l->fd, from + (end - tail) + 1);
}

int
seals_open(struct seals_log *l, int dir)
{
	int error;

	*l = (struct seals_log){0};
	strcpy(l->last.chain, first);
	l->fd = open_file(dir, O_RDWR | O_CREAT | O_APPEND);
	if (l->fd == -1)
		return -1;
	if (flock(l->fd, LOCK_EX | LOCK_NB) == 0 && find_end(l) == 0 &&
	    fsync(dir) == 0)
		return 0;
	error = errno;
	seals_close(l);
	errno = error;
	return -1;
}

int
seals_add(struct seals_log *l, struct seal *s)
{
	char line[SEALS_LINE];
	size_t n = seals_print(s, l->last.chain, line);
	off_t before = lseek(l->fd, 0, SEEK_END);

	if (before != -1 && write(l->fd, line, n) == (ssize_t)n &&
	    fsync(l->fd) == 0) {
		l->last = *s;
		return 0;
	}
	if (before != -1 && ftruncate(l->fd, before) == -1)
		return -1; /* the next one who opens it cuts it off */
	return -1;
}

void
seals_close(struct seals_log *l)
{
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
}
