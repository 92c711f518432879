/* SPDX-License-Identifier: ISC */
/*
 * jumpctl init: what users may forward to, and what files say of hosts.
 */
#include "init.h"

#include <err.h>
#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "foreign.h"
#include "places.h"

enum {
	FILE_TEXT = 4096,
	INCLUDES = 64,
	SSH_PORT = 22,
	ENTRIES = 4000
};

static void
note_place(struct survey *s, const struct old_user *u, const char *host,
    uint16_t port, enum place_error error)
{
	static const char *const why[] = {
	    [PLACE_UNKNOWN] = "has no address here now",
	    [PLACE_NEVER] = "is an address that is never reached",
	    [PLACE_OWN] = "is this machine, which is never reached",
	    [PLACE_FULL] = "is one too many"};

	survey_note(s, u->account, "may forward to %s:%u no more: it %s", host,
	    port, why[error]);
	s->cut = s->cut || error == PLACE_FULL;
}

static void
add_ref(struct old_user *u, int target, uint16_t port)
{
	for (size_t i = 0; i < u->nrefs; i++) {
		if (u->refs[i].target == target && u->refs[i].port == port)
			return;
	}
	u->refs = reallocarray(u->refs, u->nrefs + 1, sizeof(*u->refs));
	if (u->refs == NULL)
		err(EXIT_INTERNAL, NULL);
	u->refs[u->nrefs++] = (struct old_ref){target, port};
}

/* One HOST:PORT of a permitopen. */
static void
add_opening(struct survey *s, struct old_user *u, const struct opening *o)
{
	struct opening place = *o;
	enum place_error error;
	int target;

	if (strcmp(o->host, "*") == 0) {
		add_ref(u, ANY_TARGET, o->port);
		return;
	}
	if (*o->host == '/') {
		survey_note(s, u->account,
		    "may forward to the UNIX socket %s no more: say `socket', "
		    "which is for the road connect",
		    o->host);
		return;
	}
	if (o->port == 0) {
		survey_note(s, u->account,
		    "may forward to port 22 of %s only, not to any: say which",
		    o->host);
		place.port = SSH_PORT;
	}
	error = place_valid(place.host)
	    ? target_exact(s, place.host, place.port, &target)
	    : PLACE_UNKNOWN;
	if (error == PLACE_OK)
		add_ref(u, target, place.port);
	else
		note_place(s, u, place.host, place.port, error);
}

bool
user_anywhere(const struct old_user *u)
{
	if ((u->may & MAY_SESSION) || u->nopens == 0)
		return true;
	for (size_t i = 0; i < u->nopens; i++) {
		if (strcmp(u->opens[i].host, "*") == 0)
			return true;
	}
	return false;
}

/*
 * Files.  What root has written may give a name to an address, and a key to a
 * host; of what a user has written only the places count.
 */
struct reading {
	struct survey *s;
	const char *account; /* whose they are; NULL: root's */
	size_t through, includes;
};

static enum place_error
see(struct reading *r, const struct seen *seen, int *target)
{
	enum place_error error = target_seen(r->s, seen, target);

	if (error == PLACE_FULL)
		survey_cut(r->s, r->account,
		    "the files here name more hosts than there is room for: "
		    "some are left out");
	return error;
}

static void
see_host(void *arg, const struct client_host *h)
{
	struct reading *r = arg;
	int target;

	bool trusted = r->account == NULL;

	r->through += h->through;
	if (!h->through)
		see(r, &(struct seen){trusted ? h->name : NULL, h->place.host,
			   h->place.port, trusted},
		    &target);
}

static void
add_hostkey(struct survey *s, int target, const struct known_line *k)
{
	struct names *keys = &s->targets[target].hostkeys;
	char *text;

	if (asprintf(&text, "%s %s", k->type, k->blob) == -1)
		err(EXIT_INTERNAL, NULL);
	names_add(keys, text);
	free(text);
	names_sort(keys);
}

static void
read_known(struct reading *r, const char *path, uid_t owner)
{
	const char *why;
	char *text = foreign_read(path, owner, &why), *rest = text, *line;
	bool trusted = r->account == NULL;
	size_t hidden = 0;
	struct known_line k;
	struct opening o;
	int target;

	while ((line = foreign_line(&rest)) != NULL) {
		enum known kind = known_parse(&k, line);

		hidden += kind == KNOWN_HASHED;
		if (kind == KNOWN_MARKED && trusted)
			survey_note(r->s, NULL,
			    "@cert-authority and @revoked of %s are not "
			    "carried over",
			    path);
		while (kind == KNOWN_PLAIN && known_next(&k.hosts, &o)) {
			struct seen seen = {NULL, o.host, o.port, trusted};

			if (see(r, &seen, &target) == PLACE_OK && trusted)
				add_hostkey(r->s, target, &k);
		}
	}
	free(text);
	if (why != NULL)
		survey_note(r->s, NULL, "%s is not read: %s", path, why);
	if (hidden > 0)
		survey_note(r->s, NULL,
		    "hashed names in known_hosts: hosts that only these lines "
		    "name are not here");
}

