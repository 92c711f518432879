/* SPDX-License-Identifier: ISC */
/*
 * The table in the kernel.
 */
#include "nft.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "program.h"
#include "sshd.h"

/* The text of a file, which the caller frees; NULL if there is none. */
static char *
slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;

	if (f == NULL)
		return NULL;
	if (getdelim(&text, &room, '\0', f) == -1) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

/* Put it there whole.  0, or -1 and a message. */
static int
spit(const char *path, const char *text)
{
	char new[64];
	FILE *f;
	bool done;

	snprintf(new, sizeof(new), "%s.new", path);
	unlink(new);
	f = fopen(new, "wxe");
	done = f != NULL && fputs(text, f) != EOF;
	if (f != NULL && fclose(f) != 0)
		done = false;
	if (done && rename(new, path) == 0)
		return 0;
	warn("%s", path);
	return -1;
}

/* The program of the policy, if it is root's alone; what is run is its path. */
static bool
program_is_safe(const char *path)
{
	int fd = program_open(path, 0);

	if (fd == -1)
		return false;
	close(fd);
	return true;
}

/* Run nft with these arguments; its output, or NULL and a message. */
static char *
run(const struct policy *p, const char *const *words, bool quiet)
{
	char *argv[8] = {(char *)policy_string(p, policy_meta(p)->nft)};
	char *out = NULL, *error = NULL;
	int code = -1;

	for (size_t i = 0; words[i] != NULL && i < 6; i++)
		argv[i + 1] = (char *)words[i];
	if (program_is_safe(argv[0]))
		code = program_run(argv, &out, &error);
	if (code == -1)
		warnx("set nft: %s is not run: it is no executable file of "
		      "root's alone", argv[0]);
	else if (code != 0 && !quiet)
		warnx("%s: %.*s", argv[0], (int)strcspn(error, "\n"), error);
	free(error);
	if (code == 0)
		return out;
	free(out);
	return NULL;
}

/* Take out of a listing the set that the kernel fills. */
static void
cut_rates(char *listing)
{
	static const char end[] = "\n\t}\n";
	char *from = strstr(listing, "\tset " NFT_RATES " {\n");
	char *to = from == NULL ? NULL : strstr(from, end);

	if (to == NULL)
		return;
	to += sizeof(end) - 1;
	memmove(from, to, strlen(to) + 1);
}

/* The table as the kernel has it, without what is counted; NULL: none. */
static char *
list(const struct policy *p, bool quiet)
{
	static const char *const words[] = {
	    "-s", "list", "table", "inet", "jumphost", NULL};
	char *listing = run(p, words, quiet);

	if (listing != NULL)
		cut_rates(listing);
	return listing;
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

bool
nft_stands(const struct policy *p)
{
	char *now = list(p, true), *then = slurp(NFT_LISTED);
	bool stands = same(now, then);

	free(now);
	free(then);
	return stands;
}

static char *
wanted(const struct policy *p, time_t now)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		err(EXIT_INTERNAL, NULL);
	nft_print(p, now, f);
	if (fclose(f) != 0)
		err(EXIT_INTERNAL, NULL);
	return text;
}

static int
load(const struct policy *p, const char *text)
{
	static const char *const words[] = {"-f", NFT_FILE, NULL};
	char *out, *listed;
	int result = -1;

	unlink(NFT_LISTED);
	if (spit(NFT_FILE, text) == -1)
		return -1;
	out = run(p, words, false);
	if (out == NULL)
		warnx("the table is not loaded, and the firewall as it was: "
		      "see FIREWALL in jumpctl(8)");
	listed = out == NULL ? NULL : list(p, false);
	if (listed != NULL)
		result = spit(NFT_LISTED, listed);
	free(listed);
	free(out);
	return result;
}

int
nft_renew(const struct policy *p, time_t now)
{
	char *text, *before;
	int result = 0;

	if (policy_meta(p)->nft == 0)
		return 0;
	text = wanted(p, now);
	before = slurp(NFT_FILE);
	if (policy_damaged(p))
		result = -1;
	else if (!same(text, before) || !nft_stands(p))
		result = load(p, text);
	free(text);
	free(before);
	return result;
}
