/*
 * jump-authkeys: AuthorizedKeysCommand of sshd(8).  A user and an offered key
 * come in, at most one line of authorized_keys goes out, complete or not at
 * all; sshd ignores it unless we exit 0.
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
#include "decide.h"
#include "exit.h"
#include "keys.h"
#include "process.h"
#include "text.h"

#define POLICY_IMAGE STATEDIR "/policy.db"
#define JUMP_SHELL   LIBEXECDIR "/jump-shell"

enum { SECONDS = 10 };

/* What sshd asks: %u %t %k %f. */
struct offer {
	const char *account, *type, *blob, *fingerprint;
};

struct answer {
	const struct policy *policy;
	struct person person;
	uid_t uid;
	uint32_t key;
	bool names; /* /etc/hosts is as the load saw it */
	char *line;
	size_t size;
	const char *reason; /* why there is no line */
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

/*
 * Find the person whom the key belongs to; for a shared account it is the
 * key that says who.  False, with a reason, if nobody may log in with it.
 */
static bool
identify(struct answer *a, const struct offer *offer)
{
	const struct policy *p = a->policy;
	const struct policy_user *u;
	const char *id = NULL;

	a->reason = "the policy has no such key for this account";
	a->key = keys_find(
	    p, offer->account, offer->type, offer->blob, offer->fingerprint);
	if (a->key == POLICY_NONE)
		return false;
	u = policy_user(p, policy_key(p, a->key)->owner);
	a->reason = "devices are not served by this version";
	if (u->flags & USER_DEVICE)
		return false;
	if (u->flags & USER_SHARED)
		id = policy_string(p, u->name);
	a->reason = "the account is not a user's";
	return person_identify(&a->person, id) == 0 &&
	    a->person.user != POLICY_NONE;
}

/* Make the line in memory; false, with a reason, if there is none. */
static bool
make_line(struct answer *a)
{
	const struct policy *p = a->policy;
	time_t now = time(NULL);
	int64_t until = policy_user(p, a->person.user)->until;
	struct policy_request request;
	FILE *f;
	int result;

	decide_request(&request, &a->person, ROAD_FORWARD, now);
	a->reason = policy_reason_text(REASON_LOCKED);
	if (policy_locked(p, &request) != POLICY_NONE)
		return false;
	a->reason = policy_reason_text(REASON_EXPIRED);
	if (until != 0 && now >= until)
		return false;
	a->reason = "the line cannot be made";
	f = text_open(&a->line, &a->size);
	if (f == NULL)
		return false;
	result = keys_line(p, &request, a->key, a->names, JUMP_SHELL, f);
	if (fclose(f) != 0 || result == -1)
		return false;
	a->reason = NULL;
	return true;
}

static int
record(struct audit *audit, const struct answer *a, const struct offer *offer)
{
	const struct person *person = &a->person;
	char hash[17];
	struct audit_event event = {.kind = AUDIT_LOGIN,
	    .outcome = a->reason == NULL ? AUDIT_SUCCESS : AUDIT_FAILURE,
	    .uid = a->uid,
	    .user = person->name,
	    .key = offer->fingerprint,
	    .reason = a->reason,
	    .policy = hash};

	policy_hash_text(a->policy, hash);
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

/* What is left when the machine has told all: no more look-ups. */
static int
answer(struct answer *a, const struct offer *offer, struct audit *audit)
{
	if (identify(a, offer))
		make_line(a);
	if (policy_damaged(a->policy))
		return give_up(audit, offer, policy_strerror(POLICY_BROKEN),
		    EXIT_POLICY);
	if (record(audit, a, offer) == -1)
		return EXIT_INTERNAL;
	return a->reason == NULL ? print_line(a) : EXIT_OK;
}

int
main(int argc, char **argv)
{
	struct answer a = {.uid = (uid_t)-1};
	const struct passwd *pw;
	struct offer offer;
	struct audit audit;
	struct policy *policy;
	enum policy_error error;

	if (process_signals() == -1 || process_repair_fds() == -1 ||
	    process_harden() == -1 || process_clear_env() == -1)
		return EXIT_INTERNAL;
	alarm(SECONDS);
	if (argc != 5)
		errx(EXIT_USAGE, "usage: jump-authkeys USER TYPE KEY "
		    "FINGERPRINT, for sshd: %%u %%t %%k %%f");
	offer = (struct offer){argv[1], argv[2], argv[3], argv[4]};
	if (audit_open(&audit, "jump-authkeys", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");

	error = policy_open(POLICY_IMAGE, 0, &policy);
	if (error != POLICY_OK)
		return give_up(&audit, &offer, policy_strerror(error),
		    EXIT_POLICY);
	if (!decide_zone(policy))
		return give_up(&audit, &offer,
		    "the policy's time zone is not on this machine",
		    EXIT_POLICY);
	pw = getpwnam(offer.account);
	if (pw == NULL)
		return give_up(&audit, &offer, "no such account", EXIT_OK);
	a.policy = policy;
	a.uid = pw->pw_uid;
	a.names = policy_hosts_changed() == policy->hosts_changed;
	if (person_look_up(&a.person, policy, offer.account, pw->pw_gid) == -1)
		return give_up(&audit, &offer,
		    "the machine's addresses cannot be read", EXIT_INTERNAL);

	if (confine_printer(STDOUT_FILENO, audit.fd) == SANDBOX_FAILED)
		return give_up(&audit, &offer, "no sandbox", EXIT_INTERNAL);
	_exit(answer(&a, &offer, &audit));
}
