/* SPDX-License-Identifier: ISC */
#include "authorized.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pubkey.h"

#define TIME_LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

enum { RAW_MAX = 8192, VALUE_MAX = 8192, TUNNEL_MAX = 2147483645 };

static const char blanks[] = " \t";

/*
 * Values.
 */
bool
opening_parse(struct opening *o, const char *text)
{
	const char *end = strrchr(text, ':'), *host = text;
	size_t size;
	uint16_t port = 0;

	if (end == NULL)
		return false;
	if (strcmp(end + 1, "*") != 0 && !port_parse(&port, end + 1))
		return false;
	size = (size_t)(end - host);
	if (*host == '[') {
		if (size < 2 || memchr(host, ']', size) != end - 1)
			return false;
		host++;
		size -= 2;
	} else if (strcspn(host, ":/") != size) {
		return false;
	}
	if (size == 0 || size >= sizeof(o->host))
		return false;
	snprintf(o->host, sizeof(o->host), "%.*s", (int)size, host);
	o->port = port;
	return true;
}

bool
opening_both(
    struct opening *both, const struct opening *a, const struct opening *b)
{
	bool any = strcmp(a->host, "*") == 0;

	if (!any && strcmp(b->host, "*") != 0 && strcmp(a->host, b->host) != 0)
		return false;
	if (a->port != 0 && b->port != 0 && a->port != b->port)
		return false;
	*both = any ? *b : *a;
	both->port = a->port != 0 ? a->port : b->port;
	return true;
}

/* A.*, A.B.* or A.B.C.*: the network of it. */
static bool
net_of_octets(struct net *net, const char *text)
{
	char whole[ADDR_TEXT + 4];
	size_t size = strlen(text), dots = 0;

	if (size < 3 || size > 13 || strcmp(text + size - 2, ".*") != 0)
		return false;
	for (const char *c = text; *c != '\0'; c++)
		dots += *c == '.';
	if (dots > 3)
		return false;
	snprintf(whole, sizeof(whole), "%.*s%s/%zu", (int)(size - 2), text,
	    dots == 1	    ? ".0.0.0"
		: dots == 2 ? ".0.0"
			    : ".0",
	    dots * 8);
	return net_parse(net, whole) == NET_OK;
}

/*
 * Whether sshd reads a word of from= otherwise: bits beyond its length void
 * all of from=, and a mapped network holds no IPv4 client.
 */
static bool
is_odd_net(const char *word)
{
	struct net net;
	bool good = net_parse(&net, word) == NET_OK;

	return good ? strchr(word, ':') != NULL && addr_is_v4(&net.addr)
		    : strchr(word, '/') != NULL;
}

enum from
authorized_from(const char *text, struct net nets[FROM_MAX], size_t *n)
{
	enum from result = FROM_EXACT;
	bool any = false;
	char word[256];

	for (*n = 0;; text++) {
		size_t size = strcspn(text, ",");

		if (size == 0 || size >= sizeof(word) || *text == '!')
			return FROM_NOT;
		snprintf(word, sizeof(word), "%.*s", (int)size, text);
		if (*n == FROM_MAX || is_odd_net(word))
			return FROM_NOT;
		if (strcmp(word, "*") == 0)
			any = true;
		else if (net_parse(&nets[*n], word) == NET_OK ||
		    net_of_octets(&nets[*n], word))
			++*n;
		else
			result = FROM_LESS;
		text += size;
		if (*text == '\0')
			break;
	}
	if (any) {
		*n = 0;
		return FROM_EXACT;
	}
	return *n == 0 ? FROM_NOT : result;
}

