/* SPDX-License-Identifier: ISC */
/*
 * A row, as a line for people or as JSON.  Whatever came from a log is
 * escaped here.
 */
#include <sys/ioctl.h>

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "log.h"

const char *const log_outcome_names[LOG_OUTCOMES] = {"login", "logout", "open",
    "close", "listen", "refused", "failed", "admin", "request", "forged", "lost", "decided"};
const char *const log_trust_names[] = {
    "forged", "program", "none", "shipped", "uid", "kernel"};
static const char marks[] = "!!?^~ ";

enum {
	TEXT = 600,
	COLUMNS = 75, /* taken by the columns, if nothing in them is wide */
	HOST_COLUMN = 16 /* and that for the host, with its space */
};

void
log_printer_init(struct log_printer *p, FILE *out, bool json)
{
	struct winsize size;

	memset(p, 0, sizeof(*p));
	p->out = out;
	p->json = json;
	p->colour = colour(out);
	p->day = -1;
	if (isatty(fileno(out)))
		p->width = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 &&
			size.ws_col > 20
		    ? size.ws_col
		    : 80;
}

/*
 * Text.
 */
static void
put_time(FILE *f, int64_t lasted)
{
	long long s = lasted / SECOND;

	if (s < 10)
		fprintf(f, "%.1fs", (double)lasted / (double)SECOND);
	else if (s < 60)
		fprintf(f, "%llds", s);
	else if (s < 3600)
		fprintf(f, "%lldm%02llds", s / 60, s % 60);
	else
		fprintf(f, "%lldh%02lldm", s / 3600, s / 60 % 60);
}

/* NAME:PORT, [ADDRESS]:PORT or a path. */
static const char *
target_of(const struct log_row *row, char buf[TEXT])
{
	char safe[TEXT - 16];
	bool v6;

	if (row->target == NULL)
		return "-";
	audit_escape(safe, sizeof(safe), row->target);
	v6 = *safe != '/' && strchr(safe, ':') != NULL;
	if (row->port == 0)
		snprintf(buf, TEXT, "%s", safe);
	else
		snprintf(buf, TEXT, "%s%s%s:%u", v6 ? "[" : "", safe,
		    v6 ? "]" : "", row->port);
	return buf;
}

/* A part of what follows the columns. */
static void
put_part(FILE *f, const char **separator, const char *label, const char *text)
{
	char safe[TEXT];

	if (text == NULL || *text == '\0')
		return;
	fprintf(f, "%s%s%s", *separator, label,
	    audit_escape(safe, sizeof(safe), text));
	*separator = ", ";
}

static void
put_listener(FILE *f, const struct log_row *row, const char **separator)
{
	const struct passwd *pw = getpwuid(row->listener);
	char safe[TEXT];

	fprintf(f, "%slistener uid %lu", *separator,
	    (unsigned long)row->listener);
	if (pw != NULL)
		fprintf(
		    f, " (%s)", audit_escape(safe, sizeof(safe), pw->pw_name));
	if (row->listener_pid != 0)
		fprintf(f, ", pid %d", (int)row->listener_pid);
	*separator = ", ";
}

static void
put_session(FILE *f, const struct log_row *row, const char **separator)
{
	char sent[16], received[16];

	put_part(f, separator, "", row->end);
	put_part(f, separator, "", row->reason);
	if (row->has_listener)
		put_listener(f, row, separator);
	put_part(f, separator, "rule ", row->rule);
	put_part(f, separator, "ticket ", row->ticket);
	put_part(f, separator, "mfa by ", row->mfa);
	put_part(f, separator, "approval ", row->approval);
	put_part(f, separator, "by ", row->approver);
	put_part(f, separator, "asked for: ", row->request);
	if (row->counted) {
		fprintf(f, "%ssent %s, received %s", *separator,
		    number_human(sent, sizeof(sent), row->sent),
		    number_human(received, sizeof(received), row->received));
		*separator = ", ";
	}
	if (row->lasted >= 0) {
		fputs(*separator, f);
		put_time(f, row->lasted);
	}
	if (row->lost != 0) {
		fprintf(f, "%slost %llu record%s", *separator,
		    (unsigned long long)row->lost, row->lost == 1 ? "" : "s");
		*separator = ", ";
	}
	put_part(f, separator, "key ", row->key);
	if (row->trust == LOG_TRUST_PROGRAM)
		put_part(f, separator, "written by ",
		    row->exe == NULL ? "another process" : row->exe);
}

