/* SPDX-License-Identifier: ISC */
/*
 * How the user has logged in: the file that SSH_USER_AUTH names.
 * Source: sshd_config(5), ExposeAuthInfo; ssh(1), ENVIRONMENT.
 */
#ifndef AUTH_H
#define AUTH_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

enum { AUTH_MAX = 65536 }; /* bytes; a certificate is the most of it */

/* Whether it is the name of a file as sshd makes it. */
bool auth_path(const char *path);

/*
 * The second method in the text, password or keyboard-interactive; or NULL if
 * the first is not publickey, there is no such other, or a byte that sshd does
 * not write.  Pure.
 */
const char *auth_parse(const char *text, size_t size);

/*
 * The same of the file at the path, which may be NULL or anything.  To be
 * called with no rights but those of uid, whose file it must be.
 */
const char *auth_method(const char *path, uid_t uid);

#endif
