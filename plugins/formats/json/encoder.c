/*
 * Writing: one object per row, in one line.
 *
 *   ,"user":"ann"   ,"n":5    }\n       the first comma of a row becomes its brace
 *   ^^^^^^^^        ^^^^^               templates, made when the encoder opens
 *
 * Room is made once per batch: each field's longest text, and for texts of variable length their
 * own bytes. Only a string that needs escapes, which may make it six times as long, asks for more.
 * Writing may run up to SLACK bytes over what it then counts, so that short pieces are copied as
 * whole words.
 *
 * Cost of a row of four integers: 465 instructions, 32 ns; of a string, a timestamp, a decimal and
 * a string 45 ns (`make bench/format_bench`).
 */
#include "json.h"

#include <streamd/convert.h>
#include <streamd/error.h>

#include <string.h>

#if defined(__SSE2__) && !defined(JSON_NO_SIMD)
#include <emmintrin.h>
#endif

enum { SLACK = 64 };

struct field {
    uint8_t *key; /* ,"name": with SLACK readable bytes behind it */
    size_t key_length;
    struct streamd_type type;
};

struct encoder {
    const struct streamd_format_spec *spec;
    const struct json_options *options;
    struct field *fields;
    uint8_t *keys;
    size_t row_bytes; /* of a row at most, but for the bytes of its texts */
    struct streamd_day_text day;
};

/* The batch that is being written. `end` is how far the buffer must reach for all of it. */
struct writer {
    struct encoder *e;
    struct streamd_context *context;
    struct streamd_buffer *out;
    const struct streamd_batch *batch;
    uint8_t *at;
    size_t end;
};

/* ---- strings ------------------------------------------------------------------------------ */

static int needs_escape(uint8_t c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* Is there a byte in the word that must be escaped? */
static inline uint64_t odd_word(uint64_t v)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t quote = v ^ ones * '"', backslash = v ^ ones * '\\';

    return (((v - ones * 0x20) & ~v) | ((quote - ones) & ~quote) |
            ((backslash - ones) & ~backslash)) &
           ones << 7;
}

/* Copies 16 bytes. Is there one that must be escaped? */
static inline int copy_block(const uint8_t *from, uint8_t *to)
{
#if defined(__SSE2__) && !defined(JSON_NO_SIMD)
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)from);
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

    _mm_storeu_si128((__m128i *)(void *)to, v);
    return _mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, backslash)));
#else
    uint64_t a = streamd_load8((const char *)from), b = streamd_load8((const char *)from + 8);

    memcpy(to, from, 16);
    return (odd_word(a) | odd_word(b)) != 0;
#endif
}

/* Copies fewer than 16 bytes. Is there one that must be escaped? */
static inline int copy_short(const uint8_t *from, size_t n, uint8_t *to)
{
    uint64_t a = UINT64_C(0x2020202020202020), b = a;

    if (n >= 8) {
        memcpy(&a, from, 8);
        memcpy(&b, from + n - 8, 8);
        memcpy(to, &a, 8);
        memcpy(to + n - 8, &b, 8);
    } else if (n >= 4) {
        memcpy(&a, from, 4);
        memcpy(&b, from + n - 4, 4);
        memcpy(to, &a, 4);
        memcpy(to + n - 4, &b, 4);
    } else {
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)&a)[i] = to[i] = from[i];
    }
    return (odd_word(a) | odd_word(b)) != 0;
}

/* Writes one byte, escaped where it must be. */
static uint8_t *put_escaped(uint8_t *out, uint8_t c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};

    if (!needs_escape(c)) {
        *out++ = c;
        return out;
    }
    *out++ = '\\';
    if (c >= 0x20 || letters[c]) {
        *out++ = c >= 0x20 ? c : (uint8_t)letters[c];
        return out;
    }
    memcpy(out, "u00", 3);
    out[3] = (uint8_t)hex[c >> 4];
    out[4] = (uint8_t)hex[c & 15];
    return out + 5;
}

/* Makes the buffer `more` bytes longer than was foreseen. */
static int reserve_more(struct writer *w, size_t more)
{
    int rc;

    w->end += more;
    w->out->length = (size_t)(w->at - w->out->data);
    rc = streamd_buffer_reserve(w->context, w->out, w->end - w->out->length);
    w->at = w->out->data + w->out->length;
    return rc;
}

/* A string that holds something to be escaped. */
static int put_odd_string(struct writer *w, const uint8_t *text, size_t length)
{
    size_t odd = 0;
    uint8_t *at;
    int rc;

    for (size_t i = 0; i < length; i++)
        odd += (size_t)needs_escape(text[i]);
    rc = reserve_more(w, 5 * odd);
    if (rc)
        return rc;
    at = w->at;
    *at++ = '"';
    for (size_t i = 0; i < length; i++)
        at = put_escaped(at, text[i]);
    *at++ = '"';
    w->at = at;
    return 0;
}

