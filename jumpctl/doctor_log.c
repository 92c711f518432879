/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether a record arrives where jumpctl log reads.
 */
#include "doctor.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "exit.h"
#include "log.h"

enum {
	PATIENCE_S = 3,
	PAUSE_MS = 100,
	SAID = 256,
	TAIL = 4 << 20 /* more is not written to a log in that time */
};

/*
 * How it arrived, from worse to better: the exit status of who looks.
 */
enum arrival {
	ARRIVED_NOT,
	ARRIVED_COARSE,  /* only what has a higher priority */
	ARRIVED_BARE,    /* nothing says whose it is */
	ARRIVED_OTHERS,  /* it is said to be somebody else's */
	ARRIVED_NAMELESS, /* nothing says of which program */
	ARRIVED_ASIDE,   /* in a file that has been rotated */
	ARRIVED
};

/* What is said before and after where it came to. */
static const struct {
	const char *before, *after, *remedy;
} arrivals[] = {
    [ARRIVED_NOT] = {"a record has not come to ",
	" in 3 seconds: jumpctl log does not tell who reaches what",
	"restart the log daemon, and have it read " AUDIT_SOCKET
	": SENDERS in jump-audit(5)"},
    [ARRIVED_COARSE] = {"what sshd says of forwards does not come to ",
	", nor does anything else of the priority debug: jumpctl log does not "
	"tell who reaches what by ProxyJump",
	"rsyslogd: auth,authpriv.* and not .info; journald.conf(5): "
	"MaxLevelStore=debug"},
    [ARRIVED_BARE] = {"a record comes to ",
	" without its sender: nothing that jumpctl log shows can be believed",
	"the line of imuxsock in " DATADIR "/rsyslog.conf goes to "
	"/etc/rsyslog.conf, the file to /etc/rsyslog.d/00-jump.conf"},
    [ARRIVED_OTHERS] = {"a record comes to ",
	" as another sender's: jumpctl log takes all of them for forged",
	"have the log daemon read " AUDIT_SOCKET " itself: SENDERS in "
	"jump-audit(5)"},
    [ARRIVED_NAMELESS] = {"a record comes to ",
	" without the program that wrote it",
	"put " DATADIR "/rsyslog.conf back as /etc/rsyslog.d/00-jump.conf"},
    [ARRIVED_ASIDE] = {"a record comes to a file that ",
	" was rotated to, and will be lost with it",
	"/usr/lib/rsyslog/rsyslog-rotate, or systemctl kill -s HUP "
	"rsyslog.service; " DATADIR "/logrotate.conf does that"},
};

/*
 * Looking, in a process of its own: what reads the log exits if it cannot.
 */
static void
nothing(void *arg)
{
	(void)arg;
}

/*
 * Whether a line of the log is that record, and how it is attested.  With what
 * rsyslogd adds to the text of a line, it is none that can be read.
 */
static enum arrival
judge(char *line, time_t newest, const char *id)
{
	struct log_entry e;
	struct log_record r;

	if (!log_entry_parse(&e, line, newest) ||
	    strcmp(e.program, "jumpctl") != 0 ||
	    !log_record_begins(e.message) || strstr(e.message, id) == NULL)
		return ARRIVED_NOT;
	if (!log_record_parse(&r, e.message) || !e.attested)
		return ARRIVED_BARE;
	if (log_trust_record(&e, &r) != LOG_TRUST_KERNEL)
		return ARRIVED_OTHERS;
	return e.exe == NULL ? ARRIVED_NAMELESS : ARRIVED;
}

static enum arrival
look(const char *id, time_t since)
{
	struct log_source *s =
	    log_source_open(NULL, (int64_t)since * SECOND, false);
	enum arrival how = ARRIVED_NOT;
	time_t newest;
	char *line;

	log_source_tail(s, TAIL);
	while ((line = log_source_line(s, &newest, nothing, NULL)) != NULL) {
		if (how == ARRIVED_NOT)
			how = judge(line, newest, id);
		if (how == ARRIVED && log_source_rotated(s))
			how = ARRIVED_ASIDE;
	}
	log_source_close(s);
	return how;
}

