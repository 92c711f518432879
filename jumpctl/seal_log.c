/* SPDX-License-Identifier: ISC */
/*
 * Sealing the recordings of this machine, with records in the log.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include "ctl.h"
#include "recording.h"
#include "session.h"

enum { BUDGET_MS = 5000 };

#define PROGRESS "/run/jump/sealing"

struct teller {
	struct audit audit;
	bool mute;
	char by[64], loginuid[AUDIT_LOGINUID];
};

static void
record(void *arg, const char *name, const struct seal *seal, const char *reason)
{
	struct teller *t = arg;
	const struct passwd *pw = seal == NULL ? NULL : getpwuid(seal->uid);
	char id[AUDIT_SESSION + 1] = "";
	struct audit_event e = {.kind = AUDIT_SEAL,
	    .outcome = seal == NULL ? AUDIT_FAILURE : AUDIT_SUCCESS,
	    .uid = getuid(),
	    .user = t->by,
	    .loginuid = t->loginuid,
	    .session = id,
	    .who = pw == NULL ? NULL : pw->pw_name,
	    .reason = reason != NULL ? reason : "sealed",
	    .file = name};

	if (seals_name_valid(name))
		recording_id(id, name);
	if (seal != NULL) {
		e.size = seal->size;
		e.hash = seal->hash;
		e.seal = seal->chain;
	}
	if (t->mute || audit_write(&t->audit, &e) == 0)
		return;
	warnx("the log does not take the record of this");
	t->mute = true;
}

int
seal_recordings(void)
{
	struct teller teller = {.mute = false};
	struct recordings_live live;
	struct sealing what = {.progress = PROGRESS,
	    .live = &live,
	    .ms = BUDGET_MS,
	    .told = record,
	    .arg = &teller};
	int result;

	what.dir = open(RECORDINGS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (what.dir == -1)
		return errno == ENOENT ? 0 : -1;
	if (recordings_live(&live, SESSION_DIRECTORY) == -1 ||
	    audit_open(&teller.audit, "jumpctl", AUDIT_SOCKET) == -1) {
		warn("recordings are not sealed");
		close(what.dir);
		return -1;
	}
	state_who(teller.by, sizeof(teller.by));
	audit_loginuid(teller.loginuid);
	result = seal_all(&what);
	audit_close(&teller.audit);
	recordings_live_free(&live);
	close(what.dir);
	return result;
}
