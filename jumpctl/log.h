/* SPDX-License-Identifier: ISC */
/*
 * jumpctl log: what happened, from lines that anybody may have written.
 *
 *   source -> line -> entry (log_entry.c) -> of its host (log_hosts.c) -> record
 *   (log_record.c) or a line of sshd's (log_sshd.c) -> row (log_join.c, which
 *   remembers logins) -> filter -> printed
 *
 * Strings of an entry, a record and a row point into the line, or into what is
 * remembered: they last until the next line.  They are as they came, and are
 * escaped when they are printed.
 */
#ifndef LOG_H
#define LOG_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct policy;

enum { LOG_LINE = 65536 };	/* room for a line; longer ones are left out */
#define SECOND INT64_C(1000000) /* times are microseconds since the epoch */

/*
 * log_json.c: one flat object.
 */

/* A member: the value of a string, a number or an array of bytes as text, NULL
 * for anything else.  False: it should not be there. */
typedef bool json_member(void *arg, const char *key, char *value, bool number);

/*
 * Read an object, unescaping in place.  Strict: no white space but spaces, no
 * NUL in a string, nothing nested but arrays.  Returns what follows it, or
 * NULL.
 */
char *json_object(char *text, json_member *, void *arg);

/*
 * log_entry.c: a line of a source.
 */
struct log_seen {
	char path[8][256]; /* programs that root ran as sshd; "": none */
};

struct log_entry {
	int64_t time;
	const char *host; /* that the line came from; NULL: it does not say */
	struct log_seen *seen; /* on that host; the host's, or NULL */
	const char *program; /* the identifier; what the sender says */
	pid_t claimed;	     /* the pid that it says, or 0 */
	bool attested;	     /* the kernel told uid, and pid unless it is 0 */
	uid_t uid;
	pid_t pid;
	const char *exe; /* of the process when the daemon looked, or NULL */
	char *message;
};

/*
 * Read a line of journalctl -o json, of the shipped template of rsyslog, or
 * of a traditional file.  Its times may have no year: newest, in seconds, is
 * when the last line was written.  Changes the line.  False if it is none.
 */
bool log_entry_parse(struct log_entry *, char *line, time_t newest);

/* The process that wrote it: by the kernel's word, else by its own. */
pid_t log_entry_pid(const struct log_entry *);

/*
 * log_record.c: the text of one of our records, jump-audit(5).
 */
enum record_field {
	RF_ACTION,
	RF_OUTCOME,
	RF_TYPE,
	RF_USER,
	RF_UID,
	RF_ACCOUNT,
	RF_SOURCE,
	RF_ADDRESS,
	RF_IP,
	RF_PORT,
	RF_SESSION,
	RF_ROAD,
	RF_VERDICT,
	RF_RULE,
	RF_REASON,
	RF_TICKET,
	RF_MFA,
	RF_KEY,
	RF_POLICY,
	RF_WHO,
	RF_NOTE,
	RF_REQUEST,
	RF_CHANGES,
	RF_APPROVAL,
	RF_APPROVER,
	RF_SENT,
	RF_RECEIVED,
	RF_DURATION,
	RF_END,
	RF_LOST,
	RF_PID,
	RF_LISTENER,
	RF_LISTENER_PID,
	RF_SEAL,
	RF_COUNT
};

struct log_record {
	const char *field[RF_COUNT]; /* NULL: it is not there */
};

/* Whether it begins as a record, and if so, whether it is one. */
bool log_record_begins(const char *message);
bool log_record_parse(struct log_record *, char *message);

/* The same without what comes before the JSON. */
bool log_record_read(struct log_record *, char *json);

/* A number of a record, 0 if it is not there. */
uint64_t log_record_number(const struct log_record *, enum record_field);

/*
 * log_sshd.c: what sshd says.  Source: auth.c, sshd.c, serverloop.c,
 * channels.c and packet.c of OpenSSH 9.2 and 10.0.
 */
