/* SPDX-License-Identifier: ISC */
/*
 * jumpctl init: the policy as text.
 */
#include "init.h"

#include <ctype.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

enum {
	WIDTH = 79,
	EVERYWHERE_PORTS = 1024,
	WORD_MAX_BYTES = 256,
	RULE_NAME = 100
};

/*
 * Words.
 */

/* A name of people or targets, in quotes where it has to be. */
static void
print_name(const char *name, FILE *out)
{
	bool plain = name_plain(name) && strchr("._-", *name) == NULL &&
	    !policy_reserved(name);

	fprintf(out, plain ? "%s" : "\"%s\"", name);
}

static void
print_target(const struct survey *s, int target, FILE *out)
{
	print_name(s->targets[target].names.list[0], out);
}

/* Begin a list of n: braces stand around more than one. */
static void
open_list(size_t n, FILE *out)
{
	fputs(n == 1 ? " " : " { ", out);
}

static void
close_list(size_t n, FILE *out)
{
	fputs(n == 1 ? "" : " }", out);
}

/* Between the items of a list: a new line before every eighth. */
static void
between(size_t i, FILE *out)
{
	if (i > 0)
		fputs(i % 8 == 0 ? "\n    " : " ", out);
}

/*
 * Notes.
 */

/* A word of a note, on a line that has room for it. */
static void
print_word(const char *word, size_t size, const char *margin, size_t *column,
    FILE *out)
{
	if (*column + 1 + size > WIDTH) {
		fprintf(out, "\n%s   ", margin);
		*column = strlen(margin) + 3;
	}
	fprintf(out, " %.*s", (int)size, word);
	*column += 1 + size;
}

static void
print_text(const char *text, const char *margin, size_t *column, FILE *out)
{
	while (*text != '\0') {
		size_t size = strcspn(text, " ");

		print_word(text, size, margin, column, out);
		text += size;
		text += strspn(text, " ");
	}
}

static void
print_note(const struct old_note *note, const char *margin, FILE *out)
{
	char word[AUDIT_ESCAPED(WORD_MAX_BYTES)];
	size_t column = strlen(margin) + 1;

	fprintf(out, "%s-", margin);
	for (size_t i = 0; i < note->who.n; i++) {
		audit_escape(word, sizeof(word) - 2, note->who.list[i]);
		strcat(word, i + 1 < note->who.n ? "," : ":");
		print_word(word, strlen(word), margin, &column, out);
	}
	print_text(note->text, margin, &column, out);
	fputc('\n', out);
}

void
survey_print_notes(const struct survey *s, const char *margin, FILE *out)
{
	for (size_t i = 0; i < s->nnotes; i++)
		print_note(&s->notes[i], margin, out);
}

static void
print_names(const char *before, const struct names *names, const char *margin,
    FILE *out)
{
	struct old_note note = {.who = *names};
	size_t column = strlen(margin) + strlen(before);
	char word[AUDIT_ESCAPED(WORD_MAX_BYTES)];

	fprintf(out, "%s%s", margin, before);
	for (size_t i = 0; i < note.who.n; i++) {
		audit_escape(word, sizeof(word) - 2, note.who.list[i]);
		print_word(word, strlen(word), margin, &column, out);
	}
	fputs(names->n == 0 ? " nobody\n" : "\n", out);
}

/* The accounts of all users, each once. */
static void
accounts_of(const struct survey *s, struct names *names)
{
	for (size_t i = 0; i < s->nusers; i++)
		names_add(names, s->users[i].account);
	names_sort(names);
}

