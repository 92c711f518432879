/* SPDX-License-Identifier: ISC */
/*
 * jumpctl who -w: the table, redrawn in place.
 */
#include "live.h"

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

#include "ctl.h"
#include "exit.h"

enum { EVERY_MS = 1000, LINES_MAX = 1000, HEAD = 2 };

/* xterm's control sequences, which the terminals of today understand. */
#define SCREEN_ENTER "\033[?1049h\033[?25l"
#define SCREEN_LEAVE "\033[?25h\033[?1049l"
#define SCREEN_HOME  "\033[H"
#define LINE_END     "\033[K\n"
#define SCREEN_END   "\033[K\033[J"
#define BOLD	     "\033[1m"
#define PLAIN	     "\033[0m"

/* Bytes of a session when it was looked at last. */
struct sample {
	bool relay;
	uint64_t started; /* of the process, or the session */
	uint32_t inode;
	pid_t pid;
	uint64_t sent, received;
};

struct watch {
	struct live_world *world;
	const struct selection *what;
	struct sample *samples; /* sorted */
	size_t nsamples;
	int64_t at;  /* ms, of the samples; 0: none yet */
	size_t top;  /* the first row that is shown */
	size_t rows; /* of them, in all */
	bool legs;   /* connections are shown in place of sessions */
	bool turned; /* the other view is wanted now */
	int lines, columns;
};

/* For the handlers, and the end. */
static struct termios saved;
static bool entered;
static volatile sig_atomic_t ended, resized;

/*
 * The terminal.
 */
static void
put(const char *s)
{
	for (size_t n = strlen(s); n > 0;) {
		ssize_t done = write(STDOUT_FILENO, s, n);

		if (done == -1 && errno != EINTR) {
			ended = SIGHUP;
			return;
		}
		s += done > 0 ? done : 0;
		n -= done > 0 ? (size_t)done : 0;
	}
}

static void
leave(void)
{
	if (!entered)
		return;
	entered = false;
	put(SCREEN_LEAVE);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved);
}

