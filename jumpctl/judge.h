/* SPDX-License-Identifier: ISC */
/*
 * Whether what is live may go on under the policy in force.  Looks people up,
 * each once; decides by the function that every program uses.
 */
#ifndef JUDGE_H
#define JUDGE_H

#include "decide.h"
#include "login.h"
#include "session.h"

enum { JUDGE_REASON = 224 };

struct judge {
	const struct policy *policy;
	time_t now;
	bool gate; /* the gate stands */
	struct judged *known; /* owned; judge_free() */
	size_t n;
};

void judge_free(struct judge *);

/*
 * What a login of this user on this account may forward to now at most, with
 * a key that satisfies mfa: permitopen options as of keys_permitopen(), which
 * judge owns; "" if it is nothing.  user is NULL for an account of one person.
 * NULL if it cannot be listed.
 */
const char *judge_rights(struct judge *, const char *account, const char *user);

/*
 * A login on this account, of a user or a device, by its note and line.
 * account is NULL if the
 * machine has it no more.  True if it may go on, else why not.  Exits if
 * somebody cannot be looked up, for want of memory, say.
 */
bool judge_login(struct judge *, const char *account, const struct login_note *,
    const char *line, char reason[JUDGE_REASON]);

/* Whether of two logins of a device the newer is to go on. */
bool judge_replaces(const struct judge *, const char *device);

/*
 * A relay of this account, by its page.  gate says that the gate made it, whose
 * word is the road; mfa, that the user's logins have it then; of another relay
 * the page says so.  *rule is then the
 * rule that denies, a string of the policy, or "".
 */
struct judge_relay {
	const char *account;
	const struct session_page *page;
	bool gate, mfa;
};

bool judge_relay(struct judge *, const struct judge_relay *, const char **rule,
    char reason[JUDGE_REASON]);

#endif
