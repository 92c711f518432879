/*
 * jumpctl load: put a policy into force by renaming its image.
 */
#include "ctl.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "exit.h"

#define IMAGE     "policy.db"
#define IMAGE_OLD "policy.db.1"
#define IMAGE_NEW "policy.db.new"

/* Who loads: the account, and who became it by sudo. */
static void
loader(char *buf, size_t size)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *sudo = getenv("SUDO_USER");
	char by[33] = "";

	if (sudo != NULL)
		audit_escape(by, sizeof(by), sudo);
	snprintf(buf, size, "%.24s%s%.32s%s",
	    pw == NULL ? "root" : pw->pw_name, *by == '\0' ? "" : " (", by,
	    *by == '\0' ? "" : ")");
}

static void
record(struct audit *audit, const char *who, const char *what,
    const char *hash, enum audit_outcome outcome)
{
	struct audit_event event = {.kind = AUDIT_LOAD,
	    .outcome = outcome,
	    .uid = getuid(),
	    .user = who,
	    .policy = hash,
	    .reason = what};

	if (audit_write(audit, &event) == -1)
		warnx("the log did not take the record of this load");
}

/* The state directory, locked against another load. */
static int
lock_state(void)
{
	int dir = open(STATEDIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dir == -1 || fstat(dir, &st) == -1)
		err(EXIT_STATE, "%s", STATEDIR);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		errx(EXIT_STATE, "%s: is writable by others than root",
		    STATEDIR);
	if (flock(dir, LOCK_EX | LOCK_NB) == -1)
		errx(EXIT_BUSY, "another load is under way");
	return dir;
}

/* Write the image beside the one in force; 0 or -1 with errno. */
static int
write_new(struct policy *p, int dir)
{
	const struct group *gr = getgrnam("_jump");
	int fd, result = -1;

	if (gr == NULL)
		errx(EXIT_STATE, "there is no group _jump");
	if (unlinkat(dir, IMAGE_NEW, 0) == -1 && errno != ENOENT)
		return -1;
	fd = openat(dir, IMAGE_NEW,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	if (policy_save(p, fd) == 0 && fchown(fd, 0, gr->gr_gid) == 0 &&
	    fchmod(fd, 0640) == 0 && fsync(fd) == 0)
		result = 0;
	close(fd);
	return result;
}

/* Whether the image in force is worth keeping: good, and another policy. */
static bool
worth_keeping(const struct policy *new)
{
	struct policy *old;
	bool worth;

	if (policy_open(POLICY_IMAGE, 0, &old) != POLICY_OK)
		return false;
	worth = policy_verify(old) &&
	    memcmp(old->hash, new->hash, sizeof(old->hash)) != 0;
	policy_free(old);
	return worth;
}

/* Keep the image in force as the one before, and rename the new one. */
static int
replace(const struct policy *new, int dir)
{
	bool keep = worth_keeping(new);

	if (keep && unlinkat(dir, IMAGE_OLD, 0) == -1 && errno != ENOENT)
		return -1;
	if (keep && linkat(dir, IMAGE, dir, IMAGE_OLD, 0) == -1)
		return -1;
	if (renameat(dir, IMAGE_NEW, dir, IMAGE) == -1)
		return -1;
	return fsync(dir);
}

static int
load_new(struct audit *audit, const char *who)
{
	struct sources s;
	struct policy *p = NULL;
	size_t errors = 1, warnings = 0;
	char hash[17];
	int dir = lock_state(); /* before reading: the last to read wins */

	if (sources_system(&s) == 0)
		p = policy_check(&s, &errors, &warnings);
	sources_free(&s);
	if (p == NULL) {
		warnx("nothing is loaded; the policy in force, if any, is "
		      "unchanged");
		record(audit, who, "rejected", "", AUDIT_FAILURE);
		return EXIT_NO_MATCH;
	}
	snprintf(p->loaded_by, sizeof(p->loaded_by), "%s", who);
	p->loaded_at = time(NULL);
	if (write_new(p, dir) == -1 || replace(p, dir) == -1)
		err(EXIT_STATE, "%s", POLICY_IMAGE);
	policy_hash_text(p, hash);
	record(audit, who, "loaded", hash, AUDIT_SUCCESS);
	policy_free(p);
	close(dir);
	return EXIT_OK;
}

static int
load_previous(struct audit *audit, const char *who)
{
	struct policy *p;
	enum policy_error error;
	char hash[17];
	int dir = lock_state();

	error = policy_open(STATEDIR "/" IMAGE_OLD, 0, &p);
	if (error == POLICY_MISSING)
		errx(EXIT_POLICY, "there is no previous policy");
	if (error != POLICY_OK)
		errx(EXIT_POLICY, "%s: %s", STATEDIR "/" IMAGE_OLD,
		    policy_strerror(error));
	if (!policy_verify(p))
		errx(EXIT_POLICY, "%s: damaged", STATEDIR "/" IMAGE_OLD);
	if (renameat2(dir, IMAGE, dir, IMAGE_OLD, RENAME_EXCHANGE) == -1 ||
	    fsync(dir) == -1)
		err(EXIT_STATE, "%s", POLICY_IMAGE);
	policy_hash_text(p, hash);
	record(audit, who, "previous", hash, AUDIT_SUCCESS);
	policy_free(p);
	close(dir);
	return EXIT_OK;
}

int
load_main(int argc, char **argv)
{
	struct audit audit;
	char who[64];

	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--previous") != 0)) {
		warnx("usage: jumpctl load [--previous]");
		return EXIT_USAGE;
	}
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root loads a policy");
	if (audit_open(&audit, "jumpctl", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");
	loader(who, sizeof(who));
	return argc == 2 ? load_previous(&audit, who) : load_new(&audit, who);
}
