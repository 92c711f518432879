/* SPDX-License-Identifier: ISC */
#include "live.h"

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "doctor.h"
#include "exit.h"
#include "login.h"

#define PROC "/proc"

/*
 * The world.
 */
void
live_open(struct live_world *w)
{
	const struct group *gr;
	const struct passwd *pw;
	enum policy_error error;

	*w = (struct live_world){0};
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root sees the sessions of others");
	gr = getgrnam("_jump");
	pw = getpwnam("_jump");
	if (gr == NULL || pw == NULL)
		errx(EXIT_STATE, "there is no user or no group _jump");
	w->uid = pw->pw_uid;
	w->gid = gr->gr_gid;
	pw = getpwnam("sshd");
	w->separate = pw == NULL ? (uid_t)-1 : pw->pw_uid;
	error = policy_open(POLICY_IMAGE, 0, &w->policy);
	if (error == POLICY_OK)
		return;
	warnx("%s: %s: users and targets go by the names that the machine has",
	    POLICY_IMAGE, policy_strerror(error));
	w->policy = NULL;
}

void
live_close(struct live_world *w)
{
	for (size_t i = 0; i < w->nowners; i++)
		free(w->owners[i]);
	free(w->owners);
	policy_free(w->policy);
	*w = (struct live_world){0};
}

/*
 * Owners.
 */

/* The user of an account that one person has. */
static void
name_user(struct live_owner *o, const struct policy *p)
{
	uint32_t user =
	    p == NULL ? POLICY_NONE : policy_find_account(p, o->account);

	if (user == POLICY_NONE)
		snprintf(o->user, sizeof(o->user), "%s", o->account);
	else if (!o->shared)
		snprintf(o->user, sizeof(o->user), "%s",
		    policy_string(p, policy_user(p, user)->name));
}

static void
look_up(struct live_owner *o, const struct live_world *w)
{
	const struct passwd *pw = getpwuid(o->uid);
	struct account a;

	if (pw == NULL) {
		snprintf(o->account, sizeof(o->account), "#%u", o->uid);
		strcpy(o->user, o->account);
		o->jump = true;
		return;
	}
	o->known = true;
	snprintf(o->account, sizeof(o->account), "%s", pw->pw_name);
	o->jump = account_in_policy(w->policy, o->account, &o->shared);
	if (account_find(&a, o->account)) {
		o->member =
		    account_in(&a, "jump") || account_in(&a, "jump-devices");
		o->jump = o->jump || o->member;
		o->admin = !o->jump &&
		    (o->uid == 0 || account_in(&a, "sudo") ||
			account_in(&a, "wheel"));
		account_free(&a);
	}
	name_user(o, w->policy);
}

/* Never NULL. */
static const struct live_owner *
owner(struct live_world *w, uid_t uid)
{
	struct live_owner **more;

	for (size_t i = 0; i < w->nowners; i++) {
		if (w->owners[i]->uid == uid)
			return w->owners[i];
	}
	more = reallocarray(w->owners, w->nowners + 1, sizeof(*more));
	if (more == NULL)
		err(EXIT_INTERNAL, NULL);
	w->owners = more;
	more[w->nowners] = calloc(1, sizeof(**more));
	if (more[w->nowners] == NULL)
		err(EXIT_INTERNAL, NULL);
	more[w->nowners]->uid = uid;
	look_up(more[w->nowners], w);
	return more[w->nowners++];
}

/*
 * Names of addresses.
 */
struct naming {
	const struct policy *policy;
	uint16_t port;
	char *name; /* NAME_TEXT */
};

static void
name_it(void *arg, uint32_t target, bool certain)
{
	struct naming *n = arg;
	const struct policy_target *t = policy_target(n->policy, target);
	enum policy_protocol protocol;

	if (certain && *n->name == '\0' &&
	    (t->kind == TARGET_HOST || t->kind == TARGET_DEVICE) &&
	    policy_declares(n->policy, t, n->port, &protocol))
		snprintf(n->name, NAME_TEXT, "%s",
		    policy_string(n->policy, t->name));
}

/* The host or device that has the address and declares the port, if any. */
static void
name_address(const struct live_world *w, struct live *l, const struct addr *a)
{
	struct policy_request q = {
	    .user = POLICY_NONE, .addr = *a, .port = l->port};
	struct naming n = {w->policy, l->port, l->name};

	if (w->policy != NULL)
		policy_covers(w->policy, &q, name_it, &n);
}

