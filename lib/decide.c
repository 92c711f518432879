/* SPDX-License-Identifier: ISC */
#include "decide.h"

#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <ifaddrs.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ZONEINFO "/usr/share/zoneinfo/"

enum {
	GROUPS_MAX = 65536,
	GROUP_BYTES_MAX = 1 << 24,
	EDGES_MAX = 64,
	QUARTER = 15 * 60, /* offsets of zones are multiples of it */
	HORIZON = 16 * 24 * 60 * 60 /* a week, and one that a clock change hides */
};

/*
 * People.
 */
static bool
machine_addresses(struct person *person)
{
	struct ifaddrs *list, *i;
	size_t n = 0;

	if (getifaddrs(&list) == -1)
		return false;
	for (i = list; i != NULL; i = i->ifa_next)
		n++;
	person->own = calloc(n + 1, sizeof(*person->own));
	for (i = list; i != NULL && person->own != NULL; i = i->ifa_next) {
		if (i->ifa_addr != NULL &&
		    addr_from_sockaddr(
			&person->own[person->nown], i->ifa_addr))
			person->nown++;
	}
	freeifaddrs(list);
	return person->own != NULL;
}

/* The gids of an account; the caller frees.  NULL if they are not known. */
static gid_t *
account_groups(const char *account, gid_t gid, int *n)
{
	gid_t *groups = NULL, *more;

	for (int room = 64; room <= GROUPS_MAX; room *= 4) {
		more = reallocarray(groups, (size_t)room, sizeof(*groups));
		if (more == NULL)
			break;
		groups = more;
		*n = room;
		if (getgrouplist(account, gid, groups, n) != -1)
			return groups;
	}
	free(groups);
	return NULL;
}

static bool
listed(const struct group *gr, const char *account)
{
	for (char **member = gr->gr_mem; *member != NULL; member++) {
		if (strcmp(*member, account) == 0)
			return true;
	}
	return false;
}

