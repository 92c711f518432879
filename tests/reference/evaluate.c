/* SPDX-License-Identifier: ISC */
/*
 * The C side of the independent reference: judges requests that
 * tests/reference/run writes on standard input, one answer a line.
 *
 *   policy SIZE...\n TEXT...   the files of a policy, of SIZE bytes each
 *       -> "ok", or "error: " and the first message
 *   locks LIST\n              who is locked in it, with commas and %XX, and
 *       nobody else
 *       -> "ok"
 *   request\tKEY=VALUE...\n    about the last policy; values have %XX
 *       -> "VERDICT obligations=LIST unmet=LIST idle=N duration=N
 *          limits=RULE:MAX,... step=N timed=N end=N", end being decide_end() of an allow, 0 of others;
 *          and what else the library says, lists in any order:
 *          covers=TARGET,... hostkeys=HEX,... ca=NAME:TRUTH,...
 *          account=TRUTH reach=TARGET,... decide=VERDICT:CHOICES:LOOKUP
 *
 * The policy is parsed, saved, and opened again: the image is what answers.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../jumpctl/ctl.h"
#include "decide.h"

enum { SOURCES = 8, LISTED = 64 };

/* What a struct policy_request points to. */
struct inquiry {
	struct policy_request request;
	struct addr from, own[LISTED], resolved[LISTED];
	size_t nresolved;
	const char *asked; /* as it was given */
	uint16_t typed;	   /* with it, of a path; 0: none */
	uint8_t unixgroups[LISTED];
	struct policy_approval approvals[LISTED];
};

static void
answer_error(const struct policy_report *report)
{
	size_t i;

	for (i = 0; i < report->n; i++)
		if (!report->messages[i].warning) {
			printf("error: %s (%s)\n", report->messages[i].what,
			    report->messages[i].hint);
			return;
		}
	printf("error: no message\n");
}

/* Save the policy and open the image; the parsed policy is freed. */
static struct policy *
through_image(struct policy *parsed)
{
	struct policy *p = NULL;
	enum policy_error error;
	char path[] = "/tmp/jump-reference.XXXXXX";
	int fd;

	if ((fd = mkstemp(path)) == -1)
		err(1, "%s", path);
	if (policy_save(parsed, fd) == -1)
		err(1, "policy_save");
	close(fd);
	policy_free(parsed);
	error = policy_open(path, geteuid(), &p);
	unlink(path);
	if (error != POLICY_OK)
		errx(1, "policy_open: %s", policy_strerror(error));
	return p;
}

/* Read the files that the line announces; NULL if they are no policy. */
static struct policy *
read_policy(char *sizes)
{
	struct policy_source source[SOURCES];
	struct policy_report report = {0};
	struct policy *p;
	char *text[SOURCES], *size;
	size_t n = 0, i;

	for (size = strtok(sizes, " "); size != NULL && n < SOURCES;
	     size = strtok(NULL, " "), n++) {
		source[n].name = "policy";
		source[n].size = strtoul(size, NULL, 10);
		if ((text[n] = malloc(source[n].size + 1)) == NULL)
			err(1, NULL);
		if (fread(text[n], 1, source[n].size, stdin) != source[n].size)
			errx(1, "short policy");
		source[n].text = text[n];
	}
	p = policy_parse(source, n, &report);
	if (p == NULL)
		answer_error(&report);
	policy_report_clear(&report);
	for (i = 0; i < n; i++)
		free(text[i]);
	return p == NULL ? NULL : through_image(p);
}

/* Decode %XX in place. */
static void
decode(char *text)
{
	char hex[3] = "", *to = text;

	for (; *text != '\0'; text++) {
		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		memcpy(hex, text + 1, 2);
		*to++ = (char)strtoul(hex, NULL, 16);
		text += 2;
	}
	*to = '\0';
}

