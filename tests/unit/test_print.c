/* SPDX-License-Identifier: ISC */
/*
 * Printing a policy and reading it again gives the same policy.  Run from the
 * top of the repository: it reads docs/ and calls tests/unit/policies.py.
 */

#include "policy.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <unistd.h>

#include "unit.h"

enum { FILES = 8, GENERATED = 300 };

/*
 * A description of a policy that rests on no order but that of lists, and
 * that is not the printer's work.
 */
struct lines {
	const struct policy *p;
	FILE *out;
	char *text;
	size_t size;
};

static void
describe_string(struct lines *l, const char *what, uint32_t string)
{
	fprintf(l->out, " %s=<%s>", what, policy_string(l->p, string));
}

static void
describe_nets(struct lines *l, const char *what, struct policy_range r)
{
	fprintf(l->out, " %s(", what);
	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		const struct net *net = policy_row(l->p, PT_NETS, i);

		for (int n = 0; n < 16; n++)
			fprintf(l->out, "%02x", net->addr.b[n]);
		fprintf(l->out, "/%u ", net->len);
	}
	fputc(')', l->out);
}

static void
describe_words(struct lines *l, const char *what, struct policy_range r)
{
	fprintf(l->out, " %s(", what);
	for (uint32_t i = r.first; i < r.first + r.n; i++)
		describe_string(l, "", ((const struct policy_word *)policy_row(
		    l->p, PT_WORDS, i))->string);
	fputc(')', l->out);
}

static uint32_t
row_string(const struct policy *p, enum policy_table t, uint32_t i)
{
	const uint32_t *string = policy_row(p, t, i);

	return *string;
}

static uint32_t
ref_name(const struct policy *p, const struct policy_ref *ref)
{
	switch ((enum ref_kind)ref->kind) {
	case REF_USER:
		return policy_user(p, ref->index)->name;
	case REF_GROUP:
		return policy_group(p, ref->index)->name;
	case REF_UNIXGROUP:
		return row_string(p, PT_UNIXGROUPS, ref->index);
	case REF_TARGET:
		return policy_target(p, ref->index)->name;
	case REF_TAG:
		return row_string(p, PT_TAGS, ref->index);
	case REF_WINDOW:
		return ((const struct policy_window *)policy_row(
		    p, PT_WINDOWS, ref->index))->name;
	case REF_ANYONE:
	case REF_ANYTHING:
		break;
	}
	return 0;
}

static void
describe_refs(struct lines *l, const char *what, struct policy_range r)
{
	fprintf(l->out, " %s(", what);
	for (uint32_t i = r.first; i < r.first + r.n; i++) {
		const struct policy_ref *ref = policy_ref(l->p, i);

		fprintf(l->out, "%u:", ref->kind);
		describe_string(l, "", ref_name(l->p, ref));
		fprintf(l->out, ":%u ", ref->port);
	}
	fputc(')', l->out);
}

static void
describe_user(struct lines *l, uint32_t i)
{
	const struct policy_user *u = policy_user(l->p, i);

	describe_string(l, "user", u->name);
	describe_string(l, "account", u->account);
	describe_string(l, "comment", u->comment);
	fprintf(l->out, " %u %lld", u->flags, (long long)u->until);
}

static void
describe_key(struct lines *l, uint32_t i)
{
	const struct policy_key *k = policy_key(l->p, i);

	fprintf(l->out, "key %u %u ", k->kind, k->verify);
	describe_string(l, "owner", k->kind == KEY_USER ?
	    policy_user(l->p, k->owner)->name : k->kind == KEY_HOST ?
	    policy_target(l->p, k->owner)->name :
	    ((const struct policy_ca *)policy_row(l->p, PT_CAS, k->owner))
		->name);
	describe_string(l, "type", k->type);
	describe_string(l, "blob", k->blob);
	describe_string(l, "comment", k->comment);
	describe_nets(l, "from", k->from);
	for (int n = 0; n < FINGERPRINT_BYTES; n++)
		fprintf(l->out, "%02x", k->fingerprint[n]);
}

static void
describe_group(struct lines *l, uint32_t i)
{
	describe_string(l, "group", policy_group(l->p, i)->name);
	describe_refs(l, "members", policy_group(l->p, i)->members);
}

static void
describe_ca(struct lines *l, uint32_t i)
{
	const struct policy_ca *ca = policy_row(l->p, PT_CAS, i);

	describe_string(l, "ca", ca->name);
	describe_refs(l, "who", ca->who);
}

