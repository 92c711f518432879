/* SPDX-License-Identifier: ISC */
#include "grant.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSWD_TEXT = 4096 };

/* Somebody who has answered. */
struct author {
	uid_t uid;
	const char *by; /* whose signature it is; NULL: uid is the author */
	char *account;
	struct person person;
	bool found;
	struct author *next;
};

struct judge {
	const struct grants *grants;
	const struct policy *policy;
	time_t now;
	uint32_t *groups; /* that approve for some rule */
	size_t ngroups;
	struct author *authors;
	bool failed; /* no memory, or nobody could say who somebody is */
};

/*
 * Authors.
 */
/* getpwnam(3): with these there is no such account; else it is not known. */
static bool
is_outage(int error)
{
	return error != 0 && error != ENOENT && error != ESRCH &&
	    error != EBADF && error != EPERM;
}

/* Who cannot be looked up now may have refused: then nothing is granted. */
static void
look_up(struct judge *j, struct author *a)
{
	uint32_t user = a->by == NULL ? POLICY_NONE
				      : policy_find_user(j->policy, a->by);
	const struct passwd *pw;
	const char *account, *id = NULL;
	struct passwd entry, *found = NULL;
	enum person_error error;
	char buf[PASSWD_TEXT];

	errno = 0;
	pw = a->by == NULL ? getpwuid(a->uid) : NULL;
	if (user != POLICY_NONE) {
		account = policy_string(
		    j->policy, policy_user(j->policy, user)->account);
		/* Not getpwnam(): what our callers have of that is to stay. */
		errno = getpwnam_r(account, &entry, buf, sizeof(buf), &found);
		pw = found;
		if (policy_account_shared(j->policy, account))
			id = a->by;
	}
	if (pw == NULL) {
		j->failed = j->failed || is_outage(errno);
		return;
	}
	a->account = strdup(pw->pw_name);
	if (a->account == NULL) {
		j->failed = true;
		return;
	}
	error = person_find(&a->person, j->policy, a->account, pw->pw_gid, id);
	a->found = error == PERSON_OK;
	if (error == PERSON_SYSTEM)
		j->failed = true;
}

static bool
is_author(const struct author *a, const char *by, uid_t uid)
{
	if (by == NULL || a->by == NULL)
		return by == a->by && a->uid == uid;
	return strcmp(a->by, by) == 0;
}

/*
 * Who signs as by, or if that is NULL, who has this uid alone; NULL if nobody
 * of the policy.  They stay in place.
 */
static const struct person *
author(struct judge *j, const char *by, uid_t uid)
{
	struct author *a = j->authors;

	while (a != NULL && !is_author(a, by, uid))
		a = a->next;
	if (a == NULL) {
		a = calloc(1, sizeof(*a));
		if (a == NULL) {
			j->failed = true;
			return NULL;
		}
		a->uid = uid;
		a->by = by;
		a->next = j->authors;
		j->authors = a;
		look_up(j, a);
	}
	return a->found ? &a->person : NULL;
}

static void
add_group(struct judge *j, uint32_t group)
{
	for (size_t i = 0; i < j->ngroups; i++) {
		if (j->groups[i] == group)
			return;
	}
	if (j->ngroups < j->policy->table[PT_GROUPS].n)
		j->groups[j->ngroups++] = group;
}

/* Only where there is an approval: all rules are looked at. */
static void
judge_open(struct judge *j)
{
	const struct policy *p = j->policy;

	if (j->groups != NULL)
		return;
	j->groups = calloc(p->table[PT_GROUPS].n + 1, sizeof(*j->groups));
	j->failed = j->groups == NULL;
	for (uint32_t i = 0; i < p->table[PT_RULES].n && !j->failed; i++) {
		const struct policy_rule *rule = policy_rule(p, i);

		if (rule->obligations & MUST_APPROVE)
			add_group(j, rule->approvers);
	}
}

static void
judge_close(struct judge *j)
{
	struct author *next;

	for (struct author *a = j->authors; a != NULL; a = next) {
		next = a->next;
		if (a->found)
			person_free(&a->person);
		free(a->account);
		free(a);
	}
	free(j->groups);
}

