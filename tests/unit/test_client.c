/* SPDX-License-Identifier: ISC */
/* lib/client*.c and lib/known.c: what a user's own machine gets. */

#include <fcntl.h>
#include <sys/stat.h>

#include "../../lib/client.h"
#include "unit.h"

#define KEY                                                                    \
	"AAAAC3NzaC1lZDI1NTE5AAAAIGniLfbAEAATJ+Rw/VtVI8hVYAemhw6Q5jW/kduU1heZ"

static const char text[] =
    "version 1\n"
    "user alice\n"
    "user bob account team\n"
    "user carol\n"
    "host web1 { 10.2.0.10 2001:db8::10 } ssh { 22 2022 } tcp { 80 8080 } "
    "alias www.corp.example tag web-1 comment \"front \303\274\"\n"
    "host db1 10.2.0.11 ssh 22 tcp 5432\n"
    "hostkey db1 \"ssh-ed25519 " KEY "\"\n"
    "host six 2001:db8::20 tcp 5900\n"
    "host term 10.2.0.12 ssh 2222\n"
    "host vault 10.2.0.13 ssh 22 agent\n"
    "hostkey vault \"ssh-ed25519 " KEY "\"\n"
    "hostkey term \"ssh-ed25519 " KEY "\"\n"
    "host secret 10.66.0.1 ssh 22\n"
    "device rtu \"/run/dev/rtu.sock\" ssh\n"
    "device rtu2 127.124.18.8 tcp 502\n"
    "net lab 10.9.8.0/22 ssh 22\n"
    "domain dev \"*.xxxxxxxxxxxxxxxxxxxx.example\" in 10.8.0.0/16 ssh 22\n"
    "allow web: alice to web1\n"
    "allow far: alice to { db1 lab dev rtu } via connect\n"
    "allow six: alice to six\n"
    "allow vault: alice to vault via shell\n"
    "allow term: { alice bob } to term via shell as { root deploy }\n"
    "require strong: alice to db1 mfa\n";

