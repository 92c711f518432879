/* SPDX-License-Identifier: ISC */
#include "unmet.h"

#include <stdio.h>

#include "policy.h"

static const struct {
	enum policy_obligation what;
	const char *text;
} words[] = {
    {MUST_TICKET, "a ticket (--ticket ID, or SetEnv JUMP_TICKET=ID)"},
    {MUST_APPROVE, "an approval (ask for one: request TARGET REASON)"},
    {MUST_MFA,
	"a second factor (log in again, by a second method or "
	"a key with a PIN)"},
};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

const char *
unmet_text(uint32_t unmet, const char *ticket, char buf[UNMET_TEXT])
{
	const char *separator = "";
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < WORDS && n < UNMET_TEXT; i++) {
		if (!(unmet & words[i].what))
			continue;
		if (words[i].what == MUST_TICKET && ticket != NULL)
			n += (size_t)snprintf(buf + n, UNMET_TEXT - n,
			    "%sanother ticket than %s", separator, ticket);
		else
			n += (size_t)snprintf(buf + n, UNMET_TEXT - n, "%s%s",
			    separator, words[i].text);
		separator = " and ";
	}
	return buf;
}
