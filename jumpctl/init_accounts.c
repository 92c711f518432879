/* SPDX-License-Identifier: ISC */
/*
 * jumpctl init: accounts, and the keys that let somebody in.
 */
#include "init.h"

#include <err.h>
#include <fnmatch.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "factors.h"
#include "foreign.h"

enum { SETTING_MAX = 8192, FILE_TEXT = 4096, COMMENT_MAX = 64, LINES = 256 };

/* One account, and what its sshd_config says. */
struct visit {
	struct survey *s;
	const struct account *account;
	const struct sshd_answer *answer;
	unsigned may;
	bool mfa, limited;     /* PermitOpen is not any */
	struct opening *opens; /* of PermitOpen; owned */
	size_t nopens;
	const char *file; /* that is read now */
	unsigned line;
	size_t first;	      /* of the account's users */
	size_t lines;	      /* of keys, whatever became of them */
	struct names refused; /* keys of lines that count and are left out */
};

static void *
need(void *p)
{
	if (p == NULL)
		err(EXIT_INTERNAL, NULL);
	return p;
}

static bool
setting_is(const struct visit *v, const char *keyword, const char *value)
{
	char text[SETTING_MAX];

	return sshd_value(v->answer, keyword, 0, text, sizeof(text)) &&
	    strcmp(text, value) == 0;
}

/* Whether it says anything but that it is not set. */
static bool
is_set(const struct visit *v, const char *keyword)
{
	char text[SETTING_MAX];

	return sshd_value(v->answer, keyword, 0, text, sizeof(text)) &&
	    strcmp(text, "none") != 0 && *text != '\0';
}

/*
 * Users of the account.
 */
static int
by_place(const void *a, const void *b)
{
	const struct opening *x = a, *y = b;
	int order = strcmp(x->host, y->host);

	return order != 0 ? order : (int)x->port - (int)y->port;
}

/* In order, each once; with one that is anywhere, none. */
static void
tidy(struct opening *opens, size_t *n)
{
	size_t kept = 0;

	if (*n > 0)
		qsort(opens, *n, sizeof(*opens), by_place);
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(opens[i].host, "*") == 0 && opens[i].port == 0) {
			*n = 0;
			return;
		}
		if (kept == 0 || by_place(&opens[kept - 1], &opens[i]) != 0)
			opens[kept++] = opens[i];
	}
	*n = kept;
}

/*
 * What both the key's permitopen and PermitOpen let through, into u.  False if
 * that is nothing, or more than there is room for.
 */
static bool
narrow(struct visit *v, const struct authorized *a, struct old_user *u)
{
	bool limited = v->limited || a->nopens > 0;
	size_t room = (a->nopens + 1) * (v->nopens + 1);

	u->opens = need(calloc(room, sizeof(*u->opens)));
	for (size_t i = 0; a->nopens == 0 && i < v->nopens; i++)
		u->opens[u->nopens++] = v->opens[i];
	for (size_t i = 0; !v->limited && i < a->nopens; i++)
		u->opens[u->nopens++] = a->opens[i];
	for (size_t i = 0; v->limited && i < a->nopens; i++) {
		for (size_t j = 0; j < v->nopens; j++)
			u->nopens += opening_both(
			    &u->opens[u->nopens], &a->opens[i], &v->opens[j]);
	}
	if (limited && u->nopens == 0)
		return false;
	tidy(u->opens, &u->nopens);
	return true;
}

static bool
same_rights(const struct old_user *a, const struct old_user *b)
{
	if (a->may != b->may || a->until != b->until || a->nopens != b->nopens)
		return false;
	for (size_t i = 0; i < a->nopens; i++) {
		if (by_place(&a->opens[i], &b->opens[i]) != 0)
			return false;
	}
	return true;
}

/* The user of this account with these rights; u is freed, or becomes it. */
static struct old_user *
user_for(struct visit *v, struct old_user *u)
{
	struct survey *s = v->s;

	for (size_t i = v->first; i < s->nusers; i++) {
		if (same_rights(&s->users[i], u)) {
			free(u->opens);
			return &s->users[i];
		}
	}
	s->users =
	    need(reallocarray(s->users, s->nusers + 1, sizeof(*s->users)));
	u->account = need(strdup(v->account->name));
	u->mfa = v->mfa;
	s->users[s->nusers] = *u;
	return &s->users[s->nusers++];
}