static bool
has_gid(const gid_t *groups, int n, gid_t gid)
{
	for (int i = 0; i < n; i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

/*
 * getgrnam_r(3) with as much room as it wants; the caller frees *buf.  1 if it
 * is there, 0 if not, -1 if that cannot be known.
 */
static int
find_group(const char *name, struct group *gr, char **buf)
{
	struct group *found = NULL;
	int error = ERANGE;

	*buf = NULL;
	for (size_t room = 4096; error == ERANGE && room <= GROUP_BYTES_MAX;
	    room *= 4) {
		char *more = realloc(*buf, room);

		if (more == NULL)
			return -1;
		*buf = more;
		error = getgrnam_r(name, gr, *buf, room, &found);
	}
	if (error != 0)
		return -1;
	return found != NULL;
}

/*
 * Whether this process has the group, and is the account's.  The kernel took
 * it from a list of groups that was whole, at the login; getgrouplist(3) says
 * nothing when a part of it fails, for want of a descriptor, say, and how many
 * of these there are the user can change at any time: prlimit(2).
 */
static bool
has_itself(const char *account, gid_t gid)
{
	static gid_t groups[GROUPS_MAX]; /* as many as the kernel has */
	int n = getgroups(GROUPS_MAX, groups);
	const struct passwd *pw;

	if (n != -1 && !has_gid(groups, n, gid))
		return false;
	pw = getpwuid(getuid());
	return pw == NULL || strcmp(pw->pw_name, account) == 0;
}

/*
 * A group that is not found has failed, and so has a list of gids, also one
 * without a group that the login has.
 */
static enum truth
is_member(const char *account, const gid_t *groups, int n, const char *name)
{
	struct group gr;
	enum truth truth = TRUTH_UNCERTAIN;
	char *buf;

	if (find_group(name, &gr, &buf) == 1) {
		if (has_gid(groups, n, gr.gr_gid) || listed(&gr, account))
			truth = TRUTH_YES;
		else if (groups != NULL && !has_itself(account, gr.gr_gid))
			truth = TRUTH_NO;
	}
	free(buf);
	return truth;
}

static bool
unix_groups(struct person *person, gid_t gid)
{
	uint32_t count = person->policy->table[PT_UNIXGROUPS].n;
	gid_t *groups = NULL;
	int n = 0;

	person->unixgroups = calloc(count + 1, 1);
	if (person->unixgroups == NULL)
		return false;
	if (count > 0)
		groups = account_groups(person->account, gid, &n);
	for (uint32_t i = 0; i < count; i++)
		person->unixgroups[i] = (uint8_t)is_member(person->account,
		    groups, groups == NULL ? 0 : n,
		    policy_unixgroup(person->policy, i));
	free(groups);
	return true;
}

int
person_look_up(struct person *person, const struct policy *p,
    const char *account, gid_t gid)
{
	memset(person, 0, sizeof(*person));
	person->policy = p;
	person->account = person->name = account;
	person->user = POLICY_NONE;
	if (unix_groups(person, gid) && machine_addresses(person))
		return 0;
	person_free(person);
	return -1;
}

#define POWER(group, gives) {group, gives, "the account is in the group " group}

const struct power powers[POWERS] = {
    POWER("_jump", "reads the policy, and passes the firewall"),
    POWER("_jump-ssh", "can trace the ssh of recorded sessions"),
    POWER("_jump-notify", "speaks for notifications")};

const char *
person_power(const char *account, gid_t gid)
{
	const char *refusal = NULL;
	int n, found = 0;
	gid_t *groups = account_groups(account, gid, &n);

	for (int i = 0; i < POWERS && refusal == NULL && found != -1; i++) {
		struct group gr;
		char *buf;

		found = find_group(powers[i].group, &gr, &buf);
		if (found == 1 && groups != NULL && has_gid(groups, n, gr.gr_gid))
			refusal = powers[i].refusal;
		free(buf);
	}
	if (groups == NULL || found == -1)
		refusal = "the account's groups cannot be read";
	free(groups);
	return refusal;
}

int
person_identify(struct person *person, const char *id)
{
	const struct policy *p = person->policy;
	uint32_t owner = policy_find_account(p, person->account);
	uint32_t flags = owner == POLICY_NONE ? 0 :
	    policy_user(p, owner)->flags;
	const struct policy_user *u;

	if ((flags & USER_DEVICE) || !(flags & USER_SHARED) != (id == NULL))
		return -1;
	person->user =
	    policy_find_user(p, id == NULL ? person->account : id);
	if (person->user == POLICY_NONE)
		return id == NULL ? 0 : -1;
	u = policy_user(p, person->user);
	person->name = policy_string(p, u->name);
	if ((u->flags & USER_DEVICE) ||
	    strcmp(policy_string(p, u->account), person->account) != 0)
		return -1;
	return 0;
}

int
person_identify_device(struct person *person, const char *name)
{
	const struct policy *p = person->policy;
	uint32_t row = policy_find_user(p, name);
	const struct policy_user *u;

	if (row == POLICY_NONE)
		return -1;
	u = policy_user(p, row);
	if (!(u->flags & USER_DEVICE) ||
	    strcmp(policy_string(p, u->account), person->account) != 0)
		return -1;
	person->user = row;
	person->name = policy_string(p, u->name);
	return 0;
}

enum person_error
person_find(struct person *person, const struct policy *p,
    const char *account, gid_t gid, const char *id)
{
	if (person_look_up(person, p, account, gid) == -1)
		return PERSON_SYSTEM;
	if (person_identify(person, id) == 0)
		return PERSON_OK;
	person_free(person);
	return PERSON_UNKNOWN;
}

enum person_error
person_find_device(struct person *person, const struct policy *p,
    const char *account, gid_t gid, const char *name)
{
	if (person_look_up(person, p, account, gid) == -1)
		return PERSON_SYSTEM;
	if (person_identify_device(person, name) == 0)
		return PERSON_OK;
	person_free(person);
	return PERSON_UNKNOWN;
}

bool
person_has_rights(const struct person *person, enum policy_reason *why)
{
	struct policy_request request;
	struct policy_verdict verdict;

	decide_request(&request, person, ROAD_CONNECT, time(NULL));
	request.path = "/";
	policy_evaluate(person->policy, &request, &verdict);
	*why = verdict.reason;
	return *why != REASON_NOT_A_USER && *why != REASON_LOCKED;
}

void
person_free(struct person *person)
{
	free(person->unixgroups);
	free(person->own);
	person->unixgroups = NULL;
	person->own = NULL;
}

/*
 * Time.
 */
bool
decide_zone(const struct policy *p)
{
	const char *zone = policy_string(p, policy_meta(p)->timezone);
	char path[sizeof(ZONEINFO) + 64];

	if (*zone != '\0' && strcmp(zone, "UTC") != 0) {
		snprintf(path, sizeof(path), ZONEINFO "%s", zone);
		if (access(path, R_OK) == -1 ||
		    setenv("TZ", path, 1) == -1)
			return false;
	} else if (setenv("TZ", "UTC0", 1) == -1) {
		return false;
	}
	tzset();
	/* It says nothing when it cannot read the file, and goes on in UTC. */
	return *tzname[0] != '\0';
}

uint32_t
decide_minute(time_t t)
{
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		return 0;
	return (uint32_t)((tm.tm_wday + 6) % 7 * DAY_MINUTES +
	    tm.tm_hour * 60 + tm.tm_min);
}

/*
 * The decision.
 */
void
decide_request(struct policy_request *q, const struct person *person,
    enum policy_road road, time_t now)
{
	memset(q, 0, sizeof(*q));
	q->user = person->user;
	q->account = person->account;
	q->unixgroups = person->unixgroups;
	q->own = person->own;
	q->nown = person->nown;
	q->road = road;
	q->now = now;
	q->minute = decide_minute(now);
	q->gate = policy_meta(person->policy)->gate != 0 &&
	    !policy_account_shared(person->policy, person->account);
}

/* The request about one choice of what is asked. */
static struct policy_request
request_for(const struct policy_request *base, const struct target *asked,
    const struct addr *addr, const char *path)
{
	struct policy_request q = *base;

	q.asked = asked->form == TARGET_NAMED ? asked->text : NULL;
	q.path = path;
	q.port = path != NULL ? 0 : asked->port;
	if (addr != NULL)
		q.addr = *addr;
	else
		q.presume = path == NULL;
	return q;
}

static void
consider(struct decision *d, const struct choice *choice)
{
	if (d->n == 0 || choice->verdict.action > d->action) {
		d->action = choice->verdict.action;
		d->verdict = choice->verdict;
	}
	d->choices[d->n++] = *choice;
}

static void
decide_addresses(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const struct addr *addrs, size_t n,
    struct decision *d)
{
	for (size_t i = 0; i < n; i++) {
		struct choice choice = {.addr = addrs[i]};
		struct policy_request q =
		    request_for(base, asked, &addrs[i], NULL);

		policy_evaluate(p, &q, &choice.verdict);
		consider(d, &choice);
	}
}

static void
decide_path(const struct policy *p, const struct policy_request *base,
    const struct target *asked, uint32_t target, struct decision *d)
{
	struct choice choice = {0};
	struct policy_request q;

	d->path = policy_string(p, policy_target(p, target)->path);
	q = request_for(base, asked, NULL, d->path);
	policy_evaluate(p, &q, &choice.verdict);
	consider(d, &choice);
}

/* A name that is no target's: may it be looked up? */
static void
decide_lookup(const struct policy *p, const struct policy_request *base,
    const struct target *asked, struct decision *d)
{
	struct policy_verdict v;
	struct policy_request q = request_for(base, asked, NULL, NULL);

	policy_evaluate(p, &q, &v);
	d->lookup = v.action == ACTION_ALLOW;
	d->verdict = v;
	if (d->lookup)
		d->verdict.action = ACTION_DENY;
	d->action = d->verdict.action;
}

/* A device at a path is what its name says, whatever port a client adds. */
static bool
at_path(const struct policy *p, uint32_t target, uint16_t port)
{
	const struct policy_target *t = policy_target(p, target);

	return t->path != 0 && (port == 0 || t->kind == TARGET_DEVICE);
}

static void
decide_named(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const struct addr *resolved, size_t n,
    struct decision *d)
{
	struct addr addrs[ADDRESSES_MAX];
	uint32_t target;
	size_t known = target_addresses(p, asked, addrs, &target);

	if (known > 0)
		decide_addresses(p, base, asked, addrs, known, d);
	else if (target != POLICY_NONE && at_path(p, target, asked->port))
		decide_path(p, base, asked, target, d);
	else if (target == POLICY_NONE && resolved == NULL)
		decide_lookup(p, base, asked, d);
	else if (target == POLICY_NONE && n <= ADDRESSES_MAX &&
	    target_in_domain(p, asked, resolved, n))
		decide_addresses(p, base, asked, resolved, n, d);
}

void
decide(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const struct addr *resolved, size_t n,
    struct decision *d)
{
	uint32_t target;

	d->action = ACTION_DENY;
	d->path = NULL;
	d->lookup = false;
	d->n = 0;
	memset(&d->verdict, 0, sizeof(d->verdict));
	d->verdict.reason = REASON_NO_RULE;
	d->verdict.rule = POLICY_NONE;
	if (asked->form == TARGET_NAMED) {
		decide_named(p, base, asked, resolved, n, d);
	} else if (asked->form == TARGET_ADDRESSED) {
		decide_addresses(p, base, asked, &asked->addr, 1, d);
	} else {
		target = policy_find_target(p, asked->text);
		if (target != POLICY_NONE)
			decide_path(p, base, asked, target, d);
	}
	if (policy_damaged(p)) {
		d->action = d->verdict.action = ACTION_DENY;
		d->verdict.reason = REASON_DAMAGED;
		d->lookup = false;
	}
}

/*
 * Ends.
 */
struct ends {
	const struct policy *p;
	struct policy_request q;
	const struct policy_verdict *now;
	int64_t deadlines[EDGES_MAX]; /* sorted, of users and rules */
	size_t n;
	bool too_many;
	bool begins; /* a right that is to begin is looked for */
	uint8_t edges[WEEK_MINUTES]; /* a window opens or closes here */
};

/* Whether what was so before is not any more: a verdict, or a denial. */
static bool
turns_at(struct ends *e, time_t t)
{
	struct policy_verdict v;

	e->q.now = t;
	e->q.minute = decide_minute(t);
	policy_evaluate(e->p, &e->q, &v);
	if (e->begins)
		return v.action != ACTION_DENY;
	return v.action != ACTION_ALLOW ||
	    (v.idle != 0 && (e->now->idle == 0 || e->now->idle > v.idle)) ||
	    (v.duration != 0 &&
	    (e->now->duration == 0 || e->now->duration > v.duration));
}

/* Keep the nearest deadlines, sorted. */
static void
add_deadline(struct ends *e, int64_t when, time_t from)
{
	size_t i;

	if (when <= from)
		return;
	if (e->n == EDGES_MAX) {
		e->too_many = true;
		if (when >= e->deadlines[--e->n])
			when = e->deadlines[e->n];
	}
	for (i = e->n++; i > 0 && e->deadlines[i - 1] > when; i--)
		e->deadlines[i] = e->deadlines[i - 1];
	e->deadlines[i] = when;
}

static void
add_approvals(struct ends *e, const struct policy_rule *rule, time_t from)
{
	for (size_t i = 0; i < e->q.napprovals; i++) {
		const struct policy_approval *a = &e->q.approvals[i];

		if (a->group == rule->approvers && a->of != APPROVAL_ANYTHING)
			add_deadline(e, policy_approval_end(a, rule), from);
	}
}

static void
collect_windows(struct ends *e)
{
	const struct policy *p = e->p;

	for (uint32_t i = 0; i < p->table[PT_SPANS].n; i++) {
		const struct policy_span *span = policy_row(p, PT_SPANS, i);

		e->edges[span->start % WEEK_MINUTES] = 1;
		e->edges[span->end % WEEK_MINUTES] = 1;
	}
}

static void
collect(struct ends *e, time_t from)
{
	const struct policy *p = e->p;

	if (e->q.user != POLICY_NONE)
		add_deadline(e, policy_user(p, e->q.user)->until, from);
	for (size_t i = 0; i < e->q.napprovals; i++)
		add_deadline(e, e->q.approvals[i].until, from);
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		const struct policy_rule *rule = policy_rule(p, i);

		add_deadline(e, rule->until, from);
		if (rule->obligations & MUST_APPROVE)
			add_approvals(e, rule, from);
	}
	collect_windows(e);
}

/* A right begins with a window, or with the end of what forbade it. */
static void
collect_begins(struct ends *e, time_t from)
{
	const struct policy *p = e->p;

	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		const struct policy_rule *rule = policy_rule(p, i);

		if (rule->verb != VERB_ALLOW)
			add_deadline(e, rule->until, from);
	}
	collect_windows(e);
}

