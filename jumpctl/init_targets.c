/* SPDX-License-Identifier: ISC */
/*
 * jumpctl init: targets by their addresses, and names looked up.
 */
#include "init.h"

#include <err.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "foreign.h"

#define HOSTS "/etc/hosts"

enum {
	SECONDS = 30,
	SECONDS_A_TURN = 5,
	ROOM = 8192,
	PLACES_A_TURN = 512,
	OVERLAPS = 4, /* targets with one address */
	OVERLAP_COST = 32,
	LOOKUPS = 4096,
	NAMES_A_TARGET = 64,
	PORTS_A_TARGET = 512,
	SSH_PORT = 22
};

/* Names and their addresses: those of /etc/hosts, and what was looked up. */
struct known_name {
	char *name;
	struct addr addrs[TARGET_ADDRS];
	size_t n;
};

static struct known_name *known;
static size_t nknown;
static bool hosts_read;
static time_t spent; /* seconds that lookups took */
static size_t lookups;

static void *
need(void *p)
{
	if (p == NULL)
		err(EXIT_INTERNAL, NULL);
	return p;
}

/* Take room for what an account's files name; root's own may take any. */
static bool
take_room(struct survey *s, bool trusted, size_t cost)
{
	if (trusted)
		return true;
	if (s->turn.places + cost > PLACES_A_TURN)
		return false;
	s->turn.places += cost;
	return true;
}

static struct known_name *
find_name(const char *name)
{
	for (size_t i = 0; i < nknown; i++) {
		if (strcasecmp(known[i].name, name) == 0)
			return &known[i];
	}
	return NULL;
}

static struct known_name *
new_name(const char *name)
{
	known = need(reallocarray(known, nknown + 1, sizeof(*known)));
	known[nknown] = (struct known_name){.name = need(strdup(name))};
	return &known[nknown++];
}

/* Each address once; what there is no room for is left out. */
static void
add_address(struct addr *list, size_t *n, const struct addr *a)
{
	for (size_t i = 0; i < *n; i++) {
		if (addr_equal(&list[i], a))
			return;
	}
	if (*n < TARGET_ADDRS)
		list[(*n)++] = *a;
}

void
targets_forget(void)
{
	for (size_t i = 0; i < nknown; i++)
		free(known[i].name);
	free(known);
	known = NULL;
	nknown = 0;
	hosts_read = false;
}

static void
read_hosts(void)
{
	const char *why;
	char *text = foreign_read(HOSTS, 0, &why), *rest = text, *line;

	hosts_read = true;
	while ((line = foreign_line(&rest)) != NULL) {
		char *word, *more;
		struct addr a;

		line[strcspn(line, "#\r")] = '\0';
		word = strtok_r(line, " \t", &more);
		if (word == NULL || !addr_parse(&a, word))
			continue;
		while ((word = strtok_r(NULL, " \t", &more)) != NULL) {
			struct known_name *k = find_name(word);

			k = k == NULL ? new_name(word) : k;
			add_address(k->addrs, &k->n, &a);
		}
	}
	free(text);
}

/* Ask the resolver, and count how long it takes. */
static void
look_up(struct survey *s, struct known_name *k)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list, *i;
	time_t before = time(NULL);
	struct addr a;

	if (spent >= SECONDS || s->turn.seconds >= SECONDS_A_TURN) {
		survey_cut(s, NULL,
		    "name servers took too long: hosts are missing whose "
		    "names /etc/hosts does not have");
		return;
	}

	if (getaddrinfo(k->name, NULL, &hints, &list) == 0) {
		for (i = list; i != NULL; i = i->ai_next) {
			if (addr_from_sockaddr(&a, i->ai_addr))
				add_address(k->addrs, &k->n, &a);
		}
		freeaddrinfo(list);
	}
	before = time(NULL) - before;
	spent += before;
	s->turn.seconds += before;
}

/* Whether an address is one of this machine. */
static bool
is_own(const struct addr *a)
{
	struct ifaddrs *list, *i;
	struct addr one;
	bool is = false;

	if (getifaddrs(&list) == -1)
		err(EXIT_INTERNAL, "addresses of this machine");
	for (i = list; i != NULL; i = i->ifa_next)
		is = is ||
		    (i->ifa_addr != NULL &&
			addr_from_sockaddr(&one, i->ifa_addr) &&
			addr_equal(&one, a));
	freeifaddrs(list);
	return is;
}

