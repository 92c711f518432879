/*
 * Joining: what sshd says of a login, of its process and of its connections is
 * spread over lines of several processes, and who it is in the policy stands
 * in a record of jump-authkeys.  What is remembered has fixed bounds: of more,
 * the oldest is forgotten.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "log.h"

/* What a fuzzer tries is short, and is to find the bounds. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define SETS(n) 4
#else
#define SETS(n) (n)
#endif

enum {
	WAYS = 4,		  /* places for what has the same hash */
	LOGIN_SETS = SETS(16384), /* two places a login: monitor and child */
	KEY_SETS = SETS(2048),
	SESSION_SETS = SETS(8192),
	CHANNELS = SETS(65536), /* of all logins */
	LOGIN_CHANNELS = 1024,	/* of one: no user is to take all */
	NAME = 132,
	ADDRESS = 48,
	KEY = 64,
	CLAIM = 512,
	HELD = 64
};

/* So long a line waits for its login. */
static const int64_t patience = 2 * SECOND;

enum channel_state { CHANNEL_ASKED, CHANNEL_FAILED, CHANNEL_OPEN };

struct channel {
	struct channel *next; /* newest first */
	enum channel_state state;
	unsigned id, port;
	int64_t since;
	char reason[64];
	char target[];
};

/*
 * A process of sshd.  What is attested and what is not are kept apart: else
 * a line that anybody can have written would end a login that root's sshd has
 * told, or take its place.
 */
struct login {
	bool attested;
	pid_t pid, child; /* child: of a monitor, 0 of a child */
	int64_t since;	  /* 0: nothing is here */
	enum log_trust trust;
	bool ended;
	const char *end; /* a literal */
	char account[NAME], user[NAME], from[ADDRESS], key[KEY], policy[20];
	unsigned nchannels;
	struct channel *channels;
};

/* What jump-authkeys said of a key. */
struct key {
	bool attested;
	int64_t since;
	enum log_trust trust;
	char account[NAME], user[NAME], key[KEY], policy[20], reason[64];
};

/* A session of ours: the process that first spoke of it. */
struct session {
	int64_t since;
	char id[12];
	uid_t uid;
	pid_t pid;
	enum log_trust trust;
};

/*
 * A line of a process for a user that no login is known to have: sshd tells
 * its number when it has it, and the process may be faster.
 */
struct held {
	struct log_entry entry;
	char program[16], exe[256], message[CLAIM];
};

struct log_join {
	log_emit *emit;
	void *arg;
	size_t unread, channels, nheld;
	bool releasing;
	struct held held[HELD]; /* oldest first */
	char claim[CLAIM];
	struct login logins[LOGIN_SETS][WAYS];
	struct key keys[KEY_SETS][WAYS];
	struct session sessions[SESSION_SETS][WAYS];
};

struct log_join *
log_join_new(log_emit *emit, void *arg)
{
	/* Pages that are not used are not there. */
	struct log_join *j = calloc(1, sizeof(*j));

	if (j == NULL)
		err(EXIT_INTERNAL, NULL);
	j->emit = emit;
	j->arg = arg;
	return j;
}

static void
drop_channel(struct log_join *j, struct login *l, struct channel **at)
{
	struct channel *c = *at;

	*at = c->next;
	free(c);
	l->nchannels--;
	j->channels--;
}

static void
clear_login(struct log_join *j, struct login *l)
{
	while (l->channels != NULL)
		drop_channel(j, l, &l->channels);
	memset(l, 0, sizeof(*l));
}

void
log_join_free(struct log_join *j)
{
	for (size_t i = 0; j->channels > 0; i++) {
		struct login *l = &j->logins[i / WAYS][i % WAYS];

		while (l->channels != NULL)
			drop_channel(j, l, &l->channels);
	}
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

static uint32_t
hash(uint32_t h, const char *s)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h;
}

/*
 * What is remembered.
 */
static struct login *
find_login(struct log_join *j, bool attested, pid_t pid)
{
	struct login *set = j->logins[(uint32_t)pid % LOGIN_SETS];

	for (int i = 0; i < WAYS; i++) {
		if (set[i].since != 0 && set[i].pid == pid &&
		    set[i].attested == attested)
			return &set[i];
	}
	return NULL;
}

/* Whether to forget the one of these rather than the other. */
static bool
is_older(int64_t since, bool attested, int64_t other, bool other_attested)
{
	if (since == 0 || other == 0)
		return since == 0;
	return attested != other_attested ? !attested : since < other;
}

