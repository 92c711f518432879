/* SPDX-License-Identifier: ISC */
#include "target.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

static bool
copy(struct target *t, const char *from, size_t size)
{
	if (size == 0 || size >= sizeof(t->text))
		return false;
	memcpy(t->text, from, size);
	t->text[size] = '\0';
	return true;
}

static bool
parse_path(struct target *t, const char *name)
{
	if (strlen(name) >= PATH_TEXT || !copy(t, name, strlen(name)))
		return false;
	for (const char *s = name; *s != '\0'; s++) {
		if (!isgraph((unsigned char)*s))
			return false;
	}
	t->form = TARGET_PATH;
	return true;
}

/* An address or a name, without a port. */
static bool
parse_host(struct target *t)
{
	struct in_addr loose;
	char *s;

	if (addr_parse(&t->addr, t->text)) {
		t->form = TARGET_ADDRESSED;
		return true;
	}
	for (s = t->text; *s != '\0'; s++)
		*s = (char)tolower((unsigned char)*s);
	if (!isalnum((unsigned char)t->text[0]) || s[-1] == '.' ||
	    strspn(t->text, name_bytes) != strlen(t->text) ||
	    strpbrk(t->text, "abcdefghijklmnopqrstuvwxyz") == NULL ||
	    strncmp(t->text, "0x", 2) == 0 || inet_aton(t->text, &loose) != 0)
		return false;
	t->form = TARGET_NAMED;
	return true;
}

/* Split [ADDRESS]:PORT or NAME:PORT; an address alone has many colons. */
static bool
split(struct target *t, const char *name, const char **port)
{
	const char *end, *colon = strrchr(name, ':');

	if (name[0] == '[') {
		end = strchr(name, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return false;
		if (end[1] == ':')
			*port = end + 2;
		return copy(t, name + 1, (size_t)(end - name) - 1) &&
		    strchr(t->text, ':') != NULL;
	}
	if (colon == NULL || strchr(name, ':') != colon)
		return copy(t, name, strlen(name));
	*port = colon + 1;
	return copy(t, name, (size_t)(colon - name));
}

bool
target_parse(struct target *t, const char *name, const char *port)
{
	const char *inner = NULL;

	memset(t, 0, sizeof(*t));
	if (name[0] == '/')
		return port == NULL && parse_path(t, name);
	if (!split(t, name, &inner) || (inner != NULL && port != NULL))
		return false;
	if (inner != NULL)
		port = inner;
	if (port != NULL && !port_parse(&t->port, port))
		return false;
	return parse_host(t);
}

const char *
target_text(const struct target *t, char *buf, size_t size)
{
	bool v6 = strchr(t->text, ':') != NULL;

	if (t->port == 0)
		snprintf(buf, size, "%s", t->text);
	else
		snprintf(buf, size, "%s%s%s:%u", v6 ? "[" : "", t->text,
		    v6 ? "]" : "", t->port);
	return buf;
}

size_t
target_addresses(const struct policy *p, const struct target *asked,
    struct addr addrs[ADDRESSES_MAX], uint32_t *found)
{
	const struct policy_target *t;
	struct policy_range nets;
	size_t n = 0;

	*found = policy_find_target(p, asked->text);
	if (*found == POLICY_NONE)
		return 0;
	t = policy_target(p, *found);
	if (t->kind != TARGET_HOST && t->kind != TARGET_DEVICE)
		return 0;
	nets = policy_clip(p, PT_NETS, t->nets);
	for (uint32_t i = 0; i < nets.n && n < ADDRESSES_MAX; i++) {
		const struct net *net =
		    policy_row(p, PT_NETS, nets.first + i);

		addrs[n++] = net->addr;
	}
	return n;
}

bool
target_in_domain(const struct policy *p, const struct target *asked,
    const struct addr *addrs, size_t n)
{
	for (uint32_t i = 0; i < p->table[PT_IX_DOMAIN].n && n > 0; i++) {
		const uint32_t *row = policy_row(p, PT_IX_DOMAIN, i);
		const struct policy_target *t = policy_target(p, *row);
		size_t inside = 0;

		if (!policy_name_matches(p, t, asked->text))
			continue;
		while (inside < n &&
		    policy_nets_have(p, t->nets, &addrs[inside]))
			inside++;
		if (inside == n)
			return true;
	}
	return false;
}
