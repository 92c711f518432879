/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether what runs as somebody else can reach what it needs,
 * and our programs begin.  Root passes everything, and so sees none of it.
 */
#include "doctor.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "exit.h"
#include "grant.h"
#include "login.h"
#include "notify.h"
#include "record.h"
#include "session.h"

enum { REMEDY_MAX = PATH_MAX + 128, SECONDS = 10 };

/* Who looks: jump-authkeys, a program of a user, or jumpctl. */
enum runner { AS_JUMP, AS_USER, AS_ROOT, RUNNERS };

struct eyes {
	char name[64];
	uid_t uid;
	gid_t gid, group; /* that counts, and that the login has */
	int mounts;       /* sshd's, which sessions have; or -1: ours */
};

/* What a policy must have for something to be needed. */
enum need { NEED_ALWAYS, NEED_RECORD, NEED_NOTIFY, NEED_PATHS };

static const struct thing {
	enum runner runner;
	const char *path;
	int mode;
	enum need need;
	const char *effect;
} things[] = {
    {AS_JUMP, "/etc/passwd", R_OK, 0, "nobody gets in"},
    {AS_JUMP, "/etc/group", R_OK, 0, "nobody gets in"},
    {AS_JUMP, "/dev/null", R_OK | W_OK, 0, "nobody gets in"},
    {AS_JUMP, AUDIT_SOCKET, W_OK, 0, "nobody gets in"},
    {AS_JUMP, LIBEXECDIR "/jump-authkeys", X_OK, 0, "nobody gets in"},
    {AS_JUMP, LOGIN_DIRECTORY, W_OK | X_OK, 0, "nobody gets in"},
    {AS_USER, LIBEXECDIR "/jump-shell", X_OK, 0, "sessions fail"},
    {AS_USER, SESSION_DIRECTORY, W_OK | X_OK, 0, "sessions fail"},
    {AS_USER, GRANT_DIRECTORY, W_OK | X_OK, 0,
	"nobody can ask, or approve"},
    {AS_USER, RECORD_DIRECTORY, W_OK | X_OK, NEED_RECORD,
	"what is to be recorded is refused"},
    {AS_USER, NOTICE_DIRECTORY, W_OK | X_OK, NEED_NOTIFY,
	"what somebody is to be told of is refused"},
    {AS_USER, LIBEXECDIR "/ssh_config", R_OK, 0,
	"what needs the ssh of jump-record fails"},
    {AS_USER, SSH, X_OK, 0, "what needs the ssh of jump-record fails"},
    {AS_USER, "/dev/ptmx", R_OK | W_OK, 0, "nobody has a terminal"},
    {AS_USER, "/etc/hosts", R_OK, 0, "ProxyJump takes no names"},
    {AS_USER, "/proc/1/stat", R_OK, NEED_PATHS,
	"whose a device's socket is is not known, and nobody reaches it"},
    {AS_ROOT, "/run/jump", W_OK, 0, "nothing sweeps"},
    {AS_ROOT, STATEDIR, W_OK, 0, "no load and no lock is kept"},
    {AS_ROOT, POLICY_IMAGE, W_OK, 0, "no load and no lock is kept"},
};

enum { THINGS = sizeof(things) / sizeof(things[0]) };

/*
 * Somebody else's eyes.
 */
static bool
enter(const struct eyes *e)
{
	signal(SIGALRM, SIG_DFL);
	alarm(SECONDS);
	return e->mounts == -1 || setns(e->mounts, CLONE_NEWNS) == 0;
}

/* What a child saw of a path: how much of it could be passed, and why. */
struct sight {
	int error; /* 0: all is well */
	size_t passed;
};

static struct sight
see(const char *path, int mode)
{
	char folder[PATH_MAX];
	struct sight s = {0, 0};

	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		s.passed = (size_t)(slash - path);
		snprintf(folder, sizeof(folder), "%.*s", (int)s.passed, path);
		if (faccessat(AT_FDCWD, folder, X_OK, AT_EACCESS) == -1) {
			s.error = errno;
			return s;
		}
	}
	s.passed = strlen(path);
	if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) == -1)
		s.error = errno;
	return s;
}

/*
 * True if it could be asked.  Who looks stays root but for what the kernel goes
 * by: whose eyes these are could else stop it, or end it.
 */
static bool
look_as(
    struct sight *s, const struct eyes *e, const char *path, int mode)
{
	int fds[2];
	pid_t pid;
	ssize_t got;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return false;
	pid = fork();
	if (pid == 0) {
		if (!enter(e) || setgroups(1, &e->group) == -1 ||
		    setegid(e->gid) == -1 || seteuid(e->uid) == -1)
			_exit(1);
		*s = see(path, mode);
		_exit(write(fds[1], s, sizeof(*s)) != sizeof(*s));
	}
	close(fds[1]);
	got = read(fds[0], s, sizeof(*s));
	close(fds[0]);
	return pid != -1 && waitpid(pid, NULL, 0) == pid &&
	    got == (ssize_t)sizeof(*s);
}

