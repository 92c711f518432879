/* SPDX-License-Identifier: ISC */
#include "session.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

enum { OPEN_FLAGS = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC };

/* What was found of a file that is to be ours. */
enum claim { CLAIM_OURS, CLAIM_BUSY, CLAIM_REMOVED, CLAIM_ODD };

static int
lock(int fd, int command, off_t start, off_t length, pid_t *pid)
{
	struct flock l = {.l_type = F_WRLCK,
	    .l_whence = SEEK_SET,
	    .l_start = start,
	    .l_len = length};

	if (fcntl(fd, command, &l) == -1)
		return -1;
	/* 0 of a lock that is held: by whom is not for us to see. */
	if (pid != NULL)
		*pid = l.l_type == F_UNLCK ? 0 : l.l_pid == 0 ? -1 : l.l_pid;
	return 0;
}

static bool
is_ours(const struct stat *st, uid_t uid)
{
	return S_ISREG(st->st_mode) && st->st_uid == uid &&
	    (st->st_mode & 07777) == 0600;
}

/*
 * A slot.
 */

/* A file that has been opened: whether nobody has it, and nothing is odd. */
static enum claim
claim(int fd, uid_t uid)
{
	struct stat st;

	if (lock(fd, F_SETLK, 0, 0, NULL) == -1)
		return errno == EAGAIN || errno == EACCES ? CLAIM_BUSY
							  : CLAIM_ODD;
	if (fchmod(fd, 0600) == -1 || fstat(fd, &st) == -1)
		return CLAIM_ODD;
	if (st.st_nlink == 0)
		return CLAIM_REMOVED;
	if (!is_ours(&st, uid) || st.st_nlink != 1) {
		errno = EPERM;
		return CLAIM_ODD;
	}
	return CLAIM_OURS;
}

/* Close fd, and keep errno. */
static int
failed(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
	return -1;
}

/* A slot: its descriptor, -1 with errno, or BUSY. */
enum { BUSY = -2 };

static int
try_slot(int dir, uid_t uid, unsigned int slot)
{
	char name[SESSION_NAME];

	snprintf(name, sizeof(name), "%u.%u", (unsigned int)uid, slot);
	for (;;) {
		int fd =
		    openat(dir, name, O_RDWR | O_CREAT | OPEN_FLAGS, 0600);

		if (fd == -1)
			return -1;
		switch (claim(fd, uid)) {
		case CLAIM_OURS:
			return fd;
		case CLAIM_ODD:
			return failed(fd);
		case CLAIM_BUSY:
			close(fd);
			return BUSY;
		case CLAIM_REMOVED:
			close(fd); /* between open and lock: another is there */
		}
	}
}

/*
 * The gate has thousands, all of one uid.  So, when the first BLOCK are taken,
 * one of each further block is tried before all are: few are, and no gap is
 * left that session_own_open() would take for the end.
 */
static int
open_slot(int dir, uid_t uid)
{
	enum { BLOCK = SESSION_GAP / 2 };
	unsigned int slot = 0, chance = (unsigned int)getpid() % BLOCK;
	int fd = BUSY;

	for (; fd == BUSY && slot < BLOCK; slot++)
		fd = try_slot(dir, uid, slot);
	for (; fd == BUSY && slot < SESSION_SLOTS; slot += BLOCK)
		fd = try_slot(dir, uid, slot + chance);
	for (slot = BLOCK; fd == BUSY && slot < SESSION_SLOTS; slot++)
		fd = try_slot(dir, uid, slot);
	if (fd == BUSY)
		errno = EUSERS;
	return fd == BUSY ? -1 : fd;
}

/*
 * The gate's user or the account itself has made it, and the other uses it:
 * where fs.protected_regular is 2, O_CREAT would refuse what is another's in a
 * sticky folder of a group.  Source: proc_sys_fs(5).
 */
static int
open_shared(int dir, const char *name)
{
	int fd;

	do {
		fd = openat(dir, name, O_RDWR | OPEN_FLAGS);
		if (fd == -1 && errno == ENOENT)
			fd = openat(dir, name,
			    O_RDWR | O_CREAT | O_EXCL | OPEN_FLAGS, 0660);
	} while (fd == -1 && errno == EEXIST);
	return fd;
}

static int
open_limits(int dir, uid_t uid)
{
	char name[SESSION_NAME];
	struct stat st;
	int fd;

	snprintf(name, sizeof(name), "%u", (unsigned int)uid);
	fd = open_shared(dir, name);
	if (fd == -1)
		return -1;
	fchmod(fd, 0660); /* whoever made it */
	errno = EPERM;
	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) ||
	    st.st_gid != getegid() || (st.st_mode & 07777) != 0660 ||
	    st.st_nlink != 1)
		return failed(fd);
	return fd;
}

