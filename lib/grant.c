/* SPDX-License-Identifier: ISC */
#include "grant.h"

#include <sys/random.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FOLDER_MODE = S_ISVTX | S_ISGID | 0773,
	FILE_MODE = 0640,
	READ_FLAGS = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	NAME = 48,     /* room for a file's */
	CLEAN_AGE = 60 /* seconds */
};

/* What the name of a file says. */
struct name {
	uid_t uid, about;
	uint32_t slot;
	bool answer;
};

static int
failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

/*
 * Names.
 */
static void
print_name(char name[NAME], const struct name *n)
{
	if (n->answer)
		snprintf(name, NAME, "%u.a.%u.%u", n->uid, n->about, n->slot);
	else
		snprintf(name, NAME, "%u.r.%u", n->uid, n->slot);
}

/* As we write them, and nothing else. */
static bool
read_name(struct name *n, const char *text)
{
	char again[NAME];
	unsigned int a = 0, b = 0, c = 0;

	if (strlen(text) >= NAME)
		return false;
	n->answer = sscanf(text, "%10u.a.%10u.%2u", &a, &b, &c) == 3;
	if (!n->answer && sscanf(text, "%10u.r.%2u", &a, &c) != 2)
		return false;
	n->uid = a;
	n->about = n->answer ? b : a;
	n->slot = c;
	print_name(again, n);
	return n->slot < GRANT_SLOTS && strcmp(text, again) == 0;
}

static bool
random_letters(char *text, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[GRANT_NONCE];

	if (getrandom(bytes, n, 0) != (ssize_t)n)
		return false;
	for (size_t i = 0; i < n; i++)
		text[i] = letters[bytes[i] % 32];
	text[n] = '\0';
	return true;
}

/*
 * Reading.
 */
int
grants_open(const char *path, uid_t owner)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (dir == -1)
		return -1;
	if (fstat(dir, &st) == -1)
		return failed(dir);
	errno = EPERM;
	if (st.st_uid != owner || (st.st_mode & 07777) != FOLDER_MODE)
		return failed(dir);
	return dir;
}

static bool
is_as_we_make_it(const struct stat *st, const struct stat *folder, uid_t owner)
{
	return S_ISREG(st->st_mode) && (st->st_mode & 07777) == FILE_MODE &&
	    st->st_nlink == 1 && st->st_uid == owner &&
	    st->st_gid == folder->st_gid && st->st_dev == folder->st_dev &&
	    st->st_size > 0 && st->st_size < GRANT_FILE;
}

/*
 * The text of a file, which is read once, and its inode.  0; 1 if it is gone;
 * -1 if it does not count.
 */
static int
read_text(
    int dir, const char *name, uid_t owner, char text[GRANT_FILE], ino_t *inode)
{
	int fd = openat(dir, name, READ_FLAGS);
	struct stat st, folder;
	ssize_t n = -1;

	if (fd == -1)
		return errno == ENOENT ? 1 : -1;
	if (fstat(fd, &st) == 0 && fstat(dir, &folder) == 0 &&
	    is_as_we_make_it(&st, &folder, owner))
		n = read(fd, text, GRANT_FILE);
	close(fd);
	if (n == -1 || n != st.st_size || memchr(text, '\0', (size_t)n) != NULL)
		return -1;
	text[n] = '\0';
	*inode = st.st_ino;
	return 0;
}

/* Room for one more row; NULL without memory. */
static void *
one_more(void **rows, size_t n, size_t size)
{
	void *more = *rows;

	if ((n & (n - 1)) == 0 && (n == 0 || n >= 8))
		more = reallocarray(*rows, n == 0 ? 8 : 2 * n, size);
	if (more == NULL)
		return NULL;
	*rows = more;
	memset((char *)more + n * size, 0, size);
	return (char *)more + n * size;
}

static int
add_request(
    struct grants *g, const struct name *name, const char *text, ino_t inode)
{
	struct grant_request *r =
	    one_more((void **)&g->requests, g->nrequests, sizeof(*g->requests));

	if (r == NULL)
		return -1;
	r->uid = name->uid;
	r->slot = name->slot;
	r->inode = inode;
	if (grant_request_parse(r, text))
		g->nrequests++;
	else
		g->odd++;
	return 0;
}

static int
add_answer(struct grants *g, const struct name *name, const char *text)
{
	struct grant_answer *a =
	    one_more((void **)&g->answers, g->nanswers, sizeof(*g->answers));

	if (a == NULL)
		return -1;
	a->uid = name->uid;
	a->about = name->about;
	a->slot = name->slot;
	if (grant_answer_parse(a, text))
		g->nanswers++;
	else
		g->odd++;
	return 0;
}

