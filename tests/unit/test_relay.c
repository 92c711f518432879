/* SPDX-License-Identifier: ISC */
/*
 * jump-connect/relay.c: the relay runs in a child, between descriptors whose
 * other ends are here.
 */

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../jump-connect/confine.h"
#include "../../jump-connect/relay.h"
#include "session.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { MS = 1000000, PIECE = 50000, SECONDS = 20 };
enum stdio_kind { PIPES, SOCKETPAIR };
enum target_kind { TCP, UNIX };

/* The other ends, and what the child shares with us. */
struct rig {
	enum stdio_kind stdio;
	enum target_kind target;
	int idle;	 /* as in struct relay */
	time_t deadline; /* seconds from now, 0 none */
	bool confined;
	uid_t uid;	    /* to run as; 0: this one */
	bool loses_senders; /* no signal may wait with what it says */
	struct hostkey *hostkey;

	int to, from, peer; /* standard input, output, and the target */
	int in, out, sock;  /* the child's, until it is started */
	int login;
	pid_t pid; /* 0 once it has ended, with this code */
	int code;
	struct shared {
		uint64_t sent, received;
		int64_t active;
		int restored;
	} * shared;
};

static struct rig rig;

static void
sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * MS};

	nanosleep(&t, NULL);
}

static void
set_nonblocking(int fd)
{
	ck_assert_int_eq(
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK), 0);
}

static void
open_tcp(void)
{
	struct sockaddr_in a = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(listener, (struct sockaddr *)&a, size), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	getsockname(listener, (struct sockaddr *)&a, &size);
	rig.sock = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(rig.sock, (struct sockaddr *)&a, size), 0);
	rig.peer = accept(listener, NULL, NULL);
	close(listener);
}

static void
open_stdio(void)
{
	int a[2], b[2];

	if (rig.stdio == SOCKETPAIR) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
		rig.in = a[0];
		rig.out = dup(a[0]);
		rig.to = rig.from = a[1];
		return;
	}
	ck_assert_int_eq(pipe(a), 0);
	ck_assert_int_eq(pipe(b), 0);
	rig.in = a[0];
	rig.to = a[1];
	rig.from = b[0];
	rig.out = b[1];
}

/* Make everything; a test may put other descriptors in before the start. */
static void
rig_open(enum stdio_kind stdio, enum target_kind target)
{
	int pair[2];

	memset(&rig, 0, sizeof(rig));
	rig.stdio = stdio;
	rig.target = target;
	rig.login = -1;
	rig.shared = mmap(NULL, sizeof(*rig.shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(rig.shared, MAP_FAILED);
	signal(SIGPIPE, SIG_IGN);
	open_stdio();
	if (target == TCP) {
		open_tcp();
	} else {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		rig.sock = pair[0];
		rig.peer = pair[1];
	}
}

static void
child(void)
{
	struct relay r = {.in = rig.in,
	    .out = rig.out,
	    .sock = rig.sock,
	    .login = rig.login,
	    .idle = rig.idle,
	    .deadline = rig.deadline == 0 ? 0 : time(NULL) + rig.deadline,
	    .sent = &rig.shared->sent,
	    .received = &rig.shared->received,
	    .active = &rig.shared->active,
	    .hostkey = rig.hostkey};
	const struct rlimit none = {0, 0};
	enum relay_end end;

	close(rig.to);
	close(rig.from);
	close(rig.peer);
	if (rig.loses_senders && setrlimit(RLIMIT_SIGPENDING, &none) == -1)
		_exit(103);
	if (rig.uid != 0 && setresuid(rig.uid, rig.uid, rig.uid) == -1)
		_exit(102);
	if (relay_prepare(&r) == -1)
		_exit(100);
	if (rig.confined &&
	    confine_relay(r.in, r.out, r.sock, -1,
		r.capture == NULL ? -1 : r.capture->file.fd) == SANDBOX_FAILED)
		_exit(101);
	end = relay_run(&r);
	if (!rig.confined)
		rig.shared->restored = fcntl(r.in, F_GETFL) == r.in_flags &&
		    (r.out == -1 || fcntl(r.out, F_GETFL) == r.out_flags);
	_exit((int)end);
}

static void
rig_start(void)
{
	rig.pid = fork();
	ck_assert_int_ne(rig.pid, -1);
	if (rig.pid == 0)
		child();
	close(rig.in);
	close(rig.out);
	close(rig.sock);
}

static void
drop(int *fd)
{
	if (rig.stdio == SOCKETPAIR && fd == &rig.to)
		shutdown(*fd, SHUT_WR);
	else
		close(*fd);
}

static int
ended(void)
{
	int status;
	pid_t pid = waitpid(rig.pid, &status, WNOHANG);

	if (pid != rig.pid)
		return 0;
	ck_assert_msg(WIFEXITED(status), "status %#x", (unsigned int)status);
	rig.pid = 0;
	rig.code = WEXITSTATUS(status);
	return 1;
}

/*
 * The child ends within so many milliseconds, and so; a busy machine may take
 * four times as many.
 */
static void
must_end(enum relay_end end, int ms)
{
	for (ms *= 4; !ended(); ms--) {
		ck_assert_msg(ms > 0, "does not end");
		sleep_ms(1);
	}
	ck_assert_int_eq(rig.code, (int)end);
	ck_assert(rig.shared->restored || rig.confined);
}

static double
cpu_ms(void)
{
	char name[64], text[512];
	unsigned long user, system;
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)rig.pid);
	fd = open(name, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	close(fd);
	text[n] = '\0';
	ck_assert_int_eq(
	    sscanf(strrchr(text, ')'),
		") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		&system),
	    2);
	return (double)(user + system) * 1000 / (double)sysconf(_SC_CLK_TCK);
}

/* It lives, and waits without using the processor. */
static void
must_rest(void)
{
	double before;

	sleep_ms(50);
	before = cpu_ms();
	sleep_ms(200);
	ck_assert_int_eq(ended(), 0);
	ck_assert_double_le(cpu_ms() - before, 40); /* a loop: 200 */
}

/* The byte at a place of a stream; both streams differ. */
static unsigned char
pattern(uint64_t at, int stream)
{
	return (unsigned char)(at * 2654435761u >> 13 ^ at >> 7 ^
	    (uint64_t)stream * 85);
}

static void
must_match(const unsigned char *buf, ssize_t n, uint64_t at, int stream)
{
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] != pattern(at + (uint64_t)i, stream))
			ck_abort_msg("stream %d differs after %llu bytes",
			    stream, (unsigned long long)at + i);
	}
}