/* What of a comment is as well text in a policy: letters, digits, ._@+-. */
static char *
plain_comment(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "._@+-";
	char *copy = need(calloc(1, COMMENT_MAX + 1));

	for (size_t n = 0; *text != '\0' && n < COMMENT_MAX; text++) {
		if (strchr(plain, *text) == NULL)
			break;
		copy[n++] = *text;
	}
	return copy;
}

static void
add_key(struct old_user *u, const struct authorized *a, char *from)
{
	struct old_key *k;

	u->keys = need(reallocarray(u->keys, u->nkeys + 1, sizeof(*u->keys)));
	k = &u->keys[u->nkeys++];
	*k = (struct old_key){.ca = a->ca, .from = from};
	k->type = need(strdup(a->type));
	k->blob = need(strdup(a->blob));
	k->comment = plain_comment(a->comment);
	k->verify = a->verify && strncmp(a->type, "sk-", 3) == 0;
}

/*
 * Lines.
 */

/* Whose key it is already, or NULL; an authority may be that of several. */
static const char *
owner_of(const struct survey *s, const struct authorized *a)
{
	for (size_t i = 0; i < s->nusers; i++) {
		const struct old_user *u = &s->users[i];

		for (size_t j = 0; j < u->nkeys; j++) {
			if (strcmp(u->keys[j].blob, a->blob) == 0 &&
			    !(u->keys[j].ca && a->ca))
				return u->account;
		}
	}
	return NULL;
}

static void
left_out(const struct visit *v, const char *why)
{
	survey_note(v->s, v->account->name, "the key in %s:%u is left out: %s",
	    v->file, v->line, why);
}

/* The networks of from, as text for the policy; NULL if they are none. */
static char *
from_text(const struct visit *v, const struct authorized *a)
{
	struct net nets[FROM_MAX];
	char *text = NULL, one[ADDR_TEXT + 4];
	size_t n = 0, size;
	enum from is =
	    a->from == NULL ? FROM_EXACT : authorized_from(a->from, nets, &n);
	FILE *f;

	if (is == FROM_NOT) {
		left_out(v,
		    "its from= is not a list of networks; say them in "
		    "`key ... from { NETS }'");
		return NULL;
	}
	if (is == FROM_LESS)
		survey_note(v->s, v->account->name,
		    "the key in %s:%u is taken from the networks of its from= "
		    "only, not from the names there",
		    v->file, v->line);
	f = need(open_memstream(&text, &size));
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s%s", i == 0 ? "" : " ", net_print(&nets[i], one));
	fclose(f);
	return need(text);
}

/*
 * sshd takes the first line of a key that fits, so that a later one does not
 * say what the key is good for when an earlier one is left out.
 */
static bool
is_refused(const struct visit *v, const struct authorized *a)
{
	for (size_t i = 0; i < v->refused.n; i++) {
		if (strcmp(v->refused.list[i], a->blob) == 0)
			return true;
	}
	return false;
}

/* Options that a policy cannot say; false if the key is none without them. */
static bool
can_be_said(const struct visit *v, const struct authorized *a)
{
	const char *owner = owner_of(v->s, a);

	if (a->expires != 0 && a->expires <= time(NULL))
		left_out(v, "its expiry-time has passed");
	else if (a->principals)
		left_out(v,
		    "principals= of a cert-authority; see CERTIFICATES "
		    "in jump-authkeys(8)");
	else if (a->ca && (a->from != NULL || a->verify))
		left_out(v, "a cert-authority with from= or verify-required");
	else if (is_refused(v, a))
		left_out(v, "so is another line of the same key");
	else if (owner != NULL && strcmp(owner, v->account->name) == 0)
		left_out(v, "the same key stands on a line before it");
	else if (owner != NULL)
		survey_note(v->s, v->account->name,
		    "the key in %s:%u is left out: it is %s's too, and a "
		    "policy has each key once; whose is it?",
		    v->file, v->line, owner);
	else
		return true;
	return false;
}

/* What is lost of a key that is carried over. */
static void
note_losses(const struct visit *v, const struct authorized *a)
{
	const char *name = v->account->name;

	if (a->command)
		survey_note(v->s, name,
		    "command= of %s:%u no longer runs; its forwards remain",
		    v->file, v->line);
	if (a->listens)
		survey_note(v->s, name,
		    "permitlisten= of %s:%u: if this is a device behind NAT, "
		    "say `device'; users do not listen here",
		    v->file, v->line);
	if (a->no_touch)
		survey_note(v->s, name,
		    "the key in %s:%u has to be touched from now on", v->file,
		    v->line);
	if (a->variables)
		survey_note(v->s, name,
		    "environment= or tunnel= of %s:%u is gone", v->file,
		    v->line);
}

