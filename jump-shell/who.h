/*
 * The request who: a user's own sessions.
 */
#ifndef WHO_H
#define WHO_H

#include <stdio.h>

#include "session.h"

/*
 * Those of this user, as a table like that of jumpctl who; nothing if there
 * are none.  Closes the files.  0, or -1 if memory ran out.
 */
int answer_who(FILE *, struct session_own *, const char *user);

#endif
