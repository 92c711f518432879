/* SPDX-License-Identifier: ISC */
/*
 * lib/decide.c, people: what the machine says of them, and what it means when
 * it does not.  The look-ups of libc are this file's own.
 */
#include "decide.h"

#include <sys/socket.h>

#include <errno.h>
#include <grp.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <pwd.h>
#include <unistd.h>

#include "unit.h"

enum { PRIMARY = 500, OTHER = 501, NOT_HIS = 502 };

/* What the fakes answer, and how often they were asked. */
static struct {
	int error; /* of getgrnam_r */
	gid_t gid;
	const char *group; /* that has it; NULL: staff */
	char *members[3];
	bool found;
	size_t needs; /* bytes of the group */
	int gids;     /* of the account */
	bool no_addresses;
} machine;
static int groups_asked, lists_asked;
static size_t largest;
static const char *asked = "alice";

int
getgrnam_r(const char *name, struct group *gr, char *buf, size_t size,
    struct group **found)
{
	if (machine.group == NULL)
		ck_assert_str_eq(name, "staff");
	ck_assert_ptr_nonnull(buf);
	groups_asked++;
	largest = size;
	*found = NULL;
	memset(buf, 'x', size); /* all of it is there */
	if (size < machine.needs)
		return ERANGE;
	if (machine.error != 0 || !machine.found)
		return machine.error;
	*gr = (struct group){.gr_gid = machine.gid, .gr_mem = machine.members};
	if (machine.group != NULL && strcmp(name, machine.group) != 0)
		gr->gr_gid = NOT_HIS;
	*found = gr;
	return 0;
}

int
getgrouplist(const char *account, gid_t gid, gid_t *groups, int *n)
{
	int room = *n;

	ck_assert_str_eq(account, asked);
	ck_assert_uint_eq(gid, PRIMARY);
	lists_asked++;
	*n = machine.gids;
	for (int i = 0; i < room; i++)
		groups[i] = i == machine.gids - 1 ? OTHER : PRIMARY;
	return machine.gids > room ? -1 : machine.gids;
}

/* Of this process, which is alice's. */
static gid_t own_group;

int
getgroups(int room, gid_t *groups)
{
	ck_assert_int_gt(room, 0);
	groups[0] = own_group;
	return own_group == 0 ? 0 : 1;
}

struct passwd *
getpwuid(uid_t uid)
{
	static struct passwd pw = {.pw_name = (char *)(uintptr_t) "alice"};

	ck_assert_uint_eq(uid, getuid());
	return &pw;
}

static struct sockaddr_in v4 = {.sin_family = AF_INET};
static struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
static struct sockaddr link_layer = {.sa_family = AF_PACKET};

int
getifaddrs(struct ifaddrs **list)
{
	static struct ifaddrs all[4];

	all[0] = (struct ifaddrs){&all[1], .ifa_addr = NULL};
	all[1] = (struct ifaddrs){&all[2], .ifa_addr = &link_layer};
	all[2] = (struct ifaddrs){&all[3], .ifa_addr = (void *)&v6};
	all[3] = (struct ifaddrs){NULL, .ifa_addr = (void *)&v4};
	*list = all;
	return machine.no_addresses ? -1 : 0;
}

void
freeifaddrs(struct ifaddrs *list)
{
	ck_assert_ptr_nonnull(list);
}

#define ROOM_MAX ((size_t)1 << 24)

static const struct {
	const char *name;
	int error, gids, groups_asked, lists_asked;
	bool found;
	gid_t gid;
	const char *member;
	size_t needs;
	enum truth truth;
} groups[] = {
    {"a member by the primary group", 0, 2, 1, 1, true, PRIMARY, "bob", 0,
	TRUTH_YES},
    {"by another", 0, 2, 1, 1, true, OTHER, "bob", 0, TRUTH_YES},
    {"by the last of many", 0, 64, 1, 1, true, OTHER, "bob", 0, TRUTH_YES},
    {"by name alone", 0, 2, 1, 1, true, NOT_HIS, "alice", 0, TRUTH_YES},
    {"by no name that begins alike", 0, 2, 1, 1, true, NOT_HIS, "alice2", 0,
	TRUTH_NO},
    {"no member", 0, 2, 1, 1, true, NOT_HIS, "bob", 0, TRUTH_NO},
    {"a group that there is not", 0, 2, 1, 1, false, PRIMARY, "alice", 0,
	TRUTH_UNCERTAIN},
    {"a look-up that fails", EIO, 2, 1, 1, false, PRIMARY, "alice", 0,
	TRUTH_UNCERTAIN},
    {"a group that just fits", 0, 2, 1, 1, true, PRIMARY, "bob", 4096,
	TRUTH_YES},
    {"a large group", 0, 2, 3, 1, true, PRIMARY, "bob", 60000, TRUTH_YES},
    {"the largest", 0, 2, 7, 1, true, PRIMARY, "bob", ROOM_MAX, TRUTH_YES},
    {"one without end", 0, 2, 7, 1, true, PRIMARY, "alice", ROOM_MAX + 1,
	TRUTH_UNCERTAIN},
    {"more groups than at first fit", 0, 65, 1, 2, true, OTHER, "bob", 0,
	TRUTH_YES},
    {"the most", 0, 65536, 1, 6, true, OTHER, "bob", 0, TRUTH_YES},
    {"more than those, and no member by name", 0, 65537, 1, 6, true, PRIMARY,
	"bob", 0, TRUTH_UNCERTAIN},
    {"more than those, but a member by name", 0, 65537, 1, 6, true, PRIMARY,
	"alice", 0, TRUTH_YES},
};

