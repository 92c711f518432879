/* SPDX-License-Identifier: ISC */
/* jump-shell/command.c: what is read, and all that is not. */

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../jump-shell/command.h"

#define TEN	"aaaaaaaaaa"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define P107	"/" HUNDRED "aaaaaa"

/* The command as words: verb, options, target, port, path. */
static const struct row {
	const char *request, *want;
} accepted[] = {
    {NULL, "menu"},
    {"", "menu"},
    {"   ", "menu"},
    {"list", "list"},
    {"  list  ", "list"},
    {"help", "help"},
    {"who", "who"},
    {"who -v", "who network"},
    {"requests", "requests"},
    {"config", "config"},
    {"config --format openssh", "config"},
    {"config --format ansible --jump Gate_1.corp-x",
	"config ansible jump Gate_1.corp-x"},
    {"config --jump gate", "config jump gate"},
    {"known_hosts", "known_hosts"},
    {"approve k3fhab", "approve k3fhab"},
    {"approve K3FHAB", "approve k3fhab"},
    {"approve --text K3FHAB", "approve k3fhab"},
    {"approve  --text  k3fhab ", "approve k3fhab"},
    {"refuse k3fhabcdefghijkl", "refuse k3fhabcdefghijkl"},
    {"request web1 pump", "request web1 reason pump"},
    {"request web1:22 a b  c ", "request web1 22 reason a b  c"},
    {"request  web1:22   a --for b", "request web1 22 reason a --for b"},
    {"request web1 --for 2h a", "request web1 for 7200 reason a"},
    {"request --for 1s web1 a", "request web1 for 1 reason a"},
    {"request web1 --for 366d --ticket CHG1 a",
	"request ticket CHG1 web1 for 31622400 reason a"},
    {"request web1 --ticket C --for 90m a b c d e f g h i j k l",
	"request ticket C web1 for 5400 reason a b c d e f g h i j k l"},
    {"request [2001:db8::1]:22 a", "request 2001:db8::1 22 reason a"},
    {"request web1 'quoted' \"text\"", "request web1 reason 'quoted' \"text\""},
    {"connect web1 22", "connect web1 22"},
    {"connect   web1    22 ", "connect web1 22"},
    {"connect web1:22", "connect web1 22"},
    {"connect web1.corp.example 65535", "connect web1.corp.example 65535"},
    {"connect WEB1 1", "connect web1 1"},
    {"connect web_1 1", "connect web_1 1"},
    {"connect 10.2.0.10 22", "connect 10.2.0.10 22"},
    {"connect 10.2.0.10:22", "connect 10.2.0.10 22"},
    {"connect 2001:db8::10 22", "connect 2001:db8::10 22"},
    {"connect [2001:db8::10]:22", "connect 2001:db8::10 22"},
    {"connect [2001:db8::10] 22", "connect 2001:db8::10 22"},
    {"connect ::ffff:10.2.0.10 22", "connect ::ffff:10.2.0.10 22"},
    {"connect -4 web1 22", "connect 4 web1 22"},
    {"connect -6 web1 22", "connect 6 web1 22"},
    {"connect web1 22 -4", "connect 4 web1 22"},
    {"connect web1 -w 5 22", "connect w5 web1 22"},
    {"connect -- web1 22", "connect web1 22"},
    {"connect -4 -- web1 22", "connect 4 web1 22"},
    {"jump-connect web1 22", "connect web1 22"},
    {"/usr/local/bin/jump-connect web1 22", "connect web1 22"},
    {"nc web1 22", "connect web1 22"},
    {"netcat web1 22", "connect web1 22"},
    {"/bin/nc web1 22", "connect web1 22"},
    {"/usr/bin/nc web1 22", "connect web1 22"},
    {"/usr/bin/netcat web1 22", "connect web1 22"},
    {"nc -w 5 web1 22", "connect w5 web1 22"},
    {"nc -w5 web1 22", "connect w5 web1 22"},
    {"nc -w 3601 web1 22", "connect w3600 web1 22"},
    {"nc -w 2147483647 web1 22", "connect w3600 web1 22"},
    {"nc -q0 web1 22", "connect web1 22"},
    {"nc -q 0 web1 22", "connect web1 22"},
    {"nc -q -1 web1 22", "connect web1 22"},
    {"nc -q-1 web1 22", "connect web1 22"},
    {"nc -N web1 22", "connect web1 22"},
    {"nc -v web1 22", "connect web1 22"},
    {"nc -4Nvw10 web1 22", "connect 4 w10 web1 22"},
    {"nc -w 1 -w 2 web1 22", "connect w2 web1 22"},
    {"nc -w 10 -q 0 -N web1 22", "connect w10 web1 22"},
    {"nc -U /home/web1/web1.sock", "connect U /home/web1/web1.sock"},
    {"nc /home/web1/web1.sock -U", "connect U /home/web1/web1.sock"},
    {"nc -NU /run/a.sock", "connect U /run/a.sock"},
    {"connect -w 5 -U /run/a.sock", "connect w5 U /run/a.sock"},
    {"connect -U -- /run/a.sock", "connect U /run/a.sock"},
    {"connect -U /run/$(id);x", "connect U /run/$(id);x"}, /* a name */
    {"connect -U " P107, "connect U " P107},
    {"connect --ticket CHG1 web1 22", "connect ticket CHG1 web1 22"},
    {"connect --ticket=CHG1 web1 22", "connect ticket CHG1 web1 22"},
    {"connect web1 22 --ticket #1", "connect ticket #1 web1 22"},
    {"nc -w 5 --ticket CHG1 -4 web1 22", "connect 4 w5 ticket CHG1 web1 22"},
    {"connect --ticket CHG1 -U /run/a.sock",
	"connect ticket CHG1 U /run/a.sock"},
    {"connect -- web1 22", "connect web1 22"},
    {"why --ticket CHG1 web1", "why ticket CHG1 web1"},
    {"why web1", "why web1"},
    {"why web1 22", "why web1 22"},
    {"why web1:22", "why web1 22"},
    {"why [2001:db8::10]:22", "why 2001:db8::10 22"},
    {"why -U /run/a.sock", "why U /run/a.sock"},
    {"ssh web1", "ssh web1"},
    {"  ssh   WEB1  ", "ssh web1"},
    {"ssh root@web1", "ssh as root web1"},
    {"ssh Ro_o.t-1@web1:2222", "ssh as Ro_o.t-1 web1 2222"},
    {"ssh " TEN TEN TEN "aa@web1", "ssh as " TEN TEN TEN "aa web1"},
    {"ssh 10.2.0.10", "ssh 10.2.0.10"},
    {"ssh root@[2001:db8::10]:22", "ssh as root 2001:db8::10 22"},
    {"ssh web1 uptime", "ssh web1 runs uptime"},
    {"ssh web1   echo 'a  b' | cat -n  ", "ssh web1 runs echo 'a  b' | cat -n  "},
    {"ssh web1 ls -l", "ssh web1 runs ls -l"},
    {"ssh web1 a b c d e f g h i j", "ssh web1 runs a b c d e f g h i j"},
    {"ssh --ticket CHG1 root@web1 id", "ssh ticket CHG1 as root web1 runs id"},
    {"ssh --ticket=CHG1 web1", "ssh ticket CHG1 web1"},
    {"known_hosts web1", "known_hosts web1"},
    {"known_hosts web1:22", "known_hosts web1 22"},
    {"known_hosts 10.2.0.10", "known_hosts 10.2.0.10"},
};

