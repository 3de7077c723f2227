/*
 * The decoder's life, the header, and the work on a chunk.
 *
 * A newline is the end of a record only outside of quotes, so that the last newline of a chunk says
 * nothing. The fast path needs no more than that there is one: it stops at the first quote that
 * could hide a newline. From there on the general path looks for the end of one record, and where
 * there is none yet it keeps its state for the next chunk.
 */
#include "decoder.h"

#include <streamd/cell.h>
#include <streamd/lines.h>

#include <string.h>

/* ---- life --------------------------------------------------------------------------------- */

#ifdef CSV_GENERAL_PATH_ONLY
static const uint8_t *run_nothing(struct csv_decoder *d, struct streamd_batch *b, const uint8_t *p,
                                  const uint8_t *end)
{
    (void)d;
    (void)b;
    (void)end;
    return p;
}
#endif

static void choose_run(struct csv_decoder *d)
{
#if defined(CSV_GENERAL_PATH_ONLY)
    d->run = run_nothing;
#elif defined(__x86_64__) && !defined(CSV_BASE_KERNEL_ONLY) && !defined(CSV_NO_SIMD)
    d->run = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") ? csv_run_avx2
                                                                              : csv_run_base;
#else
    d->run = csv_run_base;
#endif
}

/* Makes room for the columns of a file. */
static int resize(struct csv_decoder *d, uint32_t count)
{
    streamd_free(d->context, d->columns);
    streamd_free(d->context, d->texts);
    d->columns = streamd_alloc(d->context, (count + 1) * sizeof(*d->columns));
    d->texts = streamd_alloc(d->context, (count + 1) * sizeof(*d->texts));
    d->column_count = count;
    d->absent_count = 0;
    d->has_columns = 1;
    return d->columns && d->texts ? 0 : STREAMD_E_NOMEM;
}

/* Without a header a column is the field at its place. */
static int use_schema(struct csv_decoder *d)
{
    uint32_t count = d->spec->schema->field_count;

    if (resize(d, count))
        return STREAMD_E_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        d->columns[i].field = d->spec->fields[i].needed ? i : CSV_NO_FIELD;
        csv_prepare(d, &d->columns[i]);
    }
    return 0;
}

int csv_decoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                     void **decoder)
{
    struct csv_decoder *d = streamd_alloc(c, sizeof(*d));

    if (d) {
        memset(d, 0, sizeof(*d));
        d->context = c;
        d->spec = spec;
        d->options = spec->options;
        d->delimiter = (uint8_t)d->options->delimiter[0];
        choose_run(d);
        d->absent = streamd_alloc(c, (spec->schema->field_count + 1) * sizeof(*d->absent));
    }
    if (!d || !d->absent || (!d->options->header && use_schema(d))) {
        csv_decoder_close(c, d);
        streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a CSV decoder");
        return STREAMD_E_NOMEM;
    }
    *decoder = d;
    return 0;
}

void csv_decoder_close(struct streamd_context *c, void *decoder)
{
    struct csv_decoder *d = decoder;

    if (!d)
        return;
    streamd_free(c, d->columns);
    streamd_free(c, d->absent);
    streamd_free(c, d->texts);
    streamd_free(c, d->scratch);
    streamd_free(c, d->header);
    streamd_free(c, d);
}

/* ---- the header --------------------------------------------------------------------------- */

static int fail_header(struct csv_decoder *d, const char *message)
{
    streamd_fail(d->context, STREAMD_FAIL_PIPELINE, 0, message);
    d->refused = 1;
    return STREAMD_E_DATA;
}

static int fail_column(struct csv_decoder *d, const char *what, const char *name)
{
    char message[256];

    snprintf(message, sizeof(message), "the header of a CSV file %s column '%.100s'", what, name);
    return fail_header(d, message);
}

/* Finds the column of a field: its number, or the column count; *twice where there is more than
   one. Negative: no memory. */
static int64_t find_column(struct csv_decoder *d, const char *name, int *twice)
{
    int64_t found = d->column_count;

    *twice = 0;
    for (uint32_t i = 0; i < d->column_count; i++) {
        const uint8_t *data;
        size_t length;

        if (csv_resolve(d, &d->texts[i], &data, &length))
            return STREAMD_E_NOMEM;
        if (length != strlen(name) || memcmp(data, name, length) != 0)
            continue;
        *twice |= found < d->column_count;
        found = i;
    }
    return found;
}

