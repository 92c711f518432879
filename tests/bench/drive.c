/* SPDX-License-Identifier: ISC */
/*
 * drive: the moving parts of the benchmarks.  It measures one command and
 * prints numbers; tests/bench/run says what to measure and compares.
 *
 *   drive serve PORT PATH          the far end, on TCP and on a UNIX socket
 *   drive push BYTES SIZE STDIO COMMAND...   to the far end, writes of SIZE
 *   drive pull BYTES SIZE STDIO COMMAND...   from it, in writes of SIZE
 *   drive ping TRIPS STDIO COMMAND...        one byte there and back
 *   drive many COUNT SECONDS BYTES COMMAND...
 *   drive exec RUNS COMMAND... [-- COMMAND...]
 *
 * STDIO is pipe or socket: what COMMAND has as standard input and output.
 * Times are in microseconds; CPU time is that of COMMAND and its children.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, EXEC_MAX = 8, RUNS_MAX = 100000 };

static char buffer[BUFFER];
extern char **environ;

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
cpu_us(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e6 +
	    (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

static long
number(const char *text, long most)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < 0 || n > most)
		errx(64, "bad number: %s", text);
	return n;
}

static void
write_all(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, data, n);

		if (done <= 0)
			err(1, "write");
		data += done;
		n -= (size_t)done;
	}
}

/* Write total bytes, size at a time. */
static void
feed(int fd, long total, long size)
{
	for (; total > 0; total -= size)
		write_all(fd, buffer, (size_t)(total < size ? total : size));
}

static void
drain(int fd, long total)
{
	while (total > 0) {
		ssize_t n =
		    read(fd, buffer, total < BUFFER ? (size_t)total : BUFFER);

		if (n <= 0)
			errx(1, "%ld bytes are missing", total);
		total -= n;
	}
}

/*
 * The far end: the first line of a connection says what it shall do.
 */
static void
echo(int fd)
{
	ssize_t n;

	while ((n = read(fd, buffer, BUFFER)) > 0)
		write_all(fd, buffer, (size_t)n);
}

static void
serve_one(int fd)
{
	char line[64], *at = line;
	long total, size;

	while (read(fd, at, 1) == 1 && *at != '\n')
		if (++at == line + sizeof(line) - 1)
			errx(1, "a long line");
	*at = '\0';
	if (sscanf(line, "sink %ld", &total) == 1) {
		drain(fd, total);
		write_all(fd, "k", 1);
	} else if (sscanf(line, "source %ld %ld", &total, &size) == 2)
		feed(fd, total, size);
	else
		echo(fd);
}

static int
listen_tcp(long port)
{
	struct sockaddr_in6 a = {
	    .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	int fd = socket(AF_INET6, SOCK_STREAM, 0), on = 1, off = 0;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(fd, 4096) == -1)
		err(1, "port %ld", port);
	return fd;
}

static int
listen_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(fd, 4096) == -1)
		err(1, "%s", path);
	return fd;
}

static int
serve(char **argv)
{
	struct pollfd fds[2] = {
	    {.fd = listen_tcp(number(argv[0], 65535)), .events = POLLIN},
	    {.fd = listen_unix(argv[1]), .events = POLLIN}};
	int fd, on = 1;

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		if (poll(fds, 2, -1) == -1)
			err(1, "poll");
		fd = accept(fds[fds[0].revents == 0].fd, NULL, NULL);
		if (fd != -1 && fork() == 0) {
			setsockopt(
			    fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			serve_one(fd);
			_exit(0);
		}
		close(fd);
	}
}

/*
 * The near end: a command whose standard input and output are ours.
 */
struct child {
	pid_t pid;
	int to, from;
};

