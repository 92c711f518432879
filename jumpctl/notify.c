/* SPDX-License-Identifier: ISC */
/*
 * jumpctl notify: have the policy's program tell of what somebody is to know.
 */
#include "notify.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "exit.h"
#include "program.h"

enum {
	PROGRAM_MS = 10 * 1000, /* one event */
	WORK_MS = 25 * 1000,	/* then no other is begun */
	FAILURES_MAX = 3,	/* in a row */
	GIVE_UP_S = 24 * 3600
};

struct notifier {
	const struct policy *policy;
	int dir;
	uid_t gate;
	struct run run; /* of its program; -1: the policy has none */
	struct audit audit;
	char by[64], loginuid[AUDIT_LOGINUID], hash[17];
	bool mute;	/* the log takes nothing */
	int64_t end;	/* of the work */
	int failures;	/* in a row */
	size_t failed;	/* of all */
	size_t handled; /* removed, or tried */
};

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * What is said of it.
 */
static void
record(struct notifier *n, const struct event *e, const struct event_text *t,
    enum audit_outcome outcome, const char *reason, const char *note)
{
	const struct log_record *r = &t->record;
	const char *const *f = r->field;
	struct audit_event event = {.kind = AUDIT_NOTIFY,
	    .outcome = outcome,
	    .uid = getuid(),
	    .user = n->by,
	    .loginuid = n->loginuid,
	    .policy = n->hash,
	    .reason = reason,
	    .note = note,
	    .who = f[RF_USER] != NULL ? f[RF_USER] : e->name,
	    .account = f[RF_ACCOUNT],
	    .session = f[RF_SESSION],
	    .source = f[RF_SOURCE],
	    .address = f[RF_ADDRESS],
	    .ip = f[RF_IP],
	    .port = (unsigned int)log_record_number(r, RF_PORT),
	    .road = f[RF_ROAD],
	    .rule = f[RF_RULE]};

	if (n->mute || audit_write(&n->audit, &event) == 0)
		return;
	warnx("the log does not take the record of this");
	n->mute = true;
	n->failed++;
}

static void
complain(
    struct notifier *n, const char *what, const char *reason, const char *said)
{
	char safe[AUDIT_ESCAPED(RUN_SAID)], name[AUDIT_ESCAPED(AUDIT_SESSION)];

	n->failed++;
	warnx("%s: %s%s%s", audit_escape(name, sizeof(name), what), reason,
	    *said == '\0' ? "" : ": ", audit_escape(safe, sizeof(safe), said));
}

/*
 * One event.
 */

/* True, or a message. */
static bool
take_away(struct notifier *n, const struct event *e)
{
	if (unlinkat(n->dir, e->name, 0) == 0 || errno == ENOENT)
		return true;
	complain(n, e->name, "cannot be removed", strerror(errno));
	return false;
}

/* What is not as it should be was not left by ours, or a disk lost it. */
static void
drop_odd(struct notifier *n, const struct event *e)
{
	static const struct event_text nothing;

	if (!take_away(n, e))
		return;
	complain(n, e->name, "removed: it is no notification of ours", "");
	record(n, e, &nothing, AUDIT_FAILURE, "not a notification", NULL);
}

/* The essentials; all of it is on standard input. */
static void
run_program(
    struct notifier *n, const struct event_text *t, struct run_result *result)
{
	static const enum record_field fields[] = {RF_USER, RF_ADDRESS, RF_PORT,
	    RF_SOURCE, RF_ROAD, RF_RULE, RF_SESSION};
	enum { N = sizeof(fields) / sizeof(fields[0]) };
	static char safe[N][AUDIT_MAX + 1];
	const char *arguments[N + 2] = {NULL};
	char when[32];
	struct tm tm;

