/* SPDX-License-Identifier: ISC */
#include "factor.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"
#include "procfs.h"

/*
 * The child has the same parent before and after: in between, that number was
 * no other process's, and so the note and the time are of the monitor.
 */
void
factor_open(struct factor *f, const char *proc, const char *directory)
{
	pid_t pid = monitor_find(proc, getppid(), getuid());
	struct procfs_process monitor;

	f->note = -1;
	if (pid < 0 || procfs_read(proc, pid, &monitor) == -1)
		return;
	f->started = monitor.started;
	f->note = login_find(directory, pid);
	if (f->note == -1 || monitor_find(proc, getppid(), getuid()) == pid)
		return;
	close(f->note);
	f->note = -1;
}

enum login_mfa
factor_read(struct factor *f)
{
	const struct passwd *pw = f->note == -1 ? NULL : getpwnam("_jump");
	enum login_mfa mfa = LOGIN_MFA_NONE;

	f->key[0] = '\0';
	if (pw != NULL)
		mfa = login_factor(
		    f->note, pw->pw_uid, getuid(), f->started, f->key);
	if (f->note != -1)
		close(f->note);
	f->note = -1;
	return mfa;
}

static bool
is_gone(pid_t pid)
{
	return kill(pid, 0) == -1 && errno == ESRCH;
}

/* After login_read(): no note of a login that has its rights already. */
static bool
is_none(int error)
{
	return error == ENOENT || error == ENODATA || error == EAGAIN ||
	    error == EPERM || error == ELOOP || error == ENXIO ||
	    error == ESTALE;
}

bool
factor_of_all(const char *proc, const char *directory, uid_t owner, uid_t uid)
{
	struct login_note note;
	struct procfs_process monitor;
	pid_t *list;
	ssize_t n = login_list(directory, &list);
	bool any = false, all = true;

	for (ssize_t i = 0; i < n; i++) {
		if (is_gone(list[i]))
			continue;
		if (procfs_read(proc, list[i], &monitor) == -1)
			monitor.started = 0;
		if (login_read(directory, owner, list[i], monitor.started,
			&note, NULL) == -1) {
			all = all && is_none(errno);
		} else if (note.uid == uid &&
		    monitor_serves(proc, list[i], uid)) {
			any = true;
			all = all && note.mfa;
		}
	}
	free(list);
	return any && all;
}

const char *
factor_word(enum login_mfa mfa)
{
	switch (mfa) {
	case LOGIN_MFA_KEY:
		return "key";
	case LOGIN_MFA_STEP:
		return "sshd";
	case LOGIN_MFA_NONE:
		break;
	}
	return NULL;
}

bool
factor_is_method(const char *word)
{
	return strcmp(word, "password") == 0 ||
	    strcmp(word, "keyboard-interactive") == 0;
}
