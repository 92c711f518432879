/* SPDX-License-Identifier: ISC */
/*
 * Forwards: with a /proc made by hand for what it can say, and with processes
 * of our own that look like sshd's.
 */
#include "../../jumpctl/forwards.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>

#include "unit.h"

enum { UID = 12345, OTHER = 12346 };

static char dir[64];
static struct forwards found; /* list, n and hidden are of it, or of logins */
static struct forward *list;
static size_t n, hidden;

static void
setup(void)
{
	strcpy(dir, "/tmp/forwards.XXXXXX"); /* files that are executed */
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0755), 0);
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
	free(list);
	free(found.logins);
	free(found.others);
	list = found.list = NULL;
	found.logins = NULL;
	found.others = NULL;
}

static const char *
file(const char *name)
{
	static char paths[16][128];
	static int next;
	char *path = paths[next++ % 16];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(file(name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

/*
 * A process of a made /proc.  Sockets are a list of inodes.
 */
static void
lone_stat(int pid, int parent, unsigned long long started)
{
	char name[64], text[512];

	snprintf(name, sizeof(name), "%d/stat", pid);
	snprintf(text, sizeof(text),
	    "%d (sshd) 9 (S) S %d 1 1 0 -1 4194624 1 0 0 0 1 2 3 4 20 0 1 0 "
	    "%llu 1 2\n",
	    pid, parent, started);
	put(name, text);
}

static void
lone_process(int pid, const char *exe, unsigned uid, unsigned long long started,
    const char *sockets)
{
	char name[64], text[512], *word, copy[64];
	int fd = 3;

	snprintf(name, sizeof(name), "%d", pid);
	ck_assert_int_eq(mkdir(file(name), 0755), 0);
	snprintf(name, sizeof(name), "%d/fd", pid);
	ck_assert_int_eq(mkdir(file(name), 0755), 0);
	snprintf(name, sizeof(name), "%d/exe", pid);
	ck_assert_int_eq(symlink(exe, file(name)), 0);
	lone_stat(pid, 77, started);
	snprintf(name, sizeof(name), "%d/status", pid);
	snprintf(text, sizeof(text),
	    "Name:\tsshd\nPid:\t%d\nUid:\t%u\t1\t2\t3\nGid:\t4\t5\t6\t7\n", pid,
	    uid);
	put(name, text);
	snprintf(copy, sizeof(copy), "%s", sockets);
	for (word = strtok(copy, " "); word != NULL; word = strtok(NULL, " ")) {
		snprintf(name, sizeof(name), "%d/fd/%d", pid, fd++);
		snprintf(text, sizeof(text), "socket:[%s]", word);
		ck_assert_int_eq(symlink(text, file(name)), 0);
	}
}

/* A process of the user's that is not sshd. */
static void
lone_child(int pid, int parent)
{
	lone_process(pid, "/bin/sh", UID, 600, "");
	lone_stat(pid, parent, 600);
}

/* The parent of all of them: a process of root's that runs sshd. */
enum { MONITOR = 77 };

static void
process(int pid, const char *exe, unsigned uid, unsigned long long started,
    const char *inodes)
{
	if (access(file("77"), F_OK) == -1) {
		ck_assert_int_eq(mkdir(file("root"), 0755), 0);
		put("root/sshd", "");
		lone_process(MONITOR, file("root/sshd"), 0, 1, "");
	}
	lone_process(pid, exe, uid, started, inodes);
}

/* 10: sshd's; 11: of the client to it; 20 to 22: forwards; 30: a listener of
 * the user's, 31: who connected to it; 40: of root, to a directory. */
static struct socket_seen sockets[] = {
    {.inode = 10, .uid = 0, .listens = true, .local_port = 22},
    {.inode = 11, .uid = 0, .local_port = 22, .remote_port = 50000},
    {.inode = 20,
	.uid = UID,
	.local_port = 41000,
	.remote_port = 5432,
	.sent = 7,
	.received = 9,
	.idle = 1500},
    {.inode = 21, .uid = UID, .local_port = 41001, .remote_port = 22},
    {.inode = 22, .uid = UID, .local_port = 41002, .remote_port = 80},
    {.inode = 30, .uid = UID, .listens = true, .local_port = 8022},
    {.inode = 31, .uid = UID, .local_port = 8022, .remote_port = 41003},
    {.inode = 40, .uid = 0, .local_port = 41004, .remote_port = 636},
};

static size_t
find(void)
{
	free(list);
	free(found.logins);
	free(found.others);
	ck_assert_int_eq(
	    forwards_find(dir, sockets, COUNT(sockets), &found), 0);
	list = found.list;
	n = found.n;
	hidden = found.hidden;
	return n;
}

/* An executable of root's, and what a link says of one that is gone. */
static const char *
sshd(const char *name)
{
	put(name, "");
	ck_assert_int_eq(chmod(file(name), 0755), 0);
	return file(name);
}

static void
addresses(void)
{
	sockets[0].local = unit_addr("::");
	sockets[1].local = unit_addr("192.0.2.1");
	sockets[1].remote = unit_addr("203.0.113.7");
	for (int i = 2; i < 5; i++) {
		sockets[i].local = unit_addr("10.2.0.1");
		sockets[i].remote = unit_addr("10.2.0.11");
	}
	sockets[5].local = unit_addr("127.0.0.1");
	sockets[6].local = unit_addr("127.0.0.1");
	sockets[7].remote = unit_addr("10.0.0.53");
}

START_TEST(what_is_a_forward)
{
	addresses();
	process(100, sshd("sshd"), UID, 500, "11 20 30 31 40 99");
	ck_assert_uint_eq(find(), 1);
	ck_assert_int_eq(list[0].process.pid, 100);
	ck_assert_int_eq(list[0].process.parent, 77);
	ck_assert_uint_eq(list[0].process.uid, UID);
	ck_assert_uint_eq(list[0].process.started, 500);
	ck_assert_uint_eq(list[0].inode, 20);
	ck_assert(list[0].from);
	ck_assert(addr_equal(&list[0].source, &sockets[1].remote));
	ck_assert(addr_equal(&list[0].target, &sockets[2].remote));
	ck_assert_uint_eq(list[0].port, 5432);
	ck_assert_uint_eq(list[0].sent, 7);
	ck_assert_uint_eq(list[0].received, 9);
	ck_assert_uint_eq(list[0].idle, 1500);
}
END_TEST

/* Sockets that can be a device's: that listen, or are none of TCP. */
START_TEST(who_listens)
{
	addresses();
	sshd("sshd");
	process(100, file("sshd"), UID, 500, "11 20 30 50");
	find();
	ck_assert_int_eq(forwards_holder(&found, 30), 100);
	ck_assert_int_eq(forwards_holder(&found, 50), 100);
	ck_assert_int_eq(forwards_holder(&found, 20), 0);
	ck_assert_int_eq(forwards_holder(&found, 51), 0);
	ck_assert_ptr_nonnull(forwards_login(&found, 100));
	ck_assert_uint_eq(forwards_login(&found, 100)->client.inode, 11);
	ck_assert_ptr_null(forwards_login(&found, 101));
}
END_TEST

/* Whatever has been started by it: a relay, say. */
START_TEST(whose_client)
{
	const struct socket_seen *client;

	addresses();
	sshd("sshd");
	process(100, file("sshd"), UID, 500, "11 20");
	process(90, file("sshd"), UID, 400, "10 20");
	ck_assert_uint_eq(find(), 1);
	ck_assert_uint_eq(list[0].socket.inode, 20);
	ck_assert_uint_eq(found.nlogins, 1);
	client = forwards_client(&found, dir, 100);
	ck_assert_ptr_nonnull(client);
	ck_assert_uint_eq(client->inode, 11);
	lone_child(300, 200);
	lone_child(200, 100);
	client = forwards_client(&found, dir, 300);
	ck_assert_ptr_nonnull(client);
	ck_assert_uint_eq(client->inode, 11);
	lone_child(400, 90);
	ck_assert_ptr_null(forwards_client(&found, dir, 400));
	ck_assert_ptr_null(forwards_client(&found, dir, 999));
	lone_child(500, 501);
	lone_child(501, 500);
	ck_assert_ptr_null(forwards_client(&found, dir, 500));
	for (int pid = 600; pid < 610; pid++)
		lone_child(pid, pid == 600 ? 100 : pid - 1);
	ck_assert_ptr_nonnull(forwards_client(&found, dir, 606));
	ck_assert_ptr_null(forwards_client(&found, dir, 609));
}
END_TEST

START_TEST(order_and_each_once)
{
	addresses();
	sshd("sshd");
	process(100, file("sshd"), UID, 900, "11 20 22");
	process(90, file("sshd"), UID, 800, "11 21 21");
	process(110, file("sshd"), UID, 950, "20 22");
	ck_assert_uint_eq(find(), 3);
	ck_assert_uint_eq(list[0].inode, 21);
	ck_assert_uint_eq(list[1].inode, 20);
	ck_assert_int_eq(list[1].process.pid, 100);
	ck_assert_uint_eq(list[2].inode, 22);
}
END_TEST

/* The client's, wherever it stands, and if nobody listens there any more. */
START_TEST(source)
{
	static const char *const orders[] = {
	    "11 40 20", "40 11 20", "20 40 11"};

	addresses();
	process(100, sshd("sshd"), UID, 500, orders[_i]);
	ck_assert_uint_eq(find(), 1);
	ck_assert(addr_equal(&list[0].source, &sockets[1].remote));
}
END_TEST

START_TEST(source_without_a_listener)
{
	addresses();
	sockets[0].local_port = 2222;
	process(100, sshd("sshd"), UID, 500, "11 20");
	process(101, file("sshd"), UID, 501, "21");
	ck_assert_uint_eq(find(), 2);
	ck_assert(list[0].from);
	ck_assert(addr_equal(&list[0].source, &sockets[1].remote));
	ck_assert(!list[1].from);
}
END_TEST

static void
upgraded(void)
{
	process(100, sshd("sshd (deleted)"), UID, 500, "20");
}

static void
session(void)
{
	process(100, sshd("sshd-session"), UID, 500, "20");
}

static void
root(void)
{
	sockets[2].uid = 0;
	process(100, sshd("sshd"), 0, 500, "20");
}

static void
another_uid(void)
{
	process(100, sshd("sshd"), OTHER, 500, "20");
}

static void
another_program(void)
{
	process(100, sshd("sshd-keygen"), UID, 500, "20");
}

static void
users_own_program(void)
{
	sshd("sshd");
	ck_assert_int_eq(chown(file("sshd"), UID, (gid_t)-1), 0);
	process(100, file("sshd"), UID, 500, "20");
}

static void
writable_program(void)
{
	sshd("sshd");
	ck_assert_int_eq(chmod(file("sshd"), 0775), 0);
	process(100, file("sshd"), UID, 500, "20");
}

static void
no_program(void)
{
	process(100, "sshd", UID, 500, "20");
}

static void
no_process(void)
{
	process(100, sshd("sshd"), UID, 500, "20");
	ck_assert_int_eq(rename(file("100"), file("0100")), 0);
}

static void
vanished(void)
{
	process(100, sshd("sshd"), UID, 500, "20");
	ck_assert_int_eq(unlink(file("100/stat")), 0);
}

static void
garbled(void)
{
	process(100, sshd("sshd"), UID, 500, "20");
	put("100/stat", "100 (sshd S 1");
}

static void
without_uid(void)
{
	process(100, sshd("sshd"), UID, 500, "20");
	put("100/status", "Name:\tUid:\t12345\n");
}

/* What anybody can do: run sshd. */
static void
without_monitor(void)
{
	lone_process(100, sshd("sshd"), UID, 500, "20");
}

static void
monitor_of_the_user(void)
{
	lone_process(MONITOR, sshd("sshd"), UID, 500, "");
	lone_process(100, file("sshd"), UID, 500, "20");
}

static void
monitor_of_another_program(void)
{
	lone_process(MONITOR, "/bin/sh", 0, 500, "");
	lone_process(100, sshd("sshd"), UID, 500, "20");
}

static const struct {
	void (*make)(void);
	size_t n;
} cases[] = {
    {upgraded, 1},
    {session, 1},
    {root, 0},
    {another_uid, 0},
    {another_program, 0},
    {users_own_program, 0},
    {writable_program, 0},
    {no_program, 0},
    {no_process, 0},
    {vanished, 0},
    {garbled, 0},
    {without_uid, 0},
    {without_monitor, 0},
    {monitor_of_the_user, 0},
    {monitor_of_another_program, 0},
};

START_TEST(who_counts)
{
	addresses();
	cases[_i].make();
	ck_assert_uint_eq(find(), cases[_i].n);
}
END_TEST

/* Root without CAP_SYS_PTRACE is told EACCES. */
START_TEST(hidden_process)
{
	addresses();
	process(100, sshd("sshd"), UID, 500, "20");
	process(101, file("sshd"), UID, 500, "21");
	process(102, "/bin/sh", UID, 500, "");
	ck_assert_int_eq(chmod(file("101"), 0), 0);
	ck_assert_int_eq(seteuid(UID), 0);
	ck_assert_uint_eq(find(), 1);
	ck_assert_uint_eq(hidden, 1);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_uint_eq(find(), 2);
	ck_assert_uint_eq(hidden, 0);
}
END_TEST

/* A file system of a user's own can keep root from its files. */
START_TEST(hidden_program)
{
	addresses();
	ck_assert_int_eq(mkdir(file("own"), 0700), 0);
	process(100, sshd("own/sshd"), UID, 500, "20");
	ck_assert_int_eq(seteuid(UID), 0);
	ck_assert_uint_eq(find(), 0);
	ck_assert_uint_eq(hidden, 0);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_uint_eq(find(), 1);
}
END_TEST

START_TEST(no_proc)
{
	ck_assert_int_eq(
	    forwards_find(file("none"), sockets, 0, &found), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

/*
 * Real ones.
 */

/*
 * A process of UID whose program is called sshd, with a connection, and its
 * parent, of root's, which is called so too; we reap both.
 */
static pid_t
forwarder(int to, pid_t *parent)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int out[2];
	pid_t pid = 0;
	char byte;

	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	ck_assert_int_eq(
	    getsockname(to, (struct sockaddr *)&address, &size), 0);
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	*parent = fork();
	if (*parent == 0 && (pid = fork()) != 0) {
		if (write(out[1], &pid, sizeof(pid)) == sizeof(pid))
			execl(file("bin/sshd"), "sshd", "60", NULL);
		_exit(1);
	}
	if (*parent == 0) {
		int s;

		if (setgid(UID) == -1 || setuid(UID) == -1)
			_exit(1);
		s = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(s, (struct sockaddr *)&address, size) == -1)
			_exit(1);
		execl(file("bin/sshd"), "sshd", "60", NULL);
		_exit(1);
	}
	close(out[1]);
	ck_assert_int_eq(read(out[0], &pid, sizeof(pid)), sizeof(pid));
	ck_assert_int_eq(read(out[0], &byte, 1), 0); /* both are executed */
	close(out[0]);
	return pid;
}

static int
listener(void)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(s, (struct sockaddr *)&in, sizeof(in)), 0);
	ck_assert_int_eq(listen(s, 4), 0);
	return s;
}

static struct forward
find_real(pid_t pid)
{
	struct forward real = {0};
	struct socket_seen *all;
	size_t nall;

	free(list);
	free(found.logins);
	free(found.others);
	ck_assert_int_eq(sockets_read(&all, &nall), 0);
	ck_assert_int_eq(
	    forwards_find("/proc", all, nall, &found), 0);
	free(all);
	list = found.list;
	n = found.n;
	for (size_t i = 0; i < n; i++) {
		if (list[i].process.pid == pid)
			real = list[i];
	}
	return real;
}

START_TEST(real_process)
{
	struct forward f, other;
	char command[256];
	pid_t pid, parent;
	int s = listener(), status;
	struct pollfd ended = {.events = POLLIN};

	ck_assert_int_eq(mkdir(file("bin"), 0755), 0);
	snprintf(command, sizeof(command),
	    "cp $(readlink -f /bin/sleep) %s && chmod 755 %s", file("bin/sshd"),
	    file("bin/sshd"));
	ck_assert_int_eq(system(command), 0);
	pid = forwarder(s, &parent);
	f = find_real(pid);
	ck_assert_int_eq(f.process.pid, pid);
	ck_assert_uint_eq(f.process.uid, UID);
	ck_assert_int_eq(f.process.parent, parent);
	ck_assert(!f.from);

	other = f;
	other.process.started++;
	ck_assert_int_eq(forward_process("/proc", &other), -1);
	ck_assert_int_eq(errno, ESRCH);
	other = f;
	other.process.uid++;
	ck_assert_int_eq(forward_process("/proc", &other), -1);
	other = f;
	other.inode++;
	ck_assert_int_eq(forward_process("/proc", &other), -1);
	other = f;
	other.process.pid = getpid();
	ck_assert_int_eq(forward_process("/proc", &other), -1);

	ended.fd = forward_process("/proc", &f);
	ck_assert_int_ne(ended.fd, -1);
	ck_assert_int_eq(poll(&ended, 1, 0), 0);
	kill(parent, SIGKILL);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(poll(&ended, 1, 10000), 1);
	close(ended.fd);
	ck_assert_int_eq(forward_process("/proc", &f), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

/*
 * Logins.
 */

/* In a network: of a made /proc, a link to that of a real process. */
static void
in_network(int pid, const char *network)
{
	char name[64];

	snprintf(name, sizeof(name), "%d/ns", pid);
	ck_assert_int_eq(mkdir(file(name), 0755), 0);
	snprintf(name, sizeof(name), "%d/ns/net", pid);
	ck_assert_int_eq(symlink(network, file(name)), 0);
}

static void
child_of(int pid, int parent)
{
	char name[64], text[256];

	snprintf(name, sizeof(name), "%d/stat", pid);
	snprintf(text, sizeof(text),
	    "%d (sshd) S %d 77 1 1 0 -1 4194624 1 0 0 0 1 2 3 4 20 0 1 0 "
	    "500 1 2\n",
	    pid, parent);
	put(name, text);
}

static size_t
logins(void)
{
	free(list);
	list = NULL;
	ck_assert_int_eq(
	    logins_find(dir, sockets, COUNT(sockets), &list, &n, &hidden), 0);
	return n;
}

START_TEST(what_is_a_login)
{
	static const char ours[] = "/proc/self/ns/net";

	addresses();
	sshd("sshd");
	sshd("other");
	process(100, file("sshd"), UID, 500, "11 20 22");
	process(101, file("sshd"), UID, 500, "11");	 /* it has forked this */
	process(102, file("sshd"), OTHER, 500, "");	 /* and that not */
	process(103, file("sshd"), 0, 500, "11");	 /* root's */
	process(104, file("other"), UID, 500, "11");	 /* another program */
	process(105, file("sshd"), UID, 500, "11");	 /* of a container */
	process(106, file("sshd"), UID, 500, "11");	 /* of who knows what */
	child_of(101, 100);
	child_of(102, 100);
	for (int pid = 100; pid < 105; pid++)
		in_network(pid, ours);
	in_network(105, "/proc/self/ns/mnt");
	ck_assert_uint_eq(logins(), 4);
	for (size_t i = 0; i < n; i++) {
		int pid = list[i].process.pid;

		ck_assert(pid == 100 || pid == 102 || pid == 105 || pid == 106);
		ck_assert_uint_eq(list[i].inode, 0);
		ck_assert_int_eq(list[i].far, pid == 105);
		ck_assert_int_eq(list[i].from, pid != 102);
		if (pid == 100)
			ck_assert(addr_equal(
			    &list[i].source, &sockets[1].remote));
	}
}
END_TEST

START_TEST(what_is_a_monitor)
{
	struct forward f;

	sshd("sshd");
	sshd("other");
	process(100, file("sshd"), 0, 500, "11");
	process(101, file("sshd"), UID, 500, "11");
	process(102, file("other"), 0, 500, "11");
	ck_assert_int_eq(login_monitor(dir, 100, &f), 0);
	ck_assert_int_eq(f.process.pid, 100);
	ck_assert_uint_eq(f.process.started, 500);
	ck_assert_uint_eq(f.inode, 0);
	for (int pid = 101; pid < 104; pid++) {
		ck_assert_int_eq(login_monitor(dir, pid, &f), -1);
		ck_assert(errno == ESRCH || errno == ENOENT);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("forwards");
	TCase *t = tcase_create("forwards");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, what_is_a_forward);
	tcase_add_test(t, whose_client);
	tcase_add_test(t, who_listens);
	tcase_add_test(t, order_and_each_once);
	tcase_add_loop_test(t, source, 0, 3);
	tcase_add_test(t, source_without_a_listener);
	tcase_add_loop_test(t, who_counts, 0, COUNT(cases));
	tcase_add_test(t, hidden_process);
	tcase_add_test(t, hidden_program);
	tcase_add_test(t, no_proc);
	tcase_add_test(t, real_process);
	tcase_add_test(t, what_is_a_login);
	tcase_add_test(t, what_is_a_monitor);
	suite_add_tcase(s, t);
	return unit_run(s);
}
