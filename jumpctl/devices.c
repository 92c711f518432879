/* SPDX-License-Identifier: ISC */
/*
 * jumpctl devices, and who --devices: the devices of the policy.
 */
#include "device.h"

#include <sys/ioctl.h>

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "exit.h"

enum { INDENT = 2, LEAST_ROOM = 20, SMALL = 32 };

/* Columns of the terminal; 0: it is none. */
static int
terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
		size.ws_col > LEAST_ROOM
	    ? size.ws_col
	    : 80;
}

/* The members of a login, from a comma on. */
static void
print_login(const struct device_login *l)
{
	const struct live *live = &l->live;
	time_t started = (time_t)live->started;
	char since[SMALL] = "";
	struct tm tm;

	if (gmtime_r(&started, &tm) != NULL)
		strftime(since, sizeof(since), "%FT%TZ", &tm);
	printf(",\"pid\":%d", (int)live->pid);
	json_field("since", since);
	json_field("from", live->source);
	json_field("key", l->key);
	json_field("listens", l->at);
	printf(",\"sent\":%llu,\"received\":%llu,\"idle_ms\":%lld",
	    (unsigned long long)live->sent, (unsigned long long)live->received,
	    (long long)live->idle);
	json_field("leg", leg_state_names[live->state]);
}

static void
print_logins(const struct device_list *l, const struct device *d)
{
	fputs(",\"logins\":[", stdout);
	for (size_t i = d->first; i < d->first + d->n; i++) {
		printf("%s{\"uid\":%u", i == d->first ? "" : ",",
		    l->logins[i].live.forward.process.uid);
		print_login(&l->logins[i]);
		putchar('}');
	}
	putchar(']');
}

static void
print_troubles(const struct device_list *l, size_t device)
{
	const char *comma = "";

	fputs(",\"troubles\":[", stdout);
	for (size_t i = 0; i < l->ntroubles; i++) {
		if (l->troubles[i].device != device)
			continue;
		fputs(comma, stdout);
		json_string(l->troubles[i].text);
		comma = ",";
	}
	putchar(']');
}

static void
print_json(const struct device_list *l, const struct device *d)
{
	fputs("{\"version\":1,\"device\":", stdout);
	json_string(d->name);
	json_field("state", device_state_names[d->state]);
	json_field("at", d->at);
	json_field("account", d->account);
	printf(",\"sessions\":%zu", d->sessions);
	print_logins(l, d);
	print_troubles(l, (size_t)(d - l->list));
	puts("}");
}

/*
 * The table.
 */

/* A line of trouble below its row, folded between words. */
static void
print_trouble(const char *text, int width)
{
	size_t room = width == 0 ? SIZE_MAX : (size_t)width - INDENT - 1;

	while (*text != '\0') {
		size_t n = strlen(text);

		if (n > room) {
			for (n = room; n > 0 && text[n] != ' ';)
				n--;
			n = n == 0 ? room : n;
		}
		printf("%*s%.*s\n", INDENT, "", (int)n, text);
		text += n;
		text += strspn(text, " ");
	}
}

/* The state has its colour; it stands behind the name. */
static void
print_row(const struct row *r, const struct layout *layout,
    enum device_state state, bool colours)
{
	static const char *const colour_of[DEVICE_STATES] = {
	    [DEVICE_OFFLINE] = "\033[2m",
	    [DEVICE_ONLINE] = "\033[32m",
	    [DEVICE_DUPLICATE] = "\033[33m",
	    [DEVICE_FOREIGN] = "\033[31m"};
	int at = layout->width[COLUMN_DEVICE] + 1;
	int n = (int)strlen(device_state_names[state]);
	char line[LINE_ROOM];

	row_line(r, layout, line);
	if (!colours || layout->width[COLUMN_DEVICE] == 0 ||
	    layout->width[COLUMN_ONLINE] < n)
		puts(line);
	else
		printf("%.*s%s%.*s\033[0m%s\n", at, line, colour_of[state], n,
		    line + at, line + at + n);
}

static void
print_table(
    const struct device_list *l, const struct device *const *chosen, size_t n)
{
	struct row *rows = calloc(n + 1, sizeof(*rows)), titles;
	int width = terminal_width();
	bool colours = colour(stdout);
	struct layout layout;
	char line[LINE_ROOM];
	size_t trouble = 0;

	if (rows == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < n; i++)
		row_fill_device(&rows[i], chosen[i]->name,
		    device_state_names[chosen[i]->state], chosen[i]->at,
		    device_login_of(l, chosen[i]), chosen[i]->sessions,
		    time(NULL));
	row_titles(&titles);
	layout_make(&layout, rows, n, VIEW_DEVICES, width);
	puts(row_line(&titles, &layout, line));
	for (size_t i = 0; i < n; i++) {
		size_t device = (size_t)(chosen[i] - l->list);

		print_row(&rows[i], &layout, chosen[i]->state, colours);
		while (trouble < l->ntroubles &&
		    l->troubles[trouble].device < device)
			trouble++;
		for (; trouble < l->ntroubles &&
		     l->troubles[trouble].device == device;
		     trouble++)
			print_trouble(l->troubles[trouble].text, width);
	}
	free(rows);
}

/*
 * The verb.
 */
static void
complain(const struct device_list *l)
{
	if (l->hidden > 0)
		warnx("%zu process%s cannot be looked at, logins can be "
		      "missing: root needs CAP_SYS_PTRACE",
		    l->hidden, l->hidden == 1 ? "" : "es");
}

