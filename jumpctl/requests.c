/* SPDX-License-Identifier: ISC */
/*
 * jumpctl requests: who asked for what, what became of it, and its end.
 */
#include "ctl.h"

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "grant.h"
#include "requests.h"

struct listing {
	const struct policy *policy;
	struct grants grants;
	int dir;
	time_t now;
};

/*
 * JSON.
 */
static void
put_time(const char *name, int64_t when)
{
	time_t t = (time_t)when;
	char text[GRANT_TIME] = "";
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_field(name, text);
}

static void
print_json(const struct listing *l, const struct grant_request *r,
    const struct grant_view *v)
{
	const struct grant_tuple *t = &r->tuple;
	char id[GRANT_NONCE + 1], groups[GRANT_GROUPS];

	snprintf(
	    id, sizeof(id), "%.*s", grant_id_length(&l->grants, r), t->nonce);
	printf("{\"version\":1");
	json_field("id", id);
	json_field("state", grant_state_names[v->state]);
	json_field("user", t->user);
	json_field("account", t->account);
	printf(",\"uid\":%u", (unsigned)r->uid);
	json_field("realm", t->meaning.realm);
	json_field("target", t->target);
	json_field("address", t->meaning.address);
	printf(",\"port\":%u", t->port);
	json_field("login", t->login);
	json_field("ticket", t->ticket);
	json_field("from", t->source);
	json_field("reason", t->reason);
	printf(",\"seconds\":%u", t->seconds);
	put_time("asked", t->from);
	put_time("until", v->end);
	json_field("by", v->by != NULL ? v->by->by : "");
	json_field("waits",
	    v->state == GRANT_WAITS
		? grant_groups(l->policy, &v->verdict, groups)
		: "");
	printf("}\n");
}

/*
 * The list.
 */
static void
list(const struct listing *l, bool json)
{
	const struct grants *g = &l->grants;
	struct grant_line *lines = calloc(g->nrequests + 1, sizeof(*lines));

	if (lines == NULL)
		err(EXIT_INTERNAL, NULL);
	for (size_t i = 0; i < g->nrequests; i++) {
		struct grant_view v;

		grant_look(l->policy, g, &g->requests[i], l->now, &v);
		if (json)
			print_json(l, &g->requests[i], &v);
		else
			grant_line_fill(
			    &lines[i], l->policy, g, &g->requests[i], &v, true);
	}
	if (!json && g->nrequests > 0)
		grant_lines_print(stdout, lines, g->nrequests, true);
	free(lines);
	if (g->odd > 0)
		warnx("%zu file%s in %s: %s no request", g->odd,
		    g->odd == 1 ? "" : "s", GRANT_DIRECTORY,
		    g->odd == 1 ? "it is" : "they are");
	if (g->more)
		warnx("there are more files than are read");
}

/*
 * The end of one.
 */
static const struct grant_request *
find(const struct listing *l, const char *id)
{
	const struct grants *g = &l->grants;
	const struct grant_request *found = NULL;

	for (size_t i = 0; i < g->nrequests; i++) {
		if (!grant_id_matches(id, &g->requests[i].tuple))
			continue;
		if (found != NULL) {
			warnx("%s begins the id of several requests", id);
			return NULL;
		}
		found = &g->requests[i];
	}
	if (found == NULL)
		warnx("there is no request %s", id);
	return found;
}

static void
record(const struct listing *l, const struct grant_request *r,
    enum audit_outcome outcome, const char *reason)
{
	char by[64], loginuid[AUDIT_LOGINUID], hash[17], id[GRANT_ID + 1];
	const struct grant_tuple *t = &r->tuple;
	struct audit audit;
	struct audit_event e = {.kind = AUDIT_WITHDRAW,
	    .outcome = outcome,
	    .uid = getuid(),
	    .user = by,
	    .loginuid = audit_loginuid(loginuid),
	    .policy = hash,
	    .who = t->user,
	    .address = t->target,
	    .port = t->port,
	    .note = t->reason,
	    .ticket = t->ticket,
	    .approval = id,
	    .reason = reason,
	    .wanted = t->seconds};

