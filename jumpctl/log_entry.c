/* SPDX-License-Identifier: ISC */
/*
 * One line of a log: of the journal, of rsyslog with the shipped template, or
 * of a traditional file.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "match.h"

/*
 * Times: from 1970 to 9999, so that their differences have room.
 */
static bool
is_time(int64_t time)
{
	return time >= 0 && time < INT64_C(253402300800) * SECOND;
}

/* n digits; -1 if there are fewer. */
static int
digits(const char **s, int n)
{
	int value = 0;

	for (; n > 0; n--, (*s)++) {
		if (**s < '0' || **s > '9')
			return -1;
		value = value * 10 + (**s - '0');
	}
	return value;
}

/* HH:MM:SS */
static bool
clock_time(const char **s, struct tm *tm)
{
	tm->tm_hour = digits(s, 2);
	if (tm->tm_hour < 0 || *(*s)++ != ':')
		return false;
	tm->tm_min = digits(s, 2);
	if (tm->tm_min < 0 || *(*s)++ != ':')
		return false;
	tm->tm_sec = digits(s, 2);
	return tm->tm_hour < 24 && tm->tm_min >= 0 && tm->tm_min < 60 &&
	    tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

/* .SSSSSS, or nothing, in microseconds. */
static int64_t
fraction(const char **s)
{
	int64_t unit = SECOND / 10, value = 0;

	if (**s != '.')
		return 0;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, unit /= 10)
		value += unit * (**s - '0');
	return value;
}

/* Z or +HH:MM, in seconds. */
static bool
zone(const char **s, int *offset)
{
	int sign = **s == '-' ? -1 : 1, hours, minutes;

	*offset = 0;
	if (**s == 'Z') {
		(*s)++;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	(*s)++;
	hours = digits(s, 2);
	if (hours < 0 || *(*s)++ != ':')
		return false;
	minutes = digits(s, 2);
	*offset = sign * (hours * 3600 + minutes * 60);
	return minutes >= 0;
}

/* 2026-11-20T16:02:11.042+00:00; what follows, or NULL. */
static const char *
iso_time(const char *s, int64_t *time)
{
	struct tm tm = {0};
	int64_t part;
	int offset;

	tm.tm_year = digits(&s, 4) - 1900;
	if (tm.tm_year < 70 || *s++ != '-')
		return NULL;
	tm.tm_mon = digits(&s, 2) - 1;
	if (tm.tm_mon < 0 || tm.tm_mon > 11 || *s++ != '-')
		return NULL;
	tm.tm_mday = digits(&s, 2);
	if (tm.tm_mday < 1 || tm.tm_mday > 31 || *s++ != 'T' ||
	    !clock_time(&s, &tm))
		return NULL;
	part = fraction(&s);
	if (!zone(&s, &offset))
		return NULL;
	*time = ((int64_t)timegm(&tm) - offset) * SECOND + part;
	return is_time(*time) ? s : NULL;
}

/* Nov 20 16:02:11, in the reader's zone, of the year that newest allows. */
static const char *
old_time(const char *s, int64_t *time, time_t newest)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct tm tm = {0}, now;
	char name[4] = "";
	const char *month;
	time_t t;

	memcpy(name, s, strnlen(s, 3));
	month = strlen(name) == 3 ? strstr(months, name) : NULL;
	if (month == NULL || (month - months) % 3 != 0 || s[3] != ' ')
		return NULL;
	tm.tm_mon = (int)(month - months) / 3;
	s += 4;
	tm.tm_mday = *s == ' ' ? (s++, digits(&s, 1)) : digits(&s, 2);
	if (tm.tm_mday < 1 || *s++ != ' ' || !clock_time(&s, &tm) ||
	    localtime_r(&newest, &now) == NULL)
		return NULL;
	tm.tm_year = now.tm_year;
	if (tm.tm_mon > now.tm_mon ||
	    (tm.tm_mon == now.tm_mon && tm.tm_mday > now.tm_mday + 1))
		tm.tm_year--;
	tm.tm_isdst = -1;
	t = mktime(&tm);
	if (t == (time_t)-1)
		return NULL;
	*time = (int64_t)t * SECOND;
	return is_time(*time) ? s : NULL;
}

/*
 * JSON.
 */
enum {
	J_TIME,
	J_ISO,
	J_UID,
	J_PID,
	J_EXE,
	J_PROGRAM,
	J_CLAIMED,
	J_MESSAGE,
	J_TRANSPORT,
	J_HOST,
	J_COUNT
};

struct json_entry {
	char *field[J_COUNT];
};

