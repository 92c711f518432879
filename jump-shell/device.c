/* SPDX-License-Identifier: ISC */
#include "device.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"
#include "procfs.h"

enum { ASK_MS = 2000, INSIST_MS = 5000 };

/* Who owns the note: it is looked at later whether that is _jump. */
static bool
find_owner(const char *directory, pid_t monitor, uid_t *owner)
{
	int fd = login_find(directory, monitor);
	struct stat st;
	bool found = fd != -1 && fstat(fd, &st) == 0;

	if (found)
		*owner = st.st_uid;
	if (fd != -1)
		close(fd);
	return found;
}

/* As factor_open(): the monitor is the same before and after. */
void
device_open(struct device *d, const char *proc, const char *directory)
{
	pid_t pid = monitor_find(proc, getppid(), getuid());
	struct procfs_process monitor;

	memset(d, 0, sizeof(*d));
	if (pid < 0 || procfs_read(proc, pid, &monitor) == -1 ||
	    !find_owner(directory, pid, &d->owner) ||
	    login_look(directory, d->owner, pid, monitor.started, &d->note) ==
		-1 ||
	    d->note.device == LOGIN_NO_DEVICE ||
	    monitor_find(proc, getppid(), getuid()) != pid)
		return;
	d->monitor = pid;
	d->started = monitor.started;
	d->n = login_device_list(
	    directory, proc, d->owner, d->note.user, d->logins, DEVICE_LOGINS);
}

/* Whether it has ended within that time. */
static bool
ends(int pidfd, int signal, int ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;

	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == -1)
		return errno == ESRCH;
	do
		n = poll(&p, 1, ms);
	while (n == -1 && errno == EINTR);
	return n == 1;
}

int
device_end(const char *proc, const struct login_live *login, uid_t uid,
    int (*ready)(void *, pid_t), void *arg)
{
	pid_t child;
	int pidfd =
	    monitor_hold(proc, login->monitor, login->started, uid, &child);
	bool ended;

	if (pidfd == -1)
		return errno == ESRCH ? 0 : -1;
	ended = ready(arg, child) == 0 &&
	    (ends(pidfd, SIGTERM, ASK_MS) || ends(pidfd, SIGKILL, INSIST_MS));
	close(pidfd);
	return ended ? 0 : -1;
}
