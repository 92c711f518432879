/* SPDX-License-Identifier: ISC */
/* The parser: what is right, what is wrong, and where. */

#include "policy.h"
#include "unit.h"

#define B1                                                                     \
	"AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"
#define K1 "ssh-ed25519 " B1
#define K2                                                                     \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIvukTrJnLJZdwO9FOvjP0K1clYqsMc0" \
	"plO3yv+22rWk"
#define SKU                                                                    \
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIGniLfbAEAATJ+Rw/VtVI8hV" \
	"YAemhw6Q5jW/kduU1heZAAAABHNzaDo"
#define SKB SKU "="
#define SK  "sk-ssh-ed25519@openssh.com " SKB

/* So many times x. */
#define X4	"xxxx"
#define X16	X4 X4 X4 X4
#define X60	X16 X16 X16 X4 X4 X4
#define X64	X16 X16 X16 X16
#define X65	X64 "x"
#define X127	X64 X16 X16 X16 X4 X4 X4 "xxx"
#define X128	X64 X64
#define X129	X128 "x"
#define X253	X128 X64 X60 "x"
#define X256	X128 X128
#define X512	X256 X256
#define X513	X512 "x"
#define P107	"/" X64 X16 X16 X4 X4 "xx"
#define P108	P107 "x"
#define A15                                                                    \
	"10.4.0.1 10.4.0.2 10.4.0.3 10.4.0.4 10.4.0.5 10.4.0.6 10.4.0.7 "      \
	"10.4.0.8 10.4.0.9 10.4.0.10 10.4.0.11 10.4.0.12 10.4.0.13 "           \
	"10.4.0.14 10.4.0.15"
#define A16 A15 " 10.4.0.16"
#define A17 A16 " 10.4.0.17"

/* What stands before each statement of the tables. */
static const char prelude[] = "version 1\n"
			      "user alice\n"
			      "user bob\n"
			      "group @ops { alice %wheel }\n"
			      "host web1 10.2.0.10 ssh 22 tcp 80 alias www tag web\n"
			      "net lab 10.9.0.0/16 ssh 22\n"
			      "device rtu1 127.77.0.17 ssh 2222 tag ot\n"
			      "socket metr \"/run/m.sock\"\n"
			      "window office mon-fri 08:00-18:00\n"
			      "allow base: alice to web1\n";

/* Text of several strings, and its parse. */
struct parsed {
	struct policy *policy;
	struct policy_report report;
};

static struct parsed
parse(const char *text, size_t size)
{
	struct policy_source source = {"test", text, size};
	struct parsed r = {0};

	r.policy = policy_parse(&source, 1, &r.report);
	return r;
}

static void
parsed_free(struct parsed *r)
{
	policy_free(r->policy);
	policy_report_clear(&r->report);
}

static void
append(char **text, const char *more)
{
	char *all;

	ck_assert_int_ge(
	    asprintf(&all, "%s%s", *text == NULL ? "" : *text, more), 0);
	free(*text);
	*text = all;
}

/*
 * What is wrong.  ^ stands before each place; what is said there, in the same
 * order, is separated by |.
 */
