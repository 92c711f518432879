/* SPDX-License-Identifier: ISC */
/*
 * The policy as text, a statement a row; it parses back to the same tables.
 */
#include "policy_build.h"

#include <string.h>

struct print {
	const struct policy *p;
	FILE *f;
};

static const char *
text(const struct print *w, uint32_t string)
{
	return policy_string(w->p, string);
}

/* A name, in quotes where it would not be read as one without. */
static void
print_name(const struct print *w, const char *prefix, const char *name,
    bool always)
{
	bool plain = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") ==
		strlen(name) &&
	    strchr("._-", name[0]) == NULL && strlen(name) < NAME_TEXT;

	if (prefix[0] != '%' && policy_reserved(name))
		plain = false;
	if (plain && !always)
		fprintf(w->f, " %s%s", prefix, name);
	else
		fprintf(w->f, " %s\"%s\"", prefix, name);
}

typedef void item_printer(const struct print *, uint32_t row);

static void
print_list(const struct print *w, const char *word,
    const struct policy_range *r, item_printer *item)
{
	if (r->n == 0)
		return;
	if (word[0] != '\0')
		fprintf(w->f, " %s", word);
	if (r->n > 1)
		fputs(" {", w->f);
	for (uint32_t i = 0; i < r->n; i++)
		item(w, r->first + i);
	if (r->n > 1)
		fputs(" }", w->f);
}

static void
print_net(const struct print *w, uint32_t row)
{
	char buf[ADDR_TEXT + 4];

	fprintf(w->f, " %s", net_print(policy_row(w->p, PT_NETS, row), buf));
}

static void
print_string_item(const struct print *w, uint32_t row)
{
	fprintf(w->f, " \"%s\"", policy_word(w->p, row));
}

static void
print_name_item(const struct print *w, uint32_t row)
{
	print_name(w, "", policy_word(w->p, row), false);
}

static void
print_ref(const struct print *w, uint32_t row)
{
	const struct policy_ref *ref = policy_ref(w->p, row);
	const struct policy_window *window;
	const uint32_t *tag;

	switch ((enum ref_kind)ref->kind) {
	case REF_USER:
		print_name(w, "", text(w, policy_user(w->p, ref->index)->name),
		    false);
		break;
	case REF_GROUP:
		print_name(w, "@",
		    text(w, policy_group(w->p, ref->index)->name), false);
		break;
	case REF_UNIXGROUP:
		print_name(w, "%", policy_unixgroup(w->p, ref->index), false);
		break;
	case REF_TARGET:
		print_name(w, "",
		    text(w, policy_target(w->p, ref->index)->name), false);
		break;
	case REF_TAG:
		tag = policy_row(w->p, PT_TAGS, ref->index);
		print_name(w, "@", text(w, *tag), false);
		break;
	case REF_WINDOW:
		window = policy_row(w->p, PT_WINDOWS, ref->index);
		print_name(w, "", text(w, window->name), false);
		break;
	case REF_ANYONE:
	case REF_ANYTHING:
		fputs(" any", w->f);
		break;
	}
	if (ref->port != 0)
		fprintf(w->f, ":%u", ref->port);
}

/* A tag where it is given, not used: without the @. */
static void
print_tag(const struct print *w, uint32_t row)
{
	const uint32_t *tag =
	    policy_row(w->p, PT_TAGS, policy_ref(w->p, row)->index);

	print_name(w, "", text(w, *tag), false);
}

static void
print_time(const struct print *w, const char *word, int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;
	char buf[32];

	if (when == 0 || gmtime_r(&t, &tm) == NULL)
		return;
	strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm);
	fprintf(w->f, " %s %s", word, buf);
}

static void
print_comment(const struct print *w, uint32_t string)
{
	if (string != 0)
		fprintf(w->f, " comment \"%s\"", text(w, string));
}

static void
print_settings(const struct print *w)
{
	const struct policy_meta *meta = policy_meta(w->p);
	static const char *const words[] = {
	    "timezone", "contact", "keys-from", "ticket-program", "nft",
	    "notify-program", "realm"};
	const uint32_t values[] = {meta->timezone, meta->contact,
	    meta->keys_from, meta->ticket_program, meta->nft,
	    meta->notify_program, meta->realm};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		if (values[i] != 0)
			fprintf(w->f, "set %s \"%s\"\n", words[i],
			    text(w, values[i]));
	}
	if (meta->never.n != 0) {
		fputs("set never", w->f);
		print_list(w, "", &meta->never, print_net);
		fputc('\n', w->f);
	}
	if (meta->exempt.n != 0) {
		fputs("set exempt", w->f);
		print_list(w, "", &meta->exempt, print_name_item);
		fputc('\n', w->f);
	}
	if (meta->gate != 0)
		fprintf(w->f, "set gate %u\n", meta->gate);
	if (meta->sessions != 0)
		fprintf(w->f, "set sessions %u\n", meta->sessions);
}

