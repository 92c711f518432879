/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: what is known of this version of sshd, as far as it bites
 * with this configuration and this policy.  openssh.c has the same in words,
 * for a version that is not here.
 */
#include "doctor.h"

#include <string.h>

#include "openssh.h"

enum { VALUE_MAX = 600, PLACE_MAX = 512 };

/* Of whom sshd is asked: one stands for the others of its kind. */
enum kind { ROOT, USER, DEVICE, KINDS };

struct seen {
	struct doctor *d;
	const struct openssh *v;
	struct sshd_answer answer[KINDS];
	bool there[KINDS];
};

/* The value of a keyword; "none" if there is none, or nobody of that kind. */
static const char *
value(const struct seen *s, enum kind kind, const char *keyword,
    char buf[VALUE_MAX])
{
	if (!s->there[kind] ||
	    !sshd_value(&s->answer[kind], keyword, 0, buf, VALUE_MAX))
		strcpy(buf, "none");
	return buf;
}

static bool
is_none(const char *text)
{
	return strcmp(text, "none") == 0 || strcmp(text, "0") == 0;
}

/* Where that was set, or NULL. */
static const char *
place(const struct seen *s, enum kind kind, const char *keyword,
    char buf[PLACE_MAX])
{
	return s->there[kind] &&
		sshd_place(&s->answer[kind], keyword, buf, PLACE_MAX)
	    ? buf
	    : NULL;
}

static void
trap_groups(const struct seen *s)
{
	found(s->d, LEVEL_NOTE, NULL, NULL,
	    "look whether your distribution's has the fix",
	    "OpenSSH %u.%u: CVE-2021-41617: jump-authkeys has the groups of "
	    "sshd",
	    s->v->major, s->v->minor);
}

static void
trap_grace(const struct seen *s)
{
	char grace[VALUE_MAX], at[PLACE_MAX];

	if (is_none(value(s, ROOT, "LoginGraceTime", grace)))
		return;
	found(s->d, LEVEL_NOTE, NULL, place(s, ROOT, "LoginGraceTime", at),
	    "look whether your distribution's has the fix",
	    "OpenSSH %u.%u: CVE-2024-6387, as LoginGraceTime is %s",
	    s->v->major, s->v->minor, grace);
}

static void
trap_order(const struct seen *s)
{
	static const char keyword[] = "AuthorizedPrincipalsCommand";
	char command[VALUE_MAX], at[PLACE_MAX];

	for (enum kind kind = ROOT; kind < KINDS; kind++) {
		if (place(s, kind, keyword, at) == NULL ||
		    !is_none(value(s, kind, keyword, command)))
			continue;
		found(s->d, LEVEL_WARN, NULL, at,
		    "have it read before AuthorizedKeysCommand; reload sshd",
		    "OpenSSH %u.%u ignores this %s, which stands behind an "
		    "AuthorizedKeysCommand",
		    s->v->major, s->v->minor, keyword);
	}
}

/* Of the others' own commands; ours have none, or that is found with them. */
static void
trap_tokens(const struct seen *s)
{
	static const char *const keywords[] = {
	    "AuthorizedKeysCommand", "AuthorizedPrincipalsCommand"};
	char command[VALUE_MAX], at[PLACE_MAX];

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		value(s, ROOT, keywords[i], command);
		if (strstr(command, "%C") == NULL &&
		    strstr(command, "%D") == NULL)
			continue;
		found(s->d, LEVEL_FAIL, NULL, place(s, ROOT, keywords[i], at),
		    "take %C and %D out of that line; reload sshd",
		    "OpenSSH %u.%u ends each login at %%C and %%D in %s",
		    s->v->major, s->v->minor, keywords[i]);
	}
}

