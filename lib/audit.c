/* SPDX-License-Identifier: ISC */
#include "audit.h"

#include <sys/random.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

/* The log socket has this long to take a record; one try, and a pause. */
#define PATIENCE_MS 1000
#define TRY_MS	    100
#define PAUSE_MS    20

/* Strings are cut at the first of these lengths that lets the record fit. */
static const size_t string_caps[] = {512, 256, 128, 64, 48, 32, 16, 12};

static const char *const kind_names[] = {
    "login", "decision", "open", "close", "recording", "load", "lock",
    "unlock", "kick", "sweep", "notify", "request", "approve", "refuse",
    "withdraw", "seal", "register", "doctor"};
static const char *const outcome_names[] = {"failure", "success"};
static const char session_alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";

/* A record being written.  len grows on beyond AUDIT_MAX, the text does not. */
struct record {
	char *text;
	size_t len;
	size_t cap; /* of an escaped string */
};

static void
put_bytes(struct record *r, const char *s, size_t n)
{
	if (r->len + n <= AUDIT_MAX)
		memcpy(r->text + r->len, s, n);
	r->len += n;
}

static void
put(struct record *r, const char *s)
{
	put_bytes(r, s, strlen(s));
}

static void
put_number(struct record *r, uint64_t n)
{
	char digits[21];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	put(r, digits);
}

/* One byte of a string: \xNN, or itself.  Returns how many characters. */
static size_t
escape_byte(char out[4], unsigned char c)
{
	static const char hex[] = "0123456789abcdef";

	if (c >= 0x20 && c < 0x7f) {
		out[0] = (char)c;
		return 1;
	}
	out[0] = '\\';
	out[1] = 'x';
	out[2] = hex[c >> 4];
	out[3] = hex[c & 15];
	return 4;
}

char *
audit_escape(char *dst, size_t size, const char *src)
{
	char out[4];
	size_t len, n, cut;

	/* cut: the longest whole piece after which "..." still fits. */
	for (len = cut = 0; *src != '\0'; src++) {
		n = escape_byte(out, (unsigned char)*src);
		if (len + n >= size) {
			memcpy(dst + cut, "...", 4);
			return dst;
		}
		memcpy(dst + len, out, n);
		len += n;
		if (len + 4 <= size)
			cut = len;
	}
	dst[len] = '\0';
	return dst;
}

/* A key begins with the comma that parts it from the one before. */
static void
put_string(struct record *r, const char *key, const char *value)
{
	char safe[512];
	const char *c;

	if (value == NULL || *value == '\0')
		return;
	audit_escape(safe, r->cap, value);
	put(r, key);
	put(r, ":\"");
	for (c = safe; *c != '\0'; c++) {
		if (*c == '"' || *c == '\\')
			put(r, "\\");
		put_bytes(r, c, 1);
	}
	put(r, "\"");
}

static void
put_integer(struct record *r, const char *key, uint64_t value)
{
	put(r, key);
	put(r, ":");
	put_number(r, value);
}

static int
priority(const struct audit_event *e)
{
	if (e->outcome == AUDIT_FAILURE)
		return LOG_AUTH | LOG_WARNING;
	/* As sshd's lines about forwards: where they go, so does this one. */
	if (e->kind == AUDIT_DOCTOR)
		return LOG_AUTH | LOG_DEBUG;
	return LOG_AUTH | LOG_NOTICE;
}

static void
put_header(struct record *r, const struct audit *a, const struct audit_event *e,
    const struct timespec *now)
{
	time_t local = now->tv_sec + a->offset;
	char stamp[32];
	struct tm tm;

	put(r, "<");
	put_number(r, priority(e));
	gmtime_r(&local, &tm);
	strftime(stamp, sizeof(stamp), ">%b %e %H:%M:%S ", &tm);
	put(r, stamp);
	put(r, a->program);
	put(r, "[");
	put_number(r, (uint64_t)a->pid);
	put(r, "]: @cee: ");
}

static void
put_time(struct record *r, const struct timespec *now)
{
	char stamp[40];
	struct tm tm;
	size_t n;

	gmtime_r(&now->tv_sec, &tm);
	n = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(
	    stamp + n, sizeof(stamp) - n, ".%03ldZ", now->tv_nsec / 1000000);
	put(r, "{\"@timestamp\":\"");
	put(r, stamp);
	put(r, "\"");
}

