/* SPDX-License-Identifier: ISC */
#include "command.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "match.h"

/* The words of a request; next is the one to be read. */
struct words {
	char *word[COMMAND_WORDS];
	size_t n, next;
};

static const struct verb {
	const char *name;
	enum command_verb verb;
	bool recipe; /* a program of old recipes, with or without its folder */
} verbs[] = {
    {"list", COMMAND_LIST, false},
    {"connect", COMMAND_CONNECT, false},
    {"jump-connect", COMMAND_CONNECT, true},
    {"nc", COMMAND_CONNECT, true},
    {"netcat", COMMAND_CONNECT, true},
    {"why", COMMAND_WHY, false},
    {"who", COMMAND_WHO, false},
    {"help", COMMAND_HELP, false},
    {"ssh", COMMAND_SSH, false},
    {"request", COMMAND_REQUEST, false},
    {"requests", COMMAND_REQUESTS, false},
    {"approve", COMMAND_APPROVE, false},
    {"refuse", COMMAND_REFUSE, false},
    {"config", COMMAND_CONFIG, false},
    {"known_hosts", COMMAND_KNOWN_HOSTS, false},
    {"register", COMMAND_REGISTER, false},
};

static const char *const folders[] = {"/bin/", "/usr/bin/", "/usr/local/bin/"};

/* Whether the request is short enough and printable ASCII. */
static bool
text_is_plain(const char *s)
{
	size_t n;

	for (n = 0; s[n] != '\0'; n++)
		if (n == COMMAND_TEXT || s[n] < ' ' || s[n] > '~')
			return false;
	return true;
}

/*
 * Part text at spaces, in place.  Words beyond the eighth are counted only
 * once, so that n > COMMAND_WORDS says there were more.
 */
static void
split_words(struct words *w, char *text)
{
	char *rest, *word;

	for (word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		if (w->n++ == COMMAND_WORDS)
			return;
		w->word[w->n - 1] = word;
	}
}

static char *
next_word(struct words *w)
{
	return w->next < w->n ? w->word[w->next++] : NULL;
}

static const struct verb *
find_verb(const char *word)
{
	const char *name = word;
	size_t i, n;

	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		n = strlen(folders[i]);
		if (strncmp(word, folders[i], n) == 0)
			name = word + n;
	}
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(verbs[i].name, name) == 0 &&
		    (name == word || verbs[i].recipe))
			return &verbs[i];
	return NULL;
}

/* -w is for us; -q, in which -1 means for ever, is checked and dropped. */
static enum command_error
read_seconds(struct command *c, char option, const char *value)
{
	uint64_t n;

	if (value == NULL)
		return COMMAND_MALFORMED;
	if (option == 'q') {
		if (strcmp(value, "-1") != 0 &&
		    !number_parse(&n, value, 0, INT32_MAX))
			return COMMAND_MALFORMED;
		return COMMAND_OK;
	}
	if (!number_parse(&n, value, 1, INT32_MAX))
		return COMMAND_MALFORMED;
	c->wait = n < COMMAND_WAIT ? (unsigned int)n : COMMAND_WAIT;
	return COMMAND_OK;
}

/* The options of one word; the list is all that is permitted. */
static enum command_error
read_options(struct command *c, struct words *w, const char *word, bool *path)
{
	const char *p;

	for (p = word + 1; *p != '\0'; p++) {
		switch (*p) {
		case '4':
			c->v4 = true;
			break;
		case '6':
			c->v6 = true;
			break;
		case 'U':
			*path = true;
			break;
		case 'N': /* the relay does that always */
		case 'v':
			break;
		case 'q':
		case 'w':
			return read_seconds(
			    c, *p, p[1] != '\0' ? p + 1 : next_word(w));
		default:
			return COMMAND_OPTION;
		}
	}
	return COMMAND_OK;
}

static enum command_error
set_ticket(struct command *c, const char *ticket)
{
	if (!ticket_valid(ticket))
		return COMMAND_TICKET;
	strcpy(c->ticket, ticket);
	return COMMAND_OK;
}