/* What a line makes its key good for; 0: nothing that is carried over. */
static unsigned
find_rights(struct visit *v, const struct authorized *a, struct old_user *u)
{
	u->may = v->may;
	u->until = a->expires;
	if (!a->forwards || ((u->may & MAY_FORWARD) && !narrow(v, a, u)))
		u->may &= ~(unsigned)MAY_FORWARD;
	if (a->command)
		u->may &= ~(unsigned)MAY_SESSION;
	if (!(u->may & MAY_FORWARD))
		u->nopens = 0;
	if (u->may == 0)
		left_out(v,
		    "it reaches nothing, but may run a program here, or "
		    "listen; in the group jump it does neither: give that an "
		    "account of its own");
	return u->may;
}

/* A key that sshd takes: whose it is, and what it is good for. */
static void
take_key(struct visit *v, const struct authorized *a)
{
	struct old_user u = {0};
	char *from;

	if (!can_be_said(v, a))
		return;
	if (find_rights(v, a, &u) == 0 || (from = from_text(v, a)) == NULL) {
		names_add(&v->refused, a->blob);
		free(u.opens);
		return;
	}
	note_losses(v, a);
	add_key(user_for(v, &u), a, from);
}

static void
read_line(struct visit *v, char *line, bool ca)
{
	struct authorized a;
	enum authorized_error error = authorized_parse(&a, line);

	if (error != AUTHORIZED_BLANK && v->lines++ == LINES)
		survey_note(v->s, v->account->name,
		    "has more than %u keys: the rest is left out", LINES);
	if (v->lines > LINES) {
		if (error == AUTHORIZED_OK)
			authorized_free(&a);
		return;
	}
	switch (error) {
	case AUTHORIZED_OK:
		a.ca = a.ca || ca;
		take_key(v, &a);
		authorized_free(&a);
		break;
	case AUTHORIZED_BLANK:
		break;
	case AUTHORIZED_OPTIONS:
		left_out(v, "sshd does not take its options");
		break;
	case AUTHORIZED_DSA:
		left_out(v, "DSA; make another: ssh-keygen -t ed25519");
		break;
	case AUTHORIZED_MANY:
		left_out(v, "it has too many options");
		break;
	case AUTHORIZED_KEY:
		left_out(v, "it is none of a type that a policy has");
		break;
	}
}

static void
read_file(struct visit *v, const char *path, uid_t owner, bool ca)
{
	const char *why;
	char *text = foreign_read(path, owner, &why), *rest = text, *line;

	if (why != NULL)
		survey_note(
		    v->s, v->account->name, "%s is not read: %s", path, why);
	v->file = path;
	v->line = 0;
	while ((line = foreign_line(&rest)) != NULL) {
		v->line++;
		read_line(v, line, ca);
	}
	free(text);
}

/* Each word of a setting that names files. */
static void
read_files(struct visit *v, const char *keyword, uid_t owner, bool ca)
{
	char value[SETTING_MAX], path[FILE_TEXT], *word, *rest;

	if (!is_set(v, keyword) ||
	    !sshd_value(v->answer, keyword, 0, value, sizeof(value)))
		return;
	for (word = strtok_r(value, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		if (account_path(v->account, word, path, sizeof(path)))
			read_file(v, path, owner, ca);
		else
			survey_note(v->s, v->account->name,
			    "%s %s is not read: no such path", keyword, word);
	}
}

/*
 * Accounts.
 */
static bool
has_shell(const struct account *a)
{
	static const char *const none[] = {
	    "nologin", "false", "true", "sync", "shutdown", "halt"};
	const char *base = strrchr(a->shell, '/');

	base = base == NULL ? a->shell : base + 1;
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		if (strcmp(base, none[i]) == 0)
			return false;
	}
	return true;
}

