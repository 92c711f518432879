/*
 * jumpctl sweep: end what the policy in force does not allow any more.
 */
#include "live.h"

#include <sys/file.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "exit.h"
#include "judge.h"
#include "swept.h"

enum {
	PATIENCE_MS = 1000,
	WAIT_S = 15,
	FRESH_S = 10, /* how long a login takes after its note */
	PASSES = 6,
	PASS_MS = 400
};

/* What is to end, and why. */
struct end {
	const struct live *live;
	bool
	    login; /* of sshd; else a relay, or a forward of the login before */
	const char *rule;
	char reason[JUDGE_REASON];
};

struct sweep {
	bool dry, json;
	struct live_world world;
	struct live_list sessions, logins;
	struct judge judge;
	struct end *ends;
	size_t nends, room;
	size_t failed, under_way;
	struct audit audit;
	bool mute; /* the log takes nothing */
	char by[64], loginuid[AUDIT_LOGINUID], hash[17];
};

/*
 * What is to end.
 */
static struct end *
add(struct sweep *s, const struct live *l)
{
	struct end *more;

	if (s->nends == s->room) {
		s->room = s->room * 2 + 16;
		more = reallocarray(s->ends, s->room, sizeof(*more));
		if (more == NULL)
			err(EXIT_INTERNAL, NULL);
		s->ends = more;
	}
	s->ends[s->nends] = (struct end){.live = l, .rule = ""};
	return &s->ends[s->nends++];
}

/* NULL: the machine has it no more. */
static const char *
account_of(const struct live_owner *o)
{
	return o->known ? o->account : NULL;
}

/* One that has ended, and waits for the log, would only lose its record. */
static void
judge_relays(struct sweep *s)
{
	for (size_t i = 0; i < s->sessions.n; i++) {
		const struct live *l = &s->sessions.list[i];
		char reason[JUDGE_REASON];
		const char *rule;
		struct end *end;

		if (!l->relay || l->seen.page.ended ||
		    judge_relay(&s->judge, account_of(l->owner), &l->seen.page,
			&rule, reason))
			continue;
		end = add(s, l);
		end->rule = rule;
		strcpy(end->reason, reason);
	}
}

/* The note of the login that the process serves; false if there is none. */
static bool
read_note(const struct sweep *s, const struct live *l, struct login_note *note,
    char **line)
{
	const struct procfs_process *p = &l->forward.process;
	struct procfs_process monitor;

	if (procfs_read("/proc", p->parent, &monitor) == -1 ||
	    monitor.uid != 0 ||
	    login_read(LOGIN_DIRECTORY, s->world.uid, monitor.pid,
		monitor.started, note, line) == -1)
		return false;
	if (note->uid == p->uid)
		return true;
	free(*line);
	return false;
}

/*
 * Whether the login may go on.  Without a note, only members of the group jump
 * are ours: nobody else logs in by jump-authkeys, and an administrator does
 * not.
 */
static bool
may_go_on(struct sweep *s, struct live *l, char reason[JUDGE_REASON])
{
	const struct live_owner *o = l->owner;
	struct login_note note;
	char *line = NULL;
	bool may;

	if (o->admin)
		return true;
	if (!read_note(s, l, &note, &line)) {
		strcpy(reason, "nothing says what it was given");
		return !o->member;
	}
	snprintf(l->user, sizeof(l->user), "%s", note.user);
	may = judge_login(&s->judge, account_of(o), &note, line, reason);
	free(line);
	return may;
}

/* The forwards of a login, which end with it. */
static void
add_forwards(struct sweep *s, const struct live *login, const char *reason)
{
	const struct procfs_process *p = &login->forward.process;

	for (size_t i = 0; i < s->sessions.n; i++) {
		const struct live *l = &s->sessions.list[i];

		if (!l->relay && l->pid == p->pid &&
		    l->forward.process.started == p->started)
			strcpy(add(s, l)->reason, reason);
	}
}

/* Without any notes, nobody's fault is told from everybody's. */
static void
judge_logins(struct sweep *s)
{
	if (access(LOGIN_DIRECTORY, F_OK) == -1) {
		warn("%s: logins are not judged", LOGIN_DIRECTORY);
		s->failed++;
		return;
	}
	for (size_t i = 0; i < s->logins.n; i++) {
		struct live *l = &s->logins.list[i];
		char reason[JUDGE_REASON];
		struct end *end;

		if (may_go_on(s, l, reason))
			continue;
		end = add(s, l);
		end->login = true;
		strcpy(end->reason, reason);
		add_forwards(s, l, reason);
	}
}

