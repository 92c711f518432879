/* What jump-authkeys can still do once it knows what to print. */
#ifndef JUMP_AUTHKEYS_CONFINE_H
#define JUMP_AUTHKEYS_CONFINE_H

#include "sandbox.h"

/* Confine the process to writing to out and records to log, and to its end. */
enum sandbox_walls confine_printer(int out, int log);

#endif
