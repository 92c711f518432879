/* SPDX-License-Identifier: ISC */
/*
 * One flat object of JSON (RFC 8259), as journalctl(1), rsyslogd(8) and our
 * own programs write it.
 */
#include <stdlib.h>
#include <string.h>

#include "log.h"

static char *
skip(char *s)
{
	return s + strspn(s, " ");
}

static int
hex4(const char *s)
{
	int n = 0;

	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		int c = s[i] >= 'A' && s[i] <= 'F' ? s[i] + 32 : s[i];
		const char *d = c == '\0' ? NULL : strchr(digits, c);

		if (d == NULL)
			return -1;
		n = n * 16 + (int)(d - digits);
	}
	return n;
}

/* UTF-8 of a code unit; halves of surrogate pairs stay halves. */
static char *
put_unit(char *to, int unit)
{
	if (unit < 0x80) {
		*to++ = (char)unit;
	} else if (unit < 0x800) {
		*to++ = (char)(0xc0 | unit >> 6);
		*to++ = (char)(0x80 | (unit & 63));
	} else {
		*to++ = (char)(0xe0 | unit >> 12);
		*to++ = (char)(0x80 | (unit >> 6 & 63));
		*to++ = (char)(0x80 | (unit & 63));
	}
	return to;
}

/* What stands after a backslash; *to grows.  Returns what follows, or NULL. */
static char *
unescape(char *s, char **to)
{
	static const char from[] = "\"\\/bfnrt", is[] = "\"\\/\b\f\n\r\t";
	const char *c = *s == '\0' ? NULL : strchr(from, *s);
	int unit;

	if (c != NULL) {
		*(*to)++ = is[c - from];
		return s + 1;
	}
	unit = *s == 'u' ? hex4(s + 1) : -1;
	if (unit <= 0)
		return NULL;
	*to = put_unit(*to, unit);
	return s + 5;
}

/* A string in place; s is after the quote. */
static char *
string(char *s, char **value)
{
	char *to = s;

	*value = s;
	while (*s != '"') {
		if ((unsigned char)*s < ' ')
			return NULL;
		if (*s != '\\') {
			*to++ = *s++;
			continue;
		}
		s = unescape(s + 1, &to);
		if (s == NULL)
			return NULL;
	}
	*to = '\0';
	return s + 1;
}

/* An array of numbers of bytes becomes their text; any other array NULL. */
static char *
array(char *s, char **value)
{
	char *to = s, *ignored;
	bool bytes = true;

	*value = s;
	for (s = skip(s); *s != ']';) {
		if (*s == '"') {
			s = string(s + 1, &ignored);
			bytes = false;
		} else if (*s >= '0' && *s <= '9') {
			unsigned long n = strtoul(s, &s, 10);

			bytes = bytes && n > 0 && n < 256;
			if (bytes)
				*to++ = (char)n;
		} else {
			return NULL;
		}
		if (s == NULL)
			return NULL;
		s = skip(s);
		if (*s == ',')
			s = skip(s + 1);
		else if (*s != ']')
			return NULL;
	}
	*to = '\0';
	if (!bytes)
		*value = NULL;
	return s + 1;
}

/* A number or a word, up to a comma or brace that is left in place. */
static char *
word(char *s, char **value, bool *number)
{
	size_t n = strspn(s, "0123456789+-.eE");

	*number = n > 0;
	*value = n > 0 ? s : NULL;
	if (n == 0)
		n = strspn(s, "aeflnrstu"); /* null, true, false */
	return n == 0 ? NULL : s + n;
}

/* A member from its key on.  Returns where the comma or brace stands, which
 * *end is. */
static char *
member(char *s, json_member *take, void *arg, char *end)
{
	char *key, *value;
	bool number = false;

	if (*s != '"' || (s = string(s + 1, &key)) == NULL)
		return NULL;
	s = skip(s);
	if (*s != ':')
		return NULL;
	s = skip(s + 1);
	if (*s == '"')
		s = string(s + 1, &value);
	else if (*s == '[')
		s = array(s + 1, &value);
	else
		s = word(s, &value, &number);
	if (s == NULL)
		return NULL;
	if (*s == ' ') {
		*s = '\0';
		s = skip(s + 1);
	}
	*end = *s;
	*s = '\0'; /* ends a number */
	return take(arg, key, value, number) ? s : NULL;
}

char *
json_object(char *text, json_member *take, void *arg)
{
	char *s = skip(text), end;

	if (*s++ != '{')
		return NULL;
	s = skip(s);
	if (*s == '}')
		return s + 1;
	for (;;) {
		s = member(s, take, arg, &end);
		if (s == NULL)
			return NULL;
		if (end != ',')
			return end == '}' ? s + 1 : NULL;
		s = skip(s + 1);
	}
}
