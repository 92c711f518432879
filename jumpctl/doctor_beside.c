/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: what sshd -T does not tell, as it stands in no file of
 * sshd_config(5).
 */
#include "doctor.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"

enum { LINE_SIZE = 1024, PLACE_MAX = 64, PATH_SIZE = 64 };

#define ALLOW "/etc/hosts.allow"
#define DENY  "/etc/hosts.deny"
#define RC    "/etc/ssh/sshrc"

/*
 * Files for all users: nologin(5), pam_nologin(8); sshd(8), SSHRC.
 */
static void
check_nologin(struct doctor *d)
{
	static const char *const files[] = {"/etc/nologin", "/run/nologin"};
	char remedy[32];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(remedy, sizeof(remedy), "rm %s", files[i]);
		if (access(files[i], F_OK) == 0)
			found(d, LEVEL_FAIL, NULL, NULL, remedy,
			    "%s is there: nobody but root gets in", files[i]);
	}
}

/* PermitUserRC is about those of users, and ForceCommand about none. */
static void
check_rc(struct doctor *d)
{
	if (access(RC, F_OK) == 0)
		found(d, LEVEL_WARN, NULL, NULL,
		    "mv it away: pam_exec(8) can do as much for administrators",
		    RC " is there: sshd runs it in each session before "
		       "jump-shell, and what it prints is in the user's stream");
}

/*
 * hosts_access(5), for an sshd that is built with it, as Debian's.
 */
static bool
has_word(const char *list, size_t size, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= size; i++) {
		if (strncmp(list + i, word, n) == 0 &&
		    (i == 0 || strchr(" \t,", list[i - 1]) != NULL) &&
		    (i + n == size || strchr(" \t,:", list[i + n]) != NULL))
			return true;
	}
	return false;
}

/* The line of the file that is about sshd and, perhaps, all clients; or 0. */
static unsigned
find_line(const char *path, bool everybody)
{
	FILE *f = fopen(path, "re");
	char line[LINE_SIZE];
	unsigned n = 0, found_at = 0;

	while (f != NULL && found_at == 0 &&
	    fgets(line, sizeof(line), f) != NULL) {
		size_t daemons = strcspn(line, ":\n");
		const char *clients = line + daemons + (line[daemons] == ':');

		n++;
		if (*line != '#' && line[daemons] == ':' &&
		    (has_word(line, daemons, "ALL") ||
			has_word(line, daemons, "sshd")) &&
		    (!everybody || (strstr(line, "EXCEPT") == NULL &&
			has_word(clients, strcspn(clients, "\n"), "ALL"))))
			found_at = n;
	}
	if (f != NULL)
		fclose(f);
	return found_at;
}

/* Whether that program is linked with libwrap, as far as can be read. */
static bool
is_wrapped(const char *program)
{
	static const char name[] = "libwrap.so";
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *text = MAP_FAILED;
	bool wrapped = false;

	if (fd != -1 && fstat(fd, &st) == 0 && st.st_size > 0)
		text = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
		    fd, 0);
	if (text != MAP_FAILED) {
		wrapped = memmem(text, (size_t)st.st_size, name,
			      sizeof(name) - 1) != NULL;
		munmap(text, (size_t)st.st_size);
	}
	if (fd != -1)
		close(fd);
	return wrapped;
}

/* From OpenSSH 9.8 on, it is another program that asks. */
static void
check_wrappers(struct doctor *d, const struct sshd_answer *answer)
{
	unsigned line = find_line(DENY, true);
	char place[PLACE_MAX], session[PATH_MAX] = "";

	sshd_value(answer, "SshdSessionPath", 0, session, sizeof(session));
	if (line == 0 || find_line(ALLOW, false) != 0 ||
	    !(is_wrapped(d->sshd.path) || is_wrapped(session)))
		return;
	snprintf(place, sizeof(place), "%s:%u", DENY, line);
	found(d, LEVEL_FAIL, NULL, place,
	    "sshd: ALL in " ALLOW ", or delete that line",
	    "sshd lets no client in, administrators neither");
}

/*
 * Others that listen.  Those of containers, and of other networks, are not
 * this machine's.
 */
static bool
is_here(long pid, const char *kind)
{
	char path[PATH_SIZE];
	struct stat its, ours;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	if (stat(path, &ours) == -1)
		return false;
	snprintf(path, sizeof(path), "/proc/%ld/ns/%s", pid, kind);
	return stat(path, &its) == 0 && its.st_ino == ours.st_ino;
}

/* Another listener's title, if that process is one, and no child of ours. */
static bool
is_other(const struct doctor *d, long pid, char title[SSHD_TITLE])
{
	struct procfs_process p;
	int process;
	bool is;

	if (!is_here(pid, "net") || !is_here(pid, "pid") ||
	    procfs_read("/proc", (pid_t)pid, &p) == -1 || p.parent == d->pid)
		return false;
	process = sshd_process(pid);
	is = process != -1 && sshd_title(process, title);
	if (process != -1)
		close(process);
	return is;
}

static void
check_others(struct doctor *d)
{
	DIR *dir = opendir("/proc");
	const struct dirent *e;
	char title[SSHD_TITLE];
	long pid;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		pid = strtol(e->d_name, NULL, 10);
		if (pid <= 0 || pid == d->pid || !is_other(d, pid, title))
			continue;
		found(d, LEVEL_WARN, NULL, NULL,
		    "end it, or have its AllowGroups name administrators alone",
		    "another sshd listens, and whom it holds to what is not "
		    "looked at: %s",
		    title);
	}
	if (dir != NULL)
		closedir(dir);
}

void
check_beside(struct doctor *d, const struct sshd_answer *answer)
{
	check_nologin(d);
	check_rc(d);
	check_wrappers(d, answer);
	if (d->pid != 0)
		check_others(d);
}
