/* SPDX-License-Identifier: ISC */
/*
 * What jumpctl log remembers: of each account so much, and of more the oldest
 * is forgotten.  Names of accounts are those that root's sshd and _jump's
 * jump-authkeys know, so there are no more of them than the machine has.
 */
#include "log_memory.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

/* What a fuzzer tries is short, and is to find the bounds. */
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define BOUND(n) 4
#else
#define BOUND(n) (n)
#endif

enum {
	LOGINS = BOUND(2048), /* two places a login: monitor and child */
	CHANNELS = BOUND(16384),
	LOGIN_CHANNELS = BOUND(1024),
	GRANTED = BOUND(1024),
	REFUSED = BOUND(256),
	SESSIONS = BOUND(512),
	OWNER_SETS = 1024,
	LOGIN_SETS = 16384
};

struct memory {
	struct owner *owners[OWNER_SETS];
	struct login *logins[LOGIN_SETS];
};

static void *
room(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (p == NULL)
		err(EXIT_INTERNAL, NULL);
	return p;
}

struct memory *
memory_new(void)
{
	return room(1, sizeof(struct memory));
}

static void
free_owner(struct memory *m, struct owner *o)
{
	struct key *k;

	while (o->logins != NULL)
		memory_drop_login(m, o->logins);
	while ((k = o->keys) != NULL) {
		o->keys = k->next;
		free(k);
	}
	free(o->sessions);
	free(o);
}

void
memory_free(struct memory *m)
{
	struct owner *o;

	for (size_t i = 0; i < OWNER_SETS; i++) {
		while ((o = m->owners[i]) != NULL) {
			m->owners[i] = o->same;
			free_owner(m, o);
		}
	}
	free(m);
}

static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261U;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	return h;
}

struct owner *
memory_owner(struct memory *m, bool attested, const char *account)
{
	char name[MEMORY_NAME];
	struct owner **at, *o;

	snprintf(name, sizeof(name), "%s", attested ? account : "");
	at = &m->owners[hash(name) % OWNER_SETS];
	for (; *at != NULL; at = &(*at)->same) {
		if ((*at)->attested == attested &&
		    strcmp((*at)->name, name) == 0)
			return *at;
	}
	*at = o = room(1, sizeof(*o));
	o->attested = attested;
	memcpy(o->name, name, sizeof(name));
	return o;
}

/*
 * Logins.
 */
struct login *
memory_login(struct memory *m, bool attested, pid_t pid)
{
	struct login *l = m->logins[(uint32_t)pid % LOGIN_SETS];

	while (l != NULL && (l->pid != pid || l->owner->attested != attested))
		l = l->same;
	return l;
}

static void
drop_one(struct memory *m, struct login *l)
{
	struct login **at = &m->logins[(uint32_t)l->pid % LOGIN_SETS];

	while (l->channels != NULL)
		memory_drop_channel(l, &l->channels);
	while (*at != l)
		at = &(*at)->same;
	*at = l->same;
	for (at = &l->owner->logins; *at != l; at = &(*at)->next)
		;
	*at = l->next;
	l->owner->nlogins--;
	free(l);
}

void
memory_drop_login(struct memory *m, struct login *l)
{
	struct login *other = l->child == -1
	    ? NULL
	    : memory_login(
		  m, l->owner->attested, l->child == 0 ? l->monitor : l->child);

	if (other != NULL && other != l && l->child == 0 &&
	    other->child == l->pid)
		drop_one(m, other);
	drop_one(m, l);
}

struct login *
memory_add_login(struct memory *m, struct owner *o, pid_t pid)
{
	struct login *l = memory_login(m, o->attested, pid), **at;

	if (l != NULL)
		memory_drop_login(m, l);
	if (o->nlogins >= LOGINS) {
		for (l = o->logins; l->next != NULL; l = l->next)
			;
		o->left = o->left || l->child != -1; /* a login it is */
		memory_drop_login(m, l);
	}
	l = room(1, sizeof(*l));
	l->owner = o;
	l->pid = pid;
	l->child = -1;
	l->next = o->logins;
	o->logins = l;
	o->nlogins++;
	at = &m->logins[(uint32_t)pid % LOGIN_SETS];
	l->same = *at;
	*at = l;
	return l;
}

