/* SPDX-License-Identifier: ISC */
#include "menu.h"

#include <sys/ioctl.h>

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "advice.h"
#include "exit.h"
#include "layout.h"
#include "rows.h"
#include "terminal.h"
#include "wish.h"

enum {
	LINE = 8192, /* more than the terminal's longest */
	LINES = 24,  /* of a terminal that does not say */
	COLUMNS = 80,
	AROUND = 4, /* lines: an empty one, two headings, the prompt */
	PAGE_LEAST = 3,
	LOOK = 60 /* seconds at most until the clock is looked at */
};

struct menu {
	struct visit *visit;
	struct policy_request *request;
	struct rows rows;
	struct layout layout;
	struct termios modes;
	sigset_t asleep; /* signals that are blocked while it waits */
	char search[WISH_TEXT];
	size_t first, page; /* rows: that is shown first; of a page */
	int64_t until;	    /* when the user's rights end; 0: never */
};

/* What becomes of a line. */
enum line { LINE_WHOLE, LINE_BREAK, LINE_CLOSED, LINE_DEADLINE };

/* What a choice comes to. */
enum then { THEN_PROMPT, THEN_SHOW, THEN_LEAVE, THEN_DEADLINE };

/*
 * The terminal.
 */
static void
interrupt(int sig)
{
	(void)sig; /* ppoll(2) says so */
}

/*
 * A shell that has started us gets none of the terminal's signals: it would
 * end, and all of the session with it.
 */
static void
take_foreground(void)
{
	if (getpgrp() == getpid() || setpgid(0, 0) == -1)
		return;
	signal(SIGTTOU, SIG_IGN);
	tcsetpgrp(STDIN_FILENO, getpid());
	signal(SIGTTOU, SIG_DFL);
}

static void
catch_interrupts(struct menu *m)
{
	struct sigaction sa = {.sa_handler = interrupt};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, &m->asleep);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, NULL);
}

/* Lines, with what ends and interrupts them: whatever was there before. */
static void
set_modes(struct menu *m)
{
	m->modes.c_iflag |= ICRNL | BRKINT;
	m->modes.c_iflag &= ~(tcflag_t)(IGNCR | INLCR | PARMRK);
	m->modes.c_oflag |= OPOST | ONLCR;
	m->modes.c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG | IEXTEN;
	m->modes.c_lflag &= ~(tcflag_t)(NOFLSH | TOSTOP);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &m->modes);
}

static unsigned int
between(unsigned int n, unsigned int least, unsigned int most)
{
	return n < least ? least : n > most ? most : n;
}

static void
measure(struct menu *m)
{
	const char *term = m->visit->term;
	struct winsize size = {0};
	unsigned int lines = LINES;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == -1)
		memset(&size, 0, sizeof(size));
	if (size.ws_row != 0)
		lines = size.ws_row;
	m->page = between(lines, AROUND + PAGE_LEAST, 200) - AROUND;
	m->layout.columns = between(
	    size.ws_col != 0 ? size.ws_col : COLUMNS, 1, LAYOUT_TEXT / 2);
	/* ssh(1) tells whether the user's terminal is one of UTF-8. */
	m->layout.utf8 = (m->modes.c_iflag & IUTF8) != 0 &&
	    setlocale(LC_CTYPE, "C.UTF-8") != NULL;
	m->layout.colour = term != NULL && *term != '\0' &&
	    strcmp(term, "dumb") != 0 &&
	    (m->visit->no_color == NULL || *m->visit->no_color == '\0');
}

static bool
at_end(const struct menu *m)
{
	return m->until != 0 && time(NULL) >= m->until;
}

/* Until there is input, a signal, or the end of the user's rights. */
static enum line
wait_for_input(struct menu *m)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
	struct timespec wait = {.tv_sec = LOOK};
	int64_t left;
	int n;

	do {
		if (at_end(m))
			return LINE_DEADLINE;
		left = m->until == 0 ? LOOK : m->until - time(NULL);
		wait.tv_sec = left < LOOK ? (time_t)left : LOOK;
		n = ppoll(&fd, 1, &wait, &m->asleep);
	} while (n == 0);
	if (n == -1)
		return errno == EINTR ? LINE_BREAK : LINE_CLOSED;
	return LINE_WHOLE;
}

