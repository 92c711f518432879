/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether this machine holds its users to the policy.
 */
#include "doctor.h"

#include <sys/ioctl.h>

#include <err.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "exit.h"

static const struct {
	const char *name;
	void (*run)(struct doctor *);
} checks[] = {
    {"sshd", check_sshd},
    {"programs", check_programs},
    {"inner ssh", check_inner},
    {"powers", check_powers},
    {"policy", check_policy},
    {"image", check_image},
    {"entries", check_entries},
    {"locks", check_locks},
    {"helpers", check_helpers},
    {"tickets", check_tickets},
    {"names", check_names},
    {"members", check_members},
    {"devices", check_devices},
    {"factors", check_factors},
    {"administrators", check_administrators},
    {"sessions", check_sessions},
    {"sweeps", check_sweeps},
    {"notify", check_notify},
    {"log", check_log},
    {"reach", check_reach},
    {"clock", check_clock},
    {"kernel", check_kernel},
    {"tracing", check_dumpable},
    {"firewall", check_firewall},
    {"gate", check_gate},
};

enum { WHO_SHOWN = 3, TEXT_MAX = 1024, INDENT = 7, WIDTH = 80, WIDTH_MIN = 40 };

/*
 * Findings.
 */
static char *
own(const char *text)
{
	char *copy = strdup(text == NULL ? "" : text);

	if (copy == NULL)
		err(EXIT_INTERNAL, NULL);
	return copy;
}

/* What concerns nobody in particular is said once, also of several checks. */
static bool
same(const struct finding *a, const struct finding *b)
{
	return (a->check == b->check || a->nwho == 0) &&
	    a->level == b->level &&
	    strcmp(a->what, b->what) == 0 && strcmp(a->place, b->place) == 0 &&
	    strcmp(a->remedy, b->remedy) == 0;
}

static void
finding_free(struct finding *f)
{
	for (size_t i = 0; i < f->nwho; i++)
		free(f->who[i]);
	free(f->who);
	free(f->what);
	free(f->place);
	free(f->remedy);
}

/* The finding itself, or the one in the list that says the same. */
static struct finding *
enlist(struct doctor *d, struct finding *f)
{
	for (size_t i = 0; i < d->n; i++) {
		if (!same(&d->list[i], f))
			continue;
		finding_free(f);
		return &d->list[i];
	}
	d->list = reallocarray(d->list, d->n + 1, sizeof(*d->list));
	if (d->list == NULL)
		err(EXIT_INTERNAL, NULL);
	f->nwho = 0;
	d->list[d->n] = *f;
	return &d->list[d->n++];
}

/* Who is asked about more than once is named once. */
static bool
is_among(const struct finding *f, const char *who)
{
	for (size_t i = 0; i < f->nwho; i++) {
		if (strcmp(f->who[i], who) == 0)
			return true;
	}
	return false;
}

void
found(struct doctor *d, enum level level, const char *who, const char *place,
    const char *remedy, const char *what, ...)
{
	struct finding f = {.check = d->check, .level = level}, *kept;
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	f.what = own(text);
	f.place = own(place);
	f.remedy = own(remedy);
	kept = enlist(d, &f);
	if (who == NULL || is_among(kept, who))
		return;
	kept->who = reallocarray(kept->who, kept->nwho + 1, sizeof(*kept->who));
	if (kept->who == NULL)
		err(EXIT_INTERNAL, NULL);
	kept->who[kept->nwho++] = own(who);
}

/*
 * Printing.
 */

/* Columns of the terminal; 0: it is none, and lines are as long as they are. */
static size_t
width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1 ||
	    size.ws_col < WIDTH_MIN)
		return WIDTH;
	return size.ws_col;
}

/* Print words behind INDENT columns, in further lines as in the first. */
static void
print_text(const char *text)
{
	size_t all = width(), column = INDENT;

	while (*text != '\0') {
		size_t size = strcspn(text + 1, " ") + 1;

		if (all != 0 && column > INDENT && column + size > all) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
			text++;
			size--;
		}
		printf("%.*s", (int)size, text);
		text += size;
		column += size;
	}
	putchar('\n');
}

static void
print_detail(const char *label, const char *text)
{
	char safe[AUDIT_ESCAPED(TEXT_MAX)], line[sizeof(safe) + 16];

	if (*text == '\0')
		return;
	snprintf(line, sizeof(line), "%s %s", label,
	    audit_escape(safe, sizeof(safe), text));
	printf("%*s", INDENT, "");
	print_text(line);
}

static void
print_level(enum level level)
{
	static const char *const words[] = {
	    " ok   ", " note ", " warn ", " FAIL "};
	static const char *const colours[] = {
	    "\033[32m", "\033[36m", "\033[1;33m", "\033[1;31m"};
	bool paint = colour(stdout);

	printf("%s%s%s ", paint ? colours[level] : "", words[level],
	    paint ? "\033[0m" : "");
}

