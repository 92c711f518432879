#include "monitor.h"

#include <sys/syscall.h>

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

pid_t
monitor_find(const char *proc, pid_t parent, uid_t uid)
{
	struct procfs_process child, monitor;

	if (uid == 0 || find_child(proc, parent, uid, &child) == -1 ||
	    procfs_read(proc, child.parent, &monitor) == -1)
		return MONITOR_NONE;
	/* Who has lost their parent is given another one. */
	if (monitor.uid != 0 || strcmp(monitor.name, child.name) != 0)
		return MONITOR_GONE;
	return monitor.pid;
}

/* Of the children that proc(5) lists, of which sshd has one or two. */
static bool
has_child(FILE *f, const char *proc, pid_t monitor, uid_t uid)
{
	struct procfs_process child;
	int pid;

	while (fscanf(f, "%d", &pid) == 1) {
		if (procfs_read(proc, pid, &child) == 0 && child.uid == uid &&
		    child.parent == monitor && is_sshd(&child))
			return true;
	}
	return false;
}

bool
monitor_serves(const char *proc, pid_t monitor, uid_t uid)
{
	struct procfs_process p;
	char path[256];
	bool serves;
	FILE *f;

	if (procfs_read(proc, monitor, &p) == -1 || p.uid != 0 || !is_sshd(&p))
		return false;
	snprintf(path, sizeof(path), "%s/%d/task/%d/children", proc,
	    (int)monitor, (int)monitor);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	serves = has_child(f, proc, monitor, uid);
	fclose(f);
	return serves;
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