/*
 * Reading.
 */
static int64_t
clock_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Seconds since the epoch of a time in clock ticks since boot. */
static int64_t
from_ticks(uint64_t ticks)
{
	int64_t ms = (int64_t)(ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));

	return (clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_BOOTTIME) + ms) /
	    1000;
}

/* Whose it is: of the gate's, which are _jump's, the page says so. */
static const struct live_owner *
owner_of(struct live_world *w, const struct session_seen *s)
{
	const struct passwd *pw =
	    s->uid == w->uid ? getpwnam(s->page.account) : NULL;

	return owner(w, pw == NULL ? s->uid : pw->pw_uid);
}

static void
fill_relay(struct live_world *w, struct live *l, const struct session_seen *s)
{
	const struct session_page *p = &s->page;
	const struct live_owner *o = owner_of(w, s);
	int64_t idle = p->active <= 0 /* any number: the page is the user's */
	    ? -1
	    : clock_ms(CLOCK_MONOTONIC) - p->active;
	struct addr a;

	*l = (struct live){.relay = true,
	    .seen = *s,
	    .owner = o,
	    .pid = s->pid,
	    .port = p->port,
	    .road = p->road < ROAD_COUNT ? policy_road_names[p->road] : "?",
	    .started = p->started,
	    .sent = p->sent,
	    .received = p->received,
	    .idle = p->active > 0 && idle < 0 ? 0 : idle};
	snprintf(l->user, sizeof(l->user), "%s",
	    o->shared || s->uid == w->uid ? p->user : o->user);
	memcpy(l->source, p->source, sizeof(l->source));
	memcpy(l->target, p->target, sizeof(l->target));
	memcpy(l->ip, p->ip, sizeof(l->ip));
	if (addr_parse(&a, p->ip))
		name_address(w, l, &a);
	if (p->client_port != 0 && *l->name != '\0') /* asked for by address */
		strcpy(l->target, l->name);
}

/*
 * Who logged in on an account of several: jump-authkeys has made a note, which
 * is named after the parent of the process that forwards.
 */
static void
name_login(const struct live_world *w, struct live *l, const struct forward *f)
{
	struct procfs_process monitor;
	struct login_note note;

	if (procfs_read(PROC, f->process.parent, &monitor) == 0 &&
	    login_read(LOGIN_DIRECTORY, w->uid, monitor.pid, monitor.started,
		&note, NULL) == 0 &&
	    note.uid == f->process.uid)
		snprintf(l->user, sizeof(l->user), "%s", note.user);
}

static void
fill_forward(struct live_world *w, struct live *l, const struct forward *f)
{
	const struct live_owner *o = owner(w, f->process.uid);

	*l = (struct live){.forward = *f,
	    .owner = o,
	    .pid = f->process.pid,
	    .port = f->port,
	    .road = policy_road_names[ROAD_FORWARD],
	    .started = from_ticks(f->process.started),
	    .sent = f->sent,
	    .received = f->received,
	    .idle = f->idle,
	    .legs = {[LEG_USER] = f->client, [LEG_TARGET] = f->socket}};
	if (o->shared)
		name_login(w, l, f);
	else
		snprintf(l->user, sizeof(l->user), "%s", o->user);
	addr_print(&f->target, l->ip);
	if (f->from)
		addr_print(&f->source, l->source);
	name_address(w, l, &f->target);
	strcpy(l->target, *l->name != '\0' ? l->name : l->ip);
}

static int
by_start(const void *a, const void *b)
{
	const struct live *x = a, *y = b;

	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->relay || y->relay)
		return 0;
	return x->forward.inode < y->forward.inode ? -1 : 1;
}

void
reading_free(struct reading *r)
{
	free(r->seen);
	free(r->sockets);
	free(r->by_port);
	forwards_free(&r->forwards);
}

/* Sessions of both kinds, and the sockets.  0 or -1. */
static int
read_both(struct live_world *w, struct live_list *l, struct reading *r)
{
	if (session_list(SESSION_DIRECTORY, w->gid, &r->seen, &r->nseen,
		&l->odd) == -1) {
		if (errno != ENOENT)
			return -1;
		l->missing = true;
	}
	if (sockets_read(&r->sockets, &r->nsockets) == -1)
		return -1;
	r->by_port = sockets_by_port(r->sockets, r->nsockets);
	if (r->by_port == NULL ||
	    forwards_find(PROC, r->sockets, r->nsockets, &r->forwards) == -1)
		return -1;
	l->hidden = r->forwards.hidden;
	return 0;
}

