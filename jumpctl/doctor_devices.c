/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: devices, their accounts and folders, and what sshd would do
 * with them.
 */
#include "doctor.h"

#include <sys/stat.h>

#include <grp.h>
#include <stdlib.h>
#include <string.h>

#include "folders.h"
#include "lacks.h"

enum { VALUE_MAX = 80 };

/* Accounts of devices: of the policy, and of the group. */
static void
names_devices(struct names *names, const struct policy *p)
{
	names_members(names, "jump-devices");
	for (uint32_t i = 0; p != NULL && i < p->table[PT_TARGETS].n; i++) {
		const struct policy_target *t = policy_target(p, i);

		if (t->kind == TARGET_DEVICE)
			names_add(names, policy_string(p, t->account));
	}
	names_sort(names);
}

static size_t
count_devices(const struct policy *p)
{
	size_t n = 0;

	for (uint32_t i = 0; p != NULL && i < p->table[PT_TARGETS].n; i++)
		n += policy_target(p, i)->kind == TARGET_DEVICE;
	return n;
}

static void
find_lack(void *arg, const struct lack *lack)
{
	found(arg, lack->fails ? LEVEL_FAIL : LEVEL_WARN, lack->who, NULL,
	    lack->remedy, "%s", lack->what);
}

/* Members of the group that no device of the policy uses. */
static void
check_strays(struct doctor *d, const struct names *names)
{
	struct names own = {0};

	for (uint32_t i = 0; i < d->policy->table[PT_TARGETS].n; i++) {
		const struct policy_target *t = policy_target(d->policy, i);

		if (t->kind == TARGET_DEVICE)
			names_add(&own, policy_string(d->policy, t->account));
	}
	names_sort(&own);
	for (size_t i = 0, j = 0; i < names->n; i++) {
		if (j < own.n && strcmp(own.list[j], names->list[i]) == 0)
			j++;
		else
			found(d, LEVEL_WARN, names->list[i], NULL,
			    "add a device line, or: gpasswd -d NAME "
			    "jump-devices",
			    "in the group jump-devices, but no device of the "
			    "policy has it: cannot log in");
	}
	names_free(&own);
}

/* The folder that the folders of devices are in. */
static void
check_above(struct doctor *d)
{
	const struct group *gr = getgrnam("_jump");
	const struct policy *p = d->policy;
	char name[PATH_TEXT];
	struct stat st;
	uint32_t i = 0;

	while (i < p->table[PT_TARGETS].n &&
	    !folder_name(p, policy_target(p, i), name))
		i++;
	if (i == p->table[PT_TARGETS].n || gr == NULL ||
	    (lstat(FOLDERS_DIRECTORY, &st) == 0 && S_ISDIR(st.st_mode) &&
		st.st_uid == 0 && st.st_gid == gr->gr_gid &&
		(st.st_mode & 07777) == FOLDERS_MODE))
		return;
	found(d, LEVEL_FAIL, NULL, NULL,
	    "systemd-tmpfiles --create jump.conf, or make owners; then "
	    "jumpctl sweep",
	    FOLDERS_DIRECTORY " is not a folder of root and _jump with mode "
			      "%o",
	    (unsigned)FOLDERS_MODE);
}

static void
check_forward(struct doctor *d)
{
	if (lacks_firewall(d->policy))
		found(d, LEVEL_WARN, NULL, NULL, LACKS_FIREWALL_REMEDY, "%s",
		    LACKS_FIREWALL);
}

/*
 * All of them come back at once after a restart of sshd.
 */
static void
check_startups(struct doctor *d, size_t devices)
{
	struct sshd_answer answer;
	char value[VALUE_MAX] = "", place[VALUE_MAX * 4] = "";
	size_t begin;

	if (d->sshd.path == NULL || sshd_ask(&d->sshd, "root", &answer) == -1)
		return;
	sshd_value(&answer, "MaxStartups", 0, value, sizeof(value));
	sshd_place(&answer, "MaxStartups", place, sizeof(place));
	sshd_answer_free(&answer);
	begin = strtoul(value, NULL, 10);
	if (begin != 0 && begin < devices)
		found(d, LEVEL_WARN, NULL, *place == '\0' ? NULL : place,
		    "MaxStartups with as many as there are devices: DEVICES in "
		    "jumpctl(8)",
		    "MaxStartups is %s: when all %zu devices come back at "
		    "once, sshd turns some away",
		    value, devices);
}

void
check_devices(struct doctor *d)
{
	struct names names = {0};
	size_t before = d->n, n = count_devices(d->policy);

	names_devices(&names, d->policy);
	if (d->policy != NULL && names.n > 0) {
		lacks_find(d->policy, find_lack, d);
		check_strays(d, &names);
		check_above(d);
		check_forward(d);
		check_device_accounts(d, &names);
		check_startups(d, n);
	}
	if (n > 0 && d->n == before)
		found(d, LEVEL_OK, NULL, NULL, NULL,
		    "%zu device%s: sshd holds %s to the policy", n,
		    n == 1 ? "" : "s", n == 1 ? "it" : "each");
	names_free(&names);
}
