/* SPDX-License-Identifier: ISC */
/*
 * jump-authkeys: AuthorizedKeysCommand of sshd(8), and its
 * AuthorizedPrincipalsCommand.  A user and an offered key or certificate come
 * in, at most one line goes out, complete or not at all; sshd ignores it
 * unless we exit 0.
 */
#include <sys/types.h>

#include <err.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "confine.h"
#include "exit.h"
#include "grant.h"
#include "identify.h"
#include "login.h"
#include "login_device.h"
#include "probe.h"
#include "process.h"
#include "swept.h"
#include "text.h"

#define POLICY_IMAGE STATEDIR "/policy.db"
#define JUMP_SHELL   LIBEXECDIR "/jump-shell"

/* For all of it; keys-from has three of them. */
enum { SECONDS = 10 };

struct answer {
	struct login login;
	const struct directory *directory; /* NULL: not asked */
	uid_t uid;
	time_t now;
	bool names; /* /etc/hosts is as the load saw it */
	bool swept; /* jumpctl sweep runs */
	bool gate;  /* what is forwarded goes through jump-connect */
	struct grant_rights rights; /* of all on the account */
	int note;   /* of login_open() */
	bool mute;  /* a device, of which another login lives: it may not listen
		     */
	char *line;
	size_t size;
};

/* Why nobody gets in, where sshd(8) would drop it: in the log. */
static int
give_up(struct audit *audit, const struct offer *offer, const char *reason,
    int code)
{
	struct audit_event event = {.kind = AUDIT_LOGIN,
	    .outcome = AUDIT_FAILURE,
	    .user = offer->account,
	    .key = offer->fingerprint,
	    .uid = (uid_t)-1,
	    .reason = reason};

	return audit_write(audit, &event) == 0 ? code : EXIT_INTERNAL;
}

/* Make the line in memory; false, with a reason, if there is none. */
static bool
make_line(struct answer *a, const struct offer *offer)
{
	struct login *l = &a->login;
	const struct policy *p = l->person.policy;
	struct policy_request request;
	FILE *f;
	int result;

	decide_request(&request, &l->person, ROAD_FORWARD, a->now);
	request.swept = a->swept;
	request.gate = request.gate && a->gate;
	l->credential.step = offer->step;
	grant_rights_give(&a->rights, &l->person, &request);
	l->reason = keys_refused(p, &request);
	if (l->reason != NULL)
		return false;
	l->reason = "the line cannot be made";
	f = text_open(&a->line, &a->size);
	if (f == NULL)
		return false;
	result = offer->devices
	    ? keys_device_line(
		  p, &request, &l->credential, a->mute, JUMP_SHELL, f)
	    : keys_line(p, &request, &l->credential, a->names,
		  offer->principals, JUMP_SHELL, f);
	if (fclose(f) != 0 || result == -1)
		return false;
	l->reason = NULL;
	return true;
}

static int
record(struct audit *audit, const struct answer *a, const struct offer *offer)
{
	const struct login *l = &a->login;
	const struct person *person = &l->person;
	char hash[17];
	struct audit_event event = {.kind = AUDIT_LOGIN,
	    .outcome =
		l->reason == NULL && !a->mute ? AUDIT_SUCCESS : AUDIT_FAILURE,
	    .uid = a->uid,
	    .user = person->name,
	    .key = offer->fingerprint,
	    .ca = l->ca,
	    .certificate = l->key_id,
	    .serial = l->certified ? l->serial : NULL,
	    .reason = l->reason != NULL ? l->reason
		: a->mute		? "another login of this device is live"
					: NULL,
	    .policy = hash};

	policy_hash_text(person->policy, hash);
	if (strcmp(person->name, person->account) != 0)
		event.account = person->account;
	return audit_write(audit, &event);
}

