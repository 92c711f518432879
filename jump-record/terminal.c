/* SPDX-License-Identifier: ISC */
#include "terminal.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The same file, opened again, so that its flags are ours alone. */
static int
reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

static int
open_pair(struct terminal *t)
{
	struct winsize size = {.ws_col = 80, .ws_row = 24};

	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->master == -1 || unlockpt(t->master) == -1)
		return -1;
	t->slave = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->slave == -1 || tcsetattr(t->slave, TCSANOW, &t->before) == -1)
		return -1;
	ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	if (size.ws_col == 0 || size.ws_row == 0) {
		size.ws_col = 80;
		size.ws_row = 24;
	}
	t->columns = size.ws_col;
	t->rows = size.ws_row;
	return ioctl(t->master, TIOCSWINSZ, &size);
}

int
terminal_open(struct terminal *t)
{
	*t = (struct terminal){.in = -1, .out = -1, .master = -1, .slave = -1};
	if (tcgetattr(STDIN_FILENO, &t->before) == -1)
		return -1;
	t->in = reopen(STDIN_FILENO);
	t->out = reopen(STDOUT_FILENO);
	return t->in == -1 || t->out == -1 ? -1 : open_pair(t);
}

int
terminal_enter(const struct terminal *t)
{
	if (ioctl(t->slave, TIOCSCTTY, 0) == -1)
		return -1;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (dup2(t->slave, fd) == -1)
			return -1;
	}
	return 0;
}

int
terminal_raw(struct terminal *t)
{
	struct termios raw = t->before;

	cfmakeraw(&raw);
	t->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
	return t->raw ? 0 : -1;
}

void
terminal_restore(struct terminal *t)
{
	if (t->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
	t->raw = false;
}

bool
terminal_resize(struct terminal *t)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == -1 ||
	    (size.ws_col == t->columns && size.ws_row == t->rows))
		return false;
	t->columns = size.ws_col;
	t->rows = size.ws_row;
	return ioctl(t->master, TIOCSWINSZ, &size) == 0;
}

/* Milliseconds. */
static long long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
terminal_ask(
    const char *question, int seconds, const volatile sig_atomic_t *stop)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	long long end = now_ms() + seconds * 1000LL, left;
	sigset_t none;
	char answer[64];
	ssize_t n = -1;

	sigemptyset(&none);
	tcflush(STDIN_FILENO, TCIFLUSH);
	if (dprintf(STDOUT_FILENO, "%s", question) < 0)
		return false;
	while ((left = end - now_ms()) > 0) {
		struct timespec limit = {.tv_sec = left / 1000 + 1};
		int ready = ppoll(&p, 1, &limit, &none);

		if (ready == -1 && errno == EINTR && !*stop)
			continue;
		if (ready == 1)
			n = read(STDIN_FILENO, answer, sizeof(answer));
		break;
	}
	return n == 4 && memcmp(answer, "yes\n", 4) == 0;
}