static const struct {
	const char *request;
	enum command_error error;
} refused[] = {
    /* Nothing of ours. */
    {"bash", COMMAND_UNKNOWN},
    {"sh -c id", COMMAND_UNKNOWN},
    {"scp -t /tmp", COMMAND_UNKNOWN},
    {"scp -r -p -d -v -f -t -q -- /tmp /home", COMMAND_UNKNOWN},
    {"internal-sftp", COMMAND_UNKNOWN},
    {"/usr/lib/openssh/sftp-server", COMMAND_UNKNOWN},
    {"rsync --server -e.LsfxC . /tmp", COMMAND_UNKNOWN},
    {"LIST", COMMAND_UNKNOWN},
    {"lists", COMMAND_UNKNOWN},
    {"lis", COMMAND_UNKNOWN},
    {"/bin/list", COMMAND_UNKNOWN},
    {"/usr/bin/connect web1 22", COMMAND_UNKNOWN},
    {"/usr/bin/ssh web1", COMMAND_UNKNOWN},
    {"/tmp/nc web1 22", COMMAND_UNKNOWN},
    {"/bin/../tmp/nc web1 22", COMMAND_UNKNOWN},
    {"/bin//nc web1 22", COMMAND_UNKNOWN},
    {"./nc web1 22", COMMAND_UNKNOWN},
    {"bin/nc web1 22", COMMAND_UNKNOWN},
    {"ncat web1 22", COMMAND_UNKNOWN},
    {"exec nc web1 22", COMMAND_UNKNOWN},
    {"-c list", COMMAND_UNKNOWN},
    {"--id=bob list", COMMAND_UNKNOWN},
    {"list;id", COMMAND_UNKNOWN},
    {"$(list)", COMMAND_UNKNOWN},
    {"`id`", COMMAND_UNKNOWN},
    {"\"list\"", COMMAND_UNKNOWN},
    {"'list'", COMMAND_UNKNOWN},
    {"l\\ist", COMMAND_UNKNOWN},
    /* No printable ASCII. */
    {"\n", COMMAND_UNKNOWN},
    {"list\n", COMMAND_UNKNOWN},
    {"list\nbash", COMMAND_UNKNOWN},
    {"list\r", COMMAND_UNKNOWN},
    {"\tlist", COMMAND_UNKNOWN},
    {"connect\tweb1\t22", COMMAND_UNKNOWN},
    {"connect web1 22\v", COMMAND_UNKNOWN},
    {"connect web1 22\x1b[2J", COMMAND_UNKNOWN},
    {"connect web1 22\x7f", COMMAND_UNKNOWN},
    {"connect w\xc3\xa9"
     "b1 22",
	COMMAND_UNKNOWN},
    {"connect web1\xc2\xa0"
     "22",
	COMMAND_UNKNOWN},
    {"\x01", COMMAND_UNKNOWN},
    {"\xff", COMMAND_UNKNOWN},
    /* Not in this version. */
    {"who am i", COMMAND_MALFORMED},
    {"config --jump", COMMAND_MALFORMED},
    {"config --jump -x", COMMAND_MALFORMED},
    {"config --jump .", COMMAND_MALFORMED},
    {"config --jump a*", COMMAND_MALFORMED},
    {"config --jump !a", COMMAND_MALFORMED},
    {"config --jump a;id", COMMAND_MALFORMED},
    {"config --jump a%h", COMMAND_MALFORMED},
    {"config --jump a+tunnel", COMMAND_MALFORMED},
    {"config --jump " HUNDRED, COMMAND_MALFORMED},
    {"config --jump a --jump b", COMMAND_MALFORMED},
    {"config --format", COMMAND_MALFORMED},
    {"config --format putty", COMMAND_MALFORMED},
    {"config --format openssh --format openssh", COMMAND_MALFORMED},
    {"config web1", COMMAND_MALFORMED},
    {"config web1 web2", COMMAND_MALFORMED},
    {"who -v -v", COMMAND_MALFORMED},
    {"who -w", COMMAND_MALFORMED},
    {"who alice -v", COMMAND_MALFORMED},
    {"register rtu17", COMMAND_MALFORMED},
    {"register --replace", COMMAND_MALFORMED},
    /* Options that listen, run, bind, change or are not known. */
    {"nc -l 22", COMMAND_OPTION},
    {"nc -lp 22", COMMAND_OPTION},
    {"nc -e /bin/sh web1 22", COMMAND_OPTION},
    {"nc -c id web1 22", COMMAND_OPTION},
    {"nc -x 10.0.0.1:3128 web1 22", COMMAND_OPTION},
    {"nc -X 5 web1 22", COMMAND_OPTION},
    {"nc -s 10.0.0.1 web1 22", COMMAND_OPTION},
    {"nc -p 1000 web1 22", COMMAND_OPTION},
    {"nc -k web1 22", COMMAND_OPTION},
    {"nc -u web1 53", COMMAND_OPTION},
    {"nc -z web1 22", COMMAND_OPTION},
    {"nc -n web1 22", COMMAND_OPTION},
    {"nc -F web1 22", COMMAND_OPTION},
    {"nc -4l web1 22", COMMAND_OPTION},
    {"nc web1 22 -l", COMMAND_OPTION},
    {"connect --id=bob web1 22", COMMAND_OPTION},
    {"connect --from=10.0.0.1 web1 22", COMMAND_OPTION},
    {"connect --session=aaaaaaaa web1 22", COMMAND_OPTION},
    {"connect -oProxyCommand=id 22", COMMAND_OPTION},
    {"ssh -o ProxyCommand=id a b c d e f g h", COMMAND_OPTION},
    {"ssh -oProxyCommand=id web1", COMMAND_OPTION},
    {"ssh -t web1", COMMAND_OPTION},
    {"ssh -- web1", COMMAND_OPTION},
    {"ssh -l root web1", COMMAND_OPTION},
    {"ssh --ticket CHG1 -v web1", COMMAND_OPTION},
    {"why -l web1", COMMAND_OPTION},
    {"connect --tickets CHG1 web1 22", COMMAND_OPTION},
    {"connect --ticke=CHG1 web1 22", COMMAND_OPTION},
    {"connect -ticket CHG1 web1 22", COMMAND_OPTION},
    /* Ours, but wrong. */
    {"connect --ticket= web1 22", COMMAND_TICKET},
    {"connect --ticket CHG* web1 22", COMMAND_TICKET},
    {"connect --ticket -4 web1 22", COMMAND_TICKET},
    {"connect --ticket=--help web1 22", COMMAND_TICKET},
    {"connect --ticket=" HUNDRED " web1 22", COMMAND_TICKET},
    {"ssh", COMMAND_MALFORMED},
    {"ssh --ticket", COMMAND_MALFORMED},
    {"ssh --ticket CHG1", COMMAND_MALFORMED},
    {"ssh --ticket C*1 web1", COMMAND_TICKET},
    {"ssh @web1", COMMAND_MALFORMED},
    {"ssh root@", COMMAND_MALFORMED},
    {"ssh a@b@web1", COMMAND_MALFORMED},
    {"ssh -oProxyCommand=x@web1", COMMAND_OPTION},
    {"ssh " TEN TEN TEN "aaa@web1", COMMAND_MALFORMED},
    {"ssh ro;ot@web1", COMMAND_MALFORMED},
    {"ssh ro%h@web1", COMMAND_MALFORMED},
    {"ssh ro\\t@web1", COMMAND_MALFORMED},
    {"ssh /run/a.sock", COMMAND_MALFORMED},
    {"ssh web1:0", COMMAND_PORT},
    {"ssh root@web1:99999 id", COMMAND_PORT},
    {"ssh web1 -oProxyCommand=id", COMMAND_MALFORMED},
    {"ssh web1   --", COMMAND_MALFORMED},
    {"ssh web1 --ticket CHG1", COMMAND_MALFORMED},
    {"ssh web1;id", COMMAND_MALFORMED},
    {"ssh $(id)", COMMAND_MALFORMED},
    {"known_hosts web1 22", COMMAND_MALFORMED},
    {"known_hosts -f", COMMAND_MALFORMED},
    {"known_hosts web1:0", COMMAND_MALFORMED},
    {"connect web1 22 --ticket", COMMAND_MALFORMED},
    {"connect --ticket CHG1 --ticket CHG1 web1 22", COMMAND_MALFORMED},
    {"connect --ticket CHG1", COMMAND_MALFORMED},
    {"list --ticket CHG1", COMMAND_MALFORMED},
    {"connect -- --ticket CHG1", COMMAND_MALFORMED},
    {"list all", COMMAND_MALFORMED},
    {"list -l", COMMAND_MALFORMED},
    {"help me", COMMAND_MALFORMED},
    {"connect", COMMAND_MALFORMED},
    {"connect web1", COMMAND_MALFORMED},
    {"connect 22", COMMAND_MALFORMED},
    {"connect web1 22 23", COMMAND_MALFORMED},
    {"connect - web1 22", COMMAND_MALFORMED},
    {"connect web1 22 -", COMMAND_MALFORMED},
    {"connect - 22", COMMAND_MALFORMED},
    {"connect a b c d e f g h", COMMAND_MALFORMED},
    {"connect -4 -4 -4 -4 -4 web1 22", COMMAND_OK},
    {"connect -4 -4 -4 -4 -4 -4 web1 22", COMMAND_MALFORMED},
    {"connect web1 22 -4 -4 -4 -4 -4", COMMAND_OK},
    {"connect web1 22 -4 -4 -4 -4 -4 -4", COMMAND_MALFORMED},
    {"connect web1 0", COMMAND_PORT},
    {"connect web1 65536", COMMAND_PORT},
    {"connect web1 65558", COMMAND_PORT},
    {"connect web1 4294967318", COMMAND_PORT},
    {"connect web1 18446744073709551638", COMMAND_PORT},
    {"connect web1 +22", COMMAND_PORT},
    {"connect web1 022", COMMAND_PORT},
    {"connect web1 0x16", COMMAND_PORT},
    {"connect web1 22.0", COMMAND_PORT},
    {"connect web1 ssh", COMMAND_PORT},
    {"connect web1 -22", COMMAND_OPTION},
    {"connect web1 -- -22", COMMAND_PORT},
    {"connect [2001:db8::10]:0", COMMAND_PORT},
    {"connect 2001:db8::10 99999", COMMAND_PORT},
    {"connect -4 web1 99999", COMMAND_PORT},
    {"connect ::1:fe", COMMAND_MALFORMED},
    {"connect -U web1 99999", COMMAND_MALFORMED},
    {"connect web1 " HUNDRED, COMMAND_MALFORMED},
    {"connect web;1 99999", COMMAND_MALFORMED},
    {"connect web1:", COMMAND_MALFORMED},
    {"connect :22", COMMAND_MALFORMED},
    {"connect : 22", COMMAND_MALFORMED},
    {"connect web1:022", COMMAND_PORT},
    {"connect web1:22 22", COMMAND_MALFORMED},
    {"connect web1:22:22", COMMAND_MALFORMED},
    {"connect 2001:db8::10", COMMAND_MALFORMED},
    {"connect [2001:db8::10]", COMMAND_MALFORMED},
    {"connect [2001:db8::10]22", COMMAND_MALFORMED},
    {"connect [2001:db8::10]:", COMMAND_MALFORMED},
    {"connect [2001:db8::10]:22 22", COMMAND_MALFORMED},
    {"connect [2001:db8::10:22", COMMAND_MALFORMED},
    {"connect [web1]:22", COMMAND_MALFORMED},
    {"connect [web1] 22", COMMAND_MALFORMED},
    {"connect [2001:db8::10]x 22", COMMAND_MALFORMED},
    {"connect 2001:db8:::10 22", COMMAND_MALFORMED},
    {"connect 1:2:3 22", COMMAND_MALFORMED},
    {"connect []:22", COMMAND_MALFORMED},
    {"connect fe80::1%eth0 22", COMMAND_MALFORMED},
    {"connect web1] 22", COMMAND_MALFORMED},
    {"connect web1;id 22", COMMAND_MALFORMED},
    {"connect $(id) 22", COMMAND_MALFORMED},
    {"connect `id` 22", COMMAND_MALFORMED},
    {"connect \"web1\" 22", COMMAND_MALFORMED},
    {"connect 'web 1' 22", COMMAND_MALFORMED},
    {"connect web\\1 22", COMMAND_MALFORMED},
    {"connect web1|id 22", COMMAND_MALFORMED},
    {"connect web1>x 22", COMMAND_MALFORMED},
    {"connect ../web1 22", COMMAND_MALFORMED},
    {"connect *.example 22", COMMAND_MALFORMED},
    {"connect user@web1 22", COMMAND_MALFORMED},
    {"connect -- -oProxyCommand=id 22", COMMAND_MALFORMED},
    {"connect -- -web1 22", COMMAND_MALFORMED},
    {"connect -", COMMAND_MALFORMED},
    {"connect --", COMMAND_MALFORMED},
    {"connect " HUNDRED HUNDRED TEN TEN TEN TEN TEN "aaaaa 22", COMMAND_OK},
    {"connect " HUNDRED HUNDRED TEN TEN TEN TEN TEN "aaaaaa 22",
	COMMAND_MALFORMED},
    {"connect -4 -6 web1 22", COMMAND_MALFORMED},
    {"connect -46 web1 22", COMMAND_MALFORMED},
    {"nc -w web1 22", COMMAND_MALFORMED},
    {"nc web1 22 -w", COMMAND_MALFORMED},
    {"nc -w 0 web1 22", COMMAND_MALFORMED},
    {"nc -w -1 web1 22", COMMAND_MALFORMED},
    {"nc -w 05 web1 22", COMMAND_MALFORMED},
    {"nc -w 2147483648 web1 22", COMMAND_MALFORMED},
    {"nc -w5N web1 22", COMMAND_MALFORMED},
    {"nc -q -2 web1 22", COMMAND_MALFORMED},
    {"nc -q x web1 22", COMMAND_MALFORMED},
    {"nc -U", COMMAND_MALFORMED},
    {"nc -U run/a.sock", COMMAND_MALFORMED},
    {"nc -U /run/a.sock 22", COMMAND_MALFORMED},
    {"nc -4U /run/a.sock", COMMAND_MALFORMED},
    {"nc -6 -U /run/a.sock", COMMAND_MALFORMED},
    {"nc -U /run/a.sock /run/b.sock", COMMAND_MALFORMED},
    {"nc -U " P107 "a", COMMAND_MALFORMED},
    {"nc /run/a.sock", COMMAND_MALFORMED},
    {"nc /run/a.sock 22", COMMAND_MALFORMED},
    {"request", COMMAND_MALFORMED},
    {"request web1", COMMAND_MALFORMED},
    {"request web1 -", COMMAND_MALFORMED},
    {"request web1 --for 2h", COMMAND_MALFORMED},
    {"request --for 2h web1", COMMAND_MALFORMED},
    {"request web1 --for 2 a", COMMAND_MALFORMED},
    {"request web1 --for h a", COMMAND_MALFORMED},
    {"request web1 --for 0h a", COMMAND_MALFORMED},
    {"request web1 --for -1h a", COMMAND_MALFORMED},
    {"request web1 --for 367d a", COMMAND_MALFORMED},
    {"request web1 --for 9999999d a", COMMAND_MALFORMED},
    {"request web1 --for 99999999999999h a", COMMAND_MALFORMED},
    {"request web1 --for 2h --for 2h a", COMMAND_MALFORMED},
    {"request web1 --ticket", COMMAND_MALFORMED},
    {"request web1 --ticket - a", COMMAND_TICKET},
    {"request web1 --as root a", COMMAND_MALFORMED},
    {"request web1:0 a", COMMAND_PORT},
    {"request web1:99999 a", COMMAND_PORT},
    {"request 10.2.0.10 a", COMMAND_MALFORMED},
    {"requests mine", COMMAND_MALFORMED},
    {"approve", COMMAND_MALFORMED},
    {"approve 1", COMMAND_MALFORMED},
    {"approve --text", COMMAND_MALFORMED},
    {"approve --text k3fhab k3fhac", COMMAND_MALFORMED},
    {"approve --text --signed", COMMAND_MALFORMED},
    {"approve k3fhab --text", COMMAND_MALFORMED},
    {"approve --text=k3fhab", COMMAND_MALFORMED},
    {"approve --signed k3fhab", COMMAND_MALFORMED},
    {"approve --signed --signed", COMMAND_MALFORMED},
    {"approve --sign", COMMAND_MALFORMED},
    {"refuse --text k3fhab", COMMAND_MALFORMED},
    {"refuse --signed", COMMAND_MALFORMED},
    {"approve k3f9ab", COMMAND_MALFORMED}, /* no 9 */
    {"approve k3fhab k3fhac", COMMAND_MALFORMED},
    {"approve k3fhabcdefghijklm", COMMAND_MALFORMED},
    {"refuse ../x", COMMAND_MALFORMED},
    {"why", COMMAND_MALFORMED},
    {"why web1 22 23", COMMAND_MALFORMED},
    {"why web1:0", COMMAND_PORT},
    {"why web1:", COMMAND_MALFORMED},
    {"why :22", COMMAND_MALFORMED},
    {"why 10.2.0.10", COMMAND_MALFORMED},
    {"why 2001:db8::10", COMMAND_MALFORMED},
    {"why [2001:db8::10]", COMMAND_MALFORMED},
    {"why /run/a.sock", COMMAND_MALFORMED},
};

