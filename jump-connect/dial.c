#include "dial.h"

#include <sys/un.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A socket, or -1; *fatal unless the kernel just lacks the family. */
static int
make(int family, bool *fatal)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 && errno != EAFNOSUPPORT)
		*fatal = true;
	return fd;
}

int
dial_open(struct dial *d)
{
	bool fatal = false;

	d->inet = make(AF_INET, &fatal);
	d->inet6 = make(AF_INET6, &fatal);
	d->local = make(AF_UNIX, &fatal);
	if (!fatal)
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

	close_one(&d->inet);
	close_one(&d->inet6);
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

/* Wait for a connection that is under way.  0, or -1 with errno. */
static int
wait_connected(int fd, int64_t until)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t size = sizeof(errno);
	int64_t left;
	int n, error;

	do {
		left = until - clock_ms();
		n = poll(&p, 1, left < 0 ? 0 : (int)left);
	} while (n == -1 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	if (n != 1 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == -1)
		return -1;
	errno = error;
	return error == 0 ? 0 : -1;
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
connect_one(int fd, const struct sockaddr_storage *to, int64_t until)
{
	static const struct sockaddr none = {.sa_family = AF_UNSPEC};
	int error;

	if ((connect(fd, (const struct sockaddr *)to, address_size(to)) == 0 ||
		(errno == EINPROGRESS && wait_connected(fd, until) == 0)) &&
	    check_peer(fd, to) == 0)
		return 0;
	error = errno;
	connect(fd, &none, sizeof(none));
	errno = error;
	return -1;
}

static int
set_nonblocking(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return -1;
	return fcntl(
	    fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

/* The socket for an address, or NULL if it is not to be tried. */
static int *
socket_for(struct dial *d, const struct sockaddr_storage *a, int family)
{
	int *fd = a->ss_family == AF_INET ? &d->inet
	    : a->ss_family == AF_INET6	  ? &d->inet6
					  : NULL;

	if (fd == NULL || *fd == -1)
		return NULL;
	return family == AF_UNSPEC || family == a->ss_family ? fd : NULL;
}

int
dial_addresses(struct dial *d, const struct sockaddr_storage *addrs, size_t n,
    int family, int timeout, size_t *which)
{
	int64_t end = clock_ms() + (int64_t)timeout * 1000;
	size_t left = 0;
	int *fd, error = EADDRNOTAVAIL, result;

	for (size_t i = 0; i < n; i++)
		left += socket_for(d, &addrs[i], family) != NULL;
	for (size_t i = 0; i < n; i++) {
		int64_t now = clock_ms();

		fd = socket_for(d, &addrs[i], family);
		if (fd == NULL)
			continue;
		if (set_nonblocking(*fd, true) == 0 &&
		    connect_one(*fd, &addrs[i],
			now + (end - now) / (int64_t)left) == 0 &&
		    set_nonblocking(*fd, false) == 0) {
			result = *fd;
			*fd = -1;
			*which = i;
			return result;
		}
		error = errno;
		left--;
	}
	errno = error;
	return -1;
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
set_patience(int fd, int seconds)
{
	const struct timeval limit = {.tv_sec = seconds};

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

int
dial_path(struct dial *d, const char *path, int timeout)
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
	if (set_patience(fd, timeout) == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1) {
		if (errno == EAGAIN)
			errno = ETIMEDOUT;
		return -1;
	}
	if (set_patience(fd, 0) == -1)
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
