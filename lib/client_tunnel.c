/* SPDX-License-Identifier: ISC */
#include <stdlib.h>

#include "client.h"

enum { LOOPBACK_BITS = 24, PRIVILEGED = 1024, SPREAD = 254, MIDDLE = 256 };

static void
take(struct tunnels *t, uint32_t address)
{
	uint32_t bit = address & ((1U << LOOPBACK_BITS) - 1);

	t->taken[bit / 8] |= (uint8_t)(1 << bit % 8);
}

static bool
is_taken(const struct tunnels *t, uint32_t address)
{
	uint32_t bit = address & ((1U << LOOPBACK_BITS) - 1);

	return t->taken[bit / 8] >> bit % 8 & 1;
}

int
tunnels_new(struct tunnels *tunnels, const struct policy *p)
{
	tunnels->taken = calloc(1U << (LOOPBACK_BITS - 3), 1);
	if (tunnels->taken == NULL)
		return -1;
	for (uint32_t i = 0; i < p->table[PT_TARGETS].n; i++) {
		const struct policy_target *t = policy_target(p, i);
		const struct net *net;

		if (t->kind != TARGET_DEVICE || t->path != 0 || t->nets.n == 0)
			continue;
		net = policy_row(p, PT_NETS, t->nets.first);
		if (net->addr.b[12] == 127)
			take(tunnels,
			    (uint32_t)net->addr.b[13] << 16 |
				(uint32_t)net->addr.b[14] << 8 |
				net->addr.b[15]);
	}
	return 0;
}

void
tunnels_free(struct tunnels *t)
{
	free(t->taken);
	t->taken = NULL;
}

/* FNV-1a, of 32 bits. */
static uint32_t
hash(const char *name)
{
	uint32_t h = 2166136261U;

	for (; *name != '\0'; name++)
		h = (h ^ (uint8_t)*name) * 16777619U;
	return h;
}

/* 127.x.y.z, with x and z from 1 to 254. */
static uint32_t
address_of(uint32_t h)
{
	uint32_t x = 1 + h % SPREAD, z = 1 + h / SPREAD % SPREAD;
	uint32_t y = h / SPREAD / SPREAD % MIDDLE;

	return 127U << 24 | x << 16 | y << 8 | z;
}

uint32_t
tunnels_take(struct tunnels *t, const char *name)
{
	uint32_t h = hash(name);

	while (is_taken(t, address_of(h)))
		h++;
	take(t, address_of(h));
	return address_of(h);
}

uint16_t
tunnels_port(const struct route *routes, size_t n, uint16_t port)
{
	unsigned int local = port;
	size_t i = 0;

	if (port >= PRIVILEGED)
		return port;
	while (i < n) {
		local += CLIENT_SHIFT;
		if (local > PORT_MAX)
			return 0;
		for (i = 0; i < n && routes[i].port != local; i++)
			;
	}
	return (uint16_t)local;
}
