/* SPDX-License-Identifier: ISC */
/*
 * The lines of sshd(8) that tell who came, and where to.  Names of accounts
 * that do not exist, key ids of certificates and names of targets are what
 * somebody typed: each line is read from the end that they cannot reach.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "match.h"

/* What follows a beginning, or NULL. */
static char *
after(char *s, const char *beginning)
{
	size_t n = strlen(beginning);

	return strncmp(s, beginning, n) == 0 ? s + n : NULL;
}

/* The last occurrence, or NULL. */
static char *
last(char *s, const char *text)
{
	char *found = NULL, *at = s;

	for (; (at = strstr(at, text)) != NULL; at++)
		found = at;
	return found;
}

static bool
is_address(const char *text)
{
	struct addr a;

	return addr_parse(&a, text);
}

/* A number up to what follows it, or to the end if that is NULL. */
static bool
number(char *s, const char *following, uint64_t max, unsigned *n)
{
	size_t size = strspn(s, "0123456789");
	uint64_t value;
	char end = s[size];

	if (following == NULL
		? end != '\0'
		: strncmp(s + size, following, strlen(following)) != 0)
		return false;
	s[size] = '\0';
	if (!number_parse(&value, s, 0, max))
		return false;
	s[size] = end;
	*n = (unsigned)value;
	return true;
}

/* "ADDRESS port N", all of it. */
static bool
address_port(char *s, const char **from)
{
	char *port = strstr(s, " port ");
	unsigned n;

	if (port == NULL || !number(port + 6, NULL, PORT_MAX, &n))
		return false;
	*port = '\0';
	*from = s;
	if (is_address(s))
		return true;
	*port = ' ';
	return false;
}

/* "ACCOUNT SEP ADDRESS port N", read from the end. */
static bool
account_address(char *s, const char *separator, struct sshd_line *l)
{
	char *port = last(s, " port "), *at;

	if (port == NULL)
		return false;
	*port = '\0';
	at = last(s, separator);
	*port = ' ';
	if (at == NULL || !address_port(at + strlen(separator), &l->from))
		return false;
	*at = '\0';
	l->account = s;
	return true;
}

/* "ssh2: ED25519 SHA256:..." and what may follow; without a key it is none. */
static void
find_key(char *s, struct sshd_line *l)
{
	char *key = strstr(s, " SHA256:");

	if (key == NULL || strcspn(s, " ") != (size_t)(key - s))
		return;
	l->key = ++key;
	key[strcspn(key, " ")] = '\0';
}

/*
 * "METHOD for ACCOUNT from ADDRESS port N ssh2: TYPE KEY ...".  The account
 * is there, so its name has no such text; the id of a certificate may.
 */
static bool
accepted(char *s, struct sshd_line *l)
{
	char *at, *end;

	s = strstr(s, " for ");
	if (s == NULL)
		return false;
	s += 5;
	at = strstr(s, " from ");
	end = at == NULL ? NULL : strstr(at, " ssh2");
	if (end == NULL)
		return false;
	*end = '\0';
	*at = '\0';
	l->kind = SSHD_ACCEPTED;
	l->account = s;
	end += 5;
	if (*end == ':' && end[1] == ' ')
		find_key(end + 2, l);
	return address_port(at + 6, &l->from);
}

/* The same of a login that failed. */
static bool
failed(char *s, struct sshd_line *l)
{
	if (strstr(s, " for invalid user ") != NULL || !accepted(s, l))
		return false;
	l->kind = SSHD_FAILED;
	return true;
}

static bool
child(char *s, struct sshd_line *l)
{
	unsigned n;

	l->kind = SSHD_CHILD;
	if (!number(s, NULL, INT32_MAX, &n))
		return false;
	l->pid = (pid_t)n;
	return n > 0;
}

/* "HOST port N" and what follows. */
static bool
target(char *s, const char *following, struct sshd_line *l)
{
	char *port = last(s, " port ");

	if (port == NULL || !number(port + 6, following, PORT_MAX, &l->port))
		return false;
	*port = '\0';
	l->target = s;
	return true;
}

/* "originator A port P, target H port P" */
static bool
originator(char *s, enum sshd_kind kind, struct sshd_line *l)
{
	l->kind = kind;
	s = last(s, ", target ");
	return s != NULL && target(s + 9, NULL, l);
}

/* The same to a path. */
static bool
refused_path(char *s, struct sshd_line *l)
{
	l->kind = SSHD_DENIED;
	s = last(s, ", target ");
	if (s == NULL || s[9] == '\0')
		return false;
	l->target = s + 9;
	return true;
}

/* Of a login that has no right to any forward. */
static bool
refused(char *s, struct sshd_line *l)
{
	return originator(s, SSHD_DENIED, l);
}

static bool
asked(char *s, struct sshd_line *l)
{
	char *no = after(s, "refused local port forward: ");

	return no != NULL ? refused(no, l) : originator(s, SSHD_ASKED, l);
}

static bool
asked_path(char *s, struct sshd_line *l)
{
	s = after(s, "refused streamlocal port forward: ");
	return s != NULL && refused_path(s, l);
}

