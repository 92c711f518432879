/* SPDX-License-Identifier: ISC */
/*
 * jumpctl kick: end live sessions.
 */
#include "live.h"

#include <dirent.h>
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "device.h"
#include "exit.h"

enum { REASON_MAX = 128, GENERATIONS = 32, PATIENCE_MS = 2000 };

struct kick {
	struct selection what;
	const char *device; /* whose logins are to end, or NULL */
	const char *reason;
	struct live_world world;
	struct live_list all;
	const struct live **rows; /* that are to end */
	size_t nrows;
	size_t nasked;	 /* of them; those behind only end too */
	size_t programs; /* others, of the same SSH connections */
	struct audit audit;
	bool mute; /* the log takes nothing */
	char by[64], loginuid[AUDIT_LOGINUID], hash[17];
};

/*
 * What is to end.
 */

/* Devices are among the users of a policy, and are targets. */
static bool
is_person(const struct policy *p, uint32_t user)
{
	return user != POLICY_NONE &&
	    (policy_user(p, user)->flags & USER_DEVICE) == 0;
}

/* What the word is in the policy, alive or not: bits of enum live_match. */
static unsigned
declared(const struct kick *k)
{
	const struct policy *p = k->world.policy;
	const char *word = k->what.word;
	unsigned by = 0;

	if (p == NULL || word == NULL)
		return 0;
	if (is_person(p, policy_find_user(p, word)) ||
	    is_person(p, policy_find_account(p, word)))
		by |= BY_USER;
	if (policy_find_target(p, word) != POLICY_NONE)
		by |= BY_TARGET;
	return by;
}

/* Whether the word has one meaning; if not, all of them are told. */
static bool
is_clear(const char *word, unsigned by)
{
	static const char *const several[] = {
	    [BY_SESSION | BY_USER] = "a session and a user: say --session or "
				     "--user",
	    [BY_SESSION | BY_TARGET] = "a session and a target: say --session "
				       "or --target",
	    [BY_USER | BY_TARGET] = "a user and a target: say --user or "
				    "--target",
	    [BY_SESSION | BY_USER | BY_TARGET] =
		"a session, a user and a target: say --session, --user or "
		"--target",
	};

	if ((by & (by - 1)) == 0)
		return true;
	warnx("`%s' is %s; nothing is ended", word, several[by]);
	return false;
}

/*
 * Select; false if what was asked for could mean several things.  Who is meant
 * may have gone just now: a name of the policy keeps its meaning.
 */
static bool
choose(struct kick *k)
{
	unsigned by = 0;

	k->rows = calloc(k->all.n + 1, sizeof(const struct live *));
	if (k->rows == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < k->all.n; i++) {
		unsigned how = live_selected(&k->what, &k->all.list[i]);

		if (how != 0)
			k->rows[k->nrows++] = &k->all.list[i];
		by |= how;
	}
	k->nasked = k->nrows;
	return k->nrows == 0 || is_clear(k->what.word, by | declared(k));
}

static bool
is_chosen(const struct kick *k, const struct live *l)
{
	for (size_t i = 0; i < k->nrows; i++) {
		if (k->rows[i] == l)
			return true;
	}
	return false;
}

/* Whether it is the process of a forward that was asked for, no later one. */
static bool
is_connection(const struct kick *k, const struct procfs_process *p)
{
	for (size_t i = 0; i < k->nasked; i++) {
		const struct live *l = k->rows[i];

		if (!l->relay && l->pid == p->pid &&
		    l->forward.process.started == p->started)
			return true;
	}
	return false;
}

/* Whether the process descends from such a one. */
static bool
is_below(const struct kick *k, pid_t pid)
{
	struct procfs_process p;

	for (int i = 0; i < GENERATIONS && pid > 1; i++) {
		if (procfs_read("/proc", pid, &p) == -1)
			return false;
		if (is_connection(k, &p))
			return true;
		pid = p.parent;
	}
	return false;
}

/* Whether a session that ends runs in this process, or below it. */
static bool
has_session(const struct kick *k, pid_t pid)
{
	struct procfs_process p;

	for (size_t i = 0; i < k->nrows; i++) {
		pid_t at = k->rows[i]->relay ? k->rows[i]->pid : 0;

		for (int g = 0; g < GENERATIONS && at > 1; g++) {
			if (at == pid)
				return true;
			if (procfs_read("/proc", at, &p) == -1)
				break;
			at = p.parent;
		}
	}
	return false;
}

