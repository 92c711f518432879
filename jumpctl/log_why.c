/* SPDX-License-Identifier: ISC */
/*
 * Why: asked of the policy in force, as jumpctl explain does, for what sshd
 * refuses without knowing a reason.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "log.h"
#include "swept.h"

/* It is opened once. */
const struct policy *
log_policy(void)
{
	static struct policy *p;
	static bool asked;

	if (!asked && policy_open(POLICY_IMAGE, 0, &p) != POLICY_OK)
		p = NULL;
	asked = true;
	return p;
}

/* The policy's zone, for windows; the reader's is put back. */
static bool
enter_zone(const struct policy *p, char **before)
{
	const char *zone = getenv("TZ");

	*before = zone == NULL ? NULL : strdup(zone);
	return decide_zone(p);
}

static void
leave_zone(char *before)
{
	if (before == NULL)
		unsetenv("TZ");
	else
		setenv("TZ", before, 1);
	free(before);
	tzset();
}

static bool
judge(const struct policy *p, const struct log_row *row, enum policy_road road,
    bool swept, struct decision *d)
{
	struct question q = {.who = row->user,
	    .from = row->from,
	    .at = (time_t)(row->time / SECOND),
	    .swept = swept};
	struct person person;
	struct target asked;
	char port[8];

	snprintf(port, sizeof(port), "%u", row->port);
	if (!target_parse(&asked, row->target, row->port == 0 ? NULL : port) ||
	    question_person(p, &q, &person) == -1)
		return false;
	question_decide(p, &q, &person, road, &asked, d);
	person_free(&person);
	return true;
}

static void
near_miss(const struct policy *p, const struct policy_rule *rule,
    enum policy_road road, FILE *f)
{
	char text[400] = "";
	FILE *only = fmemopen(text, sizeof(text) - 1, "w");

	if (only != NULL) {
		conditions_print(p, rule, only);
		fclose(only);
	}
	fprintf(f, "; %s allows it%s%s", policy_string(p, rule->name),
	    *text == '\0' ? ", but not on this road" : " only", text);
	if (road == ROAD_FORWARD && rule->from.n > 0)
		fputs(", which this road cannot tell", f);
}

/* Rules that allow this, but for their conditions or their road. */
static void
near_misses(const struct policy *p, const struct policy_verdict *v,
    enum policy_road road, FILE *f)
{
	const struct policy_rule *rule;

	for (uint32_t i = 0; i < v->nmatches; i++) {
		rule = policy_rule(p, v->matches[i].rule);
		if (rule->verb != VERB_ALLOW ||
		    v->matches[i].truth == TRUTH_YES)
			continue;
		near_miss(p, rule, road, f);
	}
}

/* One space in place of two. */
static void
narrow(char *s)
{
	char *to = s;

	for (; *s != '\0'; s++) {
		if (*s != ' ' || s[1] != ' ')
			*to++ = *s;
	}
	*to = '\0';
}

static bool
words(const struct policy *p, const struct decision *d, enum policy_road road,
    char *buf, size_t size)
{
	FILE *f;
	bool good;

	if (d->action == ACTION_ALLOW) {
		snprintf(buf, size, "it is open%s",
		    road != ROAD_FORWARD ? ""
			: policy_meta(p)->gate == 0
			? ": this login is older, or sshd knows it by another "
			  "name (export hosts)"
			: ": this login is older, the gate did not answer "
			  "then, or sshd knows it by another name (export "
			  "hosts)");
		return true;
	}
	memset(buf, 0, size);
	f = fmemopen(buf, size - 1, "w");
	if (f == NULL)
		return false;
	verdict_print(p, &d->verdict, f);
	if (d->verdict.reason == REASON_NO_RULE)
		near_misses(p, &d->verdict, road, f);
	good = fclose(f) == 0 || *buf != '\0'; /* cut, if it is long */
	narrow(buf);
	return good;
}

/* The road that a row names; false if it is none. */
static bool
road_of(const struct log_row *row, enum policy_road *road)
{
	for (int i = 0; row->road != NULL && i < ROAD_COUNT; i++) {
		*road = (enum policy_road)i;
		if (strcmp(row->road, policy_road_names[i]) == 0)
			return true;
	}
	return false;
}

static bool
answer(const struct policy *p, const struct log_row *row, enum policy_road road,
    bool swept, char *buf, size_t size)
{
	static struct decision d;

	return judge(p, row, road, swept, &d) && words(p, &d, road, buf, size);
}

/*
 * Forward holds what ends if sweeps run.  If nothing says whether they ran
 * then, and it matters, both are said.
 */
static bool
answer_then(const struct policy *p, const struct log_row *row,
    enum policy_road road, char *buf, size_t size)
{
	enum swept swept = road != ROAD_FORWARD
	    ? SWEPT_YES
	    : swept_at(SWEPT_FILE, 0, (time_t)(row->time / SECOND));
	char without[300];
	size_t n;

	if (!answer(p, row, road, swept != SWEPT_NO, buf, size))
		return false;
	if (swept != SWEPT_UNKNOWN ||
	    !answer(p, row, road, false, without, sizeof(without)) ||
	    strcmp(buf, without) == 0)
		return true;
	n = strlen(buf);
	snprintf(buf + n, size - n, "; or, if no sweep ran then: %s", without);
	return true;
}

static bool
ask(const struct log_row *row, char *buf, size_t size)
{
	const struct policy *p = log_policy();
	enum policy_road road;
	char *before;
	bool good;

	if (p == NULL || row->user == NULL || row->target == NULL ||
	    !road_of(row, &road))
		return false;
	good = enter_zone(p, &before) && answer_then(p, row, road, buf, size);
	leave_zone(before);
	return good && !policy_damaged(p);
}

bool
log_why(const struct log_row *row, char *buf, size_t size)
{
	const char *none = policy_reason_text(REASON_NO_RULE);
	char now[600];
	const char *more = now;
	size_t n = strlen(none);

	if (row->reason == NULL) {
		snprintf(buf, size, "policy now: ");
		return ask(row, buf + strlen(buf), size - strlen(buf));
	}
	if (strcmp(row->reason, none) != 0 || !ask(row, now, sizeof(now)))
		return false;
	if (strncmp(now, none, n) == 0) /* has it more to say? */
		more = strncmp(now + n, "; ", 2) == 0 ? now + n + 2 : NULL;
	if (more != NULL)
		snprintf(buf, size, "%s; policy now: %s", none, more);
	return more != NULL;
}