/* Two digits at least; the number they are, or -1. */
static int
digits(const char *text, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

bool
authorized_time(time_t *when, const char *text)
{
	size_t size = strspn(text, "0123456789");
	const char *zone = text + size;
	bool utc = strcasecmp(zone, "Z") == 0 || strcasecmp(zone, "UTC") == 0;
	struct tm tm = {0}; /* never summer time, to sshd */
	time_t t;

	if ((size != 8 && size != 12 && size != 14) || (!utc && *zone != '\0'))
		return false;
	tm.tm_year = digits(text, 4) - 1900;
	tm.tm_mon = digits(text + 4, 2) - 1;
	tm.tm_mday = digits(text + 6, 2);
	if (size >= 12) {
		tm.tm_hour = digits(text + 8, 2);
		tm.tm_min = digits(text + 10, 2);
	}
	if (size == 14)
		tm.tm_sec = digits(text + 12, 2);
	if (tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 ||
	    tm.tm_sec > 60)
		return false;
	t = utc ? timegm(&tm) : mktime(&tm);
	if (t <= 0)
		return false;
	*when = t < TIME_LAST ? t : TIME_LAST;
	return true;
}

/*
 * Options.
 */

/* Skip a flag, no-FLAG too if it can be; -1 if it is another one. */
static int
flag(const char **at, const char *name, bool negated)
{
	const char *text = *at;
	size_t size = strlen(name);
	int value = 1;

	if (negated && strncasecmp(text, "no-", 3) == 0) {
		text += 3;
		value = 0;
	}
	if (strncasecmp(text, name, size) != 0 ||
	    strchr(", \t", text[size]) == NULL)
		return -1;
	*at = text + size;
	return value;
}

/* Skip NAME="VALUE" and copy the value; -1 other name, 0 wrong, 1 done. */
static int
value_of(const char **at, const char *name, char value[VALUE_MAX])
{
	size_t size = strlen(name), n = 0;
	const char *text = *at;

	if (strncasecmp(text, name, size) != 0 || text[size] != '=')
		return -1;
	text += size + 1;
	if (*text++ != '"')
		return 0;
	for (; *text != '"'; text++) {
		if (text[0] == '\\' && text[1] == '"')
			text++;
		if (*text == '\0' || n + 1 == VALUE_MAX)
			return 0;
		value[n++] = *text;
	}
	value[n] = '\0';
	*at = text + 1;
	return 1;
}

/* One of the options without a value; false if it is none of them. */
static bool
read_flag(struct authorized *a, const char **at)
{
	static const char *const others[] = {
	    "agent-forwarding", "x11-forwarding", "pty", "user-rc"};
	int is;

	if (flag(at, "restrict", false) != -1)
		a->forwards = false;
	else if (flag(at, "cert-authority", false) != -1)
		a->ca = true;
	else if ((is = flag(at, "port-forwarding", true)) != -1)
		a->forwards = is;
	else if ((is = flag(at, "touch-required", true)) != -1)
		a->no_touch = !is;
	else if ((is = flag(at, "verify-required", true)) != -1)
		a->verify = is;
	else {
		for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
			if (flag(at, others[i], true) != -1)
				return true;
		}
		return false;
	}
	return true;
}

static enum authorized_error
add_opening(struct authorized *a, const char *value)
{
	struct opening *more;

	if (a->nopens == OPENINGS_MAX)
		return AUTHORIZED_MANY;
	more = reallocarray(a->opens, a->nopens + 1, sizeof(*more));
	if (more == NULL)
		return AUTHORIZED_MANY;
	a->opens = more;
	if (!opening_parse(&more[a->nopens], value))
		return AUTHORIZED_OPTIONS;
	a->nopens++;
	return AUTHORIZED_OK;
}

/* permitlisten: HOST:PORT, or a port alone. */
static bool
is_listen(const char *value)
{
	char text[VALUE_MAX + 2];
	struct opening o;

	snprintf(text, sizeof(text), "%s%s",
	    strchr(value, ':') == NULL ? "*:" : "", value);
	return opening_parse(&o, text);
}

/* environment: NAME=VALUE. */
static bool
is_variable(const char *value)
{
	size_t size = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789_");

	return size > 0 && value[size] == '=';
}

/* tunnel: the number of a device, or any. */
static bool
is_tunnel(const char *value)
{
	size_t size = strspn(value, "0123456789");

	if (strcasecmp(value, "any") == 0)
		return true;
	return size > 0 && size <= 10 && value[size] == '\0' &&
	    strtoull(value, NULL, 10) <= TUNNEL_MAX;
}

/* What gives nothing that is carried over, but has to be right for sshd. */
static enum authorized_error
take_rest(bool *has, bool right)
{
	*has = true;
	return right ? AUTHORIZED_OK : AUTHORIZED_OPTIONS;
}

/* from: what stands there is judged later. */
static enum authorized_error
take_from(struct authorized *a, const char *value)
{
	if (a->from != NULL)
		return AUTHORIZED_OPTIONS;
	a->from = strdup(value);
	return a->from == NULL ? AUTHORIZED_MANY : AUTHORIZED_OK;
}

