/*
 * Names that sshd may resolve again: only those in /etc/hosts that lead to
 * addresses of their own target, and nowhere else.
 */
#include "ctl.h"

#include <netdb.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define HOSTS "/etc/hosts"

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void
add_names(void **names, char *line)
{
	char *word, *rest, *comment = strchr(line, '#');

	if (comment != NULL)
		*comment = '\0';
	word = strtok_r(line, " \t\n", &rest);
	while (word != NULL &&
	    (word = strtok_r(NULL, " \t\n", &rest)) != NULL) {
		char *copy = strdup(word);
		void **node;

		if (copy == NULL)
			return;
		node = tsearch(copy, names, by_text);
		if (node == NULL || *node != copy)
			free(copy);
	}
}

/* The names that stand in /etc/hosts, a tsearch(3) tree. */
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
		add_names(&names, line);
	free(line);
	fclose(f);
	return names;
}

static bool
is_own(const struct policy *p, const struct policy_target *t,
    const struct sockaddr *sa)
{
	struct addr a;

	return addr_from_sockaddr(&a, sa) && policy_nets_have(p, t->nets, &a);
}

/* Ask as sshd asks; every answer must be the target's own. */
static bool
resolves(const struct policy *p, const struct policy_target *t,
    const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
	bool own;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return false;
	own = list != NULL;
	for (struct addrinfo *i = list; i != NULL; i = i->ai_next)
		own &= is_own(p, t, i->ai_addr);
	freeaddrinfo(list);
	return own;
}

static bool
mark(const struct policy *p, const struct policy_target *t, void *names,
    uint32_t string)
{
	const char *name = policy_string(p, string);

	return tfind(name, &names, by_text) != NULL && resolves(p, t, name);
}

void
hosts_mark(struct policy *p)
{
	struct policy_target *targets = p->table[PT_TARGETS].rows;
	struct policy_word *words = p->table[PT_WORDS].rows;
	void *names = read_hosts();

	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		struct policy_target *t = &targets[i];

		if (t->kind != TARGET_HOST && t->kind != TARGET_DEVICE)
			continue;
		if (mark(p, t, names, t->name))
			t->flags |= TARGET_RESOLVES;
		for (uint32_t n = 0; n < t->aliases.n; n++) {
			struct policy_word *w = &words[t->aliases.first + n];

			w->resolves = mark(p, t, names, w->string);
		}
	}
	tdestroy(names, free);
}
