/* SPDX-License-Identifier: ISC */
/*
 * Requests and approvals: jump-policy(5), APPROVALS, and lib/grant.h.  Each
 * forgery is a good approval with one thing changed.  Wants root, for the
 * owners of files.
 */
#include "grant.h"

#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>

#include "unit.h"

enum { GROUP = 990, VEND = 2003, BOB = 2002, EVE = 2004, TEAM = 2010 };

#define T0 1000000000
enum { NOW = T0 + 200 };

/* The accounts of these tests, for all that is linked here. */
struct passwd *
getpwuid(uid_t uid)
{
	static const struct {
		uid_t uid;
		const char *name;
	} known[] = {{VEND, "vend1"}, {BOB, "bob"}, {EVE, "eve"},
	    {TEAM, "team"}, {2005, "old"}, {2006, "guest"}, {2007, "lone"}};
	static struct passwd pw;
	static char name[32];

	for (int i = 0; i < COUNT(known); i++) {
		if (known[i].uid != uid)
			continue;
		strcpy(name, known[i].name);
		pw = (struct passwd){
		    .pw_name = name, .pw_uid = uid, .pw_gid = uid};
		return &pw;
	}
	return NULL;
}

int
getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t size,
    struct passwd **found)
{
	static const uid_t uids[] = {VEND, BOB, EVE, TEAM, 2005, 2007};

	(void)buf;
	(void)size;
	*found = NULL;
	for (int i = 0; i < COUNT(uids); i++) {
		const struct passwd *one = getpwuid(uids[i]);

		if (strcmp(one->pw_name, name) == 0) {
			*pw = *one;
			*found = pw;
			return 0;
		}
	}
	return 0;
}

static const char rules[] =
    "user vend1\nuser bob\nuser eve\nuser vend2 account team\n"
    "user chief account team\nuser old until 2001-01-01T00:00Z\nuser lone\n"
    "group @boss { bob old chief vend1 }\n"
    "group @others eve\n"
    "host plc7 { 10.50.1.7 2001:db8::7 } tcp { 502 503 } alias pump\n"
    "host plc8 10.50.1.8 tcp 502\n"
    "net field 10.60.0.0/16 tcp 502\n"
    "domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22\n"
    "group @vendors { vend1 vend2 }\n"
    "allow site: @vendors to { plc7 plc8 field dev } "
    "approve @boss 2h\n";

#define TUPLE                                                                  \
	"user vend1\naccount vend1\nrealm -\ntarget plc7\n"                   \
	"address 10.50.1.7 2001:db8::7\nport 502\nlogin -\n"                 \
	"ticket CHG000123\nseconds 7200\nfrom 1000000000\n"                    \
	"until 1000093600\nnonce abcdefghijklmnop\nsource 192.0.2.9\n"         \
	"reason pump 3 stands still\n"
static const char good_request[] = "jump-request 2\n" TUPLE;
static const char good_approval[] =
    "jump-approval 2\nby bob\nat 1000000100\n" TUPLE;

/*
 * The folder.
 */
static char folder[64];

static void
set_up(void)
{
	snprintf(folder, sizeof(folder), "%s/grant.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chown(folder, 0, GROUP), 0);
	ck_assert_int_eq(chmod(folder, 03773), 0);
	umask(0);
}

static void
tear_down(void)
{
	DIR *d = opendir(folder);
	const struct dirent *e;

	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.' &&
		    unlinkat(dirfd(d), e->d_name, 0) == -1)
			unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	closedir(d);
	rmdir(folder);
}

static const char *
in_folder(const char *name)
{
	static char path[2][200];
	static int i;

	i = !i;
	snprintf(path[i], sizeof(path[i]), "%s/%s", folder, name);
	return path[i];
}

static void
put(const char *name, uid_t uid, gid_t gid, mode_t mode, const char *text,
    size_t size)
{
	int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_EXCL, 0600);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, size), (ssize_t)size);
	ck_assert_int_eq(fchown(fd, uid, gid), 0);
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
}

/* text with one thing in place of another; the caller frees. */
static char *
swap(const char *text, const char *old, const char *new)
{
	const char *at = old == NULL ? NULL : strstr(text, old);
	char *result;

	if (old == NULL)
		return strdup(text);
	ck_assert_msg(at != NULL, "no `%s' to swap", old);
	ck_assert_int_ne(asprintf(&result, "%.*s%s%s", (int)(at - text), text,
			     new, at + strlen(old)),
	    -1);
	return result;
}

static void
find(struct person *person, const struct policy *p, const char *account,
    const char *id)
{
	ck_assert_int_eq(
	    person_find(person, p, account, (gid_t)-1, id), PERSON_OK);
}

/* How many approvals somebody has; at most one is kept in *first. */
static size_t
count(const struct policy *p, const char *account, const char *id, uid_t uid,
    time_t now, struct policy_approval *first)
{
	int dir = grants_open(folder, 0);
	struct grants g;
	struct grant_list l;
	struct person person;
	size_t n;

	ck_assert_int_ne(dir, -1);
	ck_assert_int_eq(grants_read(&g, dir, uid), 0);
	find(&person, p, account, id);
	ck_assert_int_eq(grants_judge(&g, p, account, uid, now, &l), 0);
	grant_list_keep(&l, person.name);
	n = l.n;
	if (n > 0 && first != NULL)
		*first = l.list[0];
	grant_list_free(&l);
	grants_free(&g);
	person_free(&person);
	close(dir);
	return n;
}

/*
 * Forgeries.
 */
enum how { REGULAR, HARD_LINK, SYMLINK, FIFO, FOLDER, SOCKET, MOUNT };

