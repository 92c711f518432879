/* SPDX-License-Identifier: ISC */
/*
 * jumpctl init: a first policy, of what this machine permits today.
 */
#include "init.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

enum { NOTES_A_TURN = 100 };

struct options {
	struct survey survey;
	const char *output;
	bool dry_run;
};

/*
 * Notes.
 */
static void *
need(void *p)
{
	if (p == NULL)
		err(EXIT_INTERNAL, NULL);
	return p;
}

/* The note with this text, which is freed, or becomes a new one's. */
static struct old_note *
note_of(struct survey *s, char *text)
{
	for (size_t i = 0; i < s->nnotes; i++) {
		if (strcmp(s->notes[i].text, text) == 0) {
			free(text);
			return &s->notes[i];
		}
	}
	s->notes =
	    need(reallocarray(s->notes, s->nnotes + 1, sizeof(*s->notes)));
	s->notes[s->nnotes] = (struct old_note){.text = text};
	return &s->notes[s->nnotes++];
}

static void __attribute__((format(printf, 3, 0)))
add_note(struct survey *s, const char *who, const char *format, va_list ap)
{
	char *text, *safe;
	struct old_note *note;
	size_t size;

	if (vasprintf(&text, format, ap) == -1)
		err(EXIT_INTERNAL, NULL);
	size = AUDIT_ESCAPED(strlen(text));
	safe = need(malloc(size));
	audit_escape(safe, size, text);
	free(text);
	note = note_of(s, safe);
	if (who == NULL ||
	    (note->who.n > 0 &&
		strcmp(note->who.list[note->who.n - 1], who) == 0))
		return;
	names_add(&note->who, who);
}

/* Users can have many made: one of their turn then stands for all others. */
void
survey_note(struct survey *s, const char *who, const char *format, ...)
{
	va_list ap;

	if (who != NULL && ++s->turn.notes > NOTES_A_TURN) {
		survey_cut(s, who, "there is more of this kind");
		return;
	}
	va_start(ap, format);
	add_note(s, who, format, ap);
	va_end(ap);
}

void
survey_cut(struct survey *s, const char *who, const char *format, ...)
{
	va_list ap;

	s->cut = true;
	va_start(ap, format);
	add_note(s, who, format, ap);
	va_end(ap);
}

void
survey_turn(struct survey *s)
{
	s->turn = (struct old_turn){0};
}

/*
 * Memory.
 */
void
old_key_free(struct old_key *k)
{
	free(k->type);
	free(k->blob);
	free(k->comment);
	free(k->from);
	free(k->place);
}

void
old_user_free(struct old_user *u)
{
	for (size_t i = 0; i < u->nkeys; i++)
		old_key_free(&u->keys[i]);
	free(u->keys);
	free(u->opens);
	free(u->refs);
	free(u->account);
	free(u->name);
}

static void
survey_free(struct survey *s)
{
	for (size_t i = 0; i < s->nusers; i++)
		old_user_free(&s->users[i]);
	for (size_t i = 0; i < s->ntargets; i++) {
		names_free(&s->targets[i].names);
		names_free(&s->targets[i].hostkeys);
		free(s->targets[i].ports);
	}
	for (size_t i = 0; i < s->nnotes; i++) {
		free(s->notes[i].text);
		names_free(&s->notes[i].who);
	}
	free(s->users);
	free(s->targets);
	free(s->notes);
	names_free(&s->admins);
	targets_forget();
}

/*
 * Results.
 */

/* What is printed has to be a policy: whatever was read, nothing else is. */
static char *
policy_text(const struct survey *s, size_t *size)
{
	struct policy_source source = {.name = "the policy that init made"};
	struct sources list = {.list = &source, .n = 1};
	struct policy_report report = {0};
	struct policy *p;
	char *text = NULL;
	FILE *f = need(open_memstream(&text, size));

	survey_print(s, f);
	if (fclose(f) != 0)
		err(EXIT_INTERNAL, NULL);
	source.text = text;
	source.size = *size;
	p = policy_parse(list.list, list.n, &report);
	for (size_t i = 0; i < report.n; i++) {
		if (!report.messages[i].warning)
			warnx("line %u: %s", report.messages[i].line,
			    report.messages[i].what);
	}
	if (p == NULL)
		errx(EXIT_INTERNAL,
		    "what it would say is no policy; please "
		    "report this");
	policy_report_clear(&report);
	policy_free(p);
	return text;
}

