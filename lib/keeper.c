#include "keeper.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"

enum { PATIENCE_MS = 5000 };

struct note {
	int error;
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
};

/* Ready to send or receive an error number and, with a descriptor, that. */
static struct msghdr
message(struct note *note, struct iovec *part, size_t control)
{
	*part = (struct iovec){&note->error, sizeof(note->error)};
	return (struct msghdr){.msg_iov = part,
	    .msg_iovlen = 1,
	    .msg_control = control == 0 ? NULL : note->control.room,
	    .msg_controllen = control};
}

static int
make(const struct keeper *k, const char *id)
{
	char path[64];

	errno = EINVAL;
	if (!audit_session_valid(id) ||
	    snprintf(path, sizeof(path), "%s/%s.%s", k->directory, id,
		k->suffix) >= (int)sizeof(path))
		return -1;
	umask(077);
	return open(path,
	    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
	    0600);
}

static void
hand_over(int sock, int fd, int error)
{
	struct note note = {.error = fd == -1 ? error : 0};
	struct iovec part;
	struct msghdr m =
	    message(&note, &part, fd == -1 ? 0 : sizeof(note.control.room));

	if (fd != -1) {
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	(void)sendmsg(sock, &m, MSG_NOSIGNAL); /* or it is not waited for */
}

/* The child; its other descriptors are its parent's business. */
static void __attribute__((noreturn)) serve(int sock, const struct keeper *k)
{
	char id[AUDIT_SESSION + 1] = "";
	int fd;

	if (dup2(sock, 0) == -1 || close_range(1, ~0U, 0) == -1)
		_exit(1);
	if (recv(0, id, AUDIT_SESSION, 0) != AUDIT_SESSION)
		_exit(0);
	fd = make(k, id);
	hand_over(0, fd, errno);
	_exit(0);
}

/* 0, or an error number. */
static int
start(struct keeper *k)
{
	gid_t real, effective, saved;
	int pair[2];

	if (getresgid(&real, &effective, &saved) == -1)
		return errno;
	if (real == effective)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return errno;
	k->pid = fork();
	if (k->pid == 0) {
		close(pair[0]);
		serve(pair[1], k);
	}
	k->error = k->pid == -1 ? errno : 0;
	close(pair[1]);
	if (k->pid == -1)
		close(pair[0]);
	else
		k->sock = pair[0];
	return k->error;
}

void
keeper_start(struct keeper *k, const char *directory, const char *suffix)
{
	*k = (struct keeper){
	    .sock = -1, .directory = directory, .suffix = suffix};
	k->error = start(k);
}

static int
receive(int sock)
{
	struct note note = {0};
	struct iovec part;
	struct msghdr m = message(&note, &part, sizeof(note.control.room));
	struct pollfd p = {.fd = sock, .events = POLLIN};
	struct cmsghdr *c;
	int fd;

	errno = ETIMEDOUT;
	if (poll(&p, 1, PATIENCE_MS) != 1)
		return -1;
	errno = EPIPE;
	if (recvmsg(sock, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) !=
	    sizeof(note.error))
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (c == NULL || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(fd))) {
		errno = note.error != 0 ? note.error : EPROTO;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int
keeper_make(struct keeper *k, const char *id)
{
	int error, fd = -1;

	errno = k->error;
	if (k->sock == -1)
		return k->error != 0 ? -1 : make(k, id);
	if (send(k->sock, id, AUDIT_SESSION, MSG_NOSIGNAL) == AUDIT_SESSION)
		fd = receive(k->sock);
	error = errno;
	keeper_stop(k);
	errno = error;
	return fd;
}

void
keeper_stop(struct keeper *k)
{
	if (k->sock == -1)
		return;
	close(k->sock);
	k->sock = -1;
	kill(k->pid, SIGKILL); /* it may have been stopped */
	while (waitpid(k->pid, NULL, 0) == -1 && errno == EINTR)
		;
}
