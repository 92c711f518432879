/* SPDX-License-Identifier: ISC */
/*
 * The compiled image: what was saved is what is opened, and what was damaged
 * never permits anything.
 */

#include "policy.h"
#include "policy_image.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "../../jump-authkeys/keys.h"
#include "decide.h"
#include "unit.h"

#define KEY                                                                    \
	"AAAAC3NzaC1lZDI1NTE5AAAAIE/fHNrXh6yRtVXZFyzDV6j7e5b+/k+37PgDKfP0TWsn"

enum { PAGE = 4096, SATURDAY = 1795298400, CORRUPTIONS = 5000 };

static const char statements[] =
    "set timezone \"Europe/Amsterdam\"\n"
    "set contact \"ot-access@example.com\"\n"
    "set never 100.64.0.0/10\n"
    "set nft \"/usr/sbin/nft\"\n"
    "set exempt { root op }\n"
    "set gate 422\n"
    "user alice until 2036-01-01T00:00Z\n"
    "user bob\n"
    "user carol account jump\n"
    "key alice \"ssh-ed25519 " KEY " alice\" from 192.0.2.0/24\n"
    "group @ops { alice @inner %wheel }\n"
    "group @inner { carol }\n"
    "host web1 { 10.2.0.10 2001:db8::10 } ssh 22 tcp 80 alias www tag web\n"
    "net lab 10.9.0.0/16 ssh 22 tag web\n"
    "domain dev \"*.dev.example\" in 10.8.0.0/16 ssh 22\n"
    "device rtu 127.77.0.17 ssh 2222\n"
    "socket metr \"/run/m.sock\" tag web\n"
    "window office { mon-fri sat } 08:00-23:30\n"
    "window late sat 22:00 - sun 04:00\n"
    "allow web: @ops to { @web rtu dev } via { forward connect }\n"
    "allow every: any to any:22 when { office late } from 192.0.2.0/24 as root\n"
    "allow soon: @ops to web1 until 2030-01-01T00:00Z ticket \"CHG*\"\n"
    "deny not: bob to web1:80 until 2030-01-01T00:00Z\n"
    "require less: @ops to @web:80 when late idle 10m duration 1h\n"
    "require boss: bob to web1 approve @inner 2h max 3\n";

static char dir[64], path[PATH_MAX];
static char *image; /* the intact one */
static size_t image_size, padding;

static void
write_file(const void *bytes, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	unit_check(fd != -1);
	unit_check(write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

/* The image of a policy in memory; the caller frees. */
static char *
image_of(struct policy *p, size_t *size)
{
	int fd = memfd_create("image", 0);
	struct stat st;
	char *bytes;

	unit_check(fd != -1);
	unit_check(policy_save(p, fd) == 0);
	unit_check(fstat(fd, &st) == 0);
	*size = (size_t)st.st_size;
	bytes = malloc(*size);
	unit_check(pread(fd, bytes, *size, 0) == st.st_size);
	close(fd);
	return bytes;
}

/* The policy, with users that nobody needs, and comments of n bytes. */
static struct policy *
padded_policy(size_t n)
{
	static char text[2 * PAGE + sizeof(statements)];
	char *to = stpcpy(text, statements);
	struct policy *p;

	for (int i = 0; n > 0; i++) {
		int size = n > 400 ? 400 : (int)n;

		to += sprintf(to, "user pad%d comment \"%0*d\"\n", i, size, i);
		n -= (size_t)size;
	}
	p = unit_policy(text);
	p->loaded_at = 1700000000;
	strcpy(p->loaded_by, "root");
	return p;
}

/*
 * An image that fills its last page, so that reading beyond it is fatal;
 * built once, before the tests fork.
 */
static void
make_image(void)
{
	for (padding = 400;; padding += 4) {
		struct policy *p = padded_policy(padding);

		image = image_of(p, &image_size);
		policy_free(p);
		if (image_size % PAGE == 0)
			return;
		free(image);
		unit_check(padding < 2 * PAGE);
	}
}

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "%s/jump-test-db.XXXXXX", unit_tmp());
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%.40s/policy.db", dir);
	write_file(image, image_size);
}

static void
free_image(void)
{
	free(image);
}

static void
teardown(void)
{
	unlink(path);
	rmdir(dir);
}

static struct policy *
open_good(void)
{
	struct policy *p = NULL;

	unit_check(policy_open(path, geteuid(), &p) == POLICY_OK);
	unit_check(p != NULL);
	return p;
}

/* A request that the intact policy allows; unixgroups must be freed. */
static struct policy_request
request_of(const struct policy *p, const char *user, const char *addr)
{
	struct policy_request q = {.user = policy_find_user(p, user),
	    .road = ROAD_CONNECT,
	    .port = 22,
	    .now = SATURDAY,
	    .minute = 5 * DAY_MINUTES + 23 * 60,
	    .ticket = "CHG1"};

	q.unixgroups = calloc(p->table[PT_UNIXGROUPS].n + 1, 1);
	q.addr = unit_addr(addr);
	return q;
}

static enum policy_action
action_of(const struct policy *p)
{
	struct policy_request q = request_of(p, "alice", "10.2.0.10");
	struct policy_verdict v;

	policy_evaluate(p, &q, &v);
	free((void *)q.unixgroups);
	return v.action;
}

