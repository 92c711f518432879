/* SPDX-License-Identifier: ISC */
/*
 * jumpctl lock, unlock: an emergency deny.  It is written to the file of
 * locks, which every load adds to its image, and added to the image in force
 * as that is.  The text of the policy plays no part: neither an error in it
 * nor a test that fails holds up a lock, and no edit that is not loaded yet
 * comes into force with it.
 */
#include "ctl.h"

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

enum { REASON_MAX = 128 };

struct job {
	bool lock, sweeps;
	const char *who, *reason;
	int dir;
	struct audit audit;
	char by[64];
	struct locks locks;      /* as they are to be */
	struct policy *in_force; /* NULL: there is none that can be used */
	char hash[17];
};

/*
 * Steps.
 */
static void
begin(struct job *j)
{
	enum policy_error error;

	if (geteuid() != 0)
		errx(EXIT_STATE, "only root locks and unlocks");
	if (audit_open(&j->audit, "jumpctl", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");
	state_who(j->by, sizeof(j->by));
	j->dir = state_lock(true);
	error = policy_open(POLICY_IMAGE, 0, &j->in_force);
	if (error == POLICY_OK && policy_verify(j->in_force))
		return;
	warnx("%s: %s: nobody gets in", POLICY_IMAGE, error == POLICY_OK ?
	    policy_strerror(POLICY_BROKEN) : policy_strerror(error));
	if (error == POLICY_OK)
		policy_free(j->in_force);
	j->in_force = NULL;
}

/* A lock must not fail for a file that somebody has broken. */
static void
read_locks(struct job *j)
{
	if (locks_read(&j->locks) == 0)
		return;
	if (!j->lock || j->in_force == NULL)
		errx(EXIT_STATE, "nothing is changed; mend that file first");
	warnx("taking the locks of the policy in force instead; the file is "
	    "kept as %s.bad", LOCKS_FILE);
	if (renameat(j->dir, LOCKS, j->dir, LOCKS ".bad") == -1)
		warn("%s.bad", LOCKS_FILE);
	if (locks_of(&j->locks, j->in_force) == -1)
		err(EXIT_INTERNAL, NULL);
}

/* After an error that is a want of room: whether some was made. */
static bool
make_room(const struct job *j)
{
	if (errno != ENOSPC)
		return false;
	if (state_drop_previous(j->dir) == -1) {
		errno = ENOSPC;
		return false;
	}
	warnx("%s: no room: removed for it", POLICY_PREVIOUS);
	return true;
}

/* Write the locks beside the file that counts.  0, or -1 with errno. */
static int
write_locks(struct job *j)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int result;

	if (f == NULL || locks_print(&j->locks, f) == -1 || fclose(f) != 0)
		err(EXIT_INTERNAL, NULL);
	result = state_write_locks(j->dir, text, size);
	if (result == -1 && make_room(j))
		result = state_write_locks(j->dir, text, size);
	free(text);
	return result;
}

/* The image in force, with these locks.  0, or -1 with errno. */
static int
change_image(struct job *j)
{
	struct policy *p = locks_thaw(j->in_force);
	int result;

	if (p == NULL || locks_set(p, &j->locks) == -1)
		return -1;
	result = state_put_image(j->dir, p, false);
	if (result == -1 && make_room(j))
		result = state_put_image(j->dir, p, false);
	policy_hash_text(p, j->hash);
	policy_free(p);
	return result;
}

static int
finish(struct job *j, const char *what, enum audit_outcome outcome, int code)
{
	char loginuid[AUDIT_LOGINUID];
	struct audit_event event = {
	    .kind = j->lock ? AUDIT_LOCK : AUDIT_UNLOCK,
	    .outcome = outcome,
	    .uid = getuid(),
	    .user = j->by,
	    .loginuid = audit_loginuid(loginuid),
	    .who = j->who,
	    .note = j->reason,
	    .policy = j->hash,
	    .reason = what};

	if (audit_write(&j->audit, &event) == -1)
		warnx("the log did not take the record of this");
	locks_free(&j->locks);
	policy_free(j->in_force);
	close(j->dir);
	return code;
}

/*
 * lock
 */

/* Whether the lock means anybody: a name that is misspelt does not. */
static bool
means_somebody(const struct job *j)
{
	const struct policy *p = j->in_force;

	if (strcmp(j->who, "any") == 0)
		return true;
	if (*j->who == '%')
		return getgrnam(j->who + 1) != NULL;
	if (p == NULL)
		return *j->who == '@' || getpwnam(j->who) != NULL;
	for (uint32_t i = 0; i < p->table[PT_GROUPS].n && *j->who == '@'; i++) {
		if (strcmp(policy_string(p, policy_group(p, i)->name),
			j->who + 1) == 0)
			return true;
	}
	return *j->who != '@' && (policy_find_user(p, j->who) != POLICY_NONE ||
	    policy_account_shared(p, j->who) || getpwnam(j->who) != NULL);
}

static int
locked(struct job *j, bool kept)
{
	bool somebody = means_somebody(j);

	if (!kept) {
		warnx("%s is locked only until the next load: see above",
		    j->who);
		return finish(j, "in force until the next load", AUDIT_FAILURE,
		    EXIT_STATE);
	}
	printf("%s is locked%s\n", j->who, j->in_force == NULL ?
	    " from the next load on" :
	    j->sweeps ? "" : "; sessions that are open go on");
	if (!somebody && *j->who == '%')
		warnx("%s: there is no such Unix group now: EVERYBODY may be "
		    "in it, and is locked; jumpctl unlock takes it away",
		    j->who);
	else if (!somebody)
		warnx("%s: there is nobody of that name; the lock is kept, "
		    "jumpctl unlock takes it away", j->who);
	return finish(j, j->in_force == NULL ? "kept for the next load" :
	    "locked", AUDIT_SUCCESS, somebody ? EXIT_OK : EXIT_NO_MATCH);
}

/* End what is open, once the lock is in force. */
static int
then_sweep(const struct job *j, int code)
{
	int swept = j->sweeps ? sweep_after_change() : EXIT_OK;

	return swept == EXIT_OK || code == EXIT_STATE ? code : swept;
}

static int
lock(struct job *j)
{
	char reason[AUDIT_ESCAPED(REASON_MAX) + 1];
	bool kept;

	audit_escape(reason, sizeof(reason), j->reason);
	begin(j);
	read_locks(j);
	if (locks_add(&j->locks, j->who, time(NULL), j->by, reason) == -1)
		errx(EXIT_STATE, "no memory, or too many locks: NOT locked");
	kept = write_locks(j) == 0 && state_put_locks(j->dir) == 0;
	if (!kept)
		warn("%s", LOCKS_FILE);
	if (j->in_force == NULL) {
		if (kept)
			return locked(j, kept);
	} else if (change_image(j) == 0) {
		return then_sweep(j, locked(j, kept));
	} else {
		warn("%s", POLICY_IMAGE);
	}
	warnx("%s is NOT locked%s; free some room in %s and try again, or end "
	    "their access by hand: see LOCKS in jumpctl(8)", j->who,
	    kept ? " before the next load" : "", STATEDIR);
	return finish(j, "not locked", AUDIT_FAILURE, EXIT_STATE);
}

/* What jumpctl lock without arguments prints. */
static int
list(void)
{
	struct locks locks;

	if (geteuid() != 0)
		errx(EXIT_STATE, "only root reads the locks");
	if (locks_read(&locks) == -1)
		return EXIT_STATE;
	for (size_t i = 0; i < locks.n; i++) {
		const struct lock *one = &locks.list[i];
		time_t since = (time_t)one->since;
		char when[32] = "?";
		struct tm tm;

		if (localtime_r(&since, &tm) != NULL)
			strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
		if (i == 0)
			printf("%-16s %-16s %-16s %s\n", "WHO", "SINCE", "BY",
			    "REASON");
		printf("%-16s %-16s %-16s %s\n", one->who, when, one->by,
		    one->reason);
	}
	locks_free(&locks);
	return EXIT_OK;
}

static bool
check_who(const char *who)
{
	if (lock_valid(who))
		return true;
	warnx("not a user, @GROUP, %%GROUP or any: `%s'", who);
	return false;
}

int
lock_main(int argc, char **argv)
{
	static struct job j = {.lock = true, .reason = ""};

	if (argc == 1)
		return list();
	j.sweeps = !no_sweep(&argc, argv);
	if (argc > 3)
		warnx("quote a REASON of several words: nothing is locked");
	if (argc == 1 || argc > 3 || argv[1][0] == '-')
		return usage("lock");
	if (!check_who(argv[1]))
		return EXIT_USAGE;
	j.who = argv[1];
	if (argc == 3)
		j.reason = argv[2];
	if (strlen(j.reason) > REASON_MAX) {
		warnx("a REASON has at most %d bytes", REASON_MAX);
		return EXIT_USAGE;
	}
	return lock(&j);
}

/*
 * unlock
 */
static int
unlock(struct job *j)
{
	begin(j);
	read_locks(j);
	if (!locks_remove(&j->locks, j->who)) {
		warnx("%s is not locked", j->who);
		return EXIT_NO_MATCH;
	}
	if (write_locks(j) == -1) {
		warn("%s", LOCKS_FILE);
	} else if (j->in_force != NULL && change_image(j) == -1) {
		warn("%s", POLICY_IMAGE);
	} else if (state_put_locks(j->dir) == -1) {
		warn("%s", LOCKS_FILE);
		warnx("%s is unlocked only until the next load", j->who);
		return finish(j, "in force until the next load", AUDIT_FAILURE,
		    EXIT_STATE);
	} else {
		bool in_force = j->in_force != NULL;
		int code = finish(j, "unlocked", AUDIT_SUCCESS, EXIT_OK);

		printf("%s is unlocked\n", j->who);
		/* The firewall table gives them their addresses again. */
		return in_force ? then_sweep(j, code) : code;
	}
	state_drop_locks(j->dir);
	warnx("%s is still locked", j->who);
	return finish(j, "not unlocked", AUDIT_FAILURE, EXIT_STATE);
}

int
unlock_main(int argc, char **argv)
{
	static struct job j = {.lock = false, .sweeps = true, .reason = ""};

	if (argc != 2 || argv[1][0] == '-')
		return usage("unlock");
	if (!check_who(argv[1]))
		return EXIT_USAGE;
	j.who = argv[1];
	return unlock(&j);
}
