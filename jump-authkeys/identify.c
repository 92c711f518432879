/* SPDX-License-Identifier: ISC */
#include "identify.h"

#include <stdlib.h>
#include <string.h>

#include "pubkey.h"

enum { KEY_BYTES_MAX = 8192 }; /* RSA with 16384 bits has some 2 KiB */

static bool
refuse(struct login *l, const char *reason)
{
	l->reason = reason;
	return false;
}

/*
 * Plain keys.
 */
static bool
identify_key(struct login *l, const struct offer *o)
{
	const struct policy *p = l->person.policy;
	const struct policy_user *u;
	const struct policy_key *key;
	uint32_t row =
	    keys_find(p, o->account, o->type, o->blob, o->fingerprint);

	if (row == POLICY_NONE)
		return refuse(l,
		    "the policy has no such key for this account");
	key = policy_key(p, row);
	u = policy_user(p, key->owner);
	if (u->flags & USER_DEVICE)
		return refuse(l,
		    "the key is a device's, which is served only "
		    "with --devices");
	if (person_identify(&l->person,
		u->flags & USER_SHARED ? policy_string(p, u->name) : NULL) ==
		-1 ||
	    l->person.user != key->owner)
		return refuse(l, "the account is not a user's");
	l->credential = (struct credential){.type = o->type,
	    .blob = o->blob,
	    .row = row,
	    .verify = key->verify != 0};
	return true;
}

/*
 * Devices.
 */
const char *
identify_device(const struct policy *p, const struct offer *o)
{
	const struct policy_user *u;
	uint32_t row;

	if (!o->devices)
		return NULL;
	row = keys_find(p, o->account, o->type, o->blob, o->fingerprint);
	if (row == POLICY_NONE)
		return NULL;
	u = policy_user(p, policy_key(p, row)->owner);
	return u->flags & USER_DEVICE ? policy_string(p, u->name) : NULL;
}

static bool
identify_device_key(struct login *l, const struct offer *o)
{
	const struct policy *p = l->person.policy;
	const char *name = identify_device(p, o);
	uint32_t row;

	if (name == NULL || person_identify_device(&l->person, name) == -1)
		return refuse(l,
		    "the policy has no such key of a device for this account");
	row = keys_find(p, o->account, o->type, o->blob, o->fingerprint);
	l->credential = (struct credential){.type = o->type,
	    .blob = o->blob,
	    .row = row,
	    .verify = policy_key(p, row)->verify != 0};
	return true;
}

/*
 * Keys of a directory.
 */
bool
identify_wants_directory(const struct login *l, const struct offer *o)
{
	const struct policy *p = l->person.policy;
	struct policy_request q;

	if (policy_meta(p)->keys_from == 0 || o->principals || o->devices ||
	    !pubkey_known(o->type) || !policy_person_name(o->account) ||
	    policy_find_user(p, o->account) != POLICY_NONE ||
	    policy_find_account(p, o->account) != POLICY_NONE)
		return false;
	decide_request(&q, &l->person, ROAD_FORWARD, 0); /* at any time */
	return policy_has_account(p, &q) == TRUTH_YES;
}

/* Whether it is the key of one of the policy's authorities. */
static bool
is_authority(const struct policy *p, const char *blob)
{
	for (uint32_t i = 0; i < p->table[PT_CAS].n; i++) {
		const struct policy_key *key =
		    policy_key(p, policy_ca(p, i)->key);

		if (strcmp(policy_string(p, key->blob), blob) == 0)
			return true;
	}
	return false;
}

static bool
identify_listed(struct login *l, const struct offer *o,
    const struct directory *d)
{
	static uint8_t raw[KEY_BYTES_MAX];
	const struct policy *p = l->person.policy;
	uint32_t row;
	size_t size;

	if (d->reason[0] != '\0')
		return refuse(l, d->reason);
	if (pubkey_decode(o->type, o->blob, raw, sizeof(raw), &size) !=
		PUBKEY_OK ||
	    !directory_has(d, o->type, o->blob))
		return refuse(l, "keys-from has no such key");
	if (!policy_fingerprint(p, o->fingerprint, &row) ||
	    row != POLICY_NONE || is_authority(p, o->blob))
		return refuse(l, "the key is somebody else's");
	if (person_identify(&l->person, NULL) == -1 ||
	    l->person.user != POLICY_NONE)
		return refuse(l, "the account is not a user's");
	l->credential = (struct credential){
	    .type = o->type, .blob = o->blob, .row = POLICY_NONE};
	return true;
}

/*
 * Certificates.
 */
static void
describe(struct login *l, const struct cert *c)
{
	size_t n = c->id.size < sizeof(l->key_id) ? c->id.size :
	    sizeof(l->key_id) - 1;

	memcpy(l->key_id, c->id.at, n);
	snprintf(l->serial, sizeof(l->serial), "%llu",
	    (unsigned long long)c->serial);
	l->certified = true;
}

