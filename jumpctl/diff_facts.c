/* SPDX-License-Identifier: ISC */
/*
 * What is no right, and changes what rights mean.
 */
#include "diff.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

struct facts {
	const struct policy *p;
	char **list;
	size_t n;
	uint32_t *seen; /* of each group: the last walk that was there */
	uint32_t walk;
	uint32_t *todo; /* groups whose members are to be looked at */
	size_t ntodo;
};

static void
add(struct facts *f, char *text)
{
	if ((f->n & (f->n - 1)) == 0)
		f->list = xrealloc(f->list, f->n == 0 ? 1 : f->n * 2,
		    sizeof(*f->list));
	f->list[f->n++] = text;
}

static const char *
text_of(const struct facts *f, uint32_t string)
{
	return policy_string(f->p, string);
}

static void
put_fingerprint(const uint8_t *bytes, FILE *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	int n = 0;

	fputs("SHA256:", out);
	for (int i = 0; i < FINGERPRINT_BYTES; i++) {
		bits = bits << 8 | bytes[i];
		for (n += 8; n >= 6; n -= 6)
			fputc(digits[bits >> (n - 6) & 63], out);
	}
	if (n > 0)
		fputc(digits[bits << (6 - n) & 63], out);
}

static void
put_nets(const struct facts *f, struct policy_range r, FILE *out)
{
	char text[ADDR_TEXT + 4];

	for (uint32_t i = 0; i < r.n; i++)
		fprintf(out, "%s %s", i == 0 ? " from" : "", net_print(
		    policy_row(f->p, PT_NETS, r.first + i), text));
}

/* Once for each port where it is asked for; at a path, there is none. */
static void
add_hostkey(struct facts *f, const struct policy_key *key)
{
	const struct policy_target *t = policy_target(f->p, key->owner);

	for (uint32_t i = 0; i < t->ports.n; i++) {
		const struct policy_port *port =
		    policy_row(f->p, PT_PORTS, t->ports.first + i);
		char *text = NULL;
		size_t size = 0;
		FILE *out;

		if (port->protocol != PROTO_SSH)
			continue;
		out = open_memstream(&text, &size);
		fputs(text_of(f, t->name), out);
		if (port->port != 0)
			fprintf(out, ":%u", port->port);
		fputs(": host key ", out);
		put_fingerprint(key->fingerprint, out);
		fclose(out);
		add(f, text);
	}
}

static void
add_key(struct facts *f, uint32_t i)
{
	const struct policy_key *key = policy_key(f->p, i);
	const uint32_t *ca;
	const char *kind = "key", *owner;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	if (key->kind == KEY_HOST) {
		add_hostkey(f, key);
		return;
	}
	out = open_memstream(&text, &size);
	if (key->kind == KEY_CA) {
		kind = "certificate authority";
		ca = policy_row(f->p, PT_CAS, key->owner);
		owner = text_of(f, *ca);
	} else {
		owner = text_of(f, policy_user(f->p, key->owner)->name);
	}
	fprintf(out, "%s: %s ", owner, kind);
	put_fingerprint(key->fingerprint, out);
	put_nets(f, key->from, out);
	if (key->verify)
		fputs(" verify-required", out);
	fclose(out);
	add(f, text);
}

static void
add_user(struct facts *f, uint32_t i)
{
	const struct policy_user *u = policy_user(f->p, i);
	time_t until = (time_t)u->until;
	char *text = NULL, when[40] = "";
	size_t size = 0;
	struct tm tm;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "%s: %s", text_of(f, u->name),
	    u->flags & USER_DEVICE ? "device" : "user");
	if (u->account != u->name)
		fprintf(out, " on the account %s", text_of(f, u->account));
	if (until != 0 && localtime_r(&until, &tm) != NULL)
		strftime(when, sizeof(when), " until %Y-%m-%d %H:%M:%S %Z",
		    &tm);
	fputs(when, out);
	fclose(out);
	add(f, text);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* As the policy calls them: a user and two kinds of groups may share a name. */
static void
add_member(struct facts *f, const char *what, const struct policy_ref *ref)
{
	const char *kind = "", *name = "any";
	char *text;

	if (ref->kind == REF_UNIXGROUP) {
		kind = "%";
		name = policy_unixgroup(f->p, ref->index);
	} else if (ref->kind == REF_USER) {
		name = text_of(f, policy_user(f->p, ref->index)->name);
	}
	if (asprintf(&text, "%s %s%s", what, kind, name) == -1)
		err(EXIT_INTERNAL, NULL);
	add(f, text);
}

static void
add_members(struct facts *f, const char *what, struct policy_range r)
{
	for (uint32_t i = 0; i < r.n; i++) {
		const struct policy_ref *ref = policy_ref(f->p, r.first + i);

		if (ref->kind != REF_GROUP) {
			add_member(f, what, ref);
		} else if (f->seen[ref->index] != f->walk) {
			f->seen[ref->index] = f->walk;
			f->todo[f->ntodo++] = ref->index;
		}
	}
}

/*
 * What holds for these, a fact for each: members of groups of the policy, as
 * what they are called and how they are nested means nothing.
 */
static void
add_people(struct facts *f, const char *name, const char *does,
    struct policy_range r)
{
	char *what;