static const char *const verb_names[] = {
    "menu", "list", "connect", "why", "who", "request", "requests", "approve", "refuse",
    "help", "ssh", "config", "known_hosts", "later"};

static const char *
describe(const struct command *c)
{
	static char text[2048];
	char *p = text;

	p += sprintf(p, "%s", verb_names[c->verb]);
	if (c->v4)
		p += sprintf(p, " 4");
	if (c->v6)
		p += sprintf(p, " 6");
	if (c->wait != 0)
		p += sprintf(p, " w%u", c->wait);
	if (c->ticket[0] != '\0')
		p += sprintf(p, " ticket %s", c->ticket);
	if (c->network)
		p += sprintf(p, " network");
	if (c->login[0] != '\0')
		p += sprintf(p, " as %s", c->login);
	if (c->target.form == TARGET_PATH)
		p += sprintf(p, " U");
	if (c->target.text[0] != '\0')
		p += sprintf(p, " %s", c->target.text);
	if (c->target.port != 0)
		p += sprintf(p, " %u", c->target.port);
	if (c->seconds != 0)
		p += sprintf(p, " for %u", c->seconds);
	if (c->reason[0] != '\0')
		p += sprintf(p, " reason %s", c->reason);
	if (c->id[0] != '\0')
		p += sprintf(p, " %s", c->id);
	if (c->remote[0] != '\0')
		p += sprintf(p, " runs %s", c->remote);
	if (c->format == FORMAT_ANSIBLE)
		p += sprintf(p, " ansible");
	if (c->jump[0] != '\0')
		p += sprintf(p, " jump %s", c->jump);
	return text;
}

