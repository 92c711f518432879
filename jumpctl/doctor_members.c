/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: what sshd would do with each user of the jump host.
 */
#include "doctor_needs.h"

#include <sys/stat.h>

#include <err.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

#define SHELL LIBEXECDIR "/jump-shell"

enum { PLACE_MAX = 512, REMEDY_MAX = 256 };

/*
 * One account.
 */
static const char *
entry_remedy(const char *keyword, enum role role)
{
	if (strcmp(keyword, "AllowGroups") == 0)
		return role == ROLE_DEVICE
		    ? "add jump-devices to that line; reload sshd"
		    : "add jump to that line; reload sshd";
	if (strcmp(keyword, "AllowUsers") == 0)
		return "add NAME to that line; reload sshd";
	return "take what matches NAME out of that line; reload sshd";
}

static const struct {
	enum level level;
	const char *what, *remedy;
} shuts[] = {
    [SHUT_EXPIRED] = {LEVEL_WARN, "the account has expired",
	"chage -E -1 NAME"},
    [SHUT_PASSWORD] = {LEVEL_FAIL,
	"its password has expired: PAM has it changed before anything else",
	"chage -M -1 -d $(date +%F) NAME"},
    [SHUT_MISSING] = {LEVEL_FAIL,
	"no line in /etc/shadow: PAM lets nobody in", "pwconv, which adds it"},
};

/* What shadow(5) says of it. */
static void
check_shadow(const struct visit *v)
{
	const char *name = v->account->name;
	const struct spwd *sp = getspnam(name);
	enum shut shut = account_shut(name);
	char pam[8] = "no";

	sshd_value(v->answer, "UsePAM", 0, pam, sizeof(pam));
	if (sp != NULL && sp->sp_pwdp[0] == '!' && strcmp(pam, "yes") != 0)
		found(v->d, LEVEL_FAIL, name, NULL, "usermod -p '*' NAME",
		    "locked, which sshd without PAM refuses");
	if (shut == SHUT_EXPIRED ||
	    (shut != SHUT_NOT && strcmp(pam, "yes") == 0))
		found(v->d, shuts[shut].level, name, NULL, shuts[shut].remedy,
		    "%s", shuts[shut].what);
}

/* sshd refuses each key if it cannot read whom to refuse. */
static void
check_revoked(const struct visit *v)
{
	char place[PLACE_MAX] = "", file[PLACE_MAX];

	if (account_revokes(v->answer, file, sizeof(file)))
		return;
	sshd_place(v->answer, "RevokedKeys", place, sizeof(place));
	found(v->d, LEVEL_FAIL, v->account->name, place,
	    "make that file, which may be empty, or delete that line; reload "
	    "sshd",
	    "RevokedKeys is %s, which cannot be read: sshd refuses every key",
	    file);
}

/* By name, which sshd -T does not judge. */
static void
check_entry(const struct visit *v)
{
	const struct account *a = v->account;
	const char *keyword = account_kept_out(a, v->answer);
	char place[PLACE_MAX] = "";

	if (keyword != NULL) {
		sshd_place(v->answer, keyword, place, sizeof(place));
		found(v->d, LEVEL_FAIL, a->name, place,
		    entry_remedy(keyword, v->role), "kept out by %s", keyword);
	}
	check_shadow(v);
	check_revoked(v);
}

/* As sshd looks, before it looks at keys. */
static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_mode & 0111) != 0;
}

static void
check_shell(struct doctor *d, const struct account *a)
{
	const char *base = strrchr(a->shell, '/');

	base = base == NULL ? a->shell : base + 1;
	if (*base != '\0' && !is_program(a->shell)) {
		found(d, LEVEL_FAIL, a->name, NULL,
		    "usermod -s " SHELL " NAME",
		    "the login shell %s is not there, or cannot be run: sshd "
		    "lets nobody in with it",
		    a->shell);
		return;
	}
	if (*base == '\0' || strcmp(a->shell, SHELL) == 0 || strcmp(base, "sh") == 0 ||
	    strcmp(base, "dash") == 0)
		return;
	found(d, LEVEL_WARN, a->name, NULL, "usermod -s " SHELL " NAME",
	    strcmp(base, "nologin") == 0 || strcmp(base, "false") == 0
		? "the login shell is %s: sessions fail"
		: "the login shell is %s, which may read files of the user's "
		  "before jump-shell",
	    a->shell);
}