/* A string with its quotes. 0 or STREAMD_E_NOMEM. */
static inline int put_string(struct writer *w, const uint8_t *text, size_t length)
{
    uint8_t *out = w->at + 1;
    int odd = 0;

    w->at[0] = '"';
    if (length < 16) {
        odd = copy_short(text, length, out);
    } else {
        size_t i = 0;

        for (; i + 16 <= length; i += 16)
            odd |= copy_block(text + i, out + i);
        odd |= copy_block(text + length - 16, out + length - 16);
    }
    if (odd)
        return put_odd_string(w, text, length);
    out[length] = '"';
    w->at = out + length + 1;
    return 0;
}

/* JSON text. A newline in it can only be a blank, and would end the record. */
static void put_json(struct writer *w, const uint8_t *text, size_t length)
{
    uint8_t *newline, *end = w->at + length;

    memcpy(w->at, text, length);
    for (newline = w->at; (newline = memchr(newline, '\n', (size_t)(end - newline)));)
        *newline = ' ';
    w->at = end;
}

/* ---- other values ------------------------------------------------------------------------- */

static uint8_t *put_word(uint8_t *at, const char *word, size_t length)
{
    memcpy(at, word, length);
    return at + length;
}

static uint8_t *put_float64(uint8_t *at, double value)
{
    size_t n = streamd_float64_print(value, (char *)at + 1);

    if (at[n] <= '9') { /* the last byte is a digit but in NaN and Infinity */
        memmove(at, at + 1, n);
        return at + n;
    }
    at[0] = '"';
    at[n + 1] = '"';
    return at + n + 2;
}

static uint8_t *put_decimal(uint8_t *at, struct streamd_decimal value, unsigned scale, int quoted)
{
    at[0] = '"';
    at += quoted;
    at += streamd_decimal_print(streamd_decimal_get(value), scale, (char *)at);
    at[0] = '"';
    return at + quoted;
}

static uint8_t *put_timestamp(struct encoder *e, uint8_t *at, int64_t value)
{
    *at++ = '"';
    at += streamd_timestamp_print_near(&e->day, value, (char *)at);
    *at++ = '"';
    return at;
}

static uint8_t *put_date(struct encoder *e, uint8_t *at, int32_t value)
{
    *at++ = '"';
    at += streamd_date_print_near(&e->day, value, (char *)at);
    *at++ = '"';
    return at;
}

static uint8_t *put_base64(uint8_t *at, struct streamd_str value)
{
    *at++ = '"';
    at += streamd_base64_encode(value.data, value.length, (char *)at);
    *at++ = '"';
    return at;
}

static uint8_t *put_key(uint8_t *at, const struct field *f)
{
    memcpy(at, f->key, 32);
    if (f->key_length > 32)
        memcpy(at + 32, f->key + 32, f->key_length - 32);
    return at + f->key_length;
}

/* ---- rows --------------------------------------------------------------------------------- */

static inline int put_value(struct writer *w, const struct field *f,
                            const struct streamd_column *column, uint32_t row)
{
    const void *values = column->values;
    struct streamd_str text;

    switch (f->type.id) {
    case STREAMD_BOOL:
        w->at = ((const uint8_t *)values)[row] ? put_word(w->at, "true", 4)
                                               : put_word(w->at, "false", 5);
        return 0;
    case STREAMD_INT64:
        w->at += streamd_int64_print(((const int64_t *)values)[row], (char *)w->at);
        return 0;
    case STREAMD_FLOAT64:
        w->at = put_float64(w->at, ((const double *)values)[row]);
        return 0;
    case STREAMD_DECIMAL:
        w->at = put_decimal(w->at, ((const struct streamd_decimal *)values)[row], f->type.scale,
                            w->e->options->decimals == JSON_DECIMALS_STRING);
        return 0;
    case STREAMD_TIMESTAMP:
        w->at = put_timestamp(w->e, w->at, ((const int64_t *)values)[row]);
        return 0;
    case STREAMD_DATE:
        w->at = put_date(w->e, w->at, ((const int32_t *)values)[row]);
        return 0;
    default:
        text = streamd_column_str(column, row);
        if (f->type.id == STREAMD_STRING)
            return put_string(w, (const uint8_t *)text.data, text.length);
        if (f->type.id == STREAMD_BYTES)
            w->at = put_base64(w->at, text);
        else
            put_json(w, (const uint8_t *)text.data, text.length);
        return 0;
    }
}

static int put_row(struct writer *w, uint32_t row)
{
    const struct encoder *e = w->e;
    size_t start = (size_t)(w->at - w->out->data);

    for (uint32_t i = 0; i < e->spec->schema->field_count; i++) {
        const struct streamd_column *column = &w->batch->columns[i];
        int rc;

        if (streamd_column_is_null(column, row)) {
            if (!e->options->omit_nulls)
                w->at = put_word(put_key(w->at, &e->fields[i]), "null", 4);
            continue;
        }
        w->at = put_key(w->at, &e->fields[i]);
        rc = put_value(w, &e->fields[i], column, row);
        if (rc)
            return rc;
    }
    if (w->at == w->out->data + start)
        w->at++;
    w->out->data[start] = '{';
    memcpy(w->at, "}\n", 2);
    w->at += 2;
    return 0;
}

