/* SPDX-License-Identifier: ISC */
#include "device_unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "client.h"

#define FOLDER "/etc/jump-device/"

/*
 * The files of dist/device, and what in them is to be replaced.  NAME is the
 * device in the other texts, OPTIONS what stands for its ssh_config(5).
 */
static const struct init {
	const char *name, *template;
	const char *file;    /* where it goes */
	const char *account; /* how that is made, besides useradd(8) */
	const char *start;   /* what starts it */
	const char *name_in, *options_in, *delay_in, *ssh_in;
	const char *first; /* before ssh_in: to register */
	const char *space; /* between options */
} inits[] = {
    {"systemd", "jump-device@.service",
	"/etc/systemd/system/jump-device@NAME.service", "",
	"#     systemctl daemon-reload\n"
	"#     systemctl enable --now jump-device@NAME\n",
	"%i", "-F /etc/jump-device/%i.conf jump", "RestartSec=10", "ExecStart=",
	"ExecStartPre=-/usr/bin/ssh -o ClearAllForwardings=yes OPTIONS "
	"register\n",
	" \\\n    "},
    {"openrc", "jump-device.openrc", "/etc/init.d/jump-device.NAME",
	"# or, on Alpine Linux:\n"
	"#     addgroup -S jump-device\n"
	"#     adduser -S -D -H -h /etc/jump-device -s /sbin/nologin \\\n"
	"#         -G jump-device jump-device\n"
	"# and:\n",
	"#     chmod 755 /etc/init.d/jump-device.NAME\n"
	"#     rc-update add jump-device.NAME\n"
	"#     rc-service jump-device.NAME start\n",
	"${RC_SVCNAME#*.}", "-F /etc/jump-device/${RC_SVCNAME#*.}.conf jump",
	"respawn_delay=10", "exec ",
	"/usr/bin/ssh -o ClearAllForwardings=yes OPTIONS register; ",
	" \\\n    "},
    {"cron", "jump-device.cron", "/etc/cron.d/jump-device-NAME", "",
	"# and wait a minute.\n", "NAME", "-F /etc/jump-device/NAME.conf jump",
	"sleep 10", "exec ", "ssh -o ClearAllForwardings=yes $JUMP register; ",
	" "},
};

enum { INITS = sizeof(inits) / sizeof(inits[0]), LINE = 4096 };
enum { CRON_PORTS = 6, DELAY_LEAST = 5, DELAYS = 10 };

/* Printed as it is by init, by sh(1) and by cron(8). */
static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@+-";

struct edit {
	const char *from;
	const char *to;
};

bool
device_init(struct device_unit *u, const char *name)
{
	for (u->init = 0; u->init < INITS; u->init++) {
		if (strcmp(inits[u->init].name, name) == 0)
			return true;
	}
	u->init = 0;
	return false;
}

const char *
device_template(const struct device_unit *u)
{
	return inits[u->init].template;
}

/* HOST:PORT, [ADDRESS]:PORT; the first n bytes are the host. */
static bool
split_host(const char *text, size_t *n, uint16_t *port)
{
	const char *colon = strrchr(text, ':');

	if (colon == NULL || !port_parse(port, colon + 1))
		return false;
	*n = (size_t)(colon - text);
	return *n > 0;
}

/* A name, or an address; in brackets if it is one of IPv6 before a port. */
static bool
is_host(const char *text, size_t n, bool brackets)
{
	char host[256];
	struct addr addr;

	if (n >= sizeof(host) || n == 0)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (brackets && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		return strchr(host, ':') != NULL && addr_parse(&addr, host + 1);
	}
	if (brackets && strchr(host, ':') != NULL)
		return false;
	return hostname_valid(host) || addr_parse(&addr, host);
}

bool
device_jump(struct device_unit *u, const char *text)
{
	size_t n = strlen(text);

	u->port = 0;
	if (!is_host(text, n, false)) {
		if (!split_host(text, &n, &u->port) || !is_host(text, n, true))
			return false;
		if (*text == '[') {
			text++;
			n -= 2;
		}
	}
	memcpy(u->jump, text, n);
	u->jump[n] = '\0';
	return true;
}

static bool
is_path(const char *path)
{
	size_t n = 0;

	if (*path != '/')
		return false;
	while (path[n] != '\0' && (path[n] == '/' || strchr(plain, path[n])))
		n++;
	return path[n] == '\0' && n < PATH_TEXT;
}

/* The destination of [PORT=]DESTINATION, and the port: 0 if it has none. */
static const char *
split_to(const char *to, uint16_t *port)
{
	const char *equals = strchr(to, '=');
	char text[8] = "";

	*port = 0;
	if (equals == NULL)
		return to;
	if ((size_t)(equals - to) < sizeof(text))
		memcpy(text, to, (size_t)(equals - to));
	return port_parse(port, text) ? equals + 1 : NULL;
}

