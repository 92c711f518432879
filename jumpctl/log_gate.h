/* SPDX-License-Identifier: ISC */
/*
 * What the gate says is joined with what sshd says of the same connection:
 * they have its account, its place and its time in common.
 */
#ifndef LOG_GATE_H
#define LOG_GATE_H

#include "log_memory.h"

/*
 * The session of a row of the gate's, with what is known of its login; NULL if
 * there is no room for it.  Its first row claims the connection that sshd was
 * asked for first, of those of the account to that address and port, and has
 * the number of its row.  Where connections of several logins or names could be
 * meant, what they differ in is left out, for each of them.  The policy, which
 * may be NULL, knows to which addresses names do not lead.
 */
struct log_session *gate_join(struct memory *, const struct policy *,
    const struct log_entry *, const struct log_row *);

#endif
