/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether sshd runs, and with the configuration that its files
 * have now.
 */
#include "doctor.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sockets.h"

enum {
	PATIENCE = 20, /* tenths of a second */
	WHEN = 16
};

/* Letters of sshd(8) that a word follows, or the rest of theirs. */
#define WITH_WORD "bCcEfghkopu"

/* What an option may say that is not about users. */
static const char *const harmless[] = {"AddressFamily", "Ciphers", "HostKey",
    "HostKeyAlgorithms", "KexAlgorithms", "ListenAddress", "MACs",
    "MaxStartups", "PerSourcePenalties", "PidFile", "Port", "SshdAuthPath",
    "SshdSessionPath"};

/* The name of its unit, which differs between systems. */
static const char *
unit(void)
{
	static const char *const files[] = {"/lib/systemd/system/ssh.service",
	    "/usr/lib/systemd/system/ssh.service",
	    "/etc/systemd/system/ssh.service"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (access(files[i], F_OK) == 0)
			return "ssh";
	}
	return "sshd";
}

/* Whether anybody listens on one of its ports; true if that cannot be told. */
static bool
is_reached(const struct sshd_answer *answer)
{
	struct socket_seen *list;
	struct addr addr;
	unsigned port;
	size_t n;
	bool heard = false;

	if (sockets_read(&list, &n) == -1)
		return true;
	for (unsigned i = 0; sshd_listens(answer, i, &addr, &port); i++) {
		for (size_t k = 0; k < n; k++)
			heard = heard ||
			    (list[k].listens && list[k].local_port == port);
	}
	free(list);
	return heard;
}

/* A file in a folder, for reading; it waits for no writer of a FIFO. */
static FILE *
open_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "r");

	if (f == NULL && fd != -1)
		close(fd);
	return f;
}

/* All four: in a namespace of its own, too, a user's process has others. */
static bool
is_roots(int dir)
{
	FILE *f = open_at(dir, "status");
	unsigned uid[4] = {1, 1, 1, 1};
	char line[128];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL &&
	    sscanf(line, "Uid: %u %u %u %u", &uid[0], &uid[1], &uid[2],
		&uid[3]) != 4)
		continue;
	if (f != NULL)
		fclose(f);
	return (uid[0] | uid[1] | uid[2] | uid[3]) == 0;
}

int
sshd_process(long pid)
{
	char path[PATH_MAX];
	const char *slash;
	ssize_t n;
	int dir;

	snprintf(path, sizeof(path), "/proc/%ld", pid);
	dir = pid <= 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return -1;
	n = readlinkat(dir, "exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash != NULL && strncmp(slash, "/sshd", 5) == 0 && is_roots(dir))
		return dir;
	close(dir);
	return -1;
}

/*
 * The sshd that the file names, and when it wrote it; 0 if none does.  Its
 * number can be another's by now, whom nobody is to believe.
 */
static long
read_pid(const char *path, struct timespec *at)
{
	FILE *f = *path == '/' ? open_at(AT_FDCWD, path) : NULL;
	struct stat st;
	long pid = 0;
	int dir;

	if (f == NULL)
		return 0;
	if (fstat(fileno(f), &st) == -1 || !S_ISREG(st.st_mode) ||
	    fscanf(f, "%ld", &pid) != 1)
		pid = 0;
	fclose(f);
	dir = sshd_process(pid);
	if (dir == -1)
		return 0;
	close(dir);
	*at = st.st_mtim;
	return pid;
}

static bool
is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
				      : a->tv_nsec > b->tv_nsec;
}

/*
 * The file that changed last.  Of a folder, what counts is which files it has;
 * of a file, its last change of any kind: a copy of it may be old.
 */
static void
last_change(
    const struct sshd_answer *answer, char file[PATH_MAX], struct timespec *at)
{
	char path[PATH_MAX];
	size_t next = 0;
	struct stat st;

	*at = (struct timespec){0};
	file[0] = '\0';
	while (sshd_source(answer, &next, path, sizeof(path))) {
		const struct timespec *t = &st.st_ctim;

		if (stat(path, &st) == -1)
			continue;
		if (S_ISDIR(st.st_mode))
			t = &st.st_mtim;
		if (is_later(t, at)) {
			*at = *t;
			memcpy(file, path, PATH_MAX);
		}
	}
}

/* Whether the running sshd forbids setgid programs their group. */
static void
check_no_new_privs(struct doctor *d, int process)
{
	FILE *f = open_at(process, "status");
	char line[128];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "NoNewPrivs:", 11) == 0 &&
		    strchr(line, '1') != NULL)
			found(d, LEVEL_FAIL, NULL, NULL,
			    "take NoNewPrivileges= out of its unit, and what "
			    "implies it: systemd.exec(5)",
			    "sshd runs under no_new_privs: every session "
			    "exits 70");
	}
	if (f != NULL)
		fclose(f);
}

static bool
is_harmless(const char *option)
{
	size_t size = strcspn(option, "= \t");

	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		if (strlen(harmless[i]) == size &&
		    strncasecmp(harmless[i], option, size) == 0)
			return true;
	}
	return false;
}

