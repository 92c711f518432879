/* SPDX-License-Identifier: ISC */
/*
 * main() of a fuzz target without libFuzzer: each file once, and each
 * beginning of it.
 *
 *   fuzz_TARGET FILE...
 */
#include "fuzz.h"

#include <err.h>

enum { SIZE_MAX_SEED = 1 << 20, BEGINNINGS = 512 };

static size_t
read_file(const char *path, uint8_t **data)
{
	FILE *f = fopen(path, "rb");
	size_t size;

	if (f == NULL)
		err(1, "%s", path);
	*data = malloc(SIZE_MAX_SEED);
	if (*data == NULL)
		err(1, NULL);
	size = fread(*data, 1, SIZE_MAX_SEED, f);
	if (ferror(f) || size == SIZE_MAX_SEED)
		errx(1, "%s: cannot be read, or is too large", path);
	fclose(f);
	return size;
}

/* In memory of its own size, as libFuzzer does. */
static void
try_one(const uint8_t *data, size_t size)
{
	uint8_t *own = malloc(size == 0 ? 1 : size);

	if (own == NULL)
		err(1, NULL);
	memcpy(own, data, size);
	LLVMFuzzerTestOneInput(own, size);
	free(own);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		uint8_t *data;
		size_t size = read_file(argv[i], &data);
		size_t step = size / BEGINNINGS + 1;

		for (size_t n = 0; n < size; n += step)
			try_one(data, n);
		try_one(data, size);
		free(data);
	}
	if (argc == 1)
		errx(64, "usage: %s FILE...", argv[0]);
	printf("%d inputs\n", argc - 1);
	return 0;
}
