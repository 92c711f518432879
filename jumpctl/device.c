/* SPDX-License-Identifier: ISC */
#include "device.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit.h"

#define PROC "/proc"

const char *const device_state_names[DEVICE_STATES] = {
    "offline", "online", "duplicate", "foreign"};

/* Somebody who listens, and by which process, if sshd's. */
struct heard {
	struct listener at;
	const struct forward_login *by; /* or NULL */
	size_t login;			/* of a device; NONE: of none */
};

/* An address, or a path, of a device. */
struct place {
	size_t device;
	struct addr addr;
	uint16_t port; /* 0: the path */
	const char *path;
	uint32_t file; /* that is there; 0: none */
	size_t heard;  /* who gets its connections, or NONE */
};

static const size_t none = SIZE_MAX;

struct survey {
	struct live_world *world;
	struct device_list *list;
	struct reading reading;
	size_t *device_of; /* by PT_TARGETS */
	size_t *login_of;  /* by the forwards' logins */
	struct heard *heard;
	size_t nheard, heard_room;
	size_t *any; /* by port: one of heard that takes all addresses */
	struct place *places;
	size_t nplaces;
	unsigned programs; /* that were looked for */
	bool failed;
};

/* More programs than these are not looked for: each is a search of /proc. */
enum { PROGRAMS = 16 };

/*
 * Devices.
 */
static int
by_name(const void *a, const void *b)
{
	const struct device *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
print_at(const struct survey *s, struct device *d)
{
	const struct policy *p = s->world->policy;
	const struct policy_target *t = policy_target(p, d->target);
	struct policy_range ports = policy_clip(p, PT_PORTS, t->ports);
	const struct net *net;
	char text[ADDR_TEXT];
	size_t n;

	if (t->path != 0) {
		snprintf(d->at, sizeof(d->at), "%s", policy_string(p, t->path));
		return;
	}
	/* Not before: a row that is not there marks the policy as damaged. */
	net = policy_row(p, PT_NETS, t->nets.first);
	addr_print(&net->addr, text);
	n = (size_t)snprintf(
	    d->at, sizeof(d->at), addr_is_v4(&net->addr) ? "%s" : "[%s]", text);
	for (uint32_t i = 0; i < ports.n && n + 8 < sizeof(d->at); i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, ports.first + i);

		n += (size_t)snprintf(d->at + n, sizeof(d->at) - n, "%c%u",
		    i == 0 ? ':' : ',', port->port);
	}
}

/* All devices that the policy declares.  0 or -1. */
static int
find_devices(struct survey *s)
{
	const struct policy *p = s->world->policy;
	uint32_t n = p->table[PT_TARGETS].n;
	struct device_list *l = s->list;

	l->list = calloc(n + 1, sizeof(*l->list));
	s->device_of = calloc(n + 1, sizeof(*s->device_of));
	if (l->list == NULL || s->device_of == NULL)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		const struct policy_target *t = policy_target(p, i);

		s->device_of[i] = none;
		if (t->kind == TARGET_DEVICE)
			l->list[l->n++] = (struct device){.target = i,
			    .name = policy_string(p, t->name),
			    .account = policy_string(p, t->account)};
	}
	qsort(l->list, l->n, sizeof(*l->list), by_name);
	for (size_t i = 0; i < l->n; i++) {
		s->device_of[l->list[i].target] = i;
		print_at(s, &l->list[i]);
	}
	return 0;
}

static size_t
device_named(const struct survey *s, const char *name)
{
	uint32_t target = policy_find_target(s->world->policy, name);

	return target == POLICY_NONE ? none : s->device_of[target];
}

/*
 * Their logins.
 */

/* The note of a login; false if there is none that is of this account. */
static bool
read_note(const struct survey *s, const struct forward_login *f,
    struct login_note *note)
{
	struct procfs_process monitor;

