/* SPDX-License-Identifier: ISC */
/* Whom rules with mfa concern, and the blocks of sshd_config(5) for them. */
#include "../../jumpctl/factors.h"

#include "unit.h"

/* ctl.h's, of jumpctl's main. */
void progress(const char *what, size_t done, size_t all);

void
progress(const char *what, size_t done, size_t all)
{
	(void)what;
	(void)done;
	(void)all;
}

#define K1                                                                     \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIGniLfbAEAATJ+Rw/VtVI8hVYAemhw6Q5jW/kduU1heZ"
#define K2                                                                     \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
#define SK                                                                     \
	"sk-ssh-ed25519@openssh.com "                                          \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIGniLfbAEAATJ+Rw/"        \
	"VtVI8hVYAemhw6Q5jW/kduU1heZAAAABHNzaDo="
#define BLOCK                                                                  \
	"\n    AuthenticationMethods publickey,keyboard-interactive:pam\n"     \
	"    KbdInteractiveAuthentication yes\n"                               \
	"    AuthorizedKeysCommand " LIBEXECDIR                                \
	"/jump-authkeys --mfa %u %t %k %f\n"

static const char people[] =
    "user f-ann\nuser f-bea\nuser f-cid account f-all\n"
    "user f-dee account f-all\n"
    "user \"CORP\\dirk\"\n"
    "key f-ann \"" K1 "\"\n"
    "key f-bea \"" SK "\" verify-required\n"
    "host web1 10.2.0.10 ssh 22 tcp 80\n"
    "host db1 10.2.0.11 ssh 22\n"
    "net lab 10.9.0.0/16 ssh 22\n"
    "net part 10.9.3.0/24 ssh 22\n"
    "domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22\n"
    "socket metr \"/run/m.sock\"\n"
    "window never sun 04:00-04:01\n";

static const struct {
	const char *rules, *blocks;
} policies[] = {
    {"allow a: f-ann to web1", ""},
    {"allow a: f-ann to web1 mfa", "\nMatch User f-ann" BLOCK},
    /* Only for what they may reach. */
    {"allow a: f-ann to web1\nrequire m: any to db1 mfa", ""},
    {"allow a: f-ann to web1:22\nrequire m: any to web1:80 mfa", ""},
    {"allow a: f-ann to web1\nrequire m: f-cid to web1 mfa", ""},
    {"allow a: f-ann to web1:80\nrequire m: any to web1:80 mfa",
	"\nMatch User f-ann" BLOCK},
    {"allow a: f-ann to part\nrequire m: any to lab mfa",
	"\nMatch User f-ann" BLOCK},
    {"allow a: f-ann to dev\nrequire m: any to dev mfa",
	"\nMatch User f-ann" BLOCK},
    {"allow a: f-ann to metr mfa", "\nMatch User f-ann" BLOCK},
    /* Whenever it is. */
    {"allow a: f-ann to web1\nrequire m: any to web1 mfa when never",
	"\nMatch User f-ann" BLOCK},
    {"allow a: f-ann to web1 when never\nrequire m: any to web1 mfa",
	"\nMatch User f-ann" BLOCK},
    {"allow a: f-ann to web1 from 192.0.2.1\nrequire m: any to web1 mfa",
	"\nMatch User f-ann" BLOCK},
    {"allow a: f-ann to web1 via shell mfa", "\nMatch User f-ann" BLOCK},
    /* A key that is a factor; no key; and several people. */
    {"allow a: f-bea to web1 mfa", ""},
    {"key f-bea \"" K2 "\"\nallow a: f-bea to web1 mfa",
	"\nMatch User f-bea" BLOCK},
    {"allow a: { f-ann f-cid f-dee } to web1 mfa",
	"\nMatch User f-all,f-ann" BLOCK},
    {"allow a: \"CORP\\dirk\" to web1 mfa", "\nMatch User CORP?dirk" BLOCK},
    /* Unix groups, without those who have a user line and need none. */
    {"allow a: %\"f staff\" to web1 mfa",
	"\nMatch Group f?staff User *,!CORP?dirk,!f-all,!f-ann,!f-bea" BLOCK},
    {"allow a: %fstaff to web1\nallow b: %fother to db1\n"
     "require m: any to db1 mfa",
	"\nMatch Group fother User *,!CORP?dirk,!f-all,!f-ann,!f-bea" BLOCK},
    {"allow a: { f-ann %fstaff } to web1 mfa",
	"\nMatch User f-ann" BLOCK
	"\nMatch Group fstaff User *,!CORP?dirk,!f-all,!f-bea" BLOCK},
};

START_TEST(blocks_are)
{
	char text[8192], *got;
	const char *blocks;
	struct policy *p;
	size_t size, n;
	FILE *out = open_memstream(&got, &size);

	snprintf(text, sizeof(text), "%s%s", people, policies[_i].rules);
	p = unit_policy(text);
	ck_assert(decide_zone(p));
	n = factors_print(p, out);
	fclose(out);
	blocks = strstr(got, "\n\n");
	ck_assert_str_eq(blocks == NULL ? "" : blocks + 1, policies[_i].blocks);
	ck_assert_int_eq(n > 0, *policies[_i].blocks != '\0');
	free(got);
	policy_free(p);
}
END_TEST

static const struct {
	const char *methods;
	bool demanded;
} methods[] = {
    {"publickey,keyboard-interactive:pam", true},
    {"publickey,keyboard-interactive", true},
    {"publickey,password", true},
    {"publickey,hostbased,password", true},
    {"publickey,password publickey,keyboard-interactive:pam", true},
    {"", false},
    {"any", false},
    {"publickey", false},
    {"publickey,publickey", false},
    {"publickey,hostbased", false},
    {"publickey,gssapi-with-mic", false},
    {"password", false},
    {"publickey,passwords", false},
    {"publickey,password publickey", false},
    {"publickey publickey,password", false},
    {"publickey,password publickey,hostbased", false},
};

START_TEST(methods_demand)
{
	ck_assert_int_eq(
	    factors_demanded(methods[_i].methods), methods[_i].demanded);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("factors");
	TCase *t = tcase_create("factors");

	tcase_add_loop_test(t, blocks_are, 0, COUNT(policies));
	tcase_add_loop_test(t, methods_demand, 0, COUNT(methods));
	suite_add_tcase(s, t);
	return unit_run(s);
}
