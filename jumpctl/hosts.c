/* SPDX-License-Identifier: ISC */
/*
 * Names that sshd may resolve again: only those that /etc/hosts leads to
 * addresses of their own target, and nowhere else.  The file is read once, as
 * nss_files(5) does; a machine that asks others first has no such names.
 */
#include "ctl.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOSTS    "/etc/hosts"
#define NSSWITCH "/etc/nsswitch.conf"

/* A name of /etc/hosts, and the addresses of all its lines. */
struct host_name {
	char *name;
	struct addr *addrs;
	size_t n;
	bool foreign; /* a line is no address that we can read */
};

static int
by_name(const void *a, const void *b)
{
	const struct host_name *x = a, *y = b;

	return strcasecmp(x->name, y->name);
}

static void
host_free(void *p)
{
	struct host_name *e = p;

	free(e->name);
	free(e->addrs);
	free(e);
}

/* The entry of a name, made if it is new; NULL without memory. */
static struct host_name *
host_of(void **names, const char *name)
{
	struct host_name *e = calloc(1, sizeof(*e)), **found;

	if (e == NULL || (e->name = strdup(name)) == NULL) {
		free(e);
		return NULL;
	}
	found = tsearch(e, names, by_name);
	if (found == NULL || *found != e)
		host_free(e);
	return found == NULL ? NULL : *found;
}

static void
add_address(struct host_name *e, const char *text)
{
	struct addr *more = reallocarray(e->addrs, e->n + 1, sizeof(*more));

	e->foreign |= more == NULL;
	if (more == NULL)
		return;
	e->addrs = more;
	if (addr_parse(&e->addrs[e->n], text))
		e->n++;
	else
		e->foreign = true;
}

static void
read_line(void **names, char *line)
{
	char *address, *word, *rest, *comment = strchr(line, '#');

	if (comment != NULL)
		*comment = '\0';
	address = strtok_r(line, " \t\n", &rest);
	while (address != NULL &&
	    (word = strtok_r(NULL, " \t\n", &rest)) != NULL) {
		struct host_name *e = host_of(names, word);

		if (e != NULL)
			add_address(e, address);
	}
}

/* A tsearch(3) tree of entries. */
static void *
read_hosts(void)
{
	FILE *f = fopen(HOSTS, "re");
	char *line = NULL;
	size_t room = 0;
	void *names = NULL;

	if (f == NULL)
		return NULL;
	while (getline(&line, &room, f) != -1)
		read_line(&names, line);
	free(line);
	fclose(f);
	return names;
}

/* Whether names are looked up in /etc/hosts first: nsswitch.conf(5). */
static bool
files_first(void)
{
	FILE *f = fopen(NSSWITCH, "re");
	char *line = NULL;
	size_t room = 0;
	bool first = true; /* so does libc without a line */

	if (f == NULL)
		return true;
	while (getline(&line, &room, f) != -1) {
		const char *s = line + strspn(line, " \t");

		if (strncmp(s, "hosts:", 6) != 0)
			continue;
		s += 6 + strspn(s + 6, " \t");
		first = strncmp(s, "files", 5) == 0 &&
		    strchr(" \t\n", s[5]) != NULL;
	}
	free(line);
	fclose(f);
	return first;
}

/* Whether every address of the name is the target's own. */
static bool
leads_home(const struct policy *p, const struct policy_target *t,
    void *names, uint32_t string)
{
	char name[NAME_TEXT];
	struct host_name key = {.name = name}, **found;

	snprintf(name, sizeof(name), "%s", policy_string(p, string));
	found = tfind(&key, &names, by_name);
	if (found == NULL || (*found)->foreign)
		return false;
	for (size_t i = 0; i < (*found)->n; i++) {
		if (!policy_nets_have(p, t->nets, &(*found)->addrs[i]))
			return false;
	}
	return (*found)->n > 0;
}

static size_t
mark_target(struct policy *p, struct policy_target *t, void *names)
{
	struct policy_word *words = p->table[PT_WORDS].rows;
	size_t missing = 0;

	if (leads_home(p, t, names, t->name))
		t->flags |= TARGET_RESOLVES;
	else
		missing++;
	for (uint32_t i = 0; i < t->aliases.n; i++) {
		struct policy_word *w = &words[t->aliases.first + i];

		w->resolves = leads_home(p, t, names, w->string);
		missing += !w->resolves;
	}
	return missing;
}

size_t
hosts_mark(struct policy *p)
{
	struct policy_target *targets = p->table[PT_TARGETS].rows;
	int64_t before = policy_hosts_changed();
	void *names = files_first() ? read_hosts() : NULL;
	size_t missing = 0;

	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		if (targets[i].kind == TARGET_HOST ||
		    (targets[i].kind == TARGET_DEVICE && targets[i].path == 0))
			missing += mark_target(p, &targets[i], names);
	}
	tdestroy(names, host_free);
	/* A file that changed meanwhile matches no later look. */
	p->hosts_changed = policy_hosts_changed() == before ? before : -1;
	return missing;
}
