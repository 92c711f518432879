/* SPDX-License-Identifier: ISC */
#include "device.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "listener.h"
#include "login.h"
#include "monitor.h"
#include "procfs.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

enum { PAUSE_MS = 1, PAUSE_MAX_MS = 20 };

const char *
device_fault_text(int fault)
{
	switch (fault) {
	case DEVICE_REACHED:
		return "the device is reached";
	case DEVICE_OFFLINE:
		return "the device is offline";
	case DEVICE_NO_ACCOUNT:
		return "the device has no account of its own here";
	case DEVICE_FOREIGN:
		return "who listens there is not the device";
	case DEVICE_FOLDER:
		return "the device's folder is not its own";
	case DEVICE_SOCKET:
		return "what is at the device's path is not its socket";
	case DEVICE_GONE:
		return "who made the device's socket has ended";
	case DEVICE_NO_LOGIN:
		return "who listens there is no login of the device";
	case DEVICE_OTHER:
		return "who listens there is another device";
	case DEVICE_KEY:
		return "the key of who listens there is not in the policy";
	default:
		return strerror(fault);
	}
}

bool
device_account(const struct policy *p, uint32_t target, uid_t *uid)
{
	const struct policy_target *t = policy_target(p, target);
	const struct passwd *pw = getpwnam(policy_string(p, t->account));

	if (pw == NULL || pw->pw_uid == 0)
		return false;
	*uid = pw->pw_uid;
	return true;
}

/*
 * At an address.
 */

static const struct audit_listener nobody = {.uid = (uid_t)-1};

int
device_listens(
    const struct sockaddr *at, uid_t account, struct audit_listener *who)
{
	struct listener l;
	struct addr addr;

	*who = nobody;
	if (!addr_from_sockaddr(&addr, at))
		return EAFNOSUPPORT;
	switch (listener_find(&addr, addr_port(at), &l)) {
	case 1:
		if (l.uid == account && addr_equal(&l.addr, &addr))
			return DEVICE_REACHED;
		who->uid = l.uid;
		return DEVICE_FOREIGN;
	case 0:
		return DEVICE_OFFLINE;
	default:
		return errno;
	}
}

/* Wait a little.  0, or an error number. */
static int
wait_some(struct patience patience, int pause)
{
	struct pollfd nothing = {.fd = -1};
	int64_t now = dial_clock();

	if (now >= patience.end)
		return ETIMEDOUT;
	if (now + pause < patience.end)
		patience.end = now + pause;
	return dial_poll(&nothing, 1, patience) == -1 ? errno : 0;
}

/*
 * The listener alone does not tell: another may have been there when this
 * connection was made.
 */
int
device_check(int sock, uid_t account, struct patience patience,
    struct audit_listener *who)
{
	struct sockaddr_storage ss = {0};
	socklen_t size = sizeof(ss);
	int pause = PAUSE_MS, fault;

	*who = nobody;
	if (getpeername(sock, (struct sockaddr *)&ss, &size) == -1)
		return errno;
	fault = device_listens((const struct sockaddr *)&ss, account, who);
	while (fault == 0) {
		struct listener l;
		int found = listener_peer(sock, &l);

		if (found == 1 && l.uid == account)
			return DEVICE_REACHED;
		if (found == 1) {
			who->uid = l.uid;
			return DEVICE_FOREIGN;
		}
		if (found == -1)
			return errno == ESTALE ? ECONNRESET : errno;
		fault = wait_some(patience, pause);
		if (pause < PAUSE_MAX_MS)
			pause *= 2;
	}
	return fault;
}

/*
 * At a path.
 */

/* What an error on the way there means. */
static int
fault_of(int error)
{
	switch (error) {
	case ENOENT:
		return DEVICE_OFFLINE;
	case ELOOP:
	case ENOTDIR:
		return DEVICE_FOLDER;
	default:
		return error;
	}
}

