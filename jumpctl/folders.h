/* SPDX-License-Identifier: ISC */
/*
 * The folders of devices that listen at a path: /run/jump/devices/NAME/SOCKET.
 *
 * Each belongs to the device's account, whose sshd makes the socket there, and
 * to the group _jump, which may pass (mode 2710): the bit has sockets get the
 * group, so that with StreamLocalBindMask 0117 programs of ours connect and
 * nobody else does.  The folder above is root's, of the group _jump and mode
 * 2711: what is made there has group and bit at once, also where a unit may set
 * none (RestrictSUIDSGID= of systemd.exec(5)).
 */
#ifndef FOLDERS_H
#define FOLDERS_H

#include "policy.h"

#define FOLDERS_DIRECTORY "/run/jump/devices"

enum { FOLDERS_MODE = 02711, FOLDER_MODE = 02710 };

/* Whether the device's path is directly in such a folder, and its name. */
bool folder_name(
    const struct policy *, const struct policy_target *, char name[PATH_TEXT]);

/*
 * Make what is missing, and remove the folders that no device of the policy
 * has, with the sockets in them.  What is not as it was made here is left
 * alone, and said on standard error.  With `all', those that are there are
 * looked at too, and made again for another account, and a missing account is
 * said.  Returns how many could
 * not be done.
 */
size_t folders_renew(const struct policy *, bool all);

#endif
