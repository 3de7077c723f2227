/*
 * streamd/cell.h - a text into a column: what formats of text share.
 *
 * streamd_cell_store reads the text of a field as its type says, by the rules of convert.h, and
 * with what the user said about it: null_values, unit, a time pattern. So csv, regex and whatever
 * comes take the same texts. Its parts are for formats that know more of a value than its text
 * (JSON).
 *
 *   bool       t true y yes on 1, f false n no off 0, in any case
 *   int64, float64, decimal    numbers; a decimal's surplus digits are rounded half away from zero
 *   timestamp  ISO 8601; with `unit:` a number; with `format:` what the pattern says
 *   date       ISO 8601, or by the pattern
 *   string     valid UTF-8 without NUL, as it stands
 *   bytes      base64
 *   json       a value of JSON, as it stands
 *
 * Blanks around a text are part of a string, and passed over for all other types. All functions
 * work on row b->rows of the batch, and answer 0, an enum streamd_row_code, or a negative enum
 * streamd_code where there is no memory.
 */
#ifndef STREAMD_CELL_H
#define STREAMD_CELL_H

#include <streamd/convert.h>
#include <streamd/format.h>
#include <streamd/json_text.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes behind a text that were reserved for whoever copies in whole blocks. */
#define STREAMD_CELL_SLACK 64

/* ---- parts -------------------------------------------------------------------------------- */

/* Is the text one of those that mean NULL? */
static inline int streamd_cell_is_null(const struct streamd_strings *nulls, const char *p, size_t n)
{
    for (uint32_t i = 0; i < nulls->count; i++) {
        if (strlen(nulls->items[i]) == n && memcmp(nulls->items[i], p, n) == 0)
            return 1;
    }
    return 0;
}

/* Room for `bytes` of a text: where it begins, or NULL with the code in *rc. */
static inline uint8_t *streamd_cell_room(struct streamd_context *c, struct streamd_batch *b,
                                         uint32_t column, size_t bytes, int *rc)
{
    *rc = streamd_batch_reserve(c, b, column, bytes + STREAMD_CELL_SLACK);
    return *rc ? NULL : b->columns[column].data + b->columns[column].offsets[b->rows];
}

/* Says how many bytes were written there. */
static inline void streamd_cell_wrote(struct streamd_batch *b, uint32_t column, size_t bytes)
{
    int32_t *offsets = b->columns[column].offsets + b->rows;

    offsets[1] = offsets[0] + (int32_t)bytes;
}

/* A copy of these bytes, whatever they are. */
static inline int streamd_cell_copy(struct streamd_context *c, struct streamd_batch *b,
                                    uint32_t column, const void *data, size_t length)
{
    int rc;
    uint8_t *out = streamd_cell_room(c, b, column, length, &rc);

    if (!out)
        return rc;
    memcpy(out, data, length);
    streamd_cell_wrote(b, column, length);
    return 0;
}

/* NULL; STREAMD_ROW_MISSING where the field may not be NULL. */
static inline int streamd_cell_null(struct streamd_context *c, struct streamd_batch *b,
                                    uint32_t column, struct streamd_type type)
{
    if (!type.nullable)
        return STREAMD_ROW_MISSING;
    if (streamd_type_is_variable(type.id))
        streamd_cell_wrote(b, column, 0);
    return streamd_batch_set_null(c, b, column, b->rows);
}

/* Undoes streamd_cell_null, which an earlier try may have done in this row. */
static inline void streamd_cell_not_null(struct streamd_batch *b, uint32_t column)
{
    uint8_t *validity = b->columns[column].validity;

    if (validity)
        validity[b->rows >> 3] |= (uint8_t)(1u << (b->rows & 7u));
}

/* bool, as PostgreSQL reads it: the words may be cut short where they stay clear. */
static inline int streamd_cell_bool(const char *p, size_t n, uint8_t *value)
{
    static const struct {
        const char *word;
        size_t least;
        uint8_t value;
    } words[] = {{"true", 1, 1}, {"false", 1, 0}, {"yes", 1, 1}, {"no", 1, 0},
                 {"on", 2, 1},   {"off", 2, 0},   {"1", 1, 1},   {"0", 1, 0}};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        size_t k = 0;

        while (k < n && words[i].word[k] &&
               (p[k] | (p[k] >= 'A' && p[k] <= 'Z' ? 0x20 : 0)) == words[i].word[k])
            k++;
        if (k == n && n >= words[i].least) {
            *value = words[i].value;
            return 0;
        }
    }
    return STREAMD_ROW_CAST;
}

/* A timestamp that is a number of units: rounded to microseconds, nanoseconds rounded down. */
static inline int streamd_cell_unit(const char *p, size_t n, uint32_t unit, int64_t *timestamp)
{
    unsigned scale = unit == STREAMD_UNIT_S ? 6 : unit == STREAMD_UNIT_MS ? 3 : 0;
    streamd_int128 value;
    int rc = streamd_decimal_parse(p, n, 38, scale, &value);

    if (rc)
        return rc;
    if (unit == STREAMD_UNIT_NS)
        value = value / 1000 - (value % 1000 < 0);
    if (value < STREAMD_TIMESTAMP_MIN || value > INT64_MAX)
        return STREAMD_ROW_RANGE;
    *timestamp = (int64_t)value;
    return 0;
}