/* One file of the folder: 0, or -1 without memory. */
static int
read_file(struct grants *g, int dir, const struct name *n)
{
	char name[NAME], text[GRANT_FILE + 1];
	ino_t inode;
	int result;

	print_name(name, n);
	result = read_text(dir, name, n->uid, text, &inode);
	g->odd += result == -1;
	if (result != 0)
		return 0;
	return n->answer ? add_answer(g, n, text)
			 : add_request(g, n, text, inode);
}

/* A name as in the folder; 0, or -1 without memory. */
static int
read_entry(struct grants *g, int dir, const char *text, uid_t whose)
{
	struct name n;

	if (text[0] == '.' || !read_name(&n, text))
		return 0;
	if (whose != GRANT_ANYBODY && n.about != whose)
		return 0;
	if (g->nrequests + g->nanswers + g->odd >= GRANT_FILES) {
		g->more = true;
		return 0;
	}
	return read_file(g, dir, &n);
}

int
grants_read(struct grants *g, int dir, uid_t whose)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy == -1 ? NULL : fdopendir(copy);
	const struct dirent *e;
	int result = 0, error;

	*g = (struct grants){0};
	if (d == NULL)
		return copy == -1 ? -1 : failed(copy);
	while (result == 0 && (errno = 0, e = readdir(d)) != NULL)
		result = read_entry(g, dir, e->d_name, whose);
	error = errno;
	closedir(d);
	errno = error;
	if (result == 0 && error == 0)
		return 0;
	grants_free(g);
	errno = error != 0 ? error : ENOMEM;
	return -1;
}

void
grants_free(struct grants *g)
{
	for (size_t i = 0; i < g->nanswers; i++)
		free(g->answers[i].signature);
	free(g->requests);
	free(g->answers);
	*g = (struct grants){0};
}

/*
 * Writing.
 */

/* All of the text, and on the disk.  0, or -1. */
static int
fill(int fd, int dir, const char *text, size_t size)
{
	struct stat st, folder;

	errno = ENOSPC; /* what a write that comes to less does not say */
	if (fchmod(fd, FILE_MODE) == -1 ||
	    write(fd, text, size) != (ssize_t)size || fsync(fd) == -1 ||
	    fstat(fd, &st) == -1 || fstat(dir, &folder) == -1)
		return -1;
	errno = EPERM;
	return is_as_we_make_it(&st, &folder, geteuid()) ? 0 : -1;
}

/* A file with this text and a name that says nothing yet.  0, or -1. */
static int
write_new(int dir, uid_t uid, const char *text, size_t size, char name[NAME])
{
	char nonce[GRANT_NONCE + 1];
	int fd;

	if (!random_letters(nonce, GRANT_NONCE))
		return -1;
	snprintf(name, NAME, "%u.t.%s", (unsigned int)uid, nonce);
	fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd == -1)
		return -1;
	if (fill(fd, dir, text, size) == 0 && close(fd) == 0)
		return 0;
	failed(fd);
	unlinkat(dir, name, 0);
	return -1;
}

/* The first place that is free, from a random one on; or -1 and EUSERS. */
static int
take_place(int dir, uid_t uid, const char *from)
{
	struct name n = {.uid = uid};
	unsigned char start;
	char name[NAME];

	if (getrandom(&start, sizeof(start), 0) != sizeof(start))
		return -1;
	for (uint32_t i = 0; i < GRANT_SLOTS; i++) {
		n.slot = (start + i) % GRANT_SLOTS;
		print_name(name, &n);
		if (renameat2(dir, from, dir, name, RENAME_NOREPLACE) == 0)
			return (int)n.slot;
		if (errno != EEXIST)
			return -1;
	}
	errno = EUSERS;
	return -1;
}

static int
write_to(int dir, uid_t uid, const char *text, int size, const char *to)
{
	char name[NAME];
	int result, error;

	if (size == -1) {
		errno = EINVAL;
		return -1;
	}
	if (write_new(dir, uid, text, (size_t)size, name) == -1)
		return -1;
	result = to == NULL ? take_place(dir, uid, name)
			    : renameat(dir, name, dir, to);
	error = errno;
	if (result == -1)
		unlinkat(dir, name, 0);
	else
		fsync(dir);
	errno = error;
	return result;
}