/* A place for this process: its own, else one that is free or forgotten. */
static struct login *
place_login(struct log_join *j, bool attested, pid_t pid)
{
	struct login *set = j->logins[(uint32_t)pid % LOGIN_SETS];
	struct login *l = find_login(j, attested, pid);

	if (l == NULL) {
		l = set;
		for (int i = 1; i < WAYS; i++) {
			if (is_older(set[i].since, set[i].attested, l->since,
				l->attested))
				l = &set[i];
		}
	}
	clear_login(j, l);
	l->pid = pid;
	l->attested = attested;
	return l;
}

static struct key *
key_set(struct log_join *j, const char *account, const char *key)
{
	return j->keys[hash(hash(2166136261U, account), key) % KEY_SETS];
}

static struct key *
find_key(
    struct log_join *j, bool attested, const char *account, const char *key)
{
	struct key *set = key_set(j, account, key);

	for (int i = 0; i < WAYS; i++) {
		if (set[i].since != 0 && set[i].attested == attested &&
		    strcmp(set[i].key, key) == 0 &&
		    strcmp(set[i].account, account) == 0)
			return &set[i];
	}
	return NULL;
}

static void
remember_key(struct log_join *j, const struct log_entry *e,
    const struct log_record *r, enum log_trust trust)
{
	const char *account = r->field[RF_ACCOUNT] != NULL
	    ? r->field[RF_ACCOUNT]
	    : r->field[RF_USER];
	const char *key = r->field[RF_KEY];
	struct key *set, *k;

	if (account == NULL || key == NULL)
		return;
	set = key_set(j, account, key);
	k = find_key(j, e->attested, account, key);
	if (k == NULL) {
		k = set;
		for (int i = 1; i < WAYS; i++) {
			if (is_older(set[i].since, set[i].attested, k->since,
				k->attested))
				k = &set[i];
		}
	}
	k->attested = e->attested;
	k->since = e->time;
	k->trust = trust;
	copy(k->account, sizeof(k->account), account);
	copy(k->key, sizeof(k->key), key);
	copy(k->user, sizeof(k->user), r->field[RF_USER]);
	copy(k->policy, sizeof(k->policy), r->field[RF_POLICY]);
	copy(k->reason, sizeof(k->reason), r->field[RF_REASON]);
}

/*
 * Whether a record is of the process that its session is known to be of; if
 * so, it is of our program as the first one was.
 */
static enum log_trust
session_trust(struct log_join *j, const struct log_entry *e, const char *id,
    enum log_trust trust)
{
	struct session *set, *s = NULL;

	if (id == NULL || trust < LOG_TRUST_UID || e->pid == 0)
		return trust;
	set = j->sessions[hash(2166136261U, id) % SESSION_SETS];
	for (int i = 0; i < WAYS; i++) {
		if (set[i].since != 0 && strcmp(set[i].id, id) == 0)
			s = &set[i];
	}
	if (s != NULL && (s->uid != e->uid || s->pid != e->pid))
		return LOG_TRUST_PROGRAM;
	if (s != NULL && s->trust > trust)
		return s->trust;
	if (s == NULL) {
		s = set;
		for (int i = 1; i < WAYS; i++)
			s = set[i].since < s->since ? &set[i] : s;
	}
	s->since = e->time;
	s->uid = e->uid;
	s->pid = e->pid;
	s->trust = trust;
	copy(s->id, sizeof(s->id), id);
	return trust;
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
emit_forged(struct log_join *j, const struct log_entry *e, const char *kind)
{
	struct log_row row = row_of(e, LOG_FORGED, LOG_TRUST_FORGED, kind);

	row.account = log_trust_account(e);
	row.claim = j->claim;
	j->emit(j->arg, &row);
}

/*
 * Our records.
 */
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
		*outcome = good ? LOG_OPEN : LOG_FAILED;
	else if (strcmp(action, "close") == 0)
		*outcome = LOG_CLOSE;
	else if (strcmp(action, "load") == 0 || strcmp(action, "lock") == 0 ||
	    strcmp(action, "unlock") == 0 || strcmp(action, "kick") == 0 ||
	    strcmp(action, "sweep") == 0)
		*outcome = LOG_ADMIN;
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
	row->key = f[RF_KEY];
	row->policy = f[RF_POLICY];
	row->end = f[RF_END];
	row->who = f[RF_WHO];
	row->note = f[RF_NOTE];
	row->request = f[RF_REQUEST];
	row->changes = f[RF_CHANGES];
	row->counted = f[RF_SENT] != NULL && f[RF_RECEIVED] != NULL;
	row->sent = log_record_number(r, RF_SENT);
	row->received = log_record_number(r, RF_RECEIVED);
	if (f[RF_DURATION] != NULL)
		row->lasted =
		    (int64_t)(log_record_number(r, RF_DURATION) / 1000);
}