/* What is too long, or what the terminal does not take, is cut. */
static enum line
read_line(struct menu *m, char line[LINE], size_t *size)
{
	char part[LINE], *end = NULL;
	enum line what;
	ssize_t n;

	*size = 0;
	fflush(stdout);
	while (end == NULL) {
		what = wait_for_input(m);
		if (what == LINE_BREAK)
			fputc('\n', stdout);
		if (what != LINE_WHOLE)
			return what;
		n = read(STDIN_FILENO, part, sizeof(part));
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return LINE_CLOSED;
		end = memchr(part, '\n', (size_t)n);
		if (end != NULL)
			n = end - part;
		if ((size_t)n > LINE - *size)
			n = (ssize_t)(LINE - *size);
		memcpy(line + *size, part, (size_t)n);
		*size += (size_t)n;
	}
	return LINE_WHOLE;
}

/*
 * The page.
 */
static void
show_rows(struct menu *m, size_t n)
{
	struct layout_row *shown = calloc(n + 1, sizeof(*shown));
	char(*ports)[ROW_TEXT] = calloc(n + 1, sizeof(*ports));

	if (shown != NULL && ports != NULL) {
		for (size_t i = 0; i < n; i++)
			rows_show(&m->rows, m->first + i, &shown[i], ports[i]);
		layout_table(stdout, &m->layout, shown, n, m->request->now);
	}
	free(shown);
	free(ports);
}

static void
show_header(const struct menu *m)
{
	const struct visit *s = m->visit;
	char host[HOST_NAME_MAX + 1] = "";

	if (gethostname(host, sizeof(host) - 1) == -1)
		host[0] = '\0';
	host[strcspn(host, ".")] = '\0';
	layout_header(stdout, &m->layout,
	    &(struct layout_header){.host = host,
		.user = s->person.name,
		.key = s->factor.key[0] != '\0' ? s->factor.key : NULL,
		.until = m->until},
	    m->request->now);
}

static void
show_nothing(const struct menu *m)
{
	char safe[WISH_TEXT + 8];

	layout_fit(safe, sizeof(safe), m->search, m->layout.columns - 1,
	    m->layout.utf8);
	if (m->search[0] == '\0')
		fputs(" Nothing is open to you.\n", stdout);
	else
		printf(" Nothing is called\n  %s\n / alone shows all.\n", safe);
}

/* Whether there are more rows behind it. */
static bool
show_page(struct menu *m)
{
	size_t n = rows_fill(&m->rows, m->first + m->page + 1), shown;

	if (m->first >= n)
		m->first = 0;
	shown = n - m->first < m->page ? n - m->first : m->page;
	if (m->visit->place != NULL)
		fputc('\n', stdout);
	show_header(m);
	if (shown == 0)
		show_nothing(m);
	else
		show_rows(m, shown);
	return n > m->first + shown;
}

static void
show_help(void)
{
	fputs(" 3         go to target 3\n"
	      " 3:22      to its port 22\n"
	      " root@3    as root\n"
	      " /text     search names and comments\n"
	      " /@tag     targets with a tag\n"
	      " /         all of them\n"
	      " Enter, n  the next page\n"
	      " p         the page before\n"
	      " r         show it afresh\n"
	      " q         leave; also Ctrl-D\n"
	      " Times are those of the policy.\n"
	      " ssh jump help: other requests\n",
	    stdout);
}

/* Become the menu that is at this place.  Returns only if that fails. */
static int
show_again(struct menu *m, size_t first, const char *search)
{
	char place[WISH_TEXT + 32];

	fflush(stdout);
	/* Until the next one catches them, interrupts are characters. */
	m->modes.c_lflag &= ~(tcflag_t)ISIG;
	tcsetattr(STDIN_FILENO, TCSANOW, &m->modes);
	signal(SIGINT, SIG_IGN);
	wish_place_print(place, sizeof(place), first, search);
	terminal_menu(m->visit, place);
	return visit_broken("go on");
}

/*
 * A choice.
 */
/* Ask for one word; false if the user would rather not. */
static bool
ask(struct menu *m, const char *question, char *word, size_t size,
    enum then *then)
{
	char line[LINE];
	size_t n;

