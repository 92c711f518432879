/* SPDX-License-Identifier: ISC */
/*
 * jumpctl recordings: what is recorded, and whether it is as it was sealed.
 */
#include "recordings.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "exit.h"
#include "log.h"
#include "session.h"

enum { COLUMNS_SHOWN = 9, SHOWN = 48 };

const char *const recording_states[] = {
    "live", "unsealed", "sealed", "altered", "missing"};

/*
 * Reading.
 */
static struct recording *
next(struct recordings *r)
{
	struct recording *more;

	if (r->n == r->room) {
		r->room = r->room * 2 + 64;
		more = reallocarray(r->list, r->room, sizeof(*more));
		if (more == NULL)
			err(EXIT_INTERNAL, NULL);
		r->list = more;
	}
	r->list[r->n] = (struct recording){.until = 0};
	return &r->list[r->n];
}

static void
read_account(struct recording *rec)
{
	const struct passwd *pw = getpwuid(rec->uid);

	if (pw != NULL)
		snprintf(rec->account, sizeof(rec->account), "%s", pw->pw_name);
	else
		snprintf(rec->account, sizeof(rec->account), "#%u",
		    (unsigned)rec->uid);
}

/*
 * Who it was: whose uid it is, which the kernel says.  Only of a shared account
 * and of the gate, it is what the file says: their programs wrote that.
 */
static void
read_user(struct recording *rec)
{
	const struct recording_facts *f = &rec->facts;
	bool told = f->user[0] != '\0';
	bool own = told && strcmp(f->user, rec->account) == 0;
	bool shared = told && strcmp(f->account, rec->account) == 0;
	bool gate = told && strcmp(rec->account, "_jump") == 0;

	rec->claims = told && !own && !shared && !gate;
	snprintf(rec->user, sizeof(rec->user), "%s",
	    shared || gate ? f->user : rec->account);
}

/* Without reading all of it: what a look at the file itself tells. */
static enum recording_state
state_of(const struct recordings *r, const struct recording *rec,
    const struct stat *st)
{
	const struct seal *s = rec->seal;

	if (s == NULL && recordings_has(&r->live, rec->name, st->st_uid))
		return RECORDING_LIVE;
	if (s == NULL)
		return st->st_uid == 0 ? RECORDING_ALTERED : RECORDING_UNSEALED;
	if (s->word != SEALS_SEALED || st->st_uid != 0 ||
	    (st->st_mode & 07777) != 0400 || s->size != (uint64_t)st->st_size)
		return RECORDING_ALTERED;
	return RECORDING_SEALED;
}

static void
read_file(struct recordings *r, const char *name)
{
	struct recording *rec = next(r);
	struct stat st;
	int fd = recording_open(r->dir, name, &st);

	if (fd == -1) {
		r->odd += errno != ENOENT;
		return;
	}
	strcpy(rec->name, name);
	rec->seal = seals_find(&r->seals, name);
	rec->uid = rec->seal != NULL ? rec->seal->uid : st.st_uid;
	rec->size = (uint64_t)st.st_size;
	rec->until = st.st_mtime;
	rec->state = state_of(r, rec, &st);
	recording_facts(fd, name, &rec->facts);
	read_account(rec);
	read_user(rec);
	close(fd);
	r->n++;
}