	return procfs_read(PROC, f->process.parent, &monitor) == 0 &&
	    login_read(LOGIN_DIRECTORY, s->world->uid, monitor.pid,
		monitor.started, note, NULL) == 0 &&
	    note->uid == f->process.uid;
}

static void
look_at_login(struct survey *s, const struct forward_login *f)
{
	const struct policy *p = s->world->policy;
	struct device_login *to = &s->list->logins[s->list->nlogins];
	struct login_note note;
	uint32_t user;
	size_t device;

	if (!read_note(s, f, &note))
		return;
	user = policy_find_user(p, note.user);
	if (note.device == LOGIN_NO_DEVICE || user == POLICY_NONE ||
	    (policy_user(p, user)->flags & USER_DEVICE) == 0)
		return;
	device = device_named(s, note.user);
	if (device == none)
		return;
	*to = (struct device_login){
	    .device = device, .of = f, .mute = note.device == LOGIN_MUTE};
	to->live = live_login(s->world, f);
	snprintf(to->live.user, sizeof(to->live.user), "%s", note.user);
	memcpy(to->key, note.key, sizeof(to->key));
	s->list->nlogins++;
}

static int
by_device(const void *a, const void *b)
{
	const struct device_login *x = a, *y = b;
	uint64_t s = x->live.forward.process.started;
	uint64_t t = y->live.forward.process.started;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	if (s != t)
		return s < t ? -1 : 1;
	return x->live.pid < y->live.pid ? -1 : x->live.pid > y->live.pid;
}

/* 0 or -1. */
static int
find_logins(struct survey *s)
{
	const struct forwards *f = &s->reading.forwards;
	struct device_list *l = s->list;

	l->logins = calloc(f->nlogins + 1, sizeof(*l->logins));
	s->login_of = calloc(f->nlogins + 1, sizeof(*s->login_of));
	if (l->logins == NULL || s->login_of == NULL)
		return -1;
	for (size_t i = 0; i < f->nlogins; i++) {
		s->login_of[i] = none;
		look_at_login(s, &f->logins[i]);
	}
	qsort(l->logins, l->nlogins, sizeof(*l->logins), by_device);
	for (size_t i = l->nlogins; i-- > 0;) {
		s->login_of[l->logins[i].of - f->logins] = i;
		l->logins[i].of = NULL;
		l->list[l->logins[i].device].first = i;
		l->list[l->logins[i].device].n++;
	}
	return 0;
}

/*
 * Who listens.
 */
static bool
keep_listener(void *arg, const struct listener *at)
{
	struct survey *s = arg;
	struct heard *more;

	if (s->nheard == s->heard_room) {
		s->heard_room = s->heard_room * 2 + 64;
		more = reallocarray(s->heard, s->heard_room, sizeof(*more));
		s->failed = more == NULL;
		if (more == NULL)
			return false;
		s->heard = more;
	}
	s->heard[s->nheard++] = (struct heard){.at = *at, .login = none};
	return true;
}

static void
print_listener(const struct listener *at, char *buf, size_t size)
{
	char text[ADDR_TEXT];

	addr_print(&at->addr, text);
	if (at->port == 0)
		snprintf(buf, size, "%s", at->path);
	else
		snprintf(buf, size, strchr(text, ':') ? "[%s]:%u" : "%s:%u",
		    text, at->port);
}

/* Where a login listens is added to what it has. */
static void
add_at(struct device_login *l, const struct listener *at)
{
	size_t n = strlen(l->at);
	char text[LISTENER_PATH + 8];

	print_listener(at, text, sizeof(text));
	if (n + strlen(text) + 2 < sizeof(l->at))
		snprintf(l->at + n, sizeof(l->at) - n, "%s%s",
		    n == 0 ? "" : " ", text);
}

