/* SPDX-License-Identifier: ISC */
/* jump-shell/rows.c, advice.c: what the menu shows, and what it tells to do. */

#include "../../jump-shell/rows.h"

#include "../../jump-shell/advice.h"
#include "unit.h"

#define KEY                                                                    \
	"\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM0ffV1quJELwRO2IJdw"           \
	"Nky6GvgjVsSYeigeG2AO+k6N\"\n"

static const char text[] =
    "set timezone \"Europe/Amsterdam\"\n"
    "user alice\nuser bob\nuser carol\nuser dave\nuser erin\nuser nobody\n"
    "group @boss bob\n"
    "host web1 10.2.0.10 ssh 22 tcp { 80 8080 } alias www.example tag prod "
    "comment \"Z\303\274rich front\"\n"
    "hostkey web1 " KEY "\n"
    "host web2 10.2.0.12 ssh { 22 2222 }\n"
    "hostkey web2 " KEY "\n"
    "host bare 10.2.0.13 ssh 22\n"
    "host db1 10.2.0.11 ssh 22 tcp 5432 tag { prod db }\n"
    "hostkey db1 " KEY "\n"
    "host plc7 10.50.1.7 tcp 502 tag ot\n"
    "host secret 10.66.0.1 ssh 22 tag prod\n"
    "net lab { 10.9.0.0/16 10.12.0.7 } ssh 22\n"
    "domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22 tcp 443\n"
    "socket metr \"/run/metrics/api.sock\"\n"
    "window day mon-fri 08:00-18:00\n"
    "window maint sat 22:00 - sun 04:00\n"
    "allow web: alice to web1\n"
    "allow own: alice to web2 via shell as { root admin }\n"
    "allow bare: alice to bare via shell\n"
    "allow db: alice to db1:22 ticket \"CHG*\"\n"
    "allow sql: alice to db1:5432 approve @boss 2h\n"
    "allow plc: alice to plc7 when maint record\n"
    "allow old: alice to secret until 2020-01-01T00:00Z\n"
    "allow rest: alice to { lab dev metr }\n"
    "allow bob: bob to { plc7 web1:22 } when day mfa\n"
    "deny nobob: bob to web1:22 until 2026-12-24T12:00Z\n"
    "allow carol: carol to { web1 secret }\n"
    "deny nocarol: carol to secret\n"
    "allow dave: dave to web2 via shell as { root admin } when maint\n"
    "allow erin: erin to web2:2222 via shell as root when day record\n";

enum { MONDAY = 1795428000 }; /* 2026-11-23 10:00 UTC, 11:00 there */
enum { HOUR = 3600, DAY = 24 * HOUR };

static struct policy *policy;
static struct policy_request request;

static void
setup(void)
{
	policy = unit_policy(text);
	ck_assert(decide_zone(policy));
}

static void
teardown(void)
{
	policy_free(policy);
}

static struct rows
rows_of(const char *user, bool step, const char *search)
{
	static const uint8_t none[1];
	struct person person = {.policy = policy,
	    .account = user,
	    .unixgroups = (uint8_t *)(uintptr_t)none};
	struct rows rows = {
	    .policy = policy, .request = &request, .step = step};

	person.user = policy_find_user(policy, user);
	decide_request(&request, &person, ROAD_CONNECT, MONDAY);
	ck_assert_int_eq(rows_open(&rows, search), 0);
	return rows;
}

static void
print_row(FILE *out, const struct rows *rows, size_t i)
{
	static const char *const states[] = {"closed", "ask", "open"};
	char ports[ROW_TEXT];
	struct layout_row row;

	rows_show(rows, i, &row, ports);
	fprintf(out, "%u %s %s %s", row.number, row.target, row.ports,
	    states[row.state]);
	if (row.when != 0)
		fprintf(out, " %+ldm", (long)(row.when - MONDAY) / 60);
	fprintf(out, "%s%s%s\n", *row.needs != '\0' ? " " : "", row.needs,
	    row.recorded ? " recorded" : "");
}

static char *
list(const char *user, bool step, const char *search)
{
	struct rows rows = rows_of(user, step, search);
	char *list_text;
	size_t size, n = rows_fill(&rows, 1000);
	FILE *out = open_memstream(&list_text, &size);

	for (size_t i = 0; i < n; i++)
		print_row(out, &rows, i);
	fclose(out);
	rows_close(&rows);
	return list_text;
}

static const struct {
	const char *user;
	bool step;
	const char *search, *want;
} lists[] = {
    {"alice", false, "",
	"1 db1 22 ask ticket needed\n"
	"2 db1 5432 ask approval needed\n"
	"3 metr - open\n"
	"4 plc7 502 closed +7860m recorded\n"
	"5 web1 22 80 8080 open\n"
	"6 web2 22 2222 open\n"
	"7 *.dev.example 22 443 open\n"
	"8 10.9.0.0/16 22 open\n"
	"9 10.12.0.7 22 open\n"},
    /* What forbids it ends in the window. */
    {"bob", false, "",
	"1 plc7 502 ask second factor needed\n"
	"2 web1 22 closed +44760m\n"},
    {"bob", true, "",
	"1 plc7 502 open +420m\n"
	"2 web1 22 closed +44760m\n"},
    {"carol", false, "", "1 web1 22 80 8080 open\n"},
    {"dave", false, "", "1 web2 22 2222 closed +7860m\n"},
    {"erin", false, "", "1 web2 2222 open +420m recorded\n"},
    {"nobody", false, "", ""},
    {"alice", false, "WEB", "1 web1 22 80 8080 open\n2 web2 22 2222 open\n"},
    {"alice", false, "www.ex", "1 web1 22 80 8080 open\n"},
    {"alice", false, "z\303\274rich", "1 web1 22 80 8080 open\n"},
    {"alice", false, "front", "1 web1 22 80 8080 open\n"},
    {"alice", false, "10.9.", "1 10.9.0.0/16 22 open\n2 10.12.0.7 22 open\n"},
    {"alice", false, "api.sock", "1 metr - open\n"},
    {"alice", false, "@prod",
	"1 db1 22 ask ticket needed\n"
	"2 db1 5432 ask approval needed\n"
	"3 web1 22 80 8080 open\n"},
    {"alice", false, "@db",
	"1 db1 22 ask ticket needed\n2 db1 5432 ask approval needed\n"},
    {"alice", false, "@pro", ""},
    {"alice", false, "@", ""},
    {"alice", false, "secret", ""},
    {"alice", false, "bare", ""},
    {"alice", false, "nothing", ""},
};