static const struct {
	const char *text, *messages;
} bad[] = {
    /* Words and statements. */
    {"^usr carol", "unknown statement"},
    {"^User carol", "unknown statement"},
    {"^\"user\" carol", "unknown statement"},
    {"^carol", "unknown statement"},
    {"^}", "nothing is open here"},
    {"user carol ^}", "nothing is open here"},
    {"user ^{ carol }", "expected a name"},
    {"^version 1", "version stands first in a file, once"},
    /* Bytes. */
    {"user carol^\r", "a carriage return"},
    {"# carol^\r", "a carriage return"},
    {"user car^\rol", "a carriage return"},
    {"^\xef\xbb\xbfuser carol", "a byte order mark"},
    {"# ^\xef\xbb\xbf", "a byte order mark"},
    {"user carol^\v", "a control character"},
    {"user carol^\f", "a control character"},
    {"user ^\001carol", "a control character"},
    {"user carol ^\177", "a control character"},
    {"# red ^\033[31m", "a control character"},
    {"user carol comment \"a^\033[31m\"", "a control character"},
    {"# ^\302\200", "a control character"},
    {"# ^\302\233" "31m", "a control character"},
    {"user carol comment \"a^\302\237\"", "a control character"},
    {"# ^\200", "bytes that are not UTF-8"},
    {"# ^\277", "bytes that are not UTF-8"},
    {"# ^\303", "bytes that are not UTF-8"},
    {"# ^\303(", "bytes that are not UTF-8"},
    {"# ^\300\257", "bytes that are not UTF-8"},
    {"# ^\301\277", "bytes that are not UTF-8"},
    {"# ^\340\200\257", "bytes that are not UTF-8"},
    {"# ^\340\237\277", "bytes that are not UTF-8"},
    {"# ^\355\240\200", "bytes that are not UTF-8"},
    {"# ^\355\277\277", "bytes that are not UTF-8"},
    {"# ^\360\200\200\257", "bytes that are not UTF-8"},
    {"# ^\360\217\277\277", "bytes that are not UTF-8"},
    {"# ^\364\220\200\200", "bytes that are not UTF-8"},
    {"# ^\365\200\200\200", "bytes that are not UTF-8"},
    {"# ^\370\210\200\200\200", "bytes that are not UTF-8"},
    {"# ^\377", "bytes that are not UTF-8"},
    {"# ^\376", "bytes that are not UTF-8"},
    {"# ^\342\202", "bytes that are not UTF-8"},
    {"# ^\360\237\230", "bytes that are not UTF-8"},
    {"# ^\342(\241", "bytes that are not UTF-8"},
    {"user carol comment \"^\374\"", "bytes that are not UTF-8"},
    {"user ^car\303\266l", "not ASCII"},
    {"^\303\266", "not ASCII"},
    {"user ^\"car\303\266l\"", "not a name"},
    {"set contact ^\"\303\266\"", "not ASCII"},
    {"set timezone ^\"\303\266\"", "not a zone"},
    {"socket s ^\"/run/\303\266\"", "expected a path"},
    {"group @x %^\"\303\266\"", "not ASCII"},
    {"allow x: ^\"\303\266\" to web1", "not ASCII"},
    {"key alice ^\"" K1 " \303\266\"", "expected a key"},
    {"allow x: alice to web1 ticket ^\"\303\266\"", "not a pattern of tickets"},
    /* Quotes. */
    {"user ^\"carol", "string is not closed"},
    {"user carol comment ^\"a", "string is not closed"},
    {"user carol comment ^\"a\nuser dave", "string is not closed"},
    {"user carol comment \"a\" ^\"b", "string is not closed"},
    {"user ^\"\"", "not a name"},
    {"allow x: \"alice\"^bob to web1", "a space is missing"},
    {"group @x @\"ops\"^x", "a space is missing"},
    /* Lists. */
    {"group @x {^}", "empty list"},
    {"group @x {\n\n^}", "empty list"},
    {"group @x { alice ^{ bob } }", "a list inside a list"},
    {"group @x { ^{ alice } }", "a list inside a list"},
    {"host web2 {^} ssh 22", "empty list"},
    {"host web2 10.2.0.11 ssh {^}", "empty list"},
    {"host web2 10.2.0.11 ssh 22 tag {^}", "empty list"},
    {"host web2 10.2.0.11 ssh 22 alias {^}", "empty list"},
    {"net n {^} ssh 22", "empty list"},
    {"domain d {^} in 10.8.0.0/16 ssh 22", "empty list"},
    {"domain d \"*.x\" in {^} ssh 22", "empty list"},
    {"window w {^} 08:00-18:00", "empty list"},
    {"set never {^}", "empty list"},
    {"key alice \"" K1 "\" from {^}", "empty list"},
    {"ca corp \"" K1 "\" for {^}", "empty list"},
    {"allow x: {^} to web1", "empty list"},
    {"allow x: alice to {^}", "empty list"},
    {"allow x: alice to web1 via {^}", "empty list"},
    {"allow x: alice to web1 from {^}", "empty list"},
    {"allow x: alice to web1 when {^}", "empty list"},
    {"allow x: alice to web1 as {^}", "empty list"},
    {"allow x: alice to web1 ticket {^}", "empty list"},
    {"test alice to web1 = allow {^}", "empty list"},
    {"group @x { alice } ^bob", "nothing more is expected here"},
    /* Settings. */
    {"set^", "unknown setting"},
    {"set ^colour \"red\"", "unknown setting"},
    {"set ^\"contact\" \"x\"", "unknown setting"},
    {"set timezone^", "expected a string in quotes"},
    {"set timezone ^UTC", "expected a string in quotes"},
    {"set timezone ^\"\"", "not a zone"},
    {"set timezone ^\"Europe/\"", "not a zone"},
    {"set timezone ^\"/etc/localtime\"", "not a zone"},
    {"set timezone ^\"../UTC\"", "not a zone"},
    {"set timezone ^\"Europe/../UTC\"", "not a zone"},
    {"set timezone ^\"Europe//Amsterdam\"", "not a zone"},
    {"set timezone ^\"UTC;\"", "not a zone"},
    {"set timezone ^\"UTC 1\"", "not a zone"},
    {"set timezone ^\":UTC\"", "not a zone"},
    {"set timezone ^\"1UTC\"", "not a zone"},
    {"set timezone ^\"Mars/Olympus\"", "no time zone `Mars/Olympus'"},
    {"set timezone ^\"CEST-1\"", "no time zone `CEST-1'"},
    {"set timezone ^\"Europe\"", "no time zone `Europe'"},
    {"set timezone ^\"leapseconds\"", "no time zone `leapseconds'"},
    {"set timezone ^\"utc\"", "no time zone `utc'"},
    {"set contact ^x@corp.example", "expected a string in quotes"},
    {"set contact ^\"\"", "empty string"},
    {"set contact ^\"" X129 "\"", "string is too long"},
    {"set contact ^\"a\tb\"", "a tab in a string"},
    {"set contact \"a\" ^\"b\"", "nothing more is expected here"},
    {"set contact \"a\"\nset ^contact \"a\"", "this is set already"},
    {"set never 10.77.0.0/16\nset ^never 10.77.0.0/16", "this is set already"},
    {"set never ^10.0.0.1/8", "beyond its length"},
    {"set never ^localhost", "not a network"},
    {"set sessions ^0", "expected a number, 1 to 10000"},
    {"set sessions ^10001", "expected a number, 1 to 10000"},
    {"set sessions ^-1", "expected a number, 1 to 10000"},
    {"set sessions ^+1", "expected a number, 1 to 10000"},
    {"set sessions ^01", "expected a number, 1 to 10000"},
    {"set sessions ^1k", "expected a number, 1 to 10000"},
    {"set sessions ^1.5", "expected a number, 1 to 10000"},
    {"set sessions ^x", "expected a number, 1 to 10000"},
    {"set sessions ^4294967297", "expected a number, 1 to 10000"},
    {"set sessions ^18446744073709551617", "expected a number, 1 to 10000"},
    {"set sessions ^\"5\"", "expected a number, 1 to 10000"},
    {"set sessions^", "expected a number, 1 to 10000"},
    {"set sessions 5 ^5", "nothing more is expected here"},
    {"set keys-from ^\"\"", "expected a path"},
    {"set keys-from ^\"usr/x\"", "expected a path"},
    {"set keys-from ^\"/\"", "expected a path"},
    {"set keys-from ^\"/usr/\"", "expected a path"},
    {"set keys-from ^\"/usr//x\"", "expected a path"},
    {"set keys-from ^\"/./x\"", "expected a path"},
    {"set keys-from ^\"/usr/.\"", "expected a path"},
    {"set keys-from ^\"/usr/../x\"", "expected a path"},
    {"set keys-from ^\"/..\"", "expected a path"},
    {"set keys-from ^\"/usr/a b\"", "expected a path"},
    {"set keys-from ^\"/usr/a\tb\"", "expected a path"},
    {"set keys-from ^\"" P108 "\"", "expected a path"},
    {"set keys-from ^/usr/x", "expected a path"},
    {"set ticket-program ^\"x\"", "expected a path"},
    {"set notify-program ^\"x\"", "expected a path"},
    {"set notify-program \"/a\"\nset ^notify-program \"/a\"",
	"this is set already"},
    {"set realm ^\"north 2\"", "not a name"},
    {"set realm ^-", "not a name"},
    {"set realm a ^b", "nothing more is expected here"},
    {"set realm a\nset ^realm a", "this is set already"},
    {"set nft ^nft", "expected a path"},
    {"set nft ^\"nft\"", "expected a path"},
    {"set nft ^\"/usr/sbin/../nft\"", "expected a path"},
    {"set nft \"/a\"\nset ^nft \"/a\"", "this is set already"},
    {"set nft \"/a\"\nset gate ^0", "expected a number, 1 to 1023"},
    {"set nft \"/a\"\nset gate ^1024", "expected a number, 1 to 1023"},
    {"set nft \"/a\"\nset gate ^65558", "expected a number, 1 to 1023"},
    {"set nft \"/a\"\nset gate ^01", "expected a number, 1 to 1023"},
    {"set nft \"/a\"\nset gate ^\"22\"", "expected a number, 1 to 1023"},
    {"set nft \"/a\"\nset gate^", "expected a number, 1 to 1023"},
    {"set nft \"/a\"\nset gate 22 ^23", "nothing more is expected here"},
    {"set nft \"/a\"\nset gate 22\nset ^gate 22", "this is set already"},
    {"^set gate 22", "the gate needs `set nft'"},
    {"set exempt^", "expected a name"},
    {"set exempt {^}", "empty list"},
    {"set exempt ^alice", "`alice' is a user's account: no user is exempt"},
    {"set exempt { op ^alice }",
	"`alice' is a user's account: no user is exempt"},
    {"user carol account jump\nset exempt ^jump",
	"`jump' is a user's account: no user is exempt"},
    {"set exempt ^rtu1", "`rtu1' is a user's account: no user is exempt"},
    {"set exempt op\nset ^exempt op", "this is set already"},
    {"set exempt ^op\nuser op",
	"`op' is a user's account: no user is exempt"},
    /* Users. */
    {"user^", "expected a name"},
    {"user ^Carol", "name needs quotes"},
    {"user ^carol@corp.example", "name needs quotes"},
    {"user ^_carol", "name needs quotes"},
    {"user ^-carol", "not a name"},
    {"user ^+carol", "not a name"},
    {"user ^.carol", "not a name"},
    {"user ^" X129, "name is longer than 128 bytes"},
    {"user ^\"-carol\"", "not a name"},
    {"user ^\"+carol\"", "not a name"},
    {"user ^\".carol\"", "not a name"},
    {"user ^\"car ol\"", "not a name"},
    {"user ^\"car/ol\"", "not a name"},
    {"user ^\"car:ol\"", "not a name"},
    {"user ^\"car%l\"", "not a name"},
    {"user ^\"" X129 "\"", "name is longer than 128 bytes"},
    {"user ^host", "a reserved word cannot be a name"},
    {"user ^alice", "`alice' is declared already, test:2"},
    {"user ^\"alice\"", "`alice' is declared already, test:2"},
    {"user ^rtu1", "`rtu1' is declared already, test:7"},
    {"user carol ^dave", "not an option of this statement"},
    {"user carol ^\"until\"", "not an option of this statement"},
    {"user carol until^", "not a time"},
    {"user carol until ^tomorrow", "not a time"},
    {"user carol until ^2026-02-30T00:00Z", "there is no such time"},
    {"user carol until ^\"2026-01-01T00:00Z\"", "not a time"},
    {"user carol until 2026-01-01T00:00Z ^until 2026-01-01T00:00Z",
	"option stands twice"},
    {"user carol account^", "expected a name"},
    {"user carol account ^user", "a reserved word cannot be a name"},
    {"user carol account a ^account b", "option stands twice"},
    {"user ^carol account alice",
	"the shared account `alice' is also a user or device"},
    {"user ^carol account rtu1",
	"the shared account `rtu1' is also a user or device"},
    {"user ^carol account carol",
	"the shared account `carol' is also a user or device"},
    {"user ^\"c\\d\" account jump", "a backslash or plus"},
    {"user ^\"c+d\" account jump", "a backslash or plus"},
    {"user carol comment ^x", "expected a string in quotes"},
    {"user carol comment ^\"" X513 "\"", "comment is longer than 512 bytes"},
    {"user carol comment ^\"a\tb\"", "a tab in a string"},
    {"group @g ^\"a\tb\"", "a tab in a string"},
    {"allow x: any to ^\"a\tb\"", "a tab in a string"},
    {"user carol comment \"\" ^comment \"\"", "option stands twice"},
    /* Keys. */
    {"key^", "expected a name"},
    {"key alice^", "expected a key"},
    {"key alice ^" "ssh-ed25519", "expected a key"},
    {"key alice ^\"" "ssh-ed25519" "\"", "expected a key: type and base64"},
    {"key alice ^\"\"", "expected a key: type and base64"},
    {"key alice ^\"ssh-dss " B1 "\"", "DSA keys are not accepted"},
    {"key alice ^\"SSH-ED25519 " B1 "\"", "unknown type of key"},
    {"key alice ^\"ssh-ed25519-cert-v01@openssh.com " B1 "\"",
	"a certificate is not a key"},
    {"key alice ^\" " K1 "\"", "unknown type of key"},
    {"key alice ^\"ssh-ed25519 AAAA\"", "damaged key"},
    {"key alice ^\"ssh-ed25519 \"", "damaged key"},
    {"key alice ^\"ssh-ed25519  " B1 "\"", "damaged key"},
    {"key alice ^\"ssh-ed25519 " B1 "=\"", "damaged key"},
    {"key alice ^\"ssh-ed25519 " B1 "A\"", "damaged key"},
    {"key alice ^\"ssh-ed25519 -" B1 "\"", "damaged key"},
    {"key alice ^\"ssh-rsa " B1 "\"", "damaged key"},
    {"key alice ^\"ssh-ed25519 " SKB "\"", "damaged key"},
    {"key alice ^\"sk-ssh-ed25519@openssh.com " SKU "\"", "damaged key"},
    {"key ^nobody \"" K1 "\"", "no user or device named `nobody'"},
    {"key ^web1 \"" K1 "\"", "no user or device named `web1'"},
    {"key alice \"" K1 "\"\nkey bob ^\"" K1 " x\"",
	"this key is given already, test:11"},
    {"key alice \"" K1 "\"\nca corp ^\"" K1 "\" for bob",
	"this key is given already, test:11"},
    {"key alice \"" K1 "\" ^comment \"x\"", "not an option of this statement"},
    {"key alice \"" K1 "\" from ^10.0.0.1/8", "beyond its length"},
    {"key alice \"" K1 "\" from^", "expected a network"},
    {"key alice \"" K1 "\" from ^\"10.0.0.0/8\"", "expected a network"},
    {"key alice \"" K1 "\" from 10.0.0.0/8 ^from 10.0.0.0/8",
	"option stands twice"},
    {"key alice \"" K1 "\" ^verify-required",
	"verify-required is for security keys"},
    {"key alice \"" SK "\" verify-required ^verify-required",
	"option stands twice"},
    /* Groups and authorities. */
    {"group^", "expected @ and the name of a group"},
    {"group ^staff alice", "expected @ and the name of a group"},
    {"group ^%staff alice", "expected @ and the name of a group"},
    {"group @ ^alice", "expected a name"},
    {"group ^@Staff alice", "not a name"},
    {"group ^@staff:1 alice", "not a name"},
    {"group ^@net alice", "a reserved word cannot be a name"},
    {"group ^@\"Staff\" alice", "not a name"},
    {"group ^@ops bob", "`ops' is declared already, test:4"},
    {"group @x^", "expected a name"},
    {"group @x ^any", "`any' cannot be a member"},
    {"group @x { alice ^any }", "`any' cannot be a member"},
    {"group @x ^carol", "no user named `carol'"},
    {"group @x { alice ^@nope }", "no group named `nope'"},
    {"group @x ^rtu1", "a device is nobody's WHO"},
    {"group @x ^web1", "no user named `web1'"},
    {"group @x ^alice:22", "people have no port"},
    {"group @x alice ^bob", "nothing more is expected here"},
    {"group @x %^", "expected a name"},
    {"group @x ^%Staff", "not the name of a Unix group"},
    {"group @x ^%\"\"", "not the name of a Unix group"},
    {"group @x %^\"a\tb\"", "a tab in a string"},
    {"group @x ^%\"" X256 "\"", "not the name of a Unix group"},
    {"group @x ^@x", "group @x contains itself"},
    {"group @x @y\ngroup @y ^@x", "group @x contains itself"},
    {"group @x @y\ngroup @y { alice @z }\ngroup @z { @ops ^@x }",
	"group @x contains itself"},
    {"ca corp \"" K1 "\"^", "expected `for'"},
    {"ca corp \"" K1 "\" for^", "expected a name"},
    {"ca corp \"" K1 "\" for ^carol", "no user named `carol'"},
    {"ca corp ^x for alice", "expected a key"},
    {"ca corp \"" K1 "\" for alice\nca ^corp \"" K2 "\" for bob",
	"`corp' is declared already, test:11"},
    /* Hosts. */
    {"host^", "expected a name"},
    {"host web2^", "not an address"},
    {"host web2 ^web1 ssh 22", "not an address"},
    {"host web2 ^10.2.0.0/24 ssh 22", "not an address"},
    {"host web2 ^10.2.0 ssh 22", "not an address"},
    {"host web2 ^10.2.0.256 ssh 22", "not an address"},
    {"host web2 ^10.2.0.011 ssh 22", "not an address"},
    {"host web2 ^0x0a020001 ssh 22", "not an address"},
    {"host web2 ^167903242 ssh 22", "not an address"},
    {"host web2 ^fe80::1%eth0 ssh 22", "not an address"},
    {"host web2 ^[2001:db8::1] ssh 22", "not an address"},
    {"host web2 ^10.2.0.1:22 ssh 22", "not an address"},
    {"host web2 ^2001:db8:::1 ssh 22", "not an address"},
    {"host web2 ^" X60 " ssh 22", "not an address"},
    {"host web2 ^\"10.2.0.11\" ssh 22", "not an address"},
    {"host web2 10.2.0.11 ^10.2.0.12 ssh 22",
	"not an option of this statement"},
    {"host ^web2 10.2.0.11", "no port is declared"},
    {"host ^web2 10.2.0.11 tag web", "no port is declared"},
    {"host web2 10.2.0.11 ssh^", "expected a port"},
    {"host web2 10.2.0.11 ssh ^\"22\"", "expected a port"},
    {"host web2 10.2.0.11 ssh ^0", "port out of range (1 to 65535)"},
    {"host web2 10.2.0.11 ssh ^65536", "port out of range (1 to 65535)"},
    {"host web2 10.2.0.11 ssh ^65558", "port out of range (1 to 65535)"},
    {"host web2 10.2.0.11 ssh ^022", "not a port"},
    {"host web2 10.2.0.11 ssh ^+22", "not a port"},
    {"host web2 10.2.0.11 ssh ^-22", "not a port"},
    {"host web2 10.2.0.11 ssh ^22-23", "not a port"},
    {"host web2 10.2.0.11 ssh ^22,23", "not a port"},
    {"host web2 10.2.0.11 ssh ^0x16", "not a port"},
    {"host web2 10.2.0.11 ssh ^ssh", "not a port"},
    {"host web2 10.2.0.11 ssh ^4294967318", "port out of range (1 to 65535)"},
    {"host web2 10.2.0.11 ssh ^18446744073709551638",
	"port out of range"},
    {"host web2 10.2.0.11 ssh ^tcp", "not a port"},
    {"host web2 10.2.0.11 ssh { 22 ^0 }", "port out of range (1 to 65535)"},
    {"host web2 10.2.0.11 ssh 22 ^ssh 23", "option stands twice"},
    {"host web2 10.2.0.11 ssh 22 tcp ^22", "port 22 stands twice"},
    {"host web2 10.2.0.11 ssh { 22 23 ^22 ^22 }",
	"port 22 stands twice|port 22 stands twice"},
    {"host ^web2 { " A17 " } ssh 22", "a host has at most 16 addresses"},
    {"host web2 { 10.2.0.11 10.2.0.12 ^10.2.0.11 } ssh 22",
	"address stands twice"},
    {"host web2 { 10.2.0.11 ^::ffff:10.2.0.11 } ssh 22",
	"address stands twice"},
    {"host web2 ^127.0.0.1 ssh 22", "an address that is never reached"},
    {"host web2 ^127.77.0.18 ssh 22", "an address that is never reached"},
    {"host web2 ^0.0.0.0 ssh 22", "an address that is never reached"},
    {"host web2 ^169.254.169.254 ssh 22", "an address that is never reached"},
    {"host web2 ^224.0.0.1 ssh 22", "an address that is never reached"},
    {"host web2 ^255.255.255.255 ssh 22", "an address that is never reached"},
    {"host web2 ^::1 ssh 22", "an address that is never reached"},
    {"host web2 ^:: ssh 22", "an address that is never reached"},
    {"host web2 ^::10.2.0.11 ssh 22", "an address that is never reached"},
    {"host web2 ^fe80::1 ssh 22", "an address that is never reached"},
    {"host web2 ^ff02::1 ssh 22", "an address that is never reached"},
    {"host web2 ^fd00:ec2::254 ssh 22", "an address that is never reached"},
    {"host web2 ^64:ff9b::7f00:1 ssh 22", "an address that is never reached"},
    {"host web2 ^64:ff9b:1::7f00:1 ssh 22", "an address that is never reached"},
    {"host web2 ^2002:7f00:1:: ssh 22", "an address that is never reached"},
    {"host web2 ^2001::80ff:fffe ssh 22", "an address that is never reached"},
    {"host web2 ^::ffff:127.0.0.1 ssh 22", "an address that is never reached"},
    {"set never 10.77.0.0/16\nhost web2 ^10.77.0.1 ssh 22",
	"an address that is never reached"},
    {"set never 10.77.0.0/16\nhost web2 ^64:ff9b::a4d:1 ssh 22",
	"an address that is never reached"},
    {"host ^web1 10.2.0.11 ssh 22", "`web1' is declared already, test:5"},
    {"host ^www 10.2.0.11 ssh 22", "`www' is declared already, test:5"},
    {"host ^lab 10.2.0.11 ssh 22", "`lab' is declared already, test:6"},
    {"host ^Web2 10.2.0.11 ssh 22", "not a name"},
    {"host ^\"Web2\" 10.2.0.11 ssh 22", "not a name"},
    {"host ^-web2 10.2.0.11 ssh 22", "not a name"},
    {"host ^web2:22 10.2.0.11 ssh 22", "not a name"},
    {"host ^" X129 " 10.2.0.11 ssh 22", "name is longer than 128 bytes"},
    {"host ^tcp 10.2.0.11 ssh 22", "a reserved word cannot be a name"},
    {"host ^10.2.0.11 10.2.0.11 ssh 22", "the name looks like an address"},
    {"host ^1234 10.2.0.11 ssh 22", "the name looks like an address"},
    {"host web2 10.2.0.11 ssh 22 alias ^10.2.0.12",
	"the alias looks like an address"},
    {"host web2 10.2.0.11 ssh 22 alias ^web1",
	"`web1' is declared already, test:5"},
    {"host web2 10.2.0.11 ssh 22 alias ^web2",
	"`web2' is declared already, test:11"},
    {"host web2 10.2.0.11 ssh 22 alias { w ^w }",
	"`w' is declared already, test:11"},
    {"host web2 10.2.0.11 ssh 22 alias a ^alias b", "option stands twice"},
    {"host web2 10.2.0.11 ssh 22 tag a ^tag b", "option stands twice"},
    {"host web2 10.2.0.11 ssh 22 tag ^@web", "not a name"},
    {"host web2 10.2.0.11 ssh 22 agent ^agent", "option stands twice"},
    {"host web2 10.2.0.11 ssh 22 ^account x",
	"not an option of this statement"},
    {"host web2 10.2.0.11 ssh 22 ^until 2030-01-01T00:00Z",
	"not an option of this statement"},
    /* Nets and domains. */
    {"net n ^10.9.0.1/16 ssh 22", "beyond its length"},
    {"net n ^2001:db8::1/64 ssh 22", "beyond its length"},
    {"net n ^10.9.0.0/33 ssh 22", "not the length of a network"},
    {"net n ^10.9.0.0/ ssh 22", "not the length of a network"},
    {"net n ^10.9.0.0/016 ssh 22", "not the length of a network"},
    {"net n ^10.9.0.0/+16 ssh 22", "not the length of a network"},
    {"net n ^10.9/16 ssh 22", "not a network"},
    {"net n ^lab ssh 22", "not a network"},
    {"net n ^2001:db8::/129 ssh 22", "not the length of a network"},
    {"net n ^fe80::%1/64 ssh 22", "not a network"},
    {"net n ^10.9.0.0/255.255.0.0 ssh 22", "not the length of a network"},
    {"net ^n 10.9.0.0/16", "no port is declared"},
    {"net n 10.9.0.0/16 ssh 22 ^alias x", "not an option of this statement"},
    {"net n 10.9.0.0/16 ssh 22 ^agent", "not an option of this statement"},
    {"domain d^", "not a pattern of DNS names"},
    {"domain d ^*.x.example in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d ^\"\" in 10.8.0.0/16 ssh 22", "not a pattern of DNS names"},
    {"domain d ^\"*.0.0.1\" in 10.8.0.0/16 ssh 22", "not a pattern of DNS names"},
    {"domain d ^\"*\" in 10.8.0.0/16 ssh 22", "not a pattern of DNS names"},
    {"domain d ^\"example\" in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d ^\"*.*\" in 10.8.0.0/16 ssh 22", "not a pattern of DNS names"},
    {"domain d ^\"*.ex*\" in 10.8.0.0/16 ssh 22", "not a pattern of DNS names"},
    {"domain d ^\"x.\" in 10.8.0.0/16 ssh 22", "not a pattern of DNS names"},
    {"domain d ^\".x.example\" in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d ^\"a..example\" in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d ^\"*.Dev.example\" in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d ^\"*.d?v.example\" in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d ^\"a b.example\" in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d ^\"*.dev.example:22\" in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d ^\"x." X253 "\" in 10.8.0.0/16 ssh 22",
	"not a pattern of DNS names"},
    {"domain d \"*.x.example\" ^10.8.0.0/16 ssh 22", "expected `in'"},
    {"domain d \"*.x.example\" ^ssh 22", "expected `in'"},
    {"domain d \"*.x.example\" in ^10.8.0.1/16 ssh 22", "beyond its length"},
    {"domain ^d \"*.x.example\" in 10.8.0.0/16", "no port is declared"},
    {"domain d \"*.x.example\" in 10.8.0.0/16 ssh 22 ^alias x",
	"not an option of this statement"},
    /* Devices and sockets. */
    {"device d1 ^10.2.0.11 ssh 22", "a device is in 127.0.0.0/8"},
    {"device d1 ^127.0.0.1 ssh 22", "a device is in 127.0.0.0/8"},
    {"device d1 ^::1 ssh 22", "a device is in 127.0.0.0/8"},
    {"device d1 ^128.0.0.1 ssh 22", "a device is in 127.0.0.0/8"},
    {"device d1 ^126.255.255.255 ssh 22", "a device is in 127.0.0.0/8"},
    {"device d1 ^::ffff:127.0.0.1 ssh 22", "a device is in 127.0.0.0/8"},
    {"device d1 ^::127.77.0.18 ssh 22", "a device is in 127.0.0.0/8"},
    {"device d1 ^127.77.0.0/16 ssh 22", "not an address"},
    {"device ^d1 { 127.77.0.18 127.77.0.19 } ssh 22",
	"a device has one address"},
    {"device ^d1 127.77.0.18", "no port is declared"},
    {"device ^d1 127.77.0.17 ssh 2222",
	"device `rtu1' has this address and port too"},
    {"device ^d1 127.77.0.17 ssh 1 tcp { 2 2222 }",
	"device `rtu1' has this address and port too"},
    {"device ^d1 ::ffff:127.77.0.17 ssh 2222",
	"device `rtu1' has this address and port too"},
    {"device ^d1 \"/run/m.sock\" ssh",
	"`/run/m.sock' is declared already, test:8"},
    {"device d1 ^/run/d1.sock ssh", "not an address"},
    {"device d1 ^\"run/d1.sock\" ssh", "expected a path"},
    {"device d1 ^\"/run/../d1.sock\" ssh", "expected a path"},
    {"device d1 ^\"" P108 "\" ssh", "expected a path"},
    {"device d1 \"/run/d1.sock\" ssh ^22", "not an option of this statement"},
    {"device ^d1 \"/run/d1.sock\"", "no port is declared"},
    {"device d1 \"/run/d1.sock\" ssh tcp^", "a path speaks one protocol"},
    {"device ^alice 127.77.0.18 ssh 22", "`alice' is declared already, test:2"},
    {"device ^web1 127.77.0.18 ssh 22", "`web1' is declared already, test:5"},
    {"device ^d1 127.77.0.18 ssh 22 account alice",
	"the device's account `alice' belongs to people"},
    {"user carol account jump\ndevice ^d1 127.77.0.18 ssh 22 account jump",
	"the device's account `jump' belongs to people"},
    {"device d1 127.77.0.18 ssh 22\ndevice ^d2 127.77.0.19 ssh 22 account d1",
	"the account `d1' is that of the device of this name"},
    {"user carol account jump\ndevice ^a1 127.77.0.18 ssh 22 account jump",
	"the device's account `jump' belongs to people"},
    {"device d1 127.77.0.18 ssh 22 ^until 2030-01-01T00:00Z",
	"not an option of this statement"},
    {"socket s^", "expected a path"},
    {"socket s ^/run/s.sock", "expected a path"},
    {"socket ^s \"/run/m.sock\"", "`/run/m.sock' is declared already, test:8"},
    {"socket s \"/run/s.sock\" ^tcp", "not an option of this statement"},
    {"socket s \"/run/s.sock\" ^agent", "not an option of this statement"},
    {"socket s \"/run/s.sock\" ssh ^ssh", "option stands twice"},
    {"socket s \"/run/s.sock\" ssh ^22", "not an option of this statement"},
    {"hostkey ^nope \"" K1 "\"", "no target named `nope'"},
    {"hostkey ^lab \"" K1 "\"",
	"a host key belongs to a host, device or socket"},
    {"hostkey web1 ^x", "expected a key"},
    {"hostkey web1 \"" K1 "\" ^from 10.0.0.0/8",
	"nothing more is expected here"},
    /* Windows. */
    {"window^", "expected a name"},
    {"window w^", "not a day"},
    {"window w ^funday 08:00-18:00", "not a day"},
    {"window w ^Mon 08:00-18:00", "not a day"},
    {"window w ^monday 08:00-18:00", "not a day"},
    {"window w ^mo 08:00-18:00", "not a day"},
    {"window w ^mon-funday 08:00-18:00", "not a day"},
    {"window w ^mon- 08:00-18:00", "not a day"},
    {"window w ^-fri 08:00-18:00", "not a day"},
    {"window w ^mon-fri-sun 08:00-18:00", "not a day"},
    {"window w ^* 08:00-18:00", "not a day"},
    {"window w { mon ^x } 08:00-18:00", "not a day"},
    {"window w ^\"mon\" 08:00-18:00", "not a day"},
    {"window w mon^", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^8:00-18:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:00-8:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:60-18:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:00-18:60", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^24:00-08:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:00-24:01", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^25:00-26:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:00-25:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:00-18:00Z", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^0800-1800", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:00:00-18:00:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^+8:00-18:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:00-", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^-18:00", "expected HH:MM-HH:MM"},
    {"window w mon-fri ^08:00--18:00", "expected HH:MM-HH:MM"},
    {"window w mon ^08:00-08:00", "start and end are the same"},
    {"window w mon-fri ^08:00 - 18:00", "expected HH:MM-HH:MM"},
    {"window w mon 08:00-18:00 ^tue 08:00-18:00",
	"nothing more is expected here"},
    {"window w mon 08:00 ^18:00", "expected `-'"},
    {"window w mon 08:00 - ^18:00", "expected one day"},
    {"window w mon 08:00 - ^tue-wed 18:00", "expected one day"},
    {"window w mon 08:00 - ^fun 18:00", "not a day"},
    {"window w mon 08:00 - ^funday 18:00", "expected one day"},
    {"window w mon 08:00 - tue^", "expected HH:MM"},
    {"window w mon 08:00 - tue ^8:00", "expected HH:MM"},
    {"window w mon 08:00 - tue ^24:01", "expected HH:MM"},
    {"window w mon ^24:00 - tue 08:00", "expected HH:MM"},
    {"window w mon ^08:61 - tue 08:00", "expected HH:MM"},
    {"window w mon 08:00 - mon ^08:00", "start and end are the same"},
    {"window w { mon tue } ^08:00 - wed 08:00", "expected HH:MM-HH:MM"},
    {"window ^office mon 08:00-18:00", "`office' is declared already, test:9"},
    {"window ^when mon 08:00-18:00", "a reserved word cannot be a name"},
    /* Rules. */
    {"allow^", "expected a name"},
    {"allow ^x alice to web1", "expected the rule's name and a colon"},
    {"allow ^x :alice to web1", "expected the rule's name and a colon"},
    {"allow ^@x: alice to web1", "expected the rule's name and a colon"},
    {"allow ^x:y alice to web1", "expected the rule's name and a colon"},
    {"allow ^X: alice to web1", "needs quotes"},
    {"allow ^x:alice to web1", "expected the rule's name and a colon"},
    {"allow ^any: alice to web1", "a reserved word cannot be a name"},
    {"allow ^base: alice to web1", "`base' is declared already, test:10"},
    {"deny ^base: alice to web1", "`base' is declared already, test:10"},
    {"require ^base: alice to web1 mfa", "`base' is declared already, test:10"},
    {"allow x:^", "expected a name"},
    {"allow x: alice^", "expected `to'"},
    {"allow x: alice ^web1", "expected `to'"},
    {"allow x: alice ^bob to web1", "expected `to'"},
    {"allow x: alice to^", "expected a name"},
    {"allow x: ^carol to web1", "no user named `carol'"},
    {"allow x: ^\"carol\" to web1", "no user named `carol'"},
    {"allow x: { alice ^@nope } to web1", "no group named `nope'"},
    {"allow x: ^@web to web1", "no group named `web'"},
    {"allow x: ^rtu1 to web1", "a device is nobody's WHO"},
    {"allow x: ^alice:22 to web1", "people have no port"},
    {"allow x: alice to ^nope", "no target named `nope'"},
    {"allow x: alice to ^bob", "no target named `bob'"},
    {"allow x: alice to ^@nope", "no tag named `nope'"},
    {"allow x: alice to ^@ops", "no tag named `ops'"},
    {"allow x: alice to ^www", "this is an alias or path of `web1'"},
    {"allow x: alice to ^\"/run/m.sock\"",
	"this is an alias or path of `metr'"},
    {"allow x: alice to ^%wheel", "a Unix group is no target"},
    {"allow x: alice to ^10.2.0.10", "no target named `10.2.0.10'"},
    {"allow x: alice to ^web1:23", "`web1' does not declare port 23"},
    {"allow x: alice to { web1:80 ^lab:80 }", "`lab' does not declare port 80"},
    {"allow x: alice to ^metr:22", "`metr' does not declare port 22"},
    {"allow x: alice to ^@web:23", "none of these targets declares port 23"},
    {"allow x: alice to ^any:23", "none of these targets declares port 23"},
    {"allow x: alice to web1:^", "not a port"},
    {"allow x: alice to web1:^0", "port out of range (1 to 65535)"},
    {"allow x: alice to web1:^022", "not a port"},
    {"allow x: alice to web1:^+22", "not a port"},
    {"allow x: alice to web1:^65536", "port out of range (1 to 65535)"},
    {"allow x: alice to web1:^65558", "port out of range"},
    {"allow x: alice to web1:^22:22", "not a port"},
    {"allow x: alice to web1:^x", "not a port"},
    {"allow x: alice to web1:^99999999999999", "port out of range"},
    {"allow x: alice to web1:^999999999999999999999",
	"port out of range"},
    {"allow x: alice to @web:^0", "port out of range"},
    {"allow x: alice to \"web1\":^0", "port out of range"},
    {"allow x: alice to any:^0", "port out of range"},
    {"allow x: alice to web1 ^web1", "not an option of this statement"},
    {"allow x: alice to web1 ^to web1", "not an option of this statement"},
    {"allow x: alice to web1 via^", "not a road"},
    {"allow x: alice to web1 via ^ssh", "not a road"},
    {"allow x: alice to web1 via { shell ^gate }", "not a road"},
    {"allow x: alice to web1 via ^\"shell\"", "not a road"},
    {"allow x: alice to web1 via shell ^via forward", "option stands twice"},
    {"allow x: alice to web1 from ^alice", "not a network"},
    {"allow x: alice to web1 from ^192.0.2.1/24", "beyond its length"},
    {"allow x: alice to web1 when ^nope", "no window named `nope'"},
    {"allow x: alice to web1 when ^office,x", "not a name"},
    {"allow x: alice to web1 until ^2026-13-01T00:00Z", "there is no such time"},
    {"allow x: alice to web1 as^", "expected a name"},
    {"allow x: alice to web1 as ^Root", "name needs quotes"},
    {"allow x: alice to web1 as ^\"a b\"", "not a name"},
    {"allow x: alice to web1 mfa ^mfa", "option stands twice"},
    {"allow x: alice to web1 record ^record", "option stands twice"},
    {"allow x: alice to web1 consent ^consent", "option stands twice"},
    {"allow x: alice to web1 notify ^notify", "option stands twice"},
    {"require x: alice to web1 mfa from 10.0.0.0/8 ^from 10.0.0.0/8",
	"option stands twice"},
    {"require x: alice to web1 mfa when office ^when office",
	"option stands twice"},
    {"require x: alice to web1 mfa until 2030-01-01T00:00Z ^until 2030-01-01T00:00Z",
	"option stands twice"},
    {"require x: alice to web1 mfa as root ^as root", "option stands twice"},
    {"require x: alice to web1 mfa ticket \"A\" ^ticket \"A\"",
	"option stands twice"},
    {"require x: alice to web1 mfa approve @ops 1h ^approve @ops 1h",
	"option stands twice"},
    {"require x: alice to web1 mfa max 2 ^max 2", "option stands twice"},
    {"require x: alice to web1 mfa idle 1m ^idle 1m", "option stands twice"},
    {"require x: alice to web1 mfa duration 1h ^duration 1h",
	"option stands twice"},
    {"allow x: alice to web1 ticket ^CHG", "expected a string in quotes"},
    {"allow x: alice to web1 ticket ^\"\"", "empty string"},
    {"allow x: alice to web1 ticket ^\"a b\"", "not a pattern of tickets"},
    {"allow x: alice to web1 ticket { \"A\" ^\"a%b\" }",
	"not a pattern of tickets"},
    {"allow x: alice to web1 ticket ^\"" X65 "\"", "string is too long"},
    {"allow x: alice to web1 approve^", "expected @ and the name of a group"},
    {"allow x: alice to web1 approve ^ops 1h",
	"expected @ and the name of a group"},
    {"allow x: alice to web1 approve ^%wheel 1h",
	"expected @ and the name of a group"},
    {"allow x: alice to web1 approve @ops^", "expected a duration"},
    {"allow x: alice to web1 approve @ops ^mfa", "expected a duration"},
    {"allow x: alice to web1 approve ^@nope 1h", "no group named `nope'"},
    {"allow x: alice to web1 max ^0", "expected a number, 1 to 10000"},
    {"allow x: alice to web1 max ^10001", "expected a number, 1 to 10000"},
    {"allow x: alice to web1 max ^02", "expected a number, 1 to 10000"},
    {"allow x: alice to web1 max ^x", "expected a number, 1 to 10000"},
    {"allow x: alice to web1 max ^-1", "expected a number, 1 to 10000"},
    {"allow x: alice to web1 idle ^10", "expected a duration"},
    {"allow x: alice to web1 idle ^10x", "expected a duration"},
    {"allow x: alice to web1 idle ^m", "expected a duration"},
    {"allow x: alice to web1 idle ^10M", "expected a duration"},
    {"allow x: alice to web1 idle ^h1", "expected a duration"},
    {"allow x: alice to web1 idle ^1w", "expected a duration"},
    {"allow x: alice to web1 idle ^1y", "expected a duration"},
    {"allow x: alice to web1 idle ^\"1h\"", "expected a duration"},
    {"allow x: alice to web1 idle ^0s", "not a duration"},
    {"allow x: alice to web1 idle ^0d", "not a duration"},
    {"allow x: alice to web1 idle ^01m", "not a duration"},
    {"allow x: alice to web1 idle ^-1m", "not a duration"},
    {"allow x: alice to web1 idle ^+1m", "not a duration"},
    {"allow x: alice to web1 idle ^1.5h", "not a duration"},
    {"allow x: alice to web1 idle ^1h30m", "not a duration"},
    {"allow x: alice to web1 idle ^367d", "not a duration"},
    {"allow x: alice to web1 idle ^8785h", "not a duration"},
    {"allow x: alice to web1 idle ^527041m", "not a duration"},
    {"allow x: alice to web1 idle ^31622401s", "not a duration"},
    {"allow x: alice to web1 idle ^18446744073709551615s", "not a duration"},
    {"allow x: alice to web1 idle ^99999999999999999999d", "not a duration"},
    {"allow x: alice to web1 duration ^367d", "not a duration"},
    {"allow x: alice to web1 approve @ops ^0h", "not a duration"},
    {"deny x: alice to web1 ^mfa", "a deny has no obligations"},
    {"deny x: alice to web1 ^record", "a deny has no obligations"},
    {"deny x: alice to web1 ^consent", "a deny has no obligations"},
    {"deny x: alice to web1 ^notify", "a deny has no obligations"},
    {"deny x: alice to web1 ^ticket \"A\"", "a deny has no obligations"},
    {"deny x: alice to web1 ^approve @ops 1h", "a deny has no obligations"},
    {"deny x: alice to web1 ^max 2", "a deny has no obligations"},
    {"deny x: alice to web1 ^idle 1m", "a deny has no obligations"},
    {"deny x: alice to web1 ^duration 1h", "a deny has no obligations"},
    {"require ^x: alice to web1", "a require needs an obligation"},
    {"require ^x: alice to web1 via shell from 10.0.0.0/8 when office until 2030-01-01T00:00Z as root",
	"a require needs an obligation"},
    /* Tests. */
    {"test^", "expected a name"},
    {"test alice^", "expected `to'"},
    {"test alice to^", "expected a name"},
    {"test ^any to web1 = allow", "a reserved word cannot be a name"},
    {"test alice to web1^", "expected `='"},
    {"test alice to web1 =^", "expected allow, ask or deny"},
    {"test alice to web1 = ^maybe", "expected allow, ask or deny"},
    {"test alice to web1 ^allow", "not an option of this statement"},
    {"test alice to web1 = allow ^forward", "not an obligation"},
    {"test alice to web1 = allow mfa ^record",
	"nothing stands after the verdict"},
    {"test alice to web1 = allow mfa ^at 2030-01-01T00:00Z",
	"nothing stands after the verdict"},
    {"test rtu1 to ^web1 = deny", "a device is nobody's WHO"},
    {"test alice to ^@web = deny", "a test names one target"},
    {"test alice to ^%web = deny", "a test names one target"},
    {"test alice to ^\"\" = deny", "not a target"},
    {"test alice to web1:^0 = deny", "port out of range"},
    {"test alice to \"10.2.0.10\":^65536 = deny", "port out of range"},
    {"test alice to web1 via ^gate = deny", "not a road"},
    {"test alice to web1 via ^{ connect } = deny", "not a road"},
    {"test alice to web1 via shell ^via shell = deny", "option stands twice"},
    {"test alice to web1 from ^10.0.0.0/8 = deny", "not an address"},
    {"test alice to web1 from ^x = deny", "not an address"},
    {"test alice to web1 at ^now = deny", "not a time"},
    {"test alice to web1 as ^Root = deny", "name needs quotes"},
    {"test alice to web1 ^mfa = deny", "not an option of this statement"},
    /* Names of people may have more letters; no others may. */
    {"net ^\"Net\" 10.9.0.0/16 ssh 22", "not a name"},
    {"domain ^\"Dev\" \"*.x.example\" in 10.8.0.0/16 ssh 22", "not a name"},
    {"device ^\"D1\" 127.77.0.18 ssh 22", "not a name"},
    {"socket ^\"S@x\" \"/run/s.sock\"", "not a name"},
    {"window ^\"W\" mon 08:00-18:00", "not a name"},
    {"ca ^\"Corp\" \"" K1 "\" for alice", "not a name"},
    {"host web2 10.2.0.11 ssh 22 alias ^\"W@x\"", "not a name"},
    {"host web2 10.2.0.11 ssh 22 tag ^\"T\"", "not a name"},
    {"allow x: alice to web1 when ^\"W\"", "not a name"},
    {"hostkey ^\"Web1\" \"" K1 "\"", "not a name"},

    /* Several at once, in their order. */
    {"^usr carol\nuser ^host\nhost web2 ^x ssh 22\n"
     "allow x: alice to web1:^0\nset sessions ^0",
	"unknown statement|a reserved word|not an address|port out of range|"
	"expected a number"},
    {"allow x: { ^carol @ops ^@nope } to { ^a web1 ^@b } when ^w",
	"no user named|no group named|no target named|no tag named|"
	"no window named"},
    {"user ^alice\nuser ^alice\nuser alice until ^x\nuser ^bob",
	"`alice' is declared|`alice' is declared|not a time|`bob' is declared"},
    {"host ^web1 10.2.0.1 ssh 22 alias { ^www ^lab }",
	"`web1' is declared|`www' is declared|`lab' is declared"},
    {"user carol until^\nallow x: carol to web1", "not a time"},
    {"device ^alice 127.77.0.9 ssh 22\n^usr", "is declared|unknown statement"},
    {"host web2 { ^127.0.0.1 10.2.0.1 ^10.2.0.1 } tcp { 1 ^1 }\n^usr",
	"never reached|stands twice|port 1 stands twice|unknown statement"},
    {"group @x ^@x\ngroup @y { ^@y @x }", "contains itself|contains itself"},
    {"host web2 { ^x\n10.2.0.1 } ssh 22\n^usr", "not an address|unknown"},
    {"# a^\r\nuser ^\"carol\n# ^\xff\n", "carriage|is not closed|not UTF-8"},
    /* A list that is not closed takes the rest with it. */
    {"group @x ^{ alice bob\n", "{ is not closed"},
    {"group @x ^{ alice\nuser carol", "{ is not closed"},
    {"group @x ^{ alice\nuser carol\nallow x: @x to ^nope",
	"{ is not closed|no target named `nope'"},
    /* What a dropped statement would have declared is not missed too. */
    {"host web2 ^web2.example.com ssh 22\nallow x: alice to web2",
	"not an address"},
    {"^hsot web2 10.2.0.11 ssh 22 tag db\nallow x: alice to { web2 @db }",
	"unknown statement"},
    {"key alice ^\"" K2 " a from 10.0.0.0/8\"",
	"options stand after the closing quote"},
    {"key alice ^\"" K2 " verify-required\"",
	"options stand after the closing quote"},
    {"host ^^{ a ^{ b\nuser carol",
	"expected a name|{ is not closed|a list inside a list"},
    {"group @x ^{ ^\"alice\n^\" }\nuser carol",
	"{ is not closed|string is not closed|string is not closed"},
};

