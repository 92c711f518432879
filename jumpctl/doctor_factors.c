/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether those whom rules with mfa concern can meet them.
 */
#include "factors.h"

#include <string.h>

enum { VALUE_MAX = 600 };

static const char remedy[] =
    "jumpctl export sshd >/etc/ssh/sshd_config.d/40-jump-mfa.conf; reload "
    "sshd";

static void
check_account(struct doctor *d, const char *name)
{
	char methods[VALUE_MAX] = "", command[VALUE_MAX] = "";
	struct sshd_answer a;

	if (sshd_ask(&d->sshd, name, &a) == -1)
		return; /* check_members() says so */
	sshd_value(&a, "AuthenticationMethods", 0, methods, sizeof(methods));
	sshd_value(&a, "AuthorizedKeysCommand", 0, command, sizeof(command));
	sshd_answer_free(&a);
	if (!factors_demanded(methods))
		found(d, LEVEL_WARN, name, NULL, remedy,
		    "a rule with mfa concerns it, and its keys meet none: "
		    "sshd asks for no second method");
	else if (strstr(command, " --mfa ") == NULL)
		found(d, LEVEL_WARN, name, NULL, remedy,
		    "its second method meets mfa by ProxyCommand, and not by "
		    "ProxyJump: jump-authkeys has no --mfa");
}

/* Members of the group whose keys a directory has, or an authority certifies.
 */
static void
add_members(const struct policy *p, struct names *missing)
{
	struct names all = {0};

	names_jump(&all, p);
	for (size_t i = 0; i < all.n; i++) {
		if (policy_find_account(p, all.list[i]) == POLICY_NONE &&
		    factors_wanted(p, all.list[i]))
			names_add(missing, all.list[i]);
	}
	names_free(&all);
}

void
check_factors(struct doctor *d)
{
	struct names missing = {0}, others = {0};
	size_t before = d->n;

	if (d->sshd.path == NULL || d->policy == NULL ||
	    !factors_any(d->policy))
		return;
	factors_accounts(d->policy, &missing, &others);
	add_members(d->policy, &missing);
	for (size_t i = 0; i < missing.n; i++)
		check_account(d, missing.list[i]);
	names_free(&missing);
	names_free(&others);
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "whom a rule with mfa concerns can meet it");
}