/* 0 or -1. */
static int
find_listeners(struct survey *s)
{
	s->any = calloc(UINT16_MAX + 1, sizeof(*s->any));
	if (s->any == NULL || listener_tcp(keep_listener, s) == -1 ||
	    listener_local(keep_listener, s) == -1)
		return -1;
	for (size_t i = 0; i <= UINT16_MAX; i++)
		s->any[i] = none;
	for (size_t i = 0; i < s->nheard; i++) {
		struct heard *h = &s->heard[i];
		pid_t pid = forwards_holder(&s->reading.forwards, h->at.inode);

		if (h->at.any)
			s->any[h->at.port] = i;
		if (pid == 0)
			continue;
		h->by = forwards_login(&s->reading.forwards, pid);
		if (h->by != NULL)
			h->login =
			    s->login_of[h->by - s->reading.forwards.logins];
		if (h->login != none)
			add_at(&s->list->logins[h->login], &h->at);
	}
	return 0;
}

/*
 * Places.
 */
static int
by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	if (x->port == 0)
		return strcmp(x->path, y->path);
	return memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

static int
by_owner(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return (int)x->port - (int)y->port;
}

static struct place
place_of(const struct policy *p, const struct policy_target *t, size_t device,
    uint16_t port)
{
	struct place place = {.device = device,
	    .port = port,
	    .path = policy_string(p, t->path),
	    .heard = none};
	const struct net *net;
	struct stat st;

	if (t->path == 0) {
		net = policy_row(p, PT_NETS, t->nets.first);
		place.addr = net->addr;
	} else if (lstat(place.path, &st) == 0 && S_ISSOCK(st.st_mode))
		place.file = (uint32_t)st.st_ino;
	return place;
}

/* 0 or -1. */
static int
find_places(struct survey *s)
{
	const struct policy *p = s->world->policy;
	size_t room = 0;

	for (size_t i = 0; i < s->list->n; i++)
		room += policy_target(p, s->list->list[i].target)->ports.n;
	s->places = calloc(room + 1, sizeof(*s->places));
	if (s->places == NULL)
		return -1;
	for (size_t i = 0; i < s->list->n; i++) {
		const struct policy_target *t =
		    policy_target(p, s->list->list[i].target);
		struct policy_range r = policy_clip(p, PT_PORTS, t->ports);

		for (uint32_t k = 0; k < r.n && s->nplaces < room; k++) {
			const struct policy_port *port =
			    policy_row(p, PT_PORTS, r.first + k);

			s->places[s->nplaces++] = place_of(p, t, i, port->port);
		}
	}
	return 0;
}

/* Of one address, and of a path that is still that file, there is one. */
static void
settle(struct survey *s)
{
	qsort(s->places, s->nplaces, sizeof(*s->places), by_place);
	for (size_t i = 0; i < s->nheard; i++) {
		const struct listener *at = &s->heard[i].at;
		const struct place key = {
		    .addr = at->addr, .port = at->port, .path = at->path};
		struct place *found = s->nplaces == 0 || at->any
		    ? NULL
		    : bsearch(
			  &key, s->places, s->nplaces, sizeof(key), by_place);

		if (found != NULL && (at->port != 0 || at->file == found->file))
			found->heard = i;
	}
	for (size_t i = 0; i < s->nplaces; i++) {
		struct place *place = &s->places[i];

		if (place->port != 0 && place->heard == none)
			place->heard = s->any[place->port];
	}
	qsort(s->places, s->nplaces, sizeof(*s->places), by_owner);
}

/*
 * Troubles.
 */
__attribute__((format(printf, 3, 4))) static void
trouble(struct survey *s, size_t device, const char *format, ...)
{
	struct device_list *l = s->list;
	struct device_trouble *t;
	char text[DEVICE_TROUBLE];
	va_list ap;

	if (l->ntroubles % 64 == 0) {
		t = reallocarray(l->troubles, l->ntroubles + 64, sizeof(*t));
		s->failed = s->failed || t == NULL;
		if (t == NULL)
			return;
		l->troubles = t;
	}
	t = &l->troubles[l->ntroubles++];
	t->device = device;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	audit_escape(t->text, sizeof(t->text), text);
}

