/* SPDX-License-Identifier: ISC */
/* jump-shell/online.c: whether somebody listens for a device. */
#include "../../jump-shell/online.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit.h"

static char dir[64];

/* A socket that listens at dir/s. */
static int
listener(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(dir, "/tmp/online.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", dir);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

static struct policy *
parse(void)
{
	const struct passwd *pw = getpwuid(getuid());
	struct policy_report report = {0};
	struct policy_source source = {.name = "p"};
	struct policy *p;
	char text[1024];

	ck_assert_ptr_nonnull(pw);
	snprintf(text, sizeof(text),
	    "version 1\n"
	    "device here \"%s/s\" ssh account %s\n"
	    "device there \"%s/t\" ssh account %s\n"
	    "device other \"%s/u\" ssh account no-such-account\n"
	    "device away 127.77.99.99 ssh 2222 account %s\n"
	    "host web1 10.2.0.10 ssh 22\n",
	    dir, pw->pw_name, dir, pw->pw_name, dir, pw->pw_name);
	source.text = text;
	source.size = strlen(text);
	p = policy_parse(&source, 1, &report);
	ck_assert_ptr_nonnull(p);
	policy_report_clear(&report);
	return p;
}

static enum online_state
state(struct online *o, const struct policy *p, const char *name, uint16_t port)
{
	uint32_t found = policy_find_target(p, name);

	ck_assert_uint_ne(found, POLICY_NONE);
	return online_of(o, p, policy_target(p, found), port);
}

START_TEST(who_listens)
{
	int fd = listener();
	struct policy *p = parse();
	struct online o = {0};
	char path[80];

	ck_assert_int_eq(state(&o, p, "web1", 22), ONLINE_NO_DEVICE);
	ck_assert(!o.read);
	ck_assert_int_eq(state(&o, p, "here", 0), ONLINE_YES);
	ck_assert_int_eq(state(&o, p, "here", 22), ONLINE_YES);
	ck_assert_int_eq(state(&o, p, "there", 0), ONLINE_NO);
	ck_assert_int_eq(state(&o, p, "other", 0), ONLINE_NO);
	ck_assert_int_eq(state(&o, p, "away", 2222), ONLINE_NO);
	ck_assert_int_eq(state(&o, p, "away", 0), ONLINE_NO);
	close(fd);
	ck_assert_int_eq(state(&o, p, "here", 0), ONLINE_YES); /* as it was */
	online_free(&o);
	ck_assert_int_eq(state(&o, p, "here", 0), ONLINE_NO);
	ck_assert(!policy_damaged(p));
	online_free(&o);
	policy_free(p);
	snprintf(path, sizeof(path), "%s/s", dir);
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(in_words)
{
	ck_assert_str_eq(online_word(ONLINE_NO), "offline");
	ck_assert_str_eq(online_word(ONLINE_YES), "");
	ck_assert_str_eq(online_word(ONLINE_NO_DEVICE), "");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("online");
	TCase *t = tcase_create("all");

	tcase_add_test(t, who_listens);
	tcase_add_test(t, in_words);
	suite_add_tcase(s, t);
	return unit_run(s);
}
