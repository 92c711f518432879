/* SPDX-License-Identifier: ISC */
/* How a user has logged in: what counts as a second method, and what does not.
 */
#include "../../jump-shell/auth.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "unit.h"

#define KEY  "publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE\n"
#define LONG "abcdefghijklmnopqrstuvwxyz012345"

static const struct {
	const char *path;
	bool fits;
} paths[] = {
    {"/tmp/sshauth.AbCdEfGhIj012", true},
    {"/tmp/sshauth.abcdef", true},
    {"/tmp/sshauth." LONG, true},
    {NULL, false},
    {"", false},
    {"/tmp/sshauth.", false},
    {"/tmp/sshauth.abcde", false},
    {"/tmp/sshauth." LONG "x", false},
    {"/tmp/sshauth.abcdef/x", false},
    {"/tmp/sshauth.abcdef/../x", false},
    {"/tmp/sshauth.../../etc/p", false},
    {"/tmp/sshauth.abcdef ", false},
    {"/tmp/sshauth.abcdef\n", false},
    {"/tmp/sshauth.abc.ef", false},
    {"/tmp/sshauth.abc\xc3\xa9"
     "f",
	false},
    {"/tmp/sshauthXabcdef", false},
    {"/tmp//sshauth.abcdef", false},
    {" /tmp/sshauth.abcdef", false},
    {"tmp/sshauth.abcdef", false},
    {"/var/tmp/sshauth.abcdef", false},
    {"/proc/self/root/tmp/sshauth.abcdef", false},
    {"/etc/passwd", false},
};

START_TEST(path_is_as_sshd_makes_it)
{
	ck_assert_int_eq(auth_path(paths[_i].path), paths[_i].fits);
	if (!paths[_i].fits)
		ck_assert_ptr_null(auth_method(paths[_i].path, geteuid()));
}
END_TEST

#define TEXT(s) s, sizeof(s) - 1

static const struct {
	const char *text;
	size_t size;
	const char *method;
} texts[] = {
    {TEXT(KEY "keyboard-interactive/pam\n"), "keyboard-interactive"},
    {TEXT(KEY "password\n"), "password"},
    {TEXT(KEY "password x y\n"), "password"},
    {TEXT(KEY "keyboard-interactive/pam x\n"), "keyboard-interactive"},
    {TEXT(KEY KEY "password\n"), "password"},
    {TEXT(KEY "hostbased x\nkeyboard-interactive/pam\npassword\n"),
	"keyboard-interactive"},
    /* One method, twice the same, and others. */
    {TEXT(KEY), NULL},
    {TEXT(KEY KEY), NULL},
    {TEXT(KEY "none\n"), NULL},
    {TEXT(KEY "hostbased ssh-ed25519 AAAA\n"), NULL},
    {TEXT(KEY "gssapi-with-mic alice@CORP.EXAMPLE\n"), NULL},
    /* No key first. */
    {TEXT("password\n"), NULL},
    {TEXT("password\nkeyboard-interactive\n"), NULL},
    {TEXT("keyboard-interactive\n" KEY), NULL},
    {TEXT("publickey\npassword\n"), NULL},
    {TEXT("publickeys x\npassword\n"), NULL},
    {TEXT(" " KEY "password\n"), NULL},
    {TEXT("\n" KEY "password\n"), NULL},
    /* Not the words of sshd. */
    {TEXT(KEY "Password\n"), NULL},
    {TEXT(KEY "passwords\n"), NULL},
    {TEXT(KEY "passwor\n"), NULL},
    {TEXT(KEY " password\n"), NULL},
    {TEXT(KEY "keyboard-interactive/bsdauth\n"), NULL},
    {TEXT(KEY "keyboard-interactive/\n"), NULL},
    {TEXT(KEY "keyboard-interactive\n"), NULL},
    {TEXT(KEY "keyboard-interactive:pam\n"), NULL},
    {TEXT(KEY "\n\n\n"), NULL},
    {TEXT(KEY "x password\n"), NULL},
    {TEXT("publickey ssh-rsa password\n"), NULL},
    /* Not whole, or no text. */
    {TEXT(""), NULL},
    {TEXT("\n"), NULL},
    {TEXT("p"), NULL},
    {TEXT("publickey "), NULL},
    {TEXT("publickey \n"), NULL},
    {TEXT(KEY "password"), NULL},
    {TEXT(KEY "pass\0word\n"), NULL},
    {TEXT("\0" KEY "password\n"), NULL},
    {TEXT(KEY "password\n\0"), NULL},
    {TEXT(KEY "password\n\0\n"), NULL},
    {TEXT(KEY "password\r\n"), NULL},
    {TEXT(KEY "\tpassword\npassword\n"), NULL},
    {TEXT(KEY "password\n\x80\n"), NULL},
    {TEXT(KEY "password\n\x1b[31m\n"), NULL},
    {TEXT(KEY "password\n\x7f\n"), NULL},
};