static int map_field(struct csv_decoder *d, uint32_t field)
{
    const struct streamd_format_field *f = &d->spec->fields[field];
    char message[256];
    int twice;
    int64_t column = find_column(d, f->name, &twice);

    if (column < 0)
        return STREAMD_E_NOMEM;
    if (twice)
        return fail_column(d, "has twice the", f->name);
    if (column < d->column_count) {
        d->columns[column].field = field;
        return 0;
    }
    if (!f->type.nullable)
        return fail_column(d, "has no", f->name);
    snprintf(message, sizeof(message),
             "the header of a CSV file has no column '%.100s'; the field is NULL", f->name);
    streamd_log(d->context, STREAMD_LOG_WARNING, message);
    d->absent[d->absent_count++] = field;
    return 0;
}

/* Keeps the bytes of the header. */
static int keep_header(struct csv_decoder *d, const uint8_t *p, const uint8_t *next)
{
    size_t length = (size_t)(next - p);
    uint8_t *kept = streamd_realloc(d->context, d->header, length);

    if (!kept)
        return STREAMD_E_NOMEM;
    memcpy(kept, p, length);
    d->header = kept;
    d->header_length = length;
    return 0;
}

/* Reads the header from p to `next`. */
static int read_header(struct csv_decoder *d, const uint8_t *p, const uint8_t *next)
{
    const char *what;
    uint32_t count;

    if (csv_split(d, p, next, NULL, 0, &count, &what))
        return fail_header(d, "the header of a CSV file is not CSV");
    if (resize(d, count) || keep_header(d, p, next))
        return STREAMD_E_NOMEM;
    csv_split(d, p, next, d->texts, count, &count, &what);
    for (uint32_t i = 0; i < count; i++)
        d->columns[i].field = CSV_NO_FIELD;
    for (uint32_t i = 0; i < d->spec->schema->field_count; i++) {
        int rc = d->spec->fields[i].needed ? map_field(d, i) : 0;

        if (rc)
            return rc;
    }
    for (uint32_t i = 0; i < count; i++)
        csv_prepare(d, &d->columns[i]);
    return 0;
}

/* ---- work --------------------------------------------------------------------------------- */

/* A chunk being decoded: `at` is the first byte that is not used up. */
struct work {
    const uint8_t *at, *end;
    int last;
};

/* Passes over the rest of a record that was too long. 1 where it ended. */
static int skip_rest(struct csv_decoder *d, struct work *w)
{
    const uint8_t *next = csv_find_end(d, w->at, w->end);

    w->at = next ? next : w->end;
    if (next) {
        d->skipping = 0;
        d->state = CSV_BEGIN;
    }
    return next != NULL;
}

/*
 * Finds the end of the record at w->at. 1 with *next; 0: it has none yet, and what is known is
 * kept; -1: it is too long already.
 */
static int find_record(struct csv_decoder *d, struct work *w, const uint8_t **next)
{
    size_t there = (size_t)(w->end - w->at), scanned = d->scanned;

    d->scanned = 0;
    *next = csv_find_end(d, w->at + (scanned < there ? scanned : there), w->end);
    if (!*next && w->last)
        *next = w->end;
    if (*next) {
        d->state = CSV_BEGIN;
        return 1;
    }
    if (there - (there > 0) <= d->spec->record_limit) { /* a byte for a '\r' */
        d->scanned = there;
        return 0;
    }
    return -1;
}

/* The header, where it is due. 1: go on. 0: not yet, or failed. */
static int take_header(struct csv_decoder *d, struct work *w)
{
    const uint8_t *next;
    int found;

    if (d->has_columns || w->at == w->end)
        return 1;
    if (!d->has_begun) {
        d->failed = fail_header(d, "a CSV file with a header can be read from its beginning only");
        return 0;
    }
    found = find_record(d, w, &next);
    if (found == 0)
        return 0;
    if (found < 0 || csv_length(w->at, next) > d->spec->record_limit)
        d->failed = fail_header(d, "the header of a CSV file is longer than limits.record");
    else
        d->failed = read_header(d, w->at, next);
    if (!d->failed)
        w->at = next;
    return d->failed == 0;
}

/* The record at w->at by the general path. 1: go on. 0: it has no end yet, or failed. */
static int take_record(struct csv_decoder *d, struct work *w, struct streamd_batch *b)
{
    const uint8_t *next;
    int found = find_record(d, w, &next);

    if (found == 0)
        return 0;
    if (found < 0) {
        d->failed = csv_reject_long(d, w->at);
        d->skipping = 1;
        w->at = w->end;
        return 0;
    }
    d->failed = csv_record(d, b, w->at, next);
    if (d->failed)
        return 0;
    w->at = next;
    return 1;
}

/* Records, until one has no end yet, the batch is full, or it fails. */
static void take_records(struct csv_decoder *d, struct work *w, struct streamd_batch *b)
{
    const uint8_t *newline = streamd_lines_last(w->at, (size_t)(w->end - w->at));

    while (w->at < w->end && b->rows < b->capacity) {
        if (newline && w->at <= newline && d->scanned == 0) {
            w->at = d->run(d, b, w->at, newline + 1);
            if (d->failed || w->at == w->end || b->rows == b->capacity)
                return;
        }
        if (!take_record(d, w, b))
            return;
    }
}

