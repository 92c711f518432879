/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: programs, ours and those that the policy names, and the
 * groups that give them their power.
 */
#include "doctor.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "notify.h"
#include "program.h"

enum { REMEDY_MAX = 512 };

/*
 * Ours.
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

/* Who is in them, also by their numbers alone, as a directory may say it. */
static void
names_in(struct names in[POWERS], const struct policy *p)
{
	struct names jump = {0};

	for (int i = 0; i < POWERS; i++)
		names_members(&in[i], powers[i].group);
	names_jump(&jump, p);
	for (size_t i = 0; i < jump.n; i++) {
		struct account a;

		if (!account_find(&a, jump.list[i]))
			continue;
		for (int k = 0; k < POWERS; k++) {
			if (account_in(&a, powers[k].group))
				names_add(&in[k], a.name);
		}
		account_free(&a);
	}
	names_free(&jump);
}

static void
check_nobody(struct doctor *d, struct names *names, const struct power *p)
{
	char remedy[64];

	snprintf(remedy, sizeof(remedy), "gpasswd -d NAME %s", p->group);
	names_sort(names);
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->list[i], p->group) != 0)
			found(d, LEVEL_FAIL, names->list[i], NULL, remedy,
			    "in the group %s: %s", p->group, p->gives);
	}
	names_free(names);
}

void
check_powers(struct doctor *d)
{
	size_t before = d->n;
	struct names in[POWERS] = {0};
	struct account a;

	names_in(in, d->policy);
	for (int i = 0; i < POWERS; i++)
		check_nobody(d, &in[i], &powers[i]);
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