/* The policy with these locks, as jumpctl lock makes it; p is freed. */
static struct policy *
set_locks(struct policy *p, char *list)
{
	struct policy *copy = locks_thaw(p);
	struct locks locks = {0};
	char *who;

	if (*list == '\0')
		list = NULL;
	while ((who = strsep(&list, ",")) != NULL) {
		decode(who);
		if (!lock_valid(who) ||
		    locks_add(&locks, who, 0, "reference", "") == -1)
			errx(1, "no lock: %s", who);
	}
	if (copy == NULL || locks_set(copy, &locks) == -1)
		errx(1, "locks");
	locks_free(&locks);
	policy_free(p);
	return through_image(copy);
}

static struct addr
read_addr(const char *text)
{
	struct addr addr;

	if (!addr_parse(&addr, text))
		errx(1, "no address: %s", text);
	return addr;
}

/* An address or a path that was asked for is no name. */
static bool
is_name(const char *text)
{
	struct addr addr;

	return *text != '/' && !addr_parse(&addr, text);
}

static enum policy_road
read_road(const char *text)
{
	int road;

	for (road = 0; road < ROAD_COUNT; road++)
		if (strcmp(text, policy_road_names[road]) == 0)
			return (enum policy_road)road;
	errx(1, "no road: %s", text);
}

/* NAME:yes|no|failed; groups that the policy does not name are skipped. */
static void
read_unixgroup(const struct policy *p, struct inquiry *q, char *item)
{
	char *state = strrchr(item, ':');
	uint32_t i;

	if (state == NULL || p->table[PT_UNIXGROUPS].n > LISTED)
		errx(1, "groups: %s", item);
	*state++ = '\0';
	decode(item);
	for (i = 0; i < p->table[PT_UNIXGROUPS].n; i++)
		if (strcmp(policy_unixgroup(p, i), item) == 0)
			q->unixgroups[i] = *state == 'y' ? TRUTH_YES
			    : *state == 'n'		 ? TRUTH_NO
							 : TRUTH_UNCERTAIN;
}

static void
read_approval(const struct policy *p, struct inquiry *q, char *item)
{
	uint32_t i;

	decode(item);
	for (i = 0; i < p->table[PT_GROUPS].n; i++)
		if (strcmp(policy_string(p, policy_group(p, i)->name), item) ==
		    0)
			q->approvals[q->request.napprovals++].group = i;
}

/* A KEY whose VALUE is a list with commas; false if it is none. */
static bool
read_list(
    const struct policy *p, struct inquiry *q, const char *key, char *value)
{
	char *item;
	bool groups = strcmp(key, "groups") == 0;
	bool approvals = strcmp(key, "approvals") == 0;
	bool resolved = strcmp(key, "resolved") == 0;

	if (!groups && !approvals && !resolved && strcmp(key, "own") != 0)
		return false;
	while ((item = strsep(&value, ",")) != NULL) {
		if (groups)
			read_unixgroup(p, q, item);
		else if (approvals)
			read_approval(p, q, item);
		else {
			decode(item);
			if (resolved)
				q->resolved[q->nresolved++] = read_addr(item);
			else
				q->own[q->request.nown++] = read_addr(item);
		}
	}
	return true;
}

static void
read_value(
    const struct policy *p, struct inquiry *q, const char *key, char *value)
{
	struct policy_request *r = &q->request;

	if (*value == '\0' || read_list(p, q, key, value))
		return;
	decode(value);
	if (strcmp(key, "user") == 0)
		r->user = policy_find_user(p, value);
	else if (strcmp(key, "account") == 0)
		r->account = value;
	else if (strcmp(key, "asked") == 0) {
		q->asked = value;
		r->asked = is_name(value) ? value : NULL;
	} else if (strcmp(key, "addr") == 0)
		r->addr = read_addr(value);
	else if (strcmp(key, "path") == 0)
		r->path = value;
	else if (strcmp(key, "presume") == 0)
		r->presume = *value == '1';
	else if (strcmp(key, "port") == 0)
		r->port = (uint16_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "typed") == 0)
		q->typed = (uint16_t)strtoul(value, NULL, 10);
	else if (strcmp(key, "road") == 0)
		r->road = read_road(value);
	else if (strcmp(key, "from") == 0) {
		q->from = read_addr(value);
		r->from = &q->from;
	} else if (strcmp(key, "as") == 0)
		r->as = value;
	else if (strcmp(key, "now") == 0)
		r->now = strtoll(value, NULL, 10);
	else if (strcmp(key, "mfa") == 0)
		r->mfa = *value == '1';
	else if (strcmp(key, "swept") == 0)
		r->swept = *value == '1';
	else if (strcmp(key, "gate") == 0)
		r->gate = *value == '1';
	else if (strcmp(key, "ticket") == 0)
		r->ticket = value;
	else
		errx(1, "no key of a request: %s", key);
}

