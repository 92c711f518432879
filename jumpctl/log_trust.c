/* SPDX-License-Identifier: ISC */
/*
 * Who may have written a line: the uid is the kernel's word; the program is
 * what the log daemon saw when it looked, if it did (jump-audit(5), SENDERS).
 */
#include <pwd.h>
#include <string.h>

#include "log.h"
#include "match.h"
#include "policy.h"

/* Where sshd's processes for users are, besides what root's are seen to be. */
static const char *const sshd_paths[] = {"/usr/sbin/sshd",
    "/usr/lib/openssh/sshd-session", "/usr/libexec/openssh/sshd-session"};

enum { NAMES = 1024, NAME = 132 };

/* Accounts of uids: asked for once, while there is room. */
static struct cached {
	uid_t uid;
	bool used;
	char name[NAME];
} names[NAMES];

/* Of lines that do not say from which host they are. */
static struct log_seen seen_here;

/* The account of a uid of this machine, or NULL. */
static const char *
account_of(uid_t uid)
{
	struct cached *c = &names[uid % NAMES];
	const struct passwd *pw;

	if (!c->used || c->uid != uid) {
		pw = getpwuid(uid);
		c->used = true;
		c->uid = uid;
		c->name[0] = '\0';
		if (pw != NULL && strlen(pw->pw_name) < NAME)
			strcpy(c->name, pw->pw_name);
	}
	return c->name[0] == '\0' ? NULL : c->name;
}

/* Whether it is that file, which may have been replaced since. */
static bool
is_file(const char *exe, const char *path)
{
	size_t n = strlen(path);

	return strncmp(exe, path, n) == 0 &&
	    (exe[n] == '\0' || strcmp(exe + n, " (deleted)") == 0);
}

static bool
is_ours(const char *exe, const char *program)
{
	static const char folder[] = LIBEXECDIR "/";

	return strncmp(exe, folder, sizeof(folder) - 1) == 0 &&
	    is_file(exe + sizeof(folder) - 1, program);
}

/*
 * Of a program that runs for users: is it the user of whom it speaks?  Of a
 * uid without an account nobody can say: there are uids that are nobody's and
 * that users can have, user_namespaces(7).
 */
static enum log_trust
speaks_of_itself(const struct log_entry *e, const struct log_record *r)
{
	const char *account = r->field[RF_ACCOUNT] != NULL
	    ? r->field[RF_ACCOUNT]
	    : r->field[RF_USER];
	const char *is = account_of(e->uid);
	uint64_t uid;

	if (r->field[RF_UID] == NULL ||
	    !number_parse(&uid, r->field[RF_UID], 0, UINT32_MAX) ||
	    uid != e->uid)
		return LOG_TRUST_FORGED;
	if (is == NULL)
		return account == NULL ? LOG_TRUST_UID : LOG_TRUST_NONE;
	return account != NULL && strcmp(account, is) == 0 ? LOG_TRUST_UID
							   : LOG_TRUST_FORGED;
}

/* Which program writes which kind of record. */
static const struct {
	const char *action, *program;
} writers[] = {
    {"login", "jump-authkeys"},
    {"decision", "jump-connect"},
    {"decision", "jump-shell"},
    {"decision", "jump-record"},
    {"open", "jump-connect"},
    {"close", "jump-connect"},
    {"recording", "jump-record"},
    {"load", "jumpctl"},
    {"lock", "jumpctl"},
    {"unlock", "jumpctl"},
    {"kick", "jumpctl"},
    {"sweep", "jumpctl"},
    {"seal", "jumpctl"},
    {"notify", "jumpctl"},
    {"doctor", "jumpctl"},
    {"request", "jump-shell"},
    {"approve", "jump-shell"},
    {"refuse", "jump-shell"},
    {"register", "jump-shell"},
    {"withdraw", "jump-shell"},
    {"withdraw", "jumpctl"},
};

/* Whether it writes such records; what is not known may be of later ones. */
static bool
writes(const char *program, const char *action)
{
	bool known = false;

	for (size_t i = 0; i < sizeof(writers) / sizeof(writers[0]); i++) {
		if (strcmp(writers[i].action, action) != 0)
			continue;
		if (strcmp(writers[i].program, program) == 0)
			return true;
		known = true;
	}
	return !known;
}

/* The uid of jump-authkeys and of the gate; 0 if this machine has none. */
static uid_t
powers(void)
{
	static uid_t uid;
	static bool asked;
	const struct passwd *pw;

	if (!asked && (pw = getpwnam("_jump")) != NULL)
		uid = pw->pw_uid;
	asked = true;
	return uid;
}

static enum log_trust
trust_authkeys(const struct log_entry *e)
{
	if (powers() == 0)
		return LOG_TRUST_NONE;
	if (e->uid != powers() ||
	    (e->exe != NULL && !is_ours(e->exe, e->program)))
		return LOG_TRUST_FORGED;
	return LOG_TRUST_KERNEL;
}