START_TEST(each_group)
{
	struct policy *p = unit_policy("group @g { %staff }\nuser alice\n");
	struct person person;

	memset(&machine, 0, sizeof(machine));
	machine.error = groups[_i].error;
	machine.gid = groups[_i].gid;
	machine.members[0] = (char *)(uintptr_t) "carol";
	machine.members[1] = (char *)(uintptr_t)groups[_i].member;
	machine.found = groups[_i].found;
	machine.needs = groups[_i].needs;
	machine.gids = groups[_i].gids;
	ck_assert_int_eq(person_look_up(&person, p, "alice", PRIMARY), 0);
	ck_assert_msg(person.unixgroups[0] == groups[_i].truth, "%s: %d",
	    groups[_i].name, person.unixgroups[0]);
	ck_assert_uint_eq(person.unixgroups[1], TRUTH_NO); /* none there */
	ck_assert_msg(groups_asked == groups[_i].groups_asked, "%s: %d times",
	    groups[_i].name, groups_asked);
	ck_assert_msg(lists_asked == groups[_i].lists_asked, "%s: %d times",
	    groups[_i].name, lists_asked);
	ck_assert_uint_le(largest, ROOM_MAX);
	person_free(&person);
	policy_free(p);
}
END_TEST

/* What the kernel has of a login's groups, and the lists have not, is open. */
START_TEST(groups_of_the_login)
{
	struct policy *p =
	    unit_policy("group @g { %staff }\nuser alice\nuser bob\n");
	struct person person;

	memset(&machine, 0, sizeof(machine));
	machine.gid = NOT_HIS;
	machine.found = true;
	machine.gids = 2;
	own_group = _i == 0 ? NOT_HIS : NOT_HIS + 1;
	ck_assert_int_eq(person_look_up(&person, p, "alice", PRIMARY), 0);
	ck_assert_uint_eq(
	    person.unixgroups[0], _i == 0 ? TRUTH_UNCERTAIN : TRUTH_NO);
	person_free(&person);
	own_group = NOT_HIS;
	asked = "bob"; /* by a process of alice's */
	ck_assert_int_eq(person_look_up(&person, p, "bob", PRIMARY), 0);
	ck_assert_uint_eq(person.unixgroups[0], TRUTH_NO);
	person_free(&person);
	policy_free(p);
}
END_TEST

/* A policy without Unix groups asks nothing about them. */
START_TEST(no_groups)
{
	struct policy *p = unit_policy("user alice\n");
	struct person person;

	ck_assert_int_eq(
	    person_find(&person, p, "alice", PRIMARY, NULL), PERSON_OK);
	ck_assert_int_eq(groups_asked, 0);
	ck_assert_int_eq(lists_asked, 0);
	ck_assert_ptr_nonnull(person.unixgroups);
	person_free(&person);
	policy_free(p);
}
END_TEST

static const struct {
	const char *group;
	gid_t gid;
	bool found;
	int error, gids;
	const char *refusal;
} refusals[] = {
    {"staff", PRIMARY, true, 0, 2, NULL},
    {"_jump", NOT_HIS, true, 0, 2, NULL},
    {"_jump", PRIMARY, false, 0, 2, NULL},
    {"_jump", PRIMARY, true, 0, 2, "the account is in the group _jump"},
    {"_jump", OTHER, true, 0, 2, "the account is in the group _jump"},
    {"_jump-ssh", OTHER, true, 0, 2, "the account is in the group _jump-ssh"},
    {"_jump-notify", OTHER, true, 0, 2,
	"the account is in the group _jump-notify"},
    {"staff", PRIMARY, false, EIO, 2, "the account's groups cannot be read"},
    {"staff", PRIMARY, true, 0, 65537, "the account's groups cannot be read"},
};

/* Nobody has what is the programs' alone. */
START_TEST(each_power)
{
	const char *refusal;

	memset(&machine, 0, sizeof(machine));
	machine.group = refusals[_i].group;
	machine.gid = refusals[_i].gid;
	machine.found = refusals[_i].found;
	machine.error = refusals[_i].error;
	machine.gids = refusals[_i].gids;
	refusal = person_power("alice", PRIMARY);
	ck_assert_pstr_eq(refusal, refusals[_i].refusal);
}
END_TEST

/* Of all its interfaces, the addresses alone, in their order. */
START_TEST(own_addresses)
{
	struct policy *p = unit_policy("user alice\n");
	struct addr a = unit_addr("2001:db8::7"), b = unit_addr("192.0.2.7");
	struct person person;

	memcpy(&v6.sin6_addr, a.b, 16);
	memcpy(&v4.sin_addr, b.b + 12, 4);
	ck_assert_int_eq(person_look_up(&person, p, "alice", PRIMARY), 0);
	ck_assert_uint_eq(person.nown, 2);
	ck_assert(addr_equal(&person.own[0], &a));
	ck_assert(addr_equal(&person.own[1], &b));
	person_free(&person);
	policy_free(p);
}
END_TEST

/* A jump host that does not know its own addresses lets nobody in. */
START_TEST(no_addresses)
{
	struct policy *p = unit_policy("user alice\n");
	struct person person;

	machine.no_addresses = true;
	ck_assert_int_eq(
	    person_find(&person, p, "alice", PRIMARY, NULL), PERSON_SYSTEM);
	ck_assert_ptr_null(person.unixgroups);
	ck_assert_ptr_null(person.own);
	policy_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("person");
	TCase *t = tcase_create("person");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, each_group, 0, COUNT(groups));
	tcase_add_loop_test(t, groups_of_the_login, 0, 2);
	tcase_add_test(t, no_groups);
	tcase_add_loop_test(t, each_power, 0, COUNT(refusals));
	tcase_add_test(t, own_addresses);
	tcase_add_test(t, no_addresses);
	suite_add_tcase(s, t);
	return unit_run(s);
}