/*
 * What was saved.
 */
START_TEST(image_is_what_was_saved)
{
	struct policy *saved = padded_policy(padding), *p;
	size_t size;
	char *bytes = image_of(saved, &size), text[17], hash[17];

	p = open_good();
	ck_assert(policy_verify(p));
	ck_assert(!policy_damaged(p));
	for (int t = 0; t < PT_COUNT; t++) {
		ck_assert_uint_eq(p->table[t].n, saved->table[t].n);
		if (p->table[t].n > 0)
			ck_assert_mem_eq(p->table[t].rows,
			    saved->table[t].rows,
			    p->table[t].n * policy_row_size(t));
	}
	ck_assert_mem_eq(p->hash, saved->hash, FINGERPRINT_BYTES);
	ck_assert_int_eq(p->loaded_at, 1700000000);
	ck_assert_str_eq(p->loaded_by, "root");
	policy_hash_text(p, text);
	ck_assert_uint_eq(strlen(text), 16);
	snprintf(hash, sizeof(hash), "%02x%02x%02x%02x%02x%02x%02x%02x",
	    p->hash[0], p->hash[1], p->hash[2], p->hash[3], p->hash[4],
	    p->hash[5], p->hash[6], p->hash[7]);
	ck_assert_str_eq(text, hash);
	ck_assert_int_eq(action_of(p), ACTION_ALLOW);
	ck_assert_int_eq(action_of(saved), ACTION_ALLOW);
	policy_free(p);
	policy_free(saved);
	free(bytes);
}
END_TEST

START_TEST(image_finds_names)
{
	struct policy *p = open_good();
	uint32_t web = policy_find_target(p, "web1");
	struct policy_key *key = (void *)policy_key(p, 0);
	uint8_t other[FINGERPRINT_BYTES];

	ck_assert_str_eq(
	    policy_string(p, policy_target(p, web)->name), "web1");
	ck_assert_uint_eq(policy_find_target(p, "www"), web);
	ck_assert_uint_ne(policy_find_target(p, "/run/m.sock"), POLICY_NONE);
	ck_assert_uint_ne(policy_find_target(p, "metr"), web);
	ck_assert_uint_eq(policy_find_target(p, "web"), POLICY_NONE);
	ck_assert_uint_eq(policy_find_target(p, ""), POLICY_NONE);
	ck_assert_uint_eq(policy_find_target(p, "zzz"), POLICY_NONE);
	ck_assert_uint_ne(policy_find_user(p, "carol"), POLICY_NONE);
	ck_assert_uint_ne(policy_find_user(p, "rtu"), POLICY_NONE);
	ck_assert_uint_eq(policy_find_user(p, "jump"), POLICY_NONE);
	ck_assert_uint_eq(policy_find_user(p, "zzz"), POLICY_NONE);
	ck_assert(policy_account_shared(p, "jump"));
	ck_assert(!policy_account_shared(p, "alice"));
	ck_assert(!policy_account_shared(p, "carol"));
	ck_assert(!policy_account_shared(p, "zzz"));
	ck_assert_uint_eq(policy_find_key(p, key->fingerprint), 0);
	for (int i = 0; i < FINGERPRINT_BYTES; i++) {
		memcpy(other, key->fingerprint, sizeof(other));
		other[i] ^= 1;
		ck_assert_uint_eq(policy_find_key(p, other), POLICY_NONE);
	}
	ck_assert(!policy_damaged(p));
	policy_free(p);
}
END_TEST

/* Names of one hash, and so many that a search has to go far. */
START_TEST(each_name_is_found)
{
	static const char *const same[] = {"a153d1f5czcd01c",
	    "a6e72ade6z183fc6", "ac40c1d58z70d8", "aef3a0cc4z220604"};
	static char text[1 << 20];
	size_t n = 0;
	struct policy *p;
	char name[32];

	for (size_t i = 0; i < COUNT(same); i++)
		n += (size_t)sprintf(text + n, "user %s\nuser x%s account %s.j\n",
		    same[i], same[i], same[i]);
	for (int i = 0; i < 20000; i++)
		n += (size_t)sprintf(text + n, "user u%d\n", i);
	p = unit_policy(text);
	ck_assert_uint_eq(image_string_hash(same[0]), image_string_hash(same[1]));
	ck_assert_uint_eq(image_string_hash(same[2]), image_string_hash(same[3]));
	for (size_t i = 0; i < COUNT(same); i++) {
		ck_assert_uint_eq(policy_find_user(p, same[i]), 2 * i);
		snprintf(name, sizeof(name), "%s.j", same[i]);
		ck_assert(policy_account_shared(p, name));
		ck_assert(!policy_account_shared(p, same[i]));
	}
	for (int i = 0; i < 20000; i++) {
		snprintf(name, sizeof(name), "u%d", i);
		ck_assert_uint_eq(policy_find_user(p, name),
		    2 * COUNT(same) + (size_t)i);
		snprintf(name, sizeof(name), "v%d", i);
		ck_assert_uint_eq(policy_find_user(p, name), POLICY_NONE);
	}
	policy_free(p);
}
END_TEST