static void
check_home(struct doctor *d, const struct account *a)
{
	struct stat st;

	if (stat(a->home, &st) == -1 || !S_ISDIR(st.st_mode))
		found(d, LEVEL_WARN, a->name, NULL,
		    "mkhomedir_helper NAME: without it, sessions begin with a "
		    "warning",
		    "no home directory %s", a->home);
	else if (!account_enters(a))
		found(d, LEVEL_WARN, a->name, NULL,
		    st.st_uid != a->uid
			? "chown it, if it is to be theirs, or usermod -d "
			  "ANOTHER NAME"
		    : st.st_mode & S_IXUSR
			? "chmod a+x the folder above that keeps them out"
			: "chmod u+rwx that folder",
		    "its home directory %s does not let it in: sessions begin "
		    "with a warning",
		    a->home);
}

/* As jump-authkeys looks at it. */
static void
check_uid(struct doctor *d, const struct account *a)
{
	const struct passwd *pw = getpwuid(a->uid);

	if (pw == NULL || strcmp(pw->pw_name, a->name) != 0)
		found(d, LEVEL_FAIL, a->name, NULL,
		    "usermod -u UID NAME, or min_id in sssd.conf(5)",
		    "uid %u is %s's, so jump-authkeys lets nobody in", a->uid,
		    pw == NULL ? "nobody" : pw->pw_name);
}

static bool
is_known(const struct doctor *d, const char *name)
{
	bool shared;

	return account_in_policy(d->policy, name, &shared);
}

/* Users have another account as administrators; those of before, no user's. */
static const char *
rank_remedy(const struct doctor *d, const struct account *a, const char *rank,
    char buf[REMEDY_MAX])
{
	const struct group *jump = getgrnam("jump");

	if (is_known(d, a->name))
		snprintf(buf, REMEDY_MAX,
		    "gpasswd -d NAME %s; administrators have another account",
		    rank);
	else if (jump != NULL && a->gid == jump->gr_gid)
		snprintf(buf, REMEDY_MAX,
		    "usermod -g users NAME, before sshd reads 60-jump.conf");
	else
		snprintf(buf, REMEDY_MAX,
		    "gpasswd -d NAME jump, before sshd reads 60-jump.conf");
	return buf;
}

/* Whether it has a name for becoming root; that is then said. */
static bool
check_rank(struct doctor *d, const struct account *a)
{
	char remedy[REMEDY_MAX];
	bool any = false;

	for (size_t i = 0; ranks[i] != NULL; i++) {
		if (!account_in(a, ranks[i]) || !account_in(a, "jump"))
			continue;
		any = true;
		found(d, LEVEL_FAIL, a->name, NULL,
		    rank_remedy(d, a, ranks[i], remedy),
		    "an administrator (group %s) in the group jump: %s",
		    ranks[i],
		    is_known(d, a->name) ? "root is held to nothing"
					 : "sshd keeps them out");
	}
	for (size_t i = 0; ladders[i] != NULL; i++) {
		if (!account_in(a, ladders[i]))
			continue;
		snprintf(remedy, sizeof(remedy), "gpasswd -d NAME %s",
		    ladders[i]);
		found(d, LEVEL_WARN, a->name, NULL, remedy,
		    "in the group %s, whose members can become root, and are "
		    "then held to nothing",
		    ladders[i]);
	}
	if (a->uid < 1000)
		found(d, LEVEL_WARN, a->name, NULL, "usermod -u UID NAME",
		    "uid %u, which the firewall table takes for a system "
		    "account",
		    a->uid);
	return any;
}

/*
 * All of them.
 */
struct roll {
	struct doctor *d;
	struct names names;
	struct asked { /* answers that hold for others too */
		struct account account;
		struct sshd_answer answer;
		enum role role;
	} * asked;
	size_t nasked;
};

/* Whether all groups of one that the other is not in mean nothing to sshd. */
static bool
within_groups(const struct account *a, const struct account *other,
    const struct sshd_answer *answer)
{
	for (int i = 0; i < a->ngroups; i++) {
		const struct group *gr;

		if (account_has(other, a->groups[i]))
			continue;
		gr = getgrgid(a->groups[i]);
		if (gr != NULL && sshd_knows_group(answer, gr->gr_name))
			return false;
	}
	return true;
}

/* An answer that was given for an account in groups that come to the same. */
static const struct sshd_answer *
answered(const struct roll *r, const struct account *a, enum role role)
{
	for (size_t i = 0; i < r->nasked; i++) {
		const struct asked *old = &r->asked[i];

		if (old->role == role &&
		    within_groups(a, &old->account, &old->answer) &&
		    within_groups(&old->account, a, &old->answer) &&
		    !sshd_knows_name(&old->answer, a->name))
			return &old->answer;
	}
	return NULL;
}

/* Keep an answer for others; the account's name must not matter. */
static bool
keep(struct roll *r, struct account *a, struct sshd_answer *answer,
    enum role role)
{
	if (sshd_knows_name(answer, a->name))
		return false;
	r->asked = reallocarray(r->asked, r->nasked + 1, sizeof(*r->asked));
	if (r->asked == NULL)
		err(EXIT_INTERNAL, NULL);
	r->asked[r->nasked++] = (struct asked){*a, *answer, role};
	return true;
}

