/* SPDX-License-Identifier: ISC */
/*
 * The state of a connection, from the kernel's numbers.
 */
#include "../../jumpctl/legs.h"
#include "unit.h"

#define SOCK(...)                                                              \
	{                                                                      \
		.inode = 7, .tcp = TCP_IS_ESTABLISHED, __VA_ARGS__             \
	}

static const struct {
	struct socket_seen socket;
	enum leg_state state;
} states[] = {
    {{.inode = 0, .tcp = TCP_IS_ESTABLISHED}, LEG_UNKNOWN},
    {SOCK(.last_heard = 3600000, .last_sent = 3600000), LEG_OPEN},
    {{.inode = 7, .tcp = TCP_IS_SYN_SENT, .unanswered = 7, .last_heard = 99999},
	LEG_CONNECTING},
    {{.inode = 7, .tcp = TCP_IS_FIN_WAIT1}, LEG_HALF_CLOSED},
    {{.inode = 7, .tcp = TCP_IS_FIN_WAIT2}, LEG_HALF_CLOSED},
    {{.inode = 7, .tcp = TCP_IS_CLOSE_WAIT}, LEG_HALF_CLOSED},
    {{.inode = 7, .tcp = TCP_IS_LAST_ACK}, LEG_HALF_CLOSED},
    /* In flight, and answered soon. */
    {SOCK(.queued = 9, .in_flight = 1, .last_heard = 999, .unanswered = 1),
	LEG_OPEN},
    {SOCK(.queued = 9, .in_flight = 1, .last_heard = 3600000), LEG_OPEN},
    {SOCK(.queued = 9, .in_flight = 1, .last_heard = 1000, .unanswered = 1),
	LEG_STALLED},
    {{.inode = 7,
	 .tcp = TCP_IS_CLOSE_WAIT,
	 .queued = 9,
	 .in_flight = 1,
	 .last_heard = 1000,
	 .unanswered = 1},
	LEG_STALLED},
    /* The window is closed. */
    {SOCK(.queued = 9, .unsent = 9, .last_sent = 999), LEG_OPEN},
    {SOCK(.queued = 9, .unsent = 9, .last_sent = 1000), LEG_STALLED},
    /* Nobody reads here. */
    {SOCK(.unread = 9, .last_received = 999), LEG_OPEN},
    {SOCK(.unread = 9, .last_received = 1000), LEG_STALLED},
    /* Asked often, and long ago. */
    {SOCK(.queued = 9, .in_flight = 1, .last_heard = 10000, .unanswered = 5),
	LEG_STALLED},
    {SOCK(.queued = 9, .in_flight = 1, .last_heard = 10000, .unanswered = 6),
	LEG_DEAD},
    {SOCK(.queued = 9, .in_flight = 1, .last_heard = 9999, .unanswered = 9),
	LEG_STALLED},
    {SOCK(.last_heard = 99999, .unanswered = 2), LEG_OPEN},
    {SOCK(.last_heard = 99999, .unanswered = 3), LEG_DEAD},
};

START_TEST(state)
{
	ck_assert_str_eq(leg_state_names[leg_state(&states[_i].socket)],
	    leg_state_names[states[_i].state]);
}
END_TEST

START_TEST(worst)
{
	struct socket_seen legs[LEGS] = {{0}};

	ck_assert_int_eq(leg_worst(legs), LEG_UNKNOWN);
	legs[LEG_TARGET] = (struct socket_seen)SOCK(.unread = 0);
	ck_assert_int_eq(leg_worst(legs), LEG_OPEN);
	legs[LEG_USER] =
	    (struct socket_seen)SOCK(.unread = 1, .last_received = 5000);
	ck_assert_int_eq(leg_worst(legs), LEG_STALLED);
	legs[LEG_TARGET].unanswered = 3;
	legs[LEG_TARGET].last_heard = 20000;
	ck_assert_int_eq(leg_worst(legs), LEG_DEAD);
}
END_TEST

START_TEST(tcp_names)
{
	struct socket_seen s = SOCK(.unread = 0);

	ck_assert_str_eq(leg_tcp(&s), "ESTAB");
	s.tcp = TCP_IS_CLOSE_WAIT;
	ck_assert_str_eq(leg_tcp(&s), "CLOSE-WAIT");
	s.tcp = 3;
	ck_assert_ptr_null(leg_tcp(&s));
	s.tcp = 200;
	ck_assert_ptr_null(leg_tcp(&s));
}
END_TEST

/* Whose a connection is: each of these must be right. */
START_TEST(of_a_relay)
{
	static struct session_seen seen = {.uid = 2001,
	    .page = {.port = 22, .local_port = 41000, .ip = "10.2.0.10"}};
	struct socket_seen right = SOCK(.uid = 2001, .remote_port = 22,
	    .local_port = 41000, .remote = unit_addr("10.2.0.10"));
	struct socket_seen s = right;

	ck_assert(leg_is_of(&s, &seen));
	s.uid++;
	ck_assert(!leg_is_of(&s, &seen));
	s = right;
	s.remote_port++;
	ck_assert(!leg_is_of(&s, &seen));
	s = right;
	s.local_port++;
	ck_assert(!leg_is_of(&s, &seen));
	s = right;
	s.remote = unit_addr("10.2.0.11");
	ck_assert(!leg_is_of(&s, &seen));
	s = right;
	s.listens = true;
	ck_assert(!leg_is_of(&s, &seen));
	s = right;
	seen.page.local_port = 0;
	s.local_port++;
	ck_assert(leg_is_of(&s, &seen));
	seen.page.ip[0] = '\0';
	ck_assert(!leg_is_of(&s, &seen));
	strcpy(seen.page.ip, "10.2.0.10");
	seen.page.port = s.remote_port = 0;
	ck_assert(!leg_is_of(&s, &seen));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("legs");
	TCase *t = tcase_create("legs");

	tcase_add_loop_test(t, state, 0, COUNT(states));
	tcase_add_test(t, worst);
	tcase_add_test(t, tcp_names);
	tcase_add_test(t, of_a_relay);
	suite_add_tcase(s, t);
	return unit_run(s);
}
