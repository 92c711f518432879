/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: files, programs, and what the machine has to offer.
 */
#include "doctor.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
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
#include "openssh.h"
#include "program.h"
#include "record.h"
#include "session.h"
#include "swept.h"

enum { REMEDY_MAX = 512 };

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
 * sshd.
 */

/* What is known of this version of it. */
static void
check_version(struct doctor *d, const char *version)
{
	struct openssh v;

	if (!openssh_find(&v, version)) {
		found(d, LEVEL_WARN, NULL, NULL, "sshd -V",
		    "sshd does not say its version: its traps are not known");
		return;
	}
	if (!openssh_known(&v))
		found(d, LEVEL_WARN, NULL, NULL,
		    "sshd of another version, or jump of a later one",
		    "OpenSSH %u.%u is not one of %s, which were looked at",
		    v.major, v.minor, openssh_range());
	check_traps(d, &v);
}

static void
refused(struct doctor *d, const char *why)
{
	if (why == NULL && errno == ETIMEDOUT)
		found(d, LEVEL_FAIL, NULL, NULL,
		    "sshd -ddd -t: its last line names the file that it waits "
		    "for",
		    "sshd does not read its configuration to the end in %d "
		    "seconds",
		    PROGRAM_SECONDS);
	else
		found(d, LEVEL_FAIL, NULL, NULL,
		    "sshd -t, and mend what it says",
		    "sshd refuses its configuration: %.*s",
		    why == NULL ? 0 : (int)strcspn(why, "\r\n"),
		    why == NULL ? "" : why);
}

void
check_sshd(struct doctor *d)
{
	struct sshd_answer answer;
	char version[64], *why;

	if (d->sshd.path == NULL)
		d->sshd.path = sshd_find();
	if (d->sshd.path == NULL) {
		found(d, LEVEL_FAIL, NULL, NULL,
		    "install it, or give its path with --sshd", "no sshd");
		return;
	}
	if (!sshd_valid(&d->sshd, &why)) {
		refused(d, why);
		free(why);
		d->sshd.path = NULL;
		return;
	}
	if (sshd_ask(&d->sshd, "root", &answer) == -1) {
		found(d, LEVEL_FAIL, NULL, NULL, "sshd -T",
		    "sshd does not tell its configuration");
		d->sshd.path = NULL;
		return;
	}
	sshd_version(&answer, version, sizeof(version));
	found(
	    d, LEVEL_OK, NULL, NULL, NULL, "%s, configuration valid", version);
	check_version(d, version);
	check_sources(d, &answer);
	check_where(d, &answer);
	check_running(d, &answer);
	sshd_answer_free(&answer);
}

/*
 * Programs.
 */
static const struct {
	const char *name, *group; /* NULL: it is not setgid */
} programs[] = {{"jump-authkeys", NULL}, {"jump-shell", "_jump"},
    {"jump-connect", "_jump"}, {"jump-record", "_jump"},
    {"jump-ssh", "_jump-ssh"}};

enum { PROGRAMS = sizeof(programs) / sizeof(programs[0]) };

static bool
is_program(const char *name)
{
	for (size_t i = 0; i < PROGRAMS; i++) {
		if (strcmp(name, programs[i].name) == 0)
			return true;
	}
	return false;
}

static void
check_group(struct doctor *d, const char *path, const char *group)
{
	const struct group *gr = getgrnam(group);
	char remedy[2 * PATH_MAX + 64];
	struct stat st;

	if (gr == NULL) {
		found(d, LEVEL_FAIL, NULL, NULL,
		    "make accounts, or systemd-sysusers",
		    "there is no group %s", group);
		return;
	}
	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
	    ((st.st_mode & S_ISGID) && st.st_gid == gr->gr_gid))
		return;
	snprintf(remedy, sizeof(remedy), "chgrp %s %s && chmod 2755 %s", group,
	    path, path);
	found(d, LEVEL_FAIL, NULL, NULL, remedy,
	    "%s is not setgid %s: sessions exit %d", path, group,
	    strcmp(group, "_jump") == 0 ? EXIT_POLICY : EXIT_INTERNAL);
}