static const struct forgery {
	const char *what;
	const char *answer[2], *request[2], *both[2], *policy[2];
	const char *also[2]; /* in the policy, too */
	const char *name, *request_name;
	enum how how;
	uid_t uid;
	gid_t gid;
	mode_t mode;
	int later;	  /* seconds after NOW */
	const char *more; /* behind the text */
	bool counts;
} forgeries[] = {
    {"nothing is wrong", .counts = true},
    {"to the last second", .later = 100 + 7199 - 200, .counts = true},
    {"it is over", .later = 100 + 7200 - 200},
    {"long over", .later = 100000000},
    {"before it was given", .later = -101},
    {"at its time", .later = -100, .counts = true},
    {"of a time to come", .answer = {"at 1000000100", "at 1000000201"}},
    {"of a time before the request",
	.answer = {"at 1000000100", "at 999999999"}},
    {"it approves itself", .answer = {"by bob", "by vend1"}, .uid = VEND,
	.name = "2003.a.2003.5"},
    {"it approves itself as bob", .uid = VEND, .name = "2003.a.2003.5"},
    {"owner and name differ", .uid = VEND},
    {"root's, in bob's name", .uid = 0, .name = "0.a.2003.5"},
    {"root's", .uid = 0},
    {"eve's, in her name", .answer = {"by bob", "by eve"}, .uid = EVE,
	.name = "2004.a.2003.5"},
    {"eve's, who says bob", .uid = EVE, .name = "2004.a.2003.5"},
    {"the uid is no account", .uid = 4711, .name = "4711.a.2003.5"},
    {"by somebody else", .answer = {"by bob", "by chief"}},
    {"lost the role", .policy = {"{ bob old", "{ old"}},
    {"is gone from the policy", .policy = {"user bob\n", ""},
	.also = {"{ bob old", "{ old"}},
    {"has expired", .answer = {"by bob", "by old"}, .uid = 2005,
	.name = "2005.a.2003.5"},
    {"expires now",
	.policy = {"user bob\n", "user bob until 2001-09-09T01:50Z\n"}},
    {"is a device now",
	.policy = {"user bob\n", "device box 127.77.0.3 tcp 1 account bob\n"},
	.also = {"{ bob old", "{ old"}},
    {"another group approves", .policy = {"approve @boss", "approve @others"}},
    {"an account that is shared", .answer = {"by bob", "by chief"}, .uid = TEAM,
	.name = "2010.a.2003.5"},
    {"a refusal", .answer = {"jump-approval", "jump-refusal"}},
    {"mode 0660", .mode = 0660},
    {"mode 0644", .mode = 0644},
    {"mode 0600", .mode = 0600},
    {"mode 0740", .mode = 0740},
    {"mode 02640", .mode = 02640},
    {"mode 04640", .mode = 04640},
    {"bob's file of his own group", .gid = BOB},
    {"bob's file of his group, writable", .gid = BOB, .mode = 0660},
    {"bob's file of the group root", .gid = 1},
    {"a second link", .how = HARD_LINK},
    {"a symbolic link", .how = SYMLINK},
    {"a FIFO", .how = FIFO},
    {"a folder", .how = FOLDER},
    {"a socket", .how = SOCKET},
    {"another device", .how = MOUNT},
    {"another request's place", .name = "2002.a.2003.6"},
    {"another requester's", .name = "2002.a.2004.5"},
    {"place 64", .name = "2002.a.2003.64", .request_name = "2003.r.64"},
    {"place 05", .name = "2002.a.2003.05"},
    {"a name with more", .name = "2002.a.2003.5x"},
    {"a name with a sign", .name = "2002.a.+2003.5"},
    {"a name of another kind", .name = "2002.b.2003.5"},
    {"a name half written", .name = "2002.t.abcdefghijklmnop"},
    {"a uid that wraps round", .name = "4294969298.a.2003.5"},
    {"another user", .answer = {"user vend1", "user vend2"}},
    {"another account", .answer = {"account vend1", "account team"}},
    {"another target", .answer = {"target plc7", "target plc8"}},
    {"another port", .answer = {"port 502", "port 503"}},
    {"another login", .answer = {"login -", "login root"}},
    {"another ticket", .answer = {"CHG000123", "CHG000124"}},
    {"longer", .answer = {"seconds 7200", "seconds 7201"}},
    {"another beginning", .answer = {"from 1000000000", "from 1000000001"}},
    {"another end", .answer = {"until 1000093600", "until 1000093601"}},
    {"another nonce", .answer = {"abcdefghijklmnop", "abcdefghijklmnoq"}},
    {"another source", .answer = {"192.0.2.9", "192.0.2.8"}},
    {"another address", .answer = {"10.50.1.7", "10.50.1.8"}},
    {"another realm", .answer = {"realm -", "realm north"}},
    {"another reason", .answer = {"stands still", "runs wild"}},
    {"the request edited: target", .request = {"target plc7", "target plc8"}},
    {"the request edited: port", .request = {"port 502", "port 503"}},
    {"the request edited: end",
	.request = {"until 1000093600", "until 2000000000"}},
    {"the request edited: reason", .request = {"stands still", "is well"}},
    {"the request edited: nonce", .request = {"nonce abc", "nonce xyz"}},
    {"the request of another user", .both = {"user vend1", "user bob"}},
    {"the request of another account",
	.both = {"account vend1", "account team"}},
    {"a request that lasts too long",
	.both = {"until 1000093600", "until 1000093601"}},
    {"a request of a time to come",
	.both = {"from 1000000000", "from 1000000300"}},
    {"a request for ever", .both = {"seconds 7200", "seconds 99999999"}},
    {"a request for no time", .both = {"seconds 7200", "seconds 0"}},
    {"the host has another address", .policy = {"10.50.1.7", "10.50.1.9"}},
    {"the host has one more", .policy = {"{ 10.50.1.7", "{ 10.50.1.9 10.50.1.7"}},
    {"the host has one less", .policy = {"{ 10.50.1.7 2001", "{ 2001"}},
    {"the host has the same in another order",
	.policy = {"10.50.1.7 2001:db8::7", "2001:db8::7 10.50.1.7"},
	.counts = true},
    {"the name was one of DNS",
	.both = {"address 10.50.1.7 2001:db8::7", "address -"}},
    {"the name is one of DNS now", .both = {"target plc7", "target x.dev.example"}},
    {"this policy has a realm",
	.policy = {"user vend1\n", "set realm north\nuser vend1\n"}},
    {"of this realm", .both = {"realm -", "realm north"},
	.policy = {"user vend1\n", "set realm north\nuser vend1\n"},
	.counts = true},
    {"of another realm", .both = {"realm -", "realm south"},
	.policy = {"user vend1\n", "set realm north\nuser vend1\n"}},
    {"of a realm, and here is none", .both = {"realm -", "realm north"}},
    {"the request is in another's name", .request_name = "2002.r.5"},
    {"the request is away", .request_name = "2003.x.5"},
    {"an earlier version", .answer = {"jump-approval 2", "jump-approval 1"}},
    {"a later version", .answer = {"jump-approval 2", "jump-approval 3"}},
    {"a request for an approval",
	.answer = {"jump-approval 2\nby bob\nat 1000000100\n",
	    "jump-request 2\n"}},
    {"a line is missing", .answer = {"login -\n", ""}},
    {"a line twice", .answer = {"login -\n", "login -\nlogin -\n"}},
    {"lines in another order",
	.answer = {"port 502\nlogin -", "login -\nport 502"}},
    {"an unknown line", .answer = {"login -\n", "login -\nsudo yes\n"}},
    {"two spaces", .answer = {"port 502", "port  502"}},
    {"a zero in front", .answer = {"port 502", "port 0502"}},
    {"a port that wraps round", .answer = {"port 502", "port 66038"}},
    {"a sign", .answer = {"at 1000000100", "at +1000000100"}},
    {"a tab", .answer = {"port 502", "port\t502"}},
    {"the end of a line of DOS", .answer = {"port 502\n", "port 502\r\n"}},
    {"an escape", .answer = {"pump 3", "pump \033[2J3"}},
    {"a high byte", .answer = {"pump 3", "pump \3513"}},
    {"no last newline", .answer = {"still\n", "still"}},
    {"an empty reason", .answer = {"reason pump 3 stands still", "reason "}},
    {"an empty file", .answer = {good_approval, ""}},
    {"cut short", .answer = {" 3 stands still\n", "\n"}},
    {"junk behind it", .more = "junk\n"},
    {"half a signature behind it", .more = GRANT_SIGNATURE},
    {"a signature behind it",
	.more = GRANT_SIGNATURE "AAAA\n-----END SSH SIGNATURE-----\n"},
};

