/* SPDX-License-Identifier: ISC */
#include "forwards.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 512, LINK_ROOM = 4096 };

struct search {
	const char *proc;
	const struct socket_seen *sockets;
	size_t nsockets;
	bool logins; /* the processes are looked for, not their forwards */
	bool listened[UINT16_MAX + 1]; /* whether somebody does on that port */
	struct forward *list;
	size_t n, room;
	struct forward_login *clients;
	size_t nclients, clients_room;
	struct forward_socket *others;
	size_t nothers, others_room;
	size_t hidden;
};

/*
 * Whether the process runs sshd.  An upgrade removes the file, and the
 * kernel says so behind its name.
 */
static bool
is_sshd(const char *proc, pid_t pid)
{
	static const char deleted[] = " (deleted)";
	char path[PATH_ROOM], file[LINK_ROOM];
	const char *name;
	struct stat st;
	ssize_t n;
	size_t end;

	snprintf(path, sizeof(path), "%s/%d/exe", proc, (int)pid);
	n = readlink(path, file, sizeof(file) - 1);
	if (n <= 0)
		return false;
	file[n] = '\0';
	end = (size_t)n - (sizeof(deleted) - 1);
	if ((size_t)n > sizeof(deleted) && strcmp(file + end, deleted) == 0)
		file[end] = '\0';
	name = strrchr(file, '/');
	if (name == NULL ||
	    (strcmp(name, "/sshd") != 0 && strcmp(name, "/sshd-session") != 0))
		return false;
	if (stat(path, &st) == -1) {
		errno = ENOENT; /* a user's file system can refuse it to root */
		return false;
	}
	return S_ISREG(st.st_mode) && st.st_uid == 0 &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH));
}

/*
 * Whether sshd, as root, has started it for a user.  Anybody can run sshd, and
 * with it what they like: what such a process has open is not looked through,
 * for it can be more than there is time and memory for.
 */
static bool
has_monitor(const char *proc, const struct procfs_process *p)
{
	struct procfs_process parent;

	return procfs_read(proc, p->parent, &parent) == 0 && parent.uid == 0 &&
	    is_sshd(proc, parent.pid);
}

/* Whether somebody has connected to this machine by it. */
static bool
is_incoming(const struct search *s, const struct socket_seen *socket)
{
	static const struct addr any6, any4 = {.b = {[10] = 0xff, [11] = 0xff}};

	for (size_t i = 0; i < s->nsockets && s->listened[socket->local_port];
	     i++) {
		const struct socket_seen *l = &s->sockets[i];

		if (l->listens && l->local_port == socket->local_port &&
		    (addr_equal(&l->local, &socket->local) ||
			addr_equal(&l->local, &any6) ||
			addr_equal(&l->local, &any4)))
			return true;
	}
	return false;
}

static struct forward *
add(struct search *s)
{
	struct forward *more;

	if (s->n == s->room) {
		s->room = s->room * 2 + 16;
		more = reallocarray(s->list, s->room, sizeof(*more));
		if (more == NULL)
			return NULL;
		s->list = more;
	}
	return &s->list[s->n++];
}

/* Whether it is of another network than we, for certain. */
static bool
is_far(const char *proc, pid_t pid)
{
	char path[PATH_ROOM];
	struct stat ours, its;

	snprintf(path, sizeof(path), "%s/%d/ns/net", proc, (int)pid);
	return stat(path, &its) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
	    (its.st_ino != ours.st_ino || its.st_dev != ours.st_dev);
}

/* 0, or -1 without memory. */
static int
add_login(struct search *s, const struct procfs_process *p)
{
	struct forward *f = add(s);

	if (f == NULL)
		return -1;
	*f = (struct forward){.process = *p, .far = is_far(s->proc, p->pid)};
	return 0;
}

/* 0, or -1 without memory. */
static int
add_client(struct search *s, const struct procfs_process *p,
    const struct socket_seen *client)
{
	struct forward_login *more;

	if (s->nclients == s->clients_room) {
		s->clients_room = s->clients_room * 2 + 16;
		more = reallocarray(s->clients, s->clients_room, sizeof(*more));
		if (more == NULL)
			return -1;
		s->clients = more;
	}
	s->clients[s->nclients++] =
	    (struct forward_login){.process = *p, .client = *client};
	return 0;
}

/* 0, or -1 without memory. */
static int
add_other(struct search *s, pid_t pid, uint32_t inode)
{
	struct forward_socket *more;

	if (s->nothers == s->others_room) {
		s->others_room = s->others_room * 2 + 64;
		more = reallocarray(s->others, s->others_room, sizeof(*more));
		if (more == NULL)
			return -1;
		s->others = more;
	}
	s->others[s->nothers++] =
	    (struct forward_socket){.inode = inode, .pid = pid};
	return 0;
}

/* The inode of a socket that is open there; 0 if it is none. */
static uint32_t
socket_of(int fds, const char *name)
{
	char link[64];
	unsigned int inode;
	ssize_t n = readlinkat(fds, name, link, sizeof(link) - 1);

	if (n <= 0)
		return 0;
	link[n] = '\0';
	return sscanf(link, "socket:[%u]", &inode) == 1 ? inode : 0;
}