/* One of root's or the account's, which nobody else can write to. */
static int
check_folder(int fd, uid_t account)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return errno;
	return S_ISDIR(st.st_mode) &&
		(st.st_uid == 0 || st.st_uid == account) &&
		(st.st_mode & (S_IWGRP | S_IWOTH)) == 0
	    ? 0
	    : DEVICE_FOLDER;
}

/*
 * The folder of a path, which begins with a slash, and its last part.  A
 * descriptor, or -1 and a fault.
 */
static int
open_folder(const char *path, uid_t account, char last[], int *fault)
{
	int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int next, fd = open("/", flags);
	const char *part = path + 1;
	size_t n = strcspn(part, "/");

	*fault = fd == -1 ? errno : check_folder(fd, account);
	for (; *fault == 0 && part[n] != '\0'; n = strcspn(part, "/")) {
		snprintf(last, PATH_TEXT, "%.*s", (int)n, part);
		part += n + 1;
		next = n == 0 || strcmp(last, "..") == 0
		    ? (errno = EINVAL, -1)
		    : openat(fd, last, flags);
		*fault =
		    next == -1 ? fault_of(errno) : check_folder(next, account);
		close(fd);
		fd = next;
	}
	snprintf(last, PATH_TEXT, "%s", part);
	if (*fault == 0 && *last != '\0' && strcmp(last, "..") != 0)
		return fd;
	if (*fault == 0)
		*fault = EINVAL;
	if (fd != -1)
		close(fd);
	return -1;
}

/* The account's alone, by one name. */
static int
check_socket(int fd, uid_t account)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return errno;
	return S_ISSOCK(st.st_mode) && st.st_uid == account && st.st_nlink == 1
	    ? 0
	    : DEVICE_SOCKET;
}

/* The socket at a path, opened as a place; or -1 and a fault. */
static int
open_socket(const char *path, uid_t account, int *fault)
{
	char last[PATH_TEXT];
	int folder, fd;

	*fault = EINVAL;
	if (*path != '/' || strlen(path) >= PATH_TEXT)
		return -1;
	folder = open_folder(path, account, last, fault);
	if (folder == -1)
		return -1;
	fd = openat(folder, last, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	*fault = fd == -1 ? fault_of(errno) : check_socket(fd, account);
	close(folder);
	if (*fault == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

/*
 * Connect to what is open, whatever stands at its path by now.  wait is in
 * seconds.  A socket, or -1 and a fault.
 */
static int
connect_to(int place, int wait, int *fault)
{
	struct timeval limit = {.tv_sec = wait};
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "/proc/self/fd/%d", place);
	*fault = 0;
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
		-1 ||
	    connect(fd, (const struct sockaddr *)&to, sizeof(to)) == -1)
		*fault = errno == ECONNREFUSED ? DEVICE_OFFLINE
		    : errno == EAGAIN	       ? ETIMEDOUT
					       : errno;
	limit.tv_sec = 0;
	if (*fault == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
		-1)
		*fault = errno;
	if (*fault == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return -1;
}

/* When a process has started, by the clock of files: seconds. */
static double
started_at(const struct procfs_process *p)
{
	struct timespec real, boot;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (double)(real.tv_sec - boot.tv_sec) +
	    (double)(real.tv_nsec - boot.tv_nsec) / 1e9 +
	    (double)p->started / (double)sysconf(_SC_CLK_TCK);
}

/*
 * Where the kernel gives no hold of the process, it must have been there before
 * the socket was; a tick of each clock is no matter.  0, or a fault.
 */
static int
check_age(const struct device_world *w, int place, pid_t pid)
{
	struct procfs_process p;
	struct statx stx;

	if (procfs_read(w->proc, pid, &p) == -1)
		return DEVICE_GONE;
	if (statx(place, "", AT_EMPTY_PATH, STATX_BTIME, &stx) == -1)
		return errno;
	if (!(stx.stx_mask & STATX_BTIME))
		return ENOTSUP;
	return (double)stx.stx_btime.tv_sec + stx.stx_btime.tv_nsec / 1e9 + 1 <
		started_at(&p)
	    ? DEVICE_GONE
	    : 0;
}

/*
 * Hold the process that listens, so that its number stays its own: a pidfd, or
 * -1 and a fault.
 */
static int
hold(const struct device_world *w, int sock, int place, pid_t pid, int *fault)
{
	socklen_t size = sizeof(int);
	int fd = -1;

	*fault = 0;
	if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD, &fd, &size) == 0)
		return fd;
	if (errno == ENOPROTOOPT) {
		fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (fd != -1)
			*fault = check_age(w, place, pid);
		if (fd != -1 && *fault == 0)
			return fd;
	}
	if (fd != -1)
		close(fd);
	else
		*fault =
		    errno == ESRCH || errno == EINVAL ? DEVICE_GONE : errno;
	return -1;
}

