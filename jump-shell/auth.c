/* SPDX-License-Identifier: ISC */
#include "auth.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char start[] = "/tmp/sshauth.";
static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

enum { RANDOM_MIN = 6, RANDOM_MAX = 32 };

bool
auth_path(const char *path)
{
	size_t size;

	if (path == NULL || strncmp(path, start, strlen(start)) != 0)
		return false;
	path += strlen(start);
	size = strspn(path, letters);
	return path[size] == '\0' && size >= RANDOM_MIN && size <= RANDOM_MAX;
}

static bool
is_text(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			return false;
	}
	return size > 0 && text[size - 1] == '\n';
}

/* The method of a line that ends in a newline, if it counts. */
static const char *
line_method(const char *line)
{
	static const struct {
		const char *word, *method;
	} methods[] = {{"password", "password"},
	    {"keyboard-interactive/pam", "keyboard-interactive"}};
	size_t size = 0;

	while (line[size] != ' ' && line[size] != '\n')
		size++;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strlen(methods[i].word) == size &&
		    memcmp(methods[i].word, line, size) == 0)
			return methods[i].method;
	}
	return NULL;
}

const char *
auth_parse(const char *text, size_t size)
{
	static const char first[] = "publickey ";
	const char *end = text + size, *method = NULL;

	if (!is_text(text, size) || size < strlen(first) ||
	    memcmp(text, first, strlen(first)) != 0)
		return NULL;
	while (method == NULL) {
		text =
		    (const char *)memchr(text, '\n', (size_t)(end - text)) + 1;
		if (text == end)
			break;
		method = line_method(text);
	}
	return method;
}

/* A file of the user's alone, small and whole; its size, or 0. */
static size_t
read_file(int fd, uid_t uid, char text[AUTH_MAX])
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode) || st.st_uid != uid ||
	    st.st_nlink != 1 || (st.st_mode & 077) != 0 ||
	    st.st_size > AUTH_MAX)
		return 0;
	n = read(fd, text, AUTH_MAX);
	return n == st.st_size ? (size_t)n : 0;
}

const char *
auth_method(const char *path, uid_t uid)
{
	static char text[AUTH_MAX];
	const char *method;
	int fd;

	if (!auth_path(path))
		return NULL;
	fd = open(
	    path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return NULL;
	method = auth_parse(text, read_file(fd, uid, text));
	close(fd);
	return method;
}