	printf(" %s", question);
	*then = THEN_PROMPT;
	switch (read_line(m, line, &n)) {
	case LINE_WHOLE:
		break;
	case LINE_DEADLINE:
		*then = THEN_DEADLINE;
		return false;
	case LINE_CLOSED:
		fputc('\n', stdout);
		return false;
	case LINE_BREAK:
		return false;
	}
	while (n > 0 && line[n - 1] == ' ')
		n--;
	if (n == 0 || n >= size || memchr(line, '\0', n) != NULL)
		return false;
	memcpy(word, line, n);
	word[n] = '\0';
	return true;
}

/* The row of the same target that has the port; NULL: none has. */
static const struct policy_port *
find_port(const struct menu *m, const struct row *row, uint16_t port)
{
	for (size_t i = 0; i < m->rows.n; i++) {
		const struct row *other = &m->rows.row[i];

		if (other->target != row->target ||
		    strcmp(other->form.asked.text, row->form.asked.text) != 0)
			continue;
		for (size_t n = 0; n < other->nports; n++) {
			if (other->ports[n].port == port)
				return &other->ports[n];
		}
	}
	return NULL;
}

static const struct policy_port *
choose_port(struct menu *m, const struct row *row, const struct wish *w,
    enum then *then)
{
	char question[ROW_TEXT + 32], ports[ROW_TEXT], word[16];
	struct layout_row shown;
	const struct policy_port *found;
	uint16_t port = w->port;

	if (port == 0 && row->nports == 1)
		return &row->ports[0];
	if (port == 0) {
		rows_show(&m->rows, (size_t)(row - m->rows.row), &shown, ports);
		snprintf(question, sizeof(question), "port (%s): ", ports);
		if (!ask(m, question, word, sizeof(word), then))
			return NULL;
		if (!port_parse(&port, word))
			port = 0;
	}
	found = find_port(m, row, port);
	if (found == NULL)
		fputs(" It has no such port for you.\n", stdout);
	return found;
}

/* A net and a domain are many hosts: which? */
static bool
choose_host(struct menu *m, const struct row *row, struct target *asked,
    enum then *then)
{
	uint32_t kind = policy_target(m->visit->policy, row->target)->kind;
	uint16_t port = asked->port;
	char question[NAME_TEXT + 32], word[256];

	if (kind != TARGET_NET && kind != TARGET_DOMAIN)
		return true;
	snprintf(question, sizeof(question), "host in %s: ",
	    row->form.name != NULL ? row->form.name : row->form.net);
	if (!ask(m, question, word, sizeof(word), then))
		return false;
	if (target_parse(asked, word, NULL) && asked->form != TARGET_PATH &&
	    asked->port == 0) {
		asked->port = port;
		return true;
	}
	fputs(" That is no name and no address.\n", stdout);
	return false;
}

static bool
choose_login(
    struct menu *m, const struct road *road, char *login, enum then *then)
{
	char question[ROAD_LOGINS * COMMAND_LOGIN + 32];
	size_t n = 0;

	question[0] = '\0';
	for (size_t i = 0; i < road->nlogins; i++)
		n += (size_t)snprintf(question + n, sizeof(question) - n,
		    "%s%s", n == 0 ? "login (" : " ", road->logins[i]);
	snprintf(
	    question + n, sizeof(question) - n, n == 0 ? "login: " : "): ");
	if (!ask(m, question, login, COMMAND_LOGIN, then))
		return false;
	if (command_login(login))
		return true;
	fputs(" That is no login.\n", stdout);
	return false;
}

/* Whether it is open with this login is for the session to say. */
static enum then
start_session(struct menu *m, const struct target *asked, const char *login)
{
	static struct road road;
	char name[300], request[COMMAND_TEXT], word[COMMAND_LOGIN];
	enum then then = THEN_PROMPT;

	if (login[0] == '\0') {
		rows_road(&m->rows, asked, NULL, &road);
		login = road.login;
		if (road.lack == ROAD_NO_LOGIN) {
			if (!choose_login(m, &road, word, &then))
				return then;
			login = word;
		}
	}
	snprintf(request, sizeof(request), "ssh %s%s%s", login,
	    login[0] != '\0' ? "@" : "",
	    target_text(asked, name, sizeof(name)));
	fflush(stdout);
	if (terminal_run(m->visit, request) == -1)
		visit_broken("start a session");
	set_modes(m);
	return THEN_SHOW;
}

