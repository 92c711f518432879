/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "client.h"

#define HOSTKEYS "/etc/ssh"

int
config_answer(struct visit *s, const struct policy_request *request,
    const struct command *c)
{
	struct client client = {.policy = s->policy,
	    .request = request,
	    .step = s->method != NULL,
	    .user = s->person.name,
	    .account = s->account,
	    .jump = *c->jump != '\0' ? c->jump : "jump"};
	struct addr server;
	char host[ADDR_TEXT];
	int error;

	/* A name with a dot leads here by itself. */
	if (command_server(&server, &client.port, s->connection) &&
	    strchr(client.jump, '.') == NULL)
		client.host = addr_print(&server, host);
	client.nkeys = known_own(HOSTKEYS, 0, client.keys);
	if (c->verb == COMMAND_KNOWN_HOSTS)
		error = client_known_hosts(stdout, &client);
	else if (c->format == FORMAT_ANSIBLE)
		error = client_inventory(stdout, &client);
	else
		error = client_ssh_config(stdout, &client);
	for (size_t i = 0; i < client.nkeys; i++)
		free(client.keys[i]);
	return error;
}
