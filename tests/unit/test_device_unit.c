/* SPDX-License-Identifier: ISC */
/* jumpctl/device_unit.c: the options, and what is made of dist/device. */
#include "../../jumpctl/device_unit.h"

#include "unit.h"

static const struct policy_port ssh2222[] = {{2222, PROTO_SSH}};
static const struct policy_port two[] = {{2222, PROTO_SSH}, {5020, PROTO_TCP}};
static const struct policy_port of_path[] = {{0, PROTO_SSH}};

static struct device_unit
rtu17(const struct policy_port *ports, size_t n)
{
	struct device_unit u = {.name = "rtu17",
	    .account = "devices",
	    .address = "127.77.0.17",
	    .jump = "jump.example.com",
	    .keys = {(char *)(uintptr_t) "ssh-ed25519 AAAA"},
	    .nkeys = 1,
	    .nports = n};

	memcpy(u.ports, ports, n * sizeof(*ports));
	return u;
}

static const struct {
	const char *text, *host; /* NULL: refused */
	uint16_t port;
} jumps[] = {
    {"jump1", "jump1", 0},
    {"jump1.example.com:2022", "jump1.example.com", 2022},
    {"192.0.2.1", "192.0.2.1", 0},
    {"192.0.2.1:22", "192.0.2.1", 22},
    {"2001:db8::1", "2001:db8::1", 0},
    {"[2001:db8::1]:2022", "2001:db8::1", 2022},
    {"", NULL, 0},
    {"-oProxyCommand=x", NULL, 0},
    {"jump1:", NULL, 0},
    {"jump1:0", NULL, 0},
    {"jump1:022", NULL, 0},
    {"jump1:65536", NULL, 0},
    {":22", NULL, 0},
    {"[]:22", NULL, 0},
    {"[jump1]:22", NULL, 0},
    {"a b", NULL, 0},
    {"a;b", NULL, 0},
    {"$(x)", NULL, 0},
    {"bob@jump1", NULL, 0},
};

START_TEST(jump_is)
{
	struct device_unit u = {.port = 7};
	bool good = device_jump(&u, jumps[_i].text);

	ck_assert_int_eq(good, jumps[_i].host != NULL);
	if (!good)
		return;
	ck_assert_str_eq(u.jump, jumps[_i].host);
	ck_assert_uint_eq(u.port, jumps[_i].port);
}
END_TEST

static const struct {
	const char *to[2], *forward; /* NULL: refused */
} tos[] = {
    {{NULL, NULL},
	"-R 127.77.0.17:2222:localhost:22 "
	"-R 127.77.0.17:5020:localhost:5020 -l"},
    {{"plc:502", NULL},
	"-R 127.77.0.17:2222:plc:502 "
	"-R 127.77.0.17:5020:plc:502 -l"},
    {{"5020=10.0.0.7:502", NULL},
	"-R 127.77.0.17:2222:localhost:22 "
	"-R 127.77.0.17:5020:10.0.0.7:502 -l"},
    {{"5020=10.0.0.7:502", "[::1]:22"},
	"-R 127.77.0.17:2222:[::1]:22 "
	"-R 127.77.0.17:5020:10.0.0.7:502 -l"},
    {{"2222=/run/x.sock", NULL},
	"-R 127.77.0.17:2222:/run/x.sock "
	"-R 127.77.0.17:5020:localhost:5020 -l"},
    {{"plc", NULL}, NULL},
    {{"plc:0", NULL}, NULL},
    {{"22=plc:22", NULL}, NULL}, /* not a port of the device */
    {{"02222=plc:22", NULL}, NULL},
    {{"222222222222=plc:22", NULL}, NULL},
    {{"=plc:22", NULL}, NULL},
    {{"plc:22", "plc:23"}, NULL},
    {{"2222=plc:22", "2222=plc:23"}, NULL},
    {{"::1:22", NULL}, NULL},
    {{"plc:22 -oProxyCommand=x", NULL}, NULL},
    {{"/a:b", NULL}, NULL},
    {{"/a'b", NULL}, NULL},
    {{"", NULL}, NULL},
};

