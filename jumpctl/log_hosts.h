/* SPDX-License-Identifier: ISC */
/*
 * Lines of several hosts: a join for each.
 */
#ifndef LOG_HOSTS_H
#define LOG_HOSTS_H

#include "log.h"

struct log_hosts;

/* The filter is kept: its policy is for joining, and its host is the only one
 * that is joined, unless that is NULL.  Exits if there is no memory. */
struct log_hosts *log_hosts_new(
    log_emit *, void *arg, const struct log_filter *);
void log_hosts_free(struct log_hosts *);

/* Join a line with those of the same host.  Changes the entry. */
void log_hosts_entry(struct log_hosts *, struct log_entry *);

/* As log_join_flush(), of all of them. */
void log_hosts_flush(struct log_hosts *, int64_t now);

/* Tell on stderr of lines that could not be read or had no room. */
void log_hosts_tell(const struct log_hosts *);

#endif
