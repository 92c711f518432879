/* SPDX-License-Identifier: ISC */
/*
 * jumpctl doctor: what the suite needs of sshd for an account, and which line
 * says otherwise.
 */
#include "doctor_needs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "factors.h"

#define AUTHKEYS                                                               \
	LIBEXECDIR "/jump-authkeys %u %t %k %f|" LIBEXECDIR                    \
		   "/jump-authkeys --mfa %u %t %k %f"
#define SHELL LIBEXECDIR "/jump-shell"

enum { VALUE_MAX = 600, LIST_MAX = 4096, PLACE_MAX = 512 };

/*
 * What the suite needs of sshd for every account.  Source: the files in
 * sshd_config.d/, which say why.
 */
static bool methods_fit(const char *value, const char *want);
static bool variables_fit(const char *value, const char *want);
static bool has_all(const char *value, const char *want);
static bool is_above_zero(const char *value, const char *want);

static const struct need {
	const char *keyword;
	const char *want; /* values, with | between them */
	enum level level; /* of anything else */
	bool (*fits)(const char *value, const char *want);
} needs[] = {
    {"AuthorizedKeysCommandUser", "_jump", LEVEL_FAIL, NULL},
    {"PubkeyAuthentication", "yes", LEVEL_FAIL, NULL},
    {"PasswordAuthentication", "no", LEVEL_FAIL, NULL},
    {"KbdInteractiveAuthentication", "no", LEVEL_FAIL, NULL},
    {"HostbasedAuthentication", "no", LEVEL_FAIL, NULL},
    {"GSSAPIAuthentication", "no", LEVEL_FAIL, NULL},
    {"AuthorizedKeysFile", "none", LEVEL_FAIL, NULL},
    {"TrustedUserCAKeys", "none", LEVEL_FAIL, NULL},
    {"AuthorizedPrincipalsFile", "none", LEVEL_FAIL, NULL},
    {"ChrootDirectory", "none", LEVEL_FAIL, NULL},
    {"PermitUserRC", "no", LEVEL_FAIL, NULL},
    {"PermitUserEnvironment", "no", LEVEL_FAIL, NULL},
    {"AcceptEnv", "JUMP_TICKET", LEVEL_FAIL, variables_fit},
    {"PermitTunnel", "no", LEVEL_FAIL, NULL},
    {"X11Forwarding", "no", LEVEL_FAIL, NULL},
    {"LogLevel", "VERBOSE|DEBUG|DEBUG1|DEBUG2|DEBUG3", LEVEL_WARN, NULL},
    {"MaxSessions", "10", LEVEL_WARN, is_above_zero},
    {"RefuseConnection", "no", LEVEL_FAIL, NULL},
};

/* Of people, with own or shared accounts.  Source: 50- and 60-jump*.conf. */
static const struct need people_needs[] = {
    {"AuthorizedKeysCommand", AUTHKEYS, LEVEL_FAIL, NULL},
    {"AuthenticationMethods", "publickey", LEVEL_FAIL, methods_fit},
    {"ExposeAuthInfo", "yes", LEVEL_WARN, NULL},
    {"PermitTTY", "yes", LEVEL_WARN, NULL},
    {"AllowTcpForwarding", "local", LEVEL_FAIL, NULL},
    {"AllowStreamLocalForwarding", "no", LEVEL_FAIL, NULL},
    {"DisableForwarding", "no", LEVEL_FAIL, NULL},
    {"PermitOpen", "any", LEVEL_WARN, NULL},
    {"PermitListen", "none", LEVEL_FAIL, NULL},
    {"GatewayPorts", "no", LEVEL_FAIL, NULL},
    {"LogVerbose",
	"*:server_request_direct_tcpip():*|*:channel_post_connecting():*|"
	"*:channel_free():*",
	LEVEL_WARN, has_all},
    {"ClientAliveInterval", "30", LEVEL_WARN, is_above_zero},
    {"ClientAliveCountMax", "3", LEVEL_WARN, is_above_zero},
};