static int
print_line(const struct answer *a)
{
	for (size_t done = 0; done < a->size;) {
		ssize_t n = write(
		    STDOUT_FILENO, a->line + done, a->size - done);

		if (n == -1)
			return EXIT_INTERNAL;
		done += (size_t)n;
	}
	return EXIT_OK;
}

/* What the login rests on, for those who judge it again. */
static void
note_credential(struct login_note *note, const struct login *l)
{
	const struct policy *p = l->person.policy;

	note->mfa = l->credential.verify ? LOGIN_MFA_KEY
	    : l->credential.step	 ? LOGIN_MFA_STEP
					 : LOGIN_MFA_NONE;
	note->by = l->credential.row != POLICY_NONE ? LOGIN_BY_KEY
						     : LOGIN_BY_DIRECTORY;
	if (l->ca == NULL)
		return;
	note->by = LOGIN_BY_CERTIFICATE;
	for (uint32_t i = 0; i < p->table[PT_CAS].n; i++) {
		const struct policy_ca *ca = policy_ca(p, i);

		if (strcmp(policy_string(p, ca->name), l->ca) == 0)
			memcpy(note->authority,
			    policy_key(p, ca->key)->fingerprint,
			    sizeof(note->authority));
	}
}

/* For those who look at the session later: who this is, and by what. */
static bool
note_login(struct answer *a, const struct offer *offer)
{
	const struct login *l = &a->login;
	struct login_note note = {.uid = a->uid, .time = a->now};

	note_credential(&note, l);
	if (offer->devices)
		note.device = a->mute ? LOGIN_MUTE : LOGIN_LISTENS;
	policy_hash_text(l->person.policy, note.policy);
	snprintf(note.user, sizeof(note.user), "%s", l->person.name);
	snprintf(note.key, sizeof(note.key), "%s", offer->fingerprint);
	if (login_write(a->note, &note, a->line, a->size) == 0)
		return true;
	a->login.reason = "the login cannot be noted";
	return false;
}

/* What is left when the machine has told all: no more look-ups. */
static int
answer(struct answer *a, const struct offer *offer, struct audit *audit)
{
	struct login *l = &a->login;

	a->now = time(NULL);
	if (identify(l, offer, a->directory, a->now) &&
	    make_line(a, offer))
		note_login(a, offer);
	if (policy_damaged(l->person.policy))
		return give_up(audit, offer, policy_strerror(POLICY_BROKEN),
		    EXIT_POLICY);
	if (record(audit, a, offer) == -1)
		return EXIT_INTERNAL;
	return l->reason == NULL ? print_line(a) : EXIT_OK;
}

/*
 * Whether the device whose key it is has another login, and enter this one.
 * Returns NULL, or why it cannot be let in.
 */
static const char *
look_up_device(struct answer *a, const struct policy *p, const char *name)
{
	uint32_t target = policy_find_target(p, name);
	struct login_live other;

	if (login_device_enter(LOGIN_DIRECTORY, "/proc", name, getppid()) == -1)
		return "the device's login cannot be noted";
	a->mute = login_device_lives(LOGIN_DIRECTORY, "/proc", geteuid(), name,
		      getppid(), &other) &&
	    (target == POLICY_NONE ||
		!(policy_target(p, target)->flags & TARGET_REPLACE));
	return NULL;
}

/*
 * Whether the account is who its uid is: jump-shell and jump-connect know no
 * more than that.
 */
static bool
is_uids(const char *account, uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	return pw != NULL && strcmp(pw->pw_name, account) == 0;
}

/* What the rights of a user depend on, but for the policy. */
static void
look_up_rights(struct answer *a, const struct policy *p, const char *account)
{
	a->swept = swept_lately(SWEPT_FILE, 0, time(NULL));
	a->gate = policy_meta(p)->gate != 0 && probe_gate(PROBE_MS);
	grant_rights_read(&a->rights, p, a->uid);
	grant_rights_judge(&a->rights, p, account, a->uid, time(NULL));
}

