/* SPDX-License-Identifier: ISC */
#include "monitor.h"

#include <sys/syscall.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

enum { GENERATIONS = 6 }; /* ssh, jump-record, a menu, a login shell */

/* The second is of OpenSSH 9.8 and later. */
static bool
is_sshd(const struct procfs_process *p)
{
	return strcmp(p->name, "sshd") == 0 ||
	    strcmp(p->name, "sshd-session") == 0;
}

/* The nearest process of sshd's, over processes of uid.  0, or -1. */
static int
find_child(const char *proc, pid_t pid, uid_t uid, struct procfs_process *child)
{
	for (int i = 0; i < GENERATIONS; i++, pid = child->parent) {
		if (procfs_read(proc, pid, child) == -1 || child->uid != uid)
			return -1;
		if (is_sshd(child))
			return 0;
	}
	return -1;
}

static pid_t
parent_of(const char *proc, const struct procfs_process *child)
{
	struct procfs_process monitor;

	if (procfs_read(proc, child->parent, &monitor) == -1)
		return MONITOR_NONE;
	/* Who has lost their parent is given another one. */
	if (monitor.uid != 0 || strcmp(monitor.name, child->name) != 0)
		return MONITOR_GONE;
	return monitor.pid;
}

pid_t
monitor_find(const char *proc, pid_t parent, uid_t uid)
{
	struct procfs_process child;

	if (uid == 0 || find_child(proc, parent, uid, &child) == -1)
		return MONITOR_NONE;
	return parent_of(proc, &child);
}

pid_t
monitor_of(const char *proc, pid_t pid, uid_t uid)
{
	struct procfs_process child;

	if (uid == 0 || procfs_read(proc, pid, &child) == -1 ||
	    child.uid != uid || !is_sshd(&child))
		return MONITOR_NONE;
	return parent_of(proc, &child);
}

/* Of the children that proc(5) lists, of which sshd has one or two; or 0. */
static pid_t
find_of_uid(FILE *f, const char *proc, pid_t monitor, uid_t uid)
{
	struct procfs_process child;
	int pid;

	while (fscanf(f, "%d", &pid) == 1) {
		if (procfs_read(proc, pid, &child) == 0 && child.uid == uid &&
		    child.parent == monitor && is_sshd(&child))
			return pid;
	}
	return 0;
}

/* The child that serves uid; 0 if it is not sshd's monitor, or has none. */
static pid_t
serving_child(const char *proc, const struct procfs_process *monitor, uid_t uid)
{
	char path[256];
	pid_t child;
	FILE *f;

	if (monitor->uid != 0 || !is_sshd(monitor))
		return 0;
	snprintf(path, sizeof(path), "%s/%d/task/%d/children", proc,
	    (int)monitor->pid, (int)monitor->pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	child = find_of_uid(f, proc, monitor->pid, uid);
	fclose(f);
	return child;
}

bool
monitor_serves(const char *proc, pid_t monitor, uid_t uid)
{
	struct procfs_process p;

	return procfs_read(proc, monitor, &p) == 0 &&
	    serving_child(proc, &p, uid) != 0;
}

/* Its child, if it is the one that started then; or 0. */
static pid_t
child_of(const char *proc, pid_t monitor, uint64_t started, uid_t uid)
{
	struct procfs_process p;

	return procfs_read(proc, monitor, &p) == 0 && p.started == started
	    ? serving_child(proc, &p, uid)
	    : 0;
}

/*
 * What is read while the process that is held lives, is of that process: its
 * number is no other's.
 */
int
monitor_hold(const char *proc, pid_t monitor, uint64_t started, uid_t uid,
    pid_t *child)
{
	int fd;

	*child = child_of(proc, monitor, started, uid);
	errno = ESRCH; /* whatever could not be read: it is gone */
	if (*child == 0)
		return -1;
	fd = (int)syscall(SYS_pidfd_open, *child, 0);
	if (fd == -1)
		return -1;
	if (child_of(proc, monitor, started, uid) == *child &&
	    syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0)
		return fd;
	close(fd);
	errno = ESRCH;
	return -1;
}

/*
 * The child has the same parent before and after: in between, that number was
 * no other process's.
 */
int
monitor_open(const char *proc)
{
	pid_t pid = monitor_find(proc, getppid(), getuid());
	int fd = pid < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);

	if (monitor_find(proc, getppid(), getuid()) == pid)
		return pid < 0 ? pid : fd;
	if (fd != -1)
		close(fd);
	return MONITOR_GONE;
}
