/* SPDX-License-Identifier: ISC */
/*
 * What a user's own machine wants to know: an ssh_config(5), its known_hosts,
 * an inventory for Ansible, of what that user may reach or ask for now.
 * No look-ups.  Source: jump-shell(8), CLIENT CONFIGURATION.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "../jump-shell/command.h"
#include "decide.h"
#include "known.h"

#define CLIENT_SUFFIX "+tunnel"
#define CLIENT_KEYS   "jump+host" /* what the jump host's keys are known by */
enum { CLIENT_SHIFT = 8000 };

/* For whom, and by which jump host; all strings are the caller's. */
struct client {
	const struct policy *policy;
	/* Of decide_request(); its road is not looked at. */
	const struct policy_request *request;
	bool step; /* as answer.h has it */
	const char *user, *account;
	const char *jump;      /* what the jump host is called */
	const char *host;      /* its address, or NULL: by that name */
	uint16_t port;	       /* its port, or 0: not known */
	char *keys[KNOWN_OWN]; /* its host keys: TYPE BASE64 */
	size_t nkeys;
};

/* A port of something that can be reached, and the best way to it. */
struct route {
	uint32_t target;
	uint32_t part; /* PT_NETS of a net, PT_WORDS of a domain */
	uint16_t port; /* 0: a path */
	enum policy_protocol protocol;
	enum policy_action action; /* ask or allow */
	enum policy_road road;
	uint32_t unmet;		   /* bits of enum policy_obligation */
	struct addr addr;	   /* of ROAD_FORWARD: what sshd permits */
	char login[COMMAND_LOGIN]; /* of ROAD_SHELL; "": to be given */
	size_t others;		   /* of ROAD_SHELL: logins beside that */
	bool agent;		   /* of ROAD_SHELL: the user's may serve */
};

/* Sorted: each target's stand together, by name; then nets; then domains. */
struct routes {
	struct route *list; /* owned */
	size_t n, room;
	bool failed;
};

/* 0, or -1 without memory; routes_free() in both cases. */
int routes_find(struct routes *, const struct client *);
void routes_free(struct routes *);

/* How many routes from this one on are of the same target. */
size_t routes_group(const struct routes *, size_t first);

/* Of a group, that by which the target's name alone goes, or NULL. */
const struct route *routes_main(const struct route *, size_t n);

/*
 * Write it, to its last line, which says that it is the last.  0, or -1 if
 * memory or writing failed.
 */
int client_ssh_config(FILE *, const struct client *);
int client_known_hosts(FILE *, const struct client *);
int client_inventory(FILE *, const struct client *);

/*
 * client_tunnel.c: an address of the user's own machine for each target.
 */
struct tunnels {
	uint8_t *taken; /* owned: a bit for each of 127.0.0.0/8 */
};

/* The addresses of devices are taken.  0, or -1 without memory. */
int tunnels_new(struct tunnels *, const struct policy *);
void tunnels_free(struct tunnels *);

/* The next one for that name, as 127.x.y.z in the host's order. */
uint32_t tunnels_take(struct tunnels *, const char *name);

/*
 * The local port for a port of a group of routes: the same from 1024 on, below
 * it shifted by CLIENT_SHIFT, as often as another of the group is there.  0 if
 * none is left.
 */
uint16_t tunnels_port(const struct route *, size_t n, uint16_t port);

#endif
