/* SPDX-License-Identifier: ISC */
#include "dial.h"

#include <sys/un.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int64_t
dial_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
dial_poll(struct pollfd *p, size_t n, struct patience patience)
{
	struct pollfd all[1 + DIAL_ADDRESSES] = {{.fd = patience.out}};
	int64_t left = patience.end - dial_clock();
	int got;

	memcpy(all + 1, p, n * sizeof(*p));
	got = poll(all, 1 + n, left < 0 ? 0 : (int)left);
	if (got == -1)
		return errno == EINTR ? 0 : -1;
	memcpy(p, all + 1, n * sizeof(*p));
	if (all[0].revents == 0)
		return got;
	errno = ECANCELED;
	return -1;
}

/* Make n sockets, or -1 in their place.  -1 if it is not for the family. */
static int
make(int *fd, size_t n, int family, int flags)
{
	int result = 0;

	for (size_t i = 0; i < n; i++) {
		fd[i] = socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
		if (fd[i] == -1 && errno != EAFNOSUPPORT)
			result = -1;
	}
	return result;
}

int
dial_open(struct dial *d)
{
	int inet = make(d->inet, DIAL_ADDRESSES, AF_INET, SOCK_NONBLOCK);
	int inet6 = make(d->inet6, DIAL_ADDRESSES, AF_INET6, SOCK_NONBLOCK);
	int local = make(&d->local, 1, AF_UNIX, 0);

	if (inet == 0 && inet6 == 0 && local == 0)
		return 0;
	dial_close(d);
	return -1;
}

static void
close_one(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

void
dial_close(struct dial *d)
{
	int saved = errno;

	for (size_t i = 0; i < DIAL_ADDRESSES; i++) {
		close_one(&d->inet[i]);
		close_one(&d->inet6[i]);
	}
	close_one(&d->local);
	errno = saved;
}

static socklen_t
address_size(const struct sockaddr_storage *a)
{
	return a->ss_family == AF_INET ? sizeof(struct sockaddr_in)
				       : sizeof(struct sockaddr_in6);
}

static bool
address_equal(
    const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)a;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)b;
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)a;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)b;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET)
		return a4->sin_port == b4->sin_port &&
		    a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port &&
	    memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr)) == 0;
}

/* Somebody who redirects connections would be another peer than permitted. */
static int
check_peer(int fd, const struct sockaddr_storage *to)
{
	struct sockaddr_storage peer = {0};
	socklen_t size = sizeof(peer);

	if (getpeername(fd, (struct sockaddr *)&peer, &size) == -1)
		return -1;
	if (address_equal(&peer, to))
		return 0;
	errno = EPROTO;
	return -1;
}

static int
set_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

/*
 * Addresses in the order in which they are tried, each with its socket: -1
 * when it has failed.  Those from started on wait for their turn.
 */
struct race {
	const struct sockaddr_storage *address[DIAL_ADDRESSES];
	struct pollfd lane[DIAL_ADDRESSES];
	size_t n, started, failed;
	int64_t next; /* when the next one starts */
	int error;    /* that tells most so far */
};

/* An answer tells more than silence, and that more than to find no way. */
static int
telling(int error)
{
	switch (error) {
	case 0:
		return 0;
	case EADDRNOTAVAIL:
	case EAFNOSUPPORT:
	case ENETUNREACH:
	case EHOSTUNREACH:
		return 1;
	case ETIMEDOUT:
		return 2;
	default:
		return 3;
	}
}

static void
note(struct race *r, int error)
{
	if (telling(error) > telling(r->error))
		r->error = error;
}

static void
enter(struct race *r, const struct sockaddr_storage *address, int *fd)
{
	r->address[r->n] = address;
	r->lane[r->n++] = (struct pollfd){.fd = *fd, .events = POLLOUT};
	*fd = -1;
}

/* The socket for address i, or NULL if that is not to be tried (again). */
static int *
socket_for(
    struct dial *d, const struct sockaddr_storage *a, size_t i, int family)
{
	int *fd = a->ss_family == AF_INET ? &d->inet[i]
	    : a->ss_family == AF_INET6	  ? &d->inet6[i]
					  : NULL;

	if (fd == NULL || *fd == -1)
		return NULL;
	return family == AF_UNSPEC || family == a->ss_family ? fd : NULL;
}

/* Of those left, the first of another family than the last one; or n. */
static size_t
choose(struct dial *d, const struct sockaddr_storage *addrs, size_t n,
    int family, int last)
{
	size_t choice = n;

	for (size_t i = 0; i < n; i++) {
		if (socket_for(d, &addrs[i], i, family) == NULL)
			continue;
		if (addrs[i].ss_family != last)
			return i;
		if (choice == n)
			choice = i;
	}
	return choice;
}

