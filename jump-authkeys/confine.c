/* SPDX-License-Identifier: ISC */
#include "confine.h"

#include <sys/mman.h>

enum slot { SLOT_NONE, OUT, LOG, NOTE };

/* Notably absent: everything that opens or reads. */
static const struct sandbox_rule rules[] = {
    {CALL(sendto), {SANDBOX_FD(0, LOG)}, "the record"},
    {CALL(poll), {{0}}, "the log is slow"},
    {CALL(ppoll), {{0}}, "the log is slow, where libc has no poll"},
    {CALL(clock_gettime), {{0}}, "how long, where the vDSO has no clock"},
    {CALL(write), {SANDBOX_FD(0, OUT)}, "the key line"},
    {CALL(write), {SANDBOX_FD(0, NOTE)}, "whose login it is"},
    {CALL(brk), {{0}}, "memory for the line"},
    {CALL(mmap), {SANDBOX_LACKS(2, PROT_EXEC), SANDBOX_LACKS(3, MAP_FIXED)},
	"the same"},
    {CALL(mremap), {{0}}, "the same, larger"},
    {CALL(munmap), {{0}}, "and back"},
    {CALL(restart_syscall), {{0}}, "poll, after SIGSTOP and SIGCONT"},
    {CALL(exit_group), {{0}}, "end"},
};

enum sandbox_walls
confine_printer(int out, int log, int note)
{
	const int fds[] = {out, log, note};

	return sandbox_enter(rules, sizeof(rules) / sizeof(rules[0]), fds);
}
