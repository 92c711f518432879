/* SPDX-License-Identifier: ISC */
/*
 * jumpctl diff: what changes for whom from one policy to another.
 */
#include "diff.h"

#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

enum { WIDTH = 78, INDENT = 8 };

/* A variant of change, the places where, and all for whom it is those. */
struct row {
	uint32_t variant;
	struct ids cells;    /* classes */
	struct ids personas;
};

struct pair {
	uint32_t variant, cells;
	struct ids personas;
};

struct output {
	struct diff *d;
	FILE *f;
	bool json, paint;
	time_t from; /* compare from then on */
	size_t n;
};

/*
 * Rows.
 */
static bool
answers_same(const struct answer *a, const struct answer *b)
{
	return a != NULL && b != NULL && a->n == b->n &&
	    memcmp(a->variants, b->variants, a->n * sizeof(*a->variants)) == 0;
}

/* Whether it is told already of people who have part of the groups. */
static bool
told_apart(struct diff *d, const struct persona *who,
    const struct cell_class *where, const struct answer *answer)
{
	struct answer mine = *answer; /* a further answer may move them */

	for (int i = 0; i < 2; i++) {
		if (who->apart[i] != POLICY_NONE && answers_same(&mine,
			judge_change(d, &d->personas[who->apart[i]], where)))
			return true;
	}
	return false;
}

/* Note that the variant is the persona's at a class of cells. */
static void
add_pair(struct diff *d, uint32_t variant, uint32_t cells, uint32_t persona)
{
	const uint32_t key[] = {variant, cells};
	bool new;
	uint32_t id = table_id(&d->pair_keys, key, sizeof(key), &new);

	if (new) {
		if ((id & (id - 1)) == 0)
			d->pairs = xrealloc(d->pairs, id == 0 ? 1 : id * 2,
			    sizeof(*d->pairs));
		d->pairs[id] = (struct pair){variant, cells, {0}};
	}
	ids_add(&d->pairs[id].personas, persona);
}

/* Places where the same changes for the same people are one row. */
static void
make_rows(struct diff *d)
{
	for (size_t i = 0; i < d->pair_keys.n; i++) {
		struct pair *pair = &d->pairs[i];
		struct row *row;
		char *key = NULL;
		size_t size = 0;
		bool new;
		FILE *f = open_memstream(&key, &size);
		uint32_t id;

		fwrite(&pair->variant, sizeof(pair->variant), 1, f);
		ids_write(&pair->personas, f);
		fclose(f);
		id = table_id(&d->row_keys, key, size, &new);
		free(key);
		if (new) {
			d->rows = xrealloc(d->rows, d->nrows + 1,
			    sizeof(*d->rows));
			row = &d->rows[d->nrows++];
			*row = (struct row){pair->variant, {0},
			    pair->personas};
		} else {
			free(pair->personas.id);
		}
		ids_add(&d->rows[id].cells, pair->cells);
	}
	free(d->pairs);
}

/* The classes of cells where something may change for the persona. */
static void
find_cells(const struct diff *d, const struct ids *of_rule[SIDES],
    const struct persona *a, struct ids *cells)
{
	for (int side = 0; side < SIDES; side++) {
		const struct side *s = &d->side[side];

		for (size_t i = 0; i < a->rules[side].n; i++) {
			uint32_t rule = a->rules[side].id[i];
			const struct ids *of = &of_rule[side][rule];

			for (size_t k = 0; k < of->n; k++) {
				if (a->touched || s->changed[rule] ||
				    d->classes[of->id[k]].touched)
					ids_add(cells, of->id[k]);
			}
		}
	}
	ids_sort(cells);
}

static void
compare_persona(struct diff *d, const struct ids *of_rule[SIDES],
    uint32_t index)
{
	struct ids cells = {0};

	find_cells(d, of_rule, &d->personas[index], &cells);
	for (size_t i = 0; i < cells.n; i++) {
		const struct cell_class *c = &d->classes[cells.id[i]];
		const struct persona *who = &d->personas[index];
		const struct answer *found = judge_change(d, who, c);
		struct answer a;

		if (found == NULL)
			continue;
		a = *found;
		if (told_apart(d, who, c, &a))
			continue;
		for (size_t k = 0; k < a.n; k++)
			add_pair(d, a.variants[k], cells.id[i], index);
	}
	free(cells.id);
}

