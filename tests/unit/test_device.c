/* SPDX-License-Identifier: ISC */
/*
 * jump-connect/device.c: who is taken for a device.  Processes that are named
 * as sshd's are, notes of the test's own; as root, in a folder of root's.
 */
#include "../../jump-connect/device.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>

#include "../../lib/login.h"
#include "older.h"
#include "unit.h"

enum { ACCOUNT = 2301, OTHER = 2302, WAIT = 2 };

#define KEY(name, c)                                                           \
	"key " name " \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM0ffV1quJELwRO2"  \
	"IJdwNky6GvgjVsSYeigeG2AO+k6" c "\"\n"

static char base[64], notes[80];
static struct policy *policy;
static struct device_world world;
static uint32_t target;
static struct audit_listener who;

static bool
can(void)
{
	if (base[0] != '\0')
		return true;
	fprintf(stderr, "not root, or no folder of root's: not tested\n");
	return false;
}

static const char *
file(const char *name)
{
	static char path[4][160];
	static int i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", base, name);
	return path[i];
}

static void
setup(void)
{
	char text[1024];

	strcpy(base, "/run/device.XXXXXX");
	if (getuid() != 0 || mkdtemp(base) == NULL) {
		base[0] = '\0';
		return;
	}
	chmod(base, 0755);
	ck_assert_int_eq(mkdir(file("d"), 0755), 0);
	ck_assert_int_eq(chown(file("d"), ACCOUNT, 990), 0);
	ck_assert_int_eq(chmod(file("d"), 02710), 0);
	snprintf(notes, sizeof(notes), "%s/notes", base);
	ck_assert_int_eq(mkdir(notes, 0770), 0);
	snprintf(text, sizeof(text),
	    "device rtu18 \"%s/d/s\" ssh account many\n" KEY("rtu18",
		"A") "device rtu19 \"%s/d/t\" ssh account many\n" KEY("rtu19",
		"I") "device rtu17 127.77.0.17 ssh 22\nuser alice\n" KEY("alic"
									 "e",
		"E"),
	    base, base);
	policy = unit_policy(text);
	target = policy_find_target(policy, "rtu18");
	world = (struct device_world){
	    .policy = policy, .proc = "/proc", .logins = notes, .keeper = 0};
}

static void
teardown(void)
{
	char command[128];

	if (base[0] == '\0')
		return;
	snprintf(command, sizeof(command), "rm -r %s", base);
	ck_assert_int_eq(system(command), 0);
	policy_free(policy);
}

/* The fingerprints of the keys above. */
static const char *
fingerprint(const char *name)
{
	static char text[LOGIN_KEY];
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				      "opqrstuvwxyz0123456789+/";
	uint32_t user = policy_find_user(policy, name);
	const uint8_t *f = NULL;
	size_t n = 7;

	snprintf(text, sizeof(text), "SHA256:");
	for (uint32_t i = 0; i < policy->table[PT_KEYS].n; i++) {
		if (policy_key(policy, i)->owner == user)
			f = policy_key(policy, i)->fingerprint;
	}
	ck_assert_ptr_nonnull(f);
	for (unsigned i = 0; i < 43; i++) {
		unsigned bit = i * 6,
			 two = (unsigned)f[bit / 8] << 8 |
		    (bit / 8 + 1 < 32 ? f[bit / 8 + 1] : 0U);

		text[n++] = letters[two >> (10 - bit % 8) & 63];
	}
	text[n] = '\0';
	return text;
}

/* A login, and what is wrong with it. */
struct scene {
	const char *what;
	int fault;
	/* Of the processes; "" or 0 as it should be. */
	const char *child, *monitor;
	uid_t monitor_uid, child_uid;
	bool grandchild;     /* listens, and the child lives */
	const char *program; /* its name */
	bool heir;	     /* has the listener, and the child does not */
	bool again;	     /* and another has the child's number by then */
	bool silent;	     /* nobody listens */
	/* Of the note. */
	bool no_note;
	const char *user, *key;
	uid_t uid;
	enum login_device device;
	enum login_by by;
	int64_t earlier; /* s */
	/* Of the files. */
	uid_t owner, folder_owner;
	mode_t mode;
	const char *shell; /* run at last in the folder */
};