	state_who(by, sizeof(by));
	policy_hash_text(l->policy, hash);
	snprintf(id, sizeof(id), "%.*s", GRANT_ID, t->nonce);
	if (audit_open(&audit, "jumpctl", AUDIT_SOCKET) == -1 ||
	    audit_write(&audit, &e) == -1)
		errx(EXIT_INTERNAL,
		    "the log does not take the record of "
		    "this: nothing is done");
	audit_close(&audit);
}

/* Connections that were decided before, and are not seen yet, are told. */
static void
touch_image(void)
{
	struct stat st;

	if (stat(POLICY_IMAGE, &st) == -1 ||
	    chmod(POLICY_IMAGE, st.st_mode & 07777) == -1)
		warn("%s", POLICY_IMAGE);
}

static int
withdraw(const struct listing *l, const char *id, bool sweeps)
{
	const struct grant_request *r = find(l, id);
	char name[GRANT_CELL];

	if (r == NULL)
		return EXIT_NO_MATCH;
	record(l, r, AUDIT_SUCCESS, NULL);
	if (grants_end(l->dir, &r->tuple) == -1 ||
	    grants_withdraw(l->dir, r) == -1) {
		record(l, r, AUDIT_FAILURE, strerror(errno));
		err(EXIT_STATE, "%s", GRANT_DIRECTORY);
	}
	for (size_t i = 0; i < l->grants.nanswers; i++) {
		const struct grant_answer *a = &l->grants.answers[i];

		if (a->about == r->uid && a->slot == r->slot)
			grants_withdraw_answer(l->dir, a);
	}
	touch_image();
	printf("withdrawn: %s to %s\n", r->tuple.user,
	    grant_target_text(&r->tuple, name, sizeof(name)));
	return sweeps ? sweep_after_change() : EXIT_OK;
}

int
requests_main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"json", no_argument, NULL, 'j'},
	    {"withdraw", required_argument, NULL, 'w'}, {NULL, 0, NULL, 0}};
	struct listing l = {.now = time(NULL)};
	bool sweeps = !no_sweep(&argc, argv), json = false;
	const char *id = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option != 'j' && option != 'w')
			return usage("requests");
		json = json || option == 'j';
		id = option == 'w' ? optarg : id;
	}
	if (optind != argc || (json && id != NULL))
		return usage("requests");
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root reads the requests of others");
	l.policy = policy_in_force();
	l.dir = grants_open(GRANT_DIRECTORY, 0);
	if (l.dir == -1 || grants_read(&l.grants, l.dir, GRANT_ANYBODY) == -1)
		err(EXIT_STATE, "%s", GRANT_DIRECTORY);
	grants_verify(&l.grants, l.policy, GRANT_ANYBODY, time(NULL));
	if (id != NULL)
		return withdraw(&l, id, sweeps);
	list(&l, json);
	return EXIT_OK;
}

int
requests_clean(const struct policy *p, time_t now)
{
	int dir = grants_open(GRANT_DIRECTORY, 0), result = -1;
	struct grants g;

	if (dir == -1)
		return -1;
	if (grants_read(&g, dir, GRANT_ANYBODY) == 0) {
		grants_verify(&g, p, GRANT_ANYBODY, now);
		for (size_t i = 0; i < g.nrequests; i++) {
			struct grant_view v;

			grant_look(p, &g, &g.requests[i], now, &v);
			if (v.state == GRANT_OVER &&
			    !grants_in_doubt(&g, &g.requests[i], now))
				grants_withdraw(dir, &g.requests[i]);
		}
		grants_free(&g);
		if (grants_read(&g, dir, GRANT_ANYBODY) == 0) {
			if (!g.more)
				grants_clean(dir, &g, now);
			grants_free(&g);
			result = 0;
		}
	}
	close(dir);
	return result;
}