/* Whether a word is --ticket, with its id after = or as the next word. */
static bool
is_ticket(const char *word)
{
	static const char option[] = "--ticket";
	size_t n = sizeof(option) - 1;

	return strncmp(word, option, n) == 0 &&
	    (word[n] == '\0' || word[n] == '=');
}

static enum command_error
read_ticket(struct command *c, struct words *w, const char *word)
{
	const char *id = strchr(word, '=');

	id = id != NULL ? id + 1 : next_word(w);
	if (id == NULL || c->ticket[0] != '\0')
		return COMMAND_MALFORMED;
	return set_ticket(c, id);
}

/* HOST PORT or HOST:PORT; connect wants the port, others do for addresses. */
static bool
read_target(struct command *c, char **operand, size_t n)
{
	if (n < 1 || n > 2 ||
	    !target_parse(&c->target, operand[0], n == 2 ? operand[1] : NULL))
		return false;
	if (c->target.form == TARGET_PATH)
		return false;
	return c->target.port != 0 || c->verb == COMMAND_SSH ||
	    c->verb == COMMAND_KNOWN_HOSTS ||
	    (c->verb != COMMAND_CONNECT && c->target.form == TARGET_NAMED);
}

/* Whether a port is all that is wrong with HOST PORT or HOST:PORT. */
static bool
port_is_wrong(struct command *c, char **operand, size_t n)
{
	struct target target;
	char *colon, *port;
	uint16_t number;

	if (n == 2) {
		port = operand[1];
	} else {
		colon = n == 1 ? strrchr(operand[0], ':') : NULL;
		if (colon == NULL || (operand[0][0] != '[' &&
		    strchr(operand[0], ':') != colon))
			return false; /* no port, or an address alone */
		*colon = '\0';
		port = colon + 1;
	}
	if (*port == '\0' || strlen(port) >= sizeof(c->wrong) ||
	    port_parse(&number, port) ||
	    !target_parse(&target, operand[0], "1"))
		return false;
	strcpy(c->wrong, port);
	return true;
}

static bool
read_path(struct command *c, char **operand, size_t n)
{
	return n == 1 && !c->v4 && !c->v6 &&
	    target_parse(&c->target, operand[0], NULL) &&
	    c->target.form == TARGET_PATH;
}

/* Options stand anywhere before `--`, as getopt(3) of GNU has it. */
static enum command_error
read_arguments(struct command *c, struct words *w)
{
	enum command_error error;
	char *operand[COMMAND_WORDS], *word;
	bool path = false, plain = false;
	size_t n = 0;

	while ((word = next_word(w)) != NULL) {
		if (plain || *word != '-' || word[1] == '\0') {
			operand[n++] = word;
		} else if (strcmp(word, "--") == 0) {
			plain = true;
		} else {
			error = is_ticket(word)
			    ? read_ticket(c, w, word)
			    : read_options(c, w, word, &path);
			if (error != COMMAND_OK)
				return error;
		}
	}
	if (c->v4 && c->v6)
		return COMMAND_MALFORMED;
	if (path ? read_path(c, operand, n) : read_target(c, operand, n))
		return COMMAND_OK;
	return !path && port_is_wrong(c, operand, n) ? COMMAND_PORT
						     : COMMAND_MALFORMED;
}

/* A number and one of s m h d, as in a policy. */
static bool
read_duration(uint32_t *seconds, const char *word)
{
	static const char units[] = "smhd";
	static const uint32_t of[] = {1, 60, 3600, 86400};
	char number[8];
	size_t n = strlen(word);
	const char *unit;
	uint64_t value;

	if (n < 2 || n > sizeof(number))
		return false;
	unit = strchr(units, word[n - 1]);
	memcpy(number, word, n - 1);
	number[n - 1] = '\0';
	if (unit == NULL || !number_parse(&value, number, 1, COMMAND_LONGEST))
		return false;
	value *= of[unit - units];
	*seconds = (uint32_t)value;
	return value <= COMMAND_LONGEST;
}

static bool
read_text(char *to, size_t size, const char *word)
{
	size_t n = word == NULL ? 0 : strlen(word);

	while (n > 0 && word[n - 1] == ' ')
		n--;
	if (n == 0 || n >= size || (n == 1 && *word == '-'))
		return false;
	memcpy(to, word, n);
	to[n] = '\0';
	return true;
}