/* Of devices.  Source: 70-jump-devices.conf. */
static const struct need device_needs[] = {
    {"AuthorizedKeysCommand", LIBEXECDIR "/jump-authkeys --devices %u %t %k %f",
	LEVEL_FAIL, NULL},
    {"AuthenticationMethods", "publickey", LEVEL_FAIL, NULL},
    {"ForceCommand", "none", LEVEL_FAIL, NULL},
    {"PermitTTY", "no", LEVEL_WARN, NULL},
    {"AllowTcpForwarding", "remote", LEVEL_FAIL, NULL},
    {"DisableForwarding", "no", LEVEL_FAIL, NULL},
    {"PermitOpen", "none", LEVEL_FAIL, NULL},
    {"PermitListen", "any", LEVEL_FAIL, NULL},
    {"GatewayPorts", "clientspecified", LEVEL_FAIL, NULL},
    {"StreamLocalBindMask", "0117", LEVEL_FAIL, NULL},
    {"StreamLocalBindUnlink", "yes", LEVEL_FAIL, NULL},
    {"AllowAgentForwarding", "no", LEVEL_FAIL, NULL},
    {"LogVerbose",
	"*:channel_setup_fwd_listener_tcpip():*|"
	"*:channel_setup_fwd_listener_streamlocal():*|*:channel_free():*",
	LEVEL_WARN, has_all},
    {"UnusedConnectionTimeout", "none", LEVEL_FAIL, NULL},
    {"ChannelTimeout", "none", LEVEL_WARN, NULL},
    {"ClientAliveInterval", "15", LEVEL_FAIL, is_above_zero},
    {"ClientAliveCountMax", "3", LEVEL_FAIL, is_above_zero},
};

/* Without paths nobody needs it, and it permits sockets anywhere. */
static const struct need paths = {
    "AllowStreamLocalForwarding", "remote", LEVEL_FAIL, NULL};
static const struct need no_paths = {
    "AllowStreamLocalForwarding", "remote|no", LEVEL_FAIL, NULL};

static const struct need own_command = {
    "ForceCommand", SHELL, LEVEL_FAIL, NULL};
static const struct need shared_command = {
    "ForceCommand", "none", LEVEL_FAIL, NULL};

/* What a key line permits; whose agent it is, a shared account cannot tell. */
static const struct need own_agent = {
    "AllowAgentForwarding", "yes", LEVEL_WARN, NULL};
static const struct need shared_agent = {
    "AllowAgentForwarding", "no", LEVEL_FAIL, NULL};

/* Whether one of the values of want is the value. */
static bool
is_one_of(const char *value, const char *want)
{
	size_t size = strlen(value);

	for (;; want++) {
		if (strncasecmp(want, value, size) == 0 &&
		    (want[size] == '|' || want[size] == '\0'))
			return true;
		want = strchr(want, '|');
		if (want == NULL)
			return false;
	}
}

/*
 * Each alternative begins with a public key, and has no other: sshd(8) would
 * keep to the forwards of the first, and the note about the login be of the
 * last.
 */
static bool
methods_fit(const char *value, const char *want)
{
	size_t size = strlen(want);
	const char *method;

	do {
		value += strspn(value, " ");
		if (strncmp(value, want, size) != 0 ||
		    strchr(", ", value[size]) == NULL)
			return false;
		method = strstr(value + size, want);
		value = strchr(value, ' ');
		if (method != NULL && (value == NULL || method < value))
			return false;
	} while (value != NULL);
	return true;
}

/*
 * Colours, and names of languages, do not change what a program without locales
 * does; and what the snippets had before is the name of nothing.
 */
static bool
variables_fit(const char *value, const char *want)
{
	return strcmp(value, want) == 0 ||
	    strcmp(value, "JUMP_ACCEPTS_NO_VARIABLES") == 0 ||
	    strcmp(value, "NO_COLOR") == 0 || strcmp(value, "LANG") == 0 ||
	    strncmp(value, "LC_", 3) == 0;
}

