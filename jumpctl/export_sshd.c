/* SPDX-License-Identifier: ISC */
/*
 * jumpctl export sshd: blocks of sshd_config(5).
 */
#include "ctl.h"

#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "factors.h"
#include "openssh.h"
#include "sshd.h"

/* As they are installed, in the order in which sshd has to read them. */
static const struct {
	const char *path;
	bool shared;  /* a copy for each account that several people share */
	bool devices; /* only if the policy has any */
} files[] = {{DATADIR "/50-jump-shared.conf", true, false},
    {DATADIR "/60-jump.conf", false, false},
    {DATADIR "/70-jump-devices.conf", false, true}};

/* The version of this machine's sshd: it has no option for that before 9.x,
 * and says it with the complaint. */
static void
own_version(struct openssh *v)
{
	const char *found = sshd_find();
	char *path = found == NULL ? NULL : strdup(found), option[] = "-V";
	char *argv[] = {path, option, NULL}, *out, *why;

	if (path == NULL)
		errx(EXIT_INTERNAL,
		    "no sshd here: say for which one, --openssh VERSION");
	if (program_run(argv, &out, &why) == -1 || !openssh_find(v, why))
		errx(
		    EXIT_INTERNAL, "%s does not say which version it is", path);
	free(out);
	free(why);
	free(path);
}

static void
need_known(const struct openssh *v)
{
	if (!openssh_known(v))
		errx(EXIT_NO_MATCH,
		    "OpenSSH %u.%u is none of those that this knows: %s",
		    v->major, v->minor, openssh_range());
}

static bool
has_devices(const struct policy *p)
{
	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		if (policy_target(p, i)->kind == TARGET_DEVICE)
			return true;
	}
	return false;
}

/* The accounts that several people share, each once. */
static void
shared_accounts(const struct policy *p, struct names *names)
{
	for (uint32_t i = 0; i < p->table[PT_USERS].n; i++) {
		const struct policy_user *u = policy_user(p, i);
		const char *account = policy_string(p, u->account);

		if (!(u->flags & USER_DEVICE) &&
		    policy_account_shared(p, account))
			names_add(names, account);
	}
	names_sort(names);
}

static void
print_file(const struct openssh *v, const char *path, const char *user)
{
	struct policy_source file = {0};

	if (source_read(&file, path) == -1)
		exit(EXIT_INTERNAL);
	putchar('\n');
	openssh_blocks(v, file.text, file.size, user, stdout);
	source_clear(&file);
}

static void
print_shared(const struct openssh *v, const struct policy *p, const char *path)
{
	struct names accounts = {0};
	char pattern[512];

	shared_accounts(p, &accounts);
	for (size_t i = 0; i < accounts.n; i++) {
		FILE *out = fmemopen(pattern, sizeof(pattern), "w");

		if (out == NULL)
			err(EXIT_INTERNAL, NULL);
		factors_print_name(accounts.list[i], out);
		fclose(out);
		print_file(v, path, pattern);
	}
	names_free(&accounts);
}

static void
print_head(const struct policy *p, const struct openssh *v)
{
	char hash[17];

	policy_hash_text(p, hash);
	printf("# All blocks of the jump policy %s for OpenSSH %u.%u, made "
	       "by:\n"
	       "# jumpctl export sshd --openssh %u.%u\n"
	       "# To make it again: replace this file, which takes the place "
	       "of the shipped ones,\n"
	       "# such as /etc/ssh/sshd_config.d/60-jump.conf; sshd -t; reload "
	       "sshd.\n"
	       "# What is not explained here is explained in " DATADIR ".\n",
	    hash, v->major, v->minor, v->major, v->minor);
	openssh_traps(v, stdout);
}

static void
print_all(const struct policy *p, const struct openssh *v)
{
	print_head(p, v);
	factors_blocks(p, stdout);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (files[i].shared)
			print_shared(v, p, files[i].path);
		else if (!files[i].devices ||
		    (has_devices(p) && access(files[i].path, F_OK) == 0))
			print_file(v, files[i].path, NULL);
	}
}

static int
print_factors(const struct policy *p)
{
	size_t n = factors_print(p, stdout);

	if (n == 0)
		warnx("no rule with mfa concerns anybody without another "
		      "factor");
	return n == 0 ? EXIT_NO_MATCH : EXIT_OK;
}

/* Read the options; -1 if they are wrong. */
static int
parse_options(int argc, char **argv, struct openssh *v, bool *all)
{
	static const struct option options[] = {{"all", no_argument, NULL, 'a'},
	    {"openssh", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0}};
	int option;

	*all = false;
	v->major = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'o' && !openssh_parse(v, optarg)) {
			warnx("--openssh takes a version such as 9.2, not "
			      "`%s'",
			    optarg);
			return -1;
		}
		if (option != 'o' && option != 'a')
			return -1;
		*all = true;
	}
	return optind == argc ? 0 : -1;
}

int
export_sshd(int argc, char **argv)
{
	struct policy *p;
	struct openssh v;
	int code = EXIT_OK;
	bool all;

	if (parse_options(argc, argv, &v, &all) == -1)
		return usage("export");
	if (all && v.major == 0)
		own_version(&v);
	if (all)
		need_known(&v);
	p = policy_in_force();
	if (all)
		print_all(p, &v);
	else
		code = print_factors(p);
	if (policy_damaged(p))
		errx(EXIT_POLICY, "%s: damaged", POLICY_IMAGE);
	policy_free(p);
	return code;
}