/* A timestamp or a date: by the user's pattern, or ISO 8601. */
static inline int streamd_cell_time(struct streamd_column *column, uint32_t row,
                                    const struct streamd_format_field *f, const char *p, size_t n)
{
    int64_t value = 0;
    int rc;

    if (f->type.id == STREAMD_TIMESTAMP) {
        rc = f->parse_time ? f->parse_time(f->pattern, p, n, &value)
                           : streamd_timestamp_parse(p, n, &value);
        if (!rc)
            ((int64_t *)column->values)[row] = value;
        return rc;
    }
    if (!f->parse_time)
        return streamd_date_parse(p, n, (int32_t *)column->values + row);
    rc = f->parse_time(f->pattern, p, n, &value);
    if (rc)
        return rc;
    if (value < INT32_MIN || value > INT32_MAX)
        return STREAMD_ROW_RANGE;
    ((int32_t *)column->values)[row] = (int32_t)value;
    return 0;
}

/* A decimal of the column's type. */
static inline int streamd_cell_decimal(struct streamd_column *column, uint32_t row,
                                       struct streamd_type type, const char *p, size_t n)
{
    streamd_int128 value;
    int rc = streamd_decimal_parse(p, n, type.precision, type.scale, &value);

    if (!rc)
        ((struct streamd_decimal *)column->values)[row] = streamd_decimal_make(value);
    return rc;
}

/* base64 into a column of bytes. */
static inline int streamd_cell_base64(struct streamd_context *c, struct streamd_batch *b,
                                      uint32_t column, const char *p, size_t n)
{
    size_t length;
    int rc;
    uint8_t *out = streamd_cell_room(c, b, column, n, &rc);

    if (!out)
        return rc;
    rc = streamd_base64_decode(p, n, out, &length);
    if (!rc)
        streamd_cell_wrote(b, column, length);
    return rc;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* A text for one of the types of fixed width. */
static inline int streamd_cell_fixed(struct streamd_column *column, uint32_t row,
                                     const struct streamd_format_field *f, const char *p, size_t n)
{
    streamd_trim(&p, &n);
    switch (f->type.id) {
    case STREAMD_BOOL:
        return streamd_cell_bool(p, n, (uint8_t *)column->values + row);
    case STREAMD_INT64:
        return streamd_int64_parse(p, n, (int64_t *)column->values + row);
    case STREAMD_FLOAT64:
        return streamd_float64_parse(p, n, (double *)column->values + row);
    case STREAMD_DECIMAL:
        return streamd_cell_decimal(column, row, f->type, p, n);
    case STREAMD_TIMESTAMP:
        if (f->unit)
            return streamd_cell_unit(p, n, f->unit, (int64_t *)column->values + row);
        return streamd_cell_time(column, row, f, p, n);
    default:
        return streamd_cell_time(column, row, f, p, n);
    }
}

/* Reads a text, whatever means NULL, into a column. 64 bytes behind a text for a json column must
   be readable. */
static inline int streamd_cell_value(struct streamd_context *c, struct streamd_batch *b,
                                     uint32_t column, const struct streamd_format_field *f,
                                     const char *p, size_t n)
{
    streamd_cell_not_null(b, column);
    switch (f->type.id) {
    case STREAMD_STRING:
        if (!streamd_utf8_valid(p, n))
            return STREAMD_ROW_UTF8;
        return streamd_cell_copy(c, b, column, p, n);
    case STREAMD_BYTES:
        return streamd_cell_base64(c, b, column, p, n);
    case STREAMD_JSON:
        if (!streamd_json_valid(p, n))
            return streamd_utf8_valid(p, n) ? STREAMD_ROW_CAST : STREAMD_ROW_UTF8;
        return streamd_cell_copy(c, b, column, p, n);
    default:
        return streamd_cell_fixed(&b->columns[column], b->rows, f, p, n);
    }
}

/* As streamd_cell_value, or NULL where the text is one of the field's null_values. */
static inline int streamd_cell_store(struct streamd_context *c, struct streamd_batch *b,
                                     uint32_t column, const struct streamd_format_field *f,
                                     const char *p, size_t n)
{
    if (f->nulls.count && streamd_cell_is_null(&f->nulls, p, n))
        return streamd_cell_null(c, b, column, f->type);
    return streamd_cell_value(c, b, column, f, p, n);
}

/* ---- messages ----------------------------------------------------------------------------- */

/* Writes what is wrong with the value of a field, for streamd_reject_raw: "field 'n' is out of the
   range of int64". Cut where it is longer than `size`. */
static inline void streamd_cell_complain(const struct streamd_format_field *f, int code, char *out,
                                         size_t size)
{
    static const char *const names[] = {"?",      "bool",  "int64",     "float64", "decimal",
                                        "string", "bytes", "timestamp", "date",    "json"};
    const char *type = f->type.id <= STREAMD_JSON ? names[f->type.id] : names[0];
    char decimal[24];

    if (f->type.id == STREAMD_DECIMAL) {
        snprintf(decimal, sizeof(decimal), "decimal(%u,%u)", f->type.precision, f->type.scale);
        type = decimal;
    }
    if (code == STREAMD_ROW_MISSING)
        snprintf(out, size, "field '%.100s' is NULL", f->name);
    else if (code == STREAMD_ROW_UTF8)
        snprintf(out, size, "field '%.100s' is not UTF-8, or holds a NUL", f->name);
    else if (code == STREAMD_ROW_RANGE)
        snprintf(out, size, "field '%.100s' is out of the range of %s", f->name, type);
    else
        snprintf(out, size, "field '%.100s' cannot be read as %s", f->name, type);
}

#ifdef __cplusplus
}
#endif
#endif
