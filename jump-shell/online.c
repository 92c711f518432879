/* SPDX-License-Identifier: ISC */
#include "online.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>

static bool
keep(void *arg, const struct listener *l)
{
	struct online *o = arg;
	size_t room = o->room == 0 ? 64 : 2 * o->room;
	struct listener *more;

	if (o->n == o->room) {
		more = reallocarray(o->list, room, sizeof(*more));
		if (more == NULL)
			return false;
		o->list = more;
		o->room = room;
	}
	o->list[o->n++] = *l;
	return true;
}

/* Paths, which have the port 0, by account: the same may have two. */
static int
order(const void *a, const void *b)
{
	const struct listener *x = a, *y = b;
	int by;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	by = x->port == 0 ? strcmp(x->path, y->path)
			  : memcmp(&x->addr, &y->addr, sizeof(x->addr));
	if (by != 0)
		return by;
	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

static void
read_all(struct online *o)
{
	o->read = true;
	o->failed =
	    listener_tcp(keep, o) == -1 || listener_local(keep, o) == -1;
	if (o->n > 0)
		qsort(o->list, o->n, sizeof(*o->list), order);
}

/* Whether the account is there; its uid is in o. */
static bool
look_up(struct online *o, const char *account)
{
	const struct passwd *pw;

	if (*o->account != '\0' && strcmp(o->account, account) == 0)
		return o->known;
	snprintf(o->account, sizeof(o->account), "%s", account);
	pw = getpwnam(account);
	o->known = pw != NULL;
	if (pw != NULL)
		o->uid = pw->pw_uid;
	return o->known;
}

static bool
has(const struct online *o, const struct listener *key)
{
	return o->n > 0 &&
	    bsearch(key, o->list, o->n, sizeof(*key), order) != NULL;
}

static bool
has_port(const struct online *o, const struct policy *p,
    const struct policy_target *t, uint16_t port)
{
	const struct net *net = policy_row(p, PT_NETS, t->nets.first);
	const struct listener key = {
	    .uid = o->uid, .addr = net->addr, .port = port};

	return has(o, &key);
}

/* On the port, or if it is 0, on one of those that the device has. */
static bool
has_ports(const struct online *o, const struct policy *p,
    const struct policy_target *t, uint16_t port)
{
	struct policy_range r = policy_clip(p, PT_PORTS, t->ports);
	bool found = false;

	if (port != 0)
		return has_port(o, p, t, port);
	for (uint32_t i = 0; i < r.n && !found; i++) {
		const struct policy_port *one =
		    policy_row(p, PT_PORTS, r.first + i);

		found = has_port(o, p, t, one->port);
	}
	return found;
}

static bool
has_path(const struct online *o, const char *path)
{
	struct listener key = {.uid = o->uid};

	if (strlen(path) >= sizeof(key.path))
		return false;
	strcpy(key.path, path);
	return has(o, &key);
}

enum online_state
online_of(struct online *o, const struct policy *p,
    const struct policy_target *t, uint16_t port)
{
	bool found;

	if (t->kind != TARGET_DEVICE)
		return ONLINE_NO_DEVICE;
	if (!o->read)
		read_all(o);
	if (o->failed)
		return ONLINE_NO_DEVICE;
	if (!look_up(o, policy_string(p, t->account)))
		return ONLINE_NO;
	found = t->path != 0 ? has_path(o, policy_string(p, t->path))
			     : has_ports(o, p, t, port);
	return found ? ONLINE_YES : ONLINE_NO;
}

void
online_free(struct online *o)
{
	free(o->list);
	*o = (struct online){0};
}

const char *
online_word(enum online_state state)
{
	return state == ONLINE_NO ? "offline" : "";
}
