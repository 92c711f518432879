#include "confine.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <unistd.h>

enum slot { SLOT_NONE, IN, OUT, SOCK, LOG };

/*
 * Notably absent: everything that makes a descriptor or memory, signals
 * others, or starts a program; sendmsg, which could pass descriptors on.
 */
static const struct sandbox_rule rules[] = {
    {SCMP_SYS(ppoll), {{0}}, "wait"},
    {SCMP_SYS(read), {SANDBOX_FD(0, SOCK)}, "from the target"},
    {SCMP_SYS(write), {SANDBOX_FD(0, OUT)}, "to the user"},
    {SCMP_SYS(read), {SANDBOX_FD(0, IN)}, "from the user"},
    {SCMP_SYS(write), {SANDBOX_FD(0, SOCK)}, "to the target"},
    {SCMP_SYS(splice), {SANDBOX_FD(0, SOCK), SANDBOX_FD(2, OUT)},
	"from the target, in bulk"},
    {SCMP_SYS(splice), {SANDBOX_FD(0, IN), SANDBOX_FD(2, SOCK)},
	"from the user, in bulk"},
    {SCMP_SYS(setsockopt),
	{SANDBOX_FD(0, SOCK), SANDBOX_IS(1, IPPROTO_TCP),
	    SANDBOX_IS(2, TCP_QUICKACK)},
	"logins wait for acknowledgements"},
    {SCMP_SYS(clock_gettime), {{0}}, "ends, where the vDSO has no clock"},
    {SCMP_SYS(sched_setscheduler),
	{SANDBOX_IS(0, 0), SANDBOX_IS(1, SCHED_BATCH)},
	"of this process, on entering bulk"},
    {SCMP_SYS(fcntl), {SANDBOX_FD(0, IN), SANDBOX_IS(1, F_SETPIPE_SZ)},
	"a larger pipe for bulk"},
    {SCMP_SYS(fcntl), {SANDBOX_FD(0, OUT), SANDBOX_IS(1, F_SETPIPE_SZ)},
	"a larger pipe for bulk"},
    {SCMP_SYS(shutdown), {SANDBOX_FD(0, SOCK)}, "the user's end of file"},
    {SCMP_SYS(shutdown), {SANDBOX_FD(0, OUT)}, "the target's, on a socket"},
    {SCMP_SYS(close), {SANDBOX_FD(0, OUT)}, "the target's end of file"},
    {SCMP_SYS(fcntl), {SANDBOX_FD(0, IN), SANDBOX_IS(1, F_SETFL)},
	"give a shared file its flags back"},
    {SCMP_SYS(fcntl), {SANDBOX_FD(0, OUT), SANDBOX_IS(1, F_SETFL)},
	"give a shared file its flags back"},
    {SCMP_SYS(sendto), {SANDBOX_FD(0, LOG)}, "the closing record"},
    {SCMP_SYS(write), {SANDBOX_IS(0, STDERR_FILENO)}, "why it ended"},
    {SCMP_SYS(poll), {{0}}, "the log is slow"},
    {SCMP_SYS(rt_sigreturn), {{0}}, "after a signal that ends it"},
    {SCMP_SYS(restart_syscall), {{0}}, "poll, after SIGSTOP and SIGCONT"},
    {SCMP_SYS(exit_group), {{0}}, "end"},
};

enum sandbox_walls
confine_relay(int in, int out, int sock, int log)
{
	const int fds[] = {in, out, sock, log};

	return sandbox_enter(rules, sizeof(rules) / sizeof(rules[0]), fds);
}