/* One direction, as seen from here: so much goes in at w and out at r. */
struct stream {
	int w, r, number;
	uint64_t size, written, seen;
	size_t piece, reading;
	bool eof; /* end of file is given, and seen */
};

static void
stream_write(struct stream *s)
{
	static unsigned char buf[1 << 20];
	size_t n = s->piece;
	ssize_t done;

	if (n > s->size - s->written)
		n = (size_t)(s->size - s->written);
	for (size_t i = 0; i < n; i++)
		buf[i] = pattern(s->written + i, s->number);
	done = write(s->w, buf, n);
	if (done > 0)
		s->written += (uint64_t)done;
	if (s->written == s->size) {
		if (shutdown(s->w, SHUT_WR) == -1)
			close(s->w);
		s->w = -1;
	}
}

static void
stream_read(struct stream *s)
{
	static unsigned char buf[1 << 20];
	ssize_t n = read(s->r, buf, s->reading);

	if (n == 0)
		s->eof = true;
	must_match(buf, n, s->seen, s->number);
	if (n > 0)
		s->seen += (uint64_t)n;
}

/* Move two streams at once to their ends. */
static void
pump(struct stream s[2])
{
	struct pollfd p[4];

	for (int i = 0; i < 2; i++) {
		set_nonblocking(s[i].w);
		set_nonblocking(s[i].r);
	}
	while (!s[0].eof || !s[1].eof) {
		for (int i = 0; i < 2; i++) {
			p[2 * i] = (struct pollfd){s[i].w, POLLOUT, 0};
			p[2 * i + 1] =
			    (struct pollfd){s[i].eof ? -1 : s[i].r, POLLIN, 0};
		}
		ck_assert_int_gt(poll(p, 4, SECONDS * 1000), 0);
		for (int i = 0; i < 2; i++) {
			if (p[2 * i].revents)
				stream_write(&s[i]);
			if (p[2 * i + 1].revents)
				stream_read(&s[i]);
		}
	}
	ck_assert_uint_eq(s[0].seen, s[0].size);
	ck_assert_uint_eq(s[1].seen, s[1].size);
}

static void
exchange(uint64_t up, uint64_t down, size_t piece, size_t reading)
{
	struct stream s[2] = {{.w = rig.to,
				  .r = rig.peer,
				  .number = 0,
				  .size = up,
				  .piece = piece,
				  .reading = reading},
	    {.w = rig.peer,
		.r = rig.from,
		.number = 1,
		.size = down,
		.piece = piece,
		.reading = reading}};

	pump(s);
	must_end(RELAY_DONE, 2000);
	ck_assert_uint_eq(rig.shared->sent, up);
	ck_assert_uint_eq(rig.shared->received, down);
}

static const struct {
	uint64_t up, down;
	size_t piece, reading;
} sizes[] = {
    {0, 0, 1, 1},
    {1, 0, 1, 1},
    {0, 1, 1, 1},
    {100, 4095, 10, 7},
    {4096, 32767, 4096, 65536},
    {32768, 65536, 65536, 65536},
    {65537, 300001, 1 << 20, 1 << 20},
    {3000001, 3000001, 1400, 65536},
    {8000000, 100, 1 << 20, 1 << 20},
    {100, 8000000, 1 << 20, 1 << 20},
    {16000001, 16000001, 1 << 20, 1 << 20},
    {2000000, 2000000, 65536, 1000}, /* slow readers of bulk */
    {2000000, 2000000, 1000, 1 << 20},
};

