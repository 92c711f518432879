/* SPDX-License-Identifier: ISC */
/*
 * jumpctl check: parse, check, and run the tests of a policy.
 */
#include "ctl.h"

#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"
#include "exit.h"
#include "gate.h"
#include "lacks.h"
#include "nft.h"
#include "probe.h"
#include "program.h"
#include "swept.h"

enum { CONTEXT = 72 }; /* columns of a line that are shown */

/*
 * Messages.
 */
/*
 * Line n of a source, or NULL.  Messages come in order, mostly: the search
 * goes on where the last one ended.
 */
static const char *
line_of(const struct policy_source *source, uint32_t n, size_t *size)
{
	static const struct policy_source *last;
	static const char *s;
	static uint32_t line;
	const char *end = source->text + source->size, *eol;

	if (source != last || n < line) {
		last = source;
		s = source->text;
		line = 1;
	}
	for (; line < n; line++) {
		eol = memchr(s, '\n', (size_t)(end - s));
		if (eol == NULL)
			return NULL;
		s = eol + 1;
	}
	eol = memchr(s, '\n', (size_t)(end - s));
	*size = (size_t)((eol == NULL ? end : eol) - s);
	return s;
}

/* The part of the line around the column, and a caret below it. */
static void
print_context(const struct policy_source *source,
    const struct policy_message *m)
{
	size_t size, from = 0, column = m->column - 1;
	const char *s = line_of(source, m->line, &size);

	if (s == NULL)
		return;
	if (column > CONTEXT * 3 / 4)
		from = column - CONTEXT / 2;
	fputs("    ", stderr);
	for (size_t i = from; i < size && i < from + CONTEXT; i++)
		fputc(s[i] == '\t' || (s[i] >= ' ' && s[i] < 0x7f) ? s[i] :
		    '?', stderr);
	fputs("\n    ", stderr);
	for (size_t i = from; i < column && i < size; i++)
		fputc(s[i] == '\t' ? '\t' : ' ', stderr);
	fputc('^', stderr);
	for (size_t i = 1; i < m->width && column + i < from + CONTEXT; i++)
		fputc('~', stderr);
	fputc('\n', stderr);
}

static void
print_message(const struct sources *s, const struct policy_message *m)
{
	bool paint = colour(stderr);
	const char *kind = m->warning ? "warning" : "error";
	const struct policy_source *source = &s->list[m->source];

	fprintf(stderr, "%s:%u:%u: %s%s:%s %s\n", source->name, m->line,
	    m->column, !paint ? "" : m->warning ? "\033[1;33m" : "\033[1;31m",
	    kind, paint ? "\033[0m" : "", m->what);
	print_context(source, m);
	if (m->hint[0] != '\0')
		fprintf(stderr, "    hint: %s\n", m->hint);
}

static void
print_report(const struct sources *s, const struct policy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		print_message(s, &r->messages[i]);
	if (r->errors + r->warnings > r->n)
		fprintf(stderr, "and %zu more\n",
		    r->errors + r->warnings - r->n);
}

/*
 * Tests.
 */
struct trial {
	const struct policy *p;
	const struct policy_test *test;
	struct question question;
	struct person person;
	struct target asked;
	struct decision best;
	enum policy_road road; /* of the best */
	bool timed;
	uint32_t tried; /* bits of 1 << ROAD_ */
	enum policy_reason reasons[ROAD_COUNT];
	char why[512];
};

static const char *
text(const struct trial *t, uint32_t string)
{
	return policy_string(t->p, string);
}

/* The best road for one port. */
static void
try_roads(struct trial *t)
{
	bool first = true;

	for (uint32_t road = 0; road < ROAD_COUNT; road++) {
		struct decision d;

		if (t->test->road != POLICY_NONE && t->test->road != road)
			continue;
		t->tried |= 1U << road;
		question_decide(t->p, &t->question, &t->person, road,
		    &t->asked, &d);
		for (size_t i = 0; i < d.n; i++)
			t->timed |= d.choices[i].verdict.timed;
		t->reasons[road] = d.verdict.reason;
		if (first || d.action > t->best.action) {
			t->best = d;
			t->road = road;
		}
		first = false;
	}
}

static void
obligation_words(uint32_t obligations, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (int i = 0; i < OBLIGATIONS; i++) {
		if ((obligations >> i & 1) && used < size)
			used += (size_t)snprintf(buf + used, size - used,
			    "%s%s", used == 0 ? "" : " ",
			    policy_obligation_names[i]);
	}
}