static const struct scene scenes[] = {
    {"as it should be", .fault = DEVICE_REACHED},
    {"of OpenSSH 9.8", .fault = DEVICE_REACHED, .child = "sshd-session",
	.monitor = "sshd-session"},
    {"a folder of root's", .fault = DEVICE_REACHED, .folder_owner = UINT_MAX},
    {"nothing there", .fault = DEVICE_OFFLINE, .shell = "rm s"},
    {"no folder", .fault = DEVICE_OFFLINE, .shell = "cd ..; rm -r d"},
    {"nobody listens", .fault = DEVICE_OFFLINE, .silent = true},
    {"a folder of another's", .fault = DEVICE_FOLDER, .folder_owner = OTHER},
    {"a folder for the group", .fault = DEVICE_FOLDER, .mode = 02770},
    {"a folder for all", .fault = DEVICE_FOLDER, .mode = 0757},
    {"a folder above for all", .fault = DEVICE_FOLDER, .shell = "chmod 777 .."},
    {"a sticky one too", .fault = DEVICE_FOLDER, .shell = "chmod 1777 .."},
    {"a folder by a link", .fault = DEVICE_FOLDER,
	.shell = "cd ..; mv d e; ln -s e d"},
    {"a file in its place", .fault = DEVICE_FOLDER,
	.shell = "cd ..; mv d e; >d"},
    {"a link", .fault = DEVICE_SOCKET, .shell = "mv s u; ln -s u s"},
    {"a file", .fault = DEVICE_SOCKET, .shell = "rm s; >s; chown 2301 s"},
    {"a folder", .fault = DEVICE_SOCKET,
	.shell = "rm s; mkdir s; chown 2301 s"},
    {"two names", .fault = DEVICE_SOCKET, .shell = "ln s u"},
    {"a name elsewhere", .fault = DEVICE_SOCKET, .shell = "ln s ../u"},
    {"a socket of another's", .fault = DEVICE_SOCKET, .owner = OTHER},
    {"another user behind it", .fault = DEVICE_FOREIGN, .child_uid = OTHER},
    {"no sshd", .fault = DEVICE_NO_LOGIN, .child = "nc"},
    {"no monitor", .fault = DEVICE_NO_LOGIN, .monitor = "systemd"},
    {"a monitor that is not root's", .fault = DEVICE_NO_LOGIN,
	.monitor_uid = ACCOUNT},
    {"a program of the login's", .fault = DEVICE_NO_LOGIN, .grandchild = true},
    {"one of another name", .fault = DEVICE_NO_LOGIN, .grandchild = true,
	.program = "nc"},
    {"an heir", .fault = DEVICE_GONE, .heir = true},
    {"an heir of a number", .fault = DEVICE_GONE, .heir = true, .again = true},
    {"no note", .fault = DEVICE_NO_LOGIN, .no_note = true},
    {"an earlier process's", .fault = DEVICE_NO_LOGIN, .earlier = 1000},
    {"another account's", .fault = DEVICE_NO_LOGIN, .uid = OTHER},
    {"a user's", .fault = DEVICE_NO_LOGIN, .device = LOGIN_NO_DEVICE},
    {"one that may not listen", .fault = DEVICE_NO_LOGIN, .device = LOGIN_MUTE},
    {"a certificate's", .fault = DEVICE_NO_LOGIN, .by = LOGIN_BY_CERTIFICATE},
    {"another device's", .fault = DEVICE_OTHER, .user = "rtu19",
	.key = "rtu19"},
    {"another's key", .fault = DEVICE_KEY, .key = "rtu19"},
    {"a user's key", .fault = DEVICE_KEY, .key = "alice"},
    {"nobody's key", .fault = DEVICE_KEY,
	.key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    {"no key", .fault = DEVICE_KEY, .key = "SHA256:"},
    {"another kind", .fault = DEVICE_KEY, .key = "MD5:00"},
    {"another hash", .fault = DEVICE_KEY, .key = "SHA512:"},
    {"of the other's socket", .fault = DEVICE_OTHER, .user = "rtu19",
	.key = "rtu19", .shell = "mv s t; mv t s"},
};

static int gate[2]; /* all end when its writer does */

static void __attribute__((noreturn)) wait_for_end(void)
{
	char c;

	close(gate[1]);
	_exit(read(gate[0], &c, 1) == 0 ? 0 : 1);
}

/* sshd's child; ready when this has written. */
static void __attribute__((noreturn)) child(const struct scene *s, int ready)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", file("d/s"));
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) == -1 ||
	    chmod(to.sun_path, 0660) == -1 ||
	    chown(to.sun_path, s->owner != 0 ? s->owner : ACCOUNT, 990) == -1)
		_exit(2);
	if (setuid(s->child_uid != 0 ? s->child_uid : ACCOUNT) == -1)
		_exit(3);
	prctl(PR_SET_NAME, s->child != NULL ? s->child : "sshd");
	if (s->grandchild && fork() != 0)
		wait_for_end();
	if (s->program != NULL)
		prctl(PR_SET_NAME, s->program);
	if (!s->silent && listen(fd, 4) == -1)
		_exit(4);
	if (s->heir && fork() != 0)
		_exit(0);
	if (s->heir)
		while (getppid() != 1 && kill(getppid(), 0) == 0)
			usleep(1000); /* until it is gone */
	if (s->silent)
		close(fd);
	if (!s->again && write(ready, "", 1) != 1)
		_exit(5);
	close(ready);
	wait_for_end();
}

