/* SPDX-License-Identifier: ISC */
#include "judge.h"

#include <err.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../jump-authkeys/keys.h"
#include "exit.h"
#include "grant.h"
#include "within.h"

/* Somebody, and what they may forward to now. */
struct judged {
	char *account, *id; /* id is NULL where the account has one user */
	bool device;	    /* id is its name */
	struct person person;
	bool found;
	struct grant_rights granted;
	char *rights[2]; /* without mfa and with it; NULL: not asked yet */
};

static char *
own(const char *s)
{
	char *copy = s == NULL ? NULL : strdup(s);

	if (s != NULL && copy == NULL)
		err(EXIT_INTERNAL, NULL);
	return copy;
}

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void
look_up(struct judged *k, const struct policy *p, time_t now)
{
	const struct passwd *pw = getpwnam(k->account);
	enum person_error error = PERSON_UNKNOWN;

	if (pw != NULL && k->device)
		error = person_find_device(
		    &k->person, p, k->account, pw->pw_gid, k->id);
	else if (pw != NULL)
		error =
		    person_find(&k->person, p, k->account, pw->pw_gid, k->id);
	if (error == PERSON_SYSTEM)
		errx(EXIT_INTERNAL, "%s cannot be looked up", k->account);
	k->found = error == PERSON_OK;
	if (!k->found || k->device)
		return;
	grant_rights_read(&k->granted, p, pw->pw_uid);
	grant_rights_judge(&k->granted, p, k->account, pw->pw_uid, now);
	grant_list_keep(&k->granted.list, k->person.name);
}

/* Who it is; NULL if the policy has nobody of that kind. */
static struct judged *
look_for(struct judge *j, const char *account, const char *id, bool device)
{
	struct judged *more, *k;

	for (size_t i = 0; i < j->n; i++) {
		k = &j->known[i];
		if (k->device == device && same(k->id, id) &&
		    same(k->account, account))
			return k->found ? k : NULL;
	}
	more = reallocarray(j->known, j->n + 1, sizeof(*more));
	if (more == NULL)
		err(EXIT_INTERNAL, NULL);
	j->known = more;
	k = &more[j->n++];
	*k = (struct judged){
	    .account = own(account), .id = own(id), .device = device};
	look_up(k, j->policy, j->now);
	return k->found ? k : NULL;
}

static struct judged *
somebody(struct judge *j, const char *account, const char *user)
{
	return look_for(j, account,
	    policy_account_shared(j->policy, account) ? user : NULL, false);
}

void
judge_free(struct judge *j)
{
	for (size_t i = 0; i < j->n; i++) {
		struct judged *k = &j->known[i];

		if (k->found)
			person_free(&k->person);
		grant_rights_free(&k->granted);
		free(k->account);
		free(k->id);
		free(k->rights[0]);
		free(k->rights[1]);
	}
	free(j->known);
	j->known = NULL;
	j->n = 0;
}

static struct policy_request
request(const struct judge *j, const struct judged *k, enum policy_road road)
{
	struct policy_request q;

	decide_request(&q, &k->person, road, j->now);
	q.swept = true; /* by this very sweep */
	q.approvals = k->granted.list.list;
	q.napprovals = k->granted.list.n;
	q.gate = q.gate && j->gate;
	return q;
}

/*
 * Logins.
 */

/* As a login past the gate has them now; NULL if they cannot be listed. */
static const char *
rights(const struct judge *j, struct judged *k, bool mfa)
{
	struct policy_request q = request(j, k, ROAD_FORWARD);
	char *text = NULL;
	size_t size;
	FILE *f;
	int n;

	if (k->rights[mfa] != NULL)
		return k->rights[mfa];
	f = open_memstream(&text, &size);
	if (f == NULL)
		err(EXIT_INTERNAL, NULL);
	q.mfa = mfa;
	q.gate = false;
	n = keys_permitopen(j->policy, &q, true, f);
	if (fclose(f) != 0)
		err(EXIT_INTERNAL, NULL);
	if (n == -1) {
		free(text);
		return NULL;
	}
	k->rights[mfa] = text;
	return text;
}

const char *
judge_rights(struct judge *j, const char *account, const char *user)
{
	struct judged *k = somebody(j, account, user);
	struct policy_request q;

	if (k == NULL)
		return "";
	q = request(j, k, ROAD_FORWARD);
	if (policy_has_account(j->policy, &q) != TRUTH_YES ||
	    keys_refused(j->policy, &q) != NULL)
		return "";
	return rights(j, k, true);
}

