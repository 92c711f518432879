/* SPDX-License-Identifier: ISC */
/*
 * Joining: what sshd says of a login, of its process and of its connections is
 * spread over lines of several processes, and who it is in the policy stands
 * in a record of jump-authkeys.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "log_gate.h"
#include "log_memory.h"
#include "log_queue.h"

enum {
	CLAIM = 512,
	HELD = 16 /* lines of one sender */
};

/* So long a line waits for its login, and a connection for the gate. */
static const int64_t patience = 2 * SECOND;

/*
 * A line of a process for a user that no login is known to have: sshd tells
 * its number when it has it, and the process may be faster.
 */
struct held {
	struct held *next;
	struct log_entry entry;
	char program[16], exe[256], message[CLAIM];
};

struct log_join {
	struct log_queue queue;
	const struct policy *policy; /* or NULL */
	size_t unread;
	bool releasing;
	struct held *held; /* oldest first */
	char claim[CLAIM];
	struct memory *memory;
};

struct log_join *
log_join_new(log_emit *emit, void *arg, const struct policy *policy)
{
	struct log_join *j = calloc(1, sizeof(*j));

	if (j == NULL)
		err(EXIT_INTERNAL, NULL);
	queue_init(&j->queue, emit, arg);
	j->policy = policy;
	j->memory = memory_new();
	return j;
}

void
log_join_free(struct log_join *j)
{
	struct held *h;

	while ((h = j->held) != NULL) {
		j->held = h->next;
		free(h);
	}
	queue_free(&j->queue);
	memory_free(j->memory);
	free(j);
}

size_t
log_join_unread(const struct log_join *j)
{
	return j->unread;
}

static void
copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from == NULL ? "" : from);
}

static const char *
or_null(const char *s)
{
	return *s == '\0' ? NULL : s;
}

static const char *
account_of(const struct log_record *r)
{
	return r->field[RF_ACCOUNT] != NULL ? r->field[RF_ACCOUNT]
					    : r->field[RF_USER];
}

/*
 * Rows.
 */
static struct log_row
row_of(const struct log_entry *e, enum log_outcome outcome,
    enum log_trust trust, const char *kind)
{
	struct log_row row = {.time = e->time,
	    .outcome = outcome,
	    .trust = trust,
	    .kind = kind,
	    .lasted = -1};

	if (e->attested) {
		row.sender_known = true;
		row.uid = e->uid;
		row.pid = e->pid;
		row.exe = e->exe;
	}
	return row;
}

static void
emit(struct log_join *j, const struct log_row *row)
{
	queue_add(&j->queue, row, false);
}

static void
emit_forged(struct log_join *j, const struct log_entry *e, const char *kind)
{
	struct log_row row = row_of(e, LOG_FORGED, LOG_TRUST_FORGED, kind);

	row.account = log_trust_account(e);
	row.claim = j->claim;
	emit(j, &row);
}

/*
 * Our records.
 */
static void
remember_key(struct log_join *j, const struct log_entry *e,
    const struct log_record *r, enum log_trust trust)
{
	const char *account = account_of(r);
	struct key k = {.trust = trust};

	if (account == NULL || r->field[RF_KEY] == NULL ||
	    (e->attested && trust < LOG_TRUST_UID))
		return;
	copy(k.account, sizeof(k.account), account);
	copy(k.key, sizeof(k.key), r->field[RF_KEY]);
	copy(k.user, sizeof(k.user), r->field[RF_USER]);
	copy(k.policy, sizeof(k.policy), r->field[RF_POLICY]);
	copy(k.reason, sizeof(k.reason), r->field[RF_REASON]);
	memory_add_key(memory_owner(j->memory, e->attested, account), &k);
}

/* Something of an account that is not over was forgotten: told once. */
static void
tell_left(struct log_join *j, const struct log_entry *e, struct owner *o)
{
	struct log_row row = row_of(e, LOG_LOST,
	    o->attested ? LOG_TRUST_KERNEL : LOG_TRUST_NONE, "jumpctl");

	if (!o->left || o->told)
		return;
	o->told = true;
	row.user = row.account = or_null(o->name);
	row.reason = "more at once than is remembered: of some, the login or "
		     "the end is not told";
	emit(j, &row);
}

