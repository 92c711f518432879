/* SPDX-License-Identifier: ISC */
#include "terminal.h"

#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "road.h"

#define JUMP_RECORD LIBEXECDIR "/jump-record"
#define JUMP_SHELL  LIBEXECDIR "/jump-shell"

enum { TERM_TEXT = 32 };

static char path[] = "PATH=/usr/bin:/bin";

/* Words of an execve(2), each with room of its own. */
struct words {
	char text[24][COMMAND_TEXT + 32];
	char *list[25];
	size_t n;
};

static void __attribute__((format(printf, 2, 3)))
add(struct words *w, const char *format, ...)
{
	size_t room = sizeof(w->text) / sizeof(w->text[0]);
	va_list ap;

	if (w->n == room)
		return;
	va_start(ap, format);
	vsnprintf(w->text[w->n], sizeof(w->text[0]), format, ap);
	va_end(ap);
	w->list[w->n] = w->text[w->n];
	w->list[++w->n] = NULL;
}

/* What terminfo calls terminals, and nothing else. */
static const char *
safe_term(const char *term)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+-";
	size_t n = term == NULL ? 0 : strspn(term, letters);

	return n > 0 && n <= TERM_TEXT && term[n] == '\0' ? term : "dumb";
}

/* Whether it can be the path of a socket. */
static bool
is_socket_path(const char *agent)
{
	struct sockaddr_un *sun = NULL;
	size_t n;

	if (agent == NULL || *agent != '/')
		return false;
	for (n = 0; agent[n] > ' ' && agent[n] <= '~'; n++)
		;
	return agent[n] == '\0' && n < sizeof(sun->sun_path);
}

static void
environment(struct words *w, const struct visit *s, bool agent)
{
	add(w, "%s", path);
	add(w, "TERM=%s", safe_term(s->term));
	if (agent)
		add(w, "SSH_AUTH_SOCK=%s", s->agent);
}

static void
arguments(struct words *w, const struct visit *s, const struct command *c,
    const struct road *r, bool agent)
{
	add(w, "jump-record");
	add(w, "--session=%s", s->reference);
	if (s->from_text[0] != '\0')
		add(w, "--from=%s", s->from_text);
	if (s->id != NULL)
		add(w, "--id=%s", s->id);
	if (s->method != NULL)
		add(w, "--mfa=%s", s->method);
	if (c->ticket[0] != '\0')
		add(w, "--ticket=%s", c->ticket);
	if (r->record)
		add(w, "--record");
	if (r->consent)
		add(w, "--consent");
	if (agent)
		add(w, "--agent");
	add(w, "--login=%s", r->login);
	add(w, "%s", r->target.text);
	add(w, "%u", r->target.port);
	if (c->remote[0] != '\0') {
		add(w, "--");
		add(w, "%s", c->remote);
	}
}

/* It is open, but not to be begun: a record and a line of its own. */
static int
refuse_lack(struct visit *s, const struct road *r, const char *reason,
    const char *what)
{
	struct audit_event event = {.address = r->target.text,
	    .port = r->target.port,
	    .road = policy_road_names[ROAD_SHELL],
	    .reason = reason};

	return visit_refuse(s, &event, what, EXIT_DENIED);
}

static int
refuse_login(struct visit *s, const struct road *r)
{
	char name[300], what[1000];
	size_t used;

	target_text(&r->target, name, sizeof(name));
	used = (size_t)snprintf(
	    what, sizeof(what), "%s is open to you by login", name);
	for (size_t i = 0; i < r->nlogins; i++)
		used += (size_t)snprintf(what + used, sizeof(what) - used,
		    "%s %s", i == 0 ? "" : " or", r->logins[i]);
	if (r->nlogins == 0)
		used += (size_t)snprintf(
		    what + used, sizeof(what) - used, " only");
	snprintf(what + used, sizeof(what) - used, ": say LOGIN@%s.", name);
	return refuse_lack(s, r, "no login was given", what);
}

static int
refuse_hostkey(struct visit *s, const struct road *r)
{
	char name[300], what[400];

	snprintf(what, sizeof(what),
	    "%s has no host key in the policy, so who answers cannot be told.",
	    target_text(&r->target, name, sizeof(name)));
	return refuse_lack(s, r, "no host key in the policy", what);
}

static int
judge(struct visit *s, const struct command *c, struct road *r)
{
	struct policy_request request;

	visit_request(s, &request, ROAD_SHELL, c->ticket);
	if (road_judge(s->policy, &request, &c->target,
		c->login[0] != '\0' ? c->login : NULL, r) != ACTION_ALLOW)
		return visit_refuse_target(s, ROAD_SHELL, &r->target,
		    &r->decision.verdict, request.ticket);
	switch (r->lack) {
	case ROAD_NO_LOGIN:
		return refuse_login(s, r);
	case ROAD_NO_HOSTKEY:
		return refuse_hostkey(s, r);
	case ROAD_COMPLETE:
		break;
	}
	return EXIT_OK;
}

int
terminal_exec(struct visit *s, const struct command *c)
{
	static struct words argv, envp;
	static struct road road;
	bool agent;
	int code = judge(s, c, &road);

	if (policy_damaged(s->policy) || code != EXIT_OK)
		return code;
	agent = road.agent && is_socket_path(s->agent);
	arguments(&argv, s, c, &road, agent);
	environment(&envp, s, agent);
	execve(JUMP_RECORD, argv.list, envp.list);
	return visit_refuse_because(
	    s, strerror(errno), "jump-record cannot be run.", EXIT_INTERNAL);
}

/* What sshd(8) has told us, to a jump-shell of its own. */
static void
pass_on(struct words *argv, struct words *envp, const struct visit *s)
{
	argv->n = envp->n = 0;
	add(argv, "jump-shell");
	if (s->id != NULL)
		add(argv, "--id=%s", s->id);
	add(envp, "%s", path);
	if (s->connection != NULL)
		add(envp, "SSH_CONNECTION=%s", s->connection);
	if (s->auth != NULL)
		add(envp, "SSH_USER_AUTH=%s", s->auth);
	if (s->ticket != NULL)
		add(envp, "JUMP_TICKET=%s", s->ticket);
	if (is_socket_path(s->agent))
		add(envp, "SSH_AUTH_SOCK=%s", s->agent);
	add(envp, "TERM=%s", safe_term(s->term));
}

int
terminal_run(struct visit *s, const char *request)
{
	static struct words argv, envp;
	pid_t child;
	int status;

	pass_on(&argv, &envp, s);
	add(&envp, "SSH_ORIGINAL_COMMAND=%s", request);
	child = fork();
	if (child == -1)
		return -1;
	if (child == 0) {
		execve(JUMP_SHELL, argv.list, envp.list);
		dprintf(STDERR_FILENO, "jump: jump-shell cannot be run.\n");
		_exit(EXIT_INTERNAL);
	}
	while (waitpid(child, &status, 0) == -1) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status)
				 : 128 + WTERMSIG(status);
}

void
terminal_menu(struct visit *s, const char *place)
{
	static struct words argv, envp;

	pass_on(&argv, &envp, s);
	if (s->no_color != NULL)
		add(&envp, "NO_COLOR=%s", s->no_color);
	add(&envp, "JUMP_MENU=%s", place);
	execve(JUMP_SHELL, argv.list, envp.list);
}
