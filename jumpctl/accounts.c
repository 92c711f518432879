/* SPDX-License-Identifier: ISC */
/*
 * Accounts and groups, as the machine knows them (NSS).
 */
#include "doctor.h"

#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"

const char *const ranks[] = {"sudo", "wheel", NULL};
const char *const ladders[] = {
    "docker", "lxd", "incus-admin", "libvirt", "disk", "kmem", NULL};

enum { GROUPS_MAX = 65536, READ_SECONDS = 10, PATTERN_MAX = 256 };

static int
by_number(const void *a, const void *b)
{
	const unsigned *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static char *
own(const char *text)
{
	char *copy = strdup(text == NULL ? "" : text);

	if (copy == NULL)
		err(EXIT_INTERNAL, NULL);
	return copy;
}

static void
find_groups(struct account *a)
{
	int room = 0;

	a->ngroups = 64;
	do {
		room = a->ngroups < GROUPS_MAX ? a->ngroups : GROUPS_MAX;
		a->groups = reallocarray(
		    a->groups, (size_t)room, sizeof(*a->groups));
		if (a->groups == NULL)
			err(EXIT_INTERNAL, NULL);
		a->ngroups = room;
	} while (getgrouplist(a->name, a->gid, a->groups, &a->ngroups) == -1 &&
	    room < GROUPS_MAX);
	if (a->ngroups > room)
		a->ngroups = room; /* the kernel has no room for more either */
	qsort(a->groups, (size_t)a->ngroups, sizeof(*a->groups), by_number);
}

bool
account_find(struct account *a, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	memset(a, 0, sizeof(*a));
	if (pw == NULL)
		return false;
	a->name = own(pw->pw_name);
	a->home = own(pw->pw_dir);
	a->shell = own(pw->pw_shell);
	a->uid = pw->pw_uid;
	a->gid = pw->pw_gid;
	find_groups(a);
	return true;
}

void
account_free(struct account *a)
{
	free(a->name);
	free(a->home);
	free(a->shell);
	free(a->groups);
	memset(a, 0, sizeof(*a));
}

/* What a % and this character stand for; NULL: nothing. */
static const char *
token(const struct account *a, const char *home, char c, char number[16])
{
	switch (c) {
	case 'h':
		return home;
	case 'u':
		return a->name;
	case 'U':
		snprintf(number, 16, "%u", a->uid);
		return number;
	case '%':
		return "%";
	default:
		return NULL;
	}
}

bool
account_path(const struct account *a, const char *word, char *buf, size_t size)
{
	char *home = realpath(a->home, NULL), number[16];
	size_t used = 0;

	if (home == NULL)
		home = own(a->home);
	if (*word != '/' && strncmp(word, "%h", 2) != 0)
		used = (size_t)snprintf(buf, size, "%s/", home);
	for (; *word != '\0' && used < size; word++) {
		const char *put = NULL;

		if (*word == '%')
			put = token(a, home, *++word, number);
		if (*word == '\0')
			break;
		used += (size_t)snprintf(buf + used, size - used, "%.*s",
		    put == NULL ? 1 : (int)strlen(put),
		    put == NULL ? word : put);
	}
	free(home);
	return used > 0 && used < size && *buf == '/';
}

static bool
account_may(const struct account *a, const char *path, int mode)
{
	int status;
	pid_t pid = fork();

	/*
	 * By its effective ids: whose account it is could else stop it, or hold
	 * it in a file system of their own, fuse(4), where no signal ends it.
	 */
	if (pid == 0) {
		signal(SIGALRM, SIG_DFL);
		alarm(READ_SECONDS);
		if (setgroups((size_t)a->ngroups, a->groups) == -1 ||
		    setegid(a->gid) == -1 || seteuid(a->uid) == -1)
			_exit(1);
		_exit(faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 ? 0 : 1);
	}
	if (pid == -1 || waitpid(pid, &status, 0) != pid)
		err(EXIT_INTERNAL, NULL);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool
account_reads(const struct account *a, const char *path)
{
	return account_may(a, path, R_OK);
}

bool
account_enters(const struct account *a)
{
	return account_may(a, a->home, X_OK);
}

bool
account_has(const struct account *a, unsigned gid)
{
	return bsearch(&gid, a->groups, (size_t)a->ngroups, sizeof(*a->groups),
		   by_number) != NULL;
}

bool
account_in(const struct account *a, const char *group)
{
	const struct group *gr = getgrnam(group);

	return gr != NULL && account_has(a, gr->gr_gid);
}

bool
account_in_policy(const struct policy *p, const char *name, bool *shared)
{
	uint32_t user = p == NULL ? POLICY_NONE : policy_find_user(p, name);
	const struct policy_user *u;

	*shared = p != NULL && policy_account_shared(p, name);
	if (*shared || user == POLICY_NONE)
		return *shared;
	u = policy_user(p, user);
	return !(u->flags & USER_DEVICE) &&
	    strcmp(policy_string(p, u->account), name) == 0;
}

/*
 * AllowUsers and its like.
 */

/*
 * Whether a pattern, or one of the patterns of a value, matches.  What stands
 * behind an @ depends on the client's address: hosts says whether to think
 * that it matches.
 */
static bool
name_matches(const char *value, const char *name, bool hosts)
{
	char pattern[PATTERN_MAX];
	const char *at;

	if (strlen(value) >= sizeof(pattern))
		return hosts;
	strcpy(pattern, value);
	at = strrchr(pattern, '@');
	if (at != NULL && !hosts)
		return false;
	if (at != NULL)
		pattern[at - pattern] = '\0';
	return sshd_pattern(pattern, name);
}

static bool
group_matches(const struct account *a, const char *value)
{
	for (int i = 0; i < a->ngroups; i++) {
		const struct group *gr = getgrgid(a->groups[i]);

		if (gr != NULL && sshd_pattern(value, gr->gr_name))
			return true;
	}
	return false;
}

enum match { MATCH_NO_LIST, MATCH_NONE, MATCH_ONE };

static enum match
look_in(const struct account *a, const struct sshd_answer *answer,
    const char *keyword, bool groups, bool hosts)
{
	char value[PATTERN_MAX];
	enum match result = MATCH_NO_LIST;

	for (unsigned n = 0;
	     sshd_value(answer, keyword, n, value, sizeof(value)); n++) {
		result = MATCH_NONE;
		if (groups ? group_matches(a, value)
			   : name_matches(value, a->name, hosts))
			return MATCH_ONE;
	}
	return result;
}

const char *
account_kept_out(const struct account *a, const struct sshd_answer *answer)
{
	if (look_in(a, answer, "DenyUsers", false, false) == MATCH_ONE)
		return "DenyUsers";
	if (look_in(a, answer, "AllowUsers", false, true) == MATCH_NONE)
		return "AllowUsers";
	if (look_in(a, answer, "DenyGroups", true, false) == MATCH_ONE)
		return "DenyGroups";
	if (look_in(a, answer, "AllowGroups", true, true) == MATCH_NONE)
		return "AllowGroups";
	return NULL;
}

bool
account_revokes(const struct sshd_answer *answer, char *file, size_t size)
{
	return !sshd_value(answer, "RevokedKeys", 0, file, size) ||
	    strcmp(file, "none") == 0 || access(file, R_OK) == 0;
}

/*
 * Passwords, which PAM judges whatever somebody logs in with: pam_unix(8).
 */

/* A directory's accounts have no line anywhere. */
static bool
is_local(const char *name)
{
	FILE *f = fopen("/etc/passwd", "re");
	const struct passwd *pw = NULL;

	while (f != NULL && (pw = fgetpwent(f)) != NULL) {
		if (strcmp(pw->pw_name, name) == 0)
			break;
	}
	if (f != NULL)
		fclose(f);
	return pw != NULL && strcmp(pw->pw_passwd, "x") == 0;
}

enum shut
account_shut(const char *name)
{
	const struct spwd *sp = getspnam(name);
	long today = (long)(time(NULL) / 86400);

	if (sp == NULL)
		return is_local(name) ? SHUT_MISSING : SHUT_NOT;
	if (sp->sp_expire >= 0 && sp->sp_expire <= today)
		return SHUT_EXPIRED;
	if (sp->sp_lstchg == 0 || (sp->sp_lstchg > 0 && sp->sp_max >= 0 &&
				      today - sp->sp_lstchg >= sp->sp_max))
		return SHUT_PASSWORD;
	return SHUT_NOT;
}

/*
 * Lists of names.
 */
void
names_add(struct names *names, const char *name)
{
	names->list =
	    reallocarray(names->list, names->n + 1, sizeof(*names->list));
	if (names->list == NULL)
		err(EXIT_INTERNAL, NULL);
	names->list[names->n++] = own(name);
}

void
names_members(struct names *names, const char *group)
{
	const struct group *gr = getgrnam(group);
	const struct passwd *pw;
	gid_t gid;

	if (gr == NULL)
		return;
	gid = gr->gr_gid;
	for (char **m = gr->gr_mem; *m != NULL; m++)
		names_add(names, *m);
	setpwent();
	while ((pw = getpwent()) != NULL) {
		if (pw->pw_gid == gid)
			names_add(names, pw->pw_name);
	}
	endpwent();
}

static int
by_name(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

void
names_sort(struct names *names)
{
	size_t kept = 0;

	if (names->n > 0)
		qsort(names->list, names->n, sizeof(*names->list), by_name);
	for (size_t i = 0; i < names->n; i++) {
		if (kept > 0 &&
		    strcmp(names->list[kept - 1], names->list[i]) == 0)
			free(names->list[i]);
		else
			names->list[kept++] = names->list[i];
	}
	names->n = kept;
}

void
names_jump(struct names *names, const struct policy *p)
{
	names_members(names, "jump");
	for (uint32_t i = 0; p != NULL && i < p->table[PT_USERS].n; i++) {
		const struct policy_user *u = policy_user(p, i);

		if (!(u->flags & USER_DEVICE))
			names_add(names, policy_string(p, u->account));
	}
	names_sort(names);
}

void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	free(names->list);
	memset(names, 0, sizeof(*names));
}