/* Whether the process serves a login that we have seen. */
static bool
has_login(const struct sweep *s, pid_t monitor)
{
	for (size_t i = 0; i < s->logins.n; i++) {
		if (s->logins.list[i].forward.process.parent == monitor)
			return true;
	}
	return false;
}

/*
 * Logins that were asked about just now, and have no process of the user's
 * yet: by the policy before, perhaps.
 */
static size_t
count_under_way(const struct sweep *s)
{
	struct procfs_process monitor;
	pid_t *list;
	ssize_t n = login_list(LOGIN_DIRECTORY, &list);
	size_t count = 0;

	for (ssize_t i = 0; i < n; i++) {
		count += !has_login(s, list[i]) &&
		    login_fresh(LOGIN_DIRECTORY, list[i], FRESH_S) &&
		    procfs_read("/proc", list[i], &monitor) == 0;
	}
	free(list);
	return count;
}

/*
 * What is said of it.
 */
static void
record(struct sweep *s, const struct end *e, enum audit_outcome outcome)
{
	const struct live *l = e->live;
	struct audit_event event = {.kind = AUDIT_SWEEP,
	    .outcome = outcome,
	    .uid = getuid(),
	    .user = s->by,
	    .loginuid = s->loginuid,
	    .policy = s->hash,
	    .reason = e->reason,
	    .who = l->user[0] != '\0' ? l->user : l->owner->account,
	    .account = l->owner->shared ? l->owner->account : NULL,
	    .session = l->relay ? l->seen.page.id : NULL,
	    .source = l->source,
	    .address = l->target,
	    .ip = l->ip,
	    .port = l->port,
	    .road = e->login ? NULL : l->road,
	    .rule = e->rule,
	    .pid = l->pid};

	if (s->mute || audit_write(&s->audit, &event) == 0)
		return;
	warnx("the log does not take the record of this");
	s->mute = true;
}

static const char *const words[] = {[END_GONE] = "would end",
    [END_ENDED] = "ended",
    [END_KILLED] = "killed",
    [END_FAILED] = "NOT ended"};

static void
print_json(const struct end *e, enum live_end how)
{
	const struct live *l = e->live;
	const struct {
		const char *name, *text;
	} fields[] = {{"result", words[how]},
	    {"session", l->relay ? l->seen.page.id : ""}, {"user", l->user},
	    {"account", l->owner->account}, {"from", l->source},
	    {"target", l->target}, {"road", e->login ? "" : l->road},
	    {"rule", e->rule}, {"reason", e->reason}};

	printf("{\"version\":1");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		printf(",\"%s\":", fields[i].name);
		json_string(fields[i].text);
	}
	printf(",\"port\":%u,\"uid\":%u,\"pid\":%d}\n", l->port,
	    (unsigned)l->owner->uid, (int)l->pid);
}

static void
print_text(const struct end *e, enum live_end how)
{
	char reason[AUDIT_ESCAPED(JUDGE_REASON)];
	const struct live *l = e->live;
	struct row r;

	row_fill(&r, l, time(NULL), -1, -1);
	audit_escape(reason, sizeof(reason), e->reason);
	printf("%s: %s ", words[how], r.cell[COLUMN_USER]);
	if (e->login)
		printf("logged in");
	else
		printf(
		    "to %s by %s", r.cell[COLUMN_TARGET], r.cell[COLUMN_ROAD]);
	if (l->relay)
		printf(", session %s", r.cell[COLUMN_SESSION]);
	printf(", from %s: %s\n",
	    *l->source == '\0' ? "?" : r.cell[COLUMN_FROM], reason);
}

static void
print(const struct sweep *s, const struct end *e, enum live_end how)
{
	if (s->json)
		print_json(e, how);
	else
		print_text(e, how);
}

/*
 * Ending.
 */

/* The records come first, then the ends. */
static void
end_all(struct sweep *s)
{
	enum live_end *results = calloc(s->nends + 1, sizeof(*results));
	const struct live **list = calloc(s->nends + 1, sizeof(*list));
	int *held;

	if (results == NULL || list == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < s->nends; i++)
		list[i] = s->ends[i].live;
	held = live_hold(&s->world, list, s->nends, results);
	for (size_t i = 0; i < s->nends; i++) {
		if (held[i] != -1)
			record(s, &s->ends[i], AUDIT_SUCCESS);
	}
	live_end(list, s->nends, held, SESSION_SWEEP, PATIENCE_MS, results);
	for (size_t i = 0; i < s->nends; i++) {
		if (results[i] == END_FAILED) {
			record(s, &s->ends[i], AUDIT_FAILURE);
			s->failed++;
		}
		if (results[i] != END_GONE)
			print(s, &s->ends[i], results[i]);
	}
	free(list);
	free(results);
}

