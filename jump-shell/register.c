/* SPDX-License-Identifier: ISC */
#include "register.h"

#include <pwd.h>
#include <string.h>
#include <time.h>

#include "../jump-authkeys/keys.h"
#include "exit.h"

enum { PLACES_TEXT = 1024, SINCE_TEXT = 64 };

bool
register_account(const struct policy *p, const char *account)
{
	uint32_t owner = policy_find_account(p, account);

	return owner != POLICY_NONE &&
	    (policy_user(p, owner)->flags & USER_DEVICE) != 0;
}

/* The device of that name, if it has this account; or POLICY_NONE. */
static uint32_t
find_device(const struct policy *p, const char *name, const char *account)
{
	uint32_t row = policy_find_target(p, name);
	const struct policy_target *t;

	if (row == POLICY_NONE)
		return POLICY_NONE;
	t = policy_target(p, row);
	return t->kind == TARGET_DEVICE &&
		strcmp(policy_string(p, t->name), name) == 0 &&
		strcmp(policy_string(p, t->account), account) == 0
	    ? row
	    : POLICY_NONE;
}

/*
 * The device that the note of this login is of, if it is _jump's note and of
 * this account, and if sshd has been given the same name.  POLICY_NONE, and
 * why not.
 */
static uint32_t
find_self(const struct visit *s, const char **why)
{
	const struct device *d = &s->device;
	const struct passwd *pw = getpwnam("_jump");
	uint32_t row;

	*why = "the login has no note of a device";
	if (d->monitor == 0 || pw == NULL || d->owner != pw->pw_uid ||
	    d->note.uid != s->uid)
		return POLICY_NONE;
	*why = "the login is another's than the key line says";
	if (s->id == NULL || strcmp(s->id, d->note.user) != 0)
		return POLICY_NONE;
	*why = "the policy has no such device on this account";
	row = find_device(s->policy, d->note.user, s->account);
	if (row == POLICY_NONE ||
	    policy_has_key(s->policy, d->note.key,
		policy_find_user(s->policy, d->note.user)))
		return row;
	*why = "the key of the login is the device's no more";
	return POLICY_NONE;
}

/* One record: it is told where it may listen, or which login is to end. */
static int
record(
    struct visit *s, enum audit_outcome outcome, pid_t pid, const char *reason)
{
	char hash[17];
	struct audit_event event = {.kind = AUDIT_REGISTER,
	    .outcome = outcome,
	    .uid = s->uid,
	    .user = s->person.name,
	    .source = s->from_text,
	    .session = s->reference,
	    .pid = pid,
	    .reason = reason,
	    .policy = hash};

	policy_hash_text(s->policy, hash);
	if (strcmp(s->person.name, s->account) != 0)
		event.account = s->account;
	return audit_write(&s->audit, &event);
}

struct ending {
	struct visit *s;
	pid_t pid; /* 0: no record of it */
};

static int
record_ending(void *arg, pid_t pid)
{
	struct ending *e = arg;

	if (record(e->s, AUDIT_SUCCESS, pid,
		"a newer login of this device has registered") == -1)
		return -1;
	e->pid = pid;
	return 0;
}