static bool
is_id(const char *id)
{
	return strlen(id) == sizeof(((struct log_session *)NULL)->id) &&
	    id[strspn(id, "abcdefghijklmnopqrstuvwxyz234567")] == '\0';
}

/* What a session's first record says of its process. */
static enum log_trust
begin_session(struct log_join *j, const struct log_entry *e, struct owner *o,
    const struct log_record *r, enum log_trust trust)
{
	bool forgot = o->forgot;
	struct log_session *s = memory_add_session(o, r->field[RF_SESSION]);

	tell_left(j, e, o);
	/* Of what is forgotten, this may be the end, by anybody. */
	if (forgot && strcmp(r->field[RF_ACTION], "close") == 0)
		trust = LOG_TRUST_UID;
	if (s == NULL)
		return LOG_TRUST_UID;
	s->since = e->time;
	s->pid = e->pid;
	s->trust = trust;
	s->ended = strcmp(r->field[RF_ACTION], "close") == 0;
	return trust;
}

/*
 * Whether a record is of the process that its session is known to be of; if
 * so, it is of our program as the first one was.  Only what an account says
 * of itself counts: no other is in its share.
 */
static enum log_trust
session_trust(struct log_join *j, const struct log_entry *e,
    const struct log_record *r, enum log_trust trust)
{
	const char *id = r->field[RF_SESSION], *account = log_trust_account(e);
	struct log_session *s;
	struct owner *o;

	if (id == NULL || trust < LOG_TRUST_UID || e->pid == 0 ||
	    account == NULL)
		return trust;
	if (!is_id(id))
		return LOG_TRUST_PROGRAM;
	o = memory_owner(j->memory, true, account);
	s = memory_session(o, id);
	if (s == NULL)
		return begin_session(j, e, o, r, trust);
	if (s->pid != e->pid)
		return LOG_TRUST_PROGRAM;
	if (s->trust > trust)
		trust = s->trust;
	s->since = e->time;
	s->trust = trust;
	s->ended = s->ended || strcmp(r->field[RF_ACTION], "close") == 0;
	return trust;
}

/*
 * On a shared account the user is what the record says.  That it is somebody
 * of this account is known of jump-authkeys, or it is nobody's word.
 */
static enum log_trust
user_trust(struct log_join *j, const struct log_entry *e,
    const struct log_record *r, enum log_trust trust)
{
	const char *account = log_trust_account(e), *user = r->field[RF_USER];

	if (trust < LOG_TRUST_UID || user == NULL || account == NULL ||
	    strcmp(user, account) == 0 ||
	    memory_has_user(memory_owner(j->memory, true, account), user))
		return trust;
	return LOG_TRUST_NONE;
}

/* Somebody else was where a device would be. */
static bool
is_denied(const struct log_record *r)
{
	return r->field[RF_TYPE] != NULL &&
	    strcmp(r->field[RF_TYPE], "denied") == 0;
}

static bool
record_outcome(const struct log_record *r, enum log_outcome *outcome)
{
	const char *action = r->field[RF_ACTION];
	bool good = strcmp(r->field[RF_OUTCOME], "success") == 0;
	const char *request = r->field[RF_REQUEST];

	if (strcmp(action, "decision") == 0)
		*outcome =
		    good || (request != NULL && r->field[RF_ADDRESS] != NULL)
		    ? LOG_DECIDED
		    : LOG_REFUSED;
	else if (strcmp(action, "open") == 0)
		*outcome = good ? LOG_OPEN
		    : is_denied(r) ? LOG_REFUSED
				   : LOG_FAILED;
	else if (strcmp(action, "close") == 0)
		*outcome = LOG_CLOSE;
	else if (strcmp(action, "recording") == 0)
		*outcome = LOG_FAILED;
	else if (strcmp(action, "load") == 0 || strcmp(action, "lock") == 0 ||
	    strcmp(action, "unlock") == 0 || strcmp(action, "kick") == 0 ||
	    strcmp(action, "sweep") == 0 || strcmp(action, "seal") == 0 ||
	    strcmp(action, "notify") == 0 || strcmp(action, "doctor") == 0)
		*outcome = LOG_ADMIN;
	else if (strcmp(action, "request") == 0 ||
	    strcmp(action, "approve") == 0 || strcmp(action, "refuse") == 0 ||
	    strcmp(action, "withdraw") == 0 || strcmp(action, "register") == 0)
		*outcome = LOG_REQUEST;
	else
		return false;
	return true;
}

