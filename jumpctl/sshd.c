/* SPDX-License-Identifier: ISC */
#include "sshd.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Programs.
 */
static void
become(char *const argv[], int out, int err)
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[] = {path, NULL};
	int null = open("/dev/null", O_RDONLY);

	/* It survives execve(2), and nobody else waits for a pipe in vain. */
	signal(SIGALRM, SIG_DFL);
	alarm(PROGRAM_SECONDS);
	if (null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    dup2(out, STDOUT_FILENO) != -1 && dup2(err, STDERR_FILENO) != -1)
		execve(argv[0], argv, environment);
	_exit(127);
}

/* All that was written to the file, with a NUL; NULL without memory. */
static char *
contents(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = size == -1 ? NULL : malloc((size_t)size + 1);
	ssize_t got = text == NULL ? -1 : pread(fd, text, (size_t)size, 0);

	if (got == -1) {
		free(text);
		return NULL;
	}
	text[got] = '\0';
	return text;
}

int
program_run(char *const argv[], char **out, char **err)
{
	int fds[2] = {
	    memfd_create("out", MFD_CLOEXEC), memfd_create("err", MFD_CLOEXEC)};
	int status = -1, code = -1;
	pid_t pid = -1;

	*out = *err = NULL;
	if (fds[0] != -1 && fds[1] != -1)
		pid = fork();
	if (pid == 0)
		become(argv, fds[0], fds[1]);
	if (pid != -1 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	    WEXITSTATUS(status) != 127) {
		*out = contents(fds[0]);
		*err = contents(fds[1]);
		if (*out != NULL && *err != NULL)
			code = WEXITSTATUS(status);
	}
	for (int i = 0; i < 2; i++) {
		if (fds[i] != -1)
			close(fds[i]);
	}
	if (code == -1) {
		free(*out);
		free(*err);
		*out = *err = NULL;
		errno = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM
		    ? ETIMEDOUT
		    : ECHILD;
	}
	return code;
}

/*
 * Questions.
 */
const char *
sshd_find(void)
{
	static const char *const places[] = {
	    "/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (access(places[i], X_OK) == 0)
			return places[i];
	}
	return NULL;
}

bool
sshd_valid(const struct sshd *sshd, char **why)
{
	char *path = strdup(sshd->path), option[] = "-t", *out;
	char *argv[] = {path, option, NULL};
	int code = path == NULL ? -1 : program_run(argv, &out, why);
	int saved = errno;

	free(path);
	if (code == -1) {
		*why = NULL;
		errno = saved;
		return false;
	}
	free(out);
	if (code != 0)
		return false;
	free(*why);
	*why = NULL;
	return true;
}

int
sshd_ask(const struct sshd *sshd, const char *user, struct sshd_answer *a)
{
	char *path = strdup(sshd->path), *who = NULL;
	char test[] = "-T", debug[] = "-ddd", connection[] = "-C";
	char *argv[] = {path, debug, test, connection, NULL, NULL};
	int code = -1;

	a->values = a->log = NULL;
	if (path != NULL && *user != '\0' && strchr(user, ',') == NULL &&
	    asprintf(&who, "user=%s,host=%s,addr=%s,laddr=%s,lport=%u,rdomain=",
		user, sshd->from, sshd->from,
		sshd->local == NULL ? sshd->from : sshd->local,
		sshd->port == 0 ? 22 : sshd->port) != -1) {
		argv[4] = who;
		code = program_run(argv, &a->values, &a->log);
		free(who);
	}
	free(path);
	if (code == 0)
		return 0;
	sshd_answer_free(a);
	return -1;
}

void
sshd_answer_free(struct sshd_answer *a)
{
	free(a->values);
	free(a->log);
	a->values = a->log = NULL;
}

/*
 * Answers.
 */
static size_t
line_size(const char *line)
{
	return strcspn(line, "\r\n");
}

static const char *
next_line(const char *line)
{
	line += strcspn(line, "\n");
	return *line == '\0' ? line : line + 1;
}

/* Copy size bytes, or as many as there is room for. */
static void
copy(char *buf, size_t room, const char *text, size_t size)
{
	snprintf(buf, room, "%.*s", (int)size, text);
}

bool
sshd_pattern(const char *pattern, const char *name)
{
	const char *star = NULL, *mark = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			mark = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star;
			name = ++mark;
		} else {
			return false;
		}
	}
	pattern += strspn(pattern, "*");
	return *pattern == '\0';
}

/* What follows the word at the beginning of a line, or NULL. */
static const char *
after_word(const char *line, const char *word)
{
	size_t size = strlen(word);

	if (strncasecmp(line, word, size) != 0)
		return NULL;
	if (line[size] == ' ' || line[size] == '\t')
		return line + size + 1;
	return line_size(line) == size ? line + size : NULL;
}

bool
sshd_value(const struct sshd_answer *a, const char *keyword, unsigned n,
    char *buf, size_t size)
{
	for (const char *l = a->values; *l != '\0'; l = next_line(l)) {
		const char *value = after_word(l, keyword);

		if (value == NULL || n-- > 0)
			continue;
		copy(buf, size, value, line_size(value));
		return true;
	}
	return false;
}

/* The text in the line from which on it is looked for, or NULL. */
static const char *
in_line(const char *line, const char *text)
{
	return memmem(line, line_size(line), text, strlen(text));
}

