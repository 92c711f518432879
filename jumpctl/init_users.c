/* SPDX-License-Identifier: ISC */
/*
 * jumpctl init: who becomes a user, when all accounts have been read.
 */
#include "init.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

enum { NUMBER_TEXT = 8 };

/*
 * Keys that two accounts have.  A policy has each key once, and whose it is
 * cannot be told: who put it there may have copied it.
 */
struct held {
	const char *account;
	struct old_key *key;
};

static int
by_blob(const void *a, const void *b)
{
	const struct held *x = a, *y = b;
	int order = strcmp(x->key->blob, y->key->blob);

	return order != 0 ? order : strcmp(x->account, y->account);
}

/* Another account that has the key, of those from list on; or NULL. */
static const char *
other_holder(const struct held *h, const struct held *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].account, h->account) != 0 &&
		    !(list[i].key->ca && h->key->ca))
			return list[i].account;
	}
	return NULL;
}

static void
find_common(struct held *list, size_t n)
{
	qsort(list, n, sizeof(*list), by_blob);
	for (size_t first = 0, end; first < n; first = end) {
		for (end = first + 1; end < n &&
		     strcmp(list[first].key->blob, list[end].key->blob) == 0;
		     end++)
			;
		for (size_t i = first; i < end; i++) {
			if (!list[i].key->root)
				list[i].key->other = other_holder(
				    &list[i], &list[first], end - first);
		}
	}
}

static void
mark_common(struct survey *s)
{
	size_t n = 0;
	struct held *list;

	for (size_t i = 0; i < s->nusers; i++)
		n += s->users[i].nkeys;
	list = calloc(n + 1, sizeof(*list));
	if (list == NULL)
		err(EXIT_INTERNAL, NULL);
	n = 0;
	for (size_t i = 0; i < s->nusers; i++) {
		for (size_t j = 0; j < s->users[i].nkeys; j++)
			list[n++] = (struct held){
			    s->users[i].account, &s->users[i].keys[j]};
	}
	find_common(list, n);
	free(list);
}

static void
drop_common(struct survey *s, struct old_user *u)
{
	size_t kept = 0;

	for (size_t i = 0; i < u->nkeys; i++) {
		struct old_key *k = &u->keys[i];

		if (k->other == NULL) {
			u->keys[kept++] = *k;
			continue;
		}
		survey_note(s, u->account,
		    "the key in %s is left out: %s has it too, and a policy "
		    "has each key once; whose is it?",
		    k->place, k->other);
		old_key_free(k);
	}
	u->nkeys = kept;
}

/*
 * Users of one account, n of them; of those who are out nothing remains.
 */
static size_t
count_in(const struct old_user *u, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += !u[i].out;
	return count;
}

static bool
has_plain_key(const struct old_user *u)
{
	for (size_t i = 0; i < u->nkeys; i++) {
		if (!u->keys[i].ca)
			return true;
	}
	return false;
}

/*
 * Where several users share the account, an authority certifies none of them,
 * as it does that by name: leave out those who have nothing else.  Some names
 * cannot be those of a shared account.
 */
static void
drop_users(struct survey *s, struct old_user *u, size_t n)
{
	bool shared = strpbrk(u->account, "\\+") == NULL &&
	    strlen(u->account) + NUMBER_TEXT < NAME_TEXT;
	size_t before = count_in(u, n);

	if (before < 2)
		return;
	for (size_t i = 0; i < n; i++)
		u[i].out = u[i].out || !shared || !has_plain_key(&u[i]);
	if (count_in(u, n) < before)
		survey_note(s, u->account,
		    shared ? "certificates are good for something else than "
			     "the account's keys: they are left out"
			   : "has keys that are good for different things, "
			     "and no name for a shared account: left out");
}

/* Name a user of a shared account: by the account, with a number. */
static char *
numbered(const char *account, size_t *number)
{
	struct account other;
	char *name;

	for (;;) {
		if (asprintf(&name, "%s-%zu", account, (*number)++) == -1)
			err(EXIT_INTERNAL, NULL);
		if (!account_find(&other, name))
			return name;
		account_free(&other);
		free(name);
	}
}

static void
name_users(struct survey *s, struct old_user *u, size_t n)
{
	bool alone = count_in(u, n) < 2;
	size_t number = 1;

	for (size_t i = 0; i < n; i++) {
		if (u[i].out)
			continue;
		u[i].name = alone ? strdup(u[i].account)
				  : numbered(u[i].account, &number);
		if (u[i].name == NULL)
			err(EXIT_INTERNAL, NULL);
	}
	if (!alone)
		survey_note(s, u->account,
		    "has keys that are good for different things, so that "
		    "several users share the account: sshd needs a block for "
		    "it, see jumpctl export sshd --all; cert-authority "
		    "lines are left out");
}

/* Whether comments of the keys of an account's one user name several people. */
static void
note_people(struct survey *s, const struct old_user *u)
{
	struct names people = {0};

	for (size_t i = 0; i < u->nkeys; i++) {
		char *name = strdup(u->keys[i].comment);

		if (name == NULL)
			err(EXIT_INTERNAL, NULL);
		name[strcspn(name, "@")] = '\0';
		if (*name != '\0')
			names_add(&people, name);
		free(name);
	}
	names_sort(&people);
	if (people.n > 1)
		survey_note(s, u->account,
		    "keys of several people, by their comments: say `user "
		    "NAME account %s' for each",
		    u->account);
	names_free(&people);
}

static void
finish_account(struct survey *s, struct old_user *u, size_t n)
{
	survey_turn(s);
	for (size_t i = 0; i < n; i++) {
		drop_common(s, &u[i]);
		u[i].out = u[i].nkeys == 0;
	}
	drop_users(s, u, n);
	name_users(s, u, n);
	for (size_t i = 0; i < n && count_in(u, n) == 1; i++) {
		if (!u[i].out)
			note_people(s, &u[i]);
	}
}

void
survey_users(struct survey *s)
{
	size_t kept = 0;

	mark_common(s);
	for (size_t first = 0, end; first < s->nusers; first = end) {
		for (end = first + 1; end < s->nusers &&
		     strcmp(s->users[first].account, s->users[end].account) ==
			 0;
		     end++)
			;
		finish_account(s, &s->users[first], end - first);
	}
	for (size_t i = 0; i < s->nusers; i++) {
		if (s->users[i].out)
			old_user_free(&s->users[i]);
		else
			s->users[kept++] = s->users[i];
	}
	s->nusers = kept;
}