static void
print_user(const struct print *w, uint32_t i)
{
	const struct policy_user *u = policy_user(w->p, i);

	if (u->flags & USER_DEVICE)
		return;
	fputs("user", w->f);
	print_name(w, "", text(w, u->name), false);
	if (u->flags & USER_SHARED)
		print_name(w, "account ", text(w, u->account), false);
	print_time(w, "until", u->until);
	print_comment(w, u->comment);
	fputc('\n', w->f);
}

static void
print_key_text(const struct print *w, const struct policy_key *key)
{
	fprintf(w->f, " \"%s %s", text(w, key->type), text(w, key->blob));
	if (key->comment != 0)
		fprintf(w->f, " %s", text(w, key->comment));
	fputc('"', w->f);
}

static void
print_key(const struct print *w, uint32_t i)
{
	const struct policy_key *key = policy_key(w->p, i);

	if (key->kind == KEY_CA)
		return;
	fputs(key->kind == KEY_HOST ? "hostkey" : "key", w->f);
	print_name(w, "", text(w, key->kind == KEY_HOST ?
	    policy_target(w->p, key->owner)->name :
	    policy_user(w->p, key->owner)->name), false);
	print_key_text(w, key);
	print_list(w, "from", &key->from, print_net);
	fputs(key->verify ? " verify-required\n" : "\n", w->f);
}

static void
print_group(const struct print *w, uint32_t i)
{
	const struct policy_group *g = policy_group(w->p, i);

	fputs("group", w->f);
	print_name(w, "@", text(w, g->name), false);
	print_list(w, "", &g->members, print_ref);
	fputc('\n', w->f);
}

static void
print_cas(const struct print *w)
{
	for (uint32_t i = 0; i < w->p->table[PT_KEYS].n; i++) {
		const struct policy_key *key = policy_key(w->p, i);
		const struct policy_ca *ca;

		if (key->kind != KEY_CA)
			continue;
		ca = policy_row(w->p, PT_CAS, key->owner);
		fputs("ca", w->f);
		print_name(w, "", text(w, ca->name), false);
		print_key_text(w, key);
		print_list(w, "for", &ca->who, print_ref);
		fputc('\n', w->f);
	}
}

static uint32_t
count_ports(const struct print *w, const struct policy_target *t,
    uint32_t protocol)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t->ports.n; i++) {
		const struct policy_port *port =
		    policy_row(w->p, PT_PORTS, t->ports.first + i);

		n += port->protocol == protocol;
	}
	return n;
}

static void
print_ports(const struct print *w, const struct policy_target *t,
    const char *word, uint32_t protocol)
{
	uint32_t n = count_ports(w, t, protocol);

	if (n == 0 || (t->kind == TARGET_SOCKET && protocol == PROTO_TCP))
		return;
	fprintf(w->f, " %s%s", word, n > 1 ? " {" : "");
	for (uint32_t i = 0; i < t->ports.n && t->path == 0; i++) {
		const struct policy_port *port =
		    policy_row(w->p, PT_PORTS, t->ports.first + i);

		if (port->protocol == protocol)
			fprintf(w->f, " %u", port->port);
	}
	if (n > 1)
		fputs(" }", w->f);
}

static void
print_target(const struct print *w, uint32_t i)
{
	static const char *const kinds[] = {
	    "host", "net", "domain", "device", "socket"};
	const struct policy_target *t = policy_target(w->p, i);

	fputs(kinds[t->kind], w->f);
	print_name(w, "", text(w, t->name), false);
	print_list(w, "", &t->patterns, print_string_item);
	print_list(w, t->kind == TARGET_DOMAIN ? "in" : "", &t->nets,
	    print_net);
	if (t->path != 0)
		fprintf(w->f, " \"%s\"", text(w, t->path));
	print_ports(w, t, "ssh", PROTO_SSH);
	print_ports(w, t, "tcp", PROTO_TCP);
	if (t->account != 0 && t->account != t->name)
		print_name(w, "account ", text(w, t->account), false);
	print_list(w, "alias", &t->aliases, print_name_item);
	print_list(w, "tag", &t->tags, print_tag);
	if (t->flags & TARGET_AGENT)
		fputs(" agent", w->f);
	if (t->flags & TARGET_REPLACE)
		fputs(" replace", w->f);
	print_comment(w, t->comment);
	fputc('\n', w->f);
}

/* Day and clock of a minute of the week; an end may be 24:00. */
static void
print_moment(const struct print *w, uint32_t minute)
{
	static const char *const days[] = {
	    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};
	uint32_t day = minute / DAY_MINUTES, rest = minute % DAY_MINUTES;

	if (minute == WEEK_MINUTES) {
		day = 6;
		rest = DAY_MINUTES;
	}
	fprintf(w->f, " %s %02u:%02u", days[day], rest / 60, rest % 60);
}