/*
 * "host H port P, but the request was denied.", or "path "PATH", but ...": of
 * listening.  H is "" for all addresses.
 */
static bool
unheard(char *s, struct sshd_line *l)
{
	char *host = after(s, "host "), *path = after(s, "path \""), *end;

	l->kind = SSHD_UNHEARD;
	if (host != NULL)
		return target(host, ", but the request was denied.", l);
	end = path == NULL ? NULL : last(path, "\", but the request was denied.");
	if (end == NULL)
		return false;
	*end = '\0';
	l->target = path;
	return true;
}

/* "from A port P to connect to host H port P, but the request was denied." */
static bool
denied(char *s, struct sshd_line *l)
{
	char *host, *listens;

	l->kind = SSHD_DENIED;
	s = strstr(s, " port ");
	s = s == NULL ? NULL : strstr(s, " to ");
	if (s == NULL)
		return false;
	host = after(s, " to connect to host ");
	listens = after(s, " to remote forward to ");
	return listens != NULL
	    ? unheard(listens, l)
	    : host != NULL && target(host, ", but the request was denied.", l);
}

/* "Local forwarding listening on HOST port P.", or "on path PATH." */
static bool
listens(char *s, struct sshd_line *l)
{
	char *path;
	size_t n;

	l->kind = SSHD_LISTENS;
	s = after(s, "Local forwarding listening on ");
	if (s == NULL || (n = strlen(s)) < 2 || s[n - 1] != '.')
		return false;
	s[n - 1] = '\0';
	path = after(s, "path ");
	if (path == NULL)
		return target(s, NULL, l);
	l->target = path;
	return true;
}

/* "bind [HOST]:P: REASON", after its "error: " and what LogVerbose adds. */
static bool
unbound(char *s, struct sshd_line *l)
{
	char *end;

	l->kind = SSHD_UNBOUND;
	s = after(s, "bind [");
	end = s == NULL ? NULL : last(s, "]:");
	if (end == NULL || !number(end + 2, ": ", PORT_MAX, &l->port))
		return false;
	*end = '\0';
	l->target = s;
	l->reason = strchr(end + 2, ':') + 2;
	return is_address(s);
}

/* "PATH: REASON" */
static bool
unbound_path(char *s, struct sshd_line *l)
{
	char *end = last(s, ": ");

	l->kind = SSHD_UNBOUND;
	if (end == NULL || end == s)
		return false;
	*end = '\0';
	l->target = s;
	l->reason = end + 2;
	return true;
}

static bool
listens_or_not(char *s, struct sshd_line *l)
{
	return strncmp(s, "bind ", 5) == 0 ? unbound(s, l) : listens(s, l);
}

/* "PATH, but the request was denied." */
static bool
denied_path(char *s, struct sshd_line *l)
{
	char *end = last(s, ", but the request was denied.");

	l->kind = SSHD_DENIED;
	if (end == NULL || end == s)
		return false;
	*end = '\0';
	l->target = s;
	return true;
}

/* "channel N: " */
static char *
channel(char *s, struct sshd_line *l)
{
	s = after(s, "channel ");
	if (s == NULL || !number(s, ": ", UINT32_MAX, &l->channel))
		return NULL;
	return strchr(s, ':') + 2;
}

static bool
connecting(char *s, struct sshd_line *l)
{
	char *text = channel(s, l), *what;

	if (text == NULL)
		return false;
	l->kind = SSHD_CONNECTED;
	what = after(text, "connected to ");
	if (what != NULL)
		return target(what, NULL, l);
	l->kind = SSHD_UNREACHED;
	l->reason = after(text, "connection failed: ");
	return l->reason != NULL;
}

static bool
freed(char *s, struct sshd_line *l)
{
	char *text = channel(s, l);

	l->kind = SSHD_FREED;
	return text != NULL && after(text, "free: direct-tcpip") != NULL;
}

/* "ACCOUNT from ADDRESS not allowed because ..." */
static bool
barred(char *s, struct sshd_line *l)
{
	char *why = strstr(s, " not allowed because "), *at;

	l->kind = SSHD_BARRED;
	if (why == NULL)
		return false;
	*why = '\0';
	at = last(s, " from ");
	if (at == NULL)
		return false;
	*at = '\0';
	l->account = s;
	l->from = at + 6;
	l->reason = why + 1;
	return true;
}

/* "N from [ADDRESS]:PORT on [ADDRESS]:PORT REASON", of who did not even get
 * to say a name. */
static bool
dropped(char *s, struct sshd_line *l)
{
	char *from = strstr(s, " from ["), *end, *why;

	l->kind = SSHD_BARRED;
	end = from == NULL ? NULL : strstr(from, "]:");
	why = end == NULL ? NULL : strstr(end, " on [");
	why = why == NULL ? NULL : strstr(why, "]:");
	why = why == NULL ? NULL : strchr(why, ' ');
	if (why == NULL)
		return false;
	*end = '\0';
	l->from = from + 7;
	l->reason = why + 1;
	return is_address(l->from);
}