static void
put_answer(const struct forgery *f, const char *text, size_t size)
{
	const char *name = f->name != NULL ? f->name : "2002.a.2003.5";
	uid_t uid =
	    f->uid != 0 || strncmp(f->what, "root", 4) == 0 ? f->uid : BOB;
	gid_t gid = f->gid != 0 ? f->gid : GROUP;
	mode_t mode = f->mode != 0 ? f->mode : 0640;
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	switch (f->how) {
	case REGULAR:
	case HARD_LINK:
	case MOUNT:
		put(name, uid, gid, mode, text, size);
		if (f->how == HARD_LINK)
			ck_assert_int_eq(
			    link(in_folder(name), in_folder("other")), 0);
		return;
	case SYMLINK:
		put("other", uid, gid, mode, text, size);
		ck_assert_int_eq(symlink("other", in_folder(name)), 0);
		ck_assert_int_eq(lchown(in_folder(name), uid, gid), 0);
		return;
	case FIFO:
		ck_assert_int_eq(mkfifo(in_folder(name), mode), 0);
		break;
	case FOLDER:
		ck_assert_int_eq(mkdir(in_folder(name), mode), 0);
		break;
	case SOCKET:
		strcpy(to.sun_path, in_folder(name));
		ck_assert_int_eq(bind(socket(AF_UNIX, SOCK_STREAM, 0),
				     (struct sockaddr *)&to, sizeof(to)),
		    0);
		break;
	}
	ck_assert_int_eq(chown(in_folder(name), uid, gid), 0);
	ck_assert_int_eq(chmod(in_folder(name), mode), 0);
}

/* The same file, as of a file system of its own. */
static char elsewhere[64];

static bool
mount_over(const char *name)
{
	char *other = strcpy(elsewhere, "/tmp/grant.XXXXXX");
	int fd;
	bool done;

	if (strcmp(unit_tmp(), "/tmp") == 0 || (fd = mkstemp(other)) == -1)
		return false;
	dprintf(fd, "%s", good_approval);
	done = fchown(fd, BOB, GROUP) == 0 && fchmod(fd, 0640) == 0 &&
	    unshare(CLONE_NEWNS) == 0 &&
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    mount(other, in_folder(name), NULL, MS_BIND, NULL) == 0;
	close(fd);
	return done;
}

START_TEST(forgery)
{
	const struct forgery *f = &forgeries[_i];
	char *first = swap(rules, f->policy[0], f->policy[1]);
	char *text = swap(first, f->also[0], f->also[1]);
	struct policy *p = unit_policy(text);
	char *answer = swap(good_approval, f->answer[0], f->answer[1]);
	char *request = swap(good_request, f->request[0], f->request[1]);
	char *other, *whole;
	bool mounted = false;

	other = swap(answer, f->both[0], f->both[1]);
	free(answer);
	answer = other;
	other = swap(request, f->both[0], f->both[1]);
	put(f->request_name != NULL ? f->request_name : "2003.r.5", VEND, GROUP,
	    0640, other, strlen(other));
	free(other);
	ck_assert_int_ne(
	    asprintf(&whole, "%s%s", answer, f->more == NULL ? "" : f->more),
	    -1);
	put_answer(f, whole, strlen(whole));
	if (f->how == MOUNT)
		mounted = mount_over("2002.a.2003.5");
	ck_assert_msg(count(p, "vend1", NULL, VEND, NOW + f->later, NULL) ==
		(f->counts || (f->how == MOUNT && !mounted)),
	    "%s", f->what);
	if (mounted)
		umount(in_folder("2002.a.2003.5"));
	if (f->how == MOUNT)
		unlink(elsewhere);
	free(whole);
	free(answer);
	free(request);
	free(text);
	free(first);
	policy_free(p);
}
END_TEST

/* Every byte of a good approval matters, and each of its beginnings. */
START_TEST(bytes)
{
	struct policy *p = unit_policy(rules);
	char text[sizeof(good_approval)];
	size_t size = sizeof(good_approval) - 1;

	put("2003.r.5", VEND, GROUP, 0640, good_request,
	    sizeof(good_request) - 1);
	for (size_t i = 0; i < size; i++) {
		struct grant_answer a = {0};

		memcpy(text, good_approval, sizeof(text));
		text[i] ^= 1;
		put("2002.a.2003.5", BOB, GROUP, 0640, text, size);
		/* but the second at which it was given, which is bob's word */
		if (memcmp(text, good_approval, 27) != 0 || i >= 38)
			ck_assert_uint_eq(
			    count(p, "vend1", NULL, VEND, NOW, NULL), 0);
		ck_assert_int_eq(unlink(in_folder("2002.a.2003.5")), 0);
		memcpy(text, good_approval, sizeof(text));
		text[i] = '\0';
		ck_assert(!grant_answer_parse(&a, text));
	}
	policy_free(p);
}
END_TEST

