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
	const char *does, *usage;
} verbs[] = {
    {"check", check_main,
	"find what is wrong with the policy, and change nothing",
	"check [FILE ...]"},
    {"load", load_main,
	"check the policy, put it into force, and end what it denies",
	"load [--previous] [--no-sweep]"},
    {"explain", explain_main,
	"say whether somebody may reach something, and why",
	"explain WHO WHAT [--via ROAD] [--from ADDRESS] [--as LOGIN]\n"
	"               [--mfa] [--ticket ID] [--at TIME] [--json]"},
    {"init", init_main,
	"write a first policy that gives what this machine gives now",
	"init [--dry-run] [--output FILE] [--no-lookup] [--from ADDRESS]\n"
	"               [--sshd PATH]"},
    {"edit", edit_main,
	"edit a file of the policy, check it, and load",
	"edit [--no-sweep] [FILE]"},
    {"diff", diff_main,
	"who gains and who loses what between two policies",
	"diff [--json] [--at TIME] [OLD] [NEW]"},
    {"lock", lock_main,
	"keep somebody out at once, or list who is locked",
	"lock [--no-sweep] [WHO [REASON]]"},
    {"unlock", unlock_main,
	"let them in again",
	"unlock WHO"},
    {"who", who_main,
	"who is connected where",
	"who [-vw | --json] [SESSION | USER | TARGET]\n"
	"               [--session ID] [--user NAME] [--target NAME]\n"
	"       jumpctl who --devices [--json] [DEVICE | ACCOUNT]"},
    {"devices", devices_main,
	"which devices are there",
	"devices [--json] [NAME ...]"},
    {"kick", kick_main,
	"end a session, or all of a user or to a target",
	"kick SESSION | USER | TARGET [REASON]\n"
	"               [--session ID] [--user NAME] [--target NAME]\n"
	"       jumpctl kick --device NAME [REASON]"},
    {"requests", requests_main,
	"requests for approval, and what became of them",
	"requests [--json | --withdraw ID [--no-sweep]]"},
    {"sweep", sweep_main,
	"end what the policy does not give any more",
	"sweep [-n] [--json]"},
    {"notify", notify_main,
	"hand notifications to the program of the policy",
	"notify [-n]"},
    {"export", export_main,
	"write files for sshd, ssh, nft and devices from the policy",
	"export hosts | nft | sshd | ssh_config USER | known_hosts [USER]\n"
	"               [--all | --openssh VERSION] [--format openssh|ansible]\n"
	"               [--jump NAME] [--from ADDRESS]\n"
	"       jumpctl export device NAME [--init systemd|openrc|cron]\n"
	"               [--jump HOST[:PORT]] [--to [PORT=]DESTINATION]"},
    {"log", log_main,
	"who reached what, and who was refused and why",
	"log [-f] [--json] [--refused] [--user WHO] [--target WHAT]\n"
	"               [--road ROAD] [--host NAME] [--outcome WORD]\n"
	"               [--since TIME] [--until TIME] [--file FILE]\n"
	"               [--attested] [REF]"},
    {"recordings", recordings_main,
	"list, verify and remove recordings of sessions",
	"recordings [--json | --verify [--log FILE]] [--user NAME]\n"
	"               [--target NAME] [--since TIME] [ID]\n"
	"               [--remove-before TIME]"},
    {"replay", replay_main,
	"play the recording of a session",
	"replay [--speed N] [--idle-limit SECONDS] [--from TIME]\n"
	"               [--search TEXT] [--text] [--times] ID"},
    {"doctor", doctor_main,
	"what is wrong on this machine, what set it, and a remedy",
	"doctor [-v] [--json] [--no-record] [--from ADDRESS]\n"
	"               [--local ADDRESS:PORT] [--sshd PATH]"},
    {"complete", complete_main,
	"for the completions of shells",
	"complete [--] [WORD ...]"},
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

static void
print_verbs(FILE *f)
{
	fputs("usage: jumpctl VERB [ARGUMENT ...]\n", f);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(f, "  %-10s  %s\n", verbs[i].name, verbs[i].does);
	fputs("jumpctl help VERB says how it is used; jumpctl(8) is the "
	      "manual.\n", f);
}

static void
print_usage(FILE *f, const char *verb)
{
	if (verb == NULL)
		print_verbs(f);
	else
		fprintf(f, "usage: jumpctl %s\n", verb_usage(verb));
}

int
usage(const char *verb)
{
	print_usage(stderr, verb);
	return EXIT_USAGE;
}

static int
unknown(const char *verb)
{
	warnx("unknown verb `%s': jumpctl help lists them", verb);
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
	if (strcmp(argv[1], "help") == 0 && argc > 2)
		return verb_usage(argv[2]) == NULL ? unknown(argv[2])
						   : finish(help(argv[2]));
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
	return unknown(argv[1]);
}