/* The first edge of a window in from < t < to where the verdict turns. */
static time_t
window_edge(struct ends *e, time_t from, time_t to)
{
	time_t t = from - from % QUARTER;

	for (; t < to && t < from + HORIZON; t += QUARTER) {
		uint32_t minute = decide_minute(t);

		for (uint32_t i = 0; i < QUARTER / 60; i++) {
			time_t edge = t + i * 60;

			if (e->edges[(minute + i) % WEEK_MINUTES] &&
			    edge > from && edge < to && turns_at(e, edge))
				return edge;
		}
		/* A clock that was put back or forward is an edge too. */
		if (t > from && decide_minute(t - 60) != (minute == 0 ?
			WEEK_MINUTES : minute) - 1 && turns_at(e, t))
			return t;
	}
	return 0;
}

/* The first turn at one of the deadlines, or at a window between them; or 0. */
static time_t
first_turn(struct ends *e, time_t from)
{
	time_t turn = 0;

	for (size_t i = 0; i < e->n && turn == 0; i++) {
		turn = window_edge(e, from, e->deadlines[i]);
		from = e->deadlines[i];
		if (turn == 0 && turns_at(e, from))
			turn = from;
	}
	if (turn == 0 && e->too_many && !e->begins)
		return from;
	return turn != 0 ? turn : window_edge(e, from, INT64_MAX);
}