static void
fill_row(struct log_row *row, const struct log_record *r)
{
	const char *const *f = r->field;

	row->user = f[RF_USER];
	row->account = f[RF_ACCOUNT] != NULL ? f[RF_ACCOUNT] : f[RF_USER];
	row->from = f[RF_SOURCE];
	row->target = f[RF_ADDRESS];
	row->ip = f[RF_IP];
	row->port = (unsigned)log_record_number(r, RF_PORT);
	row->road = f[RF_ROAD];
	row->ref = f[RF_SESSION];
	row->rule = f[RF_RULE];
	row->verdict = f[RF_VERDICT];
	row->reason = f[RF_REASON];
	row->ticket = f[RF_TICKET];
	row->mfa = f[RF_MFA];
	row->key = f[RF_KEY];
	row->policy = f[RF_POLICY];
	row->end = f[RF_END];
	row->who = f[RF_WHO];
	row->note = f[RF_NOTE];
	row->request = f[RF_REQUEST];
	row->changes = f[RF_CHANGES];
	row->approval = f[RF_APPROVAL];
	row->approver = f[RF_APPROVER];
	row->counted = f[RF_SENT] != NULL && f[RF_RECEIVED] != NULL;
	row->sent = log_record_number(r, RF_SENT);
	row->received = log_record_number(r, RF_RECEIVED);
	row->lost = log_record_number(r, RF_LOST);
	row->has_listener = f[RF_LISTENER] != NULL;
	row->listener = (uid_t)log_record_number(r, RF_LISTENER);
	row->listener_pid = (pid_t)log_record_number(r, RF_LISTENER_PID);
	if (f[RF_DURATION] != NULL)
		row->lasted =
		    (int64_t)(log_record_number(r, RF_DURATION) / 1000);
}

/*
 * Logins: which one it was stands in none of our records.
 */
static void
login_row(struct log_row *row, const struct login *l, char ref[16])
{
	if (l == NULL)
		return;
	row->user = or_null(l->user[0] != '\0' ? l->user : l->account);
	row->account = or_null(l->account);
	row->from = or_null(l->from);
	row->policy = or_null(l->policy);
	if (l->trust < row->trust)
		row->trust = l->trust;
	if (l->child == 0) {
		snprintf(ref, 16, "p%d", (int)l->pid);
		row->ref = ref;
	}
}

/* The last one of an account from an address, or NULL. */
static const struct login *
last_login(const struct log_join *j, const char *account, const char *from)
{
	const struct login *l = NULL;

	for (int attested = 1; attested >= 0 && l == NULL; attested--) {
		l = memory_owner(j->memory, attested == 1, account)->logins;
		while (l != NULL &&
		    (l->child != 0 || strcmp(l->account, account) != 0 ||
			strcmp(l->from, from) != 0))
			l = l->next;
	}
	return l;
}

/* With its login, if the road is none of sshd's, or none is named. */
static void
emit_ours(struct log_join *j, struct log_row *row)
{
	struct log_row login = {
	    .outcome = LOG_LOGIN, .kind = "sshd", .lasted = -1};
	const struct login *l = NULL;
	char ref[16];

	if (row->account != NULL && row->from != NULL &&
	    (row->road != NULL || row->outcome == LOG_REFUSED))
		l = last_login(j, row->account, row->from);
	if (l != NULL) {
		login.time = l->since;
		login.trust = l->trust;
		login.key = or_null(l->key);
		login_row(&login, l, ref);
		row->login = &login;
	}
	emit(j, row);
}