/* Keys come one by one and unseen, those that make signals too. */
static void
enter(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved) == -1)
		err(EXIT_INTERNAL, "terminal");
	raw = saved;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
	raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	entered = true;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == -1)
		err(EXIT_INTERNAL, "terminal");
	put(SCREEN_ENTER);
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
handle_signals(void)
{
	static const int signals[] = {
	    SIGWINCH, SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	struct sigaction action = {.sa_handler = on_signal};

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* ^Z: the terminal is the shell's until we go on. */
static void
pause_here(void)
{
	leave();
	raise(SIGSTOP);
	enter();
}

static void
measure(struct watch *w)
{
	struct winsize size = {0};

	resized = 0;
	w->lines = 24;
	w->columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
	    size.ws_col > 0) {
		w->lines = size.ws_row < LINES_MAX ? size.ws_row : LINES_MAX;
		w->columns = size.ws_col;
	}
	if (w->columns >= LINE_ROOM)
		w->columns = LINE_ROOM - 1;
}

/*
 * Rates.
 */
static int
by_identity(const void *a, const void *b)
{
	const struct sample *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

static struct sample
sample_of(const struct live *l)
{
	struct sample s = {.relay = l->relay,
	    .pid = l->pid,
	    .sent = l->sent,
	    .received = l->received};

	s.started =
	    l->relay ? (uint64_t)l->started : l->forward.process.started;
	s.inode = l->relay ? 0 : l->forward.inode;
	return s;
}

/* Bytes in a second, or -1 for a session that has not been seen before. */
static int64_t
rate(uint64_t before, uint64_t now, int64_t ms)
{
	if (ms <= 0 || now < before)
		return -1;
	return (int64_t)((double)(now - before) * 1000 / (double)ms);
}

static const struct sample *
sample_before(const struct watch *w, const struct sample *now)
{
	if (w->nsamples == 0)
		return NULL;
	return bsearch(now, w->samples, w->nsamples, sizeof(*now), by_identity);
}

/*
 * A picture of the sessions, made in memory and written at once.
 */
struct picture {
	struct row *rows;
	size_t n;
	size_t sessions;
	int64_t in, out; /* bytes in a second, of all of them */
	size_t odd, hidden;
	bool missing;
};

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Fill a row for what is selected, and keep its sample for the next time. */
static void
look(const struct watch *w, struct picture *p, struct sample *samples,
    const struct live *l, int64_t ms)
{
	const struct sample *before;
	int64_t in = -1, out = -1;

	if (!live_selected(w->what, l))
		return;
	samples[p->sessions] = sample_of(l);
	before = sample_before(w, &samples[p->sessions++]);
	if (before != NULL) {
		in = rate(before->sent, l->sent, ms);
		out = rate(before->received, l->received, ms);
	}
	p->in += in > 0 ? in : 0;
	p->out += out > 0 ? out : 0;
	if (!w->legs)
		row_fill(&p->rows[p->n++], l, time(NULL), in, out);
	for (size_t i = 0; w->legs && i < row_legs(l); i++)
		row_fill_leg(&p->rows[p->n++], l, i);
}

static void
take(struct watch *w, struct picture *p)
{
	struct sample *samples;
	struct live_list l;
	int64_t now = clock_ms();

	if (live_read(w->world, &l) == -1) {
		int error = errno;

		leave(); /* or nobody would see why */
		errno = error;
		err(EXIT_INTERNAL, "sessions");
	}
	*p = (struct picture){
	    .odd = l.odd, .hidden = l.hidden, .missing = l.missing};
	p->rows = calloc(l.n * LEGS + 1, sizeof(*p->rows));
	samples = calloc(l.n + 1, sizeof(*samples));
	if (p->rows == NULL || samples == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < l.n; i++)
		look(w, p, samples, &l.list[i], w->at == 0 ? 0 : now - w->at);
	live_free(&l);
	free(w->samples);
	w->samples = samples;
	w->nsamples = p->sessions;
	qsort(samples, p->sessions, sizeof(*samples), by_identity);
	w->at = now;
	w->rows = p->n;
}

static void
draw_head(const struct watch *w, const struct picture *p, FILE *f)
{
	char in[16], out[16], warning[64] = "", line[LINE_ROOM], clock[16];
	time_t now = time(NULL);
	struct tm tm;

	if (p->missing)
		snprintf(warning, sizeof(warning), "  NO REGISTRY");
	else if (p->hidden > 0)
		snprintf(warning, sizeof(warning), "  NOT ALL FORWARDS");
	else if (p->odd > 0)
		snprintf(warning, sizeof(warning), "  %zu ODD FILE%s", p->odd,
		    p->odd == 1 ? "" : "S");
	strcpy(clock, "");
	if (localtime_r(&now, &tm) != NULL)
		strftime(clock, sizeof(clock), "%T", &tm);
	snprintf(line, sizeof(line),
	    "%s  %zu session%s, in %s/s, out %s/s%s  v: %s  q: end", clock,
	    p->sessions, p->sessions == 1 ? "" : "s",
	    number_human(in, sizeof(in), (uint64_t)p->in),
	    number_human(out, sizeof(out), (uint64_t)p->out), warning,
	    w->legs ? "sessions" : "network");
	fprintf(f, "%.*s" LINE_END, w->columns, line);
}

/* Rows from top on, as far as there is room, and what is not shown. */
static void
draw_rows(
    struct watch *w, const struct picture *p, const struct layout *l, FILE *f)
{
	size_t room = w->lines > HEAD + 1 ? (size_t)(w->lines - HEAD - 1) : 0;
	char line[LINE_ROOM];
	size_t end;

	if (w->top + room > p->n)
		w->top = p->n > room ? p->n - room : 0;
	end = w->top + room < p->n ? w->top + room : p->n;
	for (size_t i = w->top; i < end; i++)
		fprintf(f, "%.*s" LINE_END, w->columns,
		    row_line(&p->rows[i], l, line));
	if (p->n > room && w->lines > HEAD) {
		snprintf(line, sizeof(line), "%zu to %zu of %zu: arrows, space",
		    end == 0 ? 0 : w->top + 1, end, p->n);
		fprintf(f, "%.*s", w->columns, line);
	}
	fputs(SCREEN_END, f);
}

static void
draw(struct watch *w, const struct picture *p)
{
	bool paint = colour(stdout);
	char *text = NULL, line[LINE_ROOM];
	size_t size;
	FILE *f = open_memstream(&text, &size);
	struct layout layout;
	struct row titles;

	if (f == NULL)
		err(EXIT_INTERNAL, NULL);
	fputs(SCREEN_HOME, f);
	if (w->lines > 1)
		draw_head(w, p, f);
	row_titles(&titles);
	layout_make(&layout, p->rows, p->n, w->legs ? VIEW_LEGS : VIEW_RATES,
	    w->columns);
	if (w->lines > HEAD)
		fprintf(f, "%s%.*s%s" LINE_END, paint ? BOLD : "", w->columns,
		    row_line(&titles, &layout, line), paint ? PLAIN : "");
	draw_rows(w, p, &layout, f);
	if (fclose(f) != 0)
		err(EXIT_INTERNAL, NULL);
	put(text);
	free(text);
}

/*
 * Keys.
 */
static void
move(struct watch *w, int by)
{
	if (by < 0)
		w->top -= w->top < (size_t)-by ? w->top : (size_t)-by;
	else if (w->top + (size_t)by < w->rows)
		w->top += (size_t)by;
}

/* One key, or the end of an arrow's sequence; false to end. */
static bool
press(struct watch *w, const char *keys, size_t n, size_t *i)
{
	int page = w->lines > HEAD + 2 ? w->lines - HEAD - 2 : 1;
	bool sequence = *i + 2 < n && keys[*i] == '\033' &&
	    (keys[*i + 1] == '[' || keys[*i + 1] == 'O');
	char key = keys[sequence ? *i += 2 : *i];

	if (sequence) {
		move(w, key == 'A' ? -1 : key == 'B' ? 1 : 0);
		return true;
	}
	switch (key) {
	case 'q':
	case 'Q':
	case 3: /* ^C */
	case 4: /* ^D */
		return false;
	case 26: /* ^Z */
		pause_here();
		return true;
	case 'v':
		w->turned = !w->turned;
		return true;
	case ' ':
		move(w, page);
		return true;
	case 'b':
		move(w, -page);
		return true;
	default:
		return true;
	}
}

/* Wait for keys until then; false to end, *again to draw what there is. */
static bool
wait_for_keys(struct watch *w, int64_t until, bool *again)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	int64_t left = until - clock_ms();
	char keys[64];
	ssize_t n;

	*again = false;
	if (ended)
		return false;
	if (poll(&in, 1, left > 0 ? (int)left : 0) == -1 && errno != EINTR)
		return false;
	if (ended)
		return false;
	*again = resized || in.revents != 0;
	if (in.revents == 0)
		return true;
	n = read(STDIN_FILENO, keys, sizeof(keys));
	if (n <= 0) /* a terminal that is gone */
		return n == -1 && errno == EINTR;
	for (size_t i = 0; i < (size_t)n; i++) {
		if (!press(w, keys, (size_t)n, &i))
			return false;
	}
	return true;
}

/* Show one picture for its second, or until another view is wanted; false to
 * end. */
static bool
show(struct watch *w, const struct picture *p)
{
	int64_t until = w->at + EVERY_MS;
	bool again = true, more = true;

	while (more && !w->turned && (again || clock_ms() < until)) {
		if (again) {
			measure(w);
			draw(w, p);
		}
		more = wait_for_keys(w, until, &again);
	}
	return more;
}

int
watch(struct live_world *world, const struct selection *what, bool legs)
{
	struct watch w = {.world = world, .what = what, .legs = legs};
	struct picture p;
	bool more = true;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		warnx("who -w wants a terminal; see --json");
		return EXIT_USAGE;
	}
	handle_signals();
	atexit(leave);
	enter();
	while (more) {
		take(&w, &p);
		more = show(&w, &p);
		free(p.rows);
		if (w.turned) {
			w.turned = false;
			w.legs = !w.legs;
			w.top = 0;
		}
	}
	free(w.samples);
	leave();
	if (ended) {
		signal((int)ended, SIG_DFL);
		raise((int)ended);
	}
	return EXIT_OK;
}