/* Whole files; ^ as above. */
#define RAW(text) text, sizeof(text) - 1
static const struct {
	const char *text;
	size_t size;
	const char *messages;
} bad_files[] = {
    {RAW("^"), "expected `version'"},
    {RAW("\n\n^"), "expected `version'"},
    {RAW("# only\n^"), "expected `version'"},
    {RAW("# only^"), "expected `version'"},
    {RAW("^user alice\n"), "expected `version'"},
    {RAW("^user alice\n^usr\n"), "expected `version'|unknown statement"},
    {RAW("^Version 1\n"), "expected `version'"},
    {RAW("^\"version\" 1\n"), "expected `version'"},
    {RAW("^{ version 1 }\n^usr"), "expected `version'|unknown statement"},
    {RAW("version^\n"), "unknown version of the language"},
    {RAW("version ^2\n"), "unknown version of the language"},
    {RAW("version ^2\n^usr\n"), "unknown version|unknown statement"},
    {RAW("version ^1.0\n"), "unknown version of the language"},
    {RAW("version ^01\n"), "unknown version of the language"},
    {RAW("version ^\"1\"\n"), "unknown version of the language"},
    {RAW("version ^{ 1 }\n"), "unknown version of the language"},
    {RAW("version 1 ^1\n"), "nothing more is expected here"},
    {RAW("version 1\n^version 1\n"), "version stands first in a file, once"},
    {RAW("version 1\n^version 2\n"), "version stands first in a file, once"},
    {RAW("^\xef\xbb\xbfversion 1\n"), "a byte order mark"},
    {RAW("^\xff\xfev\0e\0"), "bytes that are not UTF-8"},
    {RAW("^\xff\xfev\0\n\0u\0\n"), "bytes that are not UTF-8"},
    {RAW("^\xfe\xff\0v\0\n\0u\0\n"), "bytes that are not UTF-8"},
    {RAW("^\xffv\n"), "bytes that are not UTF-8"},
    {RAW("version 1\nuser alice^"), "the last line has no end"},
    {RAW("version 1\nuser alice\n ^"), "the last line has no end"},
    {RAW("version 1\nuser alice\n# ^"), "the last line has no end"},
    {RAW("version 1\nuser ^\"alice"), "string is not closed"},
    {RAW("version 1\n^usr\nuser alice^"),
	"unknown statement|the last line has no end"},
    {RAW("version 1^\r\nuser alice^"),
	"a carriage return|the last line has no end"},
    {RAW("version 1^\r\nuser alice\r\n"), "a carriage return"},
    {RAW("version 1^\r\nuser ^\"x\r\n^usr\r\n\r\n# x\r\n"),
	"a carriage return|is not closed|unknown statement"},
    {RAW("^\0"), "a NUL byte"},
    {RAW("version 1^\0"), "a NUL byte"},
    {RAW("version 1\nuser al^\0ice\nuser ^-\n"), "a NUL byte|not a name"},
    {RAW("version 1\nuser \"al^\0ice\"\n"), "a NUL byte"},
    {RAW("version 1\n# ^\0\n"), "a NUL byte"},
    {RAW("version 1\nuser alice comment \"^\0\"\n"), "a NUL byte"},
    {RAW("version 1\ngroup @x {\n^\0\n}\n^usr\n"), "a NUL byte|unknown"},
};

