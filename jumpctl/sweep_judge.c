/* SPDX-License-Identifier: ISC */
#include "sweep.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "factor.h"

enum { GENERATIONS = 32 };

static struct end *
add(struct sweep *s, const struct live *l)
{
	struct end *more;

	if (s->nends == s->room) {
		s->room = s->room * 2 + 16;
		more = reallocarray(s->ends, s->room, sizeof(*more));
		if (more == NULL)
			err(EXIT_INTERNAL, NULL);
		s->ends = more;
	}
	s->ends[s->nends] = (struct end){.live = l, .rule = ""};
	return &s->ends[s->nends++];
}

/* NULL: the machine has it no more. */
static const char *
account_of(const struct live_owner *o)
{
	return o->known ? o->account : NULL;
}

static struct judge_relay
relay_of(const struct sweep *s, const struct live *l)
{
	struct judge_relay r = {
	    .account = account_of(l->owner), .page = &l->seen.page};

	r.gate = l->seen.uid == s->world.uid;
	r.mfa = r.gate &&
	    factor_of_all(
		"/proc", LOGIN_DIRECTORY, s->world.uid, l->owner->uid);
	return r;
}

/* One that has ended, and waits for the log, would only lose its record. */
static void
judge_relays(struct sweep *s)
{
	for (size_t i = 0; i < s->sessions.n; i++) {
		const struct live *l = &s->sessions.list[i];
		char reason[JUDGE_REASON];
		const char *rule;
		struct judge_relay relay;
		struct end *end;

		if (!l->relay || l->seen.page.ended)
			continue;
		relay = relay_of(s, l);
		if (judge_relay(&s->judge, &relay, &rule, reason))
			continue;
		end = add(s, l);
		end->rule = rule;
		strcpy(end->reason, reason);
	}
}

enum note { NOTE_READ, NOTE_NONE, NOTE_AGAIN, NOTE_BAD };

/* What it means that a note cannot be read, by errno. */
static enum note
unread_note(const struct live *l)
{
	if (errno == EAGAIN && l->asks)
		return NOTE_AGAIN;
	return errno == ENOENT || errno == ESTALE || errno == ENODATA
	    ? NOTE_NONE
	    : NOTE_BAD;
}

/*
 * The note of a login; *line is the caller's.  One that was refused, or of a
 * process before, or of another account, says nothing of this login.  Who is
 * logging in may have asked again since the note was looked at.
 */
static enum note
read_note(const struct sweep *s, const struct live *l, struct login_note *note,
    char **line)
{
	const struct procfs_process *p = &l->forward.process;
	struct procfs_process monitor = *p;

	if (!l->asks && procfs_read("/proc", p->parent, &monitor) == -1)
		return errno == ENOENT || errno == ESRCH ? NOTE_NONE : NOTE_BAD;
	if (monitor.uid != 0)
		return NOTE_NONE;
	if (login_read(LOGIN_DIRECTORY, s->world.uid, monitor.pid,
		monitor.started, note, line) == -1)
		return unread_note(l);
	if (note->uid == l->owner->uid)
		return NOTE_READ;
	free(*line);
	return NOTE_NONE;
}

/* To be compared with the others of its device. */
static void
add_device(struct sweep *s, const struct live *l, int64_t written)
{
	struct device_login *more;

	if (s->ndevices == s->device_room) {
		s->device_room = s->device_room * 2 + 16;
		more = reallocarray(s->devices, s->device_room, sizeof(*more));
		if (more == NULL)
			err(EXIT_INTERNAL, NULL);
		s->devices = more;
	}
	s->devices[s->ndevices++] = (struct device_login){l, written};
}

/*
 * Whether the login may go on.  Without a note, only members of the groups jump
 * and jump-devices are ours, on this network: nobody else logs in by
 * jump-authkeys, and an administrator does not.
 */
static bool
may_go_on(struct sweep *s, struct live *l, char reason[JUDGE_REASON])
{
	const struct live_owner *o = l->owner;
	struct login_note note;
	char *line = NULL;
	bool may;

	if (o->admin)
		return true;
	switch (read_note(s, l, &note, &line)) {
	case NOTE_READ:
		break;
	case NOTE_NONE:
		strcpy(reason, "nothing says what it was given");
		return !o->member || l->forward.far || l->asks;
	case NOTE_AGAIN:
		s->waiting += !login_opened_after(LOGIN_DIRECTORY,
		    l->forward.process.pid, &s->since);
		return true;
	case NOTE_BAD:
		strcpy(reason, "the note about it cannot be read");
		return false;
	}
	snprintf(l->user, sizeof(l->user), "%s", note.user);
	may = judge_login(&s->judge, account_of(o), &note, line, reason);
	free(line);
	/* Whoever has the public key can ask without end, and has nothing. */
	if (l->asks && note.device == LOGIN_MUTE)
		return true;
	if (may && note.device != LOGIN_NO_DEVICE && !l->asks)
		add_device(s, l, note.written);
	return may;
}

