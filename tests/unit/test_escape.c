/* SPDX-License-Identifier: ISC */
/*
 * What a recording may do to a terminal, in one piece and byte by byte, and
 * what is read of it as plain text.
 */
#include "../../jumpctl/escape.h"
#include "../../jumpctl/plain.h"
#include "terminal.h"
#include "unit.h"

enum { ROOM = 65536 };

static char out[ROOM];
static size_t size;

static void
collect(void *arg, const struct escape_token *t)
{
	(void)arg;
	ck_assert_uint_le(size + t->n, ROOM);
	memcpy(out + size, t->bytes, t->n);
	size += t->n;
}

/* Fed in pieces of so many bytes. */
static void
feed(const char *in, size_t n, size_t piece)
{
	struct escape e = {0};

	size = 0;
	for (size_t i = 0; i < n; i += piece)
		escape_feed(
		    &e, in + i, n - i < piece ? n - i : piece, collect, NULL);
	ck_assert(terminal_harmless(out, size));
}

#define S(in, want)                                                            \
	{                                                                      \
		in, sizeof(in) - 1, want                                       \
	}
#define SAME(in)                                                               \
	{                                                                      \
		in, sizeof(in) - 1, in                                         \
	}

static const struct {
	const char *in;
	size_t n;
	const char *want;
} cases[] = {
    SAME("plain text\r\n\ttab\b"),
    SAME("\033[1;31mred\033[0m\033[38;2;1;2;3m\033[4:3m\033[m"),
    SAME("\033[2J\033[H\033[10;20H\033[3A\033[K\033[1K\033[2;20r\033[r"),
    SAME("\033[?1049h\033[?25l\033[?7l\033[?6h\033[?1049l\033[?25h"),
    SAME("\0337\0338\033D\033E\033M\033(0\033)B\016\017"),
    SAME("\033[s\033[u\033[5X\033[4P\033[3@\033[2L\033[M\033[S\033[2T"),
    SAME("\033[4h\033[4l\033[7b"),
    SAME("gr\303\274\303\237e \342\202\254 \360\237\230\200"),
    /* Strings: titles, the clipboard, links, and what asks the terminal. */
    S("a\033]0;title\007b", "ab"),
    S("a\033]2;title\033\\b", "ab"),
    S("a\033]52;c;cm0gLXJmIC8=\007b", "ab"),
    S("a\033]8;;http://evil/\033\\link\033]8;;\033\\b", "alinkb"),
    S("a\033P$qm\033\\b", "ab"),
    S("a\033Pqsixel\033\\b", "ab"),
    S("a\033_apc\033\\b\033^pm\033\\c\033Xsos\033\\d", "abcd"),
    S("a\033ktitle\033\\b", "ab"),
    S("a\033]0;t\030b", "ab"),
    S("a\033]0;t\033[1mb", "a\033[1mb"),
    /* Nobody hides by a string that never ends. */
    S("a\033]0;t\nrm -rf /\r\n", "a\nrm -rf /\r\n"),
    /* Questions. */
    S("\033[c\033[>c\033[=c\033[0c\033[6n\033[5n\033[?6n\033Zx", "x"),
    S("\033[18t\033[21t\033[8;50;100t\033[1tx", "x"),
    S("\005x\007y\0z", "xyz"),
    /* Modes that outlive. */
    S("\033[?1000h\033[?1002h\033[?1006h\033[?2004h\033[?1hx", "x"),
    S("\033[?1000;25;2004hx", "\033[?25hx"),
    S("\033[>4;2m\033[>1u\033[=1;1u\033=\033>\033[?2026hx", "x"),
    S("\033[20h\033[2h\033[12hx", "x"),
    S("\033[!p\033[61\"p\033[2 q\033[5i\033[?5i\033[4iz", "z"),
    S("\033[3J\033[?J\033[?K\033[?rx", "x"),
    S("\033#8\033%G\033 F\033nx\033ox", "xx"),
    S("\033(C\033-A\033Nx\033Ox", "xx"),
    S("\033[1;2;3;4;5Tx", "x"),
    S("\033[1:2Hx\033[99999Cy\033[1;2;3Hz", "xyz"),
    S("\033cx", "\033[m\033(B\017\033[r\033[H\033[2Jx"),
    /* C1, as UTF-8 and as bytes, and what is no UTF-8. */
    S("\302\233"
      "2J\302\235"
      "0;t\302\234x",
	"2J0;tx"),
    S("a\233"
      "5nb",
	"a\357\277\275"
	"5nb"),
    S("\300\200\355\240\200\364\220\200\200",
	"\357\277\275\357\277\275\357\277\275\357\277\275"),
    S("\303x\342\202x", "\357\277\275x\357\277\275x"),
    S("\177a\177", "a"),
    /* Cut off, abandoned, and with a control character within. */
    S("a\033[1;3", "a"),
    S("a\033[1\r;31mb", "a\r\033[1;31mb"),
    S("a\033[1\030mb", "amb"),
    S("a\033[1\033[2mb", "a\033[2mb"),
    S("a\033\033[1mb", "a\033[1mb"),
    S("a\033[1\303\274mb", "a\303\274mb"),
};

START_TEST(harmless)
{
	for (size_t piece = 1; piece <= cases[_i].n; piece++) {
		feed(cases[_i].in, cases[_i].n, piece);
		ck_assert_uint_eq(size, strlen(cases[_i].want));
		ck_assert_int_eq(memcmp(out, cases[_i].want, size), 0);
	}
}
END_TEST

