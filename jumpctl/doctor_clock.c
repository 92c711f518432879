/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: the clock, by which windows, ends and one-time codes go.
 */
#include "doctor.h"

#include <sys/timex.h>

#include <time.h>

enum { AHEAD = 1, WHEN = 32 };

static const char *
written(time_t at, char when[WHEN])
{
	struct tm tm;

	strftime(when, WHEN, "%Y-%m-%d %H:%M", localtime_r(&at, &tm));
	return when;
}

void
check_clock(struct doctor *d)
{
	struct timex t = {0};
	char now_text[WHEN], load_text[WHEN];
	time_t now = time(NULL);
	size_t before = d->n;

	if (d->policy != NULL && now + AHEAD < d->policy->loaded_at)
		found(d, LEVEL_FAIL, NULL, NULL,
		    "set the clock: date -s, or chronyc makestep",
		    "the clock says %s, and the policy was loaded %s: windows "
		    "and ends are judged wrongly",
		    written(now, now_text),
		    written((time_t)d->policy->loaded_at, load_text));
	if (adjtimex(&t) == -1 || (t.status & STA_UNSYNC))
		found(d, LEVEL_WARN, NULL, NULL,
		    "have chrony or systemd-timesyncd keep it",
		    "the kernel does not know of anybody who keeps the clock "
		    "right");
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "the clock is kept, and not behind the last load");
}