/* The authority whose key it is, or NULL. */
static const struct policy_ca *
find_authority(const struct policy *p, const struct piece *key)
{
	static uint8_t raw[KEY_BYTES_MAX];

	for (uint32_t i = 0; i < p->table[PT_CAS].n; i++) {
		const struct policy_ca *ca = policy_ca(p, i);
		int n = base64_decode(
		    policy_string(p, policy_key(p, ca->key)->blob), raw,
		    sizeof(raw));

		if (n > 0 && (size_t)n == key->size &&
		    memcmp(raw, key->at, key->size) == 0)
			return ca;
	}
	return NULL;
}

/*
 * The user of a shared account whom a principal names; POLICY_NONE if there
 * is none.
 */
static uint32_t
find_sharer(
    const struct policy *p, const char *account, const struct piece *principal)
{
	char name[NAME_TEXT];
	uint32_t user;

	if (principal->size >= sizeof(name))
		return POLICY_NONE;
	memcpy(name, principal->at, principal->size);
	name[principal->size] = '\0';
	user = policy_find_user(p, name);
	if (user == POLICY_NONE ||
	    !(policy_user(p, user)->flags & USER_SHARED) ||
	    strcmp(policy_string(p, policy_user(p, user)->account), account) !=
		0)
		return POLICY_NONE;
	return user;
}

/* The one person whom the principals name; sets person, or refuses. */
static bool
find_principal(struct login *l, const struct offer *o, const struct cert *c)
{
	const struct policy *p = l->person.policy;
	bool shared = policy_account_shared(p, o->account), named = false;
	struct piece rest = c->principals, principal;
	uint32_t user = POLICY_NONE;

	while (cert_principal(&rest, &principal)) {
		uint32_t one;

		if (!shared) {
			named |= piece_is(&principal, o->account);
			continue;
		}
		one = find_sharer(p, o->account, &principal);
		if (user != POLICY_NONE && one != POLICY_NONE && one != user)
			return refuse(l, "the certificate names several people "
					 "of this account");
		if (one != POLICY_NONE)
			user = one;
	}
	if (!(shared ? user != POLICY_NONE : named))
		return refuse(
		    l, "the certificate names nobody of this account");
	if (person_identify(&l->person,
		shared ? policy_string(p, policy_user(p, user)->name) :
			 NULL) == -1)
		return refuse(l, "the account is not a user's");
	return true;
}

/* What the policy says of the key that is certified. */
static bool
judge_certified(
    struct login *l, const struct offer *o, const struct cert *c)
{
	const struct policy *p = l->person.policy;
	const struct policy_key *key;
	uint32_t row;

	if (!policy_fingerprint(p, o->fingerprint, &row))
		return refuse(l, "the certificate cannot be read");
	l->credential.row = row;
	if (row == POLICY_NONE)
		return true;
	key = policy_key(p, row);
	if (key->owner != l->person.user)
		return refuse(l, "the key is somebody else's");
	l->credential.verify |= key->verify && c->security_key;
	return true;
}

static bool
judge_certificate(struct login *l, const struct offer *o,
    const struct cert *c, time_t now)
{
	const struct policy *p = l->person.policy;
	const struct policy_ca *ca = find_authority(p, &c->authority);
	struct policy_request q;

	if (c->kind != CERT_USER)
		return refuse(l, "not a user certificate");
	if (ca == NULL)
		return refuse(l,
		    "the certificate's authority is not of the policy");
	l->ca = policy_string(p, ca->name);
	if (!find_principal(l, o, c))
		return false;
	decide_request(&q, &l->person, ROAD_FORWARD, now);
	if (policy_has_person(p, &q, ca->who) != TRUTH_YES)
		return refuse(l,
		    "the certificate's authority is not for this user");
	l->credential = (struct credential){
	    .type = policy_string(p, policy_key(p, ca->key)->type),
	    .blob = policy_string(p, policy_key(p, ca->key)->blob),
	    .principal = l->person.name,
	    .verify = c->verify && c->security_key};
	return judge_certified(l, o, c);
}

static bool
identify_certificate(struct login *l, const struct offer *o, time_t now)
{
	static uint8_t raw[CERT_BYTES_MAX];
	int size = base64_decode(o->blob, raw, sizeof(raw));
	struct cert c;

	if (size == -1 || !cert_parse(&c, o->type, raw, (size_t)size))
		return refuse(l, "the certificate cannot be read");
	describe(l, &c);
	return judge_certificate(l, o, &c, now);
}

bool
identify(struct login *l, const struct offer *o, const struct directory *d,
    time_t now)
{
	l->reason = NULL;
	if (o->devices)
		return identify_device_key(l, o);
	if (cert_known(o->type) || o->principals)
		return identify_certificate(l, o, now);
	if (d != NULL)
		return identify_listed(l, o, d);
	return identify_key(l, o);
}
