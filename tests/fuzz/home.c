/* SPDX-License-Identifier: ISC */
/*
 * The files of users that jumpctl init reads as root, the first byte says
 * which: authorized_keys, known_hosts, ssh_config.  What of them gets into a
 * policy or before somebody's eyes is plain.
 */
#include "../../jumpctl/foreign.h"
#include "../../jumpctl/places.h"
#include "fuzz.h"
#include "pubkey.h"

enum { ROOM = 16384 };

static void
must_be_key(const char *type, const char *blob)
{
	uint8_t raw[ROOM];
	size_t size;

	must(pubkey_decode(type, blob, raw, sizeof(raw), &size) == PUBKEY_OK);
}

static void
must_be_place(const struct opening *o)
{
	char host[sizeof(o->host)];

	must(strlen(o->host) < sizeof(o->host));
	strcpy(host, o->host);
	must(place_valid(host) && strcmp(host, o->host) == 0);
	must(fuzz_is_line(host) && strpbrk(host, " \"#{}") == NULL);
	must(o->port != 0);
}

static void
look_at_key(const struct authorized *a)
{
	struct net nets[FROM_MAX];
	struct opening both;
	size_t n = 0;

	must_be_key(a->type, a->blob);
	if (a->from != NULL)
		must(authorized_from(a->from, nets, &n) <= FROM_NOT);
	must(n <= FROM_MAX && a->nopens <= OPENINGS_MAX && a->expires >= 0);
	for (size_t i = 0; i < a->nopens; i++) {
		must(*a->opens[i].host != '\0');
		must(opening_both(&both, &a->opens[i], &a->opens[i]));
		must(strcmp(both.host, a->opens[i].host) == 0);
	}
}

static void
authorized_keys(char *text)
{
	struct authorized a;
	char *line;

	while ((line = foreign_line(&text)) != NULL) {
		if (authorized_parse(&a, line) != AUTHORIZED_OK)
			continue;
		look_at_key(&a);
		authorized_free(&a);
	}
}

static void
known_hosts(char *text)
{
	struct known_line k;
	struct opening o;
	char *line;

	while ((line = foreign_line(&text)) != NULL) {
		if (known_parse(&k, line) != KNOWN_PLAIN)
			continue;
		must_be_key(k.type, k.blob);
		while (known_next(&k.hosts, &o))
			must_be_place(&o);
	}
}

static void
see(void *arg, const struct client_host *h)
{
	must(arg == NULL && fuzz_is_line(h->name));
	must(strpbrk(h->name, " \"#{}") == NULL);
	must_be_place(&h->place);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = fuzz_text(data + 1, size - 1);
	switch (data[0]) {
	case 'a':
		authorized_keys(text);
		break;
	case 'k':
		known_hosts(text);
		break;
	default:
		client_parse(text, see, NULL, NULL);
		break;
	}
	free(text);
	return 0;
}