/* The approvals are those that the page was made with; the time is now. */
static enum then
choose(struct menu *m, const struct wish *w)
{
	const struct row *row;
	const struct policy_port *port;
	struct row_state state;
	struct target asked;
	enum then then = THEN_PROMPT;

	if (w->number > m->rows.n) {
		printf(" There is no number %u here.\n", w->number);
		return THEN_PROMPT;
	}
	row = &m->rows.row[w->number - 1];
	port = choose_port(m, row, w, &then);
	if (port == NULL)
		return then;
	asked = row->form.asked;
	asked.port = port->port;
	if (!choose_host(m, row, &asked, &then))
		return then;
	m->request->now = time(NULL);
	m->request->minute = decide_minute(m->request->now);
	rows_judge(
	    &m->rows, &asked, (enum policy_protocol)port->protocol, &state);
	if (state.state == LAYOUT_ASK)
		advice_ask(stdout, &asked, &state);
	else if (state.state == LAYOUT_CLOSED)
		advice_closed(stdout, &asked, &state, m->request->now);
	else if (state.road == ROAD_SHELL)
		then = start_session(m, &asked, w->login);
	else
		advice_open(stdout, &m->rows, &asked,
		    (enum policy_protocol)port->protocol);
	return then;
}

/*
 * The prompt.
 */
static enum then
serve_wish(struct menu *m, const struct wish *w, bool more)
{
	switch (w->kind) {
	case WISH_CHOICE:
		return choose(m, w);
	case WISH_HELP:
		show_help();
		return THEN_PROMPT;
	case WISH_QUIT:
		return THEN_LEAVE;
	case WISH_NEXT:
		m->first = more ? m->first + m->page : 0;
		return THEN_SHOW;
	case WISH_BACK:
		m->first -= m->first < m->page ? m->first : m->page;
		return THEN_SHOW;
	case WISH_SEARCH:
		m->first = 0;
		strcpy(m->search, w->search);
		return THEN_SHOW;
	case WISH_FRESH:
		return THEN_SHOW;
	case WISH_JUNK:
		break;
	}
	fputs(" That is not understood; ? helps.\n", stdout);
	return THEN_PROMPT;
}

static enum then
prompt(struct menu *m, bool more)
{
	char line[LINE];
	struct wish w;
	size_t n;

	layout_prompt(stdout, &m->layout, more);
	switch (read_line(m, line, &n)) {
	case LINE_WHOLE:
		wish_parse(&w, line, n);
		return serve_wish(m, &w, more);
	case LINE_BREAK:
		return THEN_PROMPT;
	case LINE_DEADLINE:
		return THEN_DEADLINE;
	case LINE_CLOSED:
		break;
	}
	fputc('\n', stdout);
	return THEN_LEAVE;
}

static int64_t
end_of_user(const struct visit *s)
{
	return s->person.user == POLICY_NONE
	    ? 0
	    : policy_user(s->policy, s->person.user)->until;
}

int
menu_show(struct visit *s, struct policy_request *request)
{
	static struct menu m;
	enum then then = THEN_PROMPT;
	bool more;

	m.visit = s;
	m.request = request;
	m.until = end_of_user(s);
	if (tcgetattr(STDIN_FILENO, &m.modes) == -1)
		return visit_broken("use the terminal");
	catch_interrupts(&m);
	take_foreground();
	set_modes(&m);
	measure(&m);
	wish_place_parse(s->place, &m.first, m.search);
	m.rows = (struct rows){.policy = s->policy,
	    .request = request,
	    .step = s->method != NULL,
	    .online = &s->online};
	if (rows_open(&m.rows, m.search) == -1)
		return visit_broken("list the targets");
	more = show_page(&m);
	while (then == THEN_PROMPT && !m.rows.failed && !ferror(stdout) &&
	    !policy_damaged(s->policy))
		then = at_end(&m) ? THEN_DEADLINE : prompt(&m, more);
	if (then == THEN_SHOW)
		return show_again(&m, m.first, m.search);
	if (then == THEN_DEADLINE)
		fputs("\njump: your rights on this host have ended.\n", stdout);
	return m.rows.failed ? visit_broken("list the targets") : EXIT_OK;
}
