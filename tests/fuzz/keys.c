/* SPDX-License-Identifier: ISC */
/*
 * What sshd(8) hands to jump-authkeys: account, type, key and fingerprint, one
 * a line.  A key is found only if every word is the policy's own.
 */
#include "../../jump-authkeys/keys.h"

#include "fuzz.h"

#define BLOB                                                                   \
	"AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

static const char text[] =
    "version 1\nuser alice\nkey alice \"ssh-ed25519 " BLOB "\"\n"
    "host h 10.0.0.1 ssh 22\nallow a: alice to h\n";

static const struct policy *
policy(void)
{
	static struct policy *p;
	struct policy_source source = {"base", text, sizeof(text) - 1};
	struct policy_report report = {0};

	if (p == NULL)
		p = policy_parse(&source, 1, &report);
	must(p != NULL);
	policy_report_clear(&report);
	return p;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size), *rest = line;
	const char *word[4];
	uint32_t key;

	for (int i = 0; i < 4; i++) {
		word[i] = strsep(&rest, "\n");
		if (word[i] == NULL)
			word[i] = "";
	}
	key = keys_find(policy(), word[0], word[1], word[2], word[3]);
	if (key != POLICY_NONE) {
		must(strcmp(word[0], "alice") == 0);
		must(strcmp(word[1], "ssh-ed25519") == 0);
		must(strcmp(word[2], BLOB) == 0);
		must(strncmp(word[3], "SHA256:", 7) == 0);
	}
	free(line);
	return 0;
}
