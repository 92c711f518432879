/* SPDX-License-Identifier: ISC */
/*
 * hold: processes that hold sessions of the registry, as relays do.
 *
 *   hold [-u UID] [-U UIDS] [-n EACH] [-i ID] [-w WHO] [-f FROM] [-t TARGET]
 *       [-a ADDRESS] [-p PORT] [-r RULE] [-b BYTES] [-B PER-SECOND] [-s] GID
 *
 * EACH sessions for each of UIDS accounts from UID on.  Says "ready" when all
 * are there, and for each that is kicked, by whom; -s: kicks are not heard.
 * In the place of jump-connect, and setgid, it holds one session of the user.
 */
#include <sys/prctl.h>

#include <err.h>
#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "session.h"

struct wish {
	uid_t uid;
	gid_t gid;
	unsigned uids, each;
	const char *id, *user, *source, *target, *ip, *rule;
	uint16_t port;
	uint64_t bytes, rate;
	bool deaf;
};

static volatile sig_atomic_t kicker = -1;

static void
on_kick(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	kicker = (sig_atomic_t)info->si_uid;
}

static void
become(const struct wish *w, uid_t uid)
{
	if (geteuid() != 0)
		return;
	if (setgroups(0, NULL) == -1 || setgid(w->gid) == -1 ||
	    setuid(uid) == -1)
		err(1, "uid %u", uid);
}

static void
fill(struct session_page *p, const struct wish *w, unsigned nth)
{
	struct timespec now;

	if (w->each > 1 || w->uids > 1)
		snprintf(
		    p->id, sizeof(p->id), "%.2s%06u", w->id, nth % 1000000);
	else
		snprintf(p->id, sizeof(p->id), "%s", w->id);
	snprintf(p->user, sizeof(p->user), "%s", w->user);
	snprintf(p->source, sizeof(p->source), "%s", w->source);
	snprintf(p->target, sizeof(p->target), "%s", w->target);
	snprintf(p->ip, sizeof(p->ip), "%s", w->ip);
	snprintf(p->rule, sizeof(p->rule), "%s", w->rule);
	p->port = w->port;
	p->road = 1; /* ROAD_CONNECT */
	p->sent = p->received = w->bytes;
	p->started = time(NULL);
	clock_gettime(CLOCK_MONOTONIC, &now);
	p->active = now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Live until we are kicked; with a rate, ten times a second. */
static void
live(const struct wish *w, struct session_page *p)
{
	struct sigaction action = {
	    .sa_sigaction = on_kick, .sa_flags = SA_SIGINFO};
	const struct timespec tenth = {.tv_nsec = 100000000};
	sigset_t kick, before;

	if (w->deaf)
		action = (struct sigaction){.sa_handler = SIG_IGN};
	sigemptyset(&kick);
	sigaddset(&kick, SESSION_KICK);
	sigprocmask(SIG_BLOCK, &kick, &before);
	sigaction(SESSION_KICK, &action, NULL);
	while (kicker == -1) {
		struct timespec now;

		ppoll(NULL, 0, w->rate == 0 ? NULL : &tenth, &before);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (w->rate != 0)
			p->active = now.tv_sec * 1000 + now.tv_nsec / 1000000;
		p->sent += w->rate / 10;
		p->received += w->rate / 5;
	}
	printf("kicked by %d: %s\n", (int)kicker, p->id);
	fflush(stdout);
}

static void
hold(const struct wish *w, uid_t uid, unsigned nth, int ready)
{
	struct session s;

	become(w, uid);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a change of uid clears it */
	if (session_open(&s, SESSION_DIRECTORY, uid) == -1)
		err(1, "%s", SESSION_DIRECTORY);
	fill(s.page, w, nth);
	session_publish(&s);
	if (write(ready, "", 1) != 1)
		err(1, "pipe");
	close(ready);
	live(w, s.page);
	_exit(0);
}

/* Where the text of this option goes, or NULL. */
static const char **
text_of(struct wish *w, int option)
{
	switch (option) {
	case 'i':
		return &w->id;
	case 'w':
		return &w->user;
	case 'f':
		return &w->source;
	case 't':
		return &w->target;
	case 'a':
		return &w->ip;
	case 'r':
		return &w->rule;
	default:
		return NULL;
	}
}

static void
read_number(struct wish *w, int option)
{
	uint64_t n = option == 's' ? 0 : strtoull(optarg, NULL, 10);

	switch (option) {
	case 'u':
		w->uid = (uid_t)n;
		break;
	case 'U':
		w->uids = (unsigned)n;
		break;
	case 'n':
		w->each = (unsigned)n;
		break;
	case 'p':
		w->port = (uint16_t)n;
		break;
	case 'b':
		w->bytes = n;
		break;
	case 'B':
		w->rate = n;
		break;
	default:
		w->deaf = true;
	}
}

static struct wish
read_wish(int argc, char **argv)
{
	struct wish w = {.uid = 2001,
	    .uids = 1,
	    .each = 1,
	    .id = "k3f9abcd",
	    .user = "",
	    .source = "192.0.2.10",
	    .target = "web1",
	    .ip = "10.2.0.10",
	    .rule = "all",
	    .port = 22};
	const char **text;
	int option;

	if (strcmp(program_invocation_short_name, "jump-connect") == 0) {
		w.uid = geteuid();
		return w;
	}
	while (
	    (option = getopt(argc, argv, "u:U:n:i:w:f:t:a:p:r:b:B:s")) != -1) {
		if (option == '?')
			exit(64);
		text = text_of(&w, option);
		if (text != NULL)
			*text = optarg;
		else
			read_number(&w, option);
	}
	if (optind + 1 != argc)
		errx(64, "GID?");
	w.gid = (gid_t)strtoul(argv[optind], NULL, 10);
	return w;
}

int
main(int argc, char **argv)
{
	struct wish w = read_wish(argc, argv);
	int ready[2];
	char byte;

	if (pipe(ready) == -1)
		err(1, "pipe");
	for (unsigned i = 0; i < w.uids * w.each; i++) {
		pid_t pid = fork();

		if (pid == -1)
			err(1, "fork");
		if (pid == 0)
			hold(&w, w.uid + i / w.each, i, ready[1]);
	}
	close(ready[1]);
	for (unsigned i = 0; i < w.uids * w.each; i++) {
		if (read(ready[0], &byte, 1) != 1)
			errx(1, "not all are there");
	}
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
