/*
 * The decoder's life, and its work on a chunk: whole lines go through the fast path; a last line
 * without newline goes to the general path, which needs none.
 *
 * A test compiles the plugin again with one of JSON_GENERAL_PATH_ONLY, JSON_BASE_KERNEL_ONLY and
 * JSON_NO_SIMD, and compares.
 */
#include "decoder.h"

#include <streamd/error.h>

#include <string.h>

#ifdef JSON_GENERAL_PATH_ONLY
static const uint8_t *run_general(struct json_decoder *d, struct streamd_batch *b, const uint8_t *p,
                                  const uint8_t *end)
{
    while (p < end && b->rows < b->capacity) {
        d->failed_at = p;
        d->failed = json_record(d, b, p, end, &p);
        if (d->failed)
            return NULL;
    }
    return p;
}
#endif

static void choose_run(struct json_decoder *d)
{
#if defined(JSON_GENERAL_PATH_ONLY)
    d->run = run_general;
#elif defined(__x86_64__) && !defined(JSON_BASE_KERNEL_ONLY) && !defined(JSON_NO_SIMD)
    d->run = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") ? json_run_avx2
                                                                              : json_run_base;
#else
    d->run = json_run_base;
#endif
}

/* ---- life --------------------------------------------------------------------------------- */

static int prepare_fields(struct streamd_context *c, struct json_decoder *d)
{
    const struct streamd_format_spec *spec = d->spec;
    uint32_t count = spec->schema->field_count;
    size_t some = count ? count : 1;

    d->fields = streamd_alloc(c, some * sizeof(*d->fields));
    d->needed = streamd_alloc(c, some * sizeof(*d->needed));
    d->missing = streamd_alloc(c, some * sizeof(*d->missing));
    d->slots = streamd_alloc(c, JSON_SLOTS_MAX * sizeof(*d->slots));
    if (!d->fields || !d->needed || !d->missing || !d->slots)
        return STREAMD_E_NOMEM;
    memset(d->fields, 0, some * sizeof(*d->fields));
    for (uint32_t i = 0; i < count; i++) {
        json_field_prepare(&d->fields[i], &spec->fields[i]);
        if (!spec->fields[i].needed)
            continue;
        d->needed[d->needed_count++] = i;
        if (json_path_add(c, &d->root, &spec->fields[i], i, &d->fields[i].same_place))
            return STREAMD_E_NOMEM;
    }
    return json_path_finish(c, &d->root);
}

int json_decoder_open(struct streamd_context *c, const struct streamd_format_spec *spec,
                      void **decoder)
{
    struct json_decoder *d = streamd_alloc(c, sizeof(*d));

    if (d) {
        memset(d, 0, sizeof(*d));
        d->context = c;
        d->spec = spec;
        d->options = spec->options;
        d->root.first_field = JSON_NO_FIELD;
        choose_run(d);
    }
    if (!d || prepare_fields(c, d)) {
        json_decoder_close(c, d);
        streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory for a JSON decoder");
        return STREAMD_E_NOMEM;
    }
    *decoder = d;
    return 0;
}

void json_decoder_close(struct streamd_context *c, void *decoder)
{
    struct json_decoder *d = decoder;

    if (!d)
        return;
    json_path_clear(c, &d->root);
    json_shapes_clear(c, &d->shapes);
    streamd_free(c, d->fields);
    streamd_free(c, d->needed);
    streamd_free(c, d->missing);
    streamd_free(c, d->slots);
    streamd_free(c, d->text);
    streamd_free(c, d);
}

int json_decoder_text(struct json_decoder *d, size_t bytes)
{
    uint8_t *grown;

    if (bytes <= d->text_capacity)
        return 0;
    grown = streamd_realloc(d->context, d->text, bytes);
    if (!grown)
        return STREAMD_E_NOMEM;
    d->text = grown;
    d->text_capacity = bytes;
    return 0;
}

/* ---- work --------------------------------------------------------------------------------- */

/* Columns that nobody reads have no values. */
static void drop_columns(const struct json_decoder *d, struct streamd_batch *b)
{
    for (uint32_t i = 0; i < d->spec->schema->field_count; i++) {
        if (!d->spec->fields[i].needed)
            memset(&b->columns[i], 0, sizeof(b->columns[i]));
    }
}

/* The lines of the view, as far as there is room. Where it stopped, or NULL with d->failed. */
static const uint8_t *decode_lines(struct json_decoder *d, const struct streamd_lines_view *v,
                                   struct streamd_batch *b)
{
    const uint8_t *newline = streamd_lines_last(v->begin, (size_t)(v->end - v->begin));
    const uint8_t *at = v->begin;

    if (newline)
        at = d->run(d, b, at, newline + 1);
    if (!at || (newline && at <= newline) || at == v->end || b->rows == b->capacity)
        return at;
    d->failed_at = at;
    d->failed = json_record(d, b, at, v->end, &at);
    return d->failed ? NULL : at;
}

/* The decoder has failed at d->failed_at. Where that is for want of room in a batch with rows in
   it, the batch is full, and the record's turn comes in the next. 1 where it is so. */
static int is_only_full(struct json_decoder *d, struct streamd_batch *b)
{
    if (d->refused)
        return 0;
    if (b->rows) {
        json_reset_row(d, b);
        b->capacity = b->rows;
        return 1;
    }
    streamd_fail(d->context, STREAMD_FAIL_TASK, 0, "no memory for a JSON record");
    return 0;
}

int json_decode(struct streamd_context *c, void *decoder, const struct streamd_chunk *chunk,
                struct streamd_batch *batch, size_t *consumed)
{
    struct json_decoder *d = decoder;
    struct streamd_lines_view v;
    const uint8_t *at;

    (void)c;
    d->chunk = chunk;
    d->failed = 0;
    d->refused = 0;
    if (batch->rows == 0)
        drop_columns(d, batch);
    streamd_lines_begin(&d->lines, chunk, d->spec->record_limit, &v);
    at = decode_lines(d, &v, batch);
    if (!at) {
        if (!is_only_full(d, batch))
            return d->failed;
        at = d->failed_at;
    }
    if (streamd_lines_end(&d->lines, chunk, &v, at, consumed))
        return json_reject_long(d, v.end);
    return 0;
}

int json_decoder_save(struct streamd_context *c, void *decoder, struct streamd_buffer *out)
{
    return streamd_lines_save(c, &((struct json_decoder *)decoder)->lines, out);
}

int json_decoder_load(struct streamd_context *c, void *decoder, const uint8_t *data, size_t length)
{
    return streamd_lines_load(c, &((struct json_decoder *)decoder)->lines, data, length);
}