static const char want[] =
    "# ssh_config(5) for alice, made 2026-11-21T22:00Z of the jump policy "
    "0000000000000000.\n"
    "# It has what was open to you then, or could be asked for, and no "
    "secrets.\n"
    "#\n"
    "# To make it, and again when that changes:\n"
    "#   cd ~/.ssh\n"
    "#   ssh jump known_hosts >new && mv new jump_known_hosts\n"
    "#   ssh jump config >new && mv new jump.conf\n"
    "# To use it, the first line of ~/.ssh/config:\n"
    "#   Include jump.conf\n"
    "# ssh takes the first value that it finds: what you want otherwise "
    "stands above\n"
    "# that line, and `Match all' between them.\n"
    "\n"
    "# The jump host, as you reached it.\n"
    "Host jump six+tunnel term vault web1+tunnel\n"
    "    HostName 192.0.2.1\n"
    "    Port 22\n"
    "    User ACME\\\\alice\n"
    "    HostKeyAlias jump+host\n"
    "    UserKnownHostsFile ~/.ssh/jump_known_hosts\n"
    "    GlobalKnownHostsFile /dev/null\n"
    "    StrictHostKeyChecking yes\n"
    "    UpdateHostKeys no\n"
    "    ServerAliveInterval 30\n"
    "    ServerAliveCountMax 3\n"
    "Host jump term\n"
    "    ControlMaster auto\n"
    "    ControlPath ~/.ssh/jump-%C\n"
    "    ControlPersist 5m\n"
    "\n"
    "# While `ssh NAME+tunnel' runs, ports that do not speak SSH are ports "
    "of an\n"
    "# address 127.x.y.z of your machine; those below 1024 8000 higher.  "
    "macOS first\n"
    "# wants `sudo ifconfig lo0 alias 127.x.y.z'.\n"
    "\n"
    "# --- db1\n"
    "# 22: only with a second factor (log in again, by a second method or a "
    "key with a PIN).\n"
    "Host db1\n"
    "    HostName db1\n"
    "    Port 22\n"
    "    ProxyCommand ssh jump connect %h %p\n"
    "    HostKeyAlias db1\n"
    "    UserKnownHostsFile ~/.ssh/jump_known_hosts\n"
    "    GlobalKnownHostsFile /dev/null\n"
    "    StrictHostKeyChecking yes\n"
    "    UpdateHostKeys no\n"
    "# 5432: only with a second factor (log in again, by a second method or "
    "a key with a PIN).\n"
    "# By ProxyCommand only; as a port of this machine:\n"
    "#   socat TCP-LISTEN:5432,bind=127.45.159.90,fork,reuseaddr 'EXEC:ssh "
    "jump connect db1 5432'\n"
    "\n"
    "# --- rtu\n"
    "# The policy does not have its host key; in ~/.ssh/known_hosts it is "
    "rtu\n"
    "Host rtu\n"
    "    HostName rtu\n"
    "    ProxyCommand ssh jump connect %h %p\n"
    "    HostKeyAlias rtu\n"
    "    UserKnownHostsFile ~/.ssh/jump_known_hosts ~/.ssh/known_hosts\n"
    "    StrictHostKeyChecking yes\n"
    "    UpdateHostKeys no\n"
    "\n"
    "# --- six\n"
    "Host six+tunnel\n"
    "    ControlMaster no\n"
    "    ControlPath none\n"
    "    IgnoreUnknown SessionType\n"
    "    SessionType none\n"
    "    ExitOnForwardFailure yes\n"
    "    LocalForward 127.216.98.91:5900 [2001:db8::20]:5900\n"
    "\n"
    "# --- term\n"
    "# By other logins too: ssh -t jump ssh LOGIN@term:2222\n"
    "Host term\n"
    "    RequestTTY yes\n"
    "    RemoteCommand ssh root@term:2222\n"
    "\n"
    "# --- vault\n"
    "Host vault\n"
    "    RequestTTY yes\n"
    "    RemoteCommand ssh alice@vault\n"
    "    ForwardAgent yes\n"
    "    ControlMaster no\n"
    "    ControlPath none\n"
    "\n"
    "# --- web1\n"
    "# front \\xc3\\xbc\n"
    "# The policy does not have its host key; in ~/.ssh/known_hosts it is "
    "web1\n"
    "Host web1 www.corp.example\n"
    "    HostName 10.2.0.10\n"
    "    Port 22\n"
    "    ProxyJump jump\n"
    "    HostKeyAlias web1\n"
    "    UserKnownHostsFile ~/.ssh/jump_known_hosts ~/.ssh/known_hosts\n"
    "    StrictHostKeyChecking yes\n"
    "    UpdateHostKeys no\n"
    "# The policy does not have its host key; in ~/.ssh/known_hosts it is "
    "web1\n"
    "Host web1+2022\n"
    "    HostName 10.2.0.10\n"
    "    Port 2022\n"
    "    ProxyJump jump\n"
    "    HostKeyAlias web1\n"
    "    UserKnownHostsFile ~/.ssh/jump_known_hosts ~/.ssh/known_hosts\n"
    "    StrictHostKeyChecking yes\n"
    "    UpdateHostKeys no\n"
    "Host web1+tunnel\n"
    "    ControlMaster no\n"
    "    ControlPath none\n"
    "    IgnoreUnknown SessionType\n"
    "    SessionType none\n"
    "    ExitOnForwardFailure yes\n"
    "    LocalForward 127.119.25.254:16080 10.2.0.10:80\n"
    "    LocalForward 127.119.25.254:8080 10.2.0.10:8080\n"
    "\n"
    "# --- lab\n"
    "Host 10.9.8.* 10.9.9.* 10.9.10.* 10.9.11.* !jump\n"
    "    ProxyCommand ssh jump connect %h %p\n"
    "    UserKnownHostsFile ~/.ssh/jump_known_hosts ~/.ssh/known_hosts\n"
    "    StrictHostKeyChecking yes\n"
    "    UpdateHostKeys no\n"
    "\n"
    "# --- dev\n"
    "Host *.xxxxxxxxxxxxxxxxxxxx.example !jump\n"
    "    ProxyCommand ssh jump connect %h %p\n"
    "    UserKnownHostsFile ~/.ssh/jump_known_hosts ~/.ssh/known_hosts\n"
    "    StrictHostKeyChecking yes\n"
    "    UpdateHostKeys no\n"
    "\n"
    "# end of jump.conf\n";

static struct policy *policy;
static struct policy_request request;
static struct client client;