bool
grant_may_sign(const struct person *person, uint32_t group, time_t now)
{
	const struct policy *p = person->policy;
	struct policy_request q;
	const struct policy_user *u;

	decide_request(&q, person, ROAD_CONNECT, now);
	if (policy_has_account(p, &q) != TRUTH_YES ||
	    policy_locked(p, &q) != POLICY_NONE)
		return false;
	if (q.user != POLICY_NONE) {
		u = policy_user(p, q.user);
		if ((u->flags & USER_DEVICE) ||
		    (u->until != 0 && now >= u->until))
			return false;
	}
	return group < p->table[PT_GROUPS].n &&
	    policy_has_person(p, &q, policy_group(p, group)->members) ==
	    TRUTH_YES;
}

bool
grant_may_approve(const struct person *person, uint32_t group, time_t now)
{
	return !policy_account_shared(person->policy, person->account) &&
	    grant_may_sign(person, group, now);
}

/*
 * Answers.
 */

/* Whether the answer of this person counts for the group. */
static bool
counts_for(const struct judge *j, const struct grant_answer *a,
    const struct person *person, uint32_t group)
{
	return a->signature != NULL
	    ? grant_may_sign(person, group, j->now)
	    : grant_may_approve(person, group, j->now);
}

bool
grant_target(const struct grant_tuple *t, struct target *target)
{
	char port[8];

	snprintf(port, sizeof(port), "%u", t->port);
	return target_parse(target, t->target, t->port == 0 ? NULL : port);
}

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct addr));
}

/* All addresses in one order, whatever that of the policy. */
static void
print_addresses(struct addr *addrs, size_t n, char text[GRANT_ADDRESS])
{
	char one[ADDR_TEXT];
	size_t length = 0;

	qsort(addrs, n, sizeof(*addrs), by_bytes);
	for (size_t i = 0; i < n; i++)
		length += (size_t)snprintf(text + length,
		    GRANT_ADDRESS - length, "%s%s", i == 0 ? "" : " ",
		    addr_print(&addrs[i], one));
}

void
grant_mean(const struct policy *p, const struct grant_tuple *t,
    struct grant_meaning *m)
{
	struct addr addrs[ADDRESSES_MAX];
	struct target target;
	uint32_t row = POLICY_NONE;
	size_t n = 0;

	snprintf(m->realm, sizeof(m->realm), "%s",
	    policy_string(p, policy_meta(p)->realm));
	*m->address = '\0';
	if (!grant_target(t, &target))
		return;
	if (target.form == TARGET_ADDRESSED)
		addrs[n++] = target.addr;
	else
		n = target_addresses(p, &target, addrs, &row);
	if (n > 0)
		print_addresses(addrs, n, m->address);
	else if (row != POLICY_NONE)
		snprintf(m->address, sizeof(m->address), "%s",
		    policy_string(p, policy_target(p, row)->path));
}

bool
grant_means(const struct policy *p, const struct grant_tuple *t)
{
	struct grant_meaning now;

	grant_mean(p, t, &now);
	return strcmp(t->meaning.realm, now.realm) == 0 &&
	    strcmp(t->meaning.address, now.address) == 0;
}

/*
 * Whether a request is one that stands, of what it was made for, and has not
 * been made to last.
 */
static bool
stands(const struct policy *p, const struct grant_request *r, time_t now)
{
	const struct grant_tuple *t = &r->tuple;

	return t->from <= now && now < t->until &&
	    t->until - t->from <= (int64_t)GRANT_WAIT + t->seconds &&
	    grant_means(p, t);
}

/*
 * Its author, if it is a whole answer to this very request; else NULL.  People
 * who share an account are told apart by their signatures only.
 */
static const struct person *
answerer(struct judge *j, const struct grant_request *r,
    const struct grant_answer *a)
{
	const struct person *person;

	if (a->about != r->uid || a->slot != r->slot ||
	    a->at < r->tuple.from || a->at > j->now ||
	    !grant_tuple_equal(&a->tuple, &r->tuple) ||
	    (a->signature != NULL ? !a->verified : a->uid == r->uid))
		return NULL;
	person = author(j, a->signature != NULL ? a->by : NULL, a->uid);
	if (person == NULL || strcmp(person->name, a->by) != 0 ||
	    strcmp(person->name, r->tuple.user) == 0 ||
	    (a->signature == NULL &&
		strcmp(person->account, r->tuple.account) == 0))
		return NULL;
	return person;
}