static void drop_columns(const struct csv_decoder *d, struct streamd_batch *b)
{
    for (uint32_t i = 0; i < d->spec->schema->field_count; i++) {
        if (!d->spec->fields[i].needed)
            memset(&b->columns[i], 0, sizeof(b->columns[i]));
    }
}

/* Where the decoder failed only because the batch is full: 0, and it is said to be full. */
static int judge_failure(struct csv_decoder *d, struct streamd_batch *b)
{
    if (!d->failed || d->refused)
        return d->failed;
    if (b->rows) {
        csv_reset_row(d, b);
        b->capacity = b->rows;
        return 0;
    }
    streamd_fail(d->context, STREAMD_FAIL_TASK, 0, "no memory for a CSV record");
    return d->failed;
}

/* A file begins, perhaps with a byte order mark, of which a part may have been seen before. */
static void begin_file(struct csv_decoder *d, struct work *w)
{
    d->has_begun = 1;
    if (d->options->header)
        d->has_columns = 0;
    if (w->end - w->at >= 3 && memcmp(w->at, "\xEF\xBB\xBF", 3) == 0) {
        w->at += 3;
        d->scanned = 0;
        d->state = CSV_BEGIN;
    }
}

int csv_decode(struct streamd_context *c, void *decoder, const struct streamd_chunk *chunk,
               struct streamd_batch *b, size_t *consumed)
{
    struct csv_decoder *d = decoder;
    struct work w = {chunk->data, chunk->data + chunk->length, chunk->last};

    (void)c;
    d->chunk = chunk;
    d->failed = 0;
    d->refused = 0;
    if (b->rows == 0)
        drop_columns(d, b);
    if (chunk->position == 0)
        begin_file(d, &w);
    if ((!d->skipping || skip_rest(d, &w)) && take_header(d, &w))
        take_records(d, &w, b);
    *consumed = (size_t)(w.at - chunk->data);
    return judge_failure(d, b);
}

/* ---- going on elsewhere ------------------------------------------------------------------- */

/*
 * State: a byte, SAVED_* or-ed, a byte with the enum csv_state where a record is being skipped,
 * then the bytes of the header. What is known of bytes that were not consumed is left out: they
 * come again.
 */
enum { SAVED_SKIPPING = 1, SAVED_HEADER = 2, SAVED_BYTES = 2 };

int csv_decoder_save(struct streamd_context *c, void *decoder, struct streamd_buffer *out)
{
    const struct csv_decoder *d = decoder;
    int has_header = d->options->header && d->has_columns;
    size_t length = has_header ? d->header_length : 0;

    if (streamd_buffer_reserve(c, out, SAVED_BYTES + length)) {
        streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for the state of a CSV decoder");
        return STREAMD_E_NOMEM;
    }
    out->data[out->length++] =
        (uint8_t)((d->skipping ? SAVED_SKIPPING : 0) | (has_header ? SAVED_HEADER : 0));
    out->data[out->length++] = (uint8_t)(d->skipping ? d->state : CSV_BEGIN);
    if (length)
        memcpy(out->data + out->length, d->header, length);
    out->length += length;
    return 0;
}

/* In memory that goes on behind it, as in a chunk. */
static int load_header(struct csv_decoder *d, const uint8_t *data, size_t length)
{
    uint8_t *copy = streamd_alloc(d->context, length + 64);
    int rc;

    if (!copy)
        return STREAMD_E_NOMEM;
    memset(copy + length, 0, 64);
    if (length)
        memcpy(copy, data, length);
    rc = read_header(d, copy, copy + length);
    streamd_free(d->context, copy);
    return rc;
}

int csv_decoder_load(struct streamd_context *c, void *decoder, const uint8_t *data, size_t length)
{
    struct csv_decoder *d = decoder;
    int rc = 0;

    if (length < SAVED_BYTES || data[0] > (SAVED_SKIPPING | SAVED_HEADER) || data[1] > CSV_CLOSED ||
        (!(data[0] & SAVED_HEADER) && length > SAVED_BYTES) ||
        ((data[0] & SAVED_HEADER) && !d->options->header)) {
        streamd_fail(c, STREAMD_FAIL_PIPELINE, 0, "the decoder's state is none of the format csv");
        return STREAMD_E_DATA;
    }
    d->has_begun = 1;
    d->skipping = data[0] & SAVED_SKIPPING;
    d->state = (enum csv_state)data[1];
    d->scanned = 0;
    d->refused = 0;
    if (data[0] & SAVED_HEADER)
        rc = load_header(d, data + SAVED_BYTES, length - SAVED_BYTES);
    if (rc && !d->refused)
        streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a CSV decoder");
    return rc;
}
