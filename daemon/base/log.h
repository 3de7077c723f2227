/*
 * base/log.h - lines for people and for the journal.
 *
 * A log is a value that is handed down. One call writes one line with one write(2), so that lines
 * of several processes do not mix; control bytes in it are escaped. Any thread.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <streamd/error.h>

/* Values as enum streamd_log_level in streamd/context.h. */
enum log_level {
    LOG_LEVEL_ERROR = 1,
    LOG_LEVEL_WARNING = 2,
    LOG_LEVEL_INFO = 3,
    LOG_LEVEL_DEBUG = 4
};

struct log {
    int descriptor;       /* where lines go; usually 2 */
    enum log_level level; /* lines above it are dropped */
    int journal;          /* 1: lines begin with "<N>", systemd's priority */
};

/* Writes "level: message" where `level` is within the log's level. `log` may be NULL: dropped. */
void log_write(const struct log *log, enum log_level level, const char *format, ...)
    STREAMD_PRINTF(3, 4);

/* The level of a word (error warning info debug), or 0. */
enum log_level log_level_of(const char *word);

#endif