/* What was sealed last, and has no file any more. */
static void
add_missing(struct recordings *r)
{
	struct stat st;

	for (size_t i = 0; i < r->seals.n; i++) {
		const struct seal *s = &r->seals.list[i];
		struct recording *rec;

		if (s->word != SEALS_SEALED ||
		    (i + 1 < r->seals.n && strcmp(s[1].name, s->name) == 0) ||
		    fstatat(r->dir, s->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		rec = next(r);
		strcpy(rec->name, s->name);
		rec->state = RECORDING_MISSING;
		rec->seal = s;
		rec->uid = s->uid;
		rec->size = s->size;
		rec->facts.kind = strstr(s->name, ".cast") != NULL
		    ? RECORDING_TERMINAL
		    : RECORDING_CAPTURE;
		read_account(rec);
		snprintf(rec->user, sizeof(rec->user), "%s", rec->account);
		r->n++;
	}
}

static int
by_start(const void *a, const void *b)
{
	const struct recording *x = a, *y = b;

	if (x->facts.since != y->facts.since)
		return x->facts.since < y->facts.since ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* The live ones come first: what ends meanwhile is live then, not unsealed. */
void
recordings_read(struct recordings *r, seals_told *told, void *arg)
{
	const struct dirent *e;
	DIR *dir;
	int own;

	*r = (struct recordings){
	    .dir = open(RECORDINGS, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
	if (r->dir == -1)
		err(EXIT_STATE, "%s", RECORDINGS);
	if (recordings_live(&r->live, SESSION_DIRECTORY) == -1 &&
	    errno != ENOENT)
		err(EXIT_INTERNAL, "%s", SESSION_DIRECTORY);
	own = openat(r->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = own == -1 ? NULL : fdopendir(own);
	if (dir == NULL)
		err(EXIT_INTERNAL, "%s", RECORDINGS);
	if (seals_read(&r->seals, r->dir, told, arg) == -1)
		err(EXIT_INTERNAL, "%s/%s", RECORDINGS, SEALS_FILE);
	seals_sort(&r->seals);
	while ((e = readdir(dir)) != NULL) {
		if (seals_name_valid(e->d_name))
			read_file(r, e->d_name);
		else if (strcmp(e->d_name, SEALS_FILE) != 0 &&
		    strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r->odd++;
	}
	closedir(dir);
	add_missing(r);
	if (r->n > 0)
		qsort(r->list, r->n, sizeof(*r->list), by_start);
}

void
recordings_free(struct recordings *r)
{
	free(r->list);
	seals_free(&r->seals);
	recordings_live_free(&r->live);
	close(r->dir);
}

/*
 * The table.
 */
struct line {
	char cell[COLUMNS_SHOWN][AUDIT_ESCAPED(SHOWN)];
};

static const char *const titles[] = {"ID", "USER", "TARGET", "LOGIN", "SINCE",
    "DURATION", "SIZE", "KIND", "STATE"};

static void
fill_text(char *cell, const char *text)
{
	audit_escape(cell, SHOWN, *text == '\0' ? "-" : text);
}

static void
fill_since(char *cell, int64_t seconds)
{
	time_t since = (time_t)seconds;
	struct tm tm;

	strcpy(cell, "-");
	if (seconds != 0 && localtime_r(&since, &tm) != NULL)
		strftime(cell, SHOWN, "%Y-%m-%d %H:%M", &tm);
}

static int64_t
duration(const struct recording *rec)
{
	if (rec->facts.since == 0 || rec->until < rec->facts.since)
		return -1;
	return rec->until - rec->facts.since;
}

static void
fill_duration(char *cell, int64_t s)
{
	if (s < 0)
		strcpy(cell, "-");
	else
		snprintf(cell, SHOWN, "%lld:%02d:%02d", (long long)(s / 3600),
		    (int)(s / 60 % 60), (int)(s % 60));
}

static const char *
kind_name(const struct recording *rec)
{
	return rec->facts.kind == RECORDING_TERMINAL ? "terminal" : "capture";
}

static void
fill(struct line *l, const struct recording *rec)
{
	char user[CAST_WORD + 8];

	snprintf(
	    user, sizeof(user), "%s%s", rec->user, rec->claims ? " (!)" : "");
	recording_id(l->cell[0], rec->name);
	fill_text(l->cell[1], user);
	fill_text(l->cell[2], rec->facts.target);
	fill_text(l->cell[3], rec->facts.login);
	fill_since(l->cell[4], rec->facts.since);
	fill_duration(l->cell[5], duration(rec));
	number_human(l->cell[6], SHOWN, rec->size);
	fill_text(l->cell[7], kind_name(rec));
	fill_text(l->cell[8], recording_states[rec->state]);
}

static void
print_line(const struct line *l, const size_t *width)
{
	for (size_t c = 0; c < COLUMNS_SHOWN; c++) {
		int w = c + 1 < COLUMNS_SHOWN ? (int)width[c] : 0;

		printf(c == 5 || c == 6 ? "%s%*s" : "%s%-*s", c == 0 ? "" : " ",
		    w, l->cell[c]);
	}
	putchar('\n');
}

static void
print_table(const struct recording *const *rows, size_t n)
{
	struct line *lines = calloc(n + 1, sizeof(*lines));
	size_t width[COLUMNS_SHOWN] = {0};

	if (lines == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t c = 0; c < COLUMNS_SHOWN; c++)
		strcpy(lines[0].cell[c], titles[c]);
	for (size_t i = 0; i < n; i++)
		fill(&lines[i + 1], rows[i]);
	for (size_t i = 0; i < n + 1; i++) {
		for (size_t c = 0; c < COLUMNS_SHOWN; c++) {
			size_t w = strlen(lines[i].cell[c]);

			width[c] = w > width[c] ? w : width[c];
		}
	}
	for (size_t i = 0; i < n + 1; i++)
		print_line(&lines[i], width);
	free(lines);
}

/* What a reader of the table is to know. */
static void
explain(const struct recording *const *rows, size_t n, size_t odd)
{
	char safe[AUDIT_ESCAPED(CAST_WORD)], id[AUDIT_SESSION + 1];

	for (size_t i = 0; i < n; i++) {
		if (!rows[i]->claims)
			continue;
		recording_id(id, rows[i]->name);
		warnx("%s belongs to %s, and says that it is of %s", id,
		    rows[i]->account,
		    audit_escape(safe, sizeof(safe), rows[i]->facts.user));
	}
	if (odd > 0)
		warnx("%s: %zu file%s in it %s no recording%s", RECORDINGS, odd,
		    odd == 1 ? "" : "s", odd == 1 ? "is" : "are",
		    odd == 1 ? "" : "s");
}

/*
 * JSON.
 */
static void
print_json(const struct recording *rec)
{
	char id[AUDIT_SESSION + 1], since[SEALS_TIME] = "";

	recording_id(id, rec->name);
	if (rec->facts.since != 0)
		seals_time(since, rec->facts.since);
	fputs("{\"version\":1", stdout);
	json_field("session", id);
	json_field("file", rec->name);
	json_field("user", rec->user);
	json_field("account", rec->account);
	printf(",\"uid\":%u", (unsigned)rec->uid);
	json_field("claims", rec->claims ? rec->facts.user : "");
	json_field("target", rec->facts.target);
	json_field("login", rec->facts.login);
	json_field("since", since);
	printf(",\"seconds\":%lld,\"size\":%llu", (long long)duration(rec),
	    (unsigned long long)rec->size);
	json_field("kind", kind_name(rec));
	json_field("state", recording_states[rec->state]);
	json_field("sealed", rec->seal == NULL ? "" : rec->seal->time);
	json_field("sha256", rec->seal == NULL ? "" : rec->seal->hash);
	puts("}");
}

/*
 * The verb.
 */
struct wanted {
	const char *id, *user, *target, *log;
	int64_t since; /* microseconds */
	bool json, verify, remove;
	int64_t before;
};

/* A target with or without its port. */
static bool
is_target(const char *target, const char *wanted)
{
	size_t n = strlen(wanted);

	if (*target == '[' && *wanted != '[')
		target++;
	return strncmp(target, wanted, n) == 0 &&
	    (target[n] == '\0' || target[n] == ':' ||
		strncmp(target + n, "]:", 2) == 0);
}

static bool
is_chosen(const struct wanted *c, const struct recording *rec)
{
	if (c->id != NULL && strncmp(rec->name, c->id, AUDIT_SESSION) != 0)
		return false;
	if (c->user != NULL && strcmp(rec->user, c->user) != 0 &&
	    strcmp(rec->account, c->user) != 0)
		return false;
	if (c->target != NULL && !is_target(rec->facts.target, c->target))
		return false;
	return c->since == INT64_MIN || rec->facts.since >= c->since / SECOND;
}

static bool
read_options(struct wanted *c, int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"verify", no_argument, NULL, 'v'},
	    {"log", required_argument, NULL, 'l'},
	    {"user", required_argument, NULL, 'u'},
	    {"target", required_argument, NULL, 't'},
	    {"since", required_argument, NULL, 's'},
	    {"remove-before", required_argument, NULL, 'r'},
	    {NULL, 0, NULL, 0}};
	time_t now = time(NULL);
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			c->json = true;
		else if (option == 'v')
			c->verify = true;
		else if (option == 'l')
			c->log = optarg;
		else if (option == 'u')
			c->user = optarg;
		else if (option == 't')
			c->target = optarg;
		else if (option == 's' &&
		    log_filter_time(&c->since, optarg, now))
			continue;
		else if (option == 'r' &&
		    log_filter_time(&c->before, optarg, now))
			c->remove = true;
		else
			return false;
	}
	c->id = argv[optind];
	if (c->id != NULL && !audit_session_valid(c->id)) {
		warnx("`%s' is no ID of a recording", c->id);
		return false;
	}
	return argc - optind <= 1 && c->json + c->verify + c->remove <= 1 &&
	    (c->log == NULL || c->verify) &&
	    !(c->remove &&
		(c->id != NULL || c->user != NULL || c->target != NULL ||
		    c->since != INT64_MIN));
}

static void
tell_line(void *arg, size_t line, const char *what)
{
	(void)arg;
	printf("%s/%s:%zu: %s\n", RECORDINGS, SEALS_FILE, line, what);
}

static int
show(const struct wanted *c, const struct recordings *r,
    const struct recording *const *rows, size_t n)
{
	bool all = c->id == NULL && c->user == NULL && c->target == NULL &&
	    c->since == INT64_MIN;

	for (size_t i = 0; i < n && c->json; i++)
		print_json(rows[i]);
	if (!c->json && n > 0)
		print_table(rows, n);
	explain(rows, n, r->odd);
	if (n == 0 && !all && !c->json)
		warnx("no such recording");
	return n > 0 || all ? EXIT_OK : EXIT_NO_MATCH;
}

static int
verify(const struct wanted *c, const struct recordings *r,
    const struct recording *const *rows, size_t n)
{
	size_t wrong = recordings_verify(r, rows, n);

	if (c->log != NULL)
		wrong += recordings_verify_log(r, c->log);
	return wrong == 0 ? EXIT_OK : EXIT_NO_MATCH;
}

int
recordings_main(int argc, char **argv)
{
	struct wanted c = {.since = INT64_MIN};
	const struct recording **rows;
	struct recordings r;
	size_t n = 0;
	int code;

	if (!read_options(&c, argc, argv))
		return usage("recordings");
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root sees what is recorded");
	recordings_read(&r, c.verify ? tell_line : NULL, NULL);
	rows = calloc(r.n + 1, sizeof(const struct recording *));
	if (rows == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < r.n; i++) {
		if (is_chosen(&c, &r.list[i]))
			rows[n++] = &r.list[i];
	}
	if (c.remove)
		code = recordings_remove(&r, c.before / SECOND) == -1
		    ? EXIT_INTERNAL
		    : EXIT_OK;
	else
		code =
		    c.verify ? verify(&c, &r, rows, n) : show(&c, &r, rows, n);
	free(rows);
	recordings_free(&r);
	return code;
}
