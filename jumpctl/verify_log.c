/* SPDX-License-Identifier: ISC */
/*
 * The chain of seals beside what the log has of it: root can write the chain
 * anew, but not what a collector has already.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "log.h"
#include "recordings.h"

struct heads {
	const char **list; /* sorted; they are the chain's */
	size_t n;
};

static int
by_text(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void
read_heads(struct heads *h, const struct seals *s)
{
	h->n = s->n;
	h->list = calloc(s->n + 1, sizeof(*h->list));
	if (h->list == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < s->n; i++)
		h->list[i] = s->list[i].chain;
	qsort(h->list, h->n, sizeof(*h->list), by_text);
}

/* A seal of root's, or of whom the source does not tell. */
static const char *
seal_of(struct log_entry *entry, struct log_record *r)
{
	if (strcmp(entry->program, "jumpctl") != 0 ||
	    !log_record_begins(entry->message) ||
	    !log_record_parse(r, entry->message) ||
	    strcmp(r->field[RF_ACTION], "seal") != 0 ||
	    log_trust_record(entry, r) < LOG_TRUST_NONE)
		return NULL;
	return r->field[RF_SEAL];
}

/* Nothing waits for a line of another process. */
static void
idle(void *arg)
{
	(void)arg;
}

size_t
recordings_verify_log(const struct recordings *r, const char *file)
{
	struct log_source *source = log_source_open(file, 0, false);
	size_t known = 0, unknown = 0;
	struct log_record record;
	struct log_entry entry;
	struct heads heads;
	const char *seal;
	time_t newest;
	char *line;

	read_heads(&heads, &r->seals);
	while ((line = log_source_line(source, &newest, idle, NULL)) != NULL) {
		char safe[AUDIT_ESCAPED(SEALS_NAME)], at[SEALS_TIME];

		if (!log_entry_parse(&entry, line, newest) ||
		    (seal = seal_of(&entry, &record)) == NULL)
			continue;
		if (bsearch(&seal, heads.list, heads.n, sizeof(*heads.list),
			by_text) != NULL) {
			known++;
			continue;
		}
		unknown++;
		seals_time(at, entry.time / SECOND);
		printf("%s/%s: the seal that the log has of %s is not in it\n",
		    RECORDINGS, SEALS_FILE, at);
		if (record.field[RF_SESSION] != NULL)
			printf("  it was of session %s\n",
			    audit_escape(
				safe, sizeof(safe), record.field[RF_SESSION]));
	}
	free(heads.list);
	if (!log_source_close(source))
		unknown++;
	printf(
	    "the log has %zu of the seals, and %zu others\n", known, unknown);
	return unknown;
}
