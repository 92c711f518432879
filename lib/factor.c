#include "factor.h"

#include <pwd.h>
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

	if (pw != NULL)
		mfa = login_factor(f->note, pw->pw_uid, getuid(), f->started);
	if (f->note != -1)
		close(f->note);
	f->note = -1;
	return mfa;
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
