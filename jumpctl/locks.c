/* SPDX-License-Identifier: ISC */
/*
 * Locks: who has no rights until unlocked.  They are state, not policy: a
 * file of their own, whose contents are added to every image that is made.
 */
#include "ctl.h"

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIELDS = 4, LOCKS_MAX = 10000 };

static const char heading[] =
    "# Who is locked, since when, by whom, and why: see jumpctl lock.\n"
    "# Made by jumpctl lock and unlock; fields are separated by tabs.\n";

/*
 * The file.
 */
bool
lock_valid(const char *who)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	static const char user[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ._@+-\\";

	if (*who == '%') {
		for (const char *s = who + 1; *s != '\0'; s++) {
			if (!isprint((unsigned char)*s))
				return false;
		}
		return who[1] != '\0' && strlen(who) <= 256;
	}
	if (*who == '@')
		return isalnum((unsigned char)who[1]) &&
		    strspn(who + 1, name) == strlen(who + 1) &&
		    strlen(who) <= NAME_TEXT;
	return *who != '\0' && strchr("-+.", *who) == NULL &&
	    strspn(who, user) == strlen(who) && strlen(who) < NAME_TEXT;
}

static struct lock *
find(const struct locks *locks, const char *who)
{
	for (size_t i = 0; i < locks->n; i++) {
		if (strcmp(locks->list[i].who, who) == 0)
			return &locks->list[i];
	}
	return NULL;
}

static void
clear(struct lock *lock)
{
	free(lock->who);
	free(lock->by);
	free(lock->reason);
}

/* What a line of the file can say: a clock that is not set must not end it. */
static int64_t
time_for_file(int64_t t)
{
	const int64_t first = 946684800, last = 253402300799;

	return t < first ? first : t > last ? last : t;
}

int
locks_add(struct locks *locks, const char *who, int64_t since, const char *by,
    const char *reason)
{
	struct lock new = {
	    strdup(who), strdup(by), strdup(reason), time_for_file(since)};
	struct lock *old = find(locks, who), *more = NULL;

	if (old == NULL && locks->n < LOCKS_MAX)
		more = reallocarray(
		    locks->list, locks->n + 1, sizeof(*more));
	if (more != NULL)
		locks->list = more;
	if (new.who == NULL || new.by == NULL || new.reason == NULL ||
	    (old == NULL && more == NULL)) {
		clear(&new);
		return -1;
	}
	if (old != NULL)
		clear(old);
	*(old != NULL ? old : &locks->list[locks->n++]) = new;
	return 0;
}

bool
locks_remove(struct locks *locks, const char *who)
{
	struct lock *lock = find(locks, who);

	if (lock == NULL)
		return false;
	clear(lock);
	memmove(lock, lock + 1,
	    (size_t)(locks->list + --locks->n - lock) * sizeof(*lock));
	return true;
}

void
locks_free(struct locks *locks)
{
	for (size_t i = 0; i < locks->n; i++)
		clear(&locks->list[i]);
	free(locks->list);
	memset(locks, 0, sizeof(*locks));
}

static bool
printable(const char *s)
{
	for (; *s != '\0'; s++) {
		if (!isprint((unsigned char)*s))
			return false;
	}
	return true;
}

static bool
read_line(struct locks *locks, char *line)
{
	char *fields[FIELDS];
	int64_t since;

	if (*line == '\0' || *line == '#')
		return true;
	for (int i = 0; i < FIELDS; i++) {
		fields[i] = strsep(&line, "\t");
		if (fields[i] == NULL || !printable(fields[i]))
			return false;
	}
	return line == NULL && lock_valid(fields[0]) &&
	    policy_time_parse(&since, fields[1]) &&
	    locks_add(locks, fields[0], since, fields[2], fields[3]) == 0;
}

