/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: whether sshd takes its configuration, who else than root can
 * write it, and whom it tells apart.
 */
#include "doctor.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openssh.h"

enum { WORDS_MAX = 128, PORT_SSH = 22 };

/* Which of its lines holds for whom is no use if users write them. */
static void
check_sources(struct doctor *d, const struct sshd_answer *answer)
{
	char path[PATH_MAX];
	size_t next = 0;

	while (sshd_source(answer, &next, path, sizeof(path)))
		safe_path(d, path);
	safe_path(d, "/etc/hosts");
}

static bool
is_any(const struct addr *addr)
{
	struct addr v4, v6;

	return (addr_parse(&v4, "0.0.0.0") && addr_equal(addr, &v4)) ||
	    (addr_parse(&v6, "::") && addr_equal(addr, &v6));
}

static bool
has_door(const struct doctor *d, const struct door *door)
{
	for (size_t i = 0; i < d->ndoors; i++) {
		if (d->doors[i].port == door->port &&
		    strcmp(d->doors[i].local, door->local) == 0)
			return true;
	}
	return false;
}

/*
 * Each address and port that it listens on is to be asked about.  Returns what
 * is not told apart by that: of any address, which one is not known.
 */
static unsigned
list_doors(struct doctor *d, const struct sshd_answer *answer)
{
	struct addr addr;
	struct door door;
	unsigned left = 0;

	for (unsigned i = 0; sshd_listens(answer, i, &addr, &door.port); i++) {
		door.local[0] = '\0';
		if (is_any(&addr))
			left |= 1U << WHERE_LOCALADDRESS;
		else
			addr_print(&addr, door.local);
		if (has_door(d, &door))
			continue;
		if (d->ndoors == DOORS_MAX)
			return 1U << WHERE_LOCALADDRESS | 1U << WHERE_LOCALPORT;
		d->doors[d->ndoors++] = door;
	}
	return left;
}

/* What of that the options answer, or asking more than once. */
static unsigned
not_answered(
    struct doctor *d, const struct sshd_answer *answer, unsigned asked)
{
	const unsigned local = 1U << WHERE_LOCALADDRESS | 1U << WHERE_LOCALPORT;
	char dns[8] = "no";

	if (d->placed) {
		asked &= ~(1U << WHERE_ADDRESS);
		sshd_value(answer, "UseDNS", 0, dns, sizeof(dns));
		if (strcmp(dns, "no") == 0) /* then it is the address */
			asked &= ~(1U << WHERE_HOST);
	}
	if (d->sshd.port != 0)
		asked &= ~local;
	else if (asked & local)
		asked &= ~local | list_doors(d, answer);
	return asked;
}

static const char *
where_remedy(unsigned asked)
{
	if (asked & (1U << WHERE_ADDRESS | 1U << WHERE_HOST))
		return "run again with --from and an address of each such "
		       "Match line";
	if (asked & (1U << WHERE_LOCALADDRESS | 1U << WHERE_LOCALPORT))
		return "run again with --local and an ADDRESS:PORT of each "
		       "such Match line";
	return "look at these lines: nobody can ask sshd about them";
}

/* Of what is not answered, whence and to where was asked instead. */
static void
place_words(const struct doctor *d, unsigned asked, char *buf, size_t size)
{
	const unsigned local = 1U << WHERE_LOCALADDRESS | 1U << WHERE_LOCALPORT;

	if (asked & local)
		snprintf(buf, size, "from %s to port %u%s%s", d->sshd.from,
		    d->sshd.port == 0 ? PORT_SSH : d->sshd.port,
		    d->sshd.local == NULL ? "" : " of ",
		    d->sshd.local == NULL ? "" : d->sshd.local);
	else
		snprintf(buf, size, "from %s", d->sshd.from);
}

static void
check_where(struct doctor *d, const struct sshd_answer *answer)
{
	unsigned asked = not_answered(d, answer, sshd_asks_where(answer));
	char words[WORDS_MAX] = "", place[WORDS_MAX];

	for (unsigned i = 0; i < WHERES; i++) {
		size_t used = strlen(words);

		if (asked & 1U << i)
			snprintf(words + used, sizeof(words) - used, "%s%s",
			    used == 0 ? "" : ", ", sshd_where(i));
	}
	if (asked == 0)
		return;
	place_words(d, asked, place, sizeof(place));
	found(d, LEVEL_WARN, NULL, NULL, where_remedy(asked),
	    "sshd tells clients apart by %s: what follows holds %s", words,
	    place);
}

/* What is known of this version of it. */
static void
check_version(struct doctor *d, const char *version)
{
	struct openssh v;

	if (!openssh_find(&v, version)) {
		found(d, LEVEL_WARN, NULL, NULL, "sshd -V",
		    "sshd does not say its version: its traps are not known");
		return;
	}
	if (!openssh_known(&v))
		found(d, LEVEL_WARN, NULL, NULL,
		    "sshd of another version, or jump of a later one",
		    "OpenSSH %u.%u is not one of %s, which were looked at",
		    v.major, v.minor, openssh_range());
	check_traps(d, &v);
}

static void
refused(struct doctor *d, const char *why)
{
	if (why == NULL && errno == ETIMEDOUT)
		found(d, LEVEL_FAIL, NULL, NULL,
		    "sshd -ddd -t: its last line names the file that it waits "
		    "for",
		    "sshd does not read its configuration to the end in %d "
		    "seconds",
		    PROGRAM_SECONDS);
	else
		found(d, LEVEL_FAIL, NULL, NULL,
		    "sshd -t, and mend what it says",
		    "sshd refuses its configuration: %.*s",
		    why == NULL ? 0 : (int)strcspn(why, "\r\n"),
		    why == NULL ? "" : why);
}

void
check_sshd(struct doctor *d)
{
	struct sshd_answer answer;
	char version[64], *why;

	if (d->sshd.path == NULL)
		d->sshd.path = sshd_find();
	if (d->sshd.path == NULL) {
		found(d, LEVEL_FAIL, NULL, NULL,
		    "install it, or give its path with --sshd", "no sshd");
		return;
	}
	if (!sshd_valid(&d->sshd, &why)) {
		refused(d, why);
		free(why);
		d->sshd.path = NULL;
		return;
	}
	if (sshd_ask(&d->sshd, "root", &answer) == -1) {
		found(d, LEVEL_FAIL, NULL, NULL, "sshd -T",
		    "sshd does not tell its configuration");
		d->sshd.path = NULL;
		return;
	}
	sshd_version(&answer, version, sizeof(version));
	found(
	    d, LEVEL_OK, NULL, NULL, NULL, "%s, configuration valid", version);
	check_version(d, version);
	check_sources(d, &answer);
	check_where(d, &answer);
	check_pam(d, &answer);
	check_running(d, &answer);
	sshd_answer_free(&answer);
}

bool
next_door(struct doctor *d, size_t *n)
{
	const struct door *door = &d->doors[*n];

	if (d->ndoors == 0) /* one that was given, or all are alike */
		return (*n)++ == 0;
	if (*n == d->ndoors) {
		d->sshd.local = NULL;
		d->sshd.port = 0;
		return false;
	}
	d->sshd.local = *door->local == '\0' ? NULL : door->local;
	d->sshd.port = door->port;
	(*n)++;
	return true;
}
