/*
 * Why: asked of the policy in force, as jumpctl explain does, for what sshd
 * refuses without knowing a reason.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "log.h"

/* The policy, once; NULL if it cannot be had. */
static const struct policy *
policy(void)
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
judge(const struct policy *p, const struct log_row *row, struct person *person,
    struct decision *d)
{
	struct question q = {.who = row->user,
	    .from = row->from,
	    .at = (time_t)(row->time / SECOND)};
	struct target asked;
	char port[8];

	snprintf(port, sizeof(port), "%u", row->port);
	if (!target_parse(&asked, row->target, port) ||
	    question_person(p, &q, person) == -1)
		return false;
	question_decide(p, &q, person, ROAD_FORWARD, &asked, d);
	return true;
}

static bool
words(const struct policy *p, const struct decision *d, char *buf, size_t size)
{
	FILE *f;

	if (d->action == ACTION_ALLOW) {
		snprintf(buf, size,
		    "it is open: this login is older, or sshd "
		    "knows it by another name (export hosts)");
		return true;
	}
	f = fmemopen(buf, size, "w");
	if (f == NULL)
		return false;
	verdict_print(p, &d->verdict, f);
	return fclose(f) == 0;
}

bool
log_why(const struct log_row *row, char *buf, size_t size)
{
	const struct policy *p = policy();
	struct person person;
	static struct decision d;
	char *before;
	bool good;

	if (p == NULL || row->user == NULL || row->target == NULL ||
	    row->road == NULL || strcmp(row->road, "forward") != 0)
		return false;
	good = enter_zone(p, &before) && judge(p, row, &person, &d);
	if (good) {
		good = words(p, &d, buf, size);
		person_free(&person);
	}
	leave_zone(before);
	return good && !policy_damaged(p);
}