static void
setup(void)
{
	static uint8_t none[1];
	struct policy_source source = {"test", text, sizeof(text) - 1};
	struct policy_report report = {0};
	struct person person = {.unixgroups = none, .account = "alice"};

	policy = policy_parse(&source, 1, &report);
	for (size_t i = 0; i < report.n; i++)
		if (!report.messages[i].warning)
			fprintf(stderr, "%u: %s\n", report.messages[i].line,
			    report.messages[i].what);
	ck_assert_ptr_nonnull(policy);
	policy_report_clear(&report);
	ck_assert(decide_zone(policy));
	person.policy = policy;
	person.user = policy_find_user(policy, "alice");
	decide_request(&request, &person, ROAD_CONNECT, 1795298400);
	memset(&client, 0, sizeof(client));
	client.policy = policy;
	client.request = &request;
	client.user = "alice";
	client.account = "ACME\\alice";
	client.jump = "jump";
	client.host = "192.0.2.1";
	client.port = 22;
	client.keys[0] = (char *)(uintptr_t) "ssh-ed25519 " KEY;
	client.nkeys = 1;
}

static void
teardown(void)
{
	policy_free(policy);
}

static char *
written(int (*print)(FILE *, const struct client *))
{
	char *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	ck_assert_int_eq(print(out, &client), 0);
	fclose(out);
	return got;
}

START_TEST(config_is)
{
	char *got = written(client_ssh_config);
	const char *w = want, *g = got;

	while (*w != '\0') {
		size_t nw = strcspn(w, "\n"), ng = strcspn(g, "\n");

		ck_assert_msg(nw == ng && memcmp(w, g, nw) == 0,
		    "want: %.*s\ngot: %.*s", (int)nw, w, (int)ng, g);
		w += nw + (w[nw] == '\n');
		g += ng + (g[ng] == '\n');
	}
	ck_assert_str_eq(g, "");
	free(got);
}
END_TEST

START_TEST(known_hosts_is)
{
	char *got = written(client_known_hosts);

	ck_assert_str_eq(got,
	    "# known_hosts for alice, made by: ssh jump known_hosts\n"
	    "jump+host ssh-ed25519 " KEY "\n"
	    "db1 ssh-ed25519 " KEY "\n"
	    "term ssh-ed25519 " KEY "\n"
	    "vault ssh-ed25519 " KEY "\n"
	    "# end of the known hosts\n");
	free(got);
}
END_TEST

START_TEST(inventory_is)
{
	char *got = written(client_inventory);

	ck_assert_str_eq(got,
	    "# Ansible inventory for alice, made by: ssh jump config --format "
	    "ansible\n"
	    "# ssh knows how to get there: Include jump.conf, which `ssh jump "
	    "config' makes.\n"
	    "db1 ansible_host=db1 ansible_port=22\n"
	    "rtu ansible_host=rtu\n"
	    "web1 ansible_host=web1 ansible_port=22\n"
	    "\n[tag_web_1]\nweb1\n"
	    "\n# end of the inventory\n");
	free(got);
}
END_TEST

START_TEST(what_cannot_be_written_is_told)
{
	int (*const prints[])(FILE *, const struct client *) = {
	    client_ssh_config, client_known_hosts, client_inventory};
	FILE *out = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(prints[_i](out, &client), -1);
	fclose(out);
}
END_TEST

/* The reader lets none of these through; the writer does not rely on that. */
static const char *const hostile[] = {"x\nHost *\n ProxyCommand id",
    "*\n    ProxyCommand id", "x ; id", "x\"y", "x\\", "x'y", "!*", "%h",
    "$(id)", "`id`", "-oX", "#", "a b", "\033[2J", "x\r\nHost *"};

/* Put it over a string of the policy that is long enough. */
static void
spoil(const char *old, const char *with)
{
	char *pool = policy->table[PT_STRINGS].rows;
	size_t n = policy->table[PT_STRINGS].n, size = strlen(old);

	for (size_t i = 1; i + size < n; i++) {
		if (pool[i - 1] == '\0' && strcmp(pool + i, old) == 0) {
			snprintf(pool + i, size + 1, "%s", with);
			return;
		}
	}
	ck_abort_msg("no string %s", old);
}

static bool
line_is_ours(const char *line, size_t n)
{
	static const char *const ours[] = {"# ", "#\n", "Host ",
	    "    HostName ", "    Port ", "    User ", "    HostKeyAlias ",
	    "    UserKnown", "    GlobalKnown", "    StrictHost",
	    "    UpdateHostKeys no", "    ServerAlive", "    Control",
	    "    ProxyJump jump\n", "    ProxyCommand ssh jump connect ",
	    "    LocalForward 127.", "    IgnoreUnknown SessionType\n",
	    "    SessionType none\n", "    ExitOn", "    RequestTTY yes\n",
	    "    RemoteCommand ssh ", "    ForwardAgent yes\n"};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strncmp(line, ours[i], strlen(ours[i])) == 0)
			return (*line == '#' || memchr(line, '"', n) == NULL) &&
			    memchr(line, '\r', n) == NULL &&
			    memchr(line, '\033', n) == NULL;
	return n == 0;
}