enum sshd_kind {
	SSHD_ACCEPTED,	/* account, from, key */
	SSHD_CHILD,	/* pid */
	SSHD_ASKED,	/* target, port */
	SSHD_CONNECTED, /* channel, target, port */
	SSHD_UNREACHED, /* channel, reason */
	SSHD_DENIED,	/* target, port */
	SSHD_FREED,	/* channel */
	SSHD_ENDING,	/* reason: what comes before the end of a login */
	SSHD_ENDED,
	SSHD_FAILED,  /* account, from, key */
	SSHD_INVALID, /* account, from: no such account */
	SSHD_BARRED,  /* account, from, reason */
	SSHD_GONE,    /* account, from, or reason: left without a login */
	SSHD_TRIED,   /* account: the key is not for that address */
	SSHD_LISTENS, /* target, port: of -R */
	SSHD_UNBOUND, /* target, port, reason: no, it cannot */
	SSHD_UNHEARD  /* target, port: it may not */
};

struct sshd_line {
	enum sshd_kind kind;
	const char *account, *from, *key, *target, *reason;
	unsigned port, channel;
	pid_t pid;
};

/* Changes the message.  False if it is nothing of that kind. */
bool sshd_line_parse(struct sshd_line *, char *message);

/*
 * A row of the list.
 */
enum log_outcome {
	LOG_LOGIN,
	LOG_LOGOUT,
	LOG_OPEN,
	LOG_CLOSE,
	LOG_LISTEN, /* a device does, for users to reach it */
	LOG_REFUSED,
	LOG_FAILED,
	LOG_ADMIN,
	LOG_REQUEST,
	LOG_FORGED,
	LOG_LOST,
	LOG_DECIDED,
	LOG_OUTCOMES
};

/* From less to more: what is joined has the least of its parts. */
enum log_trust {
	LOG_TRUST_FORGED,  /* another uid or program than it speaks of */
	LOG_TRUST_PROGRAM, /* that uid, but another program was seen */
	LOG_TRUST_NONE,	   /* nothing says that it is of whom it speaks */
	LOG_TRUST_SHIPPED, /* from a file or a host: as they have it, it is good */
	LOG_TRUST_UID,	   /* that uid, and no program was seen */
	LOG_TRUST_KERNEL
};

extern const char *const log_outcome_names[LOG_OUTCOMES];
extern const char *const log_trust_names[];

/* Strings that do not apply are NULL. */
struct log_row {
	int64_t time;
	const char *host; /* of log_hosts.c; not of the line */
	enum log_outcome outcome;
	enum log_trust trust;
	const char *kind; /* event.action, or "sshd" */
	const char *user, *account, *from, *target, *ip, *road, *ref, *rule;
	const char *verdict, *reason, *ticket, *mfa, *key, *policy, *end, *who, *note;
	const char *request, *changes, *approval, *approver;
	const char *claim;	     /* of what is forged */
	const struct log_row *login; /* by which it came, if that is known */
	unsigned port;
	bool asked; /* the reason is what the policy says now */
	bool gate;  /* of jump-connect -G; login is joined by what was asked */
	bool sender_known;
	uid_t uid;
	pid_t pid;
	const char *exe;
	bool counted;
	uint64_t sent, received;
	bool has_listener; /* who was in a device's place: */
	uid_t listener;
	pid_t listener_pid; /* 0: not known */
	uint64_t lost;	/* records that no log took before it */
	int64_t lasted; /* microseconds, -1: not known */
};

/*
 * log_trust.c: who may have written it.  The record is NULL if it is
 * unreadable.
 */
enum log_trust log_trust_record(
    const struct log_entry *, const struct log_record *);

/* Whether it claims to be of a program that runs as the user. */
bool log_trust_is_users(const struct log_entry *);

/* Of such a one: whether it claims to be of the gate, which runs as _jump. */
bool log_trust_is_gate(const struct log_entry *, const struct log_record *);

/* A line of sshd's own process, which is root's. */
enum log_trust log_trust_sshd(const struct log_entry *);

/* One of its processes for a user: account is whose login has that process,
 * NULL if no login is known to have it. */