int
locks_parse(struct locks *locks, const char *text, size_t size)
{
	const char *end = text + size;

	memset(locks, 0, sizeof(*locks));
	for (int number = 1; text < end; number++) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		char *line = eol == NULL ? NULL :
		    strndup(text, (size_t)(eol - text));
		bool good = line != NULL &&
		    strlen(line) == (size_t)(eol - text) &&
		    read_line(locks, line);

		free(line);
		if (!good) {
			locks_free(locks);
			return number;
		}
		text = eol + 1;
	}
	return 0;
}

int
locks_read(struct locks *locks)
{
	struct policy_source text;
	int line;

	memset(locks, 0, sizeof(*locks));
	if (access(LOCKS_FILE, F_OK) == -1 && errno == ENOENT)
		return 0;
	if (source_read(&text, LOCKS_FILE) == -1)
		return -1;
	line = locks_parse(locks, text.text, text.size);
	source_clear(&text);
	if (line == 0)
		return 0;
	warnx("%s:%d: not a lock, as jumpctl lock writes it", LOCKS_FILE, line);
	return -1;
}

int
locks_print(const struct locks *locks, FILE *f)
{
	fputs(heading, f);
	for (size_t i = 0; i < locks->n; i++) {
		const struct lock *lock = &locks->list[i];
		time_t since = (time_t)lock->since;
		struct tm tm;
		char when[32];

		if (gmtime_r(&since, &tm) == NULL)
			return -1;
		strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
		fprintf(f, "%s\t%s\t%s\t%s\n", lock->who, when, lock->by,
		    lock->reason);
	}
	return ferror(f) ? -1 : 0;
}

/*
 * The image.
 */
struct policy *
locks_thaw(const struct policy *p)
{
	struct policy *copy = policy_new();

	for (int t = 0; t < PT_COUNT && copy != NULL; t++) {
		struct policy_rows *rows = &copy->table[t];
		size_t size = p->table[t].n * policy_row_size(t);

		rows->rows = malloc(size + 1);
		if (rows->rows == NULL) {
			policy_free(copy);
			return NULL;
		}
		if (size > 0)
			memcpy(rows->rows, p->table[t].rows, size);
		rows->n = rows->room = p->table[t].n;
	}
	if (copy == NULL)
		return NULL;
	memcpy(copy->loaded_by, p->loaded_by, sizeof(copy->loaded_by));
	copy->loaded_at = p->loaded_at;
	copy->hosts_changed = p->hosts_changed;
	return copy;
}

/* Append n rows; the index of the first, or POLICY_NONE. */
static uint32_t
append(struct policy *p, enum policy_table t, const void *row, size_t n)
{
	struct policy_rows *rows = &p->table[t];
	size_t size = policy_row_size(t);
	char *more = reallocarray(rows->rows, rows->n + n, size);

	if (more == NULL || rows->n + n >= POLICY_NONE)
		return POLICY_NONE;
	memcpy(more + rows->n * size, row, n * size);
	rows->rows = more;
	rows->n += (uint32_t)n;
	rows->room = rows->n;
	return rows->n - (uint32_t)n;
}

static uint32_t
append_string(struct policy *p, const char *s)
{
	uint32_t at = append(p, PT_STRINGS, s, strlen(s) + 1);
	struct policy_meta *meta = p->table[PT_META].rows;

	if (at != POLICY_NONE)
		meta->locked_strings += (uint32_t)strlen(s) + 1;
	return at;
}

static uint32_t
find_group(const struct policy *p, const char *name)
{
	for (uint32_t i = 0; i < p->table[PT_GROUPS].n; i++) {
		if (strcmp(policy_string(p, policy_group(p, i)->name),
			name) == 0)
			return i;
	}
	return POLICY_NONE;
}

/* The Unix group, which decides are to look up from now on. */
static uint32_t
need_unixgroup(struct policy *p, const char *name)
{
	struct policy_meta *meta = p->table[PT_META].rows;
	uint32_t string;

	for (uint32_t i = 0; i < p->table[PT_UNIXGROUPS].n; i++) {
		if (strcmp(policy_unixgroup(p, i), name) == 0)
			return i;
	}
	string = append_string(p, name);
	if (string == POLICY_NONE)
		return POLICY_NONE;
	meta->locked_groups++;
	return append(p, PT_UNIXGROUPS, &string, 1);
}