/* Take out the addresses that no policy reaches; why, if none remains. */
static enum place_error
keep_reachable(struct addr *list, size_t *n)
{
	enum place_error error = PLACE_UNKNOWN;
	size_t kept = 0;
	struct addr inner;

	for (size_t i = 0; i < *n; i++) {
		if (addr_never(&list[i]) ||
		    (addr_embedded(&list[i], &inner) && addr_never(&inner)))
			error = PLACE_NEVER;
		else if (is_own(&list[i]))
			error = PLACE_OWN;
		else
			list[kept++] = list[i];
	}
	*n = kept;
	return kept > 0 ? PLACE_OK : error;
}

static enum place_error
resolve(struct survey *s, const char *host, bool trusted, struct addr *list,
    size_t *n)
{
	struct known_name *k;

	*n = 1;
	if (!hosts_read)
		read_hosts();
	if (addr_parse(&list[0], host))
		return keep_reachable(list, n);
	k = find_name(host);
	if (k == NULL) {
		if (lookups == LOOKUPS || !take_room(s, trusted, 1))
			return PLACE_FULL;
		lookups++;
		k = new_name(host);
		if (s->lookup)
			look_up(s, k);
	}
	memcpy(list, k->addrs, k->n * sizeof(*list));
	*n = k->n;
	return keep_reachable(list, n);
}

static bool
has_address(const struct old_target *t, const struct addr *a)
{
	for (size_t i = 0; i < t->n; i++) {
		if (addr_equal(&t->addrs[i], a))
			return true;
	}
	return false;
}

/* The target that has these addresses, and no others if exact is set. */
static struct old_target *
find_target(struct survey *s, const struct addr *list, size_t n, bool exact)
{
	for (size_t i = 0; i < s->ntargets; i++) {
		struct old_target *t = &s->targets[i];
		size_t has = 0;

		if (exact && t->n != n)
			continue;
		for (size_t j = 0; j < n; j++)
			has += has_address(t, &list[j]);
		if (has == n)
			return t;
	}
	return NULL;
}

static bool
add_port(struct survey *s, struct old_target *t, uint16_t port,
    const struct seen *seen)
{
	bool ssh = port == SSH_PORT || seen != NULL;

	for (size_t i = 0; i < t->nports; i++) {
		if (t->ports[i].port == port) {
			t->ports[i].ssh = t->ports[i].ssh || ssh;
			return true;
		}
	}
	if (t->nports == PORTS_A_TARGET ||
	    !take_room(s, seen != NULL && seen->trusted, 1))
		return false;
	t->ports = need(
	    reallocarray(t->ports, t->nports + 1, sizeof(*t->ports)));
	t->ports[t->nports++] = (struct old_port){port, ssh};
	return true;
}

/* Where this is a name of a target; NULL if it is none. */
static char **
name_slot(struct old_target *t, const char *name)
{
	for (size_t i = 0; i < t->names.n; i++) {
		if (strcmp(t->names.list[i], name) == 0)
			return &t->names.list[i];
	}
	return NULL;
}

/* Whether it is the name of some target. */
static bool
is_taken(struct survey *s, const char *name)
{
	for (size_t i = 0; i < s->ntargets; i++) {
		if (name_slot(&s->targets[i], name) != NULL)
			return true;
	}
	return false;
}

/* A name of a target is that of no other; the first trusted one leads. */
static void
add_name(struct survey *s, struct old_target *t, const char *name, bool trusted)
{
	struct addr a;
	char **slot = name_slot(t, name), *first;

	if (addr_parse(&a, name) || !name_plain(name) ||
	    strlen(name) >= NAME_TEXT || strchr("._-", *name) != NULL)
		return;
	if (slot == NULL) {
		if (is_taken(s, name))
			return;
		if (t->names.n == NAMES_A_TARGET ||
		    !take_room(s, trusted, 1)) {
			survey_cut(s, NULL, "the name %s of %s is left out",
			    name, t->names.n > 0 ? t->names.list[0] : "a host");
			return;
		}
		names_add(&t->names, name);
		slot = &t->names.list[t->names.n - 1];
	}
	if (!trusted || t->named)
		return;
	t->named = true;
	first = t->names.list[0];
	t->names.list[0] = *slot;
	*slot = first;
}

