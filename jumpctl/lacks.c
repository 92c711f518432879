/* SPDX-License-Identifier: ISC */
#include "lacks.h"

#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "exit.h"
#include "folders.h"

enum { WORDS = 320 };

static const char mends[] = "jumpctl sweep";

/* A device, and what its account is by. */
struct item {
	const char *account, *name, *path; /* path "": at an address */
	uint32_t target;
};

struct look {
	lacks_each *each;
	void *arg;
	const struct policy *policy;
	const struct item *item; /* that is looked at now */
	const struct account *account;
	gid_t gid; /* of _jump */
};

static void say(const struct look *l, const char *who, bool fails,
    const char *remedy, const char *what, ...)
    __attribute__((format(printf, 5, 6)));

static void
say(const struct look *l, const char *who, bool fails, const char *remedy,
    const char *what, ...)
{
	char text[WORDS];
	struct lack lack = {.target = l->item->target,
	    .who = who,
	    .fails = fails,
	    .mends = strcmp(remedy, mends) == 0,
	    .what = text,
	    .remedy = remedy};
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	l->each(l->arg, &lack);
}

/*
 * The account.
 */
static void
look_at_account(const struct look *l)
{
	const struct account *a = l->account;
	struct stat st;

	if (a->uid == 0)
		say(l, a->name, true, "give its devices an account of theirs",
		    "devices as root");
	if (!account_in(a, "jump-devices"))
		say(l, a->name, true, "usermod -a -G jump-devices NAME",
		    "account of devices, but not in the group jump-devices: "
		    "sshd holds it to nothing");
	if (account_in(a, "jump"))
		say(l, a->name, true, "gpasswd -d NAME jump",
		    "account of devices, and in the group jump too, whose "
		    "block comes first: they cannot log in");
	for (size_t i = 0; ranks[i] != NULL; i++) {
		if (account_in(a, ranks[i]))
			say(l, a->name, false, "gpasswd -d NAME GROUP",
			    "account of devices, and in the group %s too",
			    ranks[i]);
	}
	if (stat(a->home, &st) == -1 || !S_ISDIR(st.st_mode))
		say(l, a->name, false, "mkhomedir_helper NAME",
		    "account of devices, but no home directory: register "
		    "begins with a warning");
}

/*
 * Folders.
 */
static bool
may_pass(const struct look *l, const struct stat *st)
{
	return (st->st_mode & S_IXOTH) ||
	    (st->st_gid == l->gid && (st->st_mode & S_IXGRP));
}

/* One that jumpctl makes. */
static void
look_at_own(const struct look *l, int fd)
{
	struct stat st;

	if (fd == -1 && errno == ENOENT)
		say(l, l->item->name, true, mends,
		    "its folder in " FOLDERS_DIRECTORY " is missing");
	else if (fd == -1 || fstat(fd, &st) == -1 ||
	    st.st_uid != l->account->uid || st.st_gid != l->gid ||
	    (st.st_mode & 07777) != FOLDER_MODE)
		say(l, l->item->name, true, "rm -r it, then jumpctl sweep",
		    "its folder in " FOLDERS_DIRECTORY " is not as jumpctl "
		    "makes it");
}

/* One that somebody else has made. */
static void
look_at_folder(const struct look *l, const char *path, const struct stat *st)
{
	const struct account *a = l->account;
	char remedy[PATH_TEXT + 80];

	snprintf(remedy, sizeof(remedy), "chown NAME %s", path);
	if (st->st_uid != a->uid || (st->st_mode & 0300) != 0300)
		say(l, a->name, true, remedy,
		    "sshd cannot make the sockets: %s is not the account's",
		    path);
	snprintf(remedy, sizeof(remedy), "chmod go-w %s", path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		say(l, a->name, true, remedy,
		    "others can write to %s (mode %o)", path,
		    st->st_mode & 07777);
	snprintf(remedy, sizeof(remedy), "chgrp _jump %s", path);
	if (st->st_gid != l->gid)
		say(l, a->name, true, remedy,
		    "%s is not of the group _jump: its sockets do not get it",
		    path);
	snprintf(remedy, sizeof(remedy), "chmod g+xs %s", path);
	if ((st->st_mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP))
		say(l, a->name, true, remedy,
		    "%s has mode %o, want g+xs: its group does not get in, or "
		    "its sockets do not get the group",
		    path, st->st_mode & 07777);
}

/* A folder above that one. */
static void
look_above(const struct look *l, const char *path, const struct stat *st)
{
	char remedy[PATH_TEXT + 80];

	snprintf(remedy, sizeof(remedy), "chmod o+x %s", path);
	if (!may_pass(l, st))
		say(l, l->account->name, true, remedy,
		    "the group _jump cannot pass %s (mode %o)", path,
		    st->st_mode & 07777);
	snprintf(remedy, sizeof(remedy), "chmod go-w %s", path);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) && !(st->st_mode & S_ISVTX))
		say(l, l->account->name, true, remedy,
		    "others can write to %s (mode %o), and put another folder "
		    "below it",
		    path, st->st_mode & 07777);
	snprintf(remedy, sizeof(remedy), "chown root %s", path);
	if (st->st_uid != 0 && st->st_uid != l->account->uid)
		say(l, l->account->name, true, remedy,
		    "%s belongs to another account", path);
}

