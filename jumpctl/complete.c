/* SPDX-License-Identifier: ISC */
/*
 * jumpctl complete: what can stand next on a command line, for the shells.
 * What a verb takes is read from its usage, which people read too.
 */
#include "ctl.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "log.h"

enum { WORDS = 64, USAGE_SIZE = 512 };

/* The words of a usage: brackets that open are left out, a | is a word. */
struct form {
	char text[USAGE_SIZE];
	char *word[WORDS];
	size_t n;
};

/* What is wanted: what begins so, and whether a file would do. */
struct want {
	const char *verb, *prefix;
	bool files, found;
};

static void
print(struct want *w, const char *word)
{
	if (strncmp(word, w->prefix, strlen(w->prefix)) != 0)
		return;
	puts(word);
	w->found = true;
}

/* A name of the policy, unless a shell would have to quote it. */
static void
print_name(struct want *w, const char *before, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-";
	char word[160];

	if (*name == '\0' || *name == '-' || name[strspn(name, plain)] != '\0')
		return;
	if (snprintf(word, sizeof(word), "%s%s", before, name) <
	    (int)sizeof(word))
		print(w, word);
}

/* Nobody but root gets names; that is no error, and says nothing. */
static struct policy *
readable_policy(void)
{
	struct policy *p;

	return policy_open(POLICY_IMAGE, 0, &p) == POLICY_OK ? p : NULL;
}

static void
print_users(struct want *w)
{
	struct policy *p = readable_policy();

	for (uint32_t i = 0; p != NULL && i < p->table[PT_USERS].n; i++)
		print_name(w, "", policy_string(p, policy_user(p, i)->name));
	policy_free(p);
}

static void
print_targets(struct want *w)
{
	struct policy *p = readable_policy();

	for (uint32_t i = 0; p != NULL && i < p->table[PT_TARGETS].n; i++)
		print_name(w, "", policy_string(p, policy_target(p, i)->name));
	policy_free(p);
}

/* Whom a lock or a question can be of: everybody, and groups, too. */
static void
print_people(struct want *w)
{
	struct policy *p = readable_policy();
	bool groups = strstr(w->verb, "lock") != NULL;

	print_users(w);
	if (p != NULL && (groups || strcmp(w->verb, "explain") == 0))
		print(w, "any");
	for (uint32_t i = 0; p != NULL && groups && i < p->table[PT_GROUPS].n;
	     i++)
		print_name(w, "@", policy_string(p, policy_group(p, i)->name));
	policy_free(p);
}

static void
print_roads(struct want *w)
{
	for (size_t i = 0; i < ROAD_COUNT; i++)
		print(w, policy_road_names[i]);
}

static void
print_outcomes(struct want *w)
{
	for (size_t i = 0; i < LOG_OUTCOMES; i++)
		print(w, log_outcome_names[i]);
}

static void
print_verbs(struct want *w)
{
	const char *name;

	for (size_t i = 0; (name = verb_name(i)) != NULL; i++)
		print(w, name);
	print(w, "help");
}

static void
want_file(struct want *w)
{
	w->files = true;
}

/* Words in small letters stand for themselves: yes|no. */
static void
print_literals(struct want *w, const char *words)
{
	char copy[USAGE_SIZE], *rest = copy, *word;

	snprintf(copy, sizeof(copy), "%s", words);
	while ((word = strsep(&rest, "|")) != NULL)
		print(w, word);
}

/* option is what it is the argument of, or "". */
static void
print_kind(struct want *w, const char *kind, const char *option)
{
	static const struct {
		const char *kind, *option;
		void (*print)(struct want *);
	} kinds[] = {{"WHO", NULL, print_people}, {"USER", NULL, print_users},
	    {"NAME", "--user", print_users},
	    {"NAME", "--target", print_targets}, {"WHAT", NULL, print_targets},
	    {"TARGET", NULL, print_targets}, {"ROAD", NULL, print_roads},
	    {"WORD", "--outcome", print_outcomes}, {"VERB", NULL, print_verbs},
	    {"FILE", NULL, want_file}, {"PATH", NULL, want_file},
	    {"OLD", NULL, want_file}, {"NEW", NULL, want_file}};

	if (islower((unsigned char)kind[0]))
		print_literals(w, kind);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind) == 0 &&
		    (kinds[i].option == NULL ||
			strcmp(kinds[i].option, option) == 0))
			kinds[i].print(w);
	}
}