/* The journal's names, and those of the template. */
static bool
take(void *arg, const char *key, char *value, bool number)
{
	static const struct {
		const char *name;
		int field;
	} names[] = {{"MESSAGE", J_MESSAGE}, {"_UID", J_UID}, {"_PID", J_PID},
	    {"_EXE", J_EXE}, {"SYSLOG_IDENTIFIER", J_PROGRAM},
	    {"SYSLOG_PID", J_CLAIMED}, {"__REALTIME_TIMESTAMP", J_TIME},
	    {"_TRANSPORT", J_TRANSPORT}, {"time", J_ISO}, {"uid", J_UID},
	    {"pid", J_PID}, {"exe", J_EXE}, {"program", J_PROGRAM},
	    {"procid", J_CLAIMED}, {"msg", J_MESSAGE}, {"host", J_HOST}};
	struct json_entry *e = arg;

	(void)number;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(key, names[i].name) != 0)
			continue;
		if (e->field[names[i].field] != NULL)
			return false;
		e->field[names[i].field] = value;
		break;
	}
	return true;
}

static bool
get_id(const char *text, uint64_t max, uint64_t *n)
{
	return text != NULL && number_parse(n, text, 0, max);
}

static bool
get_time(const struct json_entry *j, int64_t *time)
{
	uint64_t n;
	const char *end;

	if (j->field[J_ISO] != NULL) {
		end = iso_time(j->field[J_ISO], time);
		return end != NULL && *end == '\0';
	}
	if (!get_id(j->field[J_TIME], INT64_MAX, &n))
		return false;
	*time = (int64_t)n;
	return is_time(*time);
}

/*
 * Only what came through /dev/log, and what the journal itself has to say:
 * sshd and ours use nothing else.  A daemon
 * that forwards a message of a process that has ended passes on the uid, and
 * itself as the process.
 */
static void
get_sender(struct log_entry *e, const struct json_entry *j)
{
	static const char forwarder[] = "/systemd-journald";
	const char *exe = j->field[J_EXE], *way = j->field[J_TRANSPORT];
	uint64_t n;
	size_t size = exe == NULL ? 0 : strlen(exe);

	if (way != NULL && strcmp(way, "syslog") != 0 &&
	    strcmp(way, "driver") != 0)
		return;
	if (!get_id(j->field[J_UID], UINT32_MAX - 1, &n))
		return;
	e->attested = true;
	e->uid = (uid_t)n;
	if (size >= sizeof(forwarder) &&
	    strcmp(exe + size - (sizeof(forwarder) - 1), forwarder) == 0)
		return;
	if (get_id(j->field[J_PID], INT32_MAX, &n))
		e->pid = (pid_t)n;
	e->exe = size == 0 ? NULL : exe;
}

static bool
json_line(struct log_entry *e, char *line)
{
	struct json_entry j = {{NULL}};
	const char *end = json_object(line, take, &j);
	uint64_t n;

	if (end == NULL || end[strspn(end, " ")] != '\0' ||
	    j.field[J_PROGRAM] == NULL || j.field[J_MESSAGE] == NULL ||
	    !get_time(&j, &e->time))
		return false;
	e->program = j.field[J_PROGRAM];
	e->message = j.field[J_MESSAGE];
	if (j.field[J_HOST] != NULL && *j.field[J_HOST] != '\0')
		e->host = j.field[J_HOST];
	if (get_id(j.field[J_CLAIMED], INT32_MAX, &n))
		e->claimed = (pid_t)n;
	get_sender(e, &j);
	return true;
}

/*
 * TIME HOST PROGRAM[PID]: MESSAGE
 */
static bool
text_line(struct log_entry *e, char *line, time_t newest)
{
	const char *after = iso_time(line, &e->time);
	char *s, *pid;
	uint64_t n;

	if (after == NULL)
		after = old_time(line, &e->time, newest);
	if (after == NULL || *after != ' ')
		return false;
	s = line + (after - line) + 1;
	s += strcspn(s, " ");
	if (*s++ != ' ')
		return false;
	e->program = s;
	s += strcspn(s, " :[");
	if (*s == '[') {
		*s++ = '\0';
		pid = s;
		s += strcspn(s, "] ");
		if (*s != ']' || s[1] != ':')
			return false;
		*s++ = '\0';
		if (get_id(pid, INT32_MAX, &n))
			e->claimed = (pid_t)n;
	}
	if (*s != ':')
		return false;
	*s++ = '\0';
	e->message = *s == ' ' ? s + 1 : s;
	return true;
}

bool
log_entry_parse(struct log_entry *e, char *line, time_t newest)
{
	memset(e, 0, sizeof(*e));
	return *line == '{' ? json_line(e, line) : text_line(e, line, newest);
}

pid_t
log_entry_pid(const struct log_entry *e)
{
	return e->attested && e->pid != 0 ? e->pid : e->claimed;
}