static void
compare(struct diff *d)
{
	struct ids *of_rule[SIDES];

	for (int side = 0; side < SIDES; side++) {
		of_rule[side] = calloc(
		    d->side[side].p->table[PT_RULES].n + 1, sizeof(struct ids));
		if (of_rule[side] == NULL)
			err(EXIT_INTERNAL, NULL);
		for (uint32_t c = 0; c < d->nclasses; c++) {
			for (size_t i = 0; i < d->classes[c].n[side]; i++)
				ids_add(&of_rule[side]
				    [d->classes[c].met[side][i].rule], c);
		}
	}
	for (uint32_t i = 0; i < d->npersonas; i++) {
		progress("comparing", i, d->npersonas);
		if (!d->personas[i].quiet)
			compare_persona(d, (const struct ids *[SIDES]){
			    of_rule[OLD], of_rule[NEW]}, i);
	}
	progress("comparing", d->npersonas, d->npersonas);
	make_rows(d);
	for (int side = 0; side < SIDES; side++) {
		for (uint32_t i = 0; i < d->side[side].p->table[PT_RULES].n;
		    i++)
			free(of_rule[side][i].id);
		free(of_rule[side]);
	}
}

/*
 * Words.
 */
struct words {
	char **list;
	size_t n;
};

static void
words_add(struct words *w, char *text)
{
	if (text == NULL)
		err(EXIT_INTERNAL, NULL);
	w->list = xrealloc(w->list, w->n + 1, sizeof(*w->list));
	w->list[w->n++] = text;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
words_sort(struct words *w)
{
	size_t n = 0;

	if (w->n > 1)
		qsort(w->list, w->n, sizeof(*w->list), by_text);
	for (size_t i = 0; i < w->n; i++) {
		if (n > 0 && strcmp(w->list[n - 1], w->list[i]) == 0)
			free(w->list[i]);
		else
			w->list[n++] = w->list[i];
	}
	w->n = n;
}

static void
words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i]);
	free(w->list);
}

static char *
format_persona(const struct diff *d, const struct persona *a, const char *name)
{
	const char *one = a->groups[0] == POLICY_NONE ? "" :
	    d->unixgroups[a->groups[0]];
	const char *two = a->groups[1] == POLICY_NONE ? "" :
	    d->unixgroups[a->groups[1]];
	char *text;

	if (asprintf(&text, "%s%s%s%s%s", name == NULL ? "" : name,
		name == NULL || *one == '\0' ? "" : " in ",
		*one == '\0' ? "" : "%", one, "") == -1)
		return NULL;
	if (*two != '\0') {
		free(text);
		if (asprintf(&text, "%%%s with %%%s", one, two) == -1)
			return NULL;
	}
	return text;
}

/* Users by the groups of the new policy that they fill, else by name. */
static void
name_users(struct diff *d, struct ids *names, struct words *w)
{
	const struct policy *p = d->side[NEW].p;
	struct ids groups = {0};
	char *text;

	groups_take(d, names, &groups);
	for (size_t i = 0; i < groups.n; i++) {
		uint32_t group = groups.id[i];

		if (asprintf(&text, "@%s (%zu users)", policy_string(p,
			policy_group(p, group)->name),
			d->members[group].n) == -1)
			text = NULL;
		words_add(w, text);
	}
	for (size_t i = 0; i < names->n; i++)
		words_add(w, strdup(d->names[names->id[i]]));
	free(groups.id);
}

/* Who a row is about; lists all users by name for JSON. */
static struct words
name_people(struct diff *d, const struct row *row, bool all)
{
	struct words w = {0};
	struct ids names = {0};

	for (size_t i = 0; i < row->personas.n; i++) {
		const struct persona *a = &d->personas[row->personas.id[i]];

		if (a->names.n == 0)
			words_add(&w, format_persona(d, a, NULL));
		for (size_t k = 0; k < a->names.n; k++) {
			if (a->groups[0] != POLICY_NONE || all)
				words_add(&w, format_persona(d, a,
				    d->names[a->names.id[k]]));
			else
				ids_add(&names, a->names.id[k]);
		}
	}
	if (names.n > 0 && names.n == d->nnames && names.n > 1)
		words_add(&w, strdup("every user"));
	else
		name_users(d, &names, &w);
	free(names.id);
	words_sort(&w);
	return w;
}

