/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: what the suite needs of sshd for an account.
 */
#ifndef DOCTOR_NEEDS_H
#define DOCTOR_NEEDS_H

#include "doctor.h"

/* One account, and what sshd says of it; all are the caller's. */
struct visit {
	struct doctor *d;
	const struct account *account;
	const struct sshd_answer *answer;
	enum role role;
};

/* Whether what holds is what a block of ours says: for a device's account, and
 * for one of people. */
void check_device(const struct visit *);
void check_in_force(const struct visit *);

#endif
