/* SPDX-License-Identifier: ISC */
#include "lookup.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/nameser.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <resolv.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What the child tells, in one write; less is no answer. */
struct answer {
	enum lookup result;
	size_t n;
	struct addr addrs[ADDRESSES_MAX + 1];
};

/*
 * Searching would ask for other names than the policy's patterns were
 * compared with.  An absolute name, with a dot at its end, would not be found
 * in /etc/hosts.
 */
static int
search_nothing(void)
{
	if (res_init() == -1)
		return -1;
	_res.options &= ~(RES_DNSRCH | RES_DEFNAMES);
	_res.options |= RES_NOALIASES;
	return 0;
}

static void
resolve(const char *name, enum lookup_scope scope, struct answer *a)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	int error;

	a->result = LOOKUP_FAILED;
	if (scope == LOOKUP_EXACT && search_nothing() == -1)
		return;
	error = getaddrinfo(name, NULL, &hints, &list);
	if (error == EAI_NONAME || error == EAI_NODATA)
		a->result = LOOKUP_NONE;
	if (error != 0)
		return;
	for (const struct addrinfo *i = list;
	     i != NULL && a->n <= ADDRESSES_MAX; i = i->ai_next)
		a->n += addr_from_sockaddr(&a->addrs[a->n], i->ai_addr);
	freeaddrinfo(list);
	a->result = a->n > 0 ? LOOKUP_OK : LOOKUP_NONE;
}

/*
 * It ends with its parent, who may be killed, and has none of the sockets that
 * pass the firewall.
 */
static _Noreturn void
child(const char *name, enum lookup_scope scope, int pipe_end)
{
	const int out = STDERR_FILENO + 1;
	struct answer a;

	memset(&a, 0, sizeof(a));
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    dup2(pipe_end, out) == -1 || close_range(out + 1, ~0u, 0) == -1)
		_exit(1);
	resolve(name, scope, &a);
	_exit(write(out, &a, sizeof(a)) != sizeof(a));
}

static enum lookup
read_answer(int in, struct patience patience, struct answer *a)
{
	struct pollfd p = {.fd = in, .events = POLLIN};
	int n;

	do {
		n = dial_poll(&p, 1, patience);
	} while (n == 0 && dial_clock() < patience.end);
	if (n == -1 && errno == ECANCELED)
		return LOOKUP_CANCELED;
	if (n != 1 || read(in, a, sizeof(*a)) != sizeof(*a) ||
	    a->n > ADDRESSES_MAX + 1)
		return LOOKUP_FAILED;
	return a->result;
}

enum lookup
lookup_name(const char *name, enum lookup_scope scope, struct patience patience,
    struct addr addrs[ADDRESSES_MAX + 1], size_t *n)
{
	enum lookup result = LOOKUP_FAILED;
	struct answer a;
	int ends[2];
	pid_t pid;

	*n = 0;
	if (pipe2(ends, O_CLOEXEC) == -1)
		return LOOKUP_FAILED;
	pid = fork();
	if (pid == 0)
		child(name, scope, ends[1]);
	close(ends[1]);
	if (pid != -1)
		result = read_answer(ends[0], patience, &a);
	close(ends[0]);
	if (pid != -1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (result != LOOKUP_OK)
		return result;
	memcpy(addrs, a.addrs, sizeof(a.addrs));
	*n = a.n;
	return LOOKUP_OK;
}