START_TEST(request_is_read)
{
	const struct row *row = &accepted[_i];
	struct command c;

	memset(&c, 0xa5, sizeof(c));
	ck_assert_msg(
	    command_parse(&c, row->request) == COMMAND_OK, "%s", row->request);
	ck_assert_str_eq(describe(&c), row->want);
}
END_TEST

START_TEST(request_is_refused)
{
	struct command c;
	enum command_error error = command_parse(&c, refused[_i].request);

	ck_assert_msg(error == refused[_i].error, "%d for %s", error,
	    refused[_i].request);
}
END_TEST

/* 1024 bytes are read, 1025 are not, whatever they are. */
START_TEST(length_is_bounded)
{
	static char text[140000];
	struct command c;
	size_t n;

	for (n = 1000; n <= 1100; n++) {
		memset(text, ' ', n);
		memcpy(text, "list", 4);
		text[n] = '\0';
		ck_assert_int_eq(command_parse(&c, text),
		    n <= COMMAND_TEXT ? COMMAND_OK : COMMAND_UNKNOWN);
	}
	memset(text, 'x', sizeof(text) - 1);
	ck_assert_int_eq(command_parse(&c, text), COMMAND_UNKNOWN);
}
END_TEST

/* Every byte that is not printable ASCII is refused, everywhere. */
START_TEST(bytes_are_printable)
{
	char text[] = "connect web1 22";
	struct command c;
	size_t i;

	if (_i >= ' ' && _i <= '~')
		return;
	for (i = 0; i < sizeof(text) - 1; i++) {
		strcpy(text, "connect web1 22");
		text[i] = (char)_i;
		ck_assert_int_eq(command_parse(&c, text), COMMAND_UNKNOWN);
	}
}
END_TEST