/* Where it ends is read from the rows that there are, and from no other. */
START_TEST(end_of_an_image)
{
	struct policy *p = open_good();
	uint8_t unixgroups[4] = {TRUTH_NO};
	struct person person = {.policy = p,
	    .account = "alice",
	    .user = policy_find_user(p, "alice"), .unixgroups = unixgroups};
	struct policy_request q;
	struct target asked;
	struct decision d;

	ck_assert(decide_zone(p));
	decide_request(&q, &person, ROAD_CONNECT, SATURDAY);
	ck_assert(target_parse(&asked, "web1:22", NULL));
	decide(p, &q, &asked, NULL, 0, &d);
	d.choices[0].verdict.timed = true;
	decide_end(p, &q, &asked, &d.choices[0], NULL);
	ck_assert(!policy_damaged(p));
	policy_free(p);
}
END_TEST

/* Names of people, before anything asks the machine about them. */
START_TEST(names_of_people)
{
	static const struct {
		const char *name;
		bool good;
	} names[] = {{"a", true}, {"alice", true}, {"CORP\\dave", true},
	    {"bob@corp.example", true}, {"a-b+c.d_1", true}, {"_a", true},
	    {"", false}, {"-a", false}, {"+a", false}, {".a", false},
	    {"a b", false}, {"a\n", false}, {"\xc3\xa9", false}, {"a/b", false}};
	char name[NAME_TEXT + 1];

	for (int i = 0; i < COUNT(names); i++)
		ck_assert_msg(policy_person_name(names[i].name) ==
		    names[i].good, "%s", names[i].name);
	memset(name, 'a', sizeof(name));
	name[NAME_TEXT] = '\0';
	ck_assert(!policy_person_name(name));
	name[NAME_TEXT - 1] = '\0';
	ck_assert(policy_person_name(name));
}
END_TEST

/* Images of yesterday are sorted by these. */
START_TEST(hashes_are_of_the_format)
{
	static const struct {
		const char *text;
		uint32_t hash;
	} strings[] = {
	    {"", 0xab3e7c0b},
	    {"a", 0x1a80b1b3},
	    {"alice", 0xea14d61e},
	    {"bob@corp.example", 0xe4df7084},
	    {"/run/jump/a.sock", 0x47a67c7b},
	};
	uint8_t fingerprint[FINGERPRINT_BYTES] = {0x12, 0x34, 0x56, 0x78, 0x9a};

	for (int i = 0; i < COUNT(strings); i++)
		ck_assert_uint_eq(
		    image_string_hash(strings[i].text), strings[i].hash);
	ck_assert_uint_eq(image_key_hash(fingerprint), 0x12345678);
}
END_TEST

START_TEST(save_tells_errors)
{
	struct policy *p = padded_policy(0);
	int fd = open("/dev/full", O_WRONLY);

	ck_assert_int_eq(policy_save(p, fd), -1);
	ck_assert_int_eq(errno, ENOSPC);
	close(fd);
	ck_assert_int_eq(policy_save(p, -1), -1);
	ck_assert_int_eq(errno, EBADF);
	policy_free(p);
}
END_TEST

/*
 * Damage.
 */
/* The file is refused, or found damaged, and permits nothing. */
static bool
harmless(void)
{
	struct policy *p = NULL;
	enum policy_error error = policy_open(path, geteuid(), &p);
	bool permitted, verified;

	if (error == POLICY_BROKEN || error == POLICY_VERSION)
		return p == NULL;
	if (error != POLICY_OK)
		return false;
	permitted = action_of(p) == ACTION_ALLOW;
	verified = policy_verify(p);
	if (verified || !policy_damaged(p))
		permitted = true;
	permitted |= action_of(p) == ACTION_ALLOW;
	policy_free(p);
	return !permitted;
}

START_TEST(flipped_byte_is_found)
{
	static const char flips[] = {(char)0xff, 1, (char)0x80, 0x20};
	int fd = open(path, O_WRONLY);

	ck_assert_uint_le(image_size, CHUNK); /* which a decision looks at */
	for (size_t i = 0; i < image_size; i++) {
		char byte = image[i] ^ flips[_i];

		unit_check(pwrite(fd, &byte, 1, (off_t)i) == 1);
		if (!harmless())
			ck_abort_msg("byte %zu", i);
		unit_check(pwrite(fd, image + i, 1, (off_t)i) == 1);
	}
	close(fd);
	ck_assert(!harmless()); /* now that it is whole */
}
END_TEST

START_TEST(truncated_image_is_refused)
{
	struct policy *p = NULL;

	for (size_t size = image_size; size-- > 0;) {
		unit_check(truncate(path, (off_t)size) == 0);
		unit_check(policy_open(path, geteuid(), &p) == POLICY_BROKEN);
		unit_check(p == NULL);
	}
}
END_TEST

START_TEST(longer_image_is_refused)
{
	char *longer = calloc(1, image_size + CHUNK + 1);
	struct policy *p = NULL;

	memcpy(longer, image, image_size);
	for (size_t n = 1; n <= CHUNK + 1; n += n < 20 ? 1 : 97) {
		write_file(longer, image_size + n);
		unit_check(policy_open(path, geteuid(), &p) == POLICY_BROKEN);
	}
	free(longer);
}
END_TEST