enum log_trust log_trust_child(const struct log_entry *, const char *account);

/* The account of the sender; NULL if it is not attested, or there is none.
 * Good until the next call of any of these. */
const char *log_trust_account(const struct log_entry *);

/*
 * log_join.c: entries become rows.
 */
struct log_join;

typedef void log_emit(void *arg, const struct log_row *);

/* The policy knows which names are of one host; it may be NULL. */
struct log_join *log_join_new(
    log_emit *, void *arg, const struct policy *policy);
void log_join_free(struct log_join *);
void log_join_entry(struct log_join *, struct log_entry *);

/* Have what waits for a line of another process wait no longer than for a
 * moment before now; at the end, now is INT64_MAX. */
void log_join_flush(struct log_join *, int64_t now);

/* Lines that claim to be records and are unreadable. */
size_t log_join_unread(const struct log_join *);

/*
 * log_source.c: lines, oldest first.
 */
struct log_source;

/*
 * Open the journal from a time on, or a file with the older ones it was
 * rotated to ("-": standard input); file NULL: what this machine has.  Exits
 * with a message if there is nothing.
 */
struct log_source *log_source_open(
    const char *file, int64_t since, bool follow);

/* The files of which it is the first that is there; NULL ends them. */
extern const char *const log_source_files[];

/* What that is on this machine: "the journal", a path, or NULL. */
const char *log_source_default(void);

/* Another one of these files, which may have what was before the default's
 * first line; NULL if there is none, or another was asked for. */
const char *log_source_before(const struct log_source *);

/* Whether files were read to which it was rotated. */
bool log_source_has_older(const struct log_source *);

/* Before the first line: of files, leave out all but so many bytes at the end
 * of each. */
void log_source_tail(struct log_source *, off_t size);

/* Whether the last line is of an older file, which was rotated. */
bool log_source_rotated(const struct log_source *);

/*
 * The next line, without its end; it may be changed.  NULL at the end.
 * *newest is for log_entry_parse().  If it follows, it calls idle() before it
 * waits.
 */
char *log_source_line(
    struct log_source *, time_t *newest, void (*idle)(void *), void *arg);
/* False if not all could be read, which was said; exits if the journal's
 * reader has failed. */
bool log_source_close(struct log_source *);

/*
 * log_why.c: the reason of a refusal with what the policy in force says, where
 * only sshd refused, or no rule was found.  False if there is nothing to add.
 */
bool log_why(const struct log_row *, char *buf, size_t size);

/* The policy in force, or NULL if it cannot be had. */
const struct policy *log_policy(void);

/*
 * log_filter.c
 */
struct log_filter {
	const char *user, *target, *ref;
	const char *host;	     /* NULL: all of them */
	const struct policy *policy; /* which names are of one host; or NULL */
	unsigned port;		     /* of the target; 0: any */
	int road, outcome;	     /* -1: any */
	int64_t since, until;
};

/* NAME, NAME:PORT, ADDRESS or [ADDRESS]:PORT; changes the text. */
bool log_filter_target(struct log_filter *, char *text);
/* A time as the manual has it; now and the zone are the reader's. */
bool log_filter_time(int64_t *, const char *text, time_t now);
bool log_filter_passes(const struct log_filter *, const struct log_row *);
/* Whether a name may lead to an address: not if the policy, which may be NULL,
 * has a host of that name elsewhere. */
bool log_filter_leads(const struct policy *, const char *name, const char *ip);

/*
 * log_print.c: one row, as text or as JSON.
 */
struct log_printer {
	FILE *out;
	bool json, colour;
	bool host;	/* a column for it, from the first row that has one */
	bool one_host;	/* no such column */
	unsigned width; /* of the terminal; 0: it is none */
	int day;	/* that the last row was of */
	unsigned marks; /* bits of trust that were shown */
};

void log_printer_init(struct log_printer *, FILE *, bool json);
void log_print(struct log_printer *, const struct log_row *);
/* The question of a row for jumpctl explain; false if it is none. */
bool log_print_question(FILE *, const struct log_row *);

#endif
