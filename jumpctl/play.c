/* SPDX-License-Identifier: ISC */
/*
 * A recording as it was seen, on a terminal, at any speed.
 */
#include <sys/ioctl.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "ctl.h"
#include "exit.h"
#include "log.h"
#include "plain.h"
#include "replay.h"

enum { OUT = 32768, NEEDLE = 128, SKIP_S = 5, LOOK_EVERY = 256 };

/* What is left behind: colours, sets, modes, the cursor. */
#define LEAVE	  "\033[m\033(B\033)B\033*B\033+B\017\033[4l\033[?7h\033[?25h"
#define UNBOUND	  "\0337\033[r\0338"
#define DISPLACED "\033[?6l\033[r\033[999;1H"
#define CLEAR	  "\033[m\033[r\033[H\033[2J"

struct play {
	struct replay *r;
	struct escape escape;
	struct plain *plain; /* what search looks at */
	struct cast_event next;
	bool more;    /* there is a next one */
	int64_t at;   /* of the last one that was shown */
	int64_t wall; /* when that was, CLOCK_MONOTONIC, us */
	double speed;
	bool paused, quit, covered, hit, told;
	bool bound;	 /* a scroll region was set */
	bool displaced;	 /* and rows were counted from it */
	unsigned screen; /* the mode of the other screen; 0: it is left */
	char needle[NEEDLE];
	int rows, columns;
	char out[OUT];
	size_t n;
};

/* For the end, however it comes. */
static struct termios saved;
static struct play *entered;
static volatile sig_atomic_t ended, resized;

static int64_t
clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND + now.tv_nsec / 1000;
}

/*
 * Output.
 */
static void
flush(struct play *p)
{
	for (size_t done = 0; done < p->n;) {
		ssize_t n = write(STDOUT_FILENO, p->out + done, p->n - done);

		if (n == -1 && errno != EINTR) {
			ended = SIGHUP;
			break;
		}
		done += n > 0 ? (size_t)n : 0;
	}
	p->n = 0;
}

static void
put_bytes(struct play *p, const char *bytes, size_t n)
{
	if (p->n + n > OUT)
		flush(p);
	memcpy(p->out + p->n, bytes, n);
	p->n += n;
}

static void
put(struct play *p, const char *text)
{
	put_bytes(p, text, strlen(text));
}

static void
show_token(void *arg, const struct escape_token *t)
{
	struct play *p = arg;

	put_bytes(p, t->bytes, t->n);
	plain_token(p->plain, t);
	if (t->kind != ESCAPE_CSI)
		return;
	p->bound = p->bound || t->c == 'r';
	p->displaced = p->displaced || (t->private && t->number[0] == 6);
	if (t->private &&
	    (t->number[0] == 47 || t->number[0] == 1047 ||
		t->number[0] == 1049))
		p->screen = t->c == 'h' ? t->number[0] : 0;
}

/*
 * The terminal.
 */
static void
leave(void)
{
	struct play *p = entered;
	char text[16];

	if (p == NULL)
		return;
	entered = NULL;
	put(p, LEAVE);
	if (p->bound || p->displaced)
		put(p, p->displaced ? DISPLACED : UNBOUND);
	if (p->screen != 0) {
		snprintf(text, sizeof(text), "\033[?%ul", p->screen);
		put(p, text);
	}
	put(p, "\r\n");
	flush(p);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
}

static void
on_signal(int signal)
{
	if (signal == SIGWINCH)
		resized = 1;
	else
		ended = signal;
}

static void
enter(struct play *p)
{
	static const int signals[] = {
	    SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = on_signal};
	struct termios raw;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (tcgetattr(STDIN_FILENO, &saved) == -1)
		err(EXIT_INTERNAL, "terminal");
	raw = saved;
	cfmakeraw(&raw);
	entered = p;
	atexit(leave);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == -1)
		err(EXIT_INTERNAL, "terminal");
}

static void
measure(struct play *p)
{
	struct winsize size = {0};

	resized = 0;
	p->rows = 24;
	p->columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	    size.ws_col > 0) {
		p->rows = size.ws_row;
		p->columns = size.ws_col;
	}
}

/* A key, or the last character of an arrow; 0 if none comes in time. */
static int
key(int64_t us)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	int ms = us < 0 ? -1 : us / 1000 > 3600000 ? 3600000 : (int)(us / 1000);
	char c[8];
	ssize_t n;

	if (ended || poll(&in, 1, ms) <= 0)
		return 0;
	n = read(STDIN_FILENO, c, 1);
	if (n <= 0) {
		ended = n == 0 ? SIGHUP : ended;
		return 0;
	}
	if (*c != '\033' || poll(&in, 1, 50) <= 0 ||
	    read(STDIN_FILENO, c, 1) != 1 || (*c != '[' && *c != 'O') ||
	    read(STDIN_FILENO, c, 1) != 1)
		return (unsigned char)*c;
	return *c == 'C' ? '>' : *c == 'D' ? '<' : 0;
}

