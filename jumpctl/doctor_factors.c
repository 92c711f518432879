/*
 * jumpctl doctor: whether those whom rules with mfa concern can meet them.
 */
#include "doctor.h"

#include <string.h>

#include "factors.h"

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

void
check_factors(struct doctor *d)
{
	struct names names = {0};
	size_t before = d->n;

	if (d->sshd.path == NULL || d->policy == NULL ||
	    !factors_any(d->policy))
		return;
	names_jump(&names, d->policy);
	for (size_t i = 0; i < names.n; i++) {
		progress("asking about mfa", i, names.n);
		if (factors_missing(d->policy, names.list[i]))
			check_account(d, names.list[i]);
	}
	progress("asking about mfa", names.n, names.n);
	names_free(&names);
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "whom a rule with mfa concerns can meet it");
}