START_TEST(nothing_gets_in)
{
	const char *word = hostile[_i];
	char *got;

	spoil("*.xxxxxxxxxxxxxxxxxxxx.example", word);
	spoil("front \303\274", word);
	spoil("lab", word);
	spoil("www.corp.example", word);
	got = written(client_ssh_config);
	for (char *line = got; *line != '\0';) {
		size_t n = strcspn(line, "\n");

		ck_assert_msg(line_is_ours(line, n), "%.*s", (int)n, line);
		ck_assert_msg(strncmp(line, "Host ", 5) != 0 ||
			strcspn(line, "$`'\"\\;%#()") >= n,
		    "%.*s", (int)n, line);
		line += n + 1;
	}
	free(got);
	free(written(client_known_hosts));
	free(written(client_inventory));
}
END_TEST

/* A name of an account that ssh_config cannot hold stands in no line. */
START_TEST(account_is_quoted_or_left_out)
{
	char *got;

	client.account = hostile[_i];
	got = written(client_ssh_config);
	if (strcmp(hostile[_i], "x\\") == 0)
		ck_assert_ptr_nonnull(strstr(got, "    User x\\\\\n"));
	else
		ck_assert_ptr_null(strstr(got, "    User "));
	free(got);
}
END_TEST

/*
 * Addresses and ports.
 */
static const struct {
	const char *name, *address;
} addresses[] = {
    {"web1", "127.119.25.254"}, {"db1", "127.45.159.90"},
    {"plc7", "127.184.26.35"}, {"a", "127.221.167.39"},
    {"a.b-c_d", "127.144.47.153"},
    {"plc9", "127.125.18.8"}, /* a device has 127.124.18.8 */
};

START_TEST(address_is)
{
	struct tunnels t;
	char got[32];
	uint32_t a;

	ck_assert_int_eq(tunnels_new(&t, policy), 0);
	a = tunnels_take(&t, addresses[_i].name);
	snprintf(got, sizeof(got), "%u.%u.%u.%u", a >> 24, a >> 16 & 255,
	    a >> 8 & 255, a & 255);
	ck_assert_str_eq(got, addresses[_i].address);
	/* The same name is another the next time: none is given twice. */
	ck_assert_uint_ne(tunnels_take(&t, addresses[_i].name), a);
	tunnels_free(&t);
}
END_TEST

START_TEST(addresses_are_apart)
{
	struct tunnels t;
	uint8_t *bits = calloc(1 << 24, 1);
	char name[16];

	ck_assert_int_eq(tunnels_new(&t, policy), 0);
	for (int i = 0; i < 100000; i++) {
		uint32_t a;

		snprintf(name, sizeof(name), "n%d", i);
		a = tunnels_take(&t, name);
		unit_check(a >> 24 == 127);
		unit_check((a >> 16 & 255) >= 1 && (a >> 16 & 255) <= 254);
		unit_check((a & 255) >= 1 && (a & 255) <= 254);
		unit_check(bits[a & 0xffffff]++ == 0);
	}
	tunnels_free(&t);
	free(bits);
}
END_TEST

static const struct {
	uint16_t ports[8];
	uint16_t port, local;
} ports[] = {
    {{502}, 502, 8502},
    {{80}, 80, 8080},
    {{1023}, 1023, 9023},
    {{1024}, 1024, 1024},
    {{5900}, 5900, 5900},
    {{80, 8080}, 80, 16080},
    {{80, 8080}, 8080, 8080},
    {{1, 8001, 16001, 24001, 32001, 40001, 48001}, 1, 56001},
    {{1, 8001, 16001, 24001, 32001, 40001, 48001, 56001}, 1, 64001},
    {{1023, 9023, 17023, 25023, 33023, 41023, 49023, 57023}, 1023, 65023},
};

START_TEST(port_is)
{
	struct route r[8] = {0};

	for (size_t i = 0; i < 8; i++)
		r[i].port = ports[_i].ports[i];
	ck_assert_uint_eq(tunnels_port(r, 8, ports[_i].port), ports[_i].local);
}
END_TEST