/* Take the marks out of text; place[] are the lines and columns of them. */
struct mark {
	uint32_t line, column;
};

enum { MARKS = 8 };

static size_t
unmark(char *text, size_t *size, struct mark marks[MARKS])
{
	struct mark at = {1, 1};
	size_t n = 0, to = 0;

	for (size_t i = 0; i < *size; i++) {
		if (text[i] == '^') {
			ck_assert_uint_lt(n, MARKS);
			marks[n++] = at;
			continue;
		}
		at.column++;
		if (text[i] == '\n')
			at = (struct mark){at.line + 1, 1};
		text[to++] = text[i];
	}
	*size = to;
	text[to] = '\0';
	return n;
}

/* The report has these messages, each at its mark, and no others. */
static void
expect(const struct policy_report *report, const struct mark *marks, size_t n,
    const char *messages)
{
	char *all = strdup(messages), *rest = all, *want;

	unit_print_report(report);
	ck_assert_msg(report->errors == n, "%s", messages);
	for (size_t i = 0, of = 0; i < n; i++) {
		const struct policy_message *m = &report->messages[of++];

		if (m->warning)
			m = &report->messages[of++];
		want = strsep(&rest, "|");
		ck_assert_ptr_nonnull(want);
		ck_assert_msg(strstr(m->what, want) != NULL,
		    "%u:%u: %s, not %s", m->line, m->column, m->what, want);
		ck_assert(!m->warning);
		ck_assert_uint_eq(m->source, 0);
		ck_assert_uint_eq(m->line, marks[i].line);
		ck_assert_uint_eq(m->column, marks[i].column);
		ck_assert_uint_gt(m->width, 0);
	}
	ck_assert_ptr_null(rest);
	free(all);
}