static void
print_finding(const struct finding *f)
{
	size_t shown = f->nwho <= WHO_SHOWN + 1 ? f->nwho : WHO_SHOWN, size;
	char safe[AUDIT_ESCAPED(TEXT_MAX)], *line = NULL;
	FILE *out = open_memstream(&line, &size);

	if (out == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < shown; i++)
		fprintf(out, "%s%s", i == 0 ? "" : ", ",
		    audit_escape(safe, AUDIT_ESCAPED(64), f->who[i]));
	if (shown < f->nwho)
		fprintf(out, " and %zu more", f->nwho - shown);
	if (f->nwho != 0)
		fputs(": ", out);
	fputs(audit_escape(safe, sizeof(safe), f->what), out);
	if (fclose(out) != 0)
		err(EXIT_INTERNAL, NULL);
	print_level(f->level);
	print_text(line);
	free(line);
	print_detail("set by", f->place);
	print_detail("remedy:", f->remedy);
}

/* Of the notes that were not printed, how many there are, and of what. */
static void
print_fold(const struct doctor *d)
{
	char line[TEXT_MAX];
	const char *last = "";
	size_t notes = 0, used;

	for (size_t i = 0; i < d->n; i++)
		notes += d->list[i].level == LEVEL_NOTE;
	if (notes == 0)
		return;
	snprintf(line, sizeof(line), "%zu note%s, of", notes,
	    notes == 1 ? "" : "s");
	for (size_t i = 0; i < d->n; i++) {
		const struct finding *f = &d->list[i];

		if (f->level != LEVEL_NOTE || strcmp(f->check, last) == 0)
			continue;
		used = strlen(line);
		snprintf(line + used, sizeof(line) - used, "%s %s",
		    *last == '\0' ? "" : ",", f->check);
		last = f->check;
	}
	used = strlen(line);
	snprintf(line + used, sizeof(line) - used, ": jumpctl doctor -v");
	print_level(LEVEL_NOTE);
	print_text(line);
}

static void
print_json(const struct finding *f)
{
	static const char *const words[] = {"ok", "note", "warn", "fail"};

	printf("{\"check\":\"%s\",\"level\":\"%s\",\"who\":[", f->check,
	    words[f->level]);
	for (size_t i = 0; i < f->nwho; i++) {
		fputs(i == 0 ? "" : ",", stdout);
		json_string(f->who[i]);
	}
	fputs("],\"what\":", stdout);
	json_string(f->what);
	fputs(",\"set_by\":", stdout);
	json_string(f->place);
	fputs(",\"remedy\":", stdout);
	json_string(f->remedy);
	putchar('}');
}

/* Print what came since, and return how many of all were failures. */
static size_t
report(const struct doctor *d, size_t from)
{
	size_t failures = 0;

	for (size_t i = 0; i < d->n; i++)
		failures += d->list[i].level == LEVEL_FAIL;
	for (size_t i = from; i < d->n; i++) {
		if (!d->json) {
			if (d->verbose || d->list[i].level != LEVEL_NOTE)
				print_finding(&d->list[i]);
			continue;
		}
		fputs(i == 0 ? "" : ",\n", stdout);
		print_json(&d->list[i]);
	}
	fflush(stdout);
	return failures;
}

/*
 * The visit.
 */
static bool
parse_local(struct doctor *d, char *text)
{
	static char local[ADDR_TEXT];
	char *colon = strrchr(text, ':'), *end = strchr(text, ']');
	bool bracket = *text == '[' && end != NULL && end + 1 == colon;
	struct addr addr;
	uint16_t port;

	if (colon != NULL && port_parse(&port, colon + 1)) {
		*(bracket ? end : colon) = '\0';
		if (addr_parse(&addr, text + bracket) &&
		    (bracket || addr_is_v4(&addr))) {
			d->sshd.local = addr_print(&addr, local);
			d->sshd.port = port;
			return true;
		}
	}
	warnx("--local takes an ADDRESS:PORT or [ADDRESS]:PORT");
	return false;
}

static bool
parse_options(struct doctor *d, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"no-record", no_argument, NULL, 'n'},
	    {"sshd", required_argument, NULL, 's'},
	    {"from", required_argument, NULL, 'f'},
	    {"local", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
	struct addr from;
	int option;

	while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			d->json = true;
			break;
		case 'n':
			d->mute = true;
			break;
		case 's':
			if (access(optarg, X_OK) == -1) {
				warn("--sshd takes a program: %s", optarg);
				return false;
			}
			d->sshd.path = optarg;
			break;
		case 'f':
			if (!addr_parse(&from, optarg)) {
				warnx("--from takes an address, not `%s'",
				    optarg);
				return false;
			}
			d->sshd.from = optarg;
			d->placed = true;
			break;
		case 'v':
			d->verbose = true;
			break;
		case 'l':
			if (!parse_local(d, optarg))
				return false;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

int
doctor_main(int argc, char **argv)
{
	struct doctor d = {.sshd = {.from = "192.0.2.1"}};
	size_t failures = 0;

	if (!parse_options(&d, argc, argv))
		return usage("doctor");
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root sees all that doctor looks at");
	if (policy_open(POLICY_IMAGE, 0, &d.policy) != POLICY_OK)
		d.policy = NULL;
	if (d.json)
		fputs("{\"version\":1,\"findings\":[\n", stdout);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		size_t before = d.n;

		d.check = checks[i].name;
		checks[i].run(&d);
		failures = report(&d, before);
	}
	if (d.json)
		printf("],\"failures\":%zu}\n", failures);
	else if (!d.verbose)
		print_fold(&d);
	for (size_t i = 0; i < d.n; i++)
		finding_free(&d.list[i]);
	free(d.list);
	policy_free(d.policy);
	return failures == 0 ? EXIT_OK : EXIT_NO_MATCH;
}