static void
describe_target(struct lines *l, uint32_t i)
{
	const struct policy_target *t = policy_target(l->p, i);

	fprintf(l->out, "target %u %u", t->kind, t->flags);
	describe_string(l, "name", t->name);
	describe_string(l, "path", t->path);
	describe_string(l, "account", t->account);
	describe_string(l, "comment", t->comment);
	describe_nets(l, "nets", t->nets);
	describe_words(l, "patterns", t->patterns);
	describe_words(l, "aliases", t->aliases);
	describe_refs(l, "tags", t->tags);
	for (int protocol = PROTO_SSH; protocol <= PROTO_TCP; protocol++) {
		for (uint32_t n = 0; n < t->ports.n; n++) {
			const struct policy_port *port = policy_row(
			    l->p, PT_PORTS, t->ports.first + n);

			if (port->protocol == protocol)
				fprintf(l->out, " %u/%u", port->port, protocol);
		}
	}
}

static void
describe_window(struct lines *l, uint32_t i)
{
	const struct policy_window *w = policy_row(l->p, PT_WINDOWS, i);

	describe_string(l, "window", w->name);
	fprintf(l->out, " %x %u %u", w->days, w->start, w->end);
	for (uint32_t n = 0; n < w->spans.n; n++) {
		const struct policy_span *span =
		    policy_row(l->p, PT_SPANS, w->spans.first + n);

		fprintf(l->out, " %u-%u", span->start, span->end);
	}
}

static void
describe_rule(struct lines *l, uint32_t i)
{
	const struct policy_rule *r = policy_rule(l->p, i);

	fprintf(l->out, "rule %u %u %lld %x %u %u %u %u", r->verb, r->roads,
	    (long long)r->until, r->obligations, r->approved_for, r->max,
	    r->idle, r->duration);
	describe_string(l, "name", r->name);
	describe_refs(l, "who", r->who);
	describe_refs(l, "what", r->what);
	describe_nets(l, "from", r->from);
	describe_refs(l, "when", r->when);
	describe_words(l, "as", r->as);
	describe_words(l, "tickets", r->tickets);
	if (r->obligations & MUST_APPROVE)
		describe_string(l, "approvers",
		    policy_group(l->p, r->approvers)->name);
}

static void
describe_test(struct lines *l, uint32_t i)
{
	const struct policy_test *t = policy_row(l->p, PT_TESTS, i);

	fprintf(l->out, "test %u %u %lld %u %u %u %x", t->port, t->road,
	    (long long)t->at, t->timed, t->action, t->exact, t->obligations);
	describe_string(l, "user", t->user);
	describe_string(l, "target", t->target);
	describe_string(l, "from", t->from);
	describe_string(l, "as", t->as);
}

static void
describe_meta(struct lines *l, uint32_t i)
{
	const struct policy_meta *m = policy_row(l->p, PT_META, i);

	describe_string(l, "timezone", m->timezone);
	describe_string(l, "contact", m->contact);
	describe_string(l, "keys-from", m->keys_from);
	describe_string(l, "ticket-program", m->ticket_program);
	describe_string(l, "notify-program", m->notify_program);
	describe_string(l, "realm", m->realm);
	describe_nets(l, "never", m->never);
	fprintf(l->out, " sessions=%u gate=%u", m->sessions, m->gate);
	describe_string(l, "nft", m->nft);
	describe_words(l, "exempt", m->exempt);
	for (int n = 0; n < 11; n++)
		fprintf(l->out, " %d", m->place[n].line != 0);
	for (int n = 0; n < 3; n++)
		fprintf(l->out, " %llx", (unsigned long long)m->lengths[n]);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of text, sorted; text is freed, and the caller frees. */
static char *
sorted(char *text)
{
	char **lines = calloc(strlen(text) + 1, sizeof(*lines)), *line;
	char *result = malloc(strlen(text) + 1), *to = result, *rest = text;
	size_t n = 0;

	while ((line = strsep(&rest, "\n")) != NULL && rest != NULL)
		lines[n++] = line;
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++) {
		to = stpcpy(to, lines[i]);
		*to++ = '\n';
	}
	*to = '\0';
	free(lines);
	free(text);
	return result;
}