/* The gate knows neither the login nor where it came from: sshd does. */
static void
emit_gate(struct log_join *j, const struct log_entry *e, struct log_row *row)
{
	struct log_row login = {
	    .outcome = LOG_LOGIN, .kind = "sshd", .lasted = -1};
	struct log_session *s;
	char ref[16];

	row->gate = true;
	if (row->ip == NULL)
		row->ip = row->target;
	s = gate_join(j->memory, j->policy, e, row);
	if (s == NULL) {
		emit(j, row);
		return;
	}
	queue_drop(&j->queue, s->row);
	s->row = 0;
	if (s->target[0] != '\0')
		row->target = s->target;
	if (s->login != 0) {
		snprintf(ref, sizeof(ref), "p%d", (int)s->login);
		row->from = login.from = s->from;
		login.time = s->login_since;
		login.trust = s->login_trust;
		login.user = login.account = row->account;
		login.policy = or_null(s->policy);
		login.key = or_null(s->key);
		login.ref = ref;
		row->login = &login;
		if (login.trust < row->trust)
			row->trust = login.trust;
	}
	emit(j, row);
}

static void
join_record(struct log_join *j, struct log_entry *e)
{
	struct log_record r;
	struct log_row row;
	enum log_outcome outcome;
	enum log_trust trust;
	bool whole = log_record_parse(&r, e->message), gate;

	trust = log_trust_record(e, whole ? &r : NULL);
	gate = whole && trust != LOG_TRUST_FORGED && log_trust_is_gate(e, &r);
	if (whole && e->attested && log_trust_is_users(e) && !gate)
		trust = user_trust(j, e, &r, session_trust(j, e, &r, trust));
	if (trust == LOG_TRUST_FORGED ||
	    (trust == LOG_TRUST_PROGRAM && !whole)) {
		emit_forged(j, e, "record");
		return;
	}
	if (!whole) {
		j->unread++;
		return;
	}
	if (strcmp(e->program, "jump-authkeys") == 0) {
		if (strcmp(r.field[RF_ACTION], "login") == 0)
			remember_key(j, e, &r, trust);
		return;
	}
	if (!record_outcome(&r, &outcome))
		return;
	row = row_of(e, outcome, trust, r.field[RF_ACTION]);
	fill_row(&row, &r);
	if (gate)
		emit_gate(j, e, &row);
	else
		emit_ours(j, &row);
}

/*
 * Lines that wait.
 */
static void join_sshd(struct log_join *, struct log_entry *);

/* Take one out, and join it as it is now. */
static void
release(struct log_join *j, struct held **at)
{
	struct held *h = *at;

	*at = h->next;
	h->entry.program = h->program;
	h->entry.message = h->message;
	h->entry.exe = h->exe[0] == '\0' ? NULL : h->exe;
	copy(j->claim, sizeof(j->claim), h->message);
	j->releasing = true;
	join_sshd(j, &h->entry);
	j->releasing = false;
	free(h);
}

/* Those that waited for this process. */
static void
release_child(struct log_join *j, bool attested, pid_t pid)
{
	for (struct held **at = &j->held; *at != NULL;) {
		if ((*at)->entry.attested == attested &&
		    log_entry_pid(&(*at)->entry) == pid)
			release(j, at);
		else
			at = &(*at)->next;
	}
}

void
log_join_flush(struct log_join *j, int64_t now)
{
	while (j->held != NULL && j->held->entry.time <= now - patience)
		release(j, &j->held);
	queue_flush(&j->queue, now - patience);
}

/*
 * False if it is too long to wait, or is of no account, of which there may be
 * any number.  Each sender has a share; whoever is not attested, one together.
 */
static bool
hold(struct log_join *j, const struct log_entry *e)
{
	struct held *h, **at, **oldest = NULL;
	unsigned n = 0;

	if (strlen(j->claim) + 1 == CLAIM || strlen(e->program) > 15 ||
	    (e->exe != NULL && strlen(e->exe) > 255) ||
	    (e->attested && log_trust_account(e) == NULL))
		return false;
	for (at = &j->held; *at != NULL; at = &(*at)->next) {
		const struct log_entry *other = &(*at)->entry;

		if (other->attested != e->attested ||
		    (e->attested && other->uid != e->uid))
			continue;
		oldest = oldest == NULL ? at : oldest;
		n++;
	}
	if ((h = calloc(1, sizeof(*h))) == NULL)
		err(EXIT_INTERNAL, NULL);
	h->entry = *e;
	copy(h->program, sizeof(h->program), e->program);
	copy(h->message, sizeof(h->message), j->claim);
	copy(h->exe, sizeof(h->exe), e->exe);
	*at = h;
	if (n >= HELD)
		release(j, oldest);
	return true;
}