/* Whether one of the descriptors of a process is the socket. */
static bool
has_socket(pid_t pid, const char *wanted)
{
	char path[64], link[64];
	const struct dirent *e;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), PROC "/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir != NULL && !found && (e = readdir(dir)) != NULL) {
		ssize_t n =
		    readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = '\0';
		found = strcmp(link, wanted) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

/* Whoever has the socket open, "NAME, pid N, of"; or "a process of". */
static void
find_program(struct survey *s, uint32_t inode, char *buf, size_t size)
{
	char wanted[64];
	struct procfs_process p;
	DIR *dir = s->programs++ < PROGRAMS ? opendir(PROC) : NULL;
	const struct dirent *e;
	uint64_t pid;

	snprintf(buf, size, "a process of");
	snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		if (!number_parse(&pid, e->d_name, 1, INT32_MAX) ||
		    !has_socket((pid_t)pid, wanted) ||
		    procfs_read(PROC, (pid_t)pid, &p) == -1)
			continue;
		snprintf(buf, size, "%s, pid %d, of", p.name, (int)p.pid);
		break;
	}
	if (dir != NULL)
		closedir(dir);
}

static void
tell_foreign(struct survey *s, const struct place *place)
{
	const struct heard *h = &s->heard[place->heard];
	const struct passwd *pw = getpwuid(h->at.uid);
	char at[LISTENER_PATH + 8], program[PROCFS_NAME + 32];
	const char *account = pw == NULL ? "no account" : pw->pw_name;

	print_listener(&h->at, at, sizeof(at));
	if (h->login != none) {
		const struct device_login *l = &s->list->logins[h->login];

		trouble(s, place->device,
		    "%s: the login of %s, pid %d, listens", at, l->live.user,
		    (int)l->live.pid);
	} else if (h->by != NULL) {
		trouble(s, place->device,
		    "%s: a login of %s (uid %u), pid %d, listens, and it is "
		    "not noted to be this device's; one of before the policy "
		    "comes back noted after kill %d",
		    at, account, h->at.uid, (int)h->by->process.pid,
		    (int)h->by->process.pid);
	} else {
		find_program(s, h->at.inode, program, sizeof(program));
		trouble(s, place->device, "%s: %s %s (uid %u), listens", at,
		    program, account, h->at.uid);
	}
}

/* Local time, as people read it. */
static void
print_since(int64_t started, char *buf, size_t size)
{
	time_t since = (time_t)started;
	struct tm tm;

	buf[0] = '\0';
	if (localtime_r(&since, &tm) != NULL)
		strftime(buf, size, "%F %T", &tm);
}

static void
tell_duplicate(struct survey *s, size_t device)
{
	const struct device *d = &s->list->list[device];
	char since[32];

	for (size_t i = d->first; i < d->first + d->n; i++) {
		const struct device_login *l = &s->list->logins[i];

		print_since(l->live.started, since, sizeof(since));
		trouble(s, device, "login since %s from %s, pid %d, %s%s",
		    since, l->live.source, (int)l->live.pid,
		    l->mute		 ? "may not listen: it came second"
			: *l->at == '\0' ? "listens nowhere"
					 : "listens at ",
		    l->at);
	}
}

/* A login, and nobody who listens where it should. */
static void
tell_deaf(struct survey *s, const struct place *place)
{
	const struct device *d = &s->list->list[place->device];
	const struct device_login *l = &s->list->logins[d->first];
	char at[LISTENER_PATH + 8];
	const char *why = "";

	if (place->port == 0)
		snprintf(at, sizeof(at), "%s", place->path);
	else
		print_listener(&(struct listener){.addr = place->addr,
				   .port = place->port},
		    at, sizeof(at));
	if (place->port != 0 && strncmp(l->at, "127.0.0.1:", 10) == 0)
		why = ": GatewayPorts of sshd is not clientspecified";
	else if (place->port != 0 && strncmp(l->at, "0.0.0.0:", 8) == 0)
		why = ": GatewayPorts of sshd is yes, not clientspecified";
	if (l->mute)
		why = "; another login was there when it came, and it may not";
	trouble(s, place->device,
	    "logged in from %s, pid %d, but not listening at %s%s%s%s",
	    l->live.source, (int)l->live.pid, at,
	    *l->at == '\0' ? "" : "; it is at ", l->at, why);
}