/* How many cells have this label at all; sorted labels of all cells. */
static size_t
count(char *const *labels, size_t n, const char *label)
{
	size_t low = 0, high = n, first;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(labels[middle], label) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (first = low; low < n && strcmp(labels[low], label) == 0;)
		low++;
	return low - first;
}

/* What a row is about: names, with the address where only some are meant. */
static struct words
name_places(const struct diff *d, const struct row *row, char **all)
{
	struct words w = {0}, here = {0};

	for (size_t i = 0; i < row->cells.n; i++) {
		const struct ids *cells = &d->classes[row->cells.id[i]].cells;

		for (size_t k = 0; k < cells->n; k++)
			words_add(&here, d->cells[cells->id[k]].label);
	}
	if (here.n > 1)
		qsort(here.list, here.n, sizeof(*here.list), by_text);
	for (size_t i = 0; i < row->cells.n; i++) {
		const struct ids *cells = &d->classes[row->cells.id[i]].cells;

		for (size_t k = 0; k < cells->n; k++) {
			const struct cell *c = &d->cells[cells->id[k]];
			char *text;
			bool part = count(here.list, here.n, c->label) <
			    count(all, d->ncells, c->label);

			if (asprintf(&text, part ? "%s (%s)" : "%s", c->label,
				c->detail) == -1)
				text = NULL;
			words_add(&w, text);
		}
	}
	free(here.list);
	words_sort(&w);
	return w;
}

static void
put_roads(uint32_t roads, FILE *f)
{
	for (int i = 0; i < ROAD_COUNT; i++) {
		if (roads >> i & 1)
			fprintf(f, " %s", policy_road_names[i]);
	}
}

static const char *
verb(const struct variant *v)
{
	if (!v->before)
		return "gain";
	if (!v->after)
		return "lose";
	return v->wider && !v->narrower ? "widen" :
	    v->narrower && !v->wider ? "narrow" : "change";
}

/* What stands behind the people. */
static const char *
phrase(const struct variant *v, bool one)
{
	if (!v->before)
		return one ? "gains" : "gain";
	if (!v->after)
		return one ? "loses" : "lose";
	return v->wider && !v->narrower ? ": more than before" :
	    v->narrower && !v->wider ? ": less than before" :
	    ": other conditions";
}

/*
 * Output.
 */
static void
put_wrapped(FILE *f, const struct words *w, size_t column, size_t indent)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t size = strlen(w->list[i]) + (i + 1 < w->n ? 1 : 0);

		if (i > 0 && column + 1 + size > WIDTH) {
			fprintf(f, "\n%*s", (int)indent, "");
			column = indent;
		} else if (i > 0) {
			fputc(' ', f);
			column++;
		}
		fprintf(f, "%s%s", w->list[i], i + 1 < w->n ? "," : "");
		column += size;
	}
}

/* Conditions, always if there are none. */
static void
put_terms(FILE *f, const char *label, const char *text)
{
	size_t column = INDENT;

	fprintf(f, "\n  %-6s", label);
	if (*text == '\0')
		text = "always";
	while (*text != '\0') {
		size_t size = strcspn(text, " ");

		if (column > INDENT && column + 1 + size > WIDTH) {
			fprintf(f, "\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			fputc(' ', f);
			column++;
		}
		fwrite(text, 1, size, f);
		column += size;
		text += size + (text[size] == ' ');
	}
}

static void
put_text(struct output *o, const struct variant *v, const struct words *who,
    const struct words *what)
{
	const char *word = phrase(v, who->n == 1 && who->list[0][0] != '@');
	const char *colour_of = !v->before || v->wider ? "\033[1;31m" :
	    "\033[32m";
	FILE *f = o->f;

	put_wrapped(f, who, 0, 0);
	fprintf(f, "%s%s%s%s", *word == ':' ? "" : " ",
	    o->paint ? colour_of : "", word, o->paint ? "\033[0m" : "");
	fputs("\n  to    ", f);
	put_wrapped(f, what, INDENT, INDENT);
	fputs("\n  by   ", f);
	put_roads(v->roads, f);
	if (v->before && (v->after || *v->was != '\0'))
		put_terms(f, "was", v->was);
	if (v->after && (v->before || *v->is != '\0'))
		put_terms(f, "now", v->is);
	fputc('\n', f);
}

static void
put_json_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		if ((unsigned char)*s < ' ')
			fprintf(f, "\\u%04x", (unsigned)*s);
		else
			fputc(*s, f);
	}
	fputc('"', f);
}