/* Without a policy, only sshd's configuration tells that several share it. */
static enum role
role_seen(const struct visit *v)
{
	char place[PLACE_MAX];

	if (v->role == ROLE_OWN && v->d->policy == NULL &&
	    sshd_place(v->answer, "ForceCommand", place, sizeof(place)) &&
	    strstr(place, "50-jump-shared.conf") != NULL)
		return ROLE_SHARED;
	return v->role;
}

static void
visit_account(struct roll *r, struct account *a, enum role role)
{
	struct sshd_answer answer;
	struct visit v = {r->d, a, answered(r, a, role), role};
	bool kept = false;

	check_shell(r->d, a);
	check_uid(r->d, a);
	if (role != ROLE_DEVICE) {
		check_home(r->d, a);
	}
	if (v.answer == NULL) {
		if (sshd_ask(&r->d->sshd, a->name, &answer) == -1) {
			found(r->d, LEVEL_FAIL, a->name, NULL,
			    strchr(a->name, ',') == NULL
				? "run: sshd -T -C "
				  "user=NAME,host=h,addr=192.0.2.1"
				: "usermod -l OTHER NAME: no name with a "
				  "comma can be asked about",
			    "sshd does not say what holds");
			account_free(a);
			return;
		}
		v.answer = &answer;
		kept = keep(r, a, &answer, role);
	}
	v.role = role_seen(&v);
	if (role == ROLE_DEVICE)
		check_device(&v);
	else
		check_in_force(&v);
	check_entry(&v);
	if (kept)
		return;
	if (v.answer == &answer)
		sshd_answer_free(&answer);
	account_free(a);
}

static void
visit_name(struct roll *r, const char *name)
{
	const struct policy *p = r->d->policy;
	bool shared, known = account_in_policy(p, name, &shared);
	struct account a;

	if (!account_find(&a, name)) {
		found(r->d, LEVEL_WARN, name, NULL,
		    "useradd -m -p '*' -G jump -s " SHELL " NAME",
		    "in the policy or the group jump, but no account of this "
		    "machine");
		return;
	}
	/*
	 * A device: what it lacks is said with devices.  Which line of which
	 * block holds for it is not, since those are right for others.
	 */
	if (p != NULL && !known && account_in(&a, "jump-devices")) {
		account_free(&a);
		return;
	}
	if (!check_rank(r->d, &a) && p != NULL && !known &&
	    p->table[PT_CAS].n == 0 && policy_meta(p)->keys_from == 0)
		found(r->d, LEVEL_WARN, name, NULL,
		    "add a user line, or: gpasswd -d NAME jump",
		    "in the group jump, but not in the policy: cannot log in");
	visit_account(r, &a, shared ? ROLE_SHARED : ROLE_OWN);
}

static void
answers_free(struct roll *r)
{
	for (size_t i = 0; i < r->nasked; i++) {
		account_free(&r->asked[i].account);
		sshd_answer_free(&r->asked[i].answer);
	}
	free(r->asked);
	r->asked = NULL;
	r->nasked = 0;
}

void
check_members(struct doctor *d)
{
	struct roll r = {.d = d};
	size_t before = d->n;

	if (d->sshd.path == NULL)
		return;
	names_jump(&r.names, d->policy);
	for (size_t door = 0; next_door(d, &door); answers_free(&r)) {
		for (size_t i = 0; i < r.names.n; i++) {
			progress("asking sshd", i, r.names.n);
			visit_name(&r, r.names.list[i]);
		}
		progress("asking sshd", r.names.n, r.names.n);
	}
	if (r.names.n == 0)
		found(d, LEVEL_WARN, NULL, NULL, "usermod -a -G jump NAME",
		    "no user: the group jump is empty, and so is the policy");
	else if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "%zu account%s: sshd holds %s to the policy", r.names.n,
		    r.names.n == 1 ? "" : "s", r.names.n == 1 ? "it" : "each");
	names_free(&r.names);
}

static void
visit_devices(struct doctor *d, const struct names *names)
{
	struct roll r = {.d = d};
	struct account a;

	for (size_t i = 0; i < names->n; i++) {
		progress("asking sshd", i, names->n);
		if (!account_find(&a, names->list[i]))
			continue;
		if (account_in(&a, "jump")) /* as in visit_name() */
			account_free(&a);
		else
			visit_account(&r, &a, ROLE_DEVICE);
	}
	progress("asking sshd", names->n, names->n);
	answers_free(&r);
}

void
check_device_accounts(struct doctor *d, const struct names *names)
{
	for (size_t door = 0; d->sshd.path != NULL && next_door(d, &door);)
		visit_devices(d, names);
}
