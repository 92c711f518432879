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
#include "decide.h"
#include "exit.h"
#include "keys.h"
#include "process.h"

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
	char *line;
	size_t size;
	const char *reason; /* why there is no line */
};

/* sshd(8) discards our standard error, so the log has the reason too. */
static int
give_up(struct audit *audit, const struct offer *offer, const char *reason,
    int code)
{
	struct audit_event event = {.kind = AUDIT_LOGIN,
	    .outcome = AUDIT_FAILURE,
	    .user = offer->account,
	    .uid = (uid_t)-1,
	    .reason = reason};

	warnx("%s", reason);
	audit_write(audit, &event);
	return code;
}

/*
 * Find the person whom the key belongs to; for a shared account it is the
 * key that says who.  False, with a reason, if nobody may log in with it.
 */
static bool
identify(struct answer *a, const struct offer *offer)
{
	const struct policy *p = a->policy;
	const struct passwd *pw = getpwnam(offer->account);
	const struct policy_user *u;

	a->reason = "no such account";
	if (pw == NULL)
		return false;
	a->uid = pw->pw_uid;
	a->reason = "the policy has no such key for this account";
	a->key = keys_find(
	    p, offer->account, offer->type, offer->blob, offer->fingerprint);
	if (a->key == POLICY_NONE)
		return false;
	u = policy_user(p, policy_key(p, a->key)->owner);
	a->reason = "devices are not served by this version";
	if (u->flags & USER_DEVICE)
		return false;
	a->reason = "the user or the machine cannot be judged";
	if (person_find(&a->person, p, offer->account, pw->pw_gid,
		u->flags & USER_SHARED ? policy_string(p, u->name) : NULL) !=
	    PERSON_OK)
		return false;
	a->reason = NULL;
	return true;
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

	a->reason = policy_reason_text(REASON_EXPIRED);
	if (until != 0 && now >= until)
		return false;
	a->reason = "the line cannot be made";
	f = open_memstream(&a->line, &a->size);
	if (f == NULL)
		return false;
	decide_request(&request, &a->person, ROAD_FORWARD, now);
	result = keys_line(p, &request, a->key, JUMP_SHELL, f);
	if (fclose(f) != 0 || result == -1)
		return false;
	a->reason = NULL;
	return true;
}

/* What cannot be recorded is not printed. */
static int
record(struct audit *audit, const struct answer *a, const struct offer *offer)
{
	char hash[17];
	bool known = a->person.policy != NULL;
	struct audit_event event = {.kind = AUDIT_LOGIN,
	    .outcome = a->reason == NULL ? AUDIT_SUCCESS : AUDIT_FAILURE,
	    .uid = a->uid,
	    .user = known ? a->person.name : offer->account,
	    .reason = a->reason,
	    .policy = hash};

	policy_hash_text(a->policy, hash);
	if (known && a->person.name != a->person.account &&
	    strcmp(a->person.name, a->person.account) != 0)
		event.account = a->person.account;
	return audit_write(audit, &event);
}

static int
print_line(const struct answer *a)
{
	if (fwrite(a->line, 1, a->size, stdout) != a->size ||
	    fflush(stdout) != 0)
		return EXIT_INTERNAL;
	return EXIT_OK;
}

int
main(int argc, char **argv)
{
	struct answer a = {.uid = (uid_t)-1};
	struct offer offer;
	struct audit audit;
	struct policy *policy;
	enum policy_error error;

	alarm(SECONDS);
	if (process_repair_fds() == -1 || process_signals() == -1 ||
	    process_harden() == -1 || process_clear_env() == -1)
		return EXIT_INTERNAL;
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
	a.policy = policy;

	if (identify(&a, &offer))
		make_line(&a);
	if (policy_damaged(policy))
		return give_up(&audit, &offer,
		    policy_strerror(POLICY_BROKEN), EXIT_POLICY);
	if (record(&audit, &a, &offer) == -1)
		errx(EXIT_INTERNAL, "the log does not take the record");
	return a.reason == NULL ? print_line(&a) : EXIT_OK;
}
