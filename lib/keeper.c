/* SPDX-License-Identifier: ISC */
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
	int code[KEEPER_CODES];
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
};

/* Ready to send or receive the codes and, with a descriptor, that. */
static struct msghdr
message(struct note *note, struct iovec *part, size_t control)
{
	*part = (struct iovec){note->code, sizeof(note->code)};
	return (struct msghdr){.msg_iov = part,
	    .msg_iovlen = 1,
	    .msg_control = control == 0 ? NULL : note->control.room,
	    .msg_controllen = control};
}

static void
hand_over(int sock, int fd, const int code[KEEPER_CODES])
{
	struct note note = {0};
	struct iovec part;
	struct msghdr m =
	    message(&note, &part, fd == -1 ? 0 : sizeof(note.control.room));

	if (fd == -1) {
		memcpy(note.code, code, sizeof(note.code));
	} else {
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
	char question[KEEPER_QUESTION];
	int fd, code[KEEPER_CODES] = {0};

	if (dup2(sock, 0) == -1 || close_range(1, ~0U, 0) == -1)
		_exit(1);
	if (recv(0, question, sizeof(question), MSG_TRUNC) != (ssize_t)k->size)
		_exit(0);
	fd = k->answer(k->arg, question, code);
	hand_over(0, fd, code);
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
keeper_begin(
    struct keeper *k, keeper_answer *answer, const void *arg, size_t size)
{
	k->sock = k->fd = -1;
	memset(k->code, 0, sizeof(k->code));
	k->code[0] = EPROTO;
	k->answer = answer;
	k->arg = arg;
	k->size = size;
	k->error = size > KEEPER_QUESTION ? EINVAL : start(k);
}

int
keeper_ask(struct keeper *k, const void *question)
{
	errno = k->error;
	if (k->error != 0)
		return -1;
	if (k->sock == -1) {
		k->fd = k->answer(k->arg, question, k->code);
		return 0;
	}
	return send(k->sock, question, k->size, MSG_NOSIGNAL) ==
		(ssize_t)k->size
	    ? 0
	    : -1;
}

static int
receive(int sock, int code[KEEPER_CODES])
{
	struct note note = {0};
	struct iovec part;
	struct msghdr m = message(&note, &part, sizeof(note.control.room));
	struct cmsghdr *c;
	ssize_t n = recvmsg(sock, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int fd;

	memset(code, 0, sizeof(note.code));
	*code = n == -1 && errno == EAGAIN ? ETIMEDOUT : EPIPE;
	if (n != sizeof(note.code))
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (c == NULL || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(fd))) {
		memcpy(code, note.code, sizeof(note.code));
		if (*code == 0)
			*code = EPROTO;
		return -1;
	}
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int
keeper_hear(struct keeper *k, int code[KEEPER_CODES])
{
	int fd = k->fd;

	memcpy(code, k->code, sizeof(k->code));
	k->fd = -1;
	if (k->sock != -1)
		fd = receive(k->sock, code);
	keeper_stop(k);
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

static int
make(const void *arg, const void *question, int code[KEEPER_CODES])
{
	const struct keeper *k = arg;
	char id[AUDIT_SESSION + 1] = "", path[64];
	int fd;

	memcpy(id, question, AUDIT_SESSION);
	*code = EINVAL;
	if (!audit_session_valid(id) ||
	    snprintf(path, sizeof(path), "%s/%s.%s", k->directory, id,
		k->suffix) >= (int)sizeof(path))
		return -1;
	umask(077);
	fd = open(path,
	    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	*code = errno;
	return fd;
}

void
keeper_start(struct keeper *k, const char *directory, const char *suffix)
{
	k->directory = directory;
	k->suffix = suffix;
	keeper_begin(k, make, k, AUDIT_SESSION);
}

int
keeper_make(struct keeper *k, const char *id)
{
	struct pollfd p = {.events = POLLIN};
	int fd = -1, code[KEEPER_CODES] = {0};

	if (keeper_ask(k, id) == -1)
		*code = errno;
	p.fd = k->sock;
	if (*code == 0 && p.fd != -1 && poll(&p, 1, PATIENCE_MS) == -1)
		*code = errno;
	if (*code == 0)
		fd = keeper_hear(k, code);
	keeper_stop(k);
	errno = *code;
	return fd;
}