/* Where a port leads to: what names it, else what names none, else NULL. */
static const char *
find_to(const struct device_unit *u, uint16_t wanted)
{
	const char *found = NULL, *destination;
	uint16_t port;

	for (size_t i = 0; i < u->nto; i++) {
		destination = split_to(u->to[i], &port);
		if (port == wanted && port != 0)
			return destination;
		if (port == 0)
			found = destination;
	}
	return found;
}

static bool
has_port(const struct device_unit *u, uint16_t port)
{
	for (size_t i = 0; i < u->nports; i++) {
		if (u->ports[i].port == port)
			return true;
	}
	return false;
}

static const char *
check_destinations(const struct device_unit *u)
{
	for (size_t i = 0; i < u->nto; i++) {
		uint16_t port, other;
		const char *to = split_to(u->to[i], &port);
		size_t n;

		if (to == NULL ||
		    (!is_path(to) &&
			(!split_host(to, &n, &other) || !is_host(to, n, true))))
			return "--to wants [PORT=]HOST:PORT or [PORT=]/PATH";
		if (port != 0 && !has_port(u, port))
			return "--to names a port that the device has not";
		for (size_t j = 0; j < i; j++) {
			split_to(u->to[j], &other);
			if (other == port)
				return "--to is given twice for the same";
		}
	}
	return NULL;
}

const char *
device_check(const struct device_unit *u)
{
	if (u->name[strspn(u->name, plain)] != '\0' || *u->name == '-')
		return "a name with a character that no unit can have";
	if (u->account[strspn(u->account, plain)] != '\0' || *u->account == '-')
		return "an account with a character that no unit can have";
	if (u->path != NULL && !is_path(u->path))
		return "a path with a character that no unit can have";
	if (u->nports > CRON_PORTS && strcmp(inits[u->init].name, "cron") == 0)
		return "more ports than a line of cron has room for";
	return check_destinations(u);
}

/* Write a text with the edits done in it: a bit for each that there was. */
static unsigned int
put_edited(FILE *out, const char *text, const struct edit *edits, size_t n)
{
	unsigned int done = 0;
	size_t i;

	while (*text != '\0') {
		for (i = 0; i < n; i++) {
			if (strncmp(text, edits[i].from,
				strlen(edits[i].from)) == 0)
				break;
		}
		if (i == n) {
			putc(*text++, out);
			continue;
		}
		fputs(edits[i].to, out);
		text += strlen(edits[i].from);
		done |= 1u << i;
	}
	return done;
}

/* ADDRESS:PORT:DESTINATION or PATH:DESTINATION, of -R. */
static void
put_forward(FILE *out, const struct device_unit *u, const struct policy_port *p)
{
	const char *to = find_to(u, p->port);

	if (u->path != NULL)
		fprintf(out, "%s:", u->path);
	else
		fprintf(out, "%s:%u:", u->address, p->port);
	if (to != NULL)
		fputs(to, out);
	else
		fprintf(out, "localhost:%u",
		    p->protocol == PROTO_SSH || p->port == 0 ? 22 : p->port);
}

static void
put_options(FILE *out, const struct device_unit *u)
{
	static const char alias[] = "HostKeyAlias=" CLIENT_KEYS;
	static const char *const options[] = {"IdentitiesOnly=yes",
	    "GlobalKnownHostsFile=/dev/null", alias,
	    "StrictHostKeyChecking=yes", "BatchMode=yes", "ConnectTimeout=30",
	    "ServerAliveInterval=15", "ServerAliveCountMax=3",
	    "ExitOnForwardFailure=yes"};
	const char *space = inits[u->init].space;

	fprintf(out, "-F none -i " FOLDER "%s.key", u->name);
	fprintf(out, "%s-o UserKnownHostsFile=" FOLDER "%s.known_hosts", space,
	    u->name);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		fprintf(out, "%s-o %s", space, options[i]);
	for (size_t i = 0; i < u->nports; i++) {
		fprintf(out, "%s-R ", space);
		put_forward(out, u, &u->ports[i]);
	}
	fprintf(out, "%s", space);
	if (u->port != 0)
		fprintf(out, "-p %u ", u->port);
	fprintf(out, "-l %s %s", u->account, u->jump);
}

static void
put_command(FILE *out, const struct device_unit *u)
{
	bool brackets = u->port != 0 && strchr(u->jump, ':') != NULL;

	fprintf(out, "jumpctl export device %s", u->name);
	if (u->init != 0)
		fprintf(out, " --init %s", inits[u->init].name);
	fprintf(out, " --jump %s%s%s", brackets ? "[" : "", u->jump,
	    brackets ? "]" : "");
	if (u->port != 0)
		fprintf(out, ":%u", u->port);
	for (size_t i = 0; i < u->nto; i++)
		fprintf(out, " --to %s", u->to[i]);
}