static bool
has_ended(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	return poll(&p, 1, 0) != 0;
}

/* 0, or a fault. */
static int
check_note(const struct device_world *w, uint32_t target, uid_t account,
    const struct login_note *note)
{
	const struct policy *p = w->policy;
	const char *name = policy_string(p, policy_target(p, target)->name);
	uint32_t user = policy_find_user(p, name);

	if (note->device != LOGIN_LISTENS || note->uid != account ||
	    note->by != LOGIN_BY_KEY || user == POLICY_NONE ||
	    !(policy_user(p, user)->flags & USER_DEVICE))
		return DEVICE_NO_LOGIN;
	if (strcmp(note->user, name) != 0)
		return DEVICE_OTHER;
	return policy_has_key(p, note->key, user) ? 0 : DEVICE_KEY;
}

/*
 * Of the login whose child the process is, which is held: it has the same
 * monitor before and after, so that nothing that was read is another's.
 */
static int
check_login(const struct device_world *w, uint32_t target, uid_t account,
    pid_t pid, int pidfd)
{
	pid_t monitor = monitor_of(w->proc, pid, account);
	struct procfs_process p;
	struct login_note note;
	bool found = monitor > 0 && procfs_read(w->proc, monitor, &p) == 0 &&
	    login_look(w->logins, w->keeper, monitor, p.started, &note) == 0;

	if (has_ended(pidfd))
		return DEVICE_GONE;
	if (!found || monitor_of(w->proc, pid, account) != monitor)
		return DEVICE_NO_LOGIN;
	return check_note(w, target, account, &note);
}

/* Of who listens behind a connected socket: 0, or a fault. */
static int
check_peer(const struct device_world *w, uint32_t target, uid_t account,
    int sock, int place, struct audit_listener *who)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int pidfd, fault;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) == -1)
		return errno;
	who->uid = peer.uid;
	who->pid = peer.pid;
	if (peer.uid != account)
		return DEVICE_FOREIGN;
	pidfd = hold(w, sock, place, peer.pid, &fault);
	if (pidfd == -1)
		return fault;
	fault = check_login(w, target, account, peer.pid, pidfd);
	close(pidfd);
	return fault;
}

int
device_connect(const struct device_world *w, uint32_t target, uid_t account,
    int wait, struct audit_listener *who, int *fault)
{
	const struct policy_target *t = policy_target(w->policy, target);
	int sock, place;

	*who = nobody;
	*fault = EINVAL;
	if (t->kind != TARGET_DEVICE || t->path == 0)
		return -1;
	place = open_socket(policy_string(w->policy, t->path), account, fault);
	if (place == -1)
		return -1;
	sock = connect_to(place, wait, fault);
	if (sock != -1)
		*fault = check_peer(w, target, account, sock, place, who);
	close(place);
	if (*fault == DEVICE_REACHED)
		return sock;
	if (sock != -1)
		close(sock);
	return -1;
}
