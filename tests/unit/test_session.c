/* SPDX-License-Identifier: ISC */
/*
 * The registry: who lives, who holds what, and what is not believed.
 */
#include "session.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>

#include "unit.h"

enum { HOLDERS = 200, PLACES = 5, ROUNDS = 10 };

static char dir[64];
static struct session_seen *seen;
static size_t n, odd;

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "%s/session.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
	free(seen);
	seen = NULL;
}

static const char *
file(const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static size_t
list(void)
{
	free(seen);
	seen = NULL;
	ck_assert_int_eq(session_list(dir, getegid(), &seen, &n, &odd), 0);
	return n;
}

static void
start(struct session *s, const char *id)
{
	ck_assert_int_eq(session_open(s, dir, geteuid()), 0);
	snprintf(s->page->id, sizeof(s->page->id), "%s", id);
	strcpy(s->page->user, "alice");
	session_publish(s);
}

/* A process that says on its pipe that it is ready, and waits. */
struct child {
	pid_t pid;
	int ready;
};

static struct child
spawn(void (*body)(void))
{
	struct child c;
	int fds[2];
	char byte;

	ck_assert_int_eq(pipe(fds), 0);
	c.pid = fork();
	ck_assert_int_ne(c.pid, -1);
	if (c.pid == 0) {
		signal(SIGTERM, SIG_DFL); /* libcheck would end us all */
		body();
		if (write(fds[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return c;
}

static void
end(struct child c)
{
	kill(c.pid, SIGKILL);
	ck_assert_int_eq(waitpid(c.pid, NULL, 0), c.pid);
}

static struct session held;

static void
hold(void)
{
	if (session_open(&held, dir, geteuid()) == -1)
		_exit(1);
	strcpy(held.page->id, "held");
	held.page->sent = 7;
	session_publish(&held);
}

static void
hold_unpublished(void)
{
	if (session_open(&held, dir, geteuid()) == -1)
		_exit(1);
}

static void
hold_damaged(void)
{
	hold();
	memset(held.page->target, 'x', sizeof(held.page->target));
}

/* Of the session of a leader of its own number. */
static void
hold_terminal(void)
{
	if (session_open(&held, dir, geteuid()) == -1)
		_exit(1);
	held.page->kind = SESSION_TERMINAL;
	held.page->leader = getpid();
	session_publish(&held);
}

static void
hold_old(void)
{
	hold();
	held.page->version = SESSION_VERSION_WAS;
}

static void
hold_ended(void)
{
	hold();
	held.page->ended = 1;
}

static void
hold_place(void)
{
	hold();
	if (session_take(&held, "alice", "web", 1) == -1)
		_exit(1);
}

/*
 * Terminals.
 */
static int
terminal(pid_t leader, struct session_seen *found)
{
	return session_terminal(dir, geteuid(), leader, found);
}

START_TEST(terminal_is_found)
{
	struct child relay = spawn(hold), a = spawn(hold_terminal),
		     b = spawn(hold_terminal);
	struct session_seen found;
	struct pollfd p = {.events = POLLIN};

	ck_assert_int_eq(terminal(relay.pid, &found), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(terminal(0, &found), -1);
	p.fd = terminal(b.pid, &found);
	ck_assert_int_ne(p.fd, -1);
	ck_assert_int_eq(found.pid, b.pid);
	ck_assert_int_eq(found.page.leader, b.pid);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	end(b);
	ck_assert_int_eq(poll(&p, 1, 1000), 1);
	close(p.fd);
	ck_assert_int_eq(terminal(b.pid, &found), -1);
	p.fd = terminal(a.pid, &found);
	ck_assert_int_ne(p.fd, -1);
	close(p.fd);
	end(a);
	end(relay);
}
END_TEST

/* Those before and behind a gap, and none that is odd. */
START_TEST(terminal_is_found_behind_others)
{
	struct child others[SESSION_GAP + 5];
	struct child last;
	struct session_seen found;
	int fd;

	for (size_t i = 0; i < SESSION_GAP + 5; i++)
		others[i] = spawn(i % 2 == 0 ? hold : hold_damaged);
	last = spawn(hold_terminal);
	for (size_t i = 0; i < SESSION_GAP + 5; i++)
		end(others[i]);
	fd = terminal(last.pid, &found);
	ck_assert_int_ne(fd, -1);
	close(fd);
	end(last);
}
END_TEST

START_TEST(the_version_before_is_read)
{
	struct child c = spawn(hold_old);

	ck_assert_uint_eq(list(), 1);
	ck_assert_uint_eq(odd, 0);
	ck_assert_uint_eq(seen[0].page.kind, SESSION_RELAY);
	end(c);
}
END_TEST

/*
 * Life.
 */
START_TEST(lives_and_ends)
{
	struct child a = spawn(hold), b = spawn(hold);

	ck_assert_uint_eq(list(), 2);
	ck_assert_uint_eq(odd, 0);
	ck_assert_int_eq(seen[0].pid, a.pid < b.pid ? a.pid : b.pid);
	ck_assert_uint_ne(seen[0].slot, seen[1].slot);
	ck_assert_uint_eq(seen[0].uid, geteuid());
	ck_assert_str_eq(seen[0].page.id, "held");
	ck_assert_uint_eq(seen[0].page.sent, 7);
	end(a);
	ck_assert_uint_eq(list(), 1);
	ck_assert_int_eq(seen[0].pid, b.pid);
	end(b);
	ck_assert_uint_eq(list(), 0);
}
END_TEST

START_TEST(slot_is_used_again)
{
	struct child a = spawn(hold_damaged), b = spawn(hold);

	end(a);
	a = spawn(hold);
	ck_assert_uint_eq(list(), 2);
	ck_assert_uint_eq(odd, 0);
	ck_assert_uint_eq(seen[0].slot + seen[1].slot, 1);
	end(a);
	end(b);
}
END_TEST

static const char *slot_file(unsigned int slot);

static const struct taken {
	unsigned int n, but;	  /* taken: the first n, but this */
	unsigned int least, most; /* then it is this, or one of these */
} takens[] = {
    {16, 15, 15, 15},
    {100, 7, 7, 7},
    {100, 77, 100, 127},
    {1000, 77, 1000, 1031},
    {SESSION_SLOTS, 77, 77, 77},
    {SESSION_SLOTS, SESSION_SLOTS, 0, 0},
};
static const struct taken *taken;

static void
hold_slots(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	for (unsigned int i = 0; i < taken->n; i++) {
		int fd = open(slot_file(i), O_RDWR | O_CREAT, 0600);

		if (i == taken->but)
			close(fd);
		else if (fd == -1 || fcntl(fd, F_SETLK, &l) == -1)
			_exit(1);
	}
}

static bool
is_file(const char *name, const struct stat *st)
{
	struct stat there;

	return stat(name, &there) == 0 && there.st_ino == st->st_ino;
}

START_TEST(slot_among_many)
{
	const struct rlimit files = {SESSION_SLOTS + 64, SESSION_SLOTS + 64};
	struct session s;
	struct child a;
	struct stat own;

	taken = &takens[_i];
	if (setrlimit(RLIMIT_NOFILE, &files) == -1)
		return;
	a = spawn(hold_slots);
	if (taken->least == taken->most && taken->but == SESSION_SLOTS) {
		ck_assert_int_eq(session_open(&s, dir, geteuid()), -1);
		ck_assert_int_eq(errno, EUSERS);
		end(a);
		return;
	}
	start(&s, "own");
	ck_assert_int_eq(fstat(s.fd, &own), 0);
	for (unsigned int i = taken->least;; i++) {
		if (is_file(slot_file(i), &own) ||
		    is_file(slot_file(taken->but), &own))
			break;
		ck_assert_uint_lt(i, taken->most);
	}
	session_close(&s);
	end(a);
}
END_TEST

START_TEST(own_is_not_seen)
{
	struct session s;

	start(&s, "own");
	/* F_GETLK does not tell of locks of one's own. */
	ck_assert_uint_eq(list(), 0);
	session_close(&s);
}
END_TEST

START_TEST(unpublished_is_not_seen)
{
	struct child a = spawn(hold_unpublished);

	ck_assert_uint_eq(list(), 0);
	ck_assert_uint_eq(odd, 0);
	end(a);
}
END_TEST

START_TEST(damaged_is_odd)
{
	struct child a = spawn(hold_damaged);

	ck_assert_uint_eq(list(), 0);
	ck_assert_uint_eq(odd, 1);
	end(a);
}
END_TEST

START_TEST(child_holds_nothing)
{
	struct session s;
	struct child c;

	start(&s, "own");
	ck_assert_int_eq(session_take(&s, "alice", "web", 1), 0);
	c = spawn(hold_unpublished); /* it has our descriptors */
	session_close(&s);
	start(&s, "next");
	ck_assert_int_eq(session_take(&s, "alice", "web", 1), 0);
	session_close(&s);
	end(c);
}
END_TEST

/*
 * What is not believed.
 */
static void
symlinked(void)
{
	ck_assert_int_eq(symlink("/etc/passwd", file("0.1")), 0);
}

static void
fifo(void)
{
	ck_assert_int_eq(mkfifo(file("0.1"), 0600), 0);
}

static void
loose(void)
{
	int fd = open(file("0.1"), O_CREAT | O_RDWR, 0600);

	ck_assert_int_eq(fchmod(fd, 0660), 0);
	close(fd);
}

static void
somebody_elses(void)
{
	close(open(file("0.1"), O_CREAT | O_RDWR, 0600));
	ck_assert_int_eq(chown(file("0.1"), 12345, (gid_t)-1), 0);
}

static void
of_another_group(void)
{
	close(open(file("0.1"), O_CREAT | O_RDWR, 0600));
	ck_assert_int_eq(chown(file("0.1"), (uid_t)-1, 12345), 0);
}

static void
linked(void)
{
	char other[96];

	close(open(file("0.1"), O_CREAT | O_RDWR, 0600));
	strcpy(other, file("x"));
	ck_assert_int_eq(link(file("0.1"), other), 0);
}

static void
misnamed(void)
{
	close(open(file("0.01"), O_CREAT | O_RDWR, 0600));
}

static void
overflowing(void)
{
	close(open(file("4294967296.1"), O_CREAT | O_RDWR, 0600));
}

static void
beyond(void)
{
	close(open(file("0.16384"), O_CREAT | O_RDWR, 0600));
}

static void
hidden(void)
{
	close(open(file(".0.1"), O_CREAT | O_RDWR, 0600));
}

/* A lock of an open file, which names nobody; it lasts as long as the test. */
static void
nobodys_lock(void)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(file("0.1"), O_CREAT | O_RDWR, 0600);

	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &l), 0);
}

static const struct {
	void (*make)(void);
	size_t odd;
} oddities[] = {
    {symlinked, 1},
    {fifo, 1},
    {loose, 1},
    {somebody_elses, 1},
    {of_another_group, 1},
    {linked, 2},
    {misnamed, 1},
    {overflowing, 1},
    {beyond, 1},
    {hidden, 1},
    {nobodys_lock, 1},
};

START_TEST(odd_files)
{
	oddities[_i].make();
	ck_assert_uint_eq(list(), 0);
	ck_assert_uint_eq(odd, oddities[_i].odd);
	ck_assert_int_eq(session_clean(dir, getegid()), 0);
}
END_TEST

/* What cannot be taken for a slot of ours ends the attempt. */
START_TEST(odd_slots)
{
	static void (*const make[])(void) = {symlinked, fifo, somebody_elses};
	static const char *const at[] = {"0.0", "0"};
	struct session s;
	char from[96];

	make[_i / 2]();
	strcpy(from, file("0.1"));
	ck_assert_int_eq(rename(from, file(at[_i % 2])), 0);
	ck_assert_int_eq(session_open(&s, dir, geteuid()), -1);
	ck_assert_ptr_null(s.page);
	ck_assert_int_eq(s.fd, -1);
	ck_assert_int_eq(s.limits, -1);
}
END_TEST

/* The gate's session counts among those of the user, whoever came first. */
START_TEST(counts_for_another)
{
	struct session own, gate;
	struct stat st;
	int status;
	pid_t pid;

	ck_assert_int_eq(session_open(&own, dir, geteuid()), 0);
	ck_assert_int_eq(session_take(&own, "alice", "", 1), 0);
	pid = fork(); /* locks are of processes */
	if (pid == 0) {
		if (session_open(&gate, dir, 0) == -1 ||
		    session_count_for(&gate, dir, geteuid()) == -1)
			_exit(2);
		_exit(session_take(&gate, "alice", "", 1) == -1 &&
			    errno == EAGAIN &&
			    session_take(&gate, "alice", "", 2) == 0
			? 0
			: 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	session_close(&own);
	ck_assert_int_eq(session_open(&gate, dir, 0), 0);
	ck_assert_int_eq(session_count_for(&gate, dir, 4711), 0);
	ck_assert_int_eq(stat(file("4711"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	session_close(&gate);
	ck_assert_int_eq(session_count_for(&gate, file("none"), 1), -1);
}
END_TEST

/* Succeeds if this uid can have a session, and counts for the other. */
static int
count_as(uid_t uid, uid_t other)
{
	struct session s;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (setresuid(uid, uid, uid) == -1 ||
		    session_open(&s, dir, uid) == -1)
			_exit(2);
		_exit(session_count_for(&s, dir, other) == 0 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* In a folder like the real one, the gate's file serves the user, and back. */
START_TEST(counts_of_another)
{
	ck_assert_int_eq(chmod(dir, 01730), 0);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(count_as(4711, 4712), 0);
	ck_assert_int_eq(count_as(4712, 4711), 0);
	ck_assert_int_eq(count_as(4711, 4712), 0);
}
END_TEST

/*
 * fs.protected_regular, as Debian has it: what is there already and another's
 * cannot be opened with O_CREAT in a folder such as the registry.  The setting
 * is the machine's, so a filter says the same, and does so of all files.
 */
static void
protect(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat),
		1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_CREAT | O_EXCL, O_CREAT)) ||
	    seccomp_load(filter))
		_exit(2);
	if (open(file("other"), O_WRONLY | O_CREAT, 0600) != -1)
		_exit(3);
}

START_TEST(limits_of_who_came_first)
{
	struct session s = {.fd = -1, .limits = -1};
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		protect();
		if (session_count_for(&s, dir, 4711) == -1)
			_exit(4);
		_exit(session_count_for(&s, dir, 4711) == -1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(no_directory)
{
	struct session s;

	ck_assert_int_eq(session_open(&s, file("none"), geteuid()), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(session_list(file("none"), 0, &seen, &n, &odd), -1);
	ck_assert_int_eq(session_clean(file("none"), 0), -1);
}
END_TEST

/* Who holds it is in another pid namespace, and has no number in ours. */
static void
list_inside(void)
{
	int status;
	pid_t pid;

	if (unshare(CLONE_NEWPID) == -1)
		_exit(errno != EPERM); /* root of a container */
	pid = fork();
	if (pid == 0)
		_exit(list() != 0 || odd != 1);
	_exit(waitpid(pid, &status, 0) != pid || status != 0);
}

START_TEST(nobodys_number)
{
	struct child a = spawn(hold);
	pid_t pid = fork();
	int status;

	if (pid == 0)
		list_inside();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	end(a);
}
END_TEST

/*
 * Limits.
 */
START_TEST(places_are_of_user_and_rule)
{
	struct child a = spawn(hold_place);
	struct session s;

	start(&s, "own");
	ck_assert_int_eq(session_take(&s, "alice", "web", 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(session_take(&s, "alice", "web", 0), -1);
	ck_assert_int_eq(session_take(&s, "alice", "", 1), 0);
	ck_assert_int_eq(session_take(&s, "alicew", "eb", 1), 0);
	ck_assert_int_eq(session_take(&s, "bob", "web", 1), 0);
	ck_assert_int_eq(session_take(&s, "alice", "web", 2), 0);
	session_close(&s);
	end(a);
	start(&s, "own");
	ck_assert_int_eq(session_take(&s, "alice", "web", 1), 0);
	session_close(&s);
}
END_TEST

/* Start, wait for the others, and take a place or not. */
static void
race(int go, int done)
{
	struct session s;
	char byte;

	if (read(go, &byte, 1) != 0 || session_open(&s, dir, 0) == -1)
		_exit(2);
	byte = session_take(&s, "alice", "web", PLACES) == 0 ? 'y' : 'n';
	if (write(done, &byte, 1) != 1)
		_exit(2);
	for (;;)
		pause();
}

static void
race_once(void)
{
	pid_t pids[HOLDERS];
	int go[2], done[2], got = 0;
	char byte;

	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(pipe(done), 0);
	for (int i = 0; i < HOLDERS; i++) {
		pids[i] = fork();
		ck_assert_int_ne(pids[i], -1);
		if (pids[i] == 0) {
			close(go[1]);
			race(go[0], done[1]);
		}
	}
	close(go[1]);
	for (int i = 0; i < HOLDERS; i++) {
		ck_assert_int_eq(read(done[0], &byte, 1), 1);
		got += byte == 'y';
	}
	for (int i = 0; i < HOLDERS; i++) {
		kill(pids[i], SIGKILL);
		ck_assert_int_eq(waitpid(pids[i], NULL, 0), pids[i]);
	}
	close(go[0]);
	close(done[0]);
	close(done[1]);
	ck_assert_int_eq(got, PLACES);
}

START_TEST(never_more_and_never_fewer)
{
	for (int round = 0; round < ROUNDS; round++)
		race_once();
	ck_assert_uint_eq(list(), 0);
}
END_TEST

/*
 * What an administrator does.
 */
START_TEST(dead_are_cleaned)
{
	struct child a = spawn(hold), b = spawn(hold);

	end(a);
	ck_assert_int_eq(session_clean(dir, getegid()), 1);
	ck_assert_int_eq(session_clean(dir, getegid()), 0);
	ck_assert_uint_eq(list(), 1);
	ck_assert_int_eq(seen[0].pid, b.pid);
	end(b);
}
END_TEST

static bool
is_listed(pid_t pid)
{
	list();
	for (size_t i = 0; i < n; i++) {
		if (seen[i].pid == pid)
			return true;
	}
	return false;
}

START_TEST(cleaned_meanwhile)
{
	pid_t cleaners[3]; /* each finds what another has removed */

	for (size_t i = 0; i < COUNT(cleaners); i++) {
		cleaners[i] = fork();
		ck_assert_int_ne(cleaners[i], -1);
		while (cleaners[i] == 0)
			session_clean(dir, getegid());
	}
	for (int i = 0; i < 500; i++) {
		struct child a = spawn(hold);

		ck_assert(is_listed(a.pid));
		end(a);
	}
	for (size_t i = 0; i < COUNT(cleaners); i++) {
		kill(cleaners[i], SIGKILL);
		waitpid(cleaners[i], NULL, 0);
	}
}
END_TEST

static int
process(void)
{
	return session_process(dir, getegid(), &seen[0]);
}

START_TEST(finds_the_living)
{
	struct child a = spawn(hold);
	struct pollfd ended = {.events = POLLIN};
	siginfo_t info;

	ck_assert_uint_eq(list(), 1);
	ended.fd = process();
	ck_assert_int_ne(ended.fd, -1);
	ck_assert_int_eq(poll(&ended, 1, 0), 0);
	kill(a.pid, SIGKILL);
	ck_assert_int_eq(poll(&ended, 1, 10000), 1);
	ck_assert_int_eq(waitid(P_PIDFD, (id_t)ended.fd, &info, WEXITED), 0);
	ck_assert_int_eq(info.si_pid, a.pid);
	close(ended.fd);
	ck_assert_int_eq(process(), -1);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

/* The slot is another session's by now. */
START_TEST(finds_no_other)
{
	struct child a = spawn(hold);

	ck_assert_uint_eq(list(), 1);
	strcpy(seen[0].page.id, "other");
	ck_assert_int_eq(process(), -1);
	ck_assert_int_eq(errno, ESRCH);
	strcpy(seen[0].page.id, "held");
	seen[0].page.started++;
	ck_assert_int_eq(process(), -1);
	seen[0].page.started--;
	seen[0].pid = getpid();
	ck_assert_int_eq(process(), -1);
	seen[0].pid = a.pid;
	ck_assert_int_eq(session_process(dir, getegid() + 1, &seen[0]), -1);
	ck_assert_int_ne(close(process()), -1);
	end(a);
}
END_TEST

START_TEST(waits_with_its_record)
{
	struct child a = spawn(hold), b;

	ck_assert_uint_eq(list(), 1);
	ck_assert(!session_waits(dir, getegid(), &seen[0]));
	end(a);
	b = spawn(hold_ended);
	ck_assert_uint_eq(list(), 1);
	ck_assert(session_waits(dir, getegid(), &seen[0]));
	strcpy(seen[0].page.id, "other");
	ck_assert(!session_waits(dir, getegid(), &seen[0]));
	ck_assert_uint_eq(list(), 1);
	end(b);
	ck_assert(!session_waits(dir, getegid(), &seen[0]));
}
END_TEST

/* The number in the lock is that of a process of somebody else. */
START_TEST(finds_no_stranger)
{
	struct child a = spawn(hold);
	char mine[96];

	strcpy(mine, file("0.0"));
	ck_assert_int_eq(chown(mine, 12345, (gid_t)-1), 0);
	ck_assert_int_eq(rename(mine, file("12345.0")), 0);
	ck_assert_uint_eq(list(), 1);
	ck_assert_int_eq(process(), -1);
	ck_assert_int_eq(errno, EPERM);
	end(a);
}
END_TEST

/*
 * What a user may see of themselves.
 */
static const char *
slot_file(unsigned int slot)
{
	char name[SESSION_NAME];

	snprintf(name, sizeof(name), "%u.%u", geteuid(), slot);
	return file(name);
}

static void
make_slot(unsigned int slot)
{
	int fd = open(slot_file(slot), O_RDWR | O_CREAT, 0600);

	ck_assert_int_ne(fd, -1);
	close(fd);
}

START_TEST(own_are_found_by_name)
{
	struct child a = spawn(hold), b = spawn(hold), c = spawn(hold);
	struct session_own own;

	end(b);
	ck_assert_int_eq(unlink(slot_file(1)), 0);
	session_own_open(&own, dir, geteuid());
	ck_assert_uint_eq(own.n, 2);
	ck_assert(!own.more);
	end(c); /* its file stays */
	ck_assert_int_eq(session_own_list(&own, &seen, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(seen->pid, a.pid);
	ck_assert_str_eq(seen->page.id, "held");
	ck_assert_uint_eq(own.n, 0);
	session_own_open(&own, dir, geteuid() + 1);
	ck_assert_uint_eq(own.n, 0);
	session_own_open(&own, "/nonexistent", geteuid());
	ck_assert_uint_eq(own.n, 0);
	end(a);
}
END_TEST

static size_t
own_files(bool more)
{
	struct session_own own;
	size_t found;

	session_own_open(&own, dir, geteuid());
	found = own.n;
	ck_assert_int_eq(own.more, more);
	ck_assert_int_eq(session_own_list(&own, &seen, &n), 0);
	free(seen);
	seen = NULL;
	return found;
}

START_TEST(own_are_bounded)
{
	make_slot(SESSION_GAP);
	ck_assert_uint_eq(own_files(false), 0);
	make_slot(SESSION_GAP - 1);
	ck_assert_uint_eq(own_files(false), 2);
	for (unsigned int i = 0; i < SESSION_OWN; i++)
		make_slot(i);
	ck_assert_uint_eq(own_files(false), SESSION_OWN);
	make_slot(SESSION_OWN);
	ck_assert_uint_eq(own_files(true), SESSION_OWN);
}
END_TEST

/* The page is no child's, which could write to it. */
START_TEST(child_has_no_page)
{
	struct session s;
	int status;
	pid_t pid;

	start(&s, "page");
	pid = fork();
	if (pid == 0)
		_exit(msync(s.page, SESSION_PAGE, MS_ASYNC) == -1 &&
		    errno == ENOMEM);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 1 << 8);
	session_close(&s);
}
END_TEST

/* Given up, they are free for others, and those of other rules are kept. */
static const char *const given[] = {"a", "b", "c", "d", "e", "f", "g"};

static void
hold_all_but_one(void)
{
	hold();
	for (int i = 0; i < COUNT(given); i++) {
		if (session_take(&held, "alice", given[i], 1) == -1)
			_exit(1);
	}
	session_give(&held, "alice", given[0]);
}

START_TEST(places_are_given_up)
{
	struct child c = spawn(hold_all_but_one);
	struct session s;

	start(&s, "take");
	for (int i = 0; i < COUNT(given); i++)
		ck_assert_int_eq(
		    session_take(&s, "alice", given[i], 1), i == 0 ? 0 : -1);
	end(c);
	ck_assert_int_eq(session_take(&s, "alice", given[1], 1), 0);
	session_close(&s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session");
	TCase *t = tcase_create("session");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, terminal_is_found);
	tcase_add_test(t, terminal_is_found_behind_others);
	tcase_add_test(t, the_version_before_is_read);
	tcase_add_test(t, lives_and_ends);
	tcase_add_test(t, slot_is_used_again);
	tcase_add_loop_test(
	    t, slot_among_many, 0, sizeof(takens) / sizeof(takens[0]));
	tcase_add_test(t, own_is_not_seen);
	tcase_add_test(t, unpublished_is_not_seen);
	tcase_add_test(t, damaged_is_odd);
	tcase_add_test(t, child_holds_nothing);
	tcase_add_loop_test(t, odd_files, 0, COUNT(oddities));
	tcase_add_loop_test(t, odd_slots, 0, 5);
	tcase_add_test(t, nobodys_number);
	tcase_add_test(t, counts_for_another);
	tcase_add_test(t, counts_of_another);
	tcase_add_test(t, limits_of_who_came_first);
	tcase_add_test(t, no_directory);
	tcase_add_test(t, places_are_of_user_and_rule);
	tcase_add_test(t, never_more_and_never_fewer);
	tcase_add_test(t, dead_are_cleaned);
	tcase_add_test(t, cleaned_meanwhile);
	tcase_add_test(t, finds_the_living);
	tcase_add_test(t, finds_no_other);
	tcase_add_test(t, waits_with_its_record);
	tcase_add_test(t, finds_no_stranger);
	tcase_add_test(t, own_are_found_by_name);
	tcase_add_test(t, own_are_bounded);
	tcase_add_test(t, child_has_no_page);
	tcase_add_test(t, places_are_given_up);
	suite_add_tcase(s, t);
	return unit_run(s);
}
