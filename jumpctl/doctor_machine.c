/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: files, and what the machine has to offer.
 */
#include "doctor.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "grant.h"
#include "login.h"
#include "notify.h"
#include "record.h"
#include "session.h"
#include "swept.h"

/*
 * Paths.
 */
static bool
safe_step(struct doctor *d, const char *path)
{
	char remedy[PATH_MAX + 64];
	struct stat st;

	if (lstat(path, &st) == -1) {
		found(d, LEVEL_FAIL, NULL, NULL, "install it again", "%s: %s",
		    path, strerror(errno));
		return false;
	}
	if (st.st_uid != 0) {
		snprintf(remedy, sizeof(remedy), "chown root %s", path);
		found(d, LEVEL_FAIL, NULL, NULL, remedy,
		    "%s belongs to uid %u, not to root", path, st.st_uid);
		return false;
	}
	if (st.st_mode & (S_IWGRP | S_IWOTH)) {
		snprintf(remedy, sizeof(remedy), "chmod go-w %s", path);
		found(d, LEVEL_FAIL, NULL, NULL, remedy,
		    "%s is writable by group or others (mode %o)", path,
		    st.st_mode & 07777);
		return false;
	}
	return true;
}

bool
safe_path(struct doctor *d, const char *path)
{
	char *real = realpath(path, NULL), *slash;
	bool safe = true;

	if (real == NULL)
		return safe_step(d, path);
	while ((slash = strrchr(real, '/')) != NULL) {
		safe = safe_step(d, *real == '\0' ? "/" : real) && safe;
		if (slash == real && slash[1] == '\0')
			break;
		slash[slash == real] = '\0';
	}
	free(real);
	return safe;
}

/*
 * The policy, as text and as image.
 */
static bool
safe_fragments(struct doctor *d)
{
	DIR *dir = opendir(POLICY_DIR);
	const struct dirent *entry;
	char path[PATH_MAX];
	bool safe = true;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		const char *dot = strrchr(entry->d_name, '.');

		if (entry->d_name[0] == '.' || dot == NULL ||
		    strcmp(dot, ".conf") != 0)
			continue;
		snprintf(
		    path, sizeof(path), "%s/%s", POLICY_DIR, entry->d_name);
		safe = safe_step(d, path) && safe;
	}
	if (dir != NULL)
		closedir(dir);
	return safe;
}

/* The policy as text, which says nothing of /etc/hosts. */
static char *
text_of(const struct policy *p)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);
	int printed = f == NULL ? -1 : policy_print(p, f);

	if (f == NULL || fclose(f) != 0 || printed == -1)
		err(EXIT_INTERNAL, NULL);
	return text;
}

static bool
same_policy(const struct policy *a, const struct policy *b)
{
	char *x = text_of(a), *y = text_of(b);
	bool same = strcmp(x, y) == 0;

	free(x);
	free(y);
	return same;
}

void
check_policy(struct doctor *d)
{
	struct sources s;
	struct policy_report report = {0};
	struct policy *p = NULL;

	if (access(POLICY_FILE, F_OK) == -1 && errno == ENOENT) {
		found(d, LEVEL_FAIL, NULL, NULL,
		    "restore it, or: jumpctl init --output " POLICY_FILE
		    "; then jumpctl load",
		    "there is no %s", POLICY_FILE);
		return;
	}
	if (!safe_path(d, POLICY_FILE) || !safe_path(d, POLICY_DIR) ||
	    !safe_fragments(d))
		return;
	if (sources_system(&s) == 0)
		p = policy_parse(s.list, s.n, &report);
	sources_free(&s);
	if (p == NULL)
		found(d, LEVEL_FAIL, NULL, NULL, "jumpctl check",
		    "the text of the policy has %zu error%s: it cannot be "
		    "loaded",
		    report.errors, report.errors == 1 ? "" : "s");
	else if (d->policy != NULL && !same_policy(p, d->policy))
		found(d, LEVEL_WARN, NULL, NULL, "jumpctl load",
		    "the text of the policy is not what is in force");
	else
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "the text of the policy is root's, and without errors");
	policy_report_clear(&report);
	policy_free(p);
}

