/* SPDX-License-Identifier: ISC */
/*
 * jumpctl: administration, a verb a file.
 */
#include "ctl.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"
#include "process.h"

static const struct {
	const char *name;
	int (*run)(int, char **);
	const char *usage;
} verbs[] = {
    {"check", check_main, "check [FILE ...]"},
    {"load", load_main, "load [--previous] [--no-sweep]"},
    {"explain", explain_main, "explain WHO WHAT [--via ROAD] [--from ADDRESS]"
			      " [--as LOGIN]\n               [--mfa] [--ticket ID] "
			      "[--at TIME] [--json]"},
    {"init", init_main,
	"init [--dry-run] [--output FILE] [--no-lookup] [--from ADDRESS]\n"
	"               [--sshd PATH]"},
    {"edit", edit_main, "edit [--no-sweep] [FILE]"},
    {"diff", diff_main, "diff [--json] [--at TIME] [OLD] [NEW]"},
    {"lock", lock_main, "lock [--no-sweep] [WHO [REASON]]"},
    {"unlock", unlock_main, "unlock WHO"},
    {"who", who_main,
	"who [-vw | --json] [SESSION | USER | TARGET]\n"
	"               [--session ID] [--user NAME] [--target NAME]\n"
	"       jumpctl who --devices [--json] [DEVICE | ACCOUNT]"},
    {"devices", devices_main, "devices [--json] [NAME ...]"},
    {"kick", kick_main,
	"kick SESSION | USER | TARGET [REASON]\n"
	"               [--session ID] [--user NAME] [--target NAME]\n"
	"       jumpctl kick --device NAME [REASON]"},
    {"requests", requests_main,
	"requests [--json | --withdraw ID [--no-sweep]]"},
    {"sweep", sweep_main, "sweep [-n] [--json]"},
    {"notify", notify_main, "notify [-n]"},
    {"export", export_main,
	"export hosts | nft | sshd | ssh_config USER | known_hosts [USER]\n"
	"               [--all | --openssh VERSION] [--format openssh|ansible]\n"
	"               [--jump NAME] [--from ADDRESS]\n"
	"       jumpctl export device NAME [--init systemd|openrc|cron]\n"
	"               [--jump HOST[:PORT]] [--to [PORT=]DESTINATION]"},
    {"log", log_main,
	"log [-f] [--json] [--refused] [--user WHO] [--target WHAT]\n"
	"               [--road ROAD] [--host NAME] [--outcome WORD]\n"
	"               [--since TIME] [--until TIME] [--file FILE]\n"
	"               [--attested] [REF]"},
    {"recordings", recordings_main,
	"recordings [--json | --verify [--log FILE]] [--user NAME]\n"
	"               [--target NAME] [--since TIME] [ID]\n"
	"               [--remove-before TIME]"},
    {"replay", replay_main,
	"replay [--speed N] [--idle-limit SECONDS] [--from TIME]\n"
	"               [--search TEXT] [--text] [--times] ID"},
    {"doctor", doctor_main,
	"doctor [-v] [--json] [--no-record] [--from ADDRESS]\n"
	"               [--local ADDRESS:PORT] [--sshd PATH]"},
    {"complete", complete_main, "complete [--] [WORD ...]"},
};

const char *
verb_name(size_t i)
{
	return i < sizeof(verbs) / sizeof(verbs[0]) ? verbs[i].name : NULL;
}

const char *
verb_usage(const char *verb)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, verb) == 0)
			return verbs[i].usage;
	}
	return NULL;
}

/* The usage of a verb, or of all of them. */
static void
print_usage(FILE *f, const char *verb)
{
	const char *start = "usage:";

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (verb != NULL && strcmp(verbs[i].name, verb) != 0)
			continue;
		fprintf(f, "%s jumpctl %s\n", start, verbs[i].usage);
		start = "      ";
	}
}

int
usage(const char *verb)
{
	print_usage(stderr, verb);
	return EXIT_USAGE;
}

static bool
asks_for_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

/* Nothing is a question for help that may be somebody's name or reason. */
static int
help(const char *verb)
{
	print_usage(stdout, verb);
	return EXIT_OK;
}

/* The exit code of a verb: results that could not be written are none. */
static int
finish(int code)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	warn("standard output");
	return code == EXIT_OK || code == EXIT_NO_MATCH ? EXIT_INTERNAL : code;
}

bool
colour(FILE *f)
{
	const char *no = getenv("NO_COLOR");

	return isatty(fileno(f)) && (no == NULL || *no == '\0');
}

void
progress(const char *doing, size_t done, size_t all)
{
	static time_t last;
	static bool shown;
	time_t now = time(NULL);

	if (done < all && now == last)
		return;
	if (done < all && last != 0 && isatty(STDERR_FILENO)) {
		fprintf(stderr, "\rjumpctl: %s, %zu %%\033[K", doing,
		    done * 100 / all);
		shown = true;
	}
	last = done < all ? now : 0;
	if (done >= all && shown) {
		fputs("\r\033[K", stderr);
		shown = false;
	}
}

void
json_string(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s >= ' ' && *s < 0x7f)
			putchar(*s);
		else
			printf("\\u%04x", (unsigned char)*s);
	}
	putchar('"');
}

void
json_field(const char *name, const char *text)
{
	printf(",\"%s\":", name);
	if (*text == '\0')
		fputs("null", stdout);
	else
		json_string(text);
}

struct policy *
policy_in_force(void)
{
	struct policy *p;
	enum policy_error error = policy_open(POLICY_IMAGE, 0, &p);

	if (error == POLICY_SYSTEM && errno == EACCES)
		errx(EXIT_POLICY, "only root reads the policy in force");
	if (error != POLICY_OK)
		errx(EXIT_POLICY, "%s: %s", POLICY_IMAGE,
		    policy_strerror(error));
	if (!decide_zone(p))
		errx(EXIT_POLICY, "the policy's time zone is not on this "
		    "machine: install tzdata");
	return p;
}

int
main(int argc, char **argv)
{
	if (process_repair_fds() == -1)
		return EXIT_INTERNAL;
	umask(077);
	if (!isatty(STDERR_FILENO)) /* which sees questions and progress */
		setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* of many messages */
	if (argc < 2)
		return usage(NULL);
	if (strcmp(argv[1], "help") == 0 && argc == 3 &&
	    verb_usage(argv[2]) != NULL)
		return finish(help(argv[2]));
	if (strcmp(argv[1], "help") == 0 || asks_for_help(argv[1]))
		return finish(help(NULL));
	if (strcmp(argv[1], "--version") == 0) {
		puts("jumpctl " VERSION);
		return finish(EXIT_OK);
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if (argc == 3 && asks_for_help(argv[2]))
			return finish(help(verbs[i].name));
		argv[1] = argv[0]; /* getopt_long(3) begins messages with it */
		return finish(verbs[i].run(argc - 1, argv + 1));
	}
	warnx("unknown verb `%s'", argv[1]);
	return usage(NULL);
}
