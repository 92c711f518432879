/* SPDX-License-Identifier: ISC */
/*
 * later IMAGE SECONDS: print the image of a policy as it would be if it had
 * been loaded so much later, by a clock that was ahead.
 */
#include <err.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy.h"

int
main(int argc, char **argv)
{
	struct policy *p;

	if (argc != 3)
		errx(64, "usage: later IMAGE SECONDS");
	if (policy_open(argv[1], 0, &p) != POLICY_OK)
		errx(70, "%s: no image", argv[1]);
	p->loaded_at += atoll(argv[2]);
	if (policy_save(p, STDOUT_FILENO) == -1)
		err(70, "standard output");
	policy_free(p);
	return 0;
}