/* Whether _jump can open the image; a child looks as that user. */
static bool
readable_by_jump(void)
{
	const struct passwd *pw = getpwnam("_jump");
	int status = -1;
	pid_t pid = pw == NULL ? -1 : fork();

	if (pid == 0) {
		if (setgroups(0, NULL) == -1 || setgid(pw->pw_gid) == -1 ||
		    setuid(pw->pw_uid) == -1)
			_exit(1);
		_exit(open(POLICY_IMAGE, O_RDONLY | O_CLOEXEC) == -1);
	}
	return pid != -1 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void
check_image_modes(struct doctor *d)
{
	struct stat st;

	if (access(STATEDIR "/" LOCKS, F_OK) == 0)
		safe_path(d, STATEDIR "/" LOCKS);
	if (!safe_path(d, POLICY_IMAGE))
		return;
	if (stat(POLICY_IMAGE, &st) == 0 && (st.st_mode & S_IROTH))
		found(d, LEVEL_FAIL, NULL, NULL, "chmod 640 " POLICY_IMAGE,
		    "%s is readable by everybody", POLICY_IMAGE);
	if (stat(STATEDIR, &st) == 0 && (st.st_mode & (S_IRGRP | S_IRWXO)))
		found(d, LEVEL_WARN, NULL, NULL, "chmod 710 " STATEDIR,
		    "%s can be opened by others (mode %o): they can hold up "
		    "jumpctl lock",
		    STATEDIR, st.st_mode & 07777);
	if (!readable_by_jump())
		found(d, LEVEL_FAIL, NULL, NULL,
		    "chgrp _jump " STATEDIR " " POLICY_IMAGE
		    "; chmod 710 " STATEDIR "; chmod 640 " POLICY_IMAGE,
		    "_jump cannot read %s: nobody gets in", POLICY_IMAGE);
}

void
check_image(struct doctor *d)
{
	struct policy *p;
	enum policy_error error = policy_open(POLICY_IMAGE, 0, &p);
	size_t before = d->n;
	char when[32];
	time_t at;
	struct tm tm;

	if (error == POLICY_MISSING) {
		found(d, LEVEL_FAIL, NULL, NULL, "jumpctl load",
		    "no policy is loaded: nobody of the group jump gets in");
		return;
	}
	check_image_modes(d);
	if (error != POLICY_OK && error != POLICY_UNSAFE)
		found(d, LEVEL_FAIL, NULL, NULL, "jumpctl load", "%s: %s",
		    POLICY_IMAGE, policy_strerror(error));
	if (error != POLICY_OK)
		return;
	if (!policy_verify(p))
		found(d, LEVEL_FAIL, NULL, NULL, "jumpctl load", "%s: damaged",
		    POLICY_IMAGE);
	else if (!decide_zone(p))
		found(d, LEVEL_FAIL, NULL, NULL, "install tzdata",
		    "the policy's time zone is not on this machine: nobody "
		    "gets in");
	unsetenv("TZ");
	tzset();
	at = (time_t)p->loaded_at;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M", localtime_r(&at, &tm));
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "the policy in force was loaded %s, by %s", when,
		    p->loaded_by);
	policy_free(p);
}

/* Names that ProxyJump cannot use. */
static size_t
names_missing(const struct policy *p)
{
	size_t missing = 0;

	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		const struct policy_target *t = policy_target(p, i);

		if (t->kind == TARGET_HOST ||
		    (t->kind == TARGET_DEVICE && t->path == 0))
			missing += !(t->flags & TARGET_RESOLVES);
	}
	return missing;
}

void
check_names(struct doctor *d)
{
	static const char remedy[] =
	    "put what jumpctl export hosts prints into /etc/hosts, then "
	    "jumpctl load";
	size_t missing;

	if (d->policy == NULL)
		return;
	missing = names_missing(d->policy);
	if (d->policy->hosts_changed != policy_hosts_changed())
		found(d, LEVEL_WARN, NULL, NULL, "jumpctl load",
		    "/etc/hosts has changed since the last load: ProxyJump "
		    "takes no names");
	else if (missing > 0)
		found(d, LEVEL_WARN, NULL, NULL, remedy,
		    "ProxyJump reaches %zu target%s only by address", missing,
		    missing == 1 ? "" : "s");
	else
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "/etc/hosts is as the last load found it");
}

/*
 * The registry of sessions, and the notes about logins.
 */
static bool
check_folder(struct doctor *d, const char *path, mode_t mode)
{
	static const char remedy[] =
	    "systemd-tmpfiles --create jump.conf, or make owners";
	const struct group *gr = getgrnam("_jump");
	struct stat st;

	if (lstat(path, &st) == -1)
		found(d, LEVEL_FAIL, NULL, NULL, remedy, "%s: %s", path,
		    strerror(errno));
	else if (!S_ISDIR(st.st_mode) || gr == NULL || st.st_uid != 0 ||
	    st.st_gid != gr->gr_gid || (st.st_mode & 07777) != mode)
		found(d, LEVEL_FAIL, NULL, NULL, remedy,
		    "%s is not a folder of root and _jump with mode %o", path,
		    (unsigned int)mode);
	else
		return true;
	return false;
}