static void
expect_bad(const char *marked, size_t size, const char *messages)
{
	char *text = malloc(size + 1);
	struct mark marks[MARKS];
	struct parsed r;
	size_t n;

	memcpy(text, marked, size);
	n = unmark(text, &size, marks);
	r = parse(text, size);
	ck_assert_ptr_null(r.policy);
	expect(&r.report, marks, n, messages);
	parsed_free(&r);
	free(text);
}

START_TEST(statement_is_refused)
{
	char *text = NULL;

	append(&text, prelude);
	append(&text, bad[_i].text);
	append(&text, "\n");
	expect_bad(text, strlen(text), bad[_i].messages);
	free(text);
}
END_TEST

START_TEST(file_is_refused)
{
	expect_bad(bad_files[_i].text, bad_files[_i].size,
	    bad_files[_i].messages);
}
END_TEST

static void
expect_rest(const char *statement)
{
	static const char *const ends[] = {"\nusr x\n", "\nuser\n",
	    "\n\nhost a 10.2.0.77 ssh 22 \"\n"};
	static const char *const whats[] = {
	    "unknown statement", "expected a name", "string is not closed"};
	char *text = NULL;
	struct mark marks[MARKS];
	struct parsed r;
	const struct policy_message *last;
	size_t size;

	for (int i = 0; i < COUNT(ends); i++) {
		append(&text, prelude);
		append(&text, statement);
		size = strlen(text);
		unmark(text, &size, marks);
		append(&text, ends[i]);
		r = parse(text, strlen(text));
		ck_assert_ptr_null(r.policy);
		ck_assert_uint_gt(r.report.n, 0);
		last = &r.report.messages[r.report.n - 1];
		ck_assert_msg(strcmp(last->what, whats[i]) == 0, "%s: %s",
		    statement, last->what);
		parsed_free(&r);
		free(text);
		text = NULL;
	}
}

