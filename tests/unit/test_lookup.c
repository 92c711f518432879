/* SPDX-License-Identifier: ISC */
/* jump-connect/lookup.c: once, bounded, and whatever the resolver does. */

#include <arpa/inet.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/nameser.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <resolv.h>
#include <signal.h>
#include <unistd.h>

#include "../../jump-connect/dial.h"
#include "../../jump-connect/lookup.h"

#include "unit.h"

enum { CRASH = 1, HANG, SEARCHES, SOCKETS };

/* A resolver that answers by the name. */
static const struct {
	const char *name;
	int error; /* of getaddrinfo(3), or one of the above */
	int n;	   /* addresses */
	enum lookup result;
	size_t got;
} names[] = {
    {"one.example", 0, 1, LOOKUP_OK, 1},
    {"two.example", 0, 2, LOOKUP_OK, 2},
    {"sixteen.example", 0, ADDRESSES_MAX, LOOKUP_OK, ADDRESSES_MAX},
    {"seventeen.example", 0, ADDRESSES_MAX + 1, LOOKUP_OK, ADDRESSES_MAX + 1},
    {"hundred.example", 0, 100, LOOKUP_OK, ADDRESSES_MAX + 1},
    {"empty.example", 0, 0, LOOKUP_NONE, 0},
    {"none.example", EAI_NONAME, 0, LOOKUP_NONE, 0},
    {"nodata.example", EAI_NODATA, 0, LOOKUP_NONE, 0},
    {"again.example", EAI_AGAIN, 0, LOOKUP_FAILED, 0},
    {"fail.example", EAI_FAIL, 0, LOOKUP_FAILED, 0},
    {"system.example", EAI_SYSTEM, 0, LOOKUP_FAILED, 0},
    {"memory.example", EAI_MEMORY, 0, LOOKUP_FAILED, 0},
    {"crash.example", CRASH, 0, LOOKUP_FAILED, 0},
    {"hang.example", HANG, 0, LOOKUP_FAILED, 0},
    {"searches.example", SEARCHES, 0, LOOKUP_OK, 1},
    {"sockets.example", SOCKETS, 0, LOOKUP_OK, 1},
};

static struct addrinfo *
list(int n)
{
	struct addrinfo *first = NULL, *i;
	struct sockaddr_in *in;

	while (n-- > 0) {
		i = calloc(1, sizeof(*i));
		in = calloc(1, sizeof(*in));
		in->sin_family = AF_INET;
		in->sin_addr.s_addr = htonl(0x0a080000u + (uint32_t)n);
		i->ai_addr = (struct sockaddr *)in;
		i->ai_next = first;
		first = i;
	}
	return first;
}

/* Whether the resolver was told to ask for this very name only. */
static bool
searches(void)
{
	return (_res.options & (RES_DNSRCH | RES_DEFNAMES)) != 0 ||
	    (_res.options & RES_NOALIASES) == 0;
}

static bool
has_sockets(void)
{
	for (int fd = 4; fd < 256; fd++) {
		if (fcntl(fd, F_GETFD) != -1)
			return true;
	}
	return false;
}

int
getaddrinfo(const char *restrict name, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
	int i = 0;

	(void)service;
	(void)hints;
	while (strcmp(names[i].name, name) != 0)
		i++;
	switch (names[i].error) {
	case CRASH:
		signal(SIGSEGV, SIG_DFL);
		raise(SIGSEGV);
		return EAI_FAIL;
	case HANG:
		for (;;)
			pause();
	case SEARCHES:
		*out = list(!searches());
		return 0;
	case SOCKETS:
		*out = list(!has_sockets());
		return 0;
	default:
		*out = list(names[i].n);
		return names[i].error;
	}
}

void
freeaddrinfo(struct addrinfo *i)
{
	struct addrinfo *next;

	for (; i != NULL; i = next) {
		next = i->ai_next;
		free(i->ai_addr);
		free(i);
	}
}

static struct patience
in_ms(int64_t ms)
{
	return (struct patience){dial_clock() + ms, -1};
}

/* What an answer that never came would be read from says yes. */
static __attribute__((noinline)) void
leave_zeros(void)
{
	volatile char room[4096];

	for (size_t i = 0; i < sizeof(room); i++)
		room[i] = 0;
}

START_TEST(each_answer)
{
	struct addr addrs[ADDRESSES_MAX + 1];
	struct dial dial;
	char text[ADDR_TEXT];
	size_t n = 99;
	int64_t start = dial_clock();

	ck_assert_int_eq(dial_open(&dial), 0);
	leave_zeros();
	errno = ECANCELED; /* of something before */
	ck_assert_int_eq(
	    lookup_name(names[_i].name, LOOKUP_EXACT,
		in_ms(names[_i].error == HANG ? 300 : 10000), addrs, &n),
	    names[_i].result);
	ck_assert_uint_eq(n, names[_i].got);
	if (n > 0)
		ck_assert_str_eq(addr_print(&addrs[0], text), "10.8.0.0");
	if (n > 1)
		ck_assert_str_eq(addr_print(&addrs[1], text), "10.8.0.1");
	ck_assert_int_le(dial_clock() - start, 5000);
	if (names[_i].error == HANG)
		ck_assert_int_ge(dial_clock() - start, 300);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD); /* nothing is left */
	dial_close(&dial);
}
END_TEST

START_TEST(too_late)
{
	struct addr addrs[ADDRESSES_MAX + 1];
	size_t n = 99;

	ck_assert_int_eq(
	    lookup_name("hang.example", LOOKUP_EXACT, in_ms(-1), addrs, &n),
	    LOOKUP_FAILED);
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* Names of this machine: searched for as everything here does. */
START_TEST(local_names)
{
	struct addr addrs[ADDRESSES_MAX + 1];
	size_t n = 99;

	ck_assert_int_eq(lookup_name("searches.example", LOOKUP_LOCAL,
			     in_ms(10000), addrs, &n),
	    LOOKUP_NONE);
}
END_TEST

/* A client that is gone ends it; one that has only ended its input does not. */
START_TEST(client_is_gone)
{
	struct addr addrs[ADDRESSES_MAX + 1];
	size_t n = 99;
	int out[2];
	int64_t start = dial_clock();
	struct patience patience = in_ms(20000);

	ck_assert_int_eq(pipe(out), 0);
	patience.out = out[1];
	ck_assert_int_eq(
	    lookup_name("one.example", LOOKUP_EXACT, patience, addrs, &n),
	    LOOKUP_OK);
	close(out[0]);
	ck_assert_int_eq(
	    lookup_name("hang.example", LOOKUP_EXACT, patience, addrs, &n),
	    LOOKUP_CANCELED);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_le(dial_clock() - start, 10000);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lookup");
	TCase *tc = tcase_create("lookup");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, each_answer, 0, COUNT(names));
	tcase_add_test(tc, too_late);
	tcase_add_test(tc, local_names);
	tcase_add_test(tc, client_is_gone);
	suite_add_tcase(s, tc);
	return unit_run(s);
}
