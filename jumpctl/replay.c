/* SPDX-License-Identifier: ISC */
/*
 * jumpctl replay: what somebody saw on a terminal.
 */
#include "replay.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "exit.h"
#include "log.h"
#include "plain.h"
#include "recording.h"

enum { SPEED_MAX = 1000, IDLE_S = 2 };

const char *
replay_clock(char text[REPLAY_CLOCK], int64_t microseconds)
{
	long long s = (long long)(microseconds / SECOND);

	snprintf(text, REPLAY_CLOCK, "%lld:%02d:%02d", s / 3600,
	    (int)(s / 60 % 60), (int)(s % 60));
	return text;
}

/*
 * As text.
 */
struct text {
	const struct replay *replay;
	struct plain plain;
	size_t lines;
};

static void
print_line(void *arg, const char *line, int64_t at)
{
	struct text *t = arg;
	char clock[REPLAY_CLOCK];

	if (at < t->replay->from ||
	    (t->replay->search != NULL &&
		strstr(line, t->replay->search) == NULL))
		return;
	if (t->replay->times)
		printf("[%s] ", replay_clock(clock, at));
	puts(line);
	t->lines++;
}

static void
take_token(void *arg, const struct escape_token *token)
{
	struct text *t = arg;

	plain_token(&t->plain, token);
}

static int
print_text(struct replay *r)
{
	struct text *t = calloc(1, sizeof(*t));
	struct escape escape = {0};
	struct cast_event e;
	int more;

	if (t == NULL)
		err(EXIT_INTERNAL, NULL);
	t->replay = r;
	t->plain.emit = print_line;
	t->plain.arg = t;
	t->plain.width = r->cast.header.width;
	while ((more = cast_next(&r->cast, &e)) == 1) {
		t->plain.now = e.at;
		if (e.kind == CAST_OUTPUT)
			escape_feed(&escape, e.text, e.n, take_token, t);
		else if (e.kind == CAST_RESIZE)
			t->plain.width = e.width;
	}
	plain_end(&t->plain);
	more = more == -1			? EXIT_INTERNAL
	    : r->search == NULL || t->lines > 0 ? EXIT_OK
						: EXIT_NO_MATCH;
	if (more == EXIT_INTERNAL)
		warn("%s", r->id);
	free(t);
	return more;
}

/*
 * The file.
 */
static void
open_recording(struct replay *r)
{
	int dir = open(RECORDINGS, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
	char name[SEALS_NAME];
	struct stat st;

	if (dir == -1)
		err(EXIT_STATE, "%s", RECORDINGS);
	snprintf(name, sizeof(name), "%s.cast", r->id);
	fd = recording_open(dir, name, &st);
	if (fd == -1 && errno == ENOENT) {
		snprintf(name, sizeof(name), "%s.pcapng", r->id);
		if (faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			errx(EXIT_USAGE,
			    "%s is a capture: tcpdump -nnr %s/%s shows it",
			    r->id, RECORDINGS, name);
		errx(EXIT_NO_MATCH, "no recording %s", r->id);
	}
	if (fd == -1 && errno == EPERM)
		errx(EXIT_INTERNAL, "%s/%s: not a regular file with one link",
		    RECORDINGS, name);
	if (fd == -1)
		err(EXIT_INTERNAL, "%s/%s", RECORDINGS, name);
	close(dir);
	if (cast_open(&r->cast, fd) == -1 && errno == EPROTO)
		errx(EXIT_NO_MATCH, "%s/%s: it does not begin as a recording",
		    RECORDINGS, name);
	if (r->cast.buf == NULL || r->cast.begin == 0)
		err(EXIT_INTERNAL, "%s/%s", RECORDINGS, name);
}

/*
 * Arguments.
 */
static bool
read_double(double *to, const char *text, double least, double most)
{
	char *end;

	if (strspn(text, "0123456789.") != strlen(text) || *text == '\0')
		return false;
	*to = strtod(text, &end);
	return *end == '\0' && *to >= least && *to <= most;
}

/* Seconds, M:SS or H:MM:SS. */
static bool
read_position(int64_t *to, const char *text)
{
	unsigned long part;
	int64_t sum = 0;
	double seconds;
	char *end;

	if (read_double(&seconds, text, 0, 1e9)) {
		*to = (int64_t)(seconds * (double)SECOND);
		return true;
	}
	for (int i = 0; i < 3; i++) {
		if (*text < '0' || *text > '9')
			return false;
		part = strtoul(text, &end, 10);
		if (part > (i == 0 ? 100000 : 59))
			return false;
		sum = sum * 60 + (int64_t)part;
		if (*end == '\0') {
			*to = sum * SECOND;
			return true;
		}
		if (*end != ':')
			return false;
		text = end + 1;
	}
	return false;
}

static bool
read_options(struct replay *r, bool *text, int argc, char **argv)
{
	static const struct option options[] = {
	    {"speed", required_argument, NULL, 's'},
	    {"idle-limit", required_argument, NULL, 'i'},
	    {"from", required_argument, NULL, 'f'},
	    {"search", required_argument, NULL, '/'},
	    {"text", no_argument, NULL, 't'}, {"times", no_argument, NULL, 'T'},
	    {NULL, 0, NULL, 0}};
	double idle = IDLE_S;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		bool good = true;

		if (option == 's')
			good = read_double(&r->speed, optarg, 0.01, SPEED_MAX);
		else if (option == 'i')
			good = read_double(&idle, optarg, 0, 1e9);
		else if (option == 'f')
			good = read_position(&r->from, optarg);
		else if (option == '/')
			r->search = optarg;
		else if (option == 't' || option == 'T')
			*(option == 't' ? text : &r->times) = true;
		else
			good = false;
		if (!good)
			return false;
	}
	r->idle = (int64_t)(idle * (double)SECOND);
	r->id = argv[optind];
	if (argc - optind != 1 || (r->search != NULL && *r->search == '\0'))
		return false;
	if (!audit_session_valid(r->id)) {
		warnx("`%s' is no ID that jumpctl recordings lists", r->id);
		return false;
	}
	return true;
}

int
replay_main(int argc, char **argv)
{
	struct replay r = {.speed = 1};
	bool text = false;
	int code;

	if (!read_options(&r, &text, argc, argv))
		return usage("replay");
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root sees what is recorded");
	open_recording(&r);
	text =
	    text || r.times || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO);
	code = text ? print_text(&r) : play(&r);
	if (r.cast.bad > 0)
		warnx("%zu line%s of %s %s no event%s, or cut off", r.cast.bad,
		    r.cast.bad == 1 ? "" : "s", r.id,
		    r.cast.bad == 1 ? "is" : "are", r.cast.bad == 1 ? "" : "s");
	close(r.cast.fd);
	cast_close(&r.cast);
	return code;
}
