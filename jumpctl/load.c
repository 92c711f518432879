/* SPDX-License-Identifier: ISC */
/*
 * jumpctl load: put a policy into force by renaming its image.
 */
#include "ctl.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "folders.h"

/* What the record of a load says of the policies before and after. */
struct change {
	char previous[17], hash[17], what[160];
};

/* How many more or fewer there are of a kind of statement. */
static void
count(char *what, size_t size, const char *name, uint32_t old, uint32_t new)
{
	size_t n = strlen(what);

	if (old != new)
		snprintf(what + n, size - n, "%s%s %+lld", n == 0 ? "" : ", ",
		    name, (long long)new - (long long)old);
}

/* Compare two policies, or one with none; jumpctl diff says all of it. */
static void
compare(struct change *c, const struct policy *old, const struct policy *new)
{
	static const struct {
		enum policy_table table;
		const char *name;
	} kinds[] = {{PT_USERS, "users"}, {PT_KEYS, "keys"},
	    {PT_GROUPS, "groups"}, {PT_TARGETS, "targets"},
	    {PT_WINDOWS, "windows"}, {PT_RULES, "rules"}};

	policy_hash_text(new, c->hash);
	if (old == NULL)
		return;
	policy_hash_text(old, c->previous);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		count(c->what, sizeof(c->what), kinds[i].name,
		    old->table[kinds[i].table].n, new->table[kinds[i].table].n);
	if (c->what[0] == '\0')
		snprintf(c->what, sizeof(c->what), "%s",
		    strcmp(c->hash, c->previous) == 0 ? "nothing"
						      : "as many statements");
}

static void
record(struct audit *audit, const char *who, const char *what,
    const struct change *c, enum audit_outcome outcome)
{
	char loginuid[AUDIT_LOGINUID];
	struct audit_event event = {.kind = AUDIT_LOAD,
	    .outcome = outcome,
	    .uid = getuid(),
	    .user = who,
	    .policy = outcome == AUDIT_SUCCESS ? c->hash : NULL,
	    .previous = c->previous,
	    .changes = outcome == AUDIT_SUCCESS ? c->what : NULL,
	    .loginuid = audit_loginuid(loginuid),
	    .reason = what};

	if (audit_write(audit, &event) == -1)
		warnx("the log did not take the record of this load");
}

/* Rename it into place, with the locks that there are now. */
static void
put(struct audit *audit, const char *who, const char *what, int dir,
    struct policy *p)
{
	struct change change = {.what = ""};
	struct policy *old;

	if (policy_open(POLICY_IMAGE, 0, &old) != POLICY_OK)
		old = NULL;
	if (state_put_image(dir, p, true) == -1) {
		warn("%s", POLICY_IMAGE);
		record(audit, who, "rejected", &change, AUDIT_FAILURE);
		exit(EXIT_STATE);
	}
	compare(&change, old, p);
	record(audit, who, what, &change, AUDIT_SUCCESS);
	folders_renew(p, true); /* says itself what it cannot do */
	policy_free(old);
	policy_free(p);
	close(dir);
}

int
load_policy(struct audit *audit, const char *who, int dir, struct policy *p,
    bool sweeps)
{
	snprintf(p->loaded_by, sizeof(p->loaded_by), "%s", who);
	p->loaded_at = time(NULL);
	put(audit, who, "loaded", dir, p);
	return sweeps ? sweep_after_change() : EXIT_OK;
}

static int
load_system(struct audit *audit, const char *who, bool sweeps)
{
	struct sources s;
	struct policy *p = NULL;
	size_t errors = 1, warnings = 0;
	struct change none = {.what = ""};
	int dir = state_lock(false); /* before reading: the last to read wins */

	if (sources_system(&s) == 0)
		p = policy_check(&s, &errors, &warnings);
	sources_free(&s);
	if (p == NULL) {
		warnx("nothing is loaded; the policy in force, if any, is "
		      "unchanged");
		record(audit, who, "rejected", &none, AUDIT_FAILURE);
		close(dir);
		return EXIT_NO_MATCH;
	}
	return load_policy(audit, who, dir, p, sweeps);
}

/* The policy before, whose locks may be of another time. */
static int
load_previous(struct audit *audit, const char *who, bool sweeps)
{
	struct policy *old, *p = NULL;
	enum policy_error error;
	int dir = state_lock(false);

	error = policy_open(POLICY_PREVIOUS, 0, &old);
	if (error == POLICY_MISSING)
		errx(EXIT_POLICY, "there is no previous policy");
	if (error != POLICY_OK)
		errx(EXIT_POLICY, "%s: %s", POLICY_PREVIOUS,
		    policy_strerror(error));
	if (!policy_verify(old))
		errx(EXIT_POLICY, "%s: damaged", POLICY_PREVIOUS);
	p = locks_thaw(old);
	if (p == NULL)
		err(EXIT_INTERNAL, NULL);
	if (locks_renew(p) == -1)
		return EXIT_NO_MATCH;
	locks_warn(p);
	policy_free(old);
	put(audit, who, "previous", dir, p);
	return sweeps ? sweep_after_change() : EXIT_OK;
}

int
load_main(int argc, char **argv)
{
	struct audit audit;
	bool sweeps = !no_sweep(&argc, argv);
	char who[64];

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--previous") != 0))
		return usage("load");
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root loads a policy");
	if (audit_open(&audit, "jumpctl", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");
	state_who(who, sizeof(who));
	return argc == 2 ? load_previous(&audit, who, sweeps)
			 : load_system(&audit, who, sweeps);
}
