/*
 * literal.h - values of options that may be of any type: JSON text to numbers, times and texts.
 *
 * A value may be quoted or not (`5`, `"5"`, `"2025-01-01T00:00:00Z"`): the field's type says what
 * it means. All functions answer 1, or 0 where the text is not of that form.
 */
#ifndef GENERATOR_LITERAL_H
#define GENERATOR_LITERAL_H

#include <streamd/types.h>

/* The text of a JSON string without its quotes and escapes, or any other JSON value as it stands,
   into `out` of `room` bytes, NUL-terminated. *length without the NUL. */
int literal_text(struct streamd_str json, char *out, size_t room, size_t *length);

/* The next element of a JSON array; start with *at = 0. 1 and the element, 0 at the end, -1 where
   the text is no array. */
int literal_element(const char *json, size_t *at, struct streamd_str *element);

/* Plain texts, as streamd/convert.h has them; floats are finite. Times in microseconds since the
   epoch, dates in days, durations (`500us 5ms 2s 3m 1h 1d`) in microseconds; a decimal as its value
   x 10^scale, without a digit beyond the scale. */
int literal_int(const char *text, int64_t *value);
int literal_float(const char *text, double *value);
int literal_time(const char *text, int64_t *us);
int literal_date(const char *text, int64_t *days);
int literal_duration(const char *text, int64_t *us);
int literal_decimal(const char *text, unsigned scale, int64_t *value);

/* A type as in a schema: `decimal(10,2)|null`. */
int literal_type(const char *text, struct streamd_type *type);

#endif
