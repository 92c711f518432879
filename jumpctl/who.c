/* SPDX-License-Identifier: ISC */
/*
 * jumpctl who: the sessions that are live now.
 */
#include "live.h"

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "device.h"
#include "exit.h"

/* A connection; null if it is not known. */
static void
print_leg(enum leg leg, const struct socket_seen *s)
{
	printf(",\"%s_leg\":", leg_names[leg]);
	if (s->inode == 0) {
		fputs("null", stdout);
		return;
	}
	printf("{\"state\":\"%s\"", leg_state_names[leg_state(s)]);
	json_field("tcp", leg_tcp(s));
	if (s->rtt == 0)
		fputs(",\"rtt_us\":null,\"rtt_min_us\":null,"
		      "\"rtt_var_us\":null",
		    stdout);
	else
		printf(",\"rtt_us\":%u,\"rtt_min_us\":%u,\"rtt_var_us\":%u",
		    s->rtt, s->rtt_min, s->rtt_var);
	printf(",\"retransmitted\":%u,\"lost\":%u,\"in_flight\":%u",
	    s->retransmitted, s->lost, s->in_flight);
	printf(",\"unanswered\":%u,\"queued\":%u,\"unsent\":%u", s->unanswered,
	    s->queued, s->unsent);
	printf(",\"unread\":%u,\"delivery_rate\":%llu", s->unread,
	    (unsigned long long)s->rate);
	printf(",\"sent_ms\":%u,\"received_ms\":%u,\"heard_ms\":%u}",
	    s->last_sent, s->last_received, s->last_heard);
}

static void
print_json(const struct live *l)
{
	char since[32] = "";
	time_t started = (time_t)l->started;
	struct tm tm;

	if (gmtime_r(&started, &tm) != NULL)
		strftime(since, sizeof(since), "%FT%TZ", &tm);
	fputs("{\"version\":1", stdout);
	json_field("session", l->relay ? l->seen.page.id : "");
	json_field("user", l->user);
	json_field("account", l->owner->account);
	printf(",\"uid\":%u,\"pid\":%d", l->owner->uid, (int)l->pid);
	json_field("from", l->source);
	json_field("target", l->target);
	json_field("address", l->ip);
	printf(",\"port\":%u", l->port);
	json_field("road", l->road);
	json_field("rule", l->relay ? l->seen.page.rule : "");
	json_field("since", since);
	printf(",\"sent\":%llu,\"received\":%llu", (unsigned long long)l->sent,
	    (unsigned long long)l->received);
	if (l->idle < 0)
		fputs(",\"idle_ms\":null", stdout);
	else
		printf(",\"idle_ms\":%lld", (long long)l->idle);
	json_field(
	    "state", l->state == LEG_UNKNOWN ? "" : leg_state_names[l->state]);
	print_leg(LEG_USER, &l->legs[LEG_USER]);
	print_leg(LEG_TARGET, &l->legs[LEG_TARGET]);
	puts("}");
}

/*
 * The table.
 */

/* What somebody who reads the table may wonder about. */
static void
explain_shared(const struct live *const *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i]->user[0] != '\0')
			continue;
		warnx("USER in parentheses is an account of several people: "
		      "there is no note whose forward it is");
		return;
	}
}

/* The rows of a session in this view; how many. */
static size_t
fill_rows(struct row *rows, const struct live *l, enum view view)
{
	size_t n = row_legs(l);

	if (view == VIEW_LIST) {
		row_fill(rows, l, time(NULL), -1, -1);
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		row_fill_leg(&rows[i], l, i);
	return n;
}

static void
print_table(const struct live *const *live, size_t n, enum view view)
{
	struct row *rows = calloc(n * LEGS + 1, sizeof(*rows)), titles;
	char line[LINE_ROOM];
	struct layout layout;
	size_t nrows = 0;

	if (rows == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < n; i++)
		nrows += fill_rows(&rows[nrows], live[i], view);
	row_titles(&titles);
	layout_make(&layout, rows, nrows, view, 0);
	puts(row_line(&titles, &layout, line));
	for (size_t i = 0; i < nrows; i++)
		puts(row_line(&rows[i], &layout, line));
	free(rows);
}

static void
complain(const struct live_list *l)
{
	if (l->hidden > 0)
		warnx("%zu process%s cannot be looked at, forwards can be "
		      "missing: root needs CAP_SYS_PTRACE",
		    l->hidden, l->hidden == 1 ? "" : "es");
	if (l->missing)
		warnx("%s is not there: no relay can be listed; see jumpctl "
		      "doctor",
		    SESSION_DIRECTORY);
	if (l->odd > 0)
		warnx("%s: %zu file%s in it %s no session's; see SESSIONS in "
		      "jumpctl(8)",
		    SESSION_DIRECTORY, l->odd, l->odd == 1 ? "" : "s",
		    l->odd == 1 ? "is" : "are");
}

static int
list(struct live_world *w, const struct selection *s, enum view view, bool json)
{
	const struct live **rows;
	struct live_list l;
	bool all = s->word == NULL && s->session == NULL && s->user == NULL &&
	    s->target == NULL;
	size_t n = 0;

	if (live_read(w, &l) == -1)
		err(EXIT_INTERNAL, "sessions");
	rows = calloc(l.n + 1, sizeof(const struct live *));
	if (rows == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < l.n; i++) {
		if (live_selected(s, &l.list[i]))
			rows[n++] = &l.list[i];
	}
	for (size_t i = 0; i < n && json; i++)
		print_json(rows[i]);
	if (!json && n > 0)
		print_table(rows, n, view);
	if (!json)
		explain_shared(rows, n);
	if (all && !json && view == VIEW_LIST)
		devices_tell(w);
	complain(&l);
	if (n == 0 && !all && !json)
		warnx("no such session is live");
	free(rows);
	live_free(&l);
	if (fflush(stdout) != 0)
		return EXIT_INTERNAL;
	return n > 0 || all ? EXIT_OK : EXIT_NO_MATCH;
}

int
who_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"devices", no_argument, NULL, 'd'},
	    {"session", required_argument, NULL, 's'},
	    {"user", required_argument, NULL, 'u'},
	    {"target", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	struct selection s = {0};
	struct live_world w;
	bool json = false, live = false, legs = false, devices = false;
	int option, code;

	while ((option = getopt_long(argc, argv, "vw", options, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'd')
			devices = true;
		else if (option == 'v')
			legs = true;
		else if (option == 'w')
			live = true;
		else if (!selection_option(&s, option, optarg))
			return usage("who");
	}
	if (argc - optind > 1 || (json && (live || legs)) ||
	    (devices &&
		(live || legs || s.session != NULL || s.user != NULL ||
		    s.target != NULL)))
		return usage("who");
	s.word = argv[optind];
	live_open(&w);
	if (devices)
		code = devices_who(&w, s.word, json);
	else
		code = live ? watch(&w, &s, legs)
			    : list(&w, &s, legs ? VIEW_LEGS : VIEW_LIST, json);
	live_close(&w);
	return code;
}
