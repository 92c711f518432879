/* SPDX-License-Identifier: ISC */
/*
 * jumpctl sweep: end what the policy in force does not allow any more.
 */
#include "sweep.h"

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
#include "folders.h"
#include "grant.h"
#include "nft.h"
#include "probe.h"
#include "recording.h"
#include "requests.h"
#include "swept.h"

enum {
	PATIENCE_MS = 1000,
	WAIT_S = 15,
	/* After a change: who is logging in has the first, and a jump-authkeys
	 * that is still to answer the second, which is longer than it lives. */
	PATIENCE_PASSES = 10,
	PASSES = 60,
	PASS_MS = 200
};

/*
 * What is said of it.
 */

/* Not one of several on it, people or devices. */
static bool
is_known_by_account(const struct live *l)
{
	return *l->user == '\0' || strcmp(l->user, l->owner->account) == 0;
}

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
	    .account = is_known_by_account(l) ? NULL : l->owner->account,
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
    [END_WAITS] = "ended, and waits for the log",
    [END_KILLED] = "killed",
    [END_STUCK] = "killed, but not gone",
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
	printf("%s: %s%s", words[how], e->login && !l->asks ? "login of " : "",
	    r.cell[COLUMN_USER]);
	if (!e->login)
		printf(
		    " to %s by %s", r.cell[COLUMN_TARGET], r.cell[COLUMN_ROAD]);
	else if (l->asks)
		printf(" logging in");
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
	live_end(&s->world, list, s->nends, held, SESSION_SWEEP, PATIENCE_MS,
	    results);
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

/* Without any notes, nobody's fault is told from everybody's. */
static void
read_notes(struct sweep *s)
{
	struct live_world *w = &s->world;

	if (live_asking(w, &s->logins, &s->since, &s->asking) == 0)
		return;
	warn("%s: logins are not judged", LOGIN_DIRECTORY);
	s->failed++;
	live_free(&s->logins);
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
	read_notes(s);
	s->judge = (struct judge){.policy = w->policy, .now = time(NULL)};
	s->judge.gate = policy_meta(w->policy)->gate != 0 &&
	    probe_gate(PROBE_MS);
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
	if (requests_clean(s->world.policy, s->judge.now) == -1 &&
	    errno != ENOENT)
		warn("%s", GRANT_DIRECTORY);
}

static void
release(struct sweep *s, int lock)
{
	judge_free(&s->judge);
	free(s->devices);
	free(s->carriers);
	free(s->ends);
	live_free(&s->sessions);
	live_free(&s->logins);
	live_free(&s->asking);
	audit_close(&s->audit);
	live_close(&s->world);
	if (lock != -1)
		close(lock);
}

/* Whether all was seen that may be there. */
static bool
saw_all(const struct sweep *s)
{
	const struct live_list *r = &s->sessions;

	return s->logins.hidden == 0 && s->asking.hidden == 0 && !r->missing &&
	    r->odd == 0 && r->hidden == 0;
}

static void
sweep(struct sweep *s)
{
	int lock = wait_for_others();

	if (audit_open(&s->audit, "jumpctl", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");
	state_who(s->by, sizeof(s->by));
	audit_loginuid(s->loginuid);
	read_all(s);
	sweep_judge(s);
	if (policy_damaged(s->world.policy))
		errx(EXIT_POLICY, "%s: %s: nothing is ended", POLICY_IMAGE,
		    policy_strerror(POLICY_BROKEN));
	if (!s->dry && nft_renew(s->world.policy, s->judge.now) == -1)
		s->failed++;
	for (size_t i = 0; i < s->nends && s->dry; i++)
		print(s, &s->ends[i], END_GONE);
	if (!s->dry) {
		end_all(s);
		clean(s);
	}
	s->blind = !saw_all(s);
	release(s, lock);
}

/* Also after a boot, when a load has made them long ago. */
static void
renew_folders(void)
{
	struct policy *p = policy_in_force();

	folders_renew(p, false); /* says itself what it cannot do */
	policy_free(p);
}

/* Whether all was seen, and what was to end has. */
static bool
is_done(const struct sweep *s)
{
	if (s->blind)
		warnx("sessions can be missing: see jumpctl who");
	return !s->blind && s->failed == 0;
}

int
sweep_after_change(void)
{
	struct sweep s = {.waiting = 1};
	struct timespec since;

	clock_gettime(CLOCK_REALTIME, &since);
	for (int pass = 0; pass < PASSES && s.waiting > 0; pass++) {
		if (pass > 0)
			usleep(PASS_MS * 1000);
		s = (struct sweep){
		    .patient = pass < PATIENCE_PASSES, .since = since};
		fflush(stdout);
		sweep(&s);
	}
	if (s.waiting > 0)
		warnx("a login is under way that may have been given more: "
		      "run jumpctl sweep");
	return is_done(&s) && s.waiting == 0 ? EXIT_OK : EXIT_INTERNAL;
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
	sweep(&s);
	if (!s.dry)
		renew_folders();
	if (!is_done(&s))
		return EXIT_INTERNAL;
	if (!s.dry && swept_touch(SWEPT_FILE) == -1)
		err(EXIT_STATE, "%s", SWEPT_FILE);
	return s.dry || seal_recordings() == 0 ? EXIT_OK : EXIT_INTERNAL;
}