/* Whether something at its end has a host key. */
static bool
speaks_ssh(const struct device_unit *u)
{
	for (size_t i = 0; i < u->nports; i++) {
		if (u->ports[i].protocol == PROTO_SSH)
			return true;
	}
	return false;
}

/* What it is, and what is to be typed where. */
static void
put_head(FILE *out, const struct device_unit *u, const struct edit *name)
{
	const struct init *init = &inits[u->init];

	put_edited(out,
	    "# NAME: a device behind NAT, and its reverse tunnel to ", name, 1);
	fprintf(out, "%s.\n# Made by: ", u->jump);
	put_command(out, u);
	fputs("\n# To make it again: the same on the jump host, and put it in "
	      "this one's place.\n#\n"
	      "# Once, on the device, as root:\n"
	      "#     umask 022\n"
	      "#     useradd --system --user-group --no-create-home \\\n"
	      "#         --home-dir /etc/jump-device --shell "
	      "/usr/sbin/nologin jump-device\n",
	    out);
	fputs(init->account, out);
	put_edited(out,
	    "#     mkdir -p /etc/jump-device\n"
	    "#     ssh-keygen -t ed25519 -N '' -C NAME -f " FOLDER "NAME.key\n"
	    "#     chown jump-device " FOLDER "NAME.key\n"
	    "# Then in the policy of the jump host, where jumpctl check, load "
	    "and doctor tell\n# what else it needs, such as its account:\n"
	    "#     key NAME \"...\"    # the line in " FOLDER "NAME.key.pub\n",
	    name, 1);
	if (speaks_ssh(u))
		put_edited(out,
		    "#     hostkey NAME \"...\"    # of the sshd that it leads "
		    "to, the line in\n"
		    "#         # /etc/ssh/ssh_host_ed25519_key.pub\n",
		    name, 1);
	fputs("# And on the device, with this file as\n# ", out);
	put_edited(out, init->file, name, 1);
	fputs(":\n#     sed -n 's/^#: //p' ", out);
	put_edited(out, init->file, name, 1);
	put_edited(
	    out, " \\\n#         >" FOLDER "NAME.known_hosts\n", name, 1);
	put_edited(out, init->start, name, 1);
	fputs("#\n# The host keys of the jump host, for that file:\n", out);
	for (size_t i = 0; i < u->nkeys; i++)
		fprintf(out, "#: " CLIENT_KEYS " %s\n", u->keys[i]);
}

/* The same for the same device, and another for most others (FNV-1a). */
static unsigned int
delay_of(const char *name)
{
	uint32_t hash = 2166136261U;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619U;
	return DELAY_LEAST + hash % DELAYS;
}

/* What the template says, with the edits; 0, or -1 without one of them. */
static int
put_template(FILE *out, FILE *template, const struct edit *edits, size_t n)
{
	char line[LINE];
	unsigned int done = 0;
	bool body = false;

	while (fgets(line, sizeof(line), template) != NULL) {
		body = body || *line == '\n';
		if (body)
			done |= put_edited(out, line, edits, n);
	}
	return ferror(template) || done + 1 != 1u << n ? -1 : 0;
}

/* "RestartSec=10" and the like, with another number. */
static void
make_delay(char *buf, size_t size, const struct device_unit *u)
{
	const char *in = inits[u->init].delay_in;

	snprintf(
	    buf, size, "%.*s%u", (int)strlen(in) - 2, in, delay_of(u->name));
}

int
device_print(const struct device_unit *u, FILE *template, FILE *out)
{
	const struct init *init = &inits[u->init];
	struct edit name = {"NAME", u->name}, options = {"OPTIONS", NULL};
	char *text = NULL, *first = NULL, delay[32], line[LINE];
	size_t size;
	int result = -1;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return -1;
	put_options(f, u);
	if (fclose(f) != 0)
		goto out;
	options.to = text;
	f = open_memstream(&first, &size);
	if (f == NULL)
		goto out;
	put_edited(f, u->replace ? init->first : "", &options, 1);
	fputs(init->ssh_in, f);
	if (fclose(f) != 0 || fgets(line, sizeof(line), template) == NULL)
		goto out;
	make_delay(delay, sizeof(delay), u);
	if (strncmp(line, "#!", 2) == 0)
		fputs(line, out);
	put_head(out, u, &name);
	result = put_template(out, template,
	    (const struct edit[]){{init->options_in, text},
		{init->delay_in, delay}, {init->ssh_in, first},
		{init->name_in, u->name}},
	    4);
out:
	free(text);
	free(first);
	return result == 0 && fflush(out) == 0 ? 0 : -1;
}