/* The number of the manual's list "The verdict"; 0 if it has none. */
static const char *
step(enum policy_reason reason)
{
	switch (reason) {
	case REASON_NOT_A_USER:
		return "1";
	case REASON_LOCKED:
		return "1-locked";
	case REASON_EXPIRED:
	case REASON_END_NOT_HELD:
		return "2";
	case REASON_NEVER:
		return "3";
	case REASON_DENIED:
	case REASON_NO_RULE:
		return "4";
	case REASON_NOT_SSH:
	case REASON_NOT_HELD:
		return "5";
	case REASON_UNMET:
		return "6";
	case REASON_NONE:
		return "7";
	default:
		return "0";
	}
}

/* policy_locked() of an account says what the verdict says, within limits. */
static void
check_lock(const struct policy *p, const struct policy_request *r,
    enum policy_reason reason)
{
	bool locked = policy_locked(p, r) != POLICY_NONE;

	if (reason != REASON_NOT_A_USER && reason != REASON_LIMIT &&
	    locked != (reason == REASON_LOCKED))
		errx(1, "policy_locked: %d, reason: %s", locked, step(reason));
}

static void
answer_words(const char *key, uint32_t bits)
{
	const char *comma = "";
	int i;

	printf(" %s=", key);
	for (i = 0; i < OBLIGATIONS; i++)
		if (bits & 1u << i) {
			printf("%s%s", comma, policy_obligation_names[i]);
			comma = ",";
		}
}

/* The rules with max that bind, in the order of the policy. */
static void
answer_limits(const struct policy *p, const struct policy_verdict *v)
{
	const char *comma = "";

	printf(" limits=");
	for (uint32_t rule = 0; rule < p->table[PT_RULES].n; rule++) {
		for (uint32_t i = 0; i < v->nlimits; i++) {
			const struct policy_rule *r = policy_rule(p, rule);

			if (v->limits[i] != rule)
				continue;
			printf("%s%s:%u", comma, policy_string(p, r->name),
			    r->max);
			comma = ",";
		}
	}
}

/* When it ends, if it is an allow of an address or a path. */
static time_t
end_of(const struct policy *p, const struct policy_request *r,
    const struct policy_verdict *verdict)
{
	struct target asked = {.form = TARGET_ADDRESSED, .port = r->port};
	struct choice choice = {r->addr, *verdict};

	if (verdict->action != ACTION_ALLOW || r->presume)
		return 0;
	if (r->asked != NULL) {
		asked.form = TARGET_NAMED;
		snprintf(asked.text, sizeof(asked.text), "%s", r->asked);
	}
	return decide_end(p, r, &asked, &choice, r->path);
}

static void
answer_cover(void *arg, uint32_t target, bool certain)
{
	const struct policy *p = arg;

	printf("%s%s,", policy_string(p, policy_target(p, target)->name),
	    certain ? "" : "?");
}

static void
answer_target(void *arg, uint32_t target)
{
	answer_cover(arg, target, true);
}

/* The host keys that jump-connect would hold a server to. */
static void
answer_hostkeys(const struct policy *p, const struct policy_request *r,
    const struct target *asked)
{
	struct choice choice = {.addr = r->addr};
	const char **keys;
	ssize_t n = decide_hostkeys(p, r, asked, &choice, r->path, &keys);

	if (n == -1)
		errx(1, "decide_hostkeys");
	for (ssize_t i = 0; i < n; i++)
		printf("%s,", keys[i]);
	free(keys);
}

static const char *const words[] = {"false", "uncertain", "true"};

static void
answer_cas(const struct policy *p, const struct policy_request *r)
{
	for (uint32_t i = 0; i < p->table[PT_CAS].n; i++)
		printf("%s:%s,", policy_string(p, policy_ca(p, i)->name),
		    words[policy_has_person(p, r, policy_ca(p, i)->who)]);
}