/* A new file, for root alone. */
static int
write_file(const char *path, const char *text, size_t size)
{
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t done = 0;

	if (fd == -1 && errno == EEXIST)
		errx(EXIT_STATE,
		    "%s is there already: jumpctl edit changes "
		    "a policy",
		    path);
	if (fd == -1)
		err(EXIT_STATE, "%s", path);
	while (done < size) {
		ssize_t n = write(fd, text + done, size - done);

		if (n == -1)
			break;
		done += (size_t)n;
	}
	if (done < size || fsync(fd) == -1 || close(fd) == -1) {
		warn("%s", path);
		unlink(path);
		return EXIT_STATE;
	}
	return EXIT_OK;
}

/* What was found, in a few lines. */
static void
print_summary(const struct survey *s)
{
	size_t keys = 0;

	for (size_t i = 0; i < s->nusers; i++)
		keys += s->users[i].nkeys;
	printf("%zu user%s with %zu key%s, %zu host%s, %zu administrator%s "
	       "outside\n",
	    s->nusers, s->nusers == 1 ? "" : "s", keys, keys == 1 ? "" : "s",
	    s->ntargets, s->ntargets == 1 ? "" : "s", s->admins.n,
	    s->admins.n == 1 ? "" : "s");
	if (s->nnotes > 0)
		puts("What is not as it was:");
	survey_print_notes(s, "", stdout);
}

static int
print_results(const struct options *o)
{
	size_t size;
	char *text = policy_text(&o->survey, &size);
	bool none = o->survey.nusers == 0;
	int code = none || o->survey.cut ? EXIT_NO_MATCH : EXIT_OK;

	if (none)
		warnx("nobody gets in by a key but administrators");
	if (o->survey.cut)
		warnx("something is left out for want of room: see the notes");
	if (o->dry_run)
		print_summary(&o->survey);
	else if (o->output == NULL)
		fwrite(text, 1, size, stdout);
	else if (write_file(o->output, text, size) != EXIT_OK)
		code = EXIT_STATE;
	free(text);
	return code;
}

/*
 * The verb.
 */
static bool
parse_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"dry-run", no_argument, NULL, 'n'},
	    {"no-lookup", no_argument, NULL, 'l'},
	    {"output", required_argument, NULL, 'o'},
	    {"sshd", required_argument, NULL, 's'},
	    {"from", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
	struct addr from;
	int option;

	while ((option = getopt_long(argc, argv, "n", options, NULL)) != -1) {
		switch (option) {
		case 'n':
			o->dry_run = true;
			break;
		case 'l':
			o->survey.lookup = false;
			break;
		case 'o':
			o->output = optarg;
			break;
		case 's':
			o->survey.sshd.path = optarg;
			break;
		case 'f':
			if (!addr_parse(&from, optarg)) {
				warnx("--from takes an address, not `%s'",
				    optarg);
				return false;
			}
			o->survey.sshd.from = optarg;
			break;
		default:
			return false;
		}
	}
	return optind == argc;
}

static void
need_sshd(struct sshd *sshd)
{
	char *why;

	if (sshd->path == NULL)
		sshd->path = sshd_find();
	if (sshd->path == NULL)
		errx(EXIT_INTERNAL, "no sshd here: say where, --sshd PATH");
	if (sshd_valid(sshd, &why))
		return;
	if (why != NULL)
		fputs(why, stderr);
	errx(EXIT_INTERNAL, "%s does not take its configuration", sshd->path);
}

int
init_main(int argc, char **argv)
{
	struct options o = {
	    .survey = {.sshd = {.from = "192.0.2.1"}, .lookup = true}};
	int code;

	if (!parse_options(&o, argc, argv))
		return usage("init");
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root sees all that init looks at");
	need_sshd(&o.survey.sshd);
	survey_accounts(&o.survey);
	survey_targets(&o.survey);
	code = print_results(&o);
	survey_free(&o.survey);
	return code;
}