/* One at a time, but a sweep that hangs holds up no other for long. */
static int
wait_for_others(void)
{
	int fd = open(SESSION_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == -1; i++) {
		if (i == WAIT_S * 10) {
			warnx("another sweep does not end; going on");
			break;
		}
		usleep(100000);
	}
	return fd;
}

static void
read_all(struct sweep *s)
{
	struct live_world *w = &s->world;

	live_open(w);
	if (w->policy == NULL)
		errx(EXIT_POLICY, "nothing is ended");
	if (!decide_zone(w->policy))
		errx(EXIT_POLICY,
		    "the policy's time zone is not on this "
		    "machine: nothing is ended");
	policy_hash_text(w->policy, s->hash);
	if (live_logins(w, &s->logins) == -1 ||
	    live_read(w, &s->sessions) == -1)
		err(EXIT_INTERNAL, "sessions");
	s->judge = (struct judge){.policy = w->policy, .now = time(NULL)};
}

/* What dead sessions have left. */
static void
clean(const struct sweep *s)
{
	if (session_clean(SESSION_DIRECTORY, s->world.gid) == -1 &&
	    errno != ENOENT)
		warn("%s", SESSION_DIRECTORY);
	if (login_clean(LOGIN_DIRECTORY) == -1 && errno != ENOENT)
		warn("%s", LOGIN_DIRECTORY);
}

static void
release(struct sweep *s, int lock)
{
	judge_free(&s->judge);
	free(s->ends);
	live_free(&s->sessions);
	live_free(&s->logins);
	audit_close(&s->audit);
	live_close(&s->world);
	if (lock != -1)
		close(lock);
}

/* Whether all was seen, and what was to end has. */
static bool
sweep(struct sweep *s)
{
	int lock = wait_for_others();
	bool seen;

	if (audit_open(&s->audit, "jumpctl", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");
	state_who(s->by, sizeof(s->by));
	audit_loginuid(s->loginuid);
	read_all(s);
	judge_relays(s);
	judge_logins(s);
	if (policy_damaged(s->world.policy))
		errx(EXIT_POLICY, "%s: %s: nothing is ended", POLICY_IMAGE,
		    policy_strerror(POLICY_BROKEN));
	s->under_way = count_under_way(s);
	for (size_t i = 0; i < s->nends && s->dry; i++)
		print(s, &s->ends[i], END_GONE);
	if (!s->dry) {
		end_all(s);
		clean(s);
	}
	seen = s->logins.hidden == 0;
	if (!seen)
		warnx("logins can be missing: see jumpctl who");
	release(s, lock);
	return seen && s->failed == 0;
}

int
sweep_after_change(void)
{
	size_t failed = 0;

	for (int pass = 0; pass < PASSES; pass++) {
		struct sweep s = {0};

		if (pass > 0)
			usleep(PASS_MS * 1000);
		fflush(stdout);
		sweep(&s);
		failed += s.failed;
		if (s.under_way == 0)
			break;
	}
	return failed == 0 ? EXIT_OK : EXIT_INTERNAL;
}

bool
no_sweep(int *argc, char **argv)
{
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--no-sweep") != 0)
			argv[kept++] = argv[i];
	}
	if (kept == *argc)
		return false;
	*argc = kept;
	argv[kept] = NULL;
	return true;
}

int
sweep_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"dry-run", no_argument, NULL, 'n'},
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct sweep s = {0};
	int option;

	while ((option = getopt_long(argc, argv, "+n", options, NULL)) != -1) {
		if (option != 'n' && option != 'j')
			return usage("sweep");
		s.dry = s.dry || option == 'n';
		s.json = s.json || option == 'j';
	}
	if (optind != argc)
		return usage("sweep");
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root ends the sessions of others");
	if (!sweep(&s))
		return EXIT_INTERNAL;
	if (!s.dry && swept_touch(SWEPT_FILE) == -1)
		err(EXIT_STATE, "%s", SWEPT_FILE);
	return EXIT_OK;
}