/* An option of request, and its value. */
static enum command_error
read_wish(struct command *c, const char *word, char **rest)
{
	const char *value = strtok_r(NULL, " ", rest);

	if (value == NULL)
		return COMMAND_MALFORMED;
	if (strcmp(word, "--ticket") == 0 && *c->ticket == '\0')
		return set_ticket(c, value);
	return strcmp(word, "--for") == 0 && c->seconds == 0 &&
		read_duration(&c->seconds, value)
	    ? COMMAND_OK
	    : COMMAND_MALFORMED;
}

/* NAME[:PORT], options, and all that follows: the reason. */
static enum command_error
read_request(struct command *c, char *text)
{
	char *rest, *name = NULL, *word = strtok_r(text, " ", &rest);
	enum command_error error;

	while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
		if (strncmp(word, "--", 2) == 0) {
			error = read_wish(c, word, &rest);
			if (error != COMMAND_OK)
				return error;
		} else if (name == NULL) {
			name = word;
		} else {
			break;
		}
	}
	if (word == NULL)
		return COMMAND_MALFORMED;
	if (*rest != '\0')
		word[strlen(word)] = ' ';
	if (!read_text(c->reason, sizeof(c->reason), word))
		return COMMAND_MALFORMED;
	if (read_target(c, &name, 1))
		return COMMAND_OK;
	return port_is_wrong(c, &name, 1) ? COMMAND_PORT : COMMAND_MALFORMED;
}

bool
command_login(const char *login)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t n = strspn(login, letters);

	return n > 0 && n < COMMAND_LOGIN && login[n] == '\0' &&
	    *login != '-';
}

/* [LOGIN@]NAME[:PORT] */
static enum command_error
read_place(struct command *c, char *word)
{
	char *at = strchr(word, '@');

	if (at != NULL) {
		*at = '\0';
		if (!command_login(word))
			return COMMAND_MALFORMED;
		strcpy(c->login, word);
		word = at + 1;
	}
	if (read_target(c, &word, 1))
		return COMMAND_OK;
	return port_is_wrong(c, &word, 1) ? COMMAND_PORT : COMMAND_MALFORMED;
}

/* [--ticket ID] [LOGIN@]NAME[:PORT], and all that follows: what to run. */
static enum command_error
read_ssh(struct command *c, char *text)
{
	struct words none = {.n = 0};
	char *rest, *word;
	enum command_error error;

	strtok_r(text, " ", &rest);
	word = strtok_r(NULL, " ", &rest);
	if (word != NULL && is_ticket(word)) {
		if (strchr(word, '=') == NULL)
			none.word[none.n++] = strtok_r(NULL, " ", &rest);
		error = read_ticket(c, &none, word);
		if (error != COMMAND_OK)
			return error;
		word = strtok_r(NULL, " ", &rest);
	}
	if (word == NULL)
		return COMMAND_MALFORMED;
	if (*word == '-')
		return COMMAND_OPTION;
	rest += strspn(rest, " ");
	if (*rest == '-')
		return COMMAND_MALFORMED;
	strcpy(c->remote, rest);
	return read_place(c, word);
}

/* Letters as they are read out: capitals too. */
static enum command_error
read_id(struct command *c, const char *word)
{
	size_t n = strlen(word);

	if (n >= sizeof(c->id))
		return COMMAND_MALFORMED;
	for (size_t i = 0; i <= n; i++)
		c->id[i] = word[i] >= 'A' && word[i] <= 'Z'
		    ? (char)(word[i] - 'A' + 'a')
		    : word[i];
	return strspn(c->id, "abcdefghijklmnopqrstuvwxyz234567") == n
	    ? COMMAND_OK
	    : COMMAND_MALFORMED;
}

/* ID, --text ID or --signed. */
static enum command_error
read_answer(struct command *c, struct words *w)
{
	const char *word = next_word(w);

	if (word != NULL && c->verb == COMMAND_APPROVE) {
		if (strcmp(word, "--signed") == 0)
			c->form = FORM_SIGNED;
		else if (strcmp(word, "--text") == 0)
			c->form = FORM_TEXT;
		if (c->form != FORM_PLAIN)
			word = next_word(w);
	}
	if (next_word(w) != NULL ||
	    (word == NULL) != (c->form == FORM_SIGNED))
		return COMMAND_MALFORMED;
	return word == NULL ? COMMAND_OK : read_id(c, word);
}