bool
sshd_last_wins(const char *keyword)
{
	return strcasecmp(keyword, "StreamLocalBindMask") == 0 ||
	    strcasecmp(keyword, "MaxStartups") == 0;
}

bool
sshd_place(
    const struct sshd_answer *a, const char *keyword, char *buf, size_t size)
{
	static const char start[] = "debug3: ", set[] = " setting ";
	bool matching = false, found = false, last = sshd_last_wins(keyword);

	for (const char *l = a->log; *l != '\0'; l = next_line(l)) {
		const char *at = in_line(l, set);

		if (in_line(l, "config reprocess config"))
			matching = true;
		if (at == NULL || strncmp(l, start, strlen(start)) != 0 ||
		    after_word(at + strlen(set), keyword) == NULL ||
		    (found && !matching && !last))
			continue;
		l += strlen(start);
		copy(buf, size, l, (size_t)(at - l));
		found = true;
		if (matching && !last)
			return true;
	}
	return found;
}

/* Whether a Match line that speaks of users, or groups, may mean this name. */
static bool
means_name(const char *line, size_t size, const char *of, const char *name)
{
	char text[1024];

	if (size >= sizeof(text))
		return true;
	copy(text, sizeof(text), line, size);
	return strcasestr(text, of) != NULL &&
	    (strpbrk(text, "*?!\"\\") != NULL || strstr(text, name) != NULL);
}

static const char syntax[] = "debug3: checking syntax for '";

static bool
knows(const struct sshd_answer *a, const char *of, const char *name)
{
	for (const char *l = a->log; *l != '\0'; l = next_line(l)) {
		if (strncmp(l, syntax, strlen(syntax)) != 0)
			continue;
		l += strlen(syntax);
		if (means_name(l, line_size(l), of, name))
			return true;
	}
	return false;
}

bool
sshd_knows_name(const struct sshd_answer *a, const char *name)
{
	return knows(a, "user", name);
}

bool
sshd_knows_group(const struct sshd_answer *a, const char *name)
{
	return knows(a, "group", name);
}

static bool
has_criterion(const char *line, const char *word)
{
	for (size_t size = strlen(word), n = line_size(line); n > size;
	     line++, n--) {
		if ((*line == ' ' || *line == '\t') &&
		    strncasecmp(line + 1, word, size) == 0 &&
		    n > size + 1 && strchr(" \t=", line[size + 1]) != NULL)
			return true;
	}
	return false;
}

static const char *const criteria[WHERES] = {"Address", "Host", "LocalAddress",
    "LocalPort", "RDomain", "Version"};

const char *
sshd_where(enum where where)
{
	return criteria[where];
}

unsigned
sshd_asks_where(const struct sshd_answer *a)
{
	unsigned asked = 0;

	for (const char *l = a->log; *l != '\0'; l = next_line(l)) {
		if (strncmp(l, syntax, strlen(syntax)) != 0)
			continue;
		for (unsigned i = 0; i < WHERES; i++) {
			if (has_criterion(l + strlen(syntax), criteria[i]))
				asked |= 1U << i;
		}
	}
	return asked;
}

bool
sshd_listens(const struct sshd_answer *a, unsigned n, struct addr *addr,
    unsigned *port)
{
	char value[128], *colon, *end;

	if (!sshd_value(a, "ListenAddress", n, value, sizeof(value)))
		return false;
	value[strcspn(value, " ")] = '\0'; /* rdomain */
	colon = strrchr(value, ':');
	if (colon == NULL)
		return false;
	*colon = '\0';
	*port = (unsigned)strtoul(colon + 1, NULL, 10);
	end = *value == '[' ? strchr(value, ']') : NULL;
	if (end != NULL)
		*end = '\0';
	return addr_parse(addr, value + (end != NULL));
}

/* Of a pattern, the folder that has no wildcards yet, and is there. */
static void
cut_to_folder(char *path)
{
	char *slash;

	path[strcspn(path, "*?[")] = '\0';
	while ((slash = strrchr(path, '/')) != NULL) {
		slash[slash == path] = '\0';
		if (slash == path || access(path, F_OK) == 0)
			break;
	}
}

bool
sshd_source(
    const struct sshd_answer *a, size_t *next, char *buf, size_t size)
{
	static const char file[] = ": filename ", folder[] = ": new include ";

	for (const char *l = a->log + *next; *l != '\0'; l = next_line(l)) {
		const char *at = in_line(l, file);
		bool is_file = at != NULL &&
		    strncmp(l, "debug2: load_server_config", 26) == 0;

		if (!is_file)
			at = in_line(l, folder);
		if (at == NULL || strncmp(l, "debug2: ", 8) != 0)
			continue;
		at += strlen(is_file ? file : folder);
		copy(buf, size, at, line_size(at));
		if (!is_file)
			cut_to_folder(buf);
		*next = (size_t)(next_line(l) - a->log);
		return true;
	}
	return false;
}

void
sshd_version(const struct sshd_answer *a, char *buf, size_t size)
{
	static const char start[] = "sshd version ";

	copy(buf, size, "sshd", 4);
	for (const char *l = a->log; *l != '\0'; l = next_line(l)) {
		const char *at = in_line(l, start);

		if (at == NULL)
			continue;
		at += strlen(start);
		copy(buf, size, at, strcspn(at, ",\r\n"));
		return;
	}
}