/* Words that change places leave a sum of bytes as it was. */
START_TEST(swapped_words_are_found)
{
	uint64_t *words = malloc(image_size);
	size_t n = image_size / sizeof(*words);

	memcpy(words, image, image_size);
	for (size_t distance = 1; distance <= 4; distance++) {
		for (size_t i = 0; i + distance < n; i++) {
			uint64_t a = words[i], b = words[i + distance];

			if (a == b)
				continue;
			words[i] = b;
			words[i + distance] = a;
			write_file(words, image_size);
			if (!harmless())
				ck_abort_msg("words %zu, %zu", i, distance);
			words[i] = a;
			words[i + distance] = b;
		}
	}
	free(words);
}
END_TEST

/* In a large image damage may lie where a decision does not look. */
START_TEST(large_image_is_verified)
{
	struct policy *p, *saved;
	char *text, *bytes;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 4000; i++)
		fprintf(out, "user u%d comment \"%d\"\n", i, i);
	fputs(statements, out);
	fclose(out);
	saved = unit_policy(text);
	bytes = image_of(saved, &size);
	ck_assert_uint_gt(size, 20 * CHUNK);
	p = open_good();
	ck_assert_int_eq(action_of(p), ACTION_ALLOW);
	ck_assert(policy_verify(p));
	policy_free(p);
	for (size_t at = 0; at < size; at += CHUNK / 5) {
		bytes[at] ^= 4;
		write_file(bytes, size);
		if (policy_open(path, geteuid(), &p) == POLICY_OK) {
			action_of(p);
			unit_check(!policy_verify(p));
			unit_check(policy_damaged(p));
			unit_check(action_of(p) == ACTION_DENY);
			policy_free(p);
		}
		bytes[at] ^= 4;
	}
	policy_free(saved);
	free(bytes);
	free(text);
}
END_TEST

/*
 * All that a plug-in asks, of an image of several chunks, some of which it
 * does not look at.  Each answer of a damaged image is that of the intact one,
 * or a refusal.
 */
enum { ANSWERS = 40, ANSWER = 512 };

static const char *const asked_of[] = {"web1:22", "10.2.0.10:80",
    "10.9.1.1:22", "a.dev.example:22", "rtu:2222", "metr", "www:22",
    "nosuch:22"};

static size_t
answer_roads(const struct policy *p, const char *user, const char *text,
    char (*answers)[ANSWER])
{
	struct policy_request q = request_of(p, user, "192.0.2.1");
	struct addr from = q.addr;
	struct target asked;
	struct decision d;
	size_t n = 0;

	q.from = &from;
	unit_check(target_parse(&asked, text, NULL));
	for (; n < 2; n++) {
		char *to = answers[n];

		q.road = (enum policy_road)n;
		decide(p, &q, &asked, NULL, 0, &d);
		if (policy_damaged(p) || d.action == ACTION_DENY) {
			unit_check(d.action == ACTION_DENY);
			strcpy(to, "deny");
			continue;
		}
		to += sprintf(to, "%d %zu %u", d.action, d.n,
		    d.verdict.obligations);
		for (size_t i = 0; i < d.n && i < 4; i++) {
			char addr[ADDR_TEXT];

			to += sprintf(to, " %s %d",
			    addr_print(&d.choices[i].addr, addr),
			    d.choices[i].verdict.action);
		}
	}
	free((void *)q.unixgroups);
	return n;
}

/* The answers, each on its own; an empty one is a refusal too. */
static size_t
answer_all(const struct policy *p, char (*answers)[ANSWER])
{
	struct policy_request q = request_of(p, "alice", "10.2.0.10");
	char *text;
	size_t n = 0, size;
	FILE *out = open_memstream(&text, &size);
	struct credential c = {.type = "ssh-ed25519", .blob = KEY};
	int result = -1;

	q.road = ROAD_FORWARD;
	c.row = keys_find(p, "alice", "ssh-ed25519", KEY,
	    "SHA256:Wj+Hdn7d0HAWLKxbMrlOUVAOvywRJHOuBrCvrgfeD/w");
	if (c.row != POLICY_NONE)
		result = keys_line(p, &q, &c, true, false, "/x", out);
	fclose(out);
	snprintf(answers[n++], ANSWER, "%s", result == -1 ? "deny" : text);
	for (int i = 0; i < COUNT(asked_of); i++) {
		n += answer_roads(p, "alice", asked_of[i], answers + n);
		n += answer_roads(p, "bob", asked_of[i], answers + n);
	}
	free(text);
	free((void *)q.unixgroups);
	unit_check(n <= ANSWERS);
	return n;
}

static struct policy *
large_policy(void)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct policy *p;

	for (int i = 0; i < 220; i++)
		fprintf(out, "user u%d comment \"%0*d\"\n", i, 500, i);
	fputs(statements, out);
	fclose(out);
	p = unit_policy(text);
	free(text);
	return p;
}