/*
 * What is in the way.
 */
static void
find_remedy(char buf[REMEDY_MAX], const struct eyes *e, const char *path,
    int error, int mode)
{
	if (e->mounts != -1 && access(path, mode) == 0 && error != EACCES)
		snprintf(buf, REMEDY_MAX,
		    "take out of sshd's unit what gives it mounts of its own: "
		    "ProtectSystem= and the like, systemd.exec(5)");
	else if (error == EROFS)
		snprintf(buf, REMEDY_MAX,
		    "mount it writable: findmnt -T %s", path);
	else if (error == EPERM)
		snprintf(buf, REMEDY_MAX, "chattr -ia %s", path);
	else if (strncmp(path, "/proc/", 6) == 0)
		snprintf(buf, REMEDY_MAX,
		    "mount -o remount,hidepid=0 /proc, and so in fstab(5)");
	else if (error != EACCES)
		snprintf(buf, REMEDY_MAX, "make it again, or restart");
	else if ((mode & W_OK) && strncmp(path, "/dev/", 5) != 0)
		/* Of ours, and never for all to write. */
		snprintf(buf, REMEDY_MAX, "setfacl -b %s, then: "
		    "systemd-tmpfiles --create jump.conf, or make owners",
		    path);
	else
		snprintf(buf, REMEDY_MAX, "chmod a+%s%s%s %s",
		    mode & R_OK ? "r" : "", mode & W_OK ? "w" : "",
		    mode & X_OK ? "x" : "", path);
}

static void
find_obstacle(struct doctor *d, const struct eyes *e, const struct thing *t,
    const struct sight *s)
{
	bool whole = t->path[s->passed] == '\0';
	char path[PATH_MAX], remedy[REMEDY_MAX];

	snprintf(path, sizeof(path), "%.*s", (int)s->passed, t->path);
	find_remedy(remedy, e, path, s->error, whole ? t->mode : X_OK);
	found(d, LEVEL_FAIL, NULL, NULL, remedy, "%s cannot %s %s: %s: %s",
	    e->name,
	    !whole		 ? "pass"
		: t->mode & W_OK ? "write"
		: t->mode & R_OK ? "read"
				 : "run",
	    path, strerror(s->error), t->effect);
}

/* Recordings end earlier than others: RECORD_FLOOR. */
static void
check_room(struct doctor *d, const struct thing *t)
{
	unsigned part =
	    strcmp(t->path, RECORD_DIRECTORY) == 0 ? RECORD_FLOOR : UINT_MAX;
	struct statvfs fs;

	if (!(t->mode & W_OK) || statvfs(t->path, &fs) == -1 ||
	    fs.f_blocks == 0)
		return;
	if (fs.f_bavail > 0 && fs.f_bavail >= fs.f_blocks / part &&
	    (fs.f_files == 0 ||
		(fs.f_favail > 0 && fs.f_favail >= fs.f_files / part)))
		return;
	found(d, LEVEL_FAIL, NULL, NULL, "make room there: df, and df -i",
	    "the file system of %s is full: %s", t->path, t->effect);
}

static bool
is_needed(const struct policy *p, enum need need)
{
	switch (need) {
	case NEED_RECORD:
		return policy_records(p);
	case NEED_NOTIFY:
		return policy_obligations(p) & MUST_NOTIFY;
	case NEED_PATHS:
		return policy_has_device_paths(p);
	default:
		return true;
	}
}

/* Whether one of the obstacles, of which n are known, is on the way to it. */
static bool
is_behind(const char *path, const size_t obstacles[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t size = obstacles[i];

		if (size != 0 && strncmp(path, things[i].path, size) == 0 &&
		    (path[size] == '/' || path[size] == '\0'))
			return true;
	}
	return false;
}

static void
check_things(struct doctor *d, const struct eyes eyes[RUNNERS])
{
	size_t obstacles[THINGS] = {0};

	for (size_t i = 0; i < THINGS; i++) {
		const struct thing *t = &things[i];
		const struct eyes *e = &eyes[t->runner];
		struct sight s;

		if (e->name[0] == '\0' || !is_needed(d->policy, t->need) ||
		    is_behind(t->path, obstacles, i))
			continue;
		if (!look_as(&s, e, t->path, t->mode)) {
			found(d, LEVEL_WARN, NULL, NULL, "look again",
			    "%s could not be looked at as %s", t->path,
			    e->name);
		} else if (s.error != 0) {
			find_obstacle(d, e, t, &s);
			obstacles[i] = s.passed;
		} else {
			check_room(d, t);
		}
	}
}

/*
 * Whether our programs begin: asked for nothing, each says how it is used.
 */
static const struct {
	enum runner runner;
	const char *name, *option;
	int status;
} beginners[] = {
    {AS_JUMP, "jump-authkeys", NULL, EXIT_USAGE},
    {AS_USER, "jump-shell", "--help", EXIT_USAGE},
    {AS_USER, "jump-connect", "--help", EXIT_OK},
    {AS_USER, "jump-record", "--help", EXIT_OK},
    {AS_USER, "jump-ssh", "-V", EXIT_OK},
};

