/* SPDX-License-Identifier: ISC */
#include "signature.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "program.h"

/* Whose key it is we have seen to: the name says nothing, and matches itself.
 */
#define PRINCIPAL "approver"

enum {
	RAW = 4096,	/* bytes of a signature, or a key */
	TOUCHED = 0x01, /* flags of a security key */
	VERIFIED = 0x04,
	KEYS_FD = 3,
	SIGNATURE_FD,
	PROGRAM_FD,
	PASSWD_TEXT = 4096,
	BEYOND = 10 /* from here on numbers are nobody's in the child */
};

/*
 * What it says.
 */
struct bytes {
	const uint8_t *at;
	size_t size;
};

/* A string of RFC 4251 5, and what follows it. */
static bool
take(struct bytes *from, struct bytes *s)
{
	if (from->size < 4)
		return false;
	s->at = from->at + 4;
	s->size = (size_t)from->at[0] << 24 | (size_t)from->at[1] << 16 |
	    (size_t)from->at[2] << 8 | from->at[3];
	if (s->size > from->size - 4)
		return false;
	from->at += 4 + s->size;
	from->size -= 4 + s->size;
	return true;
}

static bool
is(const struct bytes *s, const char *text)
{
	return s->size == strlen(text) && memcmp(s->at, text, s->size) == 0;
}

/* The bytes in the armour; false if it is none. */
static bool
unwrap(const char *armour, uint8_t raw[RAW], struct bytes *all)
{
	size_t begin = strlen(SIGNATURE_BEGIN), length = 0;
	char text[RAW];
	const char *end = strstr(armour, SIGNATURE_END);
	int n;

	if (strncmp(armour, SIGNATURE_BEGIN, begin) != 0 || end == NULL ||
	    end[strlen(SIGNATURE_END)] != '\0' ||
	    (size_t)(end - armour) >= begin + sizeof(text))
		return false;
	for (const char *s = armour + begin; s < end; s++) {
		if (*s != '\n')
			text[length++] = *s;
	}
	text[length] = '\0';
	n = base64_decode(text, raw, RAW);
	*all = (struct bytes){raw, n < 0 ? 0 : (size_t)n};
	return n > 0;
}

/* Whether the user was there: flags and a counter stand behind the rest. */
static bool
is_of_security_key(struct bytes *signature, bool verify)
{
	struct bytes type, rest;
	uint8_t wanted = verify ? TOUCHED | VERIFIED : TOUCHED;

	return take(signature, &type) && take(signature, &rest) &&
	    signature->size == 5 && (signature->at[0] & wanted) == wanted;
}

static bool
is_key(const struct policy *p, const struct policy_key *k,
    const struct bytes *public)
{
	uint8_t raw[RAW];
	int n = base64_decode(policy_string(p, k->blob), raw, sizeof(raw));

	return n > 0 && (size_t)n == public->size &&
	    memcmp(raw, public->at, public->size) == 0;
}

uint32_t
signature_key(const struct policy *p, uint32_t user, const char *armour)
{
	static const uint8_t magic[] = {
	    'S', 'S', 'H', 'S', 'I', 'G', 0, 0, 0, 1};
	struct bytes all, public, space, reserved, hash, signature;
	uint8_t raw[RAW];

	if (!unwrap(armour, raw, &all) || all.size < sizeof(magic) ||
	    memcmp(raw, magic, sizeof(magic)) != 0)
		return POLICY_NONE;
	all.at += sizeof(magic);
	all.size -= sizeof(magic);
	if (!take(&all, &public) || !take(&all, &space) ||
	    !take(&all, &reserved) || !take(&all, &hash) ||
	    !take(&all, &signature) || all.size != 0 || reserved.size != 0 ||
	    !is(&space, SIGNATURE_NAMESPACE))
		return POLICY_NONE;
	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++) {
		const struct policy_key *k = policy_key(p, i);
		bool security =
		    strncmp(policy_string(p, k->type), "sk-", 3) == 0;

		if (k->kind != KEY_USER || k->owner != user ||
		    !is_key(p, k, &public))
			continue;
		return (!security && !k->verify) ||
			is_of_security_key(&signature, k->verify)
		    ? i
		    : POLICY_NONE;
	}
	return POLICY_NONE;
}

/*
 * Whether it is so.
 */