/* Whether somebody of the group has refused it. */
static const struct grant_answer *
refused(struct judge *j, const struct grant_request *r, uint32_t group)
{
	for (size_t i = 0; i < j->grants->nanswers; i++) {
		const struct grant_answer *a = &j->grants->answers[i];
		const struct person *person =
		    a->refusal ? answerer(j, r, a) : NULL;

		if (person != NULL && counts_for(j, a, person, group))
			return a;
	}
	return NULL;
}

/* What an approval is of; false if it is nothing that can be. */
static bool
approval_of(const struct policy *p, const struct grant_tuple *t,
    struct policy_approval *of)
{
	struct target target;

	if (!grant_target(t, &target))
		return false;
	*of = (struct policy_approval){.port = t->port,
	    .as = *t->login == '\0' ? NULL : t->login,
	    .ticket = *t->ticket == '\0' ? NULL : t->ticket};
	if (target.form == TARGET_ADDRESSED) {
		of->of = APPROVAL_ADDRESS;
		of->addr = target.addr;
		return true;
	}
	of->of = APPROVAL_TARGET;
	of->target = policy_find_target(p, target.text);
	if (of->target != POLICY_NONE)
		return true;
	of->of = APPROVAL_NAME;
	of->name = t->target;
	return target.form == TARGET_NAMED;
}

static int64_t
end_of(const struct grant_answer *a)
{
	int64_t end = a->at + (int64_t)a->tuple.seconds;

	return end < a->tuple.until ? end : a->tuple.until;
}

static void
add(struct judge *j, struct grant_list *l, const struct policy_approval *p,
    const struct grant_answer *a)
{
	struct policy_approval *list =
	    reallocarray(l->list, l->n + 1, sizeof(*list));
	const struct grant_answer **from;

	if (list != NULL)
		l->list = list;
	from = reallocarray(l->from, l->n + 1, sizeof(*from));
	if (from != NULL)
		l->from = from;
	if (list == NULL || from == NULL) {
		j->failed = true;
		return;
	}
	list[l->n] = *p;
	from[l->n++] = a;
}

/* One approval, for each group of its author's. */
static void
judge_answer(struct judge *j, const struct grant_request *r,
    const struct grant_answer *a, struct grant_list *l)
{
	const struct person *person = a->refusal ? NULL : answerer(j, r, a);
	struct policy_approval approval;

	if (person == NULL || j->now >= end_of(a) ||
	    !approval_of(j->policy, &r->tuple, &approval))
		return;
	approval.from = a->at;
	approval.until = end_of(a);
	judge_open(j);
	for (size_t i = 0; i < j->ngroups; i++) {
		approval.group = j->groups[i];
		if (counts_for(j, a, person, approval.group) &&
		    refused(j, r, approval.group) == NULL)
			add(j, l, &approval, a);
	}
}

static void
judge_request(struct judge *j, const struct grant_request *r,
    const char *account, struct grant_list *l)
{
	if (!stands(j->policy, r, j->now) || strcmp(r->tuple.account, account) != 0)
		return;
	for (size_t i = 0; i < j->grants->nanswers; i++)
		judge_answer(j, r, &j->grants->answers[i], l);
}

int
grants_judge(const struct grants *g, const struct policy *p,
    const char *account, uid_t uid, time_t now, struct grant_list *l)
{
	struct judge j = {.grants = g, .policy = p, .now = now};

	*l = (struct grant_list){0};
	if (g->nrequests == 0 || g->nanswers == 0)
		return 0;
	for (size_t i = 0; i < g->nrequests && !j.failed; i++) {
		if (g->requests[i].uid == uid)
			judge_request(&j, &g->requests[i], account, l);
	}
	judge_close(&j);
	if (!j.failed)
		return 0;
	grant_list_free(l);
	return -1;
}

void
grant_list_keep(struct grant_list *l, const char *user)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->from[i]->tuple.user, user) != 0)
			continue;
		l->list[kept] = l->list[i];
		l->from[kept++] = l->from[i];
	}
	l->n = kept;
}

