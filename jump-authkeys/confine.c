#include "confine.h"

enum slot { SLOT_NONE, OUT, LOG };

/* Notably absent: everything that reads. */
static const struct sandbox_rule rules[] = {
    {SCMP_SYS(sendto), {SANDBOX_FD(0, LOG)}, "the record"},
    {SCMP_SYS(poll), {{0}}, "the log is slow"},
    {SCMP_SYS(ppoll), {{0}}, "the log is slow, where libc has no poll"},
    {SCMP_SYS(clock_gettime), {{0}}, "how long, where the vDSO has no clock"},
    {SCMP_SYS(write), {SANDBOX_FD(0, OUT)}, "the key line"},
    {SCMP_SYS(restart_syscall), {{0}}, "poll, after SIGSTOP and SIGCONT"},
    {SCMP_SYS(exit_group), {{0}}, "end"},
};

enum sandbox_walls
confine_printer(int out, int log)
{
	const int fds[] = {out, log};

	return sandbox_enter(rules, sizeof(rules) / sizeof(rules[0]), fds);
}