/*
 * Look until it has arrived, or the alarm rings.  One that is not as it should
 * be may have come to another file first.
 */
static void
look_on(const char *id, time_t since)
{
	enum arrival was = ARRIVED_NOT, is = ARRIVED_NOT;

	signal(SIGALRM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(PATIENCE_S);
	do {
		was = is;
		if (log_source_default() != NULL)
			is = look(id, since);
		if (is == ARRIVED)
			break;
		poll(NULL, 0, PAUSE_MS);
	} while (was == ARRIVED_NOT);
	_exit((int)is);
}

/* What it found; or -1, and why it could not read the log. */
static int
wait_for(const char *id, time_t since, char said[SAID])
{
	int fds[2], status;
	pid_t pid;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) == -1 || (pid = fork()) == -1)
		err(EXIT_INTERNAL, NULL);
	if (pid == 0) {
		if (dup2(fds[1], STDERR_FILENO) == -1)
			_exit(EXIT_INTERNAL);
		look_on(id, since);
	}
	close(fds[1]);
	n = read(fds[0], said, SAID - 1);
	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (waitpid(pid, &status, 0) == -1)
		status = 0;
	close(fds[0]);
	if (WIFSIGNALED(status))
		return ARRIVED_NOT;
	return WEXITSTATUS(status) == EXIT_INTERNAL ? -1 : WEXITSTATUS(status);
}

/*
 * Leave a record: the first one, or another of a higher priority, as that has
 * not come.  0, or -1 and errno.
 */
static int
leave(const struct doctor *d, bool first, char id[AUDIT_SESSION + 1])
{
	char by[64], loginuid[AUDIT_LOGINUID], hash[17] = "";
	struct audit audit;
	struct audit_event e = {.kind = AUDIT_DOCTOR,
	    .outcome = first ? AUDIT_SUCCESS : AUDIT_FAILURE,
	    .uid = getuid(),
	    .user = by,
	    .session = id,
	    .reason = first ? "a record to look for"
			    : "none of the priority debug has come",
	    .loginuid = audit_loginuid(loginuid),
	    .policy = hash};
	int result;

	state_who(by, sizeof(by));
	if (d->policy != NULL)
		policy_hash_text(d->policy, hash);
	if (audit_session_id(id) == -1 ||
	    audit_open(&audit, "jumpctl", AUDIT_SOCKET) == -1)
		return -1;
	result = audit_write(&audit, &e);
	audit_close(&audit);
	return result;
}

/* Whether anybody has the socket, without a word to it.  0, or -1 and errno. */
static int
knock(void)
{
	struct sockaddr_un to = {
	    .sun_family = AF_UNIX, .sun_path = AUDIT_SOCKET};
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result =
	    s == -1 ? -1 : connect(s, (struct sockaddr *)&to, sizeof(to));

	if (s != -1)
		close(s);
	return result;
}

/*
 * Where nothing keeps the log: what the configuration of rsyslogd says of it.
 */
struct wish {
	char here[PATH_MAX + 16], away[PATH_MAX + 16]; /* places, or "" */
};

/* "@host", "@@host": where the old way to write it has its target. */
static bool
sends_away(const char *line)
{
	const char *at = strpbrk(line, " \t");

	if (strstr(line, "\"omfwd\"") != NULL ||
	    strstr(line, "\"omrelp\"") != NULL)
		return true;
	if (at == NULL || strchr("*abcdefghijklmnopqrstuvwxyz", *line) == NULL)
		return false;
	return at[strspn(at, " \t")] == '@';
}

static bool
keeps_here(const char *line)
{
	for (size_t i = 0; log_source_files[i] != NULL; i++) {
		if (strstr(line, log_source_files[i]) != NULL)
			return true;
	}
	return false;
}