/* What is made of it, with all white space as one space. */
static char *
printed(const struct device_unit *u, char *text, size_t size)
{
	char path[128];
	FILE *template, *out = fmemopen(text, size, "w");
	char *to = text;

	snprintf(path, sizeof(path), "dist/device/%s", device_template(u));
	template = fopen(path, "r");
	ck_assert_ptr_nonnull(out);
	ck_assert_ptr_nonnull(template);
	ck_assert_int_eq(device_print(u, template, out), 0);
	fclose(template);
	ck_assert_int_eq(fclose(out), 0);
	for (const char *p = text; *p != '\0'; p++) {
		if (strncmp(p, "\\\n", 2) == 0)
			continue;
		if (*p != ' ' && *p != '\n')
			*to++ = *p;
		else if (to[-1] != ' ')
			*to++ = ' ';
	}
	*to = '\0';
	return text;
}

START_TEST(destination_is)
{
	static char text[16384];
	struct device_unit u = rtu17(two, 2);

	for (; u.nto < 2 && tos[_i].to[u.nto] != NULL; u.nto++)
		u.to[u.nto] = tos[_i].to[u.nto];
	if (tos[_i].forward == NULL) {
		ck_assert_ptr_nonnull(device_check(&u));
		return;
	}
	ck_assert_ptr_null(device_check(&u));
	ck_assert_ptr_nonnull(
	    strstr(printed(&u, text, sizeof(text)), tos[_i].forward));
}
END_TEST

#define OPTIONS                                                                \
	"-F none -i /etc/jump-device/rtu17.key "                               \
	"-o UserKnownHostsFile=/etc/jump-device/rtu17.known_hosts "            \
	"-o IdentitiesOnly=yes -o GlobalKnownHostsFile=/dev/null "             \
	"-o HostKeyAlias=jump+host -o StrictHostKeyChecking=yes "              \
	"-o BatchMode=yes -o ConnectTimeout=30 -o ServerAliveInterval=15 "     \
	"-o ServerAliveCountMax=3 -o ExitOnForwardFailure=yes "                \
	"-R 127.77.0.17:2222:localhost:22 -l devices jump.example.com"

static const struct {
	const char *init;
	bool replace;
	const char *text;
} units[] = {
    {"systemd", false,
	"[Service] ExecStart=/usr/bin/ssh -N " OPTIONS " Restart="},
    {"systemd", true,
	"[Service] ExecStartPre=-/usr/bin/ssh -o "
	"ClearAllForwardings=yes " OPTIONS
	" register ExecStart=/usr/bin/ssh -N " OPTIONS " Restart="},
    {"systemd", false, "Reverse tunnel of rtu17 to"},
    {"systemd", false, "RestartSec=5 "},
    {"systemd", false, ": jump+host ssh-ed25519 AAAA [Unit]"},
    {"openrc", false, "command_args=\"-c 'exec /usr/bin/ssh -N " OPTIONS "'\""},
    {"openrc", true,
	"command_args=\"-c '/usr/bin/ssh -o ClearAllForwardings=yes " OPTIONS
	" register; exec /usr/bin/ssh -N " OPTIONS "'\""},
    {"openrc", false, "#!/sbin/openrc-run # rtu17: a device"},
    {"openrc", false, "respawn_delay=5 "},
    {"cron", false,
	" JUMP=" OPTIONS " @reboot jump-device flock -n "
	"/etc/jump-device/rtu17.key sh -c 'sleep 5; exec ssh "
	"-N $JUMP' 2>&1 | logger -t jump-device * * * * * "},
    {"cron", true,
	"sh -c 'sleep 5; ssh -o ClearAllForwardings=yes $JUMP "
	"register; exec ssh -N $JUMP' 2>&1"},
};

