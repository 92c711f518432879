/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: the ssh(1) that jump-record starts, and its configuration.
 */
#include "doctor.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "exit.h"

#define INNER	  LIBEXECDIR "/ssh_config"
#define FRAGMENTS "/etc/jump/ssh_config.d"

enum { LINE_SIZE = 1024, PLACE_SIZE = PATH_MAX + 16 };

/* What ssh -G must print of it: dist/ssh_config, which says why. */
static const struct {
	const char *keyword, *want;
} needs[] = {
    {"EscapeChar", "none"},
    {"EnableEscapeCommandline", "no"},
    {"PermitLocalCommand", "no"},
    {"ClearAllForwardings", "yes"},
    {"ForwardAgent", "no"},
    {"ForwardX11", "no"},
    {"ForwardX11Trusted", "no"},
    {"Tunnel", "false"},
    {"ControlMaster", "false"},
    {"ForkAfterAuthentication", "no"},
    {"StdinNull", "no"},
    {"StrictHostKeyChecking", "true"},
    {"UserKnownHostsFile", "none"},
    {"GlobalKnownHostsFile", "none"},
    {"UpdateHostKeys", "false"},
    {"VerifyHostKeyDNS", "false"},
    {"IdentityFile", "none"},
    {"EnableSSHKeysign", "no"},
    {"HostbasedAuthentication", "no"},
    {"GSSAPIAuthentication", "no"},
    {"ServerAliveInterval", "0"},
    {"ControlPath", NULL},
    {"LocalCommand", NULL},
    {"ProxyCommand", NULL},
    {"ProxyJump", NULL},
    {"RemoteCommand", NULL},
    {"PKCS11Provider", NULL},
};

/* The value of a keyword in what ssh -G printed; false: it has none. */
static bool
value_of(const char *out, const char *keyword, char *buf, size_t size)
{
	size_t n = strlen(keyword);

	for (; out != NULL; out = strchr(out, '\n')) {
		out += *out == '\n';
		if (strncasecmp(out, keyword, n) != 0 || out[n] != ' ')
			continue;
		snprintf(buf, size, "%.*s", (int)strcspn(out + n + 1, "\n"),
		    out + n + 1);
		return true;
	}
	return false;
}

/* The first line of the file with the keyword; false: it has none. */
static bool
line_of(const char *path, const char *keyword, char *place, size_t size)
{
	size_t n = strlen(keyword);
	char line[LINE_SIZE];
	unsigned number = 0;
	FILE *f = fopen(path, "re");
	bool there = false;

	while (!there && f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *word = line + strspn(line, " \t");

		number++;
		there = strncasecmp(word, keyword, n) == 0 &&
		    strchr(" \t=", word[n]) != NULL && word[n] != '\0';
	}
	if (f != NULL)
		fclose(f);
	if (there)
		snprintf(place, size, "%s:%u", path, number);
	return there;
}

static int
is_fragment(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return entry->d_name[0] != '.' && dot != NULL &&
	    strcmp(dot, ".conf") == 0;
}

/* Which line it was: ours, else the first of the others, in their order. */
static void
find_place(const char *keyword, char *place, size_t size)
{
	struct dirent **list = NULL;
	int n;
	bool there = line_of(INNER, keyword, place, size);

	if (!there)
		snprintf(place, size, "%s", INNER);
	n = there ? 0 : scandir(FRAGMENTS, &list, is_fragment, alphasort);
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), FRAGMENTS "/%s", list[i]->d_name);
		there = there || line_of(path, keyword, place, size);
		free(list[i]);
	}
	free(list);
}

static void
check_value(
    struct doctor *d, const char *out, const char *keyword, const char *want)
{
	char value[LINE_SIZE] = "none", place[PLACE_SIZE];
	bool given = value_of(out, keyword, value, sizeof(value));

	if (want == NULL && (!given || strcmp(value, "none") == 0))
		return;
	if (want != NULL && strcmp(value, want) == 0)
		return;
	/* Before OpenSSH 9.2 there is none. */
	if (!given && strcmp(keyword, "EnableEscapeCommandline") == 0)
		return;
	find_place(keyword, place, sizeof(place));
	found(d, LEVEL_FAIL, NULL, place,
	    strncmp(place, INNER, strlen(INNER)) == 0
		? "install it again: settings of your own go to " FRAGMENTS
		: "delete that line",
	    "the ssh of jump-record: %s is %s, want %s", keyword, value,
	    want == NULL ? "none" : want);
}

static bool
safe_files(struct doctor *d)
{
	struct dirent **list = NULL;
	bool safe = safe_path(d, SSH);
	int n;

	safe = safe_path(d, INNER) && safe;
	if (access(FRAGMENTS, F_OK) == -1)
		return safe;
	safe = safe_path(d, FRAGMENTS) && safe;
	n = scandir(FRAGMENTS, &list, is_fragment, alphasort);
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), FRAGMENTS "/%s", list[i]->d_name);
		safe = safe_path(d, path) && safe;
		free(list[i]);
	}
	free(list);
	return safe;
}

void
check_inner(struct doctor *d)
{
	char ssh[] = SSH, print[] = "-G", with[] = "-F", file[] = INNER,
	     host[] = "192.0.2.1";
	char *argv[] = {ssh, print, with, file, host, NULL}, *out, *why;
	size_t before = d->n;

	if (!safe_files(d))
		return;
	if (program_run(argv, &out, &why) != 0) {
		found(d, LEVEL_FAIL, NULL, INNER,
		    "mend what it says, or install " INNER " again",
		    "the ssh of jump-record refuses its configuration: %.*s",
		    why == NULL ? 0 : (int)strcspn(why, "\r\n"),
		    why == NULL ? "" : why);
		free(out);
		free(why);
		return;
	}
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		check_value(d, out, needs[i].keyword, needs[i].want);
	free(out);
	free(why);
	if (d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "the ssh of jump-record is held to the terminal");
}