void
grant_list_free(struct grant_list *l)
{
	free(l->list);
	free(l->from);
	*l = (struct grant_list){0};
}

static time_t
uptime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

bool
grant_rights_old(const struct grant_rights *r)
{
	return uptime() - r->read > GRANT_FRESH;
}

void
grant_rights_read(
    struct grant_rights *r, const struct policy *p, uid_t uid)
{
	int dir = grants_open(GRANT_DIRECTORY, 0);

	*r = (struct grant_rights){.read = uptime()};
	if (dir == -1)
		return;
	if (grants_read(&r->grants, dir, uid) == 0 && p != NULL)
		grants_verify(&r->grants, p, uid, time(NULL));
	close(dir);
}

void
grant_rights_judge(struct grant_rights *r, const struct policy *p,
    const char *account, uid_t uid, time_t now)
{
	grants_judge(&r->grants, p, account, uid, now, &r->list);
}

void
grant_rights_give(struct grant_rights *r, const struct person *person,
    struct policy_request *q)
{
	grant_list_keep(&r->list, person->name);
	q->approvals = r->list.list;
	q->napprovals = r->list.n;
}

void
grant_rights_free(struct grant_rights *r)
{
	grant_list_free(&r->list);
	grants_free(&r->grants);
}

const char *
grant_ticket(const struct grant_list *l, const struct policy_verdict *v)
{
	for (uint32_t i = 0; i < v->napprovers; i++) {
		uint32_t approval = v->approvers[i].approval;

		if (approval < l->n && l->list[approval].ticket != NULL)
			return l->list[approval].ticket;
	}
	return NULL;
}

/* One more word, if there is room. */
static void
append(char list[GRANT_BASIS], const char *word, int length)
{
	size_t n = strlen(list);

	if (n + (size_t)length + 2 <= GRANT_BASIS)
		snprintf(list + n, GRANT_BASIS - n, "%s%.*s", n == 0 ? "" : ",",
		    length, word);
}

void
grant_basis(const struct grant_list *l, const struct policy_verdict *v,
    char ids[GRANT_BASIS], char by[GRANT_BASIS])
{
	*ids = *by = '\0';
	for (uint32_t i = 0; i < v->napprovers; i++) {
		const struct grant_answer *a;

		if (v->approvers[i].approval >= l->n)
			continue;
		a = l->from[v->approvers[i].approval];
		append(ids, a->tuple.nonce, GRANT_ID);
		append(by, a->by, (int)strlen(a->by));
	}
}

/*
 * Views.
 */

/* Whose request it is; false if it is nobody's of the policy any more. */
static bool
find_author(const struct policy *p, const struct grant_request *r,
    struct person *person, char **account)
{
	const struct passwd *pw = getpwuid(r->uid);
	const char *id;

	*account = pw == NULL ? NULL : strdup(pw->pw_name);
	if (*account == NULL || strcmp(*account, r->tuple.account) != 0)
		return false;
	id = policy_account_shared(p, *account) ? r->tuple.user : NULL;
	if (person_find(person, p, *account, pw->pw_gid, id) != PERSON_OK)
		return false;
	if (strcmp(person->name, r->tuple.user) == 0)
		return true;
	person_free(person);
	return false;
}

/* The address of a name is found later. */
static struct policy_verdict
judge_one(const struct person *person, const struct policy_request *q,
    const struct target *target)
{
	static struct decision d;

	decide(person->policy, q, target, NULL, 0, &d);
	if (d.lookup)
		d.verdict.action = ACTION_ALLOW;
	return d.verdict;
}

static void
prefer(struct policy_verdict *best, const struct policy_verdict *v)
{
	if (v->action > best->action)
		*best = *v;
}

/* With the user's own name as the login, or the best that a rule has. */
static void
consider_shell(const struct person *person, struct policy_request *q,
    const struct target *target, struct policy_verdict *best)
{
	const struct policy *p = person->policy;
	struct policy_verdict own, v;

	q->road = ROAD_SHELL;
	q->as = person->name;
	own = judge_one(person, q, target);
	prefer(best, &own);
	for (uint32_t i = 0; i < own.nmatches; i++) {
		struct policy_range as = policy_clip(
		    p, PT_WORDS, policy_rule(p, own.matches[i].rule)->as);

		for (uint32_t w = 0; w < as.n; w++) {
			q->as = policy_word(p, as.first + w);
			v = judge_one(person, q, target);
			prefer(best, &v);
		}
	}
}