/* What else the SSH connections of forwards run: a menu, say. */
static void
count_programs(struct kick *k)
{
	DIR *dir = opendir("/proc");
	const struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		struct procfs_process p, parent;
		uint64_t pid;

		if (number_parse(&pid, e->d_name, 1, INT32_MAX) &&
		    procfs_read("/proc", (pid_t)pid, &p) == 0 &&
		    procfs_read("/proc", p.parent, &parent) == 0 &&
		    is_connection(k, &parent) && !has_session(k, p.pid))
			k->programs++;
	}
	if (dir != NULL)
		closedir(dir);
}

/* sshd cannot end a forward alone: what ends with it. */
static void
add_companions(struct kick *k)
{
	bool forwards = false;

	for (size_t i = 0; i < k->nasked; i++)
		forwards = forwards || !k->rows[i]->relay;
	if (!forwards)
		return;
	for (size_t i = 0; i < k->all.n; i++) {
		const struct live *l = &k->all.list[i];

		if (!is_chosen(k, l) && is_below(k, l->pid))
			k->rows[k->nrows++] = l;
	}
	count_programs(k);
}

/*
 * The record.
 */
static void
record(struct kick *k, const struct live *l, enum audit_outcome outcome,
    const char *reason)
{
	struct audit_event event = {.kind = AUDIT_KICK,
	    .outcome = outcome,
	    .uid = getuid(),
	    .user = k->by,
	    .loginuid = k->loginuid,
	    .policy = k->hash,
	    .note = k->reason,
	    .request = k->what.word,
	    .reason = reason};

	if (event.request == NULL)
		event.request = k->what.session != NULL ? k->what.session
		    : k->what.user != NULL		? k->what.user
		    : k->what.target != NULL		? k->what.target
							: k->device;
	if (l != NULL) {
		event.who = l->user[0] != '\0' ? l->user : l->owner->account;
		event.account = l->owner->shared ? l->owner->account : NULL;
		event.session = l->relay ? l->seen.page.id : NULL;
		event.source = l->source;
		event.address = l->target;
		event.ip = l->ip;
		event.port = l->port;
		event.road = k->device != NULL ? NULL : l->road;
		event.rule = l->relay ? l->seen.page.rule : NULL;
		event.pid = l->pid;
	}
	if (k->mute || audit_write(&k->audit, &event) == 0)
		return;
	warnx("the log does not take the record of this");
	k->mute = true;
}

/*
 * Ending.
 */
static void
print_end(const struct live *l, bool too, enum live_end end)
{
	static const char *const words[] = {[END_GONE] = "gone",
	    [END_ENDED] = "ended",
	    [END_WAITS] = "ended, and waits for the log",
	    [END_KILLED] = "killed",
	    [END_STUCK] = "killed, but not gone",
	    [END_FAILED] = "NOT ended"};
	struct row r;

	row_fill(&r, l, time(NULL), -1, -1);
	if (!l->relay && l->forward.inode == 0) { /* a device's login */
		printf("%s: login of %s from %s, pid %d\n", words[end],
		    r.cell[COLUMN_USER], r.cell[COLUMN_FROM], (int)l->pid);
		return;
	}
	printf("%s%s: %s to %s by %s", words[end], too ? " too" : "",
	    r.cell[COLUMN_USER], r.cell[COLUMN_TARGET], r.cell[COLUMN_ROAD]);
	if (l->relay)
		printf(", session %s", r.cell[COLUMN_SESSION]);
	printf(", from %s\n", r.cell[COLUMN_FROM]);
}

/* The record comes first, then the end.  An exit code. */
static int
end_all(struct kick *k)
{
	enum live_end *results = calloc(k->nrows + 1, sizeof(*results));
	size_t ended = 0, failed = 0;
	int *held;

	if (results == NULL)
		err(EXIT_INTERNAL, NULL);
	held = live_hold(&k->world, k->rows, k->nrows, results);
	for (size_t i = 0; i < k->nrows; i++) {
		if (held[i] != -1)
			record(k, k->rows[i], AUDIT_SUCCESS, "kicked");
	}
	live_end(&k->world, k->rows, k->nrows, held, SESSION_KICK, PATIENCE_MS,
	    results);
	for (size_t i = 0; i < k->nrows; i++) {
		if (results[i] == END_FAILED)
			record(k, k->rows[i], AUDIT_FAILURE, "not kicked");
		if (results[i] != END_GONE)
			print_end(k->rows[i], i >= k->nasked, results[i]);
		failed += results[i] == END_FAILED;
		ended += results[i] != END_FAILED && results[i] != END_GONE;
	}
	free(results);
	if (ended > 0 && k->programs > 0)
		printf("and %zu other program%s of the same SSH connections\n",
		    k->programs, k->programs == 1 ? "" : "s");
	if (failed > 0 || fflush(stdout) != 0)
		return EXIT_INTERNAL;
	return ended > 0 ? EXIT_OK : EXIT_NO_MATCH;
}