START_TEST(no_port_is_left)
{
	struct route r[8] = {0};

	for (unsigned int i = 0; i < 8; i++)
		r[i].port = (uint16_t)(600 + 8000 * (i + 1));
	ck_assert_uint_eq(tunnels_port(r, 8, 600), 0);
}
END_TEST

/*
 * Host keys.
 */
START_TEST(types_are_read)
{
	char type[KNOWN_TYPE];

	ck_assert(known_type(KEY, type));
	ck_assert_str_eq(type, "ssh-ed25519");
	ck_assert(!known_type("", type));
	ck_assert(!known_type("AAAA", type));
	ck_assert(!known_type("AAAAC3NzaC1lZDI1NTE5", type + 0) ||
	    strcmp(type, "ssh-ed25519") == 0);
	ck_assert(!known_type("AAAAB3NzaC1kc3MAAACB", type)); /* ssh-dss */
	ck_assert(!known_type("!!!!", type));
}
END_TEST

static const struct {
	const char *name, *text;
	mode_t mode;
	size_t n;
} files[] = {
    {"ssh_host_ed25519_key.pub", "ssh-ed25519 " KEY " root@jump\n", 0644, 1},
    {"ssh_host_ed25519_key.pub", "ssh-ed25519 " KEY "\n", 0600, 1},
    {"ssh_host_ed25519_key.pub", "ssh-ed25519  " KEY, 0644, 1},
    {"ssh_host_rsa_key.pub", "ssh-ed25519 " KEY "\n", 0644, 1},
    {"ssh_host_ed25519_key.pub", "ssh-ed25519 " KEY "\n", 0664, 0},
    {"ssh_host_ed25519_key.pub", "ssh-ed25519 " KEY "\n", 0666, 0},
    {"ssh_host_ed25519_key", "ssh-ed25519 " KEY "\n", 0644, 0},
    {"ssh_host_ed25519_key.pub", "ssh-rsa " KEY "\n", 0644, 0},
    {"ssh_host_ed25519_key.pub", "ssh-ed25519\n", 0644, 0},
    {"ssh_host_ed25519_key.pub", " ssh-ed25519 " KEY "\n", 0644, 0},
    {"ssh_host_ed25519_key.pub", "", 0644, 0},
    {"ssh_host_ed25519_key.pub", "-----BEGIN OPENSSH PRIVATE KEY-----\n", 0644,
	0},
};

START_TEST(own_keys_are_read)
{
	char folder[64], path[128], real[128], *lines[KNOWN_OWN];
	int fd;

	snprintf(folder, sizeof(folder), "%s/client.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/%s", folder, files[_i].name);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, files[_i].text, strlen(files[_i].text)),
	    (ssize_t)strlen(files[_i].text));
	ck_assert_int_eq(fchmod(fd, files[_i].mode), 0);
	close(fd);
	ck_assert_uint_eq(known_own(folder, getuid(), lines), files[_i].n);
	if (files[_i].n == 1) {
		ck_assert_str_eq(lines[0], "ssh-ed25519 " KEY);
		free(lines[0]);
	}
	ck_assert_uint_eq(known_own(folder, getuid() + 1, lines), 0);
	snprintf(real, sizeof(real), "%s/real", folder);
	ck_assert_int_eq(rename(path, real), 0);
	ck_assert_int_eq(symlink("real", path), 0);
	ck_assert_uint_eq(known_own(folder, getuid(), lines), 0);
	unlink(path);
	unlink(real);
	rmdir(folder);
}
END_TEST

static Suite *
client_suite(void)
{
	Suite *s = suite_create("client");
	TCase *t = tcase_create("files");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, config_is);
	tcase_add_test(t, known_hosts_is);
	tcase_add_test(t, inventory_is);
	tcase_add_loop_test(t, what_cannot_be_written_is_told, 0, 3);
	tcase_add_loop_test(t, nothing_gets_in, 0, COUNT(hostile));
	tcase_add_loop_test(
	    t, account_is_quoted_or_left_out, 0, COUNT(hostile));
	tcase_add_loop_test(t, address_is, 0, COUNT(addresses));
	tcase_add_test(t, addresses_are_apart);
	tcase_add_loop_test(t, port_is, 0, COUNT(ports));
	tcase_add_test(t, no_port_is_left);
	tcase_add_test(t, types_are_read);
	tcase_add_loop_test(t, own_keys_are_read, 0, COUNT(files));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(client_suite());
}
