/* SPDX-License-Identifier: ISC */
/*
 * jumpctl init: accounts, and the keys that let somebody in.
 */
#include "init.h"

#include <err.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "foreign.h"

enum { SETTING_MAX = 8192, FILE_TEXT = 4096, COMMENT_MAX = 64, LINES = 256 };

/* One account, and what its sshd_config says. */
struct visit {
	struct survey *s;
	const struct account *account;
	const struct sshd_answer *answer;
	unsigned may;
	bool mfa, limited;     /* PermitOpen is not any */
	bool root;	       /* the file is root's, not of the account */
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
add_key(const struct visit *v, struct old_user *u, const struct authorized *a,
    char *from)
{
	struct old_key *k;

	u->keys = need(reallocarray(u->keys, u->nkeys + 1, sizeof(*u->keys)));
	k = &u->keys[u->nkeys++];
	*k = (struct old_key){.ca = a->ca, .root = v->root, .from = from};
	if (asprintf(&k->place, "%s:%u", v->file, v->line) == -1)
		err(EXIT_INTERNAL, NULL);
	k->type = need(strdup(a->type));
	k->blob = need(strdup(a->blob));
	k->comment = plain_comment(a->comment);
	k->verify = a->verify && strncmp(a->type, "sk-", 3) == 0;
}

/*
 * Lines.
 */

/* Whether an earlier line of the account is of the same key. */
static bool
is_second(const struct visit *v, const struct authorized *a)
{
	for (size_t i = v->first; i < v->s->nusers; i++) {
		const struct old_user *u = &v->s->users[i];

		for (size_t j = 0; j < u->nkeys; j++) {
			if (strcmp(u->keys[j].blob, a->blob) == 0)
				return true;
		}
	}
	return false;
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

static void
refuse(struct visit *v, const struct authorized *a)
{
	if (a->blob != NULL)
		names_add(&v->refused, a->blob);
}

/* Why a line is left out whose options a policy cannot say; or NULL. */
static const char *
cannot_be_said(const struct visit *v, const struct authorized *a)
{
	if (is_refused(v, a))
		return "so is another line of the same key";
	if (is_second(v, a))
		return "the same key stands on a line before it";
	if (a->principals)
		return "principals= of a cert-authority; see CERTIFICATES "
		       "in jump-authkeys(8)";
	if (a->ca && (a->from != NULL || a->verify))
		return "a cert-authority with from= or verify-required";
	return NULL;
}

/* Why sshd skips a line, and goes on to the next of the same key; or NULL. */
static const char *
is_skipped(const struct authorized *a)
{
	if (a->expires != 0 && a->expires <= time(NULL))
		return "its expiry-time has passed";
	if (a->principals && !a->ca)
		return "principals= without cert-authority, which sshd does "
		       "not take";
	return NULL;
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
	const char *why = is_skipped(a);
	struct old_user u = {0};
	char *from;

	if (why != NULL) {
		left_out(v, why);
		return;
	}
	why = cannot_be_said(v, a);
	if (why != NULL) {
		left_out(v, why);
		refuse(v, a);
		return;
	}
	if (find_rights(v, a, &u) == 0 || (from = from_text(v, a)) == NULL) {
		refuse(v, a);
		free(u.opens);
		return;
	}
	note_losses(v, a);
	add_key(v, user_for(v, &u), a, from);
}

static void
read_line(struct visit *v, char *line, bool ca)
{
	struct authorized a;
	enum authorized_error error = authorized_parse(&a, line);

	if (error != AUTHORIZED_BLANK && v->lines++ == LINES)
		survey_cut(v->s, v->account->name,
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
		left_out(v, "these options are none that sshd or init takes");
		refuse(v, &a);
		break;
	case AUTHORIZED_DSA:
		left_out(v, "DSA; make another: ssh-keygen -t ed25519");
		break;
	case AUTHORIZED_MANY:
		left_out(v, "it has too many options");
		refuse(v, &a);
		break;
	case AUTHORIZED_KEY:
		left_out(v, "it is none of a type that a policy has");
		break;
	}
}

/*
 * Whether a line of TrustedUserCAKeys is one that sshd can read: a key without
 * options.  sshd looks no further than at one that is not.
 */
static bool
is_authority(const char *line)
{
	char *copy = need(strdup(line)), *first = copy + strspn(copy, " \t");
	struct authorized a;
	enum authorized_error error = authorized_parse(&a, copy);
	bool is = error == AUTHORIZED_BLANK ||
	    (error == AUTHORIZED_OK && a.type == first);

	if (error == AUTHORIZED_OK)
		authorized_free(&a);
	free(copy);
	return is;
}

static void
read_file(struct visit *v, const char *path, uid_t owner, bool ca)
{
	const char *why;
	char *text = foreign_read(path, owner, &why), *rest = text, *line;

	if (text != NULL && !v->root && !account_reads(v->account, path)) {
		why = "the account itself may not read it";
		free(text);
		text = rest = NULL;
	}
	if (why != NULL)
		survey_note(
		    v->s, v->account->name, "%s is not read: %s", path, why);
	v->file = path;
	v->line = 0;
	while ((line = foreign_line(&rest)) != NULL) {
		v->line++;
		if (ca && !is_authority(line)) {
			survey_note(v->s, v->account->name,
			    "%s:%u and what follows is left out: sshd reads "
			    "keys without options there, up to a line that is "
			    "none", path, v->line);
			break;
		}
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
/* Whether the path ends in one of these names. */
static bool
is_one_of(const char *path, const char *const names[])
{
	const char *base = strrchr(path, '/');

	base = base == NULL ? path : base + 1;
	for (size_t i = 0; names[i] != NULL; i++) {
		if (strcmp(base, names[i]) == 0)
			return true;
	}
	return false;
}

/* Whether a session is something at all: a shell, or another program. */
static bool
has_session(const struct account *a)
{
	static const char *const none[] = {"nologin", "false", "true", "sync",
	    "shutdown", "halt", NULL};

	return !is_one_of(a->shell, none);
}

/*
 * Whether it is a shell that runs any command: git-shell and rbash, which
 * shells(5) may have too, and menus do not.
 */
static bool
has_shell(const struct account *a)
{
	static const char *const known[] = {"sh", "ash", "bash", "csh", "dash",
	    "fish", "ksh", "ksh93", "loksh", "lksh", "mksh", "oksh", "pdksh",
	    "tcsh", "yash", "zsh", NULL};

	return is_one_of(a->shell, known);
}

/*
 * What AuthenticationMethods demands, of several lists the later of these; a
 * policy has no words for OTHER.
 */
enum methods { METHODS_NO_KEY, METHODS_MFA, METHODS_OTHER, METHODS_KEY };

static enum methods
methods_of_list(char *list)
{
	unsigned keys = 0, factors = 0, all = 0;
	char *word, *rest;

	for (word = strtok_r(list, ",", &rest); word != NULL;
	     word = strtok_r(NULL, ",", &rest)) {
		word[strcspn(word, ":")] = '\0';
		all++;
		keys += strcmp(word, "publickey") == 0;
		factors += strcmp(word, "password") == 0 ||
		    strcmp(word, "keyboard-interactive") == 0;
	}
	if (keys == 0)
		return METHODS_NO_KEY;
	if (keys == 1 && all == 1)
		return METHODS_KEY;
	return keys == 1 && factors == 1 && all == 2 ? METHODS_MFA
						     : METHODS_OTHER;
}

static enum methods
methods_of(const struct visit *v)
{
	enum methods most = METHODS_NO_KEY, one;
	char value[SETTING_MAX] = "", *word, *rest;

	sshd_value(v->answer, "authenticationmethods", 0, value, sizeof(value));
	if (*value == '\0' || strcmp(value, "any") == 0)
		return METHODS_KEY;
	for (word = strtok_r(value, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		one = methods_of_list(word);
		most = one > most ? one : most;
	}
	return most;
}

/* One word of PermitOpen. */
static void
add_opening(struct visit *v, const char *word)
{
	struct opening o;

	if (opening_parse(&o, word)) {
		v->opens = need(
		    reallocarray(v->opens, v->nopens + 1, sizeof(*v->opens)));
		v->opens[v->nopens++] = o;
	} else if (strcmp(word, "none") != 0) {
		survey_note(v->s, v->account->name,
		    "may forward to %s of PermitOpen no more: init does not "
		    "read it", word);
	}
}

/* It may be longer than any other setting. */
static void
read_permitopen(struct visit *v)
{
	size_t size = strlen(v->answer->values) + 1;
	char *value = need(malloc(size)), *word, *rest;

	if (sshd_value(v->answer, "permitopen", 0, value, size) &&
	    strcmp(value, "any") != 0) {
		v->limited = true;
		for (word = strtok_r(value, " ", &rest); word != NULL;
		     word = strtok_r(NULL, " ", &rest))
			add_opening(v, word);
	}
	free(value);
}

/* What every key of the account is good for, as sshd_config has it. */
static void
read_settings(struct visit *v)
{
	if (!setting_is(v, "allowtcpforwarding", "no") &&
	    !setting_is(v, "allowtcpforwarding", "remote") &&
	    !setting_is(v, "disableforwarding", "yes"))
		v->may |= MAY_FORWARD;
	if (has_shell(v->account) && !is_set(v, "forcecommand") &&
	    !is_set(v, "chrootdirectory") && !setting_is(v, "maxsessions", "0"))
		v->may |= MAY_SESSION;
	v->mfa = methods_of(v) == METHODS_MFA;
	read_permitopen(v);
}

/* Whether sshd refuses the account itself, by its line in shadow(5). */
static bool
is_closed(const struct visit *v)
{
	const struct spwd *sp = getspnam(v->account->name);

	if (sp == NULL)
		return false;
	if (sp->sp_expire >= 0 && sp->sp_expire <= time(NULL) / 86400)
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
			if (sshd_pattern(value, v->account->name))
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

	if (keyword != NULL)
		return keyword;
	if (access(v->account->shell, X_OK) == -1)
		return "a shell that is not there";
	if (is_closed(v))
		return "an account that is locked or has expired";
	if (setting_is(v, "pubkeyauthentication", "no"))
		return "PubkeyAuthentication";
	if (setting_is(v, "refuseconnection", "yes"))
		return "RefuseConnection";
	return methods_of(v) == METHODS_NO_KEY ? "AuthenticationMethods" : NULL;
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

/* What is none of the keys' doing. */
static void
note_account(const struct visit *v)
{
	struct survey *s = v->s;
	const char *name = v->account->name;
	bool session = has_session(v->account);

	if (v->lines > 0 || session)
		note_sources(v);
	if (v->lines == 0 && session && has_password(v))
		survey_note(s, name,
		    "gets in by password, and no key was found: a policy lets "
		    "in by keys only");
	if (v->lines > 0 && session && !has_shell(v->account))
		survey_note(s, name,
		    "%s is no shell that init knows: what it does is gone, "
		    "and nothing is reached but by forwards",
		    v->account->shell);
	if (s->nusers > v->first)
		note_addresses(v);
}

/* By certificate too, if the name in it is that of the account. */
static void
read_authorities(struct visit *v)
{
	if (v->may == 0 || !has_session(v->account) ||
	    !is_set(v, "trustedusercakeys"))
		return;
	if (is_set(v, "authorizedprincipalsfile") ||
	    is_set(v, "authorizedprincipalscommand")) {
		survey_note(v->s, v->account->name,
		    "certificates of TrustedUserCAKeys are left out, as "
		    "AuthorizedPrincipals says who they are for; see "
		    "CERTIFICATES in jump-authkeys(8)");
		return;
	}
	v->root = true;
	read_files(v, "trustedusercakeys", 0, true);
}

/* Whether the account is looked at, or a note says why it is not. */
static bool
is_looked_at(const struct visit *v)
{
	const char *why, *name = v->account->name;
	char value[SETTING_MAX];

	if (sshd_value(v->answer, "authorizedkeyscommand", 0, value,
		sizeof(value)) && strstr(value, "jump-authkeys") != NULL) {
		survey_note(v->s, name, "is served by a policy already");
		return false;
	}
	why = out_of_reach(v);
	if (why != NULL && has_session(v->account))
		survey_note(v->s, name, "does not get in by a key: %s", why);
	if (why != NULL || methods_of(v) != METHODS_OTHER)
		return why == NULL;
	sshd_value(v->answer, "authenticationmethods", 0, value, sizeof(value));
	survey_note(v->s, name,
	    "is left out: AuthenticationMethods %s asks for what a policy "
	    "cannot", value);
	return false;
}

/* All that the account's keys give; nothing of an account without any. */
static void
visit_account(struct visit *v)
{
	if (!is_looked_at(v))
		return;
	read_settings(v);
	v->first = v->s->nusers;
	read_files(v, "authorizedkeysfile", v->account->uid, false);
	read_authorities(v);
	note_account(v);
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

	survey_turn(s);
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
	survey_users(s);
}