static void
print_head(const struct survey *s, FILE *out)
{
	struct names accounts = {0};

	accounts_of(s, &accounts);
	fputs("# A first policy, made by: jumpctl init\n"
	      "#\n"
	      "# It gives what sshd gives on this machine today, as far as "
	      "this language can\n"
	      "# say it; see THE FIRST POLICY in jumpctl(8).  Read it, make "
	      "it less, then:\n"
	      "#     jumpctl load, jumpctl export hosts, usermod -a -G jump, "
	      "jumpctl doctor\n"
	      "#\n"
	      "# What users lose in any case: a login without a key, a shell "
	      "of their own,\n"
	      "# files copied to here, listening here (-R), forwards to this "
	      "machine and to\n"
	      "# UNIX sockets, agent forwarding, displays and tunnels.\n"
	      "#\n",
	    out);
	print_names("Administrators, who stay outside:", &s->admins, "# ", out);
	print_names("To be members of the group jump:", &accounts, "# ", out);
	fputs("# Accounts of a directory that does not list them are not "
	      "here.\n#\n",
	    out);
	if (s->nnotes > 0)
		fputs("# What is not as it was:\n", out);
	survey_print_notes(s, "# ", out);
	fputs("\nversion 1\n", out);
	names_free(&accounts);
}

/*
 * People.
 */
static void
print_key(const struct old_user *u, const struct old_key *k, FILE *out)
{
	bool several = strchr(k->from, ' ') != NULL;

	fputs("key ", out);
	print_name(u->name, out);
	fprintf(out, " \"%s %s", k->type, k->blob);
	if (*k->comment != '\0' &&
	    strstr(k->comment, "verify-required") == NULL)
		fprintf(out, " %s", k->comment);
	fputc('"', out);
	if (*k->from != '\0')
		fprintf(out, several ? " from { %s }" : " from %s", k->from);
	fputs(k->verify ? " verify-required\n" : "\n", out);
}

static void
print_until(time_t until, FILE *out)
{
	char text[32];
	struct tm tm;

	if (until == 0 || gmtime_r(&until, &tm) == NULL)
		return;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(out, " until %s", text);
}

static void
print_user(const struct old_user *u, FILE *out)
{
	fputs("\nuser ", out);
	print_name(u->name, out);
	if (strcmp(u->name, u->account) != 0) {
		fputs(" account ", out);
		print_name(u->account, out);
	}
	print_until(u->until, out);
	fputc('\n', out);
	for (size_t i = 0; i < u->nkeys; i++) {
		if (!u->keys[i].ca)
			print_key(u, &u->keys[i], out);
	}
}

/* The key of an authority, by its text, that a user has; or NULL. */
static const struct old_key *
authority_of(const struct old_user *u, const char *blob)
{
	for (size_t i = 0; i < u->nkeys; i++) {
		const struct old_key *k = &u->keys[i];

		if (k->ca && strcmp(u->name, u->account) == 0 &&
		    (blob == NULL || strcmp(k->blob, blob) == 0))
			return k;
	}
	return NULL;
}

/* Each authority once, for all who have it. */
static void
print_authority(const struct survey *s, size_t user, const struct old_key *k,
    size_t number, FILE *out)
{
	size_t n = 0, i;

	for (i = user; i < s->nusers; i++)
		n += authority_of(&s->users[i], k->blob) != NULL;
	fprintf(out, "\nca ca-%zu \"%s %s\" for", number, k->type, k->blob);
	open_list(n, out);
	n = 0;
	for (i = user; i < s->nusers; i++) {
		if (authority_of(&s->users[i], k->blob) == NULL)
			continue;
		between(n++, out);
		print_name(s->users[i].name, out);
	}
	close_list(n, out);
	fputc('\n', out);
}

static void
print_authorities(const struct survey *s, FILE *out)
{
	size_t number = 0;

	for (size_t i = 0; i < s->nusers; i++) {
		const struct old_user *u = &s->users[i];

		for (size_t j = 0; j < u->nkeys; j++) {
			const struct old_key *k = &u->keys[j];
			bool seen = !k->ca || authority_of(u, k->blob) != k;

			for (size_t before = 0; before < i && !seen; before++)
				seen = authority_of(
					   &s->users[before], k->blob) != NULL;
			if (!seen)
				print_authority(s, i, k, ++number, out);
		}
	}
}

/*
 * Targets.
 */
