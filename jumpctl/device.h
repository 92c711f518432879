/* SPDX-License-Identifier: ISC */
/*
 * The devices of the policy as the machine has them now: whose logins live,
 * and who listens where each is to be found.  Nothing is connected to.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "listener.h"
#include "live.h"
#include "login.h"

/* jumpctl(8), devices, says what they mean. */
enum device_state {
	DEVICE_OFFLINE,
	DEVICE_ONLINE,
	DEVICE_DUPLICATE,
	DEVICE_FOREIGN,
	DEVICE_STATES
};

extern const char *const device_state_names[DEVICE_STATES];

enum { DEVICE_AT = 160, DEVICE_TROUBLE = 320 };

/* A login of a device: jump-authkeys has noted whose it is. */
struct device_login {
	size_t device;
	struct live live;
	char key[LOGIN_KEY];
	bool mute; /* it may not listen: another login was there before */
	char at[DEVICE_AT]; /* where its process listens; "": nowhere */
	const struct forward_login *of; /* while they are being read */
};

struct device {
	const char *name, *account; /* of the policy */
	uint32_t target;	    /* PT_TARGETS */
	enum device_state state;
	char at[DEVICE_AT]; /* where it is to be found */
	size_t first, n;    /* its logins, the oldest first */
	size_t sessions;    /* of users, that go to it now */
};

/* What is wrong with a device, a line of text; printable ASCII. */
struct device_trouble {
	size_t device;
	char text[DEVICE_TROUBLE];
};

struct device_list {
	struct device *list; /* in the order of their names */
	size_t n;
	struct device_login *logins; /* in that of the devices */
	size_t nlogins;
	struct device_trouble *troubles; /* in that of the devices */
	size_t ntroubles;
	size_t hidden; /* processes that could not be looked at */
};

/* The world must have a policy.  0, or -1 with errno; free it in any case. */
int devices_read(struct live_world *, struct device_list *);
void devices_free(struct device_list *);

/* The device of that name, or NULL. */
const struct device *device_find(const struct device_list *, const char *name);

/* Its login, if there is exactly one; or NULL. */
const struct live *device_login_of(
    const struct device_list *, const struct device *);

/*
 * devices.c: jumpctl who --devices, of one device or account if word is not
 * NULL; an exit code.  And for who itself, on a terminal: how many are online.
 */
int devices_who(struct live_world *, const char *word, bool json);
void devices_tell(struct live_world *);

#endif