/* What was said instead, and by each road why. */
static void
explain_trial(struct trial *t)
{
	size_t used;
	char asked[300];

	target_text(&t->asked, asked, sizeof(asked));
	used = (size_t)snprintf(t->why, sizeof(t->why), "%.40s to %.60s is %s",
	    text(t, t->test->user), asked,
	    policy_action_names[t->best.action]);
	for (int road = 0; road < ROAD_COUNT; road++) {
		if (t->tried >> road & 1)
			used += (size_t)snprintf(t->why + used,
			    used < sizeof(t->why) ? sizeof(t->why) - used : 0,
			    "; %s: %s", policy_road_names[road],
			    policy_reason_text(t->reasons[road]));
	}
	if (t->timed && !t->test->timed)
		snprintf(t->why + used,
		    used < sizeof(t->why) ? sizeof(t->why) - used : 0,
		    "; it depends on the time: say `at TIME'");
}

static bool
compare(struct trial *t)
{
	const struct policy_verdict *v = &t->best.verdict;
	char words[100];

	if (t->best.action != t->test->action) {
		explain_trial(t);
		return false;
	}
	if (t->timed && !t->test->timed) {
		snprintf(t->why, sizeof(t->why),
		    "the answer depends on the time: say `at TIME'");
		return false;
	}
	if (t->test->exact && v->obligations != t->test->obligations) {
		obligation_words(v->obligations, words, sizeof(words));
		snprintf(t->why, sizeof(t->why),
		    "by %s, %s%s%s", policy_road_names[t->road],
		    *words == '\0' ? "nothing binds" : "these bind: { ",
		    words, *words == '\0' ? "" : " }");
		return false;
	}
	return true;
}

static bool
try_port(struct trial *t, uint16_t port)
{
	t->asked.port = port;
	t->timed = false;
	t->tried = 0;
	try_roads(t);
	return compare(t);
}

/* Whether an address, or a name that a domain matches, is asked for. */
static bool
has_target(const struct trial *t)
{
	for (uint32_t i = 0; i < t->p->table[PT_IX_DOMAIN].n; i++) {
		const uint32_t *row = policy_row(t->p, PT_IX_DOMAIN, i);

		if (policy_name_matches(
			t->p, policy_target(t->p, *row), t->asked.text))
			return true;
	}
	return t->asked.form == TARGET_ADDRESSED;
}

static bool
try_ports(struct trial *t)
{
	uint32_t target = policy_find_target(t->p, t->asked.text);
	const struct policy_target *row;

	if (target == POLICY_NONE && !has_target(t)) {
		snprintf(t->why, sizeof(t->why), "no target named `%.64s'",
		    t->asked.text);
		return false;
	}
	if (t->asked.port != 0)
		return try_port(t, t->asked.port);
	if (target == POLICY_NONE) {
		snprintf(t->why, sizeof(t->why), "a port is needed");
		return false;
	}
	row = policy_target(t->p, target);
	for (uint32_t i = 0; i < row->ports.n; i++) {
		const struct policy_port *port =
		    policy_row(t->p, PT_PORTS, row->ports.first + i);

		if (!try_port(t, port->port))
			return false;
	}
	return true;
}

static bool
run_test(struct trial *t)
{
	const struct policy_test *test = t->test;
	bool passed;

	t->question = (struct question){.who = text(t, test->user),
	    .from = test->from == 0 ? NULL : text(t, test->from),
	    .as = test->as == 0 ? NULL : text(t, test->as),
	    .at = test->timed ? (time_t)test->at : time(NULL),
	    .swept = true};
	t->why[0] = '\0';
	if (!target_parse(&t->asked, text(t, test->target), NULL)) {
		snprintf(t->why, sizeof(t->why), "not a target");
		return false;
	}
	t->asked.port = (uint16_t)test->port;
	if (policy_find_user(t->p, t->question.who) == POLICY_NONE &&
	    (t->p->table[PT_UNIXGROUPS].n == 0 ||
	    getpwnam(t->question.who) == NULL)) {
		snprintf(t->why, sizeof(t->why), "no user named `%.64s'",
		    t->question.who);
		return false;
	}
	if (question_person(t->p, &t->question, &t->person) == -1) {
		snprintf(t->why, sizeof(t->why), "nobody of that name");
		return false;
	}
	passed = try_ports(t);
	person_free(&t->person);
	return passed;
}

static size_t
run_tests(const struct policy *p, const struct sources *s)
{
	static struct trial t;
	size_t failed = 0;

	t.p = p;
	for (uint32_t i = 0; i < p->table[PT_TESTS].n; i++) {
		struct policy_message m = {.column = 1, .width = 4};

		t.test = policy_row(p, PT_TESTS, i);
		if (run_test(&t))
			continue;
		failed++;
		m.source = t.test->place.file;
		m.line = t.test->place.line;
		snprintf(m.what, sizeof(m.what), "test fails: %s", t.why);
		print_message(s, &m);
	}
	return failed;
}

