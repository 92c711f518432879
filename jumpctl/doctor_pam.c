/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether PAM has what its files for sshd name.  It looks
 * whether that is there, not what it makes of an account.  What is missing does
 * was measured with Linux-PAM 1.5: a `-' before the type keeps it out of the
 * log, and changes nothing else.
 */
#include "doctor.h"

#include <sys/stat.h>

#include <ctype.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 16,
	FILES_MAX = 100,
	LINES_MAX = 10000,
	LINE_SIZE = 4096,
	NAME_SIZE = 64
};

struct pam {
	struct doctor *d;
	glob_t modules;
	unsigned files, depth; /* that are read, and how deep in others */
};

/* pam.d(5): of each name, the first of these counts. */
static const char *const folders[] = {
    "/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"};

/*
 * What is refused if a module of that type is missing; the first one is that
 * of lines whose type is none.
 */
static const struct type {
	const char *name;
	enum level level;
	const char *effect;
} types[] = {
    {"auth", LEVEL_FAIL, "no password and no code is taken"},
    {"account", LEVEL_FAIL, "nobody gets in"},
    {"session", LEVEL_FAIL, "whoever gets in is refused all else"},
    {"password", LEVEL_WARN, "nobody can change a password"},
};

/*
 * Files.
 */

/*
 * A file of a service, or one with a path of its own, which is root's word.
 * The path is left in path; NULL: there is none.
 */
static FILE *
open_service(const char *name, char path[PATH_MAX])
{
	size_t n = *name == '/' ? 1 : sizeof(folders) / sizeof(folders[0]);
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		int fd;

		if (*name == '/')
			snprintf(path, PATH_MAX, "%s", name);
		else
			snprintf(path, PATH_MAX, "%s/%s", folders[i], name);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd == -1)
			continue;
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			return fdopen(fd, "r");
		close(fd);
	}
	return NULL;
}

/*
 * The next line that says something, joined with those that go on with it, and
 * without its comment.  n counts lines.  False at the end.
 */
static bool
next_line(FILE *f, char *buf, size_t size, unsigned *n)
{
	size_t used = 0;

	while (fgets(buf + used, (int)(size - used), f) != NULL) {
		++*n;
		buf[used + strcspn(buf + used, "#\n")] = '\0';
		used = strlen(buf);
		while (used > 0 && isspace((unsigned char)buf[used - 1]))
			buf[--used] = '\0';
		if (used > 0 && buf[used - 1] == '\\' && used + 1 < size)
			buf[used - 1] = ' ';
		else if (buf[strspn(buf, " \t")] != '\0')
			return true;
		else
			used = 0;
	}
	return used > 0;
}

/* The next word, or what stands in [ ]; "" if there is none. */
static char *
next_word(char **rest)
{
	char *word = *rest + strspn(*rest, " \t"), *end;

	end = *word == '[' ? strchr(word, ']') : word + strcspn(word, " \t");
	if (end == NULL)
		end = word + strlen(word);
	end += *end == ']';
	*rest = end + (*end != '\0');
	*end = '\0';
	return word;
}

/*
 * Modules.
 */
static void
find_modules(glob_t *modules)
{
	static const char *const patterns[] = {"/lib/security/pam_*.so",
	    "/lib64/security/pam_*.so", "/lib/*/security/pam_*.so",
	    "/usr/lib/security/pam_*.so", "/usr/lib64/security/pam_*.so",
	    "/usr/lib/*/security/pam_*.so", "/usr/local/lib/security/pam_*.so",
	    "/usr/local/lib64/security/pam_*.so",
	    "/usr/local/lib/*/security/pam_*.so"};

	memset(modules, 0, sizeof(*modules));
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		glob(patterns[i], i == 0 ? 0 : GLOB_APPEND, NULL, modules);
}

/* Whether it is there, or it cannot be told where that would be. */
static bool
has_module(const struct pam *p, const char *name)
{
	char path[PATH_MAX];

	if (*name == '/')
		return strchr(name, '$') != NULL || access(name, F_OK) == 0;
	for (size_t i = 0; i < p->modules.gl_pathc; i++) {
		const char *known = p->modules.gl_pathv[i];

		snprintf(path, sizeof(path), "%.*s%s",
		    (int)(strrchr(known, '/') + 1 - known), known, name);
		if (access(path, F_OK) == 0)
			return true;
	}
	return p->modules.gl_pathc == 0;
}

/* How bad it is that a module with this control is missing. */
static enum level
judge(const char *control, enum level worst)
{
	const char *action;

	if (strcasecmp(control, "optional") == 0)
		return LEVEL_NOTE;
	if (strcasecmp(control, "sufficient") == 0)
		return LEVEL_WARN;
	if (*control != '[')
		return worst;
	if (strstr(control, "module_unknown=ignore") != NULL)
		return LEVEL_OK;
	action = strstr(control, "default=");
	if (action == NULL || strstr(control, "module_unknown=") != NULL)
		return worst;
	action += strlen("default=");
	return strncmp(action, "ignore", 6) == 0 || isdigit((unsigned char)*action)
	    ? LEVEL_WARN
	    : worst;
}

static bool
is_control(const char *word)
{
	return *word == '[' || strcasecmp(word, "required") == 0 ||
	    strcasecmp(word, "requisite") == 0 ||
	    strcasecmp(word, "sufficient") == 0 ||
	    strcasecmp(word, "optional") == 0;
}

static void
check_module(const struct pam *p, const struct type *type, bool silent,
    const char *control, const char *module, const char *place)
{
	enum level level = judge(control, type->level);

	if (!is_control(control) || *module == '\0')
		found(p->d, type->level, NULL, place, "mend that line",
		    "PAM does not understand this line: %s", type->effect);
	else if (level == LEVEL_OK || has_module(p, module) ||
	    (silent && level != type->level))
		return;
	else
		found(p->d, level, NULL, place,
		    "install the package that has it, or mend that line",
		    "PAM has no module %s: %s", module,
		    level == type->level ? type->effect
					 : "it goes on without it");
}

/*
 * Lines.
 */
static bool check_service(
    struct pam *, const char *, const struct type *);

/* What a line takes in, of one type or of all. */
static void
check_include(struct pam *p, const char *name, const struct type *type,
    const char *place)
{
	if (check_service(p, name, type))
		return;
	found(p->d, type == NULL ? LEVEL_FAIL : type->level, NULL, place,
	    "bring that file back, or mend that line",
	    "PAM has no file %s: %s", name,
	    type == NULL ? "nobody gets in" : type->effect);
}

static void
check_line(
    struct pam *p, char *line, const struct type *only, const char *place)
{
	char *word = next_word(&line), *control;
	const struct type *type = NULL;
	bool silent = *word == '-';

	if (strcasecmp(word, "@include") == 0) {
		check_include(p, next_word(&line), only, place);
		return;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcasecmp(word + silent, types[i].name) == 0)
			type = &types[i];
	}
	if (only != NULL && only != (type == NULL ? types : type))
		return;
	control = next_word(&line);
	word = next_word(&line);
	if (type == NULL)
		check_module(p, &types[0], false, "", "", place);
	else if (strcasecmp(control, "include") == 0 ||
	    strcasecmp(control, "substack") == 0)
		check_include(p, word, type, place);
	else
		check_module(p, type, silent, control, word, place);
}

/* Its lines of that type, or of all.  False if there is no such file. */
static bool
check_service(struct pam *p, const char *name, const struct type *only)
{
	char path[PATH_MAX], line[LINE_SIZE], place[PATH_MAX + 16];
	FILE *f = open_service(name, path);
	unsigned n = 0;

	if (f == NULL)
		return false;
	if (p->depth < DEPTH_MAX && p->files++ < FILES_MAX) {
		p->depth++;
		safe_path(p->d, path);
		while (n < LINES_MAX && next_line(f, line, sizeof(line), &n)) {
			snprintf(place, sizeof(place), "%s:%u", path, n);
			check_line(p, line, only, place);
		}
		p->depth--;
	}
	fclose(f);
	return true;
}

/*
 * All of it.
 */

/* pam.conf(5) counts where no folder is there. */
static bool
goes_by_one_file(void)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (access(folders[i], F_OK) == 0)
			return false;
	}
	return access("/etc/pam.conf", F_OK) == 0;
}

static void
find_none(struct doctor *d, const char *service)
{
	char path[PATH_MAX];
	FILE *f = open_service("other", path);

	found(d, LEVEL_FAIL, NULL, NULL,
	    "bring it back, as the package of sshd has it",
	    "there is no /etc/pam.d/%s: %s%s", service,
	    f == NULL ? "nobody gets in" : "in its place counts ",
	    f == NULL ? "" : path);
	if (f != NULL)
		fclose(f);
}

void
check_pam(struct doctor *d, const struct sshd_answer *answer)
{
	char service[NAME_SIZE] = "sshd", uses[8] = "no";
	struct pam p = {.d = d};

	sshd_value(answer, "UsePAM", 0, uses, sizeof(uses));
	sshd_value(answer, "PAMServiceName", 0, service, sizeof(service));
	if (strcmp(uses, "yes") != 0 || goes_by_one_file())
		return;
	find_modules(&p.modules);
	if (!check_service(&p, service, NULL))
		find_none(d, service);
	globfree(&p.modules);
}