/* The connections of a relay. */
static void
find_legs(struct live *l, const struct reading *r)
{
	uint16_t port = l->seen.page.local_port;
	const struct socket_seen *user =
	    forwards_client(&r->forwards, PROC, l->pid);

	for (size_t i = sockets_of_port(r->by_port, r->nsockets, port);
	     port != 0 && i < r->nsockets && r->by_port[i]->local_port == port;
	     i++) {
		if (leg_is_of(r->by_port[i], &l->seen))
			l->legs[LEG_TARGET] = *r->by_port[i];
	}
	if (user != NULL)
		l->legs[LEG_USER] = *user;
}

/*
 * A forward that leads to the gate is one session with the gate's relay, which
 * counts its bytes and can be ended alone; sshd knows where it comes from.
 */
static bool
goes_by_gate(struct live_list *l, const struct forward *f)
{
	char ip[ADDR_TEXT];

	addr_print(&f->target, ip);
	for (size_t i = 0; i < l->n; i++) {
		struct live *r = &l->list[i];

		if (!r->relay || r->seen.page.client_port == 0 ||
		    r->seen.page.client_port != f->local_port ||
		    r->port != f->port || r->owner->uid != f->process.uid ||
		    strcmp(r->ip, ip) != 0)
			continue;
		if (f->from)
			addr_print(&f->source, r->source);
		r->legs[LEG_USER] = f->client;
		return true;
	}
	return false;
}

static void
judge(struct live *l)
{
	l->state =
	    l->relay && l->seen.page.ended ? LEG_ENDED : leg_worst(l->legs);
}

/* Fill the list, which has room for all. */
static void
fill_list(struct live_world *w, struct live_list *l, const struct reading *r)
{
	for (size_t i = 0; i < r->nseen; i++) {
		if (r->seen[i].page.kind != SESSION_RELAY)
			continue; /* a terminal is one session with its relay */
		fill_relay(w, &l->list[l->n], &r->seen[i]);
		find_legs(&l->list[l->n++], r);
	}
	for (size_t i = 0; i < r->forwards.n; i++) {
		const struct forward *f = &r->forwards.list[i];

		if (owner(w, f->process.uid)->jump && !goes_by_gate(l, f))
			fill_forward(w, &l->list[l->n++], f);
	}
	for (size_t i = 0; i < l->n; i++)
		judge(&l->list[i]);
	qsort(l->list, l->n, sizeof(*l->list), by_start);
}

int
live_read_from(struct live_world *w, struct live_list *l, struct reading *r)
{
	*l = (struct live_list){0};
	*r = (struct reading){0};
	if (read_both(w, l, r) == -1)
		return -1;
	l->list = calloc(r->nseen + r->forwards.n + 1, sizeof(*l->list));
	if (l->list == NULL)
		return -1;
	fill_list(w, l, r);
	return 0;
}

int
live_read(struct live_world *w, struct live_list *l)
{
	struct reading r;
	int result = live_read_from(w, l, &r);

	reading_free(&r);
	return result;
}

static void
fill_login(struct live_world *w, struct live *l, const struct forward *f)
{
	const struct live_owner *o = owner(w, f->process.uid);

	*l = (struct live){.forward = *f,
	    .owner = o,
	    .pid = f->process.pid,
	    .road = policy_road_names[ROAD_FORWARD],
	    .started = from_ticks(f->process.started)};
	if (!o->shared)
		snprintf(l->user, sizeof(l->user), "%s", o->user);
	if (f->from)
		addr_print(&f->source, l->source);
}

struct live
live_login(struct live_world *w, const struct forward_login *login)
{
	const struct socket_seen *c = &login->client;
	struct forward f = {.process = login->process,
	    .from = true,
	    .source = c->remote,
	    .client = *c};
	struct live l;

	fill_login(w, &l, &f);
	l.sent = c->sent;
	l.received = c->received;
	l.idle = c->idle;
	l.legs[LEG_USER] = *c;
	l.state = leg_state(c);
	return l;
}

