/* SPDX-License-Identifier: ISC */
#include "confine.h"

#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

enum slot { SLOT_NONE, IN, OUT, SOCK, LOG, CAPTURE };

/*
 * Notably absent: everything that makes a descriptor or memory, signals
 * others, or starts a program; sendmsg, which could pass descriptors on.
 */
static const struct sandbox_rule rules[] = {
    {CALL(ppoll), {{0}}, "wait"},
    {CALL(read), {SANDBOX_FD(0, SOCK)}, "from the target"},
    {CALL(write), {SANDBOX_FD(0, OUT)}, "to the user"},
    {CALL(read), {SANDBOX_FD(0, IN)}, "from the user"},
    {CALL(write), {SANDBOX_FD(0, SOCK)}, "to the target"},
    {CALL(splice), {SANDBOX_FD(0, SOCK), SANDBOX_FD(2, OUT)},
	"from the target, in bulk"},
    {CALL(splice), {SANDBOX_FD(0, IN), SANDBOX_FD(2, SOCK)},
	"from the user, in bulk"},
    {CALL(write), {SANDBOX_FD(0, CAPTURE)}, "what was said, on record"},
    {CALL(fstatfs), {SANDBOX_FD(0, CAPTURE)}, "room for it"},
    {CALL(setsockopt),
	{SANDBOX_FD(0, SOCK), SANDBOX_IS(1, IPPROTO_TCP),
	    SANDBOX_IS(2, TCP_QUICKACK)},
	"logins wait for acknowledgements"},
    {CALL(clock_gettime), {{0}}, "ends, where the vDSO has no clock"},
    {CALL(sched_setscheduler),
	{SANDBOX_IS(0, 0), SANDBOX_IS(1, SCHED_BATCH)},
	"of this process, on entering bulk"},
    {CALL(fcntl), {SANDBOX_FD(0, IN), SANDBOX_IS(1, F_SETPIPE_SZ)},
	"a larger pipe for bulk"},
    {CALL(fcntl), {SANDBOX_FD(0, OUT), SANDBOX_IS(1, F_SETPIPE_SZ)},
	"a larger pipe for bulk"},
    {CALL(shutdown), {SANDBOX_FD(0, SOCK)}, "the user's end of file"},
    {CALL(shutdown), {SANDBOX_FD(0, OUT)}, "the target's, on a socket"},
    {CALL(close), {SANDBOX_FD(0, OUT)}, "the target's end of file"},
    {CALL(setsockopt),
	{SANDBOX_FD(0, OUT), SANDBOX_IS(1, SOL_SOCKET),
	    SANDBOX_IS(2, SO_LINGER)},
	"a reset, by the gate"},
    {CALL(fcntl), {SANDBOX_FD(0, IN), SANDBOX_IS(1, F_SETFL)},
	"give a shared file its flags back"},
    {CALL(fcntl), {SANDBOX_FD(0, OUT), SANDBOX_IS(1, F_SETFL)},
	"give a shared file its flags back"},
    {CALL(sendto), {SANDBOX_FD(0, LOG)}, "the closing record"},
    {CALL(write), {SANDBOX_IS(0, STDERR_FILENO)}, "why it ended"},
    {CALL(poll), {{0}}, "the log is slow"},
    {CALL(rt_sigreturn), {{0}}, "after a signal that ends it"},
    {CALL(restart_syscall), {{0}}, "poll, after SIGSTOP and SIGCONT"},
    {CALL(exit_group), {{0}}, "end"},
};

enum sandbox_walls
confine_relay(int in, int out, int sock, int log, int capture)
{
	const int fds[] = {in, out, sock, log, capture};

	return sandbox_enter(rules, sizeof(rules) / sizeof(rules[0]), fds);
}
