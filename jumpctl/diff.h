/* SPDX-License-Identifier: ISC */
/*
 * What differs between two policies in whom they let where: the parts of
 * jumpctl diff.
 *
 * Nothing is compared as text.  A rule is what it says apart from its name,
 * who and what: one or two terms, numbered for both policies alike.  A person
 * in front of a cell (an address and port, or a path) meets a set of terms in
 * each policy.  Where the two sets are the same, so is every verdict; where
 * they differ, the evaluator is asked, on each road and at each time, source
 * and login that the terms distinguish.
 */
#ifndef DIFF_H
#define DIFF_H

#include "ctl.h"

enum { OLD, NEW, SIDES };

/* A growing list of numbers. */
struct ids {
	uint32_t *id;
	size_t n, room;
};

void ids_add(struct ids *, uint32_t);
void ids_sort(struct ids *); /* and drop what stands twice */
bool ids_same(const struct ids *, const struct ids *);
void ids_write(const struct ids *, FILE *); /* for keys of a table */
uint64_t ids_hash(const struct ids *, uint64_t seed);

/* Keys with numbers of their own: the same key, the same number. */
struct table {
	struct entry {
		char *key;
		size_t size;
		uint32_t id;
	} *entries;
	size_t n, size;
};

/* The number of the key, which is copied; *new tells whether it is new. */
uint32_t table_id(struct table *, const void *key, size_t size, bool *new);
void table_free(struct table *);

void *xrealloc(void *, size_t n, size_t size);

/*
 * diff_terms.c
 */
struct term {
	int side; /* of a rule that has it */
	uint32_t rule;
	bool obliges; /* it is the obligations of an allow */
};

struct side {
	const struct policy *p;
	struct ids *terms;        /* of each rule */
	uint32_t *same;           /* of each rule: a number that a rule of the
	                             other side with the same words has too */
	uint8_t *changed;         /* of each rule: it has no such counterpart */
	struct policy_link *what; /* sorted: kind, index -> reference */
	uint32_t *rule_of;        /* the rule of each reference in PT_REFS */
	size_t nwhat;
};

struct diff {
	struct side side[SIDES];
	time_t now;
	struct term *terms;
	size_t nterms;
	struct table term_keys, rule_keys;
	/* cells */
	struct cell *cells;
	size_t ncells;
	struct cell_class *classes;
	size_t nclasses;
	struct table class_keys;
	/* people */
	char **unixgroups;
	size_t nunixgroups;
	struct persona *personas;
	size_t npersonas;
	struct table persona_keys;
	const char **names; /* of users of either policy, sorted */
	size_t nnames;
	/* answers */
	struct answer *answers;
	size_t nanswers;
	struct table answer_keys, variant_keys;
	struct variant *variants;
	size_t nvariants;
	struct table row_keys, pair_keys;
	struct pair *pairs;
	struct row *rows;
	size_t nrows;
	/* names: users and groups of the new policy */
	struct ids *members; /* of each group: its users, in order */
	struct ids groups;   /* of two users or more, by their first one */
	uint32_t *ranked;    /* of each user: POLICY_NONE between two rows */
};

void terms_make(struct diff *);

/* The words of a term's conditions, "" if it has none. */
void term_conditions(const struct diff *, uint32_t term, FILE *);
void term_obligations(const struct diff *, uint32_t term, FILE *);
const struct policy_rule *term_rule(const struct diff *, uint32_t term);
const struct policy *term_policy(const struct diff *, uint32_t term);

/*
 * diff_cells.c
 */
struct cell {
	struct addr addr;
	uint16_t port;
	const char *path; /* or NULL */
	const char *name; /* asked for, or NULL */
	bool dns;         /* the name is an instance of a domain's pattern */
	uint32_t class;
	char *label, *detail;
};

/* Cells that the same rules name in the same way. */
enum { MET_UNSURE = 1, MET_NOT_FORWARD = 2, MET_PRESUMED = 4 };
struct met {
	uint32_t rule, how;
};

/* What a verdict takes from an address and a port themselves. */
enum { NATURE_NEVER = 1, NATURE_SSH = 2, NATURE_MAYBE_SSH = 4 };

struct cell_class {
	uint32_t cell; /* one of them */
	struct met *met[SIDES];
	size_t n[SIDES];
	uint8_t nature[SIDES]; /* bits NATURE_ */
	bool touched; /* not met by the same rules in both policies */
	struct ids cells;
};

void cells_make(struct diff *);
void cells_free(struct diff *);

/* An address of nets[i] that no smaller one of these sorted nets has. */
bool net_gap(const struct net *nets, size_t n, size_t i, struct addr *);
int net_order(const void *, const void *);

/*
 * diff_people.c
 */
struct persona {
	uint32_t user[SIDES];  /* or POLICY_NONE */
	uint32_t groups[2];    /* Unix groups, or POLICY_NONE */
	struct ids rules[SIDES];
	bool touched;          /* unlike rules name them */
	bool quiet;            /* nothing changes for them */
	uint32_t apart[2];     /* personas that have part of the groups, or
	                          POLICY_NONE */
	struct ids names;      /* of those who are alike */
};

void people_make(struct diff *);
void people_free(struct diff *);

/*
 * diff_groups.c
 */
void groups_make(struct diff *);
void groups_free(struct diff *);

/*
 * Sort the names, numbers of d->names, and take those out that are all users
 * of a group, of two at least; adds the group to the other list.
 */
void groups_take(struct diff *, struct ids *names, struct ids *groups);

/*
 * diff_judge.c
 */
struct variant {
	uint32_t wider, narrower; /* bits */
	uint32_t roads;
	bool before, after; /* is there anything to lose, to have */
	char *was, *is;
};

struct answer {
	uint32_t variants[ROAD_COUNT];
	size_t n;
};

/* What changes for the persona at the class of cells. */
const struct answer *judge_change(
    struct diff *, const struct persona *, const struct cell_class *);

/*
 * diff_facts.c: what is no right, and changes what rights mean: keys, ends,
 * locks, approvers, settings.  Calls each() for what is gone, and what is new;
 * returns their number.
 */
size_t facts_compare(const struct policy *, const struct policy *,
    void (*each)(void *, bool added, const char *), void *arg);

#endif