/*
 * What only this machine or this moment can tell; each returns its number of
 * warnings.
 */
static size_t
warn_sweeps(const struct policy *p, const struct sources *s)
{
	if (!s->system || !policy_ends_forward(p) ||
	    swept_lately(SWEPT_FILE, 0, time(NULL)))
		return 0;
	fprintf(stderr, "warning: no sweep runs here, so that ProxyJump reaches "
	    "nothing that ends: see\n    SWEEPS in jumpctl(8)\n");
	return 1;
}

/* The gate of the image in force; 0 if there is none. */
static uint32_t
gate_in_force(void)
{
	struct policy *p;
	uint32_t port;

	if (policy_open(POLICY_IMAGE, 0, &p) != POLICY_OK)
		return 0;
	port = policy_meta(p)->gate;
	policy_free(p);
	return port;
}

/* What ProxyJump is without it; the table leads there whoever listens. */
static const char *
gate_costs(const struct policy *p, enum gate_state state)
{
	if (state == GATE_NOBODY && probe_gate(PROBE_MS))
		return "to IPv6 is refused";
	if (state == GATE_NOBODY || (state == GATE_SILENT && nft_stands(p)))
		return "is refused";
	return "reaches nothing that only the gate can hold";
}

/* Until the policy is in force, no table leads to its gate. */
static size_t
warn_gate(const struct policy *p, const struct sources *s)
{
	char what[GATE_WORDS];
	enum gate_state state;

	if (!s->system || policy_meta(p)->gate == 0)
		return 0;
	state = gate_look(p, what);
	if (state == GATE_STANDS ||
	    (state == GATE_SILENT && gate_in_force() != policy_meta(p)->gate))
		return 0;
	fprintf(stderr, "warning: %s, so that ProxyJump\n    %s: see jumpctl "
	    "doctor\n", what, gate_costs(p, state));
	return 1;
}

/* With `set nft', the program; without, what another policy has left. */
static size_t
warn_firewall(const struct policy *p, const struct sources *s)
{
	const char *path = policy_string(p, policy_meta(p)->nft);
	int fd;

	if (!s->system)
		return 0;
	if (policy_meta(p)->nft == 0) {
		if (access(NFT_LISTED, F_OK) == -1)
			return 0;
		fprintf(stderr, "warning: the firewall table of an earlier "
		    "policy stays as it is:\n    set nft, or: nft delete table "
		    "inet jumphost; rm " NFT_LISTED "\n");
		return 1;
	}
	fd = program_open(path, 0);
	if (fd != -1) {
		close(fd);
		return 0;
	}
	fprintf(stderr, "warning: set nft: %s is not there, or is not root's "
	    "alone,\n    so that no firewall table is loaded\n", path);
	return 1;
}

/* It is for users, and whoever else has such a uid is held too. */
static size_t
warn_held(const struct policy *p, const struct sources *s)
{
	struct names held = {0};
	size_t n;

	if (s->system && policy_meta(p)->nft != 0)
		names_held(&held, p);
	n = held.n;
	if (n != 0)
		fprintf(stderr, "warning: set nft: administrators, too, connect "
		    "to nothing from here if `set exempt'\n    does not name "
		    "them:");
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, " %s", held.list[i]);
	if (n != 0)
		fputc('\n', stderr);
	names_free(&held);
	return n != 0;
}

static size_t
warn_names(const struct sources *s, size_t missing)
{
	if (missing == 0 || !s->system)
		return 0;
	fprintf(stderr, "warning: ProxyJump reaches %zu name%s of targets only "
	    "by address: /etc/hosts\n    does not lead there; see jumpctl "
	    "export hosts\n", missing, missing == 1 ? "" : "s");
	return 1;
}

static void
warn_user(const struct policy *p, const struct sources *s,
    const struct policy_user *u, const char *what)
{
	struct policy_message m = {.warning = true,
	    .source = u->place.file,
	    .line = u->place.line,
	    .column = 1,
	    .width = 4};

	snprintf(m.what, sizeof(m.what), "%s", what);
	if (u->flags & USER_DEVICE)
		snprintf(m.hint, sizeof(m.hint),
		    "jumpctl export device %.64s tells how it gets one",
		    policy_string(p, u->name));
	print_message(s, &m);
}

/*
 * Devices.
 */