/* False if there is no such verb. */
static bool
form_read(struct form *f, const char *verb)
{
	const char *usage =
	    strcmp(verb, "help") == 0 ? "help VERB" : verb_usage(verb);
	size_t n = 0;

	f->n = 0;
	for (; usage != NULL && *usage != '\0' && n + 3 < USAGE_SIZE; usage++) {
		if (*usage == ']') /* a word of its own */
			f->text[n++] = ' ';
		f->text[n++] = *usage;
	}
	f->text[n] = '\0';
	for (char *rest = f->text, *word;
	     f->n < WORDS && (word = strsep(&rest, " \n[")) != NULL;) {
		if (*word != '\0')
			f->word[f->n++] = word;
	}
	return usage != NULL;
}

/* What the option at i takes, or NULL. */
static const char *
argument_of(const struct form *f, size_t i)
{
	const char *next = i + 1 < f->n ? f->word[i + 1] : "]";

	return strchr("-]|", next[0]) == NULL ? next : NULL;
}

/* What this word of a command line takes after it, or NULL. */
static const char *
takes(const struct form *f, const char *word)
{
	for (size_t i = 1; word[0] == '-' && i < f->n; i++) {
		if (strcmp(f->word[i], word) == 0)
			return argument_of(f, i);
	}
	return NULL;
}

static void
print_options(struct want *w, const struct form *f)
{
	for (size_t i = 1; i < f->n; i++) {
		if (strncmp(f->word[i], "--", 2) == 0 && f->word[i][2] != '\0')
			print(w, f->word[i]);
	}
	print(w, "--help");
}

/*
 * What can stand after n arguments that are no options: of each alternative
 * that agrees with them.
 */
static void
print_arguments(
    struct want *w, const struct form *f, char *const *typed, size_t n)
{
	bool agrees = true;
	size_t at = 0;

	for (size_t i = 1; i < f->n; i++) {
		const char *word = f->word[i];

		if (word[0] == '|') {
			agrees = true;
			at = 0;
		} else if (word[0] == '-') {
			i += argument_of(f, i) != NULL;
		} else if (strcmp(word, "...") == 0) {
			if (agrees && n >= at && i > 1)
				print_kind(w, f->word[i - 1], "");
		} else if (word[0] != ']') {
			if (agrees && at == n)
				print_kind(w, word, "");
			if (at < n && islower((unsigned char)word[0]))
				agrees = strcmp(word, typed[at]) == 0;
			at++;
		}
	}
}

int
complete_main(int argc, char **argv)
{
	struct want w = {.verb = "", .prefix = argc > 1 ? argv[argc - 1] : ""};
	struct form f;
	size_t n = 0;
	char *typed[WORDS];

	if (argc > 1 && strcmp(argv[1], "--") == 0) { /* not a word of theirs */
		argc--;
		argv++;
	}
	if (argc <= 2) {
		print_verbs(&w);
		return w.found ? EXIT_OK : EXIT_NO_MATCH;
	}
	w.verb = argv[1];
	if (!form_read(&f, w.verb))
		return EXIT_NO_MATCH;
	for (int i = 2; i < argc - 1 && n < WORDS; i++) {
		if (argv[i][0] != '-')
			typed[n++] = argv[i];
		else if (i < argc - 2 && takes(&f, argv[i]) != NULL)
			i++;
	}
	if (takes(&f, argv[argc - 2]) != NULL)
		print_kind(&w, takes(&f, argv[argc - 2]), argv[argc - 2]);
	else if (w.prefix[0] == '-')
		print_options(&w, &f);
	else
		print_arguments(&w, &f, typed, n);
	return w.found || w.files ? EXIT_OK : EXIT_NO_MATCH;
}