/*
 * The line at the bottom, over what is there.
 */
static void
say(struct play *p, const char *text)
{
	char line[512];

	snprintf(line, sizeof(line),
	    "\0337\033[?25h\033[%d;1H\033[m\033[7m"
	    "%.*s\033[m\033[K",
	    p->rows, p->columns - 1 < 300 ? p->columns - 1 : 300, text);
	put(p, line);
	put(p, "\0338");
	p->covered = true;
	flush(p);
}

static void
say_paused(struct play *p, const char *what)
{
	char clock[REPLAY_CLOCK], text[256];

	snprintf(text, sizeof(text),
	    "%s at %s, %gx  q: end  space: on  .: step  <- ->: %d s  "
	    "/: search  + -",
	    what, replay_clock(clock, p->at), p->speed, SKIP_S);
	say(p, text);
}

/*
 * Going on.
 */
static void
take_next(struct play *p)
{
	int more = cast_next(&p->r->cast, &p->next);

	if (more == -1) {
		int error = errno;

		leave();
		errno = error;
		err(EXIT_INTERNAL, "%s", p->r->id);
	}
	p->more = more == 1;
}

/* Show the next event; hit is set if its line has what is searched for. */
static void
show_next(struct play *p)
{
	const struct cast_event *e = &p->next;

	p->at = p->plain->now = e->at;
	p->wall = clock_us();
	p->hit = false;
	if (e->kind == CAST_OUTPUT)
		escape_feed(&p->escape, e->text, e->n, show_token, p);
	else if (e->kind == CAST_RESIZE)
		p->plain->width = e->width;
	if (*p->needle != '\0' && !p->told &&
	    strstr(plain_text(p->plain), p->needle) != NULL)
		p->hit = p->told = true;
	take_next(p);
}

/* A line is over: what is in it counts once. */
static void
end_line(void *arg, const char *text, int64_t at)
{
	struct play *p = arg;

	(void)at;
	p->hit = p->hit ||
	    (*p->needle != '\0' && !p->told && strstr(text, p->needle) != NULL);
	p->told = false;
}

static void
begin(struct play *p)
{
	plain_line *emit = end_line;

	memset(p->plain, 0, offsetof(struct plain, line));
	p->plain->emit = emit;
	p->plain->arg = p;
	p->plain->width = p->r->cast.header.width;
	p->escape = (struct escape){0};
	p->at = 0;
	p->told = false;
	p->wall = clock_us();
	take_next(p);
}

/* A key in the middle of a long way. */
static void
look_for_end(struct play *p)
{
	int c = key(0);

	p->quit = p->quit || c == 'q' || c == 3;
}

/* Without waiting, up to that time; a key ends it. */
static void
go_to(struct play *p, int64_t to)
{
	if (to < p->at) {
		if (cast_rewind(&p->r->cast) == -1)
			return;
		if (p->screen != 0)
			put(p, "\033[?1049l");
		p->screen = 0;
		put(p, CLEAR);
		begin(p);
	}
	for (size_t i = 1; p->more && !p->quit && !ended && p->next.at <= to;
	     i++) {
		show_next(p);
		if (i % LOOK_EVERY == 0)
			look_for_end(p);
	}
	if (p->more)
		p->at = to;
	flush(p);
}

/* Take the line at the bottom away, by showing all again if need be. */
static void
uncover(struct play *p)
{
	char text[64];

	if (!p->covered)
		return;
	p->covered = false;
	snprintf(
	    text, sizeof(text), "\0337\033[%d;1H\033[m\033[K\0338", p->rows);
	put(p, text);
	if ((int)p->r->cast.header.height >= p->rows) {
		int64_t at = p->at;

		p->at = INT64_MAX;
		go_to(p, at);
	}
}

static void
search(struct play *p)
{
	uncover(p);
	p->hit = false;
	for (size_t i = 1; p->more && !p->hit && !p->quit && !ended; i++) {
		show_next(p);
		if (i % LOOK_EVERY == 0)
			look_for_end(p);
	}
	p->paused = true;
	say_paused(p, p->hit ? "found" : "not found: the end,");
}

/* What is typed after a slash. */
static void
ask(struct play *p)
{
	char text[NEEDLE + 8], typed[NEEDLE] = "";
	size_t n = 0;
	int c;

	for (;;) {
		snprintf(text, sizeof(text), "/%s_", typed);
		say(p, text);
		c = key(-1);
		if (ended || c == 3 || c == '\033')
			break;
		if (c == '\r' || c == '\n')
			break;
		if ((c == 0x7f || c == '\b') && n > 0)
			typed[--n] = '\0';
		else if (c >= ' ' && c != 0x7f && n < sizeof(typed) - 1)
			typed[n++] = (char)c, typed[n] = '\0';
	}
	if (n > 0 && c != 3 && c != '\033')
		strcpy(p->needle, typed);
	if (*p->needle != '\0' && c != 3 && c != '\033')
		search(p);
	else
		uncover(p);
}