struct lacking { /* what several lack is said once */
	char *what, *remedy, *who;
	uint32_t target;
	size_t n;
};

struct lackings {
	struct lacking *list;
	size_t n;
};

static char *
own(const char *text)
{
	char *copy = strdup(text);

	if (copy == NULL)
		err(EXIT_INTERNAL, NULL);
	return copy;
}

static void
add_lack(void *arg, const struct lack *lack)
{
	struct lackings *l = arg;

	if (lack->mends)
		return;
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->list[i].what, lack->what) == 0 &&
		    strcmp(l->list[i].remedy, lack->remedy) == 0) {
			l->list[i].n++;
			return;
		}
	}
	l->list = reallocarray(l->list, l->n + 1, sizeof(*l->list));
	if (l->list == NULL)
		err(EXIT_INTERNAL, NULL);
	l->list[l->n++] = (struct lacking){own(lack->what), own(lack->remedy),
	    own(lack->who), lack->target, 1};
}

static void
print_lack(const struct policy *p, const struct sources *s,
    const struct lacking *lack)
{
	const struct policy_target *t = policy_target(p, lack->target);
	struct policy_message m = {.warning = true,
	    .source = t->place.file,
	    .line = t->place.line,
	    .column = 1,
	    .width = 6};
	const char *name = strstr(lack->remedy, "NAME");
	char more[32] = "";

	if (lack->n > 1)
		snprintf(more, sizeof(more), " and %zu more", lack->n - 1);
	snprintf(m.what, sizeof(m.what), "%s%s: %s", lack->who, more,
	    lack->what);
	if (name == NULL || lack->n > 1)
		snprintf(m.hint, sizeof(m.hint), "%s", lack->remedy);
	else
		snprintf(m.hint, sizeof(m.hint), "%.*s%s%s",
		    (int)(name - lack->remedy), lack->remedy, lack->who,
		    name + strlen("NAME"));
	print_message(s, &m);
}

/* Only where they are to log in: a check elsewhere has none of the accounts. */
static size_t
warn_devices(const struct policy *p, const struct sources *s)
{
	struct lackings l = {0};

	if (s->system && geteuid() == 0 && lacks_known(p))
		lacks_find(p, add_lack, &l);
	for (size_t i = 0; i < l.n; i++) {
		print_lack(p, s, &l.list[i]);
		free(l.list[i].what);
		free(l.list[i].remedy);
		free(l.list[i].who);
	}
	free(l.list);
	return l.n;
}

static size_t
warn_forward(const struct policy *p, const struct sources *s)
{
	if (!s->system || geteuid() != 0 || !lacks_known(p) ||
	    !lacks_firewall(p))
		return 0;
	fprintf(stderr, "warning: %s\n    hint: %s\n", LACKS_FIREWALL,
	    LACKS_FIREWALL_REMEDY);
	return 1;
}

/* Whether some authority may certify the user, who is in every Unix group. */
static bool
certifiable(const struct policy *p, uint32_t user, const uint8_t *groups)
{
	struct policy_request q = {.user = user, .unixgroups = groups};

	for (uint32_t i = 0; i < p->table[PT_CAS].n; i++) {
		if (policy_has_person(p, &q, policy_ca(p, i)->who) != TRUTH_NO)
			return true;
	}
	return false;
}

/* Users and devices that cannot log in, or not any more. */
static size_t
warn_users(const struct policy *p, const struct sources *s)
{
	uint32_t ngroups = p->table[PT_UNIXGROUPS].n;
	uint8_t *has_key = calloc(p->table[PT_USERS].n + 1, 1);
	uint8_t *groups = malloc(ngroups + 1);
	size_t warnings = 0;

	if (has_key == NULL || groups == NULL)
		err(EXIT_INTERNAL, NULL);
	memset(groups, TRUTH_YES, ngroups + 1);
	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++) {
		const struct policy_key *key = policy_key(p, i);

		if (key->kind == KEY_USER)
			has_key[key->owner] = 1;
	}
	for (uint32_t i = 0; i < p->table[PT_USERS].n; i++) {
		const struct policy_user *u = policy_user(p, i);
		bool ended = u->until != 0 && u->until <= time(NULL);

		bool device = (u->flags & USER_DEVICE) != 0;

		if (!ended && (has_key[i] ||
			(!device && certifiable(p, i, groups))))
			continue;
		warn_user(p, s, u,
		    ended ? "the rights of this user have ended" :
		    device ? "this device has no key" : "this user has no key");
		warnings++;
	}
	free(groups);
	free(has_key);
	return warnings;
}

