/* SPDX-License-Identifier: ISC */
/*
 * jumpctl export: what other programs want to know of the policy.
 */
#include "ctl.h"

#include <err.h>
#include <string.h>

#include "exit.h"
#include "nft.h"

static void
print_names(const struct policy *p, const struct policy_target *t)
{
	fputs(policy_string(p, t->name), stdout);
	for (uint32_t i = 0; i < t->aliases.n; i++)
		printf(" %s", policy_word(p, t->aliases.first + i));
	putchar('\n');
}

static void
print_host(const struct policy *p, const struct policy_target *t)
{
	for (uint32_t i = 0; i < t->nets.n; i++) {
		const struct net *net =
		    policy_row(p, PT_NETS, t->nets.first + i);
		char text[ADDR_TEXT];

		printf("%-15s ", addr_print(&net->addr, text));
		print_names(p, t);
	}
}

static int
export_hosts(void)
{
	struct policy *p = policy_in_force();
	char hash[17];

	policy_hash_text(p, hash);
	printf("# Names of the jump policy %s, made by: jumpctl export hosts\n"
	       "# To make it again: replace these lines, then jumpctl load\n",
	    hash);
	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		const struct policy_target *t = policy_target(p, i);

		if (t->kind == TARGET_HOST || t->kind == TARGET_DEVICE)
			print_host(p, t);
	}
	if (policy_damaged(p))
		errx(EXIT_POLICY, "%s: damaged", POLICY_IMAGE);
	policy_free(p);
	return EXIT_OK;
}

static int
export_nft(void)
{
	struct policy *p = policy_in_force();
	size_t unlisted;

	if (!decide_zone(p))
		errx(EXIT_POLICY,
		    "the policy's time zone is not on this machine");
	unlisted = nft_print(p, time(NULL), stdout);
	if (policy_damaged(p))
		errx(EXIT_POLICY, "%s: damaged", POLICY_IMAGE);
	policy_free(p);
	return unlisted == 0 ? EXIT_OK : EXIT_NO_MATCH;
}

int
export_main(int argc, char **argv)
{
	if (argc >= 2 && strcmp(argv[1], "ssh_config") == 0)
		return export_client(false, argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[1], "known_hosts") == 0)
		return export_client(true, argc - 1, argv + 1);
	if (argc >= 2 && strcmp(argv[1], "device") == 0)
		return export_device(argc - 1, argv + 1);
	if (argc == 2 && strcmp(argv[1], "hosts") == 0)
		return export_hosts();
	if (argc == 2 && strcmp(argv[1], "nft") == 0)
		return export_nft();
	if (argc >= 2 && strcmp(argv[1], "sshd") == 0)
		return export_sshd(argc - 1, argv + 1);
	if (argc >= 2)
		warnx("cannot export `%s'", argv[1]);
	return usage("export");
}