static void
put_json_words(FILE *f, const char *name, const struct words *w)
{
	fprintf(f, ",\"%s\":[", name);
	for (size_t i = 0; i < w->n; i++) {
		if (i > 0)
			fputc(',', f);
		put_json_string(f, w->list[i]);
	}
	fputc(']', f);
}

static void
put_json(struct output *o, const struct variant *v, const struct words *who,
    const struct words *what)
{
	FILE *f = o->f;
	const char *comma = "";

	fprintf(f, "{\"version\":1,\"change\":\"%s\"", verb(v));
	put_json_words(f, "who", who);
	put_json_words(f, "what", what);
	fputs(",\"roads\":[", f);
	for (int i = 0; i < ROAD_COUNT; i++) {
		if (!(v->roads >> i & 1))
			continue;
		fprintf(f, "%s\"%s\"", comma, policy_road_names[i]);
		comma = ",";
	}
	fputc(']', f);
	if (v->before) {
		fputs(",\"was\":", f);
		put_json_string(f, v->was);
	}
	if (v->after) {
		fputs(",\"now\":", f);
		put_json_string(f, v->is);
	}
	fputs("}\n", f);
}

static void
put_fact(void *arg, bool added, const char *text)
{
	struct output *o = arg;

	if (!o->json) {
		fprintf(o->f, "%-8s%s\n", added ? "new" : "gone", text);
		return;
	}
	fprintf(o->f, "{\"version\":1,\"change\":\"%s\",\"fact\":",
	    added ? "new" : "gone");
	put_json_string(o->f, text);
	fputs("}\n", o->f);
}

/* What grants more first. */
static int
by_weight(const void *a, const void *b, void *arg)
{
	const struct row *x = a, *y = b;
	const struct diff *d = arg;
	const struct variant *v = &d->variants[x->variant];
	const struct variant *w = &d->variants[y->variant];
	int p = !v->before ? 0 : v->wider ? 1 : v->after ? 2 : 3;
	int q = !w->before ? 0 : w->wider ? 1 : w->after ? 2 : 3;

	if (p != q)
		return p - q;
	return x->variant < y->variant ? -1 : x->variant > y->variant;
}

static void
put_rows(struct output *o)
{
	struct diff *d = o->d;
	char **labels = xrealloc(NULL, d->ncells, sizeof(*labels));

	for (size_t i = 0; i < d->ncells; i++)
		labels[i] = d->cells[i].label;
	if (d->ncells > 1)
		qsort(labels, d->ncells, sizeof(*labels), by_text);
	if (d->nrows > 1)
		qsort_r(d->rows, d->nrows, sizeof(*d->rows), by_weight, d);
	for (size_t i = 0; i < d->nrows; i++) {
		const struct row *row = &d->rows[i];
		struct words who = name_people(d, row, o->json);
		struct words what = name_places(d, row, labels);

		(o->json ? put_json : put_text)(o,
		    &d->variants[row->variant], &who, &what);
		words_free(&who);
		words_free(&what);
	}
	free(labels);
}

/* Rights are compared as if nobody were locked: locks are told of apart. */
static size_t
write_diff(const struct policy *a, const struct policy *b, struct output *o)
{
	static struct diff d;
	struct policy old = *a, new = *b;
	size_t facts;

	memset(&d, 0, sizeof(d));
	d.now = o->from;
	old.table[PT_LOCKS].n = new.table[PT_LOCKS].n = 0;
	d.side[OLD].p = &old;
	d.side[NEW].p = &new;
	terms_make(&d);
	cells_make(&d);
	people_make(&d);
	compare(&d);
	o->d = &d;
	groups_make(&d);
	put_rows(o);
	groups_free(&d);
	facts = facts_compare(a, b, put_fact, o);
	people_free(&d);
	return d.nrows + facts;
}

