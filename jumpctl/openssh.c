/* SPDX-License-Identifier: ISC */
#include "openssh.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of each major version the last minor one. */
static const struct openssh first = {8, 7}, lasts[] = {{8, 9}, {9, 9}, {10, 5}};

enum { LASTS = sizeof(lasts) / sizeof(lasts[0]) };

/* Keywords that the oldest of them has not got. */
static const struct {
	const char *keyword;
	struct openssh since;
} keywords[] = {
    {"RequiredRSASize", {9, 1}},
    {"ChannelTimeout", {9, 2}},
    {"UnusedConnectionTimeout", {9, 2}},
    {"PerSourcePenalties", {9, 8}},
    {"PerSourcePenaltyExemptList", {9, 8}},
    {"SshdSessionPath", {9, 8}},
    {"PAMServiceName", {9, 8}},
    {"RefuseConnection", {9, 9}},
    {"SshdAuthPath", {10, 0}},
};

static const struct {
	struct openssh from, to;
	const char *text;
} traps[] = {
    {{8, 7}, {8, 7},
	"# CVE-2021-41617: jump-authkeys runs with the groups that sshd has; "
	"have the fix\n"
	"# of your distribution.\n"},
    {{8, 7}, {9, 7}, "# CVE-2024-6387: have the fix of your distribution.\n"},
    {{8, 7}, {9, 3},
	"# An AuthorizedPrincipalsCommand is ignored without a word if it "
	"stands behind\n"
	"# an AuthorizedKeysCommand: have it read before these blocks.\n"},
    {{8, 7}, {9, 3}, "# %C and %D, in a line of your own, end each login.\n"},
    {{9, 2}, {10, 4}, "# ChannelTimeout has no effect in a Match block.\n"},
    {{9, 2}, {10, 5},
	"# A global UnusedConnectionTimeout ends ssh -N, and so devices.\n"},
    {{9, 8}, {10, 5},
	"# PerSourcePenalties: where many come from one address, that of a "
	"NAT, say, name\n"
	"# it in PerSourcePenaltyExemptList.\n"},
};

static int
compare(const struct openssh *a, const struct openssh *b)
{
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return a->minor < b->minor ? -1 : a->minor > b->minor;
}

/* Read a plain decimal below 1000. */
static const char *
number(const char *text, unsigned *n)
{
	size_t size = strspn(text, "0123456789");

	if (size == 0 || size > 3 || (*text == '0' && size > 1))
		return NULL;
	*n = (unsigned)strtoul(text, NULL, 10);
	return text + size;
}

/* What follows the version, or NULL if there is none. */
static const char *
read_version(struct openssh *v, const char *text)
{
	struct openssh r;
	unsigned portable;

	text = number(text, &r.major);
	if (text == NULL || *text != '.')
		return NULL;
	text = number(text + 1, &r.minor);
	if (text != NULL && *text == 'p')
		text = number(text + 1, &portable);
	if (text != NULL)
		*v = r;
	return text;
}

bool
openssh_parse(struct openssh *v, const char *text)
{
	struct openssh r;

	text = read_version(&r, text);
	if (text == NULL || *text != '\0')
		return false;
	*v = r;
	return true;
}

bool
openssh_find(struct openssh *v, const char *text)
{
	static const char start[] = "OpenSSH_";

	text = strstr(text, start);
	return text != NULL && read_version(v, text + strlen(start)) != NULL;
}

bool
openssh_known(const struct openssh *v)
{
	if (compare(v, &first) < 0)
		return false;
	for (size_t i = 0; i < LASTS; i++) {
		if (v->major == lasts[i].major)
			return v->minor <= lasts[i].minor;
	}
	return false;
}

const char *
openssh_range(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "%u.%u to %u.%u", first.major, first.minor,
	    lasts[LASTS - 1].major, lasts[LASTS - 1].minor);
	return text;
}

bool
openssh_lacks(const struct openssh *v, const char *keyword, size_t size,
    struct openssh *since)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
		if (strlen(keywords[i].keyword) != size ||
		    strncasecmp(keywords[i].keyword, keyword, size) != 0)
			continue;
		*since = keywords[i].since;
		return compare(v, since) < 0;
	}
	return false;
}

bool
openssh_within(const struct openssh *v, const struct openssh *from,
    const struct openssh *to)
{
	return compare(v, from) >= 0 && compare(v, to) <= 0;
}

static const char match[] = "Match ", match_user[] = "Match User ";

static bool
begins(const char *line, size_t size, const char *word)
{
	return size >= strlen(word) && strncmp(line, word, strlen(word)) == 0;
}

static void
print_line(const struct openssh *v, const char *line, size_t size, FILE *out)
{
	size_t margin = 0, word;
	struct openssh since;

	while (margin < size && strchr(" \t", line[margin]) != NULL)
		margin++;
	for (word = margin; word < size && strchr(" \t=", line[word]) == NULL;)
		word++;
	if (openssh_lacks(v, line + margin, word - margin, &since))
		fprintf(out, "%.*s# from %u.%u on: %.*s\n", (int)margin, line,
		    since.major, since.minor, (int)(size - margin),
		    line + margin);
	else
		fprintf(out, "%.*s\n", (int)size, line);
}

void
openssh_blocks(const struct openssh *v, const char *text, size_t size,
    const char *user, FILE *out)
{
	bool begun = false;

	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t n = end == NULL ? size : (size_t)(end - text);

		begun = begun || begins(text, n, match);
		if (begun && user != NULL && begins(text, n, match_user))
			fprintf(out, "%s%s\n", match_user, user);
		else if (begun)
			print_line(v, text, n, out);
		n += end != NULL;
		text += n;
		size -= n;
	}
}

static const char *
next_trap(const struct openssh *v, size_t *next)
{
	while (*next < sizeof(traps) / sizeof(traps[0])) {
		size_t i = (*next)++;

		if (openssh_within(v, &traps[i].from, &traps[i].to))
			return traps[i].text;
	}
	return NULL;
}

void
openssh_traps(const struct openssh *v, FILE *out)
{
	const char *text;
	size_t next = 0;

	while ((text = next_trap(v, &next)) != NULL)
		fputs(text, out);
}
