/* SPDX-License-Identifier: ISC */
#include "log_gate.h"

#include <stdio.h>
#include <string.h>

#include "match.h"

/* So much later the gate may speak of a connection, if it is slow; and
 * earlier, as the lines of two processes can change places. */
static const int64_t later = 30 * SECOND, earlier = 2 * SECOND;

/* The connections that a row may be of, one after the other. */
struct candidates {
	const struct policy *policy;
	const struct log_row *row;
	struct login *login;
	struct channel *channel; /* NULL: of this login, none yet */
};

static bool
is_place(const struct policy *p, const char *target, const char *ip)
{
	struct addr a, b;

	if (addr_parse(&a, target))
		return addr_parse(&b, ip) && addr_equal(&a, &b);
	return log_filter_leads(p, target, ip);
}

static bool
may_be(const struct candidates *it, const struct channel *c)
{
	int64_t late = it->row->time - c->since;

	return !c->gated && c->state != CHANNEL_FAILED &&
	    c->port == it->row->port && late <= later && late >= -earlier &&
	    is_place(it->policy, c->target, it->row->ip);
}

static bool
is_login(const struct candidates *it)
{
	return it->login->child == 0 &&
	    strcmp(it->login->account, it->row->account) == 0;
}

static bool
next(struct candidates *it)
{
	for (; it->login != NULL; it->login = it->login->next) {
		if (it->channel == NULL && is_login(it))
			it->channel = it->login->channels;
		else if (it->channel != NULL)
			it->channel = it->channel->next;
		while (it->channel != NULL && !may_be(it, it->channel))
			it->channel = it->channel->next;
		if (it->channel != NULL)
			return true;
	}
	return false;
}

/* What a connection was asked for by; and whether another says otherwise. */
struct found {
	struct login *login;
	struct channel *channel; /* NULL: there is none */
	bool doubt_login, doubt_name;
};

static struct found
find(struct candidates it)
{
	struct found f = {0};

	while (next(&it)) {
		f.doubt_login |= it.channel->doubt_login ||
		    (f.login != NULL &&
			strcmp(f.login->from, it.login->from) != 0);
		f.doubt_name |= it.channel->doubt_name ||
		    (f.channel != NULL &&
			strcmp(f.channel->target, it.channel->target) != 0);
		if (f.channel == NULL ||
		    it.channel->since <= f.channel->since) {
			f.login = it.login;
			f.channel = it.channel;
		}
	}
	return f;
}

/* What one of them is not sure of, none is: it may be the other's. */
static void
spread(struct candidates it, const struct found *f)
{
	while ((f->doubt_login || f->doubt_name) && next(&it)) {
		it.channel->doubt_login |= f->doubt_login;
		it.channel->doubt_name |= f->doubt_name;
	}
}

static void
claim(struct log_session *s, const struct found *f)
{
	s->row = f->channel->row;
	f->channel->row = 0;
	f->channel->gated = true;
	if (!f->doubt_name && strlen(f->channel->target) < sizeof(s->target))
		strcpy(s->target, f->channel->target);
	if (f->doubt_login)
		return;
	s->login = f->login->pid;
	s->login_trust = f->login->trust;
	s->login_since = f->login->since;
	memcpy(s->from, f->login->from, sizeof(s->from));
	memcpy(s->key, f->login->key, sizeof(s->key));
	memcpy(s->policy, f->login->policy, sizeof(s->policy));
}

static struct log_session *
session_new(struct owner *o, const struct log_entry *e,
    const struct log_row *row, struct candidates it)
{
	struct log_session *s = memory_add_session(o, row->ref);
	struct found f;

	if (s == NULL)
		return NULL;
	s->pid = log_entry_pid(e);
	if (s->pid == 0)
		s->pid = -1;
	s->trust = row->trust;
	if (row->outcome == LOG_CLOSE)
		return s; /* it was asked for long ago */
	f = find(it);
	if (f.channel == NULL)
		return s;
	spread(it, &f);
	claim(s, &f);
	return s;
}

struct log_session *
gate_join(struct memory *m, const struct policy *p, const struct log_entry *e,
    const struct log_row *row)
{
	struct candidates it = {.policy = p, .row = row};
	struct log_session *s;
	struct owner *o;

	if (row->account == NULL || row->ip == NULL ||
	    strlen(row->ref) != sizeof(s->id))
		return NULL;
	o = memory_owner(m, e->attested, row->account);
	it.login = o->logins;
	s = memory_session(o, row->ref);
	if (s == NULL)
		s = session_new(o, e, row, it);
	if (s == NULL)
		return NULL;
	s->since = e->time;
	s->ended = s->ended || row->outcome == LOG_CLOSE ||
	    row->outcome == LOG_REFUSED || row->outcome == LOG_FAILED;
	return s;
}