/* Whatever is wrong, the next line is still read. */
START_TEST(rest_is_read)
{
	for (int i = _i; i < _i + 50 && i < COUNT(bad); i++) {
		if (strstr(bad[i].messages, "{ is not closed") == NULL)
			expect_rest(bad[i].text);
	}
}
END_TEST

/*
 * What is right: the statement as policy_print() writes it.
 */
static const struct {
	const char *text, *printed;
} good[] = {
    {"user carol", "user carol"},
    {"user\tcarol\t# x", "user carol"},
    {"  user   carol  ", "user carol"},
    {"user \"carol\"# x", "user carol"},
    {"user 7x_.-", "user 7x_.-"},
    {"user \"host\"", "user \"host\""},
    {"user \"CORP\\dave\"", "user \"CORP\\dave\""},
    {"user \"a.b_c@d+e-f\"", "user \"a.b_c@d+e-f\""},
    {"user \"_x\"", "user \"_x\""},
    {"user " X128, "user " X128},
    {"user \"carol\" account jump", "user carol account jump"},
    {"user carol account \"shell\"", "user carol account \"shell\""},
    {"user carol comment \"\" until 2026-12-31T18:00+01:00 account jump",
	"user carol account jump until 2026-12-31T17:00:00Z"},
    {"user carol comment \"# { } J\303\274rgen \360\237\230\200\"",
	"user carol comment \"# { } J\303\274rgen \360\237\230\200\""},
    {"user carol comment \"" X512 "\"", "user carol comment \"" X512 "\""},
    {"key alice \"" K1 " alice@laptop  x\"",
	"key alice \"" K1 " alice@laptop  x\""},
    {"key alice \"" K1 "\" from { 10.0.0.0/8\n\n2001:db8::/32 }",
	"key alice \"" K1 "\" from { 10.0.0.0/8 2001:db8::/32 }"},
    {"key alice \"" SK "\" verify-required from 10.0.0.1",
	"key alice \"" SK "\" from 10.0.0.1 verify-required"},
    {"key rtu1 \"" K1 "\"", "key rtu1 \"" K1 "\""},
    {"key alice \"" K1 "\"\nkey alice \"" K2 "\"", "key alice \"" K2 "\""},
    {"group @x alice", "group @x alice"},
    {"group @\"net\" { bob @ops %wheel %\"Domain Users\" %\"x\" }",
	"group @\"net\" { bob @ops %wheel %\"Domain Users\" %x }"},
    {"group @x @\"net\"\ngroup @\"net\" alice", "group @x @\"net\""},
    {"group @alice %host", "group @alice %host"},
    {"group @x { # {\nalice # }\n\n bob}", "group @x { alice bob }"},
    {"ca corp \"" K1 "\" for { @ops any }",
	"ca corp \"" K1 "\" for { @ops any }"},
    {"host web2 10.2.0.11 ssh 22", "host web2 10.2.0.11 ssh 22"},
    {"host web2{10.2.0.11}ssh{22}", "host web2 10.2.0.11 ssh 22"},
    {"host web2 {\n10.2.0.11 # one\n2001:db8::11 # two\n} ssh {\n22}",
	"host web2 { 10.2.0.11 2001:db8::11 } ssh 22"},
    {"host web2 { 10.2.0.11 2001:DB8::11 } comment \"c\" agent tag { a web } "
     "alias { w2 w2.corp.example } tcp { 80 443 } ssh { 22 2022 }",
	"host web2 { 10.2.0.11 2001:db8::11 } ssh { 22 2022 } tcp { 80 443 } "
	"alias { w2 w2.corp.example } tag { a web } agent comment \"c\""},
    {"host web2 { " A16 " } tcp { 1 65535 }",
	"host web2 { " A16 " } tcp { 1 65535 }"},
    {"host \"tcp\" 10.2.0.11 ssh 22 alias \"ssh\" tag \"tag\"",
	"host \"tcp\" 10.2.0.11 ssh 22 alias \"ssh\" tag \"tag\""},
    {"host 1a 10.2.0.11 ssh 22 tag 1234", "host 1a 10.2.0.11 ssh 22 tag 1234"},
    {"host web2 10.2.0.10 ssh 22", "host web2 10.2.0.10 ssh 22"},
    {"host web2 ::ffff:10.2.0.11 ssh 22", "host web2 10.2.0.11 ssh 22"},
    {"net n { 10.9.0.0/16 ::/0 0.0.0.0/0 10.9.1.2 } ssh 22 comment \"c\" "
     "tag t tcp 1",
	"net n { 10.9.0.0/16 ::/0 0.0.0.0/0 10.9.1.2 } ssh 22 tcp 1 tag t "
	"comment \"c\""},
    {"net n 127.0.0.0/8 ssh 22", "net n 127.0.0.0/8 ssh 22"},
    {"domain d { \"*.dev.example\" \"db1.*.example\" } in { 10.8.0.0/16 "
     "2001:db8::/64 } ssh 22 tag t",
	"domain d { \"*.dev.example\" \"db1.*.example\" } in { 10.8.0.0/16 "
	"2001:db8::/64 } ssh 22 tag t"},
    {"domain d \"_a-b*.example\" in 10.8.0.1 ssh 22",
	"domain d \"_a-b*.example\" in 10.8.0.1 ssh 22"},
    {"device d1 127.77.0.18 tcp { 80 81 } ssh 22 account rtu alias d tag t "
     "agent comment \"c\"",
	"device d1 127.77.0.18 ssh 22 tcp { 80 81 } account rtu alias d tag t "
	"agent comment \"c\""},
    {"device d1 127.0.0.2 ssh 22", "device d1 127.0.0.2 ssh 22"},
    {"device d1 127.77.0.17 ssh 22", "device d1 127.77.0.17 ssh 22"},
    {"device d1 \"/run/d1.sock\" ssh account rtu",
	"device d1 \"/run/d1.sock\" ssh account rtu"},
    {"device d1 \"/run/d1.sock\" tcp", "device d1 \"/run/d1.sock\" tcp"},
    {"socket s \"/run/s.sock\"", "socket s \"/run/s.sock\""},
    {"socket s \"/run/s.sock\" alias t comment \"c\" tag u ssh",
	"socket s \"/run/s.sock\" ssh alias t tag u comment \"c\""},
    {"socket s \"" P107 "\"", "socket s \"" P107 "\""},
    {"socket s \"/run/.s/..s/...\"", "socket s \"/run/.s/..s/...\""},
    {"hostkey web1 \"" K1 "\"", "hostkey web1 \"" K1 "\""},
    {"hostkey metr \"" K1 "\"", "hostkey metr \"" K1 "\""},
    {"window w mon-fri 08:00-18:00",
	"window w { mon tue wed thu fri } 08:00-18:00"},
    {"window w sat-mon 22:00-04:00", "window w { mon sat sun } 22:00-04:00"},
    {"window w { sun mon-tue } 00:00-24:00",
	"window w { mon tue sun } 00:00-24:00"},
    {"window w mon 18:00-00:00", "window w { mon } 18:00-00:00"},
    {"window w mon-sun 00:00-24:00",
	"window w { mon tue wed thu fri sat sun } 00:00-24:00"},
    {"window w sat 22:00 - sun 04:00", "window w sat 22:00 - sun 04:00"},
    {"window w sun 22:00 - mon 04:00", "window w sun 22:00 - mon 04:00"},
    {"window w sun 22:00 - sun 24:00", "window w sun 22:00 - sun 24:00"},
    {"window w mon 08:00 - mon 07:59", "window w mon 08:00 - mon 07:59"},
    {"window w mon 00:00 - sun 24:00", "window w mon 00:00 - sun 24:00"},
    {"allow x: any to any", "allow x: any to any"},
    {"allow \"any\": alice to any:22", "allow \"any\": alice to any:22"},
    {"allow x: { \"alice\" @\"ops\" %\"wheel\" } to { \"web1\":80 @web:22 "
     "any:2222 metr }",
	"allow x: { alice @ops %wheel } to { web1:80 @web:22 any:2222 metr }"},
    {"allow x: alice to web1 duration 366d idle 90s max 10000 notify consent "
     "record approve @ops 8784h ticket { \"CHG??\" \"#/_-.*1a\" } mfa "
     "as { root \"CORP\\x\" } until 2026-01-01T00:00Z when office "
     "from 10.0.0.0/8 via { shell forward connect }",
	"allow x: alice to web1 via { forward connect shell } from 10.0.0.0/8 "
	"when office until 2026-01-01T00:00:00Z as { root \"CORP\\x\" } mfa "
	"record consent notify ticket { \"CHG??\" \"#/_-.*1a\" } "
	"approve @ops 366d max 10000 idle 90s duration 366d"},
    {"allow x: alice to web1 ticket \"" X64 "\"",
	"allow x: alice to web1 ticket \"" X64 "\""},
    {"allow x: alice to web1 as \"as\" approve @\"to\" 1s\n"
     "group @\"to\" alice",
	"allow x: alice to web1 as \"as\" approve @\"to\" 1s"},
    {"deny x: any to @web via shell until 2030-01-01T00:00Z",
	"deny x: any to @web via { shell } until 2030-01-01T00:00:00Z"},
    {"require x: any to any idle 60s", "require x: any to any idle 1m"},
    {"test alice to web1 = allow", "test alice to \"web1\" = allow"},
    {"test dave to \"/run/x y\" = deny", "test dave to \"/run/x y\" = deny"},
    {"test \"CORP\\x\" to \"10.9.1.2\":22 at 2026-01-01T00:00:59Z as \"as\" "
     "from ::1 via shell = ask { idle mfa }",
	"test \"CORP\\x\" to \"10.9.1.2\":22 via shell from ::1 as \"as\" "
	"at 2026-01-01T00:00:59Z = ask { mfa idle }"},
    {"test alice to web1:22 = allow mfa",
	"test alice to \"web1\":22 = allow { mfa }"},
    {"set timezone \"Europe/Amsterdam\"", "set timezone \"Europe/Amsterdam\""},
    {"set timezone \"UTC\"", "set timezone \"UTC\""},
    {"set contact \"" X128 "\"", "set contact \"" X128 "\""},
    {"set never { 100.64.0.0/10 2001:db8:f::/48 }",
	"set never { 100.64.0.0/10 2001:db8:f::/48 }"},
    {"set sessions 10000", "set sessions 10000"},
    {"set keys-from \"" P107 "\"", "set keys-from \"" P107 "\""},
    {"set ticket-program \"/usr/libexec/check\"",
	"set ticket-program \"/usr/libexec/check\""},
    {"set realm north-2", "set realm \"north-2\""},
    {"set realm \"host\"", "set realm \"host\""},
    {"set notify-program \"/usr/libexec/tell\"",
	"set notify-program \"/usr/libexec/tell\""},
};