START_TEST(damage_changes_no_answer)
{
	static char intact[ANSWERS][ANSWER], got[ANSWERS][ANSWER];
	struct policy *saved = large_policy(), *p;
	size_t size, n, seen = 0, refused = 0, allowed = 0;
	char *bytes = image_of(saved, &size);
	int fd;

	ck_assert_uint_gt(size, 5 * CHUNK);
	write_file(bytes, size);
	fd = open(path, O_WRONLY);
	p = open_good();
	n = answer_all(p, intact);
	policy_free(p);
	for (size_t i = 0; i < n; i++)
		allowed += strcmp(intact[i], "deny") != 0;
	ck_assert_uint_gt(allowed, 5);
	ck_assert_str_ne(intact[0], "deny");
	for (size_t at = 6 * (size_t)_i; at < size; at += 24) {
		char byte = (char)(bytes[at] ^ (1 + at * 37 % 255));

		unit_check(pwrite(fd, &byte, 1, (off_t)at) == 1);
		if (policy_open(path, geteuid(), &p) == POLICY_OK) {
			answer_all(p, got);
			for (size_t i = 0; i < n; i++) {
				if (strcmp(got[i], intact[i]) == 0)
					continue;
				unit_check(policy_damaged(p));
				if (strcmp(got[i], "deny") != 0)
					ck_abort_msg("byte %zu: %s, not %s",
					    at, got[i], intact[i]);
			}
			seen += !policy_damaged(p);
			refused += policy_damaged(p);
			policy_free(p);
		}
		unit_check(pwrite(fd, bytes + at, 1, (off_t)at) == 1);
	}
	close(fd);
	/* Damage in a chunk that no answer rests on plays no part. */
	ck_assert_uint_gt(seen, CHUNK / 24);
	ck_assert_uint_gt(refused, CHUNK / 24);
	policy_free(saved);
	free(bytes);
}
END_TEST

/* Each part of the large image in the place of another. */
START_TEST(swapped_chunks_change_no_answer)
{
	static char intact[ANSWERS][ANSWER], got[ANSWERS][ANSWER];
	struct policy *saved = large_policy(), *p;
	size_t size, n, from = sizeof(struct image_header), chunks;
	char *bytes = image_of(saved, &size), *other = malloc(size);

	write_file(bytes, size);
	p = open_good();
	n = answer_all(p, intact);
	policy_free(p);
	chunks = (size - from) / CHUNK;
	for (size_t a = 0; a < chunks; a++) {
		for (size_t b = 0; b < chunks; b++) {
			memcpy(other, bytes, size);
			memcpy(other + from + a * CHUNK,
			    bytes + from + b * CHUNK, CHUNK);
			memcpy(other + from + b * CHUNK,
			    bytes + from + a * CHUNK, CHUNK);
			write_file(other, size);
			p = open_good();
			answer_all(p, got);
			for (size_t i = 0; i < n; i++)
				unit_check(strcmp(got[i], intact[i]) == 0 ||
				    strcmp(got[i], "deny") == 0);
			unit_check(policy_verify(p) == (a == b));
			policy_free(p);
		}
	}
	policy_free(saved);
	free(bytes);
	free(other);
}
END_TEST

/*
 * Rows that are not there.
 */
static void
touch_row(const struct policy *p)
{
	unit_check(policy_user(p, p->table[PT_USERS].n)->name == 0);
}

static void
touch_last_row(const struct policy *p)
{
	unit_check(policy_rule(p, UINT32_MAX)->name == 0);
}

static void
touch_string(const struct policy *p)
{
	unit_check(*policy_string(p, p->table[PT_STRINGS].n) == '\0');
}

static void
touch_range(const struct policy *p)
{
	struct policy_range r = {0, p->table[PT_NETS].n + 1};

	unit_check(policy_clip(p, PT_NETS, r).n == 0);
}

static void
touch_range_that_wraps(const struct policy *p)
{
	struct policy_range r = {2, UINT32_MAX};

	unit_check(policy_clip(p, PT_NETS, r).n == 0);
}

static void
touch_far_range(const struct policy *p)
{
	struct policy_range r = {p->table[PT_NETS].n + 1, 0};

	unit_check(policy_clip(p, PT_NETS, r).first == 0);
}

static void (*const touches[])(const struct policy *) = {touch_row,
    touch_last_row, touch_string, touch_range, touch_range_that_wraps,
    touch_far_range};

START_TEST(missing_row_is_damage)
{
	struct policy *p = open_good(), *heap = padded_policy(0);
	struct policy_request q = request_of(p, "alice", "10.2.0.10");
	struct policy_range whole = {0, p->table[PT_NETS].n},
			    none = {p->table[PT_NETS].n, 0};
	struct policy_verdict v;

	ck_assert_uint_eq(policy_clip(p, PT_NETS, whole).n, whole.n);
	ck_assert_uint_eq(policy_clip(p, PT_NETS, none).first, none.first);
	ck_assert(!policy_damaged(p));
	touches[_i](p);
	ck_assert(policy_damaged(p));
	policy_evaluate(p, &q, &v);
	ck_assert_int_eq(v.action, ACTION_DENY);
	ck_assert_int_eq(v.reason, REASON_DAMAGED);
	ck_assert_uint_eq(v.rule, POLICY_NONE);
	touches[_i](heap);
	ck_assert(!policy_damaged(heap));
	free((void *)q.unixgroups);
	policy_free(heap);
	policy_free(p);
}
END_TEST

/*
 * Checksums that are right about what is wrong.
 */
static void
resum(char *bytes)
{
	struct image_header *h = (void *)bytes;
	uint64_t *sums = (void *)(bytes + h->sums);

	for (uint64_t i = 0; i < h->nsums; i++) {
		size_t at = sizeof(*h) + i * CHUNK;
		size_t size = h->sums - at < CHUNK ? h->sums - at : CHUNK;

		sums[i] = image_checksum(bytes + at, size, i);
	}
	h->sum = image_header_sum(h, sums);
}

