/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether administrators get in, should the policy be
 * unusable.
 */
#include "doctor.h"

#include <sys/stat.h>

#include <shadow.h>
#include <string.h>
#include <unistd.h>

#include "nft.h"

enum { VALUE_MAX = 600, NAMES_MAX = 256 };

/*
 * Not all ways to become root can be seen from here: jumpctl(8) says which
 * ones are looked at.
 */
struct board {
	struct doctor *d;
	char names[NAMES_MAX];
	size_t n;
};

/* Whether the account has a password that somebody may know. */
static bool
has_password(const char *name)
{
	const struct spwd *sp = getspnam(name);

	return sp != NULL && sp->sp_pwdp[0] != '!' && sp->sp_pwdp[0] != '*' &&
	    sp->sp_pwdp[0] != '\0';
}

static bool
is_on(const struct sshd_answer *answer, const char *keyword)
{
	char value[VALUE_MAX];

	return sshd_value(answer, keyword, 0, value, sizeof(value)) &&
	    strcmp(value, "yes") == 0;
}

/* Whether a word of AuthorizedKeysFile names a file that is not empty. */
static bool
has_key_file(const struct account *a, const char *word)
{
	char path[VALUE_MAX];
	struct stat st;

	return account_path(a, word, path, sizeof(path)) &&
	    stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
}

static bool
has_key(const struct account *a, const struct sshd_answer *answer)
{
	char value[VALUE_MAX], *word, *rest;

	if (!is_on(answer, "PubkeyAuthentication") ||
	    !account_revokes(answer, value, sizeof(value)))
		return false;
	if (sshd_value(answer, "TrustedUserCAKeys", 0, value, sizeof(value)) &&
	    strcmp(value, "none") != 0)
		return true;
	if (sshd_value(
		answer, "AuthorizedKeysCommand", 0, value, sizeof(value)) &&
	    strcmp(value, "none") != 0 &&
	    strstr(value, "jump-authkeys") == NULL)
		return true;
	if (!sshd_value(answer, "AuthorizedKeysFile", 0, value, sizeof(value)))
		return false;
	for (word = strtok_r(value, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		if (has_key_file(a, word))
			return true;
	}
	return false;
}

/* Whether this account gets in, as far as can be seen. */
static bool
gets_in(const struct account *a, const struct sshd_answer *answer)
{
	char value[VALUE_MAX] = "";
	enum shut shut = account_shut(a->name);
	bool password = has_password(a->name) &&
	    (is_on(answer, "PasswordAuthentication") ||
		is_on(answer, "KbdInteractiveAuthentication"));

	if (access(a->shell, X_OK) == -1 || account_kept_out(a, answer) ||
	    shut == SHUT_EXPIRED ||
	    (shut != SHUT_NOT && is_on(answer, "UsePAM")) ||
	    strstr(a->shell, "nologin") || strstr(a->shell, "/false"))
		return false;
	if (a->uid == 0) {
		sshd_value(answer, "PermitRootLogin", 0, value, sizeof(value));
		if (strcmp(value, "no") == 0 ||
		    strcmp(value, "forced-commands-only") == 0)
			return false;
		password = password && strcmp(value, "yes") == 0;
	}
	return password || has_key(a, answer);
}

/* Commands that are no shell; of others, that cannot be told. */
static bool
is_no_shell(const char *command)
{
	return strstr(command, "jump-shell") || strstr(command, "/false") ||
	    strstr(command, "internal-sftp") || strstr(command, "nologin");
}

/* What is meant for users, and holds for administrators too. */
static bool
gets_shell(struct doctor *d, const char *name,
    const struct sshd_answer *answer)
{
	static const char *const keywords[] = {
	    "ForceCommand", "ChrootDirectory"};
	char value[VALUE_MAX], place[VALUE_MAX];
	bool shell = true;

	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (!sshd_value(answer, keywords[i], 0, value, sizeof(value)) ||
		    strcmp(value, "none") == 0)
			continue;
		*place = '\0';
		sshd_place(answer, keywords[i], place, sizeof(place));
		found(d, LEVEL_WARN, name, place,
		    "have it in a Match block of those it is for; reload sshd",
		    "%s is %s, which may leave an administrator no shell",
		    keywords[i], value);
		shell = shell && i == 0 && !is_no_shell(value);
	}
	return shell;
}

static void
consider(struct board *b, const char *name)
{
	struct account a;
	struct sshd_answer answer;
	char remedy[NAMES_MAX];
	bool shared;

	if (!account_find(&a, name))
		return;
	if (account_in(&a, "jump") || account_in(&a, "jump-devices") ||
	    account_in_policy(b->d->policy, name, &shared) ||
	    sshd_ask(&b->d->sshd, name, &answer) == -1) {
		account_free(&a);
		return;
	}
	if (b->d->policy != NULL && nft_holds(b->d->policy, a.uid)) {
		snprintf(remedy, sizeof(remedy),
		    "add %s to `set exempt' in the policy, then jumpctl load",
		    name);
		found(b->d, LEVEL_WARN, NULL, NULL, remedy,
		    "the firewall table holds %s, who connects to nothing "
		    "from here",
		    name);
	}
	if (gets_in(&a, &answer) && gets_shell(b->d, name, &answer)) {
		size_t used = strlen(b->names);

		snprintf(b->names + used, sizeof(b->names) - used, "%s%s",
		    used == 0 ? "" : ", ", name);
		b->n++;
	}
	sshd_answer_free(&answer);
	account_free(&a);
}

void
check_administrators(struct doctor *d)
{
	struct board b = {.d = d};
	struct names names = {0};
	const char *remedy = "have two who can become root, outside of jump "
			     "and jump-devices";

	if (d->sshd.path == NULL)
		return;
	names_add(&names, "root");
	for (size_t i = 0; ranks[i] != NULL; i++)
		names_members(&names, ranks[i]);
	names_sort(&names);
	for (size_t i = 0; i < names.n; i++)
		consider(&b, names.list[i]);
	names_free(&names);
	if (b.n == 0)
		found(d, LEVEL_FAIL, NULL, NULL, remedy,
		    "no administrator gets in by plain sshd (sudoers are not "
		    "read)");
	else if (b.n == 1)
		found(d, LEVEL_WARN, NULL, NULL, remedy,
		    "%s is the only administrator by plain sshd (sudoers are "
		    "not read)",
		    b.names);
	else
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "administrators who get in by plain sshd: %s", b.names);
}
