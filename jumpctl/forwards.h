/* SPDX-License-Identifier: ISC */
/*
 * The forwards of stock sshd, which keeps no list: connections that its
 * process for a user's session has opened as that user.
 */
#ifndef FORWARDS_H
#define FORWARDS_H

#include <sys/types.h>

#include "procfs.h"
#include "sockets.h"

struct forward {
	struct procfs_process process; /* of the SSH connection */
	uint32_t inode;
	bool from;	    /* source is known */
	struct addr source; /* of the SSH connection */
	struct addr target;
	uint16_t port;
	uint16_t local_port;	   /* of its own end */
	uint64_t sent, received;   /* bytes: to the target, from it */
	uint32_t idle;		   /* ms */
	struct socket_seen socket; /* all of it */
	struct socket_seen client; /* of the SSH connection; inode 0: unknown */
	bool far; /* of another network than ours, whose sockets are not seen */
};

/* A process of sshd's for a user, and the SSH connection that it serves. */
struct forward_login {
	struct procfs_process process;
	struct socket_seen client;
};

/* A socket of such a process that is no TCP connection. */
struct forward_socket {
	uint32_t inode;
	pid_t pid;
};

/*
 * Forwards, in the order of their start; logins, in that of their pids; the
 * sockets by inode.
 */
struct forwards {
	struct forward *list;
	size_t n;
	struct forward_login *logins;
	size_t nlogins;
	struct forward_socket *others; /* those that may listen */
	size_t nothers;
	size_t hidden;
};

/*
 * Find them in proc, where the process file system is mounted, and among
 * these sockets, of sockets_read().  Of every uid but 0; a process is sshd's
 * by its executable, a file of root's, since a process can choose its name, and
 * by its parent, an sshd of root's, since everybody can run that file.
 * The caller frees them with forwards_free().  hidden counts the
 * processes that we may not look at, as root without CAP_SYS_PTRACE, in a
 * container say: some can be sshd's.  0, or -1 with errno.
 */
int forwards_find(const char *proc, const struct socket_seen *, size_t nsockets,
    struct forwards *);
void forwards_free(struct forwards *);

/* The SSH connection that this process serves, or a parent of it; or NULL. */
const struct socket_seen *forwards_client(
    const struct forwards *, const char *proc, pid_t);

/* The login that this process serves, or NULL. */
const struct forward_login *forwards_login(const struct forwards *, pid_t);

/* The process that has the socket with this inode; 0: none of these. */
pid_t forwards_holder(const struct forwards *, uint32_t inode);

/*
 * Find the logins in the same way: the processes of sshd that serve a user's
 * connection, each as a forward with inode 0 and no target; also those whose
 * parent is not, or no more, an sshd of root's.  Those in another
 * network are far: of a container, perhaps, with nothing in common with our
 * accounts but their numbers.
 */
int logins_find(const char *proc, const struct socket_seen *, size_t nsockets,
    struct forward **list, size_t *n, size_t *hidden);

/*
 * A process of root's that is sshd's, as a login like these: before the user
 * is logged in, it is all that there is.  0, or -1 with errno: ESRCH or
 * ENOENT if it is no such process.
 */
int login_monitor(const char *proc, pid_t, struct forward *);

/*
 * The process that has this forward, if it still has: a pidfd, close-on-exec,
 * or -1 with errno: ESRCH if it has ended.  All is looked at again when the
 * process can no longer be another.  The process of a login may have any.
 */
int forward_process(const char *proc, const struct forward *);

#endif