static void
ask_roads(const struct policy *p, const char *user, const char *text)
{
	struct policy_request q = request_of(p, user, "192.0.2.1");
	struct addr from = q.addr;
	struct target asked;
	struct decision d;

	q.from = &from;
	unit_check(target_parse(&asked, text, NULL));
	for (int road = 0; road < ROAD_COUNT; road++) {
		q.road = (enum policy_road)road;
		decide(p, &q, &asked, NULL, 0, &d);
		if (d.lookup)
			decide(p, &q, &asked, &q.addr, 1, &d);
		unit_check(!policy_damaged(p) ||
		    (d.action == ACTION_DENY && !d.lookup));
		if (d.action == ACTION_ALLOW && d.n > 0)
			decide_end(p, &q, &asked, &d.choices[0], d.path);
	}
	free((void *)q.unixgroups);
}

/* Ask everything that a plug-in asks; none of it may crash. */
static void
use(const struct policy *p, FILE *null)
{
	static const char *const targets[] = {"web1:22", "10.2.0.10:80",
	    "10.9.1.1:22", "a.dev.example:22", "rtu:2222", "metr",
	    "/run/m.sock", "[64:ff9b::a02:a]:22"};
	static const char *const users[] = {"alice", "bob", "carol", "none"};
	struct policy_request q = request_of(p, "alice", "10.2.0.10");

	for (int i = 0; i < COUNT(targets); i++)
		ask_roads(p, users[i % COUNT(users)], targets[i]);
	for (uint32_t i = 0; i < 2; i++) {
		const struct policy_key *key = policy_key(p, i);
		struct credential c = {.type = policy_string(p, key->type),
		    .blob = policy_string(p, key->blob),
		    .row = i,
		    .principal = i == 0 ? NULL : "alice"};

		q.user = key->owner;
		keys_line(p, &q, &c, true, false, "/x", null);
	}
	policy_has_person(p, &q, policy_ca(p, 0)->who);
	policy_has_account(p, &q);
	keys_find(p, "alice", "ssh-ed25519", KEY,
	    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	policy_account_shared(p, "jump");
	decide_contact(p);
	decide_zone(p);
	free((void *)q.unixgroups);
}

static uint32_t
wrong_value(uint64_t *seed, uint32_t old)
{
	switch (unit_random(seed, 6)) {
	case 0:
		return unit_random(seed, UINT32_MAX);
	case 1:
		return UINT32_MAX - unit_random(seed, 3);
	case 2:
		return old + 1;
	case 3:
		return old - 1;
	case 4:
		return old ^ 1U << unit_random(seed, 32);
	default:
		return unit_random(seed, 64);
	}
}

/* Change a few words of the tables, or of where and how long they are. */
static void
corrupt(char *bytes, uint64_t *seed)
{
	struct image_header *h = (void *)bytes;
	uint32_t *words = (void *)bytes;
	uint32_t n = 1 + unit_random(seed, 8);
	int t = (int)unit_random(seed, PT_COUNT);

	while (n-- > 0) {
		uint32_t at = (uint32_t)sizeof(*h) / 4 + unit_random(seed,
		    (uint32_t)(h->sums - sizeof(*h)) / 4);

		words[at] = wrong_value(seed, words[at]);
	}
	if (unit_random(seed, 4) == 0)
		h->table[t].n += 1 + unit_random(seed, 4);
	if (unit_random(seed, 8) == 0)
		h->table[t].n = (uint32_t)(h->sums - h->table[t].offset) /
		    h->table[t].row_size;
	if (unit_random(seed, 8) == 0)
		h->table[t].offset = h->sums -
		    (uint64_t)h->table[t].n * h->table[t].row_size / 8 * 8;
	resum(bytes);
}

START_TEST(wrong_index_does_not_crash)
{
	char *bytes = malloc(image_size);
	uint64_t seed = (uint64_t)_i + 1;
	FILE *null = fopen("/dev/null", "w");
	int opened = 0;

	for (int i = 0; i < CORRUPTIONS; i++) {
		struct policy *p = NULL;

		memcpy(bytes, image, image_size);
		corrupt(bytes, &seed);
		write_file(bytes, image_size);
		if (policy_open(path, geteuid(), &p) != POLICY_OK)
			continue;
		opened++;
		use(p, null);
		unit_check(!policy_damaged(p) ||
		    action_of(p) == ACTION_DENY);
		policy_free(p);
	}
	ck_assert_int_gt(opened, CORRUPTIONS / 2);
	fclose(null);
	free(bytes);
}
END_TEST

/* Each word of the tables in turn is the largest there is. */
START_TEST(each_index_is_bounded)
{
	static const uint32_t values[] = {UINT32_MAX, 0x7fffffff, 4096, 0};
	const struct image_header *h = (const void *)image;
	char *bytes = malloc(image_size);
	FILE *null = fopen("/dev/null", "w");

	memcpy(bytes, image, image_size);
	for (size_t at = sizeof(*h); at < h->sums; at += 4) {
		struct policy *p;

		memcpy(bytes + at, &values[_i], 4);
		resum(bytes);
		write_file(bytes, image_size);
		p = open_good();
		use(p, null);
		policy_free(p);
		memcpy(bytes + at, image + at, 4);
	}
	fclose(null);
	free(bytes);
}
END_TEST

/* A header whose sum is right, but which is wrong. */
static void
other_version(struct image_header *h)
{
	h->version++;
}

static void
older_version(struct image_header *h)
{
	h->version = IMAGE_OLDEST - 1;
}

static void
other_tables(struct image_header *h)
{
	h->tables--;
}

static void
other_magic(struct image_header *h)
{
	h->magic[7] = ' ';
}

static void
other_size(struct image_header *h)
{
	h->size++;
}

static void
more_sums(struct image_header *h)
{
	h->nsums++;
}

static void
fewer_sums(struct image_header *h)
{
	h->nsums--;
}

static void
odd_sums(struct image_header *h)
{
	h->sums++;
}

static void
far_sums(struct image_header *h)
{
	h->sums = UINT64_MAX - 7;
}

static void
early_sums(struct image_header *h)
{
	h->sums = 8;
}

static void
row_size(struct image_header *h)
{
	h->table[PT_USERS].row_size--;
}

static void
odd_table(struct image_header *h)
{
	h->table[PT_USERS].offset += 4;
}

static void
far_table(struct image_header *h)
{
	h->table[PT_USERS].offset = h->sums + 8;
}

static void
table_in_header(struct image_header *h)
{
	h->table[PT_IX_TAG].offset = sizeof(*h) - 8;
}

static void
long_table(struct image_header *h)
{
	h->table[PT_USERS].n = UINT32_MAX;
}

static void
table_into_sums(struct image_header *h)
{
	h->table[PT_IX_TAG].n += 16;
}

static void
no_meta(struct image_header *h)
{
	h->table[PT_META].n = 0;
}

static void
two_metas(struct image_header *h)
{
	h->table[PT_META].n = 2;
}

static void
no_strings(struct image_header *h)
{
	h->table[PT_STRINGS].n = 0;
}

static void
endless_name(struct image_header *h)
{
	memset(h->loaded_by, 'x', sizeof(h->loaded_by));
}

/* Each word of the header at the edges of what it can be, and its sum right. */
START_TEST(header_word_does_not_crash)
{
	static const uint64_t values[] = {0, 1, 7, 8, CHUNK, 0x7fffffff,
	    0xffffffff, 0x100000000, INT64_MAX, UINT64_MAX - 7, UINT64_MAX};
	char *bytes = malloc(image_size);
	struct image_header *h = (void *)bytes;
	FILE *null = fopen("/dev/null", "w");
	struct policy *p;
	int opened = 0;

	for (size_t at = 0; at < offsetof(struct image_header, sum); at += 4) {
		for (int i = 0; i < COUNT(values) * 3; i++) {
			uint64_t value = values[i / 3];
			size_t n = i % 3 == 2 && at % 8 == 0 ? 8 : 4;

			memcpy(bytes, image, image_size);
			if (i % 3 == 1) {
				memcpy(&value, bytes + at, n);
				value += values[i / 3];
			}
			memcpy(bytes + at, &value, n);
			if (h->sums % 8 == 0 && h->sums <= image_size &&
			    h->nsums <= (image_size - h->sums) / 8)
				h->sum = image_header_sum(
				    h, (void *)(bytes + h->sums));
			write_file(bytes, image_size);
			if (policy_open(path, geteuid(), &p) != POLICY_OK)
				continue;
			opened++;
			use(p, null);
			policy_free(p);
		}
	}
	ck_assert_int_gt(opened, 100);
	fclose(null);
	free(bytes);
}
END_TEST

static const struct {
	void (*change)(struct image_header *);
	enum policy_error error;
} headers[] = {
    {other_version, POLICY_VERSION},
    {older_version, POLICY_VERSION},
    {other_tables, POLICY_VERSION},
    {other_magic, POLICY_BROKEN},
    {other_size, POLICY_BROKEN},
    {more_sums, POLICY_BROKEN},
    {fewer_sums, POLICY_BROKEN},
    {odd_sums, POLICY_BROKEN},
    {far_sums, POLICY_BROKEN},
    {early_sums, POLICY_BROKEN},
    {row_size, POLICY_BROKEN},
    {odd_table, POLICY_BROKEN},
    {far_table, POLICY_BROKEN},
    {table_in_header, POLICY_BROKEN},
    {long_table, POLICY_BROKEN},
    {table_into_sums, POLICY_BROKEN},
    {no_meta, POLICY_BROKEN},
    {two_metas, POLICY_BROKEN},
    {no_strings, POLICY_BROKEN},
    {endless_name, POLICY_BROKEN},
};

START_TEST(header_is_checked)
{
	char *bytes = calloc(1, image_size + CHUNK); /* more sums end in it */
	struct image_header *h = (void *)bytes;
	const uint64_t *sums;
	struct policy *p = NULL;

	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, image, image_size);
	sums = (void *)(bytes + h->sums);
	headers[_i].change(h);
	if (h->nsums <= image_size / CHUNK + 1)
		h->sum = image_header_sum(h, sums);
	write_file(bytes, image_size);
	ck_assert_int_eq(
	    policy_open(path, geteuid(), &p), headers[_i].error);
	ck_assert_ptr_null(p);
	free(bytes);
}
END_TEST