START_TEST(huge)
{
	struct policy *p = unit_policy(rules);
	char *text = malloc(1 << 20);
	static const size_t sizes[] = {
	    GRANT_FILE - 1, GRANT_FILE, GRANT_FILE + 1, 1 << 20};

	put("2003.r.5", VEND, GROUP, 0640, good_request,
	    sizeof(good_request) - 1);
	memset(text, '\n', 1 << 20);
	memcpy(text, good_approval, sizeof(good_approval) - 1);
	put("2002.a.2003.5", BOB, GROUP, 0640, text, sizes[_i]);
	ck_assert_uint_eq(count(p, "vend1", NULL, VEND, NOW, NULL), 0);
	free(text);
	policy_free(p);
}
END_TEST

/* What the approval is of, and that the evaluation takes it for that. */
static const struct {
	const char *target, *port, *address;
	enum approval_of of;
} kinds[] = {
    {"target plc7", "port 502", "10.50.1.7 2001:db8::7", APPROVAL_TARGET},
    {"target pump", "port 503", "10.50.1.7 2001:db8::7", APPROVAL_TARGET},
    {"target 10.60.1.2", "port 502", "10.60.1.2", APPROVAL_ADDRESS},
    {"target 2001:db8::7", "port 502", "2001:db8::7", APPROVAL_ADDRESS},
    {"target a.dev.example", "port 22", "-", APPROVAL_NAME},
};

START_TEST(kind)
{
	struct policy *p = unit_policy(rules);
	const char *texts[] = {good_request, good_approval};
	struct policy_approval a = {0};

	for (int i = 0; i < 2; i++) {
		char *one = swap(texts[i], "target plc7", kinds[_i].target);
		char *two = swap(one, "port 502", kinds[_i].port);
		char *three = swap(
		    two, "10.50.1.7 2001:db8::7", kinds[_i].address);

		put(i == 0 ? "2003.r.5" : "2002.a.2003.5", i == 0 ? VEND : BOB,
		    GROUP, 0640, three, strlen(three));
		free(one);
		free(two);
		free(three);
	}
	ck_assert_uint_eq(count(p, "vend1", NULL, VEND, NOW, &a), 1);
	ck_assert_int_eq(a.of, kinds[_i].of);
	ck_assert_int_eq(a.from, T0 + 100);
	ck_assert_int_eq(a.until, T0 + 100 + 7200);
	policy_free(p);
}
END_TEST

/* What names mean, and that it is not the same to a policy without them. */
static const struct {
	const char *target, *address, *now;
} meanings[] = {
    {"plc7", "10.50.1.7 2001:db8::7", ""},
    {"pump", "10.50.1.7 2001:db8::7", ""},
    {"box", "127.77.0.3", ""},
    {"rtu", "/run/rtu", ""},
    {"/run/rtu", "/run/rtu", ""},
    {"field", "", ""},
    {"x.dev.example", "", ""},
    {"10.60.1.2", "10.60.1.2", "10.60.1.2"},
    {"::ffff:10.60.1.2", "10.60.1.2", "10.60.1.2"},
    {"no name", "", ""},
};

START_TEST(meaning)
{
	char *text = swap(rules, "net field",
	    "device box 127.77.0.3 tcp 1\ndevice rtu \"/run/rtu\" tcp\n"
	    "set realm north\nnet field");
	struct policy *p = unit_policy(text);
	struct policy *none = unit_policy("user a\n");
	struct grant_tuple t = {.port = 502};

	for (int i = 0; i < COUNT(meanings); i++) {
		strcpy(t.target, meanings[i].target);
		t.port = *t.target == '/' ? 0 : 502;
		grant_mean(p, &t, &t.meaning);
		ck_assert_str_eq(t.meaning.realm, "north");
		ck_assert_str_eq(t.meaning.address, meanings[i].address);
		ck_assert(grant_means(p, &t));
		ck_assert(!grant_means(none, &t));
		grant_mean(none, &t, &t.meaning);
		ck_assert_str_eq(t.meaning.realm, "");
		ck_assert_str_eq(t.meaning.address, meanings[i].now);
	}
	policy_free(p);
	policy_free(none);
	free(text);
}
END_TEST

/* All the addresses that a host may have, and no fewer, fit into a file. */
START_TEST(widest)
{
	char text[2000] = "host far {";
	char file[GRANT_FILE];
	struct grant_tuple t = {.port = 1};
	struct policy *p;

	for (int i = 0; i < ADDRESSES_MAX; i++)
		sprintf(text + strlen(text),
		    " 2001:1db8:1111:1111:1111:1111:1111:11%02d", i + 10);
	strcat(text, " } tcp 1\n");
	p = unit_policy(text);
	ck_assert(grant_tuple_parse(&t, good_request + 15) > 0);
	strcpy(t.target, "far");
	grant_mean(p, &t, &t.meaning);
	ck_assert_ptr_nonnull(strstr(t.meaning.address, ":1110 "));
	ck_assert_ptr_nonnull(strstr(t.meaning.address, ":1125"));
	ck_assert_int_gt(grant_request_print(file, sizeof(file), &t), 0);
	policy_free(p);
}
END_TEST

/* Of people who share an account, each has their own requests only. */
START_TEST(shared)
{
	struct policy *p = unit_policy(rules);
	const char *texts[] = {good_request, good_approval};

	for (int i = 0; i < 2; i++) {
		char *one = swap(texts[i], "user vend1", "user vend2");
		char *two = swap(one, "account vend1", "account team");

		put(i == 0 ? "2010.r.5" : "2002.a.2010.5", i == 0 ? TEAM : BOB,
		    GROUP, 0640, two, strlen(two));
		free(one);
		free(two);
	}
	ck_assert_uint_eq(count(p, "team", "vend2", TEAM, NOW, NULL), 1);
	ck_assert_uint_eq(count(p, "team", "chief", TEAM, NOW, NULL), 0);
	ck_assert_uint_eq(count(p, "vend1", NULL, VEND, NOW, NULL), 0);
	policy_free(p);
}
END_TEST

/*
 * With a signature, it alone says whose an approval is: who has found it good
 * is the test.  e2e/signed.sh has real ones.
 */