/* [--format openssh|ansible] [--jump NAME] */
static enum command_error
read_config(struct command *c, struct words *w)
{
	const char *word, *value;
	bool format = false;

	while ((word = next_word(w)) != NULL) {
		value = next_word(w);
		if (value == NULL)
			return COMMAND_MALFORMED;
		if (strcmp(word, "--jump") == 0 && *c->jump == '\0' &&
		    hostname_valid(value)) {
			strcpy(c->jump, value);
		} else if (strcmp(word, "--format") == 0 && !format &&
		    (strcmp(value, "openssh") == 0 ||
			strcmp(value, "ansible") == 0)) {
			format = true;
			c->format = *value == 'a' ? FORMAT_ANSIBLE
						  : FORMAT_OPENSSH;
		} else {
			return COMMAND_MALFORMED;
		}
	}
	return COMMAND_OK;
}

/* [-v] */
static enum command_error
read_who(struct command *c, struct words *w)
{
	const char *word = next_word(w);

	c->network = word != NULL && strcmp(word, "-v") == 0;
	return w->n == 1u + c->network ? COMMAND_OK : COMMAND_MALFORMED;
}

enum command_error
command_parse(struct command *c, const char *request)
{
	const struct verb *verb;
	struct words w = {.n = 0};
	char text[COMMAND_TEXT + 1], *word;

	memset(c, 0, sizeof(*c));
	c->verb = COMMAND_MENU;
	if (request == NULL)
		return COMMAND_OK;
	if (!text_is_plain(request))
		return COMMAND_UNKNOWN;
	strcpy(text, request);
	split_words(&w, text);
	word = next_word(&w);
	if (word == NULL)
		return COMMAND_OK;
	verb = find_verb(word);
	if (verb == NULL)
		return COMMAND_UNKNOWN;
	c->verb = verb->verb;
	if (c->verb == COMMAND_REQUEST)
		return read_request(c, strcpy(text, request));
	if (c->verb == COMMAND_SSH)
		return read_ssh(c, strcpy(text, request));
	if (w.n > COMMAND_WORDS)
		return COMMAND_MALFORMED;
	switch (c->verb) {
	case COMMAND_CONNECT:
	case COMMAND_WHY:
		return read_arguments(c, &w);
	case COMMAND_APPROVE:
	case COMMAND_REFUSE:
		return read_answer(c, &w);
	case COMMAND_KNOWN_HOSTS:
		return w.n == 1 ||
			(w.n == 2 && read_target(c, &w.word[1], 1))
		    ? COMMAND_OK
		    : COMMAND_MALFORMED;
	case COMMAND_CONFIG:
		return read_config(c, &w);
	case COMMAND_WHO:
		return read_who(c, &w);
	default:
		return w.n == 1 ? COMMAND_OK : COMMAND_MALFORMED;
	}
}

enum command_error
command_default_ticket(struct command *c, const char *ticket)
{
	if (ticket == NULL || *ticket == '\0' || c->ticket[0] != '\0' ||
	    c->verb == COMMAND_WHO ||
	    (c->verb >= COMMAND_REQUESTS && c->verb != COMMAND_SSH))
		return COMMAND_OK;
	return set_ticket(c, ticket);
}

/* Whether a forced command is this program, and as whom. */
static bool
is_self(const char *string, const char *self, const char **id)
{
	size_t n = strlen(self);

	if (strncmp(string, self, n) != 0)
		return false;
	if (string[n] == '\0')
		return true;
	if (strncmp(string + n, " --id=", 6) != 0)
		return false;
	*id = string + n + 6;
	return true;
}

bool
command_source(int argc, char **argv, const char *original, const char *self,
    const char **request, const char **id)
{
	const char *string = NULL;
	int i;

	*id = NULL;
	for (i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--id=", 5) == 0 && *id == NULL)
			*id = argv[i] + 5;
		else if (strcmp(argv[i], "-c") == 0 && string == NULL &&
		    i + 1 < argc)
			string = argv[++i];
		else
			return false;
	}
	*request = original;
	if (string != NULL && !is_self(string, self, id) && original == NULL)
		*request = string;
	return true;
}

