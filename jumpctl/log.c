/* SPDX-License-Identifier: ISC */
/*
 * jumpctl log: who reached what, and who was refused what.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "exit.h"
#include "log.h"
#include "log_hosts.h"

struct job {
	struct log_filter filter;
	struct log_printer printer;
	struct log_hosts *hosts;
	const char *file;
	bool follow, json, since, attested;
	size_t shown;
	char question[2048]; /* of the last row that had one */
};

/*
 * Arguments.
 */
static bool
choose(int *n, const char *text, const char *const *names, int count)
{
	for (*n = 0; *n < count; (*n)++) {
		if (strcmp(text, names[*n]) == 0)
			return true;
	}
	return false;
}

static bool
take_option(struct job *j, int option, char *value)
{
	time_t now = time(NULL);

	switch (option) {
	case 'f':
		return j->follow = true;
	case 'j':
		return j->json = true;
	case 'a':
		return j->attested = true;
	case 'r':
		j->filter.outcome = LOG_REFUSED;
		return true;
	case 'u':
		j->filter.user = value;
		return *value != '\0';
	case 't':
		return log_filter_target(&j->filter, value);
	case 'm':
		j->filter.host = value;
		return *value != '\0';
	case 'v':
		return choose(
		    &j->filter.road, value, policy_road_names, ROAD_COUNT);
	case 'o':
		return choose(
		    &j->filter.outcome, value, log_outcome_names, LOG_DECIDED);
	case 's':
		j->since = true;
		return log_filter_time(&j->filter.since, value, now);
	case 'e':
		return log_filter_time(&j->filter.until, value, now);
	case 'i':
		j->file = value;
		return *value != '\0';
	}
	return false;
}

/* What each option takes, for whoever gave it something else. */
static const struct {
	int option;
	const char *takes;
} wants[] = {{'t', "--target takes NAME[:PORT] or an address"},
    {'v', "--road takes forward, connect or shell"},
    {'o',
	"--outcome takes login, logout, open, close, refused, failed, admin, "
	"request, forged or lost"},
    {'s',
	"--since takes YYYY-MM-DD[THH:MM], HH:MM, today, yesterday or as "
	"2h"},
    {'e',
	"--until takes YYYY-MM-DD[THH:MM], HH:MM, today, yesterday or as "
	"2h"}};

static bool
parse_options(struct job *j, int argc, char **argv)
{
	static const struct option options[] = {
	    {"follow", no_argument, NULL, 'f'},
	    {"json", no_argument, NULL, 'j'},
	    {"attested", no_argument, NULL, 'a'},
	    {"refused", no_argument, NULL, 'r'},
	    {"user", required_argument, NULL, 'u'},
	    {"target", required_argument, NULL, 't'},
	    {"road", required_argument, NULL, 'v'},
	    {"host", required_argument, NULL, 'm'},
	    {"outcome", required_argument, NULL, 'o'},
	    {"since", required_argument, NULL, 's'},
	    {"until", required_argument, NULL, 'e'},
	    {"file", required_argument, NULL, 'i'}, {NULL, 0, NULL, 0}};
	char name[] = "jumpctl";
	int option;

	argv[0] = name;
	while ((option = getopt_long(argc, argv, "f", options, NULL)) != -1) {
		if (take_option(j, option, optarg))
			continue;
		for (size_t i = 0; i < sizeof(wants) / sizeof(wants[0]); i++) {
			if (wants[i].option == option)
				warnx("%s, not `%s'", wants[i].takes, optarg);
		}
		return false;
	}
	if (argc - optind == 1)
		j->filter.ref = argv[optind];
	return argc - optind <= 1;
}

/*
 * Rows.
 */

/*
 * What was written elsewhere brings the word of who wrote it with it: that is
 * no better than the way by which it came, which only people know.
 */
static enum log_trust
trust_of(const struct job *j, const struct log_row *row)
{
	bool shipped = j->file != NULL || row->host != NULL;

	return shipped && !j->attested && row->trust > LOG_TRUST_SHIPPED
	    ? LOG_TRUST_SHIPPED
	    : row->trust;
}

static void
print(struct job *j, const struct log_row *row)
{
	struct log_row shown = *row;

	shown.trust = trust_of(j, row);
	log_print(&j->printer, &shown);
}

/* Before the first row of a session of ours: the login that it came by. */
static void
show_login(struct job *j, const struct log_row *row)
{
	if (j->shown == 0 && row->login != NULL && row->ref != NULL &&
	    strcasecmp(row->ref, j->filter.ref) == 0)
		print(j, row->login);
}

/* Whether it is a device of the policy, whose name is a plain word. */
static bool
is_device(const char *user)
{
	const struct policy *p = log_policy();
	uint32_t found =
	    p == NULL || user == NULL ? POLICY_NONE : policy_find_user(p, user);

	return found != POLICY_NONE && name_plain(user) &&
	    (policy_user(p, found)->flags & USER_DEVICE) != 0;
}