static int
map_page(struct session *s)
{
	void *page;

	/*
	 * What stood there of the last one is to be gone, and a full file
	 * system to be noticed now: later it would be a SIGBUS.
	 */
	if (ftruncate(s->fd, 0) == -1 ||
	    fallocate(s->fd, 0, 0, SESSION_PAGE) == -1)
		return -1;
	page = mmap(
	    NULL, SESSION_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (page == MAP_FAILED)
		return -1;
	s->page = page;
	return madvise(page, SESSION_PAGE, MADV_DONTFORK);
}

int
session_open(struct session *s, const char *directory, uid_t uid)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*s = (struct session){.fd = -1, .limits = -1};
	if (dir == -1)
		return -1;
	s->limits = open_limits(dir, uid);
	if (s->limits != -1)
		s->fd = open_slot(dir, uid);
	failed(dir);
	if (s->fd != -1 && map_page(s) == 0)
		return 0;
	session_close(s);
	return -1;
}

int
session_count_for(struct session *s, const char *directory, uid_t uid)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dir == -1)
		return -1;
	if (s->limits != -1)
		close(s->limits);
	s->limits = open_limits(dir, uid);
	failed(dir);
	return s->limits == -1 ? -1 : 0;
}

/* Of places: FNV-1a, the upper bits of 64, which leaves a start below 2^62. */
static off_t
first_place(const char *user, const char *rule)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (const char *const *s = (const char *[]){user, rule, NULL};
	     *s != NULL; s++) {
		for (const char *c = *s;; c++) {
			hash = (hash ^ (unsigned char)*c) * 0x100000001b3U;
			if (*c == '\0')
				break;
		}
	}
	return (off_t)(hash >> 24 << 16);
}

enum { PLACES = 1 << 16 }; /* from one start to the next */

int
session_take(
    const struct session *s, const char *user, const char *rule, uint32_t n)
{
	off_t place = first_place(user, rule);

	for (uint32_t i = 0; i < n && i < PLACES; i++) {
		if (lock(s->limits, F_SETLK, place + i, 1, NULL) == 0)
			return 0;
		if (errno != EAGAIN && errno != EACCES)
			return -1;
	}
	errno = EAGAIN;
	return -1;
}

void
session_give(const struct session *s, const char *user, const char *rule)
{
	struct flock l = {.l_type = F_UNLCK,
	    .l_whence = SEEK_SET,
	    .l_start = first_place(user, rule),
	    .l_len = PLACES};

	fcntl(s->limits, F_SETLK, &l);
}

void
session_publish(struct session *s)
{
	__atomic_store_n(&s->page->version, SESSION_VERSION, __ATOMIC_RELEASE);
}

void
session_close(struct session *s)
{
	int error = errno;

	if (s->page != NULL)
		munmap(s->page, SESSION_PAGE);
	if (s->fd != -1)
		close(s->fd);
	if (s->limits != -1)
		close(s->limits);
	*s = (struct session){.fd = -1, .limits = -1};
	errno = error;
}

/*
 * Readers.
 */

bool
session_name(const char *name, uid_t *uid, int64_t *slot)
{
	char again[SESSION_NAME];
	unsigned long u;
	unsigned int s;
	int n = sscanf(name, "%10lu.%5u", &u, &s); /* digits enough */

	if (n < 1)
		return false;
	*uid = (uid_t)u;
	*slot = n == 2 ? (int64_t)s : -1;
	if (n == 2)
		snprintf(again, sizeof(again), "%u.%u", *uid, s);
	else
		snprintf(again, sizeof(again), "%u", *uid);
	return *slot < SESSION_SLOTS && strcmp(name, again) == 0;
}

/* A file of the registry, checked; -1 if it is gone (ENOENT) or odd. */
static int
open_entry(int dir, const char *name, uid_t uid, gid_t gid, int flags)
{
	struct stat st;
	int fd = openat(dir, name, flags | OPEN_FLAGS);

	if (fd == -1)
		return -1;
	errno = EPERM;
	if (fstat(fd, &st) == -1 || !is_ours(&st, uid) || st.st_nlink != 1 ||
	    st.st_gid != gid)
		return failed(fd);
	return fd;
}