static int
by_place(const void *a, const void *b)
{
	const struct device *const *x = a, *const *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Those that were named, each once, or all; false if one is none. */
static bool
choose(const struct device_list *l, char *const *names, size_t nnames,
    const struct device **chosen, size_t *n)
{
	bool good = true;
	size_t kept = 0;

	*n = 0;
	for (size_t i = 0; i < l->n && nnames == 0; i++)
		chosen[(*n)++] = &l->list[i];
	for (size_t i = 0; i < nnames; i++) {
		const struct device *d = device_find(l, names[i]);

		if (d != NULL)
			chosen[(*n)++] = d;
		else
			warnx("%s: no device of the policy", names[i]);
		good = good && d != NULL;
	}
	qsort(chosen, *n, sizeof(const struct device *), by_place);
	for (size_t i = 0; i < *n; i++) {
		if (kept == 0 || chosen[kept - 1] != chosen[i])
			chosen[kept++] = chosen[i];
	}
	*n = kept;
	return good;
}

static int
show(const struct device_list *l, char *const *names, size_t nnames, bool json)
{
	const struct device **chosen =
	    calloc(l->n + nnames + 1, sizeof(const struct device *));
	bool good;
	size_t n;

	if (chosen == NULL)
		err(EXIT_INTERNAL, NULL);
	good = choose(l, names, nnames, chosen, &n);
	for (size_t i = 0; i < n && json; i++)
		print_json(l, chosen[i]);
	if (!json && n > 0)
		print_table(l, chosen, n);
	for (size_t i = 0; i < n && nnames > 0; i++)
		good = good && chosen[i]->state == DEVICE_ONLINE;
	free(chosen);
	if (fflush(stdout) != 0)
		return EXIT_INTERNAL;
	return good ? EXIT_OK : EXIT_NO_MATCH;
}

/* A world that has a policy, and its devices. */
static void
open_all(struct live_world *w, struct device_list *l)
{
	live_open(w);
	if (w->policy == NULL)
		errx(EXIT_POLICY, "without a policy there are no devices");
	if (devices_read(w, l) == -1)
		err(EXIT_INTERNAL, "devices");
}

int
devices_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	struct device_list l;
	struct live_world w;
	bool json = false;
	int option, code;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return usage("devices");
		json = true;
	}
	open_all(&w, &l);
	code = show(&l, argv + optind, (size_t)(argc - optind), json);
	complain(&l);
	devices_free(&l);
	live_close(&w);
	return code;
}

/*
 * who --devices: a line for each login.
 */
static bool
is_wanted(const struct device_list *l, const struct device_login *login,
    const char *word)
{
	return word == NULL || strcmp(word, l->list[login->device].name) == 0 ||
	    strcmp(word, login->live.owner->account) == 0;
}

static void
print_who(const struct device_list *l, const struct device_login *login)
{
	fputs("{\"version\":1,\"device\":", stdout);
	json_string(l->list[login->device].name);
	json_field("account", login->live.owner->account);
	printf(",\"uid\":%u", login->live.forward.process.uid);
	print_login(login);
	puts("}");
}

int
devices_who(struct live_world *w, const char *word, bool json)
{
	struct device_list l;
	struct layout layout;
	struct row *rows, titles;
	char line[LINE_ROOM];
	size_t n = 0;

	if (w->policy == NULL)
		errx(EXIT_POLICY, "without a policy there are no devices");
	if (devices_read(w, &l) == -1 ||
	    (rows = calloc(l.nlogins + 1, sizeof(*rows))) == NULL)
		err(EXIT_INTERNAL, "devices");
	for (size_t i = 0; i < l.nlogins; i++) {
		const struct device_login *login = &l.logins[i];

		if (!is_wanted(&l, login, word))
			continue;
		if (json)
			print_who(&l, login);
		row_fill_login(&rows[n++], &login->live, login->at, time(NULL));
	}
	row_titles(&titles);
	layout_make(&layout, rows, n, VIEW_LOGINS, terminal_width());
	if (!json && n > 0)
		puts(row_line(&titles, &layout, line));
	for (size_t i = 0; i < n && !json; i++)
		puts(row_line(&rows[i], &layout, line));
	complain(&l);
	if (n == 0 && word != NULL && !json)
		warnx("no such device is logged in");
	free(rows);
	devices_free(&l);
	if (fflush(stdout) != 0)
		return EXIT_INTERNAL;
	return n > 0 || word == NULL ? EXIT_OK : EXIT_NO_MATCH;
}

void
devices_tell(struct live_world *w)
{
	struct device_list l;
	size_t n[DEVICE_STATES] = {0};

	if (w->policy == NULL || !isatty(STDOUT_FILENO))
		return;
	if (devices_read(w, &l) == 0 && l.n > 0) {
		for (size_t i = 0; i < l.n; i++)
			n[l.list[i].state]++;
		printf("%zu of %zu device%s online", n[DEVICE_ONLINE], l.n,
		    l.n == 1 ? "" : "s");
		if (n[DEVICE_DUPLICATE] > 0)
			printf(", %zu duplicate", n[DEVICE_DUPLICATE]);
		if (n[DEVICE_FOREIGN] > 0)
			printf(", %zu foreign", n[DEVICE_FOREIGN]);
		puts(": jumpctl devices");
	}
	devices_free(&l);
}