static const char *
judge_key(const struct policy *p, const struct policy_request *q,
    const struct login_note *note)
{
	return policy_has_key(p, note->key, q->user)
	    ? NULL
	    : "the key is the user's no more";
}

static const char *
judge_authority(const struct policy *p, const struct policy_request *q,
    const struct login_note *note)
{
	for (uint32_t i = 0; i < p->table[PT_CAS].n; i++) {
		const struct policy_ca *ca = policy_ca(p, i);

		if (memcmp(policy_key(p, ca->key)->fingerprint, note->authority,
			sizeof(note->authority)) == 0)
			return policy_has_person(p, q, ca->who) == TRUTH_YES
			    ? NULL
			    : "the certificate's authority is not for this "
			      "user any more";
	}
	return "the certificate's authority is of the policy no more";
}

/* What the login rests on: a key that a directory has is not asked for. */
static const char *
judge_credential(const struct policy *p, const struct policy_request *q,
    const struct login_note *note)
{
	switch (note->by) {
	case LOGIN_BY_KEY:
		return judge_key(p, q, note);
	case LOGIN_BY_CERTIFICATE:
		return judge_authority(p, q, note);
	case LOGIN_BY_DIRECTORY:
		if (q->user == POLICY_NONE && policy_meta(p)->keys_from != 0)
			return NULL;
		return "keys-from serves this account no more";
	}
	return "the note cannot be read";
}

static const char *
judge_person(const struct judge *j, const struct judged *k,
    const struct login_note *note)
{
	struct policy_request q;
	const char *reason;

	if (k == NULL || strcmp(k->person.name, note->user) != 0)
		return "the user is of the policy no more";
	q = request(j, k, ROAD_FORWARD);
	if (policy_has_account(j->policy, &q) != TRUTH_YES)
		return policy_reason_text(REASON_NOT_A_USER);
	reason = keys_refused(j->policy, &q);
	return reason != NULL ? reason : judge_credential(j->policy, &q, note);
}

/*
 * Logins of devices.
 */

/* Why there is no such device, which there was. */
static const char *
judge_absent(const struct policy *p, const char *name)
{
	uint32_t row = policy_find_user(p, name);

	return row != POLICY_NONE && policy_user(p, row)->flags & USER_DEVICE
	    ? "the device has another account now"
	    : "the device is of the policy no more";
}

/* Whether the line ends in just these rights. */
static bool
has_rights(const struct policy *p, uint32_t device, const char *line)
{
	uint32_t target = keys_device_target(p, device);
	char *now = NULL;
	const char *at;
	size_t size;
	bool has;
	FILE *f = open_memstream(&now, &size);

	if (f == NULL)
		err(EXIT_INTERNAL, NULL);
	if (target != POLICY_NONE)
		keys_device_rights(p, target, f);
	if (fclose(f) != 0)
		err(EXIT_INTERNAL, NULL);
	at = size == 0 ? NULL : strstr(line, now);
	has = at != NULL && at[size] == ' ';
	free(now);
	return has;
}

/* Why it may not go on, or NULL. */
static const char *
judge_device(struct judge *j, const char *account,
    const struct login_note *note, const char *line)
{
	const struct judged *k = look_for(j, account, note->user, true);
	struct policy_request q;
	const char *refused;

	if (k == NULL)
		return judge_absent(j->policy, note->user);
	q = request(j, k, ROAD_FORWARD);
	refused = keys_refused(j->policy, &q);
	if (refused != NULL)
		return refused;
	if (note->by != LOGIN_BY_KEY || judge_key(j->policy, &q, note) != NULL)
		return "the key is the device's no more";
	if (note->device == LOGIN_MUTE)
		return "another login of this device was live before it";
	return has_rights(j->policy, q.user, line)
	    ? NULL
	    : "where it may listen has changed";
}

/*
 * Logins of users.
 */
static bool
judge_user(struct judge *j, const char *account, const struct login_note *note,
    const char *line, char reason[JUDGE_REASON])
{
	struct judged *k = somebody(j, account, note->user);
	const char *why = judge_person(j, k, note);
	const char *now = NULL;
	char lost[WITHIN_ROOM];
	bool gate;

	if (why == NULL) {
		now = rights(j, k, note->mfa);
		why = now == NULL ? "its rights cannot be listed" : NULL;
	}
	if (why != NULL) {
		snprintf(reason, JUDGE_REASON, "%s", why);
		return false;
	}
	gate = request(j, k, ROAD_FORWARD).gate;
	if (within(line, now, gate, lost))
		return true;
	if (*lost == '\0')
		snprintf(reason, JUDGE_REASON, "its rights cannot be read");
	else if (strncmp(lost, "*:", 2) == 0 && !j->gate &&
	    policy_meta(j->policy)->gate != 0)
		snprintf(reason, JUDGE_REASON,
		    "no right to %s while the gate does not answer", lost);
	else
		snprintf(reason, JUDGE_REASON, "no right to %s any more", lost);
	return false;
}