/* Another child of the number of one that has ended, younger than its socket
 * by more than the clocks may differ. */
static void
child_again(pid_t number, int ready)
{
	struct clone_args args = {.exit_signal = SIGCHLD,
	    .set_tid = (uintptr_t)&number,
	    .set_tid_size = 1};
	long pid;

	usleep(2500000);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid > 0)
		return;
	if (pid == 0 && (setuid(ACCOUNT) == -1 || prctl(PR_SET_NAME, "sshd")))
		_exit(3);
	if (write(ready, "", 1) != 1)
		_exit(5);
	close(ready);
	if (pid == 0)
		wait_for_end();
}

/* sshd's monitor: its number, when it and its child are what they will be. */
static pid_t
start(const struct scene *s)
{
	int ready[2];
	pid_t pid, first;
	char c;

	ck_assert_int_eq(pipe(gate), 0);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		close(ready[0]);
		prctl(PR_SET_NAME, s->monitor != NULL ? s->monitor : "sshd");
		first = fork();
		if (first == 0)
			child(s, ready[1]);
		if (s->heir)
			waitpid(first, NULL, 0);
		if (s->again)
			child_again(first, ready[1]);
		if (setuid(s->monitor_uid) == -1)
			_exit(6);
		prctl(PR_SET_NAME, s->monitor != NULL ? s->monitor : "sshd");
		if (write(ready[1], "", 1) != 1)
			_exit(5);
		close(ready[1]);
		wait_for_end();
	}
	close(ready[1]);
	for (int i = 0; i < 2; i++) /* the child's and the monitor's */
		ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return pid;
}

static void
leave_note(const struct scene *s, pid_t monitor, bool listens)
{
	struct login_note note = {.uid = s->uid != 0 ? s->uid : ACCOUNT,
	    .by = (uint8_t)s->by,
	    .device = LOGIN_LISTENS};
	const char *key = s->key != NULL ? s->key : "rtu18";
	int fd;

	if (!listens)
		note.device = (uint8_t)s->device;
	snprintf(note.user, sizeof(note.user), "%s",
	    s->user != NULL ? s->user : "rtu18");
	snprintf(note.key, sizeof(note.key), "%s",
	    strchr(key, ':') != NULL ? key : fingerprint(key));
	if (strcmp(key, "SHA512:") == 0) { /* of the right bytes */
		strcpy(note.key, fingerprint("rtu18"));
		memcpy(note.key, "SHA512", 6);
	}
	fd = login_open(notes, monitor);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(login_write(fd, &note, "line", 4), 0);
	note.written -= s->earlier * 1000;
	ck_assert_int_eq(pwrite(fd, &note, sizeof(note), 0), sizeof(note));
	close(fd);
}

/* Whether the scene says nothing of the role. */
static bool
is_listener(const struct scene *s)
{
	return s->device == LOGIN_NO_DEVICE && strcmp(s->what, "a user's") != 0;
}

static void
files(const struct scene *s)
{
	char command[256];

	if (s->folder_owner != 0)
		ck_assert_int_eq(
		    chown(file("d"),
			s->folder_owner == UINT_MAX ? 0 : s->folder_owner, 990),
		    0);
	if (s->mode != 0)
		ck_assert_int_eq(chmod(file("d"), s->mode), 0);
	if (s->shell == NULL)
		return;
	snprintf(
	    command, sizeof(command), "cd %s && { %s; }", file("d"), s->shell);
	ck_assert_int_eq(system(command), 0);
}