/*
 * Ask the machine about the account: NSS, addresses, and keys-from.  Returns
 * NULL, or why nobody can be let in; *code is then what to exit with.
 */
static const char *
look_up(struct answer *a, const struct policy *p, const struct offer *offer,
    int *code)
{
	static struct directory directory;
	const struct passwd *pw = getpwnam(offer->account);
	const char *device = identify_device(p, offer), *reason;
	gid_t gid;

	*code = EXIT_OK;
	if (pw == NULL)
		return "no such account";
	a->uid = pw->pw_uid;
	gid = pw->pw_gid;
	if (!is_uids(offer->account, a->uid))
		return "the account's uid is another's";
	reason = person_power(offer->account, gid);
	if (reason != NULL)
		return reason;
	a->names = policy_hosts_changed() == p->hosts_changed;
	if (!offer->devices)
		look_up_rights(a, p, offer->account);
	*code = EXIT_INTERNAL;
	if (person_look_up(
		&a->login.person, p, offer->account, gid) == -1)
		return "the machine's addresses cannot be read";
	if (device != NULL)
		return look_up_device(a, p, device);
	if (identify_wants_directory(&a->login, offer)) {
		directory_ask(&directory,
		    policy_string(p, policy_meta(p)->keys_from),
		    offer->account);
		a->directory = &directory;
	}
	return NULL;
}

static struct offer
read_offer(int argc, char **argv)
{
	struct offer offer = {0};

	offer.devices = argc == 6 && strcmp(argv[1], "--devices") == 0;
	argv += offer.devices;
	argc -= offer.devices;
	offer.step = argc > 5 && strcmp(argv[1], "--mfa") == 0;
	argv += offer.step;
	argc -= offer.step;
	offer.principals = argc == 6 && strcmp(argv[1], "--principals") == 0;
	argv += offer.principals;
	if (argc - offer.principals != 5)
		errx(EXIT_USAGE,
		    "usage: jump-authkeys [--mfa] [--principals] USER TYPE KEY "
		    "FINGERPRINT, or --devices with these, for sshd: "
		    "%%u %%t %%k %%f");
	offer.account = argv[1];
	offer.type = argv[2];
	offer.blob = argv[3];
	offer.fingerprint = argv[4];
	return offer;
}

int
main(int argc, char **argv)
{
	struct answer a = {.uid = (uid_t)-1};
	struct offer offer;
	struct audit audit;
	struct policy *policy;
	enum policy_error error;
	const char *reason;
	int code;

	if (process_signals() == -1 || process_repair_fds() == -1 ||
	    process_harden() == -1 || process_clear_env() == -1)
		return EXIT_INTERNAL;
	alarm(SECONDS);
	offer = read_offer(argc, argv);
	if (audit_open(&audit, "jump-authkeys", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");

	/* Before the policy is opened: who loads another then finds the note,
	 * if empty, and waits for what becomes of it. */
	a.note = login_open(LOGIN_DIRECTORY, getppid());
	/* A client needs a public key only, no login, to have a note made. */
	login_clean_at_times(LOGIN_DIRECTORY);
	error = policy_open(POLICY_IMAGE, 0, &policy);
	if (error != POLICY_OK)
		return give_up(&audit, &offer, policy_strerror(error),
		    EXIT_POLICY);
	if (!decide_zone(policy))
		return give_up(&audit, &offer,
		    "the policy's time zone is not on this machine",
		    EXIT_POLICY);
	reason = look_up(&a, policy, &offer, &code);
	if (reason != NULL)
		return give_up(&audit, &offer, reason, code);

	if (a.note == -1)
		return give_up(&audit, &offer, "the login cannot be noted",
		    EXIT_STATE);
	if (confine_printer(STDOUT_FILENO, audit.fd, a.note) == SANDBOX_FAILED)
		return give_up(&audit, &offer, "no sandbox", EXIT_INTERNAL);
	_exit(answer(&a, &offer, &audit));
}
