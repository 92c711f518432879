/* SPDX-License-Identifier: ISC */
/* Hosts that known_hosts and ssh_config name; files of others. */

#include <sys/stat.h>

#include "../../jumpctl/foreign.h"
#include "../../jumpctl/places.h"
#include "unit.h"

#define KEY                                                                    \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE/"                              \
	"fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"

static const struct {
	const char *line;
	enum known kind;
	const char *places; /* HOST PORT, each with a space behind */
} known[] = {{"", KNOWN_NONE, ""}, {"# web1 " KEY, KNOWN_NONE, ""},
    {"web1 " KEY, KNOWN_PLAIN, "web1 22 "},
    {"Web1,10.2.0.10 " KEY " x", KNOWN_PLAIN, "web1 22 10.2.0.10 22 "},
    {"[web1]:2222,[2001:db8::1]:23 " KEY, KNOWN_PLAIN,
	"web1 2222 2001:db8::1 23 "},
    {"*.corp,!web1,web? " KEY, KNOWN_PLAIN, ""},
    {"a\x1b[31mb,we b1 " KEY, KNOWN_NONE, ""},
    {"a\x1b[31mb,.x,-y,1.2,a..b,c. " KEY, KNOWN_PLAIN, ""},
    {"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= " KEY,
	KNOWN_HASHED, ""},
    {"@cert-authority * " KEY, KNOWN_MARKED, ""},
    {"@revoked web1 " KEY, KNOWN_MARKED, ""}, {"web1", KNOWN_NONE, ""},
    {"web1 ssh-ed25519 AAAA", KNOWN_NONE, ""},
    {"web1 1024 35 1234", KNOWN_NONE, ""}};

START_TEST(known_hosts)
{
	char line[512], got[512] = "";
	struct known_line k;
	struct opening o;

	strcpy(line, known[_i].line);
	ck_assert_int_eq(known_parse(&k, line), known[_i].kind);
	while (known[_i].kind == KNOWN_PLAIN && known_next(&k.hosts, &o))
		sprintf(got + strlen(got), "%s %u ", o.host, o.port);
	ck_assert_str_eq(got, known[_i].places);
}
END_TEST

static const struct {
	const char *text, *got;
} configs[] = {{"", ""}, {"Host web1\n", "web1=web1 22;"},
    {"Host web1 Web2\n", "web1=web1 22;web2=web2 22;"},
    {"host web1\n\tHOSTNAME = 10.2.0.10\n  Port=2222\n",
	"web1=10.2.0.10 2222;"},
    {"Host web1\nHostName a\nHostName b\nPort 1\nPort 2", "web1=a 1;"},
    {"Host web1\nHostName \"%h.corp\"\n", "web1=web1.corp 22;"},
    {"Host web1\nHostName %n.corp\n", ""},
    {"Host *\nPort 2222\nHost web1\n", "web1=web1 22;"},
    {"Host web* !web1 web2\n", "web2=web2 22;"},
    {"Host web1\nProxyJump hop\n", "web1=web1 22>;"},
    {"Host web1\nProxyCommand nc %h %p\n", "web1=web1 22>;"},
    {"Host web1\nProxyJump none\nProxyCommand x\n", "web1=web1 22;"},
    {"Host web1\nMatch all\nHostName evil\n", "web1=web1 22;"},
    {"Host web1\nPort 70000\n", "web1=web1 22;"},
    {"Host \"web1\" # x y\n", "web1=web1 22;"},
    {"Host a\x1b[31mb\nHost web1\nHostName $(id)\n", ""},
    {"# Host web1\nHost\nHost=web2\r\n", "web2=web2 22;"},
    {"Include a \"b c\"\nHost web1\n", "<a><b c>web1=web1 22;"}};

static void
each(void *arg, const struct client_host *h)
{
	char *got = arg;

	sprintf(got + strlen(got), "%s=%s %u%s;", h->name, h->place.host,
	    h->place.port, h->through ? ">" : "");
}

static void
include(void *arg, const char *pattern)
{
	char *got = arg;

	sprintf(got + strlen(got), "<%s>", pattern);
}

START_TEST(client)
{
	char text[512], got[512] = "";

	strcpy(text, configs[_i].text);
	client_parse(text, each, include, got);
	ck_assert_str_eq(got, configs[_i].got);
}
END_TEST

/* A file below a folder of its own: its mode and kind, and what is said. */
static const struct {
	mode_t folder, file;
	size_t size;
	char kind; /* f file, l link, d link to a folder, p pipe, - none */
	const char *why;
} files[] = {{0700, 0600, 6, 'f', NULL}, {0700, 0644, 6, 'f', NULL},
    {0700, 0660, 6, 'f', "writable by group"},
    {0700, 0602, 6, 'f', "writable by group"},
    {0777, 0600, 6, 'f', "folder above it is writable"},
    {0770, 0600, 6, 'f', "folder above it is writable"},
    {01777, 0600, 6, 'f', "folder above it is writable"},
    {0700, 0600, FOREIGN_MAX, 'f', NULL},
    {0700, 0600, FOREIGN_MAX + 1, 'f', "too large"},
    {0700, 0600, 6, 'l', "symbolic link"},
    {0700, 0600, 6, 'd', "symbolic link"},
    {0700, 0600, 0, 'p', "no regular file"}, {0700, 0, 0, '-', NULL}};

