/* SPDX-License-Identifier: ISC */
/*
 * The file of a recording, of a session's clear text or of its terminal: all
 * of what is written gets there, or the session ends.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>
#include <stdint.h>

#define RECORD_DIRECTORY "/var/log/jump"

enum { RECORD_FLOOR = 20 /* 1/n of the file system is left free */ };

struct record {
	int fd; /* append-only, as keeper.h makes it; the caller's */
	uint64_t max;
	uint64_t size, checked;
};

/*
 * Write all of it.  Allocates nothing; calls write and fstatfs on fd.  0, or
 * -1 and errno: EFBIG beyond max, ENOSPC too where less than a RECORD_FLOOR of
 * the blocks, or of the files, is free.
 */
int record_write(struct record *, const void *bytes, size_t n);

#endif