/*
 * As a program of an ordinary login begins: the group comes from its file, and
 * there is no terminal, nor anything else of ours.
 */
static void __attribute__((noreturn))
begin(const struct eyes *e, const char *path, const char *option)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null != -1 && setsid() != -1 && enter(e) &&
	    setgroups(1, &e->group) == 0 && setgid(e->group) == 0 &&
	    setuid(e->uid) == 0 &&
	    syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 0) == 0)
		execle(path, path, option, (char *)NULL, (char *[]){NULL});
	_exit(127);
}

/* What the kernel does to a program that is damaged. */
static bool
is_fault(int signal)
{
	return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL ||
	    signal == SIGFPE || signal == SIGABRT || signal == SIGSYS;
}

/*
 * Its exit status, or 128 and the signal of a fault; or -1 if somebody ended
 * it: its user may do that, and stop it.
 */
static int
run_as(const struct eyes *e, const char *path, const char *option)
{
	int status = -1;
	pid_t pid = fork(), done = 0;

	if (pid == 0)
		begin(e, path, option);
	for (int i = 0; pid != -1 && done == 0; i++) {
		if (i == SECONDS * 100)
			kill(pid, SIGKILL);
		done = waitpid(pid, &status, i < SECONDS * 100 ? WNOHANG : 0);
		if (done == 0)
			usleep(10000);
	}
	if (done != pid || (WIFSIGNALED(status) && !is_fault(WTERMSIG(status))))
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void
check_beginners(struct doctor *d, const struct eyes eyes[RUNNERS])
{
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(beginners) / sizeof(beginners[0]); i++) {
		const struct eyes *e = &eyes[beginners[i].runner];
		int status;

		if (e->name[0] == '\0')
			continue;
		snprintf(path, sizeof(path), "%s/%s", LIBEXECDIR,
		    beginners[i].name);
		status = run_as(e, path, beginners[i].option);
		if (status == -1)
			found(d, LEVEL_WARN, NULL, NULL,
			    "look again; if it stays so, install it again",
			    "%s, run as %s, was ended", path, e->name);
		else if (status != beginners[i].status)
			found(d, LEVEL_FAIL, NULL, NULL, "install it again",
			    "%s is not what it should be: run as %s it fails",
			    path, e->name);
	}
}

/*
 * All of it.
 */

/* The mounts of the running sshd, or -1: they are ours. */
static int
open_mounts(long pid)
{
	struct stat ours, its;
	int process = sshd_process(pid), fd = -1;

	if (process != -1) {
		fd = openat(process, "ns/mnt", O_RDONLY | O_CLOEXEC);
		close(process);
	}
	if (fd == -1 || stat("/proc/self/ns/mnt", &ours) == -1 ||
	    fstat(fd, &its) == -1 || ours.st_ino != its.st_ino)
		return fd;
	close(fd);
	return -1;
}

static void
open_eyes(const struct doctor *d, struct eyes eyes[RUNNERS])
{
	const struct passwd *pw = getpwnam("_jump");
	struct names names = {0};
	struct account a;
	size_t i = 0;

	memset(eyes, 0, sizeof(*eyes) * RUNNERS);
	eyes[AS_ROOT] = (struct eyes){.name = "root", .mounts = -1};
	if (pw == NULL)
		return;
	eyes[AS_JUMP] = (struct eyes){"_jump", pw->pw_uid, pw->pw_gid,
	    pw->pw_gid, open_mounts(d->pid)};
	names_jump(&names, d->policy);
	while (i < names.n && !account_find(&a, names.list[i]))
		i++;
	if (i < names.n && a.uid != 0) {
		eyes[AS_USER] = (struct eyes){
		    "", a.uid, eyes[AS_JUMP].gid, a.gid,
		    eyes[AS_JUMP].mounts};
		snprintf(eyes[AS_USER].name, sizeof(eyes[AS_USER].name), "%s",
		    a.name);
	}
	if (i < names.n)
		account_free(&a);
	names_free(&names);
}

/* What is missing or has wrong modes was said, and would be once more here. */
static bool
was_said(const struct doctor *d)
{
	static const char *const before[] = {"programs", "inner ssh", "powers",
	    "image", "sessions", "notify", "log"};

	for (size_t i = 0; i < d->n; i++) {
		for (size_t k = 0; k < sizeof(before) / sizeof(before[0]); k++)
			if (d->list[i].level == LEVEL_FAIL &&
			    strcmp(d->list[i].check, before[k]) == 0)
				return true;
	}
	return false;
}

void
check_reach(struct doctor *d)
{
	struct eyes eyes[RUNNERS];
	size_t before = d->n;

	if (d->policy == NULL || was_said(d))
		return;
	open_eyes(d, eyes);
	check_things(d, eyes);
	if (d->n == before)
		check_beginners(d, eyes);
	if (eyes[AS_JUMP].mounts > 0)
		close(eyes[AS_JUMP].mounts);
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "what runs as _jump and as users reaches what it needs");
}