static void
read_permitopen(struct visit *v)
{
	char value[SETTING_MAX], *word, *rest;
	struct opening o;

	if (!sshd_value(v->answer, "permitopen", 0, value, sizeof(value)) ||
	    strcmp(value, "any") == 0)
		return;
	v->limited = true;
	for (word = strtok_r(value, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		if (!opening_parse(&o, word))
			continue; /* none */
		v->opens = need(
		    reallocarray(v->opens, v->nopens + 1, sizeof(*v->opens)));
		v->opens[v->nopens++] = o;
	}
}

/* What every key of the account is good for, as sshd_config has it. */
static void
read_settings(struct visit *v)
{
	char value[SETTING_MAX] = "";

	if (!setting_is(v, "allowtcpforwarding", "no") &&
	    !setting_is(v, "allowtcpforwarding", "remote") &&
	    !setting_is(v, "disableforwarding", "yes"))
		v->may |= MAY_FORWARD;
	if (has_shell(v->account) && !is_set(v, "forcecommand") &&
	    !is_set(v, "chrootdirectory") && !setting_is(v, "maxsessions", "0"))
		v->may |= MAY_SESSION;
	if (sshd_value(
		v->answer, "authenticationmethods", 0, value, sizeof(value)))
		v->mfa = factors_demanded(value);
	read_permitopen(v);
}

/* Whether sshd refuses the account itself, by its line in shadow(5). */
static bool
is_closed(const struct visit *v)
{
	const struct spwd *sp = getspnam(v->account->name);

	if (sp == NULL)
		return false;
	if (sp->sp_expire > 0 && sp->sp_expire <= time(NULL) / 86400)
		return true;
	return sp->sp_pwdp[0] == '!' && !setting_is(v, "usepam", "yes");
}

/* AllowUsers alice@10.0.0.0/8: where from is no part of what is kept. */
static void
note_addresses(const struct visit *v)
{
	static const char *const lists[] = {"allowusers", "denyusers"};
	char value[SETTING_MAX];

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		for (unsigned n = 0;
		     sshd_value(v->answer, lists[i], n, value, sizeof(value));
		     n++) {
			char *at = strrchr(value, '@');

			if (at == NULL)
				continue;
			*at = '\0';
			if (fnmatch(value, v->account->name, FNM_NOESCAPE) == 0)
				survey_note(v->s, v->account->name,
				    "%s says where from they get in, which is "
				    "not carried over: say `from' of their "
				    "keys",
				    lists[i]);
		}
	}
}

/* Why no key of this account is to be carried over; NULL: they are. */
static const char *
out_of_reach(const struct visit *v)
{
	const char *keyword = account_kept_out(v->account, v->answer);
	char value[SETTING_MAX] = "";

	if (keyword != NULL)
		return keyword;
	if (access(v->account->shell, X_OK) == -1)
		return "a shell that is not there";
	if (is_closed(v))
		return "an account that is locked or has expired";
	if (setting_is(v, "pubkeyauthentication", "no"))
		return "PubkeyAuthentication";
	sshd_value(v->answer, "authenticationmethods", 0, value, sizeof(value));
	if (strstr(value, "publickey") == NULL && *value != '\0' &&
	    strcmp(value, "any") != 0)
		return "AuthenticationMethods";
	return NULL;
}

/* Keys that come from elsewhere. */
static void
note_sources(const struct visit *v)
{
	char value[SETTING_MAX];

	if (is_set(v, "authorizedkeyscommand") && v->may != 0 &&
	    sshd_value(
		v->answer, "authorizedkeyscommand", 0, value, sizeof(value)))
		survey_note(v->s, v->account->name,
		    "keys may come from %s too, which is not asked: see `set "
		    "keys-from'",
		    value);
}

static bool
has_password(const struct visit *v)
{
	const struct spwd *sp = getspnam(v->account->name);

	return (setting_is(v, "passwordauthentication", "yes") ||
		   setting_is(v, "kbdinteractiveauthentication", "yes")) &&
	    sp != NULL && strchr("!*", sp->sp_pwdp[0]) == NULL;
}

static bool
has_authorities_only(const struct old_user *u)
{
	for (size_t i = 0; i < u->nkeys; i++) {
		if (!u->keys[i].ca)
			return false;
	}
	return true;
}

/*
 * Where several users share the account, an authority certifies none of them,
 * as it does that by name: leave out those who have nothing else.  Some names
 * cannot be those of a shared account.
 */
static void
drop_users(struct visit *v)
{
	struct survey *s = v->s;
	bool unnamed = strpbrk(v->account->name, "\\+") != NULL;
	size_t kept = v->first;

	if (s->nusers - v->first < 2)
		return;
	for (size_t i = v->first; i < s->nusers; i++) {
		struct old_user *u = &s->users[i];

		if (!unnamed && !has_authorities_only(u))
			s->users[kept++] = *u;
		else
			old_user_free(u);
	}
	if (kept < s->nusers)
		survey_note(s, v->account->name,
		    unnamed ? "has keys that are good for different things, "
			      "and no name for a shared account: left out"
			    : "certificates are good for something else than "
			      "the account's keys: they are left out");
	s->nusers = kept;
}