bool
command_ends(struct addr ends[2], uint16_t ports[2], const char *connection)
{
	char text[COMMAND_TEXT + 1];
	struct words w = {.n = 0};

	if (connection == NULL || !text_is_plain(connection))
		return false;
	strcpy(text, connection);
	split_words(&w, text);
	return w.n == 4 && addr_parse(&ends[0], w.word[0]) &&
	    port_parse(&ports[0], w.word[1]) &&
	    addr_parse(&ends[1], w.word[2]) && port_parse(&ports[1], w.word[3]);
}

bool
command_from(struct addr *from, const char *connection)
{
	struct addr ends[2];
	uint16_t ports[2];
	bool good = command_ends(ends, ports, connection);

	if (good)
		*from = ends[0];
	return good;
}

bool
command_server(struct addr *server, uint16_t *port, const char *connection)
{
	struct addr ends[2];
	uint16_t ports[2];
	bool good = command_ends(ends, ports, connection);

	if (good) {
		*server = ends[1];
		*port = ports[1];
	}
	return good;
}

const char *
command_error_reason(enum command_error error)
{
	static const char *const reasons[] = {
	    [COMMAND_OK] = "no error",
	    [COMMAND_UNKNOWN] = "no such request",
	    [COMMAND_OPTION] = "option not permitted",
	    [COMMAND_PORT] = "no port",
	    [COMMAND_TICKET] = "not a ticket",
	    [COMMAND_MALFORMED] = "malformed request",
	};

	return reasons[error];
}

static const char *
usage_text(enum command_verb verb)
{
	switch (verb) {
	case COMMAND_CONNECT:
		return "usage: connect [-46] [-w SECONDS] [--ticket ID] "
		       "HOST PORT, HOST:PORT or -U PATH.";
	case COMMAND_WHY:
		return "usage: why [--ticket ID] HOST, HOST PORT, HOST:PORT or -U PATH.";
	case COMMAND_LIST:
		return "usage: list.";
	case COMMAND_WHO:
		return "usage: who [-v].";
	case COMMAND_REQUEST:
		return "usage: request HOST[:PORT] [--for 2h] [--ticket ID] "
		       "REASON, of at most 200 characters.";
	case COMMAND_REQUESTS:
		return "usage: requests.";
	case COMMAND_APPROVE:
		return "usage: approve ID, approve --text ID, or "
		       "approve --signed with the signed text as input.";
	case COMMAND_REFUSE:
		return "usage: refuse ID.";
	case COMMAND_SSH:
		return "usage: ssh [--ticket ID] [LOGIN@]HOST[:PORT] "
		       "[COMMAND]; a LOGIN is 1 to 32 letters, digits and "
		       ". _ -.";
	case COMMAND_KNOWN_HOSTS:
		return "usage: known_hosts [HOST[:PORT]].";
	case COMMAND_REGISTER:
		return "usage: register.";
	case COMMAND_CONFIG:
		return "usage: config [--format openssh|ansible] "
		       "[--jump NAME].";
	default:
		return "usage: help.";
	}
}

const char *
command_error_text(enum command_error error, const struct command *c,
    char buf[COMMAND_SENTENCE])
{
	switch (error) {
	case COMMAND_OK:
		return "nothing is wrong.";
	case COMMAND_OPTION:
		if (c->verb == COMMAND_SSH)
			return "no option of ssh(1) is permitted here; "
			       "--ticket is.";
		return "this option is not permitted here; -4, -6, -w, -U "
		       "and --ticket are.";
	case COMMAND_PORT:
		snprintf(buf, COMMAND_SENTENCE, "%s is no port (1 to 65535).",
		    c->wrong);
		return buf;
	case COMMAND_TICKET:
		return "a ticket is 1 to 64 letters, digits and . _ : / # -.";
	case COMMAND_MALFORMED:
		return usage_text(c->verb);
	case COMMAND_UNKNOWN:
		break;
	}
	return "only what `help' lists can be run here; use "
	       "scp, sftp and rsync through this host with ProxyJump.";
}