static void read_client(struct reading *, const char *path, uid_t owner);

/* Include, in the system's file: relative to its folder. */
static void
include(void *arg, const char *pattern)
{
	struct reading *r = arg;
	char path[FILE_TEXT];
	glob_t found;

	snprintf(path, sizeof(path), "%s%s", *pattern == '/' ? "" : "/etc/ssh/",
	    pattern);
	if (glob(path, GLOB_NOSORT | GLOB_ERR, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc && r->includes < INCLUDES; i++) {
		r->includes++;
		read_client(r, found.gl_pathv[i], 0);
	}
	globfree(&found);
}

static void
read_client(struct reading *r, const char *path, uid_t owner)
{
	const char *why;
	char *text = foreign_read(path, owner, &why);

	if (text != NULL)
		client_parse(
		    text, see_host, r->account == NULL ? include : NULL, r);
	if (why != NULL)
		survey_note(r->s, NULL, "%s is not read: %s", path, why);
	free(text);
}

static void
read_hosts(struct survey *s)
{
	struct reading r = {.s = s};
	const char *why;
	char *text = foreign_read("/etc/hosts", 0, &why), *rest = text, *line;

	while ((line = foreign_line(&rest)) != NULL) {
		char *word, *more;
		int target;

		line[strcspn(line, "#\r")] = '\0';
		word = strtok_r(line, " \t", &more);
		while (word != NULL &&
		    (word = strtok_r(NULL, " \t", &more)) != NULL) {
			struct seen seen = {NULL, word, SSH_PORT, true};

			if (place_valid(word))
				see(&r, &seen, &target);
		}
	}
	free(text);
	if (why != NULL)
		survey_note(s, NULL, "/etc/hosts is not read: %s", why);
}

/* The files of ssh(1) of one account. */
static void
read_own(struct survey *s, const char *account)
{
	static const char *const known[] = {
	    ".ssh/known_hosts", ".ssh/known_hosts2"};
	struct reading r = {.s = s, .account = account};
	struct account a;
	char path[FILE_TEXT];

	if (!account_find(&a, account))
		return;
	survey_turn(s);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (account_path(&a, known[i], path, sizeof(path)))
			read_known(&r, path, a.uid);
	}
	if (account_path(&a, ".ssh/config", path, sizeof(path)))
		read_client(&r, path, a.uid);
	account_free(&a);
	if (r.through > 0)
		survey_note(s, NULL,
		    "hosts that users reach through another one (ProxyJump, "
		    "ProxyCommand) are not here, but that one is");
}

/*
 * One who forwards anywhere is told to sshd with each of them, in at most so
 * many entries; what is beyond that is left out, what a permitopen names is
 * not, and what root's files have comes first.
 */
static void
keep_few(struct survey *s)
{
	size_t entries = 0;

	for (size_t i = 0; i < 2 * s->ntargets; i++) {
		struct old_target *t = &s->targets[i % s->ntargets];
		size_t more = (t->n + t->names.n) * t->nports;

		if (t->trusted != (i < s->ntargets))
			continue;
		if (t->seen && entries + more > ENTRIES) {
			t->seen = false;
			survey_cut(s, NULL,
			    "there are more hosts here than sshd can be told "
			    "of; some are left out");
		} else {
			entries += more;
		}
	}
}

/* What the system's files of ssh(1) say of hosts. */
static void
read_system(struct survey *s)
{
	struct reading system = {.s = s};

	read_client(&system, "/etc/ssh/ssh_config", 0);
	read_known(&system, "/etc/ssh/ssh_known_hosts", 0);
	read_known(&system, "/etc/ssh/ssh_known_hosts2", 0);
}

/* Whether the account of this user is another than that of the one before. */
static bool
is_next(const struct survey *s, size_t i)
{
	return i == 0 ||
	    strcmp(s->users[i].account, s->users[i - 1].account) != 0;
}

/*
 * The names of /etc/hosts first, which root has written and permitopen means;
 * then what is permitted, and what else there is.
 */
void
survey_targets(struct survey *s)
{
	bool anywhere = false;

	for (size_t i = 0; i < s->nusers; i++)
		anywhere = anywhere || user_anywhere(&s->users[i]);
	if (anywhere)
		read_hosts(s);
	for (size_t i = 0; i < s->nusers; i++) {
		struct old_user *u = &s->users[i];

		if (is_next(s, i))
			survey_turn(s);
		for (size_t j = 0; j < u->nopens; j++)
			add_opening(s, u, &u->opens[j]);
	}
	if (anywhere)
		read_system(s);
	for (size_t i = 0; anywhere && i < s->nusers; i++) {
		if (is_next(s, i))
			read_own(s, s->users[i].account);
	}
	targets_name(s);
	keep_few(s);
}
