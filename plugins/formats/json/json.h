/*
 * What the parts of the format `json` share: its options, and its two halves.
 *
 *   chunk --> decoder.c --> run_*.c  the fast path: records of a known shape (shape.h)
 *                  |           |  declines
 *                  |           v
 *                  |        record.c the general path: any record; teaches new shapes
 *                  |           |
 *                  v           v
 *     rejected records      store.c  a token of JSON (streamd/json_text.h) into a column
 *
 * The fast path accepts, it never judges: what it does not recognise goes to the general path,
 * which alone says whether a record is good, and what is wrong with it. So both give one result.
 *
 * What a reader of JSON has to decide, decided:
 *  - A record is an object on one line; empty lines are nothing. Of duplicate keys the last wins,
 *    and only the last is judged. Unknown keys, and fields that nobody reads, must be JSON and are
 *    dropped. Values nest at most STREAMD_JSON_DEPTH deep.
 *  - null and a missing key are NULL, for a json field too.
 *  - int64 takes a number without fraction and exponent: 1.0 and 1e3 are of another type.
 *    float64 takes any number, and the strings "NaN", "Infinity", "-Infinity". decimal takes any
 *    number, rounded half away from zero to its scale, as PostgreSQL does. With `decimals: string`
 *    it takes strings too.
 *  - timestamp takes a string (ISO 8601, or the user's pattern), or, where `unit:` is given, a
 *    number instead. date takes a string. bytes takes a string of base64.
 *  - A string with a lone surrogate, a NUL or invalid UTF-8 is an error where it is a field's
 * value; elsewhere only invalid UTF-8 is.
 *  - `null_values:` are compared with strings, after their escapes were resolved.
 */
#ifndef JSON_H
#define JSON_H

#include <streamd/format.h>

/* Values of the option `decimals`. */
enum { JSON_DECIMALS_NUMBER = 0, JSON_DECIMALS_STRING = 1 };

struct json_options {
    int64_t decimals;
    uint8_t omit_nulls;
};

/* The members of struct streamd_format of these names; decoder.c. */
int json_decoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                      void **decoder);
int json_decode(struct streamd_context *c, void *decoder, const struct streamd_chunk *chunk,
                struct streamd_batch *batch, size_t *consumed);
void json_decoder_close(struct streamd_context *c, void *decoder);
int json_decoder_save(struct streamd_context *c, void *decoder, struct streamd_buffer *out);
int json_decoder_load(struct streamd_context *c, void *decoder, const uint8_t *data, size_t length);

/* The same for writing; encoder.c. */
int json_encoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                      void **encoder);
int json_encode(struct streamd_context *c, void *encoder, const struct streamd_batch *batch,
                struct streamd_buffer *out);
void json_encoder_close(struct streamd_context *c, void *encoder);

#endif