static const char *
since(char buf[SINCE_TEXT], time_t when)
{
	struct tm tm;

	if (localtime_r(&when, &tm) == NULL ||
	    strftime(buf, SINCE_TEXT, "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
		strcpy(buf, "an unknown time");
	return buf;
}

/* A login that stays. */
static int
refuse_busy(struct visit *s, const struct login_live *other)
{
	char what[256], when[SINCE_TEXT];
	struct audit_event event = {
	    .reason = "another login of this device is live",
	    .request = s->request};

	snprintf(what, sizeof(what), "%s has another login, since %s.",
	    s->person.name, since(when, (time_t)other->note.time));
	return visit_refuse(s, &event, what, EXIT_BUSY);
}

static bool
is_newer(const struct device *d, const struct login_live *other)
{
	return other->started > d->started ||
	    (other->started == d->started && other->monitor > d->monitor);
}

/* The others of the device end, or this fails.  An exit code. */
static int
end_others(struct visit *s, bool replace)
{
	const struct device *d = &s->device;
	size_t n = d->n < DEVICE_LOGINS ? (size_t)d->n : DEVICE_LOGINS;

	for (size_t i = 0; i < n; i++) {
		const struct login_live *other = &d->logins[i];

		if (other->monitor != d->monitor &&
		    (!replace || is_newer(d, other)))
			return refuse_busy(s, other);
	}
	for (size_t i = 0; i < n; i++) {
		struct ending e = {.s = s};

		if (d->logins[i].monitor == d->monitor ||
		    device_end(
			"/proc", &d->logins[i], s->uid, record_ending, &e) == 0)
			continue;
		if (e.pid != 0 &&
		    record(s, AUDIT_FAILURE, e.pid, "it has not ended") == 0)
			return refuse_busy(s, &d->logins[i]);
		return visit_broken("end an older login");
	}
	return EXIT_OK;
}

/* ADDRESS:PORT, and more with spaces, or the path. */
static void
places(const struct policy *p, const struct policy_target *t,
    char buf[PLACES_TEXT])
{
	struct policy_range r = policy_clip(p, PT_PORTS, t->ports);
	char address[ADDR_TEXT];
	size_t n = 0;

	if (t->path != 0) {
		snprintf(buf, PLACES_TEXT, "%s", policy_string(p, t->path));
		return;
	}
	addr_print(&((const struct net *)policy_row(
			 p, PT_NETS, policy_clip(p, PT_NETS, t->nets).first))
			->addr,
	    address);
	buf[0] = '\0';
	for (uint32_t i = 0; i < r.n && n < PLACES_TEXT; i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, r.first + i);

		n += (size_t)snprintf(buf + n, PLACES_TEXT - n, "%s%s:%u",
		    i == 0 ? "" : " ", address, port->port);
	}
}

/* Whether the device may have rights now; EXIT_OK, or refused. */
static int
judge(struct visit *s, const char *name)
{
	struct policy_request request;
	const char *why;

	if (person_look_up(&s->person, s->policy, s->account, s->gid) == -1 ||
	    person_identify_device(&s->person, name) == -1)
		return visit_refuse_because(s,
		    "the user or the machine cannot be judged",
		    "who you are cannot be found out.", EXIT_INTERNAL);
	decide_request(&request, &s->person, ROAD_FORWARD, time(NULL));
	why = keys_refused(s->policy, &request);
	return why == NULL
	    ? EXIT_OK
	    : visit_refuse_because(
		  s, why, "this device may not listen now.", EXIT_DENIED);
}

static int
serve(struct visit *s)
{
	char text[PLACES_TEXT];
	const struct policy_target *t;
	const char *why;
	uint32_t row = find_self(s, &why);
	int code;

	if (row == POLICY_NONE)
		return visit_refuse_because(
		    s, why, "this login is of no device.", EXIT_DENIED);
	t = policy_target(s->policy, row);
	code = judge(s, policy_string(s->policy, t->name));
	if (code != EXIT_OK)
		return code;
	if (s->device.n == -1)
		return visit_refuse_because(s,
		    "the logins of the device cannot be found out",
		    "your other logins cannot be found out.", EXIT_INTERNAL);
	code = end_others(s, (t->flags & TARGET_REPLACE) != 0);
	if (code != EXIT_OK)
		return code;
	if (record(s, AUDIT_SUCCESS, 0, NULL) == -1)
		return visit_broken("keep records");
	places(s->policy, t, text);
	printf("jump: %s: listen at %s\n", s->person.name, text);
	return EXIT_OK;
}

static void
help(void)
{
	fputs("register    which device this is, and where it may listen; "
	      "where the policy\n"
	      "            says `replace', an older login of it ends\n"
	      "help        this text\n"
	      "\n"
	      "The tunnel itself: ssh -N -R ADDRESS:PORT:localhost:22, or\n"
	      "ssh -N -R PATH:localhost:22\n",
	    stdout);
}

int
register_serve(
    struct visit *s, enum command_error error, const struct command *c)
{
	struct audit_event event = {
	    .reason = "no request of a device", .request = s->request};
	char sentence[COMMAND_SENTENCE];
	int code = EXIT_OK;

	if (error == COMMAND_OK && c->verb == COMMAND_REGISTER) {
		code = serve(s);
	} else if (error == COMMAND_OK && c->verb == COMMAND_HELP) {
		help();
	} else if (error == COMMAND_MALFORMED &&
	    (c->verb == COMMAND_REGISTER || c->verb == COMMAND_HELP)) {
		event.reason = command_error_reason(error);
		return visit_refuse(s, &event,
		    command_error_text(error, c, sentence), EXIT_USAGE);
	} else {
		return visit_refuse(s, &event,
		    "a device can only register here, and have sshd listen "
		    "(ssh -N -R).",
		    EXIT_DENIED);
	}
	return code;
}
