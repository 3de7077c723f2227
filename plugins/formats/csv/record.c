/*
 * The general path.
 *
 * Where a record ends is found by an automaton of four states, which goes on where it stopped when
 * the next chunk comes, so that a record in many pieces costs linear time:
 *
 *   state   "        delimiter   newline   other
 *   BEGIN   QUOTED   BEGIN       the end   PLAIN
 *   PLAIN   PLAIN    BEGIN       the end   PLAIN
 *   QUOTED  CLOSED   QUOTED      QUOTED    QUOTED
 *   CLOSED  QUOTED   BEGIN       the end   PLAIN
 *
 * Then the record is taken apart, now that its bounds are known.
 */
#include "decoder.h"

#include <streamd/cell.h>

#include <string.h>

/* ---- its end ------------------------------------------------------------------------------ */

/* Passes over a text without quotes: at its delimiter or newline, or at `end`. */
static const uint8_t *pass_plain(const uint8_t *p, const uint8_t *end, uint8_t delimiter)
{
    while (p < end && *p != delimiter && *p != '\n')
        p++;
    return p;
}

const uint8_t *csv_find_end(struct csv_decoder *d, const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        switch (d->state) {
        case CSV_QUOTED:
            p = memchr(p, '"', (size_t)(end - p));
            if (!p)
                return NULL;
            p++;
            d->state = CSV_CLOSED;
            continue;
        case CSV_BEGIN:
        case CSV_CLOSED:
            if (*p == '"') {
                p++;
                d->state = CSV_QUOTED;
                continue;
            }
            break;
        default:
            break;
        }
        d->state = CSV_PLAIN;
        p = pass_plain(p, end, d->delimiter);
        if (p < end) {
            d->state = CSV_BEGIN;
            if (*p++ == '\n')
                return p;
        }
    }
    return NULL;
}

/* ---- its texts ---------------------------------------------------------------------------- */

/* The text in quotes whose opening quote is at p: answers what follows the closing one, or NULL. */
static const uint8_t *split_quoted(const uint8_t *p, const uint8_t *end, struct csv_text *text)
{
    text->data = ++p;
    text->quoted = 1;
    text->doubled = 0;
    for (;;) {
        const uint8_t *quote = memchr(p, '"', (size_t)(end - p));

        if (!quote)
            return NULL;
        if (quote + 1 == end || quote[1] != '"') {
            text->length = (size_t)(quote - text->data);
            return quote + 1;
        }
        text->doubled = 1;
        p = quote + 2;
    }
}

/* The text at p, which goes to what is not the record's any more or to a delimiter. */
static const uint8_t *split_plain(const uint8_t *p, const uint8_t *end, uint8_t delimiter,
                                  struct csv_text *text)
{
    const uint8_t *stop = pass_plain(p, end, delimiter);

    text->data = p;
    text->length = (size_t)(stop - p);
    text->quoted = 0;
    text->doubled = 0;
    return stop;
}

/* A record without its newline. */
static const uint8_t *without_newline(const uint8_t *p, const uint8_t *end)
{
    if (end > p && end[-1] == '\n')
        end--;
    return end > p && end[-1] == '\r' ? end - 1 : end;
}

size_t csv_length(const uint8_t *p, const uint8_t *next)
{
    return (size_t)(without_newline(p, next) - p);
}

int csv_split(const struct csv_decoder *d, const uint8_t *p, const uint8_t *end,
              struct csv_text *texts, uint32_t room, uint32_t *count, const char **what)
{
    end = without_newline(p, end);
    for (*count = 0;; p++) {
        struct csv_text beyond, *text = *count < room ? &texts[*count] : &beyond;

        ++*count;
        p = p < end && *p == '"' ? split_quoted(p, end, text)
                                 : split_plain(p, end, d->delimiter, text);
        if (!p) {
            *what = "the input ends in quotes";
            return STREAMD_ROW_TRUNCATED;
        }
        if (p == end)
            return 0;
        if (*p != d->delimiter) {
            *what = "something follows a closing quote";
            return STREAMD_ROW_SYNTAX;
        }
    }
}

/* ---- all of it ---------------------------------------------------------------------------- */

int csv_reject(struct csv_decoder *d, const uint8_t *p, size_t length, int code,
               const char *message)
{
    uint64_t position = d->chunk->position + (uint64_t)(p - d->chunk->data);
    int rc = streamd_reject_raw(d->context, p, length, position, code, message);

    d->refused = rc < 0;
    return rc < 0 ? rc : 0;
}

int csv_reject_long(struct csv_decoder *d, const uint8_t *p)
{
    char message[80];

    snprintf(message, sizeof(message), "a record longer than %zu bytes", d->spec->record_limit);
    return csv_reject(d, p, d->spec->record_limit, STREAMD_ROW_TOO_LONG, message);
}

/* The texts of a record into their columns. *column is the one at fault. */
static int store_all(struct csv_decoder *d, struct streamd_batch *b, uint32_t *column)
{
    int rc = 0;

    for (*column = 0; *column < d->column_count; ++*column) {
        uint32_t field = d->columns[*column].field;

        if (field != CSV_NO_FIELD)
            rc = csv_store(d, b, field, &d->texts[*column]);
        if (rc)
            return rc;
    }
    for (uint32_t i = 0; i < d->absent_count && rc == 0; i++)
        rc = streamd_cell_null(d->context, b, d->absent[i], d->spec->fields[d->absent[i]].type);
    return rc;
}

static int reject_text(struct csv_decoder *d, const uint8_t *p, size_t length, int code,
                       uint32_t column)
{
    char message[320];
    size_t n;

    streamd_cell_complain(&d->spec->fields[d->columns[column].field], code, message, 256);
    n = strlen(message);
    snprintf(message + n, sizeof(message) - n, ", in column %u of the record", column + 1);
    return csv_reject(d, p, length, code, message);
}

int csv_record(struct csv_decoder *d, struct streamd_batch *b, const uint8_t *p,
               const uint8_t *next)
{
    size_t length = csv_length(p, next);
    uint32_t count, column;
    const char *what;
    char message[80];
    int rc;

    if (length > d->spec->record_limit)
        return csv_reject_long(d, p);
    if (length == 0 && d->column_count != 1)
        return 0;
    rc = csv_split(d, p, next, d->texts, d->column_count, &count, &what);
    if (rc)
        return csv_reject(d, p, length, rc, what);
    if (count != d->column_count) {
        snprintf(message, sizeof(message), "the record has %u columns, not %u", count,
                 d->column_count);
        return csv_reject(d, p, length, STREAMD_ROW_SYNTAX, message);
    }
    rc = store_all(d, b, &column);
    if (rc == 0) {
        b->rows++;
        return 0;
    }
    csv_reset_row(d, b);
    return rc < 0 ? rc : reject_text(d, p, length, rc, column);
}