static void
join_record(struct log_join *j, struct log_entry *e)
{
	struct log_record r;
	struct log_row row;
	enum log_outcome outcome;
	enum log_trust trust;
	bool whole = log_record_parse(&r, e->message);

	trust = log_trust_record(e, whole ? &r : NULL);
	if (whole)
		trust = session_trust(j, e, r.field[RF_SESSION], trust);
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
	j->emit(j->arg, &row);
}

/*
 * Lines that wait.
 */
static void join_sshd(struct log_join *, struct log_entry *);

/* Take the ith out, and join it as it is now. */
static void
release(struct log_join *j, size_t i)
{
	struct held h = j->held[i];

	memmove(&j->held[i], &j->held[i + 1],
	    (--j->nheld - i) * sizeof(j->held[0]));
	h.entry.program = h.program;
	h.entry.message = h.message;
	h.entry.exe = h.exe[0] == '\0' ? NULL : h.exe;
	copy(j->claim, sizeof(j->claim), h.message);
	j->releasing = true;
	join_sshd(j, &h.entry);
	j->releasing = false;
}

/* Those that waited for this process. */
static void
release_child(struct log_join *j, bool attested, pid_t pid)
{
	for (size_t i = 0; i < j->nheld;) {
		if (j->held[i].entry.attested == attested &&
		    log_entry_pid(&j->held[i].entry) == pid)
			release(j, i);
		else
			i++;
	}
}

void
log_join_flush(struct log_join *j, int64_t now)
{
	while (j->nheld > 0 && j->held[0].entry.time <= now - patience)
		release(j, 0);
}

/* False if it is too long to wait. */
static bool
hold(struct log_join *j, const struct log_entry *e)
{
	struct held *h;

	if (strlen(j->claim) + 1 == CLAIM || strlen(e->program) > 15 ||
	    (e->exe != NULL && strlen(e->exe) > 255))
		return false;
	if (j->nheld == HELD)
		release(j, 0);
	h = &j->held[j->nheld++];
	h->entry = *e;
	copy(h->program, sizeof(h->program), e->program);
	copy(h->message, sizeof(h->message), j->claim);
	copy(h->exe, sizeof(h->exe), e->exe);
	return true;
}

/*
 * sshd's lines: of its own process for a connection ...
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

static void
join_accepted(struct log_join *j, const struct log_entry *e,
    const struct sshd_line *s, enum log_trust trust)
{
	struct login *l = place_login(j, e->attested, log_entry_pid(e));
	const struct key *k = NULL;

	l->since = e->time;
	l->trust = trust;
	l->child = -1; /* not known yet */
	copy(l->account, sizeof(l->account), s->account);
	copy(l->from, sizeof(l->from), s->from);
	copy(l->key, sizeof(l->key), s->key);
	if (s->key != NULL)
		k = find_key(j, e->attested, l->account, s->key);
	if (k == NULL)
		return;
	copy(l->user, sizeof(l->user), k->user);
	copy(l->policy, sizeof(l->policy), k->policy);
	if (k->trust < l->trust)
		l->trust = k->trust;
}

static void
join_child(struct log_join *j, const struct log_entry *e, pid_t child)
{
	struct login *monitor = find_login(j, e->attested, log_entry_pid(e)),
		     *l, copied;
	struct log_row row;
	char ref[16];

	if (monitor == NULL || monitor->child != -1 || child == monitor->pid)
		return;
	monitor->child = child;
	copied = *monitor;
	l = place_login(j, e->attested, child);
	*l = copied;
	l->pid = child;
	l->child = 0;
	l->channels = NULL;
	l->nchannels = 0;
	l->since = e->time;
	row = row_of(e, LOG_LOGIN, l->trust, "sshd");
	login_row(&row, l, ref);
	row.key = or_null(l->key);
	j->emit(j->arg, &row);
	release_child(j, e->attested, child);
}

/* Somebody who did not get in: why, as jump-authkeys said of the same key. */
static void
join_refused(struct log_join *j, const struct log_entry *e,
    const struct sshd_line *s, enum log_trust trust)
{
	struct login *l = find_login(j, e->attested, log_entry_pid(e));
	struct log_row row = row_of(e, LOG_REFUSED, trust, "sshd");
	const struct key *k = NULL;

	row.account = s->account;
	row.user = s->account;
	row.from = s->from;
	if (s->kind == SSHD_INVALID) {
		row.reason = "no such account";
	} else if (s->kind == SSHD_BARRED) {
		row.reason = s->reason;
	} else if (l == NULL || l->child != -1 ||
	    strcmp(l->account, s->account) != 0) {
		row.reason = "no key was offered";
	} else {
		row.key = or_null(l->key);
		row.reason = "sshd's own refusal: jump-authkeys was not asked";
		k = find_key(j, e->attested, l->account, l->key);
	}
	if (k != NULL) {
		row.user = or_null(k->user);
		row.policy = or_null(k->policy);
		row.reason = k->reason[0] != '\0'
		    ? k->reason
		    : "sshd's own refusal: the policy has this key";
		if (k->trust < row.trust)
			row.trust = k->trust;
	}
	j->emit(j->arg, &row);
}

