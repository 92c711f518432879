/* SPDX-License-Identifier: ISC */
#include "process.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
/*
 * In builds with ASan only: its leak checker wants to trace the process at
 * exit, which a setgid program forbids, and then changes the exit code.
 */
const char *__asan_default_options(void);

const char *
__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

int
process_repair_fds(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_NOFOLLOW);
	} while (fd != -1 && fd <= STDERR_FILENO);
	if (fd == -1)
		return -1;
	return (int)syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0);
}

int
process_check_setgid(bool *setgid)
{
	struct stat st;

	if (stat("/proc/self/exe", &st) == -1)
		return -1;
	*setgid = (st.st_mode & S_ISGID) != 0;
	if (!*setgid || (getegid() == st.st_gid && st.st_uid == 0))
		return 0;
	errno = EPERM;
	return -1;
}

/* Whether a group that has been given up could be had again. */
static bool
group_is_back(gid_t real, gid_t old)
{
	/* Root may take any group, and is not whom this is about. */
	return old != real && geteuid() != 0 && setegid(old) == 0;
}

int
process_drop_group(void)
{
	gid_t real, effective, saved, now[3];

	if (getresgid(&real, &effective, &saved) == -1)
		return -1;
	if (effective == real && saved == real)
		return 0;
	if (setresgid(real, real, real) == -1 ||
	    getresgid(&now[0], &now[1], &now[2]) == -1)
		return -1;
	if (now[0] == real && now[1] == real && now[2] == real &&
	    !group_is_back(real, effective) && !group_is_back(real, saved))
		return 0;
	errno = EPERM;
	return -1;
}

int
process_keep_group(void)
{
	gid_t kept = getegid(), now[3];

	if (setresgid(kept, kept, kept) == -1 ||
	    getresgid(&now[0], &now[1], &now[2]) == -1)
		return -1;
	if (now[0] == kept && now[1] == kept && now[2] == kept)
		return 0;
	errno = EPERM;
	return -1;
}

enum { SLACK_NS = 50000 }; /* what the kernel begins with */

int
process_signals(void)
{
	static const struct itimerval never;
	sigset_t none;

	if (setitimer(ITIMER_REAL, &never, NULL) == -1 ||
	    prctl(PR_SET_TIMERSLACK, SLACK_NS) == -1)
		return -1;
	/* SIGKILL, SIGSTOP and those that libc keeps to itself refuse. */
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return -1;
	sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL);
}

int
process_harden(void)
{
	static const struct rlimit none;

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int
process_clear_env(void)
{
	return clearenv() == 0 ? 0 : -1;
}