static const struct {
	const char *what, *by, *name;
	uid_t uid;
	bool refusal, verified, counts;
} signatures[] = {
    {"bob's own", "by bob", "2002.a.2003.5", BOB, false, true, true},
    {"not verified", "by bob", "2002.a.2003.5", BOB, false, false, false},
    {"of a shared account", "by chief", "2010.a.2003.5", TEAM, false, true,
	true},
    {"not verified, of a shared account", "by chief", "2010.a.2003.5", TEAM,
	false, false, false},
    {"carried by who asked", "by bob", "2003.a.2003.5", VEND, false, true,
	true},
    {"not verified, by who asked", "by bob", "2003.a.2003.5", VEND, false,
	false, false},
    {"carried by anybody", "by bob", "2004.a.2003.5", EVE, false, true, true},
    {"of eve", "by eve", "2004.a.2003.5", EVE, false, true, false},
    {"of eve, in bob's file", "by eve", "2002.a.2003.5", BOB, false, true,
	false},
    {"of who has expired", "by old", "2002.a.2003.5", BOB, false, true, false},
    {"of nobody", "by nobody", "2002.a.2003.5", BOB, false, true, false},
    {"of another of the account", "by vend2", "2010.a.2003.5", TEAM, false,
	true, false},
    {"of who asked", "by vend1", "2003.a.2003.5", VEND, false, true, false},
    {"of who asked, in bob's file", "by vend1", "2002.a.2003.5", BOB, false,
	true, false},
    {"a refusal", "by bob", "2002.a.2003.5", BOB, true, true, false},
};

START_TEST(signature)
{
	struct policy *p = unit_policy(rules);
	int dir = grants_open(folder, 0);
	char *text = swap(good_approval, "by bob", signatures[_i].by), *whole;
	struct grant_list l;
	struct grants g;

	ck_assert_int_ne(asprintf(&whole, "%s%sAAAA\n%s", text,
			     GRANT_SIGNATURE, "-----END SSH SIGNATURE-----\n"),
	    -1);
	put("2003.r.5", VEND, GROUP, 0640, good_request,
	    sizeof(good_request) - 1);
	put(signatures[_i].name, signatures[_i].uid, GROUP, 0640, whole,
	    strlen(whole));
	ck_assert_int_eq(grants_read(&g, dir, VEND), 0);
	ck_assert_uint_eq(g.nanswers, 1);
	grants_verify(&g, p, VEND, NOW);
	ck_assert(!g.answers[0].verified);
	ck_assert(grants_in_doubt(&g, &g.requests[0], NOW));
	g.answers[0].verified = signatures[_i].verified;
	g.answers[0].refusal = signatures[_i].refusal;
	ck_assert_int_eq(grants_judge(&g, p, "vend1", VEND, NOW, &l), 0);
	ck_assert_msg(
	    (l.n > 0) == signatures[_i].counts, "%s", signatures[_i].what);
	grant_list_free(&l);
	grants_free(&g);
	free(whole);
	free(text);
	close(dir);
	policy_free(p);
}
END_TEST

/* A refusal of one who may approve stops the others; another's does not. */
START_TEST(refusals)
{
	struct policy *p = unit_policy(rules);
	char *text = swap(good_approval, "jump-approval", "jump-refusal");
	char *lone = swap(text, "by bob", "by lone"), *other;

	put("2003.r.5", VEND, GROUP, 0640, good_request,
	    sizeof(good_request) - 1);
	put("2002.a.2003.5", BOB, GROUP, 0640, good_approval,
	    sizeof(good_approval) - 1);
	put("2007.a.2003.5", 2007, GROUP, 0640, lone, strlen(lone));
	ck_assert_uint_eq(count(p, "vend1", NULL, VEND, NOW, NULL), 1);
	policy_free(p);
	free(text);
	text = swap(rules, "{ bob old", "{ bob lone old");
	p = unit_policy(text);
	ck_assert_uint_eq(count(p, "vend1", NULL, VEND, NOW, NULL), 0);
	policy_free(p);
	free(text);
	/* Bob of two groups, and lone, who is found out later, of one. */
	text = swap(rules, "@others eve", "@others { bob lone }");
	other = swap(text, "allow site:", "require more: any to any approve "
	    "@others 1h\nallow site:");
	p = unit_policy(other);
	ck_assert_uint_eq(count(p, "vend1", NULL, VEND, NOW, NULL), 1);
	free(other);
	free(text);
	free(lone);
	policy_free(p);
}
END_TEST

/* What one approval opens, to the second: the whole of the evaluation. */
START_TEST(opens)
{
	struct policy *p = unit_policy(rules);
	int dir = grants_open(folder, 0);
	struct grant_list l;
	struct person person;
	struct grants g;
	struct target target;
	struct policy_request q;
	struct decision d;
	char ids[GRANT_BASIS], by[GRANT_BASIS];

	put("2003.r.5", VEND, GROUP, 0640, good_request,
	    sizeof(good_request) - 1);
	put("2002.a.2003.5", BOB, GROUP, 0640, good_approval,
	    sizeof(good_approval) - 1);
	ck_assert_int_eq(grants_read(&g, dir, VEND), 0);
	find(&person, p, "vend1", NULL);
	ck_assert_int_eq(grants_judge(&g, p, "vend1", VEND, NOW, &l), 0);
	decide_request(&q, &person, ROAD_CONNECT, NOW);
	q.approvals = l.list;
	q.napprovals = l.n;
	ck_assert(target_parse(&target, "pump", "502"));
	decide(p, &q, &target, NULL, 0, &d);
	ck_assert_int_eq(d.action, ACTION_ALLOW);
	grant_basis(&l, &d.verdict, ids, by);
	ck_assert_str_eq(ids, "abcdef");
	ck_assert_str_eq(by, "bob");
	ck_assert_uint_eq(d.n, 2);
	ck_assert_int_eq(
	    decide_end(p, &q, &target, &d.choices[0], NULL), T0 + 100 + 7200);
	ck_assert(target_parse(&target, "plc7", "503"));
	decide(p, &q, &target, NULL, 0, &d);
	ck_assert_int_eq(d.action, ACTION_ASK);
	ck_assert(target_parse(&target, "plc8", "502"));
	decide(p, &q, &target, NULL, 0, &d);
	ck_assert_int_eq(d.action, ACTION_ASK);
	person_free(&person);
	grant_list_free(&l);
	grants_free(&g);
	close(dir);
	policy_free(p);
}
END_TEST

/*
 * Views.
 */