static char *
describe(const struct policy *p)
{
	static const struct {
		enum policy_table table;
		void (*row)(struct lines *, uint32_t);
	} parts[] = {{PT_META, describe_meta}, {PT_USERS, describe_user},
	    {PT_KEYS, describe_key}, {PT_GROUPS, describe_group},
	    {PT_CAS, describe_ca}, {PT_TARGETS, describe_target},
	    {PT_WINDOWS, describe_window}, {PT_RULES, describe_rule},
	    {PT_TESTS, describe_test}};
	struct lines l = {.p = p};

	l.out = open_memstream(&l.text, &l.size);
	for (int i = 0; i < COUNT(parts); i++) {
		for (uint32_t n = 0; n < p->table[parts[i].table].n; n++) {
			parts[i].row(&l, n);
			fputc('\n', l.out);
		}
	}
	for (int t = 0; t < PT_COUNT; t++) {
		if (t != PT_STRINGS && t != PT_FILES)
			fprintf(l.out, "table %d: %u\n", t, p->table[t].n);
	}
	fclose(l.out);
	return sorted(l.text);
}

/*
 * Identity.
 */
static struct policy *
parse(const struct policy_source *sources, size_t n)
{
	struct policy_report report = {0};
	struct policy *p = policy_parse(sources, n, &report);

	if (p == NULL) {
		unit_print_report(&report);
		for (size_t i = 0; i < n; i++)
			fprintf(stderr, "%.*s\n", (int)sources[i].size,
			    sources[i].text);
	}
	policy_report_clear(&report);
	ck_assert_ptr_nonnull(p);
	return p;
}

static char *
print(const struct policy *p)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_int_eq(policy_print(p, out), 0);
	fclose(out);
	return text;
}

static struct policy *
parse_text(const char *text)
{
	struct policy_source source = {"printed", text, strlen(text)};

	return parse(&source, 1);
}

