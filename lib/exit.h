/* SPDX-License-Identifier: ISC */
/*
 * Exit codes, an interface of all programs (sysexits.h where it fits).
 */
#ifndef EXIT_H
#define EXIT_H

enum exit_code {
	EXIT_OK = 0,
	EXIT_NO_MATCH = 1,    /* no match, or a check failed */
	EXIT_USAGE = 64,
	EXIT_UNREACHABLE = 69,
	EXIT_INTERNAL = 70,   /* or the sandbox is unavailable */
	EXIT_STATE = 73,      /* cannot create state */
	EXIT_BUSY = 75,       /* busy, or a limit is reached */
	EXIT_PEER = 76,       /* the peer ended abnormally */
	EXIT_DENIED = 77,
	EXIT_POLICY = 78,     /* the policy is unusable */
};

#endif