/* Our ends are close-on-exec, so that no other child holds them. */
static void
make_stdio(const char *kind, int theirs[2], struct child *c)
{
	int a[2], b[2];

	if (strcmp(kind, "socket") == 0) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, a) == -1)
			err(1, "socketpair");
		theirs[0] = theirs[1] = a[0];
		c->to = c->from = a[1];
		return;
	}
	if (pipe2(a, O_CLOEXEC) == -1 || pipe2(b, O_CLOEXEC) == -1)
		err(1, "pipe");
	theirs[0] = a[0];
	c->to = a[1];
	c->from = b[0];
	theirs[1] = b[1];
}

static void
start(struct child *c, const char *kind, char **argv)
{
	int theirs[2];

	make_stdio(kind, theirs, c);
	c->pid = fork();
	if (c->pid == -1)
		err(1, "fork");
	if (c->pid == 0) {
		dup2(theirs[0], STDIN_FILENO);
		dup2(theirs[1], STDOUT_FILENO);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	close(theirs[0]);
	if (theirs[1] != theirs[0])
		close(theirs[1]);
}

/* Its input ends; the CPU time that it has used. */
static double
stop(struct child *c)
{
	struct rusage use;

	if (c->to == c->from)
		shutdown(c->to, SHUT_WR);
	else
		close(c->to);
	while (read(c->from, buffer, BUFFER) > 0)
		;
	close(c->from);
	if (wait4(c->pid, NULL, 0, &use) == -1)
		err(1, "wait");
	return cpu_us(&use);
}

static int
push(char **argv)
{
	long total = number(argv[0], 1L << 40), size = number(argv[1], BUFFER);
	struct child c;
	double begin, wall;
	char line[64];

	start(&c, argv[2], argv + 3);
	snprintf(line, sizeof(line), "sink %ld\n", total);
	write_all(c.to, line, strlen(line));
	begin = now_us();
	feed(c.to, total, size);
	drain(c.from, 1);
	wall = now_us() - begin;
	printf("%.0f %.0f\n", wall, stop(&c));
	return 0;
}

static int
pull(char **argv)
{
	long total = number(argv[0], 1L << 40), size = number(argv[1], BUFFER);
	struct child c;
	double begin, wall;
	char line[64];

	start(&c, argv[2], argv + 3);
	snprintf(line, sizeof(line), "source %ld %ld\n", total, size);
	begin = now_us();
	write_all(c.to, line, strlen(line));
	drain(c.from, total);
	wall = now_us() - begin;
	printf("%.0f %.0f\n", wall, stop(&c));
	return 0;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *x, long n)
{
	qsort(x, (size_t)n, sizeof(*x), compare);
	return x[n / 2];
}

/* The first trips warm up; the median trip, and CPU time for each of all. */
static int
ping(char **argv)
{
	static double trip[RUNS_MAX];
	long trips = number(argv[0], RUNS_MAX);
	struct child c;

	start(&c, argv[1], argv + 2);
	write_all(c.to, "echo\n", 5);
	for (long i = -10; i < trips; i++) {
		double begin = now_us();

		write_all(c.to, "x", 1);
		drain(c.from, 1);
		if (i >= 0)
			trip[i] = now_us() - begin;
	}
	printf("%.2f %.3f\n", median(trip, trips),
	    stop(&c) / (double)(trips + 10));
	return 0;
}

/*
 * Many at once.
 */
static double
process_cpu(pid_t pid)
{
	clockid_t clock;
	struct timespec t;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &t) == -1)
		errx(1, "process %d has gone", (int)pid);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* A line of /proc/PID/smaps_rollup, in KiB. */
static long
process_memory(pid_t pid, const char *what)
{
	char path[64], line[128];
	long kib = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && kib == -1 && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			sscanf(line + strlen(what), ": %ld", &kib);
	if (f == NULL || kib == -1)
		err(1, "%s", path);
	fclose(f);
	return kib;
}

static double
all_cpu(const struct child *c, long count)
{
	double sum = 0;

	for (long i = 0; i < count; i++)
		sum += process_cpu(c[i].pid);
	return sum;
}

