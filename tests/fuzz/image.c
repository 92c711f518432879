/* SPDX-License-Identifier: ISC */
/*
 * The reader of the compiled image, and every decision on what it accepts.
 * The first byte says what the rest is:
 *
 *   even   the file itself
 *   odd    changes of the image of the policy below: four bytes each, the
 *          offset (low byte first), a width and what to xor
 *
 * With the bit 2, all sums are then made right, and with the bit 4 all that
 * says how the file is laid out too, so that the code behind them is reached.
 * The file is root's: damage is what happens to it, and what is proved here
 * is that no content whatever makes a reader read outside of it.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <unistd.h>

/* Memory of just the size of the file, so that reads beyond it are seen. */
static void *
heap_map(int fd, size_t size)
{
	void *p = malloc(size);

	must(p != NULL && pread(fd, p, size, 0) == (ssize_t)size);
	return p;
}

#define mmap(addr, size, protection, flags, fd, at) heap_map(fd, size)
#define munmap(p, size)				    free(p)
#include "../../lib/policy_db.c"
#undef mmap
#undef munmap

#include "judge.h"

enum { IMAGE_MAX = 1 << 16, EDITED = 1, SUMS = 2, LAYOUT = 4 };

static const char base[] =
    "version 1\nset timezone \"Europe/Amsterdam\"\n"
    "set never { 100.64.0.0/10 }\n"
    "user alice until 2030-01-01T00:00Z\n"
    "key alice \"ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\"\n"
    "user bob account jump\nuser carol account jump\n"
    "group @ops { alice @sub %wheel }\ngroup @sub { bob }\n"
    "host db1 { 10.0.0.1 2001:db8::1 } ssh 22 tcp 5432 alias db1.corp tag db\n"
    "net lab 10.0.0.0/8 ssh 22 tag db\n"
    "domain dev \"*.dev.corp.example\" in 10.0.0.0/8 ssh 22\n"
    "device rtu 127.77.0.17 ssh 2222\n"
    "socket s \"/run/a.sock\"\n"
    "window day mon-fri 00:00-18:00\nwindow w sat 22:00 - sun 04:00\n"
    "allow a: @ops to { db1:22 @db s } when { day w }\n"
    "allow b: any to any from 198.51.100.0/24 as root\n"
    "deny d: carol to @db until 2030-01-01T00:00Z\n"
    "require r: alice to @db mfa ticket \"CHG*\" idle 10m duration 2h\n"
    "require t: bob to s approve @sub 2h max 2\n";

/* The image of base, made once. */
static size_t
base_image(uint8_t image[IMAGE_MAX])
{
	static uint8_t made[IMAGE_MAX];
	static size_t size;
	struct policy_source source = {"base", base, sizeof(base) - 1};
	struct policy_report report = {0};
	struct policy *p;
	int fd;

	if (size == 0) {
		p = policy_parse(&source, 1, &report);
		must(p != NULL);
		fd = memfd_create("image", 0);
		must(fd != -1 && policy_save(p, fd) == 0);
		size = (size_t)pread(fd, made, sizeof(made), 0);
		close(fd);
		policy_free(p);
		policy_report_clear(&report);
	}
	memcpy(image, made, size);
	return size;
}

static void
edit(uint8_t *image, size_t size, const uint8_t *data, size_t n)
{
	for (; n >= 4; n -= 4, data += 4) {
		size_t at = (size_t)(data[0] | data[1] << 8) % size;
		size_t width = data[2] % 8 + 1U;

		for (; width > 0 && at < size; width--)
			image[at++] ^= data[3];
	}
}

static void
lay_out(struct image_header *h, size_t size)
{
	memcpy(h->magic, image_magic, sizeof(h->magic));
	h->version = IMAGE_VERSION;
	h->tables = PT_COUNT;
	h->size = size;
	for (int t = 0; t < PT_COUNT; t++) {
		h->table[t].row_size = (uint32_t)policy_row_size(t);
		h->table[t].offset -= h->table[t].offset % ALIGN;
	}
	h->loaded_by[sizeof(h->loaded_by) - 1] = '\0';
}

static void
mend(uint8_t *image, size_t size, int how)
{
	struct image_header h;
	uint64_t *sums;

	if (size < sizeof(h))
		return;
	memcpy(&h, image, sizeof(h));
	if (how & LAYOUT)
		lay_out(&h, size);
	if (h.sums < sizeof(h) || h.sums > size || h.sums % ALIGN != 0 ||
	    h.nsums != (h.sums - sizeof(h) + CHUNK - 1) / CHUNK ||
	    h.nsums * sizeof(*sums) > size - h.sums)
		return;
	sums = (void *)(image + h.sums);
	for (uint64_t i = 0; i < h.nsums; i++) {
		size_t at = sizeof(h) + i * CHUNK;
		size_t left = h.sums - at < CHUNK ? h.sums - at : CHUNK;

		sums[i] = image_checksum(image + at, left, i);
	}
	h.sum = image_header_sum(&h, sums);
	memcpy(image, &h, sizeof(h));
}

static void
open_and_ask(const uint8_t *image, size_t size)
{
	struct policy *p = NULL;
	char hash[17];
	int fd = memfd_create("image", 0);
	enum policy_error error;

	must(fd != -1 && fchmod(fd, 0600) == 0);
	must(pwrite(fd, image, size, 0) == (ssize_t)size);
	error = open_fd(fd, geteuid(), &p);
	close(fd);
	must((error == POLICY_OK) == (p != NULL));
	must(policy_strerror(error)[0] != '\0');
	if (p == NULL)
		return;
	judge_all(p, true);
	policy_verify(p);
	policy_hash_text(p, hash);
	policy_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(ALIGN) uint8_t image[IMAGE_MAX];
	size_t n = size - 1;

	if (size == 0 || n > sizeof(image))
		return 0;
	if (data[0] & EDITED) {
		size = base_image(image);
		edit(image, size, data + 1, n);
		n = size;
	} else {
		memcpy(image, data + 1, n);
	}
	if (data[0] & (SUMS | LAYOUT))
		mend(image, n, data[0]);
	open_and_ask(image, n);
	return 0;
}