static bool
add_row(struct policy *p, const struct lock *lock)
{
	struct policy_lock row;

	memset(&row, 0, sizeof(row));
	row.kind = REF_USER;
	row.index = POLICY_NONE;
	row.since = lock->since;
	if (strcmp(lock->who, "any") == 0) {
		row.kind = REF_ANYONE;
	} else if (*lock->who == '@') {
		row.kind = REF_GROUP;
		row.index = find_group(p, lock->who + 1);
	} else if (*lock->who == '%') {
		row.kind = REF_UNIXGROUP;
		row.index = need_unixgroup(p, lock->who + 1);
		if (row.index == POLICY_NONE)
			return false;
	}
	row.name = append_string(p, lock->who);
	row.by = append_string(p, lock->by);
	row.reason = append_string(p, lock->reason);
	return row.name != POLICY_NONE && row.by != POLICY_NONE &&
	    row.reason != POLICY_NONE &&
	    append(p, PT_LOCKS, &row, 1) != POLICY_NONE;
}

int
locks_set(struct policy *p, const struct locks *locks)
{
	struct policy_meta *meta = p->table[PT_META].rows;

	p->table[PT_LOCKS].n = 0;
	p->table[PT_STRINGS].n -= meta->locked_strings;
	p->table[PT_UNIXGROUPS].n -= meta->locked_groups;
	meta->locked_strings = meta->locked_groups = 0;
	for (size_t i = 0; i < locks->n; i++) {
		if (!add_row(p, &locks->list[i]))
			return -1;
	}
	return 0;
}

int
locks_renew(struct policy *p)
{
	struct locks locks;
	int result;

	if (locks_read(&locks) == -1)
		return -1;
	result = locks_set(p, &locks);
	locks_free(&locks);
	if (result == -1)
		warnx("out of memory");
	return result;
}

int
locks_of(struct locks *locks, const struct policy *p)
{
	memset(locks, 0, sizeof(*locks));
	for (uint32_t i = 0; i < p->table[PT_LOCKS].n; i++) {
		const struct policy_lock *row = policy_lock(p, i);

		if (locks_add(locks, policy_string(p, row->name), row->since,
			policy_string(p, row->by),
			policy_string(p, row->reason)) == -1)
			return -1;
	}
	return 0;
}

/*
 * Words.
 */
const char *
lock_words(const struct policy *p, uint32_t index, char *buf, size_t size)
{
	const struct policy_lock *lock = policy_lock(p, index);
	const char *reason = policy_string(p, lock->reason);
	time_t since = (time_t)lock->since;
	char when[32] = "?";
	struct tm tm;

	if (localtime_r(&since, &tm) != NULL)
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M %Z", &tm);
	snprintf(buf, size, "%s is locked since %s, by %s%s%s",
	    policy_string(p, lock->name), when, policy_string(p, lock->by),
	    *reason == '\0' ? "" : ": ", reason);
	return buf;
}

size_t
locks_warn(const struct policy *p)
{
	char words[1024];

	for (uint32_t i = 0; i < p->table[PT_LOCKS].n; i++) {
		const struct policy_lock *lock = policy_lock(p, i);

		fprintf(stderr, "warning: %s\n",
		    lock_words(p, i, words, sizeof(words)));
		if (lock->kind == REF_GROUP && lock->index == POLICY_NONE)
			fprintf(stderr, "    but the policy has no such "
			    "group: this locks nobody\n");
		if (lock->kind == REF_UNIXGROUP &&
		    getgrnam(policy_string(p, lock->name) + 1) == NULL)
			fprintf(stderr, "    but there is no such Unix group "
			    "now: this locks everybody\n");
	}
	return p->table[PT_LOCKS].n;
}