/*
 * sshd's lines: of its own process for a connection ...
 */
static void
join_accepted(struct log_join *j, const struct log_entry *e,
    const struct sshd_line *s, enum log_trust trust)
{
	struct owner *o = memory_owner(j->memory, e->attested, s->account);
	struct login *l = memory_add_login(j->memory, o, log_entry_pid(e));
	const struct key *k = NULL;

	tell_left(j, e, o);
	l->since = e->time;
	l->trust = trust;
	copy(l->account, sizeof(l->account), s->account);
	copy(l->from, sizeof(l->from), s->from);
	copy(l->key, sizeof(l->key), s->key);
	if (s->key != NULL)
		k = memory_key(o, l->account, s->key);
	if (k == NULL)
		return;
	copy(l->user, sizeof(l->user), k->user);
	copy(l->policy, sizeof(l->policy), k->policy);
	if (k->trust < l->trust)
		l->trust = k->trust;
}

/* One that got in and may nothing: why, as jump-authkeys said of its key. */
static void
join_mute(struct log_join *j, const struct log_entry *e, const struct login *l)
{
	const struct key *k = memory_key(l->owner, l->account, l->key);
	struct log_row row = row_of(e, LOG_REFUSED, l->trust, "jump-authkeys");
	char ref[16];

	if (k == NULL || k->reason[0] == '\0')
		return;
	login_row(&row, l, ref);
	row.reason = k->reason;
	emit(j, &row);
}

static void
join_child(struct log_join *j, const struct log_entry *e, pid_t child)
{
	struct login *monitor =
			 memory_login(j->memory, e->attested, log_entry_pid(e)),
		     *l;
	struct log_row row;
	char ref[16];

	if (monitor == NULL || monitor->child != -1 ||
	    monitor->from[0] == '\0' || child == monitor->pid)
		return;
	l = memory_add_login(j->memory, monitor->owner, child);
	tell_left(j, e, l->owner);
	monitor->child = child;
	l->child = 0;
	l->monitor = monitor->pid;
	l->since = e->time;
	l->trust = monitor->trust;
	memcpy(l->account, monitor->account, sizeof(l->account));
	memcpy(l->user, monitor->user, sizeof(l->user));
	memcpy(l->from, monitor->from, sizeof(l->from));
	memcpy(l->key, monitor->key, sizeof(l->key));
	memcpy(l->policy, monitor->policy, sizeof(l->policy));
	row = row_of(e, LOG_LOGIN, l->trust, "sshd");
	login_row(&row, l, ref);
	row.key = or_null(l->key);
	emit(j, &row);
	join_mute(j, e, l);
	release_child(j, e->attested, child);
}

/*
 * One that has failed so far: of which account, and with which key.  Why it
 * has comes before that.
 */
static void
join_failed(struct log_join *j, const struct log_entry *e,
    const struct sshd_line *s, enum log_trust trust)
{
	struct login *l =
	    memory_login(j->memory, e->attested, log_entry_pid(e));
	const char *why = NULL;

	if (s->kind == SSHD_TRIED)
		why = "the key is not for the address of the client";
	else if (l != NULL && l->child == -1 && l->key[0] == '\0')
		why = l->end;
	l = memory_add_login(j->memory,
	    memory_owner(j->memory, e->attested, ""), log_entry_pid(e));
	l->since = e->time;
	l->trust = trust;
	l->end = why;
	copy(l->account, sizeof(l->account), s->account);
	copy(l->key, sizeof(l->key), s->key);
}