static void
put_detail(FILE *f, const struct log_row *row)
{
	const char *separator = "";

	if (row->outcome == LOG_FORGED) {
		if (row->sender_known) {
			fprintf(f, "uid %lu", (unsigned long)row->uid);
			separator = ", ";
		}
		put_part(f, &separator, "", row->exe);
		put_part(f, &separator,
		    "claims: ", row->claim + strspn(row->claim, " "));
	} else if (row->outcome == LOG_REQUEST) {
		put_part(f, &separator, "", row->kind);
		separator = " ";
		put_part(f, &separator, "", row->approval);
		put_part(f, &separator, "of ", row->who);
		put_part(f, &separator, "", row->reason);
		put_part(f, &separator, "ticket ", row->ticket);
		put_part(f, &separator, "why: ", row->note);
	} else if (row->outcome == LOG_ADMIN) {
		put_part(f, &separator, "", row->kind);
		separator = row->who == NULL ? separator : " ";
		put_part(f, &separator, "", row->who);
		put_part(f, &separator, "", row->reason);
		if (row->who == NULL)
			put_part(f, &separator, "asked for: ", row->request);
		put_part(f, &separator, "rule ", row->rule);
		put_part(f, &separator, "", row->note);
		put_part(f, &separator, "changed: ", row->changes);
		put_part(f, &separator, "policy ", row->policy);
	} else {
		put_session(f, row, &separator);
	}
}

/* The names of the columns, again if one more is wanted from here on. */
static void
put_names(struct log_printer *p, const struct log_row *row)
{
	bool host = row->host != NULL && !p->one_host && !p->host;

	if (p->day != -1 && !host)
		return;
	p->host = p->host || host;
	fprintf(p->out, " TIME     %s%-7s %-8s %-15s %-15s %-7s REF\n",
	    p->host ? "HOST            " : "", "OUTCOME", "USER", "FROM",
	    "TARGET", "ROAD");
}

static void
put_day(struct log_printer *p, const struct tm *tm)
{
	char text[64];
	int day = tm->tm_year * 366 + tm->tm_yday;

	if (day == p->day)
		return;
	p->day = day;
	strftime(text, sizeof(text), "-- %a %Y-%m-%d (%Z)", tm);
	fprintf(p->out, "%s\n", text);
}

static const char *
colour_of(const struct log_printer *p, const struct log_row *row)
{
	if (!p->colour)
		return "";
	switch (row->outcome) {
	case LOG_REFUSED:
	case LOG_FAILED:
		return "\033[33m";
	case LOG_FORGED:
	case LOG_LOST:
		return "\033[31m";
	case LOG_ADMIN:
	case LOG_REQUEST:
		return "\033[36m";
	case LOG_OPEN:
	case LOG_LISTEN:
		return "\033[32m";
	default:
		return "";
	}
}

/* A column: a space in it would make it look like two, as \x20 does not. */
static const char *
column(char buf[TEXT], const char *text, bool spaces)
{
	char safe[TEXT / 4];
	size_t n = 0;

	audit_escape(safe, sizeof(safe), text == NULL ? "-" : text);
	for (const char *c = safe; *c != '\0'; c++) {
		if (*c == ' ' && !spaces)
			n += (size_t)snprintf(buf + n, TEXT - n, "\\x20");
		else
			buf[n++] = *c;
	}
	buf[n] = '\0';
	return buf;
}

/* The columns; how many characters they took. */
static int
put_columns(struct log_printer *p, const struct log_row *row)
{
	char user[TEXT], from[TEXT], name[TEXT], target[TEXT], road[TEXT];
	char ref[TEXT], host[TEXT];
	int n = 0;
	bool root = row->outcome == LOG_ADMIN && /* "root (bob)" */
	    row->trust == LOG_TRUST_KERNEL;

	column(
	    user, row->outcome == LOG_FORGED ? row->account : row->user, root);
	if (p->host)
		n = fprintf(p->out, "%-15s ", column(host, row->host, false));
	return n + fprintf(p->out, "%-7s %-8s %-15s %-15s %-7s %s",
	    log_outcome_names[row->outcome], user,
	    column(from, row->from, false),
	    column(target, target_of(row, name), false),
	    column(road, row->road, false), column(ref, row->ref, false));
}

/* What follows the columns, after them or in a line of its own. */
static void
print_detail(const struct log_printer *p, const struct log_row *row, int used)
{
	int columns = COLUMNS + (p->host ? HOST_COLUMN : 0);
	char detail[3 * TEXT] = "";
	FILE *f = fmemopen(detail, sizeof(detail), "w");

	if (f != NULL) {
		put_detail(f, row);
		fclose(f);
	}
	if (*detail == '\0')
		fputs("\n", p->out);
	else if (p->width != 0 &&
	    (size_t)columns + 1 + strlen(detail) > p->width)
		fprintf(p->out, "\n          %s\n", detail);
	else
		fprintf(p->out, "%*s %s\n", used < columns ? columns - used : 0,
		    "", detail);
}