static DIR *
open_fds(const char *proc, pid_t pid)
{
	char path[PATH_ROOM];

	snprintf(path, sizeof(path), "%s/%d/fd", proc, (int)pid);
	return opendir(path);
}

/*
 * Look at one socket of a process: a forward is added; else it may be the
 * client's, which goes to *client.  What root made before the process became
 * the user's, such as a connection to a directory server, is neither, but
 * better than nothing if the client's is not one to a port that is listened
 * on any more.  0, or -1 without memory.
 */
static int
look_at(struct search *s, const struct procfs_process *p,
    const struct socket_seen *socket, const struct socket_seen **client)
{
	bool incoming = is_incoming(s, socket);
	struct forward *f;

	if (socket->uid != p->uid) {
		if (*client == NULL || incoming)
			*client = socket;
		return 0;
	}
	if (incoming || s->logins)
		return 0;
	f = add(s);
	if (f == NULL)
		return -1;
	*f = (struct forward){.process = *p,
	    .inode = socket->inode,
	    .target = socket->remote,
	    .port = socket->remote_port,
	    .local_port = socket->local_port,
	    .sent = socket->sent,
	    .received = socket->received,
	    .idle = socket->idle,
	    .socket = *socket};
	return 0;
}

/* The same of what one of its descriptors leads to. */
static int
look_behind(struct search *s, const struct procfs_process *p, uint32_t inode,
    const struct socket_seen **client)
{
	const struct socket_seen *socket;

	if (inode == 0)
		return 0;
	socket = sockets_find(s->sockets, s->nsockets, inode);
	if (socket != NULL && !socket->listens)
		return look_at(s, p, socket, client);
	return s->logins ? 0 : add_other(s, p->pid, inode);
}

/* What vanishes meanwhile is not there; all else that fails hides it. */
static bool
is_hidden(int error)
{
	return error != ENOENT && error != ESRCH;
}

/* Its sockets.  0, or -1 without memory. */
static int
search_sockets(struct search *s, const struct procfs_process *p)
{
	const struct socket_seen *client = NULL;
	size_t first = s->n;
	const struct dirent *e;
	int result = 0;
	DIR *fds = open_fds(s->proc, p->pid);

	if (fds == NULL) {
		s->hidden += is_hidden(errno);
		return 0;
	}
	while (result == 0 && (e = readdir(fds)) != NULL)
		result = look_behind(
		    s, p, socket_of(dirfd(fds), e->d_name), &client);
	closedir(fds);
	if (s->logins)
		result = add_login(s, p);
	for (size_t i = first; i < s->n && client != NULL; i++) {
		s->list[i].from = true;
		s->list[i].source = client->remote;
		s->list[i].client = *client;
	}
	if (result == 0 && client != NULL && !s->logins)
		result = add_client(s, p, client);
	return result;
}

/* All of one process of sshd's that is a user's. */
static int
search_process(struct search *s, pid_t pid)
{
	struct procfs_process p;

	errno = 0;
	if (!is_sshd(s->proc, pid)) {
		s->hidden += errno == EACCES || errno == EPERM;
		return 0;
	}
	if (procfs_read(s->proc, pid, &p) == -1) {
		s->hidden += is_hidden(errno);
		return 0;
	}
	if (p.uid == 0)
		return 0;
	if (has_monitor(s->proc, &p))
		return search_sockets(s, &p);
	return s->logins ? add_login(s, &p) : 0;
}

/* A fork of the process, and two descriptors, have the same socket. */
static int
by_socket(const void *a, const void *b)
{
	const struct forward *x = a, *y = b;

	if (x->inode != y->inode)
		return x->inode < y->inode ? -1 : 1;
	if (x->process.started != y->process.started)
		return x->process.started < y->process.started ? -1 : 1;
	return 0;
}

static int
by_start(const void *a, const void *b)
{
	const struct forward *x = a, *y = b;

	if (x->process.started != y->process.started)
		return x->process.started < y->process.started ? -1 : 1;
	return by_socket(a, b);
}

/* Keep each socket once, with the process that had it first; sort. */
static void
tidy(struct search *s)
{
	size_t kept = 0;

	if (s->n == 0)
		return;
	qsort(s->list, s->n, sizeof(*s->list), by_socket);
	for (size_t i = 0; i < s->n; i++) {
		if (kept == 0 || s->list[kept - 1].inode != s->list[i].inode)
			s->list[kept++] = s->list[i];
	}
	s->n = kept;
	qsort(s->list, s->n, sizeof(*s->list), by_start);
}

/* All processes.  0, or -1 with errno and nothing owned. */
static int
search_all(struct search *s)
{
	DIR *dir = opendir(s->proc);
	const struct dirent *e;
	int result = 0;

	if (dir == NULL)
		return -1;
	for (size_t i = 0; i < s->nsockets; i++) {
		if (s->sockets[i].listens)
			s->listened[s->sockets[i].local_port] = true;
	}
	while (result == 0 && (e = readdir(dir)) != NULL) {
		uint64_t pid;

		if (number_parse(&pid, e->d_name, 1, INT32_MAX))
			result = search_process(s, (pid_t)pid);
	}
	closedir(dir);
	if (result == -1) {
		free(s->list);
		free(s->clients);
		free(s->others);
		errno = ENOMEM;
	}
	return result;
}