static bool
is_wanted(const struct survey *s, int target)
{
	for (size_t i = 0; i < s->nusers; i++) {
		for (size_t j = 0; j < s->users[i].nrefs; j++) {
			if (s->users[i].refs[j].target == target)
				return true;
		}
	}
	return s->targets[target].seen;
}

static void
print_ports(const struct old_port *ports, size_t n, FILE *out)
{
	static const char *const words[] = {"tcp", "ssh"};

	for (int ssh = 1; ssh >= 0; ssh--) {
		size_t count = 0, printed = 0;

		for (size_t i = 0; i < n; i++)
			count += ports[i].ssh == ssh;
		if (count == 0)
			continue;
		fprintf(out, " %s", words[ssh]);
		open_list(count, out);
		for (size_t i = 0; i < n; i++) {
			if (ports[i].ssh != ssh)
				continue;
			between(printed++, out);
			fprintf(out, "%u", ports[i].port);
		}
		close_list(count, out);
	}
}

static void
print_host(const struct survey *s, int target, FILE *out)
{
	const struct old_target *t = &s->targets[target];
	char text[ADDR_TEXT];

	fputs("host ", out);
	print_target(s, target, out);
	open_list(t->n, out);
	for (size_t i = 0; i < t->n; i++) {
		between(i, out);
		fputs(addr_print(&t->addrs[i], text), out);
	}
	close_list(t->n, out);
	print_ports(t->ports, t->nports, out);
	if (t->names.n > 1) {
		fputs(" alias", out);
		open_list(t->names.n - 1, out);
		for (size_t i = 1; i < t->names.n; i++) {
			between(i - 1, out);
			print_name(t->names.list[i], out);
		}
		close_list(t->names.n - 1, out);
	}
	fputc('\n', out);
	for (size_t i = 0; i < t->hostkeys.n; i++) {
		fputs("hostkey ", out);
		print_target(s, target, out);
		fprintf(out, " \"%s\"\n", t->hostkeys.list[i]);
	}
}

static void
add_port(struct old_port *ports, size_t *n, const struct old_port *port)
{
	for (size_t i = 0; i < *n; i++) {
		if (ports[i].port == port->port) {
			ports[i].ssh = ports[i].ssh || port->ssh;
			return;
		}
	}
	if (*n < EVERYWHERE_PORTS)
		ports[(*n)++] = *port;
}

/* All addresses, with SSH and each port that is known here. */
static void
print_everywhere(const struct survey *s, FILE *out)
{
	struct old_port ports[EVERYWHERE_PORTS] = {{22, true}};
	size_t n = 1;

	for (size_t i = 0; i < s->ntargets; i++) {
		for (size_t j = 0; j < s->targets[i].nports; j++)
			add_port(ports, &n, &s->targets[i].ports[j]);
	}
	for (size_t i = 0; i < s->nusers; i++) {
		for (size_t j = 0; j < s->users[i].nrefs; j++) {
			const struct old_ref *r = &s->users[i].refs[j];

			if (r->target == ANY_TARGET && r->port != 0)
				add_port(ports, &n,
				    &(struct old_port){r->port, false});
		}
	}
	fprintf(out, "\n# Every address: some users reach any today.  To hold them to "
	      "the hosts above,\n"
	      "# delete this line.  What it gives, connect and the gate hold; "
	      "without a gate,\n"
	      "# ssh -J reaches the hosts above only.  Other ports than these "
	      "are gone.\n"
	      "net %s { 0.0.0.0/0 ::/0 }",
	    s->everywhere);
	print_ports(ports, n, out);
	fputc('\n', out);
}

static void
print_targets(const struct survey *s, bool everywhere, FILE *out)
{
	fputs("\n# --- targets\n\n", out);
	for (size_t i = 0; i < s->ntargets; i++) {
		if (is_wanted(s, (int)i))
			print_host(s, (int)i, out);
	}
	if (everywhere)
		print_everywhere(s, out);
}

/*
 * Rules.
 */

