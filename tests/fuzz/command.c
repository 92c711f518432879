/* SPDX-License-Identifier: ISC */
/*
 * What a user types: SSH_ORIGINAL_COMMAND, SSH_CONNECTION and the arguments
 * that sshd(8) starts jump-shell with (one a line).
 */
#include "../../jump-shell/command.h"

#include "fuzz.h"

enum { ARGUMENTS = 6 };

static void
check_target(const struct command *c)
{
	const struct target *t = &c->target;

	must(fuzz_is_line(t->text));
	must(strchr(t->text, ' ') == NULL && t->text[0] != '-');
	must((t->form == TARGET_PATH) == (t->text[0] == '/'));
	if (t->form == TARGET_PATH)
		must(t->port == 0);
	else
		must(t->port != 0 ||
		    (c->verb == COMMAND_WHY && t->form == TARGET_NAMED));
}

/* The plainest spelling of what was understood means the same. */
static void
spell(const struct command *c)
{
	struct command again;
	char text[COMMAND_TEXT + 1], target[300];

	target_text(&c->target, target, sizeof(target));
	snprintf(text, sizeof(text), "%s %s%s%s",
	    c->verb == COMMAND_WHY ? "why" : "connect",
	    c->v4	? "-4 "
		: c->v6 ? "-6 "
			: "",
	    c->target.form == TARGET_PATH ? "-U " : "", target);
	must(command_parse(&again, text) == COMMAND_OK);
	must(again.verb == c->verb && again.v4 == c->v4 && again.v6 == c->v6);
	must(again.target.form == c->target.form &&
	    again.target.port == c->target.port &&
	    (c->target.form == TARGET_ADDRESSED ||
		strcmp(again.target.text, c->target.text) == 0));
}

static void
request(const char *text)
{
	struct command c;
	char buf[COMMAND_SENTENCE];
	enum command_error error = command_parse(&c, text);

	must(fuzz_is_line(command_error_reason(error)));
	must(fuzz_is_line(command_error_text(error, &c, buf)));
	if (error != COMMAND_OK)
		return;
	must(c.wait <= COMMAND_WAIT);
	must(!c.v4 || !c.v6);
	if (c.verb == COMMAND_CONNECT || c.verb == COMMAND_WHY) {
		check_target(&c);
		spell(&c);
	}
	if (c.verb == COMMAND_SSH) {
		must(c.target.form != TARGET_PATH && c.target.text[0] != '-');
		must(fuzz_is_line(c.target.text));
		must(c.remote[0] == '\0' || fuzz_is_line(c.remote));
		must(c.login[0] == '\0' || command_login(c.login));
		must(c.remote[0] != '-' && c.remote[0] != ' ');
	}
}

static void
arguments(char *text)
{
	char *argv[ARGUMENTS + 1] = {(char[]){"jump-shell"}}, *line;
	const char *asked = NULL, *id = NULL;
	int argc = 1;

	while (argc < ARGUMENTS && (line = strsep(&text, "\n")) != NULL)
		argv[argc++] = line;
	for (int i = 0; i < 2; i++) {
		const char *original = i == 0 ? NULL : "list";

		if (!command_source(
			argc, argv, original, "/x/jump-shell", &asked, &id))
			return;
		must(original == NULL || asked == original);
		if (asked != NULL)
			request(asked);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), buf[ADDR_TEXT];
	struct addr from;

	request(text);
	if (command_from(&from, text))
		must(fuzz_is_line(addr_print(&from, buf)));
	arguments(text);
	free(text);
	return 0;
}