/* Who runs it looks again, each time. */
static size_t
warn_program(const struct policy *p, const struct sources *s, const char *name,
    uint32_t program, const struct policy_place *place)
{
	struct policy_message m = {.warning = true,
	    .source = place->file,
	    .line = place->line,
	    .column = 1,
	    .width = 3};
	const char *path;
	int fd;

	if (program == 0 || !s->system)
		return 0;
	path = policy_string(p, program);
	fd = program_open(path, 0);
	if (fd != -1) {
		close(fd);
		return 0;
	}
	snprintf(m.what, sizeof(m.what), "%s is not run: %s", name,
	    access(path, F_OK) == -1 ? "there is no such file" : "it is no "
	    "executable file of root's alone, without symbolic links");
	print_message(s, &m);
	return 1;
}

static size_t
warn_programs(const struct policy *p, const struct sources *s)
{
	const struct policy_meta *meta = policy_meta(p);

	return warn_program(p, s, "keys-from", meta->keys_from,
		   &meta->place[3]) +
	    warn_program(p, s, "ticket-program", meta->ticket_program,
		&meta->place[5]) +
	    warn_program(p, s, "notify-program", meta->notify_program,
		&meta->place[9]);
}

static size_t
warn_unixgroups(const struct policy *p)
{
	size_t warnings = 0;

	for (uint32_t i = 0; i < p->table[PT_UNIXGROUPS].n; i++) {
		const char *name = policy_unixgroup(p, i);

		if (getgrnam(name) != NULL)
			continue;
		fprintf(stderr, "warning: no Unix group `%s' on this machine: "
		    "what denies or requires\n    by it binds everybody it "
		    "may have, what allows by it nobody\n", name);
		warnings++;
	}
	return warnings;
}

/* After the tests, which know of no locks.  Returns the number of errors. */
static size_t
add_locks(struct policy *p, size_t *warnings)
{
	if (access(STATEDIR, X_OK) == -1) {
		fprintf(stderr, "warning: only root reads the locks\n");
		*warnings += 1;
		return 0;
	}
	if (locks_renew(p) == -1)
		return 1;
	*warnings += locks_warn(p);
	return 0;
}

/*
 * All of it.
 */
struct policy *
policy_check(const struct sources *s, size_t *errors, size_t *warnings)
{
	struct policy_report report = {0};
	struct policy *p = policy_parse(s->list, s->n, &report);

	print_report(s, &report);
	*errors = report.errors;
	*warnings = report.warnings;
	policy_report_clear(&report);
	if (p == NULL) {
		if (*errors == 0)
			warnx("out of memory");
		*errors += *errors == 0;
		return NULL;
	}
	if (!decide_zone(p))
		warnx("time zone is not on this machine");
	*warnings += warn_sweeps(p, s) + warn_firewall(p, s) +
	    warn_held(p, s) +
	    warn_gate(p, s) +
	    warn_names(s, hosts_mark(p)) + warn_users(p, s) +
	    warn_unixgroups(p) + warn_programs(p, s) +
	    approvers_warn(p, s) + warn_devices(p, s) +
	    warn_forward(p, s);
	*errors += rights_check(p, s) + run_tests(p, s);
	if (s->system)
		*errors += add_locks(p, warnings);
	if (*errors == 0)
		return p;
	policy_free(p);
	return NULL;
}

static void
print_summary(size_t errors, size_t warnings, bool system)
{
	struct policy *p;

	fprintf(stderr, "%zu error%s, %zu warning%s", errors,
	    errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
	if (system && errors != 0 &&
	    policy_open(POLICY_IMAGE, 0, &p) == POLICY_OK) {
		char when[32];
		time_t t = (time_t)p->loaded_at;
		struct tm tm;

		unsetenv("TZ");
		tzset();
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M",
		    localtime_r(&t, &tm));
		fprintf(stderr, "; still in force: that of %s, by %s", when,
		    p->loaded_by);
		policy_free(p);
	}
	fputc('\n', stderr);
}

int
check_main(int argc, char **argv)
{
	struct sources s;
	size_t errors = 0, warnings = 0;
	bool system = argc == 1;
	int got;

	if (argc > 1 && argv[1][0] == '-')
		return usage("check");
	got = system ? sources_system(&s) :
	    sources_files(&s, argv + 1, (size_t)argc - 1);
	if (got == 0)
		policy_free(policy_check(&s, &errors, &warnings));
	else
		errors = 1;
	if (errors + warnings > 0)
		print_summary(errors, warnings, system);
	sources_free(&s);
	return errors == 0 ? EXIT_OK : EXIT_NO_MATCH;
}
