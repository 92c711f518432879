/*
 * jumpctl: the verbs, and what they share.
 */
#ifndef CTL_H
#define CTL_H

#include "decide.h"

#define POLICY_FILE  SYSCONFDIR "/jump/policy"
#define POLICY_DIR   SYSCONFDIR "/jump/policy.d"
#define POLICY_IMAGE STATEDIR "/policy.db"

/* The verbs: each gets its own name as argv[0] and returns an exit code. */
int check_main(int argc, char **argv);
int load_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int export_main(int argc, char **argv);

/*
 * source.c: the text of a policy.  Errors go to standard error.
 */
struct sources {
	struct policy_source *list; /* owned, with the texts and names */
	size_t n;
	bool system;                /* of this machine, not of arguments */
};

/* Read /etc/jump: files and directories must be root's alone.  0 or -1. */
int sources_system(struct sources *);

/* Read the named files, whoever owns them.  0 or -1. */
int sources_files(struct sources *, char *const *names, size_t n);
void sources_free(struct sources *);

/*
 * check.c: parse, check and test; prints all messages to standard error.
 * Returns the policy, which the caller frees, or NULL.  *errors and *warnings
 * are what was found.
 */
struct policy *policy_check(
    const struct sources *, size_t *errors, size_t *warnings);

/*
 * ask.c: a question about the policy, as explain and tests put it.
 */
struct question {
	const char *who;       /* a user, or an account without a user line */
	const char *from, *as; /* or NULL */
	time_t at;
};

/* Find who asks.  0, or -1 if there is nobody of that name. */
int question_person(
    const struct policy *, const struct question *, struct person *);

/* Judge one target on one road.  DNS names get addresses of their domain. */
void question_decide(const struct policy *, const struct question *,
    const struct person *, enum policy_road, const struct target *,
    struct decision *);

/*
 * hosts.c: mark the names that /etc/hosts resolves to the policy's own
 * addresses and nothing else.  Returns how many names it does not.
 */
size_t hosts_mark(struct policy *);

/*
 * rights.c: users who may forward to more than sshd can be told; reported to
 * standard error.  Returns their number.
 */
size_t rights_check(const struct policy *, const struct sources *);

/* Open the policy in force; exits 78 with a message if there is none. */
struct policy *policy_in_force(void);

/* Whether standard error, or output, gets colour. */
bool colour(FILE *);

#endif
