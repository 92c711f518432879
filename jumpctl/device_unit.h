/* SPDX-License-Identifier: ISC */
/*
 * What a device's own machine runs to keep its tunnel open.  Pure.
 * Source: ssh(1), ssh_config(5); jumpctl(8), DEVICES.
 */
#ifndef DEVICE_UNIT_H
#define DEVICE_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "known.h"
#include "match.h"
#include "policy.h"

enum { DEVICE_PORTS = 16 };

/* All strings are the caller's; zero is the default. */
struct device_unit {
	unsigned int init; /* of device_init() */
	char jump[256];	   /* the jump host, or "" */
	uint16_t port;	   /* of its sshd; 0: 22 */
	const char *name, *account;
	bool replace;	  /* a login of it ends the one before */
	const char *path; /* or NULL: address */
	char address[ADDR_TEXT];
	struct policy_port ports[DEVICE_PORTS];
	size_t nports;
	const char *to[DEVICE_PORTS]; /* [PORT=]HOST:PORT or [PORT=]/PATH */
	size_t nto;
	char *keys[KNOWN_OWN]; /* of the jump host: TYPE BASE64 */
	size_t nkeys;
};

/* Take an init by its name, the jump host as HOST[:PORT].  False if wrong. */
bool device_init(struct device_unit *, const char *name);
bool device_jump(struct device_unit *, const char *host);

/* The name of the file in dist/device that device_print() wants. */
const char *device_template(const struct device_unit *);

/*
 * What is wrong with the rest: a destination that is none or of no port, or a
 * character that would mean something else where it is to stand.  NULL:
 * nothing, and it can be printed.
 */
const char *device_check(const struct device_unit *);

/*
 * Write it: a head, and the template from its first empty line on with the
 * options of ssh(1) in their places.  0, or -1 if memory, reading or writing
 * failed, or if the template has no place for them.
 */
int device_print(const struct device_unit *, FILE *template, FILE *out);

#endif