static void
line_up(struct race *r, struct dial *d, const struct sockaddr_storage *addrs,
    size_t n, int family)
{
	int last = AF_UNSPEC;
	size_t i;

	while ((i = choose(d, addrs, n, family, last)) < n) {
		enter(r, &addrs[i], socket_for(d, &addrs[i], i, family));
		last = addrs[i].ss_family;
	}
}

static void
fail(struct race *r, size_t i, int error)
{
	note(r, error);
	close_one(&r->lane[i].fd);
	r->failed++;
	r->next = dial_clock();
}

/* A connection that is there at once is found so by poll(2), like others. */
static void
start(struct race *r)
{
	size_t i = r->started++;
	const struct sockaddr_storage *a = r->address[i];

	r->next = dial_clock() + DIAL_DELAY;
	if (connect(r->lane[i].fd, (const struct sockaddr *)a,
		address_size(a)) == -1 &&
	    errno != EINPROGRESS)
		fail(r, i, errno);
}

/* Whether this one has won; if not, it has failed. */
static bool
wins(struct race *r, size_t i)
{
	socklen_t size = sizeof(int);
	int error, fd = r->lane[i].fd;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		error = errno;
	if (error == 0 &&
	    (check_peer(fd, r->address[i]) == -1 || set_blocking(fd) == -1))
		error = errno;
	if (error == 0)
		return true;
	fail(r, i, error);
	return false;
}

/* Wait for an answer, the next start or the end; -1 if that fails. */
static int
wait_for_some(struct race *r, struct patience patience)
{
	if (r->started < r->n && r->next < patience.end)
		patience.end = r->next;
	return dial_poll(r->lane, r->started, patience);
}

/* The lane of the winner, or r->n. */
static size_t
run(struct race *r, struct patience patience)
{
	int n;

	while (r->failed < r->n && dial_clock() < patience.end) {
		if (r->started < r->n && dial_clock() >= r->next) {
			start(r);
			continue;
		}
		n = wait_for_some(r, patience);
		if (n == -1) {
			r->error = errno;
			return r->n;
		}
		for (size_t i = 0; n > 0 && i < r->started; i++) {
			if (r->lane[i].fd != -1 && r->lane[i].revents != 0 &&
			    wins(r, i))
				return i;
		}
	}
	if (r->failed < r->n)
		note(r, ETIMEDOUT);
	return r->n;
}

int
dial_addresses(struct dial *d, const struct sockaddr_storage *addrs, size_t n,
    int family, struct patience patience, size_t *which)
{
	struct race r = {.n = 0};
	size_t winner;
	int fd = -1;

	line_up(&r, d, addrs, n, family);
	dial_close(d);
	winner = run(&r, patience);
	for (size_t i = 0; i < r.n; i++) {
		if (i == winner)
			fd = r.lane[i].fd;
		else
			close_one(&r.lane[i].fd);
	}
	if (fd != -1)
		*which = (size_t)(r.address[winner] - addrs);
	errno = r.error != 0 ? r.error : EADDRNOTAVAIL;
	return fd;
}

static bool
path_is_plain(const char *path)
{
	const char *part = path;

	if (*path != '/')
		return false;
	for (; part != NULL; part = strchr(part, '/')) {
		part++;
		if (strncmp(part, "..", 2) == 0 &&
		    (part[2] == '/' || part[2] == '\0'))
			return false;
	}
	return true;
}

/* How long connect(2) of a UNIX socket waits for a full backlog; 0 for ever. */
static int
set_timeout(int fd, int64_t ms)
{
	const struct timeval limit = {
	    .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/*
 * Nothing can be waited for beside this connect(2), so look for the client in
 * between.  0, or -1.
 */
static int
connect_local(int fd, const struct sockaddr_un *to, struct patience patience)
{
	struct pollfd nothing = {.fd = -1};
	int64_t left;

	do {
		if (dial_poll(
			&nothing, 1, (struct patience){0, patience.out}) == -1)
			return -1;
		left = patience.end - dial_clock();
		left = left < DIAL_DELAY ? left : DIAL_DELAY;
		if (set_timeout(fd, left > 0 ? left : 1) == -1)
			return -1;
		if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
			return set_timeout(fd, 0);
	} while (errno == EAGAIN && dial_clock() < patience.end);
	if (errno == EAGAIN)
		errno = ETIMEDOUT;
	return -1;
}

int
dial_path(struct dial *d, const char *path, struct patience patience)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = d->local;

	if (!path_is_plain(path)) {
		errno = EINVAL;
		return -1;
	}
	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(to.sun_path, path);
	if (connect_local(fd, &to, patience) == -1)
		return -1;
	d->local = -1;
	return fd;
}

int
dial_pass(int out, int sock)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec byte = {.iov_base = (char[]){0}, .iov_len = 1};
	struct msghdr message = {.msg_iov = &byte,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof(control)};
	struct cmsghdr *c;

	memset(&control, 0, sizeof(control));
	c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(sock));
	memcpy(CMSG_DATA(c), &sock, sizeof(sock));
	return sendmsg(out, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}