/* The image that is saved; the caller frees. */
static char *
image(struct policy *p, size_t *size)
{
	int fd = memfd_create("image", 0);
	struct stat st;
	char *bytes;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(policy_save(p, fd), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	ck_assert_int_eq(pread(fd, bytes, *size, 0), st.st_size);
	close(fd);
	return bytes;
}

/* Of two policies from the same text, whose pages are not equally clean. */
static void
expect_same_image(struct policy *a, struct policy *b)
{
	size_t sizes[2];
	char *images[2] = {image(a, &sizes[0]), image(b, &sizes[1])};

	ck_assert_uint_eq(sizes[0], sizes[1]);
	ck_assert(memcmp(images[0], images[1], sizes[0]) == 0);
	ck_assert_mem_eq(a->hash, b->hash, FINGERPRINT_BYTES);
	free(images[0]);
	free(images[1]);
}

static void
expect_identity(const struct policy_source *sources, size_t n)
{
	struct policy *first = parse(sources, n), *second, *third;
	char *text = print(first), *again;
	char *want = describe(first), *got;

	second = parse_text(text);
	again = print(second);
	ck_assert_str_eq(text, again);
	got = describe(second);
	ck_assert_str_eq(want, got);
	third = parse_text(again);
	expect_same_image(second, third);
	policy_free(first);
	policy_free(second);
	policy_free(third);
	free(text);
	free(again);
	free(want);
	free(got);
}

/* A whole file; the caller frees. */
static char *
slurp(const char *path)
{
	char *text = NULL;
	size_t room = 0;
	FILE *f = fopen(path, "r");

	ck_assert_msg(f != NULL, "no %s here", path);
	ck_assert_int_gt(getdelim(&text, &room, '\0', f), 0);
	fclose(f);
	return text;
}

START_TEST(example_is_the_same)
{
	char *text = slurp("docs/example.policy");
	struct policy_source source = {"example", text, strlen(text)};

	expect_identity(&source, 1);
	free(text);
}
END_TEST

/* Undo what mdoc(7) wants escaped. */
static void
unescape(char *text)
{
	static const struct {
		const char *from, *to;
	} escapes[] = {
	    {"\\(dq", "\""}, {"\\e", "\\"}, {"\\-", "-"}, {"\\&", ""}};
	char *to = text;

	for (const char *s = text; *s != '\0';) {
		int i = 0;

		while (i < COUNT(escapes) && strncmp(s, escapes[i].from,
		    strlen(escapes[i].from)) != 0)
			i++;
		if (i == COUNT(escapes)) {
			*to++ = *s++;
			continue;
		}
		s += strlen(escapes[i].from);
		to = stpcpy(to, escapes[i].to);
	}
	*to = '\0';
}

START_TEST(manual_is_the_same)
{
	char *manual = slurp("docs/jump-policy.5"), *at = manual, *end;
	int found = 0;

	while ((at = strstr(at, ".Bd -literal")) != NULL) {
		struct policy_source source = {.name = "manual"};

		at = strchr(at, '\n') + 1;
		end = strstr(at, "\n.Ed");
		ck_assert_ptr_nonnull(end);
		end[1] = '\0';
		unescape(at);
		source.text = at;
		source.size = strlen(at);
		expect_identity(&source, 1);
		found++;
		at = end + 2;
	}
	ck_assert_int_ge(found, 2);
	free(manual);
}
END_TEST

static bool
read_number(FILE *f, size_t *n)
{
	char line[32];

	if (fgets(line, sizeof(line), f) == NULL)
		return false;
	*n = strtoul(line, NULL, 10);
	return true;
}

START_TEST(generated_are_the_same)
{
	char command[64];
	size_t files;
	int found = 0;
	FILE *f;

	snprintf(command, sizeof(command),
	    "python3 tests/unit/policies.py print%d %d", _i, GENERATED);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	for (; read_number(f, &files); found++) {
		struct policy_source sources[FILES];
		char *texts[FILES];

		ck_assert_uint_le(files, FILES);
		for (size_t i = 0; i < files; i++) {
			ck_assert(read_number(f, &sources[i].size));
			texts[i] = malloc(sources[i].size + 1);
			ck_assert_uint_eq(fread(texts[i], 1, sources[i].size,
			    f), sources[i].size);
			sources[i].name = "generated";
			sources[i].text = texts[i];
		}
		expect_identity(sources, files);
		for (size_t i = 0; i < files; i++)
			free(texts[i]);
	}
	ck_assert_int_eq(pclose(f), 0);
	ck_assert_int_eq(found, GENERATED);
}
END_TEST

/* What the generator does not make. */
static const char *const texts[] = {
    "",
    "set sessions 5\nset keys-from \"/usr/x\"\nset ticket-program \"/usr/y\"\n"
    "set notify-program \"/usr/z\"\nset realm \"ssh\"",
    "set nft \"/usr/sbin/nft\"\nset gate 422",
    "set exempt { root \"op-1@corp.example\" \"tag\" }\nset nft \"/n\"",
    "user carol comment \"J\303\274rgen # { }\" account \"shell\"",
    "user \"x.y@z\" until 9999-12-31T23:59:59Z",
    "device \"net\" \"/run/x\" tcp account \"agent\" alias \"user\" agent replace "
    "tag { \"tag\" t } comment \"c\"\ntest \"as\" to \"net\" = deny",
    "socket s \"/run/s\" ssh\nsocket t \"/run/t\" tag u\n"
    "user a\nallow x: a to @u duration 1s idle 86400s",
    "user a\ngroup @\"in\" %\"a b\"\ngroup @x { @\"in\" %in %\"in\" }\n"
    "host h 10.0.0.1 tcp 1 tag \"to\"\n"
    "allow \"as\": @\"in\" to @\"to\":1 approve @\"in\" 61m as \"any\"",
    "window \"when\" sun 23:59 - sun 24:00\nwindow b mon 00:00 - sun 24:00\n"
    "window c tue 10:00 - tue 09:00\nwindow d { sun mon } 23:00-00:00\n"
    "window e mon-sun 00:00-24:00\nuser a\nhost h 10.0.0.1 ssh 1\n"
    "allow x: a to h when { b \"when\" c }",
    "net n { ::/0 ::fffe:0:0/95 ::ffff:0:0/96 0.0.0.0/0 10.0.0.0/31 } tcp 1",
    "host h { 10.0.0.1 2001:db8::1 } tcp { 2 1 } ssh { 4 3 } tag { a a }",
};

START_TEST(text_is_the_same)
{
	struct policy_source sources[2] = {{"one", "version 1\n", 10}};
	char *text;

	ck_assert_int_gt(asprintf(&text, "version 1\n%s\n", texts[_i]), 0);
	sources[1] = (struct policy_source){"two", text, strlen(text)};
	expect_identity(sources, 2);
	free(text);
}
END_TEST

/* Where a full disk shows at the end, at the latest. */
START_TEST(error_is_told)
{
	struct policy *p = unit_policy("user alice\n");
	FILE *full = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(policy_print(p, full), -1);
	fclose(full);
	policy_free(p);
}
END_TEST

static Suite *
print_suite(void)
{
	Suite *s = suite_create("print");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, example_is_the_same);
	tcase_add_test(t, manual_is_the_same);
	tcase_add_loop_test(t, text_is_the_same, 0, COUNT(texts));
	tcase_add_loop_test(t, generated_are_the_same, 0, 2);
	tcase_add_test(t, error_is_told);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(print_suite());
}
