/* Types, one by one. What is printed is read to the same bits. */
#include "checkpoint/savepoint_value.h"

#include "base/text.h"

#include <streamd/convert.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The first and last day whose year has four digits: 0000-01-01, 9999-12-31. */
enum { FIRST_DAY = -719528, LAST_DAY = 2932896 };

#define NEGATIVE_ZERO "-zero"

const char *savepoint_value_declared(uint8_t type)
{
    switch (type) {
    case STREAMD_BOOL:
    case STREAMD_INT64:
        return "INTEGER";
    case STREAMD_FLOAT64:
        return "REAL";
    case STREAMD_BYTES:
        return "BLOB";
    default:
        return "TEXT";
    }
}

/* ---- to cells ---------------------------------------------------------------------------------
 */

static int64_t load64(const struct rowcode_value *v)
{
    int64_t n;

    memcpy(&n, v->data, sizeof(n));
    return n;
}

static int bind_text(sqlite3_stmt *s, int index, const char *text, size_t length)
{
    return sqlite3_bind_text64(s, index, text, length, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_float(sqlite3_stmt *s, int index, const struct rowcode_value *v)
{
    const char *word;
    double d;

    memcpy(&d, v->data, sizeof(d));
    if (isnan(d))
        word = "NaN";
    else if (isinf(d))
        word = d < 0 ? "-Infinity" : "Infinity";
    else if (d == 0 && signbit(d))
        word = NEGATIVE_ZERO;
    else
        return sqlite3_bind_double(s, index, d);
    return bind_text(s, index, word, strlen(word));
}

static int bind_decimal(sqlite3_stmt *s, int index, const struct streamd_type *type,
                        const struct rowcode_value *v, char *text)
{
    struct streamd_decimal d;

    memcpy(&d, v->data, sizeof(d));
    return bind_text(s, index, text,
                     streamd_decimal_print(streamd_decimal_get(d), type->scale, text));
}

static int bind_timestamp(sqlite3_stmt *s, int index, const struct rowcode_value *v, char *text)
{
    int64_t us, days = streamd_timestamp_split(load64(v), &us);
    size_t length;

    if (days < FIRST_DAY || days > LAST_DAY)
        return bind_text(s, index, text, streamd_int64_print(load64(v), text));
    length = streamd_timestamp_print(load64(v), text);
    if (us % 1000000 == 0) {
        memcpy(text + length - 1, ".000000Z", strlen(".000000Z"));
        length += strlen(".000000");
    }
    return bind_text(s, index, text, length);
}

static int bind_date(sqlite3_stmt *s, int index, const struct rowcode_value *v, char *text)
{
    int32_t days;

    memcpy(&days, v->data, sizeof(days));
    if (days < FIRST_DAY || days > LAST_DAY)
        return bind_text(s, index, text, streamd_int64_print(days, text));
    return bind_text(s, index, text, streamd_date_print(days, text));
}

/* Is it text as SQLite, and everybody who reads it, can hold it? */
static int is_text(const void *data, size_t length)
{
    return !length || (!memchr(data, 0, length) && text_utf8_prefix(data, length) == length);
}

int savepoint_value_bind(sqlite3_stmt *s, int index, const struct streamd_type *type,
                         const struct rowcode_value *v, union savepoint_scratch *scratch)
{
    if (v->null)
        return sqlite3_bind_null(s, index);
    switch (type->id) {
    case STREAMD_BOOL:
        return sqlite3_bind_int(s, index, v->data[0]);
    case STREAMD_INT64:
        return sqlite3_bind_int64(s, index, load64(v));
    case STREAMD_FLOAT64:
        return bind_float(s, index, v);
    case STREAMD_DECIMAL:
        return bind_decimal(s, index, type, v, scratch->text);
    case STREAMD_TIMESTAMP:
        return bind_timestamp(s, index, v, scratch->text);
    case STREAMD_DATE:
        return bind_date(s, index, v, scratch->text);
    case STREAMD_BYTES:
        return sqlite3_bind_blob64(s, index, v->length ? (const void *)v->data : "", v->length,
                                   SQLITE_STATIC);
    default:
        if (!is_text(v->data, v->length))
            return -1;
        return bind_text(s, index, v->length ? (const char *)v->data : "", v->length);
    }
}

/* ---- from cells -------------------------------------------------------------------------------
 */

/* A cell, read once: SQLite converts it when it is asked for as another type. */
struct cell {
    sqlite3_stmt *statement;
    int index;
    int type; /* SQLITE_INTEGER, ... */
    const char *text;
    size_t length;
};

/* Text or bytes of a cell. 0, or -1: no memory. */
static int take_bytes(struct cell *c)
{
    const void *data = c->type == SQLITE_BLOB ? sqlite3_column_blob(c->statement, c->index)
                                              : sqlite3_column_text(c->statement, c->index);

    c->length = (size_t)sqlite3_column_bytes(c->statement, c->index);
    c->text = data;
    if (!data && (c->length || c->type == SQLITE_TEXT))
        return -1;
    return 0;
}

static const char *read_integer(const struct cell *c, uint8_t type, union savepoint_scratch *out)
{
    int64_t n;

    if (c->type != SQLITE_INTEGER)
        return type == STREAMD_BOOL ? "0 or 1" : "an INTEGER";
    n = sqlite3_column_int64(c->statement, c->index);
    if (type == STREAMD_BOOL && n != 0 && n != 1)
        return "0 or 1";
    if (type == STREAMD_BOOL)
        out->text[0] = (char)n;
    else
        out->integer = n;
    return NULL;
}

static int is_word(const struct cell *c, const char *word)
{
    return c->length == strlen(word) && memcmp(c->text, word, c->length) == 0;
}

static const char *read_float(struct cell *c, union savepoint_scratch *out)
{
    static const char expected[] = "a number, 'NaN', 'Infinity', '-Infinity' or '-zero'";

    if (c->type == SQLITE_FLOAT) {
        out->real = sqlite3_column_double(c->statement, c->index);
    } else if (c->type == SQLITE_INTEGER) {
        int64_t n = sqlite3_column_int64(c->statement, c->index);

        out->real = (double)n;
        if (n < -(INT64_C(1) << 53) || n > INT64_C(1) << 53)
            return "a number that float64 can hold exactly";
    } else if (c->type == SQLITE_TEXT) {
        if (take_bytes(c))
            return "";
        if (is_word(c, "NaN"))
            out->real = (double)NAN;
        else if (is_word(c, "Infinity"))
            out->real = (double)INFINITY;
        else if (is_word(c, "-Infinity"))
            out->real = -(double)INFINITY;
        else if (is_word(c, NEGATIVE_ZERO))
            out->real = -0.0;
        else
            return expected;
    } else {
        return expected;
    }
    return NULL;
}

/* Digits behind the point, zeros at the end not counted; INT_MAX with an exponent. */
static size_t fraction_digits(const struct cell *c)
{
    const char *point = memchr(c->text, '.', c->length);
    size_t end = c->length;

    if (memchr(c->text, 'e', c->length) || memchr(c->text, 'E', c->length))
        return SIZE_MAX;
    if (!point)
        return 0;
    while (c->text[end - 1] == '0')
        end--;
    return end - (size_t)(point - c->text) - 1;
}

static const char *read_decimal(struct cell *c, const struct streamd_type *type,
                                union savepoint_scratch *out)
{
    streamd_int128 value;
    int rc;

    if (c->type != SQLITE_TEXT && c->type != SQLITE_INTEGER)
        return "the digits of a decimal as TEXT";
    if (take_bytes(c))
        return "";
    if (fraction_digits(c) > type->scale)
        return "a decimal with no more digits behind the point than its scale has";
    rc = streamd_decimal_parse(c->text, c->length, type->precision, type->scale, &value);
    if (rc)
        return rc == STREAMD_ROW_RANGE ? "a decimal with no more digits than its precision has"
                                       : "the digits of a decimal";
    out->decimal = streamd_decimal_make(value);
    return NULL;
}

static const char *read_time(struct cell *c, uint8_t type, union savepoint_scratch *out)
{
    int64_t number = 0;
    int32_t days = 0;
    int bad;

    if (c->type != SQLITE_TEXT && c->type != SQLITE_INTEGER)
        return type == STREAMD_DATE ? "a date as TEXT" : "a timestamp as TEXT";
    if (take_bytes(c))
        return "";
    bad = streamd_int64_parse(c->text, c->length, &number);
    if (type == STREAMD_DATE) {
        days = (int32_t)number;
        if (bad)
            bad = streamd_date_parse(c->text, c->length, &days);
        else
            bad = number < INT32_MIN || number > INT32_MAX;
        memcpy(out->text, &days, sizeof(days));
        return bad ? "a date: YYYY-MM-DD, or days since 1970" : NULL;
    }
    if (bad)
        bad = streamd_timestamp_parse(c->text, c->length, &number);
    out->integer = number;
    return bad ? "a time: YYYY-MM-DDThh:mm:ss.ffffffZ, or microseconds since 1970" : NULL;
}

static const char *read_variable(struct cell *c, uint8_t type)
{
    int wanted = type == STREAMD_BYTES ? SQLITE_BLOB : SQLITE_TEXT;

    if (c->type != wanted)
        return type == STREAMD_BYTES ? "a BLOB" : "TEXT";
    if (take_bytes(c))
        return "";
    if (type != STREAMD_BYTES && !is_text(c->text, c->length))
        return "text in UTF-8 without NUL";
    return NULL;
}

const char *savepoint_value_read(sqlite3_stmt *s, int index, const struct streamd_type *type,
                                 struct rowcode_value *v, union savepoint_scratch *scratch)
{
    struct cell c = {.statement = s, .index = index, .type = sqlite3_column_type(s, index)};

    v->null = c.type == SQLITE_NULL;
    v->data = (const uint8_t *)scratch;
    v->length = (uint32_t)streamd_type_width(type->id);
    if (v->null) {
        memset(scratch, 0, sizeof(*scratch));
        return type->nullable ? NULL : "a value: the column is not nullable";
    }
    switch (type->id) {
    case STREAMD_BOOL:
    case STREAMD_INT64:
        return read_integer(&c, type->id, scratch);
    case STREAMD_FLOAT64:
        return read_float(&c, scratch);
    case STREAMD_DECIMAL:
        return read_decimal(&c, type, scratch);
    case STREAMD_TIMESTAMP:
    case STREAMD_DATE:
        return read_time(&c, type->id, scratch);
    default: {
        const char *expected = read_variable(&c, type->id);

        v->length = (uint32_t)c.length;
        if (c.text)
            v->data = (const uint8_t *)c.text;
        return expected;
    }
    }
}

/* The beginning of a text, with nothing in it that a terminal would obey. */
static void show_text(const unsigned char *text, size_t length, char *out, size_t size)
{
    char cut[41];
    size_t n = 0;

    length = text_utf8_prefix((const char *)text, length < 40 ? length : 40);
    for (; n < length; n++)
        cut[n] = text[n] < ' ' || text[n] == 127 ? '?' : (char)text[n];
    cut[n] = '\0';
    snprintf(out, size, "'%s'", cut);
}

void savepoint_value_show(sqlite3_stmt *s, int index, char *out, size_t size)
{
    const unsigned char *text = NULL;

    switch (sqlite3_column_type(s, index)) {
    case SQLITE_NULL:
        snprintf(out, size, "NULL");
        break;
    case SQLITE_BLOB:
        snprintf(out, size, "a BLOB of %d bytes", sqlite3_column_bytes(s, index));
        break;
    case SQLITE_TEXT:
        text = sqlite3_column_text(s, index);
        show_text(text, text ? (size_t)sqlite3_column_bytes(s, index) : 0, out, size);
        break;
    case SQLITE_INTEGER:
        snprintf(out, size, "%lld", (long long)sqlite3_column_int64(s, index));
        break;
    default:
        snprintf(out, size, "%.17g", sqlite3_column_double(s, index));
        break;
    }
}