/* The forwards of a login, which end with it. */
static void
add_forwards(struct sweep *s, const struct live *login, const char *reason)
{
	const struct procfs_process *p = &login->forward.process;

	for (size_t i = 0; i < s->sessions.n; i++) {
		const struct live *l = &s->sessions.list[i];

		if (!l->relay && l->pid == p->pid &&
		    l->forward.process.started == p->started)
			strcpy(add(s, l)->reason, reason);
	}
}

/* The login by which a relay came: what the monitor, root's, has started. */
static struct carrier
find_carrier(const struct live *relay)
{
	struct procfs_process p, parent;
	pid_t pid = relay->pid;

	for (int i = 0; i < GENERATIONS && pid > 1; i++) {
		if (procfs_read("/proc", pid, &p) == -1 ||
		    procfs_read("/proc", p.parent, &parent) == -1)
			break;
		if (parent.uid == 0)
			return (struct carrier){p.pid, p.started};
		pid = parent.pid;
	}
	return (struct carrier){0};
}

/* Only where some login ends is this looked for. */
static void
find_carriers(struct sweep *s)
{
	if (s->carriers != NULL)
		return;
	s->carriers = calloc(s->sessions.n + 1, sizeof(*s->carriers));
	if (s->carriers == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < s->sessions.n; i++) {
		if (s->sessions.list[i].relay)
			s->carriers[i] = find_carrier(&s->sessions.list[i]);
	}
}

static bool
ends_already(const struct sweep *s, const struct live *l)
{
	for (size_t i = 0; i < s->nends; i++) {
		if (s->ends[i].live == l)
			return true;
	}
	return false;
}

/*
 * The relays of a login, which would end with it, and say that their client
 * went away.
 */
static void
add_relays(struct sweep *s, const struct live *login, const char *reason)
{
	const struct procfs_process *p = &login->forward.process;

	find_carriers(s);
	for (size_t i = 0; i < s->sessions.n; i++) {
		const struct live *l = &s->sessions.list[i];

		if (l->relay && !l->seen.page.ended &&
		    s->carriers[i].pid == p->pid &&
		    s->carriers[i].started == p->started && !ends_already(s, l))
			strcpy(add(s, l)->reason, reason);
	}
}

/* A login, and all that came by it. */
static void
add_login(struct sweep *s, const struct live *l, const char *reason)
{
	struct end *end = add(s, l);

	end->login = true;
	strcpy(end->reason, reason);
	add_relays(s, l, reason);
	add_forwards(s, l, reason);
}

/* Who is only logging in may ask again, and be given less then. */
static void
judge_logins(struct sweep *s, struct live_list *logins)
{
	for (size_t i = 0; i < logins->n; i++) {
		struct live *l = &logins->list[i];
		char reason[JUDGE_REASON];

		if (may_go_on(s, l, reason))
			continue;
		s->waiting += l->asks;
		if (l->asks && s->patient)
			continue;
		add_login(s, l, reason);
	}
	s->waiting += logins->undecided;
}

static int
by_device(const void *a, const void *b)
{
	const struct device_login *x = a, *y = b;
	int order = strcmp(x->live->user, y->live->user);

	if (order != 0)
		return order;
	if (x->written != y->written)
		return x->written < y->written ? -1 : 1;
	return x->live->pid < y->live->pid ? -1 : x->live->pid > y->live->pid;
}

/*
 * Of the logins of one device that each could go on, one does: the oldest, or
 * with replace the newest.
 */
static void
judge_devices(struct sweep *s)
{
	if (s->ndevices > 0)
		qsort(s->devices, s->ndevices, sizeof(*s->devices), by_device);
	for (size_t i = 1; i < s->ndevices; i++) {
		const struct live *older = s->devices[i - 1].live;
		const struct live *newer = s->devices[i].live;

		if (strcmp(older->user, newer->user) != 0)
			continue;
		if (judge_replaces(&s->judge, newer->user))
			add_login(s, older,
			    "a newer login of this device replaces it");
		else
			add_login(
			    s, newer, "an older login of this device is live");
	}
}

void
sweep_judge(struct sweep *s)
{
	judge_relays(s);
	judge_logins(s, &s->logins);
	judge_devices(s);
	judge_logins(s, &s->asking);
}
