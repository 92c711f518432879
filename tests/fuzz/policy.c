/* SPDX-License-Identifier: ISC */
/*
 * The policy parser, and all that follows: text to tables, tables to text and
 * back again, to an image, and to decisions.  A byte 0xff parts the files.
 */
#include "fuzz.h"

#include <sys/mman.h>

#include <unistd.h>

#include "../../lib/policy_image.h"
#include "judge.h"

enum { FILES = 4 };

static struct policy *
parse(const struct policy_source *sources, size_t n)
{
	struct policy_report report = {0};
	struct policy *p = policy_parse(sources, n, &report);

	must((p == NULL) == (report.errors > 0));
	must(report.n <= MESSAGES_MAX + 1);
	for (size_t i = 0; i < report.n; i++) {
		const struct policy_message *m = &report.messages[i];

		must(fuzz_is_line(m->what));
		must(m->hint[0] == '\0' || fuzz_is_line(m->hint));
		must(m->source < n);
		must(m->line == 0 || m->column > 0);
	}
	policy_report_clear(&report);
	return p;
}

static char *
print(const struct policy *p, size_t *size)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, size);

	must(f != NULL);
	must(policy_print(p, f) == 0);
	must(fclose(f) == 0);
	return text;
}

/* What is printed parses to a policy that prints the same and judges the same.
 */
static void
print_again(const struct policy *p)
{
	struct policy_source source = {.name = "printed"};
	struct policy *again;
	char *first, *second;
	size_t size;

	first = print(p, &size);
	source.text = first;
	source.size = size;
	again = parse(&source, 1);
	must(again != NULL);
	second = print(again, &size);
	must(strcmp(first, second) == 0);
	must(judge_all(p, false) == judge_all(again, false));
	policy_free(again);
	free(first);
	free(second);
}

static void
through_image(struct policy *p)
{
	char path[] = "/dev/shm/jump-fuzz.XXXXXX";
	struct policy *opened;
	int fd = mkstemp(path);

	must(fd != -1);
	must(policy_save(p, fd) == 0);
	close(fd);
	must(policy_open(path, geteuid(), &opened) == POLICY_OK);
	unlink(path);
	must(policy_verify(opened));
	must(judge_all(p, false) == judge_all(opened, false));
	must(!policy_damaged(opened));
	policy_free(opened);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[FILES] = {"a", "b", "c", "d"};
	struct policy_source sources[FILES];
	struct policy *p;
	size_t n = 0;

	while (n < FILES) {
		const uint8_t *end =
		    size == 0 ? NULL : memchr(data, 0xff, size);
		size_t part =
		    end == NULL || n == FILES - 1 ? size : (size_t)(end - data);

		sources[n].name = names[n];
		sources[n].text = (const char *)data;
		sources[n++].size = part;
		if (part == size)
			break;
		data += part + 1;
		size -= part + 1;
	}
	p = parse(sources, n);
	if (p != NULL) {
		print_again(p);
		through_image(p);
	}
	policy_free(p);
	return 0;
}