START_TEST(unit_is)
{
	static char text[16384];
	struct device_unit u = rtu17(ssh2222, 1);

	ck_assert(device_init(&u, units[_i].init));
	u.replace = units[_i].replace;
	ck_assert_ptr_null(device_check(&u));
	printed(&u, text, sizeof(text));
	ck_assert_msg(strstr(text, units[_i].text) != NULL, "%s", text);
	ck_assert_ptr_null(strstr(text, "NAME"));
	ck_assert_ptr_null(strstr(text, "OPTIONS"));
	ck_assert_ptr_null(strstr(text, ".conf"));
	ck_assert_int_eq(strstr(text, "register") != NULL, units[_i].replace);
}
END_TEST

START_TEST(of_a_path)
{
	static char text[16384];
	struct device_unit u = rtu17(of_path, 1);

	u.path = "/run/jump/devices/rtu17/ssh.sock";
	ck_assert_ptr_null(device_check(&u));
	ck_assert_ptr_nonnull(strstr(printed(&u, text, sizeof(text)),
	    " -R /run/jump/devices/rtu17/ssh.sock:localhost:22 -l"));
	u.to[u.nto++] = "10.0.0.7:2022";
	ck_assert_ptr_null(device_check(&u));
	ck_assert_ptr_nonnull(strstr(printed(&u, text, sizeof(text)),
	    " -R /run/jump/devices/rtu17/ssh.sock:10.0.0.7:2022 -l"));
	u.path = "/run/a b.sock";
	ck_assert_ptr_nonnull(device_check(&u));
	u.path = "/run/a:b.sock";
	ck_assert_ptr_nonnull(device_check(&u));
}
END_TEST

/* The head can be typed again and gives the same. */
START_TEST(made_by)
{
	static char text[16384];
	struct device_unit u = rtu17(ssh2222, 1);

	ck_assert(device_init(&u, "cron"));
	ck_assert(!device_init(&u, "runit"));
	ck_assert(device_init(&u, "cron"));
	ck_assert(device_jump(&u, "[2001:db8::1]:2022"));
	u.to[u.nto++] = "2222=10.0.0.7:22";
	ck_assert_ptr_nonnull(strstr(printed(&u, text, sizeof(text)),
	    "# Made by: jumpctl export device rtu17 --init cron "
	    "--jump [2001:db8::1]:2022 --to 2222=10.0.0.7:22 #"));
	ck_assert_ptr_nonnull(strstr(text, "-p 2022 -l devices 2001:db8::1 "));
}
END_TEST

START_TEST(not_plain)
{
	static const char *const names[] = {
	    "a/b", "a b", "-a", "a%b", "a$b", "a'b", "a;b", "a\"b"};
	struct device_unit u = rtu17(ssh2222, 1);

	for (size_t i = 0; i < COUNT(names); i++) {
		u.name = names[i];
		u.account = "devices";
		ck_assert_ptr_nonnull(device_check(&u));
		u.name = "rtu17";
		u.account = names[i];
		ck_assert_ptr_nonnull(device_check(&u));
	}
}
END_TEST

/* Another template than it knows is no unit. */
START_TEST(no_template)
{
	char text[] = "# a\n\nExecStart=/usr/bin/ssh -N\n", out[4096];
	struct device_unit u = rtu17(ssh2222, 1);
	FILE *template = fmemopen(text, sizeof(text) - 1, "r");
	FILE *f = fmemopen(out, sizeof(out), "w");

	ck_assert_int_eq(device_print(&u, template, f), -1);
	fclose(template);
	fclose(f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("device_unit");
	TCase *t = tcase_create("device_unit");

	tcase_add_loop_test(t, jump_is, 0, COUNT(jumps));
	tcase_add_loop_test(t, destination_is, 0, COUNT(tos));
	tcase_add_loop_test(t, unit_is, 0, COUNT(units));
	tcase_add_test(t, of_a_path);
	tcase_add_test(t, made_by);
	tcase_add_test(t, not_plain);
	tcase_add_test(t, no_template);
	suite_add_tcase(s, t);
	return unit_run(s);
}
