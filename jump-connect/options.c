/* SPDX-License-Identifier: ISC */
#include "options.h"

#include <sys/socket.h>

#include <getopt.h>
#include <stddef.h>
#include <string.h>

#include "dial.h"
#include "match.h"

enum { OPT_ID = 256, OPT_FROM, OPT_MFA, OPT_SESSION, OPT_TICKET, OPT_HELP };

static const struct option names[] = {
    {"id", required_argument, NULL, OPT_ID},
    {"from", required_argument, NULL, OPT_FROM},
    {"mfa", required_argument, NULL, OPT_MFA},
    {"session", required_argument, NULL, OPT_SESSION},
    {"ticket", required_argument, NULL, OPT_TICKET},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static int
set_family(struct options *o, int family)
{
	if (o->family != AF_UNSPEC && o->family != family)
		return -1;
	o->family = family;
	return 0;
}

static int
set_wait(struct options *o, const char *text)
{
	uint64_t seconds;

	if (!number_parse(&seconds, text, 1, DIAL_TIMEOUT_MAX))
		return -1;
	o->wait = (int)seconds;
	return 0;
}

static int
set_text(const char **where, const char *text)
{
	if (*where != NULL || *text == '\0')
		return -1;
	*where = text;
	return 0;
}

static int
set_ticket(struct options *o, const char *text)
{
	return ticket_valid(text) ? set_text(&o->ticket, text) : -1;
}

static int
set(struct options *o, int option)
{
	switch (option) {
	case '4':
		return set_family(o, AF_INET);
	case '6':
		return set_family(o, AF_INET6);
	case 'c':
		o->inner = true;
		return 0;
	case 'k':
		o->keys = true;
		return 0;
	case 'F':
		o->pass = true;
		return 0;
	case 'G':
		o->gate = true;
		return 0;
	case 'n':
		o->plain = true;
		return 0;
	case 'w':
		return set_wait(o, optarg);
	case 'U':
		return set_text(&o->path, optarg);
	case OPT_ID:
		return set_text(&o->id, optarg);
	case OPT_FROM:
		return set_text(&o->from, optarg);
	case OPT_MFA:
		return set_text(&o->mfa, optarg);
	case OPT_SESSION:
		return set_text(&o->session, optarg);
	case OPT_TICKET:
		return set_ticket(o, optarg);
	default:
		return -1;
	}
}

/* What is left: nothing with -U, else HOST PORT. */
static int
set_target(struct options *o, int n, char **words)
{
	if (o->path != NULL)
		return n == 0 ? 0 : -1;
	if (n != 2)
		return -1;
	o->host = words[0];
	o->port = words[1];
	return 0;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	int option, only;

	memset(o, 0, sizeof(*o));
	o->wait = DIAL_TIMEOUT;
	opterr = 0;
	while ((option = getopt_long(
		    argc, argv, "+46FGc:knU:w:", names, NULL)) != -1) {
		if (option == OPT_HELP) {
			o->help = true;
			return 0;
		}
		if (set(o, option) == -1)
			return -1;
	}
	if (o->inner || o->keys) {
		only = argc == (o->inner ? 3 : 2) && o->inner != o->keys &&
		    !o->plain && !o->gate && !o->pass && o->family == AF_UNSPEC;
		return only ? 0 : -1;
	}
	if ((o->plain || o->gate) &&
	    (o->id != NULL || o->from != NULL || o->mfa != NULL ||
		o->session != NULL || o->ticket != NULL))
		return -1;
	if (o->gate)
		return argc == optind && !o->plain && !o->pass &&
			o->path == NULL && o->family == AF_UNSPEC
		    ? 0
		    : -1;
	return set_target(o, argc - optind, argv + optind);
}