/*
 * Files that are not an image of ours.
 */
static void
group_may_write(void)
{
	ck_assert_int_eq(chmod(path, 0660), 0);
}

static void
others_may_write(void)
{
	ck_assert_int_eq(chmod(path, 0642), 0);
}

static void
others_may_read(void)
{
	ck_assert_int_eq(chmod(path, 0644), 0);
}

static void
is_symlink(void)
{
	char real[PATH_MAX + 8];

	snprintf(real, sizeof(real), "%s.real", path);
	ck_assert_int_eq(rename(path, real), 0);
	ck_assert_int_eq(symlink(real, path), 0);
}

static void
is_dangling(void)
{
	unlink(path);
	ck_assert_int_eq(symlink("nowhere", path), 0);
}

static void
is_fifo(void)
{
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0640), 0);
}

static void
is_directory(void)
{
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0750), 0);
}

static void
is_socket(void)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(path);
	ck_assert_uint_lt(strlen(path), sizeof(un.sun_path));
	strcpy(un.sun_path, path);
	ck_assert_int_eq(bind(fd, (void *)&un, sizeof(un)), 0);
	close(fd);
}

static void
is_missing(void)
{
	unlink(path);
}

static void
is_empty(void)
{
	ck_assert_int_eq(truncate(path, 0), 0);
}

