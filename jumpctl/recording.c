/* SPDX-License-Identifier: ISC */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session.h"

enum { HEAD = 64 * 1024 };

int
recording_open(int dir, const char *name, struct stat *st)
{
	int fd;

	errno = EPERM;
	if (!seals_name_valid(name))
		return -1;
	fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1) {
		errno = errno == ELOOP || errno == ENXIO ? EPERM : errno;
		return -1;
	}
	if (fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_nlink == 1)
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

void
recording_id(char id[AUDIT_SESSION + 1], const char *name)
{
	memcpy(id, name, AUDIT_SESSION);
	id[AUDIT_SESSION] = '\0';
}

/*
 * What it says.
 */
static void
read_cast(struct recording_facts *f, char *head, size_t n)
{
	char *end = memchr(head, '\n', n);
	struct cast_header h;

	if (end == NULL || !cast_header_parse(&h, head, (size_t)(end - head)))
		return;
	f->readable = true;
	f->since = h.timestamp;
	strcpy(f->user, h.user);
	strcpy(f->account, h.account);
	strcpy(f->login, h.login);
	snprintf(f->target, sizeof(f->target),
	    h.port == 0				? "%s"
		: strchr(h.target, ':') != NULL ? "[%s]:%u"
						: "%s:%u",
	    h.target, h.port);
}

static uint32_t
u32(const char *at)
{
	uint32_t n;

	memcpy(&n, at, sizeof(n));
	return n;
}

/* "session ID, WHO to TARGET by ROAD", as jump-connect writes it. */
static void
read_about(struct recording_facts *f, const char *about)
{
	const char *who = strstr(about, ", "), *to, *by;

	if (strncmp(about, "session ", 8) != 0 || who == NULL)
		return;
	who += 2;
	to = strstr(who, " to ");
	by = to == NULL ? NULL : strstr(to + 4, " by ");
	if (by == NULL || to - who >= CAST_WORD || by - to - 4 >= CAST_NAME)
		return;
	memcpy(f->user, who, (size_t)(to - who));
	memcpy(f->target, to + 4, (size_t)(by - to - 4));
}

/*
 * The blocks that jump-connect/capture.c begins a file with: a section with a
 * comment, an interface in nanoseconds, and a packet.
 */
static void
read_capture(struct recording_facts *f, const char *head, size_t n)
{
	char about[1024] = "";
	uint32_t section, interface, length;
	uint64_t ns;

	if (n < 28 || u32(head) != 0x0a0d0d0a || u32(head + 8) != 0x1a2b3c4d)
		return;
	section = u32(head + 4);
	length = u32(head + 24) >> 16;
	if (section < 32 || section > n || length > section - 28 ||
	    length >= sizeof(about) || (u32(head + 24) & 0xffff) != 1)
		return;
	memcpy(about, head + 28, length);
	f->readable = true;
	read_about(f, about);
	head += section;
	n -= section;
	if (n < 8 || u32(head) != 1)
		return;
	interface = u32(head + 4);
	if (interface > n || n - interface < 20 || u32(head + interface) != 6)
		return;
	ns = (uint64_t)u32(head + interface + 12) << 32 |
	    u32(head + interface + 16);
	f->since = (int64_t)(ns / 1000000000);
}

void
recording_facts(int fd, const char *name, struct recording_facts *f)
{
	char *head = malloc(HEAD);
	ssize_t n;

	*f = (struct recording_facts){
	    .kind = strcmp(name + AUDIT_SESSION, ".cast") == 0
		? RECORDING_TERMINAL
		: RECORDING_CAPTURE};
	if (head == NULL)
		return;
	n = pread(fd, head, HEAD, 0);
	if (n > 0 && f->kind == RECORDING_TERMINAL)
		read_cast(f, head, (size_t)n);
	else if (n > 0)
		read_capture(f, head, (size_t)n);
	free(head);
}

/*
 * What still lives.
 */
static int
by_id(const void *a, const void *b)
{
	const struct recording_live *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	return order != 0 ? order : (x->uid > y->uid) - (x->uid < y->uid);
}

int
recordings_live(struct recordings_live *l, const char *registry)
{
	const struct group *group = getgrnam("_jump");
	struct session_seen *seen;
	size_t odd, n;

	*l = (struct recordings_live){0};
	if (group == NULL) {
		errno = ENOENT;
		return -1;
	}
	if (session_list(registry, group->gr_gid, &seen, &l->n, &odd) == -1)
		return -1;
	l->ids = calloc(l->n + 1, sizeof(*l->ids));
	n = l->n;
	l->n = 0;
	for (size_t i = 0; i < n && l->ids != NULL; i++) {
		const struct session_page *p = &seen[i].page;

		/* A terminal that has ended has closed its recording. */
		if (p->kind == SESSION_TERMINAL && p->ended)
			continue;
		snprintf(l->ids[l->n].id, sizeof(l->ids->id), "%s", p->id);
		l->ids[l->n++].uid = seen[i].uid;
	}
	free(seen);
	if (l->ids == NULL)
		return -1;
	qsort(l->ids, l->n, sizeof(*l->ids), by_id);
	return 0;
}

bool
recordings_has(
    const struct recordings_live *l, const char *name, uid_t owner)
{
	struct recording_live id = {.uid = owner};

	recording_id(id.id, name);
	return l->n > 0 &&
	    bsearch(&id, l->ids, l->n, sizeof(*l->ids), by_id) != NULL;
}

void
recordings_live_free(struct recordings_live *l)
{
	free(l->ids);
	l->ids = NULL;
}