/* An option and its word, or ""; file is what sshd reads without. */
static void
check_option(struct doctor *d, char letter, const char *word, const char *file)
{
	if (strchr("Edeq", letter) != NULL)
		found(d, LEVEL_FAIL, NULL, NULL, "start it without",
		    "sshd was started with -%c: what it says of logins and "
		    "forwards does not go to the log",
		    letter);
	if (letter == 'f' && strcmp(word, file) != 0)
		found(d, LEVEL_FAIL, NULL, NULL, "start it without -f",
		    "sshd was started with -f %s: what follows is of %s", word,
		    file);
	if (letter == 'o')
		found(d, is_harmless(word) ? LEVEL_NOTE : LEVEL_FAIL, NULL,
		    NULL, "say it in the files of sshd, and start it without",
		    "sshd was started with -o %s, which stands above its "
		    "files: what follows does not know it",
		    word);
}

/* The options of a word that begins with -; the last may take the next word. */
static void
check_word(struct doctor *d, const char *word, char **rest, const char *file)
{
	for (const char *c = word + 1; *c != '\0'; c++) {
		const char *with = c + 1;

		if (strchr(WITH_WORD, *c) == NULL) {
			check_option(d, *c, "", file);
			continue;
		}
		if (*with == '\0')
			with = strtok_r(NULL, " ", rest);
		if (with != NULL)
			check_option(d, *c, with, file);
		return;
	}
}

bool
sshd_title(int process, char title[SSHD_TITLE])
{
	FILE *f = open_at(process, "cmdline");
	size_t n = 0;
	char *end;

	if (f != NULL) {
		n = fread(title, 1, SSHD_TITLE - 1, f);
		fclose(f);
	}
	title[n] = '\0';
	for (size_t i = 0; i < n; i++)
		title[i] = title[i] == '\0' ? ' ' : title[i];
	end = strstr(title, " [listener]");
	if (end == NULL || strncmp(title, "sshd: ", 6) != 0)
		return false;
	*end = '\0';
	memmove(title, title + 6, strlen(title + 6) + 1);
	return true;
}

/* How the running sshd was started. */
static void
check_options(
    struct doctor *d, int process, const struct sshd_answer *answer)
{
	char title[SSHD_TITLE], file[PATH_MAX] = "", *rest, *word;
	size_t next = 0;

	if (!sshd_title(process, title))
		return;
	sshd_source(answer, &next, file, sizeof(file));
	word = strtok_r(title, " ", &rest);
	while (word != NULL) {
		if (word[0] == '-')
			check_word(d, word, &rest, file);
		word = strtok_r(NULL, " ", &rest);
	}
}

static void
say_old(struct doctor *d, const char *file, const struct timespec *since)
{
	char remedy[64], when[WHEN];
	struct tm tm;

	localtime_r(&since->tv_sec, &tm);
	strftime(when, sizeof(when), "%H:%M:%S", &tm);
	snprintf(
	    remedy, sizeof(remedy), "sshd -t && systemctl reload %s", unit());
	found(d, LEVEL_FAIL, NULL, NULL, remedy,
	    "sshd runs with what it read at %s, and %s has changed since: "
	    "what follows does not hold yet",
	    when, file);
}

/*
 * sshd writes its PidFile whenever it has read its configuration, also when it
 * runs itself anew for a SIGHUP, which no time of its process shows; before
 * that it removes it, and closes its sockets, so that a reload takes a moment.
 */
void
check_running(struct doctor *d, const struct sshd_answer *answer)
{
	char file[PATH_MAX], path[PATH_MAX] = "", remedy[64];
	struct timespec read, changed;
	bool reached = false;
	long pid = 0;
	int process;

	sshd_value(answer, "PidFile", 0, path, sizeof(path));
	last_change(answer, file, &changed);
	for (int i = 0; i < PATIENCE; i++) {
		reached = is_reached(answer);
		pid = read_pid(path, &read);
		if (reached && (strcmp(path, "none") == 0 ||
			(pid != 0 && !is_later(&changed, &read))))
			break;
		usleep(100000);
	}
	d->pid = pid;
	check_beside(d, answer);
	snprintf(remedy, sizeof(remedy), "systemctl start %s", unit());
	if (!reached && pid != 0)
		found(d, LEVEL_FAIL, NULL, NULL,
		    "start it without -p and -o Port",
		    "sshd runs, but nobody listens on a port of its files");
	else if (!reached)
		found(d, LEVEL_FAIL, NULL, NULL, remedy,
		    "sshd does not run: nobody listens on its port");
	else if (pid == 0)
		found(d, LEVEL_NOTE, NULL, NULL,
		    "restart it, if its configuration has changed since it "
		    "began",
		    "no process is that of PidFile %s: nobody can tell what "
		    "the running sshd has read",
		    path);
	else if (is_later(&changed, &read))
		say_old(d, file, &read);
	process = sshd_process(pid);
	if (process == -1)
		return;
	check_no_new_privs(d, process);
	check_options(d, process, answer);
	close(process);
}