static void
read_file(struct wish *w, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[1024];
	unsigned n = 0;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *start = line + strspn(line, " \t");

		n++;
		if (*start == '#')
			continue;
		if (*w->here == '\0' && keeps_here(start))
			snprintf(w->here, sizeof(w->here), "%s:%u", path, n);
		if (*w->away == '\0' && sends_away(start))
			snprintf(w->away, sizeof(w->away), "%s:%u", path, n);
	}
	if (f != NULL)
		fclose(f);
}

static void
read_wishes(struct wish *w)
{
	glob_t files;

	memset(w, 0, sizeof(*w));
	read_file(w, "/etc/rsyslog.conf");
	if (glob("/etc/rsyslog.d/*.conf", 0, NULL, &files) != 0)
		return;
	for (size_t i = 0; i < files.gl_pathc; i++)
		read_file(w, files.gl_pathv[i]);
	globfree(&files);
}

static void
find_nowhere(struct doctor *d, const struct wish *w)
{
	if (*w->here != '\0')
		found(d, LEVEL_FAIL, NULL, w->here,
		    "restart rsyslog, and see what it says: rsyslogd -N1",
		    "a record has not come to its file in 3 seconds: there is "
		    "none");
	else if (*w->away != '\0')
		found(d, LEVEL_NOTE, NULL, w->away,
		    "look there whether it has come, and with its sender",
		    "records are sent on, and not kept here: jumpctl log has "
		    "nothing to read");
	else
		found(d, LEVEL_WARN, NULL, NULL,
		    "install " DATADIR "/rsyslog.conf: SENDERS in "
		    "jump-audit(5)",
		    "there is no journal and no file of the log: nobody can "
		    "tell whether records are kept");
}

/*
 * What is found.
 */
static bool
is_full(const char *file)
{
	char folder[PATH_MAX];
	struct statvfs fs;

	snprintf(folder, sizeof(folder), "%s", file);
	*strrchr(folder, '/') = '\0';
	return statvfs(folder, &fs) == 0 && (fs.f_bavail == 0 ||
	    (fs.f_files != 0 && fs.f_favail == 0));
}

static void
find_arrival(struct doctor *d, enum arrival how, const char *where)
{
	enum level level = how <= ARRIVED_COARSE ? LEVEL_FAIL : LEVEL_WARN;

	if (how == ARRIVED) {
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "a record has come to %s, with its sender", where);
		return;
	}
	if (how == ARRIVED_NOT && *where == '/' && is_full(where)) {
		found(d, level, NULL, NULL, "make room there",
		    "a record has not come to %s: its file system is full",
		    where);
		return;
	}
	found(d, level, NULL, NULL, arrivals[how].remedy, "%s%s%s",
	    arrivals[how].before, where, arrivals[how].after);
}

static void
check_arrival(struct doctor *d, char id[AUDIT_SESSION + 1], time_t since)
{
	const char *where = log_source_default();
	char said[SAID];
	struct wish wish;
	int how = ARRIVED_NOT;

	read_wishes(&wish);
	if (where != NULL || *wish.here != '\0') {
		how = wait_for(id, since, said);
		if (how == ARRIVED_NOT && leave(d, false, id) == 0 &&
		    wait_for(id, since, said) > ARRIVED_NOT)
			how = ARRIVED_COARSE;
		where = log_source_default();
	}
	if (how == -1)
		found(d, LEVEL_FAIL, NULL, NULL,
		    "mend that, or have the log daemon make it anew",
		    "jumpctl log cannot read: %s", said);
	else if (where == NULL)
		find_nowhere(d, &wish);
	else
		find_arrival(d, (enum arrival)how, where);
}

void
check_log(struct doctor *d)
{
	char id[AUDIT_SESSION + 1];
	time_t since = time(NULL) - 1;

	if ((d->mute ? knock() : leave(d, true, id)) == -1)
		found(d, LEVEL_FAIL, NULL, NULL,
		    "start rsyslog, or systemd-journald",
		    "%s: %s: what cannot be recorded is refused", AUDIT_SOCKET,
		    strerror(errno));
	else if (d->mute)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "somebody reads %s; whether records arrive was not asked",
		    AUDIT_SOCKET);
	else
		check_arrival(d, id, since);
}