size_t
diff_policies(const struct policy *a, const struct policy *b, FILE *f)
{
	struct output o = {.f = f, .paint = colour(f), .from = time(NULL)};

	return write_diff(a, b, &o);
}

/*
 * Arguments.
 */
static bool
is_image(const char *path)
{
	char magic[8] = "";
	FILE *f = fopen(path, "re");
	size_t n = f == NULL ? 0 : fread(magic, 1, sizeof(magic), f);

	if (f != NULL)
		fclose(f);
	return n == sizeof(magic) && memcmp(magic, "JUMPDB\r\n", 8) == 0;
}

static int
is_fragment(const struct dirent *e)
{
	size_t size = strlen(e->d_name);

	return e->d_name[0] != '.' && size > 5 &&
	    strcmp(e->d_name + size - 5, ".conf") == 0;
}

/* The files of a folder like /etc/jump: policy, and policy.d. */
static int
read_folder(struct sources *s, const char *path)
{
	struct words names = {0};
	struct dirent **entries;
	char *text, *folder;
	int n, result;

	if (asprintf(&text, "%s/policy", path) == -1 ||
	    asprintf(&folder, "%s/policy.d", path) == -1)
		err(EXIT_INTERNAL, NULL);
	words_add(&names, text);
	n = scandir(folder, &entries, is_fragment, alphasort);
	for (int i = 0; i < n; i++) {
		if (asprintf(&text, "%s/%s", folder, entries[i]->d_name) == -1)
			err(EXIT_INTERNAL, NULL);
		words_add(&names, text);
		free(entries[i]);
	}
	if (n != -1)
		free(entries);
	result = sources_files(s, names.list, names.n);
	words_free(&names);
	free(folder);
	return result;
}

/* A policy as an argument names it; NULL: that of /etc/jump.  Exits. */
static struct policy *
read_policy(char *path)
{
	struct sources s;
	struct stat st;
	struct policy *p;
	size_t errors = 0, warnings = 0;
	int got;

	if (path != NULL && is_image(path)) {
		enum policy_error error;

		if (stat(path, &st) == -1)
			err(EXIT_POLICY, "%s", path);
		error = policy_open(path, st.st_uid, &p);
		if (error == POLICY_OK && policy_verify(p))
			return p;
		errx(EXIT_POLICY, "%s: %s", path, policy_strerror(
		    error == POLICY_OK ? POLICY_BROKEN : error));
	}
	if (path == NULL)
		got = sources_system(&s);
	else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		got = read_folder(&s, path);
	else
		got = sources_files(&s, &path, 1);
	p = got == -1 ? NULL : policy_check(&s, &errors, &warnings);
	if (p == NULL)
		errx(EXIT_POLICY, "%s is no policy that loads",
		    path == NULL ? "/etc/jump" : path);
	sources_free(&s);
	return p;
}

static int
bad_option(int option)
{
	if (option == 't')
		warnx("--at takes YYYY-MM-DDTHH:MMZ, not `%s'", optarg);
	return usage("diff");
}

int
diff_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"at", required_argument, NULL, 't'}, {NULL, 0, NULL, 0}};
	int64_t at = 0;
	struct output o = {
	    .f = stdout, .paint = colour(stdout), .from = time(NULL)};
	struct policy *old, *new;
	int option;
	size_t n;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			o.json = true;
		else if (option == 't' && policy_time_parse(&at, optarg))
			o.from = (time_t)at;
		else
			return bad_option(option);
	}
	if (argc - optind > 2)
		return usage("diff");
	new = read_policy(argc == optind ? NULL : argv[argc - 1]);
	old = argc - optind == 2 ? read_policy(argv[optind]) :
	    policy_in_force();
	if (!policy_verify(old))
		errx(EXIT_POLICY, "%s: damaged", POLICY_IMAGE);
	if (argc > optind && (!is_image(argv[argc - 1]) ||
	    (argc - optind == 2 && !is_image(argv[optind]))))
		old->table[PT_LOCKS].n = new->table[PT_LOCKS].n = 0;
	n = write_diff(old, new, &o); /* files have no locks */
	policy_free(old);
	policy_free(new);
	return n == 0 ? EXIT_OK : EXIT_NO_MATCH;
}