/* One line, one sentence, for every error and verb. */
START_TEST(errors_have_texts)
{
	struct command c = {.wrong = "99999"};
	char buf[COMMAND_SENTENCE];
	const char *text;
	int e, v;

	for (e = COMMAND_OK; e <= COMMAND_MALFORMED; e++) {
		ck_assert_ptr_nonnull(
		    command_error_reason((enum command_error)e));
		for (v = COMMAND_MENU; v <= COMMAND_REGISTER; v++) {
			c.verb = v;
			text = command_error_text(e, &c, buf);
			ck_assert_uint_gt(strlen(text), 8);
			ck_assert_uint_lt(strlen(text), 160);
			ck_assert_int_eq(text[strlen(text) - 1], '.');
			ck_assert_ptr_null(strchr(text, '\n'));
		}
	}
}
END_TEST

START_TEST(port_is_named)
{
	static const char *const rows[] = {"connect web1 99999",
	    "connect web1:99999", "nc -w 5 web1.corp.example 99999",
	    "why [2001:db8::10]:99999"};
	char buf[COMMAND_SENTENCE];
	struct command c;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_int_eq(command_parse(&c, rows[i]), COMMAND_PORT);
		ck_assert_str_eq(command_error_text(COMMAND_PORT, &c, buf),
		    "99999 is no port (1 to 65535).");
	}
}
END_TEST

