/* SPDX-License-Identifier: ISC */
/*
 * alloc: for /etc/ld.so.preload of a lab.  Fails one allocation of those of
 * our programs that have not been confined or were before.
 *
 * A setgid program minds nothing in its environment, so the plan is a file
 * that stays mapped: which allocation fails, and how many there were.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLAN   "/run/alloc"
#define CALLER __builtin_return_address(0)

/* Those of glibc behind the names that are taken here. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

/* How many, the first that fails, the last; whether a library called. */
static volatile uint64_t *plan;

static struct object {
	uintptr_t from, to;
} program;

/* The program is the first object. */
static int
find(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	program.from = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD)
			program.to = program.from + p->p_vaddr + p->p_memsz;
	}
	return 1;
}

static bool
is_in(const struct object *o, const void *at)
{
	return (uintptr_t)at >= o->from && (uintptr_t)at < o->to;
}

__attribute__((constructor)) static void
start(void)
{
	int fd;
	void *map;

	if (strncmp(program_invocation_short_name, "jump-", 5) != 0)
		return;
	fd = open(PLAN, O_RDWR | O_CLOEXEC);
	if (fd == -1)
		return;
	dl_iterate_phdr(find, NULL);
	map = mmap(NULL, 4 * sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	close(fd);
	plan = map == MAP_FAILED ? NULL : map;
}

static bool
fails(const void *caller)
{
	if (plan == NULL)
		return false;
	plan[0]++;
	if (plan[0] < plan[1] || plan[0] > plan[2])
		return false;
	if (!is_in(&program, caller))
		plan[3] = 1;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return fails(CALLER) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails(CALLER) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *old, size_t size)
{
	return fails(CALLER) ? NULL : __libc_realloc(old, size);
}