/* Somebody who did not get in: why, as jump-authkeys said of the same key. */
static void
join_refused(struct log_join *j, const struct log_entry *e,
    const struct sshd_line *s, enum log_trust trust)
{
	struct login *l =
	    memory_login(j->memory, e->attested, log_entry_pid(e));
	struct log_row row = row_of(e, LOG_REFUSED, trust, "sshd");
	const struct key *k = NULL;
	char both[256];

	row.account = s->account;
	row.user = s->account;
	row.from = s->from;
	if (s->kind == SSHD_INVALID) {
		row.reason = "no such account";
	} else if (s->kind == SSHD_BARRED) {
		row.reason = s->reason;
	} else if (l == NULL || l->child != -1 ||
	    strcmp(l->account, s->account) != 0) {
		row.reason = "sshd tells of no key: none was offered, or "
			     "LogLevel is not VERBOSE";
	} else {
		row.key = or_null(l->key);
		row.reason = l->end != NULL
		    ? l->end
		    : "sshd's own refusal: no record of jump-authkeys tells "
		      "of this key";
		k = memory_key(memory_owner(j->memory, e->attested, l->account),
		    l->account, l->key);
	}
	if (k != NULL) {
		row.user = or_null(k->user);
		row.policy = or_null(k->policy);
		row.reason = k->reason[0] != '\0' ? k->reason
		    : l->end != NULL
		    ? l->end
		    : "sshd's own refusal: the policy has this key";
		if (k->trust < row.trust)
			row.trust = k->trust;
	}
	if (s->kind == SSHD_GONE && s->reason != NULL) {
		snprintf(both, sizeof(both), "%s; the last key: %s", s->reason,
		    row.reason);
		row.reason = row.key != NULL ? both : s->reason;
	}
	emit(j, &row);
	if (l != NULL && l->child == -1)
		memory_drop_login(j->memory, l);
}

static void
join_own(
    struct log_join *j, const struct log_entry *e, const struct sshd_line *s)
{
	enum log_trust trust = log_trust_sshd(e);

	if (trust == LOG_TRUST_FORGED) {
		emit_forged(j, e, "sshd");
		return;
	}
	switch (s->kind) {
	case SSHD_ACCEPTED:
		join_accepted(j, e, s, trust);
		break;
	case SSHD_CHILD:
		join_child(j, e, s->pid);
		break;
	case SSHD_FAILED:
	case SSHD_TRIED:
		join_failed(j, e, s, trust);
		break;
	default:
		join_refused(j, e, s, trust);
	}
}

/*
 * ... and of its process for the user.
 */

/* The channel of that id that is not only asked for; its place. */
static struct channel **
find_channel(struct login *l, unsigned id)
{
	struct channel **at = &l->channels;

	while (
	    *at != NULL && ((*at)->state == CHANNEL_ASKED || (*at)->id != id))
		at = &(*at)->next;
	return at;
}

/* The oldest that is asked for; only for this target, unless that is NULL. */
static struct channel **
find_asked(struct login *l, const char *target, unsigned port)
{
	struct channel **found = NULL, **at;

	for (at = &l->channels; *at != NULL; at = &(*at)->next) {
		if ((*at)->state == CHANNEL_ASKED &&
		    (target == NULL ||
			((*at)->port == port &&
			    strcmp((*at)->target, target) == 0)))
			found = at;
	}
	return found == NULL ? at : found;
}

static struct channel *
add_channel(struct log_join *j, const struct log_entry *e, struct login *l,
    const struct sshd_line *s)
{
	struct channel *c = memory_add_channel(l, s->target, s->port, e->time);

	tell_left(j, e, l->owner);
	return c;
}

/* A channel that is no more: the end of a connection, or of an attempt. */
static void
emit_channel(struct log_join *j, const struct log_entry *e,
    const struct login *l, const struct channel *c, const char *end)
{
	struct log_row row =
	    row_of(e, c->state == CHANNEL_OPEN ? LOG_CLOSE : LOG_FAILED,
		l->trust, "sshd");
	char ref[16];

	login_row(&row, l, ref);
	row.road = "forward";
	row.target = c->target;
	row.port = c->port;
	if (c->state == CHANNEL_OPEN) {
		row.end = end;
		row.lasted = e->time - c->since;
	} else {
		row.reason = or_null(c->reason);
	}
	emit(j, &row);
}