time_t
decide_end(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const struct choice *choice, const char *path)
{
	static struct ends e;

	if (!choice->verdict.timed)
		return 0;
	memset(&e, 0, sizeof(e));
	e.p = p;
	e.q = request_for(base, asked, &choice->addr, path);
	e.now = &choice->verdict;
	collect(&e, base->now);
	return first_turn(&e, base->now);
}

time_t
decide_begin(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const struct decision *d)
{
	static struct ends e;
	time_t begin, first = 0;
	size_t i = 0;

	memset(&e, 0, sizeof(e));
	e.p = p;
	e.begins = true;
	collect_begins(&e, base->now);
	do { /* a name that is to be looked up has no choices */
		if (!(d->n > 0 ? &d->choices[i].verdict : &d->verdict)->timed)
			continue;
		e.q = request_for(base, asked,
		    d->n > 0 ? &d->choices[i].addr : NULL, d->path);
		begin = first_turn(&e, base->now);
		if (begin != 0 && (first == 0 || begin < first))
			first = begin;
	} while (++i < d->n);
	return first;
}

/*
 * Names.
 */
struct naming {
	const struct policy *policy;
	uint32_t target; /* the first, or POLICY_NONE */
};

static void
name_cover(void *arg, uint32_t target, bool certain)
{
	struct naming *n = arg;
	uint32_t kind = policy_target(n->policy, target)->kind;

	if (certain && kind != TARGET_NET && kind != TARGET_DOMAIN &&
	    target < n->target)
		n->target = target;
}