static void
print_text(struct log_printer *p, const struct log_row *row)
{
	time_t t = (time_t)(row->time / SECOND);
	const char *on = colour_of(p, row);
	char clock[16];
	struct tm tm;
	int n;

	if (localtime_r(&t, &tm) == NULL)
		return;
	put_names(p, row);
	put_day(p, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	p->marks |= 1U << row->trust;
	fputs(on, p->out);
	n = fprintf(p->out, "%c%s ", marks[row->trust], clock);
	n += put_columns(p, row);
	fputs(*on == '\0' ? "" : "\033[0m", p->out);
	print_detail(p, row, n);
}

/*
 * JSON.
 */
static void
put_string(const char *key, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	printf(",\"%s\":", key);
	json_string(value);
}

static void
put_number(const char *key, uint64_t value)
{
	printf(",\"%s\":%llu", key, (unsigned long long)value);
}

static void
put_strings(const struct log_row *row)
{
	put_string("host", row->host);
	put_string("kind", row->kind);
	put_string("user", row->user);
	put_string("account", row->account);
	put_string("from", row->from);
	put_string("target", row->target);
	if (row->port != 0)
		put_number("port", row->port);
	put_string("ip", row->ip);
	put_string("road", row->road);
	put_string("ref", row->ref);
	put_string(
	    "login", row->gate && row->login != NULL ? row->login->ref : NULL);
	put_string("rule", row->rule);
	put_string("verdict", row->verdict);
	put_string("reason", row->reason);
	if (row->asked)
		fputs(",\"asked\":true", stdout);
	put_string("ticket", row->ticket);
	put_string("mfa", row->mfa);
	put_string("key", row->key);
	put_string("policy", row->policy);
	put_string("end", row->end);
	put_string("who", row->who);
	put_string("note", row->note);
	put_string("request", row->request);
	put_string("changes", row->changes);
	put_string("approval", row->approval);
	put_string("approver", row->approver);
	put_string("claim", row->claim);
}

static void
print_json(const struct log_row *row)
{
	time_t t = (time_t)(row->time / SECOND);
	char stamp[40] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		return;
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	printf("{\"version\":1,\"time\":\"%s.%03dZ\",\"outcome\":\"%s\","
	       "\"trust\":\"%s\"",
	    stamp, (int)(row->time % SECOND / 1000),
	    log_outcome_names[row->outcome], log_trust_names[row->trust]);
	put_strings(row);
	if (row->counted) {
		put_number("sent", row->sent);
		put_number("received", row->received);
	}
	if (row->lost != 0)
		put_number("lost", row->lost);
	if (row->has_listener)
		put_number("listener", row->listener);
	if (row->listener_pid != 0)
		put_number("listener_pid", (uint64_t)row->listener_pid);
	if (row->lasted >= 0)
		printf(
		    ",\"seconds\":%.3f", (double)row->lasted / (double)SECOND);
	if (row->sender_known) {
		put_number("uid", row->uid);
		if (row->pid != 0)
			put_number("pid", (uint64_t)row->pid);
		put_string("program", row->exe);
	}
	puts("}");
}

void
log_print(struct log_printer *p, const struct log_row *row)
{
	if (p->json)
		print_json(row);
	else
		print_text(p, row);
}

/* A word as a shell takes it; false if quoting would not do. */
static bool
put_word(FILE *f, const char *word)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@%+-[]";

	if (*word == '\0' || *word == '-' || strchr(word, '\'') != NULL)
		return false;
	for (const char *c = word; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			return false;
	}
	fprintf(f,
	    word[strspn(word, plain)] == '\0' && strpbrk(word, "[") == NULL
		? " %s"
		: " '%s'",
	    word);
	return true;
}

bool
log_print_question(FILE *f, const struct log_row *row)
{
	time_t t = (time_t)(row->time / SECOND);
	char target[TEXT], stamp[40], text[2 * TEXT] = "";
	struct log_row asked = *row;
	struct tm tm;
	FILE *words;
	bool good;

	if (row->user == NULL || row->outcome == LOG_ADMIN ||
	    row->outcome == LOG_REQUEST || row->outcome == LOG_LOST ||
	    row->outcome == LOG_LISTEN || gmtime_r(&t, &tm) == NULL ||
	    (words = fmemopen(text, sizeof(text), "w")) == NULL)
		return false;
	if (row->gate) /* which was asked for an address */
		asked.target = row->ip;
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%MZ", &tm);
	good = put_word(words, row->user) &&
	    put_word(
		words, row->target == NULL ? "any" : target_of(&asked, target));
	if (good && row->road != NULL) {
		fputs(" --via", words);
		good = put_word(words, row->road);
	}
	if (good && row->from != NULL) {
		fputs(" --from", words);
		good = put_word(words, row->from);
	}
	if (good && row->ticket != NULL) {
		fputs(" --ticket", words);
		good = put_word(words, row->ticket);
	}
	fprintf(words, "%s --at %s", row->mfa != NULL ? " --mfa" : "", stamp);
	if (fclose(words) != 0 || !good)
		return false;
	fprintf(f, "ask again: jumpctl explain%s\n", text);
	return true;
}