/*
 * What jump-connect -G can write: whose connection it is the kernel has told
 * it, and where they come from nobody.
 */
static bool
is_gates(const struct log_record *r)
{
	return r->field[RF_ROAD] != NULL &&
	    strcmp(r->field[RF_ROAD], policy_road_names[ROAD_FORWARD]) == 0 &&
	    r->field[RF_SESSION] != NULL && r->field[RF_SOURCE] == NULL &&
	    r->field[RF_REQUEST] == NULL;
}

static enum log_trust
trust_gate(const struct log_entry *e, const struct log_record *r)
{
	if (powers() == 0)
		return LOG_TRUST_NONE;
	if (e->uid != powers() || (r != NULL && !is_gates(r)) ||
	    strcmp(e->program, "jump-connect") != 0 ||
	    (e->exe != NULL && !is_ours(e->exe, e->program)))
		return LOG_TRUST_FORGED;
	return LOG_TRUST_KERNEL;
}

bool
log_trust_is_gate(const struct log_entry *e, const struct log_record *r)
{
	return strcmp(e->program, "jump-connect") == 0 && is_gates(r);
}

/* The road forward is the gate's alone. */
static bool
claims_gate(const struct log_entry *e, const struct log_record *r)
{
	return (powers() != 0 && e->uid == powers()) ||
	    (r != NULL && r->field[RF_ROAD] != NULL &&
		strcmp(r->field[RF_ROAD], policy_road_names[ROAD_FORWARD]) ==
		    0);
}

static enum log_trust
trust_users(const struct log_entry *e, const struct log_record *r)
{
	enum log_trust trust;

	if (claims_gate(e, r))
		return trust_gate(e, r);
	trust = r == NULL ? LOG_TRUST_UID : speaks_of_itself(e, r);
	if (trust != LOG_TRUST_UID || e->exe == NULL)
		return trust;
	return is_ours(e->exe, e->program) ? LOG_TRUST_KERNEL
					   : LOG_TRUST_PROGRAM;
}

bool
log_trust_is_users(const struct log_entry *e)
{
	return strcmp(e->program, "jump-connect") == 0 ||
	    strcmp(e->program, "jump-record") == 0 ||
	    strcmp(e->program, "jump-shell") == 0;
}

enum log_trust
log_trust_record(const struct log_entry *e, const struct log_record *r)
{
	if (r != NULL && !writes(e->program, r->field[RF_ACTION]))
		return LOG_TRUST_FORGED;
	if (!e->attested)
		return LOG_TRUST_NONE;
	if (log_trust_is_users(e))
		return trust_users(e, r);
	if (strcmp(e->program, "jump-authkeys") == 0)
		return trust_authkeys(e);
	return e->uid == 0 ? LOG_TRUST_KERNEL : LOG_TRUST_FORGED;
}

enum { SEEN = sizeof(seen_here.path) / sizeof(seen_here.path[0]) };

static struct log_seen *
seen_of(const struct log_entry *e)
{
	return e->seen != NULL ? e->seen : &seen_here;
}

/* Remember a program that root runs as sshd. */
static void
see(struct log_seen *seen, const char *exe)
{
	for (int i = 0; i < SEEN; i++) {
		char *path = seen->path[i];

		if (*path == '\0' && strlen(exe) < sizeof(seen->path[i]))
			strcpy(path, exe);
		if (strcmp(path, exe) == 0)
			return;
	}
}

enum log_trust
log_trust_sshd(const struct log_entry *e)
{
	if (!e->attested)
		return LOG_TRUST_NONE;
	if (e->uid != 0)
		return LOG_TRUST_FORGED;
	if (e->exe != NULL)
		see(seen_of(e), e->exe);
	return LOG_TRUST_KERNEL;
}

static bool
is_sshd(const struct log_seen *seen, const char *exe)
{
	for (int i = 0; i < SEEN; i++) {
		if (seen->path[i][0] != '\0' && is_file(exe, seen->path[i]))
			return true;
	}
	for (size_t i = 0; i < sizeof(sshd_paths) / sizeof(sshd_paths[0]);
	     i++) {
		if (is_file(exe, sshd_paths[i]))
			return true;
	}
	return false;
}

enum log_trust
log_trust_child(const struct log_entry *e, const char *account)
{
	const char *is;

	if (!e->attested)
		return LOG_TRUST_NONE;
	if (account == NULL || e->pid == 0)
		return e->exe == NULL || is_sshd(seen_of(e), e->exe)
		    ? LOG_TRUST_UID
		    : LOG_TRUST_PROGRAM;
	is = account_of(e->uid);
	if (is == NULL)
		return LOG_TRUST_NONE;
	return strcmp(is, account) == 0 ? LOG_TRUST_KERNEL : LOG_TRUST_FORGED;
}

const char *
log_trust_account(const struct log_entry *e)
{
	return e->attested ? account_of(e->uid) : NULL;
}
