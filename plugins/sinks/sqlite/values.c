/*
 * NaN is the text NaN, since SQLite makes NULL of it; infinities are REAL.
 */
#include "values.h"

#include <streamd/convert.h>

static streamd_int128 decimal_at(const struct streamd_column *column, uint32_t row)
{
    struct streamd_decimal value;

    memcpy(&value, (const struct streamd_decimal *)column->values + row, sizeof(value));
    return streamd_decimal_get(value);
}

int values_fit(const struct streamd_batch *batch, uint32_t row, uint32_t *field)
{
    const struct streamd_schema *schema = batch->schema;

    for (uint32_t i = 0; i < schema->field_count; i++) {
        const struct streamd_column *column = &batch->columns[i];
        streamd_int128 value;

        if (schema->fields[i].type.id != STREAMD_DECIMAL || schema->fields[i].type.scale != 0 ||
            streamd_column_is_null(column, row))
            continue;
        value = decimal_at(column, row);
        if (value != (streamd_int128)(int64_t)value) {
            *field = i;
            return 0;
        }
    }
    return 1;
}

static int bind_copy(sqlite3_stmt *statement, int parameter, const char *text, size_t length)
{
    return sqlite3_bind_text(statement, parameter, text, (int)length, SQLITE_TRANSIENT);
}

static int bind_float(sqlite3_stmt *statement, int parameter, double value)
{
    if (value != value)
        return sqlite3_bind_text(statement, parameter, "NaN", 3, SQLITE_STATIC);
    return sqlite3_bind_double(statement, parameter, value);
}

static int bind_decimal(sqlite3_stmt *statement, int parameter, streamd_int128 value,
                        unsigned scale)
{
    char text[STREAMD_DECIMAL_TEXT];

    if (scale == 0)
        return sqlite3_bind_int64(statement, parameter, (int64_t)value);
    return bind_copy(statement, parameter, text, streamd_decimal_print(value, scale, text));
}

int values_bind(sqlite3_stmt *statement, int parameter, const struct streamd_batch *batch,
                uint32_t field, uint32_t row)
{
    const struct streamd_column *column = &batch->columns[field];
    struct streamd_type type = batch->schema->fields[field].type;
    char text[STREAMD_TIMESTAMP_TEXT + STREAMD_DATE_TEXT];
    struct streamd_str bytes;

    if (streamd_column_is_null(column, row))
        return sqlite3_bind_null(statement, parameter);
    switch (type.id) {
    case STREAMD_BOOL:
        return sqlite3_bind_int(statement, parameter, ((const uint8_t *)column->values)[row]);
    case STREAMD_INT64:
        return sqlite3_bind_int64(statement, parameter, ((const int64_t *)column->values)[row]);
    case STREAMD_FLOAT64:
        return bind_float(statement, parameter, ((const double *)column->values)[row]);
    case STREAMD_DECIMAL:
        return bind_decimal(statement, parameter, decimal_at(column, row), type.scale);
    case STREAMD_TIMESTAMP:
        return bind_copy(statement, parameter, text,
                         streamd_timestamp_print(((const int64_t *)column->values)[row], text));
    case STREAMD_DATE:
        return bind_copy(statement, parameter, text,
                         streamd_date_print(((const int32_t *)column->values)[row], text));
    case STREAMD_BYTES:
        bytes = streamd_column_str(column, row);
        return sqlite3_bind_blob64(statement, parameter, bytes.data, bytes.length, SQLITE_STATIC);
    default:
        bytes = streamd_column_str(column, row);
        return sqlite3_bind_text64(statement, parameter, bytes.data, bytes.length, SQLITE_STATIC,
                                   SQLITE_UTF8);
    }
}