/* Bytes of the texts in the selected rows of a column. */
static size_t text_bytes(const struct streamd_batch *batch, const struct streamd_column *column)
{
    size_t sum = 0;

    if (!batch->sel)
        return (size_t)(column->offsets[batch->rows] - column->offsets[0]);
    for (uint32_t k = 0; k < batch->count; k++)
        sum += streamd_column_str(column, batch->sel[k]).length;
    return sum;
}

int json_encode(struct streamd_context *c, void *encoder, const struct streamd_batch *batch,
                struct streamd_buffer *out)
{
    struct encoder *e = encoder;
    struct writer w = {e, c, out, batch, NULL, 0};
    size_t bytes = (size_t)batch->count * e->row_bytes + SLACK;
    int rc;

    for (uint32_t i = 0; i < e->spec->schema->field_count; i++) {
        uint8_t type = e->spec->schema->fields[i].type.id;

        if (streamd_type_is_variable(type)) {
            size_t texts = text_bytes(batch, &batch->columns[i]);

            bytes += type == STREAMD_BYTES ? texts + texts / 3 : texts;
        }
    }
    rc = streamd_buffer_reserve(c, out, bytes);
    w.end = out->length + bytes;
    w.at = out->data + out->length;
    for (uint32_t k = 0; k < batch->count && rc == 0; k++)
        rc = put_row(&w, streamd_batch_row(batch, k));
    if (rc) {
        streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to write JSON records");
        return rc;
    }
    out->length = (size_t)(w.at - out->data);
    return 0;
}

/* ---- life --------------------------------------------------------------------------------- */

/* Bytes of a value at most; of a text, beyond its own. */
static size_t longest_value(struct streamd_type type)
{
    switch (type.id) {
    case STREAMD_BOOL:
        return 5;
    case STREAMD_INT64:
        return STREAMD_INT64_TEXT;
    case STREAMD_FLOAT64:
        return STREAMD_FLOAT64_TEXT + 2;
    case STREAMD_DECIMAL:
        return STREAMD_DECIMAL_TEXT + 2;
    case STREAMD_TIMESTAMP:
        return STREAMD_TIMESTAMP_TEXT + 2;
    case STREAMD_DATE:
        return STREAMD_DATE_TEXT + 2;
    case STREAMD_BYTES:
        return 2 + 4;
    default:
        return 2 + 4; /* null, where a text may be empty */
    }
}

/* Writes ,"name": and returns what follows it. */
static uint8_t *put_template(uint8_t *at, const char *name)
{
    *at++ = ',';
    *at++ = '"';
    for (; *name; name++)
        at = put_escaped(at, (uint8_t)*name);
    *at++ = '"';
    *at++ = ':';
    return at;
}

static int prepare_keys(struct streamd_context *c, struct encoder *e)
{
    const struct streamd_schema *schema = e->spec->schema;
    size_t bytes = 0;
    uint8_t *at;

    for (uint32_t i = 0; i < schema->field_count; i++)
        bytes += 6 * strlen(schema->fields[i].name) + 4 + SLACK;
    e->fields = streamd_alloc(c, (schema->field_count + 1) * sizeof(*e->fields));
    e->keys = streamd_alloc(c, bytes + 1);
    if (!e->fields || !e->keys)
        return STREAMD_E_NOMEM;
    memset(e->keys, 0, bytes + 1);
    at = e->keys;
    e->row_bytes = 4; /* {}, or the brace, and the newline */
    for (uint32_t i = 0; i < schema->field_count; i++) {
        struct field *f = &e->fields[i];

        f->type = schema->fields[i].type;
        f->key = at;
        at = put_template(at, schema->fields[i].name);
        f->key_length = (size_t)(at - f->key);
        e->row_bytes += f->key_length + longest_value(f->type);
        at += SLACK;
    }
    return 0;
}

int json_encoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                      void **encoder)
{
    struct encoder *e = streamd_alloc(c, sizeof(*e));

    if (e) {
        memset(e, 0, sizeof(*e));
        e->spec = spec;
        e->options = spec->options;
        e->day.day = INT64_MIN;
    }
    if (!e || prepare_keys(c, e)) {
        json_encoder_close(c, e);
        streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a JSON encoder");
        return STREAMD_E_NOMEM;
    }
    *encoder = e;
    return 0;
}

void json_encoder_close(struct streamd_context *c, void *encoder)
{
    struct encoder *e = encoder;

    if (!e)
        return;
    streamd_free(c, e->fields);
    streamd_free(c, e->keys);
    streamd_free(c, e);
}