static void
join_own(
    struct log_join *j, const struct log_entry *e, const struct sshd_line *s)
{
	enum log_trust trust = log_trust_sshd(e);
	struct login *l;

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
		l = place_login(j, e->attested, log_entry_pid(e));
		l->since = e->time;
		l->trust = trust;
		l->child = -1;
		copy(l->account, sizeof(l->account), s->account);
		copy(l->key, sizeof(l->key), s->key);
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
add_channel(struct log_join *j, struct login *l, const struct log_entry *e,
    const struct sshd_line *s)
{
	size_t size = strlen(s->target) + 1;
	struct channel *c;

	if (j->channels >= CHANNELS || l->nchannels >= LOGIN_CHANNELS ||
	    size > 1100 || (c = calloc(1, sizeof(*c) + size)) == NULL)
		return NULL;
	c->since = e->time;
	c->port = s->port;
	memcpy(c->target, s->target, size);
	c->next = l->channels;
	l->channels = c;
	l->nchannels++;
	j->channels++;
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
	j->emit(j->arg, &row);
}

static void
join_end(struct log_join *j, const struct log_entry *e, struct login *l)
{
	struct log_row row;
	char ref[16];

	if (l != NULL && l->child > 0)
		l = find_login(j, e->attested, l->child);
	if (l == NULL || l->child != 0 || l->ended)
		return;
	while (l->channels != NULL) {
		if (l->channels->state != CHANNEL_ASKED)
			emit_channel(j, e, l, l->channels,
			    l->end != NULL ? l->end : "logout");
		drop_channel(j, l, &l->channels);
	}
	l->ended = true;
	row = row_of(e, LOG_LOGOUT, l->trust, "sshd");
	login_row(&row, l, ref);
	row.end = l->end;
	row.lasted = e->time - l->since;
	j->emit(j->arg, &row);
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
		c = *at != NULL ? *at : add_channel(j, l, e, s);
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
	j->emit(j->arg, &row);
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
			drop_channel(j, l, at);
	}
	row.account = log_trust_account(e);
	row.user = row.account;
	login_row(&row, l, ref);
	row.road = "forward";
	row.target = s->target;
	row.port = s->port;
	j->emit(j->arg, &row);
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
		emit_channel(j, e, l, *at, l->end);
		drop_channel(j, l, at);
	} else if (s->kind == SSHD_ASKED) {
		add_channel(j, l, e, s);
	}
}

static void
join_users(
    struct log_join *j, const struct log_entry *e, const struct sshd_line *s)
{
	struct login *l = find_login(j, e->attested, log_entry_pid(e));
	enum log_trust trust;

	if (l != NULL && (l->child != 0 || l->ended))
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
	else if (l != NULL)
		join_channel(j, e, l, s);
}

/* A process that is no login's ends nothing. */
static void
join_ending(
    struct log_join *j, const struct log_entry *e, const struct sshd_line *s)
{
	struct login *l = find_login(j, e->attested, log_entry_pid(e));

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
	j->emit(j->arg, &row);
}

void
log_join_entry(struct log_join *j, struct log_entry *e)
{
	static const char *const ours[] = {
	    "jump-authkeys", "jump-connect", "jump-shell", "jumpctl"};

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

bool
log_join_login(struct log_join *j, const char *account, const char *from,
    struct log_row *row)
{
	static char ref[16];
	const struct login *best = NULL;

	for (size_t i = 0; i < LOGIN_SETS * WAYS; i++) {
		const struct login *l = &j->logins[i / WAYS][i % WAYS];

		if (l->since != 0 && l->child == 0 && !l->ended &&
		    strcmp(l->account, account) == 0 &&
		    strcmp(l->from, from) == 0 &&
		    (best == NULL || l->since > best->since))
			best = l;
	}
	if (best == NULL)
		return false;
	*row = (struct log_row){.time = best->since,
	    .outcome = LOG_LOGIN,
	    .trust = best->trust,
	    .kind = "sshd",
	    .key = or_null(best->key),
	    .lasted = -1};
	login_row(row, best, ref);
	return true;
}
