/* SPDX-License-Identifier: ISC */
/*
 * A sandbox that is none, for open_sandbox: linked with --wrap=prctl, all that
 * sandbox_enter() does succeeds, but no filter is loaded.
 */
#include <sys/prctl.h>

#include <stdarg.h>

int __real_prctl(int, ...);
int __wrap_prctl(int, ...);

int
__wrap_prctl(int option, ...)
{
	unsigned long arg[4];
	va_list ap;

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		arg[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (option == PR_SET_SECCOMP)
		return 0;
	return __real_prctl(option, arg[0], arg[1], arg[2], arg[3]);
}