static const struct {
	const char *what, *answer[2], *request[2], *policy[2], *also[2];
	int later;
	enum grant_state state;
	int64_t end;
} views[] = {
    {"open", .state = GRANT_OPEN, .end = T0 + 100 + 7200},
    {"the rule has less", .policy = {"2h", "1h"}, .state = GRANT_OPEN,
	.end = T0 + 100 + 3600},
    {"over", .later = 7200, .state = GRANT_OVER},
    {"not answered", .answer = {"at 1", "at 2"}, .state = GRANT_WAITS,
	.end = T0 + 86400},
    {"nobody has", .answer = {"at 1", "at 2"}, .later = 86200,
	.state = GRANT_OVER},
    {"refused", .answer = {"approval", "refusal"}, .state = GRANT_REFUSED},
    {"refused long ago", .answer = {"approval", "refusal"}, .later = 86300,
	.state = GRANT_OVER},
    {"no right", .policy = {"{ vend1 vend2 }", "vend2"}, .state = GRANT_VOID},
    {"no such target", .request = {"target plc7", "target plc9"},
	.state = GRANT_VOID},
    {"another address", .policy = {"10.50.1.7", "10.50.1.9"},
	.state = GRANT_VOID},
    {"another realm", .policy = {"user vend1\n", "set realm x\nuser vend1\n"},
	.state = GRANT_VOID},
    {"no user", .policy = {"user vend1\nuser bob", "user bob"},
	.also = {"chief vend1 }\ngroup @others eve\n",
	    "chief }\n"
	    "group @others eve\nuser vend1 account gone\n"},
	.state = GRANT_VOID},
    {"another name", .request = {"user vend1", "user bob"},
	.state = GRANT_VOID},
};

START_TEST(view)
{
	char *text = swap(rules, views[_i].policy[0], views[_i].policy[1]);
	char *clean = swap(text, views[_i].also[0], views[_i].also[1]);
	struct policy *p = unit_policy(clean);
	char *answer =
	    swap(good_approval, views[_i].answer[0], views[_i].answer[1]);
	char *request =
	    swap(good_request, views[_i].request[0], views[_i].request[1]);
	int dir = grants_open(folder, 0);
	struct grant_view v;
	struct grants g;

	put("2003.r.5", VEND, GROUP, 0640, request, strlen(request));
	put("2002.a.2003.5", BOB, GROUP, 0640, answer, strlen(answer));
	ck_assert_int_eq(grants_read(&g, dir, GRANT_ANYBODY), 0);
	ck_assert_uint_eq(g.nrequests, 1);
	grant_look(p, &g, &g.requests[0], NOW + views[_i].later, &v);
	ck_assert_int_eq(v.state, views[_i].state);
	if (views[_i].end != 0)
		ck_assert_int_eq(v.end, views[_i].end);
	grants_free(&g);
	close(dir);
	free(answer);
	free(request);
	free(clean);
	free(text);
	policy_free(p);
}
END_TEST

/*
 * The folder, and writing.
 */
static const struct {
	mode_t mode;
	uid_t uid;
	bool good;
} folders[] = {{03773, 0, true}, {03777, 0, false}, {01773, 0, false},
    {02773, 0, false}, {03733, 0, false}, {0700, 0, false},
    {03773, BOB, false}};

START_TEST(folder_is_checked)
{
	int dir;

	ck_assert_int_eq(chown(folder, folders[_i].uid, GROUP), 0);
	ck_assert_int_eq(chmod(folder, folders[_i].mode), 0);
	dir = grants_open(folder, 0);
	ck_assert_int_eq(dir != -1, folders[_i].good);
	if (dir == -1)
		ck_assert_int_eq(errno, EPERM);
	else
		close(dir);
}
END_TEST

static struct grant_tuple
tuple(void)
{
	struct grant_tuple t;

	unit_check(grant_tuple_parse(&t, good_request + 15) > 0);
	return t;
}