START_TEST(list_is)
{
	char *got = list(lists[_i].user, lists[_i].step, lists[_i].search);

	ck_assert_str_eq(got, lists[_i].want);
	free(got);
}
END_TEST

/* Only what is wanted is judged, and going on gives the same as at once. */
START_TEST(filling_is_lazy)
{
	struct rows rows = rows_of("alice", false, "");

	ck_assert_uint_eq(rows_fill(&rows, 0), 0);
	ck_assert_uint_eq(rows.next, 0);
	ck_assert_uint_eq(rows_fill(&rows, 1), 2); /* all of db1 */
	ck_assert_uint_lt(rows.next, rows.ncandidates);
	ck_assert_uint_eq(rows_fill(&rows, 2), 2);
	ck_assert_uint_eq(rows_fill(&rows, 100), 9);
	ck_assert_uint_eq(rows.next, rows.ncandidates);
	rows_close(&rows);
	rows_close(&rows);
}
END_TEST

/* More ports than a row has room for. */
START_TEST(many_ports)
{
	struct policy *other = policy;
	char *statements, *got;
	size_t size;
	FILE *out = open_memstream(&statements, &size);

	fputs("user alice\nhost web1 10.2.0.10 tcp {", out);
	for (int i = 0; i < 40; i++)
		fprintf(out, " %d", 60000 + i);
	fputs(" }\nallow web: alice to web1\n", out);
	fclose(out);
	policy = unit_policy(statements);
	got = list("alice", false, "");
	ck_assert(strstr(got, "3 web1 60032 60033 ") != NULL);
	ck_assert(strstr(got, "1 web1 60000 ") == got);
	policy_free(policy);
	policy = other;
	free(got);
	free(statements);
}
END_TEST

static const struct {
	const char *user, *target;
	enum policy_protocol protocol;
	const char *want;
} advices[] = {
    {"alice", "web1:22", PROTO_SSH, "  ssh -J jump 10.2.0.10\n"},
    {"alice", "web1:80", PROTO_TCP,
	"  ssh -N -L 8080:10.2.0.10:80 jump\n"
	" and then connect to 127.0.0.1, port 8080.\n"},
    {"alice", "web1:8080", PROTO_TCP, "-L 8080:10.2.0.10:8080 jump\n"},
    {"alice", "10.9.1.1:22", PROTO_SSH,
	"  ssh -o 'ProxyCommand ssh jump connect %h %p' 10.9.1.1\n"},
    {"alice", "x.dev.example:443", PROTO_TCP,
	"  ssh -T jump connect x.dev.example 443\n"},
    {"alice", "db1:22", PROTO_SSH,
	" db1:22 wants a ticket:\n  ssh -t jump ssh --ticket ID db1:22\n"},
    {"alice", "db1:5432", PROTO_TCP,
	" db1:5432 wants an approval.  Ask for it:\n"
	"  ssh jump request db1:5432 REASON\n"},
    {"bob", "plc7:502", PROTO_TCP, " plc7:502 wants a second factor.\n"},
    {"bob", "web1:22", PROTO_SSH,
	" web1:22 is outside its hours until 2026-12-24.\n"},
    {"alice", "plc7:502", PROTO_TCP,
	" plc7:502 is outside its hours until sat 22:00.\n"},
    {"alice", "secret:22", PROTO_SSH, " secret:22 is not open to you now.\n"},
};

START_TEST(advice_is)
{
	struct rows rows = rows_of(advices[_i].user, false, "");
	struct row_state state;
	struct target asked;
	char *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert(target_parse(&asked, advices[_i].target, NULL));
	rows_judge(&rows, &asked, advices[_i].protocol, &state);
	if (state.state == LAYOUT_OPEN)
		advice_open(out, &rows, &asked, advices[_i].protocol);
	else if (state.state == LAYOUT_ASK)
		advice_ask(out, &asked, &state);
	else
		advice_closed(out, &asked, &state, MONDAY);
	fclose(out);
	ck_assert_msg(strstr(got, advices[_i].want) != NULL, "%s", got);
	free(got);
	rows_close(&rows);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rows");
	TCase *t = tcase_create("all");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, list_is, 0, COUNT(lists));
	tcase_add_test(t, filling_is_lazy);
	tcase_add_test(t, many_ports);
	tcase_add_loop_test(t, advice_is, 0, COUNT(advices));
	suite_add_tcase(s, t);
	return unit_run(s);
}
