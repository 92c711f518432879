/* SPDX-License-Identifier: ISC */
/*
 * Host keys of the policy as known_hosts: sshd(8), SSH_KNOWN_HOSTS FILE
 * FORMAT.  No look-ups.
 */
#ifndef KNOWN_HOSTS_H
#define KNOWN_HOSTS_H

#include <stdio.h>

#include "decide.h"

/*
 * A line for each host key that the target may show on its port of SSH (on
 * each, if none was asked for), under the name as asked: what ssh(1) with
 * HostKeyAlias looks for.  How many lines; 0 too if no allow rule of the user
 * names the target; -1 if memory or writing failed.
 */
int known_hosts_print(FILE *, const struct policy *,
    const struct policy_request *, const struct target *);

#endif