/* A text as a file that nobody changes; -1 if there is none to be had. */
static int
file_of(const char *text, size_t size)
{
	int fd = memfd_create("jump", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	if (write(fd, text, size) == (ssize_t)size &&
	    lseek(fd, 0, SEEK_SET) == 0 &&
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The one key that may have signed: ssh-keygen(1), ALLOWED SIGNERS. */
static int
signers(const struct policy *p, uint32_t key)
{
	const struct policy_key *k = policy_key(p, key);
	char *line;
	int fd,
	    n = asprintf(&line,
		PRINCIPAL " namespaces=\"" SIGNATURE_NAMESPACE "\" %s %s\n",
		policy_string(p, k->type), policy_string(p, k->blob));

	if (n == -1)
		return -1;
	fd = file_of(line, (size_t)n);
	free(line);
	return fd;
}

static bool
give_up_rights(const struct passwd *pw)
{
	if (pw == NULL)
		return process_keep_group() == 0;
	return setgroups(0, NULL) == 0 &&
	    setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) == 0 &&
	    setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == 0 &&
	    setuid(0) == -1;
}

/* files: the text, the keys, the signature and the program. */
static bool
arrange_fds(const int files[4])
{
	static const int places[4] = {
	    STDIN_FILENO, KEYS_FD, SIGNATURE_FD, PROGRAM_FD};
	int null = open("/dev/null", O_RDWR), fds[4];

	null = fcntl(null, F_DUPFD, BEYOND);
	for (int i = 0; i < 4; i++)
		fds[i] = fcntl(files[i], F_DUPFD, BEYOND);
	for (int i = 0; i < 4; i++) {
		if (dup2(fds[i], places[i]) == -1)
			return false;
	}
	return dup2(null, STDOUT_FILENO) != -1 &&
	    dup2(null, STDERR_FILENO) != -1 &&
	    fcntl(PROGRAM_FD, F_SETFD, FD_CLOEXEC) == 0 &&
	    syscall(SYS_close_range, PROGRAM_FD + 1, UINT_MAX, 0) == 0;
}

static _Noreturn void
become(const int files[4], const struct passwd *pw, pid_t parent)
{
	static const char *const argv[] = {"ssh-keygen", "-Y", "verify", "-n",
	    SIGNATURE_NAMESPACE, "-I", PRINCIPAL, "-f", "/proc/self/fd/3", "-s",
	    "/proc/self/fd/4", NULL};
	static const char *const environment[] = {
	    "PATH=/usr/bin:/bin", "HOME=/", NULL};

	if (setsid() != -1 && chdir("/") == 0 && give_up_rights(pw) &&
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
	    arrange_fds(files))
		fexecve(PROGRAM_FD, (char *const *)argv,
		    (char *const *)environment);
	_exit(127);
}

static int64_t
clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whether it ends in time, and says yes. */
static bool
says_yes(pid_t pid, int ms)
{
	struct pollfd p = {(int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0};
	int64_t end = clock_ms() + ms, left;
	int status = -1;

	while (p.fd != -1 && p.revents == 0 && (left = end - clock_ms()) > 0)
		poll(&p, 1, (int)left);
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == -1) {
		if (errno != EINTR)
			return false;
	}
	if (p.fd != -1)
		close(p.fd);
	return p.revents != 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool
run(const int files[4], int ms)
{
	struct passwd entry, *pw = NULL;
	char buf[PASSWD_TEXT];
	pid_t pid, parent = getpid();

	if (geteuid() == 0) {
		/* Not getpwnam(): what our callers have of that is to stay. */
		getpwnam_r("_jump", &entry, buf, sizeof(buf), &pw);
		if (pw == NULL)
			return false;
	}
	pid = fork();
	if (pid == 0)
		become(files, pw, parent);
	return pid != -1 && says_yes(pid, ms);
}

bool
signature_good(const char *program, unsigned owner, const struct policy *p,
    uint32_t key, const char *armour, const char *text, size_t size, int ms)
{
	int files[4] = {file_of(text, size), signers(p, key),
	    file_of(armour, strlen(armour)), program_open(program, owner)};
	bool all = true, good;

	for (int i = 0; i < 4; i++)
		all = all && files[i] != -1;
	good = all && run(files, ms);
	for (int i = 0; i < 4; i++) {
		if (files[i] != -1)
			close(files[i]);
	}
	return good;
}