int
grant_nonce(char nonce[GRANT_NONCE + 1])
{
	return random_letters(nonce, GRANT_NONCE) ? 0 : -1;
}

int
grants_request(int dir, uid_t uid, const struct grant_tuple *t)
{
	char text[GRANT_FILE];

	return write_to(
	    dir, uid, text, grant_request_print(text, sizeof(text), t), NULL);
}

/* The size with more behind it, or -1 if that does not fit. */
static int
append_text(char text[GRANT_FILE], int size, const char *more)
{
	size_t n = strlen(more);

	if ((size_t)size + n >= GRANT_FILE)
		return -1;
	memcpy(text + size, more, n);
	return size + (int)n;
}

int
grants_answer(int dir, const struct grant_answer *a)
{
	struct name n = {a->uid, a->about, a->slot, true};
	char text[GRANT_FILE], name[NAME];

	int size = grant_answer_print(text, sizeof(text), a);

	print_name(name, &n);
	if (size != -1 && a->signature != NULL)
		size = append_text(text, size, a->signature);
	return write_to(dir, a->uid, text, size, name);
}

/*
 * By its inode, and the time of its last change no more: who else may change
 * it is only its author.
 */
static int
withdraw(int dir, const struct name *n, ino_t inode)
{
	char name[NAME];
	struct stat st;

	print_name(name, n);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	errno = ENOENT;
	if (inode != 0 && st.st_ino != inode)
		return -1;
	return unlinkat(dir, name, 0);
}

int
grants_withdraw(int dir, const struct grant_request *r)
{
	struct name n = {r->uid, r->uid, r->slot, false};

	return withdraw(dir, &n, r->inode);
}

int
grants_withdraw_answer(int dir, const struct grant_answer *a)
{
	struct name n = {a->uid, a->about, a->slot, true};

	return withdraw(dir, &n, 0);
}

static bool
has_request(
    const struct grants *g, const struct name *n, const struct grant_tuple *t)
{
	for (size_t i = 0; i < g->nrequests; i++) {
		if (g->requests[i].uid == n->about &&
		    g->requests[i].slot == n->slot &&
		    (t == NULL || grant_tuple_equal(&g->requests[i].tuple, t)))
			return true;
	}
	return false;
}

/* Whether a file of this name was read, and is of use. */
static bool
is_of_use(const struct grants *g, const struct name *n)
{
	if (!n->answer)
		return has_request(g, n, NULL);
	for (size_t i = 0; i < g->nanswers; i++) {
		const struct grant_answer *a = &g->answers[i];

		if (a->uid == n->uid && a->about == n->about &&
		    a->slot == n->slot)
			return has_request(g, n, &a->tuple);
	}
	return false;
}

/*
 * What must not be brought back has a file of its nonce's name, which is kept
 * until the time of its last change.
 */
static bool
is_end(const char *name)
{
	return strncmp(name, "n.", 2) == 0 &&
	    strlen(name) == 2 + GRANT_NONCE;
}

int
grants_end(int dir, const struct grant_tuple *t)
{
	const struct timespec times[2] = {
	    {.tv_sec = t->until}, {.tv_sec = t->until}};
	char name[NAME];
	int fd, result;

	snprintf(name, sizeof(name), "n.%s", t->nonce);
	if (geteuid() == 0 && unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return -1;
	fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd == -1)
		return errno == EEXIST ? 0 : -1;
	result = futimens(fd, times);
	close(fd);
	return result;
}

bool
grants_ended(int dir, const struct grant_tuple *t)
{
	char name[NAME];
	struct stat st;

	snprintf(name, sizeof(name), "n.%s", t->nonce);
	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	    errno != ENOENT;
}

static bool
clean_entry(int dir, const char *name, time_t now)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_ctime > now - CLEAN_AGE ||
	    (is_end(name) && S_ISREG(st.st_mode) && st.st_mtime > now))
		return false;
	return unlinkat(dir, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) == 0;
}

ssize_t
grants_clean(int dir, const struct grants *g, time_t now)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy == -1 ? NULL : fdopendir(copy);
	const struct dirent *e;
	ssize_t removed = 0;
	struct name n;

	if (d == NULL)
		return copy == -1 ? -1 : failed(copy);
	while ((e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, ".") != 0 &&
		    strcmp(e->d_name, "..") != 0 &&
		    (!read_name(&n, e->d_name) || !is_of_use(g, &n)))
			removed += clean_entry(dir, e->d_name, now);
	}
	closedir(d);
	return removed;
}