static void
play(const struct scene *s)
{
	int fault = 1, fd;
	pid_t monitor;

	monitor = start(s);
	if (!s->no_note)
		leave_note(s, monitor, is_listener(s));
	files(s);
	fd = device_connect(&world, target, ACCOUNT, WAIT, &who, &fault);
	close(gate[0]);
	close(gate[1]);
	ck_assert_msg(fault == s->fault, "%s: %s, not %s", s->what,
	    device_fault_text(fault), device_fault_text(s->fault));
	ck_assert_int_eq(fd != -1, s->fault == DEVICE_REACHED);
	if (fd != -1)
		ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	close(fd);
	ck_assert_int_eq(waitpid(monitor, NULL, 0), monitor);
}

START_TEST(scene_is)
{
	if (can())
		play(&scenes[_i]);
}
END_TEST

/* The same where the kernel gives no hold of a process. */
START_TEST(scene_was)
{
	if (!can())
		return;
	ck_assert(older_kernel());
	play(&scenes[_i]);
}
END_TEST

/* What is no device at a path is not connected to. */
START_TEST(others)
{
	int fault = 0;

	if (!can())
		return;
	ck_assert_int_eq(
	    device_connect(&world, policy_find_target(policy, "rtu17"), ACCOUNT,
		WAIT, &who, &fault),
	    -1);
	ck_assert_int_eq(fault, EINVAL);
	ck_assert_int_eq(
	    device_connect(&world, POLICY_NONE, ACCOUNT, WAIT, &who, &fault), -1);
	ck_assert_int_eq(fault, EINVAL);
}
END_TEST

/* A backlog that is full, which nobody works through. */
START_TEST(waits)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fault = 0, fd, full[64], n = 0;

	if (!can())
		return;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", file("d/s"));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	ck_assert_int_eq(chown(to.sun_path, ACCOUNT, 0), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	do
		full[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (connect(full[n++], (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    n < 64);
	ck_assert_int_eq(
	    device_connect(&world, target, ACCOUNT, 1, &who, &fault), -1);
	ck_assert_int_eq(fault, ETIMEDOUT);
}
END_TEST

/*
 * At an address.
 */
static uid_t
become(uid_t uid)
{
	if (getuid() == 0) {
		ck_assert_int_eq(seteuid(0), 0);
		ck_assert_int_eq(seteuid(uid), 0);
	}
	return geteuid();
}

static int
listen_at(const char *address, uint16_t *port)
{
	struct addr a = unit_addr(address);
	struct sockaddr_storage ss;
	socklen_t size = addr_to_sockaddr(&a, *port, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, size), 0);
	ck_assert_int_eq(listen(fd, 4), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &size), 0);
	*port = addr_port((struct sockaddr *)&ss);
	return fd;
}

static int
client(uint16_t port)
{
	struct addr a = unit_addr("127.77.0.17");
	struct sockaddr_storage ss;
	socklen_t size = addr_to_sockaddr(&a, port, &ss);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, size), 0);
	return fd;
}

static const struct {
	const char *bound;
	uid_t listener, acceptor; /* 0: nobody accepts */
	int fault;
} places[] = {
    {"127.77.0.17", ACCOUNT, ACCOUNT, DEVICE_REACHED},
    {"127.77.0.17", OTHER, OTHER, DEVICE_FOREIGN},
    {"127.77.0.17", OTHER, 0, DEVICE_FOREIGN},
    {"0.0.0.0", OTHER, OTHER, DEVICE_FOREIGN},
    {"0.0.0.0", ACCOUNT, ACCOUNT, DEVICE_FOREIGN},
    {"::", ACCOUNT, ACCOUNT, DEVICE_FOREIGN},
    {"127.77.0.17", ACCOUNT, OTHER, DEVICE_FOREIGN},
    {"127.77.0.17", OTHER, ACCOUNT, DEVICE_FOREIGN},
    {"127.77.0.17", ACCOUNT, 0, ETIMEDOUT},
};

