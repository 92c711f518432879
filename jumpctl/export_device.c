/* SPDX-License-Identifier: ISC */
/*
 * jumpctl export device: what keeps a device's tunnel open, for the device.
 *
 * The files of dist/device are the whole of it but for the options of ssh(1):
 * there they are in a file, here they take the place of that file's name.
 */
#include "ctl.h"

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "device_unit.h"
#include "exit.h"

#define HOSTKEYS  "/etc/ssh"
#define TEMPLATES DATADIR "/device/"

/* The device and its ports; how many there are, or usage() of its caller. */
static void
find_device(struct device_unit *u, const struct policy *p)
{
	uint32_t row = policy_find_target(p, u->name);
	const struct policy_target *t;

	if (row == POLICY_NONE || policy_target(p, row)->kind != TARGET_DEVICE)
		errx(EXIT_NO_MATCH, "%s: no device of this policy", u->name);
	t = policy_target(p, row);
	u->name = policy_string(p, t->name); /* not the alias */
	u->account = policy_string(p, t->account);
	u->replace = (t->flags & TARGET_REPLACE) != 0;
	u->path = t->path != 0 ? policy_string(p, t->path) : NULL;
	if (u->path == NULL)
		addr_print(
		    &((const struct net *)policy_row(p, PT_NETS, t->nets.first))
			 ->addr,
		    u->address);
	for (uint32_t i = 0; i < t->ports.n && u->nports < DEVICE_PORTS; i++)
		u->ports[u->nports++] = *(const struct policy_port *)policy_row(
		    p, PT_PORTS, t->ports.first + i);
	if (t->ports.n > DEVICE_PORTS)
		errx(EXIT_NO_MATCH, "%s has more than %d ports", u->name,
		    DEVICE_PORTS);
}

/* The options, and the name.  False if they are wrong. */
static bool
read_options(struct device_unit *u, int argc, char **argv)
{
	static const struct option options[] = {
	    {"init", required_argument, NULL, 'i'},
	    {"jump", required_argument, NULL, 'j'},
	    {"to", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'i' && device_init(u, optarg))
			continue;
		if (option == 'j' && device_jump(u, optarg))
			continue;
		if (option == 't' && u->nto < DEVICE_PORTS) {
			u->to[u->nto++] = optarg;
			continue;
		}
		return false;
	}
	u->name = argv[optind];
	return argc - optind == 1;
}

/* What cannot be left to be found out on the device. */
static void
check_unit(struct device_unit *u)
{
	static char host[HOSTNAME_TEXT];
	char safe[AUDIT_ESCAPED(HOSTNAME_TEXT)];
	const char *wrong;

	if (u->jump[0] == '\0' &&
	    (!hostname_own(host) || strchr(host, '.') == NULL ||
		strncmp(host, "localhost", 9) == 0 || !device_jump(u, host)))
		errx(EXIT_NO_MATCH,
		    "this machine's name, `%s', leads nowhere from a device: "
		    "say --jump HOST",
		    audit_escape(safe, sizeof(safe), host));
	u->nkeys = known_own(HOSTKEYS, 0, u->keys);
	if (u->nkeys == 0)
		errx(EXIT_NO_MATCH, "no host key of this machine in %s",
		    HOSTKEYS);
	wrong = device_check(u);
	if (wrong != NULL)
		errx(EXIT_NO_MATCH, "%s: %s", u->name, wrong);
}

int
export_device(int argc, char **argv)
{
	struct device_unit u = {.init = 0};
	char path[PATH_MAX];
	struct policy *p;
	FILE *template;
	int error;

	if (!read_options(&u, argc, argv))
		return usage("export");
	p = policy_in_force();
	find_device(&u, p);
	if (policy_damaged(p))
		errx(EXIT_POLICY, "%s: damaged", POLICY_IMAGE);
	check_unit(&u);
	snprintf(path, sizeof(path), TEMPLATES "%s", device_template(&u));
	template = fopen(path, "re");
	if (template == NULL)
		err(EXIT_INTERNAL, "%s", path);
	error = device_print(&u, template, stdout);
	fclose(template);
	for (size_t i = 0; i < u.nkeys; i++)
		free(u.keys[i]);
	policy_free(p);
	if (error == -1)
		err(EXIT_INTERNAL, "cannot write it");
	return EXIT_OK;
}