/* Name the users of the account: by the account, or with a number each. */
static void
name_users(struct visit *v)
{
	struct survey *s = v->s;
	size_t n = s->nusers - v->first;
	struct account other;

	for (size_t i = v->first, number = 1; i < s->nusers; i++) {
		struct old_user *u = &s->users[i];

		if (n == 1) {
			u->name = need(strdup(u->account));
			continue;
		}
		while (
		    asprintf(&u->name, "%s-%zu", u->account, number++) != -1 &&
		    account_find(&other, u->name)) {
			account_free(&other);
			free(u->name);
		}
		need(u->name);
	}
	if (n > 1)
		survey_note(s, v->account->name,
		    "has keys that are good for different things, so that "
		    "several users share the account: sshd needs a block for "
		    "it, see jumpctl export sshd --all; cert-authority "
		    "lines are left out");
}

/* Whether comments of an account's keys name several people. */
static void
note_people(const struct visit *v, const struct old_user *u)
{
	struct names people = {0};

	for (size_t i = 0; i < u->nkeys; i++) {
		char *name = need(strdup(u->keys[i].comment));

		name[strcspn(name, "@")] = '\0';
		if (*name != '\0')
			names_add(&people, name);
		free(name);
	}
	names_sort(&people);
	if (people.n > 1)
		survey_note(v->s, v->account->name,
		    "keys of several people, by their comments: say `user "
		    "NAME account %s' for each",
		    v->account->name);
	names_free(&people);
}

/* All that the account's keys give; nothing of an account without any. */
static void
visit_account(struct visit *v)
{
	struct survey *s = v->s;
	const char *why = out_of_reach(v), *name = v->account->name;
	char value[SETTING_MAX];

	if (sshd_value(
		v->answer, "authorizedkeyscommand", 0, value, sizeof(value)) &&
	    strstr(value, "jump-authkeys") != NULL) {
		survey_note(s, name, "is served by a policy already");
		return;
	}
	if (why != NULL) {
		if (has_shell(v->account))
			survey_note(
			    s, name, "does not get in by a key: %s", why);
		return;
	}
	read_settings(v);
	v->first = s->nusers;
	read_files(v, "authorizedkeysfile", v->account->uid, false);
	if (v->may != 0 && has_shell(v->account) &&
	    !is_set(v, "authorizedprincipalsfile") &&
	    !is_set(v, "authorizedprincipalscommand"))
		read_files(v, "trustedusercakeys", 0, true);
	if (v->lines > 0 || has_shell(v->account))
		note_sources(v);
	if (v->lines == 0 && has_shell(v->account) && has_password(v))
		survey_note(s, name,
		    "gets in by password, and no key was found: a policy lets "
		    "in by "
		    "keys only");
	if (s->nusers == v->first)
		return;
	note_addresses(v);
	drop_users(v);
	name_users(v);
	if (s->nusers == v->first + 1)
		note_people(v, &s->users[v->first]);
}

static bool
is_administrator(const struct account *a)
{
	bool is = a->uid == 0;

	for (size_t i = 0; ranks[i] != NULL; i++)
		is = is || account_in(a, ranks[i]);
	return is;
}

static void
consider(struct survey *s, const char *name)
{
	struct sshd_answer answer;
	struct account account;
	struct visit v = {.s = s, .account = &account, .answer = &answer};

	if (!account_find(&account, name))
		return;
	if (is_administrator(&account)) {
		names_add(&s->admins, name);
	} else if (sshd_ask(&s->sshd, name, &answer) == -1) {
		survey_note(s, name, "sshd -T says nothing of this account");
	} else {
		if (sshd_asks_where(&answer))
			survey_note(s, NULL,
			    "some Match of sshd_config asks where a client "
			    "comes from; all is judged as from %s (--from)",
			    s->sshd.from);
		visit_account(&v);
		free(v.opens);
		names_free(&v.refused);
		sshd_answer_free(&answer);
	}
	account_free(&account);
}

/* An account whose name a policy cannot have. */
static bool
can_be_named(struct survey *s, const char *name)
{
	if (policy_person_name(name))
		return true;
	survey_note(s, name, "is no name that a policy can have");
	return false;
}

void
survey_accounts(struct survey *s)
{
	struct names names = {0};
	const struct passwd *pw;

	setpwent();
	while ((pw = getpwent()) != NULL)
		names_add(&names, pw->pw_name);
	endpwent();
	names_sort(&names);
	for (size_t i = 0; i < names.n; i++) {
		progress("asking sshd", i, names.n);
		if (can_be_named(s, names.list[i]))
			consider(s, names.list[i]);
	}
	progress("asking sshd", names.n, names.n);
	names_free(&names);
	names_sort(&s->admins);
}