static void
keep_question(struct job *j, const struct log_row *row)
{
	char text[sizeof(j->question)] = "";
	FILE *f = NULL;
	bool good;

	if (is_device(row->user)) {
		snprintf(j->question, sizeof(j->question),
		    "see now: jumpctl devices %s\n", row->user);
		return;
	}
	/* A login is asked about as a whole, if nothing else was. */
	if (row->target != NULL || *j->question == '\0')
		f = fmemopen(text, sizeof(text), "w");
	good = f != NULL && log_print_question(f, row);
	if (f != NULL && fclose(f) == 0 && good)
		memcpy(j->question, text, sizeof(text));
}

static void
show(void *arg, const struct log_row *row)
{
	struct job *j = arg;
	struct log_row asked = *row;
	char why[800];

	if (!log_filter_passes(&j->filter, row))
		return;
	if (row->outcome == LOG_REFUSED && log_why(row, why, sizeof(why))) {
		asked.reason = why;
		asked.asked = true;
	}
	if (j->filter.ref != NULL) {
		show_login(j, row);
		keep_question(j, row);
	}
	print(j, &asked);
	j->shown++;
}

static void
idle(void *arg)
{
	struct job *j = arg;

	log_hosts_flush(j->hosts, (int64_t)time(NULL) * SECOND);
	if (fflush(j->printer.out) == 0)
		return;
	if (errno == EPIPE)
		exit(EXIT_OK); /* nobody reads on */
	err(EXIT_INTERNAL, "standard output");
}

static void
legend(const struct job *j)
{
	static const char *const meanings[] = {
	    "!  not from the user, or the program, of which it speaks",
	    "!  written by another program, or made to look so",
	    "?  nothing says who wrote it: see SENDERS in jump-audit(5)",
	    "^  as it was shipped: nobody here saw who wrote it, see --attested",
	    "~  from this uid, perhaps not by our program"};

	if (j->json)
		return;
	for (int i = 0; i < LOG_TRUST_KERNEL; i++) {
		if (j->printer.marks >> i & 1)
			fprintf(stderr, "%s\n", meanings[i]);
	}
}

/* What is asked for may have been before the first line: where to look. */
static void
tell_before(
    const struct job *j, const struct log_source *source, int64_t first)
{
	const char *before = log_source_before(source);
	time_t at = (time_t)(first / SECOND);
	char when[32];
	struct tm tm;

	if (before == NULL || first <= j->filter.since ||
	    (!j->since && log_source_has_older(source)) ||
	    (j->filter.ref != NULL && j->shown > 0))
		return;
	strftime(when, sizeof(when), "%F %H:%M", localtime_r(&at, &tm));
	warnx("%s begins at %s; what was before may be in --file %s",
	    log_source_default(), when, before);
}

/* Whether all of it could be read. */
static bool
read_all(struct job *j)
{
	struct log_source *source = log_source_open(j->file,
	    j->filter.since == INT64_MIN ? 0 : j->filter.since - 86400 * SECOND,
	    j->follow);
	struct log_entry entry;
	int64_t first = INT64_MIN;
	time_t newest;
	char *line;

	while ((line = log_source_line(source, &newest, idle, j)) != NULL) {
		if (!log_entry_parse(&entry, line, newest))
			continue;
		log_hosts_entry(j->hosts, &entry);
		if (first == INT64_MIN)
			first = entry.time;
	}
	log_hosts_flush(j->hosts, INT64_MAX);
	tell_before(j, source, first);
	return log_source_close(source);
}

int
log_main(int argc, char **argv)
{
	static struct job j;
	bool whole;

	j.filter = (struct log_filter){
	    .road = -1, .outcome = -1, .since = INT64_MIN, .until = INT64_MAX};
	if (!parse_options(&j, argc, argv))
		return usage("log");
	if (j.filter.until < j.filter.since)
		errx(EXIT_USAGE, "--until is before --since");
	if (j.follow && !j.since && j.filter.ref == NULL)
		j.filter.since = (int64_t)time(NULL) * SECOND;
	j.filter.policy = log_policy();
	log_printer_init(&j.printer, stdout, j.json);
	j.printer.one_host = j.filter.host != NULL;
	j.hosts = log_hosts_new(show, &j, &j.filter);
	whole = read_all(&j);
	if (*j.question != '\0' && !j.json)
		fputs(j.question, stdout);
	if (fflush(stdout) != 0 && errno != EPIPE)
		err(EXIT_INTERNAL, "standard output");
	legend(&j);
	log_hosts_tell(j.hosts);
	log_hosts_free(j.hosts);
	if (j.shown == 0 && !j.json && whole)
		warnx("nothing of that is in the log");
	if (!whole)
		return EXIT_INTERNAL;
	return j.shown > 0 ? EXIT_OK : EXIT_NO_MATCH;
}
