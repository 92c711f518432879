/* SPDX-License-Identifier: ISC */
/*
 * Lines of known_hosts, sshd(8), for targets of a policy.
 */
#ifndef KNOWN_H
#define KNOWN_H

#include <sys/types.h>

#include "policy.h"

/*
 * The host keys that a target may show on its ssh ports: its own, and those of
 * others that cover the same addresses, as decide_hostkeys() has it.  In
 * base64, each once, strings of the policy in an array that the caller frees.
 * How many, 0 (and NULL) if there is none, or -1 without memory or if the
 * policy is damaged.
 */
ssize_t known_keys(const struct policy *, uint32_t target, const char ***keys);

/*
 * Write a line for each of them, NAME[,ALIAS...] TYPE BASE64, for ssh(1) with
 * HostKeyAlias NAME, whatever the port.  How many, or -1 as above.
 */
ssize_t known_print(const struct policy *, uint32_t target, FILE *);

/* The type of a key in base64 (RFC 4253, 6.6); false if it is none of ours. */
enum { KNOWN_TYPE = 48 };
bool known_type(const char *blob, char type[KNOWN_TYPE]);

/*
 * The public host keys of this machine: TYPE BASE64, read from the files
 * ssh_host_*_key.pub of a folder that are regular and owner's, and that
 * nobody else can write to.  Strings that the caller frees.  How many.
 */
enum { KNOWN_OWN = 3 };
size_t known_own(const char *folder, uid_t owner, char *lines[KNOWN_OWN]);

#endif
