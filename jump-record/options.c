/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "factor.h"
#include "match.h"
#include "session.h"

enum {
	OPT_SESSION = 256,
	OPT_FROM,
	OPT_ID,
	OPT_MFA,
	OPT_TICKET,
	OPT_LOGIN,
	OPT_RECORD,
	OPT_CONSENT,
	OPT_AGENT,
	OPT_HELP
};

static const struct option names[] = {
    {"session", required_argument, NULL, OPT_SESSION},
    {"from", required_argument, NULL, OPT_FROM},
    {"id", required_argument, NULL, OPT_ID},
    {"mfa", required_argument, NULL, OPT_MFA},
    {"ticket", required_argument, NULL, OPT_TICKET},
    {"login", required_argument, NULL, OPT_LOGIN},
    {"record", no_argument, NULL, OPT_RECORD},
    {"consent", no_argument, NULL, OPT_CONSENT},
    {"agent", no_argument, NULL, OPT_AGENT},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static bool
login_valid(const char *text)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz"
				   "0123456789._@+-";
	size_t n = strlen(text);

	return n < SESSION_LOGIN && *text != '-' && strspn(text, good) == n;
}

static bool
id_valid(const char *text)
{
	return strlen(text) < SESSION_USER;
}

static bool
from_valid(const char *text)
{
	struct addr a;

	return addr_parse(&a, text) && strlen(text) < SESSION_ADDR;
}

static bool
session_valid(const char *text)
{
	return audit_session_valid(text) != 0;
}

static int
set_text(const char **where, bool (*valid)(const char *))
{
	if (*where != NULL || *optarg == '\0' || !valid(optarg))
		return -1;
	*where = optarg;
	return 0;
}

static int
set(struct options *o, int option)
{
	switch (option) {
	case OPT_SESSION:
		return set_text(&o->session, session_valid);
	case OPT_FROM:
		return set_text(&o->from, from_valid);
	case OPT_ID:
		return set_text(&o->id, id_valid);
	case OPT_MFA:
		return set_text(&o->mfa, factor_is_method);
	case OPT_TICKET:
		return set_text(&o->ticket, ticket_valid);
	case OPT_LOGIN:
		return set_text(&o->login, login_valid);
	case OPT_RECORD:
		o->record = true;
		return 0;
	case OPT_CONSENT:
		o->consent = true;
		return 0;
	case OPT_AGENT:
		o->agent = true;
		return 0;
	default:
		return -1;
	}
}

/* NAME PORT [-- WORD...]; a port of `-' is that of a target with a path. */
static int
set_target(struct options *o, int n, char **words)
{
	if (n < 2 || o->session == NULL || o->login == NULL)
		return -1;
	if (n > 2 && strcmp(words[2], "--") != 0)
		return -1;
	o->words = words + (n > 2 ? 3 : 2);
	return target_parse(&o->target, words[0],
		   strcmp(words[1], "-") == 0 ? NULL : words[1]) &&
		o->target.form != TARGET_PATH
	    ? 0
	    : -1;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	int option;

	memset(o, 0, sizeof(*o));
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
		if (option == OPT_HELP) {
			o->help = true;
			return 0;
		}
		if (set(o, option) == -1)
			return -1;
	}
	return set_target(o, argc - optind, argv + optind);
}

const char **
options_ssh(const struct options *o, bool terminal)
{
	static char alias[sizeof("HostKeyAlias=") + sizeof(o->target.text)];
	static char port[16], login[SESSION_LOGIN + 2];
	static const char config[] = LIBEXECDIR "/ssh_config";
	static const char proxy[] = "ProxyCommand=" LIBEXECDIR "/jump-connect";
	static const char keys[] =
	    "KnownHostsCommand=" LIBEXECDIR "/jump-connect -k";
	static const char agent[] = "IdentityAgent=SSH_AUTH_SOCK";
	static const char no_agent[] = "IdentityAgent=none";
	static const char *const fixed[] = {"ssh", "-F", config, "-o", proxy,
	    "-o", keys, "-e", "none", "-o", alias, "-l", login, "-p", port,
	    "-o"};
	enum { FIXED = sizeof(fixed) / sizeof(fixed[0]) };
	size_t n = 0, words = 0;
	const char **argv;

	while (o->words[words] != NULL)
		words++;
	argv = calloc(FIXED + words + 5, sizeof(*argv));
	if (argv == NULL)
		return NULL;
	snprintf(alias, sizeof(alias), "HostKeyAlias=%s", o->target.text);
	snprintf(port, sizeof(port), "%u",
	    o->target.port == 0 ? 22U : o->target.port);
	snprintf(login, sizeof(login), "%s", o->login);
	memcpy(argv, fixed, sizeof(fixed));
	n = FIXED;
	argv[n++] = o->agent ? agent : no_agent;
	argv[n++] = terminal ? "-t" : "-T";
	argv[n++] = "--";
	argv[n++] = o->target.text;
	memcpy(argv + n, o->words, words * sizeof(*argv));
	return argv;
}