/* In memory of exactly that size, where a sanitizer sees every byte beyond. */
START_TEST(text_is_read)
{
	char *text = malloc(texts[_i].size + (texts[_i].size == 0));
	const char *method;

	memcpy(text, texts[_i].text, texts[_i].size);
	method = auth_parse(text, texts[_i].size);
	if (texts[_i].method == NULL)
		ck_assert_ptr_null(method);
	else
		ck_assert_str_eq(method, texts[_i].method);
	free(text);
}
END_TEST

/* Whatever is cut off, or put in place of a byte, reads nothing beyond. */
START_TEST(any_text_is_read)
{
	static const char whole[] = KEY "keyboard-interactive/pam\n";
	size_t size = sizeof(whole) - 1;

	for (size_t n = 0; n <= size; n++) {
		char *text = malloc(n + (n == 0));

		memcpy(text, whole, n);
		ck_assert_int_eq(auth_parse(text, n) != NULL, n == size);
		for (int byte = 0; n > 0 && byte < 256; byte += 5) {
			text[n - 1] = (char)byte;
			auth_parse(text, n);
		}
		free(text);
	}
}
END_TEST

/*
 * Files, in the only folder they can be in.
 */
static char path[] = "/tmp/sshauth.XXXXXXXXXX";
static const char whole[] = KEY "password\n";

static void
make(const char *text, size_t size)
{
	int fd;

	strcpy(path, "/tmp/sshauth.XXXXXXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
	close(fd);
}

static void
teardown(void)
{
	unlink(path);
}

START_TEST(file_is_read)
{
	make(whole, sizeof(whole) - 1);
	ck_assert_str_eq(auth_method(path, geteuid()), "password");
	ck_assert_ptr_null(auth_method(path, geteuid() + 1));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_ptr_null(auth_method(path, geteuid()));
}
END_TEST

START_TEST(file_is_the_users_alone)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
	char other[sizeof(path)];

	make(whole, sizeof(whole) - 1);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		ck_assert_int_eq(chmod(path, modes[i]), 0);
		ck_assert_ptr_null(auth_method(path, geteuid()));
	}
	ck_assert_int_eq(chmod(path, 0600), 0);
	strcpy(other, path);
	other[sizeof(other) - 2] = other[sizeof(other) - 2] == 'a' ? 'b' : 'a';
	ck_assert_int_eq(link(path, other), 0);
	ck_assert_ptr_null(auth_method(path, geteuid()));
	ck_assert_int_eq(unlink(other), 0);
	ck_assert_ptr_nonnull(auth_method(path, geteuid()));
	ck_assert_int_eq(symlink(path, other), 0);
	ck_assert_ptr_null(auth_method(other, geteuid()));
	ck_assert_int_eq(unlink(other), 0);
}
END_TEST

START_TEST(file_is_a_file)
{
	make("", 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_ptr_null(auth_method(path, geteuid()));
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* nobody waits for it */
	ck_assert_ptr_null(auth_method(path, geteuid()));
}
END_TEST

START_TEST(file_is_bounded)
{
	static char text[AUTH_MAX + 2];

	memset(text, 'x', sizeof(text));
	memcpy(text, "publickey ", strlen("publickey "));
	memcpy(text + AUTH_MAX - 10, "\npassword\n", 10);
	make(text, AUTH_MAX);
	ck_assert_ptr_nonnull(auth_method(path, geteuid()));
	unlink(path);
	text[AUTH_MAX] = '\n';
	make(text, AUTH_MAX + 1);
	ck_assert_ptr_null(auth_method(path, geteuid()));
	ck_assert_int_eq(truncate(path, 1L << 40), 0);
	ck_assert_ptr_null(auth_method(path, geteuid()));
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_ptr_null(auth_method(path, geteuid()));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("auth");
	TCase *t = tcase_create("auth");

	tcase_add_checked_fixture(t, NULL, teardown);
	tcase_add_loop_test(t, path_is_as_sshd_makes_it, 0, COUNT(paths));
	tcase_add_loop_test(t, text_is_read, 0, COUNT(texts));
	tcase_add_test(t, any_text_is_read);
	tcase_add_test(t, file_is_read);
	tcase_add_test(t, file_is_the_users_alone);
	tcase_add_test(t, file_is_a_file);
	tcase_add_test(t, file_is_bounded);
	suite_add_tcase(s, t);
	return unit_run(s);
}