/* What an opened session may not go beyond. */
static void
put_limits(struct record *r, const struct audit_limits *l)
{
	time_t until = (time_t)l->until;
	char stamp[40];
	struct tm tm;

	if (l->idle != 0)
		put_integer(r, ",\"jump.limit.idle\"", l->idle);
	if (l->duration != 0)
		put_integer(r, ",\"jump.limit.duration\"", l->duration);
	if (l->until != 0 && gmtime_r(&until, &tm) != NULL) {
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
		put_string(r, ",\"jump.limit.until\"", stamp);
	}
	if (l->max != 0)
		put_integer(r, ",\"jump.limit.max\"", l->max);
}

/* What was opened has limits; what was denied has only who was there. */
static void
put_opened(struct record *r, const struct audit_event *e)
{
	if (!e->denied) {
		put_limits(r, &e->limits);
		put_string(r, ",\"jump.recording\"", e->recording);
	}
	if (!e->denied || e->listener == NULL)
		return;
	put_integer(r, ",\"jump.listener.uid\"", e->listener->uid);
	if (e->listener->pid != 0)
		put_integer(r, ",\"jump.listener.pid\"",
		    (uint64_t)e->listener->pid);
}

static void
put_end(struct record *r, const struct audit_event *e)
{
	put_integer(r, ",\"source.bytes\"", e->sent);
	put_integer(r, ",\"destination.bytes\"", e->received);
	put_integer(r, ",\"event.duration\"", e->duration);
	put_string(r, ",\"jump.end\"", e->end);
	if (e->lost != 0)
		put_integer(r, ",\"jump.lost\"", e->lost);
}

static void
put_administration(struct record *r, const struct audit_event *e)
{
	put_string(r, ",\"jump.who\"", e->who);
	put_string(r, ",\"jump.note\"", e->note);
	put_string(r, ",\"jump.previous\"", e->previous);
	put_string(r, ",\"jump.changes\"", e->changes);
	put_string(r, ",\"jump.loginuid\"", e->loginuid);
	if (e->pid != 0)
		put_integer(r, ",\"process.pid\"", (uint64_t)e->pid);
}

static void
put_seal(struct record *r, const struct audit_event *e)
{
	put_string(r, ",\"jump.who\"", e->who);
	put_string(r, ",\"jump.loginuid\"", e->loginuid);
	put_string(r, ",\"file.name\"", e->file);
	put_integer(r, ",\"file.size\"", e->size);
	put_string(r, ",\"file.hash.sha256\"", e->hash);
	put_string(r, ",\"jump.seal\"", e->seal);
}

static void
put_certificate(struct record *r, const struct audit_event *e)
{
	put_string(r, ",\"jump.ca\"", e->ca);
	put_string(r, ",\"jump.certificate\"", e->certificate);
	put_string(r, ",\"jump.serial\"", e->serial);
}

static void
put_event(struct record *r, const struct audit_event *e)
{
	char uid[16] = "";

	if (e->uid != (uid_t)-1)
		snprintf(uid, sizeof(uid), "%lu", (unsigned long)e->uid);
	put_string(r, ",\"event.action\"", kind_names[e->kind]);
	put_string(r, ",\"event.outcome\"", outcome_names[e->outcome]);
	if (e->kind == AUDIT_OPEN && e->denied)
		put_string(r, ",\"event.type\"", "denied");
	put_string(r, ",\"user.name\"", e->user);
	put_string(r, ",\"user.id\"", uid);
	put_string(r, ",\"jump.account\"", e->account);
	put_string(r, ",\"source.ip\"", e->source);
	put_string(r, ",\"destination.address\"", e->address);
	put_string(r, ",\"destination.ip\"", e->ip);
	if (e->port != 0)
		put_integer(r, ",\"destination.port\"", e->port);
	put_string(r, ",\"jump.session\"", e->session);
	put_string(r, ",\"jump.road\"", e->road);
	put_string(r, ",\"jump.verdict\"", e->verdict);
	put_string(r, ",\"jump.rule\"", e->rule);
	put_string(r, ",\"jump.reason\"", e->reason);
	put_string(r, ",\"jump.ticket\"", e->ticket);
	put_string(r, ",\"jump.key\"", e->key);
	put_string(r, ",\"jump.mfa\"", e->mfa);
	if (e->kind == AUDIT_LOGIN)
		put_certificate(r, e);
	put_string(r, ",\"jump.approval\"", e->approval);
	put_string(r, ",\"jump.approver\"", e->approver);
	if (e->wanted != 0)
		put_integer(r, ",\"jump.seconds\"", e->wanted);
	put_string(r, ",\"jump.policy\"", e->policy);
	if (e->kind >= AUDIT_LOAD && e->kind != AUDIT_SEAL)
		put_administration(r, e);
	put_string(r, ",\"jump.request\"", e->request);
	if (e->kind == AUDIT_OPEN)
		put_opened(r, e);
	if (e->kind == AUDIT_CLOSE)
		put_end(r, e);
	if (e->kind == AUDIT_SEAL)
		put_seal(r, e);
}