const char *
decide_name(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const struct choice *choice, const char *path)
{
	struct policy_request q =
	    request_for(base, asked, &choice->addr, path);
	struct naming n = {p, POLICY_NONE};

	if (asked->form == TARGET_NAMED)
		n.target = policy_find_target(p, asked->text);
	if (n.target == POLICY_NONE)
		policy_covers(p, &q, name_cover, &n);
	if (n.target == POLICY_NONE)
		return asked->text;
	return policy_string(p, policy_target(p, n.target)->name);
}

struct device_of {
	const struct policy *policy;
	uint16_t port;
	uint32_t target;
};

static void
device_cover(void *arg, uint32_t target, bool certain)
{
	struct device_of *d = arg;
	const struct policy_target *t = policy_target(d->policy, target);

	if (certain && t->kind == TARGET_DEVICE &&
	    policy_declares(d->policy, t, d->port, NULL))
		d->target = target;
}

uint32_t
decide_device(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const struct choice *choice, const char *path)
{
	struct policy_request q =
	    request_for(base, asked, &choice->addr, path);
	struct device_of d = {p, q.port, POLICY_NONE};

	policy_covers(p, &q, device_cover, &d);
	return d.target;
}

/*
 * Host keys.
 */
struct hostkeys {
	const char **keys; /* NULL: they are only counted */
	ssize_t n;
};

static void
add_hostkey(void *arg, const char *blob)
{
	struct hostkeys *h = arg;

	if (h->keys != NULL)
		h->keys[h->n] = blob;
	h->n++;
}

ssize_t
decide_hostkeys(const struct policy *p, const struct policy_request *base,
    const struct target *asked, const struct choice *choice, const char *path,
    const char ***keys)
{
	struct policy_request q =
	    request_for(base, asked, &choice->addr, path);
	struct hostkeys h = {0};

	*keys = NULL;
	policy_hostkeys(p, &q, add_hostkey, &h);
	if (policy_damaged(p))
		return -1;
	if (h.n == 0)
		return 0;
	h.keys = reallocarray(NULL, (size_t)h.n, sizeof(*h.keys));
	if (h.keys == NULL)
		return -1;
	h.n = 0;
	policy_hostkeys(p, &q, add_hostkey, &h);
	*keys = h.keys;
	return h.n;
}

const char *
decide_contact(const struct policy *p)
{
	const char *contact = policy_string(p, policy_meta(p)->contact);

	return *contact == '\0' ? "your administrator" : contact;
}