static void
change_speed(struct play *p, double by)
{
	p->speed *= by;
	p->speed = p->speed < 0.0625 ? 0.0625 : p->speed > 256 ? 256 : p->speed;
	if (p->paused)
		say_paused(p, "paused");
}

static void
step(struct play *p)
{
	uncover(p);
	if (p->more)
		show_next(p);
	p->paused = true;
	say_paused(p, p->more ? "paused" : "the end,");
}

static void
skip(struct play *p, int64_t by)
{
	uncover(p);
	go_to(p, p->at + by > 0 ? p->at + by : 0);
	if (p->paused)
		say_paused(p, p->more ? "paused" : "the end,");
}

static void
toggle(struct play *p)
{
	p->paused = !p->paused;
	if (p->paused)
		say_paused(p, "paused");
	else
		uncover(p);
}

static void
press(struct play *p, int c)
{
	switch (c) {
	case 'q':
	case 'Q':
	case 3: /* ^C */
	case 4: /* ^D */
		p->quit = true;
		break;
	case ' ':
		toggle(p);
		break;
	case '.':
		step(p);
		break;
	case '>':
		skip(p, SKIP_S * SECOND);
		break;
	case '<':
		skip(p, -SKIP_S * SECOND);
		break;
	case '+':
	case '=':
		change_speed(p, 2);
		break;
	case '-':
		change_speed(p, 0.5);
		break;
	case '/':
		ask(p);
		break;
	case 'n':
		if (*p->needle != '\0')
			search(p);
		break;
	}
	if (c != 0)
		p->wall = clock_us();
}

/* How long until the next event, in microseconds. */
static int64_t
wait_of(const struct play *p)
{
	int64_t gap = p->next.at - p->at, due;

	gap = gap < p->r->idle ? gap : p->r->idle;
	due = p->wall + (int64_t)((double)gap / p->speed) - clock_us();
	return due > 0 ? due : 0;
}

static void
run(struct play *p)
{
	while ((p->more || p->paused) && !p->quit && !ended) {
		int64_t wait = p->paused ? -1 : wait_of(p);

		if (wait != 0)
			flush(p);
		if (resized)
			measure(p);
		press(p, key(wait));
		if (!p->paused && p->more && wait_of(p) < 1000)
			show_next(p);
	}
}

/* Whose it is, and whether it fits. */
static void
introduce(struct play *p)
{
	const struct cast_header *h = &p->r->cast.header;
	char user[AUDIT_ESCAPED(CAST_WORD)], target[AUDIT_ESCAPED(CAST_NAME)];
	char login[AUDIT_ESCAPED(CAST_WORD)];
	char started[32] = "?";
	time_t since = (time_t)h->timestamp;
	struct tm tm;

	if (h->timestamp != 0 && localtime_r(&since, &tm) != NULL)
		strftime(started, sizeof(started), "%F %H:%M", &tm);
	printf("%s: %s to %s%s%s:%u, %s; space pauses, q ends\n", p->r->id,
	    audit_escape(user, sizeof(user), h->user),
	    audit_escape(login, sizeof(login), h->login),
	    *h->login == '\0' ? "" : "@",
	    audit_escape(target, sizeof(target), h->target), h->port, started);
	fflush(stdout);
	measure(p);
	if ((int)h->width > p->columns || (int)h->height > p->rows) {
		printf("it is of %ux%u, this terminal has %dx%d: lines will "
		       "not be where they were; any key goes on\n",
		    h->width, h->height, p->columns, p->rows);
		fflush(stdout);
		p->paused = true; /* for begin_here() to wait */
	}
}

/* From where the arguments say. */
static void
begin_here(struct play *p)
{
	if (p->paused) {
		int c = key(-1);

		p->quit = c == 'q' || c == 3;
		p->paused = false;
	}
	begin(p);
	if (p->r->from > 0)
		go_to(p, p->r->from);
	if (p->r->search == NULL || p->quit)
		return;
	snprintf(p->needle, sizeof(p->needle), "%s", p->r->search);
	search(p);
}

int
play(struct replay *r)
{
	struct play *p = calloc(1, sizeof(*p));

	if (p != NULL)
		p->plain = calloc(1, sizeof(*p->plain));
	if (p == NULL || p->plain == NULL)
		err(EXIT_INTERNAL, NULL);
	p->r = r;
	p->speed = r->speed;
	introduce(p);
	enter(p);
	begin_here(p);
	run(p);
	leave();
	free(p->plain);
	free(p);
	if (ended) {
		signal((int)ended, SIG_DFL);
		raise((int)ended);
	}
	return EXIT_OK;
}