size_t
audit_format(const struct audit *a, const struct audit_event *e,
    const struct timespec *now, char record[AUDIT_MAX + 1])
{
	struct record r = {.text = record};
	size_t i;

	for (i = 0; i < sizeof(string_caps) / sizeof(string_caps[0]); i++) {
		r.cap = string_caps[i];
		r.len = 0;
		if (a != NULL)
			put_header(&r, a, e, now);
		put_time(&r, now);
		put_event(&r, e);
		put(&r, "}");
		if (r.len <= AUDIT_MAX)
			break;
	}
	if (r.len > AUDIT_MAX) /* never; test_audit.c tries the longest */
		r.len = 0;
	record[r.len] = '\0';
	return r.len;
}

int
audit_open(struct audit *a, const char *program, const char *path)
{
	const struct timeval patience = {.tv_usec = TRY_MS * 1000L};
	time_t now = time(NULL);
	struct tm tm;

	memset(a, 0, sizeof(*a));
	a->fd = -1;
	a->program = program;
	a->pid = getpid();
	/* This reads the zone's file, which cannot be read once confined. */
	a->offset = localtime_r(&now, &tm) != NULL ? tm.tm_gmtoff : 0;
	a->to.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(a->to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(a->to.sun_path, path);
	a->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (a->fd == -1)
		return -1;
	if (setsockopt(a->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
		sizeof(patience)) == 0)
		return 0;
	audit_close(a);
	return -1;
}

void
audit_close(struct audit *a)
{
	if (a->fd != -1)
		close(a->fd);
	a->fd = -1;
}

static long
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether a log daemon that restarts, or is slow, could explain the error. */
static bool
error_passes(int error)
{
	switch (error) {
	case EAGAIN: /* its queue is full */
	case ENOBUFS:
	case ENOENT:	   /* it has not made its socket again */
	case ECONNREFUSED: /* nor taken the old one away */
	case EINTR:
		return true;
	default:
		return false;
	}
}

int
audit_write(struct audit *a, const struct audit_event *e)
{
	char record[AUDIT_MAX + 1];
	struct timespec now;
	long end = clock_ms() + PATIENCE_MS;
	size_t len;
	ssize_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	len = audit_format(a, e, &now, record);
	if (len == 0)
		return -1;
	while ((n = sendto(a->fd, record, len, MSG_NOSIGNAL,
		    (const struct sockaddr *)&a->to, sizeof(a->to))) == -1) {
		if (!error_passes(errno) || clock_ms() >= end)
			return -1;
		poll(NULL, 0, PAUSE_MS);
	}
	return n == (ssize_t)len ? 0 : -1;
}

const char *
audit_loginuid(char buf[AUDIT_LOGINUID])
{
	int fd = open("/proc/self/loginuid", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? -1 : read(fd, buf, AUDIT_LOGINUID - 1);

	if (fd != -1)
		close(fd);
	buf[n > 0 ? n : 0] = '\0';
	buf[strspn(buf, "0123456789")] = '\0';
	if (strcmp(buf, "4294967295") == 0) /* nobody has */
		*buf = '\0';
	return buf;
}

int
audit_session_id(char id[AUDIT_SESSION + 1])
{
	unsigned char random[AUDIT_SESSION];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -1;
	for (i = 0; i < AUDIT_SESSION; i++)
		id[i] = session_alphabet[random[i] % 32];
	id[AUDIT_SESSION] = '\0';
	return 0;
}

int
audit_session_valid(const char *id)
{
	return strspn(id, session_alphabet) == AUDIT_SESSION &&
	    id[AUDIT_SESSION] == '\0';
}