static void
is_text(void)
{
	char text[PAGE * 2];

	memset(text, 'x', sizeof(text));
	write_file(text, sizeof(text));
}

static void
is_below_a_file(void)
{
	strcat(path, "/policy.db");
}

static const struct {
	void (*make)(void);
	enum policy_error error;
} kinds[] = {
    {others_may_read, POLICY_OK},
    {group_may_write, POLICY_UNSAFE},
    {others_may_write, POLICY_UNSAFE},
    {is_symlink, POLICY_UNSAFE},
    {is_dangling, POLICY_UNSAFE},
    {is_fifo, POLICY_UNSAFE},
    {is_directory, POLICY_UNSAFE},
    {is_socket, POLICY_SYSTEM},
    {is_missing, POLICY_MISSING},
    {is_empty, POLICY_BROKEN},
    {is_text, POLICY_BROKEN},
    {is_below_a_file, POLICY_SYSTEM},
};

START_TEST(file_is_checked)
{
	char command[PATH_MAX + 8];
	struct policy *p = NULL;

	kinds[_i].make();
	ck_assert_int_eq(policy_open(path, geteuid(), &p), kinds[_i].error);
	ck_assert((p != NULL) == (kinds[_i].error == POLICY_OK));
	policy_free(p);
	snprintf(command, sizeof(command), "rm -r %s/*", dir);
	if (kinds[_i].make != is_missing)
		ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(owner_is_checked)
{
	struct policy *p = NULL;

	ck_assert_int_eq(
	    policy_open(path, geteuid() + 1, &p), POLICY_UNSAFE);
	ck_assert_ptr_null(p);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(path, 12345, 0), 0);
	ck_assert_int_eq(policy_open(path, 0, &p), POLICY_UNSAFE);
	ck_assert_int_eq(policy_open(path, 12345, &p), POLICY_OK);
	policy_free(p);
}
END_TEST

START_TEST(errors_have_texts)
{
	errno = ENOSPC;
	for (int i = POLICY_OK; i <= POLICY_SYSTEM; i++) {
		for (int n = POLICY_OK; n < i; n++)
			ck_assert_str_ne(policy_strerror(i),
			    policy_strerror(n));
	}
	ck_assert_str_eq(policy_strerror(POLICY_SYSTEM), strerror(ENOSPC));
}
END_TEST

static Suite *
db_suite(void)
{
	Suite *s = suite_create("db");
	TCase *t = tcase_create("all");

	tcase_add_unchecked_fixture(t, make_image, free_image);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 240);
	tcase_add_test(t, image_is_what_was_saved);
	tcase_add_test(t, image_finds_names);
	tcase_add_test(t, each_name_is_found);
	tcase_add_test(t, hashes_are_of_the_format);
	tcase_add_test(t, names_of_people);
	tcase_add_test(t, end_of_an_image);
	tcase_add_test(t, save_tells_errors);
	tcase_add_loop_test(t, flipped_byte_is_found, 0, 4);
	tcase_add_test(t, truncated_image_is_refused);
	tcase_add_test(t, longer_image_is_refused);
	tcase_add_test(t, swapped_words_are_found);
	tcase_add_test(t, large_image_is_verified);
	tcase_add_loop_test(t, damage_changes_no_answer, 0, 4);
	tcase_add_test(t, swapped_chunks_change_no_answer);
	tcase_add_test(t, header_word_does_not_crash);
	tcase_add_loop_test(t, missing_row_is_damage, 0, COUNT(touches));
	tcase_add_loop_test(t, wrong_index_does_not_crash, 0, 2);
	tcase_add_loop_test(t, each_index_is_bounded, 0, 4);
	tcase_add_loop_test(t, header_is_checked, 0, COUNT(headers));
	tcase_add_loop_test(t, file_is_checked, 0, COUNT(kinds));
	tcase_add_test(t, owner_is_checked);
	tcase_add_test(t, errors_have_texts);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return unit_run(db_suite());
}
