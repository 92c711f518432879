/* SPDX-License-Identifier: ISC */
#include "reach.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>

#include "device.h"
#include "login.h"

enum { WAIT = 30 /* s, for connect(2): as long as anybody waits for it */ };

/*
 * The child's: it has the policy, and gets the number of a device of it.  Who
 * stops it is not waited for.
 */
static int
answer(const void *arg, const void *question, int code[KEEPER_CODES])
{
	const struct policy *p = arg;
	struct device_world w = {
	    .policy = p, .proc = "/proc", .logins = LOGIN_DIRECTORY};
	const struct passwd *pw = getpwnam("_jump");
	struct audit_listener who = {.uid = (uid_t)-1};
	uint32_t target;
	uid_t account;
	int fd = -1;

	memcpy(&target, question, sizeof(target));
	*code = EINVAL;
	if (pw == NULL || target >= p->table[PT_TARGETS].n)
		return -1;
	w.keeper = pw->pw_uid; /* pw is the next look-up's */
	*code = DEVICE_NO_ACCOUNT;
	if (device_account(p, target, &account))
		fd = device_connect(&w, target, account, WAIT, &who, code);
	code[1] = (int)who.uid;
	code[2] = who.pid;
	return fd;
}

void
reach_prepare(struct request *r)
{
	r->caller.sock = -1;
	r->caller.error = ENOTSUP;
	if (policy_has_device_paths(r->policy))
		keeper_begin(&r->caller, answer, r->policy, sizeof(uint32_t));
}

/* 0, or an error number. */
static int
wait_for(int sock, struct patience patience)
{
	struct pollfd p = {.fd = sock, .events = POLLIN};

	while (sock != -1 && p.revents == 0) {
		if (dial_poll(&p, 1, patience) == -1)
			return errno;
		if (p.revents == 0 && dial_clock() >= patience.end)
			return ETIMEDOUT;
	}
	return 0;
}

int
reach_path(struct request *r, uint32_t device)
{
	int code[KEEPER_CODES], fd;

	r->who.uid = (uid_t)-1;
	r->fault = keeper_ask(&r->caller, &device) == -1
	    ? errno
	    : wait_for(r->caller.sock, r->patience);
	if (r->fault != 0) {
		keeper_stop(&r->caller);
		return -1;
	}
	fd = keeper_hear(&r->caller, code);
	r->fault = code[0];
	if (r->fault < 0)
		r->who = (struct audit_listener){(uid_t)code[1], code[2]};
	return fd;
}

bool
reach_listens(struct request *r, uint32_t device, const struct sockaddr *at)
{
	uid_t account;

	r->who.uid = (uid_t)-1;
	r->fault = device_account(r->policy, device, &account)
	    ? device_listens(at, account, &r->who)
	    : DEVICE_NO_ACCOUNT;
	return r->fault == DEVICE_REACHED;
}

bool
reach_check(struct request *r, uint32_t device, int sock)
{
	uid_t account;

	r->who.uid = (uid_t)-1;
	r->fault = device_account(r->policy, device, &account)
	    ? device_check(sock, account, r->patience, &r->who)
	    : DEVICE_NO_ACCOUNT;
	return r->fault == DEVICE_REACHED;
}
