/*
 * expr/functions/time_pattern.h - PostgreSQL's template patterns: 'DD/Mon/YYYY:HH24:MI:SS TZHTZM'.
 *
 * A pattern is compiled once and then reads or prints any number of times: for to_char,
 * to_timestamp, to_date, and for time fields with a `format:`. It knows all template patterns of
 * PostgreSQL 15 with the prefixes FM, FX, TM (names are English) and the suffixes TH and th. Times
 * are UTC; TZH and TZM read an offset. A compiled pattern is read-only: any thread.
 */
#ifndef EXPR_FUNCTIONS_TIME_PATTERN_H
#define EXPR_FUNCTIONS_TIME_PATTERN_H

#include "base/arena.h"

#include <streamd/error.h>

struct time_pattern;

/* Bytes that a pattern may have. */
#define TIME_PATTERN_MAX 1024

/* Bytes that time_pattern_print writes at most: no template prints more than 8 times its length. */
#define TIME_PATTERN_TEXT (16 * TIME_PATTERN_MAX)

/*
 * Compiles a pattern for printing and for reading as SQL does. `text` is UTF-8, copied. 0;
 * STREAMD_E_LIMIT where it is too long; STREAMD_E_NOMEM.
 */
int time_pattern_build(struct arena *arena, const char *text, size_t length,
                       struct time_pattern **out, struct streamd_error *error);

/*
 * Compiles the pattern of a time field, which must be able to tell a time: refuses, with the place
 * in *error_at, what can only be printed (TZ, OF), a pattern without a year, and a T before HH24
 * that is not in double quotes (SQL takes it for the suffix TH). `is_date`: values are days. 0,
 * STREAMD_E_INVALID, STREAMD_E_LIMIT, STREAMD_E_NOMEM.
 */
int time_pattern_compile(struct arena *arena, const char *text, size_t length, int is_date,
                         struct time_pattern **out, size_t *error_at, struct streamd_error *error);

/*
 * Reads the value of a time field: microseconds, or days where compiled with is_date. All of the
 * pattern and all of the text must be used, but for blanks at the end. A text of the pattern's own
 * layout takes about 20 ns. 0 or an enum streamd_row_code.
 */
int time_pattern_parse(const struct time_pattern *pattern, const char *text, size_t length,
                       int64_t *value);

/* What to_timestamp and to_date do: the text may end early or go on. Fills `message` (optional,
   `size` bytes) where it fails. `is_date`: answers days. 0 or an enum streamd_row_code. */
int time_pattern_read(const struct time_pattern *pattern, int is_date, const char *text,
                      size_t length, int64_t *value, char *message, size_t size);

/* Prints a timestamp as to_char does; `out` has room for time_pattern_room bytes. Answers the
   length. */
size_t time_pattern_print(const struct time_pattern *pattern, int64_t timestamp, char *out);

/* Bytes that time_pattern_print writes at most for this pattern. */
size_t time_pattern_room(const struct time_pattern *pattern);

#endif