/* Of one of ours, or of a stranger. */
static void
check_bits(struct doctor *d, const char *path, bool setgid, bool ours)
{
	char remedy[REMEDY_MAX];
	struct stat st;

	if (stat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return;
	if ((st.st_mode & S_ISUID) || (!setgid && (st.st_mode & S_ISGID))) {
		snprintf(remedy, sizeof(remedy), "chmod %s %s",
		    setgid ? "u-s" : "ug-s", path);
		found(d, LEVEL_FAIL, NULL, NULL, remedy,
		    "%s is %s, and has no need of it", path,
		    st.st_mode & S_ISUID ? "setuid" : "setgid");
	}
	if (ours && (st.st_mode & 0111) != 0111) {
		snprintf(remedy, sizeof(remedy), "chmod a+x %s", path);
		found(d, LEVEL_FAIL, NULL, NULL, remedy,
		    "%s cannot be run by everybody (mode %o)", path,
		    st.st_mode & 07777);
	}
}

static void
check_mount(struct doctor *d)
{
	struct statvfs fs;

	if (statvfs(LIBEXECDIR, &fs) == -1)
		return;
	if (fs.f_flag & ST_NOSUID)
		found(d, LEVEL_FAIL, NULL, NULL, "mount it without nosuid",
		    "%s is mounted nosuid: sessions exit 70", LIBEXECDIR);
	if (fs.f_flag & ST_NOEXEC)
		found(d, LEVEL_FAIL, NULL, NULL, "mount it without noexec",
		    "%s is mounted noexec: no program of it runs", LIBEXECDIR);
}

/*
 * Whoever can read its file could debug it from its first instruction on, as
 * the same user: the program of keys-from.
 */
static void
check_unreadable(struct doctor *d, const char *path)
{
	char remedy[PATH_MAX + 64];
	struct stat st;

	if (stat(path, &st) == -1 || !(st.st_mode & (S_IRGRP | S_IROTH)))
		return;
	snprintf(remedy, sizeof(remedy), "chmod 711 %s", path);
	found(d, LEVEL_WARN, NULL, NULL, remedy,
	    "%s can be read by others: what else runs as _jump can change "
	    "what it says",
	    path);
}

/* What else lies there must not have a group. */
static void
check_strangers(struct doctor *d)
{
	DIR *dir = opendir(LIBEXECDIR);
	const struct dirent *entry;
	char path[PATH_MAX];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		snprintf(
		    path, sizeof(path), "%s/%s", LIBEXECDIR, entry->d_name);
		if (!is_program(entry->d_name))
			check_bits(d, path, false, false);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
check_program(struct doctor *d, const char *name, const char *group)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", LIBEXECDIR, name);
	safe_path(d, path);
	if (group != NULL)
		check_group(d, path, group);
	else
		check_unreadable(d, path);
	check_bits(d, path, group != NULL, true);
}

void
check_programs(struct doctor *d)
{
	size_t before = d->n;

	if (getgrnam("_jump") == NULL || getpwnam("_jump") == NULL) {
		found(d, LEVEL_FAIL, NULL, NULL,
		    "make accounts, or systemd-sysusers",
		    "there is no user or no group _jump");
		return;
	}
	for (size_t i = 0; i < PROGRAMS; i++)
		check_program(d, programs[i].name, programs[i].group);
	check_strangers(d);
	check_mount(d);
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "programs are root's, and setgid _jump where they must be");
}

/*
 * The ticket-program.
 */

/* It is run with the uid of a user, and with our group. */
void
check_tickets(struct doctor *d)
{
	const struct group *gr = getgrnam("_jump");
	const char *path;
	struct stat st;
	int fd;

	if (d->policy == NULL || policy_meta(d->policy)->ticket_program == 0)
		return;
	path = policy_string(
	    d->policy, policy_meta(d->policy)->ticket_program);
	fd = program_open(path, 0);
	if (fd == -1) {
		found(d, LEVEL_FAIL, NULL, NULL,
		    "chown root and chmod go-w it and each folder above; no "
		    "symbolic links",
		    "ticket-program: %s is not an executable file of root's "
		    "alone: tickets are refused",
		    path);
		return;
	}
	if (fstat(fd, &st) == 0 && !(st.st_mode & S_IXOTH) &&
	    !(gr != NULL && st.st_gid == gr->gr_gid && (st.st_mode & S_IXGRP)))
		found(d, LEVEL_FAIL, NULL, NULL,
		    "chgrp _jump and chmod 750, or chmod 755",
		    "ticket-program: %s cannot be executed by the group "
		    "_jump: tickets are refused",
		    path);
	else
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "tickets: %s is root's alone", path);
	close(fd);
}

/*
 * Other programs that the policy names.
 */
static bool
check_helper(
    struct doctor *d, const char *setting, uint32_t name, const char *effect)
{
	const char *path = policy_string(d->policy, name);
	int fd = name == 0 ? -1 : program_open(path, 0);

	if (fd != -1)
		close(fd);
	if (fd == -1 && name != 0)
		found(d, LEVEL_FAIL, NULL, NULL,
		    "chown root and chmod go-w it and each folder above; no "
		    "symbolic links",
		    "%s: %s is not an executable file of root's alone: %s",
		    setting, path, effect);
	return fd != -1 || name == 0;
}

void
check_helpers(struct doctor *d)
{
	const struct policy_meta *m;
	bool keys, notify;

	if (d->policy == NULL)
		return;
	m = policy_meta(d->policy);
	keys = check_helper(d, "keys-from", m->keys_from,
	    "whose keys it has do not get in");
	notify = check_helper(
	    d, "notify-program", m->notify_program, "nobody is told");
	if (keys && notify && (m->keys_from != 0 || m->notify_program != 0))
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "programs that the policy names are root's alone");
}

/*
 * The powerless groups.
 */
static const struct {
	const char *name, *power;
} powers[] = {{"_jump", "reads the policy, and passes the firewall"},
    {"_jump-ssh", "can trace the ssh of recorded sessions"},
    {NOTIFY_ACCOUNT, "speaks for notifications"}};

static void
check_nobody(struct doctor *d, const char *group, const char *power)
{
	struct names names = {0};
	char remedy[64];

	snprintf(remedy, sizeof(remedy), "gpasswd -d NAME %s", group);
	names_members(&names, group);
	for (size_t i = 0; i < names.n; i++) {
		if (strcmp(names.list[i], group) != 0)
			found(d, LEVEL_FAIL, names.list[i], NULL, remedy,
			    "in the group %s: %s", group, power);
	}
	names_free(&names);
}

void
check_powers(struct doctor *d)
{
	size_t before = d->n;
	struct account a;

	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++)
		check_nobody(d, powers[i].name, powers[i].power);
	if (account_find(&a, "_jump")) {
		if (a.ngroups != 1 || a.uid == 0)
			found(d, LEVEL_FAIL, NULL, NULL,
			    "usermod -g _jump -G '' _jump",
			    "the user _jump is in other groups than its own");
		account_free(&a);
	}
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "nobody is a member of _jump");
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

	if (sessions && logins && records && requests &&
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