static bool
has_all(const char *value, const char *want)
{
	for (const char *end; *want != '\0'; want = end + (*end == '|')) {
		char one[64];

		end = want + strcspn(want, "|");
		snprintf(one, sizeof(one), "%.*s", (int)(end - want), want);
		if (strstr(value, one) == NULL)
			return false;
	}
	return true;
}

static bool
is_above_zero(const char *value, const char *want)
{
	(void)want;
	return atoi(value) > 0;
}

/*
 * One account.
 */
static const char *
snippet(const struct visit *v)
{
	static const char *const files[] = {[ROLE_OWN] = "60-jump.conf",
	    [ROLE_SHARED] = "50-jump-shared.conf",
	    [ROLE_DEVICE] = "70-jump-devices.conf"};

	return files[v->role];
}

/* Whether the snippets have a line of it, which helps if it is read first. */
static bool
is_shipped(const char *keyword)
{
	static const char *const others[] = {"ChrootDirectory",
	    "DisableForwarding", "MaxSessions", "PermitOpen",
	    "PermitUserEnvironment", "PubkeyAuthentication",
	    "RefuseConnection"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(others[i], keyword) == 0)
			return false;
	}
	return true;
}

/* Whether a line is in a file that is read behind ours, which then has none. */
static bool
is_behind(const char *place, const char *file, const char *keyword)
{
	const char *name = strrchr(place, '/');

	return name != NULL && strstr(place, "/sshd_config.d/") != NULL &&
	    !sshd_last_wins(keyword) && strcmp(name + 1, file) > 0;
}

/* Have a file of the folder read behind ours, or before it. */
static bool
move_remedy(const char *place, bool before, char *buf, size_t size)
{
	static const char folder[] = "/etc/ssh/sshd_config.d/";
	const char *name = place + strlen(folder), *rest;
	int length;

	if (strncmp(place, folder, strlen(folder)) != 0)
		return false;
	rest = name + strspn(name, "0123456789");
	rest += *rest == '-';
	length = (int)strcspn(rest, ":");
	snprintf(buf, size,
	    "mv %s%.*s%.*s %s%s-%.*s, or delete that line; reload sshd", folder,
	    (int)(rest - name), name, length, rest, folder,
	    before ? "00" : "90", length, rest);
	return true;
}

/* What to do about a line that is not what it should be. */
static void
need_remedy(const struct visit *v, const char *keyword, const char *place,
    char *buf, size_t size)
{
	const char *file = snippet(v);
	char there[PLACE_MAX];

	snprintf(there, sizeof(there), "/etc/ssh/sshd_config.d/%s", file);
	if (!is_shipped(keyword))
		snprintf(buf, size, "delete that line; reload sshd");
	else if (*place == '\0' && access(there, F_OK) == 0)
		snprintf(buf, size,
		    "begin sshd_config with: Include "
		    "/etc/ssh/sshd_config.d/*.conf; reload sshd");
	else if (strstr(place, file) != NULL || is_behind(place, file, keyword))
		snprintf(buf, size, "put %s/%s back as it is shipped", DATADIR,
		    file);
	else if (*place == '\0')
		snprintf(buf, size,
		    "put %s/%s into /etc/ssh/sshd_config.d, "
		    "and reload sshd",
		    DATADIR, file);
	else if (!move_remedy(place, sshd_last_wins(keyword), buf, size))
		snprintf(buf, size,
		    "have %s read %s, or delete that line; reload sshd", file,
		    sshd_last_wins(keyword) ? "last" : "first");
}

static void
check_value(const struct visit *v, const struct need *need, const char *value)
{
	char place[PLACE_MAX] = "", remedy[PLACE_MAX];

	if (need->fits == NULL ? is_one_of(value, need->want)
			       : need->fits(value, need->want))
		return;
	sshd_place(v->answer, need->keyword, place, sizeof(place));
	need_remedy(v, need->keyword, place, remedy, sizeof(remedy));
	found(v->d, need->level, v->account->name,
	    *place == '\0' ? "sshd's own default" : place, remedy,
	    "%s is %s, want %s", need->keyword, value, need->want);
}