/* bytes a second to each and back, one at a time, evenly spread. */
static void
trickle(const struct child *c, long count, long seconds, long bytes)
{
	double end = now_us() + (double)seconds * 1e6, begin;

	if (bytes == 0) {
		sleep((unsigned int)seconds);
		return;
	}
	while ((begin = now_us()) < end)
		for (long i = 0; i < count * bytes; i++) {
			double due =
			    begin + (double)i * 1e6 / (double)(count * bytes);
			double wait = due - now_us();

			if (wait > 0)
				usleep((useconds_t)wait);
			write_all(c[i % count].to, "x", 1);
			drain(c[i % count].from, 1);
		}
}

/* Prints PSS and private memory (KiB) and CPU time a second, of each. */
static int
many(char **argv)
{
	long count = number(argv[0], 20000), seconds = number(argv[1], 3600);
	long bytes = number(argv[2], 1000), pss = 0, dirty = 0;
	struct child *c = calloc((size_t)count, sizeof(*c));
	struct rlimit files = {(rlim_t)count * 2 + 64, (rlim_t)count * 2 + 64};
	double cpu;

	if (c == NULL || setrlimit(RLIMIT_NOFILE, &files) == -1)
		err(1, "limits");
	for (long i = 0; i < count; i++) {
		start(&c[i], "pipe", argv + 3);
		write_all(c[i].to, "echo\nx", 6);
		drain(c[i].from, 1);
	}
	cpu = all_cpu(c, count);
	trickle(c, count, seconds, bytes);
	cpu = all_cpu(c, count) - cpu;
	for (long i = 0; i < count; i++) {
		pss += process_memory(c[i].pid, "Pss");
		dirty += process_memory(c[i].pid, "Private_Dirty");
	}
	printf("%.1f %.1f %.2f\n", (double)pss / (double)count,
	    (double)dirty / (double)count,
	    cpu / (double)count / (double)seconds);
	for (long i = 0; i < count; i++)
		stop(&c[i]);
	return 0;
}

/*
 * Whole runs, of several commands in turn.
 */
static void
run_once(char **argv, double *wall, double *cpu)
{
	posix_spawn_file_actions_t files;
	struct rusage use;
	double begin = now_us();
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &files, NULL, argv, environ) != 0)
		errx(127, "%s: cannot run", argv[0]);
	posix_spawn_file_actions_destroy(&files);
	if (wait4(pid, &status, 0, &use) == -1)
		err(1, "wait");
	*wall = now_us() - begin;
	*cpu = cpu_us(&use);
	if (status != 0)
		errx(1, "%s: status %#x", argv[0], (unsigned int)status);
}

/* A line for each command: the medians of wall and of CPU time. */
static int
runs(char **argv)
{
	static double wall[EXEC_MAX][RUNS_MAX], cpu[EXEC_MAX][RUNS_MAX];
	long count = number(*argv++, RUNS_MAX);
	char **command[EXEC_MAX] = {argv};
	size_t n = 1;

	for (; *argv != NULL; argv++)
		if (strcmp(*argv, "--") == 0 && n < EXEC_MAX) {
			*argv = NULL;
			command[n++] = argv + 1;
		}
	for (long i = -2; i < count; i++)
		for (size_t k = 0; k < n; k++)
			run_once(command[k], &wall[k][i < 0 ? 0 : i],
			    &cpu[k][i < 0 ? 0 : i]);
	for (size_t k = 0; k < n; k++)
		printf("%.1f %.1f\n", median(wall[k], count),
		    median(cpu[k], count));
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int words;
		int (*run)(char **);
	} verbs[] = {{"serve", 2, serve}, {"push", 4, push}, {"pull", 4, pull},
	    {"ping", 3, ping}, {"many", 4, many}, {"exec", 2, runs}};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (argc >= 2 + verbs[i].words &&
		    strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argv + 2);
	errx(64, "usage: drive serve|push|pull|ping|many|exec ...");
}