/* Of several, the first to come counts. */
static enum authorized_error
take_expiry(struct authorized *a, const char *value)
{
	time_t when;

	if (!authorized_time(&when, value))
		return AUTHORIZED_OPTIONS;
	if (a->expires == 0 || when < a->expires)
		a->expires = when;
	return AUTHORIZED_OK;
}

/* One of the options with a value. */
static enum authorized_error
read_value(struct authorized *a, const char **at)
{
	static const char *const names[] = {"command", "principals", "from",
	    "expiry-time", "environment", "permitopen", "permitlisten",
	    "tunnel"};
	char value[VALUE_MAX];
	size_t i;
	int is = -1;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && is == -1; i++)
		is = value_of(at, names[i], value);
	if (is != 1)
		return AUTHORIZED_OPTIONS;
	switch (i - 1) {
	case 0:
		is = !a->command;
		a->command = true;
		return is ? AUTHORIZED_OK : AUTHORIZED_OPTIONS;
	case 1:
		is = !a->principals;
		a->principals = true;
		return is ? AUTHORIZED_OK : AUTHORIZED_OPTIONS;
	case 2:
		return take_from(a, value);
	case 3:
		return take_expiry(a, value);
	case 5:
		return add_opening(a, value);
	case 4:
		return take_rest(&a->variables, is_variable(value));
	case 6:
		return take_rest(&a->listens, is_listen(value));
	default:
		return take_rest(&a->variables, is_tunnel(value));
	}
}

/* The options end at a blank outside of quotes. */
static enum authorized_error
read_options(struct authorized *a, const char *text)
{
	enum authorized_error error = AUTHORIZED_OK;

	for (; error == AUTHORIZED_OK; text++) {
		if (!read_flag(a, &text))
			error = read_value(a, &text);
		if (error != AUTHORIZED_OK || *text == '\0')
			return error;
		if (*text != ',' || text[1] == '\0')
			error = AUTHORIZED_OPTIONS;
	}
	return error;
}

/* Where the options end; quotes may hold blanks. */
static char *
past_options(char *line)
{
	bool quoted = false;

	for (; *line != '\0' && (quoted || strchr(blanks, *line) == NULL);
	     line++) {
		if (line[0] == '\\' && line[1] == '"')
			line++;
		else if (*line == '"')
			quoted = !quoted;
	}
	return quoted ? NULL : line;
}

/*
 * Lines.
 */
static bool
is_type(const char *line)
{
	char word[64];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(line, blanks), line);
	return pubkey_known(word) || strcmp(word, "ssh-dss") == 0 ||
	    strstr(word, "-cert-v01@") != NULL;
}

/* Cut off the first word of what is left; "" if there is none. */
static char *
cut_word(char **line)
{
	char *word = *line + strspn(*line, blanks);

	*line = word + strcspn(word, blanks);
	if (**line != '\0')
		*(*line)++ = '\0';
	return word;
}

static enum authorized_error
read_key(struct authorized *a, char *line)
{
	uint8_t raw[RAW_MAX];
	size_t size;

	a->type = cut_word(&line);
	a->blob = cut_word(&line);
	a->comment = line + strspn(line, blanks);
	if (strcmp(a->type, "ssh-dss") == 0)
		return AUTHORIZED_DSA;
	return pubkey_decode(a->type, a->blob, raw, sizeof(raw), &size) ==
		PUBKEY_OK
	    ? AUTHORIZED_OK
	    : AUTHORIZED_KEY;
}

enum authorized_error
authorized_parse(struct authorized *a, char *line)
{
	enum authorized_error error = AUTHORIZED_OK, key;
	char *end;

	memset(a, 0, sizeof(*a));
	a->forwards = true;
	line += strspn(line, blanks);
	line[strcspn(line, "\r\n")] = '\0';
	if (*line == '\0' || *line == '#')
		return AUTHORIZED_BLANK;
	if (!is_type(line)) {
		end = past_options(line);
		if (end == NULL)
			return AUTHORIZED_OPTIONS;
		if (*end == '\0' || !is_type(end + strspn(end, blanks)))
			return AUTHORIZED_KEY;
		*end++ = '\0';
		error = read_options(a, line);
		line = end;
	}
	key = read_key(a, line);
	error = error == AUTHORIZED_OK ? key : error;
	if (error != AUTHORIZED_OK)
		authorized_free(a);
	return error;
}

void
authorized_free(struct authorized *a)
{
	free(a->from);
	free(a->opens);
	a->from = NULL;
	a->opens = NULL;
	a->nopens = 0;
}
