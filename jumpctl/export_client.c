/* SPDX-License-Identifier: ISC */
/*
 * jumpctl export ssh_config, known_hosts: what jump-shell writes for a user.
 */
#include "ctl.h"

#include <err.h>
#include <getopt.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "exit.h"
#include "swept.h"

#define HOSTKEYS "/etc/ssh"

struct options {
	bool known_hosts, ansible;
	const char *jump, *user; /* NULL: not given */
	struct addr from;
	bool has_from;
};

/* The options of both, and the user.  False if they are wrong. */
static bool
read_options(struct options *o, int argc, char **argv)
{
	static const struct option options[] = {
	    {"format", required_argument, NULL, 'f'},
	    {"jump", required_argument, NULL, 'j'},
	    {"from", required_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'f' && !o->known_hosts &&
		    (strcmp(optarg, "openssh") == 0 ||
			strcmp(optarg, "ansible") == 0))
			o->ansible = *optarg == 'a';
		else if (option == 'j' && hostname_valid(optarg))
			o->jump = optarg;
		else if (option == 'a' && addr_parse(&o->from, optarg))
			o->has_from = true;
		else
			return false;
	}
	o->user = argv[optind];
	return argc - optind == 1 ||
	    (o->known_hosts && argc == optind && !o->has_from);
}

/* The keys of all targets, and of this host. */
static int
print_all(const struct policy *p, const struct client *c)
{
	fputs("# made by: jumpctl export known_hosts\n", stdout);
	for (size_t i = 0; i < c->nkeys; i++)
		printf(CLIENT_KEYS " %s\n", c->keys[i]);
	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++)
		if (known_print(p, i, stdout) == -1)
			return -1;
	fputs("# end of the known hosts\n", stdout);
	return fflush(stdout) == EOF ? -1 : 0;
}

/* Whether they have an account of the policy, and are not locked. */
static bool
is_user(const struct policy *p, const struct policy_request *request)
{
	return policy_has_account(p, request) == TRUTH_YES &&
	    policy_locked(p, request) == POLICY_NONE;
}

static int
print_user(const struct policy *p, const struct options *o, struct client *c)
{
	struct question q = {.who = o->user};
	struct policy_request request;
	struct person person;
	int error;

	if (question_person(p, &q, &person) == -1)
		errx(EXIT_NO_MATCH, "%s: no user of this policy", o->user);
	decide_request(&request, &person, ROAD_CONNECT, time(NULL));
	if (!is_user(p, &request))
		errx(EXIT_NO_MATCH, "%s: no user of this policy, or locked",
		    o->user);
	request.swept = swept_lately(SWEPT_FILE, 0, request.now);
	if (o->has_from)
		request.from = &o->from;
	c->request = &request;
	c->user = person.name;
	c->account = person.account;
	if (o->known_hosts)
		error = client_known_hosts(stdout, c);
	else if (o->ansible)
		error = client_inventory(stdout, c);
	else
		error = client_ssh_config(stdout, c);
	person_free(&person);
	return error;
}

bool
hostname_own(char name[HOSTNAME_TEXT])
{
	static const struct addrinfo hints = {.ai_flags = AI_CANONNAME,
	    .ai_socktype = SOCK_STREAM};
	struct addrinfo *found;

	memset(name, 0, HOSTNAME_TEXT);
	if (gethostname(name, HOSTNAME_TEXT - 1) == -1 ||
	    !hostname_valid(name)) {
		*name = '\0';
		return false;
	}
	if (strchr(name, '.') != NULL ||
	    getaddrinfo(name, NULL, &hints, &found) != 0)
		return true;
	if (found->ai_canonname != NULL && hostname_valid(found->ai_canonname))
		snprintf(name, HOSTNAME_TEXT, "%s", found->ai_canonname);
	freeaddrinfo(found);
	return true;
}

int
export_client(bool known_hosts, int argc, char **argv)
{
	struct options o = {.known_hosts = known_hosts};
	char host[HOSTNAME_TEXT];
	struct client c = {.jump = "jump"};
	struct policy *p;
	int error;

	if (!read_options(&o, argc, argv))
		return usage("export");
	p = policy_in_force();
	if (!decide_zone(p))
		errx(EXIT_POLICY,
		    "the policy's time zone is not on this machine");
	c.policy = p;
	if (o.jump != NULL)
		c.jump = o.jump;
	if (strchr(c.jump, '.') == NULL && hostname_own(host))
		c.host = host;
	c.nkeys = known_own(HOSTKEYS, 0, c.keys);
	error = o.user == NULL ? print_all(p, &c) : print_user(p, &o, &c);
	for (size_t i = 0; i < c.nkeys; i++)
		free(c.keys[i]);
	if (policy_damaged(p))
		errx(EXIT_POLICY, "%s: damaged", POLICY_IMAGE);
	policy_free(p);
	if (error == -1)
		err(EXIT_INTERNAL, "cannot write it");
	return EXIT_OK;
}