static void
check_need(const struct visit *v, const struct need *need)
{
	char value[VALUE_MAX];
	unsigned n = 0;

	for (; sshd_value(v->answer, need->keyword, n, value, sizeof(value));
	     n++)
		check_value(v, need, value);
	/* Lines that sshd does not print are none, and some it has not got. */
	if (n == 0 &&
	    (need->fits == methods_fit || need->fits == has_all ||
		is_one_of("none", need->want)))
		check_value(v, need, "none");
}

/* Whether a line of our block is in force, where others have taken the rest. */
static bool
is_placed(const struct visit *v)
{
	char place[PLACE_MAX];

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (sshd_place(
			v->answer, needs[i].keyword, place, sizeof(place)) &&
		    strstr(place, snippet(v)) != NULL)
			return true;
	}
	return false;
}

/* Whether any of what we need is there; if not, say that alone. */
static bool
is_ours(const struct visit *v)
{
	char value[VALUE_MAX], remedy[PLACE_MAX];

	if (sshd_value(
		v->answer, "AuthorizedKeysCommand", 0, value, sizeof(value)) &&
	    strstr(value, "jump-authkeys") != NULL)
		return true;
	if (sshd_value(v->answer, "ForceCommand", 0, value, sizeof(value)) &&
	    strstr(value, "jump-shell") != NULL)
		return true;
	if (sshd_value(v->answer, "AuthorizedKeysCommandUser", 0, value,
		sizeof(value)) &&
	    strcmp(value, "_jump") == 0)
		return true;
	if (is_placed(v))
		return true;
	if (v->role == ROLE_DEVICE && !account_in(v->account, "jump-devices"))
		return false; /* said with what else the account lacks */
	if (v->role == ROLE_OWN && !account_in(v->account, "jump"))
		found(v->d, LEVEL_FAIL, v->account->name, NULL,
		    "usermod -a -G jump NAME",
		    "in the policy, but not in the group jump: sshd holds "
		    "this account to nothing");
	else {
		need_remedy(v, "", "", remedy, sizeof(remedy));
		found(v->d, LEVEL_FAIL, v->account->name, NULL, remedy,
		    "no block of %s is in force: sshd holds this account to "
		    "nothing",
		    snippet(v));
	}
	return false;
}

/*
 * Whether a method that is off as shipped is a second step that this account
 * must take after its key.
 */
static bool
is_second_step(const struct visit *v, const char *keyword)
{
	static const char *const steps[][2] = {
	    {"PasswordAuthentication", ",password"},
	    {"KbdInteractiveAuthentication", ",keyboard-interactive"},
	    {"HostbasedAuthentication", ",hostbased"},
	    {"GSSAPIAuthentication", ",gssapi-with-mic"},
	};
	char methods[VALUE_MAX];

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i][0], keyword) == 0)
			return sshd_value(v->answer, "AuthenticationMethods", 0,
				   methods, sizeof(methods)) &&
			    strstr(methods, steps[i][1]) != NULL;
	}
	return false;
}

static void
check_needs(const struct visit *v, const struct need *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v->role == ROLE_DEVICE ||
		    !is_second_step(v, list[i].keyword))
			check_need(v, &list[i]);
	}
}

/* What --mfa says must be so. */
static void
check_step(const struct visit *v)
{
	char value[VALUE_MAX], place[PLACE_MAX] = "";

	if (!sshd_value(
		v->answer, "AuthorizedKeysCommand", 0, value, sizeof(value)) ||
	    strstr(value, " --mfa ") == NULL)
		return;
	strcpy(value, "any");
	sshd_value(v->answer, "AuthenticationMethods", 0, value, sizeof(value));
	if (factors_demanded(value))
		return;
	sshd_place(v->answer, "AuthenticationMethods", place, sizeof(place));
	found(v->d, LEVEL_FAIL, v->account->name, place,
	    "have the file of jumpctl export sshd read before that line; "
	    "reload sshd",
	    "jump-authkeys has --mfa, but AuthenticationMethods is %s: mfa is "
	    "met by a key alone",
	    value);
}

