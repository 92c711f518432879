/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether sshd runs, and with the configuration that its files
 * have now.
 */
#include "doctor.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sockets.h"

enum {
	PATIENCE = 20, /* tenths of a second */
	WHEN = 16,
	TITLE_MAX = 4096
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

/* The process that the file names, and when it wrote it; 0 if none does. */
static long
read_pid(const char *path, struct timespec *at)
{
	char name[32] = "", comm[64];
	FILE *f = fopen(path, "re");
	struct stat st;
	long pid = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%ld", &pid) != 1 || fstat(fileno(f), &st) == -1)
		pid = 0;
	fclose(f);
	snprintf(comm, sizeof(comm), "/proc/%ld/comm", pid);
	f = pid <= 0 ? NULL : fopen(comm, "re");
	if (f == NULL)
		return 0;
	if (fgets(name, sizeof(name), f) == NULL)
		pid = 0;
	fclose(f);
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
check_no_new_privs(struct doctor *d, long pid)
{
	char path[64], line[128];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	f = fopen(path, "re");
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

/* An option and its word; file is what sshd reads without. */
static void
check_option(struct doctor *d, char letter, const char *word, const char *file)
{
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

		if (strchr(WITH_WORD, *c) == NULL)
			continue;
		if (*with == '\0')
			with = strtok_r(NULL, " ", rest);
		if (with != NULL)
			check_option(d, *c, with, file);
		return;
	}
}

/*
 * How the running sshd was started, of which its title tells: "sshd: ", its
 * words, and "[listener] ..." (sshd.c, prepare_proctitle()).
 */
static void
check_options(struct doctor *d, long pid, const struct sshd_answer *answer)
{
	char path[64], title[TITLE_MAX], file[PATH_MAX] = "", *rest, *word;
	size_t next = 0, n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/cmdline", pid);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	n = fread(title, 1, sizeof(title) - 1, f);
	fclose(f);
	title[n] = '\0';
	for (size_t i = 0; i < n; i++)
		title[i] = title[i] == '\0' ? ' ' : title[i];
	sshd_source(answer, &next, file, sizeof(file));
	word = strtok_r(title, " ", &rest);
	while (word != NULL && strcmp(word, "[listener]") != 0) {
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
	if (!reached)
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
	if (pid == 0)
		return;
	check_no_new_privs(d, pid);
	check_options(d, pid, answer);
}