static void
print_days(const struct print *w, uint32_t mask)
{
	static const char *const days[] = {
	    "mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	fputs(" {", w->f);
	for (int day = 0; day < 7; day++) {
		if (mask >> day & 1)
			fprintf(w->f, " %s", days[day]);
	}
	fputs(" }", w->f);
}

static void
print_window(const struct print *w, uint32_t i)
{
	const struct policy_window *window = policy_row(w->p, PT_WINDOWS, i);
	uint32_t start = window->start, end = window->end;

	fputs("window", w->f);
	print_name(w, "", text(w, window->name), false);
	if (window->days != 0) {
		print_days(w, window->days);
		fprintf(w->f, " %02u:%02u-%02u:%02u\n", start / 60, start % 60,
		    end / 60, end % 60);
		return;
	}
	print_moment(w, start);
	fputs(" -", w->f);
	print_moment(w, end);
	fputc('\n', w->f);
}

static void
print_span(const struct print *w, const char *word, uint32_t seconds)
{
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
	size_t i = 0;

	if (seconds == 0)
		return;
	while (seconds % units[i].seconds != 0)
		i++;
	fprintf(w->f, "%s %u%c", word, seconds / units[i].seconds,
	    units[i].unit);
}

static void
print_roads(const struct print *w, uint32_t roads)
{
	if (roads == 0)
		return;
	fputs(" via {", w->f);
	for (int i = 0; i < ROAD_COUNT; i++) {
		if (roads >> i & 1)
			fprintf(w->f, " %s", policy_road_names[i]);
	}
	fputs(" }", w->f);
}

static void
print_obligations(const struct print *w, const struct policy_rule *rule)
{
	static const uint32_t words[] = {
	    MUST_MFA, MUST_RECORD, MUST_CONSENT, MUST_NOTIFY};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (rule->obligations & words[i])
			fprintf(w->f, " %s", policy_obligation_names
			    [__builtin_ctz(words[i])]);
	}
	print_list(w, "ticket", &rule->tickets, print_string_item);
	if (rule->obligations & MUST_APPROVE) {
		fputs(" approve", w->f);
		print_name(w, "@",
		    text(w, policy_group(w->p, rule->approvers)->name), false);
		print_span(w, "", rule->approved_for);
	}
	if (rule->obligations & MUST_MAX)
		fprintf(w->f, " max %u", rule->max);
	print_span(w, " idle", rule->idle);
	print_span(w, " duration", rule->duration);
}

static void
print_rule(const struct print *w, uint32_t i)
{
	const struct policy_rule *rule = policy_rule(w->p, i);

	fputs(policy_verb_names[rule->verb], w->f);
	print_name(w, "", text(w, rule->name), false);
	fputc(':', w->f);
	print_list(w, "", &rule->who, print_ref);
	fputs(" to", w->f);
	print_list(w, "", &rule->what, print_ref);
	print_roads(w, rule->roads);
	print_list(w, "from", &rule->from, print_net);
	print_list(w, "when", &rule->when, print_ref);
	print_time(w, "until", rule->until);
	print_list(w, "as", &rule->as, print_name_item);
	print_obligations(w, rule);
	fputc('\n', w->f);
}

static void
print_test(const struct print *w, uint32_t i)
{
	const struct policy_test *t = policy_row(w->p, PT_TESTS, i);

	fputs("test", w->f);
	print_name(w, "", text(w, t->user), false);
	fprintf(w->f, " to \"%s\"", text(w, t->target));
	if (t->port != 0)
		fprintf(w->f, ":%u", t->port);
	if (t->road != POLICY_NONE)
		fprintf(w->f, " via %s", policy_road_names[t->road]);
	if (t->from != 0)
		fprintf(w->f, " from %s", text(w, t->from));
	if (t->as != 0)
		print_name(w, "as ", text(w, t->as), false);
	if (t->timed)
		print_time(w, "at", t->at);
	fprintf(w->f, " = %s", policy_action_names[t->action]);
	if (t->exact)
		fputs(" {", w->f);
	for (int n = 0; n < OBLIGATIONS; n++) {
		if (t->obligations >> n & 1)
			fprintf(w->f, " %s", policy_obligation_names[n]);
	}
	fputs(t->exact ? " }\n" : "\n", w->f);
}

int
policy_print(const struct policy *p, FILE *f)
{
	static const struct {
		enum policy_table table;
		void (*print)(const struct print *, uint32_t);
	} parts[] = {{PT_USERS, print_user}, {PT_GROUPS, print_group},
	    {PT_TARGETS, print_target}, {PT_KEYS, print_key},
	    {PT_WINDOWS, print_window}, {PT_RULES, print_rule},
	    {PT_TESTS, print_test}};
	struct print w = {p, f};

	fputs("version 1\n", f);
	print_settings(&w);
	print_cas(&w);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (uint32_t n = 0; n < p->table[parts[i].table].n; n++)
			parts[i].print(&w, n);
	}
	return fflush(f) == 0 && !ferror(f) ? 0 : -1;
}