	for (size_t i = 0; i < N; i++) {
		const char *value = t->record.field[fields[i]];

		arguments[i] = audit_escape(
		    safe[i], sizeof(safe[i]), value == NULL ? "-" : value);
	}
	gmtime_r(&t->time, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	arguments[N] = when;
	notify_run(&n->run, arguments, t->line, t->size, result);
}

/*
 * It is put off before it is tried: a file that cannot be changed is never
 * told of twice, nor one that kills us with what we run.
 */
static void
deliver(struct notifier *n, const struct event *e, const struct event_text *t)
{
	time_t now = time(NULL);
	bool last = now - t->time >= GIVE_UP_S;
	const char *session = t->record.field[RF_SESSION];
	char reason[RUN_REASON + 16];
	struct run_result result;

	if (event_postpone(n->dir, e, t->time, now) == -1) {
		complain(n, e->name, "cannot be put off", strerror(errno));
		n->failures++;
		return;
	}
	run_program(n, t, &result);
	if (result.reason[0] == '\0') {
		n->failures = 0;
		take_away(n, e);
		record(n, e, t, AUDIT_SUCCESS, "told", NULL);
		return;
	}
	n->failures++;
	snprintf(reason, sizeof(reason), "%s%s", last ? "given up: " : "",
	    result.reason);
	complain(n, session != NULL ? session : e->name, reason, result.said);
	if (last)
		take_away(n, e);
	record(n, e, t, AUDIT_FAILURE, reason, result.said);
}

static void
handle(struct notifier *n, const struct event *e)
{
	struct event_text t;

	if (event_read(&t, n->dir, e, n->gate) == -1) {
		if (errno == ENOENT)
			return;
		drop_odd(n, e);
	} else if (n->run.program != -1) {
		deliver(n, e, &t);
	} else {
		return; /* somebody else's to take */
	}
	n->handled++;
}

/*
 * All of them.
 */

/* What cannot be read holds up nobody; true if something was done. */
static bool
work(struct notifier *n)
{
	struct timespec now;
	struct events events;
	size_t before = n->handled;

	clock_gettime(CLOCK_REALTIME, &now);
	if (events_list(&events, n->dir, now.tv_sec) == -1)
		err(EXIT_INTERNAL, "%s", NOTICE_DIRECTORY);
	if (before == 0 && events.odd > 0)
		warnx("%s: %zu file%s in it %s no notification%s",
		    NOTICE_DIRECTORY, events.odd, events.odd == 1 ? "" : "s",
		    events.odd == 1 ? "is" : "are", events.odd == 1 ? "" : "s");
	for (size_t i = 0;
	     i < events.n && clock_ms() < n->end && n->failures < FAILURES_MAX;
	     i++) {
		if (events.list[i].due.tv_sec <= now.tv_sec)
			handle(n, &events.list[i]);
	}
	events_free(&events);
	return n->handled > before && n->failures < FAILURES_MAX &&
	    clock_ms() < n->end;
}

static void
list(struct notifier *n)
{
	struct events events;
	struct event_text t;

	if (events_list(&events, n->dir, 0) == -1)
		err(EXIT_INTERNAL, "%s", NOTICE_DIRECTORY);
	for (size_t i = 0; i < events.n; i++) {
		if (event_read(&t, n->dir, &events.list[i], n->gate) == 0)
			fwrite(t.line, 1, t.size, stdout);
	}
	events_free(&events);
}

/*
 * What it needs.
 */
static void
open_folder(struct notifier *n)
{
	const struct passwd *pw = getpwnam("_jump");
	struct stat st;

	n->gate = pw == NULL ? (uid_t)-1 : pw->pw_uid;
	n->dir = open(
	    NOTICE_DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (n->dir == -1 || fstat(n->dir, &st) == -1)
		err(EXIT_STATE, "%s", NOTICE_DIRECTORY);
	if (st.st_uid != 0 || (st.st_mode & 07777) != 03733)
		errx(EXIT_STATE, "%s is not a folder of root with mode 3733",
		    NOTICE_DIRECTORY);
}

static void
open_program(struct notifier *n)
{
	const struct policy_meta *meta = policy_meta(n->policy);
	const struct passwd *pw = getpwnam(NOTIFY_ACCOUNT);

	n->run.program = -1;
	if (meta->notify_program == 0)
		return;
	n->run.path = policy_string(n->policy, meta->notify_program);
	n->run.program = program_open(n->run.path, 0);
	if (n->run.program == -1)
		errx(EXIT_INTERNAL,
		    "%s is not run: it is no executable file "
		    "of root's alone, without symbolic links",
		    n->run.path);
	if (pw == NULL || pw->pw_uid == 0)
		errx(EXIT_INTERNAL,
		    "no account " NOTIFY_ACCOUNT ", or it is root's");
	n->run.uid = pw->pw_uid;
	n->run.gid = pw->pw_gid;
	n->run.ms = PROGRAM_MS;
}

static void
notify(struct notifier *n)
{
	open_program(n);
	if (audit_open(&n->audit, "jumpctl", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");
	state_who(n->by, sizeof(n->by));
	audit_loginuid(n->loginuid);
	policy_hash_text(n->policy, n->hash);
	n->end = clock_ms() + WORK_MS;
	while (work(n))
		;
	audit_close(&n->audit);
	if (n->run.program != -1)
		close(n->run.program);
}

int
notify_main(int argc, char **argv)
{
	bool dry = argc == 2 && strcmp(argv[1], "-n") == 0;
	struct notifier n = {0};
	struct policy *policy;

	if (argc != 1 && !dry)
		return usage("notify");
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root reads notifications");
	open_folder(&n);
	n.policy = policy = policy_in_force();
	if (dry)
		list(&n);
	else if (flock(n.dir, LOCK_EX | LOCK_NB) == 0)
		notify(&n);
	policy_free(policy);
	close(n.dir);
	return n.failed == 0 ? EXIT_OK : EXIT_NO_MATCH;
}
