/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "client.h"

/*
 * INI, as ansible's own plug-in reads it.  Nothing is said of how to get there:
 * ssh(1) has that from its configuration.
 */
struct inventory {
	FILE *out;
	const struct client *c;
	struct routes routes;
};

static const char *
name_of(const struct inventory *v, const struct route *r)
{
	return policy_string(
	    v->c->policy, policy_target(v->c->policy, r->target)->name);
}

/* A host that Ansible can use has SSH, and no terminal of ours before it. */
static const struct route *
host_of(const struct inventory *v, size_t first, size_t n)
{
	const struct route *main = routes_main(&v->routes.list[first], n);
	uint32_t kind = main == NULL
	    ? TARGET_NET
	    : policy_target(v->c->policy, main->target)->kind;

	return main == NULL || main->road == ROAD_SHELL || kind == TARGET_NET ||
		kind == TARGET_DOMAIN || !name_plain(name_of(v, main))
	    ? NULL
	    : main;
}

/* What the ssh_config calls it. */
static void
put_host(const struct inventory *v, const struct route *r)
{
	const char *name = name_of(v, r);

	fprintf(v->out, "%s ansible_host=%s", name, name);
	if (strcmp(name, v->c->jump) == 0)
		fprintf(v->out, "+%u", r->port);
	if (r->port != 0)
		fprintf(v->out, " ansible_port=%u", r->port);
	fputc('\n', v->out);
}

static bool
has_tag(const struct inventory *v, const struct route *r, uint32_t tag)
{
	const struct policy *p = v->c->policy;
	struct policy_range tags =
	    policy_clip(p, PT_REFS, policy_target(p, r->target)->tags);

	for (uint32_t i = 0; i < tags.n; i++)
		if (policy_ref(p, tags.first + i)->index == tag)
			return true;
	return false;
}

/* Names of groups are those of variables: letters, digits and _. */
static void
put_group(FILE *out, const char *tag)
{
	fputs("\n[tag_", out);
	for (; *tag != '\0'; tag++)
		fputc(isalnum((unsigned char)*tag) ? *tag : '_', out);
	fputs("]\n", out);
}

/* The group of a tag, if there is anything in it. */
static void
put_tag(const struct inventory *v, uint32_t tag)
{
	const uint32_t *name = policy_row(v->c->policy, PT_TAGS, tag);
	bool any = false;
	size_t n;

	for (size_t i = 0; i < v->routes.n; i += n) {
		const struct route *r;

		n = routes_group(&v->routes, i);
		r = host_of(v, i, n);
		if (r == NULL || !has_tag(v, r, tag))
			continue;
		if (!any)
			put_group(v->out, policy_string(v->c->policy, *name));
		any = true;
		fprintf(v->out, "%s\n", name_of(v, r));
	}
}

/* The tags of what is there, each once. */
static int
put_tags(const struct inventory *v)
{
	const struct policy *p = v->c->policy;
	uint32_t ntags = p->table[PT_TAGS].n;
	bool *wanted = calloc(ntags + 1, sizeof(*wanted));

	if (wanted == NULL)
		return -1;
	for (size_t i = 0; i < v->routes.n; i++) {
		struct policy_range tags = policy_clip(p, PT_REFS,
		    policy_target(p, v->routes.list[i].target)->tags);

		for (uint32_t t = 0; t < tags.n; t++) {
			uint32_t tag = policy_ref(p, tags.first + t)->index;

			if (tag < ntags)
				wanted[tag] = true;
		}
	}
	for (uint32_t i = 0; i < ntags; i++)
		if (wanted[i])
			put_tag(v, i);
	free(wanted);
	return 0;
}

int
client_inventory(FILE *out, const struct client *c)
{
	struct inventory v = {.out = out, .c = c};
	int error = routes_find(&v.routes, c);
	char user[300];
	size_t n;

	if (error == 0)
		fprintf(out,
		    "# Ansible inventory for %s, made by: ssh %s config "
		    "--format ansible\n"
		    "# ssh knows how to get there: Include %s.conf, which "
		    "`ssh %s config' makes.\n",
		    audit_escape(user, sizeof(user), c->user), c->jump, c->jump,
		    c->jump);
	for (size_t i = 0; error == 0 && i < v.routes.n; i += n) {
		const struct route *r;

		n = routes_group(&v.routes, i);
		r = host_of(&v, i, n);
		if (r != NULL)
			put_host(&v, r);
	}
	if (error == 0)
		error = put_tags(&v);
	if (error == 0 && !policy_damaged(c->policy))
		fputs("\n# end of the inventory\n", out);
	routes_free(&v.routes);
	return error == -1 || fflush(out) == EOF || ferror(out) ? -1 : 0;
}
