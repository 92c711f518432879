/* SPDX-License-Identifier: ISC */
/*
 * What a user asked for: one line of text to one struct command.  Pure.
 * Source: jump-shell(8), REQUESTS.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "target.h"

enum {
	COMMAND_TEXT = 1024,
	COMMAND_WORDS = 8,
	COMMAND_WAIT = 3600,
	COMMAND_WRONG = 64,
	COMMAND_REASON = 201,
	COMMAND_ID = 17,
	COMMAND_LOGIN = 33,
	COMMAND_LONGEST = 366 * 24 * 3600,
	COMMAND_SENTENCE = 160
};

enum command_verb {
	COMMAND_MENU, /* with a terminal; else COMMAND_LIST */
	COMMAND_LIST,
	COMMAND_CONNECT,
	COMMAND_WHY,
	COMMAND_WHO,
	COMMAND_REQUEST,
	COMMAND_REQUESTS,
	COMMAND_APPROVE,
	COMMAND_REFUSE,
	COMMAND_HELP,
	COMMAND_SSH,
	COMMAND_CONFIG,
	COMMAND_KNOWN_HOSTS,
	COMMAND_REGISTER /* of devices only */
};

/* What config is to print. */
enum command_format { FORMAT_OPENSSH, FORMAT_ANSIBLE };

/* What approve is to do: approve, print what to sign, or take it signed. */
enum command_form { FORM_PLAIN, FORM_TEXT, FORM_SIGNED };

struct command {
	enum command_verb verb;
	struct target target; /* of connect with a port or a path; of why,
			         request, ssh and known_hosts */
	unsigned int wait;    /* seconds, 0: not given */
	bool v4, v6;
	char ticket[TICKET_MAX + 1]; /* "": none */
	uint32_t seconds;	     /* of request; 0: not given */
	char reason[COMMAND_REASON]; /* of request */
	char id[COMMAND_ID];	     /* of approve and refuse; "": FORM_SIGNED */
	bool network;		     /* of who */
	enum command_form form;	     /* of approve */
	char login[COMMAND_LOGIN];   /* of ssh; "": none was given */
	char remote[COMMAND_TEXT + 1]; /* of ssh: what to run, or "" */
	enum command_format format;  /* of config */
	char jump[HOSTNAME_TEXT];     /* of config; "": not given */
	char wrong[COMMAND_WRONG]; /* of COMMAND_PORT: what is no port */
};

enum command_error {
	COMMAND_OK,
	COMMAND_UNKNOWN,    /* no request of ours */
	COMMAND_OPTION,	    /* an option that is not permitted */
	COMMAND_PORT,	    /* nothing is wrong but the port */
	COMMAND_TICKET,	    /* nothing is wrong but the ticket */
	COMMAND_MALFORMED   /* ours, but a word is missing, extra or wrong */
};

/*
 * Read a request; NULL and one without words are COMMAND_MENU.  On any other
 * result than COMMAND_OK only the verb may be used, and only of
 * COMMAND_OPTION, COMMAND_PORT, COMMAND_TICKET and COMMAND_MALFORMED.
 */
enum command_error command_parse(struct command *, const char *request);

/*
 * Take the ticket of the environment, NULL or "" if there is none, unless the
 * request has one or has no use for it.  COMMAND_OK or COMMAND_TICKET.
 */
enum command_error command_default_ticket(struct command *, const char *);

/*
 * Which text is the request, from how sshd(8) started us: jump-shell(8), -c.
 * original is SSH_ORIGINAL_COMMAND or NULL, self the path of this program.
 * *request and *id are parts of the arguments, or original, or NULL.  False
 * if the arguments are wrong.
 */
bool command_source(int argc, char **argv, const char *original,
    const char *self, const char **request, const char **id);

/*
 * The user's address, from SSH_CONNECTION: ADDRESS PORT ADDRESS PORT.  False
 * if it is NULL or anything else.
 */
bool command_from(struct addr *, const char *connection);

/* All of it: their end, then ours. */
bool command_ends(
    struct addr ends[2], uint16_t ports[2], const char *connection);

/* The same for where the user has come to: the jump host's address and port. */
bool command_server(
    struct addr *, uint16_t *port, const char *connection);

/*
 * Whether it is a login on a target as the road shell takes it: 1 to 32
 * letters, digits and . _ -, not beginning with a dash.
 */
bool command_login(const char *);

/* What is wrong, in a few words for the log. */
const char *command_error_reason(enum command_error);

/* The same for the user: a sentence with its full stop, perhaps in buf. */
const char *command_error_text(enum command_error, const struct command *,
    char buf[COMMAND_SENTENCE]);

#endif