#define SELF "/usr/local/libexec/jump/jump-shell"

/* How sshd starts us, and what the user asked for. */
/* The variable, of which the option and some requests know nothing. */
static const struct {
	const char *request, *variable;
	enum command_error error;
	const char *ticket;
} variables[] = {
    {"connect web1 22", "CHG1", COMMAND_OK, "CHG1"},
    {"connect web1 22", NULL, COMMAND_OK, ""},
    {"connect web1 22", "", COMMAND_OK, ""},
    {"connect web1 22", " ", COMMAND_TICKET, ""},
    {"connect web1 22", "-w5", COMMAND_TICKET, ""},
    {"connect web1 22", HUNDRED, COMMAND_TICKET, ""},
    {"connect --ticket INC1 web1 22", "CHG1", COMMAND_OK, "INC1"},
    {"connect --ticket INC1 web1 22", "a b", COMMAND_OK, "INC1"},
    {"why web1", "CHG1", COMMAND_OK, "CHG1"},
    {"list", "CHG1", COMMAND_OK, "CHG1"},
    {"list", "CHG\n1", COMMAND_TICKET, ""},
    {"who", "CHG\n1", COMMAND_OK, ""},
    {"help", "CHG\n1", COMMAND_OK, ""},
    {"requests", "CHG\n1", COMMAND_OK, ""},
    {"request web1 please", "CHG1", COMMAND_OK, "CHG1"},
    {"request --ticket INC1 web1 please", "CHG1", COMMAND_OK, "INC1"},
};

