/* SPDX-License-Identifier: ISC */
/*
 * Whether the gate of a policy stands, and what is missing.
 */
#ifndef GATE_H
#define GATE_H

#include "policy.h"

enum gate_state {
	GATE_STANDS,
	GATE_PORTS,  /* users may listen where only root is to */
	GATE_NOBODY, /* listens, on one of its addresses */
	GATE_TAKEN,  /* by somebody who is neither root nor _jump */
	GATE_SILENT  /* all is there, and it does not answer */
};

enum { GATE_WORDS = 160 };

/* what says more of all but the first, without a full stop. */
enum gate_state gate_look(const struct policy *, char what[GATE_WORDS]);

#endif