static int
by_pid(const void *a, const void *b)
{
	const struct forward_login *x = a, *y = b;

	return x->process.pid < y->process.pid ? -1
					       : x->process.pid > y->process.pid;
}

static int
by_inode(const void *a, const void *b)
{
	const struct forward_socket *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

int
forwards_find(const char *proc, const struct socket_seen *sockets,
    size_t nsockets, struct forwards *f)
{
	struct search s = {
	    .proc = proc, .sockets = sockets, .nsockets = nsockets};

	*f = (struct forwards){0};
	if (search_all(&s) == -1)
		return -1;
	tidy(&s);
	if (s.nclients > 0)
		qsort(s.clients, s.nclients, sizeof(*s.clients), by_pid);
	if (s.nothers > 0)
		qsort(s.others, s.nothers, sizeof(*s.others), by_inode);
	*f = (struct forwards){s.list, s.n, s.clients, s.nclients, s.others,
	    s.nothers, s.hidden};
	return 0;
}

void
forwards_free(struct forwards *f)
{
	free(f->list);
	free(f->logins);
	free(f->others);
	*f = (struct forwards){0};
}

const struct forward_login *
forwards_login(const struct forwards *f, pid_t pid)
{
	const struct forward_login key = {.process.pid = pid};

	return f->nlogins == 0 ? NULL
			       : bsearch(&key, f->logins, f->nlogins,
				     sizeof(key), by_pid);
}

pid_t
forwards_holder(const struct forwards *f, uint32_t inode)
{
	const struct forward_socket key = {.inode = inode}, *found = NULL;

	if (f->nothers > 0)
		found = bsearch(
		    &key, f->others, f->nothers, sizeof(key), by_inode);
	return found == NULL ? 0 : found->pid;
}

const struct socket_seen *
forwards_client(const struct forwards *f, const char *proc, pid_t pid)
{
	enum { GENERATIONS = 8 }; /* the shell road has six */
	struct procfs_process p = {.parent = pid};

	for (int i = 0; i < GENERATIONS && f->nlogins > 0; i++) {
		const struct forward_login *found = forwards_login(f, p.parent);

		if (found != NULL)
			return &found->client;
		if (p.parent <= 1 || procfs_read(proc, p.parent, &p) == -1)
			break;
	}
	return NULL;
}

/* A process that sshd forks for a program is sshd's for a moment. */
static bool
is_forked(const struct search *s, const struct procfs_process *p)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct procfs_process *q = &s->list[i].process;

		if (q->pid == p->parent && q->uid == p->uid)
			return true;
	}
	return false;
}

int
logins_find(const char *proc, const struct socket_seen *sockets,
    size_t nsockets, struct forward **list, size_t *n, size_t *hidden)
{
	struct search s = {.proc = proc,
	    .sockets = sockets,
	    .nsockets = nsockets,
	    .logins = true};
	size_t kept = 0;

	if (search_all(&s) == -1)
		return -1;
	*list = calloc(s.n + 1, sizeof(**list));
	for (size_t i = 0; i < s.n && *list != NULL; i++) {
		if (!is_forked(&s, &s.list[i].process))
			(*list)[kept++] = s.list[i];
	}
	free(s.list);
	*n = kept;
	*hidden = s.hidden;
	return *list == NULL ? -1 : 0;
}

int
login_monitor(const char *proc, pid_t pid, struct forward *f)
{
	*f = (struct forward){0};
	errno = ESRCH;
	if (!is_sshd(proc, pid) || procfs_read(proc, pid, &f->process) == -1)
		return -1;
	errno = ESRCH;
	return f->process.uid == 0 ? 0 : -1;
}

/* Whether the process is the one that was seen, and has that socket. */
static bool
still_has(const char *proc, const struct forward *f)
{
	struct procfs_process now;
	const struct dirent *e;
	bool has = false;
	DIR *fds;

	if (!is_sshd(proc, f->process.pid) ||
	    procfs_read(proc, f->process.pid, &now) == -1 ||
	    now.uid != f->process.uid || now.started != f->process.started)
		return false;
	if (f->inode == 0)
		return true;
	fds = open_fds(proc, f->process.pid);
	while (fds != NULL && !has && (e = readdir(fds)) != NULL)
		has = socket_of(dirfd(fds), e->d_name) == f->inode;
	if (fds != NULL)
		closedir(fds);
	return has;
}

int
forward_process(const char *proc, const struct forward *f)
{
	int pidfd = (int)syscall(SYS_pidfd_open, f->process.pid, 0);

	if (pidfd == -1)
		return -1;
	if (still_has(proc, f))
		return pidfd;
	close(pidfd);
	errno = ESRCH;
	return -1;
}