static bool
is_text(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool
page_valid(const struct session_page *p)
{
	return (p->version == SESSION_VERSION ||
		   p->version == SESSION_VERSION_WAS) &&
	    is_text(p->id, sizeof(p->id)) &&
	    is_text(p->user, sizeof(p->user)) &&
	    is_text(p->account, sizeof(p->account)) &&
	    is_text(p->source, sizeof(p->source)) &&
	    is_text(p->target, sizeof(p->target)) &&
	    is_text(p->ip, sizeof(p->ip)) && is_text(p->rule, sizeof(p->rule)) &&
	    is_text(p->ticket, sizeof(p->ticket)) &&
	    is_text(p->login, sizeof(p->login)) &&
	    is_text(p->method, sizeof(p->method));
}

/*
 * Read one that lives: 1, 0 if nobody holds it or it is still being made, or
 * -1 if it is odd.  Its holder is asked for again when all is read.
 */
static int
read_entry(int fd, struct session_seen *seen)
{
	pid_t again;
	ssize_t n;

	if (lock(fd, F_GETLK, 0, 0, &seen->pid) == -1)
		return -1;
	if (seen->pid <= 0)
		return seen->pid;
	n = pread(fd, &seen->page, sizeof(seen->page), 0);
	if (n == -1 || lock(fd, F_GETLK, 0, 0, &again) == -1)
		return -1;
	if (again != seen->pid || n != sizeof(seen->page) ||
	    seen->page.version == 0)
		return 0;
	return page_valid(&seen->page) ? 1 : -1;
}

static int
by_start(const void *a, const void *b)
{
	const struct session_seen *x = a, *y = b;

	if (x->page.started != y->page.started)
		return x->page.started < y->page.started ? -1 : 1;
	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

struct list {
	struct session_seen *seen;
	size_t n, room;
};

static struct session_seen *
list_next(struct list *l)
{
	struct session_seen *more;

	if (l->n < l->room)
		return &l->seen[l->n];
	l->room = l->room * 2 + 16;
	more = reallocarray(l->seen, l->room, sizeof(*more));
	if (more == NULL)
		return NULL;
	l->seen = more;
	return &l->seen[l->n];
}

/* Look at one name of the directory: 0, or -1 without memory. */
static int
list_entry(struct list *l, int dir, const char *name, gid_t gid, size_t *odd)
{
	struct session_seen *seen = list_next(l);
	int64_t slot;
	int fd, result = -1;

	if (seen == NULL)
		return -1;
	if (!session_name(name, &seen->uid, &slot)) {
		*odd += strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
		return 0;
	}
	if (slot == -1)
		return 0;
	seen->slot = (uint32_t)slot;
	fd = open_entry(dir, name, seen->uid, gid, O_RDONLY);
	if (fd == -1 && errno == ENOENT)
		return 0;
	if (fd != -1) {
		result = read_entry(fd, seen);
		close(fd);
	}
	l->n += result == 1;
	*odd += result == -1;
	return 0;
}

int
session_list(const char *directory, gid_t gid, struct session_seen **seen,
    size_t *n, size_t *odd)
{
	struct list l = {0};
	DIR *dir = opendir(directory);
	const struct dirent *e;
	int result = 0;

	if (dir == NULL)
		return -1;
	*odd = 0;
	while (result == 0 && (errno = 0, e = readdir(dir)) != NULL)
		result = list_entry(&l, dirfd(dir), e->d_name, gid, odd);
	if (result == -1 || errno != 0) {
		int error = errno;

		free(l.seen);
		closedir(dir);
		errno = error;
		return -1;
	}
	closedir(dir);
	qsort(l.seen, l.n, sizeof(*l.seen), by_start);
	*seen = l.seen;
	*n = l.n;
	return 0;
}

void
session_own_open(struct session_own *own, const char *directory, uid_t uid)
{
	char name[SESSION_NAME];
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned int gap = 0;

	*own = (struct session_own){.uid = uid, .gid = getegid()};
	if (dir == -1)
		return;
	for (uint32_t slot = 0; slot < SESSION_SLOTS && gap < SESSION_GAP;
	     slot++) {
		int fd;

		snprintf(name, sizeof(name), "%u.%u", (unsigned int)uid, slot);
		fd = open_entry(dir, name, uid, own->gid, O_RDONLY);
		if (fd == -1 && errno == ENOENT) {
			gap++;
			continue;
		}
		gap = 0;
		if (fd == -1 || own->n == SESSION_OWN) {
			own->more = true;
			if (fd != -1)
				close(fd);
			break;
		}
		own->files[own->n].fd = fd;
		own->files[own->n++].slot = slot;
	}
	close(dir);
}

int
session_own_list(struct session_own *own, struct session_seen **seen, size_t *n)
{
	struct session_seen *list = calloc(own->n + 1, sizeof(*list));

	*n = 0;
	for (size_t i = 0; i < own->n; i++) {
		if (list != NULL) {
			list[*n].uid = own->uid;
			list[*n].slot = own->files[i].slot;
			*n += read_entry(own->files[i].fd, &list[*n]) == 1;
		}
		close(own->files[i].fd);
	}
	own->n = 0;
	*seen = list;
	if (list == NULL)
		return -1;
	qsort(list, *n, sizeof(*list), by_start);
	return 0;
}

/* Whether it has its name still: another sweep may have removed it. */
static bool
is_there(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink == 1;
}

/*
 * A file of a slot that nobody holds is removed under our lock: whoever opened
 * it before finds then that it has no name any more.  Files of limits stay,
 * for their locks are not of the whole file.
 */
static bool
clean_entry(int dir, const char *name, gid_t gid)
{
	uid_t uid;
	int64_t slot;
	bool removed;
	int fd;

	if (!session_name(name, &uid, &slot) || slot == -1)
		return false;
	fd = open_entry(dir, name, uid, gid, O_RDWR);
	if (fd == -1)
		return false;
	removed = lock(fd, F_SETLK, 0, 0, NULL) == 0 && is_there(fd) &&
	    unlinkat(dir, name, 0) == 0;
	close(fd);
	return removed;
}

ssize_t
session_clean(const char *directory, gid_t gid)
{
	DIR *dir = opendir(directory);
	const struct dirent *e;
	ssize_t removed = 0;

	if (dir == NULL)
		return -1;
	while ((e = readdir(dir)) != NULL)
		removed += clean_entry(dirfd(dir), e->d_name, gid);
	closedir(dir);
	return removed;
}

/* Whether the session that was seen lives, in the same process, as *now. */
static bool
still_lives(const char *directory, gid_t gid, const struct session_seen *seen,
    struct session_seen *now)
{
	char path[4096];
	bool lives;
	int fd;

	snprintf(path, sizeof(path), "%s/%u.%u", directory,
	    (unsigned int)seen->uid, (unsigned int)seen->slot);
	fd = open_entry(AT_FDCWD, path, seen->uid, gid, O_RDONLY);
	if (fd == -1)
		return false;
	*now = *seen;
	lives = read_entry(fd, now) == 1 && now->pid == seen->pid &&
	    now->page.started == seen->page.started &&
	    strcmp(now->page.id, seen->page.id) == 0;
	close(fd);
	return lives;
}

/*
 * A lock belongs to a table of descriptors, and is named after the process
 * that took it: with clone(2) the table can outlive that process, and the
 * number then be anybody's.
 */
static bool
is_owners(const struct session_seen *seen)
{
	struct procfs_process process;

	if (procfs_read("/proc", seen->pid, &process) == -1) {
		errno = ESRCH;
		return false;
	}
	errno = EPERM;
	return process.uid == seen->uid;
}

int
session_process(
    const char *directory, gid_t gid, const struct session_seen *seen)
{
	struct session_seen now;
	int pidfd = (int)syscall(SYS_pidfd_open, seen->pid, 0);
	bool lives;

	if (pidfd == -1)
		return -1;
	lives = still_lives(directory, gid, seen, &now);
	errno = ESRCH;
	return lives && is_owners(seen) ? pidfd : failed(pidfd);
}

bool
session_waits(const char *directory, gid_t gid, const struct session_seen *seen)
{
	struct session_seen now;

	return still_lives(directory, gid, seen, &now) && now.page.ended;
}

static bool
is_terminal(int fd, pid_t leader, struct session_seen *seen)
{
	return read_entry(fd, seen) == 1 &&
	    seen->page.kind == SESSION_TERMINAL && !seen->page.ended &&
	    seen->page.leader == leader;
}

int
session_terminal(const char *directory, uid_t uid, pid_t leader,
    struct session_seen *seen)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned int gap = 0;
	bool found = false;

	if (dir == -1)
		return -1;
	seen->uid = uid;
	for (seen->slot = 0;; seen->slot++) {
		char name[SESSION_NAME];
		int fd;

		if (seen->slot == SESSION_SLOTS || gap == SESSION_GAP)
			break;
		snprintf(name, sizeof(name), "%u.%u", (unsigned int)uid,
		    (unsigned int)seen->slot);
		fd = open_entry(dir, name, uid, getegid(), O_RDONLY);
		gap = fd == -1 ? gap + 1 : 0;
		if (fd == -1)
			continue;
		found = is_terminal(fd, leader, seen);
		close(fd);
		if (found)
			break;
	}
	close(dir);
	errno = ENOENT;
	return found ? session_process(directory, getegid(), seen) : -1;
}
