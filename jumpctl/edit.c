/* SPDX-License-Identifier: ISC */
/*
 * jumpctl edit: change a file of the policy as visudo(8) does.  The editor
 * gets a copy; what it makes of it is checked as if it stood in its place
 * already, and only then put there, and loaded.
 */
#include "ctl.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"

#define EDIT_DIR STATEDIR "/edit"
#define TEMPLATE "version 1\n"

enum { WORDS_MAX = 32, PATH_ROOM = 512 };

enum next { NEXT_SAVE, NEXT_EDIT, NEXT_DROP, NEXT_KEEP };

struct edit {
	const char *path;            /* of the file itself */
	const char *base;            /* its name in its folder */
	char copy[PATH_ROOM];        /* where the editor works */
	struct policy_source before; /* the file; no text: it is new */
	struct stat st;              /* of the file */
	int folder, lock;
	struct sources sources;      /* what was checked, the copy among them */
	struct policy *policy;       /* what that came to */
	struct audit audit;
	char who[64];
	bool sweeps;                 /* after a load */
};

/*
 * Files.
 */

/* policy, a name in policy.d with or without .conf, or a path of those. */
static const char *
find_path(const char *name)
{
	static char path[PATH_ROOM];
	const char *base = name;
	size_t size;

	if (strcmp(name, "policy") == 0 || strcmp(name, POLICY_FILE) == 0)
		return POLICY_FILE;
	if (strncmp(name, POLICY_DIR "/", sizeof(POLICY_DIR)) == 0)
		base = name + sizeof(POLICY_DIR);
	size = strlen(base);
	if (size == 0 || size > 200 || *base == '.' ||
	    strspn(base, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789._@+-") != size)
		return NULL;
	snprintf(path, sizeof(path), POLICY_DIR "/%s%s", base,
	    size > 5 && strcmp(base + size - 5, ".conf") == 0 ? "" : ".conf");
	return path;
}

/* The folder of copies, root's alone, locked against a second edit. */
static void
lock_edits(struct edit *e)
{
	struct stat st;

	if (mkdir(EDIT_DIR, 0700) == -1 && errno != EEXIST)
		err(EXIT_STATE, "%s", EDIT_DIR);
	e->lock = open(EDIT_DIR,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (e->lock == -1 || fstat(e->lock, &st) == -1)
		err(EXIT_STATE, "%s", EDIT_DIR);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		errx(EXIT_STATE, "%s: is open to others than root", EDIT_DIR);
	if (flock(e->lock, LOCK_EX | LOCK_NB) == -1)
		errx(EXIT_BUSY, "another edit is under way");
}

/* Put a copy aside, under a name with the time, and say where. */
static void
keep(const struct edit *e, const char *why)
{
	char kept[PATH_ROOM + 32];

	snprintf(kept, sizeof(kept), "%s.%lld.%d", e->copy,
	    (long long)time(NULL), (int)getpid());
	if (rename(e->copy, kept) == -1)
		warn("%s", e->copy);
	else
		warnx("%s: your text is kept in %s", why, kept);
}

static int
write_file(int dir, const char *name, const char *text, size_t size,
    const struct stat *st)
{
	int fd, saved, result = -1;

	if (unlinkat(dir, name, 0) == -1 && errno != ENOENT)
		return -1;
	fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -1;
	while (size > 0) {
		ssize_t n = write(fd, text, size);

		if (n <= 0)
			goto out;
		text += n;
		size -= (size_t)n;
	}
	if (st == NULL || (fchown(fd, st->st_uid, st->st_gid) == 0 &&
	    fchmod(fd, st->st_mode & 07777) == 0))
		result = fsync(fd);
out:
	saved = errno;
	close(fd);
	if (result == -1)
		unlinkat(dir, name, 0);
	errno = saved;
	return result;
}

/* Read the file, and make the copy. */
static void
begin(struct edit *e, const char *name)
{
	static char folder[PATH_ROOM];
	static const char template[] = TEMPLATE;
	bool new = access(e->path, F_OK) == -1 && errno == ENOENT;

	e->base = strrchr(e->path, '/') + 1;
	snprintf(folder, sizeof(folder), "%.*s",
	    (int)(e->base - e->path - 1), e->path);
	e->folder = open(folder,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (e->folder == -1)
		err(EXIT_STATE, "%s", folder);
	lock_edits(e);
	snprintf(e->copy, sizeof(e->copy), EDIT_DIR "/%s", e->base);
	if (access(e->copy, F_OK) == 0)
		keep(e, "an edit before this one did not end");
	e->st.st_mode = 0644;
	if (!new && (source_read(&e->before, e->path) == -1 ||
	    stat(e->path, &e->st) == -1))
		errx(EXIT_STATE, "%s cannot be edited", name);
	if (write_file(e->lock, e->base, new ? template : e->before.text,
		new ? strlen(template) : e->before.size, NULL) == -1)
		err(EXIT_STATE, "%s", e->copy);
}

/*
 * The editor.
 */

/* Words of the variable, parted by spaces: there is no shell. */
static void
exec_editor(const char *copy)
{
	static char vi[] = "vi";
	const char *value = getenv("VISUAL");
	char *words[WORDS_MAX + 2], *rest, *word;
	size_t n = 0;

	if (value == NULL || value[strspn(value, " \t")] == '\0')
		value = getenv("EDITOR");
	if (value == NULL || value[strspn(value, " \t")] == '\0')
		value = vi;
	rest = strdup(value);
	while (rest != NULL && n < WORDS_MAX &&
	    (word = strsep(&rest, " \t")) != NULL) {
		if (*word != '\0')
			words[n++] = word;
	}
	words[n++] = (char *)(uintptr_t)copy;
	words[n] = NULL;
	execvp(words[0], words);
	warn("%s", words[0]);
	_exit(127);
}

/* Run it; true if it ended well.  It has the keyboard, and its signals. */
static bool
run_editor(const struct edit *e)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, old[2];
	pid_t pid;
	int status = 0;

	sigaction(SIGINT, &ignore, &old[0]);
	sigaction(SIGQUIT, &ignore, &old[1]);
	pid = fork();
	if (pid == 0) {
		sigaction(SIGINT, &old[0], NULL);
		sigaction(SIGQUIT, &old[1], NULL);
		exec_editor(e->copy);
	}
	while (pid != -1 && waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			pid = -1;
	}
	sigaction(SIGINT, &old[0], NULL);
	sigaction(SIGQUIT, &old[1], NULL);
	if (pid == -1)
		warn("the editor cannot be run");
	else if (WIFSIGNALED(status))
		warnx("the editor was ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		warnx("the editor exited %d", WEXITSTATUS(status));
	return pid != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/*
 * Checks.
 */
static bool
same_text(const struct policy_source *a, const struct policy_source *b)
{
	return a->text != NULL && b->text != NULL && a->size == b->size &&
	    memcmp(a->text, b->text, a->size) == 0;
}

/* Whether the editor has left the text as it was. */
static bool
unchanged(const struct edit *e, const struct policy_source *now)
{
	const struct policy_source new = {NULL, TEMPLATE, strlen(TEMPLATE)};

	return same_text(e->before.text == NULL ? &new : &e->before, now);
}

/* All files, with this text in the place of the edited one.  0 or -1. */
static int
read_all(const struct edit *e, struct sources *s, struct policy_source *text)
{
	struct policy_source *more;
	size_t i = 0;
	bool first = e->before.text == NULL && strcmp(e->path, POLICY_FILE) == 0;

	if ((first ? sources_rest(s) : sources_system(s)) == -1)
		return -1;
	while (i < s->n && strcmp(s->list[i].name, e->path) != 0)
		i++;
	if (i < s->n) {
		source_clear(&s->list[i]);
	} else {
		more = reallocarray(s->list, s->n + 1, sizeof(*more));
		if (more == NULL)
			return -1;
		s->list = more;
		s->n++;
	}
	s->list[i] = *text;
	s->list[i].name = strdup(e->path);
	free((void *)(uintptr_t)text->name);
	memset(text, 0, sizeof(*text));
	return s->list[i].name == NULL ? -1 : 0;
}

/* Judge the copy.  False after errors, which have been said. */
static bool
check(struct edit *e, struct policy_source *text)
{
	size_t errors = 0, warnings = 0;

	sources_free(&e->sources);
	policy_free(e->policy);
	e->policy = NULL;
	if (read_all(e, &e->sources, text) == 0)
		e->policy = policy_check(&e->sources, &errors, &warnings);
	return e->policy != NULL;
}

/* What changes for whom, against the policy in force, if there is one. */
static void
show_changes(const struct edit *e)
{
	struct policy *old;

	if (policy_open(POLICY_IMAGE, 0, &old) != POLICY_OK)
		return;
	if (policy_verify(old) && diff_policies(old, e->policy, stdout) == 0)
		puts("nobody's rights change");
	fflush(stdout);
	policy_free(old);
}

/*
 * Questions.
 */
static bool
on_terminal(void)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* The first letter of an answer; 0 when there is none to be had. */
static char
ask(const char *question, const char *letters)
{
	char line[64];

	for (;;) {
		fprintf(stderr, "%s ", question);
		if (fgets(line, sizeof(line), stdin) == NULL) {
			fputc('\n', stderr);
			return '\0';
		}
		if (line[0] != '\n' && strchr(letters, line[0]) != NULL)
			return line[0];
	}
}

static enum next
ask_next(bool good)
{
	char answer;

	if (!on_terminal())
		return good ? NEXT_SAVE : NEXT_KEEP;
	answer = good ?
	    ask("(s)ave and load, (e)dit again, or (q)uit without saving?",
		"seq") :
	    ask("(e)dit again, or (q)uit without saving?", "eq");
	switch (answer) {
	case 's':
		return NEXT_SAVE;
	case 'e':
		return NEXT_EDIT;
	case 'q':
		return NEXT_DROP;
	}
	return NEXT_KEEP;
}

/*
 * The end.
 */

/* Whether another than us has changed any file since the check. */
static bool
changed_meanwhile(const struct edit *e)
{
	struct policy_source now = {0}, text = {0};
	struct sources s;
	bool new = e->before.text == NULL;
	bool there = access(e->path, F_OK) == 0, same;

	if (there == new || (there && source_read(&now, e->path) == -1))
		return true;
	same = new || same_text(&e->before, &now);
	for (size_t i = 0; i < e->sources.n && text.text == NULL; i++) {
		if (strcmp(e->sources.list[i].name, e->path) != 0)
			continue;
		text.size = e->sources.list[i].size;
		text.text = memcpy(malloc(text.size + 1),
		    e->sources.list[i].text, text.size);
	}
	same = read_all(e, &s, &text) == 0 && same && s.n == e->sources.n;
	for (size_t i = 0; same && i < s.n; i++)
		same = same_text(&s.list[i], &e->sources.list[i]);
	sources_free(&s);
	source_clear(&now);
	return !same;
}

/* Put the text in its place.  0, or -1 with errno. */
static int
save(const struct edit *e)
{
	const struct policy_source *text = e->sources.list;
	char name[PATH_ROOM];

	while (strcmp(text->name, e->path) != 0)
		text++;
	snprintf(name, sizeof(name), ".%s.new", e->base);
	if (write_file(e->folder, name, text->text, text->size, &e->st) == -1)
		return -1;
	if (renameat(e->folder, name, e->folder, e->base) == -1)
		return -1;
	return fsync(e->folder);
}

static int
save_and_load(struct edit *e)
{
	int dir = state_lock(true);

	if (changed_meanwhile(e)) {
		keep(e, "the files have been changed meanwhile, nothing is saved");
		close(dir);
		return EXIT_BUSY;
	}
	if (locks_renew(e->policy) == -1) { /* those of the check are old */
		keep(e, "nothing is saved");
		close(dir);
		return EXIT_STATE;
	}
	if (save(e) == -1) {
		warn("%s", e->path);
		keep(e, "nothing is saved");
		close(dir);
		return EXIT_STATE;
	}
	unlink(e->copy);
	return load_policy(&e->audit, e->who, dir, e->policy, e->sweeps);
}

/* After the editor has ended well; NEXT_EDIT to go on. */
static enum next
judge(struct edit *e, int *code)
{
	struct policy_source text = {0};
	enum next next;
	bool good;

	*code = EXIT_NO_MATCH;
	if (source_read(&text, e->copy) == -1)
		return NEXT_KEEP;
	if (unchanged(e, &text)) {
		fprintf(stderr, "%s is unchanged\n", e->path);
		source_clear(&text);
		*code = EXIT_OK;
		return NEXT_DROP;
	}
	good = check(e, &text);
	source_clear(&text);
	if (good)
		show_changes(e);
	next = ask_next(good);
	if (next == NEXT_SAVE)
		*code = save_and_load(e);
	return next;
}

static int
edit(struct edit *e)
{
	enum next next = NEXT_KEEP;
	int code = EXIT_NO_MATCH;

	do {
		struct policy_source text = {0};

		if (!run_editor(e)) {
			next = source_read(&text, e->copy) == 0 &&
			    unchanged(e, &text) ? NEXT_DROP : NEXT_KEEP;
			source_clear(&text);
			break;
		}
		next = judge(e, &code);
	} while (next == NEXT_EDIT);
	if (next == NEXT_DROP)
		unlink(e->copy);
	else if (next == NEXT_KEEP)
		keep(e, "nothing is saved");
	return code;
}

int
edit_main(int argc, char **argv)
{
	static struct edit e;

	e.sweeps = !no_sweep(&argc, argv);
	if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
		return usage("edit");
	e.path = find_path(argc == 2 ? argv[1] : "policy");
	if (e.path == NULL) {
		warnx("not a file of the policy: `%s'", argv[1]);
		return EXIT_USAGE;
	}
	if (geteuid() != 0)
		errx(EXIT_STATE, "only root edits the policy");
	if (audit_open(&e.audit, "jumpctl", AUDIT_SOCKET) == -1)
		err(EXIT_INTERNAL, "no log");
	state_who(e.who, sizeof(e.who));
	begin(&e, e.path);
	return edit(&e);
}
