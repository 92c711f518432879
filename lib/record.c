/* SPDX-License-Identifier: ISC */
#include "record.h"

#include <sys/vfs.h>

#include <errno.h>
#include <unistd.h>

enum { CHECK_EVERY = 1 << 20 };

/* Whether there is room for more, now and then. */
static int
check_room(struct record *r)
{
	struct statfs fs;

	if (r->size > r->max) {
		errno = EFBIG;
		return -1;
	}
	if (r->size < r->checked)
		return 0;
	r->checked = r->size + CHECK_EVERY;
	if (fstatfs(r->fd, &fs) == -1)
		return -1;
	errno = ENOSPC;
	return fs.f_bavail < fs.f_blocks / RECORD_FLOOR ||
		fs.f_ffree < fs.f_files / RECORD_FLOOR
	    ? -1
	    : 0;
}

int
record_write(struct record *r, const void *bytes, size_t n)
{
	const char *at = bytes;

	r->size += n;
	if (check_room(r) == -1)
		return -1;
	while (n > 0) {
		ssize_t wrote = write(r->fd, at, n);

		if (wrote == -1 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return -1;
		at += wrote;
		n -= (size_t)wrote;
	}
	return 0;
}