/*
 * Channels.
 */
void
memory_drop_channel(struct login *l, struct channel **at)
{
	struct channel *c = *at;

	*at = c->next;
	free(c);
	l->nchannels--;
	l->owner->nchannels--;
}

struct channel *
memory_add_channel(
    struct login *l, const char *target, unsigned port, int64_t since)
{
	size_t size = strlen(target) + 1;
	struct channel *c;

	if (l->owner->nchannels >= CHANNELS || l->nchannels >= LOGIN_CHANNELS ||
	    size > 1100) {
		l->owner->left = true;
		return NULL;
	}
	c = room(1, sizeof(*c) + size);
	c->since = since;
	c->port = port;
	memcpy(c->target, target, size);
	c->next = l->channels;
	l->channels = c;
	l->nchannels++;
	l->owner->nchannels++;
	return c;
}

/*
 * Keys.
 */
static struct key **
find_key(struct owner *o, const char *account, const char *key)
{
	struct key **at = &o->keys;

	while (*at != NULL &&
	    (strcmp((*at)->key, key) != 0 ||
		strcmp((*at)->account, account) != 0))
		at = &(*at)->next;
	return at;
}

struct key *
memory_key(struct owner *o, const char *account, const char *key)
{
	return *find_key(o, account, key);
}

static unsigned *
count_of(struct owner *o, const struct key *k)
{
	return k->reason[0] == '\0' ? &o->ngranted : &o->nrefused;
}

static void
drop_key(struct owner *o, struct key **at)
{
	struct key *k = *at;

	*at = k->next;
	--*count_of(o, k);
	free(k);
}

/* The oldest of those that are granted, or of the others. */
static struct key **
oldest_key(struct owner *o, bool granted)
{
	struct key **found = NULL;

	for (struct key **at = &o->keys; *at != NULL; at = &(*at)->next) {
		if (((*at)->reason[0] == '\0') == granted)
			found = at;
	}
	return found;
}

/* Whoever may offer keys can offer any: refused ones push out no others. */
void
memory_add_key(struct owner *o, const struct key *key)
{
	struct key **at = find_key(o, key->account, key->key), *k;
	bool granted = key->reason[0] == '\0';

	if (*at != NULL)
		drop_key(o, at);
	if (*count_of(o, key) >= (granted ? GRANTED : REFUSED))
		drop_key(o, oldest_key(o, granted));
	k = room(1, sizeof(*k));
	*k = *key;
	k->next = o->keys;
	o->keys = k;
	++*count_of(o, k);
}

bool
memory_has_user(const struct owner *o, const char *user)
{
	for (const struct key *k = o->keys; k != NULL; k = k->next) {
		if (k->reason[0] == '\0' && strcmp(k->user, user) == 0)
			return true;
	}
	return false;
}

/*
 * Sessions.
 */
struct log_session *
memory_session(struct owner *o, const char *id)
{
	for (int i = 0; o->sessions != NULL && i < SESSIONS; i++) {
		if (o->sessions[i].pid == 0)
			break;
		if (memcmp(o->sessions[i].id, id, sizeof(o->sessions[i].id)) ==
		    0)
			return &o->sessions[i];
	}
	return NULL;
}

struct log_session *
memory_add_session(struct owner *o, const char *id)
{
	struct log_session *s = NULL;

	if (o->sessions == NULL)
		o->sessions = room(SESSIONS, sizeof(*o->sessions));
	for (int i = 0; i < SESSIONS; i++) {
		struct log_session *at = &o->sessions[i];

		if (at->pid == 0) {
			s = at;
			break;
		}
		if (at->ended && (s == NULL || at->since < s->since))
			s = at;
	}
	o->forgot = o->forgot || s == NULL || s->pid != 0;
	if (s == NULL) {
		o->left = true;
		return NULL;
	}
	memset(s, 0, sizeof(*s));
	memcpy(s->id, id, sizeof(s->id));
	return s;
}