bool
judge_login(struct judge *j, const char *account, const struct login_note *note,
    const char *line, char reason[JUDGE_REASON])
{
	const char *why = "the account is gone";

	if (account != NULL && note->device == LOGIN_NO_DEVICE)
		return judge_user(j, account, note, line, reason);
	if (account != NULL)
		why = judge_device(j, account, note, line);
	if (why != NULL)
		snprintf(reason, JUDGE_REASON, "%s", why);
	return why == NULL;
}

bool
judge_replaces(const struct judge *j, const char *device)
{
	uint32_t target = policy_find_target(j->policy, device);

	return target != POLICY_NONE &&
	    (policy_target(j->policy, target)->flags & TARGET_REPLACE);
}

/*
 * Relays.
 */

/* The one of the addresses that is really used; NULL: none. */
static const struct policy_verdict *
verdict_of(const struct decision *d, const struct addr *used)
{
	if (d->path != NULL)
		return used == NULL && d->n > 0 ? &d->choices[0].verdict : NULL;
	for (size_t i = 0; i < d->n && used != NULL; i++) {
		if (addr_equal(&d->choices[i].addr, used))
			return &d->choices[i].verdict;
	}
	return NULL;
}

static int64_t
idle_of(const struct session_page *page)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return page->active <= 0 ? 0 : now.tv_sec - page->active / 1000;
}

/* Why not, or NULL. */
static const char *
judge_verdict(const struct judge *j, const struct policy_verdict *v,
    const struct session_page *page)
{
	if (v == NULL)
		return "the target does not have this address any more";
	if (v->action != ACTION_ALLOW)
		return policy_reason_text(v->reason);
	if (v->duration != 0 &&
	    page->started <= j->now - (int64_t)v->duration) /* hostile */
		return "the rules give it less time now";
	if (page->road == ROAD_SHELL && (v->obligations & MUST_RECORD) &&
	    !page->recorded)
		return "it is to be recorded";
	if (v->idle != 0 && idle_of(page) >= v->idle)
		return "the rules give it less idle time now";
	return NULL;
}

/* Decide again about what it asked for.  Why not, or NULL. */
static const char *
judge_again(const struct judge *j, const struct judged *k,
    const struct judge_relay *r, const char **rule)
{
	static struct decision d;
	const struct session_page *page = r->page;
	struct policy_request q = request(j, k, page->road);
	const struct policy_verdict *v;
	struct addr used, from;
	struct target asked;
	char port[8];
	bool has = addr_parse(&used, page->ip);

	snprintf(port, sizeof(port), "%u", page->port);
	if (!target_parse(&asked, page->target, page->port == 0 ? NULL : port))
		return "its page cannot be read";
	if (addr_parse(&from, page->source))
		q.from = &from;
	if (*page->ticket != '\0')
		q.ticket = page->ticket;
	q.gate = r->gate;
	if (*page->login != '\0')
		q.as = page->login;
	q.mfa = r->gate ? r->mfa : page->mfa != 0;
	decide(j->policy, &q, &asked, has ? &used : NULL, has, &d);
	if (d.n == 0)
		return policy_reason_text(d.verdict.reason);
	v = verdict_of(&d, has ? &used : NULL);
	if (v != NULL && v->rule != POLICY_NONE && v->action != ACTION_ALLOW)
		*rule = policy_string(
		    j->policy, policy_rule(j->policy, v->rule)->name);
	return judge_verdict(j, v, page);
}

bool
judge_relay(struct judge *j, const struct judge_relay *r, const char **rule,
    char reason[JUDGE_REASON])
{
	const struct judged *k =
	    r->account == NULL ? NULL : somebody(j, r->account, r->page->user);
	const char *why = NULL;

	*rule = "";
	if (k == NULL)
		why = r->account == NULL ? "the account is gone"
					 : "the user is of the policy no more";
	else if (r->page->road >= ROAD_COUNT)
		why = "its page cannot be read";
	else if (r->gate && policy_meta(j->policy)->gate == 0)
		why = "the policy has no gate any more";
	else
		why = judge_again(j, k, r, rule);
	if (why != NULL)
		snprintf(reason, JUDGE_REASON, "%s", why);
	return why == NULL;
}