/* Run as an account without the group; its exit code. */
static int
run_as(uid_t uid, int (*run)(int dir, uid_t uid))
{
	int dir = grants_open(folder, 0), status;
	pid_t pid = fork();

	if (pid == 0) {
		umask(077);
		if (setresgid(uid, uid, uid) == -1 ||
		    setresuid(uid, uid, uid) == -1)
			_exit(99);
		_exit(run(dir, uid));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(dir);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
ask_many(int dir, uid_t uid)
{
	struct grant_tuple t = tuple();
	int n = 0;

	while (n < 200 && grants_request(dir, uid, &t) != -1)
		n++;
	return errno == EUSERS ? n : 98;
}

static size_t
read_all(struct grants *g, uid_t whose)
{
	int dir = grants_open(folder, 0);

	ck_assert_int_eq(grants_read(g, dir, whose), 0);
	close(dir);
	return g->nrequests;
}

START_TEST(requests_are_bounded)
{
	struct grants g;

	ck_assert_int_eq(run_as(VEND, ask_many), GRANT_SLOTS);
	ck_assert_int_eq(run_as(VEND, ask_many), 0);
	ck_assert_int_eq(run_as(EVE, ask_many), GRANT_SLOTS);
	ck_assert_uint_eq(read_all(&g, VEND), GRANT_SLOTS);
	ck_assert_uint_eq(g.odd, 0);
	grants_free(&g);
	ck_assert_uint_eq(read_all(&g, GRANT_ANYBODY), 2 * GRANT_SLOTS);
	grants_free(&g);
}
END_TEST

/* errno, where a file has room for so many bytes. */
static int
ask_small(int dir, uid_t uid)
{
	struct grant_tuple t = tuple();
	struct rlimit most = {20, 20};

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &most);
	errno = 0;
	return grants_request(dir, uid, &t) == -1 ? errno : 0;
}

START_TEST(no_room)
{
	struct grants g;

	ck_assert_int_eq(run_as(VEND, ask_small), ENOSPC);
	ck_assert_uint_eq(read_all(&g, GRANT_ANYBODY), 0);
	grants_free(&g);
}
END_TEST

static int
ask_once(int dir, uid_t uid)
{
	struct grant_tuple t = tuple();

	return grants_request(dir, uid, &t) != -1 ? 0 : 1;
}

static int
take_back_all(int dir, uid_t uid)
{
	char name[32];

	for (int i = 0; i < GRANT_SLOTS; i++) {
		snprintf(name, sizeof(name), "%u.r.%d", uid, i);
		unlinkat(dir, name, 0);
	}
	return EXIT_SUCCESS;
}

static int
answer_all(int dir, uid_t uid)
{
	struct grant_answer a = {.uid = uid, .about = VEND, .at = T0 + 100};
	int failures = 0;

	strcpy(a.by, "bob");
	a.tuple = tuple();
	for (a.slot = 0; a.slot < GRANT_SLOTS; a.slot++)
		failures += grants_answer(dir, &a) != 0;
	return failures;
}

/* Many at once: none lost, none twice, none more, none torn. */
START_TEST(races)
{
	static const uid_t uids[] = {VEND, EVE, TEAM, 2005};
	struct grants g;
	pid_t pids[200];
	int status;

	for (int i = 0; i < COUNT(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0 && i % 5 == 4)
			_exit(run_as(BOB, answer_all));
		if (pids[i] == 0)
			_exit(run_as(uids[i % 5], ask_once));
	}
	for (int i = 0; i < COUNT(pids); i++) {
		waitpid(pids[i], &status, 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ck_assert_uint_eq(read_all(&g, GRANT_ANYBODY), 160);
	ck_assert_uint_eq(g.nanswers, GRANT_SLOTS);
	ck_assert_uint_eq(g.odd, 0);
	for (size_t i = 0; i < g.nrequests; i++) {
		for (size_t k = 0; k < i; k++)
			unit_check(g.requests[i].uid != g.requests[k].uid ||
			    g.requests[i].slot != g.requests[k].slot);
	}
	grants_free(&g);
}
END_TEST

/* As races, for the last places of one uid. */
START_TEST(last_places)
{
	struct grants g;
	pid_t pids[GRANT_SLOTS + 6];
	int status, full = 0;

	for (int i = 0; i < COUNT(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(run_as(VEND, ask_once));
	}
	for (int i = 0; i < COUNT(pids); i++) {
		waitpid(pids[i], &status, 0);
		full += WEXITSTATUS(status) == 1;
	}
	ck_assert_int_eq(full, COUNT(pids) - GRANT_SLOTS);
	ck_assert_uint_eq(read_all(&g, VEND), GRANT_SLOTS);
	grants_free(&g);
}
END_TEST

/* Run, and killed before or after its n-th system call; false if it ended. */
static bool
kill_at(uid_t uid, int (*run)(int dir, uid_t uid), int n)
{
	int dir = grants_open(folder, 0), status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setresgid(uid, uid, uid) == -1 ||
		    setresuid(uid, uid, uid) == -1 ||
		    ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 ||
		    raise(SIGSTOP) != 0)
			_exit(99);
		_exit(run(dir, uid));
	}
	close(dir);
	waitpid(pid, &status, 0);
	while (WIFSTOPPED(status) && n-- > 0) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		waitpid(pid, &status, 0);
	}
	if (!WIFSTOPPED(status))
		return false;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return true;
}

static int
answer_one(int dir, uid_t uid)
{
	struct grant_answer a = {
	    .uid = uid, .about = VEND, .slot = 5, .at = T0 + 100};

	strcpy(a.by, "bob");
	a.tuple = tuple();
	return grants_answer(dir, &a);
}

/* At each step: what was there before, or all of what comes after. */
START_TEST(kills_at_each_call)
{
	bool request = _i == 0;
	struct grants g;
	int n = 0;

	if (!request)
		put("2003.r.5", VEND, GROUP, 0640, good_request,
		    sizeof(good_request) - 1);
	while (
	    kill_at(request ? VEND : BOB, request ? ask_once : answer_one, n)) {
		size_t done = read_all(&g, VEND);

		if (!request)
			done = g.nanswers;
		ck_assert_uint_eq(g.odd, 0);
		ck_assert_uint_le(done, 1);
		for (size_t i = 0; i < g.nrequests && request; i++)
			ck_assert_int_eq(
			    run_as(VEND, take_back_all), EXIT_SUCCESS);
		grants_free(&g);
		n++;
	}
	ck_assert_int_gt(n, 10);
	read_all(&g, VEND);
	ck_assert_uint_eq(request ? g.nrequests : g.nanswers, 1);
	grants_free(&g);
}
END_TEST

/* Killed at any moment: a whole file, or one whose name says nothing. */
START_TEST(kills)
{
	struct grants g;

	for (int i = 0; i < 100; i++) {
		int dir = grants_open(folder, 0);
		pid_t pid = fork();

		if (pid == 0) {
			umask(077);
			if (setresgid(VEND, VEND, VEND) == -1 ||
			    setresuid(VEND, VEND, VEND) == -1)
				_exit(99);
			for (;;) {
				struct grant_tuple t = tuple();

				if (grants_request(dir, VEND, &t) == -1)
					unlinkat(dir, "2003.r.1", 0);
			}
		}
		usleep(500 + 37 * (unsigned)i);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(dir);
		read_all(&g, VEND);
		ck_assert_uint_eq(g.odd, 0);
		grants_free(&g);
	}
}
END_TEST

static int
steal(int dir, uid_t uid)
{
	int done = openat(dir, "2003.r.5", O_RDONLY) != -1 && uid != VEND;

	done |= (unlinkat(dir, "2003.r.5", 0) == 0) << 1;
	done |= (renameat(dir, "2003.r.5", dir, "x") == 0) << 2;
	return done;
}

START_TEST(others_files_stay)
{
	put("2003.r.5", VEND, GROUP, 0640, good_request,
	    sizeof(good_request) - 1);
	ck_assert_int_eq(run_as(EVE, steal), 0);
	ck_assert_int_eq(run_as(VEND, steal), 2);
}
END_TEST

START_TEST(withdrawing)
{
	int dir = grants_open(folder, 0);
	struct grant_request r;
	struct grants g;

	put("2003.r.5", VEND, GROUP, 0640, good_request,
	    sizeof(good_request) - 1);
	read_all(&g, VEND);
	r = g.requests[0];
	grants_free(&g);
	r.inode++;
	ck_assert_int_eq(grants_withdraw(dir, &r), -1); /* another by now */
	r.inode--;
	ck_assert_int_eq(grants_withdraw(dir, &r), 0);
	ck_assert_int_eq(grants_withdraw(dir, &r), -1);
	close(dir);
}
END_TEST

/* What a sweep leaves: requests, the answers to them, and what is new. */
static const struct {
	const char *name;
	bool stays;
} left[] = {{"2003.r.5", true}, {"2002.a.2003.5", true},
    {"2002.a.2003.6", false}, {"2004.a.2003.5", false}, {"junk", false},
    {"2003.t.abcdefghijklmnop", false}, {"2003.r.7", false},
    {"folder", false}, {"n.abcdefghijklmnop", true},
    {"n.ponmlkjihgfedcba", false}, {"n.aaaa", false}};

START_TEST(cleaning)
{
	int dir = grants_open(folder, 0);
	char *other = swap(good_approval, "port 502", "port 503");
	struct grant_tuple end = tuple();
	struct grants g;

	put("n.aaaa", VEND, GROUP, 0640, "", 0);
	end.until = time(NULL) + 100;
	strcpy(end.nonce, "ponmlkjihgfedcba");
	ck_assert(!grants_ended(dir, &end));
	ck_assert_int_eq(grants_end(dir, &end), 0);
	ck_assert(grants_ended(dir, &end));
	end = tuple();
	end.until = time(NULL) + 200;
	ck_assert_int_eq(grants_end(dir, &end), 0);
	ck_assert_int_eq(grants_end(dir, &end), 0);
	ck_assert(grants_ended(-1, &end));
	put("2003.r.5", VEND, GROUP, 0640, good_request,
	    sizeof(good_request) - 1);
	put("2003.r.7", VEND, GROUP, 0640, "junk\n", 5);
	put("2002.a.2003.5", BOB, GROUP, 0640, good_approval,
	    sizeof(good_approval) - 1);
	put("2002.a.2003.6", BOB, GROUP, 0640, good_approval,
	    sizeof(good_approval) - 1);
	put("2004.a.2003.5", EVE, GROUP, 0640, other, strlen(other));
	put("junk", EVE, GROUP, 0640, "junk\n", 5);
	put("2003.t.abcdefghijklmnop", VEND, GROUP, 0640, "jump-r", 6);
	ck_assert_int_eq(mkdir(in_folder("folder"), 0700), 0);
	read_all(&g, GRANT_ANYBODY);
	ck_assert_int_eq(grants_clean(dir, &g, time(NULL)), 0);
	ck_assert_int_eq(grants_clean(dir, &g, time(NULL) + 120), 8);
	for (int i = 0; i < COUNT(left); i++)
		ck_assert_int_eq(access(in_folder(left[i].name), F_OK) == 0,
		    left[i].stays);
	grants_free(&g);
	free(other);
	close(dir);
}
END_TEST

/*
 * Texts and ids.
 */
START_TEST(texts)
{
	struct grant_request r = {0};
	struct grant_answer a = {0};
	char text[GRANT_FILE];

	ck_assert(grant_request_parse(&r, good_request));
	ck_assert_int_gt(grant_request_print(text, sizeof(text), &r.tuple), 0);
	ck_assert_str_eq(text, good_request);
	ck_assert(grant_answer_parse(&a, good_approval));
	ck_assert_int_gt(grant_answer_print(text, sizeof(text), &a), 0);
	ck_assert_str_eq(text, good_approval);
	for (size_t size = 0; size < sizeof(good_approval); size++)
		ck_assert_int_eq(grant_answer_print(text, size, &a), -1);
	strcpy(r.tuple.reason, "two\nlines");
	ck_assert_int_eq(grant_request_print(text, sizeof(text), &r.tuple), -1);
	strcpy(r.tuple.reason, "-");
	ck_assert_int_eq(grant_request_print(text, sizeof(text), &r.tuple), -1);
}
END_TEST

START_TEST(ids)
{
	struct grant_request list[4] = {0};
	struct grants g = {.requests = list, .nrequests = 4};

	strcpy(list[0].tuple.nonce, "abcdefghijklmnop");
	strcpy(list[1].tuple.nonce, "abcdefgzijklmnop");
	strcpy(list[2].tuple.nonce, "zbcdefghijklmnop");
	strcpy(list[3].tuple.nonce, "zbcdefghijklmnop");
	ck_assert_int_eq(grant_id_length(&g, &list[0]), 8);
	ck_assert_int_eq(grant_id_length(&g, &list[1]), 8);
	ck_assert_int_eq(grant_id_length(&g, &list[2]), GRANT_NONCE);
	g.nrequests = 3;
	ck_assert_int_eq(grant_id_length(&g, &list[2]), GRANT_ID);
	ck_assert(grant_id_matches("abcdef", &list[0].tuple));
	ck_assert(grant_id_matches("abcdefghijklmnop", &list[0].tuple));
	ck_assert(!grant_id_matches("abcde", &list[0].tuple));
	ck_assert(!grant_id_matches("", &list[0].tuple));
	ck_assert(!grant_id_matches("abcdefz", &list[0].tuple));
	ck_assert(!grant_id_matches("abcdefghijklmnopq", &list[0].tuple));
}
END_TEST

/* What a process that was stopped for long has read. */
START_TEST(rights_grow_old)
{
	struct grant_rights r = {0};
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	r.read = now.tv_sec;
	ck_assert(!grant_rights_old(&r));
	r.read = now.tv_sec - GRANT_FRESH / 2;
	ck_assert(!grant_rights_old(&r));
	r.read = now.tv_sec - GRANT_FRESH - 1;
	ck_assert(grant_rights_old(&r));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("grant");
	TCase *t = tcase_create("grant");

	setenv("TZ", "UTC0", 1);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, forgery, 0, COUNT(forgeries));
	tcase_add_loop_test(t, huge, 0, 4);
	tcase_add_test(t, bytes);
	tcase_add_loop_test(t, kind, 0, COUNT(kinds));
	tcase_add_test(t, meaning);
	tcase_add_test(t, widest);
	tcase_add_test(t, shared);
	tcase_add_loop_test(t, signature, 0, COUNT(signatures));
	tcase_add_test(t, refusals);
	tcase_add_test(t, opens);
	tcase_add_loop_test(t, view, 0, COUNT(views));
	tcase_add_loop_test(t, folder_is_checked, 0, COUNT(folders));
	tcase_add_test(t, requests_are_bounded);
	tcase_add_test(t, no_room);
	tcase_add_loop_test(t, races, 0, 3);
	tcase_add_test(t, last_places);
	tcase_add_loop_test(t, kills_at_each_call, 0, 2);
	tcase_add_test(t, kills);
	tcase_add_test(t, others_files_stay);
	tcase_add_test(t, withdrawing);
	tcase_add_test(t, cleaning);
	tcase_add_test(t, texts);
	tcase_add_test(t, ids);
	tcase_add_test(t, rights_grow_old);
	suite_add_tcase(s, t);
	return unit_run(s);
}
