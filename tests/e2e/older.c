/* SPDX-License-Identifier: ISC */
/*
 * older PROGRAM [ARGUMENT ...]: run it as root on a kernel from before Linux
 * 6.5, as far as our programs can tell.
 */
#include <err.h>
#include <unistd.h>

#include "../unit/older.h"

int
main(int argc, char **argv)
{
	if (argc < 2 || !older_kernel())
		errx(70, "no older kernel to be had");
	execvp(argv[1], argv + 1);
	err(70, "%s", argv[1]);
}