/*
 * A name belongs to the target that has exactly its addresses: take it from
 * one that has them among others.
 */
static void
free_from_others(
    struct survey *s, const struct old_target *owner, const char *name)
{
	for (size_t i = 0; i < s->ntargets; i++) {
		struct names *names = &s->targets[i].names;
		char **slot = name_slot(&s->targets[i], name);

		if (slot == NULL || &s->targets[i] == owner)
			continue;
		free(*slot);
		names->n--;
		memmove(slot, slot + 1,
		    (size_t)(&names->list[names->n] - slot) * sizeof(*slot));
	}
}

/* Make a name one that no target has. */
static void
free_name(struct survey *s, char *name, size_t size)
{
	while (is_taken(s, name) && strlen(name) < size - 1)
		strcat(name, "x");
}

void
targets_name(struct survey *s)
{
	for (size_t i = 0; i < s->ntargets; i++) {
		struct old_target *t = &s->targets[i];
		char name[256], text[ADDR_TEXT];

		if (t->names.n > 0)
			continue;
		addr_print(&t->addrs[0], text);
		for (char *c = text; *c != '\0'; c++)
			*c = *c == ':' ? '-' : *c;
		snprintf(name, sizeof(name), "host-%s", text);
		free_name(s, name, sizeof(name));
		names_add(&t->names, name);
	}
	strcpy(s->everywhere, "everywhere");
	free_name(s, s->everywhere, sizeof(s->everywhere));
}

/*
 * A new target; NULL if there is no room.  One address in many of them is
 * dear: names can be made for that, and decisions look at so many only.
 */
static struct old_target *
new_target(struct survey *s, const struct addr *list, size_t n, bool trusted)
{
	struct old_target *t;
	size_t most = 0;

	for (size_t i = 0; i < n; i++) {
		size_t has = 0;

		for (size_t j = 0; j < s->ntargets; j++)
			has += has_address(&s->targets[j], &list[i]);
		most = has > most ? has : most;
	}
	if (s->ntargets == ROOM ||
	    !take_room(s, trusted, most < OVERLAPS ? 1 : OVERLAP_COST))
		return NULL;
	s->targets = need(
	    reallocarray(s->targets, s->ntargets + 1, sizeof(*s->targets)));
	t = &s->targets[s->ntargets++];
	*t = (struct old_target){.n = n};
	memcpy(t->addrs, list, n * sizeof(*list));
	return t;
}

/* seen is NULL if it has to be exact. */
static enum place_error
target_at(struct survey *s, const char *host, uint16_t port,
    const struct seen *seen, struct old_target **found)
{
	bool trusted = seen != NULL && seen->trusted;
	struct addr list[TARGET_ADDRS];
	size_t n;
	enum place_error error = resolve(s, host, trusted, list, &n);

	if (error != PLACE_OK)
		return error;
	*found = find_target(s, list, n, seen == NULL);
	if (*found == NULL)
		*found = new_target(s, list, n, trusted);
	return *found != NULL && add_port(s, *found, port, seen) ? PLACE_OK
								 : PLACE_FULL;
}

enum place_error
target_exact(struct survey *s, const char *host, uint16_t port, int *target)
{
	struct old_target *t;
	enum place_error error = target_at(s, host, port, NULL, &t);

	if (error != PLACE_OK)
		return error;
	free_from_others(s, t, host);
	add_name(s, t, host, false);
	*target = (int)(t - s->targets);
	return PLACE_OK;
}

enum place_error
target_seen(struct survey *s, const struct seen *seen, int *target)
{
	struct old_target *t;
	enum place_error error =
	    target_at(s, seen->host, seen->port, seen, &t);

	if (error != PLACE_OK)
		return error;
	t->seen = true;
	t->trusted = t->trusted || seen->trusted;
	if (seen->name != NULL)
		add_name(s, t, seen->name, seen->trusted);
	add_name(s, t, seen->host, seen->trusted);
	*target = (int)(t - s->targets);
	return PLACE_OK;
}