	if (asprintf(&what, "%s: %s", name, does) == -1)
		err(EXIT_INTERNAL, NULL);
	f->walk++;
	add_members(f, what, r);
	while (f->ntodo > 0)
		add_members(f, what,
		    policy_group(f->p, f->todo[--f->ntodo])->members);
	free(what);
}

/* Whom authorities may certify, and who is in the groups that approve. */
static void
add_all_people(struct facts *f)
{
	uint32_t n = f->p->table[PT_GROUPS].n;
	uint8_t *done = calloc(n + 1, 1);
	char name[NAME_TEXT + 1];

	f->seen = calloc(n + 1, sizeof(*f->seen));
	f->todo = calloc(n + 1, sizeof(*f->todo));
	if (done == NULL || f->seen == NULL || f->todo == NULL)
		err(EXIT_INTERNAL, NULL);
	for (uint32_t i = 0; i < f->p->table[PT_CAS].n; i++) {
		const struct policy_ca *ca = policy_ca(f->p, i);

		add_people(f, text_of(f, ca->name), "certifies", ca->who);
	}
	for (uint32_t i = 0; i < f->p->table[PT_RULES].n; i++) {
		const struct policy_rule *r = policy_rule(f->p, i);

		if (!(r->obligations & MUST_APPROVE) || done[r->approvers])
			continue;
		done[r->approvers] = 1;
		snprintf(name, sizeof(name), "@%s",
		    text_of(f, policy_group(f->p, r->approvers)->name));
		add_people(f, name, "approves, and has",
		    policy_group(f->p, r->approvers)->members);
	}
	free(f->seen);
	free(f->todo);
	free(done);
}

static void
add_setting(struct facts *f, const char *word, const char *value)
{
	char *text = NULL;

	if (*value != '\0' && asprintf(&text, "set %s %s", word, value) != -1)
		add(f, text);
}

static void
add_number(struct facts *f, const char *word, uint32_t value)
{
	char *text;

	if (value != 0 && asprintf(&text, "set %s %u", word, value) != -1)
		add(f, text);
}

static void
add_settings(struct facts *f)
{
	const struct policy_meta *meta = policy_meta(f->p);

	add_setting(f, "timezone", text_of(f, meta->timezone));
	add_setting(f, "contact", text_of(f, meta->contact));
	add_setting(f, "keys-from", text_of(f, meta->keys_from));
	add_setting(f, "ticket-program", text_of(f, meta->ticket_program));
	add_setting(f, "notify-program", text_of(f, meta->notify_program));
	add_setting(f, "realm", text_of(f, meta->realm));
	add_setting(f, "nft", text_of(f, meta->nft));
	add_number(f, "sessions", meta->sessions);
	add_number(f, "gate", meta->gate);
	for (uint32_t i = 0; i < meta->exempt.n; i++)
		add_setting(f, "exempt",
		    policy_word(f->p, meta->exempt.first + i));
	for (uint32_t i = 0; i < meta->never.n; i++) {
		char net[ADDR_TEXT + 4];

		add_setting(f, "never", net_print(
		    policy_row(f->p, PT_NETS, meta->never.first + i), net));
	}
}

static void
add_target(struct facts *f, uint32_t i)
{
	const struct policy_target *t = policy_target(f->p, i);
	char *text;

	if ((t->flags & TARGET_AGENT) &&
	    asprintf(&text, "%s: agent forwarding", text_of(f, t->name)) != -1)
		add(f, text);
	if ((t->flags & TARGET_REPLACE) &&
	    asprintf(&text, "%s: a newer login replaces the older",
		text_of(f, t->name)) != -1)
		add(f, text);
}

/* Of a sorted list: who is in two groups is there once. */
static void
drop_doubles(struct facts *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (n > 0 && strcmp(f->list[n - 1], f->list[i]) == 0)
			free(f->list[i]);
		else
			f->list[n++] = f->list[i];
	}
	f->n = n;
}

static struct facts
collect(const struct policy *p)
{
	struct facts f = {.p = p};
	char words[1024], *text;

	add_settings(&f);
	for (uint32_t i = 0; i < p->table[PT_USERS].n; i++)
		add_user(&f, i);
	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++)
		add_key(&f, i);
	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++)
		add_target(&f, i);
	add_all_people(&f);
	for (uint32_t i = 0; i < p->table[PT_LOCKS].n; i++) {
		lock_words(p, i, words, sizeof(words));
		text = strdup(words);
		if (text != NULL)
			add(&f, text);
	}
	if (f.n > 1)
		qsort(f.list, f.n, sizeof(*f.list), by_text);
	drop_doubles(&f);
	return f;
}

size_t
facts_compare(const struct policy *a, const struct policy *b,
    void (*each)(void *, bool, const char *), void *arg)
{
	struct facts f[SIDES] = {collect(a), collect(b)};
	size_t i = 0, k = 0, n = 0;

	while (i < f[OLD].n || k < f[NEW].n) {
		int order = i == f[OLD].n ? 1 : k == f[NEW].n ? -1 :
		    strcmp(f[OLD].list[i], f[NEW].list[k]);

		if (order == 0) {
			i++;
			k++;
			continue;
		}
		each(arg, order > 0, order < 0 ? f[OLD].list[i++] :
		    f[NEW].list[k++]);
		n++;
	}
	for (int side = 0; side < SIDES; side++) {
		for (i = 0; i < f[side].n; i++)
			free(f[side].list[i]);
		free(f[side].list);
	}
	return n;
}