START_TEST(variable_is_taken)
{
	struct command c;

	ck_assert_int_eq(
	    command_parse(&c, variables[_i].request), COMMAND_OK);
	ck_assert_int_eq(command_default_ticket(&c, variables[_i].variable),
	    variables[_i].error);
	ck_assert_str_eq(c.ticket, variables[_i].ticket);
}
END_TEST

START_TEST(source_is_told)
{
	static const struct {
		const char *argv[6], *original, *request, *id;
	} rows[] = {
	    {{"jump-shell"}, NULL, NULL, NULL},
	    {{"-jump-shell"}, NULL, NULL, NULL},
	    {{"jump-shell"}, "list", "list", NULL},
	    {{"jump-shell"}, "", "", NULL},
	    {{"jump-shell", "--id=carol"}, "list", "list", "carol"},
	    {{"jump-shell", "--id=carol"}, NULL, NULL, "carol"},
	    {{"jump-shell", "--id="}, NULL, NULL, ""},
	    {{"jump-shell", "-c", "list"}, NULL, "list", NULL},
	    {{"jump-shell", "-c", ""}, NULL, "", NULL},
	    {{"jump-shell", "-c", SELF}, NULL, NULL, NULL},
	    {{"jump-shell", "-c", SELF}, "list", "list", NULL},
	    {{"jump-shell", "-c", SELF " --id=carol"}, NULL, NULL, "carol"},
	    {{"jump-shell", "-c", SELF " --id=carol"}, "list", "list", "carol"},
	    {{"jump-shell", "-c", "/bin/other"}, "list", "list", NULL},
	    {{"jump-shell", "-c", SELF "x"}, NULL, SELF "x", NULL},
	    {{"jump-shell", "-c", SELF " -c list"}, NULL, SELF " -c list",
		NULL},
	    {{"jump-shell", "-c", " " SELF}, NULL, " " SELF, NULL},
	    {{"jump-shell", "-c", "--id=carol"}, NULL, "--id=carol", NULL},
	};
	const char *request, *id;
	size_t i;
	int argc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (argc = 0; rows[i].argv[argc] != NULL; argc++)
			continue;
		ck_assert_msg(command_source(argc, (char **)rows[i].argv,
				  rows[i].original, SELF, &request, &id),
		    "row %zu", i);
		ck_assert_pstr_eq(request, rows[i].request);
		ck_assert_pstr_eq(id, rows[i].id);
	}
}
END_TEST