void
grant_verdict(const struct person *person, const struct target *target,
    const struct grant_question *ask, struct policy_verdict *best)
{
	struct policy_verdict v;
	struct policy_request q;

	decide_request(&q, person, ROAD_CONNECT, ask->now);
	q.swept = q.mfa = true;
	q.approvals = ask->approvals;
	q.napprovals = ask->napprovals;
	q.ticket = ask->ticket;
	q.from = ask->from;
	*best = judge_one(person, &q, target);
	q.road = ROAD_FORWARD;
	v = judge_one(person, &q, target);
	prefer(best, &v);
	consider_shell(person, &q, target, best);
}

/* As its author, with what was approved. */
static void
judge_as_author(const struct grant_request *r, const struct person *person,
    const struct grant_list *l, time_t now, struct policy_verdict *v)
{
	const struct grant_tuple *t = &r->tuple;
	struct grant_question ask = {.approvals = l->list,
	    .napprovals = l->n,
	    .ticket = *t->ticket == '\0' ? NULL : t->ticket,
	    .now = now};
	struct target target;
	struct addr from;

	if (addr_parse(&from, t->source))
		ask.from = &from;
	if (grant_target(t, &target))
		grant_verdict(person, &target, &ask, v);
}

/* What is open ends with the first of the approvals that it rests on. */
static void
look_open(struct grant_view *v, const struct grant_list *l)
{
	v->state = GRANT_OPEN;
	for (uint32_t i = 0; i < v->verdict.napprovers; i++) {
		const struct policy_approver *a = &v->verdict.approvers[i];
		const struct policy_approval *given;
		int64_t end;

		if (a->approval >= l->n)
			continue;
		given = &l->list[a->approval];
		end = given->from + (int64_t)a->seconds;
		if (end > given->until)
			end = given->until;
		if (v->by == NULL || end < v->end)
			v->end = end;
		v->by = l->from[a->approval];
	}
}

/* Not open: refused, used up, or still to be answered. */
static void
look_closed(
    struct judge *j, const struct grant_request *r, struct grant_view *v)
{
	const struct policy_verdict *verdict = &v->verdict;

	v->state = verdict->action == ACTION_DENY ? GRANT_VOID
	    : j->now < v->end			  ? GRANT_WAITS
						  : GRANT_OVER;
	for (uint32_t i = 0; i < verdict->napprovers && v->by == NULL; i++)
		v->by = refused(j, r, verdict->approvers[i].group);
	if (v->by != NULL) {
		v->state = j->now < v->by->at + GRANT_WAIT ? GRANT_REFUSED
							   : GRANT_OVER;
		return;
	}
	for (size_t i = 0; i < j->grants->nanswers; i++) {
		const struct grant_answer *a = &j->grants->answers[i];

		if (!a->refusal && answerer(j, r, a) != NULL &&
		    j->now >= end_of(a))
			v->state = GRANT_OVER;
	}
}

void
grant_look(const struct policy *p, const struct grants *g,
    const struct grant_request *r, time_t now, struct grant_view *v)
{
	struct judge j = {.grants = g, .policy = p, .now = now};
	struct grant_list l = {0};
	struct person person;
	char *account = NULL;

	*v = (struct grant_view){
	    .state = GRANT_OVER, .end = r->tuple.until - r->tuple.seconds};
	if (now >= r->tuple.until)
		return;
	v->state = GRANT_VOID;
	if (stands(p, r, now) && find_author(p, r, &person, &account)) {
		judge_request(&j, r, person.account, &l);
		judge_as_author(r, &person, &l, now, &v->verdict);
		if (v->verdict.action != ACTION_DENY &&
		    (v->verdict.unmet & MUST_APPROVE) == 0)
			look_open(v, &l);
		else
			look_closed(&j, r, v);
		person_free(&person);
	}
	free(account);
	grant_list_free(&l);
	judge_close(&j);
}