static bool
invalid(char *s, struct sshd_line *l)
{
	l->kind = SSHD_INVALID;
	return account_address(s, " from ", l);
}

/* "ACCOUNT ADDRESS port N [preauth]", less the end. */
static bool
gone(char *s, struct sshd_line *l)
{
	char *end = last(s, " [preauth]");

	l->kind = SSHD_GONE;
	if (end != NULL && end[10] == '\0')
		*end = '\0';
	return account_address(s, " ", l);
}

/* "ACCOUNT ADDRESS port N: REASON [preauth]": sshd does not go on with them. */
static bool
disconnecting(char *s, struct sshd_line *l)
{
	char *port = strstr(s, " port "), *why, *end = last(s, " [preauth]");

	why = port == NULL ? NULL : strstr(port, ": ");
	if (why == NULL)
		return false;
	if (end != NULL && end > why && end[10] == '\0')
		*end = '\0';
	*why = '\0';
	l->kind = SSHD_GONE;
	l->reason = why + 2;
	return account_address(s, " ", l);
}

static bool
ended(char *s, struct sshd_line *l)
{
	(void)s;
	l->kind = SSHD_ENDED;
	return true;
}

/* What sshd says just before it ends. */
static bool
ending(struct sshd_line *l, const char *reason)
{
	l->kind = SSHD_ENDING;
	l->reason = reason;
	return true;
}

static bool
client_left(char *s, struct sshd_line *l)
{
	return strstr(s, "[preauth]") == NULL && ending(l, "client");
}

static bool
reset(char *s, struct sshd_line *l)
{
	return strstr(s, "[preauth]") == NULL && ending(l, "reset");
}

static bool
timeout(char *s, struct sshd_line *l)
{
	(void)s;
	return ending(l, "timeout");
}

/* "FILE:FUNCTION():LINE (pid=N): TEXT", as LogVerbose has it. */
static char *
verbose(char *s, const char *function)
{
	char *at = after(s, "debug1: "), *error = after(s, "error: ");

	s = at != NULL ? at : error != NULL ? error : s;
	at = s + strcspn(s, ": ");
	if (*at != ':' || (at = after(at + 1, function)) == NULL ||
	    (at = after(at, "():")) == NULL)
		return NULL;
	at = strstr(at, "): ");
	return at == NULL ? NULL : at + 3;
}

/* Longer beginnings stand before shorter ones. */
static const struct {
	const char *beginning;
	bool (*parse)(char *, struct sshd_line *);
} kinds[] = {
    {"Accepted ", accepted},
    {"Failed ", failed},
    {"User child is on pid ", child},
    {"Received request to connect to path ", denied_path},
    {"Received request ", denied},
    {"refused local port forward: ", refused},
    {"refused streamlocal port forward: ", refused_path},
    {"Received disconnect from ", client_left},
    {"Disconnected from user ", ended},
    {"Disconnected from authenticating user ", gone},
    {"Disconnecting authenticating user ", disconnecting},
    {"Connection closed by authenticating user ", gone},
    {"Connection reset by authenticating user ", gone},
    {"Connection closed by invalid user ", NULL},
    {"Connection reset by invalid user ", NULL},
    {"Connection closed by ", client_left},
    {"Connection reset by ", reset},
    {"Timeout, client not responding", timeout},
    {"Closing connection to ", ended},
    {"Invalid user ", invalid},
    {"drop connection #", dropped},
    {"error: unix_listener: cannot bind to path ", unbound_path},
    {"User ", barred},
    {"pam_unix(sshd:session): session closed for user ", ended},
};

static const struct {
	const char *function;
	bool (*parse)(char *, struct sshd_line *);
} functions[] = {
    {"server_request_direct_tcpip", asked},
    {"server_request_direct_streamlocal", asked_path},
    {"channel_post_connecting", connecting},
    {"channel_free", freed},
    {"channel_setup_fwd_listener_tcpip", listens_or_not},
    {"channel_setup_fwd_listener_streamlocal", listens},
};

/*
 * "FILE:LINE: Authentication tried for ACCOUNT with correct key but not from
 * ...": the account is there, and its name has no such text.
 */
static bool
tried(char *message, struct sshd_line *l)
{
	char *account = strstr(message, ": Authentication tried for "), *why;

	l->kind = SSHD_TRIED;
	why = account == NULL ? NULL
			      : strstr(account, " but not from a permitted ");
	if (*message != '/' || why == NULL)
		return false;
	l->account = account + 27;
	account[27 + strcspn(account + 27, " ")] = '\0';
	return true;
}

bool
sshd_line_parse(struct sshd_line *l, char *message)
{
	memset(l, 0, sizeof(*l));
	message += strspn(message, " ");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char *rest = after(message, kinds[i].beginning);

		if (rest != NULL)
			return kinds[i].parse != NULL &&
			    kinds[i].parse(rest, l);
	}
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		char *rest = verbose(message, functions[i].function);

		if (rest != NULL)
			return functions[i].parse(rest, l);
	}
	return tried(message, l);
}
