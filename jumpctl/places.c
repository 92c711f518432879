/* SPDX-License-Identifier: ISC */
#include "places.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "foreign.h"
#include "pubkey.h"

enum { RAW_MAX = 8192, SSH_PORT = 22, HOSTS_A_LINE = 32 };

static const char blanks[] = " \t\r";

static char *
cut_word(char **line)
{
	char *word = *line + strspn(*line, blanks);

	*line = word + strcspn(word, blanks);
	if (**line != '\0')
		*(*line)++ = '\0';
	return word;
}

bool
place_valid(char *host)
{
	struct addr a;
	bool letter = false;

	if (addr_parse(&a, host))
		return true;
	for (char *c = host; *c != '\0'; c++) {
		*c = (char)tolower((unsigned char)*c);
		letter = letter || (*c >= 'a' && *c <= 'z');
	}
	return letter && hostname_valid(host) && strstr(host, "..") == NULL &&
	    host[strlen(host) - 1] != '.';
}

/*
 * known_hosts.
 */
enum known
known_parse(struct known_line *k, char *line)
{
	uint8_t raw[RAW_MAX];
	size_t size;

	line += strspn(line, blanks);
	if (*line == '\0' || *line == '#')
		return KNOWN_NONE;
	if (*line == '@')
		return KNOWN_MARKED;
	k->hosts = cut_word(&line);
	k->type = cut_word(&line);
	k->blob = cut_word(&line);
	if (pubkey_decode(k->type, k->blob, raw, sizeof(raw), &size) !=
	    PUBKEY_OK)
		return KNOWN_NONE;
	return *k->hosts == '|' ? KNOWN_HASHED : KNOWN_PLAIN;
}

bool
known_next(char **hosts, struct opening *o)
{
	char *word;

	while ((word = strsep(hosts, ",")) != NULL) {
		if (*word == '[') {
			if (!opening_parse(o, word))
				continue;
		} else {
			if (strlen(word) >= sizeof(o->host))
				continue;
			strcpy(o->host, word);
			o->port = SSH_PORT;
		}
		if (o->port != 0 && place_valid(o->host))
			return true;
	}
	return false;
}

/*
 * ssh_config.
 */
struct client {
	char *names[HOSTS_A_LINE]; /* of the Host line that is read now */
	size_t n;
	char *host; /* HostName */
	uint16_t port;
	bool through, decided; /* whether a proxy was named: the first counts */
	void (*each)(void *arg, const struct client_host *);
	void *arg;
};

/* HostName, where %h is the name; false if it is no place. */
static bool
expand(const char *host, const char *name, char *buf, size_t size)
{
	size_t n = 0;

	for (; *host != '\0' && n < size; host++) {
		const char *put = NULL;

		if (host[0] == '%' && host[1] == 'h')
			put = name;
		else if (host[0] == '%' && host[1] == '%')
			put = "%";
		else if (host[0] == '%')
			return false;
		host += put != NULL;
		n += (size_t)snprintf(buf + n, size - n, "%.*s",
		    put == NULL ? 1 : (int)strlen(put),
		    put == NULL ? host : put);
	}
	return n > 0 && n < size && place_valid(buf);
}

/* Tell of the Host line that ends here. */
static void
end_hosts(struct client *c)
{
	for (size_t i = 0; i < c->n; i++) {
		struct client_host h = {
		    .name = c->names[i], .through = c->through};

		h.place.port = c->port == 0 ? SSH_PORT : c->port;
		if (place_valid(c->names[i]) &&
		    expand(c->host == NULL ? c->names[i] : c->host, c->names[i],
			h.place.host, sizeof(h.place.host)))
			c->each(c->arg, &h);
	}
	c->n = 0;
	c->host = NULL;
	c->port = 0;
	c->through = c->decided = false;
}

/* The next word of a line, without the quotes around it; NULL at the end. */
static char *
next_word(char **line)
{
	char *word;

	*line += strspn(*line, blanks);
	if (**line == '\0' || **line == '#')
		return NULL;
	if (**line != '"')
		return cut_word(line);
	word = ++*line;
	*line += strcspn(*line, "\"");
	if (**line != '\0')
		*(*line)++ = '\0';
	return word;
}

static void
begin_hosts(struct client *c, char *line)
{
	char *word;

	end_hosts(c);
	while ((word = next_word(&line)) != NULL) {
		if (c->n < HOSTS_A_LINE && strpbrk(word, "*?!%") == NULL)
			c->names[c->n++] = word;
	}
}

static void
set_value(struct client *c, const char *keyword, char *value)
{
	if (strcasecmp(keyword, "HostName") == 0 && c->host == NULL)
		c->host = value;
	else if (strcasecmp(keyword, "Port") == 0 && c->port == 0)
		port_parse(&c->port, value);
	else if ((strcasecmp(keyword, "ProxyJump") == 0 ||
		     strcasecmp(keyword, "ProxyCommand") == 0) &&
	    !c->decided) {
		c->decided = true;
		c->through = strcasecmp(value, "none") != 0;
	}
}

void
client_parse(char *text, void (*each)(void *, const struct client_host *),
    void (*include)(void *, const char *), void *arg)
{
	struct client c = {.each = each, .arg = arg};
	char *line, *keyword, *value;

	while ((line = foreign_line(&text)) != NULL) {
		keyword = line + strspn(line, blanks);
		if (*keyword == '#' || *keyword == '\0')
			continue;
		line = keyword + strcspn(keyword, " \t\r=");
		if (*line != '\0')
			*line++ = '\0';
		line += strspn(line, " \t\r=");
		if (strcasecmp(keyword, "Host") == 0) {
			begin_hosts(&c, line);
			continue;
		}
		if (strcasecmp(keyword, "Match") == 0)
			end_hosts(&c);
		value = next_word(&line);
		if (value == NULL)
			continue;
		if (strcasecmp(keyword, "Include") != 0)
			set_value(&c, keyword, value);
		for (; include != NULL && value != NULL &&
		     strcasecmp(keyword, "Include") == 0;
		     value = next_word(&line))
			include(arg, value);
	}
	end_hosts(&c);
}