/*
 * Judging.
 */

/* Whether whoever gets the connections is one of the device's own logins. */
static bool
is_own(const struct survey *s, const struct place *place)
{
	const struct heard *h = &s->heard[place->heard];

	return h->login != none &&
	    s->list->logins[h->login].device == place->device;
}

/* The places of one device, which are n. */
static void
judge_device(
    struct survey *s, struct device *d, const struct place *place, size_t n)
{
	size_t device = (size_t)(d - s->list->list), own = 0, foreign = 0;

	for (size_t i = 0; i < n; i++) {
		if (place[i].heard == none)
			continue;
		if (!is_own(s, &place[i])) {
			foreign++;
			tell_foreign(s, &place[i]);
		} else if (!s->heard[place[i].heard].at.any) {
			own++;
		}
	}
	if (d->n > 1)
		tell_duplicate(s, device);
	for (size_t i = 0; i < n && d->n == 1; i++) {
		if (place[i].heard == none ||
		    (is_own(s, &place[i]) && s->heard[place[i].heard].at.any))
			tell_deaf(s, &place[i]);
	}
	d->state = foreign > 0 ? DEVICE_FOREIGN
	    : d->n > 1	       ? DEVICE_DUPLICATE
	    : own > 0	       ? DEVICE_ONLINE
			       : DEVICE_OFFLINE;
}

static void
judge(struct survey *s)
{
	size_t first = 0;

	for (size_t i = 0; i < s->list->n; i++) {
		size_t n = 0;

		while (
		    first + n < s->nplaces && s->places[first + n].device == i)
			n++;
		judge_device(s, &s->list->list[i], &s->places[first], n);
		first += n;
	}
}

/* A relay is known by what was asked for, a forward by its address. */
static void
count_sessions(struct survey *s, const struct live_list *sessions)
{
	for (size_t i = 0; i < sessions->n; i++) {
		const struct live *l = &sessions->list[i];
		size_t device =
		    device_named(s, *l->name != '\0' ? l->name : l->target);

		if (device != none)
			s->list->list[device].sessions++;
	}
}

int
devices_read(struct live_world *w, struct device_list *l)
{
	struct survey s = {.world = w, .list = l};
	struct live_list sessions = {0};
	int result;

	*l = (struct device_list){0};
	result = live_read_from(w, &sessions, &s.reading);
	if (result == 0 &&
	    (find_devices(&s) == -1 || find_logins(&s) == -1 ||
		find_places(&s) == -1 || find_listeners(&s) == -1))
		result = -1;
	if (result == 0) {
		settle(&s);
		judge(&s);
		count_sessions(&s, &sessions);
		l->hidden = sessions.hidden;
	}
	live_free(&sessions);
	reading_free(&s.reading);
	free(s.device_of);
	free(s.login_of);
	free(s.heard);
	free(s.any);
	free(s.places);
	if (result == 0 && s.failed)
		errno = ENOMEM;
	return s.failed ? -1 : result;
}

void
devices_free(struct device_list *l)
{
	free(l->list);
	free(l->logins);
	free(l->troubles);
	*l = (struct device_list){0};
}

const struct device *
device_find(const struct device_list *l, const char *name)
{
	const struct device key = {.name = name};

	return l->n == 0 ? NULL
			 : bsearch(&key, l->list, l->n, sizeof(key), by_name);
}

const struct live *
device_login_of(const struct device_list *l, const struct device *d)
{
	return d->n == 1 ? &l->logins[d->first].live : NULL;
}