/*
 * A new folder here, as /tmp is writable by all.  False where others may write
 * to a folder above it too: then nothing is read there.
 */
static bool
folder_here(char dir[512])
{
	struct stat st;

	ck_assert_ptr_nonnull(getcwd(dir, 256));
	strcat(dir, "/placesXXXXXX");
	for (char *end = dir; (end = strchr(end + 1, '/')) != NULL;) {
		*end = '\0';
		ck_assert_int_eq(stat(dir, &st), 0);
		*end = '/';
		if ((st.st_mode & (S_IWGRP | S_IWOTH)) ||
		    (st.st_uid != 0 && st.st_uid != getuid()))
			return false;
	}
	ck_assert_ptr_nonnull(mkdtemp(dir));
	return true;
}

/* Make it in dir; its path. */
static void
make(const char *dir, int i, char path[600])
{
	char other[600];
	FILE *f;

	snprintf(path, 600, "%s/folder/file", dir);
	snprintf(other, sizeof(other), "%s/folder", dir);
	ck_assert_int_eq(mkdir(other, 0700), 0);
	if (files[i].kind == 'p')
		ck_assert_int_eq(mkfifo(path, files[i].file), 0);
	else if (files[i].kind == 'l')
		ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	else if (files[i].kind != '-') {
		f = fopen(path, "w");
		ck_assert_ptr_nonnull(f);
		for (size_t n = 0; n < files[i].size; n++)
			fputc('x', f);
		fclose(f);
		ck_assert_int_eq(chmod(path, files[i].file), 0);
	}
	ck_assert_int_eq(chmod(other, files[i].folder), 0);
	if (files[i].kind != 'd')
		return;
	snprintf(path, 600, "%s/link", dir);
	ck_assert_int_eq(symlink("folder", path), 0);
	snprintf(path, 600, "%s/link/file", dir);
}

static void
tidy(const char *dir)
{
	static const char *const names[] = {
	    "folder/file", "folder", "link", ""};
	char path[600];

	for (int i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
}

START_TEST(foreign)
{
	char dir[512], path[600], *text;
	const char *why;

	if (!folder_here(dir))
		return;
	make(dir, _i, path);
	text = foreign_read(path, getuid(), &why);
	tidy(dir);
	if (files[_i].why != NULL) {
		ck_assert_ptr_null(text);
		ck_assert_msg(why != NULL && strstr(why, files[_i].why) != NULL,
		    "%s", why);
		return;
	}
	ck_assert_ptr_null(why);
	ck_assert_int_eq(text != NULL, files[_i].kind != '-');
	ck_assert(text == NULL || strlen(text) == files[_i].size);
	free(text);
}
END_TEST

/* Of somebody else, unless it is root's. */
START_TEST(somebody)
{
	char dir[512], path[600], *text;
	const char *why;

	if (getuid() != 0 || !folder_here(dir))
		return;
	make(dir, 0, path);
	ck_assert_int_eq(chown(path, 12345, 0), 0);
	text = foreign_read(path, 12346, &why);
	ck_assert_ptr_null(text);
	ck_assert_str_eq(why, "it is somebody else's");
	text = foreign_read(path, 12345, &why);
	ck_assert_ptr_nonnull(text);
	free(text);
	tidy(dir);
	ck_assert_ptr_null(foreign_read("/etc/../etc/passwd", 0, &why));
	ck_assert_str_eq(why, "its path is not plain");
}
END_TEST

START_TEST(zero)
{
	char dir[512], path[600];
	const char *why;
	FILE *f;

	if (!folder_here(dir))
		return;
	make(dir, 0, path);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite("a\0b\n", 1, 4, f), 4);
	fclose(f);
	ck_assert_ptr_null(foreign_read(path, getuid(), &why));
	tidy(dir);
	ck_assert_str_eq(why, "it holds a byte of zero");
}
END_TEST

START_TEST(line)
{
	char text[] = "a\n\nb", *rest = text;

	ck_assert_str_eq(foreign_line(&rest), "a");
	ck_assert_str_eq(foreign_line(&rest), "");
	ck_assert_str_eq(foreign_line(&rest), "b");
	ck_assert_ptr_null(foreign_line(&rest));
	ck_assert_ptr_null(foreign_line(&rest));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("places");
	TCase *tc = tcase_create("places");

	tcase_add_loop_test(tc, known_hosts, 0, COUNT(known));
	tcase_add_loop_test(tc, client, 0, COUNT(configs));
	tcase_add_loop_test(tc, foreign, 0, COUNT(files));
	tcase_add_test(tc, somebody);
	tcase_add_test(tc, zero);
	tcase_add_test(tc, line);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
