/* SPDX-License-Identifier: ISC */
#include "known.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decide.h"
#include "pubkey.h"

enum {
	TYPE_BASE64 = 64, /* holds the type of every key */
	LINE_MAX_BYTES = 8192,
	RAW_MAX = 6144
};

bool
known_type(const char *blob, char type[KNOWN_TYPE])
{
	char head[TYPE_BASE64 + 1];
	uint8_t raw[TYPE_BASE64];
	int n;
	size_t size;

	snprintf(head, sizeof(head), "%s", blob);
	n = base64_decode(head, raw, sizeof(raw));
	if (n < 4 || raw[0] != 0 || raw[1] != 0 || raw[2] != 0)
		return false;
	size = raw[3];
	if (size >= KNOWN_TYPE || size > (size_t)n - 4)
		return false;
	memcpy(type, raw + 4, size);
	type[size] = '\0';
	return strlen(type) == size && pubkey_known(type);
}

/*
 * Targets.
 */
struct keys {
	const char **list;
	size_t n;
};

/* Those that are not there yet. */
static bool
add_keys(struct keys *k, const char **more, size_t n)
{
	const char **list = reallocarray(k->list, k->n + n, sizeof(*list));
	size_t seen;

	if (list == NULL)
		return false;
	k->list = list;
	for (size_t i = 0; i < n; i++) {
		for (seen = 0; seen < k->n; seen++)
			if (strcmp(list[seen], more[i]) == 0)
				break;
		if (seen == k->n)
			list[k->n++] = more[i];
	}
	return true;
}

static bool
keys_of_choice(const struct policy *p, const struct target *asked,
    const struct choice *choice, const char *path, struct keys *k)
{
	struct policy_request any = {.user = POLICY_NONE};
	const char **more;
	ssize_t n = decide_hostkeys(p, &any, asked, choice, path, &more);
	bool good = n == 0 || (n > 0 && add_keys(k, more, (size_t)n));

	free(more);
	return good;
}

/* Of one port, at each address or at the path. */
static bool
keys_of_port(const struct policy *p, const struct policy_target *t,
    uint16_t port, struct keys *k)
{
	struct policy_range nets = policy_clip(p, PT_NETS, t->nets);
	struct target asked = {.form = TARGET_ADDRESSED, .port = port};
	struct choice choice = {0};
	bool good = true;

	if (t->path != 0)
		return keys_of_choice(
		    p, &asked, &choice, policy_string(p, t->path), k);
	for (uint32_t i = 0; i < nets.n && good; i++) {
		const struct net *net = policy_row(p, PT_NETS, nets.first + i);

		choice.addr = net->addr;
		good = keys_of_choice(p, &asked, &choice, NULL, k);
	}
	return good;
}

ssize_t
known_keys(const struct policy *p, uint32_t target, const char ***keys)
{
	const struct policy_target *t = policy_target(p, target);
	struct policy_range ports = policy_clip(p, PT_PORTS, t->ports);
	struct keys k = {0};
	bool good = true;

	*keys = NULL;
	if (t->kind == TARGET_NET || t->kind == TARGET_DOMAIN)
		return 0;
	for (uint32_t i = 0; i < ports.n && good; i++) {
		const struct policy_port *port =
		    policy_row(p, PT_PORTS, ports.first + i);

		if (port->protocol == PROTO_SSH)
			good = keys_of_port(p, t, port->port, &k);
	}
	if (!good || policy_damaged(p)) {
		free(k.list);
		return -1;
	}
	*keys = k.list;
	return (ssize_t)k.n;
}

ssize_t
known_print(const struct policy *p, uint32_t target, FILE *out)
{
	const struct policy_target *t = policy_target(p, target);
	struct policy_range aliases = policy_clip(p, PT_WORDS, t->aliases);
	const char **keys;
	char type[KNOWN_TYPE];
	ssize_t n = known_keys(p, target, &keys), lines = 0;

	for (ssize_t i = 0; i < n; i++) {
		if (!known_type(keys[i], type) ||
		    !name_plain(policy_string(p, t->name)))
			continue;
		fputs(policy_string(p, t->name), out);
		for (uint32_t a = 0; a < aliases.n; a++) {
			const char *alias = policy_word(p, aliases.first + a);

			if (name_plain(alias))
				fprintf(out, ",%s", alias);
		}
		fprintf(out, " %s %s\n", type, keys[i]);
		lines++;
	}
	free(keys);
	return n == -1 ? -1 : lines;
}

/*
 * This machine.
 */
/* The line of a file, or NULL. */
static char *
read_line(const char *path, uid_t owner)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char line[LINE_MAX_BYTES + 1];
	struct stat st;
	ssize_t n = -1;

	if (fd == -1)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == owner &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n <= 0)
		return NULL;
	line[n] = '\0';
	return strdup(line);
}

/* TYPE BASE64 of a line TYPE BASE64 COMMENT, in place; false if it is none. */
static bool
keep_key(char *line)
{
	uint8_t raw[RAW_MAX];
	char *rest, *type = strtok_r(line, " \t\n", &rest);
	char *blob = type != NULL ? strtok_r(NULL, " \t\n", &rest) : NULL;
	size_t size;

	if (blob == NULL || type != line ||
	    pubkey_decode(type, blob, raw, sizeof(raw), &size) != PUBKEY_OK)
		return false;
	type[strlen(type)] = ' ';
	memmove(type + strcspn(type, " ") + 1, blob, strlen(blob) + 1);
	return true;
}

size_t
known_own(const char *folder, uid_t owner, char *lines[KNOWN_OWN])
{
	static const char *const kinds[KNOWN_OWN] = {"ed25519", "ecdsa", "rsa"};
	char path[256];
	size_t n = 0;

	for (size_t i = 0; i < KNOWN_OWN; i++) {
		snprintf(path, sizeof(path), "%s/ssh_host_%s_key.pub", folder,
		    kinds[i]);
		lines[n] = read_line(path, owner);
		if (lines[n] != NULL && keep_key(lines[n]))
			n++;
		else
			free(lines[n]);
	}
	return n;
}
