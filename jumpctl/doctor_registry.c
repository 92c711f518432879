/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: what lies in the registry of sessions and is no file of its
 * user's, as session.h has them.
 */
#include "doctor.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <unistd.h>

#include "exit.h"
#include "session.h"

enum { ODD_MAX = 10, AGAIN_US = 100000 };

struct entry {
	const char *name;
	bool named; /* as we name them */
	uid_t uid;  /* that the name says */
	int64_t slot;
	struct stat st;
};

/*
 * Whether a session of its user's stumbles over it, or a sweep.  What its user
 * owns, they set right themselves; one under which several count may be
 * anybody's.
 */
static bool
is_odd(struct entry *e, int dir, gid_t gid)
{
	mode_t mode;

	if (fstatat(dir, e->name, &e->st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno != ENOENT;
	mode = e->st.st_mode & 07777;
	if (!e->named || !S_ISREG(e->st.st_mode) || e->st.st_nlink != 1 ||
	    e->st.st_gid != gid)
		return true;
	return e->slot == -1 ? e->st.st_uid != e->uid && mode != 0660
			     : e->st.st_uid != e->uid || mode != 0600;
}

/* One that is a file may be held by a session that lives. */
static void
find_odd(struct doctor *d, const struct entry *e)
{
	const struct passwd *pw = getpwuid(e->uid);
	char remedy[2 * PATH_MAX];
	const char *dir = SESSION_DIRECTORY;

	if (!e->named) {
		found(d, LEVEL_FAIL, NULL, NULL, "mv it to another folder",
		    "%s/%s is no session's: each sweep exits %d", dir, e->name,
		    EXIT_INTERNAL);
		return;
	}
	if (S_ISREG(e->st.st_mode) && e->st.st_nlink == 1)
		snprintf(remedy, sizeof(remedy),
		    "chown -h %u:_jump %s/%s && chmod %s %s/%s", e->uid, dir,
		    e->name, e->slot == -1 ? "660" : "600", dir, e->name);
	else
		snprintf(remedy, sizeof(remedy), "%s %s/%s",
		    S_ISDIR(e->st.st_mode) ? "rmdir" : "rm", dir, e->name);
	found(d, LEVEL_FAIL, pw == NULL ? NULL : pw->pw_name, NULL, remedy,
	    "%s/%s is not as their sessions make it (uid %u, mode %o): they "
	    "exit %d%s",
	    dir, e->name, e->st.st_uid, e->st.st_mode & 07777, EXIT_STATE,
	    e->slot == -1 ? "" : ", and each sweep 70");
}

bool
check_registry(struct doctor *d)
{
	const struct group *gr = getgrnam("_jump");
	DIR *dir = opendir(SESSION_DIRECTORY);
	const struct dirent *entry;
	unsigned odd = 0;

	while (gr != NULL && dir != NULL && odd < ODD_MAX &&
	    (entry = readdir(dir)) != NULL) {
		struct entry e = {.name = entry->d_name};

		if (e.name[0] == '.' && (e.name[1] == '\0' || e.name[1] == '.'))
			continue;
		e.named = session_name(e.name, &e.uid, &e.slot);
		if (!is_odd(&e, dirfd(dir), gr->gr_gid))
			continue;
		usleep(AGAIN_US); /* it may just be made */
		if (!is_odd(&e, dirfd(dir), gr->gr_gid))
			continue;
		find_odd(d, &e);
		odd++;
	}
	if (dir != NULL)
		closedir(dir);
	return odd == 0;
}