START_TEST(source_refuses)
{
	static const char *const rows[][6] = {{"jump-shell", "list"},
	    {"jump-shell", "-c"}, {"jump-shell", "-i"}, {"jump-shell", ""},
	    {"jump-shell", "-c", "list", "list"}, {"jump-shell", "--id"},
	    {"jump-shell", "-c", "list", "-c", "help"},
	    {"jump-shell", "--id=carol", "--id=bob"}};
	const char *request, *id;
	size_t i;
	int argc;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (argc = 0; rows[i][argc] != NULL; argc++)
			continue;
		ck_assert_msg(!command_source(argc, (char **)rows[i], NULL,
				  SELF, &request, &id),
		    "row %zu", i);
	}
}
END_TEST

START_TEST(from_is_strict)
{
	static const char *const good[] = {"192.0.2.9 50000 192.0.2.1 22",
	    "2001:db8::9 50000 2001:db8::1 22",
	    "::ffff:192.0.2.9 1 192.0.2.1 65535"};
	static const char *const bad[] = {"", "192.0.2.9",
	    "192.0.2.9 50000 192.0.2.1", "192.0.2.9 50000 192.0.2.1 22 x",
	    "192.0.2.9 0 192.0.2.1 22", "192.0.2.9 50000 192.0.2.1 022",
	    "192.0.2.09 50000 192.0.2.1 22", "fe80::1%eth0 1 fe80::2%eth0 22",
	    "host 50000 192.0.2.1 22", "192.0.2.9 50000 192.0.2.1 22\n",
	    "192.0.2.9\t50000 192.0.2.1 22", "UNKNOWN 65535 UNKNOWN 65535",
	    "192.0.2.9 50000 host 22"};
	char text[ADDR_TEXT];
	struct addr from, ends[2];
	uint16_t ports[2];
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(command_from(&from, good[i]), "%s", good[i]);
	ck_assert_str_eq(addr_print(&from, text), "192.0.2.9");
	ck_assert(command_ends(ends, ports, good[2]));
	ck_assert_uint_eq(ports[0], 1);
	ck_assert_uint_eq(ports[1], 65535);
	ck_assert_str_eq(addr_print(&ends[1], text), "192.0.2.1");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!command_from(&from, bad[i]), "%s", bad[i]);
	ck_assert(!command_from(&from, NULL));
}
END_TEST

static Suite *
command_suite(void)
{
	Suite *s = suite_create("command");
	TCase *t = tcase_create("parse");

	tcase_add_loop_test(t, request_is_read, 0,
	    (int)(sizeof(accepted) / sizeof(accepted[0])));
	tcase_add_loop_test(t, request_is_refused, 0,
	    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_loop_test(t, bytes_are_printable, 1, 256);
	tcase_add_test(t, length_is_bounded);
	tcase_add_test(t, errors_have_texts);
	tcase_add_test(t, port_is_named);
	tcase_add_loop_test(t, variable_is_taken, 0,
	    (int)(sizeof(variables) / sizeof(variables[0])));
	tcase_add_test(t, source_is_told);
	tcase_add_test(t, source_refuses);
	tcase_add_test(t, from_is_strict);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	SRunner *sr = srunner_create(command_suite());
	int failed;

	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