START_TEST(harmless_twice)
{
	char once[ROOM];
	size_t n;

	feed(cases[_i].in, cases[_i].n, cases[_i].n);
	memcpy(once, out, size);
	n = size;
	feed(once, n, 1);
	ck_assert_uint_eq(size, n);
	ck_assert_int_eq(memcmp(once, out, n), 0);
}
END_TEST

/* Each byte in each state. */
START_TEST(every_byte)
{
	static const char *const before[] = {"", "\033", "\033[", "\033[?",
	    "\033[1", "\033[1;", "\033(", "\033#", "\033]0", "\033P",
	    "\033]\033", "\303", "\360\237", "\033[ ", "\033[>"};

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		char in[16];
		int n = snprintf(in, sizeof(in), "%s%cm\033\\x", before[i], _i);

		feed(in, (size_t)n, 1);
		ck_assert_uint_gt(size, 0);
	}
}
END_TEST

START_TEST(random_bytes)
{
	static const char some[] = "\033\033\033[[]P;?0123456789hlmnctJKx\n\007"
				   "\302\233\303\274\\";
	uint64_t state = 88172645463325252ULL + (uint64_t)_i;
	char in[600], once[ROOM];
	size_t n;

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = some[unit_random(&state, sizeof(some))];
	feed(in, sizeof(in), sizeof(in));
	memcpy(once, out, size);
	n = size;
	feed(in, sizeof(in), 1 + unit_random(&state, 7));
	ck_assert_uint_eq(size, n);
	ck_assert_int_eq(memcmp(once, out, n), 0);
}
END_TEST

START_TEST(long_strings_end)
{
	char in[ESCAPE_STRING + 16];
	int n = snprintf(in, sizeof(in), "\033]0;%*s", ESCAPE_STRING, "seen");

	feed(in, (size_t)n, 7);
	ck_assert_uint_lt(size, 8);
	ck_assert_uint_gt(size, 0);
	n = snprintf(in, sizeof(in), "\033[%0*dmx", 200, 1);
	feed(in, (size_t)n, 1);
	ck_assert_uint_eq(size, 1);
}
END_TEST

/*
 * Plain text.
 */
static struct plain plain;

static void
line(void *arg, const char *text, int64_t at)
{
	(void)arg;
	(void)at;
	size += (size_t)snprintf(out + size, ROOM - size, "%s|", text);
}

static void
token(void *arg, const struct escape_token *t)
{
	(void)arg;
	plain_token(&plain, t);
}

static const struct {
	const char *in, *want;
} texts[] = {
    {"one\r\ntwo\r\n", "one|two|"},
    {"\r\n\r\nx", "||x|"},
    {"10%\r20%\r100%\r\n", "100%|"},
    {"secret\rno\r\n", "nocret|"},
    {"lx\bs -l\r\n", "ls -l|"},
    {"abc\b\b\b\033[Kx\r\n", "x|"},
    {"a\tb\r\n", "a       b|"},
    {"\033[1;1Htop\033[5;1Hbottom", "top|bottom|"},
    {"\033[?1049hvi\033[?1049l$ ", "vi|$|"},
    {"$ \033[1mls\033[0m\033]0;t\007 -l\r\n", "$ ls -l|"},
    {"abcd\033[2D\033[P\r\n", "abd|"},
    {"abd\033[1D\033[@c\r\n", "abcd|"},
    {"abcd\r\033[2Xx\r\n", "x cd|"},
    {"a\033[3bb\r\n", "aaaab|"},
    {"gr\303\274n\r\n", "gr\303\274n|"},
    {"trailing   \r\n", "trailing|"},
    {"no end", "no end|"},
};

static const char *
text_of(const char *in, unsigned width)
{
	struct escape e = {0};

	memset(&plain, 0, sizeof(plain));
	plain.emit = line;
	plain.width = width;
	size = 0;
	*out = '\0';
	escape_feed(&e, in, strlen(in), token, NULL);
	plain_end(&plain);
	return out;
}

START_TEST(plain_texts)
{
	ck_assert_str_eq(text_of(texts[_i].in, 80), texts[_i].want);
	ck_assert_str_eq(text_of(texts[_i].in, 0), texts[_i].want);
}
END_TEST

/* As readline(3) goes on at the right margin. */
START_TEST(wrapped_lines)
{
	ck_assert_str_eq(text_of("12345 \r678\r\n", 5), "12345678|");
	ck_assert_str_eq(text_of("1234567\rx\r\n", 5), "12345x7|");
	ck_assert_str_eq(text_of("1234567\rx\r\n", 0), "x234567|");
}
END_TEST

START_TEST(plain_is_bounded)
{
	char *in = malloc(3 * PLAIN_MAX + 1);

	ck_assert_ptr_nonnull(in);
	memset(in, 'x', 3 * PLAIN_MAX);
	in[3 * PLAIN_MAX] = '\0';
	ck_assert_uint_eq(strlen(text_of(in, 0)), 3 * PLAIN_MAX + 3);
	free(in);
	text_of(
	    "\033[9999C\033[9999C\033[9999Cx\033[9999b\033[9999@\033[9999P", 0);
	ck_assert_uint_gt(size, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("escape");
	TCase *t = tcase_create("escape");

	tcase_add_loop_test(t, harmless, 0, COUNT(cases));
	tcase_add_loop_test(t, harmless_twice, 0, COUNT(cases));
	tcase_add_loop_test(t, every_byte, 0, 256);
	tcase_add_loop_test(t, random_bytes, 0, 200);
	tcase_add_test(t, long_strings_end);
	tcase_add_loop_test(t, plain_texts, 0, COUNT(texts));
	tcase_add_test(t, wrapped_lines);
	tcase_add_test(t, plain_is_bounded);
	suite_add_tcase(s, t);
	return unit_run(s);
}