/* The request as a program makes it: from what somebody typed. */
static void
answer_decide(
    const struct policy *p, const struct inquiry *q, const struct target *asked)
{
	struct policy_request base = q->request;
	struct decision d;

	base.asked = base.path = NULL;
	base.presume = false;
	decide(p, &base, asked, q->nresolved == 0 ? NULL : q->resolved,
	    q->nresolved, &d);
	printf(
	    " decide=%s:%zu:%d", policy_action_names[d.action], d.n, d.lookup);
}

static struct target
typed(const struct inquiry *q)
{
	struct target asked = {
	    .form = TARGET_ADDRESSED,
	    .port = q->typed != 0 ? q->typed : q->request.port};

	snprintf(asked.text, sizeof(asked.text), "%s", q->asked);
	if (*q->asked == '/')
		asked.form = TARGET_PATH;
	else if (q->request.asked != NULL)
		asked.form = TARGET_NAMED;
	else
		asked.addr = read_addr(q->asked);
	return asked;
}

/* What is no part of the verdict; the rules of a device are nobody's. */
static void
answer_more(const struct policy *p, const struct inquiry *q)
{
	const struct policy_request *r = &q->request;
	struct target asked = typed(q);
	bool device = r->user != POLICY_NONE &&
	    (policy_user(p, r->user)->flags & USER_DEVICE);

	printf(" covers=");
	policy_covers(p, r, answer_cover, (void *)(uintptr_t)p);
	printf(" hostkeys=");
	if (!r->presume)
		answer_hostkeys(p, r, &asked);
	printf(" ca=");
	if (!device)
		answer_cas(p, r);
	printf(" account=%s", device ? "" : words[policy_has_account(p, r)]);
	printf(" reach=");
	if (!device)
		policy_candidates(
		    p, r, 1U << r->road, answer_target, (void *)(uintptr_t)p);
	answer_decide(p, q, &asked);
}

static void
answer_request(const struct policy *p, char *pairs)
{
	struct inquiry q = {0};
	struct policy_verdict verdict;
	char *pair, *value;

	q.request.user = POLICY_NONE;
	q.request.unixgroups = q.unixgroups;
	q.request.approvals = q.approvals;
	q.request.own = q.own;
	while ((pair = strsep(&pairs, "\t")) != NULL) {
		if ((value = strchr(pair, '=')) == NULL)
			errx(1, "no pair: %s", pair);
		*value++ = '\0';
		read_value(p, &q, pair, value);
	}
	q.request.minute = decide_minute(q.request.now);
	policy_evaluate(p, &q.request, &verdict);
	check_lock(p, &q.request, verdict.reason);
	printf("%s", policy_action_names[verdict.action]);
	answer_words("obligations", verdict.obligations);
	answer_words("unmet", verdict.unmet);
	printf(" idle=%u duration=%u", verdict.idle, verdict.duration);
	answer_limits(p, &verdict);
	printf(" step=%s timed=%d end=%lld", step(verdict.reason), verdict.timed,
	    (long long)end_of(p, &q.request, &verdict));
	if (q.asked != NULL && verdict.reason != REASON_LIMIT)
		answer_more(p, &q);
	printf("\n");
}

int
main(void)
{
	struct policy *p = NULL;
	char *line = NULL;
	size_t room = 0;

	while (getline(&line, &room, stdin) != -1) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "policy ", 7) == 0) {
			policy_free(p);
			if ((p = read_policy(line + 7)) != NULL)
				printf("%s\n",
				    decide_zone(p)
					? "ok"
					: "error: the zone is not known here");
		} else if (strncmp(line, "locks ", 6) == 0 && p != NULL) {
			p = set_locks(p, line + 6);
			printf("ok\n");
		} else if (strncmp(line, "request\t", 8) == 0 && p != NULL)
			answer_request(p, line + 8);
		else
			errx(1, "no command: %s", line);
		if (fflush(stdout) == EOF)
			err(1, "stdout");
	}
	policy_free(p);
	free(line);
	return 0;
}