void
check_sessions(struct doctor *d)
{
	bool sessions = check_folder(d, SESSION_DIRECTORY, 01730);
	bool logins = check_folder(d, LOGIN_DIRECTORY, 01770);
	bool records = check_folder(d, RECORD_DIRECTORY, 01730);
	bool requests = check_folder(d, GRANT_DIRECTORY, 03773);

	if (sessions && check_registry(d) && logins && records && requests &&
	    safe_path(d, "/run/jump"))
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "live sessions, logins, records and requests have their "
		    "folders");
}

void
check_sweeps(struct doctor *d)
{
	static const char remedy[] =
	    "systemctl enable --now jump-sweep.timer, or see SWEEPS in "
	    "jumpctl(8)";
	bool matters = d->policy != NULL && policy_ends_forward(d->policy);

	if (swept_lately(SWEPT_FILE, 0, time(NULL)))
		found(d, LEVEL_OK, NULL, NULL, NULL, "jumpctl sweep runs");
	else
		found(d, matters ? LEVEL_FAIL : LEVEL_WARN, NULL, NULL, remedy,
		    "no sweep in the last %d seconds: %s", SWEPT_SECONDS,
		    matters ? "forward grants nothing that ends, and what has "
			      "ended stays open"
			    : "logins under way at a load are not judged "
			      "again");
}

/*
 * Notifications.
 */
enum { PATIENCE_S = 300 };

/* How many wait for longer than that, and since when the first does. */
static size_t
count_waiting(time_t *since)
{
	int dir = open(NOTICE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct passwd *pw = getpwnam("_jump");
	uid_t gate = pw == NULL ? (uid_t)-1 : pw->pw_uid;
	time_t now = time(NULL);
	struct events events;
	struct event_text t;
	size_t n = 0;

	if (dir == -1 || events_list(&events, dir, 0) == -1)
		return 0;
	for (size_t i = 0; i < events.n; i++) {
		if (event_read(&t, dir, &events.list[i], gate) == -1 ||
		    now - t.time < PATIENCE_S)
			continue;
		if (n++ == 0 || t.time < *since)
			*since = t.time;
	}
	events_free(&events);
	close(dir);
	return n;
}

static bool
check_waiting(struct doctor *d)
{
	char when[32];
	struct tm tm;
	time_t since;
	size_t n = count_waiting(&since);

	if (n == 0)
		return true;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M",
	    localtime_r(&since, &tm));
	found(d, LEVEL_WARN, NULL, NULL,
	    "jumpctl notify, which says why; see NOTIFICATIONS in jumpctl(8)",
	    "%zu notification%s, since %s: nobody has been told", n,
	    n == 1 ? " waits" : "s wait", when);
	return false;
}

void
check_notify(struct doctor *d)
{
	bool good;

	if (d->policy == NULL ||
	    !(policy_obligations(d->policy) & MUST_NOTIFY))
		return;
	good = check_folder(d, NOTICE_PARENT, 0710) &&
	    check_folder(d, NOTICE_DIRECTORY, 03733) &&
	    safe_path(d, NOTICE_PARENT);
	if (policy_meta(d->policy)->notify_program != 0 &&
	    getpwnam(NOTIFY_ACCOUNT) == NULL) {
		found(d, LEVEL_FAIL, NULL, NULL, "systemd-sysusers jump.conf, "
		    "or make accounts", "there is no account " NOTIFY_ACCOUNT
		    ": notify-program is not run");
		good = false;
	}
	if (check_waiting(d) && good)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "whom notify tells are told");
}

/*
 * The machine.
 */
void
check_kernel(struct doctor *d)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;
	bool seccomp =
	    syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
	bool close_range = syscall(SYS_close_range, UINT_MAX, UINT_MAX, 0) == 0;

	if (!seccomp)
		found(d, LEVEL_FAIL, NULL, NULL,
		    "a kernel with CONFIG_SECCOMP_FILTER",
		    "no seccomp: jump-authkeys and jump-connect refuse to run");
	if (!close_range)
		found(d, LEVEL_FAIL, NULL, NULL, "Linux 5.9 or later",
		    "no close_range: no program runs");
	if (seccomp && close_range)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "the kernel has seccomp and close_range");
}

/* jump-record, jump-ssh and the keepers stand on it: docs/security.md. */
void
check_dumpable(struct doctor *d)
{
	FILE *f = fopen("/proc/sys/fs/suid_dumpable", "re");
	int value = -1;

	if (f != NULL && fscanf(f, "%d", &value) != 1)
		value = -1;
	if (f != NULL)
		fclose(f);
	if (value == 0 || value == 2)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "users cannot trace what runs with a group of ours");
	else
		found(d, LEVEL_FAIL, NULL, NULL, "sysctl fs.suid_dumpable=0",
		    "fs.suid_dumpable is %d: users can trace what runs with a "
		    "group of ours, and go around recordings",
		    value);
}