START_TEST(listener_is)
{
	struct addr a = unit_addr("127.77.0.17");
	struct sockaddr_storage ss;
	bool right = places[_i].listener == ACCOUNT &&
	    strcmp(places[_i].bound, "127.77.0.17") == 0;
	uint16_t port = 0;
	int fd;

	if (!can())
		return;
	become(places[_i].listener);
	fd = listen_at(places[_i].bound, &port);
	become(0);
	addr_to_sockaddr(&a, port, &ss);
	ck_assert_int_eq(device_listens((struct sockaddr *)&ss, ACCOUNT, &who),
	    right ? DEVICE_REACHED : DEVICE_FOREIGN);
	ck_assert_int_eq((int)who.uid, right ? -1 : (int)places[_i].listener);
	ck_assert_int_eq(who.pid, 0);
	close(fd);
	ck_assert_int_eq(
	    device_listens((struct sockaddr *)&ss, ACCOUNT, &who), DEVICE_OFFLINE);
}
END_TEST

START_TEST(place_is)
{
	struct patience patience = {dial_clock() + 200, -1};
	uint16_t port = 0;
	int fd, sock;

	if (!can())
		return;
	become(places[_i].listener);
	fd = listen_at(places[_i].bound, &port);
	become(0);
	sock = client(port);
	if (places[_i].acceptor != 0) {
		become(places[_i].acceptor);
		ck_assert_int_ne(accept(fd, NULL, NULL), -1);
		become(0);
	}
	ck_assert_int_eq(
	    device_check(sock, ACCOUNT, patience, &who), places[_i].fault);
}
END_TEST

/* The device comes when the impostor has a connection: it is not the device's.
 */
START_TEST(another_came)
{
	struct patience patience = {dial_clock() + 200, -1};
	uint16_t port = 0;
	int fd, sock, server;

	if (!can())
		return;
	become(OTHER);
	fd = listen_at("127.77.0.17", &port);
	sock = client(port);
	server = accept(fd, NULL, NULL);
	close(fd);
	become(ACCOUNT);
	listen_at("127.77.0.17", &port);
	become(0);
	ck_assert_int_eq(device_check(sock, ACCOUNT, patience, &who),
	    DEVICE_FOREIGN);
	close(server);
	ck_assert_int_eq(device_check(sock, ACCOUNT, patience, &who),
	    ECONNRESET);
}
END_TEST

/* Accepted a moment later. */
START_TEST(accepts_later)
{
	struct patience patience = {dial_clock() + 20000, -1};
	uint16_t port = 0;
	int fd, sock;
	pid_t pid;

	if (!can())
		return;
	become(ACCOUNT);
	fd = listen_at("127.77.0.17", &port);
	become(0);
	sock = client(port);
	pid = fork();
	if (pid == 0) {
		usleep(50000);
		become(ACCOUNT);
		_exit(accept(fd, NULL, NULL) == -1 || pause());
	}
	ck_assert_int_eq(device_check(sock, ACCOUNT, patience, &who),
	    DEVICE_REACHED);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
END_TEST

/* Nobody waits any more: what is to be written to is gone. */
START_TEST(client_goes)
{
	struct patience patience = {dial_clock() + 20000, -1};
	uint16_t port = 0;
	int fds[2];

	if (!can())
		return;
	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	patience.out = fds[1];
	become(ACCOUNT);
	listen_at("127.77.0.17", &port);
	become(0);
	ck_assert_int_eq(
	    device_check(client(port), ACCOUNT, patience, &who), ECANCELED);
}
END_TEST

START_TEST(texts)
{
	for (int i = DEVICE_KEY; i <= 0; i++) {
		for (int j = DEVICE_KEY; j < i; j++)
			ck_assert_str_ne(
			    device_fault_text(i), device_fault_text(j));
	}
	ck_assert_str_eq(device_fault_text(ENOENT), strerror(ENOENT));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device");
	TCase *t = tcase_create("device");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, scene_is, 0, COUNT(scenes));
	tcase_add_loop_test(t, scene_was, 0, COUNT(scenes));
	tcase_add_test(t, others);
	tcase_add_test(t, waits);
	tcase_add_loop_test(t, listener_is, 0, COUNT(places));
	tcase_add_loop_test(t, place_is, 0, COUNT(places));
	tcase_add_test(t, another_came);
	tcase_add_test(t, accepts_later);
	tcase_add_test(t, client_goes);
	tcase_add_test(t, texts);
	suite_add_tcase(s, t);
	return unit_run(s);
}