/* Whether a list of algorithms has one for keys of this type. */
static bool
has_algorithm(const char *list, const char *type)
{
	size_t size = strlen(type);

	if (strcmp(type, "ssh-rsa") == 0)
		return has_algorithm(list, "rsa-sha2-512") ||
		    has_algorithm(list, "rsa-sha2-256");
	for (const char *at = list; at != NULL; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, type, size) == 0 &&
		    (at[size] == ',' || at[size] == '\0'))
			return true;
	}
	return false;
}

/* What keys of the policy have, sshd is to take. */
static void
check_keys(const struct visit *v)
{
	static const char keyword[] = "PubkeyAcceptedAlgorithms";
	const struct policy *p = v->d->policy;
	char list[LIST_MAX], place[PLACE_MAX] = "";

	if (p == NULL ||
	    !sshd_value(v->answer, keyword, 0, list, sizeof(list)))
		return;
	sshd_place(v->answer, keyword, place, sizeof(place));
	for (uint32_t i = 0; i < p->table[PT_KEYS].n; i++) {
		const struct policy_key *key = policy_key(p, i);
		const char *type = policy_string(p, key->type);

		if (key->kind == KEY_USER &&
		    strcmp(policy_string(p, policy_user(p, key->owner)->account),
			v->account->name) == 0 &&
		    !has_algorithm(list, type))
			found(v->d, LEVEL_FAIL, v->account->name, place,
			    "add it to that line, or give the users another "
			    "key; reload sshd",
			    "%s has no %s: keys of that type do not get in",
			    keyword, type);
	}
}

static bool
wants_tickets(const struct policy *p)
{
	for (uint32_t i = 0; p != NULL && i < p->table[PT_RULES].n; i++) {
		if (policy_rule(p, i)->obligations & MUST_TICKET)
			return true;
	}
	return false;
}

/* Users are told of the variable, which a snippet of before does not accept. */
static void
check_ticket_variable(const struct visit *v)
{
	char value[VALUE_MAX], remedy[PLACE_MAX];

	if (!wants_tickets(v->d->policy))
		return;
	for (unsigned n = 0;
	     sshd_value(v->answer, "AcceptEnv", n, value, sizeof(value)); n++) {
		if (strcmp(value, "JUMP_TICKET") == 0)
			return;
	}
	snprintf(remedy, sizeof(remedy), "put %s/%s in place; reload sshd",
	    DATADIR, snippet(v));
	found(v->d, LEVEL_WARN, v->account->name, NULL, remedy,
	    "AcceptEnv has no JUMP_TICKET: a ticket counts by "
	    "connect --ticket only");
}

static bool
has_agents(const struct policy *p)
{
	for (uint32_t i = 0; p != NULL && i < p->table[PT_TARGETS].n; i++) {
		if (policy_target(p, i)->flags & TARGET_AGENT)
			return true;
	}
	return false;
}

void
check_device(const struct visit *v)
{
	if (!is_ours(v))
		return;
	check_needs(v, needs, sizeof(needs) / sizeof(needs[0]));
	check_needs(v, device_needs,
	    sizeof(device_needs) / sizeof(device_needs[0]));
	check_keys(v);
	check_need(v,
	    v->d->policy == NULL || policy_has_device_paths(v->d->policy)
		? &paths
		: &no_paths);
}

void
check_in_force(const struct visit *v)
{
	bool shared = v->role == ROLE_SHARED;

	if (!is_ours(v))
		return;
	check_needs(v, needs, sizeof(needs) / sizeof(needs[0]));
	check_needs(v, people_needs,
	    sizeof(people_needs) / sizeof(people_needs[0]));
	check_step(v);
	check_keys(v);
	check_ticket_variable(v);
	check_need(v, shared ? &shared_command : &own_command);
	if (shared)
		check_need(v, &shared_agent);
	else if (has_agents(v->d->policy))
		check_need(v, &own_agent);
}
