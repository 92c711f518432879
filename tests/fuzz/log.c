/* SPDX-License-Identifier: ISC */
/*
 * Lines of logs, as anybody may have written them: what comes out of them is
 * clean, is no more than there are lines for, and a line whose sender is
 * attested makes nobody else say anything.
 */
#include "../../jumpctl/ctl.h"
#include "../../jumpctl/log.h"

#include "fuzz.h"

static size_t emitted, given; /* rows, and what they came from */

/* What log_print.c wants of main.c. */
bool
colour(FILE *f)
{
	(void)f;
	return false;
}

void
json_string(const char *s)
{
	(void)s;
}

/* Lines of printable ASCII, and none that begins as another row. */
static void
is_clean(const char *text)
{
	size_t lines = 0;

	for (; *text != '\0'; text++) {
		must(*text == '\n' || (*text >= ' ' && *text <= '~'));
		lines += *text == '\n';
	}
	must(lines <= 3); /* the header, the day, and the row */
}

static void
emit(void *arg, const struct log_row *row)
{
	char text[16384] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");
	struct log_printer printer;

	(void)arg;
	must(f != NULL);
	emitted++;
	must(row->trust == LOG_TRUST_NONE || row->outcome == LOG_FORGED ||
	    row->sender_known);
	must((row->outcome == LOG_FORGED) == (row->trust == LOG_TRUST_FORGED));
	if (row->outcome == LOG_ADMIN)
		must(row->trust == LOG_TRUST_NONE || row->uid == 0);
	else if (row->trust == LOG_TRUST_KERNEL && row->kind != NULL &&
	    strcmp(row->kind, "sshd") != 0)
		must(row->uid == 0 || row->exe != NULL || row->ref != NULL);
	log_printer_init(&printer, f, false);
	log_print(&printer, row);
	log_print_question(f, row);
	must(fclose(f) == 0);
	if (strstr(text, "\nask again: ") != NULL)
		*strstr(text, "ask again: ") = '\0';
	is_clean(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *rest = text, *line;
	struct log_join *join = log_join_new(emit, NULL, NULL);
	struct log_entry entry;

	emitted = given = 0;
	while ((line = strsep(&rest, "\n")) != NULL) {
		char *own = fuzz_text((uint8_t *)line, strlen(line));

		given += strlen(line);
		if (log_entry_parse(&entry, own, 1795278620)) {
			must(entry.program != NULL && entry.message != NULL);
			log_join_entry(join, &entry);
		}
		/* An end of a login ends its channels. */
		must(emitted <= given);
		free(own);
	}
	log_join_flush(join, INT64_MAX);
	must(emitted <= given);
	log_join_free(join);
	free(text);
	return 0;
}