static void
join_end(struct log_join *j, const struct log_entry *e, struct login *l)
{
	struct log_row row;
	char ref[16];

	if (l != NULL && l->child > 0)
		l = memory_login(j->memory, e->attested, l->child);
	if (l == NULL || l->child != 0)
		return;
	while (l->channels != NULL) {
		if (l->channels->state != CHANNEL_ASKED && !l->channels->gated)
			emit_channel(j, e, l, l->channels,
			    l->end != NULL ? l->end : "logout");
		memory_drop_channel(l, &l->channels);
	}
	row = row_of(e, LOG_LOGOUT, l->trust, "sshd");
	login_row(&row, l, ref);
	row.end = l->end;
	row.lasted = e->time - l->since;
	emit(j, &row);
	memory_drop_login(j->memory, l);
}

static void
join_connected(struct log_join *j, const struct log_entry *e, struct login *l,
    const struct sshd_line *s, enum log_trust trust)
{
	struct log_row row = row_of(e, LOG_OPEN, trust, "sshd");
	struct channel *c = NULL, **at;
	char ref[16];

	if (l != NULL) {
		at = find_channel(l, s->channel);
		if (*at == NULL)
			at = find_asked(l, s->target, s->port);
		c = *at != NULL ? *at : add_channel(j, e, l, s);
	}
	if (c != NULL) {
		c->state = CHANNEL_OPEN;
		c->id = s->channel;
		c->since = e->time;
	}
	row.account = log_trust_account(e);
	row.user = row.account;
	login_row(&row, l, ref);
	row.road = "forward";
	row.target = s->target;
	row.port = s->port;
	if (c == NULL)
		emit(j, &row);
	else if (!c->gated)
		c->row = queue_add(&j->queue, &row, true);
}

static void
join_denied(struct log_join *j, const struct log_entry *e, struct login *l,
    const struct sshd_line *s, enum log_trust trust)
{
	struct log_row row = row_of(e, LOG_REFUSED, trust, "sshd");
	struct channel **at;
	char ref[16];

	if (l != NULL) {
		at = find_asked(l, s->target, s->port);
		if (*at != NULL)
			memory_drop_channel(l, at);
	}
	row.account = log_trust_account(e);
	row.user = row.account;
	login_row(&row, l, ref);
	row.road = "forward";
	row.target = s->target;
	row.port = s->port;
	emit(j, &row);
}

/*
 * A device listens.  sshd says so of an address before it tries: the row waits
 * for what comes next.
 */
static void
join_listens(struct log_join *j, const struct log_entry *e, struct login *l,
    const struct sshd_line *s, enum log_trust trust)
{
	struct log_row row = row_of(e, LOG_LISTEN, trust, "sshd");
	char ref[16];
	uint64_t number;

	row.account = log_trust_account(e);
	row.user = row.account;
	login_row(&row, l, ref);
	row.target = s->target;
	row.port = s->port;
	number = queue_add(&j->queue, &row, l != NULL && s->port != 0);
	if (l != NULL)
		l->listens = number;
}

/* It does not: it cannot, or may not. */
static void
join_unheard(struct log_join *j, const struct log_entry *e, struct login *l,
    const struct sshd_line *s, enum log_trust trust)
{
	bool may = s->kind == SSHD_UNBOUND;
	struct log_row row =
	    row_of(e, may ? LOG_FAILED : LOG_REFUSED, trust, "sshd");
	char ref[16], reason[MEMORY_REASON + 32];

	if (may && l != NULL && s->port != 0) {
		queue_drop(&j->queue, l->listens);
		l->listens = 0;
	}
	row.account = log_trust_account(e);
	row.user = row.account;
	login_row(&row, l, ref);
	row.target = *s->target == '\0' ? "*" : s->target;
	row.port = s->port;
	row.reason = "it may not listen there";
	if (may) {
		snprintf(reason, sizeof(reason), "cannot listen: %s", s->reason);
		row.reason = reason;
	}
	emit(j, &row);
}