/* The next folder of path, which is cut there; -1: it cannot be looked at. */
static int
step(const struct look *l, int above, char *path, const char *name)
{
	int fd =
	    openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd == -1 && errno == ENOENT)
		say(l, l->account->name, true, "make it, as the account's",
		    "%s is missing", path);
	else if (fd == -1)
		say(l, l->account->name, true,
		    "write the path in the policy without symbolic links",
		    "%s is no folder", path);
	return fd;
}

/* Each folder of the path, from the root on.  The last one, O_PATH, or -1. */
static int
walk(const struct look *l, const char *path)
{
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), next;
	const char *end = strrchr(path, '/'), *name = path + 1, *slash;
	char part[PATH_TEXT], here[PATH_TEXT];
	struct stat st;

	for (; fd != -1 && name < end; name = slash + 1, fd = next) {
		slash = strchr(name, '/');
		snprintf(part, sizeof(part), "%.*s", (int)(slash - name), name);
		snprintf(here, sizeof(here), "%.*s", (int)(slash - path), path);
		next = step(l, fd, here, part);
		close(fd);
		if (next == -1 || fstat(next, &st) == -1)
			continue;
		if (slash == end)
			look_at_folder(l, here, &st);
		else
			look_above(l, here, &st);
	}
	return fd;
}

/*
 * Sockets.
 */