START_TEST(statement_is_read)
{
	char *text = NULL, *line = NULL, *printed;
	size_t size;
	FILE *out = open_memstream(&printed, &size);
	struct parsed r;

	append(&text, prelude);
	append(&text, good[_i].text);
	append(&text, "\n");
	r = parse(text, strlen(text));
	unit_print_report(&r.report);
	ck_assert_ptr_nonnull(r.policy);
	ck_assert_uint_eq(r.report.errors, 0);
	ck_assert_int_eq(policy_print(r.policy, out), 0);
	fclose(out);
	append(&line, "\n");
	append(&line, good[_i].printed == NULL ? "" : good[_i].printed);
	append(&line, good[_i].printed == NULL ? "" : "\n");
	ck_assert_msg(strstr(printed, line) != NULL, "no%sin\n%s", line,
	    printed);
	parsed_free(&r);
	free(text);
	free(line);
	free(printed);
}
END_TEST

/*
 * Every word of a statement is reserved, and a name in quotes.
 */
static const char *const words[] = {"account", "agent", "alias", "allow",
    "any", "approve", "as", "ask", "at", "ca", "comment", "connect", "consent",
    "deny", "device", "domain", "duration", "for", "forward", "from", "group",
    "host", "hostkey", "idle", "in", "key", "max", "mfa", "net", "notify",
    "record", "require", "set", "shell", "socket", "ssh", "tag", "tcp", "test",
    "ticket", "to", "until", "user", "verify-required", "version", "via",
    "when", "window"};
static const char *const places[] = {"user %s", "host %s 10.2.0.11 ssh 22",
    "host web2 10.2.0.11 ssh 22 alias %s", "host web2 10.2.0.11 ssh 22 tag %s",
    "group @%s bob", "window %s mon 08:00-18:00", "ca %s \"" K1 "\" for bob",
    "allow %s: alice to web1", "allow x: alice to web1 as %s",
    "user carol account %s", "test %s to web1 = deny",
    "device %s 127.77.0.18 ssh 22", "socket %s \"/run/s.sock\""};

START_TEST(word_is_reserved)
{
	for (int quoted = 0; quoted < 2 * COUNT(places); quoted++) {
		char *text = NULL, *statement, name[32];
		struct parsed r;

		snprintf(name, sizeof(name), quoted & 1 ? "\"%s\"" : "%s",
		    words[_i]);
		append(&text, prelude);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		ck_assert_int_gt(
		    asprintf(&statement, places[quoted / 2], name), 0);
#pragma GCC diagnostic pop
		append(&text, statement);
		append(&text, "\n");
		r = parse(text, strlen(text));
		if (quoted & 1) {
			ck_assert_msg(r.policy != NULL, "%s", statement);
		} else {
			ck_assert_msg(r.policy == NULL, "%s", statement);
			ck_assert_uint_eq(r.report.n, 1);
			ck_assert_str_eq(r.report.messages[0].what,
			    "a reserved word cannot be a name");
		}
		parsed_free(&r);
		free(statement);
		free(text);
	}
}
END_TEST

/*
 * Warnings.
 */
static const struct {
	const char *text, *message;
} warnings[] = {
    {"^set ticket-program \"/usr/x\"", "no rule wants a ticket"},
    {"^set notify-program \"/usr/x\"", "no rule says notify"},
    {"allow ^x: alice to web1 notify", "tells nobody"},
    {"user ^carol account jump\nuser dave account jump",
	"whoever breaks out of the shared account `jump'"},
    {"allow ^x: alice to lab via forward", "no road can serve this rule"},
    {"allow ^x: alice to metr via forward", "no road can serve this rule"},
    {"allow ^x: alice to web1 via forward from 10.0.0.0/8", "no road can"},
    {"allow ^x: alice to web1 via { connect forward } as root", "no road can"},
    {"allow ^x: alice to web1:22 via { connect forward } record", "no road can"},
    {"hostkey web1 \"" K1 "\"\nallow ^x: alice to web1:22 record",
	"on the road shell only"},
    {"allow x: alice to ^lab via shell record", "`lab', which has no hostkey"},
    {"allow x: alice to ^web1:22 consent record via shell",
	"`web1', which has no hostkey"},
    {"allow ^x: alice to web1 via forward record", "no road can"},
    {"allow x: alice to ^web1 as root", "`web1', which has no hostkey"},
    {"allow x: alice to ^web1 via shell", "`web1', which has no hostkey"},
    {"allow ^x: alice to web1:80 via shell", "no road can"},
    {"allow ^x: alice to web1:80 as root", "no road can"},
    {"allow ^x: alice to web1:80 consent record", "no road can"},
    {"hostkey web1 \"" K1 "\"\nallow ^x: alice to web1 consent",
	"consent without record"},
    {"require ^x: alice to web1 via shell consent", "consent without record"},
    {"deny ^x: alice to web1 as root", "this binds every one"},
    {"require ^x: alice to web1 via { connect shell } as root mfa",
	"this binds every one"},
    {"require ^x: alice to web1:80 consent record", "nobody whom it binds"},
    {"require ^x: alice to web1:22 record", "on the road shell only"},
    {"require ^x: alice to web1 via forward ticket \"C*\"",
	"nobody whom it binds"},
    {"require ^x: alice to web1 via { forward connect } ticket \"C*\" consent record",
	"nobody whom it binds"},
    {"allow ^x: alice to web1 via forward ticket \"C*\"", "no road can"},
    {"allow ^x: alice to web1 via forward idle 1m", "no road can"},
    {"hostkey ^metr \"" K1 "\"", "`metr' has no ssh: nobody looks"},
    {"host db9 10.9.9.9 tcp { 22 80 }\nhostkey ^db9 \"" K1 "\"",
	"`db9' has no ssh: nobody looks"},
    {"device d1 127.77.0.18 ssh { 2222 ^1023 } tcp 1024",
	"sshd lets no device listen on a port below 1024"},
    {"device d1 127.77.0.18 ssh 2222 account d\n"
     "device ^d2 127.77.0.19 ssh 2222 account d\n"
     "device d3 127.77.0.20 ssh 2222 account d",
	"who listens at the addresses of the account `d'"},
    {"device d1 127.77.0.18 ssh 2222 account d\n"
     "device ^d2 \"/run/d2\" ssh account d",
	"who listens at the addresses of the account `d'"},
};

START_TEST(warning_is_given)
{
	char *text = NULL;
	struct mark marks[MARKS];
	struct parsed r;
	size_t size;

	append(&text, prelude);
	append(&text, warnings[_i].text);
	append(&text, "\n");
	size = strlen(text);
	ck_assert_uint_eq(unmark(text, &size, marks), 1);
	r = parse(text, size);
	ck_assert_ptr_nonnull(r.policy);
	ck_assert_uint_eq(r.report.n, 1);
	ck_assert_uint_eq(r.report.warnings, 1);
	ck_assert_uint_eq(r.report.errors, 0);
	ck_assert(r.report.messages[0].warning);
	ck_assert_uint_eq(r.report.messages[0].line, marks[0].line);
	ck_assert_uint_eq(r.report.messages[0].column, marks[0].column);
	ck_assert_ptr_nonnull(
	    strstr(r.report.messages[0].what, warnings[_i].message));
	parsed_free(&r);
	free(text);
}
END_TEST

/* Whom keys-from serves is in a Unix group. */
START_TEST(keys_from_serves_nobody)
{
	static const char text[] = "version 1\n# keys\n"
				   "set keys-from \"/usr/x\"\nuser alice\n";
	struct parsed r = parse(text, sizeof(text) - 1);

	ck_assert_ptr_nonnull(r.policy);
	ck_assert_uint_eq(r.report.n, 1);
	ck_assert_uint_eq(r.report.warnings, 1);
	ck_assert_uint_eq(r.report.messages[0].line, 3);
	ck_assert_ptr_nonnull(strstr(
	    r.report.messages[0].what, "keys-from serves nobody"));
	parsed_free(&r);
}
END_TEST

START_TEST(warning_is_not_given)
{
	static const char *const texts[] = {"", "allow x: alice to { lab web1 }",
	    "allow x: alice to web1 idle 1m", "allow x: alice to any via forward",
	    "allow x: alice to web1 via forward when office",
	    "allow x: alice to web1 via forward until 2030-01-01T00:00Z",
	    "deny x: alice to lab via forward", "allow x: alice to rtu1 mfa",
	    "require x: alice to web1 via forward record",
	    "set keys-from \"/usr/x\"\nallow x: %staff to web1",
	    "set keys-from \"/usr/x\"\ngroup @staff %staff",
	    "ca corp \"" K1 "\" for alice", "hostkey web1 \"" K1 "\"",
	    "socket x \"/run/x\" ssh\nhostkey x \"" K1 "\"",
	    ("device d1 \"/run/d1\" ssh account d\n"
	     "device d2 \"/run/d2\" ssh account d")};

	for (int i = 0; i < COUNT(texts); i++) {
		char *text = NULL;
		struct parsed r;

		append(&text, prelude);
		append(&text, texts[i]);
		append(&text, "\n");
		r = parse(text, strlen(text));
		unit_print_report(&r.report);
		ck_assert_ptr_nonnull(r.policy);
		ck_assert_msg(r.report.n == 0, "%s", texts[i]);
		parsed_free(&r);
		free(text);
	}
}
END_TEST

/*
 * Times.
 */
static const struct {
	const char *text;
	int64_t when;
} times[] = {
    {"2000-01-01T00:00Z", 946684800},
    {"2026-11-21T12:34Z", 1795264440},
    {"2026-11-21T12:34:56Z", 1795264496},
    {"2026-11-21T12:34:00Z", 1795264440},
    {"2026-11-21T12:34+00:00", 1795264440},
    {"2026-11-21T12:34-00:00", 1795264440},
    {"2026-11-21T12:34+01:00", 1795264440 - 3600},
    {"2026-11-21T12:34-05:30", 1795264440 + 19800},
    {"2026-11-21T12:34+14:00", 1795264440 - 50400},
    {"2026-11-21T12:34+12:45", 1795264440 - 45900},
    {"2026-11-21T00:00+01:00", 1795219200 - 3600},
    {"2028-02-29T00:00Z", 1835395200},
    {"2000-02-29T23:59:59Z", 951868799},
    {"2026-12-31T23:59:59Z", 1798761599},
    {"2038-01-19T03:14:08Z", INT64_C(2147483648)},
    {"9999-12-31T23:59:59Z", INT64_C(253402300799)},
};

static const char *const not_times[] = {"", "2026", "2026-11-21",
    "2026-11-21T12:34", "2026-11-21T12:34:56", "2026-11-21 12:34Z",
    "2026-11-21t12:34Z", "2026-11-21T12:34z", "2026-11-21T12Z",
    "2026-11-21T1234Z", "20261121T123400Z", "2026-1-1T00:00Z",
    "26-11-21T12:34Z", "02026-11-21T12:34Z", "-2026-11-21T12:34Z",
    "+2026-11-21T12:34Z", "10000-01-01T00:00Z", "1970-01-01T00:00Z",
    "0000-01-01T00:00Z", "2026-00-10T00:00Z", "2026-13-10T00:00Z",
    "2026-11-00T00:00Z", "2026-11-31T00:00Z", "2026-02-29T00:00Z",
    "2026-02-30T00:00Z", "2100-02-29T00:00Z", "2026-04-31T00:00Z",
    "2026-12-32T00:00Z", "2026-11-21T24:00Z", "2026-11-21T24:60Z",
    "2026-11-21T23:60Z", "2026-11-21T23:59:60Z", "2016-12-31T23:59:60Z",
    "2026-11-21T12:34:5Z", "2026-11-21T12:34:Z", "2026-11-21T12:34:56.5Z",
    "2026-11-21T12:34ZZ", "2026-11-21T12:34Z ", " 2026-11-21T12:34Z",
    "2026-11-21T12:34+", "2026-11-21T12:34+1:00", "2026-11-21T12:34+01",
    "2026-11-21T12:34+0100", "2026-11-21T12:34+01:60",
    "2026-11-21T12:34+15:00", "2026-11-21T12:34+24:00",
    "2026-11-21T12:34+01:00Z", "2026-11-21T12:34+01:00:00",
    "2026-11-21T12:34+-1:00", "2026-11-21T12:34 +01:00",
    "2026-11-21T12:34CET", "2026-11-21T12:34UTC", "2026-11-21T-1:34Z",
    "2026-11-21T+1:34Z", "2026-11-21T 1:34Z", "2026/11/21T12:34Z"};