/* What needs a login that is known. */
static void
join_channel(struct log_join *j, const struct log_entry *e, struct login *l,
    const struct sshd_line *s)
{
	struct channel **at = find_channel(l, s->channel);

	if (s->kind == SSHD_UNREACHED) {
		if (*at == NULL)
			at = find_asked(l, NULL, 0);
		if (*at == NULL)
			return;
		(*at)->state = CHANNEL_FAILED;
		(*at)->id = s->channel;
		copy((*at)->reason, sizeof((*at)->reason), s->reason);
	} else if (s->kind == SSHD_FREED && *at != NULL) {
		if (!(*at)->gated)
			emit_channel(j, e, l, *at, l->end);
		memory_drop_channel(l, at);
	} else if (s->kind == SSHD_ASKED) {
		add_channel(j, e, l, s);
	}
}

static void
join_users(
    struct log_join *j, const struct log_entry *e, const struct sshd_line *s)
{
	struct login *l =
	    memory_login(j->memory, e->attested, log_entry_pid(e));
	enum log_trust trust;

	if (l != NULL && (l->child != 0))
		l = NULL;
	trust = log_trust_child(e, l == NULL ? NULL : l->account);
	if (trust == LOG_TRUST_FORGED) {
		emit_forged(j, e, "sshd");
		return;
	}
	if (l == NULL && trust != LOG_TRUST_PROGRAM && !j->releasing &&
	    hold(j, e))
		return;
	if (s->kind == SSHD_CONNECTED)
		join_connected(j, e, l, s, trust);
	else if (s->kind == SSHD_DENIED)
		join_denied(j, e, l, s, trust);
	else if (s->kind == SSHD_LISTENS)
		join_listens(j, e, l, s, trust);
	else if (s->kind == SSHD_UNBOUND || s->kind == SSHD_UNHEARD)
		join_unheard(j, e, l, s, trust);
	else if (l != NULL)
		join_channel(j, e, l, s);
}

/* A process that is no login's ends nothing. */
static void
join_ending(
    struct log_join *j, const struct log_entry *e, const struct sshd_line *s)
{
	struct login *l =
	    memory_login(j->memory, e->attested, log_entry_pid(e));

	if (l == NULL)
		return;
	if (e->attested && e->uid != 0 &&
	    log_trust_child(e, l->account) < LOG_TRUST_KERNEL)
		return;
	if (s->kind == SSHD_ENDING)
		l->end = s->reason;
	else
		join_end(j, e, l);
}

static void
join_sshd(struct log_join *j, struct log_entry *e)
{
	struct sshd_line s;

	if (!sshd_line_parse(&s, e->message))
		return;
	switch (s.kind) {
	case SSHD_ASKED:
	case SSHD_CONNECTED:
	case SSHD_UNREACHED:
	case SSHD_DENIED:
	case SSHD_FREED:
	case SSHD_LISTENS:
	case SSHD_UNBOUND:
	case SSHD_UNHEARD:
		join_users(j, e, &s);
		break;
	case SSHD_ENDING:
	case SSHD_ENDED:
		join_ending(j, e, &s);
		break;
	default:
		join_own(j, e, &s);
	}
}

/* The log daemon has dropped lines, of whatever it was. */
static void
join_daemon(struct log_join *j, const struct log_entry *e)
{
	struct log_row row = row_of(e, LOG_LOST,
	    e->attested ? LOG_TRUST_KERNEL : LOG_TRUST_NONE, "daemon");

	if (strncmp(e->message, "Suppressed ", 11) != 0 ||
	    (e->attested && e->uid != 0))
		return;
	row.reason = e->message;
	emit(j, &row);
}

void
log_join_entry(struct log_join *j, struct log_entry *e)
{
	static const char *const ours[] = {
	    "jump-authkeys", "jump-connect", "jump-record", "jump-shell",
	    "jumpctl"};

	log_join_flush(j, e->time);
	copy(j->claim, sizeof(j->claim), e->message);
	if (strcmp(e->program, "sshd") == 0 ||
	    strcmp(e->program, "sshd-session") == 0) {
		join_sshd(j, e);
		return;
	}
	if (strcmp(e->program, "systemd-journald") == 0)
		join_daemon(j, e);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (strcmp(e->program, ours[i]) == 0 &&
		    log_record_begins(e->message))
			join_record(j, e);
	}
}