/* Whether what the user reaches by forwards is not anything. */
static bool
is_limited(const struct old_user *u)
{
	return (u->may & MAY_FORWARD) && u->nopens > 0;
}

static bool
goes_everywhere(const struct old_user *u)
{
	return u->may == (MAY_FORWARD | MAY_SESSION) && !is_limited(u);
}

static bool
only_forwards(const struct old_user *u)
{
	return u->may == MAY_FORWARD && !is_limited(u);
}

static bool
has_shell(const struct old_user *u)
{
	return (u->may & MAY_SESSION) && !goes_everywhere(u);
}

static bool
has_factor(const struct old_user *u)
{
	return u->mfa;
}

/* The same rule for all users of a kind. */
static const struct {
	const char *name, *why, *verb, *rest;
	bool (*is)(const struct old_user *);
} kinds[] = {{"everywhere", "They have a shell here, and forward to anything.",
		 "allow", "", goes_everywhere},
    {"forwarders", "They forward to anything, and have no shell here.", "allow",
	" via forward", only_forwards},
    {"shells",
	"They have a shell here, from which they reach anything, whatever\n"
	"# their keys let them forward to.  If that was not the intent, delete "
	"this rule.",
	"allow", " via { connect shell }", has_shell},
    {"second", "sshd asks them for a second factor.", "require", " mfa",
	has_factor}};

static void
print_kind(const struct survey *s, size_t kind, FILE *out)
{
	size_t n = 0, printed = 0;

	for (size_t i = 0; i < s->nusers; i++)
		n += kinds[kind].is(&s->users[i]);
	if (n == 0)
		return;
	fprintf(out, "\n# %s\ngroup @%s", kinds[kind].why, kinds[kind].name);
	open_list(n, out);
	for (size_t i = 0; i < s->nusers; i++) {
		if (!kinds[kind].is(&s->users[i]))
			continue;
		between(printed++, out);
		print_name(s->users[i].name, out);
	}
	close_list(n, out);
	fprintf(out, "\n%s %s: @%s to any%s\n", kinds[kind].verb,
	    kinds[kind].name, kinds[kind].name, kinds[kind].rest);
}

/* What the permitopen of a user's keys name. */
static void
print_limited(const struct survey *s, size_t user, FILE *out)
{
	const struct old_user *u = &s->users[user];

	if (!is_limited(u) || u->nrefs == 0)
		return;
	if (name_plain(u->name) && strlen(u->name) < RULE_NAME)
		fprintf(out, "allow permitopen-%s: ", u->name);
	else /* in order */
		fprintf(out, "allow permitopen.%zu: ", user + 1);
	print_name(u->name, out);
	fputs(" to", out);
	open_list(u->nrefs, out);
	for (size_t i = 0; i < u->nrefs; i++) {
		between(i, out);
		if (u->refs[i].target == ANY_TARGET)
			fputs("any", out);
		else
			print_target(s, u->refs[i].target, out);
		if (u->refs[i].port != 0)
			fprintf(out, ":%u", u->refs[i].port);
	}
	close_list(u->nrefs, out);
	fputs(" via forward\n", out);
}

static void
print_rules(const struct survey *s, FILE *out)
{
	bool begun = false;

	fputs("\n# --- rules\n", out);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		print_kind(s, i, out);
	for (size_t i = 0; i < s->nusers; i++) {
		if (!begun && is_limited(&s->users[i])) {
			fputs("\n# What the permitopen of their keys name.\n",
			    out);
			begun = true;
		}
		print_limited(s, i, out);
	}
}

void
survey_print(const struct survey *s, FILE *out)
{
	bool everywhere = false;

	for (size_t i = 0; i < s->nusers; i++)
		everywhere = everywhere || user_anywhere(&s->users[i]);
	print_head(s, out);
	if (s->nusers == 0)
		return;
	fputs("\n# --- people\n", out);
	for (size_t i = 0; i < s->nusers; i++)
		print_user(&s->users[i], out);
	print_authorities(s, out);
	print_targets(s, everywhere, out);
	print_rules(s, out);
}