START_TEST(time_is_read)
{
	int64_t when = 7;

	ck_assert(policy_time_parse(&when, times[_i].text));
	ck_assert_int_eq(when, times[_i].when);
}
END_TEST

START_TEST(time_is_refused)
{
	int64_t when = 7;

	ck_assert_msg(!policy_time_parse(&when, not_times[_i]), "%s",
	    not_times[_i]);
	ck_assert_int_eq(when, 7);
}
END_TEST

/* The zone of the process plays no part. */
START_TEST(time_has_its_own_zone)
{
	int64_t when;

	ck_assert_int_eq(setenv("TZ", "America/New_York", 1), 0);
	tzset();
	ck_assert(policy_time_parse(&when, "2026-11-21T12:34Z"));
	ck_assert_int_eq(when, 1795264440);
	ck_assert(policy_time_parse(&when, "2026-03-08T02:30Z"));
	ck_assert_int_eq(when, 1772937000);
}
END_TEST

/*
 * Limits.
 */
static char *
repeated(const char *before, char c, size_t n, const char *after)
{
	char *text = malloc(strlen(before) + n + strlen(after) + 1);

	strcpy(text, before);
	memset(text + strlen(before), c, n);
	strcpy(text + strlen(before) + n, after);
	return text;
}

static const struct {
	const char *before;
	size_t n;
	char c;
	const char *after, *what; /* of the first message */
	uint32_t line, column;
	size_t errors;
} lengths[] = {
    {"version 1\n#", 65535, 'x', "\n", NULL, 0, 0, 0},
    {"version 1\n#", 65536, 'x', "\n", "line longer than 65536 bytes", 2, 1, 1},
    {"version 1\n#", 65536, 'x', "", "line longer than 65536 bytes", 2, 1, 1},
    {"version 1\n", 65536, ' ', "\nuser a\n", NULL, 0, 0, 0},
    {"version 1\n", 65537, ' ', "\nusr\n", "line longer", 2, 1, 2},
    {"#", 65536, 'x', "\nversion 1\n", "line longer than", 1, 1, 2},
    {"version 1\nuser a\ngroup @x {\n", 65537, ' ', "\na }\nusr\n",
	"line longer than", 4, 1, 2},
    {"version 1\nuser ", 16384, 'x', "\n", "name is longer", 2, 6, 1},
    {"version 1\nuser ", 16385, 'x', "\nusr\n", "longer than 16384", 2, 6, 2},
    {"version 1\nuser \"", 16384, 'x', "\"\n", "name is longer", 2, 6, 1},
    {"version 1\nuser \"", 16385, 'x', "\"\nusr\n", "longer than 16384 bytes",
	2, 7, 2},
    {"version 1\nuser a\ngroup @x { a ", 16385, 'x', " }\nusr\n",
	"longer than 16384", 3, 14, 2},
    {"version 1\n", 100000, '\n', "usr", "unknown statement", 100002, 1, 1},
    {"version 1\nuser a\ngroup @x {\n", 100000, '\n', "a }\nusr",
	"unknown statement", 100005, 1, 1},
};

START_TEST(length_is_bounded)
{
	char *text = repeated(lengths[_i].before, lengths[_i].c, lengths[_i].n,
	    lengths[_i].after);
	struct parsed r = parse(text, strlen(text));

	unit_print_report(&r.report);
	ck_assert_uint_eq(r.report.errors, lengths[_i].errors);
	ck_assert((r.policy == NULL) == (lengths[_i].errors > 0));
	if (lengths[_i].errors > 0) {
		ck_assert_ptr_nonnull(strstr(
		    r.report.messages[0].what, lengths[_i].what));
		ck_assert_uint_eq(r.report.messages[0].line, lengths[_i].line);
		ck_assert_uint_eq(
		    r.report.messages[0].column, lengths[_i].column);
	}
	parsed_free(&r);
	free(text);
}
END_TEST

START_TEST(messages_are_bounded)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct parsed r;

	fputs("version 1\n", out);
	for (int i = 0; i < 500; i++)
		fputs("usr x\n", out);
	fclose(out);
	r = parse(text, size);
	ck_assert_ptr_null(r.policy);
	ck_assert_uint_eq(r.report.errors, 500);
	ck_assert_uint_eq(r.report.n, MESSAGES_MAX);
	for (uint32_t i = 0; i < MESSAGES_MAX; i++)
		unit_check(r.report.messages[i].line == i + 2);
	ck_assert_ptr_nonnull(
	    strstr(r.report.messages[0].hint, "allow deny require"));
	parsed_free(&r);
	ck_assert_ptr_null(r.report.messages);
	free(text);
}
END_TEST

/* A chain of groups from the last to the first, and from there to `to'. */
static struct parsed
parse_chain(unsigned n, unsigned to)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct parsed r;

	fputs("version 1\nuser alice\n", out);
	for (unsigned i = 1; i < n; i++)
		fprintf(out, "group @g%u { alice @g%u }\n", i, i - 1);
	if (to < n)
		fprintf(out, "group @g0 @g%u\n", to);
	else
		fputs("group @g0 alice\n", out);
	fclose(out);
	r = parse(text, size);
	free(text);
	return r;
}

START_TEST(long_cycle_is_found)
{
	enum { N = 20000 };
	struct parsed r = parse_chain(N, N);

	ck_assert_ptr_nonnull(r.policy);
	ck_assert_uint_eq(r.report.n, 0);
	parsed_free(&r);
	for (unsigned to = 0; to < N; to += N / 4 + 1) {
		r = parse_chain(N, to);
		ck_assert_ptr_null(r.policy);
		ck_assert_uint_eq(r.report.errors, 1);
		ck_assert_ptr_nonnull(
		    strstr(r.report.messages[0].what, "contains itself"));
		parsed_free(&r);
	}
}
END_TEST

/*
 * Several files.
 */
static const struct policy_source parts[] = {
    {"a", RAW("version 1\nallow x: @ops to web1 when w\n")},
    {"b", RAW("version 1\ngroup @ops alice\nuser alice\n")},
    {"c", RAW("version 1\n\n\nhost web1 10.2.0.10 ssh 22\n")},
    {"d", RAW("version 1\nwindow w mon 08:00-09:00\n")}};

/* Names are known wherever they are declared, in each order of the files. */
START_TEST(files_are_one_policy)
{
	const struct policy_source sources[] = {parts[_i / 64],
	    parts[_i / 16 % 4], parts[_i / 4 % 4], parts[_i % 4]};
	struct policy_report report = {0};
	struct policy *p;
	const struct policy_rule *rule;
	const uint32_t *file;
	unsigned seen = 0;

	for (int i = 0; i < 4; i++)
		seen |= 1U << (sources[i].name[0] - 'a');
	if (seen != 15)
		return;
	p = policy_parse(sources, 4, &report);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(report.n, 0);
	rule = policy_rule(p, 0);
	file = policy_row(p, PT_FILES, rule->place.file);
	ck_assert_str_eq(policy_string(p, *file), "a");
	ck_assert_uint_eq(rule->place.line, 2);
	ck_assert_uint_eq(
	    policy_target(p, policy_find_target(p, "web1"))->place.line, 4);
	policy_free(p);
}
END_TEST

static const struct {
	uint32_t source, line, column;
	const char *what;
} of_files[] = {
    {0, 2, 21, "no target named `web9'"},
    {1, 2, 6, "string is not closed"},
    {1, 3, 1, "unknown statement"},
    {2, 1, 1, "expected `version'"},
    {2, 2, 6, "`web1' is declared already, policy:3"},
    {3, 1, 1, "expected `version'"},
};

/* The errors of every file, in the order of the files. */
START_TEST(files_are_all_reported)
{
	static const struct policy_source sources[] = {
	    {"policy",
		RAW("version 1\n"
		    "allow x: alice to { web9 web1 }\n"
		    "host web1 10.2.0.10 ssh 22\n")},
	    {"a.conf", RAW("version 1\nuser \"alice\nusr\n")},
	    {"b.conf",
		RAW("user dave\nhost web1 10.2.0.11 ssh 22\n")},
	    {"c.conf", RAW("")}};
	struct policy_report report = {0};

	ck_assert_ptr_null(policy_parse(sources, COUNT(sources), &report));
	unit_print_report(&report);
	ck_assert_uint_eq(report.n, COUNT(of_files));
	for (int i = 0; i < COUNT(of_files); i++) {
		const struct policy_message *m = &report.messages[i];

		ck_assert_uint_eq(m->source, of_files[i].source);
		ck_assert_uint_eq(m->line, of_files[i].line);
		ck_assert_uint_eq(m->column, of_files[i].column);
		ck_assert_ptr_nonnull(strstr(m->what, of_files[i].what));
	}
	policy_report_clear(&report);
}
END_TEST

/* Text that ends anywhere is read to its end, and no further. */
START_TEST(text_may_end_anywhere)
{
	char *text = NULL;

	append(&text, prelude);
	append(&text, good[_i].text);
	append(&text, "\n");
	for (size_t size = strlen(prelude); size <= strlen(text); size++) {
		char *copy = malloc(size);
		struct parsed r;

		memcpy(copy, text, size);
		r = parse(copy, size);
		unit_check((r.policy == NULL) == (r.report.errors > 0));
		parsed_free(&r);
		free(copy);
	}
	free(text);
}
END_TEST

static Suite *
parse_suite(void)
{
	Suite *s = suite_create("parse");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, statement_is_refused, 0, COUNT(bad));
	for (int i = 0; i < COUNT(bad); i += 50)
		tcase_add_loop_test(t, rest_is_read, i, i + 1);
	tcase_add_loop_test(t, file_is_refused, 0, COUNT(bad_files));
	tcase_add_loop_test(t, statement_is_read, 0, COUNT(good));
	tcase_add_loop_test(t, text_may_end_anywhere, 0, COUNT(good));
	tcase_add_loop_test(t, word_is_reserved, 0, COUNT(words));
	tcase_add_loop_test(t, warning_is_given, 0, COUNT(warnings));
	tcase_add_test(t, keys_from_serves_nobody);
	tcase_add_test(t, warning_is_not_given);
	tcase_add_loop_test(t, time_is_read, 0, COUNT(times));
	tcase_add_loop_test(t, time_is_refused, 0, COUNT(not_times));
	tcase_add_test(t, time_has_its_own_zone);
	tcase_add_loop_test(t, length_is_bounded, 0, COUNT(lengths));
	tcase_add_test(t, messages_are_bounded);
	tcase_add_test(t, long_cycle_is_found);
	tcase_add_loop_test(t, files_are_one_policy, 0, 256);
	tcase_add_test(t, files_are_all_reported);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(parse_suite());
}