/* sshd -T shows what a Match block says, and sshd does not do it. */
static void
trap_channels(const struct seen *s)
{
	static const char keyword[] = "ChannelTimeout";
	char all[VALUE_MAX], user[VALUE_MAX], device[VALUE_MAX], at[PLACE_MAX];

	value(s, ROOT, keyword, all);
	value(s, USER, keyword, user);
	value(s, DEVICE, keyword, device);
	if (s->there[USER] && strcmp(user, all) != 0)
		found(s->d, LEVEL_WARN, NULL, place(s, USER, keyword, at),
		    "delete that line: `idle' of a rule does that; reload sshd",
		    "OpenSSH %u.%u does nothing about %s %s in a Match block",
		    s->v->major, s->v->minor, keyword, user);
	if (s->there[DEVICE] && is_none(device) && !is_none(all))
		found(s->d, LEVEL_WARN, NULL, place(s, ROOT, keyword, at),
		    "delete that line; reload sshd",
		    "OpenSSH %u.%u ends devices' connections by %s %s, "
		    "whatever their block says",
		    s->v->major, s->v->minor, keyword, all);
}

static void
trap_unused(const struct seen *s)
{
	static const char keyword[] = "UnusedConnectionTimeout";
	char unused[VALUE_MAX], at[PLACE_MAX];

	if (is_none(value(s, USER, keyword, unused)))
		return;
	found(s->d, LEVEL_WARN, NULL, place(s, USER, keyword, at),
	    "delete that line; reload sshd",
	    "OpenSSH %u.%u ends ssh -N of users after %s seconds without a "
	    "connection: %s",
	    s->v->major, s->v->minor, unused, keyword);
}

static void
trap_penalties(const struct seen *s)
{
	char penalties[VALUE_MAX], exempt[VALUE_MAX];

	value(s, ROOT, "PerSourcePenalties", penalties);
	value(s, ROOT, "PerSourcePenaltyExemptList", exempt);
	if (is_none(penalties) || strcmp(penalties, "no") == 0 ||
	    !is_none(exempt))
		return;
	found(s->d, LEVEL_NOTE, NULL, NULL,
	    "name the address of such a NAT in PerSourcePenaltyExemptList; "
	    "reload sshd",
	    "OpenSSH %u.%u has PerSourcePenalties: who fails keeps out all who "
	    "come from the same address",
	    s->v->major, s->v->minor);
}

static const struct {
	struct openssh from, to; /* the same as in openssh.c */
	void (*look)(const struct seen *);
} traps[] = {
    {{8, 7}, {8, 7}, trap_groups},
    {{8, 7}, {9, 7}, trap_grace},
    {{8, 7}, {9, 3}, trap_order},
    {{8, 7}, {9, 3}, trap_tokens},
    {{9, 2}, {10, 4}, trap_channels},
    {{9, 2}, {10, 5}, trap_unused},
    {{9, 8}, {10, 5}, trap_penalties},
};

/* Ask of the first of these names that is an account. */
static void
ask(struct seen *s, enum kind kind, const struct names *names)
{
	struct account a;

	for (size_t i = 0; i < names->n && !s->there[kind]; i++) {
		if (!account_find(&a, names->list[i]))
			continue;
		account_free(&a);
		s->there[kind] = sshd_ask(&s->d->sshd, names->list[i],
				     &s->answer[kind]) == 0;
	}
}

void
check_traps(struct doctor *d, const struct openssh *v)
{
	struct seen s = {.d = d, .v = v};
	struct names names[KINDS] = {{NULL, 0}};

	names_add(&names[ROOT], "root");
	names_jump(&names[USER], d->policy);
	names_members(&names[DEVICE], "jump-devices");
	for (enum kind kind = ROOT; kind < KINDS; kind++)
		ask(&s, kind, &names[kind]);
	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		if (openssh_within(v, &traps[i].from, &traps[i].to))
			traps[i].look(&s);
	}
	for (enum kind kind = ROOT; kind < KINDS; kind++) {
		if (s.there[kind])
			sshd_answer_free(&s.answer[kind]);
		names_free(&names[kind]);
	}
}
