/* SPDX-License-Identifier: ISC */
/*
 * What comes from several machines is joined machine by machine: a process of
 * one is none of another, whatever its number, and no machine is believed
 * about another.
 */
#include "log_hosts.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

enum { HOSTS = 256 };

struct log_host {
	struct log_hosts *of;
	char *name; /* NULL: the lines do not say */
	struct log_seen seen;
	struct log_join *join;
};

struct log_hosts {
	log_emit *emit;
	void *arg;
	const struct log_filter *filter;
	size_t left;
	size_t n;
	struct log_host *host[HOSTS];
};

struct log_hosts *
log_hosts_new(log_emit *emit, void *arg, const struct log_filter *filter)
{
	struct log_hosts *hosts = calloc(1, sizeof(*hosts));

	if (hosts == NULL)
		err(EXIT_INTERNAL, NULL);
	hosts->emit = emit;
	hosts->arg = arg;
	hosts->filter = filter;
	return hosts;
}

void
log_hosts_free(struct log_hosts *hosts)
{
	for (size_t i = 0; i < hosts->n; i++) {
		log_join_free(hosts->host[i]->join);
		free(hosts->host[i]->name);
		free(hosts->host[i]);
	}
	free(hosts);
}

/* A row of one host. */
static void
pass(void *arg, const struct log_row *row)
{
	const struct log_host *host = arg;
	struct log_row own = *row, login;

	own.host = host->name;
	if (row->login != NULL) {
		login = *row->login;
		login.host = host->name;
		own.login = &login;
	}
	host->of->emit(host->of->arg, &own);
}

static struct log_host *
add_host(struct log_hosts *hosts, const char *name)
{
	struct log_host *host = calloc(1, sizeof(*host));

	if (host == NULL ||
	    (name != NULL && (host->name = strdup(name)) == NULL))
		err(EXIT_INTERNAL, NULL);
	host->of = hosts;
	host->join = log_join_new(pass, host, hosts->filter->policy);
	hosts->host[hosts->n++] = host;
	return host;
}

/* NULL: there are too many. */
static struct log_host *
find_host(struct log_hosts *hosts, const char *name)
{
	for (size_t i = 0; i < hosts->n; i++) {
		const char *other = hosts->host[i]->name;

		if (name == NULL || other == NULL ? name == other
						  : strcmp(name, other) == 0)
			return hosts->host[i];
	}
	return hosts->n == HOSTS ? NULL : add_host(hosts, name);
}

void
log_hosts_entry(struct log_hosts *hosts, struct log_entry *e)
{
	const char *only = hosts->filter->host;
	struct log_host *host;

	if (only != NULL && (e->host == NULL || strcasecmp(e->host, only) != 0))
		return;
	host = find_host(hosts, e->host);
	if (host == NULL) {
		hosts->left++;
		return;
	}
	/* What others wait for may come after this: rows stay in order. */
	log_hosts_flush(hosts, e->time);
	e->host = host->name;
	e->seen = &host->seen;
	log_join_entry(host->join, e);
}

void
log_hosts_flush(struct log_hosts *hosts, int64_t now)
{
	for (size_t i = 0; i < hosts->n; i++)
		log_join_flush(hosts->host[i]->join, now);
}

void
log_hosts_tell(const struct log_hosts *hosts)
{
	size_t unread = 0;

	for (size_t i = 0; i < hosts->n; i++)
		unread += log_join_unread(hosts->host[i]->join);
	if (unread > 0)
		warnx("%zu line%s claim%s to be a record and cannot be read",
		    unread, unread == 1 ? "" : "s", unread == 1 ? "s" : "");
	if (hosts->left > 0)
		warnx("more than %d hosts: %zu line%s left out; see --host",
		    HOSTS, hosts->left, hosts->left == 1 ? " is" : "s are");
}