/* Each size, stdio and target. */
START_TEST(bytes_are_intact)
{
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig_start();
	exchange(sizes[_i / 4].up, sizes[_i / 4].down, sizes[_i / 4].piece,
	    sizes[_i / 4].reading);
}
END_TEST

/* The table of system calls has all that the relay needs. */
START_TEST(fits_its_sandbox)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload != NULL && strstr(preload, "valgrind") != NULL)
		return; /* which makes system calls of its own */
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig.confined = true;
	rig.idle = 10;
	rig.deadline = 1000;
	rig_start();
	exchange(5000000, 5000000, (_i & 4) ? 100000 : 1400, 1 << 20);
}
END_TEST

static void
put(int fd, const char *text)
{
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

/* What comes is text, or with "" the end of file, within five seconds. */
static void
must_get(int fd, const char *text)
{
	struct pollfd p = {fd, POLLIN, 0};
	char buf[128];
	ssize_t n;

	ck_assert_int_eq(poll(&p, 1, 5000), 1);
	n = read(fd, buf, sizeof(buf) - 1);
	ck_assert_int_ge(n, 0);
	buf[n] = '\0';
	ck_assert_str_eq(buf, text);
}

/* So do small messages, which are acknowledged at once. */
START_TEST(small_messages_fit_its_sandbox)
{
	const char *preload = getenv("LD_PRELOAD");

	if (preload != NULL && strstr(preload, "valgrind") != NULL)
		return;
	rig_open(PIPES, TCP);
	rig.confined = true;
	rig_start();
	put(rig.peer, "banner");
	must_get(rig.from, "banner");
	drop(&rig.to);
	must_get(rig.peer, "");
	close(rig.peer);
	must_end(RELAY_DONE, 1000);
}
END_TEST

START_TEST(client_ends_first)
{
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig_start();
	put(rig.to, "question");
	drop(&rig.to);
	must_get(rig.peer, "question");
	must_get(rig.peer, "");
	must_rest();
	put(rig.peer, "answer");
	must_get(rig.from, "answer");
	put(rig.peer, "more");
	must_get(rig.from, "more");
	close(rig.peer);
	must_get(rig.from, "");
	must_end(RELAY_DONE, 1000);
}
END_TEST

START_TEST(peer_ends_first)
{
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig_start();
	put(rig.peer, "banner");
	shutdown(rig.peer, SHUT_WR);
	must_get(rig.from, "banner");
	must_get(rig.from, "");
	must_rest();
	put(rig.to, "late");
	must_get(rig.peer, "late");
	put(rig.to, "later");
	must_get(rig.peer, "later");
	drop(&rig.to);
	must_get(rig.peer, "");
	must_end(RELAY_DONE, 1000);
}
END_TEST

/* The client goes while nothing happens, with its input left open. */
START_TEST(client_goes)
{
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig_start();
	put(rig.peer, "banner");
	must_get(rig.from, "banner");
	must_rest();
	close(rig.from);
	must_end(RELAY_CLIENT_GONE, 1000);
}
END_TEST

/* What it wrote before it went arrives, to a reader who is slow too. */
START_TEST(client_goes_after_writing)
{
	static unsigned char buf[PIECE];
	size_t want = 0;
	ssize_t n;
	int small = 4096; /* it takes many writes */

	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	setsockopt(rig.sock, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	rig_start();
	kill(rig.pid, SIGSTOP);
	ck_assert_int_eq(write(rig.to, buf, PIECE), PIECE);
	close(rig.from);
	if (rig.stdio == PIPES)
		close(rig.to);
	kill(rig.pid, SIGCONT);
	sleep_ms(100);
	while ((n = read(rig.peer, buf, 10000)) > 0)
		want += (size_t)n;
	ck_assert_uint_eq(want, PIECE);
	must_end(RELAY_CLIENT_GONE, 1000);
}
END_TEST

/* A target that stalls does not keep a relay whose client has gone. */
START_TEST(client_goes_from_stalled_target)
{
	static unsigned char buf[PIECE];

	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig_start();
	set_nonblocking(rig.to);
	for (int quiet = 0; quiet < 20; quiet++, sleep_ms(10)) {
		if (write(rig.to, buf, PIECE) > 0)
			quiet = 0;
	}
	must_rest();
	close(rig.from);
	must_end(RELAY_CLIENT_GONE, 8000);
}
END_TEST

/*
 * The login: what becomes readable once it has ended is a pipe here.
 */
static int
rig_login(void)
{
	int fds[2];

	rig_open(PIPES, TCP);
	rig.confined = getenv("LD_PRELOAD") == NULL;
	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	rig.login = fds[0];
	rig_start();
	close(fds[0]);
	put(rig.to, "hello");
	must_get(rig.peer, "hello");
	must_rest();
	return fds[1];
}

/* It ends and the client does not go; it may have half gone. */
enum { BOTH_LISTEN, CLIENT_HAS_ENDED, PEER_HAS_ENDED, WAYS_TO_STAY };

START_TEST(login_ends)
{
	int login = rig_login();

	if (_i == CLIENT_HAS_ENDED) {
		drop(&rig.to);
		must_get(rig.peer, "");
	} else if (_i == PEER_HAS_ENDED) {
		shutdown(rig.peer, SHUT_WR);
		must_get(rig.from, "");
	}
	must_rest();
	put(login, "x");
	must_end(RELAY_LOGIN, 4000);
}
END_TEST

/* The client goes, just before, or after: that is how it ends. */
START_TEST(login_ends_with_its_client)
{
	static unsigned char buf[PIECE];
	int login = rig_login();
	size_t got = 0;
	ssize_t n;

	kill(rig.pid, SIGSTOP);
	ck_assert_int_eq(write(rig.to, buf, PIECE), PIECE);
	if (_i == 0) {
		close(rig.to);
		close(rig.from);
	}
	put(login, "x");
	kill(rig.pid, SIGCONT);
	if (_i == 1) {
		sleep_ms(20);
		close(rig.from);
		close(rig.to);
	}
	while ((n = read(rig.peer, buf, PIECE)) > 0)
		got += (size_t)n;
	ck_assert_uint_eq(got, PIECE);
	must_end(RELAY_CLIENT_GONE, 1000);
}
END_TEST

/* Nor does it cut short what a client wrote whose target ended first. */
START_TEST(login_ends_after_both)
{
	static unsigned char buf[PIECE];
	int login = rig_login();
	ssize_t n;

	shutdown(rig.peer, SHUT_WR);
	must_get(rig.from, "");
	set_nonblocking(rig.to);
	for (int quiet = 0; quiet < 20; quiet++, sleep_ms(10)) {
		if (write(rig.to, buf, PIECE) > 0)
			quiet = 0;
	}
	close(rig.to);
	put(login, "x");
	must_rest();
	while ((n = read(rig.peer, buf, PIECE)) > 0)
		;
	ck_assert_int_eq(n, 0);
	must_end(RELAY_DONE, 1000);
}
END_TEST

/* The peer sends a reset, or just closes a UNIX socket. */
static void
break_off(void)
{
	const struct linger now = {1, 0};

	setsockopt(rig.peer, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(rig.peer);
}

START_TEST(peer_breaks_off)
{
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig_start();
	put(rig.to, "hello");
	must_get(rig.peer, "hello");
	must_rest();
	break_off();
	must_end(rig.target == TCP ? RELAY_RESET : RELAY_DONE, 1000);
}
END_TEST

/* The same after stdin has ended, and while it is read from. */
START_TEST(peer_breaks_off_later)
{
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig_start();
	drop(&rig.to);
	must_get(rig.peer, "");
	sleep_ms(50);
	break_off();
	must_end(rig.target == TCP ? RELAY_RESET : RELAY_DONE, 1000);
}
END_TEST

/* Fill the way from the target to a client that does not read. */
static void
fill_output(void)
{
	static unsigned char buf[PIECE];

	set_nonblocking(rig.peer);
	for (int quiet = 0; quiet < 20; quiet++, sleep_ms(10)) {
		if (write(rig.peer, buf, PIECE) > 0)
			quiet = 0;
	}
}

/* A full way out, and the peer gone at its other end: no loop, no loss. */
START_TEST(peer_goes_behind_full_output)
{
	static unsigned char buf[PIECE];
	uint64_t got = 0;
	ssize_t n;

	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig_start();
	fill_output();
	must_rest();
	if (_i & 4) {
		drop(&rig.to);
		sleep_ms(50);
	}
	if (_i & 8)
		break_off();
	else
		close(rig.peer);
	must_rest();
	while ((n = read(rig.from, buf, sizeof(buf))) > 0)
		got += (uint64_t)n;
	ck_assert_uint_gt(got, 2 * PIECE);
	if (_i & 4 || rig.stdio == PIPES)
		drop(&rig.to);
	if ((_i & 8) && rig.target == TCP)
		must_end(RELAY_RESET, 1000);
	else if (rig.stdio == PIPES || _i & 4 || rig.target == UNIX)
		must_end(RELAY_DONE, 1000);
	else
		kill(rig.pid, SIGKILL);
}
END_TEST

/* One direction stands still, the other one goes on. */
START_TEST(stalled_output)
{
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig.deadline = 5;
	rig_start();
	fill_output();
	put(rig.to, "still here");
	must_get(rig.peer, "still here");
	must_rest();
	must_end(RELAY_DEADLINE, 6000);
}
END_TEST

START_TEST(stalled_target)
{
	static unsigned char buf[PIECE];

	rig_open((_i & 1) ? SOCKETPAIR : PIPES, (_i & 2) ? UNIX : TCP);
	rig.idle = 2;
	rig_start();
	set_nonblocking(rig.to);
	for (int quiet = 0; quiet < 20; quiet++, sleep_ms(10)) {
		if (write(rig.to, buf, PIECE) > 0)
			quiet = 0;
	}
	put(rig.peer, "still here");
	must_get(rig.from, "still here");
	must_rest();
	must_end(RELAY_IDLE, 3000);
}
END_TEST

static double
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1000 + (double)t.tv_nsec / MS;
}

/* Each byte, in either direction, puts the end off. */
START_TEST(idle_is_counted_from_the_last_byte)
{
	double start;

	rig_open(PIPES, TCP);
	rig.idle = 3;
	rig_start();
	for (int i = 0; i < 4; i++) {
		sleep_ms(1000);
		ck_assert_int_eq(ended(), 0);
		put(i % 2 ? rig.to : rig.peer, "x");
	}
	start = now_ms();
	must_end(RELAY_IDLE, 5000);
	ck_assert_double_ge(now_ms() - start, 2900);
}
END_TEST

/* When the last byte was, also where no limit wants to know it. */
START_TEST(activity_is_noted)
{
	double start;
	int64_t noted;

	rig_open(PIPES, TCP);
	rig.idle = _i == 0 ? 0 : 60;
	rig_start();
	for (int i = 0; i < 4; i++) {
		start = now_ms();
		put(i % 2 ? rig.to : rig.peer, "x");
		must_get(i % 2 ? rig.peer : rig.from, "x");
		/* The coarse clock can be a tick behind. */
		do {
			ck_assert_double_le(now_ms() - start, 20000);
			noted = rig.shared->active;
			sleep_ms(200);
		} while ((double)noted < start - 12 ||
		    rig.shared->active != noted);
	}
}
END_TEST

/*
 * Signals: from whom, and what they say of themselves.
 */
enum sender { ROOT, USER, FORGER, LOSER };

static const struct {
	int signal;
	enum sender sender;
	enum relay_end end;
} signals[] = {
    {SESSION_KICK, ROOT, RELAY_KICK},
    {SESSION_SWEEP, ROOT, RELAY_SWEEP},
    {SESSION_KICK, USER, RELAY_SIGNAL},
    {SESSION_SWEEP, USER, RELAY_SIGNAL},
    {SESSION_KICK, FORGER, RELAY_SIGNAL},
    {SESSION_SWEEP, FORGER, RELAY_SIGNAL},
    {SESSION_KICK, LOSER, RELAY_SIGNAL},
    {SESSION_SWEEP, LOSER, RELAY_SIGNAL},
    {SIGTERM, ROOT, RELAY_SIGNAL},
    {SIGHUP, ROOT, RELAY_SIGNAL},
    {SIGINT, USER, RELAY_SIGNAL},
    {SIGQUIT, USER, RELAY_SIGNAL},
};

/* Another process of the relay's user; root's relay is anybody's here. */
static _Noreturn void
send_signal(pid_t to, int signal, enum sender sender)
{
	siginfo_t info = {.si_signo = signal, .si_code = SI_QUEUE};

	if (sender == ROOT)
		_exit(kill(to, signal));
	if (setresuid(rig.uid, rig.uid, rig.uid) == -1)
		_exit(1);
	if (sender == USER)
		_exit(kill(to, signal));
	info.si_uid = 0;
	if (syscall(SYS_rt_sigqueueinfo, to, signal, &info) == -1)
		_exit(2);
	info.si_code = SI_USER; /* the kernel does not let us */
	_exit(syscall(SYS_rt_sigqueueinfo, to, signal, &info) != -1);
}

START_TEST(signals_end_it)
{
	int status;
	pid_t pid;

	if (geteuid() != 0)
		return;
	rig_open(PIPES, TCP);
	rig.uid = 65534;
	rig.loses_senders = signals[_i].sender == LOSER;
	rig.confined = true;
	rig_start();
	put(rig.to, "x");
	must_get(rig.peer, "x"); /* it runs */
	pid = fork();
	if (pid == 0)
		send_signal(rig.pid, signals[_i].signal, signals[_i].sender);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	must_end(signals[_i].end, 3000);
}
END_TEST

/* Bytes do not put the deadline off; one that is past ends it at once. */
START_TEST(deadline_comes)
{
	double start = now_ms();

	rig_open(PIPES, TCP);
	rig.deadline = _i == 0 ? 2 : -1;
	rig_start();
	set_nonblocking(rig.to);
	while (!ended()) {
		ck_assert_double_le(now_ms() - start, 20000);
		if (write(rig.to, "x", 1) == 1)
			sleep_ms(1);
	}
	ck_assert_int_eq(rig.code, RELAY_DEADLINE);
	if (_i == 0)
		ck_assert_double_ge(now_ms() - start, 900);
	ck_assert(rig.shared->restored);
}
END_TEST

/* What is there when one that was stopped goes on came too late. */
START_TEST(stopped_beyond_the_deadline)
{
	rig_open((_i & 1) ? SOCKETPAIR : PIPES, TCP);
	rig.deadline = 2;
	rig_start();
	put(rig.to, "x");
	must_get(rig.peer, "x");
	sleep_ms(50); /* it waits */
	ck_assert_int_eq(kill(rig.pid, SIGSTOP), 0);
	sleep_ms(2000);
	put(rig.to, "late");
	put(rig.peer, "late");
	ck_assert_int_eq(kill(rig.pid, SIGCONT), 0);
	must_end(RELAY_DEADLINE, 1000);
	ck_assert_uint_eq(rig.shared->sent, 1);
	ck_assert_uint_eq(rig.shared->received, 0);
}
END_TEST

static int
option(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	ck_assert_int_eq(getsockopt(fd, level, name, &value, &size), 0);
	return value;
}

/* The gate's client: no byte waits for another, and who is dead is noticed. */
START_TEST(client_is_tcp)
{
	struct relay r = {0};

	rig_open(SOCKETPAIR, TCP);
	r.in = r.out = rig.sock;
	r.sock = rig.in;
	ck_assert_int_eq(relay_prepare(&r), 0);
	ck_assert(!r.tcp);
	ck_assert_int_eq(option(r.in, IPPROTO_TCP, TCP_NODELAY), 1);
	ck_assert_int_eq(option(r.in, SOL_SOCKET, SO_KEEPALIVE), 1);
	ck_assert_int_eq(option(r.in, IPPROTO_TCP, TCP_KEEPIDLE), 60);
}
END_TEST

/* Files cannot be spliced with a socket. */
START_TEST(output_is_a_file)
{
	static unsigned char buf[PIECE];
	char name[] = "/tmp/relay.XXXXXX";
	int fd = mkstemp(name), flags = _i == 0 ? O_APPEND : 0;
	uint64_t at = 0;
	ssize_t n;

	rig_open(PIPES, TCP);
	close(rig.out);
	rig.out = open(name, O_WRONLY | flags);
	rig_start();
	for (int i = 0; i < 60; i++) {
		for (size_t j = 0; j < PIECE; j++)
			buf[j] = pattern(at + j, 1);
		ck_assert_int_eq(write(rig.peer, buf, PIECE), PIECE);
		at += PIECE;
	}
	close(rig.peer);
	drop(&rig.to);
	must_end(RELAY_DONE, 2000);
	for (at = 0; (n = read(fd, buf, PIECE)) > 0; at += (uint64_t)n)
		must_match(buf, n, at, 1);
	ck_assert_uint_eq(at, 60 * PIECE);
	unlink(name);
}
END_TEST

/* What appends is refused by splice(2) only once bulk has begun. */
START_TEST(descriptors_append)
{
	rig_open(PIPES, TCP);
	ck_assert_int_eq(fcntl(rig.out, F_SETFL, O_APPEND), 0);
	ck_assert_int_eq(fcntl(rig.sock, F_SETFL, O_APPEND), 0);
	rig_start();
	exchange(5000000, 5000000, 1 << 20, 1 << 20);
}
END_TEST

START_TEST(output_is_full)
{
	rig_open(PIPES, TCP);
	close(rig.out);
	rig.out = open("/dev/full", O_WRONLY);
	rig_start();
	put(rig.peer, "x");
	must_end(RELAY_ERROR, 1000);
}
END_TEST

START_TEST(input_is_null)
{
	rig_open(PIPES, TCP);
	close(rig.in);
	rig.in = open("/dev/null", O_RDWR);
	rig_start();
	must_get(rig.peer, "");
	put(rig.peer, "answer");
	must_get(rig.from, "answer");
	close(rig.peer);
	must_end(RELAY_DONE, 1000);
}
END_TEST

/* A terminal as both; it is as before at the end, and hanging up ends it. */
START_TEST(stdio_is_a_terminal)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	rig_open(PIPES, TCP);
	ck_assert_int_eq(grantpt(master) | unlockpt(master), 0);
	close(rig.in);
	close(rig.out);
	close(rig.to);
	close(rig.from);
	rig.in = open(ptsname(master), O_RDWR | O_NOCTTY);
	ck_assert_int_ne(rig.in, -1);
	rig.out = dup(rig.in);
	rig.to = rig.from = master;
	rig_start();
	put(master, "typed\n");
	must_get(rig.peer, "typed\n");
	must_get(master, "typed\r\n");
	put(rig.peer, "answer");
	must_get(master, "answer");
	must_rest();
	close(master);
	must_end(RELAY_CLIENT_GONE, 1000);
}
END_TEST

/*
 * A key exchange: what each side says, and where the packet with the key
 * begins.
 */
#define LINE "SSH-2.0-x\r\n"
#define LIST                                                                   \
	"\0\0\0\x11"                                                           \
	"curve25519-sha256"
#define EMPTY	 "\0\0\0\0"
#define KEY	 "\0\0\0\x0bssh-ed25519\0\0\0\x04good"
#define KEY_TEXT "AAAAC3NzaC1lZDI1NTE5AAAABGdvb2Q="

static unsigned char said[2][400];
static size_t said_n[2], key_at;

static void
say(int side, const void *bytes, size_t n)
{
	memcpy(said[side] + said_n[side], bytes, n);
	said_n[side] += n;
}

/* A packet of 128 bytes with this at its beginning. */
static void
say_packet(int side, const char *payload, size_t n)
{
	static const char head[4] = {0, 0, 0, 124}, zeros[123];
	const char padding = (char)(123 - n);

	say(side, head, sizeof(head));
	say(side, &padding, 1);
	say(side, payload, n);
	say(side, zeros, 123 - n);
}

/* The rig, with a watch for the key, or for another. */
static void
rig_exchange(int i, bool good)
{
	static const char kexinit[] =
	    "\x14"
	    "0123456789abcdef" LIST EMPTY EMPTY EMPTY EMPTY EMPTY EMPTY EMPTY
		EMPTY EMPTY "\0\0\0\0";
	static const char reply[] = "\x1f\0\0\0\x17" KEY "the rest";
	static struct hostkey watch;
	static const char *const keys[] = {KEY_TEXT, "AAAA"};

	said_n[0] = said_n[1] = 0;
	for (int side = 0; side < 2; side++) {
		say(side, LINE, sizeof(LINE) - 1);
		say_packet(side, kexinit, sizeof(kexinit));
	}
	key_at = said_n[1];
	say_packet(1, reply, sizeof(reply) - 1);
	hostkey_init(&watch, &keys[good ? 0 : 1], 1);
	rig_open((i & 1) ? SOCKETPAIR : PIPES, (i & 2) ? UNIX : TCP);
	rig.hostkey = &watch;
}

static void
must_read(int fd, const unsigned char *bytes, size_t n)
{
	unsigned char buf[sizeof(said[0])];

	for (size_t got = 0; got < n;) {
		ssize_t more = read(fd, buf + got, n - got);

		ck_assert_int_gt(more, 0);
		got += (size_t)more;
	}
	ck_assert_mem_eq(buf, bytes, n);
}

/* Its bytes pass, in pieces too, and then any others, as ever. */
START_TEST(host_key_is_good)
{
	size_t step = _i < 4 ? 1 : _i < 8 ? 100 : sizeof(said[0]);

	rig_exchange(_i, true);
	rig.confined = getenv("LD_PRELOAD") == NULL;
	rig_start();
	ck_assert_int_eq(write(rig.to, said[0], said_n[0]), (ssize_t)said_n[0]);
	must_read(rig.peer, said[0], said_n[0]);
	for (size_t i = 0; i < said_n[1]; i += step) {
		size_t n = said_n[1] - i < step ? said_n[1] - i : step;

		ck_assert_int_eq(write(rig.peer, said[1] + i, n), (ssize_t)n);
		if (step == 100)
			sleep_ms(5);
	}
	must_read(rig.from, said[1], said_n[1]);
	while (*(volatile uint64_t *)&rig.shared->received != said_n[1])
		sleep_ms(1);
	rig.shared->sent = rig.shared->received = 0;
	exchange(5000000, 5000000, (_i & 4) ? 100000 : 1400, 1 << 20);
}
END_TEST

/* What was said before it has passed, and nothing of it. */
START_TEST(host_key_is_wrong)
{
	unsigned char buf[sizeof(said[0])];

	rig_exchange(_i, false);
	rig_start();
	put(rig.to, LINE);
	must_get(rig.peer, LINE);
	ck_assert_int_eq(write(rig.to, said[0] + sizeof(LINE) - 1,
			     said_n[0] - sizeof(LINE) + 1),
	    (ssize_t)(said_n[0] - sizeof(LINE) + 1));
	must_read(
	    rig.peer, said[0] + sizeof(LINE) - 1, said_n[0] - sizeof(LINE) + 1);
	for (size_t i = 0; i < said_n[1]; i++) {
		if (write(rig.peer, said[1] + i, 1) != 1)
			break;
		if (i == key_at)
			must_read(rig.from, said[1], key_at);
	}
	must_end(RELAY_HOSTKEY, 1000);
	ck_assert_uint_eq(rig.shared->received, key_at);
	ck_assert_int_eq(read(rig.from, buf, sizeof(buf)), 0);
}
END_TEST

/* Either side ends, or breaks off, in the middle of the packet. */
enum { CLIENT_ENDS, PEER_ENDS, PEER_BREAKS, CLIENT_GOES, WAYS_TO_END };

START_TEST(exchange_ends_early)
{
	static const enum relay_end ends[] = {
	    RELAY_DONE, RELAY_HOSTKEY, RELAY_RESET, RELAY_CLIENT_GONE};
	int way = _i / 4;
	enum relay_end end = ends[way];

	rig_exchange(_i, true);
	rig_start();
	ck_assert_int_eq(write(rig.to, said[0], said_n[0]), (ssize_t)said_n[0]);
	must_read(rig.peer, said[0], said_n[0]);
	ck_assert_int_eq(
	    write(rig.peer, said[1], key_at + 20), (ssize_t)key_at + 20);
	must_read(rig.from, said[1], key_at);
	must_rest();
	if (way == CLIENT_ENDS) {
		drop(&rig.to);
		must_get(rig.peer, "");
		close(rig.peer);
	} else if (way == PEER_ENDS) {
		close(rig.peer);
	} else if (way == PEER_BREAKS) {
		break_off();
	} else {
		close(rig.from);
	}
	if (way == PEER_BREAKS && rig.target == UNIX)
		end = RELAY_HOSTKEY;
	must_end(end, 1000);
	ck_assert_uint_eq(rig.shared->received, key_at);
}
END_TEST

/* The client does not speak SSH: nothing of what it says arrives. */
START_TEST(client_speaks_something_else)
{
	rig_exchange(_i, true);
	rig_start();
	put(rig.peer, LINE);
	must_get(rig.from, LINE);
	put(rig.to, "GET / HTTP/1.0\r\n");
	must_end(RELAY_HOSTKEY, 1000);
	must_get(rig.peer, "");
	ck_assert_uint_eq(rig.shared->sent, 0);
}
END_TEST

/* A reader that is slow while much passes that is only held for a moment. */
START_TEST(slow_reader_in_an_exchange)
{
	static unsigned char ignore[200000], buf[sizeof(ignore)];
	const unsigned char head[6] = {0, 3, 0x0d, 0x3c, 4, 2};
	size_t done = 0, got = 0;

	memcpy(ignore, head, sizeof(head)); /* 199996 */
	for (size_t i = sizeof(head); i < sizeof(ignore); i++)
		ignore[i] = pattern(i, 0);
	rig_exchange(_i, true);
	rig_start();
	put(rig.peer, LINE);
	must_get(rig.from, LINE);
	set_nonblocking(rig.peer);
	set_nonblocking(rig.from);
	while (got < sizeof(ignore)) {
		ssize_t n =
		    write(rig.peer, ignore + done, sizeof(ignore) - done);

		done += n > 0 ? (size_t)n : 0;
		n = read(rig.from, buf + got, 1000);
		got += n > 0 ? (size_t)n : 0;
	}
	ck_assert_mem_eq(buf, ignore, sizeof(ignore));
	must_rest();
	close(rig.from);
	must_end(RELAY_CLIENT_GONE, 1000);
}
END_TEST

static void
teardown(void)
{
	if (rig.pid > 0)
		kill(rig.pid, SIGKILL);
}

static Suite *
relay_suite(void)
{
	Suite *s = suite_create("relay");
	TCase *bytes = tcase_create("bytes"), *ends = tcase_create("ends"),
	      *login = tcase_create("login");

	tcase_set_timeout(bytes, 3 * SECONDS);
	tcase_add_loop_test(bytes, bytes_are_intact, 0, 4 * COUNT(sizes));
	tcase_add_loop_test(bytes, fits_its_sandbox, 0, 8);
	tcase_add_test(bytes, small_messages_fit_its_sandbox);
	tcase_add_loop_test(bytes, output_is_a_file, 0, 2);
	tcase_add_loop_test(bytes, host_key_is_good, 0, 12);
	tcase_add_test(bytes, descriptors_append);
	tcase_add_test(bytes, input_is_null);
	tcase_add_test(bytes, stdio_is_a_terminal);
	tcase_add_test(bytes, client_is_tcp);
	tcase_set_timeout(ends, SECONDS);
	tcase_add_checked_fixture(ends, NULL, teardown);
	tcase_add_loop_test(ends, client_ends_first, 0, 4);
	tcase_add_loop_test(ends, peer_ends_first, 0, 4);
	tcase_add_loop_test(ends, client_goes, 0, 4);
	tcase_add_loop_test(ends, client_goes_after_writing, 0, 4);
	tcase_add_loop_test(ends, client_goes_from_stalled_target, 0, 2);
	tcase_add_loop_test(ends, peer_breaks_off, 0, 4);
	tcase_add_loop_test(ends, peer_breaks_off_later, 0, 4);
	tcase_add_loop_test(ends, peer_goes_behind_full_output, 0, 16);
	tcase_add_loop_test(ends, stalled_output, 0, 2);
	tcase_add_loop_test(ends, stalled_target, 0, 2);
	tcase_add_test(ends, idle_is_counted_from_the_last_byte);
	tcase_add_loop_test(ends, activity_is_noted, 0, 2);
	tcase_add_loop_test(ends, signals_end_it, 0, COUNT(signals));
	tcase_add_loop_test(ends, deadline_comes, 0, 2);
	tcase_add_loop_test(ends, stopped_beyond_the_deadline, 0, 2);
	tcase_add_test(ends, output_is_full);
	tcase_add_loop_test(ends, host_key_is_wrong, 0, 4);
	tcase_add_loop_test(ends, exchange_ends_early, 0, 4 * WAYS_TO_END);
	tcase_add_loop_test(ends, client_speaks_something_else, 0, 4);
	tcase_add_loop_test(ends, slow_reader_in_an_exchange, 0, 4);
	tcase_set_timeout(login, SECONDS);
	tcase_add_checked_fixture(login, NULL, teardown);
	tcase_add_loop_test(login, login_ends, 0, WAYS_TO_STAY);
	tcase_add_loop_test(login, login_ends_with_its_client, 0, 2);
	tcase_add_test(login, login_ends_after_both);
	suite_add_tcase(s, bytes);
	suite_add_tcase(s, ends);
	suite_add_tcase(s, login);
	return s;
}

int
main(void)
{
	SRunner *sr = srunner_create(relay_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