int
live_logins(struct live_world *w, struct live_list *l)
{
	struct socket_seen *sockets;
	struct forward *logins = NULL;
	size_t nsockets, n = 0;
	int result;

	*l = (struct live_list){0};
	if (sockets_read(&sockets, &nsockets) == -1)
		return -1;
	result = logins_find(PROC, sockets, nsockets, &logins, &n, &l->hidden);
	free(sockets);
	if (result == 0)
		l->list = calloc(n + 1, sizeof(*l->list));
	if (l->list == NULL)
		result = -1;
	for (size_t i = 0; i < n && result == 0; i++) {
		if (logins[i].process.uid != w->separate)
			fill_login(w, &l->list[l->n++], &logins[i]);
	}
	if (result == 0)
		qsort(l->list, l->n, sizeof(*l->list), by_start);
	free(logins);
	return result;
}

/* Whether the monitor has one of these logins. */
static bool
has_login(const struct live_list *logins, pid_t monitor)
{
	for (size_t i = 0; i < logins->n; i++) {
		if (logins->list[i].forward.process.parent == monitor)
			return true;
	}
	return false;
}

/* What a note says of its process, which has no login. */
static void
look_at_note(struct live_world *w, struct live_list *l, pid_t monitor,
    const struct timespec *since)
{
	struct live *to = &l->list[l->n];
	struct login_note note;
	struct forward f;

	if (login_monitor(PROC, monitor, &f) == -1) {
		l->hidden += errno != ESRCH && errno != ENOENT;
	} else if (login_read(LOGIN_DIRECTORY, w->uid, monitor,
		       f.process.started, &note, NULL) == 0) {
		fill_login(w, to, &f);
		to->asks = true;
		to->owner = owner(w, note.uid);
		snprintf(to->user, sizeof(to->user), "%s", note.user);
		l->n++;
	} else if (errno == EAGAIN) {
		l->undecided +=
		    !login_opened_after(LOGIN_DIRECTORY, monitor, since);
	} else {
		l->hidden +=
		    errno != ENOENT && errno != ESTALE && errno != ENODATA;
	}
}

int
live_asking(struct live_world *w, const struct live_list *logins,
    const struct timespec *since, struct live_list *l)
{
	pid_t *notes;
	ssize_t n = login_list(LOGIN_DIRECTORY, &notes);

	*l = (struct live_list){0};
	if (n == -1)
		return -1;
	l->list = calloc((size_t)n + 1, sizeof(*l->list));
	for (ssize_t i = 0; i < n && l->list != NULL; i++) {
		if (!has_login(logins, notes[i]))
			look_at_note(w, l, notes[i], since);
	}
	free(notes);
	return l->list == NULL ? -1 : 0;
}

void
live_free(struct live_list *l)
{
	free(l->list);
	*l = (struct live_list){0};
}

/*
 * Selecting.
 */
bool
selection_option(struct selection *s, int option, const char *value)
{
	switch (option) {
	case 's':
		s->session = value;
		return true;
	case 'u':
		s->user = value;
		return true;
	case 't':
		s->target = value;
		return true;
	default:
		return false;
	}
}

/* Whether what is asked for is this place, with its port or without. */
static bool
is_place(const char *asked, const char *place, uint16_t port)
{
	char with[SESSION_TARGET + 16];
	bool v6 = strchr(place, ':') != NULL;

	if (*place == '\0')
		return false;
	if (strcasecmp(asked, place) == 0)
		return true;
	snprintf(with, sizeof(with), v6 ? "[%s]:%u" : "%s:%u", place, port);
	return port != 0 && strcasecmp(asked, with) == 0;
}

static bool
is_session(const char *asked, const struct live *l)
{
	return l->relay && *asked != '\0' &&
	    strcmp(asked, l->seen.page.id) == 0;
}

static bool
is_user(const char *asked, const struct live *l)
{
	return *asked != '\0' &&
	    (strcmp(asked, l->user) == 0 ||
		strcmp(asked, l->owner->account) == 0);
}

static bool
is_target(const char *asked, const struct live *l)
{
	return is_place(asked, l->target, l->port) ||
	    is_place(asked, l->name, l->port) ||
	    is_place(asked, l->ip, l->port);
}

unsigned
live_selected(const struct selection *s, const struct live *l)
{
	unsigned by = 0;

	if ((s->session != NULL && !is_session(s->session, l)) ||
	    (s->user != NULL && !is_user(s->user, l)) ||
	    (s->target != NULL && !is_target(s->target, l)))
		return 0;
	if (s->word == NULL)
		return BY_SESSION;
	by |= is_session(s->word, l) ? BY_SESSION : 0;
	by |= is_user(s->word, l) ? BY_USER : 0;
	by |= is_target(s->word, l) ? BY_TARGET : 0;
	return by;
}