/* Forwards that could be those of a user who shares an account. */
static void
warn_of_shared(const struct kick *k)
{
	const char *name = k->what.user != NULL ? k->what.user : k->what.word;
	const struct policy *p = k->world.policy;
	uint32_t user =
	    p == NULL || name == NULL ? POLICY_NONE : policy_find_user(p, name);
	const char *account;
	size_t n = 0;

	if (user == POLICY_NONE)
		return;
	account = policy_string(p, policy_user(p, user)->account);
	for (size_t i = 0; i < k->all.n; i++) {
		const struct live *l = &k->all.list[i];

		n += !l->relay && l->user[0] == '\0' && !is_chosen(k, l) &&
		    strcmp(l->owner->account, account) == 0;
	}
	if (n > 0)
		warnx("%zu forward%s of the shared account %s can be of %s "
		      "too: see LOCKS in jumpctl(8), or kick %s",
		    n, n == 1 ? "" : "s", account, name, account);
}

static int
run(struct kick *k)
{
	int code;

	if (live_read(&k->world, &k->all) == -1)
		err(EXIT_INTERNAL, "sessions");
	if (k->all.hidden > 0)
		warnx("forwards can be missing: see jumpctl who");
	if (!choose(k))
		return EXIT_USAGE;
	add_companions(k);
	if (k->nrows == 0)
		record(k, NULL, AUDIT_FAILURE, "no such session");
	code = end_all(k);
	if (code == EXIT_NO_MATCH)
		warnx("no such session is live");
	warn_of_shared(k);
	free(k->rows);
	live_free(&k->all);
	return code;
}

/*
 * The logins of a device; users' sessions through them end with them.
 */
static void
choose_logins(
    struct kick *k, const struct device_list *l, const struct device *d)
{
	k->rows = calloc(d->n + 1, sizeof(const struct live *));
	if (k->rows == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = d->first; i < d->first + d->n; i++)
		k->rows[k->nrows++] = &l->logins[i].live;
	k->nasked = k->nrows;
	count_programs(k);
}

static int
run_device(struct kick *k)
{
	const struct device *d;
	struct device_list l;
	int code = EXIT_NO_MATCH;

	if (k->world.policy == NULL)
		errx(EXIT_POLICY, "without a policy there are no devices");
	if (devices_read(&k->world, &l) == -1)
		err(EXIT_INTERNAL, "devices");
	d = device_find(&l, k->device);
	if (d == NULL) {
		warnx("%s: no device of the policy", k->device);
	} else {
		choose_logins(k, &l, d);
		if (k->nrows == 0)
			record(k, NULL, AUDIT_FAILURE, "no such login");
		code = end_all(k);
		if (code == EXIT_NO_MATCH)
			warnx("%s is not logged in", k->device);
	}
	free(k->rows);
	devices_free(&l);
	return code;
}

/*
 * Arguments.
 */
static bool
parse(struct kick *k, int argc, char **argv)
{
	static const struct option options[] = {
	    {"device", required_argument, NULL, 'd'},
	    {"session", required_argument, NULL, 's'},
	    {"user", required_argument, NULL, 'u'},
	    {"target", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == 'd')
			k->device = optarg;
		else if (!selection_option(&k->what, option, optarg))
			return false;
	}
	if (k->device != NULL &&
	    (k->what.session != NULL || k->what.user != NULL ||
		k->what.target != NULL))
		return false;
	if (k->device == NULL && k->what.session == NULL && k->what.user == NULL &&
	    k->what.target == NULL)
		k->what.word = argv[optind++];
	if (optind > argc || argc - optind > 1)
		return false;
	k->reason = optind < argc ? argv[optind] : "";
	return k->what.word == NULL || *k->what.word != '\0';
}

int
kick_main(int argc, char **argv)
{
	static struct kick k;
	int code;

	if (!parse(&k, argc, argv))
		return usage("kick");
	if (strlen(k.reason) > REASON_MAX) {
		warnx("a REASON has at most %d bytes", REASON_MAX);
		return EXIT_USAGE;
	}
	live_open(&k.world);
	if (audit_open(&k.audit, "jumpctl", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");
	state_who(k.by, sizeof(k.by));
	audit_loginuid(k.loginuid);
	if (k.world.policy != NULL)
		policy_hash_text(k.world.policy, k.hash);
	code = k.device != NULL ? run_device(&k) : run(&k);
	audit_close(&k.audit);
	live_close(&k.world);
	return code;
}