static void
look_at_socket(const struct look *l, int folder)
{
	static const char again[] =
	    "end its login, whose pid jumpctl devices tells: it comes back, "
	    "and sshd makes the socket anew";
	const struct item *i = l->item;
	struct stat st;

	if (fstatat(folder, strrchr(i->path, '/') + 1, &st,
		AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (!S_ISSOCK(st.st_mode))
		say(l, i->name, true, "remove it",
		    "what is at its path is no socket");
	else if (st.st_uid != l->account->uid)
		say(l, i->name, true, "remove it",
		    "the socket at its path is another account's");
	else if (st.st_nlink != 1)
		say(l, i->name, true, again,
		    "the socket at its path has another name too");
	else if (st.st_gid != l->gid || (st.st_mode & 07777) != 0660)
		say(l, i->name, true, again,
		    "its socket is not of the group _jump with mode 660: it "
		    "was made before folder and StreamLocalBindMask were so");
}

/* Whether the folder is that of the item before, which was looked at. */
static bool
same_folder(const struct item *a, const struct item *b)
{
	size_t n = (size_t)(strrchr(b->path, '/') - b->path) + 1;

	return a != NULL && strncmp(a->path, b->path, n) == 0 &&
	    strchr(a->path + n, '/') == NULL;
}

static void
look_at_path(const struct look *l, const struct item *before)
{
	const struct policy_target *t =
	    policy_target(l->policy, l->item->target);
	char name[PATH_TEXT], folder[PATH_TEXT];
	bool own = folder_name(l->policy, t, name);
	int fd;

	snprintf(folder, sizeof(folder), "%s", l->item->path);
	*strrchr(folder, '/') = '\0';
	if (own || same_folder(before, l->item))
		fd = open(*folder == '\0' ? "/" : folder,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	else
		fd = walk(l, l->item->path);
	if (own)
		look_at_own(l, fd);
	if (fd == -1)
		return;
	look_at_socket(l, fd);
	close(fd);
}

/*
 * All of them.
 */
static int
by_account(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->account, y->account);

	return order != 0 ? order : strcmp(x->path, y->path);
}

/* Sorted, for the caller to free. */
static struct item *
items(const struct policy *p, size_t *n)
{
	uint32_t all = p->table[PT_TARGETS].n;
	struct item *list = calloc((size_t)all + 1, sizeof(*list));

	if (list == NULL)
		err(EXIT_INTERNAL, NULL);
	*n = 0;
	for (uint32_t i = 0; i < all; i++) {
		const struct policy_target *t = policy_target(p, i);

		if (t->kind == TARGET_DEVICE)
			list[(*n)++] =
			    (struct item){policy_string(p, t->account),
				policy_string(p, t->name),
				policy_string(p, t->path), i};
	}
	qsort(list, *n, sizeof(*list), by_account);
	return list;
}

bool
lacks_known(const struct policy *p)
{
	struct account a;
	size_t n;
	struct item *list = items(p, &n);
	bool known = false;

	for (size_t i = 0; i < n && !known; i++) {
		known = account_find(&a, list[i].account);
		if (known)
			account_free(&a);
	}
	free(list);
	return known;
}

/* The items of one account; returns how many. */
static size_t
look_at_one(struct look *l, const struct item *list, size_t n)
{
	struct account a;
	bool found = account_find(&a, list->account);
	size_t i;

	l->item = list;
	l->account = &a;
	if (found)
		look_at_account(l);
	else
		say(l, list->account, false,
		    "useradd -m -p '*' -G jump-devices -s /bin/sh NAME",
		    "account of devices in the policy, but not on this "
		    "machine");
	for (i = 0; i < n && strcmp(list[i].account, list->account) == 0; i++) {
		l->item = &list[i];
		if (found && *l->item->path != '\0')
			look_at_path(l, i == 0 ? NULL : &list[i - 1]);
	}
	if (found)
		account_free(&a);
	return i;
}

void
lacks_find(const struct policy *p, lacks_each *each, void *arg)
{
	const struct group *gr = getgrnam("_jump");
	struct look l = {.each = each,
	    .arg = arg,
	    .policy = p,
	    .gid = gr == NULL ? (gid_t)-1 : gr->gr_gid};
	size_t n;
	struct item *list = items(p, &n);

	for (size_t i = 0; i < n;)
		i += look_at_one(&l, list + i, n - i);
	free(list);
}

/*
 * The road forward.
 */
static bool
is_at_address(const struct policy *p, uint32_t target)
{
	const struct policy_target *t = policy_target(p, target);

	return t->kind == TARGET_DEVICE && t->path == 0;
}

static bool
has_tag(const struct policy *p, uint32_t target, uint32_t tag)
{
	struct policy_range tags = policy_target(p, target)->tags;

	for (uint32_t i = 0; i < tags.n; i++) {
		if (policy_ref(p, tags.first + i)->index == tag)
			return true;
	}
	return false;
}

/* Whether what a rule allows has a device at an address in it. */
static bool
means_device(const struct policy *p, const struct policy_ref *what)
{
	bool found = false;

	if (what->kind == REF_TARGET)
		return is_at_address(p, what->index);
	for (uint32_t i = 0; i < p->table[PT_TARGETS].n && !found; i++)
		found = is_at_address(p, i) &&
		    (what->kind == REF_ANYTHING ||
			(what->kind == REF_TAG && has_tag(p, i, what->index)));
	return found;
}

static bool
forwards_to_devices(const struct policy *p)
{
	for (uint32_t i = 0; i < p->table[PT_RULES].n; i++) {
		const struct policy_rule *rule = policy_rule(p, i);

		if (rule->verb != VERB_ALLOW ||
		    (rule->roads != 0 && !(rule->roads & 1U << ROAD_FORWARD)))
			continue;
		for (uint32_t j = 0; j < rule->what.n; j++) {
			if (means_device(
				p, policy_ref(p, rule->what.first + j)))
				return true;
		}
	}
	return false;
}

bool
lacks_firewall(const struct policy *p)
{
	return policy_meta(p)->gate == 0 && policy_meta(p)->nft == 0 &&
	    forwards_to_devices(p) && !table_is_loaded();
}
